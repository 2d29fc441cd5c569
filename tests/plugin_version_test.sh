#!/bin/sh
# A plugin of PANTHER's shape is brought over: command templates and version
# files in both forms, planned and compared word by word.
. "$TOP/tests/lib.sh"

setUp() {
	export PTH_EVENTS=none
	unset PTH_PATH
	mkdir -p p/services/iut/quic/parcel/templates \
		p/services/iut/quic/parcel/version_configs
	here=p/services/iut/quic/parcel
	cat <<-'end' >"$here/plugin.yaml"
	plugin: parcel
	kind: iut
	extends: quic
	binary: [{words: "{{ binary.name }}"}]
	cwd: "{{ binary.dir }}"
	commands:
	  server: {template: templates/server_command.jinja}
	  client: {template: templates/client_command.jinja}
	end
	# Lines broken inside of tags, doubled blanks, redirections: as found there.
	cat <<-'end' >"$here/templates/server_command.jinja"
	{{ certificates.cert_param }} {{ certificates.cert_file }} {{ certificates.key_param }} {{
	certificates.key_file }}  {{ protocol.alpn.param }} {{ protocol.alpn.value }} {{
	protocol.additional_parameters }}
	{% if network.interface %} {{ network.interface.param }} {{ network.interface.value }} {%
	endif %} -p {{ network.port }} > {{ logging.log_path }} 2> {{ logging.err_path }}
	end
	cat <<-'end' >"$here/templates/client_command.jinja"
	{{ certificates.cert.param }} {{ certificates.cert.file }} {{ ticket_file.param }} {{
	ticket_file.file }} {{ protocol.alpn.param }} {{
	protocol.alpn.value }} {{ protocol.additional_parameters }} {%
	if network.interface %} {{ network.interface.param }} {{ network.interface.value }} {%
	endif %} {% if initial_version %} -v {{ initial_version }} {% endif %} {{ target }} {{
	target_port }} > {{ logging.log_path }} 2> {{ logging.err_path }}
	end
	# The nested form.
	cat <<-'end' >"$here/version_configs/rfc9000.yaml"
	version: "rfc9000"
	commit: "0123456789abcdef"
	dependencies:
	  - name: tls
	    url: "https://example.org/tls.git"
	    commit: "fedcba"
	env:
	  PARCEL_PEER: "@{server:ip:hex}"
	  PARCEL_MASK: 0x7F000001
	parameters:
	  window:
	    value: 0x10
	    description: "how much is under way"
	server:
	  initial_version: "00000001"
	  protocol:
	    alpn: {param: "-a", value: "hq-interop"}
	    additional_parameters: " -n servername  -D"
	  binary:
	    dir: "/opt/parcel"
	    name: "./parceld"
	  network:
	    port: 4443
	    destination: "11.0.0.1"
	  certificates:
	    cert:
	      param: "-c"
	      file: "/opt/certs/cert.pem"
	      local_file: "config/certs/cert.pem"
	    key:
	      param: "-k"
	      file: "/opt/certs/key.pem"
	  logging:
	    log_path: "/app/logs/server.log"
	    err_path: "/app/logs/server.err.log"
	    qlog: {param: "-q", path: "/app/logs/server.qlog"}
	client:
	  initial_version: "00000001"
	  protocol:
	    alpn: {param: "-a", value: "hq-interop"}
	    additional_parameters: "-w 5"
	  binary: {dir: "/opt/parcel/", name: "./parcel --"}
	  network:
	    interface:
	    port: 4443
	    destination: {param: "", value: "11.0.0.1"}
	  certificates:
	    cert: {param: "-c", file: "/opt/certs/cert.pem"}
	  ticket_file: {param: "-T", file: "/opt/ticket/ticket.key", local_file: "config/tls_keys/"}
	  logging: {log_path: "/app/logs/client.log", err_path: "/app/logs/client.err.log"}
	end
	# The flat form, and an interface.
	cat <<-'end' >"$here/version_configs/draft29.yaml"
	version: draft29
	server:
	  initial_version: ff00001d
	  protocol: {alpn: {param: -a, value: hq-29}, additional_parameters: "-D"}
	  binary: {dir: /opt/parcel, name: ./parceld}
	  network: {port: 5555, interface: {param: -e, value: eth0}}
	  certificates: {cert_param: --cert, cert_file: /c.pem, key_param: --key, key_file: /k.pem}
	  logging: {log_path: /s.log, err_path: /s.err}
	client:
	  initial_version: ff00001d
	  protocol: {alpn: {param: -a, value: hq-29}}
	  binary: {dir: /opt/parcel, name: ./parcel}
	  certificates: {cert_param: --cert, cert_file: /c.pem}
	  logging: {log_path: /c.log, err_path: /c.err}
	end
}

