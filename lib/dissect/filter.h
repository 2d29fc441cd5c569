/*
 * Display filters, the part of Wireshark's language (wireshark-filter(4), version 4.0) that is
 * about fields of ours, with the meaning that it has there:
 *
 *   quic                          the packet has the protocol or field
 *   udp.port == 4443              == != < <= > >= (eq ne lt le gt ge): one of the field's values is
 *                                 so; of != all of them are, and there is one
 *   tcp.port in {80, 8000..8080}  one of the values is among these
 *   quic.dcid contains 01:02      bytes or text within the value
 *   eth.src[0:3] == 02:42:ac      bytes of the value: [n], [n:length], [n-last], [:length], [n:]
 *   !(arp) and not icmp           ! not && and || or ()
 *
 * What is not in this part, such as functions, regular expressions, names of values, two fields in
 * one comparison, is for tshark.
 */
#ifndef PTH_DISSECT_FILTER_H
#define PTH_DISSECT_FILTER_H

#include "dissect/field.h"

struct pth_filter;

/* NULL: the filter is not (only) in this part of the language, or it is wrong. exact: also when it
 * has a field that is not pth_field_exact(). */
struct pth_filter *pth_filter_new(const char *text, bool exact);
bool pth_filter_takes(const struct pth_filter *f, const struct pth_value *v, size_t n);
/* Has it a field that Wireshark does not have? */
bool pth_filter_only_ours(const struct pth_filter *f);
void pth_filter_free(struct pth_filter *f);

#endif
