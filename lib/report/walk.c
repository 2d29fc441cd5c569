/* This file goes through the tests of a report, for the forms, and writes them piece by piece. */
#include <errno.h>
#include <string.h>

#include "base/os.h"
#include "io/file.h"
#include "report/report.h"

#define REST 1024                /* tests after which those that were looked at may go */
#define DRAIN ((size_t)64 << 10) /* bytes of a form that are kept in memory */

void
pth_report_drain(const struct pth_report *r, struct pth_buf *b)
{
	if (r->sink == NULL)
		return;
	if (b->len > 0 && r->sink->error == 0 && pth_write_all(r->sink->fd, b->s, b->len) != 0)
		r->sink->error = errno;
	pth_buf_cut(b, 0);
}

const struct pth_report_test *
pth_report_next(const struct pth_report *r, const struct pth_report_test *t, struct pth_buf *b)
{
	const struct pth_report_test *next = t != NULL ? t->next : r->tests;

	if (b != NULL && b->len > DRAIN)
		pth_report_drain(r, b);
	if (next == NULL || next->number % REST == 0)
		pth_arena_rest(&r->arena);
	return next;
}

json_t *
pth_report_object(const char *text)
{
	json_t *o = *text != '\0' ? pth_json_parse(text, strlen(text), NULL) : NULL;

	return o != NULL ? o : json_object();
}

int
pth_report_pour(struct pth_report *r, pth_report_form *f, const char *dir, int fd, const char *name,
    struct pth_err *e)
{
	struct pth_report_sink sink = { .fd = fd };
	pth_auto_buf b = PTH_BUF_INIT;

	r->sink = &sink;
	f(r, dir, &b);
	pth_report_drain(r, &b);
	r->sink = NULL;
	errno = sink.error;
	return sink.error == 0 ? 0 : pth_err_set(e, PTH_SYSTEM, "write %s:", name);
}

int
pth_report_write(struct pth_report *r, pth_report_form *f, const char *dir, int dirfd,
    const char *path, struct pth_err *e)
{
	struct pth_newfile file;

	if (pth_file_begin(&file, dirfd, path, e) != 0)
		return -1;
	if (pth_report_pour(r, f, dir, file.fd, path, e) == 0)
		return pth_file_commit(&file, e);
	pth_file_abandon(&file);
	return -1;
}
