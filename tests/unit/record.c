/* Checks of io/record.h. Besides: "--keys" prints its tables, a row a key (kind
 * of object, type, key, default or what is in it), and "--check KIND FILE..." says
 * which members of these objects (one, or one a line; KIND record: test or end)
 * are in no table or of another type. */
#include <unistd.h>

#include "experiment/priv.h"
#include "io/file.h"
#include "io/rec.h"
#include "unit.h"

static const struct row {
	const char *object, *type, *key, *of;
} rows[] = {
#define ROW(o, type, key, of) { #o, #type, #key, #of },
#define ROWS(o, where) PTH_KEYS_##o(ROW, o)
	PTH_TEST_OBJECTS(ROWS) PTH_PLAN_OBJECTS(ROWS) PTH_RESULT_OBJECTS(ROWS)
	    PTH_REPORT_OBJECTS(ROWS)
};

static const struct row *
row_of(const char *object, const char *key)
{
	for (size_t i = 0; i < countof(rows); i++)
		if (strcmp(rows[i].object, object) == 0 &&
		    (key == NULL || strcmp(rows[i].key, key) == 0))
			return &rows[i];
	return NULL;
}

/* ---- objects against the tables */

/* Have parameters of descriptors as members, too. */
static const char *const open_objects[] = { "netenv", "impl", "envparam", "recipe" };

static int check_object(const char *object, const json_t *o, const char *path);

static bool
has_type(const json_t *v, const char *type)
{
	return json_is_null(v) || strcmp(type, "any") == 0 ||
	    (strcmp(type, "str") == 0 && json_is_string(v)) ||
	    (strcmp(type, "int") == 0 && json_is_integer(v)) ||
	    (strcmp(type, "num") == 0 && json_is_number(v)) ||
	    (strcmp(type, "bool") == 0 && json_is_boolean(v)) ||
	    (strcmp(type, "list") == 0 && json_is_array(v)) ||
	    ((strcmp(type, "obj") == 0 || strcmp(type, "map") == 0) && json_is_object(v));
}

static int
check_member(const struct row *r, json_t *v, const char *path)
{
	const char *name;
	json_t *item;
	size_t i;
	int bad = 0;

	if (!has_type(v, r->type)) {
		printf("%s: not of type %s\n", path, r->type);
		return 1;
	}
	if (row_of(r->of, NULL) == NULL)
		return 0;
	json_array_foreach(v, i, item)
		bad += check_object(r->of, item, path);
	if (strcmp(r->type, "map") != 0)
		return bad + check_object(r->of, v, path);
	json_object_foreach(v, name, item)
		bad += check_object(r->of, item, path);
	return bad;
}

static int
check_object(const char *object, const json_t *o, const char *path)
{
	bool open = false;
	const char *key;
	char at[500];
	json_t *v;
	int bad = 0;

	for (size_t i = 0; i < countof(open_objects); i++)
		open = open || strcmp(open_objects[i], object) == 0;
	json_object_foreach((json_t *)(uintptr_t)o, key, v) {
		const struct row *r = row_of(object, key);

		snprintf(at, sizeof at, "%.300s.%.100s", path, key);
		if (r != NULL)
			bad += check_member(r, v, at);
		else if (!open && ++bad != 0)
			printf("%s: not in the table of %s\n", at, object);
	}
	return bad;
}

static int
check_text(const char *kind, const char *s, size_t n)
{
	struct pth_err e;
	json_auto_t *o = pth_json_parse(s, n, &e);

	if (o == NULL)
		return -1;
	if (strcmp(kind, "record") == 0)
		kind = pth_rec_is_test(o) ? "test" : "end";
	return check_object(kind, o, kind);
}

static int
check_file(const char *kind, const char *path)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	char *rest;
	int bad = 1, r;

	if (row_of(kind, NULL) == NULL && strcmp(kind, "record") != 0) {
		printf("no kind of object named %s\n", kind);
	} else if (pth_file_read(path, PTH_REC_MAX, &b, &e) != 0) {
		printf("%s\n", e.text);
	} else if ((bad = check_text(kind, b.s, b.len)) < 0) {
		bad = 0;
		for (char *s = strtok_r(b.s, "\n", &rest); s != NULL;
		     s = strtok_r(NULL, "\n", &rest)) {
			r = check_text(kind, s, strlen(s));
			if (r < 0)
				printf("%s: a line is not JSON\n", path);
			bad += r != 0;
		}
	}
	pth_buf_release(&b);
	return bad;
}

