/* This file has readiness: the kinds of checks, and one check after the other. */
#include "supervise/ready.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "host/mark.h"
#include "host/ns.h"
#include "io/event.h"
#include "io/file.h"
#include "io/record.h"

#define LOOK_FIRST_US 500
#define LOOK_LAST_US 20000

/* c is one check: {"kind", "timeout_us", ...}. */
struct ready_kind {
	/* Is it so? With e when that will never be known. */
	bool (*look)(struct ready *r, const json_t *c, int64_t now, struct pth_err *e);
	/* Forget a sign of the life before; NULL: there is none. */
	void (*forget)(struct ready *r, const json_t *c);
	/* What the service has not done: words around the value of a key of c (NULL:
	 * nothing between them). No words: it is never too late. */
	const char *missing, *key, *rest;
};

static bool
is_udp(const json_t *c)
{
	return pth_ready_kind_of(c) == PTH_READY_UDP;
}

bool
supervise_has_port(struct pth_holder *h, bool udp, unsigned port, const struct surroundings *at,
    pid_t leader, bool *said, char text[160])
{
	bool apart = at != NULL && at->apart;
	struct pth_program of = { .leader = leader,
		.userns = apart ? at->confine.userns : -1,
		.uid = apart && at->confine.userns < 0 ? at->user.uid : 0 };
	pth_auto_buf mark = PTH_BUF_INIT;
	enum pth_hold hold;
	int own;

	text[0] = '\0';
	if (at != NULL && at->home != NULL)
		pth_mark_add(&mark, at->places->run, at->home);
	of.mark = mark.s;
	own = supervise_net_enter(at);
	hold = pth_holder_look(h, udp, port, &of);
	pth_ns_leave_net(own);
	switch (hold) {
	case PTH_HOLD_OURS: return true;
	case PTH_HOLD_OTHER:
		pth_holder_text(
		    h, port, at != NULL ? "this service" : "a program of this test", text);
		return false;
	case PTH_HOLD_UNKNOWN:
		if (!*said)
			pth_event("service.port_unproven", "{s:s?,s:i,s:s}", "service",
			    at != NULL ? pth_svc_name(at->plan) : NULL, "port", (int)port,
			    "transport", udp ? "udp" : "tcp");
		return *said = true;
	default: return false;
	}
}

/* Is the port of check number i the service's? */
static bool
bound(struct ready *r, size_t i, char held[160])
{
	const json_t *c = json_array_get(r->list, i);
	size_t n = json_array_size(r->list);

	if (r->holders == NULL) {
		r->holders = pth_xarray(NULL, n, sizeof *r->holders);
		memset(r->holders, 0, n * sizeof *r->holders);
	}
	return supervise_has_port(&r->holders[i], is_udp(c), (unsigned)pth_ready_port(c), r->at,
	    r->leader, &r->unproven, held);
}

static bool
look_port(struct ready *r, const json_t *c, int64_t now, struct pth_err *e)
{
	bool before = r->held[0] != '\0';

	(void)now, (void)e;
	if (bound(r, r->index, r->held))
		return true;
	/* Said early: it may be long until it is too late. */
	if (r->held[0] != '\0' && !before)
		pth_event("service.port_held", "{s:s?,s:i,s:s,s:i,s:s,s:s}", "service",
		    pth_svc_name(r->at->plan), "port", (int)pth_ready_port(c), "transport",
		    is_udp(c) ? "udp" : "tcp", "process", (int)r->holders[r->index].pid, "program",
		    r->holders[r->index].name, "text", r->held);
	return false;
}

static bool
look_file(struct ready *r, const json_t *c, int64_t now, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;

	(void)now, (void)e;
	pth_places_expand(r->at->places, pth_ready_path(c), &b);
	return faccessat(r->at->dirfd, b.s, F_OK, 0) == 0;
}

static void
forget_file(struct ready *r, const json_t *c)
{
	if (pth_path_inside(pth_ready_path(c)))
		unlinkat(r->at->dirfd, pth_ready_path(c), 0);
}

static bool
look_log(struct ready *r, const json_t *c, int64_t now, struct pth_err *e)
{
	(void)now;
	if (r->log == NULL)
		r->log = supervise_log_search_open(&r->at->logs, pth_ready_file(c),
		    pth_ready_matches(c), pth_json_int(r->old_logs, pth_ready_file(c), 0), e);
	if (r->log == NULL || !supervise_log_search_look(r->log))
		return false;
	supervise_log_search_close(pth_take(&r->log));
	return true;
}

