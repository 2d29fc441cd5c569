#include <math.h>

#include "base/buf.h"
#include "base/text.h"
#include "io/json.h"
#include "io/yaml.h"
#include "unit.h"

static struct pth_arena arena;
static struct pth_diags diags;

static struct pth_ynode *
load(const char *text)
{
	pth_diags_release(&diags);
	pth_arena_release(&arena);
	memset(&arena, 0, sizeof arena);
	pth_diags_init(&diags, "t");
	return pth_yaml_load(text, strlen(text), &arena, &diags);
}

/* The document as JSON, or "line:col text" of the first problem. */
static const char *
seen(const char *text)
{
	static char out[2000];
	struct pth_ynode *n = load(text);
	struct pth_buf b = PTH_BUF_INIT;
	json_t *v;

	if (n == NULL) {
		pth_diags_sort(&diags);
		snprintf(
		    out, sizeof out, "%u:%u %s", diags.v[0].line, diags.v[0].col, diags.v[0].text);
		return out;
	}
	v = pth_yaml_json(n);
	pth_json_dump(&b, v);
	snprintf(out, sizeof out, "%s", b.s);
	pth_buf_release(&b);
	json_decref(v);
	return out;
}

static void
scalars(void)
{
	unit("plain scalars have the types of the core schema");
	CHECK_STR(seen("[1, -7, +3, 0x1F, 0o17, 1.5, 1e3, .5, 12.]"),
	    "[1,-7,3,31,15,1.5,1000.0,0.5,12.0]");
	CHECK_STR(seen("[null, ~, Null, '', true, True, FALSE]"),
	    "[null,null,null,\"\",true,true,false]");
	CHECK_STR(seen("[a b, 1 2, 0b1, 4443:4443, 2024-01-01, 1_000, nulls, -, 1.2.3]"),
	    "[\"a b\",\"1 "
	    "2\",\"0b1\",\"4443:4443\",\"2024-01-01\",\"1_000\",\"nulls\",\"-\",\"1.2.3\"]");

	CHECK_STR(seen("[-0, +.5, -1.5, 1.e5, 1E-2, 1e+2, 0x0a, 0xFF, 0o0, 00.5]"),
	    "[0,0.5,-1.5,100000.0,0.01,100.0,10,255,0,0.5]");
	CHECK_STR(seen("[0x, 0o, 0o8, 0xg, 1e, 1e+, ., .., +, 1.2e3.4, -x, 1e2x, +-1, -0x1]"),
	    "[\"0x\",\"0o\",\"0o8\",\"0xg\",\"1e\",\"1e+\",\".\",\"..\",\"+\",\"1.2e3.4\","
	    "\"-x\",\"1e2x\",\"+-1\",\"-0x1\"]");
	CHECK_STR(seen("[NULL, TRUE, False, false, nUll, tRUE, True1, ~x]"),
	    "[null,true,false,false,\"nUll\",\"tRUE\",\"True1\",\"~x\"]");

	unit("quoted scalars are strings, whatever they look like");
	CHECK_STR(seen("['1', \"true\", '~', 'yes']"), "[\"1\",\"true\",\"~\",\"yes\"]");

	unit("booleans of YAML 1.1 are taken with a warning");
	CHECK_STR(seen("[yes, No, on, OFF]"), "[true,false,true,false]");
	CHECK_INT(diags.warnings, 4);
	CHECK_INT(diags.errors, 0);
	CHECK_STR(
	    diags.v[0].text, "yes is read as true; write true, or quote it when text is meant");
	CHECK_STR(
	    diags.v[1].text, "No is read as false; write false, or quote it when text is meant");
	CHECK_STR(seen("[Yes, YES, On, ON, no, NO, off, Off, yEs, oN]"),
	    "[true,true,true,true,false,false,false,false,\"yEs\",\"oN\"]");
	CHECK_INT(diags.warnings, 8);
	CHECK_STR(seen("[y, n, Yesterday]"), "[\"y\",\"n\",\"Yesterday\"]");
	CHECK_INT(diags.warnings, 0);

	unit("010 is ten, with a warning");
	CHECK_STR(seen("010"), "10");
	CHECK_INT(diags.warnings, 1);
	CHECK_STR(seen("[-010, +07, 00, 08]"), "[-10,7,0,8]");
	CHECK_INT(diags.warnings, 4);
	CHECK_STR(seen("[0, -0, 10, 0.5, 0x01]"), "[0,0,10,0.5,1]");
	CHECK_INT(diags.warnings, 0);

	unit("what no number can hold is an error");
#define BEYOND \
	"is not between -9223372036854775808 and 9223372036854775807; quote it when text is meant"
	CHECK_STR(seen("[9223372036854775807, -9223372036854775808]"),
	    "[9223372036854775807,-9223372036854775808]");
	CHECK_STR(seen("a: 9223372036854775808"), "1:4 9223372036854775808 " BEYOND);
	CHECK_STR(seen("1e999"), "1:1 1e999 is too large a number; quote it when text is meant");
	CHECK_STR(seen("[.inf]"),
	    "1:2 .inf is not a number that can be used here; quote it when text is meant");
	CHECK_STR(seen("-.INF"),
	    "1:1 -.INF is not a number that can be used here; quote it when text is meant");
	CHECK_STR(seen("+.Inf"),
	    "1:1 +.Inf is not a number that can be used here; quote it when text is meant");
	CHECK_STR(seen("-9223372036854775809"), "1:1 -9223372036854775809 " BEYOND);
	CHECK_STR(seen("0xFFFFFFFFFFFFFFFF"), "1:1 0xFFFFFFFFFFFFFFFF " BEYOND);
	CHECK_STR(seen("[-.nan, .in, .infx]"), "[\"-.nan\",\".in\",\".infx\"]");
	CHECK_STR(seen("[.NaN]"),
	    "1:2 .NaN is not a number that can be used here; quote it when text is meant");

	unit("tags");
	CHECK_STR(seen("[!!str 12, !!int '12', !!float 1, !!bool 'true', ! x]"),
	    "[\"12\",12,1.0,true,\"x\"]");
	CHECK_STR(seen("!!python/object x"), "1:1 unknown tag tag:yaml.org,2002:python/object");
	CHECK_STR(seen("[!!null '', !!bool yes, !!float 1.5, !!map {a: 1}, !!seq [1]]"),
	    "[null,true,1.5,{\"a\":1},[1]]");
	CHECK_STR(seen("!!float x"), "1:1 the value is not of the type that its tag says");
	CHECK_STR(seen("!!bool 1"), "1:1 the value is not of the type that its tag says");
	CHECK_STR(seen("!!null x"), "1:1 the value is not of the type that its tag says");
	CHECK_STR(seen("!!int 1.5"), "1:1 the value is not of the type that its tag says");
	CHECK_STR(seen("!!int 9223372036854775808"),
	    "1:1 the value is not of the type that its tag says");
	CHECK_STR(seen("!!seq {a: 1}"), "1:1 unknown tag tag:yaml.org,2002:seq");
	CHECK_STR(seen("!x [1]"), "1:1 unknown tag !x");
	CHECK_STR(seen("a: !include b.yaml"),
	    "1:4 unknown tag !include; a file is included by the key include");
	CHECK_STR(seen("a: !!int x"), "1:4 the value is not of the type that its tag says");
}

