/* This file sets interfaces up, takes their offloads away and finds them by network. */
#include "host/iface.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"

static int
control(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static int
ethtool(int fd, const char *name, void *cmd)
{
	struct ifreq ifr = { 0 };

	memcpy(ifr.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	ifr.ifr_data = cmd;
	return ioctl(fd, SIOCETHTOOL, &ifr);
}

int
pth_iface_up(const char *name)
{
	struct ifreq ifr = { 0 };
	pth_auto_fd fd = control();

	memcpy(ifr.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr) != 0)
		return -1;
	ifr.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &ifr);
}

bool
pth_iface_carrier(const char *name)
{
	pth_auto_fd fd = control();
	struct ethtool_value v = { .cmd = ETHTOOL_GLINK };

	return fd >= 0 && ethtool(fd, name, &v) == 0 && v.data != 0;
}

/* The kernel's names of its features, in the order of their bits, to be freed;
 * NULL and errno. Each is ETH_GSTRING_LEN bytes. */
static struct ethtool_gstrings *
feature_names(int fd, const char *name)
{
	struct {
		struct ethtool_sset_info head;
		uint32_t count;
	} info = { .head = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES } };

	if (ethtool(fd, name, &info) != 0)
		return NULL;
	pth_auto_free struct ethtool_gstrings *s = pth_xmalloc(
	    sizeof *s + (size_t)info.count * ETH_GSTRING_LEN);
	s->cmd = ETHTOOL_GSTRINGS;
	s->string_set = ETH_SS_FEATURES;
	s->len = info.count;
	return ethtool(fd, name, s) == 0 ? pth_take(&s) : NULL;
}

/* Asks for a change of the features of these names: each has a bit. */
static void
mark_bits(struct ethtool_sfeatures *set, const struct ethtool_gstrings *all,
    const char *const *names, size_t n)
{
	for (uint32_t bit = 0; bit < all->len; bit++) {
		const char *name = (const char *)all->data + (size_t)bit * ETH_GSTRING_LEN;

		for (size_t i = 0; i < n; i++)
			if (strncmp(name, names[i], ETH_GSTRING_LEN) == 0)
				set->features[bit / 32].valid |= 1u << bit % 32;
	}
}

int
pth_iface_features_off(const char *name, const char *const *features, size_t n)
{
	pth_auto_fd fd = control();
	pth_auto_free struct ethtool_gstrings *names = fd < 0 ? NULL : feature_names(fd, name);

	if (names == NULL)
		return -1;
	uint32_t blocks = (names->len + 31) / 32;
	size_t size = sizeof(struct ethtool_sfeatures) +
	    blocks * sizeof(struct ethtool_set_features_block);
	pth_auto_free struct ethtool_sfeatures *set = memset(pth_xmalloc(size), 0, size);
	set->cmd = ETHTOOL_SFEATURES;
	set->size = blocks;
	mark_bits(set, names, features, n);
	return ethtool(fd, name, set) < 0 ? -1 : 0;
}

static uint32_t
number(const struct sockaddr *a)
{
	struct sockaddr_in in;

	memcpy(&in, a, sizeof in);
	return ntohl(in.sin_addr.s_addr);
}

bool
pth_iface_in(const char *network, char to[IF_NAMESIZE])
{
	uint32_t address, mask;
	unsigned bits;
	struct ifaddrs *all = NULL;
	bool found = false;

	if (!pth_ipv4_network(network, &address, &bits) || getifaddrs(&all) != 0)
		return false;
	mask = UINT32_MAX << (32 - bits);
	for (const struct ifaddrs *i = all; i != NULL && !found; i = i->ifa_next) {
		if (i->ifa_addr == NULL || i->ifa_netmask == NULL ||
		    i->ifa_addr->sa_family != AF_INET || (i->ifa_flags & IFF_UP) == 0)
			continue;
		found = ((number(i->ifa_addr) ^ address) & mask & number(i->ifa_netmask)) == 0;
		if (found)
			snprintf(to, IF_NAMESIZE, "%s", i->ifa_name);
	}
	freeifaddrs(all);
	return found;
}
