/* What is said of a capture, by what was recorded of it, what is in it and what tshark says; a
 * script is tshark. */
#include "collect/metric.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "quic_talk.h"
#include "quoted.h"
#include "unit.h"

static void
put(const char *path, const char *text, mode_t mode)
{
	struct pth_err e;

	CHECK_INT(pth_file_write(AT_FDCWD, path, text, strlen(text), &e), 0);
	CHECK_INT(chmod(path, mode), 0);
}

/* What the file is. */
enum file {
	TWO,      /* two packets of 60 bytes, Ethernet and ARP */
	ONE,      /* one of them */
	CUT,      /* two, and a half */
	NONE,     /* no capture */
	QUIC,     /* the first packet of a QUIC connection, 1,242 bytes */
	UNOPENED, /* ... and one that is encrypted with other keys */
	PART59,   /* a packet of 60 bytes, of which 59 are stored */
	BACK,     /* two, the second before the first */
	TLS12,    /* a record that is encrypted, over TCP */
	PART42,
	PARTS, /* 41 and 42 */
	FILES
};

#define TABLE "echo 'Filter: f'; echo 'eth   frames:3 bytes:9'"
#define C(more) "'capture':{'file':'c'" more "}"

struct row {
	const char *result, *plan;
	enum file file;
	const char *script;       /* what tshark does, which is asked for the filter f */
	const char *incomplete;   /* "of text; ..." with ~ for there may be more */
	const char *why;          /* NULL: the filters were counted */
	const char *path, *value; /* of the metrics */
	bool left_out, no_keys;
	const char *fault; /* of the keys */
};

static const struct row rows[] = {
	{ C(",'packets':2"), "", TWO, TABLE, "", NULL, "packets", "2", false, false, NULL },
	{ C(",'packets':2"), "", TWO, TABLE, "", NULL, "truncated", "null", false, false, NULL },
	/* The numbers are not those that were recorded. */
	{ C(",'packets':3"), "", TWO, TABLE,
	    "capture the capture has 2 packets, but 3 were captured: it was changed; ", NULL,
	    "packets", "2", false, false, NULL },
	{ C(",'packets':1"), "", TWO, TABLE,
	    "capture the capture has 2 packets, but 1 were captured: it was changed; ", NULL,
	    "packets", "2", false, false, NULL },
	{ C(""), "", TWO, TABLE, "", NULL, "packets", "2", false, false, NULL },
	/* Not all was read: then there may be fewer, but not more. */
	{ C(",'packets':3"), "", CUT, TABLE,
	    "capture~ the file breaks off; capture~ 2 of 3 captured packets were read; ", NULL,
	    "truncated", "true", false, false, NULL },
	{ C(",'packets':1"), "", CUT, TABLE,
	    "capture~ the file breaks off; capture the capture has 2 packets, but 1 were captured: "
	    "it was changed; ",
	    NULL, "packets", "2", false, false, NULL },
	/* tshark complains: that is of its filters, and not of the numbers. */
	{ C(",'packets':2"), "", TWO, TABLE "; echo 'tshark: odd' >&2", "filters~ tshark: odd; ",
	    NULL, "truncated", "null", false, false, NULL },
	{ C(",'packets':2"), "", TWO, TABLE "; kill -SEGV $$",
	    "filters~ tshark was killed by SIGSEGV; ", NULL, "packets", "2", false, false, NULL },
	{ C(",'packets':3"), "", CUT, TABLE "; echo 'tshark: was cut short' >&2; exit 2",
	    "capture~ the file breaks off; filters~ tshark: was cut short; capture~ 2 of 3 "
	    "captured "
	    "packets were read; ",
	    NULL, "truncated", "true", false, false, NULL },
	{ C(",'packets':2,'dropped':1"), "", TWO, TABLE, "capture~ capture lost 1 packet; ", NULL,
	    "dropped", "1", false, false, NULL },
	/* No capture. */
	{ "'capture':null", "", TWO, TABLE, "", "nothing was captured", "packets", "null", true,
	    false, NULL },
	{ "'capture':null", "'capture':{},", TWO, TABLE, "capture nothing was captured; ",
	    "nothing was captured", "error", "null", false, false, NULL },
	{ "'capture':null", "'services':[{'capture':{}}],", TWO, TABLE,
	    "capture nothing was captured; ", "nothing was captured", "error", "null", false, false,
	    NULL },
	{ "'capture':null", "'services':[{'capture':null}],", TWO, TABLE, "",
	    "nothing was captured", "error", "null", true, false, NULL },
	{ "'capture':{'error':'no right'}", "'capture':{},", TWO, TABLE, "capture no right; ",
	    "no right", "error", "'no right'", false, false, NULL },
	{ "'capture':{'file':'none'}", "'capture':{},", TWO, TABLE,
	    "capture the capture file is missing; ", "the capture file is missing", "error",
	    "'the capture file is missing'", false, false, NULL },
	{ C(""), "", NONE, TABLE, "capture this is no capture; ", "this is no capture", "error",
	    "'this is no capture'", false, false, NULL },
	/* Filters that are refused do not keep the rest from being counted. */
	{ C(""), "", ONE, "echo 'tshark: bad filter' >&2; exit 2", "", "tshark: bad filter",
	    "packets", "1", false, false, NULL },
	/* What is encrypted. */
	{ C(""), "", QUIC, TABLE, "", NULL, "packets", "1", false, false, NULL },
	{ C(""), "", QUIC, TABLE,
	    "contents~ there are no TLS keys: what is encrypted was not seen; ", NULL, "packets",
	    "1", false, true, NULL },
	{ C(""), "", QUIC, TABLE,
	    "contents~ keys.log: no; contents~ there are no TLS keys: what is encrypted was not "
	    "seen; ",
	    NULL, "packets", "1", false, true, "keys.log: no" },
	{ C(""), "", QUIC, TABLE, "contents~ keys.log: no; ", NULL, "packets", "1", false, false,
	    "keys.log: no" },
	{ C(""), "", UNOPENED, TABLE, "contents~ 1 packet could not be decrypted; ", NULL,
	    "quic.client.undecrypted", "1", false, false, NULL },
	{ C(""), "", UNOPENED, TABLE,
	    "contents~ there are no TLS keys: what is encrypted was not seen; ", NULL,
	    "quic.client.undecrypted", "1", false, true, NULL },
	{ C(""), "", BACK, TABLE,
	    "capture~ the clock was set back: the time of 1 packet is before that of others that "
	    "came before; ",
	    NULL, "captured_us", "0", false, false, NULL },
	{ C(""), "", TLS12, TABLE, "contents~ 2 TLS records could not be decrypted; ", NULL,
	    "tcp.client.undecrypted", "2", false, false, NULL },
	{ C(""), "", TWO, TABLE, "", NULL, "packets", "2", false, true, "keys.log: no" },
	/* Packets that are stored in part: with the headers of Ethernet, IPv4 and UDP or not. */
	{ C(""), "", PART59, TABLE, "contents~ 1 packet is stored in part; ", NULL, "packets", "1",
	    false, false, NULL },
	{ C(""), "", PART42, TABLE, "contents~ 1 packet is stored in part; ", NULL, "packets", "1",
	    false, false, NULL },
	{ C(""), "", PARTS, TABLE, "capture~ 2 packets are stored in part; ", NULL, "packets", "2",
	    false, false, NULL },
};

