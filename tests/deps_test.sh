#!/bin/sh
# tests/deps installs what is missing when it may, and says how when not.
. "$TOP/tests/lib.sh"

# A world of our own: programs here come first in PATH.
setUp() {
	mkdir fake
	printf 'build\tgood\tsh\nrun\tlacking\t%s/fake/proof*\nother\tunwanted\tno-such-program\n' \
		"$PTH_TMP" >packages
	: >calls
	fake id 'echo 1000'
	fake sudo 'exit 1'
	fake apt-get "echo apt-get \"\$@\" >>'$PTH_TMP/calls'"
}

deps() {
	run env PATH="$PTH_TMP/fake:$PATH" PTH_PACKAGES="$PTH_TMP/packages" "$TOP/tests/deps" "$@"
}

testNothingMissing() {
	deps build
	assertCode 0
	assertEquals '' "$out$err"
	assertEquals '' "$(cat calls)"
	touch fake/proof-1
	deps build run
	assertCode 0
	assertEquals '' "$(cat calls)"
}

testOrdinaryUserIsTold() {
	deps build run
	assertCode 4
	assertEquals "pth: packages are missing. As root:
    apt-get install -y --no-install-recommends lacking " "$err"
	assertEquals '' "$(cat calls)"
	assertEquals '' "$out"
}

testRootInstalls() {
	fake id 'echo 0'
	fake apt-get "echo apt-get \"\$@\" >>'$PTH_TMP/calls'
		echo noninteractive is \$DEBIAN_FRONTEND; touch '$PTH_TMP/fake/proof'"
	deps build run
	assertCode 0
	assertMatch "$(cat calls)" '^apt-get .*install -y --no-install-recommends lacking$'
	assertMatch "$err" 'noninteractive is noninteractive'
	assertEquals 'one call is enough' 1 "$(wc -l <calls)"
}

testSudoInstalls() {
	fake sudo "shift; echo sudo >>'$PTH_TMP/calls'; exec \"\$@\""
	fake apt-get "echo apt-get \"\$@\" >>'$PTH_TMP/calls'; touch '$PTH_TMP/fake/proof'"
	deps build run
	assertCode 0
	assertMatch "$(cat calls)" '^sudo$'
	assertMatch "$(cat calls)" '^apt-get .*install'
}

testListsAreUpdatedWhenNeeded() {
	fake id 'echo 0'
	fake apt-get "echo apt-get \"\$@\" >>'$PTH_TMP/calls'
case \"\$*\" in *update*) touch '$PTH_TMP/fake/lists' ;;
*) [ -e '$PTH_TMP/fake/lists' ] && touch '$PTH_TMP/fake/proof' ;; esac"
	deps build run
	assertCode 0
	assertEquals "$(printf 'apt-get %s\n' 'install -y --no-install-recommends lacking' update \
		'install -y --no-install-recommends lacking')" \
		"$(sed 's/ -q -o DPkg::Lock::Timeout=[0-9]*//' calls)"
}

testFailureIsSaid() {
	fake id 'echo 0'
	fake apt-get 'exit 100'
	deps build run
	assertCode 4
	assertMatch "$err" '^pth: installing packages failed. As root:$'
	assertMatch "$err" '^    apt-get install -y --no-install-recommends lacking $'
}

testInstalledButStillMissing() {
	fake id 'echo 0'
	printf 'run\tlazy\t%s/fake/lazy\n' "$PTH_TMP" >>packages
	fake apt-get "touch '$PTH_TMP/fake/proof'"
	deps build run
	assertCode 4
	assertMatch "$err" '^pth: installing lacking lazy $'
	assertMatch "$err" '^pth: still missing after the installation: lazy . As root:$'
	assertMatch "$err" '^    apt-get install -y --no-install-recommends lazy $'
	assertEquals '' "$out"
}

testNothingToInstallWith() {
	rm fake/apt-get
	for p in dirname env; do ln -s "$(command -v $p)" fake; done
	fake id 'echo 0'
	sed 's,^PATH=.*,,' "$TOP/tests/deps" >deps # which adds places of this machine
	run env PATH="$PTH_TMP/fake" PTH_PACKAGES="$PTH_TMP/packages" /bin/sh deps run
	assertCode 4
	assertEquals "pth: packages are missing and there is no apt-get. As root:
    apt-get install -y --no-install-recommends lacking " "$err"
}

testUsage() {
	deps
	assertCode 2
	assertEquals 'usage: deps GROUP...' "$err"
	assertEquals '' "$(cat calls)"
}

# The list itself: three fields, no package twice in one group.
testPackageList() {
	grep -v '^#' "$TOP/tests/packages" >list
	assertEquals '' "$(awk 'NF != 3' list)"
	assertEquals '' "$(cut -f1,2 list | sort | uniq -d)"
}

. shunit2
