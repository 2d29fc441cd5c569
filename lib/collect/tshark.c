/* This file runs tshark and editcap, and checks the key logs that editcap puts into a capture. */
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
#include "host/proc.h"
#include "io/file.h"

#define TSHARK_LIMIT_US (600 * PTH_SECOND_US)
#define TSHARK_LIMIT_BYTES ((int64_t)4 << 30)
#define EDITCAP_LIMIT_US (120 * PTH_SECOND_US)
#define EDITCAP_MORE ((int64_t)64 << 20) /* of its output beside the capture: keys */
#define STDERR_MAX 4096
#define LINE_LIMIT (1u << 20)

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

/* An option, and its value of two parts. */
static void
add_option(struct pth_strv *argv, const char *option, const char *first, const char *second)
{
	struct pth_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "%s%s", first, second);
	pth_strv_push(argv, pth_xstrdup(option));
	pth_strv_push(argv, pth_buf_take(&b));
}

/* tshark -n -r - -T fields -e ... -d ... -z io,phs,FILTER; io,phs and not
 * io,stat because its filter may hold commas. The caller frees it. */
static char **
tshark_argv(const json_t *decode, const struct packets *p)
{
	static const char *const fixed[] = { "tshark", "-n", "-r", "-", "-T", "fields", "-E",
		"separator=/t", "-E", "aggregator=,", "-E", "occurrence=a" };
	struct pth_strv argv = { 0 };
	json_t *d;
	size_t i;

	for (i = 0; i < countof(fixed); i++)
		pth_strv_push(&argv, pth_xstrdup(fixed[i]));
	for (i = 0; collect_packets_fields[i] != NULL; i++)
		add_option(&argv, "-e", "", collect_packets_fields[i]);
	json_array_foreach(decode, i, d)
		if (json_is_string(d))
			add_option(&argv, "-d", "", json_string_value(d));
	for (i = 0; i < p->ntaps; i++)
		add_option(&argv, "-z", "io,phs,", p->taps[i].filter);
	pth_strv_push(&argv, NULL);
	return argv.v;
}

/* Append to b a reason more. */
static void
reason(struct pth_buf *b, const char *text)
{
	pth_buf_addf(b, "%s%s", b->len > 0 ? "; " : "", text);
}

