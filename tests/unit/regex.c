/* Regular expressions: what they find, what is refused, and that no text takes long. */
#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/regex.h"
#include "base/text.h"
#include "unit.h"

static char shown[128];

/* "from-to from-to" of the match and of its first group, "-" where there is none; or what is
 * wrong with the expression. */
static const char *
found(const char *pattern, unsigned flags, const char *s, size_t n)
{
	struct pth_err e;
	pth_auto_regex re = pth_regex_new(pattern, flags, &e);
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_regex_span at[2];

	if (re == NULL) {
		snprintf(shown, sizeof shown, "%.120s", e.text);
		return shown;
	}
	CHECK(pth_regex_match(re, s, n) == pth_regex_find(re, s, n, at));
	/* From where it is found it is found again; behind the text there is at most nothing. */
	if (at[0].from != SIZE_MAX) {
		struct pth_regex_span again[2];

		CHECK(pth_regex_find_from(re, s, n, at[0].from, again));
		CHECK(memcmp(at, again, sizeof at) == 0);
		if (pth_regex_find_from(re, s, n, n, again))
			CHECK(again[0].from == n && again[0].to == n);
	}
	for (size_t i = 0; i < 2 && at[0].from != SIZE_MAX; i++)
		if (at[i].from == SIZE_MAX)
			pth_buf_adds(&b, " -");
		else
			pth_buf_addf(&b, "%s%zu-%zu", i == 0 ? "" : " ", at[i].from, at[i].to);
	snprintf(shown, sizeof shown, "%.120s", b.len > 0 ? b.s : "-");
	return shown;
}

#define FOUND(pattern, text) found(pattern, 0, text, sizeof text - 1)

static void
language(void)
{
	unit("the first match, and the longest of those");
	CHECK_STR(FOUND("b|bc|bcd", "abcde"), "1-4 -");
	CHECK_STR(FOUND("", "ab"), "0-0 -");
	CHECK_STR(FOUND("x*", "ab"), "0-0 -");
	CHECK_STR(FOUND("rtt=([0-9.]+) ?ms", "x rtt=12.5 ms"), "2-13 6-10");
	CHECK_STR(FOUND("(a)|b", "b"), "0-1 -");
	CHECK_STR(FOUND("(a|ab)(c|bcd)", "abcd"), "0-4 0-1");

	unit("repetitions");
	CHECK_STR(FOUND("^a{2,3}$", "aaaa"), "-");
	CHECK_STR(FOUND("^a{2,3}$", "aaa"), "0-3 -");
	CHECK_STR(FOUND("^(ab){,2}c", "ababc"), "0-5 2-4");
	CHECK_STR(FOUND("^a{0}b", "ab"), "-");
	CHECK_STR(FOUND("(a*)+b", "aab"), "0-3 0-2");
	CHECK_STR(FOUND("^(a?){3}$", "aa"), "0-2 2-2");

	unit("characters");
	CHECK_STR(FOUND("[]x-]+", "a]-x"), "1-4 -");
	CHECK_STR(FOUND("[^]a]", "]ab"), "2-3 -");
	CHECK_STR(FOUND("[[:digit:][:space:]]+", "a1 2"), "1-4 -");
	CHECK_STR(FOUND("\\bb\\w\\>", "abc bc"), "4-6 -");
	CHECK_STR(FOUND("a.c", "a\0c"), "0-3 -");
	CHECK_STR(FOUND("a)", "a)"), "0-2 -");
	CHECK_STR(found("ERR[o-p]R\\.", PTH_REGEX_ICASE, "error.", 6), "0-6 -");
	CHECK_STR(found("[^a]", PTH_REGEX_ICASE, "aAb", 3), "2-3 -");

	unit("a part of a text");
	{
		struct pth_err e;
		pth_auto_regex begin = pth_regex_new("^a", 0, &e);
		pth_auto_regex end = pth_regex_new("a$", 0, &e);

		CHECK(pth_regex_match_part(begin, "a", 1, true, false));
		CHECK(!pth_regex_match_part(begin, "a", 1, false, true));
		CHECK(pth_regex_match_part(end, "a", 1, false, true));
		CHECK(!pth_regex_match_part(end, "a", 1, true, false));
		CHECK(pth_regex_match(begin, "a", 1) && pth_regex_match(end, "a", 1));
	}

	unit("lines");
	CHECK_STR(FOUND("^b", "a\nb"), "-");
	CHECK_STR(found("^b$", PTH_REGEX_LINES, "a\nb\nc", 5), "2-3 -");
	CHECK_STR(found("a.|a[^x]", PTH_REGEX_LINES, "a\n", 2), "-");
}

