/* Streams that come in parts. */
#include "dissect/stream.h"

#include "unit.h"

static void
keep(struct stream *s, uint64_t offset, const char *text)
{
	size_t n = strlen(text);
	uint8_t *copy = unit_copy(text, n);

	dissect_stream_keep(s, offset, copy, n);
	free(copy);
}

static const char *
there(const struct stream *s)
{
	static char text[64];
	struct cursor c = dissect_stream_there(s);

	snprintf(text, sizeof text, "%.*s", (int)dissect_left(&c), (const char *)c.p);
	return dissect_left(&c) > 0 ? text : "";
}

static void
orders(void)
{
	/* Three parts, in each order. */
	static const int v[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
		{ 2, 1, 0 } };
	static const char *const part[] = { "abc", "def", "gh" };

	for (size_t i = 0; i < countof(v); i++) {
		struct stream s = { 0 };

		for (int k = 0; k < 3; k++) {
			CHECK_STR(there(&s),
			    k == 0                     ? "" :
			        k == 1 && v[i][0] == 0 ? "abc" :
			        k == 2 && v[i][2] == 2 ? "abcdef" :
			        k == 2 && v[i][2] == 1 ? "abc" :
			                                 "");
			keep(&s, (uint64_t)v[i][k] * 3, part[v[i][k]]);
		}
		CHECK_STR(there(&s), "abcdefgh");
		CHECK_INT(dissect_stream_rest(&s), 8);
		dissect_stream_release(&s);
	}
}

static void
twice(void)
{
	struct stream s = { 0 };

	/* Of bytes that differ the first count, as they do with who has them already. */
	keep(&s, 2, "cd");
	keep(&s, 0, "ABXYef");
	CHECK_STR(there(&s), "ABcdef");
	dissect_stream_skip(&s, 3);
	keep(&s, 1, "12345678");
	CHECK_STR(there(&s), "def678");
	/* All of it is old. */
	keep(&s, 0, "zzz");
	CHECK_STR(there(&s), "def678");
	keep(&s, 9, "");
	CHECK_STR(there(&s), "def678");
	CHECK(!s.lost);
	dissect_stream_release(&s);
}

static void
skips(void)
{
	struct stream s = { 0 };

	keep(&s, 0, "abcdef");
	dissect_stream_skip(&s, 2);
	CHECK_STR(there(&s), "cdef");
	/* Beyond what is there: what comes of it is not kept. */
	dissect_stream_skip(&s, 10);
	CHECK_STR(there(&s), "");
	CHECK_INT(s.at, 12);
	CHECK_INT(dissect_stream_missing(&s), 6);
	keep(&s, 6, "ghijklMN");
	CHECK_STR(there(&s), "MN");
	CHECK_INT(dissect_stream_missing(&s), 0);
	CHECK_INT(dissect_stream_rest(&s), 2);
	/* The most that a length can say, again and again. */
	dissect_stream_skip(&s, UINT64_MAX);
	dissect_stream_skip(&s, UINT64_MAX);
	keep(&s, 14, "opq");
	CHECK_STR(there(&s), "");
	CHECK(dissect_stream_missing(&s) > UINT64_MAX / 4 && dissect_stream_rest(&s) == 0);
	dissect_stream_release(&s);
}

static void
gaps(void)
{
	const uint64_t most = 4 << 20;
	struct stream s = { 0 };

	keep(&s, 5, "later");
	CHECK_STR(there(&s), "");
	CHECK_INT(dissect_stream_rest(&s), 10);
	/* More than 4 MiB ahead nothing is kept. */
	keep(&s, most - 6, "123456");
	CHECK(!s.lost);
	keep(&s, most - 6, "123456789");
	CHECK(s.lost);
	CHECK_INT(s.b.len, most);
	keep(&s, 1 << 30, "x");
	CHECK_INT(s.b.len, most);
	keep(&s, UINT64_MAX / 2 - 1, "x");
	CHECK_INT(s.b.len, most);
	keep(&s, 0, "12345");
	CHECK_STR(there(&s), "12345later");
	dissect_stream_release(&s);
}

/* Segments as long as those that are sent over loopback, the first of them last. */
static void
far(void)
{
	enum { LONG = 53248, N = 20, STEP = 10007 };
	static uint8_t segment[LONG];
	struct stream s = { 0 };
	uint64_t wrong = 0;

	for (size_t i = N; i-- > 0;) {
		for (size_t k = 0; k < LONG; k++)
			segment[k] = (uint8_t)((i * LONG + k) * 7 >> 3);
		dissect_stream_keep(&s, i * LONG, segment, LONG);
	}
	CHECK(!s.lost);
	while (s.at < (uint64_t)N * LONG) {
		struct cursor c = dissect_stream_there(&s);
		size_t n = dissect_left(&c) < STEP ? dissect_left(&c) : STEP;

		CHECK_INT(dissect_left(&c), (uint64_t)N * LONG - s.at);
		for (size_t k = 0; k < n; k++)
			wrong += c.p[k] != (uint8_t)((s.at + k) * 7 >> 3);
		dissect_stream_skip(&s, n > 0 ? n : UINT64_MAX);
	}
	CHECK_INT(wrong, 0);
	CHECK_INT(s.at, (uint64_t)N * LONG);
	CHECK_INT(s.kept.n, 0);
	CHECK(s.b.cap == 0); /* so much room is for nobody */
	keep(&s, s.at, "more");
	CHECK_STR(there(&s), "more");
	dissect_stream_skip(&s, 4);
	CHECK(s.b.cap != 0 && s.b.len == 0);
	dissect_stream_release(&s);
}

/* Each second byte: when there are too many gaps nothing is read, for what is in them is not
 * known. */
static void
many_gaps(void)
{
	struct stream s = { 0 };

	for (uint64_t i = 0; i < 2 * SPANS_MAX; i++)
		keep(&s, 2 * i, "x");
	keep(&s, 1, "x");
	CHECK_STR(there(&s), "");
	CHECK(dissect_stream_rest(&s) > 0);
	dissect_stream_release(&s);
}

int
main(void)
{
	unit("parts in any order");
	orders();
	unit("what comes twice");
	twice();
	unit("what is skipped");
	skips();
	unit("gaps");
	gaps();
	unit("long segments");
	far();
	unit("more gaps than are kept");
	many_gaps();
	return unit_done();
}
