/*
 * This file plans the links of a test: which services they join, by which addresses, and what
 * pth-link is told of each.
 */
#include "plan/priv.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "link/run.h"

#define WIRES_MAX 128
#define MESH_MAX 12 /* services that are joined when nobody says how */

/* --- who --- */

static size_t
node_find(const struct plan *p, const char *name)
{
	const struct plan_service *s = plan_find((struct plan *)(uintptr_t)p, name);

	for (size_t i = 0; i < p->nnodes; i++)
		if (s != NULL ? p->nodes[i].s == s : strcmp(p->nodes[i].name, name) == 0)
			return i;
	return p->nnodes;
}

static void
add_nodes(struct plan *p)
{
	json_t *routers = pth_test_routers(p->rec), *v;
	size_t i;

	p->nodes = pth_xarray(NULL, p->nservices + json_array_size(routers) + 1, sizeof *p->nodes);
	plan_foreach(s, p)
		if (s->beside == NULL)
			p->nodes[p->nnodes++] = (struct plan_node){
				.name = s->name, .s = s, .addresses = json_array()
			};
	json_array_foreach(routers, i, v) {
		const char *name = json_is_string(v) ? json_string_value(v) : "";
		pth_auto_buf at = PTH_BUF_INIT;

		pth_buf_addf(&at, "routers.%zu", i);
		if (!pth_name_ok(name) || node_find(p, name) < p->nnodes)
			plan_problem(p, PTH_ERROR, at.s, "routers: '%.63s' is %s", name,
			    pth_name_ok(name) ? "another's name already" :
			                        "no name: letters, digits, '.', '_' and '-'");
		else
			p->nodes[p->nnodes++] = (struct plan_node){ .name = name,
				.addresses = json_array() };
	}
}

/* --- wires --- */

static struct plan_wire *
add_wire(struct plan *p, size_t a, size_t b)
{
	struct plan_wire *w;

	p->wires = pth_xarray(p->wires, p->nwires + 1, sizeof *p->wires);
	w = &p->wires[p->nwires++];
	*w = (struct plan_wire){ .node = { a, b },
		.config = json_object(),
		.timed = json_object(),
		.addresses = { json_array(), json_array() } };
	for (size_t i = 0; i < 2; i++)
		snprintf(w->interface[i], sizeof w->interface[i], "eth%zu",
		    p->nodes[w->node[i]].wires++);
	return w;
}

static struct plan_wire *
wire_named(struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->nwires; i++)
		if (p->wires[i].name != NULL && strcmp(p->wires[i].name, name) == 0)
			return &p->wires[i];
	return NULL;
}

static bool
joins(const struct plan_wire *w, size_t a, size_t b)
{
	return (w->node[0] == a && w->node[1] == b) || (w->node[0] == b && w->node[1] == a);
}

/* What a direction of its own says belongs to the link that is there, of that name if the entry
 * has one. */
static struct plan_wire *
wire_of(struct plan *p, const json_t *entry, size_t a, size_t b)
{
	const char *name = pth_json_str(entry, "name", NULL);
	struct plan_wire *w = name != NULL ? wire_named(p, name) : NULL;

	if (name != NULL)
		return w != NULL && joins(w, a, b) ? w : NULL;
	for (size_t i = 0; i < p->nwires; i++)
		if (joins(&p->wires[i], a, b))
			return &p->wires[i];
	return NULL;
}

static bool
ends_of(const struct plan *p, const json_t *entry, size_t ends[2])
{
	const json_t *between = json_object_get(entry, "between");

	for (size_t i = 0; i < 2; i++) {
		const char *name = json_string_value(json_array_get(between, i));

		ends[i] = name != NULL ? node_find(p, name) : p->nnodes;
		if (ends[i] == p->nnodes)
			return false;
	}
	return true;
}

/* Addresses and a name belong to one link, so it has to be said which. */
static void
homeless(struct plan *p, const json_t *entry, size_t i)
{
	static const char *const keys[] = { "left", "right", "name" };
	pth_auto_buf at = PTH_BUF_INIT;

	for (size_t k = 0; k < countof(keys); k++)
		if (json_object_get(entry, keys[k]) != NULL) {
			pth_buf_cut(&at, 0);
			pth_buf_addf(&at, "links.%zu.%s", i, keys[k]);
			plan_problem(p, PTH_ERROR, at.s, "%s: say by between: which link has %s",
			    keys[k], k < 2 ? "these addresses" : "this name");
		}
}

