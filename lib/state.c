#include "state.h"

#define TO(s) (1u << (s))

static const struct {
	const char *name;
	unsigned next;
} table[PTH_ST_STATES] = {
	[PTH_ST_NEW] = { "new", TO(PTH_ST_INITIALIZING) },
	[PTH_ST_INITIALIZING] = { "initializing", TO(PTH_ST_READY) | TO(PTH_ST_STOPPING) | TO(PTH_ST_STOPPED) | TO(PTH_ST_ERROR) },
	[PTH_ST_READY] = { "ready", TO(PTH_ST_RUNNING) | TO(PTH_ST_STOPPING) | TO(PTH_ST_STOPPED) | TO(PTH_ST_ERROR) },
	[PTH_ST_RUNNING] = { "running", TO(PTH_ST_STOPPING) | TO(PTH_ST_STOPPED) | TO(PTH_ST_ERROR) },
	[PTH_ST_STOPPING] = { "stopping", TO(PTH_ST_STOPPED) | TO(PTH_ST_ERROR) },
	[PTH_ST_STOPPED] = { "stopped", TO(PTH_ST_INITIALIZING) },
	[PTH_ST_ERROR] = { "error", TO(PTH_ST_INITIALIZING) },
};

const char *
pth_state_name(enum pth_state s)
{
	return table[s].name;
}

bool
pth_state_may(enum pth_state from, enum pth_state to)
{
	return (table[from].next & TO(to)) != 0;
}
