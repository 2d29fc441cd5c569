/* The process that captures: at its end it takes all that has come, or says how much it has not. */
#include "packet/capture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/ns.h"
#include "unit.h"

#define DATAGRAMS 7

/* Somebody listens, so that nothing of ICMP comes. */
static void
send_datagrams(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(4443) };
	int from = socket(AF_INET, SOCK_DGRAM, 0), at = socket(AF_INET, SOCK_DGRAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(at, (struct sockaddr *)&to, sizeof to) == 0);
	for (int i = 0; i < DATAGRAMS; i++)
		CHECK(sendto(from, "x", 1, 0, (struct sockaddr *)&to, sizeof to) == 1);
	close(from);
	close(at);
}

/* In a network of its own: 10 times the packets, and those that were dropped; 255: it failed. */
static int
captured(unsigned retire)
{
	struct pth_capture_spec spec = {
		.interface = "lo", .dirfd = AT_FDCWD, .path = "retire.pcapng", .retire = retire
	};
	struct pth_capture_result r;
	struct pth_capture c;
	struct pth_err e;

	if (pth_capture_start(&c, &spec, &e) != 0 || pth_capture_confirm(&c, &e) != 0)
		return 255;
	send_datagrams();
	return pth_capture_stop(&c, &r, &e) == 0 ? (int)(10 * r.packets + r.dropped) : 255;
}

static int
in_a_network(unsigned retire)
{
	struct pth_ns ns;
	struct pth_err e;
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = pth_ns_fork(PTH_NS_USER | PTH_NS_NET, &ns, &e);
	if (pid == 0) {
		pth_ns_furnish(&ns);
		_exit((ns.used & PTH_NS_NET) != 0 ? captured(retire) : 254);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

int
main(void)
{
	char tmp[] = "capture.XXXXXX";

	CHECK(mkdtemp(tmp) != NULL && chdir(tmp) == 0);
	unit("the kernel hands over the last block long after the word to stop");
	CHECK_INT(in_a_network(300), 10 * DATAGRAMS);
	unit("it hands it over too late: all of it is dropped");
	CHECK_INT(in_a_network(20000), DATAGRAMS);
	return unit_done();
}
