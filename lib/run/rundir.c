/* This file finds or makes the files of a run, locks them, and writes them line by line. */
#include "run/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "io/file.h"
#include "io/record.h"

#define SOURCE_MAX ((size_t)64 << 20)
#define PLAN "plan.jsonl"
#define PATIENCE_US (2 * PTH_SECOND_US)

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

/* It is ours alone, from now on. Who was killed has it until its tests have
 * ended, too. */
static int
lock(int fd, const char *path, struct pth_err *e)
{
	const struct timespec pause = { 0, 20000000 };
	int64_t end = pth_mono_us() + PATIENCE_US;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return 0; /* a file system without locks */
		if (pth_mono_us() > end)
			return pth_err_set(e, PTH_SYSTEM, "%s: another pth-exec works in it", path);
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* Empty, or a run of ours: then the old streams go. */
static int
claim(int fd, const char *path, bool resume, bool *fresh, struct pth_err *e)
{
	static const char *const ours[] = { "results.jsonl", "events.jsonl" };
	struct dirent *de;
	bool empty = true;
	pth_auto_dir dir = pth_opendir(fd, ".");

	if (dir == NULL)
		return pth_err_set(e, PTH_SYSTEM, "%s:", path);
	while ((de = readdir(dir)) != NULL)
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			empty = false;
	if (!empty && faccessat(fd, PLAN, F_OK, 0) != 0)
		return pth_err_set(e, PTH_SYSTEM,
		    "%s: not empty and not a run directory (no %s in it)", path, PLAN);
	if (lock(fd, path, e) != 0)
		return -1;
	*fresh = empty;
	for (size_t i = 0; i < countof(ours) - resume; i++)
		if (pth_rmtree(fd, ours[i], e) != 0)
			return pth_err_wrap(e, "%s", path);
	pth_file_sweep(fd);
	return 0;
}

/* Open the directory, which may be an old one when it was given, and mark it as a run's. */
static int
take_over(struct pth_rundir *d, const char *path, bool given, bool resume, struct pth_err *e)
{
	pth_auto_fd plan = -1;

	d->path = realpath(path, NULL);
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->path == NULL || d->fd < 0)
		return pth_err_set(e, PTH_SYSTEM, "%s:", path);
	if (given && claim(d->fd, path, resume, &d->fresh, e) != 0)
		return -1;
	/* The file by which a run directory is known is there before all others and
	 * never removed: whenever a run is killed, it can be resumed. */
	plan = pth_file_ours(d->fd, PLAN, O_WRONLY | O_CREAT | O_TRUNC, e);
	return plan < 0 ? pth_err_wrap(e, "%s", path) : 0;
}

int
pth_rundir_open(struct pth_rundir *d, const char *dir, const char *base, const char *run,
    bool resume, struct pth_err *e)
{
	pth_auto_buf path = PTH_BUF_INIT;
	int r;

	*d = (struct pth_rundir){ .fd = -1, .fresh = true };
	if (dir != NULL)
		pth_buf_adds(&path, dir);
	r = dir != NULL ? pth_mkdirs(AT_FDCWD, dir, e) : make_new(base, run, &path, e);
	if (r == 0)
		r = take_over(d, path.s, dir != NULL, resume, e);
	if (r != 0)
		pth_rundir_close(d);
	return r;
}

void
pth_rundir_close(struct pth_rundir *d)
{
	pth_close(&d->fd);
	free(pth_take(&d->path));
}

int
pth_rundir_test(struct pth_rundir *d, const char *id, struct pth_err *e)
{
	int fd;

	if (pth_rmtree(d->fd, id, e) != 0)
		return -1;
	if (mkdirat(d->fd, id, 0777) != 0)
		return pth_err_set(e, PTH_SYSTEM, "mkdir %s/%s:", d->path, id);
	fd = pth_open_beneath(d->fd, id, O_RDONLY | O_DIRECTORY, 0);
	return fd < 0 ? pth_err_set(e, PTH_SYSTEM, "%s/%s:", d->path, id) : fd;
}

void
pth_rundir_tidy(struct pth_rundir *d, const char *id)
{
	pth_auto_buf path = PTH_BUF_INIT;

	pth_buf_addf(&path, "%s/tmp", id);
	pth_rmtree(d->fd, path.s, NULL);
}

int
pth_rundir_line(struct pth_rundir *d, const char *id, const char *file, const struct pth_buf *line,
    struct pth_err *e)
{
	pth_auto_buf path = PTH_BUF_INIT;
	pth_auto_fd fd = -1;

	if (id != NULL)
		pth_buf_addf(&path, "%s/", id);
	pth_buf_adds(&path, file);
	fd = pth_file_ours(
	    d->fd, path.s, O_WRONLY | O_CREAT | (id != NULL ? O_TRUNC : O_APPEND), e);
	if (fd < 0)
		return pth_err_wrap(e, "%s", d->path);
	if (pth_write_all(fd, line->s, line->len) != 0 || close(pth_take_fd(&fd)) != 0)
		return pth_err_set(e, PTH_SYSTEM, "write %s/%s:", d->path, path.s);
	return 0;
}

int
pth_rundir_put(
    struct pth_rundir *d, const char *id, const char *file, const json_t *v, struct pth_err *e)
{
	pth_auto_buf path = PTH_BUF_INIT, b = PTH_BUF_INIT;

	pth_buf_addf(&path, "%s/%s", id, file);
	pth_json_dump(&b, v);
	pth_buf_addc(&b, '\n');
	return pth_file_put(d->fd, path.s, b.s, b.len, e);
}

json_t *
pth_rundir_get(const char *path, const char *id, const char *file)
{
	pth_auto_buf below = PTH_BUF_INIT, b = PTH_BUF_INIT;
	pth_auto_fd fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	pth_buf_addf(&below, "%s/%s", id, file);
	return pth_file_read_below(fd, below.s, SOURCE_MAX, &b, NULL) == 0 ?
	    pth_json_parse(b.s, b.len, NULL) :
	    NULL;
}

int64_t
pth_rundir_duration(const char *path, const char *id)
{
	json_auto_t *result = pth_rundir_get(path, id, "result.json");

	return pth_result_duration_us(result) > 0 ? pth_result_duration_us(result) : -1;
}

int
pth_rundir_keep_try(struct pth_rundir *d, const char *id, int n, struct pth_err *e)
{
	pth_auto_buf to = PTH_BUF_INIT;

	pth_buf_addf(&to, "tries/%s-%d", id, n);
	if (pth_mkdirs(d->fd, "tries", e) != 0 || pth_rmtree(d->fd, to.s, e) != 0)
		return -1;
	pth_mend_mode(d->fd, id); /* rename(2) changes ".." of what it moves */
	return renameat(d->fd, id, d->fd, to.s) == 0 ?
	    0 :
	    pth_err_set(e, PTH_SYSTEM, "%s/%s:", d->path, to.s);
}

void
pth_rundir_source(struct pth_rundir *d, const char *file)
{
	pth_auto_buf b = PTH_BUF_INIT;

	if (pth_file_read_named(file, SOURCE_MAX, &b, NULL) == 0)
		pth_file_put(d->fd, "experiment.yaml", b.s, b.len, NULL);
}
