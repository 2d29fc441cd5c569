/* This file takes in what a link is told, from options and from YAML or JSON. */
#include "link/config.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "io/yaml.h"
#include "link/text.h"
#include "link/trace.h"

#define STEPS_MAX 100000

void
pth_link_config_init(struct pth_link_config *c)
{
	*c = (struct pth_link_config){ .seed = 1 };
	for (size_t i = 0; i < PTH_LINK_DIRECTIONS; i++)
		pth_link_conditions_init(&c->way[i]);
}

void
pth_link_config_release(struct pth_link_config *c)
{
	for (size_t i = 0; i < PTH_LINK_DIRECTIONS; i++)
		pth_link_conditions_release(&c->way[i]);
	for (size_t i = 0; i < c->steps; i++) {
		free(c->step[i].key);
		free(c->step[i].value);
	}
	free(c->step);
	free(c->rebind);
	free(c->down);
	*c = (struct pth_link_config){ 0 };
}

/* --- keys of the link as a whole --- */

static int
set_seed(struct pth_link_config *c, const char *value, struct pth_err *e)
{
	long long v;

	if (!pth_int(value, 0, INT64_MAX, &v))
		return pth_err_set(
		    e, PTH_INPUT, "seed: expected a whole number from 0 on, not '%.40s'", value);
	c->seed = (uint64_t)v;
	return 0;
}

/* "5s", "5s port", "5s address every 2s" */
static int
rebinding(char *text, struct pth_link_rebind *r, struct pth_err *e)
{
	char *rest = NULL, *word = strtok_r(text, " ", &rest);

	*r = (struct pth_link_rebind){ 0 };
	if (word == NULL || link_time(word, &r->at, e) != 0)
		return word != NULL ? -1 : pth_err_set(e, PTH_INPUT, "a time is missing");
	word = strtok_r(NULL, " ", &rest);
	if (word != NULL && (strcmp(word, "port") == 0 || strcmp(word, "address") == 0)) {
		r->address = *word == 'a';
		word = strtok_r(NULL, " ", &rest);
	}
	if (word != NULL && strcmp(word, "every") == 0) {
		word = strtok_r(NULL, " ", &rest);
		if (word == NULL || link_time(word, &r->every, e) != 0)
			return word != NULL ? -1 : pth_err_set(e, PTH_INPUT, "every what?");
		if (r->every < 1000000)
			return pth_err_set(e, PTH_INPUT, "every %s is too often", word);
		word = strtok_r(NULL, " ", &rest);
	}
	if (word != NULL)
		return pth_err_set(e, PTH_INPUT,
		    "expected 5s, 5s port or 5s address, and every 2s, not '%.40s'", word);
	return 0;
}

static int
set_rebind(struct pth_link_config *c, const char *value, struct pth_err *e)
{
	pth_auto_str text = pth_xstrdup(value);
	struct pth_link_rebind *v = NULL;
	char *rest = NULL;
	struct pth_err why;
	size_t n = 0;

	for (char *w = strtok_r(text, ",", &rest); w != NULL; w = strtok_r(NULL, ",", &rest)) {
		v = pth_xarray(v, n + 1, sizeof *v);
		if (n >= 1000 || rebinding(w, &v[n++], &why) != 0) {
			free(v);
			return pth_err_set(
			    e, PTH_INPUT, "rebind: %s", n >= 1000 ? "more than 1000" : why.text);
		}
	}
	free(c->rebind);
	c->rebind = v;
	c->rebinds = n;
	return 0;
}

static int
set_down(struct pth_link_config *c, const char *value, struct pth_err *e)
{
	bool out = strcmp(value, "true") == 0;
	struct pth_link_span *v = NULL;
	struct pth_err why;
	size_t n = 0;

	c->replug = out || strcmp(value, "false") == 0;
	if (out) {
		v = pth_xarray(NULL, n = 1, sizeof *v);
		*v = (struct pth_link_span){ 0, INT64_MAX };
	} else if (!c->replug && link_spans(value, &v, &n, &why) != 0)
		return pth_err_set(e, PTH_INPUT, "link_down: %s", why.text);
	free(c->down);
	c->down = v;
	c->downs = n;
	return 0;
}

static int
set_begin(struct pth_link_config *c, const char *value, struct pth_err *e)
{
	c->begin = strcmp(value, "now") == 0;
	return c->begin ? 0 : pth_err_set(e, PTH_INPUT, "begin: expected now");
}

/* Names that are used elsewhere for the same. */
static const char *
usual_name(const char *key)
{
	static const char *const names[][2] = { { "latency", "delay" }, { "limit", "queue" } };

	for (size_t i = 0; i < countof(names); i++)
		if (strcmp(key, names[i][0]) == 0)
			return names[i][1];
	return key;
}

