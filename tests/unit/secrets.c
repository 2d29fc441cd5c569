/* Lines of key logs, and keys in captures. */
#include "collect/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "capture.h"
#include "io/file.h"
#include "unit.h"

static void
keylogs(void)
{
	static const char *const good[] = { "CLIENT_RANDOM 00 11", "X_9 abCDef 0123456789ABCDEF" };
	static const char *const bad[] = { "", "CLIENT_RANDOM", "CLIENT_RANDOM 00",
		"CLIENT_RANDOM 00 11 22", "client_random 00 11", "X 0 11", "X 00 1", "X 000 11",
		"X 00 111", "X 0g 11", "X 00 1g", "# 00 11", " 00 11", "X  11", "X 00 11\x01" };
	struct pth_buf text = PTH_BUF_INIT, want = PTH_BUF_INIT, got = PTH_BUF_INIT;
	char hex[995] = "";
	json_t *seen = json_object();

	unit("lines of key logs");
	for (size_t i = 0; i < countof(bad); i++)
		pth_buf_addf(&text, "%s\n", bad[i]);
	for (size_t i = 0; i < countof(good); i++) {
		pth_buf_addf(&text, "%s\r\n%s\n", good[i], good[i]);
		pth_buf_addf(&want, "%s\n", good[i]);
	}
	/* 999 bytes, and one more. */
	memset(hex, 'a', sizeof hex - 1);
	pth_buf_addf(&text, "X 00 %s\nXX 00 %s\n", hex, hex);
	pth_buf_addf(&want, "X 00 %s\n", hex);
	collect_keylog_merge(&got, seen, text.s, text.len);
	CHECK_STR(got.s, want.s);
	pth_buf_release(&text);
	pth_buf_release(&want);
	pth_buf_release(&got);
	json_decref(seen);
}

/* A capture that begins with these words. */
static int
look(const uint32_t *v, size_t n)
{
	struct pth_err e;

	CHECK_INT(pth_file_write(AT_FDCWD, "begin", (const char *)v, n * sizeof *v, &e), 0);
	return collect_secrets_look(AT_FDCWD, "begin");
}

#define SECRETS(...)                            \
	look((const uint32_t[]){ __VA_ARGS__ }, \
	    sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))
#define SWAP(x) __builtin_bswap32(x)

static void
inside(void)
{
	unit("keys that are inside of a capture already");
	CHECK_INT(SECRETS(0x0a0d0d0a, 16, 0x1a2b3c4d, 16, 10, 12, 12), 1);
	CHECK_INT(SECRETS(0x0a0d0d0a, 16, 0x1a2b3c4d, 16, 1, 12, 12), 0);
	CHECK_INT(SECRETS(0x0a0d0d0a, 16, 0x1a2b3c4d, 16), 0);
	CHECK_INT(SECRETS(0x0a0d0d0a, SWAP(16), 0x4d3c2b1a, SWAP(16), SWAP(10)), 1);
	CHECK_INT(SECRETS(0x0a0d0d0a, SWAP(16), 0x4d3c2b1a, SWAP(16), 10), 0);
	CHECK_INT(SECRETS(0x0a0d0d0a, 16, 0x1a2b3c4e, 16, 10), -1);
	CHECK_INT(SECRETS(0x0a0d0d0b, 16, 0x1a2b3c4d, 16, 10), -1);
	CHECK_INT(SECRETS(0x0a0d0d0a, 16), -1);
	CHECK_INT(collect_secrets_look(AT_FDCWD, "none"), -1);
}

static void
merged(void)
{
	static const char text[] =
	    "# comment\nCLIENT_RANDOM aa bb\nCLIENT_RANDOM aa bb\r\nbad line\n"
	    "X zz 11\nSERVER_X 0011 2233";
	struct pth_buf b = PTH_BUF_INIT;
	json_t *seen = json_object();

	unit("key logs one after the other");
	collect_keylog_merge(&b, seen, text, sizeof text - 1);
	collect_keylog_merge(&b, seen, text, sizeof text - 1);
	CHECK_STR(b.s, "CLIENT_RANDOM aa bb\nSERVER_X 0011 2233\n");
	pth_buf_release(&b);
	json_decref(seen);
}

