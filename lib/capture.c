#include "capture.h"

#include <errno.h>
#include <fcntl.h>
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

#include "os.h"
#include "pcapng.h"
#include "tally.h"

#define BLOCK_BYTES (256u << 10)
#define BLOCKS 32       /* 8 MiB: a few milliseconds of a saturated loopback */
#define RETIRE_MS 2     /* a block that is not full is handed over after this */
#define SNAP_MAX 262144

static struct pth_tally *tally; /* of captures that are started now */

void
pth_capture_tally(struct pth_tally *t)
{
	tally = t;
}

struct ring {
	int fd;
	char *map;
	unsigned next; /* block to read */
};

/* A socket with a ring, bound: capturing from now on. -1 and errno; the
 * process ends then, so nothing is closed. */
static int
ring_open(struct ring *r, const char *interface)
{
	struct tpacket_req3 req = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = BLOCKS,
		.tp_frame_size = 2048,
		.tp_frame_nr = BLOCK_BYTES / 2048 * BLOCKS,
		.tp_retire_blk_tov = RETIRE_MS,
	};
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int version = TPACKET_V3, one = 1;

	to.sll_ifindex = (int)if_nametoindex(interface);
	if (to.sll_ifindex == 0)
		return -1;
	/* Protocol 0 at first: nothing arrives before the ring is there. */
	r->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (r->fd < 0)
		return -1;
	/* On loopback every packet passes twice, out and in. Keep one. */
	if (strcmp(interface, "lo") == 0)
		setsockopt(r->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
	if (setsockopt(r->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0 ||
	    setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof req) != 0)
		return -1;
	r->map = mmap(NULL, (size_t)BLOCK_BYTES * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED,
	    r->fd, 0);
	if (r->map == MAP_FAILED)
		return -1;
	return bind(r->fd, (struct sockaddr *)&to, sizeof to);
}

/* Write the packets of one block and give it back to the kernel. */
static uint64_t
take_block(struct tpacket_block_desc *d, struct pth_pcapng *w, unsigned snaplen)
{
	struct tpacket_hdr_v1 *h = &d->hdr.bh1;
	const char *p = (char *)d + h->offset_to_first_pkt;

	for (uint32_t i = 0; i < h->num_pkts; i++) {
		const struct tpacket3_hdr *t = (const void *)p;
		uint32_t cap = t->tp_snaplen < snaplen ? t->tp_snaplen : snaplen;

		pth_pcapng_packet(w, t->tp_sec * 1000000000ULL + t->tp_nsec, p + t->tp_mac, cap,
		    t->tp_len);
		pth_tally_frame(tally, p + t->tp_mac, t->tp_snaplen, t->tp_len);
		p += t->tp_next_offset;
	}
	__atomic_store_n(&h->block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	return h->num_pkts;
}

static uint64_t
take_ready(struct ring *r, struct pth_pcapng *w, unsigned snaplen)
{
	uint64_t n = 0;

	for (;;) {
		struct tpacket_block_desc *d = (void *)(r->map + (size_t)r->next * BLOCK_BYTES);

		if (!(__atomic_load_n(&d->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			return n;
		n += take_block(d, w, snaplen);
		r->next = (r->next + 1) % BLOCKS;
	}
}

/* Until ctl is closed, then until two retire intervals brought nothing. */
static void
work(struct ring *r, struct pth_pcapng *w, int ctl, unsigned snaplen,
    struct pth_capture_result *res)
{
	bool stopping = false;

	for (;;) {
		struct pollfd p[2] = { { r->fd, POLLIN, 0 }, { stopping ? -1 : ctl, POLLIN, 0 } };
		int n = poll(p, 2, stopping ? 3 * RETIRE_MS : 200);

		res->packets += take_ready(r, w, snaplen);
		if (n == 0 && stopping)
			break;
		/* Quiet: let a reader of the growing file see what there is. */
		if (n == 0)
			pth_pcapng_flush(w);
		if (p[1].revents)
			stopping = true;
	}
}

/* What the process is to do. */
struct task {
	const char *interface;
	unsigned snaplen;
	int file, ctl, report;
};

/* The process. Its first word home is an error number, 0 when the ring is
 * live; the second one is the result. */
static void
process(const struct task *t)
{
	struct pth_capture_result res = { 0 };
	struct tpacket_stats_v3 st = { 0 };
	socklen_t len = sizeof st;
	struct ring r = { .fd = -1 };
	struct pth_pcapng *w;
	int error = 0;

	if (ring_open(&r, t->interface) != 0)
		error = errno;
	if (pth_write_all(t->report, &error, sizeof error) != 0 || error != 0)
		return;
	w = pth_pcapng_open(t->file, t->interface, PTH_LINKTYPE_ETHERNET, t->snaplen);
	work(&r, w, t->ctl, t->snaplen, &res);
	if (getsockopt(r.fd, SOL_PACKET, PACKET_STATISTICS, &st, &len) == 0)
		res.dropped = st.tp_drops;
	if (pth_pcapng_close(w, res.packets + res.dropped, res.dropped, NULL) != 0)
		res.error = errno;
	(void)!write(t->report, &res, sizeof res);
}

int
pth_capture_start(struct pth_capture *c, const char *interface, int dirfd, const char *path,
    unsigned snaplen, struct pth_err *e)
{
	int file, ctl[2] = { -1, -1 }, report[2] = { -1, -1 };
	pid_t parent = getpid();

	*c = (struct pth_capture){ .pid = -1, .ctl = -1, .report = -1, .interface = interface };
	if (snaplen == 0 || snaplen > SNAP_MAX)
		snaplen = SNAP_MAX;
	file = pth_open_beneath(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (file < 0)
		return pth_err_set(e, PTH_SYSTEM, "%s:", path);
	if (pipe2(ctl, O_CLOEXEC) == 0 && pipe2(report, O_CLOEXEC) == 0)
		c->pid = fork();
	if (c->pid == 0) {
		struct task t = { interface, snaplen, file, ctl[0], report[1] };
		sigset_t all;

		/* Only a closed ctl or the kernel's SIGKILL ends a capture. */
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ctl[1]);
		close(report[0]);
		if (getppid() == parent)
			process(&t);
		_exit(0);
	}
	if (c->pid < 0)
		pth_err_set(e, PTH_SYSTEM, "capture:");
	close(file);
	if (ctl[0] >= 0)
		close(ctl[0]);
	if (report[1] >= 0)
		close(report[1]);
	c->ctl = ctl[1];
	c->report = report[0];
	return c->pid < 0 ? -1 : 0;
}

static void
forget(struct pth_capture *c)
{
	if (c->ctl >= 0)
		close(c->ctl);
	close(c->report);
	waitpid(c->pid, NULL, WNOHANG);
	c->pid = -1;
}

int
pth_capture_confirm(struct pth_capture *c, struct pth_err *e)
{
	int error = 0;
	ssize_t n = pth_read_all(c->report, &error, sizeof error);

	if (n == (ssize_t)sizeof error && error == 0)
		return 0;
	if (n == (ssize_t)sizeof error) {
		errno = error;
		pth_err_set(e, PTH_SYSTEM, "capture on %s:", c->interface);
	} else {
		pth_err_set(e, PTH_SYSTEM, "capture on %s: the process died", c->interface);
	}
	forget(c);
	return -1;
}

int
pth_capture_stop(struct pth_capture *c, struct pth_capture_result *res, struct pth_err *e)
{
	ssize_t n;

	close(c->ctl);
	c->ctl = -1;
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
