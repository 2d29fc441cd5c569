/* This file makes the compose file of a test, and its form for a swarm. */
#include "container/compose_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/yaml.h"

/* Of the file in the directory of a test that pth-exec runs. */
#define OF_RUN "What a run was made of."
/* Compose reads this before all else, and says the text behind the question mark. */
#define OF_RUN_END                                                              \
	"# Run by hand, it would write over what is recorded here.\n"           \
	"configs:\n"                                                            \
	"  by_hand:\n"                                                          \
	"    file: \"${PTH_BY_HAND:?this directory holds the record of a run; " \
	"pth-compose -o DIR makes one to run by hand}\"\n"

bool
pth_compose_wants(const json_t *rec)
{
	const json_t *environment = pth_plan_environment(pth_test_plan(rec));

	return pth_test_plan(rec) != NULL &&
	    pth_json_has(pth_env_supported_by(environment), "pth-compose");
}

/* Names of projects are [a-z0-9_-] and begin with a letter or digit. */
static char *
project_name(const char *id)
{
	struct pth_buf b = PTH_BUF_INIT;

	pth_buf_adds(&b, "pth-");
	for (; *id != '\0'; id++)
		pth_buf_addc(&b, pth_is_lower(*id) || pth_is_digit(*id) || *id == '_' ? *id : '-');
	pth_buf_adds(&b, "-@{unique}");
	return pth_buf_take(&b);
}

/* c->e is a problem at this path of the record; those that follow are looked for, too. */
static void
problem(struct compose *c, const char *path)
{
	const char *file;
	unsigned line, col;

	if (!c->failed)
		*c->first = *c->e;
	c->failed = true;
	if (c->d == NULL || pth_rec_was_wrong(c->rec, path))
		return;
	pth_rec_where(c->rec, path, &file, &line, &col);
	pth_diags_add(c->d, PTH_ERROR, line, col, "%s", c->e->text);
	pth_diags_categorize(c->d, pth_category_err(c->e, PTH_CAT_CONFIGURATION));
	pth_diags_place(c->d, file);
}

/* Checks what stands in names on the engine and in the compose file. */
static void
check_names(struct compose *c)
{
	const char *prefix = pth_envparam_service_prefix(c->params);

	if (*prefix != '\0' && (*prefix == '_' || !pth_name_ok(prefix))) {
		pth_err_set(c->e, PTH_INPUT,
		    "network_environment.service_prefix \"%.80s\": names of containers are "
		    "letters, digits, '.', '_' and '-'",
		    prefix);
		problem(c, "network_environment.service_prefix");
	}
	if (!pth_name_ok(c->network_key)) {
		pth_err_set(c->e, PTH_INPUT,
		    "network_environment.network_name \"%.80s\": names of networks are "
		    "letters, digits, '.', '_' and '-'",
		    c->network_key);
		problem(c, "network_environment.network_name");
	}
}

/* A record may come from anywhere: checks that what is read of it later is there. */
static int
check_record(struct compose *c)
{
	json_t *list = pth_plan_services(c->plan), *s;
	size_t i;

	if ((json_array_size(list) == 0 && pth_test_error(c->rec) == NULL) ||
	    pth_plan_setup(c->plan) == NULL)
		return pth_err_set(c->e, PTH_INPUT, "the record's plan is not one of pth-plan");
	json_array_foreach(list, i, s)
		if (!pth_name_ok(pth_svc_name(s)) || pth_svc_phases(s) == NULL)
			return pth_err_set(c->e, PTH_INPUT,
			    "service %zu of the record's plan is not one of pth-plan", i + 1);
	return 0;
}

static void
check_service_name(struct compose *c, const char *name)
{
	static const char *const taken[] = { "docker", "images", "ticket", "shared", "sync",
		"docker-compose.yml", "phases" };
	pth_auto_buf path = PTH_BUF_INIT;

	if (pth_one_of(name, taken, countof(taken)))
		pth_err_set(c->e, PTH_INPUT,
		    "a service in a container cannot be named %s: the test's directory has "
		    "this already",
		    name);
	else if (c->whole && strcmp(name, PTH_COMPOSE_WHOLE) == 0)
		pth_err_set(c->e, PTH_INPUT,
		    "a service cannot be named " PTH_COMPOSE_WHOLE
		    " where all share one container");
	else
		return;
	pth_buf_addf(&path, "services.%s", name);
	problem(c, path.s);
}

