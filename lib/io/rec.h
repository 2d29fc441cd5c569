/*
 * The record stream between the tools, pth-record(5): one JSON object per
 * line, closed by {"pth":1,"type":"end","tests":N}.
 *
 *   while ((r = pth_rec_read(&in, &rec, &e)) > 0) {
 *           if (pth_rec_is_test(rec)) ...;
 *           pth_rec_write(&out, rec, &e);
 *           json_decref(rec);
 *   }
 *   pth_rec_lacks(&out, &in, true);
 *   if (r != 0 || pth_rec_end(&out, &e) != 0) ...
 *
 * A record that is not a test passes through unchanged; so do unknown keys.
 * End records are not handed out. Streams put one after another, or mixed line by line, are one,
 * and whole when each has its end, which is when the last record is an end and no more tests
 * came than the ends count; that fewer came is what filters are for. What is missing is said by
 * the stage that misses it; its own end record has it ("incomplete"), and who reads that does
 * not say it again. The last reader asks pth_rec_whole().
 */
#ifndef PTH_IO_REC_H
#define PTH_IO_REC_H

#include <stdbool.h>
#include <stdio.h>

#include "io/record.h"

/*
 * Bytes of one line. The reader takes PTH_REC_MAX; a writer leaves room for what later stages
 * add, so that none writes what the next refuses. What a program under test can make longer is
 * bounded: by pth-exec so that its records keep to PTH_REC_RESULT, by pth-collect to the whole.
 */
#define PTH_REC_MAX (64u << 20)
#define PTH_REC_PLAN (16u << 20)   /* of pth-parse, pth-plan and pth-compose */
#define PTH_REC_RESULT (28u << 20) /* of pth-exec */

struct pth_rec_in {
	int fd;
	const char *name;
	struct pth_buf buf; /* read but not yet handed out */
	size_t pos;         /* start of the next line in buf */
	size_t seen;        /* no newline between pos and here */
	bool eof;
	unsigned long lineno;
	long tests;    /* test records handed out */
	long promised; /* sum of the end records' counts; LONG_MAX: one of them has none */
	bool ended;    /* the last record was an end */
	bool partial;  /* set by the owner: cut on purpose, it is whole whatever its end */
	char *told;    /* what an end record said is missing; NULL: nothing. Ours */
	bool owned;    /* fd is to be closed */
	bool broken;   /* the last line is a part of a record, and was not handed out */
};

void pth_rec_open(struct pth_rec_in *in, FILE *fp, const char *name);
/* The same of a file ("-": stdin), which pth_rec_close() closes. path is borrowed.
 * 0 or -1 with e (code PTH_INPUT). */
int pth_rec_open_file(struct pth_rec_in *in, const char *path, struct pth_err *e);
/* The same of a regular file below dirfd, where a program under test may have put something
 * else: e->error is ENOENT when nothing is there. */
int pth_rec_open_below(struct pth_rec_in *in, int dirfd, const char *path, struct pth_err *e);
/* Would pth_rec_read() return at once? When not, poll in->fd and call
 * pth_rec_fill(): for tools that do other things while they wait. */
bool pth_rec_pending(struct pth_rec_in *in);
/* One read(2). 0, also at end of input, or -1 with e. */
int pth_rec_fill(struct pth_rec_in *in, struct pth_err *e);
/* 1: *rec is a new reference; 0: end of input; -1: e says file:line: what. A
 * last line without newline that is no JSON is the end: its writer has died. */
int pth_rec_read(struct pth_rec_in *in, json_t **rec, struct pth_err *e);
/* 0 when the stream was whole, else -1 and e (code PTH_SYSTEM). */
int pth_rec_whole(const struct pth_rec_in *in, struct pth_err *e);
void pth_rec_close(struct pth_rec_in *in);

struct pth_rec_out {
	FILE *fp;
	long tests;
	size_t max;  /* bytes of a line; 0: PTH_REC_MAX */
	char *lacks; /* for the end record; NULL: nothing. pth_rec_end() releases it */
};

/* One line, flushed. -1 when the write fails (code PTH_SYSTEM) or the line is too long
 * (PTH_INPUT). */
int pth_rec_write(struct pth_rec_out *out, const json_t *rec, struct pth_err *e);
/* The same of a record whose line was made before. */
int pth_rec_write_line(
    struct pth_rec_out *out, const json_t *rec, const struct pth_buf *line, struct pth_err *e);
/* Line of a record for a stream: compact text and a newline. Appends to b. */
void pth_rec_line(struct pth_buf *b, const json_t *rec);
/* What a stream that was read to its end lacks goes into the end record, unless something
 * does already. say: it is also said, unless an earlier stage has done so. */
void pth_rec_lacks(struct pth_rec_out *out, const struct pth_rec_in *in, bool say);
/* The end record with the count of tests written, and with what is missing. */
int pth_rec_end(struct pth_rec_out *out, struct pth_err *e);
/* Its line. lacks: NULL or what is missing. Appends to b. */
void pth_rec_end_line(struct pth_buf *b, long tests, const char *lacks);

#endif
