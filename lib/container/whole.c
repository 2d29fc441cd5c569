/*
 * This file puts all services of a test into one container: seen from outside they are a
 * single service, whose plan inside is the test itself.
 */
#include "container/compose_priv.h"

#include <string.h>

/* Returns the list under a key, which is made if it is not there. */
static json_t *
list_of(json_t *o, const char *key)
{
	if (json_object_get(o, key) == NULL)
		pth_json_set(o, key, json_array());
	return json_object_get(o, key);
}

/* --- the image --- */

/* One image can hold several services when none or one of them says how its
 * image is built: the others are packages and files. */
static bool
is_special(const json_t *docker)
{
	return json_is_string(PTH_GET(recipe, docker, image)) ||
	    json_is_string(PTH_GET(recipe, docker, dockerfile)) ||
	    *pth_recipe_repository(docker) != '\0' ||
	    json_array_size(pth_recipe_build(docker)) > 0 ||
	    json_is_string(PTH_GET(recipe, docker, base));
}

/* Adds the packages that a service without `docker` requires. */
static void
add_required(json_t *packages, const json_t *service)
{
	json_t *r;
	size_t i;

	json_array_foreach(pth_svc_requires(service), i, r)
		if (pth_need_package(r) != NULL)
			pth_json_push_once(packages, json_string(pth_need_package(r)));
}

static void
add_once(json_t *o, const char *key, const json_t *from)
{
	json_t *to = list_of(o, key), *v;
	size_t i;

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
	static const char *const lists[] = { PTH_KEY(recipe, packages), PTH_KEY(recipe, files),
		PTH_KEY(recipe, expose), PTH_KEY(recipe, capabilities) };
	json_t *d = pth_svc_docker(service);
	json_auto_t *old = json_deep_copy(o);

	if (is_special(d)) {
		if (*special != NULL)
			return pth_err_set(c->e, PTH_INPUT,
			    "%s and %s want images of their own; name one that has both: "
			    "network_environment.image",
			    *special, pth_svc_name(service));
		*special = pth_svc_name(service);
		json_object_update(o, d);
	}
	for (size_t i = 0; i < countof(lists); i++) {
		json_object_del(o, lists[i]);
		add_once(o, lists[i], old);
		add_once(o, lists[i], d);
	}
	add_map(o, PTH_KEY(recipe, environment), d);
	add_map(o, PTH_KEY(recipe, args), d);
	if (!json_is_object(d))
		add_required(pth_recipe_packages(o), service);
	return 0;
}

/* Do all services have the same image, as the descriptor says it? */
static bool
all_alike(const struct compose *c)
{
	const json_t *first = json_array_get(pth_plan_services(c->plan), 0);
	json_t *s;
	size_t i;

	json_array_foreach(pth_plan_services(c->plan), i, s)
		if (!json_is_object(pth_svc_docker(s)) ||
		    json_equal(pth_svc_docker(s), pth_svc_docker(first)) == 0 ||
		    strcmp(pth_svc_version(s), pth_svc_version(first)) != 0)
			return false;
	return true;
}

static int
image(struct compose *c, json_t *o)
{
	const char *given = pth_envparam_image(c->params), *special = NULL;
	json_auto_t *docker = json_object(), *plugins = json_array();
	json_t *services = pth_plan_services(c->plan), *first = json_array_get(services, 0), *s;
	pth_auto_buf b = PTH_BUF_INIT;
	size_t i;

	if (*given != '\0') {
		pth_recipe_set_image(docker, given);
		json_array_foreach(services, i, s)
			add_once(docker, PTH_KEY(recipe, capabilities), pth_svc_docker(s));
	} else if (all_alike(c)) {
		json_object_update(docker, pth_svc_docker(first));
		pth_svc_set_version(o, pth_svc_version(first));
	} else {
		json_array_foreach(services, i, s)
			if (add_image(c, docker, s, &special) != 0)
				return -1;
	}
	json_array_foreach(services, i, s) {
		const char *plugin = pth_svc_plugin(s);

		if (pth_json_has(plugins, plugin))
			continue;
		pth_json_push(plugins, json_string(plugin));
		pth_buf_addf(&b, "%s%s", b.len != 0 ? "-with-" : "", plugin);
	}
	pth_svc_set_plugin(o, b.s);
	pth_svc_set_docker(o, pth_take(&docker));
	return 0;
}

