/* Assertions: what each kind says of a service in each state, and when it is looked at. */
#include "supervise/assertion.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "world.h"

static struct service services[2];
static struct assertions a;
static json_t *list;
static unsigned tcp_port, udp_port, closed_port;
static int tcp, udp;

/* Puts a service into a state: r runs, f is frozen, i is not ready, n is new; 0 and 7 ended
 * with that code, s died of a signal, l was lost, k was stopped by us with 0. */
static void
be(struct service *s, char how)
{
	bool lives = strchr("rfi", how) != NULL, ended = strchr("07slk", how) != NULL;

	s->pid = lives ? getpid() : 0;
	s->run_pid = how != 'n' ? getpid() : 0;
	s->paused = how == 'f';
	s->exited = ended;
	s->ready_us = how == 'i' || how == 'n' ? 0 : 1;
	s->exit = (struct pth_exit){ .signaled = how == 's',
		.code = how == 's' ? -1 :
		    how == '7'     ? 7 :
		                     0,
		.signal = how == 's' ? SIGSEGV : 0 };
	s->end = how == 'l' ? PTH_END_LOST :
	    how == 's'      ? PTH_END_SIGNAL :
	    how == 'k'      ? PTH_END_STOPPED :
	    ended           ? PTH_END_EXIT :
	    how == 'n'      ? PTH_END_NOT_STARTED :
	                      PTH_END_NONE;
	s->state = how == 'n' ? PTH_ST_NEW :
	    how == 'i'        ? PTH_ST_INITIALIZING :
	    how == 'l'        ? PTH_ST_ERROR :
	    ended             ? PTH_ST_STOPPED :
	                        PTH_ST_RUNNING;
}

static void
begin(const char *text)
{
	struct pth_err e = { 0 };

	list = parse(text);
	CHECK(supervise_assertions_init(&a, list, services, 2, testdir, &e) == 0);
	CHECK_STR(e.text, "");
}

static void
end(void)
{
	supervise_assertions_release(&a);
	json_decref(list);
	a = (struct assertions){ 0 };
}

/* What the result says of assertion number i. */
static const char *
said(size_t i)
{
	static char s[600];
	json_t *all = supervise_assertions_result(&a);
	const json_t *o = json_array_get(all, i);
	bool ok = pth_rlook_ok(o), unknown = pth_rlook_unknown(o);

	CHECK(!ok || !unknown);
	snprintf(s, sizeof s, "%s: %s", ok ? "yes" : unknown ? "unknown" : "no", pth_rlook_text(o));
	json_decref(all);
	return s;
}

/* The answer of all, and why. */
static const char *
answer(void)
{
	static char s[700];
	char text[600] = "";
	enum pth_answer x = supervise_assertions_answer(&a, text);

	snprintf(s, sizeof s, "%s: %s",
	    x == PTH_A_YES    ? "yes" :
	        x == PTH_A_NO ? "no" :
	                        "unknown",
	    text);
	return s;
}

/* A look when the run is over, and one after the services have ended. */
static const char *
look(const char *def)
{
	static char s[600];
	char text[600];

	snprintf(text, sizeof text, "[%s]", def);
	begin(text);
	CHECK(!supervise_assertions_waiting(&a));
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK(supervise_assertions_done(&a));
	supervise_assertions_after(&a);
	snprintf(s, sizeof s, "%s", said(0));
	end();
	return s;
}

#define RUNNING "{\"type\":\"service_running\",\"service\":\"s\"}"
#define RESPONSIVE "{\"type\":\"service_responsive\",\"service\":\"s\"}"
#define CODE(more) "{\"type\":\"exit_code\",\"service\":\"s\"" more "}"
#define FILE_(name) "{\"type\":\"file_exists\",\"service\":\"s\",\"file\":\"" name "\"}"
#define TEST_FILE(name) "{\"type\":\"file_exists\",\"file\":\"" name "\"}"
#define OUTPUT(more) "{\"type\":\"output_contains\",\"service\":\"s\"," more "}"

