/* Child processes: what they are born with, how they end, who belongs to whom, whose a port is. */
#include "host/proc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/holder.h"
#include "host/iface.h"
#include "host/kin.h"
#include "host/mark.h"
#include "host/ns.h"
#include "host/run_id.h"
#include "host/sig.h"
#include "io/category.h"
#include "io/event.h"
#include "io/file.h"
#include "io/json.h"
#include "unit.h"

static struct pth_buf out, errs;
static struct pth_exit x;
static struct pth_err e;
static bool late;

/* Run a script; what it wrote to stdout. */
static const char *
sh(const char *script, struct pth_proc_req q, int64_t limit)
{
	const char *argv[] = { "sh", "-c", script, NULL };

	pth_buf_cut(&out, 0);
	pth_buf_cut(&errs, 0);
	pth_buf_adds(&out, "");
	pth_buf_adds(&errs, "");
	q.argv = argv;
	q.in = -1;
	late = true;
	CHECK(pth_proc_run(&q, limit, &out, &errs, 100, &x, &late, &e) == 0);
	return out.s;
}

/* A child of ours ends, within 20 seconds; it is reaped, if its parent has not done so. */
static bool
dies(pid_t pid)
{
	int status = 0;

	for (int i = 0; i < 20000; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid || kill(pid, 0) != 0)
			return true;
		usleep(1000);
	}
	return false;
}

static void
of_births(void)
{
	static const char *const env[] = { "PATH=/usr/bin:/bin", "A=b", NULL };
	static const char *const path[] = { "PATH=bin", NULL };
	const struct pth_proc_limit limits[] = { { RLIMIT_NOFILE, 33 }, { RLIMIT_CORE, 0 } };
	struct pth_proc_req none = { 0 };
	int extra = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
	const char *argv[] = { "prog", NULL };
	int err_no = 0;
	sigset_t set;

	unit("its environment, directory, limits, descriptors");
	CHECK_STR(sh("echo $A-$HOME", (struct pth_proc_req){ .env = env }, 0), "b-\n");
	CHECK(mkdir("dir", 0777) == 0);
	CHECK(strstr(sh("pwd", (struct pth_proc_req){ .cwd = "dir" }, 0), "/dir\n") != NULL);
	CHECK_STR(sh("ulimit -n; ulimit -Hn; ulimit -c",
	              (struct pth_proc_req){ .limits = limits, .nlimits = 2 }, 0),
	    "33\n33\n0\n");
	CHECK_STR(sh("ls /proc/self/fd | wc -l", none, 0), "4\n"); /* and that of ls */
	CHECK_STR(sh("cat; readlink /proc/self/fd/0", none, 0), "/dev/null\n");
	close(extra);

	unit("signals are as they are at first: none is blocked or ignored");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	CHECK_STR(sh("grep -E '^Sig(Blk|Ign)' /proc/self/status | cut -f2 | sort -u", none, 0),
	    "0000000000000000\n");
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGHUP, SIG_DFL);

	unit("a session of its own, and no new privileges, where that is asked for");
	CHECK_STR(sh("[ $(ps -o sid= $$) = $$ ] && echo own", none, 0), "own\n");
	CHECK_STR(sh("grep NoNew /proc/self/status | cut -f2",
	              (struct pth_proc_req){ .no_new_privs = true }, 0),
	    "1\n");
	CHECK_STR(sh("grep NoNew /proc/self/status | cut -f2", none, 0), "0\n");
	{
		pid_t pid = pth_proc_spawn(
		    &(struct pth_proc_req){ .argv = (const char *[]){ "sleep", "60", NULL },
		        .in = -1,
		        .out = -1,
		        .err = -1 },
		    NULL, &e);

		CHECK(pid > 0 && getsid(pid) == getsid(0));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}

	unit("programs are looked up in its PATH; why one is none");
	CHECK(mkdir("bin", 0777) == 0);
	CHECK(pth_file_write(AT_FDCWD, "bin/prog", "x", 1, &e) == 0);
	struct pth_proc_req q = { .argv = argv, .env = path, .in = -1, .out = -1, .err = -1 };
	argv[0] = "none";
	CHECK(pth_proc_spawn(&q, &err_no, &e) == -1);
	CHECK_INT(err_no, ENOENT);
	CHECK_STR(e.text, "none: not found");
	CHECK_INT(e.category, PTH_CAT_DEPENDENCY);
	argv[0] = "./none";
	CHECK(pth_proc_spawn(&q, &err_no, &e) == -1 && err_no == ENOENT);
	CHECK_INT(e.category, PTH_CAT_DEPENDENCY);
	argv[0] = "./bin/prog";
	CHECK(pth_proc_spawn(&q, &err_no, &e) == -1 && err_no == EACCES);
	CHECK_INT(e.category, PTH_CAT_DEPENDENCY);
	CHECK(chmod("bin/prog", 0755) == 0);
	CHECK(pth_proc_spawn(&q, &err_no, &e) == -1 && err_no == ENOEXEC);
	CHECK_INT(e.category, PTH_CAT_DEPENDENCY);
	q.cwd = "/no/such/directory";
	argv[0] = "/bin/true";
	CHECK(pth_proc_spawn(&q, &err_no, &e) == -1 && err_no == ENOENT);
	CHECK(waitpid(-1, NULL, WNOHANG) == -1); /* no zombie is left */
}

