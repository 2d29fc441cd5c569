/* What is planned of a service: its command, its environment, its commands around it, when it is
 * ready, how it is stopped; out of descriptors with templates and parameters. */
#include <unistd.h>

#include "planned.h"

static const struct descriptor descriptors[] = {
	{ "p/protocols/proto.yaml",
	    "plugin: proto\nkind: protocol\ntransport: udp\nport: 4000\n"
	    "ready: {server: {udp: '{{ port }}'}}\n"
	    "stop: {signal: SIGHUP, grace: 9s}\nenvironment: {V: protocol, P: '1'}\n" },
	{ "p/protocols/two.yaml",
	    "plugin: two\nkind: protocol\ntransport: tcp\nport: 4002\nversions: {v1: , v2: }\n"
	    "default_version: v2\n" },
	{ "p/services/iut/proto/prog.yaml",
	    "plugin: prog\nkind: iut\nprotocol: proto\ncommands: {any: [prog]}\n" },
	/* Arguments of all forms. */
	{ "p/services/iut/proto/args.yaml",
	    "plugin: args\nkind: iut\nprotocol: proto\nbinary: '{{ pre }}'\n"
	    "parameters: {pre: '', flag: false, l: {type: list, default: [x, y]}, text: a b,\n"
	    "  hole: '', m: {type: map, default: {k: [1, 2]}}, n: 3}\n"
	    "commands:\n  server:\n  - '{{ text }}'\n  - '{{ hole }}'\n"
	    "  - {when: flag, args: [yes1, yes2], else: [no1]}\n"
	    "  - {when: flag, args: [only]}\n"
	    "  - {each: l}\n  - {each: l, as: z, args: ['{{ z }}-{{ index }}']}\n"
	    "  - {each: m.k}\n  - {each: \"l + ['w']\", as: q}\n"
	    "  - {optional: '{{ hole }}'}\n  - {optional: '{{ text }}'}\n"
	    "  - {words: \"{{ text }} 'c d'\"}\n  - 5\n"
	    "  client: [a, '{{ port }}']\n" },
	{ "p/services/iut/proto/bin.yaml",
	    "plugin: bin\nkind: iut\nprotocol: proto\n"
	    "binary: {server: [b, '{{ name }}'], client: c}\ncommands: {any: [x]}\n"
	    "cwd: '{{ name }}/in'\nenvironment: {V: own, O: '{{ name }}'}\n"
	    "finite: {server: true, client: false}\n" },
	{ "p/services/iut/proto/line.yaml",
	    "plugin: line\nkind: iut\nprotocol: proto\nenvironment: {B: 'x y'}\n"
	    "commands: {any: {line: \"$B -p {{ port }} '$B' > log\"}}\n" },
	{ "p/services/iut/proto/up.yaml",
	    "plugin: up\nkind: iut\nprotocol: proto\ncommands: {any: {template: ../x.jinja}}\n" },
	{ "p/services/iut/proto/top.yaml",
	    "plugin: top\nkind: iut\nprotocol: proto\ncommands: {any: {template: /x.jinja}}\n" },
	/* Commands around the run. */
	{ "p/services/iut/proto/build.yaml",
	    "plugin: build\nkind: iut\nprotocol: proto\ncommands: {any: [x]}\n"
	    "compile_cache: {inputs: [src], outputs: ['{{ name }}.o']}\n"
	    "parameters: {deep: true}\n"
	    "phases:\n  pre_compile: [[a, '{{ name }}']]\n"
	    "  compile:\n  - {sh: 'echo {{ name }} > x', timeout: 7s, critical: false, cwd: sub}\n"
	    "  - {words: \"b 'c d'\", env: {E: '{{ port }}'}, category: certificate}\n"
	    "  - {argv: [d], when: deep}\n  - {argv: [e], when: not deep}\n"
	    "  post_compile: [[f]]\n  pre_run: [[g], {argv: [h], timeout: 250ms}]\n"
	    "  post_run: [[i]]\n" },
	{ "p/services/iut/proto/nobuild.yaml",
	    "plugin: nobuild\nkind: iut\nprotocol: proto\ncommands: {any: [x]}\n"
	    "compile_cache: {inputs: [src], outputs: [x]}\nphases: {pre_run: [[g]]}\n" },
	{ "p/services/iut/proto/onlypost.yaml",
	    "plugin: onlypost\nkind: iut\nprotocol: proto\ncommands: {any: [x]}\n"
	    "compile_cache: {inputs: [src], outputs: [x]}\nphases: {post_compile: [[g]]}\n" },
	/* Lists and trees. */
	{ "p/services/iut/proto/lists.yaml",
	    "plugin: lists\nkind: iut\nprotocol: proto\ncommands: {any: [x]}\n"
	    "parameters: {n: 3, f: 1.5, l: {type: list, default: [a, b]}, yes_: true, t: '7'}\n"
	    "dirs: [one, '{{ name }}/two', {when: not yes_, value: three}, {when: yes_, value: "
	    "four},\n"
	    "  {each: l, value: '{{ item }}/{{ index }}'}]\n"
	    "files: [{path: www/ours, text: x}, {path: '{{ name }}.conf', text: '{{ n }}'}, "
	    "{path: keep, text: k}]\n"
	    "artifacts: ['*.{{ name }}']\nkeylogs: [k]\nrequires: [{program: p}]\n"
	    "metrics: [{each: l, as: w, name: 'm_{{ w }}', json: '{{ w }}.x', scale: 2}]\n"
	    "events: [{name: 'e_{{ name }}', matches: x}, {when: not yes_, json: y}]\n"
	    "verdict: [{log: {file: x, matches: '{{ n }}', min: '{{ n }}', max: '{{ f }}', "
	    "on: '{{ yes_ }}', l: '{{ l }}', both: '{{ n }}{{ n }}', text: '{{ t }}', "
	    "sum: '{{ n + 1 }}', yes: '{{ true }}', no_: '{{none}}', or: '{{ x|default(7) }}', "
	    "five: '{{ 5 }}'}},\n"
	    "  {when: n > 5, status: failed}]\n" },
	{ "p/environments/network/net.yaml",
	    "plugin: net\nkind: network_environment\nisolation: full\naddress: 127.0.0.1\n"
	    "listen: '{{ parameters.all }}'\nparameters: {all: 0.0.0.0, before: ''}\n"
	    "wrap: [{when: before, args: ['{{ before }}', '{{ program }}', '{{ name }}']}]\n" },
	{ "p/environments/execution/prof.yaml",
	    "plugin: prof\nkind: execution_environment\nparameters: {out: o}\n"
	    "wrap: [prof, '{{ out }}', '{{ program }}']\n"
	    "environment: {V: prof, PROF: '{{ out }}.{{ name }}'}\n"
	    "post: [{argv: [read, '{{ out }}']}]\nartifacts: ['{{ out }}']\n"
	    "requires: [{program: prof}]\nverdict: [{status: failed}]\n"
	    "metrics: [{name: m, json: x}]\ndirs: [prof]\n" },
};

