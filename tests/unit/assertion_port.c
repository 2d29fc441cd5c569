/* Assertions that look at ports and ask servers, and those that are answered in a container. */
#include "supervise/assertion.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "asserted.h"

static unsigned tcp_port, udp_port, closed_port;
static int tcp, udp;

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

	for (int i = 0; i < 20000 && fd < 0; i++) {
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
	for (int i = 0; i < 20000 && strstr(said(0), ": no answer yet") != NULL; i++) {
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

int
main(void)
{
	asserted_begin("assertion_port");
	of_ports();
	of_ready_ports();
	of_http();
	of_http_in_time();
	of_containers();
	return asserted_done();
}
