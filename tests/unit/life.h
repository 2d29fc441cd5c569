/* A service of one command, for unit tests of its life. */
#ifndef PTH_UNIT_LIFE_H
#define PTH_UNIT_LIFE_H

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "one.h"

/* A service whose run command is this script; more: further keys of its plan. */
static inline void
begin(const char *script, const char *more)
{
	char text[2000];

	snprintf(text, sizeof text,
	    "{\"name\":\"s\",\"phases\":{\"run\":{\"argv\":[\"sh\",\"-c\",\"%s\"]}}%s%s}", script,
	    *more != '\0' ? "," : "", more);
	plan = service_of(&s, text);
	events("");
	CHECK(supervise_service_next(&s) == PTH_NEVER);
	supervise_service_step(&s, S, S);
	CHECK_INT(s.state, PTH_ST_NEW);
	supervise_service_begin(&s);
	CHECK_INT(s.state, PTH_ST_INITIALIZING);
}

/* The same, and the command is started; the test began at S, and it is 3 S now. */
static inline void
started(const char *script, const char *more)
{
	begin(script, more);
	s.released = true;
	supervise_service_step(&s, 3 * S, S);
	CHECK(s.pid > 0 && s.pid == s.run_pid);
}

static inline void
end(void)
{
	if (s.pid > 0) {
		kill(-s.pid, SIGKILL);
		kill(s.pid, SIGKILL);
		waitpid(s.pid, NULL, 0);
	}
	supervise_service_release(&s);
	json_decref(plan);
	pth_rmtree(testdir, "s", NULL);
}

/* Step and reap until nothing runs any more, a microsecond after the other; 20 seconds at
 * most. */
static inline void
settle(int64_t now)
{
	int i = 0;

	do {
		usleep(i > 0 ? 1000 : 0);
		supervise_logs_drain(&s.at.logs);
		supervise_service_reap(&s, now, S);
		supervise_service_step(&s, now++, S);
	} while (++i < 20000 && supervise_service_is_busy(&s));
	CHECK(!supervise_service_is_busy(&s));
}

/* The program says that it is there, so that it has its traps. */
static inline void
heard(const char *word)
{
	for (int i = 0; i < 20000 && strstr(content("s/stdout.log"), word) == NULL; i++) {
		supervise_logs_drain(&s.at.logs);
		usleep(1000);
	}
	CHECK(strstr(content("s/stdout.log"), word) != NULL);
}

#define UP "\"ready\":[{\"kind\":\"file\",\"path\":\"up\",\"timeout_us\":5000000}]"
#define FOREVER "while :; do sleep 0.01; done"
#define PHASE(name, script) "\"" name "\":[{\"argv\":[\"sh\",\"-c\",\"" script "\"]}]"

#endif
