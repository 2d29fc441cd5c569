/* This file remembers which texts came before: open addressing over their hashes. */
#include "run/idset.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"

/* Its place: there, or the free one for it. */
static uint64_t *
place(const struct pth_idset *s, uint64_t h)
{
	size_t i = (size_t)h & (s->cap - 1);

	while (s->v[i] != 0 && s->v[i] != h)
		i = (i + 1) & (s->cap - 1);
	return &s->v[i];
}

static void
grow(struct pth_idset *s)
{
	struct pth_idset wide = { NULL, s->n, s->cap != 0 ? 2 * s->cap : 64 };

	wide.v = pth_xarray(NULL, wide.cap, sizeof *wide.v);
	memset(wide.v, 0, wide.cap * sizeof *wide.v);
	for (size_t i = 0; i < s->cap; i++)
		if (s->v[i] != 0)
			*place(&wide, s->v[i]) = s->v[i];
	free(s->v);
	*s = wide;
}

bool
pth_idset_add(struct pth_idset *s, const char *text)
{
	uint64_t h = pth_hash_text(PTH_HASH_EMPTY, text), *at;

	if (h == 0)
		h = 1;
	if (2 * s->n >= s->cap)
		grow(s);
	at = place(s, h);
	if (*at == h)
		return false;
	*at = h;
	s->n++;
	return true;
}

bool
pth_idset_has(const struct pth_idset *s, const char *text)
{
	uint64_t h = pth_hash_text(PTH_HASH_EMPTY, text);

	return s->n > 0 && *place(s, h != 0 ? h : 1) != 0;
}

void
pth_idset_release(struct pth_idset *s)
{
	free(s->v);
	*s = (struct pth_idset){ NULL, 0, 0 };
}
