/* This file runs phases: commands one after the other, and their results. */
#include "supervise/phases.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "io/event.h"
#include "io/record.h"

void
supervise_phases_init(struct phases *p, const char *name, bool of_test, struct surroundings *at)
{
	*p = (struct phases){ .at = at,
		.name = name,
		.of_test = of_test,
		.results = json_array(),
		.deadline = PTH_NEVER };
}

void
supervise_phases_release(struct phases *p)
{
	json_decref(p->results);
	json_decref(p->list);
}

void
supervise_phases_begin(
    struct phases *p, const char *phase, json_t *list, bool all, enum pth_category usual)
{
	json_decref(p->list);
	*p = (struct phases){ .at = p->at,
		.name = p->name,
		.of_test = p->of_test,
		.results = p->results,
		.deadline = PTH_NEVER,
		.list = list,
		.phase = phase,
		.all = all,
		.usual = usual };
	snprintf(p->log, sizeof p->log, "%s/%sphases/%s", p->name, p->at->log_dir, phase);
}

bool
supervise_phases_done(const struct phases *p)
{
	return p->pid == 0 && p->index >= json_array_size(p->list);
}

static PTH_PRINTF(3, 4)
void
fail(struct phases *p, const struct pth_reason *why, const char *fmt, ...)
{
	va_list ap;

	if (p->error[0] != '\0')
		return;
	p->why = *why;
	va_start(ap, fmt);
	vsnprintf(p->error, sizeof p->error, fmt, ap);
	va_end(ap);
}

/* The same below the directory that its commands have. */
static const char *
log_below(const struct phases *p)
{
	return p->log + (p->of_test ? 0 : strlen(p->name) + 1);
}

static int64_t
stderr_size(const struct phases *p)
{
	char path[320];
	const struct log *g;

	snprintf(path, sizeof path, "%s.stderr.log", log_below(p));
	g = supervise_logs_find(&p->at->logs, path);
	return g != NULL ? supervise_log_size(g) : 0;
}

/* Is an image made by it? Which one: pth-image and docker have it as their last operand, but for
 * the directory of what is built. */
static const char *
image_of(const json_t *cmd)
{
	const json_t *argv = pth_cmd_argv(cmd);
	const char *verb = json_string_value(json_array_get(argv, 1));
	size_t n = json_array_size(argv);
	const char *image = NULL;

	if (pth_category_of(pth_cmd_category(cmd)) != PTH_CAT_DOCKER_BUILD || n < 3)
		return NULL;
	image = json_string_value(
	    json_array_get(argv, n - (strcmp(verb != NULL ? verb : "", "build") == 0 ? 2 : 1)));
	return image != NULL ? image : "";
}

/* Which of the plan's commands it is. */
static int
number(const struct phases *p)
{
	return (int)(p->before + p->index);
}

/* A command has begun. */
static void
say_started(const struct phases *p, const json_t *cmd)
{
	pth_event("command.started", "{s:s,s:s,s:i,s:s*,s:s,s:i}", "service", p->name, "phase",
	    p->phase, "index", number(p), "name", pth_cmd_name(cmd), "program",
	    supervise_command_program(cmd), "process", (int)p->pid);
	if (image_of(cmd) != NULL)
		pth_event("image.building", "{s:s}", "image", image_of(cmd));
}

/* It has ended: is there an image now? failed: why not, or NULL. */
static void
say_image(const json_t *cmd, const char *failed, int64_t us)
{
	if (image_of(cmd) == NULL)
		return;
	if (failed == NULL)
		pth_event("image.built", "{s:s,s:I}", "image", image_of(cmd), "duration_us",
		    (json_int_t)us);
	else
		pth_event("image.failed", "{s:s,s:s}", "image", image_of(cmd), "message", failed);
}

