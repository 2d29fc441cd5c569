/* This file finds the ways through the links of a test: from each node to each address. */
#include "plan/priv.h"

#include <stdlib.h>
#include <string.h>

/* The next node on the way from `from` to others, and the wire to it: by breadth first; only
 * routers pass on what is not theirs. */
struct way {
	size_t wire; /* the first one; p->nwires: there is no way */
};

static void
search(const struct plan *p, size_t from, struct way *way)
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
			    way[to].wire < p->nwires)
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

/* Is the address at the other end of a link of this node? */
static bool
is_near(const struct plan *p, size_t from, const char *text)
{
	for (const struct plan_wire *w = p->wires; w < p->wires + p->nwires; w++)
		for (size_t i = 0; i < 2; i++)
			if (w->node[i] == from && pth_json_has(w->addresses[1 - i], text))
				return true;
	return false;
}

/* Appends a route to each address of another node that is not on the link itself. */
static void
routes_to(const struct plan *p, size_t from, size_t to, size_t wire, json_t *out)
{
	const struct plan_wire *w = &p->wires[wire];
	unsigned far = w->node[0] == from;
	json_t *v;
	size_t i;

	json_array_foreach(p->nodes[to].addresses, i, v) {
		const char *text = json_string_value(v);
		bool six = is_six(text);
		pth_auto_str via = of_family(w->addresses[far], six);
		pth_auto_buf b = PTH_BUF_INIT;

		if (via == NULL || is_near(p, from, text))
			continue;
		pth_buf_addf(&b, "%.*s/%d", (int)strcspn(text, "/"), text, six ? 128 : 32);
		pth_json_push(out,
		    json_pack("{s:s,s:s,s:s}", PTH_KEY(route, to), b.s, PTH_KEY(route, via), via,
		        PTH_KEY(route, interface), w->interface[1 - far]));
	}
}

json_t *
plan_routes(struct plan *p, size_t node)
{
	pth_auto_free struct way *way = pth_xarray(NULL, p->nnodes + 1, sizeof *way);
	json_t *out = json_array();

	search(p, node, way);
	for (size_t to = 0; to < p->nnodes; to++)
		if (to != node && way[to].wire < p->nwires)
			routes_to(p, node, to, way[to].wire, out);
	return out;
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
		search(p, i, way);
		for (size_t to = 0; to < p->nnodes; to++)
			if (p->nodes[to].s == n->s->target && to != i && way[to].wire == p->nwires)
				plan_wrong(p, n->s, "protocol.target",
				    "no way leads from %s over the links to %s", n->name,
				    n->s->target->name);
	}
}
