#!/bin/sh
# The one grammar of all tools, pth(7): options that each has, help, mistakes.
. "$TOP/tests/lib.sh"

# The options of a tool as "-x" and "--name", sorted: out of the lines of its help ...
options_of() { # tool
	"$1" --help | sed -nE \
		-e 's/^  (-[a-zA-Z]), (--[a-z-]+)( [^ ]+)?  +[^ ].*/\1 \2/p' \
		-e 's/^      (--[a-z-]+)( [^ ]+)?  +[^ ].*/\1/p' | tr ' ' '\n' | sort -u
}

# ... and out of the tagged lists of its page.
documented() { # tool
	sed -n 's/^\.It //p' "$TOP/man/$1.1" | grep -o 'Fl [^ ]*' |
		sed -E 's/^Fl //; s/^\\-/-/; s/^/-/' | sort -u
}

testEveryOptionIsInItsPageAndTheOtherWayRound() {
	assertLeast 12 "$(tools | wc -l)" tools
	for tool in $(tools); do
		options_of "$tool" >options
		documented "$tool" >page
		assertTrue "$tool has options" '[ "$(wc -l <options)" -ge 7 ]'
		assertEquals "$tool: its help and its page" '' "$(diff options page)"
	done
}

# The long options of what --help begins with, and of the SYNOPSIS.
testUsageAndSynopsisAgree() {
	for tool in $(tools); do
		"$tool" --help | sed '/^$/,$d' | grep -oE -e '--[a-z-]+' | sort -u >usage
		sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$TOP/man/$tool.1" |
			grep -oE 'Fl \\?-[a-z-]+' | sed 's/Fl \\*-/--/' | sort -u >synopsis
		assertTrue "$tool" '[ -s usage ]'
		assertEquals "$tool: usage and SYNOPSIS" '' "$(diff usage synopsis)"
	done
}

testEveryLineOfHelpIsRegular() {
	for tool in $(tools); do
		run "$tool" --help
		assertMatch "$out" '^usage: '
		assertEquals "$tool" '' "$(printf '%s\n' "$out" | grep -E '^ +-' |
			grep -vE '^  (-[a-zA-Z],|   ) --[a-z-]+( [^ ]+)?  +[^ ].*$')"
		assertNoMatch "$out" '.{101}'
	done
}

testHelpAndVersion() {
	version=$(sed -n 's/^version=//p' "$TOP/bin/pth")
	for tool in $(tools); do
		run "$tool" -h
		assertCode 0
		assertEquals '' "$err"
		assertEquals "$out" "$("$tool" --help)"
		for option in -V --version; do
			run "$tool" $option
			assertCode 0
			assertEquals "$tool $version" "$out"
			assertEquals '' "$err"
		done
	done
}

# One sentence, then the usage, and nothing on stdout.
assertMistake() { # tool sentence
	assertCode 2
	assertEquals "$1: stdout" '' "$out"
	assertEquals "$1: $2" "$(printf '%s\n' "$err" | head -n 1)"
	assertMatch "$(printf '%s\n' "$err" | sed -n 2p)" "^usage: $1 "
}

testMistakes() {
	for tool in $(tools); do
		run "$tool" --no-such-option
		assertMistake "$tool" 'unknown option --no-such-option'
		run "$tool" -Z
		assertMistake "$tool" 'unknown option -Z'
	done
	run pth-parse --strct x
	assertMistake pth-parse 'unknown option --strct; did you mean --strict?'
	run pth-exec --re
	assertMistake pth-exec 'unclear option --re: --resume or --rerun'
	run pth-exec --only
	assertMistake pth-exec '--only needs its argument GLOB'
	run pth-exec --resume=x
	assertMistake pth-exec '--resume takes no argument'
	run pth-collect -j 1025
	assertMistake pth-collect '-j 1025: expected a number from 1 to 1024'
	run pth-exec --progress bar
	assertMistake pth-exec '--progress bar: expected auto, none, plain or tty'
	run pth-exec a b
	assertMistake pth-exec 'one operand too many: b'
	run pth-init
	assertMistake pth-init 'PLAN is missing'
	run pth-render
	assertMistake pth-render '-t TEMPLATE is missing'
	run pth-clean --run
	assertMistake pth-clean '-r needs its argument'
	run pth-image
	assertMistake pth-image 'COMMAND is missing'
	run pth run
	assertMistake pth 'FILE is missing'
	PTH_EVENTS=json run pth-plan --no
	assertMatch "$err" '"event":"tool.error".*"message":"unknown option --no"'
}

