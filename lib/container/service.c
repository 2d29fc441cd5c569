/* This file writes one service of the compose file. */
#include "container/compose_priv.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/words.h"

#define STOP_MARGIN_S 10 /* between pth-init's own limit and the engine's */

/* What pth-init itself needs; a service that is not root has none of it. */
static const char *const capabilities[] = { "CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID",
	"SETUID" };

json_t *
container_labels(const struct compose *c)
{
	const char *run = pth_test_run(c->rec);

	return json_pack("{s:s,s:s,s:s,s:s}", "org.pth.run", run != NULL ? run : "run",
	    "org.pth.test", pth_test_id(c->rec), "org.pth.owner", "@{owner}", "org.pth.project",
	    c->project);
}

/* Returns the mount of a volume, or of a path of the host (bind). */
static json_t *
mount(const char *type, const char *source, const char *target, bool read_only)
{
	json_t *o = json_pack("{s:s,s:s,s:s}", "type", type, "source", source, "target", target);

	if (read_only)
		pth_json_set(o, "read_only", json_true());
	return o;
}

/* Adds the mount of a path that consists of dir and name. */
static void
add_bind(json_t *list, const char *target, bool read_only, const char *dir, const char *name)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_adds(&b, dir);
	pth_buf_adds(&b, name);
	pth_json_push(list, mount("bind", b.s, target, read_only));
}

bool
container_address(const struct compose *c, size_t index, char to[16])
{
	struct in_addr a;
	uint32_t network;
	unsigned bits;

	if (c->subnet == NULL || !pth_ipv4_network(c->subnet, &network, &bits) || bits < 8 ||
	    bits > 30 || index + 4 > (size_t)1 << (32 - bits))
		return false;
	/* The engine takes the first one for itself. */
	a.s_addr = htonl((network & ~((1u << (32 - bits)) - 1)) + 2 + (uint32_t)index);
	return inet_ntop(AF_INET, &a, to, 16) != NULL;
}

/* --- volumes --- */

/* Adds a volume of the experiment: a path of the host, or a name. */
static int
user_volume(struct compose *c, json_t *list, const char *local, const char *inside, bool ro)
{
	pth_auto_str path = NULL;
	json_t *o;

	if (*inside != '/')
		return pth_err_set(
		    c->e, PTH_INPUT, "volume %.100s: the path inside must begin with '/'", local);
	if (strchr(local, '/') != NULL || *local == '.') {
		path = realpath(local, NULL);
		if (path == NULL && *local != '/')
			return pth_err_set(
			    c->e, PTH_INPUT, "volume %.200s: no such file or directory", local);
		o = mount("bind", path != NULL ? path : local, inside, ro);
	} else if (pth_name_ok(local)) {
		o = mount("volume", local, inside, ro);
		pth_json_set(c->volumes, local,
		    json_pack("{s:o,s:o}", "name", json_sprintf("%s-%s", c->project, local),
		        "labels", container_labels(c)));
	} else {
		return pth_err_set(
		    c->e, PTH_INPUT, "volume \"%.80s\": neither a path nor a name", local);
	}
	pth_json_push(list, o);
	return 0;
}

/* "local:inside[:mode]" */
static int
volume_text(struct compose *c, json_t *list, const char *s)
{
	pth_auto_str copy = pth_xstrdup(s);
	char *inside = strchr(copy, ':'), *mode = NULL;

	if (inside != NULL) {
		*inside++ = '\0';
		mode = strchr(inside, ':');
		if (mode != NULL)
			*mode++ = '\0';
	}
	if (inside == NULL || *copy == '\0')
		return pth_err_set(c->e, PTH_INPUT,
		    "volume \"%.100s\": must be local:inside or local:inside:ro", s);
	return user_volume(
	    c, list, copy, inside, mode != NULL && pth_words_have(pth_word_of(mode), ",", "ro"));
}

