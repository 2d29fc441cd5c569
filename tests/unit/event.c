/* Events and messages: what is shown of them, and in which form. */
#include "io/event.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/file.h"
#include "io/json.h"
#include "unit.h"

static int kept;

/* What is written to stderr from here to shown() is kept. */
static void
watch(void)
{
	int fd = open("said", O_WRONLY | O_CREAT | O_TRUNC, 0666);

	kept = dup(2);
	dup2(fd, 2);
	close(fd);
}

static const char *
shown(void)
{
	static struct pth_buf b;
	struct pth_err e;

	dup2(kept, 2);
	close(kept);
	pth_buf_cut(&b, 0);
	CHECK_INT(pth_file_read("said", 1 << 20, &b, &e), 0);
	return b.s;
}

/* As a tool begins; stderr is no terminal. */
static void
begin(const char *mode)
{
	if (mode != NULL)
		setenv("PTH_EVENTS", mode, 1);
	else
		unsetenv("PTH_EVENTS");
	pth_event_init("x");
	pth_event_settings(NULL);
}

/* Is this line, without its newline, an event of this name? New reference. */
static json_t *
event_of(const char *line, const char *name)
{
	struct pth_err e;
	json_t *v = pth_json_parse(line, strcspn(line, "\n"), &e);

	CHECK_STR(pth_json_str(v, "event", NULL), name);
	return v;
}

static void
forms(void)
{
	json_t *v;

	unit("events as JSON, which is what there is where nobody asks");
	for (int asked = 0; asked < 2; asked++) {
		begin(asked != 0 ? "json" : NULL);
		watch();
		pth_event("test.planned", "{s:i,s:s}", "services", 2, "tool", "mine");
		v = event_of(shown(), "test.planned");
		CHECK_INT(pth_json_int(v, "pth", 0), 1);
		CHECK_INT(pth_json_int(v, "services", 0), 2);
		CHECK_INT(pth_json_int(v, "pid", 0), getpid());
		CHECK_STR(pth_json_str(v, "tool", NULL), "x"); /* not to be replaced */
		CHECK(pth_json_str(v, "t", NULL) != NULL && pth_json_int(v, "us", 0) > 0);
		CHECK(json_object_get(v, "run") == NULL && json_object_get(v, "test") == NULL);
		CHECK(
		    json_object_get(v, "run_id") == NULL && json_object_get(v, "attempt") == NULL);
		json_decref(v);
	}

	unit("run and test are in all of them");
	pth_event_run("r");
	pth_event_run_id("id");
	pth_event_test("001-t");
	pth_event_attempt(2);
	watch();
	pth_event("test.planned", "{}");
	v = event_of(shown(), "test.planned");
	CHECK_STR(pth_json_str(v, "run", NULL), "r");
	CHECK_STR(pth_json_str(v, "test", NULL), "001-t");
	CHECK_STR(pth_json_str(v, "run_id", NULL), "id");
	CHECK_INT(pth_json_int(v, "attempt", 0), 2);
	pth_event_run_id(NULL);
	pth_event_attempt(0);
	json_decref(v);

	unit("events as text");
	begin("text");
	watch();
	pth_event("test.planned", "{s:i,s:s,s:b}", "n", 2, "s", "a\nb\x1b", "t", 1);
	pth_event_test(NULL);
	pth_event("test.planned", "{}");
	CHECK_STR(shown(), "x: test.planned 001-t n=2 s=a\\nb\\x1b t=true\nx: test.planned\n");
	pth_event_run(NULL);

	unit("no events");
	begin("none");
	watch();
	pth_event("test.failed", "{}");
	CHECK_STR(shown(), "");
	begin("");
	watch();
	pth_event("test.failed", "{}");
	json_decref(event_of(shown(), "test.failed"));

	unit("a value that is no UTF-8 is said");
	begin("json");
	watch();
	pth_event("test.planned", "{s:s}", "k", "\xff");
	v = event_of(shown(), "test.planned");
	CHECK(json_object_get(v, "unprintable") != NULL);
	json_decref(v);

	unit("errno is as before");
	errno = E2BIG;
	watch();
	errno = E2BIG;
	pth_event("test.planned", "{s:s}", "k", "v");
	CHECK_INT(errno, E2BIG);
	shown();
}

