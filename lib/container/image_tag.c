/* This file makes the tag of an image out of names and versions of any form. */
#include "container/image.h"

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define WHOLE_MAX 128 /* of name and tag together */
#define SUFFIX_MAX 100

static bool
separator(char c)
{
	return c == '.' || c == '_' || c == '-';
}

static void
add_clean(struct pth_buf *b, const char *s)
{
	for (; *s != '\0'; s++)
		pth_buf_addc(b, pth_is_alnum(*s) || separator(*s) ? pth_lower(*s) : '-');
}

/* The engine takes ".", "_", "__" or any number of "-" between letters and
 * digits of a name, and none at its ends. */
static void
add_name(struct pth_buf *b, const char *s, size_t n)
{
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i; k < n && separator(s[k]); k++)
			;
		if (k == i) {
			pth_buf_addc(b, s[k++]);
			continue;
		}
		if (b->len == 0 || k == n)
			continue;
		if (k - i == 1 || (k - i == 2 && s[i] == '_' && s[i + 1] == '_') ||
		    strspn(s + i, "-") >= k - i)
			pth_buf_add(b, s + i, k - i);
		else
			pth_buf_addc(b, '-');
	}
}

void
pth_image_tag(
    struct pth_buf *b, const char *impl, const char *version, const char *const *suffixes, size_t n)
{
	pth_auto_buf raw = PTH_BUF_INIT, name = PTH_BUF_INIT, tag = PTH_BUF_INIT;

	add_clean(&raw, impl);
	if (*version != '\0') {
		pth_buf_addc(&raw, '-');
		add_clean(&raw, version);
	}
	pth_buf_adds(&tag, "latest");
	for (size_t i = 0; i < n; i++)
		if (suffixes[i] != NULL && *suffixes[i] != '\0') {
			pth_buf_addc(&tag, '-');
			add_clean(&tag, suffixes[i]);
		}
	pth_buf_cut(&tag, tag.len > SUFFIX_MAX ? SUFFIX_MAX : tag.len);
	add_name(&name, raw.s != NULL ? raw.s : "", raw.len);
	if (name.len == 0)
		pth_buf_adds(&name, "x");
	if (name.len + 1 + tag.len > WHOLE_MAX)
		pth_buf_cut(&name, WHOLE_MAX - 1 - tag.len);
	while (name.len > 1 && separator(name.s[name.len - 1]))
		pth_buf_cut(&name, name.len - 1); /* it may not end a name */
	pth_buf_addf(b, "%s:%s", name.s, tag.s);
}
