/* This file lets jq(1) answer a question about each record. */
#include "run/ask.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "host/proc.h"

#define COMPILE_US (10 * PTH_SECOND_US)
#define SAID_MAX 4096
/* What would end jq, or let it wait for the next record before it has answered for this one. */
#define WITHOUT                                                                    \
	"def none: error(\"halt, input and inputs have no place in a question\");" \
	"def halt: none; def halt_error: none; def halt_error(f): none;"           \
	"def input: none; def inputs: none;"
#define ANSWER_MAX 65536 /* bytes; more is no answer to our question */

/* What jq says, without what it says of the line that we have made. */
static const char *
mistake(char *said)
{
	static const char head[] = "jq: error: ";
	char *end = strstr(said, " (Unix shell");

	if (end == NULL)
		end = strstr(said, " at <top-level>");
	*(end != NULL ? end : said + strcspn(said, "\n")) = '\0';
	return strncmp(said, head, strlen(head)) == 0 ? said + strlen(head) : said;
}

/* Is it an expression? jq is asked before the first record comes. */
static int
compile(const char *expression, struct pth_err *e)
{
	pth_auto_buf program = PTH_BUF_INIT, said = PTH_BUF_INIT;
	pth_auto_str jq = pth_which("jq", getenv("PATH"));
	struct pth_exit end;
	bool late = false;

	pth_buf_addf(&program, WITHOUT "if true then empty else (\n%s\n) end", expression);
	const char *const argv[] = { "jq", "-n", program.s, NULL };
	const struct pth_proc_req q = { .argv = argv,
		.in = -1,
		.out = -1,
		.err = -1,
		.session = true,
		.die_with_parent = true };

	if (jq == NULL)
		return pth_err_set(e, PTH_SYSTEM, "jq is not installed (package jq)");
	if (pth_proc_run(&q, COMPILE_US, NULL, &said, SAID_MAX, &end, &late, e) != 0)
		return -1;
	if (!late && !end.signaled && end.code == 0)
		return 0;
	return pth_err_set(
	    e, PTH_USAGE, "%s", said.len > 0 ? mistake(said.s) : "jq has died of it");
}

int
pth_ask_open(struct pth_ask *a, const char *expression, struct pth_err *e)
{
	pth_auto_pipe to = PTH_PIPE_INIT, from = PTH_PIPE_INIT;
	pth_auto_buf program = PTH_BUF_INIT;

	if (compile(expression, e) != 0)
		return -1;
	if (pth_pipe_open(&to) != 0 || pth_pipe_open(&from) != 0)
		return pth_err_set(e, PTH_SYSTEM, "pipe:");
	pth_buf_addf(&program, WITHOUT "try ([\n%s\n] | any) catch tostring", expression);
	const char *const argv[] = { "jq", "-c", "--unbuffered", program.s, NULL };
	const struct pth_proc_req q = { .argv = argv,
		.in = to.from,
		.out = from.to,
		.err = STDERR_FILENO,
		.die_with_parent = true };

	a->pid = pth_proc_spawn(&q, NULL, e);
	if (a->pid < 0) {
		a->pid = 0;
		return -1;
	}
	a->to = pth_take_fd(&to.to);
	a->from = pth_take_fd(&from.from);
	return 0;
}

/* The next line of jq into a->in, with a NUL in place of its newline. -1: there is none. */
static int
read_answer(struct pth_ask *a)
{
	ssize_t n;

	pth_buf_cut(&a->in, 0);
	while (a->in.len < ANSWER_MAX && (a->in.len == 0 || a->in.s[a->in.len - 1] != '\n')) {
		n = read(a->from, pth_buf_room(&a->in, 4096), 4096);
		if (n <= 0 && errno != EINTR)
			return -1;
		a->in.len += n > 0 ? (size_t)n : 0;
	}
	a->in.s[a->in.len - 1] = '\0';
	return 0;
}

/* To jq alone: when it has died, we say so. A reader of ours that goes away still ends us. */
static int
put_question(const struct pth_ask *a, const struct pth_buf *line)
{
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	int r = pth_write_all(a->to, line->s, line->len);

	signal(SIGPIPE, before);
	return r;
}

int
pth_ask(struct pth_ask *a, const json_t *rec, struct pth_err *e)
{
	pth_auto_buf line = PTH_BUF_INIT;
	json_auto_t *why = NULL;

	if (a->pid == 0)
		return 1;
	pth_rec_line(&line, rec);
	errno = 0;
	if (put_question(a, &line) != 0 || read_answer(a) != 0)
		return pth_err_set(e, PTH_SYSTEM, "%s: jq gives no answer", pth_rec_id(rec));
	if (strcmp(a->in.s, "true") == 0 || strcmp(a->in.s, "false") == 0)
		return a->in.s[0] == 't';
	why = json_loads(a->in.s, JSON_DECODE_ANY, NULL);
	return pth_err_set(e, PTH_INPUT, "%s: %s", pth_rec_id(rec),
	    json_is_string(why) ? json_string_value(why) : "jq gives another answer");
}

void
pth_ask_close(struct pth_ask *a)
{
	pth_close(&a->to);
	pth_close(&a->from);
	if (a->pid > 0)
		while (waitpid(a->pid, NULL, 0) < 0 && errno == EINTR)
			;
	a->pid = 0;
	pth_buf_release(&a->in);
}
