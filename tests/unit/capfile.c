/* Capture files of every form, and of none. */
#include "packet/capfile.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os.h"
#include "capture.h"
#include "unit.h"

/* What was read of a file. */
struct seen {
	struct pth_frame v[16]; /* p is NULL: the bytes are in text */
	size_t n;
	struct pth_buf text, keys; /* packets and keys, each with a bar behind it */
	char lack[100];
	bool is_one;
};

static void
secrets(void *keys, const char *text, size_t n)
{
	pth_buf_add(keys, text, n);
	pth_buf_addc(keys, '|');
}

/* of: a file, or the read end of a pipe. */
static void
read_fd(int fd, struct seen *s)
{
	struct pth_capfile *f = pth_capfile_new(fd);
	struct pth_frame frame;

	*s = (struct seen){ .n = 0 };
	pth_capfile_on_secrets(f, secrets, &s->keys);
	while (pth_capfile_next(f, &frame)) {
		pth_buf_add(&s->text, frame.p, frame.cap);
		pth_buf_addc(&s->text, '|');
		frame.p = NULL;
		if (s->n < countof(s->v))
			s->v[s->n] = frame;
		s->n++;
	}
	CHECK(!pth_capfile_next(f, &frame)); /* and it stays at that */
	snprintf(
	    s->lack, sizeof s->lack, "%s", pth_capfile_lack(f) != NULL ? pth_capfile_lack(f) : "");
	s->is_one = pth_capfile_is_one(f);
	pth_capfile_free(f);
}

static void
seen_release(struct seen *s)
{
	pth_buf_release(&s->text);
	pth_buf_release(&s->keys);
}

static void
read_file(const struct pth_buf *file, struct seen *s)
{
	int fd = memfd_create("c", MFD_CLOEXEC);

	CHECK(file->len == 0 || pth_write_all(fd, file->s, file->len) == 0);
	lseek(fd, 0, SEEK_SET);
	read_fd(fd, s);
	close(fd);
}

/* The packets of a file, each with a bar behind it, and what it lacks. */
static void
is(const struct pth_buf *file, const char *text, const char *lack)
{
	struct seen s;

	read_file(file, &s);
	CHECK_STR(s.text.s != NULL ? s.text.s : "", text);
	CHECK_STR(s.lack, lack);
	seen_release(&s);
}

static struct pth_buf
packet(const char *text)
{
	struct pth_buf b = PTH_BUF_INIT;

	pth_buf_adds(&b, text);
	return b;
}

/* Of both byte orders: magic number, bytes of a packet's head, units of 1.5 s and a bit, in ns. */
static void
pcap(void)
{
	static const struct {
		uint32_t magic;
		int head;
		uint32_t part;
		int64_t ns;
	} v[] = {
		{ 0xa1b2c3d4, 16, 500001, 1500001000 },
		{ 0xa1b23c4d, 16, 500000001, 1500000001 },
		{ 0xa1b2cd34, 24, 500001, 1500001000 },
	};

	for (size_t i = 0; i < 2 * countof(v); i++) {
		bool big = i % 2 != 0;
		struct pth_buf file = PTH_BUF_INIT;
		struct seen s;

		put_pcap(&file, big, 0x10000000 | PTH_LINK_RAW); /* with bits of a checksum */
		file.len = 0;
		put_int(&file, big, v[i / 2].magic, 4);
		file.len = 24;
		put_int(&file, big, 1, 4);
		put_int(&file, big, v[i / 2].part, 4);
		put_int(&file, big, 4, 4);
		put_int(&file, big, 70000, 4);
		put_zeros(&file, (size_t)v[i / 2].head - 16);
		pth_buf_adds(&file, "ping");
		read_file(&file, &s);
		CHECK_INT(s.n, 1);
		CHECK_STR(s.text.s, "ping|");
		CHECK_STR(s.lack, "");
		CHECK(s.is_one && s.v[0].timed);
		CHECK_INT(s.v[0].ns, v[i / 2].ns);
		CHECK_INT(s.v[0].link, PTH_LINK_RAW);
		CHECK_INT(s.v[0].cap, 4);
		CHECK_INT(s.v[0].len, 70000);
		CHECK_INT(s.v[0].number, 1);
		CHECK_INT(s.v[0].swapped, big);
		seen_release(&s);
		pth_buf_release(&file);
	}
}

