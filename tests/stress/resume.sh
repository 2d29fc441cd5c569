# shellcheck shell=sh
# A run of many tests is killed at a random moment and resumed.

fault_resume() {
	choose 30 200 && tests=$n
	choose 2 20
	many "$tests" '' >plan
	now_ms && began=$now
	pth-exec -j 2 -o out <plan >ran 2>err || bad "undisturbed: $(said err)"
	now_ms && took=$((now - began))
	clean undisturbed
	statuses ran >wanted
	for i in $(seq "$n"); do
		rm -rf out
		pth-exec -j 2 -o out <plan >ran 2>err &
		pid=$!
		random_moment
		what="round $i, pth-exec killed after $moment of $took ms"
		kill -KILL $pid 2>/dev/null
		wait $pid 2>/dev/null
		clean "$what" 5
		note_kept "$what"
		pth-exec -j 2 -o out --resume <plan >ran 2>err || bad "$what, resumed: $(said err)"
		clean "$what, resumed"
		statuses ran >now
		same "$what, resumed" wanted now
		statuses out/results.jsonl >now
		same "$what, resumed, results.jsonl" wanted now
		check_kept "$what"
	done
}

# The same, but as it enters a certain system call: moments that chance would
# hardly find. The long form goes through them all.
fault_syscalls() {
	command -v strace >/dev/null || cannot 'needs strace (package strace)'
	strace -o /dev/null true 2>/dev/null || cannot 'strace may not trace here'
	choose 12 1000
	many 4 '' >plan
	strace -c -o calls -e trace=openat,linkat,renameat,mkdirat,unlinkat,unlink,write,pipe2,clone,ftruncate,flock,fsync \
		pth-exec -j 2 -o out <plan >ran 2>err || bad "undisturbed: $(said err)"
	clean undisturbed
	statuses ran >wanted
	awk '$4 ~ /^[0-9]+$/ && $NF != "total" { for (i = 1; i <= $4; i++) print $NF, i }' calls >moments
	total=$(wc -l <moments)
	missed=0
	[ "$n" -le "$total" ] || n=$total
	for i in $(seq "$n"); do
		rm -rf out
		random "$total"
		[ "$n" -lt "$total" ] || random=$((i - 1))
		sed -n "$((random + 1))p" moments >moment
		read -r call at <moment
		what="round $i, pth-exec killed at $call number $at"
		strace -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$at" \
			pth-exec -j 2 -o out <plan >ran 2>err && missed=$((missed + 1))
		clean "$what" 5
		note_kept "$what"
		pth-exec -j 2 -o out --resume <plan >ran 2>err || bad "$what, resumed: $(said err)"
		clean "$what, resumed"
		statuses ran >now
		same "$what, resumed" wanted now
		check_kept "$what"
	done
	# The number of calls differs a little between runs, but not much.
	[ $((missed * 4)) -le "$n" ] || bad "$missed of $n times it was not killed"
}
