/*
 * Events, pth-events(5): one JSON object per line on stderr, one write(2),
 * at most 4096 bytes (longer strings are cut and "cut":true is added).
 * PTH_EVENTS=json|text|none; unset: the important ones as text on a terminal,
 * else json. Errors and warnings are always shown: as plain
 * "file:line:col: message" lines, or as tool.error / tool.warning events when
 * PTH_EVENTS=json is asked for.
 */
#ifndef PTH_IO_EVENT_H
#define PTH_IO_EVENT_H

#include <stdbool.h>

#include <jansson.h>

#include "base/err.h"

/* First thing in main: name of the tool; opens fds 0-2 when closed. The file that
 * PTH_EVENTS_FILE names gets all events, too. PTH_VERBOSE: 1 shows those of the level DEBUG, 2 of
 * TRACE, whatever the experiment says, and as text where only the important ones are. */
void pth_event_init(const char *tool);
/* Common fields from now on; NULL leaves a field out. Copied. */
void pth_event_run(const char *run);
void pth_event_test(const char *test);
/* Which run this is, of all of its name; and which try of the test (0: none). */
void pth_event_run_id(const char *id);
void pth_event_attempt(int attempt);
/* From now on write errors only; the file of events still gets all. */
void pth_event_quiet(void);
/* Show the events of one level more: those of DEBUG, then those of TRACE. */
void pth_event_more(void);
/* A person reads stderr: brief text instead of JSON, unless PTH_EVENTS says
 * what it is to be. wipe: and something may be drawn below the cursor, which
 * each line wipes first; this is so from the beginning on a terminal that can. */
void pth_event_for_people(bool wipe);
/* Does it? */
bool pth_event_wipes(void);
/*
 * From now on show what the experiment wants to see: `settings` of a record,
 * with logging.level, logging.feature_levels, logging.debug_file_logging and
 * observers.logger. Whoever asks for PTH_EVENTS=json gets all of it, and so
 * does the file unless debug_file_logging is false.
 */
void pth_event_settings(const json_t *settings);
/* Does a feature of PANTHER (or the first part of an event's name) stand for events? */
bool pth_event_feature(const char *name);
/* Append the events to this file of ours below dirfd, as pth_file_ours() opens it, and no longer
 * to that of PTH_EVENTS_FILE. 0 or -1 with e. */
int pth_event_file(int dirfd, const char *path, struct pth_err *e);
/* The same for events.jsonl of a run directory that is there already; where it cannot be had,
 * nothing changes. */
void pth_event_join(const char *run_dir);
/* Take into that file what other tools have written into that of PTH_EVENTS_FILE since. */
void pth_event_pull(void);

/*
 * Emit. fmt and the rest as json_pack(3) of an object: "{s:s, s:i}".
 * The name is a literal of the form entity.verb: a test compares the names
 * in the sources with the list in pth-events(5).
 */
void pth_event(const char *name, const char *fmt, ...);

/* Messages. A format that ends in ':' gets the text of errno. */
void pth_warn(const char *fmt, ...) PTH_PRINTF(1, 2);
void pth_complain(const char *fmt, ...) PTH_PRINTF(1, 2);
void
pth_die(int code, const char *fmt, ...) PTH_PRINTF(2, 3)
__attribute__((noreturn));
/* For tools: pth_die() with the error, unless r is 0 or more. */
void pth_must(int r, const struct pth_err *e);
/* A tool's last act: has everything that was written to stdout arrived? code,
 * or PTH_SYSTEM after a message. */
int pth_finish(int code);
/* All diagnostics, sorted, "file:line:col: error|warning: text"; returns PTH_INPUT when any is an
 * error (or strict and any at all), else PTH_OK. */
int pth_diags_print(struct pth_diags *d, int strict);

#endif
