#!/bin/sh
# Images without an engine: what the hash covers, what a Dockerfile may not
# be given, and what pth-image asks of the engine's client.
# shellcheck disable=SC2016,SC2154 # $ in descriptors is literal; $out and $err come from run
. "$TOP/tests/lib.sh"

setUp() {
	mkdir plugins dir
	export PTH_EVENTS=none
	unset PTH_SHARE
}

# descriptor KEYS-OF-DOCKER: plugins/x.yaml, its docker on line 6.
descriptor() {
	printf '%s\n' 'plugin: x' 'kind: iut' 'extends: minip' 'description: x' 'binary: "true"' \
		"docker: {$1}" >plugins/x.yaml
	[ -e t.yaml ] || experiment
}

experiment() { # [lines]
	cat >t.yaml <<-EOF
		metadata: {name: t}
		tests:
		  - name: t
		    network_environment: {type: docker_compose}
		    services:
		      s:
		        implementation: {name: x, type: iut}
		        protocol: {name: minip, version: functional, role: server}
		    steps: {wait: 5}
		${1:-}
	EOF
}

images() {
	pth-parse t.yaml 2>/dev/null | pth-plan -P plugins 2>planned.err >plan.jsonl
	run pth-compose --images plan.jsonl
}

hash() {
	images
	assertCode 0
	now=$(printf '%s' "$out" | jq -r .hash)
	assertMatch "$now" '^[0-9a-f]{64}$'
}

changed() { # what
	hash
	assertNotEquals "$1" "$before" "$now"
	before=$now
}

same() { # what
	hash
	assertEquals "$1" "$before" "$now"
}

git_() {
	git -C repo -c user.name=t -c user.email=t@example.org "$@"
}

testHashCoversEveryInput() {
	need git git || return
	mkdir repo && git_ init -q && echo 1 >repo/a && git_ add a && git_ commit -qm 1
	echo '--- a' >plugins/p.patch
	echo x >plugins/f
	d='builder: c, repository: ../repo, patches: [p.patch]'
	descriptor "$d, files: [f]"
	hash
	before=$now
	same 'nothing'
	cp -a repo elsewhere && touch elsewhere/a && rm -rf repo && mv elsewhere repo
	same 'times of files'
	echo '--- b' >plugins/p.patch && changed 'a patch'
	echo y >plugins/f && changed 'a file'
	chmod +x plugins/f && changed 'its mode'
	echo 2 >repo/a && changed 'the work tree'
	echo new >repo/new && changed 'a new file'
	mv plugins/f plugins/g && descriptor "$d, files: [g]" && changed 'its name'
	descriptor "$d, revision: HEAD, files: [g]" && changed 'a commit'
	echo 3 >repo/a && same 'the work tree, when a commit was named'
	git_ commit -qam 2 && changed 'another commit'
	descriptor "$d, revision: HEAD~1, files: [g]" && changed 'another revision'
	experiment 'docker: {build_args: {A: "1"}}' && changed 'an argument'
	experiment 'docker: {build_args: {A: "1 B=2"}}' && changed 'its value'
	experiment 'docker: {build_args: {A: "1", B: "2"}}' && changed 'two of them'
	experiment 'docker: {target_platform: linux/amd64}' && changed 'the platform'
	mkdir share && cp -R "$TOP/share/plugins" "$TOP/share/templates" share
	export PTH_SHARE="$PWD/share"
	same 'a copy of the templates'
	echo 'RUN true' >>share/templates/dockerfile-runtime.j2 && changed 'a template'
	sed -i 's/version: functional/version: random/' t.yaml && changed 'the version'
	assertEquals 'nothing is left' '' "$(find "$TMPDIR" -name 'pth-image*')"
}

testMissingFilesAreNamedWithPosition() {
	looked=0
	while read -r docker where what; do
		looked=$((looked + 1))
		descriptor "$(echo "$docker" | tr _ ' ')"
		images
		assertMatch "$(cat planned.err)" \
			"plugins/x.yaml:6:$where: docker\.$what.*No such file or directory"
	done <<-'EOF'
		dockerfile:_none 22 dockerfile:.*plugins/none
		patches:_[none] 20 patches:.*plugins/none
		files:_[{from:_none}] 18 files:.*plugins/none
		repository:_./none 22 repository:.*plugins/./none
		dependencies:_[{name:_d,_repository:_/none}] 25 dependencies:./none
	EOF
	assertLeast 5 "$looked" cases
}

