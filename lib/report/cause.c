/* Why a test failed: the ends of its logs, and the known cause that its facts name. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "collect/artifact.h"
#include "report/report.h"

#define TAIL_BYTES 3000
#define TAIL_LINES 20
#define TAILS 4 /* per test */

/* Clean text out of raw bytes: valid UTF-8, no control but newline and tab,
 * no escape sequences, the last lines only. */
static const char *
tidy(struct pth_report *r, const char *raw, size_t n, bool cut)
{
	struct pth_buf b = PTH_BUF_INIT, out = PTH_BUF_INIT;
	const char *from, *s;
	int lines = 0;

	pth_utf8_clean(&b, raw, n);
	from = b.s;
	for (s = b.s + b.len; s > b.s; s--)
		if (s[-1] == '\n' && s != b.s + b.len && ++lines == TAIL_LINES)
			break;
	if (s > b.s)
		from = s;
	else if (cut && (s = strchr(b.s, '\n')) != NULL)
		from = s + 1; /* begin with a whole line */
	for (; *from != '\0'; from++) {
		if (*from == '\x1b') { /* CSI: ESC [ ... letter */
			if (from[1] == '[')
				from += 1 + strspn(from + 1, "[0123456789;?");
			if (*from == '\0')
				break;
		} else if ((unsigned char)*from >= ' ' || *from == '\n' || *from == '\t') {
			if (*from != '\x7f')
				pth_buf_addc(&out, *from);
		}
	}
	while (out.len > 0 && out.s[out.len - 1] == '\n')
		pth_buf_cut(&out, out.len - 1);
	s = pth_arena_strn(&r->arena, out.len != 0 ? out.s : "", out.len);
	pth_buf_release(&b);
	pth_buf_release(&out);
	return s;
}

/* The end of the log at path as another tail; false when there is none. */
static bool
add_tail(struct pth_report *r, struct pth_report_test *t, int dirfd, const char *path)
{
	struct pth_report_tail *tail, **end;
	char raw[TAIL_BYTES];
	int64_t size = 0, skip;
	ssize_t n;
	int fd = pth_artifact_open(dirfd, path, &size), count = 0;

	if (fd < 0)
		return false;
	skip = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
	n = lseek(fd, skip, SEEK_SET) == skip ? pth_read_all(fd, raw, sizeof raw) : -1;
	close(fd);
	for (end = &t->tails; *end != NULL; end = &(*end)->next)
		count++;
	if (n <= 0 || count == TAILS)
		return false;
	tail = pth_arena_alloc(&r->arena, sizeof *tail);
	tail->path = pth_arena_str(&r->arena, path);
	tail->text = tidy(r, raw, (size_t)n, skip > 0);
	*end = tail;
	return true;
}

/* The logs of commands that did not end well. */
static void
command_tails(struct pth_report *r, struct pth_report_test *t, const json_t *commands, int dirfd)
{
	const json_t *c;
	struct pth_buf path = PTH_BUF_INIT;
	size_t i;

	json_array_foreach(commands, i, c) {
		if (pth_done_code(c) == 0)
			continue;
		pth_buf_cut(&path, 0);
		pth_buf_addf(&path, "%s.stderr.log", pth_done_log(c));
		add_tail(r, t, dirfd, path.s);
	}
	pth_buf_release(&path);
}

static void
service_tails(struct pth_report *r, struct pth_report_test *t, const char *name,
    const json_t *result, int dirfd)
{
	struct pth_buf path = PTH_BUF_INIT;

	command_tails(r, t, pth_rsvc_phases(result), dirfd);
	for (int k = 0; k < 2; k++) {
		pth_buf_cut(&path, 0);
		pth_buf_addf(&path, "%s/%s.log", name, k != 0 ? "stdout" : "stderr");
		if (add_tail(r, t, dirfd, path.s))
			break; /* stdout only when stderr is silent */
	}
	pth_buf_release(&path);
}

