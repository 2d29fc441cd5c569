/* Assertions on services in chosen states, for unit tests. */
#ifndef PTH_UNIT_ASSERTED_H
#define PTH_UNIT_ASSERTED_H

#include <signal.h>
#include <sys/stat.h>

#include "supervise/assertion.h"
#include "world.h"

static json_t *plans[2];
static struct service services[2];
static struct assertions a;
static json_t *list;

/* Puts a service into a state: r runs, f is frozen, i is not ready, n is new; 0 and 7 ended
 * with that code, s died of a signal, l was lost, k was stopped by us with 0. */
static inline void
be(struct service *s, char how)
{
	bool lives = strchr("rfi", how) != NULL, ended = strchr("07slk", how) != NULL;

	s->pid = lives ? getpid() : 0;
	s->run_pid = how != 'n' ? getpid() : 0;
	s->paused = how == 'f';
	s->exited = ended;
	s->ready_us = how == 'i' || how == 'n' ? 0 : 1;
	s->exit = (struct pth_exit){ .signaled = how == 's',
		.code = how == 's' ? -1 :
		    how == '7'     ? 7 :
		                     0,
		.signal = how == 's' ? SIGSEGV : 0 };
	s->end = how == 'l' ? PTH_END_LOST :
	    how == 's'      ? PTH_END_SIGNAL :
	    how == 'k'      ? PTH_END_STOPPED :
	    ended           ? PTH_END_EXIT :
	    how == 'n'      ? PTH_END_NOT_STARTED :
	                      PTH_END_NONE;
	s->state = how == 'n' ? PTH_ST_NEW :
	    how == 'i'        ? PTH_ST_INITIALIZING :
	    how == 'l'        ? PTH_ST_ERROR :
	    ended             ? PTH_ST_STOPPED :
	                        PTH_ST_RUNNING;
}

static inline void
begin(const char *text)
{
	struct pth_err e = { 0 };

	list = parse(text);
	CHECK(supervise_assertions_init(&a, list, services, 2, testdir, &e) == 0);
	CHECK_STR(e.text, "");
}

static inline void
end(void)
{
	supervise_assertions_release(&a);
	json_decref(list);
	a = (struct assertions){ 0 };
}

/* What the result says of assertion number i. */
static inline const char *
said(size_t i)
{
	static char s[600];
	json_t *all = supervise_assertions_result(&a);
	const json_t *o = json_array_get(all, i);
	bool ok = pth_rlook_ok(o), unknown = pth_rlook_unknown(o);

	CHECK(!ok || !unknown);
	snprintf(s, sizeof s, "%s: %s", ok ? "yes" : unknown ? "unknown" : "no", pth_rlook_text(o));
	json_decref(all);
	return s;
}

/* The answer of all, and why. */
static inline const char *
answer(void)
{
	static char s[700];
	char text[600] = "";
	enum pth_answer x = supervise_assertions_answer(&a, text);

	snprintf(s, sizeof s, "%s: %s",
	    x == PTH_A_YES    ? "yes" :
	        x == PTH_A_NO ? "no" :
	                        "unknown",
	    text);
	return s;
}

/* A look when the run is over, and one after the services have ended. */
static inline const char *
look(const char *def)
{
	static char s[600];
	char text[600];

	snprintf(text, sizeof text, "[%s]", def);
	begin(text);
	CHECK(!supervise_assertions_waiting(&a));
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK(supervise_assertions_done(&a));
	supervise_assertions_after(&a);
	snprintf(s, sizeof s, "%s", said(0));
	end();
	return s;
}

#define RUNNING "{\"type\":\"service_running\",\"service\":\"s\"}"
#define RESPONSIVE "{\"type\":\"service_responsive\",\"service\":\"s\"}"
#define CODE(more) "{\"type\":\"exit_code\",\"service\":\"s\"" more "}"
#define FILE_(name) "{\"type\":\"file_exists\",\"service\":\"s\",\"file\":\"" name "\"}"
#define TEST_FILE(name) "{\"type\":\"file_exists\",\"file\":\"" name "\"}"
#define OUTPUT(more) "{\"type\":\"output_contains\",\"service\":\"s\"," more "}"

static inline void
put_file(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT, 0600);

	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static inline void
put_log(const char *name, const char *text)
{
	int fd = supervise_logs_open(&services[0].at.logs, name);

	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	supervise_logs_drain(&services[0].at.logs);
}

/* Two services, s and c, which is in a container, with files and logs. */
static inline void
asserted_begin(const char *name)
{
	world_begin(name);
	plans[0] = service_of(&services[0], "{\"name\":\"s\",\"phases\":{\"run\":{}}}");
	plans[1] = service_of(
	    &services[1], "{\"name\":\"c\",\"phases\":{\"run\":{}},\"inner\":{\"ask\":\".ask\"}}");
	put_file(testdir, "of_test", "");
	put_file(services[0].at.dirfd, "made", "");
	put_file(services[0].at.dirfd, "own", "its own\n");
	CHECK(mkdirat(services[0].at.dirfd, "dir", 0700) == 0);
	put_log("stdout.log", "first\na.b (c)\nunfinished");
	put_log("stderr.log", "on stderr\n");
}

static inline int
asserted_done(void)
{
	for (size_t i = 0; i < countof(services); i++) {
		supervise_service_release(&services[i]);
		json_decref(plans[i]);
	}
	return unit_done();
}

#endif
