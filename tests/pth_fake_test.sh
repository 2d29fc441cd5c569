#!/bin/sh
# The front door with tools of our own beside it: who is called with what, whose exit code
# counts, and what the doctor says of a machine where everything or nothing is there.
# shellcheck disable=SC2016 # for the fake tools
# timeout: 300
# script: pth
. "$TOP/tests/lib.sh"

stages='parse plan compose exec collect report'

# world: pth in bin/ with tools that note their arguments, one line a call, "NAME: [WORD]...".
world() {
	rm -rf bin said && mkdir bin
	cp "$TOP/bin/pth" bin/pth
	for tool in $stages plugin clean image; do
		tool_ "$tool" 'case "$0" in
		*-parse | *-plan | *-compose | *-exec | *-collect | *-report) cat ;; esac'
	done
	: >bin/look
	printf 'tests: []\n' >x.yaml
}

# tool_ NAME SCRIPT: bin/pth-NAME. A line is written at once: stages run side by side. pth-exec
# notes "look" when it only looks, and runs bin/look then; pth-collect that only looks leaves
# bin/filters alone.
tool_() {
	cat >"bin/pth-$1" <<-EOT
	#!/bin/sh
	n=$1
	[ "\$n,\${1:-}" != exec,--check ] || n=look
	[ "\$n,\${1:-}" != collect,--check ] || { cat >"$PTH_TMP/bin/filters"; exit 0; }
	for w; do s="\${s:-} [\$w]"; done; echo "\$n:\${s:-}" >>"$PTH_TMP/said"
	[ \$n != look ] || { cat >/dev/null; . "$PTH_TMP/bin/look"; exit 0; }
	$2
	EOT
	chmod +x "bin/pth-$1"
}

setUp() {
	world
}

# pth_ WORD...: as a user calls it; what the tools noted is in $said, sorted.
pth_() {
	: >said
	run bin/pth "$@" </dev/null
	said=$(LC_ALL=C sort said)
}

# told STAGE: its arguments.
told() {
	sed -n "s/^$1: *//p" said
}

testCommandsOfOneTool() {
	looked=0
	while IFS='|' read -r words call; do
		# shellcheck disable=SC2086 # words
		pth_ $words
		assertCode 0
		assertEquals "$words" "$call" "$said"
		looked=$((looked + 1))
	done <<-'EOT'
	list|plugin: [list]
	list plugins|plugin: [list]
	list iut|plugin: [list] [iut]
	list -q|plugin: [list] [-q]
	-q list iut|plugin: [-q] [list] [iut]
	--quiet list|plugin: [-q] [list]
	--partial list|plugin: [list]
	show x|plugin: [show] [x]
	show x --resolved|plugin: [show] [x] [--resolved]
	-q show x|plugin: [-q] [show] [x]
	new iut x --extends y|plugin: [new] [iut] [x] [--extends] [y]
	schema|parse: [--schema]
	schema -q --partial|parse: [--schema]
	check --explain tests|parse: [--explain] [tests]
	clean|clean:
	clean -n|clean: [-n]
	clean --dry-run -c|clean: [--dry-run] [-c]
	-q clean|clean: [-q]
	image list|image: [list]
	image build -f t d|image: [build] [-f] [t] [d]
	--partial -q image base|image: [-q] [base]
	EOT
	assertLeast 21 $looked calls
}

# Of what is shown the tools know by a variable.
testVerbose() {
	mkdir -p v && cp "$TOP/bin/pth" v
	# shellcheck disable=SC2016 # for the other shell
	printf '#!/bin/sh\necho $PTH_VERBOSE\n' >v/pth-parse && chmod +x v/pth-parse
	looked=0
	while IFS='|' read -r words want; do
		# shellcheck disable=SC2086 # words
		run env PTH_VERBOSE= v/pth $words
		assertEquals "$words" "$want" "$out"
		looked=$((looked + 1))
	done <<-EOT
	schema|
	-v schema|1
	schema -v|1
	--debug schema|1
	--verbose schema|1
	-vv schema|2
	-v schema -v|2
	-vv schema -v|2
	EOT
	assertLeast 8 $looked calls
}

