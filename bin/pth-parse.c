/* pth-parse reads experiment files and writes one record per test, pth-parse(1). */
#include <unistd.h>

#include "experiment/experiment.h"
#include "io/event.h"
#include "io/tool.h"

struct options {
	struct pth_override *over;
	size_t nover;
	const char *explain;
	bool check, strict, schema, keys, keep;
};

static int
add_override(void *to, char *arg, struct pth_err *e)
{
	struct options *o = to;
	const char *value = pth_tool_value(arg, e);

	if (value == NULL)
		return -1;
	o->over = pth_xarray(o->over, o->nover + 1, sizeof *o->over);
	o->over[o->nover++] = (struct pth_override){ .path = arg, .value = value };
	return 0;
}

/* Text that is about the language, and about what is set for all files, or for this one. */
/* PTH_INPUT when what sets the key has errors, which are told. */
static int
describe(const struct options *o, const char *file)
{
	int code = PTH_OK;

	struct pth_buf b = PTH_BUF_INIT;
	struct pth_experiment *x;
	json_auto_t *schema = o->schema ? pth_experiment_schema(o->strict) : NULL;
	struct pth_err e;

	if (o->schema)
		pth_rec_line(&b, schema);
	else if (o->keys)
		pth_experiment_mdoc(&b);
	else {
		pth_must(pth_experiment_explain(&b, o->explain, &e), &e);
		x = file == NULL ? pth_experiment_common(o->over, o->nover) :
		                   pth_experiment_load(file, o->over, o->nover, true);
		pth_experiment_origin(&b, x, o->explain);
		code = pth_experiment_report(x, o->strict, NULL);
		pth_experiment_free(x);
	}
	pth_must(pth_tool_print(&b, &e), &e);
	return code;
}

static int
write_record(void *out, const json_t *rec, struct pth_err *e)
{
	return pth_rec_write(out, rec, e);
}

static void
emit(struct pth_experiment **x, size_t n, char *const *files)
{
	struct pth_rec_out out = { .fp = stdout, .max = PTH_REC_PLAN };
	struct pth_err e;

	for (size_t i = 0; i < n; i++) {
		pth_event_settings(pth_experiment_settings(x[i]));
		pth_event_run(pth_experiment_run(x[i]));
		pth_event("experiment.loaded", "{s:s, s:I}", "file", files[i], "tests",
		    (json_int_t)pth_experiment_count(x[i]));
		pth_must(pth_experiment_each(x[i], write_record, &out, &e), &e);
	}
	pth_must(pth_rec_end(&out, &e), &e);
}

/* All files: their problems, and their tests where there are no errors. */
static int
parse(const struct options *o, char **files, size_t n)
{
	struct pth_experiment **x = pth_xarray(NULL, n, sizeof(struct pth_experiment *));
	int code = PTH_OK, c;

	for (size_t i = 0; i < n; i++) {
		x[i] = pth_experiment_load(files[i], o->over, o->nover, true);
		c = pth_experiment_report(x[i], o->strict, o->check ? stdout : NULL);
		code = c > code ? c : code;
	}
	if (!o->check && (code == PTH_OK || (o->keep && code == PTH_INPUT)))
		emit(x, n, files);
	for (size_t i = 0; i < n; i++)
		pth_experiment_free(x[i]);
	free(x);
	return code;
}

int
main(int argc, char **argv)
{
	struct options o = { .check = false };
	const struct pth_option table[] = {
		{ 0, "strict", NULL, "treat warnings as errors", .flag = &o.strict },
		{ 0, "check", NULL, "report problems only, write no records", .flag = &o.check },
		{ 0, "keep-going", NULL, "write the tests without errors even if others have some",
		    .flag = &o.keep },
		{ 's', "set", "KEY=VALUE", "set a value in every file", .call = add_override,
		    .to = &o },
		{ 0, "explain", "KEY", "explain a key", .text = &o.explain },
		{ 0, "schema", NULL, "write a JSON Schema of experiments", .flag = &o.schema },
		{ 0, "keys", NULL, "write the list of keys for the manual", .flag = &o.keys },
	};
	struct pth_tool tool = { "pth-parse", "Turn experiment files into test records",
		"[FILE]...", PTH_OPTIONS(table) };
	char *standard[] = { (char *)"-" };
	bool about = false;
	int code;

	if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
		return code;
	about = o.schema || o.keys || o.explain != NULL;
	if (about && tool.operand_count > (o.explain != NULL ? 1 : 0))
		return pth_tool_mistake(
		    &tool, "--explain reads one file, --schema and --keys read none");
	if (about) {
		code = describe(&o, tool.operand_count > 0 ? tool.operand[0] : NULL);
		free(o.over);
		return code;
	}
	if (tool.operand_count == 0 && isatty(STDIN_FILENO) != 0)
		return pth_tool_mistake(&tool, "nothing to read: standard input is a terminal");
	code = tool.operand_count > 0 ? parse(&o, tool.operand, (size_t)tool.operand_count) :
	                                parse(&o, standard, 1);
	free(o.over);
	return pth_finish(code);
}
