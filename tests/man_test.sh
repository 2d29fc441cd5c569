#!/bin/sh
# The manual pages: sound, complete, and their EXAMPLES work.
# timeout: 300
. "$TOP/tests/lib.sh"

testLint() {
	need mandoc mandoc || return
	looked=0
	for page in "$TOP"/man/*.[157]; do
		assertEquals '' "$(mandoc -Tlint -W warning "$page" 2>&1)"
		looked=$((looked + 1))
	done
	assertTrue "only $looked pages" "[ $looked -ge 18 ]"
}

testEveryToolHasAPage() {
	assertTrue "only $(tools | wc -l) tools" "[ $(tools | wc -l) -ge 12 ]"
	for tool in $(tools); do
		assertTrue "man/$tool.1 is missing" "[ -f '$TOP/man/$tool.1' ]"
	done
	for page in pth.7 pth-tutorial.7 pth-experiment.5 pth-plugin.5 pth-record.5 \
		pth-events.5 pth-template.5; do
		assertTrue "man/$page is missing" "[ -f '$TOP/man/$page' ]"
	done
}

# A checkout is a tree of pages, too: man/man1 and the others are man itself.
testManPathOfACheckout() {
	need man man-db || return
	looked=0
	for page in "$TOP"/man/*.[157]; do
		name=${page##*/}
		assertEquals "$page" "$(readlink -f "$(MANPATH=$TOP/man man -w "${name##*.}" \
			"${name%.*}")")"
		looked=$((looked + 1))
	done
	assertLeast 19 $looked pages
}

testPagesHaveTheirSections() {
	assertEquals 'a page for each tool, no more' "$(tools | sort)" \
		"$(cd "$TOP/man" && ls ./*.1 | sed 's,^\./,,;s/\.1$//' | sort)"
	for page in "$TOP"/man/*.1; do
		for section in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES; do
			grep -q "^\.Sh $section" "$page"
			assertTrue "${page##*/}: no section $section" $?
		done
	done
}

# Examples: in sections with EXAMPLES in their names, and everywhere in the tutorial, literal
# blocks, "$ command" and then what it prints, if that is said. "..." in there stands for anything.
# A command goes on behind a backslash, and with <<'END' up to END. A line
# .\" needs PROGRAM before a block: the block is for machines that have it.
# They become files NNN.cmd and NNN.out.
extract() { # page
	case $1 in *tutorial*) all=1 ;; *) all=0 ;; esac
	awk -v all=$all '
	function plain(s) {
		gsub(/\\&/, "", s); gsub(/\\-/, "-", s); gsub(/\\\(aq/, "\047", s)
		gsub(/\\\(dq/, "\"", s); gsub(/\\\(ti/, "~", s); gsub(/\\\(ha/, "^", s)
		gsub(/\\\(ga/, "`", s); gsub(/\\e/, "\\", s)
		return s
	}
	/^\.Sh / { examples = all || /EXAMPLES/ }
	!examples { next }
	/^\.\\" needs / { needs = $3 }
	/^\.Bd / { block = 1; more = 0; file = ""; next }
	/^\.Ed/ { block = 0; needs = ""; next }
	!block { next }
	{ line = plain($0) }
	text { print line >> (file ".cmd"); text = line != "END"; next }
	more { print line >> (file ".cmd"); more = line ~ /\\$/; next }
	line ~ /^\$ / {
		file = sprintf("%03d", ++n)
		print substr(line, 3) > (file ".cmd")
		if (needs) print needs > (file ".needs")
		more = line ~ /\\$/
		text = line ~ /<<\047END\047$/
		next
	}
	file { print line >> (file ".out") }
	' "$1"
}

run_example() { # page number; in the directory "top"
	name=$1
	if [ -f "$2.needs" ] && ! command -v "$(cat "$2.needs")" >/dev/null; then return; fi
	(cd top && PTH_EVENTS=none timeout 60 sh "../$2.cmd" >../stdout 2>../stderr)
	code=$?
	said="$name: $(cat "$2.cmd")${NL}$(cat stdout stderr)"
	if ! grep -qvx '\.\.\.' "$2.out" 2>/dev/null; then
		assertEquals "$said" 0 $code
		[ ! -f "$2.out" ] || assertTrue "$said: prints nothing" '[ -s stdout ]'
		return
	fi
	# shellcheck disable=SC2001
	pattern=$(sed 's/[][*?\\]/\\&/g;s/\.\.\./*/g' "$2.out")
	# shellcheck disable=SC2254 # a pattern
	case $(cat stdout) in
	$pattern) ;;
	*) assertEquals "$said" "$(cat "$2.out")" "$(cat stdout)" ;;
	esac
	# Some show what is said of a mistake.
	assertTrue "$said: exit code $code" "[ $code = 0 ] || [ $code = 3 ]"
}

# The tree as a reader has it, but what the examples write does not stay.
make_top() {
	rm -rf top && mkdir top
	for file in "$TOP"/*; do
		case ${file##*/} in
		bin | out | outputs | build) ;;
		*) ln -s "$file" top/ ;;
		esac
	done
	ln -s "$(dirname "$(command -v pth-parse)")" top/bin
}

