/* This file writes a stream of the run directory, and sees whether somebody else did, too. */
#include "run/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/file.h"

#define PART 65536

/* A file that nobody else can name. */
static int
nameless(int dirfd)
{
	static const char name[] = ".journal";
	int fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	/* A file system without O_TMPFILE. */
	pth_rmtree(dirfd, name, NULL);
	fd = openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		unlinkat(dirfd, name, 0);
	return fd;
}

/* Put the first `size` bytes of the copy, or nothing (copy -1), into place. */
static int
put(const struct pth_journal *j, int dirfd, struct pth_err *e)
{
	pth_auto_buf part = PTH_BUF_INIT;
	struct pth_newfile f;
	ssize_t n = 0;
	off_t at = 0;
	struct stat st;

	/* A file is replaced; a directory cannot be. */
	if (fstatat(dirfd, j->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) &&
	    pth_rmtree(dirfd, j->name, e) != 0)
		return -1;
	if (pth_file_begin(&f, dirfd, j->name, e) != 0)
		return -1;
	do {
		if (j->copy >= 0)
			n = pread(j->copy, pth_buf_room(&part, PART), PART, at);
		at += n > 0 ? n : 0;
	} while (n > 0 && pth_write_all(f.fd, part.s, (size_t)n) == 0);
	if (n == 0)
		return pth_file_commit(&f, e);
	pth_err_set(e, PTH_SYSTEM, "write %s:", j->name);
	pth_file_abandon(&f);
	return -1;
}

int
pth_journal_open(struct pth_journal *j, int dirfd, const char *name, struct pth_err *e)
{
	*j = (struct pth_journal){ .fd = -1, .copy = -1, .name = name };
	/* The file is never missing: it is replaced in one step. */
	if (put(j, dirfd, e) != 0)
		return -1;
	j->fd = openat(dirfd, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	j->copy = j->fd < 0 ? -1 : nameless(dirfd);
	return j->copy < 0 ? pth_err_set(e, PTH_SYSTEM, "%s:", name) : 0;
}

int
pth_journal_add(struct pth_journal *j, const struct pth_buf *line, struct pth_err *e)
{
	return pth_write_all(j->fd, line->s, line->len) == 0 &&
	        pth_write_all(j->copy, line->s, line->len) == 0 ?
	    0 :
	    pth_err_set(e, PTH_SYSTEM, "write %s:", j->name);
}

/* Do both files have the same bytes? */
static bool
same(int a, int b)
{
	pth_auto_buf x = PTH_BUF_INIT, y = PTH_BUF_INIT;
	ssize_t n, m;
	off_t at = 0;

	do {
		n = pread(a, pth_buf_room(&x, PART), PART, at);
		m = pread(b, pth_buf_room(&y, PART), PART, at);
		at += n > 0 ? n : 0;
	} while (n > 0 && n == m && memcmp(x.s, y.s, (size_t)n) == 0);
	return n == 0 && m == 0;
}

/* What has become of the file, or NULL: nothing. */
static const char *
found(const struct pth_journal *j, int dirfd)
{
	struct stat ours, there;
	pth_auto_fd fd = pth_open_regular(dirfd, j->name, &there);

	if (fd < 0)
		return errno == ENOENT ? "removed" : "replaced";
	if (fstat(j->fd, &ours) != 0 || ours.st_ino != there.st_ino || ours.st_dev != there.st_dev)
		return "replaced";
	return same(fd, j->copy) ? NULL : "changed";
}

int
pth_journal_check(const struct pth_journal *j, int dirfd, struct pth_err *e)
{
	const char *what = found(j, dirfd);
	struct pth_err why;

	if (what == NULL)
		return 0;
	if (put(j, dirfd, &why) == 0)
		return pth_err_set(e, PTH_SYSTEM,
		    "%s was %s by somebody else during the run; it is as written again", j->name,
		    what);
	return pth_err_set(e, PTH_SYSTEM, "%s was %s by somebody else during the run: %s", j->name,
	    what, why.text);
}

void
pth_journal_close(struct pth_journal *j)
{
	pth_close(&j->fd);
	pth_close(&j->copy);
}
