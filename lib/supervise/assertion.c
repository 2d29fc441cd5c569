/* This file has assertions: the kinds of looks, and when each is looked at. */
#include "supervise/assertion.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "host/http.h"
#include "host/ns.h"
#include "io/event.h"
#include "io/file.h"
#include "io/placeholder.h"

#define LAST_US (5 * PTH_SECOND_US)    /* for the last look */
#define ATTEMPT_US (5 * PTH_SECOND_US) /* for one HTTP request */
#define LOOK_FIRST_US 10000
#define LOOK_LAST_US 200000
#define TOLD "{s:s,s:s?,s:s}" /* of an event: type, service, text */

/* Unknown: it cannot be told. Busy: not yet. */
enum answer { NO, YES, UNKNOWN, BUSY };

struct one_assertion {
	const json_t *def;
	const struct assertion_kind *kind;
	struct service *service;        /* NULL: of the test */
	const struct service *services; /* all of the test */
	size_t nservices;
	bool timed; /* it has a timeout */
	bool settled;
	bool no;                           /* so said the last look that was answered */
	enum answer answer;                /* once it is settled: not BUSY */
	int64_t now, deadline, look, wait; /* now: of the look that is taken */
	int testdir;                       /* borrowed */
	struct log_search *logs[2];
	struct pth_http http;
	struct pth_channel ask;   /* of its container */
	struct pth_holder holder; /* of its port */
	bool engine;              /* the test is one in containers */
	bool unproven;            /* it was said that it cannot be told whose the port is */
	char text[400];
};

struct assertion_kind {
	const char *name;
	bool needs_service;
	bool inside; /* of a service in a container: it can only be seen there */
	enum answer (*look)(struct one_assertion *x);
};

/* What a look has found, in words; the answer is `a`. */
static PTH_PRINTF(3, 4)
enum answer
say(struct one_assertion *x, enum answer a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(x->text, sizeof x->text, fmt, ap);
	va_end(ap);
	return a;
}

/* One that ends by itself may have done that, as it should. */
static enum answer
look_running(struct one_assertion *x)
{
	const struct service *s = x->service;
	bool well = s->finite && s->end == PTH_END_EXIT && s->exit.code == 0;
	char how[32];

	if (supervise_service_lives(s))
		return say(x, YES, "is running%s", s->paused ? ", frozen" : "");
	if (s->end == PTH_END_LOST)
		return say(x, UNKNOWN, "is not running: %s", supervise_service_how(s, how));
	return say(x, well ? YES : NO, "%s%s",
	    well ? "has run: " : "is not running: ", supervise_service_how(s, how));
}

static unsigned
port_of(const struct one_assertion *x)
{
	int64_t p = PTH_GET(look, x->def, port) == NULL && x->service != NULL ?
	    pth_svc_port(x->service->plan) :
	    pth_look_port(x->def);

	return p > 0 && p < 65536 ? (unsigned)p : 0;
}

/* Has one of the services the port, each in a network of its own? */
static bool
any_holds(struct one_assertion *x, bool udp, unsigned port, char held[160])
{
	for (const struct service *s = x->services; s < x->services + x->nservices; s++) {
		struct pth_holder h = { 0 };

		if (supervise_has_port(&h, udp, port, &s->at, s->run_pid, &x->unproven, held))
			return true;
	}
	return false;
}

/* Has a process of its service, or of the test, the port? That of a container is in an engine's
 * hands on the host. */
static bool
holds(struct one_assertion *x, bool udp, unsigned port, char held[160])
{
	const struct service *s = x->service;

	held[0] = '\0';
	if (s == NULL && x->engine)
		return pth_holder_look(&x->holder, udp, port,
		           &(struct pth_program){ .userns = -1 }) != PTH_HOLD_NONE;
	if (s == NULL && x->nservices > 0 && x->services[0].at.net > 0)
		return any_holds(x, udp, port, held);
	return supervise_has_port(&x->holder, udp, port, s != NULL ? &s->at : NULL,
	    s != NULL ? s->run_pid : getpid(), &x->unproven, held);
}

/* The socket stays in the network that it is made in. */
static int
begin_http(struct one_assertion *x, const char *address, unsigned port, const char *path,
    int64_t limit_us, struct pth_err *e)
{
	int own = supervise_net_enter(&x->service->at);
	int r = pth_http_begin(&x->http, address, port, path, x->now, limit_us, e);

	pth_ns_leave_net(own);
	return r;
}

