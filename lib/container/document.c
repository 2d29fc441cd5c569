/*
 * This file writes the compose file of a test as a person would: paths that are relative to the
 * file, short forms, nothing that compose does by itself. What a container is made of comes from
 * container/service.c, of which docker create has all.
 */
#include "container/compose_priv.h"

#include <string.h>

#include "base/text.h"

#define DIR_MARK "@{dir}"

/* A path below the test's directory, as the file says it; others as they are. */
static json_t *
relative(const char *path)
{
	size_t n = strlen(DIR_MARK);

	if (strncmp(path, DIR_MARK, n) == 0 && (path[n] == '\0' || path[n] == '/'))
		return json_sprintf(".%s", path + n);
	return json_string(path);
}

/* "source:target:ro"; a path with a colon needs the long form. */
static json_t *
volume(const json_t *mount)
{
	json_auto_t *source = relative(pth_json_str(mount, "source", ""));
	const char *from = json_string_value(source), *to = pth_json_str(mount, "target", "");
	json_t *o;

	/* Each placeholder has the colons of none. */
	if (strchr(from, ':') == NULL && strchr(to, ':') == NULL)
		return json_sprintf(
		    "%s:%s%s", from, to, pth_json_bool(mount, "read_only", false) ? ":ro" : "");
	o = json_copy((json_t *)(uintptr_t)mount);
	pth_json_set(o, "source", json_incref(source));
	return o;
}

static void
shorten_volumes(json_t *s)
{
	json_t *list = json_array(), *v;
	size_t i;

	json_array_foreach(json_object_get(s, "volumes"), i, v)
		pth_json_push(list, volume(v));
	pth_json_set(s, "volumes", list);
}

/* A Dockerfile outside of its context stays where it is: compose looks for it in the context. */
static void
shorten_build(json_t *build)
{
	if (build != NULL)
		pth_json_set(build, "context", relative(pth_json_str(build, "context", "")));
}

/* Compose gives a service its name in each of its networks. */
static void
shorten_networks(const struct compose *c, json_t *s)
{
	json_t *net = json_object_get(json_object_get(s, "networks"), c->network_key);

	json_object_del(net, "aliases");
	if (net != NULL && json_object_size(net) == 0)
		pth_json_set(s, "networks", json_pack("[s]", c->network_key));
}

/* Compose knows its own containers without our names and labels. */
static json_t *
service(const struct compose *c, const char *name, const json_t *made)
{
	static const char *const ours[] = { "container_name", "labels", "stop_signal" };
	const char *prefix = pth_envparam_service_prefix(c->params);
	json_t *s = json_deep_copy(made), *out = json_object();

	for (size_t i = 0; i < countof(ours); i++)
		json_object_del(s, ours[i]);
	if (strcmp(pth_json_str(s, "restart", "no"), "no") == 0)
		json_object_del(s, "restart");
	shorten_volumes(s);
	shorten_build(json_object_get(s, "build"));
	shorten_networks(c, s);
	if (*prefix != '\0')
		pth_json_set(out, "container_name", json_sprintf("%s-%s", prefix, name));
	json_object_update(out, s);
	json_decref(s);
	return out;
}

static json_t *
network(const struct compose *c)
{
	json_t *net = json_pack("{s:s}", "driver", pth_docker_network_mode(c->docker));
	json_auto_t *subnets = json_array();

	if (c->subnet != NULL)
		pth_json_push(subnets, json_pack("{s:s}", "subnet", c->subnet));
	if (pth_envparam_enable_ipv6(c->params)) {
		pth_json_set(net, "enable_ipv6", json_true());
		pth_json_push(subnets, json_pack("{s:s}", "subnet", PTH_COMPOSE_NET6));
	}
	if (json_array_size(subnets) > 0)
		pth_json_set(net, "ipam", json_pack("{s:O}", "config", subnets));
	if (c->mtu > 0)
		pth_json_set(net, "driver_opts",
		    json_pack("{s:o}", PTH_COMPOSE_MTU, json_sprintf("%lld", (long long)c->mtu)));
	return net;
}

static json_t *
volumes(const struct compose *c)
{
	json_t *o = json_object(), *v;
	const char *key;

	json_object_foreach(c->volumes, key, v)
		pth_json_set(o, key, json_object());
	return o;
}

static bool
any_has(const struct compose *c, const char *key, const char *word)
{
	const char *name;
	json_t *s;

	json_object_foreach(c->services, name, s)
		if (pth_json_has(json_object_get(s, key), word))
			return true;
	return false;
}

/* What a reader of the file wants to know. */
static json_t *
notes(const struct compose *c)
{
	json_t *list = json_array();

	container_push(list,
	    c->whole ?
	        "Process 1, /pth/init, runs all services of the test, see pth-init(1)." :
	        "Process 1, /pth/init, runs exactly `command`, as an ordinary user, and keeps "
	        "its logs in the directory of the service, see pth-init(1).");
	container_push(list,
	    "It is root, to become that user (SETUID, SETGID), to give it the directory and to "
	    "take that back (CHOWN, DAC_OVERRIDE), to open for it what all containers of the test "
	    "share (FOWNER), and to stop its programs (KILL).");
	if (any_has(c, "cap_add", "NET_RAW"))
		container_push(list,
		    "It captures packets (NET_RAW), those of the network and not larger ones "
		    "(NET_ADMIN, to switch segmentation offload off).");
	if (c->linked)
		container_push(list,
		    "The containers are joined by links, which pth-exec(1) moves into them, see "
		    "LINKS in pth-experiment(5); process 1 waits for those, and refuses to run "
		    "without.");
	else if (!c->whole)
		container_push(list,
		    "`ports` are those that the experiment publishes; the services reach each "
		    "other without.");
	return list;
}

static json_t *
about(const struct compose *c)
{
	json_t *o = json_object();

	if (pth_test_run(c->rec) != NULL)
		pth_json_set(o, "run", json_string(pth_test_run(c->rec)));
	pth_json_set(o, "test", json_string(pth_test_id(c->rec)));
	pth_json_set(o, "notes", notes(c));
	return o;
}

json_t *
container_document(const struct compose *c)
{
	json_t *o = json_object(), *all = json_object(), *s;
	const char *version = pth_netenv_version(pth_test_network_environment(c->rec)), *name;

	if (version != NULL)
		pth_json_set(o, "version", json_string(version));
	pth_json_set(o, "x-pth", about(c));
	json_object_foreach(c->services, name, s)
		pth_json_set(all, name, service(c, name, s));
	pth_json_set(o, "services", all);
	if (json_object_size(c->volumes) > 0)
		pth_json_set(o, "volumes", volumes(c));
	if (container_networked(c))
		pth_json_set(o, "networks", json_pack("{s:o}", c->network_key, network(c)));
	return o;
}
