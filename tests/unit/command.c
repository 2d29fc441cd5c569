/* What the ends of commands mean: the last line of a log, the limit that was reached, categories.
 */
#include "supervise/command.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "io/file.h"
#include "io/record.h"
#include "world.h"

static struct surroundings at;
static char line[500], excess[80];

static void
say(const char *log, const char *text)
{
	int fd = supervise_logs_open(&at.logs, log);

	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void
begin(const char *plan)
{
	at = (struct surroundings){ .plan = plan != NULL ? parse(plan) : NULL,
		.places = &places,
		.dirfd = testdir,
		.home = places.dir,
		.log_dir = "",
		.logs = { .dirfd = testdir, .epoll = epoll } };
}

static void
end(void)
{
	supervise_logs_release(&at.logs);
	json_decref((json_t *)(uintptr_t)at.plan);
}

/* What the log is, and what is told of it. */
static const struct {
	const char *log, *line;
	enum pth_category category;
} logs[] = {
	{ "", "", PTH_CAT_TIMEOUT },
	{ "\n\n", "", PTH_CAT_TIMEOUT },
	{ "one", "; last log line: one", PTH_CAT_TIMEOUT },
	{ "one\ntwo\n\n", "; last log line: two", PTH_CAT_TIMEOUT },
	{ "cp: No space left on device\n", "; last log line: cp: No space left on device",
	    PTH_CAT_RESOURCE },
	{ "bind: Address already in use\n", "; last log line: bind: Address already in use",
	    PTH_CAT_PORT_CONFLICT },
	/* Of clients of an engine the line before says something. */
	{ "no such image\nexit status 1\n", "; last log line: no such image", PTH_CAT_TIMEOUT },
	{ "first\nbind: address already in use\nexit status 125",
	    "; last log line: bind: address already in use", PTH_CAT_PORT_CONFLICT },
	{ "exit status 1\n", "; last log line: exit status 1", PTH_CAT_TIMEOUT },
	{ "a tab\tand a \001", "; last log line: a tab\\tand a \\x01", PTH_CAT_TIMEOUT },
};

static void
of_lines(void)
{
	unit("the last line of a log, and what failure it tells of");
	for (size_t i = 0; i < countof(logs); i++) {
		begin(NULL);
		say("stderr.log", logs[i].log);
		say("stdout.log", *logs[i].log == '\0' ? "" : "never\n");
		CHECK_INT(supervise_command_last_line(&at, NULL, PTH_CAT_TIMEOUT, line),
		    logs[i].category);
		if (strstr(logs[i].line, "\\") == NULL)
			CHECK_STR(line, logs[i].line);
		else
			CHECK(strchr(line, '\t') == NULL && strchr(line, '\001') == NULL);
		CHECK_INT(supervise_command_last_line(&at, "stderr.log", PTH_CAT_TIMEOUT, line),
		    logs[i].category);
		end();
	}
	CHECK(countof(logs) >= 10);

	unit("of stdout.log where stderr.log is empty, or of the log that is named");
	begin(NULL);
	say("stderr.log", "");
	say("stdout.log", "out\n");
	say("x.log", "named\n");
	supervise_command_last_line(&at, NULL, PTH_CAT_NONE, line);
	CHECK_STR(line, "; last log line: out");
	supervise_command_last_line(&at, "x.log", PTH_CAT_NONE, line);
	CHECK_STR(line, "; last log line: named");
	supervise_command_last_line(&at, "stderr.log", PTH_CAT_NONE, line);
	CHECK_STR(line, "");
	supervise_command_last_line(&at, "none.log", PTH_CAT_NONE, line);
	CHECK_STR(line, "");
	end();
}

static void
of_limits(void)
{
	const struct pth_exit full = { .signaled = true, .signal = SIGXFSZ, .code = -1 },
	                      killed = { .signaled = true, .signal = SIGKILL, .code = -1 };
	struct pth_reason why = { 0 };

	unit("the limit that was behind an end");
	begin("{\"limits\":{\"disk\":100000}}");
	supervise_command_excess(&at, &full, &why, excess);
	CHECK_STR(excess, ": a file has reached limits.disk, 100 kB");
	CHECK_STR(why.limit, "disk");
	why.limit[0] = '\0';
	supervise_command_excess(&at, &killed, &why, excess);
	CHECK_STR(excess, "");
	CHECK_STR(why.limit, "");
	at.out_of_memory = true;
	supervise_command_excess(&at, &killed, &why, excess);
	CHECK_STR(excess, ": out of memory, at the limit of its container");
	CHECK_STR(why.limit, "memory");
	at.limit.memory = 64 << 20;
	supervise_command_excess(&at, &full, &why, excess);
	CHECK_STR(excess, ": out of memory: limit 64 MiB");
	end();
	begin("{\"limits\":{}}");
	why.limit[0] = '\0';
	supervise_command_excess(&at, &full, &why, excess);
	CHECK_STR(excess, "");
	end();

	unit("memory is the limit when the kernel has killed one more");
	begin(NULL);
	at.limit.memory = 1;
	at.limit.group.dir[PTH_CG_MEMORY] = testdir;
	CHECK(pth_file_write(testdir, "memory.events", "oom 9\noom_kill 1\n", 17, NULL) == 0);
	supervise_command_note_memory(&at);
	CHECK(at.out_of_memory && at.oom_kills == 1);
	at.out_of_memory = false;
	supervise_command_note_memory(&at);
	CHECK(!at.out_of_memory);
	CHECK(pth_file_write(testdir, "memory.events", "oom 9\noom_kill 2\n", 17, NULL) == 0);
	supervise_command_note_memory(&at);
	CHECK(at.out_of_memory && at.oom_kills == 2);
	at.limit.memory = 0;
	at.out_of_memory = false;
	at.oom_kills = 0;
	supervise_command_note_memory(&at);
	CHECK(!at.out_of_memory);
	end();
}

static void
of_categories(void)
{
	static const struct {
		const char *plan;
		enum pth_category found, want;
	} of[] = {
		{ "{}", PTH_CAT_NONE, PTH_CAT_TIMEOUT },
		{ "{}", PTH_CAT_RESOURCE, PTH_CAT_RESOURCE },
		{ "{\"limits\":{}}", PTH_CAT_RESOURCE, PTH_CAT_RESOURCE },
		/* What its own limits bring is no want of the machine. */
		{ "{\"limits\":{\"files\":5}}", PTH_CAT_RESOURCE, PTH_CAT_TIMEOUT },
		{ "{\"limits\":{\"files\":5}}", PTH_CAT_PORT_CONFLICT, PTH_CAT_PORT_CONFLICT },
		{ "{\"limits\":{\"files\":5}}", PTH_CAT_NONE, PTH_CAT_TIMEOUT },
	};
	json_t *cmd = parse("{\"argv\":[\"prog\",\"x\"]}");
	struct pth_err e = { .error = EMFILE };
	struct pth_reason why = { 0 };

	unit("what a failure is");
	for (size_t i = 0; i < countof(of); i++) {
		begin(of[i].plan);
		CHECK_INT(
		    supervise_command_category(&at, of[i].found, PTH_CAT_TIMEOUT), of[i].want);
		end();
	}

	unit("of a command that could not be started");
	begin("{}");
	supervise_command_unstarted(&at, cmd, &e, PTH_CAT_TIMEOUT, &why);
	CHECK_INT(why.category, PTH_CAT_RESOURCE);
	CHECK_STR(why.program, "prog");
	e.error = EINVAL;
	supervise_command_unstarted(&at, cmd, &e, PTH_CAT_TIMEOUT, &why);
	CHECK_INT(why.category, PTH_CAT_TIMEOUT);
	CHECK_STR(supervise_command_program(NULL), "");
	json_decref(cmd);
	cmd = parse("{}");
	CHECK(supervise_command_start(&at, cmd, -1, -1, NULL, &e) == -1);
	CHECK_STR(e.text, "a command without argv");
	json_decref(cmd);
	CHECK(!supervise_command_ended(0, &(struct pth_exit){ 0 }));
	end();
}

/* A directory that is not absolute is below the service's, which is the usual one. */
static void
of_directories(void)
{
	static const struct {
		const char *cmd, *below, *why;
	} of[] = {
		{ "{\"argv\":[\"pwd\"]}", "", NULL },
		{ "{\"argv\":[\"pwd\"],\"cwd\":\"in/side\"}", "/in/side", NULL },
		{ "{\"argv\":[\"pwd\"],\"cwd\":\"@{dir}/in\"}", "/in", NULL },
		{ "{\"argv\":[\"pwd\"],\"cwd\":\"none\"}", NULL, "/none: No such file" },
		{ "{\"argv\":[\"pwd\"],\"cwd\":\"/none\"}", NULL, "directory /none: No such" },
	};

	unit("the directory of a command");
	CHECK(mkdir("in", 0755) == 0 && mkdir("in/side", 0755) == 0);
	for (size_t i = 0; i < countof(of); i++) {
		json_t *cmd = parse(of[i].cmd);
		char said[400] = "", want[400];
		int out = open("pwd", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), status;
		struct pth_err e = { 0 };
		pid_t pid;

		begin("{}");
		pid = supervise_command_start(&at, cmd, out, -1, NULL, &e);
		CHECK((pid > 0) == (of[i].below != NULL));
		if (pid > 0) {
			CHECK(waitpid(pid, &status, 0) == pid && status == 0);
			CHECK(pread(out, said, sizeof said - 1, 0) > 0);
			snprintf(want, sizeof want, "%s%s\n", places.dir, of[i].below);
			CHECK_STR(said, want);
		} else {
			CHECK(of[i].why != NULL && strstr(e.text, of[i].why) != NULL);
		}
		close(out);
		json_decref(cmd);
		end();
	}
}

int
main(void)
{
	world_begin("command");
	of_directories();
	of_lines();
	of_limits();
	of_categories();
	return unit_done();
}
