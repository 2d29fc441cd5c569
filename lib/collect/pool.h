/*
 * Work on several records at once, each in a forked child, and hand them back
 * in the order they came. A child that dies takes only its own record along.
 *
 *   loop: read while pth_pool_room(); pth_pool_add(); pth_pool_wait();
 *         while ((rec = pth_pool_take(...)))
 */
#ifndef PTH_COLLECT_POOL_H
#define PTH_COLLECT_POOL_H

#include <stdbool.h>
#include <sys/types.h>

#include "io/json.h"

/* In the child: change rec. It is then sent to the parent. */
typedef void pth_pool_work(json_t *rec, void *arg);

struct pth_pool_job {
	json_t *rec; /* as given */
	pid_t pid;   /* 0: nothing to do, or done */
	int fd;      /* the child's answer comes here; -1 */
	struct pth_buf out;
	char *failed; /* why there is no answer */
};

struct pth_pool {
	pth_pool_work *work;
	void *arg;
	size_t max; /* children at once */
	struct pth_pool_job *jobs;
	size_t first, n, cap; /* ring: jobs[(first + i) % cap] */
	size_t running;
};

void pth_pool_init(struct pth_pool *p, size_t max, pth_pool_work *work, void *arg);
/* May another record be added now? (Bounds children and results waiting.) */
bool pth_pool_room(const struct pth_pool *p);
bool pth_pool_empty(const struct pth_pool *p);
/* Takes the reference. work false: it only waits for its turn. When there can be no child, the
 * work is done here. */
void pth_pool_add(struct pth_pool *p, json_t *rec, bool work);
/* Wait until a child says something or fd (-1: none) is readable: then true. */
bool pth_pool_wait(struct pth_pool *p, int fd);
/* The first record once it is done, else NULL. *failed (caller frees) is NULL, or says why the
 * record came back unchanged. */
json_t *pth_pool_take(struct pth_pool *p, char **failed);
/* Kill what runs, free all. */
void pth_pool_release(struct pth_pool *p);

#endif
