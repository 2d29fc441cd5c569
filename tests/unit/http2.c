/* Frames of HTTP/2. */
#include "app.h"

#define PRI "505249202a20485454502f322e300d0a0d0a534d0d0a0d0a"
#define SETTINGS "000000 04 00 00000000"
#define ASK(id) "000001 01 05 000000" id "82" /* :method GET */
#define OK(id) "000001 01 04 000000" id "88"  /* :status 200 */

/* What the ends say, hexadecimal, in parts of each size. */
static void
is(const char *client, const char *server, const char *want)
{
	struct pth_buf b[2] = { PTH_BUF_INIT, PTH_BUF_INIT };

	put_hex(&b[0], client);
	put_hex(&b[1], server);
	for (size_t size = 1; size < 80; size++) {
		struct app x;

		app_begin(&x, PTH_F_HTTP2);
		for (int from = 0; from < 2; from++)
			for (size_t at = 0, n = b[from].len; at < n; at += size)
				app_bytes(&x, from, b[from].s + at, n - at < size ? n - at : size);
		if (strcmp(app_numbers(&x), want) != 0)
			printf("    in parts of %zu\n", size);
		CHECK_STR(app_numbers(&x), want);
		app_end(&x);
	}
	pth_buf_release(&b[0]);
	pth_buf_release(&b[1]);
}

static void
exchanges(void)
{
	is(PRI SETTINGS ASK("01"), SETTINGS OK("01") "000003 00 01 00000001 616263",
	    "1/1 3/0 unread 0");
	/* Answers in another order, with trailers; the client sends bytes, too. */
	is(PRI SETTINGS ASK("01") ASK("03") "000002 00 01 00000003 6162" ASK("05"),
	    SETTINGS OK("05") OK("01") OK("03") "000001 01 05 00000001 90"
	                                        "000002 00 00 00000003 6162",
	    "3/3 2/2 unread 0");
	/* Frames of other types, and one that nobody knows. */
	is(PRI SETTINGS ASK("01") "000004 08 00 00000000 00001000"
	                          "000005 02 00 00000001 0000000010",
	    SETTINGS "000008 06 00 00000000 0000000000000000"
	             "000002 fa 00 00000000 0102" OK("01") "000004 03 00 00000001 00000000",
	    "1/1 0/0 unread 0");
}

/* Padding is no body, and is taken from heads. */
static void
padding(void)
{
	is(PRI SETTINGS ASK("01"),
	    SETTINGS "000004 01 0c 00000001 02 89 0000" /* 204, padded by 2 */
	             "000006 00 09 00000001 03 6162 000000",
	    "1/1 2/0 unread 0");
	/* With priority. */
	is(PRI SETTINGS ASK("01"), SETTINGS "000006 01 24 00000001 0000000010 8d",
	    "1/1 0/0 unread 0");
	/* More padding than there is frame, and a frame that only has it. */
	is(PRI SETTINGS ASK("01"),
	    SETTINGS OK("01") "000002 00 08 00000001 ff 00"
	                      "000001 00 08 00000001 00"
	                      "000000 00 08 00000001"
	                      "000002 00 00 00000001 6162",
	    "1/1 2/0 unread 0");
}

static unsigned
status_of(const char *head)
{
	struct app x;
	unsigned found = 0;

	app_begin(&x, PTH_F_HTTP2);
	app_hex(&x, 1, SETTINGS);
	app_hex(&x, 1, head);
	app_over(&x);
	for (unsigned i = 1; i < 1000; i++)
		found = x.stat->http.status[i] > 0 ? i : found;
	CHECK_INT(x.stat->http.unread, found == 0);
	CHECK_INT(x.stat->http.responses, 1);
	app_end(&x);
	return found;
}

static void
statuses(void)
{
	static const unsigned v[] = { 200, 204, 206, 304, 400, 404, 500 };

	for (unsigned i = 0; i < countof(v); i++) {
		char head[40];

		snprintf(head, sizeof head, "000001010400000001%02x", 0x88 + i);
		CHECK_INT(status_of(head), v[i]);
	}
	CHECK_INT(status_of("000005 01 04 00000001 08 03 333031"), 301); /* not indexed */
	CHECK_INT(status_of("000005 01 04 00000001 1e 03 343033"), 403); /* never indexed */
	CHECK_INT(status_of("000005 01 04 00000001 48 03 353033"), 503); /* indexed from now on */
	CHECK_INT(status_of("000004 01 04 00000001 48 82 6402"), 302);   /* Huffman's code */
	/* In the state of the compression, or none. */
	CHECK_INT(status_of("000001 01 04 00000001 be"), 0);
	CHECK_INT(status_of("000001 01 04 00000001 87"), 0);
	CHECK_INT(status_of("000001 01 04 00000001 8f"), 0);
	CHECK_INT(status_of("000005 01 04 00000001 47 03 333031"), 0);
	CHECK_INT(status_of("000005 01 04 00000001 4f 03 333031"), 0);
	CHECK_INT(status_of("000005 01 04 00000001 28 03 333031"), 0); /* the table's new size */
	CHECK_INT(status_of("000005 01 04 00000001 48 03 33302f"), 0);
	CHECK_INT(status_of("000005 01 04 00000001 48 04 333031"), 0);
	CHECK_INT(status_of("000003 01 04 00000001 48 02 33"), 0);
	CHECK_INT(status_of("000004 01 04 00000001 48 82 ffff"), 0);
	CHECK_INT(status_of("000001 01 04 00000001 48"), 0);
	CHECK_INT(status_of("000000 01 04 00000001"), 0);
	CHECK_INT(status_of("000002 01 0c 00000001 ff 88"), 200); /* padding that lies */
}

