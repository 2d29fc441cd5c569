/* This file takes out of the records what the forms need of each test and of the run as a whole. */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "collect/artifact.h"
#include "collect/losses.h"
#include "collect/metric.h"

#define SPILL_FROM ((size_t)8 << 20) /* of the summaries: the rest lies in a file */

struct pth_report *
pth_report_new(const char *causes)
{
	struct pth_report *r = pth_xmalloc(sizeof *r);

	memset(r, 0, sizeof *r);
	r->end = &r->tests;
	r->arena.spill_from = SPILL_FROM;
	r->causes_file = causes;
	r->run = r->file = r->started = r->ended = r->incomplete = r->generated = "";
	return r;
}

void
pth_report_free(struct pth_report *r)
{
	json_decref(r->metadata);
	pth_report_causes_free(r);
	pth_arena_release(&r->arena);
	free(r);
}

/* A copy; "" of NULL. */
static const char *
keep(struct pth_report *r, const char *s)
{
	return pth_arena_str(&r->arena, s != NULL ? s : "");
}

static const char *
keep_buf(struct pth_report *r, struct pth_buf *b)
{
	const char *s = pth_arena_strn(&r->arena, b->len != 0 ? b->s : "", b->len);

	pth_buf_release(b);
	return s;
}

static const char *
keep_object(struct pth_report *r, const json_t *o)
{
	struct pth_buf b = PTH_BUF_INIT;

	pth_json_dump(&b, o);
	return keep_buf(r, &b);
}

static void
add_tries(struct pth_report *r, struct pth_report_test *t, const json_t *result)
{
	struct pth_report_try **end = &t->tries;
	const json_t *try;
	size_t i;

	json_array_foreach(pth_result_tries(result), i, try) {
		*end = pth_arena_alloc(&r->arena, sizeof **end);
		(*end)->status = keep(r, pth_attempt_status(try));
		(*end)->reason = keep(r, pth_attempt_reason(try));
		(*end)->dir = keep(r, pth_attempt_dir(try));
		end = &(*end)->next;
	}
}

static void
add_verdict(struct pth_report *r, struct pth_report_test *t, const json_t *rec)
{
	const json_t *v = pth_test_verdict(rec), *rule;
	struct pth_report_rule **end = &t->broken;
	size_t i;

	t->status = pth_status_of(pth_verdict_status(v));
	t->ok = pth_verdict_ok(v);
	t->expected = pth_verdict_expected(v);
	t->summary = v != NULL ? keep(r, pth_verdict_summary(v)) :
	                         "no verdict: pth-collect has not seen this test";
	t->flaky = pth_json_has(pth_verdict_marks(v), "flaky");
	t->unexpected = pth_json_has(pth_verdict_marks(v), "unexpected-pass");
	json_array_foreach(pth_verdict_rules(v), i, rule) {
		struct pth_buf b = PTH_BUF_INIT;

		if (!json_is_false(PTH_GET(judged, rule, ok)))
			continue;
		pth_buf_addf(&b, "%s: %s", pth_judged_rule(rule), pth_judged_text(rule));
		*end = pth_arena_alloc(&r->arena, sizeof **end);
		(*end)->text = keep_buf(r, &b);
		end = &(*end)->next;
	}
}

static bool
has_captures(const json_t *result)
{
	const char *name;
	json_t *s;

	json_object_foreach(pth_result_services(result), name, s)
		if (json_is_object(pth_rsvc_capture(s)))
			return true;
	return false;
}

static void
count(struct pth_buf *b, int64_t n, const char *one, const char *more)
{
	if (n >= 0)
		pth_report_item(b, "%lld %s", (long long)n, n == 1 ? one : more);
}

