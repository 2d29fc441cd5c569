/* Readiness: the kinds of checks, and one check after the other. */
#include "supervise/ready.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "host/sockets.h"
#include "io/file.h"
#include "io/json.h"

#define LIMIT_US (10 * PTH_SECOND_US) /* where the plan says nothing */
#define LOOK_FIRST_US 500
#define LOOK_LAST_US 20000

/* c is one check: {"kind", "timeout_us", ...}. */
struct kind {
	const char *name;
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
	return strcmp(pth_json_str(c, "kind", ""), "udp") == 0;
}

static unsigned
port_of(const json_t *c)
{
	return (unsigned)pth_json_int(c, "port", 0);
}

static bool
look_port(struct ready *r, const json_t *c, int64_t now, struct pth_err *e)
{
	(void)r, (void)now, (void)e;
	return pth_sockets_bound(is_udp(c), port_of(c));
}

static bool
look_file(struct ready *r, const json_t *c, int64_t now, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;

	(void)now, (void)e;
	pth_places_expand(r->at->places, pth_json_str(c, "path", ""), &b);
	return faccessat(r->at->dirfd, b.s, F_OK, 0) == 0;
}

static void
forget_file(struct ready *r, const json_t *c)
{
	if (pth_path_inside(pth_json_str(c, "path", "")))
		unlinkat(r->at->dirfd, pth_json_str(c, "path", ""), 0);
}

static const char *
log_of(const json_t *c)
{
	return pth_json_str(c, "file", "stdout.log");
}

static bool
look_log(struct ready *r, const json_t *c, int64_t now, struct pth_err *e)
{
	(void)now;
	if (r->log == NULL)
		r->log = supervise_log_search_open(r->at->dirfd, log_of(c),
		    pth_json_str(c, "matches", ""), pth_json_int(r->old_logs, log_of(c), 0), e);
	if (r->log == NULL || !supervise_log_search_look(r->log))
		return false;
	supervise_log_search_close(pth_take(&r->log));
	return true;
}

static void
forget_log(struct ready *r, const json_t *c)
{
	struct stat st;

	if (fstatat(r->at->dirfd, log_of(c), &st, 0) == 0)
		pth_json_set(r->old_logs, log_of(c), json_integer(st.st_size));
}

/* Its end is the answer, supervise_ready_reap(). */
static bool
look_command(struct ready *r, const json_t *c, int64_t now, struct pth_err *e)
{
	int err_no;
	pid_t pid;

	(void)now;
	if (r->pid == 0 && (pid = supervise_command_start(r->at, c, -1, -1, &err_no, e)) > 0)
		r->pid = pid;
	return false;
}

static bool
look_delay(struct ready *r, const json_t *c, int64_t now, struct pth_err *e)
{
	(void)e;
	return now - r->since >= pth_json_int(c, "us", 0);
}

static const struct kind kinds[] = {
	{ "udp", look_port, NULL, "did not bind UDP port ", "port", "" },
	{ "tcp", look_port, NULL, "did not listen on TCP port ", "port", "" },
	{ "file", look_file, forget_file, "did not make the file ", "path", "" },
	{ "log", look_log, forget_log, "did not log /", "matches", "/" },
	{ "command", look_command, NULL, "its readiness check (command) did not succeed", NULL,
	    "" },
	{ "delay", look_delay, NULL, NULL, NULL, NULL },
};