static void
check_network(struct compose *c)
{
	const char *mode = pth_docker_network_mode(c->docker);
	char address[16];

	if (container_networked(c) && strcmp(mode, "bridge") != 0 && strcmp(mode, "overlay") != 0) {
		pth_err_set(c->e, PTH_INPUT,
		    "docker.network_mode %s: a test in containers has a network of its own "
		    "(bridge or overlay); the network environment localhost runs on this machine",
		    mode);
		problem(c, "docker.network_mode");
	}
	if (c->subnet != NULL &&
	    !container_address(c, json_array_size(pth_plan_services(c->plan)) - 1, address)) {
		pth_err_set(c->e, PTH_INPUT,
		    "network_environment.subnet \"%.60s\": must be an IPv4 network with room for "
		    "all services, as 10.1.0.0/24",
		    c->subnet);
		problem(c, "network_environment.subnet");
	}
}

static void
check(struct compose *c)
{
	const char *platform = pth_docker_target_platform(c->docker);
	const json_t *list = pth_plan_services(c->plan), *s;
	size_t i;

	check_names(c);
	json_array_foreach(list, i, s)
		check_service_name(c, pth_svc_name(s));
	if (platform != NULL && strchr(platform, ',') != NULL) {
		pth_err_set(c->e, PTH_INPUT,
		    "docker.target_platform %.100s: several platforms need "
		    "docker.multi_platform: true",
		    platform);
		problem(c, "docker.target_platform");
	}
	check_network(c);
}

/* Two services of one image may not disagree about it. Steals the image, which stays
 * with c; NULL with c->e. */
static json_t *
image_once(struct compose *c, json_t *given)
{
	json_auto_t *image = given;
	const char *tag = pth_img_tag(image);
	json_t *v;
	size_t i;

	json_array_foreach(c->images, i, v) {
		if (strcmp(pth_img_tag(v), tag) != 0)
			continue;
		if (json_equal(v, image) != 0 ||
		    (pth_img_argv(v) == NULL && pth_img_argv(image) == NULL))
			return v; /* one that is there is the same for all programs */
		pth_err_set(
		    c->e, PTH_INPUT, "two services want the image %s built in different ways", tag);
		return NULL;
	}
	pth_json_push(c->images, json_incref(image));
	/* No other test may lose it between its build and its start. */
	if (pth_docker_remove_images_after(c->docker) && pth_img_argv(image) != NULL)
		pth_json_push(c->resources, json_sprintf("image:%s", tag));
	return image;
}

static const char *
pull_policy(const json_t *docker, bool built)
{
	const char *given = pth_docker_pull_policy(docker);

	if (built || strcmp(given, "build") == 0)
		return "never";
	return strcmp(given, "if_not_present") == 0 ? "missing" : given;
}

/* Returns "build", for who has compose build the image: it is the same as pth-image(1)
 * builds, which will know the image for ours. */
static json_t *
build_section(const json_t *image)
{
	json_t *o = json_object(), *args = pth_img_args(image);
	const char *own = pth_img_context(image), *directory = pth_img_directory(image);

	pth_json_set(
	    o, "context", own != NULL ? json_string(own) : json_sprintf("@{dir}/%s", directory));
	if (own != NULL)
		pth_json_set(o, "dockerfile", json_sprintf("@{dir}/%s/Dockerfile", directory));
	pth_json_set(o, "network", json_string("host"));
	if (args != NULL)
		pth_json_set(o, "args", json_incref(args));
	pth_json_set(o, "labels", json_pack("{s:s}", "org.pth.image", pth_img_tag(image)));
	return o;
}

/* Adds a service to the document, with its image in front. */
static int
add_service(struct compose *c, const json_t *service, const json_t *given, size_t index)
{
	struct pth_image_req q = { service, given, c->docker, c->share, c->seen };
	json_t *doc, *image = pth_image_plan(&q, c->e);
	json_auto_t *rest = NULL;
	const char *platform;

	if (image != NULL)
		image = image_once(c, image);
	rest = image != NULL ? container_service(c, service, given, index) : NULL;
	if (rest == NULL)
		return pth_err_wrap(c->e, "%s", pth_svc_name(service));
	doc = json_pack("{s:s}", "image", pth_img_tag(image));
	if (PTH_GET(img, image, dockerfile) != NULL)
		pth_json_set(doc, "build", build_section(image));
	pth_json_set(
	    doc, "pull_policy", json_string(pull_policy(c->docker, pth_img_argv(image) != NULL)));
	platform = pth_docker_target_platform(pth_given_docker(given));
	if (platform == NULL)
		platform = pth_docker_target_platform(c->docker);
	if (platform != NULL)
		pth_json_set(doc, "platform", json_string(platform));
	json_object_update(doc, rest);
	pth_json_set(c->services, pth_svc_name(service), doc);
	return 0;
}

