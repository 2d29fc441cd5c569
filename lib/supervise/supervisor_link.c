/*
 * This file puts each service of a test with links into a network namespace of its own, and keeps
 * the links between those: their start, what is changed during the test, their end.
 */
#include "supervise/supervisor_link_priv.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "base/strv.h"
#include "io/file.h"
#include "link/run.h"
#include "link/tc.h"

#define READY_US (20 * PTH_SECOND_US) /* a busy machine has many to start */
#define END_US (10 * PTH_SECOND_US)   /* to write what is left of log and captures */
#define STOP_US 20000                 /* between two looks at whether one has ended */

static void
failed(struct supervisor *sup, const struct supervise_link *x, const char *text)
{
	pth_event("link.failed", "{s:s,s:s}", "link", pth_wire_name(x->plan), "message", text);
	supervise_ending(sup, PTH_S_ERROR, PTH_WHY(PTH_CAT_NETWORK_SETUP), "link %s: %s",
	    pth_wire_name(x->plan), text);
}

/* --- namespaces --- */

static int
node_net(const struct supervisor *sup, const char *name)
{
	for (size_t i = 0; i < sup->nnodes; i++)
		if (strcmp(pth_node_name(sup->nodes[i].plan), name) == 0)
			return sup->nodes[i].net;
	return -1;
}

/* A network namespace, with its loopback. The root of a service needs one that is its own. */
static int
make_node(struct supervisor *sup, struct supervise_node *n, struct pth_err *e)
{
	struct service *s = supervise_service_find(
	    sup->services, sup->nservices, pth_node_name(n->plan));
	bool inside = sup->req->places->engine; /* it is moved into the container later */
	bool root = s != NULL && !inside && pth_svc_root(s->plan);

	n->net = pth_ns_net(root ? sup->power : -1, pth_node_router(n->plan));
	if (n->net < 0)
		return pth_err_set(
		    e, PTH_SYSTEM, "a network namespace for %s:", pth_node_name(n->plan));
	if (s != NULL && !inside)
		s->at.net = n->net;
	return 0;
}

static int
make_nodes(struct supervisor *sup, struct pth_err *e)
{
	json_t *list = pth_plan_nodes(sup->req->plan), *v;
	size_t i;

	sup->nodes = pth_xarray(NULL, json_array_size(list) + 1, sizeof *sup->nodes);
	json_array_foreach(list, i, v) {
		sup->nodes[sup->nnodes] = (struct supervise_node){ .plan = v, .net = -1 };
		if (make_node(sup, &sup->nodes[sup->nnodes++], e) != 0)
			return -1;
	}
	for (i = 0; i < sup->nservices; i++)
		if (pth_svc_beside(sup->services[i].plan) != NULL)
			sup->services[i].at.net = node_net(
			    sup, pth_svc_beside(sup->services[i].plan));
	return 0;
}

/* --- the start --- */

static void
take_strings(struct pth_strv *to, const json_t *list)
{
	json_t *v;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, v)
		if (json_is_string(v))
			pth_strv_push(to, pth_xstrdup(json_string_value(v)));
}

/* A file of ours, made before it is written: nobody has put a link there. Its path leads over our
 * descriptor: a file that is open in the mounts of the services would keep those from becoming
 * read-only. To free. */
static char *
own_file(struct supervisor *sup, const char *path, struct pth_err *e)
{
	struct pth_buf b = PTH_BUF_INIT;
	pth_auto_fd fd = pth_file_make(sup->req->dirfd, path, O_WRONLY | O_CREAT, e);

	if (fd < 0)
		return NULL;
	pth_buf_addf(&b, "/proc/self/fd/%d/%s", sup->req->dirfd, path);
	return pth_buf_take(&b);
}

static int
read_config(const struct supervise_link *x, struct pth_link_config *c, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_diags d;
	int r = 0;

	pth_diags_init(&d, "plan");
	pth_json_dump(&b, pth_wire_config(x->plan));
	pth_link_config_read(c, b.s != NULL ? b.s : "{}", b.s != NULL ? b.len : 2, &d);
	if (d.errors > 0)
		r = pth_err_set(e, PTH_INPUT, "%s", d.v[0].text);
	pth_diags_release(&d);
	return r;
}

