/* This file writes the commands of tests for a shell. */
#include "run/paste.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "container/compose.h"
#include "io/record.h"

struct paste {
	const struct pth_places *places;
	struct pth_buf *b;
};

static void
word(struct paste *p, const char *text)
{
	pth_auto_buf whole = PTH_BUF_INIT;

	pth_places_expand(p->places, text, &whole);
	pth_quote_sh(p->b, whole.s != NULL ? whole.s : "");
}

/* Of a service (NULL: of the test), a path in its directory. */
static void
inside(struct paste *p, const char *service, const char *path)
{
	pth_auto_buf whole = PTH_BUF_INIT;

	pth_buf_addf(&whole, "%s%s%s", p->places->dir, service != NULL ? "/" : "",
	    service != NULL ? service : "");
	if (*path != '\0')
		pth_buf_addf(&whole, "/%s", path);
	pth_quote_sh(p->b, whole.s);
}

static void
variables(struct paste *p, const json_t *env, bool *any)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)env, name, v) {
		if (!json_is_string(v))
			continue;
		pth_buf_adds(p->b, *any ? " " : "env ");
		*any = true;
		pth_quote_sh(p->b, name);
		pth_buf_addc(p->b, '=');
		word(p, json_string_value(v));
	}
}

/* One command, in parentheses when it has a directory of its own. */
static void
command(struct paste *p, const char *service, const json_t *env, const json_t *cmd)
{
	const char *cwd = pth_cmd_cwd(cmd);
	json_t *v;
	size_t i;
	bool any = false;

	pth_buf_adds(p->b, "(cd ");
	if (cwd == NULL)
		inside(p, service, "");
	else if (strncmp(cwd, "@{", 2) == 0 || *cwd == '/')
		word(p, cwd);
	else
		inside(p, service, cwd);
	pth_buf_adds(p->b, " && exec ");
	variables(p, env, &any);
	variables(p, pth_cmd_env(cmd), &any);
	json_array_foreach(pth_cmd_argv(cmd), i, v) {
		pth_buf_adds(p->b, i > 0 || any ? " " : "");
		word(p, json_string_value(v) != NULL ? json_string_value(v) : "");
	}
	pth_buf_adds(p->b, ")\n");
}

static void
commands(struct paste *p, const char *service, const json_t *env, const json_t *list)
{
	json_t *cmd;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, cmd)
		command(p, service, env, cmd);
}

static void
file(struct paste *p, const char *service, const json_t *f)
{
	const char *text = pth_content_text(f), *path = pth_content_path(f), *slash;
	pth_auto_str folder = NULL;

	slash = strrchr(path, '/');
	if (slash != NULL) {
		folder = pth_xstrndup(path, (size_t)(slash - path));
		pth_buf_adds(p->b, "mkdir -p ");
		inside(p, service, folder);
		pth_buf_adds(p->b, " && ");
	}
	if (text != NULL) {
		pth_buf_adds(p->b, "printf %s ");
		word(p, text);
	} else
		pth_buf_addf(p->b, "head -c %lld /dev/urandom", (long long)pth_content_size(f));
	pth_buf_adds(p->b, " >");
	inside(p, service, path);
	pth_buf_addc(p->b, '\n');
}

/* Directories and files, of the plan or of a service in it. */
static void
content(struct paste *p, const char *service, const json_t *of)
{
	json_t *v;
	size_t i;

	pth_buf_adds(p->b, "mkdir -p ");
	inside(p, service, "");
	json_array_foreach(pth_svc_dirs(of), i, v)
		if (json_is_string(v)) {
			pth_buf_addc(p->b, ' ');
			inside(p, service, json_string_value(v));
		}
	pth_buf_addc(p->b, '\n');
	json_array_foreach(pth_svc_files(of), i, v)
		file(p, service, v);
}

static void
comment(struct paste *p, const char *kind, const char *text)
{
	pth_buf_addf(p->b, "# %s", kind);
	pth_show(p->b, text, 300);
	pth_buf_addc(p->b, '\n');
}