/* state: of the service s, see be(). */
static const struct {
	char state;
	const char *def, *want;
} states[] = {
	{ 'r', RUNNING, "yes: is running" },
	{ 'f', RUNNING, "yes: is running, frozen" },
	{ 'i', RUNNING, "yes: is running" },
	{ 'n', RUNNING, "no: is not running: not started" },
	{ '7', RUNNING, "no: is not running: exit code 7" },
	{ 's', RUNNING, "no: is not running: signal SEGV" },
	{ 'k', RUNNING, "no: is not running: exit code 0" },
	{ 'l', RUNNING, "unknown: is not running: exit code 0" },
	{ 'r', RESPONSIVE, "yes: is running, and was ready" },
	{ 'f', RESPONSIVE, "no: is frozen" },
	{ 'i', RESPONSIVE, "no: is running, but not ready" },
	{ 'n', RESPONSIVE, "no: is not running: not started" },
	{ '7', RESPONSIVE, "no: is not running: exit code 7" },
	{ 'l', RESPONSIVE, "unknown: is not running: exit code 0" },
	{ '0', CODE(""), "yes: exit code 0" },
	{ '7', CODE(""), "no: exit code 7, wanted: 0" },
	{ '7', CODE(",\"code\":7"), "yes: exit code 7" },
	{ '0', CODE(",\"code\":7"), "no: exit code 0, wanted: 7" },
	{ '7', CODE(",\"code\":[1,7]"), "yes: exit code 7" },
	{ '0', CODE(",\"code\":[1,7]"), "no: exit code 0, wanted: [1,7]" },
	{ '0', CODE(",\"code\":[]"), "no: exit code 0, wanted: []" },
	{ '0', CODE(",\"code\":[null]"), "no: exit code 0, wanted: [null]" },
	{ 's', CODE(",\"code\":-1"), "no: signal SEGV, wanted: -1" },
	{ 's', CODE(",\"code\":[0,-1]"), "no: signal SEGV, wanted: [0,-1]" },
	{ 'k', CODE(""), "yes: exit code 0" },
	{ 'n', CODE(""), "no: not started, wanted: 0" },
	{ 'l', CODE(",\"code\":7"), "unknown: exit code 0, wanted: 7" },
	{ 'r', CODE(""), "no: still running, wanted: 0" },
	{ 'r', FILE_("made"), "yes: made exists" },
	{ 'r', FILE_("none"), "no: none does not exist" },
	{ 'r', FILE_("made/below"), "no: made/below does not exist" },
	{ 'r', FILE_("dir"), "yes: dir exists" },
	{ 'r', FILE_("of_test"), "no: of_test does not exist" },
	{ 'r', FILE_("@{dir}/of_test"), "yes: @{dir}/of_test exists" },
	{ 'r', TEST_FILE("of_test"), "yes: of_test exists" },
	{ 'r', TEST_FILE("@{dir}/of_test"), "yes: @{dir}/of_test exists" },
	{ 'r', TEST_FILE("s/made"), "yes: s/made exists" },
	{ 'r', TEST_FILE("made"), "no: made does not exist" },
	{ 'r', OUTPUT("\"text\":\"a.b (c)\""), "yes: found" },
	{ 'r', OUTPUT("\"text\":\"a.b\""), "yes: found" },
	{ 'r', OUTPUT("\"text\":\"aXb\""), "no: \"aXb\" is not in its output" },
	{ 'r', OUTPUT("\"text\":\"^a\""), "no: \"^a\" is not in its output" },
	{ 'r', OUTPUT("\"pattern\":\"^a.b\""), "yes: found" },
	{ 'r', OUTPUT("\"pattern\":\"^a$\""), "no: \"^a$\" is not in its output" },
	{ 'r', OUTPUT("\"text\":\"on stderr\""), "yes: found" },
	{ 'r', OUTPUT("\"text\":\"unfinished\""), "yes: found" },
	{ 'r', OUTPUT("\"file\":\"stdout.log\",\"text\":\"on stderr\""),
	    "no: \"on stderr\" is not in stdout.log" },
	{ 'r', OUTPUT("\"file\":\"stderr.log\",\"text\":\"on stderr\""), "yes: found" },
	{ 'r', OUTPUT("\"file\":\"own\",\"text\":\"its own\""), "yes: found" },
	{ 'r', OUTPUT("\"file\":\"none\",\"text\":\"x\""),
	    "unknown: \"x\": cannot be told: none: No such file or directory" },
	{ 'r', OUTPUT("\"file\":\"dir\",\"text\":\"x\""),
	    "unknown: \"x\": cannot be told: dir: it is no regular file" },
	/* A log outlives its service. */
	{ '7', OUTPUT("\"text\":\"a.b (c)\""), "yes: found" },
};

static void
put_file(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT, 0600);

	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void
put_log(const char *name, const char *text)
{
	int fd = supervise_logs_open(&services[0].at.logs, name);

	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	supervise_logs_drain(&services[0].at.logs);
}

