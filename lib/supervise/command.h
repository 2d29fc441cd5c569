/*
 * Commands of a plan, {"argv", "env", "cwd", ...}, and the surroundings in which
 * they run: those of a service, or of the test itself.
 */
#ifndef PTH_SUPERVISE_COMMAND_H
#define PTH_SUPERVISE_COMMAND_H

#include "host/proc.h"
#include "io/category.h"
#include "io/placeholder.h"
#include "supervise/limit.h"
#include "supervise/logs.h"

struct surroundings {
	const json_t *plan; /* borrowed: its "environment", "user" and "limits" count; or NULL */
	const struct pth_places *places;
	int dirfd;              /* of the directory in which the logs are */
	const char *home;       /* path of the same */
	const char *log_dir;    /* where in it the logs are: "", or "engine/" of what is done for a
	                         * container, in which the service has logs of its own */
	struct pth_limit limit; /* what commands may use */
	struct pth_proc_confine confine; /* what they may touch, when `confined` */
	struct pth_proc_user user;       /* who they are, when `becomes` */
	int net;                         /* network namespace that they are in, or 0: ours */
	bool confined, becomes;
	bool apart;         /* nobody else has that user namespace or, without one, that user */
	struct logs logs;   /* those that they write */
	bool out_of_memory; /* the kernel has killed one at the limit of memory */
	int64_t oom_kills;  /* how often it did */
};

/* Go to the network of those commands, to look at it or to make a socket there: what is given to
 * pth_ns_leave_net() afterwards; -1: it is ours. */
int supervise_net_enter(const struct surroundings *at);

/* Of two deadlines. */
static inline int64_t
supervise_earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Start a command. The pid of a new session, or -1 with e; *err_no (may be NULL) is
 * then exec's errno, and as it was after other failures. out and err are borrowed, -1: /dev/null.
 */
pid_t supervise_command_start(const struct surroundings *at, const json_t *cmd, int out, int err,
    int *err_no, struct pth_err *e);
/* The same with the logs PREFIXstdout.log and PREFIXstderr.log. */
pid_t supervise_command_logged(
    struct surroundings *at, const json_t *cmd, const char *prefix, int *err_no, struct pth_err *e);
/* Has it ended? Then it is reaped and *x says how. False for pid 0. */
bool supervise_command_ended(pid_t pid, struct pth_exit *x);
/* A command has ended: has the kernel killed a process for want of memory? */
void supervise_command_note_memory(struct surroundings *at);
/* The limit that was behind such an end: its name in why, and for messages ": out of
 * memory: limit 64 MiB", or "". */
void supervise_command_excess(
    const struct surroundings *at, const struct pth_exit *x, struct pth_reason *why, char to[80]);
/* The program of a command as the plan has it, or "". */
const char *supervise_command_program(const json_t *cmd);
/* A command could not be started, for e: its program, and what failure that is. */
void supervise_command_unstarted(const struct surroundings *at, const json_t *cmd,
    const struct pth_err *e, enum pth_category usual, struct pth_reason *why);
/* What a failure is of which `found` is known, else usual. Limits of its own make a
 * command meet what would be a want of the machine else; other tests need not stop for
 * that. */
enum pth_category supervise_command_category(
    const struct surroundings *at, enum pth_category found, enum pth_category usual);
/* Does the end of the service's logs, as far as they have been read, tell of a port that
 * somebody else has? */
bool supervise_command_conflict(struct surroundings *at);
#define SUPERVISE_LAST_LINE "; last log line: "
/* For messages, "; last log line: TEXT" of the log at path as far as it has been read, or "".
 * path NULL: that of
 * the first of stderr.log and stdout.log that has any. Returns what failure the line
 * tells of, else usual. */
enum pth_category supervise_command_last_line(
    struct surroundings *at, const char *path, enum pth_category usual, char to[500]);

#endif
