/*
 * Capture filters: the language of pcap-filter(7) into the program that the
 * kernel runs for every packet (classic BPF), by libpcap.
 *
 * It is done when a test is planned: whoever captures needs numbers only, not
 * libpcap, and a wrong filter is known before anything runs.
 */
#ifndef PTH_PACKET_BPF_H
#define PTH_PACKET_BPF_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Longer ones are refused: the optimizer's time grows with the cube. */
#define PTH_FILTER_TEXT_MAX 1000

struct pth_bpf {
	struct sock_filter *v; /* owned; free() */
	unsigned n;
};

/*
 * For Ethernet frames; the program returns snaplen, or 0 for packets that are not
 * wanted. Names are looked up in /etc (hosts, services, protocols), nothing is
 * asked of the network. 0, or -1 with e (PTH_INPUT: libpcap's own words).
 */
int pth_bpf_compile(const char *text, unsigned snaplen, struct pth_bpf *f, struct pth_err *e);

/* May it be run: does it end, and look at nothing but the packet? */
bool pth_bpf_valid(const struct pth_bpf *f);
/* How many bytes of a frame are wanted; 0: it is not. */
unsigned pth_bpf_run(const struct pth_bpf *f, const void *frame, size_t n);

#endif