testHelp() {
	pth_ help
	assertCode 0
	help=$out
	assertMatch "$help" '^usage: pth run FILE'
	assertMatch "$help" '^  -j, --jobs N '
	for words in '' -h --help '-q help' 'help -h' 'help plan --help' 'run -h' 'check x --help' \
		'doctor -h' 'schema -h' '-q --partial -h' 'run x -o y --help'; do
		# shellcheck disable=SC2086
		pth_ $words
		assertCode 0
		assertEquals "$words" "$help" "$out"
		assertEquals "$words" '' "$said$err"
	done
	for words in -V --version version 'run -V' 'check x --version' 'doctor -V' 'run x -V' \
		'help -V' 'version -q'; do
		# shellcheck disable=SC2086
		pth_ $words
		assertCode 0
		assertEquals "$words" "pth $(sed -n 's/^version=//p' bin/pth)" "$out"
	done
}

testHelpOnPages() {
	mkdir -p man share/man/man5 share/man/man7 fake
	fake man 'echo "$@"'
	PATH=$PTH_TMP/fake:$PATH
	: >man/pth.1 && : >man/pth-plan.1 && : >man/pth-events.5 && : >man/both.5
	: >share/man/man5/pth-record.5 && : >share/man/man7/pth-seven.7
	looked=0
	while read -r name page; do
		pth_ help "$name"
		assertCode 0
		assertEquals "$name" "-l $PTH_TMP/bin/../$page" "$out"
		looked=$((looked + 1))
	done <<-'EOT'
	pth man/pth.1
	plan man/pth-plan.1
	pth-plan man/pth-plan.1
	events man/pth-events.5
	both man/both.5
	record share/man/man5/pth-record.5
	seven share/man/man7/pth-seven.7
	EOT
	assertLeast 7 $looked pages
	pth_ help nothing
	assertCode 2
	assertEquals 'pth: no manual page for nothing' "$err"
}

# What stands for an option on the command line, and what each stage gets.
testOptionsReachTheirStages() {
	pth_ run x.yaml
	assertCode 0
	assertEquals "$(line collect: compose: 'exec: [--progress] [plain]' 'look: [--check]' \
		'parse: [--keep-going] [--] [x.yaml]' 'plan: [--keep-going]' report:)" \
		"$(echo "$said" | paste -sd ' ')"
	looked=0
	while IFS='|' read -r words parse plan exec report; do
		# shellcheck disable=SC2086 # words
		PTH_EVENTS=none pth_ run $words x.yaml
		assertCode 0
		assertEquals "$words" \
			"[--keep-going] ${parse:+$parse }[--] [x.yaml]|$(
			)[--keep-going]${plan:+ $plan}|$exec|$report||" \
			"$(told parse)|$(told plan)|$(told exec)|$(told report)|$(told compose)|$(
				told collect)"
		looked=$((looked + 1))
	done <<-'EOT'
	-j 2|||[-j] [2]
	-j2|||[-j2]
	--jobs 2|||[--jobs] [2]
	--jobs=2|||[--jobs=2]
	-o d|||[-o] [d]
	-od|||[-od]
	--output d|||[--output] [d]
	--output=d|||[--output=d]
	-P d||[-P] [d]|
	-Pd||[-Pd]|
	--plugins d||[--plugins] [d]|
	--plugins=d||[--plugins=d]|
	-s k=v|[-s] [k=v]||
	-sk=v|[-sk=v]||
	--set k=v|[--set] [k=v]||
	--set=k=v|[--set=k=v]||
	-s a=1 -s b=2 -P c -P d|[-s] [a=1] [-s] [b=2]|[-P] [c] [-P] [d]|
	--only a*|||[--only] [a*]
	--only=a*|||[--only=a*]
	--skip a*|||[--skip] [a*]
	--skip=a*|||[--skip=a*]
	--resume|||[--resume]
	--rerun failed|||[--rerun] [failed]
	--rerun=failed|||[--rerun=failed]
	--fail-fast 2|||[--fail-fast] [2]
	--fail-fast=2|||[--fail-fast=2]
	--order longest|||[--order] [longest]
	--order=input|||[--order=input]
	--shuffle|||[--shuffle]
	--seed 3|||[--seed] [3]
	--seed=3|||[--seed=3]
	--progress plain|||[--progress] [plain]
	--progress=none|||[--progress=none]
	--strict|[--strict]|[--strict]|
	--partial|||
	--keep-going|||
	--html f||||[--html] [f]
	--html=f --junit=g||||[--html=f] [--junit=g]
	--tap f --csv -||||[--tap] [f] [--csv] [-]
	EOT
	assertLeast 39 $looked options
	PTH_EVENTS=none pth_ run --only a* x.yaml --skip=b
	assertEquals 'they are looked at, too' '[--check] [--only] [a*] [--skip=b]' "$(told look)"
	for words in '-q run x.yaml' 'run -q x.yaml' 'run x.yaml --quiet'; do
		# shellcheck disable=SC2086
		pth_ $words
		assertEquals "$words" 7 "$(grep -c '\[-q\]' said)"
	done
}