static void
of_states(void)
{
	unit("what each kind says of each state");
	for (size_t i = 0; i < countof(states); i++) {
		be(&services[0], states[i].state);
		CHECK_STR(look(states[i].def), states[i].want);
	}
	CHECK(countof(states) >= 40);

	unit("only a finite service may have ended, and only with 0");
	be(&services[0], '0');
	CHECK_STR(look(RUNNING), "no: is not running: exit code 0");
	services[0].finite = true;
	CHECK_STR(look(RUNNING), "yes: has run: exit code 0");
	CHECK_STR(look(RESPONSIVE), "yes: has run: exit code 0");
	be(&services[0], '7');
	CHECK_STR(look(RUNNING), "no: is not running: exit code 7");
	be(&services[0], 'k');
	CHECK_STR(look(RUNNING), "no: is not running: exit code 0");
	services[0].finite = false;
}

/* A socket on a port of the kernel's choice. */
static int
bound(int type, unsigned *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	socklen_t n = sizeof to;
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(fd, (struct sockaddr *)&to, n) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&to, &n) == 0);
	*port = ntohs(to.sin_port);
	return fd;
}

/* A look at a port: more in the definition, and the words behind "XXX port N is ". */
static void
port(const char *transport, unsigned n, const char *service, const char *want)
{
	char def[200], all[300];

	snprintf(def, sizeof def, "{\"type\":\"port_open\",\"port\":%u%s%s%s%s}", n,
	    *transport != '\0' ? ",\"transport\":\"" : "", transport,
	    *transport != '\0' ? "\"" : "", service);
	snprintf(all, sizeof all, "%s: %s port %u is %s",
	    strncmp(want, "open", 4) == 0 ? "yes" : "no",
	    strcmp(transport, "udp") == 0 ? "UDP" : "TCP", n, want);
	CHECK_STR(look(def), all);
}

static void
of_ports(void)
{
	static const char of_s[] = ",\"service\":\"s\"";
	int dead = bound(SOCK_STREAM, &closed_port);

	tcp = bound(SOCK_STREAM, &tcp_port);
	udp = bound(SOCK_DGRAM, &udp_port);
	be(&services[0], 'r');
	unit("port_open: bound is not listening; the other transport is another port");
	port("tcp", tcp_port, of_s, "not open");
	CHECK(listen(tcp, 4) == 0);
	port("tcp", tcp_port, of_s, "open");
	port("", tcp_port, of_s, "open");
	port("tcp", tcp_port, "", "open");
	port("udp", tcp_port, of_s, "not open");
	port("udp", udp_port, of_s, "open");
	port("udp", udp_port, "", "open");
	port("tcp", udp_port, of_s, "not open");
	close(dead);
	port("tcp", closed_port, of_s, "not open");

	unit("port_open: of a test in containers, whoever has it on the host");
	services[0].run_pid = 1;
	places.engine = true;
	port("tcp", tcp_port, "", "open");
	port("tcp", closed_port, "", "not open");
	port("udp", udp_port, "", "open");
	places.engine = false;

	unit("port_open: another service's is not this one's");
	services[0].run_pid = 1;
	{
		char def[100];

		snprintf(def, sizeof def, "{\"type\":\"port_open\",\"service\":\"s\",\"port\":%u}",
		    tcp_port);
		CHECK(strncmp(look(def), "no: TCP port ", 13) == 0);
		CHECK(strstr(look(def), "is not open: port ") != NULL);
	}

	unit("port_open: the service's own port and transport where none is named");
	be(&services[0], 'r');
	pth_svc_set_port((json_t *)services[0].plan, udp_port);
	pth_svc_set_transport((json_t *)services[0].plan, "udp");
	CHECK(
	    strncmp(look("{\"type\":\"port_open\",\"service\":\"s\"}"), "yes: UDP port ", 14) == 0);
	pth_svc_set_transport((json_t *)services[0].plan, "tcp");
	CHECK(
	    strncmp(look("{\"type\":\"port_open\",\"service\":\"s\"}"), "no: TCP port ", 13) == 0);
	pth_svc_set_port((json_t *)services[0].plan, tcp_port);
}

