#!/bin/sh
# pth-render, and the script that it makes of a planned test.
. "$TOP/tests/lib.sh"

END='{"pth":1,"type":"end","tests":2}'
records() {
	echo '{"pth":1,"type":"test","id":"001-a","name":"A","n":1}'
	echo '{"pth":1,"type":"test","id":"002-b","name":"B","n":2}'
	echo "$END"
}

setUp() {
	mkdir work && cd work || return
	printf '{{ id }}={{ n * 2 }}{{ x|default("") }}\n' >t.j2
}

testRecordsToStdout() {
	records >in
	run pth-render -t t.j2 <in
	assertCode 0
	assertEquals "001-a=2${NL}002-b=4" "$out"
}

testOneFilePerRecord() {
	records >in
	run pth-render -t t.j2 -C . -o 'out/{{ name|lower }}/{{ id }}.txt' <in
	assertCode 0
	assertEquals 'the records pass' "$(cat in)" "$out"
	assertEquals '001-a=2' "$(cat out/a/001-a.txt)"
	assertEquals '002-b=4' "$(cat out/b/002-b.txt)"
}

testVariables() {
	printf 'x: 5\nl: [1, {k: v}]\nid: none\n' >d.yaml
	printf '{{ x }} {{ l[1].k }} {{ id }} {{ y }}\n' >t.j2
	run pth-render -n -t t.j2 --data d.yaml -v 'y=a=b c'
	assertCode 0
	assertEquals '5 v none a=b c' "$out"
	records >in
	run pth-render -t t.j2 --data d.yaml -v y=1 --vars x=6 <in
	assertEquals 'the record before the data, -v before both' "6 v 001-a 1${NL}6 v 002-b 1" \
		"$out"
	echo '{"x": 1, "l": [0, {"k": 2}], "id": 3}' >d.json
	run pth-render -t t.j2 --data d.json -v y=4 </dev/null
	assertEquals '1 2 3 4' "$out"
	cat >d.json <<-'end'
	{"x": "\ud83d\ude00\/", "l": [0, {"k": 9223372036854775807}], "id": "NO"}
	end
	run pth-render -n -t t.j2 --data d.json -v y=4
	assertEquals '😀/ 9223372036854775807 NO 4' "$out"
	echo '{"x": "\ud83d\ude00"}' >d.yaml
	echo '{{ x }}' >u.j2
	run pth-render -n -t u.j2 --data d.yaml
	assertEquals '😀' "$out"
	for bad in '{"x": 1,}' '{"x": 1, "x": 2}' '{x: 1}' '[1]' '{"x": 9223372036854775808}'; do
		echo "$bad" >d.json
		run pth-render -n -t t.j2 --data d.json
		assertCode 3
		assertMatch "$err" 'd\.json:1:[0-9]+: '
	done
	assertMatch "$err" 'd.json:1:.*; an integer is at most 9223372036854775807'
}

testTemplateFromStdin() {
	echo 'hi {{ a }}' >t
	run pth-render -t - -v a=b <t
	assertCode 0
	assertEquals 'hi b' "$out"
}

testWhiteSpaceModes() {
	printf '{%% if 1 %%}\nx\n{%% endif %%}\n' >t.j2
	run pth-render -n -t t.j2
	assertEquals 'x' "$out"
	pth-render -n --jinja -t t.j2 >got
	printf '\nx\n' >want
	assertTrue 'as Jinja does by default' 'cmp want got'
	pth-render -n --panther -t t.j2 >got
	echo x >want
	assertTrue 'as PANTHER does' 'cmp want got'
	run pth-render -n --panther --jinja -t t.j2
	assertCode 2
	assertMatch "$err" '--jinja and --panther exclude each other'
	echo '[{{ nope }}]{% for x in nope %}x{% endfor %}' >t.j2
	assertEquals 'nothing is missing' '[]' "$(pth-render -n --jinja -t t.j2)"
	assertEquals 'nor here' '[]' "$(pth-render -n --panther -t t.j2)"
	run pth-render -n -t t.j2
	assertCode 3
}

testErrorsHaveAPosition() {
	printf 'a\n  {{ nme }}\n' >t.j2
	run pth-render -n -t t.j2 -v name=x
	assertCode 3
	assertMatch "$err" "t\.j2:2:6: 'nme' is undefined; did you mean 'name'\?"
	run pth-render -n -t missing.j2
	assertCode 3
	assertMatch "$err" 'missing.j2'
	printf 'a: [\n' >d.yaml
	run pth-render -n -t t.j2 --data d.yaml
	assertCode 3
	assertMatch "$err" 'd\.yaml:'
	echo '- 1' >d.yaml
	run pth-render -n -t t.j2 --data d.yaml
	assertCode 3
	assertMatch "$err" 'd\.yaml:1:1: expected a map'
}

