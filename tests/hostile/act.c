/*
 * act COMMAND [ARGUMENT]...: what a hostile program does that sh cannot. Nothing that it does
 * would change the machine where it is not refused: what it cannot undo it only asks whether
 * it may. Exit code 0: it was done; 1: it was refused; 2: not asked rightly; 3: broken.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int
number(const char *text)
{
	return text == NULL ? 0 : atoi(text);
}

/* The exit code for the result of a system call, said on stdout. */
static int
told(const char *what, long result)
{
	int saved = errno;

	printf("%s: %s\n", what, result < 0 ? strerror(saved) : "done");
	return result < 0 ? 1 : 0;
}

/* 1 where the call was refused for want of rights, 0 where any other check came first. */
static int
told_right(const char *what, long result)
{
	int saved = errno;

	printf("%s: %s\n", what, result < 0 ? strerror(saved) : "done");
	return result < 0 && (saved == EPERM || saved == EACCES || saved == ENOSYS) ? 1 : 0;
}

/* Opened for writing, and closed without a byte. */
static int
act_write(char **arg)
{
	int fd = open(arg[0], O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	int code = told(arg[0], fd);

	if (fd >= 0)
		close(fd);
	return code;
}

static int
act_read(char **arg)
{
	char byte;
	int fd = open(arg[0], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int code = told(arg[0], fd < 0 ? -1 : read(fd, &byte, 1));

	if (fd >= 0)
		close(fd);
	return code;
}

static int
act_ptrace(char **arg)
{
	pid_t pid = number(arg[0]);
	long r = ptrace(PTRACE_SEIZE, pid, NULL, NULL);

	/* The end of this process lets it go. */
	return told("ptrace", r);
}

/* The descriptors of a process, for reading and for writing. */
static int
act_fds(char **arg)
{
	char path[64];
	int code = 1;

	for (int fd = 0; fd < 256; fd++) {
		for (int how = O_RDONLY; how <= O_WRONLY; how++) {
			int got;

			snprintf(path, sizeof(path), "/proc/%s/fd/%d", arg[0], fd);
			got = open(path, how | O_NONBLOCK | O_CLOEXEC);
			if (got >= 0) {
				printf("%s can be opened\n", path);
				close(got);
				code = 0;
			}
		}
	}
	return code;
}

static int
act_mem(char **arg)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/mem", arg[0]);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return told(path, fd);
}

/* The bytes of a file to every descriptor that this process has. */
static int
act_forge(char **arg)
{
	static char text[65536];
	int from = open(arg[0], O_RDONLY | O_CLOEXEC);
	ssize_t n = from < 0 ? -1 : read(from, text, sizeof(text));
	int written = 0;

	if (n <= 0)
		return 3;
	close(from);
	for (int fd = 0; fd < 1024; fd++)
		if (write(fd, text, (size_t)n) == n)
			written++;
	fprintf(stderr, "written to %d descriptors\n", written);
	return written > 0 ? 0 : 1;
}

static int
act_ftruncate(char **arg)
{
	return told("ftruncate", ftruncate(number(arg[0]), 0));
}

static int
act_key(char **arg)
{
	long r = syscall(SYS_add_key, "user", arg[0], "x", 1L, -4L /* KEY_SPEC_USER_KEYRING */);

	if (r >= 0)
		syscall(SYS_keyctl, 15L /* KEYCTL_SET_TIMEOUT */, r, 10L);
	return told("add_key", r);
}

/* The frequency of the clock is set to what it is. */
static int
act_clock(char **arg)
{
	struct timex t = { .modes = 0 };

	(void)arg;
	if (adjtimex(&t) < 0)
		return told("adjtimex, reading", -1);
	t.modes = ADJ_FREQUENCY;
	return told("adjtimex", adjtimex(&t));
}

/* The rights are looked at before these wrong arguments are. */
static int
act_reboot(char **arg)
{
	(void)arg;
	return told_right("reboot", syscall(SYS_reboot, 0, 0, 0, NULL));
}

static int
act_kexec(char **arg)
{
	(void)arg;
	return told_right("kexec_load", syscall(SYS_kexec_load, 0L, 0L, NULL, ~0L));
}

static int
act_module(char **arg)
{
	(void)arg;
	return told_right("finit_module", syscall(SYS_finit_module, -1, "", 0));
}

static int
act_bpf(char **arg)
{
	struct bpf_insn code[2] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT } };
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_KPROBE, .insn_cnt = 2 };

	(void)arg;
	attr.insns = (unsigned long)code;
	attr.license = (unsigned long)"GPL";
	return told("bpf", syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
}

