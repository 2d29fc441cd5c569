/* What is said of a capture, by what was recorded of it and what tshark says; a script is tshark.
 */
#include "collect/metric.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "quoted.h"
#include "unit.h"

static void
put(const char *path, const char *text, mode_t mode)
{
	struct pth_err e;

	CHECK_INT(pth_file_write(AT_FDCWD, path, text, strlen(text), &e), 0);
	CHECK_INT(chmod(path, mode), 0);
}

#define TWO "echo 1.0; echo 2.0"
/* A packet of 60 bytes with these protocols, of which so many are stored. */
#define PACKET(protocols, stored)                                                               \
	"printf '1.0\\t60\\t" protocols "'; printf '\\t%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 " \
	"15 16 17 18 19 20; echo " stored
#define C(more) "'capture':{'file':'c'" more "}"

struct row {
	const char *result, *plan, *script;
	const char *incomplete;   /* "of text; ..." with ~ for there may be more */
	const char *why;          /* NULL: the filters were counted */
	const char *path, *value; /* of the metrics */
	bool left_out, no_keys;
	const char *fault; /* of the keys */
};

static const struct row rows[] = {
	{ C(",'packets':2"), "", TWO, "", NULL, "packets", "2", false, false, NULL },
	{ C(",'packets':2"), "", TWO, "", NULL, "truncated", "null", false, false, NULL },
	/* The numbers are not those that were recorded. */
	{ C(",'packets':3"), "", TWO,
	    "capture the capture has 2 packets, but 3 were captured: it was changed; ", NULL,
	    "packets", "2", false, false, NULL },
	{ C(",'packets':1"), "", TWO,
	    "capture the capture has 2 packets, but 1 were captured: it was changed; ", NULL,
	    "packets", "2", false, false, NULL },
	{ C(""), "", TWO, "", NULL, "packets", "2", false, false, NULL },
	/* Not all was read: then there may be fewer, but not more. */
	{ C(",'packets':3"), "", TWO "; echo 'tshark: was cut short' >&2; exit 2",
	    "capture~ tshark: was cut short; capture~ 2 of 3 captured packets were read; ", NULL,
	    "truncated", "true", false, false, NULL },
	{ C(",'packets':2"), "", TWO "; echo 'tshark: odd' >&2", "capture~ tshark: odd; ", NULL,
	    "truncated", "null", false, false, NULL },
	{ C(",'packets':1"), "", TWO "; echo 'tshark: odd' >&2",
	    "capture~ tshark: odd; capture the capture has 2 packets, but 1 were captured: it was "
	    "changed; ",
	    NULL, "packets", "2", false, false, NULL },
	{ C(",'packets':2,'dropped':1"), "", TWO, "capture~ capture lost 1 packet; ", NULL,
	    "dropped", "1", false, false, NULL },
	/* No capture. */
	{ "'capture':null", "", TWO, "", "nothing was captured", "packets", "null", true, false,
	    NULL },
	{ "'capture':null", "'capture':{},", TWO, "capture nothing was captured; ",
	    "nothing was captured", "error", "null", false, false, NULL },
	{ "'capture':null", "'services':[{'capture':{}}],", TWO, "capture nothing was captured; ",
	    "nothing was captured", "error", "null", false, false, NULL },
	{ "'capture':null", "'services':[{'capture':null}],", TWO, "", "nothing was captured",
	    "error", "null", true, false, NULL },
	{ "'capture':{'error':'no right'}", "'capture':{},", TWO, "capture no right; ", "no right",
	    "error", "'no right'", false, false, NULL },
	{ "'capture':{'file':'none'}", "'capture':{},", TWO,
	    "capture the capture file is missing; ", "the capture file is missing", "error",
	    "'the capture file is missing'", false, false, NULL },
	{ C(""), "", "echo 'tshark: no' >&2; exit 2", "capture tshark: no; ", "tshark: no", "error",
	    "'tshark: no'", false, false, NULL },
	/* Filters that are refused do not keep the rest from being counted. */
	{ C(""), "", "case \"$*\" in *-z*) echo 'tshark: bad filter' >&2; exit 2;; esac; echo 1.0",
	    "", "tshark: bad filter", "packets", "1", false, false, NULL },
	/* What is encrypted. */
	{ C(""), "", PACKET("eth:udp:quic", "60"), "", NULL, "packets", "1", false, false, NULL },
	{ C(""), "", PACKET("eth:udp:quic", "60"),
	    "contents~ there are no TLS keys: what is encrypted was not seen; ", NULL, "packets",
	    "1", false, true, NULL },
	{ C(""), "", PACKET("eth:tcp:tls", "60"),
	    "contents~ keys.log: no; contents~ there are no TLS keys: what is encrypted was not "
	    "seen; ",
	    NULL, "packets", "1", false, true, "keys.log: no" },
	{ C(""), "", PACKET("eth:udp:dtls", "60"), "contents~ keys.log: no; ", NULL, "packets", "1",
	    false, false, "keys.log: no" },
	{ C(""), "", PACKET("eth:udp", "60"), "", NULL, "packets", "1", false, true,
	    "keys.log: no" },
	/* Packets that are stored in part: with the headers of Ethernet, IPv4 and UDP or not. */
	{ C(""), "", PACKET("eth", "59"), "contents~ 1 packet is stored in part; ", NULL, "packets",
	    "1", false, false, NULL },
	{ C(""), "", PACKET("eth", "42"), "contents~ 1 packet is stored in part; ", NULL, "packets",
	    "1", false, false, NULL },
	{ C(""), "", PACKET("eth", "41") "; " PACKET("eth", "42"),
	    "capture~ 2 packets are stored in part; ", NULL, "packets", "2", false, false, NULL },
};

