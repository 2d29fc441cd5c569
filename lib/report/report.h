/*
 * The report of a run: a small summary per test, kept until all are in, then
 * written in several forms. Records may come from any number of runs; the
 * first one names the report. The summaries of many tests lie in a temporary file.
 *
 *   struct pth_report *r = pth_report_new(causes);
 *   pth_report_add(r, rec); ...
 *   pth_report_finish(r, why_incomplete);
 *   pth_report_md(r, outdir, &buf); pth_report_json(...); ...
 *   pth_report_free(r);
 *
 * walk.c goes through the tests. The forms: md.c Markdown, html.c HTML, json.c the summary, text.c
 * the terminal's table, junit.c, tap.c, csv.c.
 *
 * Everything is plain text from files that programs under test wrote, so
 * every form escapes it for itself.
 */
#ifndef PTH_REPORT_REPORT_H
#define PTH_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/regex.h"
#include "collect/verdict.h"
#include "io/record.h"

#define PTH_REPORT_TAILS 100 /* failed tests whose last log lines are kept */
#define PTH_REPORT_LINKS 60  /* files linked per test */

enum pth_health { PTH_HEALTHY, PTH_DEGRADED, PTH_UNHEALTHY };

struct pth_report_service {
	struct pth_report_service *next;
	const char *name;
	bool tester;
	enum pth_health health;
	const char *end;    /* "exit code 0", "stopped", "killed by SIGSEGV" */
	const char *phases; /* "pre_run, run": those that were completed */
	const char *error;  /* "" or why it complained or failed */
	const char *use;    /* "" or what it used, at most */
	int64_t code;       /* -1: none */
	bool crashed;
	int compiled;             /* 1 yes, 0 no, -1 nothing to compile */
	unsigned found, expected; /* outputs that are there of those there should be */
};

/* A file worth a link. */
struct pth_report_link {
	struct pth_report_link *next;
	const char *path, *kind; /* path below the test's directory */
};

/* The end of a log, for a failed test; clean UTF-8, control characters gone. */
struct pth_report_tail {
	struct pth_report_tail *next;
	const char *path, *text;
};

/* A known kind of failure, of share/causes.yaml. */
struct pth_cause {
	const char *name, *title, *advice;
	enum pth_status status; /* the status that goes with it; PTH_STATUSES: none */
	bool alone;             /* which is enough to name it */
	bool sure;              /* a fact names it, whatever the status */
	json_t *when;           /* owned: facts of a record, or NULL */
	struct pth_regex *log;  /* what the ends of logs say, or NULL */
};

/* A rule that did not hold. */
struct pth_report_rule {
	struct pth_report_rule *next;
	const char *text;
};

/* An attempt that came before. */
struct pth_report_try {
	struct pth_report_try *next;
	const char *status, *reason, *dir;
};

struct pth_report_test {
	struct pth_report_test *next;
	const char *run, *id, *name, *description, *run_dir, *dir, *source;
	const char *label; /* its own name, without its place: that of CI systems */
	const char *file;  /* "" or where it was written, with the line */
	const char *row;   /* what those have in common that differ in their seed only; or NULL */
	int64_t line, iteration;
	size_t number;          /* from 0 */
	enum pth_status status; /* PTH_STATUSES: no verdict */
	bool ok, flaky, expected, unexpected;
	const char *summary;
	const char *started, *ended;   /* "" when it was not run */
	int64_t duration_us, build_us; /* without images, and of them */
	const char *not_isolated;      /* "" or what and why */
	const char *evidence;          /* "" or why it is not protected from the services */
	const char *not_captured;
	const char *incomplete; /* "" or what its numbers lack */
	const char *logs_cut;   /* "" or which */
	const char *fallback;   /* "" or the environment in whose place it ran, and why */
	const char *degraded;   /* "" or the services that it went on without */
	const char *conflicts;  /* "" or the files that say something else than the record */
	/* Objects as text, for pth_report_object(): */
	const char *metrics; /* the few numbers that are shown */
	const char *numbers; /* {"a.b": scalar}: all of them; or "", see all_numbers */
	const char *matrix;  /* its values of it; or "" */
	const char *trace;   /* of a formal tester: a list of sign, text, packet; or "" */
	struct pth_report_try *tries;
	const char *fast_fail; /* "" or why the run ended with it */
	struct pth_report_service *services;
	struct pth_report_link *links;
	struct pth_report_tail *tails;
	struct pth_report_rule *broken;
	const struct pth_cause *cause; /* the most likely one, or NULL */
	double score;                  /* of the cause, 0.4 to 1 */
};

