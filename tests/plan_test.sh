#!/bin/sh
# pth-plan: what golden cases cannot show. Errors that only planning sees,
# values that must arrive unchanged, order, streams, user plugins.
. "$TOP/tests/lib.sh"

setUp() {
	export PTH_EVENTS=none
	unset PTH_PATH
}

# A test of a minip server and client; $1 goes below the server's
# implementation, $2 below its protocol, $3 into the server, $4 into the client.
experiment() {
	cat <<-end
	tests:
	  - name: t
	    network_environment: {type: ${net:-localhost}}
	    services:
	      server:
	        implementation: {name: ping_pong${1:+, $1}}
	        protocol: {name: minip, role: server${2:+, $2}}
	        ports: ["4443:4443"]
	        $3
	      client:
	        implementation: {name: ping_pong}
	        protocol: {name: minip, role: client, target: server}
	        $4
	end
}

# What an environment says of its network becomes links, or is refused: never nothing.
testShapedNetworks() {
	looked=0
	for kind in localhost 'localhost, container: true, image: x' docker_compose; do
		for key in 'latency: 10' 'jitter: 2, latency: 10' 'packet_loss: 0.5' \
			'bandwidth: 10 Mbit' 'network: {latency: 10}'; do
			(net="$kind, $key" && experiment) >x.yaml
			plan x.yaml
			found=$(jq_out -r 'select(.id) | .error.message // (.plan.links[0].config |
				del(.seed) | keys[0])')
			case $kind in
			localhost) assertMatch "$found" '^(delay|jitter|loss|rate)$' ;;
			*) assertMatch "$found" \
				'^(delay|jitter|loss|rate)$|no links in|links join several' ;;
			esac
			looked=$((looked + 1))
		done
	done
	assertLeast 15 $looked networks
}

# Conditions of a link that cannot be together, or are nothing without another one.
testLinksThatCannotBe() {
	printf '1\n2\n' >trace
	looked=0
	while IFS='|' read -r words wrong; do
		experiment '' '' '' '' >x.yaml
		printf '    links: [{between: [client, server], %s}]\n' "$words" >>x.yaml
		run pth check x.yaml
		assertEquals "$words" "3 x.yaml:14:13: error: up: $wrong" "$code $out$err"
		looked=$((looked + 1))
	done <<-'end'
	rate: 1mbit, trace: trace|rate and trace exclude each other
	queue: 5|queue: without a rate or a trace nothing ever waits
	aqm: codel|aqm: without a rate or a trace nothing ever waits
	rate: 1mbit, aqm_ecn: true|aqm_ecn goes with aqm: codel or fq_codel
	rate: 1mbit, aqm: codel, target: 0ms|target: 0 is no time for aqm
	rate: 1mbit, aqm: codel, interval: 0ms|interval: 0 is no time for aqm
	reorder: 1%|reorder: without a delay nothing can be overtaken
	gap: 3|gap goes with reorder
	burst: 3|burst goes with loss
	rate: 1mbit, target: 1ms|target goes with aqm: codel or fq_codel
	rate: 1mbit, quantum: 300|quantum goes with aqm: fq_codel
	delay: 5ms, distribution: normal|distribution goes with jitter
	delay: 5ms, order: free|order goes with jitter
	checksum: wrong|checksum goes with corrupt
	too_big: silent|too_big goes with mtu
	only: udp|only goes with loss, drop, duplicate, corrupt or ecn
	end
	assertLeast 16 $looked conditions
	# What it goes with may be nothing, as in a matrix, or come by a scenario; steps take it
	# away.
	options='--delay=15ms --bandwidth=10Mbps --queue=25'
	for words in 'loss: 0%, burst: 3, reorder: 0%, gap: 3, only: udp' \
		"scenario: drop-rate $options --rate_to_client=0" \
		"scenario: simple-p2p $options, aqm: codel"; do
		experiment '' '' '' '' >x.yaml
		printf '    links: [{between: [client, server], %s}]\n' "$words" >>x.yaml
		echo '    steps: [{link: {loss: 0%, reorder: 0%}}, {link: {rate: ""}}]' >>x.yaml
		run pth check x.yaml
		assertEquals "$words" 0 "$code$out$err"
	done
	# Each step comes after those before it.
	experiment '' '' '' '' >x.yaml
	cat >>x.yaml <<-'end'
	    links: [{between: [client, server], latency: 10ms, jitter: 5ms}]
	    steps:
	      - {link: {latency: 5ms}}
	      - {link: {jitter: 1ms}}
	      - {link: {latency: 1ms}}
	      - {link: {direction: backward, latency: 0ms}}
	end
	run pth check x.yaml
	assertEquals "3 x.yaml:19:16: error: down: jitter: more than the delay, so that$(:
		) packets would arrive before they left" "$code $out$err"
}

# plan FILE [OPTION...]: through both stages.
plan() {
	file=$1
	shift
	pth-parse "$file" >parsed.jsonl 2>parse.err || { cat parse.err; return 9; }
	run pth-plan "$@" parsed.jsonl
}

# by_hand SERVICES: a record that is made by hand, and the end of its stream.
by_hand() {
	json "{\"pth\":1,\"type\":\"test\",\"id\":\"a\",\"services\":$1}"
	end 1
}

