#!/bin/sh
# Samples of what services use while they run: metrics.jsonl, and what
# pth-collect makes of it.
# timeout: 300
# shellcheck disable=SC1083,SC2016 # @{dir} is literal; $ is for others
. "$TOP/tests/lib.sh"
. "$TOP/tests/exec_lib.sh"

samples() { # jq expression over the array of lines
	jq -s "$1" out/t/metrics.jsonl
}

samples_say() { # jq expression
	[ "$(samples "$1")" = true ]
}

# watched SERVICE CONDITION JSON SERVICE...: as exec1. The first one is told to end, by its file
# enough, when the condition (in sh) is true: however slow the machine is.
watched() {
	watched_file=out/t/$1/enough watched_until=$2
	shift 2
	rm -rf out
	one "$@" >plan.jsonl
	pth-exec -o out plan.jsonl >records 2>err &
	assertSoon 30 eval "$watched_until"
	touch "$watched_file"
	wait $!
	code=$? err=$(cat err)
	out=$(jq -c 'select(.type == "test").result' records)
}

enough='until [ -e enough ]; do sleep 0.05; done'

# pair WORDS: a program of two processes, of which none is ever another one; it ends when that is
# so. (A look at all processes is no moment: it may see one that ends, and the next one, too.)
pair() {
	printf '%s' 'defined($p = fork) or die; if ($p == 0) { sleep 60; exit }
		until ('"$1"') { select(undef, undef, undef, 0.05) } kill 9, $p'
}

# Two processes beside the shell; it ends when it is told to.
family="sleep 60 & sleep 60 & $enough; kill \$!; kill %1 2>/dev/null; exit 0"

testProcessesOfAService() {
	watched s "samples_say 'length >= 4 and any(.[].services.s.processes // 0; . >= 3)'" \
		'{"settings": {"metrics": {"publish_interval": 60},
			"observers": {"metrics": {"publish_interval": 0.1}}}}' \
		"$(svc s '{}' sh -c "$family")" "$(svc other '{"finite": false}' sleep 60)"
	assertCode 0
	assertEquals "$(field .reason)" completed "$(field .status)"
	assertEquals true "$(samples 'length >= 4')"
	assertEquals true "$(samples 'map(.services.s.processes // 0) | max >= 3')"
	assertEquals 1 "$(samples 'map(.services.other.processes // 0) | max')"
	assertEquals \
		"$(json '["cpu_percent","cpu_us","fds","involuntary","processes","rss_kb",
			"threads","voluntary"]')" \
		"$(samples '.[0].services.other | keys' | jq -c .)"
	assertEquals true "$(samples '[.[].at_us] | . == sort and (. | unique | length) == length')"
	assertEquals true \
		"$(samples '.[0].interval_us == 0 and .[1].at_us - .[0].at_us == .[1].interval_us')"
	assertEquals true \
		"$(samples 'all(.[].services[];
			.rss_kb >= 0 and .fds >= 0 and .threads >= .processes)')"
	assertEquals '' "$(ls -d out/t/*/metrics.jsonl 2>/dev/null)"
}

# Where parts of /proc are hidden, as in most containers, nobody inside gets
# one for his own pid namespace.
testProcOfAnOuterNamespace() {
	unshare -Urm sh -c 'mount --bind /dev/null /proc/timer_list' 2>/dev/null ||
		skip 'nothing of /proc can be hidden here' || return
	steps='{"actions": [{"exec": {"service": "s", "argv": ["sh", "-c",
		"until [ -e settled ]; do sleep 0.02; done"]}}, {"wait_us": 4000000},
		{"signal": {"service": "s", "signal": "USR1"}}]}'
	one "{\"settings\": {\"metrics\": {\"publish_interval\": 0.1}}, \"steps\": $steps}" \
		"$(svc s '{}' \
			sh -c 'trap "kill %1; exit 0" USR1; sleep 60 & setsid -f sleep 61
			: >settled; wait')" \
			>plan.jsonl
	rm -rf out
	run unshare \
		-Urm \
		sh -c 'mount --bind /dev/null /proc/timer_list; exec pth-exec -o out plan.jsonl'
	assertCode 0
	out=$(jq_out -c 'select(.type == "test").result')
	assertMatch "$(field .isolation.reason)" '^/proc: '
	assertEquals "$(field .reason)" completed "$(field .status)"
	# Of most of its life: while setsid starts the other one, there is a third.
	assertEquals 2 "$(samples 'map(.services.s.processes // empty) | sort |
		.[length / 2 | floor]')"
	assertEquals true "$(samples 'map(.services.s.rss_kb // 0) | max > 100')"
	assertEquals true "$(samples 'map(.services.s.fds // 0) | max > 3')"
}

