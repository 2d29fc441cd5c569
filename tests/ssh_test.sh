#!/bin/sh
# pth-spread over ssh, by GNU parallel: two hosts, which are two sshd of this machine.
# timeout: 600
. "$TOP/tests/lib.sh"
own_world --net
export PTH_EVENTS=none

oneTimeSetUp() {
	lacking=''
	PATH=$PATH:/usr/sbin:/sbin
	for program in sshd ssh rsync parallel; do
		command -v $program >/dev/null || lacking=$program
	done
	[ "$(id -u)" = 0 ] && [ -n "$PTH_OWN_NET" ] || lacking='root and namespaces'
	[ -z "$lacking" ] || return 0
	ip address add 10.77.0.1/32 dev lo
	mount -t tmpfs tmpfs /run && mkdir /run/sshd # of our namespace
	# What bash reads for each command that comes by ssh may take its time.
	far_home=$(getent passwd root | cut -d: -f6)
	[ ! -f "$far_home/.bashrc" ] || mount --bind /dev/null "$far_home/.bashrc"
	# The places of jobs there have numbers of processes in their names, which others have, too.
	mkdir -p "$far_home/.parallel" && mount -t tmpfs tmpfs "$far_home/.parallel"
	for key in host1 host2 user; do ssh-keygen -q -t ed25519 -N '' -f $key; done
	for n in 1 2; do
		cat >sshd$n.conf <<-end
		Port 1702$n
		ListenAddress 127.0.0.1
		HostKey $PWD/host$n
		PidFile $PWD/sshd$n.pid
		AuthorizedKeysFile $PWD/user.pub
		StrictModes no
		UsePAM no
		PermitRootLogin yes
		end
		echo "[127.0.0.1]:1702$n $(cat host$n.pub)" >>known
		"$(command -v sshd)" -D -e -f "$PWD/sshd$n.conf" >sshd$n.out 2>&1 &
	done
	cat >config <<-end
	Host h1
	  Port 17021
	Host h2
	  Port 17022
	Host h3
	  Port 17023
	Host h*
	  HostName 127.0.0.1
	  User root
	  IdentityFile $PWD/user
	  UserKnownHostsFile $PWD/known
	  StrictHostKeyChecking yes
	  BatchMode yes
	end
	for n in 1 2; do
		for i in $(seq 100); do
			! ssh -F config h$n true 2>/dev/null </dev/null || break
			sleep 0.1
		done
	done
}

# spread HOSTS OPTION...: in goes there and comes back as the file spread; $?
spread() {
	hosts=$1
	shift
	rm -rf out
	pth-spread --parallel -o out "$@" -- --ssh "ssh -F $PWD/config" --sshlogin "$hosts" \
		<in >spread 2>err
}

far() {
	[ -z "$lacking" ] || skip "needs ssh to this machine: $lacking"
}

testTwoHundredPingPongs() {
	far || return
	# Packets are counted elsewhere; that takes a tshark for each test.
	sed 's/^\( *\)network_environment:/\1iterations: 200\n&/
		/^ *packets:/,/filter/d
		/^ *client:/,/protocol/ s/type: iut/&, wait_ms: 15000/' \
		"$TOP/examples/ping-pong.yaml" >e.yaml
	assertEquals 1 "$(grep -c wait_ms e.yaml)"
	pth-parse e.yaml | pth-plan >in
	pth-exec -q -o alone <in >alone.jsonl
	spread h1,h2 --chunk 50
	assertEquals "$(cat err)" 0 $?
	for file in alone.jsonl spread; do
		pth-collect --no-tshark <$file |
			jq -c 'select(.id) | [.id, .verdict.status, .verdict.ok]' >$file.verdicts
	done
	assertEquals '200 passed' "$(jq -r '.[1]' alone.jsonl.verdicts | sort | uniq -c | xargs)"
	assertTrue 'as on one machine' 'cmp alone.jsonl.verdicts spread.verdicts'
	assertEquals "$(end 200)" "$(tail -n 1 spread)"
	assertEquals 200 "$(find out -mindepth 1 -maxdepth 1 -name '[0-9]*' | wc -l)"
	assertEquals 'both hosts were at work' 2 "$(grep -l 'Accepted publickey' sshd[12].out |
		wc -l)"
	assertEquals 'nothing stays there' '' \
		"$(find "$far_home/.parallel/tmp" -name plan.jsonl 2>/dev/null)"
}

