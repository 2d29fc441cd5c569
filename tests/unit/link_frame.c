/* What conditions do to the bytes of packets, and that checksums are right behind it. */
#include "link/nat.h"
#include "link/random.h"
#include "linked.h"

static const struct {
	int version, protocol;
} kinds[] = { { 4, 17 }, { 4, 6 }, { 4, 1 }, { 6, 17 }, { 6, 6 }, { 6, 58 } };

/* Are all checksums of a frame right? */
static bool
right(const uint8_t *f, size_t n)
{
	struct link_ip ip;
	uint16_t sum;

	link_ip_parse(f, n, &ip);
	if (ip.version == 4 && link_sum_fold(link_sum(0, f + 14, 20)) != 0)
		return false;
	sum = link_transport_sum(f, &ip);
	return f[ip.checksum] == sum >> 8 && f[ip.checksum + 1] == (sum & 255);
}

static int
changed(const uint8_t *a, const uint8_t *b, size_t n)
{
	int count = 0;

	for (size_t i = 0; i < n; i++)
		count += a[i] != b[i];
	return count;
}

static void
corrupt(void)
{
	uint8_t before[LINK_FRAME_MAX], f[LINK_FRAME_MAX];
	struct link_random r;
	struct link_ip ip;
	size_t n, looked = 0, at[64] = { 0 };

	link_random_seed(&r, 7, 0);
	unit("one byte of the payload is another one, and the checksums are right");
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (size_t payload = 1; payload <= 64; payload += 9)
			for (uint64_t i = k * 300; i < k * 300 + 300; i++) {
				n = linked_frame(
				    before, kinds[k].version, kinds[k].protocol, payload);
				memcpy(f, before, n);
				link_ip_parse(f, n, &ip);
				int place = link_corrupt(f, &ip, link_random(&r, LINK_FOR_PLACE, i),
				    link_random(&r, LINK_FOR_BYTE, i), true);
				CHECK(place >= 0 && (size_t)place < payload);
				CHECK(f[ip.payload + (size_t)place] !=
				    before[ip.payload + (size_t)place]);
				CHECK_INT(changed(f + ip.payload, before + ip.payload, payload), 1);
				CHECK(memcmp(f, before, ip.checksum) == 0);
				CHECK(right(f, n));
				if (payload == 64)
					at[place]++;
				looked++;
			}
	CHECK_INT(looked, 6 * 8 * 300);
	for (size_t i = 0; i < 64; i++) /* 28 each are expected */
		CHECK(at[i] > 5 && at[i] < 60);

	unit("or they are wrong");
	n = linked_frame(before, 4, 17, 33);
	memcpy(f, before, n);
	link_ip_parse(f, n, &ip);
	CHECK(link_corrupt(f, &ip, 5, 7, false) == 5);
	CHECK_INT(changed(f, before, n), 1);
	CHECK(!right(f, n));

	unit("a datagram without a checksum stays without");
	memcpy(f, before, n);
	f[ip.checksum] = f[ip.checksum + 1] = 0;
	CHECK(link_corrupt(f, &ip, 5, 7, true) == 5);
	CHECK(f[ip.checksum] == 0 && f[ip.checksum + 1] == 0);

	unit("a checksum of UDP that becomes 0 is written as its other zero");
	n = linked_frame(f, 4, 17, 4);
	link_ip_parse(f, n, &ip);
	memset(f + ip.payload, 0, 4);
	uint16_t sum = (uint16_t)(link_transport_sum(f, &ip) - 5);
	f[ip.payload] = (uint8_t)(sum >> 8);
	f[ip.payload + 1] = (uint8_t)sum;
	f[ip.checksum] = 0;
	f[ip.checksum + 1] = 5;
	CHECK(right(f, n));
	CHECK_INT(link_corrupt(f, &ip, 3, 4, true), 3); /* 0 becomes 5 */
	CHECK(f[ip.payload + 3] == 5 && f[ip.checksum] == 255 && f[ip.checksum + 1] == 255);

	unit("where there is no payload nothing is changed");
	n = linked_frame(f, 4, 6, 0);
	link_ip_parse(f, n, &ip);
	CHECK_INT(link_corrupt(f, &ip, 5, 7, true), -1);
}

