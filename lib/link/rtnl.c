/* This file asks the kernel for interfaces, addresses, neighbours and routes: rtnetlink(7). */
#include "link/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
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
link_rtnl_route(
    const char *interface, const struct link_address *to, const struct link_address *via)
{
	const struct rtmsg head = { .rtm_family = (uint8_t)to->family,
		.rtm_dst_len = to->prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST };
	int index = (int)if_nametoindex(interface);
	struct request r;

	begin(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof head);
	attribute(&r, RTA_DST, to->bytes, size_of(to));
	attribute(&r, RTA_GATEWAY, via->bytes, size_of(via));
	attribute(&r, RTA_OIF, &index, sizeof index);
	return ask(&r);
}
