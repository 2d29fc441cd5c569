/* This file reads and writes the record stream, line by line. */
#include "io/rec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/event.h"

void
pth_rec_open(struct pth_rec_in *in, FILE *fp, const char *name)
{
	memset(in, 0, sizeof *in);
	in->fd = fileno(fp);
	in->name = name;
}

int
pth_rec_open_file(struct pth_rec_in *in, const char *path, struct pth_err *e)
{
	pth_rec_open(in, stdin, "stdin");
	if (strcmp(path, "-") == 0)
		return 0;
	in->name = path;
	in->fd = open(path, O_RDONLY | O_CLOEXEC);
	in->owned = in->fd >= 0;
	return in->owned ? 0 : pth_err_set(e, PTH_SYSTEM, "%s:", path);
}

int
pth_rec_open_below(struct pth_rec_in *in, int dirfd, const char *path, struct pth_err *e)
{
	pth_rec_open(in, stdin, path);
	in->fd = pth_open_regular(dirfd, path, NULL);
	in->owned = in->fd >= 0;
	if (in->owned)
		return 0;
	return errno == EINVAL ? pth_err_set(e, PTH_INPUT, "%s: not a regular file", path) :
	                         pth_err_set(e, PTH_INPUT, "%s:", path);
}

void
pth_rec_close(struct pth_rec_in *in)
{
	if (in->owned)
		close(in->fd);
	in->owned = false;
	pth_buf_release(&in->buf);
	free(pth_take(&in->told));
}

bool
pth_rec_pending(struct pth_rec_in *in)
{
	if (in->buf.len > in->seen &&
	    memchr(in->buf.s + in->seen, '\n', in->buf.len - in->seen) != NULL)
		return true;
	in->seen = in->buf.len;
	return in->eof || in->buf.len - in->pos > PTH_REC_MAX;
}

int
pth_rec_fill(struct pth_rec_in *in, struct pth_err *e)
{
	ssize_t n;

	/* Drop what was handed out before asking for more. */
	if (in->pos > 0) {
		memmove(in->buf.s, in->buf.s + in->pos, in->buf.len - in->pos);
		in->buf.len -= in->pos;
		in->seen -= in->pos;
		in->pos = 0;
	}
	do
		n = read(in->fd, pth_buf_room(&in->buf, 65536), 65536);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return pth_err_set(e, PTH_SYSTEM, "read %s:", in->name);
	in->buf.len += (size_t)n;
	in->eof = n == 0;
	return 0;
}

/* The next line, not NUL-terminated. 1, 0 at the end, -1 with e. */
static int
next_line(struct pth_rec_in *in, const char **line, size_t *n, struct pth_err *e)
{
	const char *start, *nl;

	while (!pth_rec_pending(in))
		if (pth_rec_fill(in, e) != 0)
			return -1;
	if (in->pos == in->buf.len)
		return 0;
	start = in->buf.s + in->pos;
	nl = memchr(start, '\n', in->buf.len - in->pos);
	in->lineno++;
	*line = start;
	*n = nl != NULL ? (size_t)(nl - start) : in->buf.len - in->pos;
	if (*n > PTH_REC_MAX)
		return pth_err_set(e, PTH_INPUT, "%s:%lu:1: a record of more than %u bytes",
		    in->name, in->lineno, PTH_REC_MAX);
	in->pos += *n + (nl != NULL);
	in->seen = in->pos;
	return 1;
}

/* An object out of one line, or NULL with e. */
static json_t *
parse_line(struct pth_rec_in *in, const char *line, size_t n, struct pth_err *e)
{
	struct pth_err why;
	json_auto_t *rec = pth_json_parse(line, n, &why);

	if (json_is_object(rec))
		return pth_take(&rec);
	/* jansson's line is always 1 here: ours is the one that counts. */
	pth_err_set(e, PTH_INPUT, "%s:%lu:%s", in->name, in->lineno,
	    rec != NULL ? "1: a record must be a JSON object" : strchr(why.text, ':') + 1);
	return NULL;
}

/* Is this line what a writer that died has left of a record? */
static bool
is_broken_off(const struct pth_rec_in *in, const char *line, size_t n)
{
	return line[0] == '{' && line + n == in->buf.s + in->buf.len;
}

/* An end record. A count that is none promises nothing. */
static void
take_end(struct pth_rec_in *in, const json_t *rec)
{
	int64_t n = pth_end_tests(rec);
	const char *lacks = pth_end_incomplete(rec);

	if (n < 0 || n > LONG_MAX - in->promised)
		in->promised = LONG_MAX;
	else
		in->promised += (long)n;
	if (*lacks != '\0' && in->told == NULL)
		in->told = pth_xstrdup(lacks);
}

