/*
 * This file has the one grammar for the command lines of all tools: parsing, --help, usage
 * and mistakes out of a table of options, and the loop over records that most tools have.
 */
#include "io/tool.h"

#include <assert.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/event.h"

#define COLUMNS 79 /* of the usage line */
#define MOST 64    /* options of a tool */
#define LONG 256   /* getopt's code of the first option by its name; by its letter: the letter */

enum { QUIET, VERBOSE, DEBUG, PARTIAL, HELP, VERSION };

#define MORE "show events of the level DEBUG, too; twice: of TRACE"

static const struct pth_option common[] = {
	[QUIET] = { 'q', "quiet", NULL,
	    "write errors only: no progress, summary, event or warning" },
	[VERBOSE] = { 'v', "verbose", NULL, MORE },
	[DEBUG] = { 0, "debug", NULL, "the same as --verbose" },
	[PARTIAL] = { 0, "partial", NULL, "the stream was cut on purpose: it needs no end record" },
	[HELP] = { 'h', "help", NULL, "write this help" },
	[VERSION] = { 'V', "version", NULL, "write the version" },
};

/* The same for a tool that has another use for the letter. */
static const struct pth_option named = { .name = "verbose", .help = MORE };

static bool
has_letter(const struct pth_tool *t, char letter)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->options[i].letter == letter)
			return true;
	return false;
}

