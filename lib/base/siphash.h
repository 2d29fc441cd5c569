/*
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"): a hash with a secret
 * key, for tables whose keys somebody else chooses. Who does not know the key finds no two inputs
 * with the same hash but by chance; base/hash.h has collisions that hold for any beginning.
 */
#ifndef PTH_BASE_SIPHASH_H
#define PTH_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t pth_siphash(const uint64_t key[2], const void *data, size_t n);

#endif
