/* Any bytes as an answer: what it says never depends on how it came in pieces,
 * and nothing beyond what has come is read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char text[300], path[256];
	struct pth_err e;
	unsigned port;
	int before = 0;

	if (n > PTH_HTTP_HEAD)
		n = PTH_HTTP_HEAD;
	for (size_t k = 0; k <= n; k++) {
		char *piece = malloc(k != 0 ? k : 1); /* its end is watched */
		int status;

		memcpy(piece, data, k);
		status = pth_http_status(piece, k);
		free(piece);
		if (status < -1 || status > 599 || (status > 0 && status < 101))
			abort();
		if (before != 0 && status != before)
			abort();
		before = status;
		if (k > 600)
			k += 60;
	}
	memcpy(text, data, n < sizeof text - 1 ? n : sizeof text - 1);
	text[n < sizeof text - 1 ? n : sizeof text - 1] = '\0';
	if (pth_http_endpoint(text, 1, &port, path, &e) == 0 &&
	    (port < 1 || port > 65535 || path[0] != '/'))
		abort();
	return 0;
}
