/*
 * This file parses expressions with the precedence of Jinja, lowest first: inline if, or, and,
 * not, comparison, + -, ~, * / // %, **, unary, filters and tests.
 */
#include "base/text.h"
#include "template/priv.h"

void
template_next(struct parse *p)
{
	if (p->has_ahead) {
		p->t = p->ahead;
		p->has_ahead = false;
	} else {
		p->t = template_scan_tag(p);
	}
}

/* The token after this one. */
static const struct token *
look_ahead(struct parse *p)
{
	if (!p->has_ahead) {
		p->ahead = template_scan_tag(p);
		p->has_ahead = true;
	}
	return &p->ahead;
}

bool
template_word(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && memcmp(s, word, n) == 0;
}

bool
template_is(const struct parse *p, const char *name)
{
	return p->t.kind == T_NAME && template_word(p->t.s, p->t.n, name);
}

bool
template_skip(struct parse *p, const char *name)
{
	if (!template_is(p, name))
		return false;
	template_next(p);
	return true;
}

bool
template_skip_kind(struct parse *p, int kind)
{
	if (p->t.kind != kind)
		return false;
	template_next(p);
	return true;
}

/* What stands here instead of what was wanted. */
static void
unexpected(struct parse *p, const char *want)
{
	if (p->t.kind == T_NAME)
		template_parse_refuse(p, "expected %s but found '%.*s'", want,
		    (int)(p->t.n > 60 ? 60 : p->t.n), p->t.s);
	template_parse_refuse(p, "expected %s but found %s", want, template_tok_name(p->t.kind));
}

void
template_expect(struct parse *p, int kind)
{
	if (p->t.kind != kind)
		unexpected(p, template_tok_name(kind));
	/* There is text behind the end of a tag, with which the caller goes on. */
	if (kind != T_VAR_END && kind != T_BLOCK_END)
		template_next(p);
}

struct node *
template_node(struct parse *p, int op, uint32_t pos)
{
	struct node *n = pth_arena_alloc(&p->sh->arena, sizeof *n);

	n->op = (uint8_t)op;
	n->pos = pos;
	return n;
}

struct node *
template_name(struct parse *p, int op)
{
	struct node *n = template_node(p, op, p->t.pos);

	if (op == E_NAME) {
		n->sym = template_symbol(p->sh, p->t.s, p->t.n);
	} else {
		n->s = pth_arena_strn(&p->sh->arena, p->t.s, p->t.n);
		n->n = p->t.n;
	}
	template_next(p);
	return n;
}

/* A node counts the levels below it, so that no walk over it gets too deep. */
static struct node *
grow(struct parse *p, struct node *n, const struct node *child)
{
	if (child != NULL && child->height >= n->height) {
		if (child->height >= MAX_HEIGHT)
			template_parse_fail(
			    p, n->pos, "expression with more than %d levels", MAX_HEIGHT);
		n->height = (uint16_t)(child->height + 1);
	}
	return n;
}

/* The node, all of whose children are there. */
static struct node *
whole(struct parse *p, struct node *n)
{
	return grow(p, grow(p, grow(p, grow(p, n, n->a), n->b), n->c), n->d);
}

static struct node *
two(struct parse *p, int op, uint32_t pos, struct node *a, struct node *b)
{
	struct node *n = template_node(p, op, pos);

	n->a = a;
	n->b = b;
	return whole(p, n);
}

struct node *
template_append(struct parse *p, struct node *list, struct node *child)
{
	*(list->a != NULL ? &list->d->next : &list->a) = child;
	list->d = child;
	list->n++;
	return grow(p, list, child);
}

/* A list with its first element. */
static struct node *
list_of(struct parse *p, int op, uint32_t pos, struct node *first)
{
	return template_append(p, template_node(p, op, pos), first);
}

static void
enter(struct parse *p)
{
	if (++p->depth > MAX_HEIGHT)
		template_parse_refuse(p, "expression with more than %d levels", MAX_HEIGHT);
}

/* Precedence of operators with an operand on either side, the lowest first. */
enum level { LEVEL_OR, LEVEL_AND, LEVEL_COMPARE, LEVEL_ADD, LEVEL_MUL, LEVEL_POW };

static struct node *parse_unary(struct parse *p, bool filters);
static struct node *parse_infix(struct parse *p, enum level level);
static struct node *parse_concat(struct parse *p);
static struct node *parse_not(struct parse *p);

struct node *
template_expression(struct parse *p)
{
	struct node *n, *c;
	uint32_t pos;

	enter(p);
	n = parse_infix(p, LEVEL_OR);
	while (template_is(p, "if")) {
		pos = p->t.pos;
		template_next(p);
		c = template_node(p, E_COND, pos);
		c->a = parse_infix(p, LEVEL_OR);
		c->b = n;
		if (template_skip(p, "else"))
			c->c = template_expression(p);
		n = whole(p, c);
	}
	p->depth--;
	return n;
}

