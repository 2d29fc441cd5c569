/* What the files of trace.h share. Private to this folder. */
#ifndef PTH_DISSECT_TRACE_PRIV_H
#define PTH_DISSECT_TRACE_PRIV_H

#include "dissect/watch.h"

/* A CONNECTION_CLOSE frame. */
struct trace_close {
	bool there, app;
	uint64_t code;
	const uint8_t *reason;
	size_t n;
};

/* The frames of a decrypted packet as a JSON list, with the names that the drafts give them. Where
 * frames cannot be read on, the rest is one of type unknown. ack_shift: of the sender. */
void dissect_trace_frames(
    struct pth_buf *b, struct cursor at, unsigned ack_shift, struct trace_close *close);
/* Transport parameters (RFC 9000, 18.2): members of an object, each with a comma before it. */
void dissect_trace_parameters(struct pth_buf *b, struct cursor at);

#endif
