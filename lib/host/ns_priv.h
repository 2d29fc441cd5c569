/* This header is only for the files ns.c and ns_*.c. */
#ifndef PTH_HOST_NS_PRIV_H
#define PTH_HOST_NS_PRIV_H

#include "host/ns.h"

/* Add to ns->reason what failed, and why: errno. */
void host_ns_note(struct pth_ns *ns, const char *what);

/* Directories that are private to a test: /tmp first. */
#define HOST_NS_PRIVATES 4
extern const char *const host_ns_privates[HOST_NS_PRIVATES];

/* A copy of the mounts at path, not attached; -1 and errno. And such a copy put to a path. */
int host_ns_copy(const char *path);
int host_ns_attach(int tree, const char *to);
/* Make the mount at path read-only, or no longer; flags of mount_setattr(2). */
int host_ns_read_only(const char *path, bool on, unsigned flags);

#endif
