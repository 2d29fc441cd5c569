/*
 * This file shows a descriptor as YAML for people, each value with its origin.
 */
#include "plugin/plugin.h"

#include <string.h>

#include "io/json.h"

static void
origin(struct pth_buf *b, const struct pth_ynode *n, bool origins)
{
	if (origins) {
		pth_buf_adds(b, "  # ");
		pth_dval_where(b, n);
	}
	pth_buf_addc(b, '\n');
}

/* Can a text stand without quotes? */
static bool
safe(const char *s, size_t len)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                            "0123456789_./@-";
	size_t dashes = strspn(s, "-");

	return len > dashes && dashes <= 2 && strspn(s, plain) == len && s[0] != '@';
}

/* JSON's form of a string is YAML, too. */
static void
quoted(struct pth_buf *b, const char *s)
{
	json_auto_t *v = json_string(s);

	pth_json_dump(b, v);
}

static void
scalar(struct pth_buf *b, const struct pth_ynode *n)
{
	if (n->kind == PTH_YNULL)
		pth_buf_addc(b, '~');
	else if (n->kind == PTH_YSTR && !(n->plain && safe(n->text, n->len)))
		quoted(b, n->text);
	else
		pth_buf_adds(b, n->text);
}

static void
show(struct pth_buf *b, const struct pth_ynode *n, unsigned depth, bool origins)
{
	pth_yaml_foreach(c, n) {
		pth_buf_addf(b, "%*s", (int)(2 * depth), "");
		if (c->key == NULL)
			pth_buf_addc(b, '-');
		else if (safe(c->key, strlen(c->key)))
			pth_buf_addf(b, "%s:", c->key);
		else {
			quoted(b, c->key);
			pth_buf_addc(b, ':');
		}
		if (c->kind < PTH_YSEQ || c->child == NULL) {
			pth_buf_addc(b, ' ');
			if (c->kind >= PTH_YSEQ)
				pth_buf_adds(b, c->kind == PTH_YSEQ ? "[]" : "{}");
			else
				scalar(b, c);
			origin(b, c, origins);
		} else {
			pth_buf_addc(b, '\n');
			show(b, c, depth + 1, origins);
		}
	}
}

void
pth_desc_show(struct pth_buf *b, const struct pth_ynode *root, bool origins)
{
	show(b, root, 0, origins);
}
