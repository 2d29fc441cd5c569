/* This file takes the numbers of a test out of its result, its capture and its downloads. */
#include "collect/metric.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "collect/artifact.h"
#include "collect/losses.h"
#include "collect/packets.h"
#include "collect/secrets.h"
#include "dissect/plot.h"
#include "io/record.h"
#include "packet/pcapng.h"

#define KEYLOG_MAX (16u << 20)
#define HEADERS 42

static bool
is_there(int dirfd, const char *file)
{
	pth_auto_fd fd = pth_artifact_open(dirfd, file, NULL);

	return fd >= 0;
}

static void fault(struct pth_metric_keys *out, const char *fmt, ...) PTH_PRINTF(2, 3);
static void
fault(struct pth_metric_keys *out, const char *fmt, ...)
{
	va_list ap;

	pth_buf_adds(&out->fault, out->fault.len > 0 ? "; " : "");
	va_start(ap, fmt);
	pth_buf_vaddf(&out->fault, fmt, ap);
	va_end(ap);
}

/* Append the keys of a log. A program need not write one; one that is there must be readable. */
static void
read_keys(
    int dirfd, const char *name, json_t *seen, struct pth_buf *keys, struct pth_metric_keys *out)
{
	pth_auto_buf text = PTH_BUF_INIT;
	int64_t size = 0;
	pth_auto_fd fd = pth_artifact_open(dirfd, name, &size);

	if (fd < 0 && errno != ENOENT)
		fault(out, "%s: %s", name, strerror(errno));
	if (fd < 0 || size == 0)
		return;
	if (!pth_artifact_read(fd, size, KEYLOG_MAX, &text))
		fault(out, "%s: cannot be read", name);
	else if (size > KEYLOG_MAX)
		fault(out, "%s: longer than %u bytes, the rest was not read", name, KEYLOG_MAX);
	collect_keylog_merge(keys, seen, text.s, text.len);
}

static void
put_keys(int dirfd, const json_t *rec, const struct pth_buf *keys, struct pth_metric_keys *out)
{
	json_auto_t *all = pth_losses_files(rec, true);
	json_t *files, *v;
	struct pth_err e;
	size_t i, k;

	json_array_foreach(all, i, files)
		json_array_foreach(files, k, v) {
			const char *path = json_string_value(v);

			if (path != NULL && is_there(dirfd, path) &&
			    collect_secrets_put(dirfd, path, keys, &e) != 0)
				fault(out, "TLS keys not put into %s: %s", path, e.text);
		}
}

void
pth_metric_keys(int dirfd, const json_t *rec, bool look_only, struct pth_metric_keys *out)
{
	json_t *logs = pth_cap_keylogs(pth_plan_capture(pth_test_plan(rec))), *files, *v;
	json_auto_t *own = pth_losses_files(rec, false), *seen = json_object();
	pth_auto_buf keys = PTH_BUF_INIT;
	size_t i, k;

	*out = (struct pth_metric_keys){ .inside = true, .fault = PTH_BUF_INIT };
	json_array_foreach(logs, i, v)
		if (json_is_string(v))
			read_keys(dirfd, json_string_value(v), seen, &keys, out);
	if (keys.len > 0 && !look_only)
		put_keys(dirfd, rec, &keys, out);
	json_array_foreach(own, i, files)
		json_array_foreach(files, k, v) {
			const char *path = json_string_value(v);

			out->inside = out->inside && path != NULL &&
			    collect_secrets_look(dirfd, path) == 1;
		}
}

static void
no_packets(struct pth_metric_packets *out, json_t *metrics, const char *why)
{
	out->why = pth_xstrdup(why);
	if (PTH_GET(metrics, metrics, error) == NULL && *why != '\0')
		pth_metrics_set_error(metrics, why);
	pth_gap_add(metrics, PTH_GAP_CAPTURE, false, "%s", why);
}

/* The packets that were read are not those that were captured: then somebody has changed the
 * file. One that breaks off, or of which not all was read, has fewer. */
static void
compare(const json_t *rec, int64_t n, bool partly, json_t *metrics)
{
	int64_t all, most;

	if (!pth_losses_recorded(rec, &all, &most) || (n >= most && n <= all))
		return;
	if (n < most && partly)
		pth_gap_add(metrics, PTH_GAP_CAPTURE, true,
		    "%lld of %lld captured packets were read", (long long)n, (long long)most);
	else
		pth_gap_add(metrics, PTH_GAP_CAPTURE, false,
		    "the capture has %lld packets, but %lld were captured: it was changed",
		    (long long)n, (long long)(n < most ? most : all));
}

/* Was anything encrypted seen, and is it known why nothing is behind it? */
static void
compare_keys(const struct pth_metric_keys *keys, json_t *metrics)
{
	const json_t *protocols = pth_metrics_protocols(metrics);

	if (json_object_get(protocols, "quic") == NULL &&
	    json_object_get(protocols, "tls") == NULL && json_object_get(protocols, "dtls") == NULL)
		return;
	if (keys->fault.len > 0)
		pth_gap_add(metrics, PTH_GAP_CONTENTS, true, "%s", keys->fault.s);
	if (!keys->inside)
		pth_gap_add(metrics, PTH_GAP_CONTENTS, true,
		    "there are no TLS keys: what is encrypted was not seen");
}

