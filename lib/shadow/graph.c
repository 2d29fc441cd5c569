/*
 * This file writes the network of a test as GML: a node for each that hosts are at, an edge from
 * each to itself and to each other. Shadow reads one key a line, wants a unit behind each time and
 * rate, an edge from a node to itself, and a latency above 0.
 */
#include "shadow/priv.h"

#include <stdio.h>
#include <string.h>

#define SELF_NS 1000000 /* between programs of one host */

/* A number with a point, without which it is no float there. */
static void
add_float(struct pth_buf *b, double v)
{
	char text[32];

	snprintf(text, sizeof text, "%.7g", v);
	pth_buf_addf(b, "%s%s", text, strpbrk(text, ".e") != NULL ? "" : ".0");
}

static void
edge(struct pth_buf *b, int64_t from, int64_t to, const struct shadow_link *l)
{
	pth_buf_addf(b, "  edge [\n    source %lld\n    target %lld\n    latency \"",
	    (long long)from, (long long)to);
	shadow_time_show(b, l->latency_ns);
	pth_buf_adds(b, "\"\n");
	if (l->jitter_ns > 0) {
		pth_buf_adds(b, "    jitter \"");
		shadow_time_show(b, l->jitter_ns);
		pth_buf_adds(b, "\"\n");
	}
	if (l->loss > 0 || l->jitter_ns > 0) {
		pth_buf_adds(b, "    packet_loss ");
		add_float(b, l->loss);
		pth_buf_addc(b, '\n');
	}
	pth_buf_adds(b, "  ]\n");
}

/* The link between hosts i and k, which may be at one node. */
static const struct shadow_link *
link_of(const struct shadow *s, size_t i, size_t k)
{
	for (size_t j = s->npairs; j-- > 0;)
		if ((s->pairs[j].a == i && s->pairs[j].b == k) ||
		    (s->pairs[j].a == k && s->pairs[j].b == i))
			return &s->pairs[j].link;
	return &s->usual;
}

/* Is the host the first at its node? */
static bool
is_first(const struct shadow *s, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (s->hosts[k].node == s->hosts[i].node)
			return false;
	return true;
}

/* What an edge from the node of host i to itself is like: what is between its hosts. */
static void
self_edge(const struct shadow *s, size_t i, struct pth_buf *b)
{
	static const struct shadow_link alone = { .latency_ns = SELF_NS };
	const struct shadow_link *l = &alone;

	for (size_t k = s->n; k-- > i + 1;)
		if (s->hosts[k].node == s->hosts[i].node)
			l = link_of(s, i, k);
	edge(b, s->hosts[i].node, s->hosts[i].node, l);
}

void
shadow_graph(const struct shadow *s, struct pth_buf *b)
{
	pth_auto_buf rate = PTH_BUF_INIT;

	shadow_rate_show(&rate, s->rate_bps);
	pth_buf_adds(b, "graph [\n  directed 0\n");
	for (size_t i = 0; i < s->n; i++)
		if (is_first(s, i))
			pth_buf_addf(b,
			    "  node [\n    id %lld\n    host_bandwidth_down \"%s\"\n"
			    "    host_bandwidth_up \"%s\"\n  ]\n",
			    (long long)s->hosts[i].node, rate.s, rate.s);
	for (size_t i = 0; i < s->n; i++)
		if (is_first(s, i))
			self_edge(s, i, b);
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = i + 1; k < s->n && is_first(s, i); k++)
			if (is_first(s, k))
				edge(b, s->hosts[i].node, s->hosts[k].node, link_of(s, i, k));
	pth_buf_adds(b, "]\n");
}
