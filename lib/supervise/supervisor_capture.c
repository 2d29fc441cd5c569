/*
 * This file takes the captures of a test from their start to the last packet: that of the test
 * itself, and those of single services.
 */
#include "supervise/supervisor_priv.h"

#include <stdlib.h>
#include <string.h>

struct supervise_capture {
	const json_t *plan;  /* plan.capture, or the same of a service */
	const char *service; /* NULL: that of the test */
	struct sock_filter *filter;
	struct pth_capture c;
	bool live, confirmed;
	json_t *result;
};

static void
capture_failed(struct supervise_capture *x, const struct pth_err *e)
{
	if (x->result == NULL)
		x->result = json_object();
	pth_rcap_set_error(x->result, e->text);
	pth_event("capture.failed", "{s:s,s:s,s:s*}", "interface", pth_cap_interface(x->plan),
	    "message", e->text, "service", x->service);
}

/* The plan's numbers, [[code, jt, jf, k], ...]; the kernel checks the sense. */
int
supervise_filter(const json_t *plan, struct pth_bpf *f, struct pth_err *e)
{
	static const int64_t most[] = { UINT16_MAX, UINT8_MAX, UINT8_MAX, UINT32_MAX };
	const json_t *list = pth_cap_bpf(plan), *op;
	size_t i, n = json_array_size(list);

	*f = (struct pth_bpf){ NULL, 0 };
	if (n == 0 && *pth_cap_filter(plan) == '\0')
		return 0;
	if (n == 0 || n > BPF_MAXINSNS)
		return pth_err_set(e, PTH_INPUT,
		    "the plan has no program (bpf) for the filter: pth-plan makes it");
	f->v = pth_xarray(NULL, n, sizeof *f->v);
	f->n = (unsigned)n;
	json_array_foreach(list, i, op) {
		int64_t v[4];

		for (size_t k = 0; k < 4; k++) {
			v[k] = json_integer_value(json_array_get(op, k));
			if (!json_is_integer(json_array_get(op, k)) || v[k] < 0 || v[k] > most[k])
				return pth_err_set(e, PTH_INPUT,
				    "the plan's program (bpf) is wrong at instruction %zu", i);
		}
		f->v[i] = (struct sock_filter){ (uint16_t)v[0], (uint8_t)v[1], (uint8_t)v[2],
			(uint32_t)v[3] };
	}
	return 0;
}

static int
filter_of(struct supervise_capture *x, struct pth_capture_spec *spec, struct pth_err *e)
{
	struct pth_bpf f;
	int r = supervise_filter(x->plan, &f, e);

	x->filter = f.v;
	spec->filter = f.v;
	spec->filter_n = f.n;
	return r;
}

static int64_t
within(int64_t v, int64_t most)
{
	return v < 0 ? 0 : v < most ? v : most;
}

static void
begin(struct supervisor *sup, struct supervise_capture *x)
{
	const json_t *ring = pth_cap_ring(x->plan);
	struct pth_capture_spec spec = {
		.interface = pth_cap_interface(x->plan),
		.dirfd = sup->req->dirfd,
		.path = pth_cap_file(x->plan),
		.snaplen = (unsigned)within(pth_cap_snaplen(x->plan), 262144),
		.buffer = within(pth_cap_buffer(x->plan), (int64_t)1 << 30),
		.max_size = within(pth_cap_max_size(x->plan), INT64_MAX),
		.files = (unsigned)within(pth_ring_files(ring), PTH_CAPTURE_FILES_MAX),
		.file_size = within(pth_ring_size(ring), INT64_MAX),
		.shared_clock = sup->ncaptures > 1,
		/* The capture of the test sees everything once. */
		.counts = x->service == NULL ? sup->counts : NULL,
	};
	struct pth_err e;

	if (filter_of(x, &spec, &e) != 0 || pth_capture_start(&x->c, &spec, &e) != 0)
		capture_failed(x, &e);
	else
		x->live = true;
}

static void
add(struct supervisor *sup, const json_t *plan, const char *service)
{
	/* file null: only its services are captured */
	if (json_is_object(plan) && !json_is_null(PTH_GET(cap, plan, file)))
		sup->captures[sup->ncaptures++] = (struct supervise_capture){ .plan = plan,
			.service = service };
}

/* They get ready while the setup commands run. */
void
supervise_capture_begin(struct supervisor *sup)
{
	if (sup->nlinks > 0)
		return; /* they do it */
	sup->captures = pth_xarray(NULL, sup->nservices + 1, sizeof *sup->captures);
	add(sup, pth_plan_capture(sup->req->plan), NULL);
	for (size_t i = 0; i < sup->nservices; i++)
		add(sup, pth_svc_capture(sup->services[i].plan), sup->services[i].name);
	for (size_t i = 0; i < sup->ncaptures; i++)
		begin(sup, &sup->captures[i]);
}

