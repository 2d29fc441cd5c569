/* Keys of QUIC and the protection of packets, with the examples of RFC 9001 and RFC 9369. */
#include "dissect/quic_keys.h"

#include "quic_seal.h"
#include "unit.h"

#define ID "\x83\x94\xc8\xf0\x3e\x51\x57\x08"

static void
is_secret(const struct quic_secret *s, const char *hex)
{
	struct pth_buf b = PTH_BUF_INIT;

	put_hex(&b, hex);
	CHECK_INT(s->n, b.len);
	CHECK(memcmp(s->v, b.s, b.len) == 0);
	pth_buf_release(&b);
}

static struct quic_secret
secret_of(const char *hex)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct quic_secret s;

	put_hex(&b, hex);
	s.n = b.len;
	memcpy(s.v, b.s, b.len);
	pth_buf_release(&b);
	return s;
}

static void
secrets(void)
{
	/* RFC 9001, A.1; RFC 9369, A.1; draft-ietf-quic-tls-29, A.1. */
	static const struct {
		uint32_t version;
		const char *client, *server;
	} v[] = {
		{ QUIC_V1, "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea",
		    "3c199828fd139efd216c155ad844cc81fb82fa8d7446fa7d78be803acdda951b" },
		{ QUIC_V2, "14ec9d6eb9fd7af83bf5a668bc17a7e283766aade7ecd0891f70f9ff7f4bf47b",
		    "0263db1782731bf4588e7e4d93b7463907cb8cd8200b5da55a8bd488eafc37c1" },
		{ QUIC_DRAFT_29, "0088119288f1d866733ceeed15ff9d50902cf82952eee27e9d4d4918ea371d87",
		    "006f881359244dd9ad1acf85f595bad67c13f9f5586f5e64e1acae1d9ea8f616" },
	};
	struct quic_secret client, server;

	for (size_t i = 0; i < countof(v); i++) {
		CHECK(dissect_quic_initial_secrets(
		    v[i].version, (const uint8_t *)ID, 8, &client, &server));
		is_secret(&client, v[i].client);
		is_secret(&server, v[i].server);
	}
	CHECK(!dissect_quic_initial_secrets(0xff00001c, (const uint8_t *)ID, 8, &client, &server));
	CHECK(!dissect_quic_initial_secrets(0, (const uint8_t *)ID, 8, &client, &server));
}

/* Take the protection of a packet off: what the number's place and bytes are is known. */
static int
open_packet(struct quic_keys *k, struct pth_buf *packet, size_t at, size_t pn, uint64_t number,
    uint8_t *out, const char *head)
{
	uint8_t mask[5], *p = (uint8_t *)packet->s;
	struct pth_buf want = PTH_BUF_INIT;
	int n;

	CHECK(dissect_quic_mask(k, p + at + 4, mask));
	p[0] ^= mask[0] & ((p[0] & 0x80) != 0 ? 0x0f : 0x1f);
	for (size_t i = 0; i < pn; i++)
		p[at + i] ^= mask[1 + i];
	put_hex(&want, head);
	CHECK_INT(want.len, at + pn);
	CHECK(memcmp(p, want.s, want.len) == 0);
	n = dissect_quic_open(k, number, p, at + pn, p + at + pn, packet->len - at - pn, out);
	/* Nothing of it may be another. */
	p[packet->len - 1] ^= 1;
	CHECK_INT(dissect_quic_open(
	              k, number, p, at + pn, p + at + pn, packet->len - at - pn, out + 2000),
	    -1);
	p[packet->len - 1] ^= 1;
	p[1] ^= 1;
	CHECK_INT(dissect_quic_open(
	              k, number, p, at + pn, p + at + pn, packet->len - at - pn, out + 2000),
	    -1);
	CHECK_INT(dissect_quic_open(
	              k, number + 1, p, at + pn, p + at + pn, packet->len - at - pn, out + 2000),
	    -1);
	pth_buf_release(&want);
	return n;
}

#define CLIENT_HELLO                                                                           \
	"060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c" \
	"00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006" \
	"001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa4" \
	"7fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403"   \
	"050306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000" \
	"ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff"
#define SERVER_HELLO                                                                           \
	"02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc543" \
	"0b9a045a1200130100002e00330024001d00209d3c940d89690b84d08a60993c144eca684d1081287c83" \
	"4d5311bcf32bb9da1a002b00020304"

/* RFC 9001, A.2 and A.3; RFC 9369, A.2 and A.3. The client's packet is made of its parts: its
 * header, and its frames up to 1,162 bytes; what it is to be is known by the protected header. */
