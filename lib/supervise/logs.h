/*
 * What programs say. Their outputs are pipes that we read: a program cannot take back, change or
 * hide what it has written, whatever it does to the files that are named after its logs. We
 * hold the text, and write the file at PATH along with it, for people who look while the program
 * runs. When the programs are gone, a file that is not what was said is replaced.
 *
 * A log has a limit. What is beyond is dropped, and a mark says so; it stays the last line:
 *
 *	[pth: log limit of 64 MiB reached, output dropped]
 */
#ifndef PTH_SUPERVISE_LOGS_H
#define PTH_SUPERVISE_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"

struct log;
struct log_pump;

/* The logs of one directory. Zeroed but for these: none yet. */
struct logs {
	int dirfd;     /* borrowed: of the directory in which the files are */
	int epoll;     /* borrowed: the epoll(7) instance in which the pipes wait to be read */
	int64_t limit; /* bytes of each log; 0: none */
	/* The owner of the pipes, so that a program may open /dev/stdout; 0: ours. */
	uid_t uid;
	gid_t gid;
	/* A log is cut for the first time (may be NULL). And bytes that are not kept, so that who
	 * searches the log sees them (may be NULL). */
	void (*cut)(void *arg, const char *path);
	void (*lost)(void *arg, const char *path, const char *p, size_t n);
	void *arg;
	struct log **v;
	size_t n;
};

/* A pipe into the log at path (made, with its directories): the end for the program, which the
 * caller closes. -1 with errno. */
int supervise_logs_open(struct logs *l, const char *path);
/* Read what waits in the pipes of an epoll instance, of all logs that share it, but not for ever:
 * a program may write as fast as we read. */
void supervise_logs_pump(int epoll);
/* Read all that waits in these, up to some megabytes: a program has ended. */
void supervise_logs_drain(struct logs *l);
/* The log of that path; NULL when no program of ours writes it. */
struct log *supervise_logs_find(const struct logs *l, const char *path);
/* How many bytes it has. */
int64_t supervise_log_size(const struct log *g);
/* At most n bytes from a place on; how many there were. */
size_t supervise_log_read(const struct log *g, int64_t from, char *to, size_t n);
/* The programs are gone: read the rest, put every file that is not what was said in order. False
 * when that failed for one, whose path is then in *path (borrowed). */
bool supervise_logs_end(struct logs *l, const char **path);
/* {"stdout.log": bytes dropped}, or NULL when none was cut. */
json_t *supervise_logs_dropped(const struct logs *l);
void supervise_logs_release(struct logs *l);

#endif
