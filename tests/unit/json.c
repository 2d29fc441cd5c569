#include "io/json.h"
#include "io/json_quick.h"

#include "base/text.h"
#include "unit.h"

static json_t *
parse(const char *s)
{
	struct pth_err e;

	return pth_json_parse(s, strlen(s), &e);
}

static const char *
dumped(const json_t *v)
{
	static struct pth_buf b;

	pth_buf_cut(&b, 0);
	pth_json_dump(&b, v);
	return b.s;
}

/* Parse, dump, compare. */
static void
same(const char *text, const char *expected)
{
	json_t *v = parse(text);

	CHECK(v != NULL);
	if (v != NULL)
		CHECK_STR(dumped(v), expected);
	json_decref(v);
}

/* As jansson has it. */
static void
as_jansson(json_t *v)
{
	char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

	CHECK_STR(dumped(v), text);
	free(text);
	json_decref(v);
}

static void
dumps(void)
{
	static const double reals[] = { 0, -0.0, 1, 0.1, -1.5, 1e300, 5e-324, 1.0 / 3,
		123456789012345.6, 1e15, 1e16, 1e-7 };
	char all[129];

	for (int i = 0; i < 128; i++)
		all[i] = (char)(i + 1);
	all[128] = '\0';
	all[127] = 'x';
	as_jansson(json_string(all));
	as_jansson(json_stringn("a\0b", 3));
	as_jansson(json_string("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
	as_jansson(json_pack("{s:i,s:[],s:{},s:[[],{},n]}", all, 1, "", "b\"\\/", "c"));
	as_jansson(json_integer(INT64_MIN));
	as_jansson(json_integer(INT64_MAX));
	as_jansson(json_integer(0));
	as_jansson(json_integer(-10));
	for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
		as_jansson(json_real(reals[i]));
	as_jansson(json_pack("[b,b,n]", 1, 0));
}

static void
refused(const char *text, size_t n)
{
	struct pth_err e = { 0 };
	json_t *v = pth_json_parse(text, n, &e);

	if (!CHECK(v == NULL && e.code == PTH_INPUT && strchr(e.text, ':')))
		printf("    accepted: %s\n", text);
	json_decref(v);
}

static void
merged(const char *base, const char *over, const char *expected)
{
	json_t *a = parse(base), *b = parse(over), *m = pth_json_merge(a, b);

	CHECK_STR(dumped(m), expected);
	CHECK_STR(dumped(a), base);
	json_decref(m);
	json_decref(b);
	json_decref(a);
}

static void
getters(void)
{
	json_t *o = parse(
	    "{\"s\":\"x\",\"i\":5,\"r\":1.5,\"t\":true,\"a\":[{\"b\":[1,2]}],\"n\":null}");

	unit("getters and their defaults");
	CHECK_STR(pth_json_str(o, "s", "d"), "x");
	CHECK_STR(pth_json_str(o, "i", "d"), "d");
	CHECK_STR(pth_json_str(NULL, "s", NULL), NULL);
	CHECK_INT(pth_json_int(o, "i", 9), 5);
	CHECK_INT(pth_json_int(o, "r", 9), 9);
	CHECK_INT(pth_json_int(o, "absent", 9), 9);
	CHECK(pth_json_num(o, "r", 0) == 1.5);
	CHECK(pth_json_num(o, "i", 0) == 5);
	CHECK(pth_json_num(o, "s", 3) == 3);
	CHECK(pth_json_bool(o, "t", false));
	CHECK(pth_json_bool(o, "i", true));
	CHECK(!pth_json_bool(NULL, "t", false));

	unit("paths");
	CHECK_INT(json_integer_value(pth_json_path(o, "a.0.b.1")), 2);
	CHECK(pth_json_path(o, "a.1") == NULL);
	CHECK(pth_json_path(o, "a.x") == NULL);
	CHECK(pth_json_path(o, "s.x") == NULL);
	CHECK(pth_json_path(o, "absent.x") == NULL);
	CHECK(json_is_null(pth_json_path(o, "n")));
	CHECK(pth_json_path(o, "") == o);
	CHECK(pth_json_path(o, "a.-1") == NULL);
	CHECK(pth_json_path(o, "a.0x") == NULL);
	json_decref(o);
	/* A step may have 255 bytes. */
	for (size_t n = 255; n <= 256; n++) {
		char key[257];

		memset(key, 'k', n);
		key[n] = '\0';
		o = json_pack("{s:i}", key, 7);
		CHECK_INT(json_integer_value(pth_json_path(o, key)), n == 255 ? 7 : 0);
		json_decref(o);
	}
}

static void
lists(void)
{
	json_t *l = parse("[{\"name\":\"a\",\"v\":1},5,{\"name\":\"b\"},{\"name\":\"a\",\"v\":2},"
	                  "\"text\",\"5\"]");

	unit("what a list has");
	CHECK_INT(pth_json_int(pth_json_named(l, "a"), "v", 0), 1);
	CHECK(pth_json_named(l, "b") == json_array_get(l, 2));
	CHECK(pth_json_named(l, "c") == NULL);
	CHECK(pth_json_named(NULL, "a") == NULL);
	CHECK(pth_json_has(l, "text") && pth_json_has(l, "5"));
	CHECK(!pth_json_has(l, "a") && !pth_json_has(l, "tex") && !pth_json_has(NULL, "text"));
	pth_json_push_once(l, json_string("text"));
	CHECK_INT(json_array_size(l), 6);
	pth_json_push_once(l, json_integer(5));
	CHECK_INT(json_array_size(l), 6);
	pth_json_push_once(l, json_real(5));
	pth_json_push_once(l, json_string("new"));
	CHECK_INT(json_array_size(l), 8);
	CHECK_STR(json_string_value(json_array_get(l, 7)), "new");
	json_decref(l);
}

/* Doubles the text, and drops what *arg is. "no" is refused. */
static int
twice(struct pth_buf *b, const char *s, void *arg)
{
	if (strcmp(s, arg) != 0) {
		pth_buf_adds(b, s);
		pth_buf_adds(b, s);
	}
	return strcmp(s, "no") == 0 ? -1 : 0;
}

static void
mapped(const char *text, const char *expected)
{
	char drop[] = "drop";
	json_t *v = parse(text), *m = pth_json_map(v, twice, drop);

	CHECK_STR(m ? dumped(m) : NULL, expected);
	CHECK_STR(dumped(v), text);
	json_decref(m);
	json_decref(v);
}

static void
changes(void)
{
	json_t *v;

	unit("deep merge");
	merged("{\"a\":{\"x\":1,\"y\":2},\"l\":[1,2]}", "{\"a\":{\"y\":3,\"z\":4},\"l\":[9]}",
	    "{\"a\":{\"x\":1,\"y\":3,\"z\":4},\"l\":[9]}");
	merged("{\"a\":1}", "{\"a\":{\"b\":2}}", "{\"a\":{\"b\":2}}");
	merged("{\"a\":{\"b\":2}}", "{\"a\":null}", "{\"a\":null}");
	merged("[1]", "[2]", "[2]");

	unit("every string anew");
	mapped("\"a\"", "\"aa\"");
	mapped("{\"k\":[\"a\",{\"l\":\"b\"},\"drop\"],\"n\":[1,1.5,true,null,[],{}]}",
	    "{\"k\":[\"aa\",{\"l\":\"bb\"},\"\"],\"n\":[1,1.5,true,null,[],{}]}");
	mapped("[\"a\",\"no\"]", NULL);
	mapped("{\"a\":[\"b\"],\"c\":{\"d\":\"no\"}}", NULL);
	v = pth_json_map(NULL, twice, NULL);
	CHECK(json_is_null(v));
	json_decref(v);
}

/* What is read quickly is what jansson makes of it, in its order. Was it read quickly? */
static bool
agrees(const char *text, size_t n)
{
	char *copy = unit_copy(text, n), *ours = NULL, *theirs = NULL;
	json_t *quick = io_json_quick(copy, n), *sure;
	bool read = quick != NULL;

	sure = json_loadb(copy, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	if (quick != NULL) {
		ours = json_dumps(quick, JSON_ENCODE_ANY);
		theirs = json_dumps(sure, JSON_ENCODE_ANY);
		CHECK(json_equal(quick, sure) != 0);
		CHECK_STR(ours, theirs != NULL ? theirs : "nothing");
	}
	json_decref(quick);
	json_decref(sure);
	free(ours);
	free(theirs);
	free(copy);
	return read;
}

static void
quick(void)
{
	static const char *const read[] = { "{}", "[]", " { \"a\" : [ 1 , -2.5e3 , true ] } \n",
		"\"\"", "\"a\\n\\\"\\\\\\/\\b\\f\\r\\tz\"", "\"\\u0041\\u00e9\\u20AC\"",
		"\"\xc3\xa9\"", "0", "-0", "-0.0", "12E+2", "1e-400", "123456789012345678",
		"-123456789012345678", "null", "false", "{\"\":{\"a\":[{},[]]}}", "\"\x7f\"" };
	static const char *const left[] = { "", " ", "{", "[1", "[1,]", "{\"a\":1,}", "{\"a\" 1}",
		"{a:1}", "{\"a\":1,\"a\":1}", "01", "-", "+1", "1.", ".5", "1e", "0x1", "1 2",
		"tru", "nulll", "\"a", "\"\n\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
		"\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"\xff\"", "\"\xed\xa0\x80\"", "{\"\xff\":1}",
		"{\"a\\n\":1}", "1e400", "9223372036854775807", "9223372036854775808",
		"0.00000000000000000000000000000000000000000000000000000000000000000001" };

	for (size_t i = 0; i < countof(read); i++)
		if (!agrees(read[i], strlen(read[i])))
			CHECK_STR("not read quickly", read[i]);
	for (size_t i = 0; i < countof(left); i++)
		if (agrees(left[i], strlen(left[i])))
			CHECK_STR("read quickly", left[i]);
	CHECK(!agrees("1\0", 2));
	CHECK(!agrees("\"a\0\"", 4));
}

/* Records in which bytes of chance are changed. */
static void
chance(void)
{
	static const char text[] = "{\"pth\":1,\"a\":[1,-2.5,\"x\\ty\",{\"b\":null,\"\xc3\xa9\":"
	                           "\"\\u00e9\"}],\"c\":{\"d\":true,\"e\":[[],{}]},\"f\":1e3} ";
	static const char bytes[] = "{}[]\",:\\u0123456789eE+-.tfn \n\xc3\xa9\xff\x01z";
	unsigned seed = 1, reads = 0;

	for (int i = 0; i < 30000; i++) {
		char copy[sizeof text];

		memcpy(copy, text, sizeof text);
		for (int k = 0; k <= i % 3; k++) {
			unsigned r = seed = seed * 1103515245 + 12345;

			copy[(r >> 8) % (sizeof text - 1)] = bytes[(r >> 20) % (sizeof bytes - 1)];
		}
		reads += agrees(copy, sizeof text - 1);
	}
	CHECK(reads > 300);
}

/* So deep that jansson decides. */
static void
deep(void)
{
	struct pth_buf b = PTH_BUF_INIT;

	for (size_t n = 150; n <= 250; n += 50) {
		pth_buf_cut(&b, 0);
		for (size_t i = 0; i < n; i++)
			pth_buf_addc(&b, '[');
		for (size_t i = 0; i < n; i++)
			pth_buf_addc(&b, ']');
		CHECK(agrees(b.s, b.len) == (n <= 200));
	}
	pth_buf_release(&b);
}

int
main(void)
{
	struct pth_buf ours = PTH_BUF_INIT;
	char all[128], *theirs;
	json_t *v;

	getters();
	lists();

	unit("dump");
	dumps();

	unit("what is read is written");
	same("{\"b\":1,\"a\":[true,null,\"x\"]}", "{\"b\":1,\"a\":[true,null,\"x\"]}");
	same("[0.1,1e2,9007199254740993]", "[0.1,100.0,9007199254740993]");
	same("\"\\u00e9\\n\"", "\"\xc3\xa9\\n\"");

	unit("the bytes of jansson");
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (char)i;
	v = json_pack("{s:o,s:[i,b,n,{},[]],s:[f,f,f,f,f,f],s:[I,I]}", "all",
	    json_stringn_nocheck(all + 1, 127), "a\"b\\", 0, 1, "r", 1.0, 0.1, -0.0, 1e100, 1e-7,
	    123456789012345678.0, "", (json_int_t)INT64_MIN, (json_int_t)INT64_MAX);
	theirs = json_dumps(v, JSON_COMPACT | JSON_REAL_PRECISION(15));
	pth_json_dump(&ours, v);
	CHECK_STR(ours.s, theirs);
	free(theirs);
	pth_buf_release(&ours);
	json_decref(v);

	unit("strict input");
	refused("{\"a\":1,\"a\":2}", 13);
	refused("[1] [2]", 7);
	refused("[1,]", 4);
	refused("", 0);
	refused("{", 1);
	refused("\"\xff\"", 3);
	refused("\"a\\u0000b\"", 10);
	refused("[1e400]", 7);
	refused("// c\n1", 6);

	unit("strings of any bytes");
	v = pth_json_text("a\xff\0", 3);
	CHECK_STR(json_string_value(v), "a\xef\xbf\xbd\xef\xbf\xbd");
	json_decref(v);
	v = pth_json_text(NULL, 0);
	CHECK_STR(json_string_value(v), "");
	json_decref(v);
	v = pth_json_string("b\xff");
	CHECK_STR(json_string_value(v), "b\xef\xbf\xbd");
	json_decref(v);
	changes();
	unit("read quickly");
	quick();
	unit("read quickly, with bytes of chance");
	chance();
	unit("read quickly, deep");
	deep();
	return unit_done();
}
