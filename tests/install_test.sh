#!/bin/sh
# What make install gives works from any place, and make uninstall takes all
# of it away.
# timeout: 300
. "$TOP/tests/lib.sh"

make_() {
	make -s -C "$TOP" --no-print-directory "$@" </dev/null
}

oneTimeSetUp() {
	[ "$PTH_BUILD" = build ] || return 0
	make_ install DESTDIR="$PTH_TMP/dest" PREFIX=/usr >"$PTH_TMP/install.log" 2>&1
	echo $? >"$PTH_TMP/install.code"
}

needs_build() {
	[ "$PTH_BUILD" = build ] || skip 'only the ordinary build is installed'
}

testInstallWorks() {
	needs_build || return
	assertEquals "$(cat install.log)" 0 "$(cat install.code)"
	for file in bin/pth bin/pth-parse bin/pth-report share/pth/plugins \
		libexec/pth/miniP_server share/man/man1/pth.1 \
		share/man/man5/pth-events.5 share/man/man7/pth.7 share/doc/pth/README.md; do
		assertTrue "no $file" "[ -e dest/usr/$file ]"
	done
	assertEquals 'C files and objects stay at home' '' "$(find dest -name '*.[cho]')"
	assertEquals 'the place of installation is in no program' '' "$(grep -rl "$PTH_TMP" dest)"
}

testRelocatedPipe() {
	needs_build || return
	need tshark tshark || return
	mkdir -p moved && cp -R dest/usr moved/tree
	mkdir work && cd work || return
	run env -i HOME="$HOME" TMPDIR="$TMPDIR" LC_ALL=C TZ=UTC \
		PATH="$PTH_TMP/moved/tree/bin:/usr/bin:/bin" \
		pth run "$PTH_TMP/moved/tree/share/doc/pth/examples/ping-pong.yaml" -o out
	assertCode 0
	assertTrue 'a report' '[ -f out/EXPERIMENT_REPORT.md ]'
	assertMatch "$(cat out/EXPERIMENT_REPORT.md)" 'passed|PASSED'
	grep -q "$PTH_TMP/moved/tree/libexec/pth/miniP_server" out/*/record.json out/plan.jsonl \
		out/events.jsonl out/*/result.json
	assertTrue 'not the checkout: the programs of the installed tree' \
		"[ $? -eq 0 ] || ! grep -rq '$TOP/examples/minip' out"
}

testThroughALink() {
	needs_build || return
	mkdir -p moved links && rm -rf moved/tree && cp -R dest/usr moved/tree
	ln -s "$PTH_TMP/moved/tree/bin/pth" links/pth
	run env -i PATH="$PTH_TMP/links:/usr/bin:/bin" pth list plugins
	assertCode 0
	assertMatch "$out" ping_pong
}

testUninstall() {
	needs_build || return
	run make_ uninstall DESTDIR="$PTH_TMP/dest" PREFIX=/usr
	assertCode 0
	assertEquals '' "$(find dest ! -type d)"
}

testDist() {
	needs_build || return
	[ -d "$TOP/.git" ] || skip 'not a git checkout' || return
	need git git || return
	run git -c safe.directory="$TOP" -C "$TOP" archive --prefix=pth-x/ -o "$PTH_TMP/x.tar" HEAD
	assertCode 0
	tar xf x.tar
	for file in Makefile README.md LICENSE NEWS bin/pth lib/base/err.h tests/run .ci/run; do
		assertTrue "no $file in the archive" "[ -f pth-x/$file ]"
	done
	assertMatch "$(make_ -n dist)" "git archive --prefix=pth-$(pth version | cut -d' ' -f2)/"
}

. shunit2
