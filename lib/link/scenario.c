/* This file reads scenarios of quic-network-simulator as they are written there:
 * "drop-rate --delay=15ms --bandwidth=10Mbps --queue=25 --rate_to_client=3 ...". */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "link/config.h"
#include "link/text.h"

/* What a scenario has said that counts only with the rest of it. */
struct scenario {
	struct pth_link_config *c;
	const char *name;
	bool corrupts; /* its rates are of corruption, not of loss */
	const char *on, *off, *direction, *first, *every;
	long long repeat;
	bool address;
};

static const char *const names[] = { "simple-p2p", "drop-rate", "corrupt-rate", "droplist",
	"blackhole", "rebind" };

/* Whole per cent. */
static int
set_share(struct scenario *s, unsigned way, const char *value, struct pth_err *e)
{
	char text[16];
	long long v;

	if (!pth_int(value, 0, 100, &v))
		return pth_err_set(
		    e, PTH_INPUT, "expected a share from 0 to 100, not '%.40s'", value);
	snprintf(text, sizeof text, "%lld%%", v);
	return pth_link_config_set(s->c, way, s->corrupts ? "corrupt" : "loss", text, e);
}

/* "10Mbps" of ns-3 is 10 Mbit/s. */
static int
set_bandwidth(struct scenario *s, const char *value, struct pth_err *e)
{
	size_t n = strlen(value);
	pth_auto_buf b = PTH_BUF_INIT;

	if (n < 4 || strcmp(value + n - 3, "bps") != 0)
		return pth_err_set(
		    e, PTH_INPUT, "expected a bandwidth as 10Mbps, not '%.40s'", value);
	pth_buf_add(&b, value, n - 3);
	pth_buf_adds(&b, "bit");
	return pth_link_config_set(s->c, PTH_LINK_BOTH, "rate", b.s, e);
}

static int
set_option(struct scenario *s, const char *key, const char *value, struct pth_err *e)
{
	const struct {
		const char *key, **to;
	} texts[] = { { "on", &s->on }, { "off", &s->off }, { "direction", &s->direction },
		{ "first-rebind", &s->first }, { "rebind-freq", &s->every } };
	unsigned way = strstr(key, "to_client") != NULL ? PTH_LINK_DOWNWARD : PTH_LINK_UPWARD;

	for (size_t i = 0; i < countof(texts); i++)
		if (strcmp(texts[i].key, key) == 0) {
			*texts[i].to = value;
			return 0;
		}
	if (strcmp(key, "delay") == 0 || strcmp(key, "queue") == 0)
		return pth_link_config_set(s->c, PTH_LINK_BOTH, key, value, e);
	if (strcmp(key, "bandwidth") == 0)
		return set_bandwidth(s, value, e);
	if (strcmp(key, "rate_to_client") == 0 || strcmp(key, "rate_to_server") == 0)
		return set_share(s, way, value, e);
	if (strcmp(key, "burst_to_client") == 0 || strcmp(key, "burst_to_server") == 0)
		return s->corrupts ? 0 : pth_link_config_set(s->c, way, "burst", value, e);
	if (strcmp(key, "drops_to_client") == 0 || strcmp(key, "drops_to_server") == 0)
		return pth_link_config_set(s->c, way, "drop", value, e);
	if (strcmp(key, "rebind-addr") == 0) {
		s->address = strcmp(value, "false") != 0 && strcmp(value, "0") != 0;
		return 0;
	}
	if (strcmp(key, "repeat") == 0)
		return pth_int(value, 1, 1000, &s->repeat) ?
		    0 :
		    pth_err_set(e, PTH_INPUT, "expected 1 to 1000, not '%.40s'", value);
	return pth_err_set(e, PTH_INPUT, "scenario %s has no option --%s", s->name, key);
}

