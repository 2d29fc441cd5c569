/*
 * pth-render: text from a template, once or for every test record. See
 * pth-render(1).
 */
#include <fcntl.h>
#include <getopt.h>
#include <sys/stat.h>

#include "base/os.h"
#include "io/event.h"
#include "io/file.h"
#include "io/rec.h"
#include "io/yaml.h"
#include "template/template.h"

static const char synopsis[] =
    "usage: pth-render [-hV] [-n] -t TEMPLATE [-v NAME=VALUE]... [--data FILE]\n"
    "                  [-o PATH [-C DIRECTORY]] [--jinja]\n";

#define DATA_MAX ((size_t)64 << 20)

struct render {
	const char *template, *out, *dir; /* options */
	bool alone, jinja;
	json_t *data, *vars; /* --data; -v */
	struct pth_template_place place;
	struct pth_template *t, *path;
	int dirfd;
	json_t *written;            /* paths of this run, each but once */
	struct pth_buf text;        /* of one record */
	struct pth_rec_out records; /* with -o they go on */
	int code;                   /* the worst of a record */
};

static void __attribute__((noreturn)) usage(void)
{
	fputs(synopsis, stderr);
	exit(PTH_USAGE);
}

static void
add_var(struct render *r, const char *arg)
{
	const char *eq = strchr(arg, '=');
	char *name;

	if (eq == NULL || eq == arg)
		usage();
	name = pth_xstrndup(arg, (size_t)(eq - arg));
	pth_json_set(r->vars, name, pth_json_string(eq + 1));
	free(name);
}

static void
read_data(struct render *r, const char *path)
{
	struct pth_arena a = { NULL, 0 };
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_diags d;
	struct pth_ynode *root;
	struct pth_err e;
	json_t *v;

	if (pth_file_read(path, DATA_MAX, &b, &e) != 0)
		pth_die(e.code, "%s", e.text);
	pth_diags_init(&d, path);
	root = pth_yaml_load(b.s != NULL ? b.s : "", b.len, &a, &d);
	if (pth_diags_print(&d, false) != PTH_OK || root == NULL)
		exit(PTH_INPUT);
	if (root->kind != PTH_YMAP)
		pth_die(PTH_INPUT, "%s:%u:%u: expected a map of variables, not a %s", path,
		    root->line, root->col, pth_ykind_name(root->kind));
	v = pth_yaml_json(root);
	json_object_update(r->data, v);
	json_decref(v);
	pth_diags_release(&d);
	pth_arena_release(&a);
	pth_buf_release(&b);
}

static void
parse_options(struct render *r, int argc, char **argv)
{
	enum { OPT_DATA = 256, OPT_JINJA };
	static const struct option names[] = {
		{ "template", required_argument, NULL, 't' },
		{ "output", required_argument, NULL, 'o' },
		{ "directory", required_argument, NULL, 'C' },
		{ "vars", required_argument, NULL, 'v' },
		{ "data", required_argument, NULL, OPT_DATA },
		{ "jinja", no_argument, NULL, OPT_JINJA },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "C:hno:t:v:V", names, NULL)) != -1) {
		switch (c) {
		case 'C': r->dir = optarg; break;
		case 'n': r->alone = true; break;
		case 'o': r->out = optarg; break;
		case 't': r->template = optarg; break;
		case 'v': add_var(r, optarg); break;
		case OPT_DATA: read_data(r, optarg); break;
		case OPT_JINJA: r->jinja = true; break;
		case 'h': fputs(synopsis, stdout); exit(pth_finish(PTH_OK));
		case 'V': puts("pth-render " PTH_VERSION); exit(pth_finish(PTH_OK));
		default: usage();
		}
	}
	if (optind != argc || r->template == NULL || (r->dir != NULL && r->out == NULL))
		usage();
}

/* ---- templates ---- */

static void
load_templates(struct render *r)
{
	struct pth_template_options opt = { .keep_blocks = r->jinja,
		.drop_last_newline = r->jinja,
		.load = pth_template_include,
		.arg = &r->place };
	struct pth_buf b = PTH_BUF_INIT;
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
	pth_buf_release(&b);
}

/* ---- output ---- */

static int
write_file(struct render *r, json_t *vars, const struct pth_buf *text, struct pth_err *e)
{
	struct pth_buf path = PTH_BUF_INIT;
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
	pth_buf_release(&path);
	return rc;
}

/* One text. rec NULL: from the variables alone. */
static int
render_one(struct render *r, json_t *rec, struct pth_err *e)
{
	json_t *vars = json_copy(r->data);
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
	json_decref(vars);
	return rc;
}

/* ---- records ---- */

/* A test that cannot be rendered goes on with its reason; so do the others. */
static int
take_record(json_t *rec, void *arg, struct pth_err *e)
{
	struct render *r = arg;

	if (pth_rec_is_test(rec) && json_object_get(rec, "error") == NULL &&
	    render_one(r, rec, e) != 0) {
		if (e->code == PTH_SYSTEM)
			return pth_err_wrap(e, "%s", pth_rec_id(rec));
		pth_complain("%s: %s", pth_rec_id(rec), e->text);
		pth_rec_error(rec, "render", PTH_CAT_CONFIGURATION, NULL, 0, 0, "%s", e->text);
		r->code = e->code > r->code ? e->code : r->code;
	}
	return r->out != NULL ? pth_rec_write(&r->records, rec, e) : 0;
}

static int
each_record(struct render *r)
{
	struct pth_err e;

	if (pth_rec_each(NULL, 0, take_record, r, &e) != 0 ||
	    (r->out != NULL && pth_rec_end(&r->records, &e) != 0)) {
		pth_complain("%s", e.text);
		return e.code;
	}
	return r->code;
}

static int
alone(struct render *r)
{
	struct pth_err e;

	if (render_one(r, NULL, &e) == 0)
		return PTH_OK;
	pth_complain("%s", e.text);
	return e.code;
}

/* A terminal or /dev/null holds no records. */
static bool
no_records(void)
{
	struct stat st;

	return fstat(STDIN_FILENO, &st) == 0 && S_ISCHR(st.st_mode);
}

int
main(int argc, char **argv)
{
	struct render r = { .dirfd = AT_FDCWD,
		.data = json_object(),
		.vars = json_object(),
		.written = json_object(),
		.records = { .fp = stdout } };
	int code;

	pth_event_init("pth-render");
	parse_options(&r, argc, argv);
	if (r.out != NULL) {
		r.dirfd = open(r.dir != NULL ? r.dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (r.dirfd < 0)
			pth_die(PTH_SYSTEM, "%s:", r.dir);
	}
	load_templates(&r);
	code = r.alone || strcmp(r.template, "-") == 0 || no_records() ? alone(&r) :
	                                                                 each_record(&r);
	pth_template_free(r.t);
	pth_template_free(r.path);
	json_decref(r.data);
	json_decref(r.vars);
	json_decref(r.written);
	pth_buf_release(&r.text);
	pth_template_place_release(&r.place);
	return pth_finish(code);
}
