/*
 * This file puts all services of a test into one container: seen from outside they are a
 * single service, whose plan inside is the test itself.
 */
#include "container/compose_priv.h"

#include <string.h>

static const char *const phase_names[] = { "pre_compile", "compile", "post_compile", "pre_run",
	"post_run" };

static json_t *
services_of(const struct compose *c)
{
	return json_object_get(c->plan, "services");
}

static void
append(json_t *o, const char *key, const json_t *list)
{
	json_t *to = json_object_get(o, key);

	if (to == NULL)
		pth_json_set(o, key, to = json_array());
	json_array_extend(to, (json_t *)(uintptr_t)list);
}

/* --- the image --- */

/* One image can hold several services when none or one of them says how its
 * image is built: the others are packages and files. */
static bool
is_special(const json_t *docker)
{
	return pth_json_str(docker, "image", NULL) != NULL ||
	    pth_json_str(docker, "dockerfile", NULL) != NULL ||
	    *pth_json_str(docker, "repository", "") != '\0' ||
	    json_array_size(json_object_get(docker, "build")) > 0 ||
	    pth_json_str(docker, "base", NULL) != NULL;
}

/* Adds the packages that a service without `docker` requires. */
static void
add_required(json_t *packages, const json_t *service)
{
	json_t *r;
	size_t i;

	json_array_foreach(json_object_get(service, "requires"), i, r) {
		const char *package = pth_json_str(r, "package", NULL);

		if (package != NULL)
			pth_json_push_once(packages, json_string(package));
	}
}

static void
add_once(json_t *o, const char *key, const json_t *from)
{
	json_t *to = json_object_get(o, key), *v;
	size_t i;

	if (to == NULL)
		pth_json_set(o, key, to = json_array());
	json_array_foreach(json_object_get(from, key), i, v)
		pth_json_push_once(to, json_incref(v));
}

static void
add_map(json_t *o, const char *key, const json_t *from)
{
	json_t *map = json_object();

	json_object_update(map, json_object_get(o, key));
	json_object_update(map, json_object_get(from, key));
	pth_json_set(o, key, map);
}

/* Adds what one service needs of the image to what others need. -1 with c->e when two
 * want it built in ways of their own. */
static int
add_image(struct compose *c, json_t *o, const json_t *service, const char **special)
{
	static const char *const lists[] = { "packages", "files", "expose", "capabilities" };
	const json_t *d = json_object_get(service, "docker");
	json_auto_t *old = json_deep_copy(o);

	if (is_special(d)) {
		if (*special != NULL)
			return pth_err_set(c->e, PTH_INPUT,
			    "%s and %s want images of their own; name one that has "
			    "both: network_environment.image",
			    *special, pth_json_str(service, "name", ""));
		*special = pth_json_str(service, "name", "");
		json_object_update(o, (json_t *)(uintptr_t)d);
	}
	for (size_t i = 0; i < countof(lists); i++) {
		json_object_del(o, lists[i]);
		add_once(o, lists[i], old);
		add_once(o, lists[i], d);
	}
	add_map(o, "environment", d);
	add_map(o, "args", d);
	if (!json_is_object(d))
		add_required(json_object_get(o, "packages"), service);
	return 0;
}

/* Do all services have the same image, as the descriptor says it? */
static bool
all_alike(const struct compose *c)
{
	const json_t *first = json_array_get(services_of(c), 0);
	json_t *s;
	size_t i;

	json_array_foreach(services_of(c), i, s)
		if (!json_is_object(json_object_get(s, "docker")) ||
		    json_equal(json_object_get(s, "docker"), json_object_get(first, "docker")) ==
		        0 ||
		    strcmp(pth_json_str(s, "version", ""), pth_json_str(first, "version", "")) != 0)
			return false;
	return true;
}

