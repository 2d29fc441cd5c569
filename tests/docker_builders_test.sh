#!/bin/sh
# The builders for real: a program of each language, out of a repository, at a
# revision, patched, with features and arguments; and when images are built
# again. The compilers are in an image that is made once (docker_lib.sh).
# timeout: 2400 (it may have to wait for those of others)
# shellcheck disable=SC2016,SC2154 # scripts of sh -c; $out and $code come from through
. "$TOP/tests/lib.sh"
. "$TOP/tests/docker_lib.sh"
own_world
lasting="$lasting repo http_pid"

oneTimeTearDown() {
	[ -z "${http_pid:-}" ] || kill "$http_pid" 2>/dev/null
	engine_stop
}

ready() {
	[ "$PTH_BUILD" = build ] || skip 'pth-init is not static with sanitizers' || return
	need git git && engine_start && toolchains && none_built
}

# What an earlier test has built would not be built, nor have a log.
none_built() {
	# shellcheck disable=SC2046 # names
	docker rmi -f $(docker images --format '{{.Repository}}:{{.Tag}}' 'hello_*') \
		>/dev/null 2>&1 || :
}

# --- the sources: commit 1 says "first", commit 2 "second" ---

sources_c() {
	cat >hello.c <<-'EOF'
		#include <stdio.h>
		int main(void)
		{
			puts("hello first, level " LEVEL
		#ifdef LOUD
			", loud"
		#endif
			);
			return 0;
		}
	EOF
	printf '%b\n' 'hello: hello.c' \
		'\t$(CC) $(CPPFLAGS) -DLEVEL="\\"$(LEVEL)\\"" -o $@ hello.c' \
		'install:' '\tinstall hello $(PREFIX)/bin/' >Makefile
}

sources_cpp() {
	cat >hello.cpp <<-'EOF'
		#include <iostream>
		int main()
		{
			std::cout << "hello first, level " << LEVEL;
			if (LOUD)
				std::cout << ", loud";
			std::cout << std::endl;
		}
	EOF
	cat >CMakeLists.txt <<-'EOF'
		cmake_minimum_required(VERSION 3.18)
		project(hello CXX)
		option(LOUD "say it" OFF)
		add_executable(hello hello.cpp)
		target_compile_definitions(hello PRIVATE LEVEL=$ENV{LEVEL} LOUD=$<BOOL:${LOUD}>)
		install(TARGETS hello)
	EOF
}

sources_go() {
	printf 'module example.org/hello\n\ngo 1.19\n' >go.mod
	printf '%b\n' 'package main\n\nimport "fmt"\n\nvar level, extra string\n' \
		'func main() {\n\tfmt.Println("hello first, level " + level + extra)\n}' >main.go
	printf '//go:build loud\n\npackage main\n\nfunc init() { extra = ", loud" }\n' >loud.go
}

sources_rust() {
	mkdir -p src
	printf '%s\n' '[package]' \
		'name = "hello"' \
		'version = "1.0.0"' \
		'edition = "2021"' \
		'' \
		'[features]' \
		'loud = []' >Cargo.toml
	printf 'version = 3\n\n[[package]]\nname = "hello"\nversion = "1.0.0"\n' >Cargo.lock
	printf '%s\n' 'fn main() {' \
		'    let extra = if cfg!(feature = "loud") { ", loud" } else { "" };' \
		'    println!("hello first, level {}{}", env!("LEVEL"), extra);' \
		'}' >src/main.rs
}

sources_python() {
	mkdir -p extra
	cat >setup.py <<-'EOF'
		import os
		from setuptools import setup
		with open("level.py", "w") as f:
		    f.write("level = %r\n" % os.environ["LEVEL"])
		setup(name="hello", version="1.0", py_modules=["hello", "level"],
		      entry_points={"console_scripts": ["hello = hello:main"]},
		      extras_require={"loud": ["hello-loud @ file:///opt/hello_python/extra"]})
	EOF
	cat >hello.py <<-'EOF'
		import level
		def main():
		    try:
		        import hello_loud
		        extra = ", loud"
		    except ImportError:
		        extra = ""
		    print("hello first, level " + level.level + extra)
	EOF
	printf '%s\n' 'from setuptools import setup' \
		'setup(name="hello-loud", version="1.0", py_modules=["hello_loud"])' >extra/setup.py
	: >extra/hello_loud.py
}

