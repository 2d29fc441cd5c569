#!/bin/sh
# pth-exec: the run directory is its own, whatever the programs of a test do there, and whoever
# else wants to write into it.
# timeout: 180
# shellcheck disable=SC2016,SC2034,SC2154 # $out and $err come from run, which reads $plan
. "$TOP/tests/lib.sh"

setUp() {
	# Without isolation nothing keeps a program from any of this.
	plan='{"environment": {"isolation": "none"}}' over='' as='' dir=$PTH_TMP
}

# To be an ordinary user, for whom modes count.
user() {
	need_user || return
	mkdir -p user && chmod 777 user && chmod 711 "$PTH_TMP"
	as=as_user dir=$PTH_TMP/user
}

# three SH: three tests, of which the first does this in its service's directory.
three() {
	{ rec 1-t "$(svc a '{}' sh -c "$1")"; rec 2-t "$(svc a '{}' true)"; rec 3-t \
		"$(svc a '{}' true)"; end 3; } >in
	run $as pth-exec -j 1 -o "$dir/out" <in
}

# What is in the directory of a test is what pth-exec says.
assertKept() { # id
	assertEquals "$2: record" "$(grep "\"id\":\"$1\"" in)" "$(cat "$dir/out/$1/record.json")"
	assertEquals "$2: result" "$(jq_out -c "select(.id == \"$1\").result")" \
		"$(cat "$dir/out/$1/result.json")"
}

# A program does not end the run by what it does to its directory.
# What is measured is written once meanwhile, so that rm may find a directory that is not empty.
directories() {
	away=$dir/elsewhere
	mkdir "$away" && chmod 777 "$away"
	looked=0
	while read -r what; do
		looked=$((looked + 1))
		three "$what"
		assertCode 0
		# A test without its logs is no good test; the others are as they were.
		assertMatch "$what: $(statuses)" ': (completed|error) completed completed$'
		for id in 1-t 2-t 3-t; do assertKept $id "$what"; done
		assertEquals "$what: the streams are whole" 3 \
			"$(jq -r 'select(.type == "end").tests' "$dir/out/results.jsonl")"
		# A second run in the same directory, and one that is resumed.
		run $as pth-exec -j 1 --resume -o "$dir/out" <in
		assertCode 0
		assertEquals 'nothing is run again' 0 \
			"$(printf '%s\n' "$err" | grep -c test.started)"
	done <<-end
		chmod 0 ..
		chmod 500 ..
		chmod 0 ../..
		mkdir ../result.json && : >../result.json/x && chmod 500 ../result.json
		rm ../record.json && mkfifo ../record.json ../result.json
		rm ../record.json && ln -s $away/x ../record.json; ln -s /etc/passwd ../result.json
		rm -rf ../../1-t || rm -rf ../../1-t
		{ rm -rf ../../1-t || rm -rf ../../1-t; } && ln -s $dir/elsewhere ../../1-t
		{ rm -rf ../../1-t || rm -rf ../../1-t; } && mkfifo ../../1-t
		mkdir -p ../../2-t/x/y && chmod 0 ../../2-t
		ln -s $dir/elsewhere ../../2-t && ln -s $dir/elsewhere ../../tries
		mkfifo ../../.result.json.\$PPID ../../.record.json.\$PPID
	end
	assertLeast 12 "$looked" cases
	assertEquals 'nothing was written through a link' '' "$(ls "$dir/elsewhere")"
}

testDirectories() { directories; }
testDirectoriesOfAUser() { user || return; directories; }

# A file that nobody can remove, chattr(1).
need_immutable() {
	need chattr e2fsprogs && need_root || return
	: >probe
	chattr +i probe 2>/dev/null || skip 'no immutable files here' || return
	chattr -i probe
}

# The place of the next test cannot be made free: that test is an error, with the reason.
testADirectoryThatCannotBeRemoved() {
	need_immutable || return
	over='{"settings": {"fast_fail": {"enabled": false}}}'
	three 'mkdir ../../2-t && : >../../2-t/x && chattr +i ../../2-t/x'
	chattr -i out/2-t/x
	assertCode 0
	assertEquals 'completed error completed' "$(statuses)"
	assertMatch "$(jq_out -r 'select(.id == "2-t").result | "\(.category) \(.reason)"')" \
		'^test_framework the test cannot be started: '
	assertKept 2-t immutable
	assertEquals 'its end is an event' 1 \
		"$(printf '%s\n' "$err" | grep '"test.ended"' | grep -c '"test":"2-t"')"
}

# A result that cannot be kept is an error, even when the test went well.
testAResultThatCannotBeWritten() {
	need_immutable || return
	three 'mkdir ../result.json && : >../result.json/x && chattr +i ../result.json/x'
	chattr -i out/1-t/result.json/x
	assertCode 0
	assertEquals 'error completed completed' "$(statuses)"
	assertMatch "$(jq_out -r 'select(.id == "1-t").result | "\(.category) \(.reason)"')" \
		'^test_framework its result cannot be kept: '
	assertEquals 'and so it stands in the stream of the directory' error \
		"$(jq -r 'select(.id == "1-t").result.status' out/results.jsonl)"
}

