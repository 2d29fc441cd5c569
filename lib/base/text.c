/* This file works on text that must come out the same under every locale. */
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

void
pth_quote_sh(struct pth_buf *b, const char *s)
{
	const char *p;

	for (p = s; pth_is_alnum(*p) || (*p != '\0' && strchr("%+,-./:=@_", *p) != NULL); p++)
		;
	if (p > s && *p == '\0') {
		pth_buf_adds(b, s);
		return;
	}
	pth_buf_addc(b, '\'');
	for (p = s; *p != '\0'; p++) {
		if (*p == '\'')
			pth_buf_adds(b, "'\\''");
		else
			pth_buf_addc(b, *p);
	}
	pth_buf_addc(b, '\'');
}

bool
pth_one_of(const char *s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (*words[i] == *s && strcmp(words[i], s) == 0)
			return true;
	return false;
}

bool
pth_name_ok(const char *s)
{
	size_t n;

	if (!pth_is_alnum(*s) && *s != '_')
		return false;
	for (n = 0; s[n] != '\0'; n++)
		if (n >= 63 || (!pth_is_alnum(s[n]) && strchr("._-", s[n]) == NULL))
			return false;
	return true;
}

void
pth_name_from(struct pth_buf *b, const char *s, size_t max)
{
	size_t start = b->len;
	bool gap = false;

	for (; *s != '\0' && b->len - start < max; s++) {
		char c = pth_lower(*s);

		if (!pth_is_alnum(c) && c != '_' && (c != '.' || b->len == start)) {
			gap = b->len > start;
			continue;
		}
		if (gap && b->len - start + 2 > max)
			break;
		if (gap)
			pth_buf_addc(b, '-');
		gap = false;
		pth_buf_addc(b, c);
	}
	if (b->len == start)
		pth_buf_addc(b, 'x');
}

const char *
pth_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool
pth_glob(const char *pattern, const char *s)
{
	return fnmatch(pattern, s, 0) == 0;
}

bool
pth_int(const char *s, long long min, long long max, long long *v)
{
	char *end;
	long long x;

	/* strtoll would skip blanks and take "+". */
	if (!pth_is_digit(*s) && !(*s == '-' && pth_is_digit(s[1])))
		return false;
	errno = 0;
	x = strtoll(s, &end, 10);
	if (errno != 0 || *end != '\0' || x < min || x > max)
		return false;
	*v = x;
	return true;
}

bool
pth_ipv4_network(const char *s, uint32_t *address, unsigned *bits)
{
	size_t n = strcspn(s, "/");
	pth_auto_str text = pth_xstrndup(s, n);
	struct in_addr a;
	long long prefix;

	if (s[n] != '/' || !pth_int(s + n + 1, 1, 32, &prefix) || inet_pton(AF_INET, text, &a) != 1)
		return false;
	*address = ntohl(a.s_addr);
	*bits = (unsigned)prefix;
	return true;
}

bool
pth_size(const char *s, long long *bytes)
{
	static const char letters[] = "kMG";
	long long n, step;
	const char *letter;
	int power = 0;
	char *unit;

	if (!pth_is_digit(*s))
		return false;
	errno = 0;
	n = strtoll(s, &unit, 10);
	if (errno != 0)
		return false;
	unit += *unit == ' ';
	/* Ki is binary and K decimal, as k is; there is no ki. */
	step = *unit != '\0' && *unit != 'k' && unit[1] == 'i' ? 1024 : 1000;
	letter = *unit != '\0' ? strchr(letters, *unit == 'K' ? 'k' : *unit) : NULL;
	if (letter != NULL) {
		power = (int)(letter - letters) + 1;
		unit += step == 1024 ? 2 : 1;
	}
	if (strcmp(unit, "") != 0 && strcmp(unit, "B") != 0)
		return false;
	while (power-- > 0)
		if (__builtin_mul_overflow(n, step, &n))
			return false;
	*bytes = n;
	return true;
}

void
pth_size_show(struct pth_buf *b, long long bytes)
{
	static const struct {
		const char *unit;
		long long factor;
	} units[] = { { "GiB", 1 << 30 }, { "GB", 1000000000 }, { "MiB", 1 << 20 },
		{ "MB", 1000000 }, { "KiB", 1 << 10 }, { "kB", 1000 } };

	for (size_t i = 0; i < countof(units); i++)
		if (bytes >= units[i].factor && bytes % units[i].factor == 0) {
			pth_buf_addf(b, "%lld %s", bytes / units[i].factor, units[i].unit);
			return;
		}
	pth_buf_addf(b, "%lld bytes", bytes);
}

