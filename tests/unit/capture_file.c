/* The files that packets go into: where one ends, which are kept, what is counted. */
#include "packet/capture_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "packet/pcapng.h"
#include "unit.h"

#define PACKET 100   /* bytes of each */
#define SENTENCE 160 /* for which room is left in every file */

static int64_t
head(void)
{
	int fd = open("/dev/null", O_WRONLY);
	struct pth_pcapng *w = pth_pcapng_open(fd, "lo", PTH_LINKTYPE_ETHERNET, 96);
	int64_t n = (int64_t)pth_pcapng_size(w);

	pth_pcapng_close(w, 0, 0, NULL);
	close(fd);
	return n;
}

/* The size of a file with so many packets, and room for its last words. */
static int64_t
size_for(unsigned packets)
{
	return head() +
	    (int64_t)(packets * pth_pcapng_packet_size(PACKET) + pth_pcapng_end_size(SENTENCE));
}

/* So many packets by that specification; what was counted. */
static struct pth_capture_result
captured(const struct pth_capture_spec *spec, unsigned packets)
{
	struct sink s;
	char p[PACKET] = "x";

	CHECK_INT(packet_sink_open(&s, spec, 262144), 0);
	for (unsigned i = 0; i < packets; i++)
		packet_sink_packet(&s, i, p, sizeof p, sizeof p);
	packet_sink_close(&s);
	free(s.name);
	free(s.counts);
	return s.r;
}

static bool
there(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0;
}

/* The comment of a file, or "". */
static bool
says(const char *path, const char *text)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	bool r;

	CHECK_INT(pth_file_read(path, 1 << 20, &b, &e), 0);
	r = memmem(b.s, b.len, text, strlen(text)) != NULL;
	pth_buf_release(&b);
	return r;
}

static void
one_file(void)
{
	struct pth_capture_spec spec = { .interface = "lo", .dirfd = AT_FDCWD, .path = "c.pcapng" };
	struct pth_capture_result r;
	struct stat st;

	unit("one file without an end");
	r = captured(&spec, 50);
	CHECK(r.packets == 50 && r.omitted == 0 && r.discarded == 0 && r.dropped == 0);
	CHECK(r.first == 0 && r.last == 0 && r.error == 0);
	CHECK(!says("c.pcapng", "incomplete"));

	unit("max_size: what fits exactly is there, one byte less and it is not");
	spec.max_size = size_for(10);
	r = captured(&spec, 10);
	CHECK(r.packets == 10 && r.omitted == 0);
	CHECK(!says("c.pcapng", "incomplete"));
	r = captured(&spec, 13);
	CHECK(r.packets == 10 && r.omitted == 3 && r.error == 0);
	CHECK(says("c.pcapng", "incomplete: 3 packets came after max_size was reached"));
	CHECK(stat("c.pcapng", &st) == 0 && st.st_size <= spec.max_size);
	spec.max_size--;
	r = captured(&spec, 13);
	CHECK(r.packets == 9 && r.omitted == 4);
	CHECK(stat("c.pcapng", &st) == 0 && st.st_size <= spec.max_size);

	unit("the first packet is there, however small the limit");
	spec.max_size = 1;
	r = captured(&spec, 2);
	CHECK(r.packets == 1 && r.omitted == 1);
}

static void
ring(void)
{
	struct pth_capture_spec spec = {
		.interface = "lo", .dirfd = AT_FDCWD, .path = "sub/r.pcapng", .files = 3
	};
	struct pth_capture_result r;

	CHECK_INT(mkdir("sub", 0755), 0);
	unit("a ring: a file is full when the next packet would not fit");
	spec.file_size = size_for(4);
	r = captured(&spec, 4);
	CHECK(r.packets == 4 && r.first == 1 && r.last == 1 && r.discarded == 0);
	r = captured(&spec, 5);
	CHECK(r.packets == 5 && r.first == 1 && r.last == 2 && r.omitted == 0);
	spec.file_size--;
	r = captured(&spec, 4);
	CHECK(r.packets == 4 && r.first == 1 && r.last == 2);
	spec.file_size++;

	unit("a ring keeps the newest files");
	r = captured(&spec, 12);
	CHECK(r.packets == 12 && r.first == 1 && r.last == 3 && r.discarded == 0);
	CHECK(!says("sub/r_00003.pcapng", "newest files"));
	r = captured(&spec, 13);
	CHECK(r.packets == 9 && r.discarded == 4 && r.first == 2 && r.last == 4);
	CHECK(!there("sub/r_00001.pcapng") && there("sub/r_00002.pcapng"));
	CHECK(says(
	    "sub/r_00004.pcapng", "the newest files of a ring: 4 packets were in those before"));
	CHECK(!says("sub/r_00003.pcapng", "newest files"));
	r = captured(&spec, 30);
	CHECK(r.packets == 10 && r.discarded == 20 && r.first == 6 && r.last == 8);
	CHECK(r.packets + r.discarded == 30 && r.omitted == 0);

	unit("a ring of one file");
	spec.files = 1;
	spec.path = "one.pcapng";
	r = captured(&spec, 6);
	CHECK(r.packets == 2 && r.discarded == 4 && r.first == 2 && r.last == 2);
	CHECK(!there("one_00001.pcapng") && there("one_00002.pcapng"));
}

static void
failures(void)
{
	struct pth_capture_spec spec = { .interface = "lo", .dirfd = AT_FDCWD };
	struct pth_capture_result r;
	struct sink s;

	unit("a directory that is not there");
	spec.path = "none/c.pcapng";
	errno = 0;
	CHECK_INT(packet_sink_open(&s, &spec, 96), -1);
	CHECK_INT(errno, ENOENT);
	unit("what could not be written was not captured");
	CHECK_INT(symlink("/dev/full", "full"), 0);
	spec.path = "full";
	CHECK_INT(packet_sink_open(&s, &spec, 96), -1); /* no link is followed */
	free(s.name);
	CHECK_INT(mkdir("dir", 0755), 0);
	spec.path = "dir/c.pcapng";
	CHECK_INT(packet_sink_open(&s, &spec, 96), 0);
	CHECK_INT(dup2(open("/dev/full", O_WRONLY), s.fd), s.fd);
	for (int i = 0; i < 3; i++)
		packet_sink_packet(&s, 1, "abc", 3, 3);
	packet_sink_flush(&s);
	packet_sink_packet(&s, 1, "abc", 3, 3);
	packet_sink_close(&s);
	r = s.r;
	CHECK(r.packets == 0 && r.omitted == 4 && r.error == ENOSPC);
	free(s.name);
}

static void
names(void)
{
	static const struct {
		const char *path;
		unsigned n;
		const char *want;
	} v[] = {
		{ "capture.pcapng", 1, "capture_00001.pcapng" },
		{ "capture.pcapng", 0, "capture.pcapng" },
		{ "a.b/capture", 12, "a.b/capture_00012" },
		{ "x.y.z", 99999, "x.y_99999.z" },
	};

	unit("names of files");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		struct pth_buf b = PTH_BUF_INIT;

		pth_capture_file(&b, v[i].path, v[i].n);
		CHECK_STR(b.s, v[i].want);
		pth_buf_release(&b);
	}
}

int
main(void)
{
	one_file();
	ring();
	failures();
	names();
	return unit_done();
}