/* The file after keys were put into it. */
static void
put_into(
    const struct pth_buf *file, const char *keys, struct pth_buf *after, int want, const char *why)
{
	struct pth_buf k = PTH_BUF_INIT;
	struct pth_err e = { 0 };

	CHECK_INT(pth_file_write(AT_FDCWD, "c", file->s, file->len, &e), 0);
	pth_buf_adds(&k, keys);
	CHECK_INT(collect_secrets_put(AT_FDCWD, "c", &k, &e), want);
	if (want != 0) {
		CHECK_INT(e.code, PTH_INPUT);
		CHECK_STR(e.text, why);
	}
	pth_buf_cut(after, 0);
	CHECK_INT(pth_file_read("c", 1 << 20, after, &e), 0);
	pth_buf_release(&k);
}

static bool
same(const struct pth_buf *a, const struct pth_buf *b)
{
	return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

static void
puts_keys(bool big)
{
	struct pth_buf file = PTH_BUF_INIT, rest = PTH_BUF_INIT, want = PTH_BUF_INIT;
	struct pth_buf after = PTH_BUF_INIT;

	put_section(&file, big);
	put_section(&want, big);
	put_interface(&rest, big, 1, 0, 9, 0);
	put_zeros(&rest, 200000); /* more than is copied at once */
	pth_buf_add(&file, rest.s, rest.len);
	/* 13 bytes: three are filled up. */
	put_secrets(&want, big, "LABEL 00 11\nX");
	pth_buf_add(&want, rest.s, rest.len);
	put_into(&file, "LABEL 00 11\nX", &after, 0, NULL);
	CHECK(same(&after, &want));
	CHECK_INT(collect_secrets_look(AT_FDCWD, "c"), 1);
	/* Once is enough. */
	put_into(&want, "OTHER 00 11\n", &after, 0, NULL);
	CHECK(same(&after, &want));
	pth_buf_release(&file);
	pth_buf_release(&rest);
	pth_buf_release(&want);
	pth_buf_release(&after);
}

static void
refused(void)
{
	static const char why[] = "c: not a pcapng file: keys not put in";
	struct pth_buf file = PTH_BUF_INIT, after = PTH_BUF_INIT, k = PTH_BUF_INIT;
	struct pth_err e = { 0 };

	unit("files into which no keys go stay as they are");
	put_pcap(&file, false, 1);
	put_into(&file, "X 00 11\n", &after, -1, why);
	CHECK(same(&after, &file));
	pth_buf_cut(&file, 0);
	put_section(&file, false);
	pth_buf_cut(&file, 27); /* the header breaks off */
	put_into(&file, "X 00 11\n", &after, -1, why);
	CHECK(same(&after, &file));
	pth_buf_cut(&file, 0);
	put_into(&file, "X 00 11\n", &after, -1, why);
	CHECK_INT(after.len, 0);
	CHECK_INT(collect_secrets_put(AT_FDCWD, "none", &k, &e), -1);
	CHECK_INT(e.code, PTH_INPUT);
	/* What is no regular file is not read. */
	CHECK_INT(mkfifo("pipe", 0600), 0);
	CHECK_INT(collect_secrets_put(AT_FDCWD, "pipe", &k, &e), -1);
	CHECK_INT(collect_secrets_look(AT_FDCWD, "pipe"), -1);
	pth_buf_release(&file);
	pth_buf_release(&after);
}

int
main(void)
{
	keylogs();
	merged();
	inside();
	unit("keys go behind the section's header, in its byte order");
	puts_keys(false);
	puts_keys(true);
	refused();
	return unit_done();
}