# After a mistake nobody was asked anything.
testMistakes() {
	looked=0
	while IFS='|' read -r words sentence; do
		# shellcheck disable=SC2086
		pth_ $words
		assertCode 2
		assertEquals "pth: $sentence" "$(printf '%s\n' "$err" | head -n 1)"
		assertMatch "$err" '^usage: pth run FILE'
		assertEquals "$words" '' "$out$said"
		looked=$((looked + 1))
	done <<-'EOT'
	run|FILE is missing
	check|FILE is missing
	run --strict|FILE is missing
	run x y|one operand too many: y
	check x y|one operand too many: y
	run x -j|-j needs its argument
	run x --only|--only needs its argument
	run x -s|-s needs its argument KEY=VALUE
	check x --set|--set needs its argument KEY=VALUE
	run x -P|-P needs its argument DIR
	run x --spread|--spread needs its argument
	run x --spread e --shuffle|--shuffle does not go with --spread
	run --fail-fast=1 --spread=e x|--fail-fast does not go with --spread
	run -Z x|unknown option -Z
	check -j 2 x|unknown option -j
	check x --resume|unknown option --resume
	check x -n|unknown option -n
	doctor x|one operand too many: x
	doctor --jason|unknown option --jason
	schema x|one operand too many: x
	schema -Z|unknown option -Z
	-Z run x|unknown option -Z
	walk x|unknown command walk
	version x|one operand too many: x
	help plan events|one operand too many: events
	help -Z|unknown option -Z
	EOT
	assertLeast 23 $looked mistakes
}

testDryRun() {
	for option in -n --dry-run; do
		tool_ exec 'cat; exit 4'
		pth_ run $option x.yaml -o d
		assertCode 4
		assertEquals '[--print] [-o] [d]' "$(told exec)"
		assertEquals 'nothing is judged' '' "$(told collect)$(told report)"
		assertEquals 'compose exec look parse plan' "$(cut -d: -f1 said | sort | xargs)"
	done
}