static int64_t
smallest_mtu(json_t *services)
{
	int64_t least = 0, mtu;
	const char *key;
	json_t *v;

	json_object_foreach(services, key, v) {
		mtu = pth_net_mtu(pth_given_network(v));
		if (mtu > 0 && (least == 0 || mtu < least))
			least = mtu;
	}
	return least;
}

/* A list of platforms is for the builds that are made besides; the image that
 * the test runs is the engine's own. */
static void
look_at_platforms(struct compose *c)
{
	c->multi = pth_docker_multi_platform(c->docker);
	if (!c->multi)
		return;
	c->platforms = pth_docker_target_platform(c->docker);
	c->own_docker = json_copy((json_t *)(uintptr_t)c->docker);
	json_object_del(c->own_docker, PTH_KEY(docker, target_platform));
	c->docker = c->own_docker;
}

static void
add_services(struct compose *c)
{
	json_t *s, *given = pth_test_services(c->rec);
	size_t i;

	if (c->whole && container_whole(c) != 0) {
		problem(c, "network_environment");
		return;
	}
	if (!c->whole)
		json_array_extend(c->units, pth_plan_services(c->plan));
	json_array_foreach(c->units, i, s) {
		json_t *own = c->whole ? c->unit_given : json_object_get(given, pth_svc_name(s));
		pth_auto_buf path = PTH_BUF_INIT;

		pth_buf_addf(&path, "services.%s.implementation.name", pth_svc_name(s));
		if (add_service(c, s, own, i) != 0)
			problem(c, c->whole ? "network_environment" : path.s);
	}
}

/* Sets the record's "compose". */
static int
build(struct compose *c)
{
	pth_auto_buf yaml = PTH_BUF_INIT, how = PTH_BUF_INIT;
	json_auto_t *doc = NULL;
	json_t *plan;

	if (check_record(c) != 0) {
		problem(c, "");
		return -1;
	}
	check(c);
	add_services(c);
	if (c->failed)
		return -1;
	if (c->subnet != NULL)
		pth_json_push(c->resources, json_sprintf("subnet:%s", c->subnet));
	doc = container_document(c);
	pth_buf_adds(&how, OF_RUN);
	if (pth_compose_yaml(&yaml, doc, how.s, c->e) != 0) {
		problem(c, "");
		return -1;
	}
	pth_buf_adds(&yaml, OF_RUN_END);
	plan = container_plan(c);
	pth_json_push(pth_plan_files(plan),
	    json_pack("{s:s,s:o}", PTH_KEY(content, path), "docker-compose.yml",
	        PTH_KEY(content, text), pth_json_text(yaml.s, yaml.len)));
	pth_test_set_compose(c->rec,
	    json_pack("{s:s,s:O,s:O,s:o}", PTH_KEY(compose, project), c->project,
	        PTH_KEY(compose, document), doc, PTH_KEY(compose, images), c->images,
	        PTH_KEY(compose, plan), plan));
	return 0;
}

int
pth_compose_test(
    json_t *rec, const char *share, json_t *seen, struct pth_diags *d, struct pth_err *e)
{
	json_t *plan = pth_test_plan(rec);
	struct pth_err now = { 0 };
	struct compose c = { .rec = rec,
		.plan = plan,
		.share = share,
		.seen = seen,
		.e = &now,
		.first = e,
		.d = d,
		.params = pth_env_parameters(pth_plan_environment(plan)),
		.docker = pth_settings_docker(pth_test_settings(rec)),
		.services = json_object(),
		.volumes = json_object(),
		.images = json_array(),
		.resources = json_array(),
		.units = json_array() };
	int r;

	c.project = project_name(pth_rec_id(rec));
	c.network_key = pth_envparam_network_name(c.params);
	c.subnet = pth_envparam_subnet(c.params);
	c.subnet = c.subnet != NULL && *c.subnet != '\0' ? c.subnet : NULL;
	look_at_platforms(&c);
	c.mtu = smallest_mtu(pth_test_services(rec));
	c.whole = pth_envparam_container(c.params);
	c.linked = json_array_size(pth_plan_links(plan)) > 0;
	c.subnet = c.linked ? NULL : c.subnet;
	c.certs = container_mentions(pth_plan_services(plan), "@{dir}/certs") ||
	    container_mentions(pth_plan_setup(plan), "@{dir}/certs");
	r = build(&c);
	json_decref(c.own_docker);
	json_decref(c.services);
	json_decref(c.volumes);
	json_decref(c.images);
	json_decref(c.resources);
	json_decref(c.units);
	json_decref(c.unit_given);
	free(c.project);
	return r;
}

