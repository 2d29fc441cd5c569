#!/bin/sh
# The execution environments of share/plugins, each run for real: what they say
# names the function in question, and what is not there is never a pass.
# timeout: 300
# shellcheck disable=SC2016,SC2154 # $out and $err come from run
. "$TOP/tests/lib.sh"

# pipe ENVIRONMENT COMMAND [MORE]: a test of one service a of $of (burner), judged; MORE are lines
# of YAML.
pipe() {
	rm -rf out
	cat >x.yaml <<-Y
	tests:
	  - name: t
	    network_environment: {type: localhost}
	    execution_environment: [$1]
	    services:
	      a:
	        implementation: {name: ${of:-burner}, type: testers, command: $2}
	        protocol: {name: minip}
	${3:-}
	Y
	PTH_EVENTS=none PTH_PATH=$PTH_TMP/plug run sh -c \
		'pth-parse x.yaml | pth-plan | pth-exec -o out | pth-collect'
	assertCode 0
	out=$(jq_out -c 'select(.id)')
	a=$(echo out/*/a)
}

verdict() {
	jq_out -r '.verdict | "\(.status) \(.summary)"'
}

number() { # metric
	jq_out -r ".metrics.measures.a.$1"
}

oneTimeSetUp() {
	mkdir -p plug/services/testers
	cat >plug/services/testers/burner.yaml <<-'Y'
	plugin: burner
	kind: tester
	protocol: any
	parameters: {command: {type: list, items: str, required: true}}
	commands: {any: [{each: command}]}
	phases:
	  pre_run: [[sh, -c, env >pre.env]]
	  post_run: [[sh, -c, env >post.env]]
	ready: {any: []}
	Y
	cat >plug/services/testers/watched.yaml <<-'Y'
	plugin: watched
	kind: tester
	extends: burner
	description: has a program that says whether it is ready
	ready: {any: {command: [sh, -c, "env >ready.env; echo $$ >new; mv new ready.pid"]}}
	Y
	cat >burn.c <<-'C'
	#include <pthread.h>
	#include <signal.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <sys/stat.h>
	#include <time.h>
	#include <unistd.h>
	volatile unsigned long x;
	char *volatile kept[64];
	#define WORK for (unsigned i = 0; i < 10000; i++) x += i * i
	__attribute__((noinline)) void burn_here(void) {
		clock_t end = clock() + CLOCKS_PER_SEC / 3;
		while (clock() < end) WORK;
	}
	/* Until the profile is begun, and until it is written. */
	__attribute__((noinline)) void early_here(void) {
		char own[99];
		sprintf(own, "cpu.prof_%d.0", getpid());
		while (access(own, F_OK) != 0) WORK;
	}
	__attribute__((noinline)) void wait_here(void) {
		char own[99];
		struct stat st;
		sprintf(own, "cpu.prof_%d.0", getpid());
		while (stat(own, &st) != 0 || st.st_size == 0) WORK;
	}
	/* Until the answer to the question whether it is ready has been taken. */
	__attribute__((noinline)) void asked_here(void) {
		int pid = 0;
		FILE *f;
		while ((f = fopen("ready.pid", "r")) == NULL) usleep(10000);
		if (fscanf(f, "%d", &pid) != 1) abort();
		while (kill(pid, 0) == 0) usleep(10000);
	}
	/* Until perf is told to stop. */
	__attribute__((noinline)) void fifo_here(void) {
		while (access("perf.fifo", F_OK) == 0) WORK;
	}
	__attribute__((noinline)) void late_here(void) {
		clock_t end = clock() + CLOCKS_PER_SEC / 3;
		while (clock() < end) WORK;
	}
	__attribute__((noinline)) void allocate_here(void) {
		for (int i = 0; i < 64; i++)
			memset(kept[i] = malloc(1 << 20), 1, 1 << 20);
	}
	__attribute__((noinline)) void invalid_here(void) {
		char *volatile p = malloc(1);
		free(p);
		x += *p;
	}
	static void *race_here(void *arg) {
		x++;
		return arg;
	}
	int main(int n, char **argv) {
		pthread_t t;
		for (int i = 1; i < n; i++) {
			if (strcmp(argv[i], "burn") == 0) burn_here();
			if (strcmp(argv[i], "early") == 0) early_here();
			if (strcmp(argv[i], "wait") == 0) wait_here();
			if (strcmp(argv[i], "fifo") == 0) fifo_here();
			if (strcmp(argv[i], "late") == 0) late_here();
			if (strcmp(argv[i], "hang") == 0) pause();
			if (strcmp(argv[i], "allocate") == 0) allocate_here();
			if (strcmp(argv[i], "invalid") == 0) invalid_here();
			if (strcmp(argv[i], "nap") == 0) usleep(300000);
			if (strcmp(argv[i], "asked") == 0) asked_here();
			if (strcmp(argv[i], "race") == 0) {
				pthread_create(&t, NULL, race_here, NULL);
				x++;
				pthread_join(t, NULL);
			}
			if (strcmp(argv[i], "abort") == 0) abort();
			if (strcmp(argv[i], "_exit") == 0) _exit(0);
		}
		printf("done\n");
		return 0;
	}
	C
	cc -g -O1 -fno-inline -pthread burn.c -o burn
	burn=$PTH_TMP/burn
	# The same program, which takes its time until all that it needs is loaded.
	cat >slow.c <<-'C'
	#include <unistd.h>
	__attribute__((constructor)) static void wait_first(void) {
		usleep(600000);
	}
	C
	cc -shared -fPIC -o libslow.so slow.c
	cc -g -O1 -fno-inline -pthread burn.c -o slow -Wl,--no-as-needed,-rpath,"$PTH_TMP" \
		-L. -lslow
	slow=$PTH_TMP/slow
}

# The profiler's variables are the program's alone.
clean_env() { # regular expression of their names
	for step in pre ready post; do
		assertTrue "$step" "[ -s $a/$step.env ]"
		assertNoMatch "$(cat "$a/$step.env")" "^($1)="
	done
}

testCpu() {
	need google-pprof google-perftools || return
	of=watched pipe '{type: gperf_cpu}' "[$burn, burn, asked, nap]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertTrue 'the profile is there' "[ -s $a/cpu.prof ]"
	assertMatch "$(cat "$a/cpu.txt")" ' burn_here$'
	assertTrue "$(number cpu_samples) samples" "[ $(number cpu_samples) -gt 10 ]"
	clean_env 'LD_PRELOAD|CPUPROFILE.*'
	# Through programs that start it, of which each has a profile.
	pipe '{type: gperf_cpu}, {type: iterations, iterations: 2}' "[timeout, '99', $burn, burn]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertMatch "$(cat "$a/cpu.txt")" ' burn_here$'
	assertMatch "$(cat "$a/cpu.txt")" "^== cpu.prof_[0-9]+: $burn\$"
	pipe '{type: gperf_cpu, profile_children: false}' "[timeout, '99', $burn, burn]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertMatch "$(cat "$a/cpu.txt")" '^== cpu.prof: .*timeout$'
	assertNoMatch "$(cat "$a/cpu.txt")" burn
	# It had nothing to do.
	pipe '{type: gperf_cpu, generate_pdf: true}' "[$burn, nap]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertEquals 0 "$(number cpu_samples)"
}

# A part of the run: from a delay on, for a duration.
testCpuForAWhile() {
	need google-pprof google-perftools || return
	pipe '{type: gperf_cpu, config: {duration: 2}}' "[$slow, wait, late]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertMatch "$(cat "$a/cpu.txt")" ' wait_here$'
	assertNoMatch "$(cat "$a/cpu.txt")" ' late_here$'
	# A process that begins within this time.
	long='burn burn burn burn burn burn'
	pipe '{type: gperf_cpu, config: {duration: 60}}' "[sh, -c, 'sleep 0.5; $burn $long']"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertMatch "$(cat "$a/cpu.txt")" ' burn_here$'
	# Processes that are there before any of them has a profile have one each.
	pipe '{type: gperf_cpu, config: {duration: 60}}' \
		"[sh, -c, '$burn $long & $burn $long & wait']"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertEquals 2 "$(grep -c "^== cpu.prof_[0-9]*.0: $burn\$" "$a/cpu.txt")"
	assertEquals 2 "$(grep -c ' burn_here$' "$a/cpu.txt")"
	# By processor time: in real time a sample may fall between the beginning and the look at
	# it.
	pipe '{type: gperf_cpu, start_profiling_delay: 0.3}' "[$slow, early, burn]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertMatch "$(cat "$a/cpu.txt")" ' burn_here$'
	assertNoMatch "$(cat "$a/cpu.txt")" ' early_here$'
	pipe '{type: gperf_cpu, start_profiling_delay: 0.3, use_realtime_signal: true}' \
		"[$slow, early, burn]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertMatch "$(cat "$a/cpu.txt")" ' burn_here$'
}

testCpuAsPdf() {
	need google-pprof google-perftools || return
	need dot graphviz && need ps2pdf ghostscript || return
	pipe '{type: gperf_cpu, generate_pdf: true}' "[$burn, burn]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertEquals %PDF "$(head -c 4 "$a/cpu.pdf")"
}

testNoCpuProfileIsNoPass() {
	need google-pprof google-perftools || return
	why='^error .*there is no CPU profile, or an empty one'
	# The end without exit(3) leaves nothing.
	pipe '{type: gperf_cpu}' "[$burn, burn, _exit]"
	assertEquals 0 "$(wc -c <"$a/cpu.prof")"
	assertMatch "$(verdict)" "$why"
	pipe '{type: gperf_cpu, profiler_library: libnot_there.so}' "[$burn, burn]"
	assertMatch "$(verdict)" "$why"
}

testHeap() {
	need google-pprof google-perftools || return
	of=watched pipe '{type: gperf_heap}' "[$burn, allocate, asked, nap]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertMatch "$(cat "$a/heap.txt")" ' allocate_here$'
	assertMatch "$(number heap_mb)" '^64(\.[0-9]+)?$'
	clean_env 'LD_PRELOAD|HEAP.*'
	# Several profiles, of which the last counts, and those of children.
	pipe '{type: gperf_heap, allocation_interval: 5000000}' "[timeout, '99', $burn, allocate]"
	assertMatch "$(cat "$a/heap.txt")" ' allocate_here$'
	assertMatch "$(number heap_mb)" '^64(\.[0-9]+)?$'
	pipe '{type: gperf_heap}' "[$burn, allocate, _exit]"
	assertMatch "$(verdict)" '^error .*there is no heap profile, or an empty one'
}

testMemcheck() {
	need valgrind valgrind || return
	pipe '{type: memcheck}' "[$burn, invalid]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertTrue "$(number memory_errors)" "[ $(number memory_errors) -ge 1 ]"
	assertMatch "$(cat "$a"/memcheck.*.xml)" '<fn>invalid_here</fn>'
	pipe '{type: memcheck, output_format: text}' "[$burn, nap]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertEquals 0 "$(number memory_errors)"
	pipe '{type: memcheck, additional_parameters: [--xml-file=/dev/null]}' "[$burn, nap]"
	assertMatch "$(verdict)" '^error .*_errors: was not measured'
}

testHelgrind() {
	need valgrind valgrind || return
	pipe '{type: helgrind}' "[$burn, race]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertMatch "$(cat "$a"/helgrind.*.xml)" '<fn>race_here</fn>'
	assertTrue "$(number thread_errors)" "[ $(number thread_errors) -ge 1 ]"
	pipe '{type: helgrind, additional_parameters: [--xml-file=/dev/null]}' "[$burn, nap]"
	assertMatch "$(verdict)" '^error .*_errors: was not measured'
}

# What a profile names is tried by examples/profilers.yaml, too (examples_test).
testPerf() {
	need perf linux-perf || return
	perf record -o perf.probe -e cpu-clock:u true 2>/dev/null ||
		skip 'perf may not be used on this machine' || return
	# perf begins late itself, and then has its delay.
	mkdir -p fake
	fake slow_perf '[ "$1" != record ] || sleep 0.7; exec perf "$@"'
	pipe "{type: perf, perf_binary: $PTH_TMP/fake/slow_perf, delay: 0.3, duration: 2}" \
		"[$burn, fifo, late]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertMatch "$(cat "$a/perf.txt")" ' fifo_here *$'
	assertNoMatch "$(cat "$a/perf.txt")" ' late_here *$'
	pipe '{type: perf, mode: stat}' "[$burn, burn]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertMatch "$(number task_clock_ms)" '^[0-9]{3,4}([.][0-9]+)?$'
	assertMatch "$(number page_faults)" '^[0-9]+$'
	pipe '{type: perf, events: [nonsense]}' "[$burn, nap]"
	assertMatch "$(verdict)" '^error .*'
}

testCallgrind() {
	need valgrind valgrind || return
	pipe '{type: callgrind, additional_parameters: [--callgrind-out-file=/dev/null]}' \
		"[$burn]"
	assertMatch "$(verdict)" '^error .*there is no profile of instructions'
}

testMassif() {
	need valgrind valgrind || return
	pipe '{type: massif, additional_parameters: [--massif-out-file=/dev/null]}' "[$burn, nap]"
	assertMatch "$(verdict)" '^error .*there is no profile of the heap'
}

testTime() {
	[ -x /usr/bin/time ] || skip 'needs /usr/bin/time (package time)' || return
	# A server that is stopped has its times, too.
	pipe '{type: time}' \
		"[sh, -c, 'trap \"echo bye; exit\" TERM; while :; do sleep 0.1; done']" \
		"        finite: false$NL    steps: {wait: 4}"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertEquals bye "$(cat "$a/stdout.log")"
	assertMatch "$(number memory_peak_kb)" '^[0-9]+$'
}

testStrace() {
	need strace strace || return
	strace -o /dev/null true 2>/dev/null || skip 'no ptrace on this machine' || return
	of=watched pipe '{type: strace}' "[$burn, asked, nap]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertMatch "$(cat "$a/strace.log")" 'exited with 0'
	clean_env STRACE
	# Those of the network alone, without one of them.
	net="[python3, -c, 'import socket; s = socket.socket(); s.bind((\"127.0.0.1\", 0))']"
	pipe '{type: strace, trace_network_syscalls: true}' "$net"
	assertMatch "$(cat "$a/strace.log")" ' bind\('
	assertNoMatch "$(cat "$a/strace.log")" ' (mmap|brk)\('
	pipe '{type: strace, network_focus: true, excluded_syscalls: [bind]}' "$net"
	assertMatch "$(cat "$a/strace.log")" ' socket\('
	assertNoMatch "$(cat "$a/strace.log")" ' (bind|mmap|brk)\('
	# The trace ends before the program, and begins late.
	mkdir -p fake
	fake slow_strace 'sleep 1.5; exec strace "$@"'
	pipe "{type: strace, strace_binary: $PTH_TMP/fake/slow_strace, timeout: 1}" \
		"[sh, -c, 'until grep -q \"^TracerPid:.0\" /proc/\$\$/status; do \
			sleep 0.1; done; mkdir late']"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertTrue 'it went on' "[ -d $a/late ]"
	assertMatch "$(cat "$a/strace.log")" TracerPid
	assertNoMatch "$(cat "$a/strace.log")" '"late"'
	# A process that waits for its child of vfork() cannot be let go, and strace hangs.
	cat >vforks.c <<-'C'
	#include <stdio.h>
	#include <string.h>
	#include <sys/syscall.h>
	#include <sys/wait.h>
	#include <unistd.h>

	static int traced(void) {
		char line[200];
		int t = 0;
		FILE *f = fopen("/proc/self/status", "r");
		while (fgets(line, sizeof line, f)) sscanf(line, "TracerPid: %d", &t);
		fclose(f);
		return t != 0;
	}
	int main(void) {
		for (int i = 0; i < 6000 && !traced(); i++) usleep(10000);
		while (traced()) {
			pid_t p = vfork();
			if (p == 0) {
				for (int i = 0; i < 30000; i++) syscall(SYS_getppid);
				_exit(0);
			}
			waitpid(p, NULL, 0);
		}
		return 0;
	}
	C
	cc -o vforks vforks.c
	pipe '{type: strace, timeout: 5}' "[sh, -c, '$PTH_TMP/vforks; mkdir late']"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertTrue 'it went on' "[ -d $a/late ]"
	assertMatch "$(tail -n 1 "$a/strace.log")" 'strace hung and was killed'
	pipe '{type: strace, additional_parameters: [-o, /dev/null]}' "[$burn, nap]"
	assertMatch "$(verdict)" '^error .*strace has written nothing'
}

testGdb() {
	need gdb gdb || return
	of=watched pipe '{type: gdb}' "[$burn, asked, nap]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	clean_env MALLOC_CHECK_
	pipe '{type: gdb}' "[$burn, abort]"
	assertMatch "$(verdict)" '^crashed '
	assertMatch "$(cat "$a/gdb.log")" ' main \('
	pipe '{type: gdb, execution_timeout: 5, gdb_timeout: 40}' "[$burn, hang]"
	assertMatch "$(verdict)" '^failed .*124'
	pipe '{type: gdb, enable_core_dumps: false, asan_options: [a=1, b=2],
	  debug_env_vars: {X: y, OWN: z}}' \
		'[sh, -c, "ulimit -c; env"]' \
		'        environment: {OWN: mine}'
	assertMatch "$(cat "$a/stdout.log")" '^0$'
	assertMatch "$(cat "$a/stdout.log")" '^ASAN_OPTIONS=a=1:b=2$'
	assertMatch "$(cat "$a/stdout.log")" '^X=y$'
	assertMatch "$(cat "$a/stdout.log")" '^OWN=mine$'
}

