/*
 * Judging a test: how it ran, the rules of its expect and assertions, and the
 * rules of the descriptors (plan.verdict, plan.services[].verdict), become one
 * status. pth-record(5) has the rules as users write them.
 *
 * Two questions are kept apart. The status is how the test did by itself: how
 * its services ended and what the descriptors' rules say. The rules of expect
 * must hold in any case; one that does not makes the test failed. Then the
 * verdict is ok when the status is what expect.status says (passed, when it
 * says nothing) and every rule of expect held.
 *
 * A rule holds, does not hold, or cannot be told. What cannot be told makes the status error and
 * the verdict not ok, also when an error was expected - unless what is known decides alone: a
 * test that has certainly failed has failed, whatever the rest would be.
 */
#ifndef PTH_COLLECT_VERDICT_H
#define PTH_COLLECT_VERDICT_H

#include "collect/artifact.h"
#include "io/json.h"
#include "io/status.h"

/* What the rules look at. All borrowed, all may be NULL (dirfd -1). */
struct pth_evidence {
	int dirfd; /* directory of the test */
	const json_t *artifacts;
	const json_t *metrics;
	const json_t *filters;              /* {"display filter": packets} */
	const json_t *by_tshark;            /* filters that tshark has counted, as keys */
	const char *no_packets;             /* why filters lacks one, or is NULL */
	bool left_out;                      /* ... and nobody wanted them counted */
	struct pth_artifact_budget *budget; /* what rules may read of files */
};

/* Every display filter of the record's rules, once each; new array. */
json_t *pth_verdict_filters(const json_t *rec);

/* The verdict object of pth-record(5); new reference. Emits
 * assertion.checked for each rule, and test.judged. */
json_t *pth_verdict(const json_t *rec, const struct pth_evidence *ev);

/* The verdict on a record that could not be judged: error, and why. */
json_t *pth_verdict_failed(const char *why);

/* How a service ended, by itself: passed, failed, crashed, timeout or error,
 * and in b the words for it. */
enum pth_status pth_verdict_service_end(const json_t *rec, const char *name, struct pth_buf *b);

#endif
