#!/bin/sh
# pth-image with an engine's client of our own that keeps what it was told to build: what is
# built anew and what is left alone, what stands in the folder, what is said.
# shellcheck disable=SC2016 # for the fake programs
# timeout: 300
# script: pth-image
. "$TOP/tests/lib.sh"

# A line of img/NAME is what the engine says of it: "ID IMAGE/HASH/OWNER/BELOW", "ID " for an
# image of others.
oneTimeSetUp() {
	mkdir fake
	fake docker "W='$PTH_TMP'"'
		echo "$*" >>"$W/calls"
		for word; do last=$word; done
		file=$W/img/$(printf %s "$last" | tr /: __)
		case "$1 $2" in
		version*) [ ! -e "$W/down" ] || { echo no engine here >&2; exit 1; } ;;
		images*) cat "$W/list" ;;
		"buildx version") [ -e "$W/buildx" ] ;;
		image*)
			shift 4
			code=0
			for word; do
				file=$W/img/$(printf %s "$word" | tr /: __)
				sed "/|/!s/\$/|/" "$file" 2>/dev/null || code=1
			done
			exit $code
			;;
		*)
			n=$(($(cat "$W/n") + 1)) && echo $n >"$W/n"
			[ "$1" != import ] || tar t >"$W/imported" || exit
			[ ! -e "$W/broken" ] || { cat "$W/broken"; exit 1; }
			image= hash= owner= below= tag=$last
			while [ $# -gt 0 ]; do
				case $1 in
				-t) tag=$2 ;;
				--label | -c)
					value=${2#*=}
					case ${2#LABEL } in
					org.pth.image=*) image=$value ;;
					org.pth.hash=*) hash=$value ;;
					org.pth.owner=*) owner=$value ;;
					org.pth.below=*) below=$value ;;
					esac
					;;
				esac
				shift
			done
			echo "what the build says"
			echo "sha256:$n $image/$hash/$owner/$below" \
				>"$W/img/$(printf %s "$tag" | tr /: __)"
			;;
		esac'
}

setUp() {
	mkdir img dir
	echo 0 >n
	echo 'FROM scratch' >dir/Dockerfile
}

image() { # word...
	run env PATH="$PTH_TMP/fake:$PATH" XDG_RUNTIME_DIR="$PTH_TMP" pth-image "$@"
}

# built N WORD...: `pth-image build WORD... t:latest dir` works, and was the Nth one that built.
built() {
	want=$1
	shift
	image build "$@" t:latest dir
	assertCode 0
	assertEquals "$*: builds" "$want" "$(cat n)"
	assertEquals "$*: its number" "sha256:$want" "$(cat dir.id)"
}

git_() {
	git -C repo -c user.name=t -c user.email=t@example.org "$@"
}

testBuiltOnce() {
	built 1
	assertMatch "$out" '^t:latest built \([0-9a-f]{64}\)$'
	assertEquals 'what the build says' "$(cat dir/build.log)"
	hash=$(echo "$out" | grep -oE '[0-9a-f]{64}')
	assertEquals "$hash" "$(image hash t:latest dir; echo "$out")"
	rm dir.id
	built 1
	assertEquals "t:latest is as it should be ($hash)" "$out"
}

