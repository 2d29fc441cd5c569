/* This file plans what a service's image is made of: the descriptor's `docker`, with
 * where each key was written and with the paths of files that lie beside it. */
#include "plan/priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "io/placeholder.h"

/* Is it a directory of this machine, and no address: /x, ./x, ../x, file:///x? */
static bool
is_local(const char *repository)
{
	return *repository == '/' || *repository == '.' || strncmp(repository, "file://", 7) == 0;
}

/* Returns the absolute path of a file that is there; a relative path starts beside the
 * descriptor that n is from. A path that begins with a placeholder or is empty stays. */
static json_t *
path(const struct plan_service *s, const struct pth_ynode *n, const char *key, const json_t *given,
    struct pth_err *e)
{
	const char *text = json_string_value(given);
	pth_auto_str from = NULL;
	pth_auto_str real = NULL;
	json_t *v;

	if (text == NULL || *text == '\0' || pth_placeholder_find(text) == text)
		return json_incref((json_t *)(uintptr_t)given);
	text += strncmp(text, "file://", 7) != 0 ? 0 : 7;
	from = *text == '/' ? pth_xstrdup(text) : plan_beside(s->plugin, n, text);
	real = realpath(from, NULL);
	if (real == NULL || access(real, R_OK) < 0) {
		pth_dval_error(e, n, "docker.%s: %.300s:", key, from);
		return NULL;
	}
	v = json_string(real);
	if (v == NULL)
		pth_dval_error(e, n, "docker.%s: a path that is no UTF-8", key);
	return v;
}

/* Replaces the path in item i of files, patches or dependencies. */
static int
local_item(const struct plan_service *s, const struct pth_ynode *n, const char *key, json_t *list,
    size_t i, struct pth_err *e)
{
	const char *member = strcmp(key, PTH_KEY(recipe, dependencies)) == 0 ?
	    PTH_KEY(gotten, repository) :
	    "from";
	json_t *item = json_array_get(list, i),
	       *given = json_is_object(item) ? json_object_get(item, member) : item, *v;

	if (!json_is_string(given) || (*member == 'r' && !is_local(json_string_value(given))))
		return 0;
	if ((v = path(s, n, key, given, e)) == NULL)
		return -1;
	if (json_is_object(item))
		pth_json_set(item, member, v);
	else if (json_array_set_new(list, i, v) < 0)
		return -1;
	return 0;
}

static int
local_list(const struct plan_with *w, const struct plan_service *s, const struct pth_ynode *list,
    json_t *out)
{
	json_t *items = json_array();

	pth_json_set(out, list->key, items);
	pth_yaml_foreach(c, list) {
		size_t i = json_array_size(items);

		if (plan_item(w, c, items) < 0)
			return -1;
		for (; i < json_array_size(items); i++)
			if (local_item(s, c, list->key, items, i, w->e) < 0)
				return -1;
	}
	return 0;
}

static int
local_value(const struct plan_service *s, const struct pth_ynode *n, json_t *out, struct pth_err *e)
{
	const json_t *v = json_object_get(out, n->key);
	json_t *real;

	if (!json_is_string(v) ||
	    (strcmp(n->key, PTH_KEY(recipe, repository)) == 0 && !is_local(json_string_value(v))))
		return 0;
	if ((real = path(s, n, n->key, v, e)) == NULL)
		return -1;
	pth_json_set(out, n->key, real);
	return 0;
}

static int
each_key(
    const struct plan_with *w, const struct plan_service *s, const struct pth_ynode *d, json_t *out)
{
	static const char *const lists[] = { PTH_KEY(recipe, files), PTH_KEY(recipe, patches),
		PTH_KEY(recipe, dependencies) };
	static const char *const values[] = { PTH_KEY(recipe, dockerfile),
		PTH_KEY(recipe, repository) };
	json_t *at = json_object();

	pth_recipe_set_at(out, at);
	pth_yaml_foreach(c, d) {
		pth_auto_buf where = PTH_BUF_INIT;

		pth_dval_where(&where, c);
		pth_json_set(at, c->key, json_string(where.s));
		if (c->kind == PTH_YSEQ && pth_one_of(c->key, lists, countof(lists))) {
			if (local_list(w, s, c, out) < 0)
				return -1;
		} else if (pth_one_of(c->key, values, countof(values)) &&
		    local_value(s, c, out, w->e) < 0)
			return -1;
	}
	return 0;
}

/* What the experiment says of an image, where one is made: another base, another Dockerfile. */
static void
other_image(const struct plan_with *w, const struct plan_service *s, json_t *recipe)
{
	static const char *const names[] = { "base_image_override", "dockerfile_template" };

	for (size_t i = 0; i < countof(names); i++) {
		const char *given = pth_json_str(s->params, names[i], "");
		pth_auto_buf at = PTH_BUF_INIT;
		pth_auto_str real = NULL;

		if (*given == '\0' || plan_mentions(s->plugin, s->view, names[i]))
			continue;
		plan_usual_given(s, names[i], &at);
		if (recipe == NULL || json_object_get(recipe, PTH_KEY(recipe, image)) != NULL)
			plan_problem(w->p, PTH_WARNING, at.s, "%s has no effect here: %s", names[i],
			    recipe != NULL ? "the image is there already" : "no image is built");
		else if (i == 0)
			pth_recipe_set_base(recipe, given);
		else if ((real = realpath(given, NULL)) == NULL)
			plan_problem(w->p, PTH_ERROR, at.s, "%s: %.300s: %s", names[i], given,
			    strerror(errno));
		else
			pth_recipe_set_dockerfile(recipe, real);
	}
}

/* Of a descriptor without `docker`, which pth-compose makes an image for all the same. */
static void
bare_image(const struct plan_with *w, const struct plan_service *s, json_t *out)
{
	json_auto_t *recipe = json_object();

	other_image(w, s, recipe);
	if (json_object_size(recipe) > 0)
		pth_svc_set_docker(out, pth_take(&recipe));
}

/* The result is of use only where images are built. */
int
plan_docker(const struct plan_with *w, struct plan_service *s, json_t *out)
{
	const struct pth_ynode *d = pth_yaml_get(s->view, "docker"),
	                       *images = pth_yaml_get(w->p->eview, "images");
	json_t *v;

	if (images == NULL || !images->b)
		other_image(w, s, NULL);
	else if (d == NULL)
		bare_image(w, s, out);
	if (d == NULL || images == NULL || !images->b)
		return 0;
	v = plan_tree(w, d);
	if (v == NULL)
		return -1;
	pth_svc_set_docker(out, v);
	if (!json_is_object(v))
		return 0;
	if (each_key(w, s, d, v) < 0)
		return -1;
	plan_version_docker(s, v);
	other_image(w, s, v);
	return 0;
}