/* Where a form goes while it is written, so that it is never in memory as a whole. */
struct pth_report_sink {
	int fd;
	int error; /* 0, or why something could not be written */
};

struct pth_report {
	struct pth_arena arena;
	struct pth_report_sink *sink; /* of the form that is being written; NULL: it stays in b */
	const char *run, *run_dir, *file; /* of the first test; run_dir may be NULL */
	json_t *metadata;                 /* ours: metadata of the experiment, or NULL */
	struct pth_report_test *tests, **end;
	size_t n, ok, flaky, expected;
	size_t bad;                     /* not ok, without those that were skipped */
	size_t count[PTH_STATUSES + 1]; /* by status; the last: without a verdict */
	int64_t first_us, last_us;      /* realtime; 0: nothing was run */
	const char *started, *ended;    /* the same as text, or "" */
	int64_t peak_rss_kb, disk_bytes, log_bytes;
	size_t tails, traces;
	bool all_numbers;        /* set before the first test: keep what pth_report_csv() wants */
	const char *causes_file; /* borrowed: the catalogue, NULL: none */
	bool causes_read;        /* at the first failure */
	struct pth_cause *causes;
	size_t ncauses;
	bool late; /* a test timed out and should not have */
	bool fast_fail_enabled, fast_fail_test_level;
	const struct pth_report_test *fast_failed;
	const char *incomplete; /* "" or why the stream was cut */
	const char *generated;  /* RFC 3339; SOURCE_DATE_EPOCH when set */
};

/* causes: the path of the catalogue of causes, borrowed; NULL: none are named. */
struct pth_report *pth_report_new(const char *causes);
void pth_report_free(struct pth_report *r);
/* Take what is needed of a test record (others are ignored). */
void pth_report_add(struct pth_report *r, const json_t *rec);
/* why: NULL, or why the stream is incomplete. */
void pth_report_finish(struct pth_report *r, const char *why);

/* What a test is in the eyes of others, who know fewer endings. */
enum pth_outcome {
	PTH_OUTCOME_OK,
	PTH_OUTCOME_SKIPPED,
	PTH_OUTCOME_FAILURE,
	PTH_OUTCOME_ERROR,
	PTH_OUTCOMES
};
enum pth_outcome pth_report_outcome(const struct pth_report_test *t);
/* completed failed timeout interrupted incomplete: the run as a whole. */
const char *pth_report_status(const struct pth_report *r);
int64_t pth_report_duration(const struct pth_report *r);
/* The test behind t, or the first (NULL). When there is much in b by now and a sink, it goes there;
 * b may be NULL. */
const struct pth_report_test *pth_report_next(
    const struct pth_report *r, const struct pth_report_test *t, struct pth_buf *b);
#define pth_report_each(r, t, b)                                                       \
	for (const struct pth_report_test *t = pth_report_next(r, NULL, b); t != NULL; \
	     t = pth_report_next(r, t, b))
/* What is in b goes to the sink. */
void pth_report_drain(const struct pth_report *r, struct pth_buf *b);
/* The object of such a text; new reference. */
json_t *pth_report_object(const char *text);
/* Percent of tests that are ok, of those that were not skipped. */
double pth_report_rate(const struct pth_report *r);
/* What is said behind the status: ", flaky", ", as expected" ..., or "". */
const char *pth_report_mark(const struct pth_report_test *t);
/* "passed" ..., "unknown" of PTH_STATUSES. */
const char *pth_report_status_name(enum pth_status s);
const char *pth_health_name(enum pth_health h);
/* "demo: 3/4 tests ok (75.0%) in 1.5 s" */
void pth_report_line(const struct pth_report *r, struct pth_buf *b);
/* "handshake 22.8 ms, 3983 packets": what is worth a line. */
void pth_report_numbers(const struct pth_report_test *t, struct pth_buf *b);
/* The next direction of all links (metrics.links) in which packets came: the names of link and
 * direction, and what it did, in a line. False behind the last; *at is 0 before the first. */
