/* This file reads and writes the frames of an interface. */
#include "link/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "host/iface.h"

enum { FRAME = 2048, BLOCK = 65536, BLOCKS = 128, FRAMES = BLOCK / FRAME * BLOCKS };

static int
options(int fd)
{
	const int version = TPACKET_V2, on = 1, room = 4 << 20;
	const struct tpacket_req ring = { .tp_block_size = BLOCK,
		.tp_block_nr = BLOCKS,
		.tp_frame_size = FRAME,
		.tp_frame_nr = FRAMES };

	/* More room is welcome, but not necessary. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) != 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0)
		return -1;
	return setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring);
}

int
link_port_open(struct link_port *p, const char *interface, struct pth_err *e)
{
	const struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(interface) };

	*p = (struct link_port){ .fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) };
	snprintf(p->interface, sizeof p->interface, "%s", interface);
	if (p->fd < 0 || options(p->fd) != 0)
		return pth_err_set(e, PTH_SYSTEM, "packet socket:");
	p->ring = mmap(NULL, (size_t)BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	if (p->ring == MAP_FAILED) {
		p->ring = NULL;
		return pth_err_set(e, PTH_SYSTEM, "ring of %s:", interface);
	}
	if (bind(p->fd, (const struct sockaddr *)&to, sizeof to) != 0)
		return pth_err_set(e, PTH_SYSTEM, "%s:", interface);
	return 0;
}

void
link_port_close(struct link_port *p)
{
	if (p->ring != NULL)
		munmap(p->ring, (size_t)BLOCK * BLOCKS);
	pth_close(&p->fd);
}

static struct tpacket2_hdr *
header(const struct link_port *p)
{
	return (struct tpacket2_hdr *)(p->ring + (size_t)p->at * FRAME);
}

const void *
link_port_peek(struct link_port *p, size_t *n, int64_t *real_ns)
{
	const struct tpacket2_hdr *h = header(p);

	if ((__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0)
		return NULL;
	*n = h->tp_snaplen == h->tp_len ? h->tp_snaplen : LINK_FRAME_MAX + 1; /* cut: too long */
	*real_ns = (int64_t)h->tp_sec * 1000000000 + h->tp_nsec;
	return (const uint8_t *)h + h->tp_mac;
}

void
link_port_done(struct link_port *p)
{
	__atomic_store_n(&header(p)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	p->at = (p->at + 1) % FRAMES;
}

/* Sends from `from` on; how many went. */
static unsigned
send_some(struct link_port *p, unsigned from)
{
	struct mmsghdr m[LINK_BATCH];
	struct iovec io[LINK_BATCH];
	unsigned n = p->n - from;
	int sent;

	memset(m, 0, n * sizeof *m);
	for (unsigned i = 0; i < n; i++) {
		io[i] = (struct iovec){ p->batch[from + i]->frame, p->batch[from + i]->len };
		m[i].msg_hdr.msg_iov = &io[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(p->fd, m, n, MSG_DONTWAIT);
	return sent > 0 ? (unsigned)sent : 0;
}

void
link_port_flush(struct link_port *p, struct pth_link *l)
{
	struct pollfd room = { .fd = p->fd, .events = POLLOUT };
	unsigned done = 0, n;

	while (done < p->n) {
		n = send_some(p, done);
		if (n == 0 && (errno == EAGAIN || errno == EINTR) && poll(&room, 1, 100) >= 0 &&
		    (room.revents & POLLOUT) != 0)
			continue;
		if (n == 0) { /* no such interface now, say */
			if (pth_iface_carrier(p->interface))
				p->refused++;
			else
				p->absent++;
			n = 1;
		}
		done += n;
	}
	for (unsigned i = 0; i < p->n; i++)
		link_give_back(l, p->batch[i]);
	p->n = 0;
}

uint64_t
link_port_lost(struct link_port *p)
{
	struct tpacket_stats st = { 0 };
	socklen_t len = sizeof st;

	return getsockopt(p->fd, SOL_PACKET, PACKET_STATISTICS, &st, &len) == 0 ? st.tp_drops : 0;
}