int
pth_link_config_set(
    struct pth_link_config *c, unsigned ways, const char *key, const char *value, struct pth_err *e)
{
	key = usual_name(key);
	if (strcmp(key, "seed") == 0)
		return set_seed(c, value, e);
	if (strcmp(key, "rebind") == 0)
		return set_rebind(c, value, e);
	if (strcmp(key, "link_down") == 0)
		return set_down(c, value, e);
	if (strcmp(key, "begin") == 0)
		return set_begin(c, value, e);
	if (strcmp(key, "blackhole") == 0)
		c->blackhole |= ways;
	for (unsigned i = 0; i < PTH_LINK_DIRECTIONS; i++)
		if ((ways & 1u << i) != 0 &&
		    pth_link_conditions_set(&c->way[i], key, value, e) != 0)
			return -1;
	return 0;
}

static int64_t
later(int64_t t, int64_t ns)
{
	return t > INT64_MAX - ns ? INT64_MAX : t + ns;
}

void
pth_link_config_shift(struct pth_link_config *c, int64_t ns)
{
	for (size_t i = 0; i < c->steps; i++)
		c->step[i].at = later(c->step[i].at, ns);
	for (size_t i = 0; i < c->rebinds; i++)
		c->rebind[i].at = later(c->rebind[i].at, ns);
	for (size_t i = 0; i < c->downs && !c->replug; i++) {
		c->down[i].from = later(c->down[i].from, ns);
		c->down[i].to = later(c->down[i].to, ns);
	}
	for (unsigned w = 0; w < PTH_LINK_DIRECTIONS; w++)
		if ((c->blackhole & 1u << w) != 0)
			pth_link_conditions_shift(&c->way[w], ns);
}

static const char *const way_names[] = { "up", "down" };

int
pth_link_config_check(const struct pth_link_config *c, struct pth_err *e)
{
	struct pth_link_conditions now[PTH_LINK_DIRECTIONS];
	size_t i = 0;
	int r = 0;

	for (unsigned w = 0; w < PTH_LINK_DIRECTIONS; w++)
		pth_link_conditions_copy(&now[w], &c->way[w]);
	for (;;) {
		for (unsigned w = 0; w < PTH_LINK_DIRECTIONS && r == 0; w++)
			if (pth_link_conditions_check(&now[w], e) != 0)
				r = pth_err_wrap(e, "%s", way_names[w]);
		if (r != 0 || i == c->steps)
			break;
		for (int64_t at = c->step[i].at; i < c->steps && c->step[i].at == at; i++)
			for (unsigned w = 0; w < PTH_LINK_DIRECTIONS && r == 0; w++)
				if ((c->step[i].ways & 1u << w) != 0)
					r = pth_link_conditions_set(
					    &now[w], c->step[i].key, c->step[i].value, e);
	}
	for (unsigned w = 0; w < PTH_LINK_DIRECTIONS; w++)
		pth_link_conditions_release(&now[w]);
	return r;
}

int
pth_link_config_idle(const struct pth_link_config *c, struct pth_err *e)
{
	for (unsigned w = 0; w < PTH_LINK_DIRECTIONS && c->steps == 0; w++)
		if (pth_link_conditions_idle(&c->way[w], e) != 0)
			return pth_err_wrap(e, "%s", way_names[w]);
	return 0;
}

/* --- YAML and JSON --- */

struct reading {
	struct pth_link_config *c;
	struct pth_diags *d;
	int64_t at; /* of the step that is read; -1: it is the begin */
};

static void
problem(const struct reading *r, const struct pth_ynode *n, bool at_key, const char *text)
{
	pth_diags_add(
	    r->d, PTH_ERROR, at_key ? n->kline : n->line, at_key ? n->kcol : n->col, "%s", text);
}

/* A scalar as it is written, or the items of a list with commas between. False: it is neither. */
static bool
text_of(const struct pth_ynode *n, struct pth_buf *b)
{
	if (n->kind == PTH_YSEQ) {
		pth_buf_adds(b, "");
		pth_yaml_foreach(item, n) {
			if (item->kind == PTH_YSEQ || item->kind == PTH_YMAP)
				return false;
			if (item != n->child)
				pth_buf_addc(b, ',');
			pth_buf_add(b, item->text, item->len);
		}
		return true;
	}
	if (n->kind == PTH_YMAP)
		return false;
	pth_buf_add(b, n->kind == PTH_YNULL ? "" : n->text, n->kind == PTH_YNULL ? 0 : n->len);
	return true;
}

static void
add_step(struct pth_link_config *c, const struct pth_link_step *step)
{
	size_t i = c->steps++;

	c->step = pth_xarray(c->step, c->steps, sizeof *c->step);
	for (; i > 0 && c->step[i - 1].at > step->at; i--)
		c->step[i] = c->step[i - 1];
	c->step[i] = *step;
}

