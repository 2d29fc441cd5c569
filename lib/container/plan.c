/*
 * This file plans what pth-exec runs on this machine for a test in containers: the same
 * schema as "plan", with the engine's commands in it.
 */
#include "container/compose_priv.h"

#include "base/clock.h"
#include "container/twice.h"

#include <string.h>

#define COMMAND_LIMIT (120 * PTH_SECOND_US) /* of one call of the engine */
#define PLATFORMS "linux/amd64,linux/arm64" /* docker.multi_platform without a list */
#define MARGIN (30 * PTH_SECOND_US)         /* for the engine, beyond what the inside may take */

static json_t *
cmd(json_t *argv, int64_t limit, bool critical)
{
	return json_pack("{s:o,s:b,s:I}", PTH_KEY(cmd, argv), argv, PTH_KEY(cmd, critical),
	    critical, PTH_KEY(cmd, timeout_us), (json_int_t)limit);
}

/* The category is one of io/category.h, for what may stop a whole run. */
static json_t *
cmd_for(const char *category, json_t *argv, int64_t limit)
{
	json_t *o = cmd(argv, limit, true);

	pth_cmd_set_category(o, category);
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
	    "newer Debians)' >&2; exit 4; }; exec docker buildx build \"$@\"";
	json_t *argv = json_pack("[s,s,s,s,s,s,s,s,s]", "sh", "-c", script, "buildx", "--progress",
	    "plain", "--network", "host", "--platform");
	const char *own = pth_img_context(image), *directory = pth_img_directory(image);

	container_push(argv, c->platforms != NULL ? c->platforms : PLATFORMS);
	container_push_option(argv, "--builder", pth_docker_buildx_builder(c->docker));
	container_push_map(argv, "--build-arg", pth_img_args(image));
	if (own != NULL) {
		container_push(argv, "--file");
		pth_json_push(argv, json_sprintf("@{dir}/%s/Dockerfile", directory));
		container_push(argv, own);
	} else {
		pth_json_push(argv, json_sprintf("@{dir}/%s", directory));
	}
	return argv;
}

/* Adds these builds. pth-image(1) has removed the archives of sources and what is this
 * machine's: they are made once more, by what computes a hash, and then go, too. */
static void
add_platforms(const struct compose *c, json_t *list, const json_t *image, int64_t limit)
{
	const json_t *argv = pth_img_argv(image);
	json_auto_t *again = json_deep_copy(argv), *rm = json_pack("[s,s]", "rm", "-rf");
	json_t *v;
	size_t i;

	json_array_foreach(argv, i, v)
		if (strcmp(json_string_value(v), "-s") == 0) {
			const char *source = json_string_value(json_array_get(argv, i + 1));

			pth_json_push(rm,
			    json_sprintf("@{dir}/%s/%.*s", pth_img_directory(image),
			        (int)strcspn(source, "="), source));
			pth_json_push(rm,
			    json_sprintf("@{dir}/%s/%.*s.locks", pth_img_directory(image),
			        (int)strcspn(source, "="), source));
		}
	if (strstr(pth_img_dockerfile(image), "COPY site/ ") != NULL)
		pth_json_push(rm, json_sprintf("@{dir}/%s/site", pth_img_directory(image)));
	json_array_set_new(again, 1, json_string("hash"));
	if (json_array_size(rm) > 2)
		pth_json_push(list, cmd_for("docker_build", json_incref(again), limit));
	pth_json_push(list, cmd_for("docker_build", build_platforms(c, image), limit));
	if (json_array_size(rm) > 2)
		pth_json_push(list, cmd(json_incref(rm), COMMAND_LIMIT, false));
}

