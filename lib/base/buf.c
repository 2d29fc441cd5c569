/* This file has the byte buffer that grows. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *
pth_buf_room(struct pth_buf *b, size_t n)
{
	size_t want = b->len + n + 1;

	if (want < n) /* wrapped: let the allocator say no */
		want = (size_t)-1;
	if (want > b->cap) {
		size_t cap = b->cap != 0 ? b->cap : 64;

		while (cap < want && cap <= (size_t)-1 / 2)
			cap *= 2;
		if (cap < want)
			cap = want;
		b->s = pth_xrealloc(b->s, cap);
		b->cap = cap;
	}
	return b->s + b->len;
}

void
pth_buf_add(struct pth_buf *b, const void *p, size_t n)
{
	char *to = pth_buf_room(b, n);

	if (n > 0)
		memcpy(to, p, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void
pth_buf_adds(struct pth_buf *b, const char *s)
{
	pth_buf_add(b, s, strlen(s));
}

void
pth_buf_addc(struct pth_buf *b, char c)
{
	if (b->len + 1 < b->cap) {
		b->s[b->len++] = c;
		b->s[b->len] = '\0';
	} else {
		pth_buf_add(b, &c, 1);
	}
}

void
pth_buf_vaddf(struct pth_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	char *to = pth_buf_room(b, 80);
	size_t room = b->cap - b->len;
	int n;

	va_copy(again, ap);
	n = vsnprintf(to, room, fmt, ap);
	if (n >= 0 && (size_t)n >= room) {
		to = pth_buf_room(b, (size_t)n);
		n = vsnprintf(to, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	if (n > 0)
		b->len += (size_t)n;
	b->s[b->len] = '\0';
}

void
pth_buf_addf(struct pth_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pth_buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void
pth_buf_cut(struct pth_buf *b, size_t len)
{
	if (len < b->len) {
		b->len = len;
		b->s[len] = '\0';
	}
}

char *
pth_buf_take(struct pth_buf *b)
{
	char *s = b->s != NULL ? b->s : pth_xstrdup("");

	*b = (struct pth_buf)PTH_BUF_INIT;
	return s;
}

void
pth_buf_release(struct pth_buf *b)
{
	free(b->s);
	*b = (struct pth_buf)PTH_BUF_INIT;
}
