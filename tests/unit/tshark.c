/* How tshark is called, and what is made of its end. */
#include "collect/tshark.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/file.h"
#include "unit.h"

/* A program bin/tshark of these lines of shell. */
static void
fake(const char *script)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;

	pth_buf_addf(&b, "#!/bin/sh\n%s\n", script);
	CHECK_INT(pth_file_write(AT_FDCWD, "bin/tshark", b.s, b.len, &e), 0);
	CHECK_INT(chmod("bin/tshark", 0755), 0);
	pth_buf_release(&b);
}

#define TABLE "echo 'Filter: f'; echo 'eth   frames:2 bytes:120'"

static void
ends(void)
{
	static const struct {
		const char *script, *lack; /* lack NULL: that is the error */
		const char *error;
		int packets;
		struct tshark_limits limits;
	} v[] = {
		{ "exit 0", "", NULL, -1, { 0 } },
		{ TABLE, "", NULL, 2, { 0 } },
		{ "echo 'tshark: some  thing\tis\nwrong ' >&2", "tshark: some  thing is wrong",
		    NULL, -1, { 0 } },
		{ "echo 'Running as user \"root\" and so on.' >&2; echo x >&2", "tshark: x", NULL,
		    -1, { 0 } },
		{ "echo 'Running as user \"root\" and so on.' >&2; " TABLE, "", NULL, 2, { 0 } },
		{ "exit 3", NULL, "tshark: failed without a word", -1, { 0 } },
		{ "echo 'tshark: \"x\" is no filter' >&2; exit 4", NULL,
		    "tshark: \"x\" is no filter", -1, { 0 } },
		{ TABLE "; exit 3", "tshark: failed without a word", NULL, 2, { 0 } },
		{ "echo 'tshark: was cut short in the middle' >&2; exit 2",
		    "tshark: was cut short in the middle", NULL, -1, { 0 } },
		{ "kill -SEGV $$", "tshark was killed by SIGSEGV", NULL, -1, { 0 } },
		{ TABLE "; kill -KILL $$", "tshark was killed by SIGKILL", NULL, 2, { 0 } },
		{ "exec head -c 100000 /dev/zero",
		    "tshark wrote more than 5000 bytes and was killed", NULL, -1,
		    { .bytes = 5000 } },
		{ "exec sleep 100", "tshark did not end within 0 s and was killed", NULL, -1,
		    { .us = 50000 } },
		/* A line as long as it likes, also one without an end. */
		{ "head -c 1048576 /dev/zero | tr '\\0' 1; echo; " TABLE, "", NULL, 2, { 0 } },
		{ TABLE "; echo no >&2; head -c 1048576 /dev/zero", "tshark: no", NULL, 2, { 0 } },
	};
	int in = open("capture", O_RDWR | O_CREAT, 0644);

	unit("the ends of tshark");
	for (size_t i = 0; i < countof(v); i++) {
		struct tshark_tap tap = { "f", 7, false };
		struct pth_buf lack = PTH_BUF_INIT;
		struct pth_err e = { 0 };
		int r;

		fake(v[i].script);
		r = pth_tshark_count(in, NULL, &v[i].limits, &tap, 1, &lack, &e);
		CHECK_INT(r, v[i].error != NULL ? -1 : 0);
		if (v[i].error != NULL) {
			CHECK_STR(e.text, v[i].error);
			CHECK_INT(e.code, PTH_INPUT);
			CHECK_INT(lack.len, 0); /* said once */
		} else {
			CHECK_STR(lack.s != NULL ? lack.s : "", v[i].lack);
		}
		CHECK_INT(tap.packets, v[i].packets);
		pth_buf_release(&lack);
	}
	close(in);
}

/* What the table of a filter is, and which it is of. */
static void
tables(void)
{
	static const char script[] =
	    "cat <<-end\nFilter: b\neth    frames:3 bytes:9\n  ip   frames:3 bytes:9\n"
	    "sll  frames:4 bytes:9\nFilter: none\neth    frames:5 bytes:9\nFilter: a\nFilter: c\n"
	    "eth   frames:0 bytes:0\neth   frames:4294967297 bytes:0\n"
	    "eth   frames:4294967296 bytes:0\neth   frames:1 bytes:0\njunk\nFilter: e\n"
	    "eth   frames:8 bytes:9\nend";
	struct tshark_tap v[] = { { "a", -1, false }, { "b", -1, false }, { "c", -1, false },
		{ "d", -1, false }, { "e", 5, true } };
	const struct tshark_limits usual = { 0 };
	struct pth_buf lack = PTH_BUF_INIT;
	struct pth_err e;
	int in = open("capture", O_RDWR | O_CREAT, 0644);

	unit("tables of filters");
	fake(script);
	CHECK_INT(pth_tshark_count(in, NULL, &usual, v, countof(v), &lack, &e), 0);
	CHECK_INT(lack.len, 0);
	CHECK_INT(v[0].packets, 0);
	CHECK_INT(v[1].packets, 7);
	CHECK_INT(v[2].packets, 4294967297); /* more than 2^32 in one line cannot be */
	CHECK_INT(v[3].packets, -1);         /* there was no table */
	CHECK_INT(v[4].packets, 5);          /* tshark was not asked */
	pth_buf_release(&lack);
	close(in);
}

