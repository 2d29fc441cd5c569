#!/bin/sh
# The front door.
# timeout: 180
. "$TOP/tests/lib.sh"

ping=$TOP/examples/ping-pong.yaml

bad_file() {
	printf '%s\n' 'tests:' \
		'  - name: x' \
		'    network_environment: {type: localhost}' \
		'    services:' \
		'      server:' \
		'        implementation: {name: ping_pong}' \
		'        protocol: {name: minip, role: sever}' >bad.yaml
}

testRun() {
	need tshark tshark || return
	run pth run "$ping" -o out
	assertCode 0
	assertTrue 'a report' '[ -f out/EXPERIMENT_REPORT.md ]'
	assertEquals 'the experiment is kept' "$(cat "$ping")" "$(cat out/experiment.yaml)"
	assertEquals passed \
		"$(jq -r 'select(.verdict) | .verdict.status' out/*/result.json \
			out/*.jsonl 2>/dev/null | sort -u | head -n 1)"
}

testRunPassesOptionsOn() {
	need tshark tshark || return
	quick t.yaml
	run pth run t.yaml -o forms --html h.html --junit=j.xml --tap t.tap --csv c.csv \
		--series
	assertCode 0
	assertTrue '[ -f forms/001-t*/series.jsonl ]'
	assertEquals 4 "$(grep -lE '<html|<testsuite|^1\.\.1|^id,|001-t' h.html j.xml t.tap c.csv |
		wc -l)"
	assertEquals "report: $PTH_TMP/forms/EXPERIMENT_REPORT.md" \
		"$(printf '%s\n' "$out" | tail -n 1)"
	assertMatch "$err" '^ran 1/1 001-t '
	assertNoMatch "$err" '^[{]'
	run pth run -j 1 --only '*functional' "$TOP/examples/minip-versions.yaml" -o 'a dir'
	assertCode 0
	assertTrue 'options before the file, and a blank in a name' \
		"[ -f 'a dir/EXPERIMENT_REPORT.md' ]"
	assertTrue '[ -d "a dir/001-minip-functional" ]'
	assertFalse 'nobody wants them' '[ -e "a dir/001-minip-functional/series.jsonl" ]'
	assertFalse 'not selected, not run' '[ -e "a dir/004-minip-fail/server/stdout.log" ]'
}

testRunOfAFailingTest() {
	need tshark tshark || return
	sed 's/version: functional, role: server/version: fail, role: server/' "$ping" >fail.yaml
	run pth run fail.yaml -o failed
	assertCode 1
	assertTrue '[ -f failed/EXPERIMENT_REPORT.md ]'
}

testRunOfABadFileRunsNothing() {
	bad_file
	run pth run bad.yaml -o never
	assertCode 3
	assertMatch "$err" '^bad\.yaml:7:[0-9]+: .*sever.*server'
	assertFalse '[ -e never ]'
	for command in 'pth run -o never' 'pth check' pth-parse 'pth-parse --check' pth-plan; do
		$command absent.yaml >said 2>&1
		assertEquals "$command: $(cat said)" 4 $?
		assertMatch "$(cat said)" 'absent\.yaml:.* No such file'
	done
}

