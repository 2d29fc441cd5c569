/*
 * The cases of tests/golden/template: one process for all of them. A file is
 * blocks between empty lines:
 *
 *	c JSON       the variables, from here on
 *	m ours|jinja how white space is treated, from here on; loose: as jinja, and what is
 *	             missing is an empty text; panther: as loose, blocks as ours
 *	f NAME JSON  a file that can be included, from here on
 *	d WHY        this case differs from Jinja2 on purpose (D: would not end there)
 *	t TEXT       a line of the template (T JSON: all of it)
 *	o TEXT       a line of the output (O JSON: all of it)
 *	e TEXT       or the error
 *
 * `template -u FILE` prints the file with what we say now where Jinja cannot
 * know it: errors, and the cases with a d. regen (there) does the rest.
 */
#include <dirent.h>

#include "io/json.h"
#include "template/template.h"
#include "unit.h"

struct cases {
	json_t *vars, *files;
	struct pth_template_options opt;
	struct pth_buf t, o; /* template; output or error */
	bool have_t, have_o, is_error, differs;
	int line;
	bool update;
};

static int
load(void *arg, const char *name, struct pth_buf *b, struct pth_err *e)
{
	const char *s = pth_json_str(((struct cases *)arg)->files, name, NULL);

	if (s == NULL)
		return pth_err_set(e, PTH_INPUT, "no file '%s'", name);
	pth_buf_adds(b, s);
	return 0;
}

/* A line of a text that may have several. */
static void
add_line(struct pth_buf *b, bool *have, const char *s)
{
	if (*have)
		pth_buf_addc(b, '\n');
	pth_buf_adds(b, s);
	*have = true;
}

static void
set_json(struct pth_buf *b, bool *have, const char *s)
{
	json_t *v = json_loads(s, JSON_DECODE_ANY, NULL);

	CHECK(json_is_string(v));
	pth_buf_cut(b, 0);
	pth_buf_add(b, json_string_value(v), json_string_length(v));
	*have = true;
	json_decref(v);
}

/* True when it rendered; else out has the error. */
static bool
render(struct cases *c, struct pth_buf *out)
{
	struct pth_err e = { 0 };
	struct pth_template *t;
	int r = -1;

	pth_buf_adds(out, "");
	t = pth_template_parse("t", c->t.s, c->t.len, &c->opt, &e);
	if (t != NULL)
		r = pth_template_render(t, c->vars, out, &e);
	pth_template_free(t);
	if (r == 0)
		return true;
	CHECK(out->len == 0 && e.code == PTH_INPUT);
	/* "t:" is the template; a file that was included keeps its name */
	pth_buf_adds(out, strncmp(e.text, "t:", 2) == 0 ? e.text + 2 : e.text);
	return false;
}

static void
print_result(bool ok, const char *s)
{
	json_t *v;
	char *text;

	if (!ok) {
		printf("e %s\n", s);
	} else if (strlen(s) > 2000 || s[strcspn(s, "\r\v\f\x1c\x1d\x1e\x1f")] != '\0') {
		v = json_string(s);
		text = json_dumps(v, JSON_ENCODE_ANY);
		printf("O %s\n", text);
		free(text);
		json_decref(v);
	} else {
		for (const char *nl;; s = nl + 1) {
			nl = strchr(s, '\n');
			printf(nl == s || *s == '\0' ? "o\n" : "o %.*s\n",
			    nl != NULL ? (int)(nl - s) : (int)strlen(s), s);
			if (nl == NULL)
				return;
		}
	}
}

static void
finish(struct cases *c)
{
	struct pth_buf out = PTH_BUF_INIT;
	bool ok;

	if (!c->have_t)
		return;
	ok = render(c, &out);
	if (c->update) {
		print_result(c->differs || !ok ? ok : !c->is_error,
		    c->differs || !ok || !c->have_o ? out.s : c->o.s);
	} else if (CHECK(c->have_o)) {
		CHECK_STR(out.s, c->o.s);
		CHECK(ok == !c->is_error);
		if (unit_bad != 0 && strcmp(out.s, c->o.s) != 0)
			printf("    in line %d\n", c->line);
	}
	pth_buf_release(&out);
	pth_buf_cut(&c->t, 0);
	pth_buf_cut(&c->o, 0);
	c->have_t = c->have_o = c->is_error = c->differs = false;
}

static void
add_file(struct cases *c, const char *s)
{
	size_t n = strcspn(s, " ");
	char *name = pth_xstrndup(s, n);

	pth_json_set(c->files, name, json_loads(s + n, JSON_DECODE_ANY, NULL));
	free(name);
}

