/*
 * Time. Microseconds everywhere: realtime for people, monotonic for
 * differences and deadlines.
 */
#ifndef PTH_BASE_CLOCK_H
#define PTH_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define PTH_SECOND_US ((int64_t)1000000)
#define PTH_NEVER INT64_MAX /* a deadline that does not come */

int64_t pth_real_us(void);
int64_t pth_mono_us(void);
/* RFC 3339 in UTC with microseconds: 2026-11-21T10:00:00.000001Z */
void pth_rfc3339(struct pth_buf *b, int64_t real_us);
/* Such a time back to microseconds: false when it is not one (only UTC, "Z";
 * years 1970 to 9999). */
bool pth_rfc3339_parse(const char *s, int64_t *real_us);
/* "5s" "250ms" "1.5m" "2h" "10us" "7" (bare number: seconds) -> microseconds.
 * False when it is not a duration, negative, or above 10 years. */
bool pth_duration(const char *s, int64_t *us);
/* For people: "12 ms", "1.35 s", "2m 05s", "1h 02m 03s". */
void pth_duration_show(struct pth_buf *b, int64_t us);

#endif
