/* This file gives each service its host: a name that Shadow takes, an address, a node of the
 * network, and the times at which its program starts and is ended. */
#include "shadow/priv.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define FIRST_START_US PTH_SECOND_US      /* as PANTHER has it: servers at 1 s, clients at 5 s */
#define NEXT_START_US (4 * PTH_SECOND_US) /* for each that has to be there before */
#define HOST_MAX 50                       /* bytes of a name; a number may follow */

struct shadow_host *
shadow_find(const struct shadow *s, const char *service)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(pth_svc_name(s->hosts[i].svc), service) == 0)
			return &s->hosts[i];
	return NULL;
}

/* --- names */

static bool
is_taken(const struct shadow *s, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s->hosts[i].name, name) == 0)
			return true;
	return false;
}

/* Names of hosts are letters in lower case, digits and '-', hostname(7), and begin with no '-'. */
static char *
name_of(const struct shadow *s, size_t i)
{
	const char *given = pth_svc_name(s->hosts[i].svc);
	pth_auto_buf base = PTH_BUF_INIT;
	struct pth_buf b = PTH_BUF_INIT;

	for (; *given != '\0' && base.len < HOST_MAX; given++)
		pth_buf_addc(&base, pth_is_alnum(*given) ? pth_lower(*given) : '-');
	if (base.len == 0 || *base.s == '-') {
		pth_buf_adds(&b, "h");
		pth_buf_adds(&b, base.s != NULL ? base.s : "");
		pth_buf_cut(&base, 0);
		pth_buf_adds(&base, b.s);
		pth_buf_cut(&b, 0);
	}
	pth_buf_adds(&b, base.s);
	for (unsigned n = 2; is_taken(s, i, b.s); n++) {
		pth_buf_cut(&b, 0);
		pth_buf_addf(&b, "%s-%u", base.s, n);
	}
	return pth_buf_take(&b);
}

/* --- what the experiment says of it */

/* The part of `hosts` for this service: under its name, its key or its role; or NULL. path: of
 * its marks. */
static const json_t *
own_of(const struct shadow *s, const struct shadow_host *h, struct pth_buf *path)
{
	const json_t *map = json_object_get(s->params, "hosts"), *v;
	const char *names[] = { pth_svc_name(h->svc), pth_svc_role(h->svc) };

	for (size_t i = 0; i < countof(names); i++) {
		v = json_object_get(map, names[i]);
		if (!json_is_object(v))
			continue;
		pth_buf_cut(path, 0);
		pth_buf_addf(path, "network_environment.hosts.%s", names[i]);
		return v;
	}
	return NULL;
}

/* Whom a host of `hosts` is, that is no service and no role of one: a slip. */
static void
check_names(struct shadow *s)
{
	const char *name;
	json_t *v;

	json_object_foreach(json_object_get(s->params, "hosts"), name, v) {
		pth_auto_buf path = PTH_BUF_INIT, shown = PTH_BUF_INIT;
		bool known = strcmp(name, "server") == 0 || strcmp(name, "client") == 0;

		for (size_t i = 0; i < s->n; i++)
			known = known || strcmp(name, pth_svc_name(s->hosts[i].svc)) == 0 ||
			    strcmp(name, pth_svc_role(s->hosts[i].svc)) == 0;
		if (known)
			continue;
		pth_show(&shown, name, 80);
		pth_buf_addf(&path, "network_environment.hosts.%s", name);
		shadow_error(s, path.s, "hosts: '%s' is no service of this test, and no role",
		    shown.s != NULL ? shown.s : "");
	}
}

static void
check_address(struct shadow *s, size_t i)
{
	const char *address = pth_svc_address(s->hosts[i].svc);
	pth_auto_buf path = PTH_BUF_INIT;
	struct in_addr a;

	if (own_of(s, &s->hosts[i], &path) != NULL)
		pth_buf_adds(&path, ".ip_addr");
	else
		pth_buf_adds(&path, "network_environment.hosts");
	if (*address == '\0')
		return; /* said before */
	if (inet_pton(AF_INET, address, &a) != 1) {
		shadow_error(s, path.s,
		    "hosts: '%.60s' is no IPv4 address; Shadow has no IPv6 and no names for it",
		    address);
		return;
	}
	for (size_t k = 0; k < i; k++)
		if (strcmp(address, pth_svc_address(s->hosts[k].svc)) == 0)
			shadow_error(s, path.s,
			    "hosts: %s and %s both have the address %s; give each its own, "
			    "hosts.NAME.ip_addr",
			    pth_svc_name(s->hosts[k].svc), pth_svc_name(s->hosts[i].svc), address);
}

