/* This file says what came of the captures that the links of a test have made of their ends. */
#include "supervise/supervisor_link_priv.h"

#include <fcntl.h>
#include <string.h>

#include "io/file.h"
#include "packet/pcapng.h"

/* What came of the capture of one end; NULL: there was none. New. */
static json_t *
one_capture(const struct supervise_link *x, size_t i)
{
	const char *file = pth_wireend_capture(supervise_link_end(x, i));
	json_t *o, *n = json_array_get(json_object_get(x->ended, "packets"), i),
	           *omitted = json_array_get(json_object_get(x->ended, "omitted"), i);

	if (file == NULL || !x->ready || x->direct)
		return NULL;
	o = json_object();
	pth_rcap_set_file(o, file);
	pth_rcap_set_interface(o, pth_wireend_interface(supervise_link_end(x, i)));
	pth_rcap_set_isolated(o, true);
	if (n == NULL) {
		pth_rcap_set_error(o, "the link died, and with it the end of the capture");
		return o;
	}
	pth_rcap_set_packets(o, json_integer_value(n));
	pth_rcap_set_dropped(o, pth_json_int(x->ended, "lost", 0));
	if (json_integer_value(omitted) > 0)
		pth_rcap_set_omitted(o, json_integer_value(omitted));
	return o;
}

/* Another one with it. Both are taken over. */
static json_t *
joined(json_t *a, json_t *b)
{
	json_t *files;

	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	files = pth_rcap_files(a);
	if (files == NULL)
		pth_rcap_set_files(a, files = json_pack("[s]", pth_rcap_file(a)));
	pth_json_push(files, json_string(pth_rcap_file(b)));
	pth_rcap_set_packets(a, pth_rcap_packets(a) + pth_rcap_packets(b));
	pth_rcap_set_dropped(a, pth_rcap_dropped(a) + pth_rcap_dropped(b));
	if (pth_rcap_omitted(a) + pth_rcap_omitted(b) > 0)
		pth_rcap_set_omitted(a, pth_rcap_omitted(a) + pth_rcap_omitted(b));
	if (pth_rcap_error(b) != NULL && pth_rcap_error(a) == NULL)
		pth_rcap_set_error(a, pth_rcap_error(b));
	json_decref(b);
	return a;
}

/* Several files are one for who reads the capture of the test, in the order of their packets. */
static void
merge(const struct supervisor *sup, json_t *o)
{
	json_t *files = pth_rcap_files(o), *v;
	size_t n = json_array_size(files), i;
	pth_auto_free struct pth_pcapng_stream *s = pth_xarray(NULL, n + 1, sizeof *s);
	pth_auto_free const char **paths = pth_xarray(NULL, n + 1, sizeof *paths);
	pth_auto_fd fd = -1;
	struct pth_err e;
	bool cut = false;

	json_array_foreach(files, i, v) {
		paths[i] = json_string_value(v);
		s[i] = (struct pth_pcapng_stream){ &paths[i], 1 };
	}
	fd = pth_file_make(sup->req->dirfd, PTH_CAPTURE_FILE, O_RDWR | O_CREAT, &e);
	if (fd < 0 || pth_pcapng_merge(sup->req->dirfd, s, n, false, fd, &cut, &e) != 0)
		pth_rcap_set_error(o, e.text);
	else if (cut)
		pth_rcap_set_error(o, "a file of the captures breaks off");
	pth_rcap_set_file(o, PTH_CAPTURE_FILE);
	json_object_del(o, PTH_KEY(rcap, files));
}

json_t *
supervise_links_capture(const struct supervisor *sup, const char *service)
{
	json_t *o = NULL;

	for (size_t i = 0; i < sup->nlinks; i++)
		for (size_t k = 0; k < 2; k++) {
			const json_t *end = supervise_link_end(&sup->links[i], k);

			if (service != NULL ? strcmp(pth_wireend_node(end), service) == 0 :
			                      pth_wireend_stands(end))
				o = joined(o, one_capture(&sup->links[i], k));
		}
	if (service == NULL && pth_rcap_files(o) != NULL)
		merge(sup, o);
	return o;
}
