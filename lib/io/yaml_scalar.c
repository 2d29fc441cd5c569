/* This file says what a plain scalar of YAML means. */
#include "io/yaml_scalar.h"

#include <errno.h>
#include <math.h>
#include <strings.h>

#include "base/text.h"

static bool
is_null(const char *s)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	return pth_one_of(s, words, countof(words));
}

/* Booleans of YAML 1.1 beyond true and false: 1, 0, or -1 for none. */
static int
old_bool(const char *s)
{
	static const char *const yes[] = { "yes", "Yes", "YES", "on", "On", "ON" };
	static const char *const no[] = { "no", "No", "NO", "off", "Off", "OFF" };

	return pth_one_of(s, yes, countof(yes)) ? 1 : pth_one_of(s, no, countof(no)) ? 0 : -1;
}

static const char *
resolve_word(struct pth_ynode *n)
{
	static const char *const t[] = { "true", "True", "TRUE" };
	static const char *const f[] = { "false", "False", "FALSE" };
	int old;

	if (strchr("~nNtTfFyYoO", n->text[0]) == NULL)
		return NULL;
	old = old_bool(n->text);
	if (is_null(n->text)) {
		n->kind = PTH_YNULL;
	} else if (old >= 0 || pth_one_of(n->text, t, countof(t)) ||
	    pth_one_of(n->text, f, countof(f))) {
		n->kind = PTH_YBOOL;
		n->b = (old >= 0 ? old : n->text[0] == 't' || n->text[0] == 'T') != 0;
		if (old >= 0)
			return n->b ?
			    "is read as true; write true, or quote it when text is meant" :
			    "is read as false; write false, or quote it when text is meant";
	}
	return NULL;
}

static bool
all_digits(const char *s, const char *set)
{
	return *s != '\0' && s[strspn(s, set)] == '\0';
}

/* [-+]?[0-9]+ | 0o[0-7]+ | 0x[0-9a-fA-F]+ */
static int
int_base(const char *s)
{
	const char *d = s + (*s == '-' || *s == '+');

	if (all_digits(d, "0123456789"))
		return 10;
	if (s[0] == '0' && s[1] == 'x' && all_digits(s + 2, "0123456789abcdefABCDEF"))
		return 16;
	if (s[0] == '0' && s[1] == 'o' && all_digits(s + 2, "01234567"))
		return 8;
	return 0;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool
is_real(const char *s)
{
	size_t before, after = 0;

	s += *s == '-' || *s == '+';
	s += before = strspn(s, "0123456789");
	if (*s == '.')
		s += 1 + (after = strspn(s + 1, "0123456789"));
	if (before + after == 0)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		return all_digits(s, "0123456789");
	}
	return *s == '\0';
}

/* .inf .nan: numbers of YAML that neither JSON nor any key here can hold. */
static bool
is_infinite(const char *s)
{
	if (strcasecmp(s, ".nan") == 0)
		return true;
	s += *s == '-' || *s == '+';
	return (strcasecmp(s, ".inf") == 0);
}

static const char *
resolve_int(struct pth_ynode *n, int base, bool *bad)
{
	const char *digits = n->text + (base == 10 ? 0 : 2);

	errno = 0;
	n->kind = PTH_YINT;
	n->i = strtoll(digits, NULL, base);
	if (errno == ERANGE) {
		*bad = true;
		n->kind = PTH_YSTR;
		return "is not between -9223372036854775808 and 9223372036854775807; quote it "
		       "when text is meant";
	}
	digits += *digits == '-' || *digits == '+';
	if (base == 10 && digits[0] == '0' && digits[1] != '\0')
		return "is read as a decimal number (YAML 1.1 readers take it as octal)";
	return NULL;
}

const char *
pth_yaml_resolve(struct pth_ynode *n, bool *bad)
{
	const char *s = n->text;
	int base;

	*bad = false;
	n->kind = PTH_YSTR;
	if (strchr("+-.0123456789", *s) == NULL || *s == '\0')
		return resolve_word(n);
	if ((base = int_base(s)) != 0)
		return resolve_int(n, base, bad);
	if (is_real(s)) {
		double d = strtod(s, NULL);

		if (!isfinite(d)) {
			*bad = true;
			return "is too large a number; quote it when text is meant";
		}
		n->kind = PTH_YREAL;
		n->d = d;
	} else if (is_infinite(s)) {
		*bad = true;
		return "is not a number that can be used here; quote it when text is meant";
	}
	return NULL;
}

bool
pth_yaml_ambiguous(const char *s)
{
	static const char *const words[] = { "null", "true", "false", "yes", "no", "on", "off", "y",
		"n", "~", "=", "<<", "" };

	for (size_t i = 0; i < countof(words); i++)
		if (strcasecmp(s, words[i]) == 0)
			return true;
	s += *s == '-' || *s == '+';
	/* numbers, 1_000, 12:30:45, dates, .inf */
	return (*s >= '0' && *s <= '9') || *s == '.';
}
