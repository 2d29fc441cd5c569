/*
 * Field sections of HTTP/3 (QPACK, RFC 9204), as far as the pseudo-header fields need it: those of
 * the static table and literals, also in Huffman's code (RFC 7541, 5.2). What refers to the
 * dynamic table is not read, and that is said. Private to this folder.
 */
#ifndef PTH_DISSECT_QPACK_H
#define PTH_DISSECT_QPACK_H

#include "dissect/priv.h"

#define QPACK_TEXT 256 /* of a value that is kept, with its NUL */

struct qpack_head {
	char method[16], path[QPACK_TEXT];
	unsigned status; /* 0: none */
	bool unread;     /* there is something that was not read */
};

void dissect_qpack_read(struct cursor c, struct qpack_head *out);

#endif
