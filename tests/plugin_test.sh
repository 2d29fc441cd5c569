#!/bin/sh
# pth-plugin and the descriptors: ours are sound, bad ones are refused with
# their place, and what pth-plugin(5) walks through works.
. "$TOP/tests/lib.sh"

setUp() {
	export PTH_EVENTS=none
	unset PTH_PATH
	mkdir d
}

# descriptor NAME: stdin, below d/, of kind iut
descriptor() {
	{ printf 'plugin: %s\nkind: iut\n' "$1"; cat; } >"d/$1.yaml"
}

problem() { # file expected-line
	run pth-plugin -P d check "$1"
	assertCode 3
	assertEquals "$err" "$2" "$err"
}

testOursAreSound() {
	find "$TOP/share/plugins" -name '*.yaml' >all
	assertTrue 'there are some' '[ "$(wc -l <all)" -gt 40 ]'
	# shellcheck disable=SC2046
	run pth-plugin check $(cat all)
	assertCode 0
	assertEquals '' "$err"
	run pth-plugin list
	assertEquals "$(wc -l <all)" "$(printf '%s\n' "$out" | wc -l)"
	assertNoMatch "$out" 'NOT USABLE'
}

# All that the seeds name is there.
testNothingIsForgotten() {
	run pth-plugin list
	for name in service quic python_quic rust_quic http python_http minip tcp aioquic lsquic \
		mvfst picoquic picoquic_shadow \
		quant quic_go quiche quinn ngtcp2 nginx curl socat ping_pong frr_bgp libcoap \
		panther_ivy command bgp coap localhost \
		docker_compose shadow_ns strace memcheck helgrind callgrind massif gdb \
		gperf_cpu gperf_heap perf time \
		iterations; do
		assertMatch "$out" "^[a-z_]+ +[a-z-]+ +$name "
	done
}

testBadDescriptors() {
	printf 'protocol: quic\nextends: nosuch\ncommands: {any: [a]}\n' | descriptor a
	problem d/a.yaml "d/a.yaml:4:10: error: extends: no base named 'nosuch'"
	printf 'protocol: quic\nextends: quik\ncommands: {any: [a]}\n' | descriptor b
	problem d/b.yaml "d/b.yaml:4:10: error: extends: no base named 'quik'; did you mean 'quic'?"
	printf 'extends: quic\ncomands: {any: [a]}\n' | descriptor c
	problem d/c.yaml "d/c.yaml:4:1: error: unknown key 'comands'; did you mean 'commands'?"
	printf 'extends: quic\ncommands: {server: ["{{ a | }}"]}\n' | descriptor e
	run pth-plugin check d/e.yaml
	assertCode 3
	assertMatch "$err" '^d/e.yaml:4:[0-9]+: error: '
	printf 'extends: quic\nparameters: {alpn: 5}\n' | descriptor f
	run pth-plugin check d/f.yaml
	assertCode 0
	printf 'extends: quic\nparameters: {initial_version: xyz}\n' | descriptor g
	problem d/g.yaml "$(line "d/g.yaml:4:31: error: parameter initial_version:" \
		"'xyz' does not match ^[0-9a-fA-F]{8}\$")"
	echo '- a' >d/h.yaml
	problem d/h.yaml \
		'd/h.yaml:1:1: error: a descriptor is a map with plugin: and kind:, not a list'
	for kind in '[iut]' '{iut: 1}' 5 null; do
		printf 'plugin: h\nkind: %s\n' "$kind" >d/h.yaml
		problem d/h.yaml "$(line 'd/h.yaml:2:7: error: kind: must be one of protocol,' \
			'service, iut, tester, network_environment, execution_environment, engine')"
	done
	: >d/i.yaml
	run pth-plugin check d/i.yaml
	assertCode 3
	printf 'plugin: j\n' >d/j.yaml
	run pth-plugin check d/j.yaml
	assertCode 3
	run pth-plugin check d/none.yaml
	assertCode 3
	printf 'kind: iut\nextends: quic\n' >d/m.yaml
	run env PTH_EVENTS=json pth-plugin check d/m.yaml
	assertCode 3
	assertMatch "$err" "d/m.yaml:1:1: error: 'plugin' is missing"
	assertMatch "$err" '"event":"plugin.failed".*"plugin":"m",'
	# It is found by its own name.
	printf 'plugin: other\nkind: iut\nextends: quic\n' >d/n.yaml
	run pth-plugin -P d list
	assertMatch "$out" '^iut .* other +base of QUIC'
	run pth-plugin check d/n.yaml
	assertCode 0
	assertEquals 'd/n.yaml:1:9: warning: the plugin other lies in a file named n' "$err"
	printf 'plugin: x\001\n' >d/k.yaml
	run pth-plugin check d/k.yaml
	assertCode 3
}

