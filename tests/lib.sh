# shellcheck shell=sh
# Read by every tests/*_test.sh:
#
#   . "$TOP/tests/lib.sh"
#   testSomething() { need jq jq || return; run pth-parse x.yaml; assertEquals 0 "$code"; }
#   . shunit2
#
# The working directory is $PTH_TMP, fresh for the file; PATH begins with the tools under test; TOP
# is the top of the tree. Each test finds the files and variables that oneTimeSetUp made and those
# that $lasting names, which tests of the file make in common. Nothing else that a test made is
# there for the next one, so that their order does not matter.

: "${TOP:?run me by tests/run}" "${PTH_TMP:?}" "${PTH_RESULT:?}" "${PTH_NAME:?}"
NL='
'

# skip REASON: this test counts as skipped, unless an assertion fails in it. `skip why; return`
skip() {
	printf 'skip %s\n' "$1" >>"$pth_notes"
	return 1
}
pth_notes=$PTH_TMP/.notes # what the running test has said, a line each

# need PROGRAM PACKAGE || return: skip when there is no such program.
need() {
	command -v "$1" >/dev/null 2>&1 || skip "needs $1 (package $2)"
}

# A private network namespace can be made here, as pth-exec does.
need_namespaces() {
	unshare -Urnpf --mount-proc true 2>/dev/null || unshare -npf true 2>/dev/null ||
		skip 'no namespaces on this machine'
}

# A user namespace can be made here, so that services have users of their own; not in a chroot.
need_users() {
	unshare -U true 2>/dev/null || skip 'no user namespaces on this machine'
}

# A pid namespace can have its own /proc here; not in most containers.
need_proc() {
	unshare -Urpf --mount-proc true 2>/dev/null ||
		skip 'parts of /proc are hidden here, so that a namespace has none of its own'
}

# A terminal can be made here.
need_terminal() {
	need python3 python3 || return
	python3 -c 'import pty; pty.openpty()' 2>/dev/null ||
		skip 'no pseudo-terminals on this machine'
}

# jq_out ARGUMENT...: jq of the output of the last run.
jq_out() {
	printf '%s\n' "$out" | jq "$@"
}

# line TEXT...: the texts with a blank between, for a line that is too long for a
# line of the test.
line() {
	printf '%s\n' "$*"
}

# json TEXT: the value in one line, as the tools write it.
json() {
	printf '%s\n' "$1" | jq -c .
}

# The names of all tools.
tools() {
	for pth_file in "$TOP"/bin/pth "$TOP"/bin/pth-*.c "$TOP"/bin/pth-clean \
		"$TOP"/bin/pth-image "$TOP"/bin/pth-ivy; do
		basename "$pth_file" .c
	done
}

# Bytes out of hexadecimal digits.
unhex() {
	perl -pe 's/([0-9a-f]{2})/chr hex $1/gie'
}

need_root() {
	[ "$(id -u)" = 0 ] || skip 'needs root'
}

# Many suites may run on one machine at the same time, and as the same user. What follows is
# for what they would share otherwise.

# own_world [unshare option]...: go on in a pid namespace of our own, for root: what is looked
# for, killed or cleaned is nobody else's then, and what a test leaves ends with it. With --net
# neither ports, bridges nor routes are those of others.
own_world() {
	[ "$(id -u)" = 0 ] && [ -z "${PTH_OWN_WORLD:-}" ] &&
		unshare --pid --fork --mount-proc "$@" true 2>/dev/null || return 0
	export PTH_OWN_WORLD=$$ PTH_OWN_NET=''
	case " $* " in *' --net '*) PTH_OWN_NET=1 ;; esac
	exec unshare --pid --fork --kill-child --mount-proc "$@" sh -c 'ip link set lo up; . "$0"' \
		"$0"
}

# A time that the programs of no other file sleep: `sleep $nap`, and further ones are 1$nap,
# 2$nap and so on. asleep [REGEX]: the numbers of those that do, of nap or of what matches.
nap=8765.${PTH_OWN_WORLD:-$$}
asleep() {
	pgrep -f "^sleep ${1:-}$nap\$"
}

none_asleep() {
	! asleep "$@"
}