# Pins move to the newest commit of their branch or tag of their form, digests to what the name
# has now; what has no name behind it stays, and so does every other byte.
testUpdate() {
	need git git || return
	mkdir repo && git_ init -q -b main
	for tag in v1.2 v1.9 v1.10 v1.11-rc1 other-7; do
		echo $tag >repo/a && git_ add a && git_ commit -qm $tag && git_ tag -am $tag $tag
	done
	git_ commit -q --allow-empty -m last
	old=$(git_ rev-parse 'v1.2^{commit}') new=$(git_ rev-parse 'v1.10^{commit}')
	last=$(git_ rev-parse main)
	plugin() { # commit of the tag, of the branch, digest, tag
		cat <<-EOF
			plugin: x # revision: $old
			docker:
			  base: "deb:12@sha256:$3"   # as it is
			  build_base: golang:1.22
			  repository: file://$PWD/repo
			  revision: "$1" # $4
			  dependencies:
			    - {name: d, repository: file://$PWD/repo,
			      revision: $2, build: [make]} # main
			    - {name: e, repository: file://$PWD/repo, revision: $old}
		EOF
	}
	plugin "$old" "$old" aaaa v1.2 >x.yaml
	plugin "$new" "$last" 0123 v1.10 >wanted.yaml
	cp fake/docker fake/docker.kept
	fake docker "echo \"\$*\" >>'$PTH_TMP/calls'"'
		[ "$1" != image ] || echo library/deb@sha256:0123'
	cp x.yaml y.yaml
	image update -n y.yaml
	assertCode 0
	assertEquals 3 "$(printf '%s\n' "$out" | grep -c ' -> ')"
	assertTrue 'it was only shown' 'cmp x.yaml y.yaml'
	image update y.yaml
	assertCode 0
	assertEquals "y.yaml:6: file://$PWD/repo: $old -> $new (v1.10)" \
		"$(printf '%s\n' "$out" | sed -n 2p)"
	assertEquals "$(cat wanted.yaml)" "$(cat y.yaml)"
	assertMatch "$(cat calls)" '^pull -q deb:12$'
	image update y.yaml
	assertEquals '0 ' "$code $out$err"
	# What cannot be found out is said, and the others move.
	sed -i 's/# main/# gone/' x.yaml
	fake docker '[ "$1" != pull ] || { echo no registry >&2; exit 1; }'
	image update x.yaml
	assertCode 4
	assertMatch "$err" '^pth-image: x.yaml:3: deb:12: no registry$'
	assertMatch "$err" '^pth-image: x.yaml:9: .*/repo: it has neither a branch gone nor a tag'
	assertMatch "$(cat x.yaml)" "revision: \"$new\" # v1.10$"
	mv fake/docker.kept fake/docker
	image update
	assertCode 2
	image update none.yaml
	assertEquals '3 pth-image: none.yaml: no descriptor can be read there' "$code $err"
}

# What an image is made of is noted beside it, for the record.
testLock() {
	need git git || return
	mkdir repo plain && git_ init -q && echo 1 >repo/a && git_ add a && git_ commit -qm 1
	echo 'FROM below AS x' >dir/Dockerfile
	echo 'sha256:8 |below@sha256:88 ' >img/below
	built 1 -s a.tar=HEAD:repo -s 'b.tar=:plain'
	assertEquals "$(line '{"tag":"t:latest","id":"sha256:1","hash":"HASH","below":' \
		'[{"name":"below","id":"sha256:8","digest":"sha256:88"}],' \
		'"sources":[{"repository":"repo","revision":' \
		"\"HEAD\",\"commit\":\"$(git_ rev-parse HEAD)\"}," \
		'{"repository":"plain","revision":""}]}' | tr -d ' ')" \
		"$(sed 's/[0-9a-f]\{64\}/HASH/' dir.lock)"
	rm dir.lock
	built 1 -s a.tar=HEAD:repo -s 'b.tar=:plain'
	assertTrue 'also of one that was there' '[ -s dir.lock ]'
	assertMatch "$(cat dir.lock)" '"digest":"sha256:88"'
	# The engine is asked once for all of it.
	rm calls && built 1 -s a.tar=HEAD:repo -s 'b.tar=:plain'
	assertEquals 1 "$(wc -l <calls)"
}