/* ---- against what a user may write */

/* Where a kind of object stands in an experiment, for each place. */
static const char *const places[][2] = {
	{ "netenv", "tests[].network_environment." },
	{ "exenv", "tests[].execution_environment[]." },
	{ "given", "tests[].services.*." },
	{ "impl", "tests[].services.*.implementation." },
	{ "proto", "tests[].services.*.protocol." },
	{ "net", "tests[].services.*.network." },
	{ "volume", "tests[].services.*.volumes[]." },
	{ "volume", "tests[].network_environment.volumes[]." },
	{ "content", "tests[].services.*.files[]." },
	{ "limits", "tests[].limits." },
	{ "limits", "tests[].services.*.limits." },
	{ "gcap", "tests[].capture." },
	{ "gcap", "tests[].services.*.capture." },
	{ "ring", "tests[].capture.ring." },
	{ "act", "tests[].steps.exec." },
	{ "act", "tests[].steps.signal." },
	{ "await", "tests[].steps.after." },
	{ "look", "tests[].assertions[]." },
	{ "rulelog", "tests[].expect.log[]." },
	{ "rulepackets", "tests[].expect.packets[]." },
	{ "rulemetric", "tests[].expect.metrics[]." },
	{ "metadata", "metadata." },
	{ "logging", "logging." },
	{ "paths", "paths." },
	{ "docker", "docker." },
	{ "docker", "tests[].services.*.docker." },
	{ "usermap", "docker.user_mapping." },
	{ "shown", "progress." },
	{ "failing", "fast_fail." },
	{ "sampling", "metrics." },
	{ "observer", "observers.logger." },
	{ "observer", "observers.metrics." },
	{ "observer", "observers.resource." },
	{ "observers", "observers." },
};

static const struct experiment_key *
user_key(const char *place, const char *key)
{
	char path[200];

	snprintf(path, sizeof path, "%s%s", place, key);
	for (size_t i = 0; i < experiment_keys_n; i++)
		if (strcmp(experiment_keys[i].path, path) == 0)
			return &experiment_keys[i];
	return NULL;
}

/* What pth-plan adds to what a user wrote. */
static bool
is_added(const char *object, const char *key)
{
	return strcmp(object, "given") == 0 && strcmp(key, PTH_KEY(given, beside)) == 0;
}

/* Every row of such a kind is a key of the experiment, in one of its places. */
static void
rows_are_keys(void)
{
	unit("the tables name what a user may write");
	for (size_t i = 0; i < countof(rows); i++) {
		bool asked = false, found = false;

		for (size_t k = 0; k < countof(places); k++)
			if (strcmp(places[k][0], rows[i].object) == 0) {
				asked = true;
				found = found || user_key(places[k][1], rows[i].key) != NULL;
			}
		if (!CHECK(!asked || found != is_added(rows[i].object, rows[i].key)))
			printf("    %s.%s\n", rows[i].object, rows[i].key);
	}
}

/* Every key of the experiment in such a place that a later stage reads is a row. */
static void
keys_are_rows(void)
{
	unit("what a user may write is in the tables");
	for (size_t i = 0; i < experiment_keys_n; i++) {
		const struct experiment_key *key = &experiment_keys[i];

		for (size_t k = 0; k < countof(places); k++) {
			size_t n = strlen(places[k][1]);
			const char *name = key->path + n;
			bool open = strcmp(places[k][0], "netenv") == 0;

			if (strncmp(key->path, places[k][1], n) != 0 || open ||
			    strpbrk(name, ".[*") != NULL || key->reader == NULL ||
			    strcmp(key->reader, "parse") == 0 ||
			    strncmp(key->meaning, "Old name ", 9) == 0)
				continue;
			if (!CHECK(row_of(places[k][0], name) != NULL))
				printf("    %s: %s\n", places[k][0], key->path);
		}
	}
}

/* ---- accessors */

