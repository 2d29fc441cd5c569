/* The memory of JSON values: pieces of all sizes, given back in another order than they came. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "io/json.h"
#include "unit.h"

#define KEPT 500
#define SIZE_MAX_KEPT 400 /* on both sides of what has a list of its own */

static char *texts[KEPT];

/* Text that nothing else has. */
static char *
text_of(size_t i, size_t n)
{
	char *s = pth_xmalloc(n + 1);

	for (size_t k = 0; k < n; k++)
		s[k] = (char)('a' + (i + k) % 26);
	s[n] = '\0';
	return s;
}

/* Many values come and go; each that is left still has its own text. */
static void
chance(void)
{
	json_t *kept[KEPT] = { NULL };
	unsigned long long seed = 1;
	size_t wrong = 0, looked = 0;

	for (unsigned round = 0; round < 20000; round++) {
		size_t i, n;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		i = (seed >> 33) % KEPT;
		n = (seed >> 20) % SIZE_MAX_KEPT;
		if (kept[i] != NULL) {
			looked++;
			wrong += strcmp(json_string_value(kept[i]), texts[i]) != 0;
			json_decref(kept[i]);
			kept[i] = NULL;
			free(texts[i]);
		} else {
			texts[i] = text_of(i, n);
			kept[i] = json_string(texts[i]);
			wrong += kept[i] == NULL || (uintptr_t)kept[i] % sizeof(void *) != 0;
		}
	}
	CHECK_INT(0, wrong);
	CHECK(looked > 5000);
	for (size_t i = 0; i < KEPT; i++)
		if (kept[i] != NULL) {
			json_decref(kept[i]);
			free(texts[i]);
		}
}

/* What is given back is used again, where sanitizers do not want to see it: a million values need
 * no more than one. */
static void
again(void)
{
	json_t *a = json_string("a text"), *b;
	uintptr_t was = (uintptr_t)a;

	json_decref(a);
	b = json_string("another");
#if defined(__SANITIZE_ADDRESS__)
	CHECK(b != NULL && was != 0);
#else
	CHECK((uintptr_t)b == was);
#endif
	json_decref(b);
}

/* A text that library functions of jansson hand out, and large ones. */
static void
large(void)
{
	char *s = text_of(3, 100000);
	json_t *v = json_pack("{s:s, s:[i,i]}", "text", s, "list", 1, 2);
	struct pth_buf b = PTH_BUF_INIT;

	CHECK_STR(s, json_string_value(json_object_get(v, "text")));
	CHECK_INT(0, pth_json_dumps(&b, json_object_get(v, "list"), JSON_COMPACT));
	CHECK_STR("[1,2]", b.s);
	CHECK_INT(-1, pth_json_dumps(&b, NULL, JSON_COMPACT));
	json_decref(v);
	pth_buf_release(&b);
	free(s);
}

int
main(void)
{
	pth_json_pool();
	unit("values of all sizes come and go");
	chance();
	unit("memory is used again");
	again();
	unit("large values, and text that is written");
	large();
	return unit_done();
}
