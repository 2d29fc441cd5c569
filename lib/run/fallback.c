/* This file moves tests to another environment where no container engine answers. */
#include "run/fallback.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "host/proc.h"
#include "io/event.h"
#include "io/record.h"

#define ASK_LIMIT_US (5 * PTH_SECOND_US)
#define TEXT_MAX 4096

static bool
ask(void)
{
	pth_auto_buf out = PTH_BUF_INIT, errs = PTH_BUF_INIT;
	pth_auto_str docker = pth_which("docker", NULL);
	const char *const argv[] = { docker, "info", NULL };
	const struct pth_proc_req q = { .argv = argv,
		.in = -1,
		.out = -1,
		.err = -1,
		.session = true,
		.die_with_parent = true };
	struct pth_exit end;
	struct pth_err e;
	bool late = false;

	return docker != NULL &&
	    pth_proc_run(&q, ASK_LIMIT_US, &out, &errs, TEXT_MAX, &end, &late, &e) == 0 && !late &&
	    end.signal == 0 && end.code == 0;
}

static bool
answers(struct pth_engine *engine)
{
	if (!engine->asked)
		engine->answers = ask();
	engine->asked = true;
	return engine->answers;
}

void
pth_fallback_apply(struct pth_engine *engine, json_t *rec)
{
	json_t *o = pth_test_fallback(rec), *plan = pth_fallback_plan(o);

	if (o == NULL)
		return;
	if (plan == NULL || pth_test_error(rec) != NULL || answers(engine)) {
		json_object_del(rec, PTH_KEY(test, fallback));
		return;
	}
	pth_test_set_plan(rec, json_incref(plan));
	json_object_del(o, PTH_KEY(fallback, plan));
	if (pth_fallback_steps(o) != NULL)
		pth_test_set_steps(rec, json_incref(pth_fallback_steps(o)));
	json_object_del(o, PTH_KEY(fallback, steps));
	json_object_del(rec, PTH_KEY(test, compose));
	pth_fallback_set_reason(o, "no container engine answers");
	pth_event_test(pth_rec_id(rec));
	pth_event("environment.fallback", "{s:s,s:s,s:s}", "from", pth_fallback_from(o), "to",
	    pth_fallback_to(o), "reason", pth_fallback_reason(o));
	pth_event_test(NULL);
}
