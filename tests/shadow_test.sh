#!/bin/sh
# Tests in the Shadow simulator: the configuration, checked with a schema of our own, and what the
# end of a simulation means, with a stand-in for Shadow (fixtures/shadow/stand-in).
. "$TOP/tests/lib.sh"

FIXTURES=$TOP/tests/fixtures/shadow

# python MODULE PACKAGE || return
python() {
	need python3 python3 || return
	python3 -c "import $1" 2>/dev/null || skip "needs $1 for python3 ($2)"
}

# stand_in WORD...: the stand-in is the shadow in PATH from now on, and behaves like this.
stand_in() {
	python yaml python3-yaml || return
	mkdir -p sim
	cp "$FIXTURES/stand-in" sim/shadow
	echo "$*" >sim/behave
	case :$PATH: in *":$PTH_TMP/sim:"*) ;; *) PATH=$PTH_TMP/sim:$PATH ;; esac
}

# experiment [SED]: a ping-pong in x.yaml.
experiment() {
	cat >x.yaml <<-'end'
	tests:
	  - name: t
	    network_environment: {type: shadow_ns, general: {stop_time: 30s}}
	    seed: 7
	    services:
	      ping_server:
	        implementation: {name: ping_pong}
	        protocol: {name: minip, role: server}
	      ping_client:
	        implementation: {name: ping_pong}
	        protocol: {name: minip, role: client, target: ping_server}
	end
	[ -z "${1:-}" ] || { sed "$1" x.yaml >y.yaml && mv y.yaml x.yaml; }
}

# plan: x.yaml up to what pth-exec reads.
plan() {
	pth-parse x.yaml 2>err | pth-plan 2>>err | pth-compose >plan 2>>err
}

# A path of the only record of $out.
value() {
	printf '%s\n' "$out" | jq -r "select(.id) | $1"
}

testConfigurationsOfPanther() {
	python yaml python3-yaml || return
	python jsonschema python3-jsonschema || return
	cp "$FIXTURES/panther.yaml" .
	pth-parse panther.yaml 2>err | pth-plan 2>>err | pth-compose -n >all 2>>err
	assertEquals '' "$(grep error: err)"
	run python3 "$FIXTURES/validate" <all
	assertEquals "$err" 6 "$out"
	# What is left to be known when the test runs is places.
	assertEquals '@{dir} @{libexec}' "$(grep -o '@{[^}]*}' all | sort -u |
		grep -v share | xargs)"
	# That the schema finds faults of the kinds that Shadow has refused.
	looked=0
	while read -r fault; do
		sed "$fault" all | python3 "$FIXTURES/validate" >/dev/null 2>&1
		assertFalse "$fault" $?
		looked=$((looked + 1))
	done <<-'end'
	s/ping-pong-server:/ping_pong_server:/
	s/latency "10 ms"/latency "10"/
	s/latency "10 ms"/latency "0 ms"/
	s/packet_loss 0.0/packet_loss 0/
	s/ip_addr: "11.0.0.1"/ip_addr: "::1"/
	s/ip_addr: "11.0.0.1"/ip_addr: "11.0.0.2"/
	s/expected_final_state: running/expected_final_state: stopped/
	s/source 0$/source 1/
	s/  seed: .*/  seed: 4294967296/
	s/network_node_id: 1/network_node_id: 9/
	s/general:/genral:/
	end
	assertLeast 11 $looked faults
}

testFilesForUseByHand() {
	experiment && plan
	run pth-compose -o hand plan
	assertCode 0
	assertEquals "$PTH_TMP/hand/001-t/shadow.yaml" "$out"
	assertMatch "$(cat "$out")" "data_directory: '$PTH_TMP/hand/001-t/shadow.data'"
	assertEquals 'shadow.json shadow.yaml' "$(cd hand/001-t && find . -type f | sort |
		sed 's,^\./,,' | xargs)"
	run pth-compose --images plan
	assertCode 0
	assertEquals '' "$out"
}

# Where there is no Shadow, whatever this machine has.
testWithoutShadow() {
	experiment
	run env PATH="$(dirname "$(command -v pth-parse)"):/usr/bin:/bin" pth check x.yaml
	if command -v /usr/bin/shadow >/dev/null; then skip 'this machine has Shadow'; return; fi
	assertCode 0
	assertMatch "$out" "$(line 'x.yaml:3:[0-9]*: warning: this machine has no program shadow;' \
		'.* until then the status is unsupported')"
	assertNoMatch "$out" engine
	plan
	run env PATH="$(dirname "$(command -v pth-parse)"):/usr/bin:/bin" pth-exec -o out plan
	assertCode 0
	assertEquals unsupported "$(value .result.status)"
	assertMatch "$(value .result.reason)" \
		'no program shadow; its configuration is in shadow.yaml'
	assertMatch "$(cat out/001-t/shadow.yaml)" '^general:'
}

