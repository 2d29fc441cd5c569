/* The table of keys: each that nobody reads says so, and is warned about; what --schema and
 * --explain make of it. */
#include "experiment/priv.h"

#include "experiment/experiment.h"
#include "rows.h"

/* Is the key, or a map that it is in, without effect? */
static bool
idle(const struct experiment_key *k)
{
	for (size_t i = 0; i < experiment_keys_n; i++) {
		const char *path = experiment_keys[i].path;
		size_t n = strlen(path);

		if (n != 0 && strncmp(path, k->path, n) == 0 && strchr(".[", k->path[n]) != NULL &&
		    (experiment_keys[i].flags & F_IDLE) != 0)
			return true;
	}
	return false;
}

static void
schema(void)
{
#define IN_TEST "properties.tests.items.properties."
#define IN_SERVICE IN_TEST "services.anyOf.1.additionalProperties.properties."
#define DIGITS "{type: string, pattern: '^[-+]?[0-9]+$'}"
#define REAL "{type: string, pattern: '^[-+]?[0-9.]+([eE][-+]?[0-9]+)?$'}"
#define TIME "{type: string, pattern: '^[0-9.]+ *(us|ms|s|m|h)$'}"
#define BYTES "{type: string, pattern: '^[0-9]+ *([kKMGT]i?)?B?$'}"
	static const struct row rows[] = {
		{ "", "$schema", "https://json-schema.org/draft/2020-12/schema" },
		{ "", "type", "object" },
		{ "", "required", "[tests]" },
		{ "", "properties.tests.items.required", "[services]" },
		{ "", IN_TEST "services.anyOf.1.minProperties", "1" },
		{ "", IN_TEST "services.anyOf.1.propertyNames.pattern",
		    "'^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$'" },
		{ "", IN_TEST "services.anyOf.1.additionalProperties.required",
		    "[implementation]" },
		{ "", IN_TEST "retries.anyOf",
		    "[{type: integer, minimum: 0.0, maximum: 100.0}, " DIGITS "]" },
		{ "", IN_TEST "retries.default", "0" },
		{ "", IN_TEST "seed.anyOf", "[{type: integer, minimum: 0.0}, " DIGITS "]" },
		{ "", IN_TEST "timeout.anyOf",
		    "[{type: integer, minimum: 1.0, maximum: 86400.0}, " DIGITS ", " TIME
		    ", {type: 'null'}]" },
		{ "", IN_TEST "capture.anyOf.2.properties.ring.anyOf.2", BYTES },
		{ "", IN_TEST "links.anyOf.1.items.properties.loss.anyOf",
		    "[{type: number, minimum: 0.0, maximum: 100.0}, " REAL
		    ", {type: string, pattern: '^[0-9.]+ *%$'}, {type: [string, number, "
		    "boolean]}]" },
		{ "", IN_TEST "links.anyOf.1.items.properties.latency.pattern",
		    "'^[0-9.]+ *(us|ms|s|m|h)$'" },
		{ "", IN_TEST "links.anyOf.1.items.properties.direction.enum",
		    "[both, forward, backward]" },
		{ "", IN_TEST "links.anyOf.1.items.properties.limit.anyOf.0",
		    "{type: integer, minimum: 1.0}" },
		{ "", IN_SERVICE "implementation.properties.type.enum",
		    "[iut, IUT, Iut, testers, TESTERS, Testers, tester, TESTER, Tester]" },
		{ "", IN_SERVICE "implementation.properties.type.default", "iut" },
		{ "", IN_SERVICE "protocol.anyOf.1.properties.role.enum.14", "Mitm" },
		/* Usual values are no others' end. */
		{ "", IN_SERVICE "protocol.anyOf.1.properties.name.enum", NULL },
		{ "", IN_SERVICE "protocol.anyOf.1.properties.name.type",
		    "[string, number, boolean]" },
		{ "", IN_SERVICE "environment.anyOf.1.additionalProperties.anyOf.1.type",
		    "'null'" },
		{ "", IN_SERVICE "depends_on.anyOf.2.items.type", "[string, number, boolean]" },
		{ "", IN_TEST "continue_on_failure.anyOf.0", "{type: boolean}" },
		{ "", IN_TEST "matrix.anyOf.1.properties.exclude.anyOf.1.items.type", "object" },
		/* What it means in one environment it need not mean in another. */
		{ "", IN_TEST "expect.anyOf.1.additionalProperties", "false" },
		{ "", IN_TEST "expect.anyOf.1.patternProperties", "{^x-: {}}" },
		{ "", IN_TEST "expect.anyOf.1.properties.log.items.additionalProperties", "false" },
		{ "", IN_SERVICE "docker.anyOf.1.additionalProperties", NULL },
		{ "", IN_SERVICE "protocol.anyOf.1.propertyNames.anyOf.0.enum",
		    "[name, version, role, target]" },
		{ "", IN_TEST "network_environment.anyOf.1.propertyNames", NULL },
		{ "", "propertyNames", NULL },
		{ "", "properties.fast_fail.anyOf.0.propertyNames", NULL },
		{ "", IN_TEST "network_environment.anyOf.1.properties.subnet",
		    "{description: 'Its addresses, as 10.1.0.0/24.'}" },
	};
	json_auto_t *o = pth_experiment_schema(false);

	unit("what --schema says");
	for (size_t i = 0; i < countof(rows); i++) {
		const json_t *v = pth_json_path(o, rows[i].path);
		json_auto_t *want = rows[i].want != NULL ? json_of(rows[i].want) : NULL;
		char *is = v != NULL ? json_dumps(v, JSON_ENCODE_ANY) : NULL;

		if (!CHECK(want == NULL ? v == NULL : json_equal(v, want)))
			printf("    %s\n    is        %s\n    should be %s\n", rows[i].path, is,
			    rows[i].want);
		free(is);
	}
}

