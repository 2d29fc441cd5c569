/* This file reads captures, and makes the numbers of the metrics. */
#include "collect/packets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/words.h"
#include "dissect/filter.h"
#include "io/record.h"

#define LOOK_AT_CLOCK 4096 /* packets between two looks */
#define READ_LIMIT_US (600 * PTH_SECOND_US)

/* "udp.port==4443,quic": false when it says nothing that is of interest here. */
static bool
speaks(const char *rule, struct pth_speaks *out)
{
	static const enum pth_field known[] = { PTH_F_QUIC, PTH_F_HTTP, PTH_F_HTTP2, PTH_F_TLS,
		PTH_F_COAP, PTH_F_BGP, PTH_F_MINIP };
	const char *comma = strchr(rule, ',');
	char *end;
	unsigned long port;

	if (comma == NULL ||
	    (strncmp(rule, "udp.port==", 10) != 0 && strncmp(rule, "tcp.port==", 10) != 0))
		return false;
	port = strtoul(rule + 10, &end, 10);
	*out = (struct pth_speaks){ *rule == 'u', (uint16_t)port, PTH_F_DATA };
	for (size_t i = 0; i < countof(known); i++)
		if (strcmp(comma + 1, pth_field_name(known[i])) == 0)
			out->protocol = known[i];
	return end == comma && port > 0 && port <= 65535 && out->protocol != PTH_F_DATA;
}

/* The filters that are ours, by their place in taps; the others are NULL. */
static struct pth_filter **
own_filters(const struct packets *p, size_t *n)
{
	struct pth_filter **v = pth_xarray(NULL, p->ntaps + 1, sizeof *v);

	*n = 0;
	for (size_t i = 0; i < p->ntaps; i++) {
		v[i] = pth_filter_new(p->taps[i].filter, true);
		p->taps[i].native = v[i] != NULL;
		p->taps[i].packets = v[i] != NULL ? 0 : -1;
		*n += v[i] != NULL;
	}
	return v;
}

static void
take_packet(struct packets *p, struct pth_filter **filters)
{
	size_t n;
	const struct pth_value *v = pth_dissect_fields(p->d, &n);

	for (size_t i = 0; i < p->ntaps; i++)
		if (filters[i] != NULL && pth_filter_takes(filters[i], v, n))
			p->taps[i].packets++;
}

static void
secrets(void *d, const char *text, size_t n)
{
	pth_dissect_keys(d, text, n);
}

/* The pass over the file. */
static int
read_all(int in, struct packets *p, struct pth_filter **filters, size_t nfilters, int64_t limit_us,
    struct pth_err *e)
{
	struct pth_capfile *f = pth_capfile_new(in);
	int64_t end = pth_mono_us() + (limit_us != 0 ? limit_us : READ_LIMIT_US);
	struct pth_frame frame;
	bool late = false;
	int rc = 0;

	pth_capfile_on_secrets(f, secrets, p->d);
	while (!late && pth_capfile_next(f, &frame)) {
		pth_dissect_frame(p->d, &frame);
		if (nfilters > 0)
			take_packet(p, filters);
		late = frame.number % LOOK_AT_CLOCK == 0 && pth_mono_us() > end;
	}
	if (!pth_capfile_is_one(f))
		rc = pth_err_set(e, PTH_INPUT, "%s", pth_capfile_lack(f));
	else if (late)
		pth_buf_addf(&p->lack, "the capture was not read within %lld s",
		    (long long)(limit_us / PTH_SECOND_US));
	else if (pth_capfile_lack(f) != NULL) {
		p->cut = true;
		pth_buf_adds(&p->lack, pth_capfile_lack(f));
	}
	pth_capfile_free(f);
	return rc;
}

/* Wireshark shows what is in a datagram of several parts with its last part, and of packets that
 * are malformed what only it knows. */
static void
unless_odd(struct packets *p, struct pth_filter **filters)
{
	const struct pth_frame_stat *s = pth_dissect_frames(p->d);

	if (s->fragments == 0 && s->odd == 0)
		return;
	for (size_t i = 0; i < p->ntaps; i++)
		p->taps[i].native = filters[i] != NULL && pth_filter_only_ours(filters[i]);
}

