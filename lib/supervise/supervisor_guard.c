/*
 * This file keeps the services of a test from what is known about them: they run as a user of their
 * own kind, without capabilities, and see of the test's directory only their own part, which each
 * of them alone may write, and what they share.
 */
#include "supervise/supervisor_priv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "container/users.h"
#include "supervise/workdir.h"

#define SERVICE_IDS 500 /* from PTH_SERVICE_ID on */

/* Whom the services are: root's are somebody else, where that number is known here. */
static struct pth_proc_user
whom(const struct supervisor *sup)
{
	struct pth_proc_user who = { geteuid(), getegid() };

	if (who.uid == 0 && (sup->req->ns.used & PTH_NS_USER) != 0 &&
	    fchownat(sup->req->dirfd, "", PTH_SERVICE_ID, PTH_SERVICE_ID, AT_EMPTY_PATH) == 0) {
		(void)!fchownat(sup->req->dirfd, "", 0, getegid(), AT_EMPTY_PATH);
		who = (struct pth_proc_user){ PTH_SERVICE_ID, PTH_SERVICE_ID };
	}
	return who;
}

/* Are they others than we are? */
static bool
are_others(const struct supervisor *sup)
{
	return sup->who.uid != geteuid();
}

/* Who is root inside. */
static uid_t
power_uid(const struct supervisor *sup)
{
	return are_others(sup) ? sup->who.uid + SERVICE_IDS : sup->who.uid;
}

/* Those that are root of the network need it from the beginning. */
static void
make_power(struct supervisor *sup)
{
	bool net = (sup->ns->used & PTH_NS_NET) != 0, wanted = false;
	struct pth_proc_user outside = { power_uid(sup), sup->who.gid };
	json_t *service;
	size_t i;

	json_array_foreach(pth_plan_services(sup->req->plan), i, service)
		wanted = wanted || pth_svc_root(service);
	if (!wanted)
		return;
	sup->power = pth_ns_user(&(struct pth_proc_user){ 0, 0 }, &outside, net);
	if (sup->power >= 0 && net)
		pth_ns_furnish_net(sup->ns);
}

void
supervise_guard_begin(struct supervisor *sup)
{
	sup->view = sup->power = -1;
	if ((sup->ns->used & PTH_NS_USER) == 0 || sup->req->places->engine)
		return;
	sup->who = whom(sup);
	make_power(sup);
}

/* Have commands of the experiment made something? */
static bool
was_set_up(const struct supervisor *sup)
{
	return json_array_size(pth_plan_setup(sup->req->plan)) +
	        json_array_size(sup->own[PRE].list) >
	    0 ||
	    json_array_size(pth_plan_dirs(sup->req->plan)) +
	        json_array_size(pth_plan_files(sup->req->plan)) >
	    0;
}

void
supervise_guard_ours(struct supervisor *sup)
{
	pth_auto_dir d = was_set_up(sup) ? pth_opendir(sup->req->dirfd, ".") : NULL;
	struct pth_buf b = PTH_BUF_INIT;
	struct dirent *de;

	pth_buf_addc(&b, '/');
	while (d != NULL && (de = readdir(d)) != NULL)
		pth_buf_addf(&b, "%s/", de->d_name);
	sup->ours = pth_buf_take(&b);
}

/* Is it a file of this capture, or of its ring? It may not be there yet when setup begins. */
static bool
is_capture(const json_t *plan, const char *name)
{
	const char *file = json_is_object(plan) ? pth_cap_file(plan) : NULL;
	const char *dot = file != NULL ? strrchr(file, '.') : NULL;
	size_t n = file == NULL ? 0 : dot != NULL ? (size_t)(dot - file) : strlen(file);

	return n > 0 && strncmp(name, file, n) == 0;
}

static bool
is_ours(const struct supervisor *sup, const char *name)
{
	pth_auto_buf b = PTH_BUF_INIT;

	if (is_capture(pth_plan_capture(sup->req->plan), name))
		return true;
	for (size_t i = 0; i < sup->nservices; i++)
		if (is_capture(pth_svc_capture(sup->services[i].plan), name))
			return true;
	for (size_t i = 0; i < OWNS; i++)
		if (strcmp(name, sup->own[i].name) == 0)
			return true; /* logs */
	pth_buf_addf(&b, "/%s/", name);
	return strstr(sup->ours, b.s) != NULL;
}

static bool
is_shared(const struct supervisor *sup, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach(pth_plan_dirs(sup->req->plan), i, v)
		if (json_is_string(v) && strcmp(json_string_value(v), name) == 0)
			return true;
	return false;
}

