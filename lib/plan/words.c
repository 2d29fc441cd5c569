/* This file splits a command line into words, without a shell. */
#include "plan/plan.h"

#include <string.h>

#include "base/text.h"
#include "io/json.h"

struct split {
	const char *s;
	const json_t *env; /* NULL: '$' is an ordinary character */
	bool operators;    /* do > | & ; mean anything? */
	json_t *out;
	struct pth_buf word;
	bool open;   /* a word has begun */
	bool quoted; /* some of it in quotes */
	bool drop;   /* the word is a redirection's target */
};

static void
finish(struct split *p)
{
	if (p->open && !p->drop)
		pth_json_push(p->out, pth_json_text(p->word.s, p->word.len));
	if (p->open)
		p->drop = false;
	pth_buf_cut(&p->word, 0);
	p->open = p->quoted = false;
}

static bool
name_char(char c, bool first)
{
	return c == '_' || (first ? pth_is_alpha(c) : pth_is_alnum(c));
}

static int
variable(struct split *p, struct pth_err *e)
{
	const char *s = p->s + 1;
	bool brace = *s == '{';
	char name[128];
	size_t n = 0;
	const json_t *v;

	for (s += brace; n < sizeof name - 1 && name_char(*s, n == 0); s++)
		name[n++] = *s;
	name[n] = '\0';
	if (n == 0 && !brace) { /* a lone '$' */
		pth_buf_addc(&p->word, *p->s++);
		return 0;
	}
	if (n == 0 || (brace && *s != '}'))
		return pth_err_set(e, PTH_INPUT, "'${' without a plain NAME and '}'");
	v = json_object_get(p->env, name);
	if (v == NULL)
		return pth_err_set(
		    e, PTH_INPUT, "the variable $%s is not in the service's environment", name);
	pth_buf_adds(&p->word, json_is_string(v) ? json_string_value(v) : "");
	p->s = s + brace;
	return 0;
}

static int
quotes(struct split *p, struct pth_err *e)
{
	char q = *p->s++;

	for (; *p->s != q;) {
		if (*p->s == '\0')
			return pth_err_set(
			    e, PTH_INPUT, "%s quote is not closed", q == '"' ? "double" : "single");
		if (q == '"' && *p->s == '\\' && p->s[1] != '\0' &&
		    strchr("\"\\$`\n", p->s[1]) != NULL) {
			if (p->s[1] != '\n')
				pth_buf_addc(&p->word, p->s[1]);
			p->s += 2;
		} else if (q == '"' && *p->s == '$' && p->env != NULL) {
			if (variable(p, e) < 0)
				return -1;
		} else
			pth_buf_addc(&p->word, *p->s++);
	}
	p->s++;
	p->quoted = true;
	return 0;
}

/* `>f`, `2> f`, `&>>f`, `2>&1`: the next word is dropped, too. */
static int
operator(struct split *p, struct pth_err *e)
{
	if (*p->s != '>' && !(*p->s == '&' && p->s[1] == '>'))
		return pth_err_set(e, PTH_INPUT,
		    "the shell operator '%c' in a command line; "
		    "use {sh: ...} for a shell",
		    *p->s);
	if (p->open && !p->quoted && strspn(p->word.s, "0123456789") == p->word.len)
		p->open = false; /* the number of the descriptor */
	finish(p);
	p->s += strspn(p->s, "&>");
	p->s += *p->s == '|';
	if (pth_is_digit(*p->s) && p->s[-1] == '&')
		p->s += strspn(p->s, "0123456789");
	else
		p->drop = true;
	return 0;
}

static int
step(struct split *p, struct pth_err *e)
{
	char c = *p->s;

	if (strchr(" \t\r\n", c) != NULL) {
		finish(p);
		p->s++;
		return 0;
	}
	if (p->operators && strchr("<>|&;", c) != NULL)
		return operator(p, e);
	p->open = true;
	if (c == '\'' || c == '"')
		return quotes(p, e);
	if (c == '$' && p->env != NULL)
		return variable(p, e);
	if (c == '\\' && p->s[1] != '\0') {
		if (p->s[1] != '\n')
			pth_buf_addc(&p->word, p->s[1]);
		else
			p->open = p->word.len > 0 || p->quoted;
		p->s += 2;
		return 0;
	}
	pth_buf_addc(&p->word, *p->s++);
	return 0;
}

static int
split(struct split *p, struct pth_err *e)
{
	int r = 0;

	while (r == 0 && *p->s != '\0')
		r = step(p, e);
	if (r == 0)
		finish(p);
	pth_buf_release(&p->word);
	return r;
}

int
pth_words(const char *s, json_t *out, struct pth_err *e)
{
	struct split p = { .s = s, .out = out };

	return split(&p, e);
}

int
pth_command_words(const char *s, const json_t *env, json_t *out, struct pth_err *e)
{
	struct split p = { .s = s, .out = out, .env = env, .operators = true };

	return split(&p, e);
}
