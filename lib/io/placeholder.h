/*
 * Placeholders: what a text leaves to somebody who knows more.
 *
 *   @{NAME}                               a place of the plan, as @{dir}
 *   @{NAME:ATTRIBUTE[SECONDARY]:FORMAT}   of the service NAME; [...] and :FORMAT
 *                                         may be missing
 *
 * A NAME has letters, digits, '.', '_' and '-'. An ATTRIBUTE ends at any of
 * ":[{}@", at a space and at the end of the line, a FORMAT likewise but not at
 * ':' and '[', and SECONDARY at ']' or '}'. No part is empty. There is no way to
 * write a literal "@{" in an experiment file, where a malformed placeholder is an
 * error; everywhere else what nobody resolves stays as it is.
 */
#ifndef PTH_IO_PLACEHOLDER_H
#define PTH_IO_PLACEHOLDER_H

#include <netinet/in.h>
#include <stdbool.h>

#include <jansson.h>

#include "base/buf.h"

struct pth_cache;

/* One of a text. Parts that it does not have are NULL. When it is malformed,
 * the parts before the fault are there. */
struct pth_placeholder {
	const char *begin; /* its '@', in the text */
	const char *end;   /* after its '}'; when it is malformed, after its "@{" */
	const char *fault; /* what is malformed, or NULL */
	const char *name, *attribute, *secondary, *format;
	char parts[256]; /* where they are kept */
};

/* Where the next one begins, or NULL. */
const char *pth_placeholder_find(const char *text);
/* Read the next one, well formed or not. False: there is none. */
bool pth_placeholder_next(const char *text, struct pth_placeholder *p);
/* What is wrong with one in an experiment file, where only known places,
 * attributes and formats may stand; NULL: nothing. */
const char *pth_placeholder_fault(const struct pth_placeholder *p);
/* Append the address in a format (NULL: dotted). False: there is no such format. */
bool pth_placeholder_ipv4(struct pth_buf *b, struct in_addr a, const char *format);

/* Append what a well-formed placeholder stands for: 1; 0 with nothing appended:
 * not known here; -1 with e. */
typedef int pth_placeholder_fn(
    const struct pth_placeholder *p, void *arg, struct pth_buf *b, struct pth_err *e);
/* Append text with each placeholder that resolve() knows replaced; all else stays.
 * -1 as soon as resolve() says so. */
int pth_placeholder_expand(
    const char *text, pth_placeholder_fn *resolve, void *arg, struct pth_buf *b, struct pth_err *e);

/* The places of a plan, which is the same on every machine. NULL leaves a
 * placeholder as it is. */
struct pth_places {
	const char *dir;     /* @{dir}: absolute directory of the test */
	const char *tmp;     /* for temporary files; NULL: tmp in dir */
	const char *share;   /* @{share}: where plugins and templates are */
	const char *libexec; /* @{libexec}: where helper programs are */
	/* For plans that make things outside of the test's own processes. */
	const char *bin;               /* @{bin}: where our tools are */
	const char *run;               /* who runs this, host/run_id.h, or NULL */
	const char *owner;             /* @{owner}: that, ".", the number of its pid namespace */
	const char *unique;            /* @{unique}: differs between all runs and tests;
	                                * @{net6}: a network of IPv6 that does, too */
	const struct pth_cache *cache; /* of compiled things, or NULL */
	bool engine;                   /* commands talk to a container engine: they see the
	                                * user's HOME and DOCKER_... */
};

/* The name of place number i, as "dir"; NULL after the last. */
const char *pth_places_name(size_t i);
/* What follows "@{NAME}/" at the start of a path, or NULL. */
const char *pth_places_below(const char *path, const char *name);
/* Append text with its places replaced. */
void pth_places_expand(const struct pth_places *p, const char *text, struct pth_buf *b);
/* argv for execve: NULL-terminated, each element with its placeholders
 * replaced; free it with pth_strv_free(). NULL when argv has no element. */
char **pth_places_argv(const struct pth_places *p, const json_t *argv);

#endif
