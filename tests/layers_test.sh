#!/bin/sh
# The rooms of lib/ include only rooms below or beside their own, and the
# functions of banned.h cannot be used.
. "$TOP/tests/lib.sh"

# The whole map, bottom to top. A room is a header and the .c files that
# begin with its name (template.h: template.c, template_scan.c, ...).
base='err buf arena text when os event banned'
io='file json digest rec yaml pcapng filter'
run='ask sig proc cgroup limit iface ns ready http owner capture state owners names cache workdir rundir loglimit sockets tally sample sampler service assertion steps warden fault fastfail seen intake leftover schedule runner progress session pool'
domain='template experiment plugin plan image compose artifact captures packets tshark metric verdict collect report'

rank_of() { # room
	case " $base " in *" $1 "*) echo 1 && return ;; esac
	case " $io " in *" $1 "*) echo 2 && return ;; esac
	case " $run " in *" $1 "*) echo 3 && return ;; esac
	case " $domain " in *" $1 "*) echo 4 && return ;; esac
	echo 0
}

room_of() { # path: template_scan.c -> template
	room=${1##*/}
	room=${room%.[ch]}
	echo "${room%%_*}"
}

# "file room included-room" for every include of ours in lib/.
includes() {
	grep -H '^#include "' "$TOP"/lib/*.[ch] | sed 's/:#include "\(.*\)".*/ \1/' | while read -r file header; do
		echo "${file##*/} $(room_of "$file") $(room_of "$header")"
	done
}

testEveryRoomIsOnTheMap() {
	for file in "$TOP"/lib/*.[ch]; do
		assertNotEquals "${file##*/}: its room is not on the map of tests/layers_test.sh" 0 "$(rank_of "$(room_of "$file")")"
	done
}

testIncludesGoDown() {
	includes >list
	assertTrue 'there are includes' '[ -s list ]'
	while read -r file room other; do
		[ "$file:$other" = event.c:json ] && continue # an event is an object
		assertTrue "$file ($room) includes $other, a room above" "[ $(rank_of "$room") -ge $(rank_of "$other") ]"
	done <list
}

testRoomsDoNotNeedEachOther() {
	includes | awk '$2 != $3 && !($2 == "event" && $3 == "json") { print $2, $3 }' | sort -u >edges
	tsort edges >/dev/null 2>loops
	assertEquals "rooms include each other in a circle" '' "$(cat loops)"
}

testToolsAreNotIncluded() {
	assertEquals '' "$(grep -l '#include "[^"]*\(\.\./\|bin/\)' "$TOP"/lib/*.[ch] "$TOP"/bin/*.c 2>/dev/null)"
}

testNothingInLibExits() {
	# err.c ends the program when memory is exhausted; event.c has pth_die;
	# children between fork and exec use _exit.
	found=$(grep -nE '(^|[^_a-z])exit\(' "$TOP"/lib/*.c | grep -vE '/(err|event)\.c:' | grep -v '/\*')
	assertEquals '' "$found"
}

compile() { # file
	cc -std=gnu11 -D_GNU_SOURCE -include "$TOP/lib/banned.h" -fsyntax-only "$1" 2>errors
}

testBannedFunctionsDoNotCompile() {
	sed -n 's/^#define \([a-z_]*\)(\(.*\)) PTH_BANNED.*/\1 \2/p' "$TOP/lib/banned.h" >functions
	assertTrue "a list of functions" "[ $(wc -l <functions) -ge 15 ]"
	while read -r name args; do
		args=$(echo "$args" | sed 's/\.\.\./0/;s/[a-z]\{1,\}/0/g')
		printf 'void f(void); void f(void) { %s(%s); }\n' "$name" "$args" >use.c
		compile use.c
		assertNotEquals "$name compiles" 0 $?
		assertMatch "$(cat errors)" "sorry_${name}_is_banned"
	done <functions
	compile "$TOP/tests/bad/banned.c"
	assertNotEquals 0 $?
	assertMatch "$(cat errors)" sorry_strcpy_is_banned
}

testOtherFunctionsCompile() {
	printf 'int f(const char *s); int f(const char *s) { return (int)strlen(s); }\n' >use.c
	compile use.c
	assertEquals "$(cat errors)" 0 $?
}

. shunit2
