/*
 * What a link does to the packets of one direction. Keys and values are texts, as they stand in
 * an experiment, on the command line and in the configuration of pth-link(1), whose page says
 * what each means.
 */
#ifndef PTH_LINK_CONDITIONS_H
#define PTH_LINK_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct pth_link_trace; /* link/trace.h */

struct pth_link_span {
	int64_t from, to; /* ns since the link began; `to` is not in it */
};

struct pth_link_range {
	uint32_t first, last; /* both are in it */
};

enum { LINK_UNIFORM, LINK_NORMAL, LINK_PARETO, LINK_PARETONORMAL };
enum { LINK_KEEP, LINK_FREE };
enum { LINK_DROPTAIL, LINK_CODEL, LINK_FQ_CODEL };
enum { LINK_RIGHT, LINK_WRONG };
enum { LINK_ICMP, LINK_SILENT };
enum { LINK_ANY, LINK_UDP, LINK_TCP };

/* Gilbert-Elliott: the link is in a good or a bad state (tc-netem(8), gemodel). */
struct link_loss {
	bool states; /* else only `good` counts */
	double to_bad, to_good;
	double good, bad; /* share of the packets that are lost in that state */
};

struct pth_link_conditions {
	int64_t delay, jitter; /* ns */
	unsigned distribution, order;
	uint64_t rate; /* bit/s; 0: there is no limit */
	struct pth_link_trace *trace;
	uint32_t queue_packets; /* 0 and no bytes either: the default of the discipline */
	uint64_t queue_bytes;
	unsigned aqm;
	int64_t target, interval; /* ns, of CoDel */
	uint32_t flows, quantum;  /* of FQ-CoDel */
	bool aqm_ecn;             /* CoDel marks what it can */
	struct link_loss loss;
	unsigned only;  /* the protocol that is lost, changed and counted by the drop list */
	uint32_t burst; /* packets lost in a row at most; 0: any number */
	struct pth_link_range *drop;
	size_t drops;
	double duplicate, reorder, corrupt, mark;
	uint32_t gap; /* packets between two that are reordered */
	unsigned checksum;
	struct pth_link_span *blackhole;
	size_t blackholes;
	uint32_t mtu; /* bytes of an IP packet; 0: no limit */
	unsigned too_big;
	bool bleach;
	uint64_t set; /* which have been set, by the numbers of pth_link_key() */
};

void pth_link_conditions_init(struct pth_link_conditions *c);
void pth_link_conditions_release(struct pth_link_conditions *c);
/* to is not initialized. */
void pth_link_conditions_copy(
    struct pth_link_conditions *to, const struct pth_link_conditions *from);
/* Its windows of time are so much (ns) later. */
void pth_link_conditions_shift(struct pth_link_conditions *c, int64_t ns);
/* Sets one; an empty text takes a list, a loss, a limit away. 0 or -1 with e: "loss: ...". */
int pth_link_conditions_set(
    struct pth_link_conditions *c, const char *key, const char *value, struct pth_err *e);
/* Can they be at the same time? 0 or -1 with e. */
int pth_link_conditions_check(const struct pth_link_conditions *c, struct pth_err *e);
/* Is with each what it goes with, as a burst goes with loss, be that 0%? 0 or -1 with e, which
 * names one that can have no effect. */
int pth_link_conditions_idle(const struct pth_link_conditions *c, struct pth_err *e);
/* The name of key number i, what its value is called and what it does; NULL behind the last. */
const char *pth_link_key(size_t i, const char **arg, const char **help);

#endif