/* The files of both ends; one that nobody wants (a router's) goes nowhere. False with e. */
static bool
name_captures(
    struct supervisor *sup, const struct supervise_link *x, char *files[2], struct pth_err *e)
{
	for (size_t i = 0; i < 2; i++) {
		const char *file = pth_wireend_capture(supervise_link_end(x, i));

		files[i] = file != NULL ? own_file(sup, file, e) : pth_xstrdup("/dev/null");
		if (files[i] == NULL)
			return false;
	}
	return true;
}

/* What the capture of an end has. */
static int
look_at(const json_t *end, struct pth_bpf *filter, struct pth_link_look *look, struct pth_err *e)
{
	const json_t *options = pth_wireend_options(end);
	int64_t snap = pth_cap_snaplen(options);

	*look = (struct pth_link_look){ .snaplen = snap > 0 && snap < 262144 ? (uint32_t)snap : 0 };
	if (supervise_filter(options, filter, e) != 0)
		return -1;
	if (filter->n > 0 && !pth_bpf_valid(filter))
		return pth_err_set(e, PTH_INPUT, "the plan's program (bpf) of a filter is wrong");
	look->filter = filter->n > 0 ? filter : NULL;
	return 0;
}

/* Both ends of a link, as they are asked for. */
struct ends {
	struct pth_strv address[2];
	int netns[2];
	struct pth_link_run run; /* with those, which it borrows */
};

static void
ends_of(const struct supervisor *sup, const struct supervise_link *x, struct ends *to)
{
	*to = (struct ends){ .run.netns = to->netns };
	for (size_t i = 0; i < 2; i++) {
		const json_t *end = supervise_link_end(x, i);

		take_strings(&to->address[i], pth_wireend_addresses(end));
		to->netns[i] = node_net(sup, pth_wireend_node(end));
		to->run.address[i] = &to->address[i];
		to->run.interface[i] = pth_wireend_interface(end);
	}
}

static void
ends_release(struct ends *ends)
{
	for (size_t i = 0; i < 2; i++)
		pth_strv_free(ends->address[i].v);
}

static int
start(struct supervisor *sup, struct supervise_link *x, struct pth_err *e)
{
	struct pth_link_config c;
	struct ends ends;
	pth_auto_str log = own_file(sup, pth_wire_log(x->plan), e);
	char *files[2] = { NULL, NULL };
	struct pth_bpf filter[2] = { { NULL, 0 }, { NULL, 0 } };
	int code = log != NULL && name_captures(sup, x, files, e) ? 0 : -1;

	pth_link_config_init(&c);
	ends_of(sup, x, &ends);
	ends.run.config = &c;
	ends.run.log = log;
	ends.run.capture_max = (uint64_t)pth_wire_capture_max(x->plan);
	if (ends.run.capture_max > 0)
		ends.run.captures = (const char *const *)files;
	for (size_t i = 0; i < 2 && code == 0; i++)
		code = look_at(supervise_link_end(x, i), &filter[i], &ends.run.look[i], e);
	if (code == 0 && (code = read_config(x, &c, e)) == 0)
		code = pth_link_start(&ends.run, &x->child, e);
	pth_link_config_release(&c);
	ends_release(&ends);
	for (size_t i = 0; i < 2; i++) {
		free(files[i]);
		free(filter[i].v);
	}
	return code;
}

/* --- by tc --- */

/* The commands of both ends, each in its network. */
static int
run_tc(const struct supervisor *sup, const struct supervise_link *x, const json_t *commands,
    struct pth_err *e)
{
	for (size_t i = 0; i < 2; i++)
		if (pth_link_tc_run(node_net(sup, pth_wireend_node(supervise_link_end(x, i))),
		        json_array_get(commands, i), e) != 0)
			return -1;
	return 0;
}

static int
start_direct(struct supervisor *sup, struct supervise_link *x, struct pth_err *e)
{
	struct ends ends;
	int code;

	ends_of(sup, x, &ends);
	code = pth_link_direct(&ends.run, e);
	ends_release(&ends);
	if (code == 0)
		code = run_tc(sup, x, pth_wire_commands(x->plan), e);
	x->child = (struct pth_link_child){ .changes = -1, .answers = -1, .in = PTH_BUF_INIT };
	x->direct = x->ready = x->over = true;
	return code;
}