static void
confirm(struct supervisor *sup, struct supervise_capture *x)
{
	struct pth_err e;

	if (!x->live || x->confirmed)
		return;
	if (pth_capture_confirm(&x->c, &e) != 0) {
		x->live = false;
		capture_failed(x, &e);
		return;
	}
	x->confirmed = true;
	pth_event("capture.started", "{s:s,s:b,s:s*}", "interface", pth_cap_interface(x->plan),
	    "isolated", (sup->req->ns.used & PTH_NS_NET) != 0, "service", x->service);
}

void
supervise_capture_confirm(struct supervisor *sup)
{
	for (size_t i = 0; i < sup->ncaptures; i++)
		confirm(sup, &sup->captures[i]);
}

/* The files of a ring, oldest first; else there is only one. */
static json_t *
files_of(const struct supervise_capture *x, const struct pth_capture_result *r)
{
	json_t *list = json_array();

	for (unsigned n = r->first; n <= r->last; n++) {
		pth_auto_buf b = PTH_BUF_INIT;

		pth_capture_file(&b, pth_cap_file(x->plan), n);
		pth_json_push(list, pth_json_text(b.s, b.len));
	}
	return list;
}

static void
put_result(
    const struct supervisor *sup, struct supervise_capture *x, const struct pth_capture_result *r)
{
	json_auto_t *files = files_of(x, r);
	json_t *o = x->result = json_object();

	pth_rcap_set_file(o, json_string_value(json_array_get(files, 0)));
	if (r->first > 0)
		pth_rcap_set_files(o, json_incref(files));
	pth_rcap_set_interface(o, pth_cap_interface(x->plan));
	pth_rcap_set_packets(o, (int64_t)r->packets);
	pth_rcap_set_dropped(o, (int64_t)r->dropped);
	if (r->discarded > 0)
		pth_rcap_set_discarded(o, (int64_t)r->discarded);
	if (r->omitted > 0)
		pth_rcap_set_omitted(o, (int64_t)r->omitted);
	pth_rcap_set_isolated(o, (sup->req->ns.used & PTH_NS_NET) != 0);
}

static void
end(struct supervisor *sup, struct supervise_capture *x)
{
	struct pth_capture_result r;
	struct pth_err e;
	int rc;

	confirm(sup, x);
	if (!x->live)
		return;
	x->live = false;
	rc = pth_capture_stop(&x->c, &r, &e);
	if (rc == 0 || r.error != 0)
		put_result(sup, x, &r);
	else if (pth_cap_ring(x->plan) == NULL) /* died, but see what it wrote */
		x->result = json_pack("{s:s,s:s}", PTH_KEY(rcap, file), pth_cap_file(x->plan),
		    PTH_KEY(rcap, interface), pth_cap_interface(x->plan));
	if (rc != 0)
		capture_failed(x, &e);
	else
		pth_event("capture.stopped", "{s:I,s:I,s:I,s:I,s:s*}", "packets",
		    (json_int_t)r.packets, "dropped", (json_int_t)r.dropped, "discarded",
		    (json_int_t)r.discarded, "omitted", (json_int_t)r.omitted, "service",
		    x->service);
}

void
supervise_capture_end(struct supervisor *sup)
{
	for (size_t i = 0; i < sup->ncaptures; i++)
		end(sup, &sup->captures[i]);
}

bool
supervise_capture_is(const struct supervisor *sup, pid_t pid)
{
	for (size_t i = 0; i < sup->ncaptures; i++)
		if (sup->captures[i].live && sup->captures[i].c.pid == pid)
			return true;
	return false;
}

json_t *
supervise_capture_result(const struct supervisor *sup, const char *service)
{
	for (size_t i = 0; i < sup->ncaptures; i++) {
		const char *s = sup->captures[i].service;

		if (service == NULL ? s == NULL : s != NULL && strcmp(s, service) == 0)
			return sup->captures[i].result;
	}
	return NULL;
}

void
supervise_capture_release(struct supervisor *sup)
{
	for (size_t i = 0; i < sup->ncaptures; i++) {
		free(sup->captures[i].filter);
		json_decref(sup->captures[i].result);
	}
	free(sup->captures);
}

bool
supervise_capture_counts(const struct supervisor *sup)
{
	const struct supervise_capture *x = sup->captures; /* that of the test is the first */

	return sup->ncaptures > 0 && x->service == NULL && x->confirmed && sup->counts != NULL;
}
