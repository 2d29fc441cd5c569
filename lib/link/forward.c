/* This file moves frames between the ends of a link when the model says so. */
#include "link/forward.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/event.h"
#include "io/json.h"

#define S_NS 1000000000
#define QUIET_NS 10000000 /* without a frame, so that none is still to come */
#define BUSY_NS 1000000   /* in that time so many frames are many: */
#define BUSY_FRAMES 25
#define TOGETHER_NS 50000 /* how long they may wait for each other */
#define SPIN_NS 60000     /* about what it takes to be woken */
#define SPIN_SHARE 50
#define SPIN_MOST 5000000
#define SLICE_NS 100000            /* the shortest that there is */
#define RESET_ON_FORK 1            /* <linux/sched.h>, which <sched.h> does not go with */
#define AT_ONCE 64                 /* frames of an end before others have their turn */
#define LINE_MAX ((size_t)1 << 20) /* bytes of a line of changes */

static int64_t
clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * S_NS + t.tv_nsec;
}

static void
set_now(struct link_forward *f)
{
	f->now = clock_ns(CLOCK_MONOTONIC) - f->zero_mono;
}

/* The model says what has become of a packet. */
static void
out(void *arg, struct pth_link_packet *p)
{
	struct link_forward *f = arg;
	struct link_port *to = &f->port[1 - p->direction];

	link_log_packet(&f->log, p, f->now > p->departure ? f->now - p->departure : 0);
	if (f->record != NULL)
		link_record_fate(f->record, p);
	if (p->why != PTH_LINK_PASSES)
		return;
	link_keep(f->link);
	to->batch[to->n++] = p;
	if (to->n == LINK_BATCH)
		link_port_flush(to, f->link);
}

/* --- what changes at its time --- */

static bool
out_at(const struct link_forward *f, int64_t t)
{
	for (size_t i = 0; i < f->config->downs; i++)
		if (t >= f->config->down[i].from && t < f->config->down[i].to)
			return true;
	return false;
}

/* The next begin or end of an outage after a time. */
static int64_t
next_outage(const struct link_forward *f, int64_t after)
{
	int64_t t = INT64_MAX;

	for (size_t i = 0; i < f->config->downs; i++) {
		const struct pth_link_span *s = &f->config->down[i];

		if (s->from > after && s->from < t)
			t = s->from;
		if (s->to > after && s->to < t)
			t = s->to;
	}
	return t;
}

static int64_t
next_step(const struct link_forward *f)
{
	return f->step < f->config->steps ? f->config->step[f->step].at : INT64_MAX;
}

static void
set_plug(struct link_forward *f, int64_t t)
{
	bool is = out_at(f, t);

	if (is == f->out)
		return;
	link_unplug(f->link, is, t);
	for (size_t i = 0; i < 2; i++)
		link_port_flush(&f->port[i], f->link);
	if (is)
		f->drops = link_world_drops(f->world);
	if (link_world_plug(f->world, !is) != 0)
		pth_warn("link %s:", is ? "down" : "up");
	if (!is)
		f->excused += link_world_drops(f->world) - f->drops;
	f->out = is;
	link_log_change(&f->log, t, "link_down", is ? "true" : "false", NULL);
}

/* Conditions that were changed become those of the link. False with e: they do not go together,
 * and what was before stays. */
static bool
adopt(struct link_forward *f, struct pth_link_conditions now[2], struct pth_err *e)
{
	for (unsigned w = 0; w < PTH_LINK_DIRECTIONS; w++)
		if (pth_link_conditions_check(&now[w], e) != 0)
			return false;
	for (unsigned w = 0; w < PTH_LINK_DIRECTIONS; w++) {
		struct pth_link_conditions before = f->config->way[w];

		f->config->way[w] = now[w];
		now[w] = before;
		link_set(f->link, w, &f->config->way[w]);
	}
	return true;
}

/* What the next step does to a direction. False with e. */
static bool
take_step(
    const struct link_forward *f, unsigned way, struct pth_link_conditions *now, struct pth_err *e)
{
	const struct pth_link_step *s = &f->config->step[f->step];

	if ((s->ways & 1u << way) == 0)
		return true;
	if (pth_link_conditions_set(now, s->key, s->value, e) != 0)
		return false;
	if (strcmp(s->key, "blackhole") == 0)
		pth_link_conditions_shift(now, f->origin);
	return true;
}