static void
sections(void)
{
	struct pth_buf file = PTH_BUF_INIT, ping = packet("ping"), pong = packet("pong!");
	struct pth_buf comment = packet("any");
	struct seen s;

	put_section(&file, false);
	put_interface(&file, false, 1, 0, 9, 0);
	put_interface(&file, false, 101, 0, 6, 0);
	put_enhanced(&file, false, 1, 1500001, &ping, 4);
	put_block(&file, false, 0xbad, &comment);
	put_enhanced(&file, false, 0, 1500000001, &pong, 5);
	/* Another section, of the other byte order, whose interfaces are counted anew. */
	put_section(&file, true);
	put_interface(&file, true, 113, 0, 3, 0);
	put_enhanced(&file, true, 0, 2500, &pong, 3);
	read_file(&file, &s);
	CHECK_STR(s.text.s, "ping|pong!|pon|");
	CHECK_STR(s.lack, "");
	CHECK_INT(s.n, 3);
	CHECK_INT(s.v[0].interface, 1);
	CHECK_INT(s.v[0].link, 101);
	CHECK_INT(s.v[0].ns, 1500001000);
	CHECK_INT(s.v[1].interface, 0);
	CHECK_INT(s.v[1].link, 1);
	CHECK_INT(s.v[1].ns, 1500000001);
	CHECK(!s.v[1].swapped && s.v[2].swapped);
	CHECK_INT(s.v[2].link, 113);
	CHECK_INT(s.v[2].ns, 2500000000);
	CHECK_INT(s.v[2].cap, 3);
	CHECK_INT(s.v[2].len, 5);
	CHECK_INT(s.v[2].number, 3);
	seen_release(&s);
	pth_buf_release(&file);
	pth_buf_release(&ping);
	pth_buf_release(&pong);
	pth_buf_release(&comment);
}

/* Units of time, and what they are in ns. */
static void
times(void)
{
	static const struct {
		unsigned tsresol;
		int64_t offset;
		uint64_t units;
		int64_t ns; /* -1: out of our range */
	} v[] = {
		{ 0, 0, 2, 2000000000 },
		{ 3, 0, 2500, 2500000000 },
		{ 6, 0, 1, 1000 },
		{ 9, 0, 1, 1 },
		{ 12, 0, 1999, 1 },
		{ 30, 0, UINT64_MAX, 0 },
		{ 127, 0, UINT64_MAX, 0 },
		{ 0x80, 0, 3, 3000000000 },
		{ 0x80 | 1, 0, 3, 1500000000 },
		{ 0x80 | 10, 0, 1536, 1500000000 },
		{ 0x80 | 32, 0, 0x180000000, 1500000000 },
		{ 0x80 | 63, 0, (uint64_t)1 << 62, 500000000 },
		{ 0x80 | 64, 0, 1, -1 },
		{ 9, 100, 5, 100000000005 },
		{ 9, -1, 1500000000, 500000000 },
		{ 9, -2, 1500000000, -1 },
		{ 0, 0, 9000000000, 9000000000000000000 },
		{ 0, 0, 9000000001, -1 },
		{ 6, 0, UINT64_MAX, -1 },
		{ 9, INT64_MAX, 1, -1 },
		{ 9, INT64_MIN, 1, -1 },
	};
	struct pth_buf ping = packet("ping");

	for (size_t i = 0; i < 2 * countof(v); i++) {
		bool big = i % 2 != 0;
		struct pth_buf file = PTH_BUF_INIT;
		struct seen s;

		put_section(&file, big);
		put_interface(&file, big, 1, 0, v[i / 2].tsresol, v[i / 2].offset);
		put_enhanced(&file, big, 0, v[i / 2].units, &ping, 4);
		read_file(&file, &s);
		CHECK_INT(s.n, 1);
		CHECK(s.v[0].timed == (v[i / 2].ns >= 0));
		if (!CHECK(s.v[0].ns == v[i / 2].ns || v[i / 2].ns < 0))
			printf("    %lld of row %zu\n", (long long)s.v[0].ns, i / 2);
		seen_release(&s);
		pth_buf_release(&file);
	}
	pth_buf_release(&ping);
}

/* Simple packet blocks have no time, and as many bytes as the interface takes; those of old files
 * have a drop count. */
