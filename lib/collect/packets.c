/* This file counts packets, line by line of what tshark says of them. */
#include "collect/packets.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/words.h"
#include "io/record.h"

/* The fields of a line; that of IPv6 is behind that of IPv4. */
/* clang-format off */
#define FIELDS(X) \
	X(TIME, "frame.time_epoch") \
	X(LEN, "frame.len") \
	X(PROTOCOLS, "frame.protocols") \
	X(IP_SRC, "ip.src") \
	X(IP6_SRC, "ipv6.src") \
	X(IP_DST, "ip.dst") \
	X(IP6_DST, "ipv6.dst") \
	X(UDP_SRC, "udp.srcport") \
	X(UDP_DST, "udp.dstport") \
	X(TCP_SRC, "tcp.srcport") \
	X(TCP_DST, "tcp.dstport") \
	X(TCP_STREAM, "tcp.stream") \
	X(TCP_FLAGS, "tcp.flags") \
	X(TCP_LEN, "tcp.len") \
	X(TCP_AGAIN, "tcp.analysis.retransmission") \
	X(CONN, "quic.connection.number") \
	X(VERSION, "quic.version") \
	X(TYPE, "quic.long.packet_type") \
	X(TYPE2, "quic.long.packet_type_v2") \
	X(FORM, "quic.header_form") \
	X(FRAME, "quic.frame_type") \
	X(H3, "http3.frame_type") \
	X(STORED, "frame.cap_len")
/* clang-format on */
#define FIELD_INDEX(index, name) F_##index,
#define FIELD_NAME(index, name) name,
enum { FIELDS(FIELD_INDEX) NFIELDS };
const char *const collect_packets_fields[] = { FIELDS(FIELD_NAME) NULL };

#define TCP_SYN 0x02
/* No packet, count or time is larger: sums stay below 2^63. */
#define NUMBER_MAX (1ll << 32)
#define SECONDS_MAX 9000000000ll
#define HANDSHAKE_DONE "30"

/* Seconds with a fraction to ns; 0 when it is not a time. */
static int64_t
to_ns(const char *s)
{
	int64_t ns = 0;
	int digits = 0;

	for (; pth_is_digit(*s) && digits < 10; s++, digits++)
		ns = ns * 10 + (*s - '0');
	if (digits == 0 || (*s != '.' && *s != '\0') || ns > SECONDS_MAX)
		return 0;
	if (*s == '.')
		s++;
	for (digits = 0; digits < 9; digits++) {
		ns *= 10;
		if (pth_is_digit(*s))
			ns += *s++ - '0';
	}
	return ns;
}

/* First number of a field, decimal or 0x; def when there is none. */
static int64_t
number(const char *s, int64_t def)
{
	char *end;
	long long v;

	if (!pth_is_digit(*s))
		return def;
	v = strtoll(s, &end, s[1] == 'x' ? 16 : 10);
	return (*end == '\0' || *end == ',') && v <= NUMBER_MAX ? v : def;
}

/* Is value one of the comma-separated ones? */
static bool
has(const char *list, const char *value)
{
	return pth_words_have(pth_word_of(list), ",", value);
}

static int64_t
count(const char *list)
{
	int64_t n = *list != '\0';

	for (; *list != '\0'; list++)
		n += *list == ',';
	return n;
}

/* A hash of the outermost address and the port. */
static uint64_t
endpoint(char *const f[], int ip, int port)
{
	const char *address = *f[ip] != '\0' ? f[ip] : f[ip + 1];
	uint64_t h = pth_hash(PTH_HASH_EMPTY, address, strcspn(address, ","));

	return pth_hash(h, f[port], strcspn(f[port], ","));
}

/* Connection i, that of a packet at t; one that opens it makes it begin. NULL: of none
 * that has begun. */
static struct packets_conn *
conn_of(struct packets *p, struct packets_conns *c, int64_t i, bool opens, char *const f[],
    int to_port, int64_t t)
{
	size_t n = (size_t)i + 1;

	if (i >= PTH_PACKETS_CONNS)
		p->limit = "more connections than can be told apart";
	if (i < 0 || i >= PTH_PACKETS_CONNS)
		return NULL;
	if (n > c->n) {
		c->v = pth_xarray(c->v, n, sizeof *c->v);
		memset(c->v + c->n, 0, (n - c->n) * sizeof *c->v);
		c->n = n;
	}
	if (c->v[i].start == 0 && opens) {
		c->v[i].start = t;
		c->v[i].server = endpoint(f, F_IP_DST, to_port);
	}
	return c->v[i].start != 0 ? &c->v[i] : NULL;
}

