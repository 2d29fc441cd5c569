#!/bin/sh
# The folders of lib/ are layers: a folder includes only folders before it in
# the list. Functions are named as lib/README.md says. Those of banned.h cannot
# be used.
. "$TOP/tests/lib.sh"

order='base io host packet link dissect qlog template experiment plugin plan container shadow'
order="$order supervise run collect spread report"

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

# The headers that another folder or a tool includes, directly or through such a header.
public_headers() {
	{ includes; grep -hE '^#include "[a-z]' "$TOP"/bin/*.c |
		sed -n 's|^#include "\(\([^/]*\)/[^"]*\)".*|bin bin \1 \2|p'; } |
		awk '
			$2 != $4 { public[$3] }
			{ included[$1] = included[$1] " " $3 }
			END {
				do {
					more = 0
					for (header in public) {
						n = split(included[header], list, " ")
						for (i = 1; i <= n; i++)
							if (!(list[i] in public)) {
								public[list[i]]
								more = 1
							}
					}
				} while (more)
				for (header in public) print header
			}' | sort
}

# "folder/header.h function" for each function of each header.
header_functions() {
	(cd "$TOP/lib" && awk '
		FNR == 1 { comment = continued = 0 }
		{ gsub(/\/\*[^*]*\*\//, "") }
		/\/\*/ { comment = 1 }
		comment { comment = !/\*\//; next }
		continued || /^#/ { continued = /\\$/; next }
		/^[a-z][a-z0-9_ *]*\(/ && !/^(struct|enum|union) [a-z_]+ \{/ {
			sub(/\(.*/, "")
			sub(/.*[ *]/, "")
			if ($0 !~ /^__/) print FILENAME, $0
		}' ./*/*.h) | sed 's|^\./||'
}

# The law of names in lib/README.md. Macros and types are free.
testFunctionsBeginAsTheLawSays() {
	public_headers >public
	header_functions >functions
	assertTrue "$(wc -l <public) public headers" "[ $(wc -l <public) -gt 40 ]"
	assertTrue "$(wc -l <functions) functions" "[ $(wc -l <functions) -gt 700 ]"
	awk '
		FNR == NR { public[$1]; next }
		{ folder = $1; sub(/\/.*/, "", folder) }
		{ prefix = $1 in public ? "pth_" : folder "_" }
		index($2, prefix) != 1 { print $1 ": " $2 " does not begin with " prefix }
		$1 ~ /priv\.h$/ && $1 in public { print $1 " is included by another folder" }
	' public functions >wrong
	assertEquals '' "$(sort -u wrong)"
}

# The law of the first line: a sentence that says what the file is for.
testEveryFileSaysWhatItIsFor() {
	for file in "$TOP"/lib/*/*.c "$TOP"/bin/*.c; do
		sed -n '1{/^\/\*/!p;q}' "$file" | grep -q . && echo "$file"
	done >silent
	assertEquals '' "$(cat silent)"
}

testToolsAreNotIncluded() {
	assertEquals '' \
		"$(grep -l '#include "[^"]*\(\.\./\|bin/\)' \
			"$TOP"/lib/*/*.[ch] "$TOP"/bin/*.c 2>/dev/null)"
}

# libc's regular expressions take a time that the text decides; see lib/base/regex.h.
testOneRegularExpression() {
	found=$(grep -nE '(^|[^_a-z])(regcomp|regexec|regex_t)([^_a-z]|$)' "$TOP"/lib/*/*.[ch] \
		"$TOP"/bin/*.c | grep -v '^[^:]*/base/regex.h:')
	assertEquals '' "$found"
	assertTrue "$(grep -lr 'pth_regex_new(' "$TOP/lib" --include='*.c' | wc -l) files" \
		"[ $(grep -lr 'pth_regex_new(' "$TOP/lib" --include='*.c' | wc -l) -gt 6 ]"
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