static int
user_volumes(struct compose *c, json_t *list, const json_t *given)
{
	json_t *v;
	size_t i;

	json_array_foreach(given, i, v)
		if ((json_is_string(v) ?
		            volume_text(c, list, json_string_value(v)) :
		            user_volume(c, list, pth_volume_local(v), pth_volume_container(v),
		                strcmp(pth_volume_mode(v), "ro") == 0)) != 0)
			return -1;
	return 0;
}

static json_t *
volumes(struct compose *c, const json_t *service, const json_t *given)
{
	const char *name = pth_svc_name(service), *other;
	json_auto_t *list = json_array();
	json_t *s;
	pth_auto_buf b = PTH_BUF_INIT, mark = PTH_BUF_INIT;
	size_t i;

	add_bind(list, PTH_INSIDE_INIT, true, "@{bin}/pth-init", "");
	pth_buf_addf(&b, "@{dir}/docker/%s.json", name);
	add_bind(list, PTH_INSIDE_PLAN, true, b.s, "");
	if (c->whole)
		add_bind(list, PTH_INSIDE_DIR, false, "@{dir}", "");
	json_array_foreach(c->whole ? NULL : pth_plan_services(c->plan), i, s) {
		bool own = strcmp(other = pth_svc_name(s), name) == 0;

		pth_buf_cut(&b, 0);
		pth_buf_cut(&mark, 0);
		pth_buf_addf(&b, PTH_INSIDE_DIR "/%s", other);
		pth_buf_addf(&mark, "@{dir}/%s/", other);
		/* What one service reads of another, it may not write. */
		if (own || container_mentions(pth_svc_phases(service), mark.s) ||
		    container_step_mentions(c, name, mark.s))
			add_bind(list, b.s, !own, "@{dir}/", other);
	}
	if (c->certs)
		add_bind(list, PTH_INSIDE_DIR "/certs", true, "@{dir}/certs", "");
	add_bind(list, "/opt/ticket", false, "@{dir}/ticket", "");
	add_bind(list, "/app/shared", false, "@{dir}/shared", "");
	add_bind(list, "/app/sync_logs", false, "@{dir}/sync", "");
	if (container_mentions(c->whole ? pth_plan_services(c->plan) : service, "@{share}") ||
	    container_step_mentions(c, name, "@{share}"))
		add_bind(list, PTH_INSIDE_SHARE, true, "@{share}", "");
	if (user_volumes(c, list, pth_envparam_volumes(c->params)) != 0 ||
	    user_volumes(c, list, pth_given_volumes(given)) != 0)
		return NULL;
	return pth_take(&list);
}

/* --- ports --- */

/* What the experiment publishes, whose keys have a place in its file; the usual ports that
 * pth-parse fills in are for this machine. */
static json_t *
published(const struct compose *c, const char *service, const json_t *given)
{
	pth_auto_buf at = PTH_BUF_INIT;

	pth_buf_addf(&at, "services.%s.ports", service);
	return json_object_get(pth_test_marks(c->rec), at.s) != NULL ? pth_given_ports(given) :
	                                                               NULL;
}

/* "4443:4443": TCP as compose has it, but a UDP service's own port is UDP. */
static json_t *
ports(struct compose *c, const json_t *service, const json_t *given)
{
	json_t *list = json_array(), *v;
	size_t i;

	json_array_foreach(c->linked ? NULL : published(c, pth_svc_name(service), given), i, v) {
		const char *s = json_string_value(v), *colon = s != NULL ? strchr(s, ':') : NULL,
		           *proto;
		long long inside = 0;
		pth_auto_buf b = PTH_BUF_INIT;

		if (colon == NULL)
			continue; /* pth-parse has checked them */
		proto = strchr(colon, '/');
		pth_buf_adds(&b, s);
		if (proto == NULL && pth_int(colon + 1, 1, 65535, &inside) &&
		    inside == pth_svc_port(service) &&
		    strcmp(pth_svc_transport(service), "udp") == 0)
			pth_buf_adds(&b, "/udp");
		pth_json_push(list, json_string(b.s));
		proto = strchr(b.s, '/');
		pth_json_push(c->resources,
		    json_sprintf(
		        "%s:%.*s", proto != NULL ? proto + 1 : "tcp", (int)(colon - s), s));
	}
	return list;
}

