/* The command line of a tool, out of its table. */
#include <fcntl.h>
#include <getopt.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/event.h"
#include "io/file.h"
#include "io/tool.h"
#include "unit.h"

static bool flag, only;
static unsigned word;
static const char *text, *need;
static struct pth_strv list;
static uint64_t number;
static const char *called;

static int
call(void *to, char *arg, struct pth_err *e)
{
	(void)to;
	called = pth_tool_value(arg, e);
	return called != NULL ? 0 : -1;
}

static const struct pth_option options[] = {
	{ 'f', "flag", NULL, "a flag", .flag = &flag },
	{ 'n', "number", "N", "a number", .number = &number, .min = 2, .max = 5 },
	{ 0, "word", "one|two|three", "a word", .word = &word },
	{ 't', "text", "TEXT", "a text", .text = &text },
	{ 'l', "list", "ITEM", "an item", .list = &list },
	{ 's', "set", "NAME=VALUE", "a value", .call = call },
	{ 0, "text-only", NULL, "no more", .flag = &only },
};
static const struct pth_option needed[] = {
	{ 'k', "key", "KEY", "a key", .text = &need, .required = true },
};

static struct pth_tool tool;

/* The code of a command line, whose words are separated by blanks ("_" is an empty one); what
 * is written goes to the file "said". */
static int
parse(const char *line)
{
	static char copy[300];
	static char *argv[20];
	int argc = 0, fds[2] = { dup(1), dup(2) }, fd, code;
	char *rest;

	snprintf(copy, sizeof copy, "x %s", line);
	for (char *s = strtok_r(copy, " ", &rest); s != NULL; s = strtok_r(NULL, " ", &rest))
		argv[argc++] = strcmp(s, "_") == 0 ? s + 1 : s;
	argv[argc] = NULL;
	flag = only = false;
	word = 77;
	number = 77;
	text = need = called = NULL;
	pth_strv_free(list.v);
	list = (struct pth_strv){ 0 };
	optind = 0; /* getopt begins anew */
	fflush(stdout);
	fd = open("said", O_WRONLY | O_CREAT | O_TRUNC, 0666);
	dup2(fd, 1);
	dup2(fd, 2);
	code = pth_tool_parse(&tool, argc, argv);
	fflush(stdout);
	dup2(fds[0], 1);
	dup2(fds[1], 2);
	close(fds[0]);
	close(fds[1]);
	close(fd);
	return code;
}

/* The first line of what was written. */
static const char *
said(void)
{
	static struct pth_buf b;
	struct pth_err e;

	pth_buf_cut(&b, 0);
	CHECK_INT(pth_file_read("said", 1 << 20, &b, &e), 0);
	b.s[strcspn(b.s, "\n")] = '\0';
	return b.s;
}

static void
take(void)
{
	tool = (struct pth_tool){ "x", "Do it", "[FILE]...", PTH_OPTIONS(options) };

	unit("options are stored");
	CHECK_INT(parse("-f a b"), -1);
	CHECK(flag && tool.operand_count == 2);
	CHECK_STR(tool.operand[1], "b");
	CHECK_INT(parse(""), -1);
	CHECK(!flag && tool.operand_count == 0 && text == NULL);
	CHECK_INT(parse("-t one --text=two a"), -1);
	CHECK_STR(text, "two");
	CHECK_INT(parse("-t _ -l a --list b"), -1);
	CHECK_STR(text, "");
	CHECK_INT(list.n, 2);
	CHECK_STR(list.v[1], "b");
	CHECK(list.v[2] == NULL);
	CHECK_INT(parse("-- -f"), -1);
	CHECK(!flag && tool.operand_count == 1);
	CHECK_INT(parse("--fl --text x"), -1); /* as much of a name as is clear */
	CHECK(flag && !only);
	CHECK_STR(text, "x");
	CHECK_INT(parse("-ft x"), -1);
	CHECK(flag);
	CHECK_STR(text, "x");

	unit("NAME=VALUE");
	CHECK_INT(parse("-s a=b=c"), -1);
	CHECK_STR(called, "b=c");
	CHECK_INT(parse("-s a="), -1);
	CHECK_STR(called, "");
	CHECK_INT(parse("-s a"), PTH_USAGE);
	CHECK_STR(said(), "x: -s a: expected a name, '=' and a value");
	CHECK_INT(parse("-s =b"), PTH_USAGE);

	unit("words and numbers");
	CHECK(parse("--word one") == -1 && word == 0);
	CHECK(parse("--word three") == -1 && word == 2);
	CHECK_INT(parse("--word tw"), PTH_USAGE);
	CHECK_STR(said(), "x: --word tw: expected one, two or three");
	CHECK_INT(parse("--word twoo"), PTH_USAGE);
	CHECK_INT(parse("--word one|two"), PTH_USAGE);
	CHECK_INT(parse("--word _"), PTH_USAGE);
	CHECK(parse("-n 2") == -1 && number == 2);
	CHECK(parse("-n 5") == -1 && number == 5);
	CHECK_INT(parse("-n 1"), PTH_USAGE);
	CHECK_STR(said(), "x: -n 1: expected a number from 2 to 5");
	CHECK_INT(parse("-n 6"), PTH_USAGE);
	CHECK_INT(parse("-n 3x"), PTH_USAGE);
	CHECK_INT(number, 77);
}

