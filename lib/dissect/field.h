/*
 * What a packet says, as fields with the names and types of Wireshark (its display filter
 * reference), in the order in which they are found. A field that occurs several times in a packet
 * (coalesced QUIC packets, an IP packet within an ICMP one) has several values.
 */
#ifndef PTH_DISSECT_FIELD_H
#define PTH_DISSECT_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pth_field_type {
	PTH_FT_NONE,   /* is there or not: protocols, frames */
	PTH_FT_UINT,   /* u; shown as decimal */
	PTH_FT_HEX,    /* u; shown as hexadecimal, of `width` digits */
	PTH_FT_BOOL,   /* u: 0 or 1 */
	PTH_FT_TIME,   /* s: ns since the epoch */
	PTH_FT_SPAN,   /* s: ns */
	PTH_FT_BYTES,  /* n bytes at p */
	PTH_FT_STRING, /* n bytes at p, not trusted to be UTF-8 */
	PTH_FT_IPV4,   /* 4 bytes at p */
	PTH_FT_IPV6,   /* 16 bytes at p */
	PTH_FT_ETHER   /* 6 bytes at p */
};

/* clang-format off */
/* Symbol, name, type, hexadecimal digits. Protocols come first: they have no value. */
#define PTH_PROTOCOLS(X) \
	X(FRAME, "frame") X(ETH, "eth") X(SLL, "sll") X(NULL, "null") X(RAW, "raw") \
	X(VLAN, "vlan") X(ARP, "arp") X(IP, "ip") X(IPV6, "ipv6") X(ICMP, "icmp") \
	X(ICMPV6, "icmpv6") X(UDP, "udp") X(TCP, "tcp") X(QUIC, "quic") X(TLS, "tls") \
	X(HTTP, "http") X(HTTP2, "http2") X(HTTP3, "http3") X(COAP, "coap") X(BGP, "bgp") \
	X(MINIP, "minip") X(DATA, "data")
