/* This file has the rules of a verdict: what each kind looks at, and how it says what it found. */
#include "collect/verdict_rule_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/regex.h"
#include "base/text.h"
#include "collect/artifact.h"
#include "collect/metric.h"
#include "io/digest.h"
#include "io/placeholder.h"
#include "io/record.h"

enum pth_status
pth_verdict_service_end(const json_t *rec, const char *name, struct pth_buf *b)
{
	const json_t *s = pth_rec_ended_service(rec, name);
	const char *reason = pth_rsvc_reason(s), *sig = pth_rsvc_signal(s);
	bool memory = strcmp(pth_rsvc_limit(s), PTH_KEY(limits, memory)) == 0;

	switch (pth_end_of(reason)) {
	case PTH_END_EXIT: pth_buf_addf(b, "exit code %lld", (long long)pth_rsvc_code(s)); break;
	case PTH_END_SIGNAL:
		pth_buf_addf(b, "killed by SIG%s%s", sig != NULL ? sig : "?",
		    pth_rsvc_core(s) ? ", core dumped" : "");
		break;
	default:
		pth_buf_adds(b, *reason != '\0' ? reason : "unknown");
		pth_buf_addf(b, "%s%s", *pth_rsvc_error(s) != '\0' ? ": " : "", pth_rsvc_error(s));
		memory = false; /* then it is in the error */
	}
	pth_buf_adds(b, memory ? ": out of memory" : "");
	return pth_end_judge(s);
}

void
collect_rule_wrong(struct rule r, const char *why, const char *what)
{
	r.status = PTH_S_ERROR;
	r.category = PTH_CAT_CONFIGURATION;
	collect_judged(&r, PTH_A_UNKNOWN, "%s%s", why, what);
}

/* Is the value of a type that the key may have? What has none would not be looked at. */
static bool
type_right(const char *key, const json_t *v)
{
	static const char *const numbers[] = { PTH_KEY(rulefile, size), PTH_KEY(rulefile, min_size),
		PTH_KEY(rulefile, max_size), PTH_KEY(rulelog, min), PTH_KEY(rulelog, max) };

	for (size_t i = 0; i < countof(numbers); i++)
		if (strcmp(key, numbers[i]) == 0)
			return true; /* collect_rule_range() sees to these */
	if (strcmp(key, PTH_KEY(rulefile, exists)) == 0)
		return json_is_boolean(v);
	return json_is_string(v) || json_is_null(v);
}

/* True when all keys of the rule are in known (NULL-terminated) and have values that can be
 * meant; else the rule is added as wrong. */
bool
collect_rule_keys(const struct rule *r, json_t *rule, const char *const *known)
{
	const char *key;
	json_t *v;
	size_t i;

	if (!json_is_object(rule)) {
		collect_rule_wrong(*r, "the rule must be a map", "");
		return false;
	}
	json_object_foreach(rule, key, v) {
		for (i = 0; known[i] != NULL && strcmp(known[i], key) != 0; i++)
			;
		if (known[i] == NULL) {
			collect_rule_wrong(*r, "unknown key in the rule: ", key);
			return false;
		}
		if (!type_right(key, v)) {
			collect_rule_wrong(*r, "a value of the wrong type: ", key);
			return false;
		}
	}
	return true;
}

static bool
bound(const json_t *rule, const char *key, double *v, bool *has)
{
	const json_t *b = json_object_get(rule, key);
	long long bytes;

	*has = b != NULL && !json_is_null(b);
	if (!*has)
		return true;
	if (json_is_string(b)) { /* a size: "5MB" */
		if (!pth_size(json_string_value(b), &bytes))
			return false;
		*v = (double)bytes;
		return true;
	}
	*v = json_number_value(b);
	return json_is_number(b);
}

/* min and max of a rule; false when they are no numbers: then the rule is added as
 * wrong. */
bool
collect_rule_range(const struct rule *r, const json_t *rule, const char *min, const char *max,
    struct rule_range *to)
{
	*to = (struct rule_range){ 0 };
	if (bound(rule, min, &to->min, &to->has_min) && bound(rule, max, &to->max, &to->has_max))
		return true;
	collect_rule_wrong(*r, "min and max must be numbers", "");
	return false;
}

const struct rule_range collect_at_least_one = { .min = 1, .has_min = true };