static bool
tuple_ends(const struct parse *p)
{
	int k = p->t.kind;

	return k == T_VAR_END || k == T_BLOCK_END || k == T_RPAREN || k == T_EOF ||
	    template_is(p, "in") || template_is(p, "recursive");
}

/* With empty, `()` is a tuple too. */
static struct node *
parse_tuple(struct parse *p, bool cond, bool empty)
{
	uint32_t pos = p->t.pos;
	struct node *n;

	if (tuple_ends(p) && empty)
		return template_node(p, E_TUPLE, pos);
	if (tuple_ends(p))
		unexpected(p, "an expression");
	n = cond ? template_expression(p) : parse_infix(p, LEVEL_OR);
	if (p->t.kind == T_COMMA)
		n = list_of(p, E_TUPLE, pos, n);
	while (template_skip_kind(p, T_COMMA) && !tuple_ends(p))
		template_append(p, n, cond ? template_expression(p) : parse_infix(p, LEVEL_OR));
	return n;
}

struct node *
template_tuple(struct parse *p, bool cond)
{
	return parse_tuple(p, cond, false);
}

/* A list of expressions, or of pairs with a colon between them, up to a bracket. */
static struct node *
parse_elements(struct parse *p, int op, int end)
{
	struct node *n = template_node(p, op, p->t.pos);

	template_next(p);
	while (p->t.kind != end) {
		template_append(p, n, template_expression(p));
		if (op == E_DICT) {
			template_expect(p, T_COLON);
			template_append(p, n, template_expression(p));
		}
		if (!template_skip_kind(p, T_COMMA))
			break;
	}
	template_expect(p, end);
	return n;
}

static struct node *
constant(struct parse *p, struct val v)
{
	struct node *n = template_node(p, E_CONST, p->t.pos);

	n->val = v;
	template_next(p);
	return n;
}

/* "a" "b": one string. */
static struct node *
parse_string(struct parse *p)
{
	struct node *all = constant(p, template_vstr(p->t.s, p->t.n));

	if (p->t.kind == T_STR)
		all = list_of(p, E_CONCAT, all->pos, all);
	while (p->t.kind == T_STR)
		template_append(p, all, constant(p, template_vstr(p->t.s, p->t.n)));
	return all;
}

static struct node *
parse_name(struct parse *p)
{
	if (template_is(p, "true") || template_is(p, "True"))
		return constant(p, template_vbool(true));
	if (template_is(p, "false") || template_is(p, "False"))
		return constant(p, template_vbool(false));
	if (template_is(p, "none") || template_is(p, "None"))
		return constant(p, template_vnone());
	return template_name(p, E_NAME);
}

static struct node *
parse_primary(struct parse *p)
{
	struct node *n;

	switch (p->t.kind) {
	case T_NAME: return parse_name(p);
	case T_STR: return parse_string(p);
	case T_INT: return constant(p, template_vint(p->t.i));
	case T_REAL: return constant(p, template_vreal(p->t.d));
	case T_LPAREN:
		template_next(p);
		n = parse_tuple(p, true, true);
		template_expect(p, T_RPAREN);
		return n;
	case T_LBRACKET: return parse_elements(p, E_LIST, T_RBRACKET);
	case T_LBRACE: return parse_elements(p, E_DICT, T_RBRACE);
	default: unexpected(p, "an expression"); return NULL;
	}
}

/* Arguments into a list: positional nodes, then E_KW (s: name, a: value). */
static struct node *
parse_args(struct parse *p)
{
	struct node *list = template_node(p, E_LIST, p->t.pos), *kw;

	template_expect(p, T_LPAREN);
	while (p->t.kind != T_RPAREN) {
		if (p->t.kind == T_MUL || p->t.kind == T_POW)
			template_parse_refuse(p, "arguments by * and ** are not supported");
		if (p->t.kind == T_NAME && look_ahead(p)->kind == T_ASSIGN) {
			kw = template_name(p, E_KW);
			template_next(p);
			kw->a = template_expression(p);
			template_append(p, list, whole(p, kw));
		} else if (list->d != NULL && list->d->op == E_KW) {
			template_parse_refuse(p, "argument without a name after one with a name");
		} else {
			template_append(p, list, template_expression(p));
		}
		if (!template_skip_kind(p, T_COMMA))
			break;
	}
	template_expect(p, T_RPAREN);
	return list;
}

