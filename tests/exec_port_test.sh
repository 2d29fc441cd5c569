#!/bin/sh
# A port counts for a service when a process of that service holds it: readiness,
# port_open, service_responsive; and how such processes are known.
# @{dir} is literal; $port is a number; $out and $err come from run
# shellcheck disable=SC1083,SC2016,SC2086,SC2154
. "$TOP/tests/lib.sh"
. "$TOP/tests/exec_lib.sh"

free_port # of the host: isolation none
NONE='{"plan": {"environment": {"isolation": "none"}}}'
UDP='{"finite": false, "ready": [{"kind": "udp", "port": '$port', "timeout_us": 700000}]}'
TCP='{"finite": false, "ready": [{"kind": "tcp", "port": '$port', "timeout_us": 700000}]}'
LONG='{"finite": false, "ready": [{"kind": "tcp", "port": '$port', "timeout_us": 30000000}]}'
UDP_LONG='{"finite": false, "ready": [{"kind": "udp", "port": '$port', "timeout_us": 30000000}]}'

oneTimeSetUp() {
	# hold HOW...: words done one after the other.
	cat >hold.py <<-'P'
	import ctypes, os, socket, sys, time
	def listen(port):
	    s = socket.socket()
	    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	    s.bind(("127.0.0.1", port))
	    s.listen()
	    return s
	def udp(port):
	    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	    s.bind(("127.0.0.1", port))
	    return s
	kept = []
	port = int(sys.argv[1])
	for word in sys.argv[2:]:
	    if word == "tcp": kept.append(listen(port))
	    elif word == "udp": kept.append(udp(port))
	    elif word == "connected":
	        kept.append(udp(port))
	        kept[-1].connect(("127.0.0.1", 9))
	    elif word == "connect": kept[-1].connect(("127.0.0.1", 9))
	    elif word == "many":
	        kept += [os.open("/dev/null", os.O_RDONLY) for i in range(900)]
	    elif word == "setsid": os.setsid()
	    elif word == "fork":
	        if os.fork(): os._exit(0)
	    elif word == "child":
	        if os.fork(): time.sleep(100)
	    elif word == "secret": ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
	    elif word == "bare": os.execvpe("/usr/bin/python3", ["python3"] + sys.argv[:2] +
	        sys.argv[sys.argv.index("bare") + 1:], {"PATH": os.environ["PATH"]})
	    elif word == "up": open("up", "w").close()
	    elif word == "http":
	        c = kept[-1].accept()[0]
	        c.recv(1000)
	        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	        c.close()
	    elif word == "go":
	        while not os.path.exists("../c/go"): time.sleep(.02)
	time.sleep(100)
	P
	PY="/usr/bin/python3 $PTH_TMP/hold.py $port"
}

setUp() {
	foreign=''
}

tearDown() {
	[ -n "$foreign" ] || return 0
	kill "$foreign" 2>/dev/null
	wait "$foreign" 2>/dev/null # or the next one cannot have its port
	foreign=''
}

# Somebody else's program, outside of the test.
foreign() { # word...
	rm -f up
	# shellcheck disable=SC2086 # words
	$PY "$@" &
	foreign=$!
	assertSoon 20 test -e up
}

# What has become of the service a: "ready", or why it is not.
became() { # json json argv...
	became_json=$1 became_service=$2
	shift 2
	exec_one "$became_json" "$(svc a "$became_service" "$@")" "$(svc c \
		'{"after": [{"service": "a", "state": "ready"}]}' true)"
	field 'if .services.a.ready_us then "ready" else .services.a.error end'
}

testForeignProgramMakesNothingReady() {
	need /usr/bin/python3 python3 || return
	foreign tcp udp up
	assertEquals "$(line did not listen on TCP port $port within 700 ms: port $port is held by \
		"process $foreign" '(python3), not by this service')" \
		"$(became "$NONE" "$TCP" sleep 100)"
	assertEquals "$(line did not bind UDP port $port within 700 ms: port $port is held by \
		"process $foreign" '(python3), not by this service')" \
		"$(became "$NONE" "$UDP" sleep 100)"
	assertEquals "port_conflict $port" \
		"$(jq -r 'select(.id).result | "\(.category) \(.port)"' records)"
	# It is said at once, and by a server that cannot have it.
	run jq -r 'select(.event == "service.port_held") | "\(.process) \(.program) \(.port)"' \
		out/events.jsonl
	assertEquals "$foreign python3 $port" "$out"
	# shellcheck disable=SC2086 # words
	assertMatch "$(became "$NONE" "$LONG" sh -c 'sleep 0.3; exit 3')" \
		"$(line ended with exit code 3 before it was ready: port "$port" is held \
			"by process $foreign")"
	assertEquals "port_conflict $port" \
		"$(jq -r 'select(.id).result | "\(.category) \(.port)"' records)"
}

