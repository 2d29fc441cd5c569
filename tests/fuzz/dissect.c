/*
 * Any bytes as a capture file: two bytes say how long the key log is that comes first, and the
 * rest is the file. All of the stack reads it: fields, JSON, filters, what is counted. The counts
 * must be the same without fields and with somebody who looks on, each packet one line of JSON, and
 * so each series and each event of a qlog.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os.h"
#include "collect/packets.h"
#include "dissect/filter.h"
#include "dissect/plot.h"
#include "dissect/show.h"
#include "dissect/trace.h"
#include "dissect/watch.h"
#include "io/file.h"
#include "packet/capfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const texts[] = {
	"quic.packet_number >= 3 && !(udp.port in {443, 4000..4500})",
	"ip.addr == 10.0.0.0/8 or ipv6.addr == fe80::/10",
	"udp.payload contains 00:01 || eth.src[0:3] == 02:00:00",
	"quic.dcid[2-3] != 01:02 or frame.protocols contains \"icmp\"",
	"tcp.payload[1:] == 00 || quic.stream.stream_id or frame.time_delta < 0.5",
	"http3 || tls || quic.cc.reason_phrase == \"ok\"",
};

static const struct pth_speaks speaks[] = { { true, 4433, PTH_F_QUIC }, { true, 53, PTH_F_COAP },
	{ false, 80, PTH_F_HTTP } };

static void
secrets(void *d, const char *text, size_t n)
{
	pth_dissect_keys(d, text, n);
}

/* A packet as text, as JSON, and for the filters. */
static void
look(const struct pth_dissect *d, struct pth_filter *const *filters, bool whole)
{
	static const char *const names[] = { "frame.number", "ip.addr", "quic.packet_number",
		"udp.payload", "tcp.flags", "quic.cc.reason_phrase", "frame.protocols" };
	struct pth_field_ref refs[countof(names)];
	struct pth_buf b = PTH_BUF_INIT;
	size_t n;
	const struct pth_value *v = pth_dissect_fields(d, &n);

	for (size_t i = 0; i < countof(texts); i++)
		pth_filter_takes(filters[i], v, n);
	for (size_t i = 0; i < countof(names); i++)
		pth_field_find(names[i], strlen(names[i]), &refs[i]);
	pth_fields_line(&b, refs, countof(names), v, n);
	if (memchr(b.s, '\n', b.len - 1) != NULL)
		abort();
	pth_buf_cut(&b, 0);
	pth_fields_json(&b, NULL, 0, v, n);
	if (whole) {
		/* A NUL in a text is JSON, which we write, but never read. */
		json_t *o = json_loadb(b.s, b.len, JSON_ALLOW_NUL, NULL);

		if (o == NULL)
			abort();
		json_decref(o);
	}
	pth_buf_release(&b);
}

/* All packets; the numbers, as they are put into a record. */
static json_t *
dissect(int fd, const char *log, size_t nlog, const struct pth_watch *watch,
    struct pth_filter *const *filters)
{
	bool fields = watch == NULL;
	const struct pth_dissect_how how = { speaks, countof(speaks), fields, watch };
	struct packets p = { .d = pth_dissect_new(&how) };
	struct pth_capfile *f = pth_capfile_new(fd);
	json_t *metrics = json_object();
	struct pth_frame frame;

	pth_capfile_on_secrets(f, secrets, p.d);
	pth_dissect_keys(p.d, log, nlog);
	while (pth_capfile_next(f, &frame)) {
		pth_dissect_frame(p.d, &frame);
		if (fields)
			look(p.d, filters, frame.number <= 64);
	}
	if (pth_capfile_lack(f) != NULL && *pth_capfile_lack(f) == '\0')
		abort();
	pth_packets_json(&p, metrics);
	pth_capfile_free(f);
	pth_packets_release(&p);
	return metrics;
}

/* Both look on. */
struct both {
	const struct pth_watch *plots, *traces;
};

static void
quic(void *arg, const struct watched_quic *q)
{
	const struct both *b = arg;

	b->plots->quic(b->plots->arg, q);
	b->traces->quic(b->traces->arg, q);
}

