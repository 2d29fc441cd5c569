/* This file judges a test: its rules and the ends of its services become a status and a verdict. */
#include "collect/verdict_rule.h"

#include <string.h>

#include "base/cleanup.h"
#include "io/event.h"
#include "io/record.h"

static void
rise(struct broken_rule *to, enum pth_status s, const json_t *rule)
{
	if (s > to->status)
		*to = (struct broken_rule){ s, rule };
}

void
collect_judged(const struct rule *r, enum pth_answer a, const char *fmt, ...)
{
	pth_auto_buf b = PTH_BUF_INIT;
	bool ok = a == PTH_A_YES, unknown = a == PTH_A_UNKNOWN;
	enum pth_category category = r->category;
	json_t *o = json_object();
	va_list ap;

	if (unknown && category == PTH_CAT_NONE)
		category = PTH_CAT_TEST_FRAMEWORK;
	if (!ok && r->text != NULL && !unknown)
		pth_buf_addf(&b, "%s: ", r->text);
	va_start(ap, fmt);
	pth_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	pth_judged_set_rule(o, r->name);
	pth_judged_set_ok(o, ok);
	if (unknown)
		pth_judged_set_unknown(o, true);
	if (!ok)
		pth_judged_set_status(o, pth_status_name(unknown ? PTH_S_ERROR : r->status));
	if (category != PTH_CAT_NONE)
		pth_judged_set_category(o, pth_category_name(category));
	if (r->expect)
		pth_judged_set_expect(o, true);
	if (r->by != NULL)
		pth_judged_set_by(o, r->by);
	pth_json_set(o, PTH_KEY(judged, text), pth_json_text(b.s, b.len));
	pth_json_push(r->j->rules, o);
	r->j->held += ok;
	if (unknown)
		rise(r->expect ? &r->j->expect_unknown : &r->j->unknown, r->status, o);
	else if (!ok)
		rise(r->expect ? &r->j->expect : &r->j->self, r->status, o);
	pth_event("assertion.checked", "{s:O, s:b, s:O}", "rule", PTH_GET(judged, o, rule), "ok",
	    ok, "text", PTH_GET(judged, o, text));
}

/* One list of a descriptor's rules; service: whose descriptor, NULL: the test's. Its
 * members "status" and "text" are about the others. */
static void
judge_list(struct judge *j, const json_t *list, const char *service)
{
	json_t *rule, *v;
	const char *key;
	size_t i;

	json_array_foreach(list, i, rule) {
		const char *status = json_string_value(pth_rules_status(rule));
		const struct rule r = {
			.j = j,
			.name = "verdict",
			.service = service,
			.status = status != NULL ? pth_status_of(status) : PTH_S_FAILED,
			.text = pth_rules_text(rule),
		};

		if (!json_is_object(rule) || r.status == PTH_STATUSES) {
			collect_rule_wrong(r,
			    "a rule of the descriptor is not an object or has an unknown status",
			    "");
			continue;
		}
		json_object_foreach(rule, key, v)
			if (strcmp(key, PTH_KEY(rules, status)) != 0 &&
			    strcmp(key, PTH_KEY(rules, text)) != 0)
				collect_rule(&r, key, v);
	}
}

static void
judge_expect(struct judge *j)
{
	const struct rule r = { .j = j, .name = "expect", .status = PTH_S_FAILED, .expect = true };
	json_t *expect = pth_test_expect(j->rec), *v;
	const char *key;

	if (expect != NULL && !json_is_object(expect) && !json_is_null(expect))
		collect_rule_wrong(r, "must be a map of rules", "");
	json_object_foreach(expect, key, v)
		if (strcmp(key, PTH_KEY(rules, status)) != 0)
			collect_rule(&r, key, v);
}

/* Steps and assertions: pth-exec looked at them while the services ran. One
 * that was not looked at must not pass for one that held. */
