/*
 * This file decides what is captured: the whole test, the packets of single services, or
 * both; with which filter, and how much is kept.
 */
#include "plan/priv.h"

#include <string.h>

#include "io/placeholder.h"
#include "packet/bpf.h"

enum {
	SNAP_MAX = 262144,
	SIZE_MIN = 4096,
	SHARE_MIN = 16 << 20, /* bytes of a capture that says nothing, at least */
};

/* Options come from a service's own map first, then from the test's. */
struct given {
	const json_t *own, *test;     /* maps, or NULL */
	const struct plan_service *s; /* NULL: the test */
};

static const json_t *
option(const struct given *g, const char *key)
{
	const json_t *v = json_object_get(g->own, key);

	return v != NULL && !json_is_null(v) ? v : json_object_get(g->test, key);
}

static void
problem(struct plan *p, const struct given *g, enum pth_severity severity, const char *key,
    const char *text)
{
	pth_auto_buf at = PTH_BUF_INIT;

	pth_buf_addf(&at, "%s%s%scapture%s%s", g->s != NULL ? "services." : "",
	    g->s != NULL ? g->s->key : "", g->s != NULL ? "." : "", *key != '\0' ? "." : "", key);
	plan_problem(p, severity, at.s, "capture%s%s: %s", *key != '\0' ? "." : "", key, text);
}

/* Sets the ring, or the size at which a capture ends. A service that has one of them
 * takes neither from the test. */
static void
limits(struct plan *p, const struct given *g, json_t *o)
{
	bool own = pth_gcap_ring(g->own) != NULL || PTH_GET(gcap, g->own, max_size) != NULL;
	const json_t *from = own ? g->own : g->test, *ring = pth_gcap_ring(from);
	bool end = json_is_integer(PTH_GET(gcap, from, max_size));

	if (json_is_integer(ring))
		pth_cap_set_ring(o,
		    json_pack("{s:i,s:I}", PTH_KEY(ring, files), 2, PTH_KEY(ring, size),
		        json_integer_value(ring) / 2));
	else if (json_is_object(ring))
		pth_cap_set_ring(o, json_deep_copy(ring));
	if (end)
		pth_cap_set_max_size(o, pth_gcap_max_size(from));
	if (end && pth_gcap_max_size(from) > 0 && pth_gcap_max_size(from) < SIZE_MIN)
		problem(p, g, PTH_ERROR, "max_size", "at least 4096 bytes, or 0: no end");
	if (pth_cap_ring(o) != NULL && end && (own || g->s == NULL))
		problem(p, g, PTH_ERROR, "max_size", "a ring has no end; give one of the two");
}

/* Appends a service's own filter, or one for the packets from and to its port (a
 * client's is that of its target) that the test's filter lets pass. False when nothing
 * tells them apart. */
static bool
filter_text(struct plan *p, const struct given *g, bool alone, struct pth_buf *b, struct pth_err *e)
{
	const char *own = pth_gcap_filter(g->own), *test = pth_gcap_filter(g->test);

	e->code = 0;
	if (own != NULL)
		pth_buf_adds(b, own);
	else if (g->s == NULL || alone)
		pth_buf_adds(b, test != NULL ? test : "");
	else if (g->s->port <= 0)
		return false;
	else if (test != NULL && *test != '\0')
		pth_buf_addf(b, "port %lld and (%s)", (long long)g->s->port, test);
	else
		pth_buf_addf(b, "port %lld", (long long)g->s->port);
	if (b->len > 0 && plan_names(p, b, 0, e) == 0 && pth_placeholder_find(b->s) != NULL)
		pth_err_set(e, PTH_INPUT,
		    "an address of @{...} is not known before the test runs; filter by port");
	return true;
}

/* Sets "filter" as the user wrote it, and "bpf" as the kernel takes it. */
static void
filter(struct plan *p, const struct given *g, const char *text, json_t *o)
{
	int64_t snap = pth_cap_snaplen(o);
	struct pth_bpf f;
	struct pth_err e;
	json_t *list;

	if (*text == '\0')
		return;
	if (pth_bpf_compile(text, snap > 0 ? (unsigned)snap : SNAP_MAX, &f, &e) < 0) {
		problem(p, g, PTH_ERROR, "filter", e.text);
		return;
	}
	list = json_array();
	for (unsigned i = 0; i < f.n; i++)
		pth_json_push(list,
		    json_pack(
		        "[i,i,i,I]", f.v[i].code, f.v[i].jt, f.v[i].jf, (json_int_t)f.v[i].k));
	pth_cap_set_filter(o, text);
	pth_cap_set_bpf(o, list);
	free(f.v);
}