commit() { # text
	git add -A && git -c user.name=t -c user.email=t@example.org commit -qm "$1"
}

# repository LANG: $PTH_TMP/repo/LANG, and a patch beside it.
repository() {
	mkdir -p "$PTH_TMP/plugins"
	[ ! -d "$PTH_TMP/repo/$1" ] || return 0
	mkdir -p "$PTH_TMP/repo/$1"
	cd "$PTH_TMP/repo/$1" || exit
	git init -q .
	"sources_$1"
	commit first
	file=$(grep -rl --exclude-dir=.git 'hello first' .)
	sed -i 's/hello first/hello second/' "$file"
	commit second
	git checkout -q HEAD~1
	sed -i 's/hello first/patched hello first/' "$file"
	git diff >"$PTH_TMP/repo/$1.patch"
	git checkout -q -f -
	cd "$PTH_TMP" || exit
}

commit_of() { # language revision
	git -C "$PTH_TMP/repo/$1" rev-parse "$2"
}

# descriptor LANG [more keys of docker]: how it is built.
descriptor() {
	cp "repo/$1.patch" "plugins/hello_$1.patch"
	level='LEVEL: "2"'
	[ "$1" != go ] || level='GOFLAGS: "-ldflags=-X=main.level=2"'
	feature=LOUD
	case $1 in go | rust | python) feature=loud ;; esac
	cat >"plugins/hello_$1.yaml" <<-EOF
		plugin: hello_$1
		kind: iut
		extends: minip
		description: says hello
		binary: /usr/local/bin/hello
		finite: true
		commands: {server: []}
		ready: {server: []}
		docker:
		  builder: $1
		  build_base: pth_toolchains:latest
		  repository: ${repository:-$PTH_TMP/repo/$1}
		  revision: ${revision:-$(commit_of "$1" HEAD~1)}
		  patches: [hello_$1.patch]
		  features: [$feature, ""]
		  args: {$level}
		  ${2:-}
	EOF
	[ "$1" != python ] ||
		sed -i 's|binary: .*|binary: /usr/local/venv/bin/hello|' plugins/hello_python.yaml
}

experiment() { # languages
	printf 'metadata: {name: hello}\ntests:\n'
	for l; do
		cat <<-EOF
			  - name: $l
			    network_environment: {type: docker_compose}
			    services:
			      hello:
			        implementation: {name: hello_$l, type: iut}
			        protocol: {name: minip, version: functional, role: server}
			    steps: {wait: 60}
		EOF
	done
}

# go [pth-exec options]: t.yaml through the pipe. $out: the results.
go() {
	rm -rf run
	export PTH_EVENTS=none
	pth-parse t.yaml 2>err | pth-plan -P plugins 2>>err | pth-compose 2>>err >composed.jsonl
	pth-exec -o run "$@" <composed.jsonl 2>>err | pth-collect 2>>err >records.jsonl
	out=$(grep '"type":"test"' records.jsonl)
}

why() {
	field '"\(.result.status): \(.result.reason // .error.message // "")"'
}

id_of() { # image
	docker image inspect -f '{{.Id}}' "$1"
}

hash_of() { # image
	docker image inspect -f '{{index .Config.Labels "org.pth.hash"}}' "$1"
}

listed() {
	pth-parse t.yaml 2>/dev/null | pth-plan -P plugins 2>/dev/null | pth-compose --images |
		jq -r .hash
}

# The sources of rust come over the network, those of the others from here.
serve() {
	git clone -q --bare repo/rust repo/rust.git
	git -C repo/rust.git update-server-info
	python3 -u -m http.server --bind 127.0.0.1 --directory repo 0 >http.log 2>&1 &
	http_pid=$!
	assertSoon 30 grep -q 'port [0-9]' http.log
	repository=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\).*/\1/p' http.log)/rust.git
}

