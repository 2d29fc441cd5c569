/*
 * Checks for the unit tests of the rooms. A file is
 *
 *	int main(void) { unit("what"); CHECK(1 + 1 == 2); ...; return unit_done(); }
 *
 * Each unit() begins a test; one without a check fails. The results go to
 * $PTH_RESULT for tests/run, the failures to stdout for people.
 */
#ifndef PTH_UNIT_H
#define PTH_UNIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char unit_name[256]; /* a copy: names may come from a directory list */
static int unit_checks, unit_bad, unit_failed;

static inline void
unit_close(void)
{
	const char *path = getenv("PTH_RESULT");
	FILE *fp;

	if (unit_name[0] == '\0' && unit_checks == 0)
		return;
	if (unit_checks == 0)
		printf("%s: no checks\n", unit_name);
	unit_failed |= unit_bad || unit_checks == 0;
	fp = path ? fopen(path, "a") : NULL;
	if (fp) {
		fprintf(fp, "%s %s%s\n", unit_bad || !unit_checks ? "FAIL" : "ok",
		    unit_name[0] ? unit_name : "main", unit_checks ? "" : ": no checks");
		fclose(fp);
	}
}

/* A copy of its own size, so that the sanitizer sees whoever reads beyond it; to be freed. p may be
 * NULL when n is 0. */
static inline void *
unit_copy(const void *p, size_t n)
{
	void *copy = malloc(n + (n == 0));

	if (copy == NULL)
		abort();
	if (n > 0)
		memcpy(copy, p, n);
	return copy;
}

static inline void
unit(const char *name)
{
	unit_close();
	snprintf(unit_name, sizeof unit_name, "%s", name);
	unit_checks = unit_bad = 0;
}

/* A test that cannot be made here, and why. */
static inline void
unit_skip(const char *name, const char *why)
{
	const char *path = getenv("PTH_RESULT");
	FILE *fp;

	unit_close();
	*unit_name = '\0';
	unit_checks = unit_bad = 0;
	fp = path ? fopen(path, "a") : NULL;
	if (fp) {
		fprintf(fp, "skip %s: %s\n", name, why);
		fclose(fp);
	}
}

static inline int
unit_done(void)
{
	unit_close();
	return unit_failed;
}

static inline int
unit_check(int ok, const char *file, int line, const char *text)
{
	unit_checks++;
	if (!ok) {
		unit_bad = 1;
		printf(
		    "%s:%d: %s: false: %s\n", file, line, unit_name[0] ? unit_name : "main", text);
	}
	return ok;
}

#define CHECK(c) unit_check(!!(c), __FILE__, __LINE__, #c)

/* Two strings; NULL equals only NULL. */
#define CHECK_STR(a, b)                                                                            \
	do {                                                                                       \
		const char *unit_a = (a), *unit_b = (b);                                           \
		if (!CHECK(unit_a == unit_b || (unit_a && unit_b && strcmp(unit_a, unit_b) == 0))) \
			printf("    %s\n    is        \"%s\"\n    should be \"%s\"\n", #a,         \
			    unit_a ? unit_a : "(null)", unit_b ? unit_b : "(null)");               \
	} while (0)

#define CHECK_INT(a, b)                                                                 \
	do {                                                                            \
		long long unit_a = (a), unit_b = (b);                                   \
		if (!CHECK(unit_a == unit_b))                                           \
			printf("    %s is %lld, should be %lld\n", #a, unit_a, unit_b); \
	} while (0)

#endif
