#include "collect/metric.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "collect/artifact.h"
#include "collect/losses.h"
#include "collect/tshark.h"
#include "io/record.h"
#include "packet/pcapng.h"

#define KEYLOG_MAX (16u << 20)

/* The same as a path for programs, when it is a regular file inside of dir. */
static char *
path_inside(const char *dir, const char *file)
{
	struct pth_buf b = PTH_BUF_INIT;
	int dirfd, fd;

	if (file == NULL)
		return NULL;
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = dirfd < 0 ? -1 : pth_artifact_open(dirfd, file, NULL);
	if (dirfd >= 0)
		close(dirfd);
	if (fd < 0)
		return NULL;
	close(fd);
	pth_buf_addf(&b, "%s/%s", dir, file);
	return pth_buf_take(&b);
}

static void
read_keylog(int dirfd, const char *path, struct pth_buf *keys, json_t *seen)
{
	struct pth_buf text = PTH_BUF_INIT;
	int64_t size = 0;
	int fd = pth_artifact_open(dirfd, path, &size);
	ssize_t n;

	if (fd < 0)
		return;
	if (size > KEYLOG_MAX)
		size = KEYLOG_MAX;
	n = pth_read_all(fd, pth_buf_room(&text, (size_t)size + 1), (size_t)size);
	if (n > 0)
		collect_keylog_merge(keys, seen, text.s, (size_t)n);
	pth_buf_release(&text);
	close(fd);
}

/* Into one file of a capture. */
static int
inject(const char *dir, const char *file, const struct pth_buf *keys, struct pth_err *e)
{
	char *path = path_inside(dir, file);
	int rc = path != NULL ? collect_tshark_inject(path, keys, e) : 0;

	free(path);
	return rc;
}

/* Into all that the result names: those of the test, those of services. */
static int
inject_all(const char *dir, const json_t *rec, const struct pth_buf *keys, struct pth_err *e)
{
	json_t *all = pth_losses_files(rec, true), *files, *f;
	struct pth_err one;
	size_t i, k;
	int rc = 0;

	json_array_foreach(all, i, files)
		json_array_foreach(files, k, f)
			if (inject(dir, json_string_value(f), keys, &one) != 0 && rc == 0) {
				*e = one;
				rc = -1;
			}
	json_decref(all);
	return rc;
}

int
pth_metric_keys(const char *dir, const json_t *rec, struct pth_err *e)
{
	struct pth_buf keys = PTH_BUF_INIT;
	json_t *list = pth_cap_keylogs(pth_plan_capture(pth_test_plan(rec))), *k, *seen;
	int dirfd, rc = 0;
	size_t i;

	if (json_array_size(list) == 0)
		return 0;
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	seen = json_object();
	json_array_foreach(list, i, k)
		if (dirfd >= 0 && json_is_string(k))
			read_keylog(dirfd, json_string_value(k), &keys, seen);
	json_decref(seen);
	if (dirfd >= 0)
		close(dirfd);
	if (keys.len > 0)
		rc = inject_all(dir, rec, &keys, e);
	pth_buf_release(&keys);
	return rc;
}

static void
no_packets(struct pth_metric_packets *out, json_t *metrics, const char *why, bool refused)
{
	out->why = pth_xstrdup(why);
	out->refused = refused;
	if (PTH_GET(metrics, metrics, error) == NULL && *why != '\0')
		pth_metrics_set_error(metrics, why);
}

/* Filters that a command line can carry; the others were refused before. */
static void
set_taps(struct packets *p, const json_t *filters)
{
	json_t *f;
	size_t i;

	p->taps = pth_xarray(NULL, json_array_size(filters) + 1, sizeof *p->taps);
	json_array_foreach(filters, i, f)
		if (json_is_string(f))
			p->taps[p->ntaps++] = (struct packets_tap){ json_string_value(f), -1 };
}

static json_t *
tap_counts(const struct packets *p)
{
	json_t *o = json_object();

	for (size_t i = 0; i < p->ntaps; i++)
		if (p->taps[i].packets >= 0)
			pth_json_set(o, p->taps[i].filter, json_integer(p->taps[i].packets));
	return o;
}