/* --- the rest --- */

/* Values stand in the file as a person would write them; '$' is doubled when
 * the file is written, and docker gets them as they are. */
static json_t *
environment(const struct compose *c, const json_t *service)
{
	json_auto_t *env = json_object(), *all = NULL;
	json_t *v;
	const char *key;

	pth_json_set(env, "PTH_EVENTS", json_string("text")); /* of pth-init, for who looks on */
	json_object_update(env, pth_envparam_environment(c->params));
	json_object_update(env, pth_svc_environment(service));
	all = container_inside(env);
	json_object_foreach(all, key, v) {
		pth_auto_buf b = PTH_BUF_INIT;

		if (*key == '\0' || strchr(key, '=') != NULL) {
			pth_err_set(c->e, PTH_INPUT,
			    "environment: \"%.80s\" cannot be the name of a variable", key);
			return NULL;
		}
		if (json_is_string(v))
			continue;
		if (!json_is_null(v))
			pth_json_dump(&b, v);
		json_object_set_new(all, key, json_string(b.s != NULL ? b.s : ""));
	}
	return pth_take(&all);
}

static json_t *
cap_add(const struct compose *c, const json_t *service)
{
	json_t *list = json_array(), *v;
	size_t i;

	for (i = 0; i < countof(capabilities); i++)
		pth_json_push_once(list, json_string(capabilities[i]));
	/* A capture, with segmentation offload off so that it shows datagrams. */
	if (container_capture(c, service) != NULL) {
		pth_json_push_once(list, json_string("NET_RAW"));
		pth_json_push_once(list, json_string("NET_ADMIN"));
	}
	json_array_foreach(pth_recipe_capabilities(pth_svc_docker(service)), i, v)
		if (json_is_string(v))
			pth_json_push_once(list, json_incref(v));
	return list;
}

static void
limits(json_t *o, const json_t *given)
{
	const json_t *l = pth_given_limits(given), *v;

	if (json_is_integer(v = PTH_GET(limits, l, memory))) {
		pth_json_set(o, "mem_limit", json_integer(json_integer_value(v)));
		pth_json_set(o, "memswap_limit", json_integer(json_integer_value(v)));
	}
	if (json_is_number(v = PTH_GET(limits, l, cpu)))
		pth_json_set(o, "cpus", json_real(json_number_value(v)));
	if (json_is_integer(v = PTH_GET(limits, l, processes))) /* and those of pth-init */
		pth_json_set(o, "pids_limit", json_integer(json_integer_value(v) + 3));
}

static json_t *
network(const struct compose *c, const char *name, size_t index)
{
	json_t *o = json_pack("{s:[s]}", "aliases", name);
	char address[16];

	if (container_address(c, index, address))
		pth_json_set(o, "ipv4_address", json_string(address));
	return json_pack("{s:o}", c->network_key, o);
}

static json_t *
depends_on(const json_t *service)
{
	json_t *o = json_object(), *a;
	size_t i;

	json_array_foreach(pth_svc_after(service), i, a) {
		bool ended = strcmp(pth_await_state(a), "stopped") == 0;

		pth_json_set(o, pth_await_service(a),
		    json_pack("{s:s}", "condition",
		        ended ? "service_completed_successfully" : "service_healthy"));
	}
	return o;
}

static json_t *
healthcheck(const json_t *service)
{
	int64_t us = 0;
	json_t *r;
	size_t i;

	json_array_foreach(pth_svc_ready(service), i, r)
		us += pth_ready_timeout_us(r);
	return json_pack("{s:[s,s,s,s],s:s,s:s,s:i}", "test", "CMD", PTH_INSIDE_INIT, "--ready",
	    PTH_INSIDE_PLAN, "interval", "1s", "timeout", "3s", "retries",
	    (int)(us / PTH_SECOND_US) + 3);
}

