/* This file writes a table of all numbers, a row a test, as CSV (RFC 4180). */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/report.h"

static void
csv(struct pth_buf *b, const char *s)
{
	if (strpbrk(s, ",\"\n\r") == NULL) {
		pth_buf_adds(b, s);
		return;
	}
	pth_buf_addc(b, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"')
			pth_buf_addc(b, '"');
		pth_buf_addc(b, *s);
	}
	pth_buf_addc(b, '"');
}

#define CSV(b, ...) pth_report_weave(b, csv, __VA_ARGS__, (char *)NULL)

/* Numbers that have a column in every table, by their path in the metrics. */
static const char *const usual[] = { PTH_KEY(metrics, packets), PTH_KEY(metrics, bytes),
	PTH_KEY(metrics, captured_us), PTH_PATH(metrics, quic, conns, handshake_us),
	PTH_PATH(metrics, quic, conns, http3_frames), PTH_PATH(metrics, tcp, conns, handshake_us),
	PTH_PATH(metrics, transfer, transfer, bytes),
	PTH_PATH(metrics, transfer, transfer, duration_us),
	PTH_PATH(metrics, transfer, transfer, goodput_bps) };

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Is it one of the first n of these? */
static bool
is_usual(const char *key, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(key, usual[i]) == 0)
			return true;
	return false;
}

/* The keys of all objects, each once, sorted; those of `but` (n) are left out. An array that the
 * caller frees, of names that belong to seen, an empty object; its length in *count. */
static const char **
columns(const struct pth_report *r, const char *(*of)(const struct pth_report_test *t), size_t n,
    json_t *seen, size_t *count)
{
	const char **names = NULL, *key;
	size_t all = 0, i;
	json_t *v;

	for (i = 0; i < n; i++)
		pth_json_set(seen, usual[i], json_true());
	pth_report_each(r, t, NULL) {
		json_auto_t *o = pth_report_object(of(t));

		json_object_foreach(o, key, v)
			if (json_object_get(seen, key) == NULL) {
				pth_json_set(seen, key, json_true());
				all++;
			}
	}
	names = pth_xarray(NULL, all + 1, sizeof *names);
	all = 0;
	json_object_foreach(seen, key, v)
		if (!is_usual(key, n))
			names[all++] = key;
	if (all > 0)
		qsort(names, all, sizeof *names, by_name);
	*count = all;
	return names;
}

static const char *
matrix_of(const struct pth_report_test *t)
{
	return t->matrix;
}

static const char *
numbers_of(const struct pth_report_test *t)
{
	return t->numbers;
}

/* A comma and the value; nothing of NULL and null. */
static void
cell(struct pth_buf *b, const json_t *v)
{
	pth_auto_buf text = PTH_BUF_INIT;

	pth_buf_addc(b, ',');
	if (v == NULL || json_is_null(v))
		return;
	if (!json_is_string(v))
		pth_json_dump(&text, v);
	csv(b, json_is_string(v) ? json_string_value(v) : text.s);
}

/* What follows the names of the columns that are always there. */
struct more {
	const char **matrix, **numbers;
	size_t nmatrix, nnumbers;
	json_t *seen[2]; /* which have the names */
};

static void
head(const struct more *m, struct pth_buf *b)
{
	pth_buf_adds(b, "run,id,name,status,ok,started,duration_us,iteration");
	for (size_t i = 0; i < m->nmatrix; i++)
		CSV(b, ",", m->matrix[i]);
	for (size_t i = 0; i < countof(usual); i++)
		pth_buf_addf(b, ",%s", usual[i]);
	for (size_t i = 0; i < m->nnumbers; i++)
		CSV(b, ",", m->numbers[i]);
	pth_buf_adds(b, ",summary,incomplete\r\n");
}

static void
row(const struct pth_report_test *t, const struct more *m, struct pth_buf *b)
{
	json_auto_t *matrix = pth_report_object(t->matrix),
	            *numbers = pth_report_object(t->numbers),
	            *metrics = pth_report_object(t->metrics);

	CSV(b, "", t->run, ",", t->id, ",", t->name, ",", pth_report_status_name(t->status), ",",
	    t->ok ? "true" : "false", ",", t->started);
	pth_buf_addf(b, ",%lld,%lld", (long long)t->duration_us, (long long)t->iteration);
	for (size_t i = 0; i < m->nmatrix; i++)
		cell(b, json_object_get(matrix, m->matrix[i]));
	for (size_t i = 0; i < countof(usual); i++)
		cell(b, pth_json_path(metrics, usual[i]));
	for (size_t i = 0; i < m->nnumbers; i++)
		cell(b, json_object_get(numbers, m->numbers[i]));
	CSV(b, ",", t->summary, ",", t->incomplete, "\r\n");
}

void
pth_report_csv(const struct pth_report *r, struct pth_buf *b)
{
	struct more m = { .seen = { json_object(), json_object() } };

	m.matrix = columns(r, matrix_of, 0, m.seen[0], &m.nmatrix);
	m.numbers = columns(r, numbers_of, countof(usual), m.seen[1], &m.nnumbers);
	head(&m, b);
	pth_report_each(r, t, b)
		row(t, &m, b);
	free(m.matrix);
	free(m.numbers);
	json_decref(m.seen[0]);
	json_decref(m.seen[1]);
}
