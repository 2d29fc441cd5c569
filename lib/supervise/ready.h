/*
 * Is a service ready? Each check looks once and returns at once; the caller
 * decides when to look again and for how long.
 */
#ifndef PTH_SUPERVISE_READY_H
#define PTH_SUPERVISE_READY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Is a UDP socket bound to the port, or a TCP socket listening on it, in the
 * caller's network namespace? Reads /proc/net/{udp,udp6,tcp,tcp6}. */
bool supervise_ready_udp(unsigned port);
bool supervise_ready_tcp(unsigned port);
/* Does path exist (below dirfd or absolute)? */
bool supervise_ready_file(int dirfd, const char *path);

/* A growing log that is searched line by line for a POSIX extended regex.
 * Lines longer than 64 KiB are matched by their beginning. */
struct ready_log;
/* Its first `skip` bytes do not count. NULL with e when the expression is
 * wrong. The file need not exist yet. */
struct ready_log *supervise_ready_log_open(
    int dirfd, const char *path, const char *regex, int64_t skip, struct pth_err *e);
/* Search what has come, at most some 20 ms at once. True for good once it matched. */
bool supervise_ready_log_look(struct ready_log *l);
/* The file is about to be cut to keep bytes (supervise/loglimit.h): search the last 256
 * KiB of what was not searched, and go on from there. */
void supervise_ready_log_cut(struct ready_log *l, int64_t keep);
/* Is there more that has not been searched? */
bool supervise_ready_log_behind(const struct ready_log *l);
void supervise_ready_log_close(struct ready_log *l);

#endif