/* What the result says of each command. */
static json_t *
put_done(struct phases *p, const json_t *cmd)
{
	json_t *o = json_object();

	pth_done_set_phase(o, p->phase);
	pth_done_set_index(o, number(p));
	pth_done_set_argv0(o, supervise_command_program(cmd));
	pth_json_push(p->results, o);
	return o;
}

static void
put_result(struct phases *p, const json_t *cmd, const struct pth_exit *x, int64_t us)
{
	json_t *o = put_done(p, cmd);
	char sig[16];

	pth_json_set(o, PTH_KEY(done, code), x->signaled ? json_null() : json_integer(x->code));
	pth_done_set_signal(o, x->signaled ? pth_signal_name(x->signal, sig) : NULL);
	pth_done_set_timeout(o, p->late);
	pth_done_set_duration_us(o, us);
	pth_done_set_log(o, p->log);
}

/* A command that is not critical has failed; message: why it was not started, or NULL. */
static void
say_failed(const struct phases *p, const json_t *cmd, const char *message)
{
	pth_event("command.failed", "{s:s,s:s,s:s*,s:s,s:b,s:s*}", "service", p->name, "phase",
	    p->phase, "name", pth_cmd_name(cmd), "program", supervise_command_program(cmd),
	    "critical", 0, "message", message);
}

/* The command could not even be started: the next one has its turn when this one may fail. */
static void
unstarted(struct phases *p, const json_t *cmd, const struct pth_err *e, int err_no)
{
	struct pth_reason why = { 0 };
	json_t *o;

	supervise_command_unstarted(p->at, cmd, e, p->usual, &why);
	if (pth_cmd_critical(cmd)) {
		if (p->error[0] == '\0')
			p->err_no = err_no;
		fail(p, &why, "%s", e->text);
		say_image(cmd, p->error, 0);
	} else {
		if (p->error[0] == '\0')
			p->why = why;
		o = put_done(p, cmd);
		pth_json_set(o, PTH_KEY(done, code), json_null());
		pth_done_set_error(o, e->text);
		pth_done_set_log(o, p->log);
		say_failed(p, cmd, e->text);
	}
	p->index++;
}

static void
start(struct phases *p, const json_t *cmd, int64_t now)
{
	int64_t limit = pth_cmd_timeout_us(cmd);
	char prefix[302];
	struct pth_err e;
	int err_no = 0;
	pid_t pid;

	p->late = false;
	p->said = stderr_size(p);
	snprintf(prefix, sizeof prefix, "%s.", log_below(p) + strlen(p->at->log_dir));
	pid = supervise_command_logged(p->at, cmd, prefix, &err_no, &e);
	if (pid < 0) {
		unstarted(p, cmd, &e, err_no);
		return;
	}
	p->pid = pid;
	p->began = now;
	p->deadline = limit > 0 ? now + limit : PTH_NEVER;
	say_started(p, cmd);
}

int
supervise_phases_step(struct phases *p, int64_t now)
{
	if (p->pid > 0 && now >= p->deadline) {
		p->late = true;
		p->deadline = PTH_NEVER;
		pth_event("service.timeout", "{s:s,s:s}", "service", p->name, "phase", p->phase);
		kill(-p->pid, SIGKILL);
	}
	while (p->pid == 0 && !p->stopped && (p->all || p->error[0] == '\0') &&
	    p->index < json_array_size(p->list))
		start(p, json_array_get(p->list, p->index), now);
	if (p->pid == 0 && p->error[0] != '\0' && !p->all)
		return -1;
	return supervise_phases_done(p);
}

/* Of an engine and of what makes images, the words count and not the exit code: the cause comes
 * first, so that it is not what is cut. False: it is another command, or has said nothing. */
