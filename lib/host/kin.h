/*
 * Kin: the processes that belong together because one has made the other. A list of all
 * processes is read once, its owner marks those that he knows as `ours`, and what they have
 * made is found by parent and session.
 */
#ifndef PTH_HOST_KIN_H
#define PTH_HOST_KIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct kin {
	pid_t pid, session;         /* for system calls */
	pid_t shown, parent, group; /* names in /proc, as in struct pth_proc_id */
	pid_t leader;               /* the same of its session; 0: outside of what /proc shows */
	uint64_t start;             /* proc_pid_stat(5): with shown, one process for ever */
	bool dead;                  /* a zombie, with all of its threads */
	bool ours;                  /* set by the owner of the list, and host_kin_spread() */
};

struct kin_list {
	struct kin *v; /* by their names in /proc; without us and the first of the namespace */
	size_t n;
	pid_t self, self_leader; /* our name in /proc, and that of our session */
};

/* Release it with host_kin_release(), always. False where /proc does not tell. */
bool host_kin_read(struct kin_list *l);
void host_kin_release(struct kin_list *l);
/* By its name in /proc, or NULL. */
struct kin *host_kin_find(const struct kin_list *l, pid_t shown);
/* The descendants of those that are ours are ours, and so is an orphan in a session of theirs;
 * nothing in our own session is. */
void host_kin_spread(struct kin_list *l);
/* SIGKILL to just that process. False when it has gone meanwhile, or we must not. */
bool host_kin_kill(const struct kin *k);

#endif
