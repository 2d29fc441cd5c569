/*
 * Hashes for tables and short names. They spread well and say nothing about
 * an enemy who chooses the input: what must not be forged has io/digest.h, and
 * a table of what others choose base/siphash.h.
 */
#ifndef PTH_BASE_HASH_H
#define PTH_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The hash of nothing, with which each begins. */
#define PTH_HASH_EMPTY 0xcbf29ce484222325u

/* FNV-1a of 64 bits (Fowler, Noll and Vo) of n bytes behind those of which h is
 * the hash; the second takes a text without its NUL. */
uint64_t pth_hash(uint64_t h, const void *p, size_t n);
uint64_t pth_hash_text(uint64_t h, const char *s);

#endif
