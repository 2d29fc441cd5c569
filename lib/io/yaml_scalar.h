/*
 * What a plain (unquoted) scalar means: the YAML 1.2 core schema, with the
 * YAML 1.1 readings that PyYAML users rely on or trip over.
 */
#ifndef PTH_IO_YAML_SCALAR_H
#define PTH_IO_YAML_SCALAR_H

#include "io/yaml.h"

/* Sets kind and value of n from n->text. NULL, or a remark for the user;
 * *bad says that it is an error rather than a warning. */
const char *pth_yaml_resolve(struct pth_ynode *n, bool *bad);
/* Would some YAML reader (1.1 or 1.2) take this plain text for something else
 * than a string? */
bool pth_yaml_ambiguous(const char *s);

#endif