# Each input alone makes another image; the same once more does not.
testWhatIsBuiltAnew() {
	need git git || return
	mkdir repo context && git_ init -q && echo 1 >repo/a && echo secret >repo/ignored
	echo ignored >repo/.gitignore && git_ add a .gitignore && git_ commit -qm 1
	echo x >context/x && echo f >f && echo f >g
	n=0
	while IFS='|' read -r change words; do
		eval "$change"
		n=$((n + 1))
		# shellcheck disable=SC2086 # words
		built $n $words
		# shellcheck disable=SC2086
		built $n $words
	done <<-'EOT'
	:|-a A=1
	:|-a A=2
	:|-a A=1 -a B=2
	:|--arg A=1
	:|
	echo 'RUN x' >>dir/Dockerfile|
	echo y >dir/file|
	chmod +x dir/file|
	mv dir/file dir/file2|
	mkdir dir/sub && ln -s ../file2 dir/sub/link|
	ln -sf ../file3 dir/sub/link|
	:|-F sub/f=f
	echo ff >f|--file sub/f=f
	:|-p linux/arm64
	:|--platform linux/amd64
	:|-C context
	echo y >context/x|--context context
	:|-s a.tar=:repo
	echo 2 >repo/a|-s a.tar=:repo
	echo 3 >repo/new|--source a.tar=:repo
	rm repo/new repo/a|-s a.tar=:repo
	git_ checkout -q a; git_ commit -q --allow-empty -m 2; echo x >repo/a|-s a.tar=HEAD:repo
	echo "sha256:9 " >img/scratch_; echo 'FROM below' >dir/Dockerfile|
	echo 'sha256:8 ' >img/below|
	echo 'sha256:7 ' >img/below|
	EOT
	assertLeast 25 $n inputs
	# What changes nothing of the image.
	touch dir/file2 context/x
	built $n
	built $n -c other:latest
	built $n -x builder
	built $n -o somebody
	echo log >dir/build.log
	built $n
	echo other >repo/ignored
	built $((n + 1)) -s a.tar=:repo
	echo ignored >repo/ignored
	built $((n + 1)) -s a.tar=:repo
}

testForce() {
	built 1 -o one
	built 1 -o two
	# Once for each owner.
	built 2 -f -o two
	built 2 -f -o two
	built 3 --force -o three
	assertNoMatch "$(cat calls)" no-cache
	built 3 -n -o three
	built 4 -n -o four
	assertMatch "$(tail -n 2 calls | head -n 1)" '^build --force-rm --network host --no-cache '
	built 5 --no-cache -o five
}

# How the engine is told.
testWordsOfTheBuild() {
	mkdir 'a context' 'it'\''s'
	echo 'FROM x' >"it's/Dockerfile"
	image build -a "A=it's \$HOME" -c one -c 'two:latest' -p linux/arm64 -C 'a context' -o me \
		x/t:1 "it's"
	assertCode 0
	hash=$(echo "$out" | grep -oE '[0-9a-f]{64}')
	assertEquals "$(line 'build --force-rm --network host' \
		"--build-arg A=it's \$HOME --cache-from one --cache-from two:latest" \
		'--platform linux/arm64' "--label org.pth.hash=$hash --label org.pth.below=x" \
		'--label org.pth.owner=me --label org.pth.image=x/t:1' \
		"-f $PTH_TMP/it's/Dockerfile -t x/t:1 a context")" "$(grep '^build ' calls)"
	assertEquals sha256:1 "$(cat "it's.id")"
	: >buildx
	built 2 -x 'my builder'
	assertMatch "$(cat calls)" "$(line '^buildx build --load --progress plain' \
		'--builder my builder --network host  *--label')"
	built 3 -f -o x # no builder was named
	assertMatch "$(grep '^build ' calls | tail -n 1)" ' -t t:latest '
}

# One that pth-image has not built is never replaced.
testImagesOfOthers() {
	looked=0
	while read -r what; do
		echo "sha256:5 $what" >img/t_latest
		for option in '' -f -n; do
			# shellcheck disable=SC2086 # words or none
			image build $option t:latest dir
			assertCode 3
			assertMatch "$err" '^pth-image: an image t:latest is there that pth has not'
			assertEquals "$what: builds" 0 "$(cat n)"
			assertFalse '[ -e dir.id ]'
			looked=$((looked + 1))
		done
	done <<-'EOT'

	///
	other:latest/abc/owner/
	t:late/abc/owner/
	xt:latest/abc/owner/
	EOT
	assertLeast 15 $looked images
}

