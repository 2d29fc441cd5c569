#include <limits.h>

#include "base/text.h"
#include "unit.h"

static const char *
quoted(const char *s)
{
	static struct pth_buf b;

	pth_buf_cut(&b, 0);
	pth_quote_sh(&b, s);
	return b.s;
}

static const char *
named(const char *s, size_t max)
{
	static struct pth_buf b;

	pth_buf_cut(&b, 0);
	pth_name_from(&b, s, max);
	return b.s;
}

static const char *
shown(const char *s, size_t max)
{
	static struct pth_buf b;

	pth_buf_cut(&b, 0);
	pth_show(&b, s, max);
	return b.s;
}

static void
words(void)
{
	unit("shell words");
	CHECK_STR(quoted("plain-1.2/x"), "plain-1.2/x");
	CHECK_STR(quoted(""), "''");
	CHECK_STR(quoted("a b"), "'a b'");
	CHECK_STR(quoted("it's"), "'it'\\''s'");
	CHECK_STR(quoted("$(rm -rf /)"), "'$(rm -rf /)'");
	CHECK_STR(quoted("a\nb"), "'a\nb'");
	CHECK_STR(quoted("~"), "'~'");
	CHECK_STR(quoted("*"), "'*'");
	CHECK_STR(quoted("%+,-./:=@_09azAZ"), "%+,-./:=@_09azAZ");
	for (const char *c = " \"#$&'()*;<>?[\\]^`{|}~!\t"; *c != '\0'; c++) {
		char one[3] = { 'a', *c, '\0' };

		CHECK(quoted(one)[0] == '\'');
	}
}

static void
names(void)
{
	char long63[64], long64[65];

	memset(long63, 'a', 63);
	long63[63] = '\0';
	memset(long64, 'a', 64);
	long64[64] = '\0';

	unit("good and bad names");
	CHECK(pth_name_ok("a"));
	CHECK(pth_name_ok("_x.y-Z9"));
	CHECK(pth_name_ok(long63));
	CHECK(!pth_name_ok(long64));
	CHECK(!pth_name_ok(""));
	CHECK(!pth_name_ok("."));
	CHECK(!pth_name_ok(".."));
	CHECK(!pth_name_ok("-x"));
	CHECK(!pth_name_ok("a/b"));
	CHECK(!pth_name_ok("a\nb"));
	CHECK(!pth_name_ok("\xc3\xa9"));

	unit("names out of any text");
	CHECK_STR(named("Ping-pong functional", 40), "ping-pong-functional");
	CHECK_STR(named("", 40), "x");
	CHECK_STR(named("../../etc/passwd", 40), "etc-passwd");
	CHECK_STR(named("  a  b  ", 40), "a-b");
	CHECK_STR(named("\xc3\xa9\xc3\xa9", 40), "x");
	CHECK_STR(named("a\nb\x01"
	                "c",
	              40),
	    "a-b-c");
	CHECK_INT(strlen(named(long64, 40)), 40);
	CHECK(pth_name_ok(named("-.-..weird../ NAME", 12)));
	for (size_t max = 2; max < 20; max++) {
		const char *s = named("a b c d e f g h i j k", max);

		CHECK(strlen(s) <= max && s[strlen(s) - 1] != '-');
	}

	unit("globs");
	CHECK(pth_glob("00*", "001-x"));
	CHECK(pth_glob("*/x", "a/b/x"));
	CHECK(pth_glob("[ab]?", "bz"));
	CHECK(!pth_glob("a", "ab"));
}

static void
numbers(void)
{
	long long v = 77;

	unit("integers");
	CHECK(pth_int("0", 0, 10, &v) && v == 0);
	CHECK(pth_int("-5", -5, 5, &v) && v == -5);
	CHECK(pth_int("5", -5, 5, &v) && v == 5);
	CHECK(pth_int("007", 0, 10, &v) && v == 7);
	CHECK(pth_int("9223372036854775807", 0, LLONG_MAX, &v) && v == LLONG_MAX);
	v = 77;
	CHECK(!pth_int("9223372036854775808", 0, LLONG_MAX, &v));
	CHECK(!pth_int("11", 0, 10, &v));
	CHECK(!pth_int("", 0, 10, &v));
	CHECK(!pth_int(" 1", 0, 10, &v));
	CHECK(!pth_int("1 ", 0, 10, &v));
	CHECK(!pth_int("+1", 0, 10, &v));
	CHECK(!pth_int("0x1", 0, 10, &v));
	CHECK(!pth_int("-", -10, 10, &v));
	CHECK(!pth_int("--1", -10, 10, &v));
	CHECK(!pth_int("-6", -5, 5, &v));
	CHECK(!pth_int("6", -5, 5, &v));
	CHECK(!pth_int("1x", 0, 10, &v));
	CHECK_INT(v, 77);

	unit("sizes");
	CHECK(pth_size("512", &v) && v == 512);
	CHECK(pth_size("5MB", &v) && v == 5000000);
	CHECK(pth_size("10 KiB", &v) && v == 10240);
	CHECK(pth_size("1G", &v) && v == 1000000000);
	CHECK(!pth_size("", &v));
	CHECK(!pth_size("MB", &v));
	CHECK(!pth_size("-1", &v));
	CHECK(!pth_size("1XB", &v));
	CHECK(!pth_size("1  k", &v));
	CHECK(!pth_size("99999999999999999999", &v));
	CHECK(!pth_size("9999999999GiB", &v));
	CHECK(pth_size("0", &v) && v == 0);
	CHECK(pth_size("2k", &v) && v == 2000);
	CHECK(pth_size("2K", &v) && v == 2000);
	CHECK(pth_size("2KB", &v) && v == 2000);
	CHECK(pth_size("2Ki", &v) && v == 2048);
	CHECK(pth_size("2M", &v) && v == 2000000);
	CHECK(pth_size("2MiB", &v) && v == 2097152);
	CHECK(pth_size("2Gi", &v) && v == 2147483648);
	CHECK(pth_size("3B", &v) && v == 3);
	CHECK(pth_size("9223372036854775807", &v) && v == LLONG_MAX);
	v = 77;
	CHECK(!pth_size("9223372036854775808", &v));
	CHECK(!pth_size("9223372036854776k", &v));
	CHECK(!pth_size("1ki", &v));
	CHECK(!pth_size("1MBx", &v));
	CHECK(!pth_size("1MiBs", &v));
	CHECK(!pth_size("1T", &v));
	CHECK_INT(v, 77);
}