int
pth_packets_read(int in, const json_t *decode, const struct tshark_limits *limits,
    struct packets *p, struct pth_err *e)
{
	struct pth_speaks *v = pth_xarray(NULL, json_array_size(decode) + 1, sizeof *v);
	struct pth_dissect_how how = { .speaks = v };
	struct pth_filter **filters = own_filters(p, &how.nspeaks);
	size_t nfilters = how.nspeaks, i;
	json_t *rule;
	int rc;

	how.nspeaks = 0;
	json_array_foreach(decode, i, rule)
		if (json_is_string(rule) && speaks(json_string_value(rule), &v[how.nspeaks]))
			how.nspeaks++;
	how.fields = nfilters > 0;
	how.watch = p->watch;
	p->d = pth_dissect_new(&how);
	rc = lseek(in, 0, SEEK_SET) != 0 ? pth_err_set(e, PTH_SYSTEM, "capture:") :
	                                   read_all(in, p, filters, nfilters, limits->us, e);
	unless_odd(p, filters);
	for (i = 0; i < p->ntaps; i++)
		pth_filter_free(filters[i]);
	free(filters);
	free(v);
	if (rc == 0 && pth_dissect_lack(p->d) != NULL)
		pth_buf_addf(&p->lack, "%s%s", p->lack.len > 0 ? "; " : "", pth_dissect_lack(p->d));
	p->read = rc == 0;
	if (rc == 0)
		rc = pth_tshark_count(in, decode, limits, p->taps, p->ntaps, &p->filters_lack, e);
	return rc;
}

/* ---- as JSON */

static int64_t
us(int64_t ns)
{
	return ns / 1000;
}

static void
protocols_json(const struct pth_frame_stat *s, json_t *metrics)
{
	json_t *all = json_object(), *o;

	for (size_t i = 0; i < PTH_NPROTOCOLS; i++) {
		if (s->protocol[i].packets == 0)
			continue;
		o = json_object();
		pth_packetsum_set_packets(o, (int64_t)s->protocol[i].packets);
		pth_packetsum_set_bytes(o, (int64_t)s->protocol[i].bytes);
		pth_json_set(all, pth_field_name((enum pth_field)i), o);
	}
	pth_metrics_set_protocols(metrics, all);
}

/* Round trips, in microseconds; nothing when there was none. */
static void
rtt_json(json_t *o, struct samples *s)
{
	if (s->n == 0)
		return;
	pth_connend_set_rtt_min_us(o, us(s->min));
	pth_connend_set_rtt_us(o, us(pth_samples_percentile(s, 50)));
	pth_connend_set_rtt_p95_us(o, us(pth_samples_percentile(s, 95)));
}

static json_t *
quic_end_json(struct pth_quic_end *end)
{
	json_t *o = json_object(), *ecn;

	pth_connend_set_packets(o, (int64_t)end->packets);
	pth_connend_set_bytes(o, (int64_t)end->bytes);
	pth_connend_set_datagrams(o, (int64_t)end->datagrams);
	pth_connend_set_largest_datagram(o, (int64_t)end->largest);
	pth_connend_set_stream_bytes(o, (int64_t)end->stream_bytes);
	pth_connend_set_retransmitted_bytes(o, (int64_t)end->again_bytes);
	pth_connend_set_lost(o, (int64_t)end->lost);
	pth_connend_set_undecrypted(o, (int64_t)end->undecrypted);
	pth_connend_set_key_updates(o, (int64_t)end->updates);
	rtt_json(o, &end->rtt);
	if (end->rtt.n > 0)
		pth_connend_set_rtt_smoothed_us(o, us(end->smoothed));
	if (end->delay.n > 0)
		pth_connend_set_ack_delay_us(o, us(pth_samples_percentile(&end->delay, 50)));
	if (end->spin.n > 0)
		pth_connend_set_spin_rtt_us(o, us(pth_samples_percentile(&end->spin, 50)));
	if (!end->ecn)
		return o;
	ecn = json_object();
	pth_ecn_set_ect0(ecn, (int64_t)end->ect0);
	pth_ecn_set_ect1(ecn, (int64_t)end->ect1);
	pth_ecn_set_ce(ecn, (int64_t)end->ce);
	pth_connend_set_ecn(o, ecn);
	return o;
}

