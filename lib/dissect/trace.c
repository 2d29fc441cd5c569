/* This file writes a qlog of each QUIC connection of a capture. */
#include "dissect/trace.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/series.h"
#include "dissect/show.h"
#include "dissect/trace_priv.h"

#define CONNS_MAX 65536
#define FLUSH_AT ((size_t)1 << 16)  /* of a connection */
#define KEPT_MAX ((size_t)4 << 20)  /* of all of them */
#define BASE_MAX (2 * CID_MAX + 24) /* of a file's name */
#define RECORD '\x1e'               /* RFC 7464 */

typedef unsigned long long ull;

/* A connection. */
struct trace {
	uint32_t number;
	char name[BASE_MAX];
	struct pth_buf b;    /* what is not written */
	bool made;           /* the file is */
	int64_t start, last; /* ns */
	uint32_t version;    /* that was told last */
	uint32_t updates[2]; /* of keys, that were told */
	bool closed;
};

struct pth_traces {
	int dirfd;
	struct trace **v; /* in order of their number */
	size_t n;
	struct table names; /* ids to how many files have that name */
	size_t kept;        /* bytes */
	uint64_t stray, out;
	int64_t last_out;
	struct pth_buf title, hello; /* events that belong before the packet at hand */
	struct pth_err e;            /* code 0: nothing has gone wrong */
	struct pth_watch watch;
};

/* ---- files */

static void
write_out(struct pth_traces *t, struct trace *c)
{
	int flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
	    (c->made ? O_APPEND : O_CREAT | O_TRUNC);
	pth_auto_fd fd = -1;

	if (c->b.len > 0 && t->e.code == 0) {
		fd = openat(t->dirfd, c->name, flags, 0644);
		if (fd < 0 || pth_write_all(fd, c->b.s, c->b.len) != 0)
			pth_err_set(&t->e, PTH_SYSTEM, "%s:", c->name);
		c->made = true;
	}
	t->kept -= c->b.len;
	pth_buf_release(&c->b);
}

static void
write_all(struct pth_traces *t)
{
	for (size_t i = 0; i < t->n; i++)
		write_out(t, t->v[i]);
}

/* ---- events */

/* An event as far as its data. */
static void
begin(struct pth_buf *b, struct trace *c, int64_t ns, const char *name)
{
	bool back = ns < c->last;

	c->last = back ? c->last : ns;
	pth_buf_addf(b, "%c{\"time\":%.15g,\"name\":\"%s\",\"data\":{", RECORD,
	    pth_seconds(c->start, c->last) * 1e3, name);
	if (back)
		pth_buf_addf(b, "\"captured_at\":%.15g,", pth_seconds(c->start, ns) * 1e3);
}

static void
hex(struct pth_buf *b, const char *name, const struct cursor *c)
{
	pth_buf_addf(b, "\"%s\":\"", name);
	pth_bytes_show(b, c->p, dissect_left(c));
	pth_buf_addc(b, '"');
}

static const char *
owner(enum quic_role from)
{
	return from == QUIC_CLIENT ? "local" : "remote";
}

static void
address(struct pth_buf *b, const char *which, const struct endpoint *e)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(e->n == 16 ? AF_INET6 : AF_INET, e->address, text, sizeof text);
	pth_buf_addf(b, ",\"%s_ip\":\"%s\",\"%s_port\":%u", which, text, which, e->port);
}

