/* What a link of a test is, for supervisor_link.c and supervisor_link_capture.c. */
#ifndef PTH_SUPERVISE_SUPERVISOR_LINK_PRIV_H
#define PTH_SUPERVISE_SUPERVISOR_LINK_PRIV_H

#include "link/run.h"
#include "supervise/supervisor_priv.h"

struct supervise_node {
	const json_t *plan;
	int net; /* owned */
};

struct supervise_link {
	const json_t *plan;
	struct pth_link_child child;
	bool ready, over;
	bool direct;   /* the kernel makes the conditions: there is no child */
	json_t *ended; /* its last answer, owned; NULL: it has said nothing */
};

static inline const json_t *
supervise_link_end(const struct supervise_link *x, size_t i)
{
	return json_array_get(pth_wire_ends(x->plan), i);
}

#endif
