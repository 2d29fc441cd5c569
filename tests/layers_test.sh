#!/bin/sh
# The folders of lib/ are layers: a folder includes only folders before it in
# the list. The functions of banned.h cannot be used.
. "$TOP/tests/lib.sh"

order='base io host packet template experiment plugin plan container supervise run collect report'

# "folder/file.c folder folder/header.h folder" for each include of ours in lib/.
includes() {
	(cd "$TOP/lib" && grep -H '^#include "' ./*/*.[ch]) |
		sed -n 's|^\./\(\([^/]*\)/[^:]*\):#include "\(\([^/]*\)/[^"]*\)".*|\1 \2 \3 \4|p'
}

testEveryFolderIsInTheList() {
	assertEquals "$(echo "$order README.md" | tr ' ' '\n' | sort)" "$(ls "$TOP/lib" | sort)"
}

testIncludesNameTheFolder() {
	written=$(cat "$TOP"/lib/*/*.[ch] | grep -c '^#include "')
	assertEquals 'includes without a folder' "$written" "$(includes | wc -l)"
	assertTrue "$written includes" "[ $written -gt 500 ]"
}

testIncludesGoOneWay() {
	includes | awk -v order="$order" '
		BEGIN { n = split(order, name); for (i = 1; i <= n; i++) rank[name[i]] = i }
		rank[$2] == 0 || rank[$4] == 0 || rank[$4] > rank[$2] {
			print $1, "includes", $3
		}' >wrong
	assertEquals '' "$(cat wrong)"
}

# A file stands for its header, too: a.c and a.h are one.
testNoCircleOfFilesCrossesAFolder() {
	includes |
		awk '{ sub(/\.[ch]$/, "", $1); sub(/\.[ch]$/, "", $3) } $1 != $3 { print $1, $3 }' |
		sort -u >edges
	tsort edges 2>&1 >/dev/null | awk '
		/contains a loop/ { folder = ""; next }
		{
			sub(/\/.*/, "", $2)
			if (folder != "" && $2 != folder) print folder, $2
			folder = $2
		}' >crossing
	assertEquals '' "$(cat crossing)"
	awk '{ sub(/\/.*/, "", $1); sub(/\/.*/, "", $2) } $1 != $2' edges | sort -u >folders
	assertTrue 'there are edges between folders' '[ -s folders ]'
	tsort folders >/dev/null 2>loops
	assertEquals '' "$(cat loops)"
}

testToolsAreNotIncluded() {
	assertEquals '' \
		"$(grep -l '#include "[^"]*\(\.\./\|bin/\)' \
			"$TOP"/lib/*/*.[ch] "$TOP"/bin/*.c 2>/dev/null)"
}

testNothingInLibExits() {
	# err.c ends the program when memory is exhausted; event.c has pth_die;
	# children between fork and exec use _exit.
	found=$(grep -nE '(^|[^_a-z])exit\(' "$TOP"/lib/*/*.c | grep -vE '/(err|event)\.c:' |
		grep -v '/\*')
	assertEquals '' "$found"
}

# "question|file|name" for each row of the map's second table.
map_rows() {
	sed -n 's/^| \(.*\) | \([a-z_]*\/[a-z_.]*\) | `\(.*\)` |$/\1|\2|\3/p' "$TOP/lib/README.md"
}

testTheMapIsTrue() {
	map_rows >rows
	assertTrue "$(wc -l <rows) questions" "[ $(wc -l <rows) -ge 25 ]"
	while IFS='|' read -r question file name; do
		case $name in
		'enum '*) definition="^$name \\{" ;;
		[A-Z]*) definition="^#define $name" ;;
		*) definition="^([a-z].* \\**)?$name(\\(|\\[| =)" ;;
		esac
		grep -qE "$definition" "$TOP/lib/$file" ||
			fail "lib/README.md: $question: $file has no $name"
	done <rows
	assertEquals "every row of the table was read" "$(wc -l <rows)" \
		"$(sed -n '/^| question/,/^$/p' "$TOP/lib/README.md" | grep -c '`')"
	for folder in $order; do
		assertEquals "$folder in the map" 1 "$(grep -c "^| $folder |" "$TOP/lib/README.md")"
	done
	style=$(sed -n '/^## Style/,$p' "$TOP/lib/README.md" | wc -l)
	assertTrue "the rules of style have $style lines" "[ $style -le 60 ]"
}

compile() { # file
	cc -std=gnu11 -D_GNU_SOURCE -include "$TOP/lib/base/banned.h" -fsyntax-only "$1" 2>errors
}

testBannedFunctionsDoNotCompile() {
	sed -n 's/^#pragma GCC poison //p' "$TOP/lib/base/banned.h" | tr ' ' '\n' >functions
	assertTrue "a list of functions" "[ $(wc -l <functions) -ge 15 ]"
	while read -r name; do
		printf 'void f(void); void f(void) { %s(0, 0, 0); }\n' "$name" >use.c
		compile use.c
		assertNotEquals "$name compiles" 0 $?
		assertMatch "$(cat errors)" "poisoned \"$name\""
	done <functions
	compile "$TOP/tests/bad/banned.c"
	assertNotEquals 0 $?
	assertMatch "$(cat errors)" 'poisoned "strcpy"'
}

testOtherFunctionsCompile() {
	printf 'int f(const char *s); int f(const char *s) { return (int)strlen(s); }\n' >use.c
	compile use.c
	assertEquals "$(cat errors)" 0 $?
}

. shunit2
