/* This file starts child processes, waits for them, and kills them with all that is below them. */
#include "host/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "io/category.h"

static const char *
env_path(const char *const *env)
{
	if (env == NULL)
		return NULL;
	for (; *env != NULL; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return "/usr/local/bin:/usr/bin:/bin";
}

/* What the child has to know, worked out before vfork. */
struct start {
	const struct pth_proc_req *req;
	const char *file;
	int fd[3];
	pid_t parent;
	volatile int failed;   /* errno, written by the child into our memory */
	volatile bool nowhere; /* the directory is what failed */
};

/* Put the child where it cannot touch more than its own. 0, or -1 with errno. */
static int
confine(const struct pth_proc_confine *c)
{
	struct mount_attr writable = { .attr_clr = MOUNT_ATTR_RDONLY };

	if (c->view >= 0 && setns(c->view, CLONE_NEWNS) != 0)
		return -1;
	if (c->own != NULL &&
	    (unshare(CLONE_NEWNS) != 0 ||
	        mount_setattr(AT_FDCWD, c->own, 0, &writable, sizeof writable) != 0))
		return -1;
	return c->userns >= 0 ? setns(c->userns, CLONE_NEWUSER) : 0;
}

/* The wrappers of libc would change all threads of the parent too. */
static int
become(const struct pth_proc_user *user, bool confined)
{
	/* Where a user namespace forbids it, all groups but the user's own are nobody's there. */
	return (syscall(SYS_setgroups, 1, &user->gid) != 0 && !confined) ||
	        syscall(SYS_setgid, user->gid) != 0 || syscall(SYS_setuid, user->uid) != 0 ?
	    -1 :
	    0;
}

/* In the child. Only async-signal-safe calls, no allocation, no return. */
static void
child(struct start *s)
{
	const struct pth_proc_req *q = s->req;
	static const char dfl[64]; /* more than the kernel's struct sigaction: SIG_DFL is 0 */
	sigset_t none;

	/* libc keeps 32 and 33 for itself, and posix_spawn() leaves them ignored. */
	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			syscall(SYS_rt_sigaction, sig, dfl, NULL, NSIG / 8);
	/* Before it can have a child that would stay outside. */
	for (size_t i = 0; i < q->njoin; i++)
		if (write(q->join[i], "0", 1) != 1)
			goto fail;
	if (q->session)
		setsid();
	if (q->net > 0 && setns(q->net, CLONE_NEWNET) != 0)
		goto fail;
	for (int i = 0; i < 3; i++)
		if (dup2(s->fd[i], i) < 0)
			goto fail;
	if (q->confine != NULL && confine(q->confine) != 0)
		goto fail;
	close_range(3, ~0U, 0);
	for (size_t i = 0; i < q->nlimits; i++) {
		struct rlimit rl = { q->limits[i].value, q->limits[i].value };

		setrlimit((__rlimit_resource_t)q->limits[i].resource, &rl);
	}
	if (q->confine != NULL && q->confine->powerless)
		for (int cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
			;
	if (q->user != NULL && become(q->user, q->confine != NULL) != 0)
		goto fail;
	if (q->no_new_privs)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (q->die_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* The parent may have died before that took effect. In a new pid
		 * namespace the parent may be invisible (0): then it is its init. */
		if (getppid() != s->parent)
			_exit(127);
	}
	s->nowhere = q->cwd != NULL && chdir(q->cwd) != 0;
	if (s->nowhere)
		goto fail;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(s->file, (char *const *)q->argv, q->env != NULL ? (char *const *)q->env : environ);
fail:
	s->failed = errno;
	_exit(127);
}

/* Copies of the fds above 2, so that dup2 in the child cannot clobber one
 * that is still needed. */
static int
fds_for(const struct pth_proc_req *q, int fd[3])
{
	const int want[3] = { q->in, q->out, q->err };
	pth_auto_fd null = -1;

	for (int i = 0; i < 3; i++) {
		if (want[i] < 0 && null < 0)
			null = open("/dev/null", O_RDWR | O_CLOEXEC);
		fd[i] = fcntl(want[i] < 0 ? null : want[i], F_DUPFD_CLOEXEC, 3);
		if (fd[i] < 0) {
			while (i-- > 0)
				pth_close(&fd[i]);
			return -1;
		}
	}
	return 0;
}

/* The program is missing, or is none. */
static pid_t
not_there(struct pth_err *e)
{
	if (e != NULL)
		e->category = PTH_CAT_DEPENDENCY;
	return -1;
}

pid_t
pth_proc_spawn(const struct pth_proc_req *req, int *err_no, struct pth_err *e)
{
	struct start s = { .req = req, .parent = getpid() };
	pth_auto_str file = pth_which(req->argv[0], env_path(req->env));
	sigset_t all, old;
	pid_t pid;

	/* Not found in PATH, or a path of its own: let exec say why not. */
	s.file = file != NULL ? file : req->argv[0];
	if (file == NULL && strchr(req->argv[0], '/') == NULL) {
		if (err_no != NULL)
			*err_no = ENOENT;
		pth_err_set(e, PTH_SYSTEM, "%s: not found", req->argv[0]);
		return not_there(e);
	}
	if (fds_for(req, s.fd) != 0) {
		if (err_no != NULL)
			*err_no = errno;
		return pth_err_set(e, PTH_SYSTEM, "start %s:", req->argv[0]);
	}
	/* No handler of ours may run in the child while it shares our memory. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = vfork();
	if (pid == 0)
		child(&s);
	if (pid < 0)
		s.failed = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	for (int i = 0; i < 3; i++)
		close(s.fd[i]);
	if (pid > 0 && s.failed != 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (s.failed != 0) {
		errno = s.failed;
		if (err_no != NULL)
			*err_no = s.failed;
		if (s.nowhere)
			return pth_err_set(e, PTH_SYSTEM, "directory %s:", req->cwd);
		pth_err_set(e, PTH_SYSTEM, "start %s:", s.file);
		if (s.failed == ENOENT || s.failed == EACCES || s.failed == ENOEXEC)
			not_there(e);
		pid = -1;
	}
	return pid;
}

struct pth_exit
pth_exit_of(int status, const struct rusage *ru)
{
	struct pth_exit x = { .code = -1 };

	if (WIFSIGNALED(status)) {
		x.signaled = true;
		x.signal = WTERMSIG(status);
		x.core = WCOREDUMP(status);
	} else {
		x.code = WEXITSTATUS(status);
	}
	if (ru != NULL)
		x.usage = *ru;
	return x;
}

const char *
pth_signal_name(int sig, char buf[16])
{
	const char *s = sigabbrev_np(sig);

	if (s != NULL)
		snprintf(buf, 16, "%s", s);
	else
		snprintf(buf, 16, "%d", sig);
	return buf;
}

const char *
pth_exit_text(const struct pth_exit *x, char to[32])
{
	char sig[16];

	if (x->signaled)
		snprintf(to, 32, "signal %s", pth_signal_name(x->signal, sig));
	else
		snprintf(to, 32, "exit code %d", x->code);
	return to;
}

int
pth_signal_number(const char *name)
{
	/* signal(7) has two names for some; sigabbrev_np(3) has one. */
	static const char *const other[][2] = { { "IO", "POLL" }, { "IOT", "ABRT" },
		{ "CLD", "CHLD" } };
	long long n;

	if (pth_int(name, 1, NSIG - 1, &n))
		return (int)n;
	if (strncmp(name, "SIG", 3) == 0)
		name += 3;
	for (size_t i = 0; i < countof(other); i++)
		if (strcmp(name, other[i][0]) == 0)
			name = other[i][1];
	for (int sig = 1; sig < NSIG; sig++) {
		const char *s = sigabbrev_np(sig);

		if (s != NULL && strcmp(s, name) == 0)
			return sig;
	}
	return 0;
}

/* One output of a child being read. */
struct drain {
	int fd;
	struct pth_buf *to;
	size_t left;
};

static void
drain(struct drain *d)
{
	char chunk[65536];
	ssize_t n = read(d->fd, chunk, sizeof chunk);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0)
		pth_close(&d->fd);
	else if (d->to != NULL) {
		size_t take = (size_t)n < d->left ? (size_t)n : d->left;

		pth_buf_add(d->to, chunk, take);
		d->left -= take;
	}
}

/* Waits for the process and its outputs. True when the limit passed. */
static bool
attend(pid_t pid, struct drain d[2], int64_t limit_us)
{
	int64_t end = limit_us > 0 ? pth_mono_us() + limit_us : PTH_NEVER;
	pth_auto_fd pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool late = false, gone = pidfd < 0;

	while (!gone || d[0].fd >= 0 || d[1].fd >= 0) {
		struct pollfd p[3] = { { gone ? -1 : pidfd, POLLIN, 0 }, { d[0].fd, POLLIN, 0 },
			{ d[1].fd, POLLIN, 0 } };
		int64_t left = end == PTH_NEVER ? PTH_SECOND_US : end - pth_mono_us();

		if (left <= 0) {
			late = true;
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			break;
		}
		/* Once it is gone, a grandchild may hold the pipe: what is there
		 * is read, no more is waited for. */
		if (poll(p, 3, gone ? 20 : (int)(left / 1000 + 1)) == 0 && gone)
			break;
		for (int i = 0; i < 2; i++)
			if (p[i + 1].revents != 0)
				drain(&d[i]);
		if (p[0].revents != 0)
			gone = true;
	}
	return late;
}

int
pth_proc_run(const struct pth_proc_req *req, int64_t limit_us, struct pth_buf *out,
    struct pth_buf *errs, size_t max, struct pth_exit *x, bool *timed_out, struct pth_err *e)
{
	struct pth_proc_req q = *req;
	pth_auto_pipe pipe_out = PTH_PIPE_INIT, pipe_errs = PTH_PIPE_INIT;
	struct drain d[2] = { { -1, out, max }, { -1, errs, max } };
	struct rusage ru;
	int status = 0;
	bool late;
	pid_t pid;

	if ((out != NULL && pth_pipe_open(&pipe_out) != 0) ||
	    (errs != NULL && pth_pipe_open(&pipe_errs) != 0))
		return pth_err_set(e, PTH_SYSTEM, "pipe:");
	q.session = true;
	if (out != NULL)
		q.out = pipe_out.to;
	if (errs != NULL)
		q.err = pipe_errs.to;
	pid = pth_proc_spawn(&q, NULL, e);
	if (pid < 0)
		return -1;
	pth_close(&pipe_out.to);
	pth_close(&pipe_errs.to);
	d[0].fd = pth_take_fd(&pipe_out.from);
	d[1].fd = pth_take_fd(&pipe_errs.from);
	late = attend(pid, d, limit_us);
	while (wait4(pid, &status, 0, &ru) < 0 && errno == EINTR)
		;
	pth_close(&d[0].fd);
	pth_close(&d[1].fd);
	*x = pth_exit_of(status, &ru);
	if (timed_out != NULL)
		*timed_out = late;
	return 0;
}

struct signal {
	pid_t leader;
	int sig;
};

static void
signal_member(void *arg, const struct pth_proc_id *id)
{
	const struct signal *s = arg;

	if (id->session == s->leader)
		kill(id->pid, s->sig);
}

void
pth_proc_signal_session(pid_t leader, int sig)
{
	struct signal s = { leader, sig };

	kill(-leader, sig);
	pth_proc_each(signal_member, &s);
}

/* Kills every direct child; orphans become direct children as their parents
 * die. Returns how many there were. */
static size_t
kill_children(void)
{
	char text[65536], *p = text, *end;
	size_t n = 0;

	pth_read_text(AT_FDCWD, text, sizeof text, "/proc/self/task/%ld/children", (long)getpid());
	/* A last one that is cut has no blank behind it. */
	for (long pid; (pid = strtol(p, &end, 10)) > 0 && *end == ' '; p = end, n++)
		kill((pid_t)pid, SIGKILL);
	return n;
}

void
pth_proc_sweep(int64_t limit_us)
{
	int64_t end = pth_mono_us() + limit_us;

	while (kill_children() > 0 && pth_mono_us() < end) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		poll(NULL, 0, 1);
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

void
pth_proc_allow_cores(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_CORE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_CORE, &r);
	}
}
