/* Values of parameters, and command lines that are split into words. */
#include "loaded.h"
#include "rows.h"

#include "plan/plan.h"
#include "plugin/plugin.h"

/* A parameter's value as JSON, or the error. */
static void
param(const char *spec, const char *value, const char *want)
{
	struct pth_err e = { 0 };
	struct pth_buf b = PTH_BUF_INIT;
	json_t *v = json_loads(value, JSON_DECODE_ANY, NULL), *out;

	out = pth_param_value("p", yaml(spec), v, &e);
	if (out != NULL)
		pth_json_dump(&b, out);
	CHECK_STR(out ? b.s : e.text, want);
	pth_buf_release(&b);
	json_decref(out);
	json_decref(v);
}

static void
test_params(void)
{
	unit("types");
	param("{type: int}", "60", "60");
	param("{type: int}", "\"60\"", "60");
	param("{type: int}", "60.0", "60");
	param("{type: int}", "60.5", "parameter p must be of type int, not a number");
	param("{type: int}", "1e300", "parameter p must be of type int, not a number");
	param("{type: int}", "\"6x\"", "parameter p must be of type int, not a string");
	param("{type: bool}", "\"True\"", "true");
	param("{type: bool}", "1", "parameter p must be of type bool, not an integer");
	param("{type: float}", "1", "1.0");
	param("{type: bool}", "false", "false");
	param("{type: bool}", "\"true\"", "true");
	param("{type: bool}", "\"false\"", "false");
	param("{type: bool}", "\"False\"", "false");
	param("{type: bool}", "\"yes\"", "parameter p must be of type bool, not a string");
	param("{type: float}", "\"2.5\"", "2.5");
	param("{type: float}", "\"2.5x\"", "parameter p must be of type float, not a string");
	param("{type: float}", "\"\"", "parameter p must be of type float, not a string");
	param("{type: float}", "\"inf\"", "parameter p must be of type float, not a string");
	param("{type: float}", "true", "parameter p must be of type float, not a boolean");
	param("{type: int}", "9e14", "900000000000000");
	param("{type: int}", "9e15", "parameter p must be of type int, not a number");
	param("{type: int}", "\"-3\"", "-3");
	param("{type: str}", "1.5", "\"1.5\"");
	param("{type: str}", "true", "\"true\"");
	param("{type: str}", "false", "\"false\"");
	param("{type: str}", "[]", "parameter p must be of type str, not a list");
	param("{type: str, enum: ['on', 'off']}", "false", "\"off\"");
	param("{type: list}", "[1]", "[1]");
	param("{type: list}", "false", "[]");
	param("{type: list}", "true", "parameter p must be of type list, not a boolean");
	param("{type: map}", "{}", "{}");
	param("{type: map}", "[]", "parameter p must be of type map, not a list");
	param("{type: any}", "[{}]", "[{}]");
	param("{}", "[{}]", "[{}]");
	param("{type: int}", "null", "null");
	param("{type: int, required: true}", "null", "parameter p must be of type int, not null");
	unit("the type of a default is the type");
	param("{default: true}", "\"x\"", "parameter p must be of type bool, not a string");
	param("{default: 1.5}", "\"x\"", "parameter p must be of type float, not a string");
	param("{default: x}", "[]", "parameter p must be of type str, not a list");
	param("{default: []}", "5", "parameter p must be of type list, not an integer");
	param("{default: {}}", "5", "parameter p must be of type map, not an integer");
	param("{default: ~}", "5", "5");
	param("{type: str, default: 5}", "[]", "parameter p must be of type str, not a list");
	param("{type: str}", "5", "\"5\"");
	param("{type: list}", "{}", "parameter p must be of type list, not a map");
	param("{default: 5}", "\"x\"", "parameter p must be of type int, not a string");
	unit("limits");
	param("{type: int, min: 1, max: 9}", "0", "parameter p: 0 is below the minimum 1");
	param("{type: int, min: 1, max: 9}", "10", "parameter p: 10 is above the maximum 9");
	param("{type: float, max: 0.5}", "0.6", "parameter p: 0.6 is above the maximum 0.5");
	param("{type: str, enum: [a, b]}", "\"c\"", "parameter p: 'c' is not one of a, b");
	param("{type: str, enum: ['no', 'yes', full]}", "true", "\"yes\"");
	param("{type: str, pattern: '^a+$'}", "\"aab\"", "parameter p: 'aab' does not match ^a+$");
	param(
	    "{type: list, items: int, max: 3}", "[1, 4]", "parameter p: 4 is above the maximum 3");
	param("{type: list, items: int}", "[\"1\", 2]", "[1,2]");
	param("{type: int, min: 1, max: 9}", "1", "1");
	param("{type: int, min: 1, max: 9}", "9", "9");
	param("{type: float, min: 0.5}", "0.5", "0.5");
	param("{type: float, min: 0.5}", "0.4", "parameter p: 0.4 is below the minimum 0.5");
	param("{type: float, max: 2}", "2.5", "parameter p: 2.5 is above the maximum 2");
	param("{type: str, enum: [a, b]}", "\"b\"", "\"b\"");
	param("{type: int, enum: [1, 2]}", "3", "parameter p: '3' is not one of 1, 2");
	param("{type: int, enum: [1, 2]}", "2", "2");
	param("{type: list, items: str, enum: [a, b]}", "[\"a\", \"c\"]",
	    "parameter p: 'c' is not one of a, b");
	param("{type: list, items: str, enum: [a, b]}", "[\"a\", \"b\"]", "[\"a\",\"b\"]");
	param("{type: str, pattern: '^a+$'}", "\"aa\"", "\"aa\"");
	param("{type: list, items: str, pattern: '^a+$'}", "[\"aa\", \"b\"]",
	    "parameter p: 'b' does not match ^a+$");
	param("{type: list, items: int}", "[[]]", "parameter p: item 1 must be int, not a list");
}

