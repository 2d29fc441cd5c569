/*
 * A growing log that is searched line by line for a POSIX extended regular
 * expression. Lines longer than 64 KiB are matched by their beginning.
 */
#ifndef PTH_SUPERVISE_LOG_SEARCH_H
#define PTH_SUPERVISE_LOG_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct log_search;
/* Its first `skip` bytes do not count. NULL with e when the expression is
 * wrong. The file need not exist yet. */
struct log_search *supervise_log_search_open(
    int dirfd, const char *path, const char *regex, int64_t skip, struct pth_err *e);
/* Search what has come, at most some 20 ms at once. True for good once it matched. */
bool supervise_log_search_look(struct log_search *l);
/* The file is about to be cut to keep bytes (supervise/loglimit.h): search the last 256
 * KiB of what was not searched, and go on from there. */
void supervise_log_search_cut(struct log_search *l, int64_t keep);
/* Is there more that has not been searched? */
bool supervise_log_search_behind(const struct log_search *l);
void supervise_log_search_close(struct log_search *l);

#endif
