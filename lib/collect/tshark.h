/*
 * Running tshark on a capture, for the display filters that only it can answer, in an environment
 * of its own: no user preferences, no user plugins, no name lookups, UTC.
 */
#ifndef PTH_COLLECT_TSHARK_H
#define PTH_COLLECT_TSHARK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/json.h"

/* A display filter, and the packets that it takes. */
struct tshark_tap {
	const char *filter; /* borrowed */
	int64_t packets;    /* -1: not known */
	bool native;        /* it is known without tshark */
};

/* Limits of a run: its time, and the bytes of its output. 0: the usual one. */
struct tshark_limits {
	int64_t us, bytes;
};

/*
 * One pass of tshark over the capture in, a file from its begin: counts the packets of the taps
 * that are not native; when all are, tshark is not started. decode: "Decode As" rules such as
 * "udp.port==4443,quic".
 *
 * 0, or -1 with e: code PTH_SYSTEM when tshark cannot be started (not installed), PTH_INPUT when
 * it refused (a wrong filter or decode rule: its own words are in the text). When tshark did not
 * read or say everything - it was killed, reached a limit, complained - what it gave is in the
 * taps, the result is 0 and lack says why; taps whose count did not come are -1.
 */
int pth_tshark_count(int in, const json_t *decode, const struct tshark_limits *limits,
    struct tshark_tap *taps, size_t n, struct pth_buf *lack, struct pth_err *e);

/* The tables that tshark writes, read line by line. */
struct tshark_tables {
	struct tshark_tap *taps, *at; /* at: whose table it is; NULL at first */
	size_t n;
};

/* A line without its newline. */
void pth_tshark_line(struct tshark_tables *t, const char *line);

/* A file without a name, for output that nobody else shall see. -1 and errno. */
int pth_tshark_scratch(void);

#endif
