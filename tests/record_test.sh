#!/bin/sh
# The tables of io/record.h, pth-record(5), and what the tools write are the same.
# timeout: 300
. "$TOP/tests/lib.sh"

record=$TOP/$PTH_BUILD/unit/record
export PTH_EVENTS=none

# "kind key" for each key that the page has in a block `.\" keys KIND`, which
# ends with the next such line or with `.\" end`.
page_keys() {
	awk '
		$1 == ".\\\"" { kind = $2 == "keys" ? $3 : ""; next }
		kind == "" || !/^\./ { next }
		{
			on = 0
			for (i = 1; i <= NF; i++) {
				if ($i ~ /^\.?[A-Z][a-z]$/) { on = $i ~ /Cm$/; continue }
				if (on && $i == ":") on = 0
				if (on && $i ~ /^[a-z][a-z0-9_]*$/) print kind, $i
			}
		}' "$TOP/man/pth-record.5" | sort -u
}

# Kinds whose keys pth-experiment(5) and pth-plugin(5) have.
elsewhere='netenv exenv given impl proto net volume limits gcap act look settings metadata
	logging paths docker usermap shown failing sampling observers observer recipe gotten'

testPageHasTheKeysOfTheTables() {
	"$record" --keys | awk -v elsewhere="$elsewhere" '
		BEGIN { n = split(elsewhere, v); for (i = 1; i <= n; i++) other[v[i]] = 1 }
		!($1 in other) { print $1, $3 }' | sort -u >tables
	page_keys >page
	assertTrue "$(wc -l <tables) keys" "[ $(wc -l <tables) -gt 300 ]"
	assertEquals 'in the tables only' '' "$(comm -23 tables page)"
	assertEquals 'on the page only' '' "$(comm -13 tables page)"
}

testDescriptorsMayHaveWhatWeRead() {
	"$record" --keys | awk '$1 == "recipe" && $3 != "at" { print $3 }' >keys
	assertTrue '[ -s keys ]'
	while read -r key; do
		assertTrue "docker.$key" "grep -qE '(\"|K\()${key}[\",]' '$TOP/lib/plugin/key.c'"
	done <keys
}

check() { # kind file...: all members are in the tables
	assertEquals "$1" '' "$("$record" --check "$@" 2>&1 | sort -u)"
}

testRecordsOfRuns() {
	for name in ping-pong minip-versions steps; do
		pth-parse "$TOP/examples/$name.yaml" | tee parsed | pth-plan | tee planned |
			pth-exec -o "out-$name" | tee executed | pth-collect >collected
		assertTrue "$name has results" \
			'grep -q "\"result\"" collected && grep -q "\"verdict\"" collected'
		check record parsed planned executed collected
		pth-report <collected >/dev/null
		check summary "out-$name/experiment_summary.json"
	done
	find . -name metrics.jsonl >samples
	assertTrue 'there are samples' '[ -s samples ]'
	while read -r file; do check sample "$file"; done <samples
}

testRecordsOfContainers() {
	for name in minip-docker quic-docker; do
		pth-parse "$TOP/examples/$name.yaml" | pth-plan | pth-compose >composed
		assertTrue "$name" 'grep -q "\"compose\"" composed'
		check record composed
		jq -r '(.compose.plan.files // [])[] |
			select(.path | test("^docker/.*json$")) | .text' composed >inside
		assertTrue "$name: files of containers" '[ -s inside ]'
		check inside inside
	done
}

# A check that can never fail is worth nothing.
testCheckFindsWhatIsWrong() {
	echo '{"type":"test","id":3,"plan":{"services":[{"name":"a","stop":{"grace":1}}]}}' >bad
	"$record" --check record bad >said
	assertEquals 1 $?
	assertEquals 'test.id: not of type str
test.plan.services.stop.grace: not in the table of stop' "$(cat said)"
}

. shunit2
