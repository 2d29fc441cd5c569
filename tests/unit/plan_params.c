/* How a service is told what it is: its plugin, protocol, version and role, the values of its
 * parameters, its variables, and what its image is made of. */
#include <unistd.h>

#include "planned.h"

static const struct descriptor descriptors[] = {
	{ "p/protocols/proto.yaml",
	    "plugin: proto\nkind: protocol\ntransport: udp\nport: 4000\nversions: {pv: }\n"
	    "aliases: [oorp]\nparameters: {shade: dark}\n"
	    "roles: {client: {parameters: {shade: light}}}\n" },
	{ "p/protocols/two.yaml",
	    "plugin: two\nkind: protocol\ntransport: tcp\nport: 4002\nversions: {v1: , v2: }\n"
	    "default_version: v2\n" },
	{ "p/protocols/quiet.yaml", "plugin: quiet\nkind: protocol\ntransport: none\n" },
	{ "p/services/iut/proto/prog.yaml",
	    "plugin: prog\nkind: iut\nprotocol: proto\n"
	    "parameters:\n  n: {type: int, default: 3, min: 1, max: 9}\n"
	    "  text: {type: str, template: true}\n  later: {type: int, from: port}\n"
	    "  sum: {type: int, from: n + 1}\n  must: {type: str, default: m, required: true}\n"
	    "  want: {type: str, wanted: true, description: who}\n  m: {type: map, default: {}}\n"
	    "  any: {type: any}\n  list: {type: list, default: [], template: true}\n"
	    "  idle: {type: integer, default: 1, unused: none reads it}\n"
	    "  dull: {type: string, unused: it is so}\n  ints: {type: array, items: integer}\n"
	    "environment: {BIG: {when: n > 5, value: 'n{{ n }}'}, OWN: o}\n"
	    "versions:\n  v1: {parameters: {n: 4}}\n  v2: {commands: {any: [two]}}\n"
	    "default_version: v1\n"
	    "commands: {any: [prog, '{{ n }}', '{{ later }}', '{{ sum }}', {each: list}]}\n" },
	{ "p/services/iut/proto/sides.yaml",
	    "plugin: sides\nkind: iut\nprotocol: proto\ncommands: {server: [x], peer: [peer]}\n" },
	{ "p/services/iut/proto/serves.yaml",
	    "plugin: serves\nkind: iut\nprotocol: proto\ncommands: {server: [x]}\n" },
	{ "p/services/iut/proto/two_words.yaml",
	    "plugin: two_words\nkind: iut\nprotocol: proto\ncommands: {any: [first]}\n" },
	{ "p/services/iut/proto/Two_Words.yaml",
	    "plugin: Two_Words\nkind: iut\nprotocol: proto\ncommands: {any: [second]}\n" },
	{ "p/services/iut/proto/says.yaml",
	    "plugin: says\nkind: iut\nprotocol: proto\nparameters: {want: {}, text: {type: str}, "
	    "texts: {type: list, items: str, default: []}, any: {type: any}}\n"
	    "commands: {any: [says, '{{ text|string }}', '{{ any|string }}', {each: texts}]}\n" },
	{ "p/services/iut/proto/need.yaml",
	    "plugin: need\nkind: iut\nprotocol: proto\ncommands: {any: [x]}\n"
	    "parameters: {must: {type: str, required: true}}\n" },
	{ "p/services/iut/two/plain.yaml",
	    "plugin: plain\nkind: iut\nprotocol: [two, quiet]\ncommands: {any: [plain, '{{ version "
	    "}}']}\n" },
	{ "p/services/iut/proto/both.yaml",
	    "plugin: both\nkind: iut\nprotocol: [proto, two]\ncommands: {any: [x]}\n" },
	{ "p/services/iut/proto/byalias.yaml",
	    "plugin: byalias\nkind: iut\nprotocol: oorp\ncommands: {any: [x]}\n" },
	{ "p/services/iut/proto/same.yaml",
	    "plugin: same\nkind: iut\nprotocol: proto\ncommands: {any: [of proto]}\n" },
	{ "p/services/iut/two/same.yaml",
	    "plugin: same\nkind: iut\nprotocol: two\ncommands: {any: [of two]}\n" },
	{ "p/services/testers/probe.yaml",
	    "plugin: probe\nkind: tester\nprotocol: any\ncommands: {any: [probe]}\n" },
	/* All variables. */
	{ "p/services/iut/proto/vars.yaml",
	    "plugin: vars\nkind: iut\nprotocol: proto\nparameters: {test: t, cert_file: '', "
	    "key_file: '', ca_file: ''}\n"
	    "features: {f: 1}\n"
	    "commands: {any: ['{{ name }}', '{{ role }}', '{{ host }}:{{ port }}', "
	    "'{{ address }} {{ listen }}', '{{ target.name if target else 0 }}', "
	    "'{{ peer.name if peer else 0 }}', '{{ protocol.name }} {{ protocol.shade }} "
	    "{{ protocol.port }} {{ protocol.transport }}', '{{ dir }} {{ keylog }} {{ www }}', "
	    "'{{ cert_file }} {{ paths.key }} {{ ca_file }}', '{{ generate_certificates }}', "
	    "'{{ service_names | join }}', '{{ services.a.port }}', '{{ test }} {{ record.id }}', "
	    "'{{ finite }}', '{{ environment }}', '{{ features.f }}', '{{ parameters.test }}', "
	    "'{{ interface }}', '{{ (target.port is none) if target else 0 }}']}\n" },
	{ "p/services/iut/proto/extra.yaml",
	    "plugin: extra\nkind: iut\nprotocol: proto\nbinary: /o/own\n"
	    "environment: {LEVEL: {when: loudness is not none, value: '{{ loudness }}'}}\n"
	    "requires: [{program: '{{ program }}'}]\n"
	    "commands: {any: [{each: extra}, end]}\n" },
	{ "p/services/iut/proto/served.yaml",
	    "plugin: served\nkind: iut\nprotocol: proto\ncommands: {any: [x]}\n"
	    "files: [{path: www/index, text: x}, {path: other, text: y}, "
	    "{path: 'www/{{ name }}', text: z}, {path: www/, text: q}]\n" },
	{ "p/services/iut/proto/asks.yaml",
	    "plugin: asks\nkind: iut\nprotocol: proto\n"
	    "commands: {any: [get, {each: target.served}]}\n" },
	{ "p/services/iut/proto/img.yaml",
	    "plugin: img\nkind: iut\nprotocol: proto\ncommands: {any: [x]}\n"
	    "parameters: {rev: 12, repo: https://example.org/r, own: '', with: true}\n"
	    "docker:\n  repository: '{{ repo }}'\n  revision: '{{ rev }}'\n"
	    "  files: [beside.txt, {from: beside.txt, to: /x}, '@{share}/y',"
	    " {when: own, value: '{{ own }}'}]\n"
	    "  patches: [{when: with, value: a.patch}]\n"
	    "  dependencies: [{name: lib, repository: ./dep}, {name: far, repository: "
	    "https://example.org/f}]\n" },
	{ "p/services/iut/proto/file.yaml",
	    "plugin: file\nkind: iut\nprotocol: proto\ncommands: {any: [x]}\n"
	    "docker: {dockerfile: Dockerfile.own, repository: file:///}\n" },
	{ "p/services/iut/proto/lost.yaml",
	    "plugin: lost\nkind: iut\nprotocol: proto\ncommands: {any: [x]}\n"
	    "docker: {dockerfile: nowhere}\n" },
	{ "p/services/iut/proto/lostpatch.yaml",
	    "plugin: lostpatch\nkind: iut\nprotocol: proto\ncommands: {any: [x]}\n"
	    "docker: {patches: [nowhere.patch]}\n" },
	/* Files of versions: where the program is. */
	{ "p/services/iut/proto/bins/plugin.yaml",
	    "plugin: bins\nkind: iut\nprotocol: proto\ncommands: {any: ['{{ binary_path }}']}\n" },
#define BIN(v, dir, name)                                                    \
	{                                                                    \
		"p/services/iut/proto/bins/version_configs/" v ".yaml",      \
		    "server: {binary: {dir: '" dir "', name: '" name "'}}\n" \
	}
	BIN("a", "/opt/x", "prog"),
	BIN("b", "/opt/x/", "./prog"),
	BIN("c", "/opt/x", "sub/prog"),
	BIN("d", "/opt/x", "/bin/prog"),
	BIN("e", "/opt/x", "prog -v"),
	BIN("f", "", "./prog"),
	BIN("g", "/opt/x", ""),
	BIN("h", "/", ".prog"),
	{ "p/services/iut/proto/beside.txt", "x" },
	{ "p/services/iut/proto/a.patch", "x" },
	{ "p/services/iut/proto/dep/x", "x" },
	{ "p/services/iut/proto/Dockerfile.own", "x" },
	{ "p/environments/execution/vary.yaml",
	    "plugin: vary\nkind: execution_environment\nparameters: {sets: []}\n"
	    "variants: '{{ sets }}'\n"
	    "wrap: [{each: variants, as: v, args: ['{{ v | length }}', {each: v}]}]\n" },
	{ "p/environments/network/net.yaml",
	    "plugin: net\nkind: network_environment\nisolation: full\naddress: 127.0.0.1\n" },
	{ "p/environments/network/builds.yaml",
	    "plugin: builds\nkind: network_environment\nisolation: full\naddress: 127.0.0.1\n"
	    "listen: 0.0.0.0\nimages: true\n" },
};

