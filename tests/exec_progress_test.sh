#!/bin/sh
# pth-exec: what a person sees while tests run. The terminal is that of
# fixtures/terminal.py, which knows the sequences that we use, and no other.
# shellcheck disable=SC2016,SC2154 # $out and $err come from run
. "$TOP/tests/lib.sh"

setUp() {
	# On the host, so that nothing is said where it has no namespaces.
	plan='{"environment": {"isolation": "none"}}' over=''
}

# A test that goes on until the file go is there.
waits() { svc a '{}' sh -c 'until [ -e ../../../go ]; do sleep .02; done'; }

# Three tests: one that ends well, one that does not, one that waits.
three() {
	{ rec 1-t "$(svc a '{}' true)"; rec 2-t "$(svc a '{}' sh -c 'exit 3')"; rec 3-t \
		"$(waits)"; } |
		jq -c '.of = 3' >in
	end 3 >>in
}

# terminal SIZE ARG...: pth-exec with stderr on a terminal, until the test that
# waits has been drawn.
terminal() {
	cols=$1 rows=$2
	shift 2
	rm -f go tty.* # or those of the one before would do
	# shellcheck disable=SC2086 # words
	TERM=${term-xterm} python3 "$TOP/tests/fixtures/terminal.py" ${resize:-} "$cols" "$rows" \
		pth-exec -j 1 -o out "$@" in >records &
	pid=$!
	assertSoon 20 test -s tty.screens
	assertSoon 20 grep -q "${until:-3-t .*running .*s}" tty.screens
	: >go
	wait $pid
	code=$?
	end=$(cat tty.end)
}

testTerminal() {
	need_terminal || return
	three
	terminal 100 24
	assertEquals 0 "$code"
	assertEquals 'what stays on the screen' \
		"pth-exec: run.started dir=$PWD/out jobs=1 order=longest
ran 1/3 1-t T: completed
ran 2/3 2-t T: failed: a ended with exit code 3
ran 3/3 3-t T: completed" "$(sed 's/ [0-9.]* [mu]\{0,1\}s:/ T:/' tty.end)"
	# Above the block the lines are whole, and it has one line for each test that runs.
	assertMatch "$(cat tty.screens)" '^[-|/\\] \[#{13}\.{7}\] 2/3 done, 1 failed, 1 running$'
	assertMatch "$(cat tty.screens)" '^  3-t +running +[0-9.]+ s  at most [0-9]+ s left$'
	assertEquals 'one block at a time' '' \
		"$(awk -v RS='\f' '{ if (gsub(/running\n/, "&") > 1) print }' tty.screens)"
	assertEquals 'what is bad is red, nothing is good yet' "$(printf '\033[31mfailed\033[0m')" \
		"$(grep -o '.\[[0-9]*m[a-z]*.\[0m' tty.raw)"
}

testTheTimeOfTheLastRun() {
	need_terminal || return
	three
	mkdir -p out/3-t && : >out/plan.jsonl
	echo '{"duration_us": 3600000000}' >out/3-t/result.json
	until='3-t .*about 59m .*s left' terminal 100 24
	assertEquals 0 "$code"
	echo '{"duration_us": 1}' >out/3-t/result.json
	until='3-t .*  over the 0.0 s of last time' terminal 100 24
	assertEquals 0 "$code"
}

testLinesInBetween() {
	need_terminal && need_namespaces || return
	plan=''
	{ rec 1-t "$(waits)"; rec 2-t \
		"$(svc a '{"phases": {"pre_run": [{"argv": ["false"], "critical": false}]}}' true)"
	  plan='{"capture": {"interface": "nosuch0", "file": "x"}}'
	  rec 3-t "$(svc a '{}' sleep .3)"; end 3; } | jq -c 'if .id then .of = 3 else . end' >in
	TERM=xterm python3 "$TOP/tests/fixtures/terminal.py" 160 24 sh -c 'pth-exec -j 2 -o out in &
		pid=$!
		until grep -qs "1-t .*running" tty.screens; do sleep .05; done
		PTH_EVENTS="" pth-parse no-such-file.yaml
		until [ "$(grep -c "^ran" tty.screens)" -gt 3 ]; do sleep .05; done
		: >go
		wait $pid' >records
	assertEquals 'whole lines only' '' \
		"$(grep -vE -e '^pth-exec: (run|command|capture|environment)\.[a-z]+ ' \
			-e '^no-such-file.yaml:1:1: error: ' \
			-e '^ran [123]/3 [123]-t [0-9.]+ m?s: completed$' \
			tty.end)"
	assertEquals 'each once' '1 1 1 3' \
		"$(grep -c command.failed tty.end) $(grep -c capture.failed tty.end) $(grep \
			-c no-such-file tty.end) $(grep -c ^ran tty.end)"
}

testSmallAndResizedTerminals() {
	need_terminal || return
	three
	sed 's/3-t/3-t-with-a-name-of-some-length-that-does-not-fit/' in >in2 && mv in2 in
	until='3-t-with-a-name-  running' terminal 50 3
	assertEquals '' "$(grep -E '^.{50}' tty.screens | grep -v '^ran\|run.started')"
	assertEquals 4 "$(tr -d '\n' <tty.end | grep -oE 'run.started|ran [123]/3' | wc -l)"
	rm -rf out # no time of a last run, that it may be over before it is drawn
	resize='--resize left 30' until='^  3-t-with-a-name-  running$' terminal 100 24
	assertEquals 'the last line of the last drawing fits' 29 \
		"$(tr '\r' '\n' <tty.raw | grep -a 'running *.\[1A' | tail -n 1 |
			awk '{ sub(/.\[1A/, ""); print length }')"
	assertMatch "$end" '3/3'
}

