# shellcheck shell=sh
# shellcheck disable=SC2016 # for the services' shells
# Services that misbehave. One test each; all run in the same run.

bomb_limit=64

# The tests, and what is expected of each, into the files plan and wanted:
# misbehave ID "STATUS" JSON ARGV...
misbehave() {
	echo "$1 $2" >>wanted
	id=$1 json=$3
	shift 3
	test_of "$id" "$json" "$@" >>plan
}

client='"more": [{"name": "b", "finite": true, "after": [{"service": "a", "state": "ready"}],
	"phases": {"run": {"argv": ["sleep", "0.1"]}}}]'

services_everywhere() {
	misbehave ignores-term completed \
		"{\"finite\": false, \"ready\": [{\"kind\": \"log\", \"matches\": \"up\"}],
			$client}" \
		sh -c 'trap "" TERM INT HUP; echo up; while :; do sleep 1; done'
	misbehave ignores-term-late timeout '{"timeout_us": 200000}' \
		sh -c 'trap "" TERM INT HUP; while :; do sleep 1; done'
	misbehave daemon completed '{}' \
		sh -c \
		'(setsid sh -c "trap \"\" TERM; (setsid sleep 1000 &); sleep 1000" &) ; exit 0'
	misbehave daemon-server completed "{\"finite\": false, $client}" \
		sh -c 'setsid sleep 1000 & sleep 1000'
	misbehave closes-stdout completed '{}' sh -c 'exec <&- >&- 2>&-; sleep .2; exit 0'
	misbehave never-ready error \
		'{"finite": false,
			"ready": [{"kind": "udp", "port": 4443, "timeout_us": 200000}]}' sleep 1000
	misbehave never-logs error \
		'{"finite": false,
			"ready": [{"kind": "log", "matches": "up",
			  "timeout_us": 200000}]}' sh -c 'trap "" TERM; sleep 1000'
	misbehave exits-early error '{"finite": false, "ready": [{"kind": "udp", "port": 4443}]}' \
		sh -c 'exit 0'
	misbehave crashes crashed '{}' "$W/hostile" crash
	misbehave crashes-early crashed \
		'{"finite": false, "ready": [{"kind": "tcp", "port": 4443}]}' "$W/hostile" crash
	misbehave living-zombie timeout '{"timeout_us": 200000}' "$W/hostile" zombie
	misbehave leaves-orphans completed '{}' "$W/hostile" orphans 100
	misbehave stops-itself timeout '{"timeout_us": 200000}' sh -c 'kill -STOP $$; exit 0'
	misbehave stopped-server completed "{\"finite\": false, $client}" \
		sh -c 'kill -STOP $$; exit 0'
	misbehave binary-output completed '{}' head -c 300000 /dev/urandom
}

# Only with a pid namespace: these would hurt whoever is outside.
services_isolated() {
	misbehave bomb completed "{\"limits\": {\"processes\": $bomb_limit}}" "$W/hostile" bomb 300
	misbehave kills-all completed '{}' sh -c 'kill -KILL -1; kill -KILL 1; exit 0'
	misbehave leaves-mounts completed '{}' sh -c 'mount -t tmpfs x /mnt; exit 0'
}

# What more there is to say about some of them.
check_services() {
	result() { # id expression
		jq -r ".services.a$2" "out/$1/result.json"
	}
	[ "$(result ignores-term .killed)" = true ] || bad "$1: ignores-term was not killed"
	[ "$(result crashes .signal)" = SEGV ] ||
		bad "$1: crashes: signal $(result crashes .signal)"
	[ "$(result crashes .core)" = "$core" ] ||
		bad "$1: crashes: core is $(result crashes .core), it should be $core"
	case $(jq -r .reason out/exits-early/result.json) in
	'a: ended with exit code 0 before it was ready'*) ;;
	*) bad "$1: exits-early: $(jq -r .reason out/exits-early/result.json)" ;;
	esac
	case $(jq -r .reason out/never-ready/result.json) in
	'a: did not bind UDP port 4443 within 200 ms'*) ;;
	*) bad "$1: never-ready: $(jq -r .reason out/never-ready/result.json)" ;;
	esac
	[ "$(wc -c <out/binary-output/a/stdout.log)" = 300000 ] ||
		bad "$1: binary-output is not whole"
}