testHostsThatRefuse() {
	far || return
	{ rec t "$(svc s '{}' true)" && end 1; } >in
	spread h3 --tries 1
	assertEquals 0 $?
	assertEquals error "$(jq -r 'select(.id).result.status' spread)"
	assertMatch "$(jq -r 'select(.id).result.reason' spread)" \
		'^part 1: engine parallel has ended with exit code [0-9]+ before it: .*refused'
	: >known.empty
	sed -i 's/known$/known.empty/' config
	spread h1 --tries 1
	assertMatch "$(jq -r 'select(.id).result.reason' spread)" 'Host key verification failed'
	sed -i 's/known.empty$/known/' config
}

# The other side has none of our tools: here they are where nobody else sees them.
testSend() {
	far || return
	{ rec t "$(svc s '{}' pwd)" && end 1; } >in
	mkdir -p tree/bin tree/libexec
	cat >alone.sh <<-'end'
	mount -t tmpfs tmpfs tree && mkdir -p tree/bin tree/share tree/libexec &&
	cp "$(command -v pth-spread)" "$(command -v pth-exec)" tree/bin &&
	cp -RL "$TOP/share" tree/share/pth && cp -R "$TOP/examples/minip" tree/libexec/pth &&
	unset PTH_SHARE && exec tree/bin/pth-spread "$@" <in
	end
	for send in '' --send; do
		rm -rf out
		# shellcheck disable=SC2086 # a word or none
		unshare -m sh alone.sh --parallel $send --tries 1 -o out -- \
			--ssh "ssh -F $PWD/config" --sshlogin h1 >spread 2>err
		assertEquals "$(cat err)" 0 $?
		jq -r 'select(.id).result.status' spread >>statuses
		jq -r 'select(.id).result.reason // empty' spread >>reasons
	done
	assertEquals "without and with: $(cat reasons)" 'error completed' "$(xargs <statuses)"
	assertMatch "$(cat out/t/s/stdout.log)" "^$far_home/.parallel/tmp/"
	assertEquals 'nothing stays there' '' \
		"$(find "$far_home/.parallel/tmp" -name tree -o -name 'tree.tar*' 2>/dev/null)"
}

# tree PID: it and all that have come of it.
tree() {
	echo "$1"
	for child in $(pgrep -P "$1"); do tree "$child"; done
}

# One host goes away half way; the other one does its parts.
testHostThatVanishes() {
	far || return
	for n in $(seq 12); do
		rec "$n-t" "$(svc s '{}' sh -c "echo $n >>$PTH_TMP/ran; sleep 0.5")" |
			jq -c ".index = $n | .of = 12 | .plan.environment.isolation = \"none\""
	done >in
	end 12 >>in
	rm -f ran
	spread h1,h2 --chunk 3 &
	pid=$!
	until [ -s ran ] && [ "$(wc -l <ran)" -gt 2 ]; do sleep 0.05; done
	host=$(cat sshd2.pid)
	# The daemon, and what it has started: a host that has lost its power. All are stopped
	# first, so that none sees another one die. Between two connections it has nobody.
	for i in $(seq 200); do
		dead=$(stop_all tree "$host")
		[ "$(echo "$dead" | wc -w)" = 1 ] || break
		kill -CONT "$host"
		sleep 0.05
	done
	# shellcheck disable=SC2086 # numbers
	kill -KILL $dead 2>/dev/null
	assertTrue 'it was at work' "[ $(echo "$dead" | wc -w) -gt 1 ]"
	wait $pid
	assertEquals "$(cat err)" 0 $?
	assertEquals '12 completed' "$(jq -r 'select(.id).result.status' spread | sort | uniq -c |
		xargs)"
	assertEquals "$(seq 12 | sed 's/$/-t/' | xargs)" "$(jq -r '.id // empty' spread | xargs)"
	assertEquals "$(end 12)" "$(tail -n 1 spread)"
}

. shunit2
