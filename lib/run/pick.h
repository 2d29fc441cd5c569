/*
 * Which of the tests that fit are taken: a part of them, a sample, the first ones, in this
 * order. The parts of one stream have each test once between them. What a test is chosen by
 * does not depend on the tests around it, but for parts of equal length (balance).
 */
#ifndef PTH_RUN_PICK_H
#define PTH_RUN_PICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pth_picked;

struct pth_pick {
	uint64_t part, parts; /* 1 to parts; parts 0: all */
	const char *balance;  /* a run directory with durations: parts take equally long */
	uint64_t sample;      /* 0: all */
	uint64_t seed;        /* of sample */
	uint64_t first;       /* 0: all */
	/* Ours: */
	struct pth_picked *tests;
	size_t count, room, next;
	uint64_t taken;
};

/* Must all tests be there before the first can be chosen? Then each is noted, all are settled,
 * and pth_pick_next() is asked in the order in which they were noted. fits: is it to be chosen
 * from? */
bool pth_pick_waits(const struct pth_pick *p);
void pth_pick_note(struct pth_pick *p, const char *id, bool fits);
void pth_pick_settle(struct pth_pick *p);
bool pth_pick_next(struct pth_pick *p);
/* Else a test is asked for when it comes. */
bool pth_pick_now(struct pth_pick *p, const char *id, bool fits);
void pth_pick_release(struct pth_pick *p);

#endif
