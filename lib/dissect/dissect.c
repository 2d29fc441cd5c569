/* This file dissects the packets of a capture, one after the other. */
#include "dissect/dissect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "dissect/keylog.h"
#include "dissect/quic.h"
#include "dissect/tcp.h"
#include "dissect/tcp_app.h"

#define LOOK_AT_MEMORY 256 /* every so many packets */
#define MEMORY_MAX ((size_t)512 << 20)

/* Processors may write packets of the same time in another order. */
#define BACKWARDS_NS (10 * 1000000ll)

struct pth_dissect *
pth_dissect_new(const struct pth_dissect_how *how)
{
	struct pth_dissect *d = pth_xmalloc(sizeof *d);

	*d = (struct pth_dissect){ .how = *how,
		.keys = dissect_keylog_new(),
		.quic = dissect_quic_new(),
		.tcp = dissect_tcp_new(),
		.keys_seen = 1 };
	return d;
}

void
pth_dissect_free(struct pth_dissect *d)
{
	if (d == NULL)
		return;
	dissect_quic_free(d->quic);
	dissect_tcp_free(d->tcp);
	dissect_keylog_free(d->keys);
	dissect_table_release(&d->udp);
	pth_buf_release(&d->protocols);
	pth_arena_release(&d->copies);
	free(d->v);
	free(d);
}

const struct pth_frame_stat *
pth_dissect_frames(const struct pth_dissect *d)
{
	return &d->stat;
}

struct pth_quic_stat *
pth_dissect_quic(struct pth_dissect *d)
{
	return dissect_quic_over(d->quic);
}

struct pth_tcp_stat *
pth_dissect_tcp(struct pth_dissect *d)
{
	return dissect_tcp_over(d->tcp);
}

const char *
pth_dissect_lack(const struct pth_dissect *d)
{
	const char *quic = dissect_quic_stat(d->quic)->limit;

	if (d->limit != NULL)
		return d->limit;
	return quic != NULL ? quic : dissect_tcp_stat(d)->limit;
}

/* Some packets of a hostile capture make much memory necessary. */
static void
bound_memory(struct pth_dissect *d)
{
	if (d->stat.packets % LOOK_AT_MEMORY != 0 || pth_heap_bytes() < MEMORY_MAX)
		return;
	dissect_quic_make_room(d->quic);
	dissect_tcp_make_room(d->tcp);
}

void
pth_dissect_keys(struct pth_dissect *d, const char *text, size_t n)
{
	dissect_keylog_add(d->keys, text, n);
	d->keys_seen++;
}

static struct pth_value *
add(struct pth_dissect *d, enum pth_field f)
{
	if (d->n == d->cap) {
		d->cap = d->cap != 0 ? d->cap * 2 : 256;
		d->v = pth_xarray(d->v, d->cap, sizeof *d->v);
	}
	d->v[d->n].field = f;
	d->v[d->n].n = 0;
	return &d->v[d->n++];
}

void
dissect_uint(struct pth_dissect *d, enum pth_field f, uint64_t u)
{
	if (d->how.fields)
		add(d, f)->u = u;
}

void
dissect_bytes(struct pth_dissect *d, enum pth_field f, const uint8_t *p, size_t n)
{
	struct pth_value *v;

	if (!d->how.fields)
		return;
	v = add(d, f);
	v->p = p;
	v->n = (uint32_t)n;
}

void
dissect_bytes_copied(struct pth_dissect *d, enum pth_field f, const uint8_t *p, size_t n)
{
	if (d->how.fields)
		dissect_bytes(
		    d, f, (const uint8_t *)pth_arena_strn(&d->copies, (const char *)p, n), n);
}

void
dissect_protocol(struct pth_dissect *d, enum pth_field protocol)
{
	if (d->how.fields) {
		pth_buf_adds(&d->protocols, d->protocols.len > 0 ? ":" : "");
		pth_buf_adds(&d->protocols, pth_field_name(protocol));
	}
	dissect_uint(d, protocol, 1);
	if (d->counted[protocol] == d->stat.packets)
		return;
	d->counted[protocol] = d->stat.packets;
	d->stat.protocol[protocol].packets++;
	d->stat.protocol[protocol].bytes += d->frame->len;
}

void
dissect_odd(struct pth_dissect *d)
{
	d->stat.odd++;
}

enum pth_field
dissect_spoken(const struct pth_dissect *d, bool udp, const struct path *at)
{
	for (size_t i = 0; i < d->how.nspeaks; i++) {
		const struct pth_speaks *s = &d->how.speaks[i];

		if (s->udp == udp && (s->port == at->from.port || s->port == at->to.port))
			return s->protocol;
	}
	return PTH_F_DATA;
}

static void
count(struct pth_frame_stat *s, const struct pth_frame *f)
{
	if (s->packets++ == 0)
		s->first = f->ns;
	s->bytes += f->len;
	s->backwards += s->packets > 1 && f->ns < s->latest &&
	    (uint64_t)s->latest - (uint64_t)f->ns > BACKWARDS_NS;
	s->latest = s->packets == 1 || f->ns > s->latest ? f->ns : s->latest;
	s->last = f->ns;
	if (f->cap >= f->len)
		return;
	s->least = s->parts == 0 || f->cap < s->least ? f->cap : s->least;
	s->parts++;
}

static void
frame_fields(struct pth_dissect *d, const struct pth_frame *f)
{
	if (!d->how.fields)
		return;
	dissect_uint(d, PTH_F_FRAME, 1);
	dissect_uint(d, PTH_F_FRAME_NUMBER, f->number);
	if (f->timed) {
		dissect_uint(d, PTH_F_FRAME_TIME_EPOCH, (uint64_t)f->ns);
		dissect_uint(
		    d, PTH_F_FRAME_TIME_RELATIVE, (uint64_t)f->ns - (uint64_t)d->stat.first);
		dissect_uint(d, PTH_F_FRAME_TIME_DELTA, (uint64_t)f->ns - (uint64_t)d->last);
	}
	dissect_uint(d, PTH_F_FRAME_LEN, f->len);
	dissect_uint(d, PTH_F_FRAME_CAP_LEN, f->cap);
	if (f->has_interface)
		dissect_uint(d, PTH_F_FRAME_INTERFACE_ID, f->interface);
}

void
pth_dissect_frame(struct pth_dissect *d, const struct pth_frame *f)
{
	d->n = 0;
	d->frame = f;
	if (d->copies.head != NULL)
		pth_arena_release(&d->copies);
	pth_buf_cut(&d->protocols, 0);
	if (d->stat.packets == 0)
		d->last = f->ns;
	count(&d->stat, f);
	bound_memory(d);
	frame_fields(d, f);
	dissect_link(d);
	if (d->protocols.len > 0)
		dissect_bytes(
		    d, PTH_F_FRAME_PROTOCOLS, (const uint8_t *)d->protocols.s, d->protocols.len);
	d->last = f->ns;
}

const struct pth_value *
pth_dissect_fields(const struct pth_dissect *d, size_t *n)
{
	*n = d->n;
	return d->v;
}

void
pth_names_add(struct pth_names *s, const uint8_t *p, size_t n)
{
	char name[sizeof s->v[0]];

	snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1),
	    (const char *)p);
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], name) == 0)
			return;
	if (s->n < NAMES_MAX)
		memcpy(s->v[s->n++], name, sizeof name);
}
