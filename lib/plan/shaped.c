/* This file sees to it that what an environment says of its network has an effect, or is said to
 * have none: a test over a network that is not the one asked for would pass for nothing. */
#include "plan/priv.h"

#include <string.h>

#include "base/text.h"

static const char *const keys[] = { "latency", "jitter", "packet_loss", "bandwidth" };

static bool
has(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return v != NULL && !json_is_null(v);
}

/* The first of them that is given, as a path in b; false: none is. */
static bool
first_given(const struct plan *p, struct pth_buf *b)
{
	const json_t *network = json_object_get(p->eparams, "network");

	for (size_t i = 0; i < countof(keys); i++) {
		bool own = has(p->eparams, keys[i]);

		if (!own && !has(network, keys[i]))
			continue;
		pth_buf_addf(b, "network_environment.%s%s", own ? "" : "network.", keys[i]);
		return true;
	}
	return false;
}

bool
plan_is_shaped(const struct plan *p)
{
	pth_auto_buf path = PTH_BUF_INIT;

	return first_given(p, &path);
}

/* A simulator has a network of its own, and says itself what of it cannot be. */
void
plan_shaped_check(struct plan *p)
{
	const char *isolation = pth_desc_str(p->eview, "isolation", "");
	pth_auto_buf path = PTH_BUF_INIT;

	if (p->nwires > 0 || plan_failed(p) || strcmp(isolation, "simulator") == 0 ||
	    !first_given(p, &path))
		return;
	if (p->nservices < 2)
		plan_problem(p, PTH_WARNING, path.s,
		    "%s has no effect: a single service has no link", strrchr(path.s, '.') + 1);
	else
		plan_problem(p, PTH_ERROR, path.s,
		    "%s: the services have no links in environment %s; use link, localhost or "
		    "shadow_ns",
		    strrchr(path.s, '.') + 1, p->env->name);
}
