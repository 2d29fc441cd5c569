/*
 * Writing pcapng files (draft-ietf-opsawg-pcapng, sections 4.1-4.3, 4.6):
 * one section, one interface, enhanced packet blocks, and at the end an
 * interface statistics block with the drop count.
 */
#ifndef PTH_PCAPNG_H
#define PTH_PCAPNG_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct pth_pcapng;

#define PTH_LINKTYPE_ETHERNET 1

/* Write to fd, which is borrowed. Buffered: pth_pcapng_flush() for a reader.
 * tsresol is nanoseconds. */
struct pth_pcapng *pth_pcapng_open(int fd, const char *interface, unsigned linktype,
    unsigned snaplen);
/* ns: time since the epoch. cap bytes of p are stored of len on the wire. */
void pth_pcapng_packet(struct pth_pcapng *w, uint64_t ns, const void *p, uint32_t cap,
    uint32_t len);
int pth_pcapng_flush(struct pth_pcapng *w);
/* Statistics block, flush, free. -1 with e when any write failed (disk full). */
int pth_pcapng_close(struct pth_pcapng *w, uint64_t received, uint64_t dropped,
    struct pth_err *e);

#endif
