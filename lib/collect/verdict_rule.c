#include "collect/verdict_rule.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
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
collect_rule_wrong(struct judge *j, const struct rule_from *from, const char *rule, const char *why,
    const char *what)
{
	struct rule_from self = *from;

	self.category = PTH_CAT_CONFIGURATION;
	collect_judge_add(j, &self, PTH_S_ERROR, false, rule, "%s%s", why, what);
}

/* True when all keys of rule are in known (NULL-terminated); else it is added
 * as wrong. */
static bool
keys_known(struct judge *j, const struct rule_from *from, const char *name, json_t *rule,
    const char *const *known)
{
	json_t *v;
	const char *key;

	if (!json_is_object(rule)) {
		collect_rule_wrong(j, from, name, "the rule must be a map", "");
		return false;
	}
	json_object_foreach(rule, key, v) {
		size_t i;

		for (i = 0; known[i] != NULL && strcmp(known[i], key) != 0; i++)
			;
		if (known[i] == NULL) {
			collect_rule_wrong(j, from, name, "unknown key in the rule: ", key);
			return false;
		}
	}
	return true;
}

#define MIN_MAX(o) PTH_KEY(o, min), PTH_KEY(o, max)

/* min and max of a rule; false and added as wrong when they are no numbers. */
struct range {
	double min, max;
	bool has_min, has_max;
};

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

static bool
range(struct judge *j, const struct rule_from *from, const char *name, json_t *rule,
    const char *min, const char *max, struct range *r)
{
	if (bound(rule, min, &r->min, &r->has_min) && bound(rule, max, &r->max, &r->has_max))
		return true;
	collect_rule_wrong(j, from, name, "min and max must be numbers", "");
	return false;
}

static bool
within(const struct range *r, double v)
{
	return (!r->has_min || v >= r->min) && (!r->has_max || v <= r->max);
}

static void
wanted(struct pth_buf *b, const struct range *r)
{
	if (r->has_min)
		pth_buf_addf(b, ", at least %.15g wanted", r->min);
	if (r->has_max)
		pth_buf_addf(b, ", at most %.15g wanted", r->max);
}

/* One accepted way to end: a code, "any" code, or a signal's name. */
static bool
ended_so(const json_t *s, const json_t *want)
{
	const json_t *code = PTH_GET(rsvc, s, code);
	const char *signal = pth_rsvc_signal(s), *text = json_string_value(want);

	if (json_is_integer(want))
		return json_is_integer(code) &&
		    json_integer_value(code) == json_integer_value(want);
	if (text == NULL)
		return false;
	if (strcmp(text, "any") == 0)
		return json_is_integer(code);
	if (strncmp(text, "SIG", 3) == 0)
		text += 3;
	return strcmp(signal != NULL ? signal : "", text) == 0;
}

static void
exit_rule(struct judge *j, const struct rule_from *from, const char *service, const json_t *want)
{
	const json_t *s = pth_rec_ended_service(j->rec, service), *w;
	pth_auto_buf rule = PTH_BUF_INIT, how = PTH_BUF_INIT, dump = PTH_BUF_INIT;
	bool ok = false;
	size_t i;

	pth_buf_addf(&rule, "exit %s", service);
	if (s == NULL) {
		collect_rule_wrong(j, from, rule.s, "no such service in this test: ", service);
	} else if (!json_is_integer(want) && !json_is_string(want) && !json_is_array(want)) {
		collect_rule_wrong(j, from, rule.s,
		    "an exit rule is a code, a list of codes, a signal or any", "");
	} else {
		pth_verdict_service_end(j->rec, service, &how);
		ok = ended_so(s, want);
		json_array_foreach(want, i, w)
			ok |= ended_so(s, w);
		pth_json_dump(&dump, want);
		collect_judge_add(
		    j, from, from->status, ok, rule.s, ok ? "%s" : "%s, %s wanted", how.s, dump.s);
		pth_json_set(j->exits, service, json_boolean(ok));
	}
}

static void
rule_exit(struct judge *j, const struct rule_from *from, json_t *v)
{
	const char *service;
	json_t *want;

	if (!json_is_object(v)) {
		if (from->service == NULL)
			collect_rule_wrong(j, from, "exit", "must be a map of services", "");
		else
			exit_rule(j, from, from->service, v);
		return;
	}
	json_object_foreach(v, service, want)
		exit_rule(j, from, service, want);
}

/* The path of a rule below the test's directory: a descriptor's is relative
 * to its service, "@{dir}/" is the test's. Caller frees. */