argv() { # service
	jq_out -c "select(.type == \"test\") | .plan.services[] | select(.name == \"$1\") |
			.phases.run.argv"
}

refused() { # message position
	run pth-plan --check parsed.jsonl
	assertCode 3
	assertEquals "$err" "$1" "$err"
	assertEquals '' "$out"
}

testEveryProblemHasItsPlace() {
	experiment 'mod: random' >x.yaml && plan x.yaml
	assertCode 0
	assertEquals 'plan' "$(jq_out -r 'select(.error) | .error.stage')"
	refused "x.yaml:6:48: error: ping_pong has no parameter 'mod'; did you mean 'mode'?"
	experiment 'mode: odd' >x.yaml && plan x.yaml
	refused "$(line "x.yaml:6:49: error: parameter mode: 'odd' is not one of functional," \
		"random, flaky, fail, vulnerable")"
	experiment 'count: 0' >x.yaml && plan x.yaml
	refused 'x.yaml:6:50: error: parameter count: 0 is below the minimum 1'
	experiment 'count: [1]' >x.yaml && plan x.yaml
	refused 'x.yaml:6:50: error: parameter count must be of type int, not a list'
	experiment '' 'version: randm' >x.yaml && plan x.yaml
	refused "$(line "x.yaml:7:56: error: ping_pong has no version 'randm'; it has functional," \
		"random, flaky, fail, vulnerable")"
	experiment 'type: testers' >x.yaml && plan x.yaml
	refused 'x.yaml:6:49: error: ping_pong is an implementation; write type: iut'
	experiment '' '' 'command_override: "miniP {{ prt }}"' >x.yaml && plan x.yaml
	assertMatch "$err" "prt"
}

# PANTHER hands plugins any key; only a misspelling is an error.
testKeysThatPluginsDoNotKnow() {
	experiment 'performance_mode: balanced, runtime_parameters: {buffer_size: 64KB}, swagger: 1,
	          config: {mode: random}' >x.yaml && plan x.yaml
	assertCode 0
	assertMatch "$err" "^x.yaml:6:[0-9]+: warning: ping_pong has no parameter 'swagger'$"
	assertEquals 64KB "$(jq_out -r '
		select(.plan).plan.services[] | select(.role == "server").environment.buffer_size')"
	assertMatch "$(argv server)" '"-m","random"'
	experiment '' '' '' 'command_override: x' |
		sed "s/full/x/
		s/{type: localhost}/{type: shadow_ns, priority: 5,\
      monitoring_interval_seconds: 9}/" >x.yaml
	plan x.yaml
	assertEquals '' "$err"
}

