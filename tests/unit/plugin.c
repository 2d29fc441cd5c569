/* Descriptors: inheritance, the table of keys, the shapes of version files. */
#include "loaded.h"
#include "unit.h"

#include "base/text.h"
#include "io/json.h"
#include "plugin/plugin.h"

static char *
dump(const struct pth_ynode *n)
{
	struct pth_buf b = PTH_BUF_INIT;
	json_t *v = pth_yaml_json(n);

	pth_json_dump(&b, v);
	json_decref(v);
	return pth_buf_take(&b);
}

/* Two descriptors merged, as JSON. */
static void
merged(const char *base, const char *over, const char *want)
{
	struct pth_ynode *b = pth_desc_copy(&arena, yaml(base), "base.yaml");
	struct pth_ynode *o = pth_desc_copy(&arena, yaml(over), "over.yaml");
	char *s = dump(pth_desc_merge(&arena, pth_desc_merge(&arena, NULL, b), o));

	CHECK_STR(s, want);
	free(s);
}

static void
test_merge(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_ynode *m;

	unit("maps merge, lists replace");
	merged("a: {x: 1, y: 2}\nl: [1]", "a: {y: 3, z: 4}\nl: [2, 3]",
	    "{\"a\":{\"x\":1,\"y\":3,\"z\":4},\"l\":[2,3]}");
	merged("a: 1", "b: 2", "{\"a\":1,\"b\":2}");
	merged("a: {x: 1}", "a: 5", "{\"a\":5}");
	merged("a: 5", "a: {x: 1}", "{\"a\":{\"x\":1}}");
	unit("list+ appends, without a base it is the list");
	merged("l: [1]", "l+: [2]", "{\"l\":[1,2]}");
	merged("k: 0", "l+: [2]", "{\"k\":0,\"l\":[2]}");
	merged("c: {server: [a]}", "c: {server+: [b]}", "{\"c\":{\"server\":[\"a\",\"b\"]}}");
	unit("null takes away; an empty version is a version");
	merged("a: 1\nb: 2", "a: ~", "{\"b\":2}");
	merged("versions: {v1: {binary: x}}", "versions:\n  v2:\n  v1: ~",
	    "{\"versions\":{\"v2\":{}}}");
	merged("a: 1", "versions: {v: {a: ~, l+: [2]}}",
	    "{\"a\":1,\"versions\":{\"v\":{\"a\":null,\"l+\":[2]}}}");
	merged("versions: {v: {a: 1, l: [1]}}", "versions: {v: {a: ~, l+: [2]}}",
	    "{\"versions\":{\"v\":{\"a\":null,\"l\":[1,2]}}}");
	merged("versions: {v: {l+: [1]}}", "versions: {v: {l+: [2]}}",
	    "{\"versions\":{\"v\":{\"l+\":[1,2]}}}");
	unit("short parameters are defaults");
	merged("parameters: {p: {type: int, default: 1}}", "parameters: {p: 2, q: [x]}",
	    "{\"parameters\":{\"p\":{\"type\":\"int\",\"default\":2},\"q\":{\"default\":[\"x\"]}}"
	    "}");
	merged("a: 1", "versions: {v: {parameters: {p: 7}}}",
	    "{\"a\":1,\"versions\":{\"v\":{\"parameters\":{\"p\":{\"default\":7}}}}}");
	unit("values remember their file");
	m = pth_desc_merge(&arena, pth_desc_copy(&arena, yaml("a: 1\nb: 2"), "base.yaml"),
	    pth_desc_copy(&arena, yaml("b: 3"), "over.yaml"));
	pth_desc_show(&b, m, true);
	CHECK_STR(b.s, "a: 1  # base.yaml:1:4\nb: 3  # over.yaml:1:4\n");
	pth_buf_release(&b);
}

/* The first error of a descriptor, "line: text"; "" when it is good. */
static const char *
problem(const char *text, enum pth_kind kind)
{
	static char out[400];
	struct pth_diags d;
	struct pth_ynode *n = yaml(text);

	pth_diags_init(&d, "x.yaml");
	pth_desc_check(n, kind, &d);
	if (d.errors == 0)
		pth_desc_check_whole(pth_desc_copy(&arena, n, "x.yaml"), kind, &d);
	pth_diags_sort(&d);
	out[0] = '\0';
	if (d.n != 0)
		snprintf(out, sizeof out, "%u: %s", d.v[0].line, d.v[0].text);
	pth_diags_release(&d);
	return out;
}