# kill_run PID: pth-exec is killed, and what it has left stays. Its supervisors would tidy up in
# the moment between its end and theirs, which comes with it.
kill_run() {
	kill -STOP "$1" # it would wake them
	# shellcheck disable=SC2046 # numbers
	kill -STOP $(pgrep -P "$1")
	sleep 0.1 # the signals may be on their way for a moment
	kill -KILL "$1"
	wait "$1" 2>/dev/null
}

# stop_all COMMAND...: the processes that it names are stopped, until it names nobody new; the
# numbers of all. Who was stopped once is among them, also when it is not named any more.
stop_all() {
	pth_all=- pth_was=
	# shellcheck disable=SC2086 # numbers
	until [ "$pth_all" = "$pth_was" ]; do
		pth_was=$pth_all
		pth_all=$({ echo "$pth_all" && "$@"; } | grep '[0-9]' | sort -un)
		kill -STOP $pth_all 2>/dev/null
	done
	echo "$pth_all"
}

# free_port: $port, which is bound by nobody on this machine, neither for TCP nor for UDP. The
# kernel gives it to nobody by itself, and those who ask at the same time get other ones: they
# are other processes.
free_port() {
	port=$((10000 + ${PTH_OWN_WORLD:-$$} % 22000))
	while cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 2>/dev/null |
		grep -q "^ *[0-9]*: [0-9A-F]*:$(printf %04X "$port") "; do
		port=$((10000 + (port + 997) % 22000)) # not our neighbour's
	done
}

# as_user COMMAND...: as an ordinary user, for root; with the tools of $user_top.
as_user() {
	GCOV_PREFIX=${GCOV_PREFIX:-}/user PATH=${pth_user_path:-$PATH} \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# user_top: $user_top is a tree that ordinary users can read: this one, or a
# copy of what they run where it is in somebody's home.
user_top() {
	[ -z "${user_top:-}" ] || return 0
	user_top=$TOP
	[ "$(id -u)" = 0 ] && ! as_user test -r "$TOP/tests/lib.sh" || return 0
	user_top=$PTH_TMP/.top
	mkdir -p "$user_top/$PTH_BUILD" && chmod 755 "$PTH_TMP"
	(cd "$TOP" && cp -R bin share examples tests "$user_top" &&
		{ [ "$PTH_BUILD" = build ] || cp -R "$PTH_BUILD/bin" "$user_top/$PTH_BUILD"; })
	chmod -R a+rX "$user_top"
	pth_user_path=$(printf '%s' "$PATH" | sed "s,$TOP,$user_top,g")
}

# An ordinary user can have namespaces here.
need_user() {
	need_root || return
	id nobody >/dev/null 2>&1 || skip 'no user nobody' || return
	as_user unshare -Urn true 2>/dev/null ||
		skip 'this host forbids user namespaces to ordinary users' || return
	user_top
}

# run COMMAND...: its stdout in $out, stderr in $err, exit code in $code.
# shellcheck disable=SC2034 # the tests read them
run() {
	out=$("$@" 2>"$PTH_TMP/.err")
	code=$?
	err=$(cat "$PTH_TMP/.err")
}

# The code and the whole output, to be read when it is another code.
assertCode() { # expected
	assertEquals "exit code; stdout: $out${NL}stderr: $err" "$1" "$code"
}

# assertMatch TEXT REGEX: some line of TEXT matches (grep -E).
assertMatch() {
	printf '%s\n' "$1" | grep -Eq -e "$2"
	assertTrue "no line matches $2 in: $1" $?
}

assertNoMatch() {
	! printf '%s\n' "$1" | grep -Eq -e "$2"
	assertTrue "a line matches $2 in: $1" $?
}

# assertSoon SECONDS COMMAND...: it succeeds within that time.
assertSoon() {
	pth_tries=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		pth_tries=$((pth_tries - 1))
		if [ $pth_tries -le 0 ]; then
			fail "not soon enough: $*"
			return 1
		fi
		sleep 0.05
	done
	assertTrue 0
}

# fake NAME SCRIPT: a program fake/NAME, for a PATH that begins there.
fake() {
	printf '#!/bin/sh\n%s\n' "$2" >"fake/$1"
	chmod +x "fake/$1"
}

# Records made by hand, so that pth-exec is tested without the stages before it.

# json_string TEXT: $pth_text is that as a string of JSON. jq takes 30 ms each time it starts, which
# is most of what a test takes.
json_string() {
	pth_text=$1
	case $pth_text in
	*[!\ -~]* | *\\* | *'"'*)
		pth_text=$(printf '%s' "$pth_text" |
			sed ':a;$!{N;ba};s/[\\"]/\\&/g;s/\n/\\n/g;s/\t/\\t/g')
		;;
	esac
	pth_text="\"$pth_text\""
}

