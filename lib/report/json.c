/* experiment_summary.json: the reference's fields, then ours. */
#include <string.h>

#include "report/report.h"

static json_t *
or_null(const char *s)
{
	return *s != '\0' ? pth_json_string(s) : json_null();
}

static json_t *
seconds(int64_t us)
{
	return json_real((double)us / 1e6);
}

static json_t *
strings(const char *const *v)
{
	json_t *a = json_array();

	for (; *v != NULL; v++)
		pth_json_push(a, pth_json_string(*v));
	return a;
}

static json_t *
test_json(const struct pth_report_test *t)
{
	json_t *o = json_object(), *links = json_array();
	const struct pth_report_link *l;

	pth_json_set(o, "name", pth_json_string(t->name));
	pth_json_set(o, "status", json_string(pth_report_test_status(t)));
	pth_json_set(o, "duration", seconds(t->duration_us));
	pth_json_set(o, "start_time", or_null(t->started));
	pth_json_set(o, "end_time", or_null(t->ended));
	pth_json_set(o, "error_message", t->ok ? json_null() : pth_json_string(t->summary));
	pth_json_set(o, "logs_path", or_null(t->dir));
	pth_json_set(o, "fast_fail_triggered", json_boolean(*t->fast_fail));
	pth_json_set(o, "id", pth_json_string(t->id));
	pth_json_set(o, "ok", json_boolean(t->ok));
	pth_json_set(o, "expected_failure", json_boolean(t->expected));
	pth_json_set(o, "flaky", json_boolean(t->flaky));
	pth_json_set(o, "summary", pth_json_string(t->summary));
	pth_json_set(o, "broken_rules", strings(t->broken));
	pth_json_set(o, "not_isolated", or_null(t->not_isolated));
	pth_json_set(o, "not_captured", or_null(t->not_captured));
	pth_json_set(o, "logs_cut", or_null(t->logs_cut));
	pth_json_set(o, "degraded", or_null(t->degraded));
	pth_json_set(o, "metrics", json_incref(t->metrics));
	if (t->cause != NULL) {
		json_t *c = json_object();

		pth_json_set(c, "name", json_string(t->cause->name));
		pth_json_set(c, "title", json_string(t->cause->title));
		pth_json_set(c, "score", json_real(t->score));
		pth_json_set(o, "root_cause", c);
	}
	for (l = t->links; l != NULL; l = l->next)
		pth_json_push(links, pth_json_string(l->path));
	pth_json_set(o, "files", links);
	return o;
}

static json_t *
tests_json(const struct pth_report *r)
{
	json_t *o = json_object(), *results = json_array();
	static const enum pth_status order[] = { PTH_S_PASSED, PTH_S_FAILED, PTH_S_SKIPPED,
		PTH_S_TIMEOUT, PTH_S_INTERRUPTED };
	static const enum pth_status more[] = { PTH_S_ERROR, PTH_S_CRASHED, PTH_S_UNSUPPORTED };

	pth_json_set(o, "total", json_integer((json_int_t)r->n));
	for (size_t i = 0; i < countof(order); i++)
		pth_json_set(
		    o, pth_status_name(order[i]), json_integer((json_int_t)r->count[order[i]]));
	pth_json_set(o, "unknown", json_integer((json_int_t)r->count[PTH_STATUSES]));
	pth_json_set(o, "success_rate", json_real(pth_report_rate(r)));
	for (size_t i = 0; i < countof(more); i++)
		pth_json_set(
		    o, pth_status_name(more[i]), json_integer((json_int_t)r->count[more[i]]));
	pth_json_set(o, "ok", json_integer((json_int_t)r->ok));
	pth_json_set(o, "expected_failures", json_integer((json_int_t)r->expected));
	pth_json_set(o, "flaky", json_integer((json_int_t)r->flaky));
	for (const struct pth_report_test *t = r->tests; t != NULL; t = t->next)
		pth_json_push(results, test_json(t));
	pth_json_set(o, "results", results);
	return o;
}

