/*
 * One HTTP/1.1 GET (RFC 9112) that never blocks: the answer's status is all
 * that is wanted, the body is not read. Made for health checks; the peer is a
 * program under test and may answer anything.
 */
#ifndef PTH_HOST_HTTP_H
#define PTH_HOST_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define PTH_HTTP_HEAD 8192 /* bytes of an answer that are looked at */

struct pth_http {
	int fd; /* -1: no request is under way */
	bool connected;
	char request[512];
	size_t want, sent;
	char head[PTH_HTTP_HEAD];
	size_t got;
	int64_t deadline;
};

/* "8080/health", "8080", "/health", "http://HOST:8080/health" (the host is
 * not used) -> port (def where there is none) and path, at least "/". -1 with
 * e for anything else. */
int pth_http_endpoint(
    const char *text, unsigned def, unsigned *port, char path[256], struct pth_err *e);

/*
 * The status of an answer of which n bytes have come: 100 to 599; 0 when more
 * is needed to know; -1 when this is not HTTP. Interim answers (1xx but 101)
 * are passed over. Reads no byte beyond s[n-1].
 */
int pth_http_status(const char *s, size_t n);

/* Begin: connect to the numeric address (IPv4 or IPv6). -1 with e. The
 * request fails at limit_us from now. */
int pth_http_begin(struct pth_http *h, const char *address, unsigned port, const char *path,
    int64_t now, int64_t limit_us, struct pth_err *e);
/* What poll(2) has to wait for on h->fd. */
short pth_http_events(const struct pth_http *h);
/* Go on. The status when it is there, 0 when there is more to wait for, -1
 * with e when it failed. Ends the request in the first and last case. */
int pth_http_step(struct pth_http *h, int64_t now, struct pth_err *e);
/* Give up. */
void pth_http_end(struct pth_http *h);

#endif
