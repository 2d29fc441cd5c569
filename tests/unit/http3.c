/* HTTP/3 and hq-interop in the streams of a connection. */
#include "dissect/http3.h"

#include "dissected.h"
#include "quic_talk.h"

#define ASK "01 03 0000d1"    /* HEADERS: :method GET */
#define OK "01 03 0000d9"     /* HEADERS: :status 200 */
#define BODY "00 04 61626364" /* DATA */

/* A part of a stream, hexadecimal. */
struct part {
	int from;
	uint64_t id, offset;
	const char *hex;
};

static void
say(struct talk *t, int64_t ms, const struct part *p)
{
	struct pth_buf b = PTH_BUF_INIT, f = PTH_BUF_INIT, hex = PTH_BUF_INIT;

	put_hex(&b, p->hex);
	put_varint(&f, 0x0e);
	put_varint(&f, p->id);
	put_varint(&f, p->offset);
	put_varint(&f, b.len);
	pth_buf_add(&f, b.s, b.len);
	for (size_t i = 0; i < f.len; i++)
		pth_buf_addf(&hex, "%02x", (uint8_t)f.s[i]);
	talk_short(t, ms, p->from, 0, hex.s);
	pth_buf_release(&b);
	pth_buf_release(&f);
	pth_buf_release(&hex);
}

/* "requests/responses bytes/sent frames unread" of these parts. */
static void
is(const char *alpn, const char *want, const struct part *v, size_t n)
{
	struct dissected x;
	struct talk t;
	char text[200];
	const struct pth_http_stat *s;

	dissected_begin(&x, "quic.stream.stream_id", NULL, 0);
	talk_begin(&t, SEAL_V1, 0x1301, alpn);
	t.take = dissected_frame;
	t.arg = &x;
	pth_dissect_keys(x.d, t.log.s, t.log.len);
	talk_handshake(&t, 0);
	for (size_t i = 0; i < n; i++)
		say(&t, 30 + (int64_t)i, &v[i]);
	s = &pth_dissect_quic(x.d)->http;
	snprintf(text, sizeof text, "%d/%d %llu/%llu frames %d unread %d", (int)s->requests,
	    (int)s->responses, (unsigned long long)s->bytes, (unsigned long long)s->sent_bytes,
	    (int)s->frames, (int)s->unread);
	CHECK_STR(text, want);
	talk_end(&t);
	dissected_end(&x);
}

#define IS(alpn, want, ...)                                  \
	is(alpn, want, (const struct part[]){ __VA_ARGS__ }, \
	    sizeof((const struct part[]){ __VA_ARGS__ }) / sizeof(struct part))

static void
exchanges(void)
{
	IS("h3", "1/1 4/0 frames 3 unread 0", { CLIENT, 0, 0, ASK }, { SERVER, 0, 0, OK BODY });
	/* In parts, the last first, some twice. */
	IS("h3", "1/1 4/0 frames 3 unread 0", { CLIENT, 0, 3, "00d1" }, { CLIENT, 0, 0, "010300" },
	    { SERVER, 0, 7, "61626364" }, { SERVER, 0, 3, "00d900046162" }, { SERVER, 0, 0, OK },
	    { SERVER, 0, 0, OK BODY });
	/* Of bytes that come twice and differ the first count. */
	IS("h3", "1/1 4/0 frames 3 unread 0", { CLIENT, 0, 0, ASK }, { SERVER, 0, 4, "d9" BODY },
	    { SERVER, 0, 0, "01 03 0000db" });
	/* Several at once, bodies of both, trailers. */
	IS("h3", "2/2 8/4 frames 8 unread 0", { CLIENT, 4, 0, ASK BODY }, { CLIENT, 0, 0, ASK },
	    { SERVER, 4, 0, OK BODY BODY "01 02 0000" }, { SERVER, 0, 0, OK });
	/* 103, and then the answer. */
	IS("h3", "1/1 0/0 frames 3 unread 0", { CLIENT, 0, 0, ASK },
	    { SERVER, 0, 0, "01 03 0000d8" OK });
	/* Control streams have frames, those of QPACK and of pushes are not read. */
	IS("h3", "0/0 0/0 frames 2 unread 0", { CLIENT, 2, 0, "00 0400" },
	    { SERVER, 3, 0, "00 0400" }, { SERVER, 7, 0, "02 0400" }, { SERVER, 11, 0, "03 0400" },
	    { SERVER, 15, 0, "01 0000 04 61" }, { CLIENT, 6, 0, "4021 0400" });
	/* Frames that nobody knows, an empty body; types and lengths of more bytes than they need.
	 */
	IS("h3", "1/1 3/0 frames 5 unread 0", { CLIENT, 0, 0, "21 02 0000" ASK },
	    { SERVER, 0, 0, "4001 8000 0003 0000d9 00 00 00 c000000000000003 616263" });
}

