/* What the files of a run in parts share: its parts. */
#ifndef PTH_SPREAD_SPREAD_PRIV_H
#define PTH_SPREAD_SPREAD_PRIV_H

#include "spread/spread.h"

enum state { READY, OUT, DONE, LOST };

struct pth_part {
	unsigned tests, tries;
	enum state state;
	pid_t pid;         /* of an engine that waits; 0: none */
	unsigned gone;     /* how often the engine did not know it */
	bool seen;         /* asked for this time */
	int64_t expect_us; /* how long its tests took before */
	int64_t limit_us;  /* of its tests together */
	int64_t out_us;    /* when it was submitted, monotonic */
	char why[400];     /* of LOST */
};

/* Have all tests of part i come? */
bool spread_is_whole(const struct pth_spread *s, size_t i);
/* The results of all parts that are done, up to the first that is not, go out. 0, or -1 with e. */
int spread_emit(struct pth_spread *s, struct pth_err *e);

#endif
