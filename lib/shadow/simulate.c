/* This file runs Shadow, waits for it, and tells how the services of the test ended. */
#include "shadow/simulate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "host/sig.h"
#include "io/file.h"
#include "io/rec.h"
#include "io/record.h"
#include "shadow/data.h"
#include "shadow/outcome.h"
#include "shadow/shadow.h"

#define LOG "shadow.log"
#define GRACE_US (5 * PTH_SECOND_US) /* for Shadow to end when we are asked to */
#define SWEEP_US (2 * PTH_SECOND_US)

struct simulation {
	const char *program, *dir;
	json_t *spec;
	int testdir, home; /* the test's directory, and ours in it */
	struct pth_exit exit;
	bool ended, interrupted;
	struct pth_err unstarted;
	struct shadow_log log;
};

/* --- Shadow itself */

static pid_t
start(struct simulation *s, struct pth_err *e)
{
	pth_auto_buf yaml = PTH_BUF_INIT;
	pth_auto_fd out = pth_file_ours(s->home, LOG, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, e);
	struct pth_proc_req q = { .cwd = s->dir, .in = -1, .out = out, .err = out };
	const char *argv[] = { s->program, NULL, NULL };

	if (out < 0)
		return -1;
	pth_buf_addf(&yaml, "%s/" PTH_SHADOW_YAML, s->dir);
	argv[1] = yaml.s;
	q.argv = argv;
	q.session = q.die_with_parent = q.no_new_privs = true;
	return pth_proc_spawn(&q, NULL, e);
}

/* Wait for its end. A signal to us ends it first. */
static void
await(struct simulation *s, pid_t pid, int sigfd)
{
	int64_t kill_at = PTH_NEVER;
	struct rusage usage;
	int sig, status;

	while (wait4(pid, &status, WNOHANG, &usage) != pid) {
		struct pollfd p = { sigfd, POLLIN, 0 };
		int64_t left = kill_at == PTH_NEVER ? 1000000 : kill_at - pth_mono_us();

		if (left <= 0) {
			pth_proc_signal_session(pid, SIGKILL);
			kill_at = PTH_NEVER;
			continue;
		}
		poll(&p, 1, (int)(left / 1000 + 1));
		while ((sig = pth_sig_next(sigfd)) != 0)
			if (sig != SIGCHLD && !s->interrupted) {
				s->interrupted = true;
				kill(-pid, SIGTERM);
				kill_at = pth_mono_us() + GRACE_US;
			}
	}
	s->exit = pth_exit_of(status, &usage);
	s->ended = true;
	pth_proc_sweep(SWEEP_US);
}

static void
read_log(struct simulation *s)
{
	pth_auto_fd fd = pth_open_regular(s->home, LOG, NULL);
	char chunk[16384];
	ssize_t n;

	while (fd >= 0 && (n = read(fd, chunk, sizeof chunk)) != 0 && (n > 0 || errno == EINTR))
		shadow_log_add(&s->log, chunk, n > 0 ? (size_t)n : 0);
	shadow_log_end(&s->log);
}

/* --- what came of it */

static json_t *
result(struct simulation *s)
{
	const json_t *list = pth_sim_services(s->spec), *v;
	size_t n = json_array_size(list), i;
	pth_auto_free bool *started = pth_xarray(NULL, n + 1, sizeof *started);
	pth_auto_free json_t **captures = pth_xarray(NULL, n + 1, sizeof *captures);
	struct shadow_facts f = { .spec = s->spec,
		.exit = &s->exit,
		.unstarted = s->ended ? NULL : s->unstarted.text,
		.interrupted = s->interrupted,
		.complete = shadow_is_complete(s->testdir),
		.started = started,
		.captures = captures,
		.log = &s->log };
	json_t *o;

	json_array_foreach((json_t *)(uintptr_t)list, i, v) {
		started[i] = shadow_has_started(s->testdir, pth_simhost_host(v));
		shadow_collect(s->testdir, pth_simhost_host(v), pth_simhost_name(v));
		captures[i] = pth_simhost_pcap(v) ?
		    shadow_capture(s->testdir, pth_simhost_name(v)) :
		    NULL;
	}
	o = shadow_result(&f);
	for (i = 0; i < n; i++)
		json_decref(captures[i]);
	return o;
}

/* As a container tells: svc.inner. */
static int
tell(struct simulation *s, json_t *take, struct pth_err *e)
{
	json_auto_t *o = json_object();
	pth_auto_buf b = PTH_BUF_INIT;

	pth_insideend_set_pth(o, 1);
	pth_insideend_set_status(o, pth_result_status(take));
	pth_insideend_set_reason(o, pth_result_reason(take));
	pth_insideend_set_service(o,
	    json_pack("{s:s,s:i,s:i}", PTH_KEY(rsvc, reason), "exit", PTH_KEY(rsvc, code), 0,
	        PTH_KEY(rsvc, ready_us), 1));
	pth_insideend_set_capture(o, json_incref(pth_result_capture(take)));
	pth_insideend_set_result(o, take);
	pth_rec_line(&b, o);
	return pth_file_put(s->home, "inner.json", b.s, b.len, e);
}

/* --- all */

static int
check_spec(const json_t *spec, struct pth_err *e)
{
	const json_t *list = pth_sim_services(spec), *v;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, v)
		if (!pth_name_ok(pth_simhost_name(v)) || !pth_name_ok(pth_simhost_host(v)))
			return pth_err_set(
			    e, PTH_INPUT, "service %zu has no name or no host", i + 1);
	return json_array_size(list) > 0 && pth_sim_stop_us(spec) > 0 ?
	    0 :
	    pth_err_set(e, PTH_INPUT, "it is not one that pth-compose has made");
}

static int
open_dirs(struct simulation *s, struct pth_err *e)
{
	s->testdir = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->testdir < 0)
		return pth_err_set(e, PTH_SYSTEM, "%s:", s->dir);
	if (pth_mkdirs(s->testdir, PTH_SHADOW_WHOLE, e) != 0)
		return -1;
	s->home = pth_open_dir(s->testdir, PTH_SHADOW_WHOLE);
	return s->home < 0 ? pth_err_set(e, PTH_SYSTEM, "%s/" PTH_SHADOW_WHOLE ":", s->dir) : 0;
}

static int
run(struct simulation *s, int sigfd, struct pth_err *e)
{
	pid_t pid;

	if (check_spec(s->spec, e) != 0 || open_dirs(s, e) != 0)
		return -1;
	pth_rmtree(s->home, "inner.json", NULL);
	/* Shadow makes it, and refuses one that is there. */
	if (pth_rmtree(s->testdir, PTH_SHADOW_DATA, e) != 0)
		return -1;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if ((pid = start(s, &s->unstarted)) > 0)
		await(s, pid, sigfd);
	read_log(s);
	return tell(s, result(s), e);
}

int
pth_shadow_simulate(
    const char *program, const char *dir, const char *spec, int sigfd, struct pth_err *e)
{
	struct simulation s = { .program = program, .dir = dir, .testdir = -1, .home = -1 };
	int r;

	s.spec = pth_json_parse(spec, strlen(spec), e);
	if (s.spec == NULL)
		return -1;
	shadow_log_init(&s.log);
	r = run(&s, sigfd, e);
	shadow_log_release(&s.log);
	pth_close(&s.testdir);
	pth_close(&s.home);
	json_decref(s.spec);
	return r;
}