testEveryLanguage() {
	ready || return
	for l in c cpp go python rust; do repository $l; done
	serve
	descriptor rust
	repository=''
	for l in c cpp go python; do descriptor $l; done
	experiment c cpp go python rust >t.yaml
	go -j 2
	assertEquals "$(why)$(cat err)" 'completed completed completed completed completed' \
		"$(field .result.status | xargs)"
	for l in c cpp go python rust; do
		assertEquals "$l: $(cat run/*"-$l"/images/*/build.log)" \
			'patched hello first, level 2, loud' \
			"$(cat run/*"-$l"/hello/stdout.log)"
		# The compilers stayed behind, and the user is not root.
		assertEquals "$l" panther \
			"$(docker run --rm --network none --entrypoint sh \
				"hello_$l-functional:latest" \
			-c 'for p in gcc g++ go rustc cargo cmake git; do command -v $p; done
				id -un')"
		assertTrue "$l: log" "[ -s run/*-$l/images/*/build.log ]"
		assertTrue "$l: no archive is left" "[ ! -e run/*-$l/images/*/source.tar ]"
	done
	assertEquals '' "$(ours)"
}

testBuiltAgainWhenSomethingHasChanged() {
	ready || return
	repository c && descriptor c && experiment c >t.yaml
	image=hello_c-functional:latest
	go
	assertEquals "$(why)" completed "$(field .result.status)"
	assertMatch "$(listed)" '^[0-9a-f]{64}$'
	assertEquals 'as listed' "$(listed)" "$(hash_of $image)"
	first=$(id_of $image)
	go
	assertEquals 'nothing has changed' "$first" "$(id_of $image)"
	sed -i 's/+\(.*\)patched/+\1mended/' plugins/hello_c.patch
	go
	assertNotEquals 'the patch has' "$first" "$(id_of $image)"
	assertEquals "$(why)" 'mended hello first, level 2, loud' "$(cat run/*/hello/stdout.log)"
	second=$(id_of $image)
	# Another image below: the one that was there is now the old one.
	docker tag panther_base_service:latest kept
	printf 'FROM kept\nRUN echo 1 >/etc/mark\nLABEL org.pth.image=1\n' |
		docker build --network host -t panther_base_service:latest - >/dev/null
	go
	assertEquals "$(why)" 1 \
		"$(docker run --rm --network none --entrypoint cat $image /etc/mark)"
	docker tag kept panther_base_service:latest
	go
	# What was forced is built, once per run; without cache, every step is.
	third=$(id_of $image)
	echo 'docker: {force_build_docker_image: true}' >>t.yaml
	go
	assertNotEquals "$third" "$(id_of $image)"
	assertMatch "$(cat run/*/images/*/build.log)" 'Using cache|CACHED'
	sed -i 's/force_build_docker_image/no_docker_cache/' t.yaml
	go
	assertEquals "$(why)" completed "$(field .result.status)"
	assertNoMatch "$(cat run/*/images/*/build.log)" 'Using cache|CACHED'
	assertNotEquals "$second" "$(id_of $image)"
	docker rmi kept >/dev/null
}

# Of a work tree: as it is now, without what git ignores.
testWorkTree() {
	ready || return
	repository c
	git clone -q repo/c repo/work
	echo '*.o' >repo/work/.gitignore
	echo junk >repo/work/x.o
	sed -i 's/hello second/hello third/' repo/work/hello.c
	mkdir -p plugins/beside
	repository=$PTH_TMP/repo/work revision='""' descriptor c 'build: ["test ! -e x.o",
    "$CC_NAME -DLEVEL=1 $FEATURES -o /usr/local/bin/hello hello.c"]'
	sed -i "s|repository: .*|repository: ../repo/work|; s|patches: .*||
			s|LEVEL: .*}|CC_NAME: gcc}|
			s|LEVEL=1|LEVEL=\\\\\\\\\\\\\"1\\\\\\\\\\\\\"|" plugins/hello_c.yaml
	experiment c >t.yaml
	go
	assertEquals "$(why)$(cat plugins/hello_c.yaml)" 'hello third, level 1, loud' \
		"$(cat run/*/hello/stdout.log)"
	# The sources are there for other platforms, too, and gone afterwards.
	buildx client
	echo 'docker: {multi_platform: true}' >>t.yaml
	sed -i 's/hello third/hello fourth/' repo/work/hello.c
	DOCKER_CONFIG=$PTH_TMP/client go
	assertEquals "$(why)$(cat err)" 'hello fourth, level 1, loud' \
		"$(cat run/*/hello/stdout.log)"
	assertEquals "$(cat client/calls)" 1 "$(grep -c -e --platform client/calls)"
	assertEquals '' "$(find run -name '*.tar')"
}

