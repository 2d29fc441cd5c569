/*
 * This file has the memory of JSON values. A record is thousands of small pieces that come and go
 * together, and for these a list of free pieces for each size does in a few instructions what
 * malloc(3) does in a hundred.
 */
#include <stdint.h>
#include <stdlib.h>

#include "io/json.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1 /* sees the use of a piece after its end only when malloc(3) gives it */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED

void
pth_json_pool(void)
{
}

#else

enum {
	STEP = 16,             /* bytes between two sizes */
	SIZES = 17,            /* pieces of up to 256 bytes have a list each */
	BLOCK = 64 * 1024 - 64 /* what is asked of malloc(3) at once */
};

/* What stands before each piece; its memory follows, and is aligned for pointers and numbers. */
struct piece {
	size_t size; /* in steps; SIZES: malloc(3) gave it */
};
struct unused {
	struct piece p;
	struct unused *next;
};

static struct unused *lists[SIZES];
static char *block, *block_end;

/* A new piece, from the rest of the block. What is left of a block when the next is needed is too
 * small to matter. */
static struct piece *
cut(size_t size)
{
	size_t bytes = sizeof(struct piece) + size * STEP;
	struct piece *p;

	if (block == NULL || (size_t)(block_end - block) < bytes) {
		block = malloc(BLOCK);
		if (block == NULL)
			return NULL;
		block_end = block + BLOCK;
	}
	p = (void *)block;
	block += bytes;
	p->size = size;
	return p;
}

static void *
get(size_t n)
{
	size_t size = n / STEP + 1;
	struct piece *p;

	if (size < SIZES && lists[size] != NULL) {
		p = &lists[size]->p;
		lists[size] = lists[size]->next;
	} else if (size < SIZES) {
		p = cut(size);
	} else if ((p = n < SIZE_MAX - sizeof *p ? malloc(sizeof *p + n) : NULL) != NULL) {
		p->size = SIZES;
	}
	return p != NULL ? p + 1 : NULL;
}

static void
put(void *memory)
{
	struct piece *p = memory;
	struct unused *u;

	if (p == NULL)
		return;
	if ((--p)->size == SIZES) {
		free(p);
		return;
	}
	u = (void *)p;
	u->next = lists[p->size];
	lists[p->size] = u;
}

void
pth_json_pool(void)
{
	json_set_alloc_funcs(get, put);
}

#endif
