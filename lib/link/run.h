/*
 * A link that runs: a command behind it, in a namespace of its own, with a peer at the other end;
 * or between two namespaces that are there. Nothing of it is left when this process ends, however
 * it ends.
 */
#ifndef PTH_LINK_RUN_H
#define PTH_LINK_RUN_H

#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"
#include "link/config.h"

struct pth_link_run {
	struct pth_link_config *config;    /* changed while it runs */
	const char *log, *capture;         /* NULL: none */
	const char *interface;             /* in both namespaces */
	const struct pth_strv *address[2]; /* left and right, "198.18.0.1/24"; empty: ours */
	int changes;                       /* lines of configuration; -1: none */
	/* The one ... */
	char *const *command; /* NULL-terminated */
	const char *peer;     /* for sh -c; NULL: nothing runs there */
	uint16_t port;        /* of the peer, before the command begins; 0: none */
	/* ... or the other. */
	const char *const *between; /* two names of namespaces */
};

/* 0 with the exit code to end with, or -1 with e. */
int pth_link_run(const struct pth_link_run *r, int *code, struct pth_err *e);

#endif
