/* Any numbers as a program of a filter, and any bytes as the packet: it ends, and looks at nothing
 * but the packet. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "packet/bpf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pth_bpf f = { NULL, n > 0 ? data[0] % 64 : 0 };
	size_t size = f.n * sizeof *f.v;
	uint8_t *frame;

	if (n < 1 + size)
		return 0;
	f.v = malloc(size > 0 ? size : 1);
	memcpy(f.v, data + 1, size);
	frame = malloc(n - 1 - size + 1);
	memcpy(frame, data + 1 + size, n - 1 - size);
	if (pth_bpf_valid(&f))
		pth_bpf_run(&f, frame, n - 1 - size);
	free(frame);
	free(f.v);
	return 0;
}
