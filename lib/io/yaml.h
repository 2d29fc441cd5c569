/*
 * YAML in: one document into a tree of nodes that keep their positions.
 *
 * Plain scalars are resolved by the YAML 1.2 core schema, plus what PyYAML
 * accepts and experiment files use: True/TRUE, Null, ~; yes/no/on/off are
 * booleans with a warning; .inf and .nan are errors here (JSON has none).
 * What is JSON is read as JSON: "\\ud83d\\ude00" is one character.
 * Quoted scalars are strings. Merge keys (<<) are applied. Duplicate keys,
 * non-scalar keys, unknown tags and several documents are errors.
 *
 * Limits: 64 MiB of text, depth 64, 1 M nodes with aliases counted as often
 * as they are used.
 */
#ifndef PTH_IO_YAML_H
#define PTH_IO_YAML_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"

enum pth_ykind { PTH_YNULL, PTH_YBOOL, PTH_YINT, PTH_YREAL, PTH_YSTR, PTH_YSEQ, PTH_YMAP };

struct pth_ynode {
	enum pth_ykind kind;
	bool plain;         /* a scalar without quotes */
	bool bad;           /* its type cannot be had: it is taken as a text */
	unsigned char file; /* free for the caller: which file it came from */
	unsigned char mark; /* free for the caller: what it thinks of the node, 0 at first */
	unsigned line, col; /* of the value; from 1 */
	unsigned n;         /* children */
	const char *remark; /* still to be said of its type, unless it is a text; or NULL */
	const char *text;   /* scalars: the text as written (valid UTF-8, no NUL) */
	size_t len;         /* of text */
	union {
		bool b;
		int64_t i;
		double d;
	};
	const char *key; /* as a map's child: its key, else NULL */
	unsigned kline, kcol;
	struct pth_ynode *child, *next; /* first child; next sibling */
};

/*
 * The root, allocated in a, or NULL with at least one error in d. An empty
 * document is an error. As many problems as can be found are reported.
 */
struct pth_ynode *pth_yaml_load(
    const char *text, size_t n, struct pth_arena *a, struct pth_diags *d);
/* The same, but what could be read in spite of errors (duplicate keys, odd
 * values) is returned, so that its content can be checked too. Remarks are
 * left to the caller, who knows which values are texts anyway: those of bad
 * ones are errors. */
struct pth_ynode *pth_yaml_try(
    const char *text, size_t n, struct pth_arena *a, struct pth_diags *d);
/* Value of a map's key, or NULL. */
struct pth_ynode *pth_yaml_get(const struct pth_ynode *map, const char *key);
/* For each value c of a map or list; none when it is NULL. */
#define pth_yaml_foreach(c, of) \
	for (const struct pth_ynode *c = (of) != NULL ? (of)->child : NULL; c != NULL; c = c->next)
/* The same content as jansson value; new reference. */
json_t *pth_yaml_json(const struct pth_ynode *n);
/* Would a number be printed as it is written? 4443 would, 0x7F and 0001 would
 * not. True for all that is no number. */
bool pth_yaml_as_printed(const struct pth_ynode *n);
/* "string" "integer" "map" ... for messages. */
const char *pth_ykind_name(enum pth_ykind k);
/* The same with its article: "an integer", and "nothing" for null. */
const char *pth_ykind_a(enum pth_ykind k);

/* YAML out, through libyaml's emitter; strings that YAML 1.1 or 1.2 would
 * read as something else are quoted. Appends to b. */
struct pth_buf;
int pth_yaml_dump(struct pth_buf *b, const json_t *v, struct pth_err *e);

#endif