/* Has the kernel what the commands ask for? */
static int
probe(const struct supervise_link *x, struct pth_err *e)
{
	json_t *commands = pth_wire_commands(x->plan), *list;
	size_t i;

	json_array_foreach(commands, i, list)
		if (pth_link_tc_probe(list, e) != 0)
			return -1;
	return 0;
}

/* That which the plan says, or what auto comes to here. */
static int
start_any(struct supervisor *sup, struct supervise_link *x, struct pth_err *e)
{
	const char *backend = pth_wire_backend(x->plan), *because = pth_wire_because(x->plan);
	bool wants = pth_wire_commands(x->plan) != NULL, has = wants && probe(x, e) == 0;

	if (strcmp(backend, "pth-link") == 0)
		return start(sup, x, e);
	if (strcmp(backend, "tc") == 0 && !has)
		return -1;
	pth_event("link.backend", "{s:s,s:s,s:s*}", "link", pth_wire_name(x->plan), "backend",
	    has ? "tc" : "pth-link", "reason",
	    has       ? NULL :
	        wants ? e->text :
	                because);
	return has ? start_direct(sup, x, e) : start(sup, x, e);
}

bool
supervise_links_begin(struct supervisor *sup)
{
	json_t *list = pth_plan_links(sup->req->plan), *v;
	struct pth_err e;
	size_t i;

	if (json_array_size(list) == 0)
		return true;
	if (sup->req->places->engine) {
		if (!supervise_joins_begin(sup))
			return false;
	} else if ((sup->ns->used & PTH_NS_NET) == 0) {
		supervise_ending(sup, PTH_S_UNSUPPORTED, PTH_WHY(PTH_CAT_NONE),
		    "links: no network namespaces here: %s", sup->ns->reason);
		return false;
	}
	sup->links = pth_xarray(NULL, json_array_size(list), sizeof *sup->links);
	if (make_nodes(sup, &e) != 0) {
		supervise_ending(
		    sup, PTH_S_ERROR, PTH_WHY(PTH_CAT_NETWORK_SETUP), "links: %s", e.text);
		return false;
	}
	json_array_foreach(list, i, v) {
		sup->links[sup->nlinks] = (struct supervise_link){ .plan = v };
		if (start_any(sup, &sup->links[sup->nlinks++], &e) != 0) {
			failed(sup, &sup->links[i], e.text);
			return false;
		}
	}
	return true;
}

/* --- answers --- */

static void
take_answer(struct supervisor *sup, struct supervise_link *x, json_t *o)
{
	const char *state = pth_json_str(o, "state", ""), *error = pth_json_str(o, "error", "");

	if (strcmp(state, "ready") == 0)
		x->ready = true;
	else if (strcmp(state, "ended") == 0)
		x->ended = json_incref(o);
	else if (strcmp(state, "refused") == 0 || strcmp(state, "failed") == 0)
		failed(sup, x, error);
	json_decref(o);
}

static void
take_answers(struct supervisor *sup, struct supervise_link *x)
{
	json_t *o;

	while (!x->over && (o = pth_link_answer(&x->child, &x->over)) != NULL)
		take_answer(sup, x, o);
}

/* Waits for what has to come. False: it has not. */
static bool
await(struct supervisor *sup, struct supervise_link *x, int64_t until, bool end)
{
	for (;;) {
		struct pollfd p = { .fd = x->child.answers, .events = POLLIN };
		int64_t left = until - pth_mono_us();

		take_answers(sup, x);
		if (x->over || (!end && x->ready))
			return end || x->ready;
		if (left <= 0)
			return false;
		poll(&p, 1, (int)(left / 1000 + 1));
	}
}

/* --- what is there when all links are --- */

static void
add_host(struct pth_buf *b, const char *address, const char *name)
{
	if (address != NULL && *address != '\0')
		pth_buf_addf(b, "%s\t%s\n", address, name);
}

