/* CoDel against the control law of RFC 8289, by hand; FQ-CoDel's turns, RFC 8290. */
#include "link/queue.h"
#include "linked.h"

static struct pth_link_conditions c;
static int drops_n;
static int64_t now_ms, drops[100];
static uint64_t dropped[2000];
static int dropped_n;

static void
on_drop(void *arg, struct pth_link_packet *p)
{
	(void)arg;
	if (drops_n < 100)
		drops[drops_n++] = now_ms;
	if (dropped_n < 2000)
		dropped[dropped_n++] = p->number;
	CHECK(p->why == PTH_LINK_CODEL || p->why == PTH_LINK_QUEUE);
	free(p);
}

static const struct link_sink sink = { on_drop, NULL };

/* A packet that has waited since then. Its source port tells flows apart. */
static struct pth_link_packet *
packet(int64_t queued, size_t payload, unsigned port)
{
	static uint64_t numbers;
	struct pth_link_packet *p = pth_xmalloc(sizeof *p);

	memset(p, 0, sizeof *p);
	p->len = (uint32_t)linked_frame(p->frame, 4, 17, payload);
	p->frame[35] = (uint8_t)port;
	link_ip_parse(p->frame, p->len, &p->ip);
	p->queued = queued;
	p->number = ++numbers;
	return p;
}

/* A queue that is never short, whose packets have waited `wait` ms: one is taken each ms. */
static void
busy(struct link_codel *s, struct link_fifo *q, int64_t ms, int64_t wait)
{
	for (int64_t end = now_ms + ms; now_ms < end; now_ms++) {
		while (q->packets < 10)
			link_fifo_put(q, packet((now_ms - wait) * LINKED_MS, 1400, 1));
		for (struct pth_link_packet *p = q->first; p != NULL; p = p->next)
			p->queued = (now_ms - wait) * LINKED_MS;
		free(link_codel_take(s, q, &c, now_ms * LINKED_MS, &sink));
	}
}

static void
empty(struct link_fifo *q)
{
	struct pth_link_packet *p;

	while ((p = link_fifo_take(q)) != NULL)
		free(p);
}

static void
expect_drops(const int64_t *want, int n)
{
	CHECK_INT(drops_n, n);
	for (int i = 0; i < n && i < drops_n; i++)
		CHECK_INT(drops[i], want[i]);
	drops_n = 0;
}

static void
law(void)
{
	/* 100 ms above the target, then each 100/sqrt(n) ms: 200, 270.71, 328.44, 378.44,
	 * 423.17, 463.99. */
	static const int64_t first[] = { 100, 200, 271, 329, 379, 424, 464 };
	struct link_codel s = { 0 };
	struct link_fifo q = { 0 };
	int64_t again;

	unit("the control law: the interval over the root of the count");
	CHECK_INT(link_codel_law(5, 100000000, 1), 100000005);
	CHECK_INT(link_codel_law(0, 100000000, 2), 70710678);
	CHECK_INT(link_codel_law(0, 100000000, 4), 50000000);
	CHECK_INT(link_codel_law(0, 100000000, 100), 10000000);

	unit("a queue that stays above the target");
	busy(&s, &q, 480, 20);
	expect_drops(first, 7);
	CHECK(s.dropping && s.count == 7);

	unit("below the target it ends at once");
	busy(&s, &q, 1, 4);
	CHECK(!s.dropping && s.first_above == 0);
	busy(&s, &q, 50, 4);
	expect_drops(NULL, 0);

	unit("soon after it goes on where it was");
	again = now_ms + 100;
	busy(&s, &q, 190, 20);
	/* 7 - 1 = 6: 100 / sqrt(6) = 40.8 ms later the next one, and 37.8 ms after that. */
	expect_drops((const int64_t[]){ again, again + 41, again + 79 }, 3);
	CHECK_INT(s.last_count, 6);

	unit("long after it begins anew");
	busy(&s, &q, 2000, 4);
	again = now_ms + 100;
	busy(&s, &q, 201, 20);
	expect_drops((const int64_t[]){ again, again + 100 }, 2);
	CHECK_INT(s.last_count, 1);
	empty(&q);
}

