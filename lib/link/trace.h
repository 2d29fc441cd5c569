/*
 * Capacity traces as mahimahi writes them (mm-link(1)): a line for each time, in ms since the
 * beginning, at which a packet of 1500 bytes may pass. The trace begins anew at its last line.
 * Lines that are empty or begin with '#' are skipped.
 */
#ifndef PTH_LINK_TRACE_H
#define PTH_LINK_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define LINK_TRACE_BYTES 1500u

struct pth_link_trace {
	uint32_t *ms; /* owned; it does not go back in time */
	size_t n;
	unsigned users; /* it is shared */
};

/* Where in a trace a link is. */
struct link_turn {
	uint64_t lap;
	size_t i;
	uint32_t left; /* bytes of this chance */
	bool begun;
};

/* Out of its text, with one user; NULL with e: "line 3: ...". */
struct pth_link_trace *link_trace_parse(const char *text, size_t n, struct pth_err *e);
/* The same of a file that is named in a configuration: "FILE:3:1: ...". */
struct pth_link_trace *link_trace_read(const char *path, struct pth_err *e);
struct pth_link_trace *link_trace_share(struct pth_link_trace *t);
void link_trace_free(struct pth_link_trace *t);
/* When the last byte of so many has passed, in ns, for a packet that is there from `now` on. */
int64_t link_trace_pass(
    const struct pth_link_trace *t, struct link_turn *at, int64_t now, uint32_t bytes);

#endif
