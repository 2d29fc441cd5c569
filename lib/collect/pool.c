/* This file works on several records at once, each in a forked child. */
#include "collect/pool.h"

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
#include "base/os.h"
#include "host/proc.h"

#define WAITING_PER_CHILD 8 /* finished records kept while the first is slow */

void
pth_pool_init(struct pth_pool *p, size_t max, pth_pool_work *work, void *arg)
{
	*p = (struct pth_pool){ .work = work, .arg = arg, .max = max };
	p->cap = max * WAITING_PER_CHILD;
	p->jobs = pth_xarray(NULL, p->cap, sizeof *p->jobs);
}

static struct pth_pool_job *
job(const struct pth_pool *p, size_t i)
{
	return &p->jobs[(p->first + i) % p->cap];
}

bool
pth_pool_room(const struct pth_pool *p)
{
	return p->n < p->cap && p->running < p->max;
}

bool
pth_pool_empty(const struct pth_pool *p)
{
	return p->n == 0;
}

/* The child: work, answer, go. _exit: the parent's buffers are not ours. */
static void
child(struct pth_pool *p, json_t *rec, int fd, pid_t parent)
{
	struct pth_buf b = PTH_BUF_INIT;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	p->work(rec, p->arg);
	pth_json_dump(&b, rec);
	_exit(pth_write_all(fd, b.s, b.len) == 0 ? 0 : 1);
}

void
pth_pool_add(struct pth_pool *p, json_t *rec, bool work)
{
	struct pth_pool_job *j = job(p, p->n);
	pid_t parent = getpid();
	pth_auto_pipe pipe = PTH_PIPE_INIT;

	*j = (struct pth_pool_job){ .rec = rec, .fd = -1 };
	p->n++;
	if (!work)
		return;
	j->pid = pth_pipe_open(&pipe) == 0 ? fork() : -1;
	if (j->pid == 0)
		child(p, rec, pipe.to, parent);
	if (j->pid < 0) {
		/* Processes or descriptors are short: then here, without a net below. */
		j->pid = 0;
		p->work(rec, p->arg);
		return;
	}
	j->fd = pth_take_fd(&pipe.from);
	p->running++;
}

static void
ended(struct pth_pool *p, struct pth_pool_job *j)
{
	struct pth_exit x;
	char sig[16];
	int status = 0;
	struct pth_buf b = PTH_BUF_INIT;

	while (waitpid(j->pid, &status, 0) < 0 && errno == EINTR)
		;
	x = pth_exit_of(status, NULL);
	if (x.signaled)
		pth_buf_addf(
		    &b, "collecting it was killed by SIG%s", pth_signal_name(x.signal, sig));
	else if (x.code != 0)
		pth_buf_addf(&b, "collecting it ended with exit code %d", x.code);
	j->failed = b.len > 0 ? pth_buf_take(&b) : NULL;
	pth_close(&j->fd);
	j->pid = 0;
	p->running--;
}

static void
receive(struct pth_pool *p, struct pth_pool_job *j)
{
	ssize_t n = read(j->fd, pth_buf_room(&j->out, 65536), 65536);

	if (n > 0)
		j->out.len += (size_t)n;
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		ended(p, j);
}

bool
pth_pool_wait(struct pth_pool *p, int fd)
{
	size_t n = p->n;
	pth_auto_free struct pollfd *v = pth_xarray(NULL, n + 1, sizeof *v);

	for (size_t i = 0; i < n; i++)
		v[i] = (struct pollfd){ job(p, i)->fd, POLLIN, 0 };
	v[n] = (struct pollfd){ fd, POLLIN, 0 };
	if (poll(v, n + 1, -1) <= 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (v[i].revents != 0)
			receive(p, job(p, i));
	return v[n].revents != 0;
}

json_t *
pth_pool_take(struct pth_pool *p, char **failed)
{
	struct pth_pool_job *j = job(p, 0);
	json_t *answer = NULL, *rec;
	struct pth_err e;

	*failed = NULL;
	if (p->n == 0 || j->pid != 0)
		return NULL;
	rec = j->rec;
	if (j->failed == NULL && j->out.len > 0) {
		answer = pth_json_parse(j->out.s, j->out.len, &e);
		if (answer == NULL)
			j->failed = pth_xstrdup(e.text);
	}
	if (answer != NULL) {
		json_decref(rec);
		rec = answer;
	}
	*failed = j->failed;
	pth_buf_release(&j->out);
	p->first = (p->first + 1) % p->cap;
	p->n--;
	return rec;
}

void
pth_pool_release(struct pth_pool *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct pth_pool_job *j = job(p, i);

		if (j->pid > 0) {
			kill(j->pid, SIGKILL);
			ended(p, j);
		}
		json_decref(j->rec);
		free(j->failed);
		pth_buf_release(&j->out);
	}
	free(p->jobs);
	*p = (struct pth_pool){ 0 };
}
