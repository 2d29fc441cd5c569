/* This file collects one test, and keeps results.jsonl of a run directory. */
#include "collect/collect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "collect/artifact.h"
#include "collect/conflict.h"
#include "collect/links.h"
#include "collect/metric.h"
#include "collect/own.h"
#include "collect/prune.h"
#include "collect/qlog.h"
#include "collect/verdict.h"
#include "io/event.h"

/* Was there anything to leave files behind? */
static bool
has_run(const json_t *rec)
{
	enum pth_status s = pth_status_of_result(pth_result_status(pth_test_result(rec)));

	return pth_test_error(rec) == NULL && s != PTH_S_ERROR && s != PTH_S_SKIPPED;
}

/* The test's directory, opened without leaving the run directory, and its path in b;
 * -1 when there is none here (not executed, or executed on another machine). */
static int
open_test_dir(const json_t *rec, struct pth_buf *b)
{
	const json_t *result = pth_test_result(rec);
	const char *run = pth_result_run_dir(result), *dir = pth_result_dir(result);
	bool wanted = has_run(rec);
	int fd;

	if (run == NULL || dir == NULL)
		return -1;
	pth_buf_addf(b, "%s/%s", run, dir);
	fd = pth_artifact_dir(run, dir);
	if (fd < 0 && wanted)
		pth_warn("%s:", b->s);
	return fd;
}

/* Series beside the record. */
static void
put_series(int dirfd, const char *path, const struct pth_buf *b)
{
	struct pth_err e;

	if (pth_file_put(dirfd, PTH_SERIES_FILE, b->s != NULL ? b->s : "", b->len, &e) != 0)
		pth_warn("%s: %s", path, e.text);
}

/* Artifacts and metrics from the test's directory, and the verdict on them. */
static void
collect_dir(json_t *rec, int dirfd, const char *path, const struct pth_collect_options *opt)
{
	json_auto_t *metrics = json_object(), *filters = pth_verdict_filters(rec);
	json_auto_t *artifacts = NULL;
	struct pth_metric_packets packets = { 0 };
	struct pth_metric_keys keys = { .fault = PTH_BUF_INIT };
	pth_auto_buf series = PTH_BUF_INIT;
	const struct pth_metric_capture capture = { .dirfd = dirfd,
		.rec = rec,
		.filters = filters,
		.keys = &keys,
		.limit_us = opt->tshark_us,
		.series = opt->series && !opt->look_only ? &series : NULL };
	struct pth_artifact_budget budget;
	struct pth_evidence ev = { .dirfd = dirfd, .metrics = metrics, .budget = &budget };
	int64_t omitted;
	struct pth_err e;

	if (!opt->no_packets)
		pth_metric_keys(dirfd, rec, opt->look_only, &keys);
	if (keys.fault.len > 0)
		pth_warn("%s: %s", pth_rec_id(rec), keys.fault.s);
	budget = pth_artifact_budget(opt->file_bytes, opt->files_us);
	artifacts = pth_artifact_list(dirfd, rec, &budget, &omitted, &e);
	if (e.code != 0) {
		pth_warn("%s: %s", path, e.text);
		pth_gap_add(metrics, PTH_GAP_ARTIFACTS, true, "artifacts: %s", e.text);
	}
	pth_metric_result(rec, metrics);
	pth_metric_samples(dirfd, rec, metrics);
	if (opt->no_packets)
		packets = (struct pth_metric_packets){ .why = pth_xstrdup("left out (--no-tshark)"),
			.left_out = true };
	else
		pth_metric_capture(&capture, metrics, &packets);
	pth_metric_transfer(rec, artifacts, metrics);
	pth_metric_measures(dirfd, rec, artifacts, metrics);
	budget = pth_artifact_budget(opt->file_bytes, opt->files_us);
	pth_qlog_metrics(dirfd, artifacts, &budget, metrics, capture.series);
	collect_links_metrics(dirfd, rec, metrics, capture.series);
	if (capture.series != NULL)
		put_series(dirfd, path, &series);
	collect_own_events(dirfd, rec, artifacts);
	/* What was read for the list does not count for the rules. */
	budget = pth_artifact_budget(opt->file_bytes, opt->files_us);
	ev.artifacts = artifacts;
	ev.filters = packets.counts;
	ev.by_tshark = packets.by_tshark;
	ev.no_packets = packets.why;
	ev.left_out = packets.left_out;
	pth_test_set_artifacts(rec, json_incref(artifacts));
	if (omitted > 0)
		pth_test_set_artifacts_omitted(rec, omitted);
	else
		json_object_del(rec, PTH_KEY(test, artifacts_omitted));
	pth_test_set_metrics(rec, json_incref(metrics));
	pth_test_set_verdict(rec, pth_verdict(rec, &ev));
	pth_metric_packets_release(&packets);
	pth_buf_release(&keys.fault);
}

