/*
 * The files of the template language share what is in this header:
 *
 *   scan.c    text and tokens; whitespace control
 *   parse.c   statements      expr.c    expressions
 *   bind.c    arguments to parameters; filters applied by name
 *   eval.c    the interpreter; the API
 *   scope.c   variables: scopes, and the frames of macros
 *   macro.c   macros, what a call block gives them, imports
 *   undef.c   what to say about what is missing
 *   value.c   values: heap, comparison, sequences, to and from jansson
 *   put.c     values as text: str, repr, JSON, YAML
 *   op.c      operators, subscripts, slices, % formatting
 *   call.c    functions and methods
 *   filter.c  filters on any value; list.c: on lists; text.c: on text;
 *             shape.c: that give another shape; pyregex.c: regex_replace;
 *             html.c: of HTML;
 *             method.c: methods of strings
 *   is.c      what stands after `is`
 *
 * Parser and interpreter leave by longjmp when something is wrong: all they
 * own is an arena, a heap and a buffer that the one who called setjmp releases.
 * A variable with a cleanup attribute stands only in a function that longjmp
 * never leaves. The outside sees an ordinary -1 or NULL.
 */
#ifndef PTH_TEMPLATE_PRIV_H
#define PTH_TEMPLATE_PRIV_H

#include <setjmp.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "template/template.h"

enum {
	MAX_SOURCE = 4 << 20,  /* bytes of one template */
	MAX_OUTPUT = 16 << 20, /* bytes rendered, and of any one string */
	MAX_HEAP = 128 << 20,  /* bytes of values alive at once */
	MAX_STEPS = 1000000,   /* turns of all loops together */
	MAX_NEST = 64,         /* blocks in blocks, brackets in brackets */
	MAX_HEIGHT = 400,      /* of an expression's tree */
	MAX_DEPTH = 2100,      /* of a value; jansson reads 2048 */
	MAX_INCLUDE = 16,
	MAX_CALLS = 200,     /* macros that call macros */
	MAX_STACK = 3 << 20, /* bytes of the stack that they take together */
	MAX_ARG = 6,         /* named parameters of a filter */
};
#define MAX_WORK (1ull << 30) /* bytes moved by one rendering */

/* ---- the text ---- */

struct tsource {
	const char *name, *s; /* s: newlines are \n, a NUL at the end */
	size_t n;
	unsigned line, col; /* of s[0] */
};

/* "name:line:col: message"; PTH_INPUT; -1. The column counts characters. */
int template_error(const struct tsource *src, uint32_t pos, struct pth_err *e, const char *fmt, ...)
    PTH_PRINTF(4, 5);
int template_verror(const struct tsource *src, uint32_t pos, struct pth_err *e, const char *fmt,
    va_list ap) PTH_PRINTF(4, 0);

/* Bytes of white space (as Python's \s) that s begins, ends with; 0: none. */
size_t template_space(const char *s, size_t n);
size_t template_space_back(const char *s, size_t n);

/* ---- values: 16 bytes, passed by value ---- */

/* clang-format off */
enum kind {
	V_ABSENT, /* no value at all: a parameter not given */
	V_UNDEF, V_NONE, V_BOOL, V_INT, V_REAL, V_STR,
	V_LIST, V_JARR, V_RANGE, /* sequences */
	V_MAP, V_JOBJ, V_LOOP, V_MACRO,
};
/* clang-format on */

struct val {
	uint8_t kind; /* enum kind */
	/* V_LIST: 1 a tuple, 2 one of groupby; V_UNDEF: prints as "", being 1 an 'if' without
	 * 'else', 2 a name that is missing where that is allowed */
	uint8_t flag;
	uint32_t n; /* V_STR: bytes; V_LIST: elements */
	union {
		bool b;
		int64_t i;
		double d;
		const char *s; /* valid UTF-8, not terminated */
		struct val *v;
		json_t *j; /* borrowed from the variables */
		struct range *r;
		struct map *m;
		struct loop *l;
		const struct macro *f;
		const struct undef *u;
	};
};

