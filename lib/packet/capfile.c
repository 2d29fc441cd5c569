/* This file reads pcapng and pcap files. */
#include "packet/capfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/os.h"

#define READ_BYTES ((size_t)1 << 20)
#define BLOCK_MAX (64u << 20) /* a block of keys is larger than any packet */
#define INTERFACES_MAX 65536
#define NS_PER_S 1000000000u
#define SECONDS_MAX 9000000000ll /* ns of what is later do not fit */

/* Blocks of pcapng. */
enum { IDB = 1, PB = 2, SPB = 3, EPB = 6, DSB = 10 };
#define SHB 0x0a0d0d0au
#define ORDER 0x1a2b3c4du
#define SECRETS_TLS 0x544c534bu
/* Options of an interface. */
enum { OPT_END = 0, OPT_TSRESOL = 9, OPT_TSOFFSET = 14 };

/* Magic numbers of pcap: microseconds, nanoseconds, and the one with longer heads. */
#define PCAP_US 0xa1b2c3d4u
#define PCAP_NS 0xa1b23c4du
#define PCAP_MORE 0xa1b2cd34u

struct interface {
	unsigned link;
	uint32_t snap;    /* 0: no limit */
	uint8_t tsresol;  /* negative power of 10, or of 2 with the high bit */
	int64_t tsoffset; /* s */
};

struct pth_capfile {
	int fd;
	uint8_t *buf;
	size_t cap, at, end; /* of buf; what is unread is from at to end */
	bool over;           /* the file's end was read */
	bool begun, ng, swap;
	size_t head;         /* bytes of a packet's head in pcap */
	struct interface *v; /* of the section; pcap has one */
	size_t n;
	uint64_t number;
	const char *lack;
	bool failed;
	pth_capfile_secrets *secrets;
	void *arg;
};

struct pth_capfile *
pth_capfile_new(int fd)
{
	struct pth_capfile *f = pth_xarray(NULL, 1, sizeof *f);

	*f = (struct pth_capfile){ .fd = fd };
	return f;
}

void
pth_capfile_on_secrets(struct pth_capfile *f, pth_capfile_secrets *fn, void *arg)
{
	f->secrets = fn;
	f->arg = arg;
}

const char *
pth_capfile_lack(const struct pth_capfile *f)
{
	return f->lack;
}

bool
pth_capfile_is_one(const struct pth_capfile *f)
{
	return f->begun;
}

const uint8_t *
pth_capfile_begin(const struct pth_capfile *f, size_t *n)
{
	*n = f->end - f->at;
	return f->buf + f->at;
}

void
pth_capfile_free(struct pth_capfile *f)
{
	if (f == NULL)
		return;
	free(f->buf);
	free(f->v);
	free(f);
}

/* The first reason is the one that is said. */
static bool
stop(struct pth_capfile *f, const char *why)
{
	if (!f->failed)
		f->lack = why;
	f->failed = true;
	return false;
}

/* At least n bytes at f->buf + f->at; false: the file has not so many. */
static bool
fill(struct pth_capfile *f, size_t n)
{
	while (f->end - f->at < n && !f->over) {
		ssize_t got;

		if (f->at > 0 && f->cap - f->at < n) {
			memmove(f->buf, f->buf + f->at, f->end - f->at);
			f->end -= f->at;
			f->at = 0;
		}
		/* Memory for what is there only: lengths may lie. */
		if (f->cap == f->end) {
			f->cap = f->cap == 0 ? READ_BYTES : f->cap * 2;
			f->buf = pth_xarray(f->buf, f->cap, 1);
		}
		got = read(f->fd, f->buf + f->end, f->cap - f->end);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return stop(f, "the file cannot be read");
		f->over = got == 0;
		f->end += (size_t)got;
	}
	return f->end - f->at >= n;
}

static uint32_t
u32(const struct pth_capfile *f, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return f->swap ? __builtin_bswap32(v) : v;
}

static unsigned
u16(const struct pth_capfile *f, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return f->swap ? __builtin_bswap16(v) : v;
}

/* Units of time of the interface since the epoch, in ns; false: out of our range. */
static bool
to_ns(const struct interface *i, uint64_t units, int64_t *ns)
{
	unsigned power = i->tsresol & 0x7f;
	unsigned __int128 all;
	int64_t offset = i->tsoffset;

	if (offset > SECONDS_MAX || offset < -SECONDS_MAX)
		return false;
	if ((i->tsresol & 0x80) != 0) {
		if (power > 63)
			return false;
		all = (unsigned __int128)units * NS_PER_S >> power;
	} else {
		all = units;
		for (; power < 9; power++)
			all *= 10;
		for (; power > 9 && all > 0; power--)
			all /= 10;
	}
	if (all > (unsigned __int128)SECONDS_MAX * NS_PER_S)
		return false;
	*ns = (int64_t)all + offset * (int64_t)NS_PER_S;
	return *ns >= 0;
}

