/*
 * A link that runs: a command behind it, in a namespace of its own, with a peer at the other end;
 * or between two namespaces that are there. Nothing of it is left when this process ends, however
 * it ends.
 */
#ifndef PTH_LINK_RUN_H
#define PTH_LINK_RUN_H

#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"
#include "link/config.h"
#include "packet/bpf.h"

/* What of the packets a capture has: all of all, unless it says otherwise. */
struct pth_link_look {
	uint32_t snaplen;             /* bytes of each; 0: all */
	const struct pth_bpf *filter; /* borrowed; NULL: none */
};

struct pth_link_run {
	struct pth_link_config *config;    /* changed while it runs */
	const char *log;                   /* NULL: none */
	const char *const *captures;       /* two files; NULL: none */
	uint64_t capture_max;              /* bytes of each; 0: any number */
	struct pth_link_look look[2];      /* what they have */
	const char *interface[2];          /* in the namespaces */
	const struct pth_strv *address[2]; /* left and right, "198.18.0.1/24"; empty: ours */
	int changes;                       /* lines of configuration; -1: none */
	int answers;                       /* to those; -1: none */
	/* The one ... */
	char *const *command; /* NULL-terminated */
	const char *peer;     /* for sh -c; NULL: nothing runs there */
	uint16_t port;        /* of the peer, before the command begins; 0: none */
	/* ... or the other. */
	const char *const *between; /* two names of namespaces */
	const int *netns;           /* or two that are open; borrowed */
};

/* 0 with the exit code to end with, or -1 with e. */
int pth_link_run(const struct pth_link_run *r, int *code, struct pth_err *e);

/* A pair of interfaces that joins two open namespaces without anything in between, which makes the
 * conditions: those are tc's, link/tc.h. -1 with e. */
int pth_link_direct(const struct pth_link_run *r, struct pth_err *e);

/* Can these be the addresses of the two ends (empty: ours)? 0 or -1 with e. */
int pth_link_addresses_check(const struct pth_strv address[2], struct pth_err *e);

/* A link between two namespaces that is a child of ours, and dies with us. */
struct pth_link_child {
	pid_t pid;         /* 0: there is none */
	int changes;       /* lines of configuration go there */
	int answers;       /* and lines of JSON come from there, see pth-link(1); nonblocking */
	struct pth_buf in; /* what has been read of those */
};

/* changes and answers of r are not looked at. It runs from its answer {"state":"ready"} on. -1
 * with e. */
int pth_link_start(const struct pth_link_run *r, struct pth_link_child *c, struct pth_err *e);
/* The next answer, a new object; NULL: none is there now, or (*over) ever. */
json_t *pth_link_answer(struct pth_link_child *c, bool *over);
void pth_link_forget(struct pth_link_child *c);
/* Move an end (0: the left one) of such a link, which runs and was asked for so, from its namespace
 * into another one, and make it there what it was. -1 with e. */
int pth_link_move(const struct pth_link_child *c, const struct pth_link_run *r, unsigned end,
    int netns, struct pth_err *e);

/* A way of a network namespace: to an address, "198.18.1.1/32", by another one, or (via "") on the
 * link itself. Table and metric 0: the main ones. */
struct pth_link_way {
	const char *interface, *to, *via;
	uint32_t table, metric;
};

/* Both in the network namespace of now. -1 with e. */
int pth_link_route(const struct pth_link_way *w, struct pth_err *e);
/* Packets from this address ("198.18.1.1/24"; "0.0.0.0/0" and "::/0": all) look into a table, those
 * of small priorities before others. */
int pth_link_rule(const char *from, uint32_t table, uint32_t priority, struct pth_err *e);

#endif
