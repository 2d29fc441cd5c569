/* This file writes frames and transport parameters of QUIC as qlog names them. */
#include <arpa/inet.h>
#include <string.h>

#include "dissect/quic_frame.h"
#include "dissect/show.h"
#include "dissect/trace_priv.h"

/* What a frame is written with. */
struct writer {
	struct pth_buf *b;
	struct cursor at;
	unsigned ack_shift;
	struct trace_close *close;
};

typedef unsigned long long ull;

/* A number, which is a member unless its name is NULL. */
static bool
number(struct writer *w, const char *name, uint64_t *v)
{
	uint64_t own;

	if (!dissect_quic_varint(&w->at, v != NULL ? v : &own))
		return false;
	if (name != NULL)
		pth_buf_addf(w->b, ",\"%s\":%llu", name, (ull)(v != NULL ? *v : own));
	return true;
}

static const uint8_t *
bytes(struct writer *w, uint64_t n)
{
	return n <= dissect_left(&w->at) ? dissect_take(&w->at, (size_t)n) : NULL;
}

static void
hex(struct pth_buf *b, const char *name, const uint8_t *p, size_t n)
{
	pth_buf_addf(b, ",\"%s\":\"", name);
	pth_bytes_show(b, p, n);
	pth_buf_addc(b, '"');
}

/* n bytes as a member; false: there are not so many. */
static bool
hex_of(struct writer *w, const char *name, uint64_t n)
{
	const uint8_t *p = bytes(w, n);

	if (p != NULL)
		hex(w->b, name, p, (size_t)n);
	return p != NULL;
}

static void
range(struct pth_buf *b, const char *before, uint64_t from, uint64_t to)
{
	if (from == to)
		pth_buf_addf(b, "%s[%llu]", before, (ull)to);
	else
		pth_buf_addf(b, "%s[%llu,%llu]", before, (ull)from, (ull)to);
}

static bool
ack(struct writer *w, bool ecn)
{
	uint64_t largest, delay, ranges, gap, n, low;

	if (!number(w, NULL, &largest) || !number(w, NULL, &delay) || !number(w, NULL, &ranges) ||
	    !number(w, NULL, &n) || n > largest)
		return false;
	pth_buf_addf(w->b, ",\"ack_delay\":%.12g,\"acked_ranges\":[",
	    (double)delay * (double)(1u << w->ack_shift) / 1000);
	low = largest - n;
	range(w->b, "", low, largest);
	for (; ranges > 0; ranges--) {
		if (!number(w, NULL, &gap) || !number(w, NULL, &n) || gap + 2 > low ||
		    n > low - gap - 2)
			return false;
		range(w->b, ",", low - gap - 2 - n, low - gap - 2);
		low -= gap + 2 + n;
	}
	pth_buf_addc(w->b, ']');
	return !ecn ||
	    (number(w, "ect0", NULL) && number(w, "ect1", NULL) && number(w, "ce", NULL));
}

static bool
stream(struct writer *w, uint64_t type)
{
	uint64_t offset = 0, n;

	if (!number(w, "stream_id", NULL) || ((type & 4) != 0 && !number(w, NULL, &offset)))
		return false;
	n = dissect_left(&w->at);
	if ((type & 2) != 0 && !number(w, NULL, &n))
		return false;
	pth_buf_addf(w->b, ",\"offset\":%llu,\"length\":%llu%s", (ull)offset, (ull)n,
	    (type & 1) != 0 ? ",\"fin\":true" : "");
	return bytes(w, n) != NULL;
}

static bool
new_token(struct writer *w)
{
	uint64_t n;
	const uint8_t *p;

	if (!number(w, NULL, &n) || (p = bytes(w, n)) == NULL)
		return false;
	pth_buf_addf(
	    w->b, ",\"token\":{\"type\":\"resumption\",\"length\":%llu,\"data\":\"", (ull)n);
	pth_bytes_show(w->b, p, (size_t)n);
	pth_buf_adds(w->b, "\"}");
	return true;
}

static bool
new_connection_id(struct writer *w)
{
	const uint8_t *n;

	if (!number(w, "sequence_number", NULL) || !number(w, "retire_prior_to", NULL) ||
	    (n = bytes(w, 1)) == NULL || *n == 0 || *n > CID_MAX)
		return false;
	pth_buf_addf(w->b, ",\"connection_id_length\":%u", *n);
	return hex_of(w, "connection_id", *n) && hex_of(w, "stateless_reset_token", 16);
}

static bool
close_frame(struct writer *w, bool app)
{
	struct trace_close *c = w->close;
	uint64_t n;

	c->app = app;
	pth_buf_addf(w->b, ",\"error_space\":\"%s\"", app ? "application" : "transport");
	if (!number(w, "error_code", &c->code))
		return false;
	pth_buf_addf(w->b, ",\"raw_error_code\":%llu", (ull)c->code);
	if ((!app && !number(w, "trigger_frame_type", NULL)) || !number(w, NULL, &n) ||
	    (c->reason = bytes(w, n)) == NULL)
		return false;
	c->n = (size_t)n;
	c->there = true;
	pth_buf_adds(w->b, ",\"reason\":\"");
	pth_text_show(w->b, c->reason, c->n);
	pth_buf_addc(w->b, '"');
	return true;
}

