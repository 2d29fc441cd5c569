/*
 * Any bytes as a planned test: put into containers, and the compose file read
 * back as YAML has the same values, with every '$' doubled. What pth-init is
 * told survives too.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "container/compose.h"
#include "io/json.h"
#include "io/rec.h"
#include "io/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
differ(const char *what, const char *text)
{
	fprintf(stderr, "%s:\n%s\n", what, text);
	abort();
}

/* Does read stand for s, with each '$' as two? */
static bool
doubled(const char *s, const char *read)
{
	for (; *s != '\0'; s++, read++) {
		if (*s != *read || (*s == '$' && *++read != '$'))
			return false;
	}
	return *read == '\0';
}

static bool
same(const json_t *v, const json_t *read)
{
	const char *key;
	json_t *x;
	size_t i;

	if (json_is_string(v))
		return json_is_string(read) &&
		    doubled(json_string_value(v), json_string_value(read));
	if (json_is_number(v))
		return json_is_number(read) && json_number_value(v) == json_number_value(read);
	if (json_is_array(v)) {
		if (json_array_size(v) != json_array_size(read))
			return false;
		json_array_foreach((json_t *)(uintptr_t)v, i, x)
			if (!same(x, json_array_get(read, i)))
				return false;
		return true;
	}
	if (json_is_object(v)) {
		if (json_object_size(v) != json_object_size(read))
			return false;
		json_object_foreach((json_t *)(uintptr_t)v, key, x)
			if (!same(x, json_object_get(read, key)))
				return false;
		return true;
	}
	return json_equal(v, read) != 0;
}

/* The document as a compose program reads it. */
static void
check_yaml(const json_t *doc)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_arena arena = { .head = NULL };
	struct pth_diags d;
	struct pth_ynode *root;
	struct pth_err e;
	json_t *read;

	if (pth_compose_yaml(&b, doc, "", &e) != 0) {
		pth_buf_release(&b);
		return;
	}
	pth_diags_init(&d, "compose");
	root = pth_yaml_load(b.s, b.len, &arena, &d);
	read = root != NULL ? pth_yaml_json(root) : NULL;
	if (read == NULL || !same(doc, read))
		differ("the compose file reads differently", b.s);
	json_decref(read);
	pth_diags_release(&d);
	pth_arena_release(&arena);
	pth_buf_release(&b);
}

/* What pth-init reads. */
static void
check_plans(const json_t *rec)
{
	json_t *v, *plan;
	size_t i;

	json_array_foreach(pth_json_path(rec, "compose.plan.files"), i, v) {
		const char *path = pth_json_str(v, "path", ""), *text = pth_json_str(v, "text", "");
		struct pth_err e;

		if (strncmp(path, "docker/", 7) != 0)
			continue;
		plan = pth_json_parse(text, strlen(text), &e);
		if (json_array_size(pth_json_path(plan, "plan.services")) == 0)
			differ("the plan of a container", text);
		json_decref(plan);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	json_t *rec = pth_json_parse((const char *)data, n, NULL), *stack, *seen;
	struct pth_err e;

	if (!json_is_object(rec) || !pth_rec_is_test(rec) || !pth_compose_wants(rec) ||
	    json_object_get(rec, "compose") != NULL) {
		json_decref(rec);
		return 0;
	}
	seen = json_object();
	if (pth_compose_test(rec, "/nowhere", seen, NULL, &e) == 0) {
		check_yaml(pth_json_path(rec, "compose.document"));
		stack = pth_compose_stack(pth_json_path(rec, "compose.document"));
		check_yaml(stack);
		json_decref(stack);
		check_plans(rec);
	}
	json_decref(seen);
	json_decref(rec);
	return 0;
}