static void
of_ends(void)
{
	struct pth_proc_req none = { 0 };
	char text[32];

	unit("how it ended, and what it wrote, up to a limit");
	CHECK_STR(sh("echo o; echo e >&2; exit 7", none, 0), "o\n");
	CHECK_STR(errs.s, "e\n");
	CHECK(!x.signaled && x.code == 7 && x.signal == 0 && !late);
	CHECK_STR(pth_exit_text(&x, text), "exit code 7");
	CHECK_INT(strlen(sh("head -c 1000 /dev/zero | tr '\\0' x; exit 3", none, 0)), 100);
	CHECK_INT(x.code, 3);
	sh("ulimit -c 0; kill -SEGV $$", none, 0);
	CHECK(x.signaled && x.signal == SIGSEGV && x.code == -1 && !x.core);
	CHECK_STR(pth_exit_text(&x, text), "signal SEGV");
	CHECK(x.usage.ru_maxrss > 0);

	unit("it is killed when its time is over, with all of its session");
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	/* A busy machine may not get so far in a tenth of a second. */
	for (int64_t limit = 100000; limit < 10 * PTH_SECOND_US; limit *= 4)
		if (*sh("sleep 60 & echo $!; sleep 60", none, limit) != '\0')
			break;
	CHECK(late && x.signaled && x.signal == SIGKILL);
	CHECK(strtol(out.s, NULL, 10) > 0 && dies((pid_t)strtol(out.s, NULL, 10)));
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	sh("exit 0", none, 60 * PTH_SECOND_US);
	CHECK(!late);

	unit("an error of before is not one of its output");
	errno = EAGAIN;
	CHECK_STR(sh("echo o", none, 60 * PTH_SECOND_US), "o\n");
	CHECK(!late && x.code == 0);

	unit("who leaves a child with its output is not waited for by that");
	CHECK_STR(sh("echo o; sleep 3 & exit 0", none, 60 * PTH_SECOND_US), "o\n");
	CHECK(!late && x.code == 0);
}

static void
of_names(void)
{
	char buf[16];

	unit("names of signals");
	CHECK_STR(pth_signal_name(SIGSEGV, buf), "SEGV");
	CHECK_STR(pth_signal_name(35, buf), "35");
	CHECK_INT(pth_signal_number("INT"), SIGINT);
	CHECK_INT(pth_signal_number("SIGINT"), SIGINT);
	CHECK_INT(pth_signal_number("IO"), SIGIO);
	CHECK_INT(pth_signal_number("SIGCLD"), SIGCHLD);
	CHECK_INT(pth_signal_number("2"), 2);
	CHECK_INT(pth_signal_number("64"), 64);
	CHECK_INT(pth_signal_number("SYS"), SIGSYS);
	CHECK_INT(pth_signal_number("HUP"), SIGHUP);
	for (size_t i = 0; i < 8; i++) {
		static const char *const none[] = { "", "0", "65", "-1", "int", "SIG", "SIGSIGINT",
			"2x" };

		CHECK_INT(pth_signal_number(none[i]), 0);
	}

	unit("names of namespaces");
	{
		json_t *v = pth_ns_names(PTH_NS_USER | PTH_NS_IPC | PTH_NS_READ_ONLY);
		struct pth_buf b = PTH_BUF_INIT;

		pth_json_dump(&b, v);
		CHECK_STR(b.s, "[\"user\",\"ipc\",\"read_only\"]");
		json_decref(v);
		v = pth_ns_names(0);
		CHECK_INT(json_array_size(v), 0);
		json_decref(v);
		v = pth_ns_names(PTH_NS_ALL);
		CHECK_INT(json_array_size(v), 6);
		json_decref(v);
		pth_buf_release(&b);
	}
}

