/* Where groups are made: out of texts as machines have them, and in a
 * directory that looks like one of version 2. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cgroup.h"
#include "host/run_id.h"
#include "supervise/limit.h"

#include "unit.h"

static struct pth_cgroup_place p[PTH_CG_KINDS];

static int
at(enum pth_cg_kind k, int version, const char *own, const char *top)
{
	int same = p[k].version == version && strcmp(p[k].own != NULL ? p[k].own : "", own) == 0 &&
	    strcmp(p[k].top != NULL ? p[k].top : "", top) == 0;

	if (same == 0)
		printf("%s: %d %s (%s)\n", pth_cgroup_controller(k), p[k].version,
		    p[k].own != NULL ? p[k].own : "-", p[k].top != NULL ? p[k].top : "-");
	return same;
}

static void
locate(const char *self, const char *mounts)
{
	pth_cgroup_places_release(p);
	pth_cgroup_locate(self, mounts, p);
}

#define ROOT "23 1 0:1 / / rw - ext4 /dev/sda rw\n"

static void
version_1(void)
{
	unit("version 1, a hierarchy for each controller");
	locate("9:name=systemd:/\n8:pids:/a b\n4:memory:/x/y\n1:cpu,cpuacct:/\n0::/u\n",
	    ROOT
	    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
	    "35 31 0:32 / /sys/fs/cgroup/memory rw shared:3 master:1 - cgroup cgroup rw,memory\n"
	    "39 31 0:36 / /sys/fs/cgroup/pi\\040ds rw,relatime - cgroup cgroup rw,pids\n"
	    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n");
	CHECK(at(PTH_CG_MEMORY, 1, "/sys/fs/cgroup/memory/x/y", "/sys/fs/cgroup/memory"));
	CHECK(at(PTH_CG_PIDS, 1, "/sys/fs/cgroup/pi ds/a b", "/sys/fs/cgroup/pi ds"));
	CHECK(at(PTH_CG_CPU, 1, "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct"));

	unit("a hierarchy that is not mounted");
	locate("8:pids:/\n0::/\n", ROOT "41 31 0:38 / /u rw - cgroup2 cgroup2 rw\n");
	CHECK(at(PTH_CG_PIDS, 0, "", ""));
	CHECK(at(PTH_CG_MEMORY, 2, "/u", "/u"));
}

static void
version_2(void)
{
	unit("version 2");
	locate("0::/user.slice/user-1000.slice/session-1.scope\n",
	    ROOT
	    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
	for (int k = 0; k < PTH_CG_KINDS; k++)
		CHECK(at((enum pth_cg_kind)k, 2,
		    "/sys/fs/cgroup/user.slice/user-1000.slice/session-1.scope", "/sys/fs/cgroup"));

	unit("a part of the tree is mounted");
	locate(
	    "0::/docker/abc/x\n", "30 23 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
	CHECK(at(PTH_CG_CPU, 2, "/sys/fs/cgroup/x", "/sys/fs/cgroup"));
	locate(
	    "0::/docker/abc\n", "30 23 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
	CHECK(at(PTH_CG_CPU, 2, "/sys/fs/cgroup", "/sys/fs/cgroup"));
	locate(
	    "0::/docker/abcd\n", "30 23 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
	CHECK(at(PTH_CG_CPU, 2, "/sys/fs/cgroup", "/sys/fs/cgroup"));

	unit("texts that are none");
	locate("", "");
	CHECK(at(PTH_CG_CPU, 0, "", ""));
	locate("0:\n::\n0::x\n:memory:/\nmemory\n", "30 23 0:26 / /c rw - cgroup2\n\n-\n30 23\n");
	CHECK(at(PTH_CG_MEMORY, 0, "", ""));
	pth_cgroup_places_release(p);
}

static void
write_file(const char *path, const char *text)
{
	FILE *fp = fopen(path, "w");

	if (fp != NULL) {
		fputs(text, fp);
		fclose(fp);
	}
}

static int
holds(const char *path, const char *text)
{
	char line[100] = "";
	FILE *fp = fopen(path, "r");

	if (fp != NULL) {
		line[fread(line, 1, sizeof line - 1, fp)] = '\0';
		fclose(fp);
	}
	if (strcmp(line, text) != 0)
		printf("%s: \"%s\"\n", path, line);
	return strcmp(line, text) == 0;
}

/* A group as the kernel would show it, but for the memory controller. */
static void
make_look(const char *dir)
{
	static const char *const files[] = { "cgroup.procs", "pids.max", "cpu.max",
		"memory.events" };
	char path[200];

	mkdir(dir, 0755);
	for (size_t i = 0; i < countof(files); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, files[i]);
		write_file(path, i == 3 ? "low 0\noom 1\noom_kill 7\noom_group_kill 0\n" : "");
	}
}

