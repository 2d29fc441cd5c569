#!/bin/sh
# The hostile programs of tests/hostile, each as root and as an ordinary user (or as who you
# are), isolated and not: the verdicts are right, other tests are not harmed, the machine is
# as it was. See tests/hostile/run for what a case is. HOSTILE=PATTERN: only the cases whose
# name has the pattern of the shell.
# timeout: 2300
. "$TOP/tests/lib.sh"

cases=$TOP/tests/hostile
ACT=$PTH_TMP/act
export ACT TOP PTH_BUILD

# name_of FILE WHO MODE: $name, that of the test's function.
name_of() {
	name=${1##*/}
	name=$(printf '%s_%s_%s' "${name%.sh}" "$2" "$3" | tr -c 'a-z0-9_\n' _)
}

# chosen: the files of the cases.
chosen() {
	pattern=${HOSTILE:-*}
	for file in "$cases"/*.sh; do
		# shellcheck disable=SC2254 # a pattern
		case ${file##*/} in
		act.sh | checks.sh) ;;
		$pattern.sh) echo "$file" ;;
		esac
	done
}

# All at once, as many side by side as there are processors; the tests then say what came of it.
oneTimeSetUp() {
	"${CC:-cc}" -O1 -std=gnu11 -D_GNU_SOURCE -o "$ACT" "$cases/act.c" || return
	mkdir -p results
	while read -r file who mode; do
		name_of "$file" "$who" "$mode"
		case " ${PTH_ONLY:-test_$name} " in *" test_$name "*) ;; *) continue ;; esac
		echo "$file $who $mode $PTH_TMP/results/$name"
	done <variants >todo
	# shellcheck disable=SC2016 # for the shell of xargs
	xargs -P "$(nproc)" -L 1 sh -c '[ -z "$PTH_COVERAGE" ] || {
			export GCOV_PREFIX="$PTH_COVERAGE/hostile_test/test_${4##*/}"
			mkdir -p "$GCOV_PREFIX" && chmod 777 "$GCOV_PREFIX"
		}
		"$0" "$1" "$2" "$3" >"$4" 2>&1; echo $? >"$4.code"' "$cases/run" <todo
}

# came NAME: what came of the variant; skipped where it cannot be done here.
came() {
	code=$(cat "results/$1.code" 2>&1) out=$(cat "results/$1" 2>&1) err=''
	if [ "$code" = 77 ]; then
		skip "$(tail -n 1 "results/$1")"
		return
	fi
	assertCode 0
}

# red TEXT FIELDS SCRIPT [MODE]: a case with something wrong in it is found out.
red() {
	[ -x "$ACT" ] || skip 'no C compiler' || return
	printf '%s\n' "$2" '# shellcheck shell=sh' "$3" >red.sh
	run "$cases/run" red.sh user "${4:-full}"
	if [ "$code" = 77 ]; then
		skip "$out"
		return
	fi
	assertCode 1
	assertMatch "$out" "$1"
}

testWrongVerdictIsFound() {
	red 'the hostile test is passed, not failed' "# what: does nothing$NL# full: failed" ':'
	red 'the hostile test is failed, not passed' "# what: fails$NL# full: passed" 'exit 3'
}

testWhatWasNotRefusedIsFound() {
	red 'BREACH: true' "# what: does what it may$NL# full: passed" 'refused true'
	red 'BREACH: :' "# what: does what it may$NL# full: passed" 'refused_sh :'
	red 'BROKEN: /nowhere' "# what: cannot try$NL# full: passed" 'refused /nowhere'
	red 'BROKEN: .*act nothing' "# what: cannot try$NL# full: passed" \
		'refused "$ACT" nothing'
}

testChangedMachineIsFound() {
	red 'the machine is changed' "# what: writes$NL# none: passed" \
		'echo x >>"$HOST/precious"' none
	red 'the machine is changed' "# what: leaves$NL# none: passed" ': >/tmp/x' none
}

testProcessesAreFound() {
	red 'processes are left: .*sleep' \
		"# what: does nothing$NL# full: passed$NL# before: setsid sleep 1000 &" ':'
}

testHarmedTestsAreFound() {
	red '3-slow is' "# what: removes another test$NL# none: passed" \
		'until [ -s ../../3-slow/record.json ]; do :; done
		until rm -rf ../../3-slow && [ ! -e ../../3-slow ]; do :; done' none
}

testEndlessRunIsFound() {
	red 'pth-exec did not end within 1 s' "# what: lasts$NL# full: passed$NL# limit: 1" \
		'sleep 8'
}

testFalseCheckIsFound() {
	red 'this is not true: false' "# what: does nothing$NL# full: passed$NL# check: false" ':'
}

testCasesSayWhatTheyAre() {
	for file in $(HOSTILE='' chosen); do
		for field in what full none; do
			grep -q "^# $field: ." "$file"
			assertTrue "$file has no field $field" $?
		done
		wrong=$(sed '/^# shellcheck/q' "$file" | grep -Ev "$known" | grep '^# ')
		assertEquals "$file: a field that nobody reads" '' "$wrong"
	done
	number=$(HOSTILE='' chosen | wc -l)
	assertTrue "$number cases" "[ $number -ge 100 ]"
	# shellcheck disable=SC2046 # one word a file
	number=$("$cases/run" --variants $(HOSTILE='' chosen) | wc -l)
	assertTrue "$number variants" "[ $number -ge 350 ]"
}

known='^# (shellcheck|what:|full:|none:|users:|peer:|expect:|service:|test:|capture:|again:'
known=$known'|resume:|report:|limit:|said:|before:|check:| )'

# shunit2 finds no written tests where there are made ones.
PTH_SUITE=$(sed -n 's/^\(test[A-Za-z]*\)() {$/\1/p' "$0" | xargs)
# shellcheck disable=SC2046 # one word a file
"$cases/run" --variants $(chosen) >variants
while read -r file who mode; do
	name_of "$file" "$who" "$mode"
	eval "test_$name() { came $name; }"
	PTH_SUITE="$PTH_SUITE test_$name"
done <variants

. shunit2
