#!/bin/sh
# A client that was answered with anything but 2xx is never a pass, whatever the
# program itself makes of it: each client of share/plugins that is on this machine.
# timeout: 300
# shellcheck disable=SC2154 # $out comes from run
. "$TOP/tests/lib.sh"

# Those of make peers.
PATH=$PATH:/usr/sbin
home=$(getent passwd "$(id -u)" | cut -d: -f6)
for dir in "$home"/.cache/pth/peers/*/bin; do PATH=$PATH:$dir; done

# fetch CLIENT REQUESTS [MORE [SERVER]]: "status: summary" of a test in which it asks the server,
# which has www/index.html and www/data.bin. MORE: more of its implementation.
fetch() {
	rm -rf out
	cat >x.yaml <<-Y
	tests:
	  - name: t
	    network_environment: {type: localhost}
	    services:
	      server:
	        implementation: {name: ${4:-ngtcp2}, type: iut}
	        protocol: {name: ${protocol:-quic}, role: server}
	        ports: ["4443:4443"]
	        generate_new_certificates: true
	        files: [{path: www/data.bin, size: 100kB, seed: 1}, {path: www/b.bin, size: 9}]
	      client:
	        implementation: {name: $1, type: iut, requests: $2${3:+, $3}}
	        protocol: {name: ${protocol:-quic}, role: client, target: server}
	        timeout: 20
	Y
	PTH_EVENTS=none run sh -c 'pth-parse x.yaml | pth-plan | pth-exec -o out | pth-collect'
	assertCode 0
	jq_out -r 'select(.id) | "\(.verdict.status): \(.verdict.summary) \(.error.message // "")"'
}

quic_client() { # client
	program=$(case $1 in
	ngtcp2) echo gtlsclient ;;
	aioquic) echo http3_client.py ;;
	quic_go) echo quic-go-client ;;
	*) echo "$1-client" ;;
	esac)
	need "$program" "make peers" || return
	need gtlsserver ngtcp2-server || return
	assertMatch "$(fetch "$1" '[/data.bin]' 'alpn: h3')" '^passed: '
	assertMatch "$(fetch "$1" '[/nope]' 'alpn: h3')" '^failed: '
}

testNgtcp2() {
	quic_client ngtcp2 || return
	assertMatch "$(cat out/*/client/stderr.log)" 'status: 404'
	page=$(find out/*/client/downloads -name nope -size +0 | wc -l)
	assertEquals 'the page was saved' 1 "$page"
	assertMatch "$(fetch ngtcp2 '[/nope]')" \
		'^failed: .*not every answer had a status of 2xx: 1 line: .*, at most 0 wanted'
	# One of several; and what the server has, but not by the experiment.
	assertMatch "$(fetch ngtcp2 '[/data.bin, /nope]')" '^failed: .*a status of 2xx'
	assertMatch "$(fetch ngtcp2 '[/data.bin]' 'known: false')" '^passed: '
	assertMatch "$(fetch ngtcp2 '[/b.bin, data.bin]')" '^passed: '
	# With nothing to compare there is a log, else none.
	assertEquals 0 "$(wc -c <"$(echo out/*/client/stderr.log)")"
	assertMatch "$(fetch ngtcp2 '[/nope]' 'quiet: false')" '^failed: .*a status of 2xx'
}

# It ends with 0 when nobody answers.
testNgtcp2WithoutAnswer() {
	need gtlsclient ngtcp2-client || return
	cat >x.yaml <<-'Y'
	tests:
	  - name: t
	    network_environment: {type: localhost}
	    services:
	      server:
	        implementation: {name: command, type: testers,
	          command: [sh, -c, "socat -u UDP-RECV:4443 OPEN:/dev/null & sleep 2"]}
	        protocol: {name: quic, role: server}
	        ports: ["4443:4443"]
	        generate_new_certificates: true
	      client:
	        implementation: {name: ngtcp2, type: iut, requests: [], handshake_timeout: 500ms,
	          idle_timeout: 1s}
	        protocol: {name: quic, role: client, target: server}
	Y
	PTH_EVENTS=none run sh -c 'pth-parse x.yaml | pth-plan | pth-exec -o out2 | pth-collect'
	assertEquals failed "$(jq_out -r 'select(.id).verdict.status')"
	assertMatch "$(jq_out -r 'select(.id).verdict.rules[] | select(.ok == false).text')" \
		'a status of 2xx: .*at least 1 wanted'
}

testAioquic() {
	quic_client aioquic || return
	assertMatch "$(cat out/*/client/status.log)" '"value": "404"'
	# The project's own example ends with 0: then the rule alone speaks.
	mkdir -p fake
	real=$(command -v http3_client.py)
	printf '#!/bin/sh\n%s "$@"\nexit 0\n' "$real" >fake/http3_client.py
	chmod +x fake/http3_client.py
	assertMatch "$(PATH=$PTH_TMP/fake:$PATH fetch aioquic '[/nope]')" \
		'^failed: .*not every answer had a status of 2xx'
	assertMatch "$(PATH=$PTH_TMP/fake:$PATH fetch aioquic '[/data.bin]')" '^passed: '
}

testQuiche() {
	quic_client quiche
}

testQuinn() {
	quic_client quinn
}

testQuicGo() {
	quic_client quic_go
}

# What the projects' own examples write, where those of make peers end with 1.
testWhatExamplesSay() {
	need gtlsserver ngtcp2-server || return
	mkdir -p say
	export PATH="$PTH_TMP/say:$PATH"
	say() { # program text
		printf '#!/bin/sh\nmkdir -p downloads\necho page >downloads/nope\n%s\n' \
			"$2" >"say/$1"
		chmod +x "say/$1"
	}
	for n in 200 404; do
		want=$([ $n = 200 ] && echo passed || echo failed)
		say quiche-client \
			"echo 'INFO got response headers [(\":status\", \"$n\")] on 0' >&2"
		assertMatch "quiche $n $(fetch quiche '[/nope]')" "^quiche $n $want: "
		say quic-go-client "echo 'Got response: &http.Response{StatusCode:$n, Proto' >&2"
		assertMatch "quic_go $n $(fetch quic_go '[/nope]')" "^quic_go $n $want: "
		say http_client "echo 'HTTP/1.1 $n X' >downloads/nope"
		assertMatch "lsquic $n $(fetch lsquic '[/nope]')" "^lsquic $n $want: "
	done
	say quinn-client 'echo "failed to process request: no such file"'
	assertMatch "$(fetch quinn '[/nope]')" '^failed: .*the server had no such file'
	say quinn-client 'echo "a file"'
	assertMatch "$(fetch quinn '[/nope]')" '^passed: '
}

testCurl() {
	need curl curl || return
	need nginx nginx-light || return
	mkdir 'a directory' && cd 'a directory' || return # whose name is two words
	protocol=http
	assertMatch "$(fetch curl '[/data.bin]' '' nginx)" '^passed: '
	assertMatch "$(fetch curl '[/nope]' '' nginx)" '^failed: '
	assertMatch "$(fetch curl '[/data.bin, /nope]' '' nginx)" '^failed: '
	protocol=''
}

. shunit2
