# shellcheck shell=sh
# What the tests of links share. Read after tests/lib.sh.

# each TEST: as who runs this file, and for root as an ordinary user ($who), too, each in a
# directory of its own.
each() {
	need_namespaces || return
	need socat socat && need jq jq || return
	rm -rf "$PTH_TMP/own" && mkdir "$PTH_TMP/own" && cd "$PTH_TMP/own" || return
	who='' && "$1"
	cd "$PTH_TMP" || return
	[ "$(id -u)" = 0 ] || return 0
	as_user unshare -Urn true 2>/dev/null || return 0
	user_top
	chmod 755 "$PTH_TMP"
	rm -rf other && mkdir other && chown 65534:65534 other && cd other || return
	who=as_user && "$1"
	cd "$PTH_TMP" || return
}

# go: run x.yaml into run/, with the programs of $path; $dir is then the directory of its test.
go() {
	rm -rf run
	# shellcheck disable=SC2086 # $who is a word, or none
	run $who env PATH="${path:-$PATH}" PTH_EVENTS=none TMPDIR="$PWD" pth run -o run x.yaml
	# shellcheck disable=SC2034 # the tests read it
	dir=run/001-t
}
