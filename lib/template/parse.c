/* This file parses statements, and makes and frees templates. */
#include "base/text.h"
#include "io/json.h"
#include "template/priv.h"

void
template_parse_fail(struct parse *p, uint32_t pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	template_verror(p->src, pos, p->e, fmt, ap);
	va_end(ap);
	longjmp(p->out, 1);
}

/* ---- names ---- */

uint32_t
template_symbol(struct shared *sh, const char *s, size_t n)
{
	const json_t *number = json_object_getn(sh->numbers, s, n);
	uint32_t sym, own;

	if (number != NULL) {
		sym = (uint32_t)json_integer_value(number);
		own = sym - sh->sym_own;
		if (sh->sym_own != 0 && own < 3)
			sh->uses |= 1u << own;
		return sym;
	}
	if (sh->nsym == sh->cap) {
		sh->cap = sh->cap != 0 ? sh->cap * 2 : 32;
		sh->sym = pth_xarray(sh->sym, sh->cap, sizeof *sh->sym);
	}
	sh->sym[sh->nsym] = pth_arena_strn(&sh->arena, s, n);
	pth_json_set(sh->numbers, sh->sym[sh->nsym], json_integer(sh->nsym));
	return sh->nsym++;
}

/* ---- statements ---- */

static struct node *parse_body(
    struct parse *p, uint32_t begin, const char *what, const char *const *branches);
static struct node *parse_last_body(struct parse *p, uint32_t begin, const char *what);

/* Is p on one of the names, of which NULL is the last? */
static bool
at_one_of(const struct parse *p, const char *const *names)
{
	for (; *names != NULL; names++)
		if (template_is(p, *names))
			return true;
	return false;
}

static bool
special(const struct parse *p)
{
	static const char *const names[] = { "true", "True", "false", "False", "none", "None",
		"not", "and", "or", "in", "is", "if", "else", NULL };

	return at_one_of(p, names);
}

static struct node *target(struct parse *p, bool ns);

static struct node *
target_one(struct parse *p, bool ns)
{
	struct node *n, *attr;

	if (template_skip_kind(p, T_LPAREN)) {
		if (++p->depth > MAX_NEST)
			template_parse_refuse(p, "nested too deep");
		n = target(p, ns);
		p->depth--;
		template_expect(p, T_RPAREN);
		return n;
	}
	if (p->t.kind != T_NAME || special(p))
		template_parse_refuse(p, "expected a name to assign to");
	n = template_name(p, E_NAME);
	if (!ns || !template_skip_kind(p, T_DOT))
		return n;
	if (p->t.kind != T_NAME)
		template_expect(p, T_NAME);
	attr = template_name(p, E_ATTR);
	attr->a = n;
	return attr;
}

/* NAME or (NAME, NAME ...) to assign to; ns: also NAME.NAME. */
static struct node *
target(struct parse *p, bool ns)
{
	struct node *n = target_one(p, ns), *list;

	if (p->t.kind != T_COMMA)
		return n;
	list = template_append(p, template_node(p, E_TUPLE, n->pos), n);
	while (template_skip_kind(p, T_COMMA)) {
		if ((p->t.kind != T_NAME && p->t.kind != T_LPAREN) || template_is(p, "in"))
			break;
		template_append(p, list, target_one(p, ns));
	}
	return list;
}

/* The node has the condition in a (NULL: else), the body in b, the next branch in c. */
static struct node *
parse_if(struct parse *p, uint32_t begin)
{
	static const char *const branches[] = { "elif", "else", NULL };
	struct node *first = template_node(p, S_IF, begin), *n = first;

	for (;;) {
		n->a = template_tuple(p, false);
		n->b = parse_body(p, begin, "if", branches);
		if (template_skip(p, "endif"))
			return first;
		n->c = template_node(p, S_IF, p->t.pos);
		n = n->c;
		if (template_skip(p, "else"))
			break;
		template_next(p);
	}
	n->b = parse_last_body(p, begin, "if");
	return first;
}

/* The node has the target in a, the sequence in b, the body in c; d->a is the filter or
 * NULL, d->b what `else` has. */
