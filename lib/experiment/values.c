/*
 * This file checks values whose types in the table do not tell enough: names of variables,
 * volumes, what a network is called. The stages that use them look again, as a record may come
 * from elsewhere, but only here is the place known.
 */
#include "experiment/priv.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "base/words.h"

static void
check_environment(struct pth_experiment *x, const struct pth_ynode *map)
{
	pth_yaml_foreach(c, experiment_only(map, PTH_YMAP))
		if (*c->key == '\0' || strchr(c->key, '=') != NULL)
			experiment_key_error(
			    x, c, "environment: '%.60s' cannot be the name of a variable", c->key);
}

static void
wrong_volume(struct pth_experiment *x, const struct pth_ynode *n, const char *what)
{
	experiment_unfit(n);
	experiment_error(x, n, "volumes: '%.60s'; expected %s", n->text, what);
}

static void
check_inside(struct pth_experiment *x, const struct pth_ynode *n, const char *inside)
{
	if (*inside == '/')
		return;
	experiment_unfit(n);
	experiment_error(
	    x, n, "volumes: '%.60s' in the container; expected a path that begins with /", inside);
}

/* What docker knows besides ro and rw asks for nothing here; anything else is a slip. */
static void
check_mode(struct pth_experiment *x, const struct pth_ynode *n, const char *mode)
{
	static const char *const modes[] = { "ro", "rw" },
	                         *const others[] = { "z", "Z", "cached", "delegated", "consistent",
		                         "nocopy" };
	struct pth_word rest = pth_word_of(mode), word;

	while (pth_word_next(&rest, ",", &word)) {
		pth_auto_str one = pth_xstrndup(word.s, word.n);

		if (pth_one_of(one, others, countof(others)))
			experiment_warn(
			    x, n, "volumes: '%.20s' of '%.60s' has no effect", one, n->text);
		else if (!pth_one_of(one, modes, countof(modes)))
			wrong_volume(x, n, "ro or rw behind the second ':'");
	}
}

/* A volume is local:inside, local:inside:ro, or both as a map. */
static void
check_volume(struct pth_experiment *x, const struct pth_ynode *n)
{
	const struct pth_ynode *inside = experiment_only(pth_yaml_get(n, "container"), PTH_YSTR);
	const char *colon = experiment_scalar(n) ? strchr(n->text, ':') : NULL;

	if (inside != NULL)
		check_inside(x, inside, inside->text);
	else if (colon != NULL && colon != n->text) {
		check_inside(x, n, colon + 1);
		if ((colon = strchr(colon + 1, ':')) != NULL)
			check_mode(x, n, colon + 1);
	} else if (experiment_scalar(n))
		wrong_volume(x, n, "LOCAL:INSIDE or LOCAL:INSIDE:ro");
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

/* What only containers have, of a service that runs in none. */
static void
check_containers(
    struct pth_experiment *x, const struct pth_ynode *environment, const struct pth_ynode *s)
{
	static const char *const maps[] = { "", "config", "plugin_config" };
	const struct schema *of_service = experiment_schema_at(x->schema, "tests.[].services.*");
	const char *type = experiment_text(environment, "type", "");
	const struct pth_ynode *n, *network = pth_yaml_get(s, "network");

	for (size_t i = 0; i < countof(maps); i++) {
		n = pth_yaml_get(
		    *maps[i] != '\0' ? pth_yaml_get(environment, maps[i]) : environment,
		    "container");
		if (n != NULL && experiment_bool(n) != 0)
			return;
	}
	pth_yaml_foreach(c, experiment_only(s, PTH_YMAP))
		if ((strcmp(c->key, "volumes") == 0 || strcmp(c->key, "docker") == 0) && c->n != 0)
			experiment_note_idle(x, of_service, c, type);
	if (experiment_given(pth_yaml_get(network, "mtu")))
		experiment_note_idle(x, experiment_schema_child(of_service, "network"),
		    pth_yaml_get(network, "mtu"), type);
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
		if (environment != NULL && experiment_environment_kind(environment) == F_OWN)
			check_containers(x, environment, s);
	}
}
