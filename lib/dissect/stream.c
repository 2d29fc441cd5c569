/* This file puts the parts of streams together. */
#include "dissect/stream.h"

#include <string.h>

#define KEEP ((uint64_t)4 << 20)
#define SMALL ((size_t)128 << 10) /* a buffer that may stay when nothing is in it */

struct part {
	struct stream *s;
	const uint8_t *p;
	uint64_t offset;
};

/* Bytes that were not there. Those that were stay, as they do with who receives them. */
static void
put(void *arg, uint64_t from, uint64_t to)
{
	struct part *x = arg;

	memcpy(x->s->b.s + x->s->head + (from - x->s->at), x->p + (from - x->offset),
	    (size_t)(to - from));
}

void
dissect_stream_keep(struct stream *s, uint64_t offset, const uint8_t *p, uint64_t n)
{
	struct part part = { s, p, offset };
	uint64_t from = offset > s->at ? offset : s->at, to = offset + n;

	s->high = to > s->high ? to : s->high;
	if (to > s->at + KEEP) {
		s->lost = true;
		to = s->at + KEEP;
	}
	if (from >= to)
		return;
	/* What is in a gap is never looked at, so nobody writes there before it comes. */
	if (to - s->at > s->b.len - s->head) {
		size_t more = (size_t)(to - s->at) - (s->b.len - s->head);

		pth_buf_room(&s->b, more);
		s->b.len += more;
	}
	pth_spans_add(&s->kept, from, to, put, &part);
}

struct cursor
dissect_stream_there(const struct stream *s)
{
	const uint8_t *p = s->b.s != NULL ? (const uint8_t *)s->b.s + s->head : NULL;

	if (s->kept.merged) /* what is between them is not known */
		return (struct cursor){ p, p };
	for (size_t i = 0; i < s->kept.n && s->kept.v[i].from <= s->at; i++)
		if (s->kept.v[i].to > s->at)
			return (struct cursor){ p, p + (s->kept.v[i].to - s->at) };
	return (struct cursor){ p, p };
}

void
dissect_stream_skip(struct stream *s, uint64_t n)
{
	size_t have = s->b.len - s->head;

	s->at = n > UINT64_MAX / 2 - s->at ? UINT64_MAX / 2 : s->at + n;
	s->head += n < have ? (size_t)n : have;
	if (s->head == s->b.len) {
		s->head = 0;
		if (s->b.cap > SMALL)
			pth_buf_release(&s->b);
		else
			pth_buf_cut(&s->b, 0);
	} else if (s->head > s->b.len / 2) { /* so a byte is moved once for one that is read */
		memmove(s->b.s, s->b.s + s->head, s->b.len - s->head);
		pth_buf_cut(&s->b, s->b.len - s->head);
		s->head = 0;
	}
	while (s->kept.n > 0 && s->kept.v[0].to <= s->at)
		memmove(&s->kept.v[0], &s->kept.v[1], --s->kept.n * sizeof s->kept.v[0]);
}

uint64_t
dissect_stream_missing(const struct stream *s)
{
	return s->at > s->high ? s->at - s->high : 0;
}

uint64_t
dissect_stream_rest(const struct stream *s)
{
	return s->high > s->at ? s->high - s->at : 0;
}

void
dissect_stream_release(struct stream *s)
{
	pth_buf_release(&s->b);
	pth_spans_release(&s->kept);
}
