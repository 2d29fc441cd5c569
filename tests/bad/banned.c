/* Wrong on purpose: must not compile. */
#include <string.h>

void wrong(char *to, const char *from);

void
wrong(char *to, const char *from)
{
	strcpy(to, from);
}