struct range {
	int64_t start, stop, step, n;
};

/* Pairs in order of insertion; kv[2i] is a key. */
struct map {
	struct val *kv;
	uint32_t n, cap;
	bool ns; /* made by namespace(): `set ns.x` may change it */
};

/* What is missing, for the message: the node, in whose source, of what value. */
struct undef {
	const struct tsource *src;
	const struct node *at;
	struct val base;  /* V_ABSENT: a name */
	const char *name; /* key that was not found, or NULL: see note */
	uint32_t len;
	const char *note;
};

/* A macro sees what can be seen where it is defined: the frame of that call of a macro (0: the
 * template's own) and the number of scopes that are open there. */
struct macro {
	const struct node *n; /* S_MACRO or S_CALL */
	const struct pth_template *t;
	uint64_t frame;
	uint32_t scopes;
};

struct loop {
	struct val seq;
	int64_t i, n;
	uint64_t changed; /* hash of the arguments of the last loop.changed() */
};

/* ---- the tree ---- */

/* clang-format off */
enum op {
	/* expressions */
	E_CONST, E_NAME, E_ATTR, E_ITEM, E_SLICE, E_LIST, E_TUPLE, E_DICT, E_NOT, E_NEG, E_POS,
	E_AND, E_OR, E_ADD, E_SUB, E_MUL, E_DIV, E_FLOOR, E_MOD, E_POW, E_CONCAT, E_CMP, E_COND,
	E_FILTER, E_TEST, E_CALL, E_KW,
	/* operands of E_CMP */
	C_EQ, C_NE, C_LT, C_LE, C_GT, C_GE, C_IN, C_NOTIN,
	/* statements */
	S_TEXT, S_PRINT, S_IF, S_FOR, S_SET, S_SETBLOCK, S_INCLUDE, S_WITH, S_FILTER,
	S_MACRO, S_CALL, S_IMPORT,
};
/* clang-format on */

struct node {
	uint8_t op;
	uint8_t flag;    /* E_TEST: negated; S_INCLUDE: ignore missing; S_MACRO: enum uses */
	uint16_t height; /* of the tree below */
	uint32_t pos;    /* offset into the source */
	uint32_t n;      /* children of a list; bytes of s */
	uint32_t sym;    /* E_NAME, S_MACRO */
	struct node *a, *b, *c, *d;
	struct node *next;
	union {
		struct val val;              /* E_CONST */
		const char *s;               /* E_ATTR, E_CALL's method, S_TEXT, E_KW */
		const struct signature *sig; /* E_FILTER, E_TEST; a: input, b: arguments */
	};
	struct node **arg; /* E_FILTER, E_TEST: by parameter, NULL: not given */
};

/* What of its own a macro makes use of, besides its parameters. */
enum uses { USES_CALLER = 1, USES_VARARGS = 2, USES_KWARGS = 4 };

/* Names are numbers shared by a template and all that it includes. */
struct shared {
	struct pth_arena arena;
	const char **sym;
	uint32_t nsym, cap;
	json_t *numbers;              /* of the names in sym */
	uint32_t sym_loop, sym_block; /* "loop"; the text of a block that filters take */
	uint32_t sym_own;             /* caller, varargs, kwargs: in the order of enum uses */
	unsigned uses;                /* enum uses of the macro that is being parsed */
	struct pth_template_options opt;
	struct pth_template *included; /* list of parsed includes */
};

struct pth_template {
	struct tsource src;
	struct node *body; /* statements, or one expression */
	struct shared *sh;
	struct pth_template *next;
};

uint32_t template_symbol(struct shared *sh, const char *s, size_t n);

/* ---- scan ---- */

/* clang-format off */
/* Tokens, and how messages name them. */
#define TOKENS(T) \
	T(EOF, "the end of the text") T(DATA, "text") T(VAR_BEGIN, "'{{'") T(VAR_END, "'}}'") \
	T(BLOCK_BEGIN, "'{%'") T(BLOCK_END, "'%}'") T(NAME, "a name") T(STR, "a string") \
	T(INT, "an integer") T(REAL, "a number")
