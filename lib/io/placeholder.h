/*
 * Placeholders: what a plan, which is the same on every machine, leaves to
 * the run to fill in, as @{dir}.
 */
#ifndef PTH_IO_PLACEHOLDER_H
#define PTH_IO_PLACEHOLDER_H

#include <stdbool.h>

#include <jansson.h>

#include "base/buf.h"

struct pth_cache;

struct pth_places {
	const char *dir;     /* @{dir}: absolute directory of the test */
	const char *tmp;     /* for temporary files; NULL: tmp in dir */
	const char *share;   /* @{share} */
	const char *libexec; /* @{libexec} */
	/* For plans that make things outside of the test's own processes; NULL:
	 * these marks stay as they are. */
	const char *bin;               /* @{bin}: where our tools are */
	const char *owner;             /* @{owner}: who runs this, host/run_id.h */
	const char *unique;            /* @{unique}: differs between all runs and tests;
	                                * @{net6}: a network of IPv6 that does, too */
	const struct pth_cache *cache; /* of compiled things, or NULL */
	bool engine;                   /* commands talk to a container engine: they see the
	                                * user's HOME and DOCKER_... */
};

/* Append text with its placeholders replaced. Others are left as they are. */
void pth_places_expand(const struct pth_places *p, const char *text, struct pth_buf *b);
/* argv for execve: NULL-terminated, each element with its placeholders
 * replaced; free it with pth_strv_free(). NULL when argv has no element. */
char **pth_places_argv(const struct pth_places *p, const json_t *argv);

#endif