/* Append what a service used, of metrics.services.X. */
static void
add_use(const json_t *metric, struct pth_buf *b)
{
	const json_t *peak = pth_msvc_peak(metric), *traffic = pth_msvc_traffic(metric);

	if (PTH_GET(peak, peak, mean_cpu_percent) != NULL)
		pth_buf_addf(b, "%.4g %% of a processor (at most %.4g %%)",
		    pth_peak_mean_cpu_percent(peak), pth_peak_max_cpu_percent(peak));
	if (peak != NULL) {
		count(b, pth_peak_max_rss_kb(peak), "kB", "kB");
		count(b, pth_peak_max_threads(peak), "thread", "threads");
		count(b, pth_peak_max_fds(peak), "descriptor", "descriptors");
	}
	count(b, pth_traffic_sent_packets(traffic), "packet sent", "packets sent");
	count(b, pth_traffic_received_packets(traffic), "received", "received");
}

/* Append the logs that were cut at their limit. */
static void
add_logs_cut(const json_t *result, struct pth_buf *b)
{
	const char *name, *file;
	json_t *s, *bytes;

	json_object_foreach(pth_result_services(result), name, s)
		json_object_foreach(pth_rsvc_logs_cut(s), file, bytes)
			pth_report_item(b, "%s/%s (%lld bytes dropped)", name, file,
			    (long long)json_integer_value(bytes));
}

/* Append what the numbers lack, but what was said of the capture already. */
static void
add_incomplete(const struct pth_report_test *t, const json_t *metrics, struct pth_buf *b)
{
	const json_t *gap;
	size_t i;

	json_array_foreach(pth_metrics_incomplete(metrics), i, gap)
		if (strstr(t->not_captured, pth_gap_text(gap)) == NULL)
			pth_report_item(b, "%s", pth_gap_text(gap));
}

/* What programs under test could have changed; "" when nothing. */
static const char *
evidence_of(const json_t *result)
{
	const char *kind = pth_result_evidence(result);

	if (strcmp(kind, "unprotected") == 0)
		return "unprotected: the services could write to logs, records and captures";
	return strcmp(kind, "container") == 0 ?
	    "container: a service could write to the capture in its directory" :
	    "";
}

/* What was promised of isolation and capture but not given. */
static void
add_lacks(struct pth_report *r, struct pth_report_test *t, const json_t *rec)
{
	const json_t *result = pth_test_result(rec), *isolation = pth_result_isolation(result);
	const char *reason = pth_isolation_reason(isolation);
	struct pth_buf b = PTH_BUF_INIT;

	pth_report_items(&b, pth_isolation_missing(isolation));
	if (b.len > 0 && *reason != '\0')
		pth_buf_addf(&b, " (%s)", reason);
	t->not_isolated = keep_buf(r, &b);
	t->evidence = evidence_of(result);
	pth_report_items(&b, pth_result_degraded(result));
	t->degraded = keep_buf(r, &b);
	if (*pth_fallback_reason(pth_test_fallback(rec)) != '\0')
		pth_buf_addf(&b, "ran on %s, not %s: %s", pth_fallback_to(pth_test_fallback(rec)),
		    pth_fallback_from(pth_test_fallback(rec)),
		    pth_fallback_reason(pth_test_fallback(rec)));
	t->fallback = keep_buf(r, &b);
	pth_report_items(&b, pth_result_conflicts(result));
	t->conflicts = keep_buf(r, &b);
	add_logs_cut(result, &b);
	t->logs_cut = keep_buf(r, &b);
	pth_losses_notes(rec, true, &b);
	t->not_captured = keep_buf(r, &b);
	if (*t->not_captured == '\0' && json_is_null(pth_result_capture(result)) &&
	    !has_captures(result))
		t->not_captured = "no capture";
	if (*t->not_captured == '\0')
		t->not_captured = keep(r, pth_metrics_error(pth_test_metrics(rec)));
	add_incomplete(t, pth_test_metrics(rec), &b);
	t->incomplete = keep_buf(r, &b);
}