# buildx NAME: a client whose buildx is the classic builder, in the folder NAME; its calls are
# in NAME/calls.
buildx() {
	mkdir -p "$1/cli-plugins" && rm -f "$1/calls"
	cat >"$1/cli-plugins/docker-buildx" <<-EOF
		#!/bin/sh
		case \$1 in docker-cli-plugin-metadata)
			echo '{"SchemaVersion":"0.1.0","Vendor":"test","Version":"1"}'
			exit ;;
		esac
		shift
		[ "\$1" != version ] || exit 0
		echo "\$*" >>'$PTH_TMP/$1/calls'
		shift
		n=\$#
		while [ \$n -gt 0 ]; do
			case \$1 in
			--builder | --progress | --platform) shift && n=\$((n - 1)) ;;
			--load) ;;
			*) set -- "\$@" "\$1" ;;
			esac
			shift
			n=\$((n - 1))
		done
		exec env -u DOCKER_CONFIG docker build "\$@"
	EOF
	chmod +x "$1/cli-plugins/docker-buildx"
}

# program LANG BINARY LINES: a descriptor of the program in with/LANG, with more of docker.
program() {
	mkdir -p plugins
	cat >"plugins/hello_$1.yaml" <<-EOF
		plugin: hello_$1
		kind: iut
		extends: minip
		description: says hello
		binary: $2
		finite: true
		commands: {server: []}
		ready: {server: []}
		docker:
		  builder: $1
		  build_base: pth_toolchains:latest
		  repository: $PTH_TMP/with/$1
		$3
	EOF
}

# registry ADDRESS: it can be reached, or the test is skipped.
registry() {
	need curl curl || return
	curl -sSfm 60 -o /dev/null "$1" 2>/dev/null || skip "$1 cannot be reached"
}

# A program of each language with a library out of its registry, and one of Debian's for C++.
with_library_go() {
	printf '%s\n' 'module example.org/hello' '' 'go 1.19' '' \
		'require github.com/google/uuid v1.6.0' >go.mod
	printf 'github.com/google/uuid v1.6.0%s\n' \
		' h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=' \
		'/go.mod h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=' >go.sum
	printf '%s\n' 'package main' 'import (' '"fmt"' '"net"' '"github.com/google/uuid"' ')' \
		'func main() {' 'a, err := net.LookupHost("localhost")' \
		'fmt.Println("hello", len(a) > 0, err, uuid.Nil.Version())' '}' >main.go
}

with_library_rust() {
	mkdir -p src
	printf '%s\n' '[package]' 'name = "hello"' 'version = "1.0.0"' 'edition = "2021"' '' \
		'[dependencies]' 'itoa = "=1.0.11"' >Cargo.toml
	printf '%s\n' 'version = 3' '' '[[package]]' 'name = "hello"' 'version = "1.0.0"' \
		'dependencies = [' ' "itoa",' ']' '' '[[package]]' 'name = "itoa"' \
		'version = "1.0.11"' \
		'source = "registry+https://github.com/rust-lang/crates.io-index"' \
		'checksum = "49f1f14873335454500d59611f1cf4a4b0f786f9ac11f4312a78e4cf2566695b"' \
		>Cargo.lock
	echo 'fn main() { println!("hello {}", itoa::Buffer::new().format(7)); }' >src/main.rs
}

with_library_python() {
	printf '%s\n' '[build-system]' 'requires = ["setuptools"]' \
		'build-backend = "setuptools.build_meta"' '[project]' 'name = "hello"' \
		'version = "1.0"' 'dependencies = ["h11==0.14.0"]' '[project.scripts]' \
		'hello = "hello:main"' '[tool.setuptools]' 'py-modules = ["hello"]' >pyproject.toml
	printf '%s\n' 'import h11' 'def main():' '    print("hello", h11.__version__)' >hello.py
}