/* service_responsive where ports made the service ready. */
static void
of_ready_ports(void)
{
	char text[200], want[100];
	json_t *ready;

	unit("service_responsive: the ports that made it ready are still its own");
	be(&services[0], 'r');
	snprintf(text, sizeof text,
	    "[{\"kind\":\"udp\",\"port\":%u},{\"kind\":\"file\",\"path\":\"none\"},"
	    "{\"kind\":\"tcp\",\"port\":%u}]",
	    udp_port, tcp_port);
	ready = parse(text);
	supervise_ready_release(&services[0].ready);
	supervise_ready_init(&services[0].ready, ready, &services[0].at);
	services[0].ready.leader = getpid();
	CHECK_STR(look(RESPONSIVE), "yes: is running and listens");
	be(&services[0], 'f');
	CHECK_STR(look(RESPONSIVE), "no: is frozen");
	be(&services[0], 'r');
	close(udp);
	snprintf(want, sizeof want, "no: is running, but UDP port %u is not bound", udp_port);
	CHECK_STR(look(RESPONSIVE), want);
	udp = bound(SOCK_DGRAM, &udp_port);
	json_decref(ready);

	snprintf(text, sizeof text, "[{\"kind\":\"tcp\",\"port\":%u}]", closed_port);
	ready = parse(text);
	supervise_ready_release(&services[0].ready);
	supervise_ready_init(&services[0].ready, ready, &services[0].at);
	services[0].ready.leader = getpid();
	snprintf(
	    want, sizeof want, "no: is running, but TCP port %u is not listened on", closed_port);
	CHECK_STR(look(RESPONSIVE), want);
	supervise_ready_release(&services[0].ready);
	supervise_ready_init(&services[0].ready, NULL, &services[0].at);
	json_decref(ready);
}

/* Step until a client has come to the socket; its connection. */
static int
accepted(int listener, int64_t now)
{
	int fd = -1;

	for (int i = 0; i < 2000 && fd < 0; i++) {
		supervise_assertions_step(&a, now, true);
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			usleep(500);
	}
	CHECK(fd >= 0);
	return fd;
}

/* Answer the request that comes, and step until that is seen. */
static void
serve(const char *words, int64_t now)
{
	char heard[400] = "";
	int fd = accepted(tcp, now);

	supervise_assertions_step(&a, now, true);
	CHECK(recv(fd, heard, sizeof heard - 1, 0) > 0);
	CHECK(strncmp(heard, "GET /health HTTP/1.1\r\n", 22) == 0);
	CHECK(strstr(said(0), ": no answer yet") != NULL);
	CHECK(write(fd, words, strlen(words)) == (ssize_t)strlen(words));
	close(fd);
	for (int i = 0; i < 2000 && strstr(said(0), ": no answer yet") != NULL; i++) {
		usleep(100);
		supervise_assertions_step(&a, now, true);
	}
}

/* What a last look by a GET says of such an answer; more: in the definition. */
static const char *
get(const char *more, const char *words)
{
	static char s[600];
	char text[600];

	snprintf(
	    text, sizeof text, "[{\"type\":\"service_responsive\",\"service\":\"s\"%s}]", more);
	begin(text);
	supervise_assertions_last(&a, 100 * S);
	serve(words, 100 * S);
	CHECK(supervise_assertions_done(&a));
	snprintf(s, sizeof s, "%s", said(0));
	s[strcspn(s, ":")] = '\0';
	end();
	return s;
}

static void
of_http(void)
{
	char at[100];
	static const char other[] = ",\"endpoint\":\"/health\",\"expected_status\":404";
	static const char status_only[] = "[{\"type\":\"service_responsive\",\"service\":\"s\","
	                                  "\"expected_status\":200,\"timeout\":0}]";

	be(&services[0], 'r');
	snprintf(at, sizeof at, ",\"endpoint\":\"%u/health\"", tcp_port);
	unit("an answer from 200 to 399 is good, without expected_status");
	CHECK_STR(get(at, "HTTP/1.1 200 OK\r\n\r\n"), "yes");
	CHECK_STR(get(at, "HTTP/1.1 399 x\r\n\r\n"), "yes");
	CHECK_STR(get(at, "HTTP/1.1 101 x\r\n\r\n"), "no");
	CHECK_STR(get(at, "HTTP/1.1 400 x\r\n\r\n"), "no");
	CHECK_STR(get(at, "HTTP/1.1 503 x\r\n\r\n"), "no");

	unit("expected_status alone is good where it is given; the service's port is the default");
	CHECK_STR(get(other, "HTTP/1.1 404 x\r\n\r\n"), "yes");
	CHECK_STR(get(other, "HTTP/1.1 200 x\r\n\r\n"), "no");
	CHECK_STR(get(other, "SSH-2.0\r\n"), "no");

	unit("an answer of somebody else's server is none");
	services[0].run_pid = 1;
	CHECK_STR(get(at, "HTTP/1.1 200 OK\r\n\r\n"), "no");
	be(&services[0], 'r');

	unit("a status without an endpoint is one of a GET, too");
	begin(status_only);
	supervise_assertions_begin(&a, 0);
	supervise_assertions_step(&a, 0, true);
	CHECK(strstr(said(0), "GET / at port ") != NULL);
	close(accepted(tcp, 0));
	end();
}