/* All processes of a processor. */
static int
act_perf(char **arg)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr) };

	(void)arg;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	return told("perf_event_open", syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0));
}

static int
act_realtime(char **arg)
{
	struct sched_param p = { .sched_priority = 1 };
	int r = sched_setscheduler(0, SCHED_FIFO, &p);

	(void)arg;
	return told("sched_setscheduler", r);
}

/* One descriptor is enough for whoever has to work. */
static int
act_prlimit(char **arg)
{
	struct rlimit limit = { 1, 1 };

	return told("prlimit", prlimit(number(arg[0]), RLIMIT_NOFILE, &limit, NULL));
}

static int
act_raw(char **arg)
{
	(void)arg;
	return told("raw socket", socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
}

static int
act_tiocsti(char **arg)
{
	int code = 1;
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	(void)arg;
	for (int fd = 0; fd < 64; fd++)
		if (ioctl(fd, TIOCSTI, "x") == 0)
			code = 0;
	printf("terminal: %s\n", tty < 0 ? "none" : "one");
	return code;
}

/* Only where the world is our own, see tests/hostile/run. */
static int
act_killall(char **arg)
{
	char ns[64] = "";
	const char *world = getenv("WORLD_PID");
	ssize_t n = readlink("/proc/self/ns/pid", ns, sizeof(ns) - 1);

	if (n <= 0 || world == NULL || *world == '\0' || strcmp(ns, world) == 0) {
		printf("killall: these are the processes of all\n");
		return 2;
	}
	return told("kill -1", kill(-1, number(arg[0])));
}

static int
detach(void)
{
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return -1;
		if (pid > 0 && i == 0)
			return waitpid(pid, NULL, 0) < 0 ? -1 : 1;
		if (pid > 0)
			_exit(0);
		setsid();
	}
	return 0;
}

/* Its descriptors are closed, its environment and arguments are wiped out, TERM is ignored.
 * With a path it writes there all the time. */
static int
act_daemon(char **arg)
{
	char *path = arg[0] == NULL ? NULL : strdup(arg[0]);
	int r = detach();

	if (r != 0)
		return r < 0 ? 3 : 0;
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	for (char **e = environ; *e != NULL; e++)
		memset(*e, 0, strlen(*e));
	for (char **a = arg - 2; *a != NULL; a++)
		memset(*a, 0, strlen(*a));
	prctl(PR_SET_NAME, "kworker/0:1");
	close_range(0, ~0U, 0);
	for (;;) {
		int fd = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_NONBLOCK);

		if (fd >= 0) {
			if (write(fd, "forged\n", 7) < 0)
				_exit(3);
			close(fd);
		}
		usleep(20000);
	}
}

/* Orphans go to this process, which leaves them. */
static int
act_subreaper(char **arg)
{
	(void)arg;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		return 1;
	if (fork() == 0) {
		if (fork() == 0) {
			setsid();
			close_range(0, ~0U, 0);
			for (;;)
				pause();
		}
		_exit(0);
	}
	return wait(NULL) < 0 ? 3 : 0;
}

static int
act_undumpable(char **arg)
{
	(void)arg;
	if (prctl(PR_SET_DUMPABLE, 0) != 0)
		return 1;
	usleep(50000);
	return 0;
}

