#!/bin/sh
# pth-packets, and that the numbers of captures are those of tshark: each number of ours beside a
# command line of tshark's that is made otherwise.
# timeout: 300
# shellcheck disable=SC2154 # $out comes from run
. "$TOP/tests/lib.sh"
. "$TOP/tests/numbers_lib.sh"

PATH=$PATH:/usr/sbin
export PTH_EVENTS=none

# All fields of ours that Wireshark has of what is not put together out of several packets.
fields='frame.number frame.time_epoch frame.time_relative frame.time_delta frame.len frame.cap_len
	frame.interface_id eth.dst eth.src eth.type vlan.id vlan.priority vlan.etype ip.version
	ip.hdr_len ip.dsfield.dscp ip.dsfield.ecn ip.len ip.id ip.flags.df ip.flags.mf
	ip.frag_offset ip.ttl ip.proto ip.src ip.dst ipv6.version ipv6.tclass.dscp ipv6.tclass.ecn
	ipv6.flow ipv6.plen ipv6.nxt ipv6.hlim ipv6.src ipv6.dst icmp.type icmp.code icmpv6.type
	icmpv6.code udp.srcport udp.dstport udp.length udp.stream udp.payload tcp.srcport
	tcp.dstport tcp.stream tcp.len tcp.seq_raw tcp.ack_raw tcp.hdr_len tcp.flags tcp.flags.cwr
	tcp.flags.ece tcp.flags.urg tcp.flags.ack tcp.flags.push tcp.flags.reset tcp.flags.syn
	tcp.flags.fin tcp.window_size_value tcp.payload quic.connection.number quic.packet_length
	quic.header_form quic.fixed_bit quic.long.packet_type quic.long.packet_type_v2
	quic.spin_bit quic.key_phase quic.packet_number_length quic.version quic.supported_version
	quic.dcil quic.dcid quic.scil quic.scid quic.token_length quic.token quic.retry_token
	quic.retry_integrity_tag quic.length quic.packet_number quic.frame_type
	quic.ack.largest_acknowledged quic.ack.ack_delay quic.ack.ack_range_count
	quic.ack.first_ack_range quic.ack.gap quic.ack.ack_range quic.ack.ect0_count
	quic.ack.ect1_count quic.ack.ecn_ce_count quic.rsts.stream_id
	quic.rsts.application_error_code quic.rsts.final_size quic.ss.stream_id
	quic.ss.application_error_code quic.crypto.offset quic.crypto.length quic.nt.length
	quic.nt.token quic.stream.fin quic.stream.stream_id quic.stream.offset quic.stream.length
	quic.md.maximum_data quic.msd.stream_id quic.msd.maximum_stream_data quic.ms.max_streams
	quic.sb.stream_data_limit quic.sdb.stream_id quic.sib.stream_limit quic.nci.sequence
	quic.nci.retire_prior_to quic.nci.connection_id.length quic.nci.connection_id
	quic.nci.stateless_reset_token quic.rci.sequence quic.path_challenge.data
	quic.path_response.data quic.cc.error_code quic.cc.error_code.app quic.cc.frame_type
	quic.cc.reason_phrase.length quic.cc.reason_phrase quic.dg quic.af.sequence_number
	quic.af.ack_eliciting_threshold quic.af.request_max_ack_delay'

# Of tshark, with these options: HTTP/3's dissector takes long and has no part in this.
# $speaks: what the server's port speaks, where tshark does not see it by itself.
tshark_() { # capture option...
	capture=$1 && shift
	tshark -n -r "$capture" --disable-protocol http3 ${speaks:+-d "tcp.port==4443,$speaks"} \
		"$@" 2>/dev/null
}
speaks=

# A capture of the fuzz target's seeds, and its key log in the file keys: two bytes say how long
# that is.
plain_seed() { # name
	seed=$TOP/tests/fuzz/corpus/dissect/$1
	set -- "$1" "$(od -An -tu1 -N2 "$seed" | awk '{ print $1 * 256 + $2 }')"
	tail -c +$(($2 + 3)) "$seed" >"$1.pcapng"
	tail -c +3 "$seed" | head -c "$2" >keys
}

# The key log goes into the capture.
with_keys() { # name
	[ -s keys ] || return
	editcap --inject-secrets tls,keys "$1.pcapng" with-keys 2>/dev/null &&
		mv with-keys "$1.pcapng"
}

seed() { # name
	plain_seed "$1"
	with_keys "$1"
}

# All numbers are those of tshark's packets.
same_numbers() { # name numbers-at-least option...
	name=$1 least=$2 && shift 2
	numbers_differ "$name.pcapng" "$@" >differ
	assertEquals "$name" '' "$(sed '$d' differ)"
	assertLeast "$least" "$(sed -n '$s/ numbers//p' differ)" "numbers of $name"
}

