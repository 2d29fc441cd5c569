/* This file dissects TCP, and follows its connections. */
#include "dissect/tcp.h"

#include <stdlib.h>
#include <string.h>

struct tcp {
	struct table streams;
	uint32_t n;
};

struct tcp *
tcp_new(void)
{
	struct tcp *t = pth_xmalloc(sizeof *t);

	*t = (struct tcp){ .n = 0 };
	return t;
}

void
tcp_free(struct tcp *t)
{
	table_release(&t->streams);
	free(t);
}

static void
flags(struct pth_dissect *d, unsigned f)
{
	static const enum pth_field bits[] = { PTH_F_TCP_FLAGS_FIN, PTH_F_TCP_FLAGS_SYN,
		PTH_F_TCP_FLAGS_RESET, PTH_F_TCP_FLAGS_PUSH, PTH_F_TCP_FLAGS_ACK,
		PTH_F_TCP_FLAGS_URG, PTH_F_TCP_FLAGS_ECE, PTH_F_TCP_FLAGS_CWR };

	dissect_uint(d, PTH_F_TCP_FLAGS, f);
	for (size_t i = 0; i < countof(bits); i++)
		dissect_uint(d, bits[i], f >> i & 1);
}

void
dissect_tcp(struct pth_dissect *d, struct cursor c, size_t sent, struct path *at)
{
	const uint8_t *p = c.p;
	size_t head;

	dissect_protocol(d, PTH_F_TCP);
	if (left(&c) < 20 || (head = (size_t)(p[12] >> 4) * 4) < 20)
		return;
	at->from.port = (uint16_t)be16(p);
	at->to.port = (uint16_t)be16(p + 2);
	dissect_uint(d, PTH_F_TCP_SRCPORT, at->from.port);
	dissect_uint(d, PTH_F_TCP_DSTPORT, at->to.port);
	dissect_uint(d, PTH_F_TCP_LEN, sent > head ? sent - head : 0);
	dissect_uint(d, PTH_F_TCP_SEQ_RAW, be32(p + 4));
	dissect_uint(d, PTH_F_TCP_ACK_RAW, be32(p + 8));
	dissect_uint(d, PTH_F_TCP_HDR_LEN, head);
	flags(d, be16(p + 12) & 0xfff);
	dissect_uint(d, PTH_F_TCP_WINDOW, be16(p + 14));
	if (take(&c, head) != NULL && left(&c) > 0)
		dissect_bytes(d, PTH_F_TCP_PAYLOAD, c.p, left(&c));
}