/* Those with one text, the longer texts first. */
#define SIGNS(S) \
	S(FLOOR, "//") S(POW, "**") S(EQ, "==") S(NE, "!=") S(GE, ">=") S(LE, "<=") S(ADD, "+") \
	S(SUB, "-") S(DIV, "/") S(MUL, "*") S(MOD, "%") S(TILDE, "~") S(LBRACKET, "[") \
	S(RBRACKET, "]") S(LPAREN, "(") S(RPAREN, ")") S(LBRACE, "{") S(RBRACE, "}") S(GT, ">") \
	S(LT, "<") S(ASSIGN, "=") S(DOT, ".") S(COLON, ":") S(PIPE, "|") S(COMMA, ",") S(SEMI, ";")
#define TOKEN_KIND(name, text) T_##name,
enum tok { TOKENS(TOKEN_KIND) SIGNS(TOKEN_KIND) };
/* clang-format on */

struct token {
	uint8_t kind;
	uint32_t pos, n;
	const char *s; /* T_DATA, T_NAME, T_STR */
	union {
		int64_t i;
		double d;
	};
};

struct parse {
	const struct tsource *src;
	struct shared *sh;
	struct pth_err *e;
	jmp_buf out;
	uint32_t pos;
	bool trim, lstrip;
	bool var;             /* inside {{ }}, not {% %} */
	bool expr;            /* a bare expression: ends where the text ends */
	char close[MAX_NEST]; /* brackets that are open */
	unsigned nclose;
	struct token t, ahead;
	bool has_ahead;
	unsigned depth;     /* recursion of the expression parser */
	struct pth_buf tmp; /* a string with escapes */
	unsigned blocks;    /* statements open */
	const char *what;   /* the innermost of them */
};

void
template_parse_fail(struct parse *p, uint32_t pos, const char *fmt, ...) PTH_PRINTF(3, 4)
__attribute__((noreturn));
/* The same, at the token on which p stands. */
#define template_parse_refuse(p, ...) template_parse_fail(p, (p)->t.pos, __VA_ARGS__)
/* Text outside tags, or the begin of a tag, or the end. */
struct token template_scan_text(struct parse *p);
/* A token inside a tag. */
struct token template_scan_tag(struct parse *p);
const char *template_tok_name(int kind);

/* ---- parse ---- */

void template_next(struct parse *p);
bool template_is(const struct parse *p, const char *name);
bool template_skip(struct parse *p, const char *name);
bool template_skip_kind(struct parse *p, int kind);
void template_expect(struct parse *p, int kind);
struct node *template_node(struct parse *p, int op, uint32_t pos);
/* One more element of a list, which begins in a; d is the last. The list. */
struct node *template_append(struct parse *p, struct node *list, struct node *child);
/* A node with the name on which p stands, which is skipped: in s and n, or sym of E_NAME. */
struct node *template_name(struct parse *p, int op);
/* An expression; a tuple without brackets (cond: `a if b` may be in it). */
struct node *template_expression(struct parse *p);
struct node *template_tuple(struct parse *p, bool cond);
/* `|name(...)` once or more around in; p stands on the pipe. */
struct node *template_filters(struct parse *p, struct node *in);
/* Sort the arguments in n->b into n->arg, by parameter; those of a filter
 * that takes any number go to n->d. */
struct node *template_bind(struct parse *p, struct node *n);
/* A template of its own, or a bare expression; NULL with e. */
struct pth_template *template_new(const char *name, const char *src, size_t n,
    const struct pth_template_options *opt, bool expr, struct pth_err *e);
/* Parse text into sh; NULL with e. */
struct pth_template *template_parse_one(struct shared *sh, const char *name, const char *s,
    size_t n, bool expr, unsigned line, unsigned col, struct pth_err *e);

/* ---- evaluate ---- */

struct chunk {
	struct chunk *prev;
	size_t n, used;
	char *mem;
};

struct mark {
	struct chunk *c;
	size_t used;
};

struct undo {
	uint32_t sym;
	struct val old;
};

