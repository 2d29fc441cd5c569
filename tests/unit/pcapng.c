#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/file.h"
#include "packet/pcapng.h"
#include "unit.h"

/* A file of packets: each a time in ns and the letter it is made of. */
static void
make(const char *path, const char *packets[][2], unsigned cap)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	struct pth_pcapng *w = pth_pcapng_open(fd, "lo", PTH_LINKTYPE_ETHERNET, cap);
	char p[100];

	for (size_t i = 0; packets[i][0] != NULL; i++) {
		memset(p, packets[i][1][0], sizeof p);
		pth_pcapng_packet(w, strtoull(packets[i][0], NULL, 10), p, cap, 100);
	}
	CHECK_INT(pth_pcapng_close(w, 3, 1, NULL), 0);
	close(fd);
}

/* The packets of a file as "1a2b": time and letter. */
static const char *
shown(const char *path, char text[200])
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	uint32_t h[7];

	*text = '\0';
	CHECK_INT(pth_file_read(path, 1 << 20, &b, &e), 0);
	for (size_t at = 0; at + sizeof h <= b.len; at += h[1]) {
		memcpy(h, b.s + at, sizeof h);
		if (h[0] == 6)
			snprintf(
			    text + strlen(text), 200 - strlen(text), "%u%c", h[4], b.s[at + 28]);
	}
	pth_buf_release(&b);
	return text;
}

static int
merge_of(const struct pth_pcapng_stream *v, size_t n, bool apart, bool *cut, struct pth_err *e)
{
	int fd = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0666);
	int rc = pth_pcapng_merge(AT_FDCWD, v, n, apart, fd, cut, e);

	close(fd);
	return rc;
}

static int
merge(const struct pth_pcapng_stream *v, size_t n, bool *cut, struct pth_err *e)
{
	return merge_of(v, n, false, cut, e);
}

static void
sizes(void)
{
	int fd = open("sizes", O_RDWR | O_CREAT | O_TRUNC, 0666);
	struct pth_pcapng *w = pth_pcapng_open(fd, "lo", PTH_LINKTYPE_ETHERNET, 96);
	uint64_t before = pth_pcapng_size(w);
	struct stat st;

	unit("a file is as long as it was said to become");
	pth_pcapng_packet(w, 1, "abcde", 5, 5);
	CHECK_INT(pth_pcapng_size(w), before + pth_pcapng_packet_size(5));
	before = pth_pcapng_size(w);
	CHECK_INT(pth_pcapng_flush(w), 0);
	CHECK_INT(pth_pcapng_size(w), before);
	fstat(fd, &st);
	CHECK_INT(st.st_size, before);
	CHECK_INT(pth_pcapng_close(w, 1, 0, "a word"), 0);
	fstat(fd, &st);
	CHECK((uint64_t)st.st_size > before &&
	    (uint64_t)st.st_size <= before + pth_pcapng_end_size(6));
	close(fd);
}

#define END 52 /* bytes of a statistics block without a comment */

static uint32_t
u32(const struct pth_buf *b, size_t at)
{
	uint32_t v = 0;

	if (CHECK(at + sizeof v <= b->len))
		memcpy(&v, b->s + at, sizeof v);
	return v;
}

/* What a file begins with: a section, an interface whose times are in nanoseconds. */
static void
head(void)
{
	static const uint32_t section[] = { 0x0a0d0d0a, 0, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff };
	int fd = open("head", O_RDWR | O_CREAT | O_TRUNC, 0666);
	struct pth_pcapng *w = pth_pcapng_open(fd, "eth0", PTH_LINKTYPE_ETHERNET, 96);
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	size_t at;

	unit("the head of a file as the draft has it");
	CHECK_INT(pth_pcapng_flush(w), 0);
	CHECK_INT(pth_file_read("head", 1 << 20, &b, &e), 0);
	for (size_t i = 0; i < sizeof section / sizeof *section; i++)
		CHECK(i == 1 || u32(&b, i * 4) == section[i]);
	CHECK(memcmp(b.s + 28, "pth ", 4) == 0 && (u32(&b, 24) & 0xffff) == 4);
	at = u32(&b, 4);
	CHECK_INT(at, 28 + (strlen("pth " PTH_VERSION) + 3) / 4 * 4 + 8);
	CHECK_INT(u32(&b, at - 8), 0);
	CHECK_INT(u32(&b, at - 4), at);
	CHECK(u32(&b, at) == 1 && u32(&b, at + 4) == b.len - at && u32(&b, at + 8) == 1);
	CHECK_INT(u32(&b, at + 12), 96);
	CHECK(u32(&b, at + 16) == (4 << 16 | 2) && memcmp(b.s + at + 20, "eth0", 4) == 0);
	CHECK(u32(&b, at + 24) == (1 << 16 | 9) && u32(&b, at + 28) == 9);
	CHECK(u32(&b, at + 32) == 0 && u32(&b, at + 36) == b.len - at);
	CHECK_INT(pth_pcapng_close(w, 0, 0, NULL), 0);
	pth_buf_release(&b);
	close(fd);
}

