/* Readiness: each kind of check not yet, ready, too late; restarts, cut logs. */
#include "supervise/ready.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/json.h"
#include "io/record.h"
#include "unit.h"

#define S 1000000LL

static struct pth_places places;
static struct surroundings at = { .places = &places, .log_dir = "" };
static struct pth_err err;

static json_t *
begin(struct ready *r, const char *text, int64_t now)
{
	json_t *list = pth_json_parse(text, strlen(text), NULL);

	CHECK(list != NULL);
	supervise_ready_init(r, list, &at);
	r->leader = getpid();
	supervise_ready_begin(r, now);
	return list;
}

static void
end(struct ready *r, json_t *list)
{
	supervise_ready_release(r);
	json_decref(list);
}

static void
append(const char *path, const char *text)
{
	bool log = strstr(path, ".log") != NULL;
	int fd = log ? supervise_logs_open(&at.logs, path) :
	               openat(at.dirfd, path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	supervise_logs_drain(&at.logs);
}

/* A socket on a port of the kernel's choice. */
static int
bound(int type, unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, type, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(fd, (struct sockaddr *)&a, n) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&a, &n) == 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static void
ports(void)
{
	unsigned udp_port, tcp_port, port = 0;
	int udp = bound(SOCK_DGRAM, &udp_port), tcp = bound(SOCK_STREAM, &tcp_port);
	char text[200];
	struct ready r;
	bool is_udp = true;
	json_t *list;

	unit("udp and tcp: bound is not yet listening");
	snprintf(text, sizeof text,
	    "[{\"kind\":\"udp\",\"port\":%u},{\"kind\":\"tcp\",\"port\":%u,\"timeout_us\":2000000}"
	    "]",
	    udp_port, tcp_port);
	list = begin(&r, text, 0);
	CHECK_INT(supervise_ready_step(&r, 0, &err), PTH_NOT_YET);
	CHECK_INT(r.index, 1);
	CHECK_INT(supervise_ready_listens(&r, &port, &is_udp), 0);
	CHECK(port == tcp_port && !is_udp);

	unit("it is looked at again, less and less often");
	CHECK(supervise_ready_next(&r) > 0 && supervise_ready_next(&r) < 1000);
	for (int64_t now = 0; now < S; now = supervise_ready_next(&r))
		CHECK_INT(supervise_ready_step(&r, now, &err), PTH_NOT_YET);
	CHECK(r.wait >= 20000 && r.wait <= 25000);

	unit("tcp: ready");
	CHECK(listen(tcp, 1) == 0);
	CHECK_INT(supervise_ready_step(&r, S + S / 2, &err), PTH_IS_READY);
	CHECK_INT(supervise_ready_listens(&r, &port, &is_udp), 1);

	unit("udp and tcp: too late");
	close(udp);
	CHECK_INT(supervise_ready_listens(&r, &port, &is_udp), 0);
	CHECK(port == udp_port && is_udp);
	supervise_ready_begin(&r, 20 * S);
	CHECK_INT(supervise_ready_step(&r, 30 * S - 1, &err), PTH_NOT_YET);
	CHECK_INT(supervise_ready_step(&r, 31 * S, &err), PTH_NOT_READY);
	snprintf(text, sizeof text, "did not bind UDP port %u within 10.00 s", udp_port);
	CHECK_STR(err.text, text);
	udp = bound(SOCK_DGRAM, &udp_port);
	close(tcp);
	r.index = 1;
	r.since = r.look = 0;
	CHECK_INT(supervise_ready_step(&r, 2 * S, &err), PTH_NOT_READY);
	snprintf(text, sizeof text, "did not listen on TCP port %u within 2.00 s", tcp_port);
	CHECK_STR(err.text, text);
	close(udp);
	end(&r, list);
}

static void
files(void)
{
	struct ready r;
	unsigned port;
	bool udp;
	json_t *list = begin(&r, "[{\"kind\":\"file\",\"path\":\"up\",\"timeout_us\":1000}]", 0);

	unit("file: not yet, too late");
	CHECK_INT(supervise_ready_step(&r, 0, &err), PTH_NOT_YET);
	append("stderr.log", "cannot get up\n");
	CHECK_INT(supervise_ready_step(&r, 1000, &err), PTH_NOT_READY);
	CHECK_STR(err.text, "did not make the file up within 1 ms; last log line: cannot get up");
	supervise_logs_release(&at.logs);

	unit("file: ready; a restart removes it");
	append("up", "");
	supervise_ready_begin(&r, 5 * S);
	CHECK_INT(supervise_ready_step(&r, 5 * S, &err), PTH_IS_READY);
	supervise_ready_reset(&r);
	supervise_ready_begin(&r, 6 * S);
	CHECK_INT(supervise_ready_step(&r, 6 * S, &err), PTH_NOT_YET);
	CHECK_INT(supervise_ready_listens(&r, &port, &udp), -1);
	end(&r, list);
}

static void
logs(void)
{
	static const char up[] = "[{\"kind\":\"log\",\"matches\":\"^up [0-9]+$\"}]";
	struct ready r, other;
	json_t *list = begin(&r, up, 0), *own;

	unit("log: not yet, ready");
	CHECK_INT(supervise_ready_step(&r, 0, &err), PTH_NOT_YET);
	append("stdout.log", "up\n");
	CHECK_INT(supervise_ready_step(&r, S, &err), PTH_NOT_YET);
	append("stdout.log", "up 1\n");
	CHECK_INT(supervise_ready_step(&r, 2 * S, &err), PTH_IS_READY);

	unit("log: what the life before has written does not count");
	supervise_ready_reset(&r);
	supervise_ready_begin(&r, 3 * S);
	CHECK_INT(supervise_ready_step(&r, 3 * S, &err), PTH_NOT_YET);
	append("stdout.log", "up 2\n");
	CHECK_INT(supervise_ready_step(&r, 4 * S, &err), PTH_IS_READY);

	unit("log: what is not kept is searched, too");
	supervise_ready_reset(&r);
	supervise_ready_begin(&r, 6 * S);
	CHECK_INT(supervise_ready_step(&r, 6 * S, &err), PTH_NOT_YET);
	supervise_ready_lost(&r, "stderr.log", "up 4\n", 5);
	supervise_ready_lost(&r, "stdout.log", "up ", 3);
	CHECK_INT(supervise_ready_step(&r, 7 * S, &err), PTH_NOT_YET);
	supervise_ready_lost(&r, "stdout.log", "4\n", 2);
	CHECK_INT(supervise_ready_step(&r, 8 * S, &err), PTH_IS_READY);

	unit("log: a file that the service writes, but no link");
	own = begin(&other, "[{\"kind\":\"log\",\"file\":\"own\",\"matches\":\"up\"}]", 0);
	CHECK(symlink("other", "own") == 0);
	append("other", "up\n");
	CHECK_INT(supervise_ready_step(&other, 0, &err), PTH_NOT_YET);
	CHECK(rename("other", "own") == 0);
	CHECK_INT(supervise_ready_step(&other, S, &err), PTH_IS_READY);
	/* What is there of the life before does not count; what is written behind it does. */
	supervise_ready_reset(&other);
	supervise_ready_begin(&other, 2 * S);
	CHECK_INT(supervise_ready_step(&other, 2 * S, &err), PTH_NOT_YET);
	append("own", "up\n");
	CHECK_INT(supervise_ready_step(&other, 3 * S, &err), PTH_IS_READY);
	end(&other, own);

	unit("log: too late");
	supervise_ready_reset(&r);
	supervise_ready_begin(&r, 10 * S);
	CHECK_INT(supervise_ready_step(&r, 20 * S, &err), PTH_NOT_READY);
	CHECK_STR(err.text, "did not log /^up [0-9]+$/ within 10.00 s; last log line: up 2");
	supervise_logs_release(&at.logs);
	end(&r, list);

	unit("log: no regular expression");
	list = begin(&r, "[{\"kind\":\"log\",\"matches\":\"(\"}]", 0);
	CHECK_INT(supervise_ready_step(&r, 0, &err), PTH_NOT_READY);
	CHECK(strstr(err.text, "regular expression: character 1: (") != NULL);
	end(&r, list);
	unlinkat(at.dirfd, "stdout.log", 0);
}

/* Wait for the end of the check's command, 20 seconds at most. */
static void
reap(struct ready *r, int64_t now)
{
	for (int i = 0; i < 20000 && r->pid > 0; i++) {
		supervise_ready_reap(r, now);
		usleep(1000);
	}
	CHECK_INT(r->pid, 0);
}

/* A command that takes no TERM has said so. */
static void
stubborn(void)
{
	int i = 0;

	while (unlinkat(at.dirfd, "trapped", 0) != 0 && i++ < 20000)
		usleep(1000);
	CHECK(i < 20000);
}

static void
commands(void)
{
	struct ready r;
	json_t *list = begin(&r,
	    "[{\"kind\":\"command\",\"argv\":[\"test\",\"-e\",\"ok\"]},"
	    "{\"kind\":\"command\",\"argv\":[\"sh\",\"-c\",\"trap : TERM; echo >trapped; while :; "
	    "do sleep 0.01; done\"],"
	    "\"timeout_us\":3000000}]",
	    0);
	pid_t pid;

	unit("command: fails, and is run again");
	CHECK_INT(supervise_ready_step(&r, 0, &err), PTH_NOT_YET);
	CHECK(r.pid > 0);
	CHECK_INT(supervise_ready_next(&r), 10 * S);
	reap(&r, S);
	CHECK(supervise_ready_next(&r) > S && r.index == 0);

	unit("command: too late");
	CHECK_INT(supervise_ready_step(&r, 20 * S, &err), PTH_NOT_READY);
	CHECK_STR(
	    err.text, "its readiness check (command) did not succeed within 10.00 s: exit code 1");
	reap(&r, 20 * S);

	unit("command: succeeds; the next one's time begins then");
	append("ok", "");
	supervise_ready_begin(&r, 30 * S);
	CHECK_INT(supervise_ready_step(&r, 30 * S, &err), PTH_NOT_YET);
	reap(&r, 31 * S);
	CHECK_INT(r.index, 1);
	CHECK_INT(supervise_ready_step(&r, 31 * S, &err), PTH_NOT_YET);
	CHECK_INT(supervise_ready_next(&r), 34 * S);

	unit("command: still runs when it is too late");
	CHECK_INT(supervise_ready_step(&r, 34 * S, &err), PTH_NOT_READY);
	CHECK_STR(
	    err.text, "its readiness check (command) did not succeed within 3.00 s: it still ran");

	unit("command: a restart kills it, and its end counts for nothing");
	stubborn();
	pid = r.pid;
	supervise_ready_reset(&r);
	CHECK(waitpid(pid, NULL, 0) == pid && r.pid == 0 && r.index == 0);
	supervise_ready_reap(&r, 35 * S);
	CHECK_INT(r.index, 0);

	unit("command: stopped");
	r.index = 1;
	r.look = r.since = 40 * S;
	CHECK_INT(supervise_ready_step(&r, 40 * S, &err), PTH_NOT_YET);
	stubborn();
	supervise_ready_stop(&r);
	reap(&r, 40 * S);
	end(&r, list);

	unit("command: cannot be started");
	list = begin(&r, "[{\"kind\":\"command\",\"argv\":[\"/no/such\"]}]", 0);
	CHECK_INT(supervise_ready_step(&r, 0, &err), PTH_NOT_READY);
	CHECK(strstr(err.text, "/no/such") != NULL);
	end(&r, list);
}

static void
others(void)
{
	struct ready r;
	json_t *list = begin(&r, "[{\"kind\":\"delay\",\"us\":50000000,\"timeout_us\":1}]", S);

	unit("delay: since the start, and never too late");
	CHECK_INT(supervise_ready_step(&r, 51 * S - 1, &err), PTH_NOT_YET);
	r.look = 0;
	CHECK_INT(supervise_ready_step(&r, 51 * S, &err), PTH_IS_READY);
	supervise_ready_begin(&r, 100 * S);
	CHECK_INT(supervise_ready_step(&r, 100 * S, &err), PTH_NOT_YET);
	end(&r, list);

	unit("no check at all");
	list = begin(&r, "[]", 5);
	CHECK_INT(supervise_ready_step(&r, 4, &err), PTH_NOT_YET);
	CHECK_INT(supervise_ready_step(&r, 5, &err), PTH_IS_READY);
	end(&r, list);

	unit("what was told of a life before is not told of the next");
	list = begin(&r, "[]", 5);
	snprintf(r.held, sizeof r.held, "port 1 is held");
	snprintf(r.how, sizeof r.how, "exit code 1");
	supervise_ready_begin(&r, 6);
	CHECK_STR(r.held, "");
	CHECK_STR(r.how, "");
	end(&r, list);

	unit("a kind that is none");
	list = begin(&r, "[{\"kind\":\"smoke\"}]", 0);
	CHECK_INT(supervise_ready_step(&r, 0, &err), PTH_NOT_READY);
	CHECK_STR(err.text, "unknown readiness check \"smoke\"");
	end(&r, list);
}

/* No kind may be without a way to look: one that holds at once is as good as one that does not. */
static void
every_kind(void)
{
	unit("each kind of readiness can be looked for");
	for (int k = 0; k < PTH_READY_KINDS; k++) {
		char text[200];
		struct ready r;
		json_t *list;

		snprintf(text, sizeof text,
		    "[{\"kind\":\"%s\",\"port\":1,\"path\":\"none\",\"matches\":\"none\",\"us\":1,"
		    "\"argv\":[\"true\"]}]",
		    pth_ready_names[k]);
		list = begin(&r, text, 0);
		CHECK(supervise_ready_step(&r, S, &err) != PTH_NOT_READY);
		supervise_ready_stop(&r);
		end(&r, list);
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
}

int
main(void)
{
	char tmp[] = "ready.XXXXXX";

	CHECK(mkdtemp(tmp) != NULL && chdir(tmp) == 0);
	at.home = places.dir = realpath(".", NULL);
	places.share = places.libexec = "/";
	at.dirfd = at.logs.dirfd = open(".", O_RDONLY | O_DIRECTORY);
	at.logs.epoll = epoll_create1(EPOLL_CLOEXEC);
	ports();
	files();
	logs();
	commands();
	others();
	every_kind();
	return unit_done();
}