# Words of PANTHER's registration of a plugin; who extends nothing; a file with another name.
testWordsAboutThePlugin() {
	mkdir -p d/services/iut/quic
	cat >d/services/iut/quic/file.yaml <<-'Y'
	plugin: registered
	kind: iut
	version: 1.0.0
	author: somebody
	supported_protocols: [quic]
	capabilities: [rfc9000, key_updates]
	parameters: {n: {type: integer, default: 5}}
	commands: {any: ["{{ n }}"]}
	Y
	run pth-plugin check d/services/iut/quic/file.yaml
	assertCode 0
	at=d/services/iut/quic/file.yaml:1:9
	assertEquals "$at: warning: the plugin registered lies in a file named file$NL$(line \
		"$at: warning: registered extends nothing; 'extends: quic' gives it what" \
		'implementations of quic share')" "$err"
	run pth-plugin -P d show registered --json
	assertCode 0
	assertEquals '1.0.0 somebody quic rfc9000 key_updates' "$(jq_out -r \
		'"\(.version) \(.author) \(.protocol[0]) \(.capabilities | join(" "))"')"
	run pth-plugin -P d show file --json
	assertCode 0
	sed 's/^supported/protocol: quic\n&/; s/1.0.0/[1]/' d/services/iut/quic/file.yaml >d/b.yaml
	run pth-plugin check d/b.yaml
	assertCode 3
	assertMatch "$err" '^d/b.yaml:3:10: error: version: must be one value, not a list$'
	sed -i '/^version/d' d/b.yaml
	run pth-plugin check d/b.yaml
	assertMatch "$err" \
		'^d/b.yaml:5:1: warning: supported_protocols has no effect beside protocol$'
}

testCycles() {
	mkdir -p d/services/base
	for pair in a:b b:c c:a self:self; do
		printf 'plugin: %s\nkind: service\nextends: %s\n' "${pair%:*}" \
			"${pair#*:}" >"d/services/base/${pair%:*}.yaml"
	done
	run pth-plugin -P d show a --resolved
	assertCode 3
	assertMatch "$err" 'a cycle'
	run pth-plugin -P d show self --resolved
	assertCode 3
	assertMatch "$err" 'self comes back to self: a cycle'
	run pth-plugin -P d list service
	assertCode 0
	assertMatch "$out" '^service +- +a +NOT USABLE'
	assertMatch "$out" '^service +- +quic +base of'
}

# A chain of bases as long as one likes, in time and memory that do not explode.
testLongChain() {
	mkdir -p d/services/base
	i=0
	while [ $i -lt 300 ]; do
		printf 'plugin: b%d\nkind: service\nextends: %s\nparameters: {p%d: %d}\n' $i \
			"$([ $i = 0 ] && echo service || echo b$((i - 1)))" $i $i
		i=$((i + 1))
	done | awk '/^plugin/ { f = "d/services/base/" $2 ".yaml" } { print > f; }'
	run pth-plugin -P d show b299 --json
	assertCode 0
	assertEquals 300 "$(jq_out '[.parameters | keys[] | select(test("^p[0-9]"))] | length')"
}

testTwiceInOneDirectory() {
	mkdir -p d/protocols/x
	printf 'plugin: x\nkind: protocol\ntransport: udp\n' |
		tee d/protocols/x.yaml >d/protocols/x/plugin.yaml
	run pth-plugin -P d list
	assertCode 3
	assertMatch "$err" 'protocol x is defined a second time; first in d/protocols/x'
}

