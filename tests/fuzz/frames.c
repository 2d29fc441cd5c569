/*
 * Any bytes as what QUIC's packets protect, which who has not the keys cannot make: after a
 * handshake, packets of the bytes' lengths and choice are sealed and dissected. A packet begins
 * with a byte of its kind (who sends it, which level, spin bit, key phase, another port) and one of
 * its length.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/quic_talk.h"
#include "collect/packets.h"
#include "dissect/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Takes frames for both dissectors, with fields and without. */
struct both {
	struct packets p[2];
	uint64_t number;
};

static void
take(void *arg, int64_t ms, const struct pth_buf *frame)
{
	struct both *b = arg;
	const struct pth_frame f = { .number = ++b->number,
		.ns = ms * 1000000,
		.timed = true,
		.link = PTH_LINK_ETHERNET,
		.cap = (uint32_t)frame->len,
		.len = (uint32_t)frame->len,
		.p = (const uint8_t *)frame->s };
	struct pth_buf out = PTH_BUF_INIT;
	const struct pth_value *v;
	struct pth_err e;
	json_t *o;
	size_t n;

	for (int i = 0; i < 2; i++)
		pth_dissect_frame(b->p[i].d, &f);
	v = pth_dissect_fields(b->p[0].d, &n);
	pth_fields_json(&out, NULL, 0, v, n);
	if ((o = pth_json_parse(out.s, out.len, &e)) == NULL)
		abort();
	json_decref(o);
	pth_buf_release(&out);
}

static void
packet(struct talk *t, int64_t ms, uint8_t kind, const uint8_t *p, size_t n)
{
	struct pth_buf f = PTH_BUF_INIT, b = PTH_BUF_INIT;
	int from = kind & 1;

	pth_buf_add(&f, p, n);
	if (f.len < 4)
		put_zeros(&f, 4 - f.len);
	t->port[CLIENT] = 50000 + (kind >> 5 & 1);
	if ((kind & 6) == 6)
		put_short(&b, &t->data[from], (kind & 8) != 0 ? SHORT_SPIN : 0,
		    t->id[from == CLIENT ? ID_SERVER : ID_CLIENT], t->number[2][from]++, &f);
	else if ((kind & 4) != 0)
		put_short(&b, &t->data[from], (kind & 16) != 0 ? SHORT_PHASE : 0,
		    t->id[from == CLIENT ? ID_SERVER : ID_CLIENT],
		    t->number[2][from] += kind >> 3 & 3, &f);
	else
		talk_long(t, &b, kind >> 1 & 1, from, &f);
	talk_send(t, ms, from, &b);
	pth_buf_release(&f);
	pth_buf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct both b = { .number = 0 };
	json_t *numbers[2];
	struct talk t;
	int64_t ms = 30;

	/* The first byte: what is spoken, and whether there was a handshake. */
	talk_begin(&t, SEAL_V1, 0x1301, n > 0 && (data[0] & 1) != 0 ? "hq-interop" : "h3");
	t.take = take;
	t.arg = &b;
	for (int i = 0; i < 2; i++) {
		const struct pth_dissect_how how = { .fields = i == 0 };

		b.p[i].d = pth_dissect_new(&how);
		pth_dissect_keys(b.p[i].d, t.log.s, t.log.len);
	}
	if (n > 0 && (data[0] & 2) == 0)
		talk_handshake(&t, 0);
	for (size_t i = 1; i + 2 <= n && t.number[2][0] < 60000 && t.number[2][1] < 60000;) {
		size_t len = data[i + 1] < n - i - 2 ? data[i + 1] : n - i - 2;

		packet(&t, ms++, data[i], data + i + 2, len);
		i += 2 + len;
	}
	for (int i = 0; i < 2; i++) {
		numbers[i] = json_object();
		pth_packets_json(&b.p[i], numbers[i]);
		pth_packets_release(&b.p[i]);
	}
	if (json_equal(numbers[0], numbers[1]) == 0)
		abort();
	json_decref(numbers[0]);
	json_decref(numbers[1]);
	talk_end(&t);
	return 0;
}
