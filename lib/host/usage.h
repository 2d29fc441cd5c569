/*
 * What processes use, out of /proc: proc_pid_stat(5), proc_pid_status(5),
 * proc_pid_fd(5), proc_pid_net(5). The parsers take any bytes.
 */
#ifndef PTH_HOST_USAGE_H
#define PTH_HOST_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/words.h"

/* Of one process or of several together. */
struct pth_usage {
	int64_t processes, threads, fds;
	int64_t rss_kb;                 /* pages shared by two count twice */
	int64_t cpu_us;                 /* user and system, also of children waited for */
	int64_t voluntary, involuntary; /* context switches */
	bool fds_hidden;                /* those of a process could not be counted */
};

struct pth_usage_stat {
	uint64_t user, sys;               /* clock ticks */
	uint64_t waited_user, waited_sys; /* of children */
	uint64_t threads, pages;
};

struct pth_usage_net {
	char name[32];
	uint64_t sent_packets, sent_bytes, received_packets, received_bytes;
};

/* /proc/PID/stat. False when it is none. */
bool pth_usage_stat(const char *text, size_t n, struct pth_usage_stat *to);
/* /proc/PID/status, or a thread's: adds its context switches. */
void pth_usage_status(const char *text, size_t n, struct pth_usage *to);
/* Take the next interface off a text of /proc/net/dev. */
bool pth_usage_net_next(struct pth_word *rest, struct pth_usage_net *to);

/* Add a process, without its descriptors. False when it has gone. shown: its
 * name in /proc; pid: that for system calls. */
bool pth_usage_process(pid_t shown, pid_t pid, struct pth_usage *to);
/* Count its descriptors; each socket is given to `socket` (may be NULL) with
 * its inode and the path of its link, of the first 4096. */
void pth_usage_fds(pid_t shown, struct pth_usage *to,
    void (*socket)(void *arg, uint64_t inode, const char *link), void *arg);

#endif
