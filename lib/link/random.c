/* This file has the one generator of chance, and the distributions that are made of it. */
#include "link/random.h"

#include <math.h>

static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

void
link_random_seed(struct link_random *r, uint64_t seed, unsigned direction)
{
	for (unsigned i = 0; i < LINK_PURPOSES; i++)
		r->key[i] = mix(mix(seed + 0x9e3779b97f4a7c15u) + ((uint64_t)direction << 32 | i) +
		    0x9e3779b97f4a7c15u);
}

uint64_t
link_random(const struct link_random *r, enum link_purpose p, uint64_t n)
{
	return mix(r->key[p] + (n + 1) * 0x9e3779b97f4a7c15u);
}

double
link_chance(const struct link_random *r, enum link_purpose p, uint64_t n)
{
	return (double)(link_random(r, p, n) >> 11) * 0x1p-53;
}

double
link_normal(const struct link_random *r, uint64_t n)
{
	double u = 1 - link_chance(r, LINK_FOR_JITTER, n); /* not 0 */

	return sqrt(-2 * log(u)) * cos(2 * M_PI * link_chance(r, LINK_FOR_JITTER_2, n));
}

double
link_pareto(const struct link_random *r, uint64_t n)
{
	/* Its mean is 3/2, its variance 3/4. */
	double x = pow(1 - link_chance(r, LINK_FOR_JITTER_3, n), -1.0 / 3);

	return (x - 1.5) / sqrt(0.75);
}
