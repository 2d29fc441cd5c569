/* The capture of a test, from its start to its last packet. */
#include "warden_priv.h"

#include "event.h"
#include "json.h"

static void
capture_failed(struct warden *w, const char *interface, const struct pth_err *e)
{
	w->capture_result = json_pack("{s:s}", "error", e->text);
	pth_event("capture.failed", "{s:s,s:s}", "interface", interface, "message", e->text);
}

static const char *
capture_interface(const struct warden *w)
{
	return pth_json_str(json_object_get(w->req->plan, "capture"), "interface", "lo");
}

/* It gets ready while the setup commands run. */
void
warden_capture_begin(struct warden *w)
{
	const json_t *c = json_object_get(w->req->plan, "capture");
	struct pth_err e;

	if (!json_is_object(c))
		return;
	pth_capture_tally(w->tally);
	if (pth_capture_start(&w->capture, capture_interface(w), w->req->dirfd,
	    pth_json_str(c, "file", "capture.pcapng"), (unsigned)pth_json_int(c, "snaplen", 0), &e) != 0)
		capture_failed(w, capture_interface(w), &e);
	else
		w->capturing = true;
	pth_capture_tally(NULL);
}

void
warden_capture_confirm(struct warden *w)
{
	struct pth_err e;

	if (!w->capturing)
		return;
	if (pth_capture_confirm(&w->capture, &e) != 0) {
		w->capturing = false;
		capture_failed(w, capture_interface(w), &e);
		return;
	}
	w->confirmed = true;
	pth_event("capture.started", "{s:s,s:b}", "interface", capture_interface(w), "isolated",
	    (w->req->ns.used & PTH_NS_NET) != 0);
}

void
warden_capture_end(struct warden *w)
{
	const json_t *c = json_object_get(w->req->plan, "capture");
	struct pth_capture_result r;
	struct pth_err e;

	if (w->capturing && !w->confirmed)
		warden_capture_confirm(w);
	if (!w->capturing)
		return;
	w->capturing = false;
	if (pth_capture_stop(&w->capture, &r, &e) != 0) {
		capture_failed(w, capture_interface(w), &e);
		return;
	}
	w->capture_result = json_pack("{s:s,s:s,s:I,s:I,s:b}", "file",
	    pth_json_str(c, "file", "capture.pcapng"), "interface", capture_interface(w),
	    "packets", (json_int_t)r.packets, "dropped", (json_int_t)r.dropped, "isolated",
	    (w->req->ns.used & PTH_NS_NET) != 0);
	pth_event("capture.stopped", "{s:I,s:I}", "packets", (json_int_t)r.packets, "dropped",
	    (json_int_t)r.dropped);
}

bool
warden_capture_counts(const struct warden *w)
{
	return w->confirmed && w->tally != NULL;
}