static const char base[] = "id: t\nnetwork_environment: {type: net}\nservices:\n"
                           "  a: {implementation: {name: prog, want: w}, protocol: {name: proto}}\n"
                           "  c: {implementation: {name: plain}, protocol: {name: two}}\n";

#define ARGV "@a.phases.run.argv"
#define A(more) "services: {a: {implementation: {" more "}}}"
#define SAID(text) "0:0: error: " text

static void
parameters(void)
{
	static const struct row rows[] = {
		{ "{}", ARGV, "[prog, '4', '4000', '5']" },
		{ A("n: 7"), ARGV, "[prog, '7', '4000', '8']" },
		{ A("n: '7'"), ARGV, "[prog, '7', '4000', '8']" },
		{ A("later: 9"), "@a.phases.run.argv.2", "'9'" },
		/* One of several places wins. */
		{ A("n: 7, parameters: {n: 6}, config: {n: 5}"), "@a.phases.run.argv.1", "'7'" },
		{ A("parameters: {n: 6}, config: {n: 5}"), "@a.phases.run.argv.1", "'6'" },
		{ "services: {a: {implementation: {config: {n: 5}}, plugin_config: {n: 8}}}",
		    "@a.phases.run.argv.1", "'5'" },
		{ "services: {a: {plugin_config: {n: 8}}}", "@a.phases.run.argv.1", "'8'" },
		{ A("n: {value: 7, description: x}"), "@a.phases.run.argv.1", "'7'" },
		{ A("m: {value: 7}"), "said", "" },
		{ A("n: {description: x}"), "said",
		    SAID("parameter n must be of type int, not a map") },
		{ A("n: 0"), "said", SAID("parameter n: 0 is below the minimum 1") },
		{ A("n: 10"), "said", SAID("parameter n: 10 is above the maximum 9") },
		{ A("n: 9"), "said", "" },
		{ A("n: 1"), "said", "" },
		/* The place of the wrong one. */
		{ "{marks: {services.a.implementation.n: [1, 1], "
		  "services.a.implementation.parameters.n: [2, 2]}, services: {a: "
		  "{implementation: {parameters: {n: 0}}}}}",
		    "said", "2:2: error: parameter n: 0 is below the minimum 1" },
		{ "{marks: {services.a.plugin_config.nn: [3, 3]}, services: {a: {plugin_config: "
		  "{nn: 0}}}}",
		    "said", "3:3: warning: prog has no parameter 'nn'; did you mean 'n'?" },
		{ A("parameters: {wnat: 0}"), "said",
		    SAID("prog has no parameter 'wnat'; did you mean 'want'?") },
		{ A("parameters: {zzzzzzz: 0}"), "said",
		    "0:0: warning: prog has no parameter 'zzzzzzz'" },
		/* Required and wanted ones. */
		{ A("name: need"), "said",
		    "0:0: warning: need has no parameter 'want'\n" SAID(
		        "parameter 'must' is missing") },
		{ A("name: need, must: x"), "said", "0:0: warning: need has no parameter 'want'" },
		{ "services: {c: {implementation: {name: prog}, protocol: {name: proto}}}", "said",
		    "0:0: warning: prog without want: who" },
		{ A("must: null"), "said", SAID("parameter must must be of type str, not null") },
		/* Templates in what the experiment gives, where the descriptor says so. */
		{ A("list: ['{{ name }}', x]"), ARGV, "[prog, '4', '4000', '5', a, x]" },
		{ A("want: '{{ name }}'"), "said", "" },
		/* A text is what was written, a number what it means. */
		{ "{marks: {services.a.implementation.text: [1, 1, null, 'NO']}, services: {a: "
		  "{implementation: {name: says, text: false}}}}",
		    ARGV, "[says, 'NO', None]" },
		{ "{marks: {services.a.implementation.texts.1: [1, 1, null, '1.10']}, services: "
		  "{a: {implementation: {name: says, texts: [x, 1.1]}}}}",
		    ARGV, "[says, None, None, x, '1.10']" },
		{ "{marks: {services.a.implementation.any: [1, 1, null, 'NO']}, services: {a: "
		  "{implementation: {name: says, any: false}}}}",
		    ARGV, "[says, None, 'False']" },
		{ "{marks: {services.a.implementation.any.1: [1, 1, null, 'NO']}, services: {a: "
		  "{implementation: {name: says, any: [x, false]}}}}",
		    ARGV, "[says, None, \"['x', 'NO']\"]" },
		{ "{marks: {services.a.implementation.m.k: [1, 1, null, '007'], "
		  "services.a.implementation.m.b: [1, 1, null, 'off']}, services: {a: "
		  "{implementation: {name: prog, m: {k: 7, b: false}}}}}",
		    "@a.environment.OWN", "o" },
		{ "{marks: {services.a.implementation.n: [2, 5, null, '07']}, services: {a: "
		  "{implementation: {name: prog, n: 7}}}}",
		    "said",
		    "2:5: warning: 07 is read as a decimal number (YAML 1.1 readers take it as "
		    "octal)" },
		/* The long names of types. */
		{ A("ints: ['7']"), "said", "" },
		{ A("ints: [x]"), "said",
		    SAID("parameter ints: item 1 must be int, not a string") },
		/* Variables that are there now and then. */
		{ A("n: 7"), "@a.environment", "{OWN: o, BIG: n7}" },
		{ A("n: 5"), "@a.environment", "{OWN: o}" },
	};

	unit("values of parameters");
	ROWS(base, rows);
}