static int
image(struct compose *c, json_t *o)
{
	const char *given = pth_json_str(c->params, "image", ""), *special = NULL;
	json_auto_t *docker = json_object(), *plugins = json_array();
	json_t *first = json_array_get(services_of(c), 0), *s;
	pth_auto_buf b = PTH_BUF_INIT;
	size_t i;

	if (*given != '\0') {
		pth_json_set(docker, "image", json_string(given));
	} else if (all_alike(c)) {
		json_object_update(docker, json_object_get(first, "docker"));
		pth_json_set(o, "version", json_string(pth_json_str(first, "version", "")));
	} else {
		json_array_foreach(services_of(c), i, s)
			if (add_image(c, docker, s, &special) != 0)
				return -1;
	}
	json_array_foreach(services_of(c), i, s) {
		const char *plugin = pth_json_str(s, "plugin", "x");

		if (pth_json_has(plugins, plugin))
			continue;
		pth_json_push(plugins, json_string(plugin));
		pth_buf_addf(&b, "%s%s", b.len != 0 ? "-with-" : "", plugin);
	}
	pth_json_set(o, "plugin", json_string(b.s));
	pth_json_set(o, "docker", pth_take(&docker));
	return 0;
}

/* --- from outside --- */

static json_t *
one_service(struct compose *c)
{
	json_auto_t *o = json_pack("{s:s,s:b,s:b,s:[],s:I}", "name", PTH_COMPOSE_WHOLE, "finite", 1,
	    "critical", 1, "after", "timeout_us", (json_int_t)0);
	json_t *phases = json_object(), *s;
	int64_t grace = 0;
	size_t i;

	json_array_foreach(services_of(c), i, s) {
		for (size_t k = 0; k < countof(phase_names); k++)
			append(phases, phase_names[k],
			    json_object_get(json_object_get(s, "phases"), phase_names[k]));
		append(o, "ready", json_object_get(s, "ready"));
		append(o, "artifacts", json_object_get(s, "artifacts"));
		grace += pth_json_int(json_object_get(s, "stop"), "grace_us", 5000000);
	}
	pth_json_set(o, "phases", phases);
	pth_json_set(
	    o, "stop", json_pack("{s:s,s:I}", "signal", "TERM", "grace_us", (json_int_t)grace));
	return image(c, o) == 0 ? pth_take(&o) : NULL;
}

int
container_whole(struct compose *c)
{
	json_t *docker = json_object(), *volumes = json_array(), *s;
	const char *key;

	json_object_foreach(json_object_get(c->rec, "services"), key, s) {
		json_object_update(docker, json_object_get(s, "docker"));
		json_array_extend(volumes, json_object_get(s, "volumes"));
	}
	c->unit_given = json_pack("{s:o,s:o}", "docker", docker, "volumes", volumes);
	if ((s = one_service(c)) == NULL)
		return -1;
	pth_json_push(c->units, s);
	return 0;
}

/* What the services have in their directories is made from outside. */
void
container_whole_fill(const struct compose *c, json_t *dirs, json_t *files)
{
	json_t *s, *v;
	size_t i, k;

	json_array_foreach(services_of(c), i, s) {
		const char *name = pth_json_str(s, "name", "");

		pth_json_push(dirs, json_string(name));
		json_array_foreach(json_object_get(s, "dirs"), k, v)
			if (json_is_string(v))
				pth_json_push(
				    dirs, json_sprintf("%s/%s", name, json_string_value(v)));
		json_array_foreach(json_object_get(s, "files"), k, v) {
			json_t *f = json_is_object(v) ? container_inside(v) : json_object();

			pth_json_set(
			    f, "path", json_sprintf("%s/%s", name, pth_json_str(v, "path", "")));
			pth_json_push(files, f);
		}
	}
}

/* --- inside --- */

void
container_whole_inner(const struct compose *c, json_t *root, json_t *plan)
{
	static const char *const keep[] = { "steps", "assertions", "services",
		"network_environment" };

	for (size_t i = 0; i < countof(keep); i++)
		if (json_object_get(c->rec, keep[i]) != NULL)
			pth_json_set(root, keep[i], json_incref(json_object_get(c->rec, keep[i])));
	pth_json_set(root, "whole", json_true());
	pth_json_set(plan, "timeout_us", json_integer(pth_json_int(c->plan, "timeout_us", 0)));
	pth_json_set(plan, "wait_us", json_integer(pth_json_int(c->plan, "wait_us", 0)));
	json_object_set(
	    json_object_get(plan, "environment"), "parameters", (json_t *)(uintptr_t)c->params);
	json_object_set(plan, "order", json_object_get(c->plan, "order"));
}