with_library_cpp() {
	printf '%s\n' '#include <fmt/core.h>' 'int main() { fmt::print("hello {}\n", 7); }' \
		>hello.cpp
	printf '%s\n' 'cmake_minimum_required(VERSION 3.18)' 'project(hello CXX)' \
		'find_package(fmt REQUIRED)' 'add_executable(hello hello.cpp)' \
		'target_link_libraries(hello fmt::fmt)' 'install(TARGETS hello)' >CMakeLists.txt
}

# layers LOG FROM: how many of the commands before and after the sources came out of the cache.
layers() {
	awk '/^Step |^#[0-9]+ \[build / { step = $0; n++ }
		/ADD source.tar/ { after = 1 }
		/Using cache|^#[0-9]+ CACHED/ { used[after + 0]++ }
		/^ ---> Running in|^#[0-9]+ [0-9.]+ / {
			if (!(step in ran)) { ran[step]; r[after + 0]++ }
		}
		END { printf "%d reused, %d run; then %d reused, %d run\n", used[0], r[0], used[1],
			r[1] }' "$1"
}

testDependencies() {
	ready && registry https://proxy.golang.org/github.com/google/uuid/@v/v1.6.0.mod &&
		registry https://index.crates.io/it/oa/itoa &&
		registry https://pypi.org/simple/h11/ || return
	for l in go rust python cpp; do
		mkdir -p "with/$l" && (cd "with/$l" && "with_library_$l") || return
	done
	program go /usr/local/bin/hello ''
	program rust /usr/local/bin/hello ''
	program python /usr/local/venv/bin/hello ''
	program cpp /usr/local/bin/hello \
		"  build_packages: [libfmt-dev]$NL  packages: [libfmt9]"
	# Of two builds that do the same at the same time, the classic builder finds one again.
	experiment rust >t.yaml
	go
	experiment go rust python cpp >t.yaml
	go
	assertEquals "$(why)$(cat err)" 'hello true <nil> VERSION_0|hello 7|hello 0.14.0|hello 7' \
		"$(cat run/*-go/hello/stdout.log run/*-rust/hello/stdout.log \
			run/*-python/hello/stdout.log run/*-cpp/hello/stdout.log | paste -sd '|')"
	# Nothing of what was fetched, nor who is trusted here, is in the image.
	for l in go rust python; do
		assertEquals "$l" '' "$(docker run --rm --network none --entrypoint sh \
			"hello_$l-functional:latest" -c 'ls -d /etc/pth /opt/* /etc/pip.conf
				! grep -q "pth" /etc/ssl/certs/ca-certificates.crt' 2>/dev/null)"
	done
	another_line
}

# Another line of the program, and another argument, fetch nothing again.
another_line() {
	sed -i 's/"hello"/"hallo"/' with/go/main.go with/python/hello.py
	sed -i 's/hello {/hallo {/' with/rust/src/main.rs
	go
	for l in go rust python; do
		log=$(echo run/*"-$l"/images/*/build.log)
		assertMatch "$(cat run/*"-$l"/hello/stdout.log)" '^hallo'
		assertMatch "$(layers "$log")" '^([5-9]|1[0-9]) reused, 0 run;'
	done
	sed -i 's/^  builder: go/&\n  args: {GOFLAGS: -v}/' plugins/hello_go.yaml
	experiment go >t.yaml
	go
	log=$(echo run/*-go/images/*/build.log)
	assertMatch "$(layers "$log")" '^([5-9]|1[0-9]) reused, [01] run' # ARG itself
}

# https: the repository of c, served with a certificate of an authority of our own: ca.pem.
https() {
	need openssl openssl && need python3 python3 || return
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=own \
		-keyout ca-key.pem -out ca.pem 2>/dev/null &&
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
			-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -CA ca.pem \
			-CAkey ca-key.pem -keyout key.pem -out cert.pem 2>/dev/null
	assertTrue 'no certificates' '[ -s cert.pem ]'
	rm -rf served && git clone -q --bare repo/c served/c.git
	git -C served/c.git update-server-info
	cat >https.py <<-'EOF'
		import functools, http.server, ssl
		handler = http.server.SimpleHTTPRequestHandler
		handler = functools.partial(handler, directory="served")
		server = http.server.HTTPServer(("127.0.0.1", 0), handler)
		context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		context.load_cert_chain("cert.pem", "key.pem")
		server.socket = context.wrap_socket(server.socket, server_side=True)
		print("port", server.server_port, flush=True)
		server.serve_forever()
	EOF
	python3 https.py >https.log 2>&1 &
	http_pid=$!
	assertSoon 30 grep -q 'port [0-9]' https.log
	repository=https://127.0.0.1:$(sed -n 's/^port //p' https.log)/c.git
}