/* --- from outside --- */

static json_t *
one_service(struct compose *c)
{
	json_auto_t *o = json_object();
	json_t *phases = json_object(), *s, *v;
	int64_t grace = 0;
	size_t i, k;

	pth_svc_set_name(o, PTH_COMPOSE_WHOLE);
	pth_svc_set_finite(o, true);
	pth_svc_set_critical(o, true);
	pth_svc_set_after(o, json_array());
	pth_svc_set_timeout_us(o, 0);
	json_array_foreach(pth_plan_services(c->plan), i, s) {
		for (k = 0; k < PTH_PHASES; k++)
			if (k != PTH_RUN)
				json_array_extend(list_of(phases, pth_phase_names[k]),
				    json_object_get(pth_svc_phases(s), pth_phase_names[k]));
		json_array_extend(list_of(o, PTH_KEY(svc, ready)), pth_svc_ready(s));
		json_array_extend(list_of(o, PTH_KEY(svc, artifacts)), pth_svc_artifacts(s));
		json_array_foreach(pth_svc_tools(s), k, v)
			pth_json_push_once(list_of(o, PTH_KEY(svc, tools)), json_incref(v));
		grace += pth_stop_grace_us(pth_svc_stop(s));
	}
	pth_svc_set_phases(o, phases);
	pth_svc_set_stop(o,
	    json_pack("{s:s,s:I}", PTH_KEY(stop, signal), "TERM", PTH_KEY(stop, grace_us),
	        (json_int_t)grace));
	return image(c, o) == 0 ? pth_take(&o) : NULL;
}

int
container_whole(struct compose *c)
{
	json_t *docker = json_object(), *volumes = json_array(), *s;
	const char *key;

	json_object_foreach(pth_test_services(c->rec), key, s) {
		json_object_update(docker, pth_given_docker(s));
		json_array_extend(volumes, pth_given_volumes(s));
	}
	c->unit_given = json_pack(
	    "{s:o,s:o}", PTH_KEY(given, docker), docker, PTH_KEY(given, volumes), volumes);
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

	json_array_foreach(pth_plan_services(c->plan), i, s) {
		const char *name = pth_svc_name(s);

		pth_json_push(dirs, json_string(name));
		json_array_foreach(pth_svc_dirs(s), k, v)
			if (json_is_string(v))
				pth_json_push(
				    dirs, json_sprintf("%s/%s", name, json_string_value(v)));
		json_array_foreach(pth_svc_files(s), k, v) {
			json_t *f = json_is_object(v) ? container_inside(v) : json_object();

			pth_json_set(f, PTH_KEY(content, path),
			    json_sprintf("%s/%s", name, pth_content_path(v)));
			pth_json_push(files, f);
		}
	}
}

/* --- inside --- */

void
container_whole_inner(const struct compose *c, json_t *root)
{
	static const char *const keep[] = { PTH_KEY(inside, steps), PTH_KEY(inside, assertions),
		PTH_KEY(inside, services), PTH_KEY(inside, network_environment) };
	json_t *plan = pth_inside_plan(root);

	for (size_t i = 0; i < countof(keep); i++)
		if (json_object_get(c->rec, keep[i]) != NULL)
			pth_json_set(root, keep[i], json_incref(json_object_get(c->rec, keep[i])));
	pth_inside_set_whole(root, true);
	pth_plan_set_timeout_us(plan, pth_plan_timeout_us(c->plan));
	pth_plan_set_wait_us(plan, pth_plan_wait_us(c->plan));
	json_object_set(
	    pth_plan_environment(plan), PTH_KEY(env, parameters), (json_t *)(uintptr_t)c->params);
	json_object_set(plan, PTH_KEY(plan, order), pth_plan_order(c->plan));
}
