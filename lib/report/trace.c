/* This file makes a table of what a formal tester says that it has sent and received, with the
 * packets of the capture beside it. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/text.h"
#include "collect/artifact.h"
#include "packet/pcapng.h"
#include "packet/port_count.h"
#include "report/report.h"

#define LOG_MAX ((size_t)1 << 20) /* bytes that are looked at */
#define ROWS 40                   /* the last ones */
#define PACKETS 4096              /* in each direction, the last ones */
#define LAST 10                   /* packets that belong to no event alone */
#define SILENT_SENT                                                         \
	2 /* packets more than events: a last question, and whether anybody \
	   * listens */

/* A packet from or to the tester. */
struct packet {
	unsigned number; /* in the capture, from 1 */
	uint64_t us;     /* since its first packet */
	uint32_t bytes;  /* on the wire */
};

struct packets {
	uint16_t port; /* of the server */
	bool serves;   /* it is the tester's */
	unsigned number;
	uint64_t first_ns;
	size_t n[2]; /* received, sent */
	struct packet *v[2];
};

static bool
see(void *arg, const struct pth_pcapng_frame *f)
{
	struct packets *p = arg;
	struct pth_port_pair pair;
	size_t sent;

	if (p->number++ == 0)
		p->first_ns = f->ns;
	if (!pth_port_pair(f->bytes, f->cap, &pair) || (pair.from != p->port && pair.to != p->port))
		return true;
	sent = (pair.from == p->port) == p->serves;
	if (p->n[sent] < PACKETS)
		p->v[sent] = pth_xarray(p->v[sent], p->n[sent] + 1, sizeof **p->v);
	p->v[sent][p->n[sent]++ % PACKETS] = (struct packet){ p->number,
		(f->ns - p->first_ns) / 1000, f->wire };
	return true;
}

/* '>' sent, '<' received, '!' what was violated; 0: another line. */
static char
sign_of(const char *line, size_t n)
{
	static const char *const faults[] = { "assumption_failed(", "assertion_failed(" };

	if (n > 2 && (*line == '>' || *line == '<') && line[1] == ' ')
		return *line;
	for (size_t i = 0; i < countof(faults); i++)
		if (n > strlen(faults[i]) && strncmp(line, faults[i], strlen(faults[i])) == 0)
			return '!';
	return '\0';
}

static json_t *
row(char sign, const char *line, size_t n)
{
	const char text[2] = { sign, '\0' };
	pth_auto_buf clean = PTH_BUF_INIT;

	if (sign != '!') {
		line += 2;
		n -= 2;
	}
	pth_utf8_clean(&clean, line, n < 300 ? n : 300);
	return json_pack("{s:s,s:o}", "sign", text, "text", pth_json_string(clean.s));
}

/* All lines of the trace; NULL: there are none, or too many. */
static json_t *
rows_of(const char *log, size_t n)
{
	json_auto_t *rows = json_array();
	const char *end = log + n, *eol;

	for (const char *p = log; p < end; p = eol + 1) {
		char sign;

		eol = memchr(p, '\n', (size_t)(end - p));
		if (eol == NULL)
			break;
		sign = sign_of(p, (size_t)(eol - p));
		if (sign != '\0')
			pth_json_push(rows, row(sign, p, (size_t)(eol - p)));
	}
	return json_array_size(rows) > 0 ? json_incref(rows) : NULL;
}

static size_t
count(const json_t *rows, const char *sign)
{
	size_t i, n = 0;
	json_t *v;

	json_array_foreach(rows, i, v)
		n += strcmp(pth_json_str(v, "sign", ""), sign) == 0;
	return n;
}

static json_t *
shown(const struct packet *p)
{
	return json_sprintf("%u, %.3f ms, %u bytes", p->number, (double)p->us / 1000, p->bytes);
}

/* The packets beside the events, when each event was one: else nobody can say which is which, and
 * it is false. */
static bool
pair_up(json_t *rows, const struct packets *p)
{
	size_t sent = count(rows, ">"), received = count(rows, "<"), i, at[2] = { 0, 0 };
	json_t *v;

	if (p->n[0] > PACKETS || p->n[1] > PACKETS || received != p->n[0] || sent > p->n[1] ||
	    p->n[1] > sent + SILENT_SENT)
		return false;
	json_array_foreach(rows, i, v) {
		const char *sign = pth_json_str(v, "sign", "");
		size_t to = *sign == '>';

		if (*sign != '!')
			pth_json_set(v, "packet", shown(&p->v[to][at[to]++]));
	}
	return true;
}

/* Of the last one of the first n packets in a direction; 0: there is none. */
static unsigned
number_of(const struct packets *p, size_t direction, size_t n)
{
	return n > 0 ? p->v[direction][(n - 1) % PACKETS].number : 0;
}

/* The last packets, for themselves: an event of the model of QUIC is a part of one. */
static void
add_last(json_t *rows, const struct packets *p)
{
	size_t left[2] = { p->n[0], p->n[1] }, at = json_array_size(rows);

	for (size_t i = 0; i < LAST && left[0] + left[1] > 0; i++) {
		bool sent = left[0] == 0 || number_of(p, 1, left[1]) > number_of(p, 0, left[0]);
		size_t k = --left[sent] % PACKETS;

		json_array_insert_new(rows, at,
		    json_pack("{s:s,s:s,s:o}", "sign", sent ? ">" : "<", "text",
		        "one of the last packets", "packet", shown(&p->v[sent][k])));
	}
}

/* The formal tester of the test: its name, or NULL. Its port, or that of its target. */
static const char *
tester_of(const json_t *rec, struct packets *p)
{
	const json_t *s;
	size_t i;

	json_array_foreach(pth_rec_services(rec), i, s) {
		const char *target = pth_svc_target(s);
		const json_t *server = target != NULL ? pth_rec_service(rec, target) : s;

		if (strcmp(pth_svc_plugin(s), "panther_ivy") != 0)
			continue;
		p->serves = server == s;
		p->port = (uint16_t)pth_svc_port(server);
		return pth_svc_name(s);
	}
	return NULL;
}

json_t *
pth_report_read_trace(const json_t *rec, int dirfd)
{
	struct packets p = { 0 };
	const char *tester = tester_of(rec, &p);
	pth_auto_buf path = PTH_BUF_INIT, log = PTH_BUF_INIT;
	struct pth_err e;
	int64_t size = 0;
	json_t *rows;
	ssize_t n;
	bool cut, looked, alone;

	if (tester == NULL)
		return NULL;
	pth_buf_addf(&path, "%s/stdout.log", tester);
	pth_auto_fd fd = pth_artifact_open(dirfd, path.s, &size);
	if (fd < 0 || size > (int64_t)LOG_MAX ||
	    (n = pth_read_all(fd, pth_buf_room(&log, LOG_MAX), LOG_MAX)) <= 0)
		return NULL;
	rows = rows_of(log.s, (size_t)n);
	looked = rows != NULL && p.port != 0 &&
	    pth_pcapng_each(dirfd, PTH_CAPTURE_FILE, see, &p, &cut, &e) == 0 && !cut;
	alone = looked && !pair_up(rows, &p);
	while (json_array_size(rows) > ROWS)
		json_array_remove(rows, 0);
	if (alone)
		add_last(rows, &p);
	free(p.v[0]);
	free(p.v[1]);
	return rows;
}
