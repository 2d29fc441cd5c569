/*
 * The report of a run: a small summary per test, kept until all are in, then
 * written in several forms. Records may come from any number of runs; the
 * first one names the report.
 *
 *   struct pth_report *r = pth_report_new(causes);
 *   pth_report_add(r, rec); ...
 *   pth_report_finish(r, why_incomplete);
 *   pth_report_md(r, outdir, &buf); pth_report_json(...); ...
 *   pth_report_free(r);
 *
 * The forms: md.c Markdown, html.c HTML, json.c the summary, text.c the terminal's table, junit.c,
 * tap.c, csv.c.
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
	json_t *when;           /* owned: facts of a record, or NULL */
	struct pth_regex *log;  /* what the ends of logs say, or NULL */
};

struct pth_report_test {
	struct pth_report_test *next;
	const char *run, *id, *name, *description, *run_dir, *dir, *source;
	const char *label; /* its own name, without its place: that of CI systems */
	const char *file;  /* "" or where it was written, with the line */
	int64_t line, iteration;
	enum pth_status status; /* PTH_STATUSES: no verdict */
	bool ok, flaky, expected, unexpected;
	const char *summary;
	const char *started, *ended; /* "" when it was not run */
	int64_t duration_us;
	const char *not_isolated; /* "" or what and why */
	const char *evidence;     /* "" or why it is not protected from the services */
	const char *not_captured;
	const char *incomplete; /* "" or what its numbers lack */
	const char *logs_cut;   /* "" or which */
	const char *fallback;   /* "" or the environment in whose place it ran, and why */
	const char *degraded;   /* "" or the services that it went on without */
	const char *conflicts;  /* "" or the files that say something else than the record */
	json_t *metrics;        /* the few numbers that are shown */
	json_t *numbers;        /* {"a.b": scalar}: all of them; or NULL, see all_numbers */
	json_t *matrix;         /* its values of it; or NULL */
	json_t *tries;          /* attempts that came before; or NULL */
	const char *fast_fail;  /* "" or why the run ended with it */
	struct pth_report_service *services;
	struct pth_report_link *links;
	struct pth_report_tail *tails;
	json_t *broken;                /* texts: rules that did not hold */
	const struct pth_cause *cause; /* the most likely one, or NULL */
	double score;                  /* of the cause, 0.4 to 1 */
};

struct pth_report {
	struct pth_arena arena;
	const char *run, *run_dir, *file; /* of the first test; run_dir may be NULL */
	json_t *metadata;                 /* ours: metadata of the experiment, or NULL */
	struct pth_report_test *tests, **end;
	size_t n, ok, flaky, expected;
	size_t bad;                     /* not ok, without those that were skipped */
	size_t count[PTH_STATUSES + 1]; /* by status; the last: without a verdict */
	int64_t first_us, last_us;      /* realtime; 0: nothing was run */
	const char *started, *ended;    /* the same as text, or "" */
	int64_t peak_rss_kb, disk_bytes, log_bytes;
	size_t tails;
	bool all_numbers;        /* set before the first test: keep what pth_report_csv() wants */
	const char *causes_file; /* borrowed: the catalogue, NULL: none */
	bool causes_read;        /* at the first failure */
	struct pth_cause *causes;
	size_t ncauses;
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

/* The forms. Each appends to b. outdir: where the file will be, for relative
 * links. color: on a terminal. */
void pth_report_json(const struct pth_report *r, struct pth_buf *b);
void pth_report_md(const struct pth_report *r, const char *outdir, struct pth_buf *b);
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

/* Used by report/report.c: logs of a failed test, and the cause out of them. */
void pth_report_read_tails(
    struct pth_report *r, struct pth_report_test *t, const json_t *rec, int dirfd);
void pth_report_find_cause(struct pth_report *r, struct pth_report_test *t, const json_t *rec);

/* report/catalogue.c: read the causes, once; what is wrong with them is told. */
void pth_report_causes_load(struct pth_report *r);
void pth_report_causes_free(struct pth_report *r);

#endif
