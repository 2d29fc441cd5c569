#include "host/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/os.h"
#include "io/json.h"

#define WAITING 64 /* connections that are not accepted yet */

/* Paths of sockets are short; those of descriptors always are. */
static void
address(struct sockaddr_un *to, int fd, const char *name)
{
	memset(to, 0, sizeof *to);
	to->sun_family = AF_UNIX;
	snprintf(to->sun_path, sizeof to->sun_path, "/proc/self/fd/%d%s%s", fd,
	    *name != '\0' ? "/" : "", name);
}

/* The whole message or nothing. */
static int
put(int fd, const json_t *v)
{
	struct pth_buf b = PTH_BUF_INIT;
	ssize_t n;

	pth_json_dump(&b, v);
	n = b.len <= PTH_CHANNEL_MAX ? send(fd, b.s, b.len, MSG_NOSIGNAL) : (errno = EMSGSIZE, -1);
	pth_buf_release(&b);
	return n < 0 ? -1 : 0;
}

/* A message; NULL with *over when there is none and will be none. */
static json_t *
get(int fd, bool *over)
{
	struct pth_buf b = PTH_BUF_INIT;
	ssize_t n = recv(fd, pth_buf_room(&b, PTH_CHANNEL_MAX), PTH_CHANNEL_MAX, MSG_TRUNC);
	json_t *v = NULL;

	*over = n >= 0 || (errno != EAGAIN && errno != EINTR);
	if (n > 0 && (size_t)n <= PTH_CHANNEL_MAX)
		v = pth_json_parse(b.s, (size_t)n, NULL);
	pth_buf_release(&b);
	return v;
}

int
pth_channel_begin(
    struct pth_channel *a, int dirfd, const char *path, const json_t *question, struct pth_err *e)
{
	int at = pth_open_beneath(dirfd, path, O_PATH | O_NOFOLLOW, 0);
	struct sockaddr_un to;
	struct stat st;
	int r = -1;

	a->fd = -1;
	if (at < 0 || fstat(at, &st) != 0 || !S_ISSOCK(st.st_mode)) {
		pth_err_set(
		    e, PTH_SYSTEM, "its container cannot be asked: there is no socket %s", path);
	} else {
		address(&to, at, "");
		a->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (a->fd >= 0 && connect(a->fd, (struct sockaddr *)&to, sizeof to) == 0)
			r = put(a->fd, question);
		if (r != 0)
			pth_err_set(e, PTH_SYSTEM, "its container cannot be asked: %s",
			    errno == EMSGSIZE ? "this is too long" : strerror(errno));
	}
	if (at >= 0)
		close(at);
	if (r != 0)
		pth_channel_end(a);
	return r;
}

int
pth_channel_step(struct pth_channel *a, bool *ok, char text[PTH_CHANNEL_TEXT])
{
	bool over;
	json_t *v = get(a->fd, &over);

	if (!over)
		return 0;
	*ok = pth_json_bool(v, "ok", false);
	snprintf(text, PTH_CHANNEL_TEXT, "%s", pth_json_str(v, "text", ""));
	pth_channel_end(a);
	over = json_is_object(v);
	json_decref(v);
	return over ? 1 : -1;
}

void
pth_channel_end(struct pth_channel *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

int
pth_channel_listen(int dirfd, const char *name, uid_t uid, gid_t gid, struct pth_err *e)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un to;

	address(&to, dirfd, name);
	unlinkat(dirfd, name, 0);
	/* Nobody can connect before listen(2), so the mode is in time. */
	if (fd >= 0 && bind(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
	    fchmodat(dirfd, name, 0600, 0) == 0 &&
	    fchownat(dirfd, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 && listen(fd, WAITING) == 0)
		return fd;
	pth_err_set(e, PTH_SYSTEM, "socket %s:", name);
	if (fd >= 0)
		close(fd);
	return -1;
}

int
pth_channel_accept(int fd)
{
	return accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

json_t *
pth_channel_read(int fd, bool *over)
{
	return get(fd, over);
}

void
pth_channel_answer(int fd, bool ok, const char *text)
{
	json_t *v = json_pack("{s:b,s:o}", "ok", ok, "text", pth_json_text(text, strlen(text)));

	put(fd, v);
	json_decref(v);
}
