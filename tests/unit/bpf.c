#include "packet/bpf.h"

#include <pcap/pcap.h>

#include "unit.h"

static int
refuses(const char *text, const char *words)
{
	struct pth_bpf f;
	struct pth_err e = { 0 };

	if (pth_bpf_compile(text, 96, &f, &e) == 0) {
		free(f.v);
		return 0;
	}
	return f.v == NULL && e.code == PTH_INPUT && strstr(e.text, words) != NULL;
}

static uint32_t
number(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 16);
}

/* Frames of Ethernet, IPv4 or IPv6, UDP, TCP or ICMP, with few ports; some are cut. */
static size_t
some_frame(uint8_t f[100])
{
	static const uint8_t protocols[] = { 17, 6, 1, 58 };
	bool six = number() % 2 == 0;

	for (size_t i = 0; i < 100; i++)
		f[i] = (uint8_t)number();
	memcpy(f + 12, six ? "\x86\xdd\x60" : "\x08\x00\x45", 3);
	f[20] = f[21] = 0;
	f[six ? 20 : 23] = protocols[number() % 4];
	for (size_t i = 0; i < 2; i++) {
		f[(six ? 54 : 34) + 2 * i] = 0;
		f[(six ? 54 : 34) + 2 * i + 1] = (uint8_t)(number() % 3 + 7);
	}
	return number() % 4 == 0 ? number() % 101 : 100;
}

/* libpcap's own machine runs the same programs. */
static void
run(void)
{
	static const char *const filters[] = { "", "udp port 8", "tcp", "ip6 and port 9",
		"ip[2:2] > 1000 or icmp", "not udp", "greater 90", "ip and udp[4:2] & 7 != 3",
		"tcp dst portrange 7-8", "ether[20] * 3 + 5 > ether[21] % 4" };
	size_t wanted = 0, looked = 0, valid = 0, n;
	struct sock_filter v[12];
	uint8_t frame[100];
	struct pth_err e;
	struct pth_bpf f;

	unit("a program does to a packet what libpcap's machine does");
	for (size_t k = 0; k < sizeof filters / sizeof *filters; k++) {
		CHECK_INT(pth_bpf_compile(filters[k], 96, &f, &e), 0);
		CHECK(pth_bpf_valid(&f));
		for (int i = 0; i < 3000; i++, looked++) {
			n = some_frame(frame);
			unsigned is = pth_bpf_run(&f, frame, n),
			         should = bpf_filter((const struct bpf_insn *)(const void *)f.v,
			             frame, (unsigned)n, (unsigned)n);
			CHECK_INT(is, should);
			wanted += is > 0;
		}
		free(f.v);
	}
	CHECK(wanted > looked / 10 && wanted < looked);

	unit("one that could run away or look elsewhere is none");
	f = (struct pth_bpf){ v, 0 };
	CHECK(!pth_bpf_valid(&f));
	for (int i = 0; i < 300000; i++) {
		f.n = number() % 4 + 1;
		for (unsigned k = 0; k < f.n; k++) {
			v[k] = (struct sock_filter){ (uint16_t)(number() % 0xb8), number() % 5,
				number() % 5, number() % 20 };
			if (v[k].code == (BPF_LD | BPF_MEM) || v[k].code == (BPF_LDX | BPF_MEM))
				v[k].code = BPF_ST; /* libpcap's memory begins with anything */
		}
		if (number() % 2 == 0)
			v[f.n - 1] = (struct sock_filter){ BPF_RET | BPF_A, 0, 0, 0 };
		if (!pth_bpf_valid(&f))
			continue;
		CHECK(bpf_validate((const struct bpf_insn *)(const void *)v, (int)f.n) != 0);
		valid++;
		n = some_frame(frame);
		CHECK_INT(pth_bpf_run(&f, frame, n),
		    bpf_filter(
		        (const struct bpf_insn *)(const void *)v, frame, (unsigned)n, (unsigned)n));
	}
	CHECK(valid > 1000);
}

int
main(void)
{
	struct pth_bpf f;
	struct pth_err e;
	char text[PTH_FILTER_TEXT_MAX + 2];

	unit("a filter becomes a program");
	CHECK_INT(pth_bpf_compile("udp port 4443", 96, &f, &e), 0);
	CHECK(f.n > 3 && f.n < 100);
	CHECK_INT(f.v[f.n - 2].code, BPF_RET | BPF_K);
	CHECK_INT(f.v[f.n - 2].k, 96);
	CHECK_INT(f.v[f.n - 1].k, 0);
	free(f.v);
	CHECK_INT(pth_bpf_compile("udp\n  port 4443 ", 262144, &f, &e), 0);
	CHECK_INT(f.v[f.n - 2].k, 262144);
	free(f.v);

	unit("an empty one takes every packet");
	CHECK_INT(pth_bpf_compile("", 7, &f, &e), 0);
	CHECK_INT(f.n, 1);
	CHECK_INT(f.v[0].k, 7);
	free(f.v);

	unit("wrong ones are refused");
	CHECK(refuses("upd port 4443", "syntax error"));
	CHECK(refuses("((((", "syntax error"));
	CHECK(refuses("udp port 4443 x", "syntax error"));
	CHECK(refuses("\xff\xfe", "syntax error"));
	CHECK(refuses("port 99999", "65535"));
	CHECK(refuses("host nowhere.example.org", "unknown host"));

	unit("long ones are refused");
	memset(text, ' ', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	CHECK(refuses(text, "at most 1000"));
	text[sizeof text - 2] = '\0';
	CHECK_INT(pth_bpf_compile(text, 1, &f, &e), 0);
	free(f.v);
	memset(text, '(', sizeof text - 2);
	CHECK(refuses(text, ""));
	run();
	return unit_done();
}
