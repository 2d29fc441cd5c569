#!/bin/sh
# pth-compose without an engine: what it generates, and what real compose
# programs say of it. pth-init in a pid namespace of its own.
# @{dir} is literal; lists are words; $out and $err come from run.
# shellcheck disable=SC1083,SC2016,SC2086,SC2154
. "$TOP/tests/lib.sh"
. "$TOP/tests/docker_lib.sh"

# planned FILE: through pth-parse and pth-plan.
planned() {
	PTH_EVENTS=none pth-parse "$1" 2>/dev/null | PTH_EVENTS=none pth-plan 2>/dev/null
}

# A test of one service; $net and $extra are its lines.
one() {
	cat <<-EOF
		metadata: {name: one}
		tests:
		  - name: one
		    network_environment: {type: docker_compose${net:-}}
		    services:
		      ${service:-server}:
		        implementation: {name: ping_pong, type: iut}
		        protocol: {name: minip, version: ${version:-functional}, role: server}
		        network: {port: 4443}
		${extra:-}
		    steps: {wait: 5}
		${more:-}
	EOF
}

# What pth-parse would have refused: $spoil changes the planned text.
composed() { # file -> $out: the test record
	planned "$1" | sed "${spoil:-}" >plan.jsonl
	PTH_EVENTS=none run pth-compose plan.jsonl
	out=$(printf '%s\n' "$out" | head -1)
}

testRecordsPassThrough() {
	planned "$TOP/examples/ping-pong.yaml" >in
	PTH_EVENTS=none run pth-compose in
	assertCode 0
	assertEquals "$(cat in)" "$out"
}

testExamplesAreComposed() {
	for example in minip-docker quic-docker; do
		composed "$TOP/examples/$example.yaml"
		assertCode 0
		assertEquals null "$(field .error)"
		assertEquals 'client server' \
			"$(field '.compose.document.services | keys | join(" ")')"
		assertEquals server "$(field '.compose.plan.order[0]')"
		# The plan itself is untouched, and nothing of this machine is in the record.
		assertEquals "$(head -1 plan.jsonl)" "$(field 'del(.compose)' | jq -c .)"
		assertNoMatch "$(field .compose)" "$TOP/(bin|lib|share)"
		first=$out
		composed "$TOP/examples/$example.yaml"
		assertEquals "$first" "$out"
	done
}

# accepts FILE...: $compose has nothing to say against them.
accepts() {
	assertNotEquals 'files to look at' 0 $#
	for written_file; do
		run $compose -f "$written_file" config -q
		assertEquals "$compose $written_file: $err" 0 "$code"
	done
}