/* A process that is there until it is killed, and says so. */
static pid_t
start_in(const char *const *env, const char *script)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	int p[2];
	char c;
	struct pth_proc_req q = { .argv = argv, .env = env, .in = -1, .err = -1, .session = true };
	pid_t pid;

	CHECK(pipe2(p, O_CLOEXEC) == 0);
	q.out = p[1];
	pid = pth_proc_spawn(&q, NULL, &e);
	close(p[1]);
	CHECK(pid > 0 && read(p[0], &c, 1) == 1);
	close(p[0]);
	return pid;
}

static pid_t
start(const char *script)
{
	return start_in(NULL, script);
}

static int
children(void)
{
	char text[4096] = "", path[64];
	int n = 0;
	FILE *fp;

	snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
	fp = fopen(path, "r");
	while (fp != NULL && fscanf(fp, "%4095s", text) == 1)
		n++;
	if (fp != NULL)
		fclose(fp);
	return n;
}

static void
of_sessions(void)
{
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	unit("a signal reaches every process of the session, and no other");
	/* Two of them are in groups of their own. */
	pid = start(
	    "g() { perl -e 'setpgrp(0, 0); exec @ARGV' sh -c 'echo >>g; exec sleep 61' & }\n"
	    "g; g; setsid -f sh -c 'echo >>s; exec sleep 63'\n"
	    "until [ -s s ] && [ \"$(wc -l <g)\" = 2 ]; do sleep 0.01; done; echo; wait");
	pth_proc_signal_session(pid, SIGKILL);
	CHECK(dies(pid));
	for (int i = 0; i < 20000 && children() > 1; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		usleep(1000);
	}
	CHECK_INT(children(), 1);

	unit("a sweep kills all that is below us");
	pth_proc_sweep(2 * PTH_SECOND_US);
	CHECK_INT(children(), 0);
	start("setsid -f sh -c 'sleep 61 & sleep 62'; sleep 63 & echo; wait");
	pth_proc_sweep(4 * PTH_SECOND_US);
	CHECK_INT(children(), 0);
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);

	unit("it dies with who has started it");
	{
		int p[2];
		pid_t child = -1;

		CHECK(pipe(p) == 0);
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
		pid = fork();
		if (pid == 0) {
			struct pth_proc_req q = { .argv = (const char *[]){ "sleep", "64", NULL },
				.in = -1,
				.out = -1,
				.err = -1,
				.die_with_parent = true };

			child = pth_proc_spawn(&q, NULL, &e);
			(void)!write(p[1], &child, sizeof child);
			_exit(0);
		}
		CHECK(waitpid(pid, NULL, 0) == pid && read(p[0], &child, sizeof child) > 0);
		CHECK(dies(child));
		prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
		close(p[0]);
		close(p[1]);
	}
}

static struct kin *
find(struct kin_list *l, pid_t pid)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].pid == pid)
			return &l->v[i];
	return NULL;
}

static void
of_kin(void)
{
	struct kin_list l;
	struct kin *k;
	pid_t pid = start("sleep 65 & echo; wait"), other = start("echo; exec sleep 66");

	unit("what a process has made is its own");
	CHECK(host_kin_read(&l));
	k = find(&l, pid);
	CHECK(k != NULL && k->parent == l.self && !k->dead && k->start > 0);
	CHECK(find(&l, getpid()) == NULL);
	if (k != NULL)
		k->ours = true;
	host_kin_spread(&l);
	{
		size_t n = 0;

		for (size_t i = 0; i < l.n; i++)
			n += l.v[i].ours;
		CHECK_INT(n, 2);
		CHECK(find(&l, other) != NULL && !find(&l, other)->ours);
	}
	CHECK(k != NULL && host_kin_find(&l, k->shown) == k);
	CHECK(host_kin_find(&l, 0) == NULL);

	unit("it is killed as itself, and not as another of its number");
	if (k != NULL) {
		k->start++;
		CHECK(!host_kin_kill(k));
		k->start--;
		CHECK(host_kin_kill(k));
	}
	CHECK(dies(pid));
	CHECK(k != NULL && !host_kin_kill(k));
	host_kin_release(&l);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
}

