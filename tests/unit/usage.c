/* Numbers out of /proc, of texts and of this process. */
#include "host/usage.h"

#include <unistd.h>

#include "base/buf.h"
#include "host/sockets.h"
#include "unit.h"

static int
stat_of(const char *s, struct pth_usage_stat *to)
{
	return pth_usage_stat(s, strlen(s), to);
}

static int64_t found;

static void
count_socket(void *arg, uint64_t inode, const char *link)
{
	(void)arg;
	CHECK(inode > 0);
	CHECK(strstr(link, "/fd/") != NULL);
	found++;
}

int
main(void)
{
	struct pth_usage_stat st;
	struct pth_usage x = { 0 };
	struct pth_usage_net net;
	struct pth_socket k = { .udp = true };
	const char *p;
	struct pth_word rest;
	struct pth_buf long_line = PTH_BUF_INIT;

	unit("stat");
	CHECK(stat_of(
	    "7 (a b) ) R) S 1 7 7 0 -1 4194304 1 0 0 0 11 22 33 44 20 0 5 0 99 4096 77 1 2\n",
	    &st));
	CHECK(st.user == 11 && st.sys == 22 && st.waited_user == 33 && st.waited_sys == 44);
	CHECK(st.threads == 5 && st.pages == 77);
	CHECK(!stat_of("", &st) && !stat_of("7 (a) S", &st) && !stat_of("7 (a)", &st) &&
	    !stat_of(")", &st));
	CHECK(!stat_of("7 (a) S 1 7 7 0 -1 x", &st));
	pth_buf_adds(&long_line, "1 (x) R");
	for (int i = 4; i <= 24; i++)
		pth_buf_adds(&long_line, " 99999999999999999999999999");
	CHECK(stat_of(long_line.s, &st) && st.threads == UINT64_MAX);

	pth_buf_release(&long_line);

	unit("status");
	p = "Name:\tvoluntary_ctxt_switches: "
	    "5\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t34\n";
	pth_usage_status(p, strlen(p), &x);
	pth_usage_status(p, strlen(p), &x);
	CHECK_INT(x.voluntary, 24);
	CHECK_INT(x.involuntary, 68);
	pth_usage_status("voluntary_ctxt_switches:", 24, &x);
	CHECK_INT(x.voluntary, 24);

	unit("interfaces");
	p = "Inter-|   Receive  |  Transmit\n face |bytes    packets errs\n"
	    "    lo: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n  x:9: 5 6 0 0 0 0 0 0 7 8 0\neth0: 1 2\n";
	rest = pth_word_of(p);
	CHECK(pth_usage_net_next(&rest, &net));
	CHECK_STR(net.name, "lo");
	CHECK(net.received_bytes == 1 && net.received_packets == 2 && net.sent_bytes == 3 &&
	    net.sent_packets == 4);
	CHECK(pth_usage_net_next(&rest, &net));
	CHECK_STR(net.name, "x:9");
	CHECK(!pth_usage_net_next(&rest, &net));

	unit("sockets");
	p = "  sl  local_address rem_address   st tx_queue\n"
	    "  12: 0100007F:115B 00000000:0000 07 00000000:00000000 00:00000000 00000000     0     "
	    "   0 4711 2 x 0\n"
	    " 1: 00000000000000000000000001000000:FFFF 00000000000000000000000000000000:0000 0A "
	    "0:0 0:0 0 0 0 5";
	rest = pth_word_of(p);
	CHECK(pth_sockets_next(&rest, &k));
	CHECK(k.udp && k.port == 4443 && k.state == 7 && k.inode == 4711);
	CHECK(!k.connected && pth_socket_serves(&k));
	CHECK(pth_sockets_next(&rest, &k));
	CHECK(k.port == 65535 && k.state == PTH_TCP_LISTEN && k.inode == 5);
	k.udp = false;
	CHECK(pth_socket_serves(&k));
	CHECK(!pth_sockets_next(&rest, &k));
	p = "1: 0:12345 0:0 0A 0 0 0 0 0 5\n1: 0:1 0:0 0A 0 0 0 0\n1: 0:1 0:0 0A";
	rest = pth_word_of(p);
	CHECK(!pth_sockets_next(&rest, &k));

	unit("sockets that are no servers'");
	p = "1: 0100007F:115B 0100007F:0035 01 0:0 0:0 0 0 0 6\n"
	    "1: 0100007F:115B 0100007F:9C40 01 0:0 0:0 0 0 0 7\n";
	rest = pth_word_of(p);
	k.udp = true;
	CHECK(pth_sockets_next(&rest, &k));
	CHECK(k.connected && !pth_socket_serves(&k));
	k.udp = false;
	CHECK(pth_sockets_next(&rest, &k));
	CHECK(!pth_socket_serves(&k));

	unit("this process");
	x = (struct pth_usage){ 0 };
	CHECK(pth_usage_process(getpid(), getpid(), &x));
	CHECK(x.processes == 1 && x.threads == 1 && x.rss_kb > 0 && x.cpu_us > 0);
	pth_usage_fds(getpid(), &x, NULL, NULL);
	CHECK(x.fds >= 3);
	x.fds = 0;
	pth_usage_fds(getpid(), &x, count_socket, NULL);
	CHECK(x.fds >= 3 && found <= x.fds);
	CHECK(!pth_usage_process(0x7fffffff, 0x7fffffff, &x));
	return unit_done();
}
