/* Questions and answers over the socket, and what may stand in its place. */
#include "host/channel.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/json.h"

#include "unit.h"

static bool ok;
static char text[PTH_CHANNEL_TEXT];

/* The answer to a question of one word, or why there is none. */
static const char *
try(int dirfd, const char *path)
{
	static struct pth_err e;
	struct pth_channel a;
	json_t *question = json_pack("{s:s}", "do", "it");
	int r = pth_channel_begin(&a, dirfd, path, question, &e);

	json_decref(question);
	pth_channel_end(&a);
	return r == 0 ? "asked" : e.text;
}

/* Hands over two at once, which nobody of us does. */
static int
hand_two(const char *dir, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} c = { .room = "" };
	struct iovec v = { (char[]){ 1 }, 1 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof c
	};
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), two[] = { fd, fd };

	snprintf(to.sun_path, sizeof to.sun_path, "%s/.ask", dir);
	c.head = (struct cmsghdr){ CMSG_LEN(sizeof two), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(&c.head), two, sizeof two);
	CHECK(connect(s, (struct sockaddr *)&to, sizeof to) == 0 && sendmsg(s, &m, 0) == 1);
	return s;
}

static int
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	CHECK(d != NULL);
	while (d != NULL && readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

int
main(void)
{
	char dir[] = "/tmp/pth-unit-ask.XXXXXX", *name, *big = pth_xmalloc(PTH_CHANNEL_MAX);
	int dirfd = mkdtemp(dir) != NULL ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1, here,
	    there, given, open_now;
	json_t *question = json_pack("{s:s}", "do", "it"), *v;
	struct pth_channel a;
	struct pth_err e;
	struct stat st, own;
	bool over;

	CHECK(dirfd >= 0);
	unit("an answer");
	here = pth_channel_listen(dirfd, ".ask", getuid(), getgid(), &e);
	CHECK(here >= 0);
	CHECK(fstatat(dirfd, ".ask", &st, 0) == 0 && S_ISSOCK(st.st_mode) &&
	    (st.st_mode & 0777) == 0600);
	CHECK(pth_channel_accept(here) == -1);
	CHECK(pth_channel_begin(&a, dirfd, ".ask", question, &e) == 0);
	CHECK(pth_channel_step(&a, &ok, text) == 0);
	there = pth_channel_accept(here);
	CHECK(there >= 0);
	v = pth_channel_read(there, &over);
	CHECK(json_equal(v, question));
	json_decref(v);
	CHECK(pth_channel_read(there, &over) == NULL && !over);
	pth_channel_answer(there, PTH_A_YES, "done");
	close(there);
	CHECK(
	    pth_channel_step(&a, &ok, text) == 1 && ok && strcmp(text, "done") == 0 && a.fd == -1);
	CHECK(!a.unknown);
	CHECK(pth_channel_begin(&a, dirfd, ".ask", question, &e) == 0);
	there = pth_channel_accept(here);
	json_decref(pth_channel_read(there, &over));
	pth_channel_answer(there, PTH_A_UNKNOWN, "no idea");
	close(there);
	CHECK(pth_channel_step(&a, &ok, text) == 1 && !ok && a.unknown);

	unit("no answer");
	CHECK(pth_channel_begin(&a, dirfd, ".ask", question, &e) == 0);
	close(pth_channel_accept(here));
	CHECK(pth_channel_step(&a, &ok, text) == -1 && a.fd == -1);
	CHECK(pth_channel_begin(&a, dirfd, ".ask", question, &e) == 0);
	there = pth_channel_accept(here);
	CHECK(write(there, "{\"ok\"", 5) == 5);
	CHECK(pth_channel_step(&a, &ok, text) == -1);
	close(there);
	CHECK(strcmp(try(dirfd, ".ask"), "asked") == 0);
	there = pth_channel_accept(here);
	json_decref(pth_channel_read(there, &over));
	CHECK(pth_channel_read(there, &over) == NULL && over);
	close(there);

	unit("a descriptor");
	there = pth_channel_hand(dirfd, ".ask", dirfd, &e);
	CHECK(there >= 0);
	a.fd = pth_channel_accept(here);
	given = pth_channel_take(a.fd, &over);
	CHECK(given >= 0 && given != dirfd && fstat(given, &st) == 0 && fstat(dirfd, &own) == 0);
	CHECK(st.st_dev == own.st_dev && st.st_ino == own.st_ino);
	CHECK((fcntl(given, F_GETFD) & FD_CLOEXEC) != 0);
	close(given);
	CHECK(pth_channel_take(a.fd, &over) == -1 && !over);
	pth_channel_answer(a.fd, PTH_A_NO, "not here");
	close(a.fd);
	a.fd = there;
	CHECK(pth_channel_step(&a, &ok, text) == 1 && !ok && strcmp(text, "not here") == 0);

	unit("no descriptor, or two of them");
	CHECK(pth_channel_hand(dirfd, "none", dirfd, &e) == -1 &&
	    strstr(e.text, "none: No such file") != NULL);
	CHECK(pth_channel_begin(&a, dirfd, ".ask", question, &e) == 0);
	there = pth_channel_accept(here);
	CHECK(pth_channel_take(there, &over) == -1 && over);
	close(there);
	pth_channel_end(&a);
	there = hand_two(dir, dirfd);
	a.fd = pth_channel_accept(here);
	close(there);
	open_now = descriptors();
	given = pth_channel_take(a.fd, &over);
	CHECK(given >= 0 && descriptors() == open_now + 1);
	close(given);
	CHECK(pth_channel_take(a.fd, &over) == -1 && over);
	pth_channel_end(&a);

	unit("too long");
	memset(big, 'x', PTH_CHANNEL_MAX - 1);
	big[PTH_CHANNEL_MAX - 1] = '\0';
	v = json_pack("{s:s}", "do", big);
	CHECK(pth_channel_begin(&a, dirfd, ".ask", v, &e) == -1 &&
	    strstr(e.text, "too long") != NULL && a.fd == -1);
	json_decref(v);

	unit("no socket of the container's");
	name = pth_xmalloc(sizeof dir + 5);
	snprintf(name, sizeof dir + 5, "%s/.ask", dir);
	CHECK(symlinkat(name, dirfd, "link") == 0 && symlinkat(".ask", dirfd, "near") == 0);
	CHECK(mkfifoat(dirfd, "fifo", 0600) == 0);
	CHECK(strstr(try(dirfd, "link"), "no socket") != NULL);
	CHECK(strstr(try(dirfd, "near"), "no socket") != NULL);
	CHECK(strstr(try(dirfd, "fifo"), "no socket") != NULL);
	CHECK(strstr(try(dirfd, "none"), "no socket") != NULL);
	close(here);
	CHECK(strstr(try(dirfd, ".ask"), "refused") != NULL);

	unlinkat(dirfd, ".ask", 0);
	unlinkat(dirfd, "link", 0);
	unlinkat(dirfd, "near", 0);
	unlinkat(dirfd, "fifo", 0);
	rmdir(dir);
	free(name);
	free(big);
	json_decref(question);
	return unit_done();
}
