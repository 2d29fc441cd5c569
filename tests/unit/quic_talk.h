/*
 * A connection of QUIC as a test tells it, packet by packet, to a dissector or into a file:
 *
 *	struct talk t;
 *	talk_begin(&t, SEAL_V1, 0x1301, "h3");
 *	talk_handshake(&t, ms);
 *	talk_short(&t, ms, CLIENT, 0, "08 00 ...");
 *	talk_end(&t);
 */
#ifndef PTH_UNIT_QUIC_TALK_H
#define PTH_UNIT_QUIC_TALK_H

#include "quic_seal.h"

enum { CLIENT, SERVER };
enum { ID_FIRST, ID_CLIENT, ID_SERVER };

struct talk {
	uint32_t version;
	unsigned suite;
	const char *alpn, *address[2], *id[3];
	unsigned port[2];
	char random;
	struct seal initial[2], handshake[2], data[2];
	uint64_t number[3][2]; /* the next, of Initial, Handshake, 1-RTT */
	struct pth_buf log;
	/* Takes an Ethernet frame. */
	void (*take)(void *arg, int64_t ms, const struct pth_buf *frame);
	void *arg;
};

static inline void
talk_begin(struct talk *t, uint32_t version, unsigned suite, const char *alpn)
{
	static const char *const labels[] = { "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
		"SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
		"SERVER_TRAFFIC_SECRET_0" };

	*t = (struct talk){ .version = version,
		.suite = suite,
		.alpn = alpn,
		.address = { "10.0.0.1", "10.0.0.2" },
		.id = { "firstdst", "clnt", "srv567" },
		.port = { 50000, 443 },
		.random = 'R' };
	for (int end = 0; end < 2; end++) {
		seal_initial(&t->initial[end], version, t->id[ID_FIRST], 8, end == SERVER);
		seal_secret(&t->handshake[end], version, suite, (char)('a' + end));
		seal_secret(&t->data[end], version, suite, (char)('c' + end));
	}
	for (int i = 0; i < 4; i++)
		put_log(&t->log, labels[i], t->random, suite, (char)('a' + i));
}

static inline void
talk_end(struct talk *t)
{
	pth_buf_release(&t->log);
}

/* A datagram of that end. */
static inline void
talk_send(struct talk *t, int64_t ms, int from, const struct pth_buf *datagram)
{
	struct pth_buf f = PTH_BUF_INIT;

	put_udp(&f, t->address[from], t->port[from], t->address[!from], t->port[!from], datagram->s,
	    datagram->len);
	t->take(t->arg, ms, &f);
	pth_buf_release(&f);
}

/* A packet with a long header of the level (0 Initial, 1 Handshake), with these frames. */
static inline void
talk_long(struct talk *t, struct pth_buf *b, int level, int from, const struct pth_buf *frames)
{
	bool first = level == 0 && from == CLIENT && t->number[0][SERVER] == 0;
	const struct long_head h = { level == 0 ? SEAL_INITIAL : SEAL_HANDSHAKE,
		t->id[first            ? ID_FIRST :
		        from == CLIENT ? ID_SERVER :
		                         ID_CLIENT],
		t->id[from == CLIENT ? ID_CLIENT : ID_SERVER], NULL, t->number[level][from]++ };

	put_long(b, level == 0 ? &t->initial[from] : &t->handshake[from], &h, frames);
}

/* A datagram with one packet of 1-RTT, whose frames are hexadecimal digits. */
static inline void
talk_short(struct talk *t, int64_t ms, int from, unsigned bits, const char *frames)
{
	struct pth_buf f = PTH_BUF_INIT, b = PTH_BUF_INIT;

	put_hex(&f, frames);
	while (f.len < 4)
		put_zeros(&f, 1);
	put_short(&b, &t->data[from], bits, t->id[from == CLIENT ? ID_SERVER : ID_CLIENT],
	    t->number[2][from]++, &f);
	talk_send(t, ms, from, &b);
	pth_buf_release(&f);
	pth_buf_release(&b);
}

/* The client's first Initial, of 1,200 bytes. */
static inline void
talk_hello(struct talk *t, int64_t ms)
{
	struct pth_buf m = PTH_BUF_INIT, f = PTH_BUF_INIT, b = PTH_BUF_INIT;

	put_client_hello(&m, t->random, t->suite, t->alpn);
	put_crypto(&f, 0, &m);
	put_zeros(&f, 1200 - 40 - f.len); /* beside header and tag */
	talk_long(t, &b, 0, CLIENT, &f);
	talk_send(t, ms, CLIENT, &b);
	pth_buf_release(&m);
	pth_buf_release(&f);
	pth_buf_release(&b);
}

/* The server's answer, an Initial and a Handshake packet in one datagram. */
static inline void
talk_answer(struct talk *t, int64_t ms)
{
	struct pth_buf m = PTH_BUF_INIT, f = PTH_BUF_INIT, b = PTH_BUF_INIT;

	put_hex(&f, "02 00 00 00 00"); /* ACK of 0 */
	put_server_hello(&m, t->suite);
	put_crypto(&f, 0, &m);
	talk_long(t, &b, 0, SERVER, &f);
	pth_buf_cut(&m, 0);
	pth_buf_cut(&f, 0);
	put_extensions(&m, t->alpn);
	put_crypto(&f, 0, &m);
	talk_long(t, &b, 1, SERVER, &f);
	talk_send(t, ms, SERVER, &b);
	pth_buf_release(&m);
	pth_buf_release(&f);
	pth_buf_release(&b);
}

/* The client's last: a Handshake packet, with an acknowledgement. */
static inline void
talk_finish(struct talk *t, int64_t ms)
{
	struct pth_buf f = PTH_BUF_INIT, b = PTH_BUF_INIT;

	put_hex(&f, "02 00 00 00 00");
	talk_long(t, &b, 1, CLIENT, &f);
	talk_send(t, ms, CLIENT, &b);
	pth_buf_release(&f);
	pth_buf_release(&b);
}

/* All of it: at 0, 10 and 20 ms. */
static inline void
talk_handshake(struct talk *t, int64_t ms)
{
	talk_hello(t, ms);
	talk_answer(t, ms + 10);
	talk_finish(t, ms + 20);
}

#endif
