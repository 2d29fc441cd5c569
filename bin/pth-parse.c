/*
 * pth-parse: experiment files in, one record per test out. See pth-parse(1).
 */
#include <getopt.h>
#include <unistd.h>

#include "experiment/experiment.h"
#include "io/event.h"
#include "io/rec.h"

static const char synopsis[] =
    "usage: pth-parse [-hV] [--strict] [--check] [--keep-going] [-s KEY=VALUE]... [FILE...]\n"
    "       pth-parse --explain KEY | --schema\n";

struct options {
	struct pth_override *over;
	size_t nover;
	const char *explain;
	bool check, strict, schema, keys, keep;
};

enum { OPT_CHECK = 256, OPT_STRICT, OPT_EXPLAIN, OPT_SCHEMA, OPT_KEYS, OPT_KEEP };

static void usage(void) __attribute__((noreturn));
static void
usage(void)
{
	fputs(synopsis, stderr);
	exit(PTH_USAGE);
}

static void
add_override(struct options *o, char *arg)
{
	char *eq = strchr(arg, '=');

	if (eq == NULL || eq == arg)
		usage();
	*eq = '\0';
	o->over = pth_xarray(o->over, o->nover + 1, sizeof *o->over);
	o->over[o->nover++] = (struct pth_override){ .path = arg, .value = eq + 1 };
}

static void
parse_options(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "strict", no_argument, NULL, OPT_STRICT },
		{ "explain", required_argument, NULL, OPT_EXPLAIN },
		{ "schema", no_argument, NULL, OPT_SCHEMA },
		{ "keys", no_argument, NULL, OPT_KEYS },
		{ "keep-going", no_argument, NULL, OPT_KEEP },
		{ "set", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "s:hV", names, NULL)) != -1) {
		switch (c) {
		case 's': add_override(o, optarg); break;
		case OPT_CHECK: o->check = true; break;
		case OPT_STRICT: o->strict = true; break;
		case OPT_EXPLAIN: o->explain = optarg; break;
		case OPT_SCHEMA: o->schema = true; break;
		case OPT_KEYS: o->keys = true; break;
		case OPT_KEEP: o->keep = true; break;
		case 'h': fputs(synopsis, stdout); exit(pth_finish(PTH_OK));
		case 'V': puts("pth-parse " PTH_VERSION); exit(pth_finish(PTH_OK));
		default: usage();
		}
	}
}

/* Text that is about the language, not about a file. */
static int
describe(const struct options *o)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	int code = PTH_OK;

	if (o->schema) {
		json_t *schema = pth_experiment_schema();

		pth_json_dump(&b, schema);
		pth_buf_addc(&b, '\n');
		json_decref(schema);
	} else if (o->keys) {
		pth_experiment_mdoc(&b);
	} else if (pth_experiment_explain(&b, o->explain, &e) < 0) {
		pth_complain("%s", e.text);
		code = e.code;
	}
	fwrite(b.s != NULL ? b.s : "", 1, b.len, stdout);
	pth_buf_release(&b);
	return pth_finish(code);
}

static int
write_record(void *out, const json_t *rec, struct pth_err *e)
{
	return pth_rec_write(out, rec, e);
}

static int
emit(struct pth_experiment **x, size_t n, char *const *files)
{
	struct pth_rec_out out = { .fp = stdout };
	struct pth_err e;

	for (size_t i = 0; i < n; i++) {
		pth_event_settings(pth_experiment_settings(x[i]));
		pth_event_run(pth_experiment_run(x[i]));
		pth_event("experiment.loaded", "{s:s, s:I}", "file", files[i], "tests",
		    (json_int_t)pth_experiment_count(x[i]));
		if (pth_experiment_each(x[i], write_record, &out, &e) < 0)
			goto failed;
	}
	if (pth_rec_end(&out, &e) == 0)
		return pth_finish(PTH_OK);
failed:
	pth_complain("%s", e.text);
	return e.code;
}

int
main(int argc, char **argv)
{
	struct options o = { .check = false };
	char *in[] = { (char *)"-" }, **files;
	struct pth_experiment **x;
	size_t n;
	int code = PTH_OK, c;

	pth_event_init("pth-parse");
	parse_options(&o, argc, argv);
	if ((o.schema || o.keys || o.explain != NULL) && optind < argc)
		usage();
	if (o.schema || o.keys || o.explain != NULL)
		return describe(&o);
	files = argv + optind;
	n = (size_t)(argc - optind);
	if (n == 0 && isatty(STDIN_FILENO) != 0)
		usage();
	if (n == 0) {
		files = in;
		n = 1;
	}
	x = pth_xarray(NULL, n, sizeof(struct pth_experiment *));
	for (size_t i = 0; i < n; i++) {
		x[i] = pth_experiment_load(files[i], o.over, o.nover, true);
		c = pth_experiment_report(x[i], o.strict, o.check ? stdout : NULL);
		code = c > code ? c : code;
	}
	c = !o.check && (code == PTH_OK || (o.keep && code == PTH_INPUT)) ? emit(x, n, files) :
	                                                                    pth_finish(PTH_OK);
	code = c > code ? c : code;
	for (size_t i = 0; i < n; i++)
		pth_experiment_free(x[i]);
	free(x);
	free(o.over);
	return code;
}
