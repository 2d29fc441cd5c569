/* Scan, parse, render: any text as template, fixed variables; as expression too. */
#include <stdint.h>

#include "io/json.h"
#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char variables[] =
    "{\"n\":5,\"f\":2.5,\"t\":true,\"nil\":null,\"s\":\"H\xc3\xa9llo "
    "World\",\"l\":[3,1,2],\"d\":{\"a\":1,\"b\":[2]},"
    "\"u\":[{\"name\":\"bob\",\"age\":3},{\"name\":\"al\",\"age\":4}],\"big\":9223372036854775807}";

/* Two files that include each other. */
static int
load(void *arg, const char *name, struct pth_buf *b, struct pth_err *e)
{
	(void)arg;
	if (strcmp(name, "a") != 0 && strcmp(name, "b") != 0)
		return pth_err_set(e, PTH_INPUT, "none");
	pth_buf_adds(b,
	    *name == 'a' ? "a{{ n }}{% include 'b' %}" :
	                   "{% if n > 4 %}{% include 'a' %}{% endif %}");
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pth_template_options opt = { .load = load };
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_template *t;
	struct pth_err e;
	json_t *vars, *v;
	char *s;

	if (n == 0)
		return 0;
	/* the first byte is the mode */
	opt.keep_blocks = (*data & 1) != 0;
	opt.drop_last_newline = (*data & 2) != 0;
	opt.lenient = (*data & 4) != 0;
	vars = json_loads(variables, 0, NULL);
	s = pth_xstrndup((const char *)data + 1, n - 1);
	t = pth_template_parse("f", s, n - 1, &opt, &e);
	if (t != NULL) {
		pth_template_render(t, vars, &b, &e);
		if (pth_template_render(t, vars, &b, &e) == 0 && b.s == NULL)
			abort();
	}
	pth_template_free(t);
	v = pth_template_expr("f", s, vars, &e);
	json_decref(v);
	json_decref(vars);
	free(s);
	pth_buf_release(&b);
	return 0;
}
