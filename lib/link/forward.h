/* The loop of a link: frames from one end to the other as the model says, in real time. */
#ifndef PTH_LINK_FORWARD_H
#define PTH_LINK_FORWARD_H

#include <stdbool.h>

#include "link/log.h"
#include "link/port.h"
#include "link/world.h"

struct link_forward {
	struct link_world *world;
	struct pth_link_config *config; /* borrowed; its conditions are those of now */
	struct pth_link *link;
	struct link_port port[2];
	struct link_log log;
	struct link_record *record;              /* NULL: there is none */
	int64_t zero_mono, zero_real, now, seen; /* ns */
	int64_t origin;                          /* from when on the times of changes are counted */
	size_t step;                             /* the next one */
	bool out;                                /* the cable is */
	uint64_t drops, excused; /* of the kernel: when it went out, and while it was */
	int changes;             /* lines of configuration come from there; -1 */
	struct pth_buf line;
	unsigned lines;
	int answers;                     /* a line of JSON for each of them goes there; -1 */
	uint64_t lost, refused;          /* when it is closed */
	uint64_t packets[2], omitted[2]; /* of the captures, likewise */
	uint64_t capture_max;            /* bytes of each; 0: any number */
	/* Called when `watch` can be read, and when `wake` has come. False: it is over. */
	bool (*event)(void *arg);
	void *arg;
	int watch;
	int64_t wake;  /* ns; INT64_MAX: never */
	bool draining; /* or when nothing has been under way for a while */
	int64_t quiet; /* since when */
	bool drained;  /* that was so */
	bool busy;     /* so many frames that they are best taken together */
	bool full;     /* the last turn did not take all */
	int64_t turned, frames_since;
	unsigned frames;
	int64_t spin; /* ns that may still be spent waiting awake */
	int64_t spun; /* when that was seen last */
};

/* Open the ends, log and captures (NULL: none). The link begins now. -1 with e. */
int link_forward_open(
    struct link_forward *f, const char *log, const char *const *captures, struct pth_err *e);
/* Until event() says false, which it cannot before something happens. */
void link_forward_run(struct link_forward *f);
/* -1 with e: something could not be written, or frames were lost that nobody wanted to lose. */
int link_forward_close(struct link_forward *f, struct pth_err *e);
/* What was lost until now without a condition was lost for a reason that is known. */
void link_forward_excuse(struct link_forward *f);

#endif
