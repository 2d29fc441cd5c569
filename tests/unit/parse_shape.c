/* Other shapes of an experiment: services as a list, names of PANTHER's documents, scenarios and
 * rules of a tester, names in any case. */
#include "parsed.h"

static void
lists(void)
{
#define LIST(items) "top: {tests: [{name: t, services: [" items "]}]}"
#define S "{name: s, implementation: {name: x}, protocol: {name: minip}, ports: ['1:1']}"
	static const struct row rows[] = {
		{ LIST(S), "said", "" },
		{ LIST(S), "0.services.s.implementation.name", "x" },
		{ LIST(S), "0.services.s.alias", NULL },
		{ LIST(S ", {service_name: c, implementation: {name: y}, protocol: {name: minip, "
		         "role: client, target: s}}"),
		    "0.services.c.protocol.target", "s" },
		{ LIST(S ", " S), "said", "error: services: two are called 's'" },
		{ LIST("{implementation: {name: x}}"), "said",
		    "error: services: an item of a list needs a name" },
		{ LIST(S ", 5"), "said",
		    "error: services: expected a map, with a name, in a list" },
		{ LIST("{name: a b, implementation: {name: x}, protocol: {name: minip}, ports: "
		       "['1:1']}"),
		    "said", "error: *'a b' cannot be a service's name*" },
		{ "top: {tests: [{name: t, services: []}]}", "said",
		    "error: services: none; a test needs at least one" },
		/* It is a map then: of a matrix, of options, of includes. */
		{ "{set: {tests.0.services.s.timeout: '70'}, top: {tests: [{name: t, services: [" S
		  "]}]}}",
		    "0.services.s.timeout", "70" },
		{ "top: {tests: [{name: t, matrix: {services.s.timeout: [70]}, services: [" S
		  "]}]}",
		    "0.services.s.timeout", "70" },
	};

	unit("services as a list");
	ROWS(rows);
}

