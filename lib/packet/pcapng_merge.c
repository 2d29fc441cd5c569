/* This file reads several captures as one: pcapng of ours, and pcap of whoever has made them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "packet/capfile.h"
#include "packet/pcapng.h"
#include "packet/sighting.h"

enum { SHB = 0x0a0d0d0a, IDB = 1, EPB = 6, DSB = 10 };

#define BLOCK_MAX (64u << 20) /* a block of keys is larger than any packet */
#define FLUSH_AT ((size_t)1 << 20)

/* Numbers of the header of a packet block: type, length, interface, time in
 * ns (high and low half), bytes stored, bytes on the wire. */
enum { B_TYPE, B_LEN, B_IF, B_HIGH, B_LOW, B_CAP, B_WIRE, B_PACKET };
#define B_SNAPLEN 3 /* of an interface block */

struct stream {
	const struct pth_pcapng_stream *from;
	size_t next;             /* file to be opened */
	FILE *fp;                /* NULL: none is open, or: */
	struct pth_capfile *old; /* a file of pcap, */
	int fd;                  /* of which this is the descriptor */
	struct pth_buf b;        /* the block at hand; packets of pcap are made such */
	uint64_t ns;             /* of its packet */
	bool over;
};

struct merge {
	struct stream *v;
	size_t n;
	int dirfd, out;
	struct pth_buf b; /* output that is not yet written */
	struct packet_sightings *seen;
	uint32_t snaplen; /* the least of all files: so many bytes of a packet can be compared */
	unsigned link;    /* the link type, of all */
	bool linked;      /* it is known */
	bool begun;       /* the header is out */
	bool cut;
};

static uint32_t
word(const struct stream *s, size_t i)
{
	uint32_t v;

	memcpy(&v, s->b.s + i * sizeof v, sizeof v);
	return v;
}

/* The next block of the open file into s->b: 1, 0 at its end, -1 when it ends
 * in the middle or is not what we write. */
static int
read_block(struct stream *s)
{
	uint32_t head[2];
	size_t got = fread(head, 1, sizeof head, s->fp);

	pth_buf_cut(&s->b, 0);
	if (got == 0)
		return 0;
	if (got < sizeof head || head[1] < 12 || head[1] % 4 != 0 || head[1] > BLOCK_MAX)
		return -1;
	pth_buf_add(&s->b, head, sizeof head);
	for (uint32_t left = head[1] - (uint32_t)sizeof head; left > 0;) {
		size_t want = left < 65536 ? left : 65536; /* memory for what is there only */

		if (fread(pth_buf_room(&s->b, want), 1, want, s->fp) != want)
			return -1;
		s->b.len += want;
		left -= (uint32_t)want;
	}
	return word(s, head[1] / 4 - 1) == head[1] ? 1 : -1;
}

/* The first link type is that of all packets: there is one interface. */
static bool
link_ok(struct merge *m, unsigned link)
{
	if (!m->linked)
		m->link = link;
	m->linked = true;
	return m->link == link;
}

/* Is the block at hand as our writer makes it? */
static bool
block_ok(struct merge *m, const struct stream *s)
{
	uint32_t len = word(s, B_LEN);

	switch (word(s, B_TYPE)) {
	case SHB: return len >= 28 && word(s, 2) == 0x1a2b3c4d;
	case IDB: return len >= 20 && link_ok(m, word(s, 2) & 0xffff);
	case EPB: return len >= 32 && word(s, B_CAP) <= len - 32 && word(s, B_IF) == 0;
	default: return true;
	}
}

static void
close_file(struct stream *s)
{
	if (s->fp != NULL)
		fclose(pth_take(&s->fp));
	if (s->old == NULL)
		return;
	pth_capfile_free(pth_take(&s->old));
	pth_close(&s->fd);
}

/* --- pcap */

static void
add_words(struct pth_buf *b, const uint32_t *v, size_t n)
{
	pth_buf_add(b, v, n * sizeof *v);
}

