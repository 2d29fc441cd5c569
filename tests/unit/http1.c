/* HTTP/1.1: heads, and how long bodies are. */
#include "app.h"

#define GET "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
#define OK3 "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"

/* What the ends say, each all of it, and the numbers. Then once more in parts of each size. */
static void
is(const char *client, const char *server, const char *want)
{
	size_t most = strlen(client) > strlen(server) ? strlen(client) : strlen(server);

	for (size_t size = most; size > 0; size = size > 7 ? size - 3 : size - 1) {
		struct app x;

		app_begin(&x, PTH_F_HTTP);
		for (size_t at = 0; at < most; at += size)
			for (int from = 0; from < 2; from++) {
				const char *text = from == 0 ? client : server;
				size_t left = at < strlen(text) ? strlen(text) - at : 0;

				if (left > 0)
					app_bytes(&x, from, text + at, left < size ? left : size);
			}
		if (strcmp(app_numbers(&x), want) != 0)
			printf("    in parts of %zu\n", size);
		CHECK_STR(app_numbers(&x), want);
		app_end(&x);
	}
}

static void
bodies(void)
{
	is(GET, OK3, "1/1 3/0 unread 0");
	is(GET GET, OK3 "HTTP/1.1 404 No\r\ncontent-length:\t0 \r\n\r\n", "2/2 3/0 unread 0");
	is("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nGET " GET, OK3 OK3, "2/2 6/4 unread 0");
	/* Until the end of the connection. */
	is(GET, "HTTP/1.0 200 OK\r\n\r\nall that comes\r\n\r\nHTTP/1.1 200", "1/1 30/0 unread 0");
	is("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n12345", OK3, "1/1 3/5 unread 0");
	/* None, whatever the length says (RFC 9112, 6.3). */
	is("HEAD / HTTP/1.1\r\n\r\n" GET, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" OK3,
	    "2/2 3/0 unread 0");
	is(GET GET, "HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n" OK3, "2/2 3/0 unread 0");
	is(GET, "HTTP/1.1 204 None\r\n\r\n", "1/1 0/0 unread 0");
	/* More will come. */
	is(GET, "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" OK3,
	    "1/1 3/0 unread 0");
}

static void
chunks(void)
{
	is(GET GET,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
	    "3\r\nabc\r\n1a;ext=1\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n" OK3,
	    "2/2 32/0 unread 0");
	/* With trailers. */
	is(GET GET,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n0\r\nA: b\r\nC: d\r\n\r\n" OK3,
	    "2/2 6/0 unread 0");
	/* Both of a length and in chunks: in chunks (RFC 9112, 6.3). */
	is(GET,
	    "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "2\r\nab\r\n0\r\n\r\n",
	    "1/1 2/0 unread 0");
	/* What is no size. */
	is(GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n",
	    "1/1 0/0 unread 1");
}

