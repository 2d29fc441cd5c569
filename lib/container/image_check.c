/* This file checks and quotes the words of a Dockerfile. */
#include "container/image_priv.h"

#include <string.h>

#include "base/text.h"

int
container_image_bad(const struct pth_image_req *q, const char *key, const char *value,
    struct pth_err *e, const char *fmt, ...)
{
	const char *where = pth_json_str(pth_recipe_at(pth_svc_docker(q->service)), key, "");
	pth_auto_buf b = PTH_BUF_INIT;
	va_list ap;

	if (value != NULL) {
		pth_buf_addc(&b, '"');
		pth_show(&b, value, 100);
		pth_buf_adds(&b, "\" ");
	}
	va_start(ap, fmt);
	pth_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	return pth_err_set(
	    e, PTH_INPUT, "%.200s%sdocker.%s: %s", where, *where != '\0' ? ": " : "", key, b.s);
}

/* Does s have only letters, digits and bytes of `more`, the first of them a letter, a
 * digit or one of `first`? */
static bool
only(const char *s, const char *first, const char *more)
{
	if (!pth_is_alnum(*s) && (*s == '\0' || strchr(first, *s) == NULL))
		return false;
	for (; *s != '\0'; s++)
		if (!pth_is_alnum(*s) && strchr(more, *s) == NULL)
			return false;
	return true;
}

static bool
has_control(const char *s, const char *but)
{
	for (; *s != '\0'; s++)
		if (((unsigned char)*s < ' ' || *s == 0x7f) && strchr(but, *s) == NULL)
			return true;
	return false;
}

static bool
port_ok(const char *s)
{
	size_t n = strspn(s, "0123456789-");
	char text[12];
	long long v;

	if (n == 0 || n >= sizeof text ||
	    (s[n] != '\0' && strcmp(s + n, "/udp") != 0 && strcmp(s + n, "/tcp") != 0 &&
	        strcmp(s + n, "/sctp") != 0))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (strchr(text, '-') != NULL) {
		char *second = strchr(text, '-');

		*second++ = '\0';
		if (!pth_int(second, 1, 65535, &v))
			return false;
	}
	return pth_int(text, 1, 65535, &v);
}

static bool
word_ok(enum image_kind k, const char *s)
{
	switch (k) {
	case IMAGE_NAME: return only(s, "", "._/:@-");
	case IMAGE_PATH: return *s == '/' && only(s, "/", "._/+@-");
	case IMAGE_TO: return only(s, "/._", "._/+@-");
	case IMAGE_PACKAGE: return only(s, "", ".+:=~_/-");
	case IMAGE_FEATURE: return only(s, "_", "._+=/:@-");
	case IMAGE_REVISION: return only(s, "_", "._/+@^~-");
	case IMAGE_PORT: return port_ok(s);
	case IMAGE_USER: return only(s, "_", "_-") && strlen(s) <= 32;
	case IMAGE_VARIABLE: return !pth_is_digit(*s) && only(s, "_", "_");
	case IMAGE_LINE: return !has_control(s, "\t");
	case IMAGE_STEP: return !has_control(s, "\t\n\r");
	}
	return false;
}

int
container_image_check(const struct pth_image_req *q, const char *key, enum image_kind k,
    const char *value, struct pth_err *e)
{
	static const char *const wanted[] = { "is no name of an image",
		"is no absolute path of plain characters", "is no path of plain characters",
		"is no name of a package", "is no name of a feature", "is no revision",
		"is no port", "is no name of a user", "is no name of a variable",
		"has characters that end a line", "has control characters" };

	if (value == NULL)
		return container_image_bad(q, key, NULL, e, "must be a text");
	if (strlen(value) > IMAGE_VALUE_MAX)
		return container_image_bad(
		    q, key, NULL, e, "longer than %d bytes", IMAGE_VALUE_MAX);
	return word_ok(k, value) ? 0 : container_image_bad(q, key, value, e, "%s", wanted[k]);
}

json_t *
container_image_words(const struct pth_image_req *q, const json_t *docker, const char *key,
    enum image_kind k, struct pth_err *e)
{
	json_auto_t *out = json_array();
	json_t *list = json_object_get(docker, key), *v;
	size_t i;

	if (list != NULL && !json_is_array(list) && !json_is_null(list)) {
		container_image_bad(q, key, NULL, e, "must be a list");
		return NULL;
	}
	json_array_foreach(list, i, v) {
		json_auto_t *text = json_is_integer(v) ?
		    json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(v)) :
		    json_incref(v);
		const char *s = json_string_value(text);

		if (json_is_null(v) || (s != NULL && *s == '\0'))
			continue; /* `x if y` without else */
		if (container_image_check(q, key, k, s, e) != 0)
			return NULL;
		pth_json_push(out, json_incref(text));
	}
	return pth_take(&out);
}

/* Returns "..." for ARG and ENV, where \ " and $ mean something. */
static json_t *
quoted(const char *s)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_addc(&b, '"');
	for (; *s != '\0'; s++) {
		if (strchr("\"\\$", *s) != NULL)
			pth_buf_addc(&b, '\\');
		pth_buf_addc(&b, *s);
	}
	pth_buf_addc(&b, '"');
	return pth_json_text(b.s, b.len);
}

json_t *
container_image_pairs(
    const struct pth_image_req *q, const char *key, const json_t *o, struct pth_err *e)
{
	json_auto_t *out = json_array();
	json_t *v;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)o, name, v) {
		const char *s = json_is_string(v) ? json_string_value(v) : NULL;

		if (container_image_check(q, key, IMAGE_VARIABLE, name, e) != 0 ||
		    container_image_check(q, key, IMAGE_LINE, s, e) != 0 || s == NULL)
			return NULL;
		pth_json_push(out, json_pack("{s:s,s:o}", "name", name, "value", quoted(s)));
	}
	return pth_take(&out);
}

/* Has it more than one line, or signs that Docker itself would read: the end of a line,
 * a list, a flag, a here-document? */
static bool
in_json(const char *s)
{
	return has_control(s, "\t") || *s == '[' || strncmp(s, "--", 2) == 0 ||
	    strstr(s, "<<") != NULL || (*s != '\0' && s[strlen(s) - 1] == '\\');
}

static json_t *
step(const char *s)
{
	size_t n;
	pth_auto_buf b = PTH_BUF_INIT;
	json_auto_t *form = NULL;

	s += strspn(s, " \t\r\n");
	for (n = strlen(s); n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL; n--)
		;
	pth_buf_add(&b, s, n);
	if (n == 0 || !in_json(b.s))
		return pth_json_text(n > 0 ? b.s : "true", n > 0 ? n : 4);
	form = json_pack("[s,s,o]", "/bin/sh", "-ec", pth_json_text(b.s, n));
	pth_buf_cut(&b, 0);
	pth_json_dump(&b, form);
	return pth_json_text(b.s, b.len);
}

json_t *
container_image_steps(
    const struct pth_image_req *q, const json_t *docker, const char *key, struct pth_err *e)
{
	json_t *list = container_image_words(q, docker, key, IMAGE_STEP, e), *v;
	size_t i;

	json_array_foreach(list, i, v)
		json_array_set_new(list, i, step(json_string_value(v)));
	return list;
}
