/* Any bytes as two captures that are merged; the result can be merged again. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/os.h"
#include "packet/pcapng.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int
file_of(const uint8_t *data, size_t n, char path[40])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || pth_write_all(fd, data, n) != 0)
		abort();
	snprintf(path, 40, "/proc/self/fd/%d", fd);
	return fd;
}

/* Every byte of a packet is there. */
static bool
touch(void *arg, const struct pth_pcapng_frame *f)
{
	for (uint32_t i = 0; i < f->cap; i++)
		*(unsigned *)arg += ((const uint8_t *)f->bytes)[i];
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	unsigned sum = 0;
	size_t half;
	char path[3][40];
	const char *a[] = { path[0], path[1] }, *b[] = { path[1] }, *c[] = { path[2] };
	struct pth_pcapng_stream v[] = { { a, 2 }, { b, 1 } }, again = { c, 1 };
	int fd[3], null;
	struct pth_err e;
	bool cut;

	if (n == 0)
		return 0;
	/* The first byte says how much of the rest is the first file. */
	half = *data * (n - 1) / 256;
	data++;
	n--;
	fd[0] = file_of(data, half, path[0]);
	fd[1] = file_of(data + half, n - half, path[1]);
	fd[2] = file_of(data, 0, path[2]);
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	for (int apart = 0; apart < 2; apart++) { /* made at one place, or at two */
		if (ftruncate(fd[2], 0) != 0 || lseek(fd[2], 0, SEEK_SET) != 0)
			abort();
		if (pth_pcapng_merge(AT_FDCWD, v, 2, apart != 0, fd[2], &cut, &e) == 0 &&
		    (pth_pcapng_merge(AT_FDCWD, &again, 1, false, null, &cut, &e) != 0 || cut))
			abort();
	}
	for (int i = 0; i < 3; i++)
		pth_pcapng_each(AT_FDCWD, path[i], touch, &sum, &cut, &e);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	close(null);
	return 0;
}