static struct node *
attribute(struct parse *p, struct node *in)
{
	struct node *n;

	template_next(p);
	if (p->t.kind == T_INT)
		return two(p, E_ITEM, p->t.pos, in, constant(p, template_vint(p->t.i)));
	if (p->t.kind != T_NAME)
		unexpected(p, "a name or a number after '.'");
	n = template_name(p, E_ATTR);
	n->a = in;
	return whole(p, n);
}

static bool
slice_part(const struct parse *p)
{
	return p->t.kind != T_COLON && p->t.kind != T_RBRACKET && p->t.kind != T_COMMA;
}

static struct node *
subscript(struct parse *p, struct node *in)
{
	struct node *n, *from = NULL;
	uint32_t pos = p->t.pos;

	template_next(p);
	if (p->t.kind != T_COLON) {
		from = template_tuple(p, true);
		if (p->t.kind != T_COLON) {
			template_expect(p, T_RBRACKET);
			return two(p, E_ITEM, pos, in, from);
		}
	}
	template_next(p);
	n = two(p, E_SLICE, pos, in, from);
	if (slice_part(p))
		n->c = template_expression(p);
	if (template_skip_kind(p, T_COLON) && slice_part(p))
		n->d = template_expression(p);
	template_expect(p, T_RBRACKET);
	return whole(p, n);
}

/* A call is of a function, f(...), or of a method, x.m(...); b has the arguments, s the name. */
static struct node *
parse_call(struct parse *p, struct node *in)
{
	struct node *n = template_node(p, E_CALL, in->pos);

	n->a = in;
	if (in->op == E_ATTR) {
		n->a = in->a;
		n->s = in->s;
		n->n = in->n;
	} else if (in->op != E_NAME) {
		template_parse_refuse(p, "this is not a function");
	}
	n->b = parse_args(p);
	return whole(p, n);
}

static struct node *
postfix(struct parse *p, struct node *n)
{
	for (;;) {
		if (p->t.kind == T_DOT)
			n = attribute(p, n);
		else if (p->t.kind == T_LBRACKET)
			n = subscript(p, n);
		else if (p->t.kind == T_LPAREN)
			n = parse_call(p, n);
		else
			return n;
	}
}

/* The filter or test whose name p stands on. */
static const struct signature *
lookup(struct parse *p, bool test)
{
	const struct filter *f;
	struct signature *sig;
	char name[64];
	const char *near;

	if (p->t.kind != T_NAME)
		unexpected(p, test ? "the name of a test" : "the name of a filter");
	f = template_find(test ? 't' : 'f', p->t.s, p->t.n);
	if (f != NULL) {
		sig = pth_arena_alloc(&p->sh->arena, sizeof *sig);
		*sig = template_signature(f);
		return sig;
	}
	snprintf(name, sizeof name, "%.*s", (int)(p->t.n > 60 ? 60 : p->t.n), p->t.s);
	near = template_near(test ? 't' : 'f', name);
	template_parse_refuse(
	    p, "no %s '%s'%s%s%s", test ? "test" : "filter", name, PTH_DID_YOU_MEAN(near));
}

static struct node *
parse_filter(struct parse *p, struct node *in)
{
	struct node *n;

	template_next(p);
	n = template_node(p, E_FILTER, p->t.pos);
	n->a = in;
	n->sig = lookup(p, false);
	template_next(p);
	if (p->t.kind == T_LPAREN)
		n->b = parse_args(p);
	return template_bind(p, whole(p, n));
}

struct node *
template_filters(struct parse *p, struct node *in)
{
	while (p->t.kind == T_PIPE)
		in = parse_filter(p, in);
	return in;
}

static bool
test_argument(const struct parse *p)
{
	int k = p->t.kind;

	if (k == T_NAME)
		return !template_is(p, "else") && !template_is(p, "or") && !template_is(p, "and");
	return k == T_STR || k == T_INT || k == T_REAL || k == T_LBRACKET || k == T_LBRACE;
}

static struct node *
parse_test(struct parse *p, struct node *in)
{
	struct node *n;

	template_next(p);
	n = template_node(p, E_TEST, 0);
	n->a = in;
	n->flag = template_skip(p, "not");
	n->pos = p->t.pos;
	n->sig = lookup(p, true);
	template_next(p);
	if (p->t.kind == T_LPAREN) {
		n->b = parse_args(p);
	} else if (test_argument(p)) {
		if (template_is(p, "is"))
			template_parse_refuse(p, "two tests in a row: use 'and'");
		n->b = list_of(p, E_LIST, p->t.pos, postfix(p, parse_primary(p)));
	}
	return template_bind(p, whole(p, n));
}

static struct node *
filters_and_tests(struct parse *p, struct node *n)
{
	for (;;) {
		if (p->t.kind == T_PIPE)
			n = parse_filter(p, n);
		else if (template_is(p, "is"))
			n = parse_test(p, n);
		else if (p->t.kind == T_LPAREN)
			template_parse_refuse(p, "this is not a function");
		else
			return n;
	}
}