static void
mistakes(void)
{
	static const struct {
		const char *line, *said;
	} rows[] = {
		{ "--flga", "x: unknown option --flga; did you mean --flag?" },
		{ "--nothing-like-it", "x: unknown option --nothing-like-it" },
		{ "--te", "x: unclear option --te: --text or --text-only" },
		{ "-Q", "x: unknown option -Q" },
		{ "-t", "x: -t needs its argument TEXT" },
		{ "--word", "x: --word needs its argument one|two|three" },
		{ "--flag=5", "x: --flag takes no argument" },
	};

	unit("mistakes");
	for (size_t i = 0; i < countof(rows); i++) {
		CHECK_INT(parse(rows[i].line), PTH_USAGE);
		CHECK_STR(said(), rows[i].said);
	}
}

static void
operands(void)
{
	static const struct {
		const char *form;
		int least, most;
	} rows[] = { { "", 0, 0 }, { "[X]", 0, 1 }, { "X", 1, 1 }, { "[X]...", 0, 3 },
		{ "X...", 1, 3 } };

	unit("as many operands as there may be");
	for (size_t i = 0; i < countof(rows); i++)
		for (int n = 0; n <= 3; n++) {
			const char *const lines[] = { "", "a", "a b", "a b c" };
			bool good = n >= rows[i].least && n <= rows[i].most;

			tool = (struct pth_tool){ "x", "Do it", rows[i].form,
				PTH_OPTIONS(options) };
			CHECK_INT(parse(lines[n]), good ? -1 : PTH_USAGE);
			if (!good && n > rows[i].most)
				CHECK_STR(said(),
				    rows[i].most == 0 ? "x: one operand too many: a" :
				                        "x: one operand too many: b");
			if (n < rows[i].least)
				CHECK_STR(said(), "x: X is missing");
		}
	tool = (struct pth_tool){ "x", "Do it", "", PTH_OPTIONS(needed) };
	CHECK_INT(parse("-k a"), -1);
	CHECK_STR(need, "a");
	CHECK_INT(parse(""), PTH_USAGE);
	CHECK_STR(said(), "x: -k KEY is missing");
}

static void
count(json_t *rec, void *arg)
{
	pth_json_set(rec, "seen", json_integer(++*(int *)arg));
}

/* All records of these files go through; what is written is in the file "said". */
static int
each(const char *line, bool pass, int *n, struct pth_err *e)
{
	int kept, fd, r;

	tool = (struct pth_tool){ "x", "Do it", "[FILE]...", PTH_OPTIONS(options) };
	CHECK_INT(parse(line), -1);
	fflush(stdout);
	kept = dup(1);
	fd = open("said", O_WRONLY | O_CREAT | O_TRUNC, 0666);
	dup2(fd, 1);
	*n = 0;
	r = pth_tool_each(&tool, pass, count, n, e);
	fflush(stdout);
	dup2(kept, 1);
	close(kept);
	close(fd);
	return r;
}