testTheImplementationSaysWhatIsSpoken() {
	experiment |
		sed \
		'/protocol: {name: minip, role: server/d;s/protocol: {name: minip, /protocol: {/' \
		>x.yaml && plan x.yaml
	assertCode 0
	assertEquals 'minip minip' \
		"$(jq_out -r 'select(.plan) | [.plan.services[].protocol] | join(" ")')"
	experiment |
		sed 's/name: ping_pong}/name: panther_ivy, type: testers, test: x}/
			/protocol: {name: minip, role: server/d' >x.yaml
	plan x.yaml
	refused "$(line "x.yaml:6:9: error: panther_ivy speaks several protocols;" \
		"protocol.name must say which")"
}

# PANTHER's habits: {value:}, options below config, base keys of environments.
testHabitsOfPanther() {
	experiment 'parameters: {mode: {value: flaky, description: x}}' >x.yaml && plan x.yaml
	assertCode 0
	assertMatch "$(argv server)" '"-m","flaky"'
	experiment 'parameters: {wait_ms: {value: soon}}' >x.yaml && plan x.yaml
	refused 'x.yaml:6:65: error: parameter wait_ms must be of type int, not a string'
	experiment |
		sed '3a\    execution_environment: [{type: strace, config: {trace_childern: true,\
      string_limit: 99}, priority: 100, collect_metrics: true}, {type: gdb, priority: 5}]' >x.yaml
	plan x.yaml
	refused "x.yaml:4:36: error: gdb and strace cannot work together
x.yaml:4:69: error: strace has no parameter 'trace_childern'; did you mean 'trace_children'?
x.yaml:5:87: warning: gdb has no parameter 'priority'"
	experiment | sed 's/type: localhost}/type: simulator}/' >x.yaml && plan x.yaml
	refused "$(line "x.yaml:3:33: error: no network environment named 'simulator';" \
		"pth list shows those that there are")"
	experiment | sed '6s/name: ping_pong}/name: panther_ivy, type: testers}/' >x.yaml &&
		plan x.yaml
	run pth-plan --check parsed.jsonl
	assertMatch "$err" "$(line '^x.yaml:6:25: warning: panther_ivy without test:' \
		'name of the test; without it nothing is tested$')"
}

# quant binds to an interface: that of the environment, unless the experiment names one.
testInterface() {
	for case in localhost::lo docker_compose::eth0 shadow_ns::eth0 docker_compose:eth1:eth1; do
		IFS=: read -r net own expected <<-end
		$case
		end
		experiment '' '' "network: {interface: \"$own\"}" |
			sed 's/ping_pong/quant/;s/minip/quic/' >x.yaml && plan x.yaml
		assertMatch "$case: $(argv server)" "\"-i\",\"$expected\""
	done
	unset net
}

testIncompatibilityOfTheExperiment() {
	for list in ':x' ', incompatibility: []:' ', incompatibility: [gperf]:x'; do
		experiment |
			sed "s/{type: localhost}/{type: shadow_ns${list%:*}}/
			s/    services:/    execution_environment: [{type: gperf_cpu}]\n&/" >x.yaml
		plan x.yaml
		assertEquals "$list $err" "${list##*:}" "$(jq_out -r 'select(.error) | "x"')"
	done
}

testVersionConfig() {
	mkdir -p sub
	cat >sub/mine.yaml <<-'end'
	commit: 1234567
	dependencies: [{name: picotls, url: https://example.org/p.git, commit: deadbeef},
	  {name: other, commit: 0x1, url: u}, {name: lost}]
	env: {VAR_X: "a b", N: 0x10}
	parameters: {server_name: {value: example.org, description: who}}
	server:
	  protocol: {alpn: {param: -a, value: hq-29}, additional_parameters: "-Q 'x y'"}
	  binary: {dir: /opt/picoquic, name: ./picoquicdemo}
	  network: {port: 4999}
	  certificates: {cert_param: -c, cert_file: /opt/cert.pem,
	    key: {param: -k, file: /opt/key.pem}}
	end
	cat >x.yaml <<-'end'
	tests:
	  - name: a
	    network_environment: {type: docker_compose}
	    services:
	      s:
	        implementation: {name: picoquic, version_config: sub/mine.yaml}
	        protocol: {name: quic, version: rfc9000, role: server}
	        environment: {N: 7}
	      c:
	        implementation:
	          name: picoquic
	          version: draft29
	          version_config: {initial_version: 00000002, certificates: {cert_file: /c}}
	        protocol: {name: quic, role: client, target: s}
	      d:
	        implementation: {name: picoquic, version_config: draft27}
	        protocol: {name: quic, role: client, target: s}
	end
	plan x.yaml
	assertCode 0
	assertEquals \
		"$(json '["/opt/picoquic/picoquicdemo","-c","/opt/cert.pem","-k","/opt/key.pem",
			"-a","hq-29","-n","example.org","-D","-L","-q","@{dir}/s/qlog","-Q",
			"x y","-p","4999"]')" "$(argv s)"
	assertEquals \
		"$(json '["a b","7","1234567",[["picotls","https://example.org/p.git",
			"deadbeef"],["other","u","0x1"]]]')" \
		"$(jq_out -c '
			select(.plan).plan.services[0] |
				[.environment.VAR_X, .environment.N, .docker.revision,
				  [.docker.dependencies[] | [.name, .repository, .revision]]]')"
	assertMatch "$(argv c)" \
		'^\["picoquicdemo","-c","/c",.*"-a","hq-29",.*"-v","00000002","s","4999"'
	assertMatch "$(argv d)" '"-a","hq-27",.*"-v","ff00001b"'
	cat >x.yaml <<-'end'
	tests:
	  - name: a
	    services:
	      s: {implementation: {name: picoquic,
	        version_config: {servr: {}, dependencies: [{name: a b}],
	          server: {network: 5}}}, protocol: {name: quic}}
	      c: {implementation: {name: picoquic, version_config: rfc1}, protocol: {name: quic}}
	end
	plan x.yaml
	refused "x.yaml:5:25: warning: unknown key 'servr'; did you mean 'server'?
x.yaml:5:25: error: network: must be a map, not an integer
x.yaml:5:25: error: dependencies: 'a b' cannot be a name
x.yaml:7:60: error: picoquic has no version 'rfc1'; \
it has rfc9000, draft29, draft27, draft27-vuln1, draft27-vuln2"
	sed -i 's/rfc1}/none.yaml}/' x.yaml
	run pth-parse x.yaml
	assertCode 3
	assertMatch "$err" '^x.yaml:7:60: error: version_config: none.yaml: No such file'
}

testDirectoriesOfTheExperiment() {
	mkdir -p own/services/iut/minip
	printf 'plugin: mine\nkind: iut\nextends: ping_pong\n' >own/services/iut/minip/mine.yaml
	experiment | sed 's/ping_pong}/mine}/' >x.yaml
	plan x.yaml
	assertMatch "$err" "no implementation named 'mine'"
	echo 'paths: {plugin_dir: own, cert_dir: /etc/c}' >>x.yaml
	plan x.yaml
	assertEquals '' "$err"
	mkdir -p own/services/iut/minip/x
	printf 'plugin: mine\nkind: iut\n' | tee own/services/iut/minip/x/mine.yaml >/dev/null
	plan x.yaml
	assertMatch "$err" 'paths.plugin_dir is left out: .*mine.* is defined a second time'
	printf 'paths: {cert_dir: /etc/c}\n' >y.yaml
	experiment | sed 's/ping_pong/picoquic/;s/minip/quic/' >>y.yaml
	plan y.yaml
	assertMatch "$(argv server)" '"-c","/etc/c/cert.pem","-k","/etc/c/key.pem"'
	sed -i 's,/etc/c,c,' y.yaml
	plan y.yaml
	assertMatch "$err" "warning: paths.cert_dir: 'c' must begin with / to be used"
}

