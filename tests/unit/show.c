/* Fields as text and as JSON, and the table of fields. */
#include "dissect/show.h"

#include "base/text.h"
#include "io/json.h"
#include "unit.h"

static struct pth_value
uint_of(enum pth_field f, uint64_t u)
{
	struct pth_value v = { .field = f };

	v.u = u;
	return v;
}

static struct pth_value
bytes_of(enum pth_field f, const char *p, size_t n)
{
	struct pth_value v = { .field = f, .n = (uint32_t)n };

	v.p = (const uint8_t *)p;
	return v;
}

static void
is(struct pth_value v, const char *want)
{
	struct pth_buf b = PTH_BUF_INIT;

	pth_value_show(&b, &v);
	CHECK_STR(b.s != NULL ? b.s : "", want);
	pth_buf_release(&b);
}

static void
values(void)
{
	is(uint_of(PTH_F_UDP, 1), "1");
	is(uint_of(PTH_F_FRAME_LEN, 0), "0");
	is(uint_of(PTH_F_QUIC_PACKET_NUMBER, UINT64_MAX), "18446744073709551615");
	is(uint_of(PTH_F_QUIC_VERSION, 1), "0x00000001");
	is(uint_of(PTH_F_QUIC_VERSION, 0x6b3343cf), "0x6b3343cf");
	is(uint_of(PTH_F_IP_ID, 0xabc), "0x0abc");
	is(uint_of(PTH_F_IPV6_FLOW, 0x12345), "0x012345");
	is(uint_of(PTH_F_IP_DF, 1), "1");
	is(uint_of(PTH_F_FRAME_TIME_EPOCH, 1500000001), "1.500000001");
	is(uint_of(PTH_F_FRAME_TIME_EPOCH, INT64_MAX), "9223372036.854775807");
	is(uint_of(PTH_F_FRAME_TIME_DELTA, (uint64_t)-1500000001), "-1.500000001");
	is(uint_of(PTH_F_FRAME_TIME_DELTA, (uint64_t)INT64_MIN), "-9223372036.854775808");
	is(bytes_of(PTH_F_UDP_PAYLOAD, "\x00\x0f\xf0", 3), "000ff0");
	is(bytes_of(PTH_F_UDP_PAYLOAD, "", 0), "");
	is(bytes_of(PTH_F_IP_SRC, "\x0a\x00\x00\x01", 4), "10.0.0.1");
	is(bytes_of(PTH_F_IPV6_SRC, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16), "fe80::1");
	is(bytes_of(PTH_F_ETH_SRC, "\x02\x00\x00\x00\x00\xff", 6), "02:00:00:00:00:ff");
	is(bytes_of(PTH_F_QUIC_CC_REASON, "bye \"you\" \\", 11), "bye \\\"you\\\" \\\\");
	is(bytes_of(PTH_F_QUIC_CC_REASON, "a\tb\n\x01\x7f", 6), "a\\u0009b\\u000a\\u0001\\u007f");
	is(bytes_of(PTH_F_QUIC_CC_REASON, "\xc3\xa4\xe2\x82\xac", 5), "\xc3\xa4\xe2\x82\xac");
	is(bytes_of(PTH_F_QUIC_CC_REASON, "", 0), "");
}

static void
lines(void)
{
	struct pth_value v[] = { uint_of(PTH_F_UDP, 1), uint_of(PTH_F_UDP_SRCPORT, 5000),
		uint_of(PTH_F_UDP_DSTPORT, 443), uint_of(PTH_F_QUIC_FRAME_TYPE, 6),
		uint_of(PTH_F_QUIC_FRAME_TYPE, 0), bytes_of(PTH_F_QUIC_CC_REASON, "a\tb\xff", 4),
		uint_of(PTH_F_IP_DF, 0), uint_of(PTH_F_FRAME_TIME_EPOCH, 1500000000),
		bytes_of(PTH_F_ETH_SRC, "\x02\x00\x00\x00\x00\xff", 6),
		uint_of(PTH_F_QUIC_VERSION, 1) };
	static const char *const names[] = { "udp.port", "tcp.port", "quic.frame_type", "udp",
		"frame.time_epoch" };
	struct pth_field_ref refs[countof(names)];
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	json_t *o;

	for (size_t i = 0; i < countof(names); i++)
		CHECK(pth_field_find(names[i], strlen(names[i]), &refs[i]));
	pth_fields_line(&b, refs, countof(names), v, countof(v));
	CHECK_STR(b.s, "5000,443\t\t6,0\t1\t1.500000000\n");
	pth_buf_cut(&b, 0);
	pth_fields_line(&b, refs, 1, v, 0);
	CHECK_STR(b.s, "\n");
	unit("packets as JSON");
	pth_buf_cut(&b, 0);
	pth_fields_json(&b, NULL, 0, v, countof(v));
	o = pth_json_parse(b.s, b.len, &e);
	CHECK(o != NULL && json_is_object(o));
	json_decref(o);
	CHECK(strstr(b.s, "\"quic.frame_type\":[6,0]") != NULL);
	CHECK(strstr(b.s, "\"udp.srcport\":5000,\"udp.dstport\":443") != NULL);
	CHECK(strstr(b.s, "\"ip.flags.df\":false") != NULL);
	CHECK(strstr(b.s, "\"frame.time_epoch\":1.500000000") != NULL);
	CHECK(strstr(b.s, "\"quic.version\":\"0x00000001\"") != NULL);
	CHECK(strstr(b.s, "\"eth.src\":\"02:00:00:00:00:ff\"") != NULL);
	CHECK(strstr(b.s, "\"udp\":") == NULL); /* protocols are in frame.protocols */
	pth_buf_cut(&b, 0);
	pth_fields_json(&b, refs, countof(names), v, countof(v));
	CHECK_STR(b.s,
	    "{\"udp\":true,\"udp.srcport\":5000,\"udp.dstport\":443,"
	    "\"quic.frame_type\":[6,0],\"frame.time_epoch\":1.500000000}\n");
	pth_buf_cut(&b, 0);
	pth_fields_json(&b, refs, countof(names), v, 0);
	CHECK_STR(b.s, "{}\n");
	pth_buf_release(&b);
}

/* Each name once, and found. */
static void
table(void)
{
	struct pth_field_ref ref;

	for (int i = 0; i < PTH_NFIELDS; i++) {
		const char *name = pth_field_name((enum pth_field)i);

		CHECK(pth_field_find(name, strlen(name), &ref) && ref.n == 1 &&
		    ref.v[0] == (enum pth_field)i);
		CHECK((pth_field_type((enum pth_field)i) == PTH_FT_NONE) == (i < PTH_NPROTOCOLS));
		CHECK((pth_field_type((enum pth_field)i) == PTH_FT_HEX) ==
		    (pth_field_digits((enum pth_field)i) > 0));
	}
	CHECK(pth_field_find("udp.port", 8, &ref) && ref.n == 2 && ref.v[0] == PTH_F_UDP_SRCPORT &&
	    ref.v[1] == PTH_F_UDP_DSTPORT);
	CHECK(!pth_field_find("udp.por", 7, &ref));
	CHECK(!pth_field_find("udp.ports", 9, &ref));
	CHECK(pth_field_find("udp.ports", 8, &ref)); /* n says how long it is */
	CHECK(!pth_field_find("", 0, &ref));
}

int
main(void)
{
	unit("values as text");
	values();
	unit("packets as lines");
	lines();
	unit("the table of fields");
	table();
	return unit_done();
}
