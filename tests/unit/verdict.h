/* Hand-made tests, and the verdict on them. */
#ifndef PTH_UNIT_VERDICT_H
#define PTH_UNIT_VERDICT_H

#include <fcntl.h>
#include <unistd.h>

#include "collect/verdict.h"
#include "io/json.h"
#include "unit.h"

static inline json_t *
parse(const char *s)
{
	struct pth_err e;
	json_t *v = pth_json_parse(s, strlen(s), &e);

	if (v == NULL)
		printf("%s: %s\n", s, e.text);
	return v;
}

/* The verdict on a test whose two services ended with the given result objects. more: members of
 * the record; m, f and a are its metrics, counted filters and artifacts, budget the bytes that may
 * be read of a file. */
static inline json_t *
verdict_of(const char *status, const char *server, const char *client, const char *more)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_evidence ev = { .dirfd = -1 };
	struct pth_artifact_budget budget;
	json_t *rec, *v;
	int here = open(".", O_RDONLY | O_DIRECTORY);

	pth_buf_addf(&b,
	    "{\"pth\":1,\"type\":\"test\",\"id\":\"t\",\"result\":{\"status\":\"%s\",\"reason\""
	    ":\"the reason\",\"services\":{\"server\":%s,\"client\":%s}}%s%s}",
	    status, server, client, *more != '\0' ? "," : "", more);
	rec = parse(b.s);
	ev.dirfd = here;
	ev.metrics = json_object_get(rec, "m");
	ev.filters = json_object_get(rec, "f");
	ev.no_packets = ev.filters != NULL ? NULL : "no capture";
	ev.left_out = json_object_get(rec, "left") != NULL;
	ev.artifacts = json_object_get(rec, "a");
	budget = pth_artifact_budget(pth_json_int(rec, "budget", 0), 0);
	ev.budget = &budget;
	v = pth_verdict(rec, &ev);
	json_decref(rec);
	pth_buf_release(&b);
	close(here);
	return v;
}

/* "status ok|bad marks: summary" of it. */
static inline char *
judged(const char *status, const char *server, const char *client, const char *more)
{
	struct pth_buf out = PTH_BUF_INIT;
	json_t *v = verdict_of(status, server, client, more), *mark;
	size_t i;

	pth_buf_addf(&out, "%s %s", pth_json_str(v, "status", "?"),
	    pth_json_bool(v, "ok", false) ? "ok" : "bad");
	json_array_foreach(json_object_get(v, "marks"), i, mark)
		pth_buf_addf(&out, " %s", json_string_value(mark));
	pth_buf_addf(&out, ": %s", pth_json_str(v, "summary", "?"));
	json_decref(v);
	return pth_buf_take(&out);
}

#define STOPPED "{\"reason\":\"stopped\",\"code\":0,\"ready_us\":5}"
#define EXIT(n) "{\"reason\":\"exit\",\"code\":" #n "}"
#define SIGNAL "{\"reason\":\"signal\",\"code\":null,\"signal\":\"SEGV\"}"
#define LATE "{\"reason\":\"timeout\",\"code\":null}"

#define JUDGED(status, server, client, more, want)                \
	do {                                                      \
		char *got = judged(status, server, client, more); \
		CHECK_STR(got, want);                             \
		free(got);                                        \
	} while (0)

#endif