static const char base[] =
    "id: t\nnetwork_environment: {type: net}\nservices:\n"
    "  a: {implementation: {name: prog}, protocol: {name: proto}}\n"
    "  c: {implementation: {name: prog}, protocol: {name: proto, role: client, target: a}}\n";

#define AS(name, more) "services: {a: {implementation: {name: " name more "}}}"
#define ARGV "@a.phases.run.argv"

static void
arguments(void)
{
	static const struct row rows[] = {
		{ AS("args", ""), ARGV,
		    "[a b, '', no1, x, y, x-0, y-1, '1', '2', x, y, w, a b, a, b, c d, '5']" },
		{ AS("args", ", flag: true, hole: h, l: []"), ARGV,
		    "[a b, h, yes1, yes2, only, '1', '2', w, h, a b, a, b, c d, '5']" },
		{ AS("args", ", m: {k: null}, l: [1.5, true, {x: 1}]"), ARGV,
		    "[a b, '', no1, '1.5', 'true', '{\"x\":1}', 1.5-0, True-1, \"{'x': 1}-2\", "
		    "'1.5', 'true', '{\"x\":1}', w, a b, a, b, c d, '5']" },
		{ AS("args", ", m: {k: 5}"), "said",
		    "0:0: error: a: p/services/iut/proto/args.yaml:*: each: 'm.k' is not a list" },
		{ AS("args", ", text: \"it's\""), "said",
		    "0:0: error: a: single quote is not closed" },
		{ AS("args", ", pre: p"), "@a.phases.run.argv.0", "p" },
		{ AS("bin", ""), ARGV, "[b, a, x]" },
		{ "services: {c: {implementation: {name: bin}}}", "@c.phases.run.argv", "[c, x]" },
		{ "services: {c: {implementation: {name: args}}}", "@c.phases.run.argv",
		    "[a, '4000']" },
		{ AS("line", ""), ARGV, "[x y, -p, '4000', $B]" },
		{ AS("up", ""), "said",
		    "0:0: error: a: p/services/iut/proto/up.yaml:4:28: template: must be a file "
		    "beside the descriptor" },
		{ AS("top", ""), "said",
		    "0:0: error: a: p/services/iut/proto/top.yaml:4:28: template: must be a file "
		    "beside the descriptor" },
	};

	unit("arguments");
	ROWS(base, rows);
}