/* The options of the tool and then the common ones; NULL behind the last. */
static const struct pth_option *
option(const struct pth_tool *t, size_t i)
{
	assert(t->n + countof(common) <= MOST);
	if (i < t->n)
		return &t->options[i];
	i -= t->n;
	return i == VERBOSE && has_letter(t, common[VERBOSE].letter) ? &named :
	    i < countof(common)                                      ? &common[i] :
	                                                               NULL;
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

int
pth_tool_print(struct pth_buf *b, struct pth_err *e)
{
	if (fwrite(b->s != NULL ? b->s : "", 1, b->len, stdout) != b->len || fflush(stdout) != 0)
		return pth_err_set(e, PTH_SYSTEM, "write stdout:");
	pth_buf_release(b);
	return 0;
}

int
pth_tool_mistake(const struct pth_tool *t, const char *fmt, ...)
{
	pth_auto_buf why = PTH_BUF_INIT, line = PTH_BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	pth_buf_vaddf(&why, fmt, ap);
	va_end(ap);
	pth_complain("%s", why.s);
	usage(&line, t);
	fputs(line.s, stderr);
	return PTH_USAGE;
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

/* The index of an argument in the words of an option, or -1 with e. */
static int
choice(const struct pth_option *o, const char *arg, struct pth_err *e)
{
	pth_auto_buf words = PTH_BUF_INIT;
	int i = word_index(o->arg, arg);

	if (i >= 0)
		return i;
	list_words(&words, o->arg);
	return pth_err_set(e, PTH_USAGE, "expected %s", words.s);
}

static int
number(const struct pth_option *o, const char *arg, struct pth_err *e)
{
	long long n;

	if (!pth_int(arg, (long long)o->min, (long long)o->max, &n))
		return pth_err_set(
		    e, PTH_USAGE, "expected a number from %" PRIu64 " to %" PRIu64, o->min, o->max);
	*o->number = (uint64_t)n;
	return 0;
}

/* Is that all that the tool has to do? */
static bool
set_common(struct pth_tool *t, const struct pth_option *o, struct pth_buf *text)
{
	switch (o == &named ? VERBOSE : o - common) {
	case QUIET:
		t->quiet = true;
		pth_event_quiet();
		return false;
	case VERBOSE:
	case DEBUG: pth_event_more(); return false;
	case PARTIAL: t->partial = true; return false;
	case HELP: help(text, t); return true;
	default: pth_buf_addf(text, "%s %s\n", t->name, PTH_VERSION); return true;
	}
}

/* 0, or -1 with what is wrong with the argument. */
static int
set(const struct pth_option *o, char *arg, struct pth_err *e)
{
	int i = (o->flag != NULL || o->word != NULL) && o->arg != NULL ? choice(o, arg, e) : 0;

	if (i < 0)
		return -1;
	if (o->call != NULL)
		return o->call(o->to, arg, e);
	if (o->number != NULL)
		return number(o, arg, e);
	if (o->flag != NULL)
		*o->flag = true;
	else if (o->word != NULL)
		*o->word = (unsigned)i;
	else if (o->text != NULL)
		*o->text = arg;
	else
		pth_strv_push(o->list, pth_xstrdup(arg));
	return 0;
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
static int
unknown_name(const struct pth_tool *t, const char *name)
{
	const char *names[MOST], *near;
	pth_auto_buf fits = PTH_BUF_INIT;
	const struct pth_option *o;
	size_t n = 0, len = strlen(name);

	for (; (o = option(t, n)) != NULL; n++) {
		names[n] = o->name;
		if (strncmp(o->name, name, len) == 0)
			pth_buf_addf(&fits, "%s--%s", fits.len > 0 ? " or " : "", o->name);
	}
	if (fits.len > 0)
		return pth_tool_mistake(t, "unclear option --%s: %s", name, fits.s);
	near = pth_nearest(name, names, n);
	if (near == NULL)
		return pth_tool_mistake(t, "unknown option --%s", name);
	return pth_tool_mistake(t, "unknown option --%s; did you mean --%s?", name, near);
}

/* What getopt did not take: word is the last argument it looked at. */
static int
refuse(const struct pth_tool *t, int code, const char *word)
{
	const struct pth_option *o = by_code(t, optopt);
	pth_auto_str name = NULL;
	char text[80];

	if (o != NULL && code == ':')
		return pth_tool_mistake(t, "%s needs its argument %s", shown(o, text), o->arg);
	if (o != NULL)
		return pth_tool_mistake(t, "--%s takes no argument", o->name);
	if (optopt != 0)
		return pth_tool_mistake(t, "unknown option -%c", optopt);
	name = pth_xstrndup(word + 2, strcspn(word + 2, "="));
	return unknown_name(t, name);
}

/* What the options and operands are together: an exit code, or -1: go on. */
static int
check_operands(const struct pth_tool *t)
{
	int most = strstr(t->operands, "...") != NULL ? INT_MAX : *t->operands != '\0' ? 1 : 0;
	const struct pth_option *o;

	if (t->operand_count > most)
		return pth_tool_mistake(t, "one operand too many: %s", t->operand[most]);
	if (t->operand_count == 0 && most > 0 && *t->operands != '[')
		return pth_tool_mistake(
		    t, "%.*s is missing", (int)strcspn(t->operands, " ."), t->operands);
	if (t->operand_count == 0 && t->reads && isatty(STDIN_FILENO) != 0)
		return pth_tool_mistake(t, "nothing to read: standard input is a terminal");
	for (o = t->options; o < t->options + t->n; o++)
		if (o->required && *o->text == NULL)
			return pth_tool_mistake(t, "-%c %s is missing", o->letter, o->arg);
	return -1;
}

/* One option of getopt's code: an exit code, or -1: go on. */
static int
take_option(struct pth_tool *t, int code, char *const *argv)
{
	const struct pth_option *o = by_code(t, code);
	pth_auto_buf text = PTH_BUF_INIT;
	struct pth_err e;
	char name[80];
	int r;

	if (o == NULL)
		return refuse(t, code, argv[optind - 1]);
	if (o == &named || (o >= common && o < common + countof(common))) {
		if (!set_common(t, o, &text))
			return -1;
		r = pth_tool_print(&text, &e);
	} else {
		r = set(o, optarg, &e);
		if (r == 0)
			return -1;
	}
	if (r == 0)
		return PTH_OK;
	if (e.code == PTH_USAGE)
		return pth_tool_mistake(t, "%s %s: %s", shown(o, name), optarg, e.text);
	pth_complain("%s", e.text);
	return e.code;
}

int
pth_tool_parse(struct pth_tool *t, int argc, char **argv)
{
	struct option names[MOST + 1];
	pth_auto_buf letters = PTH_BUF_INIT;
	const struct pth_option *o;
	size_t n = 0;
	int code, end;

	pth_event_init(t->name);
	pth_buf_addc(&letters, ':'); /* then getopt tells a missing argument from the rest */
	for (; (o = option(t, n)) != NULL; n++) {
		names[n] = (struct option){ o->name, o->arg != NULL, NULL, LONG + (int)n };
		if (o->letter != '\0')
			pth_buf_addf(&letters, "%c%s", o->letter, o->arg != NULL ? ":" : "");
	}
	names[n] = (struct option){ 0 };
	opterr = 0;
	while ((code = getopt_long(argc, argv, letters.s, names, NULL)) != -1)
		if ((end = take_option(t, code, argv)) >= 0)
			return end;
	t->operand = argv + optind;
	t->operand_count = argc - optind;
	return check_operands(t);
}

/* --- records --- */

int
pth_tool_open(const struct pth_tool *t, int i, struct pth_rec_in *in, struct pth_err *e)
{
	int r = pth_rec_open_file(in, i < t->operand_count ? t->operand[i] : "-", e);

	in->partial = t->partial;
	return r;
}

static int
each(struct pth_rec_in *in, struct pth_rec_out *out, void (*take)(json_t *, void *), void *arg,
    struct pth_err *e)
{
	json_t *rec;
	int r;

	while ((r = pth_rec_read(in, &rec, e)) > 0) {
		take(rec, arg);
		r = out != NULL ? pth_rec_write(out, rec, e) : 0;
		json_decref(rec);
		if (r != 0)
			return r;
	}
	return r == 0 ? pth_rec_whole(in, e) : r;
}

int
pth_tool_each(const struct pth_tool *t, bool pass, void (*take)(json_t *, void *), void *arg,
    struct pth_err *e)
{
	struct pth_rec_out out = { .fp = stdout, .max = PTH_REC_PLAN };
	struct pth_rec_in in;
	int i = 0, r;

	do {
		r = pth_tool_open(t, i, &in, e);
		if (r == 0)
			r = each(&in, pass ? &out : NULL, take, arg, e);
		pth_rec_close(&in);
	} while (r == 0 && ++i < t->operand_count);
	return r == 0 && pass ? pth_rec_end(&out, e) : r;
}