# experiment [VERSION [MORE-OF-SERVER [MORE-OF-CLIENT]]]
experiment() {
	cat <<-end
	tests:
	  - name: parcels
	    network_environment: {type: localhost}
	    services:
	      server:
	        implementation: {name: parcel, type: iut${3:-}}
	        protocol: {name: quic, role: server${1:+, version: $1}}
	        ${2:-generate_new_certificates: false}
	      client:
	        implementation: {name: parcel, type: iut${3:-}}
	        protocol: {name: quic, role: client, target: server${1:+, version: $1}}
	end
}

plan() {
	pth-parse x.yaml >parsed.jsonl 2>/dev/null
	run pth-plan -P p parsed.jsonl
}

argv() { # service
	jq_out -c --arg s "$1" 'select(.plan).plan.services[] | select(.name == $s).phases.run.argv'
}

part() { # jq filter over the plan of the server
	jq_out -c "select(.plan).plan.services[0] | $1"
}

testNested() {
	experiment rfc9000 >x.yaml
	plan
	assertCode 0
	assertEquals '' "$err"
	assertEquals \
		"$(json '["./parceld","-c","/opt/certs/cert.pem","-k","/opt/certs/key.pem","-a",
			"hq-interop","-n","servername","-D","-p","4443"]')" "$(argv server)"
	assertEquals \
		"$(json '["./parcel","--","-c","/opt/certs/cert.pem","-T",
			"/opt/ticket/ticket.key","-a","hq-interop","-w","5","-v","00000001",
			"127.0.0.1","4443"]')" "$(argv client)"
	assertEquals '["/opt/parcel","0x7F000001","0x7F000001"]' \
		"$(part '[.phases.run.cwd, (.environment | .PARCEL_MASK, .PARCEL_PEER)]')"
}

testFlat() {
	experiment draft29 >x.yaml
	plan
	assertCode 0
	assertEquals \
		"$(json '["./parceld","--cert","/c.pem","--key","/k.pem","-a","hq-29","-D","-e",
			"eth0","-p","5555"]')" "$(argv server)"
	assertEquals \
		'["./parcel","--cert","/c.pem","-a","hq-29","-v","ff00001d","127.0.0.1","5555"]' \
		"$(argv client)"
	assertEquals '[5555,null]' "$(part '[.port, .environment.PARCEL_MASK]')"
}

# What the experiment says goes before the file.
testExperimentWins() {
	experiment rfc9000 'generate_new_certificates: true, ports: ["6000:6001"]' ', alpn: h3' |
		sed 's/true, /true\n        /' >x.yaml
	plan
	assertCode 0
	assertEquals \
		"$(json '["./parceld","-c","@{dir}/certs/cert.pem","-k","@{dir}/certs/key.pem",
			"-a","h3","-n","servername","-D","-p","6001"]')" "$(argv server)"
	assertEquals '["-a","h3","127.0.0.1","6001"]' "$(argv client | jq -c '[.[6, 7, -2, -1]]')"
}

testPortsOfItsOwn() {
	experiment draft29 'ports: ["7000:7000"]' >x.yaml
	plan
	assertEquals '7000' "$(part .port)"
	assertMatch "$(argv client)" '"7000"\]$'
	# Two servers, one address: the file's port gives way.
	experiment draft29 |
		sed 's/^      client:/      other:\n        implementation: {name: parcel}\n\
        protocol: {name: quic, role: server, version: draft29}\n&/' >x.yaml
	plan
	assertEquals '[5555,5556]' \
		"$(jq_out -c '
			select(.plan) | [.plan.services[] | select(.role == "server").port] |
				sort')"
}

# None asked for: the first file, in the order of bytes.
testFirst() {
	experiment >x.yaml
	plan
	assertCode 0
	assertEquals '"draft29"' "$(part .version)"
	echo 'default_version: rfc9000' >>"$here/plugin.yaml"
	plan
	assertEquals '"rfc9000"' "$(part .version)"
}

