/* This file loads YAML: libyaml's events become a tree that knows its positions. */
#include "io/yaml.h"

#include <yaml.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/text.h"
#include "io/json.h"
#include "io/yaml_pairs.h"
#include "io/yaml_scalar.h"

#define DEPTH_MAX 64
#define TEXT_MAX (64u << 20)
#define NODES_MAX 1000000

/* Keys that are maps' merge keys are known by this address. */
static const char merge_key[] = "<<";

/* A collection being read. `away` collections are keys, which are errors: read and dropped. */
struct frame {
	struct pth_ynode *node, **tail;
	const char *key; /* of the value that comes next, in a map */
	unsigned kline, kcol;
	bool away;
	unsigned height; /* levels seen below */
	size_t before;   /* nodes counted before it */
	char *anchor;
};

struct anchor {
	struct pth_ynode *node;
	unsigned height;
	size_t weight; /* nodes with aliases followed */
};

struct loader {
	yaml_parser_t p;
	const char *text;
	size_t n;
	struct pth_arena *a;
	struct pth_diags *d;
	struct frame f[DEPTH_MAX + 1];
	unsigned depth;
	struct pth_ynode *root;
	size_t nodes;
	json_t *names; /* anchor -> index in anchors */
	struct anchor *anchors;
	size_t nanchors;
	const char *keys[256]; /* most keys occur again and again: keep one copy */
	unsigned documents;
	bool stop, whole; /* the end of the stream was reached */
	bool remarks;     /* say what is to be said of plain scalars */
	struct io_yaml_pairs pairs;
};

const char *
pth_ykind_name(enum pth_ykind k)
{
	static const char *const names[] = { "null", "boolean", "integer", "number", "string",
		"list", "map" };

	return names[k];
}

const char *
pth_ykind_a(enum pth_ykind k)
{
	static const char *const names[] = { "nothing", "a boolean", "an integer", "a number",
		"a string", "a list", "a map" };

	return names[k];
}

struct pth_ynode *
pth_yaml_get(const struct pth_ynode *map, const char *key)
{
	if (map == NULL || map->kind != PTH_YMAP)
		return NULL;
	for (struct pth_ynode *c = map->child; c != NULL; c = c->next)
		if (strcmp(c->key, key) == 0)
			return c;
	return NULL;
}

static void
complain(struct loader *l, const yaml_mark_t *m, const char *what)
{
	pth_diags_add(l->d, PTH_ERROR, m->line + 1, m->column + 1, "%s", what);
}

/* An error after which reading on makes no sense. */
static void
fatal(struct loader *l, const yaml_mark_t *m, const char *what)
{
	complain(l, m, what);
	l->stop = true;
}

static const char *
intern(struct loader *l, const char *s)
{
	const char **slot = &l->keys[pth_hash_text(PTH_HASH_EMPTY, s) % countof(l->keys)];

	if (*slot == NULL || strcmp(*slot, s) != 0)
		*slot = pth_arena_str(l->a, s);
	return *slot;
}

/* Is key already among the children of map? Wide maps are checked when they end. */
#define WIDE 16
static const struct pth_ynode *
find_narrow(const struct pth_ynode *map, const char *key)
{
	if (map->n > WIDE)
		return NULL;
	for (const struct pth_ynode *c = map->child; c != NULL; c = c->next)
		if (c->key == key || strcmp(c->key, key) == 0)
			return c;
	return NULL;
}

static void
duplicate(
    struct loader *l, const struct pth_ynode *first, const char *key, unsigned line, unsigned col)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_show(&b, key, 60);
	pth_diags_add(l->d, PTH_ERROR, line, col, "duplicate key '%s', first given on line %u", b.s,
	    first->kline);
}

/* A scalar in the place of a key. */
static void
take_key(struct loader *l, struct frame *f, const struct pth_ynode *k)
{
	const struct pth_ynode *first;

	f->kline = k->line;
	f->kcol = k->col;
	if (k->plain && k->len == 0)
		pth_diags_add(l->d, PTH_ERROR, k->line, k->col, "empty key");
	f->key = k->plain && strcmp(k->text, merge_key) == 0 ? merge_key : intern(l, k->text);
	first = find_narrow(f->node, f->key);
	if (first != NULL)
		duplicate(l, first, f->key, k->line, k->col);
}

/* Attaches a finished or opening node to the collection it is in. */
static void
attach(struct loader *l, struct pth_ynode *n)
{
	struct frame *f;

	if (l->depth == 0) {
		l->root = n;
		return;
	}
	f = &l->f[l->depth - 1];
	if (f->away)
		return;
	n->key = f->key;
	n->kline = f->kline;
	n->kcol = f->kcol;
	f->key = NULL;
	*f->tail = n;
	f->tail = &n->next;
	f->node->n++;
}

