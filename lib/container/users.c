/* This file decides as whom a service runs in its container, and gives it its files. */
#include "container/users.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/text.h"
#include "io/record.h"

#define DEPTH_MAX 32

/* name:x:UID:GID:... */
static int
passwd_line(char *line, const char *name, struct pth_proc_user *who)
{
	char *field[4], *p = line;
	long long uid, gid;

	for (size_t i = 0; i < countof(field); i++) {
		field[i] = p;
		p = strchr(p, ':');
		if (p == NULL)
			return -1;
		*p++ = '\0';
	}
	if (strcmp(field[0], name) != 0 || !pth_int(field[2], 0, UINT32_MAX - 1, &uid) ||
	    !pth_int(field[3], 0, UINT32_MAX - 1, &gid))
		return -1;
	who->uid = (uid_t)uid;
	who->gid = (gid_t)gid;
	return 0;
}

int
pth_users_lookup(const char *passwd, const char *name, struct pth_proc_user *who)
{
	pth_auto_file fp = fopen(passwd, "re");
	pth_auto_str line = NULL;
	size_t size = 0;
	int r = -1;

	if (fp == NULL)
		return -1;
	while (r != 0 && getline(&line, &size, fp) > 0)
		r = passwd_line(line, name, who);
	return r;
}

int
pth_users_choose(const json_t *user, struct pth_proc_user *who, struct pth_err *e)
{
	const char *name = pth_user_name(user);

	if (PTH_GET(user, user, uid) != NULL) {
		who->uid = (uid_t)pth_user_uid(user);
		who->gid = (gid_t)who->uid;
	} else if (who->uid == 0 && name != NULL &&
	    pth_users_lookup("/etc/passwd", name, who) != 0 && !pth_user_fallback_to_root(user)) {
		return pth_err_set(e, PTH_INPUT,
		    "the image has no user %s, and docker.user_mapping.fallback_to_root is false",
		    name);
	}
	if (PTH_GET(user, user, gid) != NULL)
		who->gid = (gid_t)pth_user_gid(user);
	return 0;
}

/* Who gets what. */
struct gift {
	uid_t of; /* its owner so far; ANYBODY: whoever */
	uid_t uid;
	gid_t gid;
	dev_t dev;
};

#define ANYBODY ((uid_t)-1)

static void
give(int dirfd, const struct gift *g, int depth)
{
	pth_auto_dir d = pth_opendir(dirfd, ".");
	struct dirent *de;
	struct stat st;

	while (d != NULL && (de = readdir(d)) != NULL) {
		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0 ||
		    fstatat(dirfd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    st.st_dev != g->dev)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			pth_auto_fd fd = openat(
			    dirfd, de->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (fd >= 0)
				give(fd, g, depth + 1);
		}
		if (g->of == ANYBODY || g->of == st.st_uid)
			(void)!fchownat(dirfd, de->d_name, g->uid, g->gid, AT_SYMLINK_NOFOLLOW);
	}
}

void
pth_users_give_of(int dirfd, uid_t of, uid_t uid, gid_t gid)
{
	struct stat st;

	if (fstat(dirfd, &st) != 0)
		return;
	give(dirfd, &(struct gift){ of, uid, gid, st.st_dev }, 0);
	(void)!fchown(dirfd, uid, gid);
}

void
pth_users_give(int dirfd, uid_t uid, gid_t gid)
{
	pth_users_give_of(dirfd, ANYBODY, uid, gid);
}
