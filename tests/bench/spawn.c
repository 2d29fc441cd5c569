/*
 * spawn N PROGRAM [ARG...]: run a program N times, one after the other, with
 * nothing but posix_spawn(3) and waitpid(2); prints the microseconds it took.
 * The measure that tests/bench/exec compares pth-exec with.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "now.h"

extern char **environ;

int
main(int argc, char **argv)
{
	long n = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	long long start = now_us();
	int status;
	pid_t pid;

	if (n <= 0) {
		fprintf(stderr, "usage: spawn N PROGRAM [ARG...]\n");
		return 2;
	}
	for (long i = 0; i < n; i++)
		if (posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ) != 0 ||
		    waitpid(pid, &status, 0) != pid || status != 0) {
			fprintf(stderr, "spawn: %s failed\n", argv[2]);
			return 1;
		}
	printf("%lld\n", now_us() - start);
	return 0;
}