static void
cut(void)
{
	/* Of a body that breaks off the bytes that came. */
	IS("h3", "1/1 3/0 frames 3 unread 0", { CLIENT, 0, 0, ASK },
	    { SERVER, 0, 0, OK "00 5000 616263" });
	IS("h3", "1/1 3/0 frames 3 unread 0", { CLIENT, 0, 0, ASK },
	    { SERVER, 0, 0, OK "00 ffffffffffffffff 616263" });
	IS("h3", "1/1 0/2 frames 3 unread 0", { CLIENT, 0, 0, ASK "00 bfffffff 6162" },
	    { SERVER, 0, 0, OK });
	/* ... of another frame as well, which is no body. */
	IS("h3", "1/1 4/0 frames 4 unread 0", { CLIENT, 0, 0, ASK },
	    { SERVER, 0, 0, OK BODY "21 7fff" });
	/* ... of a head nothing, which is marked. */
	IS("h3", "0/0 0/0 frames 0 unread 2", { CLIENT, 0, 0, "01 03 0000" },
	    { SERVER, 0, 0, "01" });
	/* A gap that stays. */
	IS("h3", "1/0 0/0 frames 1 unread 1", { CLIENT, 0, 0, ASK }, { SERVER, 0, 1, "030000d9" });
	/* A head that is too long is not read. */
	IS("h3", "1/0 0/0 frames 2 unread 1", { CLIENT, 0, 0, ASK },
	    { SERVER, 0, 0, "01 80010000 0000d9" });
}

/* HTTP/0.9, as the interop runners use it. */
static void
simple(void)
{
	IS("hq-interop", "1/1 4/0 frames 0 unread 0", { CLIENT, 0, 0, "474554202f610d0a" },
	    { SERVER, 0, 0, "61626364" }, { SERVER, 0, 2, "6364" });
	/* In parts; two of them. */
	IS("hq-29", "2/2 4/0 frames 0 unread 0", { CLIENT, 0, 2, "54202f" },
	    { CLIENT, 0, 0, "4745" }, { CLIENT, 4, 0, "474554202f" }, { SERVER, 4, 2, "6364" },
	    { SERVER, 0, 0, "6162" });
	/* What is no request; streams of one direction, and those that the server begins. */
	IS("hq-interop", "0/0 0/0 frames 0 unread 0", { CLIENT, 0, 0, "505554202f" },
	    { CLIENT, 2, 0, "474554202f" }, { SERVER, 3, 0, "6162" }, { SERVER, 1, 0, "6162" });
	/* Another protocol. */
	IS("doq", "0/0 0/0 frames 0 unread 0", { CLIENT, 0, 0, ASK }, { SERVER, 0, 0, OK BODY });
}

/* Packets that have HTTP/3: a frame's head, or bytes of a stream of one direction. */
static void
packets(void)
{
	static const struct part v[] = { { CLIENT, 2, 0, "00 0400" }, { SERVER, 7, 0, "02" },
		{ SERVER, 7, 1, "3fe11f" }, { CLIENT, 0, 0, ASK },
		{ SERVER, 0, 0, OK "00 07 616263" }, { SERVER, 0, 10, "64656667" },
		{ SERVER, 0, 14, BODY BODY } };
	struct dissected x;
	struct talk t;

	dissected_begin(&x, "http3 http3.frame_type", NULL, 0);
	talk_begin(&t, SEAL_V1, 0x1301, "h3");
	t.take = dissected_frame;
	t.arg = &x;
	pth_dissect_keys(x.d, t.log.s, t.log.len);
	talk_handshake(&t, 0);
	dissected_lines(&x);
	for (size_t i = 0; i < countof(v); i++)
		say(&t, 30 + (int64_t)i, &v[i]);
	CHECK_STR(dissected_lines(&x), "1 4|1 |1 |1 1|1 1,0| |1 0,0|");
	talk_end(&t);
	dissected_end(&x);
}

static void
names(void)
{
	static const struct {
		const char *name;
		enum http_alpn want;
	} v[] = { { "h3", ALPN_H3 }, { "h3-29", ALPN_H3 }, { "hq-interop", ALPN_HQ },
		{ "hq-29", ALPN_HQ }, { "h2", ALPN_NONE }, { "h", ALPN_NONE }, { "", ALPN_NONE } };

	for (size_t i = 0; i < countof(v); i++) {
		const uint8_t *p = (const uint8_t *)v[i].name;

		CHECK_INT(
		    dissect_http3_alpn((struct cursor){ p, p + strlen(v[i].name) }), v[i].want);
	}
}

int
main(void)
{
	unit("requests and answers");
	exchanges();
	unit("what breaks off, or lies");
	cut();
	unit("hq-interop");
	simple();
	unit("packets that have it");
	packets();
	unit("names of protocols");
	names();
	return unit_done();
}
