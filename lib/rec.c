#include "rec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
pth_rec_open(struct pth_rec_in *in, FILE *fp, const char *name)
{
	memset(in, 0, sizeof *in);
	in->fp = fp;
	in->name = name;
}

void
pth_rec_close(struct pth_rec_in *in)
{
	free(in->line);
	in->line = NULL;
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

int
pth_rec_read(struct pth_rec_in *in, json_t **rec, struct pth_err *e)
{
	ssize_t n;

	for (;;) {
		errno = 0;
		n = getline(&in->line, &in->cap, in->fp);
		if (n < 0)
			return ferror(in->fp) ? pth_err_set(e, PTH_SYSTEM, "read %s:", in->name) : 0;
		in->lineno++;
		if (n > 0 && in->line[n - 1] == '\n')
			n--;
		if (n == 0)
			continue;
		if ((size_t)n > PTH_REC_MAX)
			return pth_err_set(e, PTH_INPUT, "%s:%lu:1: a record of more than %u bytes",
			    in->name, in->lineno, PTH_REC_MAX);
		*rec = pth_json_parse(in->line, (size_t)n, e);
		if (*rec == NULL) {
			/* jansson's line is always 1 here: ours is the one that counts. */
			const char *rest = strchr(e->text, ':');

			memmove(e->text, rest ? rest + 1 : e->text, strlen(rest ? rest + 1 : e->text) + 1);
			return pth_err_wrap(e, "%s:%lu", in->name, in->lineno);
		}
		if (!json_is_object(*rec)) {
			json_decref(*rec);
			return pth_err_set(e, PTH_INPUT, "%s:%lu:1: a record must be a JSON object",
			    in->name, in->lineno);
		}
		in->ended = is_type(*rec, "end");
		if (!in->ended)
			break;
		in->promised += (long)pth_json_int(*rec, "tests", 0);
		json_decref(*rec);
	}
	if (pth_rec_is_test(*rec)) {
		const char *id = pth_json_str(*rec, "id", NULL);

		if (id == NULL || *id == '\0') {
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
	if (!in->ended)
		return pth_err_set(e, PTH_SYSTEM, "%s: the stream is incomplete: no end record after"
		    " %ld tests (did an earlier stage die?)", in->name, in->tests);
	if (in->promised != in->tests)
		return pth_err_set(e, PTH_SYSTEM, "%s: the stream is incomplete: %ld tests promised,"
		    " %ld came", in->name, in->promised, in->tests);
	return 0;
}

void
pth_rec_error(json_t *rec, const char *stage, const char *file, unsigned line, unsigned col,
    const char *fmt, ...)
{
	struct pth_buf b = PTH_BUF_INIT;
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
		pth_json_set(o, "file", pth_json_text(file, strlen(file)));
	if (line > 0) {
		pth_json_set(o, "line", json_integer(line));
		pth_json_set(o, "col", json_integer(col));
	}
	pth_json_set(rec, "error", o);
	pth_buf_release(&b);
}

static int
put(FILE *fp, const json_t *rec, struct pth_err *e)
{
	struct pth_buf b = PTH_BUF_INIT;
	int ok;

	pth_json_dump(&b, rec);
	pth_buf_addc(&b, '\n');
	ok = fwrite(b.s, 1, b.len, fp) == b.len && fflush(fp) == 0;
	pth_buf_release(&b);
	return ok ? 0 : pth_err_set(e, PTH_SYSTEM, "write stdout:");
}

int
pth_rec_write(struct pth_rec_out *out, const json_t *rec, struct pth_err *e)
{
	if (pth_rec_is_test(rec))
		out->tests++;
	return put(out->fp, rec, e);
}

int
pth_rec_end(struct pth_rec_out *out, struct pth_err *e)
{
	json_t *rec = json_pack("{s:i,s:s,s:I}", "pth", 1, "type", "end", "tests",
	    (json_int_t)out->tests);
	int r = put(out->fp, rec, e);

	json_decref(rec);
	return r;
}
