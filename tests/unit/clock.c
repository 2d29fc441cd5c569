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

int
main(void)
{
	int64_t us = -7, a, b;

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
	us = -7;
	CHECK(!pth_duration("", &us));
	CHECK(!pth_duration("s", &us));
	CHECK(!pth_duration("-1s", &us));
	CHECK(!pth_duration("1 fortnight", &us));
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

	unit("clocks");
	a = pth_mono_us();
	b = pth_mono_us();
	CHECK(b >= a);
	CHECK(pth_real_us() > 1700000000LL * 1000000);
	return unit_done();
}
