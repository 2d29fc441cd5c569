/* Points over time in bounded memory. */
#include "base/series.h"

#include <math.h>

#include "base/buf.h"
#include "unit.h"

/* "ns=value ..." of what is kept. */
static const char *
shown(const struct pth_series *s)
{
	static char text[1024];
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_point p;

	for (size_t at = 0; pth_series_next(s, &at, &p);)
		pth_buf_addf(&b, "%lld=%g ", (long long)p.ns, p.value);
	snprintf(text, sizeof text, "%s", b.s != NULL ? b.s : "");
	pth_buf_release(&b);
	return text;
}

static void
whole(void)
{
	struct pth_series s = PTH_SERIES(6);

	CHECK_STR(shown(&s), "");
	pth_series_add(&s, 10, 1);
	pth_series_add(&s, 30, 3);
	pth_series_add(&s, 20, 2); /* late */
	pth_series_add(&s, -5, 9); /* before the epoch */
	pth_series_add(&s, 20, 4); /* at the same time */
	CHECK_STR(shown(&s), "-5=9 10=1 20=2 20=4 30=3 ");
	pth_series_add(&s, 20, 3); /* neither the least nor the greatest of that time */
	CHECK_STR(shown(&s), "-5=9 10=1 20=2 20=4 30=3 ");
	CHECK_INT(s.seen, 6);
	pth_series_add(&s, 40, NAN);
	pth_series_add(&s, 40, INFINITY);
	CHECK_INT(s.seen, 6);
	pth_series_add(&s, 30, 3); /* twice the same is one */
	CHECK_STR(shown(&s), "-5=9 10=1 20=2 20=4 30=3 ");
	pth_series_release(&s);
	CHECK_STR(shown(&s), "");
	pth_series_add(&s, 1, 1);
	CHECK_STR(shown(&s), "1=1 ");
	pth_series_release(&s);
}

/* Of many points no more than `most`, at least a quarter of it, in order, and all spikes. */
static void
kept(struct pth_series *s, double least, double greatest)
{
	struct pth_point p, before = { INT64_MIN, 0 };
	double min = INFINITY, max = -INFINITY;
	size_t n = 0;

	for (size_t at = 0; pth_series_next(s, &at, &p); n++) {
		CHECK(p.ns >= before.ns);
		before = p;
		min = fmin(min, p.value);
		max = fmax(max, p.value);
	}
	CHECK(n <= s->most && n >= s->most / 4);
	CHECK(min <= least && min >= least);
	CHECK(max <= greatest && max >= greatest);
}

static void
many(void)
{
	struct pth_series s = PTH_SERIES(100);
	struct pth_point p;
	size_t at = 0;

	/* A microsecond apart; one is high, one is low. */
	for (int64_t i = 0; i < 1000000; i++)
		pth_series_add(&s, i * 1000, i == 123456 ? 7 : i == 777777 ? -3 : 1);
	CHECK_INT(s.seen, 1000000);
	kept(&s, -3, 7);
	pth_series_release(&s);
	/* What only grows keeps its first and its last. */
	for (int64_t i = 0; i < 54321; i++)
		pth_series_add(&s, 1700000000000000000 + i * i, (double)i);
	kept(&s, 0, 54320);
	CHECK(pth_series_next(&s, &at, &p));
	CHECK(p.ns == 1700000000000000000 && p.value <= 0);
	while (pth_series_next(&s, &at, &p))
		;
	CHECK(p.ns == 1700000000000000000 + 54320ll * 54320 && p.value >= 54320);
	pth_series_release(&s);
	/* The same in the other order of time. */
	for (int64_t i = 54321; i-- > 0;)
		pth_series_add(&s, i * i, (double)i);
	kept(&s, 0, 54320);
	pth_series_release(&s);
}

/* A time that is far away takes one bucket and not all. */
static void
far(void)
{
	struct pth_series s = PTH_SERIES(0);

	pth_series_add(&s, INT64_MIN, 1);
	pth_series_add(&s, INT64_MAX, 2);
	pth_series_add(&s, 0, 3);
	pth_series_add(&s, -1, 4);
	CHECK_INT(s.most, PTH_SERIES_LEAST);
	CHECK_STR(shown(&s), "-9223372036854775808=1 -1=4 0=3 9223372036854775807=2 ");
	pth_series_add(&s, INT64_MAX / 2, 5);
	CHECK_STR(shown(&s),
	    "-9223372036854775808=1 -1=4 4611686018427387903=5 "
	    "9223372036854775807=2 ");
	pth_series_release(&s);
	s.most = 50;
	pth_series_add(&s, 0, 0);
	for (int64_t i = 0; i < 10000; i++)
		pth_series_add(&s, 1700000000000000000 + i * 1000000, (double)(i % 100));
	kept(&s, 0, 99);
	pth_series_release(&s);
}

/* Of points with equal values the first and the last say how long it was so. */
static void
level(void)
{
	struct pth_series s = PTH_SERIES(4);

	for (int64_t i = 0; i < 64; i++)
		pth_series_add(&s, i, 1);
	CHECK_STR(shown(&s), "0=1 31=1 32=1 63=1 ");
	pth_series_release(&s);
}

int
main(void)
{
	unit("points are kept as they are while there is room");
	whole();
	unit("of many points few are kept, and all spikes");
	many();
	unit("times that are far away");
	far();
	unit("a level value");
	level();
	return unit_done();
}