/* The name of a new one. */
static void
call(struct plan *p, struct plan_wire *w, const char *name, const char *at)
{
	if (name == NULL)
		return;
	if (!pth_name_ok(name))
		plan_problem(p, PTH_ERROR, at,
		    "name: '%.63s' is no name: letters, digits, '.', '_' and '-'", name);
	else if (wire_named(p, name) != NULL)
		plan_problem(p, PTH_ERROR, at, "name: two links are called %s", name);
	else
		w->name = name;
}

static void
declare(struct plan *p, const json_t *entry, size_t i)
{
	pth_auto_buf at = PTH_BUF_INIT;
	struct plan_wire *w;
	size_t ends[2];
	bool both = strcmp(pth_json_str(entry, "direction", "both"), "both") == 0;

	pth_buf_addf(&at, "links.%zu.between", i);
	if (json_object_get(entry, "between") == NULL) {
		homeless(p, entry, i);
		return;
	}
	if (!ends_of(p, entry, ends)) {
		plan_problem(p, PTH_ERROR, at.s, "between: expected two services or routers");
		return;
	}
	if (ends[0] == ends[1]) {
		plan_problem(p, PTH_ERROR, at.s, "between: a link has two ends, and both are '%s'",
		    p->nodes[ends[0]].name);
		return;
	}
	w = both ? NULL : wire_of(p, entry, ends[0], ends[1]);
	if (w == NULL && p->nwires < WIRES_MAX) {
		w = add_wire(p, ends[0], ends[1]);
		w->entry = i;
		w->declared = true;
		pth_buf_cut(&at, 0);
		pth_buf_addf(&at, "links.%zu.name", i);
		call(p, w, pth_json_str(entry, "name", NULL), at.s);
	} else if (w == NULL) {
		plan_problem(p, PTH_ERROR, at.s, "more than %d links", WIRES_MAX);
	}
}

/* Each with each, clients at the left. */
static void
mesh(struct plan *p)
{
	if (p->nnodes > MESH_MAX) {
		plan_problem(p, PTH_ERROR, "network_environment.type",
		    "%zu services: say by links: between: which of them are joined", p->nnodes);
		return;
	}
	for (size_t a = 0; a < p->nnodes; a++)
		for (size_t b = a + 1; b < p->nnodes; b++) {
			bool turn = p->nodes[b].s != NULL && p->nodes[b].s->client &&
			    (p->nodes[a].s == NULL || !p->nodes[a].s->client);

			add_wire(p, turn ? b : a, turn ? a : b);
		}
}

/* --- addresses --- */

size_t
plan_address(const char *s, unsigned char a[16])
{
	const char *slash = strchr(s, '/');
	char text[64];
	long long bits;
	size_t n;

	if (slash == NULL || (size_t)(slash - s) >= sizeof text)
		return 0;
	snprintf(text, sizeof text, "%.*s", (int)(slash - s), s);
	n = inet_pton(AF_INET, text, a) == 1 ? 4 : inet_pton(AF_INET6, text, a) == 1 ? 16 : 0;
	return n > 0 && pth_int(slash + 1, 1, (long long)n * 8, &bits) ? n : 0;
}

/* Has it another end already? */
static bool
is_taken(const struct plan *p, const char *text)
{
	unsigned char a[16], b[16];
	size_t n = plan_address(text, a), i;
	json_t *v;

	for (size_t k = 0; k < p->nnodes; k++)
		json_array_foreach(p->nodes[k].addresses, i, v)
			if (plan_address(json_string_value(v), b) == n && memcmp(a, b, n) == 0)
				return true;
	return false;
}

