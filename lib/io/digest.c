/* This file computes SHA-256 of files, by libcrypto. */
#include "io/digest.h"

#include <openssl/evp.h>

#include "base/cleanup.h"
#include "base/os.h"

#define BLOCK 131072

int
pth_sha256_fd(int fd, char hex[65], int64_t *bytes)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	pth_auto_free unsigned char *block = pth_xmalloc(BLOCK);
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	ssize_t n = 0;
	int ok;

	*bytes = 0;
	ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 0;
	while (ok != 0 && (n = pth_read_all(fd, block, BLOCK)) > 0) {
		ok = EVP_DigestUpdate(ctx, block, (size_t)n);
		*bytes += n;
	}
	ok = ok != 0 && n == 0 && EVP_DigestFinal_ex(ctx, md, &len) != 0 && len == 32;
	for (unsigned i = 0; ok != 0 && i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", md[i]);
	EVP_MD_CTX_free(ctx);
	return ok != 0 ? 0 : -1;
}
