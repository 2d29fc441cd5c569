/*
 * All of a directory, at any depth, with a few descriptors: down by openat(2), up by ".."
 * when it is still the directory that we came from. Links are not followed, and what is
 * mounted somewhere in it is not entered.
 */
#ifndef PTH_IO_TREE_H
#define PTH_IO_TREE_H

#include <stdbool.h>

/* A directory of the walk. */
struct pth_tree_at {
	int fd;           /* may be of O_PATH */
	const char *path; /* from the directory where the walk began; "" for itself */
};

struct pth_tree_visit {
	/* There is `name` in this directory. True: it is a directory to be walked. */
	bool (*entry)(void *arg, const struct pth_tree_at *at, const char *name);
	/* It has been walked, or could not be entered: then error is an errno, EXDEV where
	 * something is mounted. True: once more. */
	bool (*left)(void *arg, const struct pth_tree_at *at, const char *name, int error);
};

/*
 * Walk all that is in dirfd, or (name not NULL) only this in it. A directory is listed as a
 * whole before the directories in it are entered. 0, or -1 and errno when the walk had to
 * end because somebody has moved the directory where it was.
 */
int pth_tree_walk(int dirfd, const char *name, const struct pth_tree_visit *visit, void *arg);

#endif