static void
defaults(void)
{
	json_auto_t *o = json_object();

	unit("an absent member gives the default");
	CHECK_INT(pth_stop_grace_us(NULL), 5000000);
	CHECK_INT(pth_stop_grace_us(o), 5000000);
	CHECK_STR(pth_stop_signal(o), "TERM");
	CHECK_INT(pth_ready_timeout_us(o), 10000000);
	CHECK_INT(pth_cmd_timeout_us(o), 300000000);
	CHECK(pth_cmd_critical(NULL));
	CHECK(!pth_rsvc_core(o));
	CHECK_STR(pth_rsvc_signal(o), NULL);
	CHECK(pth_limits_cpu(o) == 0);
	CHECK(pth_plan_services(o) == NULL);
	CHECK(pth_test_plan(NULL) == NULL);
	CHECK(pth_plan_capture(NULL) == NULL);
	CHECK_STR(pth_rec_id(o), "?");
}

static void
wrong_types(void)
{
	json_auto_t *o = json_pack("{s:s,s:i,s:s,s:{},s:n}", "grace_us", "5", "signal", 9,
	    "critical", "no", "services", "capture");

	unit("a member of another type counts as absent");
	CHECK_INT(pth_stop_grace_us(o), 5000000);
	CHECK_STR(pth_stop_signal(o), "TERM");
	CHECK(pth_cmd_critical(o));
	CHECK(pth_plan_services(o) == NULL); /* a map, not a list */
	CHECK(pth_result_services(o) != NULL);
	CHECK(json_is_null(pth_plan_capture(o)));
	CHECK(json_is_null(PTH_GET(plan, o, capture)));
	CHECK(pth_stop_signal(json_object_get(o, "signal")) != NULL); /* not an object at all */
}

static void
setters(void)
{
	static const char *const keys[] = { PTH_KEY(rsvc, code), PTH_KEY(rsvc, signal) };
	json_auto_t *o = json_object();
	json_t *list = json_array();

	unit("setters and getters agree");
	pth_stop_set_grace_us(o, (int64_t)1 << 40);
	CHECK_INT(pth_stop_grace_us(o), (int64_t)1 << 40);
	pth_result_set_status(o, "fail\xff");
	CHECK_STR(pth_result_status(o), "fail\xef\xbf\xbd");
	pth_result_set_dir(o, NULL);
	CHECK(json_is_null(PTH_GET(result, o, dir)));
	pth_rsvc_set_core(o, true);
	CHECK(pth_rsvc_core(o));
	pth_limits_set_cpu(o, 0.5);
	CHECK(pth_limits_cpu(o) == 0.5);
	pth_plan_set_services(o, list);
	CHECK(pth_plan_services(o) == list);
	CHECK_STR(keys[0], "code");
	CHECK_STR(keys[1], "signal");
}

static void
names(void)
{
	json_auto_t *look = json_pack("{s:s}", "kind", "log");
	json_auto_t *rec = json_pack("{s:{s:[{s:s},{s:s}]},s:{s:{s:{s:i}}}}", "plan", "services",
	    "name", "a", "name", "b", "result", "services", "b", "code", 3);

	unit("phases, kinds of readiness, services by name");
	CHECK_STR(pth_phase_names[PTH_PRE_COMPILE], "pre_compile");
	CHECK_STR(pth_phase_names[PTH_POST_RUN], "post_run");
	CHECK(pth_ready_kind_of(look) == PTH_READY_LOG);
	CHECK(pth_ready_kind_of(NULL) == PTH_READY_KINDS);
	CHECK_STR(pth_svc_name(pth_rec_service(rec, "b")), "b");
	CHECK(pth_rec_service(rec, "c") == NULL);
	CHECK(pth_rec_service(NULL, NULL) == NULL);
	CHECK_INT(pth_rsvc_code(pth_rec_ended_service(rec, "b")), 3);
	CHECK_INT(pth_rsvc_code(pth_rec_ended_service(rec, "a")), -1);
}

/* A record out of YAML's flow style, which is JSON here. */
static json_t *
rec_of(const char *text)
{
	json_t *v = json_loads(text, 0, NULL);

	CHECK(v != NULL);
	return v;
}

