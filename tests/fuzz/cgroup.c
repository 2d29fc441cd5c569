/* Any bytes as /proc/self/cgroup and /proc/self/mountinfo, a NUL between
 * them: places are whole or none, and our group is below its mount point. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/cgroup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pth_cgroup_place p[PTH_CG_KINDS];
	char *text = malloc(n + 2);
	size_t first;

	memcpy(text, data, n);
	text[n] = text[n + 1] = '\0';
	first = strlen(text);
	pth_cgroup_locate(text, first < n ? text + first + 1 : "", p);
	for (int k = 0; k < PTH_CG_KINDS; k++) {
		if ((p[k].version != 0) != (p[k].own != NULL) ||
		    (p[k].own != NULL) != (p[k].top != NULL))
			abort();
		if (p[k].own != NULL && strncmp(p[k].own, p[k].top, strlen(p[k].top)) != 0)
			abort();
	}
	pth_cgroup_places_release(p);
	free(text);
	return 0;
}
