/* The stream of records: read line by line, checked for its end, written. */
#include "io/rec.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

void
pth_rec_open(struct pth_rec_in *in, FILE *fp, const char *name)
{
	memset(in, 0, sizeof *in);
	in->fd = fileno(fp);
	in->name = name;
}

void
pth_rec_close(struct pth_rec_in *in)
{
	pth_buf_release(&in->buf);
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

static bool
is_type(const json_t *rec, const char *type)
{
	return strcmp(pth_json_str(rec, "type", ""), type) == 0;
}

bool
pth_rec_is_test(const json_t *rec)
{
	return is_type(rec, "test");
}

const char *
pth_rec_id(const json_t *rec)
{
	return pth_json_str(rec, "id", "?");
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

int
pth_rec_read(struct pth_rec_in *in, json_t **rec, struct pth_err *e)
{
	const char *line;
	size_t n;
	int r;

	for (;;) {
		r = next_line(in, &line, &n, e);
		if (r <= 0)
			return r;
		if (n == 0)
			continue;
		*rec = parse_line(in, line, n, e);
		if (*rec == NULL && is_broken_off(in, line, n)) {
			in->broken = true;
			return 0;
		}
		if (*rec == NULL)
			return -1;
		in->ended = is_type(*rec, "end");
		if (!in->ended)
			break;
		in->promised += (long)pth_json_int(*rec, "tests", 0);
		json_decref(*rec);
	}
	if (pth_rec_is_test(*rec)) {
		if (*pth_json_str(*rec, "id", "") == '\0') {
			json_decref(*rec);
			return pth_err_set(e, PTH_INPUT, "%s:%lu:1: a test record without id",
			    in->name, in->lineno);
		}
		in->tests++;
	}
	return 1;
}

const json_t *
pth_rec_plan(const json_t *rec)
{
	const json_t *plan = json_object_get(json_object_get(rec, "compose"), "plan");

	plan = plan != NULL ? plan : json_object_get(rec, "plan");
	return json_is_object(plan) ? plan : NULL;
}

bool
pth_rec_plan_is_local(const json_t *plan)
{
	return strcmp(pth_json_str(json_object_get(plan, "environment"), "type", "localhost"),
	           "localhost") == 0;
}

const json_t *
pth_rec_service(const json_t *rec, const char *name)
{
	json_t *s;
	size_t i;

	json_array_foreach(pth_json_path(rec, "plan.services"), i, s)
		if (name != NULL && strcmp(pth_json_str(s, "name", ""), name) == 0)
			return s;
	return NULL;
}

int
pth_rec_whole(const struct pth_rec_in *in, struct pth_err *e)
{
	if (in->broken)
		return pth_err_set(e, PTH_SYSTEM,
		    "%s:%lu: the stream is incomplete: it breaks off within this record, after "
		    "%ld tests (did an earlier stage die?)",
		    in->name, in->lineno, in->tests);
	if (!in->ended)
		return pth_err_set(e, PTH_SYSTEM,
		    "%s: the stream is incomplete: no end record after %ld tests (did an earlier "
		    "stage die?)",
		    in->name, in->tests);
	if (in->promised != in->tests)
		return pth_err_set(e, PTH_SYSTEM,
		    "%s: the stream is incomplete: %ld tests promised, %ld came", in->name,
		    in->promised, in->tests);
	return 0;
}

static int
each(FILE *fp, const char *name, int (*take)(json_t *, void *, struct pth_err *), void *arg,
    struct pth_err *e)
{
	struct pth_rec_in in;
	json_t *rec;
	int r;

	pth_rec_open(&in, fp, name);
	while ((r = pth_rec_read(&in, &rec, e)) > 0) {
		r = take(rec, arg, e);
		json_decref(rec);
		if (r != 0)
			break;
	}
	if (r == 0)
		r = pth_rec_whole(&in, e);
	pth_rec_close(&in);
	return r;
}

int
pth_rec_each(char **files, int n, int (*take)(json_t *, void *, struct pth_err *), void *arg,
    struct pth_err *e)
{
	int r = n > 0 ? 0 : each(stdin, "stdin", take, arg, e);

	for (int i = 0; i < n && r == 0; i++) {
		bool in = strcmp(files[i], "-") == 0;
		pth_auto_file fp = in ? NULL : fopen(files[i], "re");

		if (!in && fp == NULL)
			return pth_err_set(e, PTH_INPUT, "%s:", files[i]);
		r = each(in ? stdin : fp, files[i], take, arg, e);
	}
	return r;
}

void
pth_rec_error(json_t *rec, const char *stage, const char *file, unsigned line, unsigned col,
    const char *fmt, ...)
{
	pth_auto_buf b = PTH_BUF_INIT;
	json_t *o;
	va_list ap;

	if (json_object_get(rec, "error") != NULL)
		return;
	va_start(ap, fmt);
	pth_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	o = json_object();
	pth_json_set(o, "stage", json_string(stage));
	pth_json_set(o, "message", pth_json_text(b.s, b.len));
	if (file != NULL)
		pth_json_set(o, "file", pth_json_string(file));
	if (line > 0) {
		pth_json_set(o, "line", json_integer(line));
		pth_json_set(o, "col", json_integer(col));
	}
	pth_json_set(rec, "error", o);
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

int
pth_rec_end(struct pth_rec_out *out, struct pth_err *e)
{
	json_auto_t *rec = json_pack(
	    "{s:i,s:s,s:I}", "pth", 1, "type", "end", "tests", (json_int_t)out->tests);

	return pth_rec_write(out, rec, e);
}
