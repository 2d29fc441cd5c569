/* Any bytes as files of /proc: nothing beyond them is read, and
 * what comes out is within its bounds. The first byte says what they are. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/sockets.h"
#include "host/usage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
interfaces(struct pth_word rest)
{
	struct pth_usage_net x;
	const char *end = rest.s + rest.n;

	while (pth_usage_net_next(&rest, &x))
		if (strlen(x.name) >= sizeof x.name || x.name[0] == '\0' ||
		    (rest.s != NULL && rest.s + rest.n != end))
			abort();
}

static void
sockets(struct pth_word rest)
{
	struct pth_socket s = { .udp = true };
	const char *end = rest.s + rest.n;

	while (pth_sockets_next(&rest, &s))
		if (!s.udp || s.state > 255 || (rest.s != NULL && rest.s + rest.n != end))
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pth_usage x = { 0 };
	struct pth_usage_stat st;
	char *text;

	if (n == 0)
		return 0;
	text = malloc(n); /* its end is watched */
	memcpy(text, data + 1, n - 1);
	n--;
	switch (data[0] % 4) {
	case 0: pth_usage_stat(text, n, &st); break;
	case 1:
		for (int i = 0; i < 3; i++)
			pth_usage_status(text, n, &x);
		if (x.voluntary < 0 || x.involuntary < 0)
			abort();
		break;
	case 2: interfaces((struct pth_word){ text, n }); break;
	default: sockets((struct pth_word){ text, n }); break;
	}
	free(text);
	return 0;
}
