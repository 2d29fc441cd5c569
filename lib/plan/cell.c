/*
 * A matrix makes combinations that cannot be: a program that does not speak the protocol, a
 * version that it does not have. This file tells them from mistakes: nobody has written them.
 */
#include "plan/priv.h"

#include <string.h>

#include "base/text.h"

/* Is one path within the other? An asterisk is any name. */
static bool
related(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0') {
		size_t n = strcspn(a, "."), k = strcspn(b, ".");

		if (*a != '*' && (n != k || memcmp(a, b, n) != 0))
			return false;
		a += n + (a[n] == '.');
		b += k + (b[k] == '.');
	}
	return true;
}

/* The field of the matrix that is there, or NULL. */
static const char *
varied(const struct plan *p, const char *path)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)pth_test_matrix(p->rec), key, v)
		if (related(key, path))
			return key;
	return NULL;
}

#define UNSUPPORTED "unsupported: "

/* cell: the field of the matrix that made it, or NULL. It is the place, unless what cannot be is
 * one itself. */
static void
say(struct plan *p, const char *cell, const char *path, const char *fmt, va_list ap)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_vaddf(&b, fmt, ap);
	if (cell == NULL) {
		plan_problem(p, PTH_ERROR, path, "%s", b.s);
		return;
	}
	if (varied(p, path) == NULL && strchr(cell, '*') == NULL)
		path = cell;
	plan_problem(p, PTH_WARNING, path, UNSUPPORTED "%s", b.s);
	if (p->cell == NULL && p->d->n > 0)
		p->cell = p->d->v[p->d->n - 1].text;
}

void
plan_cannot(struct plan *p, struct plan_service *s, const char *what, const char *fmt, ...)
{
	pth_auto_buf at = PTH_BUF_INIT;
	const char *cell = varied(p, plan_path(&at, s, PTH_KEY(given, implementation)));
	va_list ap;

	/* A version that a program does not have is another one's only if that varies. */
	if (cell == NULL && strstr(what, PTH_KEY(proto, version)) == NULL)
		cell = varied(p, plan_path(&at, s, PTH_KEY(given, protocol)));
	s->sound = false;
	va_start(ap, fmt);
	say(p, cell, plan_path(&at, s, what), fmt, ap);
	va_end(ap);
}

void
plan_conflict(struct plan *p, const char *path, const char *fmt, ...)
{
	const char *cell = varied(p, PTH_KEY(test, execution_environment));
	va_list ap;

	if (cell == NULL)
		cell = varied(p, PTH_KEY(test, network_environment));
	va_start(ap, fmt);
	say(p, cell, path, fmt, ap);
	va_end(ap);
}

const char *
plan_cell_reason(const struct plan *p)
{
	return p->cell + strlen(UNSUPPORTED);
}