static void
buffered(void)
{
	static char p[100000];
	int fd = open("buffered", O_RDWR | O_CREAT | O_TRUNC, 0666);
	struct pth_pcapng *w = pth_pcapng_open(fd, "lo", PTH_LINKTYPE_ETHERNET, 262144);
	struct stat st;

	unit("about 1 MiB is kept before it is written");
	for (int i = 0; i < 10; i++)
		pth_pcapng_packet(w, 1, p, sizeof p, sizeof p);
	CHECK(fstat(fd, &st) == 0 && st.st_size == 0);
	pth_pcapng_packet(w, 1, p, sizeof p, sizeof p);
	CHECK(fstat(fd, &st) == 0 && (uint64_t)st.st_size == pth_pcapng_size(w));
	CHECK_INT(pth_pcapng_close(w, 0, 0, NULL), 0);
	close(fd);
}

/* The packet of one file, byte by byte, and its last words. */
static void
bytes(void)
{
	static const char letters[] = "abcdefgh";
	struct pth_err e;

	unit("packets and statistics as the draft has them");
	for (uint32_t cap = 0; cap <= 8; cap++) {
		int fd = open("bytes", O_RDWR | O_CREAT | O_TRUNC, 0666);
		struct pth_pcapng *w = pth_pcapng_open(fd, "eth0", PTH_LINKTYPE_ETHERNET, 96);
		uint64_t at = pth_pcapng_size(w), n, drops = 3, received = 7, v;
		struct pth_buf b = PTH_BUF_INIT;

		pth_pcapng_packet(w, 0x123456789abcdefULL, letters, cap, cap + 1000);
		n = pth_pcapng_size(w) - at;
		CHECK_INT(n, pth_pcapng_packet_size(cap));
		CHECK_INT(pth_pcapng_close(w, received, drops, cap == 0 ? NULL : "why"), 0);
		close(fd);
		CHECK_INT(pth_file_read("bytes", 1 << 20, &b, &e), 0);
		CHECK(n == 32 + (cap + 3) / 4 * 4 && u32(&b, at) == 6 && u32(&b, at + 4) == n);
		CHECK(u32(&b, at + 8) == 0 && u32(&b, at + 12) == 0x1234567 &&
		    u32(&b, at + 16) == 0x89abcdef);
		CHECK(u32(&b, at + 20) == cap && u32(&b, at + 24) == cap + 1000);
		CHECK(memcmp(b.s + at + 28, letters, cap) == 0);
		for (size_t i = cap; i < (cap + 3) / 4 * 4; i++)
			CHECK(b.s[at + 28 + i] == 0);
		CHECK_INT(u32(&b, at + n - 4), n);
		/* The statistics: interface, time, a comment, two numbers of 8 bytes. */
		at += n;
		CHECK(u32(&b, at) == 5 && u32(&b, at + 4) == b.len - at && u32(&b, at + 8) == 0);
		CHECK_INT(u32(&b, b.len - 4), b.len - at);
		CHECK_INT(b.len - at, cap == 0 ? END : END + 8);
		CHECK(b.len - at <= pth_pcapng_end_size(cap == 0 ? 0 : 3));
		at += 20;
		if (cap > 0) {
			CHECK(u32(&b, at) == (3 << 16 | 1) && memcmp(b.s + at + 4, "why", 4) == 0);
			at += 8;
		}
		CHECK_INT(u32(&b, at), 8 << 16 | 4);
		memcpy(&v, b.s + at + 4, sizeof v);
		CHECK_INT(v, received);
		CHECK_INT(u32(&b, at + 12), 8 << 16 | 5);
		memcpy(&v, b.s + at + 16, sizeof v);
		CHECK_INT(v, drops);
		CHECK_INT(u32(&b, at + 24), 0);
		pth_buf_release(&b);
	}
}

