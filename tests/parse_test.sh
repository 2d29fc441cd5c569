#!/bin/sh
# pth-parse: what golden cases cannot show. Bad input, streams, options, the schema.
. "$TOP/tests/lib.sh"

setUp() {
	export PTH_EVENTS=none
	unset PTH_LOG_LEVEL PANTHER_LOG_LEVEL
}

# One test with one server; $1 goes into the test, $2 into the service.
experiment() {
	cat <<-end
	tests:
	  - name: t
	    network_environment: {type: localhost}
	    $1
	    services:
	      server:
	        implementation: {name: ping_pong}
	        protocol: {name: minip, role: server}
	        ports: ["4443:4443"]
	        $2
	end
}

accepted() { # FILE
	run pth-parse "$1"
	assertCode 0
	assertEquals "$err" '' "$err"
	assertMatch "$out" '^{"pth":1,"type":"end","tests":[1-9]'
}

refused() { # FILE PATTERN...: exit 3, no record, each pattern in a line of stderr
	refused_file=$1
	shift
	run pth-parse "$refused_file"
	assertCode 3
	assertEquals 'no record, not even a part of one' '' "$out"
	for pattern in "$@"; do assertMatch "$err" "$pattern"; done
}

testTheSkeletonIsAccepted() {
	experiment >e.yaml
	accepted e.yaml
}

testEmptyAndBinary() {
	: >e.yaml
	refused e.yaml '^e.yaml:1:1: error: the file is empty$'
	printf '# only\n\n' >e.yaml
	refused e.yaml '^e.yaml:1:1: error: nothing but comments$'
	head -c 5000 "$(command -v pth-parse)" >e.yaml
	refused e.yaml '^e.yaml:[0-9]*:[0-9]*: error: not '
	printf 'tests:\n  - name: caf\351\n' >e.yaml
	refused e.yaml '^e.yaml:2:14: error: not UTF-8: byte 0xe9$'
	printf 'tests:\n  - name: a\000b\n' >e.yaml
	refused e.yaml '^e.yaml:2:12: error: not a text file: NUL byte$'
	printf '[1, 2]\n' >e.yaml
	refused e.yaml "^e.yaml:1:1: error: not an experiment: a list; expected a map with 'tests'$"
	printf 'invalid: yaml\n' >e.yaml
	refused e.yaml "unknown key 'invalid'" "error: experiment: no 'tests'; it must be given"
}

testTabsAndDuplicates() {
	printf 'tests:\n\t- name: a\n' >e.yaml
	refused e.yaml '^e.yaml:2:1: error: not YAML: a tab where blanks are expected$'
	experiment 'timeout: 20' >e.yaml
	sed -i 's/timeout: 20/timeout: 20\n    timeout: 30/' e.yaml
	refused e.yaml "^e.yaml:5:5: error: duplicate key 'timeout', first given on line 4$"
}

testRolesAndTargets() {
	experiment >e.yaml
	sed 's/role: server/role: sever/' e.yaml >f.yaml
	refused f.yaml "$(line "^f.yaml:8:39: error: role: string 'sever';" \
		"expected one of server, client, peer, both, mitm; did you mean 'server'")"
	sed 's/role: server/role: client/' e.yaml >f.yaml
	refused f.yaml '^f.yaml:8:19: error: a client must have a target'
	sed 's/role: server/role: client, target: severs/' e.yaml >f.yaml
	refused f.yaml "$(line "^f.yaml:8:55: error: there is no service 'severs' in this test;" \
		"did you mean 'server'")"
	sed 's/role: server/role: client, target: server/' e.yaml >f.yaml
	refused f.yaml '^f.yaml:8:55: error: service server targets itself'
	sed 's/role: server/role: mitm/' e.yaml >f.yaml
	run pth-parse f.yaml
	assertCode 0
	assertMatch "$err" '^f.yaml:8:39: warning: role mitm'
}