static void
structure(void)
{
	const struct pth_ynode *n;

	unit("order is kept and positions count from 1");
	CHECK_STR(
	    seen("z: 1\na: {y: [2, 3], b: x}\n"), "{\"z\":1,\"a\":{\"y\":[2,3],\"b\":\"x\"}}");
	n = pth_yaml_get(load("z: 1\nä: {y:  [2, 3]}\n"), "ä");
	CHECK_INT(n->kline, 2);
	CHECK_INT(n->kcol, 1);
	CHECK_INT(n->col, 4);
	n = pth_yaml_get(n, "y");
	CHECK_INT(n->col, 9);
	CHECK_INT(n->n, 2);
	CHECK_STR(n->child->next->text, "3");

	unit("aliases share, merge keys come first and do not win");
	CHECK_STR(seen("a: &a {x: 1, y: 2}\nb: {y: 3, <<: *a}\nc: *a\n"),
	    "{\"a\":{\"x\":1,\"y\":2},\"b\":{\"x\":1,\"y\":3},\"c\":{\"x\":1,\"y\":2}}");
	CHECK_STR(seen("a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc: {<<: [*a, *b]}\n"),
	    "{\"a\":{\"x\":1},\"b\":{\"x\":2,\"z\":3},\"c\":{\"x\":1,\"z\":3}}");
	CHECK_STR(seen("a: {'<<': 1}"), "{\"a\":{\"<<\":1}}");
	CHECK_STR(seen("a: &a {x: 1}\nb: {<<: *a, <<: {y: 2}}"),
	    "2:13 duplicate key '<<', first given on line 2");
	CHECK_STR(seen("a: &a {x: 1, y: 2}\nb: &b {<<: *a, y: 3}\nc: {<<: *b, z: 4}\n"),
	    "{\"a\":{\"x\":1,\"y\":2},\"b\":{\"x\":1,\"y\":3},\"c\":{\"x\":1,\"y\":3,"
	    "\"z\":4}}");
	CHECK_STR(seen("{<<: {}}"), "{}");
	CHECK_STR(seen("a: {<<: [1]}"), "1:10 << takes a map or a list of maps, not an integer");
	CHECK_STR(seen("&k a: 1\n*k : 2\n"), "2:1 duplicate key 'a', first given on line 1");
	CHECK_STR(seen("a: &v x\n*v : 2\n"), "{\"a\":\"x\",\"x\":2}");
	CHECK_STR(seen("a: &v [x]\n*v : 2\n"), "2:1 a key must be a single value");
	CHECK_STR(seen("a: &v 1\nb: &v 2\nc: *v\n"), "{\"a\":1,\"b\":2,\"c\":2}");
	CHECK_STR(seen("?\n: 1"), "1:2 empty key");
	CHECK_STR(seen("{'': 1}"), "{\"\":1}");
	CHECK_STR(seen("a: {<<: 1}"), "1:9 << takes a map or a list of maps, not an integer");

	unit("shapes that real files have");
	CHECK_STR(seen("key : value\nlist: [ ]\ntwo:  x\nt: \"TESTERS\"# c\n#\n   \n"),
	    "{\"key\":\"value\",\"list\":[],\"two\":\"x\",\"t\":\"TESTERS\"}");
	CHECK_STR(seen("\xef\xbb\xbf"
	               "a: \xc2\xa7\n"),
	    "{\"a\":\"\xc2\xa7\"}");
}

