#!/bin/sh
# pth-collect: what it reads and lists of the files of a test is bounded, and what was left out
# is said and makes no rule hold.
. "$TOP/tests/lib.sh"

setUp() {
	export PTH_EVENTS=none
	mkdir out
}

# A test of two services that ended well, whose files are there. More of it: a jq expression.
add() { # id [jq]
	mkdir -p "out/$1/server" "out/$1/client"
	: >>"out/$1/server/stdout.log"
	: >>"out/$1/server/stderr.log"
	: >>"out/$1/client/stdout.log"
	: >>"out/$1/client/stderr.log"
	jq -cn --arg id "$1" --arg dir "$PTH_TMP/out" '
	def ended(r): {state: "stopped", reason: r, code: 0, signal: null, core: false,
		started_us: 1000, ready_us: 2000, ended_us: 52000, phases: [],
		rusage: {user_us: 10, sys_us: 20, max_rss_kb: 30}};
	{pth: 1, type: "test", run: "demo", id: $id, index: 1, of: 1, name: $id, expect: {},
	services: {server: {name: "server"}, client: {name: "client"}},
	plan: {capture: null, services: [{name: "server", kind: "iut", finite: false},
		{name: "client", kind: "iut", finite: true, target: "server"}]},
	result: {status: "completed", reason: "", duration_us: 60000, attempt: 1, run_dir: $dir,
		dir: $id, started: "2026-01-01T00:00:00.000000Z",
		ended: "2026-01-01T00:00:00.060000Z",
		services: {server: ended("stopped"), client: ended("exit")}}}
	| '"${2:-.}" >>in.jsonl
}

collect() {
	{
		cat in.jsonl
		printf '{"pth":1,"type":"end","tests":%d}\n' "$(grep -c . in.jsonl)"
	} >stream
	run pth-collect --no-tshark "$@" <stream
	assertCode 0
}

value() { # jq path, of the first record
	jq_out -c "select(.type == \"test\") | $1" | head -n 1
}

artifact() { # path [jq]
	value "[.artifacts[] | select(.path == \"$1\")][0] | ${2:-.}"
}

rules() { # word of the rules: [status, [ok or "unknown"]]
	value "[.verdict.status, (.verdict.rules[] | select(.rule | test(\"^$1\")) |
		if .unknown then \"unknown\" else .ok end)]"
}

reason() { # word of the rule
	value ".verdict.rules[] | select(.rule | test(\"^$1\")).text"
}

# Holes are zeros that cost nothing to write: 1 TB would be hashed for hours.
testSparseFiles() {
	add t '.expect.files = [{path: "client/huge", same_as: "server/huge"},
		{path: "client/huge", size: 1099511627776},
		{path: "client/huge", sha256: "00"}]'
	add u '.expect.files = [{path: "holes", same_as: "huge"}]'
	truncate -s 1T out/t/client/huge out/t/server/huge out/u/huge
	echo a >out/u/holes && truncate -s 2T out/u/holes
	truncate -s 100M out/t/client/holes
	echo end >>out/t/client/holes
	echo middle | dd of=out/t/client/holes bs=1M seek=40 conv=notrunc 2>dd.log
	sum=$(sha256sum <out/t/client/holes | cut -d ' ' -f 1)
	: >out/t/client/empty
	truncate -s 5G out/t/client/five
	collect
	assertEquals '[1099511627776,null,"larger than 4 GiB"]' \
		"$(artifact client/huge '[.bytes, .sha256, .unread]')"
	assertEquals '"larger than 4 GiB"' "$(artifact client/five .unread)"
	assertEquals "[\"$sum\",null]" "$(artifact client/holes '[.sha256, .unread]')"
	assertEquals "\"$(: | sha256sum | cut -d ' ' -f 1)\"" \
		"$(artifact client/empty .sha256)"
	assertEquals '["error","unknown",true,"unknown"]' "$(rules file)"
	assertEquals 'known in spite of their length' '"failed"' \
		"$(jq_out -c 'select(.id == "u").verdict.status')"
	assertEquals '"cannot be compared: client/huge, server/huge: larger than 4 GiB"' \
		"$(reason file)"
}

