/* pth-render makes text from a template, once or for every test record, pth-render(1). */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/event.h"
#include "io/file.h"
#include "io/tool.h"
#include "io/yaml.h"
#include "template/template.h"

#define DATA_MAX ((size_t)64 << 20)

struct render {
	const char *template, *out, *dir; /* options */
	bool alone, jinja, panther;
	json_t *data, *vars; /* --data; -v */
	struct pth_template_place place;
	struct pth_template *t, *path;
	int dirfd;
	json_t *written;     /* paths of this run, each but once */
	struct pth_buf text; /* of one record */
	int code;            /* the worst of a record */
};

static int
add_var(void *to, char *arg, struct pth_err *e)
{
	struct render *r = to;
	const char *value = pth_tool_value(arg, e);

	if (value == NULL)
		return -1;
	pth_json_set(r->vars, arg, pth_json_string(value));
	return 0;
}

static json_t *
from_yaml(const char *path, const struct pth_buf *b)
{
	struct pth_arena a = { NULL, 0 };
	struct pth_diags d;
	struct pth_ynode *root;
	json_t *v;

	pth_diags_init(&d, path);
	root = pth_yaml_load(b->s != NULL ? b->s : "", b->len, &a, &d);
	if (pth_diags_print(&d, false) != PTH_OK || root == NULL)
		exit(PTH_INPUT);
	if (root->kind != PTH_YMAP)
		pth_die(PTH_INPUT, "%s:%u:%u: expected a map of variables, not a %s", path,
		    root->line, root->col, pth_ykind_name(root->kind));
	v = pth_yaml_json(root);
	pth_diags_release(&d);
	pth_arena_release(&a);
	return v;
}

static json_t *
from_json(const char *path, const struct pth_buf *b)
{
	struct pth_err e;
	json_t *v = pth_json_parse(b->s != NULL ? b->s : "", b->len, &e);

	if (v == NULL)
		pth_die(PTH_INPUT, "%s:%s", path, e.text);
	if (!json_is_object(v))
		pth_die(PTH_INPUT, "%s:1:1: expected an object of variables", path);
	return v;
}

static int
read_data(void *to, char *path, struct pth_err *e)
{
	struct render *r = to;
	const char *dot = strrchr(path, '.');
	pth_auto_buf b = PTH_BUF_INIT;
	json_auto_t *v = NULL;

	if (pth_file_read(path, DATA_MAX, &b, e) != 0)
		return -1;
	v = dot != NULL && strcmp(dot, ".json") == 0 ? from_json(path, &b) : from_yaml(path, &b);
	json_object_update(r->data, v);
	return 0;
}

/* ---- templates ---- */

static void
load_templates(struct render *r)
{
	struct pth_template_options opt = { .keep_blocks = r->jinja,
		.drop_last_newline = r->jinja || r->panther,
		.lenient = r->jinja || r->panther,
		.load = pth_template_include,
		.arg = &r->place };
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_home home;
	struct pth_err e;

	if (pth_home_find(&home, &e) == 0) {
		pth_buf_addf(&b, "%s/templates", home.share);
		r->place.share = pth_buf_take(&b);
		pth_home_release(&home);
	}
	if (pth_template_find(&r->place, r->template, &b, &e) != 0 ||
	    (r->t = pth_template_parse(r->template, b.s != NULL ? b.s : "", b.len, &opt, &e)) ==
	        NULL)
		pth_die(e.code, "%s", e.text);
	if (r->out != NULL &&
	    (r->path = pth_template_parse("-o", r->out, strlen(r->out), NULL, &e)) == NULL)
		pth_die(PTH_USAGE, "%s", e.text);
}

/* ---- output ---- */

static int
write_file(struct render *r, json_t *vars, const struct pth_buf *text, struct pth_err *e)
{
	pth_auto_buf path = PTH_BUF_INIT;
	int rc = -1;

	if (pth_template_render(r->path, vars, &path, e) != 0) {
		/* e says why */
	} else if (json_object_getn(r->written, path.s, path.len) != NULL) {
		pth_err_set(e, PTH_INPUT, "-o: %.200s: two records with this path", path.s);
	} else if (strlen(path.s) != path.len) {
		pth_err_set(e, PTH_INPUT, "-o: a NUL in the path");
	} else {
		rc = pth_template_write(r->dirfd, path.s, text, e);
		if (rc != 0)
			pth_err_wrap(e, "-o");
		else
			pth_json_set(r->written, path.s, json_true());
	}
	return rc;
}

