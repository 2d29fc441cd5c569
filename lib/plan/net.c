/*
 * This file plans addresses and ports: where a service listens, and whom its clients ask.
 */
#include "plan/priv.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Returns the port inside of "4443:4443"; 0 when there is none. */
static int64_t
inner_port(const json_t *v)
{
	const char *s = json_string_value(v), *colon = s != NULL ? strrchr(s, ':') : NULL;
	char digits[8];
	long long n;
	size_t len;

	if (json_is_integer(v))
		return json_integer_value(v);
	if (s == NULL)
		return 0;
	s = colon != NULL ? colon + 1 : s;
	len = strcspn(s, "/");
	if (len == 0 || len >= sizeof digits)
		return 0;
	memcpy(digits, s, len);
	digits[len] = '\0';
	return pth_int(digits, 1, 65535, &n) ? n : 0;
}

/*
 * A service's own port: the plugin's parameter, network.port, then its
 * `ports`: the protocol's usual port when it is among them (the others are
 * published for other reasons), else the first. Last the usual port. A version
 * file's port is the usual one, and better than one that pth-parse filled in.
 */
static void
own_port(struct plan_service *s)
{
	json_t *ports = s->port_usual ? NULL : pth_given_ports(s->rec), *v;
	int64_t usual = pth_json_int(s->pparams, "port", 0), first = 0, n;
	size_t i;

	s->port_given = true;
	if ((s->port = pth_json_int(s->params, "port", 0)) > 0 ||
	    (s->port = pth_net_port(pth_given_network(s->rec))) > 0)
		return;
	json_array_foreach(ports, i, v) {
		n = inner_port(v);
		first = first != 0 ? first : n;
		if (n == usual)
			first = n;
	}
	s->port_given = first > 0;
	s->port = first != 0 ? first : usual;
}

static bool
clash(const struct plan_service *a, const struct plan_service *b)
{
	return a != b && !a->client && !b->client && a->port == b->port && a->port > 0 &&
	    strcmp(a->transport, b->transport) == 0 && strcmp(a->address, b->address) == 0;
}

static struct plan_service *
clash_of(struct plan *p, const struct plan_service *s)
{
	plan_foreach(other, p)
		if (clash(s, other))
			return other;
	return NULL;
}

/* A port that nobody asked for gives way; two that were asked for clash, and so do those for
 * which nothing is free above. */
static void
part(struct plan *p)
{
	struct plan_service *t;

	plan_foreach(s, p)
		while (!s->port_given && s->port < 65535 && clash_of(p, s) != NULL)
			s->port++;
	plan_foreach(s, p)
		if ((t = clash_of(p, s)) != NULL && s < t)
			plan_wrong(p, t, "ports", "%s and %s both want %s port %lld on %s", s->name,
			    t->name, s->transport, (long long)s->port, s->address);
}

static char *
by_env(struct plan *p, struct plan_service *s, const char *key, const char *def, size_t i)
{
	const struct pth_ynode *n = pth_yaml_get(p->eview, key);
	bool fixed = n == NULL || n->kind != PTH_YSTR || strchr(n->text, '{') == NULL;
	json_auto_t *vars = fixed ? NULL :
	                            json_pack("{s:s, s:i, s:s, s:O}", "name", s->name, "index",
	                                (int)i, "role", s->role, "parameters", p->eparams);
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	struct plan_with w = { p, vars, &e };

	if (n == NULL)
		pth_buf_adds(&b, def);
	else if (plan_text(&w, n, &b) < 0)
		plan_problem(p, PTH_ERROR, "network_environment.type", "%s", e.text);
	return pth_buf_take(&b);
}

static void
link_target(struct plan *p, struct plan_service *s)
{
	const char *name = pth_proto_target(pth_given_protocol(s->rec));
	pth_auto_buf shown = PTH_BUF_INIT;

	if (name == NULL || *name == '\0' || (s->target = plan_find(p, name)) != NULL)
		return;
	s->sound = false;
	pth_show(&shown, name, 80);
	plan_wrong(p, s, "protocol.target", "%s targets '%s', which is no service of this test",
	    s->name, shown.s);
}

/* A server that nobody can reach: nothing has told its port, and nothing is usual. */
static void
check_port(struct plan *p, const struct plan_service *s)
{
	pth_auto_buf at = PTH_BUF_INIT;

	if (s->view == NULL || s->port > 0 || s->plugin->kind != PTH_IUT ||
	    strcmp(s->role, "server") != 0 || strcmp(s->transport, "none") == 0)
		return;
	plan_problem(p, PTH_WARNING, plan_path(&at, s, "ports"),
	    "service '%s': no port given, and neither %s nor %s defines a usual one", s->name,
	    s->plugin->name, s->protocol->name);
}

static bool
takes_address(const struct plan_service *s)
{
	return plan_mentions(s->plugin, s->view, "bind_address") ||
	    plan_mentions_in_role(s, "listen");
}

static bool
is_loopback(const char *s)
{
	struct in_addr a;

	return s != NULL && strncmp(s, "127.", 4) == 0 && inet_pton(AF_INET, s, &a) == 1;
}

/* A server that listens at one address of the loopback interface is found there only. */
static void
found_where_bound(struct plan_service *s)
{
	if (s->client || s->view == NULL || strcmp(s->listen, s->address) == 0 ||
	    !is_loopback(s->listen) || !is_loopback(s->address) || !takes_address(s))
		return;
	free(s->address);
	s->address = pth_xstrdup(s->listen);
}

/* A port or an address that the service cannot use is said. */
static void
no_use(struct plan *p, const struct plan_service *s)
{
	static const char *const ports[] = { "port", "default_port" };
	const char *bind = pth_net_bind_address(pth_given_network(s->rec));
	pth_auto_buf at = PTH_BUF_INIT;

	for (size_t i = 0; i < countof(ports); i++)
		if (s->client && plan_usual_given(s, ports[i], &at) != NULL)
			plan_problem(p, PTH_WARNING, at.s,
			    "'%s' has no effect for a client: it has the port of its target",
			    ports[i]);
	if (takes_address(s))
		return;
	if (plan_usual_given(s, "bind_address", &at) != NULL)
		plan_problem(p, PTH_WARNING, at.s,
		    "'bind_address' has no effect: %s takes none as %s", s->plugin->name, s->role);
	if (bind != NULL && *bind != '\0')
		plan_problem(p, PTH_WARNING, plan_path(&at, s, "network.bind_address"),
		    "bind_address '%.80s' has no effect: %s takes none as %s", bind,
		    s->plugin->name, s->role);
}

void
plan_net(struct plan *p)
{
	plan_foreach(s, p)
		link_target(p, s);
	plan_foreach(s, p) {
		const char *own = pth_json_str(s->params, "bind_address", ""),
		           *bind = pth_net_bind_address(pth_given_network(s->rec));
		size_t i = (size_t)(s - p->services);

		s->transport = pth_desc_str(s->pview, "transport", "none");
		if (s->address == NULL) /* else a link has given it */
			s->address = by_env(p, s, "address", "127.0.0.1", i);
		bind = bind != NULL && *bind != '\0' ? bind : own;
		s->listen = *bind != '\0' ? pth_xstrdup(bind) :
		    s->address6 != NULL   ? pth_xstrdup(s->address) :
		                            by_env(p, s, "listen", s->address, i);
		if (!s->client) {
			own_port(s);
			check_port(p, s);
		}
		if (s->view != NULL)
			no_use(p, s);
		found_where_bound(s);
	}
	part(p);
	plan_foreach(s, p)
		if (s->client && s->target != NULL)
			s->port = s->target->port;
}