# The sources in the folder while it is built, and no more afterwards.
testSources() {
	need git git || return
	mkdir repo plain && git_ init -q && mkdir repo/sub 'plain/a b' && echo 1 >repo/sub/a
	echo '*.o' >repo/.gitignore && git_ add . && git_ commit -qm 1 && git_ tag v1
	echo 2 >repo/sub/a && echo new >repo/new && echo x >repo/x.o && echo p >'plain/a b/c'
	looked=0
	while IFS='|' read -r source want; do
		rm -rf dir/*.tar
		image hash -s "$source" t:latest dir
		assertCode 0
		assertEquals "$source" "$want" "$(tar tf dir/s.tar | grep -v '/$' | sort | xargs)"
		looked=$((looked + 1))
	done <<-'EOT'
	s.tar=v1:repo|.gitignore sub/a
	s.tar=HEAD:repo|.gitignore sub/a
	s.tar=:repo|.gitignore new sub/a
	s.tar=:plain|./a b/c
	EOT
	assertLeast 4 $looked sources
	image hash -s s.tar=v1:repo t:latest dir
	assertEquals 1 "$(tar xOf dir/s.tar sub/a)"
	image hash -s s.tar=:repo t:latest dir
	assertEquals 'the files as they are' 2 "$(tar xOf dir/s.tar sub/a)"
	rm repo/new repo/sub/a
	image hash -s s.tar=:repo t:latest dir
	assertEquals .gitignore "$(tar tf dir/s.tar)"
	mkdir -p broken.git/.git
	for source in s.tar=:broken.git s.tar=v1:broken.git; do
		image hash -s "$source" t:latest dir
		assertEquals "3 $source" "$code $source"
		assertMatch "$err" '^pth-image: broken.git: .*not a git repository'
	done
	image hash -s s.tar=:repo t:latest dir
	# The same whenever the files are.
	before=$out
	touch -d 2001-01-01 repo/.gitignore
	image hash -s s.tar=:repo t:latest dir
	assertEquals "$before" "$out"
	assertEquals 'whose they are here is of no matter' 0/0 \
		"$(tar --numeric-owner -tvf dir/s.tar | awk '{ print $2 }' | sort -u)"
	built 1 -s s.tar=:repo -s t.tar=:plain
	assertEquals 'Dockerfile build.log' "$(find dir -type f -printf '%f\n' | sort | xargs)"
	echo words >broken
	image build -f -s s.tar=:repo t:latest dir
	assertCode 4
	assertTrue 'for who looks for the mistake' '[ -e dir/s.tar ]'
}

testHashNeedsNoEngine() {
	: >down
	image hash -a A=1 -F sub/f=n t:latest dir
	assertCode 0
	assertMatch "$out" '^[0-9a-f]{64}$'
	assertTrue 'it is copied' 'cmp n dir/sub/f'
	assertFalse 'nothing was asked' '[ -e calls ]'
	image build t:latest dir
	assertCode 4
	assertEquals 'no engine here' "$err"
	run env PATH=/nowhere /bin/sh "$TOP/bin/pth-image" list
	assertCode 4
	assertEquals 'pth-image: docker not found; Debian has it in the package docker.io' "$err"
}

testQuiet() {
	for option in -q --quiet; do
		echo "RUN $option" >>dir/Dockerfile
		image build $option t:latest dir
		assertCode 0
		assertEquals '' "$out$err"
		assertFalse 'the log of a build that worked' '[ -e dir/build.log ]'
		image $option build t:latest dir
		assertEquals '' "$out$err"
	done
	echo words >broken
	image -q build -f -o x t:latest dir
	assertCode 4
	assertTrue '[ -s dir/build.log ]'
	assertEquals 't:latest: build: words' "$(printf '%s\n' "$err" | tail -n 1)"
}

# What the classic builder says: the step has a number, and the Dockerfile its lines.
testFailureOfTheClassicBuilder() {
	printf '%s\n' '# a comment' 'FROM x' '' "RUN one \\" '  # inside' '  two' 'COPY a b' \
		'RUN make' >dir/Dockerfile
	{
		printf 'Step 1/4 : FROM x\n ---> 123\nStep 2/4 : RUN one   two\nfine\n'
		printf 'Step 3/4 : COPY a b\nStep 4/4 : RUN make\n ---> Running in abc\nline 1\n'
		printf 'line 2\n\033[31mline 3\033[0m\n%0200d\n' 0
		printf 'Removing intermediate container abc\n'
		printf "The command '/bin/sh -c make' returned a non-zero code: 2\n"
	} >broken
	image build t:latest dir
	assertCode 4
	assertEquals "$(line 't:latest: Dockerfile:8: Step 4/4 : RUN make: line 2 | line 3 |' \
		"$(printf '%0150d' 0)")" "$(printf '%s\n' "$err" | tail -n 1)"
	assertMatch "$err" '^pth-image: t:latest cannot be built; the whole log is /.*/build.log$'
	assertFalse '[ -e dir.id ]'
	printf 'STEP 2/4: RUN one   two\nno such thing\n' >broken # as podman says it
	image build t:latest dir
	assertEquals 't:latest: Dockerfile:4: Step 2/4: RUN one   two: no such thing' \
		"$(printf '%s\n' "$err" | tail -n 1)"
}

