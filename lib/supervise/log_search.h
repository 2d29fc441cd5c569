/*
 * A growing log that is searched line by line for a POSIX extended regular
 * expression. Lines longer than 64 KiB are matched by their beginning.
 */
#ifndef PTH_SUPERVISE_LOG_SEARCH_H
#define PTH_SUPERVISE_LOG_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "supervise/logs.h"

struct log_search;
/* The log of that path, or a file that a program writes below the directory of the logs; it need
 * not exist yet, and what is no regular file does not count. Its first `skip` bytes do not count
 * either. NULL with e when the expression is wrong. */
struct log_search *supervise_log_search_open(
    const struct logs *logs, const char *path, const char *regex, int64_t skip, struct pth_err *e);
/* Search what has come, at most some 20 ms at once. True for good once it matched. */
bool supervise_log_search_look(struct log_search *l);
/* Bytes of the log that are not kept (supervise/logs.h). */
void supervise_log_search_lost(struct log_search *l, const char *p, size_t n);
/* Is there more that has not been searched? */
bool supervise_log_search_behind(const struct log_search *l);
/* Why it cannot be told that nothing matches, in a few words (borrowed, until the next call); NULL
 * when all that came has been searched. */
const char *supervise_log_search_doubt(const struct log_search *l);
void supervise_log_search_close(struct log_search *l);

#endif
