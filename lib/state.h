/*
 * The life of a service, as one table:
 *
 *   initializing -> ready -> running -> stopping -> stopped
 *
 * error from anywhere but stopped; error or stopped -> initializing to try
 * again. A service that ends by itself goes from ready or running straight to
 * stopped. Every transition is an event service.STATE.
 */
#ifndef PTH_STATE_H
#define PTH_STATE_H

#include <stdbool.h>

enum pth_state {
	PTH_ST_NEW, /* not begun: no event, only -> initializing */
	PTH_ST_INITIALIZING,
	PTH_ST_READY,
	PTH_ST_RUNNING,
	PTH_ST_STOPPING,
	PTH_ST_STOPPED,
	PTH_ST_ERROR,
	PTH_ST_STATES,
};

const char *pth_state_name(enum pth_state s);
bool pth_state_may(enum pth_state from, enum pth_state to);

#endif
