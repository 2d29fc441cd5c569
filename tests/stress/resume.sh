# shellcheck shell=sh
# A run of many tests is killed at a random moment and resumed.

# What was killed left nothing behind; resumed, it ends as the undisturbed run.
resumed_as_wanted() {
	clean "$what" 5
	note_kept "$what"
	pth-exec -j 2 -o out --resume <plan >ran 2>err || bad "$what, resumed: $(said err)"
	clean "$what, resumed"
	statuses ran >now
	same "$what, resumed" wanted now
}

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
		resumed_as_wanted
		statuses out/results.jsonl >now
		same "$what, resumed, results.jsonl" wanted now
		check_kept "$what"
	done
}

# Moments that chance would hardly find: the system calls that something may
# be half done between, each with the numbers of its occurrences in an
# undisturbed run of COMMAND, into the file moments; how many into $total.
moments_of() {
	watched=openat,linkat,renameat,mkdirat,unlinkat,unlink
	strace -c -o calls \
		-e "trace=$watched,write,pipe2,clone,ftruncate,flock,fsync" \
		"$@" <plan >ran 2>err || bad "undisturbed: $(said err)"
	awk '$4 ~ /^[0-9]+$/ && $NF != "total" { for (i = 1; i <= $4; i++) print $NF, i }' \
		calls >moments
	total=$(wc -l <moments)
	[ "$total" -ge 20 ] || bad "only $total moments are known"
	missed=0
}

# killed_at I OF COMMAND...: it is killed as it enters one of them: by chance,
# or the I-th when OF is all. What happened into $what.
killed_at() {
	random "$total"
	[ "$2" -lt "$total" ] || random=$(($1 - 1))
	sed -n "$((random + 1))p" moments >moment
	read -r call at <moment
	shift 2
	what="$1 killed at $call number $at"
	strace -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$at" \
		"$@" <plan >ran 2>err &&
		missed=$((missed + 1))
}

# The same as resume, at such moments. The long form goes through them all.
fault_syscalls() {
	command -v strace >/dev/null || cannot 'needs strace (package strace)'
	plain_build 'they mind being traced'
	strace -o /dev/null true 2>/dev/null || cannot 'strace may not trace here'
	choose 6 1000
	many 4 '' >plan
	moments_of pth-exec -j 2 -o out
	clean undisturbed
	statuses ran >wanted
	[ "$n" -le "$total" ] || n=$total
	for i in $(seq "$n"); do
		rm -rf out
		killed_at "$i" "$n" pth-exec -j 2 -o out
		resumed_as_wanted
		check_kept "$what"
	done
	# The number of calls differs a little between runs, but not much.
	[ $((missed * 4)) -le "$n" ] || bad "$missed of $n times it was not killed"
	collect_syscalls
}

# pth-collect replaces results.jsonl: it is the old or the new one, and whole.
collect_syscalls() {
	choose 3 1000
	pth-collect out >collected 2>err || bad "undisturbed: $(said err)"
	moments_of pth-collect out
	verdicts out/results.jsonl >wanted
	[ "$n" -le "$total" ] || n=$total
	for i in $(seq "$n"); do
		killed_at "$i" "$n" pth-collect out
		clean "$what" 5
		verdicts out/results.jsonl >now
		same "$what" wanted now
		pth-exec -o out --resume <plan >ran 2>err || bad "$what, resumed: $(said err)"
		pth-collect <ran >collected 2>err || bad "$what, resumed: $(said err)"
		verdicts out/results.jsonl >now
		same "$what, resumed" wanted now
		clean "$what, resumed"
	done
	[ $((missed * 4)) -le "$n" ] || bad "$missed of $n times it was not killed"
}