static json_t *
network_create(const struct compose *c)
{
	const char *mode = pth_docker_network_mode(c->docker);
	json_t *argv = json_pack("[s,s,s,s,s]", "docker", "network", "create", "--driver", mode);

	if (strcmp(mode, "overlay") == 0)
		container_push(argv, "--attachable");
	if (c->subnet != NULL)
		container_push_option(argv, "--subnet", c->subnet);
	if (pth_envparam_enable_ipv6(c->params)) {
		container_push(argv, "--ipv6");
		container_push_option(argv, "--subnet", PTH_COMPOSE_NET6);
	}
	if (c->mtu > 0) {
		container_push(argv, "--opt");
		pth_json_push(argv, json_sprintf(PTH_COMPOSE_MTU "=%lld", (long long)c->mtu));
	}
	push_labels(c, argv);
	container_push(argv, c->project);
	return argv;
}

static json_t *
setup(const struct compose *c)
{
	int64_t deploy = pth_envparam_deploy_timeout(c->params) * PTH_SECOND_US;
	json_t *list = json_deep_copy(pth_plan_setup(c->plan)), *v, *argv;
	const char *key;
	size_t i;

	/* Keys of a test, made for one user, read by another inside. */
	if (c->certs)
		pth_json_push(list,
		    cmd(json_pack("[s,s,s,s]", "chmod", "-R", "a+rX", "@{dir}/certs"),
		        COMMAND_LIMIT, true));
	json_array_foreach(c->images, i, v) {
		if ((argv = pth_img_argv(v)) == NULL)
			continue;
		pth_json_push(list, cmd_for("docker_build", json_deep_copy(argv), deploy));
		if (c->multi)
			add_platforms(c, list, v, deploy);
	}
	json_object_foreach(c->volumes, key, v) {
		argv = json_pack("[s,s,s]", "docker", "volume", "create");
		push_labels(c, argv);
		container_push(argv, pth_json_str(v, "name", key));
		pth_json_push(list, cmd_for("docker_runtime", argv, COMMAND_LIMIT));
	}
	if (container_networked(c)) {
		json_t *create = cmd_for("network_setup", network_create(c), COMMAND_LIMIT);

		pth_cmd_set_beside(create, true);
		pth_json_push(list, create);
	}
	return list;
}

/* A network or volume that was never made is no trouble; one that does not go away is: something
 * of ours still hangs on it. */
static json_t *
remove_if_there(const char *kind, const char *name)
{
	static const char script[] = "said=$(docker \"$1\" rm \"$2\" 2>&1) || case $said in *'not "
	                             "found'* | *[Nn]'o such '*) "
	                             ";; *) printf '%s\\n' \"$said\" >&2; exit 1 ;; esac";

	return cmd(json_pack("[s,s,s,s,s,s]", "sh", "-c", script, "docker rm", kind, name),
	    COMMAND_LIMIT, true);
}

/* Containers that were never made are no trouble. What the user wants to look
 * at afterwards stays, until pth-clean. */
static json_t *
teardown(const struct compose *c)
{
	bool keep = !pth_docker_remove_containers_after(c->docker);
	json_t *list = json_array(), *v,
	       *rm = keep ? json_pack("[s,s,s,s]", "docker", "stop", "-t", "0") :
	                    json_pack("[s,s,s,s]", "docker", "rm", "-f", "-v");
	const char *key;
	size_t i;

	json_object_foreach(c->services, key, v)
		container_push(rm, pth_json_str(v, "container_name", ""));
	pth_json_push(list, cmd(rm, COMMAND_LIMIT, false));
	if (container_networked(c) && pth_docker_remove_docker_network(c->docker))
		pth_json_push(list, remove_if_there("network", c->project));
	json_object_foreach(c->volumes, key, v)
		if (!keep && pth_docker_remove_docker_volume(c->docker))
			pth_json_push(
			    list, remove_if_there("volume", pth_json_str(v, "name", key)));
	if (!pth_docker_remove_images_after(c->docker))
		return list;
	json_array_foreach(c->images, i, v)
		if (pth_img_argv(v) != NULL)
			pth_json_push(list,
			    cmd(json_pack("[s,s,s,s,o]", "sh", "-c", "docker rmi \"$(cat \"$1\")\"",
			            "docker rmi",
			            json_sprintf("@{dir}/%s.id", pth_img_directory(v))),
			        COMMAND_LIMIT, false));
	return list;
}

