/* This file has the keys of conditions, how each is read, and which go together. */
#include "link/conditions.h"

#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "base/text.h"
#include "link/text.h"
#include "link/trace.h"

/* The words of a key that has words, "a|b", and how a value is read into the field at `to`. */
struct key {
	const char *name;
	int (*set)(const struct key *k, void *to, const char *value, struct pth_err *e);
	size_t offset;
	const char *words;      /* of set_word */
	uint32_t min, max;      /* of set_number */
	const char *arg, *help; /* of its option */
};

static int
set_time(const struct key *k, void *to, const char *value, struct pth_err *e)
{
	(void)k;
	return link_time(value, to, e);
}

static int
set_rate(const struct key *k, void *to, const char *value, struct pth_err *e)
{
	(void)k;
	if (*value != '\0')
		return link_rate(value, to, e);
	*(uint64_t *)to = 0;
	return 0;
}

static int
set_share(const struct key *k, void *to, const char *value, struct pth_err *e)
{
	(void)k;
	return link_share(value, to, e);
}

static int
set_number(const struct key *k, void *to, const char *value, struct pth_err *e)
{
	long long v = 0;

	if (*value != '\0' && !pth_int(value, k->min, k->max, &v))
		return pth_err_set(e, PTH_INPUT, "expected a number from %u to %u, not '%.40s'",
		    k->min, k->max, value);
	*(uint32_t *)to = (uint32_t)v;
	return 0;
}

static int
set_word(const struct key *k, void *to, const char *value, struct pth_err *e)
{
	const char *w = k->words;

	for (unsigned i = 0; *w != '\0'; i++) {
		size_t n = strcspn(w, "|");

		if (strlen(value) == n && strncmp(w, value, n) == 0) {
			*(unsigned *)to = i;
			return 0;
		}
		w += n + (w[n] == '|');
	}
	return pth_err_set(e, PTH_INPUT, "expected %s, not '%.40s'", k->words, value);
}

static int
set_bool(const struct key *k, void *to, const char *value, struct pth_err *e)
{
	unsigned word = 0;

	if (set_word(k, &word, value, e) != 0)
		return -1;
	*(bool *)to = word != 0;
	return 0;
}

static int
set_trace(const struct key *k, void *to, const char *value, struct pth_err *e)
{
	struct pth_link_trace **t = to, *new = NULL;

	(void)k;
	if (*value != '\0' && (new = link_trace_read(value, e)) == NULL)
		return -1;
	link_trace_free(*t);
	*t = new;
	return 0;
}

static int
set_queue(const struct key *k, void *to, const char *value, struct pth_err *e)
{
	struct pth_link_conditions *c = to;

	(void)k;
	c->queue_packets = 0;
	c->queue_bytes = 0;
	return *value != '\0' ? link_size(value, &c->queue_packets, &c->queue_bytes, e) : 0;
}

/* "1%", or tc-netem's "gemodel P [R [1-H [1-K]]]". */
static int
set_loss(const struct key *k, void *to, const char *value, struct pth_err *e)
{
	struct link_loss l = { .to_good = -1, .bad = 1 };
	double *part[] = { &l.to_bad, &l.to_good, &l.bad, &l.good };
	pth_auto_str text = pth_xstrdup(value);
	char *rest = NULL, *word = strtok_r(text, " ", &rest);
	size_t n = 0;

	(void)k;
	if (word != NULL && strcmp(word, "random") == 0)
		word = strtok_r(NULL, " ", &rest);
	if (word != NULL && strcmp(word, "gemodel") == 0) {
		l.states = true;
		while ((word = strtok_r(NULL, " ", &rest)) != NULL && n < countof(part))
			if (link_share(word, part[n++], e) != 0)
				return -1;
		if (n == 0)
			return pth_err_set(e, PTH_INPUT, "gemodel P [R [1-H [1-K]]]: P is missing");
		l.to_good = l.to_good < 0 ? 1 - l.to_bad : l.to_good;
	} else if (word != NULL) {
		if (link_share(word, &l.good, e) != 0)
			return -1;
		word = strtok_r(NULL, " ", &rest);
	}
	if (word != NULL)
		return pth_err_set(e, PTH_INPUT,
		    "'%.40s' is one word too many: expected 1%%, or gemodel P R 1-H 1-K", word);
	*(struct link_loss *)to = l;
	return 0;
}

static int
set_drop(const struct key *k, void *to, const char *value, struct pth_err *e)
{
	struct pth_link_conditions *c = to;
	struct pth_link_range *v;
	size_t n;

	(void)k;
	if (link_numbers(value, &v, &n, e) != 0)
		return -1;
	free(c->drop);
	c->drop = v;
	c->drops = n;
	return 0;
}

static int
set_blackhole(const struct key *k, void *to, const char *value, struct pth_err *e)
{
	struct pth_link_conditions *c = to;
	struct pth_link_span *v;
	size_t n;

	(void)k;
	if (link_spans(value, &v, &n, e) != 0)
		return -1;
	free(c->blackhole);
	c->blackhole = v;
	c->blackholes = n;
	return 0;
}

