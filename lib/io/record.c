/* This file has names and short ways of the record; its keys are in record.h. */
#include "io/record.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"

const char *const pth_phase_names[PTH_PHASES] = { PTH_KEY(phases, pre_compile),
	PTH_KEY(phases, compile), PTH_KEY(phases, post_compile), PTH_KEY(phases, pre_run),
	PTH_KEY(phases, run), PTH_KEY(phases, post_run) };

const char *const pth_ready_names[PTH_READY_KINDS] = { "udp", "tcp", "file", "log", "command",
	"delay" };

enum pth_ready_kind
pth_ready_kind_of(const json_t *ready)
{
	const char *kind = pth_ready_kind(ready);
	int k = 0;

	while (k < PTH_READY_KINDS && strcmp(pth_ready_names[k], kind) != 0)
		k++;
	return (enum pth_ready_kind)k;
}

bool
pth_rec_is_test(const json_t *rec)
{
	return strcmp(pth_test_type(rec), "test") == 0;
}

const char *
pth_rec_id(const json_t *rec)
{
	return pth_test_id(rec);
}

const json_t *
pth_rec_plan(const json_t *rec)
{
	const json_t *plan = PTH_GET(compose, pth_test_compose(rec), plan);

	plan = plan != NULL ? plan : pth_test_plan(rec);
	return json_is_object(plan) ? plan : NULL;
}

bool
pth_rec_plan_is_local(const json_t *plan)
{
	return strcmp(pth_env_type(pth_plan_environment(plan)), "localhost") == 0;
}

bool
pth_rec_plan_is_simulated(const json_t *plan)
{
	return strcmp(pth_env_isolation(pth_plan_environment(plan)), "simulator") == 0;
}

json_t *
pth_rec_services(const json_t *rec)
{
	return pth_plan_services(pth_test_plan(rec));
}

const json_t *
pth_rec_service(const json_t *rec, const char *name)
{
	return name != NULL ? pth_json_named(pth_rec_services(rec), name) : NULL;
}

json_t *
pth_rec_ended(const json_t *rec)
{
	return pth_result_services(pth_test_result(rec));
}

json_t *
pth_rec_ended_service(const json_t *rec, const char *name)
{
	return json_object_get(pth_rec_ended(rec), name);
}

bool
pth_rec_dispensable(const json_t *rec, const char *name)
{
	const json_t *given = json_object_get(pth_test_services(rec), name);

	return !pth_json_bool(given, "critical", pth_svc_critical(pth_rec_service(rec, name)));
}

/* Is one of them below the other, or the same? */
static bool
related(const char *a, const char *b)
{
	size_t n = strlen(a), k = strlen(b), least = n < k ? n : k;

	return strncmp(a, b, least) == 0 &&
	    (n == k || least == 0 || (n > k ? a[least] : b[least]) == '.');
}

bool
pth_rec_was_wrong(const json_t *rec, const char *path)
{
	json_t *v;
	size_t i;

	json_array_foreach(pth_error_at(pth_test_error(rec)), i, v)
		if (json_is_string(v) && related(json_string_value(v), path))
			return true;
	return false;
}

void
pth_rec_where(const json_t *rec, const char *path, const char **file, unsigned *line, unsigned *col)
{
	const json_t *marks = pth_test_marks(rec), *source = pth_test_source(rec), *m;
	pth_auto_str at = pth_xstrdup(path);
	char *dot;

	while ((m = json_object_get(marks, at)) == NULL && (dot = strrchr(at, '.')) != NULL)
		*dot = '\0';
	*file = json_string_value(json_array_get(m, 2));
	if (*file == NULL)
		*file = pth_json_str(source, PTH_KEY(source, file), "experiment");
	*line = (unsigned)(m != NULL ? json_integer_value(json_array_get(m, 0)) :
	                               pth_source_line(source));
	*col = (unsigned)(m != NULL ? json_integer_value(json_array_get(m, 1)) :
	                              pth_source_col(source));
}

void
pth_rec_error(json_t *rec, const char *stage, enum pth_category category, const char *file,
    unsigned line, unsigned col, const char *fmt, ...)
{
	struct pth_buf b = PTH_BUF_INIT;
	json_t *o;
	va_list ap;

	if (pth_test_error(rec) != NULL)
		return;
	va_start(ap, fmt);
	pth_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	o = json_object();
	pth_error_set_stage(o, stage);
	pth_error_set_category(o, pth_category_name(category));
	pth_json_set(o, PTH_KEY(error, message), pth_json_text(b.s, b.len));
	if (file != NULL)
		pth_error_set_file(o, file);
	if (line > 0) {
		pth_error_set_line(o, line);
		pth_error_set_col(o, col);
	}
	pth_test_set_error(rec, o);
	pth_buf_release(&b);
}