testCheckSaysWhatShadowCannotRun() {
	experiment 's/seed: 7/execution_environment: [{type: memcheck}]/
		s/role: server}/role: server}\
        network: {bind_address: "::"}/'
	run pth check x.yaml
	assertCode 3
	assertMatch "$out" 'x.yaml:4:[0-9]*: error: memcheck cannot run under Shadow'
	assertMatch "$out" "x.yaml:9:[0-9]*: error: '::' is an IPv6 address"
	experiment 's/ping_pong}/ngtcp2}/; s/minip/quic/'
	run pth check x.yaml
	assertCode 0
	assertMatch "$out" 'x.yaml:7:[0-9]*: warning: ping_server: under Shadow ngtcp2 cannot bind'
	command -v gcc >/dev/null || { skip 'needs gcc'; return; }
	echo 'int main(void) { return 0; }' >s.c
	gcc -static -o static s.c 2>/dev/null || {
		skip 'no static programs can be made here'
		return
	}
	experiment "s,role: server},&\\
        command_override: $PTH_TMP/static,"
	run pth check x.yaml
	assertCode 0
	assertMatch "$out" \
		"warning: $PTH_TMP/static is linked statically, and Shadow runs only what"
}

testPass() {
	stand_in good || return
	experiment 's/seed: 7/expect: {packets: [{filter: "udp.port == 4443", min: 10}],\
      log: [{service: ping_client, matches: "stdout of ping-client"}]}/'
	plan
	run eval 'pth-exec -o passes plan | pth-collect'
	assertCode 0
	assertEquals 'passed completed 30000000' "$(value \
		'[.verdict.status, .result.status, .result.simulated_us] | join(" ")')"
	assertEquals 'ping-server 1000000 10 ping_server/eth0.pcap' "$(value '.result.services |
		.ping_server | [.host, .started_us, .capture.packets, .capture.file] | join(" ")')"
	assertEquals 'simulated time' 9010000 "$(value .metrics.captured_us)"
	assertEquals 10 "$(value .metrics.packets)" # both ends saw the same
	assertEquals 'ping_client 10, ping_server 10' "$(value '.metrics.captures |
		sort_by(.service) | map("\(.service) \(.packets)") | join(", ")')"
	assertEquals 'stderr of ping-server' "$(cat passes/001-t/ping_server/stderr.log)"
	assertEquals 'left by ping-client' "$(cat passes/001-t/ping_client/left)"
	assertMatch "$(cat passes/events.jsonl)" '"event":"network.configured".*"of":"simulator"'
	assertMatch "$(value '.artifacts[].path')" '^ping_client/eth0.pcap$'
	assertEquals 'unprotected' "$(value .result.evidence)"
	# It can be run again, in the same place.
	run pth-shadow passes/001-t/shadow.json
	assertCode 0
	assertEquals completed "$(jq -r .status passes/001-t/shadow/inner.json)"
}

# A service with files runs where they are.
testDirectoryOfAService() {
	stand_in good || return
	experiment 's/role: server}/&\
        files: [{path: here, text: x}]/'
	plan
	run pth-exec -o files plan
	assertEquals completed "$(value .result.status)"
	assertEquals 'in the directory of the service' "$(cat files/001-t/ping_server/there)"
	assertEquals x "$(cat files/001-t/ping_server/here)"
}

