/*
 * The sample client: sends pings one after the other and judges the answers.
 * Exit 0: all came in time and were right; 1: not, stdout says which; 2: usage.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "minip.h"

/* Is the answer to ping seq there within wait ms? Answers to earlier pings
 * may still come in; they were counted as missing already. */
static bool
await_pong(int fd, long seq, long wait)
{
	char in[65536];
	struct pollfd p = { fd, POLLIN, 0 };
	long got, start = minip_now_ms(), left;
	ssize_t n;

	for (;;) {
		left = start + wait - minip_now_ms();
		if (left < 0)
			left = 0;
		if (poll(&p, 1, (int)left) == 0) {
			printf("FAIL ping %ld: no answer within %ld ms\n", seq, wait);
			return false;
		}
		n = recv(fd, in, sizeof in, MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0) {
			printf("FAIL ping %ld: %s\n", seq, strerror(errno));
			return false;
		}
		if (minip_parse(in, (size_t)n, &got) != MINIP_PONG) {
			printf("FAIL ping %ld: answer of %zd bytes is not a pong\n", seq, n);
			return false;
		}
		if (got == seq) {
			printf("pong %ld after %ld ms\n", seq, minip_now_ms() - start);
			return true;
		}
		if (got > seq) {
			printf("FAIL ping %ld: wrong answer: pong %ld\n", seq, got);
			return false;
		}
		printf("late pong %ld\n", got);
	}
}

static bool
ping(int fd, long seq, long wait)
{
	char out[MINIP_MAX];
	size_t n = minip_format(out, MINIP_PING, seq);

	/* An ICMP error of an earlier datagram is reported here first. */
	if (send(fd, out, n, 0) < 0 && send(fd, out, n, 0) < 0) {
		printf("FAIL ping %ld: send: %s\n", seq, strerror(errno));
		return false;
	}
	printf("ping %ld\n", seq);
	return await_pong(fd, seq, wait);
}

/* A datagram that is longer than the protocol allows. Nobody has to answer
 * it, but a sound server lives on and answers the pings that follow. */
static bool
send_oversized(int fd, size_t size)
{
	char *p = malloc(size);
	bool ok;

	if (!p)
		return false;
	memset(p, 'A', size);
	memcpy(p, "ping ", size < 5 ? size : 5);
	ok = send(fd, p, size, 0) == (ssize_t)size;
	if (ok)
		printf("sent %zu bytes of rubbish\n", size);
	else
		printf("FAIL rubbish of %zu bytes: %s\n", size, strerror(errno));
	free(p);
	return ok;
}

static int
usage(FILE *to, int code)
{
	fprintf(to, "usage: miniP_client -p PORT -i ADDRESS [-n COUNT] [-w WAIT_MS] [-z BYTES]\n");
	return code;
}

int
main(int argc, char **argv)
{
	const char *port = NULL, *address = NULL;
	long number, count = 5, wait = MINIP_WAIT_MS, size = 0, seq, wrong = 0;
	int c, fd;

	while ((c = getopt(argc, argv, "p:i:n:w:z:h")) != -1)
		switch (c) {
		case 'p':
			if (!minip_number(optarg, 1, 65535, &number))
				return usage(stderr, 2);
			port = optarg;
			break;
		case 'i': address = optarg; break;
		case 'n':
			if (!minip_number(optarg, 1, MINIP_LAST, &count))
				return usage(stderr, 2);
			break;
		case 'w':
			if (!minip_number(optarg, 1, 3600000, &wait))
				return usage(stderr, 2);
			break;
		case 'z':
			if (!minip_number(optarg, 0, 65507, &size))
				return usage(stderr, 2);
			break;
		case 'h': return usage(stdout, 0);
		default: return usage(stderr, 2);
		}
	if (!port || !address || optind < argc)
		return usage(stderr, 2);
	setvbuf(stdout, NULL, _IOLBF, 0);
	fd = minip_socket(address, port, false);
	if (fd < 0)
		return 1;
	if (size > 0 && !send_oversized(fd, (size_t)size))
		return 1;
	for (seq = 1; seq <= count; seq++)
		if (!ping(fd, seq, wait))
			wrong++;
	close(fd);
	printf("%ld of %ld pings answered%s\n", count - wrong, count, wrong ? ": FAIL" : "");
	return wrong ? 1 : 0;
}
