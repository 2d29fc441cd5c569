#!/bin/sh
# pth-clean with an engine's client of our own, and in a world of our own: what is removed, what
# stays, and what is said.
# shellcheck disable=SC2016 # for the fake programs
# script: pth-clean
. "$TOP/tests/lib.sh"
# It looks at all processes and all control groups that there are.
own_world
hidden=''
[ -z "${PTH_OWN_WORLD:-}" ] || ! mount -t tmpfs tmpfs /sys/fs/cgroup 2>/dev/null || hidden=1

# need_hidden: neither groups nor processes of others can be reached.
need_hidden() {
	[ -n "$hidden" ] || skip 'no mounts and processes of its own here'
}

boot=$(tr -d - </proc/sys/kernel/random/boot_id)
pidns=$(stat -Lc %i /proc/self/ns/pid)
DEAD=$boot.4194300.1

# start_of PID: when it started, in ticks.
start_of() {
	sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20
}

oneTimeSetUp() {
	mkdir fake
	# What it is asked for comes from the files containers, networks, volumes and images; ID
	# cannot be removed where there is a file stuck.ID.
	fake docker "cd '$PTH_TMP' || exit 9"'
		echo "$*" >>calls
		case "$1 $2" in
		version*) [ ! -e down ] || { echo no engine here >&2; exit 1; } ;;
		"ps -a") cat containers ;;
		"network ls") cat networks ;;
		"volume ls") cat volumes ;;
		images*) case $* in *org.pth.stage*) cat stages ;; *) cat images ;; esac ;;
		"image inspect") [ -e "label.$5" ] && cat "label.$5" ;;
		*) for id; do :; done; [ ! -e "stuck.$id" ] ;;
		esac'
	# It lives, and its name makes reading /proc difficult.
	cp "$(command -v sleep)" 'a) b (c'
	"./a) b (c" 1000 &
	pid=$!
	assertSoon 30 grep -q 'a) b (c' /proc/$pid/stat
	ALIVE=$boot.$pid.$(start_of $pid)
}

oneTimeTearDown() {
	kill "$pid" 2>/dev/null
	:
}

setUp() {
	rm -f calls down stuck.* label.*
	: >containers && : >networks && : >volumes && : >images && : >stages
}

# things KIND: a list of this kind of thing, one of each owner.
things() {
	printf '%s\n' "1|dead|$DEAD|one" "2|alive|$ALIVE|one" "3|boot|${boot%?}x.${ALIVE#*.}|two" \
		"4|again|${ALIVE}0|one" '5|none||two' "6|odd|$boot.x.1|one" "7|part|$boot|one" \
		"8|foreign|$DEAD|" '' '9|user|me|one' >"$1"
}

# An owner in another pid namespace: below ours root sees him, beside ours nobody knows.
testOwnersInOtherPidNamespaces() {
	need_hidden || return
	unshare --pid --fork --kill-child sh -c 'sleep 1000 & echo $!; wait' >inner &
	outer=$!
	assertSoon 30 test -s inner
	assertSoon 30 pgrep -f '^sleep 1000$' # until then it is still the shell
	inner=$(cat inner) here=$(pgrep -f '^sleep 1000$')
	ns=$(stat -Lc %i "/proc/$here/ns/pid")
	assertNotEquals "$pidns" "$ns"
	living=$boot.$inner.$(start_of "$here")
	printf '%s\n' "1|dead|$DEAD.$pidns|one" "2|alive|$ALIVE.$pidns|one" \
		"3|below|$living.$ns|one" "4|gone|$DEAD.$ns|one" "5|again|${living}0.$ns|one" \
		"6|beside|$DEAD.4026530000|one" >containers
	clean
	assertCode 0
	assertEquals 'dead gone again' "$(printf '%s\n' "$out" |
		sed -n 's/^removed container \(.*\) (run one)/\1/p' | xargs)"
	chmod 777 . && rm -f calls
	# An ordinary user does not see all.
	out=$(PATH=$PTH_TMP/fake:$PATH HOME=$PTH_TMP/home as_user pth-clean -n)
	assertEquals 'would remove container dead (run one)' "$(echo "$out" | grep container)"
	kill -KILL $outer
	wait $outer 2>/dev/null
	:
}