testIterations() {
	pipe '{type: iterations, iterations: 3}' "[$burn, nap]"
	assertEquals 'passed ' "$(verdict | cut -c1-7)"
	assertEquals '1 0 2 0 3 0' "$(xargs <"$a/iterations.log")"
	assertEquals 0 "$(number iterations_failed)"
	# Each run with other parameters of the service: two sets for three runs.
	pipe "{type: iterations, iterations: 3, parameter_sets: [{command: [sh, -c, 'echo a b', c]},
	  {command: ['false']}]}" "[$burn, nap]"
	assertMatch "$(verdict)" '^failed '
	assertEquals '1 0 1 2 1 2 3 0 1' "$(xargs <"$a/iterations.log")"
	assertEquals 'a b a b' "$(xargs <"$a/stdout.log")"
	assertEquals '3 1' "$(number iterations_run) $(number iterations_failed)"
	# At least one run for each, and counted only when that is asked for.
	pipe "{type: iterations, parameter_sets: [{command: ['true']}, {command: ['true']}],
	  aggregate_results: false}" "[$burn, nap]"
	assertEquals '1 0 1 2 0 2' "$(xargs <"$a/iterations.log")"
	assertEquals null "$(number iterations_run)"
	pipe "{type: iterations, vary_parameters: false, parameter_sets: [{command: ['false']}]}" \
		"[$burn, nap]"
	assertEquals '1 0' "$(xargs <"$a/iterations.log")"
}

# An experiment's own variable wins over the profiler's, and is everywhere.
testOwnVariable() {
	need google-pprof google-perftools || return
	pipe '{type: gperf_cpu}' '[sh, -c, "env >run.env"]' \
		'        environment: {CPUPROFILE_FREQUENCY: 50}'
	assertMatch "$(cat "$a/run.env")" '^CPUPROFILE_FREQUENCY=50$'
	assertMatch "$(cat "$a/run.env")" '^LD_PRELOAD=libprofiler'
	assertMatch "$(cat "$a/post.env")" '^CPUPROFILE_FREQUENCY=50$'
}

. shunit2
