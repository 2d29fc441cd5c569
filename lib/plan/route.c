/* This file finds the ways through the links of a test: from each node to each address. */
#include "plan/priv.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* The way to a node. */
struct way {
	size_t wire; /* the first one; p->nwires: there is no way */
};

/* The shortest ways from `from` to all others, by breadth first; only those that begin with the
 * wire `first`, if it is one. Only routers pass on what is not theirs. */
static void
search(const struct plan *p, size_t from, size_t first, struct way *way)
{
	pth_auto_free size_t *queue = pth_xarray(NULL, p->nnodes + 1, sizeof *queue);
	size_t n = 0, done = 0;

	for (size_t i = 0; i < p->nnodes; i++)
		way[i].wire = p->nwires;
	queue[n++] = from;
	for (; done < n; done++) {
		size_t at = queue[done];

		if (at != from && p->nodes[at].s != NULL)
			continue;
		for (size_t w = 0; w < p->nwires; w++) {
			const size_t *ends = p->wires[w].node;
			size_t to = ends[0] == at ? ends[1] : ends[0];

			if ((ends[0] != at && ends[1] != at) || to == from ||
			    way[to].wire < p->nwires ||
			    (at == from && first < p->nwires && w != first))
				continue;
			way[to].wire = at == from ? w : way[at].wire;
			queue[n++] = to;
		}
	}
}

static bool
is_six(const char *s)
{
	return strchr(s, ':') != NULL;
}

/* The address of a family among those of an end, without its prefix. To free; NULL: none. */
static char *
of_family(const json_t *list, bool six)
{
	json_t *v;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, v)
		if (is_six(json_string_value(v)) == six)
			return pth_xstrndup(
			    json_string_value(v), strcspn(json_string_value(v), "/"));
	return NULL;
}

/* Which addresses: those of node `to` at its end of the wire `owner`. */
struct target {
	size_t to, owner;
	size_t before; /* the node at the other end of that */
	const json_t *addresses;
};

/* The first wire to them. *own: the way ends with their own link, as it does when it can, so that
 * each link carries what is meant for its addresses. */
static size_t
wire_to(const struct plan *p, size_t from, size_t first, const struct way *way,
    const struct target *t, bool *own)
{
	if (t->before == from) {
		*own = first == p->nwires || first == t->owner;
		return *own ? t->owner : way[t->to].wire;
	}
	*own = p->nodes[t->before].s == NULL && way[t->before].wire < p->nwires;
	return way[*own ? t->before : t->to].wire;
}

/* Appends a route to a network, by the other end of the wire, or (direct) by the wire
 * itself. `use` is in pth-record(5). */
static void
put(const struct plan *p, size_t from, size_t wire, const char *to, bool direct, const char *use,
    json_t *out)
{
	const struct plan_wire *w = &p->wires[wire];
	unsigned far = w->node[0] == from;
	pth_auto_str via = of_family(w->addresses[far], is_six(to));
	json_t *o;

	if (via == NULL)
		return;
	o = json_object();
	pth_route_set_to(o, to);
	if (!direct)
		pth_route_set_via(o, via);
	pth_route_set_interface(o, w->interface[1 - far]);
	if (use != NULL)
		pth_route_set_use(o, use);
	pth_json_push(out, o);
}

static void
put_all(const struct plan *p, size_t from, size_t wire, const struct target *t, const char *use,
    json_t *out)
{
	json_t *v;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)t->addresses, i, v) {
		const char *to = json_string_value(v);
		pth_auto_buf b = PTH_BUF_INIT;

		pth_buf_addf(&b, "%.*s/%d", (int)strcspn(to, "/"), to, is_six(to) ? 128 : 32);
		put(p, from, wire, b.s, t->before == from && t->owner == wire, use, out);
	}
}

/* Does a NAT somewhere give other addresses? */
static bool
rebinds(const struct plan *p)
{
	json_t *actions = pth_steps_actions(pth_test_steps(p->rec)), *a;
	size_t i;

	for (i = 0; i < p->nwires; i++)
		if (json_object_get(p->wires[i].timed, "rebind") != NULL ||
		    json_object_get(p->wires[i].timed, "scenario") != NULL)
			return true;
	json_array_foreach(actions, i, a)
		if (json_object_get(pth_action_link(a), "rebind") != NULL ||
		    json_object_get(pth_action_link(a), "scenario") != NULL)
			return true;
	return false;
}