testCommandsWithoutWords() {
	for steps in '[{exec: []}]' '[{exec: {argv: []}}]' '{exec: []}' '{pre_commands: [[]]}' \
		'{post_commands: ["true", []]}'; do
		experiment "steps: $steps" >e.yaml
		refused e.yaml 'error: the command has no words$'
	done
}

testAssertionsThatCannotHold() {
	for type in service_running service_responsive output_contains exit_code; do
		experiment "assertions: [{type: $type, text: a, code: 0}]" >e.yaml
		refused e.yaml "error: $type needs 'service'$"
	done
	experiment 'assertions: [{type: output_contains, service: server, pattern: "("}]' >e.yaml
	refused e.yaml 'error: not a regular expression: character 1: . without .$'
	for key in 'assertions: [{type: output_contains, service: server, pattern' \
		'expect: {log: [{service: server, matches' \
		'expect: {log: [{service: server, not_matches'; do
		close=']'
		[ "${key#expect}" = "$key" ] || close=']}'
		experiment "$key: '(a*)(a*)(a*)(a*)\\1\\2\\3\\4b'}$close" >e.yaml
		refused e.yaml 'character 17: back-references are not supported$'
	done
}

testPorts() {
	for port in 0:1 1:0 70000:1 1:65536 x:y 1:2:3 1:2/sctp 99999999999999999999:1 -1:1; do
		experiment >e.yaml
		sed -i "s,4443:4443,$port," e.yaml
		refused e.yaml '^e.yaml:9:17: error: ports: .*expected HOST:CONTAINER'
	done
	experiment >e.yaml
	sed -i 's/"4443:4443"/"80:1", "81:1", "80:2"/' e.yaml
	refused e.yaml "$(line '^e.yaml:9:33: error: ports:' \
		'host port 80 is taken by another entry of this test; 82 is free$')"
	sed -i 's,"80:2","80:2/udp",;s,"80:1","80:1/tcp",' e.yaml
	accepted e.yaml
}

testNumbers() {
	for value in -5 0 abc 1.5 86401 '[1]' '{a: 1}' 99999999999999999999; do
		experiment '' "timeout: $value" >e.yaml
		refused e.yaml '^e.yaml:10:18: error: '
	done
	for value in 60 '"60"' 60.0 60s 1m '!!int "60"'; do
		experiment '' "timeout: $value" >e.yaml
		accepted e.yaml
		assertEquals 60 "$(jq_out -r '.services.server.timeout // empty')"
	done
}

testNames() {
	experiment >e.yaml
	{
		printf 'tests:\n  - name: ' && head -c 1000000 /dev/zero | tr '\0' n && echo
		sed 1,2d e.yaml
	} >f.yaml
	refused f.yaml '^f.yaml:2:11: error: name: 1000000 bytes long; at most 200$'
	sed 's/name: t$/name: "a\\nb"/' e.yaml >f.yaml
	refused f.yaml '^f.yaml:2:11: error: name: has a newline'
	for name in ../../t a/../b ..; do
		sed "s,name: t\$,name: $name," e.yaml >f.yaml
		refused f.yaml '^f.yaml:2:11: error: name: .* is a path upwards'
	done
	sed 's,name: t$,name: HTTP/2 to /x,' e.yaml >f.yaml
	accepted f.yaml
	assertEquals 'safe as a directory' 001-http-2-to-x "$(jq_out -r 'select(.id) | .id')"
	for name in ../x /x '"a\\nb"' '"a b"' -x "$(head -c 64 /dev/zero | tr '\0' n)"; do
		sed "s,server:\$,$name:," e.yaml >f.yaml
		refused f.yaml "^f.yaml:6:7: error: .* cannot be a service's name"
	done
}

