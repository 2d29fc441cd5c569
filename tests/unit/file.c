#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/digest.h"
#include "io/file.h"
#include "io/tree.h"
#include "unit.h"

static const char *
content(const char *path)
{
	static struct pth_buf b;
	struct pth_err e;

	pth_buf_cut(&b, 0);
	return pth_file_read(path, 1 << 20, &b, &e) == 0 ? b.s : NULL;
}

/* Names in a directory, so that a temporary left behind is seen. */
static int
entries(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n - 2;
}

static void
reading(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e = { 0 };

	unit("reading has a limit");
	CHECK_INT(pth_file_write(AT_FDCWD, "ten", "0123456789", 10, &e), 0);
	CHECK_INT(pth_file_read("ten", 10, &b, &e), 0);
	CHECK_STR(b.s, "0123456789");
	pth_buf_cut(&b, 0);
	CHECK_INT(pth_file_read("ten", 9, &b, &e), -1);
	CHECK_INT(e.code, PTH_INPUT);
	pth_buf_cut(&b, 0);

	unit("reading appends");
	pth_buf_adds(&b, "x");
	CHECK_INT(pth_file_read("ten", 10, &b, &e), 0);
	CHECK_STR(b.s, "x0123456789");
	pth_buf_release(&b);

	unit("what cannot be read");
	CHECK_INT(pth_file_read("absent", 10, &b, &e), -1);
	CHECK(strstr(e.text, "absent: No such file"));
	CHECK_INT(pth_file_read(".", 10, &b, &e), -1);
	pth_buf_release(&b);
}

static void
writing(void)
{
	struct pth_err e = { 0 };
	struct stat st;
	char path[300];
	int dir;

	unit("writing replaces, mode after the umask");
	umask(027);
	CHECK_INT(pth_file_write(AT_FDCWD, "f", "one", 3, &e), 0);
	CHECK_STR(content("f"), "one");
	CHECK_INT(pth_file_write(AT_FDCWD, "f", "second", 6, &e), 0);
	CHECK_STR(content("f"), "second");
	CHECK(stat("f", &st) == 0 && (st.st_mode & 0777) == 0640);
	CHECK_INT(pth_file_write(AT_FDCWD, "f", "", 0, &e), 0);
	CHECK_STR(content("f"), "");
	umask(022);

	unit("writing below a directory");
	CHECK_INT(pth_mkdirs(AT_FDCWD, "w/sub", &e), 0);
	dir = open("w", O_RDONLY | O_DIRECTORY);
	CHECK_INT(pth_file_write(dir, "sub/g", "g", 1, &e), 0);
	close(dir);
	CHECK_STR(content("w/sub/g"), "g");
	CHECK_INT(pth_file_write(AT_FDCWD, "w/sub/g", "h", 1, &e), 0);
	CHECK_INT(entries("w/sub"), 1);

	unit("writing where it cannot be");
	CHECK_INT(pth_file_write(AT_FDCWD, "no/where", "g", 1, &e), -1);
	CHECK_INT(e.code, PTH_SYSTEM);
	CHECK_INT(pth_file_write(AT_FDCWD, "w", "g", 1, &e), -1);

	unit("a long name");
	memset(path, 'n', 255);
	path[255] = '\0';
	CHECK_INT(pth_file_write(AT_FDCWD, path, "1", 1, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, path, "2", 1, &e), 0);
	CHECK_STR(content(path), "2");
}

