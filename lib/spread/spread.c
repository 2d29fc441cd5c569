/* This file cuts a run into parts, hands them to an engine, and puts their results together. */
#include "spread/spread_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "base/words.h"
#include "host/proc.h"
#include "host/run_id.h"
#include "io/event.h"
#include "io/file.h"
#include "run/rundir.h"
#include "spread/work.h"

#define PARTS ".parts"
#define CODE_MAX 4096
#define STAMP_MAX 4096
#define STOP_US (60 * PTH_SECOND_US) /* for parts after an interrupt, engines after all parts */
#define GUESS_US (2 * PTH_SECOND_US) /* of a test that never ran */
#define MARGIN_MINUTES 10

/* --- files --- */

/* Opens PARTS/NUMBER/name. */
static int
open_file(const struct pth_spread *s, size_t i, const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof path, "%zu/%s", i + 1, name);
	return openat(s->partsfd, path, flags | O_CLOEXEC, 0666);
}

bool
spread_has(const struct pth_spread *s, size_t i, const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "%zu/%s", i + 1, name);
	return faccessat(s->partsfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
unlink_file(const struct pth_spread *s, size_t i, const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "%zu/%s", i + 1, name);
	unlinkat(s->partsfd, path, 0);
}

static struct pth_part *
add_part(struct pth_spread *s)
{
	if (s->count == s->room) {
		s->room = s->room > 0 ? 2 * s->room : 64;
		s->parts = pth_xarray(s->parts, s->room, sizeof *s->parts);
	}
	s->parts[s->count] = (struct pth_part){ .state = READY };
	return &s->parts[s->count++];
}

/* Says who has made the parts, and the number of the run, which stays when it is gone on with. */
static int
put_stamp(const struct pth_spread *s, struct pth_err *e)
{
	pth_auto_buf old = PTH_BUF_INIT, text = PTH_BUF_INIT;
	char run[17] = "";
	uint64_t chance = 0;

	if (s->resume && pth_file_read_below(s->partsfd, "stamp", STAMP_MAX, &old, NULL) == 0 &&
	    old.s != NULL)
		sscanf(old.s, "%*[^\n] %*u %16[0-9a-f]", run);
	if (run[0] == '\0') {
		if (getrandom(&chance, sizeof chance, 0) != (ssize_t)sizeof chance)
			return pth_err_set(e, PTH_SYSTEM, "getrandom:");
		snprintf(run, sizeof run, "%016" PRIx64, chance);
	}
	pth_buf_addf(&text, "%s\n%u\n%s\n", s->stamp, s->places.jobs, run);
	return pth_file_write(s->partsfd, "stamp", text.s, text.len, e);
}

int
pth_spread_open(struct pth_spread *s, struct pth_err *e)
{
	pth_auto_buf path = PTH_BUF_INIT, text = PTH_BUF_INIT;
	char unique[PTH_UNIQUE_SIZE];

	s->partsfd = -1;
	s->to = pth_merge_dir_open(s->dir, true, s->resume, e);
	if (s->to == NULL)
		return -1;
	pth_buf_addf(&path, "%s/" PARTS, pth_merge_dir_path(s->to));
	if (!s->resume && pth_rmtree(AT_FDCWD, path.s, e) != 0)
		return -1;
	if (pth_mkdirs(AT_FDCWD, path.s, e) != 0)
		return -1;
	s->partsfd = open(path.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->partsfd < 0)
		return pth_err_set(e, PTH_SYSTEM, "%s:", path.s);
	if (put_stamp(s, e) != 0)
		return -1;
	pth_run_id_unique("spread", path.s, unique);
	pth_buf_addf(&text, "pth-%s", unique);
	s->name = pth_buf_take(&text);
	s->parts_path = pth_buf_take(&path);
	s->places.parts = s->parts_path;
	s->places.name = s->name;
	while (s->resume && spread_has(s, s->old, "plan.jsonl"))
		s->old++;
	return s->old > 0 && s->engine.status != NULL ?
	    pth_engine_status(&s->engine, &s->places, false, &s->known, e) :
	    0;
}

/* --- what comes in --- */

static bool
is_full(const struct pth_spread *s, const struct pth_part *p)
{
	return s->chunk > 0 ? p->tests >= s->chunk : p->expect_us >= s->chunk_us;
}

