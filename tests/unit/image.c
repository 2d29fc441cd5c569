/* Names of images, and the words that get into a Dockerfile. */
#include "container/image_priv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "io/json.h"
#include "unit.h"

static char *
tag(const char *impl, const char *version, const char *a, const char *b)
{
	const char *suffixes[] = { a, b };
	struct pth_buf t = PTH_BUF_INIT;

	pth_image_tag(&t, impl, version, suffixes, countof(suffixes));
	return pth_buf_take(&t);
}

static void
is(const char *want, char *got)
{
	CHECK_STR(got, want);
	free(got);
}

static void
long_names(void)
{
	char impl[301];
	char *t;

	memset(impl, 'a', sizeof impl - 1);
	impl[sizeof impl - 1] = '\0';
	t = tag(impl, "rfc9000", NULL, "linux/amd64");
	CHECK(strlen(t) == 128);
	CHECK_STR(t + strlen(t) - strlen(":latest-linux-amd64"), ":latest-linux-amd64");
	free(t);
	/* One byte less than that, and one more. */
	impl[121] = '\0';
	t = tag(impl, "", NULL, NULL);
	CHECK(strlen(t) == 128);
	free(t);
	impl[121] = 'a';
	impl[122] = '\0';
	t = tag(impl, "", NULL, NULL);
	CHECK(strlen(t) == 128);
	free(t);
	t = tag("x", "y", impl, impl);
	CHECK(strlen(t) <= 128);
	free(t);
}

/* A text of so many bytes. */
static char *
long_text(size_t n)
{
	char *s = pth_xmalloc(n + 1);

	memset(s, 'a', n);
	s[n] = '\0';
	return s;
}

static void
words(void)
{
	static const struct {
		enum image_kind kind;
		const char *good[12], *bad[16];
	} v[] = {
		{ IMAGE_NAME, { "a", "9", "a/b:1@sha256:0-x_y.z" },
		    { "", "-a", ".a", "/a", "a b", "a\n", "a$b", "a;b" } },
		{ IMAGE_PATH, { "/", "/a/b.c_+@-1" }, { "", "a", "./a", "/a b", "/a\nb", "/a$b" } },
		{ IMAGE_TO, { "a", "/a", ".a", "_a", "a/b.c_+@-1" },
		    { "", "-a", "+a", "@a", "a b", "a\n" } },
		{ IMAGE_PACKAGE, { "a", "libc6-dev=1:2~3+x/y_z.w" },
		    { "", "-a", "--x", "+a", "a;b", "a b", "a@b", "a\n" } },
		{ IMAGE_FEATURE, { "a", "_a", "a.b_c+d=e/f:g@h-i" },
		    { "", "-a", "+a", "a b", "$(a)", "a~b", "a\n" } },
		{ IMAGE_REVISION, { "a", "_a", "HEAD~1", "v1.0^", "a/b+c@d-e" },
		    { "", "-f", ".a", "a b", "a:b", "a=b", "a\n" } },
		{ IMAGE_PORT,
		    { "1", "80", "65535", "80-90", "80/udp", "80/tcp", "80/sctp", "1-65535/tcp" },
		    { "", "0", "65536", "80-0", "80-65536", "0-80", "80/", "80/x", "-80", "80-",
		        "80-90-91", "80/udp ", " 80", "80udp", "123456789012", "80/udp/tcp" } },
		{ IMAGE_USER, { "a", "_a", "A-b_9", "abcdefghijklmnopqrstuvwxyz012345" },
		    { "", "-a", "a b", "a.b", "a\n", "abcdefghijklmnopqrstuvwxyz0123456" } },
		{ IMAGE_VARIABLE, { "A", "_", "A_1" }, { "", "1A", "A-B", "A B", "A=B", "A\n" } },
		{ IMAGE_LINE, { "", "a b\t$;\"'\\", "\xc3\xa4", " " },
		    { "a\nb", "a\rb", "\x01", "\x1f", "\x7f", "a\v" } },
		{ IMAGE_STEP, { "", "a\nb\r\n\tc", "\xc3\xa4" },
		    { "\x01", "a\vb", "\x7f", "\x1f", "a\x1b" } },
	};
	struct pth_image_req q = { 0 };
	struct pth_err e;
	char *most = long_text(IMAGE_VALUE_MAX), *more = long_text(IMAGE_VALUE_MAX + 1);
	size_t n = 0;

	unit("words of each kind");
	for (size_t i = 0; i < countof(v); i++) {
		for (const char *const *w = v[i].good; w < v[i].good + 12 && *w != NULL; w++, n++)
			if (!CHECK(container_image_check(&q, "k", v[i].kind, *w, &e) == 0))
				printf("    kind %zu: \"%s\": %s\n", i, *w, e.text);
		for (const char *const *w = v[i].bad; w < v[i].bad + 16 && *w != NULL; w++, n++)
			if (!CHECK(container_image_check(&q, "k", v[i].kind, *w, &e) == -1))
				printf("    kind %zu: \"%s\" is taken\n", i, *w);
	}
	CHECK(n > 100);
	CHECK_INT(container_image_check(&q, "k", IMAGE_LINE, most, &e), 0);
	CHECK_INT(container_image_check(&q, "k", IMAGE_LINE, more, &e), -1);
	CHECK_STR(e.text, "docker.k: longer than 32768 bytes");
	CHECK_INT(container_image_check(&q, "k", IMAGE_LINE, NULL, &e), -1);
	CHECK_STR(e.text, "docker.k: must be a text");
	free(most);
	free(more);
}

