/* This file runs tshark. */
#include "collect/tshark.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "base/words.h"
#include "dissect/field.h"
#include "host/proc.h"
#include "io/file.h"

#define TSHARK_LIMIT_US (600 * PTH_SECOND_US)
#define TSHARK_LIMIT_BYTES ((int64_t)4 << 30)
#define STDERR_MAX 4096
#define PACKETS_MAX (1ll << 32) /* no count is larger: sums stay below 2^63 */

/* How a program ended, and what it said. */
struct outcome {
	struct pth_exit exit;
	bool late;
	struct tshark_limits limits;
	struct pth_buf errs;
};

/* What it said, as a line for people, without its name and the warning for root. */
static void
words(const char *prog, const struct pth_buf *errs, struct pth_buf *show)
{
	const char *s = errs->len > 0 ? errs->s : "";

	if (strncmp(s, "Running as user", 15) == 0)
		s += strcspn(s, "\n") + (s[strcspn(s, "\n")] != '\0');
	if (strncmp(s, prog, strlen(prog)) == 0 && s[strlen(prog)] == ':')
		s += strlen(prog) + 1;
	s += strspn(s, " ");
	for (; *s != '\0' && show->len < 400; s++)
		pth_buf_addc(show, *s == '\n' || *s == '\t' ? ' ' : *s);
	while (show->len > 0 && show->s[show->len - 1] == ' ')
		pth_buf_cut(show, show->len - 1);
}

/* What kept a program from doing all that it should, in words; nothing when nothing did. */
static void
fault_of(const char *prog, const struct outcome *o, struct pth_buf *b)
{
	pth_auto_buf said = PTH_BUF_INIT;
	char sig[16];

	words(prog, &o->errs, &said);
	if (o->late)
		pth_buf_addf(b, "%s did not end within %lld s and was killed", prog,
		    (long long)(o->limits.us / PTH_SECOND_US));
	else if (o->exit.signaled && o->exit.signal == SIGXFSZ)
		pth_buf_addf(b, "%s wrote more than %lld bytes and was killed", prog,
		    (long long)o->limits.bytes);
	else if (o->exit.signaled)
		pth_buf_addf(
		    b, "%s was killed by SIG%s", prog, pth_signal_name(o->exit.signal, sig));
	else if (said.len > 0)
		pth_buf_addf(b, "%s: %s", prog, said.s);
	else if (o->exit.code != 0)
		pth_buf_addf(b, "%s: failed without a word", prog);
}

/* Run argv with stdin in and stdout out, a file. -1 with e when it cannot be started. Of the
 * environment, PATH is ours; everything else is fixed. /nonexistent: by Debian's policy nothing
 * is there. */
static int
run(const char *const *argv, int in, int out, struct outcome *o, struct pth_err *e)
{
	const char *ours = getenv("PATH");
	pth_auto_buf path = PTH_BUF_INIT;
	const struct pth_proc_limit size = { RLIMIT_FSIZE, (rlim_t)o->limits.bytes };
	struct pth_proc_req req = { .argv = argv,
		.in = in,
		.out = out,
		.err = -1,
		.session = true,
		.die_with_parent = true,
		.no_new_privs = true,
		.limits = &size,
		.nlimits = 1 };

	pth_buf_addf(&path, "PATH=%s", ours != NULL ? ours : "/usr/local/bin:/usr/bin:/bin");
	req.env = (const char *const[]){ path.s, "HOME=/nonexistent",
		"XDG_CONFIG_HOME=/nonexistent", "WIRESHARK_CONFIG_DIR=/nonexistent",
		"WIRESHARK_EXTCAP_DIR=/nonexistent", "LC_ALL=C.UTF-8", "TZ=UTC", NULL };
	return pth_proc_run(&req, o->limits.us, NULL, &o->errs, STDERR_MAX, &o->exit, &o->late, e);
}

int
pth_tshark_scratch(void)
{
	const char *dir = getenv("TMPDIR");
	int fd = open(
	    dir != NULL && *dir != '\0' ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : memfd_create("pth", MFD_CLOEXEC);
}

/* An option, and its value of two parts. */
static void
add_option(struct pth_strv *argv, const char *option, const char *first, const char *second)
{
	struct pth_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "%s%s", first, second);
	pth_strv_push(argv, pth_xstrdup(option));
	pth_strv_push(argv, pth_buf_take(&b));
}

/* HTTP/3's dissector puts streams together in a time that grows with their square: it is off
 * unless a filter may want it. */
static bool
wants_http3(const struct tshark_tap *taps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!taps[i].native && strstr(taps[i].filter, "http") != NULL)
			return true;
	return false;
}