/* Ends the file that is open, and gives it its name. */
static int
name_file(struct pth_spread *s, FILE *taken, size_t tests, const char *from, const char *to,
    struct pth_err *e)
{
	pth_auto_buf end = PTH_BUF_INIT;
	char old[64], new[64];
	bool bad;

	pth_rec_end_line(&end, tests, NULL);
	bad = fwrite(end.s, 1, end.len, taken) != end.len;
	bad = fclose(taken) != 0 || bad;
	snprintf(old, sizeof old, "%zu/%s", s->count, from);
	snprintf(new, sizeof new, "%zu/%s", s->count, to);
	return !bad && renameat(s->partsfd, old, s->partsfd, new) == 0 ?
	    0 :
	    pth_err_set(e, PTH_SYSTEM, "%s/%s:", s->parts_path, new);
}

/* The plan of the last part, out of the records that are to come out of it. */
static int
plan_rest(struct pth_spread *s, struct pth_err *e)
{
	int fd = open_file(s, s->count - 1, "filling", O_WRONLY | O_CREAT | O_TRUNC), r;
	FILE *fp = fd >= 0 ? fdopen(fd, "w") : NULL;
	struct pth_rec_in in;
	json_t *rec;

	if (fp == NULL)
		return pth_err_set(e, PTH_SYSTEM, "%s/%zu:", s->parts_path, s->count);
	r = spread_open(s, s->count - 1, &in, e);
	while (r == 0 && (r = pth_rec_read(&in, &rec, e)) > 0) {
		pth_auto_buf line = PTH_BUF_INIT;

		r = 0;
		if (pth_test_result(rec) == NULL) {
			pth_rec_line(&line, rec);
			fwrite(line.s, 1, line.len, fp); /* an error stays: fclose() says it */
		}
		json_decref(rec);
	}
	pth_rec_close(&in);
	if (r == 0)
		return name_file(s, fp, s->parts[s->count - 1].tests, "filling", "plan.jsonl", e);
	fclose(fp);
	return r;
}

/* The part that is being filled is whole: from now on it can be run. */
static int
close_part(struct pth_spread *s, struct pth_err *e)
{
	struct pth_part *p;

	if (s->open_part == NULL)
		return 0;
	p = &s->parts[s->count - 1];
	if (p->tests == 0)
		p->state = DONE; /* there is nothing to run */
	if (s->left == 0)
		return name_file(s, pth_take(&s->open_part), p->tests, "filling", "plan.jsonl", e);
	if (name_file(
	        s, pth_take(&s->open_part), p->tests + s->left, "filling", "order.jsonl", e) != 0)
		return -1;
	return plan_rest(s, e);
}

int
spread_open(const struct pth_spread *s, size_t i, struct pth_rec_in *in, struct pth_err *e)
{
	char path[64];

	snprintf(path, sizeof path, "%zu/%s", i + 1,
	    spread_has(s, i, "order.jsonl") ? "order.jsonl" : "plan.jsonl");
	return pth_rec_open_below(in, s->partsfd, path, e);
}

static int
begin_part(struct pth_spread *s, struct pth_err *e)
{
	char name[32];
	int fd;

	add_part(s);
	s->left = 0;
	snprintf(name, sizeof name, "%zu", s->count);
	if (pth_mkdirs(s->partsfd, name, e) != 0)
		return -1;
	fd = open_file(s, s->count - 1, "filling", O_WRONLY | O_CREAT | O_TRUNC);
	if (fd < 0 || (s->open_part = fdopen(fd, "w")) == NULL)
		return pth_err_set(e, PTH_SYSTEM, "%s/%s:", s->parts_path, name);
	return 0;
}

static int
another_input(const struct pth_spread *s, const json_t *rec, struct pth_err *e)
{
	return pth_err_set(e, PTH_INPUT,
	    "%s: the input is not that of the run that is resumed in %s: part %zu has other tests",
	    rec != NULL ? pth_rec_id(rec) : "the end", s->dir, s->count);
}

/* A part that is there from before: is it at work? */
static void
adopt(struct pth_spread *s, struct pth_part *p)
{
	struct pth_word rest = pth_word_of(s->known.s != NULL ? s->known.s : ""), line, state;

	while (pth_word_next(&rest, "\n", &line))
		if (pth_engine_line(line, s->count, &state) == s->count) {
			p->state = OUT;
			p->tries = 1;
			p->out_us = p->begun_us = pth_mono_us();
		}
}

