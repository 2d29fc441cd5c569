/* Descriptors: inheritance, the table of keys, parameters, words. */
#include "unit.h"

#include "io/json.h"
#include "plan/plan.h"
#include "plugin/plugin.h"

static struct pth_arena arena;

static struct pth_ynode *
yaml(const char *text)
{
	struct pth_diags d;
	struct pth_ynode *n;

	pth_diags_init(&d, "x.yaml");
	n = pth_yaml_load(text, strlen(text), &arena, &d);
	pth_diags_release(&d);
	return n;
}

static char *
dump(const struct pth_ynode *n)
{
	struct pth_buf b = PTH_BUF_INIT;
	json_t *v = pth_yaml_json(n);

	pth_json_dump(&b, v);
	json_decref(v);
	return pth_buf_take(&b);
}

/* Two descriptors merged, as JSON. */
static void
merged(const char *base, const char *over, const char *want)
{
	struct pth_ynode *b = pth_desc_copy(&arena, yaml(base), "base.yaml");
	struct pth_ynode *o = pth_desc_copy(&arena, yaml(over), "over.yaml");
	char *s = dump(pth_desc_merge(&arena, pth_desc_merge(&arena, NULL, b), o));

	CHECK_STR(s, want);
	free(s);
}

static void
test_merge(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_ynode *m;

	unit("maps merge, lists replace");
	merged("a: {x: 1, y: 2}\nl: [1]", "a: {y: 3, z: 4}\nl: [2, 3]",
	    "{\"a\":{\"x\":1,\"y\":3,\"z\":4},\"l\":[2,3]}");
	merged("a: 1", "b: 2", "{\"a\":1,\"b\":2}");
	merged("a: {x: 1}", "a: 5", "{\"a\":5}");
	merged("a: 5", "a: {x: 1}", "{\"a\":{\"x\":1}}");
	unit("list+ appends, without a base it is the list");
	merged("l: [1]", "l+: [2]", "{\"l\":[1,2]}");
	merged("k: 0", "l+: [2]", "{\"k\":0,\"l\":[2]}");
	merged("c: {server: [a]}", "c: {server+: [b]}", "{\"c\":{\"server\":[\"a\",\"b\"]}}");
	unit("null takes away; an empty version is a version");
	merged("a: 1\nb: 2", "a: ~", "{\"b\":2}");
	merged("versions: {v1: {binary: x}}", "versions:\n  v2:\n  v1: ~",
	    "{\"versions\":{\"v2\":{}}}");
	merged("a: 1", "versions: {v: {a: ~, l+: [2]}}",
	    "{\"a\":1,\"versions\":{\"v\":{\"a\":null,\"l+\":[2]}}}");
	merged("versions: {v: {a: 1, l: [1]}}", "versions: {v: {a: ~, l+: [2]}}",
	    "{\"versions\":{\"v\":{\"a\":null,\"l\":[1,2]}}}");
	merged("versions: {v: {l+: [1]}}", "versions: {v: {l+: [2]}}",
	    "{\"versions\":{\"v\":{\"l+\":[1,2]}}}");
	unit("short parameters are defaults");
	merged("parameters: {p: {type: int, default: 1}}", "parameters: {p: 2, q: [x]}",
	    "{\"parameters\":{\"p\":{\"type\":\"int\",\"default\":2},\"q\":{\"default\":[\"x\"]}}"
	    "}");
	merged("a: 1", "versions: {v: {parameters: {p: 7}}}",
	    "{\"a\":1,\"versions\":{\"v\":{\"parameters\":{\"p\":{\"default\":7}}}}}");
	unit("values remember their file");
	m = pth_desc_merge(&arena, pth_desc_copy(&arena, yaml("a: 1\nb: 2"), "base.yaml"),
	    pth_desc_copy(&arena, yaml("b: 3"), "over.yaml"));
	pth_desc_show(&b, m, true);
	CHECK_STR(b.s, "a: 1  # base.yaml:1:4\nb: 3  # over.yaml:1:4\n");
	pth_buf_release(&b);
}

