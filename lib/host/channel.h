/*
 * A channel carries questions to the supervisor inside of a container, over a socket in the
 * service's directory, which both sides see: do this step, check that assertion. A connection
 * has one question and one answer; each is one message of JSON. Nothing here blocks.
 */
#ifndef PTH_HOST_CHANNEL_H
#define PTH_HOST_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <sys/types.h>

#include "base/err.h"
#include "io/status.h"

#define PTH_CHANNEL_MAX ((size_t)192 << 10) /* bytes of a message */
#define PTH_CHANNEL_TEXT 400

struct pth_channel {
	int fd;       /* for poll(2), POLLIN; -1: nothing is asked */
	bool unknown; /* after an answer that is not ok: nobody knows */
};

/* --- who asks --- */

/* Ask at the socket `path` below dirfd, links not followed: a service may have
 * put anything there. -1 with e. */
int pth_channel_begin(
    struct pth_channel *a, int dirfd, const char *path, const json_t *question, struct pth_err *e);
/* 1 with the answer, *ok and its text; 0 when there is none yet; -1 when there
 * will be none. Ends it in the first and last case. */
int pth_channel_step(struct pth_channel *a, bool *ok, char text[PTH_CHANNEL_TEXT]);
/* Do not wait any more; the other side gives it up. */
void pth_channel_end(struct pth_channel *a);

/* --- who answers --- */

/* A socket `name` in dirfd that only this user may write to. A descriptor that
 * accept(2) never blocks on; -1 with e. */
int pth_channel_listen(int dirfd, const char *name, uid_t uid, gid_t gid, struct pth_err *e);
/* Accept the next client; -1: there is none. */
int pth_channel_accept(int fd);
/* The question, owned by the caller. When it is NULL, *over says that none will come: the client
 * has gone, or does not speak JSON. */
json_t *pth_channel_read(int fd, bool *over);
void pth_channel_answer(int fd, enum pth_answer a, const char *text);

/* --- what is handed over --- */

/* Hand a descriptor to who listens at the socket `name` in dirfd: a connection, on which there will
 * be one answer, and which ends with who gives it. -1 with e. */
int pth_channel_hand(int dirfd, const char *name, int fd, struct pth_err *e);
/* The descriptor that a client hands over, owned by the caller; -1: there is none now, or (*over)
 * ever. */
int pth_channel_take(int client, bool *over);

#endif