static void
overrides(void)
{
	static const struct row rows[] = {
		{ "services: {a: {command_override: \"x 'y z' {{ port }} \"}}", ARGV,
		    "[x, y z, '4000']" },
		{ "services: {a: {command_override: [x y, '{{ port }}', 5, '', '@{c:hostname}']}}",
		    ARGV, "[x y, '4000', '5', '', c]" },
		{ "services: {a: {command_override: null}}", ARGV, "[prog]" },
		{ "services: {a: {command_override: ''}}", "said",
		    "0:0: error: a: prog: the command is empty" },
		{ "services: {a: {command_override: []}}", "said",
		    "0:0: error: a: prog: the command is empty" },
		{ "services: {a: {command_override: [x], protocol: {role: mitm}, implementation: "
		  "{name: args}}}",
		    ARGV, "[x]" },
		{ "services: {a: {protocol: {role: mitm}, implementation: {name: args}}}", "said",
		    "0:0: error: args has no command for the role mitm; it has server, client" },
		{ "{}", "@a.phases.run.cwd", NULL },
		{ AS("bin", ""), "@a.phases.run.cwd", "a/in" },
		{ "services: {a: {implementation: {name: bin}, working_directory: /w}}",
		    "@a.phases.run.cwd", "/w" },
		{ "{}", "@a.phases.run.critical", "true" },
		{ "network_environment: {before: nice}", ARGV, "[nice, prog, a, prog]" },
		{ "{network_environment: {before: nice}, execution_environment: [{type: prof}]}",
		    ARGV, "[nice, prog, a, prof, o, prog, prog]" },
	};

	unit("commands of the experiment, and what is put before them");
	ROWS(base, rows);
}