static char *
rule_path(const struct rule_from *from, const char *service, const char *path)
{
	const char *rest = pth_places_below(path, "dir");
	struct pth_buf b = PTH_BUF_INIT;

	if (rest == NULL && (service != NULL || from->service != NULL))
		pth_buf_addf(&b, "%s/", service != NULL ? service : from->service);
	pth_buf_adds(&b, rest != NULL ? rest : path);
	return pth_buf_take(&b);
}

static void
file_same(struct judge *j, const struct rule_from *from, const char *rule, const char *path,
    const char *as)
{
	pth_auto_buf why = PTH_BUF_INIT;
	int64_t bytes = 0;
	int same = pth_artifact_same(j->ev->dirfd, path, as, &bytes, &why);

	if (same == 1)
		collect_judge_add(j, from, from->status, true, rule, "the same %lld bytes as %s",
		    (long long)bytes, as);
	else
		collect_judge_add(j, from, from->status, false, rule, "%s", why.s);
}

static void
file_sha256(struct judge *j, const struct rule_from *from, const char *rule, const char *path,
    const char *want)
{
	char hex[65] = "";
	int64_t bytes;
	int fd = pth_artifact_open(j->ev->dirfd, path, NULL);

	if (fd < 0 || pth_sha256_fd(fd, hex, &bytes) != 0)
		collect_judge_add(
		    j, from, from->status, false, rule, "%s: %s", path, strerror(errno));
	else
		collect_judge_add(
		    j, from, from->status, strcasecmp(hex, want) == 0, rule, "SHA-256 is %s", hex);
	if (fd >= 0)
		close(fd);
}

static void
file_size(struct judge *j, const struct rule_from *from, const char *rule, int64_t size,
    const struct range *r, const struct range *exact)
{
	pth_auto_buf b = PTH_BUF_INIT;
	bool ok = within(r, (double)size) && (!exact->has_min || (double)size == exact->min);

	pth_buf_addf(&b, "%lld bytes", (long long)size);
	if (!ok) {
		wanted(&b, r);
		if (exact->has_min)
			pth_buf_addf(&b, ", %.15g wanted", exact->min);
	}
	collect_judge_add(j, from, from->status, ok, rule, "%s", b.s);
}

/* {path, exists, same_as, size, min_size, max_size, sha256} */
static void
rule_file(struct judge *j, const struct rule_from *from, json_t *v)
{
	static const char *const known[] = { PTH_KEYS_rulefile(PTH_KEY_OF, rulefile) NULL };
	struct range r = { 0 }, exact = { 0 };
	const char *given = pth_rulefile_path(v), *same, *sum;
	pth_auto_buf rule = PTH_BUF_INIT;
	pth_auto_str path = NULL;
	char *other;
	int64_t size = 0;
	bool want;
	int fd;

	pth_buf_addf(&rule, "file %s", given != NULL ? given : "?");
	if (!keys_known(j, from, rule.s, v, known) ||
	    !range(
	        j, from, rule.s, v, PTH_KEY(rulefile, min_size), PTH_KEY(rulefile, max_size), &r) ||
	    !range(j, from, rule.s, v, PTH_KEY(rulefile, size), PTH_KEY(rulefile, size), &exact))
		return;
	if (given == NULL) {
		collect_rule_wrong(j, from, rule.s, "the rule has no path", "");
		return;
	}
	path = rule_path(from, pth_rulefile_service(v), given);
	fd = pth_artifact_open(j->ev->dirfd, path, &size);
	if (fd >= 0)
		close(fd);
	want = pth_rulefile_exists(v);
	if (!want || fd < 0) {
		collect_judge_add(j, from, from->status, want == (fd >= 0), rule.s, "%s",
		    fd >= 0             ? "the file exists" :
		        errno == ENOENT ? "there is no such file" :
		                          strerror(errno));
		return;
	}
	same = pth_rulefile_same_as(v);
	sum = pth_rulefile_sha256(v);
	if (r.has_min || r.has_max || exact.has_min || (same == NULL && sum == NULL))
		file_size(j, from, rule.s, size, &r, &exact);
	if (same != NULL) {
		other = rule_path(from, NULL, same);
		file_same(j, from, rule.s, path, other);
		free(other);
	}
	if (sum != NULL)
		file_sha256(j, from, rule.s, path, sum);
}

struct search {
	const regex_t *re;
	int64_t n; /* lines that match */
};

/* NUL and invalid UTF-8 do no harm: REG_STARTEND, and the tools run in the C
 * locale. A line that is too long is judged piece by piece. */