testBombsAndDepth() {
	awk 'BEGIN { printf "tests: "; for (i = 0; i < 10000; i++) printf "["; print "" }' >e.yaml
	refused e.yaml '^e.yaml:1:71: error: nested more than 64 levels deep$'
	awk 'BEGIN { for (i = 0; i < 10000; i++) { printf "%*s- \n", i, "" } }' >e.yaml
	refused e.yaml '^e.yaml:65:.*nested more than 64 levels deep$'
	awk 'BEGIN { print "a0: &a0 [x, x, x, x, x, x, x, x, x]"
		for (i = 1; i < 20; i++) {
			printf "a%d: &a%d [*a%d", i, i, i-1
			for (j = 1; j < 8; j++) printf ", *a%d", i-1
			print "]"
		} }' >e.yaml
	refused e.yaml 'error: more than 1000000 nodes, aliases followed$'
	experiment "matrix: {services.server.environment: [{A: $(head -c 400 /dev/zero |
		tr '\0' n)}]}" >e.yaml
	accepted e.yaml
	assertEquals 'a long name is cut' 200 "$(jq_out -r 'select(.id) | .name | length')"
	experiment 'iterations: 100000' >e.yaml
	sed -i 's/iterations/matrix: {seed: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}\n    iterations/' \
		e.yaml
	refused e.yaml 'more than 1000000 tests'
	experiment "matrix: {seed: [$(seq -s, 400)], retries: [$(seq -s, 300)]}" >e.yaml
	refused e.yaml '120000 combinations; at most 100000'
	experiment 'expect: {log: [{service: server, matches: "((a{1,200}){1,200}){1,200}"}]}' \
		>e.yaml
	refused e.yaml 'not a regular expression: character 18: too much repetition$'
}

testEveryProblemAtOnce() {
	cat >e.yaml <<-end
	logging: {level: LOUD}
	docker: {network_mode: brige}
	tests:
	  - name: a
	    services: null
	  - name: a
	    iterations: 0
	    services: {s: {protocol: {role: client}}}
	end
	refused e.yaml ':1:18: error: level' ':2:24: error: network_mode' \
		":5:15: error: services: nothing; expected list or map" \
		":6:11: error: a second test with the name 'a', first on line 4" \
		':7:17: error: iterations' \
		":8:19: error: s: no 'implementation'" ':8:30: error: a client must have a target'
	printf '%s\n' "$err" | sort -t: -k2,2n -k3,3n -s >sorted
	assertEquals 'sorted' "$(cat sorted)" "$err"
}

testStrictAndCheck() {
	experiment 'should_be_ignore: 1' >e.yaml
	run pth-parse --check e.yaml
	assertCode 0
	assertEquals "e.yaml:4:5: warning: test: unknown key 'should_be_ignore'" "$out"
	run pth-parse --check --strict e.yaml
	assertCode 3
	assertEquals "e.yaml:4:5: error: test: unknown key 'should_be_ignore'" "$out"
	run pth-parse --strict e.yaml
	assertCode 3
	assertEquals '' "$out"
	assertMatch "$err" '^e.yaml:4:5: error: '
}

testStreams() {
	experiment >e.yaml
	run pth-parse <e.yaml
	assertCode 0
	assertEquals stdin "$(jq_out -r '.source.file // empty')"
	run pth-parse - <e.yaml
	assertCode 0
	run sh -c 'pth-parse e.yaml - e.yaml <e.yaml'
	assertCode 0
	assertEquals '3 tests, one end' 'test test test end 3' \
		"$(jq_out -r '.type, (.tests // empty)' | tr '\n' ' ' | sed 's/ $//')"
	echo 'tests: []' >f.yaml
	run pth-parse e.yaml f.yaml
	assertCode 3
	assertEquals 'one bad file, no records' '' "$out"
	run pth-parse nothing.yaml
	assertCode 4
	assertMatch "$err" '^nothing.yaml:1:1: error: No such file'
	run sh -c 'pth-parse e.yaml >/dev/full'
	assertCode 4
	assertMatch "$err" 'No space left'
	run sh -c 'pth-parse e.yaml >&-'
	assertCode 4
	run sh -c 'pth-parse --schema >/dev/full'
	assertCode 4
}