static void
look(const struct row *v)
{
	struct pth_buf b = PTH_BUF_INIT, script = PTH_BUF_INIT, gaps = PTH_BUF_INIT;
	struct pth_metric_keys keys = { .inside = !v->no_keys, .fault = PTH_BUF_INIT };
	struct pth_metric_packets out;
	json_t *rec, *filters = json("['f']"), *m = json_object(), *gap, *value = NULL, *want;
	size_t i;

	pth_buf_adds(&keys.fault, v->fault != NULL ? v->fault : "");
	pth_buf_addf(&script, "#!/bin/sh\n%s\n", v->script);
	put("bin/tshark", script.s, 0755);
	pth_buf_addf(&b, "{'result':{%s},'plan':{%s'x':0}}", v->result, v->plan);
	rec = json(b.s);
	pth_metric_capture(
	    &(struct pth_metric_capture){ AT_FDCWD, rec, filters, &keys, 0 }, m, &out);
	json_array_foreach(json_object_get(m, "incomplete"), i, gap)
		pth_buf_addf(&gaps, "%s%s %s; ", pth_json_str(gap, "of", "?"),
		    pth_json_bool(gap, "least", false) ? "~" : "", pth_json_str(gap, "text", "?"));
	CHECK_STR(gaps.s != NULL ? gaps.s : "", v->incomplete);
	CHECK_STR(out.why, v->why);
	CHECK((out.counts == NULL) == (v->why != NULL));
	CHECK(out.left_out == v->left_out);
	value = pth_json_path(m, v->path);
	pth_buf_cut(&b, 0);
	pth_buf_addf(&b, "[%s]", v->value);
	want = json(b.s);
	if (!CHECK(value == NULL ? json_is_null(json_array_get(want, 0)) :
	                           json_equal(value, json_array_get(want, 0)) != 0))
		printf("    %s of %s\n", v->path, v->result);
	pth_metric_packets_release(&out);
	json_decref(rec);
	json_decref(filters);
	json_decref(m);
	json_decref(want);
	pth_buf_release(&b);
	pth_buf_release(&script);
	pth_buf_release(&gaps);
	pth_buf_release(&keys.fault);
}

/* The tables of filters, which are behind the packets. */
static void
counted(void)
{
	static const char script[] = "#!/bin/sh\necho 1.0\necho 'Filter: f'\n"
	                             "echo 'eth   frames:3 bytes:9'\n";
	json_t *rec = json("{'result':{" C("") "}}"), *filters = json("['f','g',7]"),
	       *m = json("{}");
	struct pth_metric_keys keys = { .inside = true, .fault = PTH_BUF_INIT };
	struct pth_metric_packets out;

	unit("packets of filters");
	put("bin/tshark", script, 0755);
	pth_metric_capture(
	    &(struct pth_metric_capture){ AT_FDCWD, rec, filters, &keys, 0 }, m, &out);
	CHECK_INT(json_object_size(out.counts), 1); /* of g there was no table */
	CHECK_INT(pth_json_int(out.counts, "f", -1), 3);
	pth_metric_packets_release(&out);
	json_decref(rec);
	json_decref(filters);
	json_decref(m);
}

int
main(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	char here[4096];

	CHECK_INT(mkdir("bin", 0755), 0);
	CHECK(getcwd(here, sizeof here) != NULL);
	pth_buf_addf(&b, "%s/bin:%s", here, getenv("PATH"));
	setenv("PATH", b.s, 1);
	pth_buf_release(&b);
	put("c", "x", 0644);
	unit("what is said of a capture");
	for (size_t i = 0; i < countof(rows); i++)
		look(&rows[i]);
	counted();
	return unit_done();
}