/* What was to be decrypted and was not, although there are keys. */
static void
undecrypted(
    const struct pth_metric_capture *of, const json_t *conns, const char *what, json_t *metrics)
{
	int64_t n = pth_connend_undecrypted(pth_conns_client(conns)) +
	    pth_connend_undecrypted(pth_conns_server(conns));

	if (n > 0 && of->keys->inside)
		pth_gap_add(metrics, PTH_GAP_CONTENTS, true, "%lld %s%s could not be decrypted",
		    (long long)n, what, n == 1 ? "" : "s");
}

/* What a pass has found, into the metrics. cut: something of the captures was not in what it
 * read. */
static void
put_pass(const struct pth_metric_capture *of, const struct packets *p, bool cut, json_t *metrics)
{
	const struct pth_frame_stat *s = pth_dissect_frames(p->d);

	pth_packets_json(p, metrics);
	if (cut || p->cut)
		pth_metrics_set_truncated(metrics, true);
	if (p->lack.len > 0)
		pth_gap_add(metrics, PTH_GAP_CAPTURE, true, "%s", p->lack.s);
	if (p->filters_lack.len > 0)
		pth_gap_add(metrics, PTH_GAP_FILTERS, true, "%s", p->filters_lack.s);
	if (cut)
		pth_gap_add(metrics, PTH_GAP_CAPTURE, true, "a file of the capture breaks off");
	if (s->backwards > 0)
		pth_gap_add(metrics, PTH_GAP_CAPTURE, true,
		    "the clock was set back: the time of %lld packet%s is before that of others "
		    "that came before",
		    (long long)s->backwards, s->backwards == 1 ? "" : "s");
	/* Fewer bytes may not even have the headers of Ethernet, IPv4 and UDP. */
	if (s->parts > 0)
		pth_gap_add(metrics, s->least < HEADERS ? PTH_GAP_CAPTURE : PTH_GAP_CONTENTS, true,
		    "%lld packet%s stored in part", (long long)s->parts,
		    s->parts == 1 ? " is" : "s are");
	compare(of->rec, (int64_t)s->packets, cut || p->lack.len > 0, metrics);
	compare_keys(of->keys, metrics);
	undecrypted(of, pth_metrics_quic(metrics), "packet", metrics);
	undecrypted(of, pth_metrics_tcp(metrics), "TLS record", metrics);
}

/* What the filters have counted, and which of them tshark has. */
static void
put_counts(const struct packets *p, struct pth_metric_packets *out)
{
	out->counts = json_object();
	out->by_tshark = json_object();
	for (size_t i = 0; i < p->ntaps; i++) {
		const struct tshark_tap *t = &p->taps[i];

		if (t->packets >= 0)
			pth_json_set(out->counts, t->filter, json_integer(t->packets));
		if (!t->native)
			pth_json_set(out->by_tshark, t->filter, json_true());
	}
}

/* The pass with the filters, those that a command line can carry: the others were refused
 * before. What tshark refuses is not counted. */
static void
count_capture(const struct pth_metric_capture *of, int in, bool cut, json_t *metrics,
    struct pth_metric_packets *out)
{
	json_t *decode = pth_cap_decode(pth_plan_capture(pth_test_plan(of->rec))), *f;
	pth_auto_free struct tshark_tap *taps = pth_xarray(
	    NULL, json_array_size(of->filters) + 1, sizeof *taps);
	const struct tshark_limits limits = { .us = of->limit_us };
	struct packets p = { .taps = taps };
	struct pth_plots *plots = NULL;
	struct pth_err e;
	size_t i;

	json_array_foreach(of->filters, i, f)
		if (json_is_string(f))
			taps[p.ntaps++] = (struct tshark_tap){ json_string_value(f), -1, false };
	if (of->series != NULL) {
		plots = pth_plots_new(PTH_PLOTS_ALL, PTH_PLOT_POINTS);
		p.watch = pth_plots_watch(plots);
	}
	if (pth_packets_read(in, decode, &limits, &p, &e) == 0) {
		put_pass(of, &p, cut, metrics);
		put_counts(&p, out);
	} else if (p.read) {
		put_pass(of, &p, cut, metrics);
		put_counts(&p, out);
		out->why = pth_xstrdup(e.text);
	} else {
		no_packets(out, metrics, e.text);
	}
	/* What came before a place where the capture could not be read is in the series, too, and
	 * the metrics say so. */
	if (plots != NULL && p.read)
		pth_plots_lines(plots, pth_dissect_frames(p.d)->first, of->series);
	pth_plots_free(plots);
	pth_packets_release(&p);
}