# No value begins an instruction of its own.
testValuesCannotAddInstructions() {
	looked=0
	while IFS='|' read -r docker what; do
		looked=$((looked + 1))
		descriptor "$docker"
		images
		assertCode 3
		assertMatch "$err" "plugins/x.yaml:6:[0-9]+: docker\.$what"
		assertEquals "$docker" '' "$out"
	done <<-'EOF'
	base: "x\nRUN evil"|base: "x.nRUN evil" is no name of an image
	build_base: "x y"|build_base: "x y" is no name
	builder: c, revision: "r\nRUN evil", repository: "https://x/y"|revision: .* is no revision
	builder: c, revision: "-f", repository: "https://x/y"|revision: .* is no revision
	builder: c, repository: "https://x\nRUN evil"|repository: .* end a line
	builder: c, directory: "/x y"|directory: "/x y" is no absolute path
	directory: relative|directory: "relative" is no absolute path
	packages: ["x; evil"]|packages: "x; evil" is no name of a package
	packages: ["--allow-unauthenticated"]|packages: .* is no name of a package
	build_packages: [{a: b}], builder: c|build_packages: must be a text
	features: ["$(evil)"], builder: go|features: .* is no name of a feature
	args: {"A B": x}, builder: c|args: "A B" is no name of a variable
	args: {A: "x\nRUN evil"}, builder: c|args: "x.nRUN evil" has characters that end a line
	environment: {A: "x\rRUN evil"}|environment: .* end a line
	expose: ["80\nRUN evil"]|expose: .* is no port
	expose: [70000]|expose: "70000" is no port
	files: [{from: /etc/hostname, to: "/a\nRUN evil"}]|files: .* is no path
	files: [/etc/hostname, {from: /etc/hostname}]|files: "hostname" is there twice
	dependencies: [{name: a/b, repository: http://x}], builder: c|dependencies: "a/b" is no name
	dependencies: [{name: a}], builder: c|dependencies: "a" has no repository
	builder: fortran|builder: "fortran" is none of base, c, cpp
	image: "x:1", packages: [y]|image: "x:1" is used as it is
	EOF
	assertLeast 22 "$looked" cases
	descriptor ''
	experiment 'docker: {user_mapping: {user_name: "x\nRUN evil"}}'
	images
	assertMatch "$err" 'user_name: "x.nRUN evil" is no name of a user'
	experiment "docker: {build_args: {A: \"$(head -c 40000 /dev/zero | tr '\0' x)\"}}"
	images
	assertMatch "$err" 'args: longer than 32768 bytes'
}

testWhatIsQuotedArrives() {
	descriptor 'builder: c, args: {A: "a \"b\" $c \\ `d`"},
		build: ["a\nb", "cat <<X", "[ -e x ]", "end\\", " plain \n"]'
	images
	text=$(printf '%s' "$out" | jq -r .dockerfile)
	assertMatch "$text" '^ARG A="a \\"b\\" \\\$c \\\\ `d`"$'
	assertEquals "$(line 'RUN ["/bin/sh","-ec","a\nb"]|RUN ["/bin/sh","-ec","cat <<X"]|RUN' \
		'["/bin/sh","-ec","[ -e x ]"]|RUN ["/bin/sh","-ec","end\\"]|RUN plain|')" \
		"$(printf '%s\n' "$text" | grep -E '^RUN (\["/bin|plain)' | tr '\n' '|')"
}

# engine SCRIPT: a client of the engine that notes how it is called.
engine() {
	mkdir -p fake
	fake docker "echo \"\$*\" >>'$PTH_TMP/calls'
$1"
	rm -f calls
	[ -e dir/Dockerfile ] || echo 'FROM x' >dir/Dockerfile
}

build() {
	run env PATH="$PWD/fake:$PATH" XDG_RUNTIME_DIR="$PTH_TMP" pth-image build "$@" t:latest dir
}

# nothing_there [CASES]: an engine without any image but the one that it builds.
nothing_there() {
	rm -f built
	engine "case \$1 in ${1:-none) ;;}
		image) [ -e built ] && echo sha256:1 || exit 1 ;;
		*build*) : >built ;; esac"
}