/* Returns the capture of the test or of a service; NULL when there is none. */
static json_t *
one(struct plan *p, const struct given *g, bool alone)
{
	const struct pth_ynode *c = pth_yaml_get(p->eview, "capture");
	const json_t *v = option(g, PTH_KEY(gcap, interface)),
	             *buffer = option(g, PTH_KEY(gcap, buffer));
	int64_t snap = json_integer_value(option(g, PTH_KEY(gcap, snaplen)));
	json_auto_t *o = json_object();
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e;

	pth_cap_set_interface(o,
	    v != NULL ? json_string_value(v) :
	                pth_desc_str(c, "interface", pth_cap_interface(NULL)));
	if (snap > 0)
		pth_cap_set_snaplen(o, snap);
	if (g->s != NULL)
		pth_buf_addf(&b, "%s/", g->s->name);
	pth_buf_adds(&b, pth_desc_str(c, "file", PTH_CAPTURE_FILE));
	pth_cap_set_file(o, b.s);
	pth_buf_cut(&b, 0);
	if (!filter_text(p, g, alone, &b, &e)) {
		problem(p, g, PTH_WARNING, "",
		    "no capture of this service: it has no port, and no target with one; give it "
		    "a filter");
		return NULL;
	}
	if (e.code != 0)
		problem(p, g, PTH_ERROR, "filter", e.text);
	else
		filter(p, g, b.len != 0 ? b.s : "", o);
	limits(p, g, o);
	if (json_is_integer(buffer))
		pth_cap_set_buffer(o, json_integer_value(buffer));
	return pth_take(&o);
}

/* The ends of links are captured by those, and what an AF_PACKET capture may have besides is none
 * of theirs. */
static void
not_of_links(struct plan *p, const struct given *g, const json_t *own)
{
	static const char *const keys[] = { PTH_KEY(gcap, interface), PTH_KEY(gcap, ring),
		PTH_KEY(gcap, buffer), PTH_KEY(gcap, max_size) };

	for (size_t i = 0; i < countof(keys) - (g->s == NULL); i++)
		if (json_object_get(own, keys[i]) != NULL &&
		    !json_is_null(json_object_get(own, keys[i])))
			problem(p, g, PTH_WARNING, keys[i],
			    "no effect here: the links capture their ends, and know filter, "
			    "snaplen "
			    "and the test's max_size");
}

/* Has each service a network of its own? */
static bool
has_networks(const struct plan *p)
{
	const char *isolation = pth_desc_str(p->eview, "isolation", "none");

	return p->nwires > 0 || strcmp(isolation, "container") == 0 ||
	    strcmp(isolation, "simulator") == 0;
}

/* Sets the captures of services; true when there is one. Where each service has a
 * network of its own, it is captured there anyway, with the test's options: then a
 * service gets only what differs. */
static bool
services(struct plan *p, json_t *list, bool whole)
{
	const json_t *test = pth_test_capture(p->rec);
	bool each = pth_gcap_per_service(test), any = false;
	bool alone = has_networks(p);
	json_t *s, *o;
	size_t i;

	json_array_foreach(list, i, s) {
		const json_t *own = pth_given_capture(p->order[i]->rec);
		struct given g = { own, test, p->order[i] };

		if (json_is_false(own) && alone && whole)
			pth_svc_set_capture(s, json_false());
		if (json_is_false(own) || (own == NULL && (!each || (alone && whole))))
			continue;
		if (plan_failed(p) && PTH_GET(gcap, own, filter) == NULL)
			continue; /* the test's is wrong: said once */
		o = one(p, &g, alone);
		if (o == NULL)
			continue;
		any = true;
		pth_svc_set_capture(s, o);
	}
	return any;
}

/* Sets how captures are read: which files hold keys, and what is spoken on which port. */
static int
reading(struct plan *p, json_t *services, json_t *o, struct pth_err *e)
{
	json_t *keylogs = json_array(), *decode = json_array(), *s, *v;
	pth_auto_buf b = PTH_BUF_INIT;
	size_t i, k;

	pth_cap_set_keylogs(o, keylogs);
	pth_cap_set_decode(o, decode);
	json_array_foreach(services, i, s)
		json_array_foreach(pth_svc_keylogs(s), k, v) {
			pth_buf_cut(&b, 0);
			pth_buf_addf(&b, "%s/", pth_svc_name(s));
			plan_scalar(&b, v);
			pth_json_push_once(keylogs, pth_json_text(b.s, b.len));
		}
	plan_foreach(service, p) {
		struct plan_with w = { p, service->vars, e };
		json_auto_t *list = json_array();

		if (service->vars == NULL)
			continue; /* something is wrong with it */
		if (plan_list(&w, pth_yaml_get(service->pview, "decode"), list) < 0)
			return -1;
		json_array_foreach(list, k, v)
			pth_json_push_once(decode, json_incref(v));
	}
	return 0;
}

/* How many bytes a capture asks for; -1: it says nothing. */
static int64_t
asked(const json_t *capture)
{
	const json_t *ring = pth_cap_ring(capture);
	int64_t size = ring != NULL ? pth_ring_size(ring) :
	                              pth_json_int(capture, PTH_KEY(cap, max_size), -1);

	size = size < PTH_CAPTURE_LIMIT ? size : PTH_CAPTURE_LIMIT; /* more changes nothing */
	return ring != NULL ? size * pth_ring_files(ring) : size;
}

