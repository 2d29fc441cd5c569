/*
 * Writing pcapng files (draft-ietf-opsawg-pcapng, sections 4.1-4.3, 4.6):
 * one section, one interface, enhanced packet blocks, and at the end an
 * interface statistics block with the drop count. And merging such files.
 *
 * A write that fails (disk full) leaves whole blocks only: what was begun is
 * cut off again, and what comes afterwards is counted and forgotten. So that a
 * capture does not take the disk from results and logs, it counts as full
 * when 256 KiB are left.
 */
#ifndef PTH_PACKET_PCAPNG_H
#define PTH_PACKET_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct pth_pcapng;

#define PTH_LINKTYPE_ETHERNET 1

/* Write to fd, which is borrowed. Buffered: pth_pcapng_flush() for a reader.
 * tsresol is nanoseconds. */
struct pth_pcapng *pth_pcapng_open(
    int fd, const char *interface, unsigned linktype, unsigned snaplen);
/* ns: time since the epoch. cap bytes of p are stored of len on the wire. */
void pth_pcapng_packet(
    struct pth_pcapng *w, uint64_t ns, const void *p, uint32_t cap, uint32_t len);
/* The same with a comment that is shown beside it; NULL: none. */
void pth_pcapng_packet_comment(struct pth_pcapng *w, uint64_t ns, const void *p, uint32_t cap,
    uint32_t len, const char *comment);
/* Bytes of the file so far, those in the buffer with them. */
uint64_t pth_pcapng_size(const struct pth_pcapng *w);
/* How much longer a packet of cap bytes makes it. */
uint64_t pth_pcapng_packet_size(uint32_t cap);
/* -1 and errno when this or an earlier write failed. */
int pth_pcapng_flush(struct pth_pcapng *w);
/* Packets that could not be written; known after a flush. */
uint64_t pth_pcapng_lost(const struct pth_pcapng *w);
/* The largest that a statistics block gets, with a comment of n bytes. */
uint64_t pth_pcapng_end_size(size_t n);
/* Statistics block, flush, free. comment: a sentence that goes into it, or
 * NULL. -1 and errno when any write failed (disk full). */
int pth_pcapng_close(
    struct pth_pcapng *w, uint64_t received, uint64_t dropped, const char *comment);

/*
 * Several captures as one, for who reads a single file: files that our writer
 * made (TLS secrets may have been put in), and files of pcap, of any byte order and resolution of
 * time (packet/capfile.h); packets by their time, all of one link type. paths: the
 * files of one capture, in order: regular ones below dirfd with no link on the way, or
 * (AT_FDCWD) where somebody has named them. A packet that several captures have is taken once,
 * with the time of who saw it first: one with the same bytes (as many as all captures store) and
 * the same time; or, when they were made apart, at different places of a network, with the same
 * bytes at about that time (packet/sighting.h). *cut: a file ended in the
 * middle or held something else, another link type too, and what comes there after is left out. 0,
 * or -1 with e: a file cannot be opened, out not be written, or all are empty.
 */
struct pth_pcapng_stream {
	const char *const *paths;
	size_t n;
};
int pth_pcapng_merge(int dirfd, const struct pth_pcapng_stream *v, size_t n, bool apart, int out,
    bool *cut, struct pth_err *e);

/* Each packet of such a file, in its order, until see says false: the time since the epoch, the
 * frame of which cap bytes are there, and its length on the wire. As above; a file that is cut is
 * no error. */
struct pth_pcapng_frame {
	uint64_t ns;
	const void *bytes;
	uint32_t cap, wire;
};
int pth_pcapng_each(int dirfd, const char *path,
    bool (*see)(void *arg, const struct pth_pcapng_frame *f), void *arg, bool *cut,
    struct pth_err *e);

#endif
