#!/bin/sh
# pth-spread over ssh, by GNU parallel: two hosts, which are two sshd of this machine.
# timeout: 300
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
		/^ *packets:/,/filter/d' "$TOP/examples/ping-pong.yaml" >e.yaml
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
		"$(find "$HOME/.parallel/tmp" -name plan.jsonl 2>/dev/null)"
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

. shunit2