static bool
wants_key(const struct loader *l)
{
	const struct frame *f = l->depth != 0 ? &l->f[l->depth - 1] : NULL;

	return f != NULL && f->node->kind == PTH_YMAP && f->key == NULL && !f->away;
}

static bool
count(struct loader *l, size_t n, const yaml_mark_t *m)
{
	l->nodes += n;
	if (l->nodes <= NODES_MAX)
		return true;
	fatal(l, m, "more than 1000000 nodes, aliases followed");
	return false;
}

static void
deepen(struct loader *l, unsigned levels, const yaml_mark_t *m)
{
	if (l->depth + levels > DEPTH_MAX)
		fatal(l, m, "nested more than 64 levels deep");
	else if (l->depth != 0 && l->f[l->depth - 1].height < levels)
		l->f[l->depth - 1].height = levels;
}

static void
remember(struct loader *l, const char *name, struct pth_ynode *n, unsigned height, size_t weight)
{
	struct anchor *a;

	if ((l->nanchors & (l->nanchors - 1)) == 0)
		l->anchors = pth_xarray(
		    l->anchors, l->nanchors != 0 ? 2 * l->nanchors : 1, sizeof *a);
	pth_json_set(l->names, name, json_integer((json_int_t)l->nanchors));
	a = &l->anchors[l->nanchors++];
	a->node = n;
	a->height = height;
	a->weight = weight;
}

static struct pth_ynode *
new_node(struct loader *l, const yaml_event_t *ev)
{
	struct pth_ynode *n = pth_arena_alloc(l->a, sizeof *n);

	n->line = ev->start_mark.line + 1;
	n->col = ev->start_mark.column + 1;
	n->col += io_yaml_pairs_cut(&l->pairs, ev->start_mark.line, ev->start_mark.column);
	return n;
}

#define CORE "tag:yaml.org,2002:"

static void
unknown_tag(struct loader *l, struct pth_ynode *n, const char *tag)
{
	n->bad = true;
	pth_diags_add(l->d, PTH_ERROR, n->line, n->col, "unknown tag %.60s%s", tag,
	    strcmp(tag, "!include") != 0 ? "" : "; a file is included by the key include");
}

/* Kind of a scalar with an explicit tag. */
static void
resolve_tagged(struct loader *l, struct pth_ynode *n, const char *tag, const yaml_mark_t *m)
{
	static const struct {
		const char *tag;
		enum pth_ykind kind;
	} known[] = { { CORE "str", PTH_YSTR }, { "!", PTH_YSTR }, { CORE "int", PTH_YINT },
		{ CORE "float", PTH_YREAL }, { CORE "bool", PTH_YBOOL },
		{ CORE "null", PTH_YNULL } };
	bool bad;

	for (size_t i = 0; i < countof(known); i++) {
		if (strcmp(tag, known[i].tag) != 0)
			continue;
		n->kind = PTH_YSTR;
		if (known[i].kind == PTH_YSTR)
			return;
		pth_yaml_resolve(n, &bad);
		if (n->kind == PTH_YINT && known[i].kind == PTH_YREAL) {
			n->kind = PTH_YREAL;
			n->d = (double)n->i;
		}
		if (bad || n->kind != known[i].kind)
			complain(l, m, "the value is not of the type that its tag says");
		n->bad = bad || n->kind != known[i].kind;
		return;
	}
	unknown_tag(l, n, tag);
}

static void
resolve_plain(struct loader *l, struct pth_ynode *n)
{
	bool bad;
	const char *remark = pth_yaml_resolve(n, &bad);

	n->bad = remark != NULL && bad;
	n->remark = l->remarks ? NULL : remark;
	if (remark != NULL && l->remarks)
		pth_diags_add(l->d, bad ? PTH_ERROR : PTH_WARNING, n->line, n->col, "%.60s %s",
		    n->text, remark);
}