static void
records(void)
{
#define TEST(id) "{\"type\":\"test\",\"id\":\"" id "\""
	static const char one[] = TEST("a") "}\n{\"type\":\"end\",\"tests\":1}\n",
	                  two[] = TEST("b") "}\n" TEST("c") "}\n{\"type\":\"end\",\"tests\":2}\n",
	                  cut[] = TEST("d") "}\n";
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e = { 0 };
	int n;

	unit("records of several files are one stream");
	CHECK_INT(pth_file_write(AT_FDCWD, "one", one, strlen(one), &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "two", two, strlen(two), &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "cut", cut, strlen(cut), &e), 0);
	CHECK_INT(each("one two one", true, &n, &e), 0);
	CHECK_INT(n, 4);
	CHECK_INT(pth_file_read("said", 1 << 20, &b, &e), 0);
	CHECK_STR(b.s,
	    TEST("a") ",\"seen\":1}\n" TEST("b") ",\"seen\":2}\n" TEST("c") ",\"seen\":3}\n" TEST(
	        "a") ",\"seen\":4}\n{\"pth\":1,\"type\":\"end\",\"tests\":4}\n");
	CHECK_INT(each("one two", false, &n, &e), 0);
	CHECK_INT(n, 3);
	CHECK_STR(said(), "");
	/* The first that is not whole, or not there, is the end of it. */
	CHECK_INT(each("one cut two", true, &n, &e), -1);
	CHECK(n == 2 && e.code == PTH_SYSTEM);
	CHECK_INT(each("cut", true, &n, &e), -1);
	pth_buf_cut(&b, 0);
	CHECK_INT(pth_file_read("said", 1 << 20, &b, &e), 0);
	CHECK_STR(b.s, TEST("d") ",\"seen\":1}\n");
	CHECK_INT(each("one none two", true, &n, &e), -1);
	CHECK(n == 1 && e.code == PTH_SYSTEM);
	CHECK_INT(each("--partial one cut", true, &n, &e), 0);
	CHECK_INT(n, 2);
	pth_buf_release(&b);
}

static void
common(void)
{
	static const struct pth_option other[] = { { 'v', "vars", NULL, "x", .flag = &flag } };
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;

	unit("what each tool has");
	tool = (struct pth_tool){ "x", "Do it", "[FILE]...", PTH_OPTIONS(options),
		.more = "And more.\n" };
	CHECK_INT(parse("--partial"), -1);
	CHECK(tool.partial && !tool.quiet);
	CHECK_INT(parse("-V"), PTH_OK);
	CHECK_STR(said(), "x " PTH_VERSION);
	CHECK_INT(parse("-h --nonsense"), PTH_OK);
	CHECK_INT(pth_file_read("said", 1 << 20, &b, &e), 0);
	CHECK_STR(b.s,
	    "usage: x [-fqvhV] [-n N] [--word one|two|three] [-t TEXT] [-l ITEM]...\n"
	    "       [-s NAME=VALUE]... [--text-only] [--debug] [--partial] [FILE]...\n"
	    "Do it.\n\n"
	    "  -f, --flag                a flag\n"
	    "  -n, --number N            a number\n"
	    "      --word one|two|three  a word\n"
	    "  -t, --text TEXT           a text\n"
	    "  -l, --list ITEM           an item\n"
	    "  -s, --set NAME=VALUE      a value\n"
	    "      --text-only           no more\n"
	    "  -q, --quiet               write errors only: no progress, summary, event or "
	    "warning\n"
	    "  -v, --verbose             show events of the level DEBUG, too; twice: of TRACE\n"
	    "      --debug               the same as --verbose\n"
	    "      --partial             the stream was cut on purpose: it needs no end record\n"
	    "  -h, --help                write this help\n"
	    "  -V, --version             write the version\n"
	    "\nAnd more.\n");
	pth_buf_release(&b);
	CHECK_INT(parse("-q"), -1);
	CHECK(tool.quiet);
	/* Its own letter wins. */
	tool = (struct pth_tool){ "x", "Do it", "", PTH_OPTIONS(other) };
	CHECK_INT(parse("--verbose --debug"), -1);
	CHECK(!flag);
	CHECK_INT(parse("-v"), -1);
	CHECK(flag);
	CHECK_INT(parse("--ver"), PTH_USAGE);
}

int
main(void)
{
	unsetenv("PTH_EVENTS");
	take();
	mistakes();
	operands();
	records();
	common();
	pth_strv_free(list.v);
	return unit_done();
}