#define PTH_FIELDS(X) \
	X(FRAME_NUMBER, "frame.number", UINT, 0) \
	X(FRAME_TIME_EPOCH, "frame.time_epoch", TIME, 0) \
	X(FRAME_TIME_RELATIVE, "frame.time_relative", SPAN, 0) \
	X(FRAME_TIME_DELTA, "frame.time_delta", SPAN, 0) \
	X(FRAME_LEN, "frame.len", UINT, 0) \
	X(FRAME_CAP_LEN, "frame.cap_len", UINT, 0) \
	X(FRAME_INTERFACE_ID, "frame.interface_id", UINT, 0) \
	X(FRAME_PROTOCOLS, "frame.protocols", STRING, 0) \
	X(ETH_DST, "eth.dst", ETHER, 0) \
	X(ETH_SRC, "eth.src", ETHER, 0) \
	X(ETH_TYPE, "eth.type", HEX, 4) \
	X(VLAN_ID, "vlan.id", UINT, 0) \
	X(VLAN_PRIORITY, "vlan.priority", UINT, 0) \
	X(VLAN_ETYPE, "vlan.etype", HEX, 4) \
	X(IP_VERSION, "ip.version", UINT, 0) \
	X(IP_HDR_LEN, "ip.hdr_len", UINT, 0) \
	X(IP_DSCP, "ip.dsfield.dscp", UINT, 0) \
	X(IP_ECN, "ip.dsfield.ecn", UINT, 0) \
	X(IP_LEN, "ip.len", UINT, 0) \
	X(IP_ID, "ip.id", HEX, 4) \
	X(IP_DF, "ip.flags.df", BOOL, 0) \
	X(IP_MF, "ip.flags.mf", BOOL, 0) \
	X(IP_FRAG_OFFSET, "ip.frag_offset", UINT, 0) \
	X(IP_TTL, "ip.ttl", UINT, 0) \
	X(IP_PROTO, "ip.proto", UINT, 0) \
	X(IP_SRC, "ip.src", IPV4, 0) \
	X(IP_DST, "ip.dst", IPV4, 0) \
	X(IPV6_VERSION, "ipv6.version", UINT, 0) \
	X(IPV6_DSCP, "ipv6.tclass.dscp", UINT, 0) \
	X(IPV6_ECN, "ipv6.tclass.ecn", UINT, 0) \
	X(IPV6_FLOW, "ipv6.flow", HEX, 6) \
	X(IPV6_PLEN, "ipv6.plen", UINT, 0) \
	X(IPV6_NXT, "ipv6.nxt", UINT, 0) \
	X(IPV6_HLIM, "ipv6.hlim", UINT, 0) \
	X(IPV6_SRC, "ipv6.src", IPV6, 0) \
	X(IPV6_DST, "ipv6.dst", IPV6, 0) \
	X(ICMP_TYPE, "icmp.type", UINT, 0) \
	X(ICMP_CODE, "icmp.code", UINT, 0) \
	X(ICMPV6_TYPE, "icmpv6.type", UINT, 0) \
	X(ICMPV6_CODE, "icmpv6.code", UINT, 0) \
	X(UDP_SRCPORT, "udp.srcport", UINT, 0) \
	X(UDP_DSTPORT, "udp.dstport", UINT, 0) \
	X(UDP_LENGTH, "udp.length", UINT, 0) \
	X(UDP_STREAM, "udp.stream", UINT, 0) \
	X(UDP_PAYLOAD, "udp.payload", BYTES, 0) \
	X(TCP_SRCPORT, "tcp.srcport", UINT, 0) \
	X(TCP_DSTPORT, "tcp.dstport", UINT, 0) \
	X(TCP_STREAM, "tcp.stream", UINT, 0) \
	X(TCP_LEN, "tcp.len", UINT, 0) \
	X(TCP_SEQ_RAW, "tcp.seq_raw", UINT, 0) \
	X(TCP_ACK_RAW, "tcp.ack_raw", UINT, 0) \
	X(TCP_HDR_LEN, "tcp.hdr_len", UINT, 0) \
	X(TCP_FLAGS, "tcp.flags", HEX, 4) \
	X(TCP_FLAGS_CWR, "tcp.flags.cwr", BOOL, 0) \
	X(TCP_FLAGS_ECE, "tcp.flags.ece", BOOL, 0) \
	X(TCP_FLAGS_URG, "tcp.flags.urg", BOOL, 0) \
	X(TCP_FLAGS_ACK, "tcp.flags.ack", BOOL, 0) \
	X(TCP_FLAGS_PUSH, "tcp.flags.push", BOOL, 0) \
	X(TCP_FLAGS_RESET, "tcp.flags.reset", BOOL, 0) \
	X(TCP_FLAGS_SYN, "tcp.flags.syn", BOOL, 0) \
	X(TCP_FLAGS_FIN, "tcp.flags.fin", BOOL, 0) \
	X(TCP_WINDOW, "tcp.window_size_value", UINT, 0) \
	X(TCP_PAYLOAD, "tcp.payload", BYTES, 0) \
	X(QUIC_CONNECTION, "quic.connection.number", UINT, 0) \
	X(QUIC_PACKET_LENGTH, "quic.packet_length", UINT, 0) \
	X(QUIC_HEADER_FORM, "quic.header_form", UINT, 0) \
	X(QUIC_FIXED_BIT, "quic.fixed_bit", BOOL, 0) \
	X(QUIC_LONG_TYPE, "quic.long.packet_type", UINT, 0) \
	X(QUIC_LONG_TYPE_V2, "quic.long.packet_type_v2", UINT, 0) \
	X(QUIC_SPIN_BIT, "quic.spin_bit", BOOL, 0) \
	X(QUIC_KEY_PHASE, "quic.key_phase", BOOL, 0) \
	X(QUIC_PN_LENGTH, "quic.packet_number_length", UINT, 0) \
	X(QUIC_VERSION, "quic.version", HEX, 8) \
	X(QUIC_SUPPORTED_VERSION, "quic.supported_version", HEX, 8) \
	X(QUIC_DCIL, "quic.dcil", UINT, 0) \
	X(QUIC_DCID, "quic.dcid", BYTES, 0) \
	X(QUIC_SCIL, "quic.scil", UINT, 0) \
	X(QUIC_SCID, "quic.scid", BYTES, 0) \
	X(QUIC_TOKEN_LENGTH, "quic.token_length", UINT, 0) \
	X(QUIC_TOKEN, "quic.token", BYTES, 0) \
	X(QUIC_RETRY_TOKEN, "quic.retry_token", BYTES, 0) \
	X(QUIC_RETRY_TAG, "quic.retry_integrity_tag", BYTES, 0) \
	X(QUIC_LENGTH, "quic.length", UINT, 0) \
	X(QUIC_PACKET_NUMBER, "quic.packet_number", UINT, 0) \
	X(QUIC_FRAME_TYPE, "quic.frame_type", UINT, 0) \
	X(QUIC_ACK_LARGEST, "quic.ack.largest_acknowledged", UINT, 0) \
	X(QUIC_ACK_DELAY, "quic.ack.ack_delay", UINT, 0) \
	X(QUIC_ACK_RANGES, "quic.ack.ack_range_count", UINT, 0) \
	X(QUIC_ACK_FIRST, "quic.ack.first_ack_range", UINT, 0) \
	X(QUIC_ACK_GAP, "quic.ack.gap", UINT, 0) \
	X(QUIC_ACK_RANGE, "quic.ack.ack_range", UINT, 0) \
	X(QUIC_ACK_ECT0, "quic.ack.ect0_count", UINT, 0) \
	X(QUIC_ACK_ECT1, "quic.ack.ect1_count", UINT, 0) \
	X(QUIC_ACK_CE, "quic.ack.ecn_ce_count", UINT, 0) \
	X(QUIC_RSTS_ID, "quic.rsts.stream_id", UINT, 0) \
	X(QUIC_RSTS_ERROR, "quic.rsts.application_error_code", UINT, 0) \
	X(QUIC_RSTS_SIZE, "quic.rsts.final_size", UINT, 0) \
	X(QUIC_SS_ID, "quic.ss.stream_id", UINT, 0) \
	X(QUIC_SS_ERROR, "quic.ss.application_error_code", UINT, 0) \
	X(QUIC_CRYPTO_OFFSET, "quic.crypto.offset", UINT, 0) \
	X(QUIC_CRYPTO_LENGTH, "quic.crypto.length", UINT, 0) \
	X(QUIC_NT_LENGTH, "quic.nt.length", UINT, 0) \
	X(QUIC_NT_TOKEN, "quic.nt.token", BYTES, 0) \
	X(QUIC_STREAM_FIN, "quic.stream.fin", BOOL, 0) \
	X(QUIC_STREAM_ID, "quic.stream.stream_id", UINT, 0) \
	X(QUIC_STREAM_OFFSET, "quic.stream.offset", UINT, 0) \
	X(QUIC_STREAM_LENGTH, "quic.stream.length", UINT, 0) \
	X(QUIC_MD, "quic.md.maximum_data", UINT, 0) \
	X(QUIC_MSD_ID, "quic.msd.stream_id", UINT, 0) \
	X(QUIC_MSD, "quic.msd.maximum_stream_data", UINT, 0) \
	X(QUIC_MS, "quic.ms.max_streams", UINT, 0) \
	X(QUIC_DB, "quic.sb.stream_data_limit", UINT, 0) \
	X(QUIC_SDB_ID, "quic.sdb.stream_id", UINT, 0) \
	X(QUIC_SIB, "quic.sib.stream_limit", UINT, 0) \
	X(QUIC_NCI_SEQUENCE, "quic.nci.sequence", UINT, 0) \
	X(QUIC_NCI_RETIRE, "quic.nci.retire_prior_to", UINT, 0) \
	X(QUIC_NCI_LENGTH, "quic.nci.connection_id.length", UINT, 0) \
	X(QUIC_NCI_ID, "quic.nci.connection_id", BYTES, 0) \
	X(QUIC_NCI_TOKEN, "quic.nci.stateless_reset_token", BYTES, 0) \
	X(QUIC_RCI_SEQUENCE, "quic.rci.sequence", UINT, 0) \
	X(QUIC_PATH_CHALLENGE, "quic.path_challenge.data", BYTES, 0) \
	X(QUIC_PATH_RESPONSE, "quic.path_response.data", BYTES, 0) \
	X(QUIC_CC_ERROR, "quic.cc.error_code", UINT, 0) \
	X(QUIC_CC_ERROR_APP, "quic.cc.error_code.app", UINT, 0) \
	X(QUIC_CC_FRAME_TYPE, "quic.cc.frame_type", UINT, 0) \
	X(QUIC_CC_REASON_LENGTH, "quic.cc.reason_phrase.length", UINT, 0) \
	X(QUIC_CC_REASON, "quic.cc.reason_phrase", STRING, 0) \
	X(QUIC_DG, "quic.dg", BYTES, 0) \
	X(QUIC_AF_SEQUENCE, "quic.af.sequence_number", UINT, 0) \
	X(QUIC_AF_THRESHOLD, "quic.af.ack_eliciting_threshold", UINT, 0) \
	X(QUIC_AF_DELAY, "quic.af.request_max_ack_delay", UINT, 0) \
	X(HTTP3_FRAME_TYPE, "http3.frame_type", UINT, 0) \
	X(HTTP_METHOD, "http.request.method", STRING, 0) \
	X(HTTP_URI, "http.request.uri", STRING, 0) \
	X(HTTP_STATUS, "http.response.code", UINT, 0) \
	X(HTTP2_TYPE, "http2.type", UINT, 0) \
	X(TLS_CONTENT_TYPE, "tls.record.content_type", UINT, 0) \
	X(TLS_HANDSHAKE_TYPE, "tls.handshake.type", UINT, 0) \
	X(TLS_SNI, "tls.handshake.extensions_server_name", STRING, 0) \
	X(TLS_ALPN, "tls.handshake.extensions_alpn_str", STRING, 0) \
	X(BGP_TYPE, "bgp.type", UINT, 0) \
	X(BGP_LENGTH, "bgp.length", UINT, 0) \
	X(COAP_TYPE, "coap.type", UINT, 0) \
	X(COAP_CODE, "coap.code", UINT, 0) \
	X(COAP_MID, "coap.mid", UINT, 0) \
	X(MINIP_TYPE, "minip.type", STRING, 0) \
	X(MINIP_SEQ, "minip.seq", UINT, 0)
