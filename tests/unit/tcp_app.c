/* What is spoken above TCP, by its first bytes or by what is said. */
#include "app.h"

#define GET "GET / HTTP/1.1\r\n\r\n"
#define MARKER "ffffffffffffffffffffffffffffffff"

static int
spoken(const char *hex, enum pth_field said)
{
	struct app x;
	int found = 0;
	size_t n;
	const struct pth_value *v;

	app_begin(&x, said);
	app_hex(&x, 0, hex);
	v = pth_dissect_fields(x.d, &n);
	for (size_t i = 0; i < n; i++)
		found = v[i].field < PTH_NPROTOCOLS ? (int)v[i].field : found;
	app_end(&x);
	return found;
}

static void
shapes(void)
{
	static const char *const http[] = { "GET /", "HEAD /", "POST /", "PUT /", "DELETE /",
		"OPTIONS *", "CONNECT a:1", "PATCH /", "HTTP/1.0 200 OK", "HTTP/1.1 200 OK" };

	for (size_t i = 0; i < countof(http); i++) {
		struct pth_buf b = PTH_BUF_INIT;

		for (const char *p = http[i]; *p != '\0'; p++)
			pth_buf_addf(&b, "%02x", *p);
		CHECK_INT(spoken(b.s, PTH_F_DATA), PTH_F_HTTP);
		/* The shape is known better than what is said. */
		CHECK_INT(spoken(b.s, PTH_F_BGP), PTH_F_HTTP);
		pth_buf_release(&b);
	}
	CHECK_INT(spoken("505249202a20485454502f322e300d0a", PTH_F_DATA), PTH_F_HTTP2);
	CHECK_INT(spoken(MARKER "001304", PTH_F_DATA), PTH_F_BGP);
	CHECK_INT(spoken(MARKER "0013", PTH_F_DATA), PTH_F_DATA);
	CHECK_INT(spoken("16030100050100000100", PTH_F_DATA), PTH_F_TLS);
	CHECK_INT(spoken("16030300050200000100", PTH_F_DATA), PTH_F_TLS);
	CHECK_INT(spoken("1603050005010000", PTH_F_DATA), PTH_F_DATA);
	CHECK_INT(spoken("16030300050b0000", PTH_F_DATA), PTH_F_DATA);
	CHECK_INT(spoken("1703030005010000", PTH_F_DATA), PTH_F_DATA);
	CHECK_INT(spoken("676574202f", PTH_F_DATA), PTH_F_DATA); /* get */
	CHECK_INT(spoken("00", PTH_F_DATA), PTH_F_DATA);
	CHECK_INT(spoken("00", PTH_F_BGP), PTH_F_BGP);
	CHECK_INT(spoken("00", PTH_F_COAP), PTH_F_COAP);
}

/* In segments of each size and in any order, and from the middle on. */
static void
segments(void)
{
	static const char text[] = GET GET;
	size_t n = strlen(text);
	struct app x;

	for (size_t size = 1; size <= n; size++) {
		for (int backwards = 0; backwards < 2; backwards++) {
			size_t parts = (n + size - 1) / size;

			app_begin(&x, PTH_F_DATA);
			for (size_t i = 0; i < parts; i++) {
				size_t at = (backwards == 1 ? parts - 1 - i : i) * size;

				app_part(&x, 0, at, text + at, n - at < size ? n - at : size);
			}
			CHECK_STR(app_numbers(&x), "2/0 0/0 unread 0");
			app_end(&x);
		}
	}
	/* The server's answer was captured before the request. */
	app_begin(&x, PTH_F_DATA);
	app_part(&x, 1, 17, "Content-Length: 0\r\n\r\n", 21);
	app_part(&x, 0, 0, GET, strlen(GET));
	app_part(&x, 1, 0, "HTTP/1.1 200 OK\r\n", 17);
	CHECK_STR(app_numbers(&x), "1/1 0/0 unread 0");
	app_end(&x);
	app_begin(&x, PTH_F_DATA);
	app_say(&x, 1, "\r");
	app_part(&x, 0, 0, GET, strlen(GET));
	CHECK_STR(app_numbers(&x), "1/0 0/0 unread 1");
	app_end(&x);
	/* ... all that it sends, which tells nothing by itself. */
	app_begin(&x, PTH_F_DATA);
	app_hex(&x, 1, "000000 04 00 00000000");
	app_say(&x, 0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	CHECK_INT(app_over(&x)->frames, 1);
	app_end(&x);
	/* Without its begin nothing is known, and nothing read. */
	app_begin(&x, PTH_F_DATA);
	app_part(&x, 0, 100, GET, strlen(GET));
	CHECK_STR(app_numbers(&x), "0/0 0/0 unread 0");
	app_end(&x);
}

static void
bgp(void)
{
	struct app x;

	app_begin(&x, PTH_F_DATA);
	app_hex(&x, 0,
	    MARKER "001304" MARKER "001d01"
	           "04fe0900b40a00000100");
	CHECK_STR(app_field(&x, PTH_F_BGP_TYPE), "4,1");
	CHECK_STR(app_field(&x, PTH_F_BGP_LENGTH), "19,29");
	app_hex(&x, 0, MARKER);
	CHECK_STR(app_field(&x, PTH_F_BGP_TYPE), "");
	/* A length that is less than a head's: no more is read. */
	app_hex(&x, 0, "001204" MARKER "001304");
	CHECK_STR(app_field(&x, PTH_F_BGP_TYPE), "");
	app_hex(&x, 1,
	    MARKER "ffff02"
	           "0000");
	CHECK_STR(app_field(&x, PTH_F_BGP_LENGTH), "65535");
	app_hex(&x, 1, MARKER "001304");
	CHECK_STR(app_field(&x, PTH_F_BGP_LENGTH), "");
	CHECK_STR(app_numbers(&x), "0/0 0/0 unread 0");
	app_end(&x);
}

int
main(void)
{
	unit("first bytes");
	shapes();
	unit("segments");
	segments();
	unit("BGP");
	bgp();
	return unit_done();
}