testATryThatCannotBeKept() {
	need_immutable || return
	over='{"retries": 2}'
	three 'mkdir -p ../../tries/1-t-1 && : >../../tries/1-t-1/x &&
		chattr +i ../../tries/1-t-1/x; exit 3'
	chattr -i out/tries/1-t-1/x
	assertCode 0
	assertEquals 'error completed completed' "$(statuses)"
	assertMatch "$(jq_out -r 'select(.id == "1-t").result.reason')" \
		'^the try that failed cannot be kept: '
}

# The tries of a program that makes its directory hard to move are kept, and it is tried again.
testTriesOfAUser() {
	user || return
	over='{"retries": 1}'
	three 'chmod 500 ..; [ -e ../../tries ]'
	assertCode 0
	assertEquals 'completed completed completed' "$(statuses)"
	assertEquals 2 "$(jq_out -r 'select(.id == "1-t").result.attempt')"
	assertTrue '[ -e "$dir/out/tries/1-t-1/a/stdout.log" ]'
}

# There is no process for a test: it says so, and the others have their turn.
testNoProcess() {
	user && need prlimit util-linux || return
	over='{"settings": {"fast_fail": {"enabled": false}}}'
	{ rec 1-t "$(svc a '{}' true)"; rec 2-t "$(svc a '{}' true)"; end 2; } >in
	# A user of whom nobody else has processes. To look for leaks takes a process.
	run env PATH="${pth_user_path:-$PATH}" \
		ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" setpriv \
		--reuid=54321 --regid=54321 --clear-groups \
		prlimit --nproc=1 pth-exec -o "$dir/out" <in
	assertCode 0
	assertEquals 'error error' "$(statuses)"
	assertEquals 'resource the test cannot be started: fork: Resource temporarily unavailable' \
		"$(jq_out -r 'select(.id == "1-t").result | "\(.category) \(.reason)"')"
	assertTrue 'its result is kept' '[ -f "$dir/out/2-t/result.json" ]'
}

# What pth-exec wrote is what it wrote.
testStreamsThatAreChanged() {
	looked=0
	while read -r how what; do
		looked=$((looked + 1))
		three "$what"
		assertCode 4
		assertMatch "$what: $(statuses)" ': (completed|error) completed completed$'
		assertEquals "$what: the stream is whole" 3 \
			"$(jq_out 'select(.type == "end").tests')"
		assertMatch "$err" \
			"^pth-exec: $PTH_TMP/out/(plan|results).jsonl was $how by somebody else"
		assertEquals "$what: it is put right" "$(cat in)" "$(cat out/plan.jsonl)"
		assertEquals "$what: it is put right" "$out" "$(cat out/results.jsonl)"
	done <<-'end'
		changed echo '{}' >>../../results.jsonl
		changed : >../../plan.jsonl
		changed sed -n 1p ../../plan.jsonl >x; cat x >../../plan.jsonl
		replaced rm ../../results.jsonl; mkfifo ../../results.jsonl
		replaced mv ../../results.jsonl x; cp x ../../results.jsonl
		replaced rm ../../plan.jsonl; mkdir ../../plan.jsonl
		replaced ln -sf /etc/passwd ../../results.jsonl
		removed rm -rf ../../plan.jsonl
		removed rm -rf ../../* || rm -rf ../../*
	end
	assertLeast 9 "$looked" cases
	three true
	assertCode 0
	assertNoMatch "$err" 'somebody else'
}

# An old stream that has another name, too, is begun anew, and the other name keeps what it has.
testLinksToOthers() {
	mkdir out elsewhere
	echo '{"mine": 1}' | tee elsewhere/a elsewhere/b elsewhere/c >/dev/null
	ln elsewhere/a out/plan.jsonl
	ln elsewhere/b out/results.jsonl
	ln -s ../elsewhere/c out/events.jsonl
	three true
	assertCode 0
	assertEquals '{"mine": 1}' "$(sort -u elsewhere/*)"
}

# waits: a test that is over when the file go is there.
waits() { svc a '{}' sh -c 'until [ -e ../../../go ]; do sleep .02; done'; }

# begin: a run in the background that waits in its second test, in out or in a directory that it
# makes; the first test has its record. The second starts before the record is written.
begin() {
	{ rec 1-t "$(svc a '{}' true)"; rec 2-t "$(waits)"; end 2; } >in
	rm -f first.err
	pth-exec -j 1 "$@" in >records 2>first.err &
	pid=$!
	assertSoon 20 grep -q '"test.started".*"2-t"' first.err
	assertSoon 20 grep -q '"id":"1-t"' records
}

testOneWriter() {
	begin -o out
	for i in 1 2 3; do
		run pth-exec -o out in
		assertCode 4
		assertMatch "$err" "$(line '^pth-exec: out: another pth-exec works in it,' \
			"process $pid \(pth-exec -j 1 -o out in\); give each a directory of" \
			'its own, and pth-merge makes one of them$')"
		assertEquals '' "$out"
	done
	run pth-exec --resume -o out in
	assertCode 4
	: >go
	wait $pid
	assertEquals 'the first one is as if it had been alone' 0 $?
	assertEquals "$(cat in)" "$(cat out/plan.jsonl)"
	assertEquals 'events of one' 1 "$(grep -c run.started out/events.jsonl)"
	assertEquals 'nothing is left of the lock' '' "$(ls -A out | grep '^\.')"
	run pth-exec -o out in
	assertCode 0
}

testADirectoryThatIsMade() {
	begin
	made=$(sed -n 's/.*"run.started".*"dir":"\([^"]*\)".*/\1/p' first.err)
	run pth-exec -o "$made" in
	assertCode 4
	assertMatch "$err" "works in it, process $pid "
	: >go
	wait $pid
	assertEquals 0 $?
	rm -rf outputs
}