# Packets that are hexadecimal digits, a line each, with this link type.
of_hex() { # link-type file <lines
	awk '{ gsub(/ /, ""); printf "00:00:%02d.000\n0000", NR
		for (i = 1; i < length($0); i += 2) printf " %s", substr($0, i, 2)
		print "" }' | text2pcap -q -l "$1" -t '%H:%M:%S.%f' - "$2" 2>/dev/null
}

# The experiment's capture, and its record in NAME.json.
pipe() { # name server client more
	cat >x.yaml <<-Y
	tests:
	  - name: t
	    network_environment: {type: localhost}
	    services:
	      server:
	        implementation: {name: $2, type: iut}
	        protocol: {name: $4, role: server}
	        ports: ["4443:4443"]
	        generate_new_certificates: true
	        files: [{path: www/data.bin, size: 400kB, seed: 1}]
	      client:
	        implementation: {name: $3, type: iut, requests: [/data.bin]}
	        protocol: {name: $4, role: client, target: server}
	        timeout: 20
	Y
	rm -rf out
	pth-parse x.yaml | pth-plan | pth-exec -o out | pth-collect >"$1.json" 2>err
	cp out/*/capture.pcapng "$1.pcapng"
	assertEquals "$1" passed "$(jq -r 'select(.id).verdict.status' "$1.json")"
}

# A number of the record of NAME.
number() { # name path
	jq -c "select(.id).metrics | $2" "$1.json"
}

# Each field of each packet is what tshark shows. Packets that are only ours or only its are none.
same_fields() { # capture packets-at-least
	# shellcheck disable=SC2086
	set -- "$1" "$2" "$(printf ' -e %s' $fields)"
	# shellcheck disable=SC2086
	tshark_ "$1" -T fields $3 >theirs
	# shellcheck disable=SC2086
	pth-packets $3 "$1" >ours
	assertEquals "$1" 0 $?
	assertEquals "$1: in which fields they differ" '' \
		"$(awk -F '\t' -v names="$fields" '
			BEGIN { split(names, name, /[ \t\n]+/) }
			FNR == NR { theirs[FNR] = $0; n = FNR; next }
			{
				split(theirs[FNR], its, FS)
				for (i = 1; i <= NF; i++)
					if ($i != its[i])
						print FNR, name[i], $i, "not", its[i]
			}
			END { if (FNR != n) print FNR, "packets, not", n }' theirs ours | head -20)"
	assertLeast "$2" "$(wc -l <ours)" "packets of $1"
}

# The filters on stdin take as many packets as with tshark: it counts them all in one pass.
same_counts() { # capture filters-at-least
	cat >filters
	set -- "$1" "$2" -q
	while read -r filter; do
		set -- "$@" -z "io,phs,$filter"
	done <filters
	capture=$1 least=$2 && shift 2
	tshark -n -r "$capture" "$@" 2>/dev/null | awk '
		/^Filter: / { f = substr($0, 9); n[f] += 0 }
		/^[a-z].* frames:/ { sub(/.* frames:/, ""); n[f] += $1 }
		END { for (f in n) print f "\t" n[f] }' | sort >theirs
	while read -r filter; do
		printf '%s\t%s\n' "$filter" "$(pth-packets -Y "$filter" -e frame.number "$capture" |
			wc -l)"
	done <filters | sort >ours
	assertEquals "$capture" '' "$(diff theirs ours)"
	assertLeast "$least" "$(wc -l <ours)" "filters of $capture"
}

testUsage() {
	run pth-packets --nonsense
	assertCode 2
	run pth-packets -e no.such.field /dev/null
	assertCode 2
	assertMatch "$err" 'no\.such\.field: not a field of ours'
	run pth-packets -Y 'udp matches "x"' /dev/null
	assertCode 2
	assertMatch "$err" 'udp matches "x": not a filter of fields of ours'
	run pth-packets absent
	assertCode 4
	assertMatch "$err" 'absent'
	echo nonsense >noise
	run pth-packets noise
	assertCode 3
	assertMatch "$err" 'noise: this is no capture'
	assertEquals '' "$out"
	run pth-packets /dev/null
	assertCode 3
	assertMatch "$err" '/dev/null: the file is empty'
}

testLinesAndJson() {
	need text2pcap wireshark-common && need jq jq || return
	e='020000000001 020000000002'
	of_hex 1 two.pcapng <<-EOF
		$e 0800 45000020000740004011 00000a0000010a000002 1388115b000c000070696e67
		$e 08060001
	EOF
	run pth-packets -e frame.number -e udp.port -e ip.src two.pcapng
	assertEquals "$(printf '1\t5000,4443\t10.0.0.1\n2\t\t')" "$out"
	run pth-packets -Y udp -e frame.number -e udp.port two.pcapng two.pcapng
	assertEquals "$(printf '1\t5000,4443\n1\t5000,4443')" "$out"
	run pth-packets -e frame.number <two.pcapng
	assertEquals "$(printf '1\n2')" "$out"
	run pth-packets -j -e udp.srcport -e eth.type two.pcapng
	assertEquals '{"eth.type":"0x0800","udp.srcport":5000}
{"eth.type":"0x0806"}' "$out"
	run pth-packets two.pcapng
	assertEquals '["eth:ip:udp:data","70696e67","10.0.0.1",5000]' \
		"$(jq_out -c 'select(."frame.number" == 1) | [."frame.protocols", ."udp.payload",
			."ip.src", ."udp.srcport"]')"
	# What comes before a cut is written.
	head -c -3 two.pcapng >short
	run pth-packets -e frame.number short
	assertCode 3
	assertEquals 1 "$out"
	assertMatch "$err" 'short: the file breaks off'
	# As another program writes it, and reads it: pcap, microseconds, through a pipe.
	editcap -F pcap two.pcapng two.pcap 2>/dev/null
	out=$(pth-packets -e frame.number -e frame.time_epoch <two.pcap | cat)
	assertEquals "$(tshark_ two.pcap -T fields -e frame.number -e frame.time_epoch)" "$out"
}

# Keys are in the file, or beside it.
testKeys() {
	need text2pcap wireshark-common || return
	text2pcap -q -l 1 -t '%H:%M:%S.%f' "$TOP/tests/fixtures/quic.hex" q.pcapng 2>/dev/null
	run pth-packets -Y quic.frame_type -e frame.number q.pcapng
	assertEquals 'Initial packets have keys that are public' "$(printf '1\n2')" "$out"
	run pth-packets -k "$TOP/tests/fixtures/quic.keys" -Y quic.frame_type -e frame.number \
		q.pcapng
	assertEquals 8 "$(printf '%s\n' "$out" | wc -l)"
	editcap --inject-secrets "tls,$TOP/tests/fixtures/quic.keys" q.pcapng in.pcapng 2>/dev/null
	assertEquals "$out" "$(pth-packets -Y quic.frame_type -e frame.number in.pcapng)"
}

# Hand-made packets: of each layer, and what may be between.
testFieldsOfCorners() {
	need text2pcap wireshark-common && need tshark tshark || return
	e='020000000001 020000000002' u='1388115b000c0000 70696e67' a='0a0000010a000002'
	i=4500002000074000401100000a0000010a000002 # IPv4, with that UDP behind
	n="4500003c000740004001 0000 $a 0303000000000000 $i" # ... within an error
	s='fe800000000000000000000000000001 fe800000000000000000000000000002'
	t='0fa00050 00000064 00000000'
	of_hex 1 corners.pcapng <<-EOF
		$e 0800 $i $u
		$e 0800 $i $u 000000000000
		$e 0800 47000028000740004011 0000 $a 0102030405060700 $u
		$e 0800 45000000000740004011 0000 $a $u
		$e 0800 45b9002012344000ff11 0000 $a $u
		$e 0800 $n $u
		$e 0800 45000038000740004001 0000 $a 0b00000000000000 $i 1388115b000c0000
		$e 0800 45000058000740004001 0000 $a 0303000000000000 $n $u
		$e 0800 4500001c000740004001 0000 $a 0800000000000000
		$e 0800 45000028000740004006 0000 $a $t 50021000 00000000
		$e 0800 4500002c000740004006 0000 $a $t 60121000 00000000 020405b4
		$e 0800 4500002c000740004006 0000 $a $t 5ff81000 00000005 61626364
		$e 0800 4500001c000740004084 0000 $a 0000000000000000
		$e 86dd 6ab12345000c1140 $s $u
		$e 86dd 6000000000142c40 $s 1100000000000007 $u
		$e 86dd 6000000000140040 $s 1100010400000000 $u
		$e 86dd 6000000000243c40 $s 00010000000000000000000000000000 1100000000000000 $u
		$e 86dd 6000000000183340 $s 1101000000000001 00000001 $u
		$e 86dd 60000000003c3a40 $s 0104000000000000 60000000000c1140 $s $u
		$e 86dd 6000000000083a40 $s 8700000000000000
		$e 86dd 6000000000003b40 $s
		$e 86dd 60000000000c1140 $s $u 00000000
		$e 8100 6005 0800 $i $u
		$e 88a8 0064 8100 2005 0800 $i $u
		$e 8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 0800 $i $u
		$e 0806 0001080006040001 020000000001 0a000001 000000000000 0a000002
		$e 88cc 0001
		$e 0026 424203 $s 0000000000
	EOF
	same_fields corners.pcapng 28
	same_counts corners.pcapng 22 <<-'EOF'
		udp
		tcp or icmp
		!udp && !(tcp)
		not ipv6 and not arp
		udp.port == 4443
		udp.port != 4443
		udp.srcport in {1..5000} and ip
		ip.addr == 10.0.0.0/8
		ip.addr != 10.0.0.1
		ip.version == 6
		ipv6.dst == fe80::2
		eth.src == 02:00:00:00:00:02
		eth.src[0:3] == 02:00:00
		eth.type == 0x86dd
		vlan.id > 4
		vlan.id == 100
		vlan.priority in {1, 3}
		tcp.flags.syn == 1 && tcp.flags.ack == 0
		udp.payload contains 69:6e
		udp.payload[1:2] == 69:6e
		icmp.type == 3 or icmpv6.type == 1
		ip.ttl >= 255
		ip.dsfield.ecn == 1
		ip.len == 32
		frame.len < 60
		frame.time_relative >= 1.5 && frame.number <= 5
	EOF
	# What is in fragments is not put together.
	same_numbers corners 12 -o ip.defragment:FALSE -o ipv6.defragment:FALSE
	# The other link types.
	of_hex 101 raw.pcapng <<-EOF
		$i $u
		60000000000c1140 $s $u
	EOF
	same_fields raw.pcapng 2
	of_hex 113 sll.pcapng <<-EOF
		0000 0001 0006 020000000001 0000 0800 $i $u
	EOF
	same_fields sll.pcapng 1
	of_hex 276 sll2.pcapng <<-EOF
		0800 0000 00000001 0001 00 06 020000000001 0000 $i $u
		86dd 0000 00000001 0001 00 06 020000000001 0000 60000000000c1140 $s $u
	EOF
	same_fields sll2.pcapng 2
	of_hex 0 null.pcapng <<-EOF
		02000000 $i $u
		1e000000 60000000000c1140 $s $u
	EOF
	same_fields null.pcapng 2
	# Several interfaces, of several kinds, in one file: all numbers.
	mergecap -w several.pcapng raw.pcapng sll.pcapng sll2.pcapng null.pcapng 2>/dev/null
	same_fields several.pcapng 7
	same_numbers several 12
}

# Other byte orders and resolutions of time.
testOldFiles() {
	need text2pcap wireshark-common && need tshark tshark || return
	i=020000000001020000000002080045000020000740004011000a0a0000010a0000021388115b
	for magic in a1b2c3d4 a1b23c4d; do
		tr -d ' \n' <<-E | unhex >big.pcap
			$magic 0002 0004 00000000 00000000 0000ffff 00000001
			00000001 0001e240 0000002e 0000002e $i 000c 0000 70696e67
			00000002 000f423f 0000002e 0000002f $i 000c 0000 70696e67
		E
		tshark_ big.pcap -T fields -e frame.number -e frame.time_epoch -e frame.len \
			-e ip.src -e udp.port >theirs
		pth-packets -e frame.number -e frame.time_epoch -e frame.len -e ip.src \
			-e udp.port big.pcap >ours
		assertEquals "$magic" "$(cat theirs)" "$(cat ours)"
		assertEquals 2 "$(wc -l <ours)"
		mv big.pcap big.pcapng
		same_numbers big 12
	done
}

# Packets of tests/fuzz/corpus: QUIC of both versions, Retry, Version Negotiation, TCP, layers.
testFieldsOfSeeds() {
	need editcap wireshark-common && need tshark tshark || return
	for name in quic1 quic2 retry tcp layers; do
		seed $name
		same_fields $name.pcapng 3
		# A frame that is shorter than Ethernet's header has none for us; tshark shows one.
		[ $name = layers ] || same_numbers $name 12
	done
}

# Real connections, all in one capture: of each peer as server and as client, Retry, ChaCha20,
# 0-RTT, key updates, migration and rebinding of the client's address.
testNumbersOfPeers() {
	need editcap wireshark-common && need tshark tshark || return
	: >all-keys
	set --
	for name in validated chacha early keyupdate rebinding migration peers-ngtcp2-aioquic \
		peers-aioquic-quiche peers-quiche-quinn peers-quinn-quic_go peers-quic_go-ngtcp2 \
		peers-quiche-aioquic; do
		plain_seed $name
		cat keys >>all-keys
		set -- "$@" $name.pcapng
	done
	mv all-keys keys
	mergecap -w all.pcapng "$@" 2>/dev/null
	with_keys all
	same_numbers all 60 -d udp.port==4443,quic
	run pth-packets --stats all.pcapng
	assertEquals '[13,true,1,1,2,2]' "$(jq_out -c '.quic | [.connections,
		(.client.key_updates >= 1), .retries, .early_packets, .migrations,
		.path_challenges]')"
	# A number that is wrong is seen.
	mkdir lying
	cat >lying/pth-packets <<-E
		#!/bin/sh
		$(command -v pth-packets) "\$@" | sed 's/"retries":1/"retries":2/'
	E
	chmod +x lying/pth-packets
	(PATH=$PWD/lying:$PATH && numbers_differ validated.pcapng) >differ
	assertEquals 'quic.retries: 2, 1' "$(sed '$d' differ)"
}

# columns CAPTURE FIELD...: what tshark shows of all packets, in one pass, to the file columns.
columns() {
	capture=$1 && shift
	for field; do set -- "$@" -e "$field" && shift; done
	tshark_ "$capture" -T fields "$@" >columns
}

# of 'CONDITION' COLUMN: the values of a column, one a line, of the packets for which awk holds the
# condition to be so.
of() {
	awk -F '\t' "$1 { n = split(\$$2, v, \",\"); for (i = 1; i <= n; i++) print v[i] }" columns
}

sum() {
	awk '{ n += $1 } END { print n + 0 }'
}

highest() {
	sort -n | tail -n 1
}

# Microseconds from the first packet of one condition to the first of another, of the times in
# column 1.
between() {
	from=$(of "$1" 1 | head -n 1 | tr -d .)
	to=$(of "$2" 1 | head -n 1 | tr -d .)
	echo $(((to - from) / 1000))
}

# Series of TCP are what tshark says of each segment.
testSeries() {
	need editcap wireshark-common && need tshark tshark && need jq jq || return
	seed tcp
	tshark_ tcp.pcapng -o tcp.relative_sequence_numbers:TRUE -Y 'tcp.len > 0' -T fields \
		-e tcp.srcport -e frame.time_relative -e tcp.seq -e tcp.len |
		awk '{ printf "%d %.6f %d\n", $1, $2, $3 + $4 }' | sort >theirs
	pth-packets --series sequence tcp.pcapng | jq -r '
		(if .sender == "client" then .client else .server end | split(":")[1]) as $port |
		.points[] | [$port, .[0], .[1]] | @tsv' |
		awk '{ printf "%d %.6f %d\n", $1, $2, $3 }' | sort >ours
	assertEquals '' "$(diff theirs ours)"
	assertLeast 2 "$(wc -l <ours)" segments
	run pth-packets --series rtt,throughput --points 4 tcp.pcapng
	assertCode 0
	assertEquals 'rtt throughput' "$(jq_out -r .series | sort -u | tr '\n' ' ' | sed 's/ $//')"
	assertEquals '' "$(jq_out -c 'select(.points | length > 4)')"
	run pth-packets --series rtt,thruput tcp.pcapng
	assertCode 2
	assertMatch "$err" "thruput: no series of ours; did you mean 'throughput'\?"
	run pth-packets --series rtt --stats tcp.pcapng
	assertCode 2
	run pth-packets --qlog dir -Y tcp tcp.pcapng
	assertCode 2
	run pth-packets --points 10 tcp.pcapng
	assertCode 2
}

# In the qlogs of a capture there are as many packets and frames as tshark sees, those that cannot
# be decrypted too; each record is JSON, and times do not decrease.
testQlog() {
	need editcap wireshark-common && need tshark tshark && need jq jq || return
	for name in quic1 quic2 retry; do
		seed $name
		run pth-packets --qlog "q.$name" $name.pcapng
		assertCode 0
		assertEquals '' "$out"
		cat "q.$name"/*.sqlog | tr -d '\036' | jq -cs 'map(select(.name))' >events
		columns $name.pcapng quic.packet_length quic.frame_type quic.stream.stream_id
		assertEquals "$name" "[$(of 1 1 | wc -l),$(of 1 2 | wc -l),$(of 1 3 | wc -l)]" \
			"$(jq -c 'map(.data.frames[]?) as $frames | [
				(map(select(.name | test("packet_"))) | length), ($frames | length),
				($frames | map(select(has("stream_id"))) | length)]' events)"
		assertLeast 3 "$(of 1 1 | wc -l)" "packets of $name"
		for log in "q.$name"/*.sqlog; do
			assertEquals '["0.3","JSON-SEQ","network","client"]' "$(head -n 1 "$log" |
				tr -d '\036' | jq -c '[.qlog_version, .qlog_format,
					.trace.vantage_point.type, .trace.vantage_point.flow]')"
			assertEquals true "$(tr -d '\036' <"$log" |
				jq -s 'map(.time // 0) | . == sort')"
		done
	done
	# The first destination id of the capture names the file.
	assertEquals "$(tshark_ quic1.pcapng -T fields -e quic.dcid -c 1 | cut -d , -f 1).sqlog" \
		"$(ls q.quic1)"
}

testPingPong() {
	need tshark tshark || return
	rm -rf out
	pth-parse "$TOP/examples/ping-pong.yaml" | pth-plan | pth-exec -o out |
		pth-collect >pp.json 2>err
	cp out/*/capture.pcapng pp.pcapng
	same_fields pp.pcapng 10
	columns pp.pcapng frame.time_epoch frame.len udp.srcport
	assertEquals "[$(of 1 2 | wc -l),$(of 1 2 | sum),$(between 1 "NR == $(wc -l <columns)")]" \
		"$(number pp '[.packets, .bytes, .captured_us]')"
	assertEquals "$(of '$3 != ""' 1 | wc -l)" "$(number pp .protocols.udp.packets)"
	assertEquals 10 "$(number pp .protocols.minip.packets)"
}

