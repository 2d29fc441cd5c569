/* This file has what several forms share: raw and escaped text in turn, lists with commas. */
#include "report/report.h"

void
pth_report_weave(struct pth_buf *b, void (*escape)(struct pth_buf *b, const char *s), ...)
{
	va_list ap;
	const char *s;

	va_start(ap, escape);
	for (bool raw = true; (s = va_arg(ap, const char *)) != NULL; raw = !raw)
		(raw ? pth_buf_adds : escape)(b, s);
	va_end(ap);
}

const char *
pth_report_entity(char c)
{
	return c == '&' ? "&amp;" :
	    c == '<'    ? "&lt;" :
	    c == '>'    ? "&gt;" :
	    c == '"'    ? "&quot;" :
	                  NULL;
}

void
pth_report_item(struct pth_buf *b, const char *fmt, ...)
{
	va_list ap;

	if (b->len > 0)
		pth_buf_adds(b, ", ");
	va_start(ap, fmt);
	pth_buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void
pth_report_items(struct pth_buf *b, const json_t *texts)
{
	const json_t *text;
	size_t i;

	json_array_foreach(texts, i, text)
		if (json_is_string(text))
			pth_report_item(b, "%s", json_string_value(text));
}
