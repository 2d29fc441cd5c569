/*
 * Two network namespaces and the link between them: in each an interface with addresses, of
 * which the other ends are in a third namespace, where the link works. All of that lives as long
 * as the processes in it: nothing is pinned, nothing has to be cleaned up.
 */
#ifndef PTH_LINK_WORLD_H
#define PTH_LINK_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "link/rtnl.h"

#define LINK_ADDRESSES 4 /* of an end */

/* One end: left is where packets go up from. */
struct link_end {
	int netns;             /* owned */
	const char *interface; /* in there */
	const char *here;      /* the other end of the pair */
	uint8_t mac[6];
	struct link_address address[LINK_ADDRESSES];
	size_t addresses;
};

struct link_world {
	struct link_end end[2];
	int middle; /* the namespace of the link; owned */
};

/* Called in a network namespace that becomes the middle: make the two others. -1 with e. */
int link_world_make(struct link_world *w, struct pth_err *e);
/* The same with namespaces that are there: names of ip-netns(8), or paths. Its own is made. */
int link_world_join(struct link_world *w, const char *const names[2], struct pth_err *e);
/* The same with two that are open: they are taken as they are, not taken over. */
int link_world_enclose(struct link_world *w, const int netns[2], struct pth_err *e);
/* The two ends are joined by nothing but a pair of interfaces, each of which has an address of
 * hardware in `mac` then. -1 with e. */
int link_world_direct(struct link_world *w, struct pth_err *e);
/* Interfaces, addresses, neighbours; offloads off. */
int link_world_furnish(struct link_world *w, struct pth_err *e);
/* In the namespace of an end, whose interface is there: all of that. */
int link_world_furnish_end(
    const struct link_end *us, const struct link_end *other, struct pth_err *e);
/* Go to one of the namespaces, and back. -1 and errno. */
int link_world_enter(int netns);
/* Is a server of that port there, in the namespace of an end? */
bool link_world_serves(const struct link_world *w, unsigned end, uint16_t port);
/* Set the ends that are here up or down. -1 and errno. */
int link_world_plug(const struct link_world *w, bool up);
/* Packets that the kernel dropped between us and the ends, so far. */
uint64_t link_world_drops(const struct link_world *w);
void link_world_release(struct link_world *w);

#endif
