/*
 * A growing list of strings that ends with NULL, as execve() wants argv and
 * the environment.
 */
#ifndef PTH_BASE_STRV_H
#define PTH_BASE_STRV_H

#include <stddef.h>

struct pth_strv {
	char **v; /* NULL, or n strings of its own and NULL behind them */
	size_t n;
};

/* The list takes over what it is given. NULL adds nothing but makes sure that
 * v is a list. */
void pth_strv_push(struct pth_strv *s, char *take);
/* Free a list and its strings; v may be NULL. */
void pth_strv_free(char **v);

#endif