/* The variables of a template, or of a macro while it runs. Those of the callers wait in a list. */
struct frame {
	struct frame *up;
	struct val *cur; /* by symbol: its value now; V_ABSENT: not yet looked up */
	uint32_t ncur;
	uint32_t undo, scopes;         /* where its own begin in those of eval */
	uint32_t undo_end, scopes_end; /* while it waits */
	uint64_t number;
};

struct eval {
	const struct pth_template *t; /* being rendered; an include or a macro changes it */
	struct shared *sh;
	json_t *vars;
	struct pth_buf *out;
	size_t out0;
	struct pth_err *e;
	jmp_buf leave;
	const struct node *at; /* for messages of the heap and the limits */
	struct frame f;        /* the one that runs */
	struct frame *modules; /* of imported templates, whose macros may still be called */
	uint64_t nframes;      /* so far */
	unsigned calls;        /* under way */
	struct undo *undo;
	uint32_t nundo, capundo;
	uint32_t *scope; /* where each scope begins in undo */
	uint32_t nscope, capscope;
	uint64_t chance; /* state of the filter random; 0: not yet used */
	struct chunk *heap;
	size_t heap_bytes;
	struct pth_buf tmp;    /* scratch of the string builders */
	unsigned long escapes; /* values stored where a heap reset must not reach */
	long steps;
	unsigned long long work;
	int includes;
	void *locale; /* for case of letters beyond ASCII */
	struct chunk first;
	char small[4096];
};

void
template_fail(struct eval *x, const struct node *at, const char *fmt, ...) PTH_PRINTF(3, 4)
__attribute__((noreturn));
/* The same, at x->at. */
#define template_refuse(x, ...) template_fail(x, (x)->at, __VA_ARGS__)
struct val template_eval(struct eval *x, const struct node *n);
/* Refuse a value that is undefined. */
struct val template_defined(struct eval *x, struct val v);
void template_fail_undef(struct eval *x, struct val v) __attribute__((noreturn));

/* The file that an include or import names, parsed; NULL: it is not there, and may be missing. */
const struct pth_template *template_file(struct eval *x, const struct node *n);
/* What statements put out, as a text. */
struct val template_captured(struct eval *x, const struct node *body);

/* ---- variables ---- */

/* Make room for the names that the last template has brought. */
void template_names_grow(struct eval *x);
void template_names_free(struct eval *x);
void template_assign(struct eval *x, uint32_t sym, struct val v);
/* A scope: what is assigned in it is forgotten by clear and close. */
void template_scope_open(struct eval *x);
void template_scope_clear(struct eval *x);
void template_scope_close(struct eval *x);
/* A frame for a call of m, and back to that of the caller. */
void template_frame_push(struct eval *x, const struct macro *m);
void template_frame_pop(struct eval *x);
/* The same, but the macros that it has defined can still be called; its names and values. */
struct val template_frame_keep(struct eval *x);

/* ---- values ---- */

void *template_alloc(struct eval *x, size_t n);
struct mark template_mark(struct eval *x);
void template_reset(struct eval *x, struct mark m);
void template_work(struct eval *x, size_t bytes);

/* clang-format off */
#define template_vnone() ((struct val){ .kind = V_NONE })
#define template_vabsent() ((struct val){ .kind = V_ABSENT })
#define template_vbool(value) ((struct val){ .kind = V_BOOL, .b = (value) })
#define template_vint(value) ((struct val){ .kind = V_INT, .i = (value) })
#define template_vreal(value) ((struct val){ .kind = V_REAL, .d = (value) })
#define template_vstr(text, size) \
	((struct val){ .kind = V_STR, .n = (uint32_t)(size), .s = (text) })
