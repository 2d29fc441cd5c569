/* This file starts processes in namespaces of their own, and furnishes those. */
#include "host/ns_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "host/iface.h"
#include "io/json.h"

static const struct {
	unsigned bit;
	int flag;
	const char *name;
} kinds[] = { { PTH_NS_USER, CLONE_NEWUSER, "user" }, { PTH_NS_NET, CLONE_NEWNET, "net" },
	{ PTH_NS_PID, CLONE_NEWPID, "pid" }, { PTH_NS_MOUNT, CLONE_NEWNS, "mount" },
	{ PTH_NS_IPC, CLONE_NEWIPC, "ipc" }, { PTH_NS_UTS, CLONE_NEWUTS, "uts" },
	{ PTH_NS_PRIVATE, 0, "private_tmp" }, { PTH_NS_READ_ONLY, 0, "read_only" } };

json_t *
pth_ns_names(unsigned set)
{
	json_t *a = json_array();

	for (size_t i = 0; i < countof(kinds); i++)
		if ((set & kinds[i].bit) != 0)
			pth_json_push(a, json_string(kinds[i].name));
	return a;
}

/*
 * Map ids one to one: the whole range when we may (root), else just ours.
 * Written by the parent: only it is root outside.
 */
static int
map_ids(pid_t pid)
{
	char path[64], text[64];
	bool all = geteuid() == 0;

	snprintf(path, sizeof path, "/proc/%ld/uid_map", (long)pid);
	/* Root of a container has a smaller map of its own: then just root. */
	all = all && pth_write_text(AT_FDCWD, path, "0 0 4294967295\n") == 0;
	snprintf(text, sizeof text, "%u %u 1\n", geteuid(), geteuid());
	if (!all && pth_write_text(AT_FDCWD, path, text) != 0)
		return -1;
	if (!all) {
		snprintf(path, sizeof path, "/proc/%ld/setgroups", (long)pid);
		pth_write_text(AT_FDCWD, path, "deny");
	}
	snprintf(path, sizeof path, "/proc/%ld/gid_map", (long)pid);
	snprintf(text, sizeof text, "%u %u 1\n", getegid(), getegid());
	return pth_write_text(AT_FDCWD, path, all ? "0 0 4294967295\n" : text);
}

