/* What an experiment becomes: values in their canonical form, variants of a matrix, records;
 * and what is said of wrong ones. */
#include "parsed.h"

static void
numbers(void)
{
#define SECS "; expected seconds from 1 to 86400"
	static const struct row rows[] = {
		/* Seconds. */
		{ "services: {s: {timeout: 60}}", "0.services.s.timeout", "60" },
		{ "services: {s: {timeout: '60'}}", "0.services.s.timeout", "60" },
		{ "services: {s: {timeout: 60.0}}", "0.services.s.timeout", "60" },
		{ "services: {s: {timeout: '6e1'}}", "0.services.s.timeout", "60" },
		{ "services: {s: {timeout: 60s}}", "0.services.s.timeout", "60" },
		{ "services: {s: {timeout: 1m}}", "0.services.s.timeout", "60" },
		{ "services: {s: {timeout: 60000ms}}", "0.services.s.timeout", "60" },
		{ "services: {s: {timeout: 1h}}", "0.services.s.timeout", "3600" },
		{ "services: {s: {timeout: 60500ms}}", "said",
		    "error: timeout: string '60500ms'" SECS },
		{ "services: {s: {timeout: true}}", "said", "error: timeout: boolean 'true'" SECS },
		{ "services: {s: {timeout: ''}}", "said", "error: timeout: string ''" SECS },
		{ "services: {s: {timeout: '60 x'}}", "said",
		    "error: timeout: string '60 x'" SECS },
		{ "services: {s: {timeout: 1}}", "0.services.s.timeout", "1" },
		{ "services: {s: {timeout: 86400}}", "0.services.s.timeout", "86400" },
		{ "services: {s: {timeout: 0}}", "said", "error: timeout: integer '0'" SECS },
		{ "services: {s: {timeout: 86401}}", "said",
		    "error: timeout: integer '86401'" SECS },
		{ "services: {s: {timeout: 5}}", "said", "" },
		{ "services: {s: {timeout: 86400}}", "said", "" },
		/* Sizes. */
		{ "capture: {max_size: 5MB}", "0.capture.max_size", "5000000" },
		{ "capture: {max_size: '4KiB'}", "0.capture.max_size", "4096" },
		{ "capture: {max_size: '5'}", "0.capture.max_size", "5" },
		{ "capture: {max_size: -1}", "said", "error: max_size: integer '-1'; expected *" },
		{ "capture: {ring: 8192}", "0.capture.ring", "8192" },
		{ "capture: {ring: 8191}", "said", "error: ring: integer '8191'; expected *" },
		{ "capture: {ring: {size: 4096}}", "0.capture.ring", "{files: 2, size: 4096}" },
		{ "capture: {ring: {size: 4095}}", "said", "error: size: integer '4095'; *" },
		{ "capture: {ring: {files: 2}}", "said",
		    "error: ring: no 'size'; it must be given" },
		{ "capture: {buffer: 512KiB}", "0.capture.buffer", "524288" },
		{ "capture: {buffer: 1GiB}", "0.capture.buffer", "1073741824" },
		{ "limits: {memory: 64MiB}", "0.services.s.limits.memory", "67108864" },
		/* Percent, and other numbers. */
		{ "links: [{loss: 100}]", "0.links.0.loss", "100.0" },
		{ "links: [{loss: 2.5%}]", "0.links.0.loss", "2.5" },
		{ "links: [{loss: '2 %'}]", "0.links.0.loss", "2.0" },
		{ "links: [{loss: 0}]", "0.links.0.loss", "0.0" },
		{ "links: [{loss: 100.1}]", "said", "error: loss: number '100.1'; expected *" },
		{ "links: [{loss: -0.1}]", "said", "error: loss: number '-0.1'; expected *" },
		{ "limits: {cpu: 0.5}", "0.services.s.limits.cpu", "0.5" },
		{ "limits: {cpu: 2}", "0.services.s.limits.cpu", "2" },
		{ "seed: 9007199254740992", "0.seed", "9007199254740992" },
		{ "seed: 9007199254740993", "0.seed", "9007199254740993" },
		{ "seed: 9223372036854775807", "0.seed", "9223372036854775807" },
		{ "seed: '9223372036854775807'", "0.seed", "9223372036854775807" },
		{ "seed: '9223372036854775808'", "said",
		    "error: seed: string '9223372036854775808'; *" },
		{ "seed: '1e16'", "said", "error: seed: string '1e16'; *" },
		{ "seed: 1.5", "said", "error: seed: number '1.5'; *" },
		{ "seed: '-'", "said", "error: seed: string '-'; *" },
		/* Durations. */
		{ "links: [{latency: 10ms}]", "0.links.0.latency", "10ms" },
		{ "links: [{latency: 10}]", "said", "error: latency: integer '10'; *" },
		{ "links: [{latency: 10d}]", "said", "error: latency: string '10d'; *" },
	};

	unit("numbers");
	ROWS(rows);
}