static void
steps(void)
{
	struct pth_newfile f;
	struct pth_err e = { 0 };
	int dir;

	unit("in steps: nothing is seen before the end, or ever");
	CHECK_INT(pth_mkdirs(AT_FDCWD, "n/in", &e), 0);
	dir = open("n", O_RDONLY | O_DIRECTORY);
	CHECK_INT(pth_file_write(dir, "in/f", "old", 3, &e), 0);
	CHECK_INT(pth_file_begin(&f, dir, "in/f", &e), 0);
	CHECK(write(f.fd, "new", 3) == 3);
	CHECK_STR(content("n/in/f"), "old");
	CHECK_INT(pth_file_commit(&f, &e), 0);
	CHECK_STR(content("n/in/f"), "new");
	CHECK(f.fd == -1 && f.dir == -1);
	CHECK_INT(pth_file_begin(&f, dir, "in/f", &e), 0);
	CHECK(write(f.fd, "other", 5) == 5);
	pth_file_abandon(&f);
	CHECK_STR(content("n/in/f"), "new");
	CHECK_INT(pth_file_begin(&f, AT_FDCWD, "n/in/g", &e), 0);
	f.lazy = true;
	CHECK_INT(pth_file_commit(&f, &e), 0);
	CHECK_STR(content("n/in/g"), "");
	CHECK_INT(entries("n/in"), 2);
	CHECK_INT(pth_file_begin(&f, dir, "none/f", &e), -1);
	/* The place is taken by a directory. */
	CHECK_INT(pth_mkdirs(dir, "in/d", &e), 0);
	CHECK_INT(pth_file_begin(&f, dir, "in/d", &e), 0);
	CHECK_INT(pth_file_commit(&f, &e), -1);
	CHECK_INT(e.error, EISDIR);
	CHECK_INT(entries("n/in"), 3);
	close(dir);
}

static void
sweeping(void)
{
	struct pth_err e;
	int dir;

	unit("names that killed writers have left");
	CHECK_INT(pth_mkdirs(AT_FDCWD, "s", &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "s/.result.json.4711", "half", 4, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "s/.hidden", "x", 1, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "s/.v1.2x", "x", 1, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "s/.5", "x", 1, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "s/a.5", "x", 1, &e), 0);
	dir = open("s", O_RDONLY | O_DIRECTORY);
	pth_file_sweep(dir, "record.json");
	pth_file_sweep(dir, "result");
	CHECK(access("s/.result.json.4711", F_OK) == 0);
	pth_file_sweep(dir, "result.json");
	CHECK(access("s/.result.json.4711", F_OK) != 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "s/.result.json.4711", "half", 4, &e), 0);
	pth_file_sweep(dir, NULL);
	close(dir);
	CHECK(access("s/.result.json.4711", F_OK) != 0);
	CHECK(access("s/.hidden", F_OK) == 0 && access("s/.v1.2x", F_OK) == 0);
	CHECK(access("s/.5", F_OK) == 0 && access("s/a.5", F_OK) == 0);
}

static void
trees(void)
{
	struct pth_err e = { 0 };

	unit("mkdirs");
	CHECK_INT(pth_mkdirs(AT_FDCWD, "t/a/b/", &e), 0);
	CHECK_INT(pth_mkdirs(AT_FDCWD, "t/a/b", &e), 0);
	CHECK(access("t/a/b", F_OK) == 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "t/file", "x", 1, &e), 0);
	CHECK_INT(pth_mkdirs(AT_FDCWD, "t/file/x", &e), -1);
	CHECK_INT(e.code, PTH_SYSTEM);

	unit("rmtree does not follow links");
	CHECK_INT(pth_mkdirs(AT_FDCWD, "keep", &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "keep/me", "x", 1, &e), 0);
	CHECK(symlink("../keep", "t/link") == 0);
	CHECK_INT(pth_rmtree(AT_FDCWD, "t", &e), 0);
	CHECK(access("t", F_OK) != 0);
	CHECK_STR(content("keep/me"), "x");
	CHECK_INT(pth_rmtree(AT_FDCWD, "t", &e), 0);
}

static void
put_text(int dir, const char *path)
{
	struct pth_err e;

	CHECK_INT(pth_file_write(dir, path, "x", 1, &e), 0);
}

