/* Any bytes as a frame, under all that a link does to frames: nothing beyond them is read or
 * written, and each comes out once. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "link/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int came, answers, copies;
static struct pth_link_packet passed; /* the last one that has gone up */

static void
out(void *arg, struct pth_link_packet *p)
{
	struct link_ip ip;

	(void)arg;
	link_ip_parse(p->frame, p->len, &ip);
	if (p->direction == PTH_LINK_UP && p->why == PTH_LINK_PASSES)
		passed = *p;
	if ((p->deeds & PTH_LINK_ANSWER) != 0) {
		answers++;
		if (ip.version == 0 || ip.transport == 0 || p->len > LINK_FRAME_MAX)
			abort();
	} else if ((p->deeds & PTH_LINK_DUPLICATED) != 0 || p->offer == 0) {
		copies++; /* or later pieces */
	} else {
		came++;
	}
}

static const char *const settings[][2] = { { "delay", "1ms" }, { "corrupt", "60%" },
	{ "ecn", "mark 50%" }, { "duplicate", "50%" }, { "rate", "1Gbit" }, { "mtu", "600" },
	{ "aqm", "fq_codel" }, { "aqm_ecn", "true" } };

/* An error of ICMP comes back about what has passed the NAT, cut anywhere; and the same goes up. */
static void
error_about(struct pth_link *l, unsigned cut)
{
	uint8_t error[LINK_FRAME_MAX], *end;
	size_t n;

	link_ip_parse(passed.frame, passed.len, &passed.ip);
	n = link_too_big(passed.frame, &passed.ip, 600, error);
	if (n < 14 + 48)
		return;
	n -= cut % (n - 61);
	if (error[14] >> 4 == 4)
		error[16] = (uint8_t)((n - 14) >> 8), error[17] = (uint8_t)(n - 14);
	else
		error[18] = (uint8_t)((n - 54) >> 8), error[19] = (uint8_t)(n - 54);
	end = malloc(n);
	memcpy(end, error, n);
	link_offer(l, PTH_LINK_DOWN, end, n, 101000000);
	link_offer(l, PTH_LINK_UP, end, n, 102000000);
	link_run(l, 200000000);
	free(end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pth_link *l = link_new(n > 0 ? data[0] : 0, out, NULL);
	struct pth_link_conditions c;
	uint8_t *frame = malloc(n > 1 ? n - 1 : 1); /* its end is watched */
	struct pth_err e;

	came = answers = copies = 0;
	passed = (struct pth_link_packet){ 0 };
	memcpy(frame, data + 1, n > 1 ? n - 1 : 0);
	pth_link_conditions_init(&c);
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		if (pth_link_conditions_set(&c, settings[i][0], settings[i][1], &e) != 0)
			abort();
	for (unsigned i = 0; i < PTH_LINK_DIRECTIONS; i++)
		link_set(l, i, &c);
	link_rebind(l, &(struct pth_link_rebind){ .at = 5, .every = 1000000, .address = true });
	link_rebind(l, &(struct pth_link_rebind){ .at = 7, .every = 1500000 });
	for (int i = 0; i < 6; i++)
		link_offer(l, (unsigned)i % 2, frame, n > 1 ? n - 1 : 0, i * 1000000);
	link_run(l, 100000000);
	if (came != 6 || link_next(l) != INT64_MAX)
		abort();
	error_about(l, n > 0 ? data[0] : 0);
	pth_link_conditions_release(&c);
	link_free(l);
	free(frame);
	return 0;
}
