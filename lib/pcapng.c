#include "pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "os.h"
#include "when.h"

#define FLUSH_AT ((size_t)1 << 20)

enum { SHB = 0x0a0d0d0a, IDB = 1, ISB = 5, EPB = 6 };
enum { OPT_END = 0, IF_NAME = 2, IF_TSRESOL = 9, SHB_USERAPPL = 4, ISB_IFRECV = 4, ISB_IFDROP = 5 };

struct pth_pcapng {
	int fd;
	int failed; /* errno of the first failed write */
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
u64(struct pth_buf *b, uint64_t v)
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
	u64(&w->b, UINT64_MAX); /* length of the section: not known */
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

int
pth_pcapng_flush(struct pth_pcapng *w)
{
	if (w->failed == 0 && pth_write_all(w->fd, w->b.s, w->b.len) != 0)
		w->failed = errno;
	pth_buf_cut(&w->b, 0);
	return w->failed ? -1 : 0;
}

void
pth_pcapng_packet(struct pth_pcapng *w, uint64_t ns, const void *p, uint32_t cap, uint32_t len)
{
	size_t at = begin(&w->b, EPB);

	u32(&w->b, 0);
	u32(&w->b, (uint32_t)(ns >> 32));
	u32(&w->b, (uint32_t)ns);
	u32(&w->b, cap);
	u32(&w->b, len);
	padded(&w->b, p, cap);
	end(&w->b, at);
	if (w->b.len >= FLUSH_AT)
		pth_pcapng_flush(w);
}

int
pth_pcapng_close(struct pth_pcapng *w, uint64_t received, uint64_t dropped, struct pth_err *e)
{
	uint64_t now = (uint64_t)pth_real_us() * 1000;
	size_t at = begin(&w->b, ISB);
	int r;

	u32(&w->b, 0);
	u32(&w->b, (uint32_t)(now >> 32));
	u32(&w->b, (uint32_t)now);
	option(&w->b, ISB_IFRECV, &received, sizeof received);
	option(&w->b, ISB_IFDROP, &dropped, sizeof dropped);
	option(&w->b, OPT_END, "", 0);
	end(&w->b, at);
	r = pth_pcapng_flush(w);
	if (r != 0) {
		errno = w->failed;
		pth_err_set(e, PTH_SYSTEM, "write capture:");
	}
	pth_buf_release(&w->b);
	free(w);
	return r;
}