static int
act_exhaust(char **arg)
{
	int n = 0;

	(void)arg;
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		n++;
	usleep(50000);
	fprintf(stderr, "%d descriptors\n", n);
	return n > 0 ? 0 : 3;
}

/* As many instances as the user still has, and watches of what is above. */
static int
act_inotify(char **arg)
{
	int n = 0, fd;

	(void)arg;
	while ((fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) >= 0) {
		inotify_add_watch(fd, "..", IN_ALL_EVENTS);
		inotify_add_watch(fd, "../..", IN_ALL_EVENTS);
		n++;
	}
	usleep(100000);
	fprintf(stderr, "%d instances\n", n);
	return 0;
}

static int
act_deep(char **arg)
{
	static const char name[] = "a-directory-in-a-directory";

	for (int i = number(arg[0]); i > 0; i--)
		if (mkdir(name, 0755) != 0 || chdir(name) != 0)
			return told("mkdir", -1) == 1 ? 3 : 0;
	return 0;
}

/* So many files in one directory, each with a name of 250 bytes. */
static int
act_many(char **arg)
{
	char name[256];

	if (mkdir("many", 0755) != 0 || chdir("many") != 0)
		return 3;
	for (int i = number(arg[0]); i > 0; i--) {
		int fd;

		snprintf(name, sizeof(name), "%0*d", 250, i);
		fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd < 0)
			return told("open", -1) == 1 ? 3 : 0;
		close(fd);
	}
	return 0;
}

static int
act_odd_names(char **arg)
{
	static const char *const names[] = { "new\nline", "\xff\xfe", "quote\"back\\slash",
		"\x1b[31mred", "half\xc3", " ", "-rf", "$(id)", "tab\tand\rreturn", "{\"pth\":1}" };

	(void)arg;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int fd = open(names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		if (fd < 0 || write(fd, "x", 1) != 1)
			return 3;
		close(fd);
	}
	return 0;
}

static int
act_odd_bytes(char **arg)
{
	static const char text[] = "nul \0 here\n\x1b[2J\x1b]0;title\a\n\xff\xfe\xc3\n"
	                           "\xed\xa0\x80\n\xe2\x82\r\b\b\x9b"
	                           "31m";

	(void)arg;
	for (int fd = 1; fd <= 2; fd++)
		if (write(fd, text, sizeof(text)) != sizeof(text) || write(fd, "\n", 1) != 1)
			return 3;
	return 0;
}

/* Within the limit N, which a fork then refuses. */
static int
act_forks(char **arg)
{
	for (int i = number(arg[0]); i > 0; i--) {
		pid_t pid = fork();

		if (pid < 0)
			return told("fork", -1);
		if (pid == 0) {
			setsid();
			for (;;)
				pause();
		}
	}
	return 0;
}

