#!/bin/sh
# The faults of tests/stress/fault, each as root and as an ordinary user (or
# as who you are, when that is an ordinary user). make stress sets
# PTH_STRESS=long; PTH_STRESS_ONLY chooses faults.
# timeout: 1100
# shellcheck disable=SC2086 # $as is words
. "$TOP/tests/lib.sh"

everybody=user
[ "$(id -u)" != 0 ] || everybody='user root'

# inject FAULT: as everybody at the same time, each in a directory of his own.
inject() {
	chmod 711 "$PTH_TMP"
	for who in $everybody; do
		as=''
		[ $who = root ] || [ "$(id -u)" != 0 ] || as=as_user
		mkdir -p "$who" && chmod 777 "$who"
		(
			TMPDIR=$PTH_TMP/$who $as "$user_top/tests/stress/fault" "$1" >"$1.$who" 2>&1
			echo $? >"$1.$who.code"
		) &
	done
	wait
}

# one WHO FAULT: what came of it.
one() {
	user_top
	[ -f "$2.$1.code" ] || inject "$2"
	out=$(cat "$2.$1") err='' code=$(cat "$2.$1.code")
	if [ "$code" = 77 ]; then
		skip "$(tail -n 1 "$2.$1")"
		return
	fi
	assertCode 0
}

PTH_SUITE=''
for fault in ${PTH_STRESS_ONLY:-$("$TOP/tests/stress/fault" -l)}; do
	for who in $everybody; do
		eval "test_${fault}_$who() { one $who $fault; }"
		PTH_SUITE="$PTH_SUITE test_${fault}_$who"
	done
done

. shunit2
