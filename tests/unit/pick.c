/* Which of many tests are taken: parts, samples, the first. */
#include "run/pick.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "unit.h"

#define TESTS 1000

static const char *
id_of(unsigned i, char to[32])
{
	snprintf(to, 32, "%03u-test-i%u", i, i);
	return to;
}

/* How many of n tests are taken; which, as bits, into in. */
static unsigned
taken(struct pth_pick *p, unsigned n, bool *in)
{
	char id[32];
	unsigned sum = 0;

	if (pth_pick_waits(p)) {
		for (unsigned i = 0; i < n; i++)
			pth_pick_note(p, id_of(i, id), true);
		pth_pick_settle(p);
	}
	for (unsigned i = 0; i < n; i++) {
		in[i] = pth_pick_waits(p) ? pth_pick_next(p) : pth_pick_now(p, id_of(i, id), true);
		sum += in[i];
	}
	pth_pick_release(p);
	return sum;
}

static void
parts(void)
{
	static bool in[TESTS], less[TESTS];
	unsigned times[TESTS] = { 0 }, bad = 0, n;
	struct pth_pick p;

	unit("each test is in one of the parts");
	for (unsigned k = 1; k <= 8; k++) {
		p = (struct pth_pick){ .part = k, .parts = 8 };
		n = taken(&p, TESTS, in);
		CHECK(n > TESTS / 8 / 2 && n < TESTS / 8 * 2);
		for (unsigned i = 0; i < TESTS; i++)
			times[i] += in[i];
	}
	for (unsigned i = 0; i < TESTS; i++)
		bad += times[i] != 1;
	CHECK_INT(bad, 0);

	unit("in the same whatever other tests there are");
	p = (struct pth_pick){ .part = 2, .parts = 3 };
	taken(&p, TESTS, in);
	p = (struct pth_pick){ .part = 2, .parts = 3 };
	taken(&p, TESTS / 2, less);
	CHECK(memcmp(in, less, sizeof *in * (TESTS / 2)) == 0);
}

static void
samples(void)
{
	static bool in[TESTS], more[TESTS], other[TESTS];
	struct pth_pick p = { .sample = 10 };
	unsigned lost = 0;

	unit("a sample is that of the seed, and part of a larger one");
	CHECK_INT(taken(&p, TESTS, in), 10);
	p = (struct pth_pick){ .sample = 100 };
	CHECK_INT(taken(&p, TESTS, more), 100);
	for (unsigned i = 0; i < TESTS; i++)
		lost += in[i] && !more[i];
	CHECK_INT(lost, 0);
	p = (struct pth_pick){ .sample = 10, .seed = 1 };
	CHECK_INT(taken(&p, TESTS, other), 10);
	CHECK(memcmp(in, other, sizeof in) != 0);
	p = (struct pth_pick){ .sample = 2 * TESTS };
	CHECK_INT(taken(&p, TESTS, in), TESTS);
	p = (struct pth_pick){ .sample = 5 };
	CHECK_INT(taken(&p, 0, in), 0);

	unit("what does not fit is not counted");
	p = (struct pth_pick){ .sample = 2 };
	pth_pick_note(&p, "a", false);
	pth_pick_note(&p, "b", true);
	pth_pick_note(&p, "c", true);
	pth_pick_settle(&p);
	CHECK(!pth_pick_next(&p) && pth_pick_next(&p) && pth_pick_next(&p) && !pth_pick_next(&p));
	pth_pick_release(&p);
	p = (struct pth_pick){ .first = 1 };
	CHECK(!pth_pick_now(&p, "a", false) && pth_pick_now(&p, "b", true) &&
	    !pth_pick_now(&p, "c", true));

	unit("the first of a sample of a part");
	p = (struct pth_pick){ .part = 1, .parts = 2, .sample = 20, .first = 3 };
	CHECK_INT(taken(&p, TESTS, in), 3);
}

/* An earlier run in which test i took this many microseconds; 0: it has no such test. */
static void
earlier(const unsigned *us, unsigned n)
{
	char path[64], id[32], text[64];
	struct pth_err e;

	mkdir("run", 0777);
	for (unsigned i = 0; i < n; i++) {
		snprintf(path, sizeof path, "run/%s", id_of(i, id));
		mkdir(path, 0777);
		snprintf(path, sizeof path, "run/%s/result.json", id);
		snprintf(text, sizeof text, "{\"duration_us\":%u}", us[i]);
		if (us[i] > 0)
			CHECK_INT(pth_file_write(AT_FDCWD, path, text, strlen(text), &e), 0);
	}
}

static void
balance(void)
{
	static const unsigned us[] = { 10, 10, 10, 70, 10, 0, 10, 10, 10 };
	bool in[countof(us)];
	unsigned sum[2] = { 0 }, n = 0;

	unit("parts that take equally long");
	earlier(us, countof(us));
	for (unsigned k = 0; k < 2; k++) {
		struct pth_pick p = { .part = k + 1, .parts = 2, .balance = "run" };

		n += taken(&p, countof(us), in);
		for (unsigned i = 0; i < countof(us); i++)
			sum[k] += in[i] ? (us[i] > 0 ? us[i] : 17) : 0; /* their mean */
	}
	CHECK_INT(n, countof(us));
	CHECK_INT(sum[0], 80);
	CHECK_INT(sum[1], 77);

	unit("more parts than tests");
	n = 0;
	for (unsigned k = 0; k < 20; k++) {
		struct pth_pick p = { .part = k + 1, .parts = 20, .balance = "absent" };

		n += taken(&p, countof(us), in);
	}
	CHECK_INT(n, countof(us));
}

int
main(void)
{
	parts();
	samples();
	balance();
	return unit_done();
}
