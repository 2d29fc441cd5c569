#include "collect/verdict_rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/event.h"
#include "io/rec.h"

void
collect_judge_add(struct judge *j, const struct rule_from *from, enum pth_status status, bool ok,
    const char *rule, const char *fmt, ...)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct broken_rule *fault = from->expect ? &j->expect : &j->self;
	json_t *o = json_object(), *text;
	va_list ap;

	if (!ok && from->text != NULL)
		pth_buf_addf(&b, "%s: ", from->text);
	va_start(ap, fmt);
	pth_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	text = pth_json_text(b.s, b.len);
	pth_json_set(o, "rule", pth_json_string(rule));
	pth_json_set(o, "ok", json_boolean(ok));
	if (!ok)
		pth_json_set(o, "status", json_string(pth_status_name(status)));
	if (from->category != PTH_CAT_NONE)
		pth_json_set(o, "category", json_string(pth_category_name(from->category)));
	if (from->expect)
		pth_json_set(o, "expect", json_true());
	pth_json_set(o, "text", text);
	pth_json_push(j->rules, o);
	if (!ok && status > fault->status) {
		fault->status = status;
		fault->rule = o;
	}
	pth_event("assertion.checked", "{s:O, s:b, s:O}", "rule", json_object_get(o, "rule"), "ok",
	    ok, "text", text);
	pth_buf_release(&b);
}

/* Members that are not rules: of expect "status", of a descriptor's rule also
 * "text" (what a violation means). */
static bool
is_rule(const char *key)
{
	return strcmp(key, "status") != 0 && strcmp(key, "text") != 0;
}

/* One list of descriptor rules. */
static void
judge_list(struct judge *j, const json_t *list, const char *service)
{
	json_t *rule, *v;
	const char *key;
	size_t i;

	json_array_foreach(list, i, rule) {
		struct rule_from from = {
			.service = service,
			.status = pth_status_of(pth_json_str(rule, "status", "failed")),
			.text = pth_json_str(rule, "text", NULL),
		};

		if (!json_is_object(rule) || from.status == PTH_STATUSES) {
			from.status = PTH_S_ERROR;
			from.category = PTH_CAT_CONFIGURATION;
			collect_judge_add(j, &from, PTH_S_ERROR, false, "verdict",
			    "a rule of the descriptor is not an object or has an unknown status");
			continue;
		}
		json_object_foreach(rule, key, v)
			if (is_rule(key))
				collect_rule(j, &from, key, v);
	}
}

static void
judge_expect(struct judge *j)
{
	const struct rule_from from = { .status = PTH_S_FAILED, .expect = true };
	json_t *expect = json_object_get(j->rec, "expect"), *v;
	const char *key;

	if (expect != NULL && !json_is_object(expect) && !json_is_null(expect))
		collect_rule_wrong(j, &from, "expect", "must be a map of rules", "");
	json_object_foreach(expect, key, v)
		if (strcmp(key, "status") != 0)
			collect_rule(j, &from, key, v);
}

/* Steps and assertions: pth-exec looked at them while the services ran. One
 * that was not looked at must not pass for one that held. */
static void
judge_looks(struct judge *j, const char *key, const char *type)
{
	const struct rule_from from = { .status = PTH_S_FAILED };
	const struct rule_from unseen = { .category = PTH_CAT_CONFIGURATION };
	const json_t *seen = json_object_get(json_object_get(j->rec, "result"), key), *o;
	const json_t *wanted = json_object_get(j->rec, key);
	size_t i;

	json_array_foreach(seen, i, o) {
		const char *service = pth_json_str(o, "service", "");
		bool ok = pth_json_bool(o, "ok", false),
		     spare = !pth_json_bool(o, "critical", true);
		struct pth_buf b = PTH_BUF_INIT;

		pth_buf_addf(
		    &b, "%s%s%s", pth_json_str(o, type, "?"), *service != '\0' ? " " : "", service);
		collect_judge_add(j, &from, PTH_S_FAILED, ok || spare, b.s, "%s%s",
		    pth_json_str(o, "text", ""), !ok && spare ? " (not critical)" : "");
		pth_buf_release(&b);
	}
	if (json_is_array(wanted) && json_array_size(seen) < json_array_size(wanted))
		collect_judge_add(j, &unseen, PTH_S_ERROR, false, key,
		    "%zu of %zu were not looked at",
		    json_array_size(wanted) - json_array_size(seen), json_array_size(wanted));
}

