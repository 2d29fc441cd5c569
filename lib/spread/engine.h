/*
 * What lets parts of a run run somewhere: a descriptor of kind engine, pth-plugin(5), whose
 * commands are filled in and run here.
 */
#ifndef PTH_SPREAD_ENGINE_H
#define PTH_SPREAD_ENGINE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/strv.h"
#include "base/words.h"
#include "plugin/plugin.h"

struct pth_engine_kind {
	const char *name;
	/* Lists of words; NULL: there is none. */
	const struct pth_ynode *submit, *send, *status, *ended, *cancel;
	unsigned array;  /* parts of one submit, at most */
	unsigned window; /* parts that are out at once */
	bool waits;      /* submit runs as long as its parts do */
	bool once;       /* it wants all parts at once, when they are known */
};

/* What the words stand for. */
struct pth_engine_places {
	const char *bin;      /* @{bin} */
	const char *share;    /* @{share} */
	const char *libexec;  /* @{libexec} */
	const char *parts;    /* @{parts}: absolute, where the parts are */
	const char *name;     /* @{name}: of all jobs of this run */
	unsigned jobs;        /* @{jobs}: tests at a time in a part */
	bool send;            /* our tools go there, too */
	char *const *options; /* @{options}, a word of its own: all of these, NULL-terminated */
};

/* The engine of a name out of the set, which stays open. 0, or -1 with e: PTH_USAGE when there
 * is none of this name, PTH_SYSTEM when a program of it is missing. */
int pth_engine_open(
    struct pth_engine_kind *g, struct pth_plugins *ps, const char *name, struct pth_err *e);
/* Submits parts first to last, which may take so many minutes. An engine that waits: the pid,
 * which is to be waited for; else 0. -1 with e. Its messages go to the file descriptor log. */
pid_t pth_engine_submit(const struct pth_engine_kind *g, const struct pth_engine_places *p,
    unsigned first, unsigned last, int64_t minutes, int log, struct pth_err *e);
/* The parts that it still has, or (ended) those of which it knows how they ended: lines for
 * pth_engine_line(). 0, or -1 with e. */
int pth_engine_status(const struct pth_engine_kind *g, const struct pth_engine_places *p,
    bool ended, struct pth_buf *lines, struct pth_err *e);
/* A line "NUMBER STATE" or "OFFSET+NUMBER STATE": the number of a part, at most max, and the word
 * after it, which may be empty. 0: it is none. Any bytes will do. */
size_t pth_engine_line(struct pth_word line, size_t max, struct pth_word *state);
/* All parts of this run end. 0, or -1 with e. */
int pth_engine_cancel(
    const struct pth_engine_kind *g, const struct pth_engine_places *p, struct pth_err *e);

#endif
