/*
 * Streams of TCP as tests tell them, to what reads them:
 *
 *	struct app x;
 *	app_begin(&x, PTH_F_DATA);
 *	app_say(&x, 0, "GET / HTTP/1.1\r\n\r\n");
 *	CHECK_INT(app_over(&x)->requests, 1);
 *	app_end(&x);
 */
#ifndef PTH_UNIT_APP_H
#define PTH_UNIT_APP_H

#include "capture.h"
#include "dissect/tcp.h"
#include "dissect/tcp_app.h"
#include "unit.h"

struct app {
	struct pth_dissect *d;
	struct tcp_app *a;
	struct pth_frame frame;
	enum pth_field spoken;
	uint64_t said[2];
	struct pth_tcp_stat *stat; /* when it is over */
};

static inline void
app_begin(struct app *x, enum pth_field spoken)
{
	const struct pth_dissect_how how = { .fields = true };

	*x = (struct app){ .d = pth_dissect_new(&how), .spoken = spoken };
	x->d->frame = &x->frame;
	x->stat = dissect_tcp_stat(x->d);
}

/* n bytes at that offset of what an end (0: client) sends. */
static inline void
app_part(struct app *x, int from, uint64_t offset, const void *p, size_t n)
{
	uint8_t *copy = unit_copy(p, n);

	x->d->stat.packets++;
	x->d->n = 0;
	dissect_tcp_app_part(
	    x->d, &x->a, from, x->spoken, offset, (struct cursor){ copy, copy + n });
	free(copy);
}

static inline void
app_bytes(struct app *x, int from, const void *p, size_t n)
{
	app_part(x, from, x->said[from], p, n);
	x->said[from] += n;
}

static inline void
app_say(struct app *x, int from, const char *text)
{
	app_bytes(x, from, text, strlen(text));
}

static inline void
app_hex(struct app *x, int from, const char *hex)
{
	struct pth_buf b = PTH_BUF_INIT;

	put_hex(&b, hex);
	app_bytes(x, from, b.s, b.len);
	pth_buf_release(&b);
}

/* The connection is over: what was counted of HTTP. */
static inline struct pth_http_stat *
app_over(struct app *x)
{
	dissect_tcp_app_over(x->stat, x->a);
	x->a = NULL;
	return &x->stat->http;
}

static inline void
app_end(struct app *x)
{
	app_over(x);
	pth_dissect_free(x->d);
}

/* The values of a field in what came last, "a,b". */
static inline const char *
app_field(const struct app *x, enum pth_field f)
{
	static char text[1024];
	size_t n, at = 0;
	const struct pth_value *v = pth_dissect_fields(x->d, &n);

	*text = '\0';
	for (size_t i = 0; i < n; i++)
		if (v[i].field == f && v[i].n > 0)
			at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s",
			    at > 0 ? "," : "", (int)v[i].n, (const char *)v[i].p);
		else if (v[i].field == f)
			at += (size_t)snprintf(text + at, sizeof text - at, "%s%llu",
			    at > 0 ? "," : "", (unsigned long long)v[i].u);
	return text;
}

/* "requests/responses bytes/sent unread" of a connection's HTTP that is over. */
static inline const char *
app_numbers(struct app *x)
{
	static char text[128];
	const struct pth_http_stat *s = app_over(x);

	snprintf(text, sizeof text, "%llu/%llu %llu/%llu unread %llu",
	    (unsigned long long)s->requests, (unsigned long long)s->responses,
	    (unsigned long long)s->bytes, (unsigned long long)s->sent_bytes,
	    (unsigned long long)s->unread);
	return text;
}

#endif