testUsage() {
	for words in '-s novalue' '-s =1' '--explain' '-x'; do
		# shellcheck disable=SC2086
		run pth-parse $words
		assertCode 2
		assertMatch "$err" '^usage: '
		assertEquals '' "$out"
	done
	run pth-parse -V
	assertCode 0
	assertMatch "$out" '^pth-parse [0-9]'
}

testOverridesSayWhere() {
	experiment >e.yaml
	run pth-parse -s tests.0.timeout=soon e.yaml
	assertCode 3
	assertEquals "$(line "-s tests.0.timeout:1:1: error: timeout: string 'soon';" \
		"expected seconds from 1 to 86400")" "$err"
	run pth-parse -s tests.7.timeout=5 e.yaml
	assertCode 3
	assertMatch "$err" 'there is no place tests.7.timeout in the experiment'
	run env PTH_LOG_LEVEL=loud pth-parse e.yaml
	assertCode 3
	assertMatch "$err" "^PTH_LOG_LEVEL:1:1: error: level: string 'loud'"
	run pth-parse -s 'a=[' e.yaml
	assertCode 3
	assertMatch "$err" '^-s a:[0-9]*:[0-9]*: error: not YAML'
}

testVariables() {
	# shellcheck disable=SC2016 # they are for pth-parse
	experiment 'timeout: ${T:-20}' \
		'environment: {A: "${X_Y}", B: "${NONE:-${X_Y}!}", C: "$${X_Y}", D: $X_Y}' >e.yaml
	run env X_Y='a: "b"' pth-parse e.yaml
	assertCode 0
	assertEquals '[20,{"A":"a: \"b\"","B":"a: \"b\"!","C":"${X_Y}","D":"$X_Y"}]' \
		"$(jq_out -c 'select(.id) | [.timeout, .services.server.environment]')"
	run env T=-3 X_Y= pth-parse e.yaml
	assertCode 3
	assertMatch "$err" '^e.yaml:4:14: error: timeout: integer'
	run env -u X_Y pth-parse e.yaml
	assertCode 3
	assertMatch "$err" '^e.yaml:10:26: error: \$\{X_Y\} is not set'
	for bad in '@{server}' '@{:ip}' '@{a:name}' '@{a:ip:octal}' '@{a:ip' '@{a:ip[]}'; do
		experiment '' "environment: {A: \"$bad\"}" >e.yaml
		refused e.yaml '^e.yaml:10:26: error: placeholder @'
	done
	experiment '' \
		'environment: {A: "@{a:ip[b]:hex} @{dir}/x @{share} @{libexec} @{a:port}"}' >e.yaml
	accepted e.yaml
}

testIncludesThatFail() {
	printf 'include: nothing.yaml\n' >e.yaml
	refused e.yaml '^e.yaml:1:10: error: include: nothing.yaml: No such file'
	printf 'include: e.yaml\ntests: []\n' >e.yaml
	refused e.yaml 'a file that includes itself'
	printf 'tests: [{name: 1, services: {a: 5}}]\n' >inner.yaml
	printf 'include: inner.yaml\n' >e.yaml
	refused e.yaml '^inner.yaml:1:33: error: a: integer .5.; expected map'
}

# What an experiment names is a file, and nothing else is waited for.
testIncludesThatAreNoFiles() {
	mkdir -p folder
	rm -f fifo && mkfifo fifo
	for what in fifo folder /dev/zero /dev/tty; do
		printf 'include: %s\n' $what >e.yaml
		run timeout 60 pth-parse e.yaml
		assertCode 3
		assertEquals '' "$out"
		assertMatch "$err" "^e.yaml:1:10: error: include: $what: not a regular file$"
	done
	experiment >inner.yaml
	ln -sf inner.yaml link.yaml
	printf 'include: link.yaml\n' >e.yaml
	accepted e.yaml
}