static struct node *
parse_unary(struct parse *p, bool filters)
{
	struct node *n;
	uint32_t pos = p->t.pos;
	int kind = p->t.kind;

	if (kind == T_SUB || kind == T_ADD) {
		enter(p);
		template_next(p);
		n = two(p, kind == T_SUB ? E_NEG : E_POS, pos, parse_unary(p, false), NULL);
		p->depth--;
	} else {
		n = parse_primary(p);
	}
	n = postfix(p, n);
	return filters ? filters_and_tests(p, n) : n;
}

/* Operators with an operand on either side. */
static const struct infix {
	uint8_t level, token, op;
	const char *word; /* of T_NAME */
} infixes[] = {
	{ LEVEL_OR, T_NAME, E_OR, "or" },
	{ LEVEL_AND, T_NAME, E_AND, "and" },
	{ LEVEL_COMPARE, T_EQ, C_EQ, NULL },
	{ LEVEL_COMPARE, T_NE, C_NE, NULL },
	{ LEVEL_COMPARE, T_LT, C_LT, NULL },
	{ LEVEL_COMPARE, T_LE, C_LE, NULL },
	{ LEVEL_COMPARE, T_GT, C_GT, NULL },
	{ LEVEL_COMPARE, T_GE, C_GE, NULL },
	{ LEVEL_COMPARE, T_NAME, C_IN, "in" },
	{ LEVEL_COMPARE, T_NAME, C_NOTIN, "not" },
	{ LEVEL_ADD, T_ADD, E_ADD, NULL },
	{ LEVEL_ADD, T_SUB, E_SUB, NULL },
	{ LEVEL_MUL, T_MUL, E_MUL, NULL },
	{ LEVEL_MUL, T_DIV, E_DIV, NULL },
	{ LEVEL_MUL, T_FLOOR, E_FLOOR, NULL },
	{ LEVEL_MUL, T_MOD, E_MOD, NULL },
	{ LEVEL_POW, T_POW, E_POW, NULL },
};

/* The operator of this level on which p stands, skipped; -1: none. */
static int
infix(struct parse *p, enum level level)
{
	for (size_t i = 0; i < countof(infixes); i++) {
		if (infixes[i].level != level || infixes[i].token != p->t.kind ||
		    (infixes[i].word != NULL && !template_is(p, infixes[i].word)))
			continue;
		if (infixes[i].op == C_NOTIN) {
			if (look_ahead(p)->kind != T_NAME ||
			    !template_word(p->ahead.s, p->ahead.n, "in"))
				return -1;
			template_next(p);
		}
		template_next(p);
		return infixes[i].op;
	}
	return -1;
}

static struct node *
operand(struct parse *p, enum level level)
{
	switch (level) {
	case LEVEL_OR: return parse_infix(p, LEVEL_AND);
	case LEVEL_AND: return parse_not(p);
	case LEVEL_ADD: return parse_concat(p);
	case LEVEL_MUL: return parse_infix(p, LEVEL_POW);
	default: return parse_unary(p, true);
	}
}

static struct node *
parse_infix(struct parse *p, enum level level)
{
	struct node *n = operand(p, level);
	uint32_t pos = p->t.pos;

	for (int op; (op = infix(p, level)) >= 0; pos = p->t.pos)
		n = two(p, op, pos, n, operand(p, level));
	return n;
}

static struct node *
parse_concat(struct parse *p)
{
	struct node *n = parse_infix(p, LEVEL_MUL);

	if (p->t.kind == T_TILDE)
		n = list_of(p, E_CONCAT, p->t.pos, n);
	while (template_skip_kind(p, T_TILDE))
		template_append(p, n, parse_infix(p, LEVEL_MUL));
	return n;
}

static struct node *
parse_compare(struct parse *p)
{
	struct node *n = parse_infix(p, LEVEL_ADD), *cmp = NULL;
	uint32_t pos = p->t.pos;

	for (int op; (op = infix(p, LEVEL_COMPARE)) >= 0; pos = p->t.pos) {
		if (cmp == NULL)
			cmp = list_of(p, E_CMP, pos, n);
		template_append(p, cmp, two(p, op, pos, parse_infix(p, LEVEL_ADD), NULL));
	}
	return cmp != NULL ? cmp : n;
}

static struct node *
parse_not(struct parse *p)
{
	struct node *n;
	uint32_t pos = p->t.pos;

	if (!template_is(p, "not"))
		return parse_compare(p);
	enter(p);
	template_next(p);
	n = two(p, E_NOT, pos, parse_not(p), NULL);
	p->depth--;
	return n;
}
