#include <errno.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "unit.h"

/* Memory that is not there, also when the size of it does not fit, ends the program. */
static void
exhausted(void)
{
	int status;

#ifdef __SANITIZE_ADDRESS__
	unit_skip("no memory is exit 4", "sanitizers end the program themselves");
	return;
#endif
	unit("no memory is exit 4");
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			close(STDERR_FILENO);
			free(i == 0 ? pth_xmalloc(PTRDIFF_MAX) : pth_xarray(NULL, SIZE_MAX / 2, 4));
			_exit(0);
		}
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == PTH_SYSTEM);
	}
	free(pth_xarray(NULL, 0, 0));
	free(pth_xmalloc(0));
}

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
	CHECK_INT(e.error, ENOENT);
	CHECK_INT(errno, ENOENT);
	e.category = 5;
	CHECK_INT(pth_err_set(&e, PTH_INPUT, ":no errno"), -1);
	CHECK(e.error == 0 && e.category == 0);
	pth_err_set(&e, PTH_INPUT, "%s", "");
	CHECK_STR(e.text, "");
	CHECK_INT(pth_err_set(NULL, PTH_SYSTEM, "nobody listens"), -1);
	CHECK_INT(pth_err_wrap(NULL, "nobody listens"), -1);
	errno = ENOENT;
	pth_err_set(&e, PTH_SYSTEM, "open %s:", "f");

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
	/* What is around the end of the buffer. */
	for (size_t n = sizeof e.text - 4; n <= sizeof e.text + 1; n++) {
		pth_err_set(&e, PTH_INPUT, "end");
		pth_err_wrap(&e, "%.*s", (int)n, big);
		CHECK_INT(strlen(e.text), sizeof e.text - 1);
		errno = ENOENT;
		pth_err_set(&e, PTH_INPUT, "%.*s:", (int)n, big);
		CHECK_INT(strlen(e.text), sizeof e.text - 1);
	}
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
	CHECK_STR(d.file, "f.yaml");

	unit("the last one has a category");
	pth_diags_add(&d, PTH_ERROR, 10, 1, "one more");
	pth_diags_categorize(&d, 7);
	CHECK_INT(d.v[4].category, 7);
	CHECK_INT(d.v[3].category, 0);
	pth_diags_release(&d);
	CHECK(d.n == 0 && d.errors == 0 && d.warnings == 0 && d.v == NULL);
	pth_diags_categorize(&d, 7);
	CHECK_INT(d.n, 0);

	unit("too many diagnostics are counted");
	pth_diags_init(&d, "f.yaml");
	for (unsigned i = 0; i < 2500; i++)
		pth_diags_add(&d, PTH_ERROR, i, 1, "n %u", i);
	CHECK(d.n == 1000 && d.errors == 2500);
	pth_diags_release(&d);
	exhausted();
	return unit_done();
}
