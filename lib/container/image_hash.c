/* This file asks pth-image(1) for the hash of an image. */
#include "container/image.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strv.h"
#include "host/proc.h"
#include "io/file.h"
#include "io/record.h"

#define LIMIT_US (300 * PTH_SECOND_US)
#define OUTPUT_MAX 4096

/* Returns the words of the build with another command. */
static char **
words(const json_t *image, const struct pth_places *p)
{
	json_auto_t *argv = json_deep_copy(pth_img_argv(image));

	json_array_set_new(argv, 1, json_string("hash"));
	return pth_places_argv(p, argv);
}

static int
run(char **argv, struct pth_buf *out, struct pth_err *e)
{
	struct pth_proc_req req = {
		.argv = (const char *const *)argv, .in = -1, .out = -1, .err = -1
	};
	pth_auto_buf said = PTH_BUF_INIT;
	struct pth_exit x;
	bool late;
	int r = pth_proc_run(&req, LIMIT_US, out, &said, OUTPUT_MAX, &x, &late, e);

	if (r == 0 && (x.signaled || x.code != 0)) {
		while (said.len > 0 && said.s[said.len - 1] == '\n')
			pth_buf_cut(&said, said.len - 1);
		r = pth_err_set(e, x.code == PTH_SYSTEM ? PTH_SYSTEM : PTH_INPUT, "%s",
		    said.len != 0 ? said.s : argv[0]);
	}
	return r;
}

int
pth_image_hash(
    const json_t *image, const struct pth_places *places, struct pth_buf *hash, struct pth_err *e)
{
	const char *tmp = getenv("TMPDIR"), *text = pth_img_dockerfile(image);
	pth_auto_buf dir = PTH_BUF_INIT, file = PTH_BUF_INIT;
	struct pth_places p = *places;
	pth_auto_strv argv = NULL;
	int r;

	pth_buf_addf(&dir, "%s/pth-image.XXXXXX", tmp != NULL && *tmp != '\0' ? tmp : "/tmp");
	if (mkdtemp(dir.s) == NULL)
		return pth_err_set(e, PTH_SYSTEM, "%s:", dir.s);
	p.dir = dir.s;
	pth_buf_addf(&file, "%s/%s", dir.s, pth_img_directory(image));
	r = pth_mkdirs(AT_FDCWD, file.s, e);
	pth_buf_adds(&file, "/Dockerfile");
	if (r == 0)
		r = pth_file_write(AT_FDCWD, file.s, text, strlen(text), e);
	if (r == 0)
		r = run(argv = words(image, &p), hash, e);
	while (hash->len > 0 && hash->s[hash->len - 1] == '\n')
		pth_buf_cut(hash, hash->len - 1);
	pth_rmtree(AT_FDCWD, dir.s, NULL);
	return r;
}

int
pth_image_fill(const json_t *image, const struct pth_places *places, struct pth_err *e)
{
	pth_auto_buf hash = PTH_BUF_INIT;
	pth_auto_strv argv = words(image, places);

	return run(argv, &hash, e);
}
