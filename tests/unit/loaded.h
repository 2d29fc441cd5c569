/* YAML of texts, for unit tests. It lives as long as the arena, which the test releases. */
#ifndef PTH_UNIT_LOADED_H
#define PTH_UNIT_LOADED_H

#include <string.h>

#include "io/yaml.h"

static struct pth_arena arena;

static inline struct pth_ynode *
yaml(const char *text)
{
	struct pth_diags d;
	struct pth_ynode *n;

	pth_diags_init(&d, "x.yaml");
	n = pth_yaml_load(text, strlen(text), &arena, &d);
	pth_diags_release(&d);
	return n;
}

#endif