static int
act_memory(char **arg)
{
	for (int i = number(arg[0]); i > 0; i--) {
		char *p = mmap(
		    NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			return told("mmap", -1);
		memset(p, 1, 1 << 20);
	}
	return 0;
}

static int
act_zombies(char **arg)
{
	for (int i = number(arg[0]); i > 0; i--)
		if (fork() == 0)
			_exit(0);
	usleep(50000);
	return 0;
}

/* For the harness: whenever a socket of this kind is closed, the kernel collects those in flight
 * that nobody can take any more, unix_gc(). */
static int
act_collect(char **arg)
{
	(void)arg;
	return close(socket(AF_UNIX, SOCK_DGRAM, 0)) != 0;
}

/* Descriptors that nobody takes: in flight in a pair of sockets that hold each other. */
static int
act_scm(char **arg)
{
	int pair[2];
	char buf[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = buf, .msg_controllen = sizeof(buf)
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int sent = 0;

	(void)arg;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
		return 3;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(c), pair, 2 * sizeof(int));
	while (sent < 100 && sendmsg(pair[sent % 2], &m, MSG_DONTWAIT) == 1)
		sent++;
	return sent > 0 ? 0 : 1;
}

/* A new socket, and its address: a path, or "@NAME" for an abstract one. -1, or its descriptor. */
static int
unix_socket(const char *name, struct sockaddr_un *un, socklen_t *size)
{
	size_t n = strlen(name);

	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (n >= sizeof(un->sun_path))
		return -1;
	memcpy(un->sun_path, name, n);
	if (name[0] == '@')
		un->sun_path[0] = '\0';
	*size = (socklen_t)(sizeof(sa_family_t) + n);
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* A socket at an abstract name, or with `path` at a file, held by a daemon. */
static int
act_socket(char **arg)
{
	struct sockaddr_un un;
	socklen_t size;
	int fd = unix_socket(arg[0], &un, &size);

	if (fd < 0)
		return 3;
	if (bind(fd, (struct sockaddr *)&un, size) != 0 || listen(fd, 1) != 0)
		return told("bind", -1);
	if (arg[1] != NULL && detach() == 0)
		for (;;)
			pause();
	return 0;
}

static int
act_connect(char **arg)
{
	struct sockaddr_un un;
	socklen_t size;
	int fd = unix_socket(arg[0], &un, &size);

	return fd < 0 ? 3 : told(arg[0], connect(fd, (struct sockaddr *)&un, size));
}

/* Bound to a UDP port of the loopback interface, by a process that stays. */
static int
act_port(char **arg)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	in.sin_port = htons((unsigned short)number(arg[0]));
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) != 0)
		return told("bind", -1);
	printf("bound\n");
	fflush(stdout);
	if (arg[1] != NULL)
		for (;;)
			pause();
	return 0;
}

/* N datagrams of 60 kB to a port of the loopback interface. */
static int
act_datagrams(char **arg)
{
	static char data[60000];
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	in.sin_port = htons(4444);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = number(arg[0]); i > 0; i--)
		if (sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&in, sizeof(in)) < 0 &&
		    errno != ECONNREFUSED)
			return told("sendto", -1);
	return 0;
}

static const struct {
	const char *name;
	int args;
	int (*act)(char **);
} acts[] = {
	{ "bpf", 0, act_bpf },
	{ "clock", 0, act_clock },
	{ "collect", 0, act_collect },
	{ "connect", 1, act_connect },
	{ "daemon", 0, act_daemon },
	{ "datagrams", 1, act_datagrams },
	{ "deep", 1, act_deep },
	{ "exhaust", 0, act_exhaust },
	{ "fds", 1, act_fds },
	{ "forge", 1, act_forge },
	{ "forks", 1, act_forks },
	{ "ftruncate", 1, act_ftruncate },
	{ "inotify", 0, act_inotify },
	{ "kexec", 0, act_kexec },
	{ "key", 1, act_key },
	{ "killall", 1, act_killall },
	{ "many", 1, act_many },
	{ "mem", 1, act_mem },
	{ "memory", 1, act_memory },
	{ "module", 0, act_module },
	{ "odd-bytes", 0, act_odd_bytes },
	{ "odd-names", 0, act_odd_names },
	{ "perf", 0, act_perf },
	{ "port", 1, act_port },
	{ "prlimit", 1, act_prlimit },
	{ "ptrace", 1, act_ptrace },
	{ "raw", 0, act_raw },
	{ "read", 1, act_read },
	{ "realtime", 0, act_realtime },
	{ "reboot", 0, act_reboot },
	{ "scm", 0, act_scm },
	{ "socket", 1, act_socket },
	{ "subreaper", 0, act_subreaper },
	{ "tiocsti", 0, act_tiocsti },
	{ "undumpable", 0, act_undumpable },
	{ "write", 1, act_write },
	{ "zombies", 1, act_zombies },
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(acts) / sizeof(*acts); i++)
		if (strcmp(argv[1], acts[i].name) == 0 && argc - 2 >= acts[i].args)
			return acts[i].act(argv + 2);
	fprintf(stderr, "act: %s: no such act, or without its argument\n",
	    argc > 1 ? argv[1] : "nothing");
	return 2;
}