/* Names of services are found in /etc/hosts, which only this test sees. */
static void
name_hosts(struct supervisor *sup)
{
	pth_auto_buf b = PTH_BUF_INIT, path = PTH_BUF_INIT;
	pth_auto_fd fd = -1;
	struct pth_err e;

	pth_buf_adds(&b, "127.0.0.1\tlocalhost\n::1\tlocalhost\n");
	for (size_t i = 0; i < sup->nservices; i++) {
		const json_t *s = sup->services[i].plan;

		add_host(&b, pth_svc_address(s), sup->services[i].name);
		if (pth_svc_address6(s) != NULL &&
		    strcmp(pth_svc_address6(s), pth_svc_address(s)) != 0)
			add_host(&b, pth_svc_address6(s), sup->services[i].name);
	}
	fd = pth_file_make(sup->req->dirfd, "hosts", O_WRONLY | O_CREAT, &e);
	pth_buf_addf(&path, "%s/hosts", sup->req->places->dir);
	if (fd >= 0 && pth_write_all(fd, b.s, b.len) == 0 && fchmod(fd, 0644) == 0 &&
	    (sup->ns->used & PTH_NS_MOUNT) != 0 &&
	    mount(path.s, "/etc/hosts", NULL, MS_BIND, NULL) == 0)
		return;
	pth_event("environment.degraded", "{s:s}", "reason",
	    "names of services are not known: /etc/hosts cannot be replaced");
}

static int
add_routes_of(const struct supervisor *sup, const struct supervise_node *n, struct pth_err *e)
{
	return supervise_routes_add(n->net, n->plan, pth_plan_links(sup->req->plan), e);
}

static void
add_routes(struct supervisor *sup)
{
	struct pth_err e;

	for (size_t i = 0; i < sup->nnodes; i++)
		if (add_routes_of(sup, &sup->nodes[i], &e) != 0)
			supervise_ending(
			    sup, PTH_S_ERROR, PTH_WHY(PTH_CAT_NETWORK_SETUP), "links: %s", e.text);
}

bool
supervise_links_confirm(struct supervisor *sup)
{
	int64_t until = pth_mono_us() + READY_US;

	for (size_t i = 0; i < sup->nlinks; i++) {
		struct supervise_link *x = &sup->links[i];

		if (x->ready)
			continue;
		if (!await(sup, x, until, false)) {
			if (sup->status == PTH_S_PASSED)
				failed(sup, x,
				    x->over ? "it ended before it was ready" :
				              "it was not ready within 20 s");
			return false;
		}
		pth_event("link.started", "{s:s,s:s,s:s,s:O}", "link", pth_wire_name(x->plan),
		    "left", pth_wireend_node(supervise_link_end(x, 0)), "right",
		    pth_wireend_node(supervise_link_end(x, 1)), "conditions",
		    pth_wire_config(x->plan));
	}
	if (sup->nlinks == 0)
		return true;
	add_routes(sup);
	if (!sup->req->places->engine)
		name_hosts(sup);
	return sup->status == PTH_S_PASSED;
}

/* --- containers --- */

static int
move_end(struct supervisor *sup, const struct supervise_link *x, unsigned end, int net,
    struct pth_err *e)
{
	struct ends ends;
	int r;

	ends_of(sup, x, &ends);
	r = pth_link_move(&x->child, &ends.run, end, net, e);
	ends_release(&ends);
	return r;
}

int
supervise_links_move(struct supervisor *sup, const char *node, int *net, struct pth_err *e)
{
	for (unsigned i = 0; i < sup->nlinks * 2; i++)
		if (strcmp(pth_wireend_node(supervise_link_end(&sup->links[i / 2], i % 2)), node) ==
		        0 &&
		    move_end(sup, &sup->links[i / 2], i % 2, *net, e) != 0)
			return -1;
	for (size_t i = 0; i < sup->nnodes; i++)
		if (strcmp(pth_node_name(sup->nodes[i].plan), node) == 0) {
			pth_close(&sup->nodes[i].net);
			sup->nodes[i].net = pth_take_fd(net);
			return add_routes_of(sup, &sup->nodes[i], e);
		}
	return 0;
}

/* --- while the test runs --- */

static bool
send_line(struct supervise_link *x, json_t *o)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_json_dump(&b, o);
	pth_buf_addc(&b, '\n');
	return !x->over && pth_write_all(x->child.changes, b.s, b.len) == 0;
}

void
supervise_links_run(struct supervisor *sup)
{
	for (size_t i = 0; i < sup->nlinks; i++) {
		const json_t *timed = pth_wire_timed(sup->links[i].plan);
		json_auto_t *o = timed != NULL ? json_copy((json_t *)(uintptr_t)timed) :
		                                 json_object();

		pth_json_set(o, "begin", json_string("now"));
		send_line(&sup->links[i], o); /* its end is seen elsewhere */
	}
}