static void
below(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e = { 0 };
	int dir, fd;

	CHECK_INT(pth_mkdirs(AT_FDCWD, "b/sub", &e), 0);
	put_text(AT_FDCWD, "b/sub/f");
	put_text(AT_FDCWD, "outside");
	CHECK_INT(mkdir("elsewhere", 0777), 0);
	CHECK(symlink("../outside", "b/link") == 0 && symlink("../elsewhere", "b/dir") == 0);
	CHECK(mkfifo("b/fifo", 0666) == 0);
	dir = open("b", O_RDONLY | O_DIRECTORY);

	unit("what a program has put there is read when it is a regular file");
	CHECK_INT(pth_file_read_below(dir, "sub/f", 1, &b, &e), 0);
	CHECK_STR(b.s, "x");
	CHECK_INT(pth_file_read_below(dir, "link", 1, &b, &e), -1);
	CHECK_INT(e.code, PTH_INPUT);
	CHECK_INT(pth_file_read_below(dir, "fifo", 1, &b, &e), -1);
	CHECK_STR(e.text, "fifo: not a regular file");
	CHECK_INT(pth_file_read_below(dir, "sub", 1, &b, &e), -1);
	CHECK_INT(pth_file_read_below(dir, "none", 1, &b, &e), -1);
	CHECK_INT(e.error, ENOENT);
	CHECK_INT(pth_file_read_named("b/fifo", 1, &b, &e), -1);
	CHECK_STR(e.text, "b/fifo: not a regular file");
	CHECK_INT(pth_file_read_named("b/link", 1, &b, &e), 0);
	CHECK_STR(b.s, "xx");
	fd = openat(dir, "hole", O_WRONLY | O_CREAT, 0666);
	CHECK(ftruncate(fd, (off_t)1 << 40) == 0);
	close(fd);
	CHECK_INT(pth_file_read_below(dir, "hole", 1000, &b, &e), -1);
	CHECK_STR(e.text, "hole: larger than 1000 bytes");
	CHECK_STR(b.s, "xx");

	unit("no link on the way to what is written");
	CHECK_INT(pth_file_write(dir, "dir/new", "y", 1, &e), -1);
	CHECK_INT(pth_mkdirs(dir, "dir/new", &e), -1);
	CHECK_INT(pth_mkdirs(dir, "sub/new//deep/", &e), 0);
	CHECK(access("b/sub/new/deep", F_OK) == 0);
	CHECK_INT(pth_file_make(dir, "dir/made", O_WRONLY | O_CREAT, &e), -1);
	CHECK_INT(pth_file_make(dir, "../made", O_WRONLY | O_CREAT, &e), -1);
	CHECK_STR(e.text, "../made: a path must stay inside its directory");
	CHECK_INT(e.code, PTH_INPUT);
	CHECK_INT(pth_file_make(dir, "sub/new", O_WRONLY | O_CREAT, &e), -1);
	CHECK_INT(e.code, PTH_SYSTEM);
	CHECK_INT(pth_file_make(dir, "made/none", O_WRONLY, NULL), -1);
	fd = pth_file_make(dir, "made/deep/f", O_WRONLY | O_CREAT | O_TRUNC, &e);
	CHECK(fd >= 0 && write(fd, "12", 2) == 2);
	close(fd);
	fd = pth_file_make(dir, "made/deep/f", O_WRONLY | O_CREAT | O_APPEND, &e);
	CHECK(fd >= 0 && write(fd, "3", 1) == 1);
	close(fd);
	CHECK_STR(content("b/made/deep/f"), "123");
	fd = pth_file_make(dir, "top", O_WRONLY | O_CREAT, &e);
	CHECK(fd >= 0 && access("b/top", F_OK) == 0);
	close(fd);
	CHECK_INT(pth_file_make(dir, "fifo", O_WRONLY | O_CREAT, &e), -1);
	CHECK_INT(entries("elsewhere"), 0);

	unit("a file of ours takes the place of what a program has put there");
	fd = pth_file_ours(dir, "link", O_WRONLY | O_CREAT | O_APPEND, &e);
	CHECK(fd >= 0 && write(fd, "new", 3) == 3);
	close(fd);
	CHECK_STR(content("b/link"), "new");
	CHECK_STR(content("outside"), "x");
	fd = pth_file_ours(dir, "fifo", O_WRONLY | O_CREAT | O_TRUNC, &e);
	CHECK(fd >= 0);
	close(fd);
	CHECK_INT(pth_file_put(dir, "sub", "z", 1, &e), 0);
	CHECK_STR(content("b/sub"), "z");
	CHECK_INT(pth_file_put(dir, "dir/new", "z", 1, &e), -1);
	CHECK_INT(pth_rmtree(dir, "dir/new", &e), -1);

	unit("a file of ours that is there stays, and what is missing is missing");
	CHECK_INT(pth_file_write(dir, "log", "a", 1, &e), 0);
	fd = pth_file_ours(dir, "log", O_WRONLY | O_APPEND, &e);
	CHECK(fd >= 0 && write(fd, "b", 1) == 1);
	close(fd);
	CHECK_STR(content("b/log"), "ab");
	CHECK_INT(pth_file_ours(dir, "nothing", O_WRONLY | O_APPEND, &e), -1);
	CHECK(e.error == ENOENT && access("b/nothing", F_OK) != 0);
	CHECK_INT(pth_file_ours(dir, "log/x", O_WRONLY | O_CREAT, &e), -1);
	CHECK_STR(content("b/log"), "ab");
	CHECK(linkat(dir, "log", dir, "other", 0) == 0);
	fd = pth_file_ours(dir, "log", O_WRONLY | O_CREAT | O_APPEND, &e);
	CHECK(fd >= 0 && write(fd, "new", 3) == 3);
	close(fd);
	CHECK_STR(content("b/log"), "new");
	CHECK_STR(content("b/other"), "ab");

	unit("names of temporaries that are taken");
	pth_buf_cut(&b, 0);
	pth_buf_addf(&b, "b/.sub.%ld", (long)getpid());
	CHECK_INT(mkdir(b.s, 0777), 0);
	CHECK_INT(pth_file_write(dir, "sub", "again", 5, &e), 0);
	CHECK_STR(content("b/sub"), "again");
	close(dir);
	pth_buf_release(&b);
}

