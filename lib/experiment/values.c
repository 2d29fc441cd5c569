/*
 * This file checks values whose types in the table do not tell enough: names of variables,
 * volumes, what a network is called. The stages that use them look again, as a record may come
 * from elsewhere, but only here is the place known.
 */
#include "experiment/priv.h"

#include "base/text.h"

static void
check_environment(struct pth_experiment *x, const struct pth_ynode *map)
{
	pth_yaml_foreach(c, experiment_only(map, PTH_YMAP))
		if (*c->key == '\0' || strchr(c->key, '=') != NULL)
			experiment_key_error(
			    x, c, "environment: '%.60s' cannot be the name of a variable", c->key);
}

static void
check_inside(struct pth_experiment *x, const struct pth_ynode *n, const char *inside)
{
	if (*inside != '/')
		experiment_error(x, n,
		    "volumes: '%.60s' in the container; expected a path that begins with /",
		    inside);
}

/* A volume is local:inside, local:inside:ro, or both as a map. */
static void
check_volume(struct pth_experiment *x, const struct pth_ynode *n)
{
	const struct pth_ynode *inside = experiment_only(pth_yaml_get(n, "container"), PTH_YSTR);
	const char *colon = n->kind == PTH_YSTR ? strchr(n->text, ':') : NULL;

	if (inside != NULL)
		check_inside(x, inside, inside->text);
	else if (colon != NULL && colon != n->text)
		check_inside(x, n, colon + 1);
	else if (n->kind == PTH_YSTR)
		experiment_error(
		    x, n, "volumes: '%.60s'; expected LOCAL:INSIDE or LOCAL:INSIDE:ro", n->text);
}

static void
check_volumes(struct pth_experiment *x, const struct pth_ynode *list)
{
	pth_yaml_foreach(c, experiment_only(list, PTH_YSEQ))
		check_volume(x, c);
}

/* As the engine's own names: it begins with a letter or digit. */
static bool
is_engine_name(const char *s)
{
	return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
	    strlen(s) &&
	    strchr("_.-", *s) == NULL;
}

static void
check_network(struct pth_experiment *x, const struct pth_ynode *environment)
{
	static const char *const names[] = { "network_name", "service_prefix" };
	const struct pth_ynode *n = experiment_only(pth_yaml_get(environment, "subnet"), PTH_YSTR);
	uint32_t address;
	unsigned bits;

	/* A network must have room for two services and the engine. */
	if (n != NULL && (!pth_ipv4_network(n->text, &address, &bits) || bits > 29))
		experiment_error(x, n,
		    "subnet: '%.60s'; expected an IPv4 network with room for all services, as "
		    "10.1.0.0/24",
		    n->text);
	for (size_t i = 0; i < countof(names); i++) {
		n = pth_yaml_get(environment, names[i]);
		if (n != NULL && experiment_scalar(n) && *n->text != '\0' &&
		    !is_engine_name(n->text))
			experiment_error(x, n,
			    "%s: '%.60s'; expected letters, digits, '.', '_' and '-'", names[i],
			    n->text);
	}
	check_environment(x, pth_yaml_get(environment, "environment"));
	check_volumes(x, pth_yaml_get(environment, "volumes"));
}

void
experiment_values(struct pth_experiment *x, const struct pth_ynode *test)
{
	const struct pth_ynode *environment = pth_yaml_get(test, "network_environment");

	if (experiment_given(environment) && experiment_environment_kind(environment) == F_DOCKER)
		check_network(x, environment);
	pth_yaml_foreach(s, experiment_only(pth_yaml_get(test, "services"), PTH_YMAP)) {
		check_environment(x, pth_yaml_get(s, "environment"));
		check_volumes(x, pth_yaml_get(s, "volumes"));
	}
}
