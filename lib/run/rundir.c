/* This file finds or makes the directory of a run, and has its streams. */
#include "run/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "io/event.h"
#include "io/file.h"
#include "io/record.h"
#include "run/lock.h"

#define SOURCE_MAX ((size_t)64 << 20)
#define PLAN "plan.jsonl"
#define RESULTS "results.jsonl"
#define EVENTS "events.jsonl"

/* BASE/latest -> NAME, replaced in one step. A convenience: no error. */
static void
point_latest(const char *base, const char *path)
{
	pth_auto_buf tmp = PTH_BUF_INIT, link = PTH_BUF_INIT;
	const char *name = strrchr(path, '/') + 1;

	pth_buf_addf(&link, "%s/latest", base);
	pth_buf_addf(&tmp, "%s/.latest.%ld", base, (long)getpid());
	if (symlink(name, tmp.s) == 0 && rename(tmp.s, link.s) != 0)
		unlink(tmp.s);
}

/* A name that is free below base: RUN-YYYYMMDD-HHMMSS[-N]. */
static int
make_new(const char *base, const char *run, struct pth_buf *path, struct pth_err *e)
{
	time_t now = (time_t)(pth_real_us() / PTH_SECOND_US);
	char stamp[32];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &tm);
	if (pth_mkdirs(AT_FDCWD, base, e) != 0)
		return -1;
	for (int i = 1; i < 1000; i++) {
		pth_buf_cut(path, 0);
		pth_buf_addf(path, "%s/%s-%s", base, run, stamp);
		if (i > 1)
			pth_buf_addf(path, "-%d", i);
		if (mkdir(path->s, 0777) == 0) {
			point_latest(base, path->s);
			return 0;
		}
		if (errno != EEXIST)
			break;
	}
	return pth_err_set(e, PTH_SYSTEM, "mkdir %s:", path->s);
}

/* -YYYYMMDD-HHMMSS[-N], as make_new() has it? */
static bool
is_stamp(const char *s)
{
	static const char form[] = "-dddddddd-dddddd";

	for (size_t i = 0; form[i] != '\0'; i++, s++)
		if (form[i] == 'd' ? !pth_is_digit(*s) : *s != form[i])
			return false;
	return *s == '\0' || *s == '-';
}

char *
pth_rundir_newest(const char *base, const char *run)
{
	pth_auto_buf best = PTH_BUF_INIT;
	pth_auto_dir dir = opendir(base);
	struct pth_buf path = PTH_BUF_INIT;
	size_t n = strlen(run);
	struct dirent *de;

	while (dir != NULL && (de = readdir(dir)) != NULL) {
		if (strncmp(de->d_name, run, n) != 0 || !is_stamp(de->d_name + n) ||
		    (best.s != NULL && strverscmp(de->d_name, best.s) < 0))
			continue;
		pth_buf_cut(&best, 0);
		pth_buf_adds(&best, de->d_name);
	}
	if (best.s == NULL)
		return NULL;
	pth_buf_addf(&path, "%s/%s", base, best.s);
	return pth_buf_take(&path);
}