void
pth_report_read_tails(struct pth_report *r, struct pth_report_test *t, const json_t *rec, int dirfd)
{
	const json_t *services = pth_rec_ended(rec);
	const struct pth_report_service *s;

	command_tails(r, t, pth_result_setup(pth_test_result(rec)), dirfd);
	/* Those that failed first; then the others, for they may know why. */
	for (int bad = 1; bad >= 0; bad--)
		for (s = t->services; s != NULL; s = s->next)
			if ((s->health == PTH_UNHEALTHY) == bad)
				service_tails(
				    r, t, s->name, json_object_get(services, s->name), dirfd);
}

/* The members of o that a cause may ask for, as one fact. A reason is one word of a
 * few where a service has it; elsewhere it is a text, and no fact. */
static void
add_fact(json_t *facts, const json_t *o, const char *const *keys)
{
	json_t *fact = json_object(), *v;

	for (; *keys != NULL; keys++)
		if ((v = json_object_get(o, *keys)) != NULL && json_is_string(v))
			json_object_set(fact, *keys, v);
	pth_json_push(facts, fact);
}

static void
service_facts(json_t *facts, const json_t *service)
{
	static const char *const whole[] = { "reason", "signal", "category", "program", "limit",
		NULL };
	static const char *const command[] = { "phase", NULL };
	json_t *c;
	size_t i;

	add_fact(facts, service, whole);
	json_array_foreach(json_object_get(service, "phases"), i, c)
		if (pth_json_int(c, "code", -1) != 0)
			add_fact(facts, c, command);
}

static json_t *
facts_of(const json_t *rec)
{
	static const char *const test[] = { "status", "category", "program", "limit", NULL };
	static const char *const error[] = { "stage", "category", NULL };
	static const char *const rule[] = { "rule", "status", "category", NULL };
	json_t *facts = json_array(), *v;
	const char *name;
	size_t i;

	add_fact(facts, json_object_get(rec, "result"), test);
	add_fact(facts, json_object_get(rec, "error"), error);
	json_object_foreach(pth_json_path(rec, "result.services"), name, v)
		service_facts(facts, v);
	json_array_foreach(pth_json_path(rec, "verdict.rules"), i, v)
		if (!pth_json_bool(v, "ok", false))
			add_fact(facts, v, rule);
	return facts;
}

/* Is what is wanted, a text or any of a list, there? */
static bool
agrees(const json_t *want, const char *have)
{
	const json_t *v;
	size_t i;

	if (json_is_string(want))
		return pth_glob(json_string_value(want), have);
	json_array_foreach(want, i, v)
		if (agrees(v, have))
			return true;
	return false;
}

static bool
is_fact(json_t *condition, const json_t *facts)
{
	const json_t *fact, *have;
	const char *key;
	json_t *want;
	size_t i;

	json_array_foreach(facts, i, fact) {
		bool all = true;

		json_object_foreach(condition, key, want) {
			have = json_object_get(fact, key);
			all = all && have != NULL && agrees(want, json_string_value(have));
		}
		if (all)
			return true;
	}
	return false;
}

static bool
speaks(const struct pth_cause *c, const struct pth_report_test *t, const json_t *facts)
{
	const struct pth_report_tail *tail;
	json_t *condition;
	size_t i;

	json_array_foreach(c->when, i, condition)
		if (is_fact(condition, facts))
			return true;
	for (tail = t->tails; tail != NULL && c->log != NULL; tail = tail->next)
		if (regexec(c->log, tail->text, 0, NULL, 0) == 0)
			return true;
	return false;
}

/* The reference's scores: 0.4 for what speaks for a cause, 0.5 for the status of
 * one that needs no more, 0.8 for both. */
void
pth_report_find_cause(struct pth_report *r, struct pth_report_test *t, const json_t *rec)
{
	json_t *facts = facts_of(rec);

	pth_report_causes_load(r);
	for (size_t i = 0; i < r->ncauses; i++) {
		const struct pth_cause *c = &r->causes[i];
		bool status = c->status == t->status;
		double score = speaks(c, t, facts) ? (status ? 0.8 : 0.4) :
		    status && c->alone             ? 0.5 :
		                                     0;

		if (score > t->score) {
			t->score = score;
			t->cause = c;
		}
	}
	json_decref(facts);
}
