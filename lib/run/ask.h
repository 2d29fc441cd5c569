/*
 * A question about each record, put to jq(1): an expression of its language, which holds when
 * one of its values is neither false nor null. One jq runs as long as there are records.
 */
#ifndef PTH_RUN_ASK_H
#define PTH_RUN_ASK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "io/rec.h"

struct pth_ask {
	pid_t pid;         /* 0: there is no question, and the answer is yes */
	int to;            /* its standard input */
	struct pth_buf in; /* of its standard output, not yet looked at */
	int from;
};

#define PTH_ASK_INIT                           \
	{                                      \
		.pid = 0, .to = -1, .from = -1 \
	}

/* 0, or -1 with e: code PTH_USAGE when it is no expression, PTH_SYSTEM when there is no jq. */
int pth_ask_open(struct pth_ask *a, const char *expression, struct pth_err *e);
/* 1 yes, 0 no, -1 with e: code PTH_INPUT when the expression cannot be applied to it. */
int pth_ask(struct pth_ask *a, const json_t *rec, struct pth_err *e);
void pth_ask_close(struct pth_ask *a);

#endif
