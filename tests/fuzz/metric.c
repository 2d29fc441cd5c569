/* What a program wrote, read for numbers and for events: the first byte says how, the rest
 * is the file. The expressions are a descriptor's, and so not fuzzed. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/metric.h"
#include "collect/own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const specs[] = {
	"{\"matches\": \"^Total: ([0-9]+) samples\"}",
	"{\"matches\": \"rtt ([0-9.,e+-]*) *(us|ms)\", \"reduce\": \"mean\", \"scale\": 1000}",
	"{\"matches\": \".\", \"reduce\": \"count\"}",
	"{\"matches\": \"((a|aa)*b?)*([0-9]+)\", \"reduce\": \"sum\"}",
	"{\"json\": \"a.b.0\", \"reduce\": \"max\"}",
	"{\"json\": \"\", \"reduce\": \"count\"}",
	"{\"json\": \"a\", \"reduce\": \"first\", \"scale\": 1e300}",
};

/* The same file for events, by each of their forms. */
static void
events(int fd)
{
	static const char *const forms[] = { "{\"json\": \"e\"}", "{\"matches\": \"([a-z]+)\"}",
		"{\"name\": \"x\", \"matches\": \"a*\"}" };

	for (size_t i = 0; i < countof(forms); i++) {
		struct collect_own own = { .left = 3 };
		struct pth_err e;
		json_t *spec = pth_json_parse(forms[i], strlen(forms[i]), &e);
		json_t *service = pth_json_parse("{\"name\": \"s\"}", 13, &e);

		if (lseek(fd, 0, SEEK_SET) != 0)
			abort();
		collect_own_file(&own, service, spec, fd, "f");
		if (own.wrong > 0 && (own.first < 1 || own.why == NULL))
			abort();
		json_decref(spec);
		json_decref(service);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd = memfd_create("log", MFD_CLOEXEC);
	struct pth_measure m = { 0 };
	struct pth_err e;
	const char *text = specs[n != 0 ? data[0] % countof(specs) : 0];
	json_t *spec = pth_json_parse(text, strlen(text), &e), *v;
	size_t len = n != 0 ? n - 1 : 0;

	if (write(fd, n != 0 ? data + 1 : data, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	pth_metric_read(&m, spec, fd, (int64_t)len);
	v = pth_metric_reduce(&m, spec);
	if (v != NULL && !json_is_number(v))
		abort();
	json_decref(v);
	json_decref(spec);
	events(fd);
	close(fd);
	return 0;
}
