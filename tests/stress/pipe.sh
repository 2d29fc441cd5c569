# shellcheck shell=sh
# Faults of the pipe: its processes die, its streams break off.

stages='parse plan exec collect report'

# stage NAME COMMAND...: its pid into the file pid.NAME, its code into code.NAME.
stage() {
	name=$1
	shift
	# shellcheck disable=SC2016 # for the inner shell
	sh -c 'echo $$ >"$0.new" && mv "$0.new" "$0" && exec "$@"' "pid.$name" "$@" 2>"err.$name"
	echo $? >"code.$name"
}

# pipe OPTION...: the whole pipe over x.yaml; the options are pth-exec's.
pipe() {
	stage parse pth-parse x.yaml | stage plan pth-plan | stage exec pth-exec -j 2 -o out "$@" |
		stage collect pth-collect --no-tshark | stage report pth-report >report.txt
}

codes() {
	for name in $stages; do
		cat "code.$name" 2>/dev/null || echo -
	done | tr '\n' ' '
}

forget_codes() {
	rm -f pid.* code.*
}

# An experiment of N tests of the ping-pong protocol; each third fails.
experiment() {
	echo 'metadata: {name: stress}'
	echo 'tests:'
	for i in $(seq "$1"); do
		min=2
		[ $((i % 3)) != 0 ] || min=50
		cat <<-Y
			  - name: test $i
			    network_environment: {type: localhost}
			    services:
			      server:
			        implementation: {name: ping_pong, type: iut}
			        protocol: {name: minip, version: functional, role: server}
			        ports: ["4443:4443"]
			      client:
			        implementation: {name: ping_pong, type: iut, count: 2}
			        protocol: {name: minip, version: functional, role: client,
			          target: server}
			    steps: {wait: 60}
			    expect: {log: [{service: server, matches: "^send pong ", min: $min}]}
		Y
	done
}

# The undisturbed run: verdicts into the file wanted, ms into $took.
undisturbed() {
	experiment "$1" >x.yaml
	forget_codes
	now_ms && began=$now
	pipe
	now_ms && took=$((now - began))
	[ "$(codes)" = '0 0 0 0 1 ' ] || bad "undisturbed: exit codes $(codes)$(said err.*)"
	verdicts out/results.jsonl >wanted
	[ "$(wc -l <wanted)" = "$1" ] || bad "undisturbed: $(wc -l <wanted) of $1 results"
	clean undisturbed
	rm -rf out
}

# A run directory as a killed run has left it can be collected: no test twice,
# and those that had ended as in the undisturbed run.
check_collected() {
	[ -f out/plan.jsonl ] || return
	pth-collect --no-tshark out >collected 2>err.again || [ ! -s out/plan.jsonl ] ||
		[ "$(tail -n 1 out/plan.jsonl | wc -l)" = 0 ] || grep -q incomplete err.again ||
		bad "$1: pth-collect out: $(cat err.again)"
	jq -r 'select(.result.status != null) | .id' collected | sort >ids
	sort -u ids | cmp -s - ids ||
		bad "$1: a test was counted twice: $(uniq -d ids | tr '\n' ' ')"
	jq -c 'select(.result.started != null)' collected >ended
	verdicts ended | comm -23 - wanted >other
	[ ! -s other ] || bad "$1: other results than in the undisturbed run: $(tr '\n' ' ' <other)"
	[ "$(wc -l <ended)" = "$(wc -l <kept)" ] ||
		bad "$1: $(wc -l <kept) results, but $(wc -l <ended) collected"
}

# Resume, and all is as if nothing had happened.
check_resumed() {
	forget_codes
	pipe --resume
	[ "$(codes)" = '0 0 0 0 1 ' ] || bad "$1, resumed: exit codes $(codes)$(said err.*)"
	verdicts out/results.jsonl >now
	same "$1, resumed" wanted now
	check_kept "$1, resumed"
	clean "$1, resumed"
}

# Each process of the pipe in turn dies at a random moment.
fault_kill() {
	choose 5 50
	undisturbed 6
	for i in $(seq "$n"); do
		set -- exec collect parse report plan
		shift $((i % 5))
		victim=$1
		forget_codes
		rm -rf out
		pipe &
		until [ -s "pid.$victim" ] || [ -s "code.$victim" ]; do sleep 0.01; done
		random_moment
		what="round $i, $victim killed after $moment of $took ms"
		kill -KILL "$(cat "pid.$victim")" 2>/dev/null
		must_end "$what"
		clean "$what" 5
		if [ "$(codes)" = '0 0 0 0 1 ' ]; then
			verdicts out/results.jsonl >now
			same "$what: all stages are content" wanted now
		fi
		note_kept "$what"
		check_collected "$what"
		check_resumed "$what"
	done
}