bool
collect_rule_open(const struct rule_range *r)
{
	return !r->has_min && !r->has_max;
}

static bool
within(const struct rule_range *r, double v)
{
	return (!r->has_min || v >= r->min) && (!r->has_max || v <= r->max);
}

/* Is a number in the range, which is one of the span? */
static enum pth_answer
span_within(const struct rule_range *r, const struct pth_span *s)
{
	if (within(r, s->least) && within(r, s->most))
		return PTH_A_YES;
	return (r->has_min && s->most < r->min) || (r->has_max && s->least > r->max) ?
	    PTH_A_NO :
	    PTH_A_UNKNOWN;
}

static void
wanted(struct pth_buf *b, const struct rule_range *r)
{
	if (r->has_min)
		pth_buf_addf(b, ", at least %.15g wanted", r->min);
	if (r->has_max)
		pth_buf_addf(b, ", at most %.15g wanted", r->max);
}

/* A number, which b says already, against its range. span: what it may really be, and why. */
void
collect_rule_number(const struct rule *r, const struct rule_range *want,
    const struct pth_span *span, struct pth_buf *b, const struct pth_buf *why)
{
	enum pth_answer a = span_within(want, span);

	if (a != PTH_A_YES)
		wanted(b, want);
	if (why->len > 0)
		pth_buf_addf(b, " (%s%s)", a == PTH_A_UNKNOWN ? "cannot be told: " : "", why->s);
	collect_judged(r, a, "%s", b->s);
}

/* One accepted way to end: a code, "any" code, or a signal's name. */
static bool
ended_so(const json_t *s, const json_t *want)
{
	const json_t *code = PTH_GET(rsvc, s, code);
	const char *signal = pth_rsvc_signal(s), *text = json_string_value(want);

	if (text == NULL || strcmp(text, "any") == 0)
		return json_is_integer(code) && (text != NULL || json_equal(code, want) != 0);
	if (strncmp(text, "SIG", 3) == 0)
		text += 3;
	return signal != NULL && strcmp(signal, text) == 0;
}

/* Is it known how a service ended? */
static bool
end_known(const json_t *s)
{
	enum pth_end end = pth_end_of(pth_rsvc_reason(s));

	return end != PTH_ENDS && end != PTH_END_NONE && end != PTH_END_LOST;
}

static bool
has_ended(const json_t *s)
{
	enum pth_end end = pth_end_of(pth_rsvc_reason(s));

	return end == PTH_END_EXIT || end == PTH_END_SIGNAL;
}

static void
exit_rule(struct rule r, const char *service, const json_t *want)
{
	const json_t *s = pth_rec_ended_service(r.j->rec, service), *w;
	pth_auto_buf name = PTH_BUF_INIT, how = PTH_BUF_INIT, dump = PTH_BUF_INIT;
	bool ok;
	size_t i;

	pth_buf_addf(&name, "exit %s", service);
	r.name = name.s;
	if (s == NULL) {
		collect_rule_wrong(r, "no such service in this test: ", service);
	} else if (!json_is_integer(want) && !json_is_string(want) && !json_is_array(want)) {
		collect_rule_wrong(
		    r, "an exit rule is a code, a list of codes, a signal or any", "");
	} else {
		pth_verdict_service_end(r.j->rec, service, &how);
		ok = ended_so(s, want);
		json_array_foreach(want, i, w)
			ok |= ended_so(s, w);
		pth_json_dump(&dump, want);
		collect_judged(&r,
		    ok               ? PTH_A_YES :
		        end_known(s) ? PTH_A_NO :
		                       PTH_A_UNKNOWN,
		    ok ? "%s" : "%s, %s wanted", how.s, dump.s);
		/* Where it cannot be told, its exit is no further fault. */
		pth_json_set(r.j->exits, service, json_boolean(ok || (r.doubt && has_ended(s))));
	}
}

static void
rule_exit(struct rule r, json_t *v)
{
	const char *service;
	json_t *want;

	r.name = "exit";
	json_object_foreach(v, service, want)
		exit_rule(r, service, want);
	if (!json_is_object(v) && r.service == NULL)
		collect_rule_wrong(r, "must be a map of services", "");
	else if (!json_is_object(v))
		exit_rule(r, r.service, v);
}

/* The path of a rule below the test's directory: a descriptor's is relative
 * to its service, "@{dir}/" is the test's. The caller frees it. */
