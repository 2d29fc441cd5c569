/* This file says what is missing in the metrics, and what a number may be in spite of it. */
#include "collect/gap.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/words.h"
#include "io/record.h"

void
pth_gap_add(json_t *metrics, const char *of, bool least, const char *fmt, ...)
{
	json_t *list = pth_metrics_incomplete(metrics), *o = json_object();
	pth_auto_buf b = PTH_BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	pth_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	if (list == NULL) {
		list = json_array();
		pth_metrics_set_incomplete(metrics, list);
	}
	pth_gap_set_of(o, of);
	pth_gap_set_least(o, least);
	pth_json_set(o, PTH_KEY(gap, text), pth_json_text(b.s, b.len));
	pth_json_push(list, o);
}

static bool
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* The last of its names, behind the last dot. */
static const char *
last_name(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL ? dot + 1 : path;
}

/* Numbers of a link that grow with its packets. */
static bool
grows_on_link(const char *name)
{
	static const char *const names[] = { PTH_KEY(linkway, packets), PTH_KEY(linkway, bytes),
		PTH_KEY(linkway, delivered), PTH_KEY(linkway, lost), PTH_KEY(linkway, under_way),
		PTH_KEY(linkway, duplicates), PTH_KEY(linkway, reordered),
		PTH_KEY(linkway, corrupted), PTH_KEY(linkway, marked), PTH_KEY(linkway, rebound),
		PTH_KEY(linkway, delay_max_us), PTH_KEY(linkway, queue_max_packets),
		PTH_KEY(linkway, queue_max_bytes), PTH_KEYS_linklost(PTH_KEY_OF, linklost) };

	return pth_one_of(name, names, countof(names));
}

/* Can only what is missing make this number larger, and nothing make it smaller? The numbers
 * of descriptors say it themselves. */
static bool
only_grows(const char *path)
{
	static const char *const names[] = { PTH_KEY(metrics, packets), PTH_KEY(metrics, bytes),
		PTH_KEY(metrics, captured_us), PTH_KEY(conns, connections),
		PTH_KEY(conns, handshakes), PTH_KEY(conns, http3_frames),
		PTH_KEY(conns, handshake_packets), PTH_KEY(conns, handshake_bytes),
		PTH_KEY(conns, early_packets), PTH_KEY(conns, early_bytes), PTH_KEY(conns, retries),
		PTH_KEY(conns, version_negotiations), PTH_KEY(conns, path_challenges),
		PTH_KEY(conns, path_responses), PTH_KEY(conns, datagram_frames),
		PTH_KEY(connend, datagrams), PTH_KEY(connend, largest_datagram),
		PTH_KEY(connend, stream_bytes), PTH_KEY(connend, resets),
		PTH_KEY(httpsum, requests), PTH_KEY(httpsum, responses), PTH_KEY(transfer, files),
		PTH_KEY(qlogsum, events), PTH_KEY(qlogsum, traces), PTH_KEY(qlogsum, groups),
		PTH_KEY(qlogsum, traced_us), PTH_KEY(qlogsum, packets_sent),
		PTH_KEY(qlogsum, packets_received), PTH_KEY(qlogsum, packets_lost),
		PTH_KEY(qlogsum, packets_dropped), PTH_KEY(qlogsum, spurious_losses),
		PTH_KEY(qlogsum, congestion_window_max), PTH_KEY(qlogsum, bytes_in_flight_max),
		PTH_KEY(qlogsum, connection_state_changes),
		PTH_KEY(qlogsum, congestion_state_changes), PTH_KEY(peak, samples),
		PTH_KEYS_traffic(PTH_KEY_OF, traffic) };
	const char *name = last_name(path);

	if (begins(path, PTH_GAP_LINKS))
		return grows_on_link(name);
	return pth_one_of(name, names, countof(names)) || begins(path, "measures.") ||
	    begins(name, "max_");
}

bool
pth_gap_needs_capture(const char *name)
{
	static const char *const names[] = { PTH_KEY(metrics, packets), PTH_KEY(metrics, bytes),
		PTH_KEY(metrics, captured_us), PTH_KEY(metrics, dropped), PTH_KEY(metrics, omitted),
		PTH_KEY(metrics, discarded), PTH_KEYS_conns(PTH_KEY_OF, conns) };

	return pth_one_of(name, names, countof(names)) || begins(name, "quic.") ||
	    begins(name, "tcp.") || begins(name, "protocols.");
}

/* Is the number of this path one that the packets of the capture gave? */
static bool
is_captured(const json_t *metrics, const char *path)
{
	const char *name = last_name(path);

	if (begins(path, "transfer."))
		return strcmp(pth_transfer_measured(pth_metrics_transfer(metrics)), "capture") ==
		    0 &&
		    strcmp(name, PTH_KEY(transfer, bytes)) != 0 &&
		    strcmp(name, PTH_KEY(transfer, files)) != 0;
	/* What it lost is known without it. */
	return (pth_gap_needs_capture(path) && strcmp(path, PTH_KEY(metrics, dropped)) != 0 &&
	           strcmp(path, PTH_KEY(metrics, omitted)) != 0 &&
	           strcmp(path, PTH_KEY(metrics, discarded)) != 0) ||
	    strstr(path, ".traffic.") != NULL;
}

/* Numbers of QUIC that are seen although packets are encrypted. */
static bool
without_keys(const char *path)
{
	static const char *const names[] = { PTH_KEY(conns, connections),
		PTH_KEY(conns, handshake_us), PTH_KEY(conns, handshakes), PTH_KEY(conns, versions),
		PTH_KEY(conns, handshake_packets), PTH_KEY(conns, handshake_bytes),
		PTH_KEY(conns, early_packets), PTH_KEY(conns, early_bytes), PTH_KEY(conns, retries),
		PTH_KEY(conns, version_negotiations), PTH_KEY(conns, amplification),
		PTH_KEY(connend, packets), PTH_KEY(connend, bytes), PTH_KEY(connend, datagrams),
		PTH_KEY(connend, largest_datagram), PTH_KEY(connend, undecrypted) };
	const char *name = last_name(path);

	if (strstr(path, ".http.") != NULL)
		return false;
	return pth_one_of(name, names, countof(names));
}