static void
comment(void)
{
	int fd = open("comment", O_RDWR | O_CREAT | O_TRUNC, 0666);
	struct pth_pcapng *w = pth_pcapng_open(fd, "lo", PTH_LINKTYPE_ETHERNET, 96);
	uint64_t at = pth_pcapng_size(w);
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;

	unit("a packet with a comment");
	pth_pcapng_packet_comment(w, 1, "abcde", 5, 5, "dropped");
	CHECK_INT(pth_pcapng_close(w, 1, 0, NULL), 0);
	close(fd);
	CHECK_INT(pth_file_read("comment", 1 << 20, &b, &e), 0);
	CHECK(u32(&b, at + 4) == 32 + 8 + 4 + 8 + 4 && u32(&b, at + 20) == 5);
	CHECK(u32(&b, at + 36) == (7 << 16 | 1) && memcmp(b.s + at + 40, "dropped", 8) == 0);
	CHECK_INT(u32(&b, at + 48), 0);
	CHECK_INT(u32(&b, at + 52), u32(&b, at + 4));
	pth_buf_release(&b);
}

/* A limit of the file's size stands for a full disk: of so many bytes beyond what `fit` packets
 * take. */
static void
full(uint64_t fit, uint64_t more)
{
	int fd = open("full", O_RDWR | O_CREAT | O_TRUNC, 0666);
	struct pth_pcapng *w = pth_pcapng_open(fd, "lo", PTH_LINKTYPE_ETHERNET, 96);
	uint64_t head = pth_pcapng_size(w);
	const struct rlimit limit = { head + fit * pth_pcapng_packet_size(96) + more,
		RLIM_INFINITY };
	struct rlimit old;
	char p[96], text[200];
	struct stat st;

	memset(p, 'x', sizeof p);
	getrlimit(RLIMIT_FSIZE, &old);
	setrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 21; i++)
		pth_pcapng_packet(w, 1, p, sizeof p, sizeof p);
	errno = 0;
	CHECK_INT(pth_pcapng_flush(w), -1);
	CHECK_INT(errno, EFBIG);
	CHECK_INT(pth_pcapng_lost(w), 21 - fit);
	pth_pcapng_packet(w, 1, p, sizeof p, sizeof p);
	CHECK_INT(pth_pcapng_lost(w), 22 - fit);
	errno = 0;
	CHECK_INT(pth_pcapng_flush(w), -1);
	CHECK_INT(errno, EFBIG);
	CHECK_INT(pth_pcapng_close(w, 22, 0, NULL), -1);
	CHECK_INT(errno, EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	fstat(fd, &st);
	/* There may be room for the last words. */
	CHECK_INT(st.st_size, head + fit * pth_pcapng_packet_size(96) + (more >= END ? END : 0));
	CHECK_INT(strlen(shown("full", text)), 2 * fit);
	close(fd);
}

