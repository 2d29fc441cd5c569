/* This file writes JSON as YAML, by libyaml. */
#include "io/yaml.h"

#include <yaml.h>

#include "base/buf.h"
#include "io/yaml_scalar.h"

struct dump {
	yaml_emitter_t e;
	yaml_event_t ev; /* the next one */
};

/* Emits d->ev if it could be made. Not 0 when all is well, as libyaml has it. */
static int
put(struct dump *d, int made)
{
	return made != 0 && yaml_emitter_emit(&d->e, &d->ev) != 0;
}

static int
append(void *arg, unsigned char *p, size_t n)
{
	pth_buf_add(arg, p, n);
	return 1;
}

static int
emit_text(struct dump *d, const char *s, size_t n, yaml_scalar_style_t style)
{
	return put(d,
	    yaml_scalar_event_initialize(
	        &d->ev, NULL, NULL, (const yaml_char_t *)s, (int)n, 1, 1, style));
}

static int
emit_string(struct dump *d, const char *s, size_t n)
{
	yaml_scalar_style_t style = YAML_PLAIN_SCALAR_STYLE;

	if (memchr(s, '\n', n) != NULL && n > 1)
		style = YAML_LITERAL_SCALAR_STYLE;
	else if (pth_yaml_ambiguous(s))
		style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	return emit_text(d, s, n, style);
}

/* The shortest that reads back the same; with a point and a signed exponent, so that YAML 1.1
 * readers see a number too. */
static int
emit_real(struct dump *d, double v)
{
	char s[40], *e;

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(s, sizeof s - 2, "%.*g", digits, v);
		if (!(strtod(s, NULL) < v || strtod(s, NULL) > v))
			break;
	}
	if (strchr(s, '.') == NULL) {
		e = strchr(s, 'e');
		e = e != NULL ? e : s + strlen(s);
		memmove(e + 2, e, strlen(e) + 1);
		memcpy(e, ".0", 2);
	}
	return emit_text(d, s, strlen(s), YAML_PLAIN_SCALAR_STYLE);
}

static int emit(struct dump *d, const json_t *v);

static int
emit_array(struct dump *d, const json_t *v)
{
	yaml_sequence_style_t style = json_array_size(v) != 0 ? YAML_BLOCK_SEQUENCE_STYLE :
	                                                        YAML_FLOW_SEQUENCE_STYLE;
	size_t i;
	const json_t *item;

	if (put(d, yaml_sequence_start_event_initialize(&d->ev, NULL, NULL, 1, style)) == 0)
		return 0;
	json_array_foreach(v, i, item)
		if (emit(d, item) == 0)
			return 0;
	return put(d, yaml_sequence_end_event_initialize(&d->ev));
}

static int
emit_object(struct dump *d, const json_t *v)
{
	yaml_mapping_style_t style = json_object_size(v) != 0 ? YAML_BLOCK_MAPPING_STYLE :
	                                                        YAML_FLOW_MAPPING_STYLE;
	const char *key;
	json_t *item;

	if (put(d, yaml_mapping_start_event_initialize(&d->ev, NULL, NULL, 1, style)) == 0)
		return 0;
	json_object_foreach((json_t *)v, key, item)
		if (emit_string(d, key, strlen(key)) == 0 || emit(d, item) == 0)
			return 0;
	return put(d, yaml_mapping_end_event_initialize(&d->ev));
}

static int
emit(struct dump *d, const json_t *v)
{
	char num[24];

	switch (json_typeof(v)) {
	case JSON_OBJECT: return emit_object(d, v);
	case JSON_ARRAY: return emit_array(d, v);
	case JSON_STRING: return emit_string(d, json_string_value(v), json_string_length(v));
	case JSON_INTEGER:
		snprintf(num, sizeof num, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		return emit_text(d, num, strlen(num), YAML_PLAIN_SCALAR_STYLE);
	case JSON_REAL: return emit_real(d, json_real_value(v));
	case JSON_TRUE: return emit_text(d, "true", 4, YAML_PLAIN_SCALAR_STYLE);
	case JSON_FALSE: return emit_text(d, "false", 5, YAML_PLAIN_SCALAR_STYLE);
	case JSON_NULL: return emit_text(d, "null", 4, YAML_PLAIN_SCALAR_STYLE);
	}
	return 0;
}

static int
emit_all(struct dump *d, const json_t *v)
{
	yaml_event_t *ev = &d->ev;

	return put(d, yaml_stream_start_event_initialize(ev, YAML_UTF8_ENCODING)) != 0 &&
	    put(d, yaml_document_start_event_initialize(ev, NULL, NULL, NULL, 1)) != 0 &&
	    emit(d, v) != 0 && put(d, yaml_document_end_event_initialize(ev, 1)) != 0 &&
	    put(d, yaml_stream_end_event_initialize(ev)) != 0;
}

int
pth_yaml_dump(struct pth_buf *b, const json_t *v, struct pth_err *e)
{
	struct dump d;
	size_t len = b->len;
	int ok;

	if (yaml_emitter_initialize(&d.e) == 0)
		return pth_err_set(e, PTH_SYSTEM, "out of memory");
	yaml_emitter_set_output(&d.e, append, b);
	yaml_emitter_set_unicode(&d.e, 1);
	yaml_emitter_set_width(&d.e, -1);
	ok = emit_all(&d, v);
	if (ok == 0) {
		pth_err_set(
		    e, PTH_SYSTEM, "YAML output: %s", d.e.problem != NULL ? d.e.problem : "failed");
		pth_buf_cut(b, len);
	}
	yaml_emitter_delete(&d.e);
	return ok != 0 ? 0 : -1;
}