static void
fragments(void)
{
	uint8_t f[LINK_FRAME_MAX];
	struct link_ip ip;
	size_t n = linked_frame(f, 4, 17, 100);

	unit("of a later fragment nothing is known but its addresses");
	f[20] = 0x20;
	f[21] = 5;
	link_ip_parse(f, n, &ip);
	CHECK(ip.version == 4 && ip.fragment && ip.transport == 0 && ip.payload == 0);
	CHECK_INT(link_corrupt(f, &ip, 5, 7, true), -1);

	unit("extensions of IPv6, and what is cut");
	n = linked_frame(f, 6, 17, 100);
	memmove(f + 62, f + 54, 108);
	memset(f + 54, 0, 8);
	f[54] = 17;
	f[20] = 60; /* destination options */
	f[19] += 8;
	n += 8;
	link_ip_parse(f, n, &ip);
	CHECK(ip.version == 6 && ip.protocol == 17 && ip.transport == 62 && ip.payload == 70);
	CHECK(right(f, n));
	f[55] = 200; /* longer than the packet */
	link_ip_parse(f, n, &ip);
	CHECK(ip.version == 6 && ip.transport == 0);
	link_ip_parse(f, 50, &ip);
	CHECK_INT(ip.version, 0);
}

static void
ecn(void)
{
	uint8_t f[LINK_FRAME_MAX];
	struct link_ip ip;

	unit("ECN in both versions");
	for (int version = 4; version <= 6; version += 2) {
		size_t n = linked_frame(f, version, 17, 100);

		link_ip_parse(f, n, &ip);
		CHECK_INT(link_ecn(f, &ip), 2);
		for (unsigned e = 0; e < 4; e++) {
			link_ecn_set(f, &ip, e);
			CHECK_INT(link_ecn(f, &ip), e);
			CHECK(right(f, n));
		}
	}
}

