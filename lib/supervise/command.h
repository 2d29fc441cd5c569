/*
 * Commands of a plan, {"argv", "env", "cwd", ...}, and the surroundings in which
 * they run: those of a service, or of the test itself.
 */
#ifndef PTH_SUPERVISE_COMMAND_H
#define PTH_SUPERVISE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "host/proc.h"
#include "io/category.h"
#include "io/placeholder.h"
#include "supervise/limit.h"
#include "supervise/loglimit.h"

struct surroundings {
	const json_t *plan; /* borrowed: its "environment", "user" and "limits" count; or NULL */
	const struct pth_places *places;
	int dirfd;              /* of the directory in which the logs are */
	const char *home;       /* path of the same */
	struct pth_limit limit; /* what commands may use */
	struct loglimit logs;   /* those that they write */
	bool out_of_memory;     /* the kernel has killed one at the limit of memory */
	int64_t oom_kills;      /* how often it did */
};

/* Of two deadlines. */
static inline int64_t
supervise_earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Start a command. The pid of a new session, or -1 with e and *err_no: exec's
 * errno, or 0. out and err are borrowed, -1: /dev/null. */
pid_t supervise_command_start(const struct surroundings *at, const json_t *cmd, int out, int err,
    int *err_no, struct pth_err *e);
/* The same with the logs PREFIXstdout.log and PREFIXstderr.log, watched from now on. */
pid_t supervise_command_logged(
    struct surroundings *at, const json_t *cmd, const char *prefix, int *err_no, struct pth_err *e);
/* Has it ended? Then it is reaped and *x says how. False for pid 0. */
bool supervise_command_ended(pid_t pid, struct pth_exit *x);
/* A command has ended: has the kernel killed a process for want of memory? */
void supervise_command_note_memory(struct surroundings *at);
/* The limit that was behind such an end: its name in why, and for messages ": out of
 * memory: limit 64 MiB", or "". */
const char *supervise_command_excess(
    const struct surroundings *at, const struct pth_exit *x, struct pth_reason *why, char to[80]);
/* "; last log line: TEXT" of the first of two logs below dirfd that has any,
 * or "": for messages. second may be NULL. Returns TEXT. */
const char *supervise_command_last_line(
    int dirfd, const char *first, const char *second, char *to, size_t max);
/* What a failure is of which `found` is known, else usual. Limits of its own make a
 * command meet what would be a want of the machine else; other tests need not stop for
 * that. */
enum pth_category supervise_command_category(
    const struct surroundings *at, enum pth_category found, enum pth_category usual);
/* The same where a line of a log is all that is known. */
enum pth_category supervise_command_log_category(
    const struct surroundings *at, const char *line, enum pth_category usual);

#endif