/* How services ended, except where expect says how it should be. True when
 * every bad end was one that expect asked for, and there was one. When exec
 * calls the run completed, an end that looks bad was meant (a step's signal). */
static bool
judge_services(struct judge *j, bool completed)
{
	json_t *s;
	const char *name;
	bool asked = false, other = false;

	json_object_foreach(pth_json_path(j->rec, "result.services"), name, s) {
		const struct rule_from from = { .service = name };
		struct pth_buf how = PTH_BUF_INIT, rule = PTH_BUF_INIT;
		enum pth_status end = pth_verdict_service_end(j->rec, name, &how);
		bool fine = end == PTH_S_PASSED || completed,
		     spare = pth_rec_dispensable(j->rec, name);
		json_t *judged = json_object_get(j->exits, name);

		pth_buf_addf(&rule, "exit %s", name);
		if (judged != NULL)
			asked |= !fine && json_is_true(judged);
		else
			collect_judge_add(j, &from, end, fine || spare, rule.s, "%s%s", how.s,
			    fine      ? "" :
			        spare ? " (not critical)" :
			                "");
		other |= judged == NULL && !fine && !spare;
		pth_buf_release(&how);
		pth_buf_release(&rule);
	}
	return asked && !other;
}

/* The base: what pth-exec said about the run as a whole. */
static enum pth_status
run_status(const json_t *rec)
{
	enum pth_status s = pth_status_of_result(
	    pth_json_str(json_object_get(rec, "result"), "status", NULL));

	return s < PTH_STATUSES ? s : PTH_S_ERROR;
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
	const struct rule_from from = { 0 };
	const char *reason = pth_json_str(json_object_get(j->rec, "result"), "reason", "");
	json_t *s;
	size_t i;

	json_array_foreach(pth_json_path(j->rec, "plan.services"), i, s)
		judge_list(j, json_object_get(s, "verdict"), pth_json_str(s, "name", "?"));
	judge_list(j, pth_json_path(j->rec, "plan.verdict"), NULL);
	judge_looks(j, "steps", "step");
	judge_looks(j, "assertions", "type");
	if (!judge_services(j, run == PTH_S_PASSED) && run > j->self.status)
		collect_judge_add(j, &from, run, false, "run", "%s",
		    *reason != '\0' ? reason : pth_status_name(run));
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
	struct pth_buf line = PTH_BUF_INIT;

	/* One line: messages of programs may have more. */
	for (const char *p = summary; *p != '\0' && line.len < 500; p++)
		pth_buf_addc(&line, (unsigned char)*p < ' ' ? ' ' : *p);
	pth_json_set(v, "status", json_string(pth_status_name(s)));
	pth_json_set(v, "ok", json_boolean(ok));
	pth_json_set(v, "expected", json_boolean(ok && s != PTH_S_PASSED));
	pth_json_set(v, "marks", marks);
	pth_json_set(v, "summary", pth_json_text(line.s, line.len));
	pth_json_set(v, "rules", rules);
	pth_buf_release(&line);
	return v;
}

/* A test that has nothing to judge. */
static json_t *
not_run(enum pth_status s, const json_t *rec, const char *why)
{
	bool ok = status_expected(pth_json_path(rec, "expect.status"), s);
	json_t *marks = json_array();

	if (ok && s != PTH_S_PASSED)
		pth_json_push(marks, json_string("expected-fail"));
	return verdict_json(s, ok, marks, why, json_array());
}

static size_t
held(const json_t *rules)
{
	const json_t *rule;
	size_t i, n = 0;

	json_array_foreach(rules, i, rule)
		n += pth_json_bool(rule, "ok", false);
	return n;
}

/* "rule: text" of a broken rule; the run's own is its text alone. */
static void
say_fault(struct pth_buf *b, const struct broken_rule *f)
{
	const char *rule = pth_json_str(f->rule, "rule", "run");

	if (strcmp(rule, "run") != 0)
		pth_buf_addf(b, "%s: ", rule);
	pth_buf_adds(b, pth_json_str(f->rule, "text", ""));
}

