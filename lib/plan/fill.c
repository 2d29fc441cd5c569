/* This file makes the directories and files that a plan wants. */
#include "plan/fill.h"

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/file.h"
#include "io/record.h"

/* splitmix64 (Steele, Lea, Flood 2014): any seed gives good bytes, and the
 * same seed the same file on every machine (little endian). */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static int
write_random(int fd, int64_t size, uint64_t seed)
{
	uint64_t chunk[8192];
	size_t n;

	while (size > 0) {
		for (size_t i = 0; i < countof(chunk); i++)
			chunk[i] = next_random(&seed);
		n = size < (int64_t)sizeof chunk ? (size_t)size : sizeof chunk;
		if (pth_write_all(fd, chunk, n) != 0)
			return -1;
		size -= (int64_t)n;
	}
	return 0;
}

static int
make_file(int dirfd, const json_t *f, const struct pth_places *p, struct pth_err *e)
{
	const char *path = pth_content_path(f), *text = pth_content_text(f);
	pth_auto_buf b = PTH_BUF_INIT;
	int fd = pth_file_make(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC, e);
	int r;

	if (fd < 0)
		return -1;
	if (text != NULL) {
		pth_places_expand(p, text, &b);
		r = pth_write_all(fd, b.s, b.len);
	} else
		r = write_random(fd, pth_content_size(f), (uint64_t)pth_content_seed(f));
	if (close(fd) != 0 || r != 0)
		return pth_err_set(e, PTH_SYSTEM, "write %s:", path);
	return 0;
}

int
pth_plan_fill(int dirfd, const json_t *service, const struct pth_places *p, struct pth_err *e)
{
	json_t *v;
	size_t i;

	json_array_foreach(pth_svc_dirs(service), i, v) {
		const char *path = json_string_value(v);

		if (path == NULL || !pth_path_inside(path))
			return pth_err_set(
			    e, PTH_INPUT, "dirs: a path must stay inside its directory");
		if (pth_mkdirs(dirfd, path, e) != 0)
			return -1;
	}
	json_array_foreach(pth_svc_files(service), i, v)
		if (make_file(dirfd, v, p, e) != 0)
			return -1;
	return 0;
}
