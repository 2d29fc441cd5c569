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
	struct pth_pcapng *w = pth_pcapng_open(fd, "lo", PTH_LINKTYPE_ETHERNET, 262144);
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
merge(const struct pth_pcapng_stream *v, size_t n, bool *cut, struct pth_err *e)
{
	int fd = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0666);
	int rc = pth_pcapng_merge(AT_FDCWD, v, n, fd, cut, e);

	close(fd);
	return rc;
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

/* A limit of the file's size stands for a full disk. */
static void
full(void)
{
	const struct rlimit limit = { 1000, RLIM_INFINITY };
	struct rlimit old;
	int fd = open("full", O_RDWR | O_CREAT | O_TRUNC, 0666);
	struct pth_pcapng *w = pth_pcapng_open(fd, "lo", PTH_LINKTYPE_ETHERNET, 96);
	uint64_t head = pth_pcapng_size(w), fit = (1000 - head) / pth_pcapng_packet_size(96);
	char p[96], text[200];
	struct stat st;

	unit("a full disk leaves whole packets");
	memset(p, 'x', sizeof p);
	getrlimit(RLIMIT_FSIZE, &old);
	setrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 20; i++)
		pth_pcapng_packet(w, 1, p, sizeof p, sizeof p);
	CHECK_INT(pth_pcapng_flush(w), -1);
	CHECK_INT(pth_pcapng_lost(w), 20 - fit);
	pth_pcapng_packet(w, 1, p, sizeof p, sizeof p);
	CHECK_INT(pth_pcapng_lost(w), 21 - fit);
	CHECK_INT(pth_pcapng_close(w, 21, 0, NULL), -1);
	setrlimit(RLIMIT_FSIZE, &old);
	fstat(fd, &st);
	CHECK_INT(st.st_size, head + fit * pth_pcapng_packet_size(96));
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

	unit("captures are one, and what both have is there once");
	CHECK_INT(merge(v, 3, &cut, &e), 0);
	CHECK_STR(shown("out", text), "1a4d2b5e5x9i");
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

int
main(void)
{
	sizes();
	full();
	merging();
	return unit_done();
}
