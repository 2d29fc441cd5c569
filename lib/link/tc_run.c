/* This file runs tc(8), and asks the kernel what disciplines it has. */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/strv.h"
#include "host/ns.h"
#include "io/json.h"
#include "link/tc.h"

enum { NO_PROGRAM = 127, NO_NAMESPACE = 126 };

/* Who is not root in its user namespace would lose by exec(2) that it may make disciplines there
 * (capabilities(7), ambient). */
static void
keep_power(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &head, data) != 0)
		return;
	data[0].inheritable |= 1u << CAP_NET_ADMIN;
	if (syscall(SYS_capset, &head, data) == 0)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0);
}

/* In the child: tc is where administrators have their programs, which may be in no PATH. */
static void
become(char *const *argv)
{
	static const char *const places[] = { "/usr/sbin/tc", "/sbin/tc" };

	execvp(argv[0], argv);
	for (size_t i = 0; i < countof(places); i++)
		execv(places[i], argv);
	_exit(NO_PROGRAM);
}

/* One command, in a network namespace (-1: a new one). Its exit code, and what it has said. */
static int
run(int netns, char *const *argv, struct pth_buf *said, struct pth_err *e)
{
	pth_auto_pipe out = PTH_PIPE_INIT;
	int status;
	ssize_t n;
	pid_t pid;

	if (pth_pipe_open(&out) != 0 || (pid = fork()) < 0)
		return pth_err_set(e, PTH_SYSTEM, "tc:");
	if (pid == 0) {
		bool there = netns >= 0 ?
		    pth_ns_enter_net(netns) == 0 :
		    unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;

		dup2(out.to, 1);
		dup2(out.to, 2);
		keep_power();
		if (there)
			become(argv);
		_exit(NO_NAMESPACE);
	}
	pth_close(&out.to);
	while ((n = read(out.from, pth_buf_room(said, 500), 500)) > 0 || (n < 0 && errno == EINTR))
		said->len += n > 0 && said->len < 4000 ? (size_t)n : 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	pth_buf_adds(said, "");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
failed(int code, char *const *argv, const struct pth_buf *said, struct pth_err *e)
{
	pth_auto_buf words = PTH_BUF_INIT;

	if (code == NO_PROGRAM)
		return pth_err_set(e, PTH_SYSTEM, "no program tc; install the package iproute2");
	if (code == NO_NAMESPACE)
		return pth_err_set(e, PTH_SYSTEM, "tc: no network namespaces here");
	for (; *argv != NULL; argv++)
		pth_buf_addf(&words, "%s%s", words.len > 0 ? " " : "", *argv);
	return pth_err_set(e, PTH_SYSTEM, "%s: %.*s", words.s,
	    (int)strcspn(said->s != NULL ? said->s : "", "\n"), said->s != NULL ? said->s : "");
}

static char **
words_of(const json_t *argv)
{
	struct pth_strv v = { NULL, 0 };
	json_t *w;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)argv, i, w)
		pth_strv_push(&v, pth_xstrdup(json_is_string(w) ? json_string_value(w) : ""));
	return v.v;
}

int
pth_link_tc_run(int netns, const json_t *commands, struct pth_err *e)
{
	json_t *c;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)commands, i, c) {
		pth_auto_strv argv = words_of(c);
		pth_auto_buf said = PTH_BUF_INIT;
		int code = argv != NULL ? run(netns, argv, &said, e) : 0;

		if (code < 0)
			return -1;
		if (code != 0)
			return failed(code, argv, &said, e);
	}
	return 0;
}

/* Each kind is asked for with little that is right for it. */
static const char *const kinds[][2] = { { "netem", "delay 1ms" },
	{ "tbf", "rate 1mbit burst 10kb latency 10ms" }, { "codel", "limit 10" },
	{ "fq_codel", "limit 10" }, { "pfifo", "limit 10" }, { "bfifo", "limit 10000" } };

static int
probe(const char *kind, const char *options, struct pth_err *e)
{
	json_auto_t *commands = json_array();

	pth_link_tc_command(commands, "qdisc add dev lo root %s %s", kind, options);
	if (pth_link_tc_run(-1, commands, e) == 0)
		return 0;
	if (strstr(e->text, "unknown") != NULL || strstr(e->text, "No such file") != NULL)
		pth_err_set(e, PTH_SYSTEM, "no sch_%s in this kernel", kind);
	return -1;
}

int
pth_link_tc_probe(const json_t *commands, struct pth_err *e)
{
	json_t *c;
	size_t i;

	for (size_t k = 0; k < countof(kinds); k++)
		json_array_foreach((json_t *)(uintptr_t)commands, i, c)
			if (pth_json_has(c, kinds[k][0])) {
				if (probe(kinds[k][0], kinds[k][1], e) != 0)
					return -1;
				break;
			}
	return 0;
}