static void
other_blocks(bool big)
{
	struct pth_buf file = PTH_BUF_INIT, x = PTH_BUF_INIT;
	struct seen s;

	put_section(&file, big);
	put_interface(&file, big, 1, 6, 9, 0);
	put_int(&x, big, 4, 4);
	pth_buf_adds(&x, "ping");
	put_block(&file, big, 3, &x);
	pth_buf_cut(&x, 0);
	put_int(&x, big, 9, 4); /* bytes on the wire; 6 are stored */
	pth_buf_adds(&x, "pong!!");
	put_block(&file, big, 3, &x);
	pth_buf_cut(&x, 0);
	put_int(&x, big, 0, 2);
	put_int(&x, big, 7, 2);
	put_int(&x, big, 0, 4);
	put_int(&x, big, 1500000001, 4);
	put_int(&x, big, 3, 4);
	put_int(&x, big, 8, 4);
	pth_buf_adds(&x, "old");
	put_block(&file, big, 2, &x);
	read_file(&file, &s);
	CHECK_STR(s.text.s, "ping|pong!!|old|");
	CHECK_STR(s.lack, "");
	CHECK(!s.v[0].timed && s.v[0].ns == 0);
	CHECK_INT(s.v[1].cap, 6);
	CHECK_INT(s.v[1].len, 9);
	CHECK(s.v[2].timed);
	CHECK_INT(s.v[2].ns, 1500000001);
	CHECK_INT(s.v[2].len, 8);
	seen_release(&s);
	pth_buf_release(&file);
	pth_buf_release(&x);
}

static void
keys(bool big)
{
	struct pth_buf file = PTH_BUF_INIT, x = PTH_BUF_INIT, ping = packet("ping");
	struct seen s;

	put_section(&file, big);
	put_secrets(&file, big, "first");
	put_interface(&file, big, 1, 0, 9, 0);
	put_enhanced(&file, big, 0, 1, &ping, 4);
	put_secrets(&file, big, "");
	/* Of another kind (WireGuard's), and a length that lies: both are left out. */
	put_int(&x, big, 0x57474b4c, 4);
	put_int(&x, big, 4, 4);
	pth_buf_adds(&x, "none");
	put_block(&file, big, 10, &x);
	pth_buf_cut(&x, 0);
	put_int(&x, big, 0x544c534b, 4);
	put_int(&x, big, 5, 4);
	pth_buf_adds(&x, "lies");
	put_block(&file, big, 10, &x);
	pth_buf_cut(&x, 4);
	put_block(&file, big, 10, &x);
	put_secrets(&file, big, "last");
	read_file(&file, &s);
	CHECK_STR(s.keys.s, "first||last|");
	CHECK_STR(s.text.s, "ping|");
	CHECK_STR(s.lack, "");
	seen_release(&s);
	pth_buf_release(&file);
	pth_buf_release(&x);
	pth_buf_release(&ping);
}

/* A file of three packets that ends anywhere: each packet that is there as a whole counts, and
 * something lacks unless it ends between two blocks. */
static void
cut_anywhere(bool ng)
{
	struct pth_buf whole = PTH_BUF_INIT, ping = packet("ping");
	size_t ends[8], nends = 0, packets = ng ? 2 : 1; /* ends behind which a packet is */
	char want[20];

	if (ng) {
		put_section(&whole, false);
		ends[nends++] = whole.len;
		put_interface(&whole, false, 1, 0, 9, 0);
	} else {
		put_pcap(&whole, false, 1);
	}
	ends[nends++] = whole.len;
	for (int i = 0; i < 3; i++) {
		if (ng)
			put_enhanced(&whole, false, 0, 1, &ping, 4);
		else
			put_packet(&whole, false, 1, &ping, 4);
		ends[nends++] = whole.len;
	}
	for (size_t n = 0; n <= whole.len; n++) {
		struct pth_buf file = { whole.s, n, whole.cap };
		size_t complete = 0;
		bool between = false;

		for (size_t i = 0; i < nends; i++) {
			complete += ends[i] <= n;
			between = between || ends[i] == n;
		}
		snprintf(want, sizeof want, "%.*s",
		    complete > packets ? 5 * (int)(complete - packets) : 0, "ping|ping|ping|");
		is(&file, want,
		    between    ? "" :
		        n == 0 ? "the file is empty" :
		        n < 4  ? "this is no capture" :
		                 "the file breaks off");
	}
	pth_buf_release(&whole);
	pth_buf_release(&ping);
}