/* The JSON of a list of a kind, or the error. */
static void
list(enum image_kind kind, const char *given, const char *want)
{
	struct pth_err e = { 0 };
	json_t *o = pth_json_parse(given, strlen(given), &e), *out;
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_image_req q = { 0 };

	out = kind == IMAGE_STEP ? container_image_steps(&q, o, "k", &e) :
	                           container_image_words(&q, o, "k", kind, &e);
	if (out != NULL)
		pth_json_dump(&b, out);
	CHECK_STR(out != NULL ? b.s : e.text, want);
	pth_buf_release(&b);
	json_decref(out);
	json_decref(o);
}

static void
lists(void)
{
	unit("lists of words");
	list(IMAGE_PACKAGE, "{\"k\":[\"a\",\"\",null,7,\"b\"]}", "[\"a\",\"7\",\"b\"]");
	list(IMAGE_PACKAGE, "{\"k\":null}", "[]");
	list(IMAGE_PACKAGE, "{}", "[]");
	list(IMAGE_PACKAGE, "{\"k\":\"a\"}", "docker.k: must be a list");
	list(IMAGE_PACKAGE, "{\"k\":[\"a\",\"b c\"]}", "docker.k: \"b c\" is no name of a package");
	list(IMAGE_PACKAGE, "{\"k\":[true]}", "docker.k: must be a text");
	unit("commands, which Docker would read in its own way or not");
	list(IMAGE_STEP, "{\"k\":[\" a b \\n\",\"-x\",\"a [b]\",\"a<b\",\" \"]}",
	    "[\"a b\",\"-x\",\"a [b]\",\"a<b\",\"true\"]");
#define SHELL(s) "[\"[\\\"/bin/sh\\\",\\\"-ec\\\",\\\"" s "\\\"]\"]"
	list(IMAGE_STEP, "{\"k\":[\"a\\nb\"]}", SHELL("a\\\\nb"));
	list(IMAGE_STEP, "{\"k\":[\"[a]\"]}", SHELL("[a]"));
	list(IMAGE_STEP, "{\"k\":[\"--a\"]}", SHELL("--a"));
	list(IMAGE_STEP, "{\"k\":[\"a <<X\"]}", SHELL("a <<X"));
	list(IMAGE_STEP, "{\"k\":[\"a\\\\\"]}", SHELL("a\\\\\\\\"));
	list(IMAGE_STEP, "{\"k\":[\"a\\u000bb\"]}", "docker.k: \"a\\x0bb\" has control characters");
}

static void
pairs(void)
{
	static const struct {
		const char *given, *want;
	} v[] = {
		{ "{\"A\":\"a b\",\"B\":\"\"}",
		    "[{\"name\":\"A\",\"value\":\"\\\"a b\\\"\"},"
		    "{\"name\":\"B\",\"value\":\"\\\"\\\"\"}]" },
		{ "{\"A\":\"$x\\\"y\\\\\"}",
		    "[{\"name\":\"A\",\"value\":\"\\\"\\\\$x\\\\\\\"y\\\\\\\\\\\"\"}]" },
		{ "{\"A\":7}", "docker.k: must be a text" },
		{ "{\"1\":\"x\"}", "docker.k: \"1\" is no name of a variable" },
		{ "{\"A\":\"x\\ny\"}", "docker.k: \"x\\ny\" has characters that end a line" },
		{ "{}", "[]" },
	};

	unit("variables are quoted");
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_err e = { 0 };
		json_t *o = pth_json_parse(v[i].given, strlen(v[i].given), &e), *out;
		struct pth_buf b = PTH_BUF_INIT;

		out = container_image_pairs(&(struct pth_image_req){ 0 }, "k", o, &e);
		if (out != NULL)
			pth_json_dump(&b, out);
		CHECK_STR(out != NULL ? b.s : e.text, v[i].want);
		pth_buf_release(&b);
		json_decref(out);
		json_decref(o);
	}
}

