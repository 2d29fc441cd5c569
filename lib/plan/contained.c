/* This file says what links of containers cannot do, and which keys they leave without effect. */
#include "plan/priv.h"

#include <string.h>

static bool
is_given(const struct plan *p, const char *path)
{
	return json_object_get(pth_test_marks(p->rec), path) != NULL;
}

static void
no_use(struct plan *p, const char *path, const char *key)
{
	if (is_given(p, path))
		plan_problem(p, PTH_WARNING, path,
		    "%s has no effect: the containers are joined by links, and have no other "
		    "network",
		    key);
}

/* Of containers whose only network are links. */
static void
no_networks(struct plan *p)
{
	static const char *const env[] = { "subnet", "enable_ipv6", "network_name" };
	static const char *const own[] = { "ports", "network.mtu" };
	pth_auto_buf at = PTH_BUF_INIT;

	for (size_t i = 0; i < countof(env); i++) {
		pth_buf_cut(&at, 0);
		pth_buf_addf(&at, "network_environment.%s", env[i]);
		no_use(p, at.s, env[i]);
	}
	no_use(p, "docker.network_mode", "docker.network_mode");
	plan_foreach(s, p)
		for (size_t i = 0; i < countof(own); i++)
			no_use(p, plan_path(&at, s, own[i]), own[i]);
}

bool
plan_links_contained(struct plan *p)
{
	if (pth_envparam_container(p->eparams)) {
		plan_problem(p, PTH_ERROR, "network_environment.container",
		    "container: true puts all services into one container with one network, and "
		    "links join several; docker_compose has a container for each");
		return false;
	}
	if (strcmp(pth_desc_str(p->eview, "isolation", ""), "container") == 0)
		no_networks(p);
	return true;
}