testBuildxWhenPresent() {
	nothing_there
	build -x mine -n -p linux/arm64 -a "A=it's" -c other
	assertCode 0
	assertMatch "$(cat calls)" "$(line "^buildx build --load --progress plain --builder mine" \
		"--network host --no-cache --build-arg A=it's --cache-from other --platform" \
		"linux/arm64 --label org.pth.hash=")"
	nothing_there 'buildx) exit 1 ;;'
	build -x mine
	assertCode 0
	assertMatch "$(cat calls)" '^build --force-rm --network host'
	assertEquals 'its number' sha256:1 "$(cat dir.id)"
	nothing_there
	build
	assertMatch "$(cat calls)" '^build --force-rm'
}

# What the other builder says of a failed step.
testFailureOfBuildx() {
	engine 'case "$1 $2" in image*) exit 1;; buildx\ build)
		printf "%s\n" "#5 [build 2/3] RUN make" "#5 1.2 cc: not found" \
		"#5 ERROR: process \"/bin/sh -c make\" did not complete \
successfully: exit code: 2" \
		"------" " > [build 2/3] RUN make:" "1.2 cc: not found" "------" "Dockerfile:3" \
		"--------------------" "   3 | >>> RUN make" "--------------------" \
		"ERROR: failed to solve: exit code: 2"; exit 1;; esac'
	build -x default
	assertCode 4
	assertMatch "$err" '^t:latest: Dockerfile:3: \[build 2/3\] RUN make: cc: not found$'
}

testImagesBelowAreLookedAt() {
	printf '%s\n' 'ARG B=one' \
		'ARG C' \
		'FROM --platform=x $B AS s' \
		'FROM s' \
		'COPY --from=three /a /b' \
		'from "${C}"' \
		'COPY --from=s /a /b' | tr -d '"' >dir/Dockerfile
	nothing_there
	build -a C=two
	assertCode 0
	assertMatch "$(cat calls)" 'org.pth.below=one three two --label'
}

# The commands that set a test up, as pth-exec would run them, by this engine; those
# that make networks are left out. $code is that of the first that fails.
set_up() {
	code=1 bin=$(dirname "$(command -v pth-compose)")
	pth-parse t.yaml 2>/dev/null | pth-plan -P plugins 2>planned.err >plan.jsonl
	rm -rf files && pth-compose -o files plan.jsonl >/dev/null || return
	pth-compose plan.jsonl | head -1 |
		jq -r --arg dir "$PWD/files/001-t" --arg bin "$bin" '
			.compose.plan.setup[].argv | select(.[1] != "network") |
			map(gsub("@{dir}"; $dir) | gsub("@{bin}"; $bin) | gsub("@{owner}"; "me") |
				@sh) | join(" ")' >setup
	code=0 ran=0 && : >setup.err
	while read -r words; do
		ran=$((ran + 1))
		run env PATH="$PWD/fake:$PATH" XDG_RUNTIME_DIR="$PTH_TMP" sh -c "$words"
		[ "$code" = 0 ] || {
			printf '%s\n' "$err" >>setup.err
			return
		}
	done <setup
}

# own: a descriptor with a Dockerfile of its own, and what lies beside it.
own() {
	mkdir -p plugins/own
	printf 'ARG BASE_IMAGE\nFROM $BASE_IMAGE\nCOPY beside /\n' >plugins/own/File
	echo 1 >plugins/own/beside
	descriptor "dockerfile: own/File, base: \"b:1\", args: {A: desc}"
	experiment "${1:-}"
}

