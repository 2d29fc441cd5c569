#!/bin/sh
# pth-spread on a real Slurm: a controller and two nodes, all on this machine.
# timeout: 1200
. "$TOP/tests/lib.sh"
own_world --net
export PTH_EVENTS=none

# A node of this host; its pid in the file NAME.pid. Its jobs are in its session.
node() { # name
	setsid slurmd -D -N "$1" >"$1.out" 2>&1 &
	echo $! >"$1.pid"
}

nodes() { # number: so many are ready
	for i in $(seq 300); do
		states=$(timeout 5 sinfo -h -N -o %t 2>/dev/null)
		[ "$(echo "$states" | grep -cE '^(idle|mix|alloc)$')" != "$1" ] || return 0
		sleep 0.1
	done
	# What the daemons wait for, too: one of them has been seen that said nothing at all.
	fail "$1 nodes: $(sinfo -N 2>&1; tail -n 5 ./*.out; for file in n?.pid; do
		ps -o pid,ppid,stat,wchan:30,args -p "$(cat "$file")"
		cat "/proc/$(cat "$file")/stack"
	done 2>&1)"
}

oneTimeSetUp() {
	lacking=''
	for program in sbatch slurmctld slurmd munged; do
		command -v $program >/dev/null || lacking=$program
	done
	PATH=$PATH:/usr/sbin:/sbin
	[ "$(id -u)" = 0 ] && [ -n "$PTH_OWN_NET" ] || lacking='root and namespaces'
	[ -z "$lacking" ] || return 0
	# Names are looked for only where there is an address that is not the loopback's.
	ip address add 10.77.0.1/32 dev lo
	mkdir -p munge state spool/n1 spool/n2
	head -c 1024 /dev/urandom >munge/key && chmod 600 munge/key
	munged --force --foreground --key-file="$PWD/munge/key" --socket="$PWD/munge/sock" \
		--pid-file="$PWD/munge/pid" --log-file="$PWD/munge/log" \
		--seed-file="$PWD/munge/seed" >munge.out 2>&1 &
	for i in $(seq 200); do
		[ ! -S munge/sock ] || break
		sleep 0.05
	done
	host=$(hostname -s)
	cat >slurm.conf <<-end
	ClusterName=pth
	SlurmctldHost=$host(127.0.0.1)
	SlurmctldPort=17000
	SlurmUser=root
	AuthType=auth/munge
	AuthInfo=socket=$PWD/munge/sock,cred_expire=30
	CredType=cred/munge
	StateSaveLocation=$PWD/state
	SlurmdSpoolDir=$PWD/spool/%n
	SlurmctldPidFile=$PWD/controller.pid
	SlurmdPidFile=$PWD/spool/%n.pid
	ProctrackType=proctrack/linuxproc
	TaskPlugin=task/none
	SelectType=select/cons_tres
	SelectTypeParameters=CR_CPU
	SwitchType=switch/none
	MpiDefault=none
	ReturnToService=2
	SlurmdTimeout=10
	KillWait=30
	MaxArraySize=11
	SlurmdParameters=config_overrides
	SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
	NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=17001 CPUs=2
	NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=17002 CPUs=2
	PartitionName=debug Nodes=n1,n2 Default=YES State=UP
	end
	export SLURM_CONF="$PWD/slurm.conf"
	slurmctld -D -c >controller.out 2>&1 &
	node n1
	node n2
	nodes 2
}

slurm() {
	[ -z "$lacking" ] || skip "needs Slurm on this machine: $lacking (package slurm-wlm)"
}

# plan N SCRIPT: N tests; each leaves its number in the file ran.
plan() {
	rec x "$(svc s '{"timeout_us": 200000000}' sh -c "echo @N >>$PTH_TMP/ran; $2")" |
		jq -c --argjson n "$1" '.of = $n | .plan.environment.isolation = "none" |
			.plan.timeout_us = 200000000 |
			.plan.services[0].env = {} | tojson as $all | range($n) + 1 | . as $i |
			$all | gsub("@N"; "\($i)") | fromjson | .id = "\($i)-t" | .index = $i'
	end "$1"
}

