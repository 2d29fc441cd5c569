/* Records of TLS over TCP, and what is in them. They are protected by libcrypto, without the code
 * under test. */
#include "app.h"
#include "quic_seal.h"

enum { ALERT = 21, HANDSHAKE, APPLICATION };

struct world {
	struct app x;
	unsigned suite;
	struct seal key[2]; /* of client and server, the level that is now */
	uint64_t number[2];
};

/* Keys of a level; its secret is n times a byte. */
static void
level(struct world *w, int from, char byte)
{
	const EVP_MD *md = w->suite == 0x1302 ? EVP_sha384() : EVP_sha256();
	uint8_t secret[48];

	memset(secret, byte, sizeof secret);
	w->key[from].suite = w->suite;
	seal_expand(md, secret, "key", w->key[from].key, w->suite == 0x1301 ? 16 : 32);
	seal_expand(md, secret, "iv", w->key[from].iv, 12);
	w->number[from] = 0;
}

static void
put_record(struct pth_buf *b, unsigned type, const void *p, size_t n)
{
	put_be(b, type, 1);
	put_be(b, 0x0303, 2);
	put_be(b, n, 2);
	pth_buf_add(b, p, n);
}

/* A record that is encrypted, with zeros behind its kind. */
static void
put_sealed(struct pth_buf *out, struct world *w, int from, unsigned type, const void *p, size_t n,
    size_t zeros)
{
	const struct seal *k = &w->key[from];
	const EVP_CIPHER *aead = k->suite == 0x1301 ? EVP_aes_128_gcm() :
	    k->suite == 0x1302                      ? EVP_aes_256_gcm() :
	                                              EVP_chacha20_poly1305();
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	struct pth_buf in = PTH_BUF_INIT, sealed = PTH_BUF_INIT, head = PTH_BUF_INIT;
	uint8_t nonce[12], *to;
	int got;

	pth_buf_add(&in, p, n);
	put_be(&in, type, 1);
	put_zeros(&in, zeros);
	put_be(&head, 0x170303, 3);
	put_be(&head, in.len + 16, 2);
	memcpy(nonce, k->iv, 12);
	for (int i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(w->number[from] >> 8 * i);
	w->number[from]++;
	to = (uint8_t *)pth_buf_room(&sealed, in.len + 16);
	EVP_EncryptInit_ex(c, aead, NULL, k->key, nonce);
	EVP_EncryptUpdate(c, NULL, &got, (uint8_t *)head.s, 5);
	EVP_EncryptUpdate(c, to, &got, (uint8_t *)in.s, (int)in.len);
	EVP_EncryptFinal_ex(c, to + got, &got);
	EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, to + in.len);
	EVP_CIPHER_CTX_free(c);
	pth_buf_add(out, head.s, head.len);
	pth_buf_add(out, to, in.len + 16);
	pth_buf_release(&in);
	pth_buf_release(&sealed);
	pth_buf_release(&head);
}

static void
send_sealed(struct world *w, int from, unsigned type, const void *p, size_t n)
{
	struct pth_buf b = PTH_BUF_INIT;

	put_sealed(&b, w, from, type, p, n, 0);
	app_bytes(&w->x, from, b.s, b.len);
	pth_buf_release(&b);
}

static void
send_text(struct world *w, int from, const char *text)
{
	send_sealed(w, from, APPLICATION, text, strlen(text));
}

/* What the server answers to a hello: all in one segment, the hello in the clear. */
static void
answer(struct world *w, const char *alpn)
{
	struct pth_buf m = PTH_BUF_INIT, b = PTH_BUF_INIT;

	put_server_hello(&m, w->suite);
	put_record(&b, HANDSHAKE, m.s, m.len);
	put_record(&b, 20, "\1", 1); /* change_cipher_spec, which says nothing */
	level(w, 1, 'b');
	level(w, 0, 'a');
	pth_buf_cut(&m, 0);
	put_extensions(&m, alpn);
	put_sealed(&b, w, 1, HANDSHAKE, m.s, m.len, 3);
	pth_buf_cut(&m, 0);
	put_hex(&m, "0b 000040"); /* a certificate, in two records */
	put_zeros(&m, 0x20);
	put_sealed(&b, w, 1, HANDSHAKE, m.s, m.len, 0);
	pth_buf_cut(&m, 0);
	put_zeros(&m, 0x20);
	put_hex(&m, "14 000004 61626364"); /* Finished */
	put_sealed(&b, w, 1, HANDSHAKE, m.s, m.len, 0);
	level(w, 1, 'd');
	app_bytes(&w->x, 1, b.s, b.len);
	pth_buf_release(&m);
	pth_buf_release(&b);
}

