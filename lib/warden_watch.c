/* What is looked at while programs run: how long their logs get. */
#include "warden_priv.h"

#define LOGS_EVERY_US 100000
#define LOGS_SOON_US 25000 /* one grows fast */

static void
also_cut(void *arg, struct pth_service *s, const char *path, int64_t keep)
{
	struct warden *w = arg;

	pth_assertions_log_cut(&w->assertions, s, path, keep);
}

static bool
look_at_logs(struct warden *w)
{
	struct pth_service *s;
	bool fast = false;

	for (size_t i = 0; (s = warden_nth(w, i)) != NULL; i++)
		fast = pth_service_logs(s, also_cut, w) || fast;
	return fast;
}

/* Does a program of ours run? */
static bool
busy(struct warden *w)
{
	struct pth_service *s;

	for (size_t i = 0; (s = warden_nth(w, i)) != NULL; i++)
		if (s->pid > 0)
			return true;
	return w->steps.pid > 0;
}

void
warden_watch(struct warden *w, int64_t now)
{
	if (now >= w->logs_next)
		w->logs_next = now + (look_at_logs(w) ? LOGS_SOON_US : LOGS_EVERY_US);
}

int64_t
warden_watch_next(struct warden *w)
{
	return busy(w) ? w->logs_next : NEVER;
}

void
warden_watch_end(struct warden *w)
{
	look_at_logs(w);
}
