/* This file reads the clocks, and turns times and durations into texts and back. */
#include "base/clock.h"

#include <string.h>
#include <time.h>

#include "base/text.h"

#define S PTH_SECOND_US

static int64_t
clock_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * S + ts.tv_nsec / 1000;
}

int64_t
pth_real_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

int64_t
pth_mono_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

void
pth_rfc3339(struct pth_buf *b, int64_t us)
{
	time_t s = (time_t)(us / S);
	long frac = (long)(us % S);
	struct tm tm;

	if (frac < 0) {
		frac += S;
		s--;
	}
	if (gmtime_r(&s, &tm) == NULL)
		memset(&tm, 0, sizeof tm);
	pth_buf_addf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ", tm.tm_year + 1900, tm.tm_mon + 1,
	    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, frac);
}

bool
pth_rfc3339_parse(const char *s, int64_t *real_us)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	struct tm tm = { 0 }, same;
	long us = 0, place = 100000;
	time_t t;

	for (size_t i = 0; shape[i] != '\0'; i++)
		if (shape[i] == 'd' ? !pth_is_digit(s[i]) : s[i] != shape[i])
			return false;
	sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
	    &tm.tm_min, &tm.tm_sec);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	s += sizeof shape - 1;
	if (*s == '.')
		for (s++; pth_is_digit(*s); s++, place /= 10)
			us += place * (*s - '0');
	same = tm;
	t = timegm(&same); /* which makes the 1st of January of the 32nd of December */
	if (strcmp(s, "Z") != 0 || tm.tm_year < 70 || t == (time_t)-1 || same.tm_mon != tm.tm_mon ||
	    same.tm_hour != tm.tm_hour || same.tm_min != tm.tm_min)
		return false;
	*real_us = (int64_t)t * S + us;
	return true;
}

bool
pth_duration(const char *s, int64_t *us)
{
	static const struct {
		const char *unit;
		double us;
	} units[] = { { "", 1e6 }, { "s", 1e6 }, { "ms", 1e3 }, { "us", 1 }, { "m", 60e6 },
		{ "min", 60e6 }, { "h", 3600e6 }, { "d", 86400e6 } };
	const double max = 10 * 366 * 86400e6;
	double v = 0, place = 1;
	bool digits = false;

	/* Read by hand: strtod takes "inf", "0x1p3" and the locale's comma. */
	for (; pth_is_digit(*s); s++, digits = true)
		v = v * 10 + (*s - '0');
	if (*s == '.')
		for (s++; pth_is_digit(*s); s++, digits = true)
			v += (*s - '0') * (place /= 10);
	if (!digits)
		return false;
	if (*s == ' ')
		s++;
	for (size_t i = 0; i < countof(units); i++) {
		if (strcmp(s, units[i].unit) != 0)
			continue;
		v *= units[i].us;
		if (!(v <= max))
			return false;
		*us = (int64_t)(v + 0.5);
		return true;
	}
	return false;
}

void
pth_duration_show(struct pth_buf *b, int64_t us)
{
	int64_t s = us / S;

	if (us < 1000)
		pth_buf_addf(b, "%lld us", (long long)us);
	else if (us < S)
		pth_buf_addf(b, "%lld ms", (long long)((us + 500) / 1000));
	else if (us < 60 * S)
		pth_buf_addf(b, "%.2f s", (double)us / 1e6);
	else if (s < 3600)
		pth_buf_addf(b, "%lldm %02llds", (long long)(s / 60), (long long)(s % 60));
	else
		pth_buf_addf(b, "%lldh %02lldm %02llds", (long long)(s / 3600),
		    (long long)(s / 60 % 60), (long long)(s % 60));
}
