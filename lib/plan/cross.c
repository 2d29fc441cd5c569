/*
 * This file makes of the scenarios of quic-network-simulator that have cross traffic a link
 * without it, and two services more: iperf3 at both ends of that link, in the networks of the
 * services that are there.
 */
#include "plan/priv.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define PORT 5201
#define DEFAULT_LINK "simple-p2p"

struct cross {
	bool udp;
	char rate[32]; /* of iperf3; "": as much as goes */
	struct pth_buf simple;
};

static const char *const names[] = { "cross-traffic", "tcp-cross-traffic", "udp-cross-traffic" };

/* "10Mbps" of ns-3 is "10M" of iperf3. */
static bool
take_rate(struct cross *c, const char *value, size_t n)
{
	long long whole;
	char text[sizeof c->rate];
	size_t digits;

	if (n <= 3 || n - 3 >= sizeof text || strncmp(value + n - 3, "bps", 3) != 0)
		return false;
	snprintf(text, sizeof text, "%.*s", (int)(n - 3), value);
	digits = strspn(text, "0123456789.");
	if (digits == 0 ||
	    (text[digits] != '\0' && strcmp(text + digits, "k") != 0 &&
	        strcmp(text + digits, "K") != 0 && strcmp(text + digits, "M") != 0 &&
	        strcmp(text + digits, "G") != 0))
		return false;
	memcpy(c->rate, text, sizeof c->rate);
	text[strcspn(text, ".kKMG")] = '\0';
	return pth_int(text, 0, 1000000000000, &whole);
}

/* Is it a scenario with cross traffic? NULL in *wrong: nothing is wrong with that part of it. */
static bool
read_cross(const char *text, struct cross *c, const char **wrong)
{
	static const char option[] = "--crossdatarate=";
	size_t n = strcspn(text, " ");
	pth_auto_str name = pth_xstrndup(text, n);

	*wrong = NULL;
	*c = (struct cross){ .simple = PTH_BUF_INIT };
	if (!pth_one_of(name, names, countof(names)))
		return false;
	c->udp = strcmp(name, "udp-cross-traffic") == 0;
	pth_buf_adds(&c->simple, DEFAULT_LINK);
	for (text += n + strspn(text + n, " "); *text != '\0'; text += n + strspn(text + n, " ")) {
		n = strcspn(text, " ");
		if (strncmp(text, option, strlen(option)) != 0)
			pth_buf_addf(&c->simple, " %.*s", (int)n, text);
		else if (!take_rate(c, text + strlen(option), n - strlen(option)))
			*wrong = "--crossdatarate: expected a rate as 10Mbps";
	}
	if (c->udp && c->rate[0] == '\0' && *wrong == NULL)
		*wrong = "scenario udp-cross-traffic wants --crossdatarate";
	return true;
}

bool
plan_is_local(const struct plan *p)
{
	const struct pth_plugin *root = p->env;

	while (root != NULL && root->base != NULL)
		root = root->base;
	return root != NULL && strcmp(root->name, "localhost") == 0;
}

bool
plan_cross_rewrite(struct plan *p, const char *path, struct pth_buf *text)
{
	pth_auto_buf at = PTH_BUF_INIT;
	struct cross c;
	const char *wrong;

	if (!plan_is_local(p) || !read_cross(text->s, &c, &wrong))
		return true; /* pth_link_config_scenario() says that it has none */
	if (strncmp(path, "steps.", 6) == 0)
		wrong = "scenario: cross traffic begins with the test: say it in links";
	pth_buf_addf(&at, "%s.scenario", path);
	if (wrong != NULL)
		plan_problem(p, PTH_ERROR, at.s, "%s", wrong);
	pth_buf_cut(text, 0);
	pth_buf_adds(text, c.simple.s);
	pth_buf_release(&c.simple);
	return wrong == NULL;
}

/* --- the two services --- */

/* The names of a link's ends, clients first; NULL: it is not said which link. */
static const char *
end_name(struct plan *p, const json_t *entry, size_t i)
{
	json_t *map = pth_test_services(p->rec), *v;
	const json_t *between = json_object_get(entry, "between");
	const char *key, *name[2] = { NULL, NULL };

	if (json_array_size(between) == 2)
		return json_string_value(json_array_get(between, i));
	if (json_object_size(map) != 2)
		return NULL;
	json_object_foreach(map, key, v) {
		const char *role = pth_proto_role(pth_given_protocol(v));
		bool first = name[0] == NULL && strcmp(role, "client") == 0;

		name[first || name[1] != NULL ? 0 : 1] = pth_json_str(v, PTH_KEY(given, name), key);
	}
	return name[i];
}