static void
of_http_in_time(void)
{
	struct pollfd p[2];
	char text[300];
	int fd;

	unit("an answer may take 5 seconds, or what is left");
	for (int timeout = 3; timeout <= 7; timeout += 2) {
		snprintf(text, sizeof text,
		    "[{\"type\":\"service_responsive\",\"service\":\"s\",\"endpoint\":\"/health\","
		    "\"timeout\":%d}]",
		    timeout);
		begin(text);
		supervise_assertions_begin(&a, 100 * S);
		fd = accepted(tcp, 100 * S);
		CHECK_INT(supervise_assertions_next(&a), (100 + (timeout < 5 ? timeout : 5)) * S);
		supervise_assertions_step(&a, (100 + (timeout < 5 ? timeout : 5)) * S - 1, true);
		CHECK(strstr(said(0), ": no answer yet") != NULL);
		supervise_assertions_step(&a, (100 + (timeout < 5 ? timeout : 5)) * S, true);
		CHECK(strstr(said(0), ": no answer in time") != NULL);
		CHECK(supervise_assertions_waiting(&a) == (timeout > 5));
		close(fd);
		end();
	}

	unit("it is asked again until the time has passed; no answer at the end is no");
	begin("[{\"type\":\"service_responsive\",\"service\":\"s\",\"endpoint\":\"/health\","
	      "\"timeout\":2}]");
	supervise_assertions_begin(&a, 100 * S);
	serve("HTTP/1.1 503 x\r\n\r\n", 100 * S);
	CHECK_STR(answer(), "yes: "); /* so far */
	CHECK(supervise_assertions_next(&a) > 100 * S &&
	    supervise_assertions_next(&a) <= 100 * S + 10000);
	CHECK_INT(supervise_assertions_fds(&a, p, countof(p)), 0);
	fd = accepted(tcp, 101 * S);
	supervise_assertions_step(&a, 101 * S, true);
	CHECK_INT(supervise_assertions_fds(&a, p, countof(p)), 1);
	CHECK(p[0].fd >= 0 && p[0].events == POLLIN);
	CHECK_INT(supervise_assertions_fds(&a, p, 0), 0);
	supervise_assertions_step(&a, 102 * S, true);
	CHECK(strncmp(said(0), "no: ", 4) == 0);
	CHECK(strncmp(answer(), "no: service_responsive s: GET ", 30) == 0);
	close(fd);
	end();
}

/* A service in a container: what runs there answers the questions. */
static void
of_containers(void)
{
	static const char running[] =
	    "[{\"type\":\"service_running\",\"service\":\"c\",\"timeout\":2}]";
	static const struct {
		enum pth_answer answer;
		const char *want;
	} answers[] = { { PTH_A_YES, "yes: so" }, { PTH_A_NO, "no: so" },
		{ PTH_A_UNKNOWN, "unknown: so" } };
	struct pollfd p[2];
	struct pth_err e;
	bool over;
	json_t *question;
	int box = pth_channel_listen(services[1].at.dirfd, ".ask", getuid(), getgid(), &e), fd;

	CHECK(box >= 0);
	be(&services[1], 'r');
	unit("inside: the answer counts");
	for (size_t i = 0; i < countof(answers); i++) {
		begin("[{\"type\":\"service_running\",\"service\":\"c\"}]");
		supervise_assertions_last(&a, 100 * S);
		supervise_assertions_step(&a, 100 * S, false);
		CHECK_STR(said(0), "unknown: its container has not answered yet");
		CHECK(!supervise_assertions_done(&a));
		fd = pth_channel_accept(box);
		question = pth_channel_read(fd, &over);
		CHECK(json_equal(json_object_get(question, "look"), json_array_get(list, 0)));
		json_decref(question);
		pth_channel_answer(fd, answers[i].answer, "so");
		supervise_assertions_step(&a, 100 * S, false);
		CHECK(supervise_assertions_done(&a));
		CHECK_STR(said(0), answers[i].want);
		close(fd);
		end();
	}

	unit("inside: no answer is not known; after a no it is no");
	for (int first = 0; first < 2; first++) {
		begin(running);
		supervise_assertions_begin(&a, 100 * S);
		supervise_assertions_step(&a, 100 * S, true);
		fd = pth_channel_accept(box);
		if (first == 1) {
			pth_channel_answer(fd, PTH_A_NO, "not yet");
			supervise_assertions_step(&a, 100 * S, true);
			close(fd);
			supervise_assertions_step(&a, 101 * S, true);
			fd = pth_channel_accept(box);
		}
		CHECK(fd >= 0);
		CHECK_INT(supervise_assertions_fds(&a, p, countof(p)), 1);
		CHECK(p[0].fd >= 0 && p[0].events == POLLIN);
		CHECK_INT(supervise_assertions_next(&a), 102 * S);
		supervise_assertions_step(&a, 102 * S - 1, true);
		CHECK(supervise_assertions_waiting(&a));
		supervise_assertions_step(&a, 102 * S, true);
		CHECK(!supervise_assertions_waiting(&a));
		CHECK(strncmp(said(0), first == 1 ? "no: " : "unknown: ", first == 1 ? 4 : 9) == 0);
		close(fd);
		end();
	}

	unit("inside: a container that ends over it, or has ended");
	begin("[{\"type\":\"port_open\",\"service\":\"c\",\"port\":9}]");
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	close(pth_channel_accept(box));
	supervise_assertions_step(&a, 100 * S, false);
	CHECK_STR(said(0), "unknown: its container ended before it answered");
	end();
	be(&services[1], '7');
	begin("[{\"type\":\"port_open\",\"service\":\"c\",\"port\":9}]");
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK_STR(said(0), "unknown: c and its container do not run (exit code 7)");
	end();
	begin("[{\"type\":\"service_running\",\"service\":\"c\"}]");
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK_STR(said(0), "no: is not running: exit code 7");
	end();
	close(box);
}

