/*
 * A byte buffer that grows, always followed by a NUL that len does not count.
 * PTH_BUF_INIT or a zeroed struct is an empty buffer; s is then "" after the
 * first add. pth_buf_release() frees; pth_buf_take() hands the memory over.
 */
#ifndef PTH_BASE_BUF_H
#define PTH_BASE_BUF_H

#include "base/err.h"

struct pth_buf {
	char *s;
	size_t len, cap;
};

#define PTH_BUF_INIT       \
	{                  \
		NULL, 0, 0 \
	}

void pth_buf_add(struct pth_buf *b, const void *p, size_t n);
void pth_buf_adds(struct pth_buf *b, const char *s);
void pth_buf_addc(struct pth_buf *b, char c);
void pth_buf_addf(struct pth_buf *b, const char *fmt, ...) PTH_PRINTF(2, 3);
void pth_buf_vaddf(struct pth_buf *b, const char *fmt, va_list ap);
/* Room for n more bytes; returns where they go. Then b->len += what was used. */
char *pth_buf_room(struct pth_buf *b, size_t n);
/* Cut to len bytes. */
void pth_buf_cut(struct pth_buf *b, size_t len);
/* The text, never NULL; caller frees. The buffer is empty afterwards. */
char *pth_buf_take(struct pth_buf *b);
void pth_buf_release(struct pth_buf *b);

#endif
