#!/bin/sh
# podman in place of the engine: its service answers where DOCKER_HOST points
# to. A service of our own, with its own storage, ended by pid.
# timeout: 300
# shellcheck disable=SC2154 # $out and $code come from through
. "$TOP/tests/lib.sh"
. "$TOP/tests/docker_lib.sh"
own_world --net
lasting="$lasting podman_pid pod CONTAINERS_CONF"

# A machine that may not raise limits (no CAP_SYS_RESOURCE) takes podman's
# usual ones amiss, and crun one with both kinds of control groups.
podman_config() {
	cat <<-EOF
		[containers]
		default_ulimits = ["nofile=1000:1000", "nproc=1000:1000"]
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
	EOF
	[ ! -x "$(command -v runc)" ] || echo 'runtime = "runc"'
}

podman_start() {
	[ -z "${podman_pid:-}" ] || return 0
	[ "$PTH_BUILD" = build ] || skip 'pth-init is not static with sanitizers' || return
	need docker docker.io && need podman podman && need_root || return
	pod=$(short_dir) # it holds sockets
	# Its locks, its networks, who knows their names and what it copies are there, whatever its
	# storage: others have the same ones.
	for shared in /dev/shm /var/tmp /etc/containers/networks /run/containers/networks; do
		case $PTH_TMP in "$shared"/*) continue ;; esac
		[ -z "${PTH_OWN_WORLD:-}" ] || {
			mkdir -p "$shared" && mount -t tmpfs tmpfs "$shared"
		}
	done
	podman_config >"$pod/conf"
	export CONTAINERS_CONF="$pod/conf" DOCKER_HOST="unix://$pod/sock"
	podman --root "$pod/root" --runroot "$pod/runroot" --tmpdir "$pod/tmp" \
		--storage-driver vfs system service --time=0 \
		"$DOCKER_HOST" >"$pod/log" 2>&1 &
	podman_pid=$!
	tries=0
	until docker version >/dev/null 2>&1; do
		tries=$((tries + 1))
		if [ $tries -gt 100 ] || ! kill -0 $podman_pid 2>/dev/null; then
			skip "podman's service does not start here: $(tail -1 "$pod/log")"
			return
		fi
		sleep 0.2
	done
	small_base
	said=$(docker run --rm --network none panther_base_service:latest sh -c 'echo fine' 2>&1)
	[ "$said" = fine ] || skip "podman cannot start containers here: $said"
}

oneTimeTearDown() {
	[ -n "${podman_pid:-}" ] || return 0
	docker ps -aq | xargs -r docker rm -f >/dev/null 2>&1
	kill "$podman_pid" 2>/dev/null
	wait "$podman_pid" 2>/dev/null
	awk -v d="$pod" 'index($2, d) == 1 { print $2 }' /proc/mounts | sort -r |
		while read -r m; do
		umount -l "$m"
	done
	rm -rf "$pod"
}

# It is not asked for the container's network.
testLinks() {
	podman_start || return
	experiment link >t.yaml
	echo '    links: [{between: [client, server], latency: 20ms}]' >>t.yaml
	through t.yaml
	assertEquals "$(why)" passed "$(field .verdict.status)"
	assertLeast 5 "$(jq -r 'select(.direction == "down" and .fate == "delivered").packet' \
		run/001-link/link.jsonl | wc -l)" pongs
	assertEquals '' "$(ours)"
}

testMinip() {
	podman_start || return
	through "$TOP/examples/minip-docker.yaml"
	assertEquals "$(why)" passed "$(field .verdict.status)"
	for side in server client; do
		assertMatch "$(tshark -r "run/$(field .result.dir)/$side/capture.pcapng" -Y '
			udp.port == 4443' -T fields -e udp.payload 2>/dev/null | unhex)" 'pong 5'
	done
	assertEquals '' "$(ours)"
}

testEndings() {
	podman_start || return
	experiment code '[sh, -c, "exit 3"]' >t.yaml
	through t.yaml
	assertEquals 'failed: client ended with exit code 3' "$(why)"
	wait=2 experiment slow '[sleep, "60"]' >t.yaml
	through t.yaml
	assertMatch "$(why)" '^timeout: '
	assertEquals '' "$(ours)"
}

testOneContainer() {
	podman_start || return
	sed 's/type: docker_compose/type: localhost_single_container\n      container: true/
			/client\/capture.pcapng/d;/^      files:$/d' \
		"$TOP/examples/minip-docker.yaml" >t.yaml
	through t.yaml
	assertEquals "$(why)" passed "$(field .verdict.status)"
	assertEquals '' "$(ours)"
}

testSteps() {
	podman_start || return
	# They begin when the client has had its answers.
	steps='[{exec: {service: server, argv: [id, -u]}, after: {service: client, '
	steps="$steps"'state: completed}}, {pause: server}, {resume: server}, '
	steps="$steps{restart: server}, {signal: {service: server, signal: KILL}}]"
	look='{type: port_open, service: server, port: 4443, transport: udp, timeout: 30}'
	experiment steps |
		sed "s/^    steps: .*/    steps: $steps\n    assertions: [$look]/" >t.yaml
	through t.yaml
	assertEquals 'completed: ' "$(why)"
	assertEquals 10001 "$(cat run/*/server/steps/1.stdout.log)"
	assertEquals 'true true true true true, true' \
		"$(field '[.result.steps[].ok] | map(tostring) | join(" ")'), $(field '
			.result.assertions[0].ok')"
	assertEquals '' "$(ours)"
}

testKilledRunIsCleaned() {
	podman_start || return
	experiment lost '[sleep, "60"]' >t.yaml
	PTH_EVENTS=none pth-parse t.yaml 2>/dev/null | PTH_EVENTS=none pth-plan 2>/dev/null |
		PTH_EVENTS=none pth-compose >lost.jsonl
	rm -rf lost
	pth-exec -o lost lost.jsonl >lost.out 2>/dev/null &
	lost=$!
	assertSoon 30 sh -c '[ -e lost/*/client/.ready ]'
	kill_run $lost
	# Others on this machine may have left groups, and a process of it may take its time.
	pth-clean >cleaned
	assertEquals "$(cat cleaned)" 3 "$(grep -cE '^removed (container|network) ' cleaned)"
	assertEquals '' "$(ours)"
}

. shunit2