static void
times_json(json_t *o, struct samples *s, const char *key)
{
	if (s->n > 0)
		pth_json_set(o, key, json_integer(us(pth_samples_percentile(s, 50))));
}

static json_t *
http_json(const struct pth_http_stat *s)
{
	json_t *o = json_object(), *status = json_object();
	char code[8];

	pth_httpsum_set_requests(o, (int64_t)s->requests);
	pth_httpsum_set_responses(o, (int64_t)s->responses);
	pth_httpsum_set_bytes(o, (int64_t)s->bytes);
	for (size_t i = 0; i < countof(s->status); i++)
		if (s->status[i] > 0) {
			snprintf(code, sizeof code, "%zu", i);
			pth_json_set(status, code, json_integer((json_int_t)s->status[i]));
		}
	pth_httpsum_set_status(o, status);
	pth_httpsum_set_unread(o, (int64_t)s->unread);
	return o;
}

static void
close_json(const struct pth_quic_stat *s, json_t *quic)
{
	pth_auto_buf reason = PTH_BUF_INIT;
	json_t *o;

	if (!s->closed)
		return;
	o = json_object();
	pth_close_set_code(o, (int64_t)s->close_code);
	pth_close_set_application(o, s->close_app);
	pth_utf8_clean(&reason, s->close_reason, strlen(s->close_reason));
	pth_close_set_reason(o, reason.s != NULL ? reason.s : "");
	pth_conns_set_close(quic, o);
}

json_t *
pth_names_json(const struct pth_names *s)
{
	json_t *all = json_array();

	for (size_t i = 0; i < s->n; i++) {
		pth_auto_buf clean = PTH_BUF_INIT;

		pth_utf8_clean(&clean, s->v[i], strlen(s->v[i]));
		pth_json_push(all, json_string(clean.s != NULL ? clean.s : ""));
	}
	return all;
}

/* What TLS says: names that clients ask for, protocols that servers have chosen. */
static void
tls_json(const struct pth_names *sni, const struct pth_names *alpn, json_t *o)
{
	if (sni->n > 0)
		pth_conns_set_sni(o, pth_names_json(sni));
	if (alpn->n > 0)
		pth_conns_set_alpn(o, pth_names_json(alpn));
}

json_t *
pth_versions_json(const uint32_t *v, size_t n)
{
	json_t *all = json_array();
	char hex[16];

	for (size_t i = 0; i < n; i++) {
		snprintf(hex, sizeof hex, "0x%08x", v[i]);
		pth_json_push(all, json_string(hex));
	}
	return all;
}

static json_t *
quic_json(struct pth_quic_stat *s)
{
	json_t *o = json_object();
	int64_t data = s->data_last - s->data_first;

	pth_conns_set_connections(o, (int64_t)s->connections);
	times_json(o, &s->handshake, PTH_KEY(conns, handshake_us));
	pth_conns_set_handshakes(o, (int64_t)s->handshake.seen);
	times_json(o, &s->confirmed, PTH_KEY(conns, confirmed_us));
	times_json(o, &s->first_byte, PTH_KEY(conns, first_byte_us));
	pth_conns_set_versions(o, pth_versions_json(s->versions, s->versions_seen));
	if (data > 0)
		pth_conns_set_stream_goodput_bps(
		    o, (int64_t)((double)s->end[1].stream_bytes * 8e9 / (double)data));
	pth_conns_set_http3_frames(o, (int64_t)s->http.frames);
	pth_conns_set_handshake_packets(o, (int64_t)s->handshake_packets);
	pth_conns_set_handshake_bytes(o, (int64_t)s->handshake_bytes);
	pth_conns_set_early_packets(o, (int64_t)s->early_packets);
	pth_conns_set_early_bytes(o, (int64_t)s->early_bytes);
	pth_conns_set_retries(o, (int64_t)s->retries);
	pth_conns_set_version_negotiations(o, (int64_t)s->negotiations);
	if (s->amplification.n > 0)
		pth_conns_set_amplification(o, (double)s->amplification.max / 1000);
	pth_conns_set_migrations(o, (int64_t)s->paths);
	pth_conns_set_path_challenges(o, (int64_t)s->challenges);
	pth_conns_set_path_responses(o, (int64_t)s->responses);
	pth_conns_set_datagram_frames(o, (int64_t)s->datagram_frames);
	tls_json(&s->sni, &s->alpn, o);
	close_json(s, o);
	if (s->http.requests + s->http.responses + s->http.unread > 0)
		pth_conns_set_http(o, http_json(&s->http));
	pth_conns_set_client(o, quic_end_json(&s->end[0]));
	pth_conns_set_server(o, quic_end_json(&s->end[1]));
	return o;
}