# svc NAME JSON ARGV...: one service for rec, in one line: its defaults and the JSON, which rec
# merges over them.
svc() {
	pth_name=$1 pth_json=$2 pth_argv=''
	shift 2
	case $pth_json in *"$NL"*) pth_json=$(printf '%s' "$pth_json" | tr '\n' ' ') ;; esac
	for pth_word; do
		json_string "$pth_word"
		pth_argv="$pth_argv,$pth_text"
	done
	json_string "$pth_name"
	printf '[{"name":%s,"finite":true,"phases":{"run":{"argv":[%s]}},' \
		"$pth_text" "${pth_argv#,}"
	printf '"stop":{"signal":"TERM","grace_us":300000},"timeout_us":20000000},%s]\n' "$pth_json"
}

# may_write DIRECTORY: services of the records that follow may write there, whoever they are.
may_write() {
	chmod 1777 "$1"
	shared=$1
}

# rec ID SERVICE...: one test record. JSON in $plan is merged into its plan, that in $over into
# the whole, and that in $always before.
rec() {
	pth_id=$1
	shift
	printf '%s\n' "$@" |
		jq -cs --arg id "$pth_id" --argjson plan "${plan:-{\}}" \
		--argjson over "${over:-{\}}" --argjson always "${always:-{\}}" \
		--arg shared "${shared:-}" '
		map(if type == "array" then .[0] * .[1] else . end) |
		{pth: 1, type: "test", run: "hand", id: $id, index: 1, of: 1, name: $id,
		 plan: ({environment: ({type: "localhost", isolation: "full"} +
		           if $shared == "" then {} else {shared: [$shared]} end),
		         timeout_us: 30000000, setup: [], capture: null, order: [.[].name],
		         services: .} * $plan)} * $always * $over'
}

end() { # tests
	echo "{\"pth\":1,\"type\":\"end\",\"tests\":$1}"
}

# exec1 SERVICE...: run one test "t" and leave its result in $out.
exec1() {
	{ rec t "$@"; end 1; } >plan
	run pth-exec -o out plan
	[ "$code" = 0 ] || echo "pth-exec: $code $err"
	printf '%s\n' "$out" >records
	out=$(jq -c 'select(.type == "test").result' records)
}

field() { # jq expression over the result
	jq_out -r "$1"
}

statuses() { # of all tests of $out
	jq_out -r 'select(.id).result.status' | xargs
}

# assertLeast MINIMUM NUMBER WHAT: a test that looks at many cases has had that many.
assertLeast() {
	assertTrue "only $2 $3, and there are at least $1" "[ $2 -ge $1 ]"
}