static void
words(void)
{
	static const struct row rows[] = {
		{ "top: {logging: {level: debug}}", "0.settings.logging.level", "DEBUG" },
		/* What is not given is what its keys are by default, map by map. */
		{ "{}", "0.settings",
		    "{logging: {level: INFO}, paths: {output_dir: outputs}, docker: {}, "
		    "fast_fail: {enabled: true, test_level: false, critical_only: false}, "
		    "metrics: {enabled: true}}" },
		{ "top: {fast_fail: {test_level: true}, logging: {}, metrics: ~}", "0.settings",
		    "{logging: {level: INFO}, paths: {output_dir: outputs}, docker: {}, "
		    "fast_fail: {enabled: true, test_level: true, critical_only: false}, "
		    "metrics: {enabled: true}}" },
		{ "top: {logging: {level: loud}}", "said",
		    "error: level: string 'loud'; expected one of TRACE, DEBUG, INFO, WARNING, "
		    "ERROR, CRITICAL" },
		{ "services: {s: {implementation: {type: TESTERS}}}",
		    "0.services.s.implementation.type", "testers" },
		{ "services: {s: {protocol: {role: Server}}}", "0.services.s.protocol.role",
		    "server" },
		/* Names of others are taken as they are. */
		{ "network_environment: {type: Mine}", "0.network_environment.type", "Mine" },
		{ "steps: [{signal: {service: s, signal: usr1}}]",
		    "0.steps.actions.0.signal.signal", "USR1" },
		/* Booleans. */
		{ "retries: true", "said", "error: retries: boolean 'true'; *" },
		{ "continue_on_failure: 1", "0.continue_on_failure", "true" },
		{ "continue_on_failure: 0", "0.continue_on_failure", "false" },
		{ "continue_on_failure: 2", "said", "error: continue_on_failure: integer '2'; *" },
		{ "continue_on_failure: 'YES'", "0.continue_on_failure", "true" },
		{ "continue_on_failure: 'off'", "0.continue_on_failure", "false" },
		{ "capture: 'no'", "0.capture", "false" },
		/* Texts of version files stay as they are written. */
		{ "services: {s: {implementation: {version_config: {a: 1, b: [x]}}}}",
		    "0.services.s.implementation.version_config", "{a: 1, b: [x]}" },
	};

	unit("words and booleans");
	ROWS(rows);
}

static void
options(void)
{
	static const struct row rows[] = {
		{ "set: {tests.0.timeout: '77'}", "0.timeout", "77" },
		{ "set: {'tests[0].timeout': '77'}", "0.timeout", "77" },
		{ "set: {tests.0.services.s.environment.V: x}", "0.services.s.environment",
		    "{V: x}" },
		{ "set: {tests.0.steps.wait: '5'}", "0.steps.wait", "5" },
		{ "set: {'tests.*.timeout': '77'}", "0.timeout", "77" },
		{ "set: {'tests.*.services.*.timeout': '77'}", "0.services.c.timeout", "77" },
		{ "set: {'tests.*.services.*.timeout': '77'}", "0.services.s.timeout", "77" },
		/* An empty value is an empty text. */
		{ "set: {tests.0.description: ''}", "0.description", "''" },
		{ "set: {tests.0.services.s.environment.V: ''}", "0.services.s.environment.V",
		    "''" },
		{ "set: {tests.0.description: ''}", "said", "" },
		{ "set: {tests.0.timeout: ''}", "said",
		    "tests.0.timeout:1:1: error: timeout: string ''; expected seconds from 1 to "
		    "86400" },
		/* An item of a list, or one more. */
		{ "set: {tests.0.services.s.ports.0: '5:5'}", "0.services.s.ports", "['5:5']" },
		{ "set: {tests.0.services.s.ports.1: '5:5'}", "0.services.s.ports",
		    "['4443:4443', '5:5']" },
		{ "set: {tests.0.services.s.ports.2: '5:5'}", "said",
		    "tests.0.services.s.ports.2:1:1: error: there is no place "
		    "tests.0.services.s.ports.2 in the experiment" },
		{ "set: {tests.0.name.x: '5'}", "said",
		    "tests.0.name.x:1:1: error: there is no place tests.0.name.x in the "
		    "experiment" },
		{ "set: {tests.0.tags: '[a, b]'}", "0.tags", "[a, b]" },
		{ "{steps: null, set: {tests.0.steps.wait: '5'}}", "0.steps.wait", "5" },
		{ "set: {tests.0.timeout: '70', 'tests.*.timeout': '80'}", "0.timeout", "80" },
	};

	unit("options");
	ROWS(rows);
}