/* The next test of the parts that are there. 1, 0: there is no more, -1 with e. */
static int
next_old(struct pth_spread *s, json_t **rec, struct pth_err *e)
{
	int r;

	for (;;) {
		if (s->old_in != NULL) {
			do
				r = pth_rec_read(s->old_in, rec, e);
			while (r > 0 && !pth_rec_is_test(*rec));
			if (r != 0)
				return r;
			pth_rec_close(s->old_in);
			free(pth_take(&s->old_in));
		}
		if (s->count >= s->old)
			return 0;
		adopt(s, add_part(s));
		s->old_in = pth_xmalloc(sizeof *s->old_in);
		if (spread_open(s, s->count - 1, s->old_in, e) != 0)
			return -1;
	}
}

/* Is it the test that was there before? 1: yes, 0: all of these have come, -1 with e. */
static int
take_old(struct pth_spread *s, const json_t *rec, struct pth_err *e)
{
	json_t *old = NULL;
	bool same;
	int r = next_old(s, &old, e);

	if (r <= 0)
		return r;
	same = json_equal(pth_rec_plan(old), pth_rec_plan(rec)) != 0 &&
	    (pth_test_result(old) == NULL) == (pth_test_result(rec) == NULL) &&
	    strcmp(pth_rec_id(old), pth_rec_id(rec)) == 0;
	json_decref(old);
	return same ? 1 : another_input(s, rec, e);
}

static int64_t
expected(const struct pth_spread *s, const json_t *rec)
{
	int64_t us = s->before != NULL ? pth_rundir_duration(s->before, pth_rec_id(rec)) : -1;

	return us >= 0 ? us : GUESS_US;
}

/* A test that is left out has its result now; of another one, what an earlier run has left goes. */
static bool
settle(struct pth_spread *s, json_t *rec)
{
	const char *why = pth_select_left_out(&s->in, rec);

	pth_progress_total(&s->progress, rec);
	json_object_del(rec, PTH_KEY(test, result));
	if (why != NULL)
		pth_test_set_result(rec, pth_result_without(PTH_S_SKIPPED, PTH_CAT_NONE, why));
	return why != NULL;
}

int
pth_spread_take(struct pth_spread *s, json_t *take, struct pth_err *e)
{
	json_auto_t *rec = take;
	pth_auto_buf line = PTH_BUF_INIT;
	struct pth_part *p;
	bool left_out;
	int old;

	if (!pth_rec_is_test(rec))
		return pth_rec_write(&s->out, rec, e);
	left_out = settle(s, rec);
	old = s->open_part == NULL && s->old > 0 ? take_old(s, rec, e) : 0;
	if (old < 0 || (old == 0 && s->open_part == NULL && begin_part(s, e) != 0))
		return -1;
	p = &s->parts[s->count - 1];
	if (left_out) {
		s->left++;
	} else {
		p->tests++;
		p->expect_us += expected(s, rec);
		p->limit_us += pth_plan_timeout_us(pth_rec_plan(rec));
	}
	if (old > 0)
		return 0;
	pth_rec_line(&line, rec);
	if (fwrite(line.s, 1, line.len, s->open_part) != line.len)
		return pth_err_set(e, PTH_SYSTEM, "%s/%zu:", s->parts_path, s->count);
	return is_full(s, p) ? close_part(s, e) : 0;
}

int
pth_spread_fed(struct pth_spread *s, struct pth_err *e)
{
	json_t *old = NULL;
	int r = s->open_part == NULL ? next_old(s, &old, e) : 0;

	if (r > 0) {
		json_decref(old);
		return another_input(s, NULL, e);
	}
	s->fed = true;
	return r == 0 ? close_part(s, e) : r;
}

size_t
spread_count(const struct pth_spread *s, enum state state)
{
	size_t n = 0;

	for (size_t i = s->emitted; i < s->count; i++)
		n += s->parts[i].state == state;
	return n;
}

bool
pth_spread_has_room(const struct pth_spread *s)
{
	return s->engine.once || s->open_part != NULL ||
	    s->count - s->emitted <= 2 * (size_t)s->window;
}

static bool
all_is_out(const struct pth_spread *s)
{
	return s->fed && s->emitted == s->count;
}

/* A process that waits for parts still has something to put away when the last has come. */
bool
pth_spread_is_done(const struct pth_spread *s)
{
	return all_is_out(s) && (s->engines == 0 || pth_mono_us() >= s->until_us);
}

/* --- what goes out --- */