static void
refused(void)
{
	unit("what is refused, and where");
	CHECK_STR(FOUND("(a*)b\\1", ""),
	    "not a regular expression: character 6: back-references are not supported");
	CHECK_STR(FOUND("ab(c", ""), "not a regular expression: character 3: ( without )");
	CHECK_STR(FOUND("a|*", ""), "not a regular expression: character 3: nothing to repeat");
	CHECK_STR(FOUND("[a", ""), "not a regular expression: character 1: [ without ]");
	CHECK_STR(FOUND("a{2,1}", ""),
	    "not a regular expression: character 2: not a number of repetitions");
	CHECK_STR(
	    FOUND("[z-a]", ""), "not a regular expression: character 4: not a range of characters");
	CHECK_STR(FOUND("[[:word:]]", ""),
	    "not a regular expression: character 2: not a class of characters");
	CHECK_STR(FOUND("a\\", ""), "not a regular expression: character 2: \\ at the end");
	CHECK_STR(FOUND("((a{1,200}){1,200}){1,200}", ""),
	    "not a regular expression: character 18: too much repetition");
	CHECK_STR(FOUND("a{99999999999999999999}", ""),
	    "not a regular expression: character 2: too much repetition");
}

/* Each class has the bytes of the C locale, whatever the case is. */
static void
classes(void)
{
	static const struct {
		const char *name;
		int (*is)(int);
	} all[] = { { "alpha", isalpha }, { "digit", isdigit }, { "alnum", isalnum },
		{ "upper", isupper }, { "lower", islower }, { "space", isspace },
		{ "blank", isblank }, { "punct", ispunct }, { "print", isprint },
		{ "graph", isgraph }, { "cntrl", iscntrl }, { "xdigit", isxdigit } };
	char in[30], out[30];
	struct pth_err e;

	unit("classes of characters");
	for (size_t i = 0; i < countof(all); i++) {
		snprintf(in, sizeof in, "[[:%s:]]", all[i].name);
		snprintf(out, sizeof out, "[^[:%s:]]", all[i].name);
		pth_auto_regex is = pth_regex_new(in, 0, &e);
		pth_auto_regex is_not = pth_regex_new(out, 0, &e);
		int wrong = 0;

		for (int b = 0; b < 256; b++) {
			char c = (char)b;

			wrong += pth_regex_match(is, &c, 1) != (all[i].is(b) != 0);
			wrong += pth_regex_match(is_not, &c, 1) != (all[i].is(b) == 0);
		}
		CHECK_INT(wrong, 0);
	}
	for (int b = 0; b < 256; b++) {
		char c = (char)b;
		bool word = isalnum(b) != 0 || b == '_', space = isspace(b) != 0;
		static const char *const short_[] = { "\\w", "\\W", "\\s", "\\S" };
		const bool want[] = { word, !word, space, !space };

		for (size_t i = 0; i < countof(short_); i++) {
			pth_auto_regex re = pth_regex_new(short_[i], 0, &e);

			CHECK(pth_regex_match(re, &c, 1) == want[i]);
		}
	}
}

