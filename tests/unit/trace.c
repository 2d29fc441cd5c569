/* qlog of connections: frames, parameters, and the files as a whole. */
#include "dissect/trace.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dissect/trace_priv.h"
#include "dissected.h"
#include "io/file.h"
#include "io/json.h"
#include "quic_talk.h"

/* The JSON of these frames. */
static void
frames_are(const char *hex, const char *want)
{
	struct pth_buf in = PTH_BUF_INIT, b = PTH_BUF_INIT;
	struct trace_close close = { .there = false };
	struct pth_err e;
	uint8_t *copy;
	json_t *o;

	put_hex(&in, hex);
	copy = unit_copy(in.s, in.len);
	dissect_trace_frames(&b, (struct cursor){ copy, copy + in.len }, 3, &close);
	CHECK_STR(b.s, want);
	o = pth_json_parse(b.s, b.len, &e);
	CHECK(o != NULL);
	json_decref(o);
	free(copy);
	pth_buf_release(&in);
	pth_buf_release(&b);
}

static void
frames(void)
{
	static const struct {
		const char *hex, *json; /* without "[{\"frame_type\":" and "}]" */
	} v[] = {
		{ "00 00 00", "\"padding\",\"payload_length\":3" },
		{ "01", "\"ping\"" },
		{ "02 09 08 02 00 00 01 01 02",
		    "\"ack\",\"ack_delay\":0.064,\"acked_ranges\":[[9],[6,7],[1,3]]" },
		{ "03 00 00 00 00 05 06 07",
		    "\"ack\",\"ack_delay\":0,\"acked_ranges\":[[0]],\"ect0\":5,\"ect1\":6,\"ce\":"
		    "7" },
		{ "04 04 4100 10",
		    "\"reset_stream\",\"stream_id\":4,\"error_code\":256,\"final_size\":16" },
		{ "05 04 07", "\"stop_sending\",\"stream_id\":4,\"error_code\":7" },
		{ "06 05 02 aabb", "\"crypto\",\"offset\":5,\"length\":2" },
		{ "07 02 aabb",
		    "\"new_token\",\"token\":{\"type\":\"resumption\",\"length\":2,\"data\":"
		    "\"aabb\"}" },
		{ "08 04 aabbcc", "\"stream\",\"stream_id\":4,\"offset\":0,\"length\":3" },
		{ "0f 04 10 01 aa",
		    "\"stream\",\"stream_id\":4,\"offset\":16,\"length\":1,\"fin\":true" },
		{ "10 4400", "\"max_data\",\"maximum\":1024" },
		{ "11 04 01", "\"max_stream_data\",\"stream_id\":4,\"maximum\":1" },
		{ "12 03", "\"max_streams\",\"stream_type\":\"bidirectional\",\"maximum\":3" },
		{ "13 03", "\"max_streams\",\"stream_type\":\"unidirectional\",\"maximum\":3" },
		{ "14 09", "\"data_blocked\",\"limit\":9" },
		{ "15 04 09", "\"stream_data_blocked\",\"stream_id\":4,\"limit\":9" },
		{ "16 03", "\"streams_blocked\",\"stream_type\":\"bidirectional\",\"limit\":3" },
		{ "17 03", "\"streams_blocked\",\"stream_type\":\"unidirectional\",\"limit\":3" },
		{ "18 02 01 02 aabb 000102030405060708090a0b0c0d0e0f",
		    "\"new_connection_id\",\"sequence_number\":2,\"retire_prior_to\":1,"
		    "\"connection_id_length\":2,\"connection_id\":\"aabb\","
		    "\"stateless_reset_token\":\"000102030405060708090a0b0c0d0e0f\"" },
		{ "19 02", "\"retire_connection_id\",\"sequence_number\":2" },
		{ "1a 0001020304050607", "\"path_challenge\",\"data\":\"0001020304050607\"" },
		{ "1b 0001020304050607", "\"path_response\",\"data\":\"0001020304050607\"" },
		{ "1c 0a 06 02 6e22",
		    "\"connection_close\",\"error_space\":\"transport\",\"error_code\":10,"
		    "\"raw_error_code\":10,\"trigger_frame_type\":6,\"reason\":\"n\\\"\"" },
		{ "1d 4100 02 ff0a",
		    "\"connection_close\",\"error_space\":\"application\",\"error_code\":256,"
		    "\"raw_error_code\":256,\"reason\":\"\xef\xbf\xbd\\u000a\"" },
		{ "1e", "\"handshake_done\"" },
		{ "30 aabb", "\"datagram\",\"length\":2" },
		{ "31 01 aa", "\"datagram\",\"length\":1" },
		{ "1f", "\"unknown\",\"raw_frame_type\":31,\"raw_length\":0,\"raw\":\"\"" },
		{ "40af 01 02 4003 00",
		    "\"unknown\",\"raw_frame_type\":175,\"raw_length\":5,\"raw\":\"0102400300\"" },
		/* What nobody knows, and what lies, as it is. */
		{ "21 aabb",
		    "\"unknown\",\"raw_frame_type\":33,\"raw_length\":2,\"raw\":\"aabb\"" },
		{ "06 05 03 aabb",
		    "\"unknown\",\"raw_frame_type\":6,\"raw_length\":4,\"raw\":\"0503aabb\"" },
		{ "02 01 00 00 02",
		    "\"unknown\",\"raw_frame_type\":2,\"raw_length\":4,\"raw\":\"01000002\"" },
		{ "80", "\"unknown\",\"raw_frame_type\":128,\"raw_length\":1,\"raw\":\"80\"" },
	};

	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf want = PTH_BUF_INIT;

		pth_buf_addf(&want, "[{\"frame_type\":%s}]", v[i].json);
		frames_are(v[i].hex, want.s);
		pth_buf_release(&want);
	}
	frames_are("", "[]");
	frames_are("01 1e 00 00",
	    "[{\"frame_type\":\"ping\"},{\"frame_type\":\"handshake_done\"},"
	    "{\"frame_type\":\"padding\",\"payload_length\":2}]");
	frames_are("40af 01 02 4003 00 1f 01",
	    "[{\"frame_type\":\"unknown\",\"raw_frame_type\":175,\"raw_length\":5,"
	    "\"raw\":\"0102400300\"},{\"frame_type\":\"unknown\",\"raw_frame_type\":31,"
	    "\"raw_length\":0,\"raw\":\"\"},{\"frame_type\":\"ping\"}]");
	frames_are("01 06",
	    "[{\"frame_type\":\"ping\"},{\"frame_type\":\"unknown\",\"raw_frame_type\":6,"
	    "\"raw_length\":0,\"raw\":\"\"}]");
}