# A test that cannot be rendered goes on with its reason; the others too.
testOneBadRecord() {
	printf '{{ 4 // (n - 1) }}\n' >t.j2
	records >in
	run pth-render -t t.j2 -o '{{ id }}.txt' <in
	assertCode 3
	assertMatch "$err" '001-a: t\.j2:1:6: division by zero'
	assertMatch "$out" '"id":"001-a".*"error":.*"stage":"render".*division by zero'
	assertMatch "$out" '"id":"002-b".*"n":2}$'
	assertEquals 4 "$(cat 002-b.txt)"
	assertTrue 'no half file' '[ ! -e 001-a.txt ]'
	printf '%s\n' "$out" | PTH_EVENTS=none pth-render -t t.j2 >again
	assertEquals 'a record with an error is not rendered' 4 "$(cat again)"
}

testIncludesStayBelow() {
	mkdir -p dir/sub
	printf 'in {{ n }}' >dir/sub/i.j2
	printf 'secret' >secret
	printf '{%% include "sub/i.j2" %%}' >dir/t.j2
	run pth-render -n -t dir/t.j2 -v n=1
	assertEquals 'in 1' "$out"
	for path in ../secret "$PWD/secret" sub/../../secret; do
		printf '{%% include "%s" %%}' "$path" >dir/t.j2
		run pth-render -n -t dir/t.j2
		assertCode 3
		assertEquals '' "$out"
	done
	ln -s "$PWD/secret" dir/link
	printf '{%% include "link" %%}' >dir/t.j2
	run pth-render -n -t dir/t.j2
	assertCode 3
}

testTemplatesAreFiles() {
	mkdir -p dir/sub
	rm -f dir/fifo fifo && mkfifo dir/fifo fifo
	for what in fifo sub; do
		printf '{%% include "%s" %%}' $what >dir/t.j2
		run timeout 60 pth-render -n -t dir/t.j2
		assertCode 3
	done
	printf 'n is {{ n }}' >fifo & # but what the command line names may be a pipe
	run timeout 60 pth-render -n -t fifo -v n=1
	assertEquals 'n is 1' "$out"
}

testOutputStaysBelow() {
	mkdir -p base outside
	ln -s ../outside base/link
	records >in
	for path in '../x-{{ id }}' '/tmp/pth-x-{{ id }}' 'a/../../x-{{ id }}' '{{ "" }}' \
		'link/{{ id }}' 'dir/'; do
		run pth-render -t t.j2 -C base -o "$path" <in
		assertNotEquals "$path" 0 "$code"
	done
	assertEquals '' "$(ls outside)"
	assertEquals '' "$(find . -name 'x-*')"
	run pth-render -t t.j2 -o same <in
	assertCode 3
	assertMatch "$err" 'two records with this path'
}

testUsage() {
	for words in '' '-t' '-t t.j2 more' '-x' '-t t.j2 -v noequals' '-t t.j2 -C .'; do
		# shellcheck disable=SC2086 # words
		run pth-render $words </dev/null
		assertCode 2
		assertMatch "$err" '^usage: pth-render'
	done
	run pth-render -h
	assertCode 0
	assertMatch "$out" '^usage: pth-render'
}

testStreamAndOutputFailures() {
	records | head -1 >in
	run pth-render -t t.j2 <in
	assertCode 4
	assertMatch "$err" 'incomplete'
	if [ -w /dev/full ]; then
		records >in
		run sh -c 'pth-render -t t.j2 <in >/dev/full'
		assertCode 4
	fi
	echo '{' >in
	run pth-render -t t.j2 <in
	assertCode 3
}

# ---- script.sh.j2 ----

