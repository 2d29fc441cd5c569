/* This file has FNV-1a, the one hash of all tables. */
#include "base/hash.h"

#include <string.h>

uint64_t
pth_hash(uint64_t h, const void *p, size_t n)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ s[i]) * 0x100000001b3u;
	return h;
}

uint64_t
pth_hash_text(uint64_t h, const char *s)
{
	return pth_hash(h, s, strlen(s));
}