static void
give(struct plan *p, struct plan_wire *w, unsigned end, const char *text, const char *path)
{
	unsigned char a[16];

	if (plan_address(text, a) == 0)
		plan_problem(p, PTH_ERROR, path,
		    "expected an address and its prefix as 10.0.0.1/24, not '%.60s'", text);
	else if (is_taken(p, text))
		plan_problem(p, PTH_ERROR, path, "two ends of links have the address %s", text);
	else if (json_array_size(w->addresses[end]) == 4)
		plan_problem(p, PTH_ERROR, path, "more than 4 addresses");
	else {
		pth_json_push(w->addresses[end], json_string(text));
		pth_json_push(p->nodes[w->node[end]].addresses, json_string(text));
	}
}

/* Those of the entry, or ours: those of RFC 2544 and RFC 5180 are nobody's. */
static void
addresses(struct plan *p, size_t i)
{
	static const char *const keys[] = { "left", "right" };
	struct plan_wire *w = &p->wires[i];
	const json_t *entry = w->declared ? json_array_get(pth_test_links(p->rec), w->entry) : NULL;
	bool own = json_object_get(entry, keys[0]) != NULL ||
	    json_object_get(entry, keys[1]) != NULL;
	pth_auto_buf at = PTH_BUF_INIT, text = PTH_BUF_INIT;

	for (unsigned end = 0; end < 2; end++) {
		const json_t *list = json_object_get(entry, keys[end]);
		json_t *v;
		size_t k;

		pth_buf_cut(&at, 0);
		pth_buf_addf(&at, "links.%zu.%s", w->entry, keys[end]);
		if (json_is_string(list))
			give(p, w, end, json_string_value(list), at.s);
		json_array_foreach((json_t *)(uintptr_t)list, k, v)
			give(p, w, end, json_is_string(v) ? json_string_value(v) : "", at.s);
		if (own && list == NULL)
			plan_problem(p, PTH_ERROR, at.s, "%s: give both ends addresses, or none",
			    keys[1 - end]);
		if (own)
			continue;
		pth_buf_cut(&text, 0);
		pth_buf_addf(&text, "198.18.%zu.%u/24", i, end + 1);
		give(p, w, end, text.s, at.s);
		pth_buf_cut(&text, 0);
		pth_buf_adds(&text, "2001:2:");
		if (i > 0)
			pth_buf_addf(&text, "0:%zx:", i);
		pth_buf_addf(&text, ":%u/64", end + 1);
		give(p, w, end, text.s, at.s);
	}
}

/* Are they addresses of one link? */
static void
check_pair(struct plan *p, const struct plan_wire *w)
{
	struct pth_strv list[2] = { { NULL, 0 }, { NULL, 0 } };
	pth_auto_buf at = PTH_BUF_INIT;
	struct pth_err e;
	json_t *v;
	size_t i;

	for (size_t k = 0; k < 2; k++)
		json_array_foreach(w->addresses[k], i, v)
			pth_strv_push(&list[k], pth_xstrdup(json_string_value(v)));
	pth_buf_addf(&at, "links.%zu.left", w->entry);
	if (!plan_failed(p) && pth_link_addresses_check(list, &e) != 0)
		plan_problem(p, PTH_ERROR, at.s, "%s", e.text);
	pth_strv_free(list[0].v);
	pth_strv_free(list[1].v);
}

/* Its first address of a family, without the prefix; NULL: it has none. To free. */
static char *
first_of(const struct plan_node *n, size_t size)
{
	unsigned char a[16];
	json_t *v;
	size_t i;

	json_array_foreach(n->addresses, i, v)
		if (plan_address(json_string_value(v), a) == size)
			return pth_xstrndup(
			    json_string_value(v), strcspn(json_string_value(v), "/"));
	return NULL;
}

static void
name_services(struct plan *p)
{
	plan_foreach(s, p) {
		size_t at = s->beside != NULL ? node_find(p, s->beside) : p->nnodes;

		if (at < p->nnodes) {
			s->address = first_of(&p->nodes[at], 4);
			s->address6 = first_of(&p->nodes[at], 16);
		}
	}
	for (size_t i = 0; i < p->nnodes; i++) {
		const struct plan_node *n = &p->nodes[i];

		if (n->s == NULL)
			continue;
		n->s->address = first_of(n, 4);
		n->s->address6 = first_of(n, 16);
		if (n->s->address == NULL && n->s->address6 != NULL)
			n->s->address = pth_xstrdup(n->s->address6);
	}
}