static bool
say_cause(struct phases *p, const json_t *cmd, const struct pth_reason *why, const char *line)
{
	enum pth_category purpose = pth_category_of(pth_cmd_category(cmd));
	static const char *const who[] = { SUPERVISE_LAST_LINE,
		"pth-image: ", "docker: ", "Error response from daemon: " };
	const char *said = line;
	const char *image = image_of(cmd);
	bool engine = purpose == PTH_CAT_DOCKER_RUNTIME || purpose == PTH_CAT_NETWORK_SETUP ||
	    *p->at->log_dir != '\0';

	for (size_t i = 0; i < countof(who); i++)
		if (strncmp(said, who[i], strlen(who[i])) == 0)
			said += strlen(who[i]);
	/* What commands before it have said is no cause. */
	if (*said == '\0' || stderr_size(p) == p->said || (image == NULL && !engine))
		return false;
	if (image != NULL && strncmp(said, image, strlen(image)) != 0)
		fail(p, why, "image %s: %s; see %s.stderr.log", image, said, p->log);
	else
		fail(p, why, "%s; see %s.stderr.log", said, p->log);
	return true;
}

/* Why a critical command has failed: what the system says in its log, what the plan
 * says that it is for, or what is usual. */
static void
tell(struct phases *p, const json_t *cmd, const struct pth_exit *x)
{
	const char *phase = p->of_test ? "" : p->phase, *colon = p->of_test ? "" : ": ";
	const char *argv0 = supervise_command_program(cmd);
	const char *output = "stderr";
	char file[320], ended[32], line[500] = "", excess[80];
	enum pth_category category;
	struct pth_reason why = { .category = pth_category_of(pth_cmd_category(cmd)) };

	why.category = why.category != PTH_CAT_NONE ? why.category : p->usual;
	snprintf(file, sizeof file, "%s.stderr.log", log_below(p));
	category = supervise_command_last_line(p->at, file, why.category, line);
	/* Not every compiler knows stderr. */
	if (*line == '\0') {
		snprintf(file, sizeof file, "%s.stdout.log", log_below(p));
		supervise_command_last_line(p->at, file, why.category, line);
		if (strstr(line, ": error: ") != NULL)
			output = "stdout";
		else
			*line = '\0';
	}
	why.category = category;
	if (strncmp(argv0, "@{bin}/", 7) == 0)
		argv0 += 7; /* one of our own */
	pth_reason_program(&why, argv0);
	supervise_command_excess(p->at, x, &why, excess);
	if (p->late) {
		snprintf(why.limit, sizeof why.limit, "command");
		*excess = '\0';
	}
	if (!p->late && say_cause(p, cmd, &why, line))
		return;
	fail(p, &why, "%s%s%s %s%s%s; see %s.%s.log%s", phase, colon, argv0,
	    p->late ? "took too long" : "ended with ", p->late ? "" : pth_exit_text(x, ended),
	    excess, p->log, output, line);
}

bool
supervise_phases_reap(struct phases *p, int64_t now)
{
	const json_t *cmd = json_array_get(p->list, p->index);
	struct pth_exit x;

	if (!supervise_command_ended(p->pid, &x))
		return false;
	p->pid = 0;
	p->deadline = PTH_NEVER;
	supervise_command_note_memory(p->at);
	if (p->stopped) { /* we killed it */
		say_image(cmd, "stopped before its end", 0);
		return true;
	}
	put_result(p, cmd, &x, now - p->began);
	pth_event("command.ended", "{s:s,s:s,s:i,s:s*,s:i,s:I}", "service", p->name, "phase",
	    p->phase, "index", number(p), "name", pth_cmd_name(cmd), "code", x.code, "duration_us",
	    (json_int_t)(now - p->began));
	if (x.signaled || x.code != 0) {
		if (pth_cmd_critical(cmd))
			tell(p, cmd, &x);
		else
			say_failed(p, cmd, NULL);
	}
	say_image(cmd, x.signaled || x.code != 0 ? p->error : NULL, now - p->began);
	p->index++;
	return true;
}

void
supervise_phases_stop(struct phases *p)
{
	p->stopped = true;
	if (p->pid > 0)
		kill(-p->pid, SIGKILL);
}