static void
merging(void)
{
	const char *one[][2] = { { "1", "a" }, { "4", "d" }, { NULL, NULL } };
	const char *more[][2] = { { "5", "e" }, { "9", "i" }, { NULL, NULL } };
	/* The order of two packets may differ: 4 before 2. */
	const char *other[][2] = { { "4", "d" }, { "2", "b" }, { "5", "x" }, { "9", "i" },
		{ "9", "i" }, { NULL, NULL } };
	const char *none[][2] = { { NULL, NULL } };
	const char *ring[] = { "one", "more" }, *alone[] = { "other" }, *empty[] = { "none" };
	struct pth_pcapng_stream v[] = { { ring, 2 }, { alone, 1 }, { empty, 1 } };
	char text[200];
	struct pth_err e;
	bool cut;

	make("one", one, 100);
	make("more", more, 100);
	make("other", other, 30);
	make("none", none, 100);

	unit("the files of a ring are one");
	CHECK_INT(merge(v, 1, &cut, &e), 0);
	CHECK_STR(shown("out", text), "1a4d5e9i");
	CHECK(!cut);

	unit("captures are one, and what both have is as often there as one has it");
	CHECK_INT(merge(v, 3, &cut, &e), 0);
	CHECK_STR(shown("out", text), "1a4d2b5e5x9i9i");
	CHECK(!cut);

	unit("without packets there is still a header");
	CHECK_INT(merge(v + 2, 1, &cut, &e), 0);
	CHECK_STR(shown("out", text), "");
	CHECK(!cut);

	unit("the end of a file that is cut is left out");
	CHECK_INT(truncate("one", 300), 0);
	CHECK_INT(merge(v, 1, &cut, &e), 0);
	CHECK_STR(shown("out", text), "1a5e9i");
	CHECK(cut);

	unit("a file of something else is left out");
	CHECK_INT(pth_file_write(AT_FDCWD, "one", "hello, world", 12, &e), 0);
	CHECK_INT(merge(v, 1, &cut, &e), 0);
	CHECK_STR(shown("out", text), "5e9i");
	CHECK(cut);

	unit("nothing at all is an error");
	CHECK_INT(truncate("none", 0), 0);
	CHECK_INT(merge(v + 2, 1, &cut, &e), -1);
	CHECK_STR(e.text, "no packet was captured");
	unlink("none");
	CHECK_INT(merge(v + 2, 1, &cut, &e), -1);
	CHECK(strstr(e.text, "none: No such file") != NULL);
}

/* The kinds of blocks of a file, in order: Header, Interface, Keys, Packet, Statistics. */
static const char *
kinds(const char *path, char text[200])
{
	static const char letters[] = "?I???SP???K";
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	size_t n = 0;

	CHECK_INT(pth_file_read(path, 1 << 20, &b, &e), 0);
	for (size_t at = 0; at + 12 <= b.len && n < 199; at += u32(&b, at + 4))
		text[n++] = u32(&b, at) == 0x0a0d0d0a ? 'H' :
		    u32(&b, at) < sizeof letters - 1  ? letters[u32(&b, at)] :
		                                        '?';
	text[n] = '\0';
	pth_buf_release(&b);
	return text;
}

static const char *merge_path[] = { "one", "more" };
static const struct pth_pcapng_stream merge_both = { merge_path, 2 }, merge_one = { merge_path, 1 };

/* A file with a block of that type and body between two packets: what is left of the packets,
 * and "!" when something was cut. len: what the block says, 0: the truth; tail: the same behind. */
static const char *
spliced(
    uint32_t type, const uint32_t *body, size_t words, uint32_t len, uint32_t tail, char text[200])
{
	const char *packets[][2] = { { "1", "a" }, { "2", "b" }, { NULL, NULL } };
	uint32_t n = (uint32_t)(words * 4 + 12), said = len != 0 ? len : n;
	struct pth_buf b = PTH_BUF_INIT, out = PTH_BUF_INIT;
	size_t at = 0;
	struct pth_err e;
	bool cut;

	make("one", packets, 8);
	CHECK_INT(pth_file_read("one", 1 << 20, &b, &e), 0);
	while (u32(&b, at) != 6)
		at += u32(&b, at + 4);
	at += u32(&b, at + 4); /* behind the first packet */
	pth_buf_add(&out, b.s, at);
	pth_buf_add(&out, &type, 4);
	pth_buf_add(&out, &said, 4);
	pth_buf_add(&out, body, words * 4);
	said = tail != 0 ? tail : said;
	pth_buf_add(&out, &said, 4);
	pth_buf_add(&out, b.s + at, b.len - at);
	CHECK_INT(pth_file_write(AT_FDCWD, "one", out.s, out.len, &e), 0);
	CHECK_INT(merge(&merge_one, 1, &cut, &e), 0);
	shown("out", text);
	snprintf(text + strlen(text), 10, "%s", cut ? "!" : "");
	pth_buf_release(&b);
	pth_buf_release(&out);
	return text;
}

