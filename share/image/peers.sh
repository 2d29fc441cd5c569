# shellcheck shell=sh
# shellcheck disable=SC2154 # what pth-image sets
# Read by pth-image: the images of the peers, before a test needs them.

# One experiment for all of them; nothing of it is run.
peers_experiment() { # name...
	printf 'metadata: {name: peers}\ntests:\n'
	for peer; do
		printf '  - name: %s\n    network_environment: {type: docker_compose}\n' "$peer"
		printf '    services:\n      s:\n'
		printf '        implementation: {name: %s, type: iut}\n' "$peer"
		printf '        protocol: {name: quic, version: rfc9000, role: server}\n'
		printf '    steps: {wait: 1}\n'
	done
}

# build_peer RECORD: what the setup of its test would do.
build_peer() {
	directory=$(printf '%s\n' "$1" | jq -r '.compose.images[0].directory')
	mkdir -p "$tmp/$directory" || exit 4
	printf '%s\n' "$1" | jq -j '.compose.images[0].dockerfile' >"$tmp/$directory/Dockerfile"
	eval "$(printf '%s\n' "$1" | jq -r --arg bin "$bin" --arg dir "$tmp" --arg quiet "$quiet" '
		.compose.images[0].argv
		| [.[0:2][], (if $quiet == "" then empty else "-q" end), .[2:][]]
		| map(gsub("@{bin}"; $bin) | gsub("@{dir}"; $dir) | gsub("@{owner}"; "")) | @sh')"
}

peers() {
	while getopts :qhV opt; do general "$opt"; done
	shift $((OPTIND - 1))
	[ $# -gt 0 ] || set -- ngtcp2 aioquic quic_go quinn quiche
	for peer; do
		case $peer in
		'' | *[!a-z0-9_]*) die 2 "$peer: no name of an implementation, as quic_go" ;;
		esac
	done
	need jq jq
	engine
	bin=$(dirname "$(readlink -f "$0")") failed=''
	tmp=$(mktemp -d "${TMPDIR:-/var/tmp}/pth-peers.XXXXXX") || exit 4
	trap '[ -n "$failed" ] || rm -rf "$tmp"' EXIT # it has the logs of what failed
	export PTH_EVENTS=none
	peers_experiment "$@" >"$tmp/peers.yaml"
	# What is wrong is in the records.
	"$bin/pth-parse" "$tmp/peers.yaml" 2>/dev/null | "$bin/pth-plan" 2>/dev/null |
		"$bin/pth-compose" >"$tmp/records" 2>/dev/null || exit 4
	grep '"type":"test"' "$tmp/records" >"$tmp/tests"
	wrong=$(jq -r '.error.message // empty' "$tmp/tests")
	[ -z "$wrong" ] || die 3 "$wrong"
	while read -r record; do
		begun=$(date +%s)
		build_peer "$record" </dev/null || {
			failed=1
			continue
		}
		tag=$(printf '%s\n' "$record" | jq -r '.compose.images[0].tag')
		[ -n "$quiet" ] || printf '%s: %s MB, %s s\n' "$tag" \
			"$(($(docker image inspect -f '{{.Size}}' "$tag") / 1000000))" \
			$(($(date +%s) - begun))
	done <"$tmp/tests"
	[ -z "$failed" ] || exit 4
}
