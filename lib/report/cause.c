/* This file finds why a test failed: the ends of its logs, and the cause that its facts name. */
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
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
	pth_auto_buf b = PTH_BUF_INIT, out = PTH_BUF_INIT;
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
		} else if (((unsigned char)*from >= ' ' && *from != '\x7f') || *from == '\n' ||
		    *from == '\t')
			pth_buf_addc(&out, *from);
	}
	while (out.len > 0 && out.s[out.len - 1] == '\n')
		pth_buf_cut(&out, out.len - 1);
	return pth_arena_strn(&r->arena, out.len != 0 ? out.s : "", out.len);
}

/* The end of a log, FIRST SEPARATOR SECOND.log, as another tail; false when there is none. */
static bool
add_tail(struct pth_report *r, struct pth_report_test *t, int dirfd, const char *first,
    char separator, const char *second)
{
	pth_auto_buf path = PTH_BUF_INIT;
	struct pth_report_tail *tail, **end;
	char raw[TAIL_BYTES];
	int64_t size = 0, skip;
	pth_auto_fd fd = -1;
	ssize_t n;
	int count = 0;

	pth_buf_addf(&path, "%s%c%s.log", first, separator, second);
	fd = pth_artifact_open(dirfd, path.s, &size);
	for (end = &t->tails; *end != NULL; end = &(*end)->next)
		count++;
	skip = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
	if (fd < 0 || count == TAILS || lseek(fd, skip, SEEK_SET) != skip ||
	    (n = pth_read_all(fd, raw, sizeof raw)) <= 0)
		return false;
	tail = pth_arena_alloc(&r->arena, sizeof *tail);
	tail->path = pth_arena_strn(&r->arena, path.s, path.len);
	tail->text = tidy(r, raw, (size_t)n, skip > 0);
	*end = tail;
	return true;
}

/* The logs of commands that did not end well. */
static void
command_tails(struct pth_report *r, struct pth_report_test *t, const json_t *commands, int dirfd)
{
	const json_t *done;
	size_t i;

	json_array_foreach(commands, i, done)
		if (pth_done_code(done) != 0)
			add_tail(r, t, dirfd, pth_done_log(done), '.', "stderr");
}

void
pth_report_read_tails(struct pth_report *r, struct pth_report_test *t, const json_t *rec, int dirfd)
{
	const json_t *services = pth_rec_ended(rec);
	const struct pth_report_service *s;

	command_tails(r, t, pth_result_setup(pth_test_result(rec)), dirfd);
	/* Those that failed first; then the others, for they may know why. */
	for (int bad = 1; bad >= 0; bad--)
		for (s = t->services; s != NULL; s = s->next) {
			if ((s->health == PTH_UNHEALTHY) != bad)
				continue;
			command_tails(
			    r, t, pth_rsvc_phases(json_object_get(services, s->name)), dirfd);
			/* stdout only when stderr is silent */
			if (!add_tail(r, t, dirfd, s->name, '/', "stderr"))
				add_tail(r, t, dirfd, s->name, '/', "stdout");
		}
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

#define FACT(facts, o, ...) add_fact(facts, o, (const char *const[]){ __VA_ARGS__, NULL })

static void
service_facts(json_t *facts, const json_t *service)
{
	json_t *done;
	size_t i;

	FACT(facts, service, PTH_KEY(rsvc, reason), PTH_KEY(rsvc, signal), PTH_KEY(rsvc, category),
	    PTH_KEY(rsvc, program), PTH_KEY(rsvc, limit));
	json_array_foreach(pth_rsvc_phases(service), i, done)
		if (pth_done_code(done) != 0)
			FACT(facts, done, PTH_KEY(done, phase));
}

static json_t *
facts_of(const json_t *rec)
{
	json_t *facts = json_array(), *v;
	const char *name;
	size_t i;

	FACT(facts, pth_test_result(rec), PTH_KEY(result, status), PTH_KEY(result, category),
	    PTH_KEY(result, program), PTH_KEY(result, limit));
	FACT(facts, pth_test_error(rec), PTH_KEY(error, stage), PTH_KEY(error, category));
	json_object_foreach(pth_rec_ended(rec), name, v)
		service_facts(facts, v);
	json_array_foreach(pth_verdict_rules(pth_test_verdict(rec)), i, v)
		if (!pth_judged_ok(v))
			FACT(facts, v, PTH_KEY(judged, rule), PTH_KEY(judged, status),
			    PTH_KEY(judged, category));
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
is_told(const struct pth_cause *c, const json_t *facts)
{
	json_t *condition;
	size_t i;

	json_array_foreach(c->when, i, condition)
		if (is_fact(condition, facts))
			return true;
	return false;
}

static bool
is_logged(const struct pth_cause *c, const struct pth_report_test *t)
{
	const struct pth_report_tail *tail;

	for (tail = t->tails; tail != NULL && c->log != NULL; tail = tail->next)
		if (pth_regex_match(c->log, tail->text, strlen(tail->text)))
			return true;
	return false;
}

/* The reference's scores: 0.4 for what speaks for a cause, 0.5 for the status of
 * one that needs no more, 0.8 for both, and for a fact that leaves no doubt. */
static double
score_of(const struct pth_cause *c, const struct pth_report_test *t, const json_t *facts)
{
	bool status = c->status == t->status, told = is_told(c, facts);

	if (told || is_logged(c, t))
		return status || (told && c->sure) ? 0.8 : 0.4;
	return status && c->alone ? 0.5 : 0;
}

void
pth_report_find_cause(struct pth_report *r, struct pth_report_test *t, const json_t *rec)
{
	json_auto_t *facts = facts_of(rec);

	pth_report_causes_load(r);
	for (size_t i = 0; i < r->ncauses; i++) {
		double score = score_of(&r->causes[i], t, facts);

		if (score > t->score) {
			t->score = score;
			t->cause = &r->causes[i];
		}
	}
}