static bool
datagram(struct writer *w, bool has_length)
{
	uint64_t n = dissect_left(&w->at);

	if (has_length && !number(w, NULL, &n))
		return false;
	pth_buf_addf(w->b, ",\"length\":%llu", (ull)n);
	return bytes(w, n) != NULL;
}

static bool
crypto(struct writer *w)
{
	uint64_t n;

	return number(w, "offset", NULL) && number(w, "length", &n) && bytes(w, n) != NULL;
}

/* Frames with numbers only: their names, and those of their numbers. */
static const struct {
	const char *name, *numbers[3], *constant;
} plain[] = {
	[PING] = { "ping", { NULL }, NULL },
	[RESET_STREAM] = { "reset_stream", { "stream_id", "error_code", "final_size" }, NULL },
	[STOP_SENDING] = { "stop_sending", { "stream_id", "error_code" }, NULL },
	[MAX_DATA] = { "max_data", { "maximum" }, NULL },
	[MAX_STREAM_DATA] = { "max_stream_data", { "stream_id", "maximum" }, NULL },
	[MAX_STREAMS_BIDI] = { "max_streams", { "maximum" }, "bidirectional" },
	[MAX_STREAMS_UNI] = { "max_streams", { "maximum" }, "unidirectional" },
	[DATA_BLOCKED] = { "data_blocked", { "limit" }, NULL },
	[STREAM_DATA_BLOCKED] = { "stream_data_blocked", { "stream_id", "limit" }, NULL },
	[STREAMS_BLOCKED_BIDI] = { "streams_blocked", { "limit" }, "bidirectional" },
	[STREAMS_BLOCKED_UNI] = { "streams_blocked", { "limit" }, "unidirectional" },
	[RETIRE_CONNECTION_ID] = { "retire_connection_id", { "sequence_number" }, NULL },
	[HANDSHAKE_DONE] = { "handshake_done", { NULL }, NULL },
};

/* The name of a type; NULL: the drafts have none. */
static const char *
name_of(uint64_t type)
{
	switch (type) {
	case PADDING: return "padding";
	case ACK:
	case ACK_ECN: return "ack";
	case CRYPTO: return "crypto";
	case NEW_TOKEN: return "new_token";
	case NEW_CONNECTION_ID: return "new_connection_id";
	case PATH_CHALLENGE: return "path_challenge";
	case PATH_RESPONSE: return "path_response";
	case CONNECTION_CLOSE:
	case CONNECTION_CLOSE_APP: return "connection_close";
	case DATAGRAM:
	case DATAGRAM_LENGTH: return "datagram";
	default: break;
	}
	if (type >= STREAM && type <= 0x0f)
		return "stream";
	return type < countof(plain) ? plain[type].name : NULL;
}

static bool
members(struct writer *w, uint64_t type)
{
	const uint8_t *from = w->at.p;

	switch (type) {
	case PADDING:
		while (dissect_left(&w->at) > 0 && *w->at.p == PADDING)
			w->at.p++;
		pth_buf_addf(w->b, ",\"payload_length\":%zu", (size_t)(w->at.p - from) + 1);
		return true;
	case ACK:
	case ACK_ECN: return ack(w, type == ACK_ECN);
	case CRYPTO: return crypto(w);
	case NEW_TOKEN: return new_token(w);
	case NEW_CONNECTION_ID: return new_connection_id(w);
	case PATH_CHALLENGE:
	case PATH_RESPONSE: return hex_of(w, "data", 8);
	case CONNECTION_CLOSE:
	case CONNECTION_CLOSE_APP: return close_frame(w, type == CONNECTION_CLOSE_APP);
	case DATAGRAM:
	case DATAGRAM_LENGTH: return datagram(w, type == DATAGRAM_LENGTH);
	default: break;
	}
	if (type >= STREAM && type <= 0x0f)
		return stream(w, type);
	if (plain[type].constant != NULL)
		pth_buf_addf(w->b, ",\"stream_type\":\"%s\"", plain[type].constant);
	for (size_t i = 0; i < countof(plain[type].numbers); i++)
		if (plain[type].numbers[i] != NULL && !number(w, plain[type].numbers[i], NULL))
			return false;
	return true;
}

/* What the drafts have no frame for (draft-ietf-quic-ack-frequency), as its bytes; false: how long
 * it is is not known. */
static bool
unknown(struct writer *w, uint64_t type)
{
	const uint8_t *from = w->at.p;
	bool known = type == IMMEDIATE_ACK ||
	    (type == ACK_FREQUENCY && number(w, NULL, NULL) && number(w, NULL, NULL) &&
	        number(w, NULL, NULL) && number(w, NULL, NULL));

	if (!known)
		w->at.p = w->at.end;
	pth_buf_addf(w->b, "{\"frame_type\":\"unknown\",\"raw_frame_type\":%llu,\"raw_length\":%zu",
	    (ull)type, (size_t)(w->at.p - from));
	hex(w->b, "raw", from, (size_t)(w->at.p - from));
	pth_buf_addc(w->b, '}');
	return known;
}

