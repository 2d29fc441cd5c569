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

/* Has the test a capture of its own that can be read? */
static bool
is_whole(const json_t *rec)
{
	json_auto_t *files = files_of(pth_result_capture(pth_test_result(rec)));

	return json_array_size(files) > 0;
}

static const json_t *
planned(const json_t *rec, const char *service)
{
	return pth_svc_capture(pth_rec_service(rec, service));
}

/* Does an earlier service's capture have the same packets? A server's and its
 * client's do. */
static bool
is_repeated(const json_t *rec, const char *service)
{
	const json_t *mine = planned(rec, service), *other;
	const char *name;
	json_t *s, *files;
	size_t n;

	json_object_foreach(pth_rec_ended(rec), name, s) {
		if (strcmp(name, service) == 0)
			break;
		files = files_of(pth_rsvc_capture(s));
		n = json_array_size(files);
		json_decref(files);
		other = planned(rec, name);
		if (n > 0 && json_is_object(mine) && json_is_object(other) &&
		    strcmp(pth_cap_filter(mine), pth_cap_filter(other)) == 0 &&
		    strcmp(pth_cap_interface(mine), pth_cap_interface(other)) == 0)
			return true;
	}
	return false;
}

/* The captures in question, [[name of the service or null, capture]]. */
static json_t *
chosen(const json_t *rec, bool all)
{
	json_t *list = json_array(), *c = pth_result_capture(pth_test_result(rec)), *s;
	const char *name, *file = pth_rcap_file(c);
	bool whole = is_whole(rec);

	if (json_is_object(c))
		pth_json_push(list, json_pack("[n,O]", c));
	if (whole && !all)
		return list;
	json_object_foreach(pth_rec_ended(rec), name, s) {
		c = pth_rsvc_capture(s);
		/* In containers that of one service stands for the test. */
		if (!json_is_object(c) || (whole && strcmp(pth_rcap_file(c), file) == 0) ||
		    (!all && is_repeated(rec, name)))
			continue;
		pth_json_push(list, json_pack("[o,O]", pth_json_string(name), c));
	}
	return list;
}

json_t *
pth_losses_files(const json_t *rec, bool all)
{
	json_auto_t *list = chosen(rec, all);
	json_t *out = json_array(), *x, *files;
	size_t i;

	json_array_foreach(list, i, x) {
		files = files_of(json_array_get(x, 1));
		if (json_array_size(files) > 0)
			pth_json_push(out, json_incref(files));
		json_decref(files);
	}
	return out;
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

static const char *
plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static void
note(const json_t *c, struct pth_buf *b)
{
	const char *error = pth_rcap_error(c);
	int64_t dropped = pth_rcap_dropped(c), omitted = pth_rcap_omitted(c);
	int64_t discarded = pth_rcap_discarded(c);
	size_t start = b->len;

	if (error != NULL)
		pth_buf_adds(b, error);
	if (dropped > 0)
		pth_buf_addf(b, "%scapture lost %lld packet%s", b->len > start ? "; " : "",
		    (long long)dropped, plural(dropped));
	if (omitted > 0 && error != NULL)
		pth_buf_addf(b, "; %lld packet%s not written", (long long)omitted, plural(omitted));
	else if (omitted > 0)
		pth_buf_addf(b, "%scapture ended at max_size, %lld packet%s came after",
		    b->len > start ? "; " : "", (long long)omitted, plural(omitted));
	if (discarded > 0)
		pth_buf_addf(b, "%scapture keeps its newest files, %lld packet%s went with others",
		    b->len > start ? "; " : "", (long long)discarded, plural(discarded));
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