static void
exceptions(void)
{
	struct link_codel s = { 0 };
	struct link_fifo q = { 0 };
	struct pth_link_packet *p;
	int marked = 0;

	unit("a short peak is none of its business");
	now_ms = drops_n = 0;
	busy(&s, &q, 99, 20);
	busy(&s, &q, 1, 4);
	busy(&s, &q, 99, 20);
	expect_drops(NULL, 0);
	empty(&q);

	unit("the last packet is never dropped");
	s = (struct link_codel){ 0 };
	for (now_ms = 0; now_ms < 500; now_ms++) {
		link_fifo_put(&q, packet(0, 1472, 1));
		free(link_codel_take(&s, &q, &c, now_ms * LINKED_MS, &sink));
		if (now_ms == 250) /* and one more, of 1514 bytes */
			link_fifo_put(&q, packet(0, 1472, 1));
	}
	expect_drops(NULL, 0);
	empty(&q);

	unit("with ECN it marks what it would drop");
	s = (struct link_codel){ 0 };
	c.aqm_ecn = true;
	for (now_ms = 0; now_ms < 480; now_ms++) {
		while (q.packets < 10)
			link_fifo_put(&q, packet(0, 1400, 1));
		p = link_codel_take(&s, &q, &c, (now_ms + 20) * LINKED_MS, &sink);
		marked += (p->deeds & PTH_LINK_CODEL_MARKED) != 0 && (p->frame[15] & 3) == 3;
		free(p);
	}
	expect_drops(NULL, 0);
	CHECK_INT(marked, 7);
	c.aqm_ecn = false;
	empty(&q);

	unit("an empty queue");
	CHECK(link_codel_take(&s, &q, &c, 0, &sink) == NULL);
}

static void
turns(void)
{
	struct link_random r;
	struct link_fq *fq = link_fq_new(1024);
	struct pth_link_packet *p;
	uint64_t bytes[3] = { 0 }, n = 0;

	link_random_seed(&r, 7, 0);
	unit("a flow that has just begun is served first");
	for (int i = 0; i < 20; i++)
		link_fq_put(fq, packet(0, 1400, 1), &c, &r, &sink);
	free(link_fq_take(fq, &c, 0, &sink));
	free(link_fq_take(fq, &c, 0, &sink));
	link_fq_put(fq, packet(0, 100, 2), &c, &r, &sink);
	p = link_fq_take(fq, &c, 0, &sink);
	CHECK_INT(p->frame[35], 2);
	free(p);
	while ((p = link_fq_take(fq, &c, 0, &sink)) != NULL) {
		CHECK_INT(p->frame[35], 1);
		free(p);
		n++;
	}
	CHECK_INT(n, 18);

	unit("flows get as many bytes as each other, whatever their packets");
	for (int i = 0; i < 300; i++) {
		link_fq_put(fq, packet(0, 1400, 1), &c, &r, &sink);
		for (int k = 0; k < 5; k++)
			link_fq_put(fq, packet(0, 250, 2), &c, &r, &sink);
	}
	for (int i = 0; i < 600; i++) {
		p = link_fq_take(fq, &c, 0, &sink);
		bytes[p->frame[35]] += p->len;
		free(p);
	}
	CHECK(bytes[1] > 0 && llabs((long long)bytes[1] - (long long)bytes[2]) < 2 * 1514);
	while ((p = link_fq_take(fq, &c, 0, &sink)) != NULL)
		free(p);

	unit("when it is full the longest flow loses half of its packets, from the front");
	c.queue_packets = 100;
	dropped_n = 0;
	link_fq_put(fq, packet(0, 1400, 2), &c, &r, &sink);
	for (int i = 0; i < 100; i++)
		link_fq_put(fq, packet(0, 1400, 1), &c, &r, &sink);
	CHECK_INT(dropped_n, 50);
	for (int i = 1; i < dropped_n; i++)
		CHECK(dropped[i] == dropped[i - 1] + 1);
	for (n = 0; (p = link_fq_take(fq, &c, 0, &sink)) != NULL; n++)
		free(p);
	CHECK_INT(n, 51);
	c.queue_packets = 0;
	link_fq_put(fq, packet(0, 1400, 1), &c, &r, &sink); /* what is left is released */
	link_fq_free(fq);
}

/* 100 packets of 1514 bytes at once over 10 Mbit/s, RFC 8289's own example of a bad queue: all
 * that wait longer than 105 ms begin to be dropped. */
static void
in_a_link(void)
{
	unit("in a link: a queue that stands is cut, one that does not is left alone");
	linked_new(7, "rate=10Mbit;aqm=codel");
	linked_send(800, 1472, 1000000); /* 12.1 Mbit/s offered */
	CHECK(linked_count(PTH_LINK_CODEL) > 5);
	CHECK(linked_count(PTH_LINK_QUEUE) == 0);
	linked_new(7, "rate=10Mbit;aqm=codel");
	linked_send(800, 1472, 1250000); /* 9.7 */
	CHECK_INT(linked_count(PTH_LINK_PASSES), 800);
	linked_new(7, "rate=10Mbit;aqm=fq_codel");
	linked_send(800, 1472, 1000000);
	CHECK(linked_count(PTH_LINK_CODEL) > 5);
	CHECK_INT(linked.n, 800);
}

int
main(void)
{
	pth_link_conditions_init(&c);
	law();
	exceptions();
	turns();
	in_a_link();
	linked_done();
	pth_link_conditions_release(&c);
	return unit_done();
}
