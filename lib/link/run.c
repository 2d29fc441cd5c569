/* This file runs what is at the ends of a link, and ends it with them. */
#include "link/run_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "host/ns.h"
#include "host/proc.h"
#include "host/sig.h"
#include "io/event.h"
#include "io/json.h"
#include "link/forward.h"
#include "link/tc.h"

#define READY_US (10 * PTH_SECOND_US) /* for the peer's port */
#define DRAIN_NS 1000000000           /* for what is under way when the command has ended */
#define GRACE_NS 2000000000           /* for the peer to end */

enum stage { RUNNING, DRAINING, ENDING };

struct life {
	const struct pth_link_run *r;
	struct link_world world;
	struct link_forward f;
	int sig;
	enum stage stage;
	pid_t command, peer; /* 0: it does not run */
	int code;            /* of the command */
};

/* --- the ends --- */

/* Benchmarking networks, RFC 2544 and RFC 5180: they are nobody's. */
static const char *const addresses[2][2] = { { "198.18.0.1/24", "2001:2::1/64" },
	{ "198.18.0.2/24", "2001:2::2/64" } };

static int
take_addresses(
    struct link_end *end, const struct pth_strv *list, const char *const ours[2], struct pth_err *e)
{
	size_t n = list != NULL && list->n > 0 ? list->n : 2;

	if (n > LINK_ADDRESSES)
		return pth_err_set(e, PTH_INPUT, "more than %d addresses", LINK_ADDRESSES);
	for (size_t i = 0; i < n; i++) {
		const char *s = list != NULL && list->n > 0 ? list->v[i] : ours[i];

		if (link_address_parse(s, &end->address[i]) != 0)
			return pth_err_set(e, PTH_INPUT,
			    "expected an address and its prefix as 198.18.0.1/24, not '%.60s'", s);
	}
	end->addresses = n;
	return 0;
}

/* Are the first bits of two addresses the same? */
static bool
same_bits(const struct link_address *a, const struct link_address *b, unsigned bits)
{
	unsigned bytes = bits / 8, mask = 0xff00u >> bits % 8 & 0xff;

	return a->family == b->family && memcmp(a->bytes, b->bytes, bytes) == 0 &&
	    (mask == 0 || ((a->bytes[bytes] ^ b->bytes[bytes]) & mask) == 0);
}

/* Each address of an end has to be another one than, and in one network with, one of the other
 * end. */
static int
check_addresses(const struct link_end *us, const struct link_end *other, struct pth_err *e)
{
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < us->addresses; i++) {
		const struct link_address *a = &us->address[i];
		bool near = false;

		inet_ntop(a->family, a->bytes, text, sizeof text);
		for (size_t k = 0; k < other->addresses; k++) {
			const struct link_address *b = &other->address[k];

			if (same_bits(a, b, a->family == AF_INET ? 32 : 128))
				return pth_err_set(
				    e, PTH_INPUT, "both ends have the address %s", text);
			near = near || same_bits(a, b, a->prefix);
		}
		if (!near)
			return pth_err_set(e, PTH_INPUT,
			    "the other end has no address in the network %s/%u", text, a->prefix);
	}
	return 0;
}

/* As the kernel takes it, dev_valid_name(). */
static bool
interface_ok(const char *s)
{
	return *s != '\0' && strlen(s) < IF_NAMESIZE && strcmp(s, ".") != 0 &&
	    strcmp(s, "..") != 0 && strcmp(s, "lo") != 0 && strpbrk(s, "/: \t\n\v\f\r") == NULL;
}

/* Those of both ends, which go together. */
static int
give_addresses(struct link_end end[2], const struct pth_strv *const list[2], struct pth_err *e)
{
	for (size_t i = 0; i < 2; i++)
		if (take_addresses(&end[i], list[i], addresses[i], e) != 0)
			return -1;
	return check_addresses(&end[0], &end[1], e) == 0 &&
	        check_addresses(&end[1], &end[0], e) == 0 ?
	    0 :
	    -1;
}

