/* The tables of sockets in /proc/net, read in pieces however long they are. */
#include "host/sockets.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Digits at *p, at most `max` of them. False when there are none, or more. */
static bool
number(const char **p, const char *end, unsigned base, unsigned max, uint64_t *v)
{
	unsigned n = 0;

	for (*v = 0; *p < end; ++*p, n++) {
		unsigned c = (unsigned char)**p, d = c - '0';

		if (d > 9)
			d = (c | 0x20) - 'a' < 6 ? (c | 0x20) - 'a' + 10 : base;
		if (d >= base)
			break;
		if (n == max)
			return false;
		*v = *v * base + d;
	}
	return n > 0;
}

static bool
literal(const char **p, const char *end, char c)
{
	if (*p >= end || **p != c)
		return false;
	++*p;
	return true;
}

static void
blanks(const char **p, const char *end)
{
	while (*p < end && **p == ' ')
		++*p;
}

/* "0100007F:115B" */
static bool
address(const char **p, const char *end, uint64_t *port)
{
	blanks(p, end);
	while (*p < end && **p != ':' && **p != ' ')
		++*p;
	return literal(p, end, ':') && number(p, end, 16, 4, port);
}

/* "  sl: LOCAL:PORT REMOTE:PORT ST TX:RX TR:WHEN RETRANSMITS UID TIMEOUT INODE ..." */
static bool
line(const char *p, const char *end, struct pth_socket *s)
{
	uint64_t v, port, other, state;

	blanks(&p, end);
	if (!number(&p, end, 10, 10, &v) || !literal(&p, end, ':') || !address(&p, end, &port) ||
	    !address(&p, end, &other))
		return false;
	blanks(&p, end);
	if (!number(&p, end, 16, 2, &state))
		return false;
	for (int i = 0; i < 5; i++) { /* words in between */
		blanks(&p, end);
		while (p < end && *p != ' ')
			p++;
	}
	blanks(&p, end);
	if (!number(&p, end, 10, 19, &v))
		return false;
	s->port = (uint16_t)port;
	s->state = (unsigned)state;
	s->inode = v;
	return true;
}

bool
pth_sockets_next(const char **p, const char *end, struct pth_socket *s)
{
	while (*p < end) {
		const char *from = *p, *nl = memchr(from, '\n', (size_t)(end - from));

		*p = nl != NULL ? nl + 1 : end;
		if (line(from, nl != NULL ? nl : end, s))
			return true;
	}
	return false;
}

/* One file, in pieces of whole lines. False when f wants no more. */
static bool
each_of(const char *file, bool udp, bool (*f)(void *arg, const struct pth_socket *s), void *arg)
{
	char text[16384];
	pth_auto_fd fd = open(file, O_RDONLY | O_CLOEXEC);
	struct pth_socket s = { .udp = udp };
	size_t have = 0;
	bool more = true;
	ssize_t n;

	while (more && fd >= 0 && have < sizeof text &&
	    (n = read(fd, text + have, sizeof text - have)) > 0) {
		const char *p = text, *nl = memrchr(text, '\n', have += (size_t)n), *end;

		end = nl != NULL ? nl + 1 : text;
		while (more && pth_sockets_next(&p, end, &s))
			more = f(arg, &s);
		have -= (size_t)(end - text);
		memmove(text, end, have);
	}
	return more;
}

void
pth_sockets_each(bool udp, bool (*f)(void *arg, const struct pth_socket *s), void *arg)
{
	if (each_of(udp ? "/proc/self/net/udp" : "/proc/self/net/tcp", udp, f, arg))
		each_of(udp ? "/proc/self/net/udp6" : "/proc/self/net/tcp6", udp, f, arg);
}