static void
put(const char *path, const char *text)
{
	struct pth_err e;

	CHECK_INT(pth_file_write(AT_FDCWD, path, text, strlen(text), &e), 0);
	CHECK_INT(chmod(path, 0755), 0);
}

/* The hash, by a pth-image that is a script, or the error. */
static void
hashes(void)
{
	static const char image[] =
	    "{\"dockerfile\":\"FROM x\\n\",\"directory\":\"images/d\",\"argv\":[\"@{bin}/"
	    "pth-image\",\"build\",\"-o\",\"@{owner}\",\"t\",\"@{dir}/images/d\"]}";
	static const struct {
		const char *script, *want;
		int code;
	} v[] = {
		{ "echo \"$1 $3 $4\"; cat \"$5/Dockerfile\"; echo; echo", "hash me t\nFROM x", 0 },
		{ "echo 'why not' >&2; exit 3", "why not", PTH_INPUT },
		{ "echo 'why not' >&2; echo >&2; exit 4", "why not", PTH_SYSTEM },
		{ "exit 2", "bin/pth-image", PTH_INPUT },
		{ "echo dead >&2; kill -KILL $$", "dead", PTH_INPUT },
	};
	const struct pth_places places = { .bin = "bin", .owner = "me", .dir = "other" };
	struct pth_err e;
	json_t *o = pth_json_parse(image, sizeof image - 1, &e);

	unit("the hash of an image");
	CHECK_INT(mkdir("bin", 0755), 0);
	CHECK_INT(mkdir("temporary", 0755), 0);
	setenv("TMPDIR", "temporary", 1);
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf b = PTH_BUF_INIT;
		int r;

		pth_buf_addf(&b, "#!/bin/sh\n%s\n", v[i].script);
		put("bin/pth-image", b.s);
		pth_buf_cut(&b, 0);
		r = pth_image_hash(o, &places, &b, &e);
		CHECK_INT(r, v[i].code == 0 ? 0 : -1);
		CHECK_STR(r == 0 ? b.s : e.text, v[i].want);
		if (r != 0)
			CHECK_INT(e.code, v[i].code);
		pth_buf_release(&b);
	}
	CHECK_INT(rmdir("temporary"), 0); /* nothing is left in it */
	setenv("TMPDIR", "none", 1);
	CHECK_INT(pth_image_hash(o, &places, &(struct pth_buf){ 0 }, &e), -1);
	CHECK_INT(e.code, PTH_SYSTEM);
	unit("the folder of an image is filled");
	put("bin/pth-image", "#!/bin/sh\necho \"$1 $5\" >called\n");
	CHECK_INT(pth_image_fill(o, &places, &e), 0);
	struct pth_buf called = PTH_BUF_INIT;
	CHECK_INT(pth_file_read("called", 100, &called, &e), 0);
	CHECK_STR(called.s, "hash other/images/d\n");
	pth_buf_release(&called);
	json_decref(o);
}

int
main(void)
{
	hashes();
	words();
	lists();
	pairs();
	unit("names of images");
	is("picoquic-rfc9000:latest", tag("picoquic", "rfc9000", NULL, NULL));
	is("picoquic-rfc9000:latest-debug-linux-amd64",
	    tag("Picoquic", "RFC9000", "debug", "linux/amd64"));
	is("a-b-v-1.0:latest", tag("a b", "v:1.0", "", NULL));
	is("name:latest", tag("..-name", "", NULL, NULL));
	is("name:latest", tag("name-", "", NULL, NULL));
	is("n-x:latest", tag("n", "x--", NULL, NULL));
	is("x:latest", tag("", "", NULL, NULL));
	/* What the engine refuses in names. */
	is("a-b:latest", tag("a.-b", "", NULL, NULL));
	is("a__b-c.d:latest", tag("a__b", "c.d", NULL, NULL));
	is("a-b--c:latest", tag("_a___b--c_", "", NULL, NULL));
	is("x:latest", tag("\n\xff..", "", NULL, NULL));
	long_names();
	return unit_done();
}
