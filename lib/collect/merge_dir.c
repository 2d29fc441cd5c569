/* This file makes one run directory out of those in which the parts of a run were. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/text.h"
#include "collect/merge.h"
#include "host/proc.h"
#include "io/event.h"
#include "io/file.h"
#include "run/lock.h"
#include "run/rundir.h"

#define SAID_MAX 4096
#define TOGETHER 200 /* directories that one cp(1) copies */
#define EVENTS "events.jsonl"
/* While parts are moved: the place in EVENTS where those of the last one begin, and its directory.
 * Whoever goes on after a SIGKILL begins there again. */
#define EVENTS_AT ".events.at"

struct pth_merge_dir {
	struct pth_rundir to;
	bool move;
	/* Where the last tests came from, and what cp is still to copy from there. */
	char *from;
	int fromfd;
	struct pth_strv argv;
	json_t *seen; /* set of such places */
	long tests;
};

struct pth_merge_dir *
pth_merge_dir_open(const char *path, bool move, bool resume, struct pth_err *e)
{
	struct pth_merge_dir *d = pth_xmalloc(sizeof *d);

	*d = (struct pth_merge_dir){ .move = move, .fromfd = -1, .seen = json_object() };
	if (pth_rundir_open(&d->to, path, "", "", resume, e) == 0) {
		if (!resume)
			unlinkat(d->to.fd, EVENTS_AT, 0);
		return d;
	}
	json_decref(d->seen);
	free(d);
	return NULL;
}

const char *
pth_merge_dir_path(const struct pth_merge_dir *d)
{
	return d->to.path;
}

/* Lets cp(1) do what has gathered: it knows links, FIFOs and holes, and how file systems share
 * blocks. */
static int
copy(struct pth_merge_dir *d, struct pth_err *e)
{
	pth_auto_buf said = PTH_BUF_INIT;
	struct pth_exit end;
	bool late = false;
	int r;

	if (d->argv.n == 0)
		return 0;
	const struct pth_proc_req q = { .argv = (const char *const *)d->argv.v,
		.cwd = d->from,
		.in = -1,
		.out = -1,
		.err = -1,
		.session = true,
		.die_with_parent = true };
	r = pth_proc_run(&q, 0, NULL, &said, SAID_MAX, &end, &late, e);
	pth_strv_free(d->argv.v);
	d->argv = (struct pth_strv){ NULL, 0 };
	if (r != 0)
		return -1;
	if (!end.signaled && end.code == 0)
		return 0;
	if (said.len > 0)
		said.s[strcspn(said.s, "\n")] = '\0';
	return pth_err_set(e, PTH_SYSTEM, "%s: %s", d->from, said.len > 0 ? said.s : "cp failed");
}

/* Makes our events (out) end where those of the directory there begin. */
static int
begin_events(const struct pth_merge_dir *d, int out, struct pth_err *e)
{
	pth_auto_buf text = PTH_BUF_INIT;
	off_t size = lseek(out, 0, SEEK_END);
	intmax_t at;
	int n = 0;

	if (pth_file_read_below(d->to.fd, EVENTS_AT, SAID_MAX, &text, NULL) == 0 &&
	    text.s != NULL && sscanf(text.s, "%jd %n", &at, &n) == 1 &&
	    strcmp(text.s + n, d->from) == 0 && at >= 0 && at <= size)
		return ftruncate(out, at) == 0 ?
		    0 :
		    pth_err_set(e, PTH_SYSTEM, "%s/" EVENTS ":", d->to.path);
	pth_buf_cut(&text, 0);
	pth_buf_addf(&text, "%jd %s", (intmax_t)size, d->from);
	return pth_file_write(d->to.fd, EVENTS_AT, text.s, text.len, e);
}

/* The events of the run directory there, behind ours. */
static int
append_events(const struct pth_merge_dir *d, struct pth_err *e)
{
	static char part[65536];
	pth_auto_fd in = pth_open_regular(d->fromfd, EVENTS, NULL);
	pth_auto_fd out = in < 0 ?
	    -1 :
	    pth_file_ours(d->to.fd, EVENTS, O_WRONLY | O_CREAT | O_APPEND, e);
	ssize_t n;

	if (in < 0)
		return 0;
	if (out < 0 || (d->move && begin_events(d, out, e) != 0))
		return -1;
	while ((n = read(in, part, sizeof part)) > 0)
		if (pth_write_all(out, part, (size_t)n) != 0)
			break;
	return n == 0 ? 0 : pth_err_set(e, PTH_SYSTEM, "%s/" EVENTS ":", d->to.path);
}