/* Its header as that of a section with one interface. */
static void
begin_pcap(struct merge *m, unsigned link, uint32_t snap)
{
	const uint32_t head[] = { SHB, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28, IDB, 32, link,
		snap, 1 << 16 | 9, 9, 0, 32 }; /* if_tsresol: nanoseconds */

	if (snap > 0 && snap < m->snaplen)
		m->snaplen = snap;
	if (!m->begun)
		add_words(&m->b, head, countof(head));
	m->begun = true;
}

/* As read_block(), which is always a packet. */
static int
read_pcap(struct merge *m, struct stream *s)
{
	struct pth_frame f;
	bool there = pth_capfile_next(s->old, &f);
	unsigned link;
	uint32_t snap, pad, len;

	if (!pth_capfile_is_pcap(s->old, &link, &snap) || !link_ok(m, link))
		return -1;
	begin_pcap(m, link, snap);
	if (!there)
		return pth_capfile_lack(s->old) == NULL ? 0 : -1;
	if (f.cap > BLOCK_MAX - 64)
		return -1;
	pad = -f.cap & 3;
	len = 32 + f.cap + pad;
	pth_buf_cut(&s->b, 0);
	add_words(&s->b,
	    (const uint32_t[]){
	        EPB, len, 0, (uint32_t)((uint64_t)f.ns >> 32), (uint32_t)f.ns, f.cap, f.len },
	    B_PACKET);
	pth_buf_add(&s->b, f.p, f.cap);
	pth_buf_add(&s->b, "\0\0\0", pad);
	add_words(&s->b, &len, 1);
	return 1;
}

/* Does the file at hand begin as pcap does? */
static bool
is_pcap(int fd)
{
	char magic[4];

	return pread(fd, magic, sizeof magic, 0) == (ssize_t)sizeof magic &&
	    pth_capfile_begins_pcap(magic);
}

/* --- a stream */

static int
open_next(struct merge *m, struct stream *s, struct pth_err *e)
{
	const char *path = s->from->paths[s->next++];
	pth_auto_fd fd = m->dirfd == AT_FDCWD ? pth_open_named(path, NULL) :
	                                        pth_open_regular(m->dirfd, path, NULL);

	if (fd >= 0 && is_pcap(fd)) {
		s->fd = pth_take_fd(&fd);
		s->old = pth_capfile_new(s->fd);
		return 0;
	}
	s->fp = fd < 0 ? NULL : fdopen(fd, "r");
	if (s->fp == NULL)
		return pth_err_set(e, PTH_INPUT, "%s:", path);
	pth_take_fd(&fd);
	/* An empty file is one whose capture could not write. */
	if (read_block(s) == 1 && word(s, B_TYPE) == SHB && block_ok(m, s)) {
		if (!m->begun)
			pth_buf_add(&m->b, s->b.s, s->b.len);
		return 0;
	}
	m->cut = true;
	close_file(s);
	return 0;
}

/* What is before the packets of the first file, keys too, is before all. */
static void
keep_header(struct merge *m, const struct stream *s)
{
	uint32_t type = word(s, B_TYPE), snaplen = type == IDB ? word(s, B_SNAPLEN) : 0;
	bool first = s == m->v && s->next == 1;

	if (snaplen > 0 && snaplen < m->snaplen)
		m->snaplen = snaplen;
	if ((!m->begun && type == IDB) || ((first || !m->begun) && type == DSB))
		pth_buf_add(&m->b, s->b.s, s->b.len);
	m->begun = m->begun || type == IDB;
}

