/* Keys of experiment_summary.json, which pth-report writes; pth-record(5) has
 * the same list. The first ones of each object are those of PANTHER. Included
 * by io/record.h. */
#ifndef PTH_IO_RECORD_REPORT_H
#define PTH_IO_RECORD_REPORT_H

#include "io/record_key.h"

/* Tables: a row a key. */
/* clang-format off */

#define PTH_REPORT_OBJECTS(O) \
	O(summary, "experiment_summary.json") \
	O(sumtests, "summary.tests") \
	O(sumtest, "sumtests.results[]") \
	O(sumcause, "sumtest.root_cause") \
	O(sumfail, "summary.fast_fail") \
	O(sumcost, "summary.resources") \
	O(sumsvc, "summary.services[]") \
	O(summeta, "summary.report_metadata")

#define PTH_KEYS_summary(X, o) \
	X(o, str, experiment_id, "") \
	X(o, str, status, "") \
	X(o, str, start_time, NULL) \
	X(o, str, end_time, NULL) \
	X(o, num, duration_seconds, 0) \
	X(o, str, configuration_file, NULL) \
	X(o, obj, tests, sumtests) \
	X(o, obj, fast_fail, sumfail) \
	X(o, obj, resources, sumcost) \
	X(o, list, services, sumsvc) \
	X(o, obj, metadata, metadata) \
	X(o, str, incomplete, NULL) \
	X(o, obj, report_metadata, summeta)
#define PTH_KEYS_sumtests(X, o) \
	X(o, int, total, 0) \
	X(o, int, passed, 0) \
	X(o, int, failed, 0) \
	X(o, int, skipped, 0) \
	X(o, int, timeout, 0) \
	X(o, int, interrupted, 0) \
	X(o, int, unknown, 0) \
	X(o, num, success_rate, 0) \
	X(o, int, error, 0) \
	X(o, int, crashed, 0) \
	X(o, int, unsupported, 0) \
	X(o, int, ok, 0) \
	X(o, int, expected_failures, 0) \
	X(o, int, flaky, 0) \
	X(o, list, results, sumtest)
#define PTH_KEYS_sumtest(X, o) \
	X(o, str, name, "") \
	X(o, str, status, "") \
	X(o, num, duration, 0) \
	X(o, str, start_time, NULL) \
	X(o, str, end_time, NULL) \
	X(o, str, error_message, NULL) \
	X(o, str, logs_path, NULL) \
	X(o, bool, fast_fail_triggered, false) \
	X(o, str, id, "") \
	X(o, bool, ok, false) \
	X(o, bool, expected_failure, false) \
	X(o, bool, flaky, false) \
	X(o, str, summary, "") \
	X(o, list, broken_rules, plain) \
	X(o, str, not_isolated, NULL) \
	X(o, str, evidence, NULL) \
	X(o, str, not_captured, NULL) \
	X(o, str, logs_cut, NULL) \
	X(o, str, degraded, NULL) \
	X(o, str, fallback, NULL) \
	X(o, str, conflicts, NULL) \
	X(o, obj, metrics, metrics) \
	X(o, obj, root_cause, sumcause) \
	X(o, list, files, plain)
#define PTH_KEYS_sumcause(X, o) \
	X(o, str, name, "") \
	X(o, str, title, "") \
	X(o, num, score, 0)
#define PTH_KEYS_sumfail(X, o) \
	X(o, bool, enabled, false) \
	X(o, bool, test_level, false) \
	X(o, bool, triggered, false) \
	X(o, str, reason, NULL) \
	X(o, str, error_category, NULL) \
	X(o, str, termination_time, NULL)
#define PTH_KEYS_sumcost(X, o) \
	X(o, num, peak_memory_mb, 0) \
	X(o, num, disk_usage_mb, 0) \
	X(o, int, docker_images_created, 0) \
	X(o, num, total_log_size_mb, 0)
#define PTH_KEYS_sumsvc(X, o) \
	X(o, str, service_name, "") \
	X(o, str, service_type, "") \
	X(o, str, status, "") \
	X(o, int, exit_code, -1) \
	X(o, bool, crashed, false) \
	X(o, any, compilation_succeeded, plain) \
	X(o, str, phases_completed, "") \
	X(o, str, error_summary, NULL) \
	X(o, num, output_completeness, 0) \
	X(o, str, test_name, "") \
	X(o, str, test_id, "")
#define PTH_KEYS_summeta(X, o) \
	X(o, str, generated_at, "") \
	X(o, str, panther_version, NULL) \
	X(o, str, report_format_version, "") \
	X(o, str, generator, "")
/* clang-format on */

PTH_REPORT_OBJECTS(PTH_ACCESSORS)

#endif
