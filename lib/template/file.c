/* This file finds templates in files, and writes texts to files. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/file.h"
#include "template/template.h"

#define TEMPLATE_MAX ((size_t)4 << 20)

/* A file below a directory, never outside of it. */
static int
read_below(const char *dir, const char *name, struct pth_buf *b, struct pth_err *e)
{
	pth_auto_fd dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;

	if (dirfd < 0)
		return pth_err_set(e, PTH_INPUT, "%s:", dir);
	fd = pth_open_beneath(dirfd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	return pth_file_read_fd(fd, name, TEMPLATE_MAX, b, e);
}

int
pth_template_include(void *arg, const char *name, struct pth_buf *b, struct pth_err *e)
{
	const struct pth_template_place *p = arg;

	if (read_below(p->beside, name, b, e) == 0)
		return 0;
	if (p->share != NULL && read_below(p->share, name, b, e) == 0)
		return 0;
	return pth_err_set(e, PTH_INPUT, "no template '%.200s' in %s%s%s", name, p->beside,
	    p->share != NULL ? " or " : "", p->share != NULL ? p->share : "");
}

int
pth_template_find(
    struct pth_template_place *p, const char *path, struct pth_buf *b, struct pth_err *e)
{
	const char *slash = strrchr(path, '/');

	if (strcmp(path, "-") == 0 || access(path, F_OK) == 0) {
		p->beside = slash != NULL ? pth_xstrndup(path, (size_t)(slash + 1 - path)) :
		                            pth_xstrdup(".");
		return pth_file_read(path, TEMPLATE_MAX, b, e);
	}
	p->beside = pth_xstrdup(p->share != NULL ? p->share : ".");
	if (p->share != NULL && pth_path_inside(path) && read_below(p->share, path, b, e) == 0)
		return 0;
	return pth_err_set(e, PTH_INPUT, "%s: no such template, nor in %s", path,
	    p->share != NULL ? p->share : "share/templates");
}

void
pth_template_place_release(struct pth_template_place *p)
{
	free(p->beside);
	free(p->share);
	p->beside = p->share = NULL;
}

/* Inside, and no part of it is longer than a name can be. */
static bool
path_ok(const char *s)
{
	if (!pth_path_inside(s) || s[strlen(s) - 1] == '/')
		return false;
	for (size_t n; *s != '\0'; s += n + (s[n] == '/'))
		if ((n = strcspn(s, "/")) > 255)
			return false;
	return true;
}

/* Make and open the directories of path, one by one; *base is the last part. */
static int
open_parent(int dirfd, const char *path, const char **base, struct pth_err *e)
{
	char part[256];
	int fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3), next;
	const char *slash;

	for (; fd >= 0 && (slash = strchr(path, '/')) != NULL; path = slash + 1) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
		if (*part == '\0')
			continue;
		mkdirat(fd, part, 0777); /* there or not: what counts is that it opens */
		next = openat(fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(fd);
		fd = next;
	}
	*base = path;
	return fd >= 0 ? fd : pth_err_set(e, PTH_SYSTEM, "%s:", path);
}

int
pth_template_write(int dirfd, const char *path, const struct pth_buf *text, struct pth_err *e)
{
	pth_auto_fd fd = -1;
	const char *base;

	if (!path_ok(path))
		return pth_err_set(
		    e, PTH_INPUT, "\"%.200s\" is not the path of a file inside a directory", path);
	fd = open_parent(dirfd, path, &base, e);
	if (fd < 0)
		return -1;
	return pth_file_write(fd, base, text->s != NULL ? text->s : "", text->len, e);
}
