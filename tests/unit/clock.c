#include "base/clock.h"
#include "unit.h"

static const char *
stamp(int64_t us)
{
	static struct pth_buf b;

	pth_buf_cut(&b, 0);
	pth_rfc3339(&b, us);
	return b.s;
}

static const char *
shown(int64_t us)
{
	static struct pth_buf b;

	pth_buf_cut(&b, 0);
	pth_duration_show(&b, us);
	return b.s;
}

static void
times(void)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = { { "1970-01-01T00:00:00Z", 0 }, { "1970-01-01T00:00:00.000001Z", 1 },
		{ "1970-01-01T00:00:00.1Z", 100000 }, { "1970-01-01T00:00:01.9999999Z", 1999999 },
		{ "2000-02-29T00:00:00.000001Z", 951782400000001 },
		{ "2026-11-21T10:00:00.123456Z", 1795255200123456 },
		{ "2026-12-31T23:59:59Z", 1798761599000000 },
		{ "9999-12-31T23:59:59Z", 253402300799000000 } };
	static const char *const bad[] = { "", "1970-01-01T00:00:00", "1970-01-01 00:00:00Z",
		"1970-01-01T00:00:00z", "1970-01-01T00:00:00+00:00", "1970-01-01T00:00:00Zx",
		"70-01-01T00:00:00Z", "1970-1-01T00:00:00Z", "1969-12-31T23:59:59Z",
		"1970-00-01T00:00:00Z", "1970-13-01T00:00:00Z", "1970-02-30T00:00:00Z",
		"1970-01-00T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z",
		"1970-01-01T00:00:61Z", "1970-01-01T00:00:00,5Z", "x970-01-01T00:00:00Z" };
	int64_t us = -7;

	unit("times are read back");
	for (size_t i = 0; i < countof(good); i++) {
		CHECK(pth_rfc3339_parse(good[i].text, &us));
		CHECK_INT(us, good[i].us);
		CHECK(pth_rfc3339_parse(stamp(us), &us) && us == good[i].us);
	}
	us = -7;
	for (size_t i = 0; i < countof(bad); i++)
		if (!CHECK(!pth_rfc3339_parse(bad[i], &us)))
			printf("    %s\n", bad[i]);
	CHECK_INT(us, -7);
}

int
main(void)
{
	int64_t us = -7, a, b;

	times();

	unit("RFC 3339");
	CHECK_STR(stamp(0), "1970-01-01T00:00:00.000000Z");
	CHECK_STR(stamp(951782400000001), "2000-02-29T00:00:00.000001Z");
	CHECK_STR(stamp(-1), "1969-12-31T23:59:59.999999Z");
	CHECK_STR(stamp(1795255200123456), "2026-11-21T10:00:00.123456Z");

	unit("durations");
	CHECK(pth_duration("5s", &us) && us == 5000000);
	CHECK(pth_duration("250ms", &us) && us == 250000);
	CHECK(pth_duration("1.5m", &us) && us == 90000000);
	CHECK(pth_duration("2h", &us) && us == 7200000000);
	CHECK(pth_duration("10us", &us) && us == 10);
	CHECK(pth_duration("7", &us) && us == 7000000);
	CHECK(pth_duration("0", &us) && us == 0);
	CHECK(pth_duration(".5", &us) && us == 500000);
	CHECK(pth_duration("0.1", &us) && us == 100000);
	CHECK(pth_duration("5 s", &us) && us == 5000000);
	CHECK(pth_duration("2min", &us) && us == 120000000);
	CHECK(pth_duration("1d", &us) && us == 86400000000);
	CHECK(pth_duration("1.", &us) && us == 1000000);
	CHECK(pth_duration("0.0000004", &us) && us == 0);
	CHECK(pth_duration("0.0000005", &us) && us == 1);
	CHECK(pth_duration("3660d", &us) && us == 316224000000000);
	us = -7;
	CHECK(!pth_duration("", &us));
	CHECK(!pth_duration("s", &us));
	CHECK(!pth_duration("-1s", &us));
	CHECK(!pth_duration("1 fortnight", &us));
	CHECK(!pth_duration("3661d", &us));
	CHECK(!pth_duration("5  s", &us));
	CHECK(!pth_duration("5s ", &us));
	CHECK(!pth_duration(".", &us));
	CHECK(!pth_duration(".s", &us));
	CHECK(!pth_duration("5S", &us));
	CHECK(!pth_duration("inf", &us));
	CHECK(!pth_duration("nan", &us));
	CHECK(!pth_duration("0x10", &us));
	CHECK(!pth_duration("1e9", &us));
	CHECK(!pth_duration("11000d", &us));
	CHECK(!pth_duration("99999999999999999999999999999999", &us));
	CHECK_INT(us, -7);

	unit("durations for people");
	CHECK_STR(shown(0), "0 us");
	CHECK_STR(shown(999), "999 us");
	CHECK_STR(shown(12000), "12 ms");
	CHECK_STR(shown(1350000), "1.35 s");
	CHECK_STR(shown(125000000), "2m 05s");
	CHECK_STR(shown(3723000000), "1h 02m 03s");
	CHECK_STR(shown(1000), "1 ms");
	CHECK_STR(shown(1499), "1 ms");
	CHECK_STR(shown(1500), "2 ms");
	CHECK_STR(shown(1000000), "1.00 s");
	CHECK_STR(shown(59990000), "59.99 s");
	CHECK_STR(shown(60000000), "1m 00s");
	CHECK_STR(shown(3599999999), "59m 59s");
	CHECK_STR(shown(3600000000), "1h 00m 00s");
	CHECK_STR(shown(7322000000), "2h 02m 02s");

	unit("clocks");
	a = pth_mono_us();
	b = pth_mono_us();
	CHECK(b >= a);
	CHECK(pth_real_us() > 1700000000LL * 1000000);
	return unit_done();
}