/* Gives the captures that say nothing an end, so that what a program sends does not fill the
 * disk: they share what is left of PTH_CAPTURE_LIMIT. times: how often that of the test is
 * made, once or in each container that has none of its own. */
static void
share(json_t *list, json_t *test, int64_t times)
{
	int64_t left = PTH_CAPTURE_LIMIT, silent = asked(test) < 0 ? times : 0, size;
	json_t *s;
	size_t i;

	left -= asked(test) > 0 ? times * asked(test) : 0;
	json_array_foreach(list, i, s) {
		size = asked(pth_svc_capture(s));
		left -= size > 0 ? size : 0;
		silent += json_is_object(pth_svc_capture(s)) && size < 0;
	}
	size = silent > 0 ? left / silent : 0;
	size = size > SHARE_MIN ? size : SHARE_MIN;
	if (asked(test) < 0 && json_is_string(PTH_GET(cap, test, file)))
		pth_cap_set_max_size(test, size);
	json_array_foreach(list, i, s)
		if (json_is_object(pth_svc_capture(s)) && asked(pth_svc_capture(s)) < 0)
			pth_cap_set_max_size(pth_svc_capture(s), size);
}

/* In how many captures the options of the test are used as they are. */
static int64_t
made(const struct plan *p, const json_t *list, bool whole)
{
	int64_t n = 0;
	json_t *s;
	size_t i;

	if (!whole || p->nwires > 0 || !has_networks(p) || pth_envparam_container(p->eparams))
		return whole;
	json_array_foreach(list, i, s)
		n += pth_svc_capture(s) == NULL;
	return n;
}

/* Was a capture asked for where the environment has none? */
static void
in_vain(struct plan *p)
{
	const json_t *own = pth_test_capture(p->rec);
	struct given g = { NULL, NULL, NULL };
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "no effect in environment %s", p->env->name);
	if (own != NULL && !json_is_false(own) && pth_gcap_enabled(own))
		problem(p, &g, PTH_WARNING, "", b.s);
	plan_foreach(s, p) {
		g.s = s;
		own = pth_given_capture(s->rec);
		if (own != NULL && !json_is_false(own))
			problem(p, &g, PTH_WARNING, "", b.s);
	}
}

/* Does Shadow's own option leave the packets out? */
static bool
is_left_out(const struct plan *p)
{
	return json_is_false(pth_json_path(p->eparams, "host_option_defaults.pcap_enabled"));
}

json_t *
plan_capture(struct plan *p, json_t *list, struct pth_err *e)
{
	const json_t *own = pth_test_capture(p->rec);
	struct given g = { own, NULL, NULL };
	bool whole = !json_is_false(own) && pth_gcap_enabled(own) &&
	    pth_envparam_capture(p->eparams) && pth_steps_record_pcap(pth_test_steps(p->rec)) &&
	    !is_left_out(p);
	json_auto_t *all = NULL, *out = NULL;

	if (pth_yaml_get(p->eview, "capture") == NULL) {
		in_vain(p);
		return json_null();
	}
	if (p->nwires > 0) {
		not_of_links(p, &g, own);
		plan_foreach(s, p)
			not_of_links(
			    p, &(struct given){ NULL, NULL, s }, pth_given_capture(s->rec));
	}
	all = one(p, &g, true); /* checked in any case: services take from it */
	if (!services(p, list, whole) && !whole)
		return json_null();
	out = whole && all != NULL ? json_incref(all) : json_pack("{s:n}", PTH_KEY(cap, file));
	share(list, out, made(p, list, whole));
	return reading(p, list, out, e) == 0 ? pth_take(&out) : NULL;
}

const json_t *
plan_capture_look(const char *service, const json_t *out)
{
	json_t *test = pth_plan_capture(out), *s, *own = NULL;
	size_t i;

	json_array_foreach(pth_plan_services(out), i, s)
		if (strcmp(pth_svc_name(s), service) == 0)
			own = pth_svc_capture(s);
	if (json_is_object(own) || json_is_false(own))
		return json_is_object(own) ? own : NULL;
	return json_is_string(PTH_GET(cap, test, file)) ? test : NULL;
}

void
plan_capture_options(const json_t *look, json_t *end)
{
	json_t *o = json_object();

	if (pth_cap_snaplen(look) > 0)
		pth_cap_set_snaplen(o, pth_cap_snaplen(look));
	if (json_array_size(pth_cap_bpf(look)) > 0) {
		pth_cap_set_filter(o, pth_cap_filter(look));
		pth_cap_set_bpf(o, json_incref(pth_cap_bpf(look)));
	}
	if (json_object_size(o) > 0)
		pth_wireend_set_options(end, json_incref(o));
	json_decref(o);
}