/* --- conditions --- */

/* Is its client at the right? */
static bool
is_flipped(const struct plan *p, const struct plan_wire *w)
{
	const struct plan_service *a = p->nodes[w->node[0]].s, *b = p->nodes[w->node[1]].s;

	return (a == NULL || !a->client) && b != NULL && b->client;
}

static void
conditions(struct plan *p, size_t i)
{
	struct plan_wire *w = &p->wires[i];
	json_t *list = pth_test_links(p->rec), *entry;
	const json_t *network = json_object_get(p->eparams, "network");
	size_t k, ends[2];

	plan_conditions_plugin(p, p->env, "network_environment", is_flipped(p, w), w->config);
	plan_conditions_usual(p, network, w->config);
	plan_conditions_usual(p, p->eparams, w->config);
	plan_conditions_scenario(p, is_flipped(p, w), w->timed);
	for (unsigned own = 0; own < 2; own++)
		json_array_foreach(list, k, entry) {
			pth_auto_buf at = PTH_BUF_INIT;
			bool both = strcmp(pth_json_str(entry, "direction", "both"), "both") == 0;

			if ((json_object_get(entry, "between") != NULL) != (own == 1))
				continue;
			pth_buf_addf(&at, "links.%zu", k);
			if (own == 0)
				plan_conditions(
				    p, entry, at.s, false, is_flipped(p, w), w->config, w->timed);
			else if ((both && w->declared && w->entry == k) ||
			    (!both && ends_of(p, entry, ends) &&
			        wire_of(p, entry, ends[0], ends[1]) == w))
				plan_conditions(p, entry, at.s,
				    ends_of(p, entry, ends) && ends[0] != w->node[0],
				    is_flipped(p, w), w->config, w->timed);
		}
}

/* A server that others look for at its port cannot be behind a NAT that forgets it. */
static void
check_rebind(struct plan *p, const struct plan_wire *w, const json_t *config, const char *path)
{
	const struct plan_service *left = p->nodes[w->node[0]].s;
	pth_auto_buf at = PTH_BUF_INIT;

	if (left == NULL || left->client || json_object_get(config, "rebind") == NULL)
		return;
	pth_buf_addf(&at, "%s.rebind", path);
	plan_problem(p, PTH_ERROR, at.s,
	    "rebind: %s has a fixed port, which clients ask for; name the client first in between",
	    left->name);
}

static bool
wanted(const struct plan *p)
{
	const struct pth_ynode *n = pth_yaml_get(p->eview, "links");

	return json_array_size(pth_test_links(p->rec)) > 0 ||
	    json_array_size(pth_test_routers(p->rec)) > 0 || (n != NULL && n->b) ||
	    (p->nservices > 1 && plan_is_shaped(p));
}

/* Links join namespaces of this machine; what else there is has its own networks. */
static bool
joinable(const struct plan *p)
{
	const struct pth_plugin *root = p->env;

	while (root->base != NULL)
		root = root->base;
	return strcmp(root->name, "localhost") == 0 || strcmp(root->name, "docker_compose") == 0;
}

static bool
possible(struct plan *p)
{
	const char *asked = pth_test_isolation(p->rec);

	if (!plan_links_contained(p) || !joinable(p))
		return false; /* of others pth-exec says so */
	if (asked != NULL && strcmp(asked, "none") == 0) {
		plan_problem(p, PTH_ERROR, "isolation",
		    "isolation: none: links join network namespaces, which that forbids");
		return false;
	}
	return true;
}

void
plan_links(struct plan *p)
{
	json_t *list = pth_test_links(p->rec), *entry;
	bool said = false;
	size_t i;

	if (!wanted(p) || !possible(p))
		return;
	add_nodes(p);
	json_array_foreach(list, i, entry) {
		declare(p, entry, i);
		said = said || json_object_get(entry, "between") != NULL;
	}
	if (!said)
		mesh(p);
	for (i = 0; i < p->nwires; i++) {
		pth_auto_buf at = PTH_BUF_INIT;

		addresses(p, i);
		check_pair(p, &p->wires[i]);
		conditions(p, i);
		pth_buf_addf(&at, "links.%zu", p->wires[i].entry);
		check_rebind(p, &p->wires[i], p->wires[i].timed, at.s);
		plan_conditions_begin(p, &p->wires[i], at.s);
		plan_backend(p, i);
	}
	name_services(p);
}

