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
 * As whom a container's service runs. *who is whose its directory is: so its
 * files are those of who runs the test. A plan's "user" may say otherwise: given
 * numbers; for root, the user `name` of the image, and root itself only when that
 * may be. -1 with e.
 */
int pth_users_choose(const json_t *user, struct pth_proc_user *who, struct pth_err *e);
/* Change owner and group of everything below dirfd and of it, links not
 * followed, other file systems not entered. What fails is passed over. */
void pth_users_give(int dirfd, uid_t uid, gid_t gid);

#endif
