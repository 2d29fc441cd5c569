#include "host/run_id.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

static void
add_boot(struct pth_buf *b)
{
	char line[64] = "unknown";
	FILE *fp = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (fp != NULL) {
		(void)!fgets(line, sizeof line, fp);
		fclose(fp);
	}
	for (const char *p = line; *p != '\0' && *p != '\n'; p++)
		if (*p != '-')
			pth_buf_addc(b, *p);
}

/* Field 22 of /proc/PID/stat; the name in field 2 may hold anything. 0: there
 * is no such process. */
static unsigned long long
start_time(long pid)
{
	char line[1024] = "", path[64];
	unsigned long long t = 0;
	const char *p;
	FILE *fp;

	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	fp = fopen(path, "re");

	if (fp == NULL)
		return 0;
	if (fgets(line, sizeof line, fp) != NULL && (p = strrchr(line, ')')) != NULL &&
	    sscanf(p + 1,
	        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d"
	        " %*d %*d %llu",
	        &t) != 1)
		t = 0;
	fclose(fp);
	return t;
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
	struct pth_buf b = PTH_BUF_INIT;
	unsigned long long start;
	bool yes;
	long pid;

	add_boot(&b);
	pth_buf_addc(&b, '.');
	yes = strncmp(owner, b.s, b.len) == 0 &&
	    sscanf(owner + b.len, "%ld.%llu", &pid, &start) == 2 && pid > 0 &&
	    start_time(pid) == start;
	pth_buf_release(&b);
	return yes;
}

static uint64_t
fnv(uint64_t h, const char *s)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	return h;
}

void
pth_run_id_unique(const char *owner, const char *path, char to[PTH_UNIQUE_SIZE])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	uint64_t h = fnv(fnv(0xcbf29ce484222325, owner), path);

	for (int i = 0; i < PTH_UNIQUE_SIZE - 1; i++) {
		to[i] = digits[h % (sizeof digits - 1)];
		h /= sizeof digits - 1;
	}
	to[PTH_UNIQUE_SIZE - 1] = '\0';
}
