/*
 * Errors as values. A function that can fail takes a struct pth_err and
 * returns -1 (or NULL); only bin/ decides to exit. Running out of memory is
 * the exception: pth_xmalloc() and its sisters end the program with 4.
 */
#ifndef PTH_BASE_ERR_H
#define PTH_BASE_ERR_H

#include <stdarg.h>
#include <stddef.h>

/* The exit codes of every tool, pth(7). */
enum {
	PTH_OK = 0,     /* done */
	PTH_NO = 1,     /* the answer is no: a test failed */
	PTH_USAGE = 2,  /* wrong command line */
	PTH_INPUT = 3,  /* wrong input; the message has file:line:col */
	PTH_SYSTEM = 4, /* the system refused: I/O, memory, incomplete stream */
};

#define PTH_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define countof(a) (sizeof(a) / sizeof *(a))

/* One error. Text is cut at the end of the buffer; nothing to release. */
struct pth_err {
	int code;     /* PTH_INPUT or PTH_SYSTEM (rarely PTH_USAGE) */
	int error;    /* errno, when it is what the text ends in; else 0 */
	int category; /* of io/category.h, or 0: nobody has said it */
	char text[1000];
};

/* Set the error and return -1, so that `return pth_err_set(...)` reads well.
 * A format that ends in ':' gets " " and the text of errno. E may be NULL. */
int pth_err_set(struct pth_err *e, int code, const char *fmt, ...) PTH_PRINTF(3, 4);
int pth_err_vset(struct pth_err *e, int code, const char *fmt, va_list ap);
/* Put context before the text that is there: "context: text". Returns -1. */
int pth_err_wrap(struct pth_err *e, const char *fmt, ...) PTH_PRINTF(2, 3);

/*
 * Many problems of one file, to be shown at once, sorted by position.
 * pth_diags_init() allocates nothing; pth_diags_release() frees. Lines and columns
 * count from 1; 0 means unknown. At most 1000 are kept, the rest is counted.
 */
enum pth_severity { PTH_WARNING, PTH_ERROR };

struct pth_diag {
	enum pth_severity severity;
	unsigned line, col;
	int category;     /* of io/category.h, or 0: nobody has said it */
	const char *file; /* borrowed: another one than that of the list, or NULL */
	char *text;
};

struct pth_diags {
	const char *file; /* borrowed: name shown before the position */
	struct pth_diag *v;
	size_t n, cap;
	size_t errors, warnings; /* counts, including those not kept */
};

void pth_diags_init(struct pth_diags *d, const char *file);
void pth_diags_release(struct pth_diags *d);
void pth_diags_add(struct pth_diags *d, enum pth_severity s, unsigned line, unsigned col,
    const char *fmt, ...) PTH_PRINTF(5, 6);
/* The category of the problem that was added last. */
void pth_diags_categorize(struct pth_diags *d, int category);
/* The file of the problem that was added last, when it may be another one. Borrowed. */
void pth_diags_place(struct pth_diags *d, const char *file);
/* Stable sort by line and column. */
void pth_diags_sort(struct pth_diags *d);

/* Die on exhaustion (exit 4). pth_xarray: n elements of size, overflow checked. */
void *pth_xmalloc(size_t n);
void *pth_xrealloc(void *p, size_t n);
void *pth_xarray(void *p, size_t n, size_t size);
char *pth_xstrdup(const char *s);
char *pth_xstrndup(const char *s, size_t n);

#endif
