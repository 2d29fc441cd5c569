/*
 * pth-init is process 1 of a container, pth-init(1): it runs one service with the same code
 * as pth-exec does, that is phases, readiness, capture and stop.
 *
 * It is linked statically and mounted into the container, which needs nothing
 * of ours then.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "container/compose.h"
#include "container/join.h"
#include "container/resolve.h"
#include "container/start.h"
#include "container/twice.h"
#include "container/users.h"
#include "host/cgroup.h"
#include "host/channel.h"
#include "host/ns.h"
#include "host/sig.h"
#include "io/event.h"
#include "io/file.h"
#include "io/record.h"
#include "io/status.h"
#include "io/tool.h"
#include "supervise/supervisor.h"

#define PLAN_MAX ((size_t)16 << 20)

struct init {
	json_t *root, *plan, *services;
	bool whole; /* a whole test, not one service of it */
	const char *dir, *name;
	int dirfd, homefd; /* the test's directory, the service's */
	int wishes;        /* signals to process 1: that it ends; the supervisor reads them */
	struct stat home;  /* as it was */
};

static void
load(struct init *x, const char *path)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e;

	if (pth_file_read_named(path, PLAN_MAX, &b, &e) != 0 ||
	    (x->root = pth_json_parse(b.s != NULL ? b.s : "", b.len, &e)) == NULL)
		pth_die(e.code, "%s", e.text);
	x->plan = pth_inside_plan(x->root);
	x->services = pth_plan_services(x->plan);
	x->whole = pth_inside_whole(x->root);
	x->dir = pth_inside_dir(x->root);
	x->name = pth_inside_service(x->root);
	if (!json_is_object(json_array_get(x->services, 0)) || x->dir == NULL || x->name == NULL ||
	    !pth_name_ok(x->name))
		pth_die(PTH_INPUT, "%s: not a plan of a container, as pth-compose makes it", path);
}

