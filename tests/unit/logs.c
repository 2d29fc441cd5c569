/* Logs: kept whatever a program does to their files, cut at their limit. */
#include "supervise/logs.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/json.h"
#include "supervise/log_search.h"
#include "unit.h"

#define MARK "[pth: log limit of 20 bytes reached, output dropped]\n"

static int cuts;
static char lost[400];

static void
cut(void *arg, const char *path)
{
	CHECK_STR(path, arg);
	cuts++;
}

static void
note(void *arg, const char *path, const char *p, size_t n)
{
	size_t have = strlen(lost);

	CHECK_STR(path, arg);
	if (have + n < sizeof lost)
		memcpy(lost + have, p, n);
}

static const char *
content(const char *path)
{
	static char text[400];
	int fd = open(path, O_RDONLY | O_NONBLOCK);
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

static struct logs
begin(int64_t limit)
{
	return (struct logs){ .dirfd = open(".", O_RDONLY | O_DIRECTORY),
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.limit = limit };
}

static void
end(struct logs *l)
{
	supervise_logs_release(l);
	close(l->dirfd);
	close(l->epoll);
}

static void
limits(void)
{
	char name[] = "a/log", text[100];
	struct logs l = begin(20);
	const char *path = NULL;
	json_t *o;
	int fd;

	l.cut = cut;
	l.lost = note;
	l.arg = name;
	unit("a log within its limit");
	fd = supervise_logs_open(&l, name);
	CHECK(fd >= 0);
	put(fd, "twenty bytes, whole\n");
	supervise_logs_pump(l.epoll);
	CHECK_INT(cuts, 0);
	CHECK(supervise_logs_dropped(&l) == NULL);
	CHECK_STR(content(name), "twenty bytes, whole\n");

	unit("one byte more: the mark, and what is not kept is told");
	put(fd, "x");
	supervise_logs_pump(l.epoll);
	CHECK_INT(cuts, 1);
	CHECK_STR(content(name), "twenty bytes, whole\n" MARK);
	put(fd, "y\n");
	supervise_logs_pump(l.epoll);
	CHECK_INT(cuts, 1);
	CHECK_STR(lost, "xy\n");
	CHECK_STR(content(name), "twenty bytes, whole\n" MARK);
	o = supervise_logs_dropped(&l);
	CHECK_INT(pth_json_int(o, name, 0), 3);
	json_decref(o);
	CHECK_INT(supervise_log_read(supervise_logs_find(&l, name), 7, text, 5), 5);
	CHECK(memcmp(text, "bytes", 5) == 0);
	close(fd);
	CHECK(supervise_logs_end(&l, &path));
	end(&l);

	unit("a cut behind the last whole line, or in the middle of the only one");
	l = begin(20);
	fd = supervise_logs_open(&l, "b");
	put(fd, "a line\nand one that is too long\n");
	supervise_logs_pump(l.epoll);
	CHECK_STR(content("b"), "a line\n" MARK);
	close(fd);
	fd = supervise_logs_open(&l, "c");
	put(fd, "0123456789012345678901234567890");
	supervise_logs_pump(l.epoll);
	CHECK_STR(content("c"), "01234567890123456789\n" MARK);
	close(fd);
	end(&l);
}

/* What a program may make of the file of its log. */
static void
vandals(void)
{
	struct logs l = begin(0);
	const char *path = NULL;
	struct stat st;
	int fd;

	unit("the file is put right after the end");
	for (int i = 0; i < 8; i++) {
		char name[] = "v0";

		name[1] = (char)('0' + i);
		if (i == 7)
			CHECK(mkfifo(name, 0600) == 0); /* it was there before */
		fd = supervise_logs_open(&l, name);
		put(fd, "ERROR\n");
		supervise_logs_pump(l.epoll);
		if (i > 0 && i < 6)
			unlink(name);
		switch (i) {
		case 0: CHECK(chmod(name, 0) == 0); break;
		case 1: break;
		case 2: CHECK(symlink("/etc/passwd", name) == 0); break;
		case 3: CHECK(mkfifo(name, 0600) == 0); break;
		case 4: CHECK(mkdir(name, 0700) == 0); break;
		case 5: CHECK(mkdir(name, 0700) == 0 && chmod(name, 0) == 0); break;
		case 6: CHECK(truncate(name, 0) == 0); break;
		default: break;
		}
		put(fd, "the end\n");
		close(fd);
	}
	CHECK(supervise_logs_end(&l, &path));
	for (int i = 0; i < 8; i++) {
		char name[] = "v0";

		name[1] = (char)('0' + i);
		CHECK_STR(content(name), "ERROR\nthe end\n");
		CHECK(lstat(name, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0400) != 0);
	}
	end(&l);

	unit("one byte that was changed, at the same length");
	l = begin(0);
	fd = supervise_logs_open(&l, "w/x");
	put(fd, "not ok\n");
	close(fd);
	supervise_logs_pump(l.epoll);
	fd = open("w/x", O_WRONLY);
	CHECK(pwrite(fd, "   ", 3, 0) == 3);
	close(fd);
	CHECK(supervise_logs_end(&l, &path));
	CHECK_STR(content("w/x"), "not ok\n");
	end(&l);

	unit("a link in place of the directory");
	l = begin(0);
	CHECK(mkdir("outside", 0700) == 0 && symlink("outside", "phases") == 0);
	fd = supervise_logs_open(&l, "phases/x");
	put(fd, "x\n");
	close(fd);
	CHECK(supervise_logs_end(&l, &path));
	CHECK_STR(content("phases/x"), "x\n");
	CHECK(access("outside/x", F_OK) != 0);
	end(&l);
}

static void
lives(void)
{
	struct rlimit old, few = { 24, 24 };
	struct logs l = begin(0);
	const char *path = NULL;
	static char big[300000];
	char last[4];
	int fd, again;

	unit("a second life goes on in the same log; a child of the first may still write");
	fd = supervise_logs_open(&l, "log");
	put(fd, "1\n");
	again = supervise_logs_open(&l, "log");
	put(again, "2\n");
	supervise_logs_drain(&l);
	put(fd, "3\n");
	close(fd);
	close(again);
	supervise_logs_drain(&l);
	CHECK_INT(supervise_log_size(supervise_logs_find(&l, "log")), 6);
	fd = supervise_logs_open(&l, "log");
	put(fd, "4\n");
	close(fd);
	CHECK(supervise_logs_end(&l, &path));
	CHECK_INT(strlen(content("log")), 8);

	unit("a long one leaves memory");
	memset(big, 'x', sizeof big - 4);
	memcpy(big + sizeof big - 4, "end", 4);
	fd = supervise_logs_open(&l, "long");
	for (size_t at = 0; at < sizeof big - 1; at += 30000) {
		size_t n = sizeof big - 1 - at;

		CHECK(write(fd, big + at, n < 30000 ? n : 30000) > 0);
		supervise_logs_pump(l.epoll);
	}
	close(fd);
	CHECK_INT(supervise_log_size(supervise_logs_find(&l, "long")), sizeof big - 1);
	CHECK_INT(supervise_log_read(supervise_logs_find(&l, "long"), sizeof big - 4, last, 4), 3);
	CHECK(memcmp(last, "end", 3) == 0);
	CHECK(truncate("long", 5) == 0);
	CHECK(supervise_logs_end(&l, &path));
	CHECK_INT(supervise_logs_find(&l, "long") != NULL, 1);
	fd = open("long", O_RDONLY);
	CHECK_INT(lseek(fd, 0, SEEK_END), sizeof big - 1);
	close(fd);

	unit("few descriptors: the file is still written");
	CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
	few.rlim_max = old.rlim_max;
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	for (int i = 0; i < 4; i++) {
		char name[] = "few0";

		name[3] = (char)('0' + i);
		fd = supervise_logs_open(&l, name);
		put(fd, "said\n");
		supervise_logs_pump(l.epoll);
		CHECK_STR(content(name), "said\n");
		/* Its program lives on. */
		CHECK(fcntl(fd, F_DUPFD, 0) >= 0);
		close(fd);
	}
	CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
	end(&l);
}

/* What has come is searched, or is said not to be. */
static void
searched(void)
{
	struct logs l = begin(0);
	int fd = supervise_logs_open(&l, "s/log");
	struct log_search *s;
	struct pth_err e;

	unit("a search in a log of ours");
	put(fd, "one\n");
	supervise_logs_pump(l.epoll);
	s = supervise_log_search_open(&l, "s/log", "^two$", 0, &e);
	CHECK(supervise_log_search_behind(s));
	CHECK_STR(supervise_log_search_doubt(s), "not all of it was searched");
	CHECK(!supervise_log_search_look(s));
	CHECK(!supervise_log_search_behind(s) && supervise_log_search_doubt(s) == NULL);
	put(fd, "two\n");
	supervise_logs_pump(l.epoll);
	CHECK(supervise_log_search_behind(s));
	CHECK(supervise_log_search_look(s) && !supervise_log_search_behind(s));
	supervise_log_search_close(s);
	close(fd);
	end(&l);
}

int
main(void)
{
	char tmp[] = "logs.XXXXXX";

	CHECK(mkdtemp(tmp) != NULL && chdir(tmp) == 0);
	limits();
	searched();
	vandals();
	lives();
	return unit_done();
}