static void
take(void *file, int64_t ms, const struct pth_buf *frame)
{
	put_enhanced(file, false, 0, (uint64_t)(1000 + ms) * 1000000, frame, frame->len);
}

static void
quic(struct pth_buf *file, bool more)
{
	struct talk t;

	talk_begin(&t, SEAL_V1, 0x1301, "h3");
	t.take = take;
	t.arg = file;
	talk_hello(&t, 0);
	if (more)
		talk_finish(&t, 5);
	talk_end(&t);
}

/* A hello's begin, and records that are encrypted. */
static void
tls(struct pth_buf *file)
{
	static const char *const said[] = { "16 0303 0005 01 000001 00",
		"17 0303 0001 00 17 0303 0001 00" };
	uint32_t seq = 100;

	for (size_t i = 0; i < countof(said); i++) {
		struct pth_buf f = PTH_BUF_INIT, payload = PTH_BUF_INIT;
		uint32_t n;

		put_hex(&payload, said[i]);
		n = (uint32_t)payload.len;
		put_tcp(&f, "10.0.0.1", "10.0.0.2",
		    &(struct segment){ 4000, 443, seq, 0, 16, 1000, n });
		memcpy(f.s + f.len - n, payload.s, n);
		put_enhanced(file, false, 0, 1000000000 + i, &f, f.len);
		seq += n;
		pth_buf_release(&f);
		pth_buf_release(&payload);
	}
}

