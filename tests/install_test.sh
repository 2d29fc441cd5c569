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
	assertEquals 'each tool' "$(tools | sort)" "$(ls dest/usr/bin)"
	assertEquals 'each page' "$(cd "$TOP/man" && ls)" \
		"$(ls dest/usr/share/man/man?/ | grep '\.' | sort)"
	assertEquals 'each descriptor' \
		"$(cd "$TOP/share" && find plugins templates -type f | sort)" \
		"$(cd dest/usr/share/pth && find plugins templates -type f | sort)"
	assertEquals 'C files and objects stay at home' '' "$(find dest -name '*.[cho]')"
	assertEquals 'the place of installation is in no program' '' "$(grep -rl "$PTH_TMP" dest)"
}

# Programs and descriptors are those of the moved tree: they are marked there.
testRelocatedPipe() {
	needs_build || return
	need tshark tshark || return
	mkdir -p moved && cp -R dest/usr moved/tree
	libexec=$PTH_TMP/moved/tree/libexec/pth
	mv "$libexec/miniP_server" "$libexec/real"
	printf '#!/bin/sh\necho "I am $0"\nexec "${0%%/*}/real" "$@"\n' >"$libexec/miniP_server"
	chmod +x "$libexec/miniP_server"
	sed -i 's/^description: .*/description: of the moved tree/' \
		moved/tree/share/pth/plugins/services/iut/minip/ping_pong.yaml
	mkdir work fake && cd work || return
	moved="env -i HOME=$HOME TMPDIR=$TMPDIR LC_ALL=C TZ=UTC"
	moved="$moved PATH=$PTH_TMP/moved/tree/bin:$PTH_TMP/fake:/usr/bin:/bin"
	# shellcheck disable=SC2086 # words
	run $moved pth run "$PTH_TMP/moved/tree/share/doc/pth/examples/ping-pong.yaml" -o out
	assertCode 0
	assertMatch "$(cat out/EXPERIMENT_REPORT.md)" '1/1|100\.0%'
	assertEquals "I am $libexec/miniP_server" "$(head -n 1 out/001-*/server/stdout.log)"
	assertMatch "$(cat out/001-*/server/stdout.log)" '^send pong 5'
	# shellcheck disable=SC2086
	run $moved pth list iut
	assertMatch "$out" '^iut .* ping_pong .*of the moved tree$'
	(cd .. && fake man 'echo "$@"')
	# shellcheck disable=SC2086
	run $moved pth help plan
	assertCode 0
	assertEquals "-l $PTH_TMP/moved/tree/bin/../share/man/man1/pth-plan.1" "$out"
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
	assertTrue 'it was installed' '[ -x dest/usr/bin/pth ]'
	cp -R dest away
	: >away/usr/bin/other
	run make_ uninstall DESTDIR="$PTH_TMP/away" PREFIX=/usr
	assertCode 0
	assertEquals 'what is not ours stays' away/usr/bin/other "$(find away ! -type d)"
}

testDist() {
	needs_build || return
	need git git || return
	git -c safe.directory="$TOP" -C "$TOP" rev-parse 2>/dev/null ||
		skip 'not a git checkout' || return
	run git -c safe.directory="$TOP" -C "$TOP" archive --prefix=pth-x/ -o "$PTH_TMP/x.tar" HEAD
	assertCode 0
	tar xf x.tar
	for file in Makefile README.md LICENSE NEWS bin/pth lib/base/err.h tests/run .ci/run; do
		assertTrue "no $file in the archive" "[ -f pth-x/$file ]"
	done
	assertMatch "$(make_ -n dist)" "git archive --prefix=pth-$(pth version | cut -d' ' -f2)/"
}

. shunit2