testUnknownPlugins() {
	experiment | sed 's/name: ping_pong}/name: ping_pog}/' >x.yaml
	plan x.yaml
	run pth-plan --check parsed.jsonl
	assertCode 3
	assertMatch "$err" "$(line "^x.yaml:6:32: error: no implementation named 'ping_pog';" \
		"did you mean 'ping_pong'\\?$")"
	assertMatch "$err" "^x.yaml:11:32: error: no implementation"
	net=localhst
	experiment >x.yaml
	unset net
	pth-parse x.yaml 2>/dev/null >parsed.jsonl || cat <<-end >parsed.jsonl
	$(json '{"pth":1,"type":"test","run":"x","id":"001-t","index":1,"of":1,"name":"t",
		"source":{"file":"x.yaml","line":2,"col":5},
		"network_environment":{"type":"localhst"},
		"services":{"s":{"name":"s","implementation":{"name":"ping_pong","type":"iut"},
			"protocol":{"name":"minip","role":"server"}}},
		"marks":{"network_environment.type":[3,33]}}')
	{"pth":1,"type":"end","tests":1}
	end
	refused "$(line "x.yaml:3:33: error: no network environment named 'localhst';" \
		"did you mean 'localhost'?")"
}

# One bad test does not take the others with it.
testOthersGoOn() {
	{
		experiment
		experiment 'mode: odd' | sed '1d; s/name: t$/name: bad/'
		experiment | sed '1d; s/name: t$/name: last/'
	} >x.yaml
	plan x.yaml
	assertCode 0
	assertEquals '[true,false,true]' \
		"$(jq_out -sc 'map(select(.type == "test") | has("plan"))')"
	assertEquals '{"pth":1,"type":"end","tests":3}' "$(printf '%s\n' "$out" | tail -n 1)"
	assertMatch "$err" '^x.yaml:[0-9]+:[0-9]+: error: parameter mode'
}

# Every byte that YAML can hold comes out as one argument, unchanged.
testValuesArriveUnchanged() {
	need jq jq || return
	mkdir -p p
	cat <<-'end' >p/echo.yaml
	plugin: echo
	kind: iut
	protocol: minip
	parameters: {v: {type: str, default: ""}, l: {type: list, default: []}}
	commands: {server: [echo, "{{ v }}", "<{{ v }}>", {each: l}, {when: v, args: ["-{{ v }}"]},
	  {optional: "{{ v }}"}]}
	end
	cat <<-'end' >make.jq
	([range(1; 127)] | implode) as $all |
	[$all, " a  b ", "$(id); `id` && x > y | z", "'\"\\", "{{ port }} {% x %}",
	  "a\nb\tc\r", "@{", "ü€𝄞", "*", "-n", ""] |
	(to_entries[] | {pth: 1, type: "test", run: "r", id: "t\(.key)", index: (.key + 1),
	  name: "t", source: {file: "x", line: 1},
	  network_environment: {type: "localhost"}, services: {s: {implementation: {name: "echo",
	    v: .value, l: ["q", .value]},
	  protocol: {name: "minip", role: "server"}}}}), {pth: 1, type: "end", tests: length}
	end
	jq -nc -f make.jq >in.jsonl
	run pth-plan -P p in.jsonl
	assertCode 0
	assertEquals 11 "$(jq_out -c 'select(.plan)' | wc -l)"
	assertEquals '' "$(jq_out -c 'select(.type == "test") | .services.s.implementation.v as $v |
		select(.plan.services[0].phases.run.argv != ["echo", $v, "<\($v)>", "q",
		  $v] + (if $v == "" then [] else ["-" + $v, $v] end))')"
}

testOrder() {
	cat <<-'end' >x.yaml
	tests:
	  - name: t
	    network_environment: {type: localhost}
	    services:
	      a: {implementation: {name: ping_pong},
	        protocol: {name: minip, role: client, target: b}, depends_on: {c: running}}
	      b: {implementation: {name: ping_pong},
	        protocol: {name: minip, role: server, target: a}, ports: ["4443:4443"]}
	      c: {implementation: {name: ping_pong}, protocol: {name: minip, role: server},
	        ports: ["4444:4444"], depends_on: [b]}
	end
	plan x.yaml
	assertCode 0
	assertEquals \
		"$(json '[["b","c","a"],[],[{"service":"b","state":"ready"}],[{"service":"b",
			"state":"ready"},{"service":"c","state":"running"}]]')" \
		"$(jq_out -c 'select(.plan).plan | [.order, .services[].after]')"
	sed 's/"4443:4443"\]}/"4443:4443"], depends_on: [c]}/' x.yaml >y.yaml
	plan y.yaml
	run pth-plan --check parsed.jsonl
	assertCode 3
	assertMatch "$err" \
		'^y.yaml:[0-9]+:[0-9]+: error: services wait for each other: b -> c -> b$'
}

testPorts() {
	experiment '' '' '' '' | sed 's/4443:4443/8080:5000/' >x.yaml
	plan x.yaml
	assertEquals '[5000,5000]' "$(jq_out -c 'select(.plan) | [.plan.services[].port]')"
	experiment 'port: 6000' >x.yaml
	plan x.yaml
	assertEquals '["@{libexec}/miniP_server","-p","6000"]' "$(argv server | jq -c '.[:3]')"
	assertEquals '"6000"' "$(argv client | jq -c '.[2]')"
	# The usual port of the protocol wins over others that are published.
	experiment '' '' '' '' | sed 's/"4443:4443"/"8080:8080", "4443:4443"/' >x.yaml
	plan x.yaml
	assertEquals '4443' "$(jq_out -c 'select(.plan) | .plan.services[0].port')"
}

