/* As whom a service runs in its container, and trees that change hands. */
#include "container/users.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "io/json.h"
#include "unit.h"

static void
put(const char *path, const char *text, mode_t mode)
{
	struct pth_err e;

	CHECK_INT(pth_file_write(AT_FDCWD, path, text, strlen(text), &e), 0);
	CHECK_INT(chmod(path, mode), 0);
}

static void
lookups(void)
{
	static const char passwd[] =
	    "root:x:0:0:root:/root:/bin/sh\n\nbroken\nshort:x:1\nword:x:one:1:::\n"
	    "minus:x:-1:1:::\nhuge:x:4294967295:1:::\nlast:x:4294967294:4294967294:::\n"
	    "group:x:5:4294967295:::\nnoshell:x:5:6\nuser:x:1000:1001:::\nuser:x:1:1:::\n"
	    "end:x:7:8:::";
	static const struct {
		const char *name;
		int r;
		uid_t uid;
		gid_t gid;
	} v[] = {
		{ "root", 0, 0, 0 },
		{ "user", 0, 1000, 1001 },
		{ "end", 0, 7, 8 },
		{ "last", 0, 4294967294, 4294967294 },
		{ "huge", -1, 9, 9 },
		{ "group", -1, 9, 9 },
		{ "minus", -1, 9, 9 },
		{ "word", -1, 9, 9 },
		{ "short", -1, 9, 9 },
		{ "noshell", -1, 9, 9 },
		{ "broken", -1, 9, 9 },
		{ "use", -1, 9, 9 },
		{ "", -1, 9, 9 },
	};
	struct pth_proc_user none = { .uid = 9, .gid = 9 };

	unit("users of a passwd file");
	put("passwd", passwd, 0644);
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_proc_user who = { .uid = 9, .gid = 9 };

		CHECK_INT(pth_users_lookup("passwd", v[i].name, &who), v[i].r);
		if (!CHECK(who.uid == v[i].uid && who.gid == v[i].gid))
			printf("    %s: %u %u\n", v[i].name, who.uid, who.gid);
	}
	CHECK_INT(pth_users_lookup("none", "root", &none), -1);
	CHECK(none.uid == 9 && none.gid == 9);
}

static void
choices(void)
{
	static const struct {
		const char *user;
		uid_t owner, uid;
		gid_t gid; /* of the owner it is 9 */
		int r;
	} v[] = {
		{ "{}", 5, 5, 9, 0 },
		{ "{}", 0, 0, 9, 0 },
		{ "{\"uid\":7}", 5, 7, 7, 0 },
		{ "{\"uid\":0}", 5, 0, 0, 0 },
		{ "{\"uid\":7,\"gid\":8}", 5, 7, 8, 0 },
		{ "{\"gid\":8}", 5, 5, 8, 0 },
		/* Only for root: others own their files. */
		{ "{\"name\":\"nobody\"}", 5, 5, 9, 0 },
		{ "{\"name\":\"no such user\"}", 5, 5, 9, 0 },
		{ "{\"name\":\"no such user\"}", 0, 0, 9, 0 },
		{ "{\"name\":\"no such user\",\"fallback_to_root\":false}", 0, 0, 9, -1 },
		{ "{\"name\":\"no such user\",\"fallback_to_root\":false}", 5, 5, 9, 0 },
		{ "{\"fallback_to_root\":false}", 0, 0, 9, 0 },
		{ "{\"name\":\"root\",\"fallback_to_root\":false}", 0, 0, 0, 0 },
		{ "{\"name\":\"no such user\",\"fallback_to_root\":false,\"uid\":7}", 0, 7, 7, 0 },
	};

	unit("as whom a service runs");
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_proc_user who = { .uid = v[i].owner, .gid = 9 };
		struct pth_err e = { 0 };
		json_t *user = pth_json_parse(v[i].user, strlen(v[i].user), &e);

		CHECK_INT(pth_users_choose(user, &who, &e), v[i].r);
		if (!CHECK(who.uid == v[i].uid && who.gid == v[i].gid))
			printf("    %s: %u %u\n", v[i].user, who.uid, who.gid);
		if (v[i].r != 0)
			CHECK_STR(e.text,
			    "the image has no user no such user, and "
			    "docker.user_mapping.fallback_to_root is false");
		json_decref(user);
	}
}

