/* This file finds the captures that a result names, and what is missing in them. */
#include "collect/losses.h"

#include <string.h>

#include "base/cleanup.h"
#include "io/record.h"

/* Its files; an empty array when it has none. New reference. */
static json_t *
files_of(const json_t *capture)
{
	json_t *list = pth_rcap_files(capture), *one = PTH_GET(rcap, capture, file), *f;
	json_t *out = json_array();
	size_t i;

	json_array_foreach(list, i, f)
		if (json_is_string(f))
			pth_json_push(out, json_incref(f));
	if (list == NULL && json_is_string(one))
		pth_json_push(out, json_incref(one));
	return out;
}

static bool
has_files(const json_t *capture)
{
	json_auto_t *files = files_of(capture);

	return json_array_size(files) > 0;
}

/* Was there to be one of this service, in a container of its own? */
static bool
is_missing(const json_t *rec, const char *service)
{
	const json_t *own = pth_svc_capture(pth_rec_service(rec, service));
	const json_t *plan = pth_plan_capture(pth_test_plan(rec));

	if (own != NULL)
		return json_is_object(own);
	return json_is_string(PTH_GET(cap, plan, file));
}

static bool
in_containers(const json_t *rec)
{
	return strcmp(pth_result_evidence(pth_test_result(rec)), "container") == 0;
}

/* The captures in question, [[name of the service or null, capture]]: the test's own,
 * and when it cannot be read, or for all, those of services. */
static json_t *
chosen(const json_t *rec, bool all)
{
	json_t *list = json_array(), *c = pth_result_capture(pth_test_result(rec)), *s;
	const char *name, *file = has_files(c) ? pth_rcap_file(c) : "";

	if (json_is_object(c))
		pth_json_push(list, json_pack("[n,O]", c));
	if (has_files(c) && !all)
		return list;
	json_object_foreach(pth_rec_ended(rec), name, s) {
		c = pth_rsvc_capture(s);
		/* That of one service may stand for the test. */
		if (json_is_object(c) && (*file == '\0' || strcmp(pth_rcap_file(c), file) != 0))
			pth_json_push(list, json_pack("[o,O]", pth_json_string(name), c));
		else if (pth_losses_apart(rec) && is_missing(rec, name))
			pth_json_push(list,
			    json_pack("[o,{s:s}]", pth_json_string(name), PTH_KEY(rcap, error),
			        in_containers(rec) ? "its container has left no capture" :
			                             "its host has left no capture"));
	}
	return list;
}

json_t *
pth_losses_files(const json_t *rec, bool all)
{
	json_auto_t *list = chosen(rec, all);
	json_t *out = json_array(), *x;
	size_t i;

	json_array_foreach(list, i, x)
		if (has_files(json_array_get(x, 1)))
			pth_json_push(out, files_of(json_array_get(x, 1)));
	return out;
}

bool
pth_losses_apart(const json_t *rec)
{
	return !has_files(pth_result_capture(pth_test_result(rec))) &&
	    (in_containers(rec) || PTH_GET(result, pth_test_result(rec), simulated_us) != NULL);
}

void
pth_losses_sources(const json_t *rec, json_t *metrics)
{
	json_auto_t *list = chosen(rec, false), *out = json_array();
	json_t *x, *o, *c;
	size_t i;

	json_array_foreach(list, i, x) {
		c = json_array_get(x, 1);
		if (!json_is_string(json_array_get(x, 0)) || !has_files(c))
			continue;
		o = json_object();
		pth_capsum_set_service(o, json_string_value(json_array_get(x, 0)));
		if (json_is_integer(PTH_GET(rcap, c, packets)))
			pth_capsum_set_packets(o, pth_rcap_packets(c));
		pth_json_push(out, o);
	}
	if (json_array_size(out) > 0)
		pth_metrics_set_captures(metrics, pth_take(&out));
}

bool
pth_losses_recorded(const json_t *rec, int64_t *all, int64_t *most)
{
	json_auto_t *list = chosen(rec, false);
	json_t *x;
	size_t i;

	*all = *most = 0;
	json_array_foreach(list, i, x) {
		const json_t *c = json_array_get(x, 1);
		int64_t n = pth_rcap_packets(c);

		if (!has_files(c))
			continue;
		if (!json_is_integer(PTH_GET(rcap, c, packets)))
			return false;
		*all += n;
		*most = n > *most ? n : *most;
	}
	return true;
}

void
pth_losses_add(const json_t *rec, json_t *metrics)
{
	static const char *const keys[] = { PTH_KEY(rcap, dropped), PTH_KEY(rcap, omitted),
		PTH_KEY(rcap, discarded) };
	json_auto_t *list = chosen(rec, false);
	json_t *x, *v;
	size_t i;

	for (size_t k = 0; k < countof(keys); k++) {
		int64_t sum = 0;
		bool there = false;

		json_array_foreach(list, i, x) {
			v = json_object_get(json_array_get(x, 1), keys[k]);
			there = there || json_is_integer(v);
			sum += json_integer_value(v);
		}
		if (there)
			pth_json_set(metrics, keys[k], json_integer(sum));
	}
}

/* A part of a note: the number of packets between two texts. */
static void
part(struct pth_buf *b, const char *before, int64_t n, const char *behind)
{
	if (n > 0)
		pth_buf_addf(b, "%s%s%lld packet%s%s", b->len > 0 ? "; " : "", before, (long long)n,
		    n == 1 ? "" : "s", behind);
}

static void
note(const json_t *c, struct pth_buf *b)
{
	const char *error = pth_rcap_error(c);

	if (error != NULL)
		pth_buf_adds(b, error);
	part(b, "capture lost ", pth_rcap_dropped(c), "");
	part(b, error != NULL ? "" : "capture ended at max_size, ", pth_rcap_omitted(c),
	    error != NULL ? " not written" : " came after");
	part(b, "capture keeps its newest files, ", pth_rcap_discarded(c), " went with others");
}

void
pth_losses_notes(const json_t *rec, bool all, struct pth_buf *b)
{
	json_auto_t *list = chosen(rec, all);
	json_t *x;
	pth_auto_buf one = PTH_BUF_INIT;
	size_t i;

	json_array_foreach(list, i, x) {
		const char *service = json_string_value(json_array_get(x, 0));

		pth_buf_cut(&one, 0);
		note(json_array_get(x, 1), &one);
		if (one.len > 0)
			pth_buf_addf(b, "%s%s%s%s", b->len != 0 ? "; " : "",
			    service != NULL ? service : "", service != NULL ? ": " : "", one.s);
	}
}
