/* This file keeps lists of strings for execve(). */
#include "base/strv.h"

#include <stdlib.h>

#include "base/err.h"

void
pth_strv_push(struct pth_strv *s, char *take)
{
	s->v = pth_xarray(s->v, s->n + 2, sizeof *s->v);
	if (take != NULL)
		s->v[s->n++] = take;
	s->v[s->n] = NULL;
}

void
pth_strv_free(char **v)
{
	if (v == NULL)
		return;
	for (char **p = v; *p != NULL; p++)
		free(*p);
	free(v);
}
