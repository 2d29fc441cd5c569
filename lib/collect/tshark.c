#include "collect/tshark.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "host/proc.h"
#include "io/file.h"

#define TSHARK_LIMIT_US (600 * PTH_SECOND_US)
#define EDITCAP_LIMIT_US (120 * PTH_SECOND_US)
#define STDERR_MAX 4096
#define LINE_LIMIT (1u << 20)

/* PATH is ours; everything else is fixed. /nonexistent: by Debian's policy
 * nothing is there. */
static const char **
clean_env(struct pth_buf *path)
{
	const char *p = getenv("PATH");
	const char **env = pth_xarray(NULL, 8, sizeof *env);

	pth_buf_addf(path, "PATH=%s", p != NULL ? p : "/usr/local/bin:/usr/bin:/bin");
	env[0] = path->s;
	env[1] = "HOME=/nonexistent";
	env[2] = "XDG_CONFIG_HOME=/nonexistent";
	env[3] = "WIRESHARK_CONFIG_DIR=/nonexistent";
	env[4] = "WIRESHARK_EXTCAP_DIR=/nonexistent";
	env[5] = "LC_ALL=C.UTF-8";
	env[6] = "TZ=UTC";
	env[7] = NULL;
	return env;
}

/* Run argv with stdin in and stdout out; what it said in errs. */
static int
run(const char *const *argv, int in, int out, int64_t limit_us, struct pth_buf *errs,
    struct pth_exit *x, struct pth_err *e)
{
	struct pth_buf path = PTH_BUF_INIT;
	const char **env = clean_env(&path);
	struct pth_proc_req req = {
		.argv = argv,
		.env = env,
		.in = in,
		.out = out,
		.err = -1,
		.session = true,
		.die_with_parent = true,
		.no_new_privs = true,
	};
	bool late = false;
	int rc = pth_proc_run(&req, limit_us, NULL, errs, STDERR_MAX, x, &late, e);

	if (rc == 0 && late)
		rc = pth_err_set(e, PTH_SYSTEM, "%s did not end within %lld s and was killed",
		    argv[0], (long long)(limit_us / 1000000));
	free(env);
	pth_buf_release(&path);
	return rc;
}

/* The line of errs that says what is wrong, for people. */
static int
refused(const char *prog, const struct pth_exit *x, const struct pth_buf *errs, struct pth_err *e)
{
	struct pth_buf show = PTH_BUF_INIT;
	const char *s = errs->len > 0 ? errs->s : "";
	char sig[16];

	if (strncmp(s, "Running as user", 15) == 0)
		s += strcspn(s, "\n") + (s[strcspn(s, "\n")] != '\0');
	if (strncmp(s, prog, strlen(prog)) == 0 && s[strlen(prog)] == ':')
		s += strlen(prog) + 1;
	s += strspn(s, " ");
	for (; *s != '\0' && show.len < 400; s++)
		pth_buf_addc(&show, *s == '\n' || *s == '\t' ? ' ' : *s);
	while (show.len > 0 && show.s[show.len - 1] == ' ')
		pth_buf_cut(&show, show.len - 1);
	if (x->signaled)
		pth_err_set(
		    e, PTH_SYSTEM, "%s was killed by SIG%s", prog, pth_signal_name(x->signal, sig));
	else
		pth_err_set(
		    e, PTH_INPUT, "%s: %s", prog, show.len != 0 ? show.s : "failed without a word");
	pth_buf_release(&show);
	return -1;
}

int
collect_tshark_scratch(void)
{
	const char *dir = getenv("TMPDIR");
	int fd = open(
	    dir != NULL && *dir != '\0' ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : memfd_create("pth", MFD_CLOEXEC);
}

static void
add_args(const char **argv, size_t *n, const char *const *args)
{
	for (; *args != NULL; args++)
		argv[(*n)++] = *args;
}

/* tshark -n -r - -T fields -e ... -d ... -z io,phs,FILTER; io,phs and not
 * io,stat because its filter may hold commas. */
static const char **
tshark_argv(const json_t *decode, struct packets *p, char ***own)
{
	size_t most = 64 + 2 * json_array_size(decode) + 2 * p->ntaps, n = 0, i;
	const char **argv = pth_xarray(NULL, most, sizeof *argv);
	json_t *d;

	*own = pth_xarray(NULL, p->ntaps + 1, sizeof **own);
	add_args(argv, &n,
	    (const char *const[]){ "tshark", "-n", "-r", "-", "-T", "fields", "-E", "separator=/t",
	        "-E", "aggregator=,", "-E", "occurrence=a", NULL });
	for (i = 0; collect_packets_fields[i] != NULL; i++) {
		argv[n++] = "-e";
		argv[n++] = collect_packets_fields[i];
	}
	json_array_foreach(decode, i, d) {
		if (!json_is_string(d))
			continue;
		argv[n++] = "-d";
		argv[n++] = json_string_value(d);
	}
	for (i = 0; i < p->ntaps; i++) {
		struct pth_buf b = PTH_BUF_INIT;

		pth_buf_addf(&b, "io,phs,%s", p->taps[i].filter);
		argv[n++] = "-z";
		argv[n++] = (*own)[i] = pth_buf_take(&b);
	}
	(*own)[i] = NULL;
	argv[n] = NULL;
	return argv;
}

static int
read_lines(int fd, struct packets *p, struct pth_err *e)
{
	FILE *f;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3), rc = 0;

	if (copy < 0 || lseek(copy, 0, SEEK_SET) != 0 || (f = fdopen(copy, "r")) == NULL) {
		if (copy >= 0)
			close(copy);
		return pth_err_set(e, PTH_SYSTEM, "read the output of tshark:");
	}
	while ((n = getline(&line, &cap, f)) > 0 && n < LINE_LIMIT) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		collect_packets_line(p, line);
	}
	if (ferror(f) != 0)
		rc = pth_err_set(e, PTH_SYSTEM, "read the output of tshark:");
	free(line);
	fclose(f);
	return rc;
}