static json_t *
service(const char *name, const char *role, const char *beside, unsigned port, json_t *params)
{
	json_t *s = json_object(), *protocol = json_object();
	char ports[24];

	snprintf(ports, sizeof ports, "%u:%u", port, port);
	pth_impl_set_name(params, "iperf3");
	pth_proto_set_name(protocol, "tcp");
	pth_proto_set_role(protocol, role);
	pth_given_set_name(s, name);
	pth_given_set_implementation(s, params);
	pth_given_set_protocol(s, protocol);
	pth_json_set(s, PTH_KEY(given, finite), json_false());
	pth_given_set_beside(s, beside);
	if (strcmp(role, "server") == 0)
		pth_given_set_ports(s, json_pack("[s]", ports));
	return s;
}

/* What the client is told: a flow of TCP comes from the right end, as that of the simulator,
 * with Reno; UDP goes there from 20 s on. */
static json_t *
parameters(const struct cross *c)
{
	json_t *o = c->udp ? json_pack("{s:b,s:i,s:i}", "udp", 1, "length", 512, "begin", 20) :
	                     json_pack("{s:b,s:s}", "reverse", 1, "congestion", "reno");

	if (c->rate[0] != '\0')
		pth_json_set(o, "rate", json_string(c->rate));
	return o;
}

static void
put(struct plan *p, const char *name, json_t *service, const char *path)
{
	json_t *map = pth_test_services(p->rec), *marks = pth_test_marks(p->rec);
	pth_auto_buf at = PTH_BUF_INIT;
	const char *file;
	unsigned line, col;

	if (json_object_get(map, name) != NULL) {
		plan_problem(p, PTH_ERROR, path,
		    "scenario: its cross traffic is called %s, and so is a service", name);
		json_decref(service);
		return;
	}
	pth_buf_addf(&at, "services.%s", name);
	pth_rec_where(p->rec, path, &file, &line, &col);
	if (marks != NULL)
		pth_json_set(marks, at.s, json_pack("[i,i,s]", (int)line, (int)col, file));
	pth_json_set(map, name, service);
}

static void
add(struct plan *p, const json_t *entry, const char *text, const char *path, unsigned *count)
{
	const char *left, *right, *wrong;
	json_t *client, *protocol;
	char names_[2][40];
	struct cross c;

	if (!read_cross(text, &c, &wrong))
		return;
	left = end_name(p, entry, 0), right = end_name(p, entry, 1);
	if (left == NULL || right == NULL)
		plan_problem(p, PTH_ERROR, path,
		    "scenario: name the two by between: that the cross traffic is to pass");
	if (left != NULL && right != NULL && wrong == NULL) {
		for (unsigned i = 0; i < 2; i++)
			snprintf(names_[i], sizeof names_[i],
			    *count > 0 ? "cross-traffic-%s-%u" : "cross-traffic-%s",
			    i == 0 ? "client" : "server", *count + 1);
		client = service(names_[0], "client", left, 0, parameters(&c));
		protocol = pth_given_protocol(client);
		pth_proto_set_target(protocol, names_[1]);
		put(p, names_[1], service(names_[1], "server", right, PORT + *count, json_object()),
		    path);
		put(p, names_[0], client, path);
		(*count)++;
	}
	pth_buf_release(&c.simple);
}

void
plan_cross(struct plan *p)
{
	json_t *v, *services = pth_test_services(p->rec);
	unsigned count = 0;
	const char *key;
	size_t i;

	if (!plan_is_local(p))
		return;
	json_object_foreach(services, key, v)
		if (pth_given_beside(v) != NULL)
			return; /* they are there */
	add(p, NULL, pth_json_str(p->eparams, "scenario", ""), "network_environment.scenario",
	    &count);
	json_array_foreach(pth_test_links(p->rec), i, v) {
		pth_auto_buf at = PTH_BUF_INIT;

		pth_buf_addf(&at, "links.%zu.scenario", i);
		add(p, v, pth_json_str(v, "scenario", ""), at.s, &count);
	}
}