/* The tests that follow come out of another run directory. */
static int
change(struct pth_merge_dir *d, const char *from, struct pth_err *e)
{
	pth_auto_buf source = PTH_BUF_INIT;

	if (d->from != NULL && strcmp(d->from, from) == 0)
		return 0;
	if (copy(d, e) != 0)
		return -1;
	pth_close(&d->fromfd);
	free(pth_take(&d->from));
	if (pth_run_lock_held(from, e))
		return -1;
	d->fromfd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fromfd < 0 || faccessat(d->fromfd, "plan.jsonl", F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return pth_err_set(
		    e, PTH_SYSTEM, "%s, where tests were run, is no run directory here:", from);
	d->from = pth_xstrdup(from);
	if (json_object_get(d->seen, from) != NULL)
		return 0;
	pth_json_set(d->seen, from, json_true());
	pth_buf_addf(&source, "%s/experiment.yaml", from);
	if (json_object_size(d->seen) == 1)
		pth_rundir_source(&d->to, source.s);
	return append_events(d, e);
}

/* One directory, unless it is not there: then the test has none, or was moved before we were
 * interrupted. below: "" or "tries/". */
static int
take(struct pth_merge_dir *d, const char *below, const char *name, struct pth_err *e)
{
	pth_auto_buf path = PTH_BUF_INIT;
	struct stat st;

	pth_buf_addf(&path, "%s%s", below, name);
	if (fstatat(d->fromfd, path.s, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
		return 0;
	if (pth_rmtree(d->to.fd, path.s, e) != 0)
		return -1;
	if (*below != '\0')
		mkdirat(d->to.fd, "tries", 0777);
	if (d->move)
		return renameat(d->fromfd, path.s, d->to.fd, path.s) == 0 ?
		    0 :
		    pth_err_set(e, PTH_SYSTEM, "move %s/%s to %s:", d->from, path.s, d->to.path);
	if (d->argv.n == 0) {
		static const char *const cp[] = { "cp", "-a", "--parents", "--reflink=auto", "-t" };

		for (size_t i = 0; i < countof(cp); i++)
			pth_strv_push(&d->argv, pth_xstrdup(cp[i]));
		pth_strv_push(&d->argv, pth_xstrdup(d->to.path));
		pth_strv_push(&d->argv, pth_xstrdup("--"));
	}
	pth_strv_push(&d->argv, pth_xstrdup(path.s));
	return d->argv.n < TOGETHER ? 0 : copy(d, e);
}

/* The directories of a test: that of its last try, and those that were kept. */
static int
take_all(struct pth_merge_dir *d, const char *id, const json_t *result, struct pth_err *e)
{
	char name[300];

	if (take(d, "", id, e) != 0)
		return -1;
	for (int64_t n = 1; n < pth_result_attempt(result); n++) {
		snprintf(name, sizeof name, "%.255s-%d", id, (int)n);
		if (take(d, "tries/", name, e) != 0)
			return -1;
	}
	return 0;
}

/* The test as it was planned. */
static int
put_plan(struct pth_merge_dir *d, const json_t *rec, struct pth_err *e)
{
	static const char *const later[] = { PTH_KEY(test, result), PTH_KEY(test, artifacts),
		PTH_KEY(test, metrics), PTH_KEY(test, verdict) };
	json_auto_t *planned = json_copy((json_t *)(uintptr_t)rec);
	pth_auto_buf line = PTH_BUF_INIT;

	for (size_t i = 0; i < countof(later); i++)
		json_object_del(planned, later[i]);
	pth_rec_line(&line, planned);
	return pth_journal_add(&d->to.plan, &line, e);
}

int
pth_merge_dir_add(struct pth_merge_dir *d, json_t *rec, struct pth_err *e)
{
	json_t *result = pth_test_result(rec);
	const char *from = pth_result_run_dir(result), *id = pth_rec_id(rec);
	pth_auto_buf line = PTH_BUF_INIT;

	if (!pth_name_ok(id))
		return pth_err_set(e, PTH_INPUT, "%s: the id is not a safe directory name", id);
	/* What is here already was moved before somebody was killed. */
	if (from != NULL && strcmp(from, d->to.path) != 0 &&
	    (change(d, from, e) != 0 || take_all(d, id, result, e) != 0))
		return -1;
	if (from != NULL)
		pth_result_set_run_dir(result, d->to.path);
	d->tests++;
	if (put_plan(d, rec, e) != 0)
		return -1;
	pth_rec_line(&line, rec);
	return pth_journal_add(&d->to.results, &line, e);
}

int
pth_merge_dir_end(struct pth_merge_dir *d, const char *lacks, struct pth_err *e)
{
	pth_auto_buf end = PTH_BUF_INIT;

	pth_rec_end_line(&end, d->tests, lacks);
	unlinkat(d->to.fd, EVENTS_AT, 0);
	return copy(d, e) == 0 && pth_journal_add(&d->to.plan, &end, e) == 0 ?
	    pth_journal_add(&d->to.results, &end, e) :
	    -1;
}

void
pth_merge_dir_free(struct pth_merge_dir *d)
{
	pth_strv_free(d->argv.v);
	pth_close(&d->fromfd);
	free(d->from);
	json_decref(d->seen);
	pth_rundir_close(&d->to);
	free(d);
}
