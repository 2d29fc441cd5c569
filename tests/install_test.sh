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
	assertEquals 'each page' "$(cd "$TOP/man" && ls -- *.[157])" \
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
	assertEquals 'no empty folder' 'away away/usr away/usr/bin' \
		"$(find away -type d | sort | paste -sd' ')"
	# A folder that was there before stays, also when it is empty.
	mkdir -p before/usr/share/man
	run make_ install DESTDIR="$PTH_TMP/before" PREFIX=/usr
	assertCode 0
	run make_ uninstall DESTDIR="$PTH_TMP/before" PREFIX=/usr
	assertCode 0
	assertEquals 'before before/usr before/usr/share before/usr/share/man' \
		"$(find before | sort | paste -sd' ')"
}

# Each shell's completion knows each option of each tool; bash is asked.
testCompletion() {
	needs_build || return
	dir=$PTH_TMP/dest/usr/share
	looked=0
	for tool in $(tools); do
		assertTrue "$tool in bash" "[ -f $dir/bash-completion/completions/$tool ]"
		assertTrue "$tool in fish" "[ -f $dir/fish/vendor_completions.d/$tool.fish ]"
		assertMatch "$(head -n 1 "$dir/zsh/site-functions/_pth")" " $tool( |$)"
		for option in $("$tool" --help | grep -oE '^  (-.,|   ) --[a-z-]+' |
			sed 's/.* --//'); do
			while IFS='|' read -r file pattern; do
				grep -q -e "$pattern" "$dir/$file"
				assertTrue "$file: $tool --$option" $?
				looked=$((looked + 1))
			done <<-END
			bash-completion/completions/pth|^.$tool:.*--${option}[ "]
			zsh/site-functions/_pth|--${option}[=[]
			fish/vendor_completions.d/pth.fish|^complete -c $tool .*-l $option
			END
		done
	done
	assertLeast 200 $looked options
	need bash bash || return
	: >exp.yaml && : >notes.txt && mkdir -p sub
	looked=0
	while IFS='|' read -r words want; do
		# shellcheck disable=SC2016,SC2086 # for bash; words
		got=$(bash -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
			_pth 2>/dev/null; echo "${COMPREPLY[*]}"' - \
			"$dir/bash-completion/completions/pth" $words)
		assertEquals "$words" "$want" "$got"
		looked=$((looked + 1))
	done <<-'EOT'
	pth ru|run
	pth run --ord|--order
	pth run --order = l|longest
	pth -q run x --progress pl|plain
	pth run e|exp.yaml
	pth run -o s|sub
	pth list prot|protocol
	pth new exp|experiment
	pth show ping_|ping_pong
	pth help pa|packets parse
	pth-plugin new --tem|--template
	pth-exec --rerun f|failed
	pth-plan not|notes.txt
	EOT
	assertLeast 13 $looked completions
	for shell in zsh fish; do
		command -v $shell >/dev/null || continue
		[ $shell = zsh ] && file=zsh/site-functions/_pth ||
			file=fish/vendor_completions.d/pth.fish
		run "$shell" -n "$dir/$file"
		assertCode 0
	done
}

testHelpOfMake() {
	run make_ help
	assertCode 0
	assertEquals 'each target' "$(sed -n '/^\.PHONY:/,$p' "$TOP/Makefile" |
		grep -oE '[a-z-]+' | grep -v '^fuzzers$' | sort)" \
		"$(printf '%s\n' "$out" | sed -n 's/^  \([a-z-]*\) .*/\1/p' | sort)"
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
