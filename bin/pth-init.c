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
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "container/resolve.h"
#include "container/users.h"
#include "host/cgroup.h"
#include "host/channel.h"
#include "host/iface.h"
#include "host/ns.h"
#include "host/sig.h"
#include "io/event.h"
#include "io/file.h"
#include "io/json.h"
#include "io/status.h"
#include "io/tool.h"
#include "supervise/supervisor.h"

#define PLAN_MAX ((size_t)16 << 20)
#define LIBEXEC "/usr/local/libexec/pth"
#define SHARE "/usr/local/share/pth"

struct init {
	json_t *root, *plan, *services;
	bool whole; /* a whole test, not one service of it */
	const char *dir, *name;
	int dirfd, homefd; /* the test's directory, the service's */
	struct stat home;  /* as it was */
};

static void
load(struct init *x, const char *path)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e;

	if (pth_file_read(path, PLAN_MAX, &b, &e) != 0 ||
	    (x->root = pth_json_parse(b.s != NULL ? b.s : "", b.len, &e)) == NULL)
		pth_die(e.code, "%s", e.text);
	x->plan = json_object_get(x->root, "plan");
	x->services = json_object_get(x->plan, "services");
	x->whole = pth_json_bool(x->root, "whole", false);
	x->dir = pth_json_str(x->root, "dir", NULL);
	x->name = pth_json_str(x->root, "service", NULL);
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
	const char *path = pth_json_str(x->plan, "announce", "");

	return faccessat(x->dirfd, path, F_OK, 0) == 0 ? PTH_OK : PTH_NO;
}

/* Give the service what it may write: its directory, and those that all
 * containers share. */
static void
give(struct init *x, const struct pth_proc_user *who)
{
	json_t *v;
	size_t i;

	mkdirat(x->dirfd, "tmp", 0700);
	if (fchmodat(x->dirfd, "tmp", 01777, 0) != 0)
		pth_warn("%s/tmp:", x->dir);
	json_array_foreach(json_object_get(x->root, "open"), i, v)
		if (json_is_string(v) && chmod(json_string_value(v), 01777) != 0 && errno != ENOENT)
			pth_warn("%s:", json_string_value(v));
	if (who->uid == 0)
		return;
	if (who->uid != x->home.st_uid || who->gid != x->home.st_gid)
		pth_users_give(x->whole ? x->dirfd : x->homefd, who->uid, who->gid);
	json_array_foreach(x->services, i, v)
		pth_json_set(v, "user",
		    json_pack(
		        "{s:I,s:I}", "uid", (json_int_t)who->uid, "gid", (json_int_t)who->gid));
}

/* The image's variables and those of the compose file are the service's. */
static void
inherit(struct init *x)
{
	static const char *const ours[] = { "PTH_EVENTS", "PTH_HOLD", "HOME" };
	struct pth_err e;
	json_t *env = pth_resolve_environ(&e), *s;
	size_t i;

	if (env == NULL)
		pth_die(e.code, "%s", e.text);
	for (i = 0; i < countof(ours); i++)
		json_object_del(env, ours[i]);
	json_array_foreach(x->services, i, s) {
		json_t *all = json_copy(env);

		json_object_update(all, json_object_get(s, "environment"));
		pth_json_set(s, "environment", all);
	}
	json_decref(env);
}

static int
exit_code(const struct init *x, const json_t *result)
{
	const json_t *service = json_object_get(json_object_get(result, "services"), x->name);
	enum pth_status status = pth_status_of_result(pth_json_str(result, "status", NULL));
	enum pth_end end = pth_end_of(pth_json_str(service, "reason", NULL));
	const char *sig = pth_json_str(service, "signal", NULL);

	if (x->whole)
		return status == PTH_S_PASSED ? 0 : status == PTH_S_TIMEOUT ? 124 : 1;
	if (end == PTH_END_TIMEOUT)
		return 124;
	if (sig != NULL)
		return 128 + pth_signal_number(sig);
	if (json_is_integer(json_object_get(service, "code")))
		return (int)pth_json_int(service, "code", 0);
	return end == PTH_END_NOT_FOUND ? 127 : end == PTH_END_NOT_EXECUTABLE ? 126 : 125;
}

/* What pth-exec reads: inner.json in the service's directory. Of a whole test
 * it is the result, and the container itself has done its work. */