# Who runs the test may himself not run while it does; all then comes at once. He
# is woken by his parent, unless that does not run, either.
testRunThatIsLateForItsFirstSample() {
	echo 'read -r pid name state parent rest </proc/$PPID/stat
		kill -STOP $parent $PPID; sleep 0.2; kill -CONT $parent $PPID' >stop
	exec_one '{"plan": {"environment": {"isolation": "none"}}, "steps": {"actions": [
		{"exec": {"service": "s", "argv": ["sh", "'"$PWD"'/stop"]}}]}}' \
		"$(svc s '{"finite": false}' sleep 60)"
	assertEquals "$(field .reason)" completed "$(field .status)"
	assertEquals true "$(samples '.[-1] | .at_us > 200000 and .services.s.processes == 1')"
}

# Of several intervals the shortest counts, but not that of an observer that is off.
testIntervalsOfObservers() {
	set -- "$(svc s '{}' sh -c "$family")"
	for observers \
		in '{"metrics": {"publish_interval": 60, "resource_collection_interval": 0.1}}' \
		'{"metrics": {"publish_interval": 60}, "resource": {"monitor_interval": 0.1}}'; do
		watched s "samples_say 'length > 10'" \
			"{\"settings\": {\"observers\": $observers}}" "$1"
		assertEquals "$observers" true "$(samples 'length > 10')"
	done
	watched s "samples_say 'length > 7'" '{"settings": {"metrics": {"publish_interval": 60},
		"observers": {"resource": {"enabled": false, "monitor_interval": 0.1}}}}' "$1"
	# The last one is that of the end.
	assertEquals 'further and further apart' true "$(samples '[.[1:-1][].interval_us] |
		length > 4 and ([range(length) as $i | .[$i] >= 10000 * pow(2; $i)] | all)')"
}

testProcessorTimeThreadsAndMemory() {
	need python3 python3 || return
	watched s "samples_say \
		'map(.services.s | .threads == 5 and .cpu_us >= 290000) | any'" \
		'{"settings": {"metrics": {"publish_interval": 0.1}}}' "$(svc s '{}' python3 -c '
import os, threading, time
x = b"x" * (60 << 20)
def stay():
	while not os.path.exists("enough"): time.sleep(.05)
for i in range(4): threading.Thread(target=stay).start()
end = time.process_time() + .3
while time.process_time() < end: pass')"
	assertEquals completed "$(field .status)"
	# python3 may be a script that starts others before it is one process.
	assertEquals true \
		"$(samples 'map(.services.s | select(.processes == 1).threads) | max == 5')"
	assertEquals true "$(samples 'map(.services.s.rss_kb // 0) | max > 61440')"
	assertEquals true "$(samples 'map(.services.s.cpu_us // 0) | max >= 290000')"
	assertEquals true "$(samples 'map(.services.s.cpu_percent // 0) | max > 0')"
	run pth-collect out
	assertEquals true "$(jq_out -s '.[0].metrics.services.s |
		.peak.samples >= 3 and .peak.max_threads >= 5 and .peak.max_rss_kb > 61440 and
		.user_us > 0 and
		.peak.max_cpu_percent >= .peak.mean_cpu_percent and (has("traffic") | not)')"
	assertEquals '["metrics"]' "$(printf '%s\n' "$out" |
		jq -cs '[.[0].artifacts[] | select(.path == "metrics.jsonl") | .kind]')"
}

