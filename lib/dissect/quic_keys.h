/*
 * QUIC packet protection (RFC 9001, RFC 9369): keys out of secrets, header protection, and the
 * decryption of a payload. With libcrypto.
 */
#ifndef PTH_DISSECT_QUIC_KEYS_H
#define PTH_DISSECT_QUIC_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUIC_V1 0x00000001u
#define QUIC_V2 0x6b3343cfu
#define QUIC_DRAFT_29 0xff00001du

#define QUIC_SECRET_MAX 48 /* SHA-384 */
#define QUIC_TAG 16
#define QUIC_SAMPLE 16

/* TLS 1.3 cipher suites (RFC 8446, B.4). */
enum { SUITE_AES_128_GCM = 0x1301, SUITE_AES_256_GCM, SUITE_CHACHA20, SUITE_AES_128_CCM };

struct quic_secret {
	uint8_t v[QUIC_SECRET_MAX];
	size_t n; /* 0: not known */
};

/* What protects the packets of one direction in one level of encryption. */
struct quic_keys;

/* NULL: the suite is none that QUIC has, or libcrypto has not got it. */
struct quic_keys *dissect_quic_keys_new(
    uint32_t version, unsigned suite, const struct quic_secret *s);
/* The same for records of TLS 1.3 over TCP (RFC 8446, 7.3): they have no header protection, and
 * dissect_quic_open() takes the record's sequence number and its 5 bytes of header. */
struct quic_keys *dissect_quic_keys_of_records(unsigned suite, const struct quic_secret *s);
void dissect_quic_keys_free(struct quic_keys *k);

/* The secrets of Initial packets, of what the client chose as first destination id (RFC 9001,
 * 5.2). False: the version has no salt that is known. */
bool dissect_quic_initial_secrets(uint32_t version, const uint8_t *dcid, size_t n,
    struct quic_secret *client, struct quic_secret *server);

/* The secret that comes after this one in a key update (RFC 9001, 6.1). */
bool dissect_quic_secret_update(
    uint32_t version, unsigned suite, const struct quic_secret *s, struct quic_secret *next);

/* The mask of header protection: 5 bytes, out of 16 of the sample. */
bool dissect_quic_mask(struct quic_keys *k, const uint8_t *sample, uint8_t mask[5]);

/* Decrypt n bytes at in, the tag with them, to out, which has room for n. head: the header as it
 * was before protection. The number of bytes at out, or -1: it is not what these keys have
 * protected. */
int dissect_quic_open(struct quic_keys *k, uint64_t number, const uint8_t *head, size_t nhead,
    const uint8_t *in, size_t n, uint8_t *out);

#endif