static void
open_dirs(struct init *x)
{
	x->dirfd = open(x->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x->dirfd < 0)
		pth_die(PTH_SYSTEM, "%s:", x->dir);
	x->homefd = openat(x->dirfd, x->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (x->homefd < 0 || fstat(x->homefd, &x->home) != 0)
		pth_die(PTH_SYSTEM, "%s/%s:", x->dir, x->name);
}

/* The healthcheck of compose: has the service become ready? */
static int
is_ready(struct init *x)
{
	const char *path = pth_plan_announce(x->plan);

	return path != NULL && faccessat(x->dirfd, path, F_OK, 0) == 0 ? PTH_OK : PTH_NO;
}

/* Gives the service what it may write: its directory, and those that all
 * containers share. */
static void
give(struct init *x, const struct pth_proc_user *who)
{
	json_t *v;
	size_t i;

	mkdirat(x->dirfd, "tmp", 0700);
	if (fchmodat(x->dirfd, "tmp", 01777, 0) != 0)
		pth_warn("%s/tmp:", x->dir);
	json_array_foreach(pth_inside_open(x->root), i, v)
		if (json_is_string(v) && chmod(json_string_value(v), 01777) != 0 && errno != ENOENT)
			pth_warn("%s:", json_string_value(v));
	if (who->uid == 0)
		return;
	if (who->uid != x->home.st_uid || who->gid != x->home.st_gid)
		pth_users_give(x->whole ? x->dirfd : x->homefd, who->uid, who->gid);
	json_array_foreach(x->services, i, v)
		pth_svc_set_user(v,
		    json_pack("{s:I,s:I}", PTH_KEY(user, uid), (json_int_t)who->uid,
		        PTH_KEY(user, gid), (json_int_t)who->gid));
}

static int
exit_code(const struct init *x, const json_t *result)
{
	const json_t *service = json_object_get(pth_result_services(result), x->name);
	enum pth_status status = pth_status_of_result(pth_result_status(result));
	enum pth_end end = pth_end_of(pth_rsvc_reason(service));
	const char *sig = pth_rsvc_signal(service);

	if (x->whole)
		return status == PTH_S_PASSED ? 0 : status == PTH_S_TIMEOUT ? 124 : 1;
	if (end == PTH_END_TIMEOUT)
		return 124;
	if (sig != NULL)
		return 128 + pth_signal_number(sig);
	if (json_is_integer(PTH_GET(rsvc, service, code)))
		return (int)pth_rsvc_code(service);
	return end == PTH_END_NOT_FOUND ? 127 : end == PTH_END_NOT_EXECUTABLE ? 126 : 125;
}

/* What it was given is its owner's again. */
static void
give_back(struct init *x)
{
	pth_users_give(x->whole ? x->dirfd : x->homefd, x->home.st_uid, x->home.st_gid);
}

/* What pth-exec reads: inner.json in the service's directory. Of a whole test
 * it is the result, and the container itself has done its work. */
static void
tell(struct init *x, const json_t *result, int64_t zero)
{
	json_t *capture = pth_result_capture(result),
	       *service = x->whole ?
	    json_pack("{s:s,s:i,s:i}", PTH_KEY(rsvc, reason), "exit", PTH_KEY(rsvc, code), 0,
	        PTH_KEY(rsvc, ready_us), 1) :
	    json_incref(json_object_get(pth_result_services(result), x->name));
	json_auto_t *o = json_object();
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e;

	pth_insideend_set_pth(o, 1);
	pth_insideend_set_zero_us(o, zero);
	pth_insideend_set_status(o, pth_result_status(result));
	pth_insideend_set_reason(o, pth_result_reason(result));
	pth_insideend_set_oom(o, pth_cgroup_out_of_memory());
	pth_insideend_set_service(o, service != NULL ? service : json_object());
	pth_insideend_set_capture(o, capture != NULL ? json_incref(capture) : json_null());
	if (x->whole)
		pth_insideend_set_result(o, json_incref((json_t *)(uintptr_t)result));
	pth_rec_line(&b, o);
	if (pth_file_put(x->homefd, "inner.tmp", b.s, b.len, &e) != 0)
		pth_complain("%s", e.text);
	give_back(x);
	if (pth_inside_ask(x->root) != NULL)
		unlinkat(x->homefd, pth_inside_ask(x->root), 0);
	pth_rmtree(x->homefd, "inner.json", NULL);
	/* The last of all: who sees it may take the container away. */
	if (renameat(x->homefd, "inner.tmp", x->homefd, "inner.json") != 0)
		pth_warn("inner.json:");
}

/* Where steps and looks of the test are asked for: in the service's directory,
 * by who runs the test. PTH_HOLD is how many steps will come, for whose sake the
 * container stays when the service has ended. The socket, or 0. */
static int
open_asks(struct init *x)
{
	const char *name = pth_inside_ask(x->root), *hold = getenv("PTH_HOLD");
	long long n = 0;
	struct pth_err e;
	int fd;

	if (name == NULL)
		return 0;
	if (hold != NULL && pth_int(hold, 0, 1000000, &n))
		pth_plan_set_hold(x->plan, n);
	fd = pth_channel_listen(x->homefd, name, x->home.st_uid, x->home.st_gid, &e);
	if (fd < 0)
		pth_warn("%s", e.text);
	return fd < 0 ? 0 : fd;
}

/* Does what this start of the container is for. New reference. */
static json_t *
supervise(struct init *x, const struct pth_twice *t)
{
	struct pth_places places = {
		.dir = x->dir, .libexec = PTH_INSIDE_LIBEXEC, .share = PTH_INSIDE_SHARE
	};
	struct pth_supervise_req req = { .rec = x->root,
		.plan = x->plan,
		.places = &places,
		.dirfd = x->dirfd,
		.ctl = x->wishes };
	struct pth_proc_user who = { x->home.st_uid, x->home.st_gid };
	struct pth_err e;

	pth_must(pth_users_choose(pth_inside_user(x->root), &who, &e), &e);
	pth_start_links(pth_inside_links(x->root));
	give(x, &who);
	pth_must(pth_resolve_inherit(x->services, &e), &e);
	pth_must(pth_resolve_expand_all(x->plan, &e), &e);
	pth_start_capture(x->plan);
	req.asks = t->first ? 0 : open_asks(x);
	umask(022);
	pth_proc_allow_cores();
	req.ns.used = PTH_NS_ALL & ~(PTH_NS_USER | PTH_NS_MOUNT);
	return pth_supervise(&req);
}

/* The first of two starts: how it went is kept, and the second tells it. */
static int
compile(struct init *x, const struct pth_twice *t)
{
	int64_t zero = pth_mono_us();
	json_auto_t *result = supervise(x, t);
	struct pth_err e;

	give_back(x);
	pth_must(pth_twice_keep(t, result, zero, &e), &e);
	return PTH_OK;
}

static int
run(struct init *x)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	struct pth_twice t;
	struct pth_err e;
	json_t *result;
	int64_t zero;
	int code;

	x->wishes = pth_sig_fd(ends, countof(ends));
	pth_must(pth_twice_begin(&t, getenv(PTH_TWICE_ENV), x->plan, &e), &e);
	if (t.first)
		return compile(x, &t);
	result = json_incref(pth_twice_failed(&t, &zero));
	/* A second life, whose links are gone, does not take away what is known of the first. */
	if (result == NULL && pth_inside_net(x->root) != NULL)
		pth_must(pth_join(x->homefd, pth_inside_net(x->root), x->wishes, &e), &e);
	if (pth_plan_announce(x->plan) != NULL)
		unlinkat(x->dirfd, pth_plan_announce(x->plan), 0);
	unlinkat(x->homefd, "inner.json", 0);
	if (result == NULL) {
		zero = pth_mono_us();
		result = supervise(x, &t);
		pth_twice_join(&t, result);
	}
	tell(x, result, zero);
	code = exit_code(x, result);
	json_decref(result);
	pth_twice_release(&t);
	return code;
}

int
main(int argc, char **argv)
{
	bool ready = false;
	const struct pth_option table[] = {
		{ 0, "ready", NULL, "only say by the exit code whether it is ready",
		    .flag = &ready },
	};
	struct pth_tool tool = { "pth-init",
		"Run the services of a plan as process 1 of a container", "PLAN [WORD]...",
		PTH_OPTIONS(table) };
	struct init x = { .dirfd = -1, .homefd = -1 };
	struct pth_err e;
	int code;

	if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
		return code;
	/* At the end process 1 kills all others that it sees. */
	if (!ready && getpid() != 1)
		pth_die(PTH_USAGE, "it is process 1 of a container, and this is process %d",
		    (int)getpid());
	load(&x, tool.operand[0]);
	open_dirs(&x);
	if (!ready) {
		pth_must(
		    pth_start_command(x.root, tool.operand + 1, tool.operand_count - 1, &e), &e);
		/* pth-exec has started the container, or somebody by hand. */
		if (getenv("PTH_RUN") == NULL)
			pth_must(pth_start_by_hand(x.dirfd, x.root, &e), &e);
	}
	code = ready ? is_ready(&x) : run(&x);
	json_decref(x.root);
	return code;
}
