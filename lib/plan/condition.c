/*
 * This file makes of what the experiment says of a link what pth-link is told: conditions, in one
 * direction or in both, and what is counted from the time when the services are ready.
 */
#include "plan/priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "link/config.h"

/* Keys of an entry that are no conditions. */
static const char *const others[] = { "name", "backend", "between", "direction", "profile", "left",
	"right", "changes" };
/* Of the link as a whole, whatever the direction. */
static const char *const whole[] = { "rebind", "link_down", "scenario" };
/* Counted from when the services are ready. */
static const char *const times[] = { "rebind", "link_down", "scenario", "blackhole" };
/* A number of these is per cent. */
static const char *const shares[] = { "loss", "duplicate", "corrupt", "reorder" };

static void
value_text(struct pth_buf *b, const char *key, const json_t *v)
{
	json_t *item;
	size_t i;

	pth_buf_adds(b, "");
	if (json_is_array(v)) {
		json_array_foreach((json_t *)(uintptr_t)v, i, item) {
			if (i > 0)
				pth_buf_addc(b, ',');
			value_text(b, "", item);
		}
	} else if (json_is_number(v) && pth_one_of(key, shares, countof(shares))) {
		pth_buf_addf(b, "%.12g%%", json_number_value(v));
	} else {
		plan_scalar(b, v);
	}
}

/* One condition, tried by itself. False: it is wrong, which is said at the mark of the key that it
 * is named by. */
static bool
try_one(struct plan *p, const char *path, const char *named, const char *key, const char *text)
{
	struct pth_link_config trial;
	pth_auto_buf at = PTH_BUF_INIT;
	struct pth_err e;
	int r;

	pth_link_config_init(&trial);
	r = strcmp(key, "scenario") == 0 ?
	    pth_link_config_scenario(&trial, text, &e) :
	    pth_link_config_set(&trial, PTH_LINK_BOTH, key, text, &e);
	pth_link_config_release(&trial);
	pth_buf_addf(&at, "%s.%s", path, named);
	if (r != 0)
		plan_problem(p, PTH_ERROR, at.s, "%s", e.text);
	return r == 0;
}

/* The map of a direction in a configuration, made when it is not there. */
static json_t *
way_of(json_t *config, const char *way)
{
	json_t *o = json_object_get(config, way);

	if (o == NULL)
		pth_json_set(config, way, o = json_object());
	return o;
}

static void
put(json_t *config, const char *direction, bool turned, const char *key, const char *text)
{
	bool forward = strcmp(direction, "forward") == 0, back = strcmp(direction, "backward") == 0;

	if ((forward || back) && !pth_one_of(key, whole, countof(whole))) {
		config = way_of(config, forward != turned ? "up" : "down");
	} else { /* it counts more than what was said of one direction before */
		json_object_del(json_object_get(config, "up"), key);
		json_object_del(json_object_get(config, "down"), key);
	}
	pth_json_set(config, key, json_string(text));
}

/* One name for each; down: true cuts the link from now on; in a step a rebinding is done at once
 * when it names no time. */
static void
rewrite(const char **key, struct pth_buf *b)
{
	static const char *const names[][2] = { { "down", "link_down" }, { "latency", "delay" },
		{ "limit", "queue" } };

	for (size_t i = 0; i < countof(names); i++)
		if (strcmp(*key, names[i][0]) == 0)
			*key = names[i][1];
	if (strcmp(*key, "rebind") == 0 &&
	    (strcmp(b->s, "port") == 0 || strcmp(b->s, "address") == 0)) {
		pth_auto_buf word = PTH_BUF_INIT;

		pth_buf_adds(&word, b->s);
		pth_buf_cut(b, 0);
		pth_buf_addf(b, "0s %s", word.s);
	}
}

/* The conditions of a descriptor; `up` there is what a client sends: flipped, when that is at the
 * right. */
static void
descriptor_conditions(
    struct plan *p, const struct pth_ynode *map, const char *path, bool turned, json_t *config)
{
	json_auto_t *all = map != NULL ? pth_yaml_json(map) : NULL;
	const char *key;
	json_t *v;

	json_object_foreach(all, key, v) {
		bool up = strcmp(key, "up") == 0, down = strcmp(key, "down") == 0;

		if (json_is_object(v) && (up || down)) {
			json_object_update(way_of(config, up != turned ? "up" : "down"), v);
			continue;
		}
		pth_auto_buf b = PTH_BUF_INIT;

		value_text(&b, key, v);
		if (try_one(p, path, "profile", key, b.s))
			pth_json_set(config, key, json_string(b.s));
	}
}

void
plan_conditions_plugin(
    struct plan *p, const struct pth_plugin *x, const char *path, bool flipped, json_t *config)
{
	descriptor_conditions(p, pth_yaml_get(x->root, "conditions"), path, flipped, config);
}

static void
profile(struct plan *p, const char *name, const char *path, bool turned, json_t *config)
{
	struct pth_plugin *x = pth_plugins_find(p->ps, PTH_NETWORK, name, NULL);
	const struct pth_ynode *map;
	pth_auto_buf at = PTH_BUF_INIT;

	pth_buf_addf(&at, "%s.profile", path);
	if (!plan_usable(p, x, PTH_NETWORK, "profile of links", name, at.s))
		return;
	map = pth_yaml_get(x->root, "conditions");
	if (map == NULL)
		plan_problem(p, PTH_ERROR, at.s, "profile: %s has no conditions of links", x->name);
	else
		descriptor_conditions(p, map, path, turned, config);
}

