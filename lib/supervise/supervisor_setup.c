/* This file makes what has to be there before a test begins, and takes it down again. */
#include "supervise/supervisor_priv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/os.h"
#include "base/strv.h"
#include "host/iface.h"
#include "io/file.h"
#include "plan/fill.h"
#include "supervise/workdir.h"

#define COMMAND_LIMIT_US (60 * PTH_SECOND_US) /* of pre_commands and post_commands */

/* Is each program of the list there? owner: who wants them. */
static bool
programs_found(struct supervisor *sup, const json_t *list, const char *owner, const char *path)
{
	bool ok = true;
	json_t *r;
	size_t i;

	json_array_foreach(list, i, r) {
		pth_auto_buf b = PTH_BUF_INIT;
		const char *package = pth_need_package(r), *hint = pth_need_hint(r);
		enum pth_status status = pth_status_of(pth_need_status(r));
		struct pth_reason why = { .category = PTH_CAT_DEPENDENCY };

		pth_places_expand(sup->req->places, pth_need_program(r), &b);
		pth_auto_str found = pth_which(b.s, path);

		if (found != NULL)
			continue;
		ok = false;
		pth_reason_program(&why, b.s);
		supervise_ending(sup, status < PTH_STATUSES ? status : PTH_S_ERROR, &why,
		    "%s: %s not found%s%s%s%s", owner, b.s,
		    package != NULL ? "; Debian has it in the package " : "",
		    package != NULL ? package : "", hint != NULL ? "; " : "",
		    hint != NULL ? hint : "");
	}
	return ok;
}

