/* This file finds out which processes have come from which, out of /proc/PID/stat. */
#include "host/kin.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/words.h"
#include "host/proc.h"

/* Fields 3 to 22 of /proc/PROCESS/stat. False when it has gone. */
static bool
read_stat(const char *process, struct kin *k)
{
	char text[2048];
	size_t n = pth_read_text(AT_FDCWD, text, sizeof text, "/proc/%s/stat", process);
	const char *name = memrchr(text, ')', n); /* its end: it may hold anything */
	struct pth_word rest = { name, name != NULL ? n - (size_t)(name - text) : 0 };
	uint64_t f[23] = { 0 };

	if (rest.n < 5)
		return false;
	k->dead = name[2] == 'Z' || name[2] == 'X';
	rest = (struct pth_word){ name + 3, rest.n - 3 };
	for (int i = 4; i <= 22; i++)
		if (!pth_word_number(&rest, 10, &f[i]))
			return false;
	k->parent = (pid_t)f[4];
	k->group = (pid_t)f[5];
	k->leader = (pid_t)f[6];
	k->dead = k->dead && f[20] < 2; /* the first thread may end before the others */
	k->start = f[22];
	return true;
}

static bool
read_shown(pid_t shown, struct kin *k)
{
	char name[32];

	snprintf(name, sizeof name, "%ld", (long)shown);
	return read_stat(name, k);
}

static void
add(void *arg, const struct pth_proc_id *id)
{
	struct kin k = { .pid = id->pid, .session = id->session, .shown = id->shown };
	struct kin_list *l = arg;

	if (!read_shown(id->shown, &k))
		return;
	if ((l->n & (l->n - 1)) == 0) /* full when it is 0, 1, 2, 4 ... */
		l->v = pth_xarray(l->v, l->n != 0 ? l->n * 2 : 1, sizeof *l->v);
	l->v[l->n++] = k;
}

static int
by_shown(const void *a, const void *b)
{
	const struct kin *x = a, *y = b;

	return x->shown < y->shown ? -1 : x->shown > y->shown;
}

bool
host_kin_read(struct kin_list *l)
{
	struct kin self;
	char link[32] = "";
	bool told;

	*l = (struct kin_list){ 0 };
	if (!read_stat("self", &self) || readlink("/proc/self", link, sizeof link - 1) <= 0)
		return false;
	l->self = (pid_t)strtol(link, NULL, 10);
	l->self_leader = self.leader;
	told = pth_proc_each(add, l);
	if (l->n > 0)
		qsort(l->v, l->n, sizeof *l->v, by_shown);
	return told;
}

void
host_kin_release(struct kin_list *l)
{
	free(pth_take(&l->v));
	l->n = 0;
}

struct kin *
host_kin_find(const struct kin_list *l, pid_t shown)
{
	struct kin key = { .shown = shown };

	return l->n > 0 ? bsearch(&key, l->v, l->n, sizeof key, by_shown) : NULL;
}

static bool
in_session(const struct kin_list *l, pid_t leader)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].ours && l->v[i].leader == leader)
			return true;
	return false;
}

/* A session is what its leader has made. One whose leader has gone is known by the others. */
static bool
is_kin(const struct kin_list *l, const struct kin *k)
{
	const struct kin *parent = host_kin_find(l, k->parent),
	                 *leader = host_kin_find(l, k->leader);

	if (parent != NULL && parent->ours)
		return true;
	if (k->leader == 0 || k->leader == l->self_leader)
		return false;
	return leader != NULL ? leader->ours : in_session(l, k->leader);
}

void
host_kin_spread(struct kin_list *l)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < l->n; i++)
			if (!l->v[i].ours && is_kin(l, &l->v[i]))
				more = l->v[i].ours = true;
	}
}

bool
host_kin_kill(const struct kin *k)
{
	pth_auto_fd fd = (int)syscall(SYS_pidfd_open, k->pid, 0);
	struct kin now;

	/* Its number may be another's by now; from here on the descriptor is what counts. */
	return fd >= 0 && read_shown(k->shown, &now) && now.start == k->start &&
	    syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0;
}