testQuic() {
	need tshark tshark && need gtlsserver ngtcp2-server && need gtlsclient ngtcp2-client ||
		return
	pipe q ngtcp2 ngtcp2 quic
	same_fields q.pcapng 100
	columns q.pcapng frame.time_epoch udp.srcport udp.length quic.header_form \
		quic.long.packet_type quic.packet_length quic.frame_type quic.stream.length \
		quic.ack.ect0_count quic.cc.error_code.app
	c='$2 != 4443' s='$2 == 4443' short='$4 ~ /0/'
	assertEquals "$(between "$c" "$c && $short")" "$(number q .quic.handshake_us)"
	assertEquals "$(between "$c" "$s && \$7 ~ /(^|,)30(,|\$)/")" \
		"$(number q .quic.confirmed_us)"
	assertEquals "$(between "$c" "$s && \$8 + 0 > 0")" "$(number q .quic.first_byte_us)"
	assertEquals '["0x00000001"]' "$(number q .quic.versions)"
	assertEquals "$(of 1 5 | grep -c '[02]')" "$(number q .quic.handshake_packets)"
	for side in client server; do
		case $side in
		client) me=$c other=$s ;;
		server) me=$s other=$c ;;
		esac
		assertEquals "$side packets" "$(of "$me" 6 | wc -l)" \
			"$(number q .quic.$side.packets)"
		assertEquals "$side bytes" "$(of "$me" 6 | sum)" "$(number q .quic.$side.bytes)"
		assertEquals "$side datagrams" "$(of "$me" 1 | wc -l)" \
			"$(number q .quic.$side.datagrams)"
		assertEquals "$side largest" "$(($(of "$me" 3 | highest) - 8))" \
			"$(number q .quic.$side.largest_datagram)"
		# Nothing is lost on this machine, unless it is busy: then bytes come twice.
		assertEquals "$side stream bytes" "$(of "$me" 8 | sum)" \
			"$(number q ".quic.$side | .stream_bytes + .retransmitted_bytes")"
		assertEquals "$side ECN" "$(of "$other && $short" 9 | highest)" \
			"$(number q .quic.$side.ecn.ect0)"
		assertEquals 0 "$(number q .quic.$side.undecrypted)"
	done
	assertEquals "$(of '$10 != ""' 10 | head -n 1)" "$(number q .quic.close.code)"
	assertEquals '[1,1,{"200":1},400000]' \
		"$(number q '.quic.http | [.requests, .responses, .status, .bytes]')"
	same_counts q.pcapng 10 <<-'EOF'
		quic
		quic.version == 1
		quic.long.packet_type == 0
		udp.port == 4443 && quic.long.packet_type in {0, 2}
		quic.header_form == 0 and not quic.frame_type == 2
		quic.packet_number > 100
		quic.frame_type == 30
		quic.stream.stream_id == 0 && quic.stream.offset >= 100000
		quic.ack.largest_acknowledged < 10
		quic.packet_length != 1200
		quic.dcid contains 00
	EOF
}

