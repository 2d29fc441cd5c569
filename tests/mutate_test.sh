#!/bin/sh
# tests/mutate/run, on a small tree: what a test notices is counted, what it does not is shown.
. "$TOP/tests/lib.sh"

# tree CHECK: a tree with a function, a script, and a test of it that is this C expression.
tree() {
	mkdir -p top/lib/base top/bin top/tests/unit
	cp -R "$TOP/tests/mutate" top/tests
	cat >top/lib/base/x.c <<-'E'
	int less(int a, int b);
	int odd(int a);
	int idle(int a);

	int
	less(int a, int b)
	{
		return a < b;
	}

	int
	odd(int a)
	{
		if (a == 0)
			return 0;
		return a % 2 != 0;
	}

	int
	idle(int a)
	{
		return a == 7;
	}
	E
	mkdir top/man
	for folder in man1 man5 man7; do # whoever follows them never comes to an end
		ln -s . "top/man/$folder"
	done
	printf '#!/bin/sh\nanswer() {\n\texit 3\n}\nanswer\n' >top/bin/pth
	cat >top/Makefile <<-'E'
	.RECIPEPREFIX = >
	.PHONY: all units
	all:
	units: build/unit/x
	build/lib/base/x.o: lib/base/x.c
	> @mkdir -p build/lib/base build/unit
	> $(CC) -O2 $(CFLAGS) -c -o $@ $<
	build/unit/x: build/lib/base/x.o tests/unit/x.c
	> $(CC) $(CFLAGS) $(LDFLAGS) -o $@ tests/unit/x.c build/lib/base/x.o
	E
	cat >top/tests/run <<-'E'
	#!/bin/sh
	cd "$(dirname "$0")/.."
	[ -z "$PTH_COVERAGE" ] || {
		export GCOV_PREFIX="$PTH_COVERAGE/unit/x"
		mkdir -p "$PTH_COVERAGE/pth_test/testA"
	}
	case $* in *pth_test*)
		sh bin/pth
		[ $? = 3 ] || exit
	esac
	case $* in *unit*) build/unit/x ;; esac
	E
	printf '# pth run\nsh pth x\n' >top/tests/pth_test.sh
	chmod +x top/tests/run top/tests/mutate/run
	printf 'int less(int, int), odd(int);\nint main(void) { return !(%s); }\n' "$1" \
		>top/tests/unit/x.c
	git -C top init -q && git -C top add -A &&
		git -C top -c user.name=a -c user.email=a@b commit -qm all
}

mutate() { # option...
	run env XDG_CACHE_HOME="$PTH_TMP/cache" python3 -B top/tests/mutate/run "$@"
}

here() {
	need_root && need python3 python3 && need git git && need gcov gcc || return
	unshare -pmnf --mount-proc true 2>/dev/null || skip 'no namespaces on this machine'
}

testNoticedAndNot() {
	here || return
	tree 'less(1, 2) == 1 && odd(3) == 1'
	mutate -c top/lib/base/x.c:8 top/lib/base/x.c:17-22 top/bin/pth
	assertCode 0
	assertMatch "$out" "^lib/base/x.c:8: less: comparison: '<' became '<='\$"
	assertMatch "$out" "^lib/base/x.c:22: idle: .*\\(no test reaches it\\)\$"
	assertNoMatch "$out" "'!=' became '=='\$"
	assertNoMatch "$out" 'bin/pth'
	assertEquals "int less(int a, int b);" "$(head -n 1 top/lib/base/x.c)"
	# A better test.
	rm -rf top
	tree 'less(1, 2) == 1 && less(1, 1) == 0 && odd(3) == 1 && odd(2) == 0'
	mutate -v top/lib/base/x.c:8
	assertMatch "$out" \
		"^noticed lib/base/x.c:8: less: comparison: '<' became '<=' \\(unit/x\\)\$"
	assertMatch "$out" '^1 noticed, 0 survived, 0 that no test reaches$'
}

# What a test runs behind a program that could not be started by vfork(2) is reached, too.
testBehindAFailedStart() {
	here || return
	tree 1
	cat >top/tests/unit/x.c <<-'E'
	#include <sys/wait.h>
	#include <unistd.h>
	int odd(int);
	int main(void)
	{
		pid_t pid = vfork();

		if (pid == 0) {
			execl("/nonexistent", "x", (char *)0);
			_exit(127);
		}
		return wait(0) != pid || odd(3) != 1 || odd(2) != 0;
	}
	E
	mutate -c top/lib/base/x.c:16
	assertMatch "$out" '^[1-9] noticed, 0 survived, 0 that no test reaches$'
}

testOfTheLinesThatChanged() {
	here || return
	tree 'less(1, 2) == 1 && less(1, 1) == 0'
	mutate -l -d HEAD
	assertEquals '' "$out"
	sed -i 's/a == 7/a == 9/' top/lib/base/x.c
	mutate -l -n 100 -d HEAD
	assertEquals 'lib/base/x.c:22' "$(printf '%s\n' "$out" | cut -d: -f1,2 | sort -u)"
	assertMatch "$out" "comparison: '==' became '!='\$"
	assertMatch "$out" "constant: '9' became '(8|10)'\$"
	mutate -l -d nosuchrevision
	assertCode 1
	assertMatch "$err" nosuchrevision
}

# The order is one of chance, and the same for the same number.
testChance() {
	here || return
	n=0
	tree 1
	cp -R "$TOP/lib/base" top/lib
	for seed in 1 2 1; do
		mutate -l -n 50 -s "$seed" top/lib/base
		assertEquals 50 "$(printf '%s\n' "$out" | wc -l)"
		n=$((n + 1))
		printf '%s\n' "$out" >"seed$seed.$n"
	done
	assertTrue 'the same' 'cmp seed1.1 seed1.3'
	assertFalse 'another' 'cmp seed1.1 seed2.2'
}

# Each kind, of C and of sh.
testKinds() {
	here || return
	tree 1
	cat >top/lib/base/y.c <<-'E'
	enum side { LEFT, RIGHT };

	static int
	f(int a, const char *s)
	{
		if (a < 3 && s != 0)
			put(s);
		else
			free(a);
		return a ? LEFT : 5;
	}
	E
	mutate -l -n 100 top/lib/base/y.c
	for change in "comparison: '<' became '<='" "comparison: '!=' became '=='" \
		"constant: '3' became '4'" "constant: '3' became '2'" \
		"condition: '&& s != 0' became ''" "condition: 'a < 3 &&' became ''" \
		"branch: 'a < 3 && s != 0' became '!\(a < 3 && s != 0\)'" \
		"condition: 'a < 3 && s != 0' became '\(a < 3 && s != 0\) \|\| 1'" \
		"call: 'put\(s\)' became '\(void\)0'" "enumerator: 'LEFT' became 'RIGHT'" \
		"branch: 'a' became '!\(a\)'"; do
		assertMatch "$out" "f: $change\$"
	done
	assertNoMatch "$out" 'free'
	printf '%s\n' '#!/bin/sh' 'f() {' '	[ "$1" = 2 ] && say "a && b"' \
		'	say done' '	return 2' '}' >top/bin/pth
	mutate -l -n 100 top/bin/pth
	for change in "comparison: '=' became '!='" "condition: '&&' became '\|\|'" \
		"call: 'say done' became ':'" "constant: '2' became '3'"; do
		assertMatch "$out" "^bin/pth:[345]: f: $change\$"
	done
	assertEquals 1 "$(printf '%s\n' "$out" | grep -c "'&&' became")"
}

. shunit2
