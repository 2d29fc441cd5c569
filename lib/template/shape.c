/* This file has the filters that give a value another shape: wordwrap, pprint, random, realpath. */
#include "base/cleanup.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/words.h"
#include "template/priv.h"

static void
add(struct eval *x, const char *s, size_t n)
{
	template_room(x, x->tmp.len + n);
	if (n != 0)
		pth_buf_add(&x->tmp, s, n);
}

/* ---- wordwrap ---- */

struct wrap {
	int64_t width;
	bool break_long, hyphens;
	struct val between;
};

/* A letter, as far as a hyphen is concerned. */
static bool
letter(const char *s, size_t n, size_t i)
{
	return i < n && (pth_is_alpha(s[i]) || (signed char)s[i] < 0 || s[i] == '_');
}

/* May a line end behind the hyphen at i? Between two letters and two letters. */
static bool
breaks_behind(const char *s, size_t n, size_t i)
{
	size_t after = i + 1 + (i + 2 < n && s[i + 2] == '-' ? 2 : 1);
	bool before = (i >= 2 && letter(s, n, i - 1) && letter(s, n, i - 2)) ||
	    (i >= 3 && letter(s, n, i - 1) && s[i - 2] == '-' && letter(s, n, i - 3));

	return before && letter(s, n, i + 1) && letter(s, n, after);
}

/* Bytes of the piece at s that stays together: white space, or a word up to a hyphen. */
static size_t
piece(const struct wrap *w, const char *s, size_t n)
{
	size_t i = template_space(s, n), len;

	if (i != 0)
		return i;
	for (; i < n && template_space(s + i, n - i) == 0; i += len) {
		template_decode(s + i, &len);
		if (w->hyphens && s[i] == '-' && breaks_behind(s, n, i))
			return i + 1;
	}
	return i;
}

/* Bytes of a word of more than `left` characters that still go into the line. */
static size_t
cut(const struct wrap *w, const char *s, size_t n, int64_t left)
{
	size_t end = template_offset(s, n, left > 0 ? (size_t)left : 0);
	const char *hyphen = w->hyphens && end != 0 ? memrchr(s, '-', end) : NULL;

	if (hyphen == NULL || hyphen == s)
		return end;
	for (const char *c = s; c < hyphen; c++)
		if (*c != '-')
			return (size_t)(hyphen + 1 - s);
	return end;
}

/* One line from s on, which goes up to *stop: what the next one begins with. */
static const char *
fill(struct eval *x, const struct wrap *w, const char *s, const char *end, const char **stop)
{
	const char *begin = s;
	int64_t used = 0, chars = 0;
	size_t n = 0;

	*stop = s;
	for (; s < end; s += n) {
		template_work(x, 64);
		n = piece(w, s, (size_t)(end - s));
		chars = (int64_t)template_chars(s, n);
		if (used + chars > w->width)
			break;
		used += chars;
		if (template_space(s, n) == 0)
			*stop = s + n;
	}
	if (s == end || chars <= w->width || (!w->break_long && s != begin))
		return s;
	if (w->break_long)
		n = cut(w, s, n, w->width - used);
	if (n != 0 && template_space(s, n) == 0)
		*stop = s + n;
	return s + n;
}

/* White space stays at the begin of the first line only, as Python's textwrap has it. */
static void
wrap_line(struct eval *x, const struct wrap *w, struct val line)
{
	const char *s = line.s, *end = s + line.n, *begin, *stop;
	bool first = true;

	while (s < end) {
		if (!first)
			s += template_space(s, (size_t)(end - s));
		begin = s;
		s = fill(x, w, s, end, &stop);
		if (stop == begin)
			continue;
		if (!first)
			add(x, w->between.s, w->between.n);
		add(x, begin, (size_t)(stop - begin));
		first = false;
	}
}