static void
paths(void)
{
	static const char *const good[] = { "a", "a/b", "a/..b", "..a/b", "a/b..", "./a", "a//b",
		"..." };
	static const char *const bad[] = { "", "/", "/a", "..", "../a", "a/..", "a/../b",
		"a//../b" };

	unit("paths that stay inside");
	for (size_t i = 0; i < countof(good); i++)
		CHECK(pth_path_inside(good[i]));
	for (size_t i = 0; i < countof(bad); i++)
		CHECK(!pth_path_inside(bad[i]));
}

/* SHA-256 of n bytes of 'x', by coreutils. */
static void
digests(void)
{
	static const struct {
		size_t n;
		const char *hex;
	} rows[] = {
		{ 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ 1, "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" },
		{ 131072, "15601535eca4a38b7e31ad6494861121cb9f84ccf55d4beb6a707d4f7a87813d" },
		{ 131073, "0c5c5c759aa8164f9fb53c471ff060903c99edcb520fb7d9cb4bf7a45755f1c2" },
	};
	/* A hole of a MiB, and an x behind it. */
	static const char holey[] =
	    "3cd07772d955581e0debcca858b6d7c81da4e6c88aff072bd1953af8c500b9a6";
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	char hex[65];
	int64_t bytes;
	int fd;

	unit("digests");
	for (size_t i = 0; i < countof(rows); i++) {
		pth_buf_cut(&b, 0);
		memset(pth_buf_room(&b, rows[i].n), 'x', rows[i].n);
		CHECK_INT(pth_file_write(AT_FDCWD, "digest", b.s, rows[i].n, &e), 0);
		fd = open("digest", O_RDONLY);
		CHECK_INT(pth_sha256_fd(fd, hex, &bytes), 0);
		CHECK_STR(hex, rows[i].hex);
		CHECK_INT(bytes, rows[i].n);
		/* From its begin, wherever it stands; as large as it may be, and no larger. */
		CHECK_INT(pth_sha256_within(fd, (int64_t)rows[i].n, INT64_MAX, hex, &bytes), 0);
		CHECK_STR(hex, rows[i].hex);
		CHECK_INT(bytes, rows[i].n);
		if (rows[i].n > 0) {
			CHECK_INT(
			    pth_sha256_within(fd, (int64_t)rows[i].n - 1, INT64_MAX, hex, &bytes),
			    -1);
			CHECK_INT(errno, EFBIG);
			CHECK_INT(pth_sha256_within(fd, INT64_MAX, pth_mono_us(), hex, &bytes), -1);
			CHECK_INT(errno, ETIME);
		}
		close(fd);
	}
	fd = open("digest", O_RDWR | O_TRUNC);
	CHECK(ftruncate(fd, 1 << 20) == 0 && pwrite(fd, "x", 1, 1 << 20) == 1);
	CHECK_INT(pth_sha256_within(fd, INT64_MAX, INT64_MAX, hex, &bytes), 0);
	CHECK_STR(hex, holey);
	CHECK_INT(bytes, (1 << 20) + 1);
	lseek(fd, 0, SEEK_SET);
	CHECK_INT(pth_sha256_fd(fd, hex, &bytes), 0);
	CHECK_STR(hex, holey);
	close(fd);
	CHECK_INT(pth_sha256_fd(-1, hex, &bytes), -1);
	pth_buf_release(&b);
}

