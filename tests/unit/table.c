/* The table of short keys, and the hash that spreads them. */
#include "dissect/table.h"

#include "base/siphash.h"
#include "unit.h"

/* The vectors of its authors: key and message are the bytes 0, 1, 2, ... */
static void
vectors(void)
{
	static const uint64_t key[2] = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };
	static const struct {
		size_t n;
		uint64_t hash;
	} v[] = {
		{ 0, 0x726fdb47dd0e0e31u },
		{ 1, 0x74f839c593dc67fdu },
		{ 7, 0xab0200f58b01d137u },
		{ 8, 0x93f5f5799a932462u },
		{ 15, 0xa129ca6149be45e5u },
	};
	uint8_t m[16];

	for (size_t i = 0; i < sizeof m; i++)
		m[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		if (!CHECK(pth_siphash(key, m, v[i].n) == v[i].hash))
			printf("    of %zu bytes\n", v[i].n);
}

static void
numbers(void)
{
	struct table t = { 0 };
	uint8_t key[TABLE_KEY_MAX + 1] = { 0 };
	size_t missing = 0;

	CHECK(dissect_table_find(&t, key, 4) == NULL);
	for (uint32_t i = 0; i < 10000; i++) {
		memcpy(key, &i, sizeof i);
		dissect_table_set(&t, key, 4, i + 7);
	}
	CHECK_INT(t.n, 10000);
	for (uint32_t i = 0; i < 10000; i++) {
		memcpy(key, &i, sizeof i);
		uint32_t *v = dissect_table_find(&t, key, 4);

		missing += v == NULL || *v != i + 7;
	}
	CHECK_INT(missing, 0);
	/* The same bytes with another length are another key; a key that is there is set anew. */
	memset(key, 0, sizeof key);
	CHECK(dissect_table_find(&t, key, 5) == NULL && dissect_table_find(&t, key, 0) == NULL);
	dissect_table_set(&t, key, 4, 1);
	CHECK(*dissect_table_find(&t, key, 4) == 1 && t.n == 10000);
	dissect_table_set(&t, key, 0, 2);
	CHECK(*dissect_table_find(&t, key, 0) == 2 && t.n == 10001);
	/* One that is too long is not there, and not read. */
	dissect_table_set(&t, key, TABLE_KEY_MAX + 1, 1);
	CHECK(dissect_table_find(&t, key, TABLE_KEY_MAX + 1) == NULL && t.n == 10001);
	dissect_table_release(&t);
	CHECK(t.n == 0 && dissect_table_find(&t, key, 0) == NULL);
}

/* Two tables do not spread the same keys alike: nobody can know which ones collide. */
static void
secret(void)
{
	struct table a = { 0 }, b = { 0 };

	for (uint8_t i = 0; i < 40; i++) {
		dissect_table_set(&a, &i, 1, i);
		dissect_table_set(&b, &i, 1, i);
	}
	CHECK(a.cap == b.cap && memcmp(a.v, b.v, a.cap * sizeof *a.v) != 0);
	dissect_table_release(&a);
	dissect_table_release(&b);
}

int
main(void)
{
	unit("SipHash");
	vectors();
	unit("keys and numbers");
	numbers();
	unit("a secret of each");
	secret();
	return unit_done();
}