static void
for_people(void)
{
	static const struct {
		const char *name;
		bool brief;
	} rows[] = { { "test.judged", true }, { "run.started", true }, { "run.interrupted", true },
		{ "environment.degraded", true }, { "test.failed", true }, { "step.error", true },
		{ "service.timeout", true }, { "test.started", false }, { "run.ended", false },
		{ "service.started", false }, { "service.killed", false },
		{ "service.error", true }, { "service.failed", false } };

	unit("what a person waits for, and what went wrong");
	for (size_t i = 0; i < countof(rows); i++) {
		begin(NULL);
		pth_event_for_people(false);
		watch();
		pth_event(rows[i].name, "{s:i}", "n", 1);
		CHECK_INT(strlen(shown()) > 0, rows[i].brief);
	}
	begin("json");
	pth_event_for_people(true);
	CHECK(!pth_event_wipes());
	watch();
	pth_event("service.started", "{}");
	json_decref(event_of(shown(), "service.started"));
	begin(NULL);
	CHECK(!pth_event_wipes());
	pth_event_for_people(true);
	CHECK(pth_event_wipes());
	watch();
	pth_event("test.judged", "{}");
	pth_warn("w");
	CHECK_STR(shown(), "\r\033[Jx: test.judged\n\r\033[Jx: warning: w\n");
	pth_event_for_people(false);
	CHECK(!pth_event_wipes());
}

/* What has come to the other side of a terminal up to a line with END: a terminal hands on as much
 * at a time as it likes. */
static void
read_to_end(int master, char *text, size_t size)
{
	size_t n = 0;
	ssize_t r;

	do {
		r = read(master, text + n, size - 1 - n);
		n += r > 0 ? (size_t)r : 0;
		text[n] = '\0';
	} while (r > 0 && n < size - 1 && strstr(text, "END\r\n") == NULL);
}

/* On a terminal that can be drawn on, from the beginning. */
static void
terminal(void)
{
	static const struct {
		const char *term, *mode;
		bool wipes, brief;
	} rows[] = { { "xterm", NULL, true, true }, { "dumb", NULL, false, true },
		{ "xterm", "json", false, false }, { "xterm", "text", true, false } };
	int master = posix_openpt(O_RDWR | O_NOCTTY), tty = -1, before = dup(2);
	char text[2000];

	unit("a terminal");
	if (master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0)
		tty = open(ptsname(master), O_RDWR | O_NOCTTY);
	for (size_t i = 0; i < countof(rows); i++) {
		setenv("TERM", rows[i].term, 1);
		dup2(tty >= 0 ? tty : before, 2);
		begin(rows[i].mode);
		CHECK_INT(pth_event_wipes(), rows[i].wipes && tty >= 0);
		if (tty >= 0) {
			pth_event("service.started", "{}");
			pth_event("step.failed", "{}");
			CHECK(write(tty, "END\n", 4) == 4);
			read_to_end(master, text, sizeof text);
			CHECK(strstr(text, "END") != NULL);
			CHECK_INT(strstr(text, "service.started") == NULL, rows[i].brief);
		}
		dup2(before, 2);
	}
	close(before);
	close(tty);
	close(master);
	setenv("TERM", "dumb", 1);
}

