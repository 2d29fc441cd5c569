# shellcheck shell=sh
# An engine for the tests alone: its own data, socket and process; stopped by
# its pid. Read by tests/docker*_test.sh after tests/lib.sh.
#
# Outside of their directory the tests keep two things only, so that nobody has to fetch them
# again: images in $PTH_CACHE/engine, as files of `docker save`. All of them together are at
# most PTH_CACHE_MAX bytes (3000000000; 0: nothing is kept); what was kept is a line of the
# result.

# Of all tests of a file; what else is, they add.
lasting='engine engine_pid engine_net engine_exec DOCKER_HOST'

# engine_start: $DOCKER_HOST is a running engine, or the test is skipped.
engine_start() {
	[ -z "${engine:-}" ] || return 0
	need docker docker.io && need dockerd docker.io && need_root || return
	engine=$PTH_TMP/engine
	mkdir -p "$engine"
	export DOCKER_HOST="unix://$engine/sock"
	# Sockets of containerd may not have long paths.
	engine_exec=$(short_dir)
	engine_network
	engine_run && return
	engine_stop
	skip "dockerd does not start here: $(grep -o 'level=fatal.*' "$engine/log" | tail -1 |
		cut -c1-200)"
}

# engine_network: $engine_net, options for several engines in the machine's network: subnets of
# chance, of which two at a time do not choose the same, and its rules stay as they are. Where they
# drop what bridges forward an engine needs rules of its own, and the one that starts empties the
# chains of the other. So those come one after the other: who has the lock of the program dockerd,
# of which nothing is written.
engine_network() {
	engine_net=''
	[ -z "${PTH_OWN_NET:-}" ] || return 0
	case $(iptables -S FORWARD 2>/dev/null | head -n 1) in
	'-P FORWARD ACCEPT')
		engine_net="--iptables=false --ip-forward=false
			--default-address-pool base=$(free_subnets),size=26"
		;;
	*) exec 8<"$(command -v dockerd)" && flock 8 ;;
	esac
}

# free_subnets: 4096 addresses of chance, to which no route of this machine leads.
free_subnets() {
	# shellcheck disable=SC2046 # numbers
	set -- $(od -An -N2 -tu1 /dev/urandom)
	while ip route | grep -q "^10\.$1\."; do set -- $((($1 + 1) % 256)) "$2"; done
	echo "10.$1.$(($2 / 16 * 16)).0/20"
}

