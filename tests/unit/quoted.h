/* JSON that is easy to read in C, for unit tests: ' in place of ". */
#ifndef PTH_UNIT_QUOTED_H
#define PTH_UNIT_QUOTED_H

#include <stdio.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "io/json.h"

/* The caller releases it. NULL, and why on stdout, when it is no JSON. */
static inline json_t *
json(const char *text)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e = { 0 };
	json_t *v;

	for (; *text != '\0'; text++)
		pth_buf_addc(&b, *text == '\'' ? '"' : *text);
	v = pth_json_parse(b.s, b.len, &e);
	if (v == NULL)
		printf("%s: %s\n", b.s, e.text);
	return v;
}

#endif
