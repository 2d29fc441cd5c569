/* Sets of numbers, samples, tables of short keys, key logs. */
#include "dissect/span.h"

#include "base/buf.h"
#include "base/text.h"
#include "dissect/keylog.h"
#include "dissect/table.h"
#include "unit.h"

static void
note(void *arg, uint64_t from, uint64_t to)
{
	pth_buf_addf(arg, "+%llu-%llu", (unsigned long long)from, (unsigned long long)to);
}

/* "from-to" of each span. */
static void
show(struct pth_buf *b, const struct spans *s)
{
	pth_buf_addc(b, ' ');
	for (size_t i = 0; i < s->n; i++)
		pth_buf_addf(b, "%s%llu-%llu", i > 0 ? "," : "", (unsigned long long)s->v[i].from,
		    (unsigned long long)s->v[i].to);
}

static void
spans(void)
{
	static const struct {
		uint64_t from, to;
		int fresh;
		const char *is; /* what was new, and the set */
	} v[] = {
		{ 10, 20, 10, "+10-20 10-20" },
		{ 10, 20, 0, " 10-20" },
		{ 12, 13, 0, " 10-20" },
		{ 5, 5, 0, " 10-20" },   /* none */
		{ 30, 25, 0, " 10-20" }, /* neither */
		{ 20, 22, 2, "+20-22 10-22" },
		{ 8, 10, 2, "+8-10 8-22" },
		{ 30, 40, 10, "+30-40 8-22,30-40" },
		{ 0, 2, 2, "+0-2 0-2,8-22,30-40" },
		{ 24, 26, 2, "+24-26 0-2,8-22,24-26,30-40" },
		{ 21, 31, 6, "+22-24+26-30 0-2,8-40" },
		{ 4, 6, 2, "+4-6 0-2,4-6,8-40" },
		{ 1, 50, 14, "+2-4+6-8+40-50 0-50" },
		{ UINT64_MAX - 1, UINT64_MAX, 1,
		    "+18446744073709551614-18446744073709551615 0-50,"
		    "18446744073709551614-18446744073709551615" },
	};
	struct spans s = { 0 };

	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf b = PTH_BUF_INIT;

		CHECK_INT(pth_spans_add(&s, v[i].from, v[i].to, note, &b), v[i].fresh);
		show(&b, &s);
		CHECK_STR(b.s, v[i].is);
		pth_buf_release(&b);
	}
	CHECK(!s.merged);
	pth_spans_release(&s);
	CHECK(s.n == 0 && s.v == NULL);
}

/* The same as a set that has a mark for each number, for additions of chance. */
static void
chance(void)
{
	struct spans s = { 0 };
	bool in[500] = { false };
	uint32_t x = 12345;
	size_t count = 0;

	for (int i = 0; i < 2000; i++) {
		uint64_t from, to, fresh = 0;

		x = x * 1664525 + 1013904223;
		from = x >> 8 & 0x1ff;
		from = from < 490 ? from : 490;
		to = from + (x >> 20 & 7);
		for (uint64_t k = from; k < to; k++) {
			fresh += !in[k];
			in[k] = true;
		}
		CHECK_INT(pth_spans_add(&s, from, to, NULL, NULL), fresh);
		if (i % 400 == 0) {
			pth_spans_release(&s);
			memset(in, 0, sizeof in);
		}
	}
	for (size_t i = 0; i < s.n; i++) {
		CHECK(s.v[i].from < s.v[i].to && (i == 0 || s.v[i - 1].to < s.v[i].from));
		for (uint64_t k = s.v[i].from; k < s.v[i].to; k++)
			CHECK(in[k]);
		count += s.v[i].to - s.v[i].from;
	}
	for (size_t i = 0; i < countof(in); i++)
		count -= in[i];
	CHECK_INT(count, 0);
	pth_spans_release(&s);
}

static void
many_spans(void)
{
	struct spans s = { 0 };

	for (uint64_t i = 0; i < SPANS_MAX; i++)
		pth_spans_add(&s, i * 10, i * 10 + 1 + (i == 7) * 3, NULL, NULL);
	CHECK_INT(s.n, SPANS_MAX);
	CHECK(!s.merged);
	/* One more: the two that are nearest, of 70-74 and 80, become one. */
	pth_spans_add(&s, 1000000, 1000001, NULL, NULL);
	CHECK_INT(s.n, SPANS_MAX);
	CHECK(s.merged);
	CHECK_INT(s.v[7].from, 70);
	CHECK_INT(s.v[7].to, 81);
	CHECK_INT(s.v[SPANS_MAX - 1].from, 1000000);
	pth_spans_release(&s);
}

static void
samples(void)
{
	static const int64_t v[] = { 50, 10, 40, 20, 30 };
	struct samples s = { 0 };

	CHECK_INT(pth_samples_percentile(&s, 50), 0);
	for (size_t i = 0; i < countof(v); i++)
		pth_samples_add(&s, v[i]);
	CHECK_INT(pth_samples_percentile(&s, 0), 10);
	CHECK_INT(pth_samples_percentile(&s, 20), 10);
	CHECK_INT(pth_samples_percentile(&s, 21), 20);
	CHECK_INT(pth_samples_percentile(&s, 50), 30);
	CHECK_INT(pth_samples_percentile(&s, 95), 50);
	CHECK_INT(pth_samples_percentile(&s, 100), 50);
	pth_samples_add(&s, -5); /* none */
	pth_samples_add(&s, 5);
	CHECK_INT(pth_samples_percentile(&s, 50), 20); /* the lower of two */
	CHECK_INT(s.min, 5);
	CHECK_INT(s.seen, 6);
	CHECK_INT(s.max, 50);
	pth_samples_release(&s);
	unit("more samples than are kept");
	for (int64_t i = 0; i < 1000000; i++)
		pth_samples_add(&s, i * 7919 % 1000000); /* each number once */
	CHECK_INT(s.seen, 1000000);
	CHECK(s.n > SAMPLES_MAX / 2 - 1 && s.n <= SAMPLES_MAX);
	CHECK_INT(s.min, 0);
	CHECK_INT(s.max, 999999);
	CHECK(labs((long)pth_samples_percentile(&s, 50) - 500000) < 5000);
	CHECK(labs((long)pth_samples_percentile(&s, 95) - 950000) < 5000);
	pth_samples_release(&s);
	CHECK(s.n == 0 && s.seen == 0);
}