# Connections of a capture of TCP to one of these ports.
same_tcp() { # name port
	columns "$1.pcapng" frame.time_epoch tcp.srcport tcp.len tcp.flags.syn tcp.flags.ack \
		tcp.flags.reset tcp.analysis.retransmission tcp.analysis.out_of_order \
		tcp.analysis.zero_window tcp.stream
	c="\$2 != $2" s="\$2 == $2"
	assertEquals "$1" "$(of '$4 == 1 && $5 == 0' 1 | wc -l)" "$(number "$1" .tcp.connections)"
	# The lower median of the connections.
	assertEquals "$1" "$(awk -F '\t' "$c"' {
		split($1, t, ".")
		at = t[1] % 100000 * 1e9 + t[2]
		if ($4 == 1) { if (!($10 in syn)) syn[$10] = at } else if (!($10 in done)) {
			done[$10] = 1
			print int((at - syn[$10]) / 1000)
		}
	}' columns | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')" \
		"$(number "$1" .tcp.handshake_us)"
	assertEquals "$1" "$(of 1 7 | wc -l)" "$(number "$1" .tcp.retransmissions)"
	for side in client server; do
		[ $side = client ] && me=$c || me=$s
		assertEquals "$1 $side" "[$(of "$me" 1 | wc -l),$(of "$me" 3 | sum),$(
			of "$me" 7 | wc -l),$(of "$me" 8 | wc -l),$(of "$me" 9 | wc -l),$(
			of "$me" 6 | sum)]" "$(number "$1" ".tcp.$side | [.packets, .bytes,
			.retransmissions, .out_of_order, .zero_windows, .resets]")"
	done
}