void
pth_link_config_add(struct pth_link_config *c, struct pth_link_config *from)
{
	for (size_t i = 0; i < from->steps; i++)
		add_step(c, &from->step[i]);
	from->steps = 0;
	c->rebind = pth_xarray(c->rebind, c->rebinds + from->rebinds + 1, sizeof *c->rebind);
	for (size_t i = 0; i < from->rebinds; i++)
		c->rebind[c->rebinds++] = from->rebind[i];
	if (from->replug)
		c->downs = 0;
	c->down = pth_xarray(c->down, c->downs + from->downs + 1, sizeof *c->down);
	for (size_t i = 0; i < from->downs; i++)
		c->down[c->downs++] = from->down[i];
}

static void
read_value(struct reading *r, unsigned ways, const struct pth_ynode *n)
{
	struct pth_link_conditions trial;
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e;
	int code;

	if (!text_of(n, &b)) {
		problem(r, n, false, "expected a value, not a map");
		return;
	}
	pth_buf_adds(&b, "");
	if (r->at < 0) {
		code = pth_link_config_set(r->c, ways, n->key, b.s, &e);
	} else {
		pth_link_conditions_init(&trial);
		code = pth_link_conditions_set(&trial, n->key, b.s, &e);
		pth_link_conditions_release(&trial);
	}
	if (code != 0)
		problem(r, n, strncmp(e.text, "unknown", 7) == 0, e.text);
	else if (r->at >= 0 && r->c->steps < STEPS_MAX)
		add_step(r->c,
		    &(struct pth_link_step){ r->at, ways, pth_xstrdup(n->key), pth_xstrdup(b.s) });
}

static void read_map(struct reading *r, unsigned ways, const struct pth_ynode *map);

static void
read_step(struct reading *r, const struct pth_ynode *n)
{
	const struct pth_ynode *at = pth_yaml_get(n, "at");
	struct reading step = *r;
	struct pth_err e;

	if (n->kind != PTH_YMAP || at == NULL || at->text == NULL) {
		problem(r, n, false, "a step is a map with at: and what changes then");
	} else if (link_time(at->text, &step.at, &e) != 0) {
		problem(r, at, false, e.text);
	} else {
		read_map(&step, PTH_LINK_BOTH, n);
	}
}

static bool
is(const struct pth_ynode *n, const char *key)
{
	return strcmp(n->key, key) == 0;
}

static void
read_scenario(struct reading *r, const struct pth_ynode *n)
{
	struct pth_err e;

	if (n->text == NULL)
		problem(r, n, false, "expected the text of a scenario");
	else if (pth_link_config_scenario(r->c, n->text, &e) != 0)
		problem(r, n, false, e.text);
}

static void
read_map(struct reading *r, unsigned ways, const struct pth_ynode *map)
{
	bool top = ways == PTH_LINK_BOTH && r->at < 0;

	if (map->kind != PTH_YMAP) {
		problem(r, map, false, "expected a map of conditions");
		return;
	}
	pth_yaml_foreach(n, map) {
		if (is(n, "at") && r->at >= 0 && ways == PTH_LINK_BOTH)
			continue;
		if ((is(n, "up") || is(n, "down")) && ways == PTH_LINK_BOTH)
			continue; /* they count more, wherever they stand */
		if (is(n, "steps") && top && n->kind == PTH_YSEQ) {
			pth_yaml_foreach(step, n)
				read_step(r, step);
		} else if (is(n, "scenario") && top) {
			read_scenario(r, n);
		} else if (!top &&
		    (is(n, "seed") || is(n, "rebind") || is(n, "link_down") || is(n, "begin"))) {
			problem(r, n, true, "this is said of the link as a whole");
		} else {
			read_value(r, ways, n);
		}
	}
	pth_yaml_foreach(n, map)
		if ((is(n, "up") || is(n, "down")) && ways == PTH_LINK_BOTH)
			read_map(r, is(n, "up") ? PTH_LINK_UPWARD : PTH_LINK_DOWNWARD, n);
}

void
pth_link_config_read(struct pth_link_config *c, const char *text, size_t n, struct pth_diags *d)
{
	struct reading r = { c, d, -1 };
	struct pth_arena a = { .head = NULL };
	const struct pth_ynode *root = pth_yaml_load(text, n, &a, d);
	struct pth_err e;

	if (root != NULL) {
		read_map(&r, PTH_LINK_BOTH, root);
		if (d->errors == 0 && pth_link_config_check(c, &e) != 0)
			problem(&r, root, false, e.text);
	}
	pth_arena_release(&a);
}
