/*
 * The mark of a program of a test: PTH_TEST=OWNER.NS:PATH in its environment, which its
 * children inherit. OWNER is who runs the test (host/run_id.h; empty in a container), NS the
 * inode of the pid namespace in which it was started, PATH the directory of its service, or of
 * its test. pth-clean(1) reads it too.
 */
#ifndef PTH_HOST_MARK_H
#define PTH_HOST_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

#define PTH_MARK "PTH_TEST"

/* Append the value. owner may be NULL. */
void pth_mark_add(struct pth_buf *b, const char *owner, const char *path);
/* Does the environment with which the process (its name in /proc) was started have the mark
 * value? False when it must not be read, too. */
bool pth_mark_is(pid_t shown, const char *value);
/*
 * SIGKILL every process with a mark of this pid namespace and with path or one below it, and
 * what they have made, of which some may have no mark any more. Of the runs of `owner`; NULL:
 * of those whose owner does not live. We and our parents are left alone. Again and again until
 * there is none, at most limit_us. How many there were.
 */
size_t pth_mark_sweep(const char *owner, const char *path, int64_t limit_us);
/* Before the first test of a run directory: what a killed run has left of its tests. The event
 * run.cleaned says what there was. */
void pth_mark_begin(const char *path, int64_t limit_us);
/* At the end of a test without a pid namespace: pth_proc_sweep(), and by its mark what that
 * has not reached; the event test.swept says of the latter. */
void pth_mark_end(const char *owner, const char *path, int64_t limit_us);

#endif