testDryRun() {
	run pth run --dry-run "$ping" -o dry
	assertCode 0
	assertFalse 'nothing was run' '[ -e dry ]'
	# What it prints can be pasted: here all of it, with a directory that holds a quote.
	assertEquals '# test 001-ping-pong-functional,# service server,# service client' \
		"$(printf '%s\n' "$out" | grep '^#' | paste -sd ,)"
	run pth run --dry-run "$ping" -o "it's dry"
	assertCode 0
	printf '%s\n' "$out" >pasted.sh
	assertTrue 'a shell reads it' 'sh -n pasted.sh'
	assertMatch "$out" "/it'.*s dry/001-ping-pong-functional/server.* & pids="
	assertEquals 'kill $pids' "$(grep . pasted.sh | tail -n 1)"
	# What runs in a container is a comment beside the commands of the engine.
	run pth run --dry-run "$TOP/examples/minip-docker.yaml"
	assertCode 0
	assertMatch "$out" \
		'^# in the container of server: /usr/local/libexec/pth/miniP_server -p 4443'
	# A test that would not be run says why; files and variables are made.
	cat >files.yaml <<-'end'
	tests:
	- &t
	  name: "quote ' it"
	  tags: [smoke]
	  network_environment: {type: localhost}
	  services:
	    s:
	      implementation: {name: command, type: testers,
	        command: [sh, -c, 'echo "$V"; cat in/x']}
	      protocol: {name: minip}
	      environment: {V: "a $b 'c'"}
	      files: [{path: in/x, text: "it's $HOME"}]
	- {<<: *t, name: other, tags: [slow]}
	end
	run pth run -n files.yaml -o pasted --only tag:sm*
	assertCode 0
	assertMatch "$out" '^# not run: not selected by --only$'
	assertEquals "a \$b 'c',it's \$HOME" "$(printf '%s\n' "$out" | sh | paste -sd ,)"
}

testCheck() {
	run pth check "$ping"
	assertCode 0
	bad_file
	run pth check bad.yaml
	assertCode 3
	assertMatch "$out" '^bad\.yaml:7:[0-9]+: '
}

testCheckSeesWhatOnlyPlanningSees() {
	# the problems of both stages at once, by their place, of all tests
	cat >both.yaml <<-'end'
	tests:
	- name: a
	  network_environment: &e {type: localhost}
	  services: {s: {implementation: {name: nosuch}, protocol: {name: minip}, ports: ["1:1"]}}
	- name: b
	  network_environment: *e
	  services: {s: {implementation: {name: ping_pong}, protocol: {name: minip, role: client}}}
	- name: c
	  network_environment: *e
	  services: {s: {implementation: {name: pingpong}, protocol: {name: minip}, ports: ["1:1"]}}
	end
	run pth check both.yaml
	assertCode 3
	assertEquals \
		"both.yaml:4:41: error: no implementation named 'nosuch'; \
pth list shows those that there are
both.yaml:7:63: error: a client must have a target: the name of the service that it talks to
both.yaml:10:41: error: no implementation named 'pingpong'; did you mean 'ping_pong'?" "$out"
	sed 's/name: ping_pong/name: pingpong/' "$ping" >unknown.yaml
	run pth check unknown.yaml
	assertCode 3
	assertMatch "$out" '^unknown\.yaml:[0-9]+:[0-9]+: .*pingpong'
	assertEquals '' "$(find . -name outputs)"
}