/* clang-format on */
struct val template_strn(struct eval *x, const char *s, size_t n); /* copied */
struct val template_take(struct eval *x); /* what x->tmp holds, which is emptied */
/* The texts v[0..n), all V_STR, as one, with another one between them. */
struct val template_concat(struct eval *x, const struct val *v, size_t n, struct val between);
/* Refuse a text of more than MAX_OUTPUT bytes. */
void template_room(struct eval *x, size_t bytes);
struct val template_list(struct eval *x, size_t n, bool tuple);       /* elements to be filled */
struct val template_pair(struct eval *x, struct val a, struct val b); /* a tuple */
void template_reverse(struct val list);                               /* a V_LIST, in place */
struct val template_undef(struct eval *x, const struct node *at, struct val base, const char *name,
    size_t len, const char *note);
struct val template_from(json_t *j);
json_t *template_to(struct eval *x, struct val v, int depth);
const char *template_kind(struct val v); /* for messages */

bool template_truth(struct eval *x, struct val v);
bool template_equal(struct eval *x, struct val a, struct val b, int depth);
/* <0 0 >0; fails when the two have no order. */
int template_order(struct eval *x, struct val a, struct val b, int depth);
int template_order_text(struct val a, struct val b); /* of two V_STR, by bytes */
bool template_contains(struct eval *x, struct val in, struct val v);
bool template_number(struct val v, double *d);   /* bool, int or real */
bool template_integer(struct val v, int64_t *i); /* bool or int */

/* Anything that can be looped over as V_LIST, V_JARR or V_RANGE. */
struct val template_seq(struct eval *x, struct val v);
#define template_is_seq(v) ((1u << (v).kind & (1u << V_LIST | 1u << V_JARR | 1u << V_RANGE)) != 0)
#define template_is_map(v) ((1u << (v).kind & (1u << V_MAP | 1u << V_JOBJ)) != 0)
#define template_is_number(v) ((v).kind >= V_BOOL && (v).kind <= V_REAL)
#define template_is_tuple(v) ((v).kind == V_LIST && (v).flag != 0)
/* An argument that is there and not none. */
#define template_is_given(v) ((1u << (v).kind & (1u << V_ABSENT | 1u << V_NONE)) == 0)
int64_t template_len(struct val seq);
struct val template_at(struct val seq, int64_t i);
struct val template_map_get(struct eval *x, struct val map, struct val key); /* or V_ABSENT */
struct val template_map_items(struct eval *x, struct val map, int what);     /* 'k' 'v' 'i' */
struct val template_map_new(struct eval *x, bool ns);
void template_map_set(struct eval *x, struct map *m, struct val k, struct val v);

/* UTF-8 that is known to be valid. */
size_t template_chars(const char *s, size_t n);
size_t template_offset(const char *s, size_t n, size_t chars); /* of a character */
unsigned template_decode(const char *s, size_t *len);
void template_utf8(struct pth_buf *b, unsigned c);
/* Is a V_STR one of these words, in any case of letters? */
bool template_word_among(struct val v, const char *const *words, size_t n);

/* ---- text ---- */

void template_put_int(struct pth_buf *b, int64_t i);
/* str() and repr() of Python; JSON, with an indent when it is not negative; YAML in one line. */
enum form { FORM_STR, FORM_REPR, FORM_JSON, FORM_YAML };
/* Append v to b; fails at MAX_OUTPUT bytes. indent counts for JSON only. */
void template_put(struct eval *x, struct pth_buf *b, struct val v, enum form form, int indent);
/* The value as V_STR. */
struct val template_str(struct eval *x, struct val v);
/* As V_STR for output and joining, where none is refused. */
struct val template_text(struct eval *x, struct val v);

/* ---- operators ---- */

struct val template_binary(struct eval *x, int op, struct val a, struct val b);
struct val template_item(struct eval *x, const struct node *at, struct val v, struct val key);
struct val template_attr(
    struct eval *x, const struct node *at, struct val v, const char *s, size_t n);
struct val template_slice(struct eval *x, struct val v, struct val a, struct val b, struct val c);
struct val template_format(
    struct eval *x, const char *s, size_t n, const struct val *arg, size_t narg);

/* ---- filters, tests, calls ---- */

struct call {
	struct val in;
	struct val arg[MAX_ARG]; /* by parameter; V_ABSENT: not given */
	const struct val *rest;  /* of those that take any number */
	size_t nrest;
};