static void
services(void)
{
	static const struct row rows[] = {
		{ "{}", "0.services.s.timeout", "60" },
		{ "{}", "0.services.s.protocol.role", "server" },
		{ "{}", "0.services.s.limits", NULL },
		{ "limits: {files: 5, cpu: 1}", "0.services.s.limits", "{cpu: 1, files: 5}" },
		{ "{limits: {files: 5, cpu: 1}, services: {s: {limits: {files: 6}}}}",
		    "0.services.s.limits", "{cpu: 1, files: 6}" },
		{ "services: {s: {limits: {files: 6}}}", "0.services.c.limits", NULL },
		{ "generate_new_certificates: true", "0.services.s.generate_new_certificates",
		    "true" },
		{ "{generate_new_certificates: true, services: {s: {generate_new_certificates: "
		  "false}}}",
		    "0.services.s.generate_new_certificates", "false" },
		{ "{}", "0.services.s.generate_new_certificates", "false" },
		{ "services: {s: {ports: ['5', '6:7/tcp']}}", "0.services.s.ports",
		    "['5:5', '6:7/tcp']" },
		/* The usual port of the protocol, or the next that is free. */
		{ "services: {s: {ports: [], protocol: {name: quic}, generate_new_certificates: "
		  "true}}",
		    "0.services.s.ports", "['4443:4443']" },
		{ "services: {s: {ports: [], protocol: {name: http}}}", "0.services.s.ports",
		    "['80:80']" },
		{ "services: {s: {ports: [], protocol: {name: https}}}", "0.services.s.ports",
		    "['443:443']" },
		{ "services: {s: {ports: [], protocol: {name: http}}, t: {implementation: {name: "
		  "p}, protocol: {name: http}}, u: {implementation: {name: p}, protocol: {name: "
		  "minip}, ports: ['81:81']}}",
		    "0.services.t.ports", "['82:82']" },
		{ "services: {s: {ports: []}}", "0.services.s.ports", "[]" },
		{ "services: {s: {ports: []}}", "said", "" },
		{ "services: {s: {ports: [], network: {port: 5}}}", "said", "" },
		{ "services: {s: {protocol: {name: quic}}}", "said", "" },
		{ "{generate_new_certificates: false, services: {s: {protocol: {name: quic}}}}",
		    "said", "" },
		/* What comes first. */
		{ "services: {c: {depends_on: s}}", "0.services.c.depends_on", "[s]" },
		{ "services: {c: {depends_on: [s]}}", "0.services.c.depends_on", "[s]" },
		{ "services: {c: {depends_on: {s: ready}}}", "0.services.c.depends_on", "[s]" },
		{ "services: {c: {depends_on: {s: running}}}", "0.services.c.depends_on",
		    "[{service: s, state: running}]" },
		{ "services: {c: {depends_on: {s: null}}}", "0.services.c.depends_on", "[s]" },
		{ "services: {c: {depends_on: [x]}}", "said",
		    "error: there is no service 'x' in this test*" },
		{ "services: {c: {depends_on: {tttttt: ready}}}", "said",
		    "error: there is no service 'tttttt' in this test; its services are s, c" },
		/* Another name stands for the key. */
		{ "services: {s: {name: other}, c: {protocol: {target: other}, depends_on: "
		  "[other]}}",
		    "0.services.c.protocol.target", "s" },
		{ "services: {s: {name: other}, c: {depends_on: [other]}}",
		    "0.services.c.depends_on", "[s]" },
		{ "services: {s: {name: other}}", "0.services.s.alias", "other" },
		{ "services: {s: {name: s}}", "0.services.s.alias", NULL },
		{ "{services: {s: {name: other}}, steps: [{restart: other}]}",
		    "0.steps.actions.0.restart.service", "s" },
		{ "{services: {s: {name: other}}, links: [{between: [other, c]}]}",
		    "0.links.0.between", "[s, c]" },
		{ "{services: {s: {name: other}}, expect: {exit: {other: 3}}}", "0.expect.exit",
		    "{s: 3}" },
		{ "{services: {s: {name: other}}, network_environment: {critical_services: "
		  "[other]}}",
		    "0.network_environment.critical_services", "[s]" },
		{ "{services: {s: {name: other}}, assertions: [{type: service_running, service: "
		  "other}]}",
		    "0.assertions.0.service", "s" },
		{ "{services: {s: {name: x}, c: {name: x}}}", "said",
		    "error: name: two services are called 'x'" },
		{ "services: {c: {protocol: {target: c}}}", "said",
		    "error: service c targets itself" },
		{ "services: {c: {protocol: {target: ''}}}", "said",
		    "error: a client must have a target: the name of the service that it talks "
		    "to" },
		{ "services: null", "said", "error: services: nothing; expected list or map" },
		{ "top: {tests: [{name: x, services: {}}]}", "said",
		    "error: services: none; a test needs at least one" },
	};

	unit("services");
	ROWS(rows);
}