/* The numbers that reports show; the record keeps the rest. */
static const char *
few_metrics(struct pth_report *r, const json_t *m)
{
	static const char *const names[] = { PTH_KEY(metrics, duration_us),
		PTH_KEY(metrics, packets), PTH_KEY(metrics, bytes), PTH_KEY(metrics, captured_us),
		PTH_KEY(metrics, captures), PTH_KEY(metrics, dropped), PTH_KEY(metrics, omitted),
		PTH_KEY(metrics, discarded), PTH_KEY(metrics, truncated),
		PTH_KEY(metrics, incomplete), PTH_KEY(metrics, quic), PTH_KEY(metrics, tcp),
		PTH_KEY(metrics, transfer), PTH_KEY(metrics, links), PTH_KEY(metrics, measures),
		PTH_KEY(metrics, error) };
	json_auto_t *o = json_object();
	json_t *v;

	for (size_t i = 0; i < countof(names); i++)
		if ((v = json_object_get(m, names[i])) != NULL)
			pth_json_set(o, names[i], json_incref(v));
	return keep_object(r, o);
}

/* Add the scalars of o to flat, by their path. */
static void
flatten(json_t *flat, const json_t *o, const char *path)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)o, key, v) {
		pth_auto_buf name = PTH_BUF_INIT;

		pth_buf_addf(&name, "%s%s%s", path, *path != '\0' ? "." : "", key);
		if (json_is_object(v))
			flatten(flat, v, name.s);
		else if (!json_is_array(v) && !json_is_null(v))
			pth_json_set(flat, name.s, json_incref(v));
	}
}

/* What only tables of numbers show. */
static void
add_numbers(struct pth_report *r, struct pth_report_test *t, const json_t *rec)
{
	json_auto_t *numbers = json_object(), *matrix = json_object();
	const char *key;
	json_t *v;

	t->matrix = t->numbers = "";
	if (!r->all_numbers)
		return;
	flatten(numbers, pth_test_metrics(rec), "");
	json_object_del(numbers, PTH_KEY(metrics, duration_us)); /* that of the test */
	t->numbers = keep_object(r, numbers);
	json_object_foreach(pth_test_matrix(rec), key, v) {
		pth_auto_buf name = PTH_BUF_INIT;

		pth_buf_addf(&name, "matrix.%s", key);
		pth_json_set(matrix, name.s, json_incref(v));
	}
	t->matrix = keep_object(r, matrix);
}

static void
phases(struct pth_report *r, struct pth_report_service *s, const json_t *result)
{
	const json_t *p;
	struct pth_buf b = PTH_BUF_INIT;
	const char *last = "";
	size_t i;

	s->compiled = -1;
	json_array_foreach(pth_rsvc_phases(result), i, p) {
		const char *name = pth_done_phase(p);
		bool done = pth_done_code(p) == 0;

		if (strcmp(name, PTH_KEY(phases, compile)) == 0)
			s->compiled = done && s->compiled != 0;
		if (done && strcmp(name, last) != 0)
			pth_report_item(&b, "%s", name);
		last = name;
	}
	if (json_is_integer(PTH_GET(rsvc, result, ready_us)))
		pth_report_item(&b, "run");
	s->phases = keep_buf(r, &b);
}

static void
add_output(struct pth_report_service *s, int dirfd, const char *base, char sep, const char *stream)
{
	pth_auto_buf path = PTH_BUF_INIT;
	pth_auto_fd fd = -1;

	pth_buf_addf(&path, "%s%c%s.log", base, sep, stream);
	fd = pth_artifact_open(dirfd, path.s, NULL);
	s->expected++;
	s->found += fd >= 0;
}

/* Outputs there should be: stdout, stderr, and both of each phase. */
static void
outputs(struct pth_report_service *s, const json_t *result, int dirfd)
{
	static const char *const streams[] = { "stdout", "stderr" };
	const json_t *done;
	size_t i;

	for (size_t k = 0; k < countof(streams); k++) {
		add_output(s, dirfd, s->name, '/', streams[k]);
		json_array_foreach(pth_rsvc_phases(result), i, done)
			add_output(s, dirfd, pth_done_log(done), '.', streams[k]);
	}
}

/* PANTHER's rule: failed when it crashed, did not end with 0 or could not be
 * compiled; degraded when it ran but complained. */
