/* This file reads the frames of QUIC packets (RFC 9000, 19; RFC 9221). */
#include <string.h>

#include "dissect/quic_frame.h"
#include "dissect/quic_priv.h"

/* What a frame is read with. */
struct reader {
	struct pth_dissect *d;
	struct quic_conn *c;
	struct quic_packet *p;
	struct cursor at;
};

/* A number, which is a field. */
static bool
number(struct reader *r, enum pth_field f, uint64_t *v)
{
	uint64_t own;

	if (!dissect_quic_varint(&r->at, v != NULL ? v : &own))
		return false;
	dissect_uint(r->d, f, v != NULL ? *v : own);
	return true;
}

/* n bytes, which are a field unless it is PTH_NFIELDS. */
static const uint8_t *
bytes(struct reader *r, enum pth_field f, uint64_t n)
{
	const uint8_t *p = n <= dissect_left(&r->at) ? dissect_take(&r->at, (size_t)n) : NULL;

	if (p != NULL && f != PTH_NFIELDS)
		dissect_bytes(r->d, f, p, (size_t)n);
	return p;
}

static void
acked(struct reader *r, uint64_t from, uint64_t to)
{
	if (!r->p->within)
		dissect_quic_acked(r->c, r->p, from, to);
}

static bool
ack(struct reader *r, bool ecn)
{
	struct quic_ack a = { .ecn = ecn };
	uint64_t ranges, gap, n, low;

	if (!number(r, PTH_F_QUIC_ACK_LARGEST, &a.largest) ||
	    !number(r, PTH_F_QUIC_ACK_DELAY, &a.delay) ||
	    !number(r, PTH_F_QUIC_ACK_RANGES, &ranges) || !number(r, PTH_F_QUIC_ACK_FIRST, &n) ||
	    n > a.largest)
		return false;
	low = a.largest - n;
	acked(r, low, a.largest);
	for (; ranges > 0; ranges--) {
		if (!number(r, PTH_F_QUIC_ACK_GAP, &gap) || !number(r, PTH_F_QUIC_ACK_RANGE, &n) ||
		    gap + 2 > low || n > low - gap - 2)
			return false;
		acked(r, low - gap - 2 - n, low - gap - 2);
		low -= gap + 2 + n;
	}
	if (ecn &&
	    (!number(r, PTH_F_QUIC_ACK_ECT0, &a.ect0) || !number(r, PTH_F_QUIC_ACK_ECT1, &a.ect1) ||
	        !number(r, PTH_F_QUIC_ACK_CE, &a.ce)))
		return false;
	dissect_quic_ack_seen(r->d, r->c, r->p, &a);
	return true;
}

static bool
crypto(struct reader *r)
{
	uint64_t offset, n;
	const uint8_t *p;

	if (!number(r, PTH_F_QUIC_CRYPTO_OFFSET, &offset) ||
	    !number(r, PTH_F_QUIC_CRYPTO_LENGTH, &n) || (p = bytes(r, PTH_NFIELDS, n)) == NULL)
		return false;
	dissect_quic_crypto(r->d, r->c, r->p, offset, p, (size_t)n);
	return true;
}

static bool
stream(struct reader *r, uint64_t type)
{
	struct quic_stream_part s = { .fin = (type & 1) != 0 };

	dissect_uint(r->d, PTH_F_QUIC_STREAM_FIN, s.fin);
	if (!number(r, PTH_F_QUIC_STREAM_ID, &s.id) ||
	    ((type & 4) != 0 && !number(r, PTH_F_QUIC_STREAM_OFFSET, &s.offset)))
		return false;
	s.n = dissect_left(&r->at);
	if ((type & 2) != 0 && !number(r, PTH_F_QUIC_STREAM_LENGTH, &s.n))
		return false;
	if ((s.p = bytes(r, PTH_NFIELDS, s.n)) == NULL)
		return false;
	dissect_quic_stream_seen(r->d, r->c, r->p, &s);
	return true;
}

static bool
new_connection_id(struct reader *r)
{
	const uint8_t *n, *id;

	if (!number(r, PTH_F_QUIC_NCI_SEQUENCE, NULL) || !number(r, PTH_F_QUIC_NCI_RETIRE, NULL) ||
	    (n = dissect_take(&r->at, 1)) == NULL || *n == 0 || *n > CID_MAX)
		return false;
	dissect_uint(r->d, PTH_F_QUIC_NCI_LENGTH, *n);
	id = bytes(r, PTH_F_QUIC_NCI_ID, *n);
	if (id == NULL || bytes(r, PTH_F_QUIC_NCI_TOKEN, 16) == NULL)
		return false;
	if (!r->p->within)
		dissect_quic_conn_takes(r->d->quic, r->c, r->p->from, id, *n);
	return true;
}

