/* Names of images. */
#include "container/image.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static char *
tag(const char *impl, const char *version, const char *a, const char *b)
{
	const char *suffixes[] = { a, b };
	struct pth_buf t = PTH_BUF_INIT;

	pth_image_tag(&t, impl, version, suffixes, countof(suffixes));
	return pth_buf_take(&t);
}

static void
is(const char *want, char *got)
{
	CHECK_STR(got, want);
	free(got);
}

static void
long_names(void)
{
	char impl[301];
	char *t;

	memset(impl, 'a', sizeof impl - 1);
	impl[sizeof impl - 1] = '\0';
	t = tag(impl, "rfc9000", NULL, "linux/amd64");
	CHECK(strlen(t) == 128);
	CHECK_STR(t + strlen(t) - strlen(":latest-linux-amd64"), ":latest-linux-amd64");
	free(t);
	t = tag("x", "y", impl, impl);
	CHECK(strlen(t) <= 128);
	free(t);
}

int
main(void)
{
	is("picoquic-rfc9000:latest", tag("picoquic", "rfc9000", NULL, NULL));
	is("picoquic-rfc9000:latest-debug-linux-amd64",
	    tag("Picoquic", "RFC9000", "debug", "linux/amd64"));
	is("a-b-v-1.0:latest", tag("a b", "v:1.0", "", NULL));
	is("name:latest", tag("..-name", "", NULL, NULL));
	is("name:latest", tag("name-", "", NULL, NULL));
	is("n-x:latest", tag("n", "x--", NULL, NULL));
	is("x:latest", tag("", "", NULL, NULL));
	/* What the engine refuses in names. */
	is("a-b:latest", tag("a.-b", "", NULL, NULL));
	is("a__b-c.d:latest", tag("a__b", "c.d", NULL, NULL));
	is("a-b--c:latest", tag("_a___b--c_", "", NULL, NULL));
	is("x:latest", tag("\n\xff..", "", NULL, NULL));
	long_names();
	return unit_done();
}
