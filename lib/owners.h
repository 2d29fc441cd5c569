/*
 * Whose files: users of an image's /etc/passwd, and trees that change hands.
 */
#ifndef PTH_OWNERS_H
#define PTH_OWNERS_H

#include "proc.h"

/* The numbers of a user by a passwd(5) file, without the name services that a
 * static program does not have. 0, or -1 and *who untouched. */
int pth_owners_lookup(const char *passwd, const char *name, struct pth_proc_user *who);
/* Change owner and group of everything below dirfd and of it, links not
 * followed, other file systems not entered. What fails is passed over. */
void pth_owners_give(int dirfd, uid_t uid, gid_t gid);

#endif