/* Those that the NAT of a link may give are the upper half of the network of its left end. */
static void
put_nat(const struct plan *p, size_t from, size_t wire, const struct target *t, json_t *out)
{
	unsigned char a[16];
	json_t *v;
	size_t i;

	if (p->wires[t->owner].node[0] != t->to)
		return;
	json_array_foreach((json_t *)(uintptr_t)t->addresses, i, v) {
		const char *s = json_string_value(v);
		size_t n = plan_address(s, a);
		pth_auto_buf b = PTH_BUF_INIT;
		char text[INET6_ADDRSTRLEN];
		long long bits = 0;

		pth_int(strchr(s, '/') + 1, 1, 128, &bits);
		if (n == 0 || a[n - 1] >= 128 || bits > (long long)n * 8 - 8)
			continue;
		a[n - 1] = 128;
		inet_ntop(n == 4 ? AF_INET : AF_INET6, a, text, sizeof text);
		pth_buf_addf(&b, "%s/%zu", text, n * 8 - 7);
		put(p, from, wire, b.s, false, NULL, out);
	}
}

/* What is routed, from where: the ways by any wire, and those that begin with one of its own. */
struct routing {
	const struct plan *p;
	size_t from, first;
	const struct way *any, *way;
	json_t *out;
	bool rebinds;
};

/* Those to one target that do not lead over its own link. */
static void
usual(const struct routing *r, const struct target *t)
{
	bool own;
	size_t wire = wire_to(r->p, r->from, r->p->nwires, r->any, t, &own);

	if (t->before != r->from && wire < r->p->nwires)
		put_all(r->p, r->from, wire, t, NULL, r->out);
	if (t->before != r->from && wire < r->p->nwires && r->rebinds)
		put_nat(r->p, r->from, wire, t, r->out);
}

/* A client sends by the link whose address it sends from; others by the link of the address that
 * they answer to, where a way leads there. */
static void
by_source(const struct routing *r, const struct target *t)
{
	const struct plan *p = r->p;
	bool own, any = false;
	size_t wire = wire_to(p, r->from, r->first, r->way, t, &own);

	if (wire == p->nwires)
		return;
	if (!own && !p->nodes[r->from].s->client)
		wire_to(p, r->from, p->nwires, r->any, t, &any);
	if (!any)
		put_all(p, r->from, wire, t, "source", r->out);
}

/* What leads there when the usual way has no carrier. */
static void
spare(const struct routing *r, const struct target *t)
{
	bool own;
	size_t wire = wire_to(r->p, r->from, r->first, r->way, t, &own);

	if (wire < r->p->nwires && wire != wire_to(r->p, r->from, r->p->nwires, r->any, t, &own))
		put_all(r->p, r->from, wire, t, "spare", r->out);
}

static void
each_target(const struct routing *r, void (*f)(const struct routing *r, const struct target *t))
{
	const struct plan *p = r->p;

	for (size_t to = 0; to < p->nnodes; to++)
		for (size_t w = 0; w < p->nwires; w++)
			for (size_t k = 0; k < 2; k++)
				if (to != r->from && p->wires[w].node[k] == to)
					f(r,
					    &(struct target){ to, w, p->wires[w].node[1 - k],
					        p->wires[w].addresses[k] });
}

json_t *
plan_routes(struct plan *p, size_t node)
{
	pth_auto_free struct way *any = pth_xarray(NULL, p->nnodes + 1, sizeof *any);
	pth_auto_free struct way *way = pth_xarray(NULL, p->nnodes + 1, sizeof *way);
	struct routing r = { p, node, p->nwires, any, any, json_array(), rebinds(p) };

	search(p, node, p->nwires, any);
	each_target(&r, usual);
	if (p->nodes[node].s == NULL || p->nodes[node].wires < 2)
		return r.out;
	r.way = way;
	for (r.first = 0; r.first < p->nwires; r.first++) {
		const size_t *ends = p->wires[r.first].node;

		if (ends[0] != node && ends[1] != node)
			continue;
		search(p, node, r.first, way);
		each_target(&r, by_source);
		each_target(&r, spare);
	}
	return r.out;
}

void
plan_routes_check(struct plan *p)
{
	pth_auto_free struct way *way = pth_xarray(NULL, p->nnodes + 1, sizeof *way);
	pth_auto_buf at = PTH_BUF_INIT;

	for (size_t i = 0; i < p->nnodes && p->nwires > 0; i++) {
		const struct plan_node *n = &p->nodes[i];

		pth_buf_cut(&at, 0);
		if (n->wires == 0 && n->s == NULL) {
			plan_problem(
			    p, PTH_ERROR, "routers", "no link leads to the router %s", n->name);
			continue;
		}
		if (n->wires == 0) {
			pth_buf_addf(&at, "services.%s", n->s->key);
			plan_problem(
			    p, PTH_ERROR, at.s, "no link leads to the service %s", n->name);
			continue;
		}
		if (n->s == NULL || n->s->target == NULL)
			continue;
		search(p, i, p->nwires, way);
		for (size_t to = 0; to < p->nnodes; to++)
			if (p->nodes[to].s == n->s->target && to != i && way[to].wire == p->nwires)
				plan_wrong(p, n->s, "protocol.target",
				    "no way leads from %s over the links to %s", n->name,
				    n->s->target->name);
	}
}
