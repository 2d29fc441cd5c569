/*
 * Placeholders that only a deployment can resolve: @{service:ip:format}
 * and @{service:hostname}, pth-experiment(5), by the network's own name
 * server (resolv.conf(5)).
 */
#ifndef PTH_CONTAINER_RESOLVE_H
#define PTH_CONTAINER_RESOLVE_H

#include <jansson.h>

#include "base/buf.h"

/* Append text with its placeholders replaced: formats dotted, string,
 * decimal, integer, hex, hostname. Other texts stay. -1 with e when a name
 * has no address. */
int pth_resolve_expand(struct pth_buf *b, const char *text, struct pth_err *e);
/* The same for every string in v, in place. */
int pth_resolve_expand_all(json_t *v, struct pth_err *e);
/* This program's environment with all values expanded, owned by the caller.
 * NULL with e. */
json_t *pth_resolve_environ(struct pth_err *e);
/* The same are variables of each of these services, which may say them differently; not those
 * that are for us. -1 with e. */
int pth_resolve_inherit(json_t *services, struct pth_err *e);

#endif
