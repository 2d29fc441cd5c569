#!/bin/sh
# Every parameter of every descriptor of ours, one at a time with another value than its
# default: the plan changes, or a warning says that the parameter has no effect.
. "$TOP/tests/lib.sh"

setUp() {
	export PTH_EVENTS=none
	unset PTH_PATH
}

# The scenes in which a plugin is tried, each a test in one line of YAML, and for each parameter
# the same scene with it. Where the line below has no value for a parameter, one is made up.
# shellcheck disable=SC2016 # jq's variables
scenes='
def values: {
	initial_version: "ff00001d", router_id: "1.2.3.4", speaker_id: "1.2.3.4",
	speaker_impl_id: "1.2.3.4", key_update: "7s", rebind: "7s", handshake_timeout: "7s",
	"ngtcp2.idle_timeout": "7s", log_level_events: "TRACE", log_level_binary: "DEBUG",
	alpn: "x1", port: 5555, default_port: 5555, logging_level: "DEBUG",
	"lsquic.logging_level": "ERROR", loudness: 4, known: false,
	"curl.http2": true, "nginx.http2": true, tx_loss: 0.5,
	rx_loss: 0.5, certificate_config: {cert_file: "/c.pem"}, custom_options: {depth: 5},
	debug_env_vars: {V: "w"}, vary_parameters: false, parameter_sets: [{count: 7}],
	volumes: ["/a:/b"], subnet: "10.1.0.0/24", critical_services: ["a"],
	hosts: {a: {start_time: "3s"}}, incompatibility: ["gdb"], "curl.tls": false,
	"nginx.tls": false, protocol_version: "x1", use_system_models: true};
# What else must be said for a parameter to matter.
def besides: {
	gdb_timeout: {execution_timeout: 5}, draft_version: {use_draft: true},
	track_origins: {undef_value_errors: true}, xtree_leak_file: {xtree_leak: true},
	vary_parameters: {parameter_sets: [{count: 7}]}, verify: {tls: true},
	backtrace_full: {auto_backtrace: true}, timestamp_format: {timestamps: true},
	trace_all_syscalls: {trace_network_syscalls: true}, python: {directory: "/d"},
	"aioquic.ca_file": {insecure: false}, "lsquic.debug_level": {log_level: "error"},
	"lsquic.loudness": {log_level: "error"}, "quant.loudness": {verbosity: 1},
	key_file: {cert_file: "/c.pem"}};
def own($p; $n; $map): $map["\($p).\($n)"] // $map[$n];
def kind: {string: "str", integer: "int", number: "float", boolean: "bool", array: "list",
	object: "map"}[.] // .;
