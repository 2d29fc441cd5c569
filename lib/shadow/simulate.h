/* One run of Shadow, from its start to the file that pth-exec reads. */
#ifndef PTH_SHADOW_SIMULATE_H
#define PTH_SHADOW_SIMULATE_H

#include "base/buf.h"

/*
 * Run the program (a name that is looked up in PATH, or a path) with shadow.yaml of the test's
 * directory, and say in shadow/inner.json how its services ended. dir is that directory, spec
 * the content of its shadow.json; sigfd: of pth_sig_open(). Shadow says what it does in
 * shadow/shadow.log. 0; -1 with e when that could not be told.
 */
int pth_shadow_simulate(
    const char *program, const char *dir, const char *spec, int sigfd, struct pth_err *e);

#endif