/* What is set and read by nothing is said; what there is anyway is not. */
static void
unread(void)
{
#define MARKED(path, more) "{marks: {services.a." path ": [3, 3]}, services: {a: {" more "}}}"
#define WARNED(text) "3:3: warning: " text
	static const struct row rows[] = {
		{ A("idle: 1"), "said", "" },
		{ A("idle: '1'"), "said", "" },
		{ A("dull: ~"), "said", "" },
		{ MARKED("implementation.idle", "implementation: {idle: 2}"), "said",
		    WARNED("prog: 'idle' has no effect here: none reads it") },
		{ MARKED("implementation.config.idle", "implementation: {config: {idle: 2}}"),
		    "said", WARNED("prog: 'idle' has no effect here: none reads it") },
		{ A("dull: ''"), "said",
		    "0:0: warning: prog: 'dull' has no effect here: it is so" },
		/* The nested maps of PANTHER's files. */
		{ "services: {a: {plugin_config: {parameters: {n: 8}}}}", "@a.phases.run.argv.1",
		    "'8'" },
		{ "services: {a: {plugin_config: {config: {n: 8}}}}", "@a.phases.run.argv.1",
		    "'8'" },
		{ "services: {a: {plugin_config: {n: 7, parameters: {n: 8}}}}",
		    "@a.phases.run.argv.1", "'7'" },
		{ MARKED("plugin_config.parameters.zzzzzz",
		      "plugin_config: {parameters: {zzzzzz: 8}}"),
		    "said", WARNED("prog has no parameter 'zzzzzz'") },
		{ MARKED("plugin_config.name", "plugin_config: {name: x}"), "said",
		    WARNED("plugin_config.name has no effect: it is implementation.name that "
		           "counts") },
		{ MARKED("implementation.config.type", "implementation: {config: {type: x}}"),
		    "said",
		    WARNED("implementation.config.type has no effect: it is implementation.type "
		           "that counts") },
		/* Versions, of which one counts. */
		{ "services: {a: {plugin_config: {version: v2}}}", "@a.version", "v2" },
		{ "services: {a: {plugin_config: {version: v2}}}", "said", "" },
		{ A("config: {version: v2}"), "@a.version", "v2" },
		{ A("version: v2, config: {version: v2}"), "said", "" },
		{ MARKED("plugin_config.version", "plugin_config: {version: 1.0.0}"), "said",
		    WARNED("version '1.0.0' has no effect: prog has no such version") },
		{ MARKED("implementation.version",
		      "protocol: {version: v1}, implementation: {version: v2}"),
		    "said", WARNED("version 'v2' has no effect: the version is v1") },
		{ "services: {a: {plugin_config: {version_config: v2}}}", "@a.phases.run.argv.0",
		    "two" },
		{ "services: {a: {plugin_config: {version: {env: {V: w}}}}}", "@a.environment.V",
		    "w" },
		{ "services: {a: {plugin_config: {version: {env: {V: w}}}, implementation: "
		  "{version_config: {env: {V: v}}}}}",
		    "@a.environment.V", "v" },
		/* More addresses. */
		{ MARKED("secondary_endpoints.y",
		      "secondary_endpoints: {x: 10.0.0.1, y: 10.0.0.2}, "
		      "environment: {V: '@{a:ip[x]}'}"),
		    "said",
		    WARNED("secondary endpoint 'y' has no effect: nothing asks for @{a:ip[y]}") },
	};

	unit("what has no effect");
	ROWS(base, rows);
}