/* What runs inside of the container of a service. */
static void
inner(struct paste *p, const json_t *s)
{
	static const struct pth_places places = {
		.dir = PTH_INSIDE_DIR, .share = PTH_INSIDE_SHARE, .libexec = PTH_INSIDE_LIBEXEC
	};
	pth_auto_buf b = PTH_BUF_INIT;
	struct paste within = { &places, &b };
	json_t *v;
	size_t i;

	json_array_foreach(pth_cmd_argv(pth_phases_run(pth_svc_phases(s))), i, v) {
		pth_buf_adds(&b, i > 0 ? " " : "");
		word(&within, json_string_value(v) != NULL ? json_string_value(v) : "");
	}
	pth_buf_addf(p->b, "# in the container of %s: ", pth_svc_name(s));
	pth_show(p->b, b.s != NULL ? b.s : "", 100000);
	pth_buf_addc(p->b, '\n');
}

static void
service(struct paste *p, const json_t *s)
{
	const json_t *phases = pth_svc_phases(s), *env = pth_svc_environment(s);
	const char *name = pth_svc_name(s);

	comment(p, "service ", name);
	content(p, name, s);
	for (int i = 0; i < PTH_PHASES; i++) {
		if (i != PTH_RUN)
			commands(p, name, env, json_object_get(phases, pth_phase_names[i]));
		else if (pth_phases_run(phases) != NULL)
			command(p, name, env, pth_phases_run(phases));
		if (i == PTH_RUN && !pth_svc_finite(s)) {
			pth_buf_cut(p->b, p->b->len - 1);
			pth_buf_adds(p->b, " & pids=\"$pids $!\"\nsleep 1\n");
		}
	}
}

void
pth_paste_test(const json_t *rec, const struct pth_places *places, struct pth_buf *b)
{
	const json_t *composed = pth_compose_plan(pth_test_compose(rec)),
	             *plan = composed != NULL ? composed : pth_test_plan(rec);
	struct paste p = { places, b };
	bool behind = false; /* a service goes on in the background */
	json_t *v;
	size_t i;

	json_array_foreach(composed != NULL ? pth_rec_services(rec) : NULL, i, v)
		inner(&p, v);
	content(&p, NULL, plan);
	commands(&p, NULL, NULL, pth_plan_setup(plan));
	json_array_foreach(pth_plan_services(plan), i, v)
		behind = behind || !pth_svc_finite(v);
	pth_buf_adds(b, behind ? "pids=''\n" : "");
	json_array_foreach(pth_plan_services(plan), i, v)
		service(&p, v);
	pth_buf_adds(b, behind ? "kill $pids\n" : "");
	commands(&p, NULL, NULL, pth_plan_teardown(plan));
}

/* With a comment of a test that would not be run; false: it has an error. */
static bool
one(struct pth_select *in, const struct pth_home *home, const char *run, json_t *rec,
    struct pth_buf *b)
{
	json_auto_t *result = pth_select_result(in, rec);
	bool error = pth_test_error(rec) != NULL;
	pth_auto_buf dir = PTH_BUF_INIT;
	struct pth_places places = { .share = home->share,
		.libexec = home->libexec,
		.bin = home->bin,
		.owner = "hand",
		.unique = "hand" };
	struct paste p = { &places, b };

	pth_buf_addf(&dir, "%s/%s", run, pth_rec_id(rec));
	places.dir = dir.s;
	comment(&p, "test ", pth_rec_id(rec));
	if (result != NULL)
		comment(&p, "not run: ", pth_result_reason(result));
	else
		pth_paste_test(rec, &places, b);
	pth_buf_addc(b, '\n');
	return !error;
}

int
pth_paste_all(struct pth_rec_in *from, struct pth_select *in, const struct pth_home *home,
    const char *dir, FILE *to, struct pth_err *e)
{
	json_auto_t *all = json_array();
	int code = PTH_OK, r;
	json_t *rec;
	size_t i;

	while ((r = pth_rec_read(from, &rec, e)) > 0) {
		if (pth_rec_is_test(rec))
			pth_select_note(in, rec);
		pth_json_push(all, rec);
	}
	if (r < 0 || pth_rec_whole(from, e) < 0 || pth_select_check(in, e) < 0)
		return -1;
	json_array_foreach(all, i, rec) {
		pth_auto_buf b = PTH_BUF_INIT;

		if (!pth_rec_is_test(rec))
			continue;
		code = one(in, home, dir, rec, &b) ? code : PTH_INPUT;
		fwrite(b.s, 1, b.len, to);
	}
	return code;
}
