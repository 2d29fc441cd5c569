/* This file has SipHash-2-4. */
#include "base/siphash.h"

#include <endian.h>
#include <string.h>

struct sip {
	uint64_t a, b, c, d;
};

static uint64_t
turn(uint64_t v, int n)
{
	return v << n | v >> (64 - n);
}

static inline void
rounds(struct sip *s, int n)
{
	for (; n > 0; n--) {
		s->a += s->b;
		s->b = turn(s->b, 13) ^ s->a;
		s->a = turn(s->a, 32);
		s->c += s->d;
		s->d = turn(s->d, 16) ^ s->c;
		s->a += s->d;
		s->d = turn(s->d, 21) ^ s->a;
		s->c += s->b;
		s->b = turn(s->b, 17) ^ s->c;
		s->c = turn(s->c, 32);
	}
}

/* n bytes, at most 8, the first the lowest. */
static uint64_t
little(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return le64toh(v);
}

static void
word(struct sip *s, uint64_t m)
{
	s->d ^= m;
	rounds(s, 2);
	s->a ^= m;
}

uint64_t
pth_siphash(const uint64_t key[2], const void *data, size_t n)
{
	struct sip s = { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
		key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u };
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i + sizeof(uint64_t) <= n; i += sizeof(uint64_t))
		word(&s, little(p + i, sizeof(uint64_t)));
	word(&s, (uint64_t)n << 56 | (n > i ? little(p + i, n - i) : 0));
	s.c ^= 0xff;
	rounds(&s, 4);
	return s.a ^ s.b ^ s.c ^ s.d;
}