static void
hello(void *arg, const struct quic_conn *c, const struct quic_packet *p, unsigned type,
    const struct tls_hello *h)
{
	const struct both *b = arg;

	b->traces->hello(b->traces->arg, c, p, type, h);
}

static void
tcp(void *arg, const struct watched_tcp *t)
{
	const struct both *b = arg;

	b->plots->tcp(b->plots->arg, t);
}

/* Records of JSON, each on a line and, unless that is 0, behind this byte. */
static void
records(const char *s, size_t n, char before)
{
	const char *end = n > 0 ? s + n : s, *stop;
	json_t *o;

	for (int i = 0; s < end && i < 256; i++, s = stop + 1) {
		if (before != '\0' && *s++ != before)
			abort();
		if ((stop = memchr(s, '\n', (size_t)(end - s))) == NULL ||
		    (o = json_loadb(s, (size_t)(stop - s), JSON_ALLOW_NUL, NULL)) == NULL)
			abort();
		json_decref(o);
	}
}

static char path[4096];

static void
remove_directory(void)
{
	rmdir(path);
}

/* Where qlogs are written. */
static int
directory(void)
{
	static int fd = -1;
	const char *tmp = getenv("TMPDIR");

	if (fd >= 0)
		return fd;
	snprintf(path, sizeof path, "%s/fuzz-dissect.XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(path) == NULL || (fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
	    atexit(remove_directory) != 0)
		abort();
	return fd;
}

/* Its files: each is read and removed. */
static void
empty(int dirfd)
{
	DIR *dir = fdopendir(openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct pth_buf b = PTH_BUF_INIT;
	const struct dirent *d;
	struct pth_err e;

	if (dir == NULL)
		abort();
	while ((d = readdir(dir)) != NULL) {
		if (*d->d_name == '.')
			continue;
		pth_buf_cut(&b, 0);
		if (pth_file_read_below(dirfd, d->d_name, (size_t)1 << 30, &b, &e) != 0)
			abort();
		records(b.s, b.len, '\x1e');
		unlinkat(dirfd, d->d_name, 0);
	}
	pth_buf_release(&b);
	closedir(dir);
}

/* The numbers once more, with series and qlogs. */
static json_t *
watched(int fd, const char *log, size_t nlog, struct pth_filter *const *filters)
{
	struct pth_plots *plots = pth_plots_new(PTH_PLOTS_ALL, 8);
	struct pth_traces *traces = pth_traces_new(directory());
	struct both both = { pth_plots_watch(plots), pth_traces_watch(traces) };
	const struct pth_watch watch = { &both, quic, hello, tcp };
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	json_t *metrics;

	pth_traces_file(traces, "fuzz");
	metrics = dissect(fd, log, nlog, &watch, filters);
	pth_plots_lines(plots, 0, &b);
	if (b.len > 0)
		records(b.s, b.len, '\0');
	if (pth_traces_finish(traces, &e) != 0)
		abort();
	empty(directory());
	pth_buf_release(&b);
	pth_plots_free(plots);
	pth_traces_free(traces);
	return metrics;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pth_filter *filters[countof(texts)];
	size_t nlog = n >= 2 ? (size_t)data[0] << 8 | data[1] : 0;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	json_t *with, *without;

	if (n >= 2) {
		data += 2;
		n -= 2;
	}
	nlog = nlog < n ? nlog : n;
	for (size_t i = 0; i < countof(texts); i++)
		if ((filters[i] = pth_filter_new(texts[i], false)) == NULL)
			abort();
	if (fd < 0 || pth_write_all(fd, data + nlog, n - nlog) != 0 || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	with = dissect(fd, (const char *)data, nlog, NULL, filters);
	lseek(fd, 0, SEEK_SET);
	without = watched(fd, (const char *)data, nlog, filters);
	if (json_equal(with, without) == 0)
		abort();
	json_decref(with);
	json_decref(without);
	for (size_t i = 0; i < countof(texts); i++)
		pth_filter_free(filters[i]);
	close(fd);
	return 0;
}