static void
variables(void)
{
	static const struct row rows[] = {
		{ "{}", "@a.environment", "{V: protocol, P: '1'}" },
		{ AS("bin", ""), "@a.environment", "{V: own, P: '1', O: a}" },
		{ "services: {a: {implementation: {name: bin}, environment: {V: given, X: 5, Y: "
		  "'{{ x }}'}}}",
		    "@a.environment", "{V: given, P: '1', O: a, X: '5', Y: '{{ x }}'}" },
		{ "{}", "@a.phases.run.env", NULL },
		/* Those of what profiles are the run command's alone. */
		{ "execution_environment: [{type: prof}]", "@a.phases.run.env",
		    "{V: prof, PROF: o.a}" },
		{ "execution_environment: [{type: prof}]", "@a.environment.V", "protocol" },
		{ "{execution_environment: [{type: prof}], services: {a: {environment: {V: x}}}}",
		    "@a.phases.run.env", "{PROF: o.a}" },
		{ "{execution_environment: [{type: prof}], services: {a: {environment: {V: x, "
		  "PROF: y}}}}",
		    "@a.phases.run.env", NULL },
		{ "execution_environment: [{type: prof, services: [c]}]", "@a.phases.run.env",
		    NULL },
		/* Addresses, wherever the experiment has a text for a program. */
		{ "services: {a: {environment: {V: '@{a:ip}'}}}", "@a.environment.V", "127.0.0.1" },
		{ "services: {a: {working_directory: '/@{a:ip}'}}", "@a.phases.run.cwd",
		    "/127.0.0.1" },
		{ "services: {a: {files: [{path: f, text: 'to @{a:ip}'}]}}", "@a.files",
		    "[{path: f, text: to 127.0.0.1}]" },
		{ "steps: {pre_commands: [[x, '@{a:ip}']]}", "steps.pre_commands",
		    "[[x, 127.0.0.1]]" },
		{ "steps: {post_commands: [[sh, -c, 'x @{a:ip}']]}", "steps.post_commands",
		    "[[sh, -c, x 127.0.0.1]]" },
		{ "steps: {actions: [{exec: {argv: [x, '@{a:ip}', '@{dir}']}}]}", "steps.actions",
		    "[{exec: {argv: [x, 127.0.0.1, '@{dir}']}}]" },
		{ "{marks: {services.a.environment.V: [3, 4]}, services: {a: {environment: {V: "
		  "'@{b:ip}'}}}}",
		    "said", "3:4: error: @{b:...}: there is no service of this name in the test*" },
		{ "{marks: {services.a.working_directory: [3, 5]}, services: {a: "
		  "{working_directory: '@{b:ip}'}}}",
		    "said", "3:5: error: @{b:...}: there is no service of this name in the test*" },
		{ "{marks: {services.a.command_override: [3, 6]}, services: {a: "
		  "{command_override: 'x @{b:ip}'}}}",
		    "said",
		    "3:6: error: a: @{b:...}: there is no service of this name in the test*" },
		{ "{marks: {services.a.files.0.text: [3, 7]}, services: {a: "
		  "{files: [{path: f, text: '@{b:ip}'}]}}}",
		    "said", "3:7: error: @{b:...}: there is no service of this name in the test*" },
		{ "{marks: {steps.pre_commands.0.1: [3, 8]}, steps: {pre_commands: [[x, "
		  "'@{b:ip}']]}}",
		    "said", "3:8: error: @{b:...}: there is no service of this name in the test*" },
	};

	unit("variables of the environment, and addresses in texts of the experiment");
	ROWS(base, rows);
}

static void
phases(void)
{
	static const struct row rows[] = {
		{ "{}", "@a.phases.pre_compile", "[]" },
		{ AS("build", ""), "@a.phases.pre_compile",
		    "[{argv: [a, a], critical: true, timeout_us: 300000000}]" },
		{ AS("build", ""), "@a.phases.compile",
		    "[{argv: [sh, -c, echo a > x], critical: false, timeout_us: 7000000, cwd: "
		    "sub}, {argv: [b, c d], critical: true, timeout_us: 300000000, category: "
		    "certificate, env: {E: 4000}}, {argv: [d], critical: true, timeout_us: "
		    "300000000}]" },
		{ AS("build", ""), "@a.phases.post_compile.0.timeout_us", "300000000" },
		{ AS("build", ""), "@a.phases.pre_run.0.timeout_us", "60000000" },
		{ AS("build", ""), "@a.phases.pre_run.1.timeout_us", "250000" },
		{ AS("build", ""), "@a.phases.post_run.0.timeout_us", "60000000" },
		{ AS("build", ", deep: false"), "@a.phases.compile.2.argv", "[e]" },
		{ AS("build", ""), "@a.compile_cache", "{inputs: [src], outputs: [a.o]}" },
		{ AS("nobuild", ""), "@a.compile_cache", NULL },
		{ AS("onlypost", ""), "@a.compile_cache", "{inputs: [src], outputs: [x]}" },
		{ "execution_environment: [{type: prof}]", "@a.phases.post_run",
		    "[{argv: [read, o], critical: true, timeout_us: 60000000}]" },
		{ "execution_environment: [{type: prof, services: [c]}]", "@a.phases.post_run",
		    "[]" },
	};

	unit("commands around the run");
	ROWS(base, rows);
}