# verdicts STREAM: what is to be the same, wherever it ran.
verdicts() {
	pth-collect --no-tshark <"$1" | jq -c 'select(.id) | [.id, .verdict.status, .verdict.ok]'
}

# whole N: each test once, in order, in the stream and in the directory.
whole() {
	assertEquals "$1 tests" "$(seq "$1" | sed 's/$/-t completed/')" \
		"$(jq -r 'select(.id) | [.id + " " + .result.status, .result.reason // empty] |
			join(": ")' spread)"
	assertEquals "$(end "$1")" "$(tail -n 1 spread)"
	assertEquals "$1" "$(jq -r '.id // empty' out/results.jsonl | sort -u | wc -l)"
	assertEquals "$1" "$(jq -r '.id // empty' out/results.jsonl | wc -l)"
}

testTwoHundredPingPongs() {
	slurm || return
	# Packets are counted elsewhere; that takes a tshark for each test.
	sed 's/^\( *\)network_environment:/\1iterations: 200\n&/
		/^ *packets:/,/filter/d
		/^ *client:/,/protocol/ s/type: iut/&, wait_ms: 15000/' \
		"$TOP/examples/ping-pong.yaml" >e.yaml
	assertEquals 1 "$(grep -c wait_ms e.yaml)"
	pth-parse e.yaml | pth-plan >in
	assertEquals 201 "$(wc -l <in)"
	pth-exec -q -o alone <in >alone.jsonl
	pth-spread --slurm -p debug --chunk 20 --poll 1 -o out <in >spread
	assertEquals 0 $?
	verdicts alone.jsonl >want
	verdicts spread >have
	assertEquals '200 passed' "$(jq -r '.[1]' want | sort | uniq -c | xargs)"
	assertTrue 'as on one machine' 'cmp want have'
	assertEquals 200 "$(find out -mindepth 1 -maxdepth 1 -name '[0-9]*' | wc -l)"
	assertEquals 'both nodes were at work' 'NodeList=n1 NodeList=n2' \
		"$(grep -o 'NodeList=n[12]' controller.out | sort -u | xargs)"
}