def made: (.type // (.default | type) | kind) as $t | .default as $d |
	if .enum then [.enum[] | select(. != $d and . != "")] | last
	elif $t == "bool" then $d != true
	elif $t == "int" then ($d // .min // 1) + (if $d != null and $d == .max then -1 else 1 end)
	elif $t == "float" then ($d // 0) + 1
	elif $t == "list" then (if .items == "int" then [7] else ["x1"] end)
	elif $t == "map" then {x1: "y"} else "x1" end;
def service($p; $protocol; $role; $target; $params): {
	implementation: ({name: $p.plugin, type: (if $p.kind == "tester" then "testers" else "iut"
		end)} + $params),
	protocol: ({name: $protocol, role: $role} + (if $target then {target: $target} else {}
		end))};
# One test of plugin . with these parameters.
def scene($params): . as $p | ([.protocol // "x"] | flatten | first) as $one |
	if .kind == "execution_environment" then
		{execution_environment: [{type: .plugin} + $params], services: {
		a: service({plugin: "ping_pong", kind: "iut"}; "minip"; "server"; null; {}),
		b: service({plugin: "ping_pong", kind: "iut"}; "minip"; "client"; "a"; {})}}
	elif .kind == "network_environment" then
		{network_environment: ({type: .plugin} + $params), services: {
		a: service({plugin: "ping_pong", kind: "iut"}; "minip"; "server"; null; {})}}
	elif .plugin == "curl" then {services: {
		a: service({plugin: "nginx", kind: "iut"}; "http"; "server"; null; {}),
		b: service($p; "http"; "client"; "a"; $params)}}
	elif .plugin == "nginx" then {services: {a: service($p; "http"; "server"; null; $params)}}
	elif .plugin == "command" then {services: {
		a: service($p; "minip"; "server"; null; {command: ["x"]} + $params)}}
	elif .plugin == "panther_ivy" then
		(if $params | keys | any(startswith("speaker")) then ["frr_bgp", "bgp"]
		else ["picoquic", "quic"] end) as [$of, $proto] |
		{services: {a: service({plugin: $of, kind: "iut"}; $proto; "server"; null; {}),
		b: service($p; $proto; "client"; "a"; {test: "t"} + $params)}} +
		(if $params.z3_source then {network_environment: {type:
		"docker_compose"}} else {} end)
	else {services: {a: service($p; $one; "server"; null; $params),
		b: service($p; $one; "client"; "a"; $params)}} end;
. as $p | .plugin as $name |
# The last two are said by pth-parse, as many times as it says anything.
(.parameters // {}) | del(.shadow_compatible, .gperf_compatible) | to_entries[] | .key as $n |
.value |
own($name; $n; values) as $own | (if $own == null then made else $own end) as $v |
select($v != null) |
(own($name; $n; besides) // {}) as $more |
$p | {was: scene($more), now: scene($more + {($n): $v}), parameter: "\($name).\($n)",
	value: $v}
'
# Two lines of experiments a parameter: without it and with it.
testEachHasItsEffect() {
	find "$TOP/share/plugins" -name '*.yaml' ! -path '*/base/*' ! -path '*/protocols/*' |
		sort >files
	while read -r file; do
		kind=$(sed -n 's/^kind: //p' "$file")
		name=$(sed -n 's/^plugin: //p' "$file" | tr -d '"')
		case $kind in
		*_environment) pth-plugin show "${kind%_environment}/$name" --json ;;
		*) pth-plugin show "$name" --json ;;
		esac
	done <files >all.json
	jq -c "$scenes" all.json >pairs 2>jq.err
	assertEquals '' "$(cat jq.err)"
	assertLeast 600 "$(wc -l <pairs)" parameters
	{
		echo 'tests:'
		jq -c '{network_environment: {type: "localhost"}} as $net | .parameter as $n |
			({name: "\($n) not"} + $net + .was), ({name: $n} + $net + .now)' pairs |
			sed 's/^/- /'
	} >x.yaml
	pth-parse x.yaml >parsed 2>err
	pth-plan parsed >planned 2>>err
	sed -n 's/^[^:]*:\([0-9]*\):[0-9]*: [a-z]*: \(.*\)/\1 \2/p' err |
		jq -R 'capture("^(?<line>[0-9]+) (?<text>.*)") | .line |= tonumber' | jq -s . >said
	# Lines 2 and 3 of the file are those of the first parameter.
	jq -rn --slurpfile said said --slurpfile pairs pairs '
		[inputs | select(.type == "test") | {line: .source.line,
			plan: (.plan | {services, environment, setup}), error: .error.message}] |
		. as $tests | ([$tests[] | {key: "\(.line)", value: .}] | from_entries) as $at |
		range($pairs | length) | . as $i |
		($pairs[$i].parameter | sub("^[^.]*[.]"; "")) as $n |
		$at["\(2 + 2 * $i)"] as $was | $at["\(3 + 2 * $i)"] as $now |
		([$pairs[$i].value | objects | keys[]] + [$pairs[$i].value | arrays[] | strings] +
			[$n]) as $words |
		select(($now.error == null and $now.plan != $was.plan) or
			($now.error // "" | contains("\u0027x1\u0027")) or ([$said[0][] |
			select(.line == 3 + 2 * $i).text | select(. as $t | any($words[]; . as $w |
			$t | contains("\u0027\($w)\u0027") or contains("\($w) ")))] | length > 0) |
			not) |
		"\($pairs[$i].parameter) = \($pairs[$i].value | tojson) \($now.error // "")"' \
		planned >idle
	assertEquals '' "$(cat idle)"
}

. shunit2