# Two servers that named no port do not clash; two that named one do.
testPortClash() {
	record() { # extra
		service='{"implementation":{"name":"ping_pong"'$1'},
			"protocol":{"name":"minip","role":"server"}}'
		cat <<-end
		$(json '{"pth":1,"type":"test","run":"x","id":"1","index":1,"name":"t",
			"source":{"file":"x","line":1},"network_environment":{"type":"localhost"},
			"services":{"a":'"$service"',"b":'"$service"'}}')
		{"pth":1,"type":"end","tests":1}
		end
	}
	record >x.jsonl
	run pth-plan x.jsonl
	assertEquals '[4443,4444]' "$(jq_out -c 'select(.plan) | [.plan.services[].port] | sort')"
	record ',"port":7000' >x.jsonl
	run pth-plan --check x.jsonl
	assertCode 3
	assertMatch "$err" 'a and b both want udp port 7000 on 127.0.0.1'
}

testPlaceholders() {
	experiment '' '' 'environment: {A: "@{client:ip:decimal} @{server:ip:hex} @{server:port}
	            @{client:hostname} @{dir} @"}' \
		'command_override: [x, "@{server_service:ip}", "@{server:port:hex}"]' >x.yaml
	plan x.yaml
	assertCode 0
	assertEquals '"2130706433 0x7F000001 4443 client @{dir} @"' \
		"$(jq_out -c 'select(.plan) | .plan.services[0].environment.A')"
	assertEquals '["x","127.0.0.1","0x115B"]' "$(argv client)"
	sed 's/@{client:hostname}/@{clint:hostname}/' parsed.jsonl >bad.jsonl
	run pth-plan --check bad.jsonl
	assertCode 3
	assertMatch "$err" "there is no service of this name in the test; did you mean 'client'"
}

# Containers have no address yet: their names are in the plan.
testDocker() {
	net=docker_compose
	experiment '' '' 'environment: {A: "@{client:ip:decimal} @{client:hostname}"}' >x.yaml
	unset net
	plan x.yaml
	assertCode 0
	assertEquals '["-i","0.0.0.0"]' "$(argv server | jq -c '.[3:5]')"
	assertEquals '["-i","server"]' "$(argv client | jq -c '.[3:5]')"
	assertEquals '["docker_compose","container"]' "$(printf '%s\n' "$out" |
		jq -c 'select(.plan).plan.environment | [.type, .isolation]')"
	assertMatch "$out" '@{client:ip:decimal} client'
}

testCommandOverride() {
	experiment '' '' '' "command_override: \"miniP -p {{ port }} 'a b' \\\"\$HOME\\\"\"" >x.yaml
	plan x.yaml
	assertEquals '["miniP","-p","4443","a b","$HOME"]' "$(argv client)"
}

testUserPluginHidesOurs() {
	mkdir -p mine/services/iut/minip
	cat <<-'end' >mine/services/iut/minip/ping_pong.yaml
	plugin: ping_pong
	kind: iut
	extends: ping_pong
	binary: /opt/mine
	end
	experiment >x.yaml
	plan x.yaml -P mine
	assertEquals '["/opt/mine","-p","4443","-i"]' "$(argv server | jq -c '.[:4]')"
	PTH_EVENTS=json PTH_PATH=mine:nowhere pth-plan parsed.jsonl >out.jsonl 2>events
	assertEquals '/opt/mine' \
		"$(jq -r 'select(.plan) | .plan.services[0].phases.run.argv[0]' out.jsonl)"
	assertEquals \
		"$(json '["ping_pong","mine/services/iut/minip/ping_pong.yaml",
			"plugins/services/iut/minip/ping_pong.yaml"]')" \
		"$(jq -c 'select(.event == "plugin.overridden") | [.plugin, .by, .hides]' events)"
	echo 'bad: [' >mine/services/iut/minip/ping_pong.yaml
	PTH_PATH=mine run pth-plan --check parsed.jsonl
	assertCode 3
	assertMatch "$err" "$(line '^x.yaml:6:32: error: cannot use ping_pong:' \
		'mine/services/iut/minip/ping_pong.yaml:[0-9]+:[0-9]+: ')"
}

# What inheritance takes away is missing, and nothing worse.
testTakenAway() {
	mkdir -p gone
	cat <<-'end' >gone/gone.yaml
	plugin: gone
	kind: iut
	extends: minip
	versions:
	  functional:
	  random: {ready: {server: {udp: ~}}}
	  flaky: {commands: {server: [{each: ~}, {optional: ~}, {words: ~}, {when: ~}, ~]}}
	  fail: {phases: {pre_run: [{argv: ~}]}}
	  vulnerable: {commands: ~}
	commands: {server: [a]}
	end
	for version in functional random flaky fail vulnerable; do
		experiment '' "version: $version" |
			sed '/client:/,$d; s/name: ping_pong/name: gone/' >x.yaml
		plan x.yaml -P gone
		assertCode 0
		case $version in functional) assertEquals '["a"]' "$(argv server)" ;; esac
		jq_out -r '.error.message // empty' | sed 's/^/'$version': /'
	done >said
	assertMatch "$(cat said)" '^random: .*ready: nothing to look for'
	assertMatch "$(cat said)" '^fail: .*the command has no words'
	assertMatch "$(cat said)" '^vulnerable: .*no command for the role server'
}

