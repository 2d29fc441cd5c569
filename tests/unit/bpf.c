#include "packet/bpf.h"
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
	return unit_done();
}
