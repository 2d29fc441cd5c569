/* Experiments that are written as what is laid over a base, and the records of them. */
#ifndef PTH_UNIT_PARSED_H
#define PTH_UNIT_PARSED_H

#include "experiment/experiment.h"
#include "rows.h"

static inline int
push(void *arg, const json_t *rec, struct pth_err *e)
{
	(void)e;
	pth_json_push(arg, json_deep_copy(rec));
	return 0;
}

/* The problems without their places, as far as these are those of a line that nobody reads. */
static inline void
drop_places(struct pth_buf *said, const char *s)
{
	while (*s != '\0') {
		size_t n = strcspn(s, "\n");

		s += strcspn(s, " ") + 1;
		n = strcspn(s, "\n");
		pth_buf_addf(said, "%s%.*s", said->len != 0 ? "\n" : "", (int)n, s);
		s += n + (s[n] != '\0');
	}
}

/* The records of a text. The problems as they are shown, with their places. */
static inline json_t *
records(const char *text, const struct pth_override *o, size_t n, char **said)
{
	struct pth_experiment *x = pth_experiment_parse("e.yaml", text, strlen(text), o, n, false);
	json_t *list = json_array();
	struct pth_err e;
	size_t size;
	FILE *fp = open_memstream(said, &size);
	int code = pth_experiment_report(x, false, fp);

	fclose(fp);
	CHECK((code == PTH_OK) == (strstr(*said, ": error: ") == NULL));
	CHECK_INT(pth_experiment_each(x, push, list, &e), 0);
	CHECK_INT(pth_experiment_count(x), code == PTH_OK ? (long)json_array_size(list) : 0);
	pth_experiment_free(x);
	return list;
}

/* The records of the test that is base with over; "top" of over is beside the tests, "set" a
 * map of options. */
static inline json_t *
parsed(const char *base, const char *over, struct pth_buf *said)
{
	json_auto_t *b = json_of(base), *o = json_of(over), *test = pth_json_merge(b, o),
	            *top = json_incref(json_object_get(test, "top")),
	            *set = json_incref(json_object_get(test, "set"));
	struct pth_override options[4] = { 0 };
	pth_auto_buf text = PTH_BUF_INIT;
	pth_auto_str raw = NULL;
	size_t n = 0;
	const char *key;
	json_t *v, *out;

	json_object_del(test, "top");
	json_object_del(test, "set");
	if (top == NULL)
		top = json_object();
	if (json_object_get(top, "tests") == NULL)
		pth_json_set(top, "tests", json_pack("[O]", test));
	json_object_foreach(set, key, v)
		options[n++] = (struct pth_override){ key, json_string_value(v) };
	pth_json_dump(&text, top);
	out = records(text.s, options, n, &raw);
	drop_places(said, raw);
	return out;
}

static inline const json_t *
in_records(const json_t *list, const char *path)
{
	return pth_json_path(list, path);
}

#define ROWS(rows)                                    \
	for (size_t i_ = 0; i_ < countof(rows); i_++) \
	check_row(base, &(rows)[i_], parsed, in_records)

/* A server and its client. */
static const char base[] =
    "name: t\nnetwork_environment: {type: localhost}\nservices:\n"
    "  s: {implementation: {name: prog}, protocol: {name: minip}, ports: ['4443:4443']}\n"
    "  c: {implementation: {name: prog}, protocol: {name: minip, role: client, target: s}}\n";

#endif
