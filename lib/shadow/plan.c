/* This file plans what pth-exec runs of a test under Shadow: what is to be done outside of it, and
 * pth-shadow as the only process. */
#include "shadow/priv.h"

#include <string.h>

#include "base/clock.h"

#define STOP_GRACE (10 * PTH_SECOND_US) /* for Shadow to end, and for pth-shadow to tell */

/* --- phases of the services, which are run outside */

/* A command of a service as one of another directory and without its variables. New. */
static json_t *
moved(const json_t *service, const json_t *cmd)
{
	const char *cwd = pth_cmd_cwd(cmd), *name = pth_svc_name(service);
	json_t *o = json_deep_copy(cmd), *env = json_object();

	if (cwd == NULL)
		pth_json_set(o, PTH_KEY(cmd, cwd), json_sprintf("@{dir}/%s", name));
	else if (*cwd != '/' && *cwd != '@')
		pth_json_set(o, PTH_KEY(cmd, cwd), json_sprintf("@{dir}/%s/%s", name, cwd));
	pth_json_set(env, "HOME", json_sprintf("@{dir}/%s", name));
	json_object_update(env, pth_svc_environment(service));
	json_object_update(env, pth_cmd_env(cmd));
	pth_cmd_set_env(o, env);
	return o;
}

static json_t *
phases(const struct shadow *s)
{
	json_t *o = json_object(), *cmd;
	size_t k;

	for (size_t p = 0; p < PTH_PHASES; p++) {
		json_t *list = json_array();

		for (size_t i = 0; i < s->n && p != PTH_RUN; i++)
			json_array_foreach(
			    json_object_get(pth_svc_phases(s->hosts[i].svc), pth_phase_names[p]), k,
			    cmd)
				pth_json_push(list, moved(s->hosts[i].svc, cmd));
		pth_json_set(o, pth_phase_names[p], list);
	}
	pth_phases_set_run(o,
	    json_pack("{s:[s,s],s:b,s:i}", PTH_KEY(cmd, argv), "@{bin}/pth-shadow",
	        "@{dir}/" PTH_SHADOW_SPEC, PTH_KEY(cmd, critical), 1, PTH_KEY(cmd, timeout_us), 0));
	return o;
}

/* --- the only process */

static json_t *
whole(const struct shadow *s)
{
	json_t *o = json_object(), *requires = json_array(), *need;
	size_t k;

	pth_svc_set_name(o, PTH_SHADOW_WHOLE);
	pth_svc_set_plugin(o, PTH_SHADOW_WHOLE);
	pth_svc_set_finite(o, true);
	pth_svc_set_after(o, json_array());
	pth_svc_set_phases(o, phases(s));
	pth_svc_set_ready(o, json_array());
	pth_svc_set_environment(o, json_object());
	pth_svc_set_stop(o,
	    json_pack("{s:s,s:I}", PTH_KEY(stop, signal), "TERM", PTH_KEY(stop, grace_us),
	        (json_int_t)STOP_GRACE));
	pth_svc_set_timeout_us(o, 0);
	for (size_t i = 0; i < s->n; i++)
		json_array_foreach(pth_svc_requires(s->hosts[i].svc), k, need)
			pth_json_push_once(requires, json_incref(need));
	pth_svc_set_requires(o, requires);
	pth_svc_set_inner(o,
	    json_pack(
	        "{s:s,s:b}", PTH_KEY(inner, file), "inner.json", PTH_KEY(inner, simulated), 1));
	return o;
}

/* --- files */

static json_t *
spec(const struct shadow *s)
{
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < s->n; i++) {
		const struct shadow_host *h = &s->hosts[i];
		json_t *x = json_object();

		pth_simhost_set_name(x, pth_svc_name(h->svc));
		pth_simhost_set_host(x, h->name);
		pth_simhost_set_finite(x, pth_svc_finite(h->svc));
		pth_simhost_set_critical(x, !pth_rec_dispensable(s->rec, pth_svc_name(h->svc)));
		pth_simhost_set_start_us(x, h->start_us);
		if (h->shutdown_us > 0)
			pth_simhost_set_shutdown_us(x, h->shutdown_us);
		pth_simhost_set_pcap(x, h->pcap);
		pth_json_push(list, x);
	}
	pth_sim_set_pth(o, 1);
	pth_sim_set_stop_us(o, s->stop_us);
	pth_sim_set_services(o, list);
	return o;
}

/* What the services have in their directories. */
static void
fill(const struct shadow *s, json_t *dirs, json_t *files)
{
	json_t *v, *f;
	size_t k;

	for (size_t i = 0; i < s->n; i++) {
		const char *name = pth_svc_name(s->hosts[i].svc);

		pth_json_push(dirs, json_string(name));
		json_array_foreach(pth_svc_dirs(s->hosts[i].svc), k, v)
			if (json_is_string(v))
				pth_json_push(
				    dirs, json_sprintf("%s/%s", name, json_string_value(v)));
		json_array_foreach(pth_svc_files(s->hosts[i].svc), k, v) {
			f = json_is_object(v) ? json_deep_copy(v) : json_object();
			pth_json_set(f, PTH_KEY(content, path),
			    json_sprintf("%s/%s", name, pth_content_path(v)));
			pth_json_push(files, f);
		}
	}
}

static void
add_file(json_t *files, const char *path, const char *text)
{
	json_t *f = json_object();

	pth_content_set_path(f, path);
	pth_content_set_text(f, text);
	pth_json_push(files, f);
}

json_t *
shadow_plan(const struct shadow *s, const char *yaml)
{
	json_t *o = json_deep_copy(s->plan), *env = pth_plan_environment(o), *dirs = json_array(),
	       *files = json_array(), *requires = json_array(), *need;
	json_auto_t *known = spec(s);
	pth_auto_buf b = PTH_BUF_INIT;
	size_t i;

	pth_env_set_supported_by(env, json_pack("[s]", "pth-exec"));
	fill(s, dirs, files);
	add_file(files, PTH_SHADOW_YAML, yaml);
	pth_json_dump(&b, known);
	pth_buf_addc(&b, '\n');
	add_file(files, PTH_SHADOW_SPEC, b.s);
	/* Without Shadow itself the test is not one that fails. */
	json_array_foreach(pth_plan_requires(s->plan), i, need)
		if (strcmp(pth_need_program(need), "shadow") != 0)
			pth_json_push(requires, json_incref(need));
	pth_plan_set_requires(o, requires);
	pth_plan_set_dirs(o, dirs);
	pth_plan_set_files(o, files);
	pth_plan_set_capture(o, json_null()); /* each host has its own */
	pth_json_set(o, PTH_KEY(plan, wait_us), json_null());
	pth_plan_set_order(o, json_pack("[s]", PTH_SHADOW_WHOLE));
	pth_plan_set_services(o, json_pack("[o]", whole(s)));
	return o;
}
