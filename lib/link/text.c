/* This file reads the words of conditions: times, rates, shares, sizes and lists. */
#include "link/text.h"

#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"

#define HOUR_NS 3600e9
#define RATE_MAX 1e12
#define LIST_MAX 100000 /* items of a list */

struct unit {
	const char *name;
	double factor;
};

/* A decimal number in front of *s, which then is what follows it and a blank. False: none. */
static bool
decimal(const char **s, double *v)
{
	const char *p = *s;
	double place = 1;
	bool digits = false;

	/* Read by hand: strtod takes "inf", "0x1p3" and the locale's comma. */
	for (*v = 0; pth_is_digit(*p); p++, digits = true)
		*v = *v * 10 + (*p - '0');
	if (*p == '.')
		for (p++; pth_is_digit(*p); p++, digits = true)
			*v += (*p - '0') * (place /= 10);
	if (digits)
		*s = p + (*p == ' ' && p[1] != '\0');
	return digits;
}

static const struct unit *
unit_of(const struct unit *units, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(units[i].name, s) == 0)
			return &units[i];
	return NULL;
}

/* A number and one of the units; 0 needs none. `like` is an example for messages. */
static int
with_unit(const char *s, const struct unit *units, size_t n, const char *like, double *v,
    struct pth_err *e)
{
	const struct unit *u;
	const char *p = s;

	if (*s == '-')
		return pth_err_set(e, PTH_INPUT, "'%.40s' is negative", s);
	if (!decimal(&p, v))
		return pth_err_set(
		    e, PTH_INPUT, "expected something like %s, not '%.40s'", like, s);
	if (*p == '\0' && *v == 0)
		return 0;
	if (*p == '\0')
		return pth_err_set(
		    e, PTH_INPUT, "'%.40s' has no unit: write something like %s", s, like);
	u = unit_of(units, n, p);
	if (u == NULL)
		return pth_err_set(
		    e, PTH_INPUT, "unknown unit '%.40s': write something like %s", p, like);
	*v *= u->factor;
	return 0;
}

int
link_time(const char *s, int64_t *ns, struct pth_err *e)
{
	static const struct unit units[] = { { "ns", 1 }, { "us", 1e3 }, { "usec", 1e3 },
		{ "ms", 1e6 }, { "msec", 1e6 }, { "s", 1e9 }, { "sec", 1e9 }, { "min", 60e9 } };
	double v;

	if (with_unit(s, units, countof(units), "20ms", &v, e) != 0)
		return -1;
	if (!(v <= HOUR_NS))
		return pth_err_set(e, PTH_INPUT, "'%.40s' is longer than an hour", s);
	*ns = (int64_t)(v + 0.5);
	return 0;
}

int
link_rate(const char *s, uint64_t *bits, struct pth_err *e)
{
	static const struct unit units[] = { { "bit", 1 }, { "kbit", 1e3 }, { "Kbit", 1e3 },
		{ "mbit", 1e6 }, { "Mbit", 1e6 }, { "gbit", 1e9 }, { "Gbit", 1e9 },
		{ "tbit", 1e12 }, { "Tbit", 1e12 } };
	size_t len = strlen(s);
	double v;

	if (len > 3 && strcmp(s + len - 3, "bps") == 0)
		return pth_err_set(e, PTH_INPUT,
		    "'%.40s': bps is bytes per second for tc and bits for others: write 10Mbit", s);
	if (with_unit(s, units, countof(units), "10Mbit", &v, e) != 0)
		return -1;
	if (v < 1)
		return pth_err_set(e, PTH_INPUT,
		    "a rate of '%.40s' lets nothing pass: for that there is blackhole", s);
	if (!(v <= RATE_MAX))
		return pth_err_set(e, PTH_INPUT, "'%.40s' is more than 1Tbit", s);
	*bits = (uint64_t)(v + 0.5);
	return 0;
}

int
link_share(const char *s, double *share, struct pth_err *e)
{
	static const struct unit units[] = { { "%", 0.01 } };
	double v;

	if (with_unit(s, units, countof(units), "1%", &v, e) != 0)
		return -1;
	if (!(v <= 1))
		return pth_err_set(e, PTH_INPUT, "'%.40s' is more than 100%%", s);
	*share = v;
	return 0;
}

