/* This file decides what is shown of events and messages, and writes them. */
#include "io/event.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "base/words.h"
#include "io/file.h"
#include "io/record.h"

#define LINE_MAX_BYTES 4096 /* PIPE_BUF: one write is one line, never mixed */

enum { ALL, WARNINGS, ERRORS, UNSET }; /* the least severe event that is shown */
#define ERROR_VERBS "failed error timeout"
#define WARNING_VERBS                                                                          \
	"degraded retried interrupted failing_fast skipped limited log_cut killed restarting " \
	"overridden not_cached"

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
	{ "capture", "output_collection" },
	{ "metric", "metrics_collection" },
	{ "plugin", "plugin_loading plugin_operations" },
};

/* The one stream of events that a process has. */
static struct {
	const char *tool;
	enum { JSON, JSON_ASKED, BRIEF, TEXT, NONE } mode; /* of stderr */
	char run[128], test[128];                          /* "": not known */
	int file;                                          /* it gets all events, too; or -1 */
	bool file_chosen;                                  /* it gets what is shown, not all */
	bool quiet;                                        /* errors only */
	bool wipes; /* a line on stderr wipes what is below the cursor */
	int least, least_of[countof(entities)];
} stream = { .tool = "pth", .mode = NONE, .file = -1 };

void
pth_event_init(const char *tool)
{
	const char *v = getenv("PTH_EVENTS");

	stream.tool = tool;
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
}

void
pth_event_quiet(void)
{
	stream.quiet = true;
}

void
pth_event_for_people(bool wipe)
{
	if (stream.mode == JSON)
		stream.mode = BRIEF;
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

int
pth_event_file(int dirfd, const char *path, struct pth_err *e)
{
	int fd = pth_file_ours(dirfd, path, O_WRONLY | O_CREAT | O_APPEND, e);

	if (fd < 0)
		return -1;
	if (stream.file >= 0)
		close(stream.file);
	stream.file = fd;
	return 0;
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

/* Of a level's name; most events are INFO, and none is below. */
static int
least_of(const char *level, int def)
{
	if (level == NULL)
		return def;
	return strcmp(level, "WARNING") == 0                              ? WARNINGS :
	    strcmp(level, "ERROR") == 0 || strcmp(level, "CRITICAL") == 0 ? ERRORS :
	                                                                    ALL;
}

void
pth_event_settings(const json_t *settings)
{
	const json_t *logging = pth_settings_logging(settings);
	const json_t *logger = pth_observers_logger(pth_settings_observers(settings));
	bool console = pth_observer_enabled(logger) && pth_observer_log_to_console(logger);
	int own = console ? least_of(pth_observer_log_level(logger), ALL) : ERRORS;
	const char *feature;
	json_t *v;

	stream.least = least_of(pth_logging_level(logging), ALL);
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
	return ends_in(name, WARNING_VERBS) ? WARNINGS : ALL;
}

static bool
wanted(const char *name, const json_t *data)
{
	size_t n = strcspn(name, ".");
	int least = stream.least;

	for (size_t i = 0; i < countof(entities); i++)
		if (strncmp(entities[i].entity, name, n) == 0 && entities[i].entity[n] == '\0' &&
		    stream.least_of[i] != UNSET)
			least = stream.least_of[i];
	return severity_of(name, data) >= least;
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

/* One line, one write. A short or failed write is not retried: the rest
 * would not be contiguous. */
static void
put(int fd, const struct pth_buf *b)
{
	(void)!write(fd, b->s, b->len);
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
	const char *test = *stream.test != '\0' ? stream.test : NULL;

	pth_rfc3339(&t, pth_real_us());
	return json_pack("{s:i,s:s,s:s,s:I,s:s*,s:s,s:i,s:s*}", "pth", 1, "event", name, "t", t.s,
	    "us", (json_int_t)pth_mono_us(), "run", run, "tool", stream.tool, "pid", (int)getpid(),
	    "test", test);
}

/* On a terminal only what a person waits for, and what went wrong. (The end of
 * a test is told by the progress.) */
static bool
worth_a_line(const char *name)
{
	static const char *const brief[] = { "test.judged", "run.started", "run.interrupted",
		"environment.degraded" };

	return pth_one_of(name, brief, countof(brief)) || ends_in(name, ERROR_VERBS);
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
