/* Templates in files: where they are looked for. */
#include <fcntl.h>

#include "file.h"
#include "os.h"
#include "template.h"
#include "workdir.h"

#define TEMPLATE_MAX ((size_t)4 << 20)

/* A file below a directory, never outside of it. */
static int read_below(const char *dir, const char *name, struct pth_buf *b, struct pth_err *e)
{
	struct pth_buf path = PTH_BUF_INIT;
	int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd, r;

	if (dirfd < 0)
		return pth_err_set(e, PTH_INPUT, "%s:", dir);
	fd = pth_open_beneath(dirfd, name, O_RDONLY | O_CLOEXEC, 0);
	close(dirfd);
	if (fd < 0)
		return pth_err_set(e, PTH_INPUT, "%s:", name);
	pth_buf_addf(&path, "/proc/self/fd/%d", fd);
	r = pth_file_read(path.s, TEMPLATE_MAX, b, e);
	close(fd);
	pth_buf_release(&path);
	return r;
}

int pth_template_include(void *arg, const char *name, struct pth_buf *b, struct pth_err *e)
{
	const struct pth_template_place *p = arg;

	if (read_below(p->beside, name, b, e) == 0)
		return 0;
	if (p->share && read_below(p->share, name, b, e) == 0)
		return 0;
	return pth_err_set(e, PTH_INPUT, "no template '%.200s' in %s%s%s", name, p->beside,
	    p->share ? " or " : "", p->share ? p->share : "");
}

int pth_template_find(struct pth_template_place *p, const char *path, struct pth_buf *b,
    struct pth_err *e)
{
	const char *slash = strrchr(path, '/');

	if (strcmp(path, "-") == 0 || access(path, F_OK) == 0) {
		p->beside = slash ? pth_xstrndup(path, (size_t)(slash + 1 - path)) : pth_xstrdup(".");
		return pth_file_read(path, TEMPLATE_MAX, b, e);
	}
	p->beside = pth_xstrdup(p->share ? p->share : ".");
	if (p->share && pth_path_inside(path) && read_below(p->share, path, b, e) == 0)
		return 0;
	return pth_err_set(e, PTH_INPUT, "%s: no such template, nor in %s", path,
	    p->share ? p->share : "share/templates");
}

void pth_template_place_release(struct pth_template_place *p)
{
	free(p->beside);
	free(p->share);
	p->beside = p->share = NULL;
}