int
pth_link_addresses_check(const struct pth_strv address[2], struct pth_err *e)
{
	const struct pth_strv *const list[2] = { &address[0], &address[1] };
	struct link_end end[2] = { 0 };

	return give_addresses(end, list, e);
}

int
link_run_ends(const struct pth_link_run *r, struct link_end end[2], struct pth_err *e)
{
	static const char *const here[] = { "left", "right" };

	for (unsigned i = 0; i < 2; i++)
		end[i] = (struct link_end){ .netns = -1,
			.interface = r->interface[i],
			.here = here[i],
			.mac = { 2, 0, 0, 0, 0, (uint8_t)(i + 1) } };
	for (unsigned i = 0; i < 2; i++)
		if (!interface_ok(r->interface[i]))
			return pth_err_set(
			    e, PTH_INPUT, "'%.40s' is no name of an interface", r->interface[i]);
	return give_addresses(end, r->address, e);
}

static int
prepare(struct life *x, struct pth_err *e)
{
	if (link_run_ends(x->r, x->world.end, e) != 0)
		return -1;
	x->world.middle = -1;
	x->f = (struct link_forward){ .world = &x->world,
		.config = x->r->config,
		.changes = x->r->changes,
		.answers = -1,
		.capture_max = x->r->capture_max,
		.arg = x,
		.wake = INT64_MAX };
	return 0;
}

int
pth_link_direct(const struct pth_link_run *r, struct pth_err *e)
{
	struct link_world w = { .middle = -1 };
	int code = link_run_ends(r, w.end, e);

	for (unsigned i = 0; i < 2 && code == 0; i++)
		w.end[i].netns = fcntl(r->netns[i], F_DUPFD_CLOEXEC, 3);
	if (code == 0)
		code = link_world_direct(&w, e);
	link_world_release(&w);
	return code;
}

/* --- programs --- */

static void
name_address(struct pth_strv *env, const char *key, const struct link_end *end, int family)
{
	char text[INET6_ADDRSTRLEN];
	pth_auto_buf b = PTH_BUF_INIT;

	for (size_t i = 0; i < end->addresses; i++)
		if (end->address[i].family == family) {
			inet_ntop(family, end->address[i].bytes, text, sizeof text);
			pth_buf_addf(&b, "%s=%s", key, text);
			pth_strv_push(env, pth_buf_take(&b));
			return;
		}
}

/* What a program at an end is told of the addresses. */
static char **
environment(const struct link_world *w, unsigned end)
{
	struct pth_strv env = { NULL, 0 };

	for (char **p = environ; *p != NULL; p++)
		if (strncmp(*p, "PTH_LINK_", 9) != 0)
			pth_strv_push(&env, pth_xstrdup(*p));
	name_address(&env, "PTH_LINK_ADDRESS", &w->end[end], AF_INET);
	name_address(&env, "PTH_LINK_ADDRESS6", &w->end[end], AF_INET6);
	name_address(&env, "PTH_LINK_PEER", &w->end[1 - end], AF_INET);
	name_address(&env, "PTH_LINK_PEER6", &w->end[1 - end], AF_INET6);
	return env.v;
}

static pid_t
spawn(struct life *x, unsigned end, const char *const *argv, struct pth_err *e)
{
	pth_auto_strv env = environment(&x->world, end);
	bool peer = end != 0;
	struct pth_proc_req req = { .argv = argv,
		.env = (const char *const *)env,
		.in = peer || x->r->changes == STDIN_FILENO ? -1 : STDIN_FILENO,
		.out = peer ? STDERR_FILENO : STDOUT_FILENO,
		.err = STDERR_FILENO,
		.session = peer };
	int error = 0;
	pid_t pid = -1;

	if (link_world_enter(x->world.end[end].netns) == 0)
		pid = pth_proc_spawn(&req, &error, e);
	else
		pth_err_set(e, PTH_SYSTEM, "setns:");
	if (link_world_enter(x->world.middle) != 0)
		return pth_err_set(e, PTH_SYSTEM, "setns:");
	return pid;
}

