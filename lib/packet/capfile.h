/*
 * Reading capture files, packet by packet: pcapng (draft-ietf-opsawg-pcapng) and pcap
 * (draft-ietf-opsawg-pcap), of any byte order and resolution of time, with several sections and
 * interfaces. The file is read once from where fd stands, by large reads, so that it may be a
 * pipe; memory is as large as the largest block, which has a limit, and not as the file.
 *
 *   struct pth_capfile *f = pth_capfile_new(fd);
 *   while (pth_capfile_next(f, &frame))
 *           ...
 *   if (pth_capfile_lack(f) != NULL)
 *           not all of the file was read
 *   pth_capfile_free(f);
 *
 * The bytes are not trusted. What comes before the place where a file breaks off, or where its
 * lengths are wrong, counts, and pth_capfile_lack() says that something is missing.
 */
#ifndef PTH_PACKET_CAPFILE_H
#define PTH_PACKET_CAPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Link types, https://www.ietf.org/archive/id/draft-ietf-opsawg-pcaplinktype. */
enum {
	PTH_LINK_NULL = 0,
	PTH_LINK_ETHERNET = 1,
	PTH_LINK_RAW_OLD = 12,
	PTH_LINK_RAW = 101,
	PTH_LINK_LOOP = 108,
	PTH_LINK_SLL = 113,
	PTH_LINK_IPV4 = 228,
	PTH_LINK_IPV6 = 229,
	PTH_LINK_SLL2 = 276
};

struct pth_frame {
	uint64_t number;    /* in the file, from 1: frame.number */
	int64_t ns;         /* since the epoch */
	bool timed;         /* false: the file has no time for it, and ns is 0 */
	bool swapped;       /* the section is of the other byte order than this machine */
	bool has_interface; /* false: the file, pcap, has none */
	uint32_t interface; /* of its section */
	unsigned link;      /* link type; PTH_LINK_... or another */
	uint32_t cap, len;  /* bytes at p; bytes on the wire */
	const uint8_t *p;   /* until the next call */
};

struct pth_capfile;

/* fd is borrowed. */
struct pth_capfile *pth_capfile_new(int fd);
/* The next packet. False: there is none any more. */
bool pth_capfile_next(struct pth_capfile *f, struct pth_frame *out);
/* Why the file was not read to its end, a sentence's end such as "the file breaks off"; NULL: it
 * was. Known when pth_capfile_next() has said false. */
const char *pth_capfile_lack(const struct pth_capfile *f);
/* Is this a capture file at all? Known after the first pth_capfile_next(). */
bool pth_capfile_is_one(const struct pth_capfile *f);
/* Is it pcap, of which all packets have one link type? snap: bytes of each that are stored at most,
 * 0: no limit. Known as above. */
bool pth_capfile_is_pcap(const struct pth_capfile *f, unsigned *link, uint32_t *snap);
/* Do these four bytes begin one? */
bool pth_capfile_begins_pcap(const void *bytes);
/* When it is none: its first bytes, as many as were read. Borrowed. */
const uint8_t *pth_capfile_begin(const struct pth_capfile *f, size_t *n);
/* TLS keys (secrets blocks with text in the format of draft-ietf-tls-keylogfile) are handed to
 * this function as they come, before the packets behind them. */
typedef void pth_capfile_secrets(void *arg, const char *text, size_t n);
void pth_capfile_on_secrets(struct pth_capfile *f, pth_capfile_secrets *fn, void *arg);
void pth_capfile_free(struct pth_capfile *f);

#endif