static void
too_big(void)
{
	uint8_t f[LINK_FRAME_MAX], a[LINK_FRAME_MAX];
	struct link_ip ip, answer;
	size_t n, len;

	unit("packet too big, for both versions");
	for (int version = 4; version <= 6; version += 2) {
		size_t header = version == 4 ? 20 : 40, address = version == 4 ? 4 : 16;
		size_t from = 14 + (version == 4 ? 12 : 8);

		n = linked_frame(f, version, 17, 1400);
		link_ip_parse(f, n, &ip);
		len = link_too_big(f, &ip, 1280, a);
		CHECK_INT(len, 14 + (version == 4 ? 576 : 1280));
		link_ip_parse(a, len, &answer);
		CHECK(answer.version == (unsigned)version && right(a, len));
		CHECK_INT(answer.protocol, version == 4 ? 1 : 58);
		CHECK_INT(a[answer.transport], version == 4 ? 3 : 2);
		CHECK_INT(a[answer.transport + 1], version == 4 ? 4 : 0);
		CHECK_INT(a[answer.transport + 6] << 8 | a[answer.transport + 7], 1280);
		CHECK(memcmp(a + from, f + from + address, address) == 0);
		CHECK(memcmp(a + from + address, f + from, address) == 0);
		CHECK(memcmp(a + 14 + header + 8, f + 14, header + 8) == 0);
		CHECK(memcmp(a, f + 6, 6) == 0 && memcmp(a + 6, f, 6) == 0);
		/* An error is not answered by one. */
		CHECK_INT(link_too_big(a, &answer, 100, f), 0);
	}

	unit("what may be fragmented is");
	uint8_t whole[LINK_FRAME_MAX];
	size_t at = 0, pieces = 0;
	n = linked_frame(f, 4, 17, 1400);
	f[20] = 0;
	f[24] = f[25] = 0;
	uint16_t sum = link_sum_fold(link_sum(0, f + 14, 20));
	f[24] = (uint8_t)(sum >> 8);
	f[25] = (uint8_t)sum;
	link_ip_parse(f, n, &ip);
	memcpy(whole, f, 34);
	for (size_t was = 0; (len = link_fragment(f, &ip, 600, &at, a)) != 0; was = at, pieces++) {
		link_ip_parse(a, len, &answer);
		CHECK(answer.version == 4 && answer.end == len && len <= 614 && answer.fragment);
		CHECK_INT(link_sum_fold(link_sum(0, a + 14, 20)), 0);
		CHECK_INT(((a[20] & 31) << 8 | a[21]) * 8, was);
		CHECK_INT((a[20] & 32) != 0, at < 1408);
		memcpy(whole + 34 + was, a + 34, len - 34);
	}
	CHECK_INT(pieces, 3);
	CHECK(memcmp(whole, f, n) == 0);
	linked_new(7, "mtu=600");
	link_offer(linked.link, PTH_LINK_UP, f, n, 5);
	link_run(linked.link, 5);
	CHECK_INT(linked.n, 3);
	CHECK_INT(linked.v[2].deeds, PTH_LINK_FRAGMENT);
	CHECK_INT(linked.v[0].number, 1);

	unit("the link answers, or is silent");
	linked_new(7, "mtu=1280");
	linked_send(1, 1400, 0);
	CHECK_INT(linked.n, 2);
	CHECK(linked.v[0].deeds == PTH_LINK_ANSWER && linked.v[0].direction == PTH_LINK_DOWN);
	CHECK_INT(linked.v[1].why, PTH_LINK_TOO_BIG);
	linked_send(1, 1280 - 28, 0);
	CHECK_INT(linked.v[2].why, PTH_LINK_PASSES);
	linked_new(7, "mtu=1280;too_big=silent");
	linked_send(1, 1280 - 27, 0);
	CHECK_INT(linked.n, 1);
	CHECK_INT(linked.v[0].why, PTH_LINK_TOO_BIG);
}

/* Gives a frame right checksums, and offers it. */
static const struct pth_link_packet *
offer(unsigned way, uint8_t *f, size_t n, int64_t now)
{
	struct link_ip ip;
	uint16_t sum;

	link_ip_parse(f, n, &ip);
	if (ip.version == 4) {
		f[24] = f[25] = 0;
		sum = link_sum_fold(link_sum(0, f + 14, 20));
		f[24] = (uint8_t)(sum >> 8);
		f[25] = (uint8_t)sum;
	}
	sum = link_transport_sum(f, &ip);
	f[ip.checksum] = (uint8_t)(sum >> 8);
	f[ip.checksum + 1] = (uint8_t)sum;
	link_offer(linked.link, way, f, n, now);
	link_run(linked.link, now);
	CHECK(right(linked.last.frame, linked.last.len));
	return &linked.last;
}

/* Up or down, with these ports; the packet that came out. */
static const struct pth_link_packet *
travel(unsigned way, int version, int protocol, unsigned from, unsigned to, uint8_t host)
{
	static int64_t now;
	uint8_t f[LINK_FRAME_MAX];
	size_t n = linked_frame(f, version, protocol, 50), end = version == 4 ? 33 : 53;
	struct link_ip ip;

	link_ip_parse(f, n, &ip);
	f[ip.transport] = (uint8_t)(from >> 8);
	f[ip.transport + 1] = (uint8_t)from;
	f[ip.transport + 2] = (uint8_t)(to >> 8);
	f[ip.transport + 3] = (uint8_t)to;
	if (way == PTH_LINK_DOWN) { /* back to `host` */
		f[end] = host;
		f[end - (version == 4 ? 4 : 16)] = 2;
	}
	return offer(way, f, n, now++);
}

static unsigned
port(const struct pth_link_packet *p, bool source)
{
	const uint8_t *at = p->frame + p->ip.transport + (source ? 0 : 2);

	return (unsigned)at[0] << 8 | at[1];
}

