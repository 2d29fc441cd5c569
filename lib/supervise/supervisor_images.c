/* This file says which images a test in containers had: what pth-image(1) has left beside each,
 * NAME.lock. A container may see the test's directory, so the files are read as its own. */
#include "supervise/supervisor_priv.h"

#include <dirent.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/file.h"
#include "io/rec.h"

#define FOLDER "images"
#define LOCK_MAX ((size_t)64 << 10)
#define LOCKS_MAX 256

static json_t *
read_lock(int dirfd, const char *name)
{
	pth_auto_buf path = PTH_BUF_INIT, text = PTH_BUF_INIT;
	struct pth_err e;
	json_t *o = NULL;

	pth_buf_addf(&path, FOLDER "/%s", name);
	if (pth_file_read_below(dirfd, path.s, LOCK_MAX, &text, &e) == 0)
		o = pth_json_parse(text.s != NULL ? text.s : "", text.len, &e);
	if (o != NULL && !json_is_object(o)) {
		pth_err_set(&e, PTH_INPUT, "%s: no object", path.s);
		json_decref(o);
		o = NULL;
	}
	return o != NULL ? o : json_pack("{s:s}", PTH_KEY(built, error), e.text);
}

/* Sorts in the order of the tags. */
static void
put_sorted(json_t *list, json_t *o)
{
	const char *tag = pth_json_str(o, PTH_KEY(built, tag), "");
	size_t i = 0;

	while (i < json_array_size(list) &&
	    strcmp(pth_json_str(json_array_get(list, i), PTH_KEY(built, tag), ""), tag) <= 0)
		i++;
	json_array_insert_new(list, i, o);
}

json_t *
supervise_images_result(const struct supervisor *sup)
{
	pth_auto_dir d = sup->req->places->engine ? pth_opendir(sup->req->dirfd, FOLDER) : NULL;
	json_t *list = json_array();
	struct dirent *de;

	while (d != NULL && json_array_size(list) < LOCKS_MAX && (de = readdir(d)) != NULL) {
		size_t n = strlen(de->d_name);

		if (n > strlen(".lock") && strcmp(de->d_name + n - strlen(".lock"), ".lock") == 0)
			put_sorted(list, read_lock(sup->req->dirfd, de->d_name));
	}
	if (json_array_size(list) > 0)
		return list;
	json_decref(list);
	return NULL;
}
