#!/bin/sh
# What is emitted is listed in pth-events(5), and what is listed is emitted.
. "$TOP/tests/lib.sh"
own_world --net # a port of the host, which another run of these tests uses, too

emitted() {
	for file in "$TOP"/lib/*/*.c "$TOP"/bin/*.c; do
		[ -f "$file" ] && tr '\n\t' '  ' <"$file" && echo
	done | grep -oE 'pth_event\( *"[^"]*"' | sed 's/.*"\(.*\)"/\1/'
	# Messages become events inside event.c, by name.
	grep -ohE '"tool\.[a-z]+"' "$TOP/lib/io/event.c" | tr -d '"'
}

listed() {
	sed -n 's/^\.It Ic \([a-z_]*\.[a-z_.]*\).*/\1/p' "$TOP/man/pth-events.5"
}

testEmittedIsListed() {
	emitted | sort -u >are_emitted
	listed | sort >are_listed
	assertTrue 'events are emitted' '[ -s are_emitted ]'
	assertEquals 'emitted, not in man/pth-events.5' '' "$(comm -23 are_emitted are_listed)"
}

testListedIsEmitted() {
	emitted | sort -u >are_emitted
	listed | sort >are_listed
	assertTrue 'events are listed' '[ -s are_listed ]'
	assertEquals 'in man/pth-events.5, never emitted' '' "$(comm -13 are_emitted are_listed)"
	assertEquals 'listed twice' '' "$(uniq -d are_listed)"
}

testNamesAreEntityVerb() {
	entities='tool|experiment|test|service|environment|plugin|command|compile|step'
	entities="$entities|assertion|image|network"
	entities="$entities|link|capture|artifact|metric|verdict|report|run"
	for name in $(emitted); do
		echo "$name" | grep -qE "^($entities)\.[a-z][a-z_]*\$"
		assertTrue "$name is not entity.verb" $?
	done
}