/* Returns the longest time that a phase may take. */
static int64_t
longest(const json_t *service, enum pth_phase phase)
{
	int64_t us = 0;
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(pth_svc_phases(service), pth_phase_names[phase]), i, v)
		us += pth_cmd_timeout_us(v);
	return us;
}

/* Returns the longest time that it may take inside until the service is ready. */
static int64_t
until_ready(const json_t *service)
{
	int64_t us = MARGIN;
	json_t *v;
	size_t i;

	for (enum pth_phase p = PTH_PRE_COMPILE; p < PTH_RUN; p++)
		us += longest(service, p);
	json_array_foreach(pth_svc_ready(service), i, v)
		us += pth_ready_timeout_us(v) + pth_ready_us(v);
	return us;
}

static json_t *
start(const char *container)
{
	return json_pack("[s,s,s,s]", "docker", "start", "-a", container);
}

/* What is compiled inside is by a start of its own: nothing is run anywhere before it has ended. */
static json_t *
phases_outside(json_t *create, const json_t *service, const char *container, int64_t limit)
{
	bool twice = pth_twice_compiles(service);
	json_t *made = json_pack("[o]", cmd(create, COMMAND_LIMIT, true)), *o;
	int64_t us = MARGIN;

	for (enum pth_phase p = PTH_PRE_COMPILE; p <= PTH_POST_COMPILE; p++)
		us += longest(service, p);
	if (twice)
		pth_json_push(made, cmd_for("docker_runtime", start(container), us));
	o = json_pack("{s:[],s:[],s:[],s:[],s:o,s:[]}", PTH_KEY(phases, pre_compile),
	    PTH_KEY(phases, compile), PTH_KEY(phases, post_compile), PTH_KEY(phases, pre_run),
	    PTH_KEY(phases, run), cmd(start(container), limit, true), PTH_KEY(phases, post_run));
	pth_json_set(o, twice ? PTH_KEY(phases, pre_compile) : PTH_KEY(phases, pre_run), made);
	return o;
}

static json_t *
inner_outside(const struct compose *c, const char *container)
{
	json_t *wait = json_pack("[s,s,s]", "docker", "wait", container);
	json_t *stop = json_pack("[s,s,s,s,s]", "docker", "kill", "--signal", "TERM", container);

	return json_pack("{s:s,s:s*,s:s*,s:o,s:o}", PTH_KEY(inner, file), "inner.json",
	    PTH_KEY(inner, ask), c->whole ? NULL : PTH_INSIDE_ASK, PTH_KEY(inner, net),
	    c->linked ? PTH_INSIDE_NET : NULL, PTH_KEY(inner, wait),
	    cmd(wait, COMMAND_LIMIT, false), PTH_KEY(inner, stop), cmd(stop, COMMAND_LIMIT, false));
}

/* Returns the service as seen from outside: a container, created and started. Its limits
 * are not those of the container's client; pth-init restarts and captures inside. */
