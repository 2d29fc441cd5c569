/* This file writes experiment_summary.json: the reference's fields, then ours. The lists, which may
 * be long, are written one by one into the text of all else. */
#include <string.h>

#include "base/cleanup.h"
#include "report/report.h"

#define LATER "@later" /* in the place of a list */
#define FORM (JSON_INDENT(2) | JSON_REAL_PRECISION(9))

static const char *
or_null(const char *s)
{
	return *s != '\0' ? s : NULL;
}

static json_t *
test_json(const struct pth_report_test *t)
{
	json_t *o = json_object(), *links = json_array(), *broken = json_array();

	for (const struct pth_report_rule *rule = t->broken; rule != NULL; rule = rule->next)
		pth_json_push(broken, pth_json_string(rule->text));
	for (const struct pth_report_link *l = t->links; l != NULL; l = l->next)
		pth_json_push(links, pth_json_string(l->path));
	pth_sumtest_set_name(o, t->name);
	pth_sumtest_set_status(o, pth_report_status_name(t->status));
	pth_sumtest_set_duration(o, (double)t->duration_us / 1e6);
	pth_sumtest_set_start_time(o, or_null(t->started));
	pth_sumtest_set_end_time(o, or_null(t->ended));
	pth_sumtest_set_error_message(o, t->ok ? NULL : t->summary);
	pth_sumtest_set_logs_path(o, or_null(t->dir));
	pth_sumtest_set_fast_fail_triggered(o, *t->fast_fail != '\0');
	pth_sumtest_set_id(o, t->id);
	pth_sumtest_set_ok(o, t->ok);
	pth_sumtest_set_expected_failure(o, t->expected);
	pth_sumtest_set_flaky(o, t->flaky);
	pth_sumtest_set_summary(o, t->summary);
	pth_sumtest_set_broken_rules(o, broken);
	pth_sumtest_set_not_isolated(o, or_null(t->not_isolated));
	pth_sumtest_set_not_captured(o, or_null(t->not_captured));
	pth_sumtest_set_logs_cut(o, or_null(t->logs_cut));
	pth_sumtest_set_degraded(o, or_null(t->degraded));
	if (*t->fallback != '\0')
		pth_sumtest_set_fallback(o, t->fallback);
	if (*t->evidence != '\0')
		pth_sumtest_set_evidence(o, t->evidence);
	if (*t->conflicts != '\0')
		pth_sumtest_set_conflicts(o, t->conflicts);
	pth_sumtest_set_metrics(o, pth_report_object(t->metrics));
	if (t->cause != NULL) {
		json_t *c = json_object();

		pth_sumcause_set_name(c, t->cause->name);
		pth_sumcause_set_title(c, t->cause->title);
		pth_sumcause_set_score(c, t->score);
		pth_sumtest_set_root_cause(o, c);
	}
	pth_sumtest_set_files(o, links);
	return o;
}

static json_t *
tests_json(const struct pth_report *r)
{
	json_t *o = json_object();
	static const enum pth_status order[] = { PTH_S_PASSED, PTH_S_FAILED, PTH_S_SKIPPED,
		PTH_S_TIMEOUT, PTH_S_INTERRUPTED, PTH_STATUSES };

	pth_sumtests_set_total(o, (int64_t)r->n);
	for (size_t i = 0; i < countof(order); i++)
		pth_json_set(o, pth_report_status_name(order[i]),
		    json_integer((json_int_t)r->count[order[i]]));
	pth_sumtests_set_success_rate(o, pth_report_rate(r));
	pth_sumtests_set_error(o, (int64_t)r->count[PTH_S_ERROR]);
	pth_sumtests_set_crashed(o, (int64_t)r->count[PTH_S_CRASHED]);
	pth_sumtests_set_unsupported(o, (int64_t)r->count[PTH_S_UNSUPPORTED]);
	pth_sumtests_set_ok(o, (int64_t)r->ok);
	pth_sumtests_set_expected_failures(o, (int64_t)r->expected);
	pth_sumtests_set_flaky(o, (int64_t)r->flaky);
	pth_json_set(o, PTH_KEY(sumtests, results), pth_json_string(LATER));
	return o;
}

static json_t *
fast_fail_json(const struct pth_report *r)
{
	const struct pth_report_test *t = r->fast_failed;
	json_t *o = json_object();

	pth_sumfail_set_enabled(o, r->fast_fail_enabled);
	pth_sumfail_set_test_level(o, r->fast_fail_test_level);
	pth_sumfail_set_triggered(o, t != NULL);
	pth_sumfail_set_reason(o, t != NULL ? t->fast_fail : NULL);
	pth_sumfail_set_error_category(o, t != NULL && t->cause != NULL ? t->cause->name : NULL);
	pth_sumfail_set_termination_time(o, t != NULL ? or_null(t->ended) : NULL);
	return o;
}

