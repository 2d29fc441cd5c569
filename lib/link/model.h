/*
 * A link without any input or output: packets are offered at a time, and come out at another one
 * or not at all. Time is what the caller says, in ns since the link began; the same packets at
 * the same times with the same seed have the same fates.
 *
 * On its way a packet meets, in this order: outages, the drop list, blackholes, chance of loss,
 * the MTU, duplication, the NAT (down), ECN, corruption, the queue and the rate, the delay with
 * its jitter and reordering, the NAT (up).
 */
#ifndef PTH_LINK_MODEL_H
#define PTH_LINK_MODEL_H

#include "link/conditions.h"
#include "link/packet.h"

struct pth_link;

/* Who gets a packet whose fate is known: dropped (p->why), or to be delivered to the other end
 * now. It is borrowed, and may be kept by link_keep(). */
typedef void link_out(void *arg, struct pth_link_packet *p);

struct pth_link *link_new(uint64_t seed, link_out *out, void *arg);
/* What is still under way is forgotten. */
void link_free(struct pth_link *l);

/* From now on, for packets that are offered then; copied. */
void link_set(struct pth_link *l, unsigned direction, const struct pth_link_conditions *conditions);
/* At that time the NAT forgets its mappings, and gives flows another port, or another address.
 * Flows count from the first such call on. */
void link_rebind(struct pth_link *l, const struct pth_link_rebind *r);
/* The cable is out or in again. What is under way then is lost. */
void link_unplug(struct pth_link *l, bool unplugged, int64_t now);

/* A frame that came to the begin of a direction. Times do not go back. */
void link_offer(struct pth_link *l, unsigned direction, const void *frame, size_t n, int64_t now);
/* Hand out all whose time has come, in the order of their times. */
void link_run(struct pth_link *l, int64_t now);
/* When that has to be done next; INT64_MAX: nothing is under way. */
int64_t link_next(const struct pth_link *l);
/* All that is under way is handed out as dropped: the link ends. */
void link_end(struct pth_link *l, int64_t now);

/* Called by `out`: the packet is the caller's until link_give_back(). */
void link_keep(struct pth_link *l);
void link_give_back(struct pth_link *l, struct pth_link_packet *p);

#endif
