/* Whose files: users of an image's /etc/passwd, and trees that change hands. */
#ifndef PTH_CONTAINER_USERS_H
#define PTH_CONTAINER_USERS_H

#include <jansson.h>

#include "base/err.h"
#include "host/proc.h"

/* The numbers of a user by a passwd(5) file, without the name services that a
 * static program does not have. 0, or -1 and *who untouched. */
int pth_users_lookup(const char *passwd, const char *name, struct pth_proc_user *who);
/*
 * Find the user as whom a container's service runs. *who is the owner of its directory, so
 * that its files belong to the user who runs the test. The plan's "user" may say otherwise:
 * numbers; or for root the user `name` of the image, and root itself only where that is
 * allowed. -1 with e.
 */
int pth_users_choose(const json_t *user, struct pth_proc_user *who, struct pth_err *e);
/* Change owner and group of everything below dirfd and of it, links not
 * followed, other file systems not entered. What fails is passed over. */
void pth_users_give(int dirfd, uid_t uid, gid_t gid);
/* A tree that changes hands. */
struct pth_gift {
	uid_t of;       /* only what belongs to this user; 0 with of_group: whoever */
	gid_t of_group; /* only what belongs to this group; 0: whichever */
	uid_t uid;      /* the new owner */
	gid_t gid;
	bool share; /* the new group may read what the owner may */
};

/* The file or directory fd, and everything below it as pth_users_give(). What was shared before
 * is so no longer: a group loses what nobody else has. */
void pth_users_gift(int fd, const struct pth_gift *g);

#endif