static void
faults(void)
{
	struct pth_buf b = PTH_BUF_INIT;

	unit("empty documents");
	CHECK_STR(seen(""), "1:1 the file is empty");
	CHECK_STR(seen("# x\n"), "1:1 nothing but comments");
	CHECK_STR(seen("---\n"), "1:1 the file is empty");

	unit("duplicate keys, also far apart");
	CHECK_STR(seen("a: 1\nb: 2\na: 3\n"), "3:1 duplicate key 'a', first given on line 1");
	for (int i = 0; i < 100; i++)
		pth_buf_addf(&b, "k%d: 1\n", i);
	CHECK(load(b.s) != NULL);
	pth_buf_adds(&b, "k77: 2\nk3: 3\n");
	CHECK_STR(seen(b.s), "101:1 duplicate key 'k77', first given on line 78");
	CHECK_INT(diags.errors, 2);

	unit("syntax, tabs, documents, keys, aliases");
	CHECK_STR(seen("a:\n\tb: 1\n"), "2:1 not YAML: a tab where blanks are expected");
	CHECK(!load("a: [1,\nb: 2\n"));
	CHECK_STR(seen("a: 1\n---\nb: 2\n"), "2:1 a second document; one per file is read");
	CHECK_STR(seen("? [a]\n: 1\n"), "1:3 a key must be a single value");
	CHECK_STR(seen("a: *b\n"), "1:4 alias *b has no anchor before it");
	CHECK_STR(seen("a: &a [*a]\n"), "1:8 alias *a has no anchor before it");
	CHECK_STR(seen("a: \"x\\0y\"\n"), "1:4 NUL character in a string");

	unit("bytes that are no text");
	CHECK_STR(seen("a: \xff\n"), "1:4 not UTF-8: byte 0xff");
	CHECK_STR(
	    seen("a: b\nc: \x01\n"), "2:4 not a text file: control characters are not allowed");
	pth_diags_release(&diags);
	pth_diags_init(&diags, "t");
	CHECK(!pth_yaml_load("a\0b", 3, &arena, &diags));
	CHECK_STR(diags.v[0].text, "not a text file: NUL byte");
	pth_buf_release(&b);
}

