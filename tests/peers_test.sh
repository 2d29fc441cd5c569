#!/bin/sh
# tests/peers: the matrix, and what build and check say when something is
# missing or fails. The peers themselves are for `make peers check-peers`.
. "$TOP/tests/lib.sh"

setUp() {
	mkdir fake
	# What the scripts use, and no compilers.
	for p in sh cat chmod cut date dirname dpkg-query env find flock grep head jq ls mkdir mv \
		paste printf \
		readlink rm sed sha256sum sort tail tee touch xargs gtlsserver gtlsclient dumpcap \
		tshark \
		openssl ip ethtool; do
		p=$(command -v "$p") && ln -s "$p" fake
	done
	export XDG_CACHE_HOME="$PTH_TMP/cache"
}

build() {
	run env PATH="$PWD/fake" "$TOP/tests/peers/build" "$@"
}

testMatrixPlans() {
	need jq jq || return
	pth-parse "$TOP/tests/peers/matrix.yaml" 2>/dev/null | pth-plan 2>/dev/null >planned
	assertEquals 25 "$(jq -rs 'map(select(.plan and (.error | not))) | length' planned)"
	run jq -r 'select(.id == "020-peers-quinn-quic_go") | .plan.services[].phases.run.argv |
			join(" ")' planned
	assertMatch "$out" '^quinn-server .*--alpn h3 .*--listen 127.0.0.1:4443'
	assertMatch "$out" '^quic-go-client .*https://127.0.0.1:4443/data.bin$'
}

testNoCompilers() {
	build
	assertCode 0
	assertMatch "$out" '^aioquic .*NOT BUILT: needs python3 .*python3-venv'
	assertMatch "$out" '^quiche .*NOT BUILT: needs cargo 1\.[0-9]+ .*needs cmake'
	assertMatch "$out" '^quinn .*NOT BUILT: needs cargo'
	assertMatch "$out" '^quic_go .*NOT BUILT: needs go 1\.'
}

testTooOld() {
	fake cargo 'echo "cargo 0.66.0 (Debian)"'
	fake go 'echo go1.19.8'
	build quinn quic_go
	assertCode 0
	assertMatch "$out" \
		'^quinn .*NOT BUILT: needs cargo 1.* this is 0\.66\.0; Debian 12.s is too old'
	assertMatch "$out" \
		'^quic_go .*NOT BUILT: needs go 1.* this is 1\.19\.8; Debian 12.s is too old'
}

testFailedBuild() {
	fake go 'if [ "$1" = env ]; then echo go1.26.0; else
		echo "error: no network today" >&2; exit 1; fi'
	build quic_go quinn
	assertCode 1
	assertMatch "$out" '^quic_go .*NOT BUILT: error: no network today'
	assertMatch "$out" '^quinn .*NOT BUILT: needs cargo'
	assertMatch "$(cat cache/pth/peers/quic_go-*/build.log)" 'no network today'
}

# It is built once, and again when told or when the sources have changed.
testBuiltOnce() {
	fake go 'if [ "$1" = env ]; then echo go1.26.0; else
		while [ "$1" != -o ]; do shift; done; echo x >"$2"; fi'
	build quic_go
	assertCode 0
	assertMatch "$out" '^quic_go .*built in'
	build quic_go
	assertMatch "$out" '^quic_go .*is there'
	build -f quic_go
	assertMatch "$out" '^quic_go .*built in'
	echo other >cache/pth/peers/"$(ls cache/pth/peers | grep quic_go)"/stamp
	build quic_go
	assertMatch "$out" '^quic_go .*built in'
}

testUnknownPeer() {
	build picoquic
	assertCode 2
	assertMatch "$err" "no peer 'picoquic'; there are: aioquic quiche quinn quic_go"
}

# One that is not here is named and is no failure; one that fails is.
testCheck() {
	need gtlsserver ngtcp2-server && need gtlsclient ngtcp2-client && need tshark tshark ||
		return
	need_namespaces || return
	run env PTH_BIN="$(dirname "$(command -v pth-parse)")" "$TOP/tests/peers/check" -o out \
		ngtcp2
	assertCode 0
	assertMatch "$out" '^not here: quiche: not built; see make peers'
	assertMatch "$out" '^ngtcp2 +ok +- +- +- +- *$'
	assertMatch "$out" '^1 passed, 0 failed, 4 skipped'
	assertMatch "$out" '^numbers of 1 captures, at least 6[0-9] each: 0 differ'

	fake go 'if [ "$1" = env ]; then echo go1.26.0; else while [ "$1" != -o ]; do shift; done
		printf "#!/bin/sh\necho broken; exit 7\n" >"$2"; chmod +x "$2"; fi'
	build quic_go
	assertCode 0
	run env PTH_BIN="$(dirname "$(command -v pth-parse)")" "$TOP/tests/peers/check" -o out \
		ngtcp2 quic_go
	assertCode 1
	assertMatch "$out" '^ngtcp2 <- quic_go: failed: .*; out/005-peers-ngtcp2-quic_go'
	assertMatch "$out" '^0 passed, 1 failed, 0 skipped'
}

. shunit2
