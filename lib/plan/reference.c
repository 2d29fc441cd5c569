/*
 * This file resolves the placeholders of services, @{service:attribute[secondary]:format},
 * in experiment files and descriptors. What only a deployment can know (the address of a
 * container) stays as it is, for pth-compose.
 */
#include "plan/priv.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"
#include "io/placeholder.h"

/* Version files of PANTHER speak of server_service and client_service. */
static struct plan_service *
service_named(struct plan *p, const char *name)
{
	struct plan_service *s = plan_find(p, name);
	bool client = (strcmp(name, "client_service") == 0);

	if (s != NULL || (!client && strcmp(name, "server_service") != 0))
		return s;
	plan_foreach(other, p)
		if (other->client == client)
			return other;
	return NULL;
}

static int
unknown_service(struct plan *p, const char *name, struct pth_err *e)
{
	pth_auto_free const char **names = pth_xarray(NULL, p->nservices, sizeof *names);
	const char *near;

	for (size_t i = 0; i < p->nservices; i++)
		names[i] = p->services[i].name;
	near = pth_nearest(name, names, p->nservices);
	return pth_err_set(e, PTH_INPUT,
	    "@{%s:...}: there is no service of this name in the test%s%s%s", name,
	    PTH_DID_YOU_MEAN(near));
}

static int
address(const struct pth_placeholder *r, const char *ip, const struct plan_service *s,
    struct pth_buf *b, struct pth_err *e)
{
	struct in_addr a;

	if (r->format != NULL && strcmp(r->format, "hostname") == 0)
		pth_buf_adds(b, s->name);
	else if (inet_pton(AF_INET, ip, &a) != 1) /* known at run time only */
		pth_buf_addf(b, "@{%s:%s%s%s%s:%s}", s->name, r->attribute,
		    r->secondary != NULL ? "[" : "", r->secondary != NULL ? r->secondary : "",
		    r->secondary != NULL ? "]" : "", r->format != NULL ? r->format : "dotted");
	else if (!pth_placeholder_ipv4(b, a, r->format))
		return pth_err_set(e, PTH_INPUT,
		    "@{%s:%s:%s}: the format must be dotted, decimal, hex, hostname, string or "
		    "integer",
		    r->name, r->attribute, r->format);
	return 1;
}

/* arg is the struct plan. */
static int
resolve(const struct pth_placeholder *r, void *arg, struct pth_buf *b, struct pth_err *e)
{
	struct plan_service *s;
	const char *ip;

	if (r->attribute == NULL || !pth_name_ok(r->name))
		return 0;
	s = service_named(arg, r->name);
	if (s == NULL)
		return unknown_service(arg, r->name, e);
	ip = s->address;
	if (r->secondary != NULL) {
		ip = pth_json_str(pth_given_secondary_endpoints(s->rec), r->secondary, NULL);
		if (ip == NULL)
			return pth_err_set(e, PTH_INPUT,
			    "@{%s:%s[%s]}: the service has no such secondary endpoint", r->name,
			    r->attribute, r->secondary);
		if (s->asked == NULL)
			s->asked = json_object();
		pth_json_set(s->asked, r->secondary, json_true());
	}
	if (strcmp(r->attribute, "ip") == 0)
		return address(r, ip, s, b, e);
	if (strcmp(r->attribute, "port") == 0)
		pth_buf_addf(b,
		    r->format != NULL && strcmp(r->format, "hex") == 0 ? "0x%04llX" : "%lld",
		    (long long)s->port);
	else if (strcmp(r->attribute, "hostname") == 0 || strcmp(r->attribute, "service_name") == 0)
		pth_buf_adds(b, s->name);
	else
		return pth_err_set(e, PTH_INPUT,
		    "@{%s:%s}: the attribute must be ip, hostname, port or service_name", r->name,
		    r->attribute);
	return 1;
}

int
plan_names(struct plan *p, struct pth_buf *b, size_t at, struct pth_err *e)
{
	pth_auto_buf out = PTH_BUF_INIT;

	if (p->infos == NULL || b->len <= at || pth_placeholder_find(b->s + at) == NULL)
		return 0;
	if (pth_placeholder_expand(b->s + at, resolve, p, &out, e) < 0)
		return -1;
	pth_buf_cut(b, at);
	pth_buf_add(b, out.s, out.len);
	return 0;
}

/* Has the text still the address of a service? What is at it, for a message; NULL: none. Places
 * such as @{dir} are known when it runs. */
static const char *
unknown_address(const char *text)
{
	struct pth_placeholder r;

	while (pth_placeholder_next(text, &r)) {
		if (r.fault == NULL && r.attribute != NULL)
			return r.begin;
		text = r.end;
	}
	return NULL;
}

json_t *
plan_names_in(struct plan *p, const json_t *v, struct pth_buf *path, bool now)
{
	pth_auto_buf b = PTH_BUF_INIT;
	size_t len = path->len, i;
	struct pth_err e;
	const char *key;
	json_t *out, *c;
	const char *still;

	if (json_is_string(v)) {
		pth_buf_add(&b, json_string_value(v), json_string_length(v));
		if (plan_names(p, &b, 0, &e) != 0)
			plan_error(p, PTH_CAT_CONFIGURATION, path->s, "%s", e.text);
		else if (now && p->infos != NULL && (still = unknown_address(b.s)) != NULL)
			plan_error(p, PTH_CAT_CONFIGURATION, path->s,
			    "%.100s: a container has no address before it runs; ask for its "
			    "hostname",
			    still);
		return pth_json_text(b.s, b.len);
	}
	if (!json_is_array(v) && !json_is_object(v))
		return json_incref((json_t *)(uintptr_t)v);
	out = json_is_array(v) ? json_array() : json_object();
	json_array_foreach((json_t *)(uintptr_t)v, i, c) {
		pth_buf_addf(path, ".%zu", i);
		pth_json_push(out, plan_names_in(p, c, path, now));
		pth_buf_cut(path, len);
	}
	json_object_foreach((json_t *)(uintptr_t)v, key, c) {
		pth_buf_addf(path, ".%s", key);
		pth_json_set(out, key, plan_names_in(p, c, path, now));
		pth_buf_cut(path, len);
	}
	return out;
}

void
plan_names_steps(struct plan *p)
{
	static const char *const keys[] = { PTH_KEY(steps, pre_commands),
		PTH_KEY(steps, post_commands), PTH_KEY(steps, actions) };
	json_t *steps = pth_test_steps(p->rec), *v;

	for (size_t i = 0; i < countof(keys); i++) {
		pth_auto_buf path = PTH_BUF_INIT;

		pth_buf_addf(&path, "steps.%s", keys[i]);
		if ((v = json_object_get(steps, keys[i])) != NULL)
			pth_json_set(steps, keys[i], plan_names_in(p, v, &path, true));
	}
}

void
plan_names_end(struct plan *p)
{
	pth_auto_buf at = PTH_BUF_INIT, what = PTH_BUF_INIT;
	const char *key;
	json_t *v;

	plan_foreach(s, p)
		json_object_foreach(pth_given_secondary_endpoints(s->rec), key, v) {
			if (json_object_get(s->asked, key) != NULL)
				continue;
			pth_buf_cut(&what, 0);
			pth_buf_addf(&what, "secondary_endpoints.%s", key);
			plan_problem(p, PTH_WARNING, plan_path(&at, s, what.s),
			    "secondary endpoint '%s' has no effect: nothing asks for @{%s:ip[%s]}",
			    key, s->name, key);
		}
}
