/*
 * flow MODE...: traffic whose times the kernel has taken, so that a busy machine does not stand in
 * a link's figures. What tests/bench/link and its rivals are measured with.
 *
 * flow serve PORT S: takes what TCP brings for S seconds, from one second after its begin on:
 *     Mbit/s of payload, from the time of arrival of the first to that of the last segment.
 * flow send HOST PORT S: sends by TCP for that long, and a second before and after.
 * flow ping HOST N: round trips of ICMP, ms: the middle one, the 99th of 100, the longest.
 * flow count PORT N: a line for each datagram: its number, ns on its way, when it came (ns).
 * flow blast HOST PORT N PPS SIZE: N datagrams that say when they were sent.
 * flow plain INTERFACE: frames leave it one by one with their checksums, as at a link's ends.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/ip_icmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define S_NS 1000000000LL
#define PAUSE_NS 2000000 /* between two round trips */

static void
fail(const char *what)
{
	fprintf(stderr, "flow: %s: %s\n", what, strerror(errno));
	exit(4);
}

static int64_t
real_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * S_NS + t.tv_nsec;
}

static int
open_socket(int type, int protocol)
{
	const int on = 1, room = 16 << 20;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, protocol);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0)
		fail("socket");
	/* With so much in the kernel who waits for a processor does not make TCP wait. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) != 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	return fd;
}

static struct sockaddr_in
address(const char *host, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };

	if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
		fail(host);
	return a;
}

/* Bytes read, and when the kernel had the last of them. */
static ssize_t
take(int fd, void *p, size_t n, int64_t *when)
{
	struct iovec io = { p, n };
	union {
		struct cmsghdr c;
		char bytes[256];
	} control;
	struct msghdr m = { .msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	ssize_t got = recvmsg(fd, &m, 0);

	*when = real_ns();
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); got > 0 && c != NULL; c = CMSG_NXTHDR(&m, c)) {
		struct timespec t;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof t);
		*when = t.tv_sec * S_NS + t.tv_nsec;
	}
	return got;
}

static void
serve(const char *port, double seconds)
{
	static char b[1 << 20];
	struct sockaddr_in a = address("0.0.0.0", port);
	int fd = open_socket(SOCK_STREAM, 0), c;
	int64_t first = 0, from = 0, last = 0, when;
	long long bytes = 0;
	ssize_t n;

	if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 1) != 0 ||
	    (c = accept(fd, NULL, NULL)) < 0)
		fail("serve");
	while ((n = take(c, b, sizeof b, &when)) > 0) {
		first = first == 0 ? when : first;
		if (from != 0)
			bytes += n;
		else if (when >= first + S_NS)
			from = when;
		last = when;
		if (from != 0 && last >= from + (int64_t)(seconds * 1e9))
			break;
	}
	if (from == 0 || bytes == 0)
		fail("nothing came");
	printf("%.4f\n", (double)bytes * 8e3 / (double)(last - from));
}

static void
send_all(const char *host, const char *port, double seconds)
{
	static char b[1 << 17];
	struct sockaddr_in a = address(host, port);
	int fd = open_socket(SOCK_STREAM, 0);
	int64_t until;

	if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
		fail("connect");
	until = real_ns() + (int64_t)((seconds + 2) * 1e9);
	while (real_ns() < until && send(fd, b, sizeof b, MSG_NOSIGNAL) > 0)
		;
}