static struct node *
parse_for(struct parse *p, uint32_t begin)
{
	static const char *const branches[] = { "else", NULL };
	struct node *n = template_node(p, S_FOR, begin), *more = template_node(p, S_FOR, begin);

	if (template_is(p, "loop"))
		template_parse_refuse(p, "'loop' is set by the loop itself");
	n->a = target(p, false);
	if (!template_skip(p, "in"))
		template_parse_refuse(p, "expected 'in' after the names of 'for'");
	n->b = template_tuple(p, false);
	n->d = more;
	if (template_skip(p, "if"))
		more->a = template_expression(p);
	if (template_is(p, "recursive"))
		template_parse_refuse(p, "recursive loops are not supported");
	n->c = parse_body(p, begin, "for", branches);
	if (!template_skip(p, "endfor")) {
		template_next(p);
		more->b = parse_last_body(p, begin, "for");
	}
	return n;
}

/* The name that stands for the text of a block, with filters behind it. */
static struct node *
block_text(struct parse *p)
{
	struct node *n = template_node(p, E_NAME, p->t.pos);

	n->sym = p->sh->sym_block;
	return template_filters(p, n);
}

static struct node *
parse_set(struct parse *p, uint32_t begin)
{
	struct node *n = template_node(p, S_SET, begin);

	n->a = target(p, true);
	if (template_skip_kind(p, T_ASSIGN)) {
		n->b = template_tuple(p, true);
		return n;
	}
	n->op = S_SETBLOCK;
	n->b = block_text(p);
	n->c = parse_last_body(p, begin, "set");
	return n;
}

static struct node *
parse_filter_block(struct parse *p, uint32_t begin)
{
	struct node *n = template_node(p, S_FILTER, begin);

	/* The scanner stands on the first name, as if a pipe came before it. */
	p->ahead = p->t;
	p->has_ahead = true;
	p->t.kind = T_PIPE;
	n->b = block_text(p);
	n->c = parse_last_body(p, begin, "filter");
	return n;
}

/* The node has a list of S_SET in a, the body in c. */
static struct node *
parse_with(struct parse *p, uint32_t begin)
{
	struct node *n = template_node(p, S_WITH, begin), *set;

	while (p->t.kind != T_BLOCK_END) {
		set = template_node(p, S_SET, p->t.pos);
		set->a = target_one(p, false);
		template_expect(p, T_ASSIGN);
		set->b = template_expression(p);
		template_append(p, n, set);
		if (!template_skip_kind(p, T_COMMA))
			break;
	}
	n->c = parse_last_body(p, begin, "with");
	return n;
}

/* What a macro or a call block takes: "(a, b=1)". A list of S_SET without value or with its
 * default. */
static struct node *
parse_params(struct parse *p)
{
	struct node *list = template_node(p, E_LIST, p->t.pos), *set;
	bool optional = false;

	template_expect(p, T_LPAREN);
	while (p->t.kind != T_RPAREN) {
		if (p->t.kind != T_NAME || special(p))
			template_parse_refuse(p, "expected the name of a parameter");
		set = template_node(p, S_SET, p->t.pos);
		set->a = template_name(p, E_NAME);
		for (const struct node *c = list->a; c != NULL; c = c->next)
			if (c->a->sym == set->a->sym)
				template_parse_fail(p, set->pos,
				    "the parameter '%s' is there twice", p->sh->sym[set->a->sym]);
		if (template_skip_kind(p, T_ASSIGN))
			set->b = template_expression(p);
		else if (optional)
			template_parse_fail(
			    p, set->pos, "a parameter without default after one with a default");
		optional = set->b != NULL;
		template_append(p, list, set);
		if (!template_skip_kind(p, T_COMMA))
			break;
	}
	template_expect(p, T_RPAREN);
	return list;
}