# PANTHER's way: the command is one template file beside the descriptor.
testTemplateCommand() {
	mkdir -p t/services/iut/minip/old
	cat <<-'end' >t/services/iut/minip/old/plugin.yaml
	plugin: old
	kind: iut
	protocol: minip
	environment: {BINARY: ./miniP_server}
	commands: {server: {template: server_command.jinja}, client: {line: "c {{ host }} > log"}}
	end
	cat <<-'end' >t/services/iut/minip/old/server_command.jinja
	{% if port %}
	$BINARY -p {{ port }}
	  -i "{{ address }} x" > /app/logs/server.log 2> /app/logs/server.err.log
	{% endif %}
	end
	experiment | sed 's/name: ping_pong/name: old/' >x.yaml
	plan x.yaml -P t
	assertEquals '["./miniP_server","-p","4443","-i","127.0.0.1 x"]' "$(argv server)"
	assertEquals '["c","127.0.0.1"]' "$(argv client)"
}

testExecutionEnvironments() {
	experiment |
		sed '3a\    execution_environment: [{type: strace, services: [client],\
      trace_all_syscalls: false, trace_network_syscalls: true, nonsense: 1},\
      {type: gdb, enabled: false}, {type: iterations, iterations: 3}]' >x.yaml
	plan x.yaml
	assertCode 0
	assertMatch "$err" "warning: strace has no parameter 'nonsense'"
	assertEquals '"@{libexec}/miniP_server"' "$(argv server | jq -c '.[0]')"
	assertEquals \
		"$(json '["strace","-o","@{dir}/client/strace.log","-tt","-yy","-f","-e",
			"trace=?%network,?read,?write,?readv,?writev,?close","sh","-c"]')" \
		"$(argv client | jq -c '.[:10]')"
	assertEquals '["iterations","3","0","0","0","0","@{libexec}/miniP_client"]' \
		"$(argv client | jq -c '.[11:18]')"
	experiment | sed '3a\    execution_environment: [{type: memcheck}, {type: gdb}]' >x.yaml
	plan x.yaml
	run pth-plan --check parsed.jsonl
	assertCode 3
	assertMatch "$err" 'memcheck and gdb cannot work together'
}

# A port that is usual for the protocol or the plugin is none that is missing; certificates are
# made whatever the experiment says, when none are given.
testWarningsAreTrue() {
	mkdir -p odd
	printf 'plugin: odd\nkind: protocol\ntransport: udp\n' >odd/odd.yaml
	printf 'plugin: odder\nkind: protocol\ntransport: udp\ntls: true\n' >odd/odder.yaml
	printf '%s\n' 'plugin: old' 'kind: iut' 'protocol: [odd, odder, minip]' \
		'commands: {any: [x]}' 'parameters: {cert_file: {type: str}}' >odd/old.yaml
	looked=0
	while IFS='|' read -r more protocol want; do
		printf '%s\n' 'tests:' '- name: t' '  network_environment: {type: localhost}' \
			'  services:' "    s: {implementation: {name: old}$more," \
			"      protocol: {name: $protocol}}" >x.yaml
		run sh -c 'PTH_EVENTS=none; export PTH_EVENTS; pth-parse x.yaml | pth-plan -P odd'
		assertEquals "$more $protocol" "$want" "$(printf '%s\n' "$err" |
			sed 's/^x.yaml:[0-9:]* warning: //')"
		looked=$((looked + 1))
	done <<-'EOT'
	|minip|
	|odd|service 's': no port given, and neither old nor odd defines a usual one
	|odd, role: peer|
	, ports: ["1:1"]|odd|
	, timeout: 5|minip|
	EOT
	assertLeast 5 $looked experiments
	for row in 'true||' 'false||warning' 'false|, cert_file: /c/x.pem|'; do
		IFS='|' read -r make more want <<-EOT
		$row
		EOT
		printf '%s\n' 'tests:' '- name: t' '  network_environment: {type: localhost}' \
			'  services:' '    s:' "      implementation: {name: old$more}" \
			'      protocol: {name: odder}' '      ports: ["1:1"]' \
			"      generate_new_certificates: $make" >x.yaml
		run sh -c 'PTH_EVENTS=none; export PTH_EVENTS; pth-parse x.yaml | pth-plan -P odd'
		assertEquals "$row" "${want:+x.yaml:9:34: warning: service 's': a certificate is $(
		)made all the same, since none is given by cert_file or paths.cert_dir}" "$err"
	done
}

# The directory of a service must not be what the test's own things need.
testNamesThatATestNeedsItself() {
	for name in certs setup teardown pre_commands post_commands steps tmp record.json \
		result.json metrics.jsonl capture.pcapng; do
		by_hand '{"'$name'":{"implementation":{"name":"ping_pong"},
			"protocol":{"name":"minip"}}}' >in.jsonl
		run pth-plan in.jsonl
		assertMatch "$out" "a service cannot be named '$name'"
	done
}