/* On for a while, off for a while, so many times. */
static int
set_blackholes(struct scenario *s, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;
	unsigned ways = PTH_LINK_BOTH;
	int64_t on, off, t = 0;

	if (s->on == NULL || s->off == NULL)
		return pth_err_set(e, PTH_INPUT, "scenario blackhole wants --on and --off");
	if (link_time(s->on, &on, e) != 0 || link_time(s->off, &off, e) != 0)
		return -1;
	if (s->direction != NULL && strcmp(s->direction, "toclient") == 0)
		ways = PTH_LINK_DOWNWARD;
	else if (s->direction != NULL && strcmp(s->direction, "toserver") == 0)
		ways = PTH_LINK_UPWARD;
	else if (s->direction != NULL && strcmp(s->direction, "both") != 0)
		return pth_err_set(e, PTH_INPUT,
		    "--direction: expected both, toclient or toserver, not '%.40s'", s->direction);
	for (long long i = 0; i < s->repeat; i++, t += off) {
		t += on;
		pth_buf_addf(&b, "%s%lldns+%lldns", i > 0 ? "," : "", (long long)t, (long long)off);
	}
	return pth_link_config_set(s->c, ways, "blackhole", b.s, e);
}

static int
set_rebinding(struct scenario *s, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;

	if (s->first == NULL)
		return pth_err_set(e, PTH_INPUT, "scenario rebind wants --first-rebind");
	pth_buf_addf(&b, "%s %s%s%s", s->first, s->address ? "address" : "port",
	    s->every != NULL ? " every " : "", s->every != NULL ? s->every : "");
	return pth_link_config_set(s->c, PTH_LINK_BOTH, "rebind", b.s, e);
}

/* "--key=value" */
static int
take_option(struct scenario *s, char *word, struct pth_err *e)
{
	char *value = strchr(word, '=');
	struct pth_err why;

	if (strncmp(word, "--", 2) != 0)
		return pth_err_set(e, PTH_INPUT, "expected --option=value, not '%.40s'", word);
	if (value != NULL)
		*value++ = '\0';
	else if (strcmp(word, "--rebind-addr") != 0)
		return pth_err_set(e, PTH_INPUT, "%.40s has no value", word);
	if (set_option(s, word + 2, value != NULL ? value : "true", &why) != 0)
		return pth_err_set(e, PTH_INPUT, "%.40s: %s", word, why.text);
	return 0;
}

int
pth_link_config_scenario(struct pth_link_config *c, const char *text, struct pth_err *e)
{
	pth_auto_str words = pth_xstrdup(text);
	char *rest = NULL, *word = strtok_r(words, " ", &rest);
	struct scenario s = { .c = c, .name = word != NULL ? word : "", .repeat = 1 };

	if (strstr(s.name, "cross-traffic") != NULL)
		return pth_err_set(e, PTH_INPUT,
		    "scenario %.40s: cross traffic is a program of its own here: run one", s.name);
	if (!pth_one_of(s.name, names, countof(names))) {
		const char *near = pth_nearest(s.name, names, countof(names));

		return pth_err_set(
		    e, PTH_INPUT, "unknown scenario '%.40s'%s%s%s", s.name, PTH_DID_YOU_MEAN(near));
	}
	s.corrupts = strcmp(s.name, "corrupt-rate") == 0;
	/* Its error models know UDP only, but for blackholes. */
	if (strstr(s.name, "rate") != NULL || strcmp(s.name, "droplist") == 0)
		if (pth_link_config_set(c, PTH_LINK_BOTH, "only", "udp", e) != 0 ||
		    pth_link_config_set(c, PTH_LINK_BOTH, "drop", "", e) != 0)
			return -1;
	while ((word = strtok_r(NULL, " ", &rest)) != NULL)
		if (take_option(&s, word, e) != 0)
			return -1;
	if (strcmp(s.name, "blackhole") == 0)
		return set_blackholes(&s, e);
	return strcmp(s.name, "rebind") == 0 ? set_rebinding(&s, e) : 0;
}
