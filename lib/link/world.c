/* This file makes the namespaces of a link, and what is in them. */
#include "link/world.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "host/iface.h"
#include "host/ns.h"
#include "host/sockets.h"

/* Frames have to arrive as they were sent: one by one, with their checksums. */
static const char *const offload[] = { "tx-checksum-ip-generic", "tx-checksum-ipv4",
	"tx-checksum-ipv6", "tx-checksum-sctp", "tx-generic-segmentation", "tx-tcp-segmentation",
	"tx-tcp-ecn-segmentation", "tx-tcp-mangleid-segmentation", "tx-tcp6-segmentation",
	"tx-udp-segmentation", "tx-gso-list", "tx-sctp-segmentation", "rx-gro", "rx-gro-list",
	"rx-udp-gro-forwarding", "tx-scatter-gather", "tx-scatter-gather-fraglist" };

int
link_world_enter(int netns)
{
	return setns(netns, CLONE_NEWNET);
}

static int
own_netns(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

int
link_world_make(struct link_world *w, struct pth_err *e)
{
	w->middle = own_netns();
	if (w->middle < 0)
		return pth_err_set(e, PTH_SYSTEM, "/proc/self/ns/net:");
	for (size_t i = 0; i < 2; i++) {
		if (unshare(CLONE_NEWNET) != 0 || (w->end[i].netns = own_netns()) < 0)
			return pth_err_set(e, PTH_SYSTEM, "network namespace:");
		pth_iface_up("lo");
		pth_ns_net_permit();
	}
	return link_world_enter(w->middle) == 0 ? 0 : pth_err_set(e, PTH_SYSTEM, "setns:");
}

static int
make_middle(struct link_world *w, struct pth_err *e)
{
	if (unshare(CLONE_NEWNET) != 0 || (w->middle = own_netns()) < 0)
		return pth_err_set(e, PTH_SYSTEM, "network namespace:");
	return 0;
}

int
link_world_join(struct link_world *w, const char *const names[2], struct pth_err *e)
{
	for (size_t i = 0; i < 2; i++) {
		pth_auto_buf path = PTH_BUF_INIT;

		pth_buf_addf(
		    &path, "%s%s", strchr(names[i], '/') != NULL ? "" : "/run/netns/", names[i]);
		w->end[i].netns = open(path.s, O_RDONLY | O_CLOEXEC);
		if (w->end[i].netns < 0)
			return pth_err_set(e, PTH_INPUT, "%s:", path.s);
	}
	return make_middle(w, e);
}

int
link_world_enclose(struct link_world *w, const int netns[2], struct pth_err *e)
{
	for (size_t i = 0; i < 2; i++)
		if ((w->end[i].netns = fcntl(netns[i], F_DUPFD_CLOEXEC, 3)) < 0)
			return pth_err_set(e, PTH_SYSTEM, "network namespace:");
	return make_middle(w, e);
}

/* A setting of an interface; what the kernel does not have is not missed. */
static void
setting(const char *interface, const char *key, const char *value)
{
	char path[200];

	snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/%s", interface, key);
	pth_write_text(AT_FDCWD, path, value);
}

/* Nothing is sent that nobody has asked for. */
static void
quiet(const char *interface, bool addressed)
{
	setting(interface, "accept_dad", "0");
	setting(interface, "accept_ra", "0");
	setting(interface, "addr_gen_mode", "1");
	setting(interface, "router_solicitations", "0");
	setting(interface, "disable_ipv6", addressed ? "0" : "1");
}

/* The NAT of a link gives addresses out of the upper half of the last byte. */
static int
route_back(const struct link_end *us, const struct link_address *other)
{
	struct link_route r = { .interface = us->interface, .to = *other, .via = other };
	size_t last = other->family == AF_INET ? 3 : 15;

	if (other->prefix > (other->family == AF_INET ? 24 : 120) || (r.to.bytes[last] & 128) != 0)
		return 0;
	r.to.bytes[last] = 128;
	r.to.prefix = other->family == AF_INET ? 25 : 121;
	return link_rtnl_route(&r);
}

int
link_world_furnish_end(const struct link_end *us, const struct link_end *other, struct pth_err *e)
{
	quiet(us->interface, true);
	if (pth_iface_features_off(us->interface, offload, countof(offload)) != 0)
		return pth_err_set(e, PTH_SYSTEM, "offloads of %s:", us->interface);
	if (pth_iface_up(us->interface) != 0)
		return pth_err_set(e, PTH_SYSTEM, "%s:", us->interface);
	for (size_t i = 0; i < us->addresses; i++)
		if (link_rtnl_address(us->interface, &us->address[i]) != 0 &&
		    (us->address[i].family == AF_INET || errno != EOPNOTSUPP))
			return pth_err_set(e, PTH_SYSTEM, "address of %s:", us->interface);
	for (size_t i = 0; i < other->addresses; i++) {
		if (link_rtnl_neighbour(us->interface, &other->address[i], other->mac) != 0 &&
		    (other->address[i].family == AF_INET || errno != EOPNOTSUPP))
			return pth_err_set(e, PTH_SYSTEM, "neighbour of %s:", us->interface);
		route_back(us, &other->address[i]);
	}
	return 0;
}

/* In the namespace of an end, when both ends are up. */
static int
see_carrier(const struct link_end *us, const struct link_end *other, struct pth_err *e)
{
	(void)other;
	return pth_iface_carrier(us->interface) ?
	    0 :
	    pth_err_set(e, PTH_SYSTEM, "%s has no carrier", us->interface);
}

/* f in the namespace of each end, and back. */
static int
at_ends(struct link_world *w,
    int (*f)(const struct link_end *us, const struct link_end *other, struct pth_err *e),
    struct pth_err *e)
{
	for (size_t i = 0; i < 2; i++) {
		int r = link_world_enter(w->end[i].netns) == 0 ?
		    f(&w->end[i], &w->end[1 - i], e) :
		    pth_err_set(e, PTH_SYSTEM, "setns:");

		if (link_world_enter(w->middle) != 0)
			return pth_err_set(e, PTH_SYSTEM, "setns:");
		if (r != 0)
			return -1;
	}
	return 0;
}

/* The kernel lets packets through a moment after the carrier has come, unless it is asked for that:
 * until then it drops what is sent. */
static void
settle(const struct link_world *w)
{
	for (size_t i = 0; i < 2; i++)
		pth_iface_carrier(w->end[i].here);
}

int
link_world_furnish(struct link_world *w, struct pth_err *e)
{
	for (size_t i = 0; i < 2; i++) {
		struct link_end *end = &w->end[i];

		if (link_rtnl_veth(end->here, end->interface, end->netns, end->mac) != 0)
			return pth_err_set(e, PTH_SYSTEM, "veth %s:", end->interface);
		quiet(end->here, false);
		if (pth_iface_features_off(end->here, offload, countof(offload)) != 0 ||
		    pth_iface_up(end->here) != 0)
			return pth_err_set(e, PTH_SYSTEM, "%s:", end->here);
	}
	return at_ends(w, link_world_furnish_end, e) == 0 && at_ends(w, see_carrier, e) == 0 ? 0 :
	                                                                                       -1;
}

/* In the namespace of the first end. */
static int
make_pair(struct link_world *w, struct pth_err *e)
{
	pth_auto_fd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr;

	memset(&ifr, 0, sizeof ifr);
	snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", w->end[0].interface);
	if (link_rtnl_veth(
	        w->end[0].interface, w->end[1].interface, w->end[1].netns, w->end[1].mac) != 0 ||
	    ioctl(fd, SIOCGIFHWADDR, &ifr) != 0)
		return pth_err_set(e, PTH_SYSTEM, "veth %s:", w->end[0].interface);
	memcpy(w->end[0].mac, ifr.ifr_hwaddr.sa_data, sizeof w->end[0].mac);
	return 0;
}

int
link_world_direct(struct link_world *w, struct pth_err *e)
{
	int r;

	w->middle = own_netns();
	if (w->middle < 0 || link_world_enter(w->end[0].netns) != 0)
		return pth_err_set(e, PTH_SYSTEM, "network namespace:");
	r = make_pair(w, e);
	if (link_world_enter(w->middle) != 0)
		return pth_err_set(e, PTH_SYSTEM, "setns:");
	return r == 0 && at_ends(w, link_world_furnish_end, e) == 0 &&
	        at_ends(w, see_carrier, e) == 0 ?
	    0 :
	    -1;
}

struct looking {
	uint16_t port;
	bool found;
};

static bool
look(void *arg, const struct pth_socket *s)
{
	struct looking *l = arg;

	l->found = l->found || (s->port == l->port && pth_socket_serves(s));
	return !l->found;
}

bool
link_world_serves(const struct link_world *w, unsigned end, uint16_t port)
{
	struct looking l = { port, false };

	if (link_world_enter(w->end[end].netns) != 0)
		return false;
	pth_sockets_each(false, look, &l);
	if (!l.found)
		pth_sockets_each(true, look, &l);
	link_world_enter(w->middle);
	return l.found;
}

int
link_world_plug(const struct link_world *w, bool up)
{
	pth_auto_fd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr;

	for (size_t i = 0; i < 2; i++) {
		memset(&ifr, 0, sizeof ifr);
		snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", w->end[i].here);
		if (ioctl(fd, SIOCGIFFLAGS, &ifr) != 0)
			return -1;
		ifr.ifr_flags = (short)(up ? ifr.ifr_flags | IFF_UP : ifr.ifr_flags & ~IFF_UP);
		if (ioctl(fd, SIOCSIFFLAGS, &ifr) != 0)
			return -1;
	}
	if (up)
		settle(w);
	return 0;
}

/* Column `n` of the line of an interface in the text of /proc/net/dev. */
static uint64_t
column(const char *text, const char *interface, unsigned n)
{
	char key[IF_NAMESIZE + 2];
	const char *p;

	snprintf(key, sizeof key, "%s:", interface);
	p = strstr(text, key);
	if (p == NULL)
		return 0;
	for (p += strlen(key); n > 0; n--)
		p += strspn(p, " "), p += strcspn(p, " \n");
	return strtoull(p, NULL, 10);
}

uint64_t
link_world_drops(const struct link_world *w)
{
	char text[4096];
	uint64_t n = 0;

	if (pth_read_text(AT_FDCWD, text, sizeof text, "/proc/self/net/dev") == 0)
		return 0;
	for (size_t i = 0; i < 2; i++)
		n += column(text, w->end[i].here, 3) + column(text, w->end[i].here, 11);
	return n;
}

void
link_world_release(struct link_world *w)
{
	pth_close(&w->end[0].netns);
	pth_close(&w->end[1].netns);
	pth_close(&w->middle);
}