/* A block that is not what it should be, behind a packet and before another: where it is wrong,
 * what it is made of, and what is said. */
static void
lies(void)
{
	static const struct {
		const char *body;      /* hexadecimal digits */
		uint32_t type, n, end; /* n, end: lengths instead of the true ones; 0: these */
		const char *lack;
	} v[] = {
		{ "00000000", 1, 0, 0, "an interface's block is too short" },
		{ "00000000 00000000 00000000 04000000", 6, 0, 0, "a packet's block is too short" },
		{ "00000000 00000000 00000000 04000000", 2, 0, 0, "a packet's block is too short" },
		{ "", 3, 0, 0, "a packet's block is too short, or of no interface" },
		{ "01000000 00000000 00000000 00000000 00000000", 6, 0, 0,
		    "a packet is of an interface that is not there" },
		{ "01000000 00000000 00000000 00000000 00000000", 2, 0, 0,
		    "a packet is of an interface that is not there" },
		{ "00000000 00000000 00000000 05000000 05000000 00000000", 6, 0, 0,
		    "a packet is longer than its block" },
		{ "00000000 00000000 00000000 ffffffff 05000000 00000000", 6, 0, 0,
		    "a packet is longer than its block" },
		{ "05000000 00000000", 3, 0, 0, "a packet is longer than its block" },
		{ "00000000", 7, 8, 0, "a block has an impossible length" },
		{ "00000000", 7, 15, 0, "a block has an impossible length" },
		{ "00000000", 7, (64 << 20) + 4, 0, "a block has an impossible length" },
		{ "00000000", 7, 0xfffffffc, 0, "a block has an impossible length" },
		{ "00000000", 7, 64 << 20, 0, "the file breaks off" },
		{ "00000000", 7, 16, 12, "a block has two lengths" },
		{ "4d3c2b1b 01000000 00000000 00000000", 0x0a0d0d0a, 0, 0,
		    "a section has no byte order" },
	};

	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf file = PTH_BUF_INIT, x = PTH_BUF_INIT, ping = packet("ping");
		size_t at;

		put_begin(&file);
		put_enhanced(&file, false, 0, 1, &ping, 4);
		at = file.len;
		put_hex(&x, v[i].body);
		put_block(&file, false, v[i].type, &x);
		if (v[i].n != 0)
			memcpy(file.s + at + 4, &v[i].n, 4);
		if (v[i].end != 0)
			memcpy(file.s + file.len - 4, &v[i].end, 4);
		put_enhanced(&file, false, 0, 1, &ping, 4);
		is(&file, "ping|", v[i].lack);
		pth_buf_release(&file);
		pth_buf_release(&x);
		pth_buf_release(&ping);
	}
}

static void
more_lies(void)
{
	struct pth_buf file = PTH_BUF_INIT, ping = packet("ping"), x = PTH_BUF_INIT;
	struct seen s;

	/* A packet before any interface. */
	put_section(&file, false);
	put_enhanced(&file, false, 0, 1, &ping, 4);
	is(&file, "", "a packet is of an interface that is not there");
	pth_buf_cut(&file, 28);
	put_int(&x, false, 4, 4);
	pth_buf_adds(&x, "ping");
	put_block(&file, false, 3, &x);
	is(&file, "", "a packet's block is too short, or of no interface");
	/* An interface of a section that is over. */
	pth_buf_cut(&file, 0);
	put_begin(&file);
	put_enhanced(&file, false, 0, 1, &ping, 4);
	put_section(&file, false);
	put_enhanced(&file, false, 0, 1, &ping, 4);
	is(&file, "ping|", "a packet is of an interface that is not there");
	/* pcap: a packet of more than 64 MiB. */
	pth_buf_cut(&file, 0);
	put_pcap(&file, false, 1);
	put_packet(&file, false, 1, &ping, 4);
	put_int(&file, false, 0, 8);
	put_int(&file, false, (64 << 20) + 1, 4);
	put_int(&file, false, 4, 4);
	is(&file, "ping|", "a packet has an impossible length");
	/* More interfaces than are told apart. */
	pth_buf_cut(&file, 0);
	put_section(&file, false);
	for (int i = 0; i < 65537; i++)
		put_interface(&file, false, 1, 0, 9, 0);
	is(&file, "", "a section has more interfaces than are told apart");
	/* Options that break off, of wrong lengths, behind the end: the usual units are meant. */
	pth_buf_cut(&file, 0);
	pth_buf_cut(&x, 0);
	put_section(&file, false);
	put_hex(&x,
	    "0100 0000 00000000 0900 0200 09090000 0e00 0400 01000000 0000 0000 "
	    "0900 0100 09000000");
	put_block(&file, false, 1, &x);
	pth_buf_cut(&x, 8);
	put_hex(&x, "0900 ffff 09000000");
	put_block(&file, false, 1, &x);
	put_enhanced(&file, false, 0, 7, &ping, 4);
	put_enhanced(&file, false, 1, 7, &ping, 4);
	read_file(&file, &s);
	CHECK_STR(s.lack, "");
	CHECK_INT(s.v[0].ns, 7000);
	CHECK_INT(s.v[1].ns, 7000);
	seen_release(&s);
	pth_buf_release(&file);
	pth_buf_release(&x);
	pth_buf_release(&ping);
}

