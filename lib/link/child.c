/* This file has links that are children of the process that made their namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "host/ns.h"
#include "io/json.h"
#include "link/rtnl.h"
#include "link/run.h"

#define LINE_MAX ((size_t)1 << 20)

/* In the child, which ends with this. */
static void
live(const struct pth_link_run *given, int changes, int answers)
{
	struct pth_link_run r = *given;
	json_auto_t *o = NULL;
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e;
	int code = 0;

	prctl(PR_SET_NAME, "pth-link", 0, 0, 0);
	r.changes = changes;
	r.answers = answers;
	if (pth_link_run(&r, &code, &e) != 0) {
		o = json_pack("{s:s,s:o}", "state", "failed", "error", pth_json_string(e.text));
		pth_json_dump(&b, o);
		pth_buf_addc(&b, '\n');
		(void)!pth_write_all(answers, b.s, b.len);
		code = e.code;
	}
	_exit(code);
}

int
pth_link_start(const struct pth_link_run *r, struct pth_link_child *c, struct pth_err *e)
{
	pth_auto_pipe changes = PTH_PIPE_INIT, answers = PTH_PIPE_INIT;
	pid_t parent = getpid();

	*c = (struct pth_link_child){ .changes = -1, .answers = -1, .in = PTH_BUF_INIT };
	if (pth_pipe_open(&changes) != 0 || pth_pipe_open(&answers) != 0 || (c->pid = fork()) < 0) {
		c->pid = 0;
		return pth_err_set(e, PTH_SYSTEM, "link:");
	}
	if (c->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pth_close(&changes.to);
		pth_close(&answers.from);
		if (getppid() == parent)
			live(r, changes.from, answers.to);
		_exit(127);
	}
	fcntl(answers.from, F_SETFL, O_NONBLOCK);
	c->changes = pth_take_fd(&changes.to);
	c->answers = pth_take_fd(&answers.from);
	return 0;
}

json_t *
pth_link_answer(struct pth_link_child *c, bool *over)
{
	char *end;
	json_t *o;
	ssize_t n;
	size_t len;

	*over = false;
	while (c->in.len == 0 || (end = memchr(c->in.s, '\n', c->in.len)) == NULL) {
		n = read(c->answers, pth_buf_room(&c->in, 4096), 4096);
		if (n < 0 && errno == EINTR)
			continue;
		*over = n == 0 || (n < 0 && errno != EAGAIN) || c->in.len > LINE_MAX;
		if (n <= 0 || *over)
			return NULL;
		c->in.len += (size_t)n;
	}
	len = (size_t)(end - c->in.s);
	o = json_loadb(c->in.s, len, 0, NULL);
	memmove(c->in.s, end + 1, c->in.len - len - 1);
	c->in.len -= len + 1;
	return o != NULL ? o : json_object();
}

static int
make_route(const struct pth_link_way *w)
{
	struct link_address gate = { 0 };
	struct link_route r = { .interface = w->interface,
		.via = *w->via != '\0' ? &gate : NULL,
		.table = w->table,
		.metric = w->metric };
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "%s/%d", w->via, strchr(w->via, ':') != NULL ? 128 : 32);
	if (link_address_parse(w->to, &r.to) == 0 &&
	    (r.via == NULL || link_address_parse(b.s, &gate) == 0))
		return link_rtnl_route(&r);
	errno = EINVAL;
	return -1;
}

static int
make_rule(const char *from, uint32_t table, uint32_t priority)
{
	struct link_address a;
	bool six = strchr(from, ':') != NULL, all = strcmp(from, six ? "::/0" : "0.0.0.0/0") == 0;

	if (all || link_address_parse(from, &a) == 0)
		return link_rtnl_rule(six ? AF_INET6 : AF_INET, all ? NULL : &a, table, priority);
	errno = EINVAL;
	return -1;
}

int
pth_link_route(const struct pth_link_way *w, struct pth_err *e)
{
	return make_route(w) == 0 ?
	    0 :
	    pth_err_set(e, PTH_SYSTEM, "the way to %s by %s:", w->to, w->interface);
}

int
pth_link_rule(const char *from, uint32_t table, uint32_t priority, struct pth_err *e)
{
	return make_rule(from, table, priority) == 0 ?
	    0 :
	    pth_err_set(e, PTH_SYSTEM, "routes by source (IP_MULTIPLE_TABLES) of %s:", from);
}

void
pth_link_forget(struct pth_link_child *c)
{
	pth_close(&c->changes);
	pth_close(&c->answers);
	pth_buf_release(&c->in);
}