# What an experiment wants to see, and who has the last word.
testLevels() {
	cat >e.yaml <<-end
	tests:
	  - name: t
	    network_environment: {type: localhost}
	    isolation: none
	    capture: false
	    services: {s: {implementation: {name: command, type: testers, command: ["true"]},
	      protocol: {name: tcp, role: server}, ports: ["24448:24448"]}}
	end
	events() { # settings [VARIABLE=VALUE...]: kinds of events that are shown | that are kept
		{ echo "$1" && cat e.yaml; } >f.yaml
		shift
		rm -rf out
		env -u PTH_EVENTS "$@" \
			sh -c 'pth-parse f.yaml | pth-plan $OPTION 2>plan.err |
				pth-exec $OPTION -o out 2>exec.err >/dev/null' 2>parse.err
		cat parse.err plan.err exec.err |
			jq -r 'select(.tool != "pth-parse") | .event | split(".")[0]' | sort -u |
			tr '\n' ' '
		echo "| $(jq -r '.event | split(".")[0]' out/events.jsonl | sort -u | tr '\n' ' ')"
	}
	shown='environment run service test '
	all='command environment network run service test '
	assertEquals "$shown| $all" "$(events '')"
	more='command environment network plugin run service test '
	planned() { cat plan.err exec.err | grep -c -e command.planned -e service.checking; }
	assertEquals "$more| $all" "$(events 'logging: {level: debug}')"
	assertEquals 0 "$(planned)"
	assertEquals "$more| $all" "$(events 'logging: {level: trace}')"
	assertEquals 1 "$(planned)"
	looked=0
	# The option of pth and of each tool, against what the experiment says.
	for set in 0PTH_VERBOSE=1 1PTH_VERBOSE=2 0OPTION=-v 1OPTION=-vv 0OPTION=--debug; do
		assertEquals "$more| $all" "$(events 'logging: {level: ERROR}' "${set#?}")"
		assertEquals "${set%"${set#?}"}" "$(planned)"
		looked=$((looked + 1))
	done
	assertLeast 5 $looked settings
	assertEquals "| $all" "$(events 'logging: {level: ERROR}')"
	assertEquals "| $all" "$(events 'observers: {logger: {log_level: WARNING}}')"
	assertEquals "| $all" "$(events 'observers: {logger: {enabled: false}}')"
	assertEquals "| $all" "$(events 'observers: {logger: {log_to_console: false}}')"
	assertEquals '| ' "$(events 'logging: {level: CRITICAL, debug_file_logging: false}')"
	assertEquals 'it was run all the same' completed \
		"$(jq -r 'select(.id).result.status' out/results.jsonl)"
	assertEquals "service | $all" \
		"$(events 'logging: {level: ERROR,
			feature_levels: {service_start: INFO, quic_services: ERROR}}')"
	assertEquals 'environment run test '"| $all" \
		"$(events 'logging: {feature_levels: {service: ERROR}}')"
	assertEquals "| $all" "$(events 'logging: {level: DEBUG}' PANTHER_LOG_LEVEL=ERROR)"
	assertEquals 'asked for' "$more| $all" "$(events 'logging: {level: ERROR}' PTH_EVENTS=json)"
	sed -i 's/"true"/"false"/' e.yaml
	assertEquals 'what is wrong is shown' "service test | $all" \
		"$(events 'logging: {level: ERROR}')"
}

# A real run: every line on stderr is one object with the common fields.
testEventsOfARun() {
	need tshark tshark || return
	export PTH_EVENTS_FILE="$PWD/shared.jsonl"
	PTH_EVENTS=json pth-parse "$TOP/examples/ping-pong.yaml" 2>>stderr |
		PTH_EVENTS=json pth-plan 2>>stderr |
		PTH_EVENTS=json pth-exec -o out 2>exec.err |
		PTH_EVENTS=json pth-collect 2>>stderr |
		PTH_EVENTS=json pth-report >/dev/null 2>>stderr
	unset PTH_EVENTS_FILE
	cat exec.err >>stderr
	assertEquals 'the run directory has them all' "$(jq -cS 'del(.run_id)' stderr | sort)" \
		"$(jq -cS 'del(.run_id)' out/events.jsonl | sort)"
	assertEquals 'each says which run it was' 1 \
		"$(jq .run_id out/events.jsonl | sort -u | wc -l)"
	assertNotEquals null "$(jq .run_id out/events.jsonl | sort -u)"
	assertTrue 'there are events' '[ -s exec.err ]'
	assertEquals '' \
		"$(jq -rc '
			select((.pth == 1 and (.event | type == "string") and
				(.t | test("^[0-9-]+T[0-9:.]+Z$"))
		and (.us | type == "number") and (.tool | startswith("pth-")) and
		(.pid | type == "number")) | not)' stderr 2>&1)"
	assertEquals 'longer than 4096 bytes' '' "$(grep -E '.{4096}' stderr)"
	jq -r .event stderr | sort -u >names
	listed | sort >are_listed
	assertEquals 'not listed' '' "$(comm -23 names are_listed)"
}

# The same from the front door, whatever is shown; and what each kind says of its states.
testEventsOfPthRun() {
	cat >e.yaml <<-end
	tests:
	  - name: t
	    network_environment: {type: localhost}
	    capture: false
	    retries: 1
	    services: {s: {implementation: {name: command, type: testers,
	      command: [sh, -c, exit 3]}, protocol: {name: tcp, role: server},
	      ports: ["24448:24448"]}}
	end
	rm -rf out
	run env PTH_EVENTS=none pth run e.yaml -o out
	assertCode 1
	for first in test service environment; do
		assertEquals "$first: each state begins where the one before has ended" '' \
			"$(jq -c --arg e "$first." -n '[inputs | select(.to and
				(.event | startswith($e)))] | group_by(.attempt)[] |
				. as $l | range(1; length) | select($l[. - 1].to != $l[.].from) |
				$l[. - 1:. + 1]' out/events.jsonl)"
	done
	assertEquals 'service.failed 3 command tcp server 24448 1
