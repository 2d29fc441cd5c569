/*
 * Samples of the services of a test while they run, one line of JSON each
 * (metrics.jsonl, pth-record(5)). What a service uses is what the processes of
 * its session use together.
 */
#ifndef PTH_SUPERVISE_SAMPLER_H
#define PTH_SUPERVISE_SAMPLER_H

#include <sys/types.h>

#include "base/err.h"
#include "packet/port_count.h"

/* One service, as it is now. */
struct sampled_service {
	const char *name;
	pid_t session;      /* 0: it does not run */
	int64_t started_us; /* on the clock of supervise_sampler_take() */
};

struct sampler;

/* Interfaces count from now on. path (borrowed) is below dirfd, made anew with
 * the first line. */
struct sampler *supervise_sampler_new(int dirfd, const char *path, size_t services);
/* Packets by port (borrowed) are there, from now on. */
void supervise_sampler_count(struct sampler *s, const struct pth_port_count *counts);
/* Write a line about v[services], always the same ones. -1 with e. */
int supervise_sampler_take(
    struct sampler *s, int64_t at_us, const struct sampled_service *v, struct pth_err *e);
void supervise_sampler_free(struct sampler *s);

#endif