/* The same without what can only be said of the whole. */
static const char *
only_keys(const char *text, enum pth_kind kind)
{
	static char out[400];
	struct pth_diags d;

	pth_diags_init(&d, "x.yaml");
	pth_desc_check(yaml(text), kind, &d);
	out[0] = '\0';
	if (d.n != 0)
		snprintf(out, sizeof out, "%u: %s", d.v[0].line, d.v[0].text);
	pth_diags_release(&d);
	return out;
}

#define HEAD "plugin: x\nkind: iut\nprotocol: quic\n"

static void
test_keys(void)
{
	unit("keys");
	CHECK_STR(problem(HEAD "commands: {server: [a]}", PTH_IUT), "");
	CHECK_STR(problem("kind: iut", PTH_IUT), "1: 'plugin' is missing");
	CHECK_STR(problem(HEAD "comands: {}", PTH_IUT),
	    "4: unknown key 'comands'; did you mean 'commands'?");
	CHECK_STR(problem(HEAD "wrap: [a]", PTH_IUT), "4: wrap: not a key of kind iut");
	CHECK_STR(problem(HEAD, PTH_IUT), "1: 'commands' is missing");
	CHECK_STR(problem(HEAD, PTH_PROTOCOL), "2: kind: iut in the folder of kind protocol");
	unit("commands");
	CHECK_STR(problem(HEAD "commands: {server: a}", PTH_IUT),
	    "4: server: must be a list of arguments, not a string");
	CHECK_STR(problem(HEAD "commands: {severr: [a]}", PTH_IUT),
	    "4: must have exactly one of line, template");
	CHECK_STR(problem(HEAD "commands: {server: [a], clint: [b]}", PTH_IUT),
	    "4: unknown role 'clint'; roles are server, client, peer, mitm, any");
	CHECK_STR(problem(HEAD "commands: {server: [{when: a, each: b}]}", PTH_IUT),
	    "4: must have exactly one of when, each, optional, words");
	CHECK_STR(problem(HEAD "commands: {server: [[a]]}", PTH_IUT),
	    "4: must be one argument, or a map with when, each, optional or words, not a list");
	CHECK(strstr(problem(HEAD "commands: {server: ['{{ port ']}", PTH_IUT), "4: x.yaml:4:") !=
	    NULL);
	unit("values");
	CHECK_STR(
	    problem(HEAD "stop: {signal: 9}", PTH_IUT), "4: signal: must be a signal such as INT");
	CHECK_STR(problem(HEAD "stop: {grace: soon}", PTH_IUT),
	    "4: grace: must be a duration such as 5s or 250ms");
	CHECK_STR(problem(HEAD "ready: {server: {udp: 1, tcp: 2}}", PTH_IUT),
	    "4: must have exactly one of udp, tcp, file, log, command, delay");
	CHECK_STR(problem(HEAD "versions: {v: {extends: y}}", PTH_IUT),
	    "4: extends: cannot be overridden here");
	CHECK_STR(problem(HEAD "commands: {any: [a]}\nparameters: {host: 1}", PTH_IUT),
	    "5: parameter 'host': the name is taken, pth-plugin(5)");
	CHECK_STR(
	    problem(HEAD "commands: {any: [a]}\nparameters: {n: {type: int, default: x}}", PTH_IUT),
	    "5: parameter n must be of type int, not a string");
}

/* Which kinds have which key, as pth-plugin(5) lists them: p protocol, s service, i iut, t tester,
 * n network, e execution; and a value that is right. */