/* Write the file c. */
static void
write_file(enum file kind)
{
	static const uint8_t stored[FILES][2] = { [TWO] = { 60, 60 },
		[ONE] = { 60 },
		[CUT] = { 60, 60 },
		[BACK] = { 60, 60 },
		[PART59] = { 59 },
		[PART42] = { 42 },
		[PARTS] = { 41, 42 } };
	struct pth_buf file = PTH_BUF_INIT, arp = PTH_BUF_INIT;
	struct pth_err e;
	char part[40];

	put_begin(&file);
	put_ether(&arp, 0x0806);
	put_zeros(&arp, 46);
	for (int i = 0; i < 2; i++)
		if (stored[kind][i] != 0)
			put_enhanced(&file, false, 0,
			    kind == BACK ? 1000000000 - (uint64_t)i * 20000000 : 1000000000, &arp,
			    stored[kind][i]);
	if (kind == CUT) {
		memcpy(part, file.s + 60, sizeof part);
		pth_buf_add(&file, part, sizeof part);
	}
	if (kind == NONE)
		file.s[0] = 'x';
	if (kind == QUIC || kind == UNOPENED)
		quic(&file, kind == UNOPENED);
	if (kind == TLS12)
		tls(&file);
	CHECK_INT(pth_file_write(AT_FDCWD, "c", file.s, file.len, &e), 0);
	pth_buf_release(&file);
	pth_buf_release(&arp);
}

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
	write_file(v->file);
	pth_buf_addf(&b, "{'result':{%s},'plan':{%s'x':0}}", v->result, v->plan);
	rec = json(b.s);
	pth_metric_capture(
	    &(struct pth_metric_capture){ AT_FDCWD, rec, filters, &keys, 0, NULL }, m, &out);
	json_array_foreach(json_object_get(m, "incomplete"), i, gap)
		pth_buf_addf(&gaps, "%s%s %s; ", pth_json_str(gap, "of", "?"),
		    pth_json_bool(gap, "least", false) ? "~" : "", pth_json_str(gap, "text", "?"));
	CHECK_STR(gaps.s != NULL ? gaps.s : "", v->incomplete);
	CHECK_STR(out.why, v->why);
	/* Refused is a filter, and not the capture. */
	CHECK(out.counts != NULL || (v->why != NULL && json_object_get(m, "packets") == NULL));
	CHECK_INT(pth_json_int(out.counts, "f", -1), v->why == NULL ? 3 : -1);
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

/* Who counts which filters. */
static void
counted(void)
{
	static const char script[] = "#!/bin/sh\n" TABLE "\n";
	json_t *rec = json("{'result':{" C("") "}}"), *m = json("{}");
	json_t *filters = json("['f','g',7,'eth.type == 0x806']");
	struct pth_metric_keys keys = { .inside = true, .fault = PTH_BUF_INIT };
	struct pth_metric_packets out;
	struct pth_buf series = PTH_BUF_INIT;

	unit("packets of filters");
	put("bin/tshark", script, 0755);
	write_file(TWO);
	pth_metric_capture(
	    &(struct pth_metric_capture){ AT_FDCWD, rec, filters, &keys, 0, NULL }, m, &out);
	CHECK_INT(json_object_size(out.counts), 2); /* of g there was no table */
	CHECK_INT(pth_json_int(out.counts, "f", -1), 3);
	CHECK_INT(pth_json_int(out.counts, "eth.type == 0x806", -1), 2);
	CHECK_INT(json_object_size(out.by_tshark), 2);
	CHECK(json_object_get(out.by_tshark, "f") != NULL);
	CHECK(json_object_get(out.by_tshark, "g") != NULL);
	pth_metric_packets_release(&out);
	unit("series are appended when they are wanted");
	pth_metric_capture(
	    &(struct pth_metric_capture){ AT_FDCWD, rec, filters, &keys, 0, &series }, m, &out);
	CHECK_INT(series.len, 0); /* ARP has none */
	pth_metric_packets_release(&out);
	unit("without tshark only the filters that are its own cannot be told");
	CHECK_INT(unlink("bin/tshark"), 0);
	setenv("PATH", "/nonexistent", 1);
	json_object_clear(m);
	pth_metric_capture(
	    &(struct pth_metric_capture){ AT_FDCWD, rec, filters, &keys, 0, NULL }, m, &out);
	CHECK_STR(out.why, "tshark: not found");
	CHECK_INT(json_object_size(out.counts), 1);
	CHECK_INT(pth_json_int(out.counts, "eth.type == 0x806", -1), 2);
	CHECK_INT(pth_json_int(m, "packets", 0), 2);
	CHECK(json_object_get(m, "incomplete") == NULL && json_object_get(m, "error") == NULL);
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
	unit("what is said of a capture");
	for (size_t i = 0; i < countof(rows); i++)
		look(&rows[i]);
	counted();
	return unit_done();
}
