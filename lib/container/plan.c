/*
 * This file plans what pth-exec runs on this machine for a test in containers: the same
 * schema as "plan", with the engine's commands in it.
 */
#include "container/compose_priv.h"

#include "base/clock.h"

#include <string.h>

#define COMMAND_LIMIT (120 * PTH_SECOND_US) /* of one call of the engine */
#define PLATFORMS "linux/amd64,linux/arm64" /* docker.multi_platform without a list */
#define MARGIN (30 * PTH_SECOND_US)         /* for the engine, beyond what the inside may take */

static json_t *
cmd(json_t *argv, int64_t limit, bool critical)
{
	return json_pack(
	    "{s:o,s:b,s:I}", "argv", argv, "critical", critical, "timeout_us", (json_int_t)limit);
}

/* The category is one of io/category.h, for what may stop a whole run. */
static json_t *
cmd_for(const char *category, json_t *argv, int64_t limit)
{
	json_t *o = cmd(argv, limit, true);

	pth_json_set(o, "category", json_string(category));
	return o;
}

static void
push_labels(const struct compose *c, json_t *argv)
{
	json_auto_t *labels = container_labels(c);

	container_push_map(argv, "--label", labels);
}

/* docker.multi_platform: the image is built for all of them, to see that it
 * can be; the test runs the engine's own. */
static json_t *
build_platforms(const struct compose *c, const json_t *image)
{
	static const char script[] =
	    "docker buildx version >/dev/null 2>&1 || { echo 'docker.multi_platform "
	    "needs buildx, and this docker has no such command (the package docker-buildx, in "
	    "newer "
	    "Debians)' >&2; exit 4; }; exec docker buildx build \"$@\"";
	json_t *argv = json_pack("[s,s,s,s,s,s,s,s,s]", "sh", "-c", script, "buildx", "--progress",
	    "plain", "--network", "host", "--platform");

	container_push(argv, c->platforms != NULL ? c->platforms : PLATFORMS);
	container_push_option(
	    argv, "--builder", pth_json_str(c->docker, "buildx_builder", "default"));
	container_push_map(argv, "--build-arg", json_object_get(c->docker, "build_args"));
	pth_json_push(argv, json_sprintf("@{dir}/%s", pth_json_str(image, "directory", "")));
	return argv;
}

static json_t *
network_create(const struct compose *c)
{
	const char *mode = pth_json_str(c->docker, "network_mode", "bridge");
	json_t *argv = json_pack("[s,s,s,s,s]", "docker", "network", "create", "--driver", mode);

	if (strcmp(mode, "overlay") == 0)
		container_push(argv, "--attachable");
	if (c->subnet != NULL)
		container_push_option(argv, "--subnet", c->subnet);
	if (pth_json_bool(c->params, "enable_ipv6", false)) {
		container_push(argv, "--ipv6");
		container_push_option(argv, "--subnet", PTH_COMPOSE_NET6);
	}
	if (c->mtu > 0) {
		container_push(argv, "--opt");
		pth_json_push(argv, json_sprintf(PTH_COMPOSE_MTU "=%lld", (long long)c->mtu));
	}
	push_labels(c, argv);
	container_push(argv, c->network);
	return argv;
}

static json_t *
setup(const struct compose *c)
{
	int64_t deploy = pth_json_int(c->params, "deploy_timeout", 600) * PTH_SECOND_US;
	json_t *list = json_deep_copy(json_object_get(c->plan, "setup")), *v, *argv;
	const char *key;
	size_t i;

	/* Keys of a test, made for one user, read by another inside. */
	if (c->certs)
		pth_json_push(list,
		    cmd(json_pack("[s,s,s,s]", "chmod", "-R", "a+rX", "@{dir}/certs"),
		        COMMAND_LIMIT, true));
	json_array_foreach(c->images, i, v) {
		if ((argv = json_object_get(v, "argv")) == NULL)
			continue;
		pth_json_push(list, cmd_for("docker_build", json_deep_copy(argv), deploy));
		if (c->multi)
			pth_json_push(list, cmd_for("docker_build", build_platforms(c, v), deploy));
	}
	json_object_foreach(c->volumes, key, v) {
		argv = json_pack("[s,s,s]", "docker", "volume", "create");
		push_labels(c, argv);
		container_push(argv, pth_json_str(v, "name", key));
		pth_json_push(list, cmd_for("docker_runtime", argv, COMMAND_LIMIT));
	}
	if (!c->whole)
		pth_json_push(list, cmd_for("network_setup", network_create(c), COMMAND_LIMIT));
	return list;
}

