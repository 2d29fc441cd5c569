/* This file makes the name of a run that its own processes and what it left can be known by. */
#include "host/run_id.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/os.h"

static void
add_boot(struct pth_buf *b)
{
	char text[64];
	bool known = pth_read_text(AT_FDCWD, text, sizeof text, "/proc/sys/kernel/random/boot_id") >
	    0;

	for (const char *p = known ? text : "unknown"; *p != '\0' && *p != '\n'; p++)
		if (*p != '-')
			pth_buf_addc(b, *p);
}

/* Field 22 of /proc/PID/stat; the name in field 2 may hold anything. 0: there
 * is no such process. */
static unsigned long long
start_time(long pid)
{
	char line[1024];
	unsigned long long t = 0;
	const char *p;

	pth_read_text(AT_FDCWD, line, sizeof line, "/proc/%ld/stat", pid);
	p = strrchr(line, ')');
	return p != NULL &&
	        sscanf(p + 1,
	            " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d"
	            " %*d %*d %llu",
	            &t) == 1 ?
	    t :
	    0;
}

char *
pth_run_id_text(void)
{
	struct pth_buf b = PTH_BUF_INIT;

	add_boot(&b);
	pth_buf_addf(&b, ".%ld.%llu", (long)getpid(), start_time(getpid()));
	return pth_buf_take(&b);
}

bool
pth_run_id_lives(const char *owner)
{
	pth_auto_buf b = PTH_BUF_INIT;
	unsigned long long start;
	long pid;

	add_boot(&b);
	pth_buf_addc(&b, '.');
	return strncmp(owner, b.s, b.len) == 0 &&
	    sscanf(owner + b.len, "%ld.%llu", &pid, &start) == 2 && pid > 0 &&
	    start_time(pid) == start;
}

void
pth_run_id_unique(const char *owner, const char *path, char to[PTH_UNIQUE_SIZE])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	uint64_t h = pth_hash_text(pth_hash_text(PTH_HASH_EMPTY, owner), path);

	for (int i = 0; i < PTH_UNIQUE_SIZE - 1; i++) {
		to[i] = digits[h % (sizeof digits - 1)];
		h /= sizeof digits - 1;
	}
	to[PTH_UNIQUE_SIZE - 1] = '\0';
}

unsigned long
pth_pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 ? (unsigned long)st.st_ino : 0;
}
