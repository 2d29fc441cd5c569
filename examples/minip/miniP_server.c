/*
 * The sample server: answers pings, rightly or wrongly as its mode says.
 * One line per event on stdout; ends with 0 on SIGINT and SIGTERM.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "minip.h"

enum mode { FUNCTIONAL, RANDOM, FLAKY, FAIL, VULNERABLE };

static const char *const modes[] = { "functional", "random", "flaky", "fail", "vulnerable" };

static volatile sig_atomic_t stopped;

static void
on_stop(int sig)
{
	(void)sig;
	stopped = 1;
}

/* Wait until fd is readable (or only for ms, when fd is -1). INT and TERM are
 * blocked everywhere but here, so that none is lost between test and wait. */
static bool
wait_for(int fd, long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	sigset_t none;
	fd_set set;

	sigemptyset(&none);
	FD_ZERO(&set);
	if (fd >= 0)
		FD_SET(fd, &set);
	return pselect(fd + 1, &set, NULL, NULL, fd < 0 ? &t : NULL, &none) > 0;
}

/* The bug of mode vulnerable: what a peer sends decides about an assertion
 * (CWE-617). The other modes look at the length first. */
static void
trust_length(size_t n)
{
	if (n > MINIP_MAX) {
		fprintf(stderr, "miniP_server: assertion failed: n <= MINIP_MAX (n = %zu)\n", n);
		abort();
	}
}

/* What to answer to ping seq: -1 nothing, else the number of the pong. */
static long
answer(enum mode mode, unsigned long seed, long seq)
{
	unsigned long index;
	long delay;

	switch (mode) {
	case RANDOM:
		delay = minip_dice(seed, (unsigned long)seq) % 201;
		printf("delay %ld ms\n", delay);
		wait_for(-1, delay);
		return seq;
	case FLAKY: /* one of each four, so that five in a row never all pass */
		index = (unsigned long)(seq > 0 ? seq - 1 : 0);
		if (minip_dice(seed, index / 4) % 4 == index % 4) {
			printf("lose pong %ld\n", seq);
			return -1;
		}
		return seq;
	case FAIL: return seq + 1;
	case FUNCTIONAL:
	case VULNERABLE: break;
	}
	return seq;
}

static void
serve_one(int fd, enum mode mode, unsigned long seed)
{
	static char in[65536];
	char out[MINIP_MAX];
	struct sockaddr_storage peer;
	socklen_t len = sizeof peer;
	ssize_t n;
	size_t m;
	long seq;

	n = recvfrom(fd, in, sizeof in, MSG_DONTWAIT, (struct sockaddr *)&peer, &len);
	if (n < 0)
		return; /* a bad checksum, or an ICMP error of an earlier answer */
	if (mode == VULNERABLE)
		trust_length((size_t)n);
	if (minip_parse(in, (size_t)n, &seq) != MINIP_PING) {
		printf("ignore %zd bytes\n", n);
		return;
	}
	printf("recv ping %ld\n", seq);
	seq = answer(mode, seed, seq);
	if (seq < 0 || stopped)
		return;
	m = minip_format(out, MINIP_PONG, seq);
	if (sendto(fd, out, m, 0, (struct sockaddr *)&peer, len) < 0)
		printf("send pong %ld: %s\n", seq, strerror(errno));
	else
		printf("send pong %ld\n", seq);
}

static int
usage(FILE *to, int code)
{
	fprintf(to,
	    "usage: miniP_server -p PORT [-i ADDRESS] [-m MODE] [-s SEED]\n"
	    "MODE: functional, random, flaky, fail, vulnerable\n");
	return code;
}

static void
catch_signals(void)
{
	struct sigaction sa;
	sigset_t set;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_stop;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static bool
find_mode(const char *name, enum mode *mode)
{
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (strcmp(name, modes[i]) == 0) {
			*mode = (enum mode)i;
			return true;
		}
	return false;
}

int
main(int argc, char **argv)
{
	const char *port = NULL, *address = "0.0.0.0";
	long n, seed = 0;
	enum mode mode = FUNCTIONAL;
	int c, fd;

	while ((c = getopt(argc, argv, "p:i:m:s:h")) != -1)
		switch (c) {
		case 'p':
			if (!minip_number(optarg, 1, 65535, &n))
				return usage(stderr, 2);
			port = optarg;
			break;
		case 'i': address = optarg; break;
		case 'm':
			if (!find_mode(optarg, &mode))
				return usage(stderr, 2);
			break;
		case 's':
			if (!minip_number(optarg, 0, LONG_MAX, &seed))
				return usage(stderr, 2);
			break;
		case 'h': return usage(stdout, 0);
		default: return usage(stderr, 2);
		}
	if (!port || optind < argc)
		return usage(stderr, 2);
	setvbuf(stdout, NULL, _IOLBF, 0);
	catch_signals();
	fd = minip_socket(address, port, true);
	if (fd < 0)
		return 1;
	printf("listen %s port %s mode %s seed %ld\n", address, port, modes[mode], seed);
	while (!stopped)
		if (wait_for(fd, 0))
			serve_one(fd, mode, (unsigned long)seed);
	printf("stop\n");
	close(fd);
	return 0;
}
