/*
 * Network placeholders of experiment files and descriptors:
 * @{service:attribute[secondary]:format}. What only a deployment can know
 * (the address of a container) stays as it is, for pth-compose.
 */
#include "plan/priv.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

struct ref {
	char service[64], attribute[16], secondary[64], format[16];
	size_t len; /* of the whole, from '@' to '}' */
};

static const char *
take(const char *s, const char *stop, char *to, size_t size)
{
	size_t n = strcspn(s, stop);

	if (n == 0 || n >= size)
		return NULL;
	memcpy(to, s, n);
	to[n] = '\0';
	return s + n;
}

/* False: not of this form; then it is somebody else's text. */
static bool
parse(const char *s, struct ref *r)
{
	const char *p;

	memset(r, 0, sizeof *r);
	p = take(s + 2, ":[}@{\n ", r->service, sizeof r->service);
	if (p == NULL || *p != ':' || !pth_name_ok(r->service))
		return false;
	p = take(p + 1, ":[}@{\n ", r->attribute, sizeof r->attribute);
	if (p != NULL && *p == '[') {
		p = take(p + 1, "]}\n", r->secondary, sizeof r->secondary);
		p = p != NULL && *p == ']' ? p + 1 : NULL;
	}
	if (p != NULL && *p == ':')
		p = take(p + 1, "}\n ", r->format, sizeof r->format);
	if (p == NULL || *p != '}')
		return false;
	r->len = (size_t)(p + 1 - s);
	return true;
}

/* Version files of PANTHER speak of server_service and client_service. */
static struct plan_service *
resolve(struct plan *p, const char *name)
{
	struct plan_service *s = plan_find(p, name);
	bool client = (strcmp(name, "client_service") == 0);
	size_t i;

	if (s != NULL || (!client && strcmp(name, "server_service") != 0))
		return s;
	for (i = 0; i < p->n; i++)
		if (p->v[i].client == client)
			return &p->v[i];
	return NULL;
}

static int
unknown_service(struct plan *p, const char *name, struct pth_err *e)
{
	const char **names = pth_xarray(NULL, p->n, sizeof *names);
	const char *near;
	size_t i;

	for (i = 0; i < p->n; i++)
		names[i] = p->v[i].name;
	near = pth_nearest(name, names, p->n);
	pth_err_set(
	    e, PTH_INPUT, "@{%s:...}: no service of this name%s%s%s", name, PTH_DID_YOU_MEAN(near));
	free(names);
	return -1;
}

static int
address(const struct ref *r, const char *ip, const struct plan_service *s, struct pth_buf *b,
    struct pth_err *e)
{
	const char *f = *r->format != '\0' ? r->format : "dotted";
	struct in_addr a;

	if (strcmp(f, "hostname") == 0)
		pth_buf_adds(b, s->name);
	else if (inet_pton(AF_INET, ip, &a) != 1) /* known at run time only */
		pth_buf_addf(b, "@{%s:%s%s%s%s:%s}", s->name, r->attribute,
		    *r->secondary != '\0' ? "[" : "", r->secondary,
		    *r->secondary != '\0' ? "]" : "", f);
	else if (strcmp(f, "dotted") == 0 || strcmp(f, "string") == 0)
		pth_buf_adds(b, ip);
	else if (strcmp(f, "decimal") == 0 || strcmp(f, "integer") == 0)
		pth_buf_addf(b, "%u", (unsigned)ntohl(a.s_addr));
	else if (strcmp(f, "hex") == 0)
		pth_buf_addf(b, "0x%08X", (unsigned)ntohl(a.s_addr));
	else
		return pth_err_set(e, PTH_INPUT,
		    "@{%s:%s:%s}: the format must be dotted, decimal, "
		    "hex, hostname, string or integer",
		    r->service, r->attribute, f);
	return 0;
}

static int
value(struct plan *p, const struct ref *r, struct pth_buf *b, struct pth_err *e)
{
	struct plan_service *s = resolve(p, r->service);
	const char *ip;

	if (s == NULL)
		return unknown_service(p, r->service, e);
	ip = s->address;
	if (*r->secondary != '\0') {
		ip = pth_json_str(
		    json_object_get(s->rec, "secondary_endpoints"), r->secondary, NULL);
		if (ip == NULL)
			return pth_err_set(e, PTH_INPUT,
			    "@{%s:%s[%s]}: the service has no such "
			    "secondary endpoint",
			    r->service, r->attribute, r->secondary);
	}
	if (strcmp(r->attribute, "ip") == 0)
		return address(r, ip, s, b, e);
	if (strcmp(r->attribute, "port") == 0 && strcmp(r->format, "hex") == 0)
		pth_buf_addf(b, "0x%04X", (unsigned)s->port);
	else if (strcmp(r->attribute, "port") == 0)
		pth_buf_addf(b, "%lld", (long long)s->port);
	else if (strcmp(r->attribute, "hostname") == 0 || strcmp(r->attribute, "service_name") == 0)
		pth_buf_adds(b, s->name);
	else
		return pth_err_set(e, PTH_INPUT,
		    "@{%s:%s}: the attribute must be ip, hostname, port or "
		    "service_name",
		    r->service, r->attribute);
	return 0;
}

int
plan_names(struct plan *p, struct pth_buf *b, size_t at, struct pth_err *e)
{
	struct pth_buf out = PTH_BUF_INIT;
	const char *s = b->len > at ? b->s + at : "", *ref;
	struct ref r;
	int rc = 0;

	if (p->services == NULL || strstr(s, "@{") == NULL)
		return 0;
	while (rc == 0 && (ref = strstr(s, "@{")) != NULL) {
		pth_buf_add(&out, s, (size_t)(ref - s));
		if (parse(ref, &r)) {
			rc = value(p, &r, &out, e);
			s = ref + r.len;
		} else {
			pth_buf_add(&out, ref, 2);
			s = ref + 2;
		}
	}
	if (rc == 0) {
		pth_buf_adds(&out, s);
		pth_buf_cut(b, at);
		pth_buf_add(b, out.s, out.len);
	}
	pth_buf_release(&out);
	return rc;
}
