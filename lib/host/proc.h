/*
 * Child processes. Nobody else forks to exec: one request struct, one spawn.
 *
 * The child gets default signal dispositions and an empty mask, no fd but
 * 0-2, and on failure to exec the caller gets errno back (the child shares
 * our memory until then: vfork(2)).
 */
#ifndef PTH_HOST_PROC_H
#define PTH_HOST_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/buf.h"

struct pth_proc_limit {
	int resource; /* RLIMIT_... */
	rlim_t value; /* soft and hard */
};

struct pth_proc_user {
	uid_t uid;
	gid_t gid; /* the only group */
};

/* What a program may not do: touch what is not its own (user_namespaces(7), capabilities(7)). */
struct pth_proc_confine {
	int view;        /* mount namespace that it is put into; -1: ours */
	const char *own; /* a mount there that is read-only for others; NULL: no such thing */
	int userns;      /* user namespace that it is put into; -1: ours */
	bool powerless;  /* no capability can ever be had, whatever it executes */
};

struct pth_proc_req {
	const char *const *argv;          /* argv[0] without '/' is looked up in PATH of env */
	const char *const *env;           /* "K=V", NULL-terminated; NULL: ours */
	const char *cwd;                  /* NULL: ours */
	int in, out, err;                 /* borrowed fds; -1: /dev/null. Set all three! */
	bool session;                     /* setsid(2): a group of its own to signal */
	bool die_with_parent;             /* SIGKILL when the calling thread dies */
	bool no_new_privs;                /* setuid programs gain nothing */
	int net;                          /* network namespace that it is put into; 0: ours */
	const struct pth_proc_user *user; /* NULL: ours */
	const struct pth_proc_confine *confine; /* NULL: it may do what we may */
	const struct pth_proc_limit *limits;
	size_t nlimits;
	const int *join; /* cgroup.procs of groups that it is born into */
	size_t njoin;
};

/* How a process ended. */
struct pth_exit {
	bool signaled, core;
	int code;   /* exit status, or -1 when signaled */
	int signal; /* or 0 */
	struct rusage usage;
};

/* Start. Returns the pid, or -1 with e; *err_no (may be NULL) is then the
 * errno of exec or chdir: ENOENT not found, EACCES not executable. */
pid_t pth_proc_spawn(const struct pth_proc_req *req, int *err_no, struct pth_err *e);

/* Turn a wait status and usage into an exit. */
struct pth_exit pth_exit_of(int status, const struct rusage *ru);
/* "exit code 3" or "signal SEGV". */
const char *pth_exit_text(const struct pth_exit *x, char to[32]);
/* "SEGV" for 11; "35" for signals without a name. buf of 16 bytes. */
const char *pth_signal_name(int sig, char buf[16]);
/* 2 for "INT" or "SIGINT" or "2"; 0 when there is none. */
int pth_signal_number(const char *name);

/*
 * Run to the end: wait at most limit_us (0: no limit), then kill its session.
 * For tools that must not run for ever (tshark, editcap, openssl). When out
 * is not NULL, stdout is read into it (at most max bytes, the rest is read
 * and dropped); errs likewise for stderr. req->out and req->err are then
 * ignored. 0 with *x filled; -1 with e when it could not start. A process
 * that was killed for time has x->signal SIGKILL and *timed_out true.
 */
int pth_proc_run(const struct pth_proc_req *req, int64_t limit_us, struct pth_buf *out,
    struct pth_buf *errs, size_t max, struct pth_exit *x, bool *timed_out, struct pth_err *e);

/* A process of our pid namespace. */
struct pth_proc_id {
	pid_t pid;
	pid_t session; /* 0 when the one that has made it is outside of the namespace */
	pid_t shown;   /* its name in /proc, which may be that of an outer namespace */
};

/* Call f for every process of our pid namespace but us and its first. False
 * where /proc does not tell. */
bool pth_proc_each(void (*f)(void *arg, const struct pth_proc_id *id), void *arg);
/* Send a signal to every process of the session of leader: shells with job
 * control and others may have made groups of their own in it. Only the
 * leader's group where /proc does not show our pid namespace. */
void pth_proc_signal_session(pid_t leader, int sig);

/* SIGKILL all descendants of this process, which must be a subreaper
 * (PR_SET_CHILD_SUBREAPER), and reap them; at most limit_us. For hosts without
 * pid namespaces: a process that forks fast enough can escape. */
void pth_proc_sweep(int64_t limit_us);
/* As large a core as the hard limit allows, for this process and its children. */
void pth_proc_allow_cores(void);

#endif