FILTER(f_wordwrap)
{
	struct val lines = template_lines(x, c->in);
	struct wrap w = { .width = c->arg[0].i,
		.break_long = c->arg[1].kind == V_ABSENT || template_truth(x, c->arg[1]),
		.hyphens = c->arg[3].kind == V_ABSENT || template_truth(x, c->arg[3]),
		.between = template_vstr("\n", 1) };

	if (w.width < 1)
		template_refuse(x, "a line has at least one character");
	if (template_is_given(c->arg[2]))
		w.between = template_arg_text(x, c->arg[2], 3);
	for (uint32_t i = 0; i < lines.n; i++) {
		if (i != 0)
			add(x, w.between.s, w.between.n);
		wrap_line(x, &w, lines.v[i]);
	}
	return template_take(x);
}

/* ---- pprint ---- */

/* The value with the keys of mappings in their order. */
static struct val
sorted(struct eval *x, struct val v, int depth)
{
	struct signature sig = template_signature(template_find('f', "dictsort", 8));
	struct val yes = template_vbool(true), to, pairs;

	if (depth > MAX_DEPTH)
		template_refuse(x, "a value nested deeper than %d", MAX_DEPTH);
	if (template_is_map(v)) {
		pairs = template_apply(x, &sig, v, &yes, 1);
		to = template_map_new(x, false);
		for (uint32_t i = 0; i < pairs.n; i++)
			template_map_set(
			    x, to.m, pairs.v[i].v[0], sorted(x, pairs.v[i].v[1], depth + 1));
		return to;
	}
	if (v.kind != V_LIST && v.kind != V_JARR)
		return v;
	to = template_list(x, (size_t)template_len(v), template_is_tuple(v));
	for (uint32_t i = 0; i < to.n; i++)
		to.v[i] = sorted(x, template_at(v, i), depth + 1);
	return to;
}

/* Python's repr at the end of x->tmp; its characters. */
static int64_t
add_repr(struct eval *x, struct val v)
{
	size_t at = x->tmp.len;

	template_put(x, &x->tmp, v, FORM_REPR, -1);
	return x->tmp.len > at ? (int64_t)template_chars(x->tmp.s + at, x->tmp.len - at) : 0;
}

enum { PPRINT_WIDTH = 80 };

static void
add_break(struct eval *x, int indent)
{
	template_room(x, x->tmp.len + 2 + (size_t)indent);
	pth_buf_addf(&x->tmp, ",\n%*s", indent, "");
}

/* The value at this column, with `behind` characters of brackets behind it: in one line when it
 * fits, else an element a line. */
static void
pretty(struct eval *x, struct val v, int indent, int behind)
{
	bool map = v.kind == V_MAP, tuple = template_is_tuple(v);
	size_t at = x->tmp.len;
	int64_t width;
	uint32_t n = map ? v.m->n : v.n;

	if (add_repr(x, v) <= PPRINT_WIDTH - indent - behind || (!map && v.kind != V_LIST) ||
	    n == 0)
		return;
	pth_buf_cut(&x->tmp, at);
	add(x, map ? "{" : tuple ? "(" : "[", 1);
	behind += tuple && n == 1 ? 2 : 1;
	for (uint32_t i = 0; i < n; i++) {
		if (i != 0)
			add_break(x, indent + 1);
		width = 0;
		if (map) {
			width = add_repr(x, v.m->kv[2 * i]) + 2;
			add(x, ": ", 2);
		}
		pretty(x, map ? v.m->kv[2 * i + 1] : v.v[i],
		    indent + 1 + (int)(width < PPRINT_WIDTH ? width : PPRINT_WIDTH),
		    i + 1 == n ? behind : 1);
	}
	add(x, map ? "}" : tuple ? n == 1 ? ",)" : ")" : "]", tuple && n == 1 ? 2 : 1);
}

FILTER(f_pprint)
{
	struct val v = sorted(x, c->in, 0);

	pretty(x, v, 0, 0);
	return template_take(x);
}

/* ---- random ---- */