/* The command line of a program with several sets of parameters. */
static void
sets(void)
{
#define VARY(list)                                                                                \
	"{execution_environment: [{type: vary, sets: " list "}], services: {a: {implementation: " \
	"{n: 7}}, c: {implementation: {name: same}}}}"
	static const struct row rows[] = {
		{ VARY("[]"), ARGV, "[prog, '7', '4000', '8']" },
		{ VARY("[{n: 1}, {}]"), ARGV,
		    "['4', prog, '1', '4000', '8', '4', prog, '7', '4000', '8', prog, '7', '4000', "
		    "'8']" },
		{ "{execution_environment: [{type: vary, services: [a], sets: [{nn: 1}]}]}", "said",
		    SAID("a: variants: prog has no parameter 'nn'") },
		{ "{execution_environment: [{type: vary, services: [a], sets: [{n: 10}]}]}", "said",
		    SAID("a: parameter n: 10 is above the maximum 9") },
	};

	unit("sets of parameters");
	ROWS(base, rows);
}

/* What every implementation takes, though its descriptor says nothing of it. */
static void
usual(void)
{
#define BUILDS(more) \
	"{network_environment: {type: builds}, services: {a: {implementation: {" more "}}}}"
#define WITH(more) "[prog, '4', '4000', '5'" more "]"
	static const struct row rows[] = {
		{ A("implementation_args: -v 'a b'"), ARGV, WITH(", '-v', a b") },
		{ A("implementation_args: [1, x]"), ARGV, WITH(", '1', x") },
		{ A("extra: y z, implementation_args: [x], custom_options: {d: 1, long: true, "
		    "off: false, -q: w}"),
		    ARGV, WITH(", y, z, x, '-d', '1', '--long', '-q', w") },
		{ A("implementation_args: \"a 'b\""), "said",
		    SAID("parameter implementation_args: single quote is not closed") },
		{ A("implementation_args: {a: b}"), "said",
		    SAID("parameter implementation_args must be of type list, not a map") },
		{ "services: {a: {command_override: [x], implementation: {extra: [y]}}}", "said",
		    "0:0: warning: more arguments ('extra') have no effect beside "
		    "command_override" },
		{ A("name: extra, extra: [x, y]"), ARGV, "[/o/own, x, y, end]" },
		{ A("name: extra, implementation_args: [x, y]"), ARGV, "[/o/own, x, y, end]" },
		{ A("binary_name: other"), "@a.phases.run.argv.0", "other" },
		{ A("name: extra, binary_name: other"), "@a.phases.run.argv.0", "/o/other" },
		{ A("name: extra, binary_name: /p/other"), "@a.phases.run.argv.0", "/p/other" },
		{ A("name: extra, binary_name: other"), "@a.requires.0.program", "/o/other" },
		{ A("runtime_parameters: {n: 7}"), "@a.phases.run.argv.1", "'7'" },
		{ A("n: 6, runtime_parameters: {n: 7}"), "@a.phases.run.argv.1", "'6'" },
		{ MARKED("implementation.runtime_parameters.fast",
		      "implementation: {runtime_parameters: {fast: 1}}"),
		    "said", WARNED("prog has no parameter 'fast'; did you mean 'must'?") },
		{ A("runtime_parameters: {buffer_size: 64KB, big_frames: true}"), "@a.environment",
		    "{OWN: o, buffer_size: 64KB, big_frames: 'true'}" },
		{ A("runtime_parameters: {buffer_size: 64KB}"), "said", "" },
		{ A("runtime_parameters: {'buffer size': 64KB}"), "said",
		    "0:0: warning: prog has no parameter 'buffer size'" },
		{ A("supported_features: [g]"), "said",
		    "0:0: warning: 'g' has no effect: prog has no such feature" },
		{ A("supported_features: [f], name: vars"), "@a.phases.run.argv.15", "'True'" },
		{ A("output_format: junit"), "@a.environment.OUTPUT_FORMAT", "junit" },
		{ A("protocol_version: v2"), "@a.version", "v2" },
		{ A("protocol_version: v3"), "said",
		    SAID("prog has no version 'v3'; it has v1, v2") },
		{ A("default_port: 4009"), "@a.port", "4009" },
		{ "services: {a: {ports: ['5:5'], implementation: {default_port: 4009}}}",
		    "@a.port", "4009" },
		{ "{marks: {services.a.ports: [1, 1]}, services: {a: {ports: ['5:5'], "
		  "implementation: {default_port: 4009}}}}",
		    "@a.port", "5" },
		{ A("name: vars, bind_address: 127.0.0.2"), "@a.phases.run.argv.3",
		    "127.0.0.2 127.0.0.2" },
		{ A("name: vars, bind_address: 127.0.0.2"), "@a.address", "127.0.0.2" },
		{ A("name: vars, bind_address: 0.0.0.0"), "@a.address", "127.0.0.1" },
		{ A("bind_address: 127.0.0.2"), "@a.address", "127.0.0.1" },
		{ "services: {a: {network: {bind_address: '::'}, implementation: {name: vars, "
		  "bind_address: 127.0.0.2}}}",
		    "@a.phases.run.argv.3", "'127.0.0.1 ::'" },
		{ A("bind_address: 127.0.0.2"), "said",
		    "0:0: warning: 'bind_address' has no effect: prog takes none as server" },
		{ "services: {a: {network: {bind_address: '::'}}}", "said",
		    "0:0: warning: bind_address '::' has no effect: prog takes none as server" },
		{ "services: {c: {implementation: {name: vars, port: 7}, protocol: {name: proto, "
		  "role: client, target: a}}}",
		    "said", "*'port' has no effect for a client: it has the port of its target" },
		{ A("debug_level: 2"), "said",
		    "0:0: warning: prog: 'debug_level' has no effect here: *" },
		{ A("name: extra, debug_level: 2"), "@a.environment.LEVEL", "'4'" },
		{ A("name: extra, logging_level: warn"), "@a.environment.LEVEL", "'1'" },
		{ A("name: extra, logging_level: DEBUG"), "said",
		    "0:0: warning: extra has no parameter 'want'" },
		{ A("name: extra"), "@a.environment.LEVEL", NULL },
		{ A("logging_level: loud"), "said",
		    SAID("parameter logging_level: 'loud' is not one of TRACE, *") },
		{ A("performance_mode: latency"), "said",
		    "0:0: warning: prog: 'performance_mode' has no effect here: *" },
		{ A("performance_mode: balanced"), "said", "" },
		/* Certificates. */
		{ A("name: vars, certificate_config: {cert: /x.pem}"), "@a.phases.run.argv.8",
		    "/x.pem @{dir}/certs/key.pem @{dir}/certs/ca.pem" },
		{ A("certificate_config: {cert: /x.pem}"), "said",
		    "0:0: warning: prog has no parameter 'cert_file'" },
		{ A("name: vars, ca_file: /ca.pem"), "@a.phases.run.argv.8",
		    "'@{dir}/certs/cert.pem @{dir}/certs/key.pem /ca.pem'" },
		{ A("name: vars, key_file: /k"), "said",
		    "*0:0: warning: 'key_file' has no effect: there is no cert_file" },
		{ "services: {a: {generate_new_certificates: true, implementation: {name: vars, "
		  ""
		  "cert_file: /c}}}",
		    "said",
		    "*0:0: warning: 'cert_file' has no effect: certificates are made for the "
		    "test" },
		/* Images. */
		{ A("base_image_override: deb:1"), "said",
		    "0:0: warning: base_image_override has no effect here: no image is built" },
		{ BUILDS("name: img, base_image_override: 'deb:1'"), "@a.docker.base", "'deb:1'" },
		{ BUILDS("name: prog, base_image_override: 'deb:1'"), "@a.docker",
		    "{base: 'deb:1'}" },
		{ BUILDS("name: prog, dockerfile_template: p/services/iut/proto/Dockerfile.own"),
		    "said", "" },
		{ BUILDS("name: prog, dockerfile_template: nowhere"), "said",
		    SAID("dockerfile_template: nowhere: No such file or directory") },
		{ A("dockerfile_template: x"), "said",
		    "0:0: warning: dockerfile_template has no effect here: no image is built" },
	};

	unit("what all implementations take");
	ROWS(base, rows);
}

