/* This header is only for the files ns.c and ns_*.c. */
#ifndef PTH_HOST_NS_PRIV_H
#define PTH_HOST_NS_PRIV_H

#include "host/ns.h"

/* Add to ns->reason what failed, and why: errno. */
void host_ns_note(struct pth_ns *ns, const char *what);

#endif