static void
tables(void)
{
	struct table t = { 0 };
	uint8_t key[TABLE_KEY_MAX + 1] = { 0 };
	const uint32_t *v;

	CHECK(dissect_table_find(&t, "a", 1) == NULL);
	for (uint32_t i = 0; i < 5000; i++) {
		memcpy(key, &i, sizeof i);
		dissect_table_set(&t, key, 4 + i % 3, i);
	}
	CHECK_INT(t.n, 5000);
	for (uint32_t i = 0; i < 5000; i++) {
		memcpy(key, &i, sizeof i);
		v = dissect_table_find(&t, key, 4 + i % 3);
		CHECK(v != NULL && *v == i);
		CHECK(dissect_table_find(&t, key, 7) == NULL); /* another length is another key */
	}
	dissect_table_set(&t, key, 4 + 4999 % 3, 7);
	CHECK_INT(t.n, 5000);
	v = dissect_table_find(&t, key, 4 + 4999 % 3);
	CHECK(v != NULL && *v == 7);
	/* The longest, and one that is none. */
	dissect_table_set(&t, key, TABLE_KEY_MAX, 8);
	dissect_table_set(&t, key, TABLE_KEY_MAX + 1, 9);
	CHECK_INT(t.n, 5001);
	CHECK(dissect_table_find(&t, key, TABLE_KEY_MAX) != NULL);
	CHECK(dissect_table_find(&t, key, TABLE_KEY_MAX + 1) == NULL);
	dissect_table_set(&t, "", 0, 10);
	v = dissect_table_find(&t, "", 0);
	CHECK(v != NULL && *v == 10);
	dissect_table_release(&t);
	CHECK(dissect_table_find(&t, "a", 1) == NULL);
}

#define R "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define S32 "aa02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fff"

/* What is found of the client's random number R, label by label: the first byte and the length. */
static void
found(const char *text, const char *want)
{
	struct keylog *k = dissect_keylog_new();
	struct pth_buf b = PTH_BUF_INIT;
	uint8_t random[32];

	for (int i = 0; i < 32; i++)
		random[i] = (uint8_t)i;
	dissect_keylog_add(k, text, strlen(text));
	for (int i = 0; i < KEYLOG_LABELS; i++) {
		struct quic_secret s = { .n = 0 };

		if (dissect_keylog_find(k, random, (enum keylog_label)i, &s))
			pth_buf_addf(&b, "%d:%02x/%zu ", i, s.v[0], s.n);
	}
	CHECK_STR(b.s != NULL ? b.s : "", want);
	random[0] = 1;
	CHECK(!dissect_keylog_find(
	    k, random, KEYLOG_CLIENT_TRAFFIC, &(struct quic_secret){ .n = 0 }));
	pth_buf_release(&b);
	dissect_keylog_free(k);
}

static void
keylogs(void)
{
	found("", "");
	found("CLIENT_EARLY_TRAFFIC_SECRET " R " " S32 "\n"
	      "CLIENT_HANDSHAKE_TRAFFIC_SECRET " R " b0\r\n"
	      "SERVER_HANDSHAKE_TRAFFIC_SECRET " R " C1c2\n"
	      "CLIENT_TRAFFIC_SECRET_0 " R " d0\n"
	      "SERVER_TRAFFIC_SECRET_0 " R " " S32 "aabbccddeeff00112233445566778899",
	    "0:aa/32 1:b0/1 2:c1/2 3:d0/1 4:aa/48 ");
	unit("lines of key logs that are none");
	found("# CLIENT_TRAFFIC_SECRET_0 " R " 00\n"
	      "CLIENT_TRAFFIC_SECRET_1 " R " 00\n"
	      "EXPORTER_SECRET " R " 00\n"
	      "CLIENT_TRAFFIC_SECRET_0 " R "\n"
	      "CLIENT_TRAFFIC_SECRET_0 " R " \n"
	      "CLIENT_TRAFFIC_SECRET_0 " R " 0\n"
	      "CLIENT_TRAFFIC_SECRET_0 " R " 0g\n"
	      "CLIENT_TRAFFIC_SECRET_0 " R " 00 11\n"
	      "CLIENT_TRAFFIC_SECRET_0 " R "00 11\n"
	      "CLIENT_TRAFFIC_SECRET_0 00 11\n"
	      "CLIENT_TRAFFIC_SECRET_0 " R " " S32 S32 "\n"
	      " CLIENT_TRAFFIC_SECRET_0 " R " 00\n\n\r\n",
	    "");
	unit("the first of two secrets stays");
	found("CLIENT_TRAFFIC_SECRET_0 " R " 01\nCLIENT_TRAFFIC_SECRET_0 " R " 02\n", "3:01/1 ");
}

int
main(void)
{
	unit("numbers are added to a set");
	spans();
	unit("additions of chance");
	chance();
	unit("more spans than are kept");
	many_spans();
	unit("samples and their percentiles");
	samples();
	unit("tables");
	tables();
	unit("lines of key logs");
	keylogs();
	return unit_done();
}