/* The next packet of the stream, from its files in turn. */
static int
advance(struct merge *m, struct stream *s, struct pth_err *e)
{
	for (;;) {
		bool none = s->fp == NULL && s->old == NULL;
		int r = 0;

		if (none && s->next == s->from->n) {
			s->over = true;
			return 0;
		}
		if (none && open_next(m, s, e) != 0)
			return -1;
		if (s->fp != NULL)
			r = read_block(s);
		else if (s->old != NULL)
			r = read_pcap(m, s);
		if (r == 1 && block_ok(m, s)) {
			keep_header(m, s);
			if (word(s, B_TYPE) != EPB || !m->begun)
				continue;
			s->ns = (uint64_t)word(s, B_HIGH) << 32 | word(s, B_LOW);
			return 0;
		}
		m->cut = m->cut || r != 0;
		close_file(s);
	}
}

/* Has another stream had this very packet? */
static bool
is_known(const struct merge *m, const struct stream *s)
{
	uint32_t cap = word(s, B_CAP);

	return packet_sighting_is_known(m->seen, (size_t)(s - m->v), s->ns, s->b.s + B_PACKET * 4,
	    cap < m->snaplen ? cap : m->snaplen, word(s, B_WIRE));
}

static struct stream *
earliest(struct merge *m)
{
	struct stream *best = NULL;

	for (size_t i = 0; i < m->n; i++)
		if (!m->v[i].over && (best == NULL || m->v[i].ns < best->ns))
			best = &m->v[i];
	return best;
}

static int
write_out(struct merge *m, size_t at_least, struct pth_err *e)
{
	if (m->b.len == 0 || m->b.len < at_least)
		return 0;
	if (pth_write_all(m->out, m->b.s, m->b.len) != 0)
		return pth_err_set(e, PTH_SYSTEM, "merge captures:");
	pth_buf_cut(&m->b, 0);
	return 0;
}

int
pth_pcapng_merge(int dirfd, const struct pth_pcapng_stream *v, size_t n, bool apart, int out,
    bool *cut, struct pth_err *e)
{
	struct merge m = { .n = n,
		.dirfd = dirfd,
		.out = out,
		.v = pth_xarray(NULL, n + 1, sizeof *m.v),
		.snaplen = UINT32_MAX,
		.seen = packet_sightings_new(n, apart) };
	struct stream *s;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		m.v[i] = (struct stream){ .from = &v[i], .fd = -1 };
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = advance(&m, &m.v[i], e);
	while (rc == 0 && (s = earliest(&m)) != NULL) {
		if (!is_known(&m, s))
			pth_buf_add(&m.b, s->b.s, s->b.len);
		rc = write_out(&m, FLUSH_AT, e) != 0 ? -1 : advance(&m, s, e);
	}
	if (rc == 0)
		rc = write_out(&m, 0, e);
	if (rc == 0 && !m.begun)
		rc = pth_err_set(e, PTH_INPUT, "no packet was captured");
	*cut = m.cut;
	for (size_t i = 0; i < n; i++) {
		pth_buf_release(&m.v[i].b);
		close_file(&m.v[i]);
	}
	free(m.v);
	packet_sightings_free(m.seen);
	pth_buf_release(&m.b);
	return rc;
}

int
pth_pcapng_each(int dirfd, const char *path,
    bool (*see)(void *arg, const struct pth_pcapng_frame *f), void *arg, bool *cut,
    struct pth_err *e)
{
	const struct pth_pcapng_stream from = { &path, 1 };
	struct stream s = { .from = &from, .fd = -1 };
	struct merge m = { .v = &s, .n = 1, .dirfd = dirfd, .out = -1 };
	int rc = advance(&m, &s, e);

	while (rc == 0 && !s.over) {
		const struct pth_pcapng_frame f = { s.ns, s.b.s + B_PACKET * sizeof(uint32_t),
			word(&s, B_CAP), word(&s, B_WIRE) };

		pth_buf_cut(&m.b, 0); /* of blocks before the packets */
		if (!see(arg, &f))
			break;
		rc = advance(&m, &s, e);
	}
	*cut = m.cut;
	close_file(&s);
	pth_buf_release(&s.b);
	pth_buf_release(&m.b);
	return rc;
}
