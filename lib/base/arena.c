/* This file hands out memory in chunks that are freed all at once. */
#include "base/arena.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "base/os.h"

#define CHUNK ((size_t)64 << 10)
#define SPILL ((size_t)4 << 20) /* a chunk of the file; more than any page */

struct pth_arena_chunk {
	struct pth_arena_chunk *next;
	size_t used, size;
	char *mem;   /* of the file; else room */
	bool mapped; /* mem is */
	_Alignas(max_align_t) char room[];
};

/* A chunk of n bytes of the file, or NULL. The room is taken first: who writes to a page that has
 * none is killed. */
static struct pth_arena_chunk *
map_chunk(struct pth_arena *a, size_t n)
{
	size_t size = (n + SPILL - 1) / SPILL * SPILL;
	struct pth_arena_chunk *c;
	void *mem;

	if (a->spill == 0)
		a->spill = pth_scratch() + 1;
	if (a->spill <= 0 || posix_fallocate(a->spill - 1, a->spilled, (off_t)size) != 0)
		return NULL;
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, a->spill - 1, a->spilled);
	if (mem == MAP_FAILED)
		return NULL;
	a->spilled += (off_t)size;
	c = pth_xmalloc(sizeof *c);
	*c = (struct pth_arena_chunk){ .size = size, .mem = mem, .mapped = true };
	return c;
}

static struct pth_arena_chunk *
new_chunk(struct pth_arena *a, size_t n)
{
	struct pth_arena_chunk *c = NULL;

	if (a->spill_from > 0 && a->total > a->spill_from && a->spill >= 0) {
		c = map_chunk(a, n);
		if (c == NULL && a->spill > 0)
			close(a->spill - 1); /* what is mapped stays */
		if (c == NULL)
			a->spill = -1;
	}
	if (c == NULL) {
		size_t size = n > CHUNK / 4 ? n : CHUNK;

		c = pth_xmalloc(sizeof *c + size);
		*c = (struct pth_arena_chunk){ .size = size };
		c->mem = c->room;
	}
	a->total += sizeof *c + c->size;
	return c;
}

static void
rest(const struct pth_arena_chunk *c)
{
	if (c != NULL && c->mapped)
		madvise(c->mem, c->size, MADV_DONTNEED);
}

void *
pth_arena_alloc(struct pth_arena *a, size_t n)
{
	const size_t align = _Alignof(max_align_t);
	struct pth_arena_chunk *c = a->head;
	void *p;

	n = (n + align - 1) & ~(align - 1);
	if (c == NULL || c->size - c->used < n) {
		rest(c);
		c = new_chunk(a, n);
		if (c->size == n && a->head != NULL) {
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
pth_arena_rest(const struct pth_arena *a)
{
	for (const struct pth_arena_chunk *c = a->head; c != NULL; c = c->next)
		rest(c);
}

void
pth_arena_release(struct pth_arena *a)
{
	struct pth_arena_chunk *c, *next;

	for (c = a->head; c != NULL; c = next) {
		next = c->next;
		if (c->mapped)
			munmap(c->mem, c->size);
		free(c);
	}
	if (a->spill > 0)
		close(a->spill - 1);
	*a = (struct pth_arena){ NULL, 0, 0, 0, 0 };
}