static void
short_ways(void)
{
	static const struct {
		const char *rec;
		bool dispensable;
	} needs[] = {
		{ "{}", false },
		{ "{\"plan\":{\"services\":[{\"name\":\"a\",\"critical\":false}]}}", true },
		{ "{\"plan\":{\"services\":[{\"name\":\"a\",\"critical\":true}]}}", false },
		{ "{\"plan\":{\"services\":[{\"name\":\"b\",\"critical\":false}]}}", false },
		/* What the experiment says of the service goes first. */
		{ "{\"services\":{\"a\":{\"critical\":true}},\"plan\":{\"services\":[{\"name\":"
		  "\"a\","
		  "\"critical\":false}]}}",
		    false },
		{ "{\"services\":{\"a\":{\"critical\":false}},\"plan\":{\"services\":[{\"name\":"
		  "\"a\","
		  "\"critical\":true}]}}",
		    true },
		{ "{\"services\":{\"a\":{}},\"plan\":{\"services\":[{\"name\":\"a\",\"critical\":"
		  "false}"
		  "]}}",
		    true },
	};
	static const char *const plans[][2] = {
		{ "{}", NULL },
		{ "{\"plan\":{\"order\":[\"p\"]}}", "p" },
		{ "{\"plan\":[]}", NULL },
		{ "{\"compose\":{\"plan\":{\"order\":[\"c\"]}},\"plan\":{\"order\":[\"p\"]}}",
		    "c" },
		{ "{\"compose\":{},\"plan\":{\"order\":[\"p\"]}}", "p" },
	};

	unit("what the test can do without");
	for (size_t i = 0; i < countof(needs); i++) {
		json_auto_t *rec = rec_of(needs[i].rec);

		CHECK_INT(pth_rec_dispensable(rec, "a"), needs[i].dispensable);
	}
	unit("the plan that is executed");
	for (size_t i = 0; i < countof(plans); i++) {
		json_auto_t *rec = rec_of(plans[i][0]);
		const json_t *plan = pth_rec_plan(rec);

		CHECK_STR(json_string_value(json_array_get(pth_plan_order(plan), 0)), plans[i][1]);
		CHECK_INT(plan != NULL, plans[i][1] != NULL);
	}
	json_auto_t *here = rec_of("{\"environment\":{\"type\":\"localhost\"}}");
	json_auto_t *there = rec_of("{\"environment\":{\"type\":\"shadow_ns\"}}");
	CHECK(pth_rec_plan_is_local(here) && !pth_rec_plan_is_local(there));

	unit("an error of a record");
	json_auto_t *rec = rec_of("{\"type\":\"test\"}");
	CHECK(pth_rec_is_test(rec) && !pth_rec_is_test(here));
	pth_rec_error(rec, "plan", PTH_CAT_PLUGIN_LOAD, "f", 0, 0, "a %d", 5);
	CHECK_STR(pth_error_category(pth_test_error(rec)), "plugin_load");
	CHECK_STR(pth_error_file(pth_test_error(rec)), "f");
	CHECK_STR(pth_error_message(pth_test_error(rec)), "a 5");
	CHECK(PTH_GET(error, pth_test_error(rec), line) == NULL);
	json_object_del(rec, "error");
	pth_rec_error(rec, "plan", PTH_CAT_PLUGIN_LOAD, NULL, 1, 7, "x");
	CHECK_INT(pth_error_line(pth_test_error(rec)), 1);
	CHECK_INT(pth_error_col(pth_test_error(rec)), 7);
	CHECK(PTH_GET(error, pth_test_error(rec), file) == NULL);
}

static void
tables(void)
{
	unit("the tables are whole");
	for (size_t i = 0; i < countof(rows); i++) {
		bool holds = strcmp(rows[i].type, "obj") == 0 ||
		    strcmp(rows[i].type, "list") == 0 || strcmp(rows[i].type, "map") == 0 ||
		    strcmp(rows[i].type, "any") == 0;

		if (!CHECK(!holds || strcmp(rows[i].of, "plain") == 0 ||
		        row_of(rows[i].of, NULL) != NULL))
			printf("    %s.%s: %s\n", rows[i].object, rows[i].key, rows[i].of);
		CHECK(row_of(rows[i].object, rows[i].key) == &rows[i]); /* once */
	}
}

int
main(int argc, char **argv)
{
	int bad = 0;

	if (argc > 1 && strcmp(argv[1], "--keys") == 0) {
		for (size_t i = 0; i < countof(rows); i++)
			printf(
			    "%s %s %s %s\n", rows[i].object, rows[i].type, rows[i].key, rows[i].of);
		return 0;
	}
	if (argc > 3 && strcmp(argv[1], "--check") == 0) {
		for (int i = 3; i < argc; i++)
			bad += check_file(argv[2], argv[i]);
		return bad != 0;
	}
	defaults();
	wrong_types();
	setters();
	names();
	short_ways();
	tables();
	rows_are_keys();
	keys_are_rows();
	return unit_done();
}