/* The first error of a descriptor, "line: text"; "" when it is good. */
static const char *
problem(const char *text, enum pth_kind kind)
{
	static char out[400];
	struct pth_diags d;
	struct pth_ynode *n = yaml(text);

	pth_diags_init(&d, "x.yaml");
	pth_desc_check(n, kind, &d);
	if (d.errors == 0)
		pth_desc_check_whole(pth_desc_copy(&arena, n, "x.yaml"), kind, &d);
	pth_diags_sort(&d);
	out[0] = '\0';
	if (d.n != 0)
		snprintf(out, sizeof out, "%u: %s", d.v[0].line, d.v[0].text);
	pth_diags_release(&d);
	return out;
}

#define HEAD "plugin: x\nkind: iut\nprotocol: quic\n"

static void
test_keys(void)
{
	unit("keys");
	CHECK_STR(problem(HEAD "commands: {server: [a]}", PTH_IUT), "");
	CHECK_STR(problem("kind: iut", PTH_IUT), "1: 'plugin' is missing");
	CHECK_STR(problem(HEAD "comands: {}", PTH_IUT),
	    "4: unknown key 'comands'; did you mean 'commands'?");
	CHECK_STR(problem(HEAD "wrap: [a]", PTH_IUT), "4: wrap: not a key of kind iut");
	CHECK_STR(problem(HEAD, PTH_IUT), "1: 'commands' is missing");
	CHECK_STR(problem(HEAD, PTH_PROTOCOL), "2: kind: iut in the folder of kind protocol");
	unit("commands");
	CHECK_STR(problem(HEAD "commands: {server: a}", PTH_IUT),
	    "4: server: must be a list of arguments, not a string");
	CHECK_STR(problem(HEAD "commands: {severr: [a]}", PTH_IUT),
	    "4: must have exactly one of line, template");
	CHECK_STR(problem(HEAD "commands: {server: [a], clint: [b]}", PTH_IUT),
	    "4: unknown role 'clint'; roles are server, client, peer, mitm, any");
	CHECK_STR(problem(HEAD "commands: {server: [{when: a, each: b}]}", PTH_IUT),
	    "4: must have exactly one of when, each, optional, words");
	CHECK_STR(problem(HEAD "commands: {server: [[a]]}", PTH_IUT),
	    "4: must be one argument, or a map with when, each, optional or words, not a list");
	CHECK(strstr(problem(HEAD "commands: {server: ['{{ port ']}", PTH_IUT), "4: x.yaml:4:") !=
	    NULL);
	unit("values");
	CHECK_STR(
	    problem(HEAD "stop: {signal: 9}", PTH_IUT), "4: signal: must be a signal such as INT");
	CHECK_STR(problem(HEAD "stop: {grace: soon}", PTH_IUT),
	    "4: grace: must be a duration such as 5s or 250ms");
	CHECK_STR(problem(HEAD "ready: {server: {udp: 1, tcp: 2}}", PTH_IUT),
	    "4: must have exactly one of udp, tcp, file, log, command, delay");
	CHECK_STR(problem(HEAD "versions: {v: {extends: y}}", PTH_IUT),
	    "4: extends: cannot be overridden here");
	CHECK_STR(problem(HEAD "commands: {any: [a]}\nparameters: {host: 1}", PTH_IUT),
	    "5: parameter 'host': the name is taken, pth-plugin(5)");
	CHECK_STR(
	    problem(HEAD "commands: {any: [a]}\nparameters: {n: {type: int, default: x}}", PTH_IUT),
	    "5: parameter n must be of type int, not a string");
}

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
	words("x $NONE", env, "the variable $NONE is not in the service's environment");
	json_decref(env);
}

int
main(void)
{
	test_merge();
	test_keys();
	test_params();
	test_words();
	pth_arena_release(&arena);
	return unit_done();
}