static uint8_t
host(const struct pth_link_packet *p, bool source)
{
	size_t size = p->ip.version == 4 ? 4 : 16;

	return p->frame[p->ip.ip + (p->ip.version == 4 ? 12 : 8) + (source ? 1 : 2) * size - 1];
}

static void
nat_of(int version, int protocol)
{
	const struct pth_link_rebind later = { .at = 100 },
	                             address = { .at = 200, .address = true };
	unsigned first, second;

	linked_new(7, "delay=0");
	link_rebind(linked.link, &(struct pth_link_rebind){ .at = 3600000000000 });
	CHECK_INT(port(travel(PTH_LINK_UP, version, protocol, 4096, 443, 0), true), 4096);
	CHECK_INT(linked.last.deeds, 0);
	CHECK_INT(port(travel(PTH_LINK_DOWN, version, protocol, 443, 4096, 1), false), 4096);
	CHECK_INT(linked.last.why, PTH_LINK_PASSES);
	linked_new(7, "delay=0");
	link_rebind(linked.link, &later);
	link_rebind(linked.link, &address);
	travel(PTH_LINK_UP, version, protocol, 4096, 443, 0);
	link_run(linked.link, 150);
	/* Before the client speaks again it cannot be reached. */
	CHECK_INT(travel(PTH_LINK_DOWN, version, protocol, 443, 4096, 1)->why, PTH_LINK_NAT);
	first = port(travel(PTH_LINK_UP, version, protocol, 4096, 443, 0), true);
	CHECK(first != 4096 && linked.last.deeds == PTH_LINK_REBOUND);
	CHECK_INT(host(&linked.last, true), 1);
	CHECK_INT(port(travel(PTH_LINK_UP, version, protocol, 4096, 443, 0), true), first);
	CHECK_INT(port(travel(PTH_LINK_DOWN, version, protocol, 443, first, 1), false), 4096);
	CHECK_INT(linked.last.deeds, PTH_LINK_REBOUND);
	CHECK_INT(travel(PTH_LINK_DOWN, version, protocol, 443, 4096, 1)->why, PTH_LINK_NAT);
	second = port(travel(PTH_LINK_UP, version, protocol, 4097, 443, 0), true);
	CHECK(second != first && second != 4096);
	link_run(linked.link, 250);
	/* Another address, and the port stays. */
	CHECK_INT(port(travel(PTH_LINK_UP, version, protocol, 4096, 443, 0), true), first);
	CHECK_INT(host(&linked.last, true), 128);
	CHECK_INT(travel(PTH_LINK_DOWN, version, protocol, 443, first, 1)->why, PTH_LINK_NAT);
	CHECK_INT(port(travel(PTH_LINK_DOWN, version, protocol, 443, first, 128), false), 4096);
	CHECK_INT(host(&linked.last, false), 1);
	/* What was never of a flow is none of its business. */
	CHECK_INT(travel(PTH_LINK_DOWN, version, protocol, 443, 9, 1)->why, PTH_LINK_PASSES);
}

/* A packet of the client or, with source and destination changed, of its peer. */
static size_t
flow_frame(uint8_t *f, int version, int protocol, bool back)
{
	size_t n = linked_frame(f, version, protocol, 50), size = version == 4 ? 4 : 16;
	size_t at = 14 + (version == 4 ? 12 : 8), ports = 14 + (version == 4 ? 20 : 40);
	uint8_t other[16];

	if (back) {
		memcpy(other, f + at, size);
		memcpy(f + at, f + at + size, size);
		memcpy(f + at + size, other, size);
		memcpy(f + ports, "\x01\xbb\x10\x00", 4);
	}
	return n;
}

