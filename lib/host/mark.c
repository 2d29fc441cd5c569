/* This file marks the programs of a test in their environment, and finds them by that. */
#include "host/mark.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "host/kin.h"
#include "host/proc.h"
#include "host/run_id.h"
#include "io/event.h"

#define ENVIRON_MAX ((size_t)8 << 20) /* the kernel takes 6 MiB of arguments and environment */
#define LOOK_MS 2

void
pth_mark_add(struct pth_buf *b, const char *owner, const char *path)
{
	pth_buf_addf(b, "%s.%lu:%s", owner != NULL ? owner : "", pth_pid_namespace(), path);
}

/* Calls f for each value of the mark in the environment of a process until it says true. */
static bool
each_mark(pid_t shown, bool (*f)(void *arg, const char *value), void *arg)
{
	static const char key[] = PTH_MARK "=";
	pth_auto_buf b = PTH_BUF_INIT;
	char path[64];
	ssize_t n = 1;

	snprintf(path, sizeof path, "/proc/%ld/environ", (long)shown);
	pth_auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && n > 0 && b.len < ENVIRON_MAX) {
		n = pth_read_all(fd, pth_buf_room(&b, 16384), 16384);
		b.len += n > 0 ? (size_t)n : 0;
	}
	pth_buf_adds(&b, "");
	for (const char *p = b.s; p < b.s + b.len; p += strlen(p) + 1)
		if (strncmp(p, key, sizeof key - 1) == 0 && f(arg, p + sizeof key - 1))
			return true;
	return false;
}

/* Of a sweep. */
struct sought {
	const char *owner; /* or NULL */
	const char *rest;  /* what is behind the owner */
};

static bool
is_value(void *arg, const char *value)
{
	return strcmp(value, arg) == 0;
}

bool
pth_mark_is(pid_t shown, const char *value)
{
	return each_mark(shown, is_value, (void *)(uintptr_t)value);
}

/* Is it that path, or one below it? */
static bool
reaches(const char *value, const char *wanted)
{
	size_t n = strlen(wanted);

	return strncmp(value, wanted, n) == 0 && (value[n] == '\0' || value[n] == '/');
}

/* BOOT.PID.START.NS:PATH, of which ".NS:PATH" is what is wanted. */
static bool
is_left(void *arg, const char *value)
{
	const struct sought *s = arg;
	const char *colon = strchr(value, ':'), *ns = colon;
	pth_auto_str owner = NULL;

	while (ns != NULL && ns > value && *ns != '.')
		ns--;
	if (ns == NULL || ns == value || !reaches(ns, s->rest))
		return false;
	owner = pth_xstrndup(value, (size_t)(ns - value));
	return s->owner != NULL ? strcmp(owner, s->owner) == 0 : !pth_run_id_lives(owner);
}

/* Process 1, we, and those of whom we are a child. */
static void
spare_parents(struct kin_list *l)
{
	pid_t up = getppid();
	struct kin *k = NULL;

	for (size_t i = 0; i < l->n && k == NULL; i++)
		k = l->v[i].pid == up ? &l->v[i] : NULL;
	for (size_t left = l->n; k != NULL && left > 0; left--) {
		k->ours = false;
		k = host_kin_find(l, k->parent);
	}
}

/* One round: how many it has killed. */
static size_t
kill_all(const struct sought *s)
{
	struct kin_list l;
	size_t killed = 0;

	if (host_kin_read(&l)) {
		for (size_t i = 0; i < l.n; i++)
			l.v[i].ours = each_mark(l.v[i].shown, is_left, (void *)(uintptr_t)s);
		spare_parents(&l);
		host_kin_spread(&l);
		spare_parents(&l);
		for (size_t i = 0; i < l.n; i++)
			if (l.v[i].ours && !l.v[i].dead && host_kin_kill(&l.v[i]))
				killed++;
	}
	host_kin_release(&l);
	return killed;
}

size_t
pth_mark_sweep(const char *owner, const char *path, int64_t limit_us)
{
	int64_t end = pth_mono_us() + limit_us;
	pth_auto_buf value = PTH_BUF_INIT;
	struct sought s = { .owner = owner };
	size_t n, most = 0;

	pth_mark_add(&value, NULL, path);
	s.rest = value.s;
	/* Who is dying is met again in the next round. */
	while ((n = kill_all(&s)) > 0) {
		most = n > most ? n : most;
		if (pth_mono_us() >= end)
			break;
		poll(NULL, 0, LOOK_MS);
	}
	return most;
}

void
pth_mark_begin(const char *path, int64_t limit_us)
{
	size_t n = pth_mark_sweep(NULL, path, limit_us);

	if (n > 0)
		pth_event("run.cleaned", "{s:i}", "removed", (int)n);
}

void
pth_mark_end(const char *owner, const char *path, int64_t limit_us)
{
	size_t n;

	pth_proc_sweep(limit_us);
	if (owner == NULL)
		return;
	n = pth_mark_sweep(owner, path, limit_us);
	pth_proc_sweep(limit_us);
	if (n > 0)
		pth_event("test.swept", "{s:i}", "processes", (int)n);
}
