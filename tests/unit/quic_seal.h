/*
 * QUIC packets that tests make: protected with keys out of secrets (RFC 9001, 5), by libcrypto and
 * without the code under test.
 */
#ifndef PTH_UNIT_QUIC_SEAL_H
#define PTH_UNIT_QUIC_SEAL_H

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "capture.h"

#define SEAL_V1 0x00000001u
#define SEAL_V2 0x6b3343cfu

struct seal {
	uint32_t version;
	unsigned suite; /* 1301, 1302, 1303 */
	uint8_t key[32], iv[12], hp[32];
};

/* A variable-length integer (RFC 9000, 16). */
static inline void
put_varint(struct pth_buf *b, uint64_t v)
{
	int n = v < 64 ? 0 : v < 16384 ? 1 : v < 1073741824 ? 2 : 3;

	put_be(b, v | (uint64_t)n << (8 * (1 << n) - 2), 1 << n);
}

/* HKDF-Expand-Label with an empty context, up to one block. */
static inline void
seal_expand(const EVP_MD *md, const uint8_t *secret, const char *label, uint8_t *out, size_t n)
{
	struct pth_buf info = PTH_BUF_INIT;
	uint8_t block[EVP_MAX_MD_SIZE];

	put_be(&info, n, 2);
	put_be(&info, 6 + strlen(label), 1);
	pth_buf_addf(&info, "tls13 %s", label);
	put_be(&info, 1, 2); /* no context; the first block */
	HMAC(md, secret, EVP_MD_get_size(md), (uint8_t *)info.s, info.len, block, NULL);
	memcpy(out, block, n);
	pth_buf_release(&info);
}

static inline void
seal_of(struct seal *k, uint32_t version, unsigned suite, const uint8_t *secret)
{
	const EVP_MD *md = suite == 0x1302 ? EVP_sha384() : EVP_sha256();
	size_t n = suite == 0x1301 ? 16 : 32;
	bool v2 = version == SEAL_V2;

	*k = (struct seal){ .version = version, .suite = suite };
	seal_expand(md, secret, v2 ? "quicv2 key" : "quic key", k->key, n);
	seal_expand(md, secret, v2 ? "quicv2 iv" : "quic iv", k->iv, 12);
	seal_expand(md, secret, v2 ? "quicv2 hp" : "quic hp", k->hp, n);
}

/* Secret and keys of the next phase. */
static inline void
next_phase(struct seal *k, uint8_t secret[32], uint32_t version)
{
	uint8_t hp[32];

	memcpy(hp, k->hp, sizeof hp);
	seal_expand(EVP_sha256(), secret, version == SEAL_V2 ? "quicv2 ku" : "quic ku", secret, 32);
	seal_of(k, version, k->suite, secret);
	memcpy(k->hp, hp, sizeof hp); /* stays (RFC 9001, 6.1) */
}

/* The keys of Initial packets of an end, from the id that the client has chosen. */
static inline void
seal_initial(struct seal *k, uint32_t version, const char *id, size_t n, bool server)
{
	static const char v1[] = "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
	                  v2[] = "0dede3def700a6db819381be6e269dcbf9bd2ed9";
	uint8_t initial[32], secret[32];
	struct pth_buf salt = PTH_BUF_INIT;

	put_hex(&salt, version == SEAL_V2 ? v2 : v1);
	HMAC(EVP_sha256(), salt.s, 20, (const uint8_t *)id, n, initial, NULL);
	seal_expand(EVP_sha256(), initial, server ? "server in" : "client in", secret, 32);
	seal_of(k, version, 0x1301, secret);
	pth_buf_release(&salt);
}

/* Protect: what is in b from `at` on is a header whose packet number has its last `pn` bytes, and
 * the payload is put behind it. */
static inline void
seal_packet(struct pth_buf *b, size_t at, const struct seal *k, uint64_t number, int pn,
    const struct pth_buf *payload)
{
	const EVP_CIPHER *aead = k->suite == 0x1301 ? EVP_aes_128_gcm() :
	    k->suite == 0x1302                      ? EVP_aes_256_gcm() :
	                                              EVP_chacha20_poly1305();
	const EVP_CIPHER *hp = k->suite == 0x1301 ? EVP_aes_128_ecb() :
	    k->suite == 0x1302                    ? EVP_aes_256_ecb() :
	                                            EVP_chacha20();
	size_t head = b->len - at, from = b->len;
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t nonce[12], mask[16] = { 0 };
	uint8_t *out = (uint8_t *)pth_buf_room(b, payload->len + 16), *p;
	int n;

	memcpy(nonce, k->iv, sizeof nonce);
	for (int i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(number >> 8 * i);
	EVP_EncryptInit_ex(c, aead, NULL, k->key, nonce);
	EVP_EncryptUpdate(c, NULL, &n, (uint8_t *)b->s + at, (int)head);
	EVP_EncryptUpdate(c, out, &n, (const uint8_t *)payload->s, (int)payload->len);
	EVP_EncryptFinal_ex(c, out + n, &n);
	EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, out + payload->len);
	b->len += payload->len + 16;
	p = (uint8_t *)b->s + from - pn; /* the packet number */
	EVP_CIPHER_CTX_reset(c);
	if (k->suite == 0x1303) {
		EVP_EncryptInit_ex(c, hp, NULL, k->hp, p + 4);
		EVP_EncryptUpdate(c, mask, &n, mask, 5);
	} else {
		EVP_EncryptInit_ex(c, hp, NULL, k->hp, NULL);
		EVP_EncryptUpdate(c, mask, &n, p + 4, 16);
	}
	EVP_CIPHER_CTX_free(c);
	b->s[at] ^= (char)(mask[0] & ((b->s[at] & 0x80) != 0 ? 0x0f : 0x1f));
	for (int i = 0; i < pn; i++)
		p[i] ^= mask[1 + i];
	b->s[b->len] = '\0';
}