static int
by_size(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

static void
ping(const char *host, unsigned count)
{
	struct sockaddr_in a = address(host, "0");
	int fd = open_socket(SOCK_DGRAM, IPPROTO_ICMP);
	struct timeval wait = { 2, 0 };
	int64_t *v = calloc(count + 1, sizeof *v);
	unsigned n = 0;

	if (v == NULL)
		fail("calloc");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	for (unsigned i = 0; i < count; i++) {
		struct timespec pause = { 0, PAUSE_NS };
		struct icmphdr h = { .type = ICMP_ECHO, .un.echo.sequence = htons((uint16_t)i) }, r;
		int64_t sent = real_ns(), when;

		if (sendto(fd, &h, sizeof h, 0, (struct sockaddr *)&a, sizeof a) < 0)
			fail("ping");
		while (take(fd, &r, sizeof r, &when) > 0)
			if (r.un.echo.sequence == h.un.echo.sequence) {
				v[n++] = when - sent;
				break;
			}
		nanosleep(&pause, NULL);
	}
	if (n < count * 9 / 10)
		fail("answers are missing");
	qsort(v, n, sizeof *v, by_size);
	printf("%.3f %.3f %.3f\n", (double)v[n / 2] / 1e6, (double)v[n * 99 / 100] / 1e6,
	    (double)v[n - 1] / 1e6);
}

struct stamp {
	uint64_t number; /* from 1; 0: it is over */
	int64_t sent;
};

static void
blast(const char *host, const char *port, uint64_t count, double pps, size_t size)
{
	char b[2000] = "";
	struct sockaddr_in a = address(host, port);
	int fd = open_socket(SOCK_DGRAM, 0);
	int64_t begin = real_ns();
	struct timespec pause = { 0, S_NS / 20 };

	if (size > sizeof b || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
		fail("blast");
	for (uint64_t i = 1; i <= count; i++) {
		struct stamp s = { i, 0 };
		int64_t early = begin + (int64_t)((double)i / pps * 1e9) - real_ns();
		struct timespec t = { early / S_NS, early % S_NS };

		/* In small groups: who sleeps for each is late for each. */
		if (early > 100000)
			nanosleep(&t, NULL);
		s.sent = real_ns();
		memcpy(b, &s, sizeof s);
		if (send(fd, b, size, 0) < 0 && errno != ECONNREFUSED)
			fail("send");
	}
	memset(b, 0, sizeof b);
	for (int i = 0; i < 40; i++) {
		nanosleep(&pause, NULL);
		if (send(fd, b, sizeof(struct stamp), 0) < 0) /* refused: it has heard it */
			break;
	}
}

static void
count(const char *port, uint64_t most)
{
	static char b[2000], text[1 << 20];
	struct sockaddr_in a = address("0.0.0.0", port);
	int fd = open_socket(SOCK_DGRAM, 0);
	struct stamp s;
	int64_t when;

	setvbuf(stdout, text, _IOFBF, sizeof text);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0)
		fail("count");
	while (take(fd, b, sizeof b, &when) >= (ssize_t)sizeof s) {
		memcpy(&s, b, sizeof s);
		if (s.number == 0 || most-- == 0)
			break;
		printf("%llu %lld %lld\n", (unsigned long long)s.number, (long long)(when - s.sent),
		    (long long)when);
	}
}

static void
plain(const char *interface)
{
	static const uint32_t off[] = { ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM,
		ETHTOOL_SSG };
	int fd = open_socket(SOCK_DGRAM, 0);

	for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
		struct ethtool_value v = { .cmd = off[i] };
		struct ifreq r = { .ifr_data = (char *)&v };

		snprintf(r.ifr_name, sizeof r.ifr_name, "%s", interface);
		if (ioctl(fd, SIOCETHTOOL, &r) != 0)
			fail(interface);
	}
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	prctl(PR_SET_TIMERSLACK, 1);
	setpriority(PRIO_PROCESS, 0, -20); /* where it may */
	if (strcmp(mode, "serve") == 0 && argc == 4)
		serve(argv[2], atof(argv[3]));
	else if (strcmp(mode, "send") == 0 && argc == 5)
		send_all(argv[2], argv[3], atof(argv[4]));
	else if (strcmp(mode, "ping") == 0 && argc == 4)
		ping(argv[2], (unsigned)atoi(argv[3]));
	else if (strcmp(mode, "count") == 0 && argc == 4)
		count(argv[2], strtoull(argv[3], NULL, 10));
	else if (strcmp(mode, "blast") == 0 && argc == 7)
		blast(argv[2], argv[3], strtoull(argv[4], NULL, 10), atof(argv[5]),
		    strtoul(argv[6], NULL, 10));
	else if (strcmp(mode, "plain") == 0 && argc == 3)
		plain(argv[2]);
	else
		return 3;
	return 0;
}