struct seen {
	struct pth_buf entries, lefts;
	int again;
};

static bool
entry(void *arg, const struct pth_tree_at *at, const char *name)
{
	struct seen *s = arg;
	struct stat st;

	pth_buf_addf(&s->entries, "%s%s%s ", at->path, *at->path != '\0' ? "/" : "", name);
	CHECK_INT(fstatat(at->fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode);
}

static bool
left(void *arg, const struct pth_tree_at *at, const char *name, int error)
{
	struct seen *s = arg;

	pth_buf_addf(&s->lefts, "%s%s%s%s ", at->path, *at->path != '\0' ? "/" : "", name,
	    error == 0 ? "" : "!");
	return strcmp(name, "twice") == 0 && s->again++ == 0;
}

static void
walking(void)
{
	static const struct pth_tree_visit visit = { entry, left };
	struct seen s = { PTH_BUF_INIT, PTH_BUF_INIT, 0 };
	struct pth_err e;
	int dir;

	unit("a tree is walked, without links");
	CHECK_INT(pth_mkdirs(AT_FDCWD, "walk/a/b", &e), 0);
	CHECK(symlink("..", "walk/a/b/up") == 0);
	dir = open("walk", O_RDONLY | O_DIRECTORY);
	CHECK_INT(pth_tree_walk(dir, NULL, &visit, &s), 0);
	CHECK_STR(s.entries.s, "a a/b a/b/up ");
	CHECK_STR(s.lefts.s, "a/b/up! a/b a ");

	unit("one thing in it, and once more when that is wanted");
	pth_buf_cut(&s.entries, 0);
	pth_buf_cut(&s.lefts, 0);
	CHECK_INT(pth_mkdirs(AT_FDCWD, "walk/twice/in", &e), 0);
	CHECK_INT(pth_tree_walk(dir, "twice", &visit, &s), 0);
	CHECK_STR(s.entries.s, "twice twice/in twice/in ");
	CHECK_STR(s.lefts.s, "twice/in twice twice/in twice ");
	close(dir);
	pth_buf_release(&s.entries);
	pth_buf_release(&s.lefts);
}

/* DIR/d/d/d... */
static void
nest(const char *dir, int depth)
{
	int at, next;

	CHECK_INT(mkdir(dir, 0777), 0);
	at = open(dir, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < depth; i++) {
		CHECK(symlinkat("/", at, "f") == 0 && mkdirat(at, "d", 0777) == 0);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY);
		close(at);
		at = next;
	}
	close(at);
}