# All at once, into a directory that is not there: what is there in the end is of one of them.
testManyWriters() {
	for i in 1 2 3 4 5; do
		plan='{"environment": {"isolation": "full"}}'
		{ rec "$i-a" "$(waits)"; rec "$i-b" "$(svc a '{}' true)"; end 2; } >in$i
	done
	for i in 1 2 3 4 5; do
		{ pth-exec -j 1 -o out in$i >records$i 2>err$i; echo $? >code$i; } &
	done
	assertSoon 20 sh -c '[ "$(cat code? 2>/dev/null | wc -l)" = 4 ]'
	: >go
	wait
	assertEquals '0 4 4 4 4' "$(cat code? | sort | xargs)"
	first=$(grep -l 0 code? | tr -d code)
	assertEquals "$(cat "in$first")" "$(cat out/plan.jsonl)"
	assertEquals "$(cat "records$first")" "$(cat out/results.jsonl)"
	assertEquals "$first-a $first-b" "$(cd out && echo ?-?)"
}

# One that was killed has the directory for a moment only.
testAfterAKill() {
	plan='' begin -o out
	kill -KILL $pid
	wait $pid 2>/dev/null
	: >go
	run pth-exec --resume -o out in
	assertCode 0
	assertEquals 'completed completed' "$(statuses)"
}

# It has been killed, and is not gone yet: the next one waits, as for a pth-spread that is
# submitted anew.
testAKillThatTakesItsTime() {
	need_root || return
	freezer=/sys/fs/cgroup/freezer/frozen.$$.$(stat -Lc %i /proc/self/ns/pid)
	mkdir "$freezer" 2>/dev/null ||
		skip 'nothing can be frozen here (control groups of version 1)' || return
	plan='' begin -o out
	echo $pid >"$freezer/cgroup.procs"
	echo FROZEN >"$freezer/freezer.state"
	assertSoon 20 grep -q FROZEN "$freezer/freezer.state"
	: >go
	kill -KILL $pid
	{ sleep 1; echo THAWED >"$freezer/freezer.state"; } &
	run pth-exec --resume -o out in
	assertCode 0
	assertEquals 'completed completed' "$(statuses)"
	wait $pid 2>/dev/null
	assertSoon 20 rmdir "$freezer"
}

testReadersOfARunThatGoesOn() {
	begin -o out
	run env PTH_EVENTS= pth-collect out
	assertCode 4
	assertMatch "$err" "out: pth-exec works in it, process $pid \(.*\): what is here are the"
	assertEquals 'what is there' '1-t completed 2-t null' \
		"$(jq_out -r 'select(.id) | "\(.id) \(.result.status)"' | xargs)"
	assertEquals 'what is not is no pass' error \
		"$(jq_out -r 'select(.id == "2-t").verdict.status')"
	assertEquals 'no end is promised' '' "$(jq_out 'select(.type == "end")')"
	assertFalse 'the directory is left alone' '[ -e out/1-t/record.json ] &&
		grep -q verdict out/1-t/record.json'
	printf '%s\n' "$out" >partial
	run pth-report -o reports partial
	assertCode 4
	assertMatch "$(cat reports/EXPERIMENT_REPORT.md)" "Incomplete.*works in it, process $pid "
	: >go
	wait $pid
	assertEquals 'and the run has not noticed' 0 $?
	run pth-collect out
	assertCode 0
}

testPathsThatAreNoText() {
	three true
	latin=$(printf 'caf\351')
	mkdir "$latin" && cp in "$latin" && cd "$latin" || return
	run pth-exec in
	assertCode 4
	assertMatch "$err" '^pth-exec: the path of the run directory is not UTF-8'
	assertEquals 'nothing is made' in "$(ls)"
	run pth-exec -o ../out in
	assertCode 0
	cd .. || return
	run pth-exec -o "$latin/out" in
	assertCode 4
	assertFalse '[ -e "$latin/out" ]'
	ln -s "$latin" link
	run pth-exec -o link in
	assertCode 4
	rm -rf "$latin" link
}

. shunit2
