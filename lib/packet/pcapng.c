/* This file writes pcapng files, which end in whole blocks whatever happens. */
#include "packet/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/os.h"

#define FLUSH_AT ((size_t)1 << 20)
#define KEEP_FREE 262144 /* bytes of the disk that are left to results and logs */

enum { SHB = 0x0a0d0d0a, IDB = 1, ISB = 5, EPB = 6 };
enum {
	OPT_END = 0,
	OPT_COMMENT = 1,
	IF_NAME = 2,
	IF_TSRESOL = 9,
	SHB_USERAPPL = 4,
	ISB_IFRECV = 4,
	ISB_IFDROP = 5
};

struct pth_pcapng {
	int fd;
	int failed;    /* errno of the first failed write */
	uint64_t size; /* of the file, without b */
	uint64_t lost;
	struct pth_buf b;
};

static void
u16(struct pth_buf *b, unsigned v)
{
	uint16_t x = (uint16_t)v;

	pth_buf_add(b, &x, sizeof x);
}

static void
u32(struct pth_buf *b, uint32_t v)
{
	pth_buf_add(b, &v, sizeof v);
}

static void
padded(struct pth_buf *b, const void *p, size_t n)
{
	pth_buf_add(b, p, n);
	pth_buf_add(b, "\0\0\0", (4 - n % 4) % 4);
}

static void
option(struct pth_buf *b, unsigned code, const void *p, size_t n)
{
	u16(b, code);
	u16(b, (unsigned)n);
	padded(b, p, n);
}

/* A block is its type, its length, a body and the length again; the caller
 * writes the body between begin and end. */
static size_t
begin(struct pth_buf *b, uint32_t type)
{
	size_t at = b->len;

	u32(b, type);
	u32(b, 0);
	return at;
}

static void
end(struct pth_buf *b, size_t at)
{
	uint32_t n = (uint32_t)(b->len - at + 4);

	u32(b, n);
	memcpy(b->s + at + 4, &n, sizeof n);
}

struct pth_pcapng *
pth_pcapng_open(int fd, const char *interface, unsigned linktype, unsigned snaplen)
{
	struct pth_pcapng *w = pth_xmalloc(sizeof *w);
	const unsigned char nano = 9;
	size_t at;

	*w = (struct pth_pcapng){ .fd = fd };
	at = begin(&w->b, SHB);
	u32(&w->b, 0x1a2b3c4d);
	u16(&w->b, 1);
	u16(&w->b, 0);
	u32(&w->b, UINT32_MAX); /* the length of the section, in 64 bits: not known */
	u32(&w->b, UINT32_MAX);
	option(&w->b, SHB_USERAPPL, "pth " PTH_VERSION, strlen("pth " PTH_VERSION));
	option(&w->b, OPT_END, "", 0);
	end(&w->b, at);
	at = begin(&w->b, IDB);
	u16(&w->b, linktype);
	u16(&w->b, 0);
	u32(&w->b, snaplen);
	option(&w->b, IF_NAME, interface, strlen(interface));
	option(&w->b, IF_TSRESOL, &nano, 1);
	option(&w->b, OPT_END, "", 0);
	end(&w->b, at);
	return w;
}

/* How much of the buffer is whole blocks within n bytes. */
static size_t
whole(const struct pth_pcapng *w, uint64_t n)
{
	size_t at = 0;
	uint32_t length;

	for (; at < w->b.len; at += length) {
		memcpy(&length, w->b.s + at + 4, sizeof length);
		if (at + length > n)
			break;
	}
	return at;
}

/* Packets of the buffer from `at` on. */
static uint64_t
packets_from(const struct pth_pcapng *w, size_t at)
{
	uint64_t n = 0;
	uint32_t head[2];

	for (; at < w->b.len; at += head[1]) {
		memcpy(head, w->b.s + at, sizeof head);
		n += head[0] == EPB;
	}
	return n;
}

/* Bytes that may still be written where fd is. */
static uint64_t
room(int fd)
{
	struct statvfs v;
	uint64_t bytes;

	if (fstatvfs(fd, &v) != 0 || v.f_blocks == 0)
		return UINT64_MAX; /* cannot be known */
	bytes = (uint64_t)v.f_bavail * v.f_frsize;
	return bytes > KEEP_FREE ? bytes - KEEP_FREE : 0;
}