static void
test_kinds(void)
{
	static const struct {
		const char *key, *kinds, *value;
	} rows[] = {
		{ "description", "psitne", "x" },
		{ "homepage", "psitne", "x" },
		{ "extends", "psitne", "x" },
		{ "parameters", "psitne", "{p: 1}" },
		{ "requires", "psitne", "[{program: x}]" },
		{ "aliases", "pne", "[x, y]" },
		{ "versions", "psit", "{v: {}}" },
		{ "default_version", "psit", "v" },
		{ "roles", "psit", "{client: {}}" },
		{ "features", "psit", "{a: [1]}" },
		{ "ready", "psit", "{udp: 1}" },
		{ "stop", "psit", "{signal: INT, grace: 1s}" },
		{ "environment", "psite", "{A: b}" },
		{ "verdict", "psite", "[{exit: 0}]" },
		{ "protocol", "sit", "[x, y]" },
		{ "version_configs", "sit", "x" },
		{ "version_config", "sit", "{server: {}}" },
		{ "language", "sit", "C" },
		{ "binary", "sit", "x" },
		{ "commands", "sit", "{any: [x]}" },
		{ "cwd", "sit", "x" },
		{ "files", "sit", "[{path: x}]" },
		{ "phases", "sit", "{pre_run: [[x]]}" },
		{ "finite", "sit", "true" },
		{ "compile_cache", "sit", "{inputs: [x]}" },
		{ "keylogs", "sit", "[x]" },
		{ "docker", "sit", "{image: x}" },
		{ "dirs", "site", "[x]" },
		{ "artifacts", "site", "[x]" },
		{ "metrics", "site", "[{name: m, json: x}]" },
		{ "transport", "p", "udp" },
		{ "port", "p", "1" },
		{ "tls", "p", "true" },
		{ "decode", "p", "[x]" },
		{ "setup", "pn", "[[x]]" },
		{ "teardown", "n", "[[x]]" },
		{ "isolation", "n", "full" },
		{ "address", "n", "x" },
		{ "listen", "n", "x" },
		{ "images", "n", "true" },
		{ "in_container", "n", "x" },
		{ "capture", "n", "{interface: x, file: y}" },
		{ "supported_by", "n", "x" },
		{ "wrap", "ne", "[x]" },
		{ "conflicts", "ne", "[x]" },
		{ "post", "e", "[[x]]" },
	};
	static const char letters[] = "psitne"; /* in the order of enum pth_kind */
	char text[300], want[100];

	unit("which kind has which key");
	for (size_t i = 0; i < countof(rows); i++)
		for (int k = 0; k < PTH_KINDS; k++) {
			const char *kind = pth_kind_name((enum pth_kind)k), *got;
			bool good = strchr(rows[i].kinds, letters[k]) != NULL;

			snprintf(text, sizeof text, "plugin: x\nkind: %s\n%s: %s\n", kind,
			    rows[i].key, rows[i].value);
			snprintf(
			    want, sizeof want, "3: %s: not a key of kind %s", rows[i].key, kind);
			got = only_keys(text, (enum pth_kind)k);
			CHECK_STR(got, good ? "" : want);
		}
	unit("what each kind must have");
	CHECK_STR(problem("plugin: x", PTH_IUT), "1: 'kind' is missing");
	CHECK_STR(
	    problem("plugin: x\nkind: iut\nprotocol: y", PTH_IUT), "1: 'commands' is missing");
	CHECK_STR(problem("plugin: x\nkind: iut\ncommands: {any: [x]}", PTH_IUT),
	    "1: 'protocol' is missing");
	CHECK_STR(problem("plugin: x\nkind: iut\nprotocol: ~\ncommands: {any: [x]}", PTH_IUT),
	    "1: 'protocol' is missing");
	CHECK_STR(problem("plugin: x\nkind: tester\nprotocol: y", PTH_TESTER),
	    "1: 'commands' is missing");
	CHECK_STR(problem("plugin: x\nkind: service", PTH_BASE), "");
	CHECK_STR(problem("plugin: x\nkind: protocol", PTH_PROTOCOL), "1: 'transport' is missing");
	CHECK_STR(problem("plugin: x\nkind: network_environment", PTH_NETWORK),
	    "1: 'isolation' is missing");
	CHECK_STR(problem("plugin: x\nkind: execution_environment", PTH_EXECUTION), "");
	CHECK_STR(problem("plugin: x\nkind: nonsense", PTH_IUT),
	    "2: kind: must be one of: protocol service iut tester network_environment "
	    "execution_environment");
}