static void
match_line(void *arg, const char *s, size_t n, bool rest)
{
	struct search *x = arg;
	regmatch_t m = { 0, (regoff_t)n };

	(void)rest;
	x->n += regexec(x->re, s, 1, &m, REG_STARTEND) == 0;
}

/* Matches in one log, or in both outputs when no file is named. -1: none can
 * be read. */
static int64_t
count_log(struct judge *j, const struct rule_from *from, const char *service, const char *file,
    const regex_t *re)
{
	const char *const both[] = { "stdout.log", "stderr.log" };
	struct search x = { re, 0 };
	bool any = false;

	for (size_t i = 0; i < (file != NULL ? 1 : countof(both)); i++) {
		char *path = rule_path(from, service, file != NULL ? file : both[i]);
		int fd = pth_artifact_open(j->ev->dirfd, path, NULL);

		if (fd >= 0) {
			any = true;
			pth_artifact_lines(fd, INT64_MAX, INT64_MAX, match_line, &x);
			close(fd);
		}
		free(path);
	}
	return any ? x.n : -1;
}

static void
log_counted(struct judge *j, const struct rule_from *from, json_t *v, const char *rule, int64_t n,
    bool never)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct range r = { 0 };

	if (!range(j, from, rule, v, MIN_MAX(rulelog), &r))
		return;
	if (!r.has_min && !r.has_max)
		r = never ? (struct range){ .has_max = true } : (struct range){ 1, 0, true, false };
	if (n < 0) {
		collect_judge_add(j, from, from->status, false, rule, "there is no such log");
		return;
	}
	pth_buf_addf(&b, "%lld line%s", (long long)n, n == 1 ? "" : "s");
	if (!within(&r, (double)n))
		wanted(&b, &r);
	collect_judge_add(j, from, from->status, within(&r, (double)n), rule, "%s", b.s);
}

/* {service, file, matches | not_matches, min, max} */
static void
rule_log(struct judge *j, const struct rule_from *from, json_t *v)
{
	static const char *const known[] = { PTH_KEYS_rulelog(PTH_KEY_OF, rulelog) NULL };
	const char *own = pth_rulelog_service(v), *service = own != NULL ? own : from->service;
	const char *never = pth_rulelog_not_matches(v), *always = pth_rulelog_matches(v);
	const char *regex = always != NULL ? always : never;
	pth_auto_buf rule = PTH_BUF_INIT;
	char why[200];
	regex_t re;
	int rc;

	pth_buf_addf(
	    &rule, "log %s %s", service != NULL ? service : "?", never != NULL ? "without " : "");
	pth_show(&rule, regex != NULL ? regex : "?", 200);
	if (!keys_known(j, from, rule.s, v, known))
		return;
	if (service == NULL || regex == NULL) {
		collect_rule_wrong(
		    j, from, rule.s, "the rule needs a service and matches or not_matches", "");
		return;
	}
	rc = regcomp(&re, regex, REG_EXTENDED | REG_NEWLINE);
	if (rc != 0) {
		regerror(rc, NULL, why, sizeof why);
		collect_rule_wrong(j, from, rule.s, "not a regular expression: ", why);
		return;
	}
	log_counted(j, from, v, rule.s, count_log(j, from, service, pth_rulelog_file(v), &re),
	    never != NULL);
	regfree(&re);
}

/* {filter, min, max}: packets that a Wireshark display filter takes */
static void
rule_packets(struct judge *j, const struct rule_from *from, json_t *v)
{
	static const char *const known[] = { PTH_KEYS_rulepackets(PTH_KEY_OF, rulepackets) NULL };
	const char *filter = pth_rulepackets_filter(v);
	const json_t *n = filter != NULL ? json_object_get(j->ev->filters, filter) : NULL;
	pth_auto_buf rule = PTH_BUF_INIT, b = PTH_BUF_INIT;
	struct range r = { 0 };

	pth_buf_adds(&rule, "packets ");
	pth_show(&rule, filter != NULL ? filter : "?", 200);
	if (!keys_known(j, from, rule.s, v, known) ||
	    !range(j, from, rule.s, v, MIN_MAX(rulepackets), &r))
		return;
	if (!r.has_min && !r.has_max)
		r = (struct range){ 1, 0, true, false };
	if (filter == NULL) {
		collect_rule_wrong(j, from, rule.s, "the rule has no filter", "");
	} else if (n == NULL) {
		collect_judge_add(j, from,
		    j->ev->filter_refused != 0 ? PTH_S_ERROR : PTH_S_UNSUPPORTED, false, rule.s,
		    "packets not counted: %s",
		    j->ev->no_packets != NULL ? j->ev->no_packets :
		                                "tshark did not count this filter");
	} else {
		pth_buf_addf(&b, "%lld packet%s", (long long)json_integer_value(n),
		    json_integer_value(n) == 1 ? "" : "s");
		if (!within(&r, json_number_value(n)))
			wanted(&b, &r);
		if (j->ev->incomplete != NULL)
			pth_buf_addf(&b, " (%s)", j->ev->incomplete);
		collect_judge_add(
		    j, from, from->status, within(&r, json_number_value(n)), rule.s, "%s", b.s);
	}
}

