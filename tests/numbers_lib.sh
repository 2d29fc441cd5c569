# shellcheck shell=sh
# The numbers of captures, as tshark's packets give them: each metric of QUIC is computed here once
# more, out of one `tshark -T json` of the file, by its definition (pth-collect(1), pth-record(5)).
#
#   numbers_differ CAPTURE [OPTION...]    lines "metric: ours, theirs" that differ, and a last one
#                                         "N numbers"; OPTION is tshark's
#
# Not compared, for Wireshark 4.0 does not show them: what HTTP/3's heads say, and its frames: of
# those that are sent twice it shows both, of DATA frames over several packets mostly none.

# A line a datagram, a packet, and a frame of QUIC, in their order; columns are in the awk program.
numbers_lines() {
	jq -r '
	def list: if . == null then [] elif type == "array" then . else [.] end;
	def no: if . == null then "-" else . end;
	def within($k): [.. | objects | .[$k]? | select(. != null) | list[]];
	.[]._source.layers | . as $l |
	(["n", .frame["frame.time_relative"], .frame["frame.len"],
		(.frame["frame.protocols"] | gsub(":"; " "))] | @tsv),
	(select(.quic != null and .icmp == null and .icmpv6 == null) |
	["d", (.ip["ip.src"] // .ipv6["ipv6.src"]) + "/" + .udp["udp.srcport"],
		(.ip["ip.dst"] // .ipv6["ipv6.dst"]) + "/" + .udp["udp.dstport"],
		(.udp["udp.length"] | tonumber) - 8] | @tsv),
	# Not what an ICMP message quotes, nor what fills up a datagram behind its packets.
	(select(.icmp == null and .icmpv6 == null) | .quic | list[] |
		select(.["quic.packet_length"] != null) | . as $q |
		(.["quic.short"] // .) as $h |
	(["p", ($q["quic.version"] | no), (if $q["quic.short"] == null and
			$h["quic.header_form"] != "0" then
		($h["quic.long.packet_type"] // $h["quic.long.packet_type_v2"] | no) else "s" end),
		($q["QUIC Connection information"]["quic.connection.number"] | no),
		$q["quic.packet_length"], ($h["quic.packet_number"] | no),
		($h["quic.spin_bit"] | no), ($h["quic.key_phase"] | no),
		($q["quic.frame"] | list | length)] | @tsv),
	($q["quic.frame"] | list[] |
		(.["quic.frame_type"] | tonumber) as $t | ["f", $t] + (
		if $t == 2 or $t == 3 then
			[.["quic.ack.largest_acknowledged", "quic.ack.ack_delay"],
			(.["quic.ack.ect0_count"] // "-"), (.["quic.ack.ect1_count"] // "-"),
			(.["quic.ack.ecn_ce_count"] // "-"),
			.["quic.ack.first_ack_range"]]
			+ ((.["quic.ack.gap"] | list) +
				(.["quic.ack.ack_range"] | list))
		elif $t >= 8 and $t <= 15 then
			[.["quic.stream.stream_id"], (.["quic.stream.offset"] // 0)] + [
				((.["quic.stream_data"] // "" | length) + 1) / 3 | floor]
		elif $t == 28 or $t == 29 then
			[.["quic.cc.error_code"] // .["quic.cc.error_code.app"]]
		else [] end) | @tsv),
	($q | ["h", (within("tls.handshake.extensions_server_name") | .[0] // "-"),
		(within("tls.handshake.extensions_alpn_str") | .[0] // "-"),
		(within("tls.quic.parameter.ack_delay_exponent") | .[0] // "-"),
		(within("tls.handshake.type") | .[0] // "-")] |
		select(.[4] != "-") | @tsv))'
}

# The numbers, "metric value" a line, of the lines above.
numbers_theirs() {
	awk -F '\t' '
	function us(ns) { return sprintf("%.0f", int(ns / 1000)) }
	function out(name, value) { print name, value }
	# The value of which that many of 100 samples are not greater.
	function percentile(list, percent, v, n, i, j, x) {
		n = split(list, v, " ")
		for (i = 2; i <= n; i++) {
			x = v[i] + 0
			for (j = i - 1; j > 0 && v[j] + 0 > x; j--) v[j + 1] = v[j]
			v[j + 1] = x
		}
		i = int((n * percent + 99) / 100)
		return us(v[i > 0 ? i : 1])
	}
	# Bytes of a stream that had not come: spans are "from-to" in order, none touches the next.
	function fresh(key, from, to, v, n, i, ab, new, list, at) {
		n = split(spans[key], v, " ")
		at = from
		new = 0
		list = ""
		for (i = 1; i <= n; i++) {
			split(v[i], ab, "-")
			if (ab[2] + 0 < from + 0 || ab[1] + 0 > to + 0) {
				list = list " " v[i]
				continue
			}
			if (ab[1] + 0 > at) new += ab[1] - at
			if (ab[2] + 0 > at) at = ab[2] + 0
			if (ab[1] + 0 < from) from = ab[1] + 0
			if (ab[2] + 0 > to) to = ab[2] + 0
		}
		if (to > at) new += to - at
		spans[key] = list " " from "-" to
		return new
	}
	function end_of_packet(key) {
		if (!open) return
		open = 0
		key = conn "," from "," space "," number
		if (number == "-" || key in sent) return
		sent[key] = now
		asks[key] = eliciting
	}
	# Of what the other end has sent, these were acknowledged.
	function acked(key, low, high) {
		for (; low <= high; low++) got[key "," low] = 1
	}
	function ack(key, largest, delay, low, i, rtt) {
		largest = $3 + 0
		delay = $4
		low = largest - $8
		acked(key, low, largest)
		for (i = 9; i <= 8 + (NF - 8) / 2; i++) {
			acked(key, low - $i - 2 - $(i + (NF - 8) / 2), low - $i - 2)
			low -= $i + 2 + $(i + (NF - 8) / 2)
		}
		if ($5 != "-" && space == "s") {
			ecn[other] = 1
			if ($5 + 0 > ect0[conn, other]) ect0[conn, other] = $5
			if ($6 + 0 > ect1[conn, other]) ect1[conn, other] = $6
			if ($7 + 0 > ce[conn, other]) ce[conn, other] = $7
		}
		if (key in highest && largest <= highest[key]) return
		highest[key] = largest
		key = key "," largest
		if (!(key in sent) || !asks[key]) return
		rtt = now - sent[key]
		rtts[other] = rtts[other] " " rtt
		if (smoothed[conn, other] == 0) smoothed[conn, other] = rtt
		else smoothed[conn, other] += int((rtt - smoothed[conn, other]) / 8)
		if (space == "s")
			delays[other] = delays[other] " " delay * 2 ^ shift[conn, from] * 1000
	}
	function header(role) {
		if (!(conn in client)) {
			client[conn] = src
			server[conn] = dst
			started[conn] = now
			shift[conn, 0] = shift[conn, 1] = 3
			conns++
		}
		from = src != client[conn] && (src == server[conn] || dst == client[conn])
		other = 1 - from
	}
	function counts() {
		packets[from]++
		size[from] += $5
		if (bytes_left) {
			datagrams[from]++
			if (bytes_left > largest_datagram[from]) largest_datagram[from] = bytes_left
		}
		if (level == 0 || level == 2) { handshake_packets++; handshake_bytes += $5 }
		if (level == 1) { early_packets++; early_bytes += $5 }
		if (number == "-") undecrypted[from]++
		if (level == "s" && from == 0 && !(conn in done)) done[conn] = now
		if (level == "s" && from == 1) {
			if (!any_data) data_first = now
			any_data = 1
			data_last = now
		}
		if (!(conn in valid)) {
			if (from == 0 && (level == 2 || level == "s")) {
				valid[conn] = 1
				# The datagram counts when it began before.
			} else if (from == 0) received[conn] += bytes_left
			else given[conn] += bytes_left
		}
		bytes_left = 0
		if (level != "s" || number == "-") return
		if (!((conn, from) in top) || number + 0 > top[conn, from]) {
			top[conn, from] = number + 0
			if ($8 != phase[conn, from] + 0) { updates[from]++; phase[conn, from] = $8 }
			if ($7 != spin[conn, from] + 0) {
				if ((conn, from) in spun)
					spins[from] = spins[from] " " now - spun[conn, from]
				spun[conn, from] = now
				spin[conn, from] = $7
			}
		}
	}
	function moves() {
		if (number == "-") return
		if (from == 0 && src == client[conn] && dst == server[conn]) return
		if (from == 1 && src == server[conn] && dst == client[conn]) return
		paths++
		client[conn] = from == 0 ? src : dst
		server[conn] = from == 0 ? dst : src
	}
	function named(list, name, i) {
		for (i = 1; i <= names[list]; i++) if (name_of[list, i] == name) return
		if (name != "-") name_of[list, ++names[list]] = name
	}
	function listed(list, i, text) {
		for (i = 1; i <= names[list]; i++) text = text (i > 1 ? "," : "") name_of[list, i]
		return names[list] > 0 ? text : "-"
	}
	$1 == "n" {
		end_of_packet()
		sub(/\./, "", $2)
		now = $2 + 0
		if (all == 0) first = now
		last = now
		all++
		bytes += $3
		n = split($4, v, " ")
		split("", here)
		for (i = 1; i <= n; i++) here[v[i]] = 1
		for (name in here) { protocol[name]++; protocol_bytes[name] += $3 }
	}
	$1 == "d" { end_of_packet(); src = $2; dst = $3; bytes_left = $4 }
	$1 == "p" {
		end_of_packet()
		if ($4 != "-") conn = $4
		level = $3
		if ($2 == "0x6b3343cf" && level != "s") level = (level + 3) % 4
		if ($2 == "0x00000000") { negotiations++; next }
		if ($2 != "-") named("versions", $2)
		if (level == 3) { retries++; next }
		header()
		space = level == 1 ? "s" : level
		number = $9 > 0 ? $6 : "-" # what cannot be read has no frames
		eliciting = 0
		open = 1
		counts()
		moves()
	}
	$1 == "f" {
		if ($2 > 3 && $2 != 28 && $2 != 29 || $2 == 1) eliciting = 1
		if ($2 == 2 || $2 == 3) ack(conn "," other "," space)
		if ($2 == 26) challenges++
		if ($2 == 27) responses++
		if ($2 == 48 || $2 == 49) datagram_frames++
		if ($2 == 30 && from == 1 && !(conn in confirmed)) confirmed[conn] = now
		if (($2 == 28 || $2 == 29) && !closed) {
			closed = 1
			code = $3
			application = $2 == 29 ? "true" : "false"
		}
		if ($2 >= 8 && $2 <= 15) {
			if (from == 1 && $5 > 0 && !(conn in byte)) byte[conn] = now
			n = $5 > 0 ? fresh(conn "," from "," $3, $4 + 0, $4 + $5) : 0
			stream[from] += n
			again[from] += $5 - n
		}
	}
	$1 == "h" {
		if ($5 == 1) named("sni", $2)
		if ($5 != 1) named("alpn", $3)
		if ($4 != "-") shift[conn, from] = $4 + 0
	}
	function median(times, list, c) {
		for (c in times) list = list " " times[c] - started[c]
		return list == "" ? "-" : percentile(list, 50)
	}
	function side(from, name, key, k, lost, e, n, v) {
		out(name ".packets", packets[from] + 0)
		out(name ".bytes", size[from] + 0)
		out(name ".datagrams", datagrams[from] + 0)
		out(name ".largest_datagram", largest_datagram[from] + 0)
		out(name ".stream_bytes", stream[from] + 0)
		out(name ".retransmitted_bytes", again[from] + 0)
		out(name ".undecrypted", undecrypted[from] + 0)
		out(name ".key_updates", updates[from] + 0)
		for (key in asks) {
			split(key, k, ",")
			e = k[1] "," k[2] "," k[3]
			lost += k[2] == from && asks[key] && !(key in got) && e in highest &&
				k[4] + 3 <= highest[e]
		}
		out(name ".lost", lost + 0)
		n = rtts[from] == "" ? "-" : 0
		out(name ".rtt_min_us", n == "-" ? n : percentile(rtts[from], 0))
		out(name ".rtt_us", n == "-" ? n : percentile(rtts[from], 50))
		out(name ".rtt_p95_us", n == "-" ? n : percentile(rtts[from], 95))
		if (conns == 1) # of the connection that ends last
			out(name ".rtt_smoothed_us", n == "-" ? n : us(smoothed[conn, from]))
		out(name ".ack_delay_us", delays[from] == "" ? "-" : percentile(delays[from], 50))
		out(name ".spin_rtt_us", spins[from] == "" ? "-" : percentile(spins[from], 50))
		split("", v)
		for (key in client) {
			v[0] += ect0[key, from]
			v[1] += ect1[key, from]
			v[2] += ce[key, from]
		}
		out(name ".ecn", ecn[from] ? v[0] + 0 "," v[1] + 0 "," v[2] + 0 : "-")
	}
	END {
		end_of_packet()
		out("packets", all + 0)
		out("bytes", bytes + 0)
		out("captured_us", us(last - first))
		split("eth vlan ip ipv6 icmp icmpv6 udp tcp quic", v, " ")
		for (i in v) out("protocols." v[i], protocol[v[i]] + 0 "," protocol_bytes[v[i]] + 0)
		if (conns + names["versions"] == 0) exit
		out("quic.connections", conns + 0)
		out("quic.handshakes", length(done))
		out("quic.handshake_us", median(done))
		out("quic.confirmed_us", median(confirmed))
		out("quic.first_byte_us", median(byte))
		out("quic.versions", listed("versions"))
		out("quic.sni", listed("sni"))
		out("quic.alpn", listed("alpn"))
		n = data_last - data_first
		n = n > 0 ? sprintf("%.0f", int(stream[1] * 8e9 / n)) : "-"
		out("quic.stream_goodput_bps", n)
		out("quic.handshake_packets", handshake_packets + 0)
		out("quic.handshake_bytes", handshake_bytes + 0)
		out("quic.early_packets", early_packets + 0)
		out("quic.early_bytes", early_bytes + 0)
		out("quic.retries", retries + 0)
		out("quic.version_negotiations", negotiations + 0)
		most = "-"
		for (c in received) {
			n = int(given[c] * 1000 / received[c])
			if (most == "-" || n > most) most = n
		}
		out("quic.amplification", most)
		out("quic.migrations", paths + 0)
		out("quic.path_challenges", challenges + 0)
		out("quic.path_responses", responses + 0)
		out("quic.datagram_frames", datagram_frames + 0)
		out("quic.close", closed ? code "," application : "-")
		side(0, "quic.client")
		side(1, "quic.server")
	}'
}

numbers_ours() { # capture
	pth-packets --stats "$1" | jq -r '
	def no: if . == null then "-" else tostring end;
	def names: if . == null then "-" else join(",") end;
	def sum: (.packets // 0 | tostring) + "," + (.bytes // 0 | tostring);
	. as $m | .quic as $q |
	(("packets", "bytes", "captured_us") | "\(.) \($m[.])"),
	(("eth", "vlan", "ip", "ipv6", "icmp", "icmpv6", "udp", "tcp", "quic") |
		 "protocols.\(.) \($m.protocols[.] // {} | sum)"),
	(select($q != null) |
	(("connections", "handshakes", "handshake_us", "confirmed_us", "first_byte_us",
		"stream_goodput_bps", "handshake_packets", "handshake_bytes", "early_packets",
		"early_bytes", "retries", "version_negotiations", "migrations", "path_challenges",
		"path_responses", "datagram_frames") | "quic.\(.) \($q[.] | no)"),
	(("versions", "sni", "alpn") | "quic.\(.) \($q[.] | names)"),
	"quic.amplification \($q.amplification | if . == null then "-" else . * 1000 | round end)",
	"quic.close \($q.close | if . == null then "-" else "\(.code),\(.application)" end)",
	(("client", "server") as $side | $q[$side] as $e |
		(("packets", "bytes", "datagrams", "largest_datagram", "stream_bytes",
			"retransmitted_bytes", "undecrypted", "key_updates", "lost", "rtt_min_us",
			"rtt_us", "rtt_p95_us", "ack_delay_us", "spin_rtt_us") |
			"quic.\($side).\(.) \($e[.] | no)"),
		(select($q.connections == 1) |
			"quic.\($side).rtt_smoothed_us \($e.rtt_smoothed_us | no)"),
		"quic.\($side).ecn \($e.ecn | if . == null then "-" else
			"\(.ect0),\(.ect1),\(.ce)" end)"))'
}

numbers_differ() { # capture option...
	capture=$1 && shift
	numbers_ours "$capture" | sort >"$capture.ours"
	tshark -n -r "$capture" --disable-protocol http3 "$@" -T json --no-duplicate-keys \
		-J 'frame ip ipv6 udp quic icmp icmpv6' 2>/dev/null |
		numbers_lines | numbers_theirs | sort >"$capture.theirs"
	join -a 1 -a 2 -e absent -o 0,1.2,2.2 "$capture.ours" "$capture.theirs" |
		awk '$2 != $3 { print $1 ": " $2 ", " $3 } END { print NR " numbers" }'
}
