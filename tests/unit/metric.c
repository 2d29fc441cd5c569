/* Numbers out of files: what collect_test.sh cannot show. */
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "collect/metric.h"
#include "unit.h"

static char shown[64];

static const char *
value(const char *spec, const char *text, size_t n)
{
	struct pth_measure m = { 0 };
	struct pth_err e;
	struct pth_buf b = PTH_BUF_INIT;
	json_t *s = pth_json_parse(spec, strlen(spec), &e), *v;
	int fd = memfd_create("file", MFD_CLOEXEC);

	CHECK(write(fd, text, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0);
	pth_metric_read(&m, s, fd, (int64_t)n);
	v = pth_metric_reduce(&m, s);
	pth_json_dump(&b, v != NULL ? v : json_null());
	snprintf(shown, sizeof shown, "%s", b.s);
	pth_buf_release(&b);
	json_decref(v);
	json_decref(s);
	close(fd);
	return shown;
}

#define VALUE(spec, text) value(spec, text, sizeof text - 1)

int
main(void)
{
	static char big[200000];

	unit("reduce");
	CHECK_STR(VALUE("{\"matches\":\"([0-9]+)\"}", "a 1\nb 5\nc 3"), "3");
	CHECK_STR(VALUE("{\"matches\":\"([0-9]+)\",\"reduce\":\"first\"}", "a 1\nb 5\nc 3\n"), "1");
	CHECK_STR(VALUE("{\"matches\":\"([0-9]+)\",\"reduce\":\"max\"}", "a 1\nb 5\nc 3\n"), "5");
	CHECK_STR(VALUE("{\"matches\":\"([0-9]+)\",\"reduce\":\"mean\"}", "a 1\nb 4\n"), "2.5");
	CHECK_STR(VALUE("{\"matches\":\"b\",\"reduce\":\"count\"}", "a\n"), "0");
	CHECK_STR(VALUE("{\"matches\":\"b\"}", "a\n"), "null");
	CHECK_STR(VALUE("{\"matches\":\"[-0-9.e]+\",\"scale\":0.001}", "-2.5e3\n"), "-2.5");
	CHECK_STR(VALUE("{\"matches\":\"[0-9e]+\",\"scale\":1e300}", "9e300\n"), "null");

	unit("bytes of all kinds");
	CHECK_STR(VALUE("{\"matches\":\"x=([0-9]+)\"}", "\0\xff x=7\0\n\xc3x"), "7");
	CHECK_STR(VALUE("{\"matches\":\"(.*)\"}", "inf\nnan\n0x10\n"), "0");

	unit("long lines");
	memset(big, 'a', sizeof big);
	memcpy(big + 4090, "x=12345", 7); /* the limit lies within the number */
	memcpy(big + 70000, "x=8", 3);    /* too far in its line */
	big[150000] = '\n';
	memcpy(big + 150001, "x=9\n", 4);
	CHECK_STR(
	    value("{\"matches\":\"x=([0-9]+)\",\"reduce\":\"first\"}", big, sizeof big), "1234");
	CHECK_STR(value("{\"matches\":\"x=([0-9]+)\",\"reduce\":\"count\"}", big, sizeof big), "2");

	unit("expressions that are refused");
	CHECK_STR(VALUE("{\"matches\":\"([0-9])\\\\1\"}", "11\n"), "null");
	CHECK_STR(VALUE("{\"matches\":\"(\"}", "11\n"), "null");
	return unit_done();
}