static void
lists(void)
{
	static const struct row rows[] = {
		{ AS("lists", ""), "@a.dirs", "[one, a/two, four, a/0, b/1]" },
		{ AS("lists", ""), "@a.files",
		    "[{path: www/ours, text: x}, {path: a.conf, text: '3'}, {path: keep, text: "
		    "k}]" },
		{ "services: {a: {implementation: {name: lists}, files: [{path: keep, text: "
		  "mine}]}}",
		    "@a.files",
		    "[{path: keep, text: mine}, {path: www/ours, text: x}, {path: a.conf, text: "
		    "'3'}]" },
		{ "services: {a: {implementation: {name: lists}, files: [{path: www/mine, text: "
		  "m}]}}",
		    "@a.files",
		    "[{path: www/mine, text: m}, {path: a.conf, text: '3'}, {path: keep, text: "
		    "k}]" },
		{ AS("lists", ""), "@a.keylogs", "[k]" },
		{ AS("lists", ""), "@a.requires", "[{program: p}]" },
		{ AS("lists", ""), "@a.artifacts", "['*.a']" },
		{ AS("lists", ""), "@a.events", "[{name: e_a, matches: x}]" },
		{ AS("lists", ""), "@a.metrics",
		    "[{name: m_a, json: a.x, scale: 2}, {name: m_b, json: b.x, scale: 2}]" },
		/* What is one expression keeps its type. */
		{ AS("lists", ""), "@a.verdict",
		    "[{log: {file: x, matches: '3', min: 3, max: 1.5, on: true, l: [a, b], both: "
		    "'33', text: '7', sum: 4, yes: true, no_: null, or: 7, five: 5}}]" },
		{ "execution_environment: [{type: prof}]", "@a.dirs", "[prof]" },
		{ "execution_environment: [{type: prof}]", "@a.requires", "[{program: prof}]" },
		{ "execution_environment: [{type: prof}]", "@a.verdict", "[{status: failed}]" },
		{ "execution_environment: [{type: prof}]", "@a.metrics", "[{name: m, json: x}]" },
		{ "{execution_environment: [{type: prof, out: q}], services: {a: {implementation: "
		  "{name: lists}}}}",
		    "@a.artifacts", "['*.a', q]" },
		{ "execution_environment: [{type: prof, services: [c]}]", "@a.dirs", "[]" },
	};

	unit("files, rules and other lists");
	ROWS(base, rows);
}

static void
head(void)
{
	static const struct row rows[] = {
		{ "{}", "@a.plugin", "prog" },
		{ "{}", "@a.kind", "iut" },
		{ "{}", "@a.protocol", "proto" },
		{ "{}", "@a.role", "server" },
		{ "{}", "@a.target", NULL },
		{ "services: {a: {name: x}}", "@c.target", "x" },
		{ "{}", "@a.finite", "false" },
		{ "{}", "@c.finite", "true" },
		{ AS("bin", ""), "@a.finite", "true" },
		{ "services: {c: {implementation: {name: bin}}}", "@c.finite", "false" },
		{ "{}", "@a.restart", NULL },
		{ "services: {a: {restart_policy: 'no'}}", "@a.restart", NULL },
		{ "services: {a: {restart_policy: always}}", "@a.restart", "always" },
		{ "{}", "@a.root", NULL },
		{ "services: {a: {user: root}}", "@a.root", "true" },
		{ "{}", "@a.limits", NULL },
		{ "services: {a: {limits: {}}}", "@a.limits", NULL },
		{ "services: {a: {limits: {cpu: 0.5, files: 3}}}", "@a.limits",
		    "{cpu: 0.5, files: 3}" },
		{ "{}", "@a.transport", "udp" },
	};

	unit("what a service is");
	ROWS(base, rows);
}

/* A descriptor with this line more, and the row's path of service a. */
static void
with_line(const char *line, const char *path, const char *want)
{
	static int n;
	char file[100], text[600], over[100], said[1200];
	struct row r = { over, path, want };
	struct descriptor d = { file, text };

	snprintf(file, sizeof file, "p/services/iut/proto/line%d.yaml", n);
	snprintf(text, sizeof text,
	    "plugin: line%d\nkind: iut\nprotocol: proto\nparameters: {w: abc, seven: 7s, off_: "
	    "false}\n%s%s\n",
	    n, strncmp(line, "commands", 8) != 0 ? "commands: {any: [x]}\n" : "", line);
	snprintf(over, sizeof over, AS("line%d", ""), n++);
	if (want != NULL && strcmp(path, "said") == 0) {
		snprintf(said, sizeof said, "0:0: error: a: %s", want);
		r.want = said;
	}
	pth_plugins_close(&set);
	open_set(&d, 1);
	ROW(base, &r);
}