/* A value of each type that is right, and some that are not. */
static void
test_values(void)
{
	static const char *const rows[][2] = {
		{ "stop: {signal: SIGINT}", "" },
		{ "stop: {signal: USR1}", "" },
		{ "stop: {signal: IO}", "" },
		{ "stop: {signal: int}", "signal: must be a signal such as INT" },
		{ "stop: {signal: SIG}", "signal: must be a signal such as INT" },
		{ "stop: {signal: A}", "signal: must be a signal such as INT" },
		{ "stop: {signal: HOP}", "signal: must be a signal such as INT" },
		{ "roles: {sever: {}}",
		    "unknown role 'sever'; roles are server, client, peer, mitm, any" },
		{ "roles: {server: {}, any: }", "" },
		{ "stop: {signal: [INT]}", "signal: must be a signal such as INT" },
		{ "stop: {grace: '{{ x }}'}", "" },
		{ "stop: {grace: 250ms}", "" },
		{ "stop: {grace: [1s]}", "grace: must be one value, not a list" },
		{ "stop: x", "stop: must be a map, not a string" },
		{ "stop: {sginal: INT}", "unknown key 'sginal'; did you mean 'signal'?" },
		{ "finite: 1", "finite: must be true or false, not an integer" },
		{ "finite: {server: true, client: false}", "" },
		{ "finite: {server: true, client: 5}",
		    "client: must be true or false, not an "
		    "integer" },
		{ "language: [C]", "language: must be one value, not a list" },
		{ "environment: [A]", "environment: must be a map, not a list" },
		{ "environment: {A: [1]}", "A: must be one value, not a list" },
		{ "environment: {A: 5, B: true}", "" },
		{ "dirs: x", "dirs: must be a list, not a string" },
		{ "artifacts+: x", "artifacts+: must be a list to append, not a string" },
		{ "artifacts+: [x]", "" },
		{ "artfacts+: [x]", "unknown key 'artfacts+'; did you mean 'artifacts'?" },
		{ "dirs: ['{{ x']", "*" },
		{ "verdict: [{log: {matches: '{{ x'}}]", "*" },
		{ "docker: {submodules: x}", "submodules: must be true or false, not a string" },
		{ "docker: {args: {A: '{{ x }}'}}", "" },
		{ "docker: {args: [A]}", "args: must be a map, not a list" },
		{ "docker: {nothing: 1}", "unknown key 'nothing'" },
		/* Commands. */
		{ "phases: {pre_run: [[a, '{{ x }}']]}", "" },
		{ "phases: {pre_run: [{sh: x}]}", "" },
		{ "phases: {pre_run: [[a, [b]]]}",
		    "must be one argument, or a map with when, each, optional or words, not a "
		    "list" },
		{ "phases: {pre_run: [{words: x, critical: false, timeout: 1s, cwd: y, env: {A: "
		  "b}, "
		  "name: n, category: certificate, when: x}]}",
		    "" },
		{ "phases: {pre_run: [x]}",
		    "must be a command: a list of arguments, or a map with argv, sh or words, not "
		    "a "
		    "string" },
		{ "phases: {pre_run: {argv: [x]}}",
		    "pre_run: must be a list of commands, not a "
		    "map" },
		{ "phases: {pre_run: [{critical: true}]}",
		    "must have exactly one of argv, sh, words" },
		{ "phases: {pre_run: [{sh: x, words: y}]}",
		    "must have exactly one of argv, sh, words" },
		{ "phases: {pre_run: [{sh: x, category: timeout}]}",
		    "category: must be one of: docker_build docker_runtime service_start "
		    "network_setup certificate tester_compilation command_execution" },
		{ "phases: {pre_run: [{sh: x, timeout: soon}]}",
		    "timeout: must be a duration such as 5s or 250ms" },
		{ "phases: {run: [[a]]}", "unknown key 'run'*" },
		/* Arguments. */
		{ "binary: [x, {optional: y}, {each: l, as: z, args: [a]}, {words: w}, {when: c, "
		  "args: [a], else: [b]}]",
		    "" },
		{ "binary: [{args: [a]}]", "must have exactly one of when, each, optional, words" },
		{ "binary: [{each: l, as: 'a b'}]",
		    "as: must be a name of letters, digits, '.', '_' and '-'" },
		{ "binary: {server: x, client: [y]}", "" },
		{ "binary: {server: {x: y}}", "server: must be one value, not a map" },
		{ "commands: {server+: [x]}", "" },
		{ "commands: {srever: [x], client: [y]}",
		    "must have exactly one of line, template" },
		{ "commands: {client: [y], srever: [x]}",
		    "unknown role 'srever'; roles are server, client, peer, mitm, any" },
		{ "commands: {any: {line: x}}", "" },
		{ "commands: {any: {template: x}}", "" },
		{ "commands: {any: {line: x, template: y}}",
		    "must have exactly one of line, template" },
		{ "commands: {any: x}", "any: must be a list of arguments, not a string" },
		/* Readiness. */
		{ "ready: [{udp: 1}, {tcp: 2, when: x, timeout: 3s}]", "" },
		{ "ready: {client: [{log: up, in: x}], server: {file: y}}", "" },
		{ "ready: {client: {command: [a]}}", "" },
		{ "ready: {command: a}", "command: must be a list of arguments, not a string" },
		{ "ready: {delay: soon}", "delay: must be a duration such as 5s or 250ms" },
		{ "ready: {log: '('}", "log: not a regular expression: *" },
		{ "ready: {log: '{{ x }}('}", "" },
		{ "ready: {timeout: 1s}",
		    "must have exactly one of udp, tcp, file, log, command, delay" },
		{ "ready: [{log: '('}]", "log: not a regular expression: *" },
		/* Metrics. */
		{ "metrics: [{name: m, matches: '[0-9]+', file: x, reduce: mean, scale: 0.5}]",
		    "" },
		{ "metrics: [{matches: x}]", "the metric has no name" },
		{ "metrics: [{name: m}]", "must have exactly one of matches, json" },
		{ "metrics: [{name: m, matches: x, json: y}]",
		    "must have exactly one of matches, json" },
		{ "metrics: [{name: m, matches: '('}]", "matches: not a regular expression: *" },
		{ "metrics: [{name: m, json: x, scale: two}]",
		    "scale: must be a number, not a string" },
		{ "metrics: [{name: m, json: x, scale: 2}]", "" },
		{ "metrics: [{name: m, json: x, reduce: median}]",
		    "reduce: must be one of: last first sum min max mean count" },
		/* Events. */
		{ "events: [{name: up, matches: x, file: y}, {json: event}, {matches: '^E (.*) '}]",
		    "" },
		{ "events: {name: up}", "events: must be a list of events, not a map" },
		{ "events: [{name: up}]", "must have exactly one of matches, json" },
		{ "events: [{matches: x}]",
		    "the event has no name: give it one, or give matches a group that is the "
		    "name" },
		{ "events: [{matches: '(x'}]", "matches: not a regular expression: *" },
		{ "events: [{name: a b, matches: x}]",
		    "name: must be a name of letters, digits, '.', '_' and '-'" },
		{ "events: [{name: a, json: x}]", "name: json is the member that names the event" },
		{ "events: [{matches: '(x)', level: x}]", "unknown key 'level'" },
		/* Parameters. */
		{ "parameters: {p: {type: int, min: 5, max: 1}}",
		    "min: 5 is more than max, which is 1" },
		{ "parameters: {p: {type: float, min: 0.5, max: 0.25}}",
		    "min: 0.5 is more than max, which is 0.25" },
		{ "parameters: {p: {type: int, min: 5, max: 5}}", "" },
		{ "parameters: {p: {type: text}}",
		    "type: must be one of: str int float bool list map any string integer number "
		    "boolean array object" },
		{ "parameters: {p: {items: texts}}", "items: must be one of: str int float *" },
		{ "parameters: {a: {type: string, default: 5x}, b: {type: integer, default: x}}",
		    "parameter b must be of type int, not a string" },
		{ "parameters: {a: {type: number}, b: {type: boolean}, c: {type: array}, d: {type: "
		  "object, default: []}}",
		    "parameter d must be of type map, not a list" },
		{ "parameters: {p: {unused: []}}", "unused: must be one value, not a list" },
		{ "environment: {V: {when: a, value: '{{ b }}'}}", "" },
		{ "environment: {V: {when: a}}", "must have exactly one of value" },
		{ "environment: {V: {value: a, wen: b}}",
		    "unknown key 'wen'; did you mean 'when'?" },
		{ "environment: {V: [a]}", "V: must be one value, not a list" },
		{ "variants: x", "variants: not a key of kind iut" },
		{ "parameters: {p: {required: 1}}",
		    "required: must be true or false, not an "
		    "integer" },
		{ "parameters: {p: {defualt: 1}}",
		    "unknown key 'defualt'; did you mean 'default'?" },
		{ "parameters: [p]", "parameters: must be a map of parameters, not a list" },
		{ "parameters: {p: {type: int, default: 5, max: 4}}",
		    "parameter p: 5 is above the maximum 4" },
		{ "parameters: {p: {pattern: '('}}",
		    "parameter p: pattern: not a regular expression: *" },
		{ "parameters: {p: ~}", "" },
		/* Versions and roles. */
		{ "versions: {v: , w: {binary: x}}", "" },
		{ "versions: [v]", "versions: must be a map of names to overrides, not a list" },
		{ "versions: {v: x}", "v: must be a map, not a string" },
		{ "versions: {v: {plugin: y}}", "plugin: cannot be overridden here" },
		{ "versions: {v: {kind: iut}}", "kind: cannot be overridden here" },
		{ "versions: {v: {versions: {}}}", "versions: cannot be overridden here" },
		{ "versions: {v: {version_configs: x}}",
		    "version_configs: cannot be overridden here" },
		{ "versions: {v: {binary+: [x]}}", "" },
		{ "roles: {client: {extends: x}}", "extends: cannot be overridden here" },
		{ "roles: {client: {roles: {}}}", "" },
		{ "roles: {client: {nonsense: 1}}", "unknown key 'nonsense'" },
		{ "protocol: [a, 'b c']", "*must be a name of letters, digits, '.', '_' and '-'" },
		{ "protocol: {a: b}", "protocol: must be one value, not a map" },
	};
	char text[500];

	unit("values of each type");
	for (size_t i = 0; i < countof(rows); i++) {
		const char *got, *of = rows[i][0];

		snprintf(text, sizeof text, "plugin: x\nkind: iut\n%s%s%s\n",
		    strncmp(of, "commands", 8) == 0 ? "" : "commands: {any: [x]}\n",
		    strncmp(of, "protocol", 8) == 0 ? "" : "protocol: y\n", of);
		got = problem(text, PTH_IUT);
		got += strspn(got, "0123456789: ");
		if (!CHECK(pth_glob(rows[i][1], got) || strcmp(rows[i][1], got) == 0))
			printf("    %s\n    is        %s\n    should be %s\n", of, got, rows[i][1]);
	}
	unit("values of environments and protocols");
	CHECK_STR(only_keys("plugin: x\nkind: protocol\ntransport: quic", PTH_PROTOCOL),
	    "3: transport: must be one of: udp tcp sctp none");
	CHECK_STR(only_keys("plugin: x\nkind: protocol\nport: x", PTH_PROTOCOL),
	    "3: port: must be an integer, not a string");
	CHECK_STR(only_keys("plugin: x\nkind: network_environment\nisolation: half", PTH_NETWORK),
	    "3: isolation: must be one of: full none container simulator");
	CHECK_STR(
	    only_keys("plugin: x\nkind: network_environment\ncapture: {interfce: x}", PTH_NETWORK),
	    "3: unknown key 'interfce'; did you mean 'interface'?");
}

