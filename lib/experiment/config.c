/*
 * This file reads what is set for all experiments: for a machine in /etc/pth.yaml, for a user in
 * $XDG_CONFIG_HOME/pth/config.yaml. The user's counts before the machine's, and the experiment
 * before both.
 */
#include "experiment/priv.h"

#include <unistd.h>

#include "base/cleanup.h"

#define MACHINE_FILE "/etc/pth.yaml"

/* Keys of one experiment, which cannot be those of all. */
static void
check_keys(struct pth_experiment *x, const struct pth_ynode *map)
{
	static const char *const own[] = { "tests", "test_suite", "include", "metadata" };

	for (size_t i = 0; i < countof(own); i++) {
		const struct pth_ynode *n = pth_yaml_get(map, own[i]);

		if (n != NULL)
			experiment_key_error(x, n,
			    "'%s' belongs in an experiment, not in the settings of all of them",
			    own[i]);
	}
}

/* Puts the settings of a file below those that are there; one that is not there sets nothing,
 * unless somebody has named it. */
static void
below(struct pth_experiment *x, const char *path, bool named)
{
	struct pth_ynode *n;

	if (*path == '\0' || (!named && access(path, F_OK) != 0))
		return;
	n = experiment_read(x, path);
	if (n == NULL || n->kind == PTH_YNULL)
		return;
	if (n->kind != PTH_YMAP) {
		experiment_error(x, n, "settings: %s; expected a map", pth_ykind_a(n->kind));
		return;
	}
	check_keys(x, n);
	x->root = experiment_merge(&x->a, n, x->root);
}

void
experiment_config(struct pth_experiment *x)
{
	const char *machine = getenv("PTH_CONFIG"), *config = getenv("XDG_CONFIG_HOME"),
	           *home = getenv("HOME");
	pth_auto_buf user = PTH_BUF_INIT;

	if (config != NULL && *config == '/')
		pth_buf_addf(&user, "%s/pth/config.yaml", config);
	else if (home != NULL && *home != '\0')
		pth_buf_addf(&user, "%s/.config/pth/config.yaml", home);
	if (user.len > 0)
		below(x, user.s, false);
	below(x, machine != NULL ? machine : MACHINE_FILE, machine != NULL);
}