static void
ports(void)
{
	static const struct row rows[] = {
		{ "services: {s: {ports: ['65535:1', '1:65535']}}", "said", "" },
		{ "services: {s: {ports: ['65536:1']}}", "said", "error: ports: '65536:1'; *" },
		{ "services: {s: {ports: ['1:0']}}", "said", "error: ports: '1:0'; *" },
		{ "services: {s: {ports: ['1:']}}", "said", "error: ports: '1:'; *" },
		{ "services: {s: {ports: ['1/x']}}", "said", "error: ports: '1/x'; *" },
		{ "services: {s: {ports: ['00000001:1']}}", "said",
		    "error: ports: '00000001:1'; *" },
		{ "services: {s: {ports: ['5:1', '6:1']}}", "said", "" },
		{ "services: {s: {ports: ['5:1', '5:2']}}", "said",
		    "error: ports: host port 5 is taken by another entry of this test; 6 is free" },
		{ "services: {s: {ports: ['5:1', '6:6']}, c: {ports: ['5:2']}}", "said",
		    "error: ports: host port 5 is taken by another entry of this test; 7 is "
		    "free" },
		{ "services: {s: {ports: ['5:1/tcp', '5:2/udp']}}", "said", "" },
		{ "services: {s: {ports: ['5:1/udp', '5:2/udp']}}", "said",
		    "error: ports: host port 5 is taken by another entry of this test; 6 is free" },
		{ "services: {s: {ports: ['5:1/tcp', '5:2/tcp']}}", "said",
		    "error: ports: host port 5 is taken by another entry of this test; 6 is free" },
		{ "services: {s: {ports: ['5:1', '5:2/udp']}}", "said",
		    "error: ports: host port 5 is taken by another entry of this test; 6 is free" },
		{ "services: {s: {ports: ['5:1/tcp', '5:1/udp', '5:2/tcp']}}", "said",
		    "error: ports: host port 5 is taken by another entry of this test; 6 is free" },
		{ "services: {s: {ports: ['5:1', '5:2/tcp']}}", "said",
		    "error: ports: host port 5 is taken by another entry of this test; 6 is free" },
		{ "services: {s: {ports: ['5:1/udp', '5:2']}}", "said",
		    "error: ports: host port 5 is taken by another entry of this test; 6 is free" },
		/* Each test, and each of a matrix, has its own. */
		{ "matrix: {seed: [1, 2]}", "said", "" },
	};

	unit("ports on the host");
	ROWS(rows);
}