static json_t *
service_outside(const struct compose *c, const json_t *service)
{
	static const char *const inside[] = { PTH_KEY(svc, docker), PTH_KEY(svc, restart),
		PTH_KEY(svc, limits), PTH_KEY(svc, capture), PTH_KEY(svc, compile_cache) };
	const char *name = pth_svc_name(service);
	const json_t *doc = json_object_get(c->services, name);
	const char *container = pth_json_str(doc, "container_name", "");
	int64_t begin = until_ready(service), end = MARGIN + longest(service, PTH_POST_RUN),
	        limit = pth_svc_timeout_us(service);
	json_t *o = json_deep_copy(service);

	for (size_t i = 0; i < countof(inside); i++)
		json_object_del(o, inside[i]);
	pth_svc_set_environment(o, json_object());
	pth_svc_set_files(o, container_inside(pth_svc_files(service)));
	pth_svc_set_phases(o,
	    phases_outside(
	        container_create(c, name, doc), c->whole ? NULL : service, container, limit));
	pth_svc_set_inner(o, inner_outside(c, container));
	pth_svc_set_ready(o,
	    json_pack("[{s:s,s:s,s:I}]", PTH_KEY(ready, kind), "file", PTH_KEY(ready, path),
	        ".ready", PTH_KEY(ready, timeout_us), (json_int_t)begin));
	pth_svc_set_stop(o,
	    json_pack("{s:s,s:I}", PTH_KEY(stop, signal), "TERM", PTH_KEY(stop, grace_us),
	        (json_int_t)(pth_stop_grace_us(pth_svc_stop(service)) + end)));
	pth_svc_set_timeout_us(o, limit > 0 ? limit + begin + end : 0);
	pth_svc_set_requires(o,
	    json_pack("[{s:s,s:s}]", PTH_KEY(need, program), "docker", PTH_KEY(need, package),
	        "docker.io"));
	return o;
}

static json_t *
files(struct compose *c)
{
	json_t *list = json_array(), *v;
	pth_auto_buf b = PTH_BUF_INIT;
	size_t i;

	json_array_foreach(c->images, i, v)
		if (PTH_GET(img, v, dockerfile) != NULL)
			pth_json_push(list,
			    json_pack("{s:o,s:s}", PTH_KEY(content, path),
			        json_sprintf("%s/Dockerfile", pth_img_directory(v)),
			        PTH_KEY(content, text), pth_img_dockerfile(v)));
	json_array_foreach(c->units, i, v) {
		json_auto_t *inner = container_inner(c, v);

		pth_buf_cut(&b, 0);
		pth_json_dump(&b, inner);
		pth_buf_addc(&b, '\n');
		pth_json_push(list,
		    json_pack("{s:o,s:o}", PTH_KEY(content, path),
		        json_sprintf("docker/%s.json", pth_svc_name(v)), PTH_KEY(content, text),
		        pth_json_text(b.s, b.len)));
	}
	return list;
}

static json_t *
environment(const struct compose *c)
{
	json_t *o = json_deep_copy(pth_plan_environment(c->plan));

	pth_env_set_supported_by(o, json_pack("[s]", "pth-exec"));
	pth_env_set_resources(o, json_incref(c->resources));
	return o;
}

json_t *
container_plan(struct compose *c)
{
	int64_t limit = pth_plan_timeout_us(c->plan);
	json_t *o = json_deep_copy(c->plan), *list = json_array(), *v;
	size_t i;

	/* Builds and the engine's own time are not the test's. */
	if (limit > 0)
		limit += pth_envparam_deploy_timeout(c->params) * PTH_SECOND_US;
	pth_plan_set_environment(o, environment(c));
	pth_plan_set_timeout_us(o, limit);
	pth_plan_set_dirs(o, json_pack("[s,s,s]", "ticket", "shared", "sync"));
	if (c->certs)
		pth_json_push(pth_plan_dirs(o), json_string("certs"));
	pth_plan_set_files(o, files(c));
	pth_plan_set_setup(o, setup(c));
	pth_plan_set_capture(o, json_null()); /* each container has its own */
	if (c->whole) {
		container_whole_fill(c, pth_plan_dirs(o), pth_plan_files(o));
		pth_json_set(o, PTH_KEY(plan, wait_us), json_null());
		pth_plan_set_inside(o, true);
	}
	json_array_foreach(c->units, i, v)
		pth_json_push(list, service_outside(c, v));
	pth_plan_set_services(o, list);
	pth_plan_set_teardown(o, teardown(c));
	return o;
}
