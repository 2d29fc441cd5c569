/* pth-plan reads test records and adds to each the "plan" of what is to be run, pth-plan(1). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/text.h"
#include "io/event.h"
#include "io/tool.h"
#include "plan/make.h"
#include "plan/plan.h"

struct options {
	struct pth_strv dirs;
	struct pth_plan_how how;
	bool check;
	const char *outputs; /* files and rules for make instead of records */
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
	struct pth_make make;
	bool bad; /* for the exit code of --check */
};

static int
open_with(struct plugins *ps, const struct options *o, const char *dir, struct pth_err *e)
{
	const char *env = getenv("PTH_PATH");
	pth_auto_buf path = PTH_BUF_INIT;

	pth_buf_addf(&path, "%s:%s", env != NULL ? env : "", dir);
	return pth_plugins_open(&ps->set, &o->dirs, path.s, ps->home.share, e);
}

/* Returns paths.plugin_dir, from here or else from where the experiment lies; to free. */
static char *
plugin_dir(const json_t *rec)
{
	const char *dir = pth_paths_plugin_dir(pth_settings_paths(pth_test_settings(rec)));
	const char *file = pth_json_str(pth_test_source(rec), PTH_KEY(source, file), "");
	pth_auto_str beside = NULL;

	if (*dir == '\0' || *dir == '/' || access(dir, X_OK) == 0)
		return pth_xstrdup(dir);
	beside = pth_desc_beside(file, dir, "");
	return access(beside, X_OK) == 0 ? pth_take(&beside) : pth_xstrdup(dir);
}

/* paths.plugin_dir of PANTHER's files names PANTHER's own plugins as a rule:
 * they are not there, or no descriptors, and that is no error. */
static void
plugins_for(struct plugins *ps, const json_t *rec, const struct options *o)
{
	pth_auto_str dir = plugin_dir(rec);
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
	pth_must(open_with(ps, o, "", &e), &e);
}

/* A command of a service as a person would type it, but with its placeholders. */
static void
say_command(const char *service, const char *phase, size_t index, const json_t *cmd)
{
	pth_auto_buf text = PTH_BUF_INIT;
	const json_t *word;
	size_t i;

	json_array_foreach(pth_cmd_argv(cmd), i, word) {
		pth_buf_adds(&text, i > 0 ? " " : "");
		pth_quote_sh(&text, json_is_string(word) ? json_string_value(word) : "");
	}
	pth_event("command.planned", "{s:s,s:s,s:I,s:s}", "service", service, "phase", phase,
	    "index", (json_int_t)index, "command", text.len > 0 ? text.s : "");
}

static void
say_commands(const json_t *rec)
{
	const json_t *service, *cmd;
	json_t *commands;
	const char *phase;
	size_t i, k;

	json_array_foreach(pth_plan_services(pth_rec_plan(rec)), i, service) {
		const char *name = pth_svc_name(service);

		json_object_foreach(pth_svc_phases(service), phase, commands) {
			if (json_is_object(commands))
				say_command(name, phase, 0, commands);
			json_array_foreach(commands, k, cmd)
				say_command(name, phase, k, cmd);
		}
	}
}

/* The record is done: for make, it goes into its file. */
static void
put(struct work *w, const json_t *rec)
{
	struct pth_err e;

	if (w->opt.outputs != NULL)
		pth_must(pth_make_add(&w->make, rec, &e), &e);
}

/* Plan one record; its problems are shown at once, so that memory stays flat. */
static void
plan(json_t *rec, void *arg)
{
	struct work *w = arg;
	struct pth_diags d;

	if (!pth_rec_is_test(rec))
		return;
	if (pth_test_error(rec) != NULL) {
		w->bad = true;
		if (pth_error_at(pth_test_error(rec)) == NULL) {
			put(w, rec);
			return;
		}
	}
	pth_event_settings(pth_test_settings(rec));
	pth_event_run(pth_test_run(rec));
	pth_event_test(pth_rec_id(rec));
	pth_diags_init(&d, "");
	plugins_for(&w->plugins, rec, &w->opt);
	if (pth_plan_test(&w->plugins.set, rec, &w->opt.how, &d) == 0) {
		pth_event("test.planned", "{s:i}", "services",
		    (int)json_array_size(pth_rec_services(rec)));
		say_commands(rec);
	}
	if (pth_diags_print(&d, w->opt.how.strict) != PTH_OK)
		w->bad = true;
	pth_diags_release(&d);
	pth_event_test(NULL);
	put(w, rec);
}

int
main(int argc, char **argv)
{
	struct work w = { .bad = false };
	struct options *o = &w.opt;
	const struct pth_option table[] = {
		{ 'P', "plugins", "DIR", "search DIR for plugins first", .list = &o->dirs },
		{ 0, "check", NULL, "report problems only, write no records", .flag = &o->check },
		{ 0, "strict", NULL, "treat warnings as errors", .flag = &o->how.strict },
		{ 0, "keep-going", NULL, "also plan the sound parts of tests with errors",
		    .flag = &o->how.keep },
		{ 0, "outputs", "DIR", "write rules for make that run each test into DIR",
		    .text = &o->outputs },
	};
	struct pth_tool tool = { "pth-plan", "Turn tests into what is to be run", "[FILE]...",
		PTH_OPTIONS(table), .reads = true };
	pth_auto_buf rules = PTH_BUF_INIT;
	struct pth_err e;
	int code;

	if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
		return code;
	if (o->outputs != NULL && o->check)
		return pth_tool_mistake(&tool, "--check writes nothing, and --outputs does");
	if (o->outputs != NULL && pth_make_open(&w.make, o->outputs, &e) != 0)
		return e.code == PTH_USAGE ?
		    pth_tool_mistake(&tool, "--outputs %s: %s", o->outputs, e.text) :
		    (pth_complain("%s", e.text), e.code);
	pth_must(pth_home_find(&w.plugins.home, &e), &e);
	plugins_for(&w.plugins, NULL, o); /* a -P that is wrong is said at once */
	pth_must(pth_tool_each(&tool, !o->check && o->outputs == NULL, plan, &w, &e), &e);
	if (o->outputs != NULL) {
		pth_make_rules(&w.make, w.plugins.home.bin, &rules);
		pth_must(pth_tool_print(&rules, &e), &e);
		pth_make_release(&w.make);
	}
	pth_plugins_close(&w.plugins.set);
	pth_home_release(&w.plugins.home);
	free(w.plugins.dir);
	pth_strv_free(o->dirs.v);
	return o->check && w.bad ? PTH_INPUT : PTH_OK;
}
