/*
 * Any bytes as inner.json, which comes out of a container: taken over or not,
 * the service's result is JSON that can be written and read.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "io/json.h"
#include "supervise/service_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int testdir = -1;
static char path[] = "/tmp/pth-fuzz-inner.XXXXXX";

static void
leave(void)
{
	unlinkat(testdir, "inner.json", 0);
	rmdir(path);
}

static int
directory(void)
{
	if (mkdtemp(path) == NULL || (testdir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		abort();
	atexit(leave);
	return testdir;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct service s = { .name = "s",
		.at.dirfd = testdir < 0 ? directory() : testdir,
		.commands.results = json_array() };
	json_t *plan = json_pack("{s:{s:s}}", "inner", "file", "inner.json"), *o, *back;
	struct pth_exit x = { .code = 1 };
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	int fd = openat(s.at.dirfd, "inner.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	close(fd);
	s.plan = plan;
	s.state = PTH_ST_INITIALIZING;
	supervise_service_inner_take(&s, &x, 1000000);
	o = supervise_service_result(&s);
	pth_json_dump(&b, o);
	back = pth_json_parse(b.s, b.len, &e);
	if (back == NULL) {
		fprintf(stderr, "%s\n%s\n", b.s, e.text);
		abort();
	}
	json_decref(back);
	json_decref(o);
	json_decref(s.commands.results);
	json_decref(s.restarts);
	json_decref(s.inner);
	json_decref(plan);
	pth_buf_release(&b);
	return 0;
}
