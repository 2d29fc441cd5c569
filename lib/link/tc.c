/* This file makes of conditions the commands of tc(8). */
#include "link/tc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "io/json.h"

#define FRAME 1514
#define IN_FLIGHT "100000" /* packets that netem delays: they are in no queue */
#define QUEUE 1000

void
pth_link_tc_command(json_t *commands, const char *fmt, ...)
{
	pth_auto_buf b = PTH_BUF_INIT;
	json_t *argv = json_pack("[s]", "tc");
	char *rest = NULL;
	va_list ap;

	va_start(ap, fmt);
	pth_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	for (char *w = strtok_r(b.s, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest))
		pth_json_push(argv, json_string(w));
	pth_json_push(commands, argv);
}

static bool
needs_netem(const struct pth_link_conditions *c)
{
	return c->delay > 0 || c->jitter > 0 || c->loss.states || c->loss.good > 0 ||
	    c->duplicate > 0 || c->reorder > 0 || c->corrupt > 0;
}

static void
netem(const struct pth_link_conditions *c, const char *interface, json_t *commands)
{
	static const char *const distributions[] = { "", " distribution normal",
		" distribution pareto", " distribution paretonormal" };
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "delay %lldns", (long long)c->delay);
	if (c->jitter > 0)
		pth_buf_addf(&b, " %lldns%s", (long long)c->jitter, distributions[c->distribution]);
	if (c->loss.states)
		pth_buf_addf(&b, " loss gemodel %.9g%% %.9g%% %.9g%% %.9g%%", c->loss.to_bad * 100,
		    c->loss.to_good * 100, c->loss.bad * 100, c->loss.good * 100);
	else if (c->loss.good > 0)
		pth_buf_addf(&b, " loss %.9g%%", c->loss.good * 100);
	if (c->duplicate > 0)
		pth_buf_addf(&b, " duplicate %.9g%%", c->duplicate * 100);
	if (c->corrupt > 0)
		pth_buf_addf(&b, " corrupt %.9g%%", c->corrupt * 100);
	if (c->reorder > 0)
		pth_buf_addf(&b, " reorder %.9g%%", c->reorder * 100);
	if (c->reorder > 0 && c->gap > 0)
		pth_buf_addf(&b, " gap %u", c->gap);
	pth_link_tc_command(commands, "qdisc replace dev %s root handle 1: netem limit %s %s",
	    interface, IN_FLIGHT, b.s);
}

/* What may wait for the rate. */
static void
queue(const struct pth_link_conditions *c, const char *interface, json_t *commands)
{
	uint32_t packets = c->queue_packets > 0 ? c->queue_packets : QUEUE;
	const char *ecn = c->aqm_ecn ? "ecn" : "noecn";
	long long target = (long long)c->target / 1000, interval = (long long)c->interval / 1000;

	if (c->aqm == LINK_CODEL)
		pth_link_tc_command(commands,
		    "qdisc replace dev %s parent 2:1 handle 5: codel limit %u target %lldus "
		    "interval %lldus %s",
		    interface, packets, target, interval, ecn);
	else if (c->aqm == LINK_FQ_CODEL)
		pth_link_tc_command(commands,
		    "qdisc replace dev %s parent 2:1 handle 6: fq_codel limit %u flows %u quantum "
		    "%u "
		    "target %lldus interval %lldus %s",
		    interface, c->queue_packets > 0 ? packets : 10240, c->flows, c->quantum, target,
		    interval, ecn);
	else if (c->queue_bytes > 0)
		pth_link_tc_command(commands,
		    "qdisc replace dev %s parent 2:1 handle 4: bfifo limit %llu", interface,
		    (unsigned long long)c->queue_bytes);
	else
		pth_link_tc_command(commands,
		    "qdisc replace dev %s parent 2:1 handle 3: pfifo limit %u", interface, packets);
}

/* The bucket is what passes in 4 ms, the tick of common kernels, and no less than two frames. */
static void
rate(const struct pth_link_conditions *c, const char *interface, json_t *commands)
{
	uint64_t burst = c->rate / 8 / 250;

	burst = burst > 2 * FRAME ? burst : 2 * FRAME;
	pth_link_tc_command(commands,
	    "qdisc replace dev %s %s handle 2: tbf rate %llubit burst %llu limit %llu", interface,
	    needs_netem(c) ? "parent 1:1" : "root", (unsigned long long)c->rate,
	    (unsigned long long)burst, (unsigned long long)(burst + (uint64_t)QUEUE * FRAME));
	queue(c, interface, commands);
}

/* What no discipline does; NULL: nothing of that is asked for. */
static const char *
beyond(const struct pth_link_conditions *c)
{
	const struct {
		bool is;
		const char *text;
	} v[] = { { c->drops > 0, "drop: tc cannot drop exact packets" },
		{ c->burst > 0, "burst: tc does not limit losses in a row" },
		{ c->only != LINK_ANY, "only: tc does not tell protocols apart" },
		{ c->trace != NULL, "trace: tc knows one rate" },
		{ c->blackholes > 0, "blackhole: tc has no windows of time" },
		{ c->mtu > 0, "mtu: tc does not look at sizes" },
		{ c->mark > 0 || c->bleach, "ecn: tc neither marks at random nor bleaches" },
		{ c->corrupt > 0 && c->checksum == LINK_RIGHT,
		    "corrupt: tc leaves checksums as they were; say checksum: wrong" },
		{ c->jitter > 0 && c->order == LINK_KEEP,
		    "jitter: with tc packets overtake each other; say order: free" },
		{ c->aqm == LINK_CODEL && c->queue_bytes > 0, "queue: tc's codel counts packets" },
		{ c->aqm == LINK_FQ_CODEL && c->queue_bytes > 0,
		    "queue: tc's fq_codel counts packets" } };

	for (size_t i = 0; i < countof(v); i++)
		if (v[i].is)
			return v[i].text;
	return NULL;
}

int
pth_link_tc(
    const struct pth_link_conditions *c, const char *interface, json_t *commands, struct pth_err *e)
{
	const char *no = beyond(c);

	if (no != NULL)
		return pth_err_set(e, PTH_INPUT, "%s", no);
	if (!needs_netem(c) && c->rate == 0)
		pth_link_tc_command(commands, "qdisc replace dev %s root noqueue", interface);
	if (needs_netem(c))
		netem(c, interface, commands);
	if (c->rate > 0)
		rate(c, interface, commands);
	return 0;
}

int
pth_link_tc_whole(const struct pth_link_config *c, struct pth_err *e)
{
	if (c->rebinds > 0)
		return pth_err_set(e, PTH_INPUT, "rebind: tc has no NAT");
	if (c->downs > 0)
		return pth_err_set(e, PTH_INPUT, "link_down: tc does not cut links");
	return 0;
}