static void
words(const char *line, const json_t *env, const char *want)
{
	json_t *out = json_array();
	struct pth_err e = { 0 };
	struct pth_buf b = PTH_BUF_INIT;
	int r = env != NULL ? pth_command_words(line, env, out, &e) : pth_words(line, out, &e);

	if (r == 0)
		pth_json_dump(&b, out);
	CHECK_STR(r == 0 ? b.s : e.text, want);
	pth_buf_release(&b);
	json_decref(out);
}

static void
test_words(void)
{
	json_t *env = json_pack("{s:s, s:s}", "A", "x y", "HOME", "/h");

	unit("words");
	words("", NULL, "[]");
	words("  a  b\n\tc ", NULL, "[\"a\",\"b\",\"c\"]");
	words("a'b c'\"d e\"f ''", NULL, "[\"ab cd ef\",\"\"]");
	words("\"a\\\"b\\$c\\d\" e\\ f", NULL, "[\"a\\\"b$c\\\\d\",\"e f\"]");
	words("$A ; > | `x` $(y)", NULL, "[\"$A\",\";\",\">\",\"|\",\"`x`\",\"$(y)\"]");
	words("a \\\n b", NULL, "[\"a\",\"b\"]");
	words("'a", NULL, "single quote is not closed");
	unit("command lines");
	words(
	    "x $A \"${A}\" '$A' ${HOME}/d $", env, "[\"x\",\"x y\",\"x y\",\"$A\",\"/h/d\",\"$\"]");
	words("x > out 2> err y", env, "[\"x\",\"y\"]");
	words("x >out 2>>'e r r' 2>&1 z", env, "[\"x\",\"z\"]");
	words("x2>f '2'>g", env, "[\"x2\",\"2\"]");
	words("x | y", env, "the shell operator '|' in a command line; use {sh: ...} for a shell");
	words("x >| f y", env, "[\"x\",\"y\"]");
	words("x >& f y", env, "[\"x\",\"y\"]");
	words("x >&f y", env, "[\"x\",\"y\"]");
	words("x >5 y", env, "[\"x\",\"y\"]");
	words("x &> f y", env, "[\"x\",\"y\"]");
	words("x &>> f y", env, "[\"x\",\"y\"]");
	words("x 2>&1 y", env, "[\"x\",\"y\"]");
	words("x 2>&1", env, "[\"x\"]");
	words("x>f y", env, "[\"x\",\"y\"]");
	words("12>f y", env, "[\"y\"]");
	words("a2 >f y", env, "[\"a2\",\"y\"]");
	words("x < y", env, "the shell operator '<' in a command line; use {sh: ...} for a shell");
	words("x & y", env, "the shell operator '&' in a command line; use {sh: ...} for a shell");
	words("x ; y", env, "the shell operator ';' in a command line; use {sh: ...} for a shell");
	words("x '>' \">\" \\> y", env, "[\"x\",\">\",\">\",\">\",\"y\"]");
	words("$A$A ${A}b $A-b", env, "[\"x yx y\",\"x yb\",\"x y-b\"]");
	words("\"a $A\" \"\\$A\" \"\\`\" \"\\\\\" \"\\x\"", env,
	    "[\"a x y\",\"$A\",\"`\",\"\\\\\",\"\\\\x\"]");
	words("\"a\\\nb\" c\\\nd", env, "[\"ab\",\"cd\"]");
	words("${A", env, "'${' without a plain NAME and '}'");
	words("${}", env, "'${' without a plain NAME and '}'");
	words("${A-b}", env, "'${' without a plain NAME and '}'");
	words("$ $1 a$", env, "[\"$\",\"$1\",\"a$\"]");
	words("\"$NONE\"", env, "the variable $NONE is not in the service's environment");
	words("\"a", env, "double quote is not closed");
	words("a\\", env, "[\"a\\\\\"]");
	words("\"\"", env, "[\"\"]");
	words("x $NONE", env, "the variable $NONE is not in the service's environment");
	json_decref(env);
}

int
main(void)
{
	test_params();
	test_words();
	pth_arena_release(&arena);
	return unit_done();
}
