/* This file walks directories of any depth with a bounded number of descriptors. */
#include "io/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"

/* A directory on the way to the one where we are, which is the last. */
struct level {
	dev_t dev;
	ino_t ino;
	struct pth_strv names; /* still to be walked; the last is the one where we are */
	size_t path;           /* length of its own path */
};

struct walk {
	const struct pth_tree_visit *visit;
	void *arg;
	struct level *levels;
	size_t n, cap;
	int fd; /* of the last level */
	struct pth_buf path;
};

static struct level *
last(const struct walk *w)
{
	return &w->levels[w->n - 1];
}

static struct pth_tree_at
here(const struct walk *w)
{
	return (struct pth_tree_at){ w->fd, w->path.s != NULL ? w->path.s : "" };
}

/* fd, taken over, is the directory where we are now. */
static void
begin_level(struct walk *w, const struct stat *st, int take)
{
	pth_close(&w->fd);
	w->fd = take;
	if (w->n == w->cap) {
		w->cap = w->cap * 2 + 16;
		w->levels = pth_xarray(w->levels, w->cap, sizeof *w->levels);
	}
	w->levels[w->n++] = (struct level){ st->st_dev, st->st_ino, { 0 }, w->path.len };
}

static void
list(struct walk *w)
{
	pth_auto_dir d = pth_opendir(w->fd, ".");
	struct pth_tree_at at = here(w);
	struct dirent *de;

	while (d != NULL && (de = readdir(d)) != NULL)
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0 &&
		    w->visit->entry(w->arg, &at, de->d_name))
			pth_strv_push(&last(w)->names, pth_xstrdup(de->d_name));
}

/* The last name of the last level is done with, unless it is wanted once more. */
static void
leave(struct walk *w, int error)
{
	struct pth_strv *names = &last(w)->names;
	struct pth_tree_at at = here(w);

	if (w->visit->left(w->arg, &at, names->v[names->n - 1], error))
		return;
	free(pth_take(&names->v[--names->n]));
}

static void
enter(struct walk *w, const char *name)
{
	pth_auto_fd fd = pth_open_tree(w->fd, name);
	size_t len = w->path.len;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		leave(w, errno);
		return;
	}
	pth_buf_addf(&w->path, "%s%s", len > 0 ? "/" : "", name);
	begin_level(w, &st, pth_take_fd(&fd));
	list(w);
}

/* Back to the level before. */
static int
climb(struct walk *w)
{
	pth_auto_fd up = openat(w->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct level *above = last(w) - 1;
	struct stat st;

	if (up < 0 || fstat(up, &st) != 0)
		return -1;
	if (st.st_dev != above->dev || st.st_ino != above->ino) {
		errno = ESTALE;
		return -1;
	}
	pth_strv_free(last(w)->names.v);
	w->n--;
	pth_buf_cut(&w->path, above->path);
	pth_close(&w->fd);
	w->fd = pth_take_fd(&up);
	leave(w, 0);
	return 0;
}

int
pth_tree_walk(int dirfd, const char *name, const struct pth_tree_visit *visit, void *arg)
{
	struct walk w = { .visit = visit, .arg = arg, .fd = -1 };
	struct pth_tree_at at = { dirfd, "" };
	pth_auto_fd fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	struct stat st;
	int r = 0, kept;

	if (fd < 0 || fstat(fd, &st) != 0)
		return -1;
	begin_level(&w, &st, pth_take_fd(&fd));
	if (name == NULL)
		list(&w);
	else if (visit->entry(arg, &at, name))
		pth_strv_push(&last(&w)->names, pth_xstrdup(name));
	while (r == 0 && (w.n > 1 || last(&w)->names.n > 0)) {
		struct pth_strv *names = &last(&w)->names;

		if (names->n > 0)
			enter(&w, names->v[names->n - 1]);
		else
			r = climb(&w);
	}
	kept = errno;
	while (w.n > 0)
		pth_strv_free(w.levels[--w.n].names.v);
	free(w.levels);
	pth_buf_release(&w.path);
	pth_close(&w.fd);
	errno = kept;
	return r;
}
