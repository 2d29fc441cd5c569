/*
 * The environment that a test falls back to where no container engine answers.
 */
#ifndef PTH_RUN_FALLBACK_H
#define PTH_RUN_FALLBACK_H

#include <stdbool.h>

#include <jansson.h>

/* Whether an engine answers; asked once. All 0 at first. */
struct pth_engine {
	bool asked, answers;
};

/* A test that has a fallback gets its plan when there is no engine, which an event says, and its
 * record keeps from where to where and why; else the fallback is taken out of the record. */
void pth_fallback_apply(struct pth_engine *engine, json_t *rec);

#endif
