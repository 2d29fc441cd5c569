/* This file decides what is shown of events and messages, and writes them. */
#include "io/event.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "base/words.h"
#include "io/file.h"
#include "io/record.h"

#define LINE_MAX_BYTES 4096 /* PIPE_BUF: one write is one line, never mixed */
#define SHARED "PTH_EVENTS_FILE"
#define PULL_BYTES 65536

enum { TRACE, DEBUG, INFO, WARNINGS, ERRORS, UNSET }; /* the least severe event that is shown */
#define TRACED "service.checking command.planned"
#define DEBUGGED "command.started plugin.loaded network.configured"
#define ERROR_VERBS "failed error timeout"
#define WARNING_VERBS                                                                          \
	"degraded retried interrupted failing_fast skipped limited log_cut killed restarting " \
	"overridden not_cached fallback"

/* Entities of events, and what PANTHER calls features. */
static const struct {
	const char *entity, *features;
} entities[] = {
	{ "run", "experiment_workflow fast_fail" },
	{ "test", "test_execution experiment_workflow" },
	{ "step", "test_execution" },
	{ "assertion", "test_execution validation validation_checks" },
	{ "service",
	    "service_start service_managers service_management service_coordination quic_services "
	    "minip_services CoAP_services state_management" },
	{ "environment",
	    "environment_setup network_environments network_setup execution_environment "
	    "execution_environments docker_build docker_builder docker_compose docker_operations "
	    "shadow_ns localhost_container" },
	{ "command", "command_generation ivy_operations" },
	{ "compile", "ivy_operations" },
	{ "image", "docker_build docker_builder docker_operations" },
	{ "network", "network_setup network_environments environment_setup" },
	{ "capture", "output_collection" },
	{ "artifact", "output_collection" },
	{ "metric", "metrics_collection" },
	{ "plugin", "plugin_loading plugin_operations" },
};

/* The one stream of events that a process has. */
static struct {
	const char *tool;
	enum { JSON, JSON_ASKED, BRIEF, TEXT, NONE } mode; /* of stderr */
	char run[128], run_id[64], test[128];              /* "": not known */
	int attempt;                                       /* at the test; 0: not known */
	int file;                                          /* it gets all events, too; or -1 */
	int shared;                                        /* PTH_EVENTS_FILE, for reading; or -1 */
	off_t pulled;                                      /* bytes of it that `file` has */
	bool file_chosen;                                  /* it gets what is shown, not all */
	bool quiet;                                        /* errors only */
	int verbose; /* 1: DEBUG, 2: TRACE, whatever the experiment says; 0: not asked for */
	bool wipes;  /* a line on stderr wipes what is below the cursor */
	int least, least_of[countof(entities)];
} stream = { .tool = "pth", .mode = NONE, .file = -1, .shared = -1 };

/* Who wants to see more than usual sees more than a person waits for, too. */
static void
tell_more(void)
{
	if (stream.verbose > 0 && stream.mode == BRIEF)
		stream.mode = TEXT;
}

/* A file that all tools of a pipe write to. A FIFO that nobody reads is no reason to wait. */
static void
open_shared(void)
{
	const char *path = getenv(SHARED);

	if (path == NULL || *path == '\0')
		return;
	stream.file = open(
	    path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0666);
	if (stream.file < 0)
		pth_warn(SHARED " %s:", path);
}

void
pth_event_init(const char *tool)
{
	const char *v = getenv("PTH_EVENTS"), *verbose = getenv("PTH_VERBOSE");
	long long level;

	stream.tool = tool;
	stream.least = INFO;
	for (size_t i = 0; i < countof(entities); i++)
		stream.least_of[i] = UNSET;
	pth_fd_sanitize();
	if (v == NULL || *v == '\0')
		stream.mode = isatty(STDERR_FILENO) != 0 ? BRIEF : JSON;
	else if (strcmp(v, "text") == 0)
		stream.mode = TEXT;
	else if (strcmp(v, "none") == 0)
		stream.mode = NONE;
	else
		stream.mode = JSON_ASKED;
	stream.wipes = stream.mode != JSON_ASKED && pth_tty_draws(STDERR_FILENO);
	stream.verbose = verbose != NULL && pth_int(verbose, 0, 2, &level) ? (int)level : 0;
	tell_more();
	open_shared();
}

