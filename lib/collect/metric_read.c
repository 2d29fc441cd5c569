/*
 * This file takes numbers out of the files that programs left behind, by the `metrics` of
 * descriptors, pth-plugin(5). The files are untrusted: only listed artifacts are opened, lines
 * and files have limits, and expressions that could take for ever are refused.
 */
#include "collect/metric.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/regex.h"
#include "base/text.h"
#include "base/words.h"
#include "collect/artifact.h"
#include "io/event.h"
#include "io/record.h"

#define LINE_MAX_BYTES 4096       /* of a line; what is behind is not looked at */
#define FILE_MAX_BYTES (64 << 20) /* of a log; the rest is not read */
#define JSON_MAX_BYTES (16 << 20)
#define NUMBER_MAX_BYTES 63
#define DEADLINE_US (10 * PTH_SECOND_US) /* of one file */

/* ---- reducing */

static void
take(struct pth_measure *m, double v)
{
	m->first = m->n != 0 ? m->first : v;
	m->min = m->n != 0 && m->min < v ? m->min : v;
	m->max = m->n != 0 && m->max > v ? m->max : v;
	m->last = v;
	m->sum += v;
	m->n++;
}

json_t *
pth_metric_reduce(const struct pth_measure *m, const json_t *spec)
{
	const struct {
		const char *name;
		double value;
	} ways[] = { { "count", (double)m->n }, { "first", m->first }, { "min", m->min },
		{ "max", m->max }, { "sum", m->sum }, { "mean", m->sum / (double)m->n } };
	const char *how = pth_measure_reduce(spec);
	double v = m->last;

	if (m->n == 0 && strcmp(how, "count") != 0)
		return NULL;
	for (size_t i = 0; i < countof(ways); i++)
		v = strcmp(how, ways[i].name) == 0 ? ways[i].value : v;
	v *= pth_measure_scale(spec);
	if (!isfinite(v))
		return NULL;
	return v == floor(v) && fabs(v) < 9e15 ? json_integer((json_int_t)v) : json_real(v);
}

/* "1,234.5" -> 1234.5: programs like valgrind write commas. */
static bool
number(const char *s, size_t n, double *v)
{
	struct pth_word rest = { s, n };
	char text[NUMBER_MAX_BYTES + 1], *end;
	size_t k = 0;

	pth_word_trim(&rest);
	for (size_t i = 0; i < rest.n && k < NUMBER_MAX_BYTES && rest.s[i] != '\0' &&
	     strchr("+-.,0123456789eE", rest.s[i]) != NULL;
	     i++)
		if (rest.s[i] != ',')
			text[k++] = rest.s[i];
	text[k] = '\0';
	*v = strtod(text, &end);
	return end != text && isfinite(*v);
}

/* ---- lines of a log */

struct search {
	struct pth_measure *m;
	struct pth_regex *re;
};

/* What is counted needs no number in it. */
static void
line(void *arg, const char *s, size_t n, bool rest)
{
	struct pth_measure *m = ((struct search *)arg)->m;
	struct pth_regex *re = ((struct search *)arg)->re;
	unsigned group = pth_regex_groups(re) > 0;
	struct pth_regex_span at[2];
	double v;

	if (rest || !pth_regex_find(re, s, n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES, at))
		return;
	if (m->counts)
		take(m, 1);
	else if (at[group].from != SIZE_MAX &&
	    number(s + at[group].from, at[group].to - at[group].from, &v))
		take(m, v);
}

/* ---- JSON */

static void
value(struct pth_measure *m, const json_t *v)
{
	const json_t *item;
	double d;
	size_t i;

	if (m->counts && v != NULL && !json_is_null(v) && !json_is_array(v))
		take(m, 1);
	else if (json_is_number(v))
		take(m, json_number_value(v));
	else if (json_is_boolean(v))
		take(m, json_is_true(v));
	else if (json_is_string(v) && number(json_string_value(v), json_string_length(v), &d))
		take(m, d);
	json_array_foreach(v, i, item)
		if (!json_is_array(item))
			value(m, item);
}

/* One value, or else one in each line. */
static void
json_text(struct pth_measure *m, const char *path, const char *s, size_t n)
{
	json_auto_t *whole = pth_json_parse(s, n, NULL);
	const char *nl;

	if (whole != NULL) {
		value(m, pth_json_path(whole, path));
		return;
	}
	/* A last line that was cut counts for nothing. */
	for (; n > 0 && (nl = memchr(s, '\n', n)) != NULL; n -= (size_t)(nl - s) + 1, s = nl + 1) {
		json_auto_t *v = pth_json_parse(s, (size_t)(nl - s), NULL);

		value(m, pth_json_path(v, path));
	}
	if (n > 0)
		m->lack = "the file breaks off";
}

/* ---- one metric, and all of them */

