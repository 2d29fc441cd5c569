/*
 * Any text: what is scanned lies in it, its parts are not empty, and an expander
 * that knows nothing changes nothing.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/placeholder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int
nothing(const struct pth_placeholder *p, void *arg, struct pth_buf *b, struct pth_err *e)
{
	(void)p, (void)arg, (void)b, (void)e;
	return 0;
}

/* A well-formed placeholder is its parts, with what stands between them. */
static void
check(const struct pth_placeholder *p)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "@{%s", p->name);
	if (p->attribute != NULL)
		pth_buf_addf(&b, ":%s", p->attribute);
	if (p->secondary != NULL)
		pth_buf_addf(&b, "[%s]", p->secondary);
	if (p->format != NULL)
		pth_buf_addf(&b, ":%s", p->format);
	pth_buf_adds(&b, "}");
	if (b.len != (size_t)(p->end - p->begin) || memcmp(b.s, p->begin, b.len) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	pth_auto_str text = pth_xstrndup((const char *)data, n);
	struct pth_places places = { .dir = "", .share = "@{dir}", .unique = text };
	pth_auto_buf same = PTH_BUF_INIT, other = PTH_BUF_INIT;
	const char *end = text + strlen(text);
	struct pth_placeholder p;

	for (const char *s = text; pth_placeholder_next(s, &p); s = p.end) {
		if (p.begin < s || p.end > end || p.end < p.begin + 2)
			abort();
		if (p.fault == NULL)
			check(&p);
		else if (pth_placeholder_fault(&p) == NULL)
			abort();
	}
	if (pth_placeholder_expand(text, nothing, NULL, &same, NULL) != 0 ||
	    strcmp(same.s, text) != 0)
		abort();
	pth_places_expand(&places, text, &other);
	return 0;
}