# Mistakes of all stages in one look, in tests of their own and together: one of parse does not
# hide those of plan, compose and the machine, and nothing that only follows from another is said.
testCheckFindsTheMistakesOfAllStages() {
	cat >all.yaml <<-'end'
	docker: {network_mode: host}
	logging: {level: LOUD}
	tests:
	- name: a
	  network_environment: {type: docker_compose}
	  timeout: soon
	  services:
	    s: {implementation: {name: ping_pong, cout: 2}, protocol: {name: minip, role: sever},
	        ports: ["1:1"], limits: {memory: 4000GB}}
	    t: {implementation: {name: ping_pong}, protocol: {name: minip, role: client, target: s}}
	- name: b
	  network_environment: {type: localhost}
	  cpus: 250
	  limits: {memory: 3000GB}
	  services:
	    s: {implementation: {name: command, type: testers, command: [no-such-program]},
	        protocol: {name: minip}, ports: ["6:6"]}
	    c: {implementation: {name: ping_pong}, protocol: {name: minip, role: client}}
	    d: {implementation: {name: pingpong}, protocol: {name: minip, role: client, target: x}}
	- name: c
	  network_environment: {type: shadow_ns}
	  services:
	    s: {implementation: {name: ping_pong}, protocol: {name: minip}, ports: ["2:2"]}
	  links: [{between: [s, s], latency: 10ms}]
	- name: d
	  network_environment: {type: docker_compose, service_prefix: "_", subnet: 10.1.0.0/31}
	  services:
	    docker: {implementation: {name: ping_pong}, protocol: {name: minip}, ports: ["3:3"]}
	    b: {implementation: {name: bad}, protocol: {name: minip}, ports: ["4:4"]}
	- name: e
	  network_environment: {type: localhost}
	  services:
	    s: {implementation: {name: needy}, protocol: {name: minip}, ports: ["5:5"]}
	end
	mkdir -p all
	cat >all/bad.yaml <<-'end'
	plugin: bad
	kind: iut
	protocol: minip
	docker: {packages: ["a b"]}
	commands: {any: [x]}
	end
	cat >all/needy.yaml <<-'end'
	plugin: needy
	kind: iut
	protocol: minip
	requires: [{program: no-such-tool, package: no-pkg}]
	commands: {any: [no-such-tool]}
	end
	printf '    %s\n' >>all.yaml \
		't: {implementation: {name: ping_pong, binary_name: no-such-name}, protocol: {' \
		'    name: minip}, ports: ["7:7"]}'
	run pth check -P all all.yaml
	assertCode 3
	# The engine of this machine may answer or not.
	assertEquals "$(cat <<-'end'
	1:24: error: docker.network_mode host
	2:18: error: level
	6:12: error: timeout
	8:49: error: ping_pong has no parameter 'cout'; did you mean 'count'?
	8:83: error: role
	9:42: warning: limits.memory
	13:9: warning: cpus
	14:20: warning: limits.memory
	16:32: warning: this machine has no program no-such-program; install it, or give its path
	18:54: error: a client must have a target
	19:32: error: no implementation named 'pingpong'; did you mean 'ping_pong'?
	19:89: error: there is no service 'x' in this test; did you mean 's'?
	24:11: error: links
	26:63: error: service_prefix
	26:76: error: subnet
	28:13: error: a service in a container cannot be named docker
	29:32: error: b
	33:32: warning: this machine has no program no-such-tool; install the package no-pkg
	34:32: warning: this machine has no program DIR/no-such-name; install it, or give its path
	end
	)" "$(printf '%s\n' "$out" | sed -n 's/^all\.yaml://p' | grep -v 'engine answers' | sed -E \
		's,(no program )/.*/,\1DIR/,
		s/; the test is not run//
		s/^([0-9:]+ [a-z]+: (docker.network_mode host|[^:"]*)).*/\1/')"
	problems=$(printf '%s\n' "$out" | grep -v 'engine answers')
	PTH_EVENTS='' run pth run -P all all.yaml -o never
	assertCode 3
	assertEquals 'a run says the same' "$problems" "$err"
	assertFalse '[ -e never ]'
	# What is without errors runs when that is wanted, and the others are errors.
	sed -i '/LOUD/d; /^- name: d/,/^- name: e/{/^- name: e/!d;}' all.yaml
	run pth run -P all all.yaml -o some --keep-going
	assertCode 1
	assertEquals 'error error error error' \
		"$(jq -r 'select(.id).result.status' some/results.jsonl | xargs)"
}

# Without tshark, only a filter of more than the fields that are read here is missed.
testCheckNamesTsharkWhereItIsNeeded() {
	mkdir few
	ln -s /usr/bin/* few
	rm -f few/tshark
	cat >filters.yaml <<-'end'
	tests:
	- name: x
	  network_environment: {type: localhost}
	  services: {s: {implementation: {name: ping_pong}, protocol: {name: minip}}}
	  expect:
	    packets: [{filter: udp.port == 4443, min: 0}]
	end
	run env PATH="$PTH_TMP/few" "$TOP/bin/pth" check filters.yaml
	assertCode 0
	assertNoMatch "$out" tshark
	sed -i 's/udp.port == 4443/dns.qry.name matches "x"/' filters.yaml
	run env PATH="$PTH_TMP/few" "$TOP/bin/pth" check filters.yaml
	assertMatch "$out" 'no program tshark; install the package tshark'
}

# Of the machine, of the user, of the experiment, of a variable, of an option: the last counts,
# and it is said which.
testSettingsOfAllExperiments() {
	mkdir -p config/pth
	quick set.yaml
	sed -i '1i logging: {level: WARNING}' set.yaml
	printf 'logging: {level: ERROR, enable_colors: false}\ndocker: {network_mode: none}\n' \
		>machine.yaml
	printf 'logging: {level: DEBUG}\npaths: {output_dir: mine}\n' >config/pth/config.yaml
	export XDG_CONFIG_HOME="$PTH_TMP/config" PTH_CONFIG="$PTH_TMP/machine.yaml"
	run pth-parse set.yaml
	assertCode 0
	assertEquals 'WARNING false none mine' "$(jq_out -r 'select(.id).settings |
		[.logging.level, .logging.enable_colors, .docker.network_mode,
			.paths.output_dir] | join(" ")')"
	looked=0
	while IFS='|' read -r words value by; do
		# shellcheck disable=SC2086 # words
		run pth check --explain $words
		assertCode 0
		assertEquals "$words" "set to: $value,by: $by" "$(printf '%s\n' "$out" |
			sed -n 's/^\t\(set to\|by\): /\1: /p' | sed "s|: $PTH_TMP/|: |" |
			paste -sd ,)"
		looked=$((looked + 1))
	done <<-'EOT'
	logging.level|"DEBUG"|config/pth/config.yaml:1:18
	logging.level set.yaml|"WARNING"|set.yaml:1:18
	level -s logging.level=INFO set.yaml|"INFO"|-s logging.level:1:1
	docker.network_mode set.yaml|"none"|machine.yaml:2:24
	paths.output_dir|"mine"|config/pth/config.yaml:2:21
	EOT
	assertLeast 5 $looked keys
	run env PTH_LOG_LEVEL=TRACE pth check --explain logging.level set.yaml
	assertMatch "$out" 'by: PTH_LOG_LEVEL:1:1'
	run pth check --explain logging.format
	assertNoMatch "$out" 'set to'
	# It is the user's home, where nothing else is said.
	mkdir -p home/.config && cp -R config/pth home/.config
	run env -u XDG_CONFIG_HOME HOME="$PTH_TMP/home" pth check --explain logging.level
	assertMatch "$out" 'by: .*/home/.config/pth/config.yaml:1:18'
	run env -u XDG_CONFIG_HOME HOME=/none PTH_CONFIG= pth check --explain logging.level
	assertNoMatch "$out" 'set to:'
	# One that is named is there.
	run env PTH_CONFIG="$PTH_TMP/missing.yaml" pth check set.yaml
	assertCode 3
	assertMatch "$out" '/missing.yaml:1:1: error: No such file or directory'
	# Mistakes have their place there.
	printf 'logging: {level: LOUD}\ntests: []\nmetadata: {name: x}\n' >machine.yaml
	run pth check --explain docker.network_mode
	assertCode 3
	assertMatch "$err" "/machine.yaml:2:1: error: 'tests' belongs in an experiment"
	printf 'x\n' >config/pth/config.yaml
	run pth check set.yaml
	assertCode 3
	assertEquals "$(printf '%s\n' \
		'config/pth/config.yaml:1:1: error: settings: a string; expected a map' \
		"machine.yaml:2:1: error: 'tests' belongs in an experiment" \
		"machine.yaml:3:1: error: 'metadata' belongs in an experiment")" \
		"$(printf '%s\n' "$out" | sed "s|^$PTH_TMP/||; s/, not in.*//")"
	sed -i 's/WARNING/INFO/; s/^logging.*//' set.yaml
	run pth check set.yaml
	assertMatch "$out" '/machine.yaml:1:18: error: level: string .LOUD'
	unset XDG_CONFIG_HOME PTH_CONFIG
}

# Where no engine answers, the test runs on this machine, which is said.
testFallback() {
	mkdir -p engine
	printf '#!/bin/sh\nexit 1\n' >engine/docker && chmod +x engine/docker
	quick fall.yaml
	more='fallback: localhost, teardown_timeout: 7'
	sed -i "s/{type: localhost}/{type: docker_compose, $more}/" fall.yaml
	run env PATH="$PTH_TMP/engine:$PATH" pth run fall.yaml -o fallen
	assertCode 0
	assertEquals "$(json '["localhost", "docker_compose", "localhost",
		"no container engine answers", null]')" \
		"$(jq -c 'select(.id) | [.plan.environment.type, .fallback.from, .fallback.to,
			.fallback.reason, .compose]' fallen/results.jsonl)"
	assertEquals 1 "$(grep -c '"event":"environment.fallback"' fallen/events.jsonl)"
	assertMatch "$(cat fallen/EXPERIMENT_REPORT.md)" \
		'^- \*\*Fallback\*\*: ran on localhost, not docker.*: no container engine answers'
	assertEquals 'ran on localhost, not docker_compose: no container engine answers' \
		"$(jq -r '.. | .fallback? // empty' fallen/experiment_summary.json)"
	printf '#!/bin/sh\n[ "$1" = info ]\n' >engine/docker
	run env PATH="$PTH_TMP/engine:$PATH" pth run fall.yaml -o asked
	assertCode 1
	assertEquals '["docker_compose",7000000,null,"error"]' \
		"$(jq -c 'select(.id) | [.plan.environment.type,
			.plan.environment.teardown_timeout_us, .fallback, .result.status]' \
			asked/results.jsonl)"
	while IFS='|' read -r from to want; do
		sed "s/docker_compose/$from/; s/fallback: localhost/fallback: $to/" \
			fall.yaml >f.yaml
		run env PATH="$PTH_TMP/engine:$PATH" pth check f.yaml
		assertEquals "$from $to" "$want" "$(printf '%s\n' "$out" |
			sed 's/.*fallback:* //; s/; .*//')"
	done <<-'EOT'
	docker_compose|localhost|
	docker_compose|no|no network environment named 'no'
	docker_compose|shadow_ns|shadow_ns is no environment of this machine alone
	localhost|localhost|has no effect: localhost needs no container engine
	EOT
}

