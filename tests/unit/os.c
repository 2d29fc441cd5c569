#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "unit.h"

static int
opens(int dir, const char *path)
{
	int fd = pth_open_beneath(dir, path, O_RDONLY, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void
beneath(void)
{
	int dir, fd;

	mkdir("box", 0777);
	mkdir("box/sub", 0777);
	CHECK(symlink("../../secret", "box/sub/out") == 0);
	CHECK(symlink("/etc/passwd", "box/abs") == 0);
	CHECK(symlink("sub", "box/in") == 0);
	fd = open("secret", O_WRONLY | O_CREAT, 0666);
	close(fd);
	dir = open("box", O_RDONLY | O_DIRECTORY);

	unit("opening beneath a directory");
	fd = pth_open_beneath(dir, "sub/f", O_WRONLY | O_CREAT, 0644);
	CHECK(fd >= 0);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	CHECK(opens(dir, "sub/f"));
	CHECK(opens(dir, "in/f"));

	unit("nothing outside can be opened");
	CHECK(!opens(dir, "../secret"));
	CHECK(!opens(dir, "sub/../../secret"));
	CHECK(!opens(dir, "sub/out"));
	CHECK(!opens(dir, "abs"));
	CHECK(!opens(dir, "/etc/passwd"));
	CHECK(!opens(dir, "absent") && errno == ENOENT);
	close(dir);
}

static int
regular(int dir, const char *path)
{
	int fd = pth_open_regular(dir, path, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : errno;
}

static void
regular_files(void)
{
	int dir = open("box", O_RDONLY | O_DIRECTORY), fd;
	struct stat st;

	CHECK(symlinkat("f", dir, "sub/near") == 0);
	CHECK(mkfifoat(dir, "fifo", 0666) == 0);

	unit("what a program has put there is opened as a regular file or not at all");
	fd = pth_open_regular(dir, "sub/f", &st);
	CHECK(fd >= 0 && S_ISREG(st.st_mode) && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	close(fd);
	CHECK_INT(regular(dir, "fifo"), EINVAL);
	CHECK_INT(regular(dir, "sub"), EINVAL);
	CHECK_INT(regular(dir, "in/f"), ELOOP);
	CHECK_INT(regular(dir, "sub/near"), ELOOP);
	CHECK_INT(regular(dir, "absent"), ENOENT);
	CHECK(regular(dir, "../secret") != 0);

	unit("what a file names may be anywhere, but it is a regular file");
	fd = pth_open_named("box/sub/near", NULL);
	CHECK(fd >= 0);
	close(fd);
	CHECK(pth_open_named("box/fifo", NULL) < 0 && errno == EINVAL);
	CHECK(pth_open_named("/dev/zero", NULL) < 0 && errno == EINVAL);

	unit("a directory below another, without links");
	fd = pth_open_dir(dir, "sub");
	CHECK(fd >= 0);
	close(fd);
	CHECK(pth_open_dir(dir, "in") < 0 && (errno == ENOTDIR || errno == ELOOP));
	CHECK(pth_open_dir(dir, "sub/f") < 0);
	fd = open("/", O_RDONLY | O_DIRECTORY);
	CHECK(pth_open_tree(fd, "proc") < 0 && errno == EXDEV);
	close(fd);
	close(dir);
}

static int
ours(int dir, const char *path, int flags)
{
	int fd = pth_open_ours(dir, path, O_WRONLY | O_CREAT | flags);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : errno;
}

static void
our_files(void)
{
	int dir = open("box", O_RDONLY | O_DIRECTORY), fd, reader;
	struct stat st;

	unit("a file of ours is written");
	fd = pth_open_ours(dir, "own", O_WRONLY | O_CREAT | O_TRUNC);
	CHECK_INT(pth_write_all(fd, "12345", 5), 0);
	CHECK_INT(fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK), 0);
	close(fd);
	fd = pth_open_ours(dir, "own", O_WRONLY | O_APPEND);
	CHECK_INT(pth_write_all(fd, "67", 2), 0);
	CHECK(fstat(fd, &st) == 0 && st.st_size == 7);
	close(fd);
	CHECK_INT(ours(dir, "own", O_TRUNC), 0);
	CHECK(fstatat(dir, "own", &st, 0) == 0 && st.st_size == 0);

	unit("but not what a program has put into its place");
	CHECK_INT(ours(dir, "in/new", 0), ELOOP);
	CHECK_INT(ours(dir, "sub/near", O_TRUNC), ELOOP);
	CHECK_INT(ours(dir, "sub", 0), EISDIR);
	CHECK_INT(ours(dir, "fifo", 0), EINVAL);
	reader = openat(dir, "fifo", O_RDONLY | O_NONBLOCK);
	CHECK_INT(ours(dir, "fifo", 0), EINVAL);
	close(reader);
	fd = openat(dir, "precious", O_WRONLY | O_CREAT, 0666);
	CHECK_INT(pth_write_all(fd, "x", 1), 0);
	close(fd);
	CHECK(linkat(dir, "precious", dir, "again", 0) == 0);
	CHECK_INT(ours(dir, "again", O_TRUNC), EMLINK);
	CHECK(fstatat(dir, "precious", &st, 0) == 0 && st.st_size == 1);
	close(dir);
}

static void
descriptors(void)
{
	char buf[10];
	int p[2], fd, saved;

	unit("all bytes, or those that are there");
	CHECK(pipe(p) == 0);
	CHECK_INT(pth_write_all(p[1], "hello", 5), 0);
	close(p[1]);
	CHECK_INT(pth_read_all(p[0], buf, sizeof buf), 5);
	CHECK(memcmp(buf, "hello", 5) == 0);
	close(p[0]);
	fd = open("/dev/full", O_WRONLY);
	CHECK(pth_write_all(fd, "x", 1) == -1 && errno == ENOSPC);
	close(fd);
	CHECK(pth_read_all(-1, buf, 1) == -1);

	unit("closed standard descriptors are filled");
	saved = dup(0);
	close(0);
	pth_fd_sanitize();
	CHECK(fcntl(0, F_GETFD) != -1);
	fd = open("/dev/null", O_RDONLY);
	CHECK(fd > 2);
	close(fd);
	dup2(saved, 0);
	close(saved);
}

static void
programs(void)
{
	char *s;
	int fd;

	unit("which");
	s = pth_which("sh", NULL);
	CHECK(s && *s == '/' && access(s, X_OK) == 0);
	free(s);
	mkdir("p1", 0777);
	mkdir("p2", 0777);
	fd = open("p1/tool", O_WRONLY | O_CREAT, 0644); /* not executable */
	close(fd);
	fd = open("p2/tool", O_WRONLY | O_CREAT, 0755);
	close(fd);
	s = pth_which("tool", "p1:p2");
	CHECK_STR(s, "p2/tool");
	free(s);
	s = pth_which("./p2/tool", "");
	CHECK_STR(s, "./p2/tool");
	free(s);
	CHECK(pth_which("p1/tool", NULL) == NULL);
	CHECK(pth_which("p2", ".") == NULL);
	CHECK(pth_which("no-such-program", NULL) == NULL);
	CHECK(pth_which("", "p2") == NULL);
}

static void
home(void)
{
	struct pth_home h;
	struct pth_err e = { 0 };

	unit("the home of the tools");
	unsetenv("PTH_SHARE");
	CHECK_INT(pth_home_find(&h, &e), 0);
	CHECK(h.share && h.libexec && h.bin);
	CHECK(h.share && strstr(h.share, "/share"));
	pth_home_release(&h);
	setenv("PTH_SHARE", "/some/where", 1);
	CHECK_INT(pth_home_find(&h, &e), 0);
	CHECK_STR(h.share, "/some/where");
	pth_home_release(&h);
	CHECK(h.share == NULL);
}

int
main(void)
{
	beneath();
	regular_files();
	our_files();
	descriptors();
	programs();
	home();
	return unit_done();
}