static void
parameters(void)
{
	static const struct {
		const char *hex, *json;
	} v[] = {
		{ "", "" },
		{ "01 02 4400 04 01 09 0c 00 0f 02 aabb 20 02 4400",
		    ",\"max_idle_timeout\":1024,\"initial_max_data\":9,"
		    "\"disable_active_migration\":true,\"initial_source_connection_id\":\"aabb\","
		    "\"max_datagram_frame_size\":1024" },
		{ "0a 01 05 0a 01 06", ",\"ack_delay_exponent\":5" }, /* once */
		{ "1b 02 aabb 03 01 01", ",\"max_udp_payload_size\":1" },
		{ "0d 2b 01020304 1151 00000000000000000000000000000001 1152 02 aabb"
		  " 000102030405060708090a0b0c0d0e0f",
		    ",\"preferred_address\":{\"ip_v4\":\"1.2.3.4\",\"ip_v6\":\"::1\","
		    "\"port_v4\":4433,\"port_v6\":4434,\"connection_id\":\"aabb\","
		    "\"stateless_reset_token\":\"000102030405060708090a0b0c0d0e0f\"}" },
		{ "0d 02 aabb 01 05 01", "" }, /* neither is whole */
	};

	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf in = PTH_BUF_INIT, b = PTH_BUF_INIT;
		uint8_t *copy;

		put_hex(&in, v[i].hex);
		copy = unit_copy(in.s, in.len);
		dissect_trace_parameters(&b, (struct cursor){ copy, copy + in.len });
		CHECK_STR(b.s != NULL ? b.s : "", v[i].json);
		free(copy);
		pth_buf_release(&in);
		pth_buf_release(&b);
	}
}

