/* Any bytes as an experiment: checked, and when it has no errors, recorded. */
#include "experiment/experiment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct seen {
	long n, of;
};

static int
look(void *arg, const json_t *rec, struct pth_err *e)
{
	struct seen *s = arg;
	struct pth_buf b = PTH_BUF_INIT;
	json_t *back;

	s->n++;
	s->of = (long)pth_json_int(rec, "of", -1);
	if (s->n > 20)
		return 0;
	pth_json_dump(&b, rec);
	back = pth_json_parse(b.s, b.len, e);
	if (back == NULL || !json_is_array(json_object_get(rec, "execution_environment")) ||
	    !json_is_object(json_object_get(rec, "services"))) {
		fprintf(stderr, "%s\n%s\n", b.s, back != NULL ? "" : e->text);
		abort();
	}
	json_decref(back);
	pth_buf_release(&b);
	return s->n >= 1000 ? -1 : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	/* nothing may be read from files: there are none beside this path */
	struct pth_experiment *x = memchr(data, '/', n) != NULL &&
	        (memmem(data, n, "include", 7) != NULL || memmem(data, n, ".yaml", 5) != NULL) ?
	    NULL :
	    pth_experiment_parse("/nonexistent/fuzz.yaml", (const char *)data, n, NULL, 0, false);
	struct seen s = { 0, 0 };
	struct pth_err e;
	FILE *null = fopen("/dev/null", "w");

	if (x != NULL && pth_experiment_report(x, false, null) == PTH_OK &&
	    pth_experiment_each(x, look, &s, &e) == 0 &&
	    (s.n != pth_experiment_count(x) || s.n != s.of)) {
		fprintf(stderr, "%ld records, %ld announced\n", s.n, pth_experiment_count(x));
		if (s.n != 0)
			abort();
	}
	if (x != NULL)
		pth_experiment_free(x);
	fclose(null);
	return 0;
}