static void
tell(struct init *x, const json_t *result, int64_t zero)
{
	json_auto_t *own = x->whole ?
	    json_pack("{s:s,s:i,s:i}", "reason", "exit", "code", 0, "ready_us", 1) :
	    NULL;
	json_t *service = own != NULL ?
	    own :
	    json_object_get(json_object_get(result, "services"), x->name);
	json_auto_t *o = json_pack("{s:i,s:I,s:s,s:s,s:b,s:O?,s:O?}", "pth", 1, "zero_us",
	    (json_int_t)zero, "status", pth_json_str(result, "status", "error"), "reason",
	    pth_json_str(result, "reason", ""), "oom",
	    pth_json_str(service, "signal", NULL) != NULL && pth_cgroup_out_of_memory(), "service",
	    service != NULL ? service : json_object(), "capture",
	    json_object_get(result, "capture"));
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e;

	if (x->whole)
		pth_json_set(o, "result", json_incref((json_t *)(uintptr_t)result));
	pth_rec_line(&b, o);
	if (pth_file_write(x->homefd, "inner.tmp", b.s, b.len, &e) != 0)
		pth_complain("%s", e.text);
	pth_users_give(x->whole ? x->dirfd : x->homefd, x->home.st_uid, x->home.st_gid);
	unlinkat(x->homefd, pth_json_str(x->root, "ask", ""), 0);
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
	const char *name = pth_json_str(x->root, "ask", NULL), *hold = getenv("PTH_HOLD");
	long long n = 0;
	struct pth_err e;
	int fd;

	if (name == NULL)
		return 0;
	if (hold != NULL && pth_int(hold, 0, 1000000, &n))
		pth_json_set(x->plan, "hold", json_integer(n));
	fd = pth_channel_listen(x->homefd, name, x->home.st_uid, x->home.st_gid, &e);
	if (fd < 0)
		pth_warn("%s", e.text);
	return fd < 0 ? 0 : fd;
}

static int
run(struct init *x)
{
	static const char *const offload[] = { "tx-udp-segmentation", "tx-tcp-segmentation",
		"tx-tcp6-segmentation", "tx-generic-segmentation" };
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	struct pth_places places = { .dir = x->dir, .libexec = LIBEXEC, .share = SHARE };
	/* A signal to process 1 is the wish to end: the supervisor reads it as such. */
	struct pth_supervise_req req = { .rec = x->root,
		.plan = x->plan,
		.places = &places,
		.dirfd = x->dirfd,
		.ctl = pth_sig_fd(ends, countof(ends)) };
	struct pth_proc_user who = { x->home.st_uid, x->home.st_gid };
	struct pth_err e;
	json_t *result;
	int64_t zero;
	int code;

	pth_must(pth_users_choose(json_object_get(x->root, "user"), &who, &e), &e);
	unlinkat(x->dirfd, pth_json_str(x->plan, "announce", ""), 0);
	unlinkat(x->homefd, "inner.json", 0);
	give(x, &who);
	inherit(x);
	pth_must(pth_resolve_expand_all(x->plan, &e), &e);
	if (json_is_object(json_object_get(x->plan, "capture")))
		pth_iface_features_off(
		    pth_json_str(json_object_get(x->plan, "capture"), "interface", "eth0"), offload,
		    countof(offload));
	req.asks = open_asks(x);
	umask(022);
	pth_proc_allow_cores();
	req.ns.used = PTH_NS_ALL & ~(PTH_NS_USER | PTH_NS_MOUNT);
	zero = pth_mono_us();
	result = pth_supervise(&req);
	tell(x, result, zero);
	code = exit_code(x, result);
	json_decref(result);
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
		"Run the services of a plan as process 1 of a container", "PLAN",
		PTH_OPTIONS(table) };
	struct init x = { .dirfd = -1, .homefd = -1 };
	int code;

	if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
		return code;
	/* At the end process 1 kills all others that it sees. */
	if (!ready && getpid() != 1)
		pth_die(PTH_USAGE, "it is process 1 of a container, and this is process %d",
		    (int)getpid());
	load(&x, tool.operand[0]);
	open_dirs(&x);
	code = ready ? is_ready(&x) : run(&x);
	json_decref(x.root);
	return code;
}
