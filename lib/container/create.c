/*
 * This file writes the call of docker create for the same container as the compose file's
 * service has: compose itself would take longer than the test.
 */
#include "container/compose_priv.h"
#include "container/twice.h"

#include <stdio.h>
#include <string.h>

static void
push_list(json_t *argv, const char *option, const json_t *list)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		container_push_option(argv, option, json_string_value(v));
}

/* --mount is CSV: a field with a path in quotes may hold commas. */
static void
push_mounts(json_t *argv, const struct compose *c, const json_t *list)
{
	pth_auto_buf b = PTH_BUF_INIT;
	json_t *m;
	size_t i;

	json_array_foreach(list, i, m) {
		const char *source = pth_json_str(m, "source", "");
		const json_t *named = json_object_get(c->volumes, source);

		pth_buf_cut(&b, 0);
		pth_buf_addf(&b, "type=%s,\"source=%s\",\"target=%s\"%s",
		    pth_json_str(m, "type", "bind"),
		    named != NULL ? pth_json_str(named, "name", source) : source,
		    pth_json_str(m, "target", ""),
		    pth_json_bool(m, "read_only", false) ? ",readonly" : "");
		container_push_option(argv, "--mount", b.s);
	}
}

static void
push_limits(json_t *argv, const json_t *doc)
{
	static const char *const names[][2] = { { "mem_limit", "--memory" },
		{ "memswap_limit", "--memory-swap" }, { "pids_limit", "--pids-limit" } };

	for (size_t i = 0; i < countof(names); i++)
		if (json_object_get(doc, names[i][0]) != NULL) {
			container_push(argv, names[i][1]);
			pth_json_push(argv,
			    json_sprintf("%lld", (long long)pth_json_int(doc, names[i][0], 0)));
		}
	if (json_object_get(doc, "cpus") != NULL) {
		container_push(argv, "--cpus");
		pth_json_push(argv, json_sprintf("%.15g", pth_json_num(doc, "cpus", 0)));
	}
}

/* Adds the image, and what pth-init is told: its plan, the command of the service. An image that is
 * built for this test goes by its number, which pth-image(1) has left: another run may by now have
 * given the name to an image of its own. */
static json_t *
with_image(const struct compose *c, json_t *argv, const json_t *doc)
{
	/* Behind the n-th word comes the image. */
	static const char script[] =
	    "image=$(cat \"$1\") && n=$2 && shift 2 && for a; do shift; set -- \"$@\" \"$a\"; "
	    "n=$((n - 1)); [ $n != 0 ] || set -- \"$@\" \"$image\"; done && "
	    "exec docker create \"$@\"";
	const char *tag = pth_json_str(doc, "image", "");
	const json_t *entry = json_object_get(doc, "entrypoint");
	json_t *out, *v, *built = NULL;
	size_t i;

	json_array_foreach(c->images, i, v)
		if (strcmp(pth_img_tag(v), tag) == 0 && pth_img_argv(v) != NULL)
			built = v;
	if (built != NULL)
		out = json_pack("[s,s,s,s,o,o]", "sh", "-c", script, "docker create",
		    json_sprintf("@{dir}/%s.id", pth_img_directory(built)),
		    json_sprintf("%zu", json_array_size(argv)));
	else
		out = json_pack("[s,s]", "docker", "create");
	json_array_extend(out, argv);
	if (built == NULL)
		container_push(out, tag);
	for (i = 1; i < json_array_size(entry); i++)
		pth_json_push(out, json_incref(json_array_get(entry, i)));
	json_array_extend(out, json_object_get(doc, "command"));
	return out;
}

json_t *
container_create(const struct compose *c, const char *name, const json_t *doc)
{
	const json_t *net = json_object_get(json_object_get(doc, "networks"), c->network_key);
	const json_t *entry = json_object_get(doc, "entrypoint");
	json_auto_t *env = json_copy(json_object_get(doc, "environment")), *argv = json_array();
	size_t seconds = 0;

	container_push_option(argv, "--name", pth_json_str(doc, "container_name", ""));
	container_push_option(argv, "--hostname", pth_json_str(doc, "hostname", ""));
	container_push_option(argv, "--domainname", pth_json_str(doc, "domainname", ""));
	container_push_option(argv, "--pull", pth_json_str(doc, "pull_policy", "never"));
	if (json_object_get(doc, "platform") != NULL)
		container_push_option(argv, "--platform", pth_json_str(doc, "platform", ""));
	container_push_option(argv, "--user", pth_json_str(doc, "user", ""));
	json_object_del(env, "PTH_EVENTS"); /* pth-exec has its own */
	container_push_map(argv, "--env", env);
	container_push_option(argv, "--env", "PTH_EVENTS=none");
	container_push_option(argv, "--env", "PTH_RUN=1");
	if (!c->whole && container_hold(c, name) > 0) {
		container_push(argv, "--env");
		pth_json_push(
		    argv, json_sprintf("PTH_HOLD=%lld", (long long)container_hold(c, name)));
	}
	if (!c->whole && pth_twice_compiles(pth_json_named(pth_plan_services(c->plan), name)))
		container_push_option(argv, "--env", PTH_TWICE_ENV "=" PTH_TWICE_FILE);
	container_push_option(
	    argv, "--network", json_object_get(doc, "networks") == NULL ? "none" : c->project);
	if (json_object_get(doc, "networks") != NULL)
		container_push_option(argv, "--network-alias", name);
	push_list(argv, "--add-host", json_object_get(doc, "extra_hosts"));
	if (json_object_get(net, "ipv4_address") != NULL)
		container_push_option(argv, "--ip", pth_json_str(net, "ipv4_address", ""));
	push_list(argv, "--publish", json_object_get(doc, "ports"));
	push_mounts(argv, c, json_object_get(doc, "volumes"));
	push_list(argv, "--tmpfs", json_object_get(doc, "tmpfs"));
	push_list(argv, "--cap-drop", json_object_get(doc, "cap_drop"));
	push_list(argv, "--cap-add", json_object_get(doc, "cap_add"));
	push_list(argv, "--security-opt", json_object_get(doc, "security_opt"));
	container_push_map(argv, "--sysctl", json_object_get(doc, "sysctls"));
	push_limits(argv, doc);
	/* The ready file is looked at from here, and output goes to the service's own logs. */
	container_push(argv, "--no-healthcheck");
	container_push_option(argv, "--log-driver", "none");
	container_push_option(argv, "--stop-signal", pth_json_str(doc, "stop_signal", "SIGTERM"));
	sscanf(pth_json_str(doc, "stop_grace_period", "15s"), "%zu", &seconds);
	container_push(argv, "--stop-timeout");
	pth_json_push(argv, json_sprintf("%zu", seconds));
	container_push_map(argv, "--label", json_object_get(doc, "labels"));
	container_push_option(argv, "--entrypoint", json_string_value(json_array_get(entry, 0)));
	return with_image(c, argv, doc);
}