/* One GET; another one when it is looked at again. */
static enum answer
look_http(struct one_assertion *x)
{
	const char *endpoint = pth_look_endpoint(x->def);
	int64_t want = pth_look_expected_status(x->def), left = x->deadline - x->now;
	struct pth_err e = { 0 };
	char path[256], what[300], held[160];
	unsigned port;
	int r = -1;

	if (pth_http_endpoint(endpoint != NULL ? endpoint : "/", port_of(x), &port, path, &e) != 0)
		return say(x, NO, "%s", e.text);
	if (x->http.fd >= 0 ||
	    begin_http(x, pth_svc_address(x->service->plan), port, path,
	        supervise_earlier(left, ATTEMPT_US), &e) == 0)
		r = pth_http_step(&x->http, x->now, &e);
	snprintf(what, sizeof what, "GET %s at port %u", path, port);
	if (r == 0)
		return say(x, BUSY, "%s: no answer yet", what);
	if (r < 0)
		return say(x, NO, "%s: %s", what, e.text);
	if (want > 0 && r != want)
		return say(x, NO, "%s: status %d, not %lld", what, r, (long long)want);
	if (want <= 0 && (r < 200 || r >= 400))
		return say(x, NO, "%s: status %d", what, r);
	holds(x, false, port, held);
	return say(x, held[0] == '\0' ? YES : NO, "%s: status %d%s%s", what, r,
	    held[0] != '\0' ? ", but " : "", held);
}

/* Without an endpoint: the process lives, and what made it ready still holds. */
static enum answer
look_responsive(struct one_assertion *x)
{
	struct service *s = x->service;
	unsigned port = 0;
	bool udp = false;
	int listens;

	if (PTH_GET(look, x->def, endpoint) != NULL ||
	    PTH_GET(look, x->def, expected_status) != NULL)
		return look_http(x);
	if (!supervise_service_lives(s))
		return look_running(x);
	listens = supervise_ready_listens(&s->ready, &port, &udp);
	if (listens == 0)
		return say(x, NO, "is running, but %s port %u is not %s", udp ? "UDP" : "TCP", port,
		    udp ? "bound" : "listened on");
	if (s->paused)
		return say(x, NO, "is frozen");
	if (!supervise_service_is_ready(s))
		return say(x, NO, "is running, but not ready");
	return say(x, YES, "is running%s", listens > 0 ? " and listens" : ", and was ready");
}

static enum answer
look_port(struct one_assertion *x)
{
	const char *given = pth_look_transport(x->def);
	const json_t *plan = x->service != NULL ? x->service->plan : NULL;
	bool udp = strcmp(given != NULL ? given : pth_svc_transport(plan), "udp") == 0;
	unsigned port = port_of(x);
	char held[160];
	bool open = holds(x, udp, port, held);

	return say(x, open ? YES : NO, "%s port %u is %sopen%s%s", udp ? "UDP" : "TCP", port,
	    open ? "" : "not ", held[0] != '\0' ? ": " : "", held);
}

/* Its file, "" when it names none. */
static const char *
file_of(const struct one_assertion *x)
{
	const char *file = pth_look_file(x->def);

	return file != NULL ? file : "";
}

/* The path of its file, below the directory of the test or the service. */
static const char *
below(const struct one_assertion *x, bool *of_test)
{
	const char *file = file_of(x), *rest = pth_places_below(file, "dir");

	*of_test = x->service == NULL || rest != NULL;
	return rest != NULL ? rest : file;
}

static enum answer
look_file(struct one_assertion *x)
{
	bool of_test;
	const char *path = below(x, &of_test);
	int dirfd = of_test ? x->testdir : x->service->at.dirfd;
	pth_auto_fd fd = pth_open_beneath(dirfd, path, O_PATH | O_CLOEXEC, 0);

	if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
		return say(x, UNKNOWN, "%.200s: cannot be told: %s", file_of(x), strerror(errno));
	return say(
	    x, fd >= 0 ? YES : NO, "%.200s %s", file_of(x), fd >= 0 ? "exists" : "does not exist");
}

/* What is looked for in a log: a text, or an expression. */
static const char *
sought(const json_t *def)
{
	const char *text = pth_look_text(def), *pattern = pth_look_pattern(def);

	return text != NULL ? text : pattern != NULL ? pattern : "";
}

/* Where its output is looked for: path number i, or NULL. */
static const char *
log_name(const struct one_assertion *x, size_t i)
{
	const char *file = pth_look_file(x->def);

	return i == 0 ? (file != NULL ? file : "stdout.log") : file != NULL ? NULL : "stderr.log";
}