static void
of_marks(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	char *id = pth_run_id_text(), *mark, script[600];
	const char *again[] = { "A=b", NULL, "PATH=/usr/bin:/bin", NULL };
	pid_t pid;

	unit("the id of a run: of one that lives, and of others");
	CHECK(pth_run_id_lives(id));
	snprintf(script, sizeof script, "%s1", id);
	CHECK(!pth_run_id_lives(script));
	snprintf(script, sizeof script, "x%s", id);
	CHECK(!pth_run_id_lives(script));
	CHECK(!pth_run_id_lives("") && !pth_run_id_lives("a.1.2"));
	{
		char one[PTH_UNIQUE_SIZE], two[PTH_UNIQUE_SIZE];

		pth_run_id_unique("a", "b", one);
		pth_run_id_unique("a", "b", two);
		CHECK_STR(one, two);
		CHECK_INT(strlen(one), 8);
		pth_run_id_unique("a", "c", two);
		CHECK(strcmp(one, two) != 0);
		pth_run_id_unique("c", "b", two);
		CHECK(strcmp(one, two) != 0);
	}

	unit("a mark: of the owner, the namespace and the path");
	pth_mark_add(&b, id, "/x/y");
	snprintf(script, sizeof script, "%s.%lu:/x/y", id, pth_pid_namespace());
	CHECK_STR(b.s, script);
	mark = pth_buf_take(&b);
	pth_buf_addf(&b, PTH_MARK "=%s", mark);
	again[1] = b.s;
	pid = start_in(again, "env -i sleep 67 & sleep 68 & echo; wait");
	/* Its environment is not there in the very moment of its birth. */
	for (int i = 0; i < 20000 && !pth_mark_is(pid, mark); i++)
		usleep(1000);
	CHECK(pid > 0 && pth_mark_is(pid, mark));
	CHECK(!pth_mark_is(pid, "x"));
	CHECK(!pth_mark_is(getpid(), mark));

	unit("a sweep by mark: of that owner and path, or one below it");
	CHECK_INT(pth_mark_sweep(id, "/x/", PTH_SECOND_US), 0);
	CHECK_INT(pth_mark_sweep(id, "/x/yy", PTH_SECOND_US), 0);
	CHECK_INT(pth_mark_sweep(id, "/x/y/z", PTH_SECOND_US), 0);
	CHECK_INT(pth_mark_sweep("other", "/x", PTH_SECOND_US), 0);
	CHECK_INT(pth_mark_sweep(NULL, "/x", PTH_SECOND_US), 0); /* its owner lives */
	CHECK(waitpid(pid, NULL, WNOHANG) == 0);
	CHECK_INT(pth_mark_sweep(id, "/x", 4 * PTH_SECOND_US), 3);
	CHECK(dies(pid));
	{
		const char *argv[] = { "sleep", "60", NULL };
		struct pth_proc_req q = {
			.argv = argv, .env = again, .in = -1, .out = -1, .err = -1
		};

		pid = pth_proc_spawn(&q, NULL, &e);
		for (int i = 0; i < 20000 && !pth_mark_is(pid, mark); i++)
			usleep(1000);
		CHECK_INT(pth_mark_sweep(id, "/x/y", 4 * PTH_SECOND_US), 1);
		CHECK(dies(pid));
	}
	free(id);
	free(mark);
	pth_buf_release(&b);
}

static int
bound(int type, unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(fd, (struct sockaddr *)&a, n) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&a, &n) == 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static enum pth_hold
hold(bool udp, unsigned port, pid_t leader, struct pth_holder *h)
{
	*h = (struct pth_holder){ 0 };
	return pth_holder_look(
	    h, udp, port, &(struct pth_program){ .leader = leader, .userns = -1 });
}

