/* This file runs the commands of an engine's descriptor. */
#include "spread/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "host/proc.h"
#include "io/placeholder.h"

#define LIMIT_US (120 * PTH_SECOND_US) /* of a command that does not wait for parts */
#define SAID_MAX ((size_t)4 << 20)

static unsigned
number_of(const struct pth_ynode *root, const char *key, unsigned def)
{
	const struct pth_ynode *n = pth_yaml_get(root, key);

	return n != NULL && n->kind == PTH_YINT && n->i > 0 && n->i <= 1000000 ? (unsigned)n->i :
	                                                                         def;
}

static bool
is_true(const struct pth_ynode *root, const char *key)
{
	const struct pth_ynode *n = pth_yaml_get(root, key);

	return n != NULL && n->kind == PTH_YBOOL && n->b;
}

/* A list of words, or NULL. */
static const struct pth_ynode *
words_of(const struct pth_ynode *root, const char *key)
{
	const struct pth_ynode *n = pth_yaml_get(root, key);

	return n != NULL && n->kind == PTH_YSEQ && n->child != NULL ? n : NULL;
}

/* The programs that it says it needs. */
static int
check_programs(const struct pth_ynode *root, const char *name, struct pth_err *e)
{
	pth_yaml_foreach(v, pth_yaml_get(root, "requires")) {
		const char *program = pth_desc_str(v, "program", NULL);
		pth_auto_str found = program != NULL ? pth_which(program, NULL) : NULL;

		if (program != NULL && found == NULL)
			return pth_err_set(e, PTH_SYSTEM,
			    "engine %s: %s is not installed (package %s)", name, program,
			    pth_desc_str(v, "package", program));
	}
	return 0;
}

int
pth_engine_open(
    struct pth_engine_kind *g, struct pth_plugins *ps, const char *name, struct pth_err *e)
{
	struct pth_plugin *p = pth_plugins_find(ps, PTH_ENGINE, name, NULL);
	pth_auto_buf near = PTH_BUF_INIT;

	if (p == NULL) {
		pth_plugins_suggest(ps, PTH_ENGINE, name, &near);
		return pth_err_set(
		    e, PTH_USAGE, "unknown engine '%s'%s", name, near.s != NULL ? near.s : "");
	}
	if (pth_plugin_load(ps, p, NULL, e) != 0)
		return -1;
	*g = (struct pth_engine_kind){ .name = p->name,
		.submit = words_of(p->root, "submit"),
		.send = words_of(p->root, "send"),
		.ended = words_of(p->root, "ended"),
		.status = words_of(p->root, "status"),
		.cancel = words_of(p->root, "cancel"),
		.array = number_of(p->root, "array", 1),
		.window = number_of(p->root, "window", 1),
		.waits = is_true(p->root, "waits"),
		.once = is_true(p->root, "once") };
	if (g->submit == NULL)
		return pth_err_set(e, PTH_INPUT, "%s: submit: a list of words", p->file);
	return check_programs(p->root, name, e);
}

/* --- words --- */

struct filled {
	const struct pth_engine_places *p;
	unsigned first, last;
	int64_t minutes;
};

static int
resolve(const struct pth_placeholder *h, void *arg, struct pth_buf *b, struct pth_err *e)
{
	const struct filled *f = arg;
	const char *const texts[][2] = { { "bin", f->p->bin }, { "share", f->p->share },
		{ "libexec", f->p->libexec }, { "parts", f->p->parts }, { "name", f->p->name } };
	const struct {
		const char *name;
		int64_t n;
	} numbers[] = { { "first", f->first }, { "last", f->last }, { "offset", f->first - 1 },
		{ "count", f->last - f->first + 1 }, { "minutes", f->minutes },
		{ "jobs", f->p->jobs } };

	(void)e;
	for (size_t i = 0; i < countof(texts); i++)
		if (h->attribute == NULL && strcmp(h->name, texts[i][0]) == 0) {
			pth_buf_adds(b, texts[i][1]);
			return 1;
		}
	for (size_t i = 0; i < countof(numbers); i++)
		if (h->attribute == NULL && strcmp(h->name, numbers[i].name) == 0) {
			pth_buf_addf(b, "%" PRId64, numbers[i].n);
			return 1;
		}
	return 0;
}

