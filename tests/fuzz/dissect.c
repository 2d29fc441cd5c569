/*
 * Any bytes as a capture file: two bytes say how long the key log is that comes first, and the
 * rest is the file. All of the stack reads it: fields, JSON, filters, what is counted. The counts
 * must be the same without fields, and each packet one line of JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os.h"
#include "collect/packets.h"
#include "dissect/capfile.h"
#include "dissect/filter.h"
#include "dissect/show.h"

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
	struct pth_err e;
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
		json_t *o = pth_json_parse(b.s, b.len, &e);

		if (o == NULL)
			abort();
		json_decref(o);
	}
	pth_buf_release(&b);
}

/* All packets; the numbers, as they are put into a record. */
static json_t *
dissect(int fd, const char *log, size_t nlog, bool fields, struct pth_filter *const *filters)
{
	const struct pth_dissect_how how = { speaks, countof(speaks), fields };
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
	collect_packets_json(&p, metrics);
	pth_capfile_free(f);
	collect_packets_release(&p);
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
	with = dissect(fd, (const char *)data, nlog, true, filters);
	lseek(fd, 0, SEEK_SET);
	without = dissect(fd, (const char *)data, nlog, false, filters);
	if (json_equal(with, without) == 0)
		abort();
	json_decref(with);
	json_decref(without);
	for (size_t i = 0; i < countof(texts); i++)
		pth_filter_free(filters[i]);
	close(fd);
	return 0;
}