static int
exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void
reap(struct life *x)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == x->command) {
			x->command = 0;
			x->code = exit_code(status);
		} else if (pid == x->peer) {
			x->peer = 0;
			if (x->stage == RUNNING && exit_code(status) != 0)
				pth_warn("the peer ended with exit code %d", exit_code(status));
		}
	}
}

/* The peer serves its port, or has ended, or is late. */
static void
await_peer(struct life *x)
{
	int64_t until = pth_mono_us() + READY_US;

	while (x->peer > 0 && !link_world_serves(&x->world, 1, x->r->port)) {
		if (pth_mono_us() > until) {
			pth_warn("the peer does not serve port %u after 10 s", x->r->port);
			return;
		}
		poll(NULL, 0, 2);
		reap(x);
	}
}

/* --- one command --- */

/* Has a terminal sent it to all of us, so that it need not be handed on? In our namespace of
 * processes both groups are 0. */
static bool
all_have_it(int sig)
{
	if (sig != SIGINT && sig != SIGQUIT)
		return false;
	for (int fd = 0; fd <= 2; fd++)
		if (tcgetpgrp(fd) == getpgrp())
			return true;
	return false;
}

static bool
command_event(void *arg)
{
	struct life *x = arg;
	int sig;

	while ((sig = pth_sig_next(x->sig)) != 0)
		if (sig != SIGCHLD && x->command > 0 && !all_have_it(sig))
			kill(x->command, sig);
	reap(x);
	if (x->command > 0)
		return true;
	if (x->stage == RUNNING) {
		x->stage = DRAINING;
		x->f.draining = true;
		x->f.quiet = x->f.now;
		x->f.wake = x->f.now + DRAIN_NS;
	} else if (x->stage == DRAINING && !x->f.drained && x->f.now < x->f.wake) {
		return true;
	} else if (x->stage == DRAINING && x->peer > 0) {
		x->stage = ENDING;
		x->f.draining = false;
		x->f.wake = x->f.now + GRACE_NS;
		pth_proc_signal_session(x->peer, SIGTERM);
	} else {
		return x->peer > 0 && x->f.now < x->f.wake;
	}
	return true;
}

static int
start(struct life *x, struct pth_err *e)
{
	const char *const shell[] = { "sh", "-c", x->r->peer, NULL };

	if (x->r->peer != NULL) {
		x->peer = spawn(x, 1, shell, e);
		if (x->peer < 0)
			return -1;
		if (x->r->port != 0)
			await_peer(x);
	}
	if (link_forward_open(&x->f, x->r->log, x->r->captures, e) != 0)
		return -1;
	x->command = spawn(x, 0, (const char *const *)x->r->command, e);
	return x->command < 0 ? -1 : 0;
}

/* Process 1 of the namespaces: the exit code. */
static int
world(struct life *x, struct pth_ns *ns)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD };
	struct pth_err e;
	int code;

	x->sig = pth_sig_fd(signals, countof(signals));
	x->f.watch = x->sig;
	x->f.event = command_event;
	pth_ns_furnish(ns);
	if (link_world_make(&x->world, &e) != 0 || link_world_furnish(&x->world, &e) != 0 ||
	    start(x, &e) != 0) {
		pth_complain("%s", e.text);
		return e.code;
	}
	link_forward_run(&x->f);
	code = x->code;
	if (link_forward_close(&x->f, &e) != 0) {
		pth_complain("%s", e.text);
		code = code == 0 ? PTH_SYSTEM : code;
	}
	return code;
}

/* Waits for the world, and hands signals on: its exit code, or -1 with e when it was killed. */
static int
attend(pid_t pid, int sig, struct pth_err *e)
{
	struct pollfd p = { .fd = sig, .events = POLLIN };
	char name[16];
	int status, s;

	for (;;) {
		pid_t ended = waitpid(pid, &status, WNOHANG);

		if (ended == pid && WIFSIGNALED(status))
			return pth_err_set(e, PTH_SYSTEM, "the link was killed by signal %s",
			    pth_signal_name(WTERMSIG(status), name));
		if (ended == pid)
			return WEXITSTATUS(status);
		while ((s = pth_sig_next(sig)) != 0)
			if (s != SIGCHLD && !all_have_it(s))
				kill(pid, s);
		poll(&p, 1, -1);
	}
}

