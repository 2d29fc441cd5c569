#!/bin/sh
# The table tests/seeds: what the documents promise, row by row, each with the commands that
# show it. Its head says what a row looks like.
# timeout: 600
. "$TOP/tests/lib.sh"

shared=$TOP/../shared
[ -d "$shared/seeds" ] || shared=$TOP/../../shared # of a worktree
documents=$shared/seeds

# rows: w/rows/NAME is the commands of a row, w/cannot the rows that cannot be, with the
# reasons, w/features a line a row: name, document, words of it; w/world what all rows look at.
rows() {
	mkdir -p w/rows
	: >w/cannot
	awk -F '\t' '
		/^#/ || /^$/ { next }
		/^=/ { file = "w/world"; next }
		/^[^ ]/ {
			n = split($0, word, " ")
			file = "w/rows/" word[1] "_" word[2]
			gsub("-", "_", file)
			name = substr(file, 8)
			text = substr($0, length(word[1]) + length(word[2]) + 3)
			print name "\t" word[1] "\t" text >"w/features"
			next
		}
		/^  cannot: / { file = "w/cannot"; $0 = name "\t" $0 }
		{ print >file }' "$TOP/tests/seeds" || exit 4
}

# row NAME: it passes when each of its commands does, in an empty directory.
row() {
	mkdir -p "row/$1"
	run sh -c 'cd "row/$1" && . "$TOP/tests/seeds_lib.sh" && set -e && . "$W/rows/$1"' \
		row "$1" </dev/null
	assertEquals "$(grep "^$1$(printf '\t')" w/features)
	$(cat "w/rows/$1")
	stdout: $out
	stderr: $err
	exit code" 0 "$code"
}

oneTimeSetUp() {
	assertTrue 'every row is a file' "[ $(grep -c . w/features) = $((here + reasons)) ]"
	world
}

# world: what all rows look at, in w.
world() {
	(cd w && . "$TOP/tests/seeds_lib.sh" && . ./world) >world.out 2>&1 </dev/null
	return 0 # what is missing is missed by the rows
}

# Nobody takes a row away, and none is a comment that looks like one.
testRows() {
	assertLeast 140 "$here" 'rows that are shown'
	assertEquals 'a name twice' '' "$(cut -f 1 w/features | sort | uniq -d)"
	assertTrue 'most can be' "[ $reasons -le 12 ]"
	assertEquals 'a reason and commands' '' "$(grep -o "^[^ 	]*" w/cannot |
		while read -r name; do ls "w/rows/$name" 2>/dev/null; done)"
}

# A command in front of && or ||, or behind !, would fail without anybody seeing it.
testEveryCommandCounts() {
	assertEquals '' "$(grep -nE '&&|\|\||^ *!' w/rows/*)"
	assertLeast 140 "$(grep -l . w/rows/* | wc -l)" rows
}

# The words of a row stand in its document.
testWordsAreTheDocuments() {
	looked=0
	while IFS="$(printf '\t')" read -r name document words; do
		grep -Fq -e "$words" "$documents/00$document"_*.txt
		assertTrue "$name: document $document does not say: $words" $?
		looked=$((looked + 1))
	done <w/features
	assertLeast 140 $looked rows
}

# PANTHER's own files: all are read, and what is said of them is little. One has a test without
# services, which PANTHER refuses, too.
testFilesOfPanther() {
	looked=0
	for file in "$shared"/panther-configs/*.yaml; do
		pth check "$file" >said 2>&1
		# What this machine lacks, and what Shadow cannot run, is said of each test.
		grep ': warning: ' said | grep -vE 'this machine|[Ss]hadow|no docker engine' >rest
		assertTrue "$(cat said)" "[ $(wc -l <rest) -le 3 ]"
		case $file in
		*_with_observers.yaml) assertEquals 1 "$(grep -c ': error: ' said)" ;;
		*) assertEquals '' "$(grep ': error: ' said)" ;;
		esac
		looked=$((looked + 1))
	done
	assertLeast 10 $looked files
}

# Tools that do nothing show nothing: a row that passes with them looks at nothing.
testNothingIsShownByToolsThatDoNothing() {
	mkdir -p idle nothing
	for tool in $(tools); do
		ln -s /bin/true "idle/$tool"
	done
	mv w kept
	mkdir w
	cp -R kept/rows kept/world w
	PATH=$PTH_TMP/idle:$PATH world
	looked=0
	for file in w/rows/*; do
		name=${file##*/}
		mkdir -p "idle/$name"
		(cd "idle/$name" && PATH=$PTH_TMP/idle:$PATH W=$PTH_TMP/w sh -c \
			'. "$TOP/tests/seeds_lib.sh" && set -e && . "$W/rows/$1"' row "$name") \
			</dev/null >/dev/null 2>&1
		assertNotEquals "$name is shown by tools that do nothing" 0 $?
		looked=$((looked + 1))
	done
	rm -rf w
	mv kept w
	assertLeast 140 $looked rows
}

rows
export W="$PTH_TMP/w"
here=$(find w/rows -type f | wc -l)
reasons=$(grep -c '^[^ ]' w/cannot)
PTH_SUITE=$(sed -n 's/^\(test[A-Za-z]*\)() {$/\1/p' "$0" | xargs)
# The documents and PANTHER's files are not ours to give away: where they do not lie beside the
# project there is nothing to compare the table with.
# shellcheck disable=SC2086 # words
[ -d "$documents" ] || PTH_SUITE=$(printf '%s\n' $PTH_SUITE |
	grep -vxE 'testWordsAreTheDocuments|testFilesOfPanther' | xargs)
for file in w/rows/*; do
	name=${file##*/}
	eval "test_$name() { row $name; }"
	PTH_SUITE="$PTH_SUITE test_$name"
done

. shunit2