# of_node NAME: the processes that its daemon has started, and those that watch over them.
of_node() {
	for env in /proc/[0-9]*/environ; do
		grep -qz "^SLURMD_NODENAME=$1\$" "$env" 2>/dev/null || continue
		pid=${env#/proc/} && pid=${pid%/environ}
		above=$(awk '$1 == "PPid:" { print $2 }' "/proc/$pid/status" 2>/dev/null)
		! grep -qs slurmstepd "/proc/$above/comm" || echo "$above"
		echo "$pid"
	done
}

# node_gone NAME: its daemon is killed, and with it all that it has started, which is something.
node_gone() {
	for i in $(seq 200); do
		kill -STOP "$(cat "$1.pid")" # nothing begins while we look
		gone=$(stop_all of_node "$1") # the next daemon would ask the steps that are there
		[ -z "$gone" ] || break
		kill -CONT "$(cat "$1.pid")"
		sleep 0.05
	done
	# shellcheck disable=SC2086 # numbers
	kill -KILL "$(cat "$1.pid")" $gone 2>/dev/null
	[ -n "$gone" ] || fail "nothing ran on $1"
}

# halfway N: so many tests have begun.
halfway() {
	until [ -s ran ] && [ "$(wc -l <ran)" -gt "$1" ]; do sleep 0.05; done
}

# The daemon of one node is killed half way, and then all of the node: its parts are given to the
# other one, or end all the same. Arrays are small here, so there are many.
testNodeThatDies() {
	slurm || return
	# The last ones wait, so that the nodes are at work when they are to be.
	rm -f go
	plan 200 "[ @N -le 150 ] || until [ -e $PWD/go ]; do sleep 0.05; done; sleep 0.1" >in
	pth-spread --slurm --chunk 5 --window 8 --poll 1 -o out <in >spread 2>err &
	run=$!
	halfway 60
	until squeue -h -w n2 -t R | grep -q .; do sleep 0.05; done
	kill -KILL "$(cat n2.pid)"
	halfway 90
	node n2
	halfway 110
	until squeue -h -w n2 -t R | grep -q .; do sleep 0.05; done
	node_gone n2
	: >go
	wait $run
	assertEquals "$(cat err)" 0 $?
	whole 200
	# Its parts are completing for as long as nobody says that they are gone.
	scontrol update NodeName=n2 State=DOWN Reason=gone
	node n2
	scontrol update NodeName=n2 State=RESUME
	nodes 2
}

testSubmitterThatDies() {
	slurm || return
	plan 200 'sleep 0.05' >in
	pth-spread --slurm --chunk 10 --window 8 --poll 1 -o out <in >first 2>/dev/null &
	pid=$!
	halfway 100
	kill -KILL $pid
	wait $pid 2>/dev/null
	pth-spread --slurm --chunk 10 --window 8 --poll 1 -o out --resume <in >spread 2>err
	assertEquals "$(cat err)" 0 $?
	whole 200
	assertEquals 'each ran once' 200 "$(wc -l <ran)"
}

# What is written here is not seen there.
testNoSharedDirectory() {
	slurm || return
	plan 2 true >in
	mkdir -p hidden
	mount -t tmpfs tmpfs hidden # the daemons have come before, but see it
	kill -KILL "$(cat n2.pid)"
	# shellcheck disable=SC2016 # of the inner shell
	setsid unshare -m sh -c 'umount "$0" && exec slurmd -D -N n2' "$PWD/hidden" >n2.out 2>&1 &
	echo $! >n2.pid
	nodes 2
	run pth-spread --slurm --tries 1 --poll 1 -o hidden/out -- -w n2 <in
	assertCode 0
	assertEquals 'error error' "$(jq_out -r 'select(.id).result.status' | xargs)"
	assertMatch "$(jq_out -r 'select(.id == "1-t").result.reason')" \
		'^part 1: .* no log: is the run directory seen on the other machines'
	kill -KILL "$(cat n2.pid)"
	umount hidden
	node n2
	nodes 2
}

# Slurm has no job any more: it takes its time after the end of a job's processes.
nothing_left() {
	[ -z "$(squeue -h)" ]
}

testCancelledFromOutside() {
	slurm || return
	plan 8 'sleep 60' >in
	pth-spread --slurm --chunk 4 --poll 1 -o out <in >spread 2>err &
	pid=$!
	# Both parts have begun: one that has not is submitted again.
	until [ "$(grep -c . ran 2>/dev/null)" = 2 ]; do sleep 0.05; done
	scancel -u root
	wait $pid
	assertEquals 0 $?
	assertEquals 8 "$(jq -r '.id // empty' spread | wc -l)"
	assertEquals 'none passes' 0 "$(jq -r 'select(.result.status == "completed").id' spread |
		wc -l)"
	assertEquals "$(end 8)" "$(tail -n 1 spread)"
	assertSoon 20 nothing_left
}

testInterrupted() {
	slurm || return
	plan 8 'sleep 60' >in
	pth-spread --slurm --chunk 2 --poll 1 -o out <in >spread 2>err &
	pid=$!
	until [ "$(grep -c . ran 2>/dev/null)" = 4 ]; do sleep 0.05; done
	kill -TERM $pid
	wait $pid 2>/dev/null
	assertEquals 143 $?
	assertEquals '8 interrupted' "$(jq -r 'select(.id).result.status' spread | sort | uniq -c |
		xargs)"
	assertSoon 20 nothing_left
}

testRefused() {
	slurm || return
	plan 1 true >in
	run pth-spread --slurm -o out -- -p nowhere <in
	assertCode 4
	assertMatch "$err" '^pth-spread: engine slurm: sbatch: .*invalid partition'
}

. shunit2