static enum answer
look_output(struct one_assertion *x)
{
	const char *doubt = NULL, *name = NULL, *file = pth_look_file(x->def);
	bool behind = false;

	for (size_t i = 0; i < countof(x->logs); i++) {
		if (x->logs[i] == NULL)
			continue;
		if (supervise_log_search_look(x->logs[i]))
			return say(x, YES, "found");
		behind |= supervise_log_search_behind(x->logs[i]);
		if (doubt == NULL && (doubt = supervise_log_search_doubt(x->logs[i])) != NULL)
			name = log_name(x, i);
	}
	if (doubt != NULL)
		return say(x, behind ? BUSY : UNKNOWN, "\"%.200s\": cannot be told: %.100s: %.60s",
		    sought(x->def), name, doubt);
	return say(x, NO, "\"%.200s\" is not in %.100s", sought(x->def),
	    file != NULL ? file : "its output");
}

static bool
code_wanted(const json_t *want, int code)
{
	const json_t *v;
	size_t i;

	if (want == NULL || json_is_integer(want))
		return json_integer_value(want) == code;
	json_array_foreach(want, i, v)
		if (json_is_integer(v) && json_integer_value(v) == code)
			return true;
	return false;
}

static enum answer
look_code(struct one_assertion *x)
{
	const struct service *s = x->service;
	const json_t *want = pth_look_code(x->def);
	bool ok = s->exited && !s->exit.signaled && code_wanted(want, s->exit.code);
	pth_auto_buf b = PTH_BUF_INIT;
	enum answer no = s->end == PTH_END_LOST ? UNKNOWN : NO;
	char how[32];

	pth_buf_adds(&b, ok ? "" : ", wanted: ");
	if (!ok && want != NULL)
		pth_json_dump(&b, want);
	else if (!ok)
		pth_buf_adds(&b, "0");
	return say(x, ok ? YES : no, "%s%.110s", supervise_service_how(s, how), b.s);
}

/* What its container's own supervisor sees. */
static enum answer
look_inside(struct one_assertion *x)
{
	bool ended = x->ask.fd < 0 && !supervise_service_lives(x->service), ok = false;
	json_auto_t *question = x->ask.fd < 0 ? json_pack("{s:O}", "look", x->def) : NULL;
	struct pth_err e;
	int r;

	if (ended && x->kind->look != look_port && PTH_GET(look, x->def, endpoint) == NULL)
		return look_running(x);
	if (x->ask.fd < 0 && supervise_service_ask(x->service, &x->ask, question, &e) != 0)
		return say(x, UNKNOWN, "%s", e.text);
	r = pth_channel_step(&x->ask, &ok, x->text);
	if (r == 0 && x->text[0] == '\0')
		say(x, BUSY, "its container has not answered yet");
	if (r < 0)
		return say(x, UNKNOWN, "its container ended before it answered");
	return r == 0 ? BUSY : ok ? YES : x->ask.unknown ? UNKNOWN : NO;
}

static const struct assertion_kind kinds[] = {
	{ "service_responsive", true, true, look_responsive },
	{ "service_running", true, true, look_running },
	{ "output_contains", true, false, look_output },
	{ "port_open", false, true, look_port },
	{ "file_exists", false, false, look_file },
	{ "exit_code", true, false, look_code },
};

static bool
is_code(const struct one_assertion *x)
{
	return x->kind->look == look_code;
}

/* Text as an expression that finds just that. */
static void
escape(struct pth_buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (strchr("\\^$.[]|()?*+{}", *s) != NULL)
			pth_buf_addc(b, '\\');
		pth_buf_addc(b, *s);
	}
}

void
supervise_assertions_lost(
    struct assertions *a, const struct service *s, const char *path, const char *p, size_t n)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t k = 0; k < countof(a->all[i].logs); k++) {
			const char *name = a->all[i].logs[k] != NULL ? log_name(&a->all[i], k) :
			                                               NULL;

			if (a->all[i].service == s && name != NULL && strcmp(name, path) == 0)
				supervise_log_search_lost(a->all[i].logs[k], p, n);
		}
}

static int
open_logs(struct one_assertion *x, struct pth_err *e)
{
	const char *file = pth_look_file(x->def), *text = pth_look_text(x->def);
	pth_auto_buf re = PTH_BUF_INIT;

	if (text == NULL && pth_look_pattern(x->def) == NULL)
		return pth_err_set(e, PTH_INPUT, "needs text or pattern");
	if (text != NULL && strchr(text, '\n') != NULL)
		return pth_err_set(e, PTH_INPUT, "text: one line is wanted");
	if (file != NULL && !pth_path_inside(file))
		return pth_err_set(e, PTH_INPUT, "file: must be below the service's directory");
	pth_buf_adds(&re, text != NULL ? "" : sought(x->def));
	if (text != NULL)
		escape(&re, text);
	for (size_t i = 0; i < countof(x->logs) && log_name(x, i) != NULL; i++)
		if ((x->logs[i] = supervise_log_search_open(
		         &x->service->at.logs, log_name(x, i), re.s, 0, e)) == NULL)
			return -1;
	return 0;
}

