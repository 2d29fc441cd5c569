/* This file dissects UDP, and finds out who speaks above it. */
#include <string.h>

#include "dissect/quic.h"

#define MINIP_DIGITS 10
#define PAIRS_MAX ((size_t)1 << 20)

/* The number of the packet's pair of ends, whichever has sent it. */
static uint32_t
stream(struct pth_dissect *d, const struct path *at)
{
	uint8_t key[2 * sizeof(struct endpoint)];
	bool turned = memcmp(&at->from, &at->to, sizeof at->from) > 0;
	const uint32_t *n;

	memcpy(key, turned ? &at->to : &at->from, sizeof at->from);
	memcpy(key + sizeof at->from, turned ? &at->from : &at->to, sizeof at->from);
	if ((n = dissect_table_find(&d->udp, key, sizeof key)) != NULL)
		return *n;
	if (d->udp.n == PAIRS_MAX) {
		dissect_table_release(&d->udp);
		d->limit =
		    "there are more pairs of UDP ports than are kept: udp.stream begins anew";
	}
	dissect_table_set(&d->udp, key, sizeof key, d->udp_pairs);
	return d->udp_pairs++;
}

/* RFC 7252, 3. */
static void
coap(struct pth_dissect *d, struct cursor c)
{
	const uint8_t *p = dissect_take(&c, 4);

	dissect_protocol(d, PTH_F_COAP);
	if (p == NULL || p[0] >> 6 != 1)
		return;
	dissect_uint(d, PTH_F_COAP_TYPE, p[0] >> 4 & 3);
	dissect_uint(d, PTH_F_COAP_CODE, p[1]);
	dissect_uint(d, PTH_F_COAP_MID, dissect_be16(p + 2));
}

/* "ping N" or "pong N", the sample protocol of this project: examples/minip/README.md. */
static void
minip(struct pth_dissect *d, const struct cursor *c)
{
	const char *p = (const char *)c->p;
	size_t n = dissect_left(c);
	uint64_t seq = 0;

	dissect_protocol(d, PTH_F_MINIP);
	if (n < 6 || n > 5 + MINIP_DIGITS ||
	    (memcmp(p, "ping ", 5) != 0 && memcmp(p, "pong ", 5) != 0))
		return;
	for (size_t i = 5; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return;
		seq = seq * 10 + (uint64_t)(p[i] - '0');
	}
	dissect_bytes(d, PTH_F_MINIP_TYPE, c->p, 4);
	dissect_uint(d, PTH_F_MINIP_SEQ, seq);
}

void
dissect_udp(struct pth_dissect *d, struct cursor c, struct path *at)
{
	const uint8_t *p = dissect_take(&c, 8);
	enum pth_field spoken;
	size_t n;

	dissect_protocol(d, PTH_F_UDP);
	if (p == NULL) {
		dissect_odd(d);
		return;
	}
	at->from.port = (uint16_t)dissect_be16(p);
	at->to.port = (uint16_t)dissect_be16(p + 2);
	n = dissect_be16(p + 4);
	dissect_uint(d, PTH_F_UDP_SRCPORT, at->from.port);
	dissect_uint(d, PTH_F_UDP_DSTPORT, at->to.port);
	dissect_uint(d, PTH_F_UDP_LENGTH, n);
	if (d->how.fields)
		dissect_uint(d, PTH_F_UDP_STREAM, stream(d, at));
	if (n < 8 || dissect_left(&c) > n - 8) /* IP has more, or this less, than there is */
		dissect_odd(d);
	/* 0: a jumbogram (RFC 2675), or the network card is to fill it in. */
	if (n >= 8 && dissect_left(&c) > n - 8)
		c.end = c.p + (n - 8);
	if (dissect_left(&c) == 0)
		return;
	dissect_bytes(d, PTH_F_UDP_PAYLOAD, c.p, dissect_left(&c));
	spoken = dissect_spoken(d, true, at);
	if (spoken == PTH_F_QUIC ||
	    (spoken == PTH_F_DATA && dissect_quic_is_shape(d->quic, &c, at)))
		dissect_quic_datagram(d, c, at);
	else if (spoken == PTH_F_COAP)
		coap(d, c);
	else if (spoken == PTH_F_MINIP)
		minip(d, &c);
	else
		dissect_protocol(d, spoken);
}
