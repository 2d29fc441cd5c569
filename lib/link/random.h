/*
 * Chance. Every number depends on the seed, the direction, what it is for and the number of the
 * packet, and on nothing else: one condition more does not shift another's fates. It is
 * SplitMix64 (Steele, Lea, Flood 2014) whose n-th number is had at once, a stream a purpose.
 */
#ifndef PTH_LINK_RANDOM_H
#define PTH_LINK_RANDOM_H

#include <stdint.h>

enum link_purpose {
	LINK_FOR_LOSS,
	LINK_FOR_STATE, /* of Gilbert-Elliott's model */
	LINK_FOR_JITTER,
	LINK_FOR_JITTER_2,
	LINK_FOR_JITTER_3,
	LINK_FOR_DUPLICATE,
	LINK_FOR_REORDER,
	LINK_FOR_CORRUPT,
	LINK_FOR_PLACE, /* of the byte that is changed */
	LINK_FOR_BYTE,
	LINK_FOR_ECN,
	LINK_FOR_FLOWS, /* FQ-CoDel's hash */
	LINK_FOR_PORTS, /* those that a NAT gives */
	LINK_PURPOSES
};

struct link_random {
	uint64_t key[LINK_PURPOSES];
};

void link_random_seed(struct link_random *r, uint64_t seed, unsigned direction);
/* 64 bits, number n of them. */
uint64_t link_random(const struct link_random *r, enum link_purpose p, uint64_t n);
/* The same as 0 <= x < 1. */
double link_chance(const struct link_random *r, enum link_purpose p, uint64_t n);
/* The same with mean 0 and deviation 1. */
double link_normal(const struct link_random *r, uint64_t n);
/* Pareto's distribution of shape 3, moved and scaled to mean 0 and deviation 1. */
double link_pareto(const struct link_random *r, uint64_t n);

#endif