/* Lines have at most 4096 bytes: the longest string is cut, and it is said. */
static void
long_lines(void)
{
	static const size_t sizes[] = { 3000, 3900, 4000, 4096, 5000, 20000 };
	pth_auto_str big = pth_xmalloc(20001);

	unit("long lines are cut, not broken");
	for (size_t i = 0; i < countof(sizes); i++) {
		json_t *v;
		const char *line;

		for (size_t k = 0; k < sizes[i]; k++)
			big[k] = k % 2 == 0 ? '\xc3' : '\xa4';
		big[sizes[i] & ~(size_t)1] = '\0';
		begin("json");
		watch();
		pth_event("test.planned", "{s:s,s:s,s:i}", "long", big, "short", "s", "n", 5);
		line = shown();
		CHECK(strlen(line) <= 4096 && line[strlen(line) - 1] == '\n');
		CHECK(pth_utf8_ok(line, strlen(line), NULL));
		v = event_of(line, "test.planned");
		CHECK_INT(pth_json_bool(v, "cut", false), sizes[i] >= 4000);
		CHECK_STR(pth_json_str(v, "short", NULL), "s");
		CHECK_INT(pth_json_int(v, "n", 0), 5);
		CHECK_INT(strcmp(pth_json_str(v, "long", ""), big) == 0, sizes[i] < 4000);
		json_decref(v);
	}
}

static void
levels(void)
{
#define LEVEL(level) "{\"logging\":{\"level\":\"" level "\"}}"
#define FEATURES(more) "{\"logging\":{\"level\":\"ERROR\",\"feature_levels\":{" more "}}}"
#define LOGGER(more) "{\"observers\":{\"logger\":{" more "}}}"
	static const struct {
		const char *settings, *name, *data;
		bool shown;
	} rows[] = {
		{ "{}", "test.planned", "{}", true },
		{ LEVEL("TRACE"), "test.planned", "{}", true },
		{ LEVEL("INFO"), "test.planned", "{}", true },
		{ LEVEL("WARNING"), "test.planned", "{}", false },
		{ LEVEL("WARNING"), "service.killed", "{}", true },
		{ LEVEL("WARNING"), "plugin.overridden", "{}", true },
		{ LEVEL("ERROR"), "service.killed", "{}", false },
		{ LEVEL("ERROR"), "service.failed", "{}", true },
		{ LEVEL("ERROR"), "service.timeout", "{}", true },
		{ LEVEL("CRITICAL"), "service.error", "{}", true },
		{ LEVEL("ERROR"), "test.ended", "{\"status\":\"completed\"}", false },
		{ LEVEL("ERROR"), "test.ended", "{\"status\":\"failed\"}", true },
		{ LEVEL("ERROR"), "test.ended", "{}", false },
		{ LEVEL("ERROR"), "step.ended", "{\"status\":\"failed\"}", false },
		{ LEVEL("ERROR"), "command.ended", "{\"ok\":false}", true },
		{ LEVEL("ERROR"), "command.ended", "{\"ok\":true}", false },
		/* A feature has the last word: the least severe of those that stand for it. */
		{ FEATURES("\"service\":\"INFO\""), "service.started", "{}", true },
		{ FEATURES("\"service\":\"INFO\""), "test.started", "{}", false },
		{ FEATURES("\"service_start\":\"WARNING\""), "service.started", "{}", false },
		{ FEATURES("\"service_start\":\"WARNING\""), "service.killed", "{}", true },
		{ FEATURES("\"service\":\"ERROR\",\"quic_services\":\"INFO\""), "service.started",
		    "{}", true },
		{ FEATURES("\"quic_services\":\"INFO\",\"service\":\"ERROR\""), "service.started",
		    "{}", true },
		{ FEATURES("\"experiment_workflow\":\"INFO\""), "test.started", "{}", true },
		{ FEATURES("\"experiment_workflow\":\"INFO\""), "run.started", "{}", true },
		{ FEATURES("\"no_such\":\"INFO\""), "run.started", "{}", false },
		{ FEATURES("\"run\":null"), "run.started", "{}", false },
		{ "{\"logging\":{\"level\":\"INFO\",\"feature_levels\":{\"test\":\"ERROR\"}}}",
		    "test.started", "{}", false },
		{ "{\"logging\":{\"level\":\"INFO\",\"feature_levels\":{\"test\":\"ERROR\"}}}",
		    "run.started", "{}", true },
		/* Of two levels the more severe counts. */
		{ LOGGER("\"log_level\":\"ERROR\""), "service.killed", "{}", false },
		{ LOGGER("\"log_level\":\"WARNING\""), "service.killed", "{}", true },
		{ LOGGER("\"enabled\":false"), "service.killed", "{}", false },
		{ LOGGER("\"enabled\":false"), "service.failed", "{}", true },
		{ LOGGER("\"log_to_console\":false"), "service.killed", "{}", false },
		{ LOGGER("\"enabled\":true"), "service.started", "{}", true },
	};
	struct pth_err e;

	unit("what an experiment wants to see");
	for (size_t i = 0; i < countof(rows); i++) {
		json_auto_t *settings = json_loads(rows[i].settings, 0, NULL);
		json_auto_t *data = pth_json_parse(rows[i].data, strlen(rows[i].data), &e);
		const char *key = json_object_iter_key(json_object_iter(data));

		begin(NULL);
		CHECK(settings != NULL);
		pth_event_settings(settings);
		watch();
		if (key == NULL)
			pth_event(rows[i].name, "{}");
		else
			pth_event(rows[i].name, "{s:O}", key, json_object_get(data, key));
		if (!CHECK((strlen(shown()) > 0) == rows[i].shown))
			printf("    %s %s %s\n", rows[i].settings, rows[i].name, rows[i].data);
		/* Who asks for all of it gets it. */
		begin("json");
		pth_event_settings(settings);
		watch();
		pth_event(rows[i].name, "{}");
		CHECK(strlen(shown()) > 0);
	}
	CHECK(pth_event_feature("service") && pth_event_feature("quic_services"));
	CHECK(!pth_event_feature("quic_service") && !pth_event_feature(""));
}