/* Writes n bytes of the buffer at the end of the file, or as many whole blocks
 * of them as there is room for. How many; less: errno. */
static size_t
append(const struct pth_pcapng *w, size_t n)
{
	off_t at;
	int error;

	if (pth_write_all(w->fd, w->b.s, n) == 0)
		return n;
	error = errno;
	at = lseek(w->fd, 0, SEEK_CUR);
	n = whole(w, at > 0 && (uint64_t)at > w->size ? (uint64_t)at - w->size : 0);
	/* When not even this can be done, the file ends in half a block. */
	if (ftruncate(w->fd, (off_t)(w->size + n)) == 0)
		lseek(w->fd, (off_t)(w->size + n), SEEK_SET);
	errno = error;
	return n;
}

int
pth_pcapng_flush(struct pth_pcapng *w)
{
	uint64_t most = w->failed != 0 || w->b.len == 0 ? 0 : room(w->fd);
	size_t want = w->b.len, n;

	if (w->failed == 0 && want > 0) {
		want = whole(w, most);
		n = append(w, want);
		if (n < w->b.len)
			w->failed = n < want ? errno : ENOSPC;
		w->size += n;
		w->lost += packets_from(w, n);
	}
	pth_buf_cut(&w->b, 0);
	errno = w->failed;
	return w->failed != 0 ? -1 : 0;
}

uint64_t
pth_pcapng_size(const struct pth_pcapng *w)
{
	return w->size + w->b.len;
}

uint64_t
pth_pcapng_packet_size(uint32_t cap)
{
	return 32 + ((uint64_t)cap + 3) / 4 * 4;
}

uint64_t
pth_pcapng_lost(const struct pth_pcapng *w)
{
	return w->lost;
}

void
pth_pcapng_packet(struct pth_pcapng *w, uint64_t ns, const void *p, uint32_t cap, uint32_t len)
{
	pth_pcapng_packet_comment(w, ns, p, cap, len, NULL);
}

void
pth_pcapng_packet_comment(struct pth_pcapng *w, uint64_t ns, const void *p, uint32_t cap,
    uint32_t len, const char *comment)
{
	size_t at;

	if (w->failed != 0) {
		w->lost++;
		return;
	}
	at = begin(&w->b, EPB);
	u32(&w->b, 0);
	u32(&w->b, (uint32_t)(ns >> 32));
	u32(&w->b, (uint32_t)ns);
	u32(&w->b, cap);
	u32(&w->b, len);
	padded(&w->b, p, cap);
	if (comment != NULL) {
		option(&w->b, OPT_COMMENT, comment, strlen(comment));
		option(&w->b, OPT_END, "", 0);
	}
	end(&w->b, at);
	if (w->b.len >= FLUSH_AT)
		pth_pcapng_flush(w);
}

uint64_t
pth_pcapng_end_size(size_t n)
{
	return 56 + (n > 0 ? 8 + (uint64_t)n : 0); /* head and tail, two numbers, a comment */
}

int
pth_pcapng_close(struct pth_pcapng *w, uint64_t received, uint64_t dropped, const char *comment)
{
	uint64_t now = (uint64_t)pth_real_us() * 1000;
	size_t at = begin(&w->b, ISB);
	int r, error;

	u32(&w->b, 0);
	u32(&w->b, (uint32_t)(now >> 32));
	u32(&w->b, (uint32_t)now);
	if (comment != NULL)
		option(&w->b, OPT_COMMENT, comment, strlen(comment));
	option(&w->b, ISB_IFRECV, &received, sizeof received);
	option(&w->b, ISB_IFDROP, &dropped, sizeof dropped);
	option(&w->b, OPT_END, "", 0);
	end(&w->b, at);
	/* There may be room for the last words. */
	if (w->failed != 0)
		append(w, w->b.len);
	r = pth_pcapng_flush(w);
	error = w->failed;
	pth_buf_release(&w->b);
	free(w);
	errno = error;
	return r;
}