testListAndShow() {
	run pth list plugins
	assertCode 0
	assertEquals 'each descriptor is a line' \
		"$(find "$TOP/share/plugins" -name '*.yaml' | wc -l)" \
		"$(printf '%s\n' "$out" | wc -l)"
	assertMatch "$out" '^iut +quic +ngtcp2 '
	run pth list tester
	assertEquals 'command panther_ivy' "$(printf '%s\n' "$out" | awk '{ print $3 }' | xargs)"
	run pth show ping_pong
	assertCode 0
	assertEquals "$(cat "$TOP/share/plugins/services/iut/minip/ping_pong.yaml")" "$out"
	run pth show ping_pong --resolved
	assertCode 0
	assertMatch "$out" '^  grace: 5s  # .*base/service.yaml'
	run pth show no_such_plugin
	assertCode 3
	assertMatch "$err" no_such_plugin
}

# What it says of this machine is what anybody finds who tries.
testDoctorTellsTheTruth() {
	mkdir -p quick/fake && cd quick || return
	fake docker-compose 'exit 1' # the real one takes seconds
	run env PATH="$PWD/fake:$PATH" pth doctor --json
	there='true' looked=0
	while IFS='|' read -r name try; do
		want=false
		! env PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" sh -c "$try" >/dev/null 2>&1 ||
			want=true
		case $name in
		pth-* | tshark | openssl | jq | ip) [ $want = true ] || there=false ;;
		esac
		assertEquals "$name" $want "$(jq_out "select(.name == \"$name\").ok")"
		looked=$((looked + 1))
	done <<-'EOT'
	pth-exec|command -v pth-exec
	tshark|command -v tshark
	openssl|command -v openssl
	jq|command -v jq
	ip|command -v ip
	namespaces|unshare -Urnpmiuf ip link set lo up
	private /tmp|unshare -Urm mount -t tmpfs tmpfs /tmp
	capture in a namespace|unshare -Urn true
	network conditions|unshare -Urn tc qdisc add dev lo root netem delay 1ms
	docker|command -v docker
	docker engine|timeout 5 docker info
	docker-compose|false
	strace|strace -o strace.out true
	valgrind|command -v valgrind
	gdb|command -v gdb
	perf|perf stat -o perf.out true
	gtlsserver|command -v gtlsserver
	gtlsclient|command -v gtlsclient
	miniP|test -x "$(dirname "$(command -v pth)")/../examples/minip/miniP_server"
	EOT
	assertLeast 19 $looked things
	assertEquals 'exit code' $there "$([ "$code" = 0 ] && echo true || echo false)"
	if "$TOP/tests/fixtures/can-limit" 2>/dev/null; then
		assertEquals 3 "$(jq_out -r 'select(.name | startswith("limit of")).by' |
			grep -c '^cgroup v[12]$')"
	fi
}