static void
take_line(struct cases *c, const char *s)
{
	const char *rest = *s != '\0' && s[1] != '\0' ? s + 2 : s + (*s != 0);

	if (c->update && strchr("oOe", *s) == NULL)
		puts(s);
	switch (*s) {
	case 'c':
		json_decref(c->vars);
		c->vars = json_loads(rest, 0, NULL);
		CHECK(c->vars != NULL);
		break;
	case 'm':
		c->opt.keep_blocks = *rest == 'j' || *rest == 'l';
		c->opt.drop_last_newline = *rest != 'o';
		c->opt.lenient = *rest == 'l' || *rest == 'p';
		break;
	case 'f': add_file(c, rest); break;
	case 'd':
	case 'D': c->differs = true; break;
	case 't': add_line(&c->t, &c->have_t, rest); break;
	case 'T': set_json(&c->t, &c->have_t, rest); break;
	case 'e':
		c->is_error = true;
		/* fall through */
	case 'o': add_line(&c->o, &c->have_o, rest); break;
	case 'O': set_json(&c->o, &c->have_o, rest); break;
	default: CHECK(*s == '#');
	}
}

static void
run_file(const char *path, bool update)
{
	struct cases c = { .files = json_object(), .update = update };
	FILE *fp = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int at = 0;

	c.opt.load = load;
	c.opt.arg = &c;
	CHECK(fp != NULL);
	if (fp == NULL)
		return;
	while ((n = getline(&line, &cap, fp)) >= 0) {
		at++;
		if (n > 0 && line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (*line != '\0') {
			if (!c.have_t)
				c.line = at;
			take_line(&c, line);
			continue;
		}
		finish(&c);
		if (update)
			puts("");
	}
	finish(&c);
	fclose(fp);
	free(line);
	json_decref(c.vars);
	json_decref(c.files);
	pth_buf_release(&c.t);
	pth_buf_release(&c.o);
}

static void
run_directory(const char *path)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort);

	CHECK(n > 8);
	for (int i = 0; i < n; i++) {
		char *s = NULL;

		if (list[i]->d_name[0] != '.' && strcmp(list[i]->d_name, "regen") != 0 &&
		    asprintf(&s, "%s/%s", path, list[i]->d_name) >= 0) {
			unit(list[i]->d_name);
			run_file(s, false);
			free(s);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

/* ---- the API ---- */

static json_t *
expr(const char *s, struct pth_err *e)
{
	json_t *vars = json_pack("{s:i, s:[i,i], s:{s:s}}", "n", 5, "l", 1, 2, "d", "a", "x"), *v;

	v = pth_template_expr("x.yaml", s, vars, e);
	json_decref(vars);
	return v;
}

static void
check_expr(const char *s, const char *expected)
{
	struct pth_err e = { 0 };
	json_t *v = expr(s, &e);
	char *text = v != NULL ? json_dumps(v, JSON_ENCODE_ANY) : NULL;

	CHECK_STR(text ? text : e.text, expected);
	free(text);
	json_decref(v);
}

static void
test_expr(void)
{
	unit("expressions");
	check_expr("n > 3 and l", "[1, 2]");
	check_expr("nope", "null");
	check_expr("d.nope", "null");
	check_expr("d.a ~ n", "\"x5\"");
	check_expr("{'k': (1, 2.5, none), 7: d}", "{\"k\": [1, 2.5, null], \"7\": {\"a\": \"x\"}}");
	check_expr("range(3)", "[0, 1, 2]");
	check_expr("1 if n == 6", "null");
	check_expr("n >", "x.yaml:1:4: expected an expression but found the end of the text");
	check_expr("n }}", "x.yaml:1:3: '}' without an opening bracket");
	check_expr("nope.x", "x.yaml:1:1: 'nope' is undefined");
	check_expr("1e308 * 10", "x.yaml:1:7: the value has no JSON form");
	check_expr("range(10**12)", "x.yaml:1:1: the value has no JSON form");
	check_expr("[nope]", "x.yaml:1:1: the value has no JSON form");
	check_expr("", "x.yaml:1:1: expected an expression but found the end of the text");
}

static void
test_true(void)
{
	unit("truth");
	check_expr("[none, false, 0, 0.0, '', [], {}]|select|list", "[]");
	check_expr("[true, -1, 0.5, '0', [0], {'a': none}]|reject|list", "[]");
}

/* Parse and render; the text is the output or the error. */
static void
outcome(const char *s, size_t n, const struct pth_template_options *opt, struct pth_buf *b)
{
	json_t *vars = json_pack("{s:i}", "n", 5);
	struct pth_err e = { 0 };
	struct pth_template *t = pth_template_parse("f", s, n, opt, &e);

	pth_buf_cut(b, 0);
	pth_buf_adds(b, "");
	if (t == NULL || pth_template_render(t, vars, b, &e) != 0)
		pth_buf_adds(b, e.text);
	pth_template_free(t);
	json_decref(vars);
}

static void
test_limits(void)
{
	struct pth_buf s = PTH_BUF_INIT, b = PTH_BUF_INIT;

	unit("limits");
	pth_buf_adds(&s, "{{ ");
	for (int i = 0; i < 1000000; i++)
		pth_buf_addc(&s, '(');
	outcome(s.s, s.len, NULL, &b);
	CHECK_STR(b.s, "f:1:68: more than 64 brackets in brackets");
	pth_buf_cut(&s, 3);
	for (int i = 0; i < 1000000; i++)
		pth_buf_adds(&s, "- ");
	outcome(s.s, s.len, NULL, &b);
	CHECK_STR(b.s, "f:1:802: expression with more than 400 levels");
	pth_buf_cut(&s, 3);
	for (int i = 0; i < 500000; i++)
		pth_buf_adds(&s, "not ");
	outcome(s.s, s.len, NULL, &b);
	CHECK(strstr(b.s, "more than 400 levels") != NULL);
	pth_buf_cut(&s, 3);
	for (int i = 0; i < 1000000; i++)
		pth_buf_adds(&s, "n+");
	outcome(s.s, s.len, NULL, &b);
	CHECK(strstr(b.s, "more than 400 levels") != NULL);
	pth_buf_cut(&s, 3);
	for (int i = 0; i < 1000000; i++)
		pth_buf_adds(&s, "n|e");
	outcome(s.s, s.len, NULL, &b);
	CHECK(strstr(b.s, "f:1:") == b.s);
	pth_buf_cut(&s, 0);
	for (int i = 0; i < 100000; i++)
		pth_buf_adds(&s, "{% if n %}");
	outcome(s.s, s.len, NULL, &b);
	CHECK_STR(b.s, "f:1:641: more than 64 blocks in blocks");
	pth_buf_cut(&s, 0);
	for (int i = 0; i < 4200000; i++)
		pth_buf_addc(&s, 'x');
	outcome(s.s, s.len, NULL, &b);
	CHECK_STR(b.s, "f: a template has at most 4194304 bytes");
	/* many names, many strings: not quadratic */
	pth_buf_cut(&s, 0);
	for (int i = 0; i < 200000; i++)
		pth_buf_addf(&s, "{%% set v%d = 1 %%}", i);
	outcome(s.s, s.len, NULL, &b);
	CHECK_STR(b.s, "");
	pth_buf_cut(&s, 0);
	pth_buf_adds(&s, "{{ (");
	for (int i = 0; i < 500000; i++)
		pth_buf_adds(&s, "'a' ");
	pth_buf_adds(&s, ")|length }}");
	outcome(s.s, s.len, NULL, &b);
	CHECK_STR(b.s, "500000");
	pth_buf_release(&s);
	pth_buf_release(&b);
}

static void
test_positions(void)
{
	struct pth_template_options opt = { .line = 7, .col = 12 };
	struct pth_buf b = PTH_BUF_INIT;

	unit("positions");
	outcome("ok {{ x }}", 10, &opt, &b);
	CHECK_STR(b.s, "f:7:18: 'x' is undefined");
	outcome("ok\n {{ x }}", 11, &opt, &b);
	CHECK_STR(b.s, "f:8:5: 'x' is undefined");
	outcome("\xc3\xa9\xc3\xa9{{ x }}", 11, NULL, &b);
	CHECK_STR(b.s, "f:1:6: 'x' is undefined");
	outcome("a\nb\xff", 4, NULL, &b);
	CHECK_STR(b.s, "f:2:2: byte 0xff is not valid UTF-8 text");
	outcome("a\0b", 3, NULL, &b);
	CHECK_STR(b.s, "f:1:2: byte 0x00 is not valid UTF-8 text");
	outcome("{% include 'x' %}", 17, NULL, &b);
	CHECK_STR(b.s, "f:1:1: nothing can be included here");
	outcome("", 0, NULL, &b);
	CHECK_STR(b.s, "");
	pth_buf_release(&b);
}

/* One parse, many renderings; output is appended, or stays as it was. */
static void
test_again(void)
{
	static const char text[] = "{% for i in l %}{{ i }}{{ x }}{% endfor %};";
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	struct pth_template *t = pth_template_parse("f", text, sizeof text - 1, NULL, &e);
	json_t *vars;

	unit("again");
	for (int i = 0; i < 3; i++) {
		vars = json_pack("{s:[i,i], s:i}", "l", i, i + 1, "x", i);
		CHECK(pth_template_render(t, vars, &b, &e) == 0);
		json_decref(vars);
	}
	CHECK_STR(b.s, "0010;1121;2232;");
	vars = json_pack("{s:[i,i]}", "l", 1, 2);
	CHECK(pth_template_render(t, vars, &b, &e) == -1);
	CHECK_STR(b.s, "0010;1121;2232;");
	json_decref(vars);
	pth_template_free(t);
	pth_template_free(NULL);
	pth_buf_release(&b);
}

int
main(int argc, char **argv)
{
	const char *top = getenv("TOP");
	char *path = NULL;

	if (argc == 3 && strcmp(argv[1], "-u") == 0) {
		run_file(argv[2], true);
		return unit_bad;
	}
	if (asprintf(&path, "%s/tests/golden/template", top != NULL ? top : ".") < 0)
		return 4;
	run_directory(path);
	free(path);
	test_expr();
	test_true();
	test_limits();
	test_positions();
	test_again();
	return unit_done();
}