/* --- times */

/* How long after its start a service is taken to be ready. */
static int64_t
delay_of(const struct shadow_host *h)
{
	int64_t us = NEXT_START_US, own = 0;
	json_t *ready;
	size_t i;

	json_array_foreach(pth_svc_ready(h->svc), i, ready)
		own += pth_ready_us(ready);
	return own > us ? own : us;
}

/* The start that follows from the starts of those before it. */
static int64_t
usual_start(struct shadow *s, const struct shadow_host *h)
{
	int64_t us = FIRST_START_US, after;
	const struct shadow_host *t;
	json_t *a;
	size_t i;

	json_array_foreach(pth_svc_after(h->svc), i, a) {
		const char *state = pth_await_state(a);
		pth_auto_buf path = PTH_BUF_INIT;

		if ((t = shadow_find(s, pth_await_service(a))) == NULL)
			continue;
		pth_buf_addf(&path, "services.%s.depends_on", pth_svc_name(h->svc));
		if (strcmp(state, "completed") == 0 || strcmp(state, "stopped") == 0)
			shadow_error(s, path.s,
			    "%s waits for the end of %s, of which Shadow has no notion; give its "
			    "start: network_environment.hosts.%s.start_time",
			    pth_svc_name(h->svc), pth_svc_name(t->svc), pth_svc_name(h->svc));
		after = t->start_us + delay_of(t);
		us = after > us ? after : us;
	}
	return us;
}

static void
times(struct shadow *s, struct shadow_host *h)
{
	int64_t limit = pth_svc_timeout_us(h->svc), ns;
	pth_auto_buf path = PTH_BUF_INIT;
	const json_t *own = own_of(s, h, &path), *start = json_object_get(own, "start_time");

	if (start != NULL && shadow_time(start, PTH_SECOND_US * 1000, &ns))
		h->start_us = ns / 1000;
	else
		h->start_us = usual_start(s, h);
	pth_buf_adds(&path, path.len > 0 ? ".start_time" : "network_environment.general.stop_time");
	if (h->start_us >= s->stop_us)
		shadow_error(s, path.s,
		    "%s starts at %.15g s, but the simulation stops at %.15g s (general.stop_time)",
		    pth_svc_name(h->svc), (double)h->start_us / (double)PTH_SECOND_US,
		    (double)s->stop_us / (double)PTH_SECOND_US);
	/* A server is ended with the simulation. */
	if (pth_svc_finite(h->svc) && limit > 0 && h->start_us + limit < s->stop_us)
		h->shutdown_us = h->start_us + limit;
}

/* --- all */

void
shadow_hosts(struct shadow *s)
{
	const json_t *list = pth_plan_services(s->plan), *services = pth_test_services(s->rec);
	json_t *svc;
	size_t i;

	s->n = json_array_size(list);
	s->hosts = pth_xarray(NULL, s->n + 1, sizeof *s->hosts);
	memset(s->hosts, 0, (s->n + 1) * sizeof *s->hosts);
	json_array_foreach(list, i, svc) {
		struct shadow_host *h = &s->hosts[i];
		pth_auto_buf path = PTH_BUF_INIT;

		h->svc = svc;
		h->given = json_object_get(services, pth_svc_name(svc));
		h->name = name_of(s, i);
		h->node = pth_json_int(own_of(s, h, &path), "network_node_id", (int64_t)i);
		h->pcap = json_is_object(pth_plan_capture(s->plan)) &&
		    json_is_string(PTH_GET(cap, pth_plan_capture(s->plan), file)) &&
		    !json_is_false(pth_svc_capture(svc));
		if (h->node < 0 || h->node > UINT32_MAX) {
			pth_buf_adds(&path, ".network_node_id");
			shadow_error(s, path.s, "network_node_id: 0 to %u", UINT32_MAX);
		}
	}
	check_names(s);
	for (i = 0; i < s->n; i++) {
		check_address(s, i);
		times(s, &s->hosts[i]);
	}
}
