/* This file looks, before anything is run, at what only tshark can tell of an experiment. */
#include "collect/check.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/tshark.h"
#include "dissect/filter.h"
#include "io/event.h"
#include "io/record.h"

/* A capture without packets: the header of a pcap file of Ethernet, draft-ietf-opsawg-pcap. */
static int
empty_capture(void)
{
	static const unsigned char header[24] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4,
		0, [18] = 4, [20] = 1 };
	pth_auto_fd fd = pth_tshark_scratch();

	return fd >= 0 && write(fd, header, sizeof header) == (ssize_t)sizeof header ?
	    pth_take_fd(&fd) :
	    -1;
}

/* Is this a filter of fields of ours, or does tshark take it? -1 with e, whose code is PTH_INPUT
 * when it does not. */
static int
taken(int capture, const char *filter, struct pth_err *e)
{
	const struct tshark_limits limits = { .us = 0 };
	struct pth_filter *ours = pth_filter_new(filter, false);
	struct tshark_tap tap = { filter, -1, ours != NULL };
	pth_auto_buf lack = PTH_BUF_INIT;

	pth_filter_free(ours);
	return pth_tshark_count(capture, NULL, &limits, &tap, 1, &lack, e);
}

/* Why tshark refuses a filter, in its words; NULL: it does not, or there is no tshark. */
static const char *
refusal(int capture, const char *filter, json_t *known)
{
	const char *why = json_string_value(json_object_get(known, filter)), *end;
	struct pth_err e;

	if (json_object_get(known, filter) == NULL) {
		e.code = PTH_OK;
		why = taken(capture, filter, &e) != 0 && e.code == PTH_INPUT ? e.text : NULL;
		end = why != NULL ? strstr(why, " is invalid - ") : NULL;
		pth_json_set(known, filter,
		    why == NULL ? json_null() : json_string(end != NULL ? end + 14 : why));
	}
	return json_string_value(json_object_get(known, filter));
}

/* Adds what is wrong with the rules of a test to d. */
static bool
check_test(int capture, const json_t *rec, json_t *known, struct pth_diags *d)
{
	const char *file;
	unsigned line, col;
	bool sound = true;
	json_t *rule;
	size_t i;

	json_array_foreach(pth_rules_packets(pth_test_expect(rec)), i, rule) {
		const char *filter = pth_rulepackets_filter(rule), *why;
		pth_auto_buf at = PTH_BUF_INIT;

		pth_buf_addf(&at, "expect.packets.%zu.filter", i);
		if (filter == NULL || (why = refusal(capture, filter, known)) == NULL)
			continue;
		pth_rec_where(rec, at.s, &file, &line, &col);
		pth_diags_add(
		    d, PTH_ERROR, line, col, "'%.200s' is not a display filter: %s", filter, why);
		pth_diags_place(d, file);
		sound = false;
	}
	return sound;
}

int
pth_collect_check(struct pth_rec_in *in, struct pth_err *e)
{
	pth_auto_fd capture = empty_capture();
	json_auto_t *known = json_object();
	int code = PTH_OK, r;
	struct pth_diags d;
	json_t *rec;

	if (capture < 0)
		return pth_err_set(e, PTH_SYSTEM, "temporary file:");
	while ((r = pth_rec_read(in, &rec, e)) > 0) {
		pth_diags_init(
		    &d, pth_json_str(pth_test_source(rec), PTH_KEY(source, file), "experiment"));
		if (pth_rec_is_test(rec) && !check_test(capture, rec, known, &d))
			code = PTH_INPUT;
		pth_diags_print(&d, 0);
		pth_diags_release(&d);
		json_decref(rec);
	}
	return r < 0 || pth_rec_whole(in, e) < 0 ? -1 : code;
}
