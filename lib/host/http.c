/* This file sends one GET at a time, without blocking, and reads the status of its answer. */
#include "host/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"

#define LINE_LIMIT 1024 /* of the status line */

int
pth_http_endpoint(const char *text, unsigned def, unsigned *port, char path[256], struct pth_err *e)
{
	const char *p = text, *colon;
	char digits[8];
	size_t n;
	long long v;

	*port = def;
	if (strncmp(p, "http://", 7) == 0) {
		p += 7;
		n = strcspn(p, "/");
		colon = memrchr(p, ':', n);
		if (colon == NULL || memchr(colon, ']', n - (size_t)(colon - p)) != NULL) {
			*port = 80;
			p += n;
		} else {
			p = colon + 1;
		}
	}
	n = strcspn(p, "/");
	if (n > 0) {
		snprintf(digits, sizeof digits, "%.*s", n < 7 ? (int)n : 7, p);
		if (!pth_int(digits, 1, 65535, &v))
			return pth_err_set(
			    e, PTH_INPUT, "endpoint \"%.80s\": PORT/PATH is wanted", text);
		*port = (unsigned)v;
	}
	p += n;
	if (*port == 0)
		return pth_err_set(e, PTH_INPUT, "endpoint \"%.80s\" has no port", text);
	for (const char *c = p; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 127)
			return pth_err_set(
			    e, PTH_INPUT, "endpoint \"%.80s\": the path is not plain ASCII", text);
	if (snprintf(path, 256, "%s", *p != '\0' ? p : "/") >= 256)
		return pth_err_set(e, PTH_INPUT, "endpoint: the path is longer than 255 bytes");
	return 0;
}

/* status-line = "HTTP/" DIGIT "." DIGIT SP 3DIGIT SP [ reason ] CRLF; many
 * leave out the blank before an empty reason. n counts the line without LF. */
static int
status_of_line(const char *s, size_t n)
{
	if (n > 0 && s[n - 1] == '\r')
		n--;
	if (n < 12 || memcmp(s, "HTTP/", 5) != 0 || !pth_is_digit(s[5]) || s[6] != '.' ||
	    !pth_is_digit(s[7]) || s[8] != ' ' || !pth_is_digit(s[9]) || !pth_is_digit(s[10]) ||
	    !pth_is_digit(s[11]) || (n > 12 && s[12] != ' '))
		return -1;
	return s[9] < '1' || s[9] > '5' ? -1 :
	                                  (s[9] - '0') * 100 + (s[10] - '0') * 10 + s[11] - '0';
}

/* Where the head that begins at s ends, after its empty line; NULL when it
 * has not all come. */
static const char *
after_head(const char *s, const char *end)
{
	const char *lf;

	while ((lf = memchr(s, '\n', (size_t)(end - s))) != NULL) {
		if (lf == s || (lf == s + 1 && *s == '\r'))
			return lf + 1;
		s = lf + 1;
	}
	return NULL;
}

int
pth_http_status(const char *s, size_t n)
{
	const char *end = s + n;

	for (;;) {
		size_t left = (size_t)(end - s), max = left < LINE_LIMIT ? left : LINE_LIMIT;
		const char *lf = left > 0 ? memchr(s, '\n', max) : NULL;
		int status;

		if (lf == NULL) {
			/* Say no as soon as it is clear. */
			size_t k = left < 5 ? left : 5;

			return left >= LINE_LIMIT || (k > 0 && memcmp(s, "HTTP/", k) != 0) ? -1 : 0;
		}
		status = status_of_line(s, (size_t)(lf - s));
		if (status < 100 || status > 199 || status == 101)
			return status;
		s = after_head(s, end);
		if (s == NULL)
			return 0;
	}
}

/* The address in numbers. Its length, or 0. */
static socklen_t
address_of(const char *text, unsigned port, struct sockaddr_storage *to)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof *to);
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return sizeof *v4;
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		return sizeof *v6;
	}
	return 0;
}

int
pth_http_begin(struct pth_http *h, const char *address, unsigned port, const char *path,
    int64_t now, int64_t limit_us, struct pth_err *e)
{
	struct sockaddr_storage to;
	socklen_t len = address_of(address, port, &to);
	bool v6 = to.ss_family == AF_INET6;

	h->fd = -1;
	h->connected = false;
	h->sent = h->got = 0;
	h->deadline = now + limit_us;
	if (len == 0)
		return pth_err_set(e, PTH_INPUT, "\"%.80s\" is not an address in numbers", address);
	h->want = (size_t)snprintf(h->request, sizeof h->request,
	    "GET %.255s HTTP/1.1\r\nHost: %s%.64s%s:%u\r\nUser-Agent: pth\r\nAccept: */*\r\n"
	    "Connection: close\r\n\r\n",
	    path, v6 ? "[" : "", address, v6 ? "]" : "", port);
	h->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (h->fd < 0)
		return pth_err_set(e, PTH_SYSTEM, "socket:");
	if (connect(h->fd, (struct sockaddr *)&to, len) != 0 && errno != EINPROGRESS) {
		pth_err_set(e, PTH_SYSTEM, "connect to port %u:", port);
		pth_http_end(h);
		return -1;
	}
	return 0;
}

short
pth_http_events(const struct pth_http *h)
{
	return h->sent < h->want ? POLLOUT : POLLIN;
}

void
pth_http_end(struct pth_http *h)
{
	pth_close(&h->fd);
}

/* 1 done, 0 not yet, -1 with e. */
static int
send_request(struct pth_http *h, struct pth_err *e)
{
	struct pollfd p = { h->fd, POLLOUT, 0 };
	int error = 0;
	socklen_t len = sizeof error;
	ssize_t n;

	if (!h->connected) {
		if (poll(&p, 1, 0) <= 0)
			return 0;
		getsockopt(h->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		if (error != 0) {
			errno = error;
			return pth_err_set(e, PTH_SYSTEM, "connect:");
		}
		h->connected = true;
	}
	while (h->sent < h->want) {
		n = send(h->fd, h->request + h->sent, h->want - h->sent, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return pth_err_set(e, PTH_SYSTEM, "send the request:");
		h->sent += (size_t)n;
	}
	return 1;
}

/* A status, 0 for more to come, -1 with e. */
static int
read_answer(struct pth_http *h, struct pth_err *e)
{
	ssize_t n;
	int status;

	for (;;) {
		n = recv(h->fd, h->head + h->got, sizeof h->head - h->got, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return pth_err_set(e, PTH_SYSTEM, "read the answer:");
		if (n == 0)
			return pth_err_set(
			    e, PTH_INPUT, h->got != 0 ? "the answer ended early" : "no answer");
		h->got += (size_t)n;
		status = pth_http_status(h->head, h->got);
		if (status < 0 || (status == 0 && h->got == sizeof h->head))
			return pth_err_set(e, PTH_INPUT, "the answer is not HTTP");
		if (status > 0)
			return status;
	}
}

int
pth_http_step(struct pth_http *h, int64_t now, struct pth_err *e)
{
	int r = h->sent < h->want ? send_request(h, e) : 1;

	if (r > 0)
		r = read_answer(h, e);
	if (r == 0 && now >= h->deadline)
		r = pth_err_set(
		    e, PTH_INPUT, h->connected ? "no answer in time" : "no connection in time");
	if (r != 0)
		pth_http_end(h);
	return r;
}
