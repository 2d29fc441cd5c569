#!/bin/sh
# What is emitted is listed in pth-events(5), and what is listed is emitted.
. "$TOP/tests/lib.sh"

emitted() {
	for file in "$TOP"/lib/*.c "$TOP"/bin/*.c; do
		[ -f "$file" ] && tr '\n\t' '  ' <"$file" && echo
	done | grep -oE 'pth_event\( *"[^"]*"' | sed 's/.*"\(.*\)"/\1/'
	# Messages become events inside event.c, by name.
	grep -ohE '"tool\.[a-z]+"' "$TOP/lib/event.c" | tr -d '"'
}

listed() {
	sed -n 's/^\.It Ic \([a-z_]*\.[a-z_.]*\).*/\1/p' "$TOP/man/pth-events.5"
}

testEmittedIsListed() {
	emitted | sort -u >are_emitted
	listed | sort >are_listed
	assertTrue 'events are emitted' '[ -s are_emitted ]'
	assertEquals 'emitted, not in man/pth-events.5' '' "$(comm -23 are_emitted are_listed)"
}

testListedIsEmitted() {
	emitted | sort -u >are_emitted
	listed | sort >are_listed
	assertTrue 'events are listed' '[ -s are_listed ]'
	assertEquals 'in man/pth-events.5, never emitted' '' "$(comm -13 are_emitted are_listed)"
	assertEquals 'listed twice' '' "$(uniq -d are_listed)"
}

testNamesAreEntityVerb() {
	for name in $(emitted); do
		echo "$name" | grep -qE '^(tool|experiment|test|service|environment|plugin|command|compile|step|assertion|link|capture|artifact|metric|verdict|report|run)\.[a-z][a-z_]*$'
		assertTrue "$name is not entity.verb" $?
	done
}

# A real run: every line on stderr is one object with the common fields.
testEventsOfARun() {
	need tshark tshark || return
	PTH_EVENTS=json pth-parse "$TOP/examples/ping-pong.yaml" 2>>stderr |
		PTH_EVENTS=json pth-plan 2>>stderr |
		PTH_EVENTS=json pth-exec -o out 2>exec.err |
		PTH_EVENTS=json pth-collect 2>>stderr |
		PTH_EVENTS=json pth-report >/dev/null 2>>stderr
	cat exec.err >>stderr
	assertTrue 'there are events' '[ -s exec.err ]'
	assertEquals '' "$(jq -rc 'select((.pth == 1 and (.event | type == "string") and (.t | test("^[0-9-]+T[0-9:.]+Z$"))
		and (.us | type == "number") and (.tool | startswith("pth-")) and (.pid | type == "number")) | not)' stderr 2>&1)"
	assertEquals 'longer than 4096 bytes' '' "$(grep -E '.{4096}' stderr)"
	jq -r .event stderr | sort -u >names
	listed | sort >are_listed
	assertEquals 'not listed' '' "$(comm -23 names are_listed)"
}

. shunit2
