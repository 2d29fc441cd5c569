/* This file has the rules of a verdict: what each kind looks at, and how it says what it found. */
#include "collect/verdict_rule.h"

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
	const char *reason = pth_rsvc_reason(s), *error = pth_rsvc_error(s);
	const char *signal = pth_rsvc_signal(s);

	switch (pth_end_of(reason)) {
	case PTH_END_EXIT: pth_buf_addf(b, "exit code %lld", (long long)pth_rsvc_code(s)); break;
	case PTH_END_SIGNAL:
		pth_buf_addf(b, "killed by SIG%s%s", signal != NULL ? signal : "?",
		    pth_rsvc_core(s) ? ", core dumped" : "");
		break;
	default:
		pth_buf_adds(b, *reason != '\0' ? reason : "unknown");
		if (*error != '\0')
			pth_buf_addf(b, ": %s", error);
	}
	return pth_end_judge(s);
}

void
collect_rule_wrong(struct rule r, const char *why, const char *what)
{
	r.status = PTH_S_ERROR;
	r.category = PTH_CAT_CONFIGURATION;
	collect_judged(&r, PTH_A_UNKNOWN, "%s%s", why, what);
}

#define KEYS(o)                                  \
	(const char *const[])                    \
	{                                        \
		PTH_KEYS_##o(PTH_KEY_OF, o) NULL \
	}
#define MIN_MAX(o) PTH_KEY(o, min), PTH_KEY(o, max)

/* Is the value of a type that the key may have? What has none would not be looked at. */
static bool
type_right(const char *key, const json_t *v)
{
	static const char *const numbers[] = { PTH_KEY(rulefile, size), PTH_KEY(rulefile, min_size),
		PTH_KEY(rulefile, max_size), PTH_KEY(rulelog, min), PTH_KEY(rulelog, max) };

	for (size_t i = 0; i < countof(numbers); i++)
		if (strcmp(key, numbers[i]) == 0)
			return true; /* range() sees to these */
	if (strcmp(key, PTH_KEY(rulefile, exists)) == 0)
		return json_is_boolean(v);
	return json_is_string(v) || json_is_null(v);
}

/* True when all keys of the rule are in known (NULL-terminated) and have values that can be
 * meant; else the rule is added as wrong. */
static bool
keys_known(const struct rule *r, json_t *rule, const char *const *known)
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

struct range {
	double min, max;
	bool has_min, has_max;
};

static const struct range at_least_one = { .min = 1, .has_min = true };

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
static bool
range(const struct rule *r, const json_t *rule, const char *min, const char *max, struct range *to)
{
	*to = (struct range){ 0 };
	if (bound(rule, min, &to->min, &to->has_min) && bound(rule, max, &to->max, &to->has_max))
		return true;
	collect_rule_wrong(*r, "min and max must be numbers", "");
	return false;
}

static bool
is_open(const struct range *r)
{
	return !r->has_min && !r->has_max;
}

static bool
within(const struct range *r, double v)
{
	return (!r->has_min || v >= r->min) && (!r->has_max || v <= r->max);
}

/* Is a number in the range, which is one of the span? */
static enum pth_answer
span_within(const struct range *r, const struct pth_span *s)
{
	if (within(r, s->least) && within(r, s->most))
		return PTH_A_YES;
	return (r->has_min && s->most < r->min) || (r->has_max && s->least > r->max) ?
	    PTH_A_NO :
	    PTH_A_UNKNOWN;
}

static void
wanted(struct pth_buf *b, const struct range *r)
{
	if (r->has_min)
		pth_buf_addf(b, ", at least %.15g wanted", r->min);
	if (r->has_max)
		pth_buf_addf(b, ", at most %.15g wanted", r->max);
}