/* The node has the name in sym, the parameters in b, the body in c. */
static struct node *
parse_macro(struct parse *p, uint32_t begin)
{
	struct node *n = template_node(p, S_MACRO, begin), *name;
	unsigned outer = p->sh->uses;

	if (p->t.kind != T_NAME || special(p))
		template_parse_refuse(p, "expected the name of the macro");
	name = template_name(p, E_NAME);
	n->sym = name->sym;
	n->b = parse_params(p);
	p->sh->uses = 0;
	n->c = parse_last_body(p, begin, "macro");
	n->flag = (uint8_t)p->sh->uses;
	p->sh->uses |= outer;
	return n;
}

/* The same for a block that a macro calls; the call of the macro is in a. */
static struct node *
parse_call_block(struct parse *p, uint32_t begin)
{
	struct node *n = template_node(p, S_CALL, begin);
	unsigned outer = p->sh->uses;

	n->b = p->t.kind == T_LPAREN ? parse_params(p) : template_node(p, E_LIST, p->t.pos);
	n->a = template_expression(p);
	if (n->a->op != E_CALL)
		template_parse_fail(p, n->a->pos, "'call' needs the call of a macro");
	p->sh->uses = 0;
	n->c = parse_last_body(p, begin, "call");
	n->flag = (uint8_t)p->sh->uses;
	p->sh->uses |= outer;
	return n;
}

static struct node *
parse_include(struct parse *p, uint32_t begin)
{
	struct node *n = template_node(p, S_INCLUDE, begin);

	n->a = template_expression(p);
	if (template_skip(p, "ignore")) {
		if (!template_skip(p, "missing"))
			template_parse_refuse(p, "expected 'missing' after 'ignore'");
		n->flag = 1;
	}
	if (template_is(p, "without"))
		template_parse_refuse(p, "'without context' is not supported");
	if (template_skip(p, "with") && !template_skip(p, "context"))
		template_parse_refuse(p, "expected 'context' after 'with'");
	return n;
}

static void
parse_context(struct parse *p)
{
	if ((template_skip(p, "with") || template_skip(p, "without")) &&
	    !template_skip(p, "context"))
		template_parse_refuse(p, "expected 'context'");
}

/* A name to assign to, in sym. */
static void
parse_as(struct parse *p, struct node *n)
{
	if (p->t.kind != T_NAME || special(p))
		template_parse_refuse(p, "expected a name to assign to");
	n->sym = template_name(p, E_NAME)->sym;
}

/* The node has the file in a, the name in sym. */
static struct node *
parse_import(struct parse *p, uint32_t begin)
{
	struct node *n = template_node(p, S_IMPORT, begin);

	n->a = template_expression(p);
	if (!template_skip(p, "as"))
		template_parse_refuse(p, "expected 'as' and a name");
	parse_as(p, n);
	parse_context(p);
	return n;
}

/* The node has the file in a, a list of names in b: there in s, here in sym. */
static struct node *
parse_from(struct parse *p, uint32_t begin)
{
	struct node *n = template_node(p, S_IMPORT, begin), *list, *one;

	n->a = template_expression(p);
	if (!template_skip(p, "import"))
		template_parse_refuse(p, "expected 'import' and names");
	list = template_node(p, E_LIST, p->t.pos);
	do {
		if (p->t.kind != T_NAME || special(p))
			template_parse_refuse(p, "expected a name to import");
		one = template_node(p, E_KW, p->t.pos);
		one->s = pth_arena_strn(&p->sh->arena, p->t.s, p->t.n);
		one->n = p->t.n;
		one->sym = template_name(p, E_NAME)->sym;
		if (template_skip(p, "as"))
			parse_as(p, one);
		template_append(p, list, one);
	} while (template_skip_kind(p, T_COMMA) && !template_is(p, "with") &&
	    !template_is(p, "without") && p->t.kind != T_BLOCK_END);
	parse_context(p);
	n->b = list->a;
	return n;
}

static const struct {
	const char *name;
	struct node *(*parse)(struct parse *p, uint32_t begin);
} statements[] = {
	{ "if", parse_if },
	{ "for", parse_for },
	{ "set", parse_set },
	{ "include", parse_include },
	{ "with", parse_with },
	{ "filter", parse_filter_block },
	{ "macro", parse_macro },
	{ "call", parse_call_block },
	{ "import", parse_import },
	{ "from", parse_from },
};

