/*
 * Images of services: what they are called, the Dockerfile that makes them,
 * and the command that sees to it that they exist. Nothing here talks to an
 * engine; pth-image(1) does, when the test is set up.
 */
#ifndef PTH_CONTAINER_IMAGE_H
#define PTH_CONTAINER_IMAGE_H

#include <jansson.h>

#include "base/buf.h"
#include "io/placeholder.h"

struct pth_image_req {
	const json_t *service; /* one element of plan.services */
	const json_t *given;   /* the record's services.NAME */
	const json_t *docker;  /* settings.docker, or NULL */
	const char *share;     /* our data: templates */
	json_t *seen;          /* names given so far, {} at first; NULL: look at none */
};

/*
 * IMPL-VERSION:latest with suffixes, each "-text" (as the reference does it:
 * lower case, other characters than [a-z0-9._-] become '-', no '.' or '-' in
 * front, at most 128 characters; the name is cut, never the tag). What the
 * engine would still refuse, as "a.-b", becomes "a-b".
 */
void pth_image_tag(struct pth_buf *b, const char *impl, const char *version,
    const char *const *suffixes, size_t n);

/*
 * {"tag", "plugin", "builder", "dockerfile"?, "directory"?, "argv"?, "args"?, "context"?}:
 * without dockerfile the image must exist already. directory is below the test's;
 * context is the folder of a descriptor's own Dockerfile;
 * argv builds what is not there yet. When another image of the same name is in
 * `seen`, the tag ends with eight digits of its own. New reference, or NULL with e.
 */
json_t *pth_image_plan(const struct pth_image_req *q, struct pth_err *e);
/*
 * The hash of what such an image is made of (sources, files and patches are
 * read), as pth-image(1) labels it; without an engine. places.dir does not
 * matter. Appends to hash.
 */
int pth_image_hash(
    const json_t *image, const struct pth_places *places, struct pth_buf *hash, struct pth_err *e);
/* Put all that it is made of beside its Dockerfile below places.dir. */
int pth_image_fill(const json_t *image, const struct pth_places *places, struct pth_err *e);

#endif