/* Types of long headers, as of version 1. */
enum { SEAL_INITIAL, SEAL_0RTT, SEAL_HANDSHAKE };

struct long_head {
	int type;
	const char *dcid, *scid, *token; /* texts */
	uint64_t number;
};

/* A packet with a long header, and a number of 2 bytes. */
static inline void
put_long(struct pth_buf *b, const struct seal *k, const struct long_head *h,
    const struct pth_buf *payload)
{
	size_t at = b->len;
	unsigned type = (unsigned)h->type + (k->version == SEAL_V2);

	put_be(b, 0xc0 | type << 4 | 1, 1);
	put_be(b, k->version, 4);
	put_be(b, strlen(h->dcid), 1);
	pth_buf_adds(b, h->dcid);
	put_be(b, strlen(h->scid), 1);
	pth_buf_adds(b, h->scid);
	if (h->type == SEAL_INITIAL) {
		put_varint(b, h->token != NULL ? strlen(h->token) : 0);
		pth_buf_adds(b, h->token != NULL ? h->token : "");
	}
	put_be(b, 0x4000 | (2 + payload->len + 16), 2);
	put_be(b, h->number, 2);
	seal_packet(b, at, k, h->number, 2, payload);
}

/* Bits of a short header's first byte. */
enum { SHORT_SPIN = 0x20, SHORT_PHASE = 0x04 };

static inline void
put_short(struct pth_buf *b, const struct seal *k, unsigned bits, const char *dcid, uint64_t number,
    const struct pth_buf *payload)
{
	size_t at = b->len;

	put_be(b, 0x40 | bits | 1, 1);
	pth_buf_adds(b, dcid);
	put_be(b, number, 2);
	seal_packet(b, at, k, number, 2, payload);
}

/* ---- TLS */

/* A message: its type, and its length before its body. */
static inline void
put_message(struct pth_buf *b, unsigned type, const struct pth_buf *body)
{
	put_be(b, type, 1);
	put_be(b, body->len, 3);
	pth_buf_add(b, body->s, body->len);
}

/* An extension with that name in a list of one: of SNI, ALPN. */
static inline void
put_alpn(struct pth_buf *b, const char *name)
{
	size_t n = strlen(name);

	put_be(b, 16, 2);
	put_be(b, n + 3, 2);
	put_be(b, n + 1, 2);
	put_be(b, n, 1);
	pth_buf_adds(b, name);
}

/* A ClientHello; its random number is 32 times this byte. */
static inline void
put_client_hello(struct pth_buf *b, char random, unsigned suite, const char *alpn)
{
	struct pth_buf m = PTH_BUF_INIT, x = PTH_BUF_INIT;

	put_alpn(&x, alpn);
	put_be(&m, 0x0303, 2);
	memset(pth_buf_room(&m, 32), random, 32);
	m.len += 32;
	put_be(&m, 0, 1);
	put_be(&m, 2, 2);
	put_be(&m, suite, 2);
	put_be(&m, 0x0100, 2);
	put_be(&m, x.len, 2);
	pth_buf_add(&m, x.s, x.len);
	put_message(b, 1, &m);
	pth_buf_release(&m);
	pth_buf_release(&x);
}

static inline void
put_server_hello(struct pth_buf *b, unsigned suite)
{
	struct pth_buf m = PTH_BUF_INIT;

	put_be(&m, 0x0303, 2);
	put_zeros(&m, 32);
	put_be(&m, 0, 1);
	put_be(&m, suite, 2);
	put_be(&m, 0, 1);
	put_be(&m, 0, 2);
	put_message(b, 2, &m);
	pth_buf_release(&m);
}

/* EncryptedExtensions with the protocol that was chosen. */
static inline void
put_extensions(struct pth_buf *b, const char *alpn)
{
	struct pth_buf m = PTH_BUF_INIT, x = PTH_BUF_INIT;

	put_alpn(&x, alpn);
	put_be(&m, x.len, 2);
	pth_buf_add(&m, x.s, x.len);
	put_message(b, 8, &m);
	pth_buf_release(&m);
	pth_buf_release(&x);
}

/* A CRYPTO frame with all of it. */
static inline void
put_crypto(struct pth_buf *b, uint64_t offset, const struct pth_buf *data)
{
	put_varint(b, 6);
	put_varint(b, offset);
	put_varint(b, data->len);
	pth_buf_add(b, data->s, data->len);
}

/* ---- secrets, and their key log */

/* The secret of a level: n times a byte. */
static inline void
seal_secret(struct seal *k, uint32_t version, unsigned suite, char byte)
{
	uint8_t secret[48];

	memset(secret, byte, sizeof secret);
	seal_of(k, version, suite, secret);
}

/* The line of a key log; the bytes are those of put_client_hello() and seal_secret(). */
static inline void
put_log(struct pth_buf *b, const char *label, char random, unsigned suite, char byte)
{
	pth_buf_addf(b, "%s ", label);
	for (int i = 0; i < 32; i++)
		pth_buf_addf(b, "%02x", (uint8_t)random);
	pth_buf_addc(b, ' ');
	for (int i = 0; i < (suite == 0x1302 ? 48 : 32); i++)
		pth_buf_addf(b, "%02x", (uint8_t)byte);
	pth_buf_addc(b, '\n');
}

#endif