/* How many lines the file of events has. */
static int
lines(const char *path)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e;
	int n = 0;

	CHECK_INT(pth_file_read(path, 1 << 20, &b, &e), 0);
	for (const char *s = b.s; *s != '\0'; s++)
		n += *s == '\n';
	return n;
}

static void
file(void)
{
	json_auto_t *all = json_loads(LEVEL("ERROR"), 0, NULL);
	json_auto_t *chosen = json_loads(
	    "{\"logging\":{\"level\":\"ERROR\",\"debug_file_logging\":false}}", 0, NULL);
	struct pth_err e;

	unit("the file gets all events, or those that are shown");
	begin("none");
	CHECK_INT(pth_event_file(AT_FDCWD, "nowhere/events", &e), -1);
	CHECK_INT(pth_file_write(AT_FDCWD, "events", "before\n", 7, &e), 0);
	CHECK_INT(pth_event_file(AT_FDCWD, "events", &e), 0);
	pth_event_settings(all);
	watch();
	pth_event("test.started", "{}");
	pth_event("test.failed", "{}");
	pth_warn("warned");
	CHECK_STR(shown(), "x: warning: warned\n");
	CHECK_INT(lines("events"), 4);
	pth_event_settings(chosen);
	watch();
	pth_event("test.started", "{}");
	pth_event("test.failed", "{}");
	CHECK_STR(shown(), "");
	CHECK_INT(lines("events"), 5);
}

static void
messages(void)
{
	const char *line;
	json_t *v;

	unit("messages");
	begin("none");
	watch();
	pth_warn("a %d", 5);
	pth_complain("b\x01");
	errno = ENOENT;
	pth_complain("open %s:", "f");
	CHECK_INT(errno, ENOENT);
	CHECK_STR(shown(), "x: warning: a 5\nx: b\\x01\nx: open f: No such file or directory\n");

	unit("messages as events, when that is asked for");
	begin("json");
	watch();
	pth_warn("a %d", 5);
	pth_complain("b");
	line = shown();
	v = event_of(line, "tool.warning");
	CHECK_STR(pth_json_str(v, "message", NULL), "a 5");
	json_decref(v);
	v = event_of(strchr(line, '\n') + 1, "tool.error");
	CHECK_STR(pth_json_str(v, "message", NULL), "b");
	json_decref(v);
}