testComposeFileIsAccepted() {
	need docker-compose docker-compose || return
	extra='        ports: ["4443:4443", "8080:80/tcp"]
        environment: {A: "x $$ y $HOME", B: "1\n2", C: "\"q\" '"'a'"'"}
        volumes: ["/etc/hostname:/x:ro", "data:/var/data",
          {local: /etc, container: /host/etc, mode: ro}]
        limits: {memory: 64MB, cpu: 0.5, processes: 10}'
	net=', subnet: 10.77.0.0/24, enable_ipv6: true, network_name: lab' one >one.yaml
	sed 's/type: docker_compose/type: localhost_single_container, container: true/
			s/, subnet.*}/}/' one.yaml >single.yaml
	# shellcheck disable=SC2046 # names of files of ours
	for file in one.yaml single.yaml $(grep -l docker_compose "$TOP"/examples/*.yaml); do
		planned "$file" >plan.jsonl
		PTH_EVENTS=none run pth-compose -o files plan.jsonl
		assertCode 0
		written=$out
		each_compose accepts $written
		docker-compose -f "$(echo "$written" | head -1)" config >config.yml
		assertMatch "$(cat config.yml)" "$TOP/bin/pth-init|pth-init"
		PTH_EVENTS=none run pth-compose --stack -o stack plan.jsonl
		assertCode 0
		each_compose accepts $out
		assertNoMatch "$(PTH_EVENTS=none pth-compose --stack -n plan.jsonl)" \
			'depends_on|container_name'
	done
}

# The schema of the Compose Specification, as docker-compose brings it along.
testComposeFileHasTheShapeOfTheSpecification() {
	schema=/usr/lib/python3/dist-packages/compose/config/compose_spec.json
	[ -f "$schema" ] || skip "needs $schema (package docker-compose)" || return
	python3 -c 'import jsonschema, yaml' 2>/dev/null ||
		skip 'needs python3-jsonschema and python3-yaml' || return
	extra='        ports: ["8080:80/tcp"]
        volumes: ["data:/var/data", {local: "/etc/a:b", container: /x, mode: ro}]
        limits: {memory: 64MB, cpu: 0.5, processes: 10}' \
		net=', subnet: 10.77.0.0/24, enable_ipv6: true, service_prefix: lab' one >one.yaml
	looked=0
	for file in one.yaml "$TOP/examples/minip-docker.yaml" "$TOP/examples/quic-docker.yaml"; do
		planned "$file" >plan.jsonl
		PTH_EVENTS=none pth-compose -n plan.jsonl >file.yaml
		run python3 - "$schema" file.yaml <<-'EOF'
			import json, sys, jsonschema, yaml
			schema, file = json.load(open(sys.argv[1])), open(sys.argv[2])
			for document in yaml.safe_load_all(file):
			    jsonschema.validate(document, schema)
		EOF
		assertCode 0
		looked=$((looked + 1))
		assertNoMatch "$(cat file.yaml)" '@\{(bin|dir|share|unique|owner|net6)\}'
		[ "$file" = one.yaml ] ||
			assertNoMatch "$(grep -v /pth/init:ro file.yaml)" "$TOP|$PWD"
	done
	assertLeast 3 $looked files
}

# What docker itself, who reads the files of stacks, makes of one.
testStackFileIsAccepted() {
	need docker docker.io || return
	docker stack config --help >/dev/null 2>&1 || skip 'docker without stack config' || return
	planned "$TOP/examples/minip-docker.yaml" >plan.jsonl
	PTH_EVENTS=none pth-compose --stack -n plan.jsonl >stack.yaml
	run docker stack config -c stack.yaml
	assertCode 0
	assertMatch "$out" 'miniP_server'
	assertMatch "$out" "source: $PWD/server\$"
}

# The command of the file is what pth-init runs, and what docker create has behind the image.
testCommandIsToBeSeen() {
	composed "$TOP/examples/minip-docker.yaml"
	assertEquals '/usr/local/libexec/pth/miniP_server' \
		"$(field '.compose.document.services.server.command[0]')"
	assertEquals null \
		"$(field '
			.compose.plan.files[] | select(.path == "docker/server.json").text |
				fromjson.plan.services[0].phases.run.argv')"
	mkdir -p fake && fake docker 'shift; printf "%s\n" "$@" >words'
	echo sha256:77 >id
	field '.compose.plan.services[0].phases.pre_run[0].argv | map(if startswith("@{dir}/images")
		then "id" else . end) | map(@sh) | join(" ")' >call.sh
	PATH=$PWD/fake:$PATH sh call.sh
	assertEquals 'the call can be made' 0 $?
	field '.compose.document.services.server.command[]' >asked
	assertLeast 4 "$(wc -l <asked)" words
	{ printf '%s\n' --entrypoint /pth/init sha256:77 /pth/plan.json -- && cat asked; } >want
	tail -n "$(wc -l <want)" words >got
	assertEquals '' "$(diff want got)"
}

testValuesArriveUnchanged() {
	need docker-compose docker-compose || return
	python3 -c 'import yaml' 2>/dev/null || skip 'needs python3-yaml' || return
	extra='        environment: {A: "x $$ y $HOME ''$${Z}", B: "1\n2", C: "\"q\" '"'a'"'"}' \
		one >one.yaml
	planned one.yaml >plan.jsonl
	file=$(PTH_EVENTS=none pth-compose -o files plan.jsonl)
	docker-compose -f "$file" config >config.yml
	python3 - config.yml >values <<-'EOF'
		import sys, yaml
		server = yaml.safe_load(open(sys.argv[1]))["services"]["server"]
		for k, v in sorted(server["environment"].items()):
		    print(k, repr(v.replace("$$", "$")))
	EOF
	assertEquals 'the values can be read' 0 $?
	assertMatch "$(cat values)" "^A 'x \\$\\$ y \\\$HOME \\$\{Z\}'$"
	assertMatch "$(cat values)" "^B '1\\\\n2'$"
	assertMatch "$(cat values)" "^C '\"q\" \\\\'a\\\\''$"
	# docker create gets the same, without a second meaning of $.
	composed one.yaml
	assertEquals 1 \
		"$(field '
			[.compose.plan.services[0].phases.pre_run[0].argv[] |
				select(. == "A=x $$ y $HOME ${Z}")] | length')"
}

testCreateSaysWhatTheFileSays() {
	extra='        ports: ["4443:4443"]
        limits: {memory: 64MB, cpu: 0.5, processes: 10}' net=', subnet: 10.77.0.0/24' one >one.yaml
	composed one.yaml
	argv=$(field '.compose.plan.services[0].phases.pre_run[0].argv | join(" ")')
	for word in '--memory 64000000' '--cpus 0.5' '--pids-limit 13' '--ip 10.77.0.2' \
		'--publish 4443:4443/udp' \
		'--cap-drop ALL' '--security-opt no-new-privileges:true' '--pull never'; do
		case $argv in *" $word "*) assertTrue 0 ;; *) fail "no $word in $argv" ;; esac
	done
	assertEquals "$(field '.compose.document.services.server.volumes | length')" \
		"$(field '
			[.compose.plan.services[0].phases.pre_run[0].argv[] |
				select(. == "--mount")] | length')"
	assertEquals '["udp:4443","subnet:10.77.0.0/24"]' \
		"$(field '.compose.plan.environment.resources | tojson')"
	one >one.yaml
	echo 'docker: {remove_images_after: true}' >>one.yaml
	composed one.yaml
	assertEquals "[\"image:$(field '.compose.images[0].tag')\"]" \
		"$(field '
			.compose.plan.environment.resources |
				map(select(startswith("image:")))[:1] | tojson')"
}

testLabelsOnEverything() {
	extra='        volumes: ["data:/var/data"]' one >one.yaml
	composed one.yaml
	argv=$(field '.compose.plan.services[0].phases.pre_run[0].argv | join(" ")')
	for word in org.pth.run=one org.pth.test=001-one org.pth.owner=@{owner}; do
		assertMatch "$argv" " --label $word "
	done
	# They are for pth-clean; compose looks after its own.
	assertEquals 0 "$(field '[.compose.document | .. | objects | .labels? // empty |
		select(has("org.pth.run"))] | length')"
	assertEquals 2 \
		"$(field '
			[.compose.plan.setup[].argv |
				select(.[0] == "docker" and (index("--label") != null))] | length')"
	assertEquals 3 "$(field '.compose.plan.teardown | length')"
}

testImages() {
	planned "$TOP/examples/minip-docker.yaml" >plan.jsonl
	PTH_EVENTS=none run pth-compose --images plan.jsonl
	assertCode 0
	assertEquals ping_pong-functional:latest "$(field .tag)"
	assertMatch "$(field .dockerfile)" '^FROM panther_base_service:latest'
	assertMatch "$(field .dockerfile)" \
		'^COPY files/miniP_server /usr/local/libexec/pth/miniP_server'
	assertMatch "$(field .dockerfile)" '^USER panther'
}

testBuilders() {
	mkdir -p plugins
	for lang in c cpp go python rust; do
		cat >plugins/in_$lang.yaml <<-EOF
			plugin: in_$lang
			kind: iut
			extends: minip
			binary: /usr/local/bin/x
			docker:
			  builder: $lang
			  packages: [libssl3]
			  build_packages: [libssl-dev]
			  repository: "https://example.org/a b.git"
			  revision: abc
			  submodules: true
			  dependencies: [{name: dep, repository: "https://example.org/dep.git",
			    revision: r1, build: [make]}]
			  args: {LEVEL: "2"}
			  environment: {MODE: "a \"b\" \$c"}
			  build: ["make all"]
			  expose: [4443]
		EOF
		sed "s/ping_pong/in_$lang/" <<-EOF >b.yaml
			$(one)
		EOF
		PTH_EVENTS=none pth-parse b.yaml 2>/dev/null |
			PTH_EVENTS=none pth-plan -P plugins 2>/dev/null >plan.jsonl
		PTH_EVENTS=none run pth-compose --images plan.jsonl
		assertCode 0
		text=$(field .dockerfile)
		assertEquals "$lang" 2 "$(printf '%s\n' "$text" | grep -c '^FROM ')"
		assertMatch "$text" "git clone -q -- 'https://example.org/a b.git' /opt/in_$lang"
		assertMatch "$text" '^WORKDIR /opt/dep$'
		assertMatch "$text" 'git submodule update'
		assertMatch "$text" '^RUN make all$'
		assertMatch "$text" '^COPY --from=build /usr/local /usr/local$'
		assertMatch "$text" '^ENV MODE="a \\"b\\" \\\$c"$'
	done
}

refused() { # expected text
	composed one.yaml
	assertCode 0
	assertEquals compose "$(field .error.stage)"
	assertMatch "$(field .error.message)" "$1"
	assertEquals null "$(field .compose)"
	PTH_EVENTS=none run pth-compose -n plan.jsonl
	assertCode 3
}

testRefusals() {
	net=', subnet: 10.0.0.0/29' one >one.yaml
	spoil='s,10.0.0.0/29,10.0.0.0/31,g' refused 'must be an IPv4 network with room'
	spoil='s,10.0.0.0/29,nonsense,g' refused 'must be an IPv4 network'
	service=docker one >one.yaml && refused 'cannot be named docker'
	more='docker: {network_mode: host}' one >one.yaml && refused 'network_mode host'
	extra='        volumes: ["relative/nowhere:/x"]' one >one.yaml && refused 'no such file'
	extra='        volumes: ["/etc:/etc"]' one >one.yaml
	spoil='s,/etc:/etc,/etc:etc,g' refused 'must begin with'
}

# Two services in one image: what descriptors want of it, put together.
testOneImageForAll() {
	mkdir -p plugins
	for x in a b; do
		cat >plugins/$x.yaml <<-EOF
			plugin: $x
			kind: iut
			extends: minip
			binary: /bin/$x
			docker: {packages: [lib$x, both], environment: {X_$x: "1"},
			  capabilities: [NET_ADMIN]}
		EOF
		cat >plugins/special_$x.yaml <<-EOF
			plugin: special_$x
			kind: iut
			extends: minip
			binary: /bin/$x
			docker: {builder: c, repository: "https://example.org/$x.git",
			  build: [make], packages: [sp$x]}
		EOF
	done
	two() { # server client [more of the environment]
		cat <<-EOF
			metadata: {name: two}
			tests:
			  - name: two
			    network_environment: {type: localhost_single_container,
			      container: true${3:-}}
			    services:
			      server: {implementation: {name: $1},
			        protocol: {name: minip, version: functional, role: server}}
			      client: {implementation: {name: $2},
			        protocol: {name: minip, version: functional, role: client,
			          target: server}}
			    steps: {wait: 5}
		EOF
	}
	composed_two() {
		two "$@" >two.yaml
		PTH_EVENTS=none pth-parse two.yaml 2>/dev/null |
			PTH_EVENTS=none pth-plan -P plugins 2>/dev/null >plan.jsonl
		PTH_EVENTS=none run pth-compose plan.jsonl
		out=$(printf '%s\n' "$out" | head -1)
	}
	composed_two a b
	assertEquals a-with-b:latest "$(field '.compose.images[0].tag')"
	assertEquals 1 "$(field '.compose.images | length')"
	assertEquals 1 \
		"$(field '.compose.images[0].dockerfile' |
			grep -c 'no-install-recommends liba both libb ')"
	assertMatch "$(field '.compose.images[0].dockerfile')" 'X_b="1"'
	assertEquals 'container' "$(field '.compose.document.services | keys | join(" ")')"
	assertEquals none "$(field '.compose.document.services.container.network_mode')"
	assertEquals 'each capability once' '[1,true]' \
		"$(field '
			.compose.document.services.container.cap_add |
				[(map(select(. == "NET_ADMIN")) | length),
				 (unique | length) == length]' |
			jq -c .)"
	composed_two special_a b
	text=$(field '.compose.images[0].dockerfile')
	assertMatch "$text" 'example.org/a.git'
	assertMatch "$text" '(^| )spa( |$)'
	assertMatch "$text" '(^| )libb( |$)'
	composed_two special_a special_b
	assertMatch "$(field .error.message)" "$(line \
		'(server and client|client and server) want images of their own;' \
		'name one that has both: network_environment.image')"
	composed_two special_a special_b ', image: "site/both:1"'
	assertEquals site/both:1 "$(field '.compose.document.services.container.image')"
	service=container one |
		sed 's/type: docker_compose/type: localhost_single_container, container: true/' \
		>one.yaml
	refused 'cannot be named container'
}

testRestartAndNetworkOptions() {
	extra='        restart_policy: on-failure
        network: {mtu: 1400}'
	one | grep -v 'network: {port' >t.yaml
	composed t.yaml
	assertEquals on-failure "$(field .compose.document.services.server.restart)"
	assertEquals on-failure \
		"$(field '
			.compose.plan.files[] | select(.path == "docker/server.json").text |
				fromjson.plan.services[0].restart')"
	assertEquals null "$(field '.compose.plan.services[0].restart')"
	assertEquals 1400 \
		"$(field '
			.compose.document.networks.panther_network.driver_opts |
			.["com.docker.network.driver.mtu"]')"
	assertMatch "$(field '.compose.plan.setup[].argv | join(" ")')" \
		'network create .*--opt com.docker.network.driver.mtu=1400'
	assertMatch "$(PTH_EVENTS=none pth-compose --stack -n plan.jsonl)" 'condition: on-failure'
	assertEquals 'docker_build network_setup' \
		"$(field '[.compose.plan.setup[].category // empty] | join(" ")')"
}

testUsage() {
	run pth-compose -x
	assertCode 2
	assertMatch "$err" '^usage: pth-compose'
	run pth-compose --stack
	assertCode 2
	run pth-compose -h
	assertCode 0
	assertMatch "$out" '^usage: pth-compose'
}

testInitIsStatic() {
	[ "$PTH_BUILD" = build ] || skip 'not with sanitizers' || return
	need readelf binutils || return
	assertMatch "$(readelf -lW "$TOP/bin/pth-init")" ' LOAD '
	assertNoMatch "$(readelf -lW "$TOP/bin/pth-init")" INTERP
}

testInitRefusesToBeAnyProcess() {
	run pth-init plan.json
	assertCode 2
	assertMatch "$err" 'process 1 of a container'
}

# inner ARGV...: pth-init runs it as process 1 of a pid namespace of its own.
inner() {
	rm -rf app && mkdir -p app/svc
	[ -z "${tmp:-}" ] || ln -s "$tmp" app/tmp
	jq -cn --arg dir "$PWD/app" --argjson over "${over:-{\}}" '
		{pth: 1, dir: $dir, service: "svc",
		user: {owner_first: true, name: "nobody", fallback_to_root: true},
		plan: {environment: {type: "localhost"}, timeout_us: 0, setup: [], capture: null,
		  announce: "svc/.ready",
		services: [{name: "svc", finite: true,
		  phases: {pre_run: [{argv: ["sh", "-c", "echo pre; id -u"]}],
		run: {argv: $ARGS.positional}}, ready: [], stop: {signal: "TERM", grace_us: 500000},
		timeout_us: 30000000} * $over]}}' \
		--args -- "$@" >plan.json
	run env PTH_EVENTS=none HELLO='a $b' unshare -fp --mount-proc --kill-child pth-init \
		"$PWD/plan.json"
}

need_pid_namespace() {
	need_root || return
	unshare -fp --mount-proc true 2>/dev/null || skip 'no pid namespaces'
}

testInitRunsAService() {
	need_pid_namespace || return
	chmod 755 . 2>/dev/null
	inner sh -c 'echo "$HELLO"; id -u; exit 7'
	assertCode 7
	assertEquals 'a $b' "$(sed -n 1p app/svc/stdout.log)"
	assertEquals "$(id -u nobody)" "$(sed -n 2p app/svc/stdout.log)"
	assertTrue 'ready' '[ -e app/svc/.ready ]'
	assertEquals '7 exit pre_run' \
		"$(jq -r '"\(.service.code) \(.service.reason) \(.service.phases[0].phase)"' \
			app/svc/inner.json)"
	assertEquals pre "$(sed -n 1p app/svc/phases/pre_run.stdout.log)"
	# Everything is its owner's again.
	assertEquals '' "$(find app/svc ! -user root)"
}

# The command of the container, and who has started it: pth-exec (PTH_RUN), or somebody by hand.
testInitByHand() {
	need_pid_namespace || return
	again() {
		run env "$@" PTH_EVENTS=none unshare -fp --mount-proc --kill-child pth-init \
			"$PWD/plan.json" -- sh -c 'echo "$@"; exit 9' sh -a 'b c'
	}
	inner echo first
	assertCode 0
	again A=1
	assertCode 9
	assertEquals 'the logs of the last run' '-a b c' "$(cat app/svc/stdout.log)"
	rm app/svc/.by-hand
	again A=1
	assertCode 3
	assertMatch "$err" 'svc: what pth-exec has recorded here stays as it is.*pth-compose -o DIR'
	assertEquals '-a b c' "$(cat app/svc/stdout.log)"
	again PTH_RUN=1
	assertCode 9
	assertFalse 'no mark' '[ -e app/svc/.by-hand ]'
	rm app/svc/inner.json
	again A=1
	assertCode 3
	# A second name of the directory; what an image has there is no hindrance when it is empty.
	jq -c --arg to "$PWD/app/svc" --arg here "$PWD/logs" '.links = {($here): $to}' plan.json >x
	mv x plan.json
	mkdir logs
	again PTH_RUN=1
	assertEquals "$PWD/app/svc" "$(readlink logs)"
	again PTH_RUN=1
	assertEquals "$PWD/app/svc" "$(readlink logs)"
	rm logs && mkdir logs && : >logs/mine
	again PTH_RUN=1
	assertMatch "$err" 'logs, which is to be'
	assertTrue 'stays' '[ -e logs/mine ]'
	jq -c 'del(.plan.services[0].phases.run.argv)' plan.json >x && mv x plan.json
	run env PTH_RUN=1 unshare -fp --mount-proc --kill-child pth-init "$PWD/plan.json"
	assertCode 2
	assertMatch "$err" 'the container has no command'
}

testInitEndings() {
	need_pid_namespace || return
	inner sh -c 'kill -SEGV $$'
	assertCode 139
	assertEquals SEGV "$(jq -r .service.signal app/svc/inner.json)"
	inner /no/such/program
	assertCode 127
	assertEquals 'not found' "$(jq -r .service.reason app/svc/inner.json)"
	over='{"timeout_us": 200000}' inner sleep 20
	assertCode 124
	over='{"phases": {"pre_run": [{"argv": ["false"]}]}}' inner true
	assertCode 125
	assertMatch "$(jq -r .service.error app/svc/inner.json)" \
		'pre_run: false ended with exit code 1'
	assertFalse 'not ready' '[ -e app/svc/.ready ]'
}

# A container that compiles is started twice, and keeps in a file what the first start has done.
testInitStartsTwice() {
	need_pid_namespace || return
	chmod 755 . 2>/dev/null
	export PTH_MADE="$PTH_TMP/made"
	commands='{"phases": {"compile": [{"argv": ["sh", "-c", "echo x >made_here; id -u"]}]}}'
	over=$commands inner sh -c 'cat made_here; echo "$PTH_MADE."; exit 3'
	assertCode 0
	assertTrue 'compiled' '[ -e app/svc/made_here ]'
	assertFalse 'nothing was run' '[ -s app/svc/phases/pre_run.stdout.log ]'
	assertFalse 'nor is anything ready' '[ -e app/svc/.ready ]'
	assertFalse 'nothing is told yet' '[ -e app/svc/inner.json ]'
	assertEquals '' "$(find app/svc ! -user root)"
	second_start 3
	assertEquals 'x .' "$(xargs <app/svc/stdout.log)"
	assertEquals 'compile pre_run' "$(jq -r '[.service.phases[].phase] | join(" ")' \
		app/svc/inner.json)"
	assertTrue ready '[ -e app/svc/.ready ]'
	# What could not be compiled is told by the second, which does nothing else.
	rm made
	commands='{"phases": {"compile": [{"argv": ["sh", "-c", "echo x >>tries; exit 5"]}]}}'
	over=$commands inner true
	assertCode 0
	second_start 125
	assertEquals 1 "$(wc -l <app/svc/tries)"
	assertMatch "$(jq -r .service.error app/svc/inner.json)" \
		'compile: sh ended with exit code 5'
	assertFalse 'not ready' '[ -e app/svc/.ready ]'
	# A file that is none of ours is said.
	echo '{' >made
	second_start 3
	assertMatch "$err" 'pth-init: '
	unset PTH_MADE
}

# second_start CODE: the same container once more.
second_start() {
	run env PTH_EVENTS=none unshare -fp --mount-proc --kill-child pth-init "$PWD/plan.json"
	assertCode "$1"
}

testInitSaysWhatItCannotFind() {
	need_pid_namespace || return
	inner echo '@{nowhere:ip:dotted}'
	assertNotEquals 0 "$code"
	assertMatch "$err" 'nowhere'
	# Nor a directory that all may write to; it is not needed by everybody.
	tmp=gone inner true
	assertCode 0
	assertMatch "$err" 'app/tmp: No such file'
	inner sh -c 'stat -c %a ../tmp'
	assertCode 0
	assertEquals '' "$err"
	assertEquals 1777 "$(cat app/svc/stdout.log)"
}

. shunit2
