/* Inside the room ns only. */
#ifndef PTH_NS_PRIV_H
#define PTH_NS_PRIV_H

#include "ns.h"

/* Add to ns->reason what failed, and why: errno. */
void ns_note(struct pth_ns *ns, const char *what);

#endif