/* The record that comes first, and the beginning of the connection. */
static void
open_trace(struct pth_traces *t, struct trace *c, const struct watched_quic *q)
{
	const struct cursor id = { q->conn->first.v, q->conn->first.v + q->conn->first.n };
	struct pth_buf *b = &c->b;

	pth_buf_addf(
	    b, "%c{\"qlog_version\":\"0.3\",\"qlog_format\":\"JSON-SEQ\",\"title\":\"", RECORD);
	pth_text_show(b, (const uint8_t *)(t->title.s != NULL ? t->title.s : ""), t->title.len);
	pth_buf_addf(b, "\",\"trace\":{\"title\":\"connection %u\",", c->number);
	pth_buf_addf(b,
	    "\"vantage_point\":{\"name\":\"pth-packets\",\"type\":\"network\",\"flow\":"
	    "\"client\"},\"common_fields\":{\"protocol_type\":[\"QUIC\"],"
	    "\"time_format\":\"relative\",\"reference_time\":%lld.%06lld,",
	    (long long)(q->ns / 1000000), (long long)(q->ns < 0 ? 0 : q->ns % 1000000));
	hex(b, "ODCID", &id);
	pth_buf_adds(b, "}}}\n");
	begin(b, c, q->ns, "connectivity:connection_started");
	pth_buf_addf(b, "\"ip_version\":\"v%d\"", q->at->from.n == 16 ? 6 : 4);
	address(b, "src", &q->at->from);
	address(b, "dst", &q->at->to);
	pth_buf_addc(b, ',');
	hex(b, "src_cid", &q->scid);
	pth_buf_addc(b, ',');
	hex(b, "dst_cid", &q->dcid);
	pth_buf_adds(b, "}}\n");
	begin(b, c, q->ns, "transport:version_information");
	pth_buf_addf(b, "\"client_versions\":[\"%08x\"]}}\n", q->version);
}

/* A name of its own: two connections may have the same id. */
static void
name_trace(struct pth_traces *t, struct trace *c, const struct cid *id)
{
	const uint32_t *before = dissect_table_find(&t->names, id->v, id->n);
	uint32_t n = before != NULL ? *before + 1 : 1;
	struct pth_buf b = PTH_BUF_INIT;

	dissect_table_set(&t->names, id->v, id->n, n);
	pth_bytes_show(&b, id->v, id->n);
	if (n > 1)
		snprintf(c->name, sizeof c->name, "%s-%u.sqlog", b.s, n);
	else
		snprintf(c->name, sizeof c->name, "%s.sqlog", b.s);
	pth_buf_release(&b);
}

/* The trace of the packet's connection, or NULL when it is left out. */
static struct trace *
trace_of(struct pth_traces *t, const struct watched_quic *q)
{
	uint32_t number = q->conn->number;
	size_t low = 0, high = t->n;
	struct trace *c;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (t->v[mid]->number < number)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < t->n && t->v[low]->number == number)
		return t->v[low];
	if (t->n == CONNS_MAX) {
		t->out += (int64_t)number > t->last_out;
		t->last_out = (int64_t)number > t->last_out ? (int64_t)number : t->last_out;
		return NULL;
	}
	c = pth_xmalloc(sizeof *c);
	*c = (struct trace){ .number = number, .start = q->ns, .last = q->ns };
	name_trace(t, c, &q->conn->first);
	open_trace(t, c, q);
	t->kept += c->b.len;
	if ((t->n & (t->n - 1)) == 0)
		t->v = pth_xarray(t->v, t->n != 0 ? t->n * 2 : 1, sizeof *t->v);
	memmove(&t->v[low + 1], &t->v[low], (t->n - low) * sizeof *t->v);
	t->v[low] = c;
	t->n++;
	return c;
}

/* ---- packets */

static const char *
type_of(const struct watched_quic *q)
{
	static const char *const names[] = { "initial", "0RTT", "handshake", "1RTT" };

	if (q->is_long && q->version == 0)
		return "version_negotiation";
	return q->is_retry ? "retry" : names[q->packet->level];
}

static void
header(struct pth_buf *b, const struct watched_quic *q)
{
	bool plain = q->packet->plain != NULL;

	pth_buf_addf(b, "\"header\":{\"packet_type\":\"%s\"", type_of(q));
	if (plain)
		pth_buf_addf(b, ",\"packet_number\":%llu", (ull)q->packet->number);
	if (q->is_long)
		pth_buf_addf(
		    b, ",\"version\":\"%08x\",\"scil\":%zu,", q->version, dissect_left(&q->scid));
	else
		pth_buf_addc(b, ',');
	pth_buf_addf(b, "\"dcil\":%zu,", dissect_left(&q->dcid));
	if (q->is_long) {
		hex(b, "scid", &q->scid);
		pth_buf_addc(b, ',');
	}
	hex(b, "dcid", &q->dcid);
	if (dissect_left(&q->token) > 0) {
		pth_buf_addf(b, ",\"token\":{%s\"length\":%zu,",
		    q->is_retry || q->conn->retried ? "\"type\":\"retry\"," : "",
		    dissect_left(&q->token));
		hex(b, "data", &q->token);
		pth_buf_addc(b, '}');
	}
	pth_buf_addc(b, '}');
}