static void
plugins(void)
{
	static const struct row rows[] = {
		{ A("name: nobody"), "said", SAID("no implementation named 'nobody'; *") },
		{ A("name: probe"), "said", SAID("probe is a tester; write type: testers") },
		{ A("name: prog, type: testers"), "said",
		    SAID("prog is an implementation; write type: iut") },
		{ A("name: probe, type: testers"), ARGV, "[probe]" },
		{ A("name: probe, type: testers"), "@a.kind", "tester" },
		{ A("name: probe, type: testers"), "@a.finite", "true" },
		{ "services: {a: {finite: false, implementation: {name: probe, type: testers}}}",
		    "@a.finite", "false" },
		{ "services: {a: {finite: true}}", "@a.finite", "true" },
		{ "services: {a: {finite: ~}}", "@a.finite", "false" },
		{ A("name: same"), ARGV, "[of proto]" },
		/* Both sides in one program, or the server of one that has no such command. */
		{ "services: {a: {protocol: {role: both}, implementation: {name: sides}}}", ARGV,
		    "[peer]" },
		{ "services: {a: {protocol: {role: both}}}", "@a.role", "peer" },
		{ "services: {a: {protocol: {role: both}, implementation: {name: serves}}}",
		    "@a.role", "server" },
		{ "services: {a: {protocol: {role: both}, implementation: {name: serves}}}", "said",
		    "*: warning: serves has no command for both sides; this service is the server, "
		    "and another one must be the client*" },
		/* In any case, and with other dashes; the exact name wins. */
		{ A("name: SAME"), ARGV, "[of proto]" },
		{ A("name: two-words"), ARGV, "[second]" },
		{ A("name: two_words"), ARGV, "[first]" },
		{ A("name: Two_Words"), ARGV, "[second]" },
		{ "services: {a: {protocol: {name: PROTO}}}", "@a.protocol", "proto" },
		{ "services: {a: {implementation: {name: same}, protocol: {name: two}}}", ARGV,
		    "[of two]" },
		{ "services: {a: {protocol: {name: two}}}", "said",
		    SAID("prog speaks proto, not "
		         "two") },
		{ "services: {a: {implementation: {name: both}, protocol: {name: bgp}}}", "said",
		    "*" SAID("both speaks proto, two, not bgp") },
		{ "services: {a: {implementation: {name: both}, protocol: {name: two}}}",
		    "@a.protocol", "two" },
		{ "services: {a: {protocol: {name: oorp}}}", "@a.protocol", "proto" },
		{ "services: {a: {implementation: {name: byalias}, protocol: {name: oorp}}}",
		    "@a.protocol", "proto" },
		{ "services: {a: {protocol: {name: nonsense}}}", "said",
		    SAID("no protocol named 'nonsense'; *") },
		/* Nobody says which. */
		{ "services: {a: {protocol: {name: unknown}}}", "@a.protocol", "proto" },
		{ "services: {a: {protocol: {name: ''}}}", "@a.protocol", "proto" },
		{ "services: {a: {implementation: {name: both}, protocol: {name: unknown}}}",
		    "said",
		    "*" SAID("both speaks several protocols; protocol.name must say which") },
		{ "services: {a: {implementation: {name: probe, type: testers}, protocol: {name: "
		  "unknown}}}",
		    "said",
		    "*" SAID("probe speaks several protocols; protocol.name must say which") },
		{ A("name: probe, type: testers"), "@a.protocol", "proto" },
		/* An environment of the other kind. */
		{ "{network_environment: {type: vary}}", "said",
		    SAID("vary: the execution environment of that name is no network environment; "
		         "write it under execution_environment") },
		{ "{execution_environment: [{type: net}]}", "said",
		    SAID("net: the network environment of that name is no execution environment; "
		         "write it under network_environment") },
	};

	unit("plugins and protocols");
	ROWS(base, rows);
}