/* One text. rec NULL: from the variables alone. */
static int
render_one(struct render *r, json_t *rec, struct pth_err *e)
{
	json_auto_t *vars = json_copy(r->data);
	struct pth_buf *text = &r->text;
	int rc;

	if (rec != NULL)
		json_object_update(vars, rec);
	json_object_update(vars, r->vars);
	pth_buf_cut(text, 0);
	rc = pth_template_render(r->t, vars, text, e);
	if (rc == 0 && r->out != NULL)
		rc = write_file(r, vars, text, e);
	else if (rc == 0 && text->len != 0 && fwrite(text->s, 1, text->len, stdout) != text->len)
		rc = pth_err_set(e, PTH_SYSTEM, "stdout:");
	return rc;
}

/* ---- records ---- */

/* A test that cannot be rendered goes on with its reason; so do the others. */
static void
take_record(json_t *rec, void *arg)
{
	struct render *r = arg;
	struct pth_err e;

	if (!pth_rec_is_test(rec) || pth_test_error(rec) != NULL || render_one(r, rec, &e) == 0)
		return;
	pth_complain("%s: %s", pth_rec_id(rec), e.text);
	if (e.code == PTH_SYSTEM)
		exit(e.code);
	pth_rec_error(rec, "render", PTH_CAT_CONFIGURATION, NULL, 0, 0, "%s", e.text);
	r->code = e.code > r->code ? e.code : r->code;
}

/* A terminal or /dev/null holds no records. */
static bool
no_records(void)
{
	struct stat st;

	return fstat(STDIN_FILENO, &st) == 0 && S_ISCHR(st.st_mode);
}

static void
render(struct render *r, const struct pth_tool *tool)
{
	struct pth_err e;

	load_templates(r);
	if (r->alone || strcmp(r->template, "-") == 0 || no_records())
		pth_must(render_one(r, NULL, &e), &e);
	else
		pth_must(pth_tool_each(tool, r->out != NULL, take_record, r, &e), &e);
}

static void
release(struct render *r)
{
	pth_template_free(r->t);
	pth_template_free(r->path);
	json_decref(r->data);
	json_decref(r->vars);
	json_decref(r->written);
	pth_buf_release(&r->text);
	pth_template_place_release(&r->place);
}

int
main(int argc, char **argv)
{
	PTH_CLEANUP(release)
	struct render r = { .dirfd = AT_FDCWD,
		.data = json_object(),
		.vars = json_object(),
		.written = json_object() };
	const struct pth_option table[] = {
		{ 't', "template", "TEMPLATE", "a file, or a name in share/templates",
		    .text = &r.template, .required = true },
		{ 'n', "no-records", NULL, "render once, from the variables alone",
		    .flag = &r.alone },
		{ 'v', "vars", "NAME=VALUE", "set a variable", .call = add_var, .to = &r },
		{ 0, "data", "FILE", "variables of a YAML or JSON file", .call = read_data,
		    .to = &r },
		{ 'o', "output", "PATH", "write each text to a file; PATH is a template",
		    .text = &r.out },
		{ 'C', "directory", "DIR", "where -o writes", .text = &r.dir },
		{ 0, "jinja", NULL, "blanks, newlines and what is undefined as Jinja's defaults",
		    .flag = &r.jinja },
		{ 0, "panther", NULL, "newlines at the end and what is undefined as in PANTHER",
		    .flag = &r.panther },
	};
	struct pth_tool tool = { "pth-render", "Make text from a template and records", "",
		PTH_OPTIONS(table) };
	int code;

	if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
		return code;
	if (r.dir != NULL && r.out == NULL)
		return pth_tool_mistake(&tool, "-C goes with -o");
	if (r.jinja && r.panther)
		return pth_tool_mistake(&tool, "--jinja and --panther exclude each other");
	if (r.out != NULL) {
		const char *dir = r.dir != NULL ? r.dir : ".";

		r.dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (r.dirfd < 0)
			pth_die(PTH_SYSTEM, "%s:", dir);
	}
	render(&r, &tool);
	return pth_finish(r.code);
}