# iproute2 is there: what is missing then is the kernel's.
testDoctorOnConditionsAndCaptures() {
	need_namespaces && need_users || return
	mkdir -p fake
	fake tc 'exit 2' && fake docker-compose 'exit 1'
	run env PATH="$PTH_TMP/fake:$PATH" pth doctor --json
	assertEquals 'false  this kernel has no netem' \
		"$(jq_out -r '
			select(.name == "network conditions") | "\(.ok) \(.package) \(.cost)"' |
			sed 's/no delay.*: //;s/ (.*//')"
	assertEquals true "$(jq_out 'select(.name == "capture in a namespace").ok')"
	# Not dumpcap's rights count, but ours.
	need_user || return
	mkdir -p user && chmod 777 user && chmod 711 "$PTH_TMP"
	rm fake/tc
	run as_user env PATH="$PTH_TMP/fake:${pth_user_path:-$PATH}" HOME="$PTH_TMP/user" \
		TMPDIR="$PTH_TMP/user" pth doctor --json
	assertEquals 'true false' "$(jq_out 'select(.name | startswith("capture ")).ok' | xargs)"
	assertEquals 'true true' \
		"$(jq_out 'select(.name | IN("namespaces", "private /tmp")).ok' | xargs)"
	assertCode 0
}

testUsage() {
	run pth
	assertCode 0
	assertMatch "$out" '^usage: pth run FILE'
	for words in 'frobnicate' 'run' 'run a b' 'run -j' 'check' 'run --frobnicate x' 'doctor x' \
		'check -o d f'; do
		# shellcheck disable=SC2086
		run pth $words
		assertCode 2
		assertMatch "$err" '^usage: pth'
		assertEquals '' "$out"
	done
	run pth version
	assertEquals "pth $(sed -n 's/^version=//p' "$TOP/bin/pth")" "$out"
}

