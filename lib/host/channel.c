/* This file carries questions and answers over a socket in a container's directory. */
#include "host/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
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

static int
seqpacket(void)
{
	return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* The whole message or nothing. */
static int
put(int fd, const json_t *v)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_json_dump(&b, v);
	if (b.len <= PTH_CHANNEL_MAX)
		return send(fd, b.s, b.len, MSG_NOSIGNAL) < 0 ? -1 : 0;
	errno = EMSGSIZE;
	return -1;
}

json_t *
pth_channel_read(int fd, bool *over)
{
	pth_auto_buf b = PTH_BUF_INIT;
	ssize_t n = recv(fd, pth_buf_room(&b, PTH_CHANNEL_MAX), PTH_CHANNEL_MAX, MSG_TRUNC);

	*over = n >= 0 || (errno != EAGAIN && errno != EINTR);
	return n > 0 && (size_t)n <= PTH_CHANNEL_MAX ? pth_json_parse(b.s, (size_t)n, NULL) : NULL;
}

int
pth_channel_begin(
    struct pth_channel *a, int dirfd, const char *path, const json_t *question, struct pth_err *e)
{
	pth_auto_fd at = pth_open_beneath(dirfd, path, O_PATH | O_NOFOLLOW, 0);
	struct sockaddr_un to;
	struct stat st;

	a->fd = -1;
	if (at < 0 || fstat(at, &st) != 0 || !S_ISSOCK(st.st_mode))
		return pth_err_set(
		    e, PTH_SYSTEM, "its container cannot be asked: there is no socket %s", path);
	address(&to, at, "");
	pth_auto_fd fd = seqpacket();
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0 || put(fd, question) != 0)
		return pth_err_set(e, PTH_SYSTEM, "its container cannot be asked: %s",
		    errno == EMSGSIZE ? "this is too long" : strerror(errno));
	a->fd = pth_take_fd(&fd);
	return 0;
}

int
pth_channel_step(struct pth_channel *a, bool *ok, char text[PTH_CHANNEL_TEXT])
{
	bool over;
	json_auto_t *v = pth_channel_read(a->fd, &over);

	if (!over)
		return 0;
	*ok = pth_json_bool(v, "ok", false);
	a->unknown = pth_json_bool(v, "unknown", false);
	snprintf(text, PTH_CHANNEL_TEXT, "%s", pth_json_str(v, "text", ""));
	pth_channel_end(a);
	return json_is_object(v) ? 1 : -1;
}

void
pth_channel_end(struct pth_channel *a)
{
	pth_close(&a->fd);
}

int
pth_channel_listen(int dirfd, const char *name, uid_t uid, gid_t gid, struct pth_err *e)
{
	pth_auto_fd fd = seqpacket();
	struct sockaddr_un to;

	address(&to, dirfd, name);
	unlinkat(dirfd, name, 0);
	/* Nobody can connect before listen(2), so the mode is in time. */
	if (fd >= 0 && bind(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
	    fchmodat(dirfd, name, 0600, 0) == 0 &&
	    fchownat(dirfd, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 && listen(fd, WAITING) == 0)
		return pth_take_fd(&fd);
	return pth_err_set(e, PTH_SYSTEM, "socket %s:", name);
}

int
pth_channel_accept(int fd)
{
	return accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void
pth_channel_answer(int fd, enum pth_answer a, const char *text)
{
	json_auto_t *v = json_pack("{s:b,s:b,s:o}", "ok", a == PTH_A_YES, "unknown",
	    a == PTH_A_UNKNOWN, "text", pth_json_string(text));

	put(fd, v);
}

/* --- descriptors --- */

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

/* One byte, and with it the descriptor. */
static ssize_t
send_descriptor(int to, int fd)
{
	union control c;
	char byte = 1;
	struct iovec v = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof c
	};

	memset(&c, 0, sizeof c);
	c.head.cmsg_level = SOL_SOCKET;
	c.head.cmsg_type = SCM_RIGHTS;
	c.head.cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(&c.head), &fd, sizeof fd);
	return sendmsg(to, &m, MSG_NOSIGNAL);
}

int
pth_channel_hand(int dirfd, const char *name, int fd, struct pth_err *e)
{
	pth_auto_fd to = seqpacket();
	struct sockaddr_un there;

	address(&there, dirfd, name);
	if (to < 0 || connect(to, (struct sockaddr *)&there, sizeof there) != 0 ||
	    send_descriptor(to, fd) < 0)
		return pth_err_set(e, PTH_SYSTEM, "%s:", name);
	return pth_take_fd(&to);
}

int
pth_channel_take(int client, bool *over)
{
	union control c;
	char byte;
	struct iovec v = { &byte, 1 };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = &c,
		.msg_controllen = CMSG_LEN(sizeof(int)) }; /* no room for a second one */
	ssize_t n = recvmsg(client, &m, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *h = n >= 0 ? CMSG_FIRSTHDR(&m) : NULL;
	int fd = -1;

	*over = n >= 0 || (errno != EAGAIN && errno != EINTR);
	if (h != NULL && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS &&
	    h->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(h), sizeof fd);
	return fd;
}