/* Length of the valid UTF-8 sequence at s (1-4), or 0. RFC 3629, section 4. */
static size_t
utf8_len(const unsigned char *s, size_t n)
{
	unsigned char c = s[0];
	size_t len = c < 0x80 ? c != 0 :
	    c < 0xc2          ? 0 :
	    c < 0xe0          ? 2 :
	    c < 0xf0          ? 3 :
	    c < 0xf5          ? 4 :
	                        0;

	if (len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Too long a form, a surrogate, beyond U+10FFFF. */
	if ((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f) ||
	    (c == 0xf0 && s[1] < 0x90) || (c == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

bool
pth_utf8_ok(const char *s, size_t n, size_t *bad)
{
	size_t i = 0, len;

	while (i < n) {
		len = utf8_len((const unsigned char *)s + i, n - i);
		if (len == 0) {
			if (bad != NULL)
				*bad = i;
			return false;
		}
		i += len;
	}
	return true;
}

void
pth_utf8_clean(struct pth_buf *b, const char *s, size_t n)
{
	size_t i = 0, bad = 0;

	while (i < n && !pth_utf8_ok(s + i, n - i, &bad)) {
		pth_buf_add(b, s + i, bad);
		pth_buf_adds(b, "\xef\xbf\xbd");
		i += bad + 1;
	}
	pth_buf_add(b, s + i, n - i);
}

void
pth_show(struct pth_buf *b, const char *s, size_t max)
{
	size_t n = strnlen(s, max + 1), i;

	/* Do not cut inside a UTF-8 sequence. */
	if (n > max)
		for (n = max; n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
			;
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\n')
			pth_buf_adds(b, "\\n");
		else if (c == '\t')
			pth_buf_adds(b, "\\t");
		else if (c == '\r')
			pth_buf_adds(b, "\\r");
		else if (c < 0x20 || c == 0x7f)
			pth_buf_addf(b, "\\x%02x", c);
		else
			pth_buf_addc(b, (char)c);
	}
	if (s[i] != '\0')
		pth_buf_adds(b, "...");
}

static char
name_char(char c)
{
	return c == '-' ? '_' : pth_lower(c);
}

bool
pth_same_name(const char *a, const char *b)
{
	while (*a != '\0' && name_char(*a) == name_char(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

#define NEAR_MAX 64 /* names longer than this are never suggested */

/* Damerau-Levenshtein, restricted (optimal string alignment), three rows. */
unsigned
pth_distance(const char *a, const char *b, unsigned limit)
{
	unsigned row[3][NEAR_MAX + 1], *two = row[0], *one = row[1], *cur = row[2], *t;
	size_t la = strnlen(a, NEAR_MAX + 1), lb = strnlen(b, NEAR_MAX + 1);

	if (la > NEAR_MAX || lb > NEAR_MAX)
		return limit + 1;
	for (size_t j = 0; j <= lb; j++)
		one[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		cur[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned cost = a[i - 1] != b[j - 1];

			cur[j] = least(least(cur[j - 1], one[j]) + 1, one[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cur[j] = least(cur[j], two[j - 2] + 1);
		}
		t = two;
		two = one;
		one = cur;
		cur = t;
	}
	return one[lb] > limit ? limit + 1 : one[lb];
}

bool
pth_slip(const char *s, const char *name)
{
	unsigned limit = (unsigned)strnlen(s, NEAR_MAX) / 5 + 1;

	return pth_same_name(s, name) || pth_distance(s, name, limit) <= limit;
}

const char *
pth_nearest(const char *s, const char *const *names, size_t n)
{
	/* One edit in three letters still looks like the same word. */
	unsigned limit = (unsigned)(strnlen(s, NEAR_MAX) + 2) / 3, d;
	const char *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (pth_same_name(s, names[i]))
			return names[i];
		d = pth_distance(s, names[i], limit);
		if (d <= limit) {
			best = names[i];
			if (d == 0)
				break;
			limit = d - 1;
		}
	}
	return best;
}