static void
ready(void)
{
	static const char *const rows[][3] = {
		/* Of the protocol, where the implementation says nothing. */
		{ "", "@a.ready", "[{kind: udp, port: 4000, timeout_us: 10000000}]" },
		{ "", "@c.ready", "[]" },
		{ "ready: {any: {tcp: 1}}", "@a.ready",
		    "[{kind: tcp, port: 1, timeout_us: 10000000}]" },
		{ "ready: {server: {tcp: 65535, timeout: 3s}}", "@a.ready",
		    "[{kind: tcp, port: 65535, timeout_us: 3000000}]" },
		{ "ready: {tcp: '{{ port }}'}", "@a.ready",
		    "[{kind: tcp, port: 4000, timeout_us: 10000000}]" },
		{ "ready: {client: {tcp: 1}}", "@a.ready", "[]" },
		{ "ready: {file: '{{ name }}.up', timeout: '{{ seven }}'}", "@a.ready",
		    "[{kind: file, path: a.up, timeout_us: 7000000}]" },
		{ "ready: {log: '{{ w }}+ [0-9]$'}", "@a.ready",
		    "[{kind: log, matches: 'abc+ [0-9]$', file: stdout.log, timeout_us: "
		    "10000000}]" },
		{ "ready: {log: up, in: '{{ name }}.log', timeout: 1s}", "@a.ready",
		    "[{kind: log, matches: up, file: a.log, timeout_us: 1000000}]" },
		{ "ready: {log: '{{ w }}(', in: x}", "said",
		    "p/services/iut/proto/*:6:14: ready: *" },
		{ "ready: {command: [true, '{{ w }}', {when: off_, args: [n]}]}", "@a.ready",
		    "[{kind: command, argv: ['true', abc], timeout_us: 10000000}]" },
		{ "ready: {delay: 250ms}", "@a.ready",
		    "[{kind: delay, us: 250000, timeout_us: 10000000}]" },
		{ "ready: {delay: '{{ seven }}'}", "@a.ready",
		    "[{kind: delay, us: 7000000, timeout_us: 10000000}]" },
		/* All of a list, without those that are not wanted. */
		{ "ready: [{tcp: 2, when: not off_}, {file: x, when: off_}, {udp: 3}]", "@a.ready",
		    "[{kind: tcp, port: 2, timeout_us: 10000000}, {kind: udp, port: 3, "
		    "timeout_us: 10000000}]" },
		{ "ready: [{tcp: 2, when: false}]", "@a.ready", "[]" },
		{ "ready: {tcp: '{{ 0 }}'}", "said",
		    "p/services/*:6:14: ready: '0' is not a port" },
		{ "ready: {tcp: '{{ 65536 }}'}", "said",
		    "p/services/*:6:14: ready: '65536' is not a port" },
		{ "ready: {udp: '{{ w }}'}", "said",
		    "p/services/*:6:14: ready: 'abc' is not a port" },
		{ "ready: {udp: '{{ nobody }}'}", "said", "p/services/*nobody*" },
		{ "ready: {udp: 1, timeout: '{{ w }}'}", "said",
		    "p/services/*: 'abc' is not a duration such as 5s or 250ms" },
		{ "ready: {udp: 1, when: nobody}", "said", "p/services/*nobody*" },
	};

	unit("when a service is ready");
	for (size_t i = 0; i < countof(rows); i++)
		with_line(rows[i][0], rows[i][1], rows[i][2]);
}