static void
forget_log(struct ready *r, const json_t *c)
{
	const struct log *g = supervise_logs_find(&r->at->logs, pth_ready_file(c));
	struct stat st = { 0 };
	pth_auto_fd fd = g == NULL ? pth_open_regular(r->at->dirfd, pth_ready_file(c), &st) : -1;

	if (g != NULL || fd >= 0)
		pth_json_set(r->old_logs, pth_ready_file(c),
		    json_integer(g != NULL ? supervise_log_size(g) : st.st_size));
}

/* Its end is the answer, supervise_ready_reap(). */
static bool
look_command(struct ready *r, const json_t *c, int64_t now, struct pth_err *e)
{
	pid_t pid;

	(void)now;
	if (r->pid == 0 && (pid = supervise_command_start(r->at, c, -1, -1, NULL, e)) > 0)
		r->pid = pid;
	return false;
}

static bool
look_delay(struct ready *r, const json_t *c, int64_t now, struct pth_err *e)
{
	(void)e;
	return now - r->since >= pth_ready_us(c);
}

static const struct ready_kind kinds[PTH_READY_KINDS] = {
	[PTH_READY_UDP] = { look_port, NULL, "did not bind UDP port ", PTH_KEY(ready, port), "" },
	[PTH_READY_TCP] = { look_port, NULL, "did not listen on TCP port ", PTH_KEY(ready, port),
	    "" },
	[PTH_READY_FILE] = { look_file, forget_file, "did not make the file ", PTH_KEY(ready, path),
	    "" },
	[PTH_READY_LOG] = { look_log, forget_log, "did not log /", PTH_KEY(ready, matches), "/" },
	[PTH_READY_COMMAND] = { look_command, NULL, "its readiness check (command) did not succeed",
	    NULL, "" },
	[PTH_READY_DELAY] = { .look = look_delay },
};

static const struct ready_kind *
kind_of(const json_t *c)
{
	enum pth_ready_kind kind = pth_ready_kind_of(c);

	return kind < PTH_READY_KINDS ? &kinds[kind] : NULL;
}

/* The check that is waited for, or NULL. */
static const json_t *
current(const struct ready *r)
{
	return json_array_get(r->list, r->index);
}

static int64_t
deadline(const struct ready *r)
{
	const json_t *c = current(r);
	const struct ready_kind *k = kind_of(c);

	return k != NULL && k->missing != NULL ? r->since + pth_ready_timeout_us(c) : PTH_NEVER;
}

void
supervise_ready_init(struct ready *r, const json_t *list, struct surroundings *at)
{
	*r = (struct ready){ .list = list, .at = at };
}

void
supervise_ready_release(struct ready *r)
{
	supervise_log_search_close(pth_take(&r->log));
	json_decref(r->old_logs);
	free(pth_take(&r->holders));
}

/* Wait for the check at index. */
static void
wait_for(struct ready *r, size_t index, int64_t now)
{
	r->index = index;
	r->since = r->look = now;
	r->wait = LOOK_FIRST_US;
	r->how[0] = r->held[0] = '\0';
	if (current(r) != NULL && r->at->plan != NULL)
		pth_event("service.checking", "{s:s,s:s,s:i,s:I}", "service",
		    pth_svc_name(r->at->plan), "kind", pth_ready_kind(current(r)), "check",
		    (int)index, "timeout_us", (json_int_t)pth_ready_timeout_us(current(r)));
}

void
supervise_ready_begin(struct ready *r, int64_t now)
{
	wait_for(r, 0, now);
}

/* In words, what is missing now that it is too late. */
static void
tell_late(const struct ready *r, const struct ready_kind *k, const json_t *c, struct pth_err *e)
{
	const json_t *v = k->key != NULL ? json_object_get(c, k->key) : NULL;
	pth_auto_buf b = PTH_BUF_INIT;
	char line[500];
	enum pth_category category = supervise_command_last_line(r->at, NULL, PTH_CAT_NONE, line);

	pth_buf_adds(&b, k->missing);
	if (json_is_integer(v))
		pth_buf_addf(&b, "%lld", (long long)json_integer_value(v));
	else if (json_is_string(v))
		pth_buf_addf(&b, "%.100s", json_string_value(v));
	pth_buf_addf(&b, "%s within ", k->rest);
	pth_duration_show(&b, pth_ready_timeout_us(c));
	if (r->how[0] != '\0' || r->pid > 0)
		pth_buf_addf(&b, ": %s", r->how[0] != '\0' ? r->how : "it still ran");
	if (r->held[0] != '\0') {
		pth_buf_addf(&b, ": %s", r->held);
		category = PTH_CAT_PORT_CONFLICT;
	}
	pth_err_set(e, PTH_INPUT, "%s%s", b.s, line);
	e->category = (int)category;
}

