/* Why a test failed: the ends of its logs, and a catalogue of known causes. */
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "collect/artifact.h"
#include "report/report.h"

#define TAIL_BYTES 3000
#define TAIL_LINES 20
#define TAILS 4 /* per test */

static const struct pth_cause causes[] = {
	{ "docker_build_failure", "Docker image could not be built",
	    "Look at the build output; check the network, the base image and the revision.",
	    "docker.*build.*fail|failed to (build|solve)|returned a non-zero code", PTH_S_ERROR },
	{ "certificate_error", "Certificate or key problem",
	    "Check that the certificates exist, are readable and belong together"
	    " (generate_new_certificates: true makes new ones).",
	    "certificate|x509|bad_certificate|unknown_ca|no start line|private key", PTH_STATUSES },
	{ "ivy_compilation_timeout", "Ivy took too long to compile the test",
	    "Give the tester a longer timeout, or build it once and use the cache.",
	    "ivyc?.*(timed? ?out|took too long)", PTH_S_TIMEOUT },
	{ "port_conflict", "A port is taken",
	    "Another program uses the port, and the test was not isolated from it.",
	    "address already in use|EADDRINUSE|port is already allocated", PTH_STATUSES },
	{ "segfault", "A program crashed",
	    "Run it again under valgrind or gdb (execution_environment); a core file is kept when"
	    " the system makes one.",
	    "segmentation fault|SIGSEGV|SIGABRT|SIGBUS|SIGILL|SIGFPE|core dumped|AddressSanitizer|"
	    "stack smashing",
	    PTH_S_CRASHED },
	{ "oom_killed", "Out of memory", "Give it more memory, or run fewer tests at once (-j).",
	    "out of memory|oom-kill|bad_alloc|cannot allocate memory", PTH_STATUSES },
	{ "compilation_failure", "A program could not be compiled",
	    "The compiler's own message is at the end of the compile phase's log.",
	    "compil(e|ation).*(fail|error|ended with)|undefined reference|fatal error:|"
	    "make: \\*\\*\\*",
	    PTH_S_FAILED },
	{ "missing_program", "A program is not installed",
	    "Install the package that has it;"
	    " pth doctor lists what is missing on this machine.",
	    "not found|not installed|not executable|no such plugin", PTH_S_ERROR },
	{ "planning_error", "The experiment or a descriptor is wrong",
	    "Correct the file at the place that the message names; pth check shows all problems.",
	    "^(parse|plan|compose): ", PTH_S_ERROR },
	{ "wrong_rule", "A rule of the test is wrong",
	    "Correct expect, or the verdict of the descriptor: pth-record(5) has the rules.",
	    "unknown rule|unknown key in the rule|not a regular expression|is invalid -|"
	    "the rule needs|must be a map|were not looked at",
	    PTH_S_ERROR },
	{ "capture_unavailable", "Packets could not be captured",
	    "The rules on packets need a capture: see what pth doctor says about it.",
	    "packets not counted|was not measured: ", PTH_S_UNSUPPORTED },
	{ "content_mismatch", "What arrived is not what was sent",
	    "Compare the two files; the capture shows where the transfer ended.",
	    "differs from .* at byte|there is no such file", PTH_S_FAILED },
	{ "not_ready", "A service was never ready",
	    "It did not open its port in time: look at its stderr.log, or give it longer.",
	    "not ready|never ready", PTH_STATUSES },
	{ "timeout_cascade", "A limit of time passed",
	    "Look at which service was waiting for which; raise timeout or steps.wait when the"
	    " work really needs longer.",
	    "timed? ?out|time limit|took too long", PTH_S_TIMEOUT },
};

/* Clean text out of raw bytes: valid UTF-8, no control but newline and tab,
 * no escape sequences, the last lines only. */
static const char *
tidy(struct pth_report *r, const char *raw, size_t n, bool cut)
{
	struct pth_buf b = PTH_BUF_INIT, out = PTH_BUF_INIT;
	const char *from, *s;
	int lines = 0;

	pth_utf8_clean(&b, raw, n);
	from = b.s;
	for (s = b.s + b.len; s > b.s; s--)
		if (s[-1] == '\n' && s != b.s + b.len && ++lines == TAIL_LINES)
			break;
	if (s > b.s)
		from = s;
	else if (cut && (s = strchr(b.s, '\n')) != NULL)
		from = s + 1; /* begin with a whole line */
	for (; *from != '\0'; from++) {
		if (*from == '\x1b') { /* CSI: ESC [ ... letter */
			if (from[1] == '[')
				from += 1 + strspn(from + 1, "[0123456789;?");
			if (*from == '\0')
				break;
		} else if ((unsigned char)*from >= ' ' || *from == '\n' || *from == '\t') {
			if (*from != '\x7f')
				pth_buf_addc(&out, *from);
		}
	}
	while (out.len > 0 && out.s[out.len - 1] == '\n')
		pth_buf_cut(&out, out.len - 1);
	s = pth_arena_strn(&r->arena, out.len != 0 ? out.s : "", out.len);
	pth_buf_release(&b);
	pth_buf_release(&out);
	return s;
}

