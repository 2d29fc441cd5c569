/* Fields of packets as text. */
#ifndef PTH_DISSECT_SHOW_H
#define PTH_DISSECT_SHOW_H

#include "base/buf.h"
#include "dissect/field.h"

/* Bytes as hexadecimal digits. */
void pth_bytes_show(struct pth_buf *b, const uint8_t *p, size_t n);
/* Bytes that say text, between quotation marks of JSON: what is no UTF-8, and control characters,
 * are escaped. */
void pth_text_show(struct pth_buf *b, const uint8_t *p, size_t n);

/* A value as `tshark -T fields` writes it: numbers as decimal or 0x, bytes as hexadecimal digits,
 * times as seconds. Bytes of text that are no UTF-8, and control characters, are escaped. */
void pth_value_show(struct pth_buf *b, const struct pth_value *v);

/* The values of these fields, with tabs between the fields and commas between several values of
 * one, and a newline. */
void pth_fields_line(struct pth_buf *b, const struct pth_field_ref *refs, size_t nrefs,
    const struct pth_value *v, size_t n);

/* One object and a newline: {"frame.number":1,"ip.src":"10.0.0.1",...}, in the order of the
 * packet. A field with several values has a list of them. Numbers are numbers, those of
 * hexadecimal form ("0x00000001"), addresses, bytes and times text; times are numbers of seconds;
 * protocols are in frame.protocols. refs: only these fields (NULL: all). */
void pth_fields_json(struct pth_buf *b, const struct pth_field_ref *refs, size_t nrefs,
    const struct pth_value *v, size_t n);

#endif
