/* This file reads signals as input: it is the one place that reads signalfd(2). */
#include "host/sig.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/err.h"

int
pth_sig_fd(const int *signals, size_t n)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < n; i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
pth_sig_open_with(int more)
{
	const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, more };

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	return pth_sig_fd(signals, countof(signals));
}

int
pth_sig_open(void)
{
	return pth_sig_open_with(SIGCHLD);
}

int
pth_sig_next(int fd)
{
	struct signalfd_siginfo si;

	if (read(fd, &si, sizeof si) != (ssize_t)sizeof si)
		return 0;
	return (int)si.ssi_signo;
}

void
pth_sig_reraise(int sig)
{
	sigset_t set;

	signal(sig, SIG_DFL);
	raise(sig);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	_exit(128 + sig);
}
