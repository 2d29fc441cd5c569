/* This file takes the results of a simulation out of the data directory of Shadow. */
#include "shadow/data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/file.h"
#include "io/json.h"
#include "io/record.h"
#include "packet/capfile.h"
#include "shadow/shadow.h"

#define PCAP "eth0.pcap"
#define STATS_MAX ((size_t)16 << 20)
enum { DEPTH_MAX = 32 };

bool
shadow_is_complete(int testdir)
{
	pth_auto_buf b = PTH_BUF_INIT;
	json_auto_t *stats = NULL;
	struct stat st;
	struct pth_err e;

	if (fstatat(testdir, PTH_SHADOW_DATA "/processed-config.yaml", &st, AT_SYMLINK_NOFOLLOW) !=
	        0 ||
	    pth_file_read_below(testdir, PTH_SHADOW_DATA "/sim-stats.json", STATS_MAX, &b, &e) != 0)
		return false;
	stats = pth_json_parse(b.s != NULL ? b.s : "", b.len, &e);
	return json_is_object(stats);
}

/* The directory of a host; -1 when there is none. */
static int
open_host(int testdir, const char *host)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, PTH_SHADOW_DATA "/hosts/%s", host);
	return pth_open_dir(testdir, b.s);
}

/* PROGRAM.1000.stdout: pids count from 1000, in the order of starts. The pid, or -1. */
static long
pid_of(const char *name, const char *what)
{
	const char *end = strrchr(name, '.'), *p = end;
	long pid = 0;

	if (end == NULL || strcmp(end + 1, what) != 0)
		return -1;
	while (p > name && p[-1] >= '0' && p[-1] <= '9' && end - p < 9)
		p--;
	if (p == end || p == name || p[-1] != '.')
		return -1;
	for (; p < end; p++)
		pid = pid * 10 + (*p - '0');
	return pid;
}

/* The output of the first process of a host. False: there is none. */
static bool
first_output(int hostdir, const char *what, char name[NAME_MAX + 1])
{
	pth_auto_dir d = pth_opendir(hostdir, ".");
	struct dirent *de;
	long least = -1, pid;

	while (d != NULL && (de = readdir(d)) != NULL) {
		pid = pid_of(de->d_name, what);
		if (pid < 0 || (least >= 0 && pid >= least))
			continue;
		least = pid;
		snprintf(name, NAME_MAX + 1, "%s", de->d_name);
	}
	return least >= 0;
}

bool
shadow_has_started(int testdir, const char *host)
{
	pth_auto_fd fd = open_host(testdir, host);
	char name[NAME_MAX + 1];

	return fd >= 0 && first_output(fd, "stdout", name);
}

/* --- moving */

/* Move one thing, unless one of the new name is there. */
static bool
move(int from, const char *name, int to, const char *as)
{
	return renameat2(from, name, to, as, RENAME_NOREPLACE) == 0;
}

/* The outputs are ours: what a program may have put into their place goes. */
static void
move_output(int hostdir, int to, const char *what, const char *as)
{
	char name[NAME_MAX + 1];

	if (!first_output(hostdir, what, name))
		return;
	pth_rmtree(to, as, NULL);
	move(hostdir, name, to, as);
}

/* All that is left, and of directories that are there in both, what is in them. */
static void
merge(int from, int to, int depth)
{
	pth_auto_dir d = pth_opendir(from, ".");
	struct dirent *de;

	while (d != NULL && (de = readdir(d)) != NULL) {
		const char *name = de->d_name;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    move(from, name, to, name) || errno != EEXIST || depth == DEPTH_MAX)
			continue;
		pth_auto_fd below = pth_open_dir(from, name), there = pth_open_dir(to, name);

		if (below >= 0 && there >= 0)
			merge(below, there, depth + 1);
	}
}

void
shadow_collect(int testdir, const char *host, const char *service)
{
	pth_auto_fd from = open_host(testdir, host), to = pth_open_dir(testdir, service);

	if (from < 0 || to < 0)
		return;
	move_output(from, to, "stdout", "stdout.log");
	move_output(from, to, "stderr", "stderr.log");
	pth_rmtree(to, PCAP, NULL);
	merge(from, to, 0);
}

json_t *
shadow_capture(int testdir, const char *service)
{
	json_t *o = json_object();
	pth_auto_buf path = PTH_BUF_INIT;
	struct pth_capfile *f;
	struct pth_frame frame;
	int64_t n = 0;

	pth_buf_addf(&path, "%s/" PCAP, service);
	pth_auto_fd fd = pth_open_regular(testdir, path.s, NULL);

	pth_rcap_set_interface(o, "eth0");
	pth_rcap_set_isolated(o, true);
	if (fd < 0) {
		pth_rcap_set_error(o, "Shadow has written no " PCAP " of its host");
		return o;
	}
	pth_rcap_set_file(o, path.s);
	f = pth_capfile_new(fd);
	while (pth_capfile_next(f, &frame))
		n++;
	if (!pth_capfile_is_one(f) || pth_capfile_lack(f) != NULL)
		pth_rcap_set_error(
		    o, pth_capfile_lack(f) != NULL ? pth_capfile_lack(f) : PCAP " is no capture");
	else
		pth_rcap_set_packets(o, n);
	pth_capfile_free(f);
	return o;
}
