/* This file finds the records of a stream by their id. */
#include "io/rec_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/rec.h"

#define CHUNK ((size_t)64 << 10)

static void
note(struct pth_rec_index *x, const char *line, size_t n, off_t at)
{
	json_auto_t *rec = pth_json_parse(line, n, NULL);
	json_t *places;

	if (!pth_rec_is_test(rec) || json_string_length(PTH_GET(test, rec, id)) == 0)
		return;
	places = json_object_get(x->ids, pth_rec_id(rec));
	if (places == NULL) {
		places = json_array();
		pth_json_set(x->ids, pth_rec_id(rec), places);
	}
	pth_json_push(places, json_integer(at));
	pth_json_push(places, json_integer((json_int_t)n));
}

void
pth_rec_index_open(struct pth_rec_index *x, int dirfd, const char *path)
{
	pth_auto_buf b = PTH_BUF_INIT;
	off_t at = 0; /* of what is in the buffer */
	size_t seen = 0;
	const char *nl;
	ssize_t n;

	*x = PTH_REC_INDEX_INIT;
	x->fd = pth_open_regular(dirfd, path, NULL);
	if (x->fd < 0)
		return;
	x->ids = json_object();
	/* A line without end is none of ours, and nothing behind it is. */
	while (b.len <= PTH_REC_MAX && (n = read(x->fd, pth_buf_room(&b, CHUNK), CHUNK)) > 0) {
		b.len += (size_t)n;
		while ((nl = memchr(b.s + seen, '\n', b.len - seen)) != NULL) {
			size_t whole = (size_t)(nl + 1 - b.s);

			note(x, b.s, whole, at);
			at += (off_t)whole;
			memmove(b.s, nl + 1, b.len - whole);
			b.len -= whole;
			seen = 0;
		}
		seen = b.len;
	}
}

json_t *
pth_rec_index_take(struct pth_rec_index *x, const char *id)
{
	json_t *places = json_object_get(x->ids, id);
	json_int_t at = json_integer_value(json_array_get(places, 0)),
	           n = json_integer_value(json_array_get(places, 1));
	pth_auto_buf b = PTH_BUF_INIT;

	if (json_array_size(places) < 2)
		return NULL;
	json_array_remove(places, 1);
	json_array_remove(places, 0);
	return pread(x->fd, pth_buf_room(&b, (size_t)n), (size_t)n, at) == n ?
	    pth_json_parse(b.s, (size_t)n, NULL) :
	    NULL;
}

void
pth_rec_index_close(struct pth_rec_index *x)
{
	pth_close(&x->fd);
	json_decref(pth_take(&x->ids));
}