/* --- steps --- */

static void
no_such_link(struct plan *p, const char *name, bool between, const char *path)
{
	pth_auto_buf at = PTH_BUF_INIT;

	pth_buf_addf(&at, "%s%s", path,
	    p->nwires == 0   ? "" :
	        name != NULL ? ".name" :
	        between      ? ".between" :
	                       "");
	if (p->nwires == 0)
		plan_problem(
		    p, PTH_ERROR, at.s, "link: the test has no links; say links: from the start");
	else if (name != NULL)
		plan_problem(p, PTH_ERROR, at.s, "name: no link%s is called '%.63s'",
		    between ? " of these two" : "", name);
	else
		plan_problem(p, PTH_ERROR, at.s, "between: no link joins these two");
}

static void
step(struct plan *p, json_t *link, const char *path)
{
	const json_t *between = pth_atlink_between(link);
	const char *name = pth_atlink_name(link);
	json_t *changes = json_array();
	size_t ends[2];
	bool any = false;

	for (size_t i = 0; i < p->nwires; i++) {
		struct plan_wire *w = &p->wires[i];
		json_auto_t *config = json_object();
		json_t *o, *commands;
		bool named = between != NULL && ends_of(p, link, ends);

		if ((between != NULL && (!named || !joins(w, ends[0], ends[1]))) ||
		    (name != NULL && (w->name == NULL || strcmp(w->name, name) != 0)))
			continue;
		any = true;
		plan_conditions(p, link, path, named && ends[0] != w->node[0], is_flipped(p, w),
		    config, config);
		check_rebind(p, w, config, path);
		if (!plan_failed(p))
			plan_conditions_take(p, &w->said, config, path);
		o = json_pack("{s:I,s:O}", PTH_KEY(change, wire), (json_int_t)i,
		    PTH_KEY(change, config), config);
		commands = plan_backend_change(p, w, config, path);
		if (commands != NULL)
			pth_change_set_commands(o, commands);
		pth_json_push(changes, o);
	}
	if (!any)
		no_such_link(p, name, between != NULL, path);
	pth_atlink_set_changes(link, changes);
}

void
plan_links_steps(struct plan *p)
{
	json_t *actions = pth_steps_actions(pth_test_steps(p->rec)), *a;
	size_t i;

	if (!joinable(p))
		return;
	json_array_foreach(actions, i, a) {
		pth_auto_buf at = PTH_BUF_INIT;

		if (pth_action_link(a) == NULL)
			continue;
		pth_buf_addf(&at, "steps.%zu.link", i);
		step(p, pth_action_link(a), at.s);
	}
}

/* --- the plan --- */

/* Which end's capture stands for the test: that of the only client there, else the left one; of
 * links between others none, when there are clients. */
static int
vantage(const struct plan *p, const struct plan_wire *w)
{
	const struct plan_service *a = p->nodes[w->node[0]].s, *b = p->nodes[w->node[1]].s;
	bool clients = false;

	plan_foreach(s, p)
		clients = clients || s->client;
	if (a != NULL && a->client)
		return 0;
	if (b != NULL && b->client)
		return 1;
	return clients ? -1 : 0;
}

/* A service's capture is named as everywhere, and has a number more for each further link. */
static char *
capture_of(const struct plan_node *n, const char *interface)
{
	struct pth_buf b = PTH_BUF_INIT;

	if (n->s == NULL)
		return NULL;
	pth_buf_addf(&b, "%s/capture%s%s.pcapng", n->name,
	    strcmp(interface, "eth0") != 0 ? "-" : "",
	    strcmp(interface, "eth0") != 0 ? interface : "");
	return pth_buf_take(&b);
}

static bool
is_tc(const struct plan_wire *w)
{
	return w->backend != NULL && strcmp(w->backend, "tc") == 0;
}