void
pth_metric_read(struct pth_measure *m, const json_t *spec, int fd, int64_t size)
{
	const char *path = pth_measure_json(spec), *given = pth_measure_matches(spec);
	const char *pattern = given != NULL ? given : ".";
	struct pth_err e;
	pth_auto_regex re = path == NULL ? pth_regex_new(pattern, PTH_REGEX_LINES, &e) : NULL;
	struct search s = { m, re };
	pth_auto_buf text = PTH_BUF_INIT;

	m->counts = strcmp(pth_measure_reduce(spec), "count") == 0;
	if (path != NULL) {
		if (pth_artifact_read(fd, size, JSON_MAX_BYTES, &text))
			json_text(m, path, text.s, text.len);
		if ((int64_t)text.len < size)
			m->lack = size > JSON_MAX_BYTES ? "the file is too long" :
			                                  "the file cannot be read";
	} else if (re != NULL) {
		pth_artifact_lines(fd, FILE_MAX_BYTES, pth_mono_us() + DEADLINE_US, line, &s);
		if (lseek(fd, 0, SEEK_CUR) < size)
			m->lack = "not all of the file could be read";
	} else {
		m->lack = "the expression is refused";
	}
}

/* Was the log, at this path below its service's directory, cut at its limit? */
static bool
is_cut(const json_t *rec, const char *service, const char *path)
{
	return json_object_get(pth_rsvc_logs_cut(pth_rec_ended_service(rec, service)), path) !=
	    NULL;
}

/* A number of a service, of which a file was not read as a whole. */
static void
lacks(json_t *metrics, const char *service, const json_t *spec, const char *path, const char *why)
{
	pth_auto_buf of = PTH_BUF_INIT;
	const char *name = pth_measure_name(spec);

	pth_buf_addf(&of, "measures.%s.%s", service, name != NULL ? name : "?");
	pth_gap_add(
	    metrics, of.s, strcmp(pth_measure_reduce(spec), "count") == 0, "%s: %s", path, why);
}

/* What is to be read: files of the list, below the directory of the test. */
struct source {
	int dirfd;
	const json_t *rec, *artifacts;
	json_t *metrics;
};

/* One metric of a service, from the files of the list that it is about. */
static void
one(const struct source *src, const char *service, const json_t *spec, json_t *out)
{
	const char *name = pth_measure_name(spec), *pattern = pth_measure_matches(spec);
	struct pth_err e;
	pth_auto_regex re = pattern != NULL ? pth_regex_new(pattern, 0, &e) : NULL;
	struct pth_measure m = { 0 };
	size_t n = strlen(service), i;
	bool found = false;
	json_t *a, *v;

	if (pattern != NULL && re == NULL)
		pth_warn("%s: metric %s: %s", service, name != NULL ? name : "?", e.text);
	json_array_foreach(src->artifacts, i, a) {
		const char *path = pth_artifact_path(a);
		bool ours = strncmp(path, service, n) == 0 && path[n] == '/' &&
		    pth_glob(pth_measure_file(spec), path + n + 1);
		int64_t size = 0;
		pth_auto_fd fd = ours ? pth_artifact_open(src->dirfd, path, &size) : -1;

		m.lack = NULL;
		if (ours && fd < 0)
			m.lack = strerror(errno);
		else if (ours && is_cut(src->rec, service, path + n + 1))
			m.lack = "the log was cut";
		if (fd >= 0)
			pth_metric_read(&m, spec, fd, size);
		found = found || fd >= 0;
		if (m.lack != NULL)
			lacks(src->metrics, service, spec, path, m.lack);
	}
	v = found && name != NULL ? pth_metric_reduce(&m, spec) : NULL;
	if (v != NULL)
		pth_json_set(out, name, v);
}

void
pth_metric_measures(int dirfd, const json_t *rec, const json_t *artifacts, json_t *metrics)
{
	const struct source src = { dirfd, rec, artifacts, metrics };
	json_auto_t *all = json_object();
	json_t *service, *spec;
	size_t i, k;

	json_array_foreach(pth_rec_services(rec), i, service) {
		const char *name = pth_svc_name(service);
		json_auto_t *out = json_object();

		json_array_foreach(pth_svc_metrics(service), k, spec)
			one(&src, name, spec, out);
		if (json_object_size(out) > 0)
			pth_json_set(all, name, json_incref(out));
	}
	if (json_object_size(all) > 0)
		pth_metrics_set_measures(metrics, json_incref(all));
}

const json_t *
pth_metric_measure(const json_t *metrics, const char *name, struct pth_buf *path)
{
	json_t *all = pth_metrics_measures(metrics), *own, *v;
	const json_t *found = NULL;
	const char *service, *of = "";

	json_object_foreach(all, service, own) {
		size_t n = strlen(service);

		if (strncmp(name, service, n) == 0 && name[n] == '.' &&
		    (v = json_object_get(own, name + n + 1)) != NULL) {
			if (path != NULL)
				pth_buf_addf(path, "measures.%s", name);
			return v;
		}
	}
	json_object_foreach(all, service, own) {
		v = json_object_get(own, name);
		if (v != NULL && found != NULL)
			return NULL;
		found = v != NULL ? v : found;
		of = v != NULL ? service : of;
	}
	if (found != NULL && path != NULL)
		pth_buf_addf(path, "measures.%s.%s", of, name);
	return found;
}
