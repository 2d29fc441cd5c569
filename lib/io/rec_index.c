/* This file finds the records of a stream by their id. */
#include "io/rec_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/rec.h"

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
	pth_auto_file fp = NULL;
	pth_auto_str line = NULL;
	size_t room = 0;
	off_t at = 0;
	ssize_t n;
	int own;

	*x = PTH_REC_INDEX_INIT;
	x->fd = pth_open_regular(dirfd, path, NULL);
	own = x->fd < 0 ? -1 : dup(x->fd);
	fp = own < 0 ? NULL : fdopen(own, "r");
	if (fp == NULL)
		return;
	x->ids = json_object();
	while ((n = getline(&line, &room, fp)) > 0) {
		if (n <= (ssize_t)PTH_REC_MAX)
			note(x, line, (size_t)n, at);
		at += n;
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
