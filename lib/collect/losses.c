#include "collect/losses.h"

#include <string.h>

#include "io/rec.h"

/* Its files; an empty array when it has none. New reference. */
static json_t *
files_of(const json_t *capture)
{
	json_t *list = json_object_get(capture, "files"), *one = json_object_get(capture, "file"),
	       *f;
	json_t *out = json_array();
	size_t i;

	json_array_foreach(list, i, f)
		if (json_is_string(f))
			pth_json_push(out, json_incref(f));
	if (!json_is_array(list) && json_is_string(one))
		pth_json_push(out, json_incref(one));
	return out;
}

/* Has the test a capture of its own that can be read? */
static bool
is_whole(const json_t *rec)
{
	json_t *files = files_of(pth_json_path(rec, "result.capture"));
	bool yes = json_array_size(files) > 0;

	json_decref(files);
	return yes;
}

static const json_t *
planned(const json_t *rec, const char *service)
{
	return json_object_get(pth_rec_service(rec, service), "capture");
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

	json_object_foreach(pth_json_path(rec, "result.services"), name, s) {
		if (strcmp(name, service) == 0)
			break;
		files = files_of(json_object_get(s, "capture"));
		n = json_array_size(files);
		json_decref(files);
		other = planned(rec, name);
		if (n > 0 && json_is_object(mine) && json_is_object(other) &&
		    strcmp(pth_json_str(mine, "filter", ""), pth_json_str(other, "filter", "")) ==
		        0 &&
		    strcmp(pth_json_str(mine, "interface", ""),
		        pth_json_str(other, "interface", "")) == 0)
			return true;
	}
	return false;
}

/* The captures in question, [{"service": name or null, "capture": object}]. */
static json_t *
chosen(const json_t *rec, bool all)
{
	json_t *list = json_array(), *c = pth_json_path(rec, "result.capture"), *s;
	const char *name, *file = pth_json_str(c, "file", "");
	bool whole = is_whole(rec);

	if (json_is_object(c))
		pth_json_push(list, json_pack("{s:n,s:O}", "service", "capture", c));
	if (whole && !all)
		return list;
	json_object_foreach(pth_json_path(rec, "result.services"), name, s) {
		c = json_object_get(s, "capture");
		/* In containers that of one service stands for the test. */
		if (!json_is_object(c) ||
		    (whole && strcmp(pth_json_str(c, "file", ""), file) == 0) ||
		    (!all && is_repeated(rec, name)))
			continue;
		pth_json_push(
		    list, json_pack("{s:o,s:O}", "service", pth_json_string(name), "capture", c));
	}
	return list;
}

json_t *
pth_losses_files(const json_t *rec, bool all)
{
	json_t *list = chosen(rec, all), *out = json_array(), *x, *files;
	size_t i;

	json_array_foreach(list, i, x) {
		files = files_of(json_object_get(x, "capture"));
		if (json_array_size(files) > 0)
			pth_json_push(out, json_incref(files));
		json_decref(files);
	}
	json_decref(list);
	return out;
}

void
pth_losses_add(const json_t *rec, json_t *metrics)
{
	static const char *const keys[] = { "dropped", "omitted", "discarded" };
	json_t *list = chosen(rec, false), *x, *v;
	size_t i;

	for (size_t k = 0; k < countof(keys); k++) {
		int64_t sum = 0;
		bool there = false;

		json_array_foreach(list, i, x) {
			v = json_object_get(json_object_get(x, "capture"), keys[k]);
			there = there || json_is_integer(v);
			sum += json_integer_value(v);
		}
		if (there)
			pth_json_set(metrics, keys[k], json_integer(sum));
	}
	json_decref(list);
}

static const char *
plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static void
note(const json_t *c, struct pth_buf *b)
{
	const char *error = pth_json_str(c, "error", NULL);
	int64_t dropped = pth_json_int(c, "dropped", 0), omitted = pth_json_int(c, "omitted", 0);
	int64_t discarded = pth_json_int(c, "discarded", 0);
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
	json_t *list = chosen(rec, all), *x;
	struct pth_buf one = PTH_BUF_INIT;
	size_t i;

	json_array_foreach(list, i, x) {
		const char *service = pth_json_str(x, "service", NULL);

		pth_buf_cut(&one, 0);
		note(json_object_get(x, "capture"), &one);
		if (one.len > 0)
			pth_buf_addf(b, "%s%s%s%s", b->len != 0 ? "; " : "",
			    service != NULL ? service : "", service != NULL ? ": " : "", one.s);
	}
	pth_buf_release(&one);
	json_decref(list);
}