/* A map of n keys and then the key number j again: said once, with both places. */
static void
twice(int n, int j)
{
	struct pth_buf b = PTH_BUF_INIT;
	char want[100];

	for (int i = 0; i < n; i++)
		pth_buf_addf(&b, "k%d: 1\n", i);
	pth_buf_addf(&b, "k%d: 2\n", j);
	snprintf(
	    want, sizeof want, "%d:1 duplicate key 'k%d', first given on line %d", n + 1, j, j + 1);
	CHECK_STR(seen(b.s), want);
	CHECK_INT(diags.errors, 1);
	/* And once more. */
	pth_buf_addf(&b, "k%d: 3\n", j);
	CHECK(load(b.s) == NULL);
	CHECK_INT(diags.errors, 2);
	pth_buf_release(&b);
}

static void
duplicates(void)
{
	unit("a duplicate key, wherever it is");
	for (int n = 1; n < 40; n++)
		for (int j = 0; j < n; j++)
			twice(n, j);
	CHECK_STR(seen("a: {b: 1}\nc: {b: 1}\n"), "{\"a\":{\"b\":1},\"c\":{\"b\":1}}");
	CHECK_STR(seen("{a: 1, a: 2}"), "1:8 duplicate key 'a', first given on line 1");
	CHECK_STR(seen("a: 1\n'a': 2\n"), "2:1 duplicate key 'a', first given on line 1");
}

/* JSON is YAML but for its pairs of surrogates. */
static void
json(void)
{
	static const struct {
		const char *text, *want;
		unsigned col; /* of b */
	} rows[] = {
		{ "{\"a\": \"\\ud83d\\ude00\", \"b\": 1}", "{\"a\":\"\xf0\x9f\x98\x80\",\"b\":1}",
		    28 },
		{ "{\"a\": \"\\uD83D\\uDE00x\\ud83d\\ude01\", \"b\": 1}",
		    "{\"a\":\"\xf0\x9f\x98\x80x\xf0\x9f\x98\x81\",\"b\":1}", 41 },
		{ "{\"\\ud83d\\ude00\": 1,\n\t\"b\": 1}", "{\"\xf0\x9f\x98\x80\":1,\"b\":1}", 7 },
		/* An escaped backslash begins no escape. */
		{ "{\"a\": \"\\\\ud83d\\ude00\", \"b\": 1}", NULL, 0 },
		{ "{\"a\": \"\\\\ud83d\\\\ude00 \\u00e4\", \"b\": 1}",
		    "{\"a\":\"\\\\ud83d\\\\ude00 \xc3\xa4\",\"b\":1}", 37 },
		{ "{\"a\": \"\xc3\xa4\\u00e4\\/\", \"b\": 1}",
		    "{\"a\":\"\xc3\xa4\xc3\xa4/\",\"b\":1}", 25 },
		{ "{\"a\": \"\\ud83d\", \"b\": 1}", NULL, 0 },
		/* In YAML other quotes mean other things. */
		{ "{\"a\": '\\ud83d\\ude00', \"b\": 1}", "{\"a\":\"\\\\ud83d\\\\ude00\",\"b\":1}",
		    28 },
	};

	unit("JSON's escapes");
	for (size_t i = 0; i < countof(rows); i++) {
		const struct pth_ynode *n;
		const char *is = seen(rows[i].text);

		CHECK_INT(diags.errors == 0, rows[i].want != NULL);
		if (rows[i].want == NULL)
			continue;
		CHECK_STR(is, rows[i].want);
		n = pth_yaml_load(rows[i].text, strlen(rows[i].text), &arena, &diags);
		CHECK_INT(pth_yaml_get(n, "b")->col, rows[i].col);
	}
}

/* Columns count characters, from 1, whatever is wrong. */
/* What is wrong with a value is said once: it is marked. */
static void
marked(void)
{
	static const struct {
		const char *text;
		bool bad;
	} rows[] = { { "a: 5", false }, { "a: yes", false }, { "a: 010", false },
		{ "a: !x 5", true }, { "a: !x [5]", true }, { "a: 1e999", true },
		{ "a: .inf", true }, { "a: !!int x", true }, { "a: !!int 5", false },
		{ "a: 9223372036854775808", true } };

	unit("values that are wrong are marked");
	for (size_t i = 0; i < countof(rows); i++) {
		const struct pth_ynode *n;

		load("");
		n = pth_yaml_try(rows[i].text, strlen(rows[i].text), &arena, &diags);
		if (!CHECK(n != NULL && pth_yaml_get(n, "a")->bad == rows[i].bad))
			printf("    %s\n", rows[i].text);
	}
}