char *
collect_rule_path(const struct rule *r, const char *service, const char *path)
{
	const char *rest = pth_places_below(path, "dir");
	struct pth_buf b = PTH_BUF_INIT;

	if (rest == NULL && (service != NULL || r->service != NULL))
		pth_buf_addf(&b, "%s/", service != NULL ? service : r->service);
	pth_buf_adds(&b, rest != NULL ? rest : path);
	return pth_buf_take(&b);
}

static enum pth_answer
yes_or_no(bool yes)
{
	return yes ? PTH_A_YES : PTH_A_NO;
}

static void
file_same(const struct rule *r, const char *path, const char *as)
{
	pth_auto_buf why = PTH_BUF_INIT;
	int64_t bytes = 0;
	int same = pth_artifact_same(r->j->ev->dirfd, path, as, r->j->ev->budget, &bytes, &why);

	if (same == 1)
		collect_judged(r, PTH_A_YES, "the same %lld bytes as %s", (long long)bytes, as);
	else
		collect_judged(r, same == 0 ? PTH_A_NO : PTH_A_UNKNOWN, "%s%s",
		    same == 0 ? "" : "cannot be compared: ", why.s);
}

static void
file_sha256(const struct rule *r, const char *path, const char *want)
{
	const struct pth_evidence *ev = r->j->ev;
	char hex[65] = "";
	pth_auto_buf why = PTH_BUF_INIT;

	if (pth_artifact_digest(ev->dirfd, path, ev->budget, hex, &why) != 0)
		collect_judged(r, PTH_A_UNKNOWN, "%s: not hashed: %s", path, why.s);
	else
		collect_judged(r, yes_or_no(strcasecmp(hex, want) == 0), "SHA-256 is %s", hex);
}

static void
file_size(const struct rule *r, int64_t size, const struct rule_range *limits,
    const struct rule_range *exact)
{
	pth_auto_buf b = PTH_BUF_INIT;
	bool ok = within(limits, (double)size) && within(exact, (double)size);

	pth_buf_addf(&b, "%lld bytes", (long long)size);
	if (!ok) {
		wanted(&b, limits);
		if (exact->has_min)
			pth_buf_addf(&b, ", %.15g wanted", exact->min);
	}
	collect_judged(r, yes_or_no(ok), "%s", b.s);
}

/* Is there a file? Yes: a regular one, whose size is then known, whether it can be read or not.
 * No: nothing (*other false) or something else of that name. Unknown: errno says why. */
