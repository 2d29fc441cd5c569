/* The answer of a program under test, whole and in pieces; endpoints. */
#include "host/http.h"

#include "unit.h"

static int
status(const char *s)
{
	return pth_http_status(s, strlen(s));
}

static int
endpoint(const char *text, const char *want)
{
	struct pth_err e;
	char path[256], got[300] = "";
	unsigned port;

	if (pth_http_endpoint(text, 4443, &port, path, &e) == 0)
		snprintf(got, sizeof got, "%u %s", port, path);
	if (strcmp(got, want) != 0)
		printf("%s: %s, not %s\n", text, got, want);
	return strcmp(got, want) == 0;
}

static void
answers(void)
{
	static const char early[] = "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 204\r\n";
	char long_line[2000];

	unit("whole answers");
	CHECK(status("HTTP/1.1 200 OK\r\n\r\n") == 200);
	CHECK(status("HTTP/1.0 404 Not Found\r\n") == 404);
	CHECK(status("HTTP/1.1 503 \r\n") == 503);
	CHECK(status("HTTP/1.1 204\n") == 204);
	CHECK(status("HTTP/1.1 599 \xff\xfe\r\n") == 599);
	CHECK(status(early) == 204);
	CHECK(status("HTTP/1.1 101 Switching Protocols\r\n\r\n") == 101);

	unit("what is not HTTP");
	CHECK(status("SSH-2.0-x\r\n") == -1);
	CHECK(status("HTTP/1.1 20 OK\r\n") == -1);
	CHECK(status("HTTP/1.1 2000 OK\r\n") == -1);
	CHECK(status("HTTP/1.1 600 OK\r\n") == -1);
	CHECK(status("HTTP/1.1 000 OK\r\n") == -1);
	CHECK(status("HTTP/11 200 OK\r\n") == -1);
	CHECK(status("HTTP/1.1  200 OK\r\n") == -1);
	CHECK(status("\r\n") == -1);
	CHECK(status("http/1.1 200 OK\r\n") == -1);
	CHECK(pth_http_status("HTTP/1.1 200\0\r\n", 15) == -1);
	memset(long_line, 'x', sizeof long_line);
	memcpy(long_line, "HTTP/1.1 200 ", 13);
	CHECK(pth_http_status(long_line, 1023) == 0);
	CHECK(pth_http_status(long_line, sizeof long_line) == -1);

	unit("in pieces");
	CHECK(pth_http_status("", 0) == 0);
	for (size_t n = 0; n < 17; n++)
		CHECK(pth_http_status("HTTP/1.1 200 OK\r\n", n) == 0);
	CHECK(status("S") == -1);
	for (size_t n = 0; n < sizeof early - 2; n++)
		CHECK(pth_http_status(early, n) == 0);
}

static void
requests(void)
{
	struct pth_http h;
	struct pth_err e;

	unit("endpoints");
	CHECK(endpoint("8080/health", "8080 /health"));
	CHECK(endpoint("8080", "8080 /"));
	CHECK(endpoint("/health?x=1", "4443 /health?x=1"));
	CHECK(endpoint("", "4443 /"));
	CHECK(endpoint("http://server:8080/a/b", "8080 /a/b"));
	CHECK(endpoint("http://server/a", "80 /a"));
	CHECK(endpoint("http://[::1]:81/a", "81 /a"));
	CHECK(endpoint("http://[::1]/a", "80 /a"));
	CHECK(endpoint("0/x", ""));
	CHECK(endpoint("65536/x", ""));
	CHECK(endpoint("1234567890/x", ""));
	CHECK(endpoint("x/y", ""));
	CHECK(endpoint("80/a b", ""));
	CHECK(endpoint("80/a\r\nHost: evil", ""));

	unit("addresses");
	CHECK(pth_http_begin(&h, "server.example", 80, "/", 0, 1, &e) == -1);
	CHECK(h.fd == -1);
	pth_http_end(&h);
	if (pth_http_begin(&h, "::1", 80, "/", 0, 1, &e) == 0)
		CHECK(strstr(h.request, "Host: [::1]:80\r\n") != NULL);
	pth_http_end(&h);
}

int
main(void)
{
	answers();
	requests();
	return unit_done();
}