testDurationsAreTemplates() {
	mkdir -p plugins
	cat >plugins/slow.yaml <<-'end'
	plugin: slow
	kind: iut
	protocol: minip
	parameters: {patience: {type: str, default: 7s}}
	commands: {any: [sleep, "1"]}
	ready: {any: [{file: up, timeout: "{{ patience }}"}, {delay: "{{ patience }}"}]}
	stop: {grace: "{{ patience }}"}
	phases: {compile: [{argv: [make], timeout: "{{ patience }}"}]}
	end
	by_hand '{"s":{"implementation":{"name":"slow"},"protocol":{"name":"minip"}}}' >in.jsonl
	run pth-plan -P plugins in.jsonl
	assertCode 0
	assertEquals '[7000000,7000000,7000000,7000000]' "$(jq_out -c '
		select(.id).plan.services[0] | [.ready[0].timeout_us, .ready[1].us, .stop.grace_us,
			.phases.compile[0].timeout_us]')"
	sed -i 's/"slow"/&,"patience":"long"/' in.jsonl
	run pth-plan --check -P plugins in.jsonl
	assertCode 3
	assertMatch "$err" "slow.yaml:[0-9]+:[0-9]+: 'long' is not a duration"
}

testStreams() {
	run pth-plan </dev/null
	assertCode 0
	assertMatch "$out" "\"tests\":0,\"incomplete\":\"pth-plan: stdin: "
	printf '{"pth":1,"type":"note","x":1}\n{"pth":1,"type":"end","tests":0}\n' >in.jsonl
	run pth-plan in.jsonl
	assertCode 0
	assertEquals \
		"{\"pth\":1,\"type\":\"note\",\"x\":1}$NL{\"pth\":1,\"type\":\"end\",\"tests\":0}" \
		"$out"
	experiment >x.yaml
	pth-parse x.yaml >parsed.jsonl
	pth-plan parsed.jsonl >a.jsonl
	jq -c . parsed.jsonl | pth-plan >b.jsonl
	assertTrue 'it is planned' '[ -s a.jsonl ]'
	assertEquals 'the same bytes' "$(cksum <a.jsonl)" "$(cksum <b.jsonl)"
	echo '{"pth":' >bad.jsonl
	run pth-plan bad.jsonl
	assertCode 3
	assertMatch "$err" '^pth-plan: bad.jsonl:1:7: '
	run sh -c 'pth-plan parsed.jsonl >/dev/full'
	assertCode 4
	run sh -c 'pth-plan parsed.jsonl >&-'
	assertCode 4
	run pth-plan missing.jsonl
	assertCode 4
	run pth-plan -P nowhere parsed.jsonl
	assertCode 3
	run pth-plan --nonsense
	assertCode 2
}

# An earlier stage's error goes on untouched, and --check counts it.
testEarlierError() {
	printf '%s\n' '{"pth":1,"type":"test","id":"a","error":{"stage":"parse","message":"m"}}' \
		'{"pth":1,"type":"end","tests":1}' >in.jsonl
	run pth-plan in.jsonl
	assertCode 0
	assertEquals '{"pth":1,"type":"test","id":"a","error":{"stage":"parse","message":"m"}}' \
		"$(printf '%s\n' "$out" | head -n 1)"
	run pth-plan --check in.jsonl
	assertCode 3
}

# Records that no parser of ours would write: an error or a plan, never a crash.
testOddRecords() {
	plain='"implementation":{"name":"ping_pong"},"protocol":{"name":"minip"}'
	cat <<-end >in.jsonl
	{"pth":1,"type":"test","id":"a"}
	{"pth":1,"type":"test","id":"a","services":[],"network_environment":"x"}
	{"pth":1,"type":"test","id":"a","services":{"s":1}}
	{"pth":1,"type":"test","id":"a","services":{"s":{"implementation":[],"protocol":3}}}
	{"pth":1,"type":"test","id":"a","services":{"../s":{$plain}}}
	{"pth":1,"type":"test","id":"a","services":{"certs":{$plain}}}
	$(json '{"pth":1,"type":"test","id":"a","marks":[],"source":1,"services":{"s":{'"$plain"',
		"ports":[1,{}],"files":[1],"depends_on":[2],"environment":[],"timeout":"x"}}}')
	{"pth":1,"type":"end","tests":7}
	end
	run pth-plan in.jsonl
	assertCode 0
	assertEquals '[true,true,true,true,true,true,false]' \
		"$(jq_out -sc 'map(select(.type == "test") | has("error"))')"
	by_hand '{"a":{'"$plain"',"depends_on":[{"service":"b","state":"odd"},"a"]},
		"b":{"implementation":{"name":"ping_pong"},
			"protocol":{"name":"minip","target":"x"}}}' >odd.jsonl
	run pth-plan --check odd.jsonl
	assertCode 3
	assertMatch "$err" "b targets 'x', which is no service of this test"
	sed 's/,"target":"x"//' odd.jsonl >even.jsonl
	run pth-plan --check even.jsonl
	assertMatch "$err" "the state of 'b' must be started, running, ready, completed or stopped"
	assertMatch "$err" "a depends on itself"
	run pth-plan in.jsonl
	assertMatch "$out" "'../s' cannot be a service's name"
	assertMatch "$out" "a service cannot be named 'certs'"
}

