/*
 * This file makes the plan of one container: the service's own plan with paths as they
 * are inside, without what the host does for it.
 */
#include "container/compose_priv.h"

#include <string.h>

#include "io/placeholder.h"

static int
inside(struct pth_buf *b, const char *s, void *arg)
{
	static const struct pth_places places = {
		.dir = PTH_INSIDE_DIR, .libexec = PTH_INSIDE_LIBEXEC, .share = PTH_INSIDE_SHARE
	};

	(void)arg;
	pth_places_expand(&places, s, b);
	return 0;
}

json_t *
container_inside(const json_t *v)
{
	return pth_json_map(v, inside, NULL);
}

bool
container_mentions(const json_t *v, const char *mark)
{
	const char *key;
	json_t *x;
	size_t i;

	if (json_is_string(v))
		return strstr(json_string_value(v), mark) != NULL;
	if (json_is_array(v))
		json_array_foreach(v, i, x)
			if (container_mentions(x, mark))
				return true;
	if (json_is_object(v))
		json_object_foreach((json_t *)(uintptr_t)v, key, x)
			if (container_mentions(x, mark))
				return true;
	return false;
}

/* Says as whom the service runs, for pth-init to find out. */
static json_t *
user(const struct compose *c)
{
	const json_t *m = json_object_get(c->docker, "user_mapping");
	const json_t *uid = json_object_get(m, "custom_uid"),
	             *gid = json_object_get(m, "custom_gid");
	json_t *o = json_object();

	if (json_is_integer(uid))
		pth_json_set(o, "uid", json_integer(json_integer_value(uid)));
	if (json_is_integer(gid))
		pth_json_set(o, "gid", json_integer(json_integer_value(gid)));
	pth_json_set(o, "owner_first", json_true());
	if (!pth_json_bool(m, "run_as_host_user", false))
		pth_json_set(o, "name", json_string(pth_json_str(m, "user_name", "panther")));
	pth_json_set(
	    o, "fallback_to_root", json_boolean(pth_json_bool(m, "fallback_to_root", true)));
	return o;
}

const json_t *
container_capture(const struct compose *c, const json_t *service)
{
	const json_t *own = json_object_get(service, "capture"),
	             *all = json_object_get(c->plan, "capture");

	if (own != NULL)
		return json_is_object(own) ? own : NULL;
	return json_is_string(json_object_get(all, "file")) ? all : NULL;
}

static json_t *
capture(const struct compose *c, const json_t *service)
{
	static const char *const keys[] = { "filter", "bpf", "ring", "max_size", "buffer" };
	const char *name = pth_json_str(service, "name", "");
	const json_t *cap = container_capture(c, service), *v;
	json_t *o;

	if (cap == NULL)
		return json_null();
	if (c->whole)
		return json_incref((json_t *)(uintptr_t)cap);
	o = json_pack("{s:s,s:o,s:I}", "interface", pth_json_str(cap, "interface", "eth0"), "file",
	    cap == json_object_get(service, "capture") ?
	        json_string(pth_json_str(cap, "file", "")) :
	        json_sprintf("%s/%s", name, pth_json_str(cap, "file", "capture.pcapng")),
	    "snaplen", (json_int_t)pth_json_int(cap, "snaplen", 0));
	for (size_t i = 0; i < countof(keys); i++)
		if ((v = json_object_get(cap, keys[i])) != NULL)
			pth_json_set(o, keys[i], json_deep_copy(v));
	return o;
}

/* Returns the name of the service that a step or an assertion is about. */
static const char *
service_of(const json_t *what)
{
	return pth_json_str(what, "service", "");
}

/* Returns a service without what is done on the host, before or after. */
static json_t *
inner_service(const json_t *service)
{
	static const char *const outside[] = { "dirs", "files", "docker", "artifacts", "verdict",
		"metrics", "keylogs", "target" };
	json_t *s = container_inside(service);

	for (size_t i = 0; i < countof(outside); i++)
		json_object_del(s, outside[i]);
	return s;
}

/* Returns a service that has its container to itself. */
static json_t *
inner_alone(const struct compose *c, const json_t *service)
{
	/* Limits that the engine sets for the whole container. */
	static const char *const engine[] = { "cpu", "memory", "processes" };
	const char *name = pth_json_str(service, "name", "");
	json_t *s = inner_service(service), *a;
	size_t k;

	for (size_t i = 0; i < countof(engine); i++)
		json_object_del(json_object_get(s, "limits"), engine[i]);
	json_object_del(s, "capture"); /* it is that of the plan */
	/* A look by HTTP takes the address of others, in numbers. */
	json_array_foreach(json_object_get(c->rec, "assertions"), k, a)
		if (strcmp(service_of(a), name) == 0 &&
		    (json_object_get(a, "endpoint") != NULL ||
		        json_object_get(a, "expected_status") != NULL))
			pth_json_set(s, "address", json_sprintf("@{%s:ip}", name));
	pth_json_set(s, "after", json_array());
	pth_json_set(s, "environment", json_object()); /* the container has it */
	return s;
}

