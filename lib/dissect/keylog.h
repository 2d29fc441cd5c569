/*
 * TLS keys by the client's random number, from text in the format of
 * draft-ietf-tls-keylogfile. Lines that are not well-formed are left out.
 */
#ifndef PTH_DISSECT_KEYLOG_H
#define PTH_DISSECT_KEYLOG_H

#include "dissect/quic_keys.h"

enum keylog_label {
	KEYLOG_CLIENT_EARLY,
	KEYLOG_CLIENT_HANDSHAKE,
	KEYLOG_SERVER_HANDSHAKE,
	KEYLOG_CLIENT_TRAFFIC,
	KEYLOG_SERVER_TRAFFIC,
	KEYLOG_LABELS
};

struct keylog;

struct keylog *dissect_keylog_new(void);
void dissect_keylog_free(struct keylog *k);
void dissect_keylog_add(struct keylog *k, const char *text, size_t n);
/* False: there is none. */
bool dissect_keylog_find(const struct keylog *k, const uint8_t random[32], enum keylog_label label,
    struct quic_secret *out);

#endif
