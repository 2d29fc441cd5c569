/* The placeholders of a plan, replaced by what they stand for here. */
#include "io/placeholder.h"

#include <stdio.h>
#include <string.h>

#include "base/strv.h"
#include "io/json.h"

/* One of the networks that nobody gives out (RFC 4193); "pth" is 70 74 68. */
static const char *
net6(const char *unique, char to[32])
{
	unsigned char v[4] = { 0 };

	for (size_t i = 0; unique != NULL && unique[i] != '\0'; i++)
		v[i % sizeof v] = (unsigned char)(v[i % sizeof v] * 37 + (unsigned char)unique[i]);
	snprintf(to, 32, "fd70:7468:%02x%02x:%02x%02x::/64", v[0], v[1], v[2], v[3]);
	return unique != NULL ? to : NULL;
}

void
pth_places_expand(const struct pth_places *p, const char *text, struct pth_buf *b)
{
	char net[32];
	const struct {
		const char *mark, *value;
	} all[] = {
		{ "@{dir}", p->dir },
		{ "@{share}", p->share },
		{ "@{libexec}", p->libexec },
		{ "@{bin}", p->bin },
		{ "@{owner}", p->owner },
		{ "@{unique}", p->unique },
		{ "@{net6}", net6(p->unique, net) },
	};
	const char *at;
	size_t i;

	while ((at = strstr(text, "@{")) != NULL) {
		pth_buf_add(b, text, (size_t)(at - text));
		for (i = 0; i < countof(all); i++)
			if (all[i].value != NULL &&
			    strncmp(at, all[i].mark, strlen(all[i].mark)) == 0)
				break;
		if (i < countof(all)) {
			pth_buf_adds(b, all[i].value);
			text = at + strlen(all[i].mark);
		} else {
			pth_buf_adds(b, "@{");
			text = at + 2;
		}
	}
	pth_buf_adds(b, text);
}

char **
pth_places_argv(const struct pth_places *p, const json_t *argv)
{
	struct pth_strv s = { NULL, 0 };
	struct pth_buf b = PTH_BUF_INIT;
	json_t *v;
	size_t i;

	json_array_foreach(argv, i, v) {
		if (json_is_string(v))
			pth_places_expand(p, json_string_value(v), &b);
		else
			pth_json_dump(&b, v);
		pth_strv_push(&s, pth_buf_take(&b));
	}
	return s.v;
}