static bool
concerns(const json_t *metrics, const char *of, const char *path)
{
	if (strcmp(of, PTH_GAP_CAPTURE) == 0)
		return is_captured(metrics, path);
	if (strcmp(of, PTH_GAP_CONTENTS) == 0)
		return (begins(path, "quic.") && !without_keys(path)) || begins(path, "tcp.http.");
	if (strcmp(of, PTH_GAP_ARTIFACTS) == 0)
		return begins(path, "transfer.") || begins(path, "measures.") ||
		    begins(path, PTH_GAP_QLOG);
	if (strcmp(of, PTH_GAP_SAMPLES) == 0)
		return strstr(path, ".peak.") != NULL || strstr(path, ".traffic.") != NULL;
	if (begins(of, PTH_GAP_QLOG) || begins(of, PTH_GAP_LINKS)) /* all of a service, or link */
		return begins(path, of) && path[strlen(of)] == '.';
	return strcmp(of, path) == 0;
}

/* Take in a gap: what the number may be is wider now. */
static void
widen(struct pth_span *s, bool least, const json_t *gap, struct pth_buf *why)
{
	if (!least)
		s->least = -INFINITY;
	s->most = INFINITY;
	pth_buf_addf(why, "%s%s", why->len > 0 ? "; " : "", pth_gap_text(gap));
}

struct pth_span
pth_gap_metric(const json_t *metrics, const char *path, double value, struct pth_buf *why)
{
	struct pth_span s = { value, value };
	const json_t *gap;
	size_t i;

	json_array_foreach(pth_metrics_incomplete(metrics), i, gap)
		if (concerns(metrics, pth_gap_of(gap), path))
			widen(&s, pth_gap_least(gap) && only_grows(path), gap, why);
	return s;
}

/* Is this field, or protocol, of a display filter seen without keys? */
static bool
is_clear(struct pth_word w)
{
	static const char *const protocols[] = { "frame", "eth", "sll", "null", "ip", "ipv6", "arp",
		"icmp", "icmpv6", "udp", "tcp" };
	static const char *const fields[] = { "quic", "tls", "dtls", "quic.version",
		"quic.header_form", "quic.long", "quic.dcid", "quic.scid", "quic.connection",
		"quic.packet_length", "tls.record", "tls.handshake.type" };
	size_t n = 0;

	while (n < w.n && w.s[n] != '.')
		n++;
	for (size_t i = 0; i < countof(protocols); i++)
		if (strlen(protocols[i]) == n && memcmp(protocols[i], w.s, n) == 0)
			return true;
	for (size_t i = 0; i < countof(fields); i++) {
		n = strlen(fields[i]);
		if (w.n >= n && memcmp(fields[i], w.s, n) == 0 &&
		    (w.n == n || (w.s[n] == '.' && memchr(fields[i], '.', n) != NULL)))
			return true;
	}
	return false;
}

/* Does a filter name anything but what is seen without keys? Words of its language and values
 * do not count; a word that is not understood counts. */
static bool
looks_inside(const char *filter)
{
	static const char *const words[] = { "and", "or", "not", "xor", "eq", "ne", "gt", "lt",
		"ge", "le", "in", "any", "all", "contains", "matches" };

	for (const char *s = filter; *s != '\0';) {
		struct pth_word w = { s, 0 };
		bool known = false;

		while (pth_is_alnum(s[w.n]) ||
		    (w.n > 0 && strchr("._-:", s[w.n]) != NULL && s[w.n] != '\0'))
			w.n++;
		s += w.n > 0 ? w.n : 1;
		for (size_t i = 0; i < countof(words); i++)
			known = known ||
			    (strlen(words[i]) == w.n && memcmp(words[i], w.s, w.n) == 0);
		if (w.n > 0 && !known && !pth_is_digit(*w.s) && !is_clear(w))
			return true;
	}
	return false;
}

/* Can a filter take a packet for the reason that another one is not there? */
static bool
needs_all(const char *filter)
{
	return strstr(filter, "not") != NULL || strchr(filter, '!') != NULL ||
	    strstr(filter, "xor") != NULL || strstr(filter, "analysis") != NULL;
}

struct pth_span
pth_gap_packets(
    const json_t *metrics, const char *filter, bool by_tshark, double value, struct pth_buf *why)
{
	struct pth_span s = { value, value };
	const json_t *gap;
	size_t i;

	json_array_foreach(pth_metrics_incomplete(metrics), i, gap) {
		const char *of = pth_gap_of(gap);

		if (strcmp(of, PTH_GAP_CAPTURE) == 0 ||
		    (strcmp(of, PTH_GAP_FILTERS) == 0 && by_tshark) ||
		    (strcmp(of, PTH_GAP_CONTENTS) == 0 && looks_inside(filter)))
			widen(&s, pth_gap_least(gap) && !needs_all(filter), gap, why);
	}
	return s;
}

void
pth_gap_texts(const json_t *metrics, const char *of, struct pth_buf *why)
{
	const json_t *gap;
	size_t i;

	json_array_foreach(pth_metrics_incomplete(metrics), i, gap)
		if (of == NULL || strcmp(of, pth_gap_of(gap)) == 0)
			pth_buf_addf(why, "%s%s", why->len > 0 ? "; " : "", pth_gap_text(gap));
}