/* Versions as a list. */
static void
versions(struct pth_buf *b, const char *name, struct cursor c)
{
	const char *before = "";
	const uint8_t *p;

	pth_buf_addf(b, "\"%s\":[", name);
	for (; (p = dissect_take(&c, 4)) != NULL; before = ",")
		pth_buf_addf(b, "%s\"%08x\"", before, dissect_be32(p));
	pth_buf_addc(b, ']');
}

static void
packet(struct trace *c, const struct watched_quic *q, struct trace_close *close)
{
	const struct quic_packet *p = q->packet;
	bool sealed = p->plain == NULL && !q->is_retry && !(q->is_long && q->version == 0);
	struct pth_buf *b = &c->b;

	begin(b, c, q->ns,
	    p->from == QUIC_CLIENT ? "transport:packet_sent" : "transport:packet_received");
	header(b, q);
	if (p->plain != NULL) {
		pth_buf_adds(b, ",\"frames\":");
		dissect_trace_frames(b, (struct cursor){ p->plain, p->plain + p->n },
		    p->level == QUIC_1RTT ? q->conn->ack_shift[p->from] : 3, close);
	}
	if (dissect_left(&q->versions) > 3) {
		pth_buf_addc(b, ',');
		versions(b, "supported_versions", q->versions);
	}
	if (sealed)
		pth_buf_adds(b, ",\"encrypted\":true");
	pth_buf_addf(b, ",\"raw\":{\"length\":%zu", p->size);
	if (p->plain != NULL)
		pth_buf_addf(b, ",\"payload_length\":%zu", p->n);
	pth_buf_addf(b, "},\"datagram_id\":%llu}}\n", (ull)q->frame);
}

/* What a packet makes known beside itself. */
static void
versions_and_keys(struct trace *c, const struct watched_quic *q)
{
	enum quic_role from = q->packet->from;
	uint32_t updates = q->conn->side[from].updates;
	struct pth_buf *b = &c->b;

	if (dissect_left(&q->versions) > 3) {
		begin(b, c, q->ns, "transport:version_information");
		versions(b, "server_versions", q->versions);
		pth_buf_adds(b, "}}\n");
	}
	if (q->is_long && q->version != 0 && from == QUIC_SERVER && !q->is_retry &&
	    q->version != c->version) {
		begin(b, c, q->ns, "transport:version_information");
		pth_buf_addf(b, "\"chosen_version\":\"%08x\"}}\n", q->version);
		c->version = q->version;
	}
	if (updates != c->updates[from]) {
		begin(b, c, q->ns, "security:key_updated");
		pth_buf_addf(b, "\"key_type\":\"%s_1rtt_secret\",\"generation\":%u}}\n",
		    from == QUIC_CLIENT ? "client" : "server", updates);
		c->updates[from] = updates;
	}
}

/* Who closes first says why. */
static void
closes(struct trace *c, const struct watched_quic *q, const struct trace_close *close)
{
	struct pth_buf *b = &c->b;

	if (!close->there || c->closed)
		return;
	c->closed = true;
	begin(b, c, q->ns, "connectivity:connection_closed");
	pth_buf_addf(b, "\"owner\":\"%s\",\"%s\":%llu,\"reason\":\"", owner(q->packet->from),
	    close->app ? "application_code" : "connection_code", (ull)close->code);
	pth_text_show(b, close->reason, close->n);
	pth_buf_adds(b, "\"}}\n");
}