/* clang-format on */

enum pth_field {
#define PTH_X(symbol, name) PTH_F_##symbol,
	PTH_PROTOCOLS(PTH_X)
#undef PTH_X
	    PTH_NPROTOCOLS,
	PTH_F_BEFORE_FIRST = PTH_NPROTOCOLS - 1,
#define PTH_X(symbol, name, type, digits) PTH_F_##symbol,
	PTH_FIELDS(PTH_X)
#undef PTH_X
	    PTH_NFIELDS
};

/* A name that stands for several fields, such as udp.port, has two of them. */
struct pth_field_ref {
	enum pth_field v[2];
	size_t n;
};

/* False: no field of ours has that name. */
bool pth_field_find(const char *name, size_t n, struct pth_field_ref *out);
const char *pth_field_name(enum pth_field f);
/* Has a packet this field here exactly when it has it in Wireshark? Not so is what it shows of
 * streams that it puts together; but of http3, which is: packets in which a frame begins, or that
 * have bytes of a stream of one direction, such as SETTINGS and QPACK. */
bool pth_field_exact(enum pth_field f);
/* Has Wireshark no such field? It knows nothing of minip. */
bool pth_field_only_ours(enum pth_field f);
enum pth_field_type pth_field_type(enum pth_field f);
/* Hexadecimal digits of a PTH_FT_HEX. */
unsigned pth_field_digits(enum pth_field f);

struct pth_value {
	enum pth_field field;
	uint32_t n; /* bytes at p */
	union {
		uint64_t u;
		int64_t s;
		const uint8_t *p;
	};
};

#endif
