/* The files of this folder share what is in this header. */
#ifndef PTH_SHADOW_PRIV_H
#define PTH_SHADOW_PRIV_H

#include <stdint.h>

#include "base/cleanup.h"
#include "io/record.h"
#include "shadow/shadow.h"

struct shadow_host {
	const json_t *svc;   /* of the plan, borrowed */
	const json_t *given; /* its part of the record, borrowed; or NULL */
	char *name;          /* in the simulation */
	int64_t node;
	int64_t start_us, shutdown_us; /* 0: none */
	int64_t rate_bps;              /* 0: that of the network */
	bool pcap;
};

/* A link between two hosts, or what is usual. */
struct shadow_link {
	int64_t latency_ns, jitter_ns;
	double loss; /* 0 to 1 */
};

/* An item of `links:` that names two services; of the same two, the last counts. */
struct shadow_pair {
	size_t a, b; /* of hosts */
	struct shadow_link link;
};

struct shadow {
	json_t *rec;          /* borrowed */
	const json_t *plan;   /* borrowed */
	const json_t *params; /* of the environment, borrowed */
	struct shadow_host *hosts;
	size_t n;
	struct shadow_link usual;
	int64_t rate_bps, stop_us;
	struct shadow_pair *pairs;
	size_t npairs;
	struct pth_diags *d;
	struct pth_err *first; /* of the errors */
	bool failed;
};

/* shadow/config.c: problems, at the record's mark of the path. */
void shadow_error(struct shadow *s, const char *path, const char *fmt, ...) PTH_PRINTF(3, 4);
void shadow_warn(struct shadow *s, const char *path, const char *fmt, ...) PTH_PRINTF(3, 4);
/* A member of a section that the experiment gives, else of the parameters; or NULL. */
const json_t *shadow_option(const struct shadow *s, const char *section, const char *key);

/* shadow/hosts.c: names, addresses, nodes and times of the hosts. */
void shadow_hosts(struct shadow *s);
struct shadow_host *shadow_find(const struct shadow *s, const char *service);

/* shadow/links.c: what the links between hosts are like, of PANTHER's keys and of `links:`. */
void shadow_links(struct shadow *s);

/* shadow/graph.c: the network as GML, in the form that Shadow reads. Appends to b. */
void shadow_graph(const struct shadow *s, struct pth_buf *b);

/* shadow/check.c: what Shadow cannot run. */
void shadow_check(struct shadow *s);

/* shadow/config.c: the document of shadow.yaml. New reference. */
json_t *shadow_document(const struct shadow *s);

/* shadow/plan.c: what pth-exec runs. New reference. */
json_t *shadow_plan(const struct shadow *s, const char *yaml);

/*
 * shadow/units.c: a duration, "10ms" or a number of units of unit_ns, in nanoseconds; a rate as
 * tc(8) writes it, "10mbit" or "100 Mbit", in bits per second (a number is that). False when it
 * is none.
 */
bool shadow_time(const json_t *v, int64_t unit_ns, int64_t *ns);
bool shadow_rate(const json_t *v, int64_t *bps);
/* As Shadow reads it: whole numbers of the largest unit that fits. Appends to b. */
void shadow_time_show(struct pth_buf *b, int64_t ns);
void shadow_rate_show(struct pth_buf *b, int64_t bps);

#endif
