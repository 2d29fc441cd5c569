/*
 * This file moves the ends of links into containers. pth-init(1) hands over the network of its
 * container before it runs anything there, and goes on when it has its interfaces. That network is
 * kept until the links have ended: what is under way to a service that has ended still arrives.
 */
#include "supervise/supervisor_priv.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "host/channel.h"

struct supervise_join {
	const struct service *service;
	int listener, client;
	bool joined;
};

/* --- whether --- */

/* Has the process these capabilities, capabilities(7)? */
static bool
may(uint64_t wanted)
{
	char text[4096];
	const char *p;

	if (pth_read_text(AT_FDCWD, text, sizeof text, "/proc/self/status") == 0 ||
	    (p = strstr(text, "\nCapEff:")) == NULL)
		return false;
	return (strtoull(p + strlen("\nCapEff:"), NULL, 16) & wanted) == wanted;
}

/* An address of the engine that is that of another machine. */
static bool
is_far(const char *engine)
{
	static const char *const near[] = { "127.", "localhost:", "localhost/", "[::1]" };
	const char *host = engine != NULL ? strstr(engine, "://") : NULL;

	if (host == NULL || strncmp(engine, "unix:", 5) == 0)
		return false;
	for (size_t i = 0; i < countof(near); i++)
		if (strncmp(host + 3, near[i], strlen(near[i])) == 0)
			return false;
	return true;
}

const char *
pth_joins_unsupported(const json_t *rec)
{
	const json_t *plan = pth_rec_plan(rec);
	const uint64_t net_admin = 1U << 12, sys_admin = 1U << 21;

	if (json_array_size(pth_plan_links(plan)) == 0 ||
	    strcmp(pth_env_isolation(pth_plan_environment(plan)), "container") != 0)
		return NULL;
	if (is_far(getenv("DOCKER_HOST")))
		return "links: DOCKER_HOST is another machine, and links join containers of this "
		       "one";
	return may(net_admin | sys_admin) ?
	    NULL :
	    "links: only root can move them into containers, whatever engine runs those";
}

/* --- */

bool
supervise_joins_begin(struct supervisor *sup)
{
	const char *no = pth_joins_unsupported(sup->req->rec), *name;
	struct pth_err e;

	if (no != NULL) {
		supervise_ending(sup, PTH_S_UNSUPPORTED, PTH_WHY(PTH_CAT_NONE), "%s", no);
		return false;
	}
	sup->joins = pth_xarray(NULL, sup->nservices + 1, sizeof *sup->joins);
	for (size_t i = 0; i < sup->nservices; i++) {
		const struct service *s = &sup->services[i];

		if ((name = pth_inner_net(pth_svc_inner(s->plan))) == NULL)
			continue;
		sup->joins[sup->njoins] = (struct supervise_join){ .service = s,
			.client = -1,
			.listener = pth_channel_listen(
			    s->at.dirfd, name, geteuid(), getegid(), &e) };
		if (sup->joins[sup->njoins++].listener >= 0)
			continue;
		supervise_ending(
		    sup, PTH_S_ERROR, PTH_WHY(PTH_CAT_NETWORK_SETUP), "links: %s", e.text);
		return false;
	}
	return true;
}

size_t
supervise_joins_fds(const struct supervisor *sup, struct pollfd *p)
{
	size_t n = 0;

	for (size_t i = 0; i < sup->njoins; i++) {
		const struct supervise_join *j = &sup->joins[i];

		if (!j->joined)
			p[n++] = (struct pollfd){ j->client >= 0 ? j->client : j->listener, POLLIN,
				0 };
	}
	return n;
}

/* Is it a network, and not the one that we are in? */
static bool
is_its_own(int net)
{
	pth_auto_fd own = pth_ns_own_net();
	struct stat a, b;

	return ioctl(net, NS_GET_NSTYPE) == CLONE_NEWNET && own >= 0 && fstat(own, &a) == 0 &&
	    fstat(net, &b) == 0 && (a.st_dev != b.st_dev || a.st_ino != b.st_ino);
}

static int
move(struct supervisor *sup, const struct supervise_join *j, int *net, struct pth_err *e)
{
	if (!is_its_own(*net))
		return pth_err_set(e, PTH_SYSTEM, "its container has no network of its own");
	return supervise_links_move(sup, j->service->name, net, e);
}

static void
join(struct supervisor *sup, struct supervise_join *j, int given)
{
	pth_auto_fd net = given;
	struct pth_err e = { .text = "" };
	int r = move(sup, j, &net, &e);

	pth_channel_answer(j->client, r == 0 ? PTH_A_YES : PTH_A_NO, e.text);
	/* A container that is started again is another one, without the links of this one. */
	unlinkat(j->service->at.dirfd, pth_inner_net(pth_svc_inner(j->service->plan)), 0);
	pth_close(&j->listener);
	j->joined = true;
	if (r == 0)
		pth_event("link.joined", "{s:s}", "service", j->service->name);
	else
		supervise_ending(sup, PTH_S_ERROR, PTH_WHY(PTH_CAT_NETWORK_SETUP),
		    "links of %s: %s", j->service->name, e.text);
}

void
supervise_joins_step(struct supervisor *sup)
{
	for (size_t i = 0; i < sup->njoins; i++) {
		struct supervise_join *j = &sup->joins[i];
		bool over = false;
		int net;

		if (!j->joined && j->client < 0)
			j->client = pth_channel_accept(j->listener);
		if (j->joined || j->client < 0)
			continue;
		net = pth_channel_take(j->client, &over);
		if (net >= 0)
			join(sup, j, net);
		else if (over)
			pth_close(&j->client);
	}
}

void
supervise_joins_release(struct supervisor *sup)
{
	for (size_t i = 0; i < sup->njoins; i++) {
		pth_close(&sup->joins[i].listener);
		pth_close(&sup->joins[i].client);
	}
	free(sup->joins);
}
