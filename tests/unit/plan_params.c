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
	    "versions:\n  v1: {parameters: {n: 4}}\n  v2: {commands: {any: [two]}}\n"
	    "default_version: v1\n"
	    "commands: {any: [prog, '{{ n }}', '{{ later }}', '{{ sum }}', {each: list}]}\n" },
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
	    "plugin: vars\nkind: iut\nprotocol: proto\nparameters: {test: t, cert_file: ''}\n"
	    "features: {f: 1}\n"
	    "commands: {any: ['{{ name }}', '{{ role }}', '{{ host }}:{{ port }}', "
	    "'{{ address }} {{ listen }}', '{{ target.name if target else 0 }}', "
	    "'{{ peer.name if peer else 0 }}', '{{ protocol.name }} {{ protocol.shade }} "
	    "{{ protocol.port }} {{ protocol.transport }}', '{{ dir }} {{ keylog }} {{ www }}', "
	    "'{{ cert_file }} {{ paths.key }} {{ ca_file }}', '{{ generate_certificates }}', "
	    "'{{ service_names | join }}', '{{ services.a.port }}', '{{ test }} {{ record.id }}', "
	    "'{{ finite }}', '{{ environment }}', '{{ features.f }}', '{{ parameters.test }}', "
	    "'{{ interface }}', '{{ (target.port is none) if target else 0 }}']}\n" },
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
	{ "p/services/iut/proto/beside.txt", "x" },
	{ "p/services/iut/proto/a.patch", "x" },
	{ "p/services/iut/proto/dep/x", "x" },
	{ "p/services/iut/proto/Dockerfile.own", "x" },
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
		{ "{marks: {services.a.implementation.n: [2, 5, null, '07']}, services: {a: "
		  "{implementation: {name: prog, n: 7}}}}",
		    "said",
		    "2:5: warning: 07 is read as a decimal number (YAML 1.1 readers take it as "
		    "octal)" },
	};

	unit("values of parameters");
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
		{ A("name: same"), ARGV, "[of proto]" },
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
#define BUILDS(more) \
	"{network_environment: {type: builds}, services: {a: {implementation: {" more "}}}}"
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
	plugins();
	cells();
	versions();
	variables();
	served();
	images();
	pth_plugins_close(&set);
	return unit_done();
}
