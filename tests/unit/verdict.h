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

/* Tests of that kind as rows. */

/* ' becomes ". The caller frees it. */
static inline char *
quoted(const char *s)
{
	char *t = pth_xstrdup(s);

	for (char *p = t; *p != '\0'; p++)
		*p = *p == '\'' ? '"' : *p;
	return t;
}

/* "name: ok" or "name: status category"; "expect" and "unknown" behind. */
static inline void
show_rules(struct pth_buf *b, const json_t *v)
{
	json_t *r;
	size_t i;

	json_array_foreach(json_object_get(v, "rules"), i, r) {
		pth_buf_addf(b, "%s%s: %s", b->len > 0 ? "; " : "", pth_json_str(r, "rule", "?"),
		    pth_json_str(r, "status", "ok"));
		if (json_object_get(r, "category") != NULL)
			pth_buf_addf(b, " %s", pth_json_str(r, "category", "?"));
		if (pth_json_bool(r, "expect", false))
			pth_buf_adds(b, " expect");
		if (pth_json_bool(r, "unknown", false))
			pth_buf_adds(b, " unknown");
		/* A rule that holds has no status. */
		CHECK(pth_json_bool(r, "ok", true) == (json_object_get(r, "status") == NULL));
	}
}

struct row {
	const char *what; /* NULL: as before */
	const char *status, *server, *client, *more;
	const char *want;  /* or NULL */
	const char *rules; /* or NULL */
};

static inline void
rows(const struct row *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *server = quoted(v[i].server), *client = quoted(v[i].client);
		char *more = quoted(v[i].more);
		char *want = quoted(v[i].want != NULL ? v[i].want : "");
		char *is = judged(v[i].status, server, client, more);
		json_t *verdict = verdict_of(v[i].status, server, client, more);
		struct pth_buf b = PTH_BUF_INIT;

		if (v[i].what != NULL)
			unit(v[i].what);
		show_rules(&b, verdict);
		CHECK(pth_json_bool(verdict, "expected", false) ==
		    (pth_json_bool(verdict, "ok", false) &&
		        strcmp(pth_json_str(verdict, "status", ""), "passed") != 0));
		if (v[i].want != NULL)
			CHECK_STR(is, want);
		if (v[i].rules != NULL)
			CHECK_STR(b.s != NULL ? b.s : "", v[i].rules);
		json_decref(verdict);
		pth_buf_release(&b);
		free(server);
		free(client);
		free(more);
		free(want);
		free(is);
	}
}

#define END(reason, code) "{'reason':'" reason "','code':" #code "}"
#define OK END("exit", 0)
#define DONE "completed", OK, OK
#define HELD "exit server: ok; exit client: ok"
#define OF_PLAN(rules) "'plan':{'verdict':[" rules "]}"
#define EXPECT(rules) "'expect':{" rules "}"
#define KILLED "{'reason':'signal','code':null,'signal':'SEGV'}"

#endif