/* The pass with the filters; when they are refused, once more without. */
static void
count_capture(int in, const json_t *rec, const json_t *filters, json_t *metrics,
    struct pth_metric_packets *out)
{
	json_t *decode = pth_cap_decode(pth_plan_capture(pth_test_plan(rec)));
	struct packets p = { 0 };
	struct pth_err e;
	bool cut;
	int rc;

	set_taps(&p, filters);
	rc = collect_tshark_read(in, decode, &p, &cut, &e);
	if (rc != 0 && e.code == PTH_INPUT && p.ntaps > 0) {
		out->why = pth_xstrdup(e.text);
		out->refused = true;
		p.ntaps = 0;
		rc = collect_tshark_read(in, decode, &p, &cut, &e);
	}
	if (rc != 0) {
		free(out->why);
		no_packets(out, metrics, e.text, false);
	} else {
		collect_packets_json(&p, metrics);
		if (!out->refused)
			out->counts = tap_counts(&p);
		if (cut)
			pth_metrics_set_truncated(metrics, true);
	}
	free(p.taps);
	p.taps = NULL;
	collect_packets_release(&p);
}

/* Paths of the files; NULL when one is missing. */
static char **
paths_of(const char *dir, const json_t *files)
{
	char **v = pth_xarray(NULL, json_array_size(files) + 1, sizeof *v);
	size_t n = 0;

	while (n < json_array_size(files) &&
	    (v[n] = path_inside(dir, json_string_value(json_array_get(files, n)))) != NULL)
		n++;
	v[n] = NULL;
	if (n == json_array_size(files))
		return v;
	for (size_t i = 0; i < n; i++)
		free(v[i]);
	free(v);
	return NULL;
}

/* All files of all captures as one that can be read; -1 with e. */
static int
open_captures(const char *dir, const json_t *captures, bool *cut, struct pth_err *e)
{
	size_t n = json_array_size(captures), got = 0;
	struct pth_pcapng_stream *v = pth_xarray(NULL, n + 1, sizeof *v);
	int fd = -1;

	for (; got < n; got++) {
		char **paths = paths_of(dir, json_array_get(captures, got));

		if (paths == NULL)
			break;
		v[got] = (struct pth_pcapng_stream){ (const char *const *)paths,
			json_array_size(json_array_get(captures, got)) };
	}
	*cut = false;
	if (got < n)
		pth_err_set(e, PTH_INPUT, "the capture file is missing");
	else if (n == 1 && v[0].n == 1 &&
	    (fd = open(v[0].paths[0], O_RDONLY | O_NONBLOCK | O_CLOEXEC)) < 0)
		pth_err_set(e, PTH_INPUT, "%s:", v[0].paths[0]);
	else if (fd < 0 && (fd = collect_tshark_scratch()) < 0)
		pth_err_set(e, PTH_SYSTEM, "temporary file:");
	else if ((n > 1 || v[0].n > 1) && pth_pcapng_merge(v, n, fd, cut, e) != 0) {
		close(fd);
		fd = -1;
	}
	for (size_t i = 0; i < got; i++) {
		for (size_t k = 0; k < v[i].n; k++)
			free((char *)(uintptr_t)v[i].paths[k]);
		free((char **)(uintptr_t)v[i].paths);
	}
	free(v);
	return fd;
}

void
pth_metric_capture(const char *dir, const json_t *rec, const json_t *filters, json_t *metrics,
    struct pth_metric_packets *out)
{
	const char *wrong = pth_rcap_error(pth_result_capture(pth_test_result(rec)));
	json_t *captures = pth_losses_files(rec, false);
	struct pth_buf note = PTH_BUF_INIT;
	struct pth_err e;
	bool cut;
	int fd;

