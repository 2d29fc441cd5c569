/* This file finds the records of a stream by their id. */
#include "io/rec_index.h"

#include <unistd.h>

#include "base/cleanup.h"
#include "io/rec.h"

/* How much of the file has been handed out. */
static off_t
consumed(const struct pth_rec_in *in)
{
	return lseek(in->fd, 0, SEEK_CUR) - (off_t)(in->buf.len - in->pos);
}

static void
note(struct pth_rec_index *x, const json_t *rec, off_t from, off_t to)
{
	json_t *places = json_object_get(x->ids, pth_rec_id(rec));

	if (places == NULL) {
		places = json_array();
		pth_json_set(x->ids, pth_rec_id(rec), places);
	}
	pth_json_push(places, json_integer(from));
	pth_json_push(places, json_integer(to - from));
}

void
pth_rec_index_open(struct pth_rec_index *x, int dirfd, const char *path)
{
	struct pth_rec_in in;
	struct pth_err e;
	off_t from = 0, to = 0;
	json_t *rec;
	int got = 1;

	*x = PTH_REC_INDEX_INIT;
	if (pth_rec_open_below(&in, dirfd, path, &e) != 0)
		return;
	x->fd = dup(in.fd);
	x->ids = json_object();
	/* After a line that is no record there may be others, but not after one without end. */
	while (got > 0 || (got < 0 && to > from)) {
		from = to;
		got = pth_rec_read(&in, &rec, &e);
		to = consumed(&in);
		if (got > 0 && pth_rec_is_test(rec))
			note(x, rec, from, to);
		if (got > 0)
			json_decref(rec);
	}
	pth_rec_close(&in);
}

json_t *
pth_rec_index_take(struct pth_rec_index *x, const char *id)
{
	json_t *places = json_object_get(x->ids, id), *rec = NULL;
	json_int_t at = json_integer_value(json_array_get(places, 0)),
	           n = json_integer_value(json_array_get(places, 1));
	struct pth_rec_in in = { .fd = -1, .name = "", .eof = true };
	struct pth_err e;

	if (json_array_size(places) < 2)
		return NULL;
	json_array_remove(places, 1);
	json_array_remove(places, 0);
	/* There may be an end record, or nothing, before it. */
	if (pread(x->fd, pth_buf_room(&in.buf, (size_t)n), (size_t)n, at) == n) {
		in.buf.len = (size_t)n;
		if (pth_rec_read(&in, &rec, &e) <= 0)
			rec = NULL;
	}
	pth_buf_release(&in.buf);
	return rec;
}

void
pth_rec_index_close(struct pth_rec_index *x)
{
	pth_close(&x->fd);
	json_decref(pth_take(&x->ids));
}