void
pth_event_quiet(void)
{
	stream.quiet = true;
}

void
pth_event_more(void)
{
	stream.verbose += stream.verbose < 2;
	tell_more();
}

void
pth_event_for_people(bool wipe)
{
	if (stream.mode == JSON)
		stream.mode = BRIEF;
	tell_more();
	stream.wipes = wipe && stream.mode != JSON_ASKED;
}

bool
pth_event_wipes(void)
{
	return stream.wipes;
}

void
pth_event_run(const char *run)
{
	snprintf(stream.run, sizeof stream.run, "%s", run != NULL ? run : "");
}

void
pth_event_test(const char *test)
{
	snprintf(stream.test, sizeof stream.test, "%s", test != NULL ? test : "");
}

void
pth_event_run_id(const char *id)
{
	snprintf(stream.run_id, sizeof stream.run_id, "%s", id != NULL ? id : "");
}

void
pth_event_attempt(int attempt)
{
	stream.attempt = attempt;
}

/* One line, one write. A short or failed write is not retried: the rest
 * would not be contiguous. */
static void
put(int fd, const struct pth_buf *b)
{
	(void)!write(fd, b->s, b->len);
}

/* Of two open files. */
static bool
same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

/* What is in the file of all tools is to be taken over into another one. */
static void
read_shared(int file)
{
	const char *path = getenv(SHARED);
	struct stat st;

	if (path == NULL || *path == '\0')
		return;
	stream.shared = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (stream.shared >= 0 &&
	    (fstat(stream.shared, &st) != 0 || !S_ISREG(st.st_mode) ||
	        same_file(stream.shared, file)))
		pth_close(&stream.shared);
}

int
pth_event_file(int dirfd, const char *path, struct pth_err *e)
{
	int fd = pth_file_ours(dirfd, path, O_WRONLY | O_CREAT | O_APPEND, e);

	if (fd < 0)
		return -1;
	if (stream.file >= 0)
		close(stream.file);
	stream.file = fd;
	pth_close(&stream.shared);
	stream.pulled = 0;
	read_shared(fd);
	return 0;
}

/* Which run it is says the last event there. */
static void
learn_run_id(int dir)
{
	struct stat st;
	pth_auto_fd fd = pth_open_regular(dir, "events.jsonl", &st);
	char tail[2 * LINE_MAX_BYTES + 1], *line = tail, *end;
	json_auto_t *event = NULL;
	ssize_t n;

	if (fd < 0)
		return;
	n = pread(fd, tail, sizeof tail - 1,
	    st.st_size > (off_t)sizeof tail - 1 ? st.st_size - (off_t)sizeof tail + 1 : 0);
	if (n <= 0 || (end = memrchr(tail, '\n', (size_t)n)) == NULL)
		return;
	if ((line = memrchr(tail, '\n', (size_t)(end - tail))) != NULL)
		line++;
	else
		line = tail;
	event = pth_json_parse(line, (size_t)(end - line), NULL);
	pth_event_run_id(pth_json_str(event, "run_id", NULL));
}

