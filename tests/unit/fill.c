/* The directories and files that a plan wants. */
#include "plan/fill.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "rows.h"

static const struct pth_places places = { .dir = "/the/dir" };

/* Makes what the service wants below the directory d; 0 or -1. */
static int
fill(int d, const char *service, struct pth_err *e)
{
	json_auto_t *v = json_of(service);

	*e = (struct pth_err){ 0 };
	return pth_plan_fill(d, v, &places, e);
}

static const char *
content(const char *path, size_t *n)
{
	static struct pth_buf b;
	struct pth_err e;

	pth_buf_cut(&b, 0);
	if (pth_file_read(path, 1 << 20, &b, &e) != 0)
		return NULL;
	if (n != NULL)
		*n = b.len;
	return b.s;
}

static void
texts(int d)
{
	struct pth_err e;
	struct stat st;

	unit("directories, and texts with their places");
	CHECK_INT(fill(d,
	              "{dirs: [a, b/c], files: [{path: b/c/f, text: 'x @{dir} @{none} y'}, "
	              "{path: new/g, text: ''}]}",
	              &e),
	    0);
	CHECK(stat("d/a", &st) == 0 && S_ISDIR(st.st_mode));
	CHECK_STR(content("d/b/c/f", NULL), "x /the/dir @{none} y");
	CHECK_STR(content("d/new/g", NULL), "");
	CHECK_INT(fill(d, "{files: [{path: b/c/f, text: 'z'}]}", &e), 0);
	CHECK_STR(content("d/b/c/f", NULL), "z");
	CHECK_INT(fill(d, "{}", &e), 0);

	unit("nothing outside");
	CHECK_INT(fill(d, "{dirs: [../x]}", &e), -1);
	CHECK_INT(e.code, PTH_INPUT);
	CHECK_INT(fill(d, "{dirs: [5]}", &e), -1);
	CHECK_INT(fill(d, "{files: [{path: ../x, text: a}]}", &e), -1);
	CHECK_INT(fill(d, "{files: [{path: /x, text: a}]}", &e), -1);
	CHECK_INT(fill(d, "{files: [{path: a, text: x}]}", &e), -1); /* a directory */
	CHECK_INT(e.code, PTH_SYSTEM);
	CHECK(access("x", F_OK) != 0);
}

/* splitmix64, whose first numbers for the seed 1234567 are in Rosetta Code. */
static void
random_bytes(int d)
{
	static const uint64_t first[] = { 6457827717110365317u, 3203168211198807973u,
		9817491932198370423u, 4593380528125082431u, 16408922859458223821u };
	static const size_t sizes[] = { 0, 1, 7, 8, 40, 65535, 65536, 65537, 131073 };
	pth_auto_free char *longest = NULL;
	struct pth_err e;
	char text[100];
	size_t n = 0;

	unit("bytes out of a seed");
	CHECK_INT(fill(d, "{files: [{path: r, size: 131073, seed: 1234567}]}", &e), 0);
	CHECK(memcmp(content("d/r", &n), first, sizeof first) == 0);
	CHECK_INT(n, 131073);
	longest = pth_xmalloc(n);
	memcpy(longest, content("d/r", NULL), n);
	CHECK(memcmp(longest, longest + 65536, 65536) != 0); /* it does not begin anew */
	for (size_t i = 0; i < countof(sizes); i++) {
		snprintf(
		    text, sizeof text, "{files: [{path: r, size: %zu, seed: 1234567}]}", sizes[i]);
		CHECK_INT(fill(d, text, &e), 0);
		CHECK(memcmp(content("d/r", &n), longest, sizes[i]) == 0);
		CHECK_INT(n, sizes[i]);
	}
	CHECK_INT(fill(d, "{files: [{path: r, size: 131073, seed: 7}]}", &e), 0);
	CHECK(memcmp(content("d/r", NULL), longest, 131073) != 0);
}

int
main(void)
{
	int d;

	CHECK_INT(mkdir("d", 0777), 0);
	d = open("d", O_RDONLY | O_DIRECTORY);
	texts(d);
	random_bytes(d);
	close(d);
	return unit_done();
}