testFormsOfOptions() {
	printf 'x\n' >t.j2
	for words in '-n -t t.j2' '-nt t.j2' '-nt t.j2 --' '--no --temp=t.j2' \
		'--no-records --template t.j2 -q'; do
		# shellcheck disable=SC2086 # words
		run pth-render $words
		assertCode 0
		assertEquals "$words" x "$out"
	done
	for words in '-n --run x' '-nrx' '--dry-run --run=x'; do
		# shellcheck disable=SC2086 # words
		run pth-clean $words --version
		assertCode 0
	done
}

# Both with what each tool can do at once: they are no mistakes.
testQuietAndPartialAreAcceptedEverywhere() {
	for tool in $(tools); do
		run "$tool" -q --partial -V
		assertCode 0
		run "$tool" --quiet --partial --help
		assertCode 0
	done
	printf 'x\n' >t.j2
	for words in 'pth version' 'pth schema' 'pth-parse --schema' 'pth-plugin list' \
		'pth-render -n -t t.j2' 'pth list'; do
		# shellcheck disable=SC2086 # words
		run $words -q --partial
		assertCode 0
		assertEquals '' "$err"
	done
}

# no_end ID: a stream without its end, for a test that needs nothing.
no_end() {
	printf '{"pth":1,"type":"test","run":"r","id":"%s","index":1,"of":3,"name":"a",%s}\n' \
		"$1" '"error":{"stage":"plan","message":"no"}'
}

# A stream without its end is whole for the stage that is told so, and for
# those behind it. Else that stage says it and passes it on.
testPartial() {
	last='{"pth":1,"type":"end","tests":1}'
	no_end a >in
	printf 'text\n' >t.j2
	for stage in pth-plan pth-compose 'pth-exec -o out' 'pth-exec -n' pth-collect \
		'pth-report -p -o rep' 'pth-render -t t.j2 -o x/{{id}}'; do
		# shellcheck disable=SC2086 # words
		run $stage <in
		want=0
		[ "${stage%% *}" != pth-report ] || want=4
		assertEquals "$stage: $err" "$want" "$code"
		assertEquals "$stage" 1 "$(printf '%s\n' "$err" | grep -c incomplete)"
		assertMatch "$(printf '%s\n' "$out" | tail -n 1 | tr -d '"')" \
			"^.pth:1,type:end,tests:1,incomplete:${stage%% *}: stdin: "
		for how in "$stage --partial" "env PTH_PARTIAL=1 $stage"; do
			# shellcheck disable=SC2086
			run $how <in
			assertNotEquals "$how: $err" 4 "$code"
			assertNoMatch "$err" 'incomplete'
			assertEquals "$how" "$last" "$(printf '%s\n' "$out" | tail -n 1)"
		done
	done
	# A count that is too high says nothing; a record that breaks off does.
	end 3 | cat in - >many
	printf '{"pth":1,"ty' | cat in - >broken
	run pth-plan many
	assertEquals '' "$err"
	assertEquals "$last" "$(printf '%s\n' "$out" | tail -n 1)"
	run pth-plan broken
	assertMatch "$err" '^pth-plan: broken:2: .*incomplete: it breaks off'
	assertMatch "$out" '"incomplete"'
	run pth-plan --partial broken
	assertCode 0
	assertEquals "$last" "$(printf '%s\n' "$out" | tail -n 1)"
	echo '[]' >bad
	run pth-plan --partial bad
	assertCode 3
	run env PTH_PARTIAL=yes pth-plan bad
	assertMistake pth-plan 'PTH_PARTIAL=yes: expected 0 or 1'
}

# Who writes no records is the last reader.
testLastReaders() {
	no_end a >in
	for stage in 'pth-plan --check' 'pth-compose -n' 'pth-exec --check' 'pth-exec --print' \
		'pth-report -o rep'; do
		# shellcheck disable=SC2086 # words
		run $stage <in
		assertEquals "$stage: $err" 4 "$code"
		assertMatch "$err" 'incomplete'
	done
}

# judge FILE [OPTION of pth-plan]: through all stages; what is said of it is in $said.
judge() {
	file=$1
	shift
	run sh -c 'file=$1 && shift
		pth-plan "$@" "$file" | pth-exec | pth-collect | pth-report' sh "$file" "$@"
	said=$(printf '%s\n' "$err" | grep incomplete)
}