/* Settings of its kernel: no IPv6 that nobody asked for, and low ports for ordinary users. */
static json_t *
sysctls(const struct compose *c, const json_t *service)
{
	json_t *o = json_object();

	if (c->linked)
		pth_json_set(o, "net.ipv6.conf.all.disable_ipv6", json_string("0"));
	else if (!c->whole && !pth_envparam_enable_ipv6(c->params))
		pth_json_set(o, "net.ipv6.conf.all.disable_ipv6", json_string("1"));
	if (pth_svc_port(service) > 0 && pth_svc_port(service) < 1024)
		pth_json_set(o, "net.ipv4.ip_unprivileged_port_start", json_string("0"));
	return o;
}

/* Sets what the container may do, and how much it may take. */
static void
bounds(const struct compose *c, json_t *o, const json_t *service, const json_t *given)
{
	json_auto_t *kernel = sysctls(c, service);

	pth_json_set(o, "cap_drop", json_pack("[s]", "ALL"));
	pth_json_set(o, "cap_add", cap_add(c, service));
	pth_json_set(o, "security_opt", json_pack("[s]", "no-new-privileges:true"));
	if (json_object_size(kernel) > 0)
		pth_json_set(o, "sysctls", json_incref(kernel));
	limits(o, given);
}

json_t *
container_service(struct compose *c, const json_t *service, const json_t *given, size_t index)
{
	const char *name = pth_svc_name(service), *prefix = pth_envparam_service_prefix(c->params);
	int64_t grace = pth_stop_grace_us(pth_svc_stop(service)) / PTH_SECOND_US;
	json_auto_t *o = json_object(), *list = NULL;
	json_t *env = environment(c, service), *mounts;
	const json_t *command = pth_cmd_argv(pth_phases_run(pth_svc_phases(service)));

	pth_json_set(o, "container_name",
	    json_sprintf("%s%s%s-%s", prefix, *prefix != '\0' ? "-" : "", c->project, name));
	pth_json_set(o, "hostname", json_string(name));
	pth_json_set(o, "domainname", json_string("panther.local"));
	pth_json_set(o, "entrypoint",
	    json_pack("[s,s,s]", PTH_INSIDE_INIT, PTH_INSIDE_PLAN, PTH_INSIDE_REST));
	if (command != NULL)
		pth_json_set(o, "command", container_inside(command));
	pth_json_set(o, "user", json_string("0:0"));
	if (env == NULL)
		return NULL;
	pth_json_set(o, "environment", env);
	if (!container_networked(c))
		pth_json_set(o, "network_mode", json_string("none"));
	else
		pth_json_set(o, "networks", network(c, name, index));
	if (c->linked)
		pth_json_set(o, "extra_hosts", container_hosts(c));
	list = ports(c, service, given);
	if (json_array_size(list) > 0)
		pth_json_set(o, "ports", json_incref(list));
	if ((mounts = volumes(c, service, given)) == NULL)
		return NULL;
	pth_json_set(o, "volumes", mounts);
	if (!c->whole)
		pth_json_set(o, "tmpfs", json_pack("[s]", PTH_INSIDE_DIR ":mode=1777,exec"));
	bounds(c, o, service, given);
	if (json_array_size(pth_svc_after(service)) > 0)
		pth_json_set(o, "depends_on", depends_on(service));
	pth_json_set(o, "healthcheck", healthcheck(service));
	pth_json_set(o, "restart", json_string(pth_svc_restart(service)));
	pth_json_set(o, "stop_signal", json_string("SIGTERM"));
	pth_json_set(
	    o, "stop_grace_period", json_sprintf("%llds", (long long)grace + STOP_MARGIN_S));
	pth_json_set(o, "labels", container_labels(c));
	return pth_take(&o);
}
