/*
 * A table from a few bytes (a connection id, two addresses with their ports) to a number. Keys
 * are spread by SipHash with a secret of chance, so that who chooses the bytes cannot make the
 * table slow. Private to this folder.
 */
#ifndef PTH_DISSECT_TABLE_H
#define PTH_DISSECT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_KEY_MAX 40

struct table_entry {
	uint8_t key[TABLE_KEY_MAX], n;
	uint32_t value;
	bool used;
};

struct table {
	struct table_entry *v;
	size_t n, cap; /* cap is 0 or a power of 2 */
	uint64_t secret[2];
};

/* The value of the key's n bytes (at most TABLE_KEY_MAX), or NULL. Until the next set. */
uint32_t *dissect_table_find(const struct table *t, const void *key, size_t n);
void dissect_table_set(struct table *t, const void *key, size_t n, uint32_t value);
/* Each value becomes what fn makes of it; entries for which that is UINT32_MAX go. */
void dissect_table_change(
    struct table *t, uint32_t (*fn)(const void *arg, uint32_t value), const void *arg);
void dissect_table_release(struct table *t);

#endif