/* A trace is named as from the file of the experiment that names it. */
static void
trace_path(const struct plan *p, const char *path, struct pth_buf *b)
{
	pth_auto_buf at = PTH_BUF_INIT, joined = PTH_BUF_INIT;
	const char *file, *slash;
	unsigned line, col;

	pth_buf_addf(&at, "%s.trace", path);
	pth_rec_where(p->rec, at.s, &file, &line, &col);
	slash = file != NULL && *b->s != '/' ? strrchr(file, '/') : NULL;
	if (slash != NULL)
		pth_buf_add(&joined, file, (size_t)(slash + 1 - file));
	pth_buf_adds(&joined, b->s);
	pth_auto_str found = realpath(joined.s, NULL);
	pth_buf_cut(b, 0);
	pth_buf_adds(b, found != NULL ? found : joined.s);
}

static bool
scenario(struct plan *p, const char *path, bool flipped, struct pth_buf *text)
{
	pth_auto_buf at = PTH_BUF_INIT;

	if (!plan_cross_rewrite(p, path, text))
		return false;
	pth_buf_addf(&at, "%s.scenario", path);
	if (flipped)
		plan_problem(p, PTH_ERROR, at.s,
		    "scenario: what it says of client and server needs the client first in "
		    "between");
	return !flipped;
}

/* That of the environment. */
void
plan_conditions_scenario(struct plan *p, bool flipped, json_t *timed)
{
	static const char path[] = "network_environment";
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_adds(&b, pth_json_str(p->eparams, "scenario", ""));
	if (b.len > 0 && scenario(p, path, flipped, &b) &&
	    try_one(p, path, "scenario", "scenario", b.s))
		pth_json_set(timed, "scenario", json_string(b.s));
}

void
plan_conditions(struct plan *p, const json_t *entry, const char *path, bool turned, bool flipped,
    json_t *config, json_t *timed)
{
	const char *direction = pth_json_str(entry, "direction", "both"), *key;
	json_t *v;

	if (pth_json_str(entry, "profile", NULL) != NULL)
		profile(p, pth_json_str(entry, "profile", ""), path, flipped, config);
	json_object_foreach((json_t *)(uintptr_t)entry, key, v) {
		pth_auto_buf b = PTH_BUF_INIT;
		const char *to = key;

		if (pth_one_of(key, others, countof(others)))
			continue;
		value_text(&b, key, v);
		rewrite(&to, &b);
		if (strcmp(key, "scenario") == 0 && !scenario(p, path, flipped, &b))
			continue;
		if (strcmp(key, "trace") == 0 && b.len > 0)
			trace_path(p, path, &b);
		if (try_one(p, path, key, to, b.s))
			put(pth_one_of(key, times, countof(times)) ? timed : config, direction,
			    turned, to, b.s);
	}
}

/* "10" and 10 are milliseconds there, as in Shadow's network section. */
static void
usual_time(struct plan *p, const json_t *v, const char *key, json_t *config)
{
	pth_auto_buf b = PTH_BUF_INIT;

	plan_scalar(&b, v);
	if (json_is_number(v) || strspn(b.s, "0123456789.") == b.len)
		pth_buf_adds(&b, "ms");
	if (try_one(p, "network_environment", key, key, b.s))
		pth_json_set(config, strcmp(key, "latency") == 0 ? "delay" : key, json_string(b.s));
}

void
plan_conditions_usual(struct plan *p, const json_t *params, json_t *config)
{
	const json_t *latency = json_object_get(params, "latency"),
	             *jitter = json_object_get(params, "jitter"),
	             *loss = json_object_get(params, "packet_loss"),
	             *rate = json_object_get(params, "bandwidth");
	pth_auto_buf b = PTH_BUF_INIT;

	if (latency != NULL && !json_is_null(latency))
		usual_time(p, latency, "latency", config);
	if (jitter != NULL && !json_is_null(jitter))
		usual_time(p, jitter, "jitter", config);
	if (json_is_number(loss) && (json_number_value(loss) < 0 || json_number_value(loss) > 1)) {
		plan_problem(p, PTH_ERROR, "network_environment.packet_loss",
		    "packet_loss: %g; expected a part of the packets, from 0 to 1",
		    json_number_value(loss));
	} else if (json_is_number(loss)) {
		pth_buf_addf(&b, "%.12g%%", json_number_value(loss) * 100);
		pth_json_set(config, "loss", json_string(b.s));
	}
	if (json_is_string(rate) &&
	    try_one(p, "network_environment", "bandwidth", "rate", json_string_value(rate)))
		json_object_set(config, "rate", (json_t *)(uintptr_t)rate);
}

void
plan_conditions_take(
    struct plan *p, struct pth_link_config *c, const json_t *config, const char *path)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_diags d;

	pth_json_dump(&b, config);
	pth_diags_init(&d, "link");
	pth_link_config_read(c, b.s, b.len, &d);
	if (d.errors > 0)
		plan_problem(p, PTH_ERROR, path, "%s", d.v[0].text);
	pth_diags_release(&d);
}

void
plan_conditions_begin(struct plan *p, struct plan_wire *w, const char *path)
{
	struct pth_err e;

	pth_link_config_init(&w->said);
	if (!plan_failed(p))
		plan_conditions_take(p, &w->said, w->config, path);
	if (!plan_failed(p))
		plan_conditions_take(p, &w->said, w->timed, path);
	if (!plan_failed(p) && pth_link_config_idle(&w->said, &e) != 0)
		plan_problem(p, PTH_ERROR, path, "%s", e.text);
}