/* The output of tshark from its begin. *out is taken over. */
static int
read_lines(int *out, struct packets *p, struct pth_buf *lack, struct pth_err *e)
{
	pth_auto_file f = fdopen(*out, "r");
	pth_auto_str line = NULL;
	bool skipped = false;
	size_t cap = 0;
	ssize_t n;

	if (f == NULL)
		return pth_err_set(e, PTH_SYSTEM, "read the output of tshark:");
	pth_take_fd(out);
	rewind(f);
	while ((n = getline(&line, &cap, f)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (n < LINE_LIMIT)
			collect_packets_line(p, line);
		else
			skipped = true;
	}
	if (skipped)
		reason(lack, "a packet has more than 1 MiB of fields");
	if (p->limit != NULL)
		reason(lack, p->limit);
	return ferror(f) == 0 ? 0 : pth_err_set(e, PTH_SYSTEM, "read the output of tshark:");
}

int
collect_tshark_read(int in, const json_t *decode, const struct tshark_limits *limits,
    struct packets *p, struct tshark_pass *pass, struct pth_err *e)
{
	struct outcome o = { .limits = *limits };
	pth_auto_fd out = pth_scratch();
	pth_auto_strv argv = NULL;
	int rc;

	*pass = (struct tshark_pass){ .lack = PTH_BUF_INIT };
	if (o.limits.us == 0)
		o.limits.us = TSHARK_LIMIT_US;
	if (o.limits.bytes == 0)
		o.limits.bytes = TSHARK_LIMIT_BYTES;
	if (out < 0 || lseek(in, 0, SEEK_SET) != 0)
		return pth_err_set(e, PTH_SYSTEM, out < 0 ? "temporary file:" : "capture:");
	argv = tshark_argv(decode, p);
	rc = run((const char *const *)argv, in, out, &o, e);
	if (rc == 0) {
		fault_of("tshark", &o, &pass->lack);
		pass->cut = o.errs.len > 0 && strstr(o.errs.s, "cut short") != NULL;
		rc = read_lines(&out, p, &pass->lack, e);
	}
	/* It has not even begun: what it was asked, or the file, is not right. */
	if (rc == 0 && !o.late && !o.exit.signaled && o.exit.code != 0 && p->packets == 0 &&
	    !pass->cut)
		rc = pth_err_set(e, PTH_INPUT, "%s", pass->lack.s);
	pth_buf_release(&o.errs);
	return rc;
}

/* Are all bytes of a word in this set, and are there as many as `least`? */
static bool
made_of(struct pth_word word, const char *set, size_t least)
{
	for (size_t i = 0; i < word.n; i++)
		if (word.s[i] == '\0' || strchr(set, word.s[i]) == NULL)
			return false;
	return word.n >= least;
}

/* LABEL 2N-hex-digits 2M-hex-digits, as in draft-ietf-tls-keylogfile. */
static bool
keylog_line(const char *s, size_t n)
{
	static const char hex[] = "0123456789abcdefABCDEF";
	struct pth_word rest = { s, n }, label, random, secret;

	return pth_word_next(&rest, " ", &label) && pth_word_next(&rest, " ", &random) &&
	    pth_word_next(&rest, " ", &secret) && rest.s == NULL &&
	    made_of(label, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", 1) && made_of(random, hex, 2) &&
	    made_of(secret, hex, 2) && random.n % 2 == 0 && secret.n % 2 == 0;
}

void
collect_keylog_merge(struct pth_buf *b, json_t *seen, const char *text, size_t n)
{
	struct pth_word rest = { text, n }, next;

	while (pth_word_next(&rest, "\n", &next)) {
		if (next.n > 0 && next.s[next.n - 1] == '\r')
			next.n--;
		if (next.n >= 1000 || !keylog_line(next.s, next.n))
			continue;
		pth_auto_str line = pth_xstrndup(next.s, next.n);
		if (json_object_get(seen, line) == NULL) {
			pth_json_set(seen, line, json_true());
			pth_buf_addf(b, "%s\n", line);
		}
	}
}

/* 1 when the block after the section header is a Decryption Secrets Block
 * (pcapng, block type 10), 0 when not, -1 when this is no pcapng. */
static int
has_secrets(int fd)
{
	uint32_t head[3], type;
	bool swap;

	if (pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head || head[0] != 0x0a0d0d0a)
		return -1;
	swap = head[2] == 0x4d3c2b1a;
	if (!swap && head[2] != 0x1a2b3c4d)
		return -1;
	if (swap)
		head[1] = __builtin_bswap32(head[1]);
	if (pread(fd, &type, sizeof type, head[1]) != (ssize_t)sizeof type)
		return 0;
	return (swap ? __builtin_bswap32(type) : type) == 10;
}

int
collect_tshark_secrets(int dirfd, const char *path)
{
	pth_auto_fd fd = pth_open_regular(dirfd, path, NULL);

	return fd >= 0 ? has_secrets(fd) : -1;
}

/* The capture, open as fd, of this size, with the keys inside, then into its place. */
static int
rewrite(int fd, int64_t size, int dirfd, const char *path, const struct pth_buf *keys,
    struct pth_buf *said, struct pth_err *e)
{
	char opened[64]; /* the very file that was looked at */
	const char *const argv[] = { "editcap", "--inject-secrets", "tls,/dev/stdin", opened, "-",
		NULL };
	struct outcome o = { .limits = { EDITCAP_LIMIT_US, 2 * size + EDITCAP_MORE } };
	pth_auto_buf fault = PTH_BUF_INIT;
	pth_auto_fd in = memfd_create("keys", MFD_CLOEXEC);
	struct pth_newfile f;
	int rc;

	snprintf(opened, sizeof opened, "/proc/%ld/fd/%d", (long)getpid(), fd);
	if (in < 0 || pth_write_all(in, keys->s, keys->len) != 0 || lseek(in, 0, SEEK_SET) != 0)
		return pth_err_set(e, PTH_SYSTEM, "TLS keys:");
	if (pth_file_begin(&f, dirfd, path, e) != 0)
		return -1;
	rc = run(argv, in, f.fd, &o, e);
	if (rc == 0)
		fault_of("editcap", &o, &fault);
	pth_buf_release(&o.errs);
	if (rc == 0 && !o.exit.signaled && o.exit.code == 0) {
		if (fault.len > 0)
			reason(said, fault.s);
		return pth_file_commit(&f, e);
	}
	pth_file_abandon(&f);
	return rc != 0 ? -1 : pth_err_set(e, PTH_INPUT, "%s", fault.s);
}

int
collect_tshark_inject(int dirfd, const char *path, const struct pth_buf *keys, struct pth_buf *said,
    struct pth_err *e)
{
	struct stat st;
	pth_auto_fd fd = pth_open_regular(dirfd, path, &st);
	int there = fd >= 0 ? has_secrets(fd) : 0;

	if (fd < 0)
		return pth_err_set(e, PTH_INPUT, "%s:", path);
	if (there < 0)
		return pth_err_set(e, PTH_INPUT, "%s: not a pcapng file: keys not put in", path);
	return there != 0 ? 0 : rewrite(fd, st.st_size, dirfd, path, keys, said, e);
}