# Inside, where all processes are of one test.
testAnotherServiceMakesNothingReady() {
	need /usr/bin/python3 python3 || return
	# shellcheck disable=SC2086 # words
	for json in '{}' "$NONE"; do
		exec_one "$json" "$(svc b '{"finite": false, "ready": [{"kind": "file",
			"path": "up", "timeout_us": 30000000}]}' $PY tcp up)" \
			"$(svc a "$(printf '%s' "$TCP" | jq -c '.after = [{"service": "b",
			  "state": "ready"}]')" sleep 100)"
		assertMatch "$(field .services.a.error)" \
			'held by process [0-9]+ \(python3\), not by this service$'
		assertEquals error "$(field .status)"
	done
}

# Whoever is between the service and the process that listens.
testEveryDescendantCounts() {
	need /usr/bin/python3 python3 || return
	for json in '{}' "$NONE"; do
		# shellcheck disable=SC2086 # words
		{
			assertEquals ready "$(became "$json" "$LONG" $PY tcp)"
			assertEquals ready "$(became "$json" "$LONG" sh -c "$PY tcp; true")"
			assertEquals ready "$(became "$json" "$LONG" timeout 90 $PY tcp)"
			# Handed on: the one that has opened it may have gone.
			assertEquals ready "$(became "$json" "$LONG" \
				sh -c "$PY tcp fork; sleep 99")"
			# A daemon: an orphan in a session of its own.
			assertEquals ready "$(became "$json" "$LONG" \
				sh -c "$PY fork setsid fork tcp; sleep 99")"
			assertEquals ready "$(became "$json" "$LONG" \
				sh -c "setsid $PY tcp & sleep 99")"
			# Without its environment, but by its parent.
			assertEquals ready "$(became "$json" "$LONG" \
				$PY child setsid bare child tcp)"
			# A table of many descriptors.
			assertEquals ready "$(became "$json" "$LONG" $PY many tcp)"
		}
	done
}

testTraced() {
	need /usr/bin/python3 python3 || return
	need strace strace || return
	strace -o /dev/null true 2>/dev/null || skip 'no ptrace on this machine' || return
	# shellcheck disable=SC2086 # words
	assertEquals ready "$(became '{}' "$LONG" strace -f -o trace.txt $PY tcp)"
}