static void
unknown_statement(struct parse *p)
{
	static const char *const not_ours[] = { "extends", "block", "autoescape", "do", "trans",
		"break", "continue", "debug" };
	static const char *const names[] = { "if", "elif", "else", "endif", "for", "endfor", "set",
		"endset", "include", "with", "endwith", "filter", "endfilter", "macro", "endmacro",
		"call", "endcall", "import", "from", "raw", "endraw" };
	char name[64];
	const char *near;

	if (p->t.kind != T_NAME)
		template_parse_refuse(
		    p, "expected a statement but found %s", template_tok_name(p->t.kind));
	snprintf(name, sizeof name, "%.*s", (int)(p->t.n > 60 ? 60 : p->t.n), p->t.s);
	for (size_t i = 0; i < countof(not_ours); i++)
		if (template_is(p, not_ours[i]))
			template_parse_refuse(
			    p, "'%s' is not supported%s", name, i < 1 ? "; use 'include'" : "");
	for (size_t i = 0; i < countof(names); i++) {
		if (!template_is(p, names[i]))
			continue;
		if (p->what != NULL && strncmp(name, "end", 3) == 0)
			template_parse_refuse(p, "'%s' where 'end%s' should be", name, p->what);
		template_parse_refuse(p, "'%s' without its beginning", name);
	}
	near = pth_nearest(name, names, countof(names));
	template_parse_refuse(p, "no statement '%s'%s%s%s", name, PTH_DID_YOU_MEAN(near));
}

static struct node *
parse_statement(struct parse *p, uint32_t begin)
{
	struct node *n;

	for (size_t i = 0; i < countof(statements); i++) {
		if (!template_is(p, statements[i].name))
			continue;
		if (++p->blocks > MAX_NEST)
			template_parse_fail(p, begin, "more than %d blocks in blocks", MAX_NEST);
		template_next(p);
		n = statements[i].parse(p, begin);
		p->blocks--;
		template_expect(p, T_BLOCK_END);
		return n;
	}
	unknown_statement(p);
	return NULL;
}

static struct node *
parse_print(struct parse *p, uint32_t begin)
{
	struct node *n = template_node(p, S_PRINT, begin);

	template_next(p);
	n->a = template_tuple(p, true);
	template_expect(p, T_VAR_END);
	return n;
}

/* Is p on the tag that ends a block, or begins another branch of it? */
static bool
body_ends(const struct parse *p, const char *what, const char *const *branches)
{
	return what != NULL &&
	    ((p->t.kind == T_NAME && p->t.n > 3 && memcmp(p->t.s, "end", 3) == 0 &&
	         template_word(p->t.s + 3, p->t.n - 3, what)) ||
	        at_one_of(p, branches));
}

/* The statements behind this tag, up to one with the name "end" and what, or one
 * of branches, on which p then stands. what NULL: up to the end of the text. */
static struct node *
parse_body(struct parse *p, uint32_t begin, const char *what, const char *const *branches)
{
	struct node *list = NULL, **tail = &list, *n;
	const char *outer = p->what;
	struct token t;

	if (what != NULL)
		template_expect(p, T_BLOCK_END);
	for (;;) {
		p->what = what;
		t = template_scan_text(p);
		p->has_ahead = false;
		switch (t.kind) {
		case T_EOF:
			if (what != NULL)
				template_parse_fail(
				    p, begin, "'%s' without '{%% end%s %%}'", what, what);
			return list;
		case T_DATA:
			n = template_node(p, S_TEXT, t.pos);
			n->s = t.s;
			n->n = t.n;
			break;
		case T_VAR_BEGIN: n = parse_print(p, t.pos); break;
		default:
			template_next(p);
			if (body_ends(p, what, branches)) {
				p->what = outer;
				return list;
			}
			n = parse_statement(p, t.pos);
		}
		*tail = n;
		tail = &n->next;
	}
}

