# shellcheck shell=sh
# shellcheck disable=SC1083,SC2034 # @{dir} is literal; the tests read them
# For tests that run pth-exec on plans made by hand. Read after lib.sh.

# one JSON SERVICE...: a plan of one test "t"; JSON is merged into its record.
one() {
	over=$1
	shift
	rec t "$@"
	end 1
}

# exec_one JSON SERVICE...: run that test in ./out; its result is $out then.
exec_one() {
	over=$1
	shift
	rm -rf out
	exec1 "$@"
}

# Server and client of the ping-pong protocol, as two services of exec_one.
minip() { # count
	minip_server=$(svc server '{"finite": false, "stop": {"signal": "INT"},
		"ready": [{"kind": "udp", "port": 4443,
		  "timeout_us": 30000000}]}' @{libexec}/miniP_server -p 4443)
	minip_client=$(svc client '{"after": [{"service": "server", "state": "ready"}]}' \
		@{libexec}/miniP_client -p 4443 -i 127.0.0.1 -n "$1")
}