# What nobody may read is listed, and its bytes are known.
testUnreadable() {
	add t
	echo secret >out/t/client/secret && chmod 0 out/t/client/secret
	if [ "$(id -u)" = 0 ]; then
		need_user || return
		chmod 711 "$PTH_TMP"
		chown -R nobody out
		printf '{"pth":1,"type":"end","tests":1}\n' >>in.jsonl
		out=$(as_user pth-collect --no-tshark <in.jsonl 2>/dev/null)
	else
		collect
	fi
	assertEquals '[7,"Permission denied"]' "$(artifact client/secret '[.bytes, .unread]')"
}

testOptions() {
	add t '.expect.files = [{path: "client/b1", same_as: "client/b2"},
		{path: "client/b1", sha256: "00"}]'
	truncate -s 1M out/t/client/a1 out/t/client/a2 out/t/client/a3 out/t/client/a4
	head -c 1048577 /dev/zero >out/t/client/b1
	cp out/t/client/b1 out/t/client/b2
	collect --file-size 1
	assertEquals '["larger than 1 MiB","larger than 1 MiB"]' \
		"$(value '[.artifacts[].unread | select(.)]')"
	assertEquals '["error","unknown","unknown"]' "$(rules file)"
	truncate -s 1M out/t/client/a5
	collect --file-size 1
	assertEquals 'four of the five are 4 MiB' '["too many bytes of other files before it"]' \
		"$(value '[.artifacts[] | select(.path | test("a.$")).unread | select(.)]')"
	run pth-collect --file-size 0 <in.jsonl
	assertCode 2
	run pth-collect --file-time x <in.jsonl
	assertCode 2
}

# A log that never ends, without a byte on the disk.
testSparseLogs() {
	add t '.expect.log = [{service: "client", file: "x.log", not_matches: "ERROR"},
		{service: "client", file: "x.log", matches: "begin"}]'
	echo begin >out/t/client/x.log
	truncate -s 1T out/t/client/x.log
	collect --file-size 16
	assertEquals '["error","unknown",true]' "$(rules log)"
	assertMatch "$(reason log)" 'not all of it can be read'
}

# A record keeps below what the next stage takes, whatever names there are.
testManyLongNames() {
	add t '.expect.files = [{path: "client/stdout.log", exists: true}]'
	name=$(head -c 235 /dev/zero | tr '\0' n)
	mkdir out/t/client/many
	(
		cd out/t/client/many && seq 40000 |
			sed "s/.*/&$(printf '\001\002\003\004\005')$name/" | xargs touch
	)
	collect
	assertEquals 40000 "$(find out/t/client/many -type f | wc -l)"
	assertEquals 'all are counted' 40004 \
		"$(value '(.artifacts | length) + .artifacts_omitted')"
	assertTrue "$(printf %s "$out" | wc -c) bytes" \
		"[ $(printf %s "$out" | wc -c) -lt $((10 << 20)) ]"
	assertEquals 'those of the other service' \
		'["server/stderr.log","server/stdout.log"]' \
		"$(value '[.artifacts[].path | select(startswith("server/"))]')"
	assertEquals 'no rule needs the others' '["passed",true]' "$(rules file)"
	assertMatch "$err" 'files are not listed: there are too many'
	assertMatch "$(value '[.metrics.incomplete[].text] | join(" ")')" 'files are not listed'
	printf '%s\n' "$out" >collected
	run pth-report -o rep collected
	assertCode 0
	assertMatch "$(cat rep/EXPERIMENT_REPORT.md)" 'files are not listed'
	assertEquals 1 "$(jq -s '.[0].artifacts_omitted > 30000' out/t/record.json | grep -c true)"
}

testDeepDirectories() {
	add t
	deep=out/t/client$(head -c 140 /dev/zero | tr '\0' d | sed 's,dd,/d,g')
	mkdir -p "$deep" && : >"$deep/file" && : >"${deep%/d/d/d/d/d/d/d}/other"
	collect
	assertEquals 1 "$(value '[.artifacts[].path | select(endswith("/other"))] | length')"
	assertEquals 0 "$(value '[.artifacts[].path | select(endswith("/file"))] | length')"
	assertMatch "$err" 'directories more than 64 deep are not listed'
}

# shellcheck disable=SC1091
. shunit2