/* A number, which b says already, against its range. span: what it may really be, and why. */
static void
judge_number(const struct rule *r, const struct range *want, const struct pth_span *span,
    struct pth_buf *b, const struct pth_buf *why)
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
		pth_json_set(r.j->exits, service, json_boolean(ok));
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
static char *
rule_path(const struct rule *r, const char *service, const char *path)
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
file_size(const struct rule *r, int64_t size, const struct range *limits, const struct range *exact)
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
	struct range limits, exact;
	int64_t size = 0;

	pth_buf_addf(&name, "file %s", given != NULL ? given : "?");
	r.name = name.s;
	if (!keys_known(&r, v, KEYS(rulefile)) ||
	    !range(&r, v, PTH_KEY(rulefile, min_size), PTH_KEY(rulefile, max_size), &limits) ||
	    !range(&r, v, PTH_KEY(rulefile, size), PTH_KEY(rulefile, size), &exact))
		return;
	if (given == NULL) {
		collect_rule_wrong(r, "the rule has no path", "");
		return;
	}
	path = rule_path(&r, pth_rulefile_service(v), given);
	if (file_exists(&r, path, want, &size))
		return;
	if (!is_open(&limits) || !is_open(&exact) || (same == NULL && sum == NULL))
		file_size(&r, size, &limits, &exact);
	if (same != NULL) {
		other = rule_path(&r, NULL, same);
		file_same(&r, path, other);
	}
	if (sum != NULL)
		file_sha256(&r, path, sum);
}

#define PIECE_MAX ((size_t)64 << 10) /* a longer line comes in pieces of that length */

#define LINE_MAX_BYTES ((size_t)64 << 20) /* so much of a line is looked at as one */

struct matches {
	struct pth_regex *re;
	struct pth_buf held; /* of the line at hand, when it comes in pieces */
	int64_t n;           /* lines that match */
	int64_t unsure;      /* that may match: no piece of them does */
	bool matched, doubt; /* the line at hand, so far */
};

static void
line_over(struct matches *x)
{
	if (x->held.len > 0)
		x->matched = x->matched ||
		    pth_regex_match_part(x->re, x->held.s, x->held.len, true, !x->doubt);
	pth_buf_release(&x->held);
	x->n += x->matched;
	x->unsure += x->doubt && !x->matched;
	x->matched = x->doubt = false;
}

/* NUL and invalid UTF-8 do no harm. Pieces of a line are put together; those of an enormous one
 * have no begin or no end. */
static void
match_line(void *arg, const char *s, size_t n, bool rest)
{
	struct matches *x = arg;
	bool open = n >= PIECE_MAX;

	if (!rest)
		line_over(x);
	if (!rest && !open) {
		x->matched = pth_regex_match(x->re, s, n);
	} else if (!x->doubt && x->held.len + n <= LINE_MAX_BYTES) {
		pth_buf_add(&x->held, s, n);
	} else {
		x->doubt = true;
		x->matched = x->matched || pth_regex_match_part(x->re, s, n, false, !open);
	}
}

/* Count in one log, a part of the service's outputs or a file that it wrote; what is not known of
 * it is appended to why. */
static void
count_file(const struct rule *r, const char *service, const char *file, struct matches *x,
    struct pth_buf *why)
{
	const json_t *end = pth_rec_ended_service(r->j->rec, service);
	pth_auto_str path = rule_path(r, service, file);
	struct stat st;
	pth_auto_fd fd = pth_open_regular(r->j->ev->dirfd, path, &st);
	const char *sep = why->len > 0 ? "; " : "";

	if (fd < 0) {
		pth_buf_addf(why, "%s%s: %s", sep, file,
		    errno == ENOENT     ? "there is no such log" :
		        errno == EINVAL ? "is no regular file" :
		                          strerror(errno));
		return;
	}
	pth_artifact_lines_within(fd, r->j->ev->budget, match_line, x);
	line_over(x);
	if (lseek(fd, 0, SEEK_CUR) < st.st_size)
		pth_buf_addf(why, "%s%s: not all of it can be read", sep, file);
	else if (json_object_get(pth_rsvc_logs_cut(end), file) != NULL)
		pth_buf_addf(why, "%s%s: it was cut at its limit", sep, file);
}

/* Matches in one log, or in both outputs when no file is named. */
static struct pth_span
count_log(const struct rule *r, const char *service, const char *file, struct pth_regex *re,
    struct pth_buf *why)
{
	const char *const both[] = { "stdout.log", "stderr.log" };
	struct matches x = { .re = re };
	struct pth_span n;