static void
on_scalar(struct loader *l, const yaml_event_t *ev)
{
	struct pth_ynode *n = new_node(l, ev), key = { .plain = false };
	const char *s = (const char *)ev->data.scalar.value,
	           *tag = (const char *)ev->data.scalar.tag;
	const char *anchor = (const char *)ev->data.scalar.anchor;

	n->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && tag == NULL;
	n->len = ev->data.scalar.length;
	if (memchr(s, '\0', n->len) != NULL) {
		complain(l, &ev->start_mark, "NUL character in a string");
		n->len = strlen(s);
	}
	if (wants_key(l) && anchor == NULL) {
		key = *n;
		key.text = s;
		take_key(l, &l->f[l->depth - 1], &key);
		return;
	}
	n->text = n->len < 16 ? intern(l, s) : pth_arena_strn(l->a, s, n->len);
	if (tag != NULL)
		resolve_tagged(l, n, tag, &ev->start_mark);
	else if (n->plain)
		resolve_plain(l, n);
	else
		n->kind = PTH_YSTR;
	if (anchor != NULL)
		remember(l, anchor, n, 0, 1);
	if (!count(l, 1, &ev->start_mark))
		return;
	if (wants_key(l))
		take_key(l, &l->f[l->depth - 1], n);
	else
		attach(l, n);
}

static void
on_alias(struct loader *l, const yaml_event_t *ev)
{
	const char *name = (const char *)ev->data.alias.anchor;
	const json_t *index = json_object_get(l->names, name);
	const struct anchor *a;
	struct pth_ynode *n;

	if (index == NULL) {
		pth_diags_add(l->d, PTH_ERROR, ev->start_mark.line + 1, ev->start_mark.column + 1,
		    "alias *%.60s has no anchor before it", name);
		l->stop = true; /* what follows would be misread */
		return;
	}
	a = &l->anchors[json_integer_value(index)];
	if (!count(l, a->weight, &ev->start_mark))
		return;
	if (a->height != 0)
		deepen(l, a->height, &ev->start_mark);
	n = pth_arena_alloc(l->a, sizeof *n);
	*n = *a->node;
	n->next = NULL;
	if (!wants_key(l)) {
		attach(l, n);
	} else if (n->kind == PTH_YMAP || n->kind == PTH_YSEQ) {
		fatal(l, &ev->start_mark, "a key must be a single value");
	} else {
		n->line = ev->start_mark.line + 1;
		n->col = ev->start_mark.column + 1;
		take_key(l, &l->f[l->depth - 1], n);
	}
}

static void
on_start(struct loader *l, const yaml_event_t *ev)
{
	bool map = ev->type == YAML_MAPPING_START_EVENT;
	const char *tag = (const char *)(map ? ev->data.mapping_start.tag :
	                                       ev->data.sequence_start.tag);
	const char *anchor = (const char *)(map ? ev->data.mapping_start.anchor :
	                                          ev->data.sequence_start.anchor);
	struct pth_ynode *n = new_node(l, ev);
	struct frame *f;
	bool away = l->depth != 0 && l->f[l->depth - 1].away;

	n->kind = map ? PTH_YMAP : PTH_YSEQ;
	n->text = "";
	deepen(l, 1, &ev->start_mark);
	if (l->stop || !count(l, 1, &ev->start_mark))
		return;
	if (tag != NULL && strcmp(tag, map ? CORE "map" : CORE "seq") != 0)
		unknown_tag(l, n, tag);
	if (wants_key(l)) {
		complain(l, &ev->start_mark, "a key must be a single value");
		l->f[l->depth - 1].key = "";
		away = true;
	} else {
		attach(l, n);
	}
	f = &l->f[l->depth++];
	*f = (struct frame){ .node = n, .tail = &n->child, .away = away, .before = l->nodes - 1 };
	if (anchor != NULL)
		f->anchor = pth_xstrdup(anchor);
}

/* What `<<` brings in, into place: the children of maps that are not among `have`. */
static struct pth_ynode **
merge_from(struct loader *l, const struct pth_ynode *from, json_t *have, struct pth_ynode **tail,
    unsigned *n)
{
	const yaml_mark_t here = { .line = from->kline - 1, .column = from->kcol - 1 };

	if (from->kind == PTH_YSEQ && from->key == merge_key) {
		for (const struct pth_ynode *c = from->child; c != NULL; c = c->next)
			tail = merge_from(l, c, have, tail, n);
		return tail;
	}
	if (from->kind != PTH_YMAP) {
		pth_diags_add(l->d, PTH_ERROR, from->line, from->col,
		    "<< takes a map or a list of maps, not %s", pth_ykind_a(from->kind));
		return tail;
	}
	for (const struct pth_ynode *c = from->child; c != NULL && count(l, 1, &here);
	     c = c->next) {
		struct pth_ynode *copy;

		if (json_object_get(have, c->key) != NULL)
			continue;
		pth_json_set(have, c->key, json_true());
		copy = pth_arena_alloc(l->a, sizeof *copy);
		*copy = *c;
		copy->next = NULL;
		*tail = copy;
		tail = &copy->next;
		++*n;
	}
	return tail;
}