/* What stands without quotes is what its key is: a text stays as it is written. */
static void
test_plain(void)
{
	static const char *const rows[][2] = {
		{ "description: NO", "" },
		{ "environment: {A: 7e12345, B: .inf, C: 0777, D: off, E: 99999999999999999999}",
		    "" },
		{ "commands: {server: [a, NO, 7e12345, {when: x, args: [off]}]}", "" },
		{ "commands: {server: {line: NO}}", "" },
		{ "binary: NO", "" },
		{ "parameters: {p: {type: str, default: 7e12345, enum: [7e12345, off]}}", "" },
		{ "parameters: {p: {type: list, items: string, default: [NO, .inf]}}", "" },
		{ "version_config: {commit: 7e12345}", "" },
		{ "versions: {v: {environment: {A: NO}}}", "" },
		/* Where a number or truth is wanted, it is said how it is read, or that it is none.
		 */
		{ "finite: NO",
		    "NO is read as false; write false, or quote it when text is meant" },
		{ "parameters: {p: {type: int, default: 0777}}",
		    "0777 is read as a decimal number (YAML 1.1 readers take it as octal)" },
		{ "parameters: {p: {type: int, default: 7e12345}}",
		    "7e12345 is too large a number; quote it when text is meant" },
		{ "features: {a: off}",
		    "off is read as false; write false, or quote it when text is meant" },
	};
	const struct pth_ynode *n;
	struct pth_diags d;
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e;
	json_t *v;

	unit("plain texts");
	for (size_t i = 0; i < countof(rows); i++) {
		pth_buf_cut(&b, 0);
		pth_buf_addf(&b, HEAD "%s\n", rows[i][0]);
		pth_diags_init(&d, "x.yaml");
		n = pth_yaml_try(b.s, b.len, &arena, &d);
		CHECK_INT(d.n, 0);
		pth_desc_check(n, PTH_IUT, &d);
		CHECK_STR(d.n != 0 ? d.v[0].text : "", rows[i][1]);
		CHECK_INT(d.n, *rows[i][1] != '\0');
		pth_diags_release(&d);
	}
	v = pth_param_default("p", yaml("{type: str, default: 1.10}"), &e);
	CHECK_STR(json_string_value(v), "1.10");
	json_decref(v);
	v = pth_param_default("p", yaml("{type: list, items: str, default: [x, 1.10]}"), &e);
	CHECK_STR(json_string_value(json_array_get(v, 1)), "1.10");
	json_decref(v);
}