static uid_t
uid_of(const struct supervisor *sup, const struct service *s)
{
	if (pth_svc_root(s->plan))
		return power_uid(sup);
	return are_others(sup) ? sup->who.uid + (uid_t)(s - sup->services) % SERVICE_IDS :
	                         sup->who.uid;
}

/* An entry of the test's directory: a service's is its own, others can be read by all of them. */
static void
give(const struct supervisor *sup, const char *name)
{
	const struct service *s = supervise_service_find(sup->services, sup->nservices, name);
	pth_auto_fd fd = pth_open_beneath(
	    sup->req->dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	struct pth_gift g = { .uid = s != NULL ? uid_of(sup, s) : geteuid(),
		.gid = sup->who.gid,
		.of = geteuid(),
		.share = s == NULL };

	if (fd >= 0)
		pth_users_gift(fd, &g);
}

/* Everything there is ours again. */
static void
take_back(const struct supervisor *sup)
{
	struct pth_gift g = { .of_group = sup->who.gid };
	pth_auto_dir d = pth_opendir(sup->req->dirfd, ".");
	struct dirent *de;
	struct stat st;

	if (d == NULL || fstat(sup->req->dirfd, &st) != 0)
		return;
	g.uid = st.st_uid;
	g.gid = st.st_gid;
	while ((de = readdir(d)) != NULL) {
		pth_auto_fd fd = -1;

		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		fd = pth_open_beneath(
		    sup->req->dirfd, de->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
		if (fd >= 0)
			pth_users_gift(fd, &g);
	}
}

static void
add_entry(struct pth_ns_entry **v, struct pth_strv *kept, const char *name, bool dir, bool writable)
{
	*v = pth_xarray(*v, kept->n + 1, sizeof **v);
	(*v)[kept->n] = (struct pth_ns_entry){ .dir = dir, .writable = writable };
	pth_strv_push(kept, pth_xstrdup(name));
	(*v)[kept->n - 1].name = kept->v[kept->n - 1];
}

/* What is to be seen: of each service its directory, and what the experiment's own commands have
 * made. The names are in *kept. */
static struct pth_ns_entry *
entries(const struct supervisor *sup, struct pth_strv *kept)
{
	pth_auto_dir d = was_set_up(sup) ? pth_opendir(sup->req->dirfd, ".") : NULL;
	struct pth_ns_entry *v = NULL;
	struct dirent *de;
	struct stat st;

	for (size_t i = 0; i < sup->nservices; i++)
		add_entry(
		    &v, kept, sup->services[i].name, true, sup->nservices == 1 || are_others(sup));
	while (d != NULL && (de = readdir(d)) != NULL)
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0 &&
		    supervise_service_find(sup->services, sup->nservices, de->d_name) == NULL &&
		    !is_ours(sup, de->d_name) &&
		    fstatat(sup->req->dirfd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)))
			add_entry(
			    &v, kept, de->d_name, S_ISDIR(st.st_mode), is_shared(sup, de->d_name));
	pth_strv_push(kept, NULL);
	return v;
}

/* What the experiment lets them write besides. What is not there will be missed. */
static char **
shared(const struct supervisor *sup)
{
	struct pth_strv s = { NULL, 0 };
	json_t *v;
	size_t i;

	json_array_foreach(pth_env_shared(pth_plan_environment(sup->req->plan)), i, v) {
		const char *text = json_is_string(v) ? json_string_value(v) : "";
		char *path = realpath(text, NULL);

		pth_strv_push(&s, path != NULL ? path : pth_xstrdup(text));
	}
	pth_strv_push(&s, NULL);
	return s.v;
}

/* Are there commands of the test itself to come? They have the whole view. */
static bool
has_later(const struct supervisor *sup)
{
	for (size_t i = 0; i < sup->steps.count; i++)
		if (sup->steps.all[i].service == NULL)
			return true;
	return json_array_size(sup->own[POST].list) + json_array_size(sup->own[TEARDOWN].list) > 0;
}

/* Their world, and their files. False with the reason in ns->reason. */
static bool
make_world(struct supervisor *sup, struct pth_ns *ns)
{
	const struct pth_places *places = sup->req->places;
	struct pth_strv names = { NULL, 0 };
	pth_auto_free struct pth_ns_entry *v = entries(sup, &names);
	static char *const none[] = { NULL };
	pth_auto_strv seen = pth_places_seen(places, sup->req->plan);
	pth_auto_strv open = shared(sup);
	char *const *needed[] = { sup->req->barred != NULL ? sup->req->barred : none, seen, open };
	struct pth_ns_guard want = { .test = places->dir,
		.entries = v,
		.n = names.n,
		.shared = open,
		.uid = sup->who.uid,
		.needed = needed,
		.lists = are_others(sup) ? countof(needed) : 0,
		.here = !has_later(sup) };
	int r;

	for (size_t i = 0; are_others(sup) && i < names.n; i++)
		give(sup, names.v[i]);
	r = pth_ns_guard(ns, &want, &sup->view);
	pth_strv_free(names.v);
	return r == 0;
}