static void
stops(void)
{
	static const char *const rows[][3] = {
		/* The base of all services says TERM and 5 s, which the protocol does not change.
		 */
		{ "", "@a.stop", "{signal: TERM, grace_us: 5000000}" },
		{ "stop: {signal: SIGUSR1}", "@a.stop", "{signal: USR1, grace_us: 5000000}" },
		{ "stop: {signal: INT, grace: '{{ seven }}'}", "@a.stop",
		    "{signal: INT, grace_us: 7000000}" },
		{ "stop: ~", "@a.stop", "{signal: HUP, grace_us: 9000000}" },
		{ "stop: {signal: ~}", "@a.stop", "{signal: HUP, grace_us: 5000000}" },
		{ "stop: {grace: ~}", "@a.stop", "{signal: TERM, grace_us: 9000000}" },
		{ "stop: {grace: '{{ w }}'}", "said",
		    "p/services/*: 'abc' is not a duration such as 5s or 250ms" },
	};

	unit("how a service is stopped");
	for (size_t i = 0; i < countof(rows); i++)
		with_line(rows[i][0], rows[i][1], rows[i][2]);
}

/* Wherever a template stands in a descriptor, the test is not planned when it fails. */
static void
failures(void)
{
	static const char *const rows[] = {
		"binary: '{{ nobody }}'",
		"binary: [a, '{{ nobody }}']",
		"commands: {any: [x, '{{ nobody }}']}",
		"commands: {any: [x, {when: nobody, args: [a]}]}",
		"commands: {any: [x, {when: true, args: ['{{ nobody }}']}]}",
		"commands: {any: [x, {when: false, else: ['{{ nobody }}']}]}",
		"commands: {any: [x, {each: nobody}]}",
		"commands: {any: [x, {each: service_names, args: ['{{ nobody }}']}]}",
		"commands: {any: [x, {optional: '{{ nobody }}'}]}",
		"commands: {any: [x, {words: '{{ nobody }}'}]}",
		"commands: {any: {line: 'x {{ nobody }}'}}",
		"cwd: '{{ nobody }}'",
		"environment: {A: '{{ nobody }}'}",
		"dirs: ['{{ nobody }}']",
		"dirs: [{when: nobody, value: a}]",
		"dirs: [{each: nobody, value: a}]",
		"dirs: [{each: nobody.x, value: a}]",
		"dirs: [{each: nobody + 1, value: a}]",
		"dirs: ['{{nobody}}']",
		"dirs: ['{{ nobody.x }}']",
		"files: [{path: a, text: '{{ nobody }}'}]",
		"files: [{path: '{{ nobody }}', text: a}]",
		"artifacts: ['{{ nobody }}']",
		"keylogs: ['{{ nobody }}']",
		"requires: [{program: '{{ nobody }}'}]",
		"metrics: [{name: m, json: '{{ nobody }}'}]",
		"metrics: [{name: m, json: a, when: nobody}]",
		"verdict: [{log: {matches: '{{ nobody }}'}}]",
		"verdict: [{log: [['{{ nobody }}']]}]",
		"phases: {pre_compile: [['{{ nobody }}']]}",
		"phases: {compile: [{argv: ['{{ nobody }}']}]}",
		"phases: {post_compile: [{sh: '{{ nobody }}'}]}",
		"phases: {pre_run: [{words: '{{ nobody }}'}]}",
		"phases: {post_run: [{argv: [a], when: nobody}]}",
		"phases: {post_run: [{argv: [a], cwd: '{{ nobody }}'}]}",
		"phases: {post_run: [{argv: [a], env: {A: '{{ nobody }}'}}]}",
		"phases: {post_run: [{argv: [a], timeout: '{{ nobody }}'}]}",
		"phases: {compile: [[a]]}\ncompile_cache: {inputs: ['{{ nobody }}']}",
		"ready: {file: '{{ nobody }}'}",
		"ready: {command: ['{{ nobody }}']}",
		"ready: {delay: '{{ nobody }}'}",
		"ready: {log: a, in: '{{ nobody }}'}",
		"ready: {log: '{{ nobody }}'}",
		"ready: [{tcp: 1}, {tcp: 2, timeout: '{{ nobody }}'}]",
		"stop: {grace: '{{ nobody }}'}",
	};

	unit("a template that fails, wherever it stands");
	for (size_t i = 0; i < countof(rows); i++)
		with_line(rows[i], "said", "p/services/iut/proto/line*nobody*");
	/* With its place. */
	with_line("dirs: [{when: nobody, value: a}]", "said",
	    "p/services/iut/proto/line*.yaml:6:15: 'nobody' is undefined*");
	with_line("dirs: [{when: a and nobody, value: a}]", "said",
	    "p/services/iut/proto/line*.yaml:6:15: 'a' is undefined*");
	with_line("cwd: x{{ nobody }}", "said",
	    "p/services/iut/proto/line*.yaml:6:10: 'nobody' is undefined*");
	with_line("dirs: ['{{ nobody }}']", "said",
	    "p/services/iut/proto/line*.yaml:6:8: 'nobody' is undefined");
}