/* Keys of a map's own win; what is merged comes before them, as in PyYAML. */
static void
merge(struct loader *l, struct pth_ynode *map)
{
	json_auto_t *have = json_object();
	struct pth_ynode *own = map->child, *merged = NULL, **tail = &merged, **ptail = &map->child;
	const struct pth_ynode *from = NULL;

	map->child = NULL;
	map->n = 0;
	for (struct pth_ynode *c = own, *next; c != NULL; c = next) {
		next = c->next;
		c->next = NULL;
		if (c->key == merge_key) {
			from = from != NULL ? from : c;
			continue;
		}
		pth_json_set(have, c->key, json_true());
		*ptail = c;
		ptail = &c->next;
		map->n++;
	}
	if (from != NULL)
		tail = merge_from(l, from, have, tail, &map->n);
	*tail = map->child;
	map->child = merged;
}

static void
check_wide(struct loader *l, const struct pth_ynode *map)
{
	json_auto_t *seen = json_object();
	const struct pth_ynode *c;
	size_t at = 0;

	for (c = map->child; c != NULL; c = c->next, at++) {
		const json_t *first = json_object_get(seen, c->key);

		/* those among the first ones were seen when they came */
		if (first != NULL && at > WIDE)
			pth_diags_add(l->d, PTH_ERROR, c->kline, c->kcol,
			    "duplicate key '%.60s', first given on line %d", c->key,
			    (int)json_integer_value(first));
		else if (first == NULL)
			pth_json_set(seen, c->key, json_integer(c->kline));
	}
}

static void
on_end(struct loader *l)
{
	struct frame *f = &l->f[--l->depth];
	struct pth_ynode *n = f->node;
	bool merges = false;

	if (n->kind == PTH_YMAP && !f->away) {
		for (const struct pth_ynode *c = n->child; c != NULL; c = c->next)
			merges |= c->key == merge_key;
		if (n->n > WIDE)
			check_wide(l, n);
		if (merges)
			merge(l, n);
	}
	if (l->depth != 0 && l->f[l->depth - 1].height < f->height + 1)
		l->f[l->depth - 1].height = f->height + 1;
	if (f->anchor != NULL)
		remember(l, f->anchor, n, f->height + 1, l->nodes - f->before);
	free(f->anchor);
	f->anchor = NULL;
}

/* Byte at a position as libyaml counts them, 0 past the end. */
static char
byte_at(const struct loader *l, size_t line, size_t col)
{
	const char *p = l->text, *end = l->text + l->n;

	for (; line != 0 && p < end; line--) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (p == NULL)
			return 0;
		p++;
	}
	for (; p < end && (col != 0 || (*p & 0xc0) == 0x80); p++)
		col -= (*p & 0xc0) != 0x80;
	return p < end ? *p : 0;
}

/* Line and column of a byte, from 1. */
static void
position(const char *s, size_t at, unsigned *line, unsigned *col)
{
	*line = *col = 1;
	for (size_t i = 0; i < at; i++) {
		if (s[i] == '\n') {
			++*line;
			*col = 1;
		} else {
			*col += (s[i] & 0xc0) != 0x80;
		}
	}
}

static void
syntax_error(struct loader *l)
{
	const yaml_parser_t *p = &l->p;
	unsigned line = p->problem_mark.line + 1, col = p->problem_mark.column + 1;
	const char *problem = p->problem != NULL ? p->problem : "cannot be read";

	if (p->error == YAML_MEMORY_ERROR) {
		pth_diags_add(l->d, PTH_ERROR, 0, 0, "out of memory");
		return;
	}
	if (p->error == YAML_READER_ERROR) {
		position(l->text, p->problem_offset < l->n ? p->problem_offset : l->n, &line, &col);
		pth_diags_add(l->d, PTH_ERROR, line, col, "not a text file: %s", problem);
		return;
	}
	if (byte_at(l, line - 1, col - 1) == '\t')
		problem = "a tab where blanks are expected";
	if (p->context != NULL && p->context_mark.line + 1 != line)
		pth_diags_add(l->d, PTH_ERROR, line, col,
		    "not YAML: %s (%s that begins on line %zu)", problem, p->context,
		    p->context_mark.line + 1);
	else
		pth_diags_add(l->d, PTH_ERROR, line, col, "not YAML: %s", problem);
}