/* Containers that were never made are no trouble; a network that does not go
 * away is: something of ours still hangs on it. What the user wants to look
 * at afterwards stays, until pth-clean. */
static json_t *
teardown(const struct compose *c)
{
	bool keep = !pth_json_bool(c->docker, "remove_containers_after", true);
	json_t *list = json_array(), *v,
	       *rm = keep ? json_pack("[s,s,s,s]", "docker", "stop", "-t", "0") :
	                    json_pack("[s,s,s,s]", "docker", "rm", "-f", "-v");
	const char *key;
	size_t i;

	json_object_foreach(c->services, key, v)
		container_push(rm, pth_json_str(v, "container_name", ""));
	pth_json_push(list, cmd(rm, COMMAND_LIMIT, false));
	if (!c->whole && pth_json_bool(c->docker, "remove_docker_network", true))
		pth_json_push(list,
		    cmd(json_pack("[s,s,s,s]", "docker", "network", "rm", c->network),
		        COMMAND_LIMIT, true));
	json_object_foreach(c->volumes, key, v)
		if (!keep && pth_json_bool(c->docker, "remove_docker_volume", true))
			pth_json_push(list,
			    cmd(json_pack("[s,s,s,s]", "docker", "volume", "rm",
			            pth_json_str(v, "name", key)),
			        COMMAND_LIMIT, true));
	if (!pth_json_bool(c->docker, "remove_images_after", false))
		return list;
	json_array_foreach(c->images, i, v)
		if (json_object_get(v, "argv") != NULL)
			pth_json_push(list,
			    cmd(json_pack("[s,s,s,s,o]", "sh", "-c", "docker rmi \"$(cat \"$1\")\"",
			            "docker rmi",
			            json_sprintf("@{dir}/%s.id", pth_json_str(v, "directory", ""))),
			        COMMAND_LIMIT, false));
	return list;
}

/* Returns the longest time that a phase may take. */
static int64_t
longest(const json_t *service, const char *phase)
{
	int64_t us = 0;
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(service, "phases"), phase), i, v)
		us += pth_json_int(v, "timeout_us", 300 * PTH_SECOND_US);
	return us;
}

/* Returns the longest time that it may take inside until the service is ready. */
static int64_t
until_ready(const json_t *service)
{
	int64_t us = MARGIN + longest(service, "pre_compile") + longest(service, "compile") +
	    longest(service, "post_compile") + longest(service, "pre_run");
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(service, "ready"), i, v)
		us += pth_json_int(v, "timeout_us", 10 * PTH_SECOND_US) + pth_json_int(v, "us", 0);
	return us;
}

