/*
 * Running Wireshark's tools on a capture, in an environment of their own: no
 * user preferences, no user plugins, no name lookups, UTC.
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
int collect_tshark_count(int in, const json_t *decode, const struct tshark_limits *limits,
    struct tshark_tap *taps, size_t n, struct pth_buf *lack, struct pth_err *e);

/*
 * Put TLS secrets (text in the NSS key log format) into the pcapng at path below
 * dirfd, so that it opens decrypted. The file is replaced as a whole. One that has
 * secrets already stays as it is. What editcap said although it ended well is appended to said.
 * 0, or -1 with e and the file untouched.
 */
int collect_tshark_inject(int dirfd, const char *path, const struct pth_buf *keys,
    struct pth_buf *said, struct pth_err *e);

/* Are there TLS secrets in the pcapng at path? 1, 0, or -1 when it cannot be read as one. */
int collect_tshark_secrets(int dirfd, const char *path);

/* A file without a name, for output that nobody else shall see. -1 and errno. */
int collect_tshark_scratch(void);

/* Append to b the lines of a key log that are well-formed and not yet in
 * seen (an object used as a set). */
void collect_keylog_merge(struct pth_buf *b, json_t *seen, const char *text, size_t n);

#endif