static json_t *
end_emit(const struct plan *p, const struct plan_wire *w, unsigned i, const json_t *out)
{
	const struct plan_node *n = &p->nodes[w->node[i]];
	const json_t *look = pth_envparam_capture(p->eparams) && !is_tc(w) ?
	    plan_capture_look(n->name, out) :
	    NULL;
	pth_auto_str file = look != NULL ? capture_of(n, w->interface[i]) : NULL;
	json_t *o = json_object();

	pth_wireend_set_node(o, n->name);
	pth_wireend_set_interface(o, w->interface[i]);
	pth_wireend_set_addresses(o, json_incref(w->addresses[i]));
	if (file != NULL) {
		pth_wireend_set_capture(o, file);
		plan_capture_options(look, o);
	}
	if (file != NULL && vantage(p, w) == (int)i)
		pth_wireend_set_stands(o, true);
	return o;
}

static json_t *
wire_emit(struct plan *p, size_t i, const json_t *out, bool captured, int64_t max)
{
	struct plan_wire *w = &p->wires[i];
	pth_auto_buf name = PTH_BUF_INIT, log = PTH_BUF_INIT;
	json_t *o = json_object(), *ends = json_array();
	int64_t seed = json_integer_value(pth_test_seed(p->rec));

	if (w->name != NULL)
		pth_buf_adds(&name, w->name);
	else
		pth_buf_addf(&name, "%s-%s", p->nodes[w->node[0]].name, p->nodes[w->node[1]].name);
	pth_buf_adds(&log, "link");
	if (i > 0)
		pth_buf_addf(&log, "-%zu", i + 1);
	pth_buf_adds(&log, ".jsonl");
	pth_wire_set_name(o, name.s);
	for (unsigned k = 0; k < 2; k++)
		pth_json_push(ends, end_emit(p, w, k, out));
	pth_wire_set_ends(o, ends);
	/* Each link has chances of its own. */
	pth_json_set(w->config, "seed", json_integer((seed + (json_int_t)i) & INT64_MAX));
	pth_wire_set_config(o, json_incref(w->config));
	if (json_object_size(w->timed) > 0)
		pth_wire_set_timed(o, json_incref(w->timed));
	pth_wire_set_log(o, log.s);
	plan_backend_emit(w, o);
	if (captured)
		pth_wire_set_capture_max(o, max);
	return o;
}

void
plan_links_emit(struct plan *p, json_t *out)
{
	json_t *links, *nodes, *capture = pth_plan_capture(out);
	bool captured = json_is_object(capture) && pth_envparam_capture(p->eparams);
	int64_t max = pth_gcap_max_size(pth_test_capture(p->rec));

	if (p->nwires == 0 || plan_failed(p))
		return;
	links = json_array();
	nodes = json_array();
	for (size_t i = 0; i < p->nwires; i++)
		pth_json_push(links,
		    wire_emit(p, i, out, captured,
		        max > 0 ? max : PTH_CAPTURE_LIMIT / (2 * (int64_t)p->nwires)));
	for (size_t i = 0; i < p->nnodes; i++) {
		json_t *o = json_object();

		pth_node_set_name(o, p->nodes[i].name);
		if (p->nodes[i].s == NULL)
			pth_node_set_router(o, true);
		pth_node_set_routes(o, plan_routes(p, i));
		pth_json_push(nodes, o);
	}
	pth_plan_set_links(out, links);
	pth_plan_set_nodes(out, nodes);
	/* The links capture; how that is read stays said there. */
	if (captured)
		pth_json_set(capture, PTH_KEY(cap, file), json_null());
}

void
plan_links_release(struct plan *p)
{
	for (size_t i = 0; i < p->nwires; i++) {
		plan_backend_release(&p->wires[i]);
		json_decref(p->wires[i].config);
		json_decref(p->wires[i].timed);
		pth_link_config_release(&p->wires[i].said);
		json_decref(p->wires[i].addresses[0]);
		json_decref(p->wires[i].addresses[1]);
	}
	for (size_t i = 0; i < p->nnodes; i++)
		json_decref(p->nodes[i].addresses);
	free(p->wires);
	free(p->nodes);
}
