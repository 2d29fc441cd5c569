#!/bin/sh
# Steps and assertions of services in containers, on a real engine: the same as
# on localhost.
# timeout: 500
# shellcheck disable=SC2016,SC2154 # scripts of sh -c; $out and $code come from through
. "$TOP/tests/lib.sh"
. "$TOP/tests/docker_lib.sh"
own_world --net

oneTimeTearDown() {
	engine_stop
}

# A server without end that takes TERM, HUP and INT, and has the port. INT comes to its child, too,
# which says "stop": what is left of a service that has ended is killed. The shell starts nothing
# in its loop: while its child has not begun its program, it could not be stopped (vfork).
forever='trap "echo bye; kill \$!; exit 0" TERM; trap "echo hup" HUP; trap "wait \$!; exit 0" INT
	echo up $$; /usr/local/libexec/pth/miniP_server -p 4443 -i 0.0.0.0 &
	while :; do wait; done'

# A test of $forever, with $server (lines of it), $client (a service) and these
# steps and assertions, as flow lists.
steps() { # steps [assertions]
	cat <<-EOF
		metadata: {name: steps}
		tests:
		  - name: steps
		    network_environment: {type: docker_compose}
		    services:
		      server:
		        implementation: {name: ping_pong, type: iut}
		        protocol: {name: minip, version: functional, role: server}
		        network: {port: 4443}
		        command_override: [sh, -c, $(printf '%s' "$forever" | jq -Rs .)]
		        ${server:-}
		      $(printf '%s' "$client" | sed 's/^\t*//')
		    steps: $(printf '%s' "$1" | sed 's/^\t*/      /')
		    assertions: $(printf '%s' "${2:-[]}" | sed 's/^\t*/      /')
	EOF
}

setUp() {
	server='' client=''
}

oks() { field '[.result.steps[] | .ok] | map(tostring) | join(" ")'; }
texts() { field '[.result.steps[] | .text] | join("|")'; }
held() { field '[.result.assertions[] | "\(.ok) \(.text)"] | join("|")'; }