# nginx and curl, HTTP/1.1 and 2, with TLS and without: two files, and one that is not there.
http_runs() {
	echo tests:
	for tls in false true; do
		only=$([ $tls = false ] || echo 'ssl_protocols TLSv1.3;')
		for version in rfc9112 rfc9113; do
			cat <<-Y
			  - name: tls-$tls-$version
			    network_environment: {type: localhost}
			    services:
			      server:
			        implementation: {name: nginx, type: iut, tls: $tls,
			          directives: "$only"}
			        protocol: {name: http, version: $version, role: server}
			        ports: ["4443:4443"]
			        generate_new_certificates: true
			        files: [{path: www/a.bin, size: 300kB, seed: 1},
			          {path: www/b.bin, size: 7kB, seed: 2}]
			      client:
			        implementation: {name: curl, type: iut, tls: $tls,
			          requests: [/a.bin, /b.bin, /none]}
			        protocol: {name: http, version: $version, role: client,
			          target: server}
			        timeout: 20
			Y
		done
	done
}

# What both ends of a link that loses and delays have seen, and of TCP also reorders and doubles:
# packets that were lost behind the one are not in the other. (Of QUIC packets that overtake others
# or are corrupted Wireshark 4.0 guesses wrong packet numbers, and cannot decrypt some that we can.)
# of_server END: how many packets of the server are in the capture of that end.
of_server() {
	tshark -r "quic-$1.pcapng" -Y 'udp.srcport == 4443' 2>/dev/null | wc -l
}