testMemoryIsFlat() {
	case $PTH_BUILD in build) ;; *) skip 'sanitizers keep memory' || return ;; esac
	experiment >x.yaml
	pth-parse x.yaml | head -n 1 >one.jsonl
	{ yes "$(cat one.jsonl)" | head -n 5000; end 5000; } >many.jsonl
	{ cat one.jsonl; echo '{"pth":1,"type":"end","tests":1}'; } >few.jsonl
	peak() { sh -c 'pth-plan "$1" >/dev/null & wait $!; :' sh "$1"; python3 - "$1" <<-'end'
	import resource, subprocess, sys
	subprocess.run(["pth-plan", sys.argv[1]], stdout=subprocess.DEVNULL, check=True)
	print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
	end
	}
	few=$(peak few.jsonl)
	many=$(peak many.jsonl)
	assertTrue "$few KB for 1 test, $many KB for 5000" "[ $many -le $((few + 4096)) ]"
}

# shellcheck disable=SC1091
testCaptureIsolationAndLimitsOfTheTest() {
	cat >keys.yaml <<-'Y'
	tests:
	  - &t
	    name: quiet
	    network_environment: {type: localhost}
	    isolation: net
	    capture: false
	    limits: {files: 99}
	    services:
	      server: {implementation: {name: ping_pong},
	        protocol: {name: minip, version: functional}}
	  - <<: *t
	    name: short packets
	    capture: {interface: any0, snaplen: 96}
	Y
	run sh -c 'pth-parse keys.yaml | pth-plan'
	assertCode 0
	assertEquals 'net null 99' \
		"$(jq_out -r '
			select(.index == 1).plan |
			"\(.environment.isolation) \(.capture) \(.services[0].limits.files)"')"
	assertEquals 'any0 96' \
		"$(jq_out -r 'select(.index == 2).plan.capture | "\(.interface) \(.snaplen)"')"
}

# A combination that a matrix has made and that cannot be is no mistake of anybody.
testCombinationsThatCannotBe() {
	pth-parse "$TOP/examples/ping-pong.yaml" -s \
		'tests.0.matrix={services.client.implementation.name: [ping_pong, curl]}' >in
	run pth-plan --check in
	assertCode 0
	assertMatch "$err" ':1:51: warning: unsupported: curl speaks http, not minip$'
	run pth-plan --check --strict in
	assertCode 3
	assertMatch "$err" ':1:51: error: unsupported: curl speaks http, not minip$'
	pth-plan in >planned 2>/dev/null
	run pth-exec --check planned
	assertCode 0
	assertEquals 'null unsupported' \
		"$(jq -r 'select(.id).error.status' planned | tr '\n' ' ' | sed 's/ $//')"
	pth-plan --strict in >planned 2>/dev/null
	run pth-exec --check planned
	assertCode 3
}

# make runs what has changed and what has not passed.
testRulesForMake() {
	may=$(command -v pth-plan) && may=${may%/*}
	cat >e.yaml <<-'end'
	tests:
	  - &t
	    name: a
	    network_environment: {type: localhost}
	    isolation: none
	    capture: false
	    services: {s: {implementation: {name: command, type: testers, command: ["true"]},
	      protocol: {name: tcp, role: server}, ports: ["24448:24448"]}}
	  - {<<: *t, name: b, services: {s: {implementation: {name: command, type: testers,
	      command: ["false"]}, protocol: {name: tcp, role: server}, ports: ["24448:24448"]}}}
	  - {<<: *t, name: c}
	end
	cat >Makefile <<-'end'
	all: pth-tests
	include rules.mk
	rules.mk: e.yaml; pth-parse -q $< | pth-plan -q --outputs m/x >$@
	$(PTH_TESTS): program
	end
	export PTH_EVENTS=none
	touch program
	run make -k
	assertNotEquals "$out$err" 0 "$code"
	assertEquals 'm/x/001-a.ok m/x/003-c.ok' "$(echo m/x/*.ok)"
	assertMatch "$(cat rules.mk)" "^PTH \\?= $may/$"
	assertEquals 'the reports are there' 3 "$(grep -l . m/x/*/EXPERIMENT_REPORT.md | wc -l)"
	run pth-report --format text m/x/*/results.jsonl
	assertCode 1
	assertMatch "$out" '2/3 tests ok'
	# What has passed and is as it was is not run again.
	touch -d 2020-01-01 program && find m -exec touch -d 2020-01-01 {} +
	sed -i 's/"false"/"true"/' e.yaml
	{ sed -n 1p e.yaml && echo '  # another line' && sed 1d e.yaml; } >f && mv f e.yaml
	run make -k
	assertEquals "$out$err" 0 "$code"
	assertEquals m/x/002-b.ok "$(find m -name '*.ok' -newer program)"
	run make
	assertMatch "$out" 'Nothing to be done'
	touch program
	run make -n
	assertEquals 'all depend on it' 3 "$(printf '%s\n' "$out" | grep -c '^touch ')"
	run pth-plan --outputs 'a b' </dev/null
	assertCode 2
	assertMatch "$err" '^pth-plan: --outputs a b: letters, digits'
	run pth-plan --outputs x --check </dev/null
	assertCode 2
}

. shunit2
