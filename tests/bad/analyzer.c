/* Wrong on purpose: tests/lint must find the leak and the use after free. */
#include <stdlib.h>

int wrong(int n);

int
wrong(int n)
{
	int *p = malloc(sizeof *p), *q = malloc(sizeof *q);

	if (!p || !q)
		return -1;
	*p = n;
	free(p);
	return *p;
}