/* Empty, or a run of ours? */
static int
look(int fd, const char *path, bool *fresh, struct pth_err *e)
{
	struct dirent *de;
	pth_auto_dir dir = pth_opendir(fd, ".");

	if (dir == NULL)
		return pth_err_set(e, PTH_SYSTEM, "%s:", path);
	*fresh = true;
	while ((de = readdir(dir)) != NULL)
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			*fresh = false;
	if (!*fresh && faccessat(fd, PLAN, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return pth_err_set(e, PTH_SYSTEM,
		    "%s: not empty and not a run directory (no %s in it)", path, PLAN);
	return 0;
}

/* It is ours: mark it as a run's, and let its streams begin anew. */
static int
begin(struct pth_rundir *d, bool resume, struct pth_err *e)
{
	pth_file_sweep(d->fd, NULL);
	if (resume)
		pth_rec_index_open(&d->before, d->fd, RESULTS);
	else if (pth_rmtree(d->fd, EVENTS, e) != 0)
		return pth_err_wrap(e, "%s", d->path);
	/* The file by which a run directory is known is there before all others and
	 * never removed: whenever a run is killed, it can be resumed. */
	if (pth_journal_open(&d->plan, d->fd, PLAN, e) != 0)
		return -1;
	pth_run_lock_sign(d->plan.fd);
	return pth_journal_open(&d->results, d->fd, RESULTS, e);
}

/* A name that JSON can have? Records name their run directory. */
static bool
is_text(const char *path)
{
	return path == NULL || pth_utf8_ok(path, strlen(path), NULL);
}

static int
no_text(struct pth_err *e)
{
	return pth_err_set(e, PTH_SYSTEM,
	    "the path of the run directory is not UTF-8, and the records that name it must be: use "
	    "-o DIR, or another working directory");
}

/* Would the directory have such a name? Asked before it is made: of that above it which is
 * there. */
static bool
will_be_text(const char *path)
{
	pth_auto_str above = pth_xstrdup(path);
	pth_auto_str real = NULL;
	char *slash;

	while ((real = realpath(above, NULL)) == NULL && (slash = strrchr(above, '/')) != NULL &&
	    slash > above)
		*slash = '\0';
	if (real == NULL && *path != '/')
		real = realpath(".", NULL);
	return is_text(real) && is_text(path);
}

/* Open the directory, which may be an old one when it was given, and lock it. */
static int
take_over(struct pth_rundir *d, const char *path, bool resume, struct pth_err *e)
{
	d->path = realpath(path, NULL);
	if (!is_text(d->path))
		return no_text(e);
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->path == NULL || d->fd < 0)
		return pth_err_set(e, PTH_SYSTEM, "%s:", path);
	return pth_run_lock(d->fd, path, e) != 0 || look(d->fd, path, &d->fresh, e) != 0 ||
	        begin(d, resume, e) != 0 ?
	    -1 :
	    0;
}

int
pth_rundir_open(struct pth_rundir *d, const char *dir, const char *base, const char *run,
    bool resume, struct pth_err *e)
{
	pth_auto_buf path = PTH_BUF_INIT;
	int r;

	*d = (struct pth_rundir){ .fd = -1,
		.fresh = true,
		.plan = PTH_JOURNAL_INIT,
		.results = PTH_JOURNAL_INIT,
		.before = PTH_REC_INDEX_INIT };
	if (!will_be_text(dir != NULL ? dir : base))
		return no_text(e);
	if (dir != NULL)
		pth_buf_adds(&path, dir);
	r = dir != NULL ? pth_mkdirs(AT_FDCWD, dir, e) : make_new(base, run, &path, e);
	if (r == 0)
		r = take_over(d, path.s, resume, e);
	if (r != 0)
		pth_rundir_close(d);
	return r;
}

bool
pth_rundir_untouched(struct pth_rundir *d)
{
	struct pth_journal *const all[] = { &d->plan, &d->results };
	struct pth_err e;
	bool good = true;

	for (size_t i = 0; i < countof(all); i++)
		if (pth_journal_check(all[i], d->fd, &e) != 0) {
			pth_complain("%s/%s", d->path, e.text);
			good = false;
		}
	return good;
}

void
pth_rundir_close(struct pth_rundir *d)
{
	pth_journal_close(&d->plan);
	pth_journal_close(&d->results);
	pth_rec_index_close(&d->before);
	pth_close(&d->fd);
	free(pth_take(&d->path));
}

int64_t
pth_rundir_duration(const char *path, const char *id)
{
	pth_auto_fd dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	json_auto_t *result = dir < 0 ? NULL : pth_rundir_get(dir, id, "result.json", NULL);

	return pth_result_duration_us(result) > 0 ? pth_result_duration_us(result) : -1;
}

void
pth_rundir_source(struct pth_rundir *d, const char *file)
{
	pth_auto_buf b = PTH_BUF_INIT;

	if (pth_file_read_named(file, SOURCE_MAX, &b, NULL) == 0)
		pth_file_put(d->fd, "experiment.yaml", b.s, b.len, NULL);
}
