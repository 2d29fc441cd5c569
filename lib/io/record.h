/*
 * The record: which keys it has, of which type, and what holds when one is
 * absent. This is the one place that knows; io/rec.h is the stream of records.
 *
 *   io/record_test.h    the test as pth-parse writes it, and its settings
 *   io/record_plan.h    plan, compose, and the files of a container
 *   io/record_result.h  result, artifacts, metrics, verdict; samples
 *   io/record_report.h  experiment_summary.json
 *
 * Each lists its kinds of objects and where these are; the name of the kind
 * is the prefix of its accessors. For a row X(o, int, grace_us, ...) of `stop`:
 *
 *   int64_t us = pth_stop_grace_us(pth_svc_stop(service));
 *   pth_stop_set_grace_us(o, us);
 *   json_pack("{s:s,s:I}", PTH_KEY(stop, signal), "TERM", PTH_KEY(stop, grace_us), us);
 *   if (json_is_null(PTH_GET(plan, plan, capture))) ...
 *
 * Getters borrow, take NULL, and give the default for an absent member and for
 * one of another type (NULL for obj, list, map; any: whatever there is).
 * Setters of obj, list, map and any steal the value; str may be NULL: null.
 *
 * To convert code that reads by literal key:
 *   pth_json_int(o, "k", D)             pth_KIND_k(o); when D is not the table's
 *                                       default, see PTH_GET, or ask for NULL first
 *   json_object_get(o, "k")             pth_KIND_k(o); json_is_integer(PTH_GET(KIND, o, k))
 *                                       where a number must be told from its absence
 *   pth_json_path(rec, "result.services")  pth_result_services(pth_test_result(rec))
 *   pth_json_set(o, "k", json_integer(v))  pth_KIND_set_k(o, v); null: json_null() with
 *                                       pth_json_set(o, PTH_KEY(KIND, k), ...)
 *   { "a", "b" }                        { PTH_KEY(KIND, a), PTH_KEY(KIND, b) }
 * What stays literal is not ours: a user's data, a compose file, tshark's output.
 * A new key is a row here and an item of pth-record(5); tests/record_test.sh
 * wants both.
 */
#ifndef PTH_IO_RECORD_H
#define PTH_IO_RECORD_H

#include "base/clock.h"
#include "io/category.h"
#include "io/json.h"

/* Defaults that are more than one key's. */
#define PTH_STOP_GRACE_US (5 * PTH_SECOND_US)    /* from the signal to KILL */
#define PTH_READY_LIMIT_US (10 * PTH_SECOND_US)  /* for one look to hold */
#define PTH_PHASE_LIMIT_US (300 * PTH_SECOND_US) /* for one command of a phase */
#define PTH_STEP_LIMIT_S 60                      /* for the command of a step */
#define PTH_CAPTURE_LIMIT ((int64_t)1 << 30)     /* bytes of the captures of a test */
#define PTH_LOG_LIMIT ((int64_t)64 << 20)        /* bytes of a log */
#define PTH_CAPTURE_FILE "capture.pcapng"
#define PTH_SERIES_FILE "series.jsonl" /* what pth-collect --series writes of captures */
#define PTH_IMAGE_BASE "panther_base_service:latest" /* of images; pth-image base makes it */

/* What a service does, in this order; each but the run is a list of commands. */
enum pth_phase {
	PTH_PRE_COMPILE,
	PTH_COMPILE,
	PTH_POST_COMPILE,
	PTH_PRE_RUN,
	PTH_RUN,
	PTH_POST_RUN,
	PTH_PHASES
};
extern const char *const pth_phase_names[PTH_PHASES];

/* What a service is looked at for, until it is ready: ready.kind. Those with a port stand
 * first (run/schedule.c). lib/README.md says what a new one needs. */
enum pth_ready_kind {
	PTH_READY_UDP,
	PTH_READY_TCP,
	PTH_READY_FILE,
	PTH_READY_LOG,
	PTH_READY_COMMAND,
	PTH_READY_DELAY,
	PTH_READY_KINDS
};
extern const char *const pth_ready_names[PTH_READY_KINDS];
/* PTH_READY_KINDS when it is none of them. */
enum pth_ready_kind pth_ready_kind_of(const json_t *ready);

#include "io/record_plan.h"
#include "io/record_report.h"
#include "io/record_result.h"
#include "io/record_test.h"

bool pth_rec_is_test(const json_t *rec);
/* The id of a test record ("?" when it has none). */
const char *pth_rec_id(const json_t *rec);
/* What is executed of a record: "compose.plan" when pth-compose made one, else
 * "plan". Borrowed; NULL when there is none. */
const json_t *pth_rec_plan(const json_t *rec);
/* Does pth-exec run the commands of such a plan itself (environment localhost),
 * not an engine? NULL counts as that. */
bool pth_rec_plan_is_local(const json_t *plan);
/* plan.services (a list of svc), and one of them by name (NULL: none). That is
 * what was planned: of a test in containers, what runs inside. Borrowed. */
json_t *pth_rec_services(const json_t *rec);
const json_t *pth_rec_service(const json_t *rec, const char *name);
/* result.services (a map of rsvc), and one of them by name. Borrowed. */
json_t *pth_rec_ended(const json_t *rec);
json_t *pth_rec_ended_service(const json_t *rec, const char *name);
/* May the test go on without this service? What the experiment says of the service
 * itself counts before what the plan says. */
bool pth_rec_dispensable(const json_t *rec, const char *name);
/* Mark a test as one that cannot go on; the first mark wins. line/col 0: unknown. */
void pth_rec_error(json_t *rec, const char *stage, enum pth_category category, const char *file,
    unsigned line, unsigned col, const char *fmt, ...) PTH_PRINTF(7, 8);
/* Has an earlier stage found an error there, above or below (error.at)? */
bool pth_rec_was_wrong(const json_t *rec, const char *path);
/* Where the experiment says what is at this path ("services.server.limits.memory"), or what is
 * nearest above it. file is the record's. */
void pth_rec_where(
    const json_t *rec, const char *path, const char **file, unsigned *line, unsigned *col);

#endif
