/*
 * Control groups, cgroups(7): what a group of processes may use at most.
 * Version 1 (a hierarchy for each controller) and version 2 (one for all),
 * whichever has the controller on this machine. Groups are made below the one
 * that we are in, or, where version 2 does not let a group have both
 * processes and children with controllers, below the nearest one above it.
 * No right is needed but to write there: root has it, others where it was
 * delegated.
 *
 * The layout: pth-OWNER.PIDNS/NAME. The owner (host/run_id.h) and the inode of its
 * pid namespace tell what a killed run has left; the next run and pth-clean
 * remove that.
 */
#ifndef PTH_HOST_CGROUP_H
#define PTH_HOST_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pth_cg_kind { PTH_CG_MEMORY, PTH_CG_PIDS, PTH_CG_CPU, PTH_CG_KINDS };

/* Where our own group lies, for one controller. */
struct pth_cgroup_place {
	int version; /* 1, 2, or 0: not on this machine */
	char *own;   /* directory of the group that we are in, or NULL */
	char *top;   /* the mount point above it */
};

/* The directory for the groups of one run. */
struct pth_cgroups {
	int version[PTH_CG_KINDS]; /* 0: none can be made */
	int fd[PTH_CG_KINDS];      /* of pth-OWNER.PIDNS, or -1 */
	int above[PTH_CG_KINDS];   /* of the directory that it is in, or -1 */
	char *name;
};

/* One group. */
struct pth_cgroup {
	int dir[PTH_CG_KINDS];  /* -1: not limited by it */
	int join[PTH_CG_KINDS]; /* what pth_proc_req.join wants */
	size_t njoin;
};

/* "memory", "pids", "cpu". */
const char *pth_cgroup_controller(enum pth_cg_kind k);

/* Read the texts of /proc/self/cgroup and /proc/self/mountinfo. Any bytes
 * will do. Release p with pth_cgroup_places_release(). */
void pth_cgroup_locate(
    const char *self, const char *mounts, struct pth_cgroup_place p[PTH_CG_KINDS]);
void pth_cgroup_places_release(struct pth_cgroup_place p[PTH_CG_KINDS]);

/* Make the run's directory wherever that works, and remove those of runs that
 * are dead. Never fails: what does not work has version 0. */
void pth_cgroups_open(struct pth_cgroups *g, const char *owner);
/* Remove it with all groups, killing who is left in them. */
void pth_cgroups_close(struct pth_cgroups *g);
/* Remove the groups whose names begin with prefix, likewise. Others of the
 * same run may be in use. */
void pth_cgroups_sweep(const struct pth_cgroups *g, const char *prefix);

/*
 * Make a group with these limits: bytes of memory (swap included), processes
 * and threads, microseconds of processor time per 100 ms; 0: not limited.
 * dir[k] < 0 afterwards where it could not be limited.
 */
void pth_cgroup_make(struct pth_cgroup *c, const struct pth_cgroups *g, const char *name,
    const int64_t limit[PTH_CG_KINDS]);
/* How many of its processes the kernel has killed for want of memory. */
int64_t pth_cgroup_oom_kills(const struct pth_cgroup *c);
/* Has it killed one in the container that we are in? */
bool pth_cgroup_out_of_memory(void);
/* Close the descriptors; the group stays, its processes may still be dying. */
void pth_cgroup_release(struct pth_cgroup *c);

#endif