static void
data_seen(struct packets *p, int64_t t)
{
	if (p->data_first == 0)
		p->data_first = t;
	p->data_last = t;
}

static void
count_protocols(struct packets *p, char *list, int64_t len)
{
	char *save = NULL;

	for (char *s = strtok_r(list, ":", &save); s != NULL; s = strtok_r(NULL, ":", &save)) {
		struct protocol_count *c;
		size_t i;

		if (strcmp(s, "ethertype") == 0) /* tshark's glue, no protocol */
			continue;
		for (i = 0; i < p->nprotos && strcmp(p->protos[i].name, s) != 0; i++)
			;
		if (i == PTH_PACKETS_NAMES) {
			p->limit = "more protocols than can be told apart";
			continue;
		}
		if (i == p->nprotos) {
			p->protos = pth_xarray(p->protos, ++p->nprotos, sizeof *p->protos);
			p->protos[i] = (struct protocol_count){ .name = pth_xstrdup(s) };
		}
		c = &p->protos[i];
		if (c->last == p->packets)
			continue;
		c->last = p->packets;
		c->packets++;
		c->bytes += len;
	}
}

static void
count_versions(struct packets *p, const char *list)
{
	for (; *list != '\0'; list += strcspn(list, ","), list += *list == ',') {
		uint32_t v = (uint32_t)number(list, 0);
		size_t i;

		for (i = 0; i < p->nversions && p->versions[i] != v; i++)
			;
		/* 0 is Version Negotiation (RFC 9000, 17.2.1), no version. */
		if (v == 0 || i < p->nversions)
			continue;
		if (i < PTH_PACKETS_VERSIONS)
			p->versions[p->nversions++] = v;
		else
			p->limit = "more versions of QUIC than are kept";
	}
}

static void
quic_packet(struct packets *p, char *const f[], int64_t t)
{
	bool one_rtt = has(f[F_FORM], "0"), initial = has(f[F_TYPE], "0") || has(f[F_TYPE2], "1");
	struct packets_conn *c = conn_of(
	    p, &p->quic, number(f[F_CONN], -1), initial, f, F_UDP_DST, t);

	count_versions(p, f[F_VERSION]);
	p->http3_frames += count(f[F_H3]);
	if (c == NULL)
		return;
	if (endpoint(f, F_IP_SRC, F_UDP_SRC) != c->server) {
		if (one_rtt && c->done == 0)
			c->done = t;
		return;
	}
	if (one_rtt)
		data_seen(p, t);
	if (c->confirmed == 0 && has(f[F_FRAME], HANDSHAKE_DONE))
		c->confirmed = t;
}

static void
tcp_packet(struct packets *p, char *const f[], int64_t t)
{
	bool syn = (number(f[F_TCP_FLAGS], 0) & TCP_SYN) != 0;
	struct packets_conn *c = conn_of(
	    p, &p->tcp, number(f[F_TCP_STREAM], -1), syn, f, F_TCP_DST, t);

	p->retransmissions += *f[F_TCP_AGAIN] != '\0';
	if (c == NULL)
		return;
	if (endpoint(f, F_IP_SRC, F_TCP_SRC) == c->server) {
		if (number(f[F_TCP_LEN], 0) > 0)
			data_seen(p, t);
	} else if (!syn && c->done == 0)
		c->done = t;
}

/* "eth    frames:6 bytes:276", not indented: the packets a filter took. */
static void
tap_line(struct packets *p, const char *line)
{
	const char *s;
	long long n;

	if (strncmp(line, "Filter: ", 8) == 0) {
		p->tap = NULL;
		for (size_t i = 0; i < p->ntaps; i++)
			if (strcmp(p->taps[i].filter, line + 8) == 0)
				p->tap = &p->taps[i];
		if (p->tap != NULL)
			p->tap->packets = 0;
		return;
	}
	if (p->tap == NULL || *line == ' ' || (s = strstr(line, " frames:")) == NULL)
		return;
	n = strtoll(s + 8, NULL, 10);
	if (n > 0 && n <= NUMBER_MAX)
		p->tap->packets += n;
}

