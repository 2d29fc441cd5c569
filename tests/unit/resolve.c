/* Placeholders of a deployment: names, and addresses that a name server of our own knows. */
#include "container/resolve.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "io/json.h"
#include "unit.h"

static void
texts(void)
{
	static const char *const v[][2] = {
		{ "plain", "plain" },
		{ "@{server:hostname}:80", "server:80" },
		{ "@{server:service_name}", "server" },
		{ "@{server:ip:hostname}", "server" },
		{ "a@{x:hostname}b@{y:hostname}c", "axbyc" },
		/* What is for others, or for nobody. */
		{ "@{dir}/x", "@{dir}/x" },
		{ "@{server:port}", "@{server:port}" },
		{ "@{a b:hostname}", "@{a b:hostname}" },
		{ "", "" },
	};

	unit("names of services");
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf b = PTH_BUF_INIT;
		struct pth_err e;

		CHECK_INT(pth_resolve_expand(&b, v[i][0], &e), 0);
		CHECK_STR(b.s != NULL ? b.s : "", v[i][1]);
		pth_buf_release(&b);
	}
}

static void
values(void)
{
	static const char text[] = "{\"a\":[\"@{s:hostname}\",{\"b\":\"x @{t:hostname}\"}],"
	                           "\"n\":7,\"plain\":\"@\"}";
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	json_t *v = pth_json_parse(text, sizeof text - 1, &e), *env;

	unit("every text of a value, in place");
	CHECK_INT(pth_resolve_expand_all(v, &e), 0);
	pth_json_dump(&b, v);
	CHECK_STR(b.s, "{\"a\":[\"s\",{\"b\":\"x t\"}],\"n\":7,\"plain\":\"@\"}");
	pth_buf_release(&b);
	json_decref(v);

	unit("the environment");
	setenv("PTH_TEST_A", "@{s:hostname}=x", 1);
	setenv("PTH_TEST_B", "", 1);
	env = pth_resolve_environ(&e);
	CHECK(env != NULL);
	CHECK_STR(pth_json_str(env, "PTH_TEST_A", NULL), "s=x");
	CHECK_STR(pth_json_str(env, "PTH_TEST_B", NULL), "");
	json_decref(env);
}

/* Appends an answer about the name of the question: its type and its data. */
static size_t
answer(unsigned char *p, unsigned type, const void *data, unsigned n)
{
	const unsigned char head[] = { 0xc0, 12, 0, (unsigned char)type, 0, 1, 0, 0, 0, 9, 0,
		(unsigned char)n };

	memcpy(p, head, sizeof head);
	memcpy(p + sizeof head, data, n);
	return sizeof head + n;
}

/* What the server says of a name, by its first letter: a one address, b another name and then two
 * addresses, c only another name, d nothing, e an address of a wrong length and then a right one;
 * others are not known. Returns the length of the answer. */
static size_t
reply(unsigned char *p, size_t n)
{
	static const unsigned char one[] = { 10, 0, 0, 7 }, two[] = { 10, 0, 0, 8 },
	                           wrong[] = { 10, 0, 0, 9, 0 },
	                           name[] = { 2, 'x', 'y', 0 }; /* as long as an address */
	const unsigned char what = p[13];
	size_t at = n;

	p[2] = 0x81;
	p[3] = what < 'a' || what > 'e' ? 0x83 : 0x80;
	if (what == 'b' || what == 'c')
		at += answer(p + at, ns_t_cname, name, sizeof name);
	if (what == 'e')
		at += answer(p + at, ns_t_a, wrong, 5);
	if (what == 'a' || what == 'b' || what == 'e')
		at += answer(p + at, ns_t_a, one, 4);
	if (what == 'b')
		at += answer(p + at, ns_t_a, two, 4);
	p[7] = (unsigned char)(what == 'a' ? 1 :
	        what == 'b'                ? 3 :
	        what == 'c'                ? 1 :
	        what == 'e'                ? 2 :
	                                     0);
	p[11] = 0;
	return at;
}

/* A name server in a process of its own. */
static pid_t
serve(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof *at;
	pid_t pid;

	*at = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	CHECK(bind(fd, (struct sockaddr *)at, sizeof *at) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)at, &len) == 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			unsigned char p[1000] = { 0 };
			struct sockaddr_in from;
			socklen_t n = sizeof from;
			ssize_t got = recvfrom(fd, p, 500, 0, (struct sockaddr *)&from, &n);

			if (got > 13)
				sendto(
				    fd, p, reply(p, (size_t)got), 0, (struct sockaddr *)&from, n);
		}
	}
	close(fd);
	return pid;
}

static void
addresses(void)
{
	static const struct {
		const char *text, *want; /* NULL: an error */
	} v[] = {
		{ "@{a:ip}", "10.0.0.7" },
		{ "x@{a:ip}:@{a:ip:decimal}", "x10.0.0.7:167772167" },
		{ "@{a:ip:hex}", "0x0A000007" },
		{ "@{b:ip}", "10.0.0.7" }, /* behind another name; the first */
		{ "@{c:ip}", NULL },
		{ "@{d:ip}", NULL },
		{ "@{e:ip}", "10.0.0.7" },
		{ "@{z:ip}", NULL },
		{ "@{z:hostname}", "z" },
	};
	struct sockaddr_in at;
	pid_t pid = serve(&at);

	unit("addresses, as the network's name server knows them");
	CHECK(res_init() == 0);
	_res.nscount = 1;
	_res.nsaddr_list[0] = at;
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf b = PTH_BUF_INIT;
		struct pth_err e = { 0 };
		int r = pth_resolve_expand(&b, v[i].text, &e);

		CHECK_INT(r, v[i].want != NULL ? 0 : -1);
		if (v[i].want != NULL)
			CHECK_STR(b.s, v[i].want);
		else
			CHECK(e.code == PTH_SYSTEM && strncmp(e.text, v[i].text, 6) == 0 &&
			    strstr(e.text, ": the network does not know this name (yet)") != NULL);
		pth_buf_release(&b);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int
main(void)
{
	texts();
	values();
	addresses();
	return unit_done();
}