/* Trees that stop a simple removal, as root and as another. */
static void
stubborn(void)
{
	const struct rlimit few = { 20, 20 };
	struct rlimit old;
	struct pth_err e = { 0 };
	char name[300];
	int dir, fd;

	unit("a deep tree, with few descriptors");
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &old), 0);
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ few.rlim_cur, old.rlim_max }), 0);
	nest("deep", 400);
	CHECK_INT(pth_rmtree(AT_FDCWD, "deep", &e), 0);
	CHECK(access("deep", F_OK) != 0);
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &old), 0);

	unit("many names, and any bytes in them");
	CHECK_INT(mkdir("many", 0777), 0);
	dir = open("many", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof name, "%d\n%*d", i, 240, i);
		CHECK(i % 2 != 0 ? mkdirat(dir, name, 0777) == 0 : symlinkat("/", dir, name) == 0);
	}
	close(dir);
	CHECK_INT(pth_rmtree(AT_FDCWD, "many", &e), 0);
	CHECK(access("many", F_OK) != 0);

	unit("the modes of a file of ours, too");
	CHECK_INT(pth_mkdirs(AT_FDCWD, "o", &e), 0);
	put_text(AT_FDCWD, "o/log");
	CHECK(chmod("o/log", 0) == 0 && chmod("o", 0500) == 0);
	dir = open("o", O_RDONLY | O_DIRECTORY);
	fd = pth_file_ours(dir, "log", O_WRONLY | O_APPEND, &e);
	CHECK(fd >= 0 && write(fd, "y", 1) == 1);
	close(fd);
	CHECK_STR(content("o/log"), "xy");
	CHECK_INT(fchmod(dir, 0500), 0);
	fd = pth_file_ours(dir, "fresh", O_WRONLY | O_CREAT, &e);
	CHECK(fd >= 0);
	close(fd);
	close(dir);

	unit("modes are mended");
	CHECK_INT(pth_mkdirs(AT_FDCWD, "m/go/mod", &e), 0);
	CHECK_INT(pth_mkdirs(AT_FDCWD, "m/no/thing", &e), 0);
	put_text(AT_FDCWD, "m/go/mod/f");
	CHECK(chmod("m/go/mod", 0555) == 0 && chmod("m/go", 0555) == 0 && chmod("m/no", 0) == 0);
	dir = open("m", O_RDONLY | O_DIRECTORY);
	CHECK_INT(fchmod(dir, 0), 0);
	CHECK_INT(pth_rmtree(dir, "go", &e), 0);
	CHECK_INT(pth_rmtree(dir, "no", &e), 0);
	close(dir);
	CHECK_INT(entries("m"), 0);
	CHECK_INT(pth_rmtree(AT_FDCWD, "m", &e), 0);
}

/* What is another's stays and is named; the rest goes. */
static void
of_another(void)
{
	struct pth_err e = { 0 };

	unit("what cannot be removed is named");
	CHECK_INT(pth_rmtree(AT_FDCWD, "mine", &e), -1);
	CHECK_STR(e.text, "remove mine/b/theirs/f: Permission denied");
	CHECK_INT(pth_rmtree(AT_FDCWD, "../user/mine", &e), -1);
	CHECK_STR(e.text, "remove ../user/mine/b/theirs/f: Permission denied");
	CHECK_INT(entries("mine/b"), 1);
	CHECK_INT(entries("mine"), 1);
}

/* The same as an ordinary user, in a directory of its own. */
static int
as_user(void)
{
	struct pth_err e;

	umask(022);
	CHECK_INT(pth_mkdirs(AT_FDCWD, "user/mine/a", &e), 0);
	CHECK_INT(pth_mkdirs(AT_FDCWD, "user/mine/b/theirs", &e), 0);
	put_text(AT_FDCWD, "user/mine/b/theirs/f");
	put_text(AT_FDCWD, "user/mine/c");
	CHECK(chown("user", 4711, 4711) == 0 && chown("user/mine", 4711, 4711) == 0 &&
	    chown("user/mine/a", 4711, 4711) == 0 && chown("user/mine/b", 4711, 4711) == 0);
	CHECK(chdir("user") == 0 && setgid(4711) == 0 && setuid(4711) == 0);
	stubborn();
	of_another();
	return unit_done();
}

/* The same on a file system without O_TMPFILE. */
static int
without_tmpfile(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, O_TMPFILE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, O_TMPFILE, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { countof(code), code };

	unit_name[0] = '\0';
	unit_checks = unit_failed = 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		unit_skip("files without O_TMPFILE", "no filter of system calls");
		return 0;
	}
	CHECK(mkdir("named", 0777) == 0 && chdir("named") == 0);
	CHECK(open(".", O_TMPFILE | O_WRONLY, 0666) == -1 && errno == EOPNOTSUPP);
	writing();
	steps();
	below();
	return unit_done();
}

static void
once_more(void)
{
	int status = -1;
	pid_t pid;

	unit("files without O_TMPFILE");
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(without_tmpfile());
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

int
main(void)
{
	once_more();
	reading();
	writing();
	steps();
	sweeping();
	trees();
	below();
	paths();
	digests();
	walking();
	stubborn();
	return geteuid() == 0 ? as_user() : unit_done();
}
