/* This file finds the process that holds a port, by the inode of its socket. */
#include "host/holder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/os.h"
#include "base/text.h"
#include "host/kin.h"
#include "host/mark.h"
#include "host/sockets.h"

#define SOCKETS_MAX 256      /* on one port */
#define LINKS_MAX 1000000    /* read in one look: a second */
#define AGAIN_LEAST_US 20000 /* a look that found no holder of ours counts so long, */
#define AGAIN_TIMES 20       /* and so many times what it took, */
#define AGAIN_MOST_US 2000000

/* One look. */
struct look {
	unsigned port;
	uint64_t known; /* inode of the look before, or 0 */
	uint64_t inode[SOCKETS_MAX];
	size_t n;
	bool known_there;
	size_t links;  /* that may still be read */
	bool unread;   /* not all of somebody's descriptors could be read */
	uint64_t held; /* inode that was found in somebody's hands */
};

static bool
note(void *arg, const struct pth_socket *s)
{
	struct look *l = arg;

	if (s->port != l->port || s->inode == 0 || l->n == SOCKETS_MAX)
		return l->n < SOCKETS_MAX;
	/* Some servers connect to their first client. */
	l->known_there |= s->inode == l->known && (s->udp || pth_socket_serves(s));
	if (pth_socket_serves(s))
		l->inode[l->n++] = s->inode;
	return !l->known_there;
}

/* Is the link "socket:[N]" to one of them? */
static bool
is_one(struct look *l, const char *link)
{
	char *end;
	uint64_t inode;

	if (strncmp(link, "socket:[", 8) != 0)
		return false;
	inode = strtoull(link + 8, &end, 10);
	for (size_t i = 0; *end == ']' && i < l->n; i++)
		if (l->inode[i] == inode) {
			l->held = inode;
			return true;
		}
	return false;
}

/* In a table of descriptors. *seen grows by those in it. */
static bool
in_table(struct look *l, const char *path, size_t *seen)
{
	pth_auto_dir d = opendir(path);
	struct dirent *de;
	char link[64];
	ssize_t n;

	if (d == NULL) {
		l->unread |= errno != ENOENT && errno != ESRCH;
		return false;
	}
	while ((de = readdir(d)) != NULL) {
		if (!pth_is_digit(*de->d_name))
			continue;
		if (l->links == 0) {
			l->unread = true;
			return false;
		}
		l->links--;
		++*seen;
		n = readlinkat(dirfd(d), de->d_name, link, sizeof link - 1);
		link[n > 0 ? n : 0] = '\0';
		l->unread |= n < 0 && errno != ENOENT && errno != ESRCH;
		if (is_one(l, link))
			return true;
	}
	return false;
}

/* In the hands of a process. When its first thread has ended, only the others have a table. */
static bool
in_hands(struct look *l, pid_t shown)
{
	char path[400];
	size_t seen = 0;
	struct dirent *de;
	bool unread = l->unread;

	snprintf(path, sizeof path, "/proc/%ld/fd", (long)shown);
	if (in_table(l, path, &seen) || seen > 0)
		return seen > 0 && l->held != 0;
	snprintf(path, sizeof path, "/proc/%ld/task", (long)shown);
	pth_auto_dir d = opendir(path);
	while (d != NULL && (de = readdir(d)) != NULL) {
		if (!pth_is_digit(*de->d_name) || strtol(de->d_name, NULL, 10) == shown)
			continue;
		l->unread = unread;
		snprintf(path, sizeof path, "/proc/%ld/task/%s/fd", (long)shown, de->d_name);
		if (in_table(l, path, &seen))
			return true;
	}
	return false;
}

/* Mark those that are of the program. Marks in environments are dearer than the rest. */
static void
choose(struct kin_list *l, const struct pth_program *of, bool by_mark)
{
	for (size_t i = 0; i < l->n; i++) {
		struct kin *k = &l->v[i];

		if (by_mark)
			k->ours |= pth_mark_is(k->shown, of->mark);
		else if (of->leader > 0)
			k->ours = k->pid == of->leader || k->session == of->leader ||
			    k->group == of->leader ||
			    (of->leader == getpid() && k->parent == l->self);
	}
	host_kin_spread(l);
}

/* The process in whose hands it is, of those that are ours or that are not. */
static const struct kin *
find_holder(struct look *l, const struct kin_list *all, bool ours)
{
	l->links = LINKS_MAX;
	l->unread = false;
	l->held = 0;
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].ours == ours && !all->v[i].dead && in_hands(l, all->v[i].shown))
			return &all->v[i];
	return NULL;
}

static void
name_of(pid_t shown, char to[40])
{
	char text[40];

	pth_read_text(AT_FDCWD, text, sizeof text, "/proc/%ld/comm", (long)shown);
	text[strcspn(text, "\n")] = '\0';
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
	snprintf(to, 40, "%s", text);
}

/* Has one of the program's own the socket? */
static bool
has_it(struct look *l, struct kin_list *all, const struct pth_program *of)
{
	choose(all, of, false);
	if (find_holder(l, all, true) != NULL)
		return true;
	if (of->mark == NULL)
		return false;
	choose(all, of, true);
	return find_holder(l, all, true) != NULL;
}

static enum pth_hold
search(struct pth_holder *h, struct look *l, const struct pth_program *of)
{
	const struct kin *k = NULL;
	struct kin_list all;
	bool told, ours, unread;

	h->pid = 0;
	h->name[0] = '\0';
	l->links = LINKS_MAX;
	if (of->leader == getpid() && in_hands(l, getpid()))
		return PTH_HOLD_OURS;
	told = host_kin_read(&all);
	ours = told && has_it(l, &all, of);
	unread = l->unread;
	if (told && !ours && (k = find_holder(l, &all, false)) != NULL) {
		h->pid = k->pid;
		name_of(k->shown, h->name);
	}
	host_kin_release(&all);
	if (ours)
		return PTH_HOLD_OURS;
	/* One that has it is enough; the program's own might have it where not all was read. */
	return k != NULL || (told && !unread) ? PTH_HOLD_OTHER : PTH_HOLD_UNKNOWN;
}

static uint64_t
hash(const struct look *l)
{
	return pth_hash(PTH_HASH_EMPTY, l->inode, l->n * sizeof l->inode[0]);
}

enum pth_hold
pth_holder_look(struct pth_holder *h, bool udp, unsigned port, const struct pth_program *of)
{
	struct look l = { .port = port, .known = h->inode };
	int64_t now = pth_mono_us(), took;

	pth_sockets_each(udp, note, &l);
	if (l.known_there || l.n == 0)
		return h->how = l.known_there ? PTH_HOLD_OURS : PTH_HOLD_NONE;
	if (now < h->until_us && hash(&l) == h->sockets)
		return h->how;
	h->how = search(h, &l, of);
	h->inode = h->how == PTH_HOLD_OURS ? l.held : 0;
	took = (pth_mono_us() - now) * AGAIN_TIMES;
	took = took < AGAIN_LEAST_US ? AGAIN_LEAST_US : took;
	h->until_us = now + (took < AGAIN_MOST_US ? took : AGAIN_MOST_US);
	h->sockets = hash(&l);
	return h->how;
}

void
pth_holder_text(const struct pth_holder *h, unsigned port, const char *not_by, char to[160])
{
	if (h->pid > 0)
		snprintf(to, 160, "port %u is held by process %ld (%s), not by %.60s", port,
		    (long)h->pid, h->name, not_by);
	else
		snprintf(to, 160, "port %u is held by no process that can be seen, not by %.60s",
		    port, not_by);
}