# Each way to end, and what the test then is.
testEnds() {
	stand_in good || return
	experiment && plan && pth-compose -o ends plan >/dev/null
	looked=0
	# A line of how it behaves and what comes of it, and one of the reason.
	while IFS='|' read -r behave want && read -r reason; do
		[ "$reason" != - ] || reason=''
		echo "$behave" >sim/behave
		run pth-shadow ends/001-t/shadow.json
		assertEquals "$behave" 0 "$code"
		assertEquals "$behave" "$want; $reason" "$(jq -r '[.status, (.result.services |
			[.[] | .state + " " + .reason + " " + ((.code // .signal) | tostring)] |
			join(", ")), .reason // ""] | join("; ")' ends/001-t/shadow/inner.json)"
		looked=$((looked + 1))
	done <<-'end'
	good|completed; stopped stopped null, stopped exit 0
	-
	ends ping-client exited:3|failed; stopped stopped null, stopped exit 3
	ping_client ended with exit code 3
	ends ping-server signaled:SIGSEGV|crashed; stopped signal SEGV, stopped exit 0
	ping_server died of signal SEGV
	ends ping-client running|timeout; stopped stopped null, stopped timeout null
	ping_client was still running at 30 s of simulated time
	ends ping-server exited:0|completed; stopped exit 0, stopped exit 0
	-
	ends ping-server exited:1 ping-client exited:2|failed; stopped exit 1, stopped exit 2
	ping_server ended with exit code 1
	lies ping-client exited:3|error; error lost null, error lost null
	shadow ended with exit code 0, but says that processes did not end as expected
	more ping-client exited:3|error; error lost null, error lost null
	shadow ended with exit code 1
	unstarted ping-client|error; stopped stopped null, error not started null
	ping_client: Shadow has not started it
	nothing|error; error lost null, error lost null
	shadow ended with exit code 0, but there are no results of a whole simulation in shadow.data
	half|error; error lost null, error lost null
	shadow died of signal KILL
	segv|error; error lost null, error lost null
	shadow died of signal SEGV
	refuse|error; error lost null, error lost null
	shadow ended with exit code 1
	end
	assertLeast 13 $looked ends
	run pth-shadow --program "$PTH_TMP/no-such" ends/001-t/shadow.json
	assertCode 0
	assertMatch "$(jq -r .reason ends/001-t/shadow/inner.json)" '^shadow cannot be started: '
}

# A packet rule on what was not captured, or breaks off, is no pass.
testPacketsThatAreNotThere() {
	stand_in good || return
	experiment 's/seed: 7/expect: {packets: [{filter: "udp.port == 9", max: 0}]}/'
	plan
	for behave in good blind cut; do
		echo $behave >sim/behave
		run eval "pth-exec -o packets-$behave plan | pth-collect"
		want=error
		[ $behave != good ] || want=passed
		assertEquals "$behave" $want "$(value .verdict.status)"
	done
	echo good >sim/behave
	sed 's/name: t$/&\n    capture: false/' x.yaml >y.yaml && mv y.yaml x.yaml
	plan
	run pth-exec -o packets-none plan
	assertEquals 'null false' "$(value '[.result.capture,
		(.compose.document.host_option_defaults | .pcap_enabled)] |
		map(tostring) | join(" ")')"
	assertFalse 'no packets' '[ -e packets-none/001-t/ping_client/eth0.pcap ]'
}

# A simulation that hangs ends with the timeout of the test, even when it does not want to.
testHang() {
	for behave in 'hang' 'hang deaf'; do
		stand_in "$behave" || return
		experiment 's/seed: 7/timeout: 5/'
		plan
		run pth-exec -o "hang-${behave#hang}" plan
		assertEquals "$behave" timeout "$(value .result.status)"
		assertMatch "$(value .result.reason)" "the test's timeout passed"
		assertEquals 'error error' "$(value '[.result.services[].state] | join(" ")')"
	done
}

# Who tells of the simulation is killed himself: all that is known is that it is lost.
testLost() {
	stand_in orphan || return
	experiment && plan
	run pth-exec -o lost plan
	assertEquals error "$(value .result.status)"
	assertMatch "$(value .result.reason)" '^shadow: the simulation was lost: pth-shadow ended'
	assertEquals 'no service of the test is said to have ended' shadow \
		"$(value '.result.services | keys | join(" ")')"
}

testFallback() {
	experiment 's/{type: shadow_ns.*/{type: shadow_ns, fallback: localhost}/'
	sed 's/role: server}/&\
        ports: ["4443:4443"]/' x.yaml >y.yaml && mv y.yaml x.yaml
	plan
	command -v /usr/bin/shadow >/dev/null && { skip 'this machine has Shadow'; return; }
	run env PATH="$(dirname "$(command -v pth-parse)"):/usr/bin:/bin:/usr/sbin" \
		pth-exec -o fall plan
	assertEquals 'completed localhost this machine has no program shadow' \
		"$(value '[.result.status, .fallback.to, .fallback.reason] | join(" ")')"
	stand_in good || return
	run pth-exec -o nofall plan
	assertEquals 'completed shadow_ns' \
		"$(value '[.result.status, .plan.environment.type] | join(" ")')"
}

testMistakes() {
	run pth-shadow
	assertEquals 2 "$code"
	echo '{"pth":1}' >shadow.json
	run pth-shadow shadow.json
	assertCode 3
	assertMatch "$err" 'shadow.json: it is not one that pth-compose has made'
	echo '{"pth":1,"stop_us":1,"services":[{"name":"../x","host":"h"}]}' >shadow.json
	run pth-shadow shadow.json
	assertCode 3
	assertMatch "$err" 'service 1 has no name or no host'
}

. shunit2