static void
blocks(void)
{
	enum { EPB = 6, IDB = 1, SHB = 0x0a0d0d0a };
	static const struct {
		uint32_t type, body[8];
		size_t words;
		uint32_t len, tail;
		const char *want;
	} v[] = {
		{ EPB, { 0, 0, 5, 4, 4, 0x78787878 }, 6, 0, 0, "1a5x2b" },
		{ EPB, { 0, 0, 5, 5, 4, 0x78787878 }, 6, 0, 0, "1a!" }, /* more than there is */
		{ EPB, { 1, 0, 5, 4, 4, 0x78787878 }, 6, 0, 0, "1a!" }, /* of another interface */
		{ EPB, { 0, 0, 5, 0 }, 4, 0, 0, "1a!" },
		{ IDB, { 1, 96 }, 2, 0, 0, "1a2b" },
		{ IDB, { 113, 96 }, 2, 0, 0, "1a!" }, /* not Ethernet */
		{ IDB, { 1 }, 1, 0, 0, "1a!" },
		{ SHB, { 0x1a2b3c4d, 1, 0, 0 }, 4, 0, 0, "1a2b" },
		{ SHB, { 0x4d3c2b1a, 1, 0, 0 }, 4, 0, 0,
		    "1a!" }, /* of a machine of the other kind */
		{ SHB, { 0x1a2b3c4d, 1, 0 }, 3, 0, 0, "1a!" },
		{ 99, { 0 }, 0, 0, 0, "1a2b" },
		{ 99, { 7, 8 }, 2, 0, 0, "1a2b" },
		{ 99, { 7, 8 }, 2, 8, 20, "1a!" },
		{ 99, { 7, 8 }, 2, 22, 20, "1a!" },
		{ 99, { 7, 8 }, 2, 20, 24, "1a!" },
		{ 99, { 7, 8 }, 2, 0xfffffffc, 20, "1a!" },
	};
	char text[200];

	unit("blocks of a file, as they should be or not");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		CHECK_STR(spliced(v[i].type, v[i].body, v[i].words, v[i].len, v[i].tail, text),
		    v[i].want);
}

/* Puts a block of keys before the first packet of a file. */
static void
put_keys(const char *path)
{
	static const uint32_t keys[] = { 10, 20, 7, 0, 20 };
	struct pth_buf b = PTH_BUF_INIT, out = PTH_BUF_INIT;
	size_t at = 0;
	struct pth_err e;

	CHECK_INT(pth_file_read(path, 1 << 20, &b, &e), 0);
	while (u32(&b, at) != 6)
		at += u32(&b, at + 4);
	pth_buf_add(&out, b.s, at);
	pth_buf_add(&out, keys, sizeof keys);
	pth_buf_add(&out, b.s + at, b.len - at);
	CHECK_INT(pth_file_write(AT_FDCWD, path, out.s, out.len, &e), 0);
	pth_buf_release(&b);
	pth_buf_release(&out);
}

static void
headers(void)
{
	const char *one[][2] = { { "1", "a" }, { "1", "a" }, { NULL, NULL } };
	const char *more[][2] = { { "5", "e" }, { NULL, NULL } };
	const char *other[] = { "other" };
	const struct pth_pcapng_stream v[] = { merge_one, { other, 1 } };
	char text[200];
	struct pth_err e;
	bool cut;

	unit("one header, one interface, and the keys of the first file");
	make("one", one, 8);
	make("more", more, 8);
	put_keys("one");
	put_keys("more");
	CHECK_INT(merge(&merge_both, 1, &cut, &e), 0);
	CHECK_STR(kinds("out", text), "HIKPPP");
	CHECK(!cut);

	unit("a packet that one capture has twice was there twice");
	CHECK_STR(shown("out", text), "1a1a5e");

	unit("packets of one time are the same when their bytes are");
	make("other", (const char *[][2]){ { "1", "a" }, { "1", "b" }, { NULL, NULL } }, 8);
	CHECK_INT(merge(v, 2, &cut, &e), 0);
	CHECK_STR(shown("out", text), "1a1a1b");

	unit("times of more than 32 bits");
	make("one", (const char *[][2]){ { "4294967296", "b" }, { NULL, NULL } }, 8);
	make("other", (const char *[][2]){ { "4294967295", "a" }, { NULL, NULL } }, 8);
	CHECK_INT(merge(v, 2, &cut, &e), 0);
	CHECK(strstr(shown("out", text), "a0b") != NULL);

	unit("of an empty first file there is nothing");
	CHECK_INT(truncate("one", 0), 0);
	CHECK_INT(merge(&merge_both, 1, &cut, &e), 0);
	CHECK_STR(shown("out", text), "5e");
}

