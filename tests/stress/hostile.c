/*
 * hostile MODE: a program that does what programs under test should not.
 *   bomb N    fork at most N processes that stay; print how many there were
 *   crash     write to address 0
 *   zombie    the first thread ends, another one stays: a zombie that lives
 *   orphans N leave N dead grandchildren to process 1; 1 when it lets them lie
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int
bomb(int n)
{
	int made = 0;

	for (; made < n; made++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid == 0) {
			signal(SIGTERM, SIG_IGN);
			setsid();
			pause();
			_exit(0);
		}
	}
	printf("%d processes, then: %s\n", made, made < n ? strerror(errno) : "enough");
	fflush(stdout);
	return 0;
}

static void *
stay(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static int
zombie(void)
{
	pthread_t t;

	signal(SIGTERM, SIG_IGN);
	if (pthread_create(&t, NULL, stay, NULL) != 0)
		return 1;
	pthread_exit(NULL);
}

/* How many of the processes in /proc are dead and not reaped. */
static int
zombies(void)
{
	char path[300], text[200], *p;
	struct dirent *de;
	DIR *d = opendir("/proc");
	int n = 0;

	while (d != NULL && (de = readdir(d)) != NULL) {
		FILE *fp;

		if (atoi(de->d_name) <= 0)
			continue;
		snprintf(path, sizeof path, "/proc/%s/stat", de->d_name);
		fp = fopen(path, "r");
		if (fp == NULL)
			continue;
		if (fgets(text, sizeof text, fp) != NULL && (p = strrchr(text, ')')) != NULL &&
		    p[2] == 'Z')
			n++;
		fclose(fp);
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static int
orphans(int n)
{
	int quiet = 0;

	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			if (fork() == 0)
				usleep(1000);
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	/* Some may not have died yet at the first looks. */
	for (int i = 0; i < 1000 && quiet < 5; i++) {
		quiet = zombies() > 0 ? 0 : quiet + 1;
		usleep(10000);
	}
	printf(quiet < 5 ? "zombies\n" : "no zombies\n");
	return quiet < 5;
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 100;

	if (strcmp(mode, "bomb") == 0)
		return bomb(n);
	if (strcmp(mode, "crash") == 0)
		*(volatile int *)0 = 1;
	if (strcmp(mode, "zombie") == 0)
		return zombie();
	if (strcmp(mode, "orphans") == 0)
		return orphans(n);
	fprintf(stderr, "usage: hostile bomb N | crash | zombie | orphans N\n");
	return 2;
}
