/*
 * What is spoken above TCP: HTTP/1.1 (RFC 9112), HTTP/2 (RFC 9113), TLS (RFC 8446) with what is
 * in it when its keys are known, BGP (RFC 4271). Private to this folder.
 */
#ifndef PTH_DISSECT_TCP_APP_H
#define PTH_DISSECT_TCP_APP_H

#include "dissect/stat.h"
#include "dissect/stream.h"

struct tcp_app;

/* A part of the stream that an end (0: client, 1: server) has sent, at that offset. *app is made
 * when it is NULL. spoken: what the port speaks, PTH_F_DATA when nobody has said. */
void dissect_tcp_app_part(struct pth_dissect *d, struct tcp_app **app, int from,
    enum pth_field spoken, uint64_t offset, struct cursor c);
/* The connection is over: what is known only now is counted, and a is free. a may be NULL. */
void dissect_tcp_app_over(struct pth_tcp_stat *stat, struct tcp_app *a);

/* ---- within: a layer reads what is there of one direction; at the end of that it is over, and
 * what was counted in advance and never came is taken back. */

struct http1;
struct http1 *dissect_http1_new(void);
void dissect_http1_free(struct http1 *h);
/* The client's stream is read, too, when it has waited for what the server says. */
void dissect_http1_read(
    struct pth_dissect *d, struct http1 *h, int from, struct stream *mine, struct stream *client);
void dissect_http1_over(
    struct pth_http_stat *stat, const struct http1 *h, int from, const struct stream *s);

struct http2;
struct http2 *dissect_http2_new(void);
void dissect_http2_free(struct http2 *h);
void dissect_http2_read(struct pth_dissect *d, struct http2 *h, int from, struct stream *s);
void dissect_http2_over(
    struct pth_http_stat *stat, const struct http2 *h, int from, const struct stream *s);

struct tls;
struct tls *dissect_tls_new(void);
void dissect_tls_free(struct tls *t);
void dissect_tls_read(struct pth_dissect *d, struct tls *t, int from, struct stream *s);
void dissect_tls_over(
    struct pth_tcp_stat *stat, const struct tls *t, int from, const struct stream *s);

struct pth_tcp_stat *dissect_tcp_stat(const struct pth_dissect *d);
struct pth_http_stat *dissect_tcp_http(struct pth_dissect *d);

#endif