/* A service's templates have these names, so that no parameter may. */
static void
test_taken(void)
{
	static const char *const taken[] = { "name", "role", "version", "finite", "host", "address",
		"listen", "interface", "target", "peer", "services", "service_names", "service",
		"record", "protocol", "features", "environment", "dir", "paths", "qlog_dir",
		"keylog", "downloads", "www", "generate_certificates", "program", "item", "index",
		"parameters" };
	static const char *const own[] = { "port", "cert_file", "key_file", "ca_file", "test",
		"timeout", "mode" };
	char text[100], want[100];

	unit("names that parameters cannot have");
	for (size_t i = 0; i < countof(taken); i++) {
		snprintf(text, sizeof text, HEAD "parameters: {%s: 1}", taken[i]);
		snprintf(want, sizeof want, "4: parameter '%s': the name is taken, pth-plugin(5)",
		    taken[i]);
		CHECK_STR(only_keys(text, PTH_IUT), want);
		snprintf(text, sizeof text,
		    "plugin: x\nkind: execution_environment\nparameters: {%s: 1}", taken[i]);
		CHECK_STR(only_keys(text, PTH_EXECUTION), "");
	}
	for (size_t i = 0; i < countof(own); i++) {
		snprintf(text, sizeof text, HEAD "parameters: {%s: 1}", own[i]);
		CHECK_STR(only_keys(text, PTH_IUT), "");
	}
}

