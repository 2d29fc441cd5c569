/* This file reads the tables of sockets in /proc/net in pieces, however long they are. */
#include "host/sockets.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

/* "0100007F:115B" */
static bool
port_of(struct pth_word address, uint64_t *port)
{
	struct pth_word ip;

	return pth_word_next(&address, ":", &ip) && pth_word_number(&address, 16, port) &&
	    *port <= UINT16_MAX;
}

/* "  sl: LOCAL:PORT REMOTE:PORT ST TX:RX TR:WHEN RETRANSMITS UID TIMEOUT INODE ..." */
static bool
line(struct pth_word text, struct pth_socket *s)
{
	struct pth_word field[10];
	uint64_t number, port, other, state;

	for (size_t i = 0; i<countof(field); i += field[i].n> 0)
		if (!pth_word_next(&text, " ", &field[i]))
			return false;
	if (!pth_word_number(&field[0], 10, &number) || !pth_word_is(field[0], ":") ||
	    !port_of(field[1], &port) || !port_of(field[2], &other) ||
	    !pth_word_number(&field[3], 16, &state) || state > UINT8_MAX ||
	    !pth_word_number(&field[9], 10, &s->inode))
		return false;
	s->port = (uint16_t)port;
	s->state = (unsigned)state;
	s->connected = other != 0;
	return true;
}

bool
pth_sockets_next(struct pth_word *rest, struct pth_socket *s)
{
	struct pth_word text;

	while (pth_word_next(rest, "\n", &text))
		if (line(text, s))
			return true;
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
		const char *nl = memrchr(text, '\n', have += (size_t)n);
		struct pth_word whole = { text, nl != NULL ? (size_t)(nl + 1 - text) : 0 };

		have -= whole.n;
		n = (ssize_t)whole.n;
		while (more && pth_sockets_next(&whole, &s))
			more = f(arg, &s);
		memmove(text, text + n, have);
	}
	return more;
}

void
pth_sockets_each(bool udp, bool (*f)(void *arg, const struct pth_socket *s), void *arg)
{
	if (each_of(udp ? "/proc/self/net/udp" : "/proc/self/net/tcp", udp, f, arg))
		each_of(udp ? "/proc/self/net/udp6" : "/proc/self/net/tcp6", udp, f, arg);
}

bool
pth_socket_serves(const struct pth_socket *s)
{
	return s->udp ? !s->connected : s->state == PTH_TCP_LISTEN;
}