static int
init_one(struct one_assertion *x, const json_t *def, struct service *services, size_t n,
    int testdir, struct pth_err *e)
{
	const char *type = pth_look_type(def), *name = pth_look_service(def);
	const char *endpoint = pth_look_endpoint(def);
	unsigned port;
	char path[256];
	bool of_test;

	*x = (struct one_assertion){
		.def = def, .testdir = testdir, .http.fd = -1, .ask.fd = -1, .look = PTH_NEVER
	};
	for (size_t i = 0; i < countof(kinds); i++)
		if (strcmp(kinds[i].name, type) == 0)
			x->kind = &kinds[i];
	x->services = services;
	x->nservices = n;
	x->service = supervise_service_find(services, n, name);
	x->engine = n > 0 && services[0].at.places->engine;
	if (x->kind == NULL)
		return pth_err_set(e, PTH_INPUT, "unknown type \"%.60s\"", type);
	if (x->service == NULL && name != NULL)
		return pth_err_set(
		    e, PTH_INPUT, "%s: no service \"%.80s\" in this test", type, name);
	if (x->service == NULL && x->kind->needs_service)
		return pth_err_set(e, PTH_INPUT, "%s: it names no service", type);
	if (x->kind->look == look_port && port_of(x) == 0)
		return pth_err_set(e, PTH_INPUT, "port_open: no port");
	if (PTH_GET(look, def, endpoint) != NULL &&
	    pth_http_endpoint(endpoint != NULL ? endpoint : "", port_of(x), &port, path, e) != 0)
		return -1;
	if (x->kind->look == look_file && !pth_path_inside(below(x, &of_test)))
		return pth_err_set(e, PTH_INPUT,
		    "file_exists: the file must be below the directory of the %s",
		    x->service != NULL ? "service" : "test");
	return x->kind->look == look_output ? open_logs(x, e) : 0;
}

int
supervise_assertions_init(struct assertions *a, const json_t *list, struct service *services,
    size_t n, int testdir, struct pth_err *e)
{
	json_t *def;
	size_t i;

	*a = (struct assertions){ 0 };
	if (json_array_size(list) == 0)
		return 0;
	a->all = pth_xarray(NULL, json_array_size(list), sizeof *a->all);
	json_array_foreach(list, i, def)
		if (init_one(&a->all[a->count++], def, services, n, testdir, e) != 0)
			return pth_err_wrap(e, "assertion %zu", i + 1);
	return 0;
}

void
supervise_assertions_release(struct assertions *a)
{
	for (size_t i = 0; i < a->count; i++) {
		pth_http_end(&a->all[i].http);
		pth_channel_end(&a->all[i].ask);
		for (size_t k = 0; k < countof(a->all[i].logs); k++)
			supervise_log_search_close(a->all[i].logs[k]);
	}
	free(a->all);
}

/* One that is still busy has taken too long: of a request that is no; what somebody else has not
 * said or searched by then is not known. */
static void
settle(struct one_assertion *x, enum answer answer)
{
	const char *service = x->service != NULL ? x->service->name : NULL;

	x->settled = true;
	x->answer = answer != BUSY ? answer : x->http.fd >= 0 || x->no ? NO : UNKNOWN;
	x->look = PTH_NEVER;
	pth_http_end(&x->http);
	pth_channel_end(&x->ask);
	if (x->answer == YES)
		pth_event("assertion.passed", TOLD, "type", x->kind->name, "service", service,
		    "text", x->text);
	else if (x->answer == NO)
		pth_event("assertion.failed", TOLD, "type", x->kind->name, "service", service,
		    "text", x->text);
	else
		pth_event("assertion.unknown", TOLD, "type", x->kind->name, "service", service,
		    "text", x->text);
}

void
supervise_assertions_begin(struct assertions *a, int64_t now)
{
	for (struct one_assertion *x = a->all; x < a->all + a->count; x++) {
		int64_t limit = pth_look_timeout(x->def);

		x->timed = limit >= 0;
		if (!x->timed)
			continue;
		x->deadline = now + limit * PTH_SECOND_US;
		x->look = now;
		x->wait = LOOK_FIRST_US;
	}
}

