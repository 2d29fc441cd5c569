/* Any bytes as JSON: what is read quickly is what jansson makes of it, in its order. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/json_quick.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	json_t *quick = io_json_quick((const char *)data, n), *sure;
	char *ours, *theirs;

	if (quick == NULL)
		return 0;
	sure = json_loadb((const char *)data, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	ours = json_dumps(quick, JSON_ENCODE_ANY);
	theirs = sure != NULL ? json_dumps(sure, JSON_ENCODE_ANY) : NULL;
	if (ours == NULL || theirs == NULL || strcmp(ours, theirs) != 0 ||
	    json_equal(quick, sure) == 0)
		abort();
	json_decref(quick);
	json_decref(sure);
	free(ours);
	free(theirs);
	return 0;
}
