/* The tables of states: every state can be reached, and only what they list. */
#include "supervise/state.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/event.h"
#include "unit.h"

static const struct {
	const struct pth_machine *m;
	unsigned n, end; /* states; one that nothing follows, or n */
} machines[] = {
	{ &pth_service_machine, PTH_ST_STATES, PTH_ST_STATES },
	{ &pth_test_machine, PTH_TS_STATES, PTH_TS_ENDED },
	{ &pth_env_machine, PTH_ES_STATES, PTH_ES_TORN_DOWN },
	{ &pth_step_machine, PTH_SS_STATES, PTH_SS_FAILED },
};

static void
check_machine(const struct pth_machine *m, unsigned n, unsigned end)
{
	unsigned seen = 1;

	for (unsigned round = 0; round < n; round++)
		for (unsigned a = 0; a < n; a++)
			for (unsigned b = 0; b < n; b++)
				if ((seen & 1u << a) != 0 && pth_machine_may(m, a, b))
					seen |= 1u << b;
	CHECK(seen == (1u << n) - 1);
	for (unsigned a = 0; a < n; a++) {
		CHECK(pth_machine_name(m, a) != NULL);
		CHECK(!pth_machine_may(m, a, 0)); /* nothing is created twice */
		CHECK(!pth_machine_may(m, a, a));
		if (end < n)
			CHECK(!pth_machine_may(m, end, a));
	}
}

/* How a process ends that makes this transition. */
static int
signal_of(const struct pth_machine *m, unsigned from, unsigned to)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		pth_machine_check(m, "x", from, to);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int
main(void)
{
	pth_event_init("unit");
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
		unit(machines[i].m->what);
		check_machine(machines[i].m, machines[i].n, machines[i].end);
	}
	unit("an illegal transition aborts");
	CHECK(signal_of(&pth_service_machine, PTH_ST_STOPPED, PTH_ST_RUNNING) == SIGABRT);
	CHECK(signal_of(&pth_test_machine, PTH_TS_ENDED, PTH_TS_RUNNING) == SIGABRT);
	CHECK(signal_of(&pth_step_machine, PTH_SS_SKIPPED, PTH_SS_EXECUTING) == SIGABRT);
	unit("what comes after a stop may fail");
	CHECK(signal_of(&pth_service_machine, PTH_ST_STOPPED, PTH_ST_ERROR) == 0);
	unit("a restart is legal");
	CHECK(signal_of(&pth_service_machine, PTH_ST_STOPPED, PTH_ST_INITIALIZING) == 0);
	return unit_done();
}