/* How many keys are explained, and with which line the first begins; or the error. */
static void
explained(const char *key, int n, const char *want)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e = { 0 };
	int r = pth_experiment_explain(&b, key, &e), lines = 0;

	pth_buf_adds(&b, "");
	for (const char *s = b.s; *s != '\0'; s++)
		lines += (s == b.s || s[-1] == '\n') && *s != '\t';
	CHECK_INT(lines, n);
	CHECK_INT(r, n == 0 ? -1 : 0);
	if (n == 0)
		CHECK_INT(e.code, PTH_NO);
	b.s[strcspn(b.s, "\n")] = '\0';
	CHECK_STR(n == 0 ? e.text : b.s, want);
}

static void
explain(void)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e;

	unit("what --explain says");
	CHECK_INT(pth_experiment_explain(&b, "retries", &e), 0);
	CHECK_STR(b.s,
	    "tests[].retries\n\tFurther tries after a failure.\n\ttype: integer\n"
	    "\tvalues: 0..100\n\tdefault: 0 (written into records)\n\tread by: exec\n");
	pth_buf_cut(&b, 0);
	CHECK_INT(pth_experiment_explain(&b, "tests[].services.*.protocol.name", &e), 0);
	CHECK_STR(b.s,
	    "tests[].services.*.protocol.name\n\tName of a protocol.\n\ttype: string\n"
	    "\tusual values: quic minip bgp coap http https tcp\n"
	    "\tdefault: unknown (written into records)\n\tread by: plan\n");
	pth_buf_cut(&b, 0);
	CHECK_INT(pth_experiment_explain(&b, "progress.use_emojis", &e), 0);
	CHECK(strstr(b.s, "\tread by: nobody, accepted for PANTHER's files\n") != NULL);
	pth_buf_cut(&b, 0);
	CHECK_INT(pth_experiment_explain(&b, "tests", &e), 0);
	CHECK(strstr(b.s, "\tdefault: none, must be given\n") != NULL);
	/* The beginning may be left out, names and numbers stand for any. */
	explained("tests.0.retries", 1, "tests[].retries");
	explained("tests.retries", 1, "tests[].retries");
	explained("tests[].services.web.timeout", 1, "tests[].services.*.timeout");
	explained("services.web.protocol", 1, "tests[].services.*.protocol");
	explained("implementation.type", 1, "tests[].services.*.implementation.type");
	explained("steps.wait", 2, "tests[].steps.wait");
	explained("steps.0.wait", 1, "tests[].steps[].wait");
	explained("docker.build_args.X", 1, "docker.build_args.*");
	explained("retrise", 0, "no key 'retrise'; did you mean 'retries'?");
	explained("tests.0.retrise", 0, "no key 'tests.0.retrise'; did you mean 'retries'?");
	explained("xyzzyxyzzy", 0, "no key 'xyzzyxyzzy'");
	explained("", 0, "no key ''");
	explained("etries", 0, "no key 'etries'; did you mean 'retries'?");
}

int
main(void)
{
	char what[300];

	schema();
	explain();

	unit("every key has a reader or a warning");
	CHECK(experiment_keys_n > 300);
	for (size_t i = 0; i < experiment_keys_n; i++) {
		const struct experiment_key *k = &experiment_keys[i];
		/* an item or a key of any name belongs to what it is in */
		bool part = k->path[0] != '\0' &&
		    strchr("*]", k->path[strlen(k->path) - 1]) != NULL;

		if ((k->reader == NULL) != ((k->flags & F_IDLE) != 0 || idle(k)) && !part &&
		    !(k->reader != NULL && idle(k))) {
			snprintf(what, sizeof what, "%s: read by %s, but flags %x", k->path,
			    k->reader != NULL ? k->reader : "nobody", k->flags);
			CHECK_STR("", what);
		}
	}
	return unit_done();
}
