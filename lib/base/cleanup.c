/* The ends of variables that release what they hold. */
#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

void
pth_cleanup_fd(int *fd)
{
	int kept = errno;

	if (*fd >= 0)
		close(*fd);
	errno = kept;
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
pth_cleanup_str(char **s)
{
	free(*s);
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
