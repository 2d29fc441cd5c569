/* Any bytes as a frame: nothing beyond them is read; less of them never tells
 * other ports. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "packet/port_count.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pth_port_pair all, p;
	bool any = pth_port_pair(data, n, &all);

	for (size_t k = n > 300 ? n - 300 : 0; k < n; k++) {
		uint8_t *piece = malloc(k != 0 ? k : 1); /* its end is watched */

		memcpy(piece, data, k);
		if (pth_port_pair(piece, k, &p) &&
		    (!any || p.udp != all.udp || p.from != all.from || p.to != all.to))
			abort();
		free(piece);
	}
	return 0;
}
