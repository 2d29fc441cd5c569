/*
 * The place where a test runs: its directory, the files that the plan wants
 * there, and what the placeholders of a plan stand for on this machine.
 */
#ifndef PTH_WORKDIR_H
#define PTH_WORKDIR_H

#include <stdbool.h>

#include <jansson.h>

#include "buf.h"
#include "cache.h"

struct pth_places {
	const char *dir;     /* @{dir}: absolute directory of the test */
	const char *tmp;     /* for temporary files; NULL: tmp in dir */
	const char *share;   /* @{share} */
	const char *libexec; /* @{libexec} */
	/* For plans that make things outside of the test's own processes; NULL:
	 * these marks stay as they are. */
	const char *bin;     /* @{bin}: where our tools are */
	const char *owner;   /* @{owner}: who runs this, owner.h */
	const char *unique;  /* @{unique}: differs between all runs and tests;
	                      * @{net6}: a network of IPv6 that does, too */
	const struct pth_cache *cache; /* of compiled things, or NULL */
	bool engine;         /* commands talk to a container engine: they see the
	                      * user's HOME and DOCKER_... */
};

/* Append text with its placeholders replaced. Others are left as they are. */
void pth_places_expand(const struct pth_places *p, const char *text, struct pth_buf *b);
/* A relative path that stays inside: no "..", no leading '/', not empty. */
bool pth_path_inside(const char *path);
/* Open dir/path for writing, with the directories on the way. -1 with e. */
int pth_workdir_open(int dirfd, const char *path, int flags, struct pth_err *e);
/* The dirs and files of a plan's service below dirfd: {"path","size","seed"}
 * is size pseudo-random bytes, {"path","text"} that text. */
int pth_workdir_fill(int dirfd, const json_t *service, const struct pth_places *p,
    struct pth_err *e);

/* argv or environment for execve: NULL-terminated, each with the placeholders
 * replaced; free with pth_strv_free. */
char **pth_places_argv(const struct pth_places *p, const json_t *argv);
/* A clean environment (PATH, HOME=home, TMPDIR, LC_ALL, TZ ...) with the
 * object's members on top; over may be NULL and wins over env. */
char **pth_places_env(const struct pth_places *p, const char *home, const json_t *env,
    const json_t *over);
void pth_strv_free(char **v);
/* What programs may need of the file system beyond the system's own, as
 * pth_places_argv(): all that the plan names by an absolute path; and what is
 * the same for all tests, our data and tools, PATH and the like, the current
 * directory. */
char **pth_places_seen(const struct pth_places *p, const json_t *plan);
char **pth_places_common(const struct pth_places *p);

#endif