# What somebody names on the command line may be anything.
testExperimentsThatArrive() {
	experiment >e.yaml
	pth-parse e.yaml | jq -c 'del(.source.file, .run)' >want
	rm -f fifo && mkfifo fifo
	cat e.yaml >fifo &
	run timeout 60 pth-parse fifo
	assertCode 0
	assertEquals "$(cat want)" "$(jq_out -c 'del(.source.file, .run)')"
	out=$(timeout 60 pth-parse /dev/stdin <e.yaml | jq -c 'del(.source.file, .run)')
	assertEquals "$(cat want)" "$out"
	# shellcheck disable=SC2002 # it is about a pipe
	out=$(cat e.yaml | timeout 60 pth-parse /dev/stdin | jq -c 'del(.source.file, .run)')
	assertEquals "$(cat want)" "$out"
}

testSameBytesEveryTime() {
	experiment 'matrix: {seed: [1, 2, 3]}' >e.yaml
	pth-parse e.yaml >one
	pth-parse e.yaml >two
	assertTrue 'not deterministic' 'cmp one two'
	assertEquals 4 "$(wc -l <one)"
}

testSettingsAreInEachRecord() {
	experiment >e.yaml
	run pth-parse e.yaml
	assertEquals '["INFO","outputs",true,true]' "$(echo "$out" |
		jq -c 'select(.id) | .settings |
			[.logging.level, .paths.output_dir, .fast_fail.enabled, .metrics.enabled]')"
}

testExplain() {
	run pth-parse --explain tests.0.services.web.timeout
	assertCode 0
	assertMatch "$out" '^tests\[\]\.services\.\*\.timeout$'
	run pth-parse --explain timeout
	assertTrue 'all that fit' "[ $(echo "$out" | grep -c '^[^	]') -gt 3 ]"
	run pth-parse --explain timeot
	assertCode 1
	assertMatch "$err" "no key 'timeot'; did you mean 'timeout'"
}

# The manual's list of keys is the table.
testManualHasTheKeys() {
	sed -n '/^\.\\" keys begin/,/^\.\\" keys end/p' "$TOP/man/pth-experiment.5" |
		sed '1d;$d' >listed
	pth-parse --keys >known
	assertTrue 'there are keys' '[ -s known ]'
	assertEquals 'man/pth-experiment.5 has another list than pth-parse --keys' '' \
		"$(diff listed known)"
}

# A key that asks for what is not done gets a warning, one for each map.
testKeysWithoutEffect() {
	{
		cat <<-end
		version: 1.0
		logging: {format: "%(asctime)s [%(levelname)s] - %(module)s - %(message)s",
		  feature_levels: {service_start: DEBUG, run: INFO, other: null}}
		paths: {log_dir: outputs/logs, temp_dir: /tmp/panther}
		progress: {redirect_logging: true, use_emojis: false}
		metrics: {retention_days: "30", export_format: json}
		observers:
		  logger: {enabled: true, priority: 100, auto_register: true,
		    correlation_tracking: true, max_file_size: 10MB, output_file: null}
		  metrics: {publish_metrics: true, enable_real_time_monitoring: true}
		end
		experiment
	} >e.yaml
	accepted e.yaml
	{
		cat <<-end
		paths: {log_dir: /var/log, temp_dir: /tmp/x, config_dir: panther/configs}
		logging: {feature_levels: {service_start: DEBUG, other: DEBUG}}
		observers:
		  logger: {max_file_size: 5MB}
		  metrics: {log_level: DEBUG, percentiles: [50], export_format: csv}
		  storage: {enabled: true}
		fast_fail: {enabled: true}
		end
		experiment 'fast_fail_enabled: true' |
			sed 's/type: localhost/type: localhost, enabled: false/'
	} >e.yaml
	run pth-parse --check e.yaml
	assertCode 0
	assertEquals \
		"e.yaml:1:9: warning: 'paths.log_dir', 'paths.temp_dir', 'paths.config_dir', $(
		)'logging.feature_levels.other', 'observers.logger.max_file_size', $(
		)'observers.metrics.log_level', 'observers.metrics.percentiles', $(
		)'observers.metrics.export_format', 'observers.storage' and $(
		)'network_environment.enabled' have no effect