testTraffic() {
	need_namespaces || return
	need python3 python3 || return
	minip 1
	# Its socket is open until it has been seen, and the capture's ring has room for all.
	seen='any(.[].services | .server.sent_packets and .client.sent_packets; .)'
	watched client 'samples_say "$seen" && [ -e out/t/client/done ]' \
		'{"plan": {"capture": {"interface": "lo", "file": "capture.pcapng"}}}' \
		"$minip_server" \
		"$(svc client '{"after": [{"service": "server", "state": "ready"}]}' python3 -c '
import os, socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.1", 4443))
for i in range(500):
	s.send(b"ping %d" % i)
	s.recv(100)
open("done", "w")
while not os.path.exists("enough"): time.sleep(.05)')"
	assertEquals completed "$(field .status)"
	assertEquals 0 "$(field .capture.dropped)"
	traffic='.services.X | "\(.sent_packets) \(.received_packets)"'
	assertEquals '"500 500"' "$(samples ".[-1] | $(echo "$traffic" | sed s/X/server/)")"
	assertEquals '"500 500"' "$(samples ".[-1] | $(echo "$traffic" | sed s/X/client/)")"
	assertEquals true \
		"$(samples '.[-1].services | .server.sent_bytes == .client.received_bytes and
		.client.sent_bytes == .server.received_bytes and .server.sent_bytes > 500 * 46')"
	assertEquals true "$(samples '.[-1].net.lo.sent_packets >= 1000')"
	run pth-collect out
	assertEquals 500 "$(jq_out -s '.[0].metrics.services.client.traffic.sent_packets')"
}

testTotalsWithoutACapture() {
	need_namespaces || return
	minip 5000
	exec_one '{}' "$minip_server" "$minip_client"
	assertEquals false "$(samples 'any(.[].services[]; has("sent_packets"))')"
	assertEquals true "$(samples '.[-1].net.lo.sent_packets >= 10000')"
}

testNoSamples() {
	exec_one '{}' "$(svc s '{}' true)"
	assertEquals completed "$(field .status)"
	for off in enabled collect_system_metrics; do
		exec_one "{\"settings\": {\"metrics\": {\"$off\": false}}}" \
			"$(svc s '{}' sleep 0.1)"
		assertEquals completed "$(field .status)"
		assertFalse "$off" '[ -e out/t/metrics.jsonl ]'
		exec_one "{\"settings\": {\"observers\": {\"metrics\": {\"$off\": false}}}}" \
			"$(svc s '{}' sleep 0.1)"
		assertFalse "observer: $off" '[ -e out/t/metrics.jsonl ]'
	done
}

testOnTheHostItself() {
	watched s "samples_say 'any(.[].services.s.processes // 0; . == 2)'" \
		'{"plan": {"environment": {"isolation": "none"}}}' \
		"$(svc s '{}' perl -e "$(pair '-e "enough"')")"
	assertEquals completed "$(field .status)"
	assertEquals 2 "$(samples 'map(.services.s.processes // 0) | max')"
}

testAsAnOrdinaryUser() {
	need_user || return
	minip 5000
	one '{"plan": {"capture": {"interface": "lo", "file": "capture.pcapng"}}}' "$minip_server" \
		"$minip_client" >plan.jsonl
	rm -rf user out
	mkdir -m 777 user
	chmod 711 "$PTH_TMP"
	run as_user pth-exec -o "$PTH_TMP/user/out" <plan.jsonl
	assertCode 0
	ln -s user/out out
	assertEquals true "$(samples 'map(.services.server.fds // 0) | max >= 4')"
	assertEquals "$(jq_out 'select(.type == "test").result.capture.packets')" \
		"$(samples '.[-1].services | .server.sent_packets + .client.sent_packets')"
	rm out
}