/* The argv that a list of words stands for; the caller frees it. NULL with e. */
static char **
fill(const struct pth_ynode *words, const struct filled *f, struct pth_err *e)
{
	struct pth_strv argv = { NULL, 0 };
	char number[16];

	pth_yaml_foreach(v, words) {
		struct pth_buf b = PTH_BUF_INIT;
		const char *text = v->text != NULL ? v->text : "";

		if (strcmp(text, "@{options}") == 0) {
			for (char *const *o = f->p->options; o != NULL && *o != NULL; o++)
				pth_strv_push(&argv, pth_xstrdup(*o));
			continue;
		}
		if (strcmp(text, "@{numbers}") == 0) {
			for (unsigned i = f->first; i <= f->last; i++) {
				snprintf(number, sizeof number, "%u", i);
				pth_strv_push(&argv, pth_xstrdup(number));
			}
			continue;
		}
		if (pth_placeholder_expand(text, resolve, (void *)(uintptr_t)f, &b, e) != 0) {
			pth_buf_release(&b);
			pth_strv_free(argv.v);
			return NULL;
		}
		pth_strv_push(&argv, pth_buf_take(&b));
	}
	return argv.v;
}

/* Runs a command to its end; what it writes goes to out. */
static int
run(const struct pth_engine_kind *g, char **argv, struct pth_buf *out, struct pth_err *e)
{
	pth_auto_buf said = PTH_BUF_INIT;
	const struct pth_proc_req q = { .argv = (const char *const *)argv,
		.in = -1,
		.out = -1,
		.err = -1,
		.session = true,
		.die_with_parent = true };
	struct pth_exit end;
	bool late = false;
	char how[32];

	if (pth_proc_run(&q, LIMIT_US, out, &said, SAID_MAX, &end, &late, e) != 0)
		return -1;
	if (!late && !end.signaled && end.code == 0)
		return 0;
	if (said.len > 0)
		said.s[strcspn(said.s, "\n")] = '\0';
	return pth_err_set(e, PTH_SYSTEM, "engine %s: %s: %s", g->name, argv[0],
	    late             ? "no answer" :
	        said.len > 0 ? said.s :
	                       pth_exit_text(&end, how));
}

pid_t
pth_engine_submit(const struct pth_engine_kind *g, const struct pth_engine_places *p,
    unsigned first, unsigned last, int64_t minutes, int log, struct pth_err *e)
{
	const struct filled f = { p, first, last, minutes };
	pth_auto_strv argv = fill(p->send ? g->send : g->submit, &f, e);
	pth_auto_buf out = PTH_BUF_INIT;

	if (argv == NULL)
		return -1;
	if (!g->waits)
		return run(g, argv, &out, e);
	const struct pth_proc_req q = { .argv = (const char *const *)argv,
		.cwd = p->parts,
		.in = -1,
		.out = log,
		.err = log,
		.session = true,
		.die_with_parent = true };

	return pth_proc_spawn(&q, NULL, e);
}

int
pth_engine_status(const struct pth_engine_kind *g, const struct pth_engine_places *p, bool ended,
    struct pth_buf *lines, struct pth_err *e)
{
	const struct filled f = { p, 1, 1, 0 };
	pth_auto_strv argv = fill(ended ? g->ended : g->status, &f, e);

	return argv == NULL ? -1 : run(g, argv, lines, e);
}

size_t
pth_engine_line(struct pth_word line, size_t max, struct pth_word *state)
{
	uint64_t offset = 0, n;

	*state = (struct pth_word){ NULL, 0 };
	pth_word_trim(&line);
	if (line.n == 0 || !pth_is_digit(*line.s) || !pth_word_number(&line, 10, &n))
		return 0;
	if (line.n > 1 && *line.s == '+' && pth_is_digit(line.s[1])) {
		line.s++;
		line.n--;
		offset = n;
		pth_word_number(&line, 10, &n);
	}
	if (line.n > 0 && *line.s != ' ' && *line.s != '\t')
		return 0;
	pth_word_trim(&line);
	pth_word_next(&line, " \t\r", state);
	return n >= 1 && offset <= max && n <= max - offset ? (size_t)(offset + n) : 0;
}

int
pth_engine_cancel(
    const struct pth_engine_kind *g, const struct pth_engine_places *p, struct pth_err *e)
{
	const struct filled f = { p, 1, 1, 0 };
	pth_auto_buf out = PTH_BUF_INIT;
	pth_auto_strv argv = NULL;

	if (g->cancel == NULL)
		return 0;
	argv = fill(g->cancel, &f, e);
	return argv == NULL ? -1 : run(g, argv, &out, e);
}
