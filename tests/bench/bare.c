/*
 * bare N JOBS SERVER CLIENT: N times, JOBS at once: a child in a user, net,
 * pid, mount, ipc and uts namespace of its own brings lo up, mounts /proc,
 * starts SERVER, starts CLIENT when UDP port 4443 is bound, waits for CLIENT
 * and ends SERVER with INT. No logs, no results. What tests/bench/engine
 * compares pth-exec with. SERVER and CLIENT are words separated by blanks.
 *
 * bare time COMMAND...: run it. Both print the microseconds that passed, and
 * those of processor time that all processes took.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
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
#include <unistd.h>

#include "now.h"

#define PORT ":115B " /* 4443 as /proc/net/udp has it */
#define WORDS 30

extern char **environ;

static long long
cpu_us(void)
{
	long long us = 0;
	struct rusage u;

	for (int who = RUSAGE_CHILDREN; who <= RUSAGE_SELF; who++) {
		getrusage(who, &u);
		us += (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL + u.ru_utime.tv_usec +
		    u.ru_stime.tv_usec;
	}
	return us;
}

static void
die(const char *what)
{
	perror(what);
	_exit(1);
}

static void
put(pid_t pid, const char *file, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	close(fd);
}

static void
lo_up(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &r) != 0)
		die("lo");
	close(fd);
}

static pid_t
start(const char *command)
{
	char copy[4096], *argv[WORDS + 1] = { NULL };
	posix_spawn_file_actions_t fa;
	pid_t pid;
	int n = 0;

	snprintf(copy, sizeof copy, "%s", command);
	for (char *w = strtok(copy, " "); w != NULL && n < WORDS; w = strtok(NULL, " "))
		argv[n++] = w;
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	if (n == 0 || posix_spawn(&pid, argv[0], &fa, NULL, argv, environ) != 0)
		die(command);
	posix_spawn_file_actions_destroy(&fa);
	return pid;
}

static void
wait_for_port(void)
{
	char text[4096];
	ssize_t n;
	int fd;

	for (int i = 0; i < 20000; i++) {
		fd = open("/proc/net/udp", O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
		text[n > 0 ? n : 0] = '\0';
		close(fd);
		if (strstr(text, PORT) != NULL)
			return;
		poll(NULL, 0, 1);
	}
	fprintf(stderr, "bare: the server did not bind its port\n");
	_exit(1);
}

static void
child(int go, const char *server, const char *client)
{
	int status;
	pid_t s, c;
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(1);
	lo_up();
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) != 0)
		die("mount");
	s = start(server);
	wait_for_port();
	c = start(client);
	if (waitpid(c, &status, 0) != c || status != 0)
		_exit(1);
	kill(s, SIGINT);
	waitpid(s, &status, 0);
	_exit(0);
}

static pid_t
unshared(const char *server, const char *client)
{
	const int flags = CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC |
	    CLONE_NEWUTS;
	char map[64];
	int go[2];
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) != 0)
		die("pipe");
	pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		child(go[0], server, client);
	if (pid < 0)
		die("clone");
	snprintf(map, sizeof map, "%u %u 1\n", geteuid(), geteuid());
	put(pid, "uid_map", map);
	put(pid, "setgroups", "deny");
	snprintf(map, sizeof map, "%u %u 1\n", getegid(), getegid());
	put(pid, "gid_map", map);
	if (write(go[1], "g", 1) != 1)
		die("pipe");
	close(go[0]);
	close(go[1]);
	return pid;
}

static void
one_ended(void)
{
	int status;

	if (wait(&status) < 0 || status != 0) {
		fprintf(stderr, "bare: a test failed\n");
		exit(1);
	}
}

static void
loop(long n, long jobs, const char *server, const char *client)
{
	long running = 0;

	for (long i = 0; i < n; i++) {
		if (running == jobs) {
			one_ended();
			running--;
		}
		unshared(server, client);
		running++;
	}
	for (; running > 0; running--)
		one_ended();
}

static int
run(char **argv)
{
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "bare: %s failed\n", argv[0]);
		return 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	long long begun = now_us();

	if (argc > 2 && strcmp(argv[1], "time") == 0) {
		if (run(argv + 2) != 0)
			return 1;
	} else if (argc == 5 && atol(argv[1]) > 0 && atol(argv[2]) > 0) {
		loop(atol(argv[1]), atol(argv[2]), argv[3], argv[4]);
	} else {
		fprintf(stderr, "usage: bare N JOBS SERVER CLIENT | bare time COMMAND...\n");
		return 2;
	}
	printf("%lld %lld\n", now_us() - begun, cpu_us());
	return 0;
}