typedef struct val template_filter_fn(struct eval *x, struct call *c);
#define FILTER_FUNCTION(name) \
	struct val name(struct eval *x __attribute__((unused)), struct call *c)
#define FILTER(name) static FILTER_FUNCTION(name)
/* A filter that is one expression; one that other files have in their tables too. */
/* clang-format off */
#define FILTER_IS(name, value) FILTER(name) { return value; }
#define PUBLIC_IS(name, value) FILTER_FUNCTION(name) { return value; }
/* clang-format on */

/*
 * params has the type of the input and then NAME:TYPE of each parameter, with a
 * default behind it when it need not be given: "s,width:i=80". A * takes any number
 * of arguments; parameters are then given only by name. Types are s (a text, of any
 * value), t (nothing but a string), i (an integer), n (the same, or none for the
 * default), b (a truth), q (a sequence), v (any value; absent when not given), and u for
 * an input that may be undefined.
 */
struct filter {
	const char *name;
	template_filter_fn *fn;
	const char *params;
};

/* What params says, read once and not at each call. */
struct signature {
	const struct filter *f;
	char in;         /* type of the input */
	bool any;        /* takes any number of arguments */
	unsigned n, min; /* parameters; those that must be given */
	struct param {
		const char *name; /* n bytes, not terminated */
		size_t n;
		char type;
		bool optional;
		struct val def;
	} param[MAX_ARG];
};

struct signature template_signature(const struct filter *f);

/* A filter 'f', a test 't', or a method 'm' of strings with this name, or NULL. */
const struct filter *template_find(char what, const char *s, size_t n);
const char *template_near(char what, const char *s); /* the name that is meant, or NULL */
extern const struct filter template_filters_any[], template_filters_list[], template_filters_text[],
    template_filters_shape[], template_filters_html[], template_tests[],
    template_methods[]; /* each ends with a NULL name */
template_filter_fn template_upper, template_lower, template_capitalize, template_trim,
    template_replace, template_is_upper, template_is_lower, /* of filters or tests and of methods */
    template_escape, template_regex_replace;
/* Is s of n bytes this word? */
bool template_word(const char *s, size_t n, const char *word);

/* Give the input and the arguments their types, and run it. */
struct val template_run(struct eval *x, const struct signature *sig, struct call *c);
/* Run a filter, test or method with positional arguments. */
struct val template_apply(
    struct eval *x, const struct signature *sig, struct val in, const struct val *arg, size_t n);
/* caller: what a call block gives to the macro, or NULL. */
struct val template_call(struct eval *x, const struct node *n, const struct val *caller);

/* Arguments as they are written; kw are still to be evaluated. */
struct args {
	struct val *v; /* positional */
	size_t n;
	const struct node *kw; /* the first with a name, or NULL */
};
/* The value of a S_MACRO, or what a S_CALL gives as caller. */
struct val template_macro(struct eval *x, const struct node *n);
/* Run a S_IMPORT. */
void template_import(struct eval *x, const struct node *n);
/* Call it, at this node. */
struct val template_macro_call(struct eval *x, const struct node *at, const struct macro *m,
    const struct args *a, const struct val *caller);

/* Letters: 'u' upper, 'l' lower, 'c' capitalize. */
struct val template_case(struct eval *x, struct val s, int how);
/* Text less these characters (absent: white space) on sides 'l', 'r', 'b'. */
struct val template_strip(struct eval *x, struct val s, struct val chars, int side);
struct val template_pad(struct eval *x, struct val s, int64_t width, char fill, int how);
struct val template_lines(struct eval *x, struct val s);
/* A text as C has it; one with a NUL in it is refused. */
const char *template_text0(struct eval *x, struct val s);
/* The value at "a.b.0" of an item; undefined when missing. */
struct val template_path(struct eval *x, struct val item, struct val path);

/* An argument of this type; they fail on another one. */
int64_t template_arg_int(struct eval *x, struct val v);
struct val template_arg_text(struct eval *x, struct val v, size_t number);

#endif