/* An error about what passed the NAT has the bytes of who has sent that. */
static void
errors_of(int version, int protocol, bool address)
{
	const size_t quoted = 14 + (version == 4 ? 20 : 40) + 8;
	uint8_t sent[LINK_FRAME_MAX], error[LINK_FRAME_MAX], back[LINK_FRAME_MAX];
	struct pth_link_packet passed;
	size_t n = flow_frame(sent, version, protocol, false), len, size = version == 4 ? 4 : 16;
	size_t ip = 14 + (version == 4 ? 12 : 8), whole;

	linked_new(7, "delay=0");
	link_rebind(linked.link, &(struct pth_link_rebind){ .at = 0, .address = address });
	passed = *offer(PTH_LINK_UP, sent, n, 1);
	CHECK_INT(passed.deeds, PTH_LINK_REBOUND);
	len = link_too_big(passed.frame, &passed.ip, 600, error);
	whole = n - 14 < len - quoted ? n - 14 : len - quoted;
	CHECK(whole >= 28);
	CHECK_INT(offer(PTH_LINK_DOWN, error, len, 2)->why, PTH_LINK_PASSES);
	CHECK_INT(linked.last.deeds, PTH_LINK_REBOUND);
	CHECK(memcmp(linked.last.frame + quoted, sent + 14, whole) == 0);
	CHECK_INT(host(&linked.last, false), 1);

	/* And the other way. */
	n = flow_frame(back, version, protocol, true);
	memcpy(back + ip + size, passed.frame + ip, size);
	memcpy(
	    back + 14 + (version == 4 ? 22 : 42), passed.frame + 14 + (version == 4 ? 20 : 40), 2);
	passed = *offer(PTH_LINK_DOWN, back, n, 3);
	CHECK_INT(passed.deeds, PTH_LINK_REBOUND);
	len = link_too_big(passed.frame, &passed.ip, 600, error);
	offer(PTH_LINK_UP, error, len, 4);
	CHECK(linked.last.deeds == PTH_LINK_REBOUND);
	CHECK(memcmp(linked.last.frame + quoted, back + 14, whole) == 0);
	CHECK_INT(host(&linked.last, true), address ? 128 : 1);

	/* About a mapping that is gone nobody inside is told. */
	n = flow_frame(sent, version, protocol, false);
	passed = *offer(PTH_LINK_UP, sent, n, 5);
	len = link_too_big(passed.frame, &passed.ip, 600, error);
	link_rebind(linked.link, &(struct pth_link_rebind){ .at = 6 });
	CHECK_INT(offer(PTH_LINK_DOWN, error, len, 7)->why, PTH_LINK_NAT);
}

static size_t
echo_frame(uint8_t *f, int version, unsigned type, unsigned id, bool back)
{
	size_t n = flow_frame(f, version, version == 4 ? 1 : 58, back), at = version == 4 ? 34 : 54;

	memset(f + at, 0, 8);
	f[at] = (uint8_t)type;
	f[at + 4] = (uint8_t)(id >> 8);
	f[at + 5] = (uint8_t)id;
	return n;
}

static unsigned
echo_id(const struct pth_link_packet *p)
{
	return (unsigned)p->frame[p->ip.transport + 4] << 8 | p->frame[p->ip.transport + 5];
}

