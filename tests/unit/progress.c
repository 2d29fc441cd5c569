/* Lines of the progress: what they say, and that they fit. */
#include "run/progress.h"

#include "unit.h"

static const char *
line(const struct pth_progress_test *t, size_t width)
{
	static struct pth_buf b;

	pth_buf_cut(&b, 0);
	pth_progress_line(&b, t, width);
	return b.s != NULL ? b.s : "";
}

#define S 1000000

int
main(void)
{
	struct pth_progress_test t = { "001-a", "running", 1, 1500000, -1, 0 };
	struct pth_progress_test full = { "012-a-long-name-of-a-test-that-has-many-words-in-it",
		"tearing_down", 12, 3600LL * S, 90 * S, 90 * S };

	unit("what is left");
	CHECK_STR(line(&t, 79), "  001-a                     running         1.5 s  ");
	t.limit = 91 * S;
	CHECK_STR(
	    line(&t, 79), "  001-a                     running         1.5 s  at most 1m 29s left");
	t.limit = 1 * S;
	CHECK_STR(
	    line(&t, 79), "  001-a                     running         1.5 s  at most 0.0 s left");
	t.expected = 31 * S;
	CHECK_STR(
	    line(&t, 79), "  001-a                     running         1.5 s  about 29 s left");
	t.expected = INT64_MAX;
	CHECK(strstr(line(&t, 79), "  about ") != NULL);
	t.expected = 0;
	t.attempt = 2;
	CHECK_STR(line(&t, 99),
	    "  001-a                                     running         1.5 s"
	    "  try 2, over the 0.0 s of last ti");

	unit("lines fit");
	for (size_t width = 0; width < 200; width++) {
		CHECK(strlen(line(&t, width)) <= width);
		CHECK(strlen(line(&full, width)) <= width);
	}
	CHECK(strncmp(line(&full, 30), "  012-a-long-name-  tearing_do", 30) == 0);
	return unit_done();
}