static void
add_service(struct pth_report *r, struct pth_report_test *t, const json_t *rec, const char *name,
    const json_t *result, int dirfd)
{
	struct pth_report_service *s = pth_arena_alloc(&r->arena, sizeof *s), **end;
	struct pth_buf b = PTH_BUF_INIT;
	enum pth_status how;

	s->name = pth_arena_str(&r->arena, name);
	s->tester = strncmp(pth_svc_kind(pth_rec_service(rec, name)), "tester", 6) == 0;
	how = pth_verdict_service_end(rec, name, &b);
	s->end = keep_buf(r, &b);
	s->error = keep(r, pth_rsvc_error(result));
	add_use(json_object_get(pth_metrics_services(pth_test_metrics(rec)), name), &b);
	s->use = keep_buf(r, &b);
	s->code = pth_rsvc_code(result);
	s->crashed = how == PTH_S_CRASHED;
	phases(r, s, result);
	if (dirfd >= 0)
		outputs(s, result, dirfd);
	s->health = how == PTH_S_PASSED && s->compiled != 0 ? PTH_HEALTHY : PTH_UNHEALTHY;
	if (s->health == PTH_HEALTHY && *s->error != '\0')
		s->health = PTH_DEGRADED;
	if (s->health == PTH_UNHEALTHY && *s->error == '\0')
		s->error = s->end;
	for (end = &t->services; *end != NULL; end = &(*end)->next)
		;
	*end = s;
}

static void
add_links(struct pth_report *r, struct pth_report_test *t, const json_t *rec)
{
	struct pth_report_link **end = &t->links;
	const json_t *a;
	size_t i, n = 0;

	json_array_foreach(pth_test_artifacts(rec), i, a) {
		const char *kind = pth_artifact_kind(a);
		int64_t bytes = pth_artifact_bytes(a);
		struct pth_report_link *l;

		r->disk_bytes += bytes;
		if (strcmp(kind, "log") == 0)
			r->log_bytes += bytes;
		if (n >= PTH_REPORT_LINKS || bytes == 0 || strcmp(kind, "file") == 0 ||
		    strcmp(kind, "certificate") == 0 || strcmp(kind, "keylog") == 0)
			continue;
		l = pth_arena_alloc(&r->arena, sizeof *l);
		l->path = keep(r, pth_artifact_path(a));
		l->kind = keep(r, kind);
		*end = l;
		end = &l->next;
		n++;
	}
}

static void
add_services(struct pth_report *r, struct pth_report_test *t, const json_t *rec)
{
	json_t *s;
	const char *name;
	pth_auto_fd dirfd = pth_artifact_dir(t->run_dir, t->dir);

	t->trace = "";
	json_object_foreach(pth_rec_ended(rec), name, s) {
		int64_t rss = pth_rusage_max_rss_kb(pth_rsvc_rusage(s));

		add_service(r, t, rec, name, s, dirfd);
		if (rss > r->peak_rss_kb)
			r->peak_rss_kb = rss;
	}
	if (!t->ok && t->status != PTH_S_SKIPPED && dirfd >= 0 && r->tails < PTH_REPORT_TAILS) {
		pth_report_read_tails(r, t, rec, dirfd);
		r->tails++;
	}
	if (t->status != PTH_S_PASSED && dirfd >= 0 && r->traces < PTH_REPORT_TAILS) {
		json_auto_t *trace = pth_report_read_trace(rec, dirfd);

		t->trace = keep_object(r, trace);
		r->traces += trace != NULL;
	}
}

static void
add_times(struct pth_report *r, const struct pth_report_test *t)
{
	int64_t us;

	if (pth_rfc3339_parse(t->started, &us) && (r->first_us == 0 || us < r->first_us)) {
		r->first_us = us;
		r->started = t->started;
	}
	if (pth_rfc3339_parse(t->ended, &us) && us > r->last_us) {
		r->last_us = us;
		r->ended = t->ended;
	}
}