static void
echoes(int version)
{
	unsigned request = version == 4 ? 8 : 128, reply = version == 4 ? 0 : 129, id;
	uint8_t f[LINK_FRAME_MAX], error[LINK_FRAME_MAX];
	struct pth_link_packet passed;
	size_t len;

	linked_new(7, "delay=0");
	link_rebind(linked.link, &(struct pth_link_rebind){ .at = 100 });
	CHECK_INT(
	    echo_id(offer(PTH_LINK_UP, f, echo_frame(f, version, request, 77, false), 1)), 77);
	link_run(linked.link, 150);
	passed = *offer(PTH_LINK_UP, f, echo_frame(f, version, request, 77, false), 151);
	id = echo_id(&passed);
	CHECK(id != 77 && passed.deeds == PTH_LINK_REBOUND);
	offer(PTH_LINK_DOWN, f, echo_frame(f, version, reply, id, true), 152);
	CHECK_INT(echo_id(&linked.last), 77);
	CHECK_INT(offer(PTH_LINK_DOWN, f, echo_frame(f, version, reply, 77, true), 153)->why,
	    PTH_LINK_NAT);
	/* A request from outside is none of a flow, and so is its reply. */
	offer(PTH_LINK_DOWN, f, echo_frame(f, version, request, 9, true), 154);
	CHECK_INT(linked.last.why, PTH_LINK_PASSES);
	CHECK_INT(echo_id(offer(PTH_LINK_UP, f, echo_frame(f, version, reply, 9, false), 155)), 9);
	CHECK_INT(linked.last.deeds, 0);
	len = link_too_big(passed.frame, &passed.ip, 600, error);
	if (len > 0) { /* RFC 1122 has errors about echoes, too */
		offer(PTH_LINK_DOWN, error, len, 156);
		CHECK_INT(
		    linked.last.frame[linked.last.ip.transport + 8 + (version == 4 ? 20 : 40) + 5],
		    77);
	}
}

static void
nat(void)
{
	unit("a NAT that rebinds: ports, addresses, and nothing goes to the old ones");
	for (int version = 4; version <= 6; version += 2) {
		nat_of(version, 17);
		nat_of(version, 6);
	}

	unit("errors of ICMP about what passed it are translated, there and back (RFC 5508)");
	for (int version = 4; version <= 6; version += 2)
		for (int address = 0; address < 2; address++) {
			errors_of(version, 17, address != 0);
			errors_of(version, 6, address != 0);
		}

	unit("echoes have an identifier in the place of a port");
	echoes(4);
	echoes(6);

	unit("it is in front of the peer: what is on the link arrives, and wakes the flow");
	linked_new(7, "delay=0");
	link_rebind(linked.link, &(struct pth_link_rebind){ .at = 2 * LINKED_MS });
	CHECK_INT(port(travel(PTH_LINK_UP, 4, 17, 4096, 443, 0), true), 4096);
	linked_conditions("delay=1500us");
	uint8_t f[200];
	size_t n = linked_frame(f, 4, 17, 50);
	link_offer(linked.link, PTH_LINK_UP, f, n, LINKED_MS);
	memcpy(f + 26, "\x0a\0\0\2\x0a\0\0\1\x01\xbb\x10\x00", 12);
	link_offer(linked.link, PTH_LINK_DOWN, f, n, LINKED_MS);
	link_run(linked.link, 3 * LINKED_MS);
	CHECK_INT(linked.n, 3);
	CHECK(linked.v[1].why == PTH_LINK_PASSES && linked.v[1].deeds == PTH_LINK_REBOUND);
	CHECK(linked.v[2].why == PTH_LINK_PASSES && linked.v[2].direction == PTH_LINK_DOWN);
	link_offer(linked.link, PTH_LINK_DOWN, f, n, 3 * LINKED_MS);
	CHECK_INT(linked.v[3].why, PTH_LINK_NAT);

	unit("again and again");
	linked_new(7, "delay=0");
	link_rebind(linked.link, &(struct pth_link_rebind){ .at = 0, .every = 1000 });
	link_run(linked.link, 1000000);
	CHECK(port(travel(PTH_LINK_UP, 4, 17, 4096, 443, 0), true) != 4096);
}

static void
in_a_link(void)
{
	size_t n = 0;

	unit("in a link: a share of packets, each with right checksums");
	linked_new(7, "corrupt=5%");
	for (int i = 0; i < 2000; i++) {
		linked.n = 0;
		linked_send(1, 200, 0);
		CHECK(right(linked.last.frame, linked.last.len));
		n += (linked.last.deeds & PTH_LINK_CORRUPTED) != 0;
	}
	CHECK(n > 60 && n < 145);
}

int
main(void)
{
	corrupt();
	fragments();
	ecn();
	too_big();
	nat();
	in_a_link();
	linked_done();
	return unit_done();
}
