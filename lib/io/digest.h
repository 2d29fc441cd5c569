/* Digests of content. */
#ifndef PTH_IO_DIGEST_H
#define PTH_IO_DIGEST_H

#include <stdint.h>

/* SHA-256 (FIPS 180-4) of all that can be read from fd: 64 hex digits and NUL
 * in hex, the count in *bytes. -1 with errno. */
int pth_sha256_fd(int fd, char hex[65], int64_t *bytes);

#endif