/* {name, min, max}: a number of "metrics" */
static void
rule_metric(struct judge *j, const struct rule_from *from, json_t *v)
{
	static const char *const known[] = { PTH_KEYS_rulemetric(PTH_KEY_OF, rulemetric) NULL };
	const char *name = pth_rulemetric_name(v);
	const json_t *n = name != NULL ? pth_metric_find(j->ev->metrics, name) : NULL;
	pth_auto_buf rule = PTH_BUF_INIT, b = PTH_BUF_INIT;
	struct range r = { 0 };

	pth_buf_addf(&rule, "metric %s", name != NULL ? name : "?");
	if (!keys_known(j, from, rule.s, v, known) ||
	    !range(j, from, rule.s, v, MIN_MAX(rulemetric), &r))
		return;
	if (name == NULL || (!r.has_min && !r.has_max)) {
		collect_rule_wrong(j, from, rule.s, "the rule needs a name and min or max", "");
	} else if (!json_is_number(n)) {
		collect_judge_add(j, from,
		    j->ev->no_packets != NULL ? PTH_S_UNSUPPORTED : from->status, false, rule.s,
		    "was not measured%s%s", j->ev->no_packets != NULL ? ": " : "",
		    j->ev->no_packets != NULL ? j->ev->no_packets : "");
	} else {
		pth_buf_addf(&b, "%.15g", json_number_value(n));
		if (!within(&r, json_number_value(n)))
			wanted(&b, &r);
		collect_judge_add(
		    j, from, from->status, within(&r, json_number_value(n)), rule.s, "%s", b.s);
	}
}

void
collect_rule(struct judge *j, const struct rule_from *from, const char *name, json_t *value)
{
	static const struct {
		const char *name, *other;
		void (*judge)(struct judge *, const struct rule_from *, json_t *);
	} rules[] = {
		{ PTH_KEY(rules, exit), PTH_KEY(rules, exits), rule_exit },
		{ PTH_KEY(rules, files), PTH_KEY(rules, file), rule_file },
		{ PTH_KEY(rules, log), PTH_KEY(rules, logs), rule_log },
		{ PTH_KEY(rules, packets), PTH_KEY(rules, packet), rule_packets },
		{ PTH_KEY(rules, metrics), PTH_KEY(rules, metric), rule_metric },
	};
	struct rule_from self = *from;
	const char *near[countof(rules)], *best;
	json_t *v;
	size_t i, k;

	for (i = 0; i < countof(rules); i++) {
		near[i] = rules[i].name;
		if (strcmp(name, rules[i].name) != 0 && strcmp(name, rules[i].other) != 0)
			continue;
		if (!json_is_array(value) || rules[i].judge == rule_exit) {
			rules[i].judge(j, from, value);
			return;
		}
		json_array_foreach(value, k, v)
			rules[i].judge(j, from, v);
		return;
	}
	best = pth_nearest(name, near, countof(near));
	self.category = PTH_CAT_CONFIGURATION;
	collect_judge_add(j, &self, PTH_S_ERROR, false, name,
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

void
collect_rule_downloads(struct judge *j)
{
	const struct rule_from from = { .status = PTH_S_FAILED };
	const json_t *a;
	size_t i;

	json_array_foreach(j->ev->artifacts, i, a) {
		const char *path = pth_artifact_path(a);
		const json_t *plan = pth_rec_service(j->rec, pth_artifact_service(a));
		const json_t *target = pth_rec_service(j->rec, pth_svc_target(plan));
		pth_auto_buf rule = PTH_BUF_INIT;
		char *source;

		if (strcmp(pth_artifact_kind(a), "download") != 0)
			continue;
		source = served(target, pth_base_name(path));
		if (source != NULL) {
			pth_buf_addf(&rule, "download %s", path);
			file_same(j, &from, rule.s, path, source);
		}
		free(source);
	}
}