/* The same up to the end of the block, which is skipped. */
static struct node *
parse_last_body(struct parse *p, uint32_t begin, const char *what)
{
	static const char *const none[] = { NULL };
	struct node *list = parse_body(p, begin, what, none);

	template_next(p);
	return list;
}

/* ---- templates ---- */

/* The text with \r\n and \r as \n, in the arena. */
static void
take_source(struct shared *sh, struct tsource *src, const char *s, size_t n)
{
	char *d = pth_arena_strn(&sh->arena, s, n);
	size_t k = 0;

	src->s = d;
	src->n = n;
	if (memchr(s, '\r', n) == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\r' && i + 1 < n && s[i + 1] == '\n')
			continue;
		d[k++] = s[i] == '\r' ? '\n' : s[i];
	}
	d[k] = '\0';
	src->n = k;
}

static int
parse_into(struct parse *p, struct pth_template *t)
{
	if (setjmp(p->out))
		return -1;
	if (!p->expr) {
		t->body = parse_body(p, 0, NULL, NULL);
		return 0;
	}
	template_next(p);
	t->body = template_expression(p);
	if (p->t.kind != T_EOF)
		template_expect(p, T_EOF);
	return 0;
}

struct pth_template *
template_parse_one(struct shared *sh, const char *name, const char *s, size_t n, bool expr,
    unsigned line, unsigned col, struct pth_err *e)
{
	struct pth_template *t = pth_arena_alloc(&sh->arena, sizeof *t);
	struct parse *p;
	size_t bad;
	int r;

	t->sh = sh;
	t->src.name = pth_arena_str(&sh->arena, name);
	t->src.line = line != 0 ? line : 1;
	t->src.col = col != 0 ? col : 1;
	if (n > MAX_SOURCE) {
		pth_err_set(e, PTH_INPUT, "%s: a template has at most %d bytes", name, MAX_SOURCE);
		return NULL;
	}
	if (!pth_utf8_ok(s, n, &bad)) {
		t->src.s = s;
		t->src.n = n;
		template_error(&t->src, (uint32_t)bad, e, "byte 0x%02x is not valid UTF-8 text",
		    (unsigned char)s[bad]);
		return NULL;
	}
	take_source(sh, &t->src, s, n);
	if (sh->opt.drop_last_newline && t->src.n > 0 && t->src.s[t->src.n - 1] == '\n')
		((char *)(uintptr_t)t->src.s)[--t->src.n] = '\0';
	p = pth_xmalloc(sizeof *p);
	*p = (struct parse){ .src = &t->src, .sh = sh, .e = e, .expr = expr };
	p->trim = p->lstrip = !sh->opt.keep_blocks;
	r = parse_into(p, t);
	pth_buf_release(&p->tmp);
	free(p);
	return r == 0 ? t : NULL;
}

static void
free_shared(struct shared *sh)
{
	pth_arena_release(&sh->arena);
	free(sh->sym);
	json_decref(sh->numbers);
	free(sh);
}

struct pth_template *
template_new(const char *name, const char *src, size_t n, const struct pth_template_options *opt,
    bool expr, struct pth_err *e)
{
	struct shared *sh = pth_xmalloc(sizeof *sh);
	struct pth_template *t;

	*sh = (struct shared){ .numbers = json_object() };
	if (opt != NULL)
		sh->opt = *opt;
	sh->sym_loop = template_symbol(sh, "loop", 4);
	sh->sym_block = template_symbol(sh, "", 0);
	sh->sym_own = template_symbol(sh, "caller", 6);
	template_symbol(sh, "varargs", 7);
	template_symbol(sh, "kwargs", 6);
	t = template_parse_one(sh, name, src, n, expr, sh->opt.line, sh->opt.col, e);
	if (t == NULL)
		free_shared(sh);
	return t;
}

struct pth_template *
pth_template_parse(const char *name, const char *src, size_t n,
    const struct pth_template_options *opt, struct pth_err *e)
{
	return template_new(name, src, n, opt, false, e);
}

void
pth_template_free(struct pth_template *t)
{
	if (t != NULL)
		free_shared(t->sh);
}
