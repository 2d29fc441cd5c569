/*
 * One grammar for the command lines of all tools: parsing, --help, usage and mistakes out
 * of a table of options, and the loop over records that most tools have.
 */
#include "io/tool.h"

#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/event.h"

#define COLUMNS 79 /* of the usage line */
#define LONG 256   /* getopt's code of the first option by its name; by its letter: the letter */

enum { QUIET, PARTIAL, HELP, VERSION };

static const struct pth_option common[] = {
	[QUIET] = { 'q', "quiet", NULL,
	    "write errors only: no progress, summary, event or warning" },
	[PARTIAL] = { 0, "partial", NULL, "the stream was cut on purpose: it needs no end record" },
	[HELP] = { 'h', "help", NULL, "write this help" },
	[VERSION] = { 'V', "version", NULL, "write the version" },
};

/* The options of the tool and then the common ones; NULL behind the last. */
static const struct pth_option *
option(const struct pth_tool *t, size_t i)
{
	if (i < t->n)
		return &t->options[i];
	return i - t->n < countof(common) ? &common[i - t->n] : NULL;
}

/* --- what is written --- */

/* A word of the usage line, on a line of its own when this one is full. */
static void
usage_word(struct pth_buf *b, size_t *column, const char *word)
{
	if (*column + 1 + strlen(word) > COLUMNS) {
		pth_buf_adds(b, "\n      ");
		*column = 6;
	}
	pth_buf_addf(b, " %s", word);
	*column += 1 + strlen(word);
}

/* -j N */
static void
usage_option(struct pth_buf *word, const struct pth_option *o)
{
	pth_buf_cut(word, 0);
	pth_buf_adds(word, o->required ? "" : "[");
	if (o->letter != '\0')
		pth_buf_addf(word, "-%c", o->letter);
	else
		pth_buf_addf(word, "--%s", o->name);
	if (o->arg != NULL)
		pth_buf_addf(word, " %s", o->arg);
	pth_buf_adds(word, o->required ? "" : "]");
	pth_buf_adds(word, o->list != NULL || o->call != NULL ? "..." : "");
}

static void
usage(struct pth_buf *b, const struct pth_tool *t)
{
	pth_auto_buf word = PTH_BUF_INIT;
	const struct pth_option *o;
	size_t column;

	pth_buf_adds(&word, "[-");
	for (size_t i = 0; (o = option(t, i)) != NULL; i++)
		if (o->letter != '\0' && o->arg == NULL)
			pth_buf_addc(&word, o->letter);
	pth_buf_addc(&word, ']');
	pth_buf_addf(b, "usage: %s", t->name);
	column = b->len;
	usage_word(b, &column, word.s);
	for (size_t i = 0; (o = option(t, i)) != NULL; i++) {
		usage_option(&word, o);
		if (o->letter == '\0' || o->arg != NULL)
			usage_word(b, &column, word.s);
	}
	if (*t->operands != '\0')
		usage_word(b, &column, t->operands);
	pth_buf_addc(b, '\n');
}

