/* Cutting logs: where, how often, and what is said of it. */
#include "supervise/loglimit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/json.h"
#include "unit.h"

#define MARK "[pth: log limit of 20 bytes reached, output dropped]\n"

static int cuts, firsts;
static int64_t kept;

static void
note(void *arg, const char *path, int64_t keep, bool first)
{
	CHECK_STR(path, arg);
	cuts++;
	firsts += first;
	kept = keep;
}

static const char *
content(int dir, const char *path)
{
	static char text[400];
	int fd = openat(dir, path, O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static void
put(int fd, const char *s)
{
	CHECK(write(fd, s, strlen(s)) == (ssize_t)strlen(s));
}

int
main(void)
{
	char tmp[] = "loglimit.XXXXXX";
	int dir = open(mkdtemp(tmp), O_RDONLY | O_DIRECTORY), fd, fd2;
	struct loglimit l = { .limit = 20 };
	char name[] = "a/log";
	json_t *o;

	unit("a log within its limit");
	fd = supervise_loglimit_open(&l, dir, "a/log");
	CHECK(fd >= 0);
	put(fd, "twenty bytes, whole\n");
	supervise_loglimit_look(&l, note, name);
	CHECK_INT(cuts, 0);
	CHECK(supervise_loglimit_dropped(&l) == NULL);

	unit("cut at a line end");
	put(fd, "x");
	supervise_loglimit_look(&l, note, name);
	CHECK_STR(content(dir, "a/log"), "twenty bytes, whole\n" MARK);
	CHECK(cuts == 1 && firsts == 1);
	CHECK_INT(kept, 20 + (int64_t)strlen(MARK));

	unit("again and again");
	supervise_loglimit_look(&l, note, name);
	CHECK_INT(cuts, 1);
	put(fd, "more\n");
	supervise_loglimit_look(&l, note, name);
	CHECK_STR(content(dir, "a/log"), "twenty bytes, whole\n" MARK);
	CHECK(cuts == 2 && firsts == 1);
	o = supervise_loglimit_dropped(&l);
	CHECK_INT(pth_json_int(o, "a/log", 0), 6);
	json_decref(o);

	unit("opened again: for another process of the service");
	fd2 = supervise_loglimit_open(&l, dir, "a/log");
	put(fd2, "of the next life\n");
	put(fd, "of the first\n");
	supervise_loglimit_look(&l, note, name);
	CHECK(cuts == 3 && firsts == 1 && l.nfiles == 1);
	CHECK_STR(content(dir, "a/log"), "twenty bytes, whole\n" MARK);
	close(fd2);

	unit("replaced by another file");
	CHECK(renameat(dir, "a/log", dir, "a/old") == 0);
	fd2 = supervise_loglimit_open(&l, dir, "a/log");
	put(fd2, "no line end in this one");
	supervise_loglimit_look(&l, note, name);
	CHECK_STR(content(dir, "a/log"), "no line end in this \n" MARK);
	CHECK_INT(firsts, 2);
	close(fd2);
	close(fd);

	unit("no descriptors to spare");
	CHECK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 10, 10 }) == 0);
	fd = supervise_loglimit_open(&l, dir, "poor");
	CHECK(fd >= 0 && l.files[l.nfiles - 1].fd < 0);
	put(fd, "more than the twenty bytes\n");
	supervise_loglimit_look(&l, NULL, NULL);
	CHECK_STR(content(dir, "poor"), "more than the twenty\n" MARK);
	close(fd);

	unit("no limit, and what is no file");
	l.limit = 0;
	fd = supervise_loglimit_open(&l, dir, "free");
	CHECK(fd >= 0 && l.nfiles == 2);
	close(fd);
	l.limit = 20;
	CHECK(mkfifoat(dir, "fifo", 0600) == 0);
	fd2 = openat(dir, "fifo", O_RDONLY | O_NONBLOCK);
	CHECK(supervise_loglimit_open(&l, dir, "fifo") < 0 && l.nfiles == 2);
	close(fd2);
	CHECK(supervise_loglimit_open(&l, dir, "../out") < 0);
	supervise_loglimit_release(&l);
	CHECK(l.nfiles == 0 && l.limit == 20);
	return unit_done();
}