static void
columns(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "{\xc3\xa4: 1, \xc3\xa4: 2}",
		    "1:8 duplicate key '\xc3\xa4', first given on line 1" },
		{ "[\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80, *x]",
		    "1:7 alias *x has no anchor before it" },
		{ "[\xc3\xa4, !x y]", "1:5 unknown tag !x" },
		{ "[\xc3\xa4, !!int y]", "1:5 the value is not of the type that its tag says" },
		{ "[\xc3\xa4, 1e999]",
		    "1:5 1e999 is too large a number; quote it when text is meant" },
		{ "{\xc3\xa4: 1, [x]: 2}", "1:8 a key must be a single value" },
		{ "{\xc3\xa4: 1, <<: 2}", "1:12 << takes a map or a list of maps, not an integer" },
		{ "a: 1\n\xc3\xa4: \xff", "2:4 not UTF-8: byte 0xff" },
		{ "a: 1\n\xc3\xa4\xc3\xa4: \x01",
		    "2:5 not a text file: control characters are not "
		    "allowed" },
		{ "a: 1\n\xc3\xa4: x: y",
		    "2:5 not YAML: mapping values are not allowed in this "
		    "context" },
		{ "\xc3\xa4: 1\nb:\n\tc: 1\n", "3:1 not YAML: a tab where blanks are expected" },
		/* What the byte order mark is before. */
		{ "\xef\xbb\xbf{a: 1, a: 2}", "1:8 duplicate key 'a', first given on line 1" },
		{ "\xef\xbb\xbf"
		  "a: \xff",
		    "1:4 not UTF-8: byte 0xff" },
	};

	unit("columns count characters");
	for (size_t i = 0; i < countof(rows); i++)
		if (!CHECK(pth_glob(rows[i].want, seen(rows[i].text))))
			printf("    %s\n    is        %s\n    should be %s\n", rows[i].text,
			    seen(rows[i].text), rows[i].want);
}