testUnknownVersion() {
	experiment draft30 >x.yaml
	plan
	run pth-plan -P p --check parsed.jsonl
	assertCode 3
	assertMatch "$err" "$(line "^x.yaml:7:[0-9]+: error: parcel has no version 'draft30';" \
		"it has rfc9000 \\($here/version_configs/rfc9000.yaml\\)," \
		"draft29 \\($here/version_configs/draft29.yaml\\)\$")"
	# What only the base knows is not there, either.
	rm "$here/version_configs/rfc9000.yaml"
	experiment rfc9000 >x.yaml
	plan
	run pth-plan -P p --check parsed.jsonl
	assertCode 3
	assertMatch "$err" "parcel has no version 'rfc9000'; it has draft29 \\("
}

# Every name, in the descriptor's own templates.
testVariables() {
	cat <<-'end' >>"$here/plugin.yaml"
	roles:
	  client:
	    commands:
	      client: ["{{ commit }}", "{{ dependencies[0].name }}", "{{ window }}",
	        "{{ logging.qlog.path }}", "{{ version_config.server.logging.qlog.param }}",
	        "{{ binary_path }}", "{{ certificates.cert_param }}{{ certificates.key_param }}",
	        "{{ version }}", "{{ target.host }}", "{{ env.PARCEL_MASK }}",
	        "{{ network.destination.value }}", "{{ network.source }}", "{{ alpn }}",
	        "{{ version_config.server.certificates.cert.local_file }}"]
	end
	experiment rfc9000 >x.yaml
	plan
	assertCode 0
	assertEquals \
		"$(json '["./parcel","--","0123456789abcdef","tls","0x10","","-q","./parcel --",
			"-c","rfc9000","127.0.0.1","0x7F000001","11.0.0.1","","hq-interop",
			"config/certs/cert.pem"]')" "$(argv client)"
	# A parameter of the file is one of the plugin, for people and for PANTHER's templates.
	sed -i '/^roles:/,$d' "$here/plugin.yaml"
	echo '{{ parameters.window.value }} {{ window }} {{ parameters.window.description }}' \
		>"$here/templates/client_command.jinja"
	experiment rfc9000 '' ', window: 9' >x.yaml
	plan
	assertEquals '["./parcel","--","9","9","how","much","is","under","way"]' "$(argv client)"
}

problem() { # file code what-is-said
	printf '%b\n' "$1" >"$here/version_configs/x.yaml"
	run pth-plugin -P p check "$here/plugin.yaml"
	assertCode "$2"
	assertEquals "$here/plugin.yaml:1:1: $3" "$err"
}

testShapes() {
	at=$here/version_configs/x.yaml
	problem 'server: {netwrk: {port: 1}}' 0 \
		"warning: $at:1:10: unknown key 'netwrk'; did you mean 'network'?"
	problem 'version: y' 0 "warning: $at:1:10: version: 'y' in a file named x.yaml"
	problem 'server: [a]' 3 "error: $at:1:9: server: must be a map, not a list"
	problem 'client:\n  network: {port: [1]}' 3 \
		"error: $at:2:19: port: must be one value, not a list"
	problem 'client: {certificates: {cert: -c}}' 3 \
		"error: $at:1:31: cert: must be a map, not a string"
	problem 'dependencies: {a: b}' 3 \
		"error: $at:1:15: dependencies: must be a list of maps, not a map"
	problem 'env: {A: [1]}' 3 "error: $at:1:10: A: must be one value, not a list"
	problem 'parameters: {role: {value: 1}}' 3 \
		"error: $at:1:20: parameter 'role': the name is taken, pth-plugin(5)"
	problem '- a' 3 "error: $at:1:1: must be a map, not a list"
	echo 'server: {' >"$at"
	run pth-plugin -P p check "$here/plugin.yaml"
	assertCode 3
	assertMatch "$err" "error: $at:[0-9]+:[0-9]+: "
	# In a plan the warnings are told, too.
	echo 'sever: {}' >"$at"
	experiment rfc9000 >x.yaml
	plan
	assertCode 0
	assertMatch "$err" "$(line "warning: $here/plugin.yaml:1:1: $at:1:1: unknown key 'sever';" \
		"did you mean 'server'\\?")"
}

