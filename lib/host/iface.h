/* Network interfaces of the caller's network namespace, by ioctl(2). */
#ifndef PTH_HOST_IFACE_H
#define PTH_HOST_IFACE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

/* Set IFF_UP. -1 and errno. */
int pth_iface_up(const char *name);
/* Is a cable in it? The kernel looks at that now and not, as by itself, up to a second later:
 * until then it says that the interface is down. */
bool pth_iface_carrier(const char *name);
/*
 * Turn features off, by the names that "ethtool -k" shows for the kernel's
 * own strings ("tx-udp-segmentation"). Unknown ones are passed over. -1 and
 * errno when the kernel refused.
 */
int pth_iface_features_off(const char *name, const char *const *features, size_t n);
/*
 * Does an interface that is up have an address of this IPv4 network ("10.1.0.0/24"), or is the
 * network part of the interface's own network? to: the name of the interface. False for a text
 * that is not a network.
 */
bool pth_iface_in(const char *network, char to[IF_NAMESIZE]);

#endif