testShow() {
	run pth-plugin show picoquic
	assertCode 0
	assertEquals "$(cat "$TOP/share/plugins/services/iut/quic/picoquic.yaml")" "$out"
	run pth-plugin show picoquic --resolved
	assertMatch "$out" "$(line '^# iut picoquic: plugins/services/iut/quic/picoquic.yaml <' \
		'plugins/services/base/quic.yaml < plugins/services/base/service.yaml$')"
	assertMatch "$out" \
		'^    default: hq-interop  # plugins/services/base/quic.yaml:[0-9]+:[0-9]+$'
	assertMatch "$out" '^    - -c  # plugins/services/iut/quic/picoquic.yaml:[0-9]+:[0-9]+$'
	need python3 python3 || return
	# It is YAML, and the same content as the JSON.
	printf '%s\n' "$out" >resolved.yaml
	pth-plugin show picoquic --json >resolved.json
	run \
		python3 -c 'import json, yaml
assert yaml.safe_load(open("resolved.yaml")) == json.load(open("resolved.json"))'
	assertCode 0
	run pth-plugin show pikoquic
	assertCode 3
	assertMatch "$err" "no plugin named 'pikoquic'; did you mean 'picoquic'\\?"
	run pth-plugin show protocol/quic
	assertMatch "$out" '^transport: udp$'
	run pth-plugin show quic/ngtcp2
	assertMatch "$out" '^plugin: ngtcp2$'
	run pth-plugin show execution/gperf
	assertMatch "$out" '^plugin: gperf_cpu$'
	run pth-plugin list --json tester
	assertEquals 'command panther_ivy' "$(jq_out -r .plugin | paste -sd' ')"
}

testUsage() {
	run pth-plugin
	assertCode 2
	run pth-plugin frobnicate
	assertCode 2
	run pth-plugin list nonsense
	assertCode 2
	run pth-plugin new iut
	assertCode 2
	run pth-plugin new iut ../x
	assertCode 2
	run sh -c 'pth-plugin list >/dev/full'
	assertCode 4
}

# What `new` writes is good and its test runs.
testNew() {
	for words in 'iut myquic --extends quic' 'iut mytcp --protocol tcp' 'iut myown' \
		'tester probe --protocol minip' 'protocol snap' \
		'network here' 'execution watch' 'service mybase --extends http' \
		'iut child --extends ngtcp2' 'iut ofsnap --protocol snap --docker --template' \
		'tester ofsnap --protocol snap --template' 'service both --docker --template' \
		'iut ofboth --extends both'; do
		# shellcheck disable=SC2086
		run pth-plugin new -o d $words
		assertCode 0
		case $words in
		*docker\ --template) files=6 ;;
		*--template) files=5 ;;
		*) files=3 ;;
		esac
		assertEquals "$words" $files "$(printf '%s\n' "$out" | wc -l)"
		assertEquals "$words: a test" 1 "$(printf '%s\n' "$out" | grep -c '\.sh$')"
		for file in $out; do
			case $file in
			*.sh) run sh "$file" && assertCode 0 && assertMatch "$out" ': ok$' ;;
			*.md) for part in Options Example Troubleshooting; do
				assertTrue "$file has $part" "grep -q '^## $part$' $file"
			done ;;
			esac
			assertEquals "$file: lines" '' "$(awk 'length > 100' "$file")"
		done
	done
	run pth-plugin -P d list
	for name in myquic mytcp myown probe snap here watch mybase child ofsnap; do
		assertMatch "$out" " $name +[a-z]"
	done
	run pth-plugin new -o d iut myown
	assertCode 3
	assertMatch "$err" 'is there already'
	run pth-plugin new -o d iut z --extends nosuch
	assertCode 3
	assertMatch "$err" "no base named 'nosuch'\$"
	# What is proposed is a base of an implementation: no program, and no protocol.
	run pth-plugin new -o d iut z --extends python_htp
	assertCode 3
	assertMatch "$err" "no base named 'python_htp'; did you mean 'python_http'\?"
	run pth-plugin new -o d iut z --extends picoquik
	assertCode 3
	assertMatch "$err" "no base named 'picoquik'\$"
	run pth-plugin new -o d iut z --protocol nosuch
	assertCode 3
	assertMatch "$err" "no protocol named 'nosuch'.* \\(pth new protocol nosuch begins it\\)"
	run pth-plugin new -o d protocol z --docker
	assertCode 2
}

