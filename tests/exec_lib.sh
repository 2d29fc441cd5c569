# shellcheck shell=sh
# shellcheck disable=SC1083,SC2034 # @{dir} is literal; the tests read them
# For tests that run pth-exec on plans made by hand. Read after lib.sh.

# The record of a test "t", merged with the JSON, and the end of the stream.
rec() { # json service...
	rec_json=$1
	shift
	printf '%s\n' "$@" | jq -cs --argjson over "$rec_json" '
		map(if type == "array" then .[0] * .[1] else . end) |
		{pth: 1, type: "test", run: "hand", id: "t", index: 1, of: 1, name: "t",
		 services: (map({key: .name, value: {}}) | from_entries),
		 plan: {environment: {type: "localhost", isolation: "full"}, timeout_us: 30000000,
		        setup: [], capture: null, order: [.[].name], services: .}} * $over'
	echo '{"pth":1,"type":"end","tests":1}'
}

# exec1 JSON SERVICE...: run the test in ./out; its result is $out then.
exec1() {
	rm -rf out
	rec "$@" >plan.jsonl
	run pth-exec -o out plan.jsonl
	printf '%s\n' "$out" >records
	out=$(jq -c 'select(.type == "test").result' records)
}

field() { # jq expression over the result
	jq_out -r "$1"
}

# Server and client of the ping-pong protocol, as two services of exec1.
minip() { # count
	minip_server=$(svc server '{"finite": false, "stop": {"signal": "INT"},
		"ready": [{"kind": "udp", "port": 4443,
		  "timeout_us": 5000000}]}' @{libexec}/miniP_server -p 4443)
	minip_client=$(svc client '{"after": [{"service": "server", "state": "ready"}]}' \
		@{libexec}/miniP_client -p 4443 -i 127.0.0.1 -n "$1")
}
