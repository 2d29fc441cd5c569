/* This file decides as whom a service runs in its container, and gives it its files. */
#include "container/users.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/words.h"
#include "io/file.h"
#include "io/record.h"
#include "io/tree.h"

#define PASSWD_MAX ((size_t)4 << 20)

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
	pth_auto_buf text = PTH_BUF_INIT;
	struct pth_word rest, line;
	int r = -1;

	if (pth_file_read_named(passwd, PASSWD_MAX, &text, NULL) != 0)
		return -1;
	rest = pth_word_of(text.s);
	while (r != 0 && pth_word_next(&rest, "\n", &line)) {
		pth_auto_str copy = pth_xstrndup(line.s, line.n);

		r = passwd_line(copy, name, who);
	}
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

#define ANYBODY ((uid_t)-1)

static bool
is_meant(const struct stat *st, const struct pth_gift *g)
{
	if (g->of_group != 0)
		return st->st_gid == g->of_group;
	return g->of == ANYBODY || g->of == st->st_uid;
}

/* The mode that it gets with its new owner. */
static mode_t
mode_of(const struct stat *st, const struct pth_gift *g)
{
	mode_t mode = st->st_mode & 07777;

	if (g->share)
		return mode | (mode & (S_IRUSR | S_IXUSR)) >> 3;
	return g->of_group != 0 && (mode & S_IRWXO) == 0 ? mode & ~(mode_t)S_IRWXG : mode;
}

/* Only the mode of a file or directory that is opened is changed; a set-id bit goes. */
static void
give_one(int dirfd, const char *name, const struct stat *st, const struct pth_gift *g)
{
	mode_t mode = mode_of(st, g);

	if (!is_meant(st, g))
		return;
	(void)!fchownat(dirfd, name, g->uid, g->gid, AT_SYMLINK_NOFOLLOW);
	if (mode != (st->st_mode & 07777) && (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))) {
		pth_auto_fd fd = openat(
		    dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

		(void)!fchmod(fd, mode & 01777);
	}
}

/* A gift, and the file system in which it is. */
struct giving {
	const struct pth_gift *gift;
	dev_t dev;
};

/* True: it is a directory. It is given away when all that is in it has been. */
static bool
give(const struct giving *g, const struct pth_tree_at *at, const char *name, bool left)
{
	struct stat st;

	if (fstatat(at->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_dev != g->dev)
		return false;
	if (S_ISDIR(st.st_mode) == left)
		give_one(at->fd, name, &st, g->gift);
	return S_ISDIR(st.st_mode);
}

static bool
give_entry(void *arg, const struct pth_tree_at *at, const char *name)
{
	return give(arg, at, name, false);
}

static bool
give_left(void *arg, const struct pth_tree_at *at, const char *name, int error)
{
	(void)error; /* then at least the directory itself */
	give(arg, at, name, true);
	return false;
}

void
pth_users_gift(int fd, const struct pth_gift *g)
{
	static const struct pth_tree_visit visit = { give_entry, give_left };
	struct giving giving = { .gift = g };
	struct stat st;

	if (fstat(fd, &st) != 0)
		return;
	giving.dev = st.st_dev;
	if (S_ISDIR(st.st_mode))
		pth_tree_walk(fd, NULL, &visit, &giving);
	if (!is_meant(&st, g))
		return;
	(void)!fchown(fd, g->uid, g->gid);
	if (mode_of(&st, g) != (st.st_mode & 07777))
		(void)!fchmod(fd, mode_of(&st, g) & 01777);
}

void
pth_users_give(int dirfd, uid_t uid, gid_t gid)
{
	pth_users_gift(dirfd, &(struct pth_gift){ .of = ANYBODY, .uid = uid, .gid = gid });
}
