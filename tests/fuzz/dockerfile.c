/* Any bytes as a Dockerfile of somebody's own: it is right, or there is a sentence with a line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "container/dockerfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pth_err e = { 0 };

	if (container_dockerfile_check((const char *)data, n, &e) != 0 &&
	    (e.code != PTH_INPUT ||
	        (strncmp(e.text, "line ", 5) != 0 && strcmp(e.text, "no FROM") != 0)))
		abort();
	return 0;
}