/* All files of all captures, whose paths are known, as one that can be read; -1 with e. */
static int
open_merged(int dirfd, const struct pth_pcapng_stream *v, size_t n, bool *cut, struct pth_err *e)
{
	bool single = n == 1 && v[0].n == 1;
	pth_auto_fd fd = single ? pth_artifact_open(dirfd, v[0].paths[0], NULL) :
	                          pth_tshark_scratch();

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

/* Was there to be a capture, of the test or of a service? */
static bool
is_planned(const json_t *rec)
{
	json_t *s;
	size_t i;

	json_array_foreach(pth_rec_services(rec), i, s)
		if (json_is_object(pth_svc_capture(s)))
			return true;
	return json_is_object(pth_plan_capture(pth_test_plan(rec)));
}

void
pth_metric_capture(
    const struct pth_metric_capture *of, json_t *metrics, struct pth_metric_packets *out)
{
	const char *wrong = pth_rcap_error(pth_result_capture(pth_test_result(of->rec)));
	json_auto_t *captures = pth_losses_files(of->rec, false);
	pth_auto_buf note = PTH_BUF_INIT;
	struct pth_err e;
	bool cut;
	pth_auto_fd fd = -1;

	*out = (struct pth_metric_packets){ 0 };
	pth_losses_add(of->rec, metrics);
	pth_losses_notes(of->rec, false, &note);
	if (json_array_size(captures) == 0 && wrong != NULL) {
		no_packets(out, metrics, wrong);
		return;
	}
	if (note.len > 0)
		pth_gap_add(metrics, PTH_GAP_CAPTURE, true, "%s", note.s);
	if (json_array_size(captures) == 0) {
		out->why = pth_xstrdup("nothing was captured");
		out->left_out = !is_planned(of->rec);
		if (!out->left_out && note.len == 0)
			pth_gap_add(metrics, PTH_GAP_CAPTURE, false, "%s", out->why);
	} else if ((fd = open_captures(of->dirfd, captures, &cut, &e)) < 0) {
		no_packets(out, metrics, e.text);
	} else {
		count_capture(of, fd, cut, metrics, out);
	}
}

void
pth_metric_packets_release(struct pth_metric_packets *out)
{
	json_decref(out->counts);
	json_decref(out->by_tshark);
	free(out->why);
	*out = (struct pth_metric_packets){ 0 };
}

/* A number goes over when it is there: one that is not was not measured. */
static void
take_over(json_t *to, const json_t *from, const char *key)
{
	json_t *v = json_object_get(from, key);

	if (json_is_integer(v))
		pth_json_set(to, key, json_incref(v));
}

void
pth_metric_result(const json_t *rec, json_t *metrics)
{
	json_t *result = pth_test_result(rec), *services = json_object(), *s, *o;
	const char *name;

	take_over(metrics, result, PTH_KEY(metrics, duration_us));
	json_object_foreach(pth_result_services(result), name, s) {
		json_t *ru = pth_rsvc_rusage(s);

		if (ru == NULL)
			continue;
		o = json_object();
		take_over(o, ru, PTH_KEY(msvc, user_us));
		take_over(o, ru, PTH_KEY(msvc, sys_us));
		take_over(o, ru, PTH_KEY(msvc, max_rss_kb));
		take_over(o, pth_rsvc_capture(s), PTH_KEY(msvc, dropped));
		pth_json_set(services, name, o);
	}
	pth_metrics_set_services(metrics, services);
}

/* How long a service ran, us; 0: not known. */
static int64_t
ran_us(const json_t *rec, const char *service)
{
	json_t *s = pth_rec_ended_service(rec, service);
	int64_t from = pth_rsvc_started_us(s), to = pth_rsvc_ended_us(s);
	bool known = json_is_integer(PTH_GET(rsvc, s, started_us)) &&
	    json_is_integer(PTH_GET(rsvc, s, ended_us));

	return known && from >= 0 && to > from ? to - from : 0;
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
	pth_json_set(o, PTH_KEY(transfer, duration_us), json_null());
	pth_json_set(o, PTH_KEY(transfer, goodput_bps), json_null());
	if (us > 0 || longest > 0)
		pth_transfer_set_duration_us(o, us > 0 ? us : longest);
	if (us > 0 || longest > 0)
		pth_transfer_set_goodput_bps(
		    o, (int64_t)((double)bytes * 8e6 / (double)(us > 0 ? us : longest)));
	pth_transfer_set_measured(o, us > 0 ? "capture" : "process");
	pth_metrics_set_transfer(metrics, o);
}

const json_t *
pth_metric_find(const json_t *metrics, const char *name, struct pth_buf *path)
{
	static const char *const objects[] = { "", PTH_KEY(metrics, quic), PTH_KEY(metrics, tcp),
		PTH_KEY(metrics, transfer) };
	const json_t *v, *in;

	for (size_t i = 0; i < countof(objects); i++) {
		in = *objects[i] == '\0' ? metrics : json_object_get(metrics, objects[i]);
		v = in != NULL ? pth_json_path(in, name) : NULL;
		if (v != NULL && path != NULL)
			pth_buf_addf(
			    path, "%s%s%s", objects[i], *objects[i] != '\0' ? "." : "", name);
		if (v != NULL)
			return v;
	}
	return pth_metric_measure(metrics, name, path);
}
