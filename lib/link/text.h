/*
 * The words of conditions: times, rates, shares, sizes of queues, lists. They are written as
 * tc-netem(8) writes them, but a unit is never guessed: "20" is neither 20 ms nor 20 us, and
 * Mbps is megabytes a second for tc and megabits for others.
 *
 * Each function returns 0, or -1 with e (PTH_INPUT) that says what is wrong with the text.
 */
#ifndef PTH_LINK_TEXT_H
#define PTH_LINK_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "link/conditions.h"

/* "15ms" "1.5s" "200us" "40ns" "2min" "0" -> ns, at most an hour. */
int link_time(const char *s, int64_t *ns, struct pth_err *e);
/* "10Mbit" "512kbit" "1.5Gbit" "9600bit" -> bit/s, from 1 to 1 Tbit/s. */
int link_rate(const char *s, uint64_t *bits, struct pth_err *e);
/* "1%" "0.01%" "0" -> 0 to 1. */
int link_share(const char *s, double *share, struct pth_err *e);
/* "25" or "25p": packets; "64kB" "64KiB" "3000B": bytes. The other one becomes 0. */
int link_size(const char *s, uint32_t *packets, uint64_t *bytes, struct pth_err *e);
/* "1,5,10-12": numbers from 1 to 2^32 - 1, in any order; *v is allocated. */
int link_numbers(const char *s, struct pth_link_range **v, size_t *n, struct pth_err *e);
/* "2s-4s,8s+500ms": windows of time, each after the one before; *v is allocated. */
int link_spans(const char *s, struct pth_link_span **v, size_t *n, struct pth_err *e);

#endif