static void
begin(struct world *w, unsigned suite, const char *alpn, const char *labels)
{
	static const char *const names[] = { "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
		"SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
		"SERVER_TRAFFIC_SECRET_0" };
	struct pth_buf b = PTH_BUF_INIT, m = PTH_BUF_INIT, log = PTH_BUF_INIT;

	app_begin(&w->x, PTH_F_DATA);
	w->suite = suite;
	for (const char *p = labels; *p != '\0'; p++)
		put_log(&log, names[*p - 'a'], 'R', suite, *p);
	if (log.len > 0)
		pth_dissect_keys(w->x.d, log.s, log.len);
	put_client_hello(&m, 'R', suite, alpn);
	put_record(&b, HANDSHAKE, m.s, m.len);
	app_bytes(&w->x, 0, b.s, b.len);
	answer(w, alpn);
	pth_buf_release(&b);
	pth_buf_release(&m);
	pth_buf_release(&log);
}

static void
finish(struct world *w)
{
	send_sealed(w, 0, HANDSHAKE, "\x14\0\0\4abcd", 8);
	level(w, 0, 'c');
}

#define GET "GET / HTTP/1.1\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"

static void
exchanges(void)
{
	static const unsigned suites[] = { 0x1301, 0x1302, 0x1303 };

	for (size_t i = 0; i < countof(suites); i++) {
		struct world w;

		begin(&w, suites[i], "http/1.1", "abcd");
		/* The name is that of the packet, although other messages came behind it. */
		CHECK_STR(app_field(&w.x, PTH_F_TLS_ALPN), "http/1.1");
		CHECK_STR(app_field(&w.x, PTH_F_TLS_HANDSHAKE_TYPE), "2,8,11,20");
		CHECK_STR(app_field(&w.x, PTH_F_TLS_CONTENT_TYPE), "22,20,23,23,23");
		finish(&w);
		send_text(&w, 0, GET "GET /b HTTP");
		send_text(&w, 0, "/1.1\r\n\r\n");
		send_text(&w, 1, OK OK);
		CHECK_STR(app_numbers(&w.x), "2/2 6/0 unread 0");
		CHECK_INT(w.x.stat->tls, 1);
		CHECK_INT(w.x.stat->end[0].undecrypted + w.x.stat->end[1].undecrypted, 0);
		CHECK_STR(w.x.stat->alpn.v[0], "http/1.1");
		app_end(&w.x);
	}
	struct world w;

	begin(&w, 0x1301, "h2", "abcd");
	finish(&w);
	send_text(&w, 0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	send_sealed(&w, 0, APPLICATION, "\0\0\1\1\5\0\0\0\1\x82", 10);
	send_sealed(&w, 1, APPLICATION,
	    "\0\0\0\4\0\0\0\0\0"
	    "\0\0\1\1\5\0\0\0\1\x88",
	    19);
	CHECK_STR(app_numbers(&w.x), "1/1 0/0 unread 0");
	app_end(&w.x);
}

/* Without keys, with half of them, with those of another connection: what could not be read is
 * marked, and nothing is made up. */
static void
keys(void)
{
	static const struct {
		const char *labels, *numbers;
		int client, server;
	} v[] = {
		{ "", "0/0 0/0 unread 0", 2, 4 },
		{ "cd", "0/0 0/0 unread 0", 2, 4 }, /* where they begin is not seen */
		{ "ab", "0/0 0/0 unread 0", 1, 1 },
		{ "abc", "1/0 0/0 unread 0", 0, 1 },
		{ "abd", "0/1 3/0 unread 0", 1, 0 },
		{ "bd", "0/1 3/0 unread 0", 2, 0 },
	};

	for (size_t i = 0; i < countof(v); i++) {
		struct world w;

		begin(&w, 0x1301, "http/1.1", v[i].labels);
		finish(&w);
		send_text(&w, 0, GET);
		send_text(&w, 1, OK);
		CHECK_STR(app_numbers(&w.x), v[i].numbers);
		CHECK_INT(w.x.stat->end[0].undecrypted, v[i].client);
		CHECK_INT(w.x.stat->end[1].undecrypted, v[i].server);
		app_end(&w.x);
	}
}

/* A record that is not what it says it is, among others. */
static void
nonsense(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct world w;

	begin(&w, 0x1301, "http/1.1", "abcd");
	finish(&w);
	put_sealed(&b, &w, 0, APPLICATION, GET, strlen(GET), 0);
	b.s[b.len - 1] ^= 1;
	app_bytes(&w.x, 0, b.s, b.len);
	w.number[0]--; /* it was none of the client's */
	send_text(&w, 0, GET);
	/* Of another kind, and of zeros only. */
	send_sealed(&w, 0, ALERT, "\1\0", 2);
	send_sealed(&w, 0, 0, "", 0);
	send_text(&w, 0, GET);
	CHECK_STR(app_numbers(&w.x), "2/0 0/0 unread 0");
	CHECK_INT(w.x.stat->end[0].undecrypted, 1);
	app_end(&w.x);
	pth_buf_release(&b);
}

/* Records that break off, or lie. */
static void
broken(void)
{
	struct world w;

	/* In the middle. */
	begin(&w, 0x1301, "http/1.1", "abcd");
	finish(&w);
	app_hex(&w.x, 0, "17 0303 0100 00");
	CHECK_STR(app_numbers(&w.x), "0/0 0/0 unread 0");
	CHECK_INT(w.x.stat->end[0].undecrypted, 1);
	CHECK_INT(w.x.stat->end[1].undecrypted, 0);
	app_end(&w.x);
	/* More than a record may have, a kind that nobody knows, and one of nothing. */
	begin(&w, 0x1301, "http/1.1", "abcd");
	finish(&w);
	app_hex(&w.x, 0, "17 0303 0000 17 0303 ffff");
	send_text(&w, 0, GET);
	app_hex(&w.x, 1, "99 0303 0000");
	send_text(&w, 1, OK);
	CHECK_STR(app_numbers(&w.x), "0/0 0/0 unread 0");
	CHECK(w.x.stat->end[0].undecrypted > 0 && w.x.stat->end[1].undecrypted > 0);
	app_end(&w.x);
	/* A message of the handshake that says it is longer than all that are kept. */
	app_begin(&w.x, PTH_F_DATA);
	app_hex(&w.x, 0, "16 0303 0006 01 ffffff 0000");
	for (int i = 0; i < 20; i++) {
		struct pth_buf b = PTH_BUF_INIT;

		put_hex(&b, "16 0303 2000");
		put_zeros(&b, 0x2000);
		app_bytes(&w.x, 0, b.s, b.len);
		pth_buf_release(&b);
	}
	CHECK_STR(app_numbers(&w.x), "0/0 0/0 unread 0");
	CHECK_INT(w.x.stat->sni.n, 0);
	app_end(&w.x);
}

/* A hello that another follows (RFC 8446, 4.1.4), in another version, and without one. */
static void
hellos(void)
{
	struct pth_buf m = PTH_BUF_INIT, b = PTH_BUF_INIT;
	struct world w;

	app_begin(&w.x, PTH_F_DATA);
	put_client_hello(&m, 'R', 0xc02f, "h2");
	put_record(&b, HANDSHAKE, m.s, m.len);
	/* In two segments, and at a message's middle in two records. */
	app_bytes(&w.x, 0, b.s, 7);
	app_bytes(&w.x, 0, b.s + 7, b.len - 7);
	CHECK_STR(app_field(&w.x, PTH_F_TLS_HANDSHAKE_TYPE), "1");
	pth_buf_cut(&m, 0);
	pth_buf_cut(&b, 0);
	put_server_hello(&m, 0xc02f); /* a suite of TLS 1.2: no keys are looked for */
	put_record(&b, HANDSHAKE, m.s, 10);
	put_record(&b, HANDSHAKE, m.s + 10, m.len - 10);
	app_bytes(&w.x, 1, b.s, b.len);
	CHECK_STR(app_field(&w.x, PTH_F_TLS_HANDSHAKE_TYPE), "2");
	app_hex(&w.x, 1, "17 0303 0010 00000000000000000000000000000000");
	CHECK_STR(app_numbers(&w.x), "0/0 0/0 unread 0");
	CHECK_INT(w.x.stat->end[1].undecrypted, 1);
	CHECK_INT(w.x.stat->tls, 1);
	pth_buf_release(&m);
	pth_buf_release(&b);
	app_end(&w.x);
}

int
main(void)
{
	unit("HTTP within");
	exchanges();
	unit("keys that lack");
	keys();
	unit("records that decrypt to nonsense");
	nonsense();
	unit("records that break off, or lie");
	broken();
	unit("hellos");
	hellos();
	return unit_done();
}