static void
on_event(struct loader *l, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (l->documents++ != 0)
			fatal(l, &ev->start_mark, "a second document; one per file is read");
		break;
	case YAML_SCALAR_EVENT: on_scalar(l, ev); break;
	case YAML_ALIAS_EVENT: on_alias(l, ev); break;
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT: on_start(l, ev); break;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT: on_end(l); break;
	case YAML_STREAM_END_EVENT: l->stop = l->whole = true; break;
	default: break;
	}
}

static bool
is_empty(const struct pth_ynode *root)
{
	return root == NULL || (root->kind == PTH_YNULL && root->len == 0);
}

static void
run(struct loader *l)
{
	while (!l->stop) {
		yaml_event_t ev;

		if (yaml_parser_parse(&l->p, &ev) == 0) {
			syntax_error(l);
			break;
		}
		on_event(l, &ev);
		yaml_event_delete(&ev);
	}
	if (l->whole && is_empty(l->root))
		pth_diags_add(l->d, PTH_ERROR, 1, 1,
		    memchr(l->text, '#', l->n) != NULL ? "nothing but comments" :
		                                         "the file is empty");
	while (l->depth != 0)
		free(l->f[--l->depth].anchor);
}

/* Bytes that libyaml would not explain well. */
static bool
text_ok(const char *text, size_t n, struct pth_diags *d)
{
	size_t bad = 0;
	unsigned line, col;

	if (n > TEXT_MAX) {
		pth_diags_add(d, PTH_ERROR, 0, 0, "larger than 64 MiB");
		return false;
	}
	if (pth_utf8_ok(text, n, &bad))
		return true;
	position(text, bad, &line, &col);
	if (text[bad] == '\0')
		pth_diags_add(d, PTH_ERROR, line, col, "not a text file: NUL byte");
	else
		pth_diags_add(
		    d, PTH_ERROR, line, col, "not UTF-8: byte 0x%02x", (unsigned char)text[bad]);
	return false;
}

static struct pth_ynode *
load(const char *text, size_t n, struct pth_arena *a, struct pth_diags *d, bool remarks)
{
	struct loader l;

	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* byte order mark */
		text += 3;
		n -= 3;
	}
	l = (struct loader){ .text = text, .n = n, .a = a, .d = d, .remarks = remarks };
	if (!text_ok(text, n, d))
		return NULL;
	if (yaml_parser_initialize(&l.p) == 0) {
		pth_diags_add(d, PTH_ERROR, 0, 0, "out of memory");
		return NULL;
	}
	if (io_yaml_pairs(&l.pairs, text, n)) {
		l.text = l.pairs.text.s;
		l.n = l.pairs.text.len;
	}
	yaml_parser_set_encoding(&l.p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&l.p, (const unsigned char *)l.text, l.n);
	l.names = json_object();
	run(&l);
	yaml_parser_delete(&l.p);
	json_decref(l.names);
	free(l.anchors);
	io_yaml_pairs_release(&l.pairs);
	return l.whole && !is_empty(l.root) ? l.root : NULL;
}

struct pth_ynode *
pth_yaml_try(const char *text, size_t n, struct pth_arena *a, struct pth_diags *d)
{
	return load(text, n, a, d, false);
}

struct pth_ynode *
pth_yaml_load(const char *text, size_t n, struct pth_arena *a, struct pth_diags *d)
{
	size_t errors = d->errors;
	struct pth_ynode *root = load(text, n, a, d, true);

	return d->errors > errors ? NULL : root;
}

bool
pth_yaml_as_printed(const struct pth_ynode *n)
{
	pth_auto_buf b = PTH_BUF_INIT;
	json_auto_t *v = NULL;

	if (n->kind != PTH_YINT && n->kind != PTH_YREAL)
		return true;
	v = pth_yaml_json(n);
	pth_json_dump(&b, v);
	return strcmp(b.s, n->text) == 0;
}

json_t *
pth_yaml_json(const struct pth_ynode *n)
{
	json_t *v;

	switch (n->kind) {
	case PTH_YNULL: return json_null();
	case PTH_YBOOL: return json_boolean(n->b);
	case PTH_YINT: return json_integer(n->i);
	case PTH_YREAL: return json_real(n->d);
	case PTH_YSTR: return json_stringn_nocheck(n->text, n->len);
	case PTH_YSEQ:
		v = json_array();
		for (const struct pth_ynode *c = n->child; c != NULL; c = c->next)
			pth_json_push(v, pth_yaml_json(c));
		return v;
	case PTH_YMAP:
		v = json_object();
		for (const struct pth_ynode *c = n->child; c != NULL; c = c->next)
			pth_json_set(v, c->key, pth_yaml_json(c));
		return v;
	}
	return json_null();
}