/* Says how the service is watched; only the inside sees its ports. */
static json_t *
monitoring(const struct compose *c)
{
	static const char *const keys[] = { "enable_background_monitoring",
		"monitoring_interval_seconds", "failure_threshold_count" };
	const json_t *given = json_object_get(c->rec, "network_environment");
	json_t *o = json_object(), *v;

	for (size_t i = 0; i < countof(keys); i++)
		if ((v = json_object_get(given, keys[i])) != NULL)
			pth_json_set(o, keys[i], json_incref(v));
	return o;
}

/* Lists directories that are root's at first and that services share: those of the test,
 * and new volumes of the experiment. */
static json_t *
open_dirs(const struct compose *c, const char *name)
{
	json_t *list = json_pack("[s,s,s]", "/opt/ticket", "/app/shared", "/app/sync_logs"), *v;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(c->services, name), "volumes"), i, v)
		if (strcmp(pth_json_str(v, "type", ""), "volume") == 0 &&
		    !pth_json_bool(v, "read_only", false))
			pth_json_push(list, json_incref(json_object_get(v, "target")));
	return list;
}

/* {"service", "state"}: does it wait for the end of that service? */
static bool
awaits_end(const json_t *after, const char *service)
{
	const char *state = pth_json_str(after, "state", "ready");

	return strcmp(pth_json_str(after, "service", ""), service) == 0 &&
	    (strcmp(state, "stopped") == 0 || strcmp(state, "completed") == 0);
}

int64_t
container_hold(const struct compose *c, const char *service)
{
	const json_t *steps = pth_json_path(c->rec, "steps.actions");
	json_t *s, *v;
	size_t i, k;
	int64_t n = 0;

	json_array_foreach(json_object_get(c->plan, "services"), i, s)
		json_array_foreach(json_object_get(s, "after"), k, v)
			if (awaits_end(v, service))
				return 0;
	json_array_foreach(steps, i, s) {
		bool own = strcmp(service_of(json_object_get(s, "exec")), service) == 0 ||
		    strcmp(service_of(json_object_get(s, "restart")), service) == 0;

		n += own;
		if (!own && awaits_end(json_object_get(s, "after"), service))
			return 0;
	}
	return n;
}

bool
container_step_mentions(const struct compose *c, const char *service, const char *mark)
{
	json_t *s;
	size_t i;

	json_array_foreach(pth_json_path(c->rec, "steps.actions"), i, s)
		if (strcmp(service_of(json_object_get(s, "exec")), service) == 0 &&
		    container_mentions(s, mark))
			return true;
	return false;
}

json_t *
container_inner(struct compose *c, const json_t *service)
{
	const char *name = pth_json_str(service, "name", "");
	json_t *list = json_array(), *plan = json_object(), *root, *s;
	size_t i;

	json_array_foreach(c->whole ? json_object_get(c->plan, "services") : NULL, i, s)
		pth_json_push(list, inner_service(s));
	if (!c->whole)
		pth_json_push(list, inner_alone(c, service));
	pth_json_set(
	    plan, "environment", json_pack("{s:s,s:s}", "type", "localhost", "isolation", "none"));
	pth_json_set(plan, "timeout_us", json_integer(0));
	pth_json_set(plan, "wait_us", json_null());
	pth_json_set(plan, "setup", json_array());
	pth_json_set(plan, "announce", json_sprintf("%s/.ready", name));
	pth_json_set(plan, "capture", capture(c, service));
	if (!c->whole)
		pth_json_set(plan, "metrics",
		    json_pack("{s:o}", "file", json_sprintf("%s/metrics.jsonl", name)));
	pth_json_set(plan, "order", json_pack("[s]", name));
	pth_json_set(plan, "services", list);
	root = json_pack("{s:i,s:s,s:s,s:o,s:o,s:{s:O*,s:{s:O*,s:O*}},s:o}", "pth", 1, "dir",
	    PTH_INSIDE_DIR, "service", name, "user", user(c), "open", open_dirs(c, name),
	    "settings", "metrics", pth_json_path(c->rec, "settings.metrics"), "observers",
	    "metrics", pth_json_path(c->rec, "settings.observers.metrics"), "resource",
	    pth_json_path(c->rec, "settings.observers.resource"), "plan", plan);
	if (c->whole)
		container_whole_inner(c, root, plan);
	else
		json_object_update_new(root,
		    json_pack(
		        "{s:s,s:o}", "ask", PTH_INSIDE_ASK, "network_environment", monitoring(c)));
	return root;
}
