/*
 * What a program has run is written down also where it ends by _exit(), and where it has gone
 * to namespaces of its own: $GCOV_PREFIX is opened as it begins. Linked into the programs with
 * a --wrap for each function here, in a build for coverage only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HIGH 700 /* out of the way of programs that count descriptors */

void __gcov_dump(void);
void __gcov_reset(void);
void __real__exit(int code);
void __wrap__exit(int code);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap___gcov_execve(const char *path, char *const argv[], char *const env[]);
int __wrap___gcov_execvp(const char *file, char *const argv[]);

static const char *prefix;
static int folder = -1;

__attribute__((constructor)) static void
begin(void)
{
	int fd;

	prefix = getenv("GCOV_PREFIX");
	fd = prefix != NULL && *prefix != '\0' ? __real_open(prefix, O_PATH | O_DIRECTORY) : -1;
	if (fd < 0)
		return;
	folder = fcntl(fd, F_DUPFD_CLOEXEC, HIGH);
	close(fd);
}

/* A child of vfork(2) whose program cannot be run ends so, too: its parent, whose memory it has,
 * would have nothing more to write without the reset. */
void
__wrap__exit(int code)
{
	__gcov_dump();
	__gcov_reset();
	__real__exit(code);
}

/* The path below the folder, or NULL. */
static const char *
below(const char *path)
{
	size_t n = folder >= 0 ? strlen(prefix) : 0;

	return n != 0 && strncmp(path, prefix, n) == 0 && path[n] == '/' ?
	    path + n + strspn(path + n, "/") :
	    NULL;
}

static void
make_parents(const char *path)
{
	char part[4096];

	snprintf(part, sizeof part, "%s", path);
	for (char *p = strchr(part, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdirat(folder, part, 0777);
		*p = '/';
	}
}

int
__wrap_open(const char *path, int flags, ...)
{
	const char *rest = below(path);
	mode_t mode = 0;
	va_list args;
	int fd;

	va_start(args, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(args, mode_t);
	va_end(args);
	if (rest == NULL)
		return __real_open(path, flags, mode);
	fd = openat(folder, rest, flags, mode);
	if (fd < 0 && errno == ENOENT && (flags & O_CREAT) != 0) {
		make_parents(rest);
		fd = openat(folder, rest, flags, mode);
	}
	return fd;
}

int
__wrap_access(const char *path, int mode)
{
	return below(path) != NULL ? 0 : __real_access(path, mode);
}

/* A child of vfork(2) writes nothing: its parent, whose memory it has, does. */
int
__wrap___gcov_execve(const char *path, char *const argv[], char *const env[])
{
	return execve(path, argv, env);
}

int
__wrap___gcov_execvp(const char *file, char *const argv[])
{
	return execvp(file, argv);
}