service.failed 3 command tcp server 24448 2' "$(jq -r '
		select(.event == "service.failed") |
		[.event, .code, .implementation, .protocol, .role, .port, .attempt] |
		join(" ")' out/events.jsonl)"
	assertEquals '["failed",{"failed":1},false]' "$(jq -c 'select(.event == "run.ended") |
		[.outcome, .statuses, .failing_fast]' out/events.jsonl)"
	id=$(jq -r .run_id out/events.jsonl | sort -u)
	pth run e.yaml -o out2 >/dev/null 2>&1
	assertNotEquals 'another run' "$id" "$(jq -r .run_id out2/events.jsonl | sort -u)"
	assertEquals '' "$err"
	assertEquals 'pth-collect pth-exec pth-parse pth-plan pth-report' \
		"$(jq -r .tool out/events.jsonl | sort -u | xargs)"
	for name in experiment.loaded test.planned run.started run.ended test.judged \
		report.written; do
		assertMatch "$(jq -r .event out/events.jsonl)" "^$name\$"
	done
}

# A test of one service.
alone() { # name retries command
	cat <<-end
	  - name: $1
	    network_environment: {type: localhost}
	    isolation: none
	    capture: false
	    retries: $2
	    services:
	      s:
	        implementation: {name: command, type: testers,
	          command: [$3]}
	        protocol: {name: tcp, role: server}
	        ports: ["24452:24452"]
	        timeout: 1
	end
}

# An image that begins is there at some time, or is said not to be.
testImages() {
	image='"category": "docker_build", "argv": ["sh", "-c"'
	for end in 'sleep 60; false' 'exit 3' true; do
		over="{\"plan\": {\"setup\": [{$image, \"$end\", \"one\"]}]}}"
		{ rec t "$(svc s '{}' true)" && end 1; } >in
		rm -rf out events
		PTH_EVENTS='' pth-exec -o out <in >records 2>events &
		pid=$!
		assertSoon 20 grep -q '"image.building"' events
		case $end in sleep*) kill -INT $pid ;; esac
		wait $pid
		jq -r 'select(.event | startswith("image")) |
			"\(.event) \(.image) \(.message // "")"' events | sed 's/ *$//' >said
		case $end in
		true) want='image.built one' ;;
		exit*) want='image.failed one sh ended with exit code 3' ;;
		*) want='image.failed one stopped before its end' ;;
		esac
		assertEquals 2 "$(wc -l <said)"
		assertEquals 'image.building one' "$(head -n 1 said)"
		assertEquals "$want" "$(tail -n 1 said | sed 's/;.*//')"
	done
}

# All that the events of a run say, but for times, processes and paths; those of each service and
# of all else in their order. `tests/run -u events_test/testWordForWord` writes them anew.
testWordForWord() {
	cat >words.yaml <<-'end'
	metadata: {name: events}
	tests:
	  - name: good
	    network_environment: {type: localhost}
	    isolation: none
	    capture: false
	    services:
	      server:
	        implementation: {name: ping_pong, type: iut}
	        protocol: {name: minip, version: functional, role: server}
	        network: {port: 24451}
	      client:
	        implementation: {name: command, type: testers,
	          command: [sh, -c, "until [ -e done ]; do sleep 0.01; done"]}
	        protocol: {name: minip, version: functional, role: client, target: server}
	        depends_on: [server]
	    steps:
	      - exec: {service: client, argv: ["false"], critical: false}
	      - signal: {service: server, signal: CONT}
	      - {pause: server}
	      - {resume: server}
	      - {restart: server}
	      - exec: {service: client, argv: [touch, done]}
	    assertions:
	      - {type: service_running, service: server}
	end
	{
		alone bad 1 'sh, -c, exit 3'
		alone late 0 'sleep, "60"'
		alone none 0 /nowhere/program
	} >>words.yaml
	rm -rf out
	PTH_EVENTS=none PTH_VERBOSE=2 pth run --keep-going -j 1 words.yaml -o out >/dev/null
	jq -cS -n --arg dir "$PTH_TMP" '
		[inputs | .about = [.test, .attempt, (.event | split(".")[0]), .service]] |
		group_by([.tool, .about])[][] | del(.pth, .t, .us, .pid, .run_id, .about) |
		with_entries(.value |= if type == "string" then gsub($dir; "DIR") else . end |
			if (.key | test("^((setup|ready|duration)_us|process)$"))
			then .value |= type else . end)' out/events.jsonl >words.jsonl
	want=$TOP/tests/fixtures/events.jsonl
	[ -z "$UPDATE" ] || cp words.jsonl "$want"
	assertEquals '' "$(diff "$want" words.jsonl)"
	assertLeast 120 "$(wc -l <words.jsonl)" events
}

. shunit2