/* Returns the service as seen from outside: a container, created and started. */
static json_t *
service_outside(const struct compose *c, const json_t *service)
{
	const char *name = pth_json_str(service, "name", "");
	const json_t *doc = json_object_get(c->services, name);
	json_t *o = json_deep_copy(service);
	int64_t begin = until_ready(service), end = MARGIN + longest(service, "post_run"),
	        limit = pth_json_int(service, "timeout_us", 0);
	const char *container = pth_json_str(doc, "container_name", "");
	json_t *start = json_pack("[s,s,s,s]", "docker", "start", "-a", container);

	json_object_del(o, "docker");
	json_object_del(o, "restart"); /* inside, by pth-init */
	json_object_del(o, "limits");  /* of the container, not of its client */
	json_object_del(o, "capture"); /* taken inside */
	pth_json_set(o, "environment", json_object());
	pth_json_set(o, "files", container_inside(json_object_get(service, "files")));
	pth_json_set(o, "phases",
	    json_pack("{s:[],s:[],s:[],s:[o],s:o,s:[]}", "pre_compile", "compile", "post_compile",
	        "pre_run", cmd(container_create(c, name, doc), COMMAND_LIMIT, true), "run",
	        cmd(start, limit, true), "post_run"));
	pth_json_set(o, "inner",
	    json_pack("{s:s,s:s*,s:o,s:o}", "file", "inner.json", "ask",
	        c->whole ? NULL : PTH_INSIDE_ASK, "wait",
	        cmd(json_pack("[s,s,s]", "docker", "wait", container), COMMAND_LIMIT, false),
	        "stop",
	        cmd(json_pack("[s,s,s,s,s]", "docker", "kill", "--signal", "TERM", container),
	            COMMAND_LIMIT, false)));
	pth_json_set(o, "ready",
	    json_pack("[{s:s,s:s,s:I}]", "kind", "file", "path", ".ready", "timeout_us",
	        (json_int_t)begin));
	pth_json_set(o, "stop",
	    json_pack("{s:s,s:I}", "signal", "TERM", "grace_us",
	        (json_int_t)(pth_json_int(
	                         json_object_get(service, "stop"), "grace_us", 5 * PTH_SECOND_US) +
	            end)));
	pth_json_set(o, "timeout_us", json_integer(limit > 0 ? limit + begin + end : 0));
	pth_json_set(
	    o, "requires", json_pack("[{s:s,s:s}]", "program", "docker", "package", "docker.io"));
	return o;
}

static json_t *
files(struct compose *c)
{
	json_t *list = json_array(), *v;
	pth_auto_buf b = PTH_BUF_INIT;
	size_t i;

	json_array_foreach(c->images, i, v)
		if (json_object_get(v, "dockerfile") != NULL)
			pth_json_push(list,
			    json_pack("{s:o,s:O}", "path",
			        json_sprintf("%s/Dockerfile", pth_json_str(v, "directory", "")),
			        "text", json_object_get(v, "dockerfile")));
	json_array_foreach(c->units, i, v) {
		json_t *inner = container_inner(c, v);

		pth_buf_cut(&b, 0);
		pth_json_dump(&b, inner);
		pth_buf_addc(&b, '\n');
		json_decref(inner);
		pth_json_push(list,
		    json_pack("{s:o,s:o}", "path",
		        json_sprintf("docker/%s.json", pth_json_str(v, "name", "")), "text",
		        pth_json_text(b.s, b.len)));
	}
	return list;
}

static json_t *
environment(const struct compose *c)
{
	json_t *o = json_deep_copy(json_object_get(c->plan, "environment"));

	pth_json_set(o, "supported_by", json_pack("[s]", "pth-exec"));
	pth_json_set(o, "resources", json_incref(c->resources));
	return o;
}

json_t *
container_plan(struct compose *c)
{
	int64_t limit = pth_json_int(c->plan, "timeout_us", 0);
	json_t *o = json_deep_copy(c->plan), *list = json_array(), *v;
	size_t i;

	/* Builds and the engine's own time are not the test's. */
	if (limit > 0)
		limit += pth_json_int(c->params, "deploy_timeout", 600) * PTH_SECOND_US;
	pth_json_set(o, "environment", environment(c));
	pth_json_set(o, "timeout_us", json_integer(limit));
	pth_json_set(o, "dirs", json_pack("[s,s,s]", "ticket", "shared", "sync"));
	if (c->certs)
		pth_json_push(json_object_get(o, "dirs"), json_string("certs"));
	pth_json_set(o, "files", files(c));
	pth_json_set(o, "setup", setup(c));
	pth_json_set(o, "capture", json_null()); /* each container has its own */
	if (c->whole) {
		container_whole_fill(c, json_object_get(o, "dirs"), json_object_get(o, "files"));
		pth_json_set(o, "wait_us", json_null());
		pth_json_set(o, "inside", json_true());
	}
	json_array_foreach(c->units, i, v)
		pth_json_push(list, service_outside(c, v));
	pth_json_set(o, "services", list);
	pth_json_set(o, "teardown", teardown(c));
	return o;
}