static void
limits(void)
{
	struct pth_buf b = PTH_BUF_INIT;

	unit("64 levels are read, 65 are not");
	for (int i = 0; i < 64; i++)
		pth_buf_addc(&b, '[');
	for (int i = 0; i < 64; i++)
		pth_buf_addc(&b, ']');
	CHECK(load(b.s) != NULL);
	pth_buf_cut(&b, 0);
	for (int i = 0; i < 65; i++)
		pth_buf_addc(&b, '[');
	CHECK_STR(seen(b.s), "1:65 nested more than 64 levels deep");

	unit("depth through aliases counts");
	pth_buf_cut(&b, 0);
	pth_buf_adds(&b, "a0: &a0 []\n");
	for (int i = 1; i < 70; i++)
		pth_buf_addf(&b, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	CHECK_STR(seen(b.s), "64:12 nested more than 64 levels deep");

	unit("a million nodes are read, one more is not");
	pth_buf_cut(&b, 0);
	pth_buf_addc(&b, '[');
	for (int i = 0; i < 999999; i++)
		pth_buf_adds(&b, "x,");
	pth_buf_addc(&b, ']');
	CHECK(load(b.s) != NULL);
	b.s[b.len - 1] = 'x';
	pth_buf_addc(&b, ']');
	CHECK(strstr(seen(b.s), "more than 1000000 nodes") != NULL);

	unit("an alias bomb is counted");
	pth_buf_cut(&b, 0);
	pth_buf_adds(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 12; i++)
		pth_buf_addf(&b,
		    "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i,
		    i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	CHECK(strstr(seen(b.s), "more than 1000000 nodes") != NULL);
	pth_buf_release(&b);
}

static void
dump(void)
{
	static const char *const hard[] = { "", "yes", "No", "null", "~", "12", "1e3", "0x1",
		"1_000", "12:30", "2024-01-01", "-1", ".5", ".inf", "=", "<<", "y", "- a", "a: b",
		"a #b", "#a", "*a", "&a", "!a", "%a", "@a", "`a", "[a", "{a", "'a'", "\"a\"", " a",
		"a ", "a\nb", "a\n", "\n", "a\n\n b", "\ta", "a\tb", "\x01", "\xc2\xa7", "?", "? a",
		"|", ">", "a: ", "true", "a'b\"c", "--- a", "..." };
	json_t *v = json_array(), *back;
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	struct pth_ynode *n;

	static const struct {
		double v;
		const char *text;
	} reals[] = { { 0.1, "0.1\n" }, { 1, "1.0\n" }, { 1e20, "1.0e+20\n" }, { -2.5, "-2.5\n" },
		{ 0.1 + 0.2, "0.30000000000000004\n" }, { 1.0 / 3, "0.3333333333333333\n" },
		{ 1e-7, "1.0e-07\n" }, { 123456789.125, "123456789.125\n" },
		{ 5e-324, "4.94065645841247e-324\n" } };

	unit("numbers are written as short as they read back the same");
	for (size_t i = 0; i < countof(reals); i++) {
		json_t *r = json_real(reals[i].v);

		CHECK_INT(pth_yaml_dump(&b, r, &e), 0);
		CHECK_STR(b.s, reals[i].text);
		CHECK(strtod(b.s, NULL) == reals[i].v);
		json_decref(r);
		pth_buf_release(&b);
	}

	static const char *const texts[][2] = { { "\"plain\"", "plain\n" },
		{ "\"a b-c\"", "a b-c\n" }, { "\"-x\"", "-x\n" }, { "\"x5\"", "x5\n" },
		{ "\"yes\"", "\"yes\"\n" }, { "\"Off\"", "\"Off\"\n" }, { "\"y\"", "\"y\"\n" },
		{ "\"null\"", "\"null\"\n" }, { "\"5\"", "\"5\"\n" }, { "\"-5\"", "\"-5\"\n" },
		{ "\"1_0\"", "\"1_0\"\n" }, { "\"9a\"", "\"9a\"\n" }, { "\".x\"", "\".x\"\n" },
		{ "\"\"", "\"\"\n" }, { "\"a\\nb\\n\"", "|\n  a\n  b\n" }, { "[]", "[]\n" },
		{ "{}", "{}\n" }, { "[1,[]]", "- 1\n- []\n" },
		{ "{\"a\":[true],\"no\":{}}", "a:\n- true\n\"no\": {}\n" }, { "null", "null\n" },
		{ "false", "false\n" } };

	unit("texts are quoted where YAML would take them for something else");
	for (size_t i = 0; i < countof(texts); i++) {
		json_t *t = json_loads(texts[i][0], JSON_DECODE_ANY, NULL);

		CHECK_INT(pth_yaml_dump(&b, t, &e), 0);
		CHECK_STR(b.s, texts[i][1]);
		json_decref(t);
		pth_buf_release(&b);
	}

	unit("would it be printed as it is written?");
	CHECK(pth_yaml_as_printed(load("4443")) && pth_yaml_as_printed(load("-5")));
	CHECK(!pth_yaml_as_printed(load("0x7F")) && !pth_yaml_as_printed(load("0001")));
	CHECK(!pth_yaml_as_printed(load("1.50")) && pth_yaml_as_printed(load("1.5")));
	CHECK(pth_yaml_as_printed(load("text")) && pth_yaml_as_printed(load("~")));
	CHECK(pth_yaml_as_printed(load("[0x7F]")));

	unit("what is written is read back, every string as a string");
	for (size_t i = 0; i < countof(hard); i++) {
		json_t *o = json_object();

		json_object_set_new(o, hard[i], json_string(hard[i]));
		json_array_append_new(v, o);
	}
	json_array_append_new(
	    v, json_pack("[i,f,f,f,b,n,[],{},{s:[i]}]", -5, 1.0, 1e20, 0.1, 1, "k", 3));
	CHECK_INT(pth_yaml_dump(&b, v, &e), 0);
	n = load(b.s);
	CHECK(n != NULL);
	back = n != NULL ? pth_yaml_json(n) : json_null();
	CHECK(json_equal(v, back));
	CHECK_INT(diags.warnings, 0);
	CHECK(strstr(b.s, "1.0e+20") != NULL);
	json_decref(v);
	json_decref(back);
	pth_buf_release(&b);
}

int
main(void)
{
	scalars();
	structure();
	faults();
	duplicates();
	columns();
	marked();
	json();
	limits();
	dump();
	pth_diags_release(&diags);
	pth_arena_release(&arena);
	return unit_done();
}