static void
judge_looks(struct judge *j, const char *key, const json_t *all, const char *type)
{
	const struct rule unseen = { j, .name = key, .status = PTH_S_FAILED };
	const json_t *seen = json_object_get(pth_test_result(j->rec), key), *o;
	size_t i;

	json_array_foreach(seen, i, o) {
		const char *service = pth_rstep_service(o);
		bool ok = pth_rstep_ok(o), spare = !ok && !pth_rstep_critical(o);
		pth_auto_buf name = PTH_BUF_INIT;

		pth_buf_addf(&name, "%s%s%s", pth_json_str(o, type, "?"),
		    *service != '\0' ? " " : "", service);
		collect_judged(&(struct rule){ j, .name = name.s, .status = PTH_S_FAILED },
		    ok || spare              ? PTH_A_YES :
		        pth_rlook_unknown(o) ? PTH_A_UNKNOWN :
		                               PTH_A_NO,
		    "%s%s", pth_rstep_text(o), spare ? " (not critical)" : "");
	}
	if (json_array_size(seen) < json_array_size(all))
		collect_judged(&unseen, PTH_A_UNKNOWN, "%zu of %zu were not looked at",
		    json_array_size(all) - json_array_size(seen), json_array_size(all));
}

/* Services of the plan of which the result says nothing, and which the test cannot do without. */
static void
judge_missing(struct judge *j)
{
	const json_t *s;
	size_t i;

	json_array_foreach(pth_rec_services(j->rec), i, s) {
		const char *service = pth_svc_name(s);
		pth_auto_buf name = PTH_BUF_INIT;

		if (pth_rec_ended_service(j->rec, service) != NULL ||
		    pth_rec_dispensable(j->rec, service))
			continue;
		pth_buf_addf(&name, "exit %s", service);
		collect_judged(&(struct rule){ j, name.s, .status = PTH_S_FAILED }, PTH_A_UNKNOWN,
		    "the result does not say how it ended");
	}
}

/* How services ended, except where expect says how it should be. True when
 * every bad end was one that expect asked for, and there was one. When exec
 * calls the run completed, an end that looks bad was meant (a step's signal). */
static bool
judge_services(struct judge *j, bool completed)
{
	json_t *s;
	const char *service;
	bool asked = false, other = false;

	json_object_foreach(pth_rec_ended(j->rec), service, s) {
		const json_t *judged = json_object_get(j->exits, service);
		pth_auto_buf how = PTH_BUF_INIT, name = PTH_BUF_INIT;
		enum pth_status end = pth_verdict_service_end(j->rec, service, &how);
		bool fine = end == PTH_S_PASSED || completed;
		bool spare = !fine && pth_rec_dispensable(j->rec, service);

		pth_buf_addf(&name, "exit %s", service);
		asked |= !fine && json_is_true(judged);
		other |= judged == NULL && !fine && !spare;
		if (judged == NULL)
			collect_judged(
			    &(struct rule){ j, name.s, .service = service, .status = end },
			    fine || spare ? PTH_A_YES : PTH_A_NO, "%s%s", how.s,
			    spare ? " (not critical)" : "");
	}
	return asked && !other;
}

/* An assertion that could not be looked at, and nothing else, makes the run an error: its
 * services did what they should. */
static bool
only_unknown(const json_t *result)
{
	const json_t *o;
	size_t i;

	if (pth_category_of(pth_result_category(result)) != PTH_CAT_TEST_FRAMEWORK)
		return false;
	json_array_foreach(pth_result_assertions(result), i, o)
		if (pth_rlook_unknown(o))
			return true;
	return false;
}

/* The base: what pth-exec said about the run as a whole. PTH_STATUSES: nothing that we know. */
static enum pth_status
run_status(const json_t *rec)
{
	const json_t *result = pth_test_result(rec);
	enum pth_status s = pth_status_of_result(pth_result_status(result));

	return s == PTH_S_ERROR && only_unknown(result) ? PTH_S_PASSED : s;
}

/* Did the services get far enough for rules to mean something? */
static bool
has_run(enum pth_status s)
{
	return s == PTH_S_PASSED || s == PTH_S_FAILED || s == PTH_S_TIMEOUT || s == PTH_S_CRASHED;
}