static void
diagnostics(void)
{
	struct pth_diags d;

	unit("all problems, sorted");
	begin("none");
	pth_diags_init(&d, "f");
	CHECK_INT(pth_diags_print(&d, 0), PTH_OK);
	pth_diags_add(&d, PTH_WARNING, 2, 1, "second");
	watch();
	CHECK_INT(pth_diags_print(&d, 0), PTH_OK);
	CHECK_INT(pth_diags_print(&d, 1), PTH_INPUT);
	pth_diags_add(&d, PTH_ERROR, 1, 3, "first");
	CHECK_INT(pth_diags_print(&d, 0), PTH_INPUT);
	CHECK_STR(shown(),
	    "f:2:1: warning: second\nf:2:1: error: second\n"
	    "f:1:3: error: first\nf:2:1: warning: second\n");
	for (int i = 0; i < 1000; i++)
		pth_diags_add(&d, PTH_WARNING, 5, 5, "more");
	watch();
	pth_diags_print(&d, 0);
	CHECK(strstr(shown(), "f: 2 more problems not shown\n") != NULL);
	pth_diags_release(&d);
}

/* The exit code of a child that does this, and what it says. */
static int
ends(void (*fn)(void), const char **said)
{
	int status = -1;
	pid_t pid;

	begin("none");
	fflush(stdout);
	watch();
	pid = fork();
	if (pid == 0) {
		fn();
		_exit(77);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	*said = shown();
	return WEXITSTATUS(status);
}

static void
must_not(void)
{
	struct pth_err e = { .code = PTH_INPUT, .text = "f:1:2: wrong" };

	pth_must(-1, &e);
}

static void
must(void)
{
	pth_must(0, NULL);
	pth_must(1, NULL);
}

static void
die(void)
{
	errno = ENOENT;
	pth_die(PTH_SYSTEM, "open %s:", "f");
}

static void
finish(void)
{
	_exit(pth_finish(PTH_NO));
}

static void
finish_full(void)
{
	int fd = open("/dev/full", O_WRONLY);

	dup2(fd, 1);
	printf("text");
	_exit(pth_finish(PTH_NO));
}

static void
finish_late(void)
{
	int fd = open("/dev/full", O_WRONLY);

	dup2(fd, 1);
	printf("text");
	fflush(stdout);
	_exit(pth_finish(PTH_OK));
}

static void
last_acts(void)
{
	const char *said;

	unit("how a tool ends");
	CHECK_INT(ends(must_not, &said), PTH_INPUT);
	CHECK_STR(said, "x: f:1:2: wrong\n");
	CHECK_INT(ends(must, &said), 77);
	CHECK_STR(said, "");
	CHECK_INT(ends(die, &said), PTH_SYSTEM);
	CHECK_STR(said, "x: open f: No such file or directory\n");
	CHECK_INT(ends(finish, &said), PTH_NO);
	CHECK_STR(said, "");
	CHECK_INT(ends(finish_full, &said), PTH_SYSTEM);
	CHECK_STR(said, "x: stdout: No space left on device\n");
	CHECK_INT(ends(finish_late, &said), PTH_SYSTEM);
}

/* Quiet cannot be taken back: the last. */
static void
quiet(void)
{
	int before = lines("events");

	unit("errors only");
	begin(NULL);
	pth_event_quiet();
	watch();
	pth_event("test.failed", "{}");
	pth_warn("w");
	pth_complain("c");
	CHECK_STR(shown(), "x: c\n");
	CHECK_INT(lines("events"), before + 3);
}

int
main(void)
{
	forms();
	for_people();
	terminal();
	long_lines();
	levels();
	messages();
	diagnostics();
	last_acts();
	file();
	quiet();
	return unit_done();
}