/* "bleach", or "mark 5%". */
static int
set_ecn(const struct key *k, void *to, const char *value, struct pth_err *e)
{
	struct pth_link_conditions *c = to;
	double mark = 0;

	(void)k;
	if (strncmp(value, "mark ", 5) == 0) {
		if (link_share(value + 5, &mark, e) != 0)
			return -1;
	} else if (*value != '\0' && strcmp(value, "bleach") != 0) {
		return pth_err_set(
		    e, PTH_INPUT, "expected bleach, or mark 5%%, not '%.40s'", value);
	}
	c->mark = mark;
	c->bleach = *value == 'b';
	return 0;
}

#define FIELD(f) offsetof(struct pth_link_conditions, f)

static const struct key keys[] = {
	{ "delay", set_time, FIELD(delay), .arg = "TIME", .help = "on the way" },
	{ "jitter", set_time, FIELD(jitter), .arg = "TIME", .help = "how much the delay varies" },
	{ "distribution", set_word, FIELD(distribution), "uniform|normal|pareto|paretonormal",
	    .arg = "WORD", .help = "uniform, normal, pareto or paretonormal jitter" },
	{ "order", set_word, FIELD(order), "keep|free", .help = "of packets under jitter" },
	{ "rate", set_rate, FIELD(rate), .arg = "RATE", .help = "bits a second" },
	{ "trace", set_trace, FIELD(trace), .arg = "FILE",
	    .help = "a rate that changes, as mahimahi has it" },
	{ "queue", set_queue, 0, .arg = "SIZE",
	    .help = "packets or bytes that may wait for the rate" },
	{ "aqm", set_word, FIELD(aqm), "droptail|codel|fq_codel",
	    .help = "how that queue is managed" },
	{ "target", set_time, FIELD(target), .arg = "TIME", .help = "of CoDel; 5ms" },
	{ "interval", set_time, FIELD(interval), .arg = "TIME", .help = "of CoDel; 100ms" },
	{ "flows", set_number, FIELD(flows), .min = 1, .max = 65536, .arg = "N",
	    .help = "queues of FQ-CoDel; 1024" },
	{ "quantum", set_number, FIELD(quantum), .min = 256, .max = 1000000, .arg = "N",
	    .help = "bytes of a turn of FQ-CoDel; 1514" },
	{ "aqm_ecn", set_bool, FIELD(aqm_ecn), "false|true",
	    .help = "CoDel marks packets where it can" },
	{ "loss", set_loss, FIELD(loss), .arg = "LOSS",
	    .help = "a share of packets, or gemodel P R 1-H 1-K" },
	{ "burst", set_number, FIELD(burst), .min = 1, .max = 1000000, .arg = "N",
	    .help = "lost in a row at most" },
	{ "drop", set_drop, 0, .arg = "LIST",
	    .help = "packets that are dropped, by their numbers" },
	{ "only", set_word, FIELD(only), "any|udp|tcp",
	    .help = "the protocol that is lost, changed and counted" },
	{ "duplicate", set_share, FIELD(duplicate), .arg = "SHARE",
	    .help = "packets that come twice" },
	{ "reorder", set_share, FIELD(reorder), .arg = "SHARE", .help = "packets that overtake" },
	{ "gap", set_number, FIELD(gap), .min = 1, .max = 1000000, .arg = "N",
	    .help = "packets from one that overtakes to the next" },
	{ "corrupt", set_share, FIELD(corrupt), .arg = "SHARE",
	    .help = "packets with a changed byte" },
	{ "checksum", set_word, FIELD(checksum), "right|wrong",
	    .help = "what their checksums are then" },
	{ "blackhole", set_blackhole, 0, .arg = "WINDOWS", .help = "times in which all is lost" },
	{ "mtu", set_number, FIELD(mtu), .min = 68, .max = 1500, .arg = "N",
	    .help = "bytes of the largest IP packet" },
	{ "too_big", set_word, FIELD(too_big), "icmp|silent", .help = "what their sender is told" },
	{ "ecn", set_ecn, 0, .arg = "WHAT", .help = "bleach, or mark and a share" },
};

void
pth_link_conditions_init(struct pth_link_conditions *c)
{
	*c = (struct pth_link_conditions){ .target = 5000000,
		.interval = 100000000,
		.flows = 1024,
		.quantum = 1514,
		.loss = { .bad = 1 } };
}

void
pth_link_conditions_release(struct pth_link_conditions *c)
{
	link_trace_free(c->trace);
	free(c->drop);
	free(c->blackhole);
	*c = (struct pth_link_conditions){ 0 };
}

static void *
copy(const void *p, size_t n, size_t size)
{
	return p == NULL ? NULL : memcpy(pth_xarray(NULL, n + 1, size), p, n * size);
}

void
pth_link_conditions_copy(struct pth_link_conditions *to, const struct pth_link_conditions *from)
{
	*to = *from;
	link_trace_share(to->trace);
	to->drop = copy(from->drop, from->drops, sizeof *from->drop);
	to->blackhole = copy(from->blackhole, from->blackholes, sizeof *from->blackhole);
}