static void
files_of_version_2(void)
{
	struct pth_cgroups g = { .version = { 2, 2, 2 }, .above = { -1, -1, -1 } };
	struct pth_limit_host host = { .groups = &g, .prefix = "1." };
	struct pth_proc_req q = { 0 };
	struct pth_limit l;
	json_t *limits = json_pack(
	    "{s:f,s:i,s:i,s:i}", "cpu", 0.25, "processes", 12, "memory", 4096, "files", 5);

	unit("the files of version 2");
	make_look("1.a");
	for (int k = 0; k < PTH_CG_KINDS; k++)
		g.fd[k] = open(".", O_RDONLY | O_DIRECTORY);
	pth_limit_init(&l, limits, &host, "a");
	CHECK(holds("1.a/cpu.max", "25000 100000"));
	CHECK(holds("1.a/pids.max", "12"));
	CHECK(l.group.njoin == 1);
	/* Without a file for it the address space stands in. */
	CHECK(strcmp(json_string_value(json_object_get(l.how, "cpu")), "cgroup v2") == 0);
	CHECK(strcmp(json_string_value(json_object_get(l.how, "memory")), "rlimit") == 0);
	CHECK(l.nr == 2 && l.memory == 0 && pth_cgroup_oom_kills(&l.group) == 0);
	pth_limit_release(&l);
	write_file("1.a/memory.max", "max\n");
	pth_limit_init(&l, limits, &host, "a");
	CHECK(holds("1.a/memory.max", "4096"));
	CHECK(l.nr == 1 && l.memory == 4096 && pth_cgroup_oom_kills(&l.group) == 7);
	CHECK(l.group.njoin == 1);
	pth_limit_put(&l, &q);
	CHECK(q.njoin == 1 && q.join[0] == l.group.join[0]);
	CHECK(q.nlimits == 1 && q.limits[0].resource == RLIMIT_NOFILE && q.limits[0].value == 5);
	pth_limit_release(&l);
	unit("without groups: what resource limits can do, and only where they count");
	for (int counts = 0; counts < 2; counts++) {
		struct pth_limit_host none = { .counts_users = counts == 1 };

		pth_limit_init(&l, limits, &none, "a");
		CHECK_STR(json_string_value(json_object_get(l.how, "cpu")), "none");
		CHECK_STR(json_string_value(json_object_get(l.how, "memory")), "rlimit");
		CHECK_STR(json_string_value(json_object_get(l.how, "processes")),
		    counts == 1 ? "rlimit" : "none");
		CHECK_STR(json_string_value(json_object_get(l.how, "files")), "rlimit");
		CHECK(json_object_get(l.how, "disk") == NULL);
		CHECK_INT(l.nr, counts == 1 ? 3 : 2);
		CHECK(l.memory == 0 && !l.grouped);
		pth_limit_put(&l, &q);
		CHECK_INT(q.njoin, 0);
		pth_limit_release(&l);
	}
	pth_limit_init(&l, NULL, &host, "a");
	CHECK(l.how == NULL && l.nr == 0);
	for (int k = 0; k < PTH_CG_KINDS; k++)
		close(g.fd[k]);
	json_decref(limits);
	limits = json_pack("{s:f}", "cpu", 0.001);
	CHECK(pth_limit_wants_group(limits));
	json_decref(limits);
	limits = json_pack("{s:i,s:i,s:i}", "files", 5, "disk", 5, "cpu", 0);
	CHECK(!pth_limit_wants_group(limits));
	json_decref(limits);
}

/* Only where something is mounted the group cannot be removed at once, as one that is not empty.
 * Who of the group dies takes that away. */
static void
unmount(int sig)
{
	(void)sig;
	umount2("g.a", MNT_DETACH);
}

static pid_t
waiting(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

#define NO_MOUNTS 77

/* In a process group and a mount namespace of its own; 0: it is as it should be. */
static int
sweep_one(void)
{
	struct pth_cgroups g = { .fd = { -1, -1, -1 } };
	char text[200];
	pid_t in, beyond, cut;
	int status;

	setpgid(0, 0);
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mkdir("g.a", 0755) != 0 || mkdir("g.b", 0755) != 0 || mkdir("h.a", 0755) != 0 ||
	    mount("none", "g.a", "tmpfs", 0, NULL) != 0)
		return NO_MOUNTS;
	g.fd[0] = open(".", O_RDONLY | O_DIRECTORY);
	in = waiting();
	beyond = waiting();
	cut = waiting();
	snprintf(text, sizeof text, "0\n%lld\n%d\n%d", (1LL << 32) + beyond, in, cut);
	write_file("g.a/cgroup.procs", text);
	signal(SIGCHLD, unmount);
	pth_cgroups_sweep(&g, "g.");
	signal(SIGCHLD, SIG_DFL);
	CHECK(access("g.a", F_OK) != 0 && access("g.b", F_OK) != 0 && access("h.a", F_OK) == 0);
	CHECK(waitpid(in, &status, WNOHANG) == in && WTERMSIG(status) == SIGKILL);
	CHECK_INT(waitpid(beyond, &status, WNOHANG), 0);
	CHECK_INT(waitpid(cut, &status, WNOHANG), 0);
	kill(beyond, SIGKILL);
	kill(cut, SIGKILL);
	return unit_bad;
}

static void
sweeping(void)
{
	static const char name[] = "who is in a group that is removed is killed, and nobody else";
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		status = sweep_one();
		fflush(stdout);
		_exit(status);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_MOUNTS) {
		unit_skip(name, "nothing can be mounted here");
		return;
	}
	unit(name);
	CHECK_INT(status, 0);
}

static void
owners(void)
{
	char *me = pth_run_id_text(), *other = pth_run_id_text();

	unit("who lives");
	CHECK(pth_run_id_lives(me));
	other[0] = other[0] == 'a' ? 'b' : 'a';
	CHECK(!pth_run_id_lives(other)); /* before the machine was started */
	other[0] = me[0];
	other[strlen(other) - 1] ^= 1; /* another process had our number */
	CHECK(!pth_run_id_lives(other));
	CHECK(!pth_run_id_lives("") && !pth_run_id_lives("x.1.1"));
	free(me);
	free(other);
}

int
main(void)
{
	version_1();
	version_2();
	files_of_version_2();
	sweeping();
	owners();
	return unit_done();
}
