/*
 * This file makes events out of lines that programs wrote, by the `events` of descriptors. The
 * lines are untrusted: their names are checked, their length and number have limits, and they say
 * which plugin and service they are of.
 */
#include "collect/own.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/regex.h"
#include "base/text.h"
#include "base/words.h"
#include "collect/artifact.h"
#include "io/event.h"
#include "io/record.h"

#define LINE_MAX_BYTES 4096
#define FILE_MAX_BYTES (64 << 20)
#define TEXT_MAX_BYTES 300 /* of one value */
#define FIELDS_MAX 20
#define DEADLINE_US (10 * PTH_SECOND_US) /* of one file */

struct reading {
	struct collect_own *own;
	const json_t *service, *spec;
	struct pth_regex *re; /* or NULL: lines of JSON */
	const char *path;
	long line;
};

static void
wrong(struct reading *r, const char *why)
{
	if (r->own->wrong++ > 0)
		return;
	r->own->first = r->line;
	r->own->why = why;
}

/* A text of somebody else's. New reference. */
static json_t *
text(const char *s, size_t n)
{
	return pth_json_text(s, n < TEXT_MAX_BYTES ? n : TEXT_MAX_BYTES);
}

/* value and fields may be NULL. */
static void
emit(struct reading *r, const char *name, const json_t *value, const json_t *fields)
{
	json_auto_t *o = NULL;

	if (!pth_name_ok(name)) {
		wrong(r, "its name is none of letters, digits, '.', '_' and '-'");
		return;
	}
	if (r->own->left == 0) {
		r->own->dropped++;
		return;
	}
	r->own->left--;
	o = json_pack("{s:s,s:s,s:s,s:O*,s:O*,s:s,s:I}", "plugin", pth_svc_plugin(r->service),
	    "service", pth_svc_name(r->service), "name", name, "value", value, "fields", fields,
	    "file", r->path, "line", (json_int_t)r->line);
	if (o != NULL)
		pth_event("plugin.event", "O", o);
}

/* The single values of an object, but the one that names the event. */
static json_t *
fields_of(const json_t *o, const char *but)
{
	json_t *out = json_object(), *v;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)o, key, v) {
		if (strcmp(key, but) == 0 || json_object_size(out) == FIELDS_MAX)
			continue;
		if (json_is_string(v))
			pth_json_set(out, key, text(json_string_value(v), json_string_length(v)));
		else if (!json_is_object(v) && !json_is_array(v))
			pth_json_set(out, key, json_incref(v));
	}
	return out;
}

static void
json_line(struct reading *r, const char *s, size_t n)
{
	const char *key = pth_own_json(r->spec), *name;
	json_auto_t *o = pth_json_parse(s, n, NULL), *fields = NULL;

	name = json_is_object(o) ? json_string_value(json_object_get(o, key)) : NULL;
	if (name == NULL) {
		wrong(r, json_is_object(o) ? "it has no name" : "it is no JSON object");
		return;
	}
	fields = fields_of(o, key);
	emit(r, name, NULL, fields);
}

/* The event's name is the plan's, or else the first group; its value is the first group, or else
 * what comes after it. */
static void
text_line(struct reading *r, const char *s, size_t n)
{
	const char *name = pth_own_name(r->spec);
	unsigned group = pth_regex_groups(r->re) > 0;
	struct pth_regex_span at[2];
	struct pth_word rest;

	if (!pth_regex_find(r->re, s, n, at) || at[group].from == SIZE_MAX)
		return;
	pth_auto_str taken = pth_xstrndup(s + at[group].from, at[group].to - at[group].from);
	json_auto_t *value = NULL;

	rest = (struct pth_word){ s + at[0].to, n - at[0].to };
	pth_word_trim(&rest);
	if (name != NULL)
		value = text(taken, strlen(taken));
	else if (rest.n > 0)
		value = text(rest.s, rest.n);
	emit(r, name != NULL ? name : taken, value, NULL);
}

static void
line(void *arg, const char *s, size_t n, bool rest)
{
	struct reading *r = arg;

	if (rest)
		return;
	r->line++;
	if (n > LINE_MAX_BYTES)
		wrong(r, "it is longer than 4096 bytes");
	else if (r->re != NULL)
		text_line(r, s, n);
	else if (n > 0)
		json_line(r, s, n);
}

void
collect_own_file(
    struct collect_own *own, const json_t *service, const json_t *spec, int fd, const char *path)
{
	const char *pattern = pth_own_matches(spec);
	struct pth_err e = { 0 };
	pth_auto_regex re = pattern != NULL ? pth_regex_new(pattern, 0, &e) : NULL;
	struct reading r = { own, service, spec, re, path, 0 };

	if (pattern != NULL && re == NULL) {
		pth_warn("%s: events: %s", pth_svc_name(service), e.text);
		return;
	}
	pth_artifact_lines(fd, FILE_MAX_BYTES, pth_mono_us() + DEADLINE_US, line, &r);
}

/* Is it a file of the service that the item is about? Its path below the service's directory. */
static const char *
wanted(const json_t *artifact, const json_t *service, const json_t *spec)
{
	const char *path = pth_artifact_path(artifact), *name = pth_svc_name(service);
	size_t n = strlen(name);

	if (strncmp(path, name, n) != 0 || path[n] != '/')
		return NULL;
	path += n + 1;
	return pth_glob(pth_own_file(spec), path) ? path : NULL;
}

static void
of_service(int dirfd, const json_t *service, const json_t *artifacts)
{
	struct collect_own own = { .left = COLLECT_OWN_MAX };
	const json_t *spec, *a;
	size_t i, k;

	json_array_foreach(pth_svc_events(service), i, spec)
		json_array_foreach(artifacts, k, a) {
			const char *path = wanted(a, service, spec);
			pth_auto_fd fd = path != NULL ?
			    pth_artifact_open(dirfd, pth_artifact_path(a), NULL) :
			    -1;

			if (fd < 0)
				continue;
			own.wrong = 0;
			collect_own_file(&own, service, spec, fd, path);
			if (own.wrong > 0)
				pth_warn("%s:%ld: no event: %s%s", pth_artifact_path(a), own.first,
				    own.why, own.wrong > 1 ? "; others are none, too" : "");
		}
	if (own.dropped > 0)
		pth_warn("%s: %u of its events are left out: %d are the most",
		    pth_svc_name(service), own.dropped, COLLECT_OWN_MAX);
}

void
collect_own_events(int dirfd, const json_t *rec, const json_t *artifacts)
{
	const json_t *service;
	size_t i;

	json_array_foreach(pth_rec_services(rec), i, service)
		of_service(dirfd, service, artifacts);
}