bool pth_report_next_link(const json_t *metrics, size_t *at, const char **name,
    const char **direction, struct pth_buf *text);
/* Append texts up to a NULL: the first as it is, the second escaped, and so on in turn. */
void pth_report_weave(struct pth_buf *b, void (*escape)(struct pth_buf *b, const char *s), ...)
    __attribute__((sentinel));
/* What HTML and XML write for & < > and ", or NULL. */
const char *pth_report_entity(char c);
/* Append to a list with commas that begins with b: one item, or each text of a JSON list. */
void pth_report_item(struct pth_buf *b, const char *fmt, ...) PTH_PRINTF(2, 3);
void pth_report_items(struct pth_buf *b, const json_t *texts);

/* A link to a file of the test, relative to outdir, percent-encoded. */
void pth_report_href(
    const struct pth_report_test *t, const char *outdir, const char *path, struct pth_buf *b);

/* The forms. Each appends to b; with a sink, b has only what is not yet there. outdir: where the
 * file will be, for relative links. color: on a terminal. */
void pth_report_json(const struct pth_report *r, struct pth_buf *b);
void pth_report_md(const struct pth_report *r, const char *outdir, struct pth_buf *b);
/* A row for the tests that differ in seed or iteration only; nothing when there are none. */
void pth_report_seeds(const struct pth_report *r, struct pth_buf *b);
void pth_report_text(const struct pth_report *r, bool color, struct pth_buf *b);
void pth_report_junit(const struct pth_report *r, struct pth_buf *b);
/* version: what the first line says, 13 or 14. */
void pth_report_tap(const struct pth_report *r, unsigned version, struct pth_buf *b);
void pth_report_csv(const struct pth_report *r, struct pth_buf *b);
/* Text, as HTML has it. */
void pth_report_html_text(struct pth_buf *b, const char *s);
/* Plots of series.jsonl in the directory of the test, when it is there. *used: bytes of all plots
 * until now, which have a limit. */
void pth_report_plots(const struct pth_report_test *t, size_t *used, struct pth_buf *b);
void pth_report_html(const struct pth_report *r, const char *outdir, struct pth_buf *b);

/* Write a form piece by piece: to fd, whose name is for messages, or as a file at path below dirfd,
 * as pth_file_write(). dir: where it will be, for its links. 0, or -1 with e. */
typedef void pth_report_form(const struct pth_report *r, const char *dir, struct pth_buf *b);
int pth_report_pour(struct pth_report *r, pth_report_form *f, const char *dir, int fd,
    const char *name, struct pth_err *e);
int pth_report_write(struct pth_report *r, pth_report_form *f, const char *dir, int dirfd,
    const char *path, struct pth_err *e);

/* Used by report/report.c: logs of a failed test, and the cause out of them. */
void pth_report_read_tails(
    struct pth_report *r, struct pth_report_test *t, const json_t *rec, int dirfd);
/* report/trace.c: what a formal tester has left of a test as a list of sign, text, packet; NULL: it
 * has left nothing. New reference. */
json_t *pth_report_read_trace(const json_t *rec, int dirfd);
/* report/seeds.c: sets the row of a test. */
void pth_report_row(struct pth_report *r, struct pth_report_test *t, const json_t *rec);
void pth_report_find_cause(struct pth_report *r, struct pth_report_test *t, const json_t *rec);

/* report/catalogue.c: read the causes, once; what is wrong with them is told. */
void pth_report_causes_load(struct pth_report *r);
void pth_report_causes_free(struct pth_report *r);

#endif
