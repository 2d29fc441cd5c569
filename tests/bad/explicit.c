/* What tests/explicit has to find. */
#include <stddef.h>

int f(const char *s);

int
f(const char *s)
{
	return s && *s != '\0' ? 1 : 0;
}
