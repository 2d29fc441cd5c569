/*
 * pth-plan: test records in, the same with "plan" out. pth-plan(1)
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "io/event.h"
#include "io/file.h"
#include "io/rec.h"
#include "plan/plan.h"

static const char usage_text[] = "usage: pth-plan [-P DIR]... [--check] [--strict] [FILE]...\n";

struct options {
	struct pth_plugin_dirs dirs;
	bool check, strict;
};

/* The plugins, and the directory of the experiment that is searched after
 * $PTH_PATH; opened for the first record, and again when that changes. */
struct plugins {
	struct pth_plugins set;
	struct pth_home home;
	char *dir;  /* NULL: not open yet */
	bool extra; /* dir is there */
};

struct work {
	struct options opt;
	struct plugins plugins;
	struct pth_rec_out out;
	bool bad; /* for the exit code of --check */
};

static void __attribute__((noreturn)) usage(FILE *fp, int code)
{
	fputs(usage_text, fp);
	exit(code);
}

static void
options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = { { "check", no_argument, NULL, 'c' },
		{ "strict", no_argument, NULL, 's' }, { "plugins", required_argument, NULL, 'P' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { 0 } };
	struct pth_err e;
	int c;

	while ((c = getopt_long(argc, argv, "P:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'P':
			if (pth_plugin_dirs_add(&o->dirs, optarg, &e) < 0)
				pth_die(e.code, "%s", e.text);
			break;
		case 'c': o->check = true; break;
		case 's': o->strict = true; break;
		case 'h': usage(stdout, PTH_OK); break;
		case 'V': puts("pth-plan " PTH_VERSION); exit(pth_finish(PTH_OK));
		default: usage(stderr, PTH_USAGE);
		}
	}
}

static int
open_with(struct plugins *ps, const struct options *o, const char *dir, struct pth_err *e)
{
	const char *env = getenv("PTH_PATH");
	struct pth_buf path = PTH_BUF_INIT;
	int r;

	pth_buf_addf(&path, "%s:%s", env != NULL ? env : "", dir);
	r = pth_plugins_open(&ps->set, &o->dirs, path.s, ps->home.share, e);
	pth_buf_release(&path);
	return r;
}

/* paths.plugin_dir of PANTHER's files names PANTHER's own plugins as a rule:
 * they are not there, or no descriptors, and that is no error. */
static void
plugins_for(struct plugins *ps, const json_t *rec, const struct options *o)
{
	const char *dir = pth_json_str(pth_json_path(rec, "settings.paths"), "plugin_dir", "");
	struct pth_err e;

	bool open = ps->dir != NULL, before = ps->extra;

	if (open && strcmp(ps->dir, dir) == 0)
		return;
	free(ps->dir);
	ps->dir = pth_xstrdup(dir);
	ps->extra = *dir != '\0' && access(dir, X_OK) == 0;
	if (open && !before && !ps->extra)
		return;
	if (open)
		pth_plugins_close(&ps->set);
	if (open_with(ps, o, dir, &e) == 0)
		return;
	if (*dir != '\0')
		pth_warn("paths.plugin_dir is left out: %s", e.text);
	pth_plugins_close(&ps->set);
	if (open_with(ps, o, "", &e) < 0)
		pth_die(e.code, "%s", e.text);
}

/* Plan one record; its problems are shown at once, so that memory stays flat. */
static void
plan(struct work *w, json_t *rec)
{
	struct pth_diags d;

	if (!pth_rec_is_test(rec))
		return;
	if (json_object_get(rec, "error") != NULL) {
		w->bad = true;
		return;
	}
	pth_event_settings(json_object_get(rec, "settings"));
	pth_event_run(pth_json_str(rec, "run", NULL));
	pth_event_test(pth_rec_id(rec));
	pth_diags_init(&d, "");
	plugins_for(&w->plugins, rec, &w->opt);
	if (pth_plan_test(&w->plugins.set, rec, &d) == 0)
		pth_event("test.planned", "{s:i}", "services",
		    (int)json_array_size(pth_json_path(rec, "plan.services")));
	if (pth_diags_print(&d, w->opt.strict) != PTH_OK)
		w->bad = true;
	pth_diags_release(&d);
	pth_event_test(NULL);
}

static int
take(json_t *rec, void *arg, struct pth_err *e)
{
	struct work *w = arg;

	plan(w, rec);
	return w->opt.check ? 0 : pth_rec_write(&w->out, rec, e);
}

int
main(int argc, char **argv)
{
	struct work w = { .out = { stdout, 0 } };
	struct pth_err e;

	pth_event_init("pth-plan");
	options(&w.opt, argc, argv);
	if (pth_home_find(&w.plugins.home, &e) < 0)
		pth_die(e.code, "%s", e.text);
	plugins_for(&w.plugins, NULL, &w.opt); /* a -P that is wrong is said at once */
	if (pth_rec_each(argv + optind, argc - optind, take, &w, &e) < 0 ||
	    (!w.opt.check && pth_rec_end(&w.out, &e) < 0))
		pth_die(e.code, "%s", e.text);
	pth_plugins_close(&w.plugins.set);
	pth_home_release(&w.plugins.home);
	free(w.plugins.dir);
	return w.opt.check && w.bad ? PTH_INPUT : PTH_OK;
}
