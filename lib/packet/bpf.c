/* This file compiles filters, by libpcap. */
#include "packet/bpf.h"

#include <nss.h>
#include <pcap/pcap.h>
#include <string.h>

/* libpcap's own structure has the fields of the kernel's. */
static void
take(const struct bpf_program *p, struct pth_bpf *f)
{
	f->n = p->bf_len;
	f->v = pth_xarray(NULL, p->bf_len, sizeof *f->v);
	for (unsigned i = 0; i < p->bf_len; i++)
		f->v[i] = (struct sock_filter){ p->bf_insns[i].code, p->bf_insns[i].jt,
			p->bf_insns[i].jf, p->bf_insns[i].k };
}

int
pth_bpf_compile(const char *text, unsigned snaplen, struct pth_bpf *f, struct pth_err *e)
{
	struct bpf_program p = { 0 };
	pcap_t *pc;
	int r = -1;

	*f = (struct pth_bpf){ NULL, 0 };
	if (strlen(text) > PTH_FILTER_TEXT_MAX)
		return pth_err_set(e, PTH_INPUT, "a filter of %zu bytes; at most %d", strlen(text),
		    PTH_FILTER_TEXT_MAX);
	/* "host NAME" must not ask a name server: a plan does not depend on the
	 * day, and a wrong word does not wait for an answer. */
	__nss_configure_lookup("hosts", "files");
	pc = pcap_open_dead(DLT_EN10MB, (int)snaplen);
	if (pc == NULL)
		return pth_err_set(e, PTH_SYSTEM, "libpcap: no memory");
	if (pcap_compile(pc, &p, text, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		pth_err_set(e, PTH_INPUT, "%s", pcap_geterr(pc));
	} else if (p.bf_len == 0 || p.bf_len > BPF_MAXINSNS) {
		pth_err_set(e, PTH_INPUT, "a program of %u instructions; the kernel takes %d",
		    p.bf_len, BPF_MAXINSNS);
	} else {
		take(&p, f);
		r = 0;
	}
	pcap_freecode(&p);
	pcap_close(pc);
	return r;
}
