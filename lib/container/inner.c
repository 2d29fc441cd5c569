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
	const json_t *m = pth_docker_user_mapping(c->docker);
	const json_t *uid = pth_usermap_custom_uid(m), *gid = pth_usermap_custom_gid(m);
	json_t *o = json_object();

	if (json_is_integer(uid))
		pth_user_set_uid(o, json_integer_value(uid));
	if (json_is_integer(gid))
		pth_user_set_gid(o, json_integer_value(gid));
	pth_user_set_owner_first(o, true);
	if (!pth_usermap_run_as_host_user(m))
		pth_user_set_name(o, pth_usermap_user_name(m));
	pth_user_set_fallback_to_root(o, pth_usermap_fallback_to_root(m));
	return o;
}

const json_t *
container_capture(const struct compose *c, const json_t *service)
{
	const json_t *own = pth_svc_capture(service), *all = pth_plan_capture(c->plan);

	if (own != NULL)
		return json_is_object(own) ? own : NULL;
	return json_is_string(PTH_GET(cap, all, file)) ? all : NULL;
}

static json_t *
capture(const struct compose *c, const json_t *service)
{
	static const char *const keys[] = { PTH_KEY(cap, filter), PTH_KEY(cap, bpf),
		PTH_KEY(cap, ring), PTH_KEY(cap, max_size), PTH_KEY(cap, buffer) };
	const json_t *cap = container_capture(c, service), *v;
	json_t *o;

	if (cap == NULL)
		return json_null();
	if (c->whole)
		return json_incref((json_t *)(uintptr_t)cap);
	o = json_object();
	pth_cap_set_interface(o, pth_cap_interface(cap));
	pth_json_set(o, PTH_KEY(cap, file),
	    cap == pth_svc_capture(service) ?
	        json_string(pth_cap_file(cap)) :
	        json_sprintf("%s/%s", pth_svc_name(service), pth_cap_file(cap)));
	pth_cap_set_snaplen(o, pth_cap_snaplen(cap));
	for (size_t i = 0; i < countof(keys); i++)
		if ((v = json_object_get(cap, keys[i])) != NULL)
			pth_json_set(o, keys[i], json_deep_copy(v));
	return o;
}

/* Returns a service without what is done on the host, before or after. */
static json_t *
inner_service(const json_t *service)
{
	static const char *const outside[] = { PTH_KEY(svc, dirs), PTH_KEY(svc, files),
		PTH_KEY(svc, docker), PTH_KEY(svc, artifacts), PTH_KEY(svc, verdict),
		PTH_KEY(svc, metrics), PTH_KEY(svc, events), PTH_KEY(svc, keylogs),
		PTH_KEY(svc, target) };
	json_t *s = container_inside(service);

	for (size_t i = 0; i < countof(outside); i++)
		json_object_del(s, outside[i]);
	return s;
}

/* Is a step or an assertion about this service, given the one that it names? */
static bool
is_for(const char *named, const char *service)
{
	return named != NULL && strcmp(named, service) == 0;
}

/* Returns a service that has its container to itself. */
static json_t *
inner_alone(const struct compose *c, const json_t *service)
{
	/* Limits that the engine sets for the whole container. */
	static const char *const engine[] = { PTH_KEY(limits, cpu), PTH_KEY(limits, memory),
		PTH_KEY(limits, processes) };
	const char *name = pth_svc_name(service);
	json_t *s = inner_service(service), *a;
	size_t k;

	for (size_t i = 0; i < countof(engine); i++)
		json_object_del(pth_svc_limits(s), engine[i]);
	/* It is the container's, where everybody sees it. */
	json_object_del(pth_phases_run(pth_svc_phases(s)), PTH_KEY(cmd, argv));
	json_object_del(s, PTH_KEY(svc, capture)); /* it is that of the plan */
	/* A look by HTTP takes the address of others, in numbers. */
	json_array_foreach(c->linked ? NULL : pth_test_assertions(c->rec), k, a)
		if (is_for(pth_look_service(a), name) &&
		    (PTH_GET(look, a, endpoint) != NULL ||
		        PTH_GET(look, a, expected_status) != NULL))
			pth_json_set(s, PTH_KEY(svc, address), json_sprintf("@{%s:ip}", name));
	pth_svc_set_after(s, json_array());
	pth_svc_set_environment(s, json_object()); /* the container has it */
	return s;
}