/* clone(2) as fork: no stack, no shared memory. */
static pid_t
clone_fork(int flags)
{
	return (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

/* One try with exactly this set. 0 in the child, -1 with errno. */
static pid_t
try_fork(unsigned set)
{
	pth_auto_pipe go = PTH_PIPE_INIT;
	int flags = 0;
	char c;
	pid_t pid, parent = getpid();

	for (size_t i = 0; i < countof(kinds); i++)
		if ((set & kinds[i].bit) != 0)
			flags |= kinds[i].flag;
	if (pth_pipe_open(&go) != 0)
		return -1;
	pid = clone_fork(flags);
	if (pid == 0) {
		pth_close(&go.to);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* The byte says that the ids are mapped; end of file, that the
		 * parent is gone or could not map them. */
		if (pth_read_all(go.from, &c, 1) != 1 ||
		    ((set & PTH_NS_PID) == 0 && getppid() != parent))
			_exit(127);
		return 0;
	}
	pth_close(&go.from);
	if (pid > 0 &&
	    (((set & PTH_NS_USER) != 0 && map_ids(pid) != 0) ||
	        pth_write_all(go.to, "g", 1) != 0)) {
		int saved = errno;

		pth_close(&go.to);
		waitpid(pid, NULL, 0);
		errno = saved;
		return -1;
	}
	return pid;
}

pid_t
pth_ns_fork(unsigned want, struct pth_ns *got, struct pth_err *e)
{
	/* From the best to the least: with a user namespace, as root without
	 * one, then nothing. */
	const unsigned sets[] = { want, want & ~(unsigned)PTH_NS_USER, 0 };
	pid_t pid = -1;

	*got = (struct pth_ns){ .asked = want };
	for (size_t i = 0; i < countof(sets); i++) {
		if (i > 0 && sets[i] == sets[i - 1])
			continue;
		pid = try_fork(sets[i]);
		got->used = sets[i];
		if (pid >= 0)
			return pid;
		if (got->reason[0] == '\0')
			snprintf(got->reason, sizeof got->reason, "%s namespaces: %s",
			    (sets[i] & PTH_NS_USER) != 0 ? "user" : "private", strerror(errno));
	}
	return pth_err_set(e, PTH_SYSTEM, "fork:");
}

void
host_ns_note(struct pth_ns *ns, const char *what)
{
	size_t n = strlen(ns->reason);

	snprintf(ns->reason + n, sizeof ns->reason - n, "%s%s: %s", n != 0 ? "; " : "", what,
	    strerror(errno));
}

/*
 * Without these a sender with UDP_SEGMENT, as QUIC servers are, puts 64 KiB
 * "datagrams" into the capture, which no dissector takes apart.
 */
static const char *const offload[] = { "tx-udp-segmentation", "tx-tcp-segmentation",
	"tx-tcp6-segmentation", "tx-tcp-ecn-segmentation", "tx-tcp-mangleid-segmentation",
	"tx-sctp-segmentation" };

/*
 * What is mounted here from now on stays here. The root of a chroot(2) is no
 * mount, and the one that it lies on cannot be named: there a private copy of
 * all becomes the root, attached to /proc for want of a place that surely is a
 * mount and can be made private.
 */
static int
own_mounts(bool *rooted)
{
	struct mount_attr private = { .propagation = MS_PRIVATE };

	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0)
		return 0;
	if (errno != EINVAL || mount(NULL, "/proc", NULL, MS_PRIVATE, NULL) != 0)
		return -1;
	*rooted = true;
	pth_auto_fd tree = open_tree(
	    AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (tree < 0)
		return -1;
	pth_auto_str cwd = getcwd(NULL, 0);
	return mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &private, sizeof private) ==
	            0 &&
	        move_mount(tree, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) == 0 &&
	        fchdir(tree) == 0 && chroot(".") == 0 && (cwd == NULL || chdir(cwd) == 0) ?
	    0 :
	    -1;
}

void
pth_ns_furnish_net(struct pth_ns *ns)
{
	if (pth_iface_up("lo") != 0) {
		host_ns_note(ns, "loopback");
		ns->used &= ~(unsigned)PTH_NS_NET;
	}
	if (pth_iface_features_off("lo", offload, countof(offload)) != 0)
		host_ns_note(ns, "segmentation offload of lo");
	pth_write_text(AT_FDCWD, "/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
}

void
pth_ns_furnish(struct pth_ns *ns)
{
	if ((ns->used & PTH_NS_NET) != 0)
		pth_ns_furnish_net(ns);
	if ((ns->used & PTH_NS_MOUNT) != 0) {
		if (own_mounts(&ns->rooted) != 0) {
			host_ns_note(ns, "mounts");
			ns->used &= ~(unsigned)PTH_NS_MOUNT; /* ours would be seen outside */
		}
		/* A container that hides parts of /proc forbids a fresh one; ours
		 * still works, it only shows the host's processes. */
		else if ((ns->used & PTH_NS_PID) != 0 &&
		    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
			host_ns_note(ns, "/proc");
	}
	if ((ns->used & PTH_NS_UTS) != 0)
		(void)!sethostname("pth", 3);
}

/* The first process of a new user namespace: it holds it until we do. */
static int
hold(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

/* Open a namespace of a process. */
static int
open_ns(pid_t pid, const char *kind)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%ld/ns/%s", (long)pid, kind);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int
map_one(pid_t pid, const char *file, unsigned inside, unsigned outside)
{
	char path[64], text[64];

	snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
	snprintf(text, sizeof text, "%u %u 1\n", inside, outside);
	return pth_write_text(AT_FDCWD, path, text);
}

int
pth_ns_user(const struct pth_proc_user *inside, const struct pth_proc_user *outside, bool net)
{
	_Alignas(16) char stack[4096];
	int flags = CLONE_VM | CLONE_NEWUSER | (net ? CLONE_NEWNET : 0) | SIGCHLD;
	pid_t pid = clone(hold, stack + sizeof stack, flags, NULL);
	pth_auto_fd fd = -1, network = -1;
	int saved;

	if (pid < 0)
		return -1;
	if (map_one(pid, "uid_map", inside->uid, outside->uid) == 0 &&
	    map_one(pid, "gid_map", inside->gid, outside->gid) == 0)
		fd = open_ns(pid, "user");
	if (net && fd >= 0 &&
	    ((network = open_ns(pid, "net")) < 0 || setns(network, CLONE_NEWNET) != 0))
		pth_close(&fd);
	saved = errno;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	errno = saved;
	return pth_take_fd(&fd);
}

void
pth_ns_sweep(void)
{
	/* One signal to all at once: fork(2) gives up when a signal is pending,
	 * so even a fork bomb has no child that escapes. */
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}
