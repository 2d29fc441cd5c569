/*
 * The rules of a verdict, one function per kind. Private to collect/verdict.c.
 */
#ifndef PTH_COLLECT_VERDICT_RULE_H
#define PTH_COLLECT_VERDICT_RULE_H

#include <stdbool.h>

#include "collect/verdict.h"

/* The heaviest fault so far, the first of its weight, and its rule object. Of rules that cannot
 * be told, the weight is that which they may have. */
struct broken_rule {
	enum pth_status status;
	const json_t *rule;
};

/* A test being judged. */
struct judge {
	const json_t *rec;
	const struct pth_evidence *ev;
	json_t *rules;             /* result: one object per rule */
	size_t held;               /* how many of them hold */
	json_t *exits;             /* services whose exit expect judged: did it hold? */
	struct broken_rule self;   /* how the test did by itself */
	struct broken_rule expect; /* rules of the experiment file */
	/* The same of those that cannot be told. */
	struct broken_rule unknown, expect_unknown;
};

/* A rule, and where it comes from. */
struct rule {
	struct judge *j;
	const char *name;           /* what the verdict calls it: "file www/index.html" */
	const char *service;        /* whose descriptor, NULL: the test itself */
	enum pth_status status;     /* what a violation makes of the test */
	const char *text;           /* what a violation means, or NULL */
	const char *by;             /* the program that has measured it, or NULL: we have */
	bool expect;                /* of the experiment file: must always hold */
	enum pth_category category; /* of the rule itself, when it is wrong */
};

/* Note the outcome of a rule. When it does not hold, a fault of r->j may rise to r->status. One
 * that cannot be told is an error, whatever r->status says. */
void collect_judged(const struct rule *r, enum pth_answer a, const char *fmt, ...) PTH_PRINTF(3, 4);

/* A rule that cannot be judged because it is wrong itself. */
void collect_rule_wrong(struct rule r, const char *why, const char *what);

/* Judge one member of expect or of a descriptor's rule r: exit, files, log,
 * packets or metrics (also file, logs, packet, metric) with its value. An
 * unknown key or a malformed value is a rule that fails with status error. */
void collect_rule(const struct rule *r, const char *key, json_t *value);

/* A file that was downloaded from a service that serves one of that name (its
 * `files` below www/) must be the same: one rule for each. */
void collect_rule_downloads(struct judge *j);

#endif
