/*
 * isolated N JOBS SERVER CLIENT: a ping-pong test N times in namespaces of its
 * own, JOBS at a time, with nothing but clone(2), posix_spawn(3) and
 * waitpid(2): no record, no result, no log, no event, no limit.
 * Prints the microseconds that passed and those of all processors.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)

extern char **environ;

static void
die(const char *what)
{
	perror(what);
	_exit(1);
}

static void
put(long pid, const char *file, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/proc/%ld/%s", pid, file);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

static pid_t
start(char *const argv[])
{
	posix_spawn_file_actions_t fa;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	if ((errno = posix_spawn(&pid, argv[0], &fa, NULL, argv, environ)) != 0)
		die(argv[0]);
	posix_spawn_file_actions_destroy(&fa);
	return pid;
}

/* Some UDP port is bound here. */
static int
is_bound(void)
{
	char text[1024];
	int fd = open("/proc/net/udp", O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strstr(text, " 07 ") != NULL;
}

static void
inside(char *server, char *client)
{
	char *const s[] = { server, "-p", "4443", "-i", "127.0.0.1", "-m", "functional", "-s", "0", NULL };
	char *const c[] = { client, "-p", "4443", "-i", "127.0.0.1", "-n", "5", "-w", "3000", NULL };
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), status;
	pid_t spid, cpid;

	if (ioctl(fd, SIOCSIFFLAGS, &r) != 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) != 0)
		die("furnish");
	close(fd);
	spid = start(s);
	while (!is_bound())
		usleep(500);
	cpid = start(c);
	if (waitpid(cpid, &status, 0) != cpid || status != 0)
		die("client");
	kill(spid, SIGINT);
	waitpid(spid, NULL, 0);
	_exit(0);
}

static void
one(char *server, char *client)
{
	int go[2], status;
	char map[64], c;
	pid_t pid;

	if (pipe(go) != 0)
		die("pipe");
	pid = (pid_t)syscall(SYS_clone, NAMESPACES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		close(go[1]);
		(void)!read(go[0], &c, 1);
		close(go[0]);
		inside(server, client);
	}
	if (pid < 0)
		die("clone");
	snprintf(map, sizeof map, "%u %u 1\n", geteuid(), geteuid());
	put(pid, "uid_map", map);
	put(pid, "setgroups", "deny");
	snprintf(map, sizeof map, "%u %u 1\n", getegid(), getegid());
	put(pid, "gid_map", map);
	close(go[0]);
	close(go[1]);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		die("test");
}

static long long
us(struct timeval t)
{
	return (long long)t.tv_sec * 1000000 + t.tv_usec;
}

int
main(int argc, char **argv)
{
	long n = argc > 4 ? strtol(argv[1], NULL, 10) : 0, jobs = argc > 4 ? strtol(argv[2], NULL, 10) : 0;
	struct timespec a, b;
	struct rusage ru;
	int status, bad = 0;

	if (n <= 0 || jobs <= 0) {
		fprintf(stderr, "usage: isolated N JOBS SERVER CLIENT\n");
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (long j = 0; j < jobs; j++)
		if (fork() == 0) {
			for (long i = j; i < n; i += jobs)
				one(argv[3], argv[4]);
			_exit(0);
		}
	while (wait(&status) > 0)
		bad |= status;
	clock_gettime(CLOCK_MONOTONIC, &b);
	getrusage(RUSAGE_CHILDREN, &ru);
	printf("%lld %lld\n", (b.tv_sec - a.tv_sec) * 1000000LL + (b.tv_nsec - a.tv_nsec) / 1000,
	    us(ru.ru_utime) + us(ru.ru_stime));
	return bad != 0;
}
