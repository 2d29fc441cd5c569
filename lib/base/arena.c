/* This file hands out memory in chunks that are freed all at once. */
#include "base/arena.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define CHUNK ((size_t)64 << 10)

struct pth_arena_chunk {
	struct pth_arena_chunk *next;
	size_t used, size;
	_Alignas(max_align_t) char mem[];
};

void *
pth_arena_alloc(struct pth_arena *a, size_t n)
{
	const size_t align = _Alignof(max_align_t);
	struct pth_arena_chunk *c = a->head;
	size_t size;
	void *p;

	n = (n + align - 1) & ~(align - 1);
	if (c == NULL || c->size - c->used < n) {
		size = n > CHUNK / 4 ? n : CHUNK;
		c = pth_xmalloc(sizeof *c + size);
		c->used = 0;
		c->size = size;
		a->total += sizeof *c + size;
		if (size == n && a->head != NULL) {
			/* A big block of its own must not hide the open chunk. */
			c->next = a->head->next;
			a->head->next = c;
		} else {
			c->next = a->head;
			a->head = c;
		}
	}
	p = c->mem + c->used;
	c->used += n;
	return memset(p, 0, n);
}

char *
pth_arena_strn(struct pth_arena *a, const char *s, size_t n)
{
	char *p = pth_arena_alloc(a, n + 1);

	if (n > 0)
		memcpy(p, s, n);
	return p;
}

char *
pth_arena_str(struct pth_arena *a, const char *s)
{
	return pth_arena_strn(a, s, strlen(s));
}

void
pth_arena_release(struct pth_arena *a)
{
	struct pth_arena_chunk *c, *next;

	for (c = a->head; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	*a = (struct pth_arena){ NULL, 0 };
}