/* Says how the service is watched; only the inside sees its ports. */
static json_t *
monitoring(const struct compose *c)
{
	static const char *const keys[] = { PTH_KEY(netenv, enable_background_monitoring),
		PTH_KEY(netenv, monitoring_interval_seconds),
		PTH_KEY(netenv, failure_threshold_count) };
	const json_t *given = pth_test_network_environment(c->rec);
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
	const char *state = pth_await_state(after);

	return strcmp(pth_await_service(after), service) == 0 &&
	    (strcmp(state, "stopped") == 0 || strcmp(state, "completed") == 0);
}

int64_t
container_hold(const struct compose *c, const char *service)
{
	json_t *s, *v;
	size_t i, k;
	int64_t n = 0;

	json_array_foreach(pth_plan_services(c->plan), i, s)
		json_array_foreach(pth_svc_after(s), k, v)
			if (awaits_end(v, service))
				return 0;
	json_array_foreach(pth_steps_actions(pth_test_steps(c->rec)), i, s) {
		bool own = is_for(pth_act_service(pth_action_exec(s)), service) ||
		    is_for(pth_act_service(pth_action_restart(s)), service);

		n += own;
		if (!own && awaits_end(pth_action_after(s), service))
			return 0;
	}
	return n;
}

bool
container_step_mentions(const struct compose *c, const char *service, const char *mark)
{
	json_t *s;
	size_t i;

	json_array_foreach(pth_steps_actions(pth_test_steps(c->rec)), i, s)
		if (is_for(pth_act_service(pth_action_exec(s)), service) &&
		    container_mentions(s, mark))
			return true;
	return false;
}

/* Lists places that have a second name. */
static json_t *
links(const struct compose *c, const char *name)
{
	json_t *o = json_object();

	pth_json_set(o, PTH_INSIDE_LOGS,
	    c->whole ? json_string(PTH_INSIDE_DIR) : json_sprintf(PTH_INSIDE_DIR "/%s", name));
	if (c->certs)
		pth_json_set(o, PTH_INSIDE_CERTS, json_string(PTH_INSIDE_DIR "/certs"));
	return o;
}

static json_t *
inner_plan(const struct compose *c, const json_t *service, const char *name)
{
	json_t *list = json_array(), *plan = json_object(), *s;
	size_t i;

	json_array_foreach(c->whole ? pth_plan_services(c->plan) : NULL, i, s)
		pth_json_push(list, inner_service(s));
	if (!c->whole)
		pth_json_push(list, inner_alone(c, service));
	pth_plan_set_environment(plan,
	    json_pack(
	        "{s:s,s:s}", PTH_KEY(env, type), "localhost", PTH_KEY(env, isolation), "none"));
	pth_plan_set_timeout_us(plan, 0);
	pth_json_set(plan, PTH_KEY(plan, wait_us), json_null());
	pth_plan_set_setup(plan, json_array());
	pth_json_set(plan, PTH_KEY(plan, announce), json_sprintf("%s/.ready", name));
	pth_plan_set_capture(plan, capture(c, service));
	if (!c->whole)
		pth_plan_set_metrics(plan,
		    json_pack(
		        "{s:o}", PTH_KEY(samples, file), json_sprintf("%s/metrics.jsonl", name)));
	pth_plan_set_order(plan, json_pack("[s]", name));
	pth_plan_set_services(plan, list);
	return plan;
}

/* Returns what the sampler of pth-init reads of the test's settings. */
static json_t *
inner_settings(const struct compose *c)
{
	const json_t *settings = pth_test_settings(c->rec);
	const json_t *observers = pth_settings_observers(settings);

	return json_pack("{s:O*,s:{s:O*,s:O*}}", PTH_KEY(settings, metrics),
	    pth_settings_metrics(settings), PTH_KEY(settings, observers),
	    PTH_KEY(observers, metrics), pth_observers_metrics(observers),
	    PTH_KEY(observers, resource), pth_observers_resource(observers));
}

json_t *
container_inner(struct compose *c, const json_t *service)
{
	const char *name = pth_svc_name(service);
	json_t *root = json_object();

	pth_inside_set_pth(root, 1);
	pth_inside_set_dir(root, PTH_INSIDE_DIR);
	pth_inside_set_service(root, name);
	pth_inside_set_user(root, user(c));
	pth_inside_set_open(root, open_dirs(c, name));
	pth_inside_set_links(root, links(c, name));
	pth_inside_set_settings(root, inner_settings(c));
	pth_inside_set_plan(root, inner_plan(c, service, name));
	if (c->whole) {
		container_whole_inner(c, root);
		return root;
	}
	pth_inside_set_ask(root, PTH_INSIDE_ASK);
	if (c->linked)
		pth_inside_set_net(root, PTH_INSIDE_NET);
	pth_inside_set_network_environment(root, monitoring(c));
	return root;
}