/* The next frame. False: there is none, or none that can be read. */
static bool
frame(struct writer *w)
{
	const struct writer begin = *w;
	size_t len = w->b->len;
	uint64_t type;
	const char *name;

	if (dissect_left(&w->at) == 0)
		return false;
	if (!dissect_quic_varint(&w->at, &type))
		type = *w->at.p;
	else if ((name = name_of(type)) != NULL) {
		pth_buf_addf(w->b, "{\"frame_type\":\"%s\"", name);
		if (members(w, type)) {
			pth_buf_addc(w->b, '}');
			return true;
		}
		/* It lies: its bytes are shown. */
		pth_buf_cut(w->b, len);
		w->at = begin.at;
		dissect_quic_varint(&w->at, &type);
	}
	return unknown(w, type);
}

void
dissect_trace_frames(
    struct pth_buf *b, struct cursor at, unsigned ack_shift, struct trace_close *close)
{
	struct writer w = { b, at, ack_shift, close };
	size_t begin;

	pth_buf_addc(b, '[');
	for (begin = b->len; frame(&w);)
		pth_buf_addc(b, ',');
	if (b->len > begin && b->s[b->len - 1] == ',')
		pth_buf_cut(b, b->len - 1);
	pth_buf_addc(b, ']');
}

/* ---- transport parameters */

/* RFC 9000, 18.2: preferred_address. */
static void
preferred(struct pth_buf *b, struct cursor v)
{
	const uint8_t *p = dissect_take(&v, 25), *id, *token;
	char v4[INET_ADDRSTRLEN], v6[INET6_ADDRSTRLEN];

	if (p == NULL || (id = dissect_take(&v, p[24])) == NULL ||
	    (token = dissect_take(&v, 16)) == NULL ||
	    inet_ntop(AF_INET, p, v4, sizeof v4) == NULL ||
	    inet_ntop(AF_INET6, p + 6, v6, sizeof v6) == NULL)
		return;
	pth_buf_addf(b,
	    ",\"preferred_address\":{\"ip_v4\":\"%s\",\"ip_v6\":\"%s\",\"port_v4\":%u,"
	    "\"port_v6\":%u",
	    v4, v6, dissect_be16(p + 4), dissect_be16(p + 22));
	hex(b, "connection_id", id, p[24]);
	hex(b, "stateless_reset_token", token, 16);
	pth_buf_addc(b, '}');
}

static void
parameter(struct pth_buf *b, uint64_t id, struct cursor v)
{
	enum { ID, NUMBER, FLAG, ADDRESS };
	static const struct {
		const char *name;
		int kind;
	} known[] = {
		{ "original_destination_connection_id", ID },
		{ "max_idle_timeout", NUMBER },
		{ "stateless_reset_token", ID },
		{ "max_udp_payload_size", NUMBER },
		{ "initial_max_data", NUMBER },
		{ "initial_max_stream_data_bidi_local", NUMBER },
		{ "initial_max_stream_data_bidi_remote", NUMBER },
		{ "initial_max_stream_data_uni", NUMBER },
		{ "initial_max_streams_bidi", NUMBER },
		{ "initial_max_streams_uni", NUMBER },
		{ "ack_delay_exponent", NUMBER },
		{ "max_ack_delay", NUMBER },
		{ "disable_active_migration", FLAG },
		{ "preferred_address", ADDRESS },
		{ "active_connection_id_limit", NUMBER },
		{ "initial_source_connection_id", ID },
		{ "retry_source_connection_id", ID },
	};
	size_t n = dissect_left(&v);
	uint64_t u;

	if (id == 0x20 && dissect_quic_varint(&v, &u)) { /* RFC 9221, 3 */
		pth_buf_addf(b, ",\"max_datagram_frame_size\":%llu", (ull)u);
		return;
	}
	if (id >= countof(known))
		return;
	switch (known[id].kind) {
	case ID: hex(b, known[id].name, v.p, n); break;
	case FLAG: pth_buf_addf(b, ",\"%s\":true", known[id].name); break;
	case ADDRESS: preferred(b, v); break;
	default:
		if (dissect_quic_varint(&v, &u))
			pth_buf_addf(b, ",\"%s\":%llu", known[id].name, (ull)u);
	}
}

void
dissect_trace_parameters(struct pth_buf *b, struct cursor at)
{
	uint64_t id, n, seen = 0;
	const uint8_t *p;

	while (dissect_quic_varint(&at, &id) && dissect_quic_varint(&at, &n) &&
	    n <= dissect_left(&at)) {
		p = dissect_take(&at, (size_t)n);
		if (id < 64 && (seen >> id & 1) != 0)
			continue; /* twice is forbidden; a name is once in an object */
		seen |= id < 64 ? (uint64_t)1 << id : 0;
		parameter(b, id, (struct cursor){ p, p + n });
	}
}
