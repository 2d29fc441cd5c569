/* Any bytes as a message out of a container: an answer or none, and its text is
 * one that can be written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/channel.h"
#include "io/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pth_channel a;
	char text[PTH_CHANNEL_TEXT];
	bool ok = false, over;
	int fd[2], r;
	json_t *v;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0)
		abort();
	if (send(fd[0], data, n, 0) == (ssize_t)n && n > 0) {
		a.fd = fd[1];
		r = pth_channel_step(&a, &ok, text);
		if ((r != 1 && r != -1) || a.fd != -1 || memchr(text, '\0', sizeof text) == NULL)
			abort();
		v = pth_json_text(text, strlen(text));
		if (v == NULL)
			abort();
		json_decref(v);
		/* Our end of it has gone, and no question comes. */
		if (pth_channel_read(fd[0], &over) != NULL || !over)
			abort();
	} else {
		close(fd[1]);
	}
	close(fd[0]);
	return 0;
}