static bool
close_frame(struct reader *r, bool app)
{
	struct quic_close c = { .app = app };

	if (!number(r, app ? PTH_F_QUIC_CC_ERROR_APP : PTH_F_QUIC_CC_ERROR, &c.code) ||
	    (!app && !number(r, PTH_F_QUIC_CC_FRAME_TYPE, NULL)) ||
	    !number(r, PTH_F_QUIC_CC_REASON_LENGTH, &c.n) ||
	    (c.reason = bytes(r, PTH_F_QUIC_CC_REASON, c.n)) == NULL)
		return false;
	dissect_quic_closed(r->d, r->c, r->p, &c);
	return true;
}

static bool
datagram(struct reader *r, bool has_length)
{
	uint64_t n = dissect_left(&r->at);

	return (!has_length || dissect_quic_varint(&r->at, &n)) &&
	    bytes(r, PTH_F_QUIC_DG, n) != NULL;
}

/* Frames of numbers only: their fields, and for what is in them no more than that. */
static bool
numbers(struct reader *r, uint64_t type)
{
	static const enum pth_field fields[][3] = {
		[RESET_STREAM] = { PTH_F_QUIC_RSTS_ID, PTH_F_QUIC_RSTS_ERROR,
		    PTH_F_QUIC_RSTS_SIZE },
		[STOP_SENDING] = { PTH_F_QUIC_SS_ID, PTH_F_QUIC_SS_ERROR },
		[MAX_DATA] = { PTH_F_QUIC_MD },
		[MAX_STREAM_DATA] = { PTH_F_QUIC_MSD_ID, PTH_F_QUIC_MSD },
		[MAX_STREAMS_BIDI] = { PTH_F_QUIC_MS },
		[MAX_STREAMS_UNI] = { PTH_F_QUIC_MS },
		[DATA_BLOCKED] = { PTH_F_QUIC_DB },
		[STREAM_DATA_BLOCKED] = { PTH_F_QUIC_SDB_ID, PTH_F_QUIC_DB },
		[STREAMS_BLOCKED_BIDI] = { PTH_F_QUIC_SIB },
		[STREAMS_BLOCKED_UNI] = { PTH_F_QUIC_SIB },
		[RETIRE_CONNECTION_ID] = { PTH_F_QUIC_RCI_SEQUENCE },
		[HANDSHAKE_DONE] = { 0 },
	};

	if (type >= countof(fields))
		return false;
	for (size_t i = 0; i < 3 && fields[type][i] != 0; i++)
		if (!number(r, fields[type][i], NULL))
			return false;
	return true;
}

static bool
frame(struct reader *r, uint64_t type)
{
	uint64_t n;

	switch (type) {
	case PING:
	case IMMEDIATE_ACK: return true;
	case ACK_FREQUENCY:
		return number(r, PTH_F_QUIC_AF_SEQUENCE, NULL) &&
		    number(r, PTH_F_QUIC_AF_THRESHOLD, NULL) &&
		    number(r, PTH_F_QUIC_AF_DELAY, NULL) && dissect_quic_varint(&r->at, &n);
	case ACK:
	case ACK_ECN: return ack(r, type == ACK_ECN);
	case CRYPTO: return crypto(r);
	case NEW_TOKEN:
		return number(r, PTH_F_QUIC_NT_LENGTH, &n) &&
		    bytes(r, PTH_F_QUIC_NT_TOKEN, n) != NULL;
	case NEW_CONNECTION_ID: return new_connection_id(r);
	case PATH_CHALLENGE: return bytes(r, PTH_F_QUIC_PATH_CHALLENGE, 8) != NULL;
	case PATH_RESPONSE: return bytes(r, PTH_F_QUIC_PATH_RESPONSE, 8) != NULL;
	case CONNECTION_CLOSE:
	case CONNECTION_CLOSE_APP: return close_frame(r, type == CONNECTION_CLOSE_APP);
	case DATAGRAM:
	case DATAGRAM_LENGTH: return datagram(r, type == DATAGRAM_LENGTH);
	default: break;
	}
	return type >= STREAM && type <= 0x0f ? stream(r, type) : numbers(r, type);
}

bool
dissect_quic_frames(struct pth_dissect *d, struct quic_conn *c, struct quic_packet *p)
{
	struct reader r = { d, c, p, { p->plain, p->plain + p->n } };
	uint64_t type;

	while (dissect_left(&r.at) > 0) {
		if (!dissect_quic_varint(&r.at, &type))
			return false;
		dissect_uint(d, PTH_F_QUIC_FRAME_TYPE, type);
		dissect_quic_frame_seen(d, p, type);
		/* Padding is one frame for who shows it. */
		while (type == PADDING && dissect_left(&r.at) > 0 && *r.at.p == PADDING)
			r.at.p++;
		if (type != PADDING && !frame(&r, type))
			return false;
	}
	return true;
}