static void
anchors(void)
{
	unit("anchors");
	CHECK_STR(FOUND("\\<b", "ab b"), "3-4 -");
	CHECK_STR(FOUND("b\\>", "ba b"), "3-4 -");
	CHECK_STR(FOUND("\\bb", "ab-b"), "3-4 -");
	CHECK_STR(FOUND("\\Bb", "b-ab"), "3-4 -");
	CHECK_STR(FOUND("a\\B", "a ab"), "2-3 -");
	CHECK_STR(FOUND("\\`b", "ab"), "-");
	CHECK_STR(FOUND("\\`a", "ab"), "0-1 -");
	CHECK_STR(FOUND("a\\'", "ab"), "-");
	CHECK_STR(FOUND("b\\'", "ab"), "1-2 -");
	CHECK_STR(found("\\`b", PTH_REGEX_LINES, "a\nb", 3), "-");
	CHECK_STR(found("a\\'", PTH_REGEX_LINES, "a\nb", 3), "-");
	CHECK_STR(found("a$", PTH_REGEX_LINES, "a\nb", 3), "0-1 -");
	CHECK_STR(FOUND("a$", "a\nb"), "-");
	CHECK_STR(FOUND("a^", "a^"), "-");
	CHECK_STR(FOUND("\\<", "-a"), "1-1 -");
	CHECK_STR(FOUND("\\>", "a-"), "1-1 -");

	unit("brackets");
	CHECK_STR(FOUND("[a-]+", "x-a"), "1-3 -");
	CHECK_STR(FOUND("[-a]+", "x-a"), "1-3 -");
	CHECK_STR(FOUND("[a-c]+", "xabcd"), "1-4 -");
	CHECK_STR(FOUND("[a-a]+", "baac"), "1-3 -");
	CHECK_STR(FOUND("[[=a=]b]+", "xabc"), "1-3 -");
	CHECK_STR(FOUND("[[.a.]-c]+", "xabcd"), "1-4 -");
	CHECK_STR(FOUND("[a-[.c.]]+", "xabcd"), "1-4 -");
	CHECK_STR(FOUND("[\\n]+", "n\\x"), "0-2 -");
	CHECK_STR(FOUND("[[:digit:]-]+", "x1-"), "1-3 -");
	CHECK_STR(FOUND("[b[c]+", "a[bc"), "1-4 -");
	CHECK_STR(found("[a-c]", PTH_REGEX_ICASE, "B", 1), "0-1 -");
	CHECK_STR(found("[^a-c]", PTH_REGEX_ICASE, "BZ", 2), "1-2 -");
	CHECK_STR(found("\\q@`", PTH_REGEX_ICASE, "Q@`", 3), "0-3 -");
	CHECK_STR(found("@", PTH_REGEX_ICASE, "`", 1), "-");
	CHECK_STR(FOUND("\xff", "\xff"), "0-1 -");

	unit("empty ones, and several repetitions");
	CHECK_STR(FOUND("()", "a"), "0-0 0-0");
	CHECK_STR(FOUND("(|a)b", "ab"), "0-2 0-1");
	CHECK_STR(FOUND("a||b", "b"), "0-1 -");
	CHECK_STR(FOUND("a**", "aab"), "0-2 -");
	CHECK_STR(FOUND("a+?b", "aab"), "0-3 -");
	CHECK_STR(FOUND("(a){0}b", "ab"), "1-2 -");
	CHECK_STR(FOUND("a{,}b", "aab"), "0-3 -");
	CHECK_STR(FOUND("a{1,}b", "aab"), "0-3 -");
	CHECK_STR(FOUND("a{2,}b", "ab"), "-");
}

/* The largest that is taken, and the least that is not. */
static void
limits(void)
{
	pth_auto_buf b = PTH_BUF_INIT;
	pth_auto_buf text = PTH_BUF_INIT;
	struct pth_err e;

	unit("how large an expression may be");
	for (int n = PTH_REGEX_MAX - 2; n <= PTH_REGEX_MAX + 1; n++) {
		pth_buf_cut(&b, 0);
		for (int i = 0; i < n; i++)
			pth_buf_addc(&b, 'a');
		pth_auto_regex re = pth_regex_new(b.s, 0, &e);

		CHECK_INT(re != NULL, n < PTH_REGEX_STEPS);
		if (n > PTH_REGEX_MAX)
			CHECK_STR(e.text, "not a regular expression: more than 4096 bytes");
		else if (re == NULL)
			CHECK_STR(e.text,
			    "not a regular expression: character 4096: too much repetition");
	}
	CHECK_STR(FOUND("a{4095}", ""), "-");
	CHECK_STR(
	    FOUND("a{4096}", ""), "not a regular expression: character 7: too much repetition");
	CHECK_STR(FOUND("a{1,2048}", ""), "-");
	CHECK_STR(
	    FOUND("a{1,2049}", ""), "not a regular expression: character 9: too much repetition");
	CHECK_STR(
	    FOUND("a{4097}", ""), "not a regular expression: character 2: too much repetition");
	for (int n = 100; n <= 101; n++) {
		pth_buf_cut(&b, 0);
		for (int i = 0; i < n; i++)
			pth_buf_addc(&b, '(');
		pth_buf_addc(&b, 'a');
		for (int i = 0; i < n; i++)
			pth_buf_addc(&b, ')');
		CHECK_STR(found(b.s, 0, "a", 1),
		    n == 100 ? "0-1 0-1" :
		               "not a regular expression: character 101: parentheses too deep in "
		               "each other");
	}
	{
		pth_auto_regex re = pth_regex_new("(a)(b(c))|\\(", 0, &e);
		pth_auto_regex none = pth_regex_new("a[(]", 0, &e);

		CHECK(pth_regex_groups(re) == 3 && pth_regex_groups(none) == 0);
	}
	CHECK_STR(FOUND("[[.ab.]]", ""),
	    "not a regular expression: character 2: not a class of characters");
	CHECK_STR(FOUND("[[:alpha:]-z]", ""),
	    "not a regular expression: character 12: not a range of "
	    "characters");
	CHECK_STR(FOUND("[a--b]", ""),
	    "not a regular expression: character 4: not a range of characters");
	CHECK_STR(FOUND("[[:alpha", ""), "not a regular expression: character 2: [ without ]");
	CHECK_STR(FOUND("[a-", ""), "not a regular expression: character 4: [ without ]");
	CHECK_STR(FOUND("(*a)", ""), "not a regular expression: character 2: nothing to repeat");
	CHECK_STR(
	    FOUND("a{}", ""), "not a regular expression: character 2: not a number of repetitions");
	CHECK_STR(
	    FOUND("a{1", ""), "not a regular expression: character 2: not a number of repetitions");
	CHECK_STR(FOUND("a{1,2,3}", ""),
	    "not a regular expression: character 2: not a number of repetitions");
	CHECK_STR(FOUND("\\0", "0"), "0-1 -");
	CHECK_STR(FOUND("\\9", ""),
	    "not a regular expression: character 1: back-references are not supported");
}

