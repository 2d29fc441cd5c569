/*
 * Packets that go to a dissector one after the other, and the fields that each shows:
 *
 *	struct dissected x;
 *	dissected_begin(&x, "udp.port quic.version", NULL, 0);
 *	dissected_frame(&x, ms, &frame);           a line of x.lines
 *	CHECK_STR(dissected_lines(&x), "1,2 0x00000001|");
 *	dissected_end(&x);
 */
#ifndef PTH_UNIT_DISSECTED_H
#define PTH_UNIT_DISSECTED_H

#include "capture.h"
#include "dissect/dissect.h"
#include "dissect/show.h"
#include "unit.h"

struct dissected {
	struct pth_dissect *d;
	struct pth_dissect_how how;
	struct pth_field_ref refs[16];
	size_t nrefs;
	unsigned link;
	uint64_t number;
	struct pth_buf lines; /* of a packet: its fields with blanks between them, and a bar */
};

/* fields: names with blanks between them. */
static inline void
dissected_begin(
    struct dissected *x, const char *fields, const struct pth_speaks *speaks, size_t nspeaks)
{
	*x = (struct dissected){ .how = { speaks, nspeaks, true }, .link = PTH_LINK_ETHERNET };
	x->d = pth_dissect_new(&x->how);
	while (*fields != '\0') {
		size_t n = strcspn(fields, " ");

		if (!CHECK(pth_field_find(fields, n, &x->refs[x->nrefs++])))
			printf("    no field %s\n", fields);
		fields += n + strspn(fields + n, " ");
	}
}

/* From here on somebody looks on; before the first packet. */
static inline void
dissected_watch(struct dissected *x, const struct pth_watch *watch)
{
	pth_dissect_free(x->d);
	x->how.watch = watch;
	x->d = pth_dissect_new(&x->how);
}

static inline void
dissected_part(struct dissected *x, int64_t ns, const struct pth_buf *frame, size_t stored)
{
	/* Of its own size, so that the sanitizer sees whoever reads beyond. */
	uint8_t *copy = memcpy(
	    malloc(stored + (stored == 0)), frame->s != NULL ? frame->s : "", stored);
	struct pth_frame f = { .number = ++x->number,
		.ns = ns,
		.timed = true,
		.link = x->link,
		.cap = (uint32_t)stored,
		.len = (uint32_t)frame->len,
		.p = copy };
	size_t n, from = x->lines.len;
	const struct pth_value *v;

	pth_dissect_frame(x->d, &f);
	v = pth_dissect_fields(x->d, &n);
	pth_fields_line(&x->lines, x->refs, x->nrefs, v, n);
	for (size_t i = from; i < x->lines.len; i++)
		x->lines.s[i] = x->lines.s[i] == '\t' ? ' ' :
		    x->lines.s[i] == '\n'             ? '|' :
		                                        x->lines.s[i];
	free(copy);
}

/* May be what a struct talk takes. */
static inline void
dissected_frame(void *x, int64_t ms, const struct pth_buf *frame)
{
	dissected_part(x, (1000 + ms) * 1000000, frame, frame->len);
}

/* What was shown since the last time. */
static inline const char *
dissected_lines(struct dissected *x)
{
	static char text[8192];

	snprintf(text, sizeof text, "%s", x->lines.s != NULL ? x->lines.s : "");
	pth_buf_cut(&x->lines, 0);
	return text;
}

static inline void
dissected_end(struct dissected *x)
{
	pth_dissect_free(x->d);
	pth_buf_release(&x->lines);
}

#endif
