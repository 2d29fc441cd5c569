/* This file makes network namespaces for others, and goes there and back. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "host/iface.h"
#include "host/ns.h"

int
pth_ns_own_net(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

int
pth_ns_enter_net(int net)
{
	return setns(net, CLONE_NEWNET);
}

int
pth_ns_visit_net(int net)
{
	pth_auto_fd own = pth_ns_own_net();

	return own >= 0 && pth_ns_enter_net(net) == 0 ? pth_take_fd(&own) : -1;
}

void
pth_ns_leave_net(int own)
{
	if (own < 0)
		return;
	if (pth_ns_enter_net(own) != 0)
		abort();
	close(own);
}

static int
set(const char *name, const char *value)
{
	char path[100];

	snprintf(path, sizeof path, "/proc/sys/net/%s", name);
	return pth_write_text(AT_FDCWD, path, value);
}

/* The kernel takes groups that the user namespace has, and it may have few. */
void
pth_ns_net_permit(void)
{
	char own[40];

	set("ipv4/ip_unprivileged_port_start", "0");
	snprintf(own, sizeof own, "%ld %ld", (long)getegid(), (long)getegid());
	if (set("ipv4/ping_group_range", "0 2147483647") != 0 &&
	    set("ipv4/ping_group_range", "0 65535") != 0)
		set("ipv4/ping_group_range", own);
}

/* In there. */
static int
furnish(bool router)
{
	pth_ns_net_permit();
	/* A host with several links may be asked by one and answer by another. */
	set("ipv4/conf/all/rp_filter", "0");
	set("ipv4/conf/default/rp_filter", "0");
	set("ipv6/conf/default/accept_dad", "0");
	if (router) {
		set("ipv4/ip_forward", "1");
		set("ipv6/conf/all/forwarding", "1");
	}
	return pth_iface_up("lo");
}

/* A process that is in a network of a user namespace until it is killed. */
static pid_t
hold(int userns)
{
	pth_auto_pipe up = PTH_PIPE_INIT;
	char c;
	pid_t pid;

	if (pth_pipe_open(&up) != 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		if (setns(userns, CLONE_NEWUSER) == 0 && unshare(CLONE_NEWNET) == 0 &&
		    write(up.to, "", 1) == 1)
			for (;;)
				pause();
		_exit(127);
	}
	pth_close(&up.to);
	if (pth_read_all(up.from, &c, 1) == 1)
		return pid;
	waitpid(pid, NULL, 0);
	errno = EPERM;
	return -1;
}

static int
net_of(pid_t pid)
{
	char path[64];
	int fd, saved;

	snprintf(path, sizeof path, "/proc/%ld/ns/net", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	saved = errno;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	errno = saved;
	return fd;
}

int
pth_ns_net(int userns, bool router)
{
	pth_auto_fd own = pth_ns_own_net(), net = -1;
	pid_t pid;
	bool made;

	if (own < 0)
		return -1;
	if (userns >= 0) {
		pid = hold(userns);
		net = pid > 0 ? net_of(pid) : -1;
		made = net >= 0 && pth_ns_enter_net(net) == 0;
	} else {
		made = unshare(CLONE_NEWNET) == 0;
		net = made ? pth_ns_own_net() : -1;
	}
	made = made && net >= 0 && furnish(router) == 0;
	if (pth_ns_enter_net(own) != 0 || !made)
		return -1;
	return pth_take_fd(&net);
}