e.yaml:11:5: warning: 'fast_fail_enabled' has no effect without fast_fail.test_level: true" "$out"
	sed -i 's/fast_fail: {enabled: true}/fast_fail: {test_level: "yes"}/' e.yaml
	run pth-parse --check e.yaml
	assertNoMatch "$out" fast_fail_enabled
}

testQuotedBooleans() {
	for word in true True yes ON 1; do
		experiment "continue_on_failure: \"$word\"" >e.yaml
		{ echo "docker: {build_docker_image: '$word'}" && cat e.yaml; } >f.yaml
		run pth-parse f.yaml
		assertCode 0
		assertEquals "$word" '[true,true]' \
			"$(jq_out -c '
				select(.id) |
				[.continue_on_failure, .settings.docker.force_build_docker_image]')"
	done
	for word in false No off 0; do
		experiment "collect_artifacts: '$word'" >e.yaml
		accepted e.yaml
		assertEquals "$word" false "$(jq_out -c 'select(.id) | .collect_artifacts')"
	done
	experiment "collect_artifacts: maybe" >e.yaml
	refused e.yaml "error: collect_artifacts: string 'maybe'; expected true or false"
}

testNamesOfServices() {
	experiment >e.yaml
	sed 's/^      server:/&\n        name: other/' e.yaml >f.yaml
	{
		cat f.yaml &&
			printf '      %s\n' 'other: {implementation: {name: ping_pong},' \
				'  protocol: {name: minip, role: client, target: other}}'
	} >g.yaml
	run pth-parse g.yaml
	assertMatch "$err" "$(line "^g.yaml:7:15: warning: name:" \
		"'other' is the key of another service, which targets of that name mean$")"
	printf 'tests: [1, x, {}, {}]\n' >e.yaml
	run pth-parse e.yaml
	assertEquals 'only of maps' 1 "$(echo "$err" | grep -c 'second test')"
}

# What a table of types cannot tell; pth-compose would say it without a place.
testFormsOfValues() {
	looked=0
	while read -r col value; do
		looked=$((looked + 1))
		experiment | sed "s#{type: localhost}#{type: docker_compose, $value}#" >e.yaml
		refused e.yaml "^e.yaml:3:$col: error: ${value%%:*}: "
	done <<-end
	57 subnet: 300.1.1.0/24
	57 subnet: 10.1.1.0/31
	57 subnet: net
	63 network_name: "a b"
	65 service_prefix: /x
	59 volumes: [x]
	59 volumes: [":/x"]
	59 volumes: ["a:b"]
	81 volumes: [{local: a, container: b}]
	59 volumes: [{local: a}]
	63 environment: {"A=B": 1}
	end
	assertLeast 11 "$looked" cases
	experiment |
		sed 's,{type: localhost},{type: docker_compose\, subnet: 10.0.0.0/8\,\
      network_name: a.b-c\, volumes: ["a:/b:ro"\, {local: ./c\, container: /c}]},' >e.yaml
	accepted e.yaml
	experiment '' 'volumes: ["./a"]' >e.yaml
	refused e.yaml \
		"^e.yaml:10:19: error: volumes: './a'; expected LOCAL:INSIDE or LOCAL:INSIDE:ro$"
	experiment '' 'environment: {"": 1, "A=": 2, A-B: 3}' >e.yaml
	refused e.yaml "^e.yaml:10:23: error: environment: '' cannot be the name" \
		"^e.yaml:10:30: error: environment: 'A=' cannot"
	assertEquals 2 "$(echo "$err" | wc -l)"
}

