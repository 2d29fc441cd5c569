/* This file makes a tree of the table of keys, which --explain and the manual show. */
#include "experiment/priv.h"

#include <math.h>

#include "base/text.h"
#include "base/words.h"

/* The next segment of a key's path: "[]" or a name. Advances *p. */
static const char *
segment(struct pth_arena *a, const char **p)
{
	size_t n;
	const char *s;

	if (**p == '.')
		++*p;
	if (strncmp(*p, "[]", 2) == 0) {
		*p += 2;
		return "[]";
	}
	n = strcspn(*p, ".[");
	s = pth_arena_strn(a, *p, n);
	*p += n;
	return s;
}

static struct schema *
step(struct pth_arena *a, struct schema *s, const char *name)
{
	bool any = strcmp(name, "*") == 0, item = strcmp(name, "[]") == 0;
	struct schema **at = any ? &s->any : item ? &s->item : &s->child, *c;

	while (!any && !item && *at != NULL && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	if (*at != NULL)
		return *at;
	c = *at = pth_arena_alloc(a, sizeof *c);
	c->name = name;
	c->ours = s->ours;
	return c;
}

static void
set_range(struct schema *s, const char *v)
{
	const char *dots = strstr(v, "..");

	s->ranged = true;
	s->min = dots > v ? strtod(v, NULL) : -HUGE_VAL;
	s->max = dots[2] != '\0' ? strtod(dots + 2, NULL) : HUGE_VAL;
}

static void
set_words(struct pth_arena *a, struct schema *s, const char *v)
{
	struct pth_word rest = pth_word_of(v), word;
	size_t n = 0;

	while (pth_word_next(&rest, " ", &word))
		n++;
	s->values = pth_arena_alloc(a, n * sizeof *s->values);
	for (rest = pth_word_of(v); pth_word_next(&rest, " ", &word);)
		s->values[s->nvalues++] = pth_arena_strn(a, word.s, word.n);
}

static json_t *
default_value(const char *s, unsigned types)
{
	long long i;

	if ((types & T_SIZE) != 0 && pth_size(s, &i))
		return json_integer(i);
	if ((types & T_STR) != 0)
		return json_string(s);
	if (strcmp(s, "true") == 0 || strcmp(s, "false") == 0)
		return json_boolean(s[0] == 't');
	if (strcmp(s, "null") == 0)
		return json_null();
	if (strcmp(s, "{}") == 0)
		return json_object();
	if (strcmp(s, "[]") == 0)
		return json_array();
	if (pth_int(s, INT64_MIN, INT64_MAX, &i))
		return json_integer(i);
	return json_string(s);
}

struct experiment_schema *
experiment_schema_new(void)
{
	struct experiment_schema *t = pth_xmalloc(sizeof *t);

	*t = (struct experiment_schema){ .defaults = json_array() };
	t->root = pth_arena_alloc(&t->a, sizeof *t->root);
	for (size_t i = 0; i < experiment_keys_n; i++) {
		const struct experiment_key *k = &experiment_keys[i];
		const char *p = k->path;
		struct schema *s = t->root;

		while (*p != '\0')
			s = step(&t->a, s, segment(&t->a, &p));
		s->key = k;
		s->ours |= (k->flags & F_OURS) != 0;
		if ((k->flags & F_MOVED) != 0)
			continue;
		if (k->values != NULL && strstr(k->values, "..") != NULL)
			set_range(s, k->values);
		else if (k->values != NULL)
			set_words(&t->a, s, k->values);
		/* The default of an idle key is what needs no warning. */
		if (k->def != NULL && (k->flags & (F_REC | F_IDLE)) != 0) {
			s->def = default_value(k->def, k->types);
			pth_json_push(t->defaults, s->def);
		}
	}
	return t;
}

void
experiment_schema_free(struct experiment_schema *t)
{
	json_decref(t->defaults);
	pth_arena_release(&t->a);
	free(t);
}

const struct schema *
experiment_schema_at(const struct experiment_schema *t, const char *path)
{
	const struct schema *s = t->root;
	char name[64];

	for (size_t n; *path != '\0'; path += n + (path[n] == '.')) {
		n = strcspn(path, ".");
		memcpy(name, path, n < sizeof name ? n : sizeof name - 1);
		name[n < sizeof name ? n : sizeof name - 1] = '\0';
		s = strcmp(name, "[]") == 0 ? s->item : experiment_schema_child(s, name);
	}
	return s;
}

const struct schema *
experiment_schema_child(const struct schema *s, const char *name)
{
	for (const struct schema *c = s->child; c != NULL; c = c->next)
		if (c->name[0] == name[0] && strcmp(c->name, name) == 0)
			return c;
	return s->any;
}

bool
experiment_is_action(const struct schema *step, const char *key)
{
	const struct schema *s = experiment_schema_child(step, key);

	return s != NULL && (s->key->flags & F_ACTION) != 0;
}

static void
range_text(struct pth_buf *b, const struct schema *s)
{
	if (s->min > -HUGE_VAL && s->max < HUGE_VAL)
		pth_buf_addf(b, " from %.15g to %.15g", s->min, s->max);
	else if (s->min > -HUGE_VAL)
		pth_buf_addf(b, " of at least %.15g", s->min);
}

static void
types_text(struct pth_buf *b, const struct schema *s, bool range)
{
	static const struct {
		unsigned bits;
		const char *text;
	} names[] = {
		{ T_INT, "integer" },
		{ T_REAL, "number" },
		{ T_BOOL, "true or false" },
		{ T_STR, "string" },
		{ T_LIST, "list" },
		{ T_MAP, "map" },
		{ T_SECS, "seconds" },
		{ T_SIZE, "bytes (5MB)" },
		{ T_DUR, "duration (10ms)" },
		{ T_PERCENT, "percentage" },
		{ T_ANY, "anything" },
		{ T_NULL, "null" },
	};
	const unsigned numbers = T_INT | T_REAL | T_SECS | T_SIZE | T_PERCENT;
	unsigned types = s->key->types & ~(range ? (unsigned)T_NULL : 0);
	const char *sep = "";

	for (size_t i = 0; i < countof(names); i++) {
		if ((types & names[i].bits) == 0 ||
		    (names[i].bits == T_INT && (types & T_REAL) != 0))
			continue;
		pth_buf_addf(b, "%s%s", sep, names[i].text);
		if (range && s->ranged && (names[i].bits & numbers) != 0)
			range_text(b, s);
		sep = " or ";
	}
}

void
experiment_schema_expected(struct pth_buf *b, const struct schema *s)
{
	if (s->nvalues != 0 && (s->key->flags & F_HINT) == 0) {
		pth_buf_adds(b, s->nvalues > 1 ? "one of " : "");
		for (size_t i = 0; i < s->nvalues; i++)
			pth_buf_addf(b, "%s%s", i != 0 ? ", " : "", s->values[i]);
		return;
	}
	types_text(b, s, true);
}

/* ---- --explain */

static void
explain(struct pth_buf *b, const struct experiment_key *k)
{
	pth_buf_addf(b, "%s\n\t%s\n", k->path, k->meaning);
	if ((k->flags & F_MOVED) != 0)
		return;
	pth_buf_adds(b, "\ttype: ");
	types_text(b, &(struct schema){ .key = k }, false);
	if (k->values != NULL)
		pth_buf_addf(
		    b, "\n\t%svalues: %s", (k->flags & F_HINT) != 0 ? "usual " : "", k->values);
	pth_buf_addf(b, "\n\tdefault: %s",
	    k->def != NULL               ? k->def :
	        (k->flags & F_NEED) != 0 ? "none, must be given" :
	                                   "none");
	if ((k->flags & F_REC) != 0)
		pth_buf_adds(b, " (written into records)");
	pth_buf_addf(b, "\n\tread by: %s\n",
	    k->reader != NULL ? k->reader : "nobody, accepted for PANTHER's files");
}

/* One segment of what the user wrote against one of a path. */
static bool
segment_fits(const char *path, size_t n, const char *want, size_t m)
{
	long long i;
	char num[24];

	if (n == m && memcmp(path, want, n) == 0)
		return true;
	if (n == 1 && *path == '*')
		return true;
	if (n != 2 || memcmp(path, "[]", 2) != 0 || m >= sizeof num)
		return false;
	memcpy(num, want, m);
	num[m] = '\0';
	return pth_int(num, 0, INT64_MAX, &i);
}

/* Length of the last segment of a path of n bytes; [] counts as one. */
static size_t
last_segment(const char *s, size_t n)
{
	size_t len = 0;

	if (n >= 2 && s[n - 1] == ']' && s[n - 2] == '[')
		return 2;
	while (len < n && s[n - len - 1] != '.' && s[n - len - 1] != ']')
		len++;
	return len;
}

/* Does path end in what the user wrote? [] may be left out on his side. */
static bool
ends_in(const char *path, const char *want)
{
	size_t n = strlen(path), m = strlen(want);
	size_t name = n;
	bool whole;

	/* A last segment that could be any name counts only in a whole path. */
	while (name > 2 && path[name - 1] == ']')
		name -= 2;
	whole = name != 0 && path[name - 1] == '*' && (m == 0 || want[m - 1] != '*');

	while (m != 0 && n != 0) {
		size_t a = last_segment(path, n), b = last_segment(want, m);

		if (segment_fits(path + n - a, a, want + m - b, b)) {
			m -= b;
			if (m != 0 && want[m - 1] == '.')
				m--;
		} else if (a != 2 || memcmp(path + n - 2, "[]", 2) != 0) {
			return false;
		}
		n -= a;
		if (n != 0 && path[n - 1] == '.')
			n--;
	}
	return m == 0 && (n == 0 || !whole);
}

/* Explain the keys with this path, or with this end; how many are there? */
static size_t
explain_all(struct pth_buf *b, const char *key, bool whole)
{
	size_t n = 0;

	for (size_t i = 1; i < experiment_keys_n; i++) {
		const struct experiment_key *k = &experiment_keys[i];

		if (!(whole ? strcmp(k->path, key) == 0 : ends_in(k->path, key)))
			continue;
		explain(b, k);
		n++;
	}
	return n;
}

static const char *
nearest_key(const char *key)
{
	const char **names = pth_xarray(NULL, experiment_keys_n, sizeof *names), *best;
	size_t n = 0;
	const char *want = strrchr(key, '.');

	for (size_t i = 1; i < experiment_keys_n; i++) {
		const char *p = experiment_keys[i].path;
		size_t len = strlen(p);

		names[n++] = p + len - last_segment(p, len);
	}
	best = pth_nearest(want != NULL ? want + 1 : key, names, n);
	free(names);
	return best;
}

int
pth_experiment_explain(struct pth_buf *b, const char *key, struct pth_err *e)
{
	const char *near;

	if (explain_all(b, key, true) != 0 || (*key != '\0' && explain_all(b, key, false) != 0))
		return 0;
	near = nearest_key(key);
	return pth_err_set(
	    e, PTH_NO, near != NULL ? "no key '%s'; did you mean '%s'?" : "no key '%s'", key, near);
}

void
pth_experiment_origin(struct pth_buf *b, const struct pth_experiment *x, const char *key)
{
	for (size_t i = 1; i < experiment_keys_n; i++) {
		const char *path = experiment_keys[i].path;
		const struct pth_ynode *n = NULL;
		json_auto_t *v = NULL;

		if (x->root != NULL && strpbrk(path, "[*") == NULL && ends_in(path, key))
			n = experiment_at(x->root, path);
		if (n == NULL || !experiment_given(n))
			continue;
		v = pth_yaml_json(n);
		pth_buf_addf(b, "%s\n\tset to: ", path);
		pth_json_dump(b, v);
		pth_buf_addf(b, "\n\tby: %s:%u:%u\n", x->src[n->file]->name, n->line, n->col);
	}
}

/* ---- the manual */

void
pth_experiment_mdoc(struct pth_buf *b)
{
	for (size_t i = 0; i < experiment_keys_n; i++) {
		const struct experiment_key *k = &experiment_keys[i];

		if (*k->path == '\0')
			continue;
		pth_buf_addf(b, ".It Ic %s\n%s\n", k->path, k->meaning);
		if ((k->flags & F_MOVED) != 0)
			continue;
		pth_buf_addc(b, '(');
		types_text(b, &(struct schema){ .key = k }, false);
		if (k->values != NULL)
			pth_buf_addf(b, "%s%s", (k->flags & F_HINT) != 0 ? ", for example " : ": ",
			    k->values);
		if ((k->flags & F_NEED) != 0)
			pth_buf_adds(b, "; required");
		if (k->def != NULL)
			pth_buf_addf(b, "; default %s", *k->def != '\0' ? k->def : "empty");
		if ((k->flags & F_IDLE) != 0)
			pth_buf_adds(b, "; no effect here");
		pth_buf_adds(b, ")\n");
	}
}