/* The same for the same test: of its id and of the variable seed. */
static uint64_t
first_chance(struct eval *x)
{
	json_t *id = json_object_get(x->vars, "id"), *seed = json_object_get(x->vars, "seed");
	uint64_t h = PTH_HASH_EMPTY;

	if (json_is_string(id))
		h = pth_hash(h, json_string_value(id), json_string_length(id));
	if (seed != NULL) {
		template_put(x, &x->tmp, template_from(seed), FORM_STR, -1);
		h = pth_hash(h, x->tmp.s != NULL ? x->tmp.s : "", x->tmp.len);
		pth_buf_cut(&x->tmp, 0);
	}
	return h | 1;
}

FILTER(f_random)
{
	int64_t n = template_len(c->in);

	if (n == 0)
		return template_undef(x, x->at, c->in, NULL, 0, "there is nothing to choose from");
	if (x->chance == 0)
		x->chance = first_chance(x);
	x->chance = pth_hash(x->chance, "random", 6) | 1;
	return template_at(c->in, (int64_t)((x->chance >> 8) % (uint64_t)n));
}

/* ---- paths ---- */

/* As Python's os.path.realpath: absolute, and links are followed as far as the path is there.
 * Nothing here leaves by longjmp. */
static void
put_realpath(struct pth_buf *b, const char *path)
{
	pth_auto_buf at = PTH_BUF_INIT;
	pth_auto_str here = NULL;
	pth_auto_str real = NULL;
	struct pth_word rest, step;
	size_t n, begin = b->len;
	char next;

	if (*path != '/')
		here = realpath(".", NULL);
	pth_buf_addf(&at, "%s/%s", here != NULL ? here : "", path);
	for (n = at.len; real == NULL; n--) {
		next = at.s[n];
		if (next != '/' && next != '\0')
			continue;
		at.s[n] = '\0';
		real = realpath(n != 0 ? at.s : "/", NULL);
		at.s[n] = next;
		if (real != NULL || n == 0)
			break;
	}
	if (real != NULL && strcmp(real, "/") != 0)
		pth_buf_adds(b, real);
	rest = (struct pth_word){ at.s + n, at.len - n };
	while (pth_word_next(&rest, "/", &step)) {
		if (step.n == 2 && memcmp(step.s, "..", 2) == 0) {
			while (b->len > begin && b->s[b->len - 1] != '/')
				pth_buf_cut(b, b->len - 1);
			if (b->len > begin)
				pth_buf_cut(b, b->len - 1);
		} else if (step.n > 0 && (step.n != 1 || *step.s != '.')) {
			pth_buf_addf(b, "/%.*s", (int)step.n, step.s);
		}
	}
	if (b->len == begin)
		pth_buf_addc(b, '/');
}

FILTER(f_realpath)
{
	struct val path = c->in;

	if (path.kind == V_UNDEF)
		template_fail_undef(x, path);
	if (path.kind != V_STR)
		template_refuse(x, "%s is not a path", template_kind(path));
	if (path.n > 4096 || (path.n != 0 && memchr(path.s, '\0', path.n) != NULL))
		template_refuse(x, "this is not a path");
	put_realpath(&x->tmp, template_text0(x, path));
	return template_take(x);
}

FILTER_IS(f_is_dict, template_vbool(template_is_map(c->in)))

/* clang-format off */
const struct filter template_filters_shape[] = {
	{ "wordwrap", f_wordwrap,
	    "s,width:i=79,break_long_words:v=,wrapstring:v=,break_on_hyphens:v=" },
	{ "pprint", f_pprint, "v" }, { "random", f_random, "q" },
	{ "regex_replace", template_regex_replace,
	    "s,pattern:s,replacement:s=,ignorecase:b=,count:i=0" },
	{ "realpath", f_realpath, "v" }, { "is_dict", f_is_dict, "v" },
	{ NULL, NULL, NULL },
};
/* clang-format on */
