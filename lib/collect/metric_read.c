/*
 * Numbers out of the files that programs left behind: the `metrics` of
 * descriptors, pth-plugin(5). The files are untrusted: only listed artifacts
 * are opened, lines and files have limits, and expressions that could take
 * for ever are refused.
 */
#include "collect/metric.h"

#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
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

/* NULL when there is nothing that could be reduced. */
static json_t *
reduced(const struct pth_measure *m, const char *how, double scale)
{
	double v = m->last;

	if (strcmp(how, "count") == 0)
		v = (double)m->n;
	else if (m->n == 0)
		return NULL;
	else if (strcmp(how, "first") == 0)
		v = m->first;
	else if (strcmp(how, "min") == 0)
		v = m->min;
	else if (strcmp(how, "max") == 0)
		v = m->max;
	else if (strcmp(how, "sum") == 0)
		v = m->sum;
	else if (strcmp(how, "mean") == 0)
		v = m->sum / (double)m->n;
	v *= scale;
	if (!isfinite(v))
		return NULL;
	return v == floor(v) && fabs(v) < 9e15 ? json_integer((json_int_t)v) : json_real(v);
}

/* "1,234.5" -> 1234.5: programs like valgrind write commas. */
static bool
number(const char *s, size_t n, double *v)
{
	char text[NUMBER_MAX_BYTES + 1], *end;
	size_t k = 0;

	while (n > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		n--;
	}
	for (;
	     n > 0 && k < NUMBER_MAX_BYTES && strchr("+-.,0123456789eE", *s) != NULL && *s != '\0';
	     s++, n--)
		if (*s != ',')
			text[k++] = *s;
	text[k] = '\0';
	*v = strtod(text, &end);
	return end != text && isfinite(*v);
}

/* ---- lines of a log */

struct search {
	struct pth_measure *m;
	regex_t re;
};

/* What is counted needs no number in it. */
static void
line(void *arg, const char *s, size_t n, bool rest)
{
	struct pth_measure *m = ((struct search *)arg)->m;
	const regex_t *re = &((struct search *)arg)->re;
	regmatch_t at[2] = { { 0, (regoff_t)(n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES) } };
	int group = re->re_nsub > 0;
	double v;

	if (rest || regexec(re, s, countof(at), at, REG_STARTEND) != 0)
		return;
	if (m->counts)
		take(m, 1);
	else if (at[group].rm_so >= 0 &&
	    number(s + at[group].rm_so, (size_t)(at[group].rm_eo - at[group].rm_so), &v))
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
	struct pth_err e;
	json_t *v = pth_json_parse(s, n, &e);
	const char *nl;

	if (v != NULL) {
		value(m, pth_json_path(v, path));
		json_decref(v);
		return;
	}
	for (; n > 0; n -= (size_t)(nl - s) + 1, s = nl + 1) {
		nl = memchr(s, '\n', n);
		if (nl == NULL)
			return; /* a last line that was cut counts for nothing */
		v = pth_json_parse(s, (size_t)(nl - s), &e);
		value(m, v != NULL ? pth_json_path(v, path) : NULL);
		json_decref(v);
	}
}

static void
json_file(struct pth_measure *m, const char *path, int fd, int64_t size)
{
	struct pth_buf b = PTH_BUF_INIT;
	ssize_t n;

	if (size > JSON_MAX_BYTES)
		size = JSON_MAX_BYTES;
	n = pth_read_all(fd, pth_buf_room(&b, (size_t)size + 1), (size_t)size);
	if (n > 0)
		json_text(m, path, b.s, (size_t)n);
	pth_buf_release(&b);
}

/* ---- one metric, and all of them */

void
pth_metric_read(struct pth_measure *m, const json_t *spec, int fd, int64_t size)
{
	const char *path = pth_measure_json(spec), *given = pth_measure_matches(spec);
	const char *pattern = given != NULL ? given : ".";
	struct search s = { .m = m };

	m->counts = strcmp(pth_measure_reduce(spec), "count") == 0;
	if (path != NULL) {
		json_file(m, path, fd, size);
	} else if (pth_regex_fault(pattern) == NULL &&
	    regcomp(&s.re, pattern, REG_EXTENDED | REG_NEWLINE) == 0) {
		pth_artifact_lines(fd, FILE_MAX_BYTES, pth_mono_us() + DEADLINE_US, line, &s);
		regfree(&s.re);
	}
}

json_t *
pth_metric_reduce(const struct pth_measure *m, const json_t *spec)
{
	return reduced(m, pth_measure_reduce(spec), pth_measure_scale(spec));
}

/* A file of the list that a metric of this service is about? */
static const char *
concerned(const json_t *artifact, const char *service, const char *glob)
{
	const char *path = pth_artifact_path(artifact);
	size_t n = strlen(service);

	if (strncmp(path, service, n) != 0 || path[n] != '/' || !pth_glob(glob, path + n + 1))
		return NULL;
	return path;
}

static void
one(int dirfd, const json_t *artifacts, const char *service, const json_t *spec, json_t *out)
{
	const char *name = pth_measure_name(spec), *path, *pattern = pth_measure_matches(spec);
	struct pth_measure m = { 0 };
	bool found = false;
	json_t *a, *v;
	size_t i;

	if (pattern != NULL && pth_regex_fault(pattern) != NULL)
		pth_warn("%s: metric %s: %s", service, name != NULL ? name : "?",
		    pth_regex_fault(pattern));
	json_array_foreach(artifacts, i, a) {
		int64_t size = 0;
		int fd;

		path = concerned(a, service, pth_measure_file(spec));
		fd = path != NULL ? pth_artifact_open(dirfd, path, &size) : -1;
		if (fd < 0)
			continue;
		found = true;
		pth_metric_read(&m, spec, fd, size);
		close(fd);
	}
	v = found && name != NULL ? pth_metric_reduce(&m, spec) : NULL;
	if (v != NULL)
		pth_json_set(out, name, v);
}

void
pth_metric_measures(int dirfd, const json_t *rec, const json_t *artifacts, json_t *metrics)
{
	json_t *all = json_object(), *service, *spec, *out;
	size_t i, k;

	json_array_foreach(pth_rec_services(rec), i, service) {
		const char *name = pth_svc_name(service);

		out = json_object();
		json_array_foreach(pth_svc_metrics(service), k, spec)
			one(dirfd, artifacts, name, spec, out);
		if (json_object_size(out) > 0)
			json_object_set(all, name, out);
		json_decref(out);
	}
	if (json_object_size(all) > 0)
		pth_metrics_set_measures(metrics, json_incref(all));
	json_decref(all);
}

/* "SERVICE.NAME", or NAME when only one service has it. */
const json_t *
pth_metric_measure(const json_t *metrics, const char *name)
{
	json_t *all = pth_metrics_measures(metrics), *own, *v;
	const json_t *found = NULL;
	const char *service;

	json_object_foreach(all, service, own) {
		size_t n = strlen(service);

		if (strncmp(name, service, n) == 0 && name[n] == '.' &&
		    (v = json_object_get(own, name + n + 1)) != NULL)
			return v;
	}
	json_object_foreach(all, service, own) {
		v = json_object_get(own, name);
		if (v != NULL && found != NULL)
			return NULL;
		found = v != NULL ? v : found;
	}
	return found;
}