int
pth_rec_read(struct pth_rec_in *in, json_t **rec, struct pth_err *e)
{
	const char *line;
	size_t n;
	int r;

	for (;;) {
		r = next_line(in, &line, &n, e);
		if (r < 0)
			return r;
		if (r == 0)
			return 0;
		if (n == 0)
			continue;
		*rec = parse_line(in, line, n, e);
		if (*rec == NULL && is_broken_off(in, line, n)) {
			in->broken = true;
			return 0;
		}
		if (*rec == NULL)
			return -1;
		in->ended = strcmp(pth_end_type(*rec), "end") == 0;
		if (!in->ended)
			break;
		take_end(in, *rec);
		json_decref(pth_take(rec));
	}
	if (pth_rec_is_test(*rec)) {
		if (json_string_length(PTH_GET(test, *rec, id)) == 0) {
			json_decref(*rec);
			return pth_err_set(e, PTH_INPUT, "%s:%lu:1: a test record without id",
			    in->name, in->lineno);
		}
		in->tests++;
	}
	return 1;
}

int
pth_rec_whole(const struct pth_rec_in *in, struct pth_err *e)
{
	static const char hint[] = "(did an earlier stage die? --partial says "
	                           "that it was cut on purpose)";

	if (in->partial)
		return 0;
	if (in->broken)
		return pth_err_set(e, PTH_SYSTEM,
		    "%s:%lu: the stream is incomplete: it breaks off within this record, after "
		    "%ld tests %s",
		    in->name, in->lineno, in->tests, hint);
	if (in->told != NULL)
		return pth_err_set(e, PTH_SYSTEM, "%s", in->told);
	if (!in->ended)
		return pth_err_set(e, PTH_SYSTEM,
		    "%s: the stream is incomplete: no end record after %ld tests %s", in->name,
		    in->tests, hint);
	if (in->tests > in->promised)
		return pth_err_set(e, PTH_SYSTEM,
		    "%s: the stream is incomplete: %ld tests came, and its end records count %ld: "
		    "one of several streams has no end %s",
		    in->name, in->tests, in->promised, hint);
	return 0;
}

void
pth_rec_line(struct pth_buf *b, const json_t *rec)
{
	pth_json_dump(b, rec);
	pth_buf_addc(b, '\n');
}

int
pth_rec_write_line(
    struct pth_rec_out *out, const json_t *rec, const struct pth_buf *line, struct pth_err *e)
{
	size_t max = out->max > 0 ? out->max : PTH_REC_MAX;

	if (line->len > max + 1) /* and its newline */
		return pth_err_set(e, PTH_INPUT,
		    "%s: a record of %zu bytes; at most %zu here, so that later stages can read "
		    "theirs",
		    pth_rec_is_test(rec) ? pth_rec_id(rec) : "stdout", line->len, max);
	if (pth_rec_is_test(rec))
		out->tests++;
	return fwrite(line->s, 1, line->len, out->fp) == line->len && fflush(out->fp) == 0 ?
	    0 :
	    pth_err_set(e, PTH_SYSTEM, "write stdout:");
}

int
pth_rec_write(struct pth_rec_out *out, const json_t *rec, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_rec_line(&b, rec);
	return pth_rec_write_line(out, rec, &b, e);
}

void
pth_rec_lacks(struct pth_rec_out *out, const struct pth_rec_in *in, bool say)
{
	struct pth_err e;

	if (pth_rec_whole(in, &e) == 0)
		return;
	if (say && (in->told == NULL || in->broken))
		pth_complain("%s", e.text);
	if (in->told == NULL || in->broken)
		pth_err_wrap(&e, "%s", program_invocation_short_name);
	if (out->lacks == NULL)
		out->lacks = pth_xstrdup(e.text);
}

void
pth_rec_end_line(struct pth_buf *b, long tests, const char *lacks)
{
	json_auto_t *rec = json_pack("{s:i,s:s,s:I,s:o*}", PTH_KEY(end, pth), 1, PTH_KEY(end, type),
	    "end", PTH_KEY(end, tests), (json_int_t)tests, PTH_KEY(end, incomplete),
	    lacks != NULL ? pth_json_text(lacks, strlen(lacks)) : NULL);

	pth_rec_line(b, rec);
}

int
pth_rec_end(struct pth_rec_out *out, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_rec_end_line(&b, out->tests, out->lacks);
	free(pth_take(&out->lacks));
	return pth_rec_write_line(out, NULL, &b, e);
}
