/*
 * A run that is cut into parts, which an engine runs somewhere, and whose results come out in
 * the order of the tests. The parts are in OUT/.parts until the end and after it; who was killed
 * goes on there. plan.jsonl of a part has what is to be run; order.jsonl, where something is left
 * out, what is to come out, in which that has its result.
 *
 *   pth_spread_take() while pth_spread_has_room(); pth_spread_fed() when all have come;
 *   pth_spread_move() again and again, until pth_spread_is_done(); pth_spread_end().
 */
#ifndef PTH_SPREAD_SPREAD_H
#define PTH_SPREAD_SPREAD_H

#include "collect/merge.h"
#include "run/progress.h"
#include "run/select.h"
#include "spread/engine.h"

struct pth_part;

struct pth_spread {
	/* The owner sets: */
	struct pth_engine_kind engine;
	struct pth_engine_places places; /* bin, jobs and options */
	const char *dir;                 /* the run directory */
	const char *stamp;
	unsigned chunk;     /* tests in a part; 0: what took about chunk_us */
	int64_t chunk_us;   /* of all tests in a part, as long as they took before */
	const char *before; /* a run directory with durations, or NULL */
	unsigned window;    /* parts that are out at once */
	unsigned tries;     /* how often a part that was lost is submitted, at most */
	int64_t poll_us;    /* how often the engine is asked */
	int64_t start_us;   /* a part that has not begun until then does not begin; 0: no limit */
	bool resume;
	struct pth_select in; /* what is left out */
	struct pth_progress progress;
	struct pth_rec_out out;
	/* Ours: */
	struct pth_merge_dir *to;
	char *parts_path, *name;
	int partsfd;
	struct pth_part *parts; /* number 1 is the first */
	size_t count, room, emitted;
	FILE *open_part; /* of the last one */
	size_t old;      /* parts that are there from before; the next tests must be theirs */
	struct pth_rec_in *old_in;
	struct pth_buf known; /* what the engine said of them */
	bool fed;
	int64_t asked_us;  /* when the engine was asked last, monotonic */
	int signal;        /* that interrupts the run, or 0 */
	int64_t stop_us;   /* then: until when parts may end by themselves */
	unsigned engines;  /* processes that wait for parts and have not ended */
	int64_t until_us;  /* when all is out: until when they may end; 0: it is not */
	char stopped[300]; /* why nothing more is submitted, which was said; "": it is */
	size_t left;       /* tests of the open part that are left out */
	unsigned lost;     /* tests without a result of their own */
};

int pth_spread_open(struct pth_spread *s, struct pth_err *e);
bool pth_spread_has_room(const struct pth_spread *s);
/* Takes over rec. */
int pth_spread_take(struct pth_spread *s, json_t *rec, struct pth_err *e);
/* All have come. */
int pth_spread_fed(struct pth_spread *s, struct pth_err *e);
/* Submits, looks, asks, and writes what is done. */
int pth_spread_move(struct pth_spread *s, struct pth_err *e);
bool pth_spread_is_done(const struct pth_spread *s);
/* The parts end; those that have not begun do not begin. */
void pth_spread_interrupt(struct pth_spread *s, int signal);
/* What a person sees of it. */
void pth_spread_show(struct pth_spread *s);
/* Closes the streams. ended: with end records. */
int pth_spread_end(struct pth_spread *s, bool ended, struct pth_err *e);
void pth_spread_release(struct pth_spread *s);

#endif