/* What a matrix puts together and cannot be is unsupported; what somebody wrote is an error. */
static void
cells(void)
{
#define CELL(field, value, rest)                                                                \
	"{matrix: {services.a." field ": x}, marks: {services.a." field ": [7, 9]}, services: " \
	"{a: {" value "}}" rest "}"
#define NOT(text) "*7:9: warning: unsupported: " text
#define NAME "implementation.name"
	static const struct row rows[] = {
		{ CELL("protocol.name", "protocol: {name: two}", ""), "said",
		    NOT("prog speaks proto, not two") },
		{ CELL("protocol.name", "protocol: {name: two}", ""), "error",
		    "{stage: plan, category: configuration, message: 'prog speaks proto, not two', "
		    "file: experiment, line: 7, col: 9, status: unsupported}" },
		{ CELL("protocol.name", "protocol: {name: two}", ""), "plan", NULL },
		{ CELL(NAME, "implementation: {name: plain}", ""), "said",
		    NOT("plain speaks two, quiet, not proto") },
		{ CELL(NAME, "protocol: {version: v9}", ""), "said",
		    NOT("prog has no version 'v9'; it has v1, v2") },
		{ CELL("implementation", "protocol: {version: v9}", ""), "error.status",
		    "unsupported" },
		{ CELL(NAME, "implementation: {name: serves}, protocol: {role: client}", ""),
		    "said", NOT("serves has no command for the role client; it has server") },
		{ "{matrix: {services.*.protocol.name: x}, services: {a: {protocol: {name: two}}}}",
		    "error.status", "unsupported" },
		{ "{matrix: {services: x}, services: {a: {protocol: {name: two}}}}", "error.status",
		    "unsupported" },
		{ CELL("protocol.role", "implementation: {name: serves}, protocol: {role: client}",
		      ""),
		    "error.status", "unsupported" },
		{ CELL("protocol.version", "protocol: {version: v9}", ""), "said",
		    "*7:9: error: prog has no version 'v9'; it has v1, v2" },
		/* A name that nobody has is a mistake, and so is what the matrix does not vary. */
		{ CELL(NAME, "implementation: {name: nobody}", ""), "error.status", NULL },
		{ CELL("timeout", "protocol: {name: two}", ""), "said",
		    "*error: prog speaks proto, not two" },
		{ "{matrix: {services.c.protocol.name: x}, services: {a: {protocol: {name: two}}}}",
		    "error.status", NULL },
		/* A mistake beside it is one. */
		{ CELL("protocol.name", "protocol: {name: two}",
		      ", network_environment: {type: nothing}"),
		    "error.status", NULL },
	};

	unit("combinations that cannot be");
	ROWS(base, rows);
}

