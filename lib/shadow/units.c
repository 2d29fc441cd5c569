/* This file reads durations and rates, and writes them with the units of Shadow, which has whole
 * numbers only. */
#include "shadow/priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define NS_MAX 1e18

bool
shadow_time(const json_t *v, int64_t unit_ns, int64_t *ns)
{
	double d = json_number_value(v) * (double)unit_ns;
	int64_t us;

	if (json_is_number(v) && d >= 0 && d < NS_MAX) {
		*ns = (int64_t)llround(d);
		return true;
	}
	if (!json_is_string(v) || !pth_duration(json_string_value(v), &us))
		return false;
	*ns = us * 1000;
	return true;
}

/* The factor of "", "bit", "kbit", "Mbit" ..., in any case; 0: it is no such unit. */
static double
factor(const char *unit)
{
	static const struct {
		const char *prefix;
		double factor;
	} prefixes[] = { { "", 1 }, { "k", 1e3 }, { "m", 1e6 }, { "g", 1e9 }, { "t", 1e12 } };
	pth_auto_buf b = PTH_BUF_INIT;

	if (*unit == '\0')
		return 1;
	for (; *unit != '\0'; unit++)
		pth_buf_addc(&b, pth_lower(*unit));
	for (size_t i = 0; i < countof(prefixes); i++) {
		size_t n = strlen(prefixes[i].prefix);

		if (strncmp(b.s, prefixes[i].prefix, n) == 0 &&
		    (strcmp(b.s + n, "bit") == 0 || strcmp(b.s + n, "bits") == 0 ||
		        strcmp(b.s + n, "bps") == 0))
			return prefixes[i].factor;
	}
	return 0;
}

bool
shadow_rate(const json_t *v, int64_t *bps)
{
	const char *s = json_string_value(v);
	double d = json_number_value(v);
	char *end;

	if (s != NULL) {
		if (!pth_is_digit(*s))
			return false;
		d = strtod(s, &end);
		if (strspn(s, "0123456789.") != (size_t)(end - s))
			return false;
		d *= factor(end + strspn(end, " "));
	}
	if ((s == NULL && !json_is_number(v)) || !(d >= 1) || d >= NS_MAX)
		return false;
	*bps = (int64_t)llround(d);
	return true;
}

static void
show(struct pth_buf *b, int64_t v, const char *const *units, unsigned n)
{
	unsigned i = 0;

	while (i + 1 < n && v != 0 && v % 1000 == 0) {
		v /= 1000;
		i++;
	}
	pth_buf_addf(b, "%lld %s", (long long)v, units[i]);
}

void
shadow_time_show(struct pth_buf *b, int64_t ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };

	show(b, ns, units, ns < PTH_SECOND_US * 1000 ? 3 : 4);
}

void
shadow_rate_show(struct pth_buf *b, int64_t bps)
{
	static const char *const units[] = { "bit", "Kbit", "Mbit", "Gbit", "Tbit" };

	show(b, bps, units, countof(units));
}