enum readiness
supervise_ready_step(struct ready *r, int64_t now, struct pth_err *e)
{
	while (now >= supervise_ready_next(r)) {
		const json_t *c = current(r);
		const struct ready_kind *k = kind_of(c);

		e->text[0] = '\0';
		if (c == NULL)
			return PTH_IS_READY;
		if (k == NULL)
			pth_err_set(
			    e, PTH_INPUT, "unknown readiness check \"%.60s\"", pth_ready_kind(c));
		else if (k->look(r, c, now, e)) {
			wait_for(r, r->index + 1, now);
			continue;
		}
		if (k != NULL && e->text[0] == '\0' && now >= deadline(r))
			tell_late(r, k, c, e);
		if (e->text[0] != '\0')
			return PTH_NOT_READY;
		r->look = now + r->wait;
		if (r->wait < LOOK_LAST_US)
			r->wait += r->wait / 4;
	}
	return PTH_NOT_YET;
}

/* The last look at what stays when a service has ended. */
static bool
look_back(struct ready *r, const json_t *c, int64_t now)
{
	const struct ready_kind *k = kind_of(c);
	int64_t end = pth_mono_us() + PTH_SECOND_US;
	struct pth_err e;

	if (k == NULL || (k->look != look_log && k->look != look_file))
		return false;
	while (!k->look(r, c, now, &e))
		if (r->log == NULL || !supervise_log_search_behind(r->log) || pth_mono_us() > end)
			return false;
	return true;
}

bool
supervise_ready_was(struct ready *r, int64_t now)
{
	supervise_logs_drain(&r->at->logs);
	while (current(r) != NULL) {
		if (!look_back(r, current(r), now))
			return false;
		wait_for(r, r->index + 1, now);
	}
	return true;
}

int64_t
supervise_ready_next(const struct ready *r)
{
	return r->pid > 0 ? deadline(r) : r->look;
}

void
supervise_ready_reap(struct ready *r, int64_t now)
{
	struct pth_exit x;

	if (!supervise_command_ended(r->pid, &x))
		return;
	r->pid = 0;
	if (!x.signaled && x.code == 0) {
		wait_for(r, r->index + 1, now);
	} else {
		pth_exit_text(&x, r->how);
		r->look = now + r->wait;
	}
}

void
supervise_ready_stop(struct ready *r)
{
	if (r->pid > 0)
		kill(-r->pid, SIGKILL);
}

void
supervise_ready_reset(struct ready *r)
{
	json_t *c;
	size_t i;

	supervise_ready_stop(r);
	r->pid = 0; /* an orphan: how it ends tells nothing */
	free(pth_take(&r->holders));
	json_decref(r->old_logs);
	r->old_logs = json_object();
	json_array_foreach(r->list, i, c) {
		const struct ready_kind *k = kind_of(c);

		if (k != NULL && k->forget != NULL)
			k->forget(r, c);
	}
	supervise_log_search_close(pth_take(&r->log));
	r->index = 0;
}

void
supervise_ready_lost(struct ready *r, const char *path, const char *p, size_t n)
{
	if (r->log != NULL && strcmp(pth_ready_file(current(r)), path) == 0)
		supervise_log_search_lost(r->log, p, n);
}

int
supervise_ready_listens(struct ready *r, unsigned *port, bool *udp)
{
	char held[160];
	json_t *c;
	size_t i;
	int all = -1;

	json_array_foreach(r->list, i, c) {
		const struct ready_kind *k = kind_of(c);

		if (k == NULL || k->look != look_port)
			continue;
		all = 1;
		if (bound(r, i, held))
			continue;
		*port = (unsigned)pth_ready_port(c);
		*udp = is_udp(c);
		return 0;
	}
	return all;
}
