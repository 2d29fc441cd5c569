#!/bin/sh
# The descriptor panther_ivy with a stand-in for Ivy: an ivyc that takes the lines "#sh ..." out of
# a specification and makes them the tester. Each stand-in model fails, or would fail, as a real
# one did. What Ivy itself does is for `make check-ivy`.
# shellcheck disable=SC2016 # of the stand-ins
. "$TOP/tests/lib.sh"

setUp() {
	export XDG_CACHE_HOME="$PTH_TMP/cache"
	mkdir -p fake 'mod el/deep er' plugins/services/iut/quic 'in c'
	cat >fake/ivyc <<-'end'
		#!/bin/sh
		for test; do :; done
		[ -f "$PANTHER_IVY_BASE_DIR/code.h" ] || {
			echo "$test: error: code.h: no such file"
			exit 1
		}
		[ -f more.ivy ] || {
			echo "$test: line 1: error: module more.ivy not found"
			exit 1
		}
		while read -r include; do
			case $include in
			'#slow '*) sleep "${include#* }" ;;
			'#wrong')
				echo "sub.ivy: line 63: error: Cannot compare different sorts"
				exit 1
				;;
			'#picotls')
				echo "$test.cpp:9:10: fatal error: picotls.h: No such file" >&2
				exit 1
				;;
			esac
		done <"$test"
		test=${test%.ivy}
		{ echo '#!/bin/sh' && sed -n 's/^#sh //p' "$test.ivy"; } >"$test"
		chmod +x "$test"
		echo int >"$test.cpp"
	end
	printf '#!/bin/sh\necho g++ stand-in\n' >fake/g++
	chmod +x fake/*
	PATH=$PTH_TMP/fake:$PATH && export PATH
	echo '#lang ivy1.7' >'in c/more.ivy'
	echo GET >'mod el/deep er/request.txt' && : >'mod el/code.h'
	echo GET >'mod el/http_request_file.txt'
	cat >plugins/services/iut/quic/standin.yaml <<-'end'
		plugin: standin
		kind: iut
		protocol: [quic, minip, coap]
		description: does nothing
		commands:
		  server: [sh, -c, "while :; do sleep 0.1; done"]
		  client: [sh, -c, "echo x | socat -u - UDP:127.0.0.1:4443"]
		ready: {server: []}
	end
	printf '%s\n' 'tests:' >x.yaml
}

# model NAME LINE...: a stand-in specification of the tester that these lines are.
model() {
	name=$1 && shift
	{
		echo '#lang ivy1.7'
		for line; do printf '#sh %s\n' "$line"; done
	} >"mod el/deep er/$name.ivy"
}

# entry NAME [PARAMETERS [MORE [PROTOCOL [LIMIT]]]]: a test of the server.
entry() {
	cat >>x.yaml <<-end
		  - name: $1
		    network_environment: {type: localhost, capture: false}
		    services:
		      server: {implementation: {name: standin},
		        protocol: {name: ${4:-quic}, role: server},
		        ports: ["4443:4443"], generate_new_certificates: true${3:-}}
		      ivy:
		        implementation: {name: panther_ivy, type: testers, test: $1,
		          model: "$PTH_TMP/mod el", include_dir: "in c"${2:-}}
		        protocol: {name: ${4:-quic}, role: client, target: server}
		        timeout: ${5:-20}
	end
}

execute() {
	pth-parse x.yaml 2>parse.err | pth-plan -P plugins 2>plan.err |
		pth-exec -j "${1:-4}" -o out 2>exec.err >/dev/null
	pth-collect --no-tshark out 2>/dev/null >collected.jsonl
}

# judged: "NAME STATUS" of each, unknown where it cannot be told.
judged() {
	jq -r 'select(.type == "test") | "\(.name) \(
		if .verdict.status == "error" and any(.verdict.rules[]; .unknown) then "unknown"
		else .verdict.status end)"' collected.jsonl
}

reason() { # name
	jq -r --arg name "$1" 'select(.name == $name).result.reason' collected.jsonl
}

testAsRealModelsFailed() {
	need jq jq && need openssl openssl && need_namespaces || return
	done_='echo test_completed'
	# An #include by PANTHER_IVY_BASE_DIR: the compiler above looks.
	model base_dir "$done_"
	# Files that are opened without looking; one of the model's own.
	model state_files 'for f in "$RETRY_TOKEN_FILE" "$NEW_TOKEN_FILE" "$SAVED_PACKET"; do' \
		'[ -f "$f" ] || kill -SEGV $$; done' \
		'[ -f "$PROOTPATH/http_request_file.txt" ] || { echo recvfrom failed; exit 1; }' \
		'{ echo x >>"$PANTHER_IVY_BASE_DIR/deep er/request.txt"; } || exit 1' \
		'[ "$TEST_TYPE" = server ] && [ -f "$PANTHER_IVY_CERT_PATH" ] || exit 1' \
		'[ -f "$PANTHER_IVY_KEY_PATH" ] && [ -n "$ZRTT_SSLKEYLOG_FILE" ] || exit 1' \
		'[ -f "$PYTHON_IVY_DIR/ivy/include/1.7/more.ivy" ] || exit 1' \
		'echo "$@" >arguments' "$done_"
	model assertion 'echo "> a.b"' 'echo "assertion_failed(\"x.ivy: line 3\")"' 'exit 1'
	model finalize 'echo "assumption_failed(\"x.ivy: line 9\")"' "$done_" \
		'echo "is_LineInFinalizeAction: 1" >&2'
	model wordless 'echo "> a.b"' 'exit 1'
	model violation 'echo "assumption_failed(\"x.ivy: line 7\")"' \
		'echo "is_LineInFinalizeAction: 0" >&2' 'exit 1'
	model killed_test 'echo "> a.b"' 'kill -KILL $$'
	model loops 'echo "> a.b"' 'while :; do sleep 0.1; done'
	model wrong "$done_" && echo '#wrong' >>'mod el/deep er/wrong.ivy'
	model picotls "$done_" && echo '#picotls' >>'mod el/deep er/picotls.ivy'
	for name in base_dir assertion finalize wordless violation killed_test wrong picotls \
		kiled_test; do
		entry $name
	done
	# The limit of a run of the test, and that of the service.
	entry loops ', timeout: 1'
	model loops_on 'echo "> a.b"' 'while :; do sleep 0.1; done'
	entry loops_on '' '' quic 1
	entry state_files ', internal_iterations_per_test: 77, seed: 5'
	execute
	assertEquals 'base_dir passed
assertion unknown
finalize unknown
wordless unknown
violation failed
killed_test unknown
wrong error
picotls error
kiled_test error
loops unknown
loops_on timeout
state_files passed' "$(judged)"
	assertMatch "$(reason wrong)" "$(line '^ivy: compile: ivyc ended with exit code 1; see' \
		'ivy/phases/compile.stdout.log; last log line: sub.ivy: line 63: error: Cannot')"
	assertMatch "$(reason picotls)" \
		'picotls.ivy.cpp:9:10: fatal error: picotls.h: No such file$'
	assertMatch "$(reason kiled_test)" \
		'mod el: error: no test kiled_test; the nearest: killed_test$'
	assertEquals '"tester_compilation"' \
		"$(jq -c 'select(.name == "wrong").result.category' collected.jsonl)"
	assertMatch "$(cat out/*state_files/ivy/arguments)" '^seed=5 iters=77 the_cid=1 '
	# The sources of others stay as they are, and what is large goes.
	assertEquals '' "$(find 'mod el' 'in c' -name '*.cpp')"
	assertEquals GET "$(cat 'mod el/deep er/request.txt')"
	assertEquals '' "$(find out -name '*.cpp')"
	assertEquals 1 "$(find out/*base_dir -type f -name base_dir | wc -l)"
	assertMatch "$(cat out/*base_dir/ivy/compile/copied_ivy_files.list)" \
		'mod el/deep er/base_dir.ivy'
}

# What is compiled takes longer than the server may run, and the test.
testCompilationIsNobodysTime() {
	need jq jq && need openssl openssl && need_namespaces || return
	model slow 'echo test_completed' && echo '#slow 10' >>'mod el/deep er/slow.ivy'
	entry slow '' ', timeout: 9'
	sed -i 's/- name: slow/&\n    timeout: 9/' x.yaml
	execute
	assertEquals 'slow passed' "$(judged)"
	assertTrue 'the server began before the compilation had ended' "$(jq \
		'select(.id) | .result.services.server.started_us >= 10000000' collected.jsonl)"
}

# A tester that is a server is ready when its first cycle is over.
testReadiness() {
	need jq jq && need socat socat && need_namespaces || return
	model late 'socat -u UDP-RECV:4443 CREATE:got & trap "kill $!" EXIT' 'sleep 0.5' \
		'echo "call_generating = 1 -> NOT SLEEPING" >&2' \
		'until [ -s got ]; do sleep 0.05; done' 'echo test_completed'
	cat >>x.yaml <<-end
		  - name: late
		    network_environment: {type: localhost, capture: false}
		    services:
		      ivy:
		        implementation: {name: panther_ivy, type: testers, test: late,
		          model: "$PTH_TMP/mod el", include_dir: "in c"}
		        protocol: {name: minip, role: server}
		        ports: ["4443:4443"]
		      client: {implementation: {name: standin},
		        protocol: {name: minip, role: client, target: ivy}}
	end
	execute
	assertEquals 'late passed' "$(judged)"
	assertTrue 'the client began before the first cycle' "$(jq 'select(.id).result.services |
		.client.started_us - .ivy.started_us >= 500000' collected.jsonl)"
}

# The same test at once, for other numbers and another implementation, is compiled once.
testCompiledOnce() {
	need jq jq && need openssl openssl && need_namespaces || return
	model once 'echo test_completed' && echo '#slow 0.5' >>'mod el/deep er/once.ivy'
	sed 's/plugin: standin/plugin: another/' plugins/services/iut/quic/standin.yaml \
		>plugins/services/iut/quic/another.yaml
	entry once
	cat >>x.yaml <<-end
		    matrix:
		      services.server.implementation.name: [standin, another]
		      services.ivy.implementation.internal_iterations_per_test: [7, 8]
	end
	execute 3
	assertEquals 4 "$(judged | grep -c ' passed$')"
	assertEquals 1 "$(grep -c '"event":"compile.kept"' out/events.jsonl)"
	assertEquals 3 "$(grep -c '"event":"compile.cached"' out/events.jsonl)"
	# Another compiler makes something else.
	echo '# newer' >>fake/ivyc
	rm -rf out
	execute 3
	assertEquals 4 "$(judged | grep -c ' passed$')"
	assertEquals 1 "$(grep -c '"event":"compile.kept"' out/events.jsonl)"
	# The source has changed, and what is too large for the cache is compiled again.
	echo '#sh # more' >>'mod el/deep er/once.ivy'
	rm -rf out
	PTH_CACHE_SIZE=1 && export PTH_CACHE_SIZE
	execute 1
	unset PTH_CACHE_SIZE
	assertEquals 4 "$(judged | grep -c ' passed$')"
	assertMatch "$(cat out/events.jsonl)" '"event":"compile.(kept|not_cached)"'
}

testBadInput() {
	need jq jq || return
	model fine 'echo test_completed'
	entry fine ', seed: 2147483648'
	pth-parse x.yaml 2>/dev/null | pth-plan -P plugins >planned 2>err
	assertMatch "$(cat err)" '^x.yaml:[0-9]+:[0-9]+: error: parameter seed: .*2147483647'
	# Those of the test are its seeds: the last one is too large.
	sed '/seed/s/, seed: 2147483648//; s/- name: fine/&\n    seeds: [2147483646..2147483648]/' \
		x.yaml >seeds.yaml
	pth-parse seeds.yaml 2>/dev/null | pth-plan -P plugins >planned 2>err
	assertEquals '2147483646 2147483647' "$(jq -r 'select(.error | not).plan.services[]? |
		select(.name == "ivy").phases.run.argv[1] | ltrimstr("seed=")' planned | xargs)"
	assertMatch "$(cat err)" ': error: .*seed.*2147483647'
	# Without Ivy the test is not run, and says what to do.
	need_namespaces || return
	sed -i '/seed/s/, seed: 2147483648//' x.yaml
	rm fake/ivyc
	if command -v ivyc >/dev/null; then startSkipping; fi
	execute
	assertEquals 'fine unsupported' "$(judged)"
	assertEquals 'ivy: ivyc not found; install it with: pth ivy install' "$(reason fine)"
}

# Nothing is tested where no test is named: no pass.
testNoTestIsNoPass() {
	need jq jq && need_namespaces || return
	entry none
	sed -i 's/, test: none//' x.yaml
	execute
	assertEquals 'none unknown' "$(judged)"
	assertMatch "$(cat plan.err)" 'warning: panther_ivy without test: '
	assertMatch "$(jq -r 'select(.name == "none").verdict.summary' collected.jsonl)" \
		'nothing was tested: the experiment names no test'
	# What is to be compiled only was compiled.
	model fine 'exit 1'
	printf '%s\n' 'tests:' >x.yaml
	entry fine ', compile_only: true'
	rm -rf out
	execute
	assertEquals 'fine passed' "$(judged)"
}

# A cache on a full disk costs the second compilation, and nothing else.
testFullDisk() {
	need jq jq && need openssl openssl && need_namespaces || return
	unshare -Urm true 2>/dev/null || skip 'no user namespaces' || return
	model fine 'echo test_completed' && mkdir -p cache
	entry fine
	sed -i 's/- name: fine/&\n    iterations: 2/' x.yaml
	pth-parse x.yaml 2>parse.err | pth-plan -P plugins >planned 2>plan.err
	unshare -Urm sh -c 'mount -t tmpfs -o size=16k none cache && cat /dev/zero >cache/full
		pth-exec -j 1 -o out planned' >exec.out 2>exec.err
	pth-collect --no-tshark out 2>/dev/null >collected.jsonl
	assertEquals 'fine passed fine passed' "$(judged | xargs)"
	assertEquals 2 "$(grep -c '"event":"compile.not_cached".*No space left' out/events.jsonl)"
}

# What pth ivy install has put into the cache is found without PATH.
testFoundInTheCache() {
	need jq jq && need openssl openssl && need_namespaces || return
	model fine 'echo test_completed'
	entry fine
	mkdir -p cache/pth/tools && mv fake/ivyc cache/pth/tools
	execute
	assertEquals 'fine passed' "$(judged)"
	# Another directory may be named.
	mkdir -p own/bin && mv cache/pth/tools/ivyc own/bin
	sed -i 's/include_dir:/ivy: own, &/' x.yaml && rm -rf out
	execute
	assertEquals 'fine passed' "$(judged)"
}

arguments() {
	pth-parse x.yaml 2>/dev/null | pth-plan -P plugins 2>/dev/null |
		jq -r 'select(.id).plan.services[] | select(.name == "ivy").phases.run.argv[1:] |
			join(" ")'
}

# A model of somebody's own, wherever it lies: what is compiled, and what is not.
testToolCompiles() {
	need jq jq && need_namespaces || return
	cp 'in c/more.ivy' 'mod el'
	model minip_server_test 'exit 1'
	run pth-ivy compile -m 'mod el' -o made minip_server_test
	assertCode 0
	assertEquals 'compiled: made/001-minip_server_test/ivy/build/minip_server_test' \
		"$(printf '%s\n' "$out" | tail -n 1)"
	assertTrue 'it is there' '[ -x made/001-minip_server_test/ivy/build/minip_server_test ]'
	echo '#wrong' >>'mod el/deep er/minip_server_test.ivy'
	run pth-ivy -q compile -m 'mod el' minip_server_test
	assertCode 1
	assertMatch "$err" 'sub.ivy: line 63: error: Cannot compare different sorts'
}

# The arguments by protocol; the seed is that of the test and of the iteration.
testArguments() {
	need jq jq || return
	model fine 'echo test_completed'
	entry fine '' '' coap
	assertEquals "$(line 'seed=0 iters=300 server_port=4443 server_addr=0x7F000001' \
		'client_port=4997 client_addr=0x7F000001')" "$(arguments)"
	sed -i 's/- name: fine/&\n    seed: 5\n    iterations: 3/' x.yaml
	assertEquals 'seed=5 seed=6 seed=7' "$(arguments | cut -d ' ' -f 1 | paste -sd ' ')"
}

# pth ivy: what needs no Ivy.
testTool() {
	run pth-ivy list
	assertCode 0
	assertMatch "$out" '^minip +minip_server_test +server +Tests a server of minip'
	run pth-ivy list quick
	assertCode 3
	assertMatch "$err" '^pth-ivy: no model of quick here; there are: coap minip$'
	model my_server_test 'echo test_completed'
	run pth-ivy list -m 'mod el'
	assertMatch "$out" '^mod el +my_server_test +server'
	# The protocol has the name of the directory, or begins that of the test.
	run pth-ivy compile -m 'mod el' my_server_test
	assertCode 3
	assertMatch "$err" '^pth-ivy: mod el: neither the directory nor the test my_server_test has'
	run pth-ivy run --against ping_pong minip_severtest
	assertCode 3
	assertMatch "$err" '^pth-ivy: no test minip_severtest; the nearest: minip_server_test '
	for seed in x 5..2 1..99999 -1 .. 3..; do
		run pth-ivy run --against ping_pong --seed "$seed" minip_server_test
		assertCode 2
	done
	run pth-ivy run minip_server_test
	assertCode 2
	assertMatch "$err" '^pth-ivy: --against NAME is missing$'
	run pth-ivy install --now
	assertCode 2
	run env XDG_CACHE_HOME="$PTH_TMP/a b" pth-ivy install
	assertCode 4
	assertMatch "$err" 'cannot be in such a path; set XDG_CACHE_HOME$'
}

. shunit2
