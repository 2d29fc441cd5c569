/* This file puts TLS keys into captures. */
#include "collect/secrets.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/words.h"
#include "io/file.h"

#define SHB 0x0a0d0d0au
#define ORDER 0x1a2b3c4du
#define SHB_MAX 65536 /* bytes of a section's header, with its comments */
#define DSB 10
#define SECRETS_TLS 0x544c534bu

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
collect_secrets_look(int dirfd, const char *path)
{
	pth_auto_fd fd = pth_open_regular(dirfd, path, NULL);

	return fd >= 0 ? has_secrets(fd) : -1;
}

static void
word(struct pth_buf *b, uint32_t v, bool swap)
{
	v = swap ? __builtin_bswap32(v) : v;
	pth_buf_add(b, &v, sizeof v);
}

/* The block: type, length, kind of secrets, their length, they and padding, the length. */
static void
block(struct pth_buf *b, const struct pth_buf *keys, bool swap)
{
	uint32_t n = (uint32_t)keys->len, padded = (n + 3) & ~3u;

	word(b, DSB, swap);
	word(b, 20 + padded, swap);
	word(b, SECRETS_TLS, swap);
	word(b, n, swap);
	pth_buf_add(b, keys->s, n);
	pth_buf_add(b, "\0\0\0", padded - n);
	word(b, 20 + padded, swap);
}

/* Bytes of the section's header, which b gets; 0: this is none. */
static size_t
header(int fd, struct pth_buf *b, bool *swap)
{
	uint32_t head[3], n;

	if (pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head || head[0] != SHB ||
	    (head[2] != ORDER && head[2] != __builtin_bswap32(ORDER)))
		return 0;
	*swap = head[2] != ORDER;
	n = *swap ? __builtin_bswap32(head[1]) : head[1];
	if (n < 28 || n % 4 != 0 || n > SHB_MAX ||
	    pread(fd, pth_buf_room(b, n), n, 0) != (ssize_t)n)
		return 0;
	b->len += n;
	return n;
}

/* What is behind the header, as it is. */
static int
copy_rest(int in, size_t from, int out)
{
	loff_t at = (loff_t)from;
	char buf[65536];
	ssize_t n;

	while ((n = copy_file_range(in, &at, out, NULL, (size_t)1 << 30, 0)) > 0)
		;
	if (n == 0)
		return 0;
	while ((n = pread(in, buf, sizeof buf, at)) > 0) { /* between file systems */
		if (pth_write_all(out, buf, (size_t)n) != 0)
			return -1;
		at += n;
	}
	return n == 0 ? 0 : -1;
}

int
collect_secrets_put(int dirfd, const char *path, const struct pth_buf *keys, struct pth_err *e)
{
	pth_auto_fd fd = pth_open_regular(dirfd, path, NULL);
	pth_auto_buf head = PTH_BUF_INIT;
	struct pth_newfile f;
	bool swap = false;
	size_t n;

	if (fd < 0)
		return pth_err_set(e, PTH_INPUT, "%s:", path);
	if (has_secrets(fd) > 0)
		return 0;
	if ((n = header(fd, &head, &swap)) == 0)
		return pth_err_set(e, PTH_INPUT, "%s: not a pcapng file: keys not put in", path);
	if (pth_file_begin(&f, dirfd, path, e) != 0)
		return -1;
	block(&head, keys, swap);
	if (pth_write_all(f.fd, head.s, head.len) != 0 || copy_rest(fd, n, f.fd) != 0) {
		pth_err_set(e, PTH_SYSTEM, "%s:", path);
		pth_file_abandon(&f);
		return -1;
	}
	return pth_file_commit(&f, e);
}