# What helps: what was meant, and one message about one mistake.
testMessagesHelp() {
	experiment | sed 's/{type: localhost}/localhost/' >e.yaml
	refused e.yaml "$(line "^e.yaml:3:26: error: network_environment: string 'localhost';" \
		"expected map; write {type: localhost}$")"
	experiment | sed 's/{name: ping_pong}/ping_pong/' >e.yaml
	refused e.yaml "expected map; write {name: ping_pong}$"
	experiment 'execution_environment: [strace]' >e.yaml
	refused e.yaml "$(line "^e.yaml:4:29: error: execution_environment: string 'strace';" \
		"expected map; write {type: strace}$")"
	experiment | sed 's/{name: ping_pong}/{nane: ping_pong}/' >e.yaml
	refused e.yaml "error: implementation: no 'name'; it must be given; is it 'nane'.$"
	printf 'tests: !include other.yaml\n' >e.yaml
	refused e.yaml \
		'^e.yaml:1:8: error: unknown tag !include; a file is included by the key include$'
	assertEquals 'one message' 1 "$(echo "$err" | wc -l)"
	experiment 'timeout: .inf' >e.yaml
	refused e.yaml '^e.yaml:4:14: error: .inf is not a number'
	assertEquals 'one message' 1 "$(echo "$err" | wc -l)"
	printf 'test_suite:\n  tests:\n  - name: x\n' >e.yaml
	refused e.yaml "$(line "^e.yaml:2:3: error: tests below test_suite are not read," \
		"by PANTHER neither; write 'tests' at the top$")"
}

testJsonSchema() {
	need python3 python3 || return
	python3 -c 'import jsonschema, yaml' 2>/dev/null || {
		skip 'needs python3-jsonschema and python3-yaml' || return
	}
	pth-parse --schema >schema.json
	pth-parse --schema --strict >strict.json
	cat >validate.py <<-'end'
	import json, sys, yaml, jsonschema
	draft = jsonschema.Draft202012Validator
	schema = json.load(open(sys.argv[1]))
	draft.check_schema(schema)
	for name in sys.argv[2:]:
	    if any(True for e in draft(schema).iter_errors(yaml.safe_load(open(name)))):
	        print(name)
	end
	assertEquals 'none of these is wrong' '' "$(python3 validate.py schema.json \
		"$TOP"/examples/*.yaml "$TOP"/tests/golden/pth-parse/full/full.yaml \
		"$TOP"/tests/golden/pth-parse/shapes/shapes.yaml 2>&1)"
	# It says of unknown keys what pth-parse does: which are errors, and which only --strict.
	looked=0 wrong='' odd=''
	while read -r want line; do
		looked=$((looked + 1))
		experiment "$line" >"case$looked.yaml"
		run pth-parse --check "case$looked.yaml"
		assertCode $((want / 3 * 3))
		[ "$want" = 0 ] || odd="${odd}case$looked.yaml "
		[ "$want" != 3 ] || wrong="${wrong}case$looked.yaml "
	done <<-end
	3 iterations: many
	3 expects: {status: failed}
	3 epxect: {status: failed}
	3 xpect: {status: failed}
	3 expecd: {status: failed}
	3 expect: {packet: []}
	3 expect: {far_off: []}
	0 expect: {x-far: []}
	1 should_be_ignore: 1
	0 x-mine: 1
	3 steps: {wiat: 5}
	1 steps: {notes: 5}
	end
	assertLeast 12 "$looked" cases
	assertEquals "$wrong" \
		"$(python3 validate.py schema.json case*.yaml | sort -V | tr '\n' ' ')"
	assertEquals "$odd" \
		"$(python3 validate.py strict.json case*.yaml | sort -V | tr '\n' ' ')"
}