testTheFileIsStandardInput() {
	tool_ parse 'cat'
	tool_ report 'cat >reported'
	: >said
	run sh -c 'echo hello | bin/pth run -'
	assertCode 0
	assertEquals '[--keep-going] [--] [-]' "$(told parse)"
	assertEquals 'through all stages' hello "$(cat reported)"
	echo 'first: line' >-odd
	: >said
	run bin/pth run ./-odd
	assertEquals '[--keep-going] [--] [./-odd]' "$(told parse)"
	echo 'first: line' >-odd
	for words in 'run -- -odd' '-- run -- -odd' 'check -- -odd'; do
		: >said
		# shellcheck disable=SC2086 # words
		run bin/pth $words
		assertCode 0
		assertEquals "$words" '[--keep-going] [--] [-odd]' "$(told parse)"
	done
	# Its problems, of both stages.
	tool_ parse 'cat; echo "stdin:2:1: error: parse" >&2'
	tool_ plan 'cat >planned; echo "stdin:1:1: error: plan" >&2; exit 3'
	run sh -c 'echo hello | bin/pth check -'
	assertCode 3
	assertMatch "$out" '^stdin:1:1: error: plan$'
	assertMatch "$out" '^stdin:2:1: error: parse$'
	assertEquals hello "$(cat planned)"
}

# Whose exit code is pth's: parse's when it fails, else report's, 4 where the run is not whole.
testExitCodes() {
	for code_ in 1 2 3 4; do
		tool_ parse "exit $code_"
		pth_ run x.yaml
		assertCode $code_
		assertEquals 'nothing is run' '' "$(told exec)$(told report)"
		assertEquals 'more is looked for only behind errors' "$(
			[ $code_ = 3 ] && echo '[--check]')" "$(told look)"
	done
	pth_ run x.yaml --keep-going
	assertCode 4
	tool_ parse 'exit 3'
	pth_ run x.yaml --keep-going
	assertCode 0
	assertEquals '[--progress] [plain]' "$(told exec)"
	world
	for code_ in 1 2 3 4; do # of the last look
		echo "exit $code_" >bin/look
		pth_ run x.yaml
		assertCode $code_
		assertEquals 'nothing is run' '' "$(told exec)$(told report)"
	done
	pth_ run x.yaml --keep-going
	assertCode 4
	world
	looked=0
	while IFS='|' read -r ran reported want; do
		tool_ exec "cat; exit $ran"
		tool_ report "cat; $reported"
		pth_ run x.yaml
		assertEquals "exec $ran, report $reported: $err" "$want" "$code"
		looked=$((looked + 1))
	done <<-'EOT'
	0|exit 0|0
	0|exit 1|1
	0|exit 3|3
	0|exit 4|4
	0|exit 2|4
	0|exit 127|4
	0|kill -KILL $$|4
	1|exit 1|1
	3|exit 1|1
	4|exit 0|4
	4|exit 1|4
	4|exit 3|3
	EOT
	assertLeast 12 $looked endings
	assertEquals 'no directory of pth is left' '' "$(ls "$TMPDIR" | grep '^pth')"
	tool_ report 'cat; kill -KILL $$'
	pth_ run x.yaml
	assertEquals 'pth: a stage has died' "$(printf '%s\n' "$err" | tail -n 1)"
	rm bin/pth-parse
	pth_ run x.yaml
	assertCode 4
	assertMatch "$err" '^pth: the tools are not built: run make$'
}

# Whatever signal it is, pth-exec is asked to stop, once; the report is written; pth ends by it.
testSignals() {
	tool_ exec 'trap "echo asked >>asked; exit 0" TERM
		: >up
		while :; do sleep 0.05; done'
	tool_ report 'cat; sleep 0.2; echo written >reported'
	looked=0
	for row in 'INT 130' 'TERM 143' 'HUP 129'; do
		rm -f up asked reported
		env --default-signal=INT,HUP bin/pth run x.yaml >shown 2>&1 </dev/null &
		assertSoon 30 test -e up
		kill -s "${row% *}" $!
		wait $!
		assertEquals "$row: $(cat shown)" "${row#* }" $?
		assertEquals "$row" 'asked written' "$(cat asked reported | xargs)"
		looked=$((looked + 1))
	done
	assertLeast 3 $looked signals
	# While it starts them: by a program that it calls before.
	real=$(command -v setpriv) || skip 'needs setpriv (package util-linux)' || return
	tool_ exec 'exec cat >/dev/null'
	printf '#!/bin/sh\n[ "$3" != true ] || kill -s INT $PPID\nexec %s "$@"\n' "$real" \
		>bin/setpriv
	chmod +x bin/setpriv
	rm -f reported
	env --default-signal=INT,HUP bin/pth run x.yaml >shown 2>&1 </dev/null
	assertEquals "$(cat shown)" 130 $?
	assertEquals 'the report is written all the same' written "$(cat reported)"
	rm bin/setpriv
	assertEquals 'no directory of pth is left' '' "$(ls "$TMPDIR" | grep '^pth')"
}