static void
quic(void *arg, const struct watched_quic *q)
{
	struct pth_traces *t = arg;
	struct trace *c = q->conn != NULL ? trace_of(t, q) : NULL;
	struct trace_close close = { .there = false };
	size_t before;

	t->stray += q->conn == NULL;
	if (c != NULL) {
		before = c->b.len;
		versions_and_keys(c, q);
		/* Each of them begins with the name, then has its data. */
		for (const char *s = t->hello.s; s != NULL && *s != '\0';) {
			const char *data = strchr(s, ' '), *end = strchr(s, '\n');
			char name[64];

			snprintf(name, sizeof name, "%.*s", (int)(data - s), s);
			begin(&c->b, c, q->ns, name);
			pth_buf_add(&c->b, data + 1, (size_t)(end - data - 1));
			pth_buf_adds(&c->b, "}}\n");
			s = end + 1;
		}
		packet(c, q, &close);
		closes(c, q, &close);
		t->kept += c->b.len - before;
		if (c->b.len >= FLUSH_AT)
			write_out(t, c);
		if (t->kept >= KEPT_MAX)
			write_all(t);
	}
	pth_buf_cut(&t->hello, 0);
}

/* ---- what TLS says */

/* Names of protocols; of what a server says only the first (RFC 7301, 3.1). */
static void
alpn(struct pth_buf *b, struct cursor list, bool chosen)
{
	const uint8_t *n;
	size_t begin;

	pth_buf_addf(
	    b, "transport:alpn_information %s", chosen ? "\"chosen_alpn\":" : "\"client_alpns\":[");
	begin = b->len;
	while ((n = dissect_take(&list, 1)) != NULL && *n <= dissect_left(&list)) {
		pth_buf_adds(b, b->len == begin ? "\"" : ",\"");
		pth_text_show(b, dissect_take(&list, *n), *n);
		pth_buf_addc(b, '"');
		if (chosen)
			break;
	}
	if (chosen && b->len == begin)
		pth_buf_adds(b, "null");
	pth_buf_adds(b, chosen ? "\n" : "]\n");
}

static void
hello(void *arg, const struct quic_conn *conn, const struct quic_packet *p, unsigned type,
    const struct tls_hello *h)
{
	struct pth_traces *t = arg;
	struct pth_buf *b = &t->hello;

	(void)conn;
	if (b->len >= FLUSH_AT)
		return;
	if (dissect_left(&h->alpn) > 0 && type != TLS_SERVER_HELLO)
		alpn(b, h->alpn, type == TLS_ENCRYPTED_EXTENSIONS);
	if (h->parameters.p == NULL)
		return;
	pth_buf_addf(b, "transport:parameters_set \"owner\":\"%s\"", owner(p->from));
	dissect_trace_parameters(b, h->parameters);
	pth_buf_addc(b, '\n');
}

/* ---- all of them */

struct pth_traces *
pth_traces_new(int dirfd)
{
	struct pth_traces *t = pth_xmalloc(sizeof *t);

	*t = (struct pth_traces){
		.dirfd = dirfd, .last_out = -1, .watch = { .arg = t, .quic = quic, .hello = hello }
	};
	return t;
}

const struct pth_watch *
pth_traces_watch(const struct pth_traces *t)
{
	return &t->watch;
}

void
pth_traces_file(struct pth_traces *t, const char *name)
{
	write_all(t);
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i]);
	t->n = 0;
	free(t->v);
	t->v = NULL;
	t->stray = t->out = 0;
	t->last_out = -1;
	pth_buf_cut(&t->title, 0);
	pth_buf_adds(&t->title, name);
}

int
pth_traces_finish(struct pth_traces *t, struct pth_err *e)
{
	write_all(t);
	if (t->e.code != 0)
		*e = t->e;
	return t->e.code != 0 ? -1 : 0;
}

uint64_t
pth_traces_stray(const struct pth_traces *t)
{
	return t->stray;
}

uint64_t
pth_traces_left_out(const struct pth_traces *t)
{
	return t->out;
}

void
pth_traces_free(struct pth_traces *t)
{
	if (t == NULL)
		return;
	pth_traces_file(t, "");
	dissect_table_release(&t->names);
	pth_buf_release(&t->title);
	pth_buf_release(&t->hello);
	free(t);
}