# What pth-exec(1) promises of hostile programs names the tests of it.
testPromisesHaveTheirTests() {
	named=$(sed -n '/^\.Sh SECURITY/,/^\.Sh ENVIRONMENT/s/^\.Pq//p' "$TOP/man/pth-exec.1" |
		tr -s ' ,;.' '\n' | grep .)
	assertTrue "only $(echo "$named" | wc -l)" "[ $(echo "$named" | wc -l) -ge 30 ]"
	for name in $named; do
		assertTrue "$name" "[ -f '$TOP/tests/hostile/$name.sh' ]"
	done
}

testExamples() {
	need tshark tshark || return
	PATH=$PATH:/usr/sbin:/sbin
	looked=0
	for page in "$TOP"/man/*.[157]; do
		rm -rf ex && mkdir ex && cd ex || return
		make_top
		extract "$page"
		# What stands there belongs to somebody on this machine.
		assertEquals "${page##*/}: writes outside" '' \
			"$(cat [0-9]*.cmd 2>/dev/null | grep -E '(^|[ =>"])(/[a-z]|~)' |
				grep -v '/dev/null')"
		for cmd in [0-9]*.cmd; do
			[ -f "$cmd" ] || continue
			run_example "${page##*/}" "${cmd%.cmd}"
			looked=$((looked + 1))
		done
		cd "$PTH_TMP" || return
	done
	assertEquals 'all of them' $looked \
		"$(awk '/^\.Sh / { on = /EXAMPLES/ || FILENAME ~ /tutorial/ } on && /^\$ /' \
			"$TOP"/man/*.[157] | wc -l)"
	assertTrue "only $looked examples" "[ $looked -ge 60 ]"
}

# The commands of the README, block by block in one shell each, but those that build, install or
# need an engine.
testReadme() {
	need tshark tshark && need jq jq && need gtlsserver ngtcp2-server || return
	PATH=$PATH:/usr/sbin:/sbin
	rm -rf ex && mkdir ex && cd ex || return
	make_top
	awk '/^## The tree/ { exit }
	     /^    / { if (!inside) file = sprintf("%03d.cmd", ++n); inside = 1
		       print substr($0, 5) > file; next }
	     { inside = 0 }' "$TOP/README.md"
	looked=0
	for cmd in [0-9]*.cmd; do
		! grep -qE '^(make|sudo) ' "$cmd" || continue
		(cd top && PTH_EVENTS=none timeout 100 sh -e "../$cmd" >../stdout 2>../stderr)
		assertEquals "$(cat "$cmd" stdout stderr)" 0 $?
		looked=$((looked + 1))
	done
	assertLeast 8 $looked blocks
	for word in 'new experiment' list show 'new protocol' 'new iut' schema doctor check run; do
		assertMatch "$(cat "$TOP/README.md")" "^    pth $word"
	done
}

. shunit2