int
link_size(const char *s, uint32_t *packets, uint64_t *bytes, struct pth_err *e)
{
	size_t digits = strspn(s, "0123456789");
	const char *unit = s + digits;
	pth_auto_str number = pth_xstrndup(s, digits);
	long long v;

	if (strcmp(unit, "") == 0 || strcmp(unit, "p") == 0) {
		if (!pth_int(number, 1, 10000000, &v))
			return pth_err_set(e, PTH_INPUT,
			    "expected 1 to 10000000 packets, or bytes as 64kB, not '%.40s'", s);
		*packets = (uint32_t)v;
		*bytes = 0;
		return 0;
	}
	if (!pth_size(s, &v) || v < 1514 || strchr(unit, 'B') == NULL)
		return pth_err_set(e, PTH_INPUT,
		    "expected packets as 25, or at least 1514 bytes as 64kB, not '%.40s'", s);
	*packets = 0;
	*bytes = (uint64_t)v;
	return 0;
}

/* The next item of a list with commas, without blanks around it; false at its end. */
static bool
item(const char **rest, struct pth_buf *b)
{
	size_t n;

	if (*rest == NULL)
		return false;
	*rest += strspn(*rest, " ");
	n = strcspn(*rest, ",");
	pth_buf_cut(b, 0);
	pth_buf_add(b, *rest, n);
	while (b->len > 0 && b->s[b->len - 1] == ' ')
		pth_buf_cut(b, b->len - 1);
	*rest = (*rest)[n] == ',' ? *rest + n + 1 : NULL;
	return true;
}

static int
number(const char *s, uint32_t *to, struct pth_err *e)
{
	long long v;

	if (!pth_int(s, 1, UINT32_MAX, &v))
		return pth_err_set(
		    e, PTH_INPUT, "'%.40s' is no number of a packet, 1 to 4294967295", s);
	*to = (uint32_t)v;
	return 0;
}

static int
range(char *s, struct pth_link_range *r, struct pth_err *e)
{
	char *dash = strchr(s, '-');

	if (dash != NULL && dash != s)
		*dash = '\0';
	else
		dash = NULL;
	if (number(s, &r->first, e) != 0 || number(dash != NULL ? dash + 1 : s, &r->last, e) != 0)
		return -1;
	if (r->last < r->first)
		return pth_err_set(
		    e, PTH_INPUT, "%u-%u: the range ends before it begins", r->first, r->last);
	return 0;
}

int
link_numbers(const char *s, struct pth_link_range **v, size_t *n, struct pth_err *e)
{
	pth_auto_free struct pth_link_range *list = NULL;
	pth_auto_buf b = PTH_BUF_INIT;

	*n = 0;
	for (const char *rest = *s != '\0' ? s : NULL; item(&rest, &b);) {
		if (*n >= LIST_MAX)
			return pth_err_set(e, PTH_INPUT, "more than %d items", LIST_MAX);
		if ((*n & (*n + 1)) == 0)
			list = pth_xarray(list, *n * 2 + 1, sizeof *list);
		if (range(b.s, &list[*n], e) != 0)
			return -1;
		++*n;
	}
	*v = pth_take(&list);
	return 0;
}

/* "2s-4s" or "2s+500ms" */
static int
span(char *s, struct pth_link_span *to, struct pth_err *e)
{
	size_t n = strcspn(s, "-+");
	char sign = s[n];

	if (n == 0 || sign == '\0')
		return pth_err_set(
		    e, PTH_INPUT, "expected a window as 2s-4s or 2s+500ms, not '%.40s'", s);
	s[n] = '\0';
	if (link_time(s, &to->from, e) != 0 || link_time(s + n + 1, &to->to, e) != 0)
		return -1;
	if (sign == '+')
		to->to += to->from;
	if (to->to <= to->from)
		return pth_err_set(
		    e, PTH_INPUT, "the window '%.20s%c%.20s' is empty", s, sign, s + n + 1);
	return 0;
}

int
link_spans(const char *s, struct pth_link_span **v, size_t *n, struct pth_err *e)
{
	pth_auto_free struct pth_link_span *list = NULL;
	pth_auto_buf b = PTH_BUF_INIT;

	*n = 0;
	for (const char *rest = *s != '\0' ? s : NULL; item(&rest, &b);) {
		if (*n >= LIST_MAX)
			return pth_err_set(e, PTH_INPUT, "more than %d items", LIST_MAX);
		if ((*n & (*n + 1)) == 0)
			list = pth_xarray(list, *n * 2 + 1, sizeof *list);
		if (span(b.s, &list[*n], e) != 0)
			return -1;
		if (*n > 0 && list[*n].from < list[*n - 1].to)
			return pth_err_set(
			    e, PTH_INPUT, "a window begins before the end of the one before it");
		++*n;
	}
	*v = pth_take(&list);
	return 0;
}
