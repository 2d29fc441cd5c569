/* One service, s, for unit tests of it. */
#ifndef PTH_UNIT_ONE_H
#define PTH_UNIT_ONE_H

#include "world.h"

static struct service s;
static json_t *plan;

/* Reap what runs, and read what it has said; 20 seconds at most. */
static inline void
reap(int64_t now)
{
	for (int i = 0; i < 20000 && supervise_service_is_busy(&s); i++) {
		supervise_logs_drain(&s.at.logs);
		supervise_service_reap(&s, now, S);
		usleep(1000);
	}
	supervise_logs_drain(&s.at.logs);
	CHECK(!supervise_service_is_busy(&s));
}

/* A member of its result, as JSON; "" when there is none. */
static inline const char *
result(const char *key)
{
	static char text[700];
	json_t *o = supervise_service_result(&s);
	struct pth_buf b = PTH_BUF_INIT;

	if (json_object_get(o, key) != NULL)
		pth_json_dump(&b, json_object_get(o, key));
	snprintf(text, sizeof text, "%s", b.s != NULL ? b.s : "");
	pth_buf_release(&b);
	json_decref(o);
	return text;
}

#endif
