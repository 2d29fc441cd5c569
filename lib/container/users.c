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

/* Who gets what. */
struct gift {
	uid_t of; /* its owner so far; ANYBODY: whoever */
	uid_t uid;
	gid_t gid;
	dev_t dev;
};

#define ANYBODY ((uid_t)-1)

/* True: it is a directory. It is given away when all that is in it has been. */
static bool
give(const struct gift *g, const struct pth_tree_at *at, const char *name, bool left)
{
	struct stat st;

	if (fstatat(at->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_dev != g->dev)
		return false;
	if (S_ISDIR(st.st_mode) == left && (g->of == ANYBODY || g->of == st.st_uid))
		(void)!fchownat(at->fd, name, g->uid, g->gid, AT_SYMLINK_NOFOLLOW);
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
pth_users_give_of(int dirfd, uid_t of, uid_t uid, gid_t gid)
{
	static const struct pth_tree_visit visit = { give_entry, give_left };
	struct gift g = { .of = of, .uid = uid, .gid = gid };
	struct stat st;

	if (fstat(dirfd, &st) != 0)
		return;
	g.dev = st.st_dev;
	pth_tree_walk(dirfd, NULL, &visit, &g);
	(void)!fchown(dirfd, uid, gid);
}

void
pth_users_give(int dirfd, uid_t uid, gid_t gid)
{
	pth_users_give_of(dirfd, ANYBODY, uid, gid);
}
