/* This file asks the kernel for interfaces, addresses, neighbours, routes: rtnetlink(7). */
#include "link/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"

/* A message as it grows: a header of netlink, one of the kind, attributes. */
struct request {
	struct nlmsghdr n;
	char rest[1000];
};

static struct rtattr *
attribute(struct request *r, unsigned short type, const void *p, size_t n)
{
	struct rtattr *a = (struct rtattr *)((char *)r + NLMSG_ALIGN(r->n.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(n);
	if (n > 0)
		memcpy(RTA_DATA(a), p, n);
	r->n.nlmsg_len = NLMSG_ALIGN(r->n.nlmsg_len) + (uint32_t)RTA_ALIGN(a->rta_len);
	return a;
}

/* What was added since belongs into it. */
static void
nest_end(struct request *r, struct rtattr *a)
{
	a->rta_len = (unsigned short)((char *)r + r->n.nlmsg_len - (char *)a);
}

static void
begin(struct request *r, unsigned short type, unsigned short flags, const void *head, size_t n)
{
	memset(r, 0, sizeof *r);
	r->n.nlmsg_len = (uint32_t)NLMSG_LENGTH(n);
	r->n.nlmsg_type = type;
	r->n.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	memcpy(NLMSG_DATA(&r->n), head, n);
}

/* Sends it and reads what the kernel says. */
static int
ask(struct request *r)
{
	pth_auto_fd fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	union {
		struct nlmsghdr n;
		char bytes[4096];
	} answer;
	struct nlmsgerr *error = NLMSG_DATA(&answer.n);
	ssize_t n;

	if (fd < 0 || send(fd, r, r->n.nlmsg_len, 0) < 0)
		return -1;
	n = recv(fd, &answer, sizeof answer, 0);
	if (n < 0)
		return -1;
	if ((size_t)n < NLMSG_LENGTH(sizeof *error) || answer.n.nlmsg_type != NLMSG_ERROR) {
		errno = EPROTO;
		return -1;
	}
	errno = -error->error;
	return error->error == 0 ? 0 : -1;
}

int
link_address_parse(const char *s, struct link_address *a)
{
	const char *slash = strchr(s, '/');
	pth_auto_str text = NULL;
	long long bits;

	*a = (struct link_address){ .family = strchr(s, ':') != NULL ? AF_INET6 : AF_INET };
	if (slash == NULL || !pth_int(slash + 1, 1, a->family == AF_INET ? 32 : 128, &bits))
		return -1;
	a->prefix = (uint8_t)bits;
	text = pth_xstrndup(s, (size_t)(slash - s));
	return inet_pton(a->family, text, a->bytes) == 1 ? 0 : -1;
}

static size_t
size_of(const struct link_address *a)
{
	return a->family == AF_INET ? 4 : 16;
}

int
link_rtnl_veth(const char *here, const char *there, int netns, const uint8_t mac[6])
{
	const struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	struct rtattr *info, *data, *peer;
	struct request r;

	begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
	attribute(&r, IFLA_IFNAME, here, strlen(here) + 1);
	info = attribute(&r, IFLA_LINKINFO, NULL, 0);
	attribute(&r, IFLA_INFO_KIND, "veth", 4);
	data = attribute(&r, IFLA_INFO_DATA, NULL, 0);
	peer = attribute(&r, VETH_INFO_PEER, NULL, 0);
	r.n.nlmsg_len += (uint32_t)sizeof head; /* all zeros */
	attribute(&r, IFLA_IFNAME, there, strlen(there) + 1);
	attribute(&r, IFLA_NET_NS_FD, &netns, sizeof netns);
	attribute(&r, IFLA_ADDRESS, mac, 6);
	nest_end(&r, peer);
	nest_end(&r, data);
	nest_end(&r, info);
	return ask(&r);
}

int
link_rtnl_move(const char *interface, int netns)
{
	const struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	struct request r;

	begin(&r, RTM_NEWLINK, 0, &head, sizeof head);
	attribute(&r, IFLA_IFNAME, interface, strlen(interface) + 1);
	attribute(&r, IFLA_NET_NS_FD, &netns, sizeof netns);
	return ask(&r);
}

int
link_rtnl_delete(const char *here)
{
	const struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	struct request r;

	begin(&r, RTM_DELLINK, 0, &head, sizeof head);
	attribute(&r, IFLA_IFNAME, here, strlen(here) + 1);
	return ask(&r);
}

int
link_rtnl_address(const char *interface, const struct link_address *a)
{
	const struct ifaddrmsg head = { .ifa_family = (uint8_t)a->family,
		.ifa_prefixlen = a->prefix,
		.ifa_flags = a->family == AF_INET6 ? IFA_F_NODAD : 0,
		.ifa_index = if_nametoindex(interface) };
	struct request r;

	begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof head);
	attribute(&r, IFA_LOCAL, a->bytes, size_of(a));
	attribute(&r, IFA_ADDRESS, a->bytes, size_of(a));
	return ask(&r);
}

int
link_rtnl_neighbour(const char *interface, const struct link_address *a, const uint8_t mac[6])
{
	const struct ndmsg head = { .ndm_family = (uint8_t)a->family,
		.ndm_ifindex = (int)if_nametoindex(interface),
		.ndm_state = NUD_PERMANENT };
	struct request r;

	begin(&r, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof head);
	attribute(&r, NDA_DST, a->bytes, size_of(a));
	attribute(&r, NDA_LLADDR, mac, 6);
	return ask(&r);
}

int
link_rtnl_route(const struct link_route *x)
{
	const struct rtmsg head = { .rtm_family = (uint8_t)x->to.family,
		.rtm_dst_len = x->to.prefix,
		.rtm_table = RT_TABLE_UNSPEC,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = x->via != NULL ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST };
	int index = (int)if_nametoindex(x->interface);
	uint32_t table = x->table != 0 ? x->table : RT_TABLE_MAIN;
	struct request r;

	begin(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof head);
	attribute(&r, RTA_DST, x->to.bytes, size_of(&x->to));
	if (x->via != NULL)
		attribute(&r, RTA_GATEWAY, x->via->bytes, size_of(x->via));
	attribute(&r, RTA_OIF, &index, sizeof index);
	attribute(&r, RTA_TABLE, &table, sizeof table);
	if (x->metric != 0)
		attribute(&r, RTA_PRIORITY, &x->metric, sizeof x->metric);
	return ask(&r);
}

int
link_rtnl_rule(int family, const struct link_address *from, uint32_t table, uint32_t priority)
{
	const struct fib_rule_hdr head = { .family = (uint8_t)family,
		.src_len = from != NULL ? (uint8_t)(size_of(from) * 8) : 0,
		.table = RT_TABLE_UNSPEC,
		.action = FR_ACT_TO_TBL };
	struct request r;

	begin(&r, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
	if (from != NULL)
		attribute(&r, FRA_SRC, from->bytes, size_of(from));
	attribute(&r, FRA_TABLE, &table, sizeof table);
	attribute(&r, FRA_PRIORITY, &priority, sizeof priority);
	return ask(&r);
}