testQuotesInOptions() {
	run pth run --dry-run "$ping" -o "it's; touch injected" --only '$(touch injected)'
	assertFalse '[ -e injected ]'
}

# A test that takes its time: the client waits for a server that never answers.
slow_file() {
	cat >slow.yaml <<'EOF'
tests:
  - name: slow
    network_environment: {type: localhost}
    services:
      server:
        implementation: {name: ping_pong}
        protocol: {name: minip, version: flaky, role: server}
        ports: ["24447:24447"]
      client:
        implementation: {name: ping_pong, wait_ms: 30000, count: 4}
        protocol: {name: minip, version: functional, role: client, target: server}
    timeout: 60
EOF
}

interrupted_by() { # signal expected-code
	need tshark tshark || return
	slow_file
	rm -rf slow
	# A background process of sh ignores INT; python's child does not.
	python3 -c '
import signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
default = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
sys.exit(subprocess.run(sys.argv[1:], preexec_fn=default).returncode % 256)
' sh -c 'echo $$ >pid; exec pth run slow.yaml -o slow' >shown 2>&1 &
	started=$!
	assertSoon 20 grep -q '^ping' slow/001-slow/client/stdout.log
	kill -s "$1" "$(cat pid)"
	wait $started
	assertEquals "$(cat shown)" "$2" $?
	assertTrue 'the report is written' '[ -f slow/EXPERIMENT_REPORT.md ]'
	assertMatch "$(cat slow/EXPERIMENT_REPORT.md)" \
		'[Ii][Nn][Tt][Ee][Rr][Rr][Uu][Pp][Tt][Ee][Dd]'
	assertEquals 'no directory of pth is left' '' "$(cd "$TMPDIR" && ls -d pth.* 2>/dev/null)"
}

