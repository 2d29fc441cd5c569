/* This file moves an end of a link that runs into the network of somebody else. */
#include "link/run_priv.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "host/ns.h"

/* There and back. Who cannot come back would look at the wrong network from now on. */
static int
within(int netns, int own, const struct link_end *us, const struct link_end *other, int to,
    struct pth_err *e)
{
	int r;

	if (pth_ns_enter_net(netns) != 0)
		return pth_err_set(e, PTH_SYSTEM, "network namespace:");
	if (to >= 0)
		r = link_rtnl_move(us->interface, to) == 0 ?
		    0 :
		    pth_err_set(e, PTH_SYSTEM, "%s cannot be moved:", us->interface);
	else
		r = link_world_furnish_end(us, other, e);
	if (pth_ns_enter_net(own) != 0)
		abort();
	return r;
}

int
pth_link_move(const struct pth_link_run *r, unsigned end, int netns, struct pth_err *e)
{
	pth_auto_fd own = pth_ns_own_net();
	struct link_end ends[2];
	const struct link_end *us = &ends[end], *other = &ends[1 - end];

	if (own < 0)
		return pth_err_set(e, PTH_SYSTEM, "network namespace:");
	if (link_run_ends(r, ends, e) != 0 || within(r->netns[end], own, us, other, netns, e) != 0)
		return -1;
	return within(netns, own, us, other, -1, e);
}