testOwnDockerfile() {
	own 'docker: {build_args: {B: all}}'
	hash
	assertEquals dockerfile "$(printf '%s' "$out" | jq -r .builder)"
	assertEquals "$PWD/plugins/own" "$(printf '%s' "$out" | jq -r .context)"
	assertEquals "$(cat plugins/own/File)" "$(printf '%s' "$out" | jq -r .dockerfile)"
	before=$now
	same 'nothing'
	echo 2 >plugins/own/beside && changed 'a file beside it'
	echo '# x' >>plugins/own/File && changed 'the Dockerfile'
	echo x >plugins/other && same 'what is not in its folder'
	sed -i 's/A: desc/A: other/' plugins/x.yaml && changed 'an argument'
	nothing_there
	set_up
	assertEquals "$(cat setup.err)" 0 "$code"
	assertEquals 1 "$ran"
	# All that it may ask for, with its own folder, and not the folder of the copy.
	assertMatch "$(cat calls)" "$(line '^buildx build --load --progress plain --builder' \
		'default --network host --build-arg BASE_IMAGE=b:1 --build-arg VERSION=functional' \
		'--build-arg DEPENDENCIES=\[\] --build-arg A=other --build-arg B=all --label' \
		"org.pth.hash=$now --label org.pth.below=.*-f $PWD/files/001-t/images/\
x-functional/Dockerfile -t x-functional:latest $PWD/plugins/own\$")"
	assertEquals "$(cat plugins/own/File)" \
		"$(cat files/001-t/images/x-functional/Dockerfile)"
}

testSeveralPlatforms() {
	own 'docker: {multi_platform: true, target_platform: "linux/386,linux/arm64"}'
	nothing_there
	set_up
	assertEquals "$(cat setup.err)" 0 "$code"
	assertEquals 2 "$ran"
	assertMatch "$(tail -1 calls)" "$(line '^buildx build --progress plain --network host' \
		'--platform linux/386,linux/arm64 --builder default --build-arg BASE_IMAGE=b:1' \
		'--build-arg VERSION=functional --build-arg DEPENDENCIES=\[\] --build-arg A=desc' \
		"--file $PWD/files/001-t/images/x-functional/Dockerfile $PWD/plugins/own\$")"
	assertEquals 'the engine has its own' 1 "$(grep -c -e ' --load ' calls)"
	# One that fails is a failure.
	engine 'case "$*" in *--platform*) exit 7;;
		image*) [ -e built ] && echo sha256:1 || exit 1;; *build*) : >built;; esac'
	rm -f built
	set_up
	assertEquals 7 "$code"
	nothing_there 'buildx) exit 1 ;;'
	set_up
	assertEquals 4 "$code"
	assertMatch "$(cat setup.err)" 'docker.multi_platform needs buildx'
	assertEquals 'nothing was built for others' 0 "$(grep -c -e --platform calls)"
}

# What pth-image has put into the folder of the build, and removed again, is there for the
# other platforms, too.
testSeveralPlatformsOfLocalSources() {
	mkdir repo && echo 1 >repo/a
	descriptor 'builder: c, base: "b:1", build_base: "b:1", repository: ../repo,
		dependencies: [{name: dep, repository: ../repo}]'
	experiment 'docker: {multi_platform: true}'
	nothing_there
	printf '%s\n' 'case "$*" in *--platform*)' 'for last; do :; done' \
		"(cd \"\$last\" && echo *.tar) >'$PTH_TMP/tars'" ';; esac' >>fake/docker
	set_up
	assertEquals "$(cat setup.err)" 0 "$code"
	assertEquals 4 "$ran"
	assertEquals 'source-dep.tar source.tar' "$(cat tars)"
	assertEquals '' "$(find files -name '*.tar')"
}

testWrongCalls() {
	engine 'exit 0'
	for args in '' 'build' 'build x' 'base a b' 'list x' 'base -Z' 'nothing'; do
		# shellcheck disable=SC2086 # words
		run env PATH="$PWD/fake:$PATH" pth-image $args
		assertCode 2
	done
	for args in '-s ../x' '-s -x' '-i a;b' '-i -x' '-m /tmp'; do
		# shellcheck disable=SC2086
		run env PATH="$PWD/fake:$PATH" pth-image base $args
		assertCode 2
		assertMatch "$err" "no (name|names|address)"
	done
	run env PATH="$PWD/fake:$PATH" pth-image build t nowhere
	assertCode 3
	assertMatch "$err" 'nowhere/Dockerfile: no such file'
	build -s "source.tar=:/nowhere"
	assertCode 3
	assertMatch "$err" '/nowhere: no such directory; it is the repository of t:latest'
	need git git || return
	mkdir repo && git_ init -q
	build -s "source.tar=v9:$PWD/repo"
	assertCode 3
	assertMatch "$err" 'there is no revision v9'
	run env PATH="$PWD/fake:/usr/bin:/bin" DOCKER_HOST=unix:///nowhere pth-image base \
		-f -s nosuch
	assertNotEquals 0 "$code"
}

. shunit2
