/* This file joins a container to the links of its test, from inside. */
#include "container/join.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/channel.h"
#include "host/ns.h"

/* Without who made the links there are none: then all here ends as when it is asked to. */
static int
end_with(int fd)
{
	return fcntl(fd, F_SETSIG, SIGTERM) == 0 && fcntl(fd, F_SETOWN, getpid()) == 0 &&
	        fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC) == 0 ?
	    0 :
	    -1;
}

/* The answer, or the wish to end. */
static int
await(struct pth_channel *a, int ends, struct pth_err *e)
{
	char text[PTH_CHANNEL_TEXT] = "";
	bool ok = false;
	int r;

	for (;;) {
		struct pollfd p[] = { { a->fd, POLLIN, 0 }, { ends, POLLIN, 0 } };

		if (poll(p, countof(p), -1) < 0 && errno != EINTR)
			return pth_err_set(e, PTH_SYSTEM, "poll:");
		if (p[1].revents != 0)
			return pth_err_set(e, PTH_SYSTEM, "ended while it waited for its links");
		r = p[0].revents != 0 ? pth_channel_step(a, &ok, text) : 0;
		if (r < 0)
			return pth_err_set(e, PTH_SYSTEM, "who makes the links has ended");
		if (r > 0)
			return ok ? 0 : pth_err_set(e, PTH_SYSTEM, "links: %s", text);
	}
}

int
pth_join(int dirfd, const char *name, int ends, struct pth_err *e)
{
	pth_auto_fd net = pth_ns_own_net(), kept = -1;
	struct pth_channel a = { .fd = -1 };
	int r;

	if (net < 0)
		return pth_err_set(e, PTH_SYSTEM, "network namespace:");
	if ((a.fd = pth_channel_hand(dirfd, name, net, e)) < 0)
		return pth_err_wrap(e, "links: nobody moves them into this container");
	/* The answer ends the channel, but not the connection. */
	kept = fcntl(a.fd, F_DUPFD_CLOEXEC, 3);
	r = kept < 0 ? pth_err_set(e, PTH_SYSTEM, "links:") : await(&a, ends, e);
	pth_channel_end(&a);
	if (r != 0 || end_with(kept) != 0)
		return r != 0 ? r : pth_err_set(e, PTH_SYSTEM, "links:");
	pth_take_fd(&kept); /* as long as we run */
	return 0;
}