static void
names(void)
{
#define IN(more) "services: {s: {" more "}}"
#define IMPL "0.services.s.implementation"
	static const struct row rows[] = {
		{ IN("service_name: other"), "0.services.s.alias", "other" },
		{ "services: {s: {service_name: c}}", "said",
		    "error: service_name: 'c' is the name of another service" },
		{ IN("service_type: tester"), IMPL ".type", "testers" },
		{ IN("service_type: IUT"), IMPL ".type", "iut" },
		{ IN("service_type: robot"), "said", "error: type: string 'robot'; *" },
		{ IN("implementation: {type: Tester}"), IMPL ".type", "testers" },
		{ IN("role: peer"), "0.services.s.protocol", "{name: minip, role: peer}" },
		{ IN("role: BOTH"), "0.services.s.protocol.role", "both" },
		{ IN("protocol: {role: Server}"), "0.services.s.protocol.role", "server" },
		{ IN("role: sever"), "said",
		    "error: role: string 'sever'; *did you mean 'server'?" },
		{ "services: {c: {role: server}}", "said",
		    "*error: role: is the same as protocol.role, which says something else" },
		{ "services: {c: {role: client}}", "said", "" },
		{ "services: {c: {protocol: {target: null}, target: s}}",
		    "0.services.c.protocol.target", "s" },
		{ "services: {c: {protocol: minip, role: CLIENT, target: s}}",
		    "0.services.c.protocol", "{name: minip, role: client, target: s}" },
		{ IN("protocol: {name: QUIC}"), "0.services.s.protocol.name", "quic" },
		{ IN("protocol: {name: Mine}"), "0.services.s.protocol.name", "Mine" },
		{ "top: {tests: [{name: t, services: {s: {implementation: {name: x}, protocol: "
		  "{name: Quic}, generate_new_certificates: true}}}]}",
		    "0.services.s.ports", "['4443:4443']" },
		{ IN("protocol_version: functional"), "0.services.s.protocol.version",
		    "functional" },
		{ IN("implementation: {protocol_version: functional}"),
		    "0.services.s.protocol.version", "functional" },
		{ IN("implementation: {protocol_version: functional}"), IMPL,
		    "{name: prog, type: iut}" },
		{ IN("protocol_version: a, protocol: {version: a}"), "said", "" },
		{ IN("protocol_version: a, protocol: {version: b}"), "said",
		    "error: protocol_version: is the same as protocol.version, which says "
		    "something "
		    "else" },
		{ IN("environment_variables: {A: 1, B: 2}, environment: {B: 3}"),
		    "0.services.s.environment", "{A: '1', B: '3'}" },
		{ IN("environment_variables: [A]"), "said",
		    "error: environment: a list; expected map" },
		{ IN("implementation: {environment_variables: {A: 1}}"), "0.services.s.environment",
		    "{A: '1'}" },
		{ IN("configuration: {mode: fast, name: other}"), IMPL,
		    "{name: prog, type: iut, mode: fast}" },
		{ IN("configuration: {implementation_args: [-x]}"), IMPL ".implementation_args",
		    "[-x]" },
		{ IN("configuration: 5"), "said",
		    "error: configuration: is the same as implementation, which says something "
		    "else*" },
		{ IN("implementation_args: [-a, b]"), IMPL ".implementation_args", "[-a, b]" },
		{ IN("logging_level: DEBUG"), IMPL ".logging_level", "DEBUG" },
		{ IN("output_format: json"), IMPL ".output_format", "json" },
		{ IN("bind_address: 0.0.0.0"), IMPL ".bind_address", "0.0.0.0" },
		{ IN("binary_name: b"), IMPL ".binary_name", "b" },
		{ IN("debug_level: 2"), IMPL ".debug_level", "2" },
		{ IN("performance_mode: high"), IMPL ".performance_mode", "high" },
		{ IN("runtime_parameters: {a: 1}"), IMPL ".runtime_parameters", "{a: 1}" },
		{ IN("runtime_parameters: {a: 1, b: 2}, implementation: {runtime_parameters: {a: "
		     "3}}"),
		    IMPL ".runtime_parameters", "{a: 3, b: 2}" },
		{ IN("certificate_config: {cert_file: c}"), IMPL ".certificate_config",
		    "{cert_file: c}" },
		{ IN("custom_options: {a: 1}"), IMPL ".custom_options", "{a: 1}" },
		{ IN("base_image_override: debian"), IMPL ".base_image_override", "debian" },
		/* What is of another shape altogether is said, and not looked into. */
		{ IN("implementation: [5], debug_level: 1"), "said",
		    "error: implementation: a list; expected map" },
		{ IN("implementation: 5, configuration: {test_scenarios: [a]}"), "said",
		    "error: *implementation*" },
		{ IN("protocol: [5], role: server"), "said", "error: protocol: a list; *" },
		{ "services: {s: [5]}", "said", "*error: s: a list; expected map*" },
		{ "top: {tests: [[5]]}", "said", "error: test: a list; expected map" },
		/* A path of a matrix is that of the key which is read. */
		{ "matrix: {services.s.role: [peer]}", "said",
		    "error: matrix: there is no field services.s.role to vary; write "
		    "services.s.protocol.role" },
		/* Names in any case. */
		{ "network_environment: {type: Docker-Compose}", "0.network_environment.type",
		    "docker_compose" },
		{ "network_environment: {type: LOCALHOST, subnet: x}", "said",
		    "warning: 'network_environment.subnet' (in environment LOCALHOST) has no "
		    "effect" },
		{ "execution_environment: [{type: Gperf-CPU}]", "0.execution_environment.0.type",
		    "gperf_cpu" },
	};

	unit("names of PANTHER's documents");
	ROWS(rows);
}