/* Captures of two or three places, whose times differ. */
static void
apart(void)
{
	static const char *a[] = { "one" }, *b[] = { "other" }, *c[] = { "third" };
	const struct pth_pcapng_stream v[] = { { a, 1 }, { b, 1 }, { c, 1 } };
	struct pth_err e;
	char text[200];
	bool cut;

	unit("what both ends saw counts once, with the time of who saw it first");
	make("one", (const char *[][2]){ { "10", "a" }, { "25", "b" }, { NULL, NULL } }, 8);
	make("other", (const char *[][2]){ { "12", "a" }, { "20", "b" }, { NULL, NULL } }, 8);
	CHECK_INT(merge_of(v, 2, true, &cut, &e), 0);
	CHECK_STR(shown("out", text), "10a20b");
	CHECK_INT(merge_of(v, 2, false, &cut, &e), 0);
	CHECK_STR(shown("out", text), "10a12a20b25b");

	unit("what was sent twice counts twice, although it was lost once");
	make("one",
	    (const char *[][2]){ { "10", "a" }, { "20", "a" }, { "30", "a" }, { NULL, NULL } }, 8);
	make("other", (const char *[][2]){ { "11", "a" }, { "31", "a" }, { NULL, NULL } }, 8);
	CHECK_INT(merge_of(v, 2, true, &cut, &e), 0);
	CHECK_STR(shown("out", text), "10a20a30a");

	unit("what only one of three has is there");
	make("third", (const char *[][2]){ { "5", "x" }, { "12", "a" }, { NULL, NULL } }, 8);
	CHECK_INT(merge_of(v, 3, true, &cut, &e), 0);
	CHECK_STR(shown("out", text), "5x10a20a30a");

	unit("captures that store a different part of packets");
	make("other", (const char *[][2]){ { "11", "a" }, { "31", "a" }, { NULL, NULL } }, 90);
	CHECK_INT(merge_of(v, 2, true, &cut, &e), 0);
	CHECK_STR(shown("out", text), "10a20a30a");
}

/* Whether packets are the same is asked within a second or two. */
static void
apart_for_long(void)
{
	static const char *a[] = { "one" }, *b[] = { "other" };
	const struct pth_pcapng_stream v[] = { { a, 1 }, { b, 1 } };
	struct pth_err e;
	char text[200];
	bool cut;

	unit("the same bytes seconds later are another packet");
	make("one",
	    (const char *[][2]){ { "1000000000", "a" }, { "5000000000", "x" },
	        { "6500000000", "y" }, { NULL, NULL } },
	    8);
	make("other",
	    (const char *[][2]){ { "1900000000", "a" }, { "9000000000", "a" }, { NULL, NULL } }, 8);
	CHECK_INT(merge_of(v, 2, true, &cut, &e), 0);
	shown("out", text);
	CHECK_STR(text, "1000000000a705032704x2205032704y410065408a");
}

