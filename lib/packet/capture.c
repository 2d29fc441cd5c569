/* This file is the process that captures: it empties a ring of the kernel into a sink. */
#include "packet/capture_priv.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "packet/port_count.h"

#define BLOCK_BYTES (256u << 10)
#define BLOCKS 32   /* 8 MiB: a few milliseconds of a saturated loopback */
#define RETIRE_MS 2 /* a block that is not full is handed over after this */
#define QUIET_MS (3 * RETIRE_MS)
#define LATE_US (5 * PTH_SECOND_US) /* for a block that is still to be handed over at the end */
#define SNAP_MAX 262144

struct ring {
	int fd;
	char *map;
	unsigned blocks;
	unsigned next;  /* block to read */
	uint64_t taken; /* packets */
};

/* What the process was doing when it failed. */
enum stage { RING, FILTER, FILES };

/* Its first word home: error 0 when the ring is live. */
struct hello {
	enum stage stage;
	int error;
};

/* What the kernel is to hand over, and how much of it: less is copied. */
static int
ring_filter(const struct ring *r, const struct pth_capture_spec *spec, unsigned snaplen)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, snaplen);
	struct sock_fprog f = { .len = 1, .filter = &all };

	if (spec->filter != NULL) {
		f.filter = (struct sock_filter *)(uintptr_t)spec->filter;
		f.len = (unsigned short)spec->filter_n;
	}
	return setsockopt(r->fd, SOL_SOCKET, SO_ATTACH_FILTER, &f, sizeof f);
}

/* A socket with a ring, bound: capturing from now on. -1 and errno; the
 * process ends then, so nothing is closed. */