static void
versions(void)
{
	static const struct row rows[] = {
		{ "{}", "@a.version", "v1" },
		{ "{}", "@c.version", "v2" },
		{ "{}", "@c.phases.run.argv", "[plain, v2]" },
		{ "services: {a: {protocol: {version: v2}}}", "@a.phases.run.argv.0", "two" },
		{ A("version: v2"), "@a.version", "v2" },
		{ "services: {a: {protocol: {version: v1}, implementation: {version: v2}}}",
		    "@a.version", "v1" },
		{ "services: {a: {protocol: {version: pv}}}", "said",
		    SAID("prog has no version 'pv'; it has v1, v2") },
		{ "services: {c: {protocol: {version: v1}}}", "@c.version", "v1" },
		{ "services: {c: {protocol: {version: v3}}}", "said",
		    SAID("plain has no version 'v3'; it has v1, v2") },
		/* The settings of another version, by its name. */
		{ A("version_config: v2"), "@a.version", "v1" },
		{ A("version_config: v2"), "@a.phases.run.argv.0", "two" },
		{ A("version_config: v3"), "said",
		    SAID("prog has no version 'v3'; it has v1, v2") },
		{ A("version_config: ''"), "@a.phases.run.argv.0", "prog" },
		/* A program in its directory, unless it is found by itself or is more than a
		 * name. */
		{ A("name: bins, version: a"), ARGV, "[/opt/x/prog]" },
		{ A("name: bins, version: b"), ARGV, "[/opt/x/prog]" },
		{ A("name: bins, version: c"), ARGV, "[/opt/x/sub/prog]" },
		{ A("name: bins, version: d"), ARGV, "[/bin/prog]" },
		{ A("name: bins, version: e"), ARGV, "[prog -v]" },
		{ A("name: bins, version: f"), ARGV, "[./prog]" },
		{ A("name: bins, version: g"), ARGV, "['']" },
		{ A("name: bins, version: h"), ARGV, "[/.prog]" },
	};

	unit("versions");
	ROWS(base, rows);
}

static void
variables(void)
{
	static const struct row rows[] = {
		{ A("name: vars, want: ~"), ARGV,
		    "[a, server, '127.0.0.1:4000', 127.0.0.1 127.0.0.1, '0', '0', proto dark 4000 "
		    "udp, '@{dir}/a @{dir}/a/keys.log @{dir}/a/www', "
		    "'@{dir}/certs/cert.pem @{dir}/certs/key.pem @{dir}/certs/ca.pem', 'True', ac, "
		    "'4000', t t, 'False', net, '1', t, '', '0']" },
		/* A client connects to its target. */
		{ "services: {c: {implementation: {name: vars}, protocol: {name: proto, role: "
		  "client, target: a}}, a: {ports: ['1:5']}}",
		    "@c.phases.run.argv.2", "127.0.0.1:5" },
		{ "services: {c: {implementation: {name: vars}, protocol: {name: proto, role: "
		  "client, target: a}}, a: {ports: ['1:5']}}",
		    "@c.phases.run.argv.4", "a" },
		{ "services: {c: {implementation: {name: vars}, protocol: {name: proto, role: "
		  "client, target: a}}}",
		    "@c.phases.run.argv.6", "proto light 4000 udp" },
		{ "services: {c: {implementation: {name: vars}, protocol: {name: proto, role: "
		  "client, target: a}}}",
		    "@c.phases.run.argv.13", "'True'" },
		/* The other side is the target, or who targets it. */
		{ "services: {a: {implementation: {name: vars}}, c: {protocol: {target: a}}}",
		    "@a.phases.run.argv.5", "c" },
		{ "services: {a: {implementation: {name: vars}, protocol: {target: c}}}",
		    "@a.phases.run.argv.5", "c" },
		{ "services: {a: {implementation: {name: vars}, protocol: {target: c}}, c: "
		  "{protocol: {name: quiet, version: ''}}}",
		    "@a.phases.run.argv.18", "'True'" },
		{ "services: {a: {implementation: {name: vars}, protocol: {target: c}}, c: "
		  "{ports: ['1:1']}}",
		    "@a.phases.run.argv.18", "'False'" },
		{ "services: {a: {implementation: {name: vars}, protocol: {target: c}}}",
		    "@a.phases.run.argv.2", "127.0.0.1:4000" },
		{ "{network_environment: {type: builds}, services: {a: {implementation: {name: "
		  "vars}}}}",
		    "@a.phases.run.argv.3", "127.0.0.1 0.0.0.0" },
		{ "{network_environment: {type: builds}, services: {a: {implementation: {name: "
		  "vars}, network: {bind_address: '::'}}}}",
		    "@a.phases.run.argv.3", "'127.0.0.1 ::'" },
		{ "{network_environment: {type: builds}, services: {a: {implementation: {name: "
		  "vars}, network: {bind_address: ''}}}}",
		    "@a.phases.run.argv.3", "'127.0.0.1 0.0.0.0'" },
		{ "services: {a: {implementation: {name: vars}, network: {interface: e0}}}",
		    "@a.phases.run.argv.17", "e0" },
		/* Certificates: the test's own, the directory's, those that it names. */
		{ "{settings: {paths: {cert_dir: /c}}, services: {a: {implementation: {name: "
		  "vars}}}}",
		    "@a.phases.run.argv.8", "/c/cert.pem /c/key.pem /c/ca.pem" },
		{ "{settings: {paths: {cert_dir: /c}}, services: {a: {implementation: {name: "
		  "vars}}}}",
		    "@a.phases.run.argv.9", "'False'" },
		{ "{settings: {paths: {cert_dir: c}}, services: {a: {implementation: {name: "
		  "vars}}}}",
		    "@a.phases.run.argv.9", "'True'" },
		{ A("name: vars, cert_file: /x.pem"), "@a.phases.run.argv.8",
		    "/x.pem @{dir}/certs/key.pem @{dir}/certs/ca.pem" },
		{ A("name: vars, cert_file: /x.pem"), "@a.phases.run.argv.9", "'False'" },
		{ "services: {a: {implementation: {name: vars, cert_file: /x.pem}, "
		  "generate_new_certificates: true}}",
		    "@a.phases.run.argv.8",
		    "'@{dir}/certs/cert.pem @{dir}/certs/key.pem @{dir}/certs/ca.pem'" },
		{ A("name: vars, test: own"), "@a.phases.run.argv.12", "own t" },
	};

	unit("variables of templates");
	ROWS(base, rows);
}