# clean WORD...: what docker was told to remove is in $removed then.
clean() {
	rm -f "$PTH_TMP/calls"
	run env PATH="$PTH_TMP/fake:$PATH" HOME="$PTH_TMP/home" pth-clean "$@"
	removed=$(grep -sE '^(rm|rmi|network rm|volume rm)' "$PTH_TMP/calls")
}

testWordsAboutItRemoveNothing() {
	for word in -V --version -h --help; do
		things containers && things networks && things volumes
		clean "$word"
		assertCode 0
		assertEquals '' "$err"
		assertEquals "$word removes" '' "$removed"
		assertNoMatch "$out" "^removed "
	done
	clean -x
	assertCode 2
	assertEquals '-x removes' '' "$removed"
}

testWhatIsRemovedOnAnEngine() {
	things containers && things networks && things volumes
	clean
	assertCode 0
	assertEquals '' "$err"
	for kind in container network volume; do
		assertEquals "$kind" 'dead (one) boot (two) again (one) none (two) odd (one)
part (one) user (one)' "$(printf '%s\n' "$out" | sed -n "s/^removed $kind \(.*\)run /\1/p" |
			paste -sd ' ' | sed 's/ part/\npart/')"
	done
	assertEquals 'a line for each' 21 "$(printf '%s\n' "$out" | wc -l)"
	assertEquals "$(for how in 'rm -f -v' 'network rm' 'volume rm'; do
		for id in 1 3 4 5 6 7 9; do echo "$how $id"; done; done)" "$removed"
	# Only what is ours was asked for.
	assertEquals 3 "$(grep -cE '^(ps -a|network ls|volume ls) .*--filter label=org.pth.run ' \
		calls)"
	assertEquals 3 "$(grep -cF \
		'|{{.Label "org.pth.owner"}}|{{.Label "org.pth.run"}}' calls)"
	assertNoMatch "$(cat calls)" '^images'
}

testDryRun() {
	things containers && things networks && things volumes
	printf '<none>:<none>\tsha256:1\n' >images && echo x:latest >label.sha256:1
	for option in -n --dry-run; do
		clean $option -i
		assertCode 0
		assertEquals 22 "$(printf '%s\n' "$out" | grep -c '^would remove ')"
		assertEquals 22 "$(printf '%s\n' "$out" | wc -l)"
		assertMatch "$out" '^would remove network dead \(run one\)$'
		assertMatch "$out" '^would remove image sha256:1$'
		assertEquals '' "$removed"
	done
}

testOneRun() {
	things containers && things networks && things volumes
	looked=0
	for words in '-r two' '--run two' '--run=two' '-rtwo'; do
		# shellcheck disable=SC2086 # words
		clean $words
		assertCode 0
		assertEquals "$words" "$(for how in 'rm -f -v' 'network rm' 'volume rm'; do
			printf '%s\n' "$how 3" "$how 5"; done)" "$removed"
		looked=$((looked + 1))
	done
	assertLeast 4 $looked forms
	clean -r three
	assertEquals '' "$out$removed"
	# What lives is not taken because its run is named.
	echo "1|x|$ALIVE|three" >containers
	clean -r three
	assertEquals '' "$out$removed"
	clean -a -r three # neither groups nor processes are looked at
	assertEquals 'removed container x (run three)' "$out"
}

testAll() {
	need_hidden || return
	things containers
	for option in -a --all; do
		clean $option
		assertEquals '1 2 3 4 5 6 7 9' \
			"$(echo "$removed" | sed 's/rm -f -v //' | xargs)"
	done
}

testQuiet() {
	things volumes
	: >stuck.4
	for option in -q --quiet; do
		clean $option
		assertCode 4
		assertEquals '' "$out"
		assertEquals 7 "$(echo "$removed" | wc -l)"
	done
}

