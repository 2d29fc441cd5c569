/* This file divides what is done in a container between its two starts. */
#include "container/twice.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "io/record.h"
#include "io/status.h"

#define MADE_MAX ((size_t)4 << 20)
#define SELF "/proc/self/exe"

static const char *const compiling[] = { PTH_KEY(phases, pre_compile), PTH_KEY(phases, compile),
	PTH_KEY(phases, post_compile) };

bool
pth_twice_compiles(const json_t *service)
{
	for (size_t i = 0; i < countof(compiling); i++)
		if (json_array_size(json_object_get(pth_svc_phases(service), compiling[i])) > 0)
			return true;
	return false;
}

/* Nothing is run but this very program, which has nothing to do. */
static void
only_compile(json_t *plan)
{
	json_t *s = json_array_get(pth_plan_services(plan), 0), *phases = pth_svc_phases(s);

	json_object_del(plan, PTH_KEY(plan, announce));
	json_object_del(plan, PTH_KEY(plan, metrics));
	pth_json_set(plan, PTH_KEY(plan, capture), json_null());
	pth_json_set(phases, PTH_KEY(phases, pre_run), json_array());
	pth_json_set(phases, PTH_KEY(phases, post_run), json_array());
	pth_json_set(phases, PTH_KEY(phases, run),
	    json_pack("{s:[s,s]}", PTH_KEY(cmd, argv), SELF, "--version"));
	pth_svc_set_ready(s, json_array());
	pth_json_set(s, PTH_KEY(svc, finite), json_true());
	pth_json_set(s, PTH_KEY(svc, timeout_us), json_integer(0));
	json_object_del(s, PTH_KEY(svc, restart));
}

static void
only_run(json_t *plan)
{
	json_t *s = json_array_get(pth_plan_services(plan), 0);

	for (size_t i = 0; i < countof(compiling); i++)
		pth_json_set(pth_svc_phases(s), compiling[i], json_array());
}

int
pth_twice_begin(struct pth_twice *t, const char *path, json_t *plan, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;

	*t = (struct pth_twice){ .path = path };
	if (path == NULL)
		return 0;
	t->first = access(path, F_OK) != 0 && errno == ENOENT;
	if (t->first) {
		only_compile(plan);
		return 0;
	}
	if (pth_file_read_named(path, MADE_MAX, &b, e) != 0 ||
	    (t->made = pth_json_parse(b.s != NULL ? b.s : "", b.len, e)) == NULL)
		return -1;
	only_run(plan);
	return 0;
}

int
pth_twice_keep(const struct pth_twice *t, const json_t *result, int64_t zero_us, struct pth_err *e)
{
	json_auto_t *made = json_pack("{s:I,s:O}", PTH_KEY(insideend, zero_us), (json_int_t)zero_us,
	    PTH_KEY(insideend, result), result);
	pth_auto_buf b = PTH_BUF_INIT;

	pth_json_dump(&b, made);
	return pth_file_write(AT_FDCWD, t->path, b.s, b.len, e);
}

json_t *
pth_twice_failed(const struct pth_twice *t, int64_t *zero_us)
{
	json_t *result = pth_insideend_result(t->made);

	if (t->made == NULL || pth_status_of_result(pth_result_status(result)) == PTH_S_PASSED)
		return NULL;
	*zero_us = pth_insideend_zero_us(t->made);
	return result;
}

static json_t *
service_of(const json_t *result)
{
	return json_object_iter_value(json_object_iter(pth_result_services(result)));
}

void
pth_twice_join(const struct pth_twice *t, json_t *result)
{
	const json_t *before = pth_rsvc_phases(service_of(pth_insideend_result(t->made)));
	json_t *service = service_of(result), *all = json_array();

	json_array_extend(all, (json_t *)(uintptr_t)before);
	json_array_extend(all, pth_rsvc_phases(service));
	if (json_array_size(all) > 0)
		pth_json_set(service, PTH_KEY(rsvc, phases), all);
	else
		json_decref(all);
}

void
pth_twice_release(struct pth_twice *t)
{
	json_decref(t->made);
	t->made = NULL;
}
