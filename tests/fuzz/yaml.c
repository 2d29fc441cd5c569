/* Any bytes as YAML; what is read is written and must be the same when read again. */
#include "io/yaml.h"
#include "base/buf.h"
#include "io/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static json_t *
load(const char *s, size_t n)
{
	struct pth_arena a = { .head = NULL };
	struct pth_diags d;
	struct pth_ynode *root;
	json_t *v = NULL;

	pth_diags_init(&d, "fuzz");
	root = pth_yaml_load(s, n, &a, &d);
	if (root != NULL)
		v = pth_yaml_json(root);
	else if (d.errors == 0)
		abort();
	pth_diags_release(&d);
	pth_arena_release(&a);
	return v;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	json_t *v = load((const char *)data, n), *again;
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;

	if (v == NULL)
		return 0;
	if (pth_yaml_dump(&b, v, &e) == 0 && b.len < 100000) {
		again = load(b.s, b.len);
		/* the emitter's own limits aside, nothing may change */
		if (again != NULL && json_equal(v, again) == 0) {
			char *x = json_dumps(v, JSON_ENCODE_ANY),
			     *y = json_dumps(again, JSON_ENCODE_ANY);

			fprintf(stderr, "%s\n%s\n%s\n", x, b.s, y);
			abort();
		}
		json_decref(again);
	}
	pth_buf_release(&b);
	json_decref(v);
	return 0;
}