/* Can a later look find anything else? */
static bool
can_change(const struct assertions *a, const struct one_assertion *x, int64_t now, bool more)
{
	const struct service *s = x->service;
	bool over = s != NULL && (s->state == PTH_ST_STOPPED || s->state == PTH_ST_ERROR) &&
	    !s->restarting && !more;

	return !a->last && !over && now < x->deadline;
}

static void
look_at(struct assertions *a, struct one_assertion *x, int64_t now, bool more)
{
	bool inside = x->kind->inside && x->service != NULL &&
	    supervise_service_is_inside(x->service);
	enum answer answer;

	x->now = now;
	answer = inside ? look_inside(x) : x->kind->look(x);
	if (answer != BUSY)
		x->no = answer == NO;
	if (answer == YES) {
		settle(x, YES);
	} else if (answer == BUSY && now < x->deadline) {
		/* The descriptor wakes us; a log is read on at once. */
		x->look = x->http.fd >= 0 ? x->http.deadline : x->ask.fd >= 0 ? x->deadline : now;
	} else if (!can_change(a, x, now, more)) {
		settle(x, answer);
	} else {
		x->look = supervise_earlier(now + x->wait, x->deadline);
		if (x->wait < LOOK_LAST_US)
			x->wait += x->wait / 2;
	}
}

void
supervise_assertions_step(struct assertions *a, int64_t now, bool more)
{
	for (struct one_assertion *x = a->all; x < a->all + a->count; x++)
		if (!x->settled && (now >= x->look || x->http.fd >= 0 || x->ask.fd >= 0))
			look_at(a, x, now, more);
}

bool
supervise_assertions_waiting(const struct assertions *a)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->all[i].timed && !a->all[i].settled)
			return true;
	return false;
}

void
supervise_assertions_last(struct assertions *a, int64_t now)
{
	a->last = true;
	for (struct one_assertion *x = a->all; x < a->all + a->count; x++) {
		if (x->settled || is_code(x))
			continue;
		x->deadline = now + LAST_US;
		x->look = now;
	}
}

bool
supervise_assertions_done(const struct assertions *a)
{
	for (size_t i = 0; i < a->count; i++)
		if (!a->all[i].settled && !is_code(&a->all[i]))
			return false;
	return true;
}

void
supervise_assertions_after(struct assertions *a)
{
	for (struct one_assertion *x = a->all; x < a->all + a->count; x++) {
		if (x->settled)
			continue;
		say(x, UNKNOWN, "not looked at: the run did not get so far");
		settle(x, is_code(x) ? look_code(x) : UNKNOWN);
	}
}

size_t
supervise_assertions_fds(const struct assertions *a, struct pollfd *p, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < a->count && n < max; i++)
		if (a->all[i].http.fd >= 0)
			p[n++] = (struct pollfd){ a->all[i].http.fd,
				pth_http_events(&a->all[i].http), 0 };
		else if (a->all[i].ask.fd >= 0)
			p[n++] = (struct pollfd){ a->all[i].ask.fd, POLLIN, 0 };
	return n;
}

int64_t
supervise_assertions_next(const struct assertions *a)
{
	int64_t t = PTH_NEVER;

	for (size_t i = 0; i < a->count; i++)
		t = supervise_earlier(t, a->all[i].settled ? PTH_NEVER : a->all[i].look);
	return t;
}

enum pth_answer
supervise_assertions_answer(const struct assertions *a, char text[600])
{
	const struct one_assertion *bad = NULL;

	for (const struct one_assertion *x = a->all; x < a->all + a->count; x++)
		if (x->settled && x->answer != YES &&
		    (bad == NULL || (x->answer == NO && bad->answer != NO)))
			bad = x;
	if (bad == NULL)
		return PTH_A_YES;
	snprintf(text, 600, "%s%s%s: %s", bad->kind->name, bad->service != NULL ? " " : "",
	    bad->service != NULL ? bad->service->name : "", bad->text);
	return bad->answer == NO ? PTH_A_NO : PTH_A_UNKNOWN;
}

json_t *
supervise_assertions_result(const struct assertions *a)
{
	json_t *list = a->count > 0 ? json_array() : NULL;

	for (const struct one_assertion *x = a->all; x < a->all + a->count; x++) {
		json_t *o = json_object();

		pth_rlook_set_type(o, pth_look_type(x->def));
		if (x->service != NULL)
			pth_rlook_set_service(o, x->service->name);
		pth_rlook_set_ok(o, x->settled && x->answer == YES);
		if (!x->settled || x->answer == UNKNOWN)
			pth_rlook_set_unknown(o, true);
		pth_rlook_set_text(o, x->text);
		pth_json_push(list, o);
	}
	return list;
}
