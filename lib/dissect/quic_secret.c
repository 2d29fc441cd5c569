/* This file keeps the keys of a QUIC connection. */
#include <string.h>

#include "dissect/keylog.h"
#include "dissect/quic_priv.h"

static void
forget(struct quic_side *s, enum quic_level level)
{
	dissect_quic_keys_free(s->keys[level]);
	s->keys[level] = NULL;
	s->tried_at[level] = 0;
	if (level == QUIC_1RTT) {
		dissect_quic_keys_free(s->before);
		dissect_quic_keys_free(s->open);
		dissect_quic_keys_free(s->next);
		s->before = s->open = s->next = NULL;
		s->phase = false;
	}
}

void
dissect_quic_keys_initial(struct quic_conn *c, uint32_t version, const uint8_t *id, size_t n)
{
	struct quic_secret *const client = &c->side[QUIC_CLIENT].secret[QUIC_INITIAL];
	struct quic_secret *const server = &c->side[QUIC_SERVER].secret[QUIC_INITIAL];

	for (int end = 0; end < 2; end++)
		forget(&c->side[end], QUIC_INITIAL);
	if (!dissect_quic_initial_secrets(version, id, n, client, server))
		return;
	for (int end = 0; end < 2; end++)
		c->side[end].keys[QUIC_INITIAL] = dissect_quic_keys_new(
		    version, SUITE_AES_128_GCM, &c->side[end].secret[QUIC_INITIAL]);
	c->initial = (struct cid){ .n = (uint8_t)n };
	memcpy(c->initial.v, id, n);
}

void
dissect_quic_keys_version(struct quic_conn *c, uint32_t version)
{
	struct cid id = c->initial;

	c->version = version;
	dissect_quic_keys_initial(c, version, id.v, id.n);
	for (int end = 0; end < 2; end++) {
		forget(&c->side[end], QUIC_HANDSHAKE);
		forget(&c->side[end], QUIC_1RTT);
	}
}

void
dissect_quic_keys_random(struct quic_conn *c, const uint8_t random[32])
{
	if (c->has_random)
		return;
	memcpy(c->random, random, 32);
	c->has_random = true;
}

void
dissect_quic_keys_suite(struct quic_conn *c, unsigned suite)
{
	if (c->suite == 0)
		c->suite = suite;
}

static enum keylog_label
label_of(enum quic_role from, enum quic_level level)
{
	if (level == QUIC_0RTT)
		return KEYLOG_CLIENT_EARLY;
	if (level == QUIC_HANDSHAKE)
		return from == QUIC_CLIENT ? KEYLOG_CLIENT_HANDSHAKE : KEYLOG_SERVER_HANDSHAKE;
	return from == QUIC_CLIENT ? KEYLOG_CLIENT_TRAFFIC : KEYLOG_SERVER_TRAFFIC;
}

/* Keys out of the log. The suite of 0-RTT is known only when the server has answered: until then
 * the length of the secret says which hash it has, and AES is tried. */
static void
look_up(struct pth_dissect *d, struct quic_conn *c, enum quic_role from, enum quic_level level)
{
	struct quic_side *s = &c->side[from];
	struct quic_secret *secret = &s->secret[level];
	unsigned suite = c->suite;

	if (!c->has_random ||
	    !dissect_keylog_find(d->keys, c->random, label_of(from, level), secret))
		return;
	if (suite == 0 && level == QUIC_0RTT)
		suite = secret->n == 32 ? SUITE_AES_128_GCM : SUITE_AES_256_GCM;
	if (suite == 0)
		return;
	s->keys[level] = dissect_quic_keys_new(c->version, suite, secret);
	if (level != QUIC_1RTT || s->keys[level] == NULL)
		return;
	s->open = dissect_quic_keys_new(c->version, suite, secret);
}

struct quic_keys *
dissect_quic_keys_of(
    struct pth_dissect *d, struct quic_conn *c, enum quic_role from, enum quic_level level)
{
	struct quic_side *s = &c->side[from];

	/* Keys may come with later blocks of the file. */
	if (s->keys[level] == NULL && level != QUIC_INITIAL && s->tried_at[level] != d->keys_seen) {
		look_up(d, c, from, level);
		if (c->has_random && c->suite != 0)
			s->tried_at[level] = d->keys_seen;
	}
	return s->keys[level];
}

/* The keys of the next phase, made when they are first wanted. */
static struct quic_keys *
next_keys(struct quic_conn *c, struct quic_side *s)
{
	struct quic_secret next;

	if (s->next == NULL &&
	    dissect_quic_secret_update(c->version, c->suite, &s->secret[QUIC_1RTT], &next))
		s->next = dissect_quic_keys_new(c->version, c->suite, &next);
	return s->next;
}

int
dissect_quic_keys_open(struct quic_conn *c, const struct quic_packet *p, const uint8_t *head,
    size_t n, const uint8_t *in, size_t nin, uint8_t *out)
{
	struct quic_side *s = &c->side[p->from];
	bool phase = (head[0] & 4) != 0;
	int got;

	if (p->level != QUIC_1RTT)
		return dissect_quic_open(s->keys[p->level], p->number, head, n, in, nin, out);
	if (s->open == NULL)
		return -1;
	if (phase == s->phase)
		return dissect_quic_open(s->open, p->number, head, n, in, nin, out);
	/* Of the phase before: late (RFC 9001, 6.5). Else the next has begun. */
	if (s->before != NULL &&
	    (got = dissect_quic_open(s->before, p->number, head, n, in, nin, out)) >= 0)
		return got;
	if (next_keys(c, s) == NULL ||
	    (got = dissect_quic_open(s->next, p->number, head, n, in, nin, out)) < 0)
		return -1;
	dissect_quic_keys_free(s->before);
	s->before = s->open;
	s->open = s->next;
	s->next = NULL;
	s->phase = phase;
	s->updates++;
	dissect_quic_secret_update(
	    c->version, c->suite, &s->secret[QUIC_1RTT], &s->secret[QUIC_1RTT]);
	return got;
}
