/* This file keeps two writers out of one run directory, and says who the first one is. */
#include "run/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "io/event.h"

#define PATIENCE_US (5 * PTH_SECOND_US)
#define EXITING 4 /* PF_EXITING, the kernel's flag of a process that ends; proc(5), stat */
#define COMMAND_MAX 200

/* The process that says that it works here, or 0: none, or none that can be seen from here. */
static pid_t
holder(int dirfd)
{
	pth_auto_fd fd = pth_open_regular(dirfd, "plan.jsonl", NULL);
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fd >= 0 && fcntl(fd, F_GETLK, &l) == 0 && l.l_type != F_UNLCK && l.l_pid > 0 ?
	    l.l_pid :
	    0;
}

/* Is it ending, so that what it holds is about to be free? Who was killed may be told by the
 * signal that it has not taken yet. */
static bool
is_ending(pid_t pid)
{
	char text[4096], path[40];
	const char *p;
	unsigned long flags = 0;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	if (pth_read_text(AT_FDCWD, text, sizeof text, "%s", path) == 0 ||
	    (p = strrchr(text, ')')) == NULL)
		return kill(pid, 0) != 0 && errno == ESRCH; /* others' may be hidden, hidepid */
	if (sscanf(p, ") %*c %*d %*d %*d %*d %*d %lu", &flags) == 1 && (flags & EXITING) != 0)
		return true;
	snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
	pth_read_text(AT_FDCWD, text, sizeof text, "%s", path);
	for (p = text; (p = strstr(p, "Pnd:\t")) != NULL; p++)
		if ((strtoull(p + 5, NULL, 16) >> (SIGKILL - 1) & 1) != 0)
			return true;
	return false;
}

/* The words of its command line. */
static void
put_command(struct pth_buf *b, pid_t pid)
{
	char text[COMMAND_MAX], path[32];
	size_t n;

	snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)pid);
	n = pth_read_text(AT_FDCWD, text, sizeof text, "%s", path);
	while (n > 0 && text[n - 1] == '\0')
		n--;
	for (size_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	pth_buf_adds(b, n > 0 ? " (" : "");
	pth_show(b, text, COMMAND_MAX);
	pth_buf_adds(b, n > 0 ? ")" : "");
}

/* whose: "another ", for a pth-exec that is told, or "". */
static int
refused(const char *path, const char *whose, pid_t pid, struct pth_err *e)
{
	static const char hint[] =
	    "; give each a directory of its own, and pth-merge makes one of them";
	pth_auto_buf command = PTH_BUF_INIT;

	if (pid == 0)
		return pth_err_set(e, PTH_SYSTEM,
		    "%s: %spth-exec works in it, or its tests do, or pth-collect reads it%s", path,
		    whose, *whose != '\0' ? hint : "");
	put_command(&command, pid);
	return pth_err_set(e, PTH_SYSTEM, "%s: %spth-exec works in it, process %ld%s%s", path,
	    whose, (long)pid, command.s != NULL ? command.s : "", *whose != '\0' ? hint : "");
}

/* 0: we have it; 1: there are no locks here; -1 with e. */
static int
take(int dirfd, int kind, const char *path, struct pth_err *e)
{
	const struct timespec pause = { 0, 20000000 };
	int64_t end = pth_mono_us() + PATIENCE_US;
	pid_t pid;

	while (flock(dirfd, kind | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return 1;
		pid = holder(dirfd);
		if ((pid != 0 && !is_ending(pid)) || pth_mono_us() > end)
			return refused(path, kind == LOCK_EX ? "another " : "", pid, e);
		nanosleep(&pause, NULL);
	}
	return 0;
}

int
pth_run_lock(int dirfd, const char *path, struct pth_err *e)
{
	int r = take(dirfd, LOCK_EX, path, e);

	if (r > 0)
		pth_warn("%s: this file system has no locks: keep other runs out of it", path);
	return r < 0 ? -1 : 0;
}

void
pth_run_lock_sign(int plan)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	fcntl(plan, F_SETLK, &l); /* without it we are only not named */
}

int
pth_run_lock_shared(int dirfd, const char *path, struct pth_err *e)
{
	return take(dirfd, LOCK_SH, path, e) < 0 ? -1 : 0;
}

bool
pth_run_lock_held(const char *path, struct pth_err *e)
{
	pth_auto_fd dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	pid_t pid = dir < 0 ? 0 : holder(dir);

	if (pid != 0)
		refused(path, "", pid, e);
	return pid != 0;
}