/* The records of a file: each is JSON, an event has a time, not before the last, a name and data.
 * "name packet_type number;" of each into b. */
static void
events(int dir, const char *name, struct pth_buf *b)
{
	struct pth_buf in = PTH_BUF_INIT;
	struct pth_err e;
	double last = 0;
	char *s;

	CHECK(pth_file_read_below(dir, name, 1 << 20, &in, &e) == 0);
	CHECK(in.len > 0 && in.s[0] == 0x1e);
	for (s = in.s; s != NULL && *s == 0x1e;) {
		char *end = strchr(++s, 0x1e);
		json_t *o = pth_json_parse(s, end != NULL ? (size_t)(end - s) : strlen(s), &e);
		const json_t *data = json_object_get(o, "data"),
		             *header = json_object_get(data, "header"),
		             *number = json_object_get(header, "packet_number");

		if (s != in.s + 1) {
			CHECK(json_is_object(data) && json_object_size(o) == 3);
			CHECK(json_number_value(json_object_get(o, "time")) >= last);
			last = json_number_value(json_object_get(o, "time"));
			pth_buf_adds(
			    b, strchr(json_string_value(json_object_get(o, "name")), ':') + 1);
		} else {
			CHECK_STR(json_string_value(json_object_get(o, "qlog_version")), "0.3");
			CHECK_STR(json_string_value(json_object_get(o, "qlog_format")), "JSON-SEQ");
			CHECK_STR(json_string_value(json_object_get(o, "title")), "a \"file\"");
		}
		if (header != NULL)
			pth_buf_addf(
			    b, " %s", json_string_value(json_object_get(header, "packet_type")));
		if (number != NULL)
			pth_buf_addf(b, " %d", (int)json_integer_value(number));
		if (json_is_true(json_object_get(data, "encrypted")))
			pth_buf_adds(b, " encrypted");
		pth_buf_addc(b, ';');
		json_decref(o);
		s = end;
	}
	pth_buf_release(&in);
}

struct traced {
	struct talk t;
	struct dissected x;
	struct pth_traces *traces;
	int dir;
};

static void
begin(struct traced *r, const char *dir)
{
	CHECK(mkdir(dir, 0777) == 0);
	r->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r->traces = pth_traces_new(r->dir);
	pth_traces_file(r->traces, "a \"file\"");
	dissected_begin(&r->x, "quic.packet_number", NULL, 0);
	dissected_watch(&r->x, pth_traces_watch(r->traces));
	talk_begin(&r->t, SEAL_V1, 0x1301, "h3");
	r->t.take = dissected_frame;
	r->t.arg = &r->x;
}

/* What is in the file of that name. */
static void
is(struct traced *r, const char *name, const char *want)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;

	CHECK(pth_traces_finish(r->traces, &e) == 0);
	events(r->dir, name, &b);
	CHECK_STR(b.s, want);
	pth_buf_release(&b);
}

static void
end(struct traced *r)
{
	pth_traces_free(r->traces);
	talk_end(&r->t);
	dissected_end(&r->x);
	close(r->dir);
}

#define BEGINS ";connection_started;version_information;alpn_information;"