static void
judge_run(struct judge *j, enum pth_status run)
{
	const struct rule r = { j, .name = "run", .status = run };
	const char *reason = pth_result_reason(pth_test_result(j->rec));
	json_t *s;
	size_t i;

	json_array_foreach(pth_rec_services(j->rec), i, s)
		judge_list(j, pth_svc_verdict(s), pth_svc_name(s));
	judge_list(j, pth_plan_verdict(pth_test_plan(j->rec)), NULL);
	judge_looks(j, PTH_KEY(result, steps), pth_steps_actions(pth_test_steps(j->rec)),
	    PTH_KEY(rstep, step));
	judge_looks(
	    j, PTH_KEY(result, assertions), pth_test_assertions(j->rec), PTH_KEY(rlook, type));
	judge_missing(j);
	if (!judge_services(j, run == PTH_S_PASSED) && run > j->self.status)
		collect_judged(&r, PTH_A_NO, "%s", *reason != '\0' ? reason : pth_status_name(run));
}

/* expect.status: a name, or a list of names. */
static bool
status_expected(const json_t *want, enum pth_status s)
{
	const json_t *v;
	size_t i;

	if (json_is_string(want))
		return strcmp(json_string_value(want), pth_status_name(s)) == 0;
	json_array_foreach(want, i, v)
		if (json_is_string(v) && status_expected(v, s))
			return true;
	return want == NULL && s == PTH_S_PASSED;
}

static bool
status_known(const json_t *want)
{
	const json_t *v;
	size_t i;

	if (want == NULL || json_is_string(want))
		return want == NULL || pth_status_of(json_string_value(want)) < PTH_STATUSES;
	json_array_foreach(want, i, v)
		if (!json_is_string(v) || !status_known(v))
			return false;
	return json_array_size(want) > 0;
}

static json_t *
verdict_json(enum pth_status s, bool ok, json_t *marks, const char *summary, json_t *rules)
{
	json_t *v = json_object();
	pth_auto_buf line = PTH_BUF_INIT;

	/* One line: messages of programs may have more. */
	for (const char *p = summary; *p != '\0' && line.len < 500; p++)
		pth_buf_addc(&line, (unsigned char)*p < ' ' ? ' ' : *p);
	pth_verdict_set_status(v, pth_status_name(s));
	pth_verdict_set_ok(v, ok);
	pth_verdict_set_expected(v, ok && s != PTH_S_PASSED);
	pth_verdict_set_marks(v, marks);
	pth_json_set(v, PTH_KEY(verdict, summary), pth_json_text(line.s, line.len));
	pth_verdict_set_rules(v, rules);
	return v;
}

/* A test that has nothing to judge. */
static json_t *
not_run(enum pth_status s, const json_t *rec, const char *why)
{
	bool ok = status_expected(pth_rules_status(pth_test_expect(rec)), s);
	json_t *marks = json_array();

	if (ok && s != PTH_S_PASSED)
		pth_json_push(marks, json_string("expected-fail"));
	return verdict_json(s, ok, marks, why, json_array());
}

/* An error that nobody can have expected. */
json_t *
pth_verdict_failed(const char *why)
{
	return verdict_json(PTH_S_ERROR, false, json_array(), why, json_array());
}

/* "rule: text" of a broken rule; the run's own is its text alone. */
static void
say_fault(struct pth_buf *b, const struct broken_rule *f)
{
	const char *rule = pth_judged_rule(f->rule);

	if (f->rule != NULL && strcmp(rule, "run") != 0)
		pth_buf_addf(b, "%s: ", rule);
	pth_buf_adds(b, pth_judged_text(f->rule));
}

/* The rule that cannot be told and decides: what is known leaves the status open, or whether the
 * rules of expect hold. NULL: there is none, and the verdict is certain. s: what is known of the
 * status; ok: it is the one that was expected. */
static const struct broken_rule *
open_question(const struct judge *j, enum pth_status s, bool ok)
{
	if (j->unknown.status > s)
		return &j->unknown;
	if (j->expect_unknown.status > s ||
	    (ok && j->expect.rule == NULL && j->expect_unknown.rule != NULL))
		return &j->expect_unknown;
	return NULL;
}

