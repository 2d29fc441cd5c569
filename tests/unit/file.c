#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
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
	pth_file_sweep(dir);
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

int
main(void)
{
	reading();
	writing();
	sweeping();
	trees();
	return unit_done();
}