# short_dir: a new directory for sockets: in ours, unless that has a long path (podman takes 50
# bytes for one of its own below it).
short_dir() {
	if [ ${#PTH_TMP} -le 22 ]; then
		mkdir -p "$PTH_TMP/engine" && mktemp -d "$PTH_TMP/engine/e.XXXXXX"
	else
		mktemp -d /tmp/pth-engine.XXXXXX
	fi
}

# engine_run: dockerd with $engine_options, until it answers; 1: it does not.
engine_run() {
	# No bridge of its own: the machine's engine may have docker0.
	# shellcheck disable=SC2086 # words
	dockerd --bridge none $engine_net ${engine_options:-} --data-root "$engine/data" \
		--exec-root "$engine_exec" -H "$DOCKER_HOST" -p "$engine/pid" \
		>"$engine/log" 2>&1 8<&- &
	engine_pid=$!
	tries=0
	until docker version >/dev/null 2>&1; do
		tries=$((tries + 1))
		{ [ $tries -le 600 ] && kill -0 $engine_pid 2>/dev/null; } || return
		sleep 0.2
	done
}

# What a killed dockerd leaves running: by the path of ours in their arguments.
engine_orphans() {
	pgrep -f "containerd.* $engine_exec/"
}

engine_stop() {
	[ -n "${engine_pid:-}" ] || return 0
	kill "$engine_pid" 2>/dev/null
	wait "$engine_pid" 2>/dev/null
	for orphan in $(engine_orphans); do kill -KILL "$orphan" 2>/dev/null; done
	engine_pid='' engine=''
	exec 8<&-
	# What it may leave mounted when it is killed.
	awk -v d="$engine_exec" 'index($2, d) == 1 { print $2 }' /proc/mounts | while read -r m; do
		umount -l "$m"
	done
	awk -v d="$PTH_TMP/engine" 'index($2, d) == 1 { print $2 }' /proc/mounts |
		while read -r m; do
		umount -l "$m"
	done
	rm -rf "$engine_exec"
}

# libraries_of ROOT FILE...: what these programs need to run, at its place below that folder.
libraries_of() {
	root=$1
	shift
	for file; do
		ldd "$file" | grep -o '/[^ ]*' | while read -r lib; do
			mkdir -p "$root${lib%/*}" && cp -L "$lib" "$root$lib"
		done
	done
}

# programs_into FOLDER ROOT PROGRAM...: these of this machine into ROOT/FOLDER, and their libraries.
programs_into() {
	folder=$2/$1 below=$2
	shift 2
	mkdir -p "$folder"
	for program; do
		file=$(readlink -f "$(command -v "$program")")
		cp "$file" "$folder/$program" && libraries_of "$below" "$file"
	done
}

# small_base: a base image of a shell and the libraries of this machine, in a
# second and without any network.
small_base() {
	docker image inspect panther_base_service:latest >/dev/null 2>&1 && return
	root=$PTH_TMP/base
	mkdir -p "$root/etc" "$root/tmp" "$root/usr/local"
	programs_into bin "$root" sh id sleep sort env
	libraries_of "$root" "$TOP/examples/minip/miniP_server"
	printf 'root:x:0:0:::\npanther:x:10001:10001::/tmp:/bin/sh\n' >"$root/etc/passwd"
	tar -C "$root" -c . |
		docker import -c 'ENV PATH=/bin:/usr/bin' - panther_base_service:latest >/dev/null
	rm -rf "$root"
}

# real_base: the base that pth-image makes by debootstrap; once, and again
# when its part of pth-image has changed. The result is kept where `make peers` keeps its own.
real_base() {
	docker image inspect panther_base_service:latest >/dev/null 2>&1 && return
	from_cache base "$TOP/share/image/base.sh" && return
	need debootstrap debootstrap || return
	getent hosts deb.debian.org >/dev/null || skip 'deb.debian.org cannot be resolved' || return
	run pth-image base
	assertCode 0
	to_cache panther_base_service:latest
}

# toolchains: an image pth_toolchains:latest with the compilers of all languages, on the real
# base. That of go has compiled its own library, as the builder does before it adds the sources.
toolchains='FROM panther_base_service:latest
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
 git gcc g++ libc6-dev make cmake golang-go cargo-web rustc-web pkg-config python3-venv && \
 rm -rf /usr/share/doc /usr/share/man /var/lib/apt/lists/* && \
 GOPATH=/opt/go GOCACHE=/opt/go/cache go build -trimpath net/http'
toolchains() {
	docker image inspect pth_toolchains:latest >/dev/null 2>&1 && return
	printf '%s\n' "$toolchains" >toolchains.txt
	from_cache toolchains "$TOP/share/image/base.sh" toolchains.txt && return
	real_base || return
	from_cache toolchains "$TOP/share/image/base.sh" toolchains.txt # another name now
	printf '%s\n' "$toolchains" |
		docker build --network host -t pth_toolchains:latest - >toolchains.log 2>&1 ||
		skip "the compilers cannot be fetched: $(tail -1 toolchains.log)" || return
	to_cache panther_base_service:latest pth_toolchains:latest
}

# from_cache NAME FILE...: load what to_cache kept for these files.
from_cache() {
	cached=$PTH_CACHE/engine
	mkdir -p "$cached" 2>/dev/null
	stale=$cached/$1-
	shift
	cached=$stale$(cat "$@" | sha256sum | cut -c1-16).tar
	[ -s "$cached" ] && docker load -qi "$cached" >/dev/null 2>&1
}

# Others may do the same at the same time, and have the same pid in their namespace.
to_cache() { # image...
	[ "${PTH_CACHE_MAX:=3000000000}" != 0 ] && new=$(mktemp "$cached.XXXXXX") || return 0
	docker save -o "$new" "$@" 2>/dev/null || { # it is only a cache
		rm -f "$new"
		return 0
	}
	for old in "$stale"*.tar; do [ "$old" = "$cached" ] || rm -f "$old"; done
	find "${cached%/*}" -name '*.tar.??????' -mmin +600 -exec rm -f {} + # of who was killed
	kept=$(du -sb "${cached%/*}" | cut -f 1)
	if [ "$kept" -le "$PTH_CACHE_MAX" ]; then
		mv "$new" "$cached"
		echo "note: $((kept / 1000000)) MB of images are kept in ${cached%/*}"
	else
		rm -f "$new"
		echo "note: ${cached##*/} is not kept: PTH_CACHE_MAX is $PTH_CACHE_MAX"
	fi >>"$PTH_RESULT"
}