void
spread_lose(struct pth_spread *s, size_t i, const char *why)
{
	struct pth_part *p = &s->parts[i];

	if (p->tries < s->tries && s->signal == 0 && *s->stopped == '\0') {
		p->state = READY;
		pth_warn("part %zu: %s; it is submitted again", i + 1, why);
		return;
	}
	p->state = LOST;
	snprintf(p->why, sizeof p->why, "part %zu: %.350s", i + 1, why);
	pth_warn("%s", p->why);
}

bool
spread_is_whole(const struct pth_spread *s, size_t i)
{
	return i + 1 < s->count || (s->open_part == NULL && s->old_in == NULL);
}

/* What is out may end; the rest is not begun. */
static void
stop_submitting(struct pth_spread *s, const char *why)
{
	pth_complain("%s", why);
	snprintf(s->stopped, sizeof s->stopped, "%.290s", why);
}

/* The parts from i on that go out together. */
static size_t
batch(const struct pth_spread *s, size_t i, size_t room)
{
	size_t n = 0;

	while (i + n < s->count && spread_is_whole(s, i + n) && n < room && n < s->engine.array &&
	    s->parts[i + n].state == READY)
		n++;
	return n;
}

static int
submit(struct pth_spread *s, size_t i, size_t n, struct pth_err *e)
{
	pth_auto_fd log = openat(
	    s->partsfd, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	int64_t limit = 0;
	pid_t pid;

	for (size_t k = i; k < i + n; k++)
		limit = s->parts[k].limit_us > limit ? s->parts[k].limit_us : limit;
	pid = pth_engine_submit(&s->engine, &s->places, (unsigned)i + 1, (unsigned)(i + n),
	    limit / (60 * PTH_SECOND_US) + MARGIN_MINUTES, log, e);
	if (pid < 0)
		return -1;
	s->engines += pid > 0;
	for (size_t k = i; k < i + n; k++) {
		s->parts[k].state = OUT;
		s->parts[k].tries++;
		s->parts[k].gone = 0;
		s->parts[k].pid = pid;
		s->parts[k].out_us = s->parts[k].begun_us = pth_mono_us();
	}
	pth_event("run.submitted", "{s:s,s:I,s:I}", "engine", s->engine.name, "first",
	    (json_int_t)i + 1, "last", (json_int_t)(i + n));
	return 0;
}

static void
submit_all(struct pth_spread *s)
{
	size_t out = spread_count(s, OUT), n;
	struct pth_err e;

	if (s->signal != 0 || *s->stopped != '\0' || (s->engine.once && !s->fed))
		return;
	if (!s->engine.once && s->window - out < s->window / 4)
		return; /* many at once are cheaper than one by one */
	for (size_t i = s->emitted; i < s->count; i++) {
		if (s->parts[i].state != READY || (!s->engine.once && out >= s->window))
			continue;
		n = batch(s, i, s->engine.once ? s->count : s->window - out);
		if (n == 0)
			continue;
		if (submit(s, i, n, &e) != 0) {
			stop_submitting(s, e.text);
			return;
		}
		out += n;
		i += n - 1;
	}
}

/* --- what comes back --- */

/* Has it ended? Then it says how. */
void
spread_look(struct pth_spread *s, size_t i)
{
	pth_auto_fd fd = open_file(s, i, "code", O_RDONLY | O_NOFOLLOW);
	pth_auto_buf text = PTH_BUF_INIT;
	struct pth_part *p = &s->parts[i];

	if (fd < 0 || pth_file_read_fd(fd, "code", CODE_MAX, &text, NULL) != 0 || text.len == 0)
		return;
	text.s[strcspn(text.s, "\n")] = '\0';
	if (p->tries == 0 && strcmp(text.s, "exit code 0") != 0) {
		/* That was before we were resumed, and is to be tried again. */
		unlink_file(s, i, "code");
		return;
	}
	if (strncmp(text.s, "refused", 7) == 0) {
		p->state = LOST;
		snprintf(p->why, sizeof p->why, "part %zu was %.350s", i + 1, text.s);
		if (*s->stopped == '\0')
			stop_submitting(s, p->why);
		return;
	}
	p->state = DONE;
	if (strcmp(text.s, "exit code 0") == 0)
		return;
	pth_warn(
	    "part %zu: pth-exec ended with %s: %s/%zu/log", i + 1, text.s, s->parts_path, i + 1);
	/* Whoever has ended it did not want it to go on. */
	if (!pth_work_cancelled(text.s) && p->tries < s->tries && s->signal == 0) {
		unlink_file(s, i, "code");
		spread_lose(s, i, "its pth-exec has failed");
	}
}

void
spread_said(const struct pth_spread *s, struct pth_buf *b)
{
	pth_auto_fd fd = openat(s->partsfd, "log", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[600];
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t n = fd < 0 ? 0 :
	                     pread(fd, text, sizeof text - 1,
	                         size > (off_t)sizeof text - 1 ? size - (off_t)sizeof text + 1 : 0);
	char *line;

	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (n <= 0)
		return;
	text[n] = '\0';
	line = strrchr(text, '\n');
	pth_buf_adds(b, ": ");
	pth_show(b, line != NULL ? line + 1 : text, 200);
}

/* Processes that were to wait for their parts are gone, and so are those parts that did not
 * end. */
static void
reap(struct pth_spread *s)
{
	struct rusage usage;
	char how[32];
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		struct pth_exit end = pth_exit_of(status, &usage);
		pth_auto_buf why = PTH_BUF_INIT;

		s->engines -= s->engines > 0;
		for (size_t i = s->emitted; i < s->count; i++) {
			if (s->parts[i].pid != pid || s->parts[i].state != OUT)
				continue;
			spread_look(s, i);
			pth_buf_cut(&why, 0);
			pth_buf_addf(&why, "engine %s has ended with %s before it", s->engine.name,
			    pth_exit_text(&end, how));
			spread_said(s, &why);
			if (s->parts[i].state == OUT)
				spread_lose(s, i, why.s);
		}
	}
}

/* --- interrupts --- */

void
pth_spread_interrupt(struct pth_spread *s, int signal)
{
	struct pth_err e;

	s->signal = signal;
	s->stop_us = pth_mono_us() + STOP_US;
	s->until_us = all_is_out(s) ? pth_mono_us() : s->stop_us;
	if (pth_engine_cancel(&s->engine, &s->places, &e) != 0)
		pth_complain("%s", e.text);
	for (size_t i = s->emitted; i < s->count; i++)
		if (s->parts[i].pid > 0 && s->parts[i].state == OUT)
			kill(s->parts[i].pid, SIGTERM);
}

/* What does not end by itself is given up. */
static void
stop(struct pth_spread *s)
{
	bool late = s->signal != 0 && pth_mono_us() > s->stop_us;
	pth_auto_buf why = PTH_BUF_INIT;

	if (s->signal == 0 && *s->stopped == '\0')
		return;
	pth_buf_addf(&why, "not begun: %s", s->stopped);
	for (size_t i = s->emitted; i < s->count; i++)
		if ((s->parts[i].state == READY && spread_is_whole(s, i)) ||
		    (late && s->parts[i].state == OUT))
			spread_lose(s, i, *s->stopped != '\0' ? why.s : "interrupted");
}

int
pth_spread_move(struct pth_spread *s, struct pth_err *e)
{
	for (size_t i = s->emitted; i < s->count; i++)
		if (s->parts[i].state == OUT || (i < s->old && s->parts[i].state == READY))
			spread_look(s, i);
	reap(s);
	spread_ask(s);
	stop(s);
	submit_all(s);
	if (spread_emit(s, e) != 0)
		return -1;
	if (all_is_out(s) && s->until_us == 0)
		s->until_us = pth_mono_us() + STOP_US;
	return 0;
}

int
pth_spread_end(struct pth_spread *s, bool ended, struct pth_err *e)
{
	if (s->engines > 0)
		pth_warn("engine %s still runs after the last part, and is killed", s->engine.name);
	if (!ended)
		return 0;
	return pth_merge_dir_end(s->to, s->out.lacks, e) == 0 ? pth_rec_end(&s->out, e) : -1;
}

void
pth_spread_release(struct pth_spread *s)
{
	if (s->open_part != NULL)
		fclose(pth_take(&s->open_part));
	if (s->old_in != NULL) {
		pth_rec_close(s->old_in);
		free(pth_take(&s->old_in));
	}
	free(pth_take(&s->parts));
	free(pth_take(&s->parts_path));
	pth_buf_release(&s->known);
	pth_select_release(&s->in);
	free(pth_take(&s->name));
	pth_close(&s->partsfd);
	if (s->to != NULL)
		pth_merge_dir_free(pth_take(&s->to));
}