static json_t *
tcp_end_json(struct pth_tcp_end *end, bool tls)
{
	json_t *o = json_object();

	pth_connend_set_packets(o, (int64_t)end->packets);
	pth_connend_set_bytes(o, (int64_t)end->bytes);
	pth_connend_set_retransmissions(o, (int64_t)end->again);
	pth_connend_set_out_of_order(o, (int64_t)end->out_of_order);
	pth_connend_set_zero_windows(o, (int64_t)end->zero_window);
	pth_connend_set_resets(o, (int64_t)end->resets);
	if (tls)
		pth_connend_set_undecrypted(o, (int64_t)end->undecrypted);
	rtt_json(o, &end->rtt);
	return o;
}

static json_t *
tcp_json(struct pth_tcp_stat *s)
{
	json_t *o = json_object();

	pth_conns_set_connections(o, (int64_t)s->connections);
	times_json(o, &s->handshake, PTH_KEY(conns, handshake_us));
	pth_conns_set_handshakes(o, (int64_t)s->handshake.seen);
	pth_conns_set_retransmissions(o, (int64_t)(s->end[0].again + s->end[1].again));
	if (s->tls > 0)
		pth_conns_set_tls(o, (int64_t)s->tls);
	tls_json(&s->sni, &s->alpn, o);
	if (s->http.requests + s->http.responses + s->http.unread > 0)
		pth_conns_set_http(o, http_json(&s->http));
	pth_conns_set_client(o, tcp_end_json(&s->end[0], s->tls > 0));
	pth_conns_set_server(o, tcp_end_json(&s->end[1], s->tls > 0));
	return o;
}

/* From the first to the last data of servers, over QUIC and TCP. */
static int64_t
data_time(const struct pth_quic_stat *q, const struct pth_tcp_stat *t)
{
	int64_t first = q->data_first, last = q->data_last;

	if (first == 0 || (t->data_first != 0 && t->data_first < first))
		first = t->data_first;
	if (t->data_last > last)
		last = t->data_last;
	return last - first;
}

void
pth_packets_json(const struct packets *p, json_t *metrics)
{
	const struct pth_frame_stat *s = pth_dissect_frames(p->d);
	struct pth_quic_stat *quic = pth_dissect_quic(p->d);
	struct pth_tcp_stat *tcp = pth_dissect_tcp(p->d);
	int64_t data = data_time(quic, tcp);

	pth_metrics_set_packets(metrics, (int64_t)s->packets);
	pth_metrics_set_bytes(metrics, (int64_t)s->bytes);
	pth_metrics_set_captured_us(metrics, s->last > s->first ? us(s->last - s->first) : 0);
	protocols_json(s, metrics);
	if (data > 0)
		pth_json_set(metrics, COLLECT_DATA_US, json_integer(us(data)));
	if (quic->connections > 0 || quic->versions_seen > 0)
		pth_metrics_set_quic(metrics, quic_json(quic));
	if (tcp->connections > 0 || s->protocol[PTH_F_TCP].packets > 0)
		pth_metrics_set_tcp(metrics, tcp_json(tcp));
}

void
pth_packets_release(struct packets *p)
{
	pth_dissect_free(p->d);
	pth_buf_release(&p->lack);
	pth_buf_release(&p->filters_lack);
}
