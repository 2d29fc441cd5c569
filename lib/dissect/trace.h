/*
 * qlog of a capture's QUIC connections, as the network saw them: a file for each connection, named
 * by its original destination connection id, in a directory. The format is qlog 0.3 as JSON-SEQ
 * (draft-ietf-quic-qlog-main-schema-04, draft-ietf-quic-qlog-quic-events-03; RFC 7464).
 *
 *   struct pth_traces *t = pth_traces_new(dirfd);
 *   how.watch = pth_traces_watch(t);
 *   ... dissect; pth_traces_file(t, name) before each file ...
 *   if (pth_traces_finish(t, &e) != 0)
 *           ...
 *   pth_traces_free(t);
 *
 * What the client sends is packet_sent, what the server sends packet_received (`flow` is client). A
 * packet that could not be decrypted has no packet_number and no frames, and "encrypted": true.
 * Times are ms since the first packet of the connection; where the capture's clock goes backwards
 * an event has the time of the one before it, and its own as "captured_at". datagram_id is
 * frame.number.
 */
#ifndef PTH_DISSECT_TRACE_H
#define PTH_DISSECT_TRACE_H

#include "base/err.h"
#include "dissect/dissect.h"

struct pth_traces;

/* dirfd is borrowed. */
struct pth_traces *pth_traces_new(int dirfd);
const struct pth_watch *pth_traces_watch(const struct pth_traces *t);
/* Connections that come are of this file; all before are complete. */
void pth_traces_file(struct pth_traces *t, const char *name);
/* Write what is not written. -1 with e: a file could not be written, then or before. */
int pth_traces_finish(struct pth_traces *t, struct pth_err *e);
/* Of the file at hand: packets that belong to no connection that is known, and connections that
 * have no file because there are more than can be kept. */
uint64_t pth_traces_stray(const struct pth_traces *t);
uint64_t pth_traces_left_out(const struct pth_traces *t);
void pth_traces_free(struct pth_traces *t);

#endif