/* A file of pcap with packets of a time, in s and parts of it, and 100 bytes of a letter each. */
static void
make_pcap(const char *path, uint32_t magic, bool swapped, uint32_t link, const char *letters)
{
	uint32_t head[] = { magic, 4 << 16 | 2, 0, 0, 100, link };
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	char p[100];

	if (swapped)
		head[1] = 2 << 16 | 4; /* two numbers of 16 bits */
	for (size_t i = 0; i < 6; i++)
		head[i] = swapped && i != 1 ? __builtin_bswap32(head[i]) : head[i];
	pth_buf_add(&b, head, sizeof head);
	for (; *letters != '\0'; letters += 2) {
		uint32_t one[] = { 1, (uint32_t)(letters[0] - '0'), 99, 100 };

		for (size_t i = 0; i < 4; i++)
			one[i] = swapped ? __builtin_bswap32(one[i]) : one[i];
		memset(p, letters[1], sizeof p);
		pth_buf_add(&b, one, sizeof one);
		pth_buf_add(&b, p, 99);
	}
	CHECK_INT(pth_file_write(AT_FDCWD, path, b.s, b.len, &e), 0);
	pth_buf_release(&b);
}

#define PCAP_US 0xa1b2c3d4u
#define PCAP_NS 0xa1b23c4du

static void
pcap(void)
{
	static const char *a[] = { "one" }, *b[] = { "other" }, *c[] = { "third" };
	const struct pth_pcapng_stream v[] = { { a, 1 }, { b, 1 }, { c, 1 } };
	char text[200];
	struct pth_err e;
	bool cut;

	unit("pcap of both resolutions and byte orders");
	make_pcap("one", PCAP_US, false, 101, "1a3c");
	make_pcap("other", PCAP_NS, true, 101, "2b5e");
	make_pcap("third", PCAP_US, true, 101, "2d");
	CHECK_INT(merge(v, 3, &cut, &e), 0);
	CHECK(!cut);
	CHECK_STR(shown("out", text), "1000000002b1000000005e1000001000a1000002000d1000003000c");
	CHECK_STR(kinds("out", text), "HIPPPPP");

	unit("what is made of pcap is read again, with its link type");
	CHECK_INT(rename("out", "one"), 0);
	CHECK_INT(merge(v, 1, &cut, &e), 0);
	CHECK(!cut);
	CHECK_STR(kinds("out", text), "HIPPPPP");

	unit("both ends of a simulation");
	make_pcap("one", PCAP_US, false, 101, "1a3b");
	make_pcap("other", PCAP_US, false, 101, "2a2b");
	CHECK_INT(merge_of(v, 2, true, &cut, &e), 0);
	CHECK_STR(shown("out", text), "1000001000a1000002000b");
	CHECK(!cut);

	unit("pcap beside pcapng");
	make("one", (const char *[][2]){ { "1000001000", "x" }, { NULL, NULL } }, 100);
	make_pcap("other", PCAP_NS, false, 1, "7y");
	CHECK_INT(merge(v, 2, &cut, &e), 0);
	CHECK_STR(shown("out", text), "1000000007y1000001000x");
	CHECK(!cut);

	unit("a file of another link type is left out, and that is said");
	make_pcap("other", PCAP_NS, false, 101, "7y");
	CHECK_INT(merge(v, 2, &cut, &e), 0);
	CHECK_STR(shown("out", text), "1000001000x");
	CHECK(cut);

	unit("pcap without packets has a header, one that breaks off is cut");
	make_pcap("other", PCAP_US, false, 101, "");
	CHECK_INT(merge(v + 1, 1, &cut, &e), 0);
	CHECK(!cut);
	CHECK_STR(kinds("out", text), "HI");
	make_pcap("other", PCAP_US, false, 101, "1a2b");
	CHECK_INT(truncate("other", 24 + 16 + 99 + 50), 0);
	CHECK_INT(merge(v + 1, 1, &cut, &e), 0);
	CHECK(cut);
	CHECK_STR(shown("out", text), "1000001000a");
	CHECK_INT(truncate("other", 20), 0);
	CHECK_INT(merge(v + 1, 1, &cut, &e), -1);
	CHECK(cut);
}

int
main(void)
{
	pcap();
	apart();
	apart_for_long();
	blocks();
	headers();
	sizes();
	head();
	buffered();
	bytes();
	comment();
	unit("a full disk leaves whole packets");
	full(6, 20);
	unit("a packet that fits exactly is kept");
	full(6, 0);
	full(6, END - 1);
	full(6, END);
	full(5, pth_pcapng_packet_size(96) - 1);
	full(0, 0);
	full(20, pth_pcapng_packet_size(96) - 1);
	merging();
	return unit_done();
}
