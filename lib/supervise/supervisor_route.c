/*
 * This file routes what is sent between the links of a test. A service with several links has a
 * table for each, in which packets look that are sent from the addresses of that link; and what
 * is spare, for others whose usual way has no carrier.
 */
#include "host/ns.h"
#include "link/run.h"
#include "supervise/supervisor_priv.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"

enum {
	SPARE_TABLE = 999,
	SOURCE_TABLE = 1000, /* of eth0 */
	SOURCE_PRIORITY = 1000,
	SPARE_PRIORITY = 40000, /* after that of the main table */
	SINK_METRIC = 9999,
};

static uint32_t
table_of(const char *interface)
{
	unsigned n = 0;

	sscanf(interface, "eth%u", &n);
	return SOURCE_TABLE + n;
}

/* A packet from a link's address leaves by that link or not at all: when it has no carrier, it is
 * lost without an error, as it is on a host with one link. On lo it is a martian. */
static int
add_source(const json_t *r, struct pth_err *e)
{
	uint32_t table = table_of(pth_route_interface(r));
	const struct pth_link_way way = { pth_route_interface(r), pth_route_to(r), pth_route_via(r),
		table, 0 },
	                          sink = { "lo", pth_route_to(r), "", table, SINK_METRIC };

	return pth_link_route(&way, e) == 0 ? pth_link_route(&sink, e) : -1;
}

static int
add_route(const json_t *r, struct pth_err *e)
{
	const char *use = pth_route_use(r);
	struct pth_link_way way = { pth_route_interface(r), pth_route_to(r), pth_route_via(r), 0,
		0 };

	if (strcmp(use, "source") == 0)
		return add_source(r, e);
	if (strcmp(use, "spare") == 0) {
		way.table = SPARE_TABLE;
		way.metric = 1 + table_of(way.interface) - SOURCE_TABLE;
	}
	return pth_link_route(&way, e);
}

/* Of an interface: a route is none while it has no carrier. */
static void
heed_carrier(const char *interface)
{
	static const char *const families[] = { "ipv4", "ipv6" };
	char path[120];

	for (size_t i = 0; i < countof(families); i++) {
		snprintf(path, sizeof path, "/proc/sys/net/%s/conf/%s/ignore_routes_with_linkdown",
		    families[i], interface);
		pth_write_text(AT_FDCWD, path, "1");
	}
}

static int
add_rules(const json_t *end, struct pth_err *e)
{
	const char *interface = pth_wireend_interface(end);
	json_t *v;
	size_t i;

	heed_carrier(interface);
	json_array_foreach(pth_wireend_addresses(end), i, v)
		if (pth_link_rule(json_string_value(v), table_of(interface), SOURCE_PRIORITY, e) !=
		    0)
			return -1;
	return 0;
}

/* Those of a node with several links. */
static int
add_all_rules(const char *name, json_t *links, struct pth_err *e)
{
	json_t *wire, *end;
	size_t i, k;

	json_array_foreach(links, i, wire)
		json_array_foreach(pth_wire_ends(wire), k, end)
			if (strcmp(pth_wireend_node(end), name) == 0 && add_rules(end, e) != 0)
				return -1;
	return pth_link_rule("0.0.0.0/0", SPARE_TABLE, SPARE_PRIORITY, e) == 0 &&
	        pth_link_rule("::/0", SPARE_TABLE, SPARE_PRIORITY, e) == 0 ?
	    0 :
	    -1;
}

static int
add_all(const json_t *node, json_t *links, struct pth_err *e)
{
	bool several = false;
	json_t *r;
	size_t i;

	json_array_foreach(pth_node_routes(node), i, r) {
		several = several || *pth_route_use(r) != '\0';
		if (add_route(r, e) != 0)
			return -1;
	}
	return several ? add_all_rules(pth_node_name(node), links, e) : 0;
}

int
supervise_routes_add(int net, const json_t *node, json_t *links, struct pth_err *e)
{
	int own = pth_ns_visit_net(net), r;

	if (own < 0)
		return pth_err_set(e, PTH_SYSTEM, "network namespace:");
	r = add_all(node, links, e);
	pth_ns_leave_net(own);
	return r;
}