# The first stage behind the cut says so, and the last, whose exit code it is.
testTheEndOfAStream() {
	export PTH_EVENTS=none
	no_end a >one
	judge one
	assertCode 4
	assertEquals 2 "$(printf '%s\n' "$said" | wc -l)"
	assertMatch "$said" '^pth-plan: one: the stream is incomplete: no end record after 1 tests'
	assertMatch "$said" '^pth-report: pth-plan: one: the stream'
	judge one --partial
	assertCode 1
	assertEquals '' "$said"
	export PTH_PARTIAL=1
	judge one
	assertCode 1
	assertEquals '' "$said"
	unset PTH_PARTIAL
	# Streams are one stream, in whatever order their lines come; counts do not matter when
	# they are too high, or not there.
	{ no_end a && end 1 && no_end b && end 1; } >after
	{ no_end a && no_end b && end 1 && end 1; } >mixed
	{ no_end a && end 9; } >filtered
	{ no_end a && no_end b && echo '{"type":"end"}'; } >uncounted
	{ no_end a && echo '{"type":"end","tests":"x"}'; } >strange
	{ no_end a && echo '{"type":"end","tests":9223372036854775807}' && end 5; } >high
	{ no_end a && printf %s "$(end 1)"; } >unended
	for file in after mixed filtered uncounted strange high unended; do
		judge $file
		assertEquals "$file" '1 ' "$code $said"
	done
	# One of two has no end.
	{ no_end a && end 1 && no_end b; } >first
	{ no_end a && no_end b && end 1; } >second
	{ end 0 && no_end a; } >middle
	for file in first second middle; do
		judge $file
		assertEquals "$file: $said" '4 2' "$code $(printf '%s\n' "$said" | wc -l)"
	done
}

# What a killed run has left is whole when all tests had come.
testTheEndOfAPlan() {
	export PTH_EVENTS=none
	{ no_end a && end 1; } | pth-exec -o whole >run.jsonl
	assertEquals "$(end 1)" "$(tail -n 1 whole/plan.jsonl)"
	sed -i '$d' whole/results.jsonl
	run sh -c 'pth-collect whole | pth-report'
	assertEquals "$err" 1 "$code"
	no_end a | pth-exec -o part >run.jsonl 2>err
	assertMatch "$(tail -n 1 part/plan.jsonl)" '"incomplete"'
	assertMatch "$(tail -n 1 part/results.jsonl)" '"incomplete"'
	run sh -c 'pth-collect part | pth-report'
	assertCode 4
	assertMatch "$err" '^pth-report: pth-exec: stdin: the stream is incomplete'
	assertEquals 'said by pth-exec' 1 "$(printf '%s\n' "$err" | grep -c incomplete)"
	sed -i '$d' part/plan.jsonl
	run sh -c 'pth-collect part | pth-report'
	assertCode 4
	assertMatch "$err" '^pth-collect: plan.jsonl: the stream is incomplete'
}

# Errors only: no event, no warning, no progress, no table; the records are the same.
testQuiet() {
	sed 's/^    network_environment:/    far_off_key: 5\n&/' \
		"$TOP/examples/ping-pong.yaml" >e.yaml
	unset PTH_EVENTS
	pth-parse e.yaml >parsed 2>err
	assertMatch "$(cat err)" 'experiment.loaded'
	assertMatch "$(cat err)" "warning: .*unknown key 'far_off_key'"
	for events in '' json text; do
		PTH_EVENTS=$events pth-parse -q e.yaml >quiet 2>err
		assertEquals "$events" '' "$(cat err)"
		assertTrue 'the same records' 'cmp parsed quiet'
	done
	pth-parse -q e.yaml | pth-plan -q | pth-compose -q | pth-exec -q --progress plain -o out |
		pth-collect -q >collected 2>err
	assertEquals '' "$(cat err)"
	assertMatch "$(cat out/events.jsonl)" 'test.ended'
	run pth-report -q <collected
	assertEquals '' "$out$err"
	assertTrue '[ -s out/EXPERIMENT_REPORT.md ]'
	run pth-plan -q nowhere
	assertCode 4
	assertEquals 'pth-plan: nowhere: No such file or directory' "$err"
	run pth run -q e.yaml -o two
	assertEquals '' "$out$err"
	assertTrue '[ -s two/EXPERIMENT_REPORT.md ]'
}

. shunit2
