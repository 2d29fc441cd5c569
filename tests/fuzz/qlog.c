/*
 * Any bytes as a qlog file. What is read of them is the same whatever part was read before, the
 * numbers are JSON, and what is lacking is said in words.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os.h"
#include "collect/qlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define POINTS 8

static json_t *
numbers(int fd, const uint8_t *data, size_t begin, struct pth_buf *lack)
{
	struct pth_qlog_sum s = { .files = 0 };
	struct pth_qlog *q = pth_qlog_new(fd, data, begin);
	json_t *o;

	if (lseek(fd, (off_t)begin, SEEK_SET) != (off_t)begin)
		abort();
	if (!pth_qlog_sum_add(&s, q, lack) && s.files != 0)
		abort();
	o = pth_qlog_sum_json(&s);
	pth_qlog_sum_release(&s);
	pth_qlog_free(q);
	return o;
}

/* Each line is JSON, with no more points than were asked for. */
static void
series(int fd)
{
	const struct pth_qlog_show how = { false, PTH_QLOG_PLOTS_ALL, POINTS };
	struct pth_buf out = PTH_BUF_INIT, lack = PTH_BUF_INIT;
	struct pth_err e;
	const char *s, *end;

	if (lseek(fd, 0, SEEK_SET) != 0)
		abort();
	pth_qlog_show(&how, pth_qlog_new(fd, NULL, 0), &out, &lack);
	for (s = out.s; s != NULL && (end = strchr(s, '\n')) != NULL; s = end + 1) {
		json_t *line = pth_json_parse(s, (size_t)(end - s), &e);
		size_t n = json_array_size(json_object_get(line, "points"));

		if (n < 1 || n > POINTS)
			abort();
		json_decref(line);
	}
	if (s != NULL && *s != '\0')
		abort();
	pth_buf_release(&out);
	pth_buf_release(&lack);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct pth_buf a = PTH_BUF_INIT, b = PTH_BUF_INIT, text = PTH_BUF_INIT;
	struct pth_err e;
	json_t *once, *twice, *parsed;

	if (fd < 0 || pth_write_all(fd, data, n) != 0)
		abort();
	once = numbers(fd, data, 0, &a);
	twice = numbers(fd, data, n / 2, &b);
	if (json_equal(once, twice) == 0 || a.len != b.len)
		abort();
	pth_json_dump(&text, once);
	parsed = pth_json_parse(text.s, text.len, &e);
	if (parsed == NULL)
		abort();
	json_decref(parsed);
	series(fd);
	json_decref(once);
	json_decref(twice);
	pth_buf_release(&a);
	pth_buf_release(&b);
	pth_buf_release(&text);
	close(fd);
	return 0;
}