/* Does tshark know the protocol of "udp.port==4443,quic"? */
static bool
is_known(const char *rule)
{
	const char *comma = strchr(rule, ',');

	return comma == NULL || strcmp(comma + 1, pth_field_name(PTH_F_MINIP)) != 0;
}

/* tshark -n -r - -q -d ... -z io,phs,FILTER; io,phs and not io,stat because its filter may hold
 * commas. The caller frees it. */
static char **
tshark_argv(const json_t *decode, const struct tshark_tap *taps, size_t n)
{
	static const char *const fixed[] = { "tshark", "-n", "-r", "-", "-q" };
	struct pth_strv argv = { 0 };
	json_t *d;
	size_t i;

	for (i = 0; i < countof(fixed); i++)
		pth_strv_push(&argv, pth_xstrdup(fixed[i]));
	if (!wants_http3(taps, n))
		add_option(&argv, "--disable-protocol", "", "http3");
	json_array_foreach(decode, i, d)
		if (json_is_string(d) && is_known(json_string_value(d)))
			add_option(&argv, "-d", "", json_string_value(d));
	for (i = 0; i < n; i++)
		if (!taps[i].native)
			add_option(&argv, "-z", "io,phs,", taps[i].filter);
	pth_strv_push(&argv, NULL);
	return argv.v;
}

/* "Filter: X", and then "eth    frames:6 bytes:276", not indented: the packets that it took. */
void
pth_tshark_line(struct tshark_tables *t, const char *line)
{
	const char *s;
	long long n;

	if (strncmp(line, "Filter: ", 8) == 0) {
		t->at = NULL;
		for (size_t i = 0; i < t->n; i++)
			if (!t->taps[i].native && strcmp(t->taps[i].filter, line + 8) == 0)
				t->at = &t->taps[i];
		if (t->at != NULL)
			t->at->packets = 0;
		return;
	}
	if (t->at == NULL || *line == ' ' || (s = strstr(line, " frames:")) == NULL)
		return;
	n = strtoll(s + 8, NULL, 10);
	if (n > 0 && n <= PACKETS_MAX)
		t->at->packets += n;
}

/* The output of tshark from its begin. *out is taken over. */
static int
read_tables(int *out, struct tshark_tables *t, struct pth_err *e)
{
	pth_auto_file f = fdopen(*out, "r");
	pth_auto_str line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (f == NULL)
		return pth_err_set(e, PTH_SYSTEM, "read the output of tshark:");
	pth_take_fd(out);
	rewind(f);
	while ((n = getline(&line, &cap, f)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		pth_tshark_line(t, line);
	}
	return ferror(f) == 0 ? 0 : pth_err_set(e, PTH_SYSTEM, "read the output of tshark:");
}

/* Is there a tap that only tshark can tell, and has it a count? */
static bool
is_open(const struct tshark_tap *taps, size_t n, bool counted)
{
	for (size_t i = 0; i < n; i++)
		if (!taps[i].native && (!counted || taps[i].packets >= 0))
			return true;
	return false;
}

int
pth_tshark_count(int in, const json_t *decode, const struct tshark_limits *limits,
    struct tshark_tap *taps, size_t n, struct pth_buf *lack, struct pth_err *e)
{
	struct tshark_tables t = { .taps = taps, .n = n };
	struct outcome o = { .limits = *limits };
	pth_auto_fd out = -1;
	pth_auto_strv argv = NULL;
	int rc;

	if (!is_open(taps, n, false))
		return 0;
	for (size_t i = 0; i < n; i++)
		taps[i].packets = taps[i].native ? taps[i].packets : -1;
	if (o.limits.us == 0)
		o.limits.us = TSHARK_LIMIT_US;
	if (o.limits.bytes == 0)
		o.limits.bytes = TSHARK_LIMIT_BYTES;
	out = pth_tshark_scratch();
	if (out < 0 || lseek(in, 0, SEEK_SET) != 0)
		return pth_err_set(e, PTH_SYSTEM, out < 0 ? "temporary file:" : "capture:");
	argv = tshark_argv(decode, taps, n);
	rc = run((const char *const *)argv, in, out, &o, e);
	if (rc == 0) {
		fault_of("tshark", &o, lack);
		rc = read_tables(&out, &t, e);
	}
	/* It has not even begun: what it was asked, or the file, is not right. */
	if (rc == 0 && !o.late && !o.exit.signaled && o.exit.code != 0 && !is_open(taps, n, true) &&
	    strstr(lack->s, "cut short") == NULL) {
		rc = pth_err_set(e, PTH_INPUT, "%s", lack->s);
		pth_buf_cut(lack, 0);
	}
	pth_buf_release(&o.errs);
	return rc;
}
