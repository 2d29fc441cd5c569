/* This file derives the keys of QUIC and decrypts packets. */
#include "dissect/quic_keys.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <string.h>

#include "base/err.h"

#define KEY_MAX 32
#define IV 12

struct quic_keys {
	EVP_CIPHER_CTX *aead, *hp;
	bool chacha;
	uint8_t iv[IV];
};

static const EVP_MD *
hash_of(unsigned suite)
{
	return suite == SUITE_AES_256_GCM ? EVP_sha384() : EVP_sha256();
}

/* HKDF-Expand-Label (RFC 8446, 7.1) with an empty context; for n up to one block of the hash. */
static bool
expand_label(
    const EVP_MD *md, const struct quic_secret *s, const char *label, uint8_t *out, size_t n)
{
	uint8_t info[64], block[EVP_MAX_MD_SIZE];
	size_t k = strlen(label), at = 0;
	unsigned got = 0;

	info[at++] = (uint8_t)(n >> 8);
	info[at++] = (uint8_t)n;
	info[at++] = (uint8_t)(6 + k);
	memcpy(info + at, "tls13 ", 6);
	memcpy(info + at + 6, label, k);
	at += 6 + k;
	info[at++] = 0;
	info[at++] = 1; /* the first block of HKDF-Expand (RFC 5869, 2.3) */
	if (HMAC(md, s->v, (int)s->n, info, at, block, &got) == NULL || got < n)
		return false;
	memcpy(out, block, n);
	return true;
}

/* The labels of version 2 have another prefix (RFC 9369, 3.3.1). */
static const char *
label(uint32_t version, const char *v1, const char *v2)
{
	return version == QUIC_V2 ? v2 : v1;
}

static EVP_CIPHER_CTX *
cipher(const EVP_CIPHER *type, const uint8_t *key, bool decrypt)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	if (c != NULL && EVP_CipherInit_ex(c, type, NULL, key, NULL, decrypt ? 0 : 1) == 1 &&
	    EVP_CIPHER_CTX_set_padding(c, 0) == 1)
		return c;
	EVP_CIPHER_CTX_free(c);
	return NULL;
}

static const EVP_CIPHER *
aead_of(unsigned suite)
{
	switch (suite) {
	case SUITE_AES_128_GCM: return EVP_aes_128_gcm();
	case SUITE_AES_256_GCM: return EVP_aes_256_gcm();
	case SUITE_CHACHA20: return EVP_chacha20_poly1305();
	default: return NULL;
	}
}

static const EVP_CIPHER *
mask_of(unsigned suite)
{
	switch (suite) {
	case SUITE_AES_128_GCM: return EVP_aes_128_ecb();
	case SUITE_AES_256_GCM: return EVP_aes_256_ecb();
	default: return EVP_chacha20();
	}
}

/* Labels of the key, of the iv, and of the key for header protection, or NULL. */
static struct quic_keys *
keys(unsigned suite, const struct quic_secret *s, const char *const labels[3])
{
	const EVP_MD *md = hash_of(suite);
	const EVP_CIPHER *aead = aead_of(suite);
	size_t n = suite == SUITE_AES_128_GCM ? 16 : 32;
	uint8_t key[KEY_MAX], mask[KEY_MAX];
	struct quic_keys *k;

	if (aead == NULL || s->n != (size_t)EVP_MD_get_size(md))
		return NULL;
	k = pth_xmalloc(sizeof *k);
	*k = (struct quic_keys){ .chacha = suite == SUITE_CHACHA20 };
	if (expand_label(md, s, labels[0], key, n) && expand_label(md, s, labels[1], k->iv, IV))
		k->aead = cipher(aead, key, true);
	if (labels[2] != NULL && expand_label(md, s, labels[2], mask, n))
		k->hp = cipher(mask_of(suite), mask, false);
	if (k->aead != NULL && (k->hp != NULL || labels[2] == NULL))
		return k;
	dissect_quic_keys_free(k);
	return NULL;
}