static void
nothing(void)
{
	static const char *const v[] = { "capture", "PK\3\4 and more",
		"\x1f\x8b gzip is not read" };
	struct pth_buf file = PTH_BUF_INIT;
	struct seen s;
	int fd = open("/", O_RDONLY);

	for (size_t i = 0; i < countof(v); i++) {
		pth_buf_cut(&file, 0);
		pth_buf_adds(&file, v[i]);
		read_file(&file, &s);
		CHECK(!s.is_one);
		CHECK_STR(s.lack, "this is no capture");
		seen_release(&s);
	}
	read_fd(fd, &s); /* a directory */
	CHECK(!s.is_one);
	CHECK_STR(s.lack, "the file cannot be read");
	seen_release(&s);
	close(fd);
	pth_buf_release(&file);
}

/* A pipe, whose writer has it in parts; packets larger than what is read at once. */
static void
pipes(void)
{
	struct pth_buf file = PTH_BUF_INIT, large = PTH_BUF_INIT, ping = packet("ping");
	struct seen s;
	int p[2];
	pid_t child;

	put_zeros(&large, 3 << 20);
	put_begin(&file);
	for (int i = 0; i < 3; i++) {
		put_enhanced(&file, false, 0, 1, &large, large.len);
		put_enhanced(&file, false, 0, 1, &ping, 4);
	}
	CHECK_INT(pipe(p), 0);
	child = fork();
	if (child == 0) {
		size_t n = 1;

		close(p[0]);
		for (size_t i = 0; i < file.len; i += n) {
			n = i < 200 ? 1 : 60000;
			n = file.len - i < n ? file.len - i : n;
			if (write(p[1], file.s + i, n) != (ssize_t)n)
				_exit(1);
		}
		_exit(0);
	}
	close(p[1]);
	read_fd(p[0], &s);
	CHECK_INT(s.n, 6);
	CHECK_STR(s.lack, "");
	CHECK_INT(s.v[4].cap, 3 << 20);
	CHECK_INT(s.text.len, 3 * ((3 << 20) + 1 + 5));
	CHECK(memcmp(s.text.s + s.text.len - 5, "ping|", 5) == 0);
	close(p[0]);
	seen_release(&s);
	pth_buf_release(&file);
	pth_buf_release(&large);
	pth_buf_release(&ping);
}

int
main(void)
{
	unit("pcap of both byte orders, in us, in ns, with longer heads");
	pcap();
	unit("sections and interfaces");
	sections();
	unit("resolutions and offsets of time");
	times();
	unit("simple and old packet blocks");
	other_blocks(false);
	other_blocks(true);
	unit("secrets come as they are in the file");
	keys(false);
	keys(true);
	unit("pcapng that breaks off anywhere");
	cut_anywhere(true);
	unit("pcap that breaks off anywhere");
	cut_anywhere(false);
	unit("blocks that lie: what came before counts");
	lies();
	more_lies();
	unit("what is no capture");
	nothing();
	unit("a pipe");
	pipes();
	return unit_done();
}