testInterrupt() { interrupted_by INT 254; }
testTerminate() { interrupted_by TERM 241; }

# Nobody is told of this one, but for the kernel.
testKilled() {
	need tshark tshark || return
	setpriv --pdeathsig TERM true 2>/dev/null ||
		skip 'needs setpriv --pdeathsig (package util-linux)' || return
	slow_file
	rm -rf slow
	sh -c 'echo $$ >pid; exec pth run slow.yaml -o slow' >shown 2>&1 &
	assertSoon 20 grep -q '^ping' slow/001-slow/client/stdout.log
	kill -KILL "$(cat pid)"
	wait $!
	assertSoon 20 test -f slow/EXPERIMENT_REPORT.md
	assertEquals interrupted "$(jq -r 'select(.id).result.status' slow/results.jsonl)"
	assertEquals 'no directory of pth is left' '' "$(cd "$TMPDIR" && ls -d pth.* 2>/dev/null)"
}

# Ctrl-C goes to the whole foreground group of a terminal.
testInterruptOfTheGroup() {
	need tshark tshark || return
	slow_file
	rm -rf slow
	python3 -c '
import os, signal, subprocess, sys, time
p = subprocess.Popen(["pth", "run", "slow.yaml", "-o", "slow"], start_new_session=True,
    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
for _ in range(400):
    time.sleep(0.05)
    try:
        if "ping" in open("slow/001-slow/client/stdout.log").read(): break
    except OSError: pass
os.killpg(p.pid, signal.SIGINT)
sys.exit(p.wait(timeout=60) % 256)
' >shown 2>&1
	assertEquals "$(cat shown)" 254 $?
	assertTrue 'the report is written' '[ -f slow/EXPERIMENT_REPORT.md ]'
	assertEquals 1 "$(grep -c run.interrupted slow/events.jsonl)"
}

testCommandsOfOtherTools() {
	run pth schema
	assertCode 0
	assertEquals pth "$(jq_out -r '.title | split(" ")[0]')"
	run pth check --explain tests.retries
	assertCode 0
	assertMatch "$out" 'Further tries'
	printf 'plugin: x\nkind: iut\nextends: nosuch\n' >x.yaml
	run pth check x.yaml
	assertCode 3
	assertMatch "$out" '^x.yaml:3:'
	run pth new iut mine --extends minip
	assertCode 0
	assertTrue 'a descriptor is written' '[ -f plugins/services/iut/minip/mine/plugin.yaml ]'
}

testRunResumes() {
	printf '%s\n' 'tests:' \
		'  - name: t' \
		'    network_environment: {type: localhost}' \
		'    services:' \
		'      a: {implementation: {name: command, type: testers,' \
		'        command: ["true"]},' \
		'        protocol: {name: minip}}' >t.yaml
	run pth run -o out t.yaml
	before=$(cat out/001-t/result.json)
	run pth run -o out --resume t.yaml
	assertCode 0
	assertEquals 'the result is kept' "$before" "$(cat out/001-t/result.json)"
	run pth run -o out t.yaml
	assertNotEquals 'a new one is made' "$before" "$(cat out/001-t/result.json)"
}

# quick FILE: an experiment of a test that takes a moment.
quick() {
	printf '%s\n' 'tests:' \
		'  - name: t' \
		'    network_environment: {type: localhost}' \
		'    services:' \
		'      a: {implementation: {name: command, type: testers,' \
		'          command: [sleep, "0.1"]},' \
		'        protocol: {name: minip}}' >"$1"
}

# One line a test has the verdict, and none before.
testVerdictsAtTheEnd() {
	need tshark tshark || return
	sed 's/version: functional, role: server/version: fail, role: server/' "$ping" >fail.yaml
	run pth run --progress plain fail.yaml -o failed
	assertCode 1
	assertMatch "$err" \
		'^ran 1/1 001-ping-pong-functional [0-9.]+ m?s: (failed|completed|timeout)'
	assertNoMatch "$err" '^(ok|passed)'
	assertMatch "$out" '^001-ping-pong-functional +failed '
}

# With few processes it ends by itself, says why, and leaves nothing, however many there are.
testFewProcesses() {
	need_user && need prlimit util-linux || return
	chmod 711 "$PTH_TMP"
	few=$((20000 + $$ % 40000))
	for n in 1 2 3 4 5 6 7 8; do
		rm -rf few-user && mkdir -m 777 few-user few-user/tmp && chmod 777 few-user/tmp
		quick few-user/t.yaml
		# It goes on until all tools are there, or are not.
		sed -i 's/"0.1"/"3"/' few-user/t.yaml
		# A user of whom nobody else has processes, nor another run of this. To look for
		# leaks takes a process.
		run timeout 60 env PATH="${pth_user_path:-$PATH}" TMPDIR="$PTH_TMP/few-user/tmp" \
			HOME="$PTH_TMP/few-user" \
			ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" \
			setpriv --reuid=$few --regid=$few --clear-groups prlimit --nproc=$n \
			pth run -o "$PTH_TMP/few-user/out" "$PTH_TMP/few-user/t.yaml"
		assertTrue "$n processes: $code, $err" \
			"[ $code = 4 ] || [ $code = 1 ] || [ $code,$n = 0,8 ]"
		assertTrue "$n processes: it is said" '[ -n "$err" ]'
		[ $n -gt 1 ] || assertMatch "$err" '^pth: the tools could not be started'
		assertSoon 20 sh -c "! ps -o stat= -u $few | grep -qv '^Z'"
		assertEquals "$n processes: no file is left" '' "$(ls few-user/tmp)"
	done
}

testWithoutDev() {
	need_root && need unshare util-linux || return
	quick t.yaml
	for command in 'run -o out' check doctor; do
		rm -rf out
		[ "$command" = doctor ] && file='' || file=t.yaml
		run timeout 60 unshare -m sh -c "mount -t tmpfs none /dev &&
			pth $command $file; code=\$?; ls -A /dev; exit \$code"
		assertCode 4
		assertEquals 'pth: /dev/null is no device here: mount a /dev' "$err"
		assertEquals 'and none is made' '' "$out"
		assertFalse '[ -e out ]'
	done
}

testPathsThatAreNoText() {
	quick t.yaml
	latin=$(printf 'caf\351')
	mkdir -p "$latin" && cp t.yaml "$latin" && cd "$latin" || return
	run timeout 60 pth run t.yaml
	assertCode 4
	assertMatch "$err" '^pth-exec: the path of the run directory is not UTF-8'
	assertEquals t.yaml "$(ls)"
	run timeout 60 pth run t.yaml -o ../text
	assertCode 0
	cd .. || return
	run timeout 60 pth check "$latin/t.yaml"
	assertCode 0
}

# Somebody else has changed what pth-exec wrote: the verdicts are right, and it is said.
testAChangedRunDirectory() {
	need_user || return # for whom the service is the same user
	mkdir -p user/tmp && chmod -R 777 user && chmod 711 "$PTH_TMP"
	quick t.yaml
	sed 's/command: .sleep, "0.1"./command: [sh, -c, "echo >>..\/..\/results.jsonl"]/
		s/^  - name: t/&\n    isolation: none/' t.yaml >user/t.yaml
	run as_user env HOME="$PTH_TMP/user" TMPDIR="$PTH_TMP/user/tmp" \
		pth run "$PTH_TMP/user/t.yaml" -o "$PTH_TMP/user/out"
	assertCode 4
	assertMatch "$err" 'results.jsonl was changed by somebody else'
	assertMatch "$out" '^001-t +passed'
}

. shunit2
