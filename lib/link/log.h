/*
 * What a link writes down: a line of JSON for each packet when its fate is known (link.jsonl),
 * and a capture of each end in which packets that were dropped or changed have a comment. Times
 * of the log are seconds since the link began, those of captures are of the clock.
 */
#ifndef PTH_LINK_LOG_H
#define PTH_LINK_LOG_H

#include <stdint.h>

#include "base/buf.h"
#include "link/config.h"
#include "link/model.h"
#include "packet/bpf.h"

struct link_totals {
	uint64_t packets, delivered, duplicates, bytes; /* of what was delivered */
	uint64_t dropped[PTH_LINK_WHYS];
};

struct link_log {
	int fd;     /* owned; -1: there is none */
	int failed; /* errno of a write */
	struct pth_buf b;
	struct link_totals total[PTH_LINK_DIRECTIONS];
	int64_t late_max, late_sum; /* ns behind the time of departure, of what was delivered */
};

/* path NULL: only the totals are kept. -1 with e. */
int link_log_open(struct link_log *l, const char *path, struct pth_err *e);
void link_log_begin(struct link_log *l, const struct pth_link_config *c, int64_t real_ns);
/* late: how much after its departure it is sent. */
void link_log_packet(struct link_log *l, const struct pth_link_packet *p, int64_t late);
/* A change of conditions; error NULL: it was made. */
void link_log_change(
    struct link_log *l, int64_t now, const char *what, const char *value, const char *error);
void link_log_flush(struct link_log *l);
/* Counts of packets that were lost where they should not be. -1 with e: not all was written. */
int link_log_end(
    struct link_log *l, int64_t now, uint64_t kernel, uint64_t refused, struct pth_err *e);
/* "up 5: dropped: loss" or "up 7: corrupted at 17"; false: there is nothing to say. */
bool link_deeds(const struct pth_link_packet *p, struct pth_buf *b);

/* --- captures --- */

struct link_record;

/* Into these files. max: bytes of each; 0: any number. NULL with e. */
struct link_record *link_record_open(const char *const paths[2], const char *const interfaces[2],
    int64_t real_ns, uint64_t max, struct pth_err *e);
/* From the begin on, the file of an end has only the packets that the filter wants (NULL: all;
 * borrowed), and so many bytes of each (0: all). */
void link_record_only(
    struct link_record *r, unsigned end, uint32_t snaplen, const struct pth_bpf *filter);
/* A frame that is offered next, before it is. */
void link_record_offer(
    struct link_record *r, unsigned direction, const void *frame, size_t n, int64_t now);
/* What has become of it: dropped, or delivered now. */
void link_record_fate(struct link_record *r, const struct pth_link_packet *p);
/* How many packets each has, and how many more came than its size allowed. -1 with e: not all was
 * written. */
int link_record_close(struct link_record *r, uint64_t lost, uint64_t packets[2],
    uint64_t omitted[2], struct pth_err *e);

#endif