testBothEndsOfALink() {
	need_namespaces || return
	need gtlsserver ngtcp2-server && need gtlsclient ngtcp2-client && need nginx nginx &&
		need curl curl && need tshark tshark && need jq jq || return
	rm -rf ends
	cat >ends.yaml <<-'end'
	tests:
	  - name: quic
	    network_environment: {type: link}
	    seed: 3
	    services:
	      server:
	        implementation: {name: ngtcp2}
	        protocol: {name: quic, role: server}
	        ports: ["4443:4443"]
	        files: [{path: www/a.bin, size: 400kB, seed: 1}]
	      client:
	        implementation: {name: ngtcp2, requests: [/a.bin]}
	        protocol: {name: quic, role: client, target: server}
	    steps: {wait: 60}
	    links: [{between: [client, server], latency: 4ms, loss: 3%}]
	  - name: tcp
	    network_environment: {type: link}
	    seed: 3
	    services:
	      server:
	        implementation: {name: nginx, type: iut, tls: false}
	        protocol: {name: http, role: server}
	        ports: ["4443:4443"]
	        files: [{path: www/a.bin, size: 400kB, seed: 1}]
	      client:
	        implementation: {name: curl, type: iut, tls: false, requests: [/a.bin]}
	        protocol: {name: http, role: client, target: server}
	    steps: {wait: 60}
	    links: [{between: [client, server], latency: 4ms, loss: 3%, reorder: 3%,
	      duplicate: 1%}]
	end
	run pth run -o ends ends.yaml
	assertCode 0
	for side in client server; do
		for name in quic tcp; do
			tshark -r ends/*-$name/$side/capture.pcapng -Y 'udp || tcp' \
				-w $name-$side.pcapng 2>/dev/null
			pth-packets --stats $name-$side.pcapng | jq -c '{id: 1, metrics: .}' \
				>$name-$side.json
		done
		same_numbers "quic-$side" 60 -d udp.port==4443,quic
		same_tcp "tcp-$side" 4443
	done
	for way in up down; do
		assertLeast 1 "$(jq -c 'select(.fate == "dropped")' ends/*-quic/link.jsonl |
			grep -c "\"direction\":\"$way\"")" "packets dropped $way"
	done
	assertNotEquals 'what one end has sent is not what the other has received' "$(of_server \
		client)" "$(of_server server)"
	assertLeast 1 "$(number quic-server .quic.server.retransmitted_bytes)" 'bytes again'
	assertLeast 1 "$(number tcp-server .tcp.retransmissions)" 'segments again'
}

# Requests, responses by status, and bytes of bodies.
same_http() { # name
	columns "$1.pcapng" http.request.method http.response.code http.content_length \
		http2.headers.method http2.headers.status http2.type http2.length \
		tls.handshake.extensions_server_name tls.handshake.extensions_alpn_str \
		tcp.srcport
	bytes=$(awk -F '\t' '$10 == 4443 {
		if ($6 == "") { n = split($3, v, ","); for (i = 1; i <= n; i++) sum += v[i] }
		n = split($6, type, ",")
		split($7, len, ",")
		for (i = 1; i <= n; i++) if (type[i] == 0) sum += len[i]
	} END { print sum + 0 }' columns)
	status=$(of '$10 == 4443' 2 | grep .; of '$10 == 4443' 5 | grep .)
	assertEquals "$1" "[$(of '$10 != 4443' 1 | grep -c '[A-Z]' |
		awk -v two="$(of '$10 != 4443' 4 | grep -c '[A-Z]')" '{ print $1 + two }'),$(
		printf '%s\n' "$status" | wc -l),$bytes,$(
		printf '%s\n' "$status" | sort | uniq -c |
			jq -Rcn '[inputs | split(" ") | {(.[-1]): (.[-2] | tonumber)}] | add')]" \
		"$(number "$1" '.tcp.http | [.requests, .responses, .bytes, .status]')"
	assertEquals "$1" "$(of 1 8 | grep . | sort -u)" \
		"$(number "$1" '.tcp.sni // [] | join(",")' | tr -d \")"
	assertEquals "$1" "$(of '$10 == 4443' 9 | grep . | sort -u)" \
		"$(number "$1" '.tcp.alpn // [] | join(",")' | tr -d \")"
}

testTcp() {
	need tshark tshark && need curl curl && need nginx nginx-light || return
	http_runs >x.yaml
	rm -rf out
	pth-parse x.yaml 2>err | pth-plan | pth-exec -o out | pth-collect >all.json 2>err
	for id in out/0*; do
		name=${id##*/} && name=${name#*-}
		jq -c --arg id "${id##*/}" 'select(.id == $id)' all.json >"$name.json"
		cp "$id/capture.pcapng" "$name.pcapng"
		case $name in *-true-*) speaks=tls ;; *9112) speaks=http ;; *) speaks=http2 ;; esac
		same_tcp "$name" 4443
		same_http "$name"
		speaks=
		assertEquals "$name" '[3,3,{"200":2,"404":1},0]' "$(number "$name" '.tcp.http |
			[.requests, .responses, .status, .unread]')"
		assertEquals "$name" '[0,0]' "$(number "$name" '[.tcp.client.undecrypted // 0,
			.tcp.server.undecrypted // 0]')"
	done
	assertEquals 4 "$(ls tls-*.pcapng | wc -l)"
	name="tls-false-rfc9112"
	same_fields $name.pcapng 10
	# One with retransmissions and what is late.
	seed tcp
	jq -c '.result.capture = {file: "capture.pcapng"} |
		del(.metrics, .verdict, .artifacts)' $name.json >again
	cp tcp.pcapng out/001-$name/capture.pcapng
	assertEquals 'nobody has asked for series' '' "$(find out -name series.jsonl)"
	pth-collect --series <again >tcp.json 2>err
	same_tcp tcp 80
	run pth-packets --series all tcp.pcapng
	assertEquals "$out" "$(cat out/001-$name/series.jsonl)"
	assertLeast 4 "$(wc -l <out/001-$name/series.jsonl)" series
	assertEquals 'it is no artifact' 0 "$(jq -c 'select(.id).artifacts |
		map(select(.path == "series.jsonl")) | length' tcp.json)"
	assertEquals '[1,1]' "$(number tcp '.tcp | [.client.retransmissions, .server.resets +
		.client.resets]')"
}

. shunit2
