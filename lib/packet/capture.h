/*
 * Packet capture of one interface into pcapng files, by a process of its
 * own (packet(7), TPACKET_V3 ring), so that a busy supervisor loses nothing.
 *
 * Why not dumpcap: it hands packets over when a kernel block is full or after
 * 250 ms, and drops what it has not read yet when it is stopped; a test of
 * 10 ms leaves an empty file. Here the caller knows when the last packet is in.
 */
#ifndef PTH_PACKET_CAPTURE_H
#define PTH_PACKET_CAPTURE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "packet/port_count.h"

/* What is to be captured, and where to. All borrowed until the start. */
struct pth_capture_spec {
	const char *interface;
	int dirfd;
	const char *path;                 /* below dirfd; created */
	unsigned snaplen;                 /* bytes kept of each packet; 0: all */
	const struct sock_filter *filter; /* its program, packet/bpf.h; NULL: all packets */
	unsigned filter_n;
	unsigned retire;  /* ms, then the kernel hands over a block that is not full; 0: 2 */
	int64_t buffer;   /* bytes of the kernel's ring; 0: 8 MiB */
	int64_t max_size; /* bytes after which nothing is written any more; 0: no end */
	unsigned files;   /* > 0: begin a new file at file_size bytes, keep so many */
	int64_t file_size;
	bool shared_clock;             /* a packet has the same time in all captures that see it */
	struct pth_port_count *counts; /* packets by port are counted there, too; NULL: nowhere */
};

#define PTH_CAPTURE_FILES_MAX 1000

struct pth_capture {
	pid_t pid;
	int ctl;                      /* a byte asks the process to finish */
	int report;                   /* it writes its result here */
	const char *interface, *path; /* borrowed */
};

struct pth_capture_result {
	uint64_t packets;     /* in the files that are there */
	uint64_t dropped;     /* lost in the kernel: its ring was full, or not handed over */
	uint64_t discarded;   /* went with the files that the ring gave up */
	uint64_t omitted;     /* came after max_size, or could not be written */
	unsigned first, last; /* numbers of the files; 0 without a ring */
	int error;            /* errno of a failed write, or 0 */
};

/*
 * Start the process; it opens the interface, its ring and its file meanwhile
 * (the kernel takes some milliseconds). -1 with e.
 */
int pth_capture_start(
    struct pth_capture *c, const struct pth_capture_spec *spec, struct pth_err *e);
/* Wait until the ring is live: what is sent afterwards is in the file. -1 with
 * e when it cannot (no right, no such interface, a filter that the kernel
 * refuses); the process is then gone, and there is no file. */
int pth_capture_confirm(struct pth_capture *c, struct pth_err *e);
/*
 * Take in what is still in the ring (some milliseconds), close the file. The
 * process ends by itself then; its zombie is left to the caller's sweep, for
 * the kernel takes longer to dissolve the ring than we want to wait.
 * -1 with e when it died (r is all 0 then) or could not write (r->error says
 * why, and the rest of r what there is).
 */
int pth_capture_stop(struct pth_capture *c, struct pth_capture_result *r, struct pth_err *e);

/* Append the name of file n of a ring: capture_00001.pcapng; n 0: path itself. */
void pth_capture_file(struct pth_buf *b, const char *path, unsigned n);

#endif