/* ---- pcapng */

static void
options(struct pth_capfile *f, struct interface *i, const uint8_t *p, const uint8_t *end)
{
	while (end - p >= 4) {
		unsigned code = u16(f, p), n = u16(f, p + 2);
		size_t padded = ((size_t)n + 3) & ~(size_t)3;

		p += 4;
		if (code == OPT_END || (size_t)(end - p) < padded)
			return;
		if (code == OPT_TSRESOL && n == 1)
			i->tsresol = *p;
		if (code == OPT_TSOFFSET && n == 8) {
			uint64_t v;

			memcpy(&v, p, sizeof v);
			i->tsoffset = (int64_t)(f->swap ? __builtin_bswap64(v) : v);
		}
		p += padded;
	}
}

static bool
interface_block(struct pth_capfile *f, const uint8_t *p, size_t n)
{
	struct interface i = { .tsresol = 6 };

	if (n < 20)
		return stop(f, "an interface's block is too short");
	if (f->n == INTERFACES_MAX)
		return stop(f, "a section has more interfaces than are told apart");
	i.link = u16(f, p + 8);
	i.snap = u32(f, p + 12);
	options(f, &i, p + 16, p + n - 4);
	f->v = pth_xarray(f->v, f->n + 1, sizeof *f->v);
	f->v[f->n++] = i;
	return true;
}

static void
secrets_block(struct pth_capfile *f, const uint8_t *p, size_t n)
{
	size_t len = n >= 20 ? u32(f, p + 12) : 0;

	if (n >= 20 && len <= n - 20 && u32(f, p + 8) == SECRETS_TLS && f->secrets != NULL)
		f->secrets(f->arg, (const char *)p + 16, len);
}

/* A packet with a time, interface id, length stored and on the wire at `head`. */
static bool
packet(struct pth_capfile *f, uint32_t interface, const uint8_t *head, size_t room,
    struct pth_frame *out)
{
	const struct interface *i;

	*out = (struct pth_frame){ .number = ++f->number,
		.has_interface = true,
		.interface = interface,
		.swapped = f->swap,
		.cap = u32(f, head + 8),
		.len = u32(f, head + 12),
		.p = head + 16 };
	if (interface >= f->n)
		return stop(f, "a packet is of an interface that is not there");
	if (out->cap > room)
		return stop(f, "a packet is longer than its block");
	i = &f->v[interface];
	out->link = i->link;
	out->timed = to_ns(i, (uint64_t)u32(f, head) << 32 | u32(f, head + 4), &out->ns);
	return true;
}

static bool
enhanced_block(struct pth_capfile *f, const uint8_t *p, size_t n, struct pth_frame *out)
{
	if (n < 32)
		return stop(f, "a packet's block is too short");
	return packet(f, u32(f, p + 8), p + 12, n - 32, out);
}

/* The form of old files: two bytes of interface, two of drops. */
static bool
old_block(struct pth_capfile *f, const uint8_t *p, size_t n, struct pth_frame *out)
{
	if (n < 32)
		return stop(f, "a packet's block is too short");
	return packet(f, u16(f, p + 8), p + 12, n - 32, out);
}

/* Without time; as many bytes as the interface takes. */
static bool
simple_block(struct pth_capfile *f, const uint8_t *p, size_t n, struct pth_frame *out)
{
	if (n < 16 || f->n == 0)
		return stop(f, "a packet's block is too short, or of no interface");
	*out = (struct pth_frame){ .number = ++f->number,
		.swapped = f->swap,
		.has_interface = true,
		.link = f->v[0].link,
		.len = u32(f, p + 8),
		.p = p + 12 };
	out->cap = out->len;
	if (f->v[0].snap != 0 && f->v[0].snap < out->cap)
		out->cap = f->v[0].snap;
	return out->cap <= n - 16 || stop(f, "a packet is longer than its block");
}

/* A section begins: its byte order, and interfaces counted anew. */
static bool
section(struct pth_capfile *f)
{
	uint32_t order;

	if (!fill(f, 28))
		return stop(f, "the file breaks off");
	memcpy(&order, f->buf + f->at + 8, sizeof order);
	if (order != ORDER && order != __builtin_bswap32(ORDER))
		return stop(f, "a section has no byte order");
	f->swap = order != ORDER;
	f->n = 0;
	return true;
}

