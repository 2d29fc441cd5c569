/* This file decides what links are like: PANTHER's keys of the environment say what is usual,
 * items of `links:` what is between two services. */
#include "shadow/priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define MS_NS 1000000
#define USUAL_RATE "100 Mbit"
#define USUAL_LATENCY_NS (10 * (int64_t)MS_NS)

/* A value of the option; false when there is none. What is none of a time is said. */
static bool
read_time(struct shadow *s, const json_t *v, const char *path, const char *key, int64_t *ns)
{
	if (v == NULL || json_is_null(v))
		return false;
	if (shadow_time(v, MS_NS, ns))
		return true;
	shadow_error(s, path, "%s: expected a duration, as 10ms", key);
	return false;
}

static bool
read_rate(struct shadow *s, const json_t *v, const char *path, const char *key, int64_t *bps)
{
	if (v == NULL || json_is_null(v))
		return false;
	if (shadow_rate(v, bps))
		return true;
	shadow_error(s, path, "%s: expected bits per second, as 10mbit or \"100 Mbit\"", key);
	return false;
}

static void
check_latency(struct shadow *s, const char *path, struct shadow_link *l)
{
	if (l->latency_ns > 0)
		return;
	l->latency_ns = 1;
	shadow_error(s, path, "latency: Shadow has no link without delay; at least 1us");
}

static void
warn_jitter(struct shadow *s, const char *path, const json_t *v, const struct shadow_link *l)
{
	if (v != NULL && l->jitter_ns > 0)
		shadow_warn(s, path,
		    "jitter is written down and has no effect: Shadow delays all packets alike");
}

/* --- PANTHER's keys */

/* A key of the environment, or of its section network, and the path of its mark. */
static const json_t *
usual_key(const struct shadow *s, const char *key, char path[80])
{
	const json_t *v = json_object_get(s->params, key);
	bool own = v != NULL && !json_is_null(v);

	snprintf(path, 80, "network_environment.%s%s", own ? "" : "network.", key);
	return own ? v : shadow_option(s, "network", key);
}

/* Is it in the experiment, and not only the usual value? */
static bool
is_said(const struct shadow *s, const char *path)
{
	return pth_json_path(pth_test_network_environment(s->rec), strchr(path, '.') + 1) != NULL;
}

static void
usual(struct shadow *s)
{
	char latency[80], jitter[80], loss[80], rate[80];
	const json_t *ms = usual_key(s, "latency", latency), *more = usual_key(s, "jitter", jitter),
	             *part = usual_key(s, "packet_loss", loss),
	             *bps = usual_key(s, "bandwidth", rate);
	json_auto_t *text = json_string(USUAL_RATE);

	s->usual = (struct shadow_link){ .latency_ns = USUAL_LATENCY_NS };
	shadow_rate(text, &s->rate_bps);
	read_time(s, ms, latency, "latency", &s->usual.latency_ns);
	read_time(s, more, jitter, "jitter", &s->usual.jitter_ns);
	read_rate(s, bps, rate, "bandwidth", &s->rate_bps);
	if (json_is_number(part))
		s->usual.loss = json_number_value(part);
	check_latency(s, latency, &s->usual);
	warn_jitter(s, jitter, is_said(s, jitter) ? more : NULL, &s->usual);
}

/* --- links: */

/* What an item asks for that Shadow does not do. */
static void
cannot(struct shadow *s, const json_t *item, const char *at)
{
	static const char *const keys[] = { "duplicate", "corrupt", "reorder", "limit", "mtu",
		"down" };
	static const char *const known[] = { "between", "direction", "latency", "jitter", "loss",
		"rate" };
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)item, key, v) {
		pth_auto_buf path = PTH_BUF_INIT;

		if (pth_one_of(key, known, countof(known)) || json_is_false(v) || json_is_null(v))
			continue;
		pth_buf_addf(&path, "%s.%s", at, key);
		shadow_error(s, path.s,
		    pth_one_of(key, keys, countof(keys)) ? "links: Shadow cannot do '%s': it has "
		                                           "latency, loss, and the rate of hosts" :
		                                           "links: Shadow does not know '%s'",
		    key);
	}
	if (strcmp(pth_json_str(item, "direction", "both"), "both") != 0) {
		pth_auto_buf path = PTH_BUF_INIT;

		pth_buf_addf(&path, "%s.direction", at);
		shadow_error(s, path.s, "links: Shadow's links are the same in both directions");
	}
}

