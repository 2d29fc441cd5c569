/* This file releases what variables hold when they go out of scope. */
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
pth_close(int *fd)
{
	int kept = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = kept;
}

void
pth_pipe_close(struct pth_pipe *p)
{
	pth_close(&p->from);
	pth_close(&p->to);
}

int
pth_pipe_open(struct pth_pipe *p)
{
	int ends[2] = { -1, -1 };
	int r = pipe2(ends, O_CLOEXEC);

	*p = (struct pth_pipe){ ends[0], ends[1] };
	return r;
}

void
pth_cleanup_file(FILE **f)
{
	int kept = errno;

	if (*f != NULL)
		fclose(*f);
	errno = kept;
}

void
pth_cleanup_dir(DIR **d)
{
	int kept = errno;

	if (*d != NULL)
		closedir(*d);
	errno = kept;
}

void
pth_cleanup_free(void *variable)
{
	void *p;

	memcpy(&p, variable, sizeof p);
	free(p);
}

void
pth_cleanup_strv(char ***v)
{
	pth_strv_free(*v);
}

int
pth_take_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}
