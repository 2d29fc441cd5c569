/*
 * A planned test for the Shadow simulator: its configuration (shadow.yaml, Shadow 3.3), what
 * pth-shadow needs to know of it (shadow.json), and the plan that pth-exec runs, with pth-shadow
 * as its only process. Deterministic; nothing here starts Shadow or looks at the machine.
 *
 * Source: Shadow's documentation (shadow_config_spec.md, network_graph_spec.md, limitations.md)
 * and runs of Shadow 3.3.0.
 */
#ifndef PTH_SHADOW_SHADOW_H
#define PTH_SHADOW_SHADOW_H

#include <stdbool.h>

#include <jansson.h>

#include "base/buf.h"

/* The only process of such a test, and its directory. */
#define PTH_SHADOW_WHOLE "shadow"
/* Files in the directory of the test. */
#define PTH_SHADOW_YAML "shadow.yaml"
#define PTH_SHADOW_SPEC "shadow.json"
#define PTH_SHADOW_DATA "shadow.data"

/* Add "compose" to the record of a planned test. -1 with e when Shadow cannot run the test as
 * it stands; the record is then as it was. All problems, and warnings of what will not work,
 * go to d; the first error to e. */
int pth_shadow_test(json_t *rec, struct pth_diags *d, struct pth_err *e);
/* The configuration as YAML, placeholders inside. Appends to b. -1 with e. */
int pth_shadow_yaml(struct pth_buf *b, const json_t *document, struct pth_err *e);

#endif