/* All steps of one time. */
static void
take_steps(struct link_forward *f, int64_t at)
{
	struct pth_link_conditions now[PTH_LINK_DIRECTIONS];
	size_t first = f->step;
	struct pth_err e = { .text = "" };
	bool good = true;

	link_run(f->link, at);
	for (unsigned w = 0; w < PTH_LINK_DIRECTIONS; w++)
		pth_link_conditions_copy(&now[w], &f->config->way[w]);
	for (; f->step < f->config->steps && f->config->step[f->step].at == at; f->step++)
		for (unsigned w = 0; w < PTH_LINK_DIRECTIONS; w++)
			good = take_step(f, w, &now[w], &e) && good;
	good = good && adopt(f, now, &e);
	for (size_t i = first; i < f->step; i++)
		link_log_change(&f->log, at, f->config->step[i].key, f->config->step[i].value,
		    good ? NULL : e.text);
	if (!good)
		pth_warn("step at %lld ms: %s", (long long)(at / 1000000), e.text);
	for (unsigned w = 0; w < PTH_LINK_DIRECTIONS; w++)
		pth_link_conditions_release(&now[w]);
}

/* Whatever had to be done before a packet of that time. */
static void
until(struct link_forward *f, int64_t t)
{
	for (;;) {
		int64_t step = next_step(f), outage = next_outage(f, f->seen);
		int64_t at = step < outage ? step : outage;

		if (at > t)
			break;
		at = at > f->seen ? at : f->seen;
		f->seen = at;
		if (step <= at)
			take_steps(f, next_step(f));
		set_plug(f, at);
	}
	f->seen = t > f->seen ? t : f->seen;
}

/* --- changes from outside, a line each --- */

static void
answer(struct link_forward *f, const char *error)
{
	json_auto_t *o = json_object();
	pth_auto_buf b = PTH_BUF_INIT;

	if (error != NULL)
		pth_warn("changes:%u:%s", f->lines, error);
	if (f->answers < 0)
		return;
	pth_json_set(o, "state", json_string(error == NULL ? "changed" : "refused"));
	if (error != NULL)
		pth_json_set(o, "error", pth_json_string(error));
	pth_json_dump(&b, o);
	pth_buf_addc(&b, '\n');
	if (pth_write_all(f->answers, b.s, b.len) != 0)
		f->answers = -1;
}

/* A line of configuration: it counts from now on, or from the times it names. */
static void
take_line(struct link_forward *f, const char *s, size_t n)
{
	struct pth_link_config c;
	struct pth_diags d;
	struct pth_err e;
	pth_auto_buf b = PTH_BUF_INIT;
	int64_t origin;

	pth_diags_init(&d, "changes");
	pth_link_config_init(&c);
	for (unsigned w = 0; w < PTH_LINK_DIRECTIONS; w++)
		pth_link_conditions_copy(&c.way[w], &f->config->way[w]);
	c.seed = f->config->seed;
	pth_link_config_read(&c, s, n, &d);
	origin = c.begin ? f->now : f->origin;
	pth_link_config_shift(&c, origin);
	if (d.errors > 0)
		pth_buf_addf(&b, "%u: %s", d.v[0].col, d.v[0].text);
	else if (c.seed != f->config->seed)
		pth_buf_adds(&b, "1: the seed cannot change while the link runs");
	else if (!adopt(f, c.way, &e))
		pth_buf_addf(&b, "1: %s", e.text);
	if (b.len == 0) {
		f->origin = origin;
		for (size_t i = 0; i < c.rebinds; i++)
			link_rebind(f->link, &c.rebind[i]);
		for (size_t i = 0; i < c.steps; i++) /* what is over is done now */
			c.step[i].at = c.step[i].at > f->seen ? c.step[i].at : f->seen;
		pth_link_config_add(f->config, &c);
		set_plug(f, f->seen > f->now ? f->seen : f->now);
	}
	link_log_change(&f->log, f->now, "line", s, b.len > 0 ? b.s : NULL);
	answer(f, b.len > 0 ? b.s : NULL);
	pth_link_config_release(&c);
	pth_diags_release(&d);
}

static void
read_changes(struct link_forward *f)
{
	ssize_t n = read(f->changes, pth_buf_room(&f->line, 4096), 4096);
	char *end;

	set_now(f);
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			f->changes = -1; /* nobody is there any more */
		return;
	}
	f->line.len += (size_t)n;
	f->line.s[f->line.len] = '\0';
	while ((end = memchr(f->line.s, '\n', f->line.len)) != NULL) {
		size_t len = (size_t)(end - f->line.s);

		*end = '\0';
		f->lines++;
		if (len > 0)
			take_line(f, f->line.s, len);
		memmove(f->line.s, end + 1, f->line.len - len);
		f->line.len -= len + 1;
	}
	if (f->line.len > LINE_MAX) {
		answer(f, "1: a line is longer than 1 MiB: no more of them are read");
		f->changes = -1;
	}
}

/* --- the loop --- */