/* "mode uid gid" of a file. */
static const char *
owned(const char *path)
{
	static char text[60];
	struct stat st;

	if (lstat(path, &st) != 0)
		return "none";
	snprintf(text, sizeof text, "%o %u %u", st.st_mode & 07777, st.st_uid, st.st_gid);
	return text;
}

static void
tree(void)
{
	struct pth_err e;

	CHECK_INT(pth_mkdirs(AT_FDCWD, "t/d", &e), 0);
	put("outside", "", 0600);
	put("t/f", "", 0640);
	put("t/d/g", "", 0604);
	put("t/d/s", "", 04755);
	CHECK_INT(symlink("../outside", "t/link"), 0);
	CHECK_INT(chmod("t/d", 0750), 0);
	CHECK_INT(chmod("t", 0755), 0);
}

static void
gift(const struct pth_gift *g)
{
	int fd = open("t", O_RDONLY | O_DIRECTORY);

	pth_users_gift(fd, g);
	close(fd);
}

/* All of it needs root, as process 1 of a container is. */
static void
gifts(void)
{
	int fd;

	unit("a tree changes hands, and no link leads out of it");
	tree();
	fd = open("t", O_RDONLY | O_DIRECTORY);
	pth_users_give(fd, 11, 12);
	close(fd);
	CHECK_STR(owned("t"), "755 11 12");
	CHECK_STR(owned("t/f"), "640 11 12");
	CHECK_STR(owned("t/d"), "750 11 12");
	CHECK_STR(owned("t/d/g"), "604 11 12");
	CHECK_STR(owned("outside"), "600 0 0");
	CHECK(strstr(owned("t/link"), " 11 12") != NULL);

	unit("only what belongs to somebody, whose group may read what the owner may");
	CHECK_INT(chown("t/d/g", 5, 5), 0);
	gift(&(struct pth_gift){ .of = 11, .uid = 0, .gid = 22, .share = true });
	CHECK_STR(owned("t"), "755 0 22");
	CHECK_STR(owned("t/f"), "640 0 22");
	CHECK_STR(owned("t/d"), "750 0 22");
	CHECK_STR(owned("t/d/g"), "604 5 5");
	CHECK_INT(chmod("t/f", 0700), 0);
	CHECK_INT(chmod("t/d", 0300), 0);
	gift(&(struct pth_gift){ .of = 0, .uid = 1, .gid = 22, .share = true });
	CHECK_STR(owned("t/f"), "750 1 22");
	CHECK_STR(owned("t/d"), "310 1 22");

	unit("what was shared with a group is so no longer, but what all may see");
	gift(&(struct pth_gift){ .of_group = 22, .uid = 3, .gid = 4 });
	CHECK_STR(owned("t"), "755 3 4");
	CHECK_STR(owned("t/f"), "700 3 4");
	CHECK_STR(owned("t/d"), "300 3 4");
	CHECK_STR(owned("t/d/g"), "604 5 5");

	unit("a file alone, and a bit that sets users");
	put("alone", "", 04750);
	fd = open("alone", O_RDONLY);
	pth_users_gift(fd, &(struct pth_gift){ .of = 0, .uid = 1, .gid = 2, .share = true });
	CHECK_STR(owned("alone"), "750 1 2");
	pth_users_gift(fd, &(struct pth_gift){ .of = 7, .uid = 8, .gid = 8 });
	CHECK_STR(owned("alone"), "750 1 2");
	close(fd);
}

int
main(void)
{
	lookups();
	choices();
	if (geteuid() == 0)
		gifts();
	else
		unit_skip("a tree changes hands", "needs root");
	return unit_done();
}