# What the supervisor in a container does, without the container.
testInsideOfAContainer() {
	need_root || return
	unshare -pf --mount-proc true 2>/dev/null || skip 'no pid namespaces' || return
	rm -rf out
	mkdir -p out/t/s
	jq -n --argjson s "$(svc s '{"limits": {"log": 1000}}' sh -c 'seq 1000; exec perl -e "$0"' \
			"$(pair 'open(F, "<", "metrics.jsonl") && grep(/"processes":2,/, <F>)')")" \
		--arg dir "$PTH_TMP/out/t" '
		{pth: 1, dir: $dir, service: "s", user: {}, open: [],
		 settings: {metrics: {publish_interval: 0.1}},
		 plan: {environment: {type: "localhost", isolation: "none"}, timeout_us: 0,
		   setup: [], capture: null,
			metrics: {file: "s/metrics.jsonl"}, order: ["s"],
			services: [$s[0] * $s[1]]}}' \
				>inner-plan.json
	run unshare -pf --mount-proc pth-init inner-plan.json
	assertCode 0
	mv out/t/s/metrics.jsonl out/t/
	assertEquals 2 "$(samples 'map(.services.s.processes // 0) | max')"
	assertEquals true "$(jq '.service.logs_cut["stdout.log"] > 0' out/t/s/inner.json)"
}

testSamplesThatCannotBeWritten() {
	watched s 'grep -q metric.failed err' '{"plan": {"dirs": ["metrics.jsonl"]}}' \
		"$(svc s '{}' sh -c "$enough")"
	assertEquals completed "$(field .status)"
	assertEquals 1 "$(printf '%s\n' "$err" | grep -c '"metric.failed"')"
	run pth-collect out
	assertCode 0
}

# A service can write there as well as we can.
testSamplesThatAreNotToBeBelieved() {
	exec_one '{}' "$(svc s '{}' sleep 0.1)"
	{
		echo 'no json'
		echo '[]'
		echo '{"services": {"s": 3, "other": {"processes": 1}}}'
		echo '{"services": {"s": {"processes": 1, "rss_kb": -5,' \
			'"threads": 1e300, "cpu_percent": 1e300}}}'
		echo '{"interval_us": -9223372036854775808,' \
			'"services": {"s": {"processes": 9223372036854775807, "fds": 7777}}}'
		head -c 5000000 /dev/zero
	} >>out/t/metrics.jsonl
	run pth-collect out
	assertCode 0
	assertEquals '["s"]' "$(jq_out -cs '.[0].metrics.services | keys')"
	assertEquals 7777 "$(jq_out -s '.[0].metrics.services.s.peak.max_fds')"
	rm out/t/metrics.jsonl
	ln -s /dev/zero out/t/metrics.jsonl
	run pth-collect out
	assertCode 0
	assertEquals false "$(jq_out -s '.[0].metrics.services.s | has("peak")')"
}

testInTheReport() {
	watched s "samples_say 'length >= 1'" '{}' "$(svc s '{}' perl -e "$(pair '-e "enough"')")"
	pth-collect out >collected 2>/dev/null
	run pth-report -o report --html report.html collected
	assertCode 0
	assertMatch "$(cat report/EXPERIMENT_REPORT.md)" \
		'^\| Use of s \| .*% of a processor.* [12] threads?, [0-9]+ descriptors'
	assertMatch "$(cat report.html)" '<td>.*% of a processor'
}

testIntervalInTheExperiment() {
	cat >e.yaml <<-'end'
	metrics: {publish_interval: 0.5}
	tests: [{name: x, services: {a: {implementation: {name: ping_pong, type: iut},
	  protocol: {name: minip, version: random, role: server}}}}]
	end
	run pth-parse e.yaml
	assertEquals '{"enabled":true,"publish_interval":0.5}' \
		"$(jq_out -c 'select(.type == "test").settings.metrics')"
	sed -i s/0.5/0/ e.yaml
	run pth-parse e.yaml
	assertCode 3
	assertMatch "$err" "$(line '^e.yaml:1:29: error: publish_interval: integer .0.;' \
		'expected number from 0.1 to 3600')"
}

. shunit2