static void
testers(void)
{
#define RULES(more) "services: {s: {validation_rules: " more "}}"
	static const struct row rows[] = {
		{ IN("test_scenarios: [a, b]"), "1.services.s.implementation.test", "b" },
		{ IN("test_scenarios: [a, b]"), "1.name", "'t [b]'" },
		{ IN("test_scenarios: [a, b]"), "1.matrix", "{services.s.implementation.test: b}" },
		{ IN("test_scenarios: [a, b]"), "2", NULL },
		{ IN("test_scenarios: [a, b]"), "0.services.s.test_scenarios", NULL },
		{ IN("implementation: {test_scenarios: [a]}"), "0.services.s.implementation",
		    "{name: prog, type: iut, test: a}" },
		{ IN("configuration: {test_scenarios: [a]}"), "0.services.s.implementation.test",
		    "a" },
		{ "{matrix: {seed: [1, 2]}, services: {s: {test_scenarios: [a, b]}}}", "3.name",
		    "'t [2, b]'" },
		{ "{matrix: {services.s.implementation.test: [c]}, services: {s: {test_scenarios: "
		  "[a]}}}",
		    "said",
		    "error: test_scenarios: matrix varies services.s.implementation.test, too" },
		{ IN("test_scenarios: []"), "said",
		    "error: test_scenarios: expected a list of names of tests" },
		{ IN("test_scenarios: a"), "said",
		    "error: test_scenarios: expected a list of names of tests" },
		{ IN("test_scenarios: [{a: b}]"), "said",
		    "error: test_scenarios: expected the name of a test, which *" },
		{ IN("test_scenarios: null"), "said", "" },
		/* Rules. */
		{ RULES("{status: failed}"), "0.expect", "{status: failed}" },
		{ RULES("{exit: 0}"), "0.expect.exit", "{s: 0}" },
		{ RULES("{exit: [0, 1]}"), "0.expect.exit", "{s: [0, 1]}" },
		{ RULES("{exit: {c: 3}}"), "0.expect.exit", "{c: 3}" },
		{ RULES("{log: [{matches: x}, {service: c, matches: y}]}"), "0.expect.log",
		    "[{service: s, matches: x}, {service: c, matches: y}]" },
		{ RULES("[{status: failed}, {exit: 0}]"), "0.expect",
		    "{status: failed, exit: {s: 0}}" },
		{ "{expect: {exit: {c: 0, s: 1}, log: [{service: c, matches: z}]}, services: {s: "
		  "{validation_rules: {exit: 0, log: [{matches: x}]}}}}",
		    "0.expect",
		    "{exit: {s: 1, c: 0}, log: [{service: s, matches: x}, {service: c, matches: "
		    "z}]}" },
		{ "{expect: {status: passed}, services: {s: {validation_rules: {status: failed}}}}",
		    "0.expect.status", "passed" },
		{ "services: {s: {validation_rules: {exit: 0}}, c: {validation_rules: {exit: 1}}}",
		    "0.expect.exit", "{s: 0, c: 1}" },
		{ RULES("{logs: []}"), "said",
		    "error: expect: unknown key 'logs'; did you mean 'log'?" },
		{ RULES("{anything: 1}"), "said", "error: expect: unknown key 'anything'; *" },
		{ RULES("[5]"), "said",
		    "error: validation_rules: expected a map of rules, as in expect" },
		{ RULES("all"), "said",
		    "error: validation_rules: expected a map of rules, as in expect" },
		{ RULES("{log: {matches: x}}"), "said", "error: log: a map; expected list" },
		{ RULES("null"), "said", "" },
		{ "{expect: [1], services: {s: {validation_rules: {exit: 0}}}}", "said",
		    "error: expect: a list; expected map" },
		{ "{matrix: [1], services: {s: {test_scenarios: [a]}}}", "said",
		    "error: matrix: a list; expected map" },
		{ IN("configuration: {validation_rules: {exit: 2}}"), "0.expect.exit", "{s: 2}" },
	};

	unit("scenarios and rules of a tester");
	ROWS(rows);
}

int
main(void)
{
	lists();
	names();
	testers();
	return unit_done();
}