# each_compose COMMAND...: run it with every compose program that is here,
# `docker compose` and docker-compose, as $compose.
each_compose() {
	compose_used=0
	for compose in 'docker compose' docker-compose; do
		$compose version >/dev/null 2>&1 || continue
		"$@"
		compose_used=$((compose_used + 1))
	done
	assertTrue 'no compose program is here' "[ $compose_used -ge 1 ]"
}

# Everything of ours on the engine.
ours() {
	docker ps -a --filter label=org.pth.run --format 'container {{.Names}}'
	docker network ls --filter label=org.pth.run --format 'network {{.Name}}'
	docker volume ls --filter label=org.pth.run --format 'volume {{.Name}}'
}

# through FILE [pth-exec options]: the whole pipe; $out: the results' records.
through() {
	file=$1
	shift
	rm -rf run
	export PTH_EVENTS=none
	pth-parse "$file" 2>/dev/null | pth-plan 2>/dev/null | pth-compose >composed.jsonl
	pth-exec -o run "$@" <composed.jsonl | pth-collect >records.jsonl
	# shellcheck disable=SC2034 # the tests read it
	code=$?
	out=$(grep '"type":"test"' records.jsonl)
}

# through_user FILE: up to pth-exec, which an ordinary user runs in the directory
# home; $out: the test's record.
through_user() {
	pth-parse "$1" 2>/dev/null | pth-plan 2>/dev/null | pth-compose >composed.jsonl
	chmod 755 "$PTH_TMP" "$PTH_TMP/engine" && chmod 666 "$PTH_TMP/engine/sock" composed.jsonl
	rm -rf home && mkdir home && chown 65534:65534 home
	user_top
	HOME=$PWD/home as_user pth-exec -o home/run composed.jsonl >records.jsonl
	out=$(head -1 records.jsonl)
}

field() {
	jq_out -r "$1"
}

# For tests with small_base: an engine, or the test is skipped.
docker_ready() {
	[ "$PTH_BUILD" = build ] || skip 'pth-init is not static with sanitizers' || return
	engine_start && small_base
}

# A test NAME whose client runs COMMAND (a flow list), or pings.
one() { # name [command [more lines of the client]]
	client='name: ping_pong, type: iut'
	[ -z "${2:-}" ] || client="name: command, type: testers, command: $2"
	cat <<-EOF
		  - name: $1
		    network_environment: {type: docker_compose${net:-}}
		    services:
		      server:
		        implementation: {name: ${iut:-ping_pong}, type: iut}
		        protocol: {name: minip, version: functional, role: server}
		        network: {port: 4443}
		        ${server:-}
		      client:
		        implementation: {$client}
		        protocol: {name: minip, version: functional, role: client, target: server}
		        ${3:-}
		    steps: {wait: ${wait:-20}}
	EOF
}

experiment() { # name [command [lines]]
	printf 'metadata: {name: %s}\ntests:\n' "${run:-hand}"
	one "$@"
}

why() {
	field '"\(.result.status): \(.result.reason // "")"'
}