static void
connection(void)
{
	uint8_t secret[32];
	struct traced r;

	memset(secret, 'd', sizeof secret);

	begin(&r, "whole");
	pth_dissect_keys(r.x.d, r.t.log.s, r.t.log.len);
	talk_handshake(&r.t, 0);
	talk_short(&r.t, 30, CLIENT, 0, "01 00 00 00");
	talk_short(&r.t, 25, CLIENT, 0, "01 00 00 00"); /* the clock goes back */
	next_phase(&r.t.data[SERVER], secret, SEAL_V1);
	talk_short(&r.t, 40, SERVER, SHORT_PHASE, "02 01 00 00 01");
	talk_short(&r.t, 41, SERVER, SHORT_PHASE, "1d 00 00 00");
	talk_short(&r.t, 42, CLIENT, 0, "1d 00 00 00");
	is(&r, "6669727374647374.sqlog",
	    BEGINS "packet_sent initial 0;version_information;packet_received initial 0;"
	           "alpn_information;packet_received handshake 0;packet_sent handshake 0;"
	           "packet_sent 1RTT 0;packet_sent 1RTT 1;key_updated;packet_received 1RTT 0;"
	           "packet_received 1RTT 1;connection_closed;packet_sent 1RTT 2;");
	CHECK_INT(pth_traces_stray(r.traces), 0);
	CHECK_INT(pth_traces_left_out(r.traces), 0);
	end(&r);
}

/* What cannot be decrypted is there. */
static void
without_keys(void)
{
	struct traced r;

	begin(&r, "sealed");
	talk_handshake(&r.t, 0);
	talk_short(&r.t, 30, CLIENT, 0, "01 00 00 00");
	is(&r, "6669727374647374.sqlog",
	    BEGINS "packet_sent initial 0;version_information;packet_received initial 0;"
	           "packet_received handshake encrypted;packet_sent handshake encrypted;"
	           "packet_sent 1RTT encrypted;");
	end(&r);
}

/* Two connections with the same first id, in two files: two names. And a packet of none. */
static void
names(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	struct traced r;

	begin(&r, "twice");
	talk_hello(&r.t, 0);
	pth_traces_file(r.traces, "a \"file\"");
	dissected_watch(&r.x, pth_traces_watch(r.traces));
	put_hex(&b, "80 00000000 04 636c6e74 08 6669727374647374 00000001 6b3343cf");
	talk_send(&r.t, 1, SERVER, &b);
	CHECK_INT(pth_traces_stray(r.traces), 0); /* it has no shape of QUIC */
	r.t.number[0][CLIENT] = 0;
	talk_hello(&r.t, 2);
	talk_send(&r.t, 3, SERVER, &b);
	is(&r, "6669727374647374.sqlog", BEGINS "packet_sent initial 0;");
	is(&r, "6669727374647374-2.sqlog",
	    BEGINS "packet_sent initial 0;version_information;"
	           "packet_received version_negotiation;");
	pth_buf_cut(&b, 0);
	CHECK(pth_file_read_below(r.dir, "6669727374647374-2.sqlog", 1 << 20, &b, &e) == 0);
	CHECK(strstr(b.s, "\"supported_versions\":[\"00000001\",\"6b3343cf\"]") != NULL);
	pth_buf_release(&b);
	end(&r);
}

/* A file that cannot be written is said. */
static void
unwritable(void)
{
	struct pth_err e = { .code = 0 };
	struct traced r;

	begin(&r, "taken");
	CHECK(mkdirat(r.dir, "6669727374647374.sqlog", 0777) == 0);
	talk_hello(&r.t, 0);
	CHECK(pth_traces_finish(r.traces, &e) == -1);
	CHECK_INT(e.code, PTH_SYSTEM);
	CHECK(strstr(e.text, "6669727374647374.sqlog: ") != NULL);
	end(&r);
}

int
main(void)
{
	char tmp[] = "trace.XXXXXX";

	CHECK(mkdtemp(tmp) != NULL && chdir(tmp) == 0);
	unit("frames as qlog names them");
	frames();
	unit("transport parameters");
	parameters();
	unit("a connection");
	connection();
	unit("packets that cannot be decrypted");
	without_keys();
	unit("names of files");
	names();
	unit("a file that cannot be written");
	unwritable();
	return unit_done();
}