# A plan with everything in it, and words that a shell would like to eat.
plan() {
	cat <<'JSON' | tr -d '\n'
{"pth":1,"type":"test","run":"r","id":"001-x","index":1,"of":1,
"name":"a \"b\"\n$(touch pwned)","plan":{
"environment":{"type":"localhost","isolation":"full"},"timeout_us":60000000,"wait_us":null,
"setup":[{"argv":["sh","-c","echo setup >\"$1\"","sh","@{dir}/set up.txt"],
  "critical":true,"timeout_us":5000000},
 {"argv":["false"],"critical":false,"timeout_us":1000000}],
"capture":{"interface":"lo","file":"c.pcapng"},"order":["server","client"],
"services":[
{"name":"server","plugin":"p","role":"server","finite":false,"after":[],"dirs":["q log"],
 "files":[{"path":"www/a b.txt","text":"it's $HOME\n`id`\\n"},
  {"path":"data.bin","size":1000,"seed":1}],
 "environment":{"WORD":"a 'b' \"c\" $(id) ;*"},
 "phases":{"pre_run":[{"argv":["sh","-c","pwd >here"],"critical":true,"timeout_us":5000000}],
  "run":{"argv":["sh","-c",
   "trap 'echo asked; exit 0' INT; printf '%s\\n' \"$WORD\" \"$@\"; echo up;
 while :; do sleep 0.05; done",
   "sh","x y","$(touch pwned)","'","@{dir}/z"],"timeout_us":60000000},
  "post_run":[{"argv":["touch","after"],"timeout_us":20000000}]},
 "ready":[{"kind":"log","matches":"^up$","timeout_us":5000000},
  {"kind":"file","path":"@{dir}/server/here","timeout_us":1000000},
  {"kind":"command","argv":["test","-d","@{dir}/server"]},{"kind":"delay","us":10000}],
 "stop":{"signal":"INT","grace_us":20000000},"requires":[{"program":"sh","package":"dash"}]},
{"name":"client","plugin":"p","role":"client","finite":true,"target":"server",
 "after":[{"service":"server","state":"ready"}],"dirs":[],"files":[],"environment":{},
 "phases":{"run":{"argv":["cat","@{dir}/server/www/a b.txt"],"env":{"A":"b"},
  "timeout_us":5000000}},"ready":[],
 "stop":{"signal":"TERM","grace_us":1000000},"requires":[]}]}}
JSON
	echo
	echo '{"pth":1,"type":"end","tests":1}'
}

script() { # plan on stdin
	pth-render -t script.sh.j2 -o '{{ id }}.sh' >passed
}
shells=$(command -v dash || echo sh)

testScriptRuns() {
	plan | script
	assertEquals 0 $?
	run $shells 001-x.sh
	assertCode 0
	assertTrue 'no command of a name was run' '[ -z "$(find . -name pwned)" ]'
	printf "it's \$HOME\n\`id\`\\\\n" >want
	assertTrue 'the text of the file' 'cmp want "001-x/server/www/a b.txt"'
	assertTrue 'the client printed it' 'cmp want 001-x/client/stdout.log'
	assertEquals 1000 "$(wc -c <001-x/server/data.bin)"
	printf '%s\n' "a 'b' \"c\" \$(id) ;*" 'x y' '$(touch pwned)' "'" "$PWD/001-x/z" up \
		asked >want
	assertEquals "$(cat want)" "$(cat 001-x/server/stdout.log)"
	assertEquals setup "$(cat '001-x/set up.txt')"
	assertEquals "$PWD/001-x/server" "$(cat 001-x/server/here)"
	assertTrue 'post_run was run' '[ -e 001-x/server/after ]'
	assertTrue 'the directory is made' '[ -d "001-x/server/q log" ]'
	run $shells 001-x.sh
	assertCode 2
	assertMatch "$err" 'is there already'
}

# gone: nothing is left of the server.
gone() { ! pgrep -f "$PWD/two/z"; }

testScriptFails() {
	plan | sed 's/"argv":\["cat",/"argv":["false",/' | script
	run $shells 001-x.sh one
	assertCode 1
	assertMatch "$err" 'client ended with 1'
	assertMatch "$err" 'server is stopped'
	plan |
		sed 's/"\^up\$"/"^never$"/
		s/\("timeout_us":\)5000000\(},  *{"kind":"file"\)/\1200000\2/' | script
	run $shells 001-x.sh two
	assertCode 1
	assertMatch "$err" 'server is not ready in time'
	assertSoon 20 gone # it is killed, and ends when it has the processor again
	plan | sed 's/"program":"sh"/"program":"no-such-program"/' | script
	run $shells 001-x.sh three
	assertCode 3
	assertMatch "$err" 'needs no-such-program \(package dash\)'
	assertTrue 'nothing was begun' '[ ! -e three ]'
}

real_script() {
	free_port # the script is for the host's network
	sed "s/4443/$port/g" "$TOP/examples/ping-pong.yaml" >ping.yaml
	PTH_EVENTS=none pth-parse ping.yaml >p
	assertEquals 'parsed' 0 $?
	PTH_EVENTS=none pth-plan <p >planned
	assertEquals 'planned' 0 $?
	script <planned
	assertEquals 0 $?
}

testScriptOfARealPlan() {
	real_script
	PTH_LIBEXEC=$TOP/examples/minip run $shells ./*.sh here
	assertCode 0
	assertMatch "$(cat here/client/stdout.log here/server/stdout.log)" 'pong 5'
}

testScriptOfARealPlanIsSound() {
	need shellcheck shellcheck || return
	real_script
	assertEquals '' "$(shellcheck -s sh -e SC2016,SC2317 ./*.sh)"
}

. shunit2
