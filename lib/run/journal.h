/*
 * A stream in the run directory that is written line by line: plan.jsonl, results.jsonl. What
 * was written is kept a second time, in a file without a name, so that a change of the first by
 * somebody else is noticed, and taken back.
 */
#ifndef PTH_RUN_JOURNAL_H
#define PTH_RUN_JOURNAL_H

#include "base/buf.h"

struct pth_journal {
	int fd, copy; /* -1 */
	const char *name;
};

#define PTH_JOURNAL_INIT                         \
	(struct pth_journal)                     \
	{                                        \
		.fd = -1, .copy = -1, .name = "" \
	}

/* Begin it anew as dirfd/name (borrowed), whatever stands there: other names of an old file
 * (hard links) keep what they have. 0, or -1 with e. */
int pth_journal_open(struct pth_journal *j, int dirfd, const char *name, struct pth_err *e);
/* Add a line, whole with its newline. */
int pth_journal_add(struct pth_journal *j, const struct pth_buf *line, struct pth_err *e);
/* Is dirfd/name what was written? 0; when it is not, it is written anew, and -1 with e says
 * what was found. */
int pth_journal_check(const struct pth_journal *j, int dirfd, struct pth_err *e);
void pth_journal_close(struct pth_journal *j);

#endif