static void
of_time(void)
{
	static const char none[] = "[" FILE_("none") "]";
	static const char timed[] =
	    "[{\"type\":\"file_exists\",\"service\":\"s\",\"file\":\"late\",\"timeout\":3}]";
	int64_t before = 0, pause = 0, longest = 0;

	be(&services[0], 'r');
	unit("without a timeout it is looked at once, when the run is over");
	begin(none);
	supervise_assertions_begin(&a, 100 * S);
	supervise_assertions_step(&a, 150 * S, false);
	CHECK_STR(said(0), "unknown: ");
	CHECK(!supervise_assertions_waiting(&a) && !supervise_assertions_done(&a));
	CHECK(supervise_assertions_next(&a) == PTH_NEVER);
	supervise_assertions_last(&a, 200 * S);
	CHECK_INT(supervise_assertions_next(&a), 200 * S);
	supervise_assertions_step(&a, 200 * S, false);
	CHECK_STR(said(0), "no: none does not exist");
	CHECK(supervise_assertions_done(&a));
	CHECK(supervise_assertions_next(&a) == PTH_NEVER);
	end();

	unit("with one it is looked at again, less and less often, until that has passed");
	events("assertion.");
	begin(timed);
	supervise_assertions_begin(&a, 100 * S);
	CHECK(supervise_assertions_waiting(&a));
	CHECK_INT(supervise_assertions_next(&a), 100 * S);
	for (int64_t now = 100 * S; now < 103 * S; now = supervise_assertions_next(&a)) {
		CHECK(now - before >= pause);
		pause = before > 0 && now < 102 * S ? now - before : 0;
		before = now;
		longest = pause > longest ? pause : longest;
		supervise_assertions_step(&a, now, false);
		CHECK(supervise_assertions_waiting(&a));
		CHECK(supervise_assertions_next(&a) - now <= 300000);
	}
	CHECK(longest >= 150000);
	CHECK_INT(supervise_assertions_next(&a), 103 * S);
	CHECK_STR(events("assertion."), "");
	supervise_assertions_step(&a, 103 * S, false);
	CHECK(!supervise_assertions_waiting(&a) && supervise_assertions_done(&a));
	CHECK_STR(said(0), "no: late does not exist");
	CHECK_STR(events("assertion."), "failed");
	end();

	unit("once it has held it holds");
	begin(timed);
	supervise_assertions_begin(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	put_file(services[0].at.dirfd, "late", "");
	supervise_assertions_step(&a, 101 * S, false);
	CHECK(!supervise_assertions_waiting(&a));
	CHECK_STR(events("assertion."), "passed");
	CHECK(unlinkat(services[0].at.dirfd, "late", 0) == 0);
	supervise_assertions_last(&a, 102 * S);
	supervise_assertions_step(&a, 102 * S, false);
	CHECK_STR(said(0), "yes: late exists");
	CHECK_STR(answer(), "yes: ");
	end();

	unit("a timeout of 0 is one look at once");
	begin("[{\"type\":\"file_exists\",\"file\":\"none\",\"timeout\":0}]");
	supervise_assertions_begin(&a, 100 * S);
	CHECK(supervise_assertions_waiting(&a));
	supervise_assertions_step(&a, 100 * S, true);
	CHECK(!supervise_assertions_waiting(&a));
	end();
}

static void
of_ends(void)
{
	static const char timed[] =
	    "[{\"type\":\"service_running\",\"service\":\"s\",\"timeout\":9}]";

	unit("what has ended cannot make it hold any more, unless it is started again");
	for (int i = 0; i < 5; i++) {
		be(&services[0], i == 4 ? 'l' : '7');
		services[0].restarting = i == 1;
		begin(timed);
		supervise_assertions_begin(&a, 100 * S);
		if (i == 3)
			supervise_assertions_last(&a, 100 * S);
		supervise_assertions_step(&a, 100 * S, i == 2);
		CHECK(supervise_assertions_done(&a) == (i == 0 || i >= 3));
		end();
	}
	services[0].restarting = false;

	unit("a state that goes on may still change");
	be(&services[0], 'i');
	begin("[{\"type\":\"service_responsive\",\"service\":\"s\",\"timeout\":9}]");
	supervise_assertions_begin(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK(supervise_assertions_waiting(&a));
	end();

	unit("exit codes are looked at after the services have ended");
	be(&services[0], 'r');
	begin("[" CODE(",\"code\":7") "]");
	supervise_assertions_begin(&a, 100 * S);
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK(supervise_assertions_done(&a));
	CHECK_STR(said(0), "unknown: ");
	be(&services[0], '7');
	supervise_assertions_after(&a);
	CHECK_STR(said(0), "yes: exit code 7");
	end();

	unit("but with a timeout as soon as they are there");
	be(&services[0], '7');
	begin("[{\"type\":\"exit_code\",\"service\":\"s\",\"code\":7,\"timeout\":1}]");
	supervise_assertions_begin(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK(!supervise_assertions_waiting(&a));
	CHECK_STR(said(0), "yes: exit code 7");
	end();

	unit("what was not looked at neither holds nor fails");
	events("assertion.");
	begin("[" RUNNING "," FILE_("made") "]");
	supervise_assertions_begin(&a, 100 * S);
	supervise_assertions_after(&a);
	CHECK_STR(said(0), "unknown: not looked at: the run did not get so far");
	CHECK_STR(said(1), "unknown: not looked at: the run did not get so far");
	CHECK_STR(events("assertion."), "unknown unknown");
	CHECK_STR(
	    answer(), "unknown: service_running s: not looked at: the run did not get so far");
	end();
}

static void
of_answers(void)
{
	unit("one that does not hold is told before one that cannot be told, each the first");
	be(&services[0], 'r');
	begin("[" FILE_("made") "," OUTPUT("\"file\":\"none\",\"text\":\"x\"") "," OUTPUT(
	    "\"file\":\"dir\",\"text\":\"x\"") "," TEST_FILE("none") "," TEST_FILE("nothing") "]");
	CHECK_STR(answer(), "yes: ");
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK_STR(answer(), "no: file_exists: none does not exist");
	end();
	begin("[" FILE_("made") "," OUTPUT("\"file\":\"none\",\"text\":\"x\"") "," OUTPUT(
	    "\"file\":\"dir\",\"text\":\"x\"") "]");
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK_STR(answer(),
	    "unknown: output_contains s: \"x\": cannot be told: none: No such file or directory");
	end();

	unit("what is there of a result");
	begin("[" TEST_FILE("of_test") "]");
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	{
		json_t *all = supervise_assertions_result(&a), *o = json_array_get(all, 0);

		CHECK_INT(json_array_size(all), 1);
		CHECK_STR(pth_rlook_type(o), "file_exists");
		CHECK(PTH_GET(rlook, o, service) == NULL && PTH_GET(rlook, o, unknown) == NULL);
		json_decref(all);
	}
	end();
	begin("[]");
	CHECK(supervise_assertions_result(&a) == NULL);
	CHECK_STR(answer(), "yes: ");
	end();
}

static void
of_links(void)
{
	unit("a link that leaves the directory cannot be told, one that stays can");
	be(&services[0], 'r');
	CHECK(symlinkat("/etc", services[0].at.dirfd, "out") == 0);
	CHECK(symlinkat("dir", services[0].at.dirfd, "in") == 0);
	CHECK(strncmp(look(FILE_("out/passwd")), "unknown: out/passwd: cannot be told: ", 37) == 0);
	CHECK_STR(look(FILE_("in")), "yes: in exists");
}

/* A line that is not kept of a log is seen; of another service's, or another log, not. */
static void
of_lost_lines(void)
{
	static const char sought[] = "[" OUTPUT("\"text\":\"lost line\"") "," OUTPUT(
	    "\"file\":\"stderr.log\",\"text\":\"lost line\"") "]";

	unit("a line that is not kept counts for the log that it is of");
	begin(sought);
	supervise_assertions_lost(&a, &services[1], "stdout.log", "lost line\n", 10);
	supervise_assertions_lost(&a, &services[0], "steps/1.stdout.log", "lost line\n", 10);
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK(strncmp(said(0), "no: ", 4) == 0 && strncmp(said(1), "no: ", 4) == 0);
	end();
	begin(sought);
	supervise_assertions_lost(&a, &services[0], "stdout.log", "lost line\n", 10);
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK_STR(said(0), "yes: found");
	CHECK(strncmp(said(1), "no: ", 4) == 0);
	end();
}

static void
of_wrong_ones(void)
{
	static const struct {
		const char *def, *why;
	} wrong[] = {
		{ "{}", "unknown type \"\"" },
		{ "{\"type\":\"nice\",\"service\":\"s\"}", "unknown type \"nice\"" },
		{ "{\"type\":\"service_running\"}", "service_running: it names no service" },
		{ "{\"type\":\"service_responsive\"}", "service_responsive: it names no service" },
		{ "{\"type\":\"output_contains\",\"text\":\"x\"}",
		    "output_contains: it names no service" },
		{ "{\"type\":\"exit_code\"}", "exit_code: it names no service" },
		{ "{\"type\":\"port_open\",\"service\":\"x\",\"port\":1}",
		    "port_open: no service \"x\" in this test" },
		{ "{\"type\":\"port_open\"}", "port_open: no port" },
		{ "{\"type\":\"port_open\",\"port\":0}", "port_open: no port" },
		{ "{\"type\":\"port_open\",\"port\":65536}", "port_open: no port" },
		{ "{\"type\":\"port_open\",\"port\":-1}", "port_open: no port" },
		{ "{\"type\":\"service_responsive\",\"service\":\"s\",\"endpoint\":\"0/\"}",
		    "endpoint \"0/\": PORT/PATH is wanted" },
		{ OUTPUT("\"text\":\"two\\nlines\""), "text: one line is wanted" },
		{ OUTPUT("\"file\":\"../x\",\"text\":\"x\""),
		    "file: must be below the service's directory" },
		{ OUTPUT("\"file\":\"x\""), "needs text or pattern" },
		{ FILE_("../made"),
		    "file_exists: the file must be below the directory of the service" },
		{ TEST_FILE("/of_test"),
		    "file_exists: the file must be below the directory of the test" },
		{ TEST_FILE("@{dir}/../x"),
		    "file_exists: the file must be below the directory of the test" },
		{ TEST_FILE(""), "file_exists: the file must be below the directory of the test" },
	};
	char text[300], want[300];
	struct pth_err e;

	unit("what is wrong is an error before anything starts");
	for (size_t i = 0; i < countof(wrong); i++) {
		snprintf(text, sizeof text, "[%s,%s]", RUNNING, wrong[i].def);
		snprintf(want, sizeof want, "assertion 2: %s", wrong[i].why);
		list = parse(text);
		CHECK(supervise_assertions_init(&a, list, services, 2, testdir, &e) != 0);
		CHECK_STR(e.text, want);
		end();
	}
	CHECK(countof(wrong) >= 15);
	CHECK(strncmp(look("{\"type\":\"port_open\",\"port\":65535}"), "no: ", 4) == 0);
	CHECK(strncmp(look("{\"type\":\"port_open\",\"port\":1}"), "no: ", 4) == 0);
}

int
main(void)
{
	json_t *plans[2];

	world_begin("assertion");
	plans[0] = service_of(&services[0], "{\"name\":\"s\",\"phases\":{\"run\":{}}}");
	plans[1] = service_of(
	    &services[1], "{\"name\":\"c\",\"phases\":{\"run\":{}},\"inner\":{\"ask\":\".ask\"}}");
	put_file(testdir, "of_test", "");
	put_file(services[0].at.dirfd, "made", "");
	put_file(services[0].at.dirfd, "own", "its own\n");
	CHECK(mkdirat(services[0].at.dirfd, "dir", 0700) == 0);
	put_log("stdout.log", "first\na.b (c)\nunfinished");
	put_log("stderr.log", "on stderr\n");
	of_states();
	of_ports();
	of_ready_ports();
	of_http();
	of_http_in_time();
	of_containers();
	of_time();
	of_ends();
	of_answers();
	of_links();
	of_lost_lines();
	of_wrong_ones();
	for (size_t i = 0; i < countof(services); i++) {
		supervise_service_release(&services[i]);
		json_decref(plans[i]);
	}
	return unit_done();
}
