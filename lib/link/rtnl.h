/* Interfaces, addresses, neighbours and routes of the caller's network namespace, by
 * rtnetlink(7). Each function returns 0, or -1 and errno. */
#ifndef PTH_LINK_RTNL_H
#define PTH_LINK_RTNL_H

#include <stdint.h>

struct link_address {
	int family; /* AF_INET, AF_INET6 */
	uint8_t bytes[16];
	uint8_t prefix; /* bits */
};

/* "198.18.0.1/24" "2001:2::1/64" */
int link_address_parse(const char *s, struct link_address *a);

/* A pair of veth(4): `here`, and `there` with this MAC in another namespace. */
int link_rtnl_veth(const char *here, const char *there, int netns, const uint8_t mac[6]);
/* Into another namespace, where it is down and has no address. */
int link_rtnl_move(const char *interface, int netns);
/* Both ends of such a pair. */
int link_rtnl_delete(const char *here);
/* IPv6 addresses are usable at once, without duplicate address detection. */
int link_rtnl_address(const char *interface, const struct link_address *a);
/* A neighbour that is never asked for. */
int link_rtnl_neighbour(const char *interface, const struct link_address *a, const uint8_t mac[6]);

/* The way to a network. */
struct link_route {
	const char *interface;
	struct link_address to;
	const struct link_address *via; /* NULL: it is on the link itself */
	uint32_t table;                 /* 0: the main one */
	uint32_t metric;                /* the smallest one counts */
};

/* One to the same network of the same table and metric is replaced. */
int link_rtnl_route(const struct link_route *r);
/* Packets of a family from that address (NULL: all) look into this table, the rules with small
 * priorities before others; that of the main table is 32766. */
int link_rtnl_rule(int family, const struct link_address *from, uint32_t table, uint32_t priority);

#endif
