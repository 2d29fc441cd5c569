/*
 * Any JSON as what a descriptor says of its image -> a Dockerfile, read as the
 * engine reads it: as many instructions of each kind as there are values, and
 * no others. What follows a NUL is the experiment's settings.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "container/image.h"
#include "io/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ARG, FROM, RUN, ENV, COPY, ADD, WORKDIR, EXPOSE, USER, LABEL, KINDS };

static void
count(const char *s, unsigned n[KINDS])
{
	static const char *const names[] = { "ARG ", "FROM ", "RUN ", "ENV ", "COPY ", "ADD ",
		"WORKDIR ", "EXPOSE ", "USER ", "LABEL " };
	bool goes_on = false;

	while (*s != '\0') {
		size_t len = strcspn(s, "\n"), k;

		if (!goes_on && len != 0 && *s != '#') {
			for (k = 0; k < KINDS && strncmp(s, names[k], strlen(names[k])) != 0; k++)
				;
			if (k == KINDS)
				abort(); /* nothing that we write */
			n[k]++;
		}
		goes_on = len > 0 && s[len - 1] == '\\';
		s += len + (s[len] == '\n');
	}
	if (goes_on)
		abort();
}

static unsigned
many(const json_t *docker, const char *key)
{
	const json_t *v = json_object_get(docker, key);

	return (unsigned)(json_is_object(v) ? json_object_size(v) : json_array_size(v));
}

static void
check(const json_t *docker, const json_t *settings, const char *text)
{
	unsigned n[KINDS] = { 0 }, steps = 0, deps = many(docker, "dependencies");
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(docker, "dependencies"), i, v)
		steps += many(v, "build");
	count(text, n);
	if (n[FROM] < 1 || n[FROM] > 2 || n[USER] != 1 || n[LABEL] > 2 ||
	    n[EXPOSE] > many(docker, "expose") ||
	    n[ARG] > many(docker, "args") + many(settings, "build_args") ||
	    n[ENV] > many(docker, "environment") + 5 || n[ADD] > deps + 1 ||
	    n[WORKDIR] > 2 * (deps + 1) ||
	    n[COPY] > many(docker, "files") + many(docker, "copy") + deps + 5 ||
	    n[RUN] > many(docker, "build") + many(docker, "patches") + 2 * deps + steps + 12)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *nul = memchr(data, 0, n);
	size_t len = nul != NULL ? (size_t)(nul - data) : n;
	struct pth_err e;
	json_t *docker = pth_json_parse((const char *)data, len, &e), *service, *out;
	json_t *settings = nul != NULL ? pth_json_parse((const char *)nul + 1, n - len - 1, &e) :
	                                 NULL;
	struct pth_image_req q = { .docker = settings, .share = "share", .seen = json_object() };

	if (!json_is_object(docker) ||
	    json_object_get(docker, "dockerfile") != NULL) { /* that reads files */
		json_decref(docker);
		json_decref(settings);
		json_decref(q.seen);
		return 0;
	}
	service = json_pack("{s:s,s:s,s:s,s:O}", "plugin", pth_json_str(docker, "plugin", "x"),
	    "version", pth_json_str(docker, "version", "1"), "role", "server", "docker", docker);
	q.service = service;
	for (int i = 0; i < 2; i++) {
		out = pth_image_plan(&q, &e);
		if (out != NULL && json_object_get(out, "dockerfile") != NULL)
			check(docker, settings, pth_json_str(out, "dockerfile", ""));
		json_decref(out);
	}
	json_decref(service);
	json_decref(docker);
	json_decref(settings);
	json_decref(q.seen);
	return 0;
}