testWithoutTheBase() {
	echo 'FROM panther_base_service:latest' >dir/Dockerfile
	image build t:latest dir
	assertCode 4
	assertEquals "$(line 'pth-image: t:latest: there is no image' \
		'panther_base_service:latest on this engine; pth-image base makes it')" "$err"
	echo 'sha256:3 ' >img/panther_base_service_latest
	built 1
	assertMatch "$(cat calls)" 'org.pth.below=sha256:3 '
}

# bootstrap: debootstrap and chroot of our own; base WORD... with them.
bootstrap() {
	fake debootstrap 'echo "debootstrap $*" >>"$BASE/calls"
		[ ! -e "$BASE/no-network" ] || {
			printf "%s\n" "W: Failure trying" "E: no network"
			exit 1
		}
		case $2 in --include=*) shift ;; esac
		r=$3
		mkdir -p "$r/usr/sbin" "$r/usr/share/doc/x" "$r/usr/share/man/man1" \
			"$r/var/cache/apt/archives" "$r/var/lib/apt/lists" "$r/var/log"
		: >"$r/usr/share/doc/x/copyright"; : >"$r/usr/share/doc/x/README"
		: >"$r/var/cache/apt/archives/x.deb"; : >"$r/var/lib/apt/lists/x"
		: >"$r/usr/share/man/man1/x.1"; : >"$r/var/log/x.log"; : >"$r/kept"'
	fake chroot 'root=$1
		shift
		echo "chroot $* TMPDIR=${TMPDIR:-}" >>"$BASE/calls"
		case $1 in
		apt-get) [ ! -e "$BASE/no-security" ] || [ "$2" != update ] ||
			! grep -qr bookworm-security "$root/etc/apt" ;;
		xargs) echo "packages $(xargs)" >>"$BASE/calls"
			[ ! -e "$BASE/no-package" ] || {
				echo "E: Unable to locate package nano"
				exit 100
			} ;;
		esac'
}

base() {
	run env PATH="$PTH_TMP/fake:$PATH" BASE="$PTH_TMP" pth-image base "$@"
	packages=$(sed -n 's/^packages //p' calls)
}

testBase() {
	need_root || return
	bootstrap
	base
	assertCode 0
	name=panther_base_service:latest
	assertEquals "$name made of bookworm from http://deb.debian.org/debian" "$out"
	assertMatch "$(cat calls)" "$(line '^debootstrap --variant=minbase bookworm' \
		"$TMPDIR/pth-base.*/root http://deb.debian.org/debian$")"
	assertEquals 'a small one' 'iproute2 iputils-ping procps' "$packages"
	assertMatch "$(cat calls)" \
		'^chroot xargs apt-get install -y --no-install-recommends TMPDIR=$'
	assertMatch "$(cat calls)" '^import .*-c CMD \["/bin/sh"\] - panther_base_service:latest$'
	assertEquals "$(line ./etc/apt/apt.conf.d/small ./etc/apt/sources.list.d/security.list \
		./etc/dpkg/dpkg.cfg.d/small ./kept ./usr/share/doc/x/copyright)" \
		"$(grep -v '/$' imported | sort | xargs)"
	assertEquals 'update upgrade' "$(sed -n 's/^chroot apt-get \([^ ]*\).*/\1/p' calls | xargs)"
	assertEquals 'nothing is left' '' "$(ls "$TMPDIR" | grep pth-base)"
	base
	assertEquals "$name is as it should be; -f makes it anew" "$out"
	assertEquals 1 "$(cat n)"
	base -q
	assertEquals '' "$out$err"
	n=1
	for words in '-f' '-i nano,g++' '--include nano' '-s trixie' '--suite=trixie -i nano' \
		'-m http://mirror/debian' '--mirror https://mirror/debian' '--force'; do
		# shellcheck disable=SC2086 # words
		base $words
		n=$((n + 1))
		assertEquals "$words" "0 $n" "$code $(cat n)"
	done
	assertMatch "$(cat calls)" '^debootstrap .* trixie [^ ]* http://deb.debian.org/debian$'
	assertMatch "$(cat calls)" '^debootstrap .* bookworm [^ ]* https://mirror/debian$'
	assertMatch "$packages" ' procps nano g\+\+$'
	: >no-security
	base -f
	assertEquals "$name made of bookworm from http://deb.debian.org/debian, without security \
updates: http://deb.debian.org/debian-security has none" "$out"
	assertNoMatch "$(cat imported)" 'security'
	rm no-security
	n=$((n + 1))
	base -q mine:1
	assertEquals "$((n + 1)) " "$(cat n) $out$err"
	assertMatch "$(cat img/mine_1)" ' mine:1/[0-9a-f]{64}//$'
}

