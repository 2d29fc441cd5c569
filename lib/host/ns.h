/*
 * A child process can be started in namespaces of its own. It is process 1 there; when it
 * dies, the kernel kills everything below it and takes the network, mounts and ipc objects
 * away. That needs no right where the host allows user namespaces (user_namespaces(7)).
 */
#ifndef PTH_HOST_NS_H
#define PTH_HOST_NS_H

#include <stdbool.h>
#include <sys/types.h>

#include <jansson.h>

#include "base/err.h"
#include "host/proc.h"

/* Bits of a set of namespaces; also what pth_ns_fork() could give. */
enum {
	PTH_NS_USER = 1,
	PTH_NS_NET = 2,
	PTH_NS_PID = 4,
	PTH_NS_MOUNT = 8,
	PTH_NS_IPC = 16,
	PTH_NS_UTS = 32,
	PTH_NS_ALL = 63,
	/* What is made of the mounts, pth_ns_view(). */
	PTH_NS_PRIVATE = 64,    /* a /tmp of its own, no look at other tests */
	PTH_NS_READ_ONLY = 128, /* services can write to nothing else, pth_ns_guard() */
};

struct pth_ns {
	unsigned used;    /* what the child is in */
	unsigned asked;   /* what it should be in */
	char reason[200]; /* why it is not more, or "" */
	int place;        /* an empty directory of pth_ns_view(), in memory; or 0 */
	bool rooted;      /* the root is a chroot(2)'s, which setns(2) would leave */
};

/*
 * As fork(2). The child starts in as many of `want` as the host gives, dies
 * by SIGKILL with the caller, and has the caller's uid and gid. As an
 * ordinary user it has all capabilities over its own namespaces until it
 * executes something. -1 with e when not even a plain fork worked.
 */
pid_t pth_ns_fork(unsigned want, struct pth_ns *got, struct pth_err *e);

/*
 * Furnish the child's world, called in the child: loopback up, segmentation
 * offload of lo off (so that a capture shows datagrams as they are), ports
 * below 1024 open to all, a /proc of its own, hostname. What fails is named
 * in `reason` and taken out of got->used only where the namespace is useless
 * without it (the network without a loopback).
 */
void pth_ns_furnish(struct pth_ns *got);
/* Only the network of that, for one that came later. */
void pth_ns_furnish_net(struct pth_ns *ns);

struct pth_ns_view {
	const char *run;  /* the run's directory: it looks empty */
	const char *test; /* but for the test's own, below it */
	/* Absolute paths, NULL-terminated: those that lie below /tmp are seen
	 * nevertheless. Of all tests, by pth_ns_hidden(), and of this one. */
	char *const *common, *const *keep;
};

/*
 * Called in the furnished child: its own /tmp, /var/tmp and /dev/shm, in
 * memory, at most a quarter of that, and gone with the namespace. A test that
 * has no mounts of its own is left as it is; what fails is in `reason`.
 */
void pth_ns_view(struct pth_ns *ns, const struct pth_ns_view *want);

/* What stands in the directory of a test. */
struct pth_ns_entry {
	const char *name;
	bool dir, writable;
};

struct pth_ns_guard {
	const char *test;                   /* its path, with pth_ns_view() in place */
	const struct pth_ns_entry *entries; /* what is to be seen there of it */
	size_t n;
	char *const *shared;        /* absolute paths that may be written */
	uid_t uid;                  /* who will live there */
	char *const *const *needed; /* lists of absolute paths, for another user than ours */
	size_t lists;
	bool here; /* who calls goes to live there, too */
};

/*
 * The world of the programs under test: as ours, but of the test's directory they see only some,
 * everything but private places and writable entries is read-only, with /proc/sys, and so
 * it stays for who has no capability here. Directories that `uid` may not pass, above what it
 * needs, are replaced by ones that lead only there. *view is a mount namespace for
 * pth_proc_confine, or -1 when it is ours from now on. 0, or -1 with the reason in ns->reason.
 */
int pth_ns_guard(struct pth_ns *ns, const struct pth_ns_guard *want, int *view);

/* Keep of a list of absolute paths only those to which `uid` cannot get: for pth_ns_guard.needed,
 * so that not every test has to look them up. */
void pth_ns_barred(char **paths, uid_t uid);

/* A user namespace below ours in which one user and group of ours has a number of its own; net:
 * with a network of its own besides, which is then ours, too. -1 with errno. */
int pth_ns_user(const struct pth_proc_user *inside, const struct pth_proc_user *outside, bool net);

/* A new network namespace with its loopback up, which belongs to a user namespace (-1: ours); its
 * interfaces pass on what is not theirs (router). Ours stays as it is. -1 with errno. */
int pth_ns_net(int userns, bool router);
/* Who is in the network namespace of now may ping, and serve low ports. */
void pth_ns_net_permit(void);
/* Go to a network namespace. -1 with errno. */
int pth_ns_enter_net(int net);
/* That of the caller; -1 with errno. */
int pth_ns_own_net(void);
/* Go to a network namespace for a while. What leads back, for pth_ns_leave_net(), which does
 * nothing with -1 and ends who cannot go back: he would look at the wrong network from then on. -1
 * with errno: we are where we were. */
int pth_ns_visit_net(int net);
void pth_ns_leave_net(int own);

/* Keep of a list of paths (as for the view) only those that the view would hide, with links
 * resolved, so that not every test has to look them up. */
void pth_ns_hidden(char **paths);

/* ["user","net",...] of a set. */
json_t *pth_ns_names(unsigned set);

/* SIGKILL every process of this pid namespace but the caller, who is its
 * process 1. They may still be dying when this returns; the namespace is gone
 * only after them. */
void pth_ns_sweep(void);

#endif