testExec() {
	docker_ready || return
	client='client: {implementation: {name: ping_pong, type: iut},
	        protocol: {name: minip, version: functional, role: client, target: server}}'
	server='environment: {A: "x $$ y"}' steps '
		- {exec: {service: server,
		    argv: [sh, -c, "id -u; id -g; echo $A $PWD @{dir} @{share}; echo oh >&2"]}}
		- {exec: {service: server, argv: [/no/such], critical: false}}
		- {exec: {service: server, argv: [sleep, "600"], critical: false, timeout: 1}}
		- {exec: {service: server,
		    argv: [sh, -c, "until read -r line <@{dir}/client/stdout.log;
		      do sleep 0.02; done; echo $line"]}}
		- {exec: {service: server, argv: [sh, -c, "exit 4"]}}
		- {wait: 9}' >t.yaml
	through t.yaml
	assertEquals "$(line 'failed: step 5 of 6 (exec): sh ended with exit code 4;' \
		'see server/steps/5.stderr.log')" "$(why)"
	assertEquals 'true false false true false false' "$(oks)"
	assertEquals "$(line 'exit code 0|start /no/such: No such file or directory|sleep took' \
		'too long; see server/steps/3.stderr.log|exit code 0|sh ended with exit code 4;' \
		'see server/steps/5.stderr.log|the run was over before its turn')" "$(texts)"
	assertEquals '10001 10001 x $$ y /app/test/server /app/test /usr/local/share/pth' \
		"$(xargs <run/001-steps/server/steps/1.stdout.log)"
	assertEquals oh "$(cat run/*/server/steps/1.stderr.log)"
	assertMatch "$(cat run/*/server/steps/4.stdout.log)" ping
	assertEquals 'no socket stays' '' "$(find run -type s)"
	assertEquals '' "$(find run ! -user root)"
	assertEquals '' "$(ours)"
}

testSignals() {
	docker_ready || return
	steps '
		- {signal: {service: server, signal: HUP}}
		- {exec: {service: server,
		    argv: [sh, -c,
		      "while :; do while read -r line; do case $line in hup) exit 0 ;; esac; done
		      <stdout.log; sleep .02; done"]}}
		- {signal: {service: server, signal: KILL}}
		- {exec: {service: server, argv: [id]}, after: {service: server, state: stopped}}
		- {signal: {service: server, signal: HUP}}' >t.yaml
	through t.yaml
	assertMatch "$(why)" '^failed: step 5 of 5 \(signal\): server .*\(signal KILL\)$'
	assertEquals 'true true true true false' "$(oks)"
	assertEquals 'sent HUP to server' "$(field '.result.steps[0].text')"
	assertEquals 'stopped KILL' "$(field '.result.services.server | "\(.reason) \(.signal)"')"
	# What a signal asks for is no failure.
	for sig in TERM KILL; do
		steps "[{signal: {service: server, signal: $sig}}]" >t.yaml
		through t.yaml
		assertEquals "$sig" 'completed: ' "$(why)"
	done
	assertEquals '' "$(ours)"
}

# state PATTERN: a script that prints the state of the server when it is that, or after 30 s. A
# process that is stopped while it waits for a processor or the disk looks so until it has had it.
state() {
	printf '"%s"' 'until read -r up pid <stdout.log; do sleep 0.02; done; n=0;
		      while read -r pid name state rest </proc/$pid/stat && [ $n -lt 1500 ]; do
		        case $state in '"$1"') break ;; esac; n=$((n + 1)); sleep 0.02; done;
		      echo $state'
}

testPauseAndResume() {
	docker_ready || return
	steps "
		- {pause: server}
		- {exec: {service: server, argv: [sh, -c, $(state T)]}}
		- {resume: server}
		- {exec: {service: server, argv: [sh, -c, $(state '[SR]')]}}
		- {pause: server}" \
			'[{type: service_running, service: server},
				{type: service_responsive, service: server}]' >t.yaml
	through t.yaml
	assertEquals 'failed: service_responsive server: is frozen' "$(why)"
	assertEquals 'server is frozen|exit code 0|server goes on|exit code 0|server is frozen' \
		"$(texts)"
	assertEquals T "$(cat run/*/server/steps/2.stdout.log)"
	assertMatch "$(cat run/*/server/steps/4.stdout.log)" '^[SR]$'
	assertEquals 'true is running, frozen|false is frozen' "$(held)"
	# It is stopped as any other, and at once.
	assertEquals stop "$(tail -1 run/*/server/stdout.log)"
	assertEquals 'stopped false' "$(field '.result.services.server | "\(.reason) \(.killed)"')"
	assertEquals '' "$(ours)"
}

testRestart() {
	docker_ready || return
	forever='echo up; exec /usr/local/libexec/pth/miniP_server -p 4443 -i 0.0.0.0' steps '
		- {restart: server}
		- {signal: {service: server, signal: KILL}}
		- {restart: server, after: {service: server, state: stopped}}
		- {exec: {service: server,
		    argv: [sh, -c,
		      "echo again"]}}' '[{type: port_open, service: server, port: 4443}]' >t.yaml
	through t.yaml
	assertEquals 'completed: ' "$(why)"
	assertEquals 'server is ready again|sent KILL to server|server is ready again|exit code 0' \
		"$(texts)"
	assertEquals 3 "$(grep -c '^up' run/*/server/stdout.log)"
	assertEquals 'stopped KILL' \
		"$(field '.result.services.server.restarts | "\(.[0].reason) \(.[1].signal)"')"
	assertEquals 'true UDP port 4443 is open' "$(held)"
	# One container all the time.
	assertEquals 1 "$(find run -name inner.json | wc -l)"
	# It does not come up again.
	forever='[ ! -e second ] || exit 7; : >second
		exec /usr/local/libexec/pth/miniP_server -p 4443 -i 0.0.0.0' \
		steps '[{restart: server}]' >t.yaml
	through t.yaml
	assertMatch "$(why)" '^error: server: ended with exit code 7 before it was ready'
	assertEquals '' "$(ours)"
}

testOneThatHasEnded() {
	docker_ready || return
	# Its container stays for steps that need it; others learn of its end where they
	# wait for it.
	client='client:
		        implementation: {name: command, type: testers,
		          command: [sh, -c, "echo done"]}
		        protocol: {name: minip, version: functional, role: client, target: server}'
	steps '
		- {exec: {service: client, argv: [sh, -c, "echo here"]},
		   after: {service: client, state: stopped}}
		- {restart: client}' >t.yaml
	through t.yaml
	assertEquals 'completed: ' "$(why)"
	assertEquals 'here 2 1' \
		"$(cat run/*/client/steps/1.stdout.log) $(grep -c 'done' \
			run/*/client/stdout.log) $(field '
			.result.services.client.restarts | length')"
	client="$client
		      last:
		        implementation: {name: command, type: testers,
		          command: [sh, -c, 'echo last']}
		        protocol: {name: minip, version: functional, role: client, target: server}
		        depends_on: {client: completed}"
	steps '[{exec: {service: client, argv: [id]}, after: {service: last, state: completed}}]' \
		>t.yaml
	through t.yaml
	assertEquals \
		'failed: step 1 of 1 (exec): client and its container do not run (exit code 0)' \
		"$(why)"
	assertEquals last "$(cat run/*/last/stdout.log)"
	assertEquals '' "$(ours)"
}

testAssertions() {
	docker_ready || return
	steps '[{wait: 100ms}]' '
		- {type: service_running, service: server, timeout: 30}
		- {type: service_responsive, service: server, timeout: 30}
		- {type: port_open, service: server, port: 4443, timeout: 30}
		- {type: port_open, service: server, port: 4444, transport: tcp, timeout: 5}
		- {type: output_contains, service: server, pattern: "^up [0-9]", timeout: 30}
		- {type: file_exists, service: server, file: stdout.log}
		- {type: port_open, service: server, port: 4443}
		- {type: service_responsive, service: server}
		- {type: exit_code, service: server, code: 0}' >t.yaml
	through t.yaml
	assertEquals 'failed: port_open server: TCP port 4444 is not open' "$(why)"
	assertEquals "$(line 'true is running|true is running and listens|true UDP port 4443 is' \
		'open|false TCP port 4444 is not open|true found|true stdout.log exists|true UDP' \
		'port 4443 is open|true is running and listens|true exit code 0')" \
		"$(held | sed 's/|/\n/g' | paste -sd '|')"
	# A client that has ended: its container has, too.
	client='client: {implementation: {name: ping_pong, type: iut},
	        protocol: {name: minip, version: functional, role: client, target: server}}'
	steps '[]' '
		- {type: service_running, service: client}
		- {type: port_open, service: client, port: 4443}
		- {type: exit_code, service: client, code: 0}' >t.yaml
	through t.yaml
	assertEquals "$(line 'true has run: exit code 0|false client and its container do not run' \
		'(exit code 0)|true exit code 0')" "$(held)"
	assertEquals '' "$(ours)"
}

testAnswersByHttp() {
	docker_ready || return
	need cc gcc || return
	cat >httpd.c <<-'EOF'
		#include <arpa/inet.h>
		#include <unistd.h>
		int main(void) {
			struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(8080) };
			int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;
			char b[999];
			setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
			if (bind(s, (void *)&a, sizeof a) != 0 || listen(s, 9) != 0) return 1;
			for (int c; (c = accept(s, 0, 0)) >= 0; close(c))
				if (read(c, b, sizeof b) < 0 ||
				    write(c, "HTTP/1.1 418 Teapot\r\n\r\n", 23) < 0) return 2;
		}
	EOF
	cc -static -o httpd httpd.c || skip 'no static library of C' || return
	server="volumes: ['$PWD/httpd:/httpd:ro']"
	forever='/httpd & exec /usr/local/libexec/pth/miniP_server -p 4443 -i 0.0.0.0' steps \
		'[{wait: 100ms}]' '
		- {type: service_responsive, service: server, endpoint: 8080/x,
		  expected_status: 418, timeout: 30}
		- {type: service_responsive, service: server, endpoint: 8080/x}' >t.yaml
	through t.yaml
	assertEquals 'true GET /x at port 8080: status 418|false GET /x at port 8080: status 418' \
		"$(held)"
	assertEquals '' "$(ours)"
}

testOrdinaryUser() {
	docker_ready || return
	steps \
		'[{exec: {service: server, argv: [id, -u]}}, {restart: server},
			{signal: {service: server, signal: HUP}}]' >t.yaml
	echo 'docker: {user_mapping: {custom_uid: 4321}}' >>t.yaml
	through_user t.yaml
	assertEquals 'completed: ' "$(why)"
	assertEquals '4321 true true true' "$(cat home/run/*/server/steps/1.stdout.log) $(oks)"
	assertEquals '' "$(find home ! -uid 65534)"
	rm -rf home
}

