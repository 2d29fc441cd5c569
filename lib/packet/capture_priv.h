/* This header is only for capture.c and capture_file.c: the files that packets go into. */
#ifndef PTH_PACKET_CAPTURE_PRIV_H
#define PTH_PACKET_CAPTURE_PRIV_H

#include "packet/capture.h"

struct sink {
	const struct pth_capture_spec *spec;
	unsigned snaplen; /* what the file's header says */
	int dirfd;        /* of the directory that the files are in */
	char *name;       /* in there, without a number */
	int socket;       /* whose drops are counted, or -1 */
	int fd;
	struct pth_pcapng *w;
	uint64_t in_file, file_dropped;
	uint64_t arrived; /* at the socket, as of the last count; drops are among them */
	uint64_t *counts; /* packets of each file of the ring, by number % files */
	bool stopped;     /* at max_size, or after an error */
	struct pth_capture_result r;
};

/* Open the first file. -1 and errno. */
int packet_sink_open(struct sink *s, const struct pth_capture_spec *spec, unsigned snaplen);
void packet_sink_packet(struct sink *s, uint64_t ns, const void *p, uint32_t cap, uint32_t len);
/* Let a reader of the growing file see what there is. */
void packet_sink_flush(struct sink *s);
/* Bring s->arrived and s->r.dropped up to date. */
void packet_sink_count(struct sink *s);
/* So many of those that have arrived will not be read. */
void packet_sink_missing(struct sink *s, uint64_t n);
/* Count the drops, close the file; s->r is complete then. */
void packet_sink_close(struct sink *s);

#endif
