/* Messages of the TLS handshake. */
#include "dissect/tls.h"

#include "quic_seal.h"
#include "unit.h"

/* The ClientHello of RFC 9001, A.2, and the ServerHello of A.3, without their heads. */
#define CLIENT                                                                                     \
	"0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000" \
	"c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d001700180010000700"   \
	"0504616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa" \
	"71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d0002" \
	"01"                                                                                       \
	"01001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901" \
	"10"                                                                                       \
	"0f088394c8f03e51570806048000ffff"
#define SERVER                                                                                     \
	"0303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a1200130100002e00330024" \
	"00"                                                                                       \
	"1d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304"
#define AGAIN "0303cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c00130200"

static bool
hello(unsigned type, const char *hex, struct pth_buf *b, struct tls_hello *h)
{
	pth_buf_cut(b, 0);
	put_hex(b, hex);
	return dissect_tls_hello(
	    type, (struct cursor){ (uint8_t *)b->s, (uint8_t *)b->s + b->len }, h);
}

static bool
is(struct cursor c, const char *text)
{
	return dissect_left(&c) == strlen(text) && memcmp(c.p, text, dissect_left(&c)) == 0;
}

static void
hellos(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct tls_hello h;

	CHECK(hello(TLS_CLIENT_HELLO, CLIENT, &b, &h));
	CHECK_INT(h.random[0], 0xeb);
	CHECK_INT(h.random[31], 0x4c);
	CHECK(is(h.suites, "\x13\x01\x13\x02"));
	CHECK(is(h.sni, "example.com"));
	CHECK(is(h.alpn,
	    "\x04"
	    "alpn"));
	CHECK_INT(dissect_left(&h.parameters), 0x32);
	CHECK(!h.again);
	CHECK(hello(TLS_SERVER_HELLO, SERVER, &b, &h));
	CHECK_INT(h.suite, 0x1301);
	CHECK_INT(h.random[0], 0xee);
	CHECK(!h.again && dissect_left(&h.alpn) == 0 && dissect_left(&h.sni) == 0);
	CHECK(hello(TLS_SERVER_HELLO, AGAIN, &b, &h));
	CHECK(h.again && h.suite == 0x1302);
	CHECK(hello(
	    TLS_ENCRYPTED_EXTENSIONS, "0010 0010 0005 0003 02 6833 ffa5 0003 010203", &b, &h));
	CHECK(is(h.alpn, "\x02h3"));
	CHECK(is(h.parameters, "\x01\x02\x03"));
	CHECK(hello(TLS_ENCRYPTED_EXTENSIONS, "", &b, &h));
	CHECK(dissect_left(&h.alpn) == 0);
	pth_buf_release(&b);
}

/* Cut anywhere, or with a length that lies, nothing is read that is not there. */
static void
broken(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct tls_hello h;

	put_hex(&b, CLIENT);
	for (size_t n = 0; n < b.len; n++) {
		uint8_t *copy = unit_copy(b.s, n);
		struct cursor c = { copy, copy + n };

		/* Up to the compression methods it must be there. */
		CHECK(dissect_tls_hello(TLS_CLIENT_HELLO, c, &h) == (n >= 43));
		CHECK(n < 43 || dissect_left(&h.suites) == 4);
		free(copy);
	}
	for (size_t i = 0; i < b.len; i++) {
		b.s[i] ^= (char)0xff;
		dissect_tls_hello(TLS_CLIENT_HELLO,
		    (struct cursor){ (uint8_t *)b.s, (uint8_t *)b.s + b.len }, &h);
		b.s[i] ^= (char)0xff;
	}
	CHECK(!hello(TLS_SERVER_HELLO, "0303", &b, &h));
	CHECK(hello(TLS_ENCRYPTED_EXTENSIONS, "0009 0010 0005 ff03 02 6833", &b, &h));
	CHECK(dissect_left(&h.alpn) == 0);
	CHECK(hello(TLS_ENCRYPTED_EXTENSIONS, "0009 0010 0005 0003 02 68", &b, &h));
	CHECK(dissect_left(&h.alpn) == 0);
	pth_buf_release(&b);
}

static void
messages(void)
{
	static const uint8_t v[] = { 1, 0, 0, 2, 'a', 'b', 8, 0, 0, 0, 2, 0, 1, 0, 'x' };
	struct cursor c = { v, v + sizeof v }, body;
	unsigned type;

	CHECK(dissect_tls_message(&c, &type, &body) && type == 1 && is(body, "ab"));
	CHECK(dissect_tls_message(&c, &type, &body) && type == 8 && dissect_left(&body) == 0);
	CHECK(!dissect_tls_message(
	    &c, &type, &body)); /* it is not there as a whole: nothing is used up */
	CHECK_INT(dissect_left(&c), 5);
	c = (struct cursor){ v, v + 3 };
	CHECK(!dissect_tls_message(&c, &type, &body));
}

int
main(void)
{
	unit("hellos");
	hellos();
	unit("hellos that break off, or lie");
	broken();
	unit("messages");
	messages();
	return unit_done();
}