/* Status, ok, marks and summary out of the two faults. Takes the rules. */
static json_t *
conclude(struct judge *j)
{
	enum pth_status s = j->self.status;
	bool ok = status_expected(pth_json_path(j->rec, "expect.status"), s);
	bool again = pth_json_int(json_object_get(j->rec, "result"), "attempt", 1) > 1;
	json_t *marks = json_array(), *v;
	struct pth_buf b = PTH_BUF_INIT;

	if (j->expect.status != PTH_S_PASSED) {
		pth_buf_adds(&b, ok && s != PTH_S_PASSED ? "ended as expected, but " : "");
		say_fault(&b, &j->expect);
		ok = false;
		if (j->expect.status > s)
			s = j->expect.status;
	} else if (!ok && s == PTH_S_PASSED) {
		pth_buf_adds(&b, "passed, although it was expected not to");
		pth_json_push(marks, json_string("unexpected-pass"));
	} else if (s != PTH_S_PASSED) {
		say_fault(&b, &j->self);
	} else {
		pth_buf_addf(&b, "%zu rule%s held", held(j->rules), held(j->rules) == 1 ? "" : "s");
	}
	if (ok && s != PTH_S_PASSED)
		pth_json_push(marks, json_string("expected-fail"));
	if (again && s == PTH_S_PASSED)
		pth_json_push(marks, json_string("flaky"));
	if (json_array_size(pth_json_path(j->rec, "result.degraded")) > 0)
		pth_json_push(marks, json_string("degraded"));
	v = verdict_json(s, ok, marks, b.s, j->rules);
	pth_buf_release(&b);
	return v;
}

static json_t *
judge(const json_t *rec, const struct pth_evidence *ev, enum pth_status run)
{
	struct judge j = { .rec = rec, .ev = ev, .rules = json_array(), .exits = json_object() };
	json_t *v;

	/* expect first: its exit rules replace the services' own. */
	judge_expect(&j);
	collect_rule_downloads(&j);
	judge_run(&j, run);
	v = conclude(&j);
	json_decref(j.exits);
	return v;
}

json_t *
pth_verdict(const json_t *rec, const struct pth_evidence *ev)
{
	const json_t *error = json_object_get(rec, "error");
	const json_t *result = json_object_get(rec, "result");
	enum pth_status run = run_status(rec);
	struct pth_buf b = PTH_BUF_INIT;
	json_t *v;

	if (error != NULL && !json_is_null(error)) {
		pth_buf_addf(&b, "%s: %s", pth_json_str(error, "stage", "?"),
		    pth_json_str(error, "message", "no message"));
		v = not_run(PTH_S_ERROR, rec, b.s);
	} else if (!json_is_object(result)) {
		v = not_run(PTH_S_ERROR, rec, "not executed");
	} else if (!status_known(pth_json_path(rec, "expect.status"))) {
		v = not_run(PTH_S_ERROR, NULL, "expect.status is not a status");
	} else if (!has_run(run)) {
		v = not_run(run, rec, pth_json_str(result, "reason", pth_status_name(run)));
	} else {
		v = judge(rec, ev, run);
	}
	pth_buf_release(&b);
	pth_event("test.judged", "{s:O, s:O, s:O}", "status", json_object_get(v, "status"), "ok",
	    json_object_get(v, "ok"), "summary", json_object_get(v, "summary"));
	return v;
}

static void
filters_of(json_t *out, json_t *rules)
{
	json_t *r;
	size_t i;

	if (json_is_object(rules)) {
		const char *f = pth_json_str(rules, "filter", NULL);

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
	filters_of(out, json_object_get(map, "packets"));
	filters_of(out, json_object_get(map, "packet"));
}

json_t *
pth_verdict_filters(const json_t *rec)
{
	json_t *out = json_array(), *s, *r;
	size_t i, k;

	filters_in(out, json_object_get(rec, "expect"));
	json_array_foreach(pth_json_path(rec, "plan.verdict"), i, r)
		filters_in(out, r);
	json_array_foreach(pth_json_path(rec, "plan.services"), i, s)
		json_array_foreach(json_object_get(s, "verdict"), k, r)
			filters_in(out, r);
	return out;
}