# Authorities are there before apt asks for anything, and another one makes another base.
testBaseWithAuthorities() {
	need_root || return
	bootstrap
	for n in 1 2; do
		printf '%s\n' '# a word' '-----BEGIN CERTIFICATE-----' "AAA$n" \
			'-----END CERTIFICATE-----'
	done >two.pem
	base -A two.pem
	assertCode 0
	assertMatch "$(cat calls)" \
		'^debootstrap --variant=minbase --include=ca-certificates bookworm'
	assertEquals 'update-ca-certificates apt-get apt-get xargs' \
		"$(sed -n 's/^chroot \([^ ]*\).*/\1/p' calls | xargs)"
	assertEquals './usr/local/share/ca-certificates/site-1.crt
./usr/local/share/ca-certificates/site-2.crt' "$(grep 'site-' imported | sort)"
	base --ca two.pem
	assertEquals 1 "$(cat n)"
	sed -i s/AAA2/AAA3/ two.pem
	base --ca=two.pem
	assertEquals 2 "$(cat n)"
	for file in none calls; do
		base -A $file
		assertEquals "3 pth-image: $file: no certificate of an authority, as PEM, can be \
read there" "$code $err"
	done
}

testBaseOfOthers() {
	need_root || return
	bootstrap
	echo 'sha256:9 ' >img/panther_base_service_latest
	base
	assertCode 3
	assertMatch "$err" '^pth-image: an image panther_base_service:latest is there that pth has '
	assertEquals 0 "$(cat n)"
	base -f
	assertCode 0
	assertEquals 1 "$(cat n)"
}

testBaseThatCannotBeMade() {
	need_root || return
	bootstrap
	: >no-network
	base
	assertCode 4
	assertEquals "$(line 'W: Failure trying|E: no network|pth-image: debootstrap of bookworm' \
		'from http://deb.debian.org/debian failed')" \
		"$(printf '%s\n' "$err" | paste -sd '|')"
	rm no-network && : >no-package
	base -i nano
	assertCode 4
	assertMatch "$err" '^E: Unable to locate package nano$'
	assertMatch "$err" '^pth-image: apt-get of bookworm from .* failed$'
	rm no-package && : >broken
	base
	assertCode 4
	assertEquals 'no directory of ours is left' '' "$(ls "$TMPDIR" | grep pth-base)"
	fake id 'echo 1000'
	base
	assertEquals '4 pth-image: debootstrap needs root' "$code $err"
	rm fake/id
}

testList() {
	printf '%s\t%s\t5MB\t2 days ago\n' a:latest 1 localhost/b:2 2 other:latest 3 gone:latest 4 \
		copy:latest 5 >list
	echo 'sha256:1 a:latest/h/o/b' >img/a_latest
	echo 'sha256:2 b:2/h/o/b' >img/b_2
	echo 'sha256:3 ' >img/other_latest
	echo 'sha256:5 a:latest/h/o/b' >img/copy_latest
	image list
	assertCode 0
	assertEquals "$(printf '%s\t%s\t5MB\t2 days ago\n' a:latest 1 b:2 2)" "$out"
	assertMatch "$(cat calls)" '^images --filter label=org.pth.image '
	: >down
	image list
	assertCode 4
}

. shunit2