/* Of a body that breaks off only the bytes that came count. */
static void
cut(void)
{
	is(GET, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc", "1/1 3/0 unread 0");
	is(GET, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "1/1 0/0 unread 0");
	is(GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\nabc",
	    "1/1 3/0 unread 0");
	is(GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc",
	    "1/1 3/0 unread 0");
	is(GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r",
	    "1/1 3/0 unread 0");
	/* ... of a head nothing, which is marked. */
	is(GET "GET /b HT", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", "1/0 0/0 unread 2");
}

static void
lies(void)
{
	/* Lengths beyond all that can be. */
	is(GET, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\nabc",
	    "1/1 3/0 unread 0");
	is(GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\nabc",
	    "1/1 3/0 unread 0");
	/* What is no length, no method, no version. */
	is(GET, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc", "1/1 0/0 unread 1");
	is(GET, "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nabc", "1/1 0/0 unread 1");
	is(GET, "HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\nabc", "1/1 0/0 unread 1");
	is("GET\r\n\r\n" GET, "", "0/0 0/0 unread 1");
	is("GET /\r\n\r\n" GET, "", "0/0 0/0 unread 1");
	is("GET / SPDY/3\r\n\r\n" GET, "", "0/0 0/0 unread 1");
	is(GET, "HTTP/1.1 2x0 OK\r\n\r\n", "1/0 0/0 unread 1");
	is(GET, "HTTP/2.0 200 OK\r\n\r\n", "1/0 0/0 unread 1");
	/* A header's name that only begins so. */
	is(GET, "HTTP/1.1 200 OK\r\nContent-Lengthy: 1\r\nContent-Length: 3\r\n\r\nabc",
	    "1/1 3/0 unread 0");
}

static void
long_head(void)
{
	struct app x;

	app_begin(&x, PTH_F_HTTP);
	app_say(&x, 0, "GET / HTTP/1.1\r\nA: ");
	for (int i = 0; i < 2000; i++)
		app_say(&x, 0, "0123456789");
	app_say(&x, 0, "\r\n\r\n");
	CHECK_STR(app_numbers(&x), "0/0 0/0 unread 1");
	app_end(&x);
}

/* The client asks, the server answers, and both go on; in parts of each size. */
static void
goes_on(const char *asks, const char *answers, const char *client, const char *want)
{
	for (size_t size = 1; size < 100; size++) {
		const char *const said[] = { asks, answers, client };
		struct app x;

		app_begin(&x, PTH_F_HTTP);
		for (int i = 0; i < 3; i++)
			for (size_t at = 0, n = strlen(said[i]); at < n; at += size)
				app_bytes(&x, i & 1, said[i] + at, n - at < size ? n - at : size);
		CHECK_STR(app_numbers(&x), want);
		app_end(&x);
	}
}

/* Another protocol follows, which is not taken for HTTP. */
static void
others(void)
{
	goes_on("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
	    "HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n\1\2\3\r\n\r\n",
	    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "1/1 0/0 unread 0");
	goes_on("CONNECT a:1 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
	    GET, "1/1 0/0 unread 0");
	/* It was not given, or the server speaks HTTP/1.1 nevertheless. */
	goes_on("CONNECT a:1 HTTP/1.1\r\n\r\n", "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n" OK3,
	    GET, "2/2 3/0 unread 0");
	goes_on("POST / HTTP/1.1\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\nab", OK3 OK3, GET,
	    "2/2 6/2 unread 0");
	/* The client does not wait for the answer: what it says until then is read with that. */
	is("CONNECT a:1 HTTP/1.1\r\n\r\n" GET "12345678",
	    "HTTP/1.1 407 No\r\nContent-Length: 0\r\nA: b\r\nC: d\r\n\r\n" OK3, "2/2 3/0 unread 1");
}

/* A gap that stays: what is behind it is not read, and that is marked; in a body it is none. */
static void
gaps(void)
{
	struct app x;

	app_begin(&x, PTH_F_HTTP);
	app_say(&x, 0, GET);
	x.said[0] += 5;
	app_say(&x, 0, GET);
	app_say(&x, 1, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
	x.said[1] += 95;
	app_say(&x, 1, "tail!" OK3);
	CHECK_STR(app_numbers(&x), "1/2 103/0 unread 1");
	app_end(&x);
}

/* Fields are those of the packet, also when the bytes that they were read from have moved. */
static void
fields(void)
{
	struct app x;

	app_begin(&x, PTH_F_DATA);
	app_say(&x, 0, GET "POST /longer/than/a HTTP/1.1\r\n\r\nDELETE /c HTTP/1.1\r\n\r\nGET");
	CHECK_STR(app_field(&x, PTH_F_HTTP_METHOD), "GET,POST,DELETE");
	CHECK_STR(app_field(&x, PTH_F_HTTP_URI), "/a,/longer/than/a,/c");
	app_say(&x, 1, OK3 "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n");
	CHECK_STR(app_field(&x, PTH_F_HTTP_STATUS), "200,301");
	CHECK_INT(app_over(&x)->status[200], 1);
	CHECK_INT(x.stat->http.status[301], 1);
	app_end(&x);
}

int
main(void)
{
	unit("bodies");
	bodies();
	unit("chunks");
	chunks();
	unit("what breaks off");
	cut();
	unit("what lies");
	lies();
	unit("heads that are too long");
	long_head();
	unit("other protocols");
	others();
	unit("gaps");
	gaps();
	unit("fields");
	fields();
	return unit_done();
}
