/* This file takes the numbers of a test out of its result, its capture and its downloads. */
#include "collect/metric.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "collect/artifact.h"
#include "collect/losses.h"
#include "collect/tshark.h"
#include "io/record.h"
#include "packet/pcapng.h"

#define KEYLOG_MAX (16u << 20)

static bool
is_there(int dirfd, const char *file)
{
	pth_auto_fd fd = pth_artifact_open(dirfd, file, NULL);

	return fd >= 0;
}

int
pth_metric_keys(int dirfd, const json_t *rec, struct pth_err *e)
{
	json_t *logs = pth_cap_keylogs(pth_plan_capture(pth_test_plan(rec))), *files, *v;
	json_auto_t *all = pth_losses_files(rec, true), *seen = json_object();
	pth_auto_buf keys = PTH_BUF_INIT;
	struct pth_err one;
	size_t i, k;
	int rc = 0;

	json_array_foreach(logs, i, v) {
		const char *name = json_string_value(v);
		int64_t size = 0;
		pth_auto_fd fd = name == NULL ? -1 : pth_artifact_open(dirfd, name, &size);
		pth_auto_buf text = PTH_BUF_INIT;

		if (fd >= 0 && pth_artifact_read(fd, size, KEYLOG_MAX, &text))
			collect_keylog_merge(&keys, seen, text.s, text.len);
	}
	if (keys.len == 0)
		return 0;
	json_array_foreach(all, i, files)
		json_array_foreach(files, k, v) {
			const char *path = json_string_value(v);

			if (path != NULL && is_there(dirfd, path) &&
			    collect_tshark_inject(dirfd, path, &keys, &one) != 0 && rc == 0) {
				*e = one;
				rc = -1;
			}
		}
	return rc;
}

static void
no_packets(struct pth_metric_packets *out, json_t *metrics, const char *why)
{
	out->why = pth_xstrdup(why);
	if (PTH_GET(metrics, metrics, error) == NULL && *why != '\0')
		pth_metrics_set_error(metrics, why);
}

/* The pass with the filters, those that a command line can carry: the others were
 * refused before. When tshark refuses them, once more without. */
static void
count_capture(int in, const json_t *rec, const json_t *filters, json_t *metrics,
    struct pth_metric_packets *out)
{
	json_t *decode = pth_cap_decode(pth_plan_capture(pth_test_plan(rec))), *f;
	pth_auto_free struct packets_tap *taps = pth_xarray(
	    NULL, json_array_size(filters) + 1, sizeof *taps);
	struct packets p = { .taps = taps };
	struct pth_err e;
	bool cut;
	size_t i;
	int rc;

	json_array_foreach(filters, i, f)
		if (json_is_string(f))
			taps[p.ntaps++] = (struct packets_tap){ json_string_value(f), -1 };
	rc = collect_tshark_read(in, decode, &p, &cut, &e);
	if (rc != 0 && e.code == PTH_INPUT && p.ntaps > 0) {
		out->why = pth_xstrdup(e.text);
		out->refused = true;
		p.ntaps = 0;
		rc = collect_tshark_read(in, decode, &p, &cut, &e);
	}
	if (rc != 0) {
		free(out->why);
		out->refused = false;
		no_packets(out, metrics, e.text);
	} else {
		collect_packets_json(&p, metrics);
		out->counts = out->refused ? NULL : json_object();
		for (i = 0; i < p.ntaps; i++)
			if (taps[i].packets >= 0)
				pth_json_set(
				    out->counts, taps[i].filter, json_integer(taps[i].packets));
		if (cut)
			pth_metrics_set_truncated(metrics, true);
	}
	collect_packets_release(&p);
}

/* All files of all captures, whose paths are known, as one that can be read; -1 with e. */
static int
open_merged(int dirfd, const struct pth_pcapng_stream *v, size_t n, bool *cut, struct pth_err *e)
{
	bool single = n == 1 && v[0].n == 1;
	pth_auto_fd fd = single ? pth_artifact_open(dirfd, v[0].paths[0], NULL) :
	                          collect_tshark_scratch();

	if (fd < 0)
		return single ? pth_err_set(e, PTH_INPUT, "%s:", v[0].paths[0]) :
		                pth_err_set(e, PTH_SYSTEM, "temporary file:");
	return single || pth_pcapng_merge(dirfd, v, n, fd, cut, e) == 0 ? pth_take_fd(&fd) : -1;
}

