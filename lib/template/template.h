/*
 * The template language, pth-template(5): the subset of Jinja2 that real
 * files use. template/priv.h has the map of the rooms behind this header.
 *
 * Undefined names are errors with position and nearest names. Limits:
 * source 4 MiB, output 16 MiB, 1 M loop steps, nesting 64, include depth 16,
 * macros 200 deep.
 */
#ifndef PTH_TEMPLATE_TEMPLATE_H
#define PTH_TEMPLATE_TEMPLATE_H

#include <stdbool.h>

#include <jansson.h>

#include "base/buf.h"

struct pth_template;

/* How {% include %} finds a file: append its text to b, or -1 with e.
 * NULL: includes are errors. */
typedef int pth_template_loader(void *arg, const char *name, struct pth_buf *b, struct pth_err *e);

struct pth_template_options {
	bool keep_blocks;       /* trim_blocks and lstrip_blocks off (Jinja's default) */
	bool drop_last_newline; /* keep_trailing_newline off (Jinja's default) */
	bool lenient;           /* what is undefined is an empty text, none is None (the same) */
	pth_template_loader *load;
	void *arg;
	unsigned line, col; /* position of the text in `name`; 0 = 1 */
};

/* Parse. name is for messages, copied. NULL with e ("name:line:col: ...",
 * PTH_INPUT). opt NULL: trim_blocks, lstrip_blocks, keep_trailing_newline on. */
struct pth_template *pth_template_parse(const char *name, const char *src, size_t n,
    const struct pth_template_options *opt, struct pth_err *e);
/* Render with an object of variables (borrowed); output is appended to b.
 * 0 (b->s is not NULL then), or -1 with e and b as long as it was. */
int pth_template_render(
    const struct pth_template *t, json_t *vars, struct pth_buf *b, struct pth_err *e);
void pth_template_free(struct pth_template *t);

/*
 * Templates in files. share is set by the caller (share/templates, allocated,
 * or NULL); find() reads the template itself - as given, else below share -
 * and notes the directory beside it, from which include() then takes files,
 * else from share, never from outside of the two. 0, or -1 with e.
 */
struct pth_template_place {
	char *beside, *share;
};
int pth_template_find(
    struct pth_template_place *p, const char *path, struct pth_buf *b, struct pth_err *e);
pth_template_loader pth_template_include; /* its arg: the place */
void pth_template_place_release(struct pth_template_place *p);
/* Write a text to dirfd/path, a path that a template made: it must be relative
 * and without "..", directories on the way are made, links not followed. */
int pth_template_write(int dirfd, const char *path, const struct pth_buf *text, struct pth_err *e);

/* One bare expression ("port > 0 and qlog_dir"), no braces: parse it, and evaluate it; new
 * reference or NULL with e. An undefined name at the top is json null. */
struct pth_template *pth_template_parse_expr(const char *name, const char *src, struct pth_err *e);
json_t *pth_template_value(const struct pth_template *t, json_t *vars, struct pth_err *e);
/* Both at once. */
json_t *pth_template_expr(const char *name, const char *src, json_t *vars, struct pth_err *e);

#endif