	*out = (struct pth_metric_packets){ 0 };
	if (json_array_size(captures) == 0 && wrong != NULL) {
		no_packets(out, metrics, wrong, false);
	} else if (json_array_size(captures) == 0) {
		out->why = pth_xstrdup("nothing was captured");
	} else if ((fd = open_captures(dir, captures, &cut, &e)) < 0) {
		no_packets(out, metrics, e.text, false);
	} else {
		count_capture(fd, rec, filters, metrics, out);
		if (cut)
			pth_metrics_set_truncated(metrics, true);
		close(fd);
	}
	json_decref(captures);
	pth_losses_add(rec, metrics);
	pth_losses_notes(rec, false, &note);
	if (note.len > 0)
		out->incomplete = pth_buf_take(&note);
	pth_buf_release(&note);
}

void
pth_metric_packets_release(struct pth_metric_packets *out)
{
	json_decref(out->counts);
	free(out->why);
	free(out->incomplete);
	*out = (struct pth_metric_packets){ 0 };
}

void
pth_metric_result(const json_t *rec, json_t *metrics)
{
	json_t *result = pth_test_result(rec), *services = json_object(), *s, *o, *dropped;
	const char *name;

	pth_metrics_set_duration_us(metrics, pth_result_duration_us(result));
	json_object_foreach(pth_result_services(result), name, s) {
		json_t *ru = pth_rsvc_rusage(s);

		if (ru == NULL)
			continue;
		o = json_object();
		pth_msvc_set_user_us(o, pth_rusage_user_us(ru));
		pth_msvc_set_sys_us(o, pth_rusage_sys_us(ru));
		pth_msvc_set_max_rss_kb(o, pth_rusage_max_rss_kb(ru));
		dropped = PTH_GET(rcap, pth_rsvc_capture(s), dropped);
		if (json_is_integer(dropped))
			pth_msvc_set_dropped(o, json_integer_value(dropped));
		pth_json_set(services, name, o);
	}
	pth_metrics_set_services(metrics, services);
}

/* How long a service ran, us. */
static int64_t
ran_us(const json_t *rec, const char *service)
{
	json_t *s = pth_rec_ended_service(rec, service);
	int64_t from = pth_rsvc_started_us(s), to = pth_rsvc_ended_us(s);

	return from >= 0 && to > from ? to - from : 0;
}

void
pth_metric_transfer(const json_t *rec, const json_t *artifacts, json_t *metrics)
{
	int64_t bytes = 0, us = pth_json_int(metrics, COLLECT_DATA_US, 0), longest = 0;
	const char *how = us > 0 ? "capture" : "process";
	json_t *a, *o;
	size_t i, files = 0;

	json_object_del(metrics, COLLECT_DATA_US);
	json_array_foreach(artifacts, i, a) {
		const char *service = pth_artifact_service(a);

		if (strcmp(pth_artifact_kind(a), "download") != 0)
			continue;
		files++;
		bytes += pth_artifact_bytes(a);
		if (service != NULL && ran_us(rec, service) > longest)
			longest = ran_us(rec, service);
	}
	if (files == 0) {
		pth_metrics_set_transfer(metrics, json_null());
		return;
	}
	if (us == 0)
		us = longest;
	o = json_object();
	pth_transfer_set_files(o, (int64_t)files);
	pth_transfer_set_bytes(o, bytes);
	pth_transfer_set_duration_us(o, us);
	pth_json_set(o, PTH_KEY(transfer, goodput_bps),
	    us > 0 ? json_integer((json_int_t)((double)bytes * 8e6 / (double)us)) : json_null());
	pth_transfer_set_measured(o, how);
	pth_metrics_set_transfer(metrics, o);
}

const json_t *
pth_metric_find(const json_t *metrics, const char *name)
{
	static const char *const rooms[] = { PTH_KEY(metrics, quic), PTH_KEY(metrics, tcp),
		PTH_KEY(metrics, transfer) };
	json_t *v = pth_json_path(metrics, name);

	for (size_t i = 0; v == NULL && i < countof(rooms); i++)
		v = pth_json_path(json_object_get(metrics, rooms[i]), name);
	return v != NULL ? v : pth_metric_measure(metrics, name);
}