static json_t *
resources_json(const struct pth_report *r)
{
	return json_pack("{s:f,s:f,s:i,s:f}", PTH_KEY(sumcost, peak_memory_mb),
	    (double)r->peak_rss_kb / 1024, PTH_KEY(sumcost, disk_usage_mb),
	    (double)r->disk_bytes / 1048576, PTH_KEY(sumcost, docker_images_created), 0,
	    PTH_KEY(sumcost, total_log_size_mb), (double)r->log_bytes / 1048576);
}

static json_t *
service_json(const struct pth_report_test *t, const struct pth_report_service *s)
{
	json_t *o = json_object();

	pth_sumsvc_set_service_name(o, s->name);
	pth_sumsvc_set_service_type(o, s->tester ? "tester" : "iut");
	pth_sumsvc_set_status(o, pth_health_name(s->health));
	pth_json_set(
	    o, PTH_KEY(sumsvc, exit_code), s->code >= 0 ? json_integer(s->code) : json_null());
	pth_sumsvc_set_crashed(o, s->crashed);
	pth_sumsvc_set_compilation_succeeded(
	    o, s->compiled < 0 ? json_null() : json_boolean(s->compiled));
	pth_sumsvc_set_phases_completed(o, s->phases);
	pth_sumsvc_set_error_summary(o, or_null(s->error));
	pth_json_set(o, PTH_KEY(sumsvc, output_completeness),
	    s->expected > 0 ? json_real((double)s->found / s->expected) : json_null());
	pth_sumsvc_set_test_name(o, t->name);
	pth_sumsvc_set_test_id(o, t->id);
	return o;
}

/* An item of a list whose line is indented by so much: taken over. *n: those before it. */
static void
item(struct pth_buf *b, json_t *v, int indent, size_t *n)
{
	pth_auto_buf text = PTH_BUF_INIT;

	pth_json_dumps(&text, v, FORM);
	pth_buf_addf(b, "%s\n%*s", (*n)++ > 0 ? "," : "[", indent + 2, "");
	for (const char *s = text.s, *end; s != NULL && *s != '\0'; s = end) {
		end = s + strcspn(s, "\n");
		pth_buf_add(b, s, (size_t)(end - s));
		if (*end == '\n')
			pth_buf_addf(b, "%c%*s", *end++, indent + 2, "");
	}
	json_decref(v);
}

static void
end_list(struct pth_buf *b, int indent, size_t n)
{
	if (n > 0)
		pth_buf_addf(b, "\n%*s]", indent, "");
	else
		pth_buf_adds(b, "[]");
}

/* The text up to the key whose value comes later, and what is behind it. */
static const char *
up_to(struct pth_buf *b, const char *text, const char *key)
{
	pth_auto_buf member = PTH_BUF_INIT;
	const char *at;

	/* A quote inside of a text has a backslash: it cannot be one. */
	pth_buf_addf(&member, "\"%s\": \"" LATER "\"", key);
	at = strstr(text, member.s);
	pth_buf_add(b, text, (size_t)(at - text) + strlen(key) + strlen("\"\": "));
	return at + member.len;
}

static void
write_lists(const struct pth_report *r, const char *text, struct pth_buf *b)
{
	size_t n = 0;

	text = up_to(b, text, PTH_KEY(sumtests, results));
	pth_report_each(r, t, b)
		item(b, test_json(t), 4, &n);
	end_list(b, 4, n);
	n = 0;
	text = up_to(b, text, PTH_KEY(summary, services));
	pth_report_each(r, t, b)
		for (const struct pth_report_service *s = t->services; s != NULL; s = s->next)
			item(b, service_json(t, s), 2, &n);
	end_list(b, 2, n);
	pth_buf_addf(b, "%s\n", text);
}

void
pth_report_json(const struct pth_report *r, struct pth_buf *b)
{
	json_auto_t *o = json_object();
	json_t *meta = json_object();
	pth_auto_buf text = PTH_BUF_INIT;

	pth_summary_set_experiment_id(o, r->run);
	pth_summary_set_status(o, pth_report_status(r));
	pth_summary_set_start_time(o, or_null(r->started));
	pth_summary_set_end_time(o, or_null(r->ended));
	pth_summary_set_duration_seconds(o, (double)pth_report_duration(r) / 1e6);
	pth_summary_set_configuration_file(o, or_null(r->file));
	pth_summary_set_tests(o, tests_json(r));
	pth_summary_set_fast_fail(o, fast_fail_json(r));
	pth_summary_set_resources(o, resources_json(r));
	pth_json_set(o, PTH_KEY(summary, services), pth_json_string(LATER));
	if (json_object_size(r->metadata) > 0)
		pth_summary_set_metadata(o, json_incref(r->metadata));
	pth_summary_set_incomplete(o, or_null(r->incomplete));
	pth_summeta_set_generated_at(meta, r->generated);
	pth_summeta_set_panther_version(meta, NULL);
	pth_summeta_set_report_format_version(meta, "1.0");
	pth_summeta_set_generator(meta, "pth " PTH_VERSION);
	pth_summary_set_report_metadata(o, meta);
	if (pth_json_dumps(&text, o, FORM) == 0)
		write_lists(r, text.s, b);
}