# The limit of processes holds. Root is above a resource limit: where nobody can make a control
# group, nobody stops it.
check_bomb() {
	if [ "$WHO" = 0 ] && ! "$TOP/tests/fixtures/can-limit" 2>/dev/null; then
		echo "fault $fault: processes of root cannot be limited here"
		return
	fi
	read -r made rest <out/bomb/a/stdout.log
	[ "$made" -lt $bomb_limit ] ||
		bad "$1: a fork bomb came to $made $rest, the limit is $bomb_limit"
}

# Far more log than its limit: cut, with a mark at the end, and the disk is
# spared. Never much more than this machine can hold if that should fail.
fault_flood() {
	choose 100 4000
	for iso in none full; do
		rm -rf out
		{
			test_of flood '{"limits": {"log": 1000000}}' \
				sh -c "yes 'all work and no play' | head -c 20000000"
			test_of bigger '{"limits": {"log": 1000000}}' \
				sh -c "yes | head -c ${n}000000 >&2"
			test_of spared '{"limits": {"log": 1000000}}' sh -c 'yes | head -c 900000'
			end_of 3
		} |
			jq -c --arg iso $iso '
				if .plan then .plan.environment.isolation = $iso else . end' \
					>plan.now
		pth-exec -j 2 -o out <plan.now >ran 2>err || bad "$iso: $(said err)"
		clean "$iso"
		statuses ran >now
		printf '%s completed\n' bigger flood spared >wanted
		same "$iso" wanted now
		for log in out/flood/a/stdout.log out/bigger/a/stderr.log; do
			[ "$(du -k "$log" | cut -f1)" -le 1100 ] ||
				bad "$iso: $log takes $(du -k "$log" | cut -f1) KiB of disk"
			tail -n 1 "$log" | grep -q '^\[pth: log limit of .* reached' ||
				bad "$iso: $log ends without a mark"
		done
		[ "$(wc -c <out/spared/a/stdout.log)" = 900000 ] ||
			bad "$iso: a log below the limit was cut"
	done
}

# run_services NAME ISOLATION: run the plan, twice.
run_services() {
	rm -rf out
	jq -c --arg iso "$2" '.plan.environment.isolation = $iso' plan >plan.now
	end_of "$(wc -l <plan)" >>plan.now
	sort wanted >wanted.now
	pth-exec -j 4 -o out <plan.now >ran 2>err || bad "$1: pth-exec: $(said err)"
	clean "$1"
	statuses ran >now
	same "$1" wanted.now now
	check_services "$1"
	note_kept "$1"
	pth-exec -j 4 -o out --resume <plan.now >ran 2>err ||
		bad "$1, resumed: pth-exec: $(said err)"
	statuses ran >now
	same "$1, resumed" wanted.now now
	check_kept "$1, resumed"
}

# A crash leaves a core: where its name is no pipe, that is a file where the
# crashed one ran. (A sanitizer forbids cores to its program's children, too.)
allow_core() {
	case $(cat /proc/sys/kernel/core_pattern) in '|'* | */*) return 1 ;; esac
	case ${PTH_BUILD:-build} in build) ;; *) return 1 ;; esac
	# shellcheck disable=SC3045 # dash has it
	ulimit -c unlimited 2>/dev/null
}

fault_services() {
	choose 1 10
	"${CC:-cc}" -O2 -pthread -o hostile "$here/hostile.c" || cannot 'no C compiler'
	core=false
	if allow_core; then core=true; fi
	for i in $(seq "$n"); do
		: >plan
		: >wanted
		services_everywhere
		run_services "round $i, isolation none" none
		services_isolated
		run_services "round $i, isolation full" full
		check_bomb "round $i"
	done
}