static void
steps(void)
{
	static const struct row rows[] = {
		{ "{}", "0.steps.wait", "60" },
		{ "steps: 7", "0.steps.wait", "7" },
		{ "steps: {wait: 7}", "0.steps.wait", "7" },
		{ "steps: null", "0.steps.wait", "60" },
		{ "steps: [{wait: 1}, {wait: 1500ms}]", "0.steps.wait", "63" },
		{ "steps: [{wait: 1}, {wait: 2}]", "0.steps.wait", "63" },
		{ "steps: [{wait: 1500ms}]", "0.steps.actions", "[{wait_us: 1500000}]" },
		/* A default never goes beyond the test's own limit. */
		{ "timeout: 59", "0.steps.wait", "59" },
		{ "timeout: 61", "0.steps.wait", "60" },
		{ "{timeout: 61, steps: [{wait: 2}]}", "0.steps.wait", "61" },
		{ "{timeout: 59, steps: 59}", "said", "" },
		{ "{timeout: 59, steps: 60}", "said",
		    "error: wait of 60 s is longer than the test's timeout of 59 s" },
		{ "{timeout: 59, steps: {wait: 60}}", "said",
		    "error: wait of 60 s is longer than the test's timeout of 59 s" },
		/* Short forms. */
		{ "steps: [{exec: [a, b]}]", "0.steps.actions.0",
		    "{exec: {argv: [a, b], critical: true, timeout: 60}}" },
		{ "steps: [{exec: a b}]", "0.steps.actions.0.exec.argv", "[sh, -c, a b]" },
		{ "steps: [{exec: {service: s, argv: [a], timeout: 5}}]", "0.steps.actions.0.exec",
		    "{service: s, argv: [a], critical: true, timeout: 5}" },
		{ "steps: [{pause: s}]", "0.steps.actions", "[{pause: {service: s}}]" },
		{ "steps: [{pause: {service: s}}]", "0.steps.actions", "[{pause: {service: s}}]" },
		{ "steps: {pause: s, resume: s, at: 3}", "0.steps.actions",
		    "[{pause: {service: s}, at_us: 3000000}, {resume: {service: s}, at_us: "
		    "3000000}]" },
		{ "steps: [{restart: s, at: 250ms, after: {service: c}}]", "0.steps.actions.0",
		    "{restart: {service: s}, at_us: 250000, after: {service: c, state: ready}}" },
		{ "steps: {pre_commands: [a b, [c, d]]}", "0.steps.pre_commands",
		    "[[sh, -c, a b], [c, d]]" },
		{ "steps: {post_commands: [[c]]}", "0.steps.post_commands", "[[c]]" },
		{ "steps: {pre_commands: []}", "0.steps.pre_commands", NULL },
		{ "steps: {record_pcap: false}", "0.steps.record_pcap", "false" },
		{ "steps: {record_pcap: false}", "0.capture", "false" },
		{ "{steps: {record_pcap: false}, capture: true}", "0.capture", "true" },
		/* Exactly one thing in a step. */
		{ "steps: [{at: 5}]", "said",
		    "error: a step needs exactly one of wait, exec, signal, restart, pause, "
		    "resume, link" },
		{ "steps: [{pause: s, resume: s}]", "said",
		    "error: a step needs exactly one of wait, exec, signal, restart, pause, "
		    "resume, link" },
		{ "steps: [{pause: x}]", "said", "error: there is no service 'x' in this test*" },
		{ "steps: [{restart: s, after: {service: x}}]", "said",
		    "error: there is no service 'x' in this test*" },
		{ "steps: [{link: {between: [s]}}]", "said",
		    "error: between: 1 services; expected two" },
		{ "steps: [{link: {between: [s, c], loss: 1}}]", "0.steps.actions.0.link",
		    "{between: [s, c], direction: both, loss: 1.0}" },
		{ "links: [{between: [s, x]}]", "said",
		    "error: there is no service 'x' in this test*" },
		{ "links: [{between: [s, c, s]}]", "said",
		    "error: between: 3 services; expected two" },
	};

	unit("steps and links");
	ROWS(rows);
}

