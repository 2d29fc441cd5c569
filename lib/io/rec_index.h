/*
 * The records of a stream that is a file, by their id: for who has the ids in another order.
 * What is no record is passed over.
 */
#ifndef PTH_IO_REC_INDEX_H
#define PTH_IO_REC_INDEX_H

#include <jansson.h>

struct pth_rec_index {
	int fd;      /* -1: there is none */
	json_t *ids; /* id: [offset, length, offset, length ...] of its lines */
};

#define PTH_REC_INDEX_INIT            \
	(struct pth_rec_index)        \
	{                             \
		.fd = -1, .ids = NULL \
	}

/* Read the file at path below dirfd, of which nobody else is trusted to have left it a file:
 * pth_open_regular(). One that cannot be read has no records. It stays open, so that it may be
 * removed or replaced then. */
void pth_rec_index_open(struct pth_rec_index *x, int dirfd, const char *path);
/* The first record of this id that was not yet taken (new reference), or NULL. */
json_t *pth_rec_index_take(struct pth_rec_index *x, const char *id);
void pth_rec_index_close(struct pth_rec_index *x);

#endif