testCheckOfADescriptor() {
	printf '# a comment\nplugin: x\n' >plugin.yaml
	tool_ plugin 'echo problem >&2; exit 3'
	pth_ check plugin.yaml
	assertCode 3
	assertEquals 'plugin: [check] [plugin.yaml]' "$said"
	assertEquals problem "$out"
	printf ' plugin: x\n' >no-plugin.yaml
	pth_ check no-plugin.yaml
	assertEquals 'compose look parse plan' "$(cut -d: -f1 said | sort | xargs)"
}

# Of all stages, by their place, each once; the words of others stay first. Options go where they
# do in run.
testCheck() {
	tool_ parse 'cat
		printf "%s\n" "x.yaml:10:1: error: d" "x.yaml:2:9: warning: b" "said otherwise" >&2
		exit 3'
	tool_ plan 'cat; echo "x.yaml:9:1: error: c" >&2; echo "x.yaml:2:3: error: a" >&2'
	tool_ compose 'cat; echo "x.yaml:9:1: error: c" >&2; echo "x.yaml:9:2: error: e" >&2'
	echo 'echo "x.yaml:1:1: warning: f" >&2; exit 3' >bin/look
	pth_ check x.yaml -s k=v -P d --strict
	assertCode 3
	problems=$(printf '%s\n' 'said otherwise' 'x.yaml:1:1: warning: f' 'x.yaml:2:3: error: a' \
		'x.yaml:2:9: warning: b' 'x.yaml:9:1: error: c' 'x.yaml:9:2: error: e' \
		'x.yaml:10:1: error: d')
	assertEquals "$problems" "$out"
	assertEquals '' "$err"
	assertTrue 'the filters are looked at, whatever was found' '[ -f bin/filters ]'
	assertEquals "$(printf '%s\n' compose: 'look: [--check]' \
		'parse: [--keep-going] [-s] [k=v] [--strict] [--] [x.yaml]' \
		'plan: [--keep-going] [-P] [d] [--strict]')" "$said"
	# A run says the same, and runs nothing.
	PTH_EVENTS='' pth_ run x.yaml
	assertCode 3
	assertEquals "$problems" "$err"
	assertEquals '' "$out$(told exec)"
	world
	pth_ check x.yaml
	assertCode 0
	assertEquals '' "$out$err"
	tool_ plan 'cat; exit 3'
	pth_ check x.yaml
	assertCode 3
	tool_ plan 'cat; exit 4'
	tool_ parse 'exit 3'
	pth_ check x.yaml
	assertCode 4
	assertEquals 'no directory of pth is left' '' "$(ls "$TMPDIR" | grep '^pth')"
}

# Where a container engine is asked for and none answers, it is said.
testCheckLooksForAnEngine() {
	mkdir -p fake
	fake docker '[ "$*" != info ]'
	tool_ compose 'echo "{\"compose\":{}}"'
	fake_path=$PATH
	PATH=$PTH_TMP/fake:$PATH
	pth_ check x.yaml
	assertCode 0
	assertEquals "$(line 'x.yaml:1:1: warning: no docker engine answers;' \
		'start one (package docker.io)')" "$out"
	fake docker ''
	pth_ check x.yaml
	assertEquals '' "$out"
	fake docker 'exit 1'
	tool_ compose 'cat'
	pth_ check x.yaml
	assertEquals 'there are no containers' '' "$out"
	PATH=$fake_path
}