/* More will come: 103, then the answer. */
static void
interim(void)
{
	is(PRI SETTINGS ASK("01"), SETTINGS "000005 01 04 00000001 08 03 313033" OK("01"),
	    "1/1 0/0 unread 0");
	CHECK_INT(status_of("000005 01 04 00000001 08 03 313033" OK("01")), 200);
	CHECK_INT(status_of("000005 01 04 00000001 08 03 313030"
	                    "000005 01 04 00000001 08 03 353034"),
	    504);
}

/* A head that goes on in CONTINUATION, which is no head of its own. */
static void
continuation(void)
{
	is(PRI SETTINGS "000001 01 00 00000001 82"
	                "000001 09 04 00000001 84",
	    SETTINGS "000001 01 00 00000001 8d"
	             "000002 09 00 00000001 8888"
	             "000001 09 04 00000001 88",
	    "1/1 0/0 unread 0");
}

static const char *
long_head(void)
{
	static char text[33000] = SETTINGS "7fffff 01 04 00000001 88";

	memset(text + strlen(text), '0', 32768);
	return text;
}

static void
cut(void)
{
	/* Of a body that breaks off the bytes that came; also with padding, that never came. */
	is(PRI SETTINGS ASK("01"), SETTINGS OK("01") "00ffff 00 00 00000001 616263",
	    "1/1 3/0 unread 0");
	is(PRI SETTINGS ASK("01"), SETTINGS OK("01") "0000ff 00 08 00000001 32 616263",
	    "1/1 3/0 unread 0");
	is(PRI SETTINGS ASK("01"), SETTINGS OK("01") "0000ff 00 08 00000001 ff",
	    "1/1 0/0 unread 0");
	is(PRI SETTINGS ASK("01"), SETTINGS OK("01") "ffffff 00 00 00000001 61",
	    "1/1 1/0 unread 0");
	/* ... of a frame's head nothing, which is marked. */
	is(PRI SETTINGS "0000", SETTINGS "000002 01 04 00000001 88", "0/0 0/0 unread 2");
	/* Of a head that is longer than frames are the begin is enough. */
	is(PRI SETTINGS ASK("01"), SETTINGS "7fffff 01 04 00000001 88", "1/0 0/0 unread 1");
	is(PRI SETTINGS ASK("01"), long_head(), "1/1 0/0 unread 0");
}

static void
others(void)
{
	/* No preface, no SETTINGS: it is something else. */
	is("505249202a20485454502f322e300d0a0d0a534d0d0a0d0b" ASK("01"), SETTINGS,
	    "0/0 0/0 unread 1");
	is(PRI SETTINGS, OK("01"), "0/0 0/0 unread 1");
	/* ... not yet. */
	is("50", "00", "0/0 0/0 unread 2");
	/* Many streams, the highest first. */
	struct app x;
	char frame[40];

	app_begin(&x, PTH_F_HTTP2);
	app_hex(&x, 0, PRI SETTINGS);
	for (unsigned id = 9999; id > 9; id -= 2) {
		snprintf(frame, sizeof frame, "0000010105%08x82", id);
		app_hex(&x, 0, frame);
		app_hex(&x, 0, frame);
	}
	CHECK_STR(app_numbers(&x), "4995/0 0/0 unread 0");
	CHECK_INT(x.stat->http.frames, 9991);
	app_end(&x);
}

static void
fields(void)
{
	struct app x;

	app_begin(&x, PTH_F_HTTP2);
	app_hex(&x, 0, PRI SETTINGS ASK("01") "000002 fa 00 00000000 0102");
	CHECK_STR(app_field(&x, PTH_F_HTTP2_TYPE), "4,1,250");
	app_end(&x);
}

int
main(void)
{
	unit("requests and answers");
	exchanges();
	unit("padding and priority");
	padding();
	unit("statuses");
	statuses();
	unit("interim answers");
	interim();
	unit("CONTINUATION");
	continuation();
	unit("what breaks off");
	cut();
	unit("what is no HTTP/2, and many streams");
	others();
	unit("fields");
	fields();
	return unit_done();
}
