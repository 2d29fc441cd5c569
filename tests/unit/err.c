#include <errno.h>

#include "base/err.h"
#include "unit.h"

int
main(void)
{
	struct pth_err e = { 0 };
	struct pth_diags d;
	char *big;

	unit("an error is code and text");
	CHECK_INT(pth_err_set(&e, PTH_INPUT, "bad %s", "thing"), -1);
	CHECK_INT(e.code, PTH_INPUT);
	CHECK_STR(e.text, "bad thing");
	errno = ENOENT;
	pth_err_set(&e, PTH_SYSTEM, "open %s:", "f");
	CHECK_STR(e.text, "open f: No such file or directory");
	CHECK_INT(pth_err_set(NULL, PTH_SYSTEM, "nobody listens"), -1);

	unit("context goes before");
	CHECK_INT(pth_err_wrap(&e, "service %d", 3), -1);
	CHECK_STR(e.text, "service 3: open f: No such file or directory");
	CHECK_INT(e.code, PTH_SYSTEM);

	unit("long texts are cut");
	big = pth_xmalloc(5000);
	memset(big, 'x', 4999);
	big[4999] = '\0';
	pth_err_set(&e, PTH_INPUT, "%s", big);
	CHECK(strlen(e.text) == sizeof e.text - 1);
	pth_err_wrap(&e, "%s", big);
	CHECK(strlen(e.text) < sizeof e.text);
	free(big);

	unit("diagnostics are sorted by place");
	pth_diags_init(&d, "f.yaml");
	pth_diags_add(&d, PTH_ERROR, 9, 1, "last");
	pth_diags_add(&d, PTH_WARNING, 2, 5, "second");
	pth_diags_add(&d, PTH_ERROR, 2, 1, "first");
	pth_diags_add(&d, PTH_ERROR, 2, 5, "third, as it came after");
	pth_diags_sort(&d);
	CHECK_INT(d.n, 4);
	CHECK_STR(d.v[0].text, "first");
	CHECK_STR(d.v[1].text, "second");
	CHECK_STR(d.v[2].text, "third, as it came after");
	CHECK_STR(d.v[3].text, "last");
	CHECK_INT(d.errors, 3);
	CHECK_INT(d.warnings, 1);
	pth_diags_release(&d);

	unit("too many diagnostics are counted");
	pth_diags_init(&d, "f.yaml");
	for (unsigned i = 0; i < 2500; i++)
		pth_diags_add(&d, PTH_ERROR, i, 1, "n %u", i);
	CHECK(d.n == 1000 && d.errors == 2500);
	pth_diags_release(&d);
	return unit_done();
}