static enum pth_answer
file_there(const struct rule *r, const char *path, int64_t *size, bool *other)
{
	pth_auto_fd fd = pth_open_beneath(
	    r->j->ev->dirfd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st;

	*other = false;
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? PTH_A_NO : PTH_A_UNKNOWN;
	if (fstat(fd, &st) != 0)
		return PTH_A_UNKNOWN;
	*other = !S_ISREG(st.st_mode);
	*size = st.st_size;
	return *other ? PTH_A_NO : PTH_A_YES;
}

/* Whether it is there, as far as that decides the rule: true when it does, and is judged. */
static bool
file_exists(const struct rule *r, const char *path, bool want, int64_t *size)
{
	bool other;
	enum pth_answer there = file_there(r, path, size, &other);

	if (there == PTH_A_UNKNOWN)
		collect_judged(r, PTH_A_UNKNOWN, "cannot be told: %s", strerror(errno));
	else if (there == PTH_A_YES && !want)
		collect_judged(r, PTH_A_NO, "the file exists");
	else if (other)
		collect_judged(r, PTH_A_NO, "there is something of that name that is no file");
	else if (there == PTH_A_NO)
		collect_judged(r, yes_or_no(!want), "there is no such file");
	return there != PTH_A_YES || !want;
}

/* {path, exists, same_as, size, min_size, max_size, sha256} */
static void
rule_file(struct rule r, json_t *v)
{
	const char *given = pth_rulefile_path(v), *same = pth_rulefile_same_as(v);
	const char *sum = pth_rulefile_sha256(v);
	bool want = pth_rulefile_exists(v);
	pth_auto_buf name = PTH_BUF_INIT;
	pth_auto_str path = NULL;
	pth_auto_str other = NULL;
	struct rule_range limits, exact;
	int64_t size = 0;

	pth_buf_addf(&name, "file %s", given != NULL ? given : "?");
	r.name = name.s;
	if (!collect_rule_keys(&r, v, KEYS(rulefile)) ||
	    !collect_rule_range(
	        &r, v, PTH_KEY(rulefile, min_size), PTH_KEY(rulefile, max_size), &limits) ||
	    !collect_rule_range(&r, v, PTH_KEY(rulefile, size), PTH_KEY(rulefile, size), &exact))
		return;
	if (given == NULL) {
		collect_rule_wrong(r, "the rule has no path", "");
		return;
	}
	path = collect_rule_path(&r, pth_rulefile_service(v), given);
	if (file_exists(&r, path, want, &size))
		return;
	if (!collect_rule_open(&limits) || !collect_rule_open(&exact) ||
	    (same == NULL && sum == NULL))
		file_size(&r, size, &limits, &exact);
	if (same != NULL) {
		other = collect_rule_path(&r, NULL, same);
		file_same(&r, path, other);
	}
	if (sum != NULL)
		file_sha256(&r, path, sum);
}

/* What a rule needs was not measured. captured: it is of the capture; that there is none is no
 * fault of the test when nobody wanted one. other: why, when nothing else is known of it. */
static void
not_measured(struct rule r, bool captured, const char *what, const char *other)
{
	const struct pth_evidence *ev = r.j->ev;
	bool left_out = captured && ev->left_out;
	pth_auto_buf gaps = PTH_BUF_INIT;

	pth_gap_texts(ev->metrics, NULL, &gaps);
	if (captured && ev->no_packets != NULL)
		other = ev->no_packets;
	else if (gaps.len > 0)
		other = gaps.s;
	if (left_out)
		r.status = PTH_S_UNSUPPORTED;
	collect_judged(&r, left_out ? PTH_A_NO : PTH_A_UNKNOWN, "%s%s%s", what,
	    other != NULL ? ": " : "", other != NULL ? other : "");
}

/* {filter, min, max}: packets that a Wireshark display filter takes */
static void
rule_packets(struct rule r, json_t *v)
{
	const struct pth_evidence *ev = r.j->ev;
	const char *filter = pth_rulepackets_filter(v);
	const json_t *n = filter != NULL ? json_object_get(ev->filters, filter) : NULL;
	pth_auto_buf name = PTH_BUF_INIT, b = PTH_BUF_INIT, why = PTH_BUF_INIT;
	bool by_tshark = filter != NULL && json_object_get(ev->by_tshark, filter) != NULL;
	struct rule_range want;
	struct pth_span span;

	r.by = by_tshark ? "tshark" : NULL;
	pth_buf_adds(&name, "packets ");
	pth_show(&name, filter != NULL ? filter : "?", 200);
	r.name = name.s;
	if (!collect_rule_keys(&r, v, KEYS(rulepackets)) ||
	    !collect_rule_range(&r, v, MIN_MAX(rulepackets), &want))
		return;
	if (filter == NULL) {
		collect_rule_wrong(r, "the rule has no filter", "");
	} else if (n == NULL) {
		not_measured(r, true, "packets not counted", "tshark did not count this filter");
	} else {
		pth_buf_addf(&b, "%lld packet%s", (long long)json_integer_value(n),
		    json_integer_value(n) == 1 ? "" : "s");
		span = pth_gap_packets(ev->metrics, filter, by_tshark, json_number_value(n), &why);
		collect_rule_number(
		    &r, collect_rule_open(&want) ? &collect_at_least_one : &want, &span, &b, &why);
	}
}

/* {name, min, max}: a number of "metrics" */
static void
rule_metric(struct rule r, json_t *v)
{
	const json_t *metrics = r.j->ev->metrics, *n = NULL;
	const char *metric = pth_rulemetric_name(v);
	pth_auto_buf name = PTH_BUF_INIT, b = PTH_BUF_INIT, why = PTH_BUF_INIT;
	pth_auto_buf path = PTH_BUF_INIT;
	struct rule_range want;
	struct pth_span span;

	if (metric != NULL)
		n = pth_metric_find(metrics, metric, &path);
	pth_buf_addf(&name, "metric %s", metric != NULL ? metric : "?");
	r.name = name.s;
	if (!collect_rule_keys(&r, v, KEYS(rulemetric)) ||
	    !collect_rule_range(&r, v, MIN_MAX(rulemetric), &want))
		return;
	if (metric == NULL || collect_rule_open(&want)) {
		collect_rule_wrong(r, "the rule needs a name and min or max", "");
	} else if (!json_is_number(n)) {
		not_measured(r, pth_gap_needs_capture(metric), "was not measured", NULL);
	} else {
		pth_buf_addf(&b, "%.15g", json_number_value(n));
		span = pth_gap_metric(metrics, path.s, json_number_value(n), &why);
		collect_rule_number(&r, &want, &span, &b, &why);
	}
}

void
collect_rule(const struct rule *r, const char *key, json_t *value)
{
	static const struct {
		const char *name, *other;
		void (*judge)(struct rule r, json_t *v);
	} kinds[] = {
		{ PTH_KEY(rules, exit), PTH_KEY(rules, exits), rule_exit },
		{ PTH_KEY(rules, files), PTH_KEY(rules, file), rule_file },
		{ PTH_KEY(rules, log), PTH_KEY(rules, logs), collect_rule_log },
		{ PTH_KEY(rules, packets), PTH_KEY(rules, packet), rule_packets },
		{ PTH_KEY(rules, metrics), PTH_KEY(rules, metric), rule_metric },
	};
	const char *near[countof(kinds)], *best;
	struct rule self = *r;
	json_t *v;
	size_t i, k;

	for (i = 0; i < countof(kinds); i++) {
		near[i] = kinds[i].name;
		if (strcmp(key, kinds[i].name) != 0 && strcmp(key, kinds[i].other) != 0)
			continue;
		if (!json_is_array(value) || kinds[i].judge == rule_exit)
			kinds[i].judge(self, value);
		else
			json_array_foreach(value, k, v)
				kinds[i].judge(self, v);
		return;
	}
	best = pth_nearest(key, near, countof(near));
	self.name = key;
	self.status = PTH_S_ERROR;
	self.category = PTH_CAT_CONFIGURATION;
	collect_judged(&self, PTH_A_UNKNOWN,
	    best != NULL ? "unknown rule; did you mean %s?" : "unknown rule%s",
	    best != NULL ? best : "");
}

/* The served file of that name, below the test's directory; or NULL. */
static char *
served(const json_t *target, const char *name)
{
	struct pth_buf b = PTH_BUF_INIT;
	json_t *f;
	size_t i;

	json_array_foreach(pth_svc_files(target), i, f) {
		const char *path = pth_content_path(f);

		if (strncmp(path, "www/", 4) != 0 || strcmp(pth_base_name(path), name) != 0)
			continue;
		pth_buf_addf(&b, "%s/%s", pth_svc_name(target), path);
		return pth_buf_take(&b);
	}
	return NULL;
}

/* Is there a service that asks one for files which it serves? */
static bool
has_downloads(const json_t *rec)
{
	const json_t *s;
	size_t i;

	json_array_foreach(pth_rec_services(rec), i, s)
		if (json_array_size(pth_svc_files(pth_rec_service(rec, pth_svc_target(s)))) > 0)
			return true;
	return false;
}

void
collect_rule_downloads(struct judge *j)
{
	struct rule r = { .j = j, .status = PTH_S_FAILED };
	pth_auto_buf why = PTH_BUF_INIT;
	const json_t *a;
	size_t i;

	json_array_foreach(j->ev->artifacts, i, a) {
		const char *path = pth_artifact_path(a);
		const json_t *plan = pth_rec_service(j->rec, pth_artifact_service(a));
		const json_t *target = pth_rec_service(j->rec, pth_svc_target(plan));
		pth_auto_buf name = PTH_BUF_INIT;
		pth_auto_str source = NULL;

		if (strcmp(pth_artifact_kind(a), "download") != 0)
			continue;
		source = served(target, pth_base_name(path));
		pth_buf_addf(&name, "download %s", path);
		r.name = name.s;
		if (source != NULL)
			file_same(&r, path, source);
	}
	/* One that is not in the list would not be compared. */
	pth_gap_texts(j->ev->metrics, PTH_GAP_ARTIFACTS, &why);
	r.name = "downloads";
	if (why.len > 0 && has_downloads(j->rec))
		collect_judged(&r, PTH_A_UNKNOWN, "not all files could be read: %s", why.s);
}