static const struct kind *
kind_of(const json_t *c)
{
	const char *name = pth_json_str(c, "kind", "");

	for (size_t i = 0; i < countof(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

/* The check that is waited for, or NULL. */
static const json_t *
current(const struct ready *r)
{
	return json_array_get(r->list, r->index);
}

static int64_t
limit_of(const json_t *c)
{
	return pth_json_int(c, "timeout_us", LIMIT_US);
}

static int64_t
deadline(const struct ready *r)
{
	const json_t *c = current(r);
	const struct kind *k = kind_of(c);

	return k != NULL && k->missing != NULL ? r->since + limit_of(c) : PTH_NEVER;
}

void
supervise_ready_init(struct ready *r, const json_t *list, const struct surroundings *at)
{
	*r = (struct ready){ .list = list, .at = at };
}

void
supervise_ready_release(struct ready *r)
{
	supervise_log_search_close(pth_take(&r->log));
	json_decref(r->old_logs);
}

/* Wait for the check at index. */
static void
wait_for(struct ready *r, size_t index, int64_t now)
{
	r->index = index;
	r->since = r->look = now;
	r->wait = LOOK_FIRST_US;
	r->how[0] = '\0';
}

void
supervise_ready_begin(struct ready *r, int64_t now)
{
	wait_for(r, 0, now);
}

/* In words, what is missing now that it is too late. */
static void
tell_late(const struct ready *r, const json_t *c, struct pth_err *e)
{
	const struct kind *k = kind_of(c);
	const json_t *v = k->key != NULL ? json_object_get(c, k->key) : NULL;
	pth_auto_buf b = PTH_BUF_INIT;
	char line[500];
	const char *last = supervise_command_last_line(
	    r->at->dirfd, "stderr.log", "stdout.log", line, sizeof line);

	pth_buf_adds(&b, k->missing);
	if (json_is_integer(v))
		pth_buf_addf(&b, "%lld", (long long)json_integer_value(v));
	else if (json_is_string(v))
		pth_buf_addf(&b, "%.100s", json_string_value(v));
	pth_buf_addf(&b, "%s within ", k->rest);
	pth_duration_show(&b, limit_of(c));
	if (r->how[0] != '\0' || r->pid > 0)
		pth_buf_addf(&b, ": %s", r->how[0] != '\0' ? r->how : "it still ran");
	pth_err_set(e, PTH_INPUT, "%s%s", b.s, line);
	e->category = pth_category_log(last, PTH_CAT_NONE);
}

enum readiness
supervise_ready_step(struct ready *r, int64_t now, struct pth_err *e)
{
	while (now >= supervise_ready_next(r)) {
		const json_t *c = current(r);
		const struct kind *k = kind_of(c);

		e->text[0] = '\0';
		if (c == NULL)
			return PTH_IS_READY;
		if (k == NULL)
			pth_err_set(e, PTH_INPUT, "unknown readiness check \"%.60s\"",
			    pth_json_str(c, "kind", ""));
		else if (k->look(r, c, now, e)) {
			wait_for(r, r->index + 1, now);
			continue;
		}
		if (e->text[0] == '\0' && now >= deadline(r))
			tell_late(r, c, e);
		if (e->text[0] != '\0')
			return PTH_NOT_READY;
		r->look = now + r->wait;
		if (r->wait < LOOK_LAST_US)
			r->wait += r->wait / 4;
	}
	return PTH_NOT_YET;
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
	json_decref(r->old_logs);
	r->old_logs = json_object();
	json_array_foreach(r->list, i, c) {
		const struct kind *k = kind_of(c);

		if (k != NULL && k->forget != NULL)
			k->forget(r, c);
	}
	supervise_log_search_close(pth_take(&r->log));
	r->index = 0;
}

void
supervise_ready_cut(struct ready *r, const char *path, int64_t keep)
{
	if (r->log != NULL && strcmp(log_of(current(r)), path) == 0)
		supervise_log_search_cut(r->log, keep);
	if (pth_json_int(r->old_logs, path, 0) > keep)
		pth_json_set(r->old_logs, path, json_integer(keep));
}

int
supervise_ready_listens(const struct ready *r, unsigned *port, bool *udp)
{
	json_t *c;
	size_t i;
	int all = -1;

	json_array_foreach(r->list, i, c) {
		const struct kind *k = kind_of(c);

		if (k == NULL || k->look != look_port)
			continue;
		all = 1;
		if (pth_sockets_bound(is_udp(c), port_of(c)))
			continue;
		*port = port_of(c);
		*udp = is_udp(c);
		return 0;
	}
	return all;
}
