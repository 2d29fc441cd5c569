/* Commands of a plan: how one is started, reaped, and what its end tells. */
#include "supervise/command.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/record.h"
#include "supervise/workdir.h"

#define LAST_LINE "; last log line: "

pid_t
supervise_command_start(const struct surroundings *at, const json_t *cmd, int out, int err,
    int *err_no, struct pth_err *e)
{
	pth_auto_strv argv = pth_places_argv(at->places, pth_cmd_argv(cmd));
	pth_auto_strv env = pth_places_env(
	    at->places, at->home, pth_svc_environment(at->plan), pth_cmd_env(cmd));
	const json_t *who = pth_svc_user(at->plan);
	struct pth_proc_user user = { (uid_t)pth_user_uid(who), (gid_t)pth_user_gid(who) };
	pth_auto_buf cwd = PTH_BUF_INIT;

	*err_no = 0;
	if (argv == NULL)
		return pth_err_set(e, PTH_INPUT, "a command without argv");
	pth_places_expand(at->places, pth_cmd_cwd(cmd) != NULL ? pth_cmd_cwd(cmd) : at->home, &cwd);
	struct pth_proc_req q = {
		.argv = (const char *const *)argv,
		.env = (const char *const *)env,
		.cwd = cwd.s,
		.in = -1,
		.out = out,
		.err = err,
		.session = true,
		.die_with_parent = true,
		.no_new_privs = true,
		.user = user.uid != 0 ? &user : NULL,
	};

	pth_limit_put(&at->limit, &q);
	return pth_proc_spawn(&q, err_no, e);
}

pid_t
supervise_command_logged(
    struct surroundings *at, const json_t *cmd, const char *prefix, int *err_no, struct pth_err *e)
{
	char path[80];

	*err_no = 0;
	snprintf(path, sizeof path, "%sstdout.log", prefix);
	pth_auto_fd out = supervise_loglimit_open(&at->logs, at->dirfd, path);
	snprintf(path, sizeof path, "%sstderr.log", prefix);
	pth_auto_fd err = supervise_loglimit_open(&at->logs, at->dirfd, path);
	if (out < 0 || err < 0)
		return pth_err_set(e, PTH_SYSTEM, "log files:");
	return supervise_command_start(at, cmd, out, err, err_no, e);
}

bool
supervise_command_ended(pid_t pid, struct pth_exit *x)
{
	struct rusage ru;
	int status;

	if (pid <= 0 || wait4(pid, &status, WNOHANG, &ru) != pid)
		return false;
	*x = pth_exit_of(status, &ru);
	return true;
}

void
supervise_command_note_memory(struct surroundings *at)
{
	int64_t n = at->limit.memory > 0 ? pth_cgroup_oom_kills(&at->limit.group) : 0;

	if (n > at->oom_kills)
		at->out_of_memory = true;
	at->oom_kills = n;
}

const char *
supervise_command_excess(
    const struct surroundings *at, const struct pth_exit *x, struct pth_reason *why, char to[80])
{
	int64_t disk = pth_limits_disk(pth_svc_limits(at->plan));
	pth_auto_buf b = PTH_BUF_INIT;

	to[0] = '\0';
	if (at->out_of_memory)
		snprintf(why->limit, sizeof why->limit, "memory");
	if (at->out_of_memory && at->limit.memory > 0) {
		pth_size_show(&b, at->limit.memory);
		snprintf(to, 80, ": out of memory: limit %s", b.s);
	} else if (at->out_of_memory) {
		snprintf(to, 80, ": out of memory, at the limit of its container");
	} else if (x->signaled && x->signal == SIGXFSZ && disk > 0) {
		snprintf(why->limit, sizeof why->limit, "disk");
		pth_size_show(&b, disk);
		snprintf(to, 80, ": a file has reached limits.disk, %s", b.s);
	}
	return to;
}

const char *
supervise_command_last_line(int dirfd, const char *first, const char *second, char *to, size_t max)
{
	const char *const logs[] = { first, second };
	pth_auto_buf b = PTH_BUF_INIT;
	char tail[2048];
	ssize_t n = 0;

	to[0] = '\0';
	for (size_t i = 0; i < countof(logs) && n <= 0; i++) {
		pth_auto_fd fd = logs[i] != NULL ? openat(dirfd, logs[i], O_RDONLY | O_CLOEXEC) :
		                                   -1;
		off_t size;

		if (fd < 0)
			continue;
		size = lseek(fd, 0, SEEK_END);
		n = pread(fd, tail, sizeof tail - 1,
		    size > (off_t)sizeof tail - 1 ? size - (off_t)sizeof tail + 1 : 0);
	}
	while (n > 0 && (tail[n - 1] == '\n' || tail[n - 1] == '\0'))
		n--;
	if (n <= 0)
		return to;
	tail[n] = '\0';
	char *nl = memrchr(tail, '\n', (size_t)n);

	/* Said by clients of an engine after the line that says something. */
	if (nl != NULL && strncmp(nl + 1, "exit status ", 12) == 0) {
		*nl = '\0';
		nl = memrchr(tail, '\n', (size_t)(nl - tail));
	}
	char *line = nl != NULL ? nl + 1 : tail;

	pth_show(&b, line, 400);
	snprintf(to, max, "%s%s", LAST_LINE, b.s != NULL ? b.s : "");
	return to + strlen(LAST_LINE);
}

enum pth_category
supervise_command_category(
    const struct surroundings *at, enum pth_category found, enum pth_category usual)
{
	bool limited = json_object_size(pth_svc_limits(at->plan)) > 0;

	return found == PTH_CAT_NONE || (found == PTH_CAT_RESOURCE && limited) ? usual : found;
}

enum pth_category
supervise_command_log_category(
    const struct surroundings *at, const char *line, enum pth_category usual)
{
	return supervise_command_category(at, pth_category_log(line, PTH_CAT_NONE), usual);
}