void
collect_packets_line(struct packets *p, char *line)
{
	char *f[NFIELDS];
	int64_t t, len, stored;
	int n;

	if (!pth_is_digit(*line)) {
		tap_line(p, line);
		return;
	}
	for (n = 0; n < NFIELDS; n++) {
		f[n] = line;
		line += strcspn(line, "\t");
		if (*line == '\t')
			*line++ = '\0';
	}
	t = to_ns(f[F_TIME]);
	len = number(f[F_LEN], 0);
	stored = number(f[F_STORED], len);
	if (stored < len) {
		p->least = p->parts == 0 || stored < p->least ? stored : p->least;
		p->parts++;
	}
	p->packets++;
	p->bytes += len;
	if (p->packets == 1)
		p->first = t;
	p->last = t;
	count_protocols(p, f[F_PROTOCOLS], len);
	if (*f[F_CONN] != '\0' || *f[F_VERSION] != '\0')
		quic_packet(p, f, t);
	else if (*f[F_TCP_STREAM] != '\0')
		tcp_packet(p, f, t);
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t
span_us(int64_t from, int64_t to)
{
	return from > 0 && to > from ? (to - from) / 1000 : 0;
}

/* Of the times from start to the moment at `offset` in struct packets_conn: how many
 * there are; their median (lower of the two middles) as key, absent when none is. */
static int64_t
median(const struct packets_conns *c, size_t offset, const char *key, json_t *out)
{
	pth_auto_free int64_t *v = pth_xarray(NULL, c->n + 1, sizeof *v);
	int64_t to;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		memcpy(&to, (const char *)&c->v[i] + offset, sizeof to);
		if (c->v[i].start != 0 && to != 0)
			v[n++] = span_us(c->v[i].start, to);
	}
	qsort(v, n, sizeof *v, by_value);
	if (n > 0)
		pth_json_set(out, key, json_integer(v[(n - 1) / 2]));
	return (int64_t)n;
}

static json_t *
conns_json(const struct packets_conns *c)
{
	json_t *o = json_object();
	int64_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->v[i].start != 0;
	pth_conns_set_connections(o, n);
	n = median(c, offsetof(struct packets_conn, done), PTH_KEY(conns, handshake_us), o);
	pth_conns_set_handshakes(o, n);
	median(c, offsetof(struct packets_conn, confirmed), PTH_KEY(conns, confirmed_us), o);
	return o;
}

void
collect_packets_json(const struct packets *p, json_t *metrics)
{
	json_t *protos = json_object(), *o, *versions;
	char hex[16];

	pth_metrics_set_packets(metrics, p->packets);
	pth_metrics_set_bytes(metrics, p->bytes);
	pth_metrics_set_captured_us(metrics, span_us(p->first, p->last));
	for (size_t i = 0; i < p->nprotos; i++) {
		const struct protocol_count *c = &p->protos[i];
		pth_auto_buf name = PTH_BUF_INIT;

		pth_utf8_clean(&name, c->name, strlen(c->name));
		o = json_object();
		pth_packetsum_set_packets(o, c->packets);
		pth_packetsum_set_bytes(o, c->bytes);
		pth_json_set(protos, name.s, o);
	}
	pth_metrics_set_protocols(metrics, protos);
	if (p->data_last > p->data_first)
		pth_json_set(
		    metrics, COLLECT_DATA_US, json_integer(span_us(p->data_first, p->data_last)));
	if (p->quic.n > 0 || p->nversions > 0) {
		o = conns_json(&p->quic);
		versions = json_array();
		for (size_t i = 0; i < p->nversions; i++) {
			snprintf(hex, sizeof hex, "0x%08x", p->versions[i]);
			pth_json_push(versions, json_string(hex));
		}
		pth_conns_set_versions(o, versions);
		pth_conns_set_http3_frames(o, p->http3_frames);
		pth_metrics_set_quic(metrics, o);
	}
	if (p->tcp.n > 0) {
		o = conns_json(&p->tcp);
		pth_conns_set_retransmissions(o, p->retransmissions);
		pth_metrics_set_tcp(metrics, o);
	}
}

void
collect_packets_release(struct packets *p)
{
	for (size_t i = 0; i < p->nprotos; i++)
		free(p->protos[i].name);
	free(p->protos);
	free(p->quic.v);
	free(p->tcp.v);
	*p = (struct packets){ 0 };
}