/* Of the list only the logs are left, too. */
static json_t *
logs_of(const json_t *artifacts)
{
	json_t *out = json_array(), *a;
	size_t i;

	json_array_foreach(artifacts, i, a)
		if (strcmp(pth_artifact_kind(a), PTH_ARTIFACT_LOG) == 0)
			pth_json_push(out, json_incref(a));
	return out;
}

/* The test has collect_artifacts: false, and it has been judged: its files go, and those of the
 * tries before. */
static void
remove_files(json_t *rec, int dirfd, const char *path)
{
	const json_t *result = pth_test_result(rec), *try;
	int64_t files = 0, bytes = 0;
	struct pth_err e;
	size_t i;
	int r = collect_prune(dirfd, rec, &files, &bytes, &e);

	json_array_foreach(pth_result_tries(result), i, try) {
		pth_auto_fd fd = pth_artifact_dir(pth_result_run_dir(result), pth_attempt_dir(try));

		if (fd >= 0 && collect_prune(fd, rec, &files, &bytes, r == 0 ? &e : NULL) != 0)
			r = -1;
	}
	if (r != 0)
		pth_warn("%s: %s", path, e.text);
	pth_test_set_artifacts(rec, logs_of(pth_test_artifacts(rec)));
	pth_test_set_artifacts_removed(rec, files);
	json_object_del(rec, PTH_KEY(test, artifacts_omitted));
	pth_event("artifact.removed", "{s:I,s:I}", "files", (json_int_t)files, "bytes",
	    (json_int_t)bytes);
}

static void
collect_nothing(json_t *rec)
{
	const struct pth_evidence ev = { .dirfd = -1,
		.no_packets = "the test's directory is missing" };
	json_t *metrics = json_object();

	pth_metric_result(rec, metrics);
	pth_test_set_artifacts(rec, json_array());
	pth_test_set_metrics(rec, metrics);
	pth_test_set_verdict(rec, pth_verdict(rec, &ev));
}

/* The line of a record, without what would make it longer than the next stage takes: names can
 * be in the artifacts, the metrics and the rules. */
static void
fit(json_t *rec, struct pth_buf *line)
{
	int64_t files = (int64_t)json_array_size(pth_test_artifacts(rec));

	pth_rec_line(line, rec);
	if (line->len > PTH_REC_MAX) {
		pth_test_set_artifacts(rec, json_array());
		pth_test_set_artifacts_omitted(rec, pth_test_artifacts_omitted(rec) + files);
		pth_buf_cut(line, 0);
		pth_rec_line(line, rec);
	}
	if (line->len > PTH_REC_MAX) {
		pth_collect_failed(rec, "what it left is too long for a record");
		pth_buf_cut(line, 0);
		pth_rec_line(line, rec);
	}
}

/* What one of us that was killed has left while it replaced these files. */
static void
sweep(int dirfd)
{
	static const char *const names[] = { "record.json", PTH_SERIES_FILE, "capture.pcapng" };

	for (size_t i = 0; i < countof(names); i++)
		pth_file_sweep(dirfd, names[i]);
}

void
pth_collect_test(json_t *rec, const struct pth_collect_options *opt)
{
	pth_auto_buf path = PTH_BUF_INIT, line = PTH_BUF_INIT;
	pth_auto_fd dirfd = open_test_dir(rec, &path);
	struct pth_err e;

	pth_event_settings(pth_test_settings(rec));
	pth_event_run(pth_test_run(rec));
	pth_event_test(pth_rec_id(rec));
	pth_event_attempt((int)pth_result_attempt(pth_test_result(rec)));
	if (dirfd < 0) {
		collect_nothing(rec);
		return;
	}
	if (!opt->look_only)
		sweep(dirfd);
	collect_conflicts(rec, dirfd);
	if (opt->again && pth_test_artifacts_removed(rec) > 0)
		return; /* what it was judged by is gone, and it is the same */
	collect_dir(rec, dirfd, path.s, opt);
	if (!pth_test_collect_artifacts(rec) && !opt->look_only)
		remove_files(rec, dirfd, path.s);
	fit(rec, &line);
	if (opt->look_only)
		return;
	if (pth_file_put(dirfd, "record.json", line.s, line.len, &e) != 0)
		pth_warn("%s: %s", path.s, e.text);
}

