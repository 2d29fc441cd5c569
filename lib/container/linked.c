/* This file has what containers need that are joined by links. */
#include "container/compose_priv.h"

#include <string.h>

static void
add_host(json_t *list, const char *name, const char *address)
{
	if (address != NULL && *address != '\0')
		pth_json_push_once(list, json_sprintf("%s:%s", name, address));
}

/* No name server is to be found without a network. */
json_t *
container_hosts(const struct compose *c)
{
	json_t *list = json_array(), *s;
	size_t i;

	json_array_foreach(pth_plan_services(c->plan), i, s) {
		add_host(list, pth_svc_name(s), pth_svc_address(s));
		add_host(list, pth_svc_name(s), pth_svc_address6(s));
	}
	return list;
}
