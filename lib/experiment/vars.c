/*
 * This file expands ${NAME}, ${NAME:-default}, ${oc.env:NAME,default} and ${paths.output_dir} in
 * strings, and checks placeholders, which pth-plan resolves.
 */
#include "experiment/priv.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "io/placeholder.h"
#include "io/yaml_scalar.h"

#define NESTING 8

/* Where the brace that opens before s closes, or NULL. */
static const char *
closing(const char *s)
{
	int depth = 1;

	for (; *s != '\0'; s++) {
		if (s[0] == '$' && s[1] == '{')
			depth++;
		else if (*s == '}' && --depth == 0)
			return s;
	}
	return NULL;
}

static bool expand(struct pth_experiment *x, const struct pth_ynode *at, const char *s, int depth,
    struct pth_buf *out);

/* One ${...}, what stands between the braces. */
static bool
expand_one(struct pth_experiment *x, const struct pth_ynode *at, const char *s, size_t n, int depth,
    struct pth_buf *out)
{
	pth_auto_str whole = pth_xstrndup(s, n);
	char *name = whole, *def = strstr(name, ":-");
	bool omega = (strncmp(name, "oc.env:", 7) == 0); /* OmegaConf's ${oc.env:NAME,default} */
	const struct pth_ynode *v;
	const char *value;

	if (omega) {
		name += 7;
		def = strchr(name, ',');
	}
	if (def != NULL) {
		*def = '\0';
		def += omega ? 1 : 2;
	}
	value = getenv(name);
	v = value != NULL || omega ? NULL : experiment_at(x->root, experiment_path(&x->a, name));
	if (v != NULL && !experiment_scalar(v))
		v = NULL;
	if (value != NULL && *value != '\0')
		pth_utf8_clean(out, value, strlen(value));
	else if (v != NULL || def != NULL)
		return expand(x, at, v != NULL ? v->text : def, depth + 1, out);
	else if (value == NULL)
		experiment_error(x, at,
		    "${%.60s} is not set; write ${%.60s:-default}, or $${ for a plain ${", name,
		    name);
	return value != NULL;
}

static bool
expand(struct pth_experiment *x, const struct pth_ynode *at, const char *s, int depth,
    struct pth_buf *out)
{
	if (depth > NESTING) {
		experiment_error(x, at, "${...} leads to itself");
		return false;
	}
	while (*s != '\0') {
		const char *end;

		if (strncmp(s, "$${", 3) == 0) {
			pth_buf_adds(out, "${");
			s += 3;
		} else if (strncmp(s, "${", 2) == 0) {
			end = closing(s + 2);
			if (end == NULL) {
				experiment_error(x, at, "${ without }; write $${ for a plain ${");
				return false;
			}
			if (out->len > (1u << 20) ||
			    !expand_one(x, at, s + 2, (size_t)(end - s) - 2, depth, out))
				return false;
			s = end + 1;
		} else {
			pth_buf_addc(out, *s++);
		}
	}
	return true;
}

static void
check_references(struct pth_experiment *x, const struct pth_ynode *n)
{
	struct pth_placeholder p;

	for (const char *s = n->text; pth_placeholder_next(s, &p); s = p.end) {
		const char *fault = pth_placeholder_fault(&p);

		if (fault != NULL)
			experiment_error(x, n, "placeholder %.40s: %s", p.begin, fault);
	}
}

static struct pth_ynode *
interpolate(struct pth_experiment *x, const struct pth_ynode *n)
{
	struct pth_ynode *out = experiment_copy(&x->a, n), **tail = &out->child;
	pth_auto_buf b = PTH_BUF_INIT;
	bool bad;

	pth_yaml_foreach(c, n) {
		*tail = interpolate(x, c);
		tail = &(*tail)->next;
	}
	if (n->kind != PTH_YSTR)
		return out;
	if (strstr(n->text, "${") != NULL && expand(x, n, n->text, 0, &b)) {
		out->text = pth_arena_strn(&x->a, b.s != NULL ? b.s : "", b.len);
		out->len = b.len;
		if (n->plain) {
			out->remark = pth_yaml_resolve(out, &bad);
			out->bad = out->remark != NULL && bad;
		}
	}
	check_references(x, out);
	return out;
}

void
experiment_interpolate(struct pth_experiment *x)
{
	x->root = interpolate(x, x->root);
}
