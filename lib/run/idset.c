#include "run/idset.h"

#include <stdlib.h>

#include "base/buf.h"

static uint64_t
hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	return h == 0 ? 1 : h;
}

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
	for (size_t i = 0; i < wide.cap; i++)
		wide.v[i] = 0;
	for (size_t i = 0; i < s->cap; i++)
		if (s->v[i] != 0)
			*place(&wide, s->v[i]) = s->v[i];
	free(s->v);
	*s = wide;
}

bool
pth_idset_add(struct pth_idset *s, const char *text)
{
	uint64_t h = hash(text), *at;

	if (2 * s->n >= s->cap)
		grow(s);
	at = place(s, h);
	if (*at == h)
		return false;
	*at = h;
	s->n++;
	return true;
}

void
pth_idset_release(struct pth_idset *s)
{
	free(s->v);
	s->v = NULL;
	s->n = s->cap = 0;
}
