/*
 * Running Wireshark's tools on a capture, in an environment of their own: no
 * user preferences, no user plugins, no name lookups, UTC.
 */
#ifndef PTH_COLLECT_TSHARK_H
#define PTH_COLLECT_TSHARK_H

#include "collect/packets.h"

/*
 * One pass of tshark over the capture in, a file from its begin: fills p (its
 * taps are counted in the same pass). decode: "Decode As" rules such as "udp.port==4443,quic".
 *
 * 0, or -1 with e: code PTH_SYSTEM when tshark cannot be started (not
 * installed) or ran out of time, PTH_INPUT when it refused (a wrong filter or
 * decode rule: its own words are in the text). A capture that was cut short
 * gives 0 and *cut true.
 */
int collect_tshark_read(
    int in, const json_t *decode, struct packets *p, bool *cut, struct pth_err *e);

/*
 * Put TLS secrets (text in the NSS key log format) into the pcapng at path below
 * dirfd, so that it opens decrypted. The file is replaced as a whole. One that has
 * secrets already stays as it is. 0, or -1 with e and the file untouched.
 */
int collect_tshark_inject(
    int dirfd, const char *path, const struct pth_buf *keys, struct pth_err *e);

/* A file without a name, for output that nobody else shall see. -1 and errno. */
int collect_tshark_scratch(void);

/* Append to b the lines of a key log that are well-formed and not yet in
 * seen (an object used as a set). */
void collect_keylog_merge(struct pth_buf *b, json_t *seen, const char *text, size_t n);

#endif