static bool
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static void
calls(void)
{
	static const char text[] = "[\"udp.port==4433,quic\",7]";
	struct tshark_tap taps[] = { { "udp and tcp", -1, false }, { "http and so on", 3, true },
		{ "a,b", -1, false } };
	const struct tshark_limits usual = { 0 };
	struct pth_buf args = PTH_BUF_INIT, env = PTH_BUF_INIT, in = PTH_BUF_INIT;
	struct pth_buf lack = PTH_BUF_INIT;
	struct pth_err e;
	json_t *decode = pth_json_parse(text, sizeof text - 1, &e);
	int fd = open("capture", O_RDWR | O_CREAT, 0644);

	unit("tshark is asked for filters, and has nothing of ours but PATH");
	CHECK(write(fd, "packets", 7) == 7);
	fake("printf '%s\\n' \"$@\" >args; env | grep -v '^PWD\\|^_=\\|^SHLVL' | sort >env; "
	     "cat >in");
	setenv("PTH_TEST_SECRET", "x", 1);
	CHECK_INT(pth_tshark_count(fd, decode, &usual, taps, countof(taps), &lack, &e), 0);
	CHECK_INT(pth_file_read("args", 1 << 20, &args, &e), 0);
	CHECK_STR(args.s,
	    "-n\n-r\n-\n-q\n--disable-protocol\nhttp3\n-d\nudp.port==4433,quic\n-z\n"
	    "io,phs,udp and tcp\n-z\nio,phs,a,b\n");
	CHECK_INT(pth_file_read("env", 1 << 20, &env, &e), 0);
	CHECK(begins(env.s, "HOME=/nonexistent\nLC_ALL=C.UTF-8\n"));
	CHECK(strstr(env.s, "PTH_TEST_SECRET") == NULL);
	CHECK(strstr(env.s, "\nTZ=UTC\n") != NULL);
	CHECK(strstr(env.s, "WIRESHARK_CONFIG_DIR=/nonexistent\n") != NULL);
	/* From the begin, wherever the file was. */
	CHECK_INT(pth_file_read("in", 1 << 20, &in, &e), 0);
	CHECK_STR(in.s, "packets");
	unit("HTTP/3's dissector is on when a filter may want it");
	taps[2].filter = "http3.frame_type == 1";
	pth_buf_cut(&args, 0);
	CHECK_INT(pth_tshark_count(fd, NULL, &usual, taps, countof(taps), &lack, &e), 0);
	CHECK_INT(pth_file_read("args", 1 << 20, &args, &e), 0);
	CHECK_STR(
	    args.s, "-n\n-r\n-\n-q\n-z\nio,phs,udp and tcp\n-z\nio,phs,http3.frame_type == 1\n");
	unit("tshark is started only when there is something to ask");
	unlink("bin/tshark");
	CHECK_INT(pth_tshark_count(fd, decode, &usual, &taps[1], 1, &lack, &e), 0);
	CHECK_INT(pth_tshark_count(fd, decode, &usual, NULL, 0, &lack, &e), 0);
	CHECK_INT(taps[1].packets, 3);
	pth_buf_release(&lack);
	pth_buf_release(&args);
	pth_buf_release(&env);
	pth_buf_release(&in);
	json_decref(decode);
	close(fd);
}

/* No program of that name at all. */
static void
none(void)
{
	struct tshark_tap tap = { "f", 5, false };
	const struct tshark_limits usual = { 0 };
	struct pth_buf lack = PTH_BUF_INIT;
	struct pth_err e;
	pth_auto_str path = pth_xstrdup(getenv("PATH"));
	int in = open("capture", O_RDWR | O_CREAT, 0644);

	unit("without tshark");
	setenv("PATH", "bin", 1);
	unlink("bin/tshark");
	CHECK_INT(pth_tshark_count(in, NULL, &usual, &tap, 1, &lack, &e), -1);
	CHECK_INT(e.code, PTH_SYSTEM);
	CHECK_STR(e.text, "tshark: not found");
	CHECK_INT(tap.packets, -1);
	setenv("PATH", path, 1);
	pth_buf_release(&lack);
	close(in);
}

int
main(void)
{
	char path[4096];

	CHECK_INT(mkdir("bin", 0755), 0);
	CHECK(getcwd(path, sizeof path - 100) != NULL);
	struct pth_buf b = PTH_BUF_INIT;
	pth_buf_addf(&b, "%s/bin:%s", path, getenv("PATH"));
	setenv("PATH", b.s, 1);
	pth_buf_release(&b);
	ends();
	tables();
	calls();
	none();
	return unit_done();
}
