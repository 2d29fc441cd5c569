/* This file scans placeholders, and knows what the places of a plan stand for here. */
#include "io/placeholder.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/strv.h"
#include "base/text.h"
#include "io/json.h"

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
#define ATTRIBUTES "the attribute must be ip, hostname, port or service_name"
#define FORMATS "the format must be decimal, dotted, hex, hostname, string or integer"

static const struct place {
	const char *name;
	bool in_experiments;
	size_t offset; /* of its value in struct pth_places */
} places[] = {
	{ "dir", true, offsetof(struct pth_places, dir) },
	{ "share", true, offsetof(struct pth_places, share) },
	{ "libexec", true, offsetof(struct pth_places, libexec) },
	{ "bin", false, offsetof(struct pth_places, bin) },
	{ "owner", false, offsetof(struct pth_places, owner) },
	{ "unique", false, offsetof(struct pth_places, unique) },
	{ "net6", false, offsetof(struct pth_places, unique) },
};

struct reader {
	const char *next; /* byte of the text */
	char *to, *end;   /* of the room for parts */
	bool full;
};

/* Takes n bytes as a part. False when there are none, or no room. */
static bool
take(struct reader *r, size_t n, const char **part)
{
	r->full = n >= (size_t)(r->end - r->to);
	if (n == 0 || r->full)
		return false;
	*part = memcpy(r->to, r->next, n);
	r->to[n] = '\0';
	r->to += n + 1;
	r->next += n;
	return true;
}

static bool
skip(struct reader *r, char c)
{
	if (*r->next != c)
		return false;
	r->next++;
	return true;
}

/* Reads what stands behind "@{", with its '}'. Returns what is malformed, or NULL. */
static const char *
read_parts(struct reader *r, struct pth_placeholder *p)
{
	if (!take(r, strspn(r->next, NAME_BYTES), &p->name))
		return "a service's name is missing";
	if (skip(r, '}'))
		return NULL;
	if (!skip(r, ':'))
		return "expected ':' after the service's name";
	if (!take(r, strcspn(r->next, ":[{}@ \n"), &p->attribute))
		return ATTRIBUTES;
	if (skip(r, '[') && (!take(r, strcspn(r->next, "]}\n"), &p->secondary) || !skip(r, ']')))
		return "expected [name] after the attribute";
	if (skip(r, ':') && !take(r, strcspn(r->next, "{}@ \n"), &p->format))
		return FORMATS;
	return skip(r, '}') ? NULL : "} is missing";
}

const char *
pth_placeholder_find(const char *text)
{
	return strstr(text, "@{");
}

bool
pth_placeholder_next(const char *text, struct pth_placeholder *p)
{
	const char *begin = pth_placeholder_find(text);
	struct reader r = { .to = p->parts, .end = p->parts + sizeof p->parts };

	if (begin == NULL)
		return false;
	p->name = p->attribute = p->secondary = p->format = NULL;
	p->begin = begin;
	r.next = begin + 2;
	p->fault = read_parts(&r, p);
	if (r.full)
		p->fault = "it is too long";
	p->end = p->fault == NULL ? r.next : begin + 2;
	return true;
}

static const struct place *
place_of(const struct pth_placeholder *p)
{
	for (size_t i = 0; p->attribute == NULL && i < countof(places); i++)
		if (strcmp(places[i].name, p->name) == 0)
			return &places[i];
	return NULL;
}

const char *
pth_placeholder_fault(const struct pth_placeholder *p)
{
	static const char *const attributes[] = { "ip", "hostname", "port", "service_name" };
	static const char *const formats[] = { "decimal", "dotted", "hex", "hostname", "string",
		"integer" };
	const struct place *place;

	if (p->attribute == NULL && p->fault == NULL) {
		place = place_of(p);
		/* Files of PANTHER have @{parallel}, which nobody replaces. */
		return (place != NULL && place->in_experiments) ||
		        strcmp(p->name, "parallel") == 0 ?
		    NULL :
		    "expected @{service:attribute}";
	}
	if (p->attribute != NULL && !pth_one_of(p->attribute, attributes, countof(attributes)))
		return ATTRIBUTES;
	if (p->secondary != NULL && p->secondary[strspn(p->secondary, NAME_BYTES)] != '\0')
		return "expected [name] after the attribute";
	if (p->format != NULL && !pth_one_of(p->format, formats, countof(formats)))
		return FORMATS;
	return p->fault;
}

bool
pth_placeholder_ipv4(struct pth_buf *b, struct in_addr a, const char *format)
{
	char text[INET_ADDRSTRLEN];

	if (format == NULL || strcmp(format, "dotted") == 0 || strcmp(format, "string") == 0)
		pth_buf_adds(b, inet_ntop(AF_INET, &a, text, sizeof text));
	else if (strcmp(format, "decimal") == 0 || strcmp(format, "integer") == 0)
		pth_buf_addf(b, "%u", (unsigned)ntohl(a.s_addr));
	else if (strcmp(format, "hex") == 0)
		pth_buf_addf(b, "0x%08X", (unsigned)ntohl(a.s_addr));
	else
		return false;
	return true;
}

int
pth_placeholder_expand(
    const char *text, pth_placeholder_fn *resolve, void *arg, struct pth_buf *b, struct pth_err *e)
{
	struct pth_placeholder p = { 0 };

	while (pth_placeholder_next(text, &p)) {
		int r;

		pth_buf_add(b, text, (size_t)(p.begin - text));
		r = p.fault == NULL ? resolve(&p, arg, b, e) : 0;
		if (r < 0)
			return -1;
		if (r == 0)
			p.end = p.begin + 2;
		if (r == 0)
			pth_buf_add(b, p.begin, 2);
		text = p.end;
	}
	pth_buf_adds(b, text);
	return 0;
}

const char *
pth_places_name(size_t i)
{
	return i < countof(places) ? places[i].name : NULL;
}

const char *
pth_places_below(const char *path, const char *name)
{
	size_t n = strlen(name);

	if (pth_placeholder_find(path) != path || strncmp(path + 2, name, n) != 0 ||
	    strncmp(path + 2 + n, "}/", 2) != 0)
		return NULL;
	return path + n + 4;
}

/* Appends one of the networks that nobody gives out (RFC 4193); "pth" is 70 74 68. */
static void
net6(struct pth_buf *b, const char *unique)
{
	unsigned char v[4] = { 0 };

	for (size_t i = 0; unique[i] != '\0'; i++)
		v[i % sizeof v] = (unsigned char)(v[i % sizeof v] * 37 + (unsigned char)unique[i]);
	pth_buf_addf(b, "fd70:7468:%02x%02x:%02x%02x::/64", v[0], v[1], v[2], v[3]);
}

/* arg: a struct pth_places. */
static int
resolve_place(const struct pth_placeholder *p, void *arg, struct pth_buf *b, struct pth_err *e)
{
	const struct place *place = place_of(p);
	const char *value = NULL;

	(void)e;
	if (place != NULL)
		memcpy(&value, (const char *)arg + place->offset, sizeof value);
	if (value == NULL)
		return 0;
	if (strcmp(place->name, "net6") == 0)
		net6(b, value);
	else
		pth_buf_adds(b, value);
	return 1;
}

void
pth_places_expand(const struct pth_places *p, const char *text, struct pth_buf *b)
{
	pth_placeholder_expand(text, resolve_place, (void *)(uintptr_t)p, b, NULL);
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