testDirectory() {
	mv "$here/version_configs" "$here/old"
	experiment rfc9000 >x.yaml
	plan
	assertMatch "$(jq_out -r '.error.message // empty')" 'binary'
	echo 'version_configs: old' >>"$here/plugin.yaml"
	plan
	assertCode 0
	assertMatch "$(argv server)" '^\["./parceld"'
	run pth-plugin -P p list
	assertNoMatch "$out" 'rfc9000'
	sed -i 's/: old/: none/' "$here/plugin.yaml"
	run pth-plugin -P p check "$here/plugin.yaml"
	assertEquals \
		"$here/plugin.yaml:9:18: error: version_configs: none: No such file or directory" \
		"$err"
	sed -i 's/: none/: templates/' "$here/plugin.yaml"
	run pth-plugin -P p check "$here/plugin.yaml"
	assertMatch "$err" 'version_configs: templates: no VERSION.yaml there'
	sed -i 's/: templates/: ..\/x/' "$here/plugin.yaml"
	run pth-plugin -P p check "$here/plugin.yaml"
	assertCode 3
	assertMatch "$err" 'must be a directory beside the descriptor'
}

# Defaults in the descriptor, and a child of the plugin.
testInheritance() {
	cat <<-'end' >>"$here/plugin.yaml"
	version_config: {server: {logging: {log_path: /default.log},
	  protocol: {additional_parameters: -Z}, network: {source: 10.0.0.9}}}
	versions: {draft29: {version_config: {server: {network: {interface: ~}}}}}
	end
	mkdir p/services/iut/quic/child
	printf 'plugin: child\nkind: iut\nextends: parcel\nparameters: {alpn: x}\n' \
		>p/services/iut/quic/child/plugin.yaml
	experiment draft29 | sed 's/name: parcel/name: child/' >x.yaml
	plan
	assertCode 0
	assertEquals \
		'["./parceld","--cert","/c.pem","--key","/k.pem","-a","hq-29","-D","-p","5555"]' \
		"$(argv server)"
}

testShow() {
	run pth-plugin -P p show parcel --resolved
	assertCode 0
	assertMatch "$out" "$(line "^ +file:" \
		"\"/opt/certs/cert.pem\"  # $here/version_configs/rfc9000.yaml:[0-9]+:[0-9]+\$")"
	assertMatch "$out" \
		"^ +PARCEL_MASK: \"0x7F000001\"  # $here/version_configs/rfc9000.yaml:9:16\$"
	assertMatch "$out" "^default_version: draft29  # $here/version_configs/draft29.yaml:1:1\$"
	need python3 python3 || return
	printf '%s\n' "$out" >resolved.yaml
	pth-plugin -P p show parcel --json >resolved.json
	run \
		python3 -c 'import json, yaml
assert yaml.safe_load(open("resolved.yaml")) == json.load(open("resolved.json"))'
	assertCode 0
}

# The files of pth-plugin(5), as they stand there.
testManual() {
	rm -rf brought
	mkdir -p brought/services/iut/quic/parcel/templates \
		brought/services/iut/quic/parcel/version_configs
	awk '/^\.\\" bring / { file = $3; next }
	     file && /^\.Bd/ { inside = 1; next }
	     inside && /^\.Ed/ { inside = 0; close(file); file = ""; next }
	     inside { gsub(/\\e/, "\\"); print > file }' "$TOP/man/pth-plugin.5"
	run pth-plugin -P brought check brought/services/iut/quic/parcel/plugin.yaml
	assertCode 0
	assertEquals '' "$err"
	experiment >x.yaml
	pth-parse x.yaml >parsed.jsonl 2>/dev/null
	run pth-plan -P brought parsed.jsonl
	assertCode 0
	assertEquals '["./parceld","-c","/opt/certs/cert.pem","-a","hq-29","-p","4443"]' \
		"$(argv server)"
	assertEquals '["./parcel","-v","ff00001d","127.0.0.1","4443"]' "$(argv client)"
	assertEquals '"2130706433"' "$(part .environment.PARCEL_PEER)"
}

# shellcheck disable=SC1091
testFilesOfAPluginAreFiles() {
	mkfifo "$here/version_configs/pipe.yaml"
	run timeout 60 pth-plugin -P p check "$here/plugin.yaml"
	assertNotEquals 0 "$code"
	assertNotEquals 'it was waited for' 124 "$code"
	assertMatch "$out$err" 'pipe.yaml: not a regular file'
}

. shunit2