void
pth_event_join(const char *run_dir)
{
	pth_auto_fd dir = open(run_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (dir >= 0 && fstatat(dir, "events.jsonl", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && pth_event_file(dir, "events.jsonl", NULL) == 0)
		learn_run_id(dir);
}

/* A line of a tool that did not know which run this is. */
static void
take_line(struct pth_buf *to, const char *line, size_t n)
{
	static const char begin[] = "{\"pth\":1,";
	const size_t len = sizeof begin - 1;

	if (*stream.run_id != '\0' && n > len && strncmp(line, begin, len) == 0 &&
	    memmem(line, n, "\"run_id\":", 9) == NULL) {
		pth_buf_addf(to, "%s\"run_id\":\"%s\",", begin, stream.run_id);
		line += len;
		n -= len;
	}
	pth_buf_add(to, line, n);
}

void
pth_event_pull(void)
{
	pth_auto_buf b = PTH_BUF_INIT, out = PTH_BUF_INIT;
	const char *line, *end;
	ssize_t n;

	while (stream.shared >= 0) {
		pth_buf_cut(&b, 0);
		n = pread(stream.shared, pth_buf_room(&b, PULL_BYTES), PULL_BYTES, stream.pulled);
		b.len = n > 0 ? (size_t)n : 0;
		line = b.s;
		/* Whole lines: the rest of the last one is still to come. */
		while (
		    b.len > 0 && (end = memchr(line, '\n', (size_t)(b.s + b.len - line))) != NULL) {
			pth_buf_cut(&out, 0);
			take_line(&out, line, (size_t)(end - line) + 1);
			put(stream.file, &out);
			stream.pulled += end - line + 1;
			line = end + 1;
		}
		if (line == b.s)
			return;
	}
}

/* --- what is shown --- */

static bool
stands_for(const char *feature, size_t i)
{
	return strcmp(feature, entities[i].entity) == 0 ||
	    pth_words_have(pth_word_of(entities[i].features), " ", feature);
}

bool
pth_event_feature(const char *name)
{
	for (size_t i = 0; i < countof(entities); i++)
		if (stands_for(name, i))
			return true;
	return false;
}

/* Of a level's name. */
static int
least_of(const char *level, int def)
{
	static const char *const names[] = { "TRACE", "DEBUG", "INFO", "WARNING", "ERROR" };
	int least = 0;

	if (level == NULL)
		return def;
	/* What is left is CRITICAL. */
	while (least < ERRORS && strcmp(level, names[least]) != 0)
		least++;
	return least;
}

void
pth_event_settings(const json_t *settings)
{
	const json_t *logging = pth_settings_logging(settings);
	const json_t *logger = pth_observers_logger(pth_settings_observers(settings));
	bool console = pth_observer_enabled(logger) && pth_observer_log_to_console(logger);
	int own = console ? least_of(pth_observer_log_level(logger), TRACE) : ERRORS;
	const char *feature;
	json_t *v;

	stream.least = least_of(pth_logging_level(logging), INFO);
	stream.least = own > stream.least ? own : stream.least;
	stream.file_chosen = !pth_logging_debug_file_logging(logging);
	for (size_t i = 0; i < countof(entities); i++)
		stream.least_of[i] = UNSET;
	json_object_foreach(pth_logging_feature_levels(logging), feature, v) {
		own = least_of(json_string_value(v), UNSET);
		for (size_t i = 0; i < countof(entities); i++)
			if (own < stream.least_of[i] && stands_for(feature, i))
				stream.least_of[i] = own;
	}
}

static bool
ends_in(const char *name, const char *verbs)
{
	const char *verb = strrchr(name, '.');

	return verb != NULL && pth_words_have(pth_word_of(verbs), " ", verb + 1);
}

static int
severity_of(const char *name, const json_t *data)
{
	const char *status = pth_json_str(data, "status", NULL);

	if (ends_in(name, ERROR_VERBS) || !pth_json_bool(data, "ok", true) ||
	    (strcmp(name, "test.ended") == 0 && status != NULL && strcmp(status, "completed") != 0))
		return ERRORS;
	if (ends_in(name, WARNING_VERBS))
		return WARNINGS;
	return pth_words_have(pth_word_of(DEBUGGED), " ", name) ? DEBUG :
	    pth_words_have(pth_word_of(TRACED), " ", name)      ? TRACE :
	                                                          INFO;
}

static bool
wanted(const char *name, const json_t *data)
{
	size_t n = strcspn(name, ".");
	int least = stream.least, severity = severity_of(name, data);

	for (size_t i = 0; i < countof(entities); i++)
		if (strncmp(entities[i].entity, name, n) == 0 && entities[i].entity[n] == '\0' &&
		    stream.least_of[i] != UNSET)
			least = stream.least_of[i];
	return severity >= least || (stream.verbose > 0 && severity >= INFO - stream.verbose);
}

/* --- writing --- */

/* Cuts the longest string of the object by a third; false when none is long. */
static bool
shorten(json_t *o)
{
	const char *key, *longest = NULL;
	size_t max = 64;
	pth_auto_buf b = PTH_BUF_INIT;
	json_t *v;

	json_object_foreach(o, key, v)
		if (json_string_length(v) > max) {
			max = json_string_length(v);
			longest = key;
		}
	if (longest == NULL)
		return false;
	/* pth_utf8_clean mends a cut inside a character. */
	pth_utf8_clean(&b, json_string_value(json_object_get(o, longest)), max * 2 / 3);
	pth_json_set(o, longest, json_stringn(b.s, b.len));
	pth_json_set(o, "cut", json_true());
	return true;
}

/* The progress of pth-exec rests with the cursor at its first line. */
static void
wipe(struct pth_buf *b)
{
	if (stream.wipes)
		pth_buf_adds(b, "\r\033[J");
}

static json_t *
head(const char *name)
{
	pth_auto_buf t = PTH_BUF_INIT;
	const char *run = *stream.run != '\0' ? stream.run : NULL;
	const char *id = *stream.run_id != '\0' ? stream.run_id : NULL;
	const char *test = *stream.test != '\0' ? stream.test : NULL;
	json_t *attempt = stream.attempt > 0 ? json_integer(stream.attempt) : NULL;

	pth_rfc3339(&t, pth_real_us());
	return json_pack("{s:i,s:s,s:s,s:I,s:s*,s:s*,s:s,s:i,s:s*,s:o*}", "pth", 1, "event", name,
	    "t", t.s, "us", (json_int_t)pth_mono_us(), "run", run, "run_id", id, "tool",
	    stream.tool, "pid", (int)getpid(), "test", test, "attempt", attempt);
}

/* On a terminal only what a person waits for, and what went wrong. (The end of a test, and of a
 * program that may have been expected to fail, is told by the progress.) */
static bool
worth_a_line(const char *name)
{
	static const char *const brief[] = { "test.judged", "run.started", "run.interrupted",
		"environment.degraded" };

	return pth_one_of(name, brief, countof(brief)) ||
	    (ends_in(name, ERROR_VERBS) && strcmp(name, "service.failed") != 0);
}

/* tool: entity.verb [test] key=value ... */
static void
as_text(struct pth_buf *b, const char *name, json_t *data)
{
	const char *key;
	json_t *v;

	wipe(b);
	pth_buf_addf(b, "%s: %s", stream.tool, name);
	if (*stream.test != '\0')
		pth_buf_addf(b, " %s", stream.test);
	json_object_foreach(data, key, v) {
		pth_buf_addf(b, " %s=", key);
		if (json_is_string(v))
			pth_show(b, json_string_value(v), 300);
		else
			pth_json_dump(b, v);
	}
	pth_buf_addc(b, '\n');
}

static void
emit(const char *name, json_t *data, bool show, bool keep)
{
	const int fd = keep ? stream.file : -1;
	bool json = show && (stream.mode == JSON || stream.mode == JSON_ASKED);
	pth_auto_buf b = PTH_BUF_INIT;
	json_auto_t *o = NULL;

	if (show && (stream.mode == TEXT || (stream.mode == BRIEF && worth_a_line(name)))) {
		as_text(&b, name, data);
		put(STDERR_FILENO, &b);
		pth_buf_cut(&b, 0);
	}
	if (fd >= 0 || json) {
		o = head(name);
		json_object_update_missing(o, data);
		do {
			pth_buf_cut(&b, 0);
			pth_json_dump(&b, o);
			pth_buf_addc(&b, '\n');
		} while (b.len > LINE_MAX_BYTES && shorten(o));
		if (fd >= 0)
			put(fd, &b);
		if (json)
			put(STDERR_FILENO, &b);
	}
	json_decref(data);
}

void
pth_event(const char *name, const char *fmt, ...)
{
	int saved = errno;
	json_error_t je;
	json_t *data;
	bool show;
	va_list ap;

	if ((stream.mode == NONE || stream.quiet) && stream.file < 0)
		return;
	va_start(ap, fmt);
	data = json_vpack_ex(&je, 0, fmt, ap);
	va_end(ap);
	if (data == NULL) /* invalid UTF-8 in a value: say so, do not vanish */
		data = json_pack("{s:s}", "unprintable", je.text);
	show = !stream.quiet && (stream.mode == JSON_ASKED || wanted(name, data));
	emit(name, data, show, show || !stream.file_chosen);
	errno = saved;
}

/* A message for people. Positions stay first on the line, as compilers do. */
static void
message(const char *name, const char *prefix, const char *fmt, va_list ap)
{
	int saved = errno;
	size_t len = strlen(fmt);
	bool show = !stream.quiet || strcmp(name, "tool.warning") != 0;
	pth_auto_buf raw = PTH_BUF_INIT, b = PTH_BUF_INIT;

	pth_buf_vaddf(&raw, fmt, ap);
	if (len > 0 && fmt[len - 1] == ':')
		pth_buf_addf(&raw, " %s", strerror(saved));
	if (show && stream.mode != JSON_ASKED) {
		wipe(&b);
		pth_buf_adds(&b, prefix);
		pth_show(&b, raw.s, LINE_MAX_BYTES - 200);
		pth_buf_addc(&b, '\n');
		put(STDERR_FILENO, &b);
	}
	emit(name, json_pack("{s:o}", "message", pth_json_text(raw.s, raw.len)),
	    show && stream.mode == JSON_ASKED, true);
	errno = saved;
}

static void
said(const char *name, const char *fmt, va_list ap)
{
	char prefix[80];

	snprintf(prefix, sizeof prefix, "%s: %s", stream.tool,
	    strcmp(name, "tool.warning") == 0 ? "warning: " : "");
	message(name, prefix, fmt, ap);
}

void
pth_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	said("tool.warning", fmt, ap);
	va_end(ap);
}

void
pth_complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	said("tool.error", fmt, ap);
	va_end(ap);
}

void
pth_die(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	said("tool.error", fmt, ap);
	va_end(ap);
	exit(code);
}

void
pth_must(int r, const struct pth_err *e)
{
	if (r < 0)
		pth_die(e->code, "%s", e->text);
}

static void
diag(const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(name, "", fmt, ap);
	va_end(ap);
}

int
pth_finish(int code)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return code;
	pth_complain("stdout:");
	return PTH_SYSTEM;
}

int
pth_diags_print(struct pth_diags *d, int strict)
{
	size_t hidden = d->errors + d->warnings - d->n;

	pth_diags_sort(d);
	for (size_t i = 0; i < d->n; i++) {
		const struct pth_diag *x = &d->v[i];
		bool error = x->severity == PTH_ERROR || strict != 0;

		diag(error ? "tool.error" : "tool.warning", "%s:%u:%u: %s: %s",
		    x->file != NULL ? x->file : d->file, x->line, x->col,
		    error ? "error" : "warning", x->text);
	}
	if (hidden > 0)
		diag("tool.error", "%s: %zu more problems not shown", d->file, hidden);
	return d->errors > 0 || (strict != 0 && d->warnings > 0) ? PTH_INPUT : PTH_OK;
}
