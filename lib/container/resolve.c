#include "container/resolve.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#include "io/json.h"

struct ref {
	char service[64], what[24], format[24];
	size_t len; /* from '@' to '}' */
};

static const char *
word(const char *s, char *to, size_t size)
{
	size_t n = strcspn(s, ":}@{ \n");

	if (n == 0 || n >= size || (s[n] != ':' && s[n] != '}'))
		return NULL;
	memcpy(to, s, n);
	to[n] = '\0';
	return s + n;
}

static bool
parse(const char *s, struct ref *r)
{
	const char *p = word(s + 2, r->service, sizeof r->service);

	if (p == NULL || *p != ':' || (p = word(p + 1, r->what, sizeof r->what)) == NULL)
		return false;
	r->format[0] = '\0';
	if (*p == ':' && (p = word(p + 1, r->format, sizeof r->format)) == NULL)
		return false;
	if (*p != '}')
		return false;
	r->len = (size_t)(p + 1 - s);
	return strcmp(r->what, "ip") == 0 || strcmp(r->what, "hostname") == 0 ||
	    strcmp(r->what, "service_name") == 0;
}

/* The first A record of a name. Without the name services: we are static. */
static int
look_up(const char *name, struct in_addr *a)
{
	unsigned char answer[NS_PACKETSZ * 8];
	int n = res_query(name, ns_c_in, ns_t_a, answer, sizeof answer);
	ns_msg msg;
	ns_rr rr;

	if (n < 0 || n > (int)sizeof answer || ns_initparse(answer, n, &msg) != 0)
		return -1;
	for (int i = 0; i < ns_msg_count(msg, ns_s_an); i++)
		if (ns_parserr(&msg, ns_s_an, i, &rr) == 0 && ns_rr_type(rr) == ns_t_a &&
		    ns_rr_rdlen(rr) == sizeof *a) {
			memcpy(a, ns_rr_rdata(rr), sizeof *a);
			return 0;
		}
	return -1;
}

static int
value(const struct ref *r, struct pth_buf *b, struct pth_err *e)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr a;

	if (strcmp(r->what, "ip") != 0 || strcmp(r->format, "hostname") == 0) {
		pth_buf_adds(b, r->service);
		return 0;
	}
	if (look_up(r->service, &a) != 0)
		return pth_err_set(e, PTH_SYSTEM,
		    "@{%s:ip}: the network does not know this name (yet)", r->service);
	if (strcmp(r->format, "decimal") == 0 || strcmp(r->format, "integer") == 0)
		pth_buf_addf(b, "%u", (unsigned)ntohl(a.s_addr));
	else if (strcmp(r->format, "hex") == 0)
		pth_buf_addf(b, "0x%08X", (unsigned)ntohl(a.s_addr));
	else
		pth_buf_adds(b, inet_ntop(AF_INET, &a, text, sizeof text));
	return 0;
}

int
pth_resolve_expand(struct pth_buf *b, const char *s, struct pth_err *e)
{
	const char *at;
	struct ref r;

	while ((at = strstr(s, "@{")) != NULL) {
		pth_buf_add(b, s, (size_t)(at - s));
		if (parse(at, &r)) {
			if (value(&r, b, e) != 0)
				return -1;
			s = at + r.len;
		} else {
			pth_buf_adds(b, "@{");
			s = at + 2;
		}
	}
	pth_buf_adds(b, s);
	return 0;
}

int
pth_resolve_expand_all(json_t *v, struct pth_err *e)
{
	struct pth_buf b = PTH_BUF_INIT;
	const char *key;
	json_t *x;
	size_t i;
	int r = 0;

	if (json_is_string(v) && strstr(json_string_value(v), "@{") != NULL) {
		r = pth_resolve_expand(&b, json_string_value(v), e);
		if (r == 0)
			json_string_setn_nocheck(v, b.s, b.len);
		pth_buf_release(&b);
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, x)
			if (r == 0)
				r = pth_resolve_expand_all(x, e);
	} else if (json_is_object(v)) {
		json_object_foreach(v, key, x)
			if (r == 0)
				r = pth_resolve_expand_all(x, e);
	}
	return r;
}

json_t *
pth_resolve_environ(struct pth_err *e)
{
	json_t *env = json_object();
	int r = 0;

	for (char **p = environ; *p != NULL && r == 0; p++) {
		const char *eq = strchr(*p, '=');
		struct pth_buf key = PTH_BUF_INIT, value = PTH_BUF_INIT;

		if (eq == NULL)
			continue;
		pth_buf_add(&key, *p, (size_t)(eq - *p));
		r = pth_resolve_expand(&value, eq + 1, e);
		if (r == 0)
			pth_json_set(env, key.s != NULL ? key.s : "",
			    pth_json_text(value.s != NULL ? value.s : "", value.len));
		else
			pth_err_wrap(e, "%s", key.s != NULL ? key.s : "");
		pth_buf_release(&key);
		pth_buf_release(&value);
	}
	if (r == 0)
		return env;
	json_decref(env);
	return NULL;
}
