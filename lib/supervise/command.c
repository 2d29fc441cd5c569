/* This file starts the commands of a plan, reaps them, and tells what their ends mean. */
#include "supervise/command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/ns.h"
#include "io/record.h"
#include "supervise/workdir.h"

#define TAIL 2047 /* bytes of the end of a log that are looked at */

/* The directory of a command: its own, which may be below its home, or its home. */
static void
directory(const struct surroundings *at, const json_t *cmd, struct pth_buf *b)
{
	pth_auto_buf given = PTH_BUF_INIT;

	if (pth_cmd_cwd(cmd) != NULL)
		pth_places_expand(at->places, pth_cmd_cwd(cmd), &given);
	if (given.len == 0 || *given.s != '/')
		pth_places_expand(at->places, at->home, b);
	if (given.len != 0)
		pth_buf_addf(b, "%s%s", *given.s != '/' ? "/" : "", given.s);
}

int
supervise_net_enter(const struct surroundings *at)
{
	return at != NULL && at->net > 0 ? pth_ns_visit_net(at->net) : -1;
}

pid_t
supervise_command_start(const struct surroundings *at, const json_t *cmd, int out, int err,
    int *err_no, struct pth_err *e)
{
	pth_auto_strv argv = pth_places_argv(at->places, pth_cmd_argv(cmd));
	pth_auto_strv env = pth_places_env(
	    at->places, at->home, pth_svc_environment(at->plan), pth_cmd_env(cmd));
	pth_auto_buf cwd = PTH_BUF_INIT;

	if (argv == NULL)
		return pth_err_set(e, PTH_INPUT, "a command without argv");
	directory(at, cmd, &cwd);
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
		.net = at->net,
		.user = at->becomes ? &at->user : NULL,
		.confine = at->confined ? &at->confine : NULL,
	};

	pth_limit_put(&at->limit, &q);
	return pth_proc_spawn(&q, err_no, e);
}

pid_t
supervise_command_logged(
    struct surroundings *at, const json_t *cmd, const char *prefix, int *err_no, struct pth_err *e)
{
	char path[320];

	snprintf(path, sizeof path, "%s%sstdout.log", at->log_dir, prefix);
	pth_auto_fd out = supervise_logs_open(&at->logs, path);
	snprintf(path, sizeof path, "%s%sstderr.log", at->log_dir, prefix);
	pth_auto_fd err = supervise_logs_open(&at->logs, path);
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

void
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
}

const char *
supervise_command_program(const json_t *cmd)
{
	const char *program = json_string_value(json_array_get(pth_cmd_argv(cmd), 0));

	return program != NULL ? program : "";
}

enum pth_category
supervise_command_category(
    const struct surroundings *at, enum pth_category found, enum pth_category usual)
{
	bool limited = json_object_size(pth_svc_limits(at->plan)) > 0;

	return found == PTH_CAT_NONE || (found == PTH_CAT_RESOURCE && limited) ? usual : found;
}

void
supervise_command_unstarted(const struct surroundings *at, const json_t *cmd,
    const struct pth_err *e, enum pth_category usual, struct pth_reason *why)
{
	why->category = supervise_command_category(at, pth_category_err(e, PTH_CAT_NONE), usual);
	pth_reason_program(why, supervise_command_program(cmd));
}

/* The end of a log, at most size bytes; how many there were. */
static size_t
read_tail(struct surroundings *at, const char *path, char *tail, size_t size)
{
	const struct log *g = supervise_logs_find(&at->logs, path);
	int64_t end;

	if (g == NULL)
		return 0;
	supervise_logs_drain(&at->logs);
	end = supervise_log_size(g);
	return supervise_log_read(g, end > (int64_t)size ? end - (int64_t)size : 0, tail, size);
}

bool
supervise_command_conflict(struct surroundings *at)
{
	static const char *const names[] = { "stderr.log", "stdout.log" };
	char tail[TAIL + 1], path[40];

	for (size_t i = 0; i < countof(names); i++) {
		size_t n;

		snprintf(path, sizeof path, "%s%s", at->log_dir, names[i]);
		n = read_tail(at, path, tail, TAIL);
		/* Zeros would hide what comes after them. */
		for (size_t k = 0; k < n; k++)
			tail[k] = tail[k] != '\0' ? tail[k] : '\n';
		tail[n] = '\0';
		if (pth_category_says(tail, PTH_CAT_PORT_CONFLICT))
			return true;
	}
	return false;
}

/* The line of a log's end that tells most: the first error of a compiler, which may show more
 * lines after it, or else the last one. It is cut out of the tail. */
static const char *
telling_line(char *tail, size_t n)
{
	char *line = strstr(tail, ": error: ");

	if (line == NULL)
		line = memrchr(tail, '\n', n);
	else
		line = memrchr(tail, '\n', (size_t)(line - tail));
	line = line != NULL ? line + 1 : tail;
	line[strcspn(line, "\n")] = '\0';
	return line;
}

enum pth_category
supervise_command_last_line(
    struct surroundings *at, const char *path, enum pth_category usual, char to[500])
{
	pth_auto_buf b = PTH_BUF_INIT;
	enum pth_category said;
	char tail[TAIL + 1], *line, usual_path[32];
	const char *telling;
	size_t n;

	snprintf(usual_path, sizeof usual_path, "%sstderr.log", at->log_dir);
	n = read_tail(at, path != NULL ? path : usual_path, tail, TAIL);
	snprintf(usual_path, sizeof usual_path, "%sstdout.log", at->log_dir);
	if (n == 0 && path == NULL)
		n = read_tail(at, usual_path, tail, TAIL);
	while (n > 0 && (tail[n - 1] == '\n' || tail[n - 1] == '\0'))
		n--;
	to[0] = tail[n] = '\0';
	if (n == 0)
		return usual;
	line = memrchr(tail, '\n', n);
	/* Said by clients of an engine after the line that says something. */
	if (line != NULL && strncmp(line + 1, "exit status ", 12) == 0) {
		*line = '\0';
		n = (size_t)(line - tail);
	}
	telling = telling_line(tail, n);
	pth_buf_adds(&b, SUPERVISE_LAST_LINE);
	pth_show(&b, telling, 400);
	snprintf(to, 500, "%s", b.s);
	said = pth_category_log(to + strlen(SUPERVISE_LAST_LINE), PTH_CAT_NONE);
	/* A back trace may come after what the system has refused. */
	if (said == PTH_CAT_NONE && path == NULL && supervise_command_conflict(at))
		said = PTH_CAT_PORT_CONFLICT;
	return supervise_command_category(at, said, usual);
}
