# shellcheck shell=sh
# The words of the rows of tests/seeds. Read in the directory of a row; $W is what was made
# once for all of them.

F=$TOP/tests/fixtures/seeds
export PTH_PATH="$F/plugins" PTH_EVENTS=text

# not COMMAND...: it fails.
not() {
	if "$@"; then return 1; fi
}

# ended COMMAND...: whatever its exit code is.
ended() {
	"$@" || true
}

# seen TEXT...: standard input has each of them; gone TEXT...: none.
seen() {
	cat >in
	for text; do grep -Fq -e "$text" in || { cat in && echo "no '$text'" && return 1; }; done
}

gone() {
	cat >in
	grep -q . in || return
	for text; do not grep -F -e "$text" in || return; done
}

# pair SERVER CLIENT [ENVIRONMENT [MORE]]: x.yaml, a test of these services, which are the
# insides of flow maps; both IMPLEMENTATION [PROTOCOL [ENVIRONMENT [MORE]]]: the same one on
# both sides.
pair() {
	cat >x.yaml <<-Y
	tests:
	  - name: pair
	    network_environment: {type: ${3:-docker_compose}}
	    services:
	      server: {$1}
	      client: {$2}
	${4:+    $4}
	Y
}

both() {
	pair "implementation: {$1}, protocol: {name: ${2:-quic}, role: server}" \
		"implementation: {$1}, protocol: {name: ${2:-quic}, role: client, target: server}" \
		"${3:-docker_compose}" "${4:-}"
}

# one SERVICE [ENVIRONMENT [MORE]]: x.yaml with that service alone.
one() {
	cat >x.yaml <<-Y
	tests:
	  - name: one
	    network_environment: {type: ${2:-localhost}}
	    services:
	      server: {$1}
	${3:+    $3}
	Y
}

piped() { # file option...
	input=$1
	shift
	pth-parse "$@" "$input" | pth-plan
}

# plan [FILE [OPTION...]]: plan.jsonl of the file, x.yaml if none is named; what the tools say is
# in said. It fails when there is an error.
plan() {
	file=${1:-x.yaml}
	[ $# = 0 ] || shift
	ended piped "$file" "$@" >plan.jsonl 2>said
	cat said
	not grep -E '^[^ ]*:[0-9]+: error' said &&
		jq -es 'length > 0 and all(.error == null)' plan.jsonl
}

# argv SERVICE [PHASE]: what it runs, a command a line.
argv() {
	jq -r --arg s "$1" --arg p "${2:-run}" '
		select(.plan).plan.services[] | select(.name == $s) | .phases[$p] |
		if type == "array" then .[] else . end | .argv | join(" ")' plan.jsonl
}

# env_of SERVICE: its variables, NAME=VALUE.
env_of() {
	jq -r --arg s "$1" '
		select(.plan).plan.services[] | select(.name == $s) |
		.environment + (.phases.run.env // {}) | to_entries[] |
		"\(.key)=\(.value)"' plan.jsonl
}

# of FILE EXPRESSION: the expression of jq is true of some record.
of() {
	file=$1
	shift
	jq -es "any(.[]; $*)" "$file"
}

# compose [FILE]: the compose file; images: a line of JSON for each image.
compose() {
	pth-compose -n "${1:-plan.jsonl}" 2>said.compose
}

images() {
	pth-compose --images "${1:-plan.jsonl}" 2>said.images
}

# checked TEXT...: check says each of them of x.yaml.
checked() {
	ended pth check x.yaml >problems 2>&1
	seen "$@" <problems
}

# event NAME [EXPRESSION]: the run has told it, and so that the expression of jq holds.
event() {
	of "${events:-$W/run/events.jsonl}" ".event == \"$1\" and (${2:-true})"
}

# result ID EXPRESSION: the record of a test of the run.
result() {
	of "$W/run/results.jsonl" ".id == \"$1\" and ($2)"
}

# listed NAME...: each is a plugin that pth list shows.
listed() {
	pth list | awk '{ print $1, $3 }' >all
	for name; do grep -qx "$name" all || { cat all && return 1; }; done
}

# resolved NAME EXPRESSION: what pth show --resolved says of a plugin.
resolved() {
	pth-plugin --json --resolved show "$1" >resolved.json
	of resolved.json "$2"
}