static void
shown_sizes(void)
{
	static const struct {
		long long bytes;
		const char *text;
	} rows[] = { { 0, "0 bytes" }, { 1, "1 bytes" }, { 999, "999 bytes" }, { 1000, "1 kB" },
		{ 1023, "1023 bytes" }, { 1024, "1 KiB" }, { 1001, "1001 bytes" },
		{ 64 << 20, "64 MiB" }, { 5000000, "5 MB" }, { 1000001, "1000001 bytes" },
		{ 1 << 30, "1 GiB" }, { 3000000000, "3 GB" }, { 1048576, "1 MiB" },
		{ 1049600, "1025 KiB" }, { 1024000, "1000 KiB" } };
	struct pth_buf b = PTH_BUF_INIT;
	long long back;

	unit("sizes for people are exact");
	for (size_t i = 0; i < countof(rows); i++) {
		pth_buf_cut(&b, 0);
		pth_size_show(&b, rows[i].bytes);
		CHECK_STR(b.s, rows[i].text);
		CHECK(strstr(b.s, "bytes") != NULL ||
		    (pth_size(b.s, &back) && back == rows[i].bytes));
	}
	pth_buf_release(&b);
}

static void
bytes(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	size_t bad = 99;

	unit("valid UTF-8");
	CHECK(pth_utf8_ok("", 0, NULL));
	CHECK(pth_utf8_ok("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10, &bad));
	CHECK(!pth_utf8_ok("a\0b", 3, &bad) && bad == 1);
	CHECK(!pth_utf8_ok("abcdefgh\0ijklmnop", 17, &bad) && bad == 8);
	CHECK(!pth_utf8_ok("\0abcdefghijklmno", 16, &bad) && bad == 0);
	CHECK(!pth_utf8_ok("ab\xc3", 3, &bad) && bad == 2);
	CHECK(!pth_utf8_ok("\xc0\x80", 2, &bad) && bad == 0); /* overlong */
	CHECK(!pth_utf8_ok("\xe0\x80\x80", 3, &bad));         /* overlong */
	CHECK(!pth_utf8_ok("\xed\xa0\x80", 3, &bad));         /* surrogate */
	CHECK(!pth_utf8_ok("\xf4\x90\x80\x80", 4, &bad));     /* above U+10FFFF */
	CHECK(!pth_utf8_ok("\xff", 1, &bad));
	CHECK(pth_utf8_ok("\xf4\x8f\xbf\xbf", 4, NULL));
	/* The first and the last of each length, and their neighbours. RFC 3629, section 4. */
	static const char *const good[] = { "\x01", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf3\xbf\xbf\xbf", "\xf4\x80\x80\x80" };
	static const char *const wrong[] = { "\x80", "\xbf", "\xc1\xbf", "\xc2\x7f", "\xc2\xc0",
		"\xe0\x9f\xbf", "\xed\xa0\x80", "\xe1\x80", "\xe1\x80\x7f", "\xe1\x7f\x80",
		"\xf0\x8f\xbf\xbf", "\xf1\x80\x80", "\xf1\x80\x80\xc0", "\xf5\x80\x80\x80",
		"\xfe" };

	for (size_t i = 0; i < countof(good); i++)
		CHECK(pth_utf8_ok(good[i], strlen(good[i]), NULL));
	for (size_t i = 0; i < countof(wrong); i++)
		CHECK(!pth_utf8_ok(wrong[i], strlen(wrong[i]), &bad) && bad == 0);

	unit("cleaned UTF-8");
	pth_utf8_clean(&b, "ok\xff\0z\xc3", 6);
	CHECK_STR(b.s, "ok\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd");
	CHECK(pth_utf8_ok(b.s, b.len, NULL));
	pth_buf_release(&b);
	pth_utf8_clean(&b, "", 0);
	CHECK_STR(b.s, "");
	pth_buf_release(&b);

	unit("control characters in messages");
	CHECK_STR(shown("a\tb\nc\x1b[1m", 100), "a\\tb\\nc\\x1b[1m");
	CHECK_STR(shown("abcdef", 3), "abc...");
	CHECK_STR(shown("abc", 3), "abc");
	CHECK_STR(shown("abcd", 3), "abc...");
	CHECK_STR(shown("\r\x1f\x7f\x80 ", 100), "\\r\\x1f\\x7f\x80 ");
	CHECK_STR(shown("a\xe2\x82\xac"
	                "b",
	              3),
	    "a...");
	CHECK_STR(shown("a\xe2\x82\xac"
	                "b",
	              4),
	    "a\xe2\x82\xac...");
	CHECK_STR(shown("a\xc3\xa9"
	                "b",
	              2),
	    "a...");
}

static void
likeness(void)
{
	static const char *const roles[] = { "server", "client", "peer" };

	unit("edit distance");
	CHECK_INT(pth_distance("", "", 5), 0);
	CHECK_INT(pth_distance("abc", "abc", 5), 0);
	CHECK_INT(pth_distance("abc", "acb", 5), 1);
	CHECK_INT(pth_distance("abc", "", 5), 3);
	CHECK_INT(pth_distance("kitten", "sitting", 5), 3);
	CHECK_INT(pth_distance("abcdef", "uvwxyz", 2), 3);

	unit("networks of IPv4");
	uint32_t address = 0;
	unsigned bits = 0;
	CHECK(pth_ipv4_network("10.1.0.7/24", &address, &bits) && address == 0x0a010007 &&
	    bits == 24);
	CHECK(pth_ipv4_network("10.1.0.0/1", &address, &bits) && bits == 1);
	CHECK(pth_ipv4_network("10.1.0.0/32", &address, &bits) && bits == 32);
	CHECK(!pth_ipv4_network("10.1.0.0", &address, &bits) &&
	    !pth_ipv4_network("10.1.0.0/33", &address, &bits));
	CHECK(!pth_ipv4_network("10.1.0.0/0", &address, &bits) &&
	    !pth_ipv4_network("10.1/24", &address, &bits));

	unit("the nearest name");
	CHECK_STR(pth_nearest("sever", roles, 3), "server");
	CHECK_STR(pth_nearest("cleint", roles, 3), "client");
	CHECK_STR(pth_nearest("peer", roles, 3), "peer");
	CHECK(pth_same_name("quic-go", "QUIC_Go"));
	CHECK(pth_same_name("", ""));
	CHECK(!pth_same_name("quic", "quic-"));
	CHECK(!pth_same_name("quic_", "quic"));
	CHECK(!pth_same_name("quicgo", "quic_go"));
	CHECK_STR(pth_nearest("banana", roles, 3), NULL);
	CHECK_STR(pth_nearest("x", roles, 0), NULL);
	/* One edit in three letters, begun ones too. */
	static const char *const like[] = { "abcdefg", "abcdeff", "abc" };
	CHECK_STR(pth_nearest("abx", like, 3), "abc");
	CHECK_STR(pth_nearest("axx", like, 3), NULL);
	CHECK_STR(pth_nearest("abcx", &like[2], 1), "abc");
	CHECK_STR(pth_nearest("abxx", &like[2], 1), "abc");
	CHECK_STR(pth_nearest("xxxx", &like[2], 1), NULL);
	/* The nearest wins, wherever it is; of two the first. */
	CHECK_STR(pth_nearest("abcdeff", like, 3), "abcdeff");
	CHECK_STR(pth_nearest("abcdefg", like, 3), "abcdefg");
	CHECK_STR(pth_nearest("abcdefx", like, 3), "abcdefg");

	unit("names longer than 64 bytes are near nothing");
	char long64[66];
	const char *name = long64;
	memset(long64, 'a', 65);
	long64[65] = '\0';
	CHECK_INT(pth_distance(long64, long64, 5), 6);
	long64[64] = '\0';
	CHECK_INT(pth_distance(long64, long64, 5), 0);
	CHECK_STR(pth_nearest(long64, &name, 1), long64);

	unit("one of some words, and what is behind the last slash");
	CHECK(pth_one_of("server", roles, 3) && pth_one_of("peer", roles, 3));
	CHECK(!pth_one_of("peer", roles, 2) && !pth_one_of("serve", roles, 3));
	CHECK(!pth_one_of("", roles, 3));
	CHECK_STR(pth_base_name("a/b/c"), "c");
	CHECK_STR(pth_base_name("c"), "c");
	CHECK_STR(pth_base_name("a/"), "");
}

int
main(void)
{
	words();
	names();
	numbers();
	shown_sizes();
	bytes();
	likeness();
	return unit_done();
}