testTerminalsThatCannot() {
	need_terminal || return
	three
	term=dumb until='ran 2/3' terminal 100 24
	assertEquals 'no sequence' '' "$(tr -d '\r' <tty.raw | LC_ALL=C grep -a '[^ -~]')"
	assertMatch "$end" '^ran 3/3 3-t '
	export NO_COLOR=1
	terminal 100 24
	unset NO_COLOR
	assertNoMatch "$(cat -v tty.raw)" '\^\[\[[0-9]*m'
	assertMatch "$(cat -v tty.raw)" '\^\[\[J'
}

testSettings() {
	need_terminal || return
	three
	jq -c 'if .id then
			.settings.progress = {show_test_status: false, show_spinner: false,
			  update_interval: 0.2} else . end' in >in2
	mv in2 in
	terminal 100 24
	assertEquals "pth-exec: run.started dir=$PWD/out jobs=1 order=longest" "$end"
	assertMatch "$(cat tty.screens)" '^\[#{13}\.{7}\] 2/3 done'
	jq -c 'if .id then
			.settings = {progress: {enable_progress_bar: false},
			  logging: {enable_colors: false}} else . end' in >in2
	mv in2 in
	until='ran 2/3' terminal 100 24
	assertNoMatch "$(cat tty.screens)" 'done,'
	assertNoMatch "$(cat -v tty.raw)" '\^\[\[[0-9]*m'
	assertMatch "$end" '^ran 3/3'
	jq -c 'if .id then .settings.progress.enable_progress_bar = 5 else . end' in >in2
	mv in2 in
	terminal 100 24 --progress=tty
	assertMatch "$(cat tty.screens)" 'done,'
}

testSwitchedOff() {
	need_terminal || return
	three
	: >go
	for events in none json; do
		PTH_EVENTS=$events TERM=xterm python3 "$TOP/tests/fixtures/terminal.py" 100 24 \
			pth-exec -o out in >records
		assertNoMatch "$(cat -v tty.raw)" '^ran|\^\['
	done
	TERM=xterm python3 "$TOP/tests/fixtures/terminal.py" 100 24 pth-exec \
		--progress=none -o out in >records
	assertEquals "pth-exec: run.started" "$(cut -d' ' -f1,2 tty.end)"
}

testInterrupted() {
	need_terminal || return
	need_namespaces || return
	three
	rec 4-t "$(svc a '{}' true)" >one
	sed -i '$d' in
	for i in 4 5 6 7; do sed "s/4-t/$i-t/g" one; done >>in
	jq -c '.of = 7' in >in2
	end 7 >>in2 && mv in2 in
	TERM=xterm python3 "$TOP/tests/fixtures/terminal.py" 100 24 \
		sh -c 'echo $$ >pid; exec pth-exec -j 1 -o out in' >records &
	pid=$!
	assertSoon 20 grep -q '3-t .*running .* left' tty.screens
	kill "$(cat pid)"
	wait $pid
	assertMatch "$(tail -n 1 tty.end)" '^ran 7/7 3-t [0-9.]+ m?s: interrupted: interrupted$'
	assertNoMatch "$(cat tty.end)" 'done,'
}

# Without a terminal nothing changes unless it is asked for.
testPlainLines() {
	three
	: >go
	run pth-exec -j 1 -o out in
	assertEquals 'events only' '' "$(printf '%s\n' "$err" | grep -v '^{.*}$')"
	assertEquals 'each test has ended' 3 "$(printf '%s\n' "$err" | grep -c '"test.ended"')"
	run pth-exec -j 1 --progress=plain -o out in
	assertEquals "pth-exec: run.started dir=$PWD/out jobs=1 order=longest
ran 1/3 1-t T: completed
ran 2/3 2-t T: failed: a ended with exit code 3
ran 3/3 3-t T: completed" "$(printf '%s\n' "$err" | sed 's/ [0-9.]* [mu]\{0,1\}s:/ T:/')"
	PTH_EVENTS=json run pth-exec -j 1 --progress=plain --skip 2-t -o out in
	assertEquals 'what is asked for comes, too' 2 \
		"$(printf '%s\n' "$err" | grep -c '"test.ended"')"
	assertEquals 'left out is not told, but counted' '2/3 3/3' \
		"$(printf '%s\n' "$err" | sed -n 's/^ran \(.\/.\) .*/\1/p' | xargs)"
	run pth-exec -j 1 --progress=tty -o out in
	assertMatch "$(printf '%s\n' "$err" | cat -v)" '\^M\^\[\[Jran 3/3 3-t'
}

testRetriesAndErrors() {
	over='{"retries": 1}'
	{ rec 1-t "$(svc a '{}' sh -c 'exit 3')"
	  over='{"expect": {"status": "failed"}}'
	  rec 2-t "$(svc a '{}' sh -c 'exit 3')"
	  over='{"error": {"stage": "plan", "message": "no such plugin"}}'
	  rec 3-t "$(svc a '{}' true)"; end 3; } | jq -c 'if .id then .of = 2 else . end' >in
	run pth-exec -j 1 --progress=plain -o out in
	assertMatch "$err" '^not run [12](/2)? 3-t 0 .*s: error: no such plugin$'
	assertMatch "$err" '^ran [123](/2)? 1-t .*: failed: a ended with exit code 3$'
	assertMatch "$err" '^ran [123](/2)? 2-t .*: failed$'
	assertMatch "$err" '^ran 3 '
	assertEquals 'each once' 3 "$(printf '%s\n' "$err" | grep -cE '^(not run|ran) ')"
}

. shunit2