void
pth_link_conditions_shift(struct pth_link_conditions *c, int64_t ns)
{
	for (size_t i = 0; i < c->blackholes; i++) {
		struct pth_link_span *s = &c->blackhole[i];

		s->from = s->from > INT64_MAX - ns ? INT64_MAX : s->from + ns;
		s->to = s->to > INT64_MAX - ns ? INT64_MAX : s->to + ns;
	}
}

static int
unknown(const char *key, struct pth_err *e)
{
	const char *names[countof(keys)], *near;

	for (size_t i = 0; i < countof(keys); i++)
		names[i] = keys[i].name;
	near = pth_nearest(key, names, countof(keys));
	return pth_err_set(
	    e, PTH_INPUT, "unknown condition '%.40s'%s%s%s", key, PTH_DID_YOU_MEAN(near));
}

/* The number of a key; countof(keys): there is none of this name. */
static size_t
number_of(const char *key)
{
	size_t i = 0;

	while (i < countof(keys) && strcmp(keys[i].name, key) != 0)
		i++;
	return i;
}

int
pth_link_conditions_set(
    struct pth_link_conditions *c, const char *key, const char *value, struct pth_err *e)
{
	size_t i = number_of(key);
	struct pth_err why;

	if (i == countof(keys))
		return unknown(key, e);
	if (keys[i].set(&keys[i], (char *)c + keys[i].offset, value, &why) != 0)
		return pth_err_set(e, why.code, "%s: %s", key, why.text);
	c->set |= (uint64_t)1 << i;
	return 0;
}

const char *
pth_link_key(size_t i, const char **arg, const char **help)
{
	if (i >= countof(keys))
		return NULL;
	*arg = keys[i].arg != NULL ? keys[i].arg : keys[i].words;
	*help = keys[i].help;
	return keys[i].name;
}

int
pth_link_conditions_check(const struct pth_link_conditions *c, struct pth_err *e)
{
	if (c->rate != 0 && c->trace != NULL)
		return pth_err_set(e, PTH_INPUT, "rate and trace exclude each other");
	if (c->aqm != LINK_DROPTAIL && (c->target == 0 || c->interval == 0))
		return pth_err_set(e, PTH_INPUT, "%s: 0 is no time for aqm",
		    c->target == 0 ? "target" : "interval");
	if (c->distribution == LINK_UNIFORM && c->jitter > c->delay)
		return pth_err_set(e, PTH_INPUT,
		    "jitter: more than the delay, so that packets would arrive before they left");
	return 0;
}

int
pth_link_conditions_idle(const struct pth_link_conditions *c, struct pth_err *e)
{
	struct pth_link_conditions usual;

	pth_link_conditions_init(&usual);

	const struct {
		bool said;
		const char *wants[5]; /* one of these */
		const char *what;
	} v[] = {
		{ c->queue_packets != 0 || c->queue_bytes != 0, { "rate", "trace" },
		    "queue: without a rate or a trace nothing ever waits" },
		{ c->aqm != usual.aqm, { "rate", "trace" },
		    "aqm: without a rate or a trace nothing ever waits" },
		{ c->aqm_ecn, { "aqm" }, "aqm_ecn goes with aqm: codel or fq_codel" },
		{ c->target != usual.target, { "aqm" }, "target goes with aqm: codel or fq_codel" },
		{ c->interval != usual.interval, { "aqm" },
		    "interval goes with aqm: codel or fq_codel" },
		{ c->flows != usual.flows, { "aqm" }, "flows goes with aqm: fq_codel" },
		{ c->quantum != usual.quantum, { "aqm" }, "quantum goes with aqm: fq_codel" },
		{ c->distribution != usual.distribution, { "jitter" },
		    "distribution goes with jitter" },
		{ c->order != usual.order, { "jitter" }, "order goes with jitter" },
		{ c->reorder > 0, { "delay" },
		    "reorder: without a delay nothing can be overtaken" },
		{ c->gap > 0, { "reorder" }, "gap goes with reorder" },
		{ c->burst > 0, { "loss" }, "burst goes with loss" },
		{ c->checksum != usual.checksum, { "corrupt" }, "checksum goes with corrupt" },
		{ c->too_big != usual.too_big, { "mtu" }, "too_big goes with mtu" },
		{ c->only != usual.only, { "loss", "drop", "duplicate", "corrupt", "ecn" },
		    "only goes with loss, drop, duplicate, corrupt or ecn" },
	};

	for (size_t i = 0; i < countof(v); i++) {
		bool works = !v[i].said;

		for (size_t k = 0; k < countof(v[i].wants) && v[i].wants[k] != NULL; k++)
			works = works || (c->set & (uint64_t)1 << number_of(v[i].wants[k])) != 0;
		if (!works)
			return pth_err_set(e, PTH_INPUT, "%s", v[i].what);
	}
	return 0;
}