/* Are there descriptors for one a service? The last half is for others. */
static bool
affordable(const struct supervisor *sup)
{
	struct rlimit rl;

	return getrlimit(RLIMIT_NOFILE, &rl) != 0 || sup->nservices * 6 < rl.rlim_cur / 2;
}

/* Services of one user cannot look into each other when each has a user namespace. */
static int
make_userns(struct supervisor *sup, const struct service *s)
{
	if (s > sup->services && !affordable(sup))
		return sup->services[0].at.confine.userns;
	return pth_ns_user(&sup->who, &sup->who, false);
}

static int
confine(struct supervisor *sup, struct service *s)
{
	bool root = pth_svc_root(s->plan) && sup->power >= 0, others = are_others(sup);

	s->at.confine = (struct pth_proc_confine){ .view = sup->view,
		.own = sup->nservices > 1 && !others ? s->home : NULL,
		.userns = root ? sup->power :
		    others     ? -1 :
		                 make_userns(sup, s),
		.powerless = !root };
	if (s->at.confine.userns < 0 && (root || !others))
		return -1;
	s->at.user = root ? (struct pth_proc_user){ 0, 0 } :
	                    (struct pth_proc_user){ uid_of(sup, s), sup->who.gid };
	s->at.becomes = root || others;
	s->at.logs.uid = others ? uid_of(sup, s) : 0;
	s->at.logs.gid = sup->who.gid;
	s->at.confined = true;
	s->at.apart = !root && (others ? sup->nservices <= SERVICE_IDS : affordable(sup));
	return 0;
}

static void
release(struct supervisor *sup)
{
	for (size_t i = sup->nservices; i-- > 0;) {
		struct surroundings *at = &sup->services[i].at;

		if (at->confined && at->confine.userns != sup->power &&
		    (i == 0 || at->confine.userns != sup->services[0].at.confine.userns))
			pth_close(&at->confine.userns);
		at->confined = at->apart = false;
	}
	pth_close(&sup->view);
}

/* Where they share our view, they lose at least what capabilities would give them. */
static void
disarm(struct supervisor *sup)
{
	if ((sup->req->ns.used & PTH_NS_USER) == 0)
		return;
	for (size_t i = 0; i < sup->nservices; i++) {
		struct surroundings *at = &sup->services[i].at;

		if (pth_svc_root(sup->services[i].plan))
			continue;
		at->confine = (struct pth_proc_confine){
			.view = -1, .userns = -1, .powerless = true
		};
		at->confined = geteuid() == 0;
	}
}

/* They are not guarded, and that is told. */
static void
give_up(struct supervisor *sup)
{
	release(sup);
	if (are_others(sup))
		take_back(sup);
	disarm(sup);
	sup->ns->used &= ~(unsigned)PTH_NS_READ_ONLY;
	if ((sup->ns->asked & PTH_NS_PRIVATE) != 0)
		pth_event("environment.degraded", "{s:s}", "reason",
		    *sup->ns->reason != '\0' ? sup->ns->reason : "the services are not guarded");
}

/* Nothing that needs them is started any more but services that have their own user namespace,
 * which gives all anew: once for all of the others. */
static void
drop_powers(struct supervisor *sup)
{
	for (int cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		;
	for (size_t i = 0; i < sup->nservices; i++)
		sup->services[i].at.confine.powerless = false;
}

void
supervise_guard(struct supervisor *sup)
{
	if (sup->req->places->engine)
		return;
	sup->guarded = (sup->ns->used & PTH_NS_USER) != 0 &&
	    (sup->ns->used & PTH_NS_PRIVATE) != 0 && make_world(sup, sup->ns);
	for (size_t i = 0; sup->guarded && i < sup->nservices; i++)
		sup->guarded = confine(sup, &sup->services[i]) == 0;
	if (!sup->guarded)
		give_up(sup);
	else if (sup->view < 0 && are_others(sup))
		drop_powers(sup);
	/* Nobody looks into us: /proc/PID/fd, ptrace(2). */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void
supervise_guard_end(struct supervisor *sup)
{
	release(sup);
	pth_close(&sup->power);
	free(pth_take(&sup->ours));
	if (sup->guarded && are_others(sup))
		take_back(sup);
}