static int
ring_open(struct ring *r, const struct pth_capture_spec *spec, unsigned snaplen, enum stage *stage)
{
	struct tpacket_req3 req = {
		.tp_block_size = BLOCK_BYTES,
		.tp_frame_size = 2048,
		.tp_retire_blk_tov = spec->retire > 0 ? spec->retire : RETIRE_MS,
	};
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int version = TPACKET_V3, one = 1;
	size_t bytes;

	r->blocks = spec->buffer > 0 ? (unsigned)((spec->buffer + BLOCK_BYTES - 1) / BLOCK_BYTES) :
	                               BLOCKS;
	bytes = (size_t)BLOCK_BYTES * r->blocks;
	req.tp_block_nr = r->blocks;
	req.tp_frame_nr = BLOCK_BYTES / 2048 * r->blocks;
	to.sll_ifindex = (int)if_nametoindex(spec->interface);
	if (to.sll_ifindex == 0)
		return -1;
	/* Protocol 0 at first: nothing arrives before the ring is there. */
	r->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (r->fd < 0)
		return -1;
	/* The kernel then notes the time once, as the packet comes in, and not
	 * again for each socket. */
	if (spec->shared_clock)
		setsockopt(r->fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
	/* On loopback every packet passes twice, out and in. Keep one. */
	if (strcmp(spec->interface, "lo") == 0)
		setsockopt(r->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
	*stage = FILTER;
	if (ring_filter(r, spec, snaplen) != 0)
		return -1;
	*stage = RING;
	if (setsockopt(r->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0 ||
	    setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof req) != 0)
		return -1;
	r->map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (r->map == MAP_FAILED)
		return -1;
	return bind(r->fd, (struct sockaddr *)&to, sizeof to);
}

/* Writes the packets of one block and give it back to the kernel. */
static void
take_block(struct tpacket_block_desc *d, struct sink *to)
{
	struct tpacket_hdr_v1 *h = &d->hdr.bh1;
	const char *p = (char *)d + h->offset_to_first_pkt;

	for (uint32_t i = 0; i < h->num_pkts; i++) {
		const struct tpacket3_hdr *t = (const void *)p;
		uint32_t cap = t->tp_snaplen < to->snaplen ? t->tp_snaplen : to->snaplen;

		packet_sink_packet(
		    to, t->tp_sec * 1000000000ULL + t->tp_nsec, p + t->tp_mac, cap, t->tp_len);
		pth_port_count_frame(to->spec->counts, p + t->tp_mac, t->tp_snaplen, t->tp_len);
		p += t->tp_next_offset;
	}
	__atomic_store_n(&h->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}

static void
take_ready(struct ring *r, struct sink *to)
{
	for (;;) {
		struct tpacket_block_desc *d = (void *)(r->map + (size_t)r->next * BLOCK_BYTES);

		if ((__atomic_load_n(&d->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
		        TP_STATUS_USER) == 0)
			return;
		r->taken += d->hdr.bh1.num_pkts;
		take_block(d, to);
		r->next = (r->next + 1) % r->blocks;
	}
}

/* Until ctl says something; then until nothing comes, and all is taken that has come: the kernel
 * hands over the last block by a timer, which is late on a busy machine. What does not come in
 * time is dropped. */
static void
work(struct ring *r, struct sink *to, int ctl)
{
	int64_t end = 0; /* > 0: stopping */
	uint64_t known = 0;

	for (;;) {
		struct pollfd p[2] = { { r->fd, POLLIN, 0 }, { end > 0 ? -1 : ctl, POLLIN, 0 } };
		int n = poll(p, 2, end > 0 ? QUIET_MS : 200);
		bool late = end > 0 && pth_mono_us() > end;

		take_ready(r, to);
		/* Quiet: let a reader of the growing file see what there is. */
		if (n == 0)
			packet_sink_flush(to);
		if (end > 0 && (n == 0 || late)) {
			packet_sink_count(to);
			known = r->taken + to->r.dropped;
			if (known >= to->arrived || late)
				break;
		}
		if (p[1].revents != 0)
			end = pth_mono_us() + LATE_US;
	}
	if (known < to->arrived)
		packet_sink_missing(to, to->arrived - known);
}

/* The process: a hello, then the result. */
static void
process(const struct pth_capture_spec *spec, int ctl, int report)
{
	unsigned snaplen = spec->snaplen > 0 && spec->snaplen < SNAP_MAX ? spec->snaplen : SNAP_MAX;
	struct hello hello = { RING, 0 };
	struct ring r = { .fd = -1 };
	struct sink to;

	if (ring_open(&r, spec, snaplen, &hello.stage) != 0) {
		hello.error = errno;
	} else if (packet_sink_open(&to, spec, snaplen) != 0) {
		hello.stage = FILES;
		hello.error = errno;
	}
	if (pth_write_all(report, &hello, sizeof hello) != 0 || hello.error != 0)
		return;
	to.socket = r.fd;
	work(&r, &to, ctl);
	packet_sink_close(&to);
	(void)!write(report, &to.r, sizeof to.r);
}

int
pth_capture_start(struct pth_capture *c, const struct pth_capture_spec *spec, struct pth_err *e)
{
	pth_auto_pipe ctl = PTH_PIPE_INIT, report = PTH_PIPE_INIT;
	pid_t parent = getpid();

	*c = (struct pth_capture){
		.pid = -1, .ctl = -1, .report = -1, .interface = spec->interface, .path = spec->path
	};
	if (pth_pipe_open(&ctl) == 0 && pth_pipe_open(&report) == 0)
		c->pid = fork();
	if (c->pid == 0) {
		sigset_t all;

		/* Only ctl or the kernel's SIGKILL ends a capture. */
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pth_close(&ctl.to);
		pth_close(&report.from);
		if (getppid() == parent)
			process(spec, ctl.from, report.to);
		_exit(0);
	}
	if (c->pid < 0)
		return pth_err_set(e, PTH_SYSTEM, "capture:");
	c->ctl = pth_take_fd(&ctl.to);
	c->report = pth_take_fd(&report.from);
	return 0;
}

static void
forget(struct pth_capture *c)
{
	pth_close(&c->ctl);
	pth_close(&c->report);
	waitpid(c->pid, NULL, WNOHANG);
	c->pid = -1;
}

int
pth_capture_confirm(struct pth_capture *c, struct pth_err *e)
{
	struct hello hello = { RING, 0 };
	ssize_t n = pth_read_all(c->report, &hello, sizeof hello);

	if (n == (ssize_t)sizeof hello && hello.error == 0)
		return 0;
	errno = hello.error;
	if (n != (ssize_t)sizeof hello)
		pth_err_set(e, PTH_SYSTEM, "capture on %s: the process died", c->interface);
	else
		pth_err_set(e, PTH_SYSTEM, "capture on %s%s%s:", c->interface,
		    hello.stage != RING ? ": " : "",
		    hello.stage == FILES      ? c->path :
		        hello.stage == FILTER ? "filter" :
		                                "");
	forget(c);
	return -1;
}

int
pth_capture_stop(struct pth_capture *c, struct pth_capture_result *res, struct pth_err *e)
{
	ssize_t n;

	/* A word, not an end of file: other captures, forked later, have a copy
	 * of this end. When the process is gone, the report says so. */
	(void)!write(c->ctl, "", 1);
	n = pth_read_all(c->report, res, sizeof *res);
	forget(c);
	if (n != (ssize_t)sizeof *res) {
		memset(res, 0, sizeof *res);
		return pth_err_set(e, PTH_SYSTEM, "the capture process died");
	}
	if (res->error != 0) {
		errno = res->error;
		return pth_err_set(e, PTH_SYSTEM, "write capture:");
	}
	return 0;
}
