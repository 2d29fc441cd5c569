/* What the files of a run in parts share: its parts. */
#ifndef PTH_SPREAD_SPREAD_PRIV_H
#define PTH_SPREAD_SPREAD_PRIV_H

#include "spread/spread.h"

enum state { READY, OUT, DONE, LOST };

struct pth_part {
	unsigned tests, tries; /* tests that are to be run */
	enum state state;
	pid_t pid;         /* of an engine that waits; 0: none */
	unsigned gone;     /* how often the engine did not know it */
	bool seen;         /* asked for this time */
	int64_t expect_us; /* how long its tests took before */
	int64_t limit_us;  /* of its tests together */
	int64_t out_us;    /* when it was submitted, monotonic; 0: it has begun */
	int64_t begun_us;  /* the same, for people */
	char why[400];     /* of LOST */
};

/* Open the records of part i as they are to come out. */
int spread_open(const struct pth_spread *s, size_t i, struct pth_rec_in *in, struct pth_err *e);
/* Is there PARTS/NUMBER/name? */
bool spread_has(const struct pth_spread *s, size_t i, const char *name);
/* How many parts are in this state. */
size_t spread_count(const struct pth_spread *s, enum state state);
/* Part i is lost: it goes out again, or its tests have no result. */
void spread_lose(struct pth_spread *s, size_t i, const char *why);
/* Has part i ended? Then it says how. */
void spread_look(struct pth_spread *s, size_t i);
/* Append the last line that engines have said, with a colon before it. */
void spread_said(const struct pth_spread *s, struct pth_buf *b);
/* Part i has come out: a line for people. */
void spread_tell(struct pth_spread *s, size_t i);
/* Ask the engine, when it is time for it. */
void spread_ask(struct pth_spread *s);
/* Have all tests of part i come? */
bool spread_is_whole(const struct pth_spread *s, size_t i);
/* The results of all parts that are done, up to the first that is not, go out. 0, or -1 with e. */
int spread_emit(struct pth_spread *s, struct pth_err *e);

#endif
