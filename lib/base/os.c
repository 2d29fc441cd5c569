/* This file makes system calls that need care, and finds where the project's own files lie. */
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/words.h"

#define FCHMODAT2 452 /* the number of a system call, the same on all machines but Alpha */

void
pth_fd_sanitize(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
		/* a stdout that was closed must fail, not swallow */
		if (fd == STDOUT_FILENO && close(fd) == 0)
			fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

/* Are both directories or files on the same device, as far as that can be told? */
static bool
one_device(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev;
}

/* For kernels or seccomp filters without openat2: no "..", no absolute path,
 * no link anywhere on the way. */
static int
open_walk(int dirfd, const char *path, int flags, mode_t mode)
{
	pth_auto_fd above = -1;
	char part[NAME_MAX + 1];
	int next;
	size_t n;

	if (*path == '/' || *path == '\0') {
		errno = EXDEV;
		return -1;
	}
	for (;;) {
		n = strcspn(path, "/");
		if (n > NAME_MAX || (n == 2 && path[0] == '.' && path[1] == '.')) {
			errno = n > NAME_MAX ? ENAMETOOLONG : EXDEV;
			next = -1;
		} else {
			memcpy(part, path, n);
			part[n] = '\0';
			path += n + strspn(path + n, "/");
			next = openat(above >= 0 ? above : dirfd, part,
			    *path == '\0' ? flags | O_NOFOLLOW :
			                    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
			    mode);
		}
		if (next < 0 || *path == '\0')
			return next;
		if (above >= 0)
			close(above);
		above = next;
	}
}

static int
open_resolved(int dirfd, const char *path, int flags, mode_t mode, unsigned resolve)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve,
	};
	int fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof how);

	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return fd;
	fd = open_walk(dirfd, path, flags | O_CLOEXEC, mode);
	if (fd >= 0 && (resolve & RESOLVE_NO_XDEV) != 0 && !one_device(dirfd, fd)) {
		close(fd);
		errno = EXDEV;
		return -1;
	}
	return fd;
}

int
pth_open_beneath(int dirfd, const char *path, int flags, mode_t mode)
{
	return open_resolved(dirfd, path, flags, mode, 0);
}

/* The same descriptor when it is one of a regular file; else it is closed: -1, EINVAL. */
static int
regular(int take, struct stat *st)
{
	pth_auto_fd fd = take;
	struct stat own;

	if (st == NULL)
		st = &own;
	if (fd < 0 || fstat(fd, st) != 0)
		return -1;
	if (S_ISREG(st->st_mode))
		return pth_take_fd(&fd);
	errno = EINVAL;
	return -1;
}

int
pth_open_regular(int dirfd, const char *path, struct stat *st)
{
	return regular(open_resolved(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, 0,
	                   RESOLVE_NO_SYMLINKS),
	    st);
}

int
pth_open_named(const char *path, struct stat *st)
{
	return regular(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), st);
}

int
pth_open_ours(int dirfd, const char *path, int flags)
{
	const int first = (flags & ~O_TRUNC) | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;
	struct stat st;
	pth_auto_fd fd = regular(open_resolved(dirfd, path, first, 0666, RESOLVE_NO_SYMLINKS), &st);

	if (fd < 0) {
		errno = errno == ENXIO ? EINVAL : errno; /* a FIFO that nobody reads, a socket */
		return -1;
	}
	if (st.st_nlink > 1) {
		errno = EMLINK;
		return -1;
	}
	if (fcntl(fd, F_SETFL, flags & O_APPEND) != 0 ||
	    ((flags & O_TRUNC) != 0 && st.st_size > 0 && ftruncate(fd, 0) != 0))
		return -1;
	return pth_take_fd(&fd);
}

int
pth_open_dir(int dirfd, const char *path)
{
	return open_resolved(
	    dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS);
}

