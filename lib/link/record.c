/* This file captures both ends of a link. What becomes of a packet is known later than that it
 * came: a file waits with all that came after it. */
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "link/log.h"
#include "packet/pcapng.h"

struct entry {
	struct entry *next;
	uint64_t offer; /* 0: its fate is known */
	int64_t at;
	char *comment; /* owned, or NULL */
	uint32_t len;
	uint8_t frame[];
};

struct end {
	int fd; /* owned */
	struct pth_pcapng *w;
	struct entry *first, *last;
	struct entry *open; /* no entry before it has an unknown fate */
	uint64_t offers, packets, omitted;
	int64_t latest; /* time of the last entry */
	uint32_t snaplen;
	const struct pth_bpf *filter; /* borrowed; NULL: all */
};

struct link_record {
	int64_t zero; /* real time of the begin */
	uint64_t max; /* bytes of each file */
	struct end end[2];
};

static int
open_end(struct end *end, const char *path, const char *interface, struct pth_err *e)
{
	*end = (struct end){ .fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) };
	if (end->fd < 0)
		return pth_err_set(e, PTH_SYSTEM, "%s:", path);
	end->w = pth_pcapng_open(end->fd, interface, PTH_LINKTYPE_ETHERNET, 262144);
	return 0;
}

struct link_record *
link_record_open(const char *const paths[2], const char *const interfaces[2], int64_t real_ns,
    uint64_t max, struct pth_err *e)
{
	struct link_record *r = pth_xmalloc(sizeof *r);
	uint64_t none[2];

	*r = (struct link_record){ .zero = real_ns,
		.max = max > 0 ? max : UINT64_MAX,
		.end = { { .fd = -1 }, { .fd = -1 } } };
	for (size_t i = 0; i < 2; i++)
		if (open_end(&r->end[i], paths[i], interfaces[i], e) != 0) {
			link_record_close(r, 0, none, none, NULL);
			return NULL;
		}
	return r;
}

void
link_record_only(
    struct link_record *r, unsigned end, uint32_t snaplen, const struct pth_bpf *filter)
{
	r->end[end].snaplen = snaplen;
	r->end[end].filter = filter;
}

static struct entry *
add(struct end *end, const void *frame, size_t n, int64_t at)
{
	struct entry *x = pth_xmalloc(sizeof *x + n);

	/* One that leaves late does so behind what has come meanwhile. */
	at = at > end->latest ? at : end->latest;
	end->latest = at;
	*x = (struct entry){ .at = at, .len = (uint32_t)n };
	memcpy(x->frame, frame, n);
	if (end->last != NULL)
		end->last->next = x;
	else
		end->first = x;
	end->last = x;
	return x;
}

/* How many bytes of it. */
static uint32_t
kept(const struct end *end, const struct entry *x)
{
	return end->snaplen > 0 && end->snaplen < x->len ? end->snaplen : x->len;
}

/* The comment makes it longer by its bytes, an option's header and what fills the last word. */
static bool
has_room(const struct link_record *r, const struct end *end, const struct entry *x)
{
	uint64_t more = pth_pcapng_packet_size(kept(end, x)) +
	    (x->comment != NULL ? strlen(x->comment) + 12 : 0);

	return more + pth_pcapng_end_size(80) <= r->max &&
	    pth_pcapng_size(end->w) <= r->max - more - pth_pcapng_end_size(80);
}

/* Write what is known, up to the first that is not. */
static void
write_known(struct link_record *r, struct end *end, bool all)
{
	struct entry *x;

	while ((x = end->first) != NULL && (x->offer == 0 || all)) {
		/* A capture that is full stays so: there is no gap in it. */
		if (end->filter != NULL && pth_bpf_run(end->filter, x->frame, x->len) == 0) {
			/* nobody wants it */
		} else if (end->omitted == 0 && has_room(r, end, x)) {
			pth_pcapng_packet_comment(end->w, (uint64_t)(r->zero + x->at), x->frame,
			    kept(end, x), x->len, x->comment);
			end->packets++;
		} else {
			end->omitted++;
		}
		end->first = x->next;
		if (end->open == x)
			end->open = x->next;
		free(x->comment);
		free(x);
	}
	if (end->first == NULL)
		end->last = end->open = NULL;
}

void
link_record_offer(
    struct link_record *r, unsigned direction, const void *frame, size_t n, int64_t now)
{
	struct end *end = &r->end[direction];
	struct entry *x = add(end, frame, n > LINK_FRAME_MAX ? 0 : n, now);

	x->offer = ++end->offers;
	if (end->open == NULL)
		end->open = x;
}

/* The entry of a packet that came. Most often it is the first whose fate is unknown. */
static struct entry *
find(struct end *end, uint64_t offer)
{
	while (end->open != NULL && end->open->offer == 0)
		end->open = end->open->next;
	for (struct entry *x = end->open; x != NULL; x = x->next)
		if (x->offer == offer)
			return x;
	return NULL;
}

/* What there is to say of it, or NULL: of most packets nothing is. */
static char *
comment(const struct pth_link_packet *p)
{
	static const char *const names[] = { "up", "down" };
	struct pth_buf b = PTH_BUF_INIT;

	if (p->why == PTH_LINK_PASSES && p->deeds == 0)
		return NULL;
	pth_buf_addf(&b, "link: %s %llu: %s", names[p->direction], (unsigned long long)p->number,
	    p->why != PTH_LINK_PASSES ? "dropped: " : "");
	if (link_deeds(p, &b))
		return pth_buf_take(&b);
	pth_buf_release(&b);
	return NULL;
}

void
link_record_fate(struct link_record *r, const struct pth_link_packet *p)
{
	struct end *from = &r->end[p->direction], *to = &r->end[1 - p->direction];
	struct entry *x = p->offer != 0 && (p->deeds & PTH_LINK_DUPLICATED) == 0 ?
	    find(from, p->offer) :
	    NULL;

	if (x != NULL) {
		x->offer = 0;
		x->comment = comment(p);
		write_known(r, from, false);
	}
	if (p->why == PTH_LINK_PASSES) {
		x = add(to, p->frame, p->len, p->departure);
		x->comment = comment(p);
		write_known(r, to, false);
	}
}

int
link_record_close(struct link_record *r, uint64_t lost, uint64_t packets[2], uint64_t omitted[2],
    struct pth_err *e)
{
	int code = 0;

	for (size_t i = 0; i < 2; i++) {
		struct end *end = &r->end[i];

		if (end->w != NULL) {
			write_known(r, end, true);
			if (pth_pcapng_close(end->w, end->packets + lost, lost,
			        lost > 0 ? "the link lost packets before it saw them" : NULL) != 0)
				code = pth_err_set(e, PTH_SYSTEM, "capture:");
		}
		packets[i] = end->packets;
		omitted[i] = end->omitted;
		pth_close(&end->fd);
	}
	free(r);
	return code;
}