/* A random expression of a few letters. */
static void
grow(struct pth_buf *b, unsigned depth)
{
	static const char *const atoms[] = { "a", "b", "c", ".", "[ab]", "[^a]", "\\w", "[b-c]" };
	static const char *const repeats[] = { "", "", "", "*", "+", "?", "{2}", "{1,2}", "{2,}" };
	unsigned n = 1 + (unsigned)random() % 3;

	for (unsigned i = 0; i < n; i++) {
		if (i > 0 && random() % 4 == 0)
			pth_buf_addc(b, '|');
		if (depth > 0 && random() % 3 == 0) {
			pth_buf_addc(b, '(');
			grow(b, depth - 1);
			pth_buf_addc(b, ')');
		} else {
			pth_buf_adds(b, atoms[(size_t)random() % countof(atoms)]);
		}
		pth_buf_adds(b, repeats[(size_t)random() % countof(repeats)]);
	}
}

/* Does libc's regexec() find the same? */
static bool
agrees(const char *pattern, const char *text)
{
	pth_auto_buf b = PTH_BUF_INIT;
	regmatch_t m = { -1, -1 };
	regex_t re;
	int rc;

	if (regcomp(&re, pattern, REG_EXTENDED) != 0)
		return false;
	rc = regexec(&re, text, 1, &m, 0);
	regfree(&re);
	if (rc == 0)
		pth_buf_addf(&b, "%d-%d ", (int)m.rm_so, (int)m.rm_eo);
	else
		pth_buf_adds(&b, "-");
	found(pattern, 0, text, strlen(text));
	return strncmp(shown, b.s, b.len) == 0;
}

static void
compared(void)
{
	char text[12];

	unit("the same as libc finds");
	srandom(1);
	for (unsigned i = 0; i < 8000; i++) {
		pth_auto_buf b = PTH_BUF_INIT;
		size_t n = (size_t)random() % sizeof text;

		if (random() % 6 == 0)
			pth_buf_addc(&b, '^');
		grow(&b, 2);
		if (random() % 6 == 0)
			pth_buf_addc(&b, '$');
		for (size_t k = 0; k < n; k++)
			text[k] = "abcd"[random() % 4];
		text[n] = '\0';
		if (!agrees(b.s, text)) {
			printf("%s on %s: %s\n", b.s, text, shown);
			CHECK(false);
		}
	}
}

/* Each would take libc hours, or all memory. */
static void
hostile(void)
{
	static const struct {
		const char *pattern;
		unsigned lines;
	} cases[] = { { "(a|aa)*b", 60 }, { "(a*)*b", 60 }, { "(.*)(.*)(.*)(x)", 60 },
		{ "(((a+)+)+)+b", 60 }, { "(a|ba|ab)*c", 60 }, { "(.*a){30}x", 2 },
		{ "((a?){20}){20}x", 1 }, { ".*a[ab]{400}c", 2 }, { "(a|b)*a(a|b){1000}c", 1 } };
	struct rlimit limit;
	size_t n = (size_t)64 << 10;
	pth_auto_str text = pth_xmalloc(n);
	struct pth_regex_span at[2];
	struct pth_err e;

	unit("no text takes long");
	CHECK(getrlimit(RLIMIT_CPU, &limit) == 0);
	limit.rlim_cur = 240;
	CHECK(setrlimit(RLIMIT_CPU, &limit) == 0);
	for (size_t i = 0; i < countof(cases); i++) {
		unsigned flags = i % 2 != 0 ? PTH_REGEX_ICASE : PTH_REGEX_LINES;
		pth_auto_regex re = pth_regex_new(cases[i].pattern, flags, &e);

		for (size_t k = 0; k < n; k++)
			text[k] = cases[i].lines > 2 || random() % 2 != 0 ? 'a' : 'b';
		for (unsigned line = 0; line < cases[i].lines; line++)
			CHECK(re != NULL && !pth_regex_find(re, text, n, at));
	}
}

int
main(void)
{
	language();
	classes();
	anchors();
	refused();
	limits();
	compared();
	hostile();
	return unit_done();
}
