/* This file keeps numbers by short keys. */
#include "dissect/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/siphash.h"

static size_t
place(const struct table *t, const void *key, size_t n)
{
	return (size_t)pth_siphash(t->secret, key, n) & (t->cap - 1);
}

static struct table_entry *
slot(const struct table *t, const void *key, size_t n)
{
	size_t i = place(t, key, n);

	while (t->v[i].used && (t->v[i].n != n || memcmp(t->v[i].key, key, n) != 0))
		i = (i + 1) & (t->cap - 1);
	return &t->v[i];
}

uint32_t *
dissect_table_find(const struct table *t, const void *key, size_t n)
{
	struct table_entry *e = t->cap != 0 && n <= TABLE_KEY_MAX ? slot(t, key, n) : NULL;

	return e != NULL && e->used ? &e->value : NULL;
}

static void
grow(struct table *t)
{
	struct table old = *t;

	if (t->cap == 0 && getrandom(t->secret, sizeof t->secret, 0) != (ssize_t)sizeof t->secret)
		t->secret[0] = (uintptr_t)t; /* better than none */
	t->cap = old.cap != 0 ? old.cap * 2 : 64;
	t->v = pth_xarray(NULL, t->cap, sizeof *t->v);
	memset(t->v, 0, t->cap * sizeof *t->v);
	for (size_t i = 0; i < old.cap; i++)
		if (old.v[i].used)
			*slot(t, old.v[i].key, old.v[i].n) = old.v[i];
	free(old.v);
}

void
dissect_table_set(struct table *t, const void *key, size_t n, uint32_t value)
{
	struct table_entry *e;

	if (n > TABLE_KEY_MAX)
		return;
	if (t->n * 3 >= t->cap * 2)
		grow(t);
	e = slot(t, key, n);
	t->n += !e->used;
	e->used = true;
	e->n = (uint8_t)n;
	e->value = value;
	memcpy(e->key, key, n);
}

void
dissect_table_change(
    struct table *t, uint32_t (*fn)(const void *arg, uint32_t value), const void *arg)
{
	struct table old = *t;

	t->v = NULL;
	t->n = t->cap = 0;
	for (size_t i = 0; i < old.cap; i++) {
		const struct table_entry *e = &old.v[i];
		uint32_t value = e->used ? fn(arg, e->value) : UINT32_MAX;

		if (value != UINT32_MAX)
			dissect_table_set(t, e->key, e->n, value);
	}
	free(old.v);
}

void
dissect_table_release(struct table *t)
{
	free(t->v);
	*t = (struct table){ 0 };
}