/* '$' means a variable in a compose file; two of them mean one. */
static int
escape(struct pth_buf *b, const char *s, void *arg)
{
	(void)arg;
	for (; *s != '\0'; s++) {
		pth_buf_addc(b, *s);
		if (*s == '$')
			pth_buf_addc(b, '$');
	}
	return 0;
}

void
pth_compose_how(struct pth_buf *b, const json_t *rec, bool stack)
{
	const json_t *environment = pth_plan_environment(pth_test_plan(rec));
	const char *ends = "";
	json_t *s;
	size_t i, n = 0;

	json_array_foreach(pth_rec_services(rec), i, s)
		if (pth_svc_finite(s) && ++n == 1)
			ends = pth_svc_name(s);
	if (pth_envparam_container(pth_env_parameters(environment)))
		n = 0; /* the only one */
	if (json_array_size(pth_plan_links(pth_test_plan(rec))) > 0) {
		pth_buf_adds(b,
		    "By hand: not possible, for the links of the test are made by "
		    "pth-exec(1)");
		return;
	}
	pth_buf_addf(b, "By hand: %s",
	    stack ? "docker stack deploy -c THIS NAME" : "docker-compose -f THIS up");
	if (!stack && n == 1)
		pth_buf_addf(b, " --exit-code-from %s", ends);
}

int
pth_compose_yaml(struct pth_buf *b, const json_t *doc, const char *how, struct pth_err *e)
{
	json_auto_t *copy = pth_json_map(doc, escape, NULL);

	if (*how != '\0')
		pth_buf_addf(b, "# Generated by pth-compose(1). %s\n", how);
	return pth_yaml_dump(b, copy, e);
}

/* --- swarm --- */

static void
stack_limits(json_t *s, json_t *deploy)
{
	json_auto_t *limits = json_object();
	json_t *v;

	if ((v = json_object_get(s, "mem_limit")) != NULL)
		pth_json_set(
		    limits, "memory", json_sprintf("%lld", (long long)json_integer_value(v)));
	if ((v = json_object_get(s, "cpus")) != NULL)
		pth_json_set(limits, "cpus", json_sprintf("%.15g", json_number_value(v)));
	if (json_object_size(limits) > 0)
		pth_json_set(deploy, "resources", json_pack("{s:O}", "limits", limits));
}

/* Whether another service waits for this one. */
static bool
depended_on(const json_t *services, const char *name)
{
	const char *key;
	json_t *s;

	json_object_foreach((json_t *)services, key, s)
		if (json_object_get(json_object_get(s, "depends_on"), name) != NULL)
			return true;
	return false;
}

/* A swarm starts all at once: who depends on another tries again, and that one, whose time may
 * be up before the try that succeeds, starts again, too. */
static json_t *
stack_deploy(const json_t *s, bool needed)
{
	const char *policy = pth_json_str(s, "restart", "no");

	if (strcmp(policy, "always") == 0 || strcmp(policy, "unless-stopped") == 0)
		return json_pack(
		    "{s:i,s:{s:s}}", "replicas", 1, "restart_policy", "condition", "any");
	if (strcmp(policy, "on-failure") == 0 || needed || json_object_get(s, "depends_on") != NULL)
		return json_pack("{s:i,s:{s:s,s:s,s:i}}", "replicas", 1, "restart_policy",
		    "condition", "on-failure", "delay", "1s", "max_attempts", 30);
	return json_pack("{s:i,s:{s:s}}", "replicas", 1, "restart_policy", "condition", "none");
}

json_t *
pth_compose_stack(const json_t *doc)
{
	/* Not in the schema of stack files, or without meaning in a swarm. */
	static const char *const drop[] = { "container_name", "network_mode", "depends_on",
		"restart", "build", "pull_policy", "platform", "security_opt", "mem_limit",
		"memswap_limit", "cpus", "pids_limit" };
	json_auto_t *o = json_deep_copy(doc);
	json_t *out = json_pack("{s:s}", "version", "3.8"), *s, *deploy, *v;
	const char *key, *net;

	json_object_foreach(json_object_get(o, "services"), key, s) {
		deploy = stack_deploy(s, depended_on(json_object_get(doc, "services"), key));
		stack_limits(s, deploy);
		for (size_t i = 0; i < countof(drop); i++)
			json_object_del(s, drop[i]);
		pth_json_set(s, "deploy", deploy);
		/* A swarm gives addresses itself. */
		json_object_foreach(json_object_get(s, "networks"), net, v)
			json_object_del(v, "ipv4_address");
	}
	json_object_foreach(json_object_get(o, "networks"), key, s) {
		pth_json_set(s, "driver", json_string("overlay"));
		pth_json_set(s, "attachable", json_true());
	}
	json_object_del(o, "version");
	json_object_update(out, o);
	return out;
}