# An orphan that has thrown away its environment and left its session: by who it is, or
# nobody can say whose.
testNamelessOrphan() {
	need /usr/bin/python3 python3 || return
	need_users || return
	orphan="$PY bare fork setsid fork tcp; sleep 99"
	assertEquals ready "$(became '{}' "$LONG" sh -c "$orphan")"
	# The service ends when it has been said, however long the orphan takes to begin.
	assertMatch "$(became "$NONE" "$LONG" sh -c "${orphan%sleep*}
		until grep -q service.port_held ../../events.jsonl; do sleep 0.05; done; exit 3")" \
		'^ended with exit code 3.* held by process [0-9]+ \(python3\), not by this service$'
	need_user || return
	mkdir -p -m 777 user && chmod 755 "$PTH_TMP" && rm -rf user/*
	one '{}' "$(svc a "$LONG" sh -c "$orphan")" "$(svc c \
		'{"after": [{"service": "a", "state": "ready"}]}' true)" >plan.jsonl
	run as_user pth-exec -o user/out plan.jsonl
	assertEquals completed "$(jq_out -r 'select(.id).result.status')"
}

# Another service that has copied the mark, and is an orphan of its own.
testCopiedMarkDoesNotCount() {
	need /usr/bin/python3 python3 || return
	need_users || return
	exec_one '{}' "$(svc b '{"finite": false, "ready": [{"kind": "file", "path": "up",
		"timeout_us": 30000000}]}' sh -c "export PTH_TEST=\${PTH_TEST%/b}/a
		$PY fork setsid fork tcp up; sleep 99")" \
		"$(svc a "$(printf '%s' "$TCP" | jq -c '.after = [{"service": "b",
		  "state": "ready"}]')" sleep 100)"
	assertMatch "$(field .services.a.error)" 'held by process [0-9]+ .*, not by this service$'
}

testConnectedSocketIsNoServer() {
	need /usr/bin/python3 python3 || return
	# Nobody looks before it has connected.
	late=$(printf '%s' "$UDP_LONG" | jq -c '.ready |= [{kind: "file", path: "up",
		timeout_us: 30000000}] + .')
	assertEquals 'ended with exit code 3 before it was ready' "$(became '{}' "$late" sh -c \
		"$PY connected up & until [ -e up ]; do sleep 0.05; done; sleep 0.7; exit 3")"
	# One that has made it ready may connect to its client, and is watched on.
	exec_one '{"network_environment": {"monitoring_interval_seconds": 1,
		"failure_threshold_count": 1,
		"enable_background_monitoring": true}}' \
		"$(svc a "$UDP_LONG" sh -c \
		"$PY udp go connect up")" "$(svc c \
		'{"after": [{"service": "a", "state": "ready"}]}' sh -c ': >go; sleep 4')"
	assertEquals completed "$(field .status)"
	assertTrue 'it has connected' '[ -e out/t/a/up ]'
}

# Where it cannot be told, what is there counts as before, and this is said.
testUnprovenIsSaid() {
	need /usr/bin/python3 python3 || return
	need_user || return
	mkdir -m 777 user && chmod 755 "$PTH_TMP"
	# shellcheck disable=SC2086 # words
	one "$NONE" "$(svc a "$LONG" $PY secret tcp)" "$(svc c \
		'{"after": [{"service": "a", "state": "ready"}]}' true)" >plan.jsonl
	run as_user pth-exec -o user/out plan.jsonl
	assertCode 0
	assertEquals completed "$(jq_out -r 'select(.id).result.status')"
	assertEquals "a $port tcp" "$(jq -r 'select(.event == "service.port_unproven") |
		"\(.service) \(.port) \(.transport)"' user/out/events.jsonl)"
}

# A session that was made outside of our pid namespace has no number in it, as below the
# entry of a container: its processes are there all the same.
testSessionFromOutside() {
	need /usr/bin/python3 python3 || return
	need_root || return
	need_proc || return
	cat >outside.sh <<-S
	$PY tcp up &
	until [ -e up ]; do sleep 0.05; done
	echo "\$!" >foreign
	pth-exec -o out plan
	kill "\$!"
	S
	rm -f up
	one "$NONE" "$(svc a "$TCP" sleep 100)" >plan
	run unshare -pf --kill-child --mount-proc sh -c 'ps -o sid= $$ >sid; . ./outside.sh'
	assertEquals 0 "$(($(cat sid)))"
	assertMatch "$(jq_out -r 'select(.id).result.services.a.error')" \
		"held by process $(cat foreign) \(python3\), not by this service\$"
}

testPortOpen() {
	need /usr/bin/python3 python3 || return
	of='{"assertions": [
		{"type": "port_open", "service": "a", "port": '$port', "transport": "tcp"},
		{"type": "port_open", "port": '$port', "transport": "tcp"}]}'
	# shellcheck disable=SC2086 # words
	exec_one "$of" "$(svc a "$LONG" $PY tcp)" "$(svc c \
		'{"after": [{"service": "a", "state": "ready"}]}' true)"
	assertEquals 'true true' "$(field '[.assertions[].ok] | join(" ")')"
	# Another service's: the test's, but not that service's.
	# shellcheck disable=SC2086 # words
	exec_one "$of" "$(svc a '{"finite": false}' sleep 99)" "$(svc b "$LONG" $PY tcp)" "$(svc c \
		'{"after": [{"service": "b", "state": "ready"}]}' true)"
	assertEquals 'false true' "$(field '[.assertions[].ok] | join(" ")')"
	# Somebody else's.
	foreign tcp up
	exec_one "$(printf '%s\n%s' "$NONE" "$of" | jq -cs 'add')" \
		"$(svc a '{"finite": false}' sleep 99)" "$(svc c '{}' true)"
	assertEquals 'false false' "$(field '[.assertions[].ok] | join(" ")')"
	assertEquals "$(line TCP port $port is not open: port $port is held by process \
		"$foreign" '(python3), not by a program of this test')" \
		"$(field '.assertions[1].text')"
}

# An answer of somebody else's server is none of the service's.
testForeignAnswer() {
	need /usr/bin/python3 python3 || return
	foreign tcp up http
	exec_one "$(printf '%s\n%s' "$NONE" '{"assertions": [{"type": "service_responsive",
		"service": "a", "endpoint": "http://127.0.0.1:'$port'/"}]}' | jq -cs add)" \
		"$(svc a '{"finite": false}' sleep 99)" "$(svc c '{}' true)"
	assertEquals false "$(field '.assertions[0].ok')"
	assertMatch "$(field '.assertions[0].text')" \
		"status 200, but port $port is held by process $foreign \(python3\)"
}

. shunit2