static void
of_holders(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct pth_holder h;
	unsigned tcp_port, udp_port;
	char text[160], want[160];
	int tcp = bound(SOCK_STREAM, &tcp_port), udp = bound(SOCK_DGRAM, &udp_port), fd;
	pid_t holder, other = start("echo; exec sleep 69");

	unit("a port is a program's when one of its processes has it, and clients can come to it");
	CHECK_INT(hold(false, tcp_port, getpid(), &h), PTH_HOLD_NONE); /* it does not listen */
	CHECK(listen(tcp, 1) == 0);
	CHECK_INT(hold(false, tcp_port, getpid(), &h), PTH_HOLD_OURS);
	CHECK_INT(hold(true, tcp_port, getpid(), &h), PTH_HOLD_NONE);
	CHECK_INT(hold(true, udp_port, getpid(), &h), PTH_HOLD_OURS);
	CHECK_INT(hold(false, udp_port, getpid(), &h), PTH_HOLD_NONE);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = dup(udp);
	CHECK(connect(fd, (struct sockaddr *)&a, sizeof a) == 0);
	CHECK_INT(pth_holder_look(&h, true, udp_port,
	              &(struct pth_program){ .leader = getpid(), .userns = -1 }),
	    PTH_HOLD_NONE); /* another look at another port */
	CHECK_INT(hold(true, udp_port, getpid(), &h), PTH_HOLD_NONE);
	close(fd);

	unit("whose it is else");
	holder = fork();
	if (holder == 0) {
		setsid();
		close(udp);
		for (;;)
			pause();
	}
	close(tcp);
	for (int i = 0; i < 20000 && getsid(holder) != holder; i++)
		usleep(1000);
	CHECK_INT(hold(false, tcp_port, holder, &h), PTH_HOLD_OURS);
	CHECK_INT(hold(false, tcp_port, other, &h), PTH_HOLD_OTHER);
	CHECK_INT(h.pid, holder);
	CHECK_STR(h.name, "proc");
	pth_holder_text(&h, tcp_port, "us", text);
	snprintf(want, sizeof want, "port %u is held by process %ld (proc), not by us", tcp_port,
	    (long)holder);
	CHECK_STR(text, want);

	unit("one that was known stays known while it is there");
	CHECK_INT(hold(false, tcp_port, holder, &h), PTH_HOLD_OURS);
	CHECK_INT(pth_holder_look(
	              &h, false, tcp_port, &(struct pth_program){ .leader = other, .userns = -1 }),
	    PTH_HOLD_OURS);
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	CHECK_INT(pth_holder_look(
	              &h, false, tcp_port, &(struct pth_program){ .leader = other, .userns = -1 }),
	    PTH_HOLD_NONE);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	close(udp);
}

/* Without the right to change lo it stays as it is: nobody may say then that the network is our
 * own. */
static void
of_refusals(void)
{
	struct pth_ns ns = { .used = PTH_NS_ALL };
	int status;
	pid_t pid;

	unit("a network whose loopback cannot be had is none of ours");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(2);
		pth_ns_furnish_net(&ns);
		_exit(ns.used == (PTH_NS_ALL & ~(unsigned)PTH_NS_NET) &&
		            strncmp(ns.reason, "loopback: ", 10) == 0 ?
		        0 :
		        1);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
}

static void
of_interfaces(void)
{
	char name[IF_NAMESIZE] = "";
	const int signals[] = { SIGUSR1, SIGUSR2 };
	int fd;

	unit("which interface has addresses of a network");
	CHECK(pth_iface_in("127.0.0.0/8", name));
	CHECK_STR(name, "lo");
	CHECK(pth_iface_in("127.0.5.0/24", name)); /* a part of it */
	CHECK(pth_iface_in("126.0.0.0/7", name));  /* it is a part of this */
	CHECK(!pth_iface_in("126.0.0.0/8", name) && !pth_iface_in("128.0.0.0/16", name));
	CHECK(!pth_iface_in("127.0.0.0", name) && !pth_iface_in("x", name));
	CHECK(pth_iface_up("nosuch0") != 0);

	unit("signals are read like any other input");
	fd = pth_sig_fd(signals, 2);
	CHECK_INT(pth_sig_next(fd), 0);
	raise(SIGUSR2);
	CHECK_INT(pth_sig_next(fd), SIGUSR2);
	CHECK_INT(pth_sig_next(fd), 0);
	close(fd);
	{
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			(void)pth_sig_open();
			pth_sig_reraise(SIGTERM);
		}
		CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
		    WTERMSIG(status) == SIGTERM);
	}
}

int
main(void)
{
	char tmp[] = "proc.XXXXXX";

	CHECK(mkdtemp(tmp) != NULL && chdir(tmp) == 0);
	setenv("PTH_EVENTS", "none", 1);
	pth_event_init("proc");
	of_births();
	of_ends();
	of_names();
	of_sessions();
	of_kin();
	of_marks();
	of_holders();
	of_interfaces();
	of_refusals();
	return unit_done();
}
