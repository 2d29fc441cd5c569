/* Digests of content. */
#ifndef PTH_IO_DIGEST_H
#define PTH_IO_DIGEST_H

#include <stdint.h>

/* SHA-256 (FIPS 180-4) of all that can be read from fd: 64 hex digits and NUL
 * in hex, the count in *bytes. -1 with errno. */
int pth_sha256_fd(int fd, char hex[65], int64_t *bytes);
/* The same of a regular file from its begin, of which holes are not read but taken as the zeros
 * that they are. errno EFBIG: it has more than max bytes; ETIME: it was not done until then
 * (pth_mono_us()). *bytes: how many were taken, in any case. */
int pth_sha256_within(int fd, int64_t max, int64_t until, char hex[65], int64_t *bytes);

#endif
