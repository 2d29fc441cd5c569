#include <errno.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "minip.h"

bool
minip_number(const char *s, long min, long max, long *v)
{
	char *end;
	long n;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	n = strtol(s, &end, 10);
	if (errno || *end || n < min || n > max)
		return false;
	*v = n;
	return true;
}

enum minip_kind
minip_parse(const char *p, size_t n, long *seq)
{
	char text[MINIP_MAX + 1];

	if (n > MINIP_MAX || memchr(p, '\0', n))
		return MINIP_NONE;
	memcpy(text, p, n);
	text[n] = '\0';
	if (strncmp(text, "ping ", 5) == 0 && minip_number(text + 5, 0, MINIP_LAST, seq))
		return MINIP_PING;
	if (strncmp(text, "pong ", 5) == 0 && minip_number(text + 5, 0, MINIP_LAST, seq))
		return MINIP_PONG;
	return MINIP_NONE;
}

size_t
minip_format(char *buf, enum minip_kind kind, long seq)
{
	return (size_t)snprintf(
	    buf, MINIP_MAX, "%s %ld", kind == MINIP_PING ? "ping" : "pong", seq);
}

int
minip_socket(const char *address, const char *port, bool server)
{
	struct addrinfo hints, *list, *a;
	int fd = -1, rc, err = 0;

	memset(&hints, 0, sizeof hints);
	hints.ai_socktype = SOCK_DGRAM;
	hints.ai_flags = AI_NUMERICSERV | (server ? AI_PASSIVE : 0);
	rc = getaddrinfo(address, port, &hints, &list);
	if (rc) {
		fprintf(stderr, "minip: %s port %s: %s\n", address, port, gai_strerror(rc));
		return -1;
	}
	for (a = list; a; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
		if (fd >= 0 && (server ? bind : connect)(fd, a->ai_addr, a->ai_addrlen) == 0)
			break;
		err = errno;
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	if (fd < 0)
		fprintf(stderr, "minip: %s port %s: %s\n", address, port, strerror(err));
	return fd;
}

/* The finalizer of splitmix64 (Vigna, public domain): well mixed, no state. */
unsigned
minip_dice(unsigned long seed, unsigned long index)
{
	uint64_t z = seed * 0x9e3779b97f4a7c15u + index + 1;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (unsigned)((z ^ (z >> 31)) & 0x7fffffff);
}

long
minip_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
