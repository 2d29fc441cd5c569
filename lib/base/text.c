#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

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
	char text[INET_ADDRSTRLEN];
	struct in_addr a;
	long long prefix;

	if (n >= sizeof text || s[n] != '/' || !pth_int(s + n + 1, 1, 32, &prefix))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (inet_pton(AF_INET, text, &a) != 1)
		return false;
	*address = ntohl(a.s_addr);
	*bits = (unsigned)prefix;
	return true;
}

bool
pth_size(const char *s, long long *bytes)
{
	static const struct {
		const char *unit;
		long long factor;
	} units[] = {
		{ "", 1 },
		{ "B", 1 },
		{ "k", 1000 },
		{ "K", 1000 },
		{ "kB", 1000 },
		{ "KB", 1000 },
		{ "M", 1000000 },
		{ "MB", 1000000 },
		{ "G", 1000000000 },
		{ "GB", 1000000000 },
		{ "Ki", 1 << 10 },
		{ "KiB", 1 << 10 },
		{ "Mi", 1 << 20 },
		{ "MiB", 1 << 20 },
		{ "Gi", 1 << 30 },
		{ "GiB", 1 << 30 },
	};
	char *end;
	long long n;

	if (!pth_is_digit(*s))
		return false;
	errno = 0;
	n = strtoll(s, &end, 10);
	if (errno != 0)
		return false;
	if (*end == ' ')
		end++;
	for (size_t i = 0; i < countof(units); i++)
		if (strcmp(end, units[i].unit) == 0)
			return !__builtin_mul_overflow(n, units[i].factor, bytes);
	return false;
}

void
pth_size_show(struct pth_buf *b, long long bytes)
{
	static const struct {
		const char *unit;
		long long factor;
	} units[] = {
		{ "GiB", 1 << 30 },
		{ "GB", 1000000000 },
		{ "MiB", 1 << 20 },
		{ "MB", 1000000 },
		{ "KiB", 1 << 10 },
		{ "kB", 1000 },
	};

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
	size_t len;
	unsigned char lo = 0x80, hi = 0xbf;

	if (s[0] == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (len > n)
		return 0;
	if (s[0] == 0xe0)
		lo = 0xa0;
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf0)
		lo = 0x90;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
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

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
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

			cur[j] = min3(cur[j - 1] + 1, one[j] + 1, one[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    two[j - 2] + 1 < cur[j])
				cur[j] = two[j - 2] + 1;
		}
		t = two;
		two = one;
		one = cur;
		cur = t;
	}
	return one[lb] > limit ? limit + 1 : one[lb];
}

const char *
pth_nearest(const char *s, const char *const *names, size_t n)
{
	/* One edit in three letters still looks like the same word. */
	unsigned limit = (unsigned)(strnlen(s, NEAR_MAX) + 2) / 3, d;
	const char *best = NULL;

	for (size_t i = 0; i < n; i++) {
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

bool
pth_regex_unrolls(const char *s)
{
	long product = 1;

	while (product < 10000 && (s = strchr(s, '{')) != NULL) {
		const char *end = s + strcspn(s, "}");
		long most = 1;

		for (s++; s < end; s++) {
			long v = strtol(s, NULL, 10);

			most = v > most ? v : most;
			s += strcspn(s, ",}");
		}
		product *= most < 10000 ? most : 10000;
		s = end;
	}
	return product >= 10000;
}

const char *
pth_regex_fault(const char *pattern)
{
	regex_t re;

	if (strlen(pattern) > 1000 || pth_regex_unrolls(pattern))
		return "too large a regular expression";
	for (const char *s = pattern; (s = strchr(s, '\\')) != NULL && s[1] != '\0'; s += 2)
		if (s[1] >= '1' && s[1] <= '9')
			return "back-references are not allowed in it";
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NEWLINE) != 0)
		return "not a regular expression";
	regfree(&re);
	return NULL;
}