/* The same of environments, protocols and parameters. */
static void
failures_around(void)
{
	static const char *const rows[][2] = {
		{ "environments/execution", "kind: execution_environment\nwrap: ['{{ nobody }}']" },
		{ "environments/execution",
		    "kind: execution_environment\nenvironment: {A: '{{ nobody }}'}" },
		{ "environments/execution",
		    "kind: execution_environment\npost: [['{{ nobody }}']]" },
		{ "environments/execution", "kind: execution_environment\ndirs: ['{{ nobody }}']" },
		{ "environments/execution",
		    "kind: execution_environment\nartifacts: ['{{ nobody }}']" },
		{ "environments/execution",
		    "kind: execution_environment\nrequires: [{program: '{{ nobody }}'}]" },
		{ "environments/execution",
		    "kind: execution_environment\nverdict: [{text: '{{ nobody }}'}]" },
		{ "environments/execution",
		    "kind: execution_environment\nmetrics: [{name: '{{ nobody }}', json: x}]" },
		{ "environments/network",
		    "kind: network_environment\nisolation: full\nwrap: ['{{ nobody }}']" },
		{ "environments/network",
		    "kind: network_environment\nisolation: full\naddress: '{{ nobody }}'" },
		{ "environments/network",
		    "kind: network_environment\nisolation: full\nlisten: '{{ nobody }}'" },
		{ "environments/network",
		    "kind: network_environment\nisolation: full\nsetup: [['{{ nobody }}']]" },
		{ "environments/network",
		    "kind: network_environment\nisolation: full\nrequires: [{program: '{{ nobody "
		    "}}'}]" },
		{ "protocols",
		    "kind: protocol\ntransport: udp\nport: 1\nsetup: [['{{ nobody }}']]" },
		{ "protocols",
		    "kind: protocol\ntransport: udp\nport: 1\nrequires: [{program: '{{ nobody "
		    "}}'}]" },
		{ "protocols",
		    "kind: protocol\ntransport: udp\nport: 1\nenvironment: {A: '{{ nobody }}'}" },
		{ "protocols",
		    "kind: protocol\ntransport: udp\nport: 1\nready: {udp: '{{ nobody }}'}" },
		{ "protocols",
		    "kind: protocol\ntransport: udp\nport: 1\nstop: {grace: '{{ nobody }}'}" },
	};
	char file[100], text[300];

	unit("a template that fails, around the service");
	for (size_t i = 0; i < countof(rows); i++) {
		bool network = strstr(rows[i][0], "network") != NULL,
		     protocol = strcmp(rows[i][0], "protocols") == 0;
		struct row r = { network ? "network_environment: {type: bad}" :
			    protocol     ? "services: {a: {implementation: {name: any_}, protocol: "
			                   "{name: bad}}}" :
			                   "execution_environment: [{type: bad}]",
			"said", "0:0: error: *bad.yaml:*nobody*" };
		struct descriptor d[] = { { file, text },
			{ "p/services/iut/bad/any_.yaml",
			    "plugin: any_\nkind: iut\nprotocol: bad\nstop: ~\ncommands: {any: "
			    "[x]}\n" } };

		snprintf(file, sizeof file, "p/%s/bad.yaml", rows[i][0]);
		snprintf(text, sizeof text, "plugin: bad\n%s\n", rows[i][1]);
		pth_plugins_close(&set);
		open_set(d, 2);
		ROW(base, &r);
		CHECK_INT(unlink(file), 0);
	}
}

int
main(void)
{
	open_set(descriptors, countof(descriptors));
	arguments();
	overrides();
	variables();
	phases();
	lists();
	head();
	ready();
	stops();
	failures();
	failures_around();
	pth_plugins_close(&set);
	return unit_done();
}