/* The next block: *p and *n, which is consumed. False: none, or stop(). */
static bool
block(struct pth_capfile *f, const uint8_t **p, size_t *n)
{
	uint32_t type;

	if (!fill(f, 8)) {
		if (f->end > f->at)
			stop(f, "the file breaks off");
		return false;
	}
	memcpy(&type, f->buf + f->at, sizeof type);
	if (type == SHB && !section(f))
		return false;
	*n = u32(f, f->buf + f->at + 4);
	if (*n < 12 || *n % 4 != 0 || *n > BLOCK_MAX)
		return stop(f, "a block has an impossible length");
	if (!fill(f, *n))
		return stop(f, "the file breaks off");
	*p = f->buf + f->at;
	if (u32(f, *p + *n - 4) != *n)
		return stop(f, "a block has two lengths");
	f->at += *n;
	return true;
}

static bool
next_ng(struct pth_capfile *f, struct pth_frame *out)
{
	const uint8_t *p;
	size_t n;

	while (block(f, &p, &n)) {
		switch (u32(f, p)) {
		case IDB:
			if (!interface_block(f, p, n))
				return false;
			break;
		case DSB: secrets_block(f, p, n); break;
		case EPB: return enhanced_block(f, p, n, out);
		case PB: return old_block(f, p, n, out);
		case SPB: return simple_block(f, p, n, out);
		default: break; /* nothing about packets */
		}
	}
	return false;
}

/* ---- pcap */

static bool
is_pcap(uint32_t magic)
{
	return magic == PCAP_US || magic == PCAP_NS || magic == PCAP_MORE;
}

bool
pth_capfile_begins_pcap(const void *bytes)
{
	uint32_t magic;

	memcpy(&magic, bytes, sizeof magic);
	return is_pcap(magic) || is_pcap(__builtin_bswap32(magic));
}

bool
pth_capfile_is_pcap(const struct pth_capfile *f, unsigned *link, uint32_t *snap)
{
	if (f->ng || f->n == 0)
		return false;
	*link = f->v[0].link;
	*snap = f->v[0].snap;
	return true;
}

static bool
begin_pcap(struct pth_capfile *f, uint32_t magic)
{
	const uint8_t *p = f->buf + f->at;

	f->swap = !is_pcap(magic);
	f->head = u32(f, p) == PCAP_MORE ? 24 : 16;
	f->v = pth_xarray(NULL, 1, sizeof *f->v);
	f->n = 1;
	/* The high bits say how long the checksum behind each frame is. */
	f->v[0] = (struct interface){ .link = u32(f, p + 20) & 0xffff,
		.snap = u32(f, p + 16),
		.tsresol = u32(f, p) == PCAP_NS ? 9 : 6 };
	f->at += 24;
	return true;
}

static bool
next_pcap(struct pth_capfile *f, struct pth_frame *out)
{
	const struct interface *i = f->v;
	const uint8_t *p;
	uint64_t s, part;

	if (!fill(f, f->head)) {
		if (f->end > f->at)
			stop(f, "the file breaks off");
		return false;
	}
	p = f->buf + f->at;
	*out = (struct pth_frame){ .number = f->number + 1,
		.swapped = f->swap,
		.link = i->link,
		.cap = u32(f, p + 8),
		.len = u32(f, p + 12) };
	if (out->cap > BLOCK_MAX)
		return stop(f, "a packet has an impossible length");
	if (!fill(f, f->head + out->cap))
		return stop(f, "the file breaks off");
	p = f->buf + f->at;
	s = u32(f, p);
	part = u32(f, p + 4);
	out->p = p + f->head;
	out->timed = true;
	out->ns = (int64_t)(s * NS_PER_S + part * (i->tsresol == 9 ? 1 : 1000));
	f->at += f->head + out->cap;
	f->number++;
	return true;
}

/* ---- both */

static bool
begin(struct pth_capfile *f)
{
	uint32_t magic;

	if (!fill(f, 4))
		return stop(f, f->end == f->at ? "the file is empty" : "this is no capture");
	memcpy(&magic, f->buf + f->at, sizeof magic);
	f->ng = magic == SHB;
	if (f->ng) {
		f->begun = true;
		return true;
	}
	if (!pth_capfile_begins_pcap(&magic))
		return stop(f, "this is no capture");
	f->begun = true;
	return fill(f, 24) ? begin_pcap(f, magic) : stop(f, "the file breaks off");
}

bool
pth_capfile_next(struct pth_capfile *f, struct pth_frame *out)
{
	if (f->failed || (!f->begun && !begin(f)))
		return false;
	return f->ng ? next_ng(f, out) : next_pcap(f, out);
}