# A build trusts who the site trusts and knows its proxies; the image has neither, and of the
# sources what `copy` names.
testSite() {
	ready && repository c && https || return
	mkdir -p plugins/settings/.git plugins/settings/empty
	echo of the site >plugins/settings/a
	ln -s a plugins/settings/b
	echo secret >plugins/settings/.git/config
	revision=HEAD~1 descriptor c 'build: [make, "make install PREFIX=/usr/local",
    "echo through $ftp_proxy", "mkdir target && touch target/x"]
  copy: [hello.c, {from: target, to: /srv/made}, /etc/settings]
  files: [{from: settings, to: /etc/}]'
	repository=''
	experiment c >t.yaml
	export PTH_CA="$PWD/ca.pem" ftp_proxy=http://proxy.example.org:3128
	go
	assertEquals "$(why)$(cat run/*/images/*/build.log)" 'patched hello first, level 2' \
		"$(cat run/*/hello/stdout.log)"
	assertMatch "$(cat run/*/images/*/build.log)" 'through http://proxy.example.org:3128$'
	assertTrue 'they are gone' '[ ! -e run/*/images/*/site ]'
	assertEquals 'what it is made of is in the record' \
		"[\"$(commit_of c HEAD~1)\",\"HEAD~1\",2]" "$(jq_out -c '.result.images[0] |
			[(.sources[0] | .commit, .revision), (.below | length)]')"
	inside='echo "proxy $ftp_proxy"; ls -A /opt/hello_c /srv/made; ls -d /etc/pth; ls -A
		/etc/settings; cat /etc/settings/b; ls -d /etc/pip.conf'
	assertEquals "proxy /opt/hello_c: hello.c /srv/made: x a b empty of the site" \
		"$(docker run --rm --network none --entrypoint sh hello_c-functional:latest \
			-c "$(echo "$inside" | tr '\n\t' '  ')" 2>/dev/null | xargs)"
	echo 'docker: {force_build_docker_image: true}' >>t.yaml
	PTH_CA='' go
	assertMatch "$(why)" '^error: .*RUN git clone .*certificate'
	PTH_CA=$PWD/none go
	assertMatch "$(why)" 'PTH_CA: .*/none: cannot be read'
	unset PTH_CA ftp_proxy
	kill "$http_pid" && http_pid=''
}

# Without any layer of before, what was fetched once is still there.
testKeptByBuildKit() {
	ready || return
	client=$(which -a docker | while read -r docker; do
		! DOCKER_BUILDKIT=1 "$docker" build --help 2>&1 | grep -q -e --secret ||
			echo "$docker"
	done | head -1)
	[ -n "$client" ] || skip 'no client of docker here has BuildKit' || return
	registry https://proxy.golang.org/github.com/google/uuid/@v/v1.6.0.mod || return
	mkdir -p fake with/go && ln -sf "$client" fake/docker
	(cd with/go && with_library_go)
	program go /usr/local/bin/hello ''
	experiment go >t.yaml
	echo 'docker: {no_docker_cache: true}' >>t.yaml
	for time in first second; do
		PATH=$PWD/fake:$PATH go
		assertEquals "$time: $(why)" completed "$(field .result.status)"
		log=$(cat run/*/images/*/build.log)
		assertMatch "$log" '^#[0-9]+ .*RUN --mount=type=cache,target=/opt/go/pkg/mod '
	done
	assertNoMatch "$log" '^#[0-9]+ [0-9.]+ (go: downloading|Nothing was fetched)'
	# What fails is said as of the other builder.
	program go /usr/local/bin/hello '  build: ["echo about to fail; ls /nowhere"]'
	PATH=$PWD/fake:$PATH go
	assertMatch "$(why)" "$(line '^error: .*Dockerfile:[0-9]+: .*RUN .*' \
		"cannot access '/nowhere'")"
}