# The others are removed all the same.
testWhatCannotBeRemoved() {
	for kind in containers networks volumes; do
		setUp
		things $kind
		: >stuck.1
		clean
		assertCode 4
		assertEquals "$kind" 6 "$(printf '%s\n' "$out" | grep -c '^removed .* (run ')"
		assertNoMatch "$out" ' dead '
	done
	setUp
	printf 'x:latest\tsha256:1\ny:latest\tsha256:2\n' >images
	echo x:latest >label.sha256:1 && echo y:latest >label.sha256:2
	: >stuck.x:latest
	clean -i -a
	assertCode 4
	assertEquals 'removed image y:latest' "$out"
}

testImages() {
	{
		printf 'mine:latest\tsha256:1\nother:latest\tsha256:2\n<none>:<none>\tsha256:3\n'
		printf 'localhost/pod:latest\tsha256:4\ngone:latest\tsha256:5\n\n'
		printf '<none>:<none>\tsha256:6\n'
	} >images
	echo 'mine:latest sha256:0' >label.sha256:1
	echo 'mine:latest sha256:0' >label.sha256:2 # another name, or somebody's on ours
	echo 'mine:latest sha256:0' >label.sha256:3
	echo 'pod:latest sha256:0' >label.sha256:4
	echo 'other:latest sha256:0' >label.sha256:6
	ours='mine:latest sha256:3 pod:latest sha256:6'
	for option in -i --images; do
		clean $option -a
		assertCode 0
		# shellcheck disable=SC2086 # words
		assertEquals "$(printf 'removed image %s\n' $ours)" "$out"
		# shellcheck disable=SC2086
		assertEquals "$(printf 'rmi %s\n' $ours)" "$removed"
		assertMatch "$(cat calls)" '^images .*--filter label=org.pth.image '
	done
}

# Of the stages in which images were compiled the newest of each image stays, as long as that does.
testStagesThatAreNeeded() {
	printf 'used:latest\tsha256:1\nold:latest\tsha256:2\n' >images
	echo 'used:latest sha256:9 sha256:9' >label.sha256:1
	echo 'old:latest sha256:9 sha256:9' >label.sha256:2
	printf 'sha256:%s\n' 11 12 13 14 15 >stages
	for id in sha256:11 sha256:13 used:latest old:latest; do echo used:latest >label.$id; done
	echo build >label.sha256:12 # of a build that failed
	echo old:latest >label.sha256:14
	echo gone:latest >label.sha256:15
	uses=$PTH_TMP/cache/pth/images
	rm -rf "$uses" && mkdir -p "$uses"
	echo "last.run.1 sha256:1" >"$uses/1.used"
	export XDG_CACHE_HOME="$PTH_TMP/cache"
	unset XDG_RUNTIME_DIR
	clean -i
	assertCode 0
	assertEquals 'old:latest sha256:12 sha256:13 sha256:14 sha256:15' \
		"$(printf '%s\n' "$out" | sed -n 's/^removed image //p' | xargs)"
	assertEquals "$(printf '%s\n' "$out" | sed 's/removed image/rmi/')" "$removed"
	# While something is built, they may be what it builds on.
	: >"$uses/x.lock"
	flock "$uses/x.lock" sh -c ': >locked; exec sleep 1000' &
	assertSoon 30 test -e locked
	clean -i -n
	assertEquals 'would remove image old:latest' "$out"
	pkill -P $!
	wait $! 2>/dev/null
	clean -i -a
	assertEquals 7 "$(echo "$removed" | wc -l)"
	unset XDG_CACHE_HOME
}

