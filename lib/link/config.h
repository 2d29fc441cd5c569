/*
 * What a link is told: conditions of both directions, times at which they change, the NAT, the
 * cable, the seed. From the command line, from a configuration in YAML or JSON (with positions in
 * its messages), line by line while the link runs, or from a scenario of quic-network-simulator.
 */
#ifndef PTH_LINK_CONFIG_H
#define PTH_LINK_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "link/conditions.h"

enum { PTH_LINK_UP, PTH_LINK_DOWN, PTH_LINK_DIRECTIONS };

/* Directions, bits. */
enum { PTH_LINK_UPWARD = 1, PTH_LINK_DOWNWARD = 2, PTH_LINK_BOTH = 3 };

/* One value that is set at a time. */
struct pth_link_step {
	int64_t at; /* ns since the link began */
	unsigned ways;
	char *key, *value;
};

struct pth_link_rebind {
	int64_t at, every; /* ns; every 0: once */
	bool address;      /* another address, else another port */
};

struct pth_link_config {
	uint64_t seed;
	struct pth_link_conditions way[PTH_LINK_DIRECTIONS]; /* at the begin */
	struct pth_link_step *step;                          /* in the order of their times */
	size_t steps;
	struct pth_link_rebind *rebind;
	size_t rebinds;
	struct pth_link_span *down; /* the cable is out */
	size_t downs;
	/* Of a line of changes. */
	bool begin;         /* times are counted from now on */
	bool replug;        /* `down` takes the place of the outages before */
	unsigned blackhole; /* directions whose windows it has set */
};

void pth_link_config_init(struct pth_link_config *c);
void pth_link_config_release(struct pth_link_config *c);
/* A condition for these directions, or one of seed, rebind, link_down, begin, which have none.
 * latency and limit are other names of delay and queue. 0 or -1 with e. */
int pth_link_config_set(struct pth_link_config *c, unsigned ways, const char *key,
    const char *value, struct pth_err *e);
/* Takes over what `from` says for later: steps, rebindings, outages. Its conditions are not
 * looked at. */
void pth_link_config_add(struct pth_link_config *c, struct pth_link_config *from);
/* All times that are in it are those of a link that began so much (ns) earlier. */
void pth_link_config_shift(struct pth_link_config *c, int64_t ns);
/* Can the conditions be at the same time, now and after each step? 0 or -1 with e. */
int pth_link_config_check(const struct pth_link_config *c, struct pth_err *e);
/* Is with each condition what it goes with (link/conditions.h), or may a step bring it? 0 or -1
 * with e. */
int pth_link_config_idle(const struct pth_link_config *c, struct pth_err *e);
/* Set all that stands in a text of YAML or JSON. Problems are in d, with positions. */
void pth_link_config_read(
    struct pth_link_config *c, const char *text, size_t n, struct pth_diags *d);
/* The same of "simple-p2p --delay=15ms --bandwidth=10Mbps --queue=25" and its sisters. 0 or -1
 * with e. */
int pth_link_config_scenario(struct pth_link_config *c, const char *text, struct pth_err *e);

#endif