static const char *
position(struct pth_report *r, const json_t *rec)
{
	const json_t *source = pth_test_source(rec);
	const char *file = pth_source_file(source);
	struct pth_buf b = PTH_BUF_INIT;

	pth_buf_adds(&b, file != NULL ? file : "");
	if (pth_source_line(source) > 0)
		pth_buf_addf(&b, ":%lld", (long long)pth_source_line(source));
	return keep_buf(r, &b);
}

static const char *
label(struct pth_report *r, const json_t *rec)
{
	struct pth_buf b = PTH_BUF_INIT;

	pth_buf_adds(&b, pth_test_name(rec));
	if (pth_test_iterations(rec) > 1)
		pth_buf_addf(&b, " (iteration %lld)", (long long)pth_test_iteration(rec));
	return keep_buf(r, &b);
}

/* What the first record says of the whole run. */
static void
add_head(struct pth_report *r, const json_t *rec, const struct pth_report_test *t)
{
	const json_t *settings = pth_test_settings(rec), *ff = pth_settings_fast_fail(settings);

	if (r->n == 0) {
		r->run = keep(r, pth_test_run(rec));
		r->file = keep(r, pth_source_file(pth_test_source(rec)));
		r->metadata = json_incref(pth_settings_metadata(settings));
		r->fast_fail_enabled = ff != NULL && pth_failing_enabled(ff);
		r->fast_fail_test_level = pth_failing_test_level(ff);
	}
	if (r->run_dir == NULL && *t->run_dir != '\0')
		r->run_dir = t->run_dir;
}

/* Does the test say nothing: left out on purpose, or a combination of a matrix that cannot be? */
static bool
is_silent(const struct pth_report_test *t, const json_t *rec)
{
	return t->status == PTH_S_SKIPPED ||
	    (t->status == PTH_S_UNSUPPORTED &&
	        pth_status_of_error(pth_test_error(rec)) == PTH_S_UNSUPPORTED);
}

void
pth_report_add(struct pth_report *r, const json_t *rec)
{
	const json_t *result = pth_test_result(rec), *ff = pth_result_fast_fail(result);
	struct pth_report_test *t;

	if (!pth_rec_is_test(rec))
		return;
	t = pth_arena_alloc(&r->arena, sizeof *t);
	t->id = keep(r, json_string_value(PTH_GET(test, rec, id)));
	t->name = keep(r, pth_test_name(rec));
	t->description = keep(r, pth_test_description(rec));
	t->run = keep(r, pth_test_run(rec));
	t->label = label(r, rec);
	t->file = keep(r, pth_source_file(pth_test_source(rec)));
	t->line = pth_source_line(pth_test_source(rec));
	t->iteration = pth_test_iteration(rec);
	pth_report_row(r, t, rec);
	add_tries(r, t, result);
	t->source = position(r, rec);
	t->run_dir = keep(r, pth_result_run_dir(result));
	t->dir = keep(r, pth_result_dir(result));
	t->started = keep(r, pth_result_started(result));
	t->ended = keep(r, pth_result_ended(result));
	t->duration_us = pth_result_duration_us(result);
	t->build_us = pth_timings_build_us(pth_result_timings(result));
	t->fast_fail = keep(r, pth_failfast_reason(ff));
	t->metrics = few_metrics(r, pth_test_metrics(rec));
	add_numbers(r, t, rec);
	add_head(r, rec, t);
	add_verdict(r, t, rec);
	add_lacks(r, t, rec);
	add_services(r, t, rec);
	add_links(r, t, rec);
	add_times(r, t);
	if (!t->ok && !is_silent(t, rec))
		pth_report_find_cause(r, t, rec);
	if (ff != NULL && r->fast_failed == NULL)
		r->fast_failed = t;
	t->number = r->n++;
	r->count[t->status]++;
	r->ok += t->ok;
	r->bad += !t->ok && !is_silent(t, rec);
	r->flaky += t->flaky;
	r->late = r->late || (t->status == PTH_S_TIMEOUT && !t->ok);
	r->expected += t->expected;
	*r->end = t;
	r->end = &t->next;
}