static void
conditions(struct shadow *s, const json_t *item, const char *at, struct shadow_link *l)
{
	const json_t *loss = json_object_get(item, "loss");
	pth_auto_buf path = PTH_BUF_INIT;
	size_t n;

	pth_buf_addf(&path, "%s.", at);
	n = path.len;
	pth_buf_adds(&path, "jitter");
	read_time(s, json_object_get(item, "jitter"), path.s, "jitter", &l->jitter_ns);
	warn_jitter(s, path.s, json_object_get(item, "jitter"), l);
	pth_buf_cut(&path, n);
	pth_buf_adds(&path, "latency");
	read_time(s, json_object_get(item, "latency"), path.s, "latency", &l->latency_ns);
	check_latency(s, path.s, l);
	if (json_is_number(loss))
		l->loss = json_number_value(loss) / 100;
}

/* The rate of a link is that of its hosts: of several, the smallest. */
static void
rate(struct shadow *s, const json_t *item, const char *at, struct shadow_host *a,
    struct shadow_host *b)
{
	struct shadow_host *ends[] = { a, b };
	pth_auto_buf path = PTH_BUF_INIT;
	int64_t bps;

	pth_buf_addf(&path, "%s.rate", at);
	if (!read_rate(s, json_object_get(item, "rate"), path.s, "rate", &bps))
		return;
	if (a == NULL) {
		s->rate_bps = bps;
		return;
	}
	if (s->n > 2)
		shadow_warn(s, path.s,
		    "rate: Shadow has rates of hosts, not of links: all that %s and %s send and "
		    "receive is limited",
		    pth_svc_name(a->svc), pth_svc_name(b->svc));
	for (size_t i = 0; i < countof(ends); i++)
		if (ends[i]->rate_bps == 0 || bps < ends[i]->rate_bps)
			ends[i]->rate_bps = bps;
}

/* Is another host at the node of this one? */
static bool
shares(const struct shadow *s, const struct shadow_host *h)
{
	for (size_t i = 0; i < s->n; i++)
		if (&s->hosts[i] != h && s->hosts[i].node == h->node)
			return s->n > 2;
	return false;
}

static void
between(struct shadow *s, const json_t *item, const char *at)
{
	const json_t *ends = json_object_get(item, "between");
	struct shadow_host *a = NULL, *b = NULL;
	struct shadow_link *l = &s->usual;

	if (json_array_size(ends) == 2) {
		a = shadow_find(s, json_string_value(json_array_get(ends, 0)));
		b = shadow_find(s, json_string_value(json_array_get(ends, 1)));
		if (a == NULL || b == NULL || a == b) {
			shadow_error(s, at, "links: 'between' must name two services");
			return;
		}
		if (shares(s, a) || shares(s, b))
			shadow_error(s, at,
			    "links: %s and %s share nodes with others; give each a "
			    "network_node_id of its own",
			    pth_svc_name(a->svc), pth_svc_name(b->svc));
		s->pairs[s->npairs] = (struct shadow_pair){ (size_t)(a - s->hosts),
			(size_t)(b - s->hosts), s->usual };
		l = &s->pairs[s->npairs++].link;
	}
	cannot(s, item, at);
	conditions(s, item, at, l);
	rate(s, item, at, a, b);
}

void
shadow_links(struct shadow *s)
{
	const json_t *list = pth_test_links(s->rec);
	json_t *item;
	size_t i;

	usual(s);
	s->pairs = pth_xarray(NULL, json_array_size(list) + 1, sizeof *s->pairs);
	for (int named = 0; named < 2; named++) {
		/* What is said of all links stands before what is said of one. */
		json_array_foreach(list, i, item) {
			pth_auto_buf at = PTH_BUF_INIT;

			pth_buf_addf(&at, "links.%zu", i);
			if ((json_array_size(json_object_get(item, "between")) > 0) == (named == 1))
				between(s, item, at.s);
		}
	}
}