# begun: pth-exec in the background, $!; until its first step writes.
begun() {
	PTH_EVENTS=none pth-parse t.yaml 2>/dev/null | PTH_EVENTS=none pth-plan 2>/dev/null |
		PTH_EVENTS=none pth-compose >one.jsonl
	rm -rf run
	pth-exec -o run one.jsonl >out.jsonl 2>/dev/null &
	exec=$!
	assertSoon 30 sh -c 'grep -q here run/*/server/steps/2.stdout.log'
}

testEndsInTheMiddle() {
	docker_ready || return
	steps \
		'[{pause: server},
			{exec: {service: server, argv: [sh, -c, "echo here; sleep 60"]}}]' >t.yaml
	begun
	# It says that it runs some time after its first process does.
	assertSoon 60 sh -c 'docker ps -q --filter name=server | grep -q .'
	docker kill "$(docker ps -q --filter name=server)" >/dev/null
	wait $exec
	assertEquals 'error: server: its container was killed from outside' \
		"$(head -1 out.jsonl | jq -r '"\(.result.status): \(.result.reason)"')"
	assertEquals 'no socket stays' '' "$(find run -type s)"
	begun
	kill -INT $exec
	wait $exec
	assertEquals 130 $?
	assertEquals 'interrupted the run was over before it had ended' \
		"$(head -1 out.jsonl | jq -r '"\(.result.status) \(.result.steps[1].text)"')"
	assertEquals "$(head -1 out.jsonl | jq -c .result.services.server)" stop \
		"$(tail -1 run/*/server/stdout.log)"
	assertEquals '' "$(ours)"
	begun
	kill_run $exec
	# These two, and the client when it has not ended yet.
	assertEquals 'removed container server removed network' \
		"$(pth-clean | grep -E '^removed (container|network) ' |
		sed -E 's/pth-001-steps-[a-z0-9]+-?//; s/ +\(run steps\)$//' |
		grep -vx 'removed container client' | xargs)"
	assertEquals '' "$(ours)"
}

. shunit2