int
collect_tshark_read(int in, const json_t *decode, struct packets *p, bool *cut, struct pth_err *e)
{
	struct pth_buf errs = PTH_BUF_INIT;
	struct pth_exit x;
	char **own;
	const char **argv;
	int out = collect_tshark_scratch(), rc;

	*cut = false;
	if (out < 0 || lseek(in, 0, SEEK_SET) != 0) {
		pth_err_set(e, PTH_SYSTEM, out < 0 ? "temporary file:" : "capture:");
		if (out >= 0)
			close(out);
		return -1;
	}
	argv = tshark_argv(decode, p, &own);
	rc = run(argv, in, out, TSHARK_LIMIT_US, &errs, &x, e);
	if (rc == 0 && (x.signaled || x.code != 0)) {
		*cut = !x.signaled && errs.len > 0 && strstr(errs.s, "cut short") != NULL;
		if (!*cut)
			rc = refused("tshark", &x, &errs, e);
	}
	if (rc == 0)
		rc = read_lines(out, p, e);
	for (size_t i = 0; own[i] != NULL; i++)
		free(own[i]);
	free(own);
	free(argv);
	pth_buf_release(&errs);
	close(out);
	return rc;
}

/* LABEL 2N-hex-digits 2M-hex-digits, as in draft-ietf-tls-keylogfile. */
static bool
keylog_line(const char *s, size_t n)
{
	size_t label = 0, a, b;

	while (label < n &&
	    ((s[label] >= 'A' && s[label] <= 'Z') || s[label] == '_' || pth_is_digit(s[label])))
		label++;
	if (label == 0 || label >= n || s[label] != ' ')
		return false;
	for (a = label + 1; a < n && strchr("0123456789abcdefABCDEF", s[a]) != NULL && s[a] != '\0';
	     a++)
		;
	if (a - label - 1 < 2 || a >= n || s[a] != ' ')
		return false;
	for (b = a + 1; b < n && strchr("0123456789abcdefABCDEF", s[b]) != NULL && s[b] != '\0';
	     b++)
		;
	return b == n && b - a - 1 >= 2;
}

void
collect_keylog_merge(struct pth_buf *b, json_t *seen, const char *text, size_t n)
{
	while (n > 0) {
		const char *nl = memchr(text, '\n', n);
		size_t len = nl != NULL ? (size_t)(nl - text) : n, whole = len + (nl != NULL);

		if (len > 0 && text[len - 1] == '\r')
			len--;
		if (len < 1000 && keylog_line(text, len)) {
			char *line = pth_xstrndup(text, len);

			if (json_object_get(seen, line) == NULL) {
				pth_json_set(seen, line, json_true());
				pth_buf_adds(b, line);
				pth_buf_addc(b, '\n');
			}
			free(line);
		}
		text += whole;
		n -= whole;
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

/* The capture with the keys inside, then into its place. */
static int
rewrite(const char *path, const struct pth_buf *keys, struct pth_err *e)
{
	struct pth_buf errs = PTH_BUF_INIT;
	struct pth_newfile f;
	struct pth_exit x;
	int in = memfd_create("keys", MFD_CLOEXEC), rc = -1;

	if (in < 0 || pth_write_all(in, keys->s, keys->len) != 0 || lseek(in, 0, SEEK_SET) != 0)
		pth_err_set(e, PTH_SYSTEM, "TLS keys:");
	else
		rc = pth_file_begin(&f, AT_FDCWD, path, e);
	if (rc == 0) {
		rc = run((const char *const[]){ "editcap", "--inject-secrets", "tls,/dev/stdin",
		             path, "-", NULL },
		    in, f.fd, EDITCAP_LIMIT_US, &errs, &x, e);
		if (rc == 0 && (x.signaled || x.code != 0))
			rc = refused("editcap", &x, &errs, e);
		if (rc == 0)
			rc = pth_file_commit(&f, e);
		else
			pth_file_abandon(&f);
	}
	if (in >= 0)
		close(in);
	pth_buf_release(&errs);
	return rc;
}

int
collect_tshark_inject(const char *path, const struct pth_buf *keys, struct pth_err *e)
{
	int fd, there;

	if (keys->len == 0)
		return 0;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return pth_err_set(e, PTH_INPUT, "%s:", path);
	there = has_secrets(fd);
	close(fd);
	if (there < 0)
		return pth_err_set(e, PTH_INPUT, "%s: not a pcapng file: keys not put in", path);
	return there != 0 ? 0 : rewrite(path, keys, e);
}
