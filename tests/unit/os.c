#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "unit.h"

/* Are openat2(2) and fchmodat2(2) missing? Then what they do is done without them, but for a
 * link within the directory, which is not followed. */
static bool old_kernel;

static int
opens(int dir, const char *path)
{
	int fd = pth_open_beneath(dir, path, O_RDONLY, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void
beneath(void)
{
	char name[300];
	int dir, fd;

	mkdir("box", 0777);
	mkdir("box/sub", 0777);
	CHECK(symlink("../../secret", "box/sub/out") == 0);
	CHECK(symlink("/etc/passwd", "box/abs") == 0);
	CHECK(symlink("sub", "box/in") == 0);
	fd = open("secret", O_WRONLY | O_CREAT, 0666);
	close(fd);
	dir = open("box", O_RDONLY | O_DIRECTORY);

	unit("opening beneath a directory");
	fd = pth_open_beneath(dir, "sub/f", O_WRONLY | O_CREAT, 0644);
	CHECK(fd >= 0);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	CHECK(opens(dir, "sub/f"));
	CHECK(opens(dir, "sub//f"));
	CHECK_INT(opens(dir, "in/f"), !old_kernel);

	unit("nothing outside can be opened");
	CHECK(!opens(dir, "../secret"));
	CHECK(!opens(dir, "sub/../../secret"));
	CHECK(!opens(dir, "sub/out"));
	CHECK(!opens(dir, "abs"));
	CHECK(!opens(dir, "/etc/passwd"));
	CHECK(!opens(dir, "absent") && errno == ENOENT);
	CHECK(!opens(dir, ".."));
	CHECK(!opens(dir, ""));
	CHECK(opens(dir, "..x") == 0 && errno == ENOENT);
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	CHECK(!opens(dir, name) && errno == ENAMETOOLONG);
	name[255] = '\0';
	CHECK(!opens(dir, name) && errno == ENOENT);
	close(dir);
}

static int
regular(int dir, const char *path)
{
	int fd = pth_open_regular(dir, path, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : errno;
}

static void
regular_files(void)
{
	int dir = open("box", O_RDONLY | O_DIRECTORY), fd;
	struct stat st;

	CHECK(symlinkat("f", dir, "sub/near") == 0);
	CHECK(mkfifoat(dir, "fifo", 0666) == 0);

	unit("what a program has put there is opened as a regular file or not at all");
	fd = pth_open_regular(dir, "sub/f", &st);
	CHECK(fd >= 0 && S_ISREG(st.st_mode) && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	close(fd);
	CHECK_INT(regular(dir, "fifo"), EINVAL);
	CHECK_INT(regular(dir, "sub"), EINVAL);
	CHECK_INT(regular(dir, "in/f"), old_kernel ? ENOTDIR : ELOOP);
	CHECK_INT(regular(dir, "sub/near"), ELOOP);
	CHECK_INT(regular(dir, "absent"), ENOENT);
	CHECK(regular(dir, "../secret") != 0);

	unit("what a file names may be anywhere, but it is a regular file");
	fd = pth_open_named("box/sub/near", NULL);
	CHECK(fd >= 0);
	close(fd);
	CHECK(pth_open_named("box/fifo", NULL) < 0 && errno == EINVAL);
	CHECK(pth_open_named("/dev/zero", NULL) < 0 && errno == EINVAL);

	unit("a directory below another, without links");
	fd = pth_open_dir(dir, "sub");
	CHECK(fd >= 0);
	close(fd);
	CHECK(pth_open_dir(dir, "in") < 0 && (errno == ENOTDIR || errno == ELOOP));
	CHECK(pth_open_dir(dir, "sub/f") < 0);
	fd = open("/", O_RDONLY | O_DIRECTORY);
	CHECK(pth_open_tree(fd, "proc") < 0 && errno == EXDEV);
	close(fd);
	fd = pth_open_tree(dir, "sub");
	CHECK(fd >= 0);
	close(fd);
	CHECK(pth_open_tree(dir, "in") < 0 && (errno == ENOTDIR || errno == ELOOP));
	close(dir);
}

static int
ours(int dir, const char *path, int flags)
{
	int fd = pth_open_ours(dir, path, O_WRONLY | O_CREAT | flags);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : errno;
}

static void
our_files(void)
{
	int dir = open("box", O_RDONLY | O_DIRECTORY), fd, reader;
	struct stat st;

	unit("a file of ours is written");
	fd = pth_open_ours(dir, "own", O_WRONLY | O_CREAT | O_TRUNC);
	CHECK_INT(pth_write_all(fd, "12345", 5), 0);
	CHECK_INT(fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK), 0);
	close(fd);
	fd = pth_open_ours(dir, "own", O_WRONLY | O_APPEND);
	CHECK_INT(pth_write_all(fd, "67", 2), 0);
	CHECK(fstat(fd, &st) == 0 && st.st_size == 7);
	close(fd);
	CHECK_INT(ours(dir, "own", O_TRUNC), 0);
	CHECK(fstatat(dir, "own", &st, 0) == 0 && st.st_size == 0);

	unit("but not what a program has put into its place");
	CHECK_INT(ours(dir, "in/new", 0), old_kernel ? ENOTDIR : ELOOP);
	CHECK_INT(ours(dir, "sub/near", O_TRUNC), ELOOP);
	CHECK_INT(ours(dir, "sub", 0), EISDIR);
	CHECK_INT(ours(dir, "fifo", 0), EINVAL);
	reader = openat(dir, "fifo", O_RDONLY | O_NONBLOCK);
	CHECK_INT(ours(dir, "fifo", 0), EINVAL);
	close(reader);
	fd = openat(dir, "precious", O_WRONLY | O_CREAT, 0666);
	CHECK_INT(pth_write_all(fd, "x", 1), 0);
	close(fd);
	CHECK(linkat(dir, "precious", dir, "again", 0) == 0);
	CHECK_INT(ours(dir, "again", O_TRUNC), EMLINK);
	CHECK(fstatat(dir, "precious", &st, 0) == 0 && st.st_size == 1);
	close(dir);
}

/* The mode of a name in dir that has been mended. */
static int
mended(int dir, const char *name, mode_t mode)
{
	struct stat st;

	CHECK_INT(fchmodat(dir, name, mode, 0), 0);
	pth_mend_mode(dir, name);
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (int)(st.st_mode & 07777) : -1;
}

static void
modes(void)
{
	int dir = open("box", O_RDONLY | O_DIRECTORY);
	struct stat st;

	unit("the owner has all rights again");
	CHECK_INT(mended(dir, "sub", 0), 0700);
	CHECK_INT(mended(dir, "sub", 0555), 0755);
	CHECK_INT(mended(dir, "sub", 01500), 01700);
	CHECK_INT(mended(dir, "own", 0), 0600);
	CHECK_INT(mended(dir, "own", 0444), 0644);
	CHECK_INT(mended(dir, "own", 0700), 0700);
	CHECK_INT(fchmod(dir, 0500), 0);
	pth_mend_mode(dir, NULL);
	CHECK(fstat(dir, &st) == 0 && (st.st_mode & 07777) == 0700);
	/* Not what a link leads to, and nothing that is not there. */
	CHECK_INT(fchmodat(dir, "own", 0444, 0), 0);
	CHECK(symlinkat("own", dir, "to-own") == 0);
	pth_mend_mode(dir, "to-own");
	CHECK(fstatat(dir, "own", &st, 0) == 0 && (st.st_mode & 07777) == 0444);
	pth_mend_mode(dir, "absent");
	if (geteuid() == 0) {
		CHECK(fchownat(dir, "own", 4711, 4711, 0) == 0);
		CHECK_INT(mended(dir, "own", 0), 0);
	}
	CHECK_INT(mended(dir, "sub", 0755), 0755);
	close(dir);
}

static void
small_files(void)
{
	char text[6];
	int fd;

	unit("small files of the system");
	fd = open("small", O_WRONLY | O_CREAT | O_TRUNC, 0666);
	CHECK_INT(pth_write_all(fd, "12345678", 8), 0);
	close(fd);
	CHECK_INT(pth_read_text(AT_FDCWD, text, sizeof text, "sm%s", "all"), 5);
	CHECK_STR(text, "12345");
	CHECK_INT(pth_read_text(AT_FDCWD, text, sizeof text, "absent"), 0);
	CHECK_STR(text, "");
	memset(text, 'x', sizeof text);
	CHECK_INT(pth_read_text(AT_FDCWD, text, sizeof text, "."), 0);
	CHECK_STR(text, "");
	CHECK_INT(pth_write_text(AT_FDCWD, "small", "ab"), 0);
	CHECK_INT(pth_read_text(AT_FDCWD, text, sizeof text, "small"), 5);
	CHECK_STR(text, "ab345");
	CHECK_INT(pth_write_text(AT_FDCWD, "absent", "ab"), -1);
	CHECK(access("absent", F_OK) != 0);
	CHECK_INT(pth_write_text(AT_FDCWD, "/dev/full", "ab"), -1);
}

static void
cleanups(void)
{
	struct pth_pipe p = PTH_PIPE_INIT;
	int fd = open("/dev/null", O_RDONLY), taken;

	unit("what is released is gone, and errno is as before");
	taken = pth_take_fd(&fd);
	CHECK(taken >= 0 && fd == -1);
	errno = E2BIG;
	pth_close(&fd);
	CHECK_INT(errno, E2BIG);
	fd = taken;
	pth_close(&taken);
	CHECK(taken == -1 && fcntl(fd, F_GETFD) == -1);
	CHECK_INT(pth_pipe_open(&p), 0);
	CHECK(
	    (fcntl(p.from, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(p.to, F_GETFD) & FD_CLOEXEC) != 0);
	CHECK(write(p.to, "x", 1) == 1);
	pth_pipe_close(&p);
	CHECK(p.from == -1 && p.to == -1);
	{
		pth_auto_fd gone = fd = open("/dev/null", O_RDONLY);
		pth_auto_file f = NULL;
		pth_auto_dir d = NULL;

		CHECK(gone >= 0 && f == NULL && d == NULL);
	}
	CHECK(fcntl(fd, F_GETFD) == -1);
}

/* How a child that does fn() ends. */
static int
ends(void (*fn)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		fn();
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
one_interrupt(void)
{
	signal(SIGINT, SIG_DFL);
	pth_outlive_interrupt();
	raise(SIGINT);
}

static void
two_interrupts(void)
{
	one_interrupt();
	raise(SIGINT);
}

static void
ignored_interrupts(void)
{
	signal(SIGINT, SIG_IGN);
	pth_outlive_interrupt();
	raise(SIGINT);
	raise(SIGINT);
}

static void
interrupts(void)
{
	unit("the first interrupt is outlived, unless all are ignored");
	CHECK_INT(ends(one_interrupt), 0);
	CHECK_INT(ends(two_interrupts), -SIGINT);
	CHECK_INT(ends(ignored_interrupts), 0);
}

static void
terminals(void)
{
	static const struct {
		const char *term, *no_color;
		bool draws, colours;
	} rows[] = { { "xterm", NULL, true, true }, { "xterm", "", true, true },
		{ "xterm", "1", true, false }, { "dumb", NULL, false, false },
		{ "", NULL, false, false }, { NULL, NULL, false, false } };
	int tty = posix_openpt(O_RDWR | O_NOCTTY), file = open("/dev/null", O_RDWR);

	unit("terminals that can be drawn on");
	for (size_t i = 0; i < countof(rows); i++) {
		unsetenv("TERM");
		unsetenv("NO_COLOR");
		if (rows[i].term != NULL)
			setenv("TERM", rows[i].term, 1);
		if (rows[i].no_color != NULL)
			setenv("NO_COLOR", rows[i].no_color, 1);
		CHECK(!pth_tty_draws(file) && !pth_tty_colours(file));
		if (tty < 0)
			continue;
		CHECK_INT(pth_tty_draws(tty), rows[i].draws);
		CHECK_INT(pth_tty_colours(tty), rows[i].colours);
	}
	close(tty);
	close(file);
}

static void
descriptors(void)
{
	char buf[10];
	int p[2], fd, saved;

	unit("all bytes, or those that are there");
	CHECK(pipe(p) == 0);
	CHECK_INT(pth_write_all(p[1], "hello", 5), 0);
	close(p[1]);
	CHECK_INT(pth_read_all(p[0], buf, sizeof buf), 5);
	CHECK(memcmp(buf, "hello", 5) == 0);
	close(p[0]);
	fd = open("/dev/full", O_WRONLY);
	CHECK(pth_write_all(fd, "x", 1) == -1 && errno == ENOSPC);
	close(fd);
	CHECK(pth_read_all(-1, buf, 1) == -1);

	unit("closed standard descriptors are filled");
	fd = open("/dev/null", O_RDONLY);
	close(fd);
	saved = dup(1);
	fflush(stdout);
	close(1);
	pth_fd_sanitize();
	CHECK(fcntl(1, F_GETFD) != -1 && write(1, "x", 1) == -1); /* it fails, not swallows */
	dup2(saved, 1);
	close(saved);
	pth_fd_sanitize();
	CHECK_INT(open("/dev/null", O_RDONLY), fd); /* and nothing is left open */
	close(fd);
	saved = dup(0);
	close(0);
	pth_fd_sanitize();
	CHECK(fcntl(0, F_GETFD) != -1);
	fd = open("/dev/null", O_RDONLY);
	CHECK(fd > 2);
	close(fd);
	dup2(saved, 0);
	close(saved);
}

static void
programs(void)
{
	char *s;
	int fd;

	unit("which");
	s = pth_which("sh", NULL);
	CHECK(s && *s == '/' && access(s, X_OK) == 0);
	free(s);
	mkdir("p1", 0777);
	mkdir("p2", 0777);
	fd = open("p1/tool", O_WRONLY | O_CREAT, 0644); /* not executable */
	close(fd);
	fd = open("p2/tool", O_WRONLY | O_CREAT, 0755);
	close(fd);
	s = pth_which("tool", "p1:p2");
	CHECK_STR(s, "p2/tool");
	free(s);
	s = pth_which("./p2/tool", "");
	CHECK_STR(s, "./p2/tool");
	free(s);
	CHECK(pth_which("p1/tool", NULL) == NULL);
	CHECK(pth_which("p2", ".") == NULL);
	CHECK(pth_which("no-such-program", NULL) == NULL);
	CHECK(pth_which("", "p2") == NULL);
	/* No name is here. */
	CHECK(chdir("p2") == 0);
	s = pth_which("tool", ":/none");
	CHECK_STR(s, "./tool");
	free(s);
	s = pth_which("tool", "/none:");
	CHECK_STR(s, "./tool");
	free(s);
	CHECK(chdir("..") == 0);
}

static void
home(void)
{
	struct pth_home h;
	struct pth_err e = { 0 };

	unit("the home of the tools");
	unsetenv("PTH_SHARE");
	CHECK_INT(pth_home_find(&h, &e), 0);
	CHECK(h.share && h.libexec && h.bin);
	CHECK(h.share && strstr(h.share, "/share"));
	pth_home_release(&h);
	setenv("PTH_SHARE", "/some/where", 1);
	CHECK_INT(pth_home_find(&h, &e), 0);
	CHECK_STR(h.share, "/some/where");
	pth_home_release(&h);
	CHECK(h.share == NULL);
}

static void
files(void)
{
	beneath();
	regular_files();
	our_files();
	modes();
}

/* The same where the kernel, or a filter, does not know these system calls. */
static void
without_new_calls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 452, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { countof(code), code };

	unit_name[0] = '\0';
	unit_checks = unit_failed = 0;
	old_kernel = true;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		FILE *fp = fopen(
		    getenv("PTH_RESULT") != NULL ? getenv("PTH_RESULT") : "/dev/null", "a");

		fprintf(fp, "skip files without openat2(2): no filter of system calls: %s\n",
		    strerror(errno));
		_exit(fclose(fp));
	}
	CHECK(syscall(SYS_openat2, -1, "", NULL, 0) == -1 && errno == ENOSYS);
	CHECK(mkdir("old", 0777) == 0 && chdir("old") == 0);
	files();
	_exit(unit_done());
}

int
main(void)
{
	files();
	small_files();
	cleanups();
	interrupts();
	terminals();
	descriptors();
	programs();
	home();
	unit("files without openat2(2)");
	CHECK_INT(ends(without_new_calls), 0);
	return unit_done();
}
