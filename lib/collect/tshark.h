/*
 * Running Wireshark's tools on a capture, in an environment of their own: no
 * user preferences, no user plugins, no name lookups, UTC.
 */
#ifndef PTH_COLLECT_TSHARK_H
#define PTH_COLLECT_TSHARK_H

#include "collect/packets.h"

/* What a pass has given beside the packets. */
struct tshark_pass {
	bool cut;            /* the capture breaks off, as tshark says */
	struct pth_buf lack; /* why not all was read, in words; empty: nothing was said */
};

/* Limits of a run: its time, and the bytes of its output. 0: the usual one. */
struct tshark_limits {
	int64_t us, bytes;
};

/*
 * One pass of tshark over the capture in, a file from its begin: fills p (its
 * taps are counted in the same pass). decode: "Decode As" rules such as "udp.port==4443,quic".
 *
 * 0, or -1 with e: code PTH_SYSTEM when tshark cannot be started (not installed), PTH_INPUT when
 * it refused (a wrong filter or decode rule: its own words are in the text). When tshark did not
 * read or say everything - it was killed, reached a limit, complained - what it gave is in p, the
 * result is 0 and pass->lack says why; taps whose count did not come stay at -1.
 */
int collect_tshark_read(int in, const json_t *decode, const struct tshark_limits *limits,
    struct packets *p, struct tshark_pass *pass, struct pth_err *e);

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

/* Append to b the lines of a key log that are well-formed and not yet in
 * seen (an object used as a set). */
void collect_keylog_merge(struct pth_buf *b, json_t *seen, const char *text, size_t n);

#endif
