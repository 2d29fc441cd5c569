/* This file resolves placeholders with the name server of a container's network. */
#include "container/resolve.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "container/twice.h"
#include "io/json.h"
#include "io/placeholder.h"
#include "io/record.h"

/* Asks for the first A record of a name, without the name services: we are static. */
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
resolve(const struct pth_placeholder *p, void *arg, struct pth_buf *b, struct pth_err *e)
{
	struct in_addr a;
	bool ip;

	(void)arg;
	if (p->attribute == NULL || p->secondary != NULL || !pth_name_ok(p->name))
		return 0;
	ip = strcmp(p->attribute, "ip") == 0;
	if (!ip && strcmp(p->attribute, "hostname") != 0 &&
	    strcmp(p->attribute, "service_name") != 0)
		return 0;
	if (!ip || (p->format != NULL && strcmp(p->format, "hostname") == 0))
		pth_buf_adds(b, p->name);
	else if (look_up(p->name, &a) != 0)
		return pth_err_set(
		    e, PTH_SYSTEM, "@{%s:ip}: the network does not know this name (yet)", p->name);
	else if (!pth_placeholder_ipv4(b, a, p->format))
		pth_placeholder_ipv4(b, a, NULL);
	return 1;
}

int
pth_resolve_expand(struct pth_buf *b, const char *text, struct pth_err *e)
{
	return pth_placeholder_expand(text, resolve, NULL, b, e);
}

int
pth_resolve_expand_all(json_t *v, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;
	const char *key;
	json_t *x;
	size_t i;

	if (json_is_string(v) && pth_placeholder_find(json_string_value(v)) != NULL) {
		if (pth_resolve_expand(&b, json_string_value(v), e) != 0)
			return -1;
		json_string_setn_nocheck(v, b.s, b.len);
	}
	if (json_is_array(v))
		json_array_foreach(v, i, x)
			if (pth_resolve_expand_all(x, e) != 0)
				return -1;
	if (json_is_object(v))
		json_object_foreach(v, key, x)
			if (pth_resolve_expand_all(x, e) != 0)
				return -1;
	return 0;
}

json_t *
pth_resolve_environ(struct pth_err *e)
{
	json_auto_t *env = json_object();

	for (char **p = environ; *p != NULL; p++) {
		const char *eq = strchr(*p, '=');
		pth_auto_buf value = PTH_BUF_INIT;
		pth_auto_str key = NULL;

		if (eq == NULL)
			continue;
		key = pth_xstrndup(*p, (size_t)(eq - *p));
		if (pth_resolve_expand(&value, eq + 1, e) != 0) {
			pth_err_wrap(e, "%s", key);
			return NULL;
		}
		pth_json_set(env, key, pth_json_text(value.s, value.len));
	}
	return pth_take(&env);
}

/* The image's variables and those of the compose file are the service's. */
int
pth_resolve_inherit(json_t *services, struct pth_err *e)
{
	static const char *const ours[] = { "PTH_EVENTS", "PTH_HOLD", "PTH_RUN", PTH_TWICE_ENV,
		"HOME" };
	json_auto_t *env = pth_resolve_environ(e);
	json_t *s;
	size_t i;

	if (env == NULL)
		return -1;
	for (i = 0; i < countof(ours); i++)
		json_object_del(env, ours[i]);
	json_array_foreach(services, i, s) {
		json_t *all = json_copy(env);

		json_object_update(all, pth_svc_environment(s));
		pth_svc_set_environment(s, all);
	}
	return 0;
}
