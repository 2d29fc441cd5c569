/* This file moves an end of a link that runs into the network of somebody else. */
#include "link/run_priv.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "host/iface.h"
#include "host/ns.h"

struct move {
	struct link_end ends[2];
	const struct link_end *us, *other;
	int to;
	pid_t link;
};

static int
leave(const struct move *m, struct pth_err *e)
{
	return link_rtnl_move(m->us->interface, m->to) == 0 ?
	    0 :
	    pth_err_set(e, PTH_SYSTEM, "%s cannot be moved:", m->us->interface);
}

static int
arrive(const struct move *m, struct pth_err *e)
{
	char path[100];

	/* As in networks of ours: a host with several links may be asked by one and answer by
	 * another. */
	snprintf(path, sizeof path, "/proc/sys/net/ipv4/conf/%s/rp_filter", m->us->interface);
	pth_write_text(AT_FDCWD, "/proc/sys/net/ipv4/conf/all/rp_filter", "0");
	pth_write_text(AT_FDCWD, path, "0");
	return link_world_furnish_end(m->us, m->other, e);
}

/* Where the link works: its side of the pair has lost its carrier and got it again, and lets
 * packets through when it is asked for that, or a moment later. */
static int
settle(const struct move *m, struct pth_err *e)
{
	pth_iface_carrier(m->us->here);
	/* What the kernel itself has sent there meanwhile, and nobody was there to get. */
	return kill(m->link, LINK_EXCUSE) == 0 ? 0 : pth_err_set(e, PTH_SYSTEM, "the link:");
}

/* f in a namespace, and back. */
static int
within(int netns, int (*f)(const struct move *m, struct pth_err *e), const struct move *m,
    struct pth_err *e)
{
	int own = netns >= 0 ? pth_ns_visit_net(netns) : -1, r;

	if (own < 0)
		return pth_err_set(e, PTH_SYSTEM, "network namespace:");
	r = f(m, e);
	pth_ns_leave_net(own);
	return r;
}

int
pth_link_move(const struct pth_link_child *c, const struct pth_link_run *r, unsigned end, int netns,
    struct pth_err *e)
{
	struct move m = {
		.us = &m.ends[end], .other = &m.ends[1 - end], .to = netns, .link = c->pid
	};
	pth_auto_fd middle = -1;
	char path[64];

	snprintf(path, sizeof path, "/proc/%ld/ns/net", (long)c->pid);
	middle = open(path, O_RDONLY | O_CLOEXEC);
	return link_run_ends(r, m.ends, e) == 0 && within(r->netns[end], leave, &m, e) == 0 &&
	        within(netns, arrive, &m, e) == 0 ?
	    within(middle, settle, &m, e) :
	    -1;
}