# Options of the program, the port and what is put before commands: a change shows in the test.
testNewTestsNoticeChanges() {
	pth-plugin new -o e iut sut >written && pth-plugin new -o e protocol prot >>written &&
		pth-plugin new -o e execution exec >>written && pth-plugin new -o e tester tst \
		--template >>written && pth-plugin new -o e network net >>written
	looked=0
	while read -r dir change text; do
		file=$(grep "/$dir$" written)
		run sh "${file%/*}/test.sh"
		assertCode 0
		sed -i "$change" "$file"
		run sh "${file%/*}/test.sh"
		assertCode 1
		assertMatch "$err" "$text"
		looked=$((looked + 1))
	done <<-'EOT'
	sut/plugin.yaml s/-p$/-q/ expected.server:.sut.-p
	prot/plugin.yaml s/9999/9998/ expected.9999
	exec/plugin.yaml s/WATCHED/W/ expected.server:.env.WATCHED=0
	tst/client.j2 s/--test/--tset/ client:.tst.--tset
	net/plugin.yaml s/true/false/ captured
	EOT
	assertLeast 5 $looked changes
	# The program itself is asked, where it is there.
	mkdir -p path
	printf '#!/bin/sh\n[ "$1" != -p ] || echo "unknown option -p" >&2\nexit 2\n' >path/sut
	chmod +x path/sut
	sed -i 's/- -q$/- -p/' e/services/iut/tcp/sut/plugin.yaml
	PATH=$PWD/path:$PATH run sh e/services/iut/tcp/sut/test.sh
	assertCode 1
	assertMatch "$err" 'unknown option -p'
}

# ./plugins is where `new` writes and where everybody looks.
testPluginsHere() {
	mkdir -p here && cd here || return
	run pth-plugin new protocol own
	assertCode 0
	run pth-plugin new iut mine --protocol own
	assertCode 0
	assertMatch "$out" '^plugins/services/iut/own/mine/plugin.yaml$'
	run pth-plugin new experiment first --protocol own
	assertCode 0
	assertEquals './first.yaml' "$out"
	run pth-plugin new experiment second
	assertCode 0
	for name in first second; do
		pth-parse $name.yaml 2>>err | pth-plan 2>>err >$name.jsonl
	done
	assertEquals 'mine ping_pong' "$(jq -r '.plan.services[0].plugin // empty' first.jsonl \
		second.jsonl | paste -sd' ')"
	run pth-plugin new experiment first
	assertCode 3
	assertMatch "$err" 'first.yaml is there already'
	run pth-plugin new experiment third --iut min
	assertCode 3
	assertMatch "$err" "no implementation named 'min'; did you mean 'mine'"
	run pth-plugin new protocol lonely
	run pth-plugin new experiment third --protocol lonely
	assertCode 3
	assertMatch "$err" 'no implementation of lonely is there \(pth new iut NAME '
	# The same tree twice is one; one that is no tree is left alone.
	run pth-plugin -P plugins list iut
	assertEquals 1 "$(printf '%s\n' "$out" | grep -c ' mine ')"
	assertEquals '' "$err"
	mv plugins/services plugins/protocols . && touch plugins/x.yaml
	run pth-plugin show mine
	assertCode 3
	cd ..
}

# An option that a command would ignore is refused.
testOptionsOfCommands() {
	looked=0
	for words in 'list --resolved' 'list --extends tcp' 'list -o d' 'list --docker' \
		'show minip --protocol x' 'show minip --template' 'check x --json' \
		'new iut q --json' 'new iut q --resolved' 'new iut q --iut x'; do
		# shellcheck disable=SC2086
		run pth-plugin $words
		assertCode 2
		looked=$((looked + 1))
	done
	assertLeast 10 $looked commands
	run pth-plugin list iut --extends tcp
	assertMatch "$err" 'list has no option --extends'
}