# Nobody has to watch: messages, a line a test, the summary; events for who asks for them.
testWithoutATerminal() {
	tool_ exec 'cat; echo "exec ${PTH_EVENTS:-unset}" >>events'
	tool_ collect 'cat; echo "collect ${PTH_EVENTS:-unset}" >>events'
	for row in '|[--progress] [plain]|collect none exec unset' \
		'none||collect none exec none' 'json||collect json exec json'; do
		rm -f events
		IFS='|' read -r events args want <<-EOT
		$row
		EOT
		PTH_EVENTS=$events pth_ run x.yaml
		assertCode 0
		assertEquals "$row" "$args" "$(told exec)"
		assertEquals "$row" "$want" "$(sort events | xargs)"
	done
	PTH_EVENTS='' pth_ run x.yaml --progress none
	assertEquals '[--progress] [none]' "$(told exec)"
	# With events the messages come as they are said, in no order.
	tool_ parse 'cat; echo "x.yaml:2:1: warning: b ${PTH_EVENTS:-}" >&2'
	tool_ plan 'cat; echo "x.yaml:1:1: warning: a ${PTH_EVENTS:-}" >&2'
	PTH_EVENTS=json pth_ run x.yaml
	assertEquals "$(printf '%s\n' 'x.yaml:2:1: warning: b json' \
		'x.yaml:1:1: warning: a json')" "$err"
}

# The tools beside it come first, the places of servers last.
testPath() {
	tool_ plugin 'echo "$PATH"'
	fake_path=$PTH_TMP/other:/usr/bin:/bin
	mkdir -p other links && printf '#!/bin/sh\necho wrong\n' >other/pth-plugin
	chmod +x other/pth-plugin
	ln -s ../bin/pth links/pth
	for pth in bin/pth links/pth "$PTH_TMP/bin/pth"; do
		run env PATH="$fake_path" "$pth" list
		assertEquals "$PTH_TMP/bin:$fake_path:/usr/local/sbin:/usr/sbin:/sbin" "$out"
	done
	# Without an environment, and where PATH could not say it.
	sbin=/usr/local/sbin:/usr/sbin:/sbin
	run env -i "$PTH_TMP/bin/pth" list
	assertMatch "$out" "^$PTH_TMP/bin:.*/bin:$sbin\$"
	run env PATH= "$PTH_TMP/bin/pth" list
	assertEquals "$PTH_TMP/bin:/usr/local/bin:/usr/bin:/bin:$sbin" "$out"
	mkdir 'a:b' && cp -a bin 'a:b'
	run env PATH="$fake_path" a:b/bin/pth list
	assertEquals "$fake_path:$sbin" "$out"
	for tool in $stages; do echo "$PTH_TMP/a:b/bin/pth-$tool"; done | while read -r tool; do
		sed -i "s,$PTH_TMP/bin/look,$PTH_TMP/a:b/bin/look," "$tool"
	done
	: >said
	run env PATH="$fake_path" a:b/bin/pth run x.yaml
	assertCode 0
	assertEquals 'collect compose exec look parse plan report' \
		"$(cut -d: -f1 said | sort | xargs)"
}

# hospital: a world for the doctor, where everything is there: nothing is looked for outside of
# bin/, but for basic programs.
hospital() {
	[ -d ward ] || build_ward
	rm -rf bin libexec said && cp -a ward/bin ward/libexec .
	given='"used":["private_tmp","read_only"],"missing":[]'
	packets='"packets":0'
	by 'cgroup v9' rlimit 'cgroup v8'
}