static bool
change_one(struct supervisor *sup, struct supervise_link *x, const json_t *change)
{
	struct pth_err e;

	if (!x->direct)
		return send_line(x, pth_change_config(change));
	if (run_tc(sup, x, pth_change_commands(change), &e) == 0)
		return true;
	failed(sup, x, e.text);
	return false;
}

bool
supervise_links_change(struct supervisor *sup, const json_t *link, char text[200])
{
	json_t *v;
	size_t i;

	json_array_foreach(pth_atlink_changes(link), i, v) {
		size_t n = (size_t)pth_change_wire(v);

		if (n >= sup->nlinks || !change_one(sup, &sup->links[n], v)) {
			snprintf(text, 200, "the link is not there");
			return false;
		}
		pth_event("link.changed", "{s:s,s:O}", "link", pth_wire_name(sup->links[n].plan),
		    "conditions", pth_change_config(v));
	}
	snprintf(text, 200, "%zu link%s changed", i, i == 1 ? "" : "s");
	return i > 0;
}

size_t
supervise_links_fds(const struct supervisor *sup, struct pollfd *p, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < sup->nlinks && n < max; i++)
		if (!sup->links[i].over)
			p[n++] = (struct pollfd){ sup->links[i].child.answers, POLLIN, 0 };
	return n;
}

/* One that has ended was killed: nobody else ends it while the test runs. */
void
supervise_links_step(struct supervisor *sup)
{
	enum pth_status before = sup->status;

	supervise_joins_step(sup);
	for (size_t i = 0; i < sup->nlinks; i++) {
		struct supervise_link *x = &sup->links[i];
		bool was = x->over;

		take_answers(sup, x);
		if (x->over && !was)
			failed(sup, x, "its process ended while the test ran");
	}
	if (sup->status != before && sup->status != PTH_S_PASSED)
		supervise_begin_stop(sup, pth_mono_us());
}

bool
supervise_links_is(const struct supervisor *sup, pid_t pid)
{
	for (size_t i = 0; i < sup->nlinks; i++)
		if (sup->links[i].child.pid == pid)
			return true;
	return false;
}

/* --- the end --- */

static void
reap(struct supervise_link *x, int64_t until)
{
	if (x->child.pid == 0)
		return;
	while (waitpid(x->child.pid, NULL, WNOHANG) == 0) {
		if (pth_mono_us() > until)
			kill(x->child.pid, SIGKILL);
		poll(NULL, 0, STOP_US / 1000);
	}
	x->child.pid = 0;
}

static void
end(struct supervisor *sup, struct supervise_link *x, int64_t until)
{
	int64_t lost;
	bool was = x->over;
	char text[160];

	await(sup, x, until, true);
	reap(x, until);
	if (x->ended == NULL) {
		if (x->ready && !was)
			failed(sup, x, "its process ended without a last word");
		return;
	}
	lost = pth_json_int(x->ended, "lost", 0) + pth_json_int(x->ended, "refused", 0);
	pth_event("link.ended", "{s:s,s:I}", "link", pth_wire_name(x->plan), "lost", lost);
	snprintf(text, sizeof text,
	    "%lld packets were lost that no condition has dropped: this machine is too slow",
	    (long long)lost);
	if (lost > 0)
		failed(sup, x, text);
}

void
supervise_links_end(struct supervisor *sup)
{
	int64_t until = pth_mono_us() + END_US;

	for (size_t i = 0; i < sup->nlinks; i++)
		if (sup->links[i].child.pid > 0)
			kill(sup->links[i].child.pid, SIGTERM);
	for (size_t i = 0; i < sup->nlinks; i++)
		end(sup, &sup->links[i], until);
	if ((sup->ns->used & PTH_NS_MOUNT) != 0 && sup->nlinks > 0)
		umount2("/etc/hosts", MNT_DETACH);
}

void
supervise_links_release(struct supervisor *sup)
{
	for (size_t i = 0; i < sup->nlinks; i++) {
		pth_link_forget(&sup->links[i].child);
		json_decref(sup->links[i].ended);
	}
	for (size_t i = 0; i < sup->nnodes; i++)
		pth_close(&sup->nodes[i].net);
	supervise_joins_release(sup);
	free(sup->links);
	free(sup->nodes);
}