static void
rules(void)
{
	static const struct row rows[] = {
		{ "name: ../x", "said", "error: name: '../x' is a path upwards; expected a name" },
		{ "name: x/../y", "said",
		    "error: name: 'x/../y' is a path upwards; expected a name" },
		{ "name: x/..", "said", "" },
		{ "name: x..y", "said", "" },
		{ "name: null", "said",
		    "warning: the test has no name and is called 'unnamed_test'\n"
		    "warning: name: the key has no value and counts as not given" },
		{ "services: {s: {files: [{path: a, size: 1, text: x}]}}", "said",
		    "error: a file needs either size or text" },
		{ "services: {s: {files: [{path: a}]}}", "said",
		    "error: a file needs either size or text" },
		{ "services: {s: {files: [{path: a, size: 1}]}}", "said", "" },
		{ "services: {s: {files: [{path: ../a, size: 1}]}}", "said",
		    "error: expected a path below the directory, without '..'" },
		{ "expect: {log: [{service: s, matches: x, not_matches: y}]}", "said",
		    "error: a log rule needs either matches or not_matches" },
		{ "expect: {log: [{service: s}]}", "said",
		    "error: a log rule needs either matches or not_matches" },
		{ "expect: {log: [{service: s, not_matches: y}]}", "said", "" },
		{ "expect: {log: [{service: s, matches: y, min: 3, max: 2}]}", "said",
		    "error: min: 3 is more than max, which is 2" },
		{ "expect: {packets: [{filter: udp, min: 3, max: 2}]}", "said",
		    "error: min: 3 is more than max, which is 2" },
		{ "expect: {packets: [{filter: udp, min: 2, max: 2}]}", "said", "" },
		{ "expect: {metrics: [{name: packets, min: 0.5, max: 0.25}]}", "said",
		    "error: min: 0.5 is more than max, which is 0.25" },
		{ "expect: {files: [{path: a, min_size: 2KB, max_size: 1999}]}", "said",
		    "error: min_size: 2KB is more than max_size, which is 1999" },
		{ "expect: {files: [{path: a, min_size: 2KB, max_size: 2000}]}", "said", "" },
		{ "expect: {files: [{path: a, sha256: abc}]}", "said",
		    "error: sha256: 'abc'; expected 64 hexadecimal digits, a to f small" },
		{ "expect: {exit: {s: any}}", "0.expect.exit.s", "any" },
		{ "expect: {exit: {s: anx}}", "said",
		    "error: exit: expected a code, a list of codes, or any" },
		{ "expect: {exit: {s: [0, 255]}}", "0.expect.exit.s", "[0, 255]" },
		{ "expect: {exit: {s: 256}}", "said", "error: s: integer '256'; *" },
		{ "expect: {exit: {s: [256]}}", "said", "error: s: integer '256'; *" },
		{ "expect: {exit: {x: 0}}", "said",
		    "error: there is no service 'x' in this test*" },
		{ "expect: {files: [{path: /a}]}", "said",
		    "error: expected a path below the directory, without '..'" },
		{ "expect: {files: [{path: a, same_as: ../b}]}", "said",
		    "error: expected a path below the directory, without '..'" },
		{ "assertions: [{type: port_open}]", "said", "error: port_open needs 'port'" },
		{ "assertions: [{type: file_exists}]", "said", "error: file_exists needs 'file'" },
		{ "assertions: [{type: output_contains, service: s, pattern: x}]", "said", "" },
		{ "assertions: [{type: output_contains, service: s}]", "said",
		    "error: output_contains needs 'text'" },
		{ "assertions: [{type: exit_code, service: s}]", "said",
		    "error: exit_code needs 'code'" },
		{ "assertions: [{type: service_running, service: x}]", "said",
		    "warning: there is no service 'x' in this test*" },
		{ "{fast_fail_enabled: true}", "said",
		    "warning: 'fast_fail_enabled' has no effect without fast_fail.test_level: "
		    "true" },
		{ "{fast_fail_enabled: true, top: {fast_fail: {test_level: false}}}", "said",
		    "warning: 'fast_fail_enabled' has no effect without fast_fail.test_level: "
		    "true" },
		{ "{fast_fail_enabled: true, top: {fast_fail: {test_level: true}}}", "said", "" },
		{ "top: {docker: {no_docker_cache: true}}",
		    "0.settings.docker.force_build_docker_image", "true" },
		{ "top: {docker: {no_docker_cache: false}}",
		    "0.settings.docker.force_build_docker_image", NULL },
		{ "top: {docker: {build_docker_image: true}}",
		    "0.settings.docker.force_build_docker_image", "true" },
		{ "top: {docker: {build_docker_image: true, force_build_docker_image: false}}",
		    "0.settings.docker.force_build_docker_image", "false" },
		{ "top: {docker: {build_docker_image: true}}", "said",
		    "warning: build_docker_image is the old name of force_build_docker_image" },
	};

	unit("rules");
	ROWS(rows);
}

/* The longest path, and one that is longer. */
static void
paths(void)
{
	char over[1200], path[1002];

	unit("paths have an end");
	for (int n = 1000; n <= 1001; n++) {
		struct row r = { over, "said",
			n == 1000 ? "" :
			            "error: expected a path below the directory, without '..'" };

		memset(path, 'p', (size_t)n);
		path[n] = '\0';
		snprintf(over, sizeof over, "services: {s: {files: [{path: %s, size: 1}]}}", path);
		check_row(base, &r, parsed, in_records);
	}
}