void
pth_collect_failed(json_t *rec, const char *why)
{
	pth_test_set_artifacts(rec, json_array());
	pth_test_set_metrics(rec, json_object());
	pth_test_set_verdict(rec, pth_verdict_failed(why));
}

static int
results_open(struct pth_results *r, const char *dir)
{
	pth_auto_buf path = PTH_BUF_INIT;
	struct pth_err e;

	pth_buf_addf(&path, "%s/results.jsonl", dir);
	if (pth_file_begin(&r->file, AT_FDCWD, path.s, &e) == 0) {
		pth_auto_fd fd = fcntl(r->file.fd, F_DUPFD_CLOEXEC, 3);

		r->fp = fd < 0 ? NULL : fdopen(fd, "w");
		if (r->fp != NULL) {
			pth_take_fd(&fd);
			r->dir = pth_xstrdup(dir);
			r->ids = json_object();
			r->tests = 0;
			return 0;
		}
		pth_err_set(&e, PTH_SYSTEM, "open:");
		pth_file_abandon(&r->file);
	}
	if (!r->warned)
		pth_warn("%s: not written: %s", path.s, e.text);
	r->warned = true;
	return -1;
}

static void
put_line(struct pth_results *r, const json_t *rec)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_rec_line(&b, rec);
	fwrite(b.s, 1, b.len, r->fp); /* ferror() at close */
	pth_json_set(r->ids, pth_rec_id(rec), json_true());
	r->tests++;
}

void
pth_results_add(struct pth_results *r, const json_t *rec)
{
	const char *dir = pth_result_run_dir(pth_test_result(rec));

	if (dir == NULL) /* never executed: it belongs to the run it came with */
		dir = r->dir;
	if (dir == NULL || !pth_rec_is_test(rec))
		return;
	if (r->dir != NULL && strcmp(r->dir, dir) != 0)
		pth_results_close(r, true, NULL);
	if (r->dir == NULL && (access(dir, F_OK) != 0 || results_open(r, dir) != 0))
		return;
	put_line(r, rec);
}

/* Carry over the old records that this stream did not have. */
static void
keep_old(struct pth_results *r)
{
	pth_auto_fd dirfd = open(r->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct pth_rec_in in;
	struct pth_err e;
	json_t *rec;
	int got;

	if (pth_rec_open_below(&in, dirfd, "results.jsonl", &e) != 0) {
		if (e.error != ENOENT) {
			pth_warn("%s: %s: nothing of it is kept", r->dir, e.text);
			pth_rmtree(dirfd, "results.jsonl", NULL);
		}
		return;
	}
	while ((got = pth_rec_read(&in, &rec, &e)) > 0) {
		if (pth_rec_is_test(rec) && json_object_get(r->ids, pth_rec_id(rec)) == NULL)
			put_line(r, rec);
		json_decref(rec);
	}
	if (got < 0)
		pth_warn("%s/%s; the rest of the old file is dropped", r->dir, e.text);
	pth_rec_close(&in);
}

void
pth_results_close(struct pth_results *r, bool ended, const char *lacks)
{
	pth_auto_buf end = PTH_BUF_INIT;
	struct pth_err e;
	bool bad;

	if (r->dir == NULL)
		return;
	keep_old(r);
	if (ended) {
		pth_rec_end_line(&end, r->tests, lacks);
		fwrite(end.s, 1, end.len, r->fp);
	}
	bad = fflush(r->fp) != 0 || ferror(r->fp) != 0;
	if (bad)
		pth_warn("%s/results.jsonl:", r->dir);
	fclose(r->fp);
	if (bad)
		pth_file_abandon(&r->file);
	else if (pth_file_commit(&r->file, &e) != 0)
		pth_warn("%s/results.jsonl: %s", r->dir, e.text);
	json_decref(r->ids);
	free(r->dir);
	r->dir = NULL;
	r->fp = NULL;
}