/* "--jobs N" */
static void
name_of(struct pth_buf *b, const struct pth_option *o)
{
	pth_buf_cut(b, 0);
	pth_buf_addf(
	    b, "--%s%s%s", o->name, o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
}

/* The lines of options have one form, which tests and completion of shells read:
 * "  -j, --jobs N  what it does". */
static void
help(struct pth_buf *b, const struct pth_tool *t)
{
	pth_auto_buf name = PTH_BUF_INIT;
	const struct pth_option *o;
	size_t width = 0;

	usage(b, t);
	pth_buf_addf(b, "%s.\n\n", t->purpose);
	for (size_t i = 0; (o = option(t, i)) != NULL; i++) {
		name_of(&name, o);
		width = name.len > width ? name.len : width;
	}
	for (size_t i = 0; (o = option(t, i)) != NULL; i++) {
		name_of(&name, o);
		pth_buf_addf(b, "  %c%c%c %-*s  %s\n", o->letter != '\0' ? '-' : ' ',
		    o->letter != '\0' ? o->letter : ' ', o->letter != '\0' ? ',' : ' ', (int)width,
		    name.s, o->help);
	}
	if (t->more != NULL)
		pth_buf_addf(b, "\n%s", t->more);
}

void
pth_tool_print(struct pth_buf *b)
{
	if (fwrite(b->s != NULL ? b->s : "", 1, b->len, stdout) != b->len || fflush(stdout) != 0)
		pth_die(PTH_SYSTEM, "write stdout:");
	pth_buf_release(b);
}

void
pth_tool_mistake(const struct pth_tool *t, const char *fmt, ...)
{
	struct pth_buf why = PTH_BUF_INIT, line = PTH_BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	pth_buf_vaddf(&why, fmt, ap);
	va_end(ap);
	pth_complain("%s", why.s);
	usage(&line, t);
	fputs(line.s, stderr);
	exit(PTH_USAGE);
}

/* --- parsing --- */

/* As it is named in messages: by its letter, if it has one. */
static const char *
shown(const struct pth_option *o, char text[static 80])
{
	if (o->letter != '\0')
		snprintf(text, 80, "-%c", o->letter);
	else
		snprintf(text, 80, "--%s", o->name);
	return text;
}

/* The index of a word in "this|that", or -1. */
static int
word_index(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (int i = 0;; i++) {
		if (strcspn(words, "|") == n && strncmp(words, word, n) == 0)
			return i;
		words += strcspn(words, "|");
		if (*words++ == '\0')
			return -1;
	}
}

/* "this|that|other" as "this, that or other" */
static void
list_words(struct pth_buf *b, const char *words)
{
	for (; *words != '\0'; words++) {
		if (*words == '|')
			pth_buf_adds(b, strchr(words + 1, '|') != NULL ? ", " : " or ");
		else
			pth_buf_addc(b, *words);
	}
}

static int
choice(const struct pth_tool *t, const struct pth_option *o, const char *arg)
{
	struct pth_buf words = PTH_BUF_INIT;
	int i = word_index(o->arg, arg);
	char name[80];

	if (i >= 0)
		return i;
	list_words(&words, o->arg);
	pth_tool_mistake(t, "%s %s: expected %s", shown(o, name), arg, words.s);
}

static uint64_t
number(const struct pth_tool *t, const struct pth_option *o, const char *arg)
{
	char name[80];
	long long n;

	if (pth_int(arg, (long long)o->min, (long long)o->max, &n))
		return (uint64_t)n;
	pth_tool_mistake(t, "%s %s: expected a number from %" PRIu64 " to %" PRIu64, shown(o, name),
	    arg, o->min, o->max);
}

static void
set_common(struct pth_tool *t, const struct pth_option *o)
{
	struct pth_buf b = PTH_BUF_INIT;

	switch (o - common) {
	case QUIET:
		t->quiet = true;
		pth_event_quiet();
		return;
	case PARTIAL: t->partial = true; return;
	case HELP: help(&b, t); break;
	default: pth_buf_addf(&b, "%s %s\n", t->name, PTH_VERSION); break;
	}
	pth_tool_print(&b);
	exit(PTH_OK);
}

static void
set(const struct pth_tool *t, const struct pth_option *o, char *arg)
{
	int i = (o->flag != NULL || o->word != NULL) && o->arg != NULL ? choice(t, o, arg) : 0;
	struct pth_err e;
	char name[80];

	if (o->flag != NULL)
		*o->flag = true;
	else if (o->word != NULL)
		*o->word = (unsigned)i;
	else if (o->text != NULL)
		*o->text = arg;
	else if (o->list != NULL)
		pth_strv_push(o->list, pth_xstrdup(arg));
	else if (o->number != NULL)
		*o->number = number(t, o, arg);
	else if (o->call(o->to, arg, &e) == 0)
		return;
	else if (e.code == PTH_USAGE)
		pth_tool_mistake(t, "%s %s: %s", shown(o, name), arg, e.text);
	else
		pth_die(e.code, "%s", e.text);
}

const char *
pth_tool_value(char *arg, struct pth_err *e)
{
	char *equals = strchr(arg, '=');

	if (equals == NULL || equals == arg) {
		pth_err_set(e, PTH_USAGE, "expected a name, '=' and a value");
		return NULL;
	}
	*equals = '\0';
	return equals + 1;
}

/* By getopt's code. */
static const struct pth_option *
by_code(const struct pth_tool *t, int code)
{
	const struct pth_option *o;

	if (code >= LONG)
		return option(t, (size_t)(code - LONG));
	for (size_t i = 0; (o = option(t, i)) != NULL; i++)
		if (code != 0 && o->letter == code)
			return o;
	return NULL;
}

/* A name that no option has, or the beginning of several. */
static void __attribute__((noreturn)) unknown_name(const struct pth_tool *t, const char *name)
{
	const char **names = pth_xarray(NULL, t->n + countof(common), sizeof *names), *near;
	struct pth_buf fits = PTH_BUF_INIT;
	const struct pth_option *o;
	size_t n = 0, len = strlen(name);

	for (; (o = option(t, n)) != NULL; n++) {
		names[n] = o->name;
		if (strncmp(o->name, name, len) == 0)
			pth_buf_addf(&fits, "%s--%s", fits.len > 0 ? " or " : "", o->name);
	}
	if (fits.len > 0)
		pth_tool_mistake(t, "unclear option --%s: %s", name, fits.s);
	near = pth_nearest(name, names, n);
	pth_tool_mistake(t, "unknown option --%s%s%s%s", name,
	    near != NULL ? "; did you mean --" : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");
}

/* What getopt did not take: word is the last argument it looked at. */
static void __attribute__((noreturn)) refuse(const struct pth_tool *t, int code, const char *word)
{
	const struct pth_option *o = by_code(t, optopt);
	char name[80];

	if (o != NULL && code == ':')
		pth_tool_mistake(t, "%s needs its argument %s", shown(o, name), o->arg);
	if (o != NULL)
		pth_tool_mistake(t, "--%s takes no argument", o->name);
	if (optopt != 0)
		pth_tool_mistake(t, "unknown option -%c", optopt);
	unknown_name(t, pth_xstrndup(word + 2, strcspn(word + 2, "=")));
}

static void
check_operands(const struct pth_tool *t)
{
	int most = strstr(t->operands, "...") != NULL ? INT_MAX : *t->operands != '\0' ? 1 : 0;

	if (t->operand_count > most)
		pth_tool_mistake(t, "one operand too many: %s", t->operand[most]);
	if (t->operand_count == 0 && most > 0 && *t->operands != '[')
		pth_tool_mistake(
		    t, "%.*s is missing", (int)strcspn(t->operands, " ."), t->operands);
	for (size_t i = 0; i < t->n; i++)
		if (t->options[i].required && *t->options[i].text == NULL)
			pth_tool_mistake(
			    t, "-%c %s is missing", t->options[i].letter, t->options[i].arg);
}

void
pth_tool_parse(struct pth_tool *t, int argc, char **argv)
{
	struct option *names = pth_xarray(NULL, t->n + countof(common) + 1, sizeof *names);
	pth_auto_buf letters = PTH_BUF_INIT;
	const struct pth_option *o;
	size_t n = 0;
	int code;

	pth_event_init(t->name);
	pth_buf_addc(&letters, ':'); /* then getopt tells a missing argument from the rest */
	for (; (o = option(t, n)) != NULL; n++) {
		names[n] = (struct option){ o->name, o->arg != NULL, NULL, LONG + (int)n };
		if (o->letter != '\0')
			pth_buf_addf(&letters, "%c%s", o->letter, o->arg != NULL ? ":" : "");
	}
	names[n] = (struct option){ 0 };
	opterr = 0;
	while ((code = getopt_long(argc, argv, letters.s, names, NULL)) != -1) {
		o = by_code(t, code);
		if (o == NULL)
			refuse(t, code, argv[optind - 1]);
		if (o >= common && o < common + countof(common))
			set_common(t, o);
		else
			set(t, o, optarg);
	}
	free(names);
	t->operand = argv + optind;
	t->operand_count = argc - optind;
	check_operands(t);
}

/* --- records --- */

void
pth_tool_open(const struct pth_tool *t, int i, struct pth_rec_in *in)
{
	struct pth_err e;

	if (t->operand_count == 0 && isatty(STDIN_FILENO) != 0)
		pth_tool_mistake(t, "nothing to read: standard input is a terminal");
	pth_must(pth_rec_open_file(in, i < t->operand_count ? t->operand[i] : "-", &e), &e);
	in->partial = t->partial;
}

void
pth_tool_each(const struct pth_tool *t, bool pass, void (*take)(json_t *, void *), void *arg)
{
	struct pth_rec_out out = { .fp = stdout };
	struct pth_rec_in in;
	struct pth_err e;
	json_t *rec;
	int i = 0, r;

	do {
		pth_tool_open(t, i, &in);
		while ((r = pth_rec_read(&in, &rec, &e)) > 0) {
			take(rec, arg);
			if (pass)
				pth_must(pth_rec_write(&out, rec, &e), &e);
			json_decref(rec);
		}
		pth_must(r, &e);
		pth_must(pth_rec_whole(&in, &e), &e);
		pth_rec_close(&in);
	} while (++i < t->operand_count);
	if (pass)
		pth_must(pth_rec_end(&out, &e), &e);
}
