/*
 * When to stop a run early: PANTHER's fast_fail section, all of it, and
 * --fail-fast N. Fed with every finished test in the order of their ends.
 *
 * A failure of a category whose switch is true stops the run. Where it is not set, one does of
 * what all tests need: resource, network_setup, certificate. With timeout_cascades several failures
 * of one category, within 300 seconds and the last ten, do, unless the switch
 * of the category is false.
 */
#ifndef PTH_RUN_FASTFAIL_H
#define PTH_RUN_FASTFAIL_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "io/category.h"

#define PTH_FASTFAIL_RECENT 10

struct pth_fastfail {
	unsigned max;      /* --fail-fast N: stop after N failures; 0: not given */
	unsigned failures; /* so far */
	struct pth_failure {
		enum pth_category category;
		int64_t at;            /* monotonic */
	} recent[PTH_FASTFAIL_RECENT]; /* a ring */
	bool triggered;
	enum pth_category category; /* that triggered it */
	char reason[311];           /* why the tests that are left are skipped */
};

/* The category of a record with a result, as the place of the failure has given it;
 * PTH_CAT_NONE when it ended as it should: completed, or with the status that the
 * test expects, or was not to be run. */
enum pth_category pth_fault_of(const json_t *rec);
/* Take note of a finished test. True when the run is to be stopped: now
 * f->reason says why. */
bool pth_fastfail_note(struct pth_fastfail *f, const json_t *rec, int64_t now);
/* Is there enough disk (disk_space_threshold_gb) below dirfd for a test to start? False
 * triggers. */
bool pth_fastfail_disk(struct pth_fastfail *f, const json_t *rec, int dirfd);
/* {"triggered":true,"category":...,"reason":...} for the results. */
json_t *pth_fastfail_json(const struct pth_fastfail *f);

#endif
