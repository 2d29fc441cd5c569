/* This file has errors as values, lists of diagnostics, and memory that never says no. */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIAGS_KEPT 1000

int
pth_err_set(struct pth_err *e, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pth_err_vset(e, code, fmt, ap);
	va_end(ap);
	return -1;
}

int
pth_err_vset(struct pth_err *e, int code, const char *fmt, va_list ap)
{
	int saved = errno;
	size_t len = strlen(fmt);
	int n;

	if (e == NULL)
		return -1;
	e->code = code;
	e->error = len > 0 && fmt[len - 1] == ':' ? saved : 0;
	e->category = 0;
	n = vsnprintf(e->text, sizeof e->text, fmt, ap);
	if (e->error != 0 && n >= 0 && (size_t)n < sizeof e->text)
		snprintf(e->text + n, sizeof e->text - (size_t)n, " %s", strerror(saved));
	errno = saved;
	return -1;
}

int
pth_err_wrap(struct pth_err *e, const char *fmt, ...)
{
	char old[sizeof e->text];
	va_list ap;
	int n;

	if (e == NULL)
		return -1;
	memcpy(old, e->text, sizeof old);
	va_start(ap, fmt);
	n = vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof e->text)
		snprintf(e->text + n, sizeof e->text - (size_t)n, ": %s", old);
	return -1;
}

void
pth_diags_init(struct pth_diags *d, const char *file)
{
	memset(d, 0, sizeof *d);
	d->file = file;
}

void
pth_diags_release(struct pth_diags *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->v[i].text);
	free(d->v);
	pth_diags_init(d, NULL);
}

void
pth_diags_add(
    struct pth_diags *d, enum pth_severity s, unsigned line, unsigned col, const char *fmt, ...)
{
	char text[1000];
	va_list ap;

	if (s == PTH_ERROR)
		d->errors++;
	else
		d->warnings++;
	if (d->n == DIAGS_KEPT)
		return;
	if (d->n == d->cap) {
		d->cap = d->cap != 0 ? 2 * d->cap : 16;
		d->v = pth_xarray(d->v, d->cap, sizeof *d->v);
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	d->v[d->n++] = (struct pth_diag){ s, line, col, 0, NULL, pth_xstrdup(text) };
}

void
pth_diags_categorize(struct pth_diags *d, int category)
{
	if (d->n > 0)
		d->v[d->n - 1].category = category;
}

void
pth_diags_place(struct pth_diags *d, const char *file)
{
	if (d->n > 0)
		d->v[d->n - 1].file = file;
}

/* Insertion sort: stable, and the list is short and nearly sorted. */
void
pth_diags_sort(struct pth_diags *d)
{
	for (size_t i = 1; i < d->n; i++) {
		struct pth_diag x = d->v[i];
		size_t j = i;

		while (j > 0 &&
		    (d->v[j - 1].line > x.line ||
		        (d->v[j - 1].line == x.line && d->v[j - 1].col > x.col))) {
			d->v[j] = d->v[j - 1];
			j--;
		}
		d->v[j] = x;
	}
}

void *
pth_xmalloc(size_t n)
{
	return pth_xarray(NULL, n, 1);
}

void *
pth_xrealloc(void *p, size_t n)
{
	return pth_xarray(p, n, 1);
}

void *
pth_xarray(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n != 0 ? n : 1, size != 0 ? size : 1);
	if (p == NULL) {
		fputs("pth: out of memory\n", stderr);
		exit(PTH_SYSTEM);
	}
	return p;
}

char *
pth_xstrdup(const char *s)
{
	return pth_xstrndup(s, strlen(s));
}

char *
pth_xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = pth_xmalloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}