# The files of the walk-throughs, out of the page.
walk() {
	awk '/^\.\\" walk / { file = $3; next }
	     file && /^\.Bd/ { inside = 1; next }
	     inside && /^\.Ed/ { inside = 0; close(file); file = ""; next }
	     inside { gsub(/\\e/, "\\"); print > file }' "$TOP/man/pth-plugin.5"
}

testWalkThroughs() {
	mkdir -p mine/services/iut/quic mine/services/iut/minip mine/services/iut/echo \
		mine/services/testers mine/protocols
	walk
	file=mine/services/iut/quic/myquic.yaml
	assertTrue "$(wc -l <$file) lines" "[ $(wc -l <$file) -le 12 ]"
	run pth-plugin -P mine check $file mine/protocols/echo.yaml \
		mine/services/iut/echo/echo_sh.yaml mine/services/testers/knock.yaml \
		mine/services/iut/minip/hello.yaml
	assertCode 0
	run sh -c 'pth-parse hello-test.yaml | pth-plan -P mine | pth-compose --images'
	assertCode 0
	assertEquals 'ENV FEATURES="-DLOUD=ON -DLEVEL=2"' \
		"$(jq_out -r .dockerfile | grep FEATURES=)"
	run sh -c 'pth-parse myquic-test.yaml | pth-plan -P mine'
	assertCode 0
	assertEquals "$(json '["myquicd","--cert","@{dir}/certs/cert.pem",
		"--key","@{dir}/certs/key.pem","127.0.0.1:4443"]
		["myquic","-v","--out","@{dir}/client/downloads","--alpn","hq-29",
		"https://127.0.0.1:4443/index.html"]')
downloads/index.html" "$(jq_out -rc '
	select(.plan).plan.services | (.[].phases.run.argv), .[1].verdict[0].files[0].path')"
	run sh -c 'pth-parse level-test.yaml | pth-plan -P mine'
	assertCode 0
	assertEquals '3 -d' "$(jq_out -r '
		select(.plan).plan.services[0] | "\(.environment.LEVEL) \(.phases.run.argv[-1])"')"
	assertMatch "$err" "^level-test.yaml:10:62: warning: echo_level: 'performance_mode' has no"
	run sh -c 'pth-parse profile-test.yaml | pth-plan'
	assertCode 0
	assertEquals '["perf","auto","5.0","-F","199","./program"]' "$(jq_out -c '
		select(.plan).plan.services[0].phases.run.argv | [.[3, 6, 7, 10, 11, -1]]')"
	run sh -c 'pth-parse echo-test.yaml | pth-plan -P mine --check'
	assertCode 0
	assertEquals '' "$err"
}

testWalkThroughsRun() {
	need socat socat || return
	need tshark tshark || return
	need_namespaces || return
	mkdir -p mine/services/iut/quic mine/services/iut/minip mine/services/iut/echo \
		mine/services/testers mine/protocols
	walk
	PATH=$PATH:/usr/sbin:/sbin
	pth-parse echo-test.yaml | pth-plan -P mine | pth-exec -o out-echo 2>exec.err |
		pth-collect >judged.jsonl
	assertEquals "$(cat exec.err)" '["passed","passed"]' \
		"$(jq -sc 'map(.verdict.status // empty)' judged.jsonl)"
	assertEquals '{"knock":{"lost":0}}' "$(jq -c '.metrics.measures // empty' judged.jsonl)"
}

