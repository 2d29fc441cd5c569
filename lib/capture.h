/*
 * Packet capture of one interface into a pcapng file, by a process of its
 * own (packet(7), TPACKET_V3 ring), so that a busy supervisor loses nothing.
 *
 * Why not dumpcap: it hands packets over when a kernel block is full or after
 * 250 ms, and drops what it has not read yet when it is stopped; a test of
 * 10 ms leaves an empty file. Here the caller knows when the last packet is in.
 */
#ifndef PTH_CAPTURE_H
#define PTH_CAPTURE_H

#include <stdint.h>
#include <sys/types.h>

#include "err.h"

struct pth_capture {
	pid_t pid;
	int ctl;    /* closing it asks the process to finish */
	int report; /* it writes its result here */
	const char *interface; /* borrowed */
};

struct pth_capture_result {
	uint64_t packets, dropped;
	int error; /* errno of a failed write, or 0 */
};

struct pth_tally;

/* Captures that are started from now on count packets by port there, too;
 * NULL: they do not. Borrowed. */
void pth_capture_tally(struct pth_tally *t);
/*
 * Start the process; it opens the interface and its ring meanwhile (the
 * kernel takes some milliseconds). path is below dirfd, created. snaplen 0:
 * whole packets. -1 with e.
 */
int pth_capture_start(struct pth_capture *c, const char *interface, int dirfd,
    const char *path, unsigned snaplen, struct pth_err *e);
/* Wait until the ring is live: what is sent afterwards is in the file. -1 with
 * e when it cannot (no right, no such interface); the process is then gone. */
int pth_capture_confirm(struct pth_capture *c, struct pth_err *e);
/* Take in what is still in the ring (some milliseconds), close the file. The
 * process ends by itself then; its zombie is left to the caller's sweep, for
 * the kernel takes longer to dissolve the ring than we want to wait.
 * -1 with e when it died or could not write. */
int pth_capture_stop(struct pth_capture *c, struct pth_capture_result *r, struct pth_err *e);

#endif