testServiceWithoutValue() {
	experiment >e.yaml
	printf '      lonely:\n' >>e.yaml
	refused e.yaml 'error: .*lonely'
	printf 'tests:\n  -\n' >e.yaml
	refused e.yaml '^e.yaml:2:4: error: test: nothing; expected map$'
}

# The tests with errors have the first of them, its place, and what is right of them.
testKeepGoing() {
	{
		experiment && experiment 'iterations: 2' 'timeout: x' | sed 1d |
			sed 's/: t$/: u/' && experiment | sed 1d | sed 's/: t$/: v/'
	} >e.yaml
	run pth-parse --keep-going e.yaml
	assertCode 3
	assertEquals 't u u v 4' "$(jq_out -r '.name // .tests' | tr '\n' ' ' | sed 's/ $//')"
	assertEquals "$(json '["parse","configuration",["services.server.timeout"]]')$NL$(json \
		'[2,60,"timeout: string \u0027x\u0027; expected seconds from 1 to 86400"]')" \
		"$(jq_out -c 'select(.index == 2) | (.error | [.stage, .category, .at]),
			[.index, .services.server.timeout, .error.message]')"
	echo 'logging: {level: x}' >>e.yaml
	run pth-parse --keep-going e.yaml
	assertCode 3
	assertEquals "level: string 'x'; expected one of TRACE, DEBUG, INFO, WARNING, ERROR, $(
		)CRITICAL" "$(jq_out -r 'select(.index == 1).error.message')"
	assertEquals 'what is wrong is not there' INFO "$(jq_out -r \
		'select(.index == 1).settings.logging.level')"
	# A matrix that is wrong is a test without it, and what has no shape at all is none.
	experiment 'matrix: {timeout: [1, x], steps: 7}' >e.yaml
	printf '  - 7\n' >>e.yaml
	run pth-parse --keep-going e.yaml
	assertCode 3
	assertEquals 't 1' "$(jq_out -r '.name // .tests' | xargs)"
	# Each combination has its own errors.
	experiment 'matrix: {timeout: [10, x]}' >e.yaml
	run pth-parse --keep-going e.yaml
	assertEquals '[] ["timeout"]' "$(jq_out -c 'select(.id).error.at' | xargs -d '\n')"
}

testMatrixOfAWrongShape() {
	experiment 'matrix: {seed: [1, 2], exclude: 7}' >e.yaml
	refused e.yaml "^e.yaml:4:37: error: exclude: integer '7'; expected list$"
	experiment 'matrix: {include: [{timeout: 0}, {steps.wait: 20, nosuch: 1}]}' >e.yaml
	refused e.yaml \
		"^e.yaml:4:34: error: timeout: integer '0'; expected seconds from 1 to 86400$" \
		'^e.yaml:4:55: error: matrix: there is no field nosuch to vary$'
	experiment 'matrix: {include: [x]}' >e.yaml
	refused e.yaml "error: include: string 'x'; expected map$"
	experiment 'matrix: {include: []}' >e.yaml
	refused e.yaml '^e.yaml:4:5: error: matrix: no fields to vary$'
}

# What PANTHER reads and a strict reader would not.
testHabits() {
	{ printf '\357\273\277' && experiment | sed 's/$/\r/'; } >e.yaml
	accepted e.yaml
	printf 'paths: {output_dir: "${oc.env:NO_SUCH,out}", cert_dir: "${oc.env:HOME}"}\n' >e.yaml
	experiment >>e.yaml
	accepted e.yaml
	assertEquals out "$(jq_out -r 'select(.settings).settings.paths.output_dir')"
	printf 'paths: {output_dir: "${oc.env:NO_SUCH}"}\n' >e.yaml
	experiment >>e.yaml
	refused e.yaml '^e.yaml:1:21: error: [$]{NO_SUCH} is not set'
}

. shunit2