# The first walk-through has no program; ours binds the port, and its client
# takes the file where the server has it.
testWalkThroughOfAnImplementationRuns() {
	need socat socat || return
	need_namespaces || return
	mkdir -p mine/services/iut/quic mine/services/iut/echo mine/services/testers \
		mine/protocols bin
	walk
	printf '#!/bin/sh\nfor a; do :; done\nexec socat -u "UDP-RECV:${a##*:},bind=${a%%:*}" -\n' \
		>bin/myquicd
	printf '#!/bin/sh\nshift; cp ../server/www/index.html "$2/"\n' >bin/myquic
	chmod +x bin/*
	PATH=$PWD/bin:$PATH:/usr/sbin:/sbin
	pth-parse myquic-test.yaml | pth-plan -P mine | pth-exec -o out-quic 2>exec.err |
		pth-collect --no-tshark >judged.jsonl
	assertEquals "$(cat exec.err)" '["passed",["same","same"]]' \
		"$(jq -c '
			select(.verdict) |
				[.verdict.status,
				  [.verdict.rules[] | select(.rule | test("downloads")) |
				    .text[4:8]]]' judged.jsonl)"
}

testHintOfAMissingProgram() {
	mkdir -p hint/services/iut/tcp
	printf '%s\n' 'plugin: lost' \
		'kind: iut' \
		'protocol: tcp' \
		'commands: {any: [x]}' \
		'requires: [{program: no-such-program, hint: "`make it` builds it"}]' \
		>hint/services/iut/tcp/lost.yaml
	cat >hint.yaml <<-'end'
	tests: [{name: a, network_environment: {type: localhost}, services: {s:
	  {implementation: {name: lost}, protocol: {name: tcp}, ports: ["7:7"]}}}]
	end
	pth-parse hint.yaml 2>/dev/null | pth-plan -P hint |
		pth-exec -o out-hint 2>/dev/null >hint.jsonl
	assertEquals 's: no-such-program not found; `make it` builds it' \
		"$(jq -r '.result.reason // empty' hint.jsonl)"
}

back_reference() { # character
	echo "not a regular expression: character $1: back-references are not supported"
}

# Where a descriptor gives an expression, one that a program's output can make last for ever
# is refused with its place; in templates when the value is known.
testExpressionsAreLinear() {
	evil='(a*)(a*)\\1b'
	printf 'protocol: tcp\ncommands: {any: [x]}\nready: {log: "%s"}\n' "$evil" | descriptor m
	problem d/m.yaml "d/m.yaml:5:14: error: log: $(back_reference 9)"
	printf 'protocol: tcp\ncommands: {any: [x]}\nready: {client: [{log: "%s"}]}\n' "$evil" |
		descriptor m
	problem d/m.yaml "d/m.yaml:5:24: error: log: $(back_reference 9)"
	printf 'protocol: tcp\ncommands: {any: [x]}\nparameters: {p: {pattern: "%s"}}\n' "$evil" |
		descriptor m
	problem d/m.yaml \
		"d/m.yaml:5:27: error: parameter p: pattern: $(back_reference 9)"
	mkdir -p hint/services/iut/tcp
	printf '%s\n' 'plugin: slow' 'kind: iut' 'protocol: tcp' 'commands: {any: ["true"]}' \
		'ready: {log: "{{ '"'(a*)'"' }}\\1"}' >hint/services/iut/tcp/slow.yaml
	cat >hint.yaml <<-'end'
	tests: [{name: a, network_environment: {type: localhost}, services: {s:
	  {implementation: {name: slow}, protocol: {name: tcp}, ports: ["7:7"]}}}]
	end
	pth-parse hint.yaml >hint.jsonl
	run pth-plan -P hint hint.jsonl
	assertContains "$err" "slow.yaml:5:14: ready: $(back_reference 5)"
}

testMetrics() {
	printf 'protocol: tcp\ncommands: {any: [x]}\nmetrics: [%s]\n' '{name: n, matches: "a(b"}' |
		descriptor m
	problem d/m.yaml \
		'd/m.yaml:5:30: error: matches: not a regular expression: character 2: ( without )'
	printf 'protocol: tcp\ncommands: {any: [x]}\nmetrics: [%s]\n' \
		'{name: n, matches: "(a)\\1"}' | descriptor m
	problem d/m.yaml "d/m.yaml:5:30: error: matches: $(back_reference 4)"
	printf 'protocol: tcp\ncommands: {any: [x]}\nmetrics: [%s]\n' \
		'{name: n, json: a, matches: b}' | descriptor m
	problem d/m.yaml 'd/m.yaml:5:11: error: must have exactly one of matches, json'
	printf 'protocol: tcp\ncommands: {any: [x]}\nmetrics: [%s]\n' \
		'{name: n, json: a, reduce: avg, sacle: 2}' | descriptor m
	problem d/m.yaml \
		"d/m.yaml:5:38: error: reduce: must be one of: last first sum min max mean count
d/m.yaml:5:43: error: unknown key 'sacle'; did you mean 'scale'?"
}

# shellcheck disable=SC1091
. shunit2