struct quic_keys *
dissect_quic_keys_new(uint32_t version, unsigned suite, const struct quic_secret *s)
{
	return keys(suite, s,
	    (const char *const[]){ label(version, "quic key", "quicv2 key"),
	        label(version, "quic iv", "quicv2 iv"), label(version, "quic hp", "quicv2 hp") });
}

struct quic_keys *
dissect_quic_keys_of_records(unsigned suite, const struct quic_secret *s)
{
	return keys(suite, s, (const char *const[]){ "key", "iv", NULL });
}

void
dissect_quic_keys_free(struct quic_keys *k)
{
	if (k == NULL)
		return;
	EVP_CIPHER_CTX_free(k->aead);
	EVP_CIPHER_CTX_free(k->hp);
	free(k);
}

bool
dissect_quic_initial_secrets(uint32_t version, const uint8_t *dcid, size_t n,
    struct quic_secret *client, struct quic_secret *server)
{
	/* RFC 9001, 5.2; RFC 9369, 3.3.1; draft-ietf-quic-tls-29, 5.2. */
	static const struct {
		uint32_t version;
		uint8_t salt[20];
	} known[] = {
		{ QUIC_V1,
		    { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4,
		        0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a } },
		{ QUIC_V2,
		    { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e,
		        0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 } },
		{ QUIC_DRAFT_29,
		    { 0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c,
		        0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99 } },
	};
	struct quic_secret initial = { .n = 32 };
	unsigned got = 0;

	for (size_t i = 0; i < countof(known); i++) {
		if (known[i].version != version)
			continue;
		client->n = server->n = 32;
		return HMAC(EVP_sha256(), known[i].salt, 20, dcid, n, initial.v, &got) != NULL &&
		    expand_label(EVP_sha256(), &initial, "client in", client->v, 32) &&
		    expand_label(EVP_sha256(), &initial, "server in", server->v, 32);
	}
	return false;
}

bool
dissect_quic_secret_update(
    uint32_t version, unsigned suite, const struct quic_secret *s, struct quic_secret *next)
{
	next->n = s->n;
	return expand_label(
	    hash_of(suite), s, label(version, "quic ku", "quicv2 ku"), next->v, s->n);
}

bool
dissect_quic_mask(struct quic_keys *k, const uint8_t *sample, uint8_t mask[5])
{
	static const uint8_t zero[5];
	uint8_t block[QUIC_SAMPLE];
	int n = 0;

	/* ChaCha20's counter and nonce are the sample (RFC 9001, 5.4.4). */
	if (k->chacha)
		return EVP_EncryptInit_ex(k->hp, NULL, NULL, NULL, sample) == 1 &&
		    EVP_EncryptUpdate(k->hp, mask, &n, zero, 5) == 1 && n == 5;
	if (EVP_EncryptUpdate(k->hp, block, &n, sample, QUIC_SAMPLE) != 1 || n != QUIC_SAMPLE)
		return false;
	memcpy(mask, block, 5);
	return true;
}

int
dissect_quic_open(struct quic_keys *k, uint64_t number, const uint8_t *head, size_t nhead,
    const uint8_t *in, size_t n, uint8_t *out)
{
	uint8_t nonce[IV];
	int got = 0, rest = 0;

	if (n < QUIC_TAG || n > INT32_MAX || nhead > INT32_MAX)
		return -1;
	memcpy(nonce, k->iv, IV);
	for (int i = 0; i < 8; i++)
		nonce[IV - 1 - i] ^= (uint8_t)(number >> 8 * i);
	n -= QUIC_TAG;
	if (EVP_DecryptInit_ex(k->aead, NULL, NULL, NULL, nonce) != 1 ||
	    EVP_CIPHER_CTX_ctrl(
	        k->aead, EVP_CTRL_AEAD_SET_TAG, QUIC_TAG, (void *)(uintptr_t)(in + n)) != 1 ||
	    EVP_DecryptUpdate(k->aead, NULL, &got, head, (int)nhead) != 1 ||
	    EVP_DecryptUpdate(k->aead, out, &got, in, (int)n) != 1 ||
	    EVP_DecryptFinal_ex(k->aead, out + got, &rest) != 1)
		return -1;
	return got + rest;
}