/* Status, ok, marks and summary out of the faults. Takes the rules. */
static json_t *
conclude(struct judge *j)
{
	const json_t *result = pth_test_result(j->rec);
	const bool broken = j->expect.rule != NULL;
	enum pth_status s = j->self.status,
	                most = broken && j->expect.status > s ? j->expect.status : s;
	bool ok = status_expected(pth_rules_status(pth_test_expect(j->rec)), s);
	const struct broken_rule *open = open_question(j, most, ok);
	json_t *marks = json_array();
	pth_auto_buf b = PTH_BUF_INIT;

	if (open != NULL || broken) {
		pth_buf_adds(&b, ok && s != PTH_S_PASSED ? "ended as expected, but " : "");
		say_fault(&b, open != NULL ? open : &j->expect);
		s = open != NULL ? PTH_S_ERROR : most;
		ok = false;
	} else if (!ok && s == PTH_S_PASSED) {
		pth_buf_adds(&b, "passed, although it was expected not to");
		pth_json_push(marks, json_string("unexpected-pass"));
	} else if (s != PTH_S_PASSED) {
		say_fault(&b, &j->self);
	} else {
		pth_buf_addf(&b, "%zu rule%s held", j->held, j->held == 1 ? "" : "s");
	}
	if (ok && s != PTH_S_PASSED)
		pth_json_push(marks, json_string("expected-fail"));
	if (pth_result_attempt(result) > 1 && s == PTH_S_PASSED)
		pth_json_push(marks, json_string("flaky"));
	if (json_array_size(pth_result_degraded(result)) > 0)
		pth_json_push(marks, json_string("degraded"));
	return verdict_json(s, ok, marks, b.s, j->rules);
}

static json_t *
judge(const json_t *rec, const struct pth_evidence *ev, enum pth_status run)
{
	json_auto_t *exits = json_object();
	struct judge j = { .rec = rec, .ev = ev, .rules = json_array(), .exits = exits };

	/* expect first: its exit rules replace the services' own. */
	judge_expect(&j);
	collect_rule_downloads(&j);
	judge_run(&j, run);
	return conclude(&j);
}

json_t *
pth_verdict(const json_t *rec, const struct pth_evidence *ev)
{
	const json_t *error = pth_test_error(rec), *result = pth_test_result(rec);
	enum pth_status run = run_status(rec);
	pth_auto_buf b = PTH_BUF_INIT;
	const char *reason;
	json_t *v;

	if (error != NULL && !json_is_null(error)) {
		pth_buf_addf(&b, "%s: %s", pth_error_stage(error), pth_error_message(error));
		v = not_run(pth_status_of_error(error), rec, b.s);
	} else if (result == NULL) {
		v = pth_verdict_failed("not executed");
	} else if (run == PTH_STATUSES) {
		reason = json_string_value(PTH_GET(result, result, reason));
		v = pth_verdict_failed(
		    reason != NULL ? reason : "the result has no status that is known");
	} else if (!status_known(pth_rules_status(pth_test_expect(rec)))) {
		v = pth_verdict_failed("expect.status is not a status");
	} else if (!has_run(run)) {
		reason = json_string_value(PTH_GET(result, result, reason));
		v = not_run(run, rec, reason != NULL ? reason : pth_status_name(run));
	} else {
		v = judge(rec, ev, run);
	}
	pth_event("test.judged", "{s:O, s:O, s:O}", "status", PTH_GET(verdict, v, status), "ok",
	    PTH_GET(verdict, v, ok), "summary", PTH_GET(verdict, v, summary));
	return v;
}

static void
filters_of(json_t *out, json_t *rules)
{
	json_t *r;
	size_t i;

	if (json_is_object(rules)) {
		const char *f = pth_rulepackets_filter(rules);

		if (f != NULL && strpbrk(f, "\n\r\t") == NULL)
			pth_json_push_once(out, pth_json_string(f));
		return;
	}
	json_array_foreach(rules, i, r)
		if (json_is_object(r))
			filters_of(out, r);
}

static void
filters_in(json_t *out, const json_t *map)
{
	filters_of(out, pth_rules_packets(map));
	filters_of(out, pth_rules_packet(map));
}

json_t *
pth_verdict_filters(const json_t *rec)
{
	json_t *out = json_array(), *s, *r;
	size_t i, k;

	filters_in(out, pth_test_expect(rec));
	json_array_foreach(pth_plan_verdict(pth_test_plan(rec)), i, r)
		filters_in(out, r);
	json_array_foreach(pth_rec_services(rec), i, s)
		json_array_foreach(pth_svc_verdict(s), k, r)
			filters_in(out, r);
	return out;
}
