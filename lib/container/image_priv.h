/* The files that plan an image share what is in this header. */
#ifndef PTH_CONTAINER_IMAGE_PRIV_H
#define PTH_CONTAINER_IMAGE_PRIV_H

#include "base/cleanup.h"
#include "container/argv.h"
#include "container/image.h"
#include "io/record.h"

/* The longest value that goes into a Dockerfile or an argument, in bytes. */
#define IMAGE_VALUE_MAX 32768

/* container/image.c: arguments of the build, all who have some together. New object. */
json_t *container_image_args(const struct pth_image_req *q);

/*
 * container/image_check.c: nothing that a descriptor, an experiment or a record says
 * gets into a Dockerfile before it has been through here, and so none of it
 * can begin an instruction of its own. Errors are "FILE:LINE:COL: docker.KEY: ...".
 */
int container_image_bad(const struct pth_image_req *q, const char *key, const char *value,
    struct pth_err *e, const char *fmt, ...) PTH_PRINTF(5, 6);
/* One word: an image, an absolute path, ... */
enum image_kind {
	IMAGE_NAME, /* of an image */
	IMAGE_PATH, /* absolute, inside the image */
	IMAGE_TO,   /* absolute or not */
	IMAGE_PACKAGE,
	IMAGE_FEATURE,
	IMAGE_REVISION, /* of git */
	IMAGE_PORT,     /* 80, 80-90, 80/udp */
	IMAGE_USER,
	IMAGE_VARIABLE, /* a name of one */
	IMAGE_LINE,     /* any text of one line; it is quoted where it is used */
	IMAGE_STEP,     /* a command of the shell, of any number of lines */
};
int container_image_check(const struct pth_image_req *q, const char *key, enum image_kind k,
    const char *value, struct pth_err *e);
/* A list of such words, without the empty ones. New array, or NULL with e. */
json_t *container_image_words(const struct pth_image_req *q, const json_t *docker, const char *key,
    enum image_kind k, struct pth_err *e);
/* [{"name","value"}] of an object, each value quoted for ARG and ENV. */
json_t *container_image_pairs(
    const struct pth_image_req *q, const char *key, const json_t *o, struct pth_err *e);
/* Commands as what stands behind RUN: as they are, or in JSON when Docker
 * would read them in its own way. New array, or NULL with e. */
json_t *container_image_steps(
    const struct pth_image_req *q, const json_t *docker, const char *key, struct pth_err *e);

/* container/image_text.c: the packages that the execution environments need. New array. */
json_t *container_image_tools(const struct pth_image_req *q, struct pth_err *e);
/*
 * container/image_text.c: the sources, files and patches that go into the folder of the
 * build, and the Dockerfile. vars: {"files": [{"name","from","to"?}],
 * "patches": the same, "sources": [{"archive","path","revision"}], ...}.
 */
json_t *container_image_variables(
    const struct pth_image_req *q, const char *tag, const char *builder, struct pth_err *e);
int container_image_render(const struct pth_image_req *q, const char *builder, json_t *vars,
    struct pth_buf *out, struct pth_err *e);

#endif