/* PATH of what we start, in its environment. */
static const char *
path_of(char *const *env)
{
	for (; *env != NULL; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return NULL;
}

/* Is the simulator missing that runs the services? */
static bool
lacks_simulator(const struct supervisor *sup)
{
	pth_auto_strv env = pth_places_env(sup->req->places, sup->req->places->dir, NULL, NULL);
	pth_auto_str found = NULL;

	if (!pth_rec_plan_is_simulated(sup->req->plan))
		return false;
	found = pth_which("shadow", path_of(env));
	return found == NULL;
}

/* Programs that the plan names and the machine lacks: say so before anything
 * starts, with the package that has them. */
static bool
requirements_met(struct supervisor *sup)
{
	pth_auto_strv env = pth_places_env(sup->req->places, sup->req->places->dir, NULL, NULL);
	const char *path = path_of(env);
	json_t *service;
	size_t i;
	bool ok;

	ok = programs_found(sup, pth_plan_requires(sup->req->plan), "setup", path);
	json_array_foreach(pth_plan_services(sup->req->plan), i, service) {
		/* What a service lacks that the test can do without, its own failure tells. */
		if (!supervise_dispensable(sup, pth_svc_name(service)) &&
		    !programs_found(sup, pth_svc_requires(service), pth_svc_name(service), path))
			ok = false;
	}
	return ok;
}

/* Commands as a plan has them, out of the record's lists of words. Those
 * after the services all get their turn. */
static json_t *
commands(const json_t *lists, bool critical)
{
	json_t *out = json_array(), *argv;
	size_t i;

	json_array_foreach(lists, i, argv)
		pth_json_push(out,
		    json_pack("{s:O,s:b,s:I}", PTH_KEY(cmd, argv), argv, PTH_KEY(cmd, critical),
		        critical, PTH_KEY(cmd, timeout_us), (json_int_t)COMMAND_LIMIT_US));
	return out;
}

static void
init_own(struct supervisor *sup, int which, const char *name, json_t *list)
{
	/* Setup makes the network before all else; what it makes besides says so. */
	enum pth_category usual = which <= BESIDE ? PTH_CAT_NETWORK_SETUP :
	                                            PTH_CAT_COMMAND_EXECUTION;

	supervise_phases_init(&sup->own[which], name, true, &sup->at);
	supervise_phases_begin(&sup->own[which],
	    which == BESIDE ? PTH_KEY(cmd, beside) : pth_phase_names[PTH_PRE_RUN], list, false,
	    usual);
}

/* The setup in its two parts, which have one list of results. */
static void
init_setup(struct supervisor *sup, const json_t *setup)
{
	json_t *first = json_array(), *second = json_array(), *v;
	struct phases *beside = &sup->own[BESIDE];
	size_t i;

	json_array_foreach(setup, i, v)
		pth_json_push(pth_cmd_beside(v) || json_array_size(second) > 0 ? second : first,
		    json_incref(v));
	init_own(sup, SETUP, PTH_KEY(result, setup), first);
	init_own(sup, BESIDE, PTH_KEY(result, setup), second);
	beside->before = json_array_size(first);
	json_decref(beside->results);
	beside->results = json_incref(sup->own[SETUP].results);
}

static void
init_owns(struct supervisor *sup)
{
	const json_t *steps = pth_test_steps(sup->req->rec), *plan = sup->req->plan;

	sup->at = (struct surroundings){
		.places = sup->req->places,
		.dirfd = sup->req->dirfd,
		.home = sup->req->places->dir,
		.log_dir = "",
		.logs = { .dirfd = sup->req->dirfd, .epoll = sup->logs, .limit = PTH_LOG_LIMIT },
	};
	init_setup(sup, pth_plan_setup(plan));
	init_own(
	    sup, PRE, PTH_KEY(result, pre_commands), commands(pth_steps_pre_commands(steps), true));
	init_own(sup, POST, PTH_KEY(result, post_commands),
	    commands(pth_steps_post_commands(steps), false));
	init_own(sup, TEARDOWN, PTH_KEY(result, teardown), json_incref(pth_plan_teardown(plan)));
}

/* What was asked for beside the network, and is not there. */
static void
tell_lacks(const struct supervisor *sup)
{
	const struct pth_ns *ns = &sup->req->ns;
	unsigned lacks = ns->asked & ~ns->used;
	pth_auto_buf b = PTH_BUF_INIT;

	if ((lacks & PTH_NS_NET) != 0 || (lacks & (PTH_NS_PRIVATE | PTH_NS_READ_ONLY)) == 0)
		return; /* the runner says so */
	pth_buf_addf(&b, "%s: %s",
	    (lacks & PTH_NS_READ_ONLY) != 0 ? "the file system can be written" : "no private /tmp",
	    *ns->reason != '\0' ? ns->reason : "that needs isolation: full");
	pth_event("environment.degraded", "{s:s}", "reason", b.s);
}

/* Limits of a service; one that cannot be kept is told. */
static void
limit(struct supervisor *sup, struct service *s)
{
	const char *key;
	json_t *how;

	pth_limit_init(&s->at.limit, pth_svc_limits(s->plan), &sup->req->limits, s->name);
	if (s->at.limit.how == NULL)
		return;
	pth_event("service.limited", "{s:s,s:O}", "service", s->name, "limits", s->at.limit.how);
	json_object_foreach(s->at.limit.how, key, how) {
		pth_auto_buf b = PTH_BUF_INIT;

		if (strcmp(json_string_value(how), "none") != 0)
			continue;
		pth_buf_addf(&b,
		    "%s: limits.%s is not kept: no control group for it can be made here", s->name,
		    key);
		pth_event("environment.degraded", "{s:s}", "reason", b.s);
	}
}

static int
init_services(struct supervisor *sup, struct pth_err *e)
{
	json_t *p, *list = pth_plan_services(sup->req->plan);
	size_t i;

	if (pth_plan_fill(sup->req->dirfd, sup->req->plan, sup->req->places, e) != 0)
		return -1;
	init_owns(sup);
	sup->services = pth_xarray(NULL, json_array_size(list) + 1, sizeof *sup->services);
	json_array_foreach(list, i, p) {
		if (supervise_service_init(&sup->services[sup->nservices++], p, sup->req->dirfd,
		        sup->req->places, e) != 0)
			return pth_err_wrap(e, "%s", pth_svc_name(p));
		sup->services[i].at.logs.epoll = sup->logs;
		limit(sup, &sup->services[i]);
	}
	supervise_watch_logs(sup);
	return 0;
}

static bool
change_links(void *arg, const json_t *what, char text[200])
{
	return supervise_links_change(arg, what, text);
}

static int
init_actions(struct supervisor *sup, struct pth_err *e)
{
	const json_t *rec = sup->req->rec, *actions = pth_steps_actions(pth_test_steps(rec));

	if (supervise_steps_init(
	        &sup->steps, actions, sup->services, sup->nservices, &sup->at, e) != 0)
		return -1;
	sup->steps.link = change_links;
	sup->steps.arg = sup;
	return supervise_assertions_init(&sup->assertions, pth_test_assertions(rec), sup->services,
	    sup->nservices, sup->req->dirfd, e);
}

/* Limits and what is put up with: the planned environment, else what the
 * record says of it. */
static void
read_environment(struct supervisor *sup)
{
	const json_t *given = pth_test_network_environment(sup->req->rec);
	const json_t *env = pth_plan_environment(sup->req->plan);
	int64_t deploy = pth_env_deploy_timeout_us(env);

	if (deploy <= 0)
		deploy = pth_netenv_deploy_timeout(given) * PTH_SECOND_US;
	sup->deploy_deadline = deploy > 0 ? sup->zero + deploy : PTH_NEVER;
	sup->hold = pth_plan_hold(sup->req->plan);
	sup->partial = pth_envparam_allow_partial_deployment(pth_env_parameters(env));
	/* Only where it was asked for: a server may close its port on purpose. */
	sup->look_limit = pth_netenv_failure_threshold_count(given);
	if (sup->look_limit > 0 && pth_netenv_enable_background_monitoring(given))
		sup->look_every = pth_netenv_monitoring_interval_seconds(given) * PTH_SECOND_US;
}

/* A network of containers with the host's own addresses would cut it off from
 * its neighbours, and an engine makes what it is told to. */
static bool
networks_free(struct supervisor *sup)
{
	char name[IF_NAMESIZE];
	json_t *v;
	size_t i;

	json_array_foreach(pth_env_resources(pth_plan_environment(sup->req->plan)), i, v) {
		const char *s = json_is_string(v) ? json_string_value(v) : "";

		if (strncmp(s, "subnet:", 7) != 0 || !pth_iface_in(s + 7, name))
			continue;
		supervise_ending(sup, PTH_S_ERROR, PTH_WHY(PTH_CAT_NETWORK_SETUP),
		    "setup: network_environment.subnet %s: the interface %s of this host has "
		    "addresses there",
		    s + 7, name);
		return false;
	}
	return true;
}

bool
supervise_prepare(struct supervisor *sup)
{
	const char *no = pth_steps_unsupported(sup->req->rec);
	bool lacks = lacks_simulator(sup);
	struct pth_err e;

	if (no != NULL) {
		supervise_ending(sup, PTH_S_UNSUPPORTED, PTH_WHY(PTH_CAT_NONE), "%s", no);
		return false;
	}
	read_environment(sup);
	if (!lacks && (!requirements_met(sup) || !networks_free(sup)))
		return false;
	if (init_services(sup, &e) != 0 || init_actions(sup, &e) != 0) {
		supervise_ending(
		    sup, PTH_S_ERROR, PTH_WHY(pth_category_err(&e, PTH_CAT_NONE)), "%s", e.text);
		return false;
	}
	/* Its configuration is there all the same. */
	if (lacks)
		supervise_ending(sup, PTH_S_UNSUPPORTED, PTH_WHY(PTH_CAT_NONE),
		    "this machine has no program shadow; its configuration is in shadow.yaml");
	tell_lacks(sup);
	return !lacks;
}

void
supervise_release(struct supervisor *sup)
{
	for (size_t i = 0; i < sup->nservices; i++)
		supervise_service_release(&sup->services[i]);
	for (size_t i = 0; i < OWNS; i++)
		supervise_phases_release(&sup->own[i]);
	supervise_logs_release(&sup->at.logs);
	supervise_steps_release(&sup->steps);
	supervise_assertions_release(&sup->assertions);
	free(sup->services);
	free(sup->readers);
	free(sup->asks);
	json_decref(sup->degraded);
	supervise_capture_release(sup);
	supervise_links_release(sup);
}

/* A directory for temporary files, where the test has no /tmp of its own; in
 * memory, and gone with the namespace, where we have mounts of our own. */
void
supervise_tmp_make(struct supervisor *sup)
{
	pth_auto_buf b = PTH_BUF_INIT;

	if (sup->req->places->tmp != NULL)
		return;
	mkdirat(sup->req->dirfd, "tmp", 0700);
	pth_buf_addf(&b, "%s/tmp", sup->req->places->dir);
	if ((sup->req->ns.used & PTH_NS_MOUNT) != 0)
		mount("tmpfs", b.s, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700");
}

void
supervise_tmp_remove(struct supervisor *sup)
{
	pth_auto_buf b = PTH_BUF_INIT;

	if (sup->req->places->tmp != NULL)
		return;
	pth_buf_addf(&b, "%s/tmp", sup->req->places->dir);
	if ((sup->req->ns.used & PTH_NS_MOUNT) != 0)
		umount2(b.s, MNT_DETACH);
	pth_rmtree(sup->req->dirfd, "tmp", NULL);
}