static void
places(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		/* Columns count characters, lines and columns begin with 1. */
		{ "tests: [{name: \"\xc3\xa4\xc3\xb6\xe2\x82\xac\", timeuot: 5, services: {s: "
		  "{implementation: {name: x}, protocol: {name: minip}, ports: ['1:1']}}}]\n",
		    "e.yaml:1:23: error: test: unknown key 'timeuot'; did you mean "
		    "'timeout'?\n" },
		{ "tests:\n- name: t\n  \xc3\xa4: 1\n  services: {s: {implementation: {name: x}, "
		  "protocol: {name: minip}, ports: ['1:1']}}\n",
		    "e.yaml:3:3: warning: test: unknown key '\xc3\xa4'\n" },
		{ "# \xc3\xa4\ntests: [\xc3\xa4\xc3\xa4, \"\n",
		    "e.yaml:3:1: error: not YAML: found unexpected end of stream (while scanning a "
		    "quoted scalar that begins on line 2)\n" },
	};

	unit("places");
	for (size_t i = 0; i < countof(rows); i++) {
		char *said = NULL;
		json_t *list = records(rows[i].text, NULL, 0, &said);

		CHECK_STR(said, rows[i].want);
		free(said);
		json_decref(list);
	}
}

/* Where values were written: what later stages can say about them. */
static void
marks(void)
{
	static const char text[] = "tests:\n"
	                           "- name: t\n"
	                           "  network_environment: {type: localhost, config: {word: 1}}\n"
	                           "  capture: {filter: udp}\n"
	                           "  execution_environment:\n"
	                           "  - {type: strace}\n"
	                           "  - {type: gdb, config: {x: 1}}\n"
	                           "  services:\n"
	                           "    s:\n"
	                           "      implementation: {name: x, p: [1, {q: 2}]}\n"
	                           "      protocol: {name: minip, role: server}\n"
	                           "      ports: ['1:1', '2:2']\n"
	                           "      depends_on: []\n"
	                           "      capture: {snaplen: 5}\n"
	                           "      plugin_config: {z: 1}\n"
	                           "      timeout: 60\n";
	static const struct {
		const char *path;
		int line, col;
	} rows[] = {
		{ "network_environment", 3, 24 },
		{ "network_environment.type", 3, 31 },
		{ "network_environment.word", 3, 57 },
		{ "capture.filter", 4, 21 },
		{ "execution_environment.0", 6, 5 },
		{ "execution_environment.0.type", 6, 12 },
		{ "execution_environment.1.type", 7, 12 },
		{ "execution_environment.1.x", 7, 29 },
		{ "services.s", 10, 7 },
		{ "services.s.implementation", 10, 23 },
		{ "services.s.implementation.p", 10, 36 },
		{ "services.s.implementation.p.1.q", 10, 44 },
		{ "services.s.protocol.role", 11, 37 },
		{ "services.s.ports.1", 12, 22 },
		{ "services.s.depends_on", 13, 19 },
		{ "services.s.capture.snaplen", 14, 26 },
		{ "services.s.plugin_config.z", 15, 26 },
	};
	char *said = NULL;
	json_t *list = records(text, NULL, 0, &said);
	const json_t *m = pth_json_path(list, "0.marks");

	unit("where values were written");
	CHECK(strstr(said, "error") == NULL);
	for (size_t i = 0; i < countof(rows); i++) {
		const json_t *at = json_object_get(m, rows[i].path);

		if (!CHECK(json_integer_value(json_array_get(at, 0)) == rows[i].line &&
		        json_integer_value(json_array_get(at, 1)) == rows[i].col &&
		        json_array_size(at) == 2))
			printf("    %s: %lld:%lld\n", rows[i].path,
			    (long long)json_integer_value(json_array_get(at, 0)),
			    (long long)json_integer_value(json_array_get(at, 1)));
	}
	CHECK_INT(json_integer_value(pth_json_path(list, "0.source.line")), 2);
	CHECK_INT(json_integer_value(pth_json_path(list, "0.source.col")), 3);
	CHECK_STR(json_string_value(pth_json_path(list, "0.source.file")), "e.yaml");
	json_decref(list);
	free(said);
}

int
main(void)
{
	numbers();
	words();
	options();
	services();
	ports();
	steps();
	rules();
	paths();
	places();
	marks();
	return unit_done();
}
