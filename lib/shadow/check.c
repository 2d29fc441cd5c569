/* This file finds what Shadow cannot run, before anything is started. */
#include "shadow/priv.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

enum { HOSTS_MAX = 200 }; /* the graph has an edge for each two */

/* Is it an IPv6 address, bare or as "[::1]:4443" and within a URL? */
static bool
is_ipv6(const char *s)
{
	const char *open = strchr(s, '['), *close = open != NULL ? strchr(open, ']') : NULL;
	unsigned char a[16];
	char one[64];
	size_t n;

	if (inet_pton(AF_INET6, s, a) == 1)
		return true;
	n = close != NULL ? (size_t)(close - open - 1) : sizeof one;
	if (n >= sizeof one)
		return false;
	memcpy(one, open + 1, n);
	one[n] = '\0';
	return inet_pton(AF_INET6, one, a) == 1;
}

static void
ipv6(struct shadow *s, const char *path, const char *text)
{
	if (text != NULL && is_ipv6(text))
		shadow_error(s, path, "'%.60s' is an IPv6 address, and Shadow has no IPv6", text);
}

static void
no_ipv6(struct shadow *s, const struct shadow_host *h)
{
	const json_t *run = pth_phases_run(pth_svc_phases(h->svc));
	const char *name = pth_svc_name(h->svc), *key;
	pth_auto_buf path = PTH_BUF_INIT;
	json_t *v;
	size_t i;

	pth_buf_addf(&path, "services.%s.network.bind_address", name);
	ipv6(s, path.s, pth_net_bind_address(pth_given_network(h->given)));
	json_object_foreach(pth_given_secondary_endpoints(h->given), key, v) {
		pth_buf_cut(&path, 0);
		pth_buf_addf(&path, "services.%s.secondary_endpoints.%s", name, key);
		ipv6(s, path.s, json_string_value(v));
	}
	pth_buf_cut(&path, 0);
	pth_buf_addf(&path, "services.%s.implementation.name", name);
	json_array_foreach(pth_cmd_argv(run), i, v)
		ipv6(s, path.s, json_string_value(v));
}

/* What is said of a service and cannot be kept. */
static void
service(struct shadow *s, const struct shadow_host *h)
{
	const char *name = pth_svc_name(h->svc),
	           *why = pth_json_str(
	               json_object_get(s->params, "refused"), pth_svc_plugin(h->svc), NULL);
	pth_auto_buf path = PTH_BUF_INIT;
	size_t n;

	pth_buf_addf(&path, "services.%s.", name);
	n = path.len;
	if (why != NULL) {
		pth_buf_adds(&path, "implementation.name");
		shadow_warn(s, path.s, "%s: under Shadow %s %s", name, pth_svc_plugin(h->svc), why);
	}
	if (strcmp(pth_svc_restart(h->svc), pth_svc_restart(NULL)) != 0) {
		pth_buf_cut(&path, n);
		pth_buf_adds(&path, "restart_policy");
		shadow_error(s, path.s, "%s: Shadow starts no program again", name);
	}
	if (json_object_size(pth_svc_limits(h->svc)) > 0) {
		pth_buf_cut(&path, n);
		pth_buf_adds(&path, "limits");
		shadow_warn(s, path.s, "%s: limits are not kept under Shadow", name);
	}
	if (pth_net_mtu(pth_given_network(h->given)) > 0) {
		pth_buf_cut(&path, n);
		pth_buf_adds(&path, "network.mtu");
		shadow_warn(s, path.s, "%s: mtu has no effect under Shadow", name);
	}
	no_ipv6(s, h);
}

static void
names(struct shadow *s)
{
	static const char *const taken[] = { PTH_SHADOW_WHOLE, PTH_SHADOW_YAML, PTH_SHADOW_SPEC,
		PTH_SHADOW_DATA };

	for (size_t i = 0; i < s->n; i++) {
		const char *name = pth_svc_name(s->hosts[i].svc);
		pth_auto_buf path = PTH_BUF_INIT;

		if (!pth_one_of(name, taken, countof(taken)))
			continue;
		pth_buf_addf(&path, "services.%s", name);
		shadow_error(s, path.s,
		    "a service under Shadow cannot be named %s: the test's directory has this "
		    "already",
		    name);
	}
	if (s->n > HOSTS_MAX)
		shadow_error(s, "services", "%zu services: pth writes networks of %d hosts at most",
		    s->n, HOSTS_MAX);
}

/* Nobody can come in from outside while simulated time passes. */
static void
from_outside(struct shadow *s)
{
	static const char *const kinds[] = { "exec", "signal", "restart", "pause", "resume",
		"link" };
	json_t *v;
	size_t i;

	json_array_foreach(pth_steps_actions(pth_test_steps(s->rec)), i, v) {
		pth_auto_buf path = PTH_BUF_INIT;

		pth_buf_addf(&path, "steps.%zu", i);
		for (size_t k = 0; k < countof(kinds); k++)
			if (json_object_get(v, kinds[k]) != NULL)
				shadow_error(s, path.s,
				    "steps: nothing can be done to a service in simulated time "
				    "(%s)",
				    kinds[k]);
	}
	json_array_foreach(pth_test_assertions(s->rec), i, v) {
		pth_auto_buf path = PTH_BUF_INIT;

		pth_buf_addf(&path, "assertions.%zu", i);
		shadow_error(s, path.s,
		    "assertions: nobody can look at a service in simulated time (%s); use expect",
		    pth_look_type(v));
	}
}

/* What would stand between Shadow and a program, unless the experiment says that it can. */
static void
profilers(struct shadow *s)
{
	json_t *v;
	size_t i;

	json_array_foreach(pth_test_execution_environment(s->rec), i, v) {
		pth_auto_buf path = PTH_BUF_INIT;

		if (!pth_exenv_enabled(v) || pth_envparam_incompatibility(s->params) != NULL)
			continue;
		pth_buf_addf(&path, "execution_environment.%zu.type", i);
		shadow_error(s, path.s,
		    "%s cannot run under Shadow, which answers the system calls itself",
		    pth_exenv_type(v));
	}
}

static void
capture(struct shadow *s)
{
	static const char *const idle[] = { "filter", "ring", "max_size", "interface", "buffer" };
	const json_t *given = pth_test_capture(s->rec);

	for (size_t i = 0; i < countof(idle); i++) {
		const json_t *v = json_object_get(given, idle[i]);
		pth_auto_buf path = PTH_BUF_INIT;

		if (v == NULL || json_is_null(v))
			continue;
		pth_buf_addf(&path, "capture.%s", idle[i]);
		shadow_warn(s, path.s,
		    "capture.%s has no effect: Shadow captures all packets of each host", idle[i]);
	}
}

void
shadow_check(struct shadow *s)
{
	names(s);
	from_outside(s);
	profilers(s);
	capture(s);
	for (size_t i = 0; i < s->n; i++)
		service(s, &s->hosts[i]);
}