# Bases, what the last run has used and what a living one uses stay, unless all are meant. What
# runs on other engines have used does not count.
testImagesThatAreNeeded() {
	for n in 1 2 3 4 5 6; do
		printf 'i%s:latest\tsha256:%s\n' $n $n
		echo "i$n:latest sha256:1 sha256:9" >label.sha256:$n
	done >images
	echo 'i1:latest ' >label.sha256:1 # a base
	printf '<none>:<none>\tsha256:7\n' >>images
	echo 'i2:latest sha256:1' >label.sha256:7
	uses=$PTH_TMP/cache/pth/images
	mkdir -p "$uses"
	note() { # image owner age
		echo "$2 sha256:$1" >"$uses/$1.used"
		touch -d "$3 minutes ago" "$uses/$1.used"
	}
	note 2 last.run.1 5
	note 3 last.run.1 6
	note 4 older.run.1 7
	note 5 "$ALIVE" 8
	note 8 elsewhere.run.1 1
	export XDG_CACHE_HOME="$PTH_TMP/cache"
	clean -i
	assertCode 0
	assertEquals "removed image i4:latest
removed image i6:latest
removed image sha256:7" "$out"
	things containers
	clean -i -a
	assertNoMatch "$out" 'container alive'
	assertEquals 7 "$(printf '%s\n' "$out" | grep -c '^removed image')"
	: >containers
	# Nothing is noted of any: what has a name stays.
	rm "$uses"/*
	clean -i
	assertEquals 'removed image sha256:7' "$out"
	unset XDG_CACHE_HOME
}

testTheEngineCannotBeReached() {
	: >down
	clean
	assertCode 4
	assertEquals 'no engine here' "$err"
	assertEquals '' "$removed"
	rm down
	for list in containers networks volumes; do
		rm $list
		clean
		assertEquals "$list cannot be listed" 4 "$code"
		: >$list
	done
	rm images
	clean -i
	assertCode 4
}

# few: the folder few/, with what is on every machine.
few() {
	rm -rf few && mkdir few
	for p in sh awk cat cut dirname find grep paste printf readlink rm mv sed sleep stat tr wc \
		xargs rmdir; do
		ln -s "$(command -v "$p")" few/
	done
}

testWithoutAnEngine() {
	few
	run env PATH="$PTH_TMP/few" "$TOP/bin/pth-clean"
	assertEquals '0: ' "$code: $out$err"
	run env PATH="$PTH_TMP/few" "$TOP/bin/pth-clean" -c
	assertEquals '4: pth-clean: -c needs flock (package util-linux)' "$code: $out$err"
}

# a_cache DIRECTORY: with two that were compiled, one that is copied just now, what a kill has
# left, and what is somebody else's.
a_cache() {
	rm -rf "$1"
	mkdir -p "$1/pth/compile" && cd "$1/pth/compile" || return
	for n in 1 2 3; do
		key=$(printf '%064d' $n)
		mkdir "$key" && : >"$key/file" && : >"$key.lock"
	done
	left=$(printf '%063d' 0)f
	mkdir "$left.new" "$left.gone" && : >"$left.lock"
	for other in "$(printf '%063d' 1)" "$(printf '%065d' 1)" "$(printf '%063d' 1)x" \
		"$(printf '%063d' 1)A" readme; do
		mkdir "$other"
	done
	cd "$PTH_TMP" || return
}

testCompiled() {
	need flock util-linux || return
	a_cache home/.cache
	mkfifo held
	in_use=$PTH_TMP/home/.cache/pth/compile/$(printf '%064d' 3)
	flock -s "$in_use" cat held &
	holder=$!
	assertSoon 30 sh -c "! flock -n '$in_use' true"
	clean
	assertEquals 'not without being told' 14 "$(ls home/.cache/pth/compile | wc -l)"
	clean -n --compiled
	assertEquals 'would say' 3 "$(printf '%s\n' "$out" | grep -c \
		"^would remove compiled $PTH_TMP/home/.cache/pth/compile/0*[123]\$")"
	assertEquals 14 "$(ls home/.cache/pth/compile | wc -l)"
	clean -c
	assertCode 0
	assertEquals "$(printf "removed compiled $PTH_TMP/home/.cache/pth/compile/%064d\n" 1 2)" \
		"$out"
	assertEquals 'what is in use and what is not ours' 6 \
		"$(ls home/.cache/pth/compile | grep -vc 'lock$')"
	assertTrue 'it is whole' "[ -e $in_use/file ]"
	assertEquals 'nothing half' '' "$(ls home/.cache/pth/compile | grep -E 'new|gone')"
	: >held
	wait $holder
	rm held
}

# The user's cache is where pth-exec has it.
testWhereTheCacheIs() {
	need flock util-linux || return
	looked=0
	while IFS='|' read -r given home emptied; do
		looked=$((looked + 1))
		a_cache home/.cache && a_cache other
		run env PATH="$PTH_TMP/fake:$PATH" XDG_CACHE_HOME="$given" HOME="$home" pth-clean -c
		assertCode 0
		for cache in home/.cache other; do
			n=3 && [ $cache != "$emptied" ] || n=0
			assertEquals "$given, $home: $cache" $n \
				"$(ls -d $cache/pth/compile/*[123] | grep -cE '/0{63}.$')"
		done
	done <<-EOT
	|$PTH_TMP/home|home/.cache
	$PTH_TMP/other|$PTH_TMP/home|other
	other|$PTH_TMP/home|home/.cache
	$PTH_TMP/nowhere|$PTH_TMP/home|neither
	|home|neither
	EOT
	assertLeast 5 "$looked" cases
}

# Directories stand for the groups of the machine, which are out of sight.
testGroups() {
	need_hidden || return
	fake sleep ''
	cd /sys/fs/cgroup || return
	dead=pth-$DEAD.$pidns alive=pth-$ALIVE.$pidns away=pth-$DEAD.1
	for option in '' -n '-r one' -a; do
		rm -rf ./*
		mkdir -p "a/b/$dead/1.a" "a/b/$dead/1.b" "$alive/1.a" "c/$away" pth-x.1 \
			"other-$dead"
		# shellcheck disable=SC2086 # words
		clean $option
		assertCode 0
		case $option in
		'') want=$dead ;;
		-a) want="$dead $alive $away" ;;
		*) want='' ;;
		esac
		[ "$option" != -n ] || want_said="would remove group $PWD/a/b/$dead"
		[ "$option" != '' ] || want_said="removed group $PWD/a/b/$dead"
		case $option in '' | -n) assertEquals "$want_said" "$out" ;; esac
		for group in $dead $alive $away; do
			case " $want " in
			*" $group "*) there=0 ;;
			*) there=1 ;;
			esac
			assertEquals "$option: $group" $there \
				"$(find . -name "$group" ! -path './other*' | wc -l)"
		done
		assertTrue 'what is not ours stays' "[ -d pth-x.1 ] && [ -d 'other-$dead' ]"
	done
	# Who is in it is killed, and it goes a little later.
	rm -rf ./* && mkdir -p "$dead/1.a"
	"$PTH_TMP/a) b (c" 2000 &
	echo $! | tee "$dead/cgroup.procs" >"$dead/1.a/cgroup.procs"
	fake_sleep="$! /sys/fs/cgroup/$dead"
	(cd "$PTH_TMP" && fake sleep "set -- $fake_sleep
		! grep -qs '^State:.[^Z]' /proc/\$1/status || exec /bin/sleep 0.05
		rm -f \$2/cgroup.procs \$2/*/cgroup.procs")
	clean
	assertEquals "0 removed group $PWD/$dead" "$code $out"
	kill $! 2>/dev/null
	wait $!
	assertEquals 'killed by KILL' 137 $?
	(cd "$PTH_TMP" && fake sleep '')
	# Who is in it and cannot be killed keeps it.
	rm -rf ./* && mkdir -p "$dead" "z/$dead" && echo 0 >"$dead/cgroup.procs"
	clean
	assertCode 4
	assertEquals "pth-clean: $PWD/$dead cannot be removed" "$err"
	cd "$PTH_TMP" || return
	rm -rf /sys/fs/cgroup/*
	rm fake/sleep
}

# Those of a living run stay, but with -a; what is no process of a test stays always.
testProcesses() {
	need_hidden || return
	env "PTH_TEST=$ALIVE.$pidns:$PWD/x" sleep "1$nap" &
	env "PTH_TEST=$DEAD.$pidns:$PWD/y z" sleep "2$nap" &
	gone=$!
	env "PTH_TESTS=$DEAD.$pidns:$PWD/x" sleep "3$nap" &
	# The leader of this session is gone, and one of it has no mark any more.
	env "PTH_TEST=$DEAD.$pidns:$PWD/w" setsid sh -c 'env -i sleep "4$0" & sleep "5$0" &' "$nap"
	for n in 1 2 3 4 5; do assertSoon 30 asleep $n; done
	clean -n
	assertCode 0
	assertEquals "$(for n in 4 5; do
		echo "would remove process $(asleep $n) (sleep) of $PWD/w"; done
		echo "would remove process $gone (sleep) of $PWD/y z")" \
		"$(printf '%s\n' "$out" | sort -k 7 -k 4n)"
	clean -r x
	assertEquals '' "$out"
	clean -q
	assertEquals '' "$out$err"
	for n in 2 4 5; do assertSoon 20 none_asleep $n; done
	assertEquals '1 3' \
		"$(for n in 1 2 3 4 5; do ! asleep $n >/dev/null || echo $n; done | xargs)"
	clean -a
	assertMatch "$out" "^removed process [0-9]* \\(sleep\\) of $PWD/x\$"
	assertEquals '0 1' "$(asleep 1 | wc -l) $(asleep 3 | wc -l)"
	kill $!
}

# Who has started it may have such a mark, too, and so has it itself then.
testNotItselfNorWhoHasStartedIt() {
	need_hidden || return
	sleeps='env "$0" sleep "1$1" & until pgrep -f "^sleep 1$1\$" >there; do sleep 0.05; done'
	sh -c "$sleeps"'; env "$0" setsid sh -c "$2"; kill $!' \
		"PTH_TEST=$DEAD.$pidns:$PWD/x" "$nap" \
		'PATH=$PTH_TMP/fake:$PATH pth-clean; echo "still here: $?"' >said
	assertEquals 'still here: 0' "$(tail -n 1 said)"
	assertMatch "$(cat said)" '^removed process [0-9]* \(sleep\) of '
	assertEquals 2 "$(wc -l <said)"
	# Nor what else is in its session, which has lost its leader.
	setsid sh -c "$sleeps"'; sleep "2$1" &
		until pgrep -f "^sleep 2$1\$" >there; do sleep 0.05; done
		{
			while kill -0 $$; do sleep 0.05; done
			PATH=$PTH_TMP/fake:$PATH pth-clean >said && : >cleaned
		} 2>/dev/null &' "PTH_TEST=$DEAD.$pidns:$PWD/x" "$nap"
	assertSoon 30 test -e cleaned
	assertMatch "$(cat said)" '^removed process [0-9]* \(sleep\) of '
	assertEquals '0 1' "$(asleep 1 | wc -l) $(asleep 2 | wc -l)"
	kill "$(asleep 2)"
}

testUsage() {
	looked=0
	while IFS='|' read -r words sentence; do
		# shellcheck disable=SC2086 # words
		clean $words 2>/dev/null
		assertCode 2
		assertEquals "pth-clean: $sentence" "$(printf '%s\n' "$err" | head -n 1)"
		assertMatch "$err" '^usage: pth-clean '
		assertEquals "$words" '' "$out$removed"
		looked=$((looked + 1))
	done <<-'EOT'
	x|one operand too many: x
	-r|-r needs its argument
	--run|-r needs its argument
	-Z|unknown option -Z
	--everything|unknown option --everything
	-n -a y|one operand too many: y
	EOT
	assertLeast 6 $looked mistakes
}

. shunit2