# A supervisor of pth-exec's, into $child, or nothing: it is the first process of a pid namespace of
# its own. Another child is no program of ours: where a sanitizer looks for leaks, at the end, it
# does so from a process that it waits for without end when that is killed.
supervisor() {
	for child in $(pgrep -P "$(cat pid.exec)"); do
		! grep -q '^NSpid:.*[[:space:]]1$' "/proc/$child/status" 2>/dev/null || return
	done
	child=''
}

# A supervisor dies: its test says so, the others are not touched.
fault_supervisor() {
	choose 2 20
	undisturbed 6
	for i in $(seq "$n"); do
		forget_codes
		rm -rf out
		pipe &
		until [ -s pid.exec ] && grep -q test.started out/events.jsonl; do
			sleep 0.01
		done 2>/dev/null
		random_moment
		supervisor
		what="round $i, a supervisor killed after $moment of $took ms"
		[ -z "$child" ] || kill -KILL "$child" 2>/dev/null
		must_end "$what"
		[ "$(codes | cut -c1-8)" = '0 0 0 0 ' ] || bad "$what: exit codes $(codes)"
		clean "$what"
		verdicts out/results.jsonl >now
		[ "$(comm -13 wanted now | wc -l)" -le 1 ] ||
			bad "$what: more than one test was touched: $(comm -13 wanted now)"
		comm -13 wanted now | grep -v ' error error false$' >other
		[ ! -s other ] || bad "$what: its test is $(cat other)"
		jq -r 'select(.result.status == "error") | .result.reason' out/results.jsonl |
			grep -v "supervisor was lost" >other
		[ ! -s other ] || bad "$what: reason $(cat other)"
		forget_codes
		pipe --rerun failed
		verdicts out/results.jsonl >now
		same "$what, failed ones again" wanted now
	done
}

# The stream of plans breaks off: what came is run, and it is not called whole.
fault_input() {
	choose 3 30
	undisturbed 4
	pth-parse x.yaml 2>/dev/null | pth-plan 2>/dev/null >plan
	size=$(wc -c <plan)
	for i in $(seq "$n"); do
		rm -rf out
		random "$size"
		# The first time at the end of a line: nothing but the end is missing.
		[ "$i" != 1 ] || random=$(head -n 3 plan | wc -c)
		what="round $i, input ends after $random of $size bytes"
		head -c "$random" plan >broken
		whole=$(wc -l <broken)
		# shellcheck disable=SC2002 # a pipe it shall be
		cat broken | pth-exec -j 2 -o out >ran 2>err
		code=$?
		[ $code = 0 ] || bad "$what: exit code $code: $(said err)"
		grep -q incomplete err ||
			bad "$what: nobody says that it is incomplete: $(said err)"
		! grep '"type":"end"' ran | grep -qv '"incomplete"' || bad "$what: an end record"
		[ "$(statuses ran | wc -l)" = "$whole" ] ||
			bad "$what: $(statuses ran | wc -l) results of $whole tests"
		clean "$what"
		if [ "$whole" -gt 0 ]; then
			pth-collect --no-tshark <ran 2>/dev/null | pth-report >report.txt 2>err
			grep -q incomplete err ||
				bad "$what: the report does not say that it is incomplete"
		fi
		note_kept "$what"
		check_resumed "$what"
	done
}

# Nobody reads the results: pth-exec ends, and has stored what it ran.
fault_output() {
	choose 2 20
	undisturbed 6
	# The last test waits for the reader's end.
	pth-parse x.yaml 2>/dev/null | pth-plan 2>/dev/null | jq -c 'if .index == 6 then
		(.plan.services[] | select(.name == "client") | .phases.run.argv) |= ["sh", "-c",
		  "until [ -e ../../../gone ]; do sleep 0.02; done; exec \"$@\"", "sh"] + .
		else . end' >plan
	for i in $(seq "$n"); do
		rm -rf out gone
		what="round $i, reader gone after $i records"
		{ pth-exec -j 2 -o out <plan 2>err; echo $? >code; } |
			{ head -n $((i % 6)) >/dev/null; exec </dev/null; : >gone; }
		[ "$(cat code)" != 0 ] || bad "$what: pth-exec did not mind"
		clean "$what" 5
		note_kept "$what"
		[ "$(wc -l <kept)" -ge $((i % 6)) ] || bad "$what: only $(wc -l <kept) results"
		check_resumed "$what"
	done
}