void
pth_report_finish(struct pth_report *r, const char *why)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	struct pth_buf b = PTH_BUF_INIT;
	int64_t now = pth_real_us();
	long long s;

	r->incomplete = keep(r, why);
	if (epoch != NULL && pth_int(epoch, 0, 253402300799, &s))
		now = s * PTH_SECOND_US;
	pth_rfc3339(&b, now);
	r->generated = keep_buf(r, &b);
}

const char *
pth_report_status(const struct pth_report *r)
{
	if (*r->incomplete != '\0')
		return "incomplete";
	if (r->count[PTH_S_INTERRUPTED] > 0)
		return "interrupted";
	if (r->late)
		return "timeout";
	return r->bad == 0 && r->fast_failed == NULL ? "completed" : "failed";
}

int64_t
pth_report_duration(const struct pth_report *r)
{
	return r->last_us > r->first_us && r->first_us > 0 ? r->last_us - r->first_us : 0;
}

double
pth_report_rate(const struct pth_report *r)
{
	return r->ok + r->bad > 0 ? 100.0 * (double)r->ok / (double)(r->ok + r->bad) : 0;
}

enum pth_outcome
pth_report_outcome(const struct pth_report_test *t)
{
	if (t->ok)
		return PTH_OUTCOME_OK;
	if (t->status == PTH_S_SKIPPED || t->status == PTH_S_UNSUPPORTED)
		return PTH_OUTCOME_SKIPPED;
	return t->status == PTH_S_FAILED || t->status == PTH_S_PASSED ? PTH_OUTCOME_FAILURE :
	                                                                PTH_OUTCOME_ERROR;
}

const char *
pth_report_mark(const struct pth_report_test *t)
{
	static const char *const marks[][2] = { { "", ", degraded" },
		{ ", flaky", ", flaky, degraded" },
		{ ", as expected", ", as expected, degraded" } };

	return marks[t->expected ? 2 : t->flaky][*t->degraded != '\0'];
}

const char *
pth_report_status_name(enum pth_status s)
{
	return s < PTH_STATUSES ? pth_status_name(s) : "unknown";
}

const char *
pth_health_name(enum pth_health h)
{
	static const char *const names[] = { "healthy", "degraded", "failed" };

	return names[h];
}

void
pth_report_line(const struct pth_report *r, struct pth_buf *b)
{
	pth_buf_addf(b, "%s: %zu/%zu tests ok (%.1f%%) in ", *r->run != '\0' ? r->run : "no run",
	    r->ok, r->ok + r->bad, pth_report_rate(r));
	pth_duration_show(b, pth_report_duration(r));
}

static void
url(struct pth_buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (pth_is_alnum(*s) || strchr("/._-", *s) != NULL)
			pth_buf_addc(b, *s);
		else
			pth_buf_addf(b, "%%%02X", (unsigned char)*s);
	}
}

/* Relative path from directory `from` to directory `to`, both absolute and
 * without "..". "" when they are the same, else it ends in '/'. */
static void
relative(struct pth_buf *b, const char *from, const char *to)
{
	size_t i = 0, same = 0;

	for (; from[i] != '\0' && from[i] == to[i]; i++)
		if (from[i] == '/')
			same = i + 1;
	if ((from[i] == '\0' || from[i] == '/') && (to[i] == '\0' || to[i] == '/'))
		same = i + 1;
	from += MIN(same, strlen(from));
	to += MIN(same, strlen(to));
	for (const char *p = from; *p != '\0'; p++)
		if (p == from || p[-1] == '/')
			pth_buf_adds(b, "../");
	if (*to != '\0')
		pth_buf_addf(b, "%s/", to);
}

void
pth_report_href(
    const struct pth_report_test *t, const char *outdir, const char *path, struct pth_buf *b)
{
	pth_auto_buf target = PTH_BUF_INIT;

	if (*t->run_dir != '\0')
		relative(&target, outdir, t->run_dir);
	pth_buf_addf(&target, "%s/%s", t->dir, path);
	url(b, target.s);
}