static void
served(void)
{
#define ASKS(more)                                                                     \
	"services: {a: {implementation: {name: served}" more "}, c: {implementation: " \
	"{name: asks}, protocol: {name: proto, role: client, target: a}}}"
	static const struct row rows[] = {
		{ ASKS(""), "@c.phases.run.argv", "[get, index, a]" },
		{ ASKS(", files: [{path: other, text: n}]"), "@c.phases.run.argv",
		    "[get, index, "
		    "a]" },
		{ ASKS(", files: [{path: www/mine, text: n}]"), "@c.phases.run.argv",
		    "[get, mine]" },
	};

	unit("what a program may ask for");
	ROWS(base, rows);
}

static void
images(void)
{
	pth_auto_str here = getcwd(NULL, 0);
	pth_auto_buf want = PTH_BUF_INIT;
	static const struct row rows[] = {
		{ A("name: img"), "@a.docker", NULL },
		{ BUILDS("name: prog"), "@a.docker", NULL },
		{ BUILDS("name: img"), "@a.docker.repository", "https://example.org/r" },
		{ BUILDS("name: img"), "@a.docker.revision", "'12'" },
		{ BUILDS("name: img"), "@a.docker.dependencies.1.repository",
		    "https://example.org/f" },
		{ BUILDS("name: img, with: false"), "@a.docker.patches", "[]" },
		{ BUILDS("name: img"), "@a.docker.at.revision",
		    "p/services/iut/proto/img.yaml:8:13" },
		{ BUILDS("name: img, repo: ./none"), "said",
		    "*p/services/iut/proto/img.yaml:7:15: docker.repository: *none: No such file "
		    "or "
		    "directory" },
		{ BUILDS("name: img, own: none"), "said",
		    "*docker.files: *none: No such file or directory" },
		{ BUILDS("name: img, own: /"), "@a.docker.files.3", "/" },
		{ BUILDS("name: file"), "@a.docker.repository", "/" },
		{ BUILDS("name: lost"), "said",
		    "*lost.yaml:5:22: docker.dockerfile: *nowhere: No such file or directory" },
		{ BUILDS("name: lostpatch"), "said",
		    "*docker.patches: *nowhere.patch: No such file or directory" },
	};
	static const char *const found[][3] = {
		{ BUILDS("name: img"), "@a.docker.files.0", "beside.txt" },
		{ BUILDS("name: img"), "@a.docker.files.1.from", "beside.txt" },
		{ BUILDS("name: img"), "@a.docker.patches.0", "a.patch" },
		{ BUILDS("name: img"), "@a.docker.dependencies.0.repository", "dep" },
		{ BUILDS("name: img, repo: ./dep"), "@a.docker.repository", "dep" },
		{ BUILDS("name: img, repo: ../proto/dep"), "@a.docker.repository", "dep" },
		{ BUILDS("name: file"), "@a.docker.dockerfile", "Dockerfile.own" },
	};

	unit("what an image is made of");
	ROWS(base, rows);
	/* Files beside the descriptor, by absolute paths. */
	for (size_t i = 0; i < countof(found); i++) {
		struct row r = { found[i][0], found[i][1], NULL };

		pth_buf_cut(&want, 0);
		pth_buf_addf(&want, "%s/p/services/iut/proto/%s", here, found[i][2]);
		r.want = want.s;
		ROW(base, &r);
	}
}

int
main(void)
{
	open_set(descriptors, countof(descriptors));
	parameters();
	unread();
	sets();
	usual();
	plugins();
	cells();
	versions();
	variables();
	served();
	images();
	pth_plugins_close(&set);
	return unit_done();
}