static int
run_command(struct life *x, int *code, struct pth_err *e)
{
	unsigned want = PTH_NS_NET | PTH_NS_PID | PTH_NS_MOUNT | (geteuid() == 0 ? 0 : PTH_NS_USER);
	int sig = pth_sig_open();
	struct pth_ns ns;
	pid_t pid = pth_ns_fork(want, &ns, e);

	if (pid < 0)
		return -1;
	if (pid == 0) {
		pth_close(&sig);
		if ((ns.used & PTH_NS_NET) == 0)
			_exit(PTH_SYSTEM); /* the parent says it */
		*code = world(x, &ns);
		fflush(NULL);
		_exit(*code);
	}
	if ((ns.used & PTH_NS_NET) == 0) {
		waitpid(pid, NULL, 0);
		return pth_err_set(e, PTH_SYSTEM, "no namespaces here: %s", ns.reason);
	}
	*code = attend(pid, sig, e);
	pth_close(&sig);
	return *code < 0 ? -1 : 0;
}

/* --- between two namespaces --- */

static bool
between_event(void *arg)
{
	struct life *x = arg;
	int sig = pth_sig_next(x->sig);

	if (sig == LINK_EXCUSE)
		link_forward_excuse(&x->f);
	return sig == 0 || sig == SIGCHLD || sig == LINK_EXCUSE;
}

/* What there was, when it is over. */
static void
say_end(const struct link_forward *f)
{
	json_auto_t *o = json_pack("{s:s,s:I,s:I,s:[I,I],s:[I,I]}", "state", "ended", "lost",
	    (json_int_t)f->lost, "refused", (json_int_t)f->refused, "packets",
	    (json_int_t)f->packets[0], (json_int_t)f->packets[1], "omitted",
	    (json_int_t)f->omitted[0], (json_int_t)f->omitted[1]);
	pth_auto_buf b = PTH_BUF_INIT;

	pth_json_dump(&b, o);
	pth_buf_addc(&b, '\n');
	if (f->answers >= 0)
		(void)!pth_write_all(f->answers, b.s, b.len);
}

static void
limit_captures(struct life *x)
{
	for (unsigned i = 0; i < 2 && x->f.record != NULL; i++)
		link_record_only(x->f.record, i, x->r->look[i].snaplen, x->r->look[i].filter);
}

static int
join(struct life *x, struct pth_err *e)
{
	if (x->r->netns == NULL)
		return link_world_join(&x->world, x->r->between, e);
	return link_world_enclose(&x->world, x->r->netns, e);
}

static int
run_between(struct life *x, int *code, struct pth_err *e)
{
	static const char ready[] = "{\"state\":\"ready\"}\n";

	x->sig = pth_sig_open_with(LINK_EXCUSE);
	x->f.watch = x->sig;
	x->f.event = between_event;
	x->f.answers = x->r->answers;
	if (join(x, e) != 0 || link_world_furnish(&x->world, e) != 0 ||
	    link_forward_open(&x->f, x->r->log, x->r->captures, e) != 0)
		return -1;
	limit_captures(x);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* nobody looks into our files */
	if (pth_write_all(x->f.answers, ready, strlen(ready)) != 0)
		x->f.answers = -1;
	link_forward_run(&x->f);
	*code = link_forward_close(&x->f, e);
	say_end(&x->f);
	/* The kernel would do it, too, but some time after our end. */
	for (size_t i = 0; i < 2; i++)
		link_rtnl_delete(x->world.end[i].here);
	return *code;
}

int
pth_link_run(const struct pth_link_run *r, int *code, struct pth_err *e)
{
	struct life x = { .r = r, .sig = -1 };
	int result;

	if (prepare(&x, e) != 0)
		return -1;
	result = r->between != NULL || r->netns != NULL ? run_between(&x, code, e) :
	                                                  run_command(&x, code, e);
	link_world_release(&x.world);
	pth_close(&x.sig);
	return result;
}