/* The end of the log at path as another tail; false when there is none. */
static bool
add_tail(struct pth_report *r, struct pth_report_test *t, int dirfd, const char *path)
{
	struct pth_report_tail *tail, **end;
	char raw[TAIL_BYTES];
	int64_t size = 0, skip;
	ssize_t n;
	int fd = pth_artifact_open(dirfd, path, &size), count = 0;

	if (fd < 0)
		return false;
	skip = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
	n = lseek(fd, skip, SEEK_SET) == skip ? pth_read_all(fd, raw, sizeof raw) : -1;
	close(fd);
	for (end = &t->tails; *end != NULL; end = &(*end)->next)
		count++;
	if (n <= 0 || count == TAILS)
		return false;
	tail = pth_arena_alloc(&r->arena, sizeof *tail);
	tail->path = pth_arena_str(&r->arena, path);
	tail->text = tidy(r, raw, (size_t)n, skip > 0);
	*end = tail;
	return true;
}

/* The logs of commands that did not end well. */
static void
command_tails(struct pth_report *r, struct pth_report_test *t, const json_t *commands, int dirfd)
{
	const json_t *c;
	struct pth_buf path = PTH_BUF_INIT;
	size_t i;

	json_array_foreach(commands, i, c) {
		if (pth_done_code(c) == 0)
			continue;
		pth_buf_cut(&path, 0);
		pth_buf_addf(&path, "%s.stderr.log", pth_done_log(c));
		add_tail(r, t, dirfd, path.s);
	}
	pth_buf_release(&path);
}

static void
service_tails(struct pth_report *r, struct pth_report_test *t, const char *name,
    const json_t *result, int dirfd)
{
	struct pth_buf path = PTH_BUF_INIT;

	command_tails(r, t, pth_rsvc_phases(result), dirfd);
	for (int k = 0; k < 2; k++) {
		pth_buf_cut(&path, 0);
		pth_buf_addf(&path, "%s/%s.log", name, k != 0 ? "stdout" : "stderr");
		if (add_tail(r, t, dirfd, path.s))
			break; /* stdout only when stderr is silent */
	}
	pth_buf_release(&path);
}

void
pth_report_read_tails(struct pth_report *r, struct pth_report_test *t, const json_t *rec, int dirfd)
{
	const json_t *services = pth_rec_ended(rec);
	const struct pth_report_service *s;

	command_tails(r, t, pth_result_setup(pth_test_result(rec)), dirfd);
	/* Those that failed first; then the others, for they may know why. */
	for (int bad = 1; bad >= 0; bad--)
		for (s = t->services; s != NULL; s = s->next)
			if ((s->health == PTH_UNHEALTHY) == bad)
				service_tails(
				    r, t, s->name, json_object_get(services, s->name), dirfd);
}

static bool
matches(const regex_t *re, const struct pth_report_test *t, const char *reason)
{
	const struct pth_report_tail *tail;

	if (regexec(re, t->summary, 0, NULL, 0) == 0 || regexec(re, reason, 0, NULL, 0) == 0)
		return true;
	for (size_t i = 0; t->broken[i] != NULL; i++)
		if (regexec(re, t->broken[i], 0, NULL, 0) == 0)
			return true;
	for (tail = t->tails; tail != NULL; tail = tail->next)
		if (regexec(re, tail->text, 0, NULL, 0) == 0)
			return true;
	return false;
}

/* Compiling takes longer than matching: once, and only for failures. */
struct pth_cause_regex {
	regex_t re[countof(causes)];
};

static void
compile_causes(struct pth_report *r)
{
	if (r->regex != NULL)
		return;
	r->regex = pth_xmalloc(sizeof *r->regex);
	for (size_t i = 0; i < countof(causes); i++)
		if (regcomp(&r->regex->re[i], causes[i].regex,
		        REG_EXTENDED | REG_ICASE | REG_NOSUB | REG_NEWLINE) != 0)
			abort(); /* the patterns are ours */
}

void
pth_report_free_causes(struct pth_report *r)
{
	for (size_t i = 0; r->regex != NULL && i < countof(causes); i++)
		regfree(&r->regex->re[i]);
	free(r->regex);
}

/* The reference's scores: 0.4 for the message, 0.5 for what happened, 0.8 for
 * both. A status alone is too little to name a cause, except for a crash and
 * a timeout, which are causes themselves. */
void
pth_report_find_cause(struct pth_report *r, struct pth_report_test *t, const json_t *rec)
{
	const char *reason = pth_result_reason(pth_test_result(rec));

	compile_causes(r);
	for (size_t i = 0; i < countof(causes); i++) {
		const struct pth_cause *c = &causes[i];
		bool status = c->status == t->status, message;
		double score;

		message = matches(&r->regex->re[i], t, reason);
		score = message && status ? 0.8 : message ? 0.4 : 0;
		if (score == 0 && status &&
		    (c->status == PTH_S_CRASHED || strcmp(c->name, "timeout_cascade") == 0))
			score = 0.5;
		if (score > t->score) {
			t->score = score;
			t->cause = c;
		}
	}
}
