/*
 * This file lists who lives in our pid namespace, whichever /proc we have.
 *
 * A container that hides parts of /proc forbids a fresh one to those inside
 * (mount_too_revealing in the kernel), so a pid namespace in it has that of an
 * outer one, in which our processes stand under other names.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/text.h"
#include "host/proc.h"

/* The pid namespace of a process in /proc; 0 when we must not know. */
static ino_t
namespace_of(const char *process)
{
	char path[300];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%s/ns/pid", process);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

/* Its pid there, the last of "NSpid:\t4711\t2\n"; 0 when it has gone. */
static pid_t
innermost_pid(const char *process)
{
	char text[4096], *p;
	long long pid;

	pth_read_text(AT_FDCWD, text, sizeof text, "/proc/%s/status", process);
	p = strstr(text, "\nNSpid:");
	if (p == NULL)
		return 0;
	p[1 + strcspn(p + 1, "\n")] = '\0';
	p = strrchr(p, '\t');
	return p != NULL && pth_int(p + 1, 1, INT_MAX, &pid) ? (pid_t)pid : 0;
}

static bool
proc_is_ours(void)
{
	char self[32] = "", pid[32];

	snprintf(pid, sizeof pid, "%ld", (long)getpid());
	return readlink("/proc/self", self, sizeof self - 1) > 0 && strcmp(self, pid) == 0;
}

bool
pth_proc_each(void (*f)(void *arg, const struct pth_proc_id *id), void *arg)
{
	bool ours = proc_is_ours();
	ino_t here = ours ? 0 : namespace_of("self");
	pth_auto_dir d = ours || here != 0 ? opendir("/proc") : NULL;
	struct dirent *de;
	long long shown;

	if (d == NULL)
		return false;
	while ((de = readdir(d)) != NULL) {
		struct pth_proc_id id = { 0 };

		if (!pth_int(de->d_name, 2, INT_MAX, &shown) ||
		    (!ours && namespace_of(de->d_name) != here))
			continue;
		id.shown = (pid_t)shown;
		id.pid = ours ? id.shown : innermost_pid(de->d_name);
		if (id.pid > 1 && id.pid != getpid() && (id.session = getsid(id.pid)) >= 0)
			f(arg, &id);
	}
	return true;
}