static json_t *
fast_fail_json(const struct pth_report *r)
{
	const struct pth_report_test *t = r->fast_failed;
	json_t *o = json_object();

	pth_json_set(o, "enabled", json_boolean(r->fast_fail_enabled));
	pth_json_set(o, "test_level", json_boolean(r->fast_fail_test_level));
	pth_json_set(o, "triggered", json_boolean(t != NULL));
	pth_json_set(o, "reason", t != NULL ? pth_json_string(t->fast_fail) : json_null());
	pth_json_set(o, "error_category",
	    t != NULL && t->cause != NULL ? json_string(t->cause->name) : json_null());
	pth_json_set(o, "termination_time", t != NULL ? or_null(t->ended) : json_null());
	return o;
}

static json_t *
resources_json(const struct pth_report *r)
{
	json_t *o = json_object();

	pth_json_set(o, "peak_memory_mb", json_real((double)r->peak_rss_kb / 1024));
	pth_json_set(o, "disk_usage_mb", json_real((double)r->disk_bytes / 1048576));
	pth_json_set(o, "docker_images_created", json_integer(0));
	pth_json_set(o, "total_log_size_mb", json_real((double)r->log_bytes / 1048576));
	return o;
}

static json_t *
service_json(const struct pth_report_test *t, const struct pth_report_service *s)
{
	json_t *o = json_object();

	pth_json_set(o, "service_name", pth_json_string(s->name));
	pth_json_set(o, "service_type", json_string(s->tester ? "tester" : "iut"));
	pth_json_set(o, "status", json_string(pth_health_name(s->health)));
	pth_json_set(o, "exit_code", s->code >= 0 ? json_integer(s->code) : json_null());
	pth_json_set(o, "crashed", json_boolean(s->crashed));
	pth_json_set(
	    o, "compilation_succeeded", s->compiled < 0 ? json_null() : json_boolean(s->compiled));
	pth_json_set(o, "phases_completed", pth_json_string(s->phases));
	pth_json_set(o, "error_summary",
	    *s->error != '\0'              ? pth_json_string(s->error) :
	        s->health == PTH_UNHEALTHY ? pth_json_string(s->end) :
	                                     json_null());
	pth_json_set(o, "output_completeness",
	    s->expected > 0 ? json_real((double)s->found / s->expected) : json_null());
	pth_json_set(o, "test_name", pth_json_string(t->name));
	pth_json_set(o, "test_id", pth_json_string(t->id));
	return o;
}

static json_t *
services_json(const struct pth_report *r)
{
	json_t *a = json_array();

	for (const struct pth_report_test *t = r->tests; t != NULL; t = t->next)
		for (const struct pth_report_service *s = t->services; s != NULL; s = s->next)
			pth_json_push(a, service_json(t, s));
	return a;
}

void
pth_report_json(const struct pth_report *r, struct pth_buf *b)
{
	json_t *o = json_object(), *meta = json_object();
	const struct pth_report_test *first = r->tests, *last = NULL, *t;
	char *s;

	for (t = r->tests; t != NULL; t = t->next) {
		if (*t->started != '\0' &&
		    (*first->started == '\0' || strcmp(t->started, first->started) < 0))
			first = t;
		if (*t->ended != '\0' && (last == NULL || strcmp(t->ended, last->ended) > 0))
			last = t;
	}
	pth_json_set(o, "experiment_id", pth_json_string(r->run));
	pth_json_set(o, "status", json_string(pth_report_status(r)));
	pth_json_set(o, "start_time", first != NULL ? or_null(first->started) : json_null());
	pth_json_set(o, "end_time", last != NULL ? or_null(last->ended) : json_null());
	pth_json_set(o, "duration_seconds", seconds(pth_report_duration(r)));
	pth_json_set(o, "configuration_file", or_null(r->file));
	pth_json_set(o, "tests", tests_json(r));
	pth_json_set(o, "fast_fail", fast_fail_json(r));
	pth_json_set(o, "resources", resources_json(r));
	pth_json_set(o, "services", services_json(r));
	if (json_object_size(r->metadata) > 0)
		pth_json_set(o, "metadata", json_incref(r->metadata));
	pth_json_set(o, "incomplete", or_null(r->incomplete));
	pth_json_set(meta, "generated_at", pth_json_string(r->generated));
	pth_json_set(meta, "panther_version", json_null());
	pth_json_set(meta, "report_format_version", json_string("1.0"));
	pth_json_set(meta, "generator", json_string("pth " PTH_VERSION));
	pth_json_set(o, "report_metadata", meta);
	s = json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	if (s != NULL)
		pth_buf_adds(b, s);
	pth_buf_addc(b, '\n');
	free(s);
	json_decref(o);
}
