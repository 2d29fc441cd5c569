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

/* The keys of all objects, each once, sorted; those of `but` (n) are left out. An array that the
 * caller frees, of names that belong to the objects; its length in *count. */
static const char **
columns(const struct pth_report *r, const json_t *(*of)(const struct pth_report_test *t), size_t n,
    size_t *count)
{
	json_auto_t *seen = json_object();
	const char **names = NULL, *key;
	size_t all = 0, i;
	json_t *v;

	for (i = 0; i < n; i++)
		pth_json_set(seen, usual[i], json_true());
	for (const struct pth_report_test *t = r->tests; t != NULL; t = t->next)
		json_object_foreach((json_t *)(uintptr_t)of(t), key, v) {
			if (json_object_get(seen, key) != NULL)
				continue;
			pth_json_set(seen, key, json_true());
			names = pth_xarray(names, all + 1, sizeof *names);
			names[all++] = key;
		}
	if (all > 0)
		qsort(names, all, sizeof *names, by_name);
	*count = all;
	return names;
}

static const json_t *
matrix_of(const struct pth_report_test *t)
{
	return t->matrix;
}

static const json_t *
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
	CSV(b, "", t->run, ",", t->id, ",", t->name, ",", pth_report_status_name(t->status), ",",
	    t->ok ? "true" : "false", ",", t->started);
	pth_buf_addf(b, ",%lld,%lld", (long long)t->duration_us, (long long)t->iteration);
	for (size_t i = 0; i < m->nmatrix; i++)
		cell(b, json_object_get(t->matrix, m->matrix[i]));
	for (size_t i = 0; i < countof(usual); i++)
		cell(b, pth_json_path(t->metrics, usual[i]));
	for (size_t i = 0; i < m->nnumbers; i++)
		cell(b, json_object_get(t->numbers, m->numbers[i]));
	CSV(b, ",", t->summary, ",", t->incomplete, "\r\n");
}

void
pth_report_csv(const struct pth_report *r, struct pth_buf *b)
{
	struct more m = { 0 };

	m.matrix = columns(r, matrix_of, 0, &m.nmatrix);
	m.numbers = columns(r, numbers_of, countof(usual), &m.nnumbers);
	head(&m, b);
	for (const struct pth_report_test *t = r->tests; t != NULL; t = t->next)
		row(t, &m, b);
	free(m.matrix);
	free(m.numbers);
}
