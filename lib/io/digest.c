/* This file computes SHA-256 of files, by libcrypto. */
#include "io/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"

#define BLOCK 131072

struct digest {
	EVP_MD_CTX *ctx;
	unsigned char *block, *zeros; /* BLOCK bytes each; zeros NULL: not needed yet */
	int64_t max, until, bytes;
};

/* How many bytes of a hole begin at the offset of fd, at most BLOCK; 0 where there is data, or
 * where nobody knows. The offset is behind them. */
static ssize_t
hole(int fd, int64_t size)
{
	off_t at = lseek(fd, 0, SEEK_CUR), data;

	if (at < 0 || at >= size)
		return 0;
	data = lseek(fd, at, SEEK_DATA);
	if (data < 0 && errno == ENXIO) /* nothing but a hole behind */
		data = size;
	if (data > at + BLOCK)
		data = at + BLOCK;
	if (data <= at || lseek(fd, data, SEEK_SET) != data)
		return lseek(fd, at, SEEK_SET) == at ? 0 : -1;
	return data - at;
}

/* The next bytes of fd: how many, 0 at the end, -1 with errno. size: of a regular file whose
 * holes are not read, or 0. */
static ssize_t
next(struct digest *d, int fd, int64_t size)
{
	ssize_t n = hole(fd, size);
	const void *from = d->zeros;

	if (n > 0 && d->zeros == NULL) {
		from = d->zeros = pth_xmalloc(BLOCK);
		memset(d->zeros, 0, BLOCK);
	}
	if (n == 0) {
		n = pth_read_all(fd, d->block, BLOCK);
		from = d->block;
	}
	if (n > 0 && EVP_DigestUpdate(d->ctx, from, (size_t)n) == 0) {
		errno = EIO;
		return -1;
	}
	return n;
}

static int
take_all(struct digest *d, int fd, int64_t size)
{
	ssize_t n;

	while ((n = next(d, fd, size)) > 0) {
		d->bytes += n;
		if (d->bytes > d->max || pth_mono_us() >= d->until) {
			errno = d->bytes > d->max ? EFBIG : ETIME;
			return -1;
		}
	}
	return n < 0 ? -1 : 0;
}

static int
compute(struct digest *d, int fd, int64_t size, char hex[65])
{
	pth_auto_free unsigned char *block = pth_xmalloc(BLOCK);
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	int rc = -1;

	d->ctx = EVP_MD_CTX_new();
	d->block = block;
	if (d->ctx != NULL && EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) != 0)
		rc = take_all(d, fd, size);
	if (rc == 0 && (EVP_DigestFinal_ex(d->ctx, md, &len) == 0 || len != 32)) {
		errno = EIO;
		rc = -1;
	}
	for (unsigned i = 0; rc == 0 && i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", md[i]);
	EVP_MD_CTX_free(d->ctx);
	free(d->zeros);
	return rc;
}

int
pth_sha256_fd(int fd, char hex[65], int64_t *bytes)
{
	struct digest d = { .max = INT64_MAX, .until = INT64_MAX };
	int rc = compute(&d, fd, 0, hex);

	*bytes = d.bytes;
	return rc;
}

int
pth_sha256_within(int fd, int64_t max, int64_t until, char hex[65], int64_t *bytes)
{
	struct digest d = { .max = max, .until = until };
	struct stat st;
	int rc = -1;

	if (fstat(fd, &st) == 0 && st.st_size > max)
		errno = EFBIG;
	else if (lseek(fd, 0, SEEK_SET) == 0)
		rc = compute(&d, fd, st.st_size, hex);
	*bytes = d.bytes;
	return rc;
}