build_ward() {
	rm -rf bin libexec && mkdir -p bin libexec/pth
	sed 's,^PATH=$PATH:.*,PATH=$here,' "$TOP/bin/pth" >bin/pth
	for p in sh readlink timeout mktemp sed grep rm cat chmod; do
		ln -s "$(command -v $p)" bin/$p
	done
	for tool in $stages; do tool_ "$tool" ''; done
	tool_ exec 'while [ "$1" != -o ]; do shift; done
		cat "$3" >plan
		mkdir -p "$2/probe" "$2/host"
		cat probe.json >"$2/probe/result.json"; cat host.json >"$2/host/result.json"'
	chmod +x bin/*
	cd bin || return
	for p in tshark openssl jq ip tc docker docker-compose shadow strace valgrind gdb perf \
		gtlsserver gtlsclient; do
		printf '#!/bin/sh\n' >$p && chmod +x $p
	done
	printf '#!/bin/sh\nwhile [ "$1" != sh ]; do shift; done\nexec "$@"\n' >unshare
	chmod +x unshare
	cd ..
	ln -s "$(command -v mkdir)" bin/
	: >libexec/pth/miniP_server && chmod +x libexec/pth/miniP_server
	mkdir ward && mv bin libexec ward
}

# by CPU MEMORY PROCESSES: what keeps the limits of the probe.
by() {
	limits="\"limits\":{\"cpu\":\"$1\",\"memory\":\"$2\",\"processes\":\"$3\"}"
	results
}

results() {
	printf '{"isolation":{%s},"services":{"a":{%s}},"capture":{"file":"c",%s}}\n' \
		"$given" "$limits" "$packets" >probe.json
	printf '{"capture":{"file":"c","packets":0}}\n' >host.json
}

# doctor: its records in $out, and lines NAME=PACKAGE of what is missing in $missing.
doctor() {
	run env -i TMPDIR="$TMPDIR" PATH=/usr/bin:/bin "$PTH_TMP/bin/pth" doctor --json
	missing=$(jq_out -r 'select(.ok | not) | "\(.name)=\(.package)"')
}

# What is missing of the machine itself; none of it can be hidden.
gperftools() {
	ls /usr/lib/*/libprofiler.so* /usr/lib/libprofiler.so* 2>/dev/null | grep -q . ||
		echo 'gperftools=libgoogle-perftools4'
}

testDoctorWhereEverythingIs() {
	hospital
	doctor
	assertCode 0
	assertEquals "$(gperftools)" "$missing"
	assertEquals 'processors cgroup v9|memory rlimit|processes cgroup v8' \
		"$(jq_out -r 'select(.by != "") | "\(.name[9:]) \(.by)"' | paste -sd '|')"
	assertEquals 'every line is a record' '[32,["check"],[1]]' "$(jq_out -cs \
		'[length, (map(.type) | unique), (map(.pth) | unique)]')"
	assertEquals 'needed isolation docker profilers peers' \
		"$(jq_out -r .group | uniq | xargs)"
	# The probe is whole, and asks for all: a full isolation, and the host's network.
	assertEquals '{"pth":1,"type":"end","tests":2}' "$(tail -n 1 plan)"
	assertEquals '["full","none",true,true,"lo",["cpu","memory","processes"]]' \
		"$(jq -cs '[.[0].plan.environment.isolation, .[1].plan.environment.isolation,
			(.[:2][].plan.environment.read_only), .[1].plan.capture.interface,
			(.[0].plan.services[0].limits | keys)]' plan)"
	assertEquals 'no directory of pth is left' '' "$(ls "$TMPDIR" | grep '^pth')"
}