/* The first problem of what a version file holds. */
static const char *
shape(const char *text)
{
	static char out[400];
	struct pth_diags d;

	pth_diags_init(&d, "x.yaml");
	pth_version_check(yaml(text), &d);
	out[0] = '\0';
	if (d.n != 0)
		snprintf(out, sizeof out, "%s: %s",
		    d.v[0].severity == PTH_ERROR ? "error" : "warning", d.v[0].text);
	pth_diags_release(&d);
	return out;
}

static void
test_shapes(void)
{
	static const char *const rows[][2] = {
		{ "{}", "" },
		{ "x", "error: must be a map, not a string" },
		{ "{version: 1, commit: x, tests: [{a: b}], env: {A: 1}, server: , client: {}}",
		    "" },
		{ "version: [1]", "error: version: must be one value, not a list" },
		{ "dependencies: [{name: a, url: b, commit: c}]", "" },
		{ "dependencies: [{nmae: a}]",
		    "warning: unknown key 'nmae'; did you mean 'name'?" },
		{ "dependencies: [a]", "error: must be a map, not a string" },
		{ "dependencies: {a: b}",
		    "error: dependencies: must be a list of maps, not a map" },
		{ "env: [a]", "error: env: must be a map, not a list" },
		{ "env: {A: {b: c}}", "error: A: must be one value, not a map" },
		{ "env: {A: }", "" },
		{ "parameters: {p: 5, q: {value: [1], description: x}}", "" },
		{ "parameters: {q: {valeu: 1}}",
		    "warning: unknown key 'valeu'; did you mean 'value'?" },
		{ "parameters: {q: [1]}", "error: q: must be one value or a map, not a list" },
		{ "parameters: 5", "error: parameters: must be a map, not an integer" },
		{ "peer: {network: {interface: eth0, port: 1}}", "" },
		{ "mitm: {network: {interface: {param: -i, value: eth0}}}", "" },
		{ "peer: {network: {interface: {parm: -i}}}",
		    "warning: unknown key 'parm'; did you mean 'param'?" },
		{ "peer: {network: {interface: [a]}}",
		    "error: interface: must be one value or a map, not a list" },
		{ "server: {tests: {any: [thing]}}", "" },
		{ "server: {protocol: {alpn: x}}", "error: alpn: must be a map, not a string" },
		{ "server: {protocol: {alpn: {value: [x]}}}",
		    "error: value: must be one value, not a list" },
		{ "server: {ticket_file: {param: x, file: y, local_file: z}}", "" },
		{ "server: {logging: {qlog: {param: x, path: y}, log_path: a, err_path: b}}", "" },
		{ "server: {certificates: {root_cert: {file: x}, cert_param: a, key_file: b}}",
		    "" },
		{ "server: {binary: {dir: a, name: [b]}}",
		    "error: name: must be one value, not a list" },
		{ "nothing_like_it: {a: b}", "warning: unknown key 'nothing_like_it'" },
	};

	unit("what version files hold");
	for (size_t i = 0; i < countof(rows); i++)
		if (strcmp(shape(rows[i][0]), rows[i][1]) != 0) {
			CHECK_STR(rows[i][0], rows[i][1]);
			printf("    %s\n", shape(rows[i][0]));
		} else {
			CHECK(true);
		}
}