# shunit2 passes a test without assertions, forgets those of subshells, does not count skipped
# tests. It calls suite() when its own functions are there and before it runs the tests, so
# this is where its loop is replaced by ours. PTH_SUITE: the names of test functions that the
# file has made; shunit2 finds only written ones. PTH_ONLY: run only these. PTH_SEED: in an
# order of chance, which is the same for the same number.
suite() {
	for pth_test in ${PTH_SUITE:-}; do suite_addTest "$pth_test"; done
	_shunit_assertPass() {
		echo pass >>"$pth_notes"
	}
	_shunit_assertFail() {
		printf 'FAIL %s\n' "$(printf '%s' "${1:-}" | tr '\n' '\t')" >>"$pth_notes"
	}
	# The last word, after oneTimeTearDown.
	_shunit_generateReport() {
		__shunit_reportGenerated=${SHUNIT_TRUE}
		suite_failed && suite_says FAIL "(all): an assertion failed outside of a test"
	}
	# oneTimeSetUp has been here.
	[ "${__shunit_testSuccess:-0}" -eq "${SHUNIT_TRUE}" ] ||
		echo 'FAIL in oneTimeSetUp' >>"$pth_notes"
	_shunit_execSuite() {
		pth_lasting=$({ ls -A "$PTH_TMP" && variables; } | tr '\n' ' ')
		pth_lasting=" .notes .top user_top ${lasting:-} $pth_lasting "
		pth_path=$PATH pth_events=${PTH_EVENTS-unset}
		suite_failed && suite_says FAIL "oneTimeSetUp: assertion failed"
		# shellcheck disable=SC2086 # names
		for pth_test in $(suite_order ${__shunit_suite}); do
			suite_one "$pth_test"
		done
		: >"$pth_notes"
	}
}

suite_says() { # result text
	echo "$1 $2" >>"$PTH_RESULT"
	[ "$1" != FAIL ] || __shunit_testsFailed=$((__shunit_testsFailed + 1))
}

# The assertions that failed, printed.
suite_failed() {
	sed -n 's/^FAIL /ASSERT:/p' "$pth_notes" 2>/dev/null | tr '\t' '\n'
	grep -q '^FAIL' "$pth_notes" 2>/dev/null
}

suite_order() { # name...
	for pth_test; do
		case " ${PTH_ONLY:-$pth_test} " in *" $pth_test "*) echo "$pth_test" ;; esac
	done | sh "$TOP/tests/run" --shuffle "${PTH_SEED:-}"
}

# The names of all variables but those of the harness itself.
variables() {
	set | sed -n 's/^\([A-Za-z][A-Za-z_0-9]*\)=.*/\1/p' |
		grep -Ev '^(pth_|GCOV_PREFIX$|OLDPWD$|PTH_EVENTS$)'
}

# as_at_first: what a test has made or changed for itself is not there for the next one.
as_at_first() {
	for pth_file in "$PTH_TMP"/* "$PTH_TMP"/.[!.]*; do
		case $pth_lasting in *" ${pth_file##*/} "*) continue ;; esac
		rm -rf --one-file-system "$pth_file" 2>/dev/null || {
			chmod -R u+rwX "$pth_file"
			rm -rf --one-file-system "$pth_file"
		} 2>/dev/null
	done
	for pth_name in $(variables); do
		case $pth_lasting in *" $pth_name "*) ;; *) unset "$pth_name" ;; esac
	done
	PATH=$pth_path PTH_EVENTS=$pth_events
	[ "$pth_events" != unset ] || unset PTH_EVENTS
	umask 022
}

suite_one() { # name
	: >"$pth_notes"
	coverage_of "$1"
	endSkipping
	cd "$PTH_TMP" || exit 4
	as_at_first
	echo "$1"
	setUp
	$1
	pth_code=$?
	[ -z "${PTH_COVERAGE:-}" ] || : >"$GCOV_PREFIX/end"
	tearDown
	cd "$PTH_TMP" || exit 4
	if suite_failed; then
		suite_says FAIL "$1: assertion failed"
	elif pth_why=$(grep -m 1 '^skip ' "$pth_notes"); then
		suite_says skip "$1: ${pth_why#skip }"
	elif ! grep -q '^pass' "$pth_notes"; then
		suite_says FAIL "$1: no assertions"
	elif [ "$pth_code" -ne 0 ]; then
		suite_says FAIL "$1: the function returned $pth_code"
	else
		suite_says ok "$1"
	fi
}

# coverage_of TEST: where programs built for it leave what they have run, for tests/mutate.
coverage_of() {
	[ -n "${PTH_COVERAGE:-}" ] || return 0
	export GCOV_PREFIX="$PTH_COVERAGE/$PTH_NAME/$1"
	mkdir -p "$GCOV_PREFIX/user" && chmod 777 "$GCOV_PREFIX" "$GCOV_PREFIX/user"
	: >"$GCOV_PREFIX/start"
}
coverage_of '(set up)'