# Each thing alone is missed, by its name, with its package, and only what the pipe needs matters
# to the exit code.
testDoctorMissesEachThing() {
	looked=0
	while IFS='|' read -r break want exit; do
		hospital
		eval "$break"
		doctor
		assertEquals "$break" "$(printf '%s\n' "$want" "$(gperftools)" |
			tr ';' '\n' | grep . | sort)" "$(printf '%s\n' "$missing" | sort)"
		assertEquals "$break" "${exit:-0}" "$code"
		assertEquals "$break: each has its price" '' \
			"$(jq_out -c 'select(.ok | not) | select(.cost == "")')"
		looked=$((looked + 1))
	done <<-'EOT'
	rm bin/pth-parse|pth-parse=|1
	rm bin/pth-plan|pth-plan=|1
	rm bin/pth-compose|pth-compose=|1
	chmod -x bin/pth-collect|pth-collect=|1
	rm bin/pth-report|pth-report=|1
	rm bin/tshark|tshark=tshark|1
	rm bin/openssl|openssl=openssl|1
	rm bin/jq|jq=jq|1
	chmod -x bin/ip|ip=iproute2;namespaces=util-linux;network conditions=|1
	rm bin/tc|network conditions=iproute2
	printf '#!/bin/sh\nexit 2\n' >bin/tc|network conditions=
	rm bin/unshare|namespaces=util-linux;network conditions=
	given='"used":["read_only"],"missing":["private_tmp"]'; results|private /tmp=
	given='"used":["private_tmp"],"missing":["read_only"]'; results|read-only root=
	by none none none|limit of processors=;limit of memory=;limit of processes=
	by rlimit none rlimit|limit of memory=
	packets='"error":"no"'; results|capture in a namespace=
	echo '{"capture":{"error":"no"}}' >host.json|capture on the host=
	rm bin/docker|docker=docker.io;docker engine=docker.io;docker compose=
	printf '#!/bin/sh\n[ $1 != info ]\n' >bin/docker|docker engine=docker.io
	printf '#!/bin/sh\n[ $1 != compose ]\n' >bin/docker|docker compose=
	rm bin/docker-compose|docker-compose=docker-compose
	rm bin/shadow|shadow=
	printf '#!/bin/sh\nexit 1\n' >bin/strace|strace=strace
	rm bin/valgrind|valgrind=valgrind
	rm bin/gdb|gdb=gdb
	printf '#!/bin/sh\nexit 1\n' >bin/perf|perf=linux-perf
	rm bin/gtlsserver|gtlsserver=ngtcp2-server
	rm bin/gtlsclient|gtlsclient=ngtcp2-client
	rm libexec/pth/miniP_server|miniP=
	EOT
	assertLeast 30 $looked things
}

testDoctorWithoutAnything() {
	hospital
	cd bin || return
	rm -f pth-* tshark openssl jq ip tc docker* shadow strace valgrind gdb perf gtls* unshare
	rm ../libexec/pth/miniP_server
	cd ..
	doctor
	assertCode 1
	assertEquals "$(jq_out -r .name | grep -v gperftools)" \
		"$(printf '%s\n' "$missing" | sed 's/=.*//' | grep -v gperftools)"
	assertEquals '' "$err"
}

# The same for people: as many lines, what is there by which means, what is missing at what price.
testDoctorForPeople() {
	hospital
	rm bin/gdb bin/jq
	doctor_="env -i TMPDIR=$TMPDIR PATH=/usr/bin $PTH_TMP/bin/pth"
	# shellcheck disable=SC2086 # words
	run $doctor_ doctor
	assertCode 1
	assertEquals 32 "$(printf '%s\n' "$out" | grep -cE '^(ok|missing) ')"
	assertEquals 5 "$(printf '%s\n' "$out" | grep -c ':$')"
	assertMatch "$out" '^ok       tshark *$'
	assertMatch "$out" '^ok       limit of memory          by rlimit$'
	lacking="missing  jq                       no filters between the stages (package jq)
missing  gdb                      no back traces of crashes (package gdb)"
	assertEquals "$lacking" "$(printf '%s\n' "$out" | grep ^missing | grep -v gperftools)"
	for words in 'doctor -q' '--quiet doctor'; do
		# shellcheck disable=SC2086
		run $doctor_ $words
		assertCode 1
		assertEquals "$lacking" "$(printf '%s\n' "$out" | grep -v gperftools)"
	done
}

. shunit2