static void
test_roles(void)
{
	const struct pth_ynode *n = yaml("{server: s, any: a}"), *plain = yaml("{x: 1, any: 2}");

	unit("the entry of a role, or of all others");
	CHECK_STR(pth_desc_role(n, "server")->text, "s");
	CHECK_STR(pth_desc_role(n, "client")->text, "a");
	CHECK(pth_desc_role(plain, "server") == plain);
	CHECK(pth_desc_role(NULL, "server") == NULL);
	n = yaml("{client: c}");
	CHECK(pth_desc_role(n, "server") == NULL);
	n = yaml("[a]");
	CHECK(pth_desc_role(n, "server") == n);

	unit("one of some texts, the text of a key");
	n = yaml("{one: a, list: [a, b, [c], 5], none: , map: {a: b}, number: 5}");
	CHECK(pth_desc_has(pth_yaml_get(n, "one"), "a"));
	CHECK(!pth_desc_has(pth_yaml_get(n, "one"), "b"));
	CHECK(pth_desc_has(pth_yaml_get(n, "list"), "b"));
	CHECK(pth_desc_has(pth_yaml_get(n, "list"), "5"));
	CHECK(!pth_desc_has(pth_yaml_get(n, "list"), "c"));
	CHECK(!pth_desc_has(NULL, "c"));
	CHECK_STR(pth_desc_str(n, "one", "d"), "a");
	CHECK_STR(pth_desc_str(n, "number", "d"), "5");
	CHECK_STR(pth_desc_str(n, "none", "d"), "d");
	CHECK_STR(pth_desc_str(n, "list", "d"), "d");
	CHECK_STR(pth_desc_str(n, "absent", NULL), NULL);

	unit("kinds and their names");
	for (int k = 0; k < PTH_KINDS; k++)
		CHECK_INT(pth_kind_from(pth_kind_name((enum pth_kind)k)), k);
	CHECK_INT(pth_kind_from("x"), PTH_KINDS);
	CHECK(pth_kind_service(PTH_BASE) && pth_kind_service(PTH_IUT) &&
	    pth_kind_service(PTH_TESTER));
	CHECK(!pth_kind_service(PTH_PROTOCOL) && !pth_kind_service(PTH_NETWORK) &&
	    !pth_kind_service(PTH_EXECUTION) && !pth_kind_service(PTH_KINDS));
}

static void
test_shown(void)
{
	static const char text[] =
	    "a: plain\nb: 'quoted'\nc: [1, 'x y', '', '-', '--', -a, '@x', ~, true, 1.50]\n"
	    "d: {}\ne: []\n'f g': {h: [[i]]}\n";
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_ynode *n;
	char *before, *after;

	unit("a descriptor is shown as YAML that says the same");
	n = pth_desc_copy(&arena, yaml(text), "x.yaml");
	pth_desc_show(&b, n, false);
	CHECK_STR(b.s,
	    "a: plain\nb: \"quoted\"\nc:\n  - 1\n  - \"x y\"\n  - \"\"\n  - \"-\"\n  - "
	    "\"--\"\n  - -a\n  - \"@x\"\n  - ~\n  - true\n  - 1.50\nd: {}\ne: []\n"
	    "\"f g\":\n  h:\n    -\n      - i\n");
	before = dump(n);
	after = dump(yaml(b.s));
	CHECK_STR(after, before);
	free(before);
	free(after);
	pth_buf_release(&b);
}

int
main(void)
{
	test_merge();
	test_keys();
	test_kinds();
	test_values();
	test_plain();
	test_taken();
	test_shapes();
	test_roles();
	test_shown();
	pth_arena_release(&arena);
	return unit_done();
}