testOwnDockerfile() {
	ready || return
	mkdir -p plugins/own/data
	cat >plugins/own/own.yaml <<-'EOF'
		plugin: own
		kind: iut
		extends: minip
		description: with a Dockerfile of its own
		binary: cat
		finite: true
		commands: {server: [/data/list]}
		ready: {server: []}
		docker: {dockerfile: Dockerfile, args: {WHO: "the $world"}}
	EOF
	cat >plugins/own/Dockerfile <<-'EOF'
		ARG BASE_IMAGE
		FROM ${BASE_IMAGE}
		ARG VERSION
		ARG WHO=nobody
		COPY . /data/
		RUN echo "$WHO $VERSION" $(cd /data && find . -type f | sort) >/data/list
	EOF
	echo 1 >plugins/own/data/a
	echo 1 >plugins/own/data/secret
	printf '**/secret\nDockerfile\n' >plugins/own/.dockerignore
	experiment own | sed s/hello_own/own/ >t.yaml
	go
	assertEquals "$(why)$(cat err)" \
		'the $world functional ./.dockerignore ./data/a ./own.yaml' "$(cat \
			run/*/hello/stdout.log)"
	first=$(id_of own-functional:latest)
	go
	assertEquals "$first" "$(id_of own-functional:latest)"
	echo 2 >plugins/own/data/b
	go
	assertMatch "$(cat run/*/hello/stdout.log)" './data/b'
	# What is built for other platforms has the same folder and arguments.
	buildx client
	echo 'docker: {multi_platform: true}' >>t.yaml
	echo 3 >plugins/own/data/c
	DOCKER_CONFIG=$PTH_TMP/client go
	assertEquals "$(why)$(cat err)" \
		'the $world functional ./.dockerignore ./data/a ./data/b ./data/c ./own.yaml' \
		"$(cat run/*/hello/stdout.log)"
	assertEquals "$(cat client/calls)" 2 "$(grep -c '^build ' client/calls)"
	assertMatch "$(tail -1 client/calls)" \
		"--platform linux/amd64,linux/arm64 .* --file .*/Dockerfile $PTH_TMP/plugins/own\$"
}

# Two ways to build one image: each test gets its own, also at the same time.
testOneNameTwoImages() {
	ready || return
	repository c && descriptor c
	sed -i 's/features: .*/features: ["{{ '"'LOUD' if loud"' }}"]/
		s/finite: true/&\nparameters: {loud: false}/' plugins/hello_c.yaml
	experiment c c >t.yaml
	sed -i '0,/name: hello_c,/s//name: hello_c, loud: true,/; 0,/- name: c/s//- name: loud/' \
		t.yaml
	go -j 2
	assertEquals "$(why)$(cat err)" \
		'patched hello first, level 2, loud|patched hello first, level 2' \
		"$(cat run/001-*/hello/stdout.log)|$(cat run/002-*/hello/stdout.log)"
}

testFailures() {
	ready || return
	repository c
	descriptor c 'build: ["make", "echo about to fail; ls /nowhere", "make install"]'
	experiment c >t.yaml
	go
	line=$(grep -n 'about to fail' run/*/images/*/Dockerfile | cut -d: -f1)
	step='(Step [0-9]+/[0-9]+ :|\[build +[0-9]+/[0-9]+\]) RUN' # of both builders
	assertMatch "$(why)" "^error: setup: .*Dockerfile:$line: $step echo about to fail; .*\
cannot access '/nowhere'"
	pth-report -o report records.jsonl >report.txt 2>&1
	assertMatch "$(cat report.txt report/EXPERIMENT_REPORT.md)" \
		"Dockerfile:$line: $step echo about to fail"
	revision=0123456789abcdef0123456789abcdef01234567 descriptor c
	go
	assertMatch "$(why)" "there is no revision 0123456789"
	descriptor c
	sed -i 's/^-puts/-nothing/' plugins/hello_c.patch
	go
	assertMatch "$(why)" 'RUN git apply .*(does not apply|corrupt)'
	# More than one line, and signs that Docker would read itself.
	descriptor c \
		'build: ["set -e\ncat >x <<END\nRUN no\nEND\ngrep -x \"RUN no\" x\nfalse\ntrue"]'
	go
	assertMatch "$(why)" 'RUN \["/bin/sh","-ec",'
	assertEquals '' "$(docker ps -aq)"
}

. shunit2
