/* A link in time that tests count: what was offered, and what came of it. */
#ifndef PTH_TEST_LINKED_H
#define PTH_TEST_LINKED_H

#include <string.h>

#include "link/model.h"
#include "unit.h"

#define LINKED_MS 1000000LL
#define LINKED_MOST 200000

struct linked_fate {
	uint64_t number;
	int64_t arrival, departure;
	unsigned direction, deeds;
	enum pth_link_why why;
	uint32_t len;
	int place;
};

static struct linked {
	struct pth_link *link;
	struct pth_link_conditions c;
	struct linked_fate v[LINKED_MOST];
	size_t n;
	struct pth_link_packet last;
} linked;

static inline void
linked_out(void *arg, struct pth_link_packet *p)
{
	struct linked *x = arg;

	x->last = *p;
	if (x->n < LINKED_MOST)
		x->v[x->n++] = (struct linked_fate){ p->number, p->arrival, p->departure,
			p->direction, p->deeds, p->why, p->len, p->place };
}

/* "delay=20ms;loss=1%" for both directions. */
static inline void
linked_conditions(const char *text)
{
	char words[400], *rest = NULL, *value;
	struct pth_err e;

	pth_link_conditions_release(&linked.c);
	pth_link_conditions_init(&linked.c);
	snprintf(words, sizeof words, "%s", text);
	for (char *w = strtok_r(words, ";", &rest); w != NULL; w = strtok_r(NULL, ";", &rest)) {
		value = strchr(w, '=');
		if (!CHECK(value != NULL))
			return;
		*value++ = '\0';
		if (!CHECK(pth_link_conditions_set(&linked.c, w, value, &e) == 0))
			printf("    %s\n", e.text);
	}
	if (!CHECK(pth_link_conditions_check(&linked.c, &e) == 0))
		printf("    %s\n", e.text);
	for (unsigned i = 0; i < PTH_LINK_DIRECTIONS; i++)
		link_set(linked.link, i, &linked.c);
}

static inline void
linked_new(uint64_t seed, const char *conditions)
{
	link_free(linked.link);
	linked.link = link_new(seed, linked_out, &linked);
	linked.n = 0;
	linked_conditions(conditions);
}

static inline void
linked_done(void)
{
	link_free(linked.link);
	pth_link_conditions_release(&linked.c);
	linked.link = NULL;
}

/* A frame of UDP over IPv4 or IPv6 with so many bytes of payload, ECT(0), DF, and checksums that
 * are right. Its length. */
static inline size_t
linked_frame(uint8_t *f, int version, int protocol, size_t payload)
{
	size_t header = version == 4 ? 20 : 40, transport = protocol == 6 ? 20 : 8;
	size_t total = header + transport + payload, at = 14 + header;
	struct link_ip ip;
	uint16_t sum;

	memset(f, 0, 14 + total);
	memcpy(f, "\2\0\0\0\0\2\2\0\0\0\0\1", 12);
	memcpy(f + 12, version == 4 ? "\x08\x00" : "\x86\xdd", 2);
	if (version == 4) {
		memcpy(f + 14, "\x45\x02\0\0\0\0\x40\0\x40", 9);
		f[16] = (uint8_t)(total >> 8);
		f[17] = (uint8_t)total;
		f[23] = (uint8_t)protocol;
		memcpy(f + 26, "\x0a\0\0\1\x0a\0\0\2", 8);
		sum = link_sum_fold(link_sum(0, f + 14, 20));
		f[24] = (uint8_t)(sum >> 8);
		f[25] = (uint8_t)sum;
	} else {
		memcpy(f + 14, "\x60\x20", 2);
		f[18] = (uint8_t)((total - 40) >> 8);
		f[19] = (uint8_t)(total - 40);
		f[20] = (uint8_t)protocol;
		f[21] = 64;
		memcpy(f + 22, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
		memcpy(f + 38, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2", 16);
	}
	memcpy(f + at, "\x10\x00\x01\xbb", 4); /* 4096 to 443 */
	if (protocol == 6) {
		f[at + 12] = 5 << 4;
	} else {
		f[at + 4] = (uint8_t)((8 + payload) >> 8);
		f[at + 5] = (uint8_t)(8 + payload);
	}
	for (size_t i = 0; i < payload; i++)
		f[at + transport + i] = (uint8_t)(i * 7 + 1);
	link_ip_parse(f, 14 + total, &ip);
	sum = link_transport_sum(f, &ip);
	f[ip.checksum] = (uint8_t)(sum >> 8);
	f[ip.checksum + 1] = (uint8_t)sum;
	return 14 + total;
}

/* n packets with `payload` bytes, one each `gap` ns, and the time until all are through. */
static inline void
linked_send(size_t n, size_t payload, int64_t gap)
{
	uint8_t f[LINK_FRAME_MAX];
	size_t len = linked_frame(f, 4, 17, payload);

	for (size_t i = 0; i < n; i++)
		link_offer(linked.link, PTH_LINK_UP, f, len, (int64_t)i * gap);
	while (link_next(linked.link) != INT64_MAX)
		link_run(linked.link, link_next(linked.link));
}

static inline size_t
linked_count(enum pth_link_why why)
{
	size_t n = 0;

	for (size_t i = 0; i < linked.n; i++)
		n += linked.v[i].why == why;
	return n;
}

#endif
