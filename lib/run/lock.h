/*
 * One run, one writer: the lock on a run directory. It is a lock of flock(2) on the
 * directory itself, which nobody can remove, and which the supervisors of a pth-exec that was
 * killed still hold until its tests have ended. Who took it says so by a lock of fcntl(2) on
 * the file .lock in it: that is his own, and the kernel knows his process.
 */
#ifndef PTH_RUN_LOCK_H
#define PTH_RUN_LOCK_H

#include <stdbool.h>

#include "base/buf.h"

#define PTH_RUN_LOCK_FILE ".lock"

/*
 * Take the directory for writing; path is for messages. Returns the descriptor of .lock, to be
 * kept until the end and given back by pth_run_unlock(), or -1 with e, which says who has it.
 * A living holder is not waited for, the tests of one that was killed are for a moment. A file
 * system without locks is warned about: -2.
 */
int pth_run_lock(int dirfd, const char *path, struct pth_err *e);
void pth_run_unlock(int dirfd, int *lock);
/*
 * For who reads the directory: 0, and nobody writes there as long as dirfd is open, or -1 with
 * e, which says who works there.
 */
int pth_run_lock_shared(int dirfd, const char *path, struct pth_err *e);
/* Does a living pth-exec work in the directory at path? Then e says which. */
bool pth_run_lock_held(const char *path, struct pth_err *e);

#endif