	for (size_t i = 0; i < (file != NULL ? 1 : countof(both)); i++)
		count_file(r, service, file != NULL ? file : both[i], &x, why);
	n = (struct pth_span){ (double)x.n, why->len > 0 ? INFINITY : (double)(x.n + x.unsure) };
	if (x.unsure > 0)
		pth_buf_addf(why, "%s%lld line%s longer than 64 MiB", why->len > 0 ? "; " : "",
		    (long long)x.unsure, x.unsure == 1 ? "" : "s");
	return n;
}

static void
log_counted(const struct rule *r, const json_t *v, const struct pth_span *n, bool never,
    const struct pth_buf *why)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct range want;

	if (!range(r, v, MIN_MAX(rulelog), &want))
		return;
	if (is_open(&want))
		want = never ? (struct range){ .has_max = true } : at_least_one;
	pth_buf_addf(&b, "%.0f line%s", n->least, n->least == 1 ? "" : "s");
	judge_number(r, &want, n, &b, why);
}

/* {service, file, matches | not_matches, min, max} */
static void
rule_log(struct rule r, json_t *v)
{
	const char *own = pth_rulelog_service(v), *service = own != NULL ? own : r.service;
	const char *never = pth_rulelog_not_matches(v), *always = pth_rulelog_matches(v);
	const char *regex = always != NULL ? always : never;
	pth_auto_buf name = PTH_BUF_INIT, why_not = PTH_BUF_INIT;
	pth_auto_regex re = NULL;
	struct pth_span n;
	struct pth_err e;

	pth_buf_addf(
	    &name, "log %s %s", service != NULL ? service : "?", never != NULL ? "without " : "");
	pth_show(&name, regex != NULL ? regex : "?", 200);
	r.name = name.s;
	if (!keys_known(&r, v, KEYS(rulelog)))
		return;
	if (service == NULL || regex == NULL || (always != NULL && never != NULL)) {
		collect_rule_wrong(
		    r, "the rule needs a service and matches or not_matches, not both", "");
		return;
	}
	re = pth_regex_new(regex, PTH_REGEX_LINES, &e);
	if (re == NULL) {
		collect_rule_wrong(r, e.text, "");
		return;
	}
	n = count_log(&r, service, pth_rulelog_file(v), re, &why_not);
	log_counted(&r, v, &n, never != NULL, &why_not);
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
	struct range want;
	struct pth_span span;

	r.by = by_tshark ? "tshark" : NULL;
	pth_buf_adds(&name, "packets ");
	pth_show(&name, filter != NULL ? filter : "?", 200);
	r.name = name.s;
	if (!keys_known(&r, v, KEYS(rulepackets)) || !range(&r, v, MIN_MAX(rulepackets), &want))
		return;
	if (filter == NULL) {
		collect_rule_wrong(r, "the rule has no filter", "");
	} else if (n == NULL) {
		not_measured(r, true, "packets not counted", "tshark did not count this filter");
	} else {
		pth_buf_addf(&b, "%lld packet%s", (long long)json_integer_value(n),
		    json_integer_value(n) == 1 ? "" : "s");
		span = pth_gap_packets(ev->metrics, filter, by_tshark, json_number_value(n), &why);
		judge_number(&r, is_open(&want) ? &at_least_one : &want, &span, &b, &why);
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
	struct range want;
	struct pth_span span;

	if (metric != NULL)
		n = pth_metric_find(metrics, metric, &path);
	pth_buf_addf(&name, "metric %s", metric != NULL ? metric : "?");
	r.name = name.s;
	if (!keys_known(&r, v, KEYS(rulemetric)) || !range(&r, v, MIN_MAX(rulemetric), &want))
		return;
	if (metric == NULL || is_open(&want)) {
		collect_rule_wrong(r, "the rule needs a name and min or max", "");
	} else if (!json_is_number(n)) {
		not_measured(r, pth_gap_needs_capture(metric), "was not measured", NULL);
	} else {
		pth_buf_addf(&b, "%.15g", json_number_value(n));
		span = pth_gap_metric(metrics, path.s, json_number_value(n), &why);
		judge_number(&r, &want, &span, &b, &why);
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
		{ PTH_KEY(rules, log), PTH_KEY(rules, logs), rule_log },
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