/* Offers the older of the first frames of both rings. False: there is none. */
static bool
take_frame(struct link_forward *f, int64_t real_to_link)
{
	const void *frame[2];
	int64_t real[2] = { INT64_MAX, INT64_MAX }, t;
	size_t n[2];
	unsigned i;

	for (i = 0; i < 2; i++)
		frame[i] = link_port_peek(&f->port[i], &n[i], &real[i]);
	if (frame[0] == NULL && frame[1] == NULL)
		return false;
	i = frame[0] == NULL || (frame[1] != NULL && real[1] < real[0]);
	/* The time of its arrival, but neither before what has been done nor in the future. */
	t = real[i] + real_to_link;
	t = t > f->now ? f->now : t;
	t = t < f->seen ? f->seen : t;
	until(f, t);
	if (f->record != NULL)
		link_record_offer(f->record, i, frame[i], n[i], t);
	f->quiet = f->now;
	link_offer(f->link, i, frame[i], n[i], t);
	link_port_done(&f->port[i]);
	return true;
}

/* Are there so many that each alone would cost more than to be a bit late? */
static void
count_frames(struct link_forward *f, int n)
{
	f->frames += (unsigned)n;
	f->full = n == AT_ONCE;
	f->turned = f->now;
	if (f->now - f->frames_since >= BUSY_NS) {
		f->busy = f->frames >= BUSY_FRAMES;
		f->frames = 0;
		f->frames_since = f->now;
	}
}

static void
turn(struct link_forward *f)
{
	int64_t real_to_link;

	int n = 0;

	set_now(f);
	real_to_link = f->now - clock_ns(CLOCK_REALTIME);
	while (n < AT_ONCE && take_frame(f, real_to_link))
		n++;
	set_now(f);
	count_frames(f, n);
	until(f, f->now);
	link_run(f->link, f->now);
	for (unsigned i = 0; i < 2; i++)
		if (f->port[i].n > 0)
			link_port_flush(&f->port[i], f->link);
}

static bool
waiting(struct link_forward *f)
{
	int64_t real;
	size_t n;

	return link_port_peek(&f->port[0], &n, &real) != NULL ||
	    link_port_peek(&f->port[1], &n, &real) != NULL;
}

/* When something is to be done that has a time. */
static int64_t
next_time(const struct link_forward *f)
{
	int64_t t = link_next(f->link), step = next_step(f), outage = next_outage(f, f->seen);

	t = step < t ? step : t;
	t = outage < t ? outage : t;
	t = f->wake < t ? f->wake : t;
	return f->draining && f->quiet + QUIET_NS < t ? f->quiet + QUIET_NS : t;
}

/* How long we may stay awake to be in time: a small share of all time, so that many links do not
 * take the processors from those whom they serve. */
static int64_t
awake(struct link_forward *f)
{
	f->spin += (f->now - f->spun) / SPIN_SHARE;
	f->spun = f->now;
	f->spin = f->spin < SPIN_MOST ? f->spin : SPIN_MOST;
	return f->spin > SPIN_NS ? SPIN_NS : 0;
}

/* The last microseconds before a time. */
static void
stay_awake(struct link_forward *f, int64_t until)
{
	int64_t begin;

	set_now(f);
	if (until - f->now > SPIN_NS)
		return;
	for (begin = f->now; f->now < until && !waiting(f);)
		set_now(f);
	f->spin -= f->now - begin;
}