static void
initials(void)
{
	static const struct {
		uint32_t version;
		const char *head, *sealed, *tag, *server_head, *server;
	} v[] = {
		{ QUIC_V1, "c300000001088394c8f03e5157080000449e00000002",
		    "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9b",
		    "e221af44860018ab0856972e194cd934", "c1000000010008f067a5502a4262b50040750001",
		    "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100"
		    "f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df354"
		    "8e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f5889"
		    "1850abbdca3d20398c276456cbc42158407dd074ee" },
		{ QUIC_V2, "d36b3343cf088394c8f03e5157080000449e00000002",
		    "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071",
		    NULL, "d16b3343cf0008f067a5502a4262b50040750001",
		    "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb"
		    "761d9b89237bbf87263017915358230035f7fd3945d88965cf17f9af6e16886c61bfc703106f"
		    "baf3cb4cfa52382dd16a393e42757507698075b2c984c707f0a0812d8cd5a6881eaf21ceda98"
		    "f4bd23f6fe1a3e2c43edd9ce7ca84bed8521e2e140" },
	};
	static uint8_t out[4000];

	for (size_t i = 0; i < countof(v); i++) {
		struct quic_secret secret[2];
		struct pth_buf b = PTH_BUF_INIT, plain = PTH_BUF_INIT, want = PTH_BUF_INIT;
		struct quic_keys *k;
		struct seal s;

		dissect_quic_initial_secrets(
		    v[i].version, (const uint8_t *)ID, 8, &secret[0], &secret[1]);
		put_hex(&plain, CLIENT_HELLO);
		put_zeros(&plain, 1162 - plain.len);
		put_hex(&b, v[i].head);
		seal_initial(&s, v[i].version, ID, 8, false);
		seal_packet(&b, 0, &s, 2, 4, &plain);
		put_hex(&want, v[i].sealed);
		CHECK_INT(b.len, 1200);
		CHECK(memcmp(b.s, want.s, want.len) == 0);
		pth_buf_cut(&want, 0);
		put_hex(&want, v[i].tag != NULL ? v[i].tag : "");
		CHECK(memcmp(b.s + b.len - want.len, want.s, want.len) == 0);
		k = dissect_quic_keys_new(v[i].version, SUITE_AES_128_GCM, &secret[0]);
		CHECK_INT(open_packet(k, &b, 18, 4, 2, out, v[i].head), 1162);
		CHECK(memcmp(out, plain.s, 1162) == 0);
		dissect_quic_keys_free(k);
		/* The server's. */
		pth_buf_cut(&b, 0);
		pth_buf_cut(&plain, 0);
		put_hex(&b, v[i].server);
		put_hex(&plain, SERVER_HELLO);
		k = dissect_quic_keys_new(v[i].version, SUITE_AES_128_GCM, &secret[1]);
		CHECK_INT(open_packet(k, &b, 18, 2, 1, out, v[i].server_head), (int)plain.len);
		CHECK(memcmp(out, plain.s, plain.len) == 0);
		dissect_quic_keys_free(k);
		pth_buf_release(&b);
		pth_buf_release(&plain);
		pth_buf_release(&want);
	}
}

/* RFC 9001, A.5; RFC 9369, A.5: one PING in a short header's packet 654360564. */
static void
chacha(void)
{
	static const struct {
		uint32_t version;
		const char *packet, *next;
	} v[] = {
		{ QUIC_V1, "4cfe4189655e5cd55c41f69080575d7999c25a5bfb",
		    "1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9" },
		{ QUIC_V2, "5558b1c60ae7b6b932bc27d786f4bc2bb20f2162ba",
		    "c69374c49e3d2a9466fa689e49d476db5d0dfbc87d32ceeaa6343fd0ae4c7d88" },
	};
	struct quic_secret s = secret_of(
	    "9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b");
	static uint8_t out[4000];

	for (size_t i = 0; i < countof(v); i++) {
		struct quic_keys *k = dissect_quic_keys_new(v[i].version, SUITE_CHACHA20, &s);
		struct pth_buf b = PTH_BUF_INIT;
		struct quic_secret next;

		put_hex(&b, v[i].packet);
		CHECK_INT(open_packet(k, &b, 1, 3, 654360564, out, "4200bff4"), 1);
		CHECK_INT(out[0], 1);
		CHECK(dissect_quic_secret_update(v[i].version, SUITE_CHACHA20, &s, &next));
		is_secret(&next, v[i].next);
		dissect_quic_keys_free(k);
		pth_buf_release(&b);
	}
}

/* All suites, sealed by libcrypto; and what is no suite, or no secret of it. */
static void
suites(void)
{
	static const unsigned v[] = { SUITE_AES_128_GCM, SUITE_AES_256_GCM, SUITE_CHACHA20 };
	struct quic_secret s = { .n = 48 };
	static uint8_t out[4000];

	memset(s.v, 's', 48);
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf b = PTH_BUF_INIT, plain = PTH_BUF_INIT;
		struct quic_keys *k;
		struct seal seal;

		s.n = v[i] == SUITE_AES_256_GCM ? 48 : 32;
		k = dissect_quic_keys_new(QUIC_V1, v[i], &s);
		seal_secret(&seal, QUIC_V1, v[i], 's');
		pth_buf_adds(&plain, "what is in it");
		put_hex(&b, "43 01234567");
		seal_packet(&b, 0, &seal, 0xf01234567, 4, &plain);
		CHECK_INT(
		    open_packet(k, &b, 1, 4, 0xf01234567, out, "43 01234567"), (int)plain.len);
		CHECK(memcmp(out, plain.s, plain.len) == 0);
		/* Less than a tag. */
		CHECK_INT(dissect_quic_open(k, 1, out, 5, out, 15, out + 2000), -1);
		CHECK_INT(dissect_quic_open(k, 1, out, 5, out, 0, out + 2000), -1);
		dissect_quic_keys_free(k);
		s.n = v[i] == SUITE_AES_256_GCM ? 32 : 48;
		CHECK(dissect_quic_keys_new(QUIC_V1, v[i], &s) == NULL);
		pth_buf_release(&b);
		pth_buf_release(&plain);
	}
	s.n = 32;
	CHECK(dissect_quic_keys_new(QUIC_V1, SUITE_AES_128_CCM, &s) == NULL);
	CHECK(dissect_quic_keys_new(QUIC_V1, 0, &s) == NULL);
	s.n = 0;
	CHECK(dissect_quic_keys_new(QUIC_V1, SUITE_AES_128_GCM, &s) == NULL);
	dissect_quic_keys_free(NULL);
}

int
main(void)
{
	unit("secrets of Initial packets");
	secrets();
	unit("Initial packets of RFC 9001 and RFC 9369");
	initials();
	unit("ChaCha20 and key update of RFC 9001 and RFC 9369");
	chacha();
	unit("suites");
	suites();
	return unit_done();
}
