/* This file has the tables of states, and checks every change. */
#include "supervise/state.h"

#include <stdlib.h>

#include "io/event.h"

#define TO(s) (1u << (s))
#define TO_END (TO(PTH_ST_STOPPING) | TO(PTH_ST_STOPPED) | TO(PTH_ST_ERROR)) /* of a service */

struct pth_state_row {
	const char *name;
	unsigned next;
};

static const struct pth_state_row service[PTH_ST_STATES] = {
	[PTH_ST_NEW] = { "new", TO(PTH_ST_INITIALIZING) },
	[PTH_ST_INITIALIZING] = { "initializing", TO(PTH_ST_READY) | TO_END },
	[PTH_ST_READY] = { "ready", TO(PTH_ST_RUNNING) | TO_END },
	[PTH_ST_RUNNING] = { "running", TO_END },
	[PTH_ST_STOPPING] = { "stopping", TO(PTH_ST_STOPPED) | TO(PTH_ST_ERROR) },
	[PTH_ST_STOPPED] = { "stopped", TO(PTH_ST_INITIALIZING) | TO(PTH_ST_ERROR) },
	[PTH_ST_ERROR] = { "error", TO(PTH_ST_INITIALIZING) },
};

static const struct pth_state_row test[PTH_TS_STATES] = {
	[PTH_TS_CREATED] = { "created", TO(PTH_TS_SETTING_UP) | TO(PTH_TS_ENDED) },
	[PTH_TS_SETTING_UP] = { "setting_up", TO(PTH_TS_DEPLOYING) | TO(PTH_TS_STOPPING) },
	[PTH_TS_DEPLOYING] = { "deploying", TO(PTH_TS_RUNNING) | TO(PTH_TS_STOPPING) },
	[PTH_TS_RUNNING] = { "running", TO(PTH_TS_ASSERTING) | TO(PTH_TS_STOPPING) },
	[PTH_TS_ASSERTING] = { "asserting", TO(PTH_TS_STOPPING) },
	[PTH_TS_STOPPING] = { "stopping", TO(PTH_TS_TEARING_DOWN) },
	[PTH_TS_TEARING_DOWN] = { "tearing_down", TO(PTH_TS_ENDED) },
	[PTH_TS_ENDED] = { "ended", 0 },
};

static const struct pth_state_row env[PTH_ES_STATES] = {
	[PTH_ES_CREATED] = { "created", TO(PTH_ES_SETTING_UP) },
	[PTH_ES_SETTING_UP] = { "setting_up",
	    TO(PTH_ES_READY) | TO(PTH_ES_TEARING_DOWN) | TO(PTH_ES_ERROR) },
	[PTH_ES_READY] = { "ready", TO(PTH_ES_TEARING_DOWN) },
	[PTH_ES_TEARING_DOWN] = { "tearing_down", TO(PTH_ES_TORN_DOWN) | TO(PTH_ES_ERROR) },
	[PTH_ES_TORN_DOWN] = { "torn_down", 0 },
	[PTH_ES_ERROR] = { "error", TO(PTH_ES_TEARING_DOWN) },
};

static const struct pth_state_row step[PTH_SS_STATES] = {
	[PTH_SS_PENDING] = { "pending", TO(PTH_SS_EXECUTING) | TO(PTH_SS_SKIPPED) },
	[PTH_SS_EXECUTING] = { "executing", TO(PTH_SS_COMPLETED) | TO(PTH_SS_FAILED) },
	[PTH_SS_COMPLETED] = { "completed", 0 },
	[PTH_SS_FAILED] = { "failed", 0 },
	[PTH_SS_SKIPPED] = { "skipped", 0 },
};

const struct pth_machine pth_service_machine = { "service", service };
const struct pth_machine pth_test_machine = { "test", test };
const struct pth_machine pth_env_machine = { "environment", env };
const struct pth_machine pth_step_machine = { "step", step };

const char *
pth_machine_name(const struct pth_machine *m, unsigned state)
{
	return m->rows[state].name;
}

bool
pth_machine_may(const struct pth_machine *m, unsigned from, unsigned to)
{
	return (m->rows[from].next & TO(to)) != 0;
}

void
pth_machine_check(const struct pth_machine *m, const char *name, unsigned from, unsigned to)
{
	if (pth_machine_may(m, from, to))
		return;
	pth_complain("%s %s: illegal transition %s -> %s", m->what, name, m->rows[from].name,
	    m->rows[to].name);
	abort();
}