int
pth_open_tree(int dirfd, const char *path)
{
	return open_resolved(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
	    RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

void
pth_mend_mode(int dirfd, const char *name)
{
	pth_auto_fd own = name == NULL ?
	    -1 :
	    open_resolved(dirfd, name, O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS);
	int fd = name == NULL ? dirfd : own;
	char proc[64];
	struct stat st;
	mode_t mode;

	if (fd < 0 || fstat(fd, &st) != 0 || S_ISLNK(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 0700) == 0700)
		return;
	mode = (st.st_mode & 07777) | (S_ISDIR(st.st_mode) ? 0700 : 0600);
	/* fchmod(2) does not take a descriptor of O_PATH. The first is of Linux 6.6. */
	snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
	if (syscall(FCHMODAT2, fd, "", mode, AT_EMPTY_PATH) != 0)
		(void)!chmod(proc, mode);
}

DIR *
pth_opendir(int dirfd, const char *path)
{
	pth_auto_fd fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (d != NULL)
		pth_take_fd(&fd);
	return d;
}

ssize_t
pth_read_all(int fd, void *p, size_t n)
{
	size_t done = 0;
	ssize_t r = 1;

	while (done < n && r != 0) {
		r = read(fd, (char *)p + done, n - done);
		if (r < 0 && errno != EINTR)
			return -1;
		done += r > 0 ? (size_t)r : 0;
	}
	return (ssize_t)done;
}

int
pth_write_all(int fd, const void *p, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t r = write(fd, (const char *)p + done, n - done);

		if (r < 0 && errno != EINTR)
			return -1;
		done += r > 0 ? (size_t)r : 0;
	}
	return 0;
}

size_t
pth_read_text(int dirfd, char *text, size_t size, const char *path, ...)
{
	pth_auto_buf name = PTH_BUF_INIT;
	pth_auto_fd fd = -1;
	ssize_t n = 0;
	va_list ap;

	va_start(ap, path);
	pth_buf_vaddf(&name, path, ap);
	va_end(ap);
	fd = openat(dirfd, name.s, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = pth_read_all(fd, text, size - 1);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

int
pth_write_text(int dirfd, const char *file, const char *text)
{
	int fd = openat(dirfd, file, O_WRONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -1;
	r = pth_write_all(fd, text, strlen(text));
	return close(fd) == 0 ? r : -1;
}

static char *
joined(const char *dir, const char *tail)
{
	struct pth_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "%s%s", dir, tail);
	return pth_buf_take(&b);
}

/* Our data below top, as in a checkout or as installed; share stays NULL when
 * it is not there. */
static void
look_below(struct pth_home *h, const char *top)
{
	static const char *const places[][2] = { { "/share", "/examples/minip" },
		{ "/share/pth", "/libexec/pth" } };

	for (size_t i = 0; i < countof(places); i++) {
		pth_auto_str share = joined(top, places[i][0]);
		pth_auto_str plugins = joined(share, "/plugins");

		if (access(plugins, F_OK) == 0) {
			h->share = pth_take(&share);
			h->libexec = joined(top, places[i][1]);
			return;
		}
	}
}

int
pth_home_find(struct pth_home *h, struct pth_err *e)
{
	char exe[PATH_MAX], *cut;
	const char *env = getenv("PTH_SHARE");
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	memset(h, 0, sizeof *h);
	if (n < 0)
		return pth_err_set(e, PTH_SYSTEM, "/proc/self/exe:");
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	h->bin = pth_xstrdup(exe);
	/* A sanitizer build lies two folders deeper: build/asan/bin. */
	for (int up = 0; up < 3 && h->share == NULL; up++) {
		cut = strrchr(exe, '/');
		if (cut != NULL)
			*cut = '\0';
		look_below(h, exe);
	}
	if (env != NULL && *env != '\0') {
		free(h->share);
		h->share = pth_xstrdup(env);
	}
	if (h->libexec == NULL)
		h->libexec = pth_xstrdup(h->bin);
	if (h->share == NULL) {
		pth_err_set(e, PTH_SYSTEM,
		    "%s: no share/plugins beside it or in ../share/pth; set PTH_SHARE", h->bin);
		pth_home_release(h);
		return -1;
	}
	return 0;
}

void
pth_home_release(struct pth_home *h)
{
	free(h->share);
	free(h->libexec);
	free(h->bin);
	memset(h, 0, sizeof *h);
}

static bool
runnable(const char *path)
{
	struct stat st;

	return access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

char *
pth_which(const char *name, const char *path)
{
	struct pth_word rest, dir;
	pth_auto_buf b = PTH_BUF_INIT;

	if (strchr(name, '/') != NULL)
		return runnable(name) ? pth_xstrdup(name) : NULL;
	if (path == NULL)
		path = getenv("PATH");
	if (path == NULL)
		path = "/usr/local/bin:/usr/bin:/bin";
	rest = pth_word_of(path);
	while (*name != '\0' && pth_word_next(&rest, ":", &dir)) {
		pth_buf_cut(&b, 0);
		pth_buf_addf(
		    &b, "%.*s/%s", dir.n != 0 ? (int)dir.n : 1, dir.n != 0 ? dir.s : ".", name);
		if (runnable(b.s))
			return pth_buf_take(&b);
	}
	return NULL;
}

static void
no_more(int sig)
{
	(void)sig;
}

void
pth_outlive_interrupt(void)
{
	struct sigaction sa = { .sa_handler = no_more, .sa_flags = SA_RESTART | SA_RESETHAND }, old;

	if (sigaction(SIGINT, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
		sigaction(SIGINT, &sa, NULL);
}

bool
pth_tty_draws(int fd)
{
	const char *term = getenv("TERM");

	return term != NULL && *term != '\0' && strcmp(term, "dumb") != 0 && isatty(fd) != 0;
}

bool
pth_tty_colours(int fd)
{
	const char *no = getenv("NO_COLOR");

	return (no == NULL || *no == '\0') && pth_tty_draws(fd);
}

size_t
pth_heap_bytes(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}
