/* What tests claim of the machine, and which of them starts next. */
#include "run/schedule.h"

#include <endian.h>
#include <string.h>

#include "base/hash.h"
#include "io/json.h"
#include "io/rec.h"

/* ---- what a test claims */

/* One port of the host; of an unknown transport: both. */
static void
claim_port(struct pth_claim *c, const char *transport, int64_t port)
{
	static const char *const kinds[] = { "tcp", "udp" };
	bool known = strcmp(transport, "tcp") == 0 || strcmp(transport, "udp") == 0;

	for (size_t i = 0; i < 2; i++)
		if (!known || strcmp(transport, kinds[i]) == 0)
			pth_json_push_once(
			    c->ports, json_sprintf("%s:%lld", kinds[i], (long long)port));
}

/* The ports that a service is planned to have, and those that make it ready.
 * One without any may use whatever it likes, unless it is a client. */
static void
claim_service(struct pth_claim *c, const json_t *service)
{
	int64_t port = pth_json_int(service, "port", 0);
	bool known = port > 0 || strcmp(pth_json_str(service, "role", ""), "client") == 0;
	json_t *r;
	size_t i;

	if (port > 0)
		claim_port(c, pth_json_str(service, "transport", ""), port);
	json_array_foreach(json_object_get(service, "ready"), i, r) {
		const char *kind = pth_json_str(r, "kind", "");

		port = pth_json_int(r, "port", 0);
		if (port <= 0 || (strcmp(kind, "tcp") != 0 && strcmp(kind, "udp") != 0))
			continue;
		claim_port(c, kind, port);
		known = true;
	}
	c->greedy = c->greedy || !known;
}

static void
claim_resources(struct pth_claim *c, const json_t *resources)
{
	json_t *v;
	size_t i;

	json_array_foreach(resources, i, v) {
		const char *s = json_string_value(v);

		if (s == NULL)
			continue;
		pth_json_push_once(c->names, json_incref(v));
		c->host = c->host || strncmp(s, "tcp:", 4) == 0 || strncmp(s, "udp:", 4) == 0;
	}
}

void
pth_claim_of(const json_t *plan, struct pth_claim *c)
{
	const json_t *env = json_object_get(plan, "environment");
	const json_t *own = json_object_get(plan, "schedule");
	int64_t cpus = pth_json_int(own, "cpus", 1);
	json_t *v;
	size_t i;

	*c = (struct pth_claim){ .names = json_array(), .ports = json_array() };
	c->cpus = cpus < 1 ? 1 : cpus > 1 << 20 ? 1 << 20 : (unsigned)cpus;
	json_array_foreach(json_object_get(own, "locks"), i, v)
		if (json_is_string(v))
			pth_json_push_once(c->names, json_sprintf("lock:%s", json_string_value(v)));
	claim_resources(c, json_object_get(env, "resources"));
	if (!pth_rec_plan_is_local(plan))
		return;
	c->isolable = strcmp(pth_json_str(env, "isolation", "full"), "none") != 0;
	c->host = c->host || !c->isolable;
	c->greedy = json_is_object(json_object_get(plan, "capture"));
	json_array_foreach(json_object_get(plan, "services"), i, v)
		claim_service(c, v);
}

void
pth_claim_release(struct pth_claim *c)
{
	json_decref(c->names);
	json_decref(c->ports);
	c->names = c->ports = NULL;
}

/* ---- whose turn it is */

static bool
common(const json_t *a, const json_t *b)
{
	json_t *x, *y;
	size_t i, k;

	json_array_foreach(a, i, x)
		json_array_foreach(b, k, y)
			if (strcmp(json_string_value(x), json_string_value(y)) == 0)
				return true;
	return false;
}

static bool
collide(const struct pth_turn *a, const struct pth_turn *b)
{
	const struct pth_claim *x = a->claim, *y = b->claim;

	if (common(x->names, y->names))
		return true;
	if (!a->host || !b->host)
		return false;
	return x->greedy || y->greedy || common(x->names, y->ports) || common(x->ports, y->names) ||
	    common(x->ports, y->ports);
}

static unsigned
weight(const struct pth_turn *t, unsigned jobs)
{
	return t->claim->cpus < jobs ? t->claim->cpus : jobs;
}

static bool
is_due(const struct pth_turn *t, unsigned patience)
{
	return t->state == PTH_TURN_WAITS && t->passed >= patience;
}

/* May x start beside those that run, and beside those of the first `before`
 * that are due, as if these ran already? */
static bool
fits(const struct pth_turn *v, size_t n, size_t before, const struct pth_turn *x, unsigned jobs,
    unsigned patience)
{
	unsigned sum = weight(x, jobs);

	for (size_t i = 0; i < n; i++) {
		if (v[i].state != PTH_TURN_RUNS && (i >= before || !is_due(&v[i], patience)))
			continue;
		sum += weight(&v[i], jobs);
		if (sum > jobs || collide(&v[i], x))
			return false;
	}
	return true;
}

size_t
pth_schedule_next(const struct pth_turn *v, size_t n, unsigned jobs, unsigned patience)
{
	size_t best = n;

	for (size_t i = 0; i < n; i++)
		if (is_due(&v[i], patience) && fits(v, n, i, &v[i], jobs, patience))
			return i;
	for (size_t i = 0; i < n; i++)
		if (v[i].state == PTH_TURN_WAITS && !is_due(&v[i], patience) &&
		    (best == n || v[i].rank < v[best].rank) && fits(v, n, n, &v[i], jobs, patience))
			best = i;
	return best;
}

uint64_t
pth_schedule_hash(uint64_t seed, const char *id)
{
	uint64_t little = htole64(seed);
	uint64_t h = pth_hash_text(pth_hash(PTH_HASH_EMPTY, &little, sizeof little), id);

	/* It is mixed further, for ids differ in their first digits only. */
	h ^= h >> 31;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}