/* Sleeps until something is to be done; what of the others has come. */
static bool
sleep_until_next(struct link_forward *f)
{
	struct pollfd v[] = { { .fd = f->port[0].fd, .events = POLLIN },
		{ .fd = f->port[1].fd, .events = POLLIN }, { .fd = f->watch, .events = POLLIN },
		{ .fd = f->changes, .events = POLLIN } };
	int64_t until = next_time(f), t, early = 0;
	struct timespec ts;
	socklen_t len = sizeof(int);
	int error, n;

	set_now(f);
	if (f->busy && !f->full) { /* together with what comes meanwhile */
		v[0].fd = v[1].fd = -1;
		t = f->turned + TOGETHER_NS - f->now;
		until = 0;
		t = t > 0 ? t : 0;
	} else {
		early = awake(f);
		t = waiting(f) || until <= f->now + early ? 0 : until - f->now - early;
	}
	ts = (struct timespec){ t / S_NS, t % S_NS };
	if (t > S_NS / 1000) /* there is time */
		link_log_flush(&f->log);
	n = ppoll(v, countof(v), until == INT64_MAX && t != 0 ? NULL : &ts, NULL);
	if (n == 0 && early > 0)
		stay_awake(f, until);
	if (n <= 0)
		return false;
	for (size_t i = 0; i < 2; i++) /* the interface was down: no frame comes of that */
		if ((v[i].revents & POLLERR) != 0)
			getsockopt(v[i].fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (v[3].revents != 0)
		read_changes(f);
	return v[2].revents != 0;
}

/* Has nothing been under way for a while? */
static bool
drained(struct link_forward *f)
{
	if (!f->draining)
		return false;
	if (waiting(f) || link_next(f->link) != INT64_MAX)
		f->quiet = f->now;
	f->drained = f->now - f->quiet >= QUIET_NS;
	return f->drained;
}

/* What sched_setattr(2) takes; glibc has no name for it yet. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/* We are woken at the very time, and before others: we work for a few microseconds. Who is allowed
 * to does it in real time (sched(7)), of which the kernel leaves a share to all others; else a
 * short slice makes Linux 6.12 and later see it. Where nothing of this is allowed or there,
 * packets are a bit later. Programs that we start have none of it. */
static void
be_prompt(void)
{
	struct attributes a = {
		.size = sizeof a, .policy = SCHED_FIFO, .flags = RESET_ON_FORK, .priority = 1
	};

	prctl(PR_SET_TIMERSLACK, 1);
	if (syscall(SYS_sched_setattr, 0, &a, 0) == 0)
		return;
	setpriority(PRIO_PROCESS, 0, -20);
	a = (struct attributes){ .size = sizeof a,
		.flags = RESET_ON_FORK,
		.nice = getpriority(PRIO_PROCESS, 0),
		.runtime = SLICE_NS };
	syscall(SYS_sched_setattr, 0, &a, 0);
}

void
link_forward_run(struct link_forward *f)
{
	be_prompt();
	for (;;) {
		bool event = sleep_until_next(f);

		turn(f);
		if ((drained(f) || event || f->now >= f->wake) && !f->event(f->arg))
			return;
	}
}

int
link_forward_open(
    struct link_forward *f, const char *log, const char *const *captures, struct pth_err *e)
{
	const char *interfaces[2];

	f->port[0].fd = f->port[1].fd = f->log.fd = -1;
	for (unsigned i = 0; i < 2; i++) {
		if (link_port_open(&f->port[i], f->world->end[i].here, e) != 0)
			return -1;
		interfaces[i] = f->world->end[i].interface;
	}
	f->zero_mono = clock_ns(CLOCK_MONOTONIC);
	f->zero_real = clock_ns(CLOCK_REALTIME);
	if (link_log_open(&f->log, log, e) != 0)
		return -1;
	if (captures != NULL &&
	    (f->record = link_record_open(captures, interfaces, f->zero_real, f->capture_max, e)) ==
	        NULL)
		return -1;
	link_log_begin(&f->log, f->config, f->zero_real);
	f->link = link_new(f->config->seed, out, f);
	for (unsigned w = 0; w < PTH_LINK_DIRECTIONS; w++)
		link_set(f->link, w, &f->config->way[w]);
	for (size_t i = 0; i < f->config->rebinds; i++)
		link_rebind(f->link, &f->config->rebind[i]);
	f->seen = -1; /* steps at 0 come first */
	until(f, 0);
	return 0;
}

void
link_forward_excuse(struct link_forward *f)
{
	for (unsigned i = 0; i < 2; i++) {
		link_port_lost(&f->port[i]); /* the kernel counts anew */
		f->port[i].refused = f->port[i].absent = 0;
	}
	f->excused = f->out ? f->drops : link_world_drops(f->world);
}

int
link_forward_close(struct link_forward *f, struct pth_err *e)
{
	uint64_t lost = 0, refused = 0, absent = 0;
	int r = 0;

	set_now(f);
	if (f->link != NULL)
		link_end(f->link, f->now);
	for (unsigned i = 0; i < 2; i++)
		if (f->port[i].fd >= 0) {
			lost += link_port_lost(&f->port[i]);
			refused += f->port[i].refused;
			absent += f->port[i].absent;
		}
	lost += (f->out ? f->drops : link_world_drops(f->world)) - f->excused;
	lost -= absent < lost ? absent : lost; /* the kernel has counted them, too */
	if (f->record != NULL && link_record_close(f->record, lost, f->packets, f->omitted, e) != 0)
		r = -1;
	f->lost = lost;
	f->refused = refused;
	if (link_log_end(&f->log, f->now, lost, refused, e) != 0)
		r = -1;
	if (r == 0 && lost + refused > 0)
		pth_warn(
		    "%llu packets were lost that no condition has dropped: this machine is too "
		    "slow for them",
		    (unsigned long long)(lost + refused));
	for (unsigned i = 0; i < 2; i++)
		link_port_close(&f->port[i]);
	link_free(f->link);
	pth_buf_release(&f->line);
	return r;
}
