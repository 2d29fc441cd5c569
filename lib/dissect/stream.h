/*
 * A stream of bytes that comes in parts, some twice and some too early, and is read in its order:
 * of QUIC, of TCP. Of what comes too early 4 MiB are kept, which is more than the windows that
 * systems give by themselves, and what nobody wants to read (bodies) is skipped without being kept.
 * Private to this folder.
 */
#ifndef PTH_DISSECT_STREAM_H
#define PTH_DISSECT_STREAM_H

#include "dissect/priv.h"
#include "dissect/span.h"

struct stream {
	uint64_t at;      /* everything before was read or skipped */
	uint64_t high;    /* behind the highest byte that came */
	struct pth_buf b; /* bytes from there on, behind `head` older ones: those of `kept` */
	size_t head;
	struct spans kept;
	bool lost; /* bytes came that were not kept: there may be a gap that stays */
};

/* n bytes have come, which begin at that offset of the stream. Of what came twice the first counts.
 */
void dissect_stream_keep(struct stream *s, uint64_t offset, const uint8_t *p, uint64_t n);
/* What can be read now, from s->at on; until the next call. */
struct cursor dissect_stream_there(const struct stream *s);
/* The next n bytes have been read, or are of no interest. */
void dissect_stream_skip(struct stream *s, uint64_t n);
/* At the end: how many bytes were skipped that never came; how many came and were not read. */
uint64_t dissect_stream_missing(const struct stream *s);
uint64_t dissect_stream_rest(const struct stream *s);
void dissect_stream_release(struct stream *s);

#endif