/* The same of captures, each a list of files; *cut: something of them is not in it. */
static int
open_captures(int dirfd, const json_t *captures, bool *cut, struct pth_err *e)
{
	size_t n = json_array_size(captures), i, k;
	pth_auto_free struct pth_pcapng_stream *v = pth_xarray(NULL, n + 1, sizeof *v);
	struct pth_strv paths = { 0 };
	json_t *files, *f;
	bool missing = false;

	*cut = false;
	json_array_foreach(captures, i, files)
		json_array_foreach(files, k, f) {
			const char *path = json_string_value(f);

			missing |= path == NULL || !is_there(dirfd, path);
			pth_strv_push(&paths, pth_xstrdup(path != NULL ? path : ""));
		}
	pth_auto_strv owned = paths.v;
	for (i = k = 0; i < n; k += v[i++].n)
		v[i] = (struct pth_pcapng_stream){ (const char *const *)owned + k,
			json_array_size(json_array_get(captures, i)) };
	return missing ? pth_err_set(e, PTH_INPUT, "the capture file is missing") :
	                 open_merged(dirfd, v, n, cut, e);
}

void
pth_metric_capture(int dirfd, const json_t *rec, const json_t *filters, json_t *metrics,
    struct pth_metric_packets *out)
{
	const char *wrong = pth_rcap_error(pth_result_capture(pth_test_result(rec)));
	json_auto_t *captures = pth_losses_files(rec, false);
	struct pth_buf note = PTH_BUF_INIT;
	struct pth_err e;
	bool cut;
	pth_auto_fd fd = -1;

	*out = (struct pth_metric_packets){ 0 };
	if (json_array_size(captures) == 0 && wrong != NULL) {
		no_packets(out, metrics, wrong);
	} else if (json_array_size(captures) == 0) {
		out->why = pth_xstrdup("nothing was captured");
	} else if ((fd = open_captures(dirfd, captures, &cut, &e)) < 0) {
		no_packets(out, metrics, e.text);
	} else {
		count_capture(fd, rec, filters, metrics, out);
		if (cut)
			pth_metrics_set_truncated(metrics, true);
	}
	pth_losses_add(rec, metrics);
	pth_losses_notes(rec, false, &note);
	if (note.len > 0)
		out->incomplete = pth_buf_take(&note);
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
	int64_t files = 0, bytes = 0, us = pth_json_int(metrics, COLLECT_DATA_US, 0), longest = 0;
	json_t *a, *o;
	size_t i;

	json_object_del(metrics, COLLECT_DATA_US);
	json_array_foreach(artifacts, i, a) {
		const char *service = pth_artifact_service(a);
		int64_t ran = service != NULL ? ran_us(rec, service) : 0;

		if (strcmp(pth_artifact_kind(a), "download") != 0)
			continue;
		files++;
		bytes += pth_artifact_bytes(a);
		longest = ran > longest ? ran : longest;
	}
	if (files == 0) {
		pth_metrics_set_transfer(metrics, json_null());
		return;
	}
	o = json_object();
	pth_transfer_set_files(o, files);
	pth_transfer_set_bytes(o, bytes);
	pth_transfer_set_duration_us(o, us > 0 ? us : longest);
	pth_json_set(o, PTH_KEY(transfer, goodput_bps), json_null());
	if (us > 0 || longest > 0)
		pth_transfer_set_goodput_bps(
		    o, (int64_t)((double)bytes * 8e6 / (double)(us > 0 ? us : longest)));
	pth_transfer_set_measured(o, us > 0 ? "capture" : "process");
	pth_metrics_set_transfer(metrics, o);
}

const json_t *
pth_metric_find(const json_t *metrics, const char *name)
{
	static const char *const objects[] = { PTH_KEY(metrics, quic), PTH_KEY(metrics, tcp),
		PTH_KEY(metrics, transfer) };
	json_t *v = pth_json_path(metrics, name);

	for (size_t i = 0; v == NULL && i < countof(objects); i++)
		v = pth_json_path(json_object_get(metrics, objects[i]), name);
	return v != NULL ? v : pth_metric_measure(metrics, name);
}
