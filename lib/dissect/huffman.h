/*
 * HPACK's Huffman code (RFC 7541, appendix B). It is canonical: codes of one length follow each
 * other in the order of the symbols, so that the lengths say all. Private to this folder.
 */
#ifndef PTH_DISSECT_HUFFMAN_H
#define PTH_DISSECT_HUFFMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The text of n bytes at p, at most max bytes of it, to out: how many, or -1: they are no such
 * code. */
int dissect_huffman_read(const uint8_t *p, size_t n, char *out, size_t max);

#endif
