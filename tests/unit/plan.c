/* What is planned of a whole test: its limits, its environment, its ports, the order of its
 * services, and the names that texts may hold. */
#include "planned.h"

static const struct descriptor descriptors[] = {
	{ "p/protocols/proto.yaml",
	    "plugin: proto\nkind: protocol\ntransport: udp\nport: 4000\n"
	    "parameters: {word: w}\n"
	    "requires: [{program: one}, {program: '{{ name }}'}]\n"
	    "setup: [[keys, '{{ name }}', '{{ generate_certificates }}']]\n" },
	{ "p/protocols/stream.yaml",
	    "plugin: stream\nkind: protocol\ntransport: tcp\nport: 4000\n" },
	{ "p/protocols/high.yaml", "plugin: high\nkind: protocol\ntransport: udp\nport: 65534\n" },
	{ "p/services/iut/proto/prog.yaml",
	    "plugin: prog\nkind: iut\nprotocol: proto\nparameters: {port: {type: int}}\n"
	    "commands: {any: [prog]}\n" },
	{ "p/services/iut/stream/s.yaml",
	    "plugin: s\nkind: iut\nprotocol: stream\ncommands: {any: [s]}\n" },
	{ "p/protocols/bare.yaml", "plugin: bare\nkind: protocol\ntransport: none\n" },
	{ "p/services/iut/bare/bare.yaml",
	    "plugin: bare\nkind: iut\nprotocol: bare\ncommands: {any: [bare]}\n" },
	{ "p/services/iut/high/h.yaml",
	    "plugin: h\nkind: iut\nprotocol: high\ncommands: {any: [h]}\n" },
	{ "p/environments/network/net.yaml",
	    "plugin: net\nkind: network_environment\nisolation: full\naddress: 127.0.0.1\n"
	    "supported_by: [x, y]\nconflicts: [third]\nrequires: [{program: one}]\n"
	    "setup: [[network, '{{ name }}']]\n"
	    "parameters: {critical_services: {type: list, default: []}, word: {type: str},\n"
	    "  incompatibility: {type: list}}\n" },
	{ "p/environments/network/child.yaml",
	    "plugin: child\nkind: network_environment\nextends: net\n" },
	{ "p/environments/network/box.yaml",
	    "plugin: box\nkind: network_environment\nisolation: container\n"
	    "address: '{{ name }}-{{ index }}-{{ role }}'\nlisten: 0.0.0.0\n" },
	{ "p/environments/network/outer.yaml",
	    "plugin: outer\nkind: network_environment\nextends: net\nin_container: box\n" },
	{ "p/environments/execution/first.yaml",
	    "plugin: first\nkind: execution_environment\nconflicts: [second]\n"
	    "parameters: {level: 1, word: {type: str}}\nwrap: [first, '{{ level }}']\n" },
	{ "p/environments/execution/second.yaml",
	    "plugin: second\nkind: execution_environment\naliases: [other]\nwrap: [second]\n" },
	{ "p/environments/execution/third.yaml",
	    "plugin: third\nkind: execution_environment\nwrap: [third]\n" },
};

/* Two servers and a client, which is told of first. */
static const char base[] = "id: t\nnetwork_environment: {type: net}\nservices:\n"
                           "  c: {implementation: {name: prog}, protocol: {name: proto,"
                           " role: client, target: a}}\n"
                           "  a: {implementation: {name: prog}, protocol: {name: proto}}\n"
                           "  b: {implementation: {name: s}, protocol: {name: stream}}\n";

static void
limits(void)
{
	/* Without a limit of its own a test has that of the longest service and 30 s. */
	static const struct row rows[] = {
		{ "{}", "plan.timeout_us", "90000000" },
		{ "services: {c: {timeout: 20}, a: {timeout: 50}, b: {timeout: 10}}",
		    "plan.timeout_us", "80000000" },
		{ "services: {c: {timeout: 50}, a: {timeout: 20}, b: {timeout: 10}}",
		    "plan.timeout_us", "80000000" },
		{ "services: {c: {timeout: 10}, a: {timeout: 20}, b: {timeout: 50}}",
		    "plan.timeout_us", "80000000" },
		{ "services: {c: {timeout: 61}, a: {timeout: 61}, b: {timeout: 61}}",
		    "plan.timeout_us", "91000000" },
		{ "{timeout: 7, services: {c: {timeout: 50}}}", "plan.timeout_us", "7000000" },
		{ "{timeout: 0, services: {c: {timeout: 50}}}", "plan.timeout_us", "80000000" },
		{ "{timeout: 0.5}", "plan.timeout_us", "500000" },
		{ "{timeout: null, services: {b: {timeout: 5}}}", "plan.timeout_us", "35000000" },
		{ "{}", "plan.wait_us", "null" },
		{ "steps: {wait: 12}", "plan.wait_us", "12000000" },
		{ "services: {c: {timeout: 20}}", "@c.timeout_us", "20000000" },
		{ "services: {c: {timeout: 20}}", "@a.timeout_us", "60000000" },
		{ "services: {c: {timeout: 20}}", "@c.phases.run.timeout_us", "20000000" },
		{ "{}", "plan.schedule", NULL },
		{ "{cpus: 3, locks: null}", "plan.schedule", "{cpus: 3}" },
		{ "{cpus: 1, locks: [x, y]}", "plan.schedule", "{cpus: 1, locks: [x, y]}" },
	};

	unit("limits of the test, and what it wants of the machine");
	ROWS(base, rows);
}

static void
environment(void)
{
	static const struct row rows[] = {
		{ "{}", "plan.environment.type", "net" },
		{ "{}", "plan.environment.isolation", "full" },
		{ "isolation: none", "plan.environment.isolation", "none" },
		{ "isolation: net", "plan.environment.isolation", "net" },
		{ "{isolation: none, network_environment: {type: box}}",
		    "plan.environment.isolation", "container" },
		{ "{}", "plan.environment.read_only", NULL },
		{ "read_only: false", "plan.environment.read_only", NULL },
		{ "read_only: true", "plan.environment.read_only", "true" },
		{ "{}", "plan.environment.shared", NULL },
		{ "shared: []", "plan.environment.shared", NULL },
		{ "shared: [/x, y]", "plan.environment.shared", "[/x, y]" },
		{ "{}", "plan.environment.address", "127.0.0.1" },
		{ "network_environment: {type: box}", "plan.environment.address", NULL },
		{ "{}", "plan.environment.supported_by", "[x, y]" },
		{ "network_environment: {type: box}", "plan.environment.supported_by", NULL },
		{ "network_environment: {type: child}", "plan.environment.type", "net" },
		{ "network_environment: {type: child}", "plan.environment.plugin", "child" },
		{ "network_environment: {word: x}", "plan.environment.parameters.word", "x" },
		{ "network_environment: {config: {word: x}}", "plan.environment.parameters.word",
		    "x" },
		{ "network_environment: {word: x, plugin_config: {word: y}, config: {word: z}}",
		    "plan.environment.parameters.word", "x" },
		{ "network_environment: {plugin_config: {word: y}, config: {word: z}}",
		    "plan.environment.parameters.word", "y" },
		{ "network_environment: {type: outer}", "plan.environment.plugin", "outer" },
		{ "network_environment: {type: outer, container: false}", "plan.environment.plugin",
		    "outer" },
		{ "network_environment: {type: outer, container: true}", "plan.environment.plugin",
		    "box" },
		{ "network_environment: {type: outer, config: {container: true}}",
		    "plan.environment.plugin", "box" },
		{ "network_environment: {type: outer, plugin_config: {container: true}}",
		    "plan.environment.plugin", "box" },
		{ "network_environment: {type: nett}", "said",
		    "0:0: error: no network environment named 'nett'; did you mean 'net'?" },
	};

	unit("the network environment");
	ROWS(base, rows);
}

static void
critical(void)
{
	static const struct row rows[] = {
		{ "{}", "@a.critical", "true" },
		{ "network_environment: {critical_services: []}", "@a.critical", "true" },
		{ "network_environment: {critical_services: [b]}", "@a.critical", "false" },
		{ "network_environment: {critical_services: [b]}", "@b.critical", "true" },
		{ "network_environment: {critical_services: [b, a]}", "@a.critical", "true" },
		{ "{network_environment: {critical_services: [long]}, services: {a: {name: long}}}",
		    "@long.critical", "true" },
		{ "{network_environment: {critical_services: [a]}, services: {a: {name: long}}}",
		    "@long.critical", "true" },
	};

	unit("which services the test cannot lose");
	ROWS(base, rows);
}

static void
execution(void)
{
	static const struct row rows[] = {
		{ "execution_environment: [{type: first}]", "@a.phases.run.argv",
		    "[first, '1', prog]" },
		{ "execution_environment: [{type: third}]", "said",
		    "0:0: error: net and third cannot work together" },
		{ "execution_environment: [{type: third, enabled: false}]", "@a.phases.run.argv",
		    "[prog]" },
		{ "execution_environment: [{type: first}, {type: third, enabled: true}]", "said",
		    "0:0: error: net and third cannot work together" },
		{ "{network_environment: {incompatibility: []}, execution_environment:"
		  " [{type: third}]}",
		    "@a.phases.run.argv", "[third, prog]" },
		{ "{network_environment: {incompatibility: [first]}, execution_environment:"
		  " [{type: third}]}",
		    "@a.phases.run.argv", "[third, prog]" },
		{ "{network_environment: {incompatibility: [first]}, execution_environment:"
		  " [{type: first}]}",
		    "said", "0:0: error: net and first cannot work together" },
		{ "{network_environment: {incompatibility: [other]}, execution_environment:"
		  " [{type: second}]}",
		    "said", "0:0: error: net and second cannot work together" },
		{ "execution_environment: [{type: first}, {type: second}]", "said",
		    "0:0: error: first and second cannot work together" },
		{ "execution_environment: [{type: other}, {type: first}]", "said",
		    "0:0: error: first and second cannot work together" },
		{ "execution_environment: [{type: first, services: [a]}]", "@a.phases.run.argv",
		    "[first, '1', prog]" },
		{ "execution_environment: [{type: first, services: [a]}]", "@b.phases.run.argv",
		    "[s]" },
		{ "execution_environment: [{type: first, services: []}]", "@a.phases.run.argv",
		    "[prog]" },
		{ "execution_environment: [{type: first, level: 2}]", "@a.phases.run.argv",
		    "[first, '2', prog]" },
		{ "execution_environment: [{type: first, config: {level: 3}}]",
		    "@a.phases.run.argv", "[first, '3', prog]" },
		{ "execution_environment: [{type: first, level: 2, plugin_config: {level: 3}}]",
		    "@a.phases.run.argv", "[first, '2', prog]" },
		{ "execution_environment: [{type: fist}]", "said",
		    "0:0: error: no execution environment named 'fist'; did you mean 'first'?" },
		/* The message stands where the environment does. */
		{ "{marks: {execution_environment.0.type: [1, 1], execution_environment.1.type:"
		  " [2, 9]}, execution_environment: [{type: second}, {type: third}]}",
		    "said", "2:9: error: net and third cannot work together" },
		{ "{marks: {execution_environment.0.type: [1, 1], execution_environment.1.type:"
		  " [2, 9]}, execution_environment: [{type: third, enabled: false}, {type: none}]}",
		    "said",
		    "2:9: error: no execution environment named 'none'; pth list shows those that "
		    "there are" },
		{ "{marks: {execution_environment.1.levl: [3, 3]}, execution_environment:"
		  " [{type: third, enabled: false}, {type: first, levl: 1}]}",
		    "said", "3:3: error: first has no parameter 'levl'; did you mean 'level'?" },
	};

	unit("what services run under");
	ROWS(base, rows);
}

static void
habits(void)
{
	/* Keys of all of PANTHER's environments deserve no word with their usual value. */
	static const char *const usual[][3] = { { "priority", "100", "99" },
		{ "output_format", "json", "csv" }, { "collect_metrics", "true", "false" },
		{ "enable_background_monitoring", "true", "false" },
		{ "monitoring_interval_seconds", "5", "6" },
		{ "failure_threshold_count", "1", "2" },
		{ "allow_partial_deployment", "false", "true" } };
	char over[200], want[200];

	unit("keys of PANTHER's environments");
	for (size_t i = 0; i < countof(usual); i++) {
		struct row rows[] = { { over, "said", "" }, { over, "said", want } };

		snprintf(over, sizeof over, "network_environment: {type: child, %s: %s}",
		    usual[i][0], usual[i][1]);
		ROW(base, &rows[0]);
		snprintf(over, sizeof over, "network_environment: {type: child, %s: %s}",
		    usual[i][0], usual[i][2]);
		snprintf(
		    want, sizeof want, "0:0: warning: child has no parameter '%s'", usual[i][0]);
		ROW(base, &rows[1]);
	}
	static const struct row more[] = {
		{ "network_environment: {version: whatever}", "said", "" },
		{ "network_environment: {critical_services: [a]}", "said", "" },
		{ "services: {a: {implementation: {priority: 100}}}", "said",
		    "0:0: warning: prog has no parameter 'priority'" },
	};
	ROWS(base, more);
}

static void
commands(void)
{
	static const struct row rows[] = {
		/* Those of the network, then those of each protocol once. */
		{ "{}", "plan.setup.0.argv", "[network, c]" },
		{ "{}", "plan.setup.1.argv", "[keys, c, 'True']" },
		{ "{}", "plan.setup.2", NULL },
		{ "{}", "plan.setup.0.timeout_us", "60000000" },
		{ "{}", "plan.setup.1.timeout_us", "60000000" },
		/* The setup of a protocol makes certificates when one of its services wants them.
		 */
		{ "services: {c: {implementation: {cert_file: x}}, a: {implementation: {name: s}, "
		  "protocol: {name: stream}}}",
		    "plan.setup.1.argv", "[keys, c, 'True']" },
		{ "{settings: {paths: {cert_dir: /c}}}", "plan.setup.1.argv",
		    "[keys, c, 'False']" },
		{ "{settings: {paths: {cert_dir: /c}}, services: {a: {generate_new_certificates: "
		  "true}}}",
		    "plan.setup.1.argv", "[keys, c, 'True']" },
		{ "{settings: {paths: {cert_dir: /c}}, services: {b: {generate_new_certificates: "
		  "true}}}",
		    "plan.setup.1.argv", "[keys, c, 'False']" },
		/* What must be there, once. */
		{ "{}", "plan.requires", "[{program: one}, {program: c}, {program: a}]" },
	};

	unit("the setup of the test");
	ROWS(base, rows);
}

static void
names(void)
{
	static const char *const bad[] = { "record.json", "record.json.1", "result.json",
		"metrics.jsonl", "capture.pcapng", "capture_00001.pcapng", "tmp", "steps" };
	static const char *const good[] = { "record", "capture", "tmp2", "metrics", "certs_" };
	struct pth_buf over = PTH_BUF_INIT;
	char text[200];

	unit("names of services");
	for (size_t i = 0; i < countof(bad) + countof(good); i++) {
		bool is_good = i >= countof(bad);
		struct row r = { text, "error.message", NULL };
		const char *name = is_good ? good[i - countof(bad)] : bad[i];
		char want[200];

		snprintf(text, sizeof text, "services: {a: {name: '%s'}}", name);
		snprintf(want, sizeof want,
		    "\"a service cannot be named '%s': the test's directory has this already\"",
		    name);
		r.want = is_good ? NULL : want;
		ROW(base, &r);
	}
	static const struct row rows[] = {
		{ "services: {a: {name: b}}", "error.message", "\"two services are named 'b'\"" },
		/* A name wins over a key. */
		{ "services: {a: {name: x}, b: {name: a}, c: {depends_on: [a]}}", "@c.after",
		    "[{service: a, state: ready}]" },
		{ "services: {a: {name: x}, b: {name: a}, c: {protocol: {target: x}}}", "@c.target",
		    "x" },
	};
	ROWS(base, rows);
	for (int n = 1000; n <= 1001; n++) {
		struct row r = { NULL, "error.message",
			n == 1000 ? NULL : "the test has more than 1000 services" };

		pth_buf_cut(&over, 0);
		pth_buf_adds(&over, "services: {");
		for (int i = 3; i < n; i++)
			pth_buf_addf(&over,
			    "s%d: {implementation: {name: prog, port: %d}, protocol: {name: "
			    "proto}},\n",
			    i, 5000 + i);
		pth_buf_adds(&over, "}");
		r.over = over.s;
		ROW(base, &r);
	}
	pth_buf_release(&over);
}

static void
places(void)
{
	/* The mark of the key, or of the nearest above it that has one, or of the test. */
	static const struct row rows[] = {
		{ "{source: {line: 3, col: 4}, services: {a: {protocol: {target: x}}}}", "said",
		    "3:4: error: a targets 'x', which is no service of this test" },
		{ "{source: {line: 3, col: 4}, marks: {services.a: [5, 6]}, services: {a: "
		  "{protocol: {target: x}}}}",
		    "said", "5:6: error: a targets 'x', which is no service of this test" },
		{ "{source: {line: 3, col: 4}, marks: {services.a: [5, 6], "
		  "services.a.protocol.target: [7, 8]}, services: {a: {protocol: {target: x}}}}",
		    "said", "7:8: error: a targets 'x', which is no service of this test" },
		{ "{marks: {services.a.protocol.target: [7, 8]}, services: {a: {protocol: "
		  "{target: x}}}}",
		    "error.line", "7" },
		{ "{marks: {services.a.protocol.target: [7, 8]}, services: {a: {protocol: "
		  "{target: x}}}}",
		    "error.col", "8" },
		{ "{source: {file: f.yaml}, services: {a: {protocol: {target: x}}}}", "error.file",
		    "f.yaml" },
		/* The first problem of the file's order is that of the record; no warning is. */
		{ "{marks: {services.a.protocol.target: [7, 8], services.b.protocol.target: [6, "
		  "1]}, services: {a: {protocol: {target: x}}, b: {protocol: {target: y}}}}",
		    "error.message", "\"b targets 'y', which is no service of this test\"" },
		{ "{marks: {services.a.protocol.target: [7, 8]}, network_environment: {foo: 1}, "
		  "services: {a: {protocol: {target: x}}}}",
		    "error.line", "7" },
		{ "services: {a: {protocol: {target: x}}}", "error.category", "configuration" },
		{ "services: {a: {implementation: {port: x}}}", "error.category", "configuration" },
		{ "network_environment: {type: none}", "error.category", "plugin_load" },
		{ "services: {a: {implementation: {name: nobody}}}", "error.category",
		    "plugin_load" },
	};

	unit("where a problem is");
	ROWS(base, rows);
}

static void
order(void)
{
	static const struct row rows[] = {
		{ "{}", "plan.order", "[a, b, c]" },
		{ "{}", "@c.after", "[{service: a, state: ready}]" },
		{ "{}", "@a.after", "[]" },
		{ "services: {a: {depends_on: [b]}}", "plan.order", "[b, a, c]" },
		{ "services: {a: {depends_on: b}}", "@a.after", "[{service: b, state: ready}]" },
		{ "services: {a: {depends_on: {b: running}}}", "@a.after",
		    "[{service: b, state: running}]" },
		{ "services: {a: {depends_on: [{service: b, state: stopped}]}}", "@a.after",
		    "[{service: b, state: stopped}]" },
		{ "services: {a: {depends_on: {b: {condition: service_healthy}}}}", "@a.after",
		    "[{service: b, state: ready}]" },
		{ "services: {a: {depends_on: {b: {condition: service_started}}}}", "@a.after",
		    "[{service: b, state: started}]" },
		{ "services: {a: {depends_on: {b: {condition: service_completed_successfully}}}}",
		    "@a.after", "[{service: b, state: completed}]" },
		{ "services: {a: {depends_on: {b: completed}}}", "@a.after",
		    "[{service: b, state: completed}]" },
		{ "services: {a: {depends_on: {b: started}}}", "@a.after",
		    "[{service: b, state: started}]" },
		{ "services: {a: {depends_on: {b: null}}}", "@a.after",
		    "[{service: b, state: ready}]" },
		{ "services: {a: {depends_on: {b: odd}}}", "said",
		    "0:0: error: a: the state of 'b' must be started, running, ready, completed "
		    "or stopped" },
		{ "services: {a: {depends_on: [z]}}", "said",
		    "0:0: error: a depends on 'z', which is no service of this test" },
		{ "services: {a: {depends_on: [a]}}", "said", "0:0: error: a depends on itself" },
		/* What is said of the target wins over that it must be ready. */
		{ "services: {c: {depends_on: {a: started, b: running}}}", "@c.after",
		    "[{service: a, state: started}, {service: b, state: running}]" },
		/* Of two that target each other the client is the last. */
		{ "services: {a: {protocol: {target: c}}}", "plan.order", "[a, b, c]" },
		{ "services: {a: {protocol: {target: c}}}", "@a.after", "[]" },
		{ "services: {a: {protocol: {target: c}}}", "@c.after",
		    "[{service: a, state: ready}]" },
		/* Of two with one role the later one. */
		{ "services: {a: {protocol: {target: b}}, b: {protocol: {target: a}}}",
		    "plan.order", "[a, b, c]" },
		{ "services: {a: {protocol: {target: b}}, b: {protocol: {target: a}}}", "@b.after",
		    "[{service: a, state: ready}]" },
		{ "services: {a: {protocol: {target: b}}, b: {protocol: {target: a}}}", "@a.after",
		    "[]" },
		/* One way only: the target comes first, whichever is which. */
		{ "services: {a: {protocol: {target: b}}}", "plan.order", "[b, a, c]" },
		/* A longer circle names its members, and only these. */
		{ "services: {a: {protocol: {target: b}}, b: {protocol: {target: c}}}", "said",
		    "0:0: error: services wait for each other: a -> b -> c -> a" },
		{ "services: {a: {depends_on: [b]}, b: {protocol: {target: a}}}", "said",
		    "0:0: error: services wait for each other: a -> b -> a" },
		{ "services: {c: {depends_on: [b]}, b: {protocol: {target: a}, depends_on: [c]}}",
		    "said", "0:0: error: services wait for each other: b -> c -> b" },
	};

	unit("who starts before whom");
	ROWS(base, rows);
}

static void
ports(void)
{
	static const struct row rows[] = {
		/* The order of pth-plan(1). */
		{ "{}", "@a.port", "4000" },
		{ "services: {a: {ports: ['5000:5001']}}", "@a.port", "5001" },
		{ "services: {a: {ports: ['5000:5001', '1:4000']}}", "@a.port", "4000" },
		{ "services: {a: {ports: ['1:4000', '5000:5001']}}", "@a.port", "4000" },
		{ "services: {a: {ports: ['1:6000', '5000:5001']}}", "@a.port", "6000" },
		{ "services: {a: {ports: ['5000:5001'], network: {port: 5002}}}", "@a.port",
		    "5002" },
		{ "services: {a: {ports: ['5000:5001'], network: {port: 5002}, implementation: "
		  "{port: 5003}}}",
		    "@a.port", "5003" },
		/* How one may be written. */
		{ "services: {a: {ports: ['5001']}}", "@a.port", "5001" },
		{ "services: {a: {ports: [5001]}}", "@a.port", "5001" },
		{ "services: {a: {ports: ['1:2/udp']}}", "@a.port", "2" },
		{ "services: {a: {ports: ['0.0.0.0:1:2/udp']}}", "@a.port", "2" },
		{ "services: {a: {ports: ['1:65535']}}", "@a.port", "65535" },
		{ "services: {a: {ports: ['1:65536']}}", "@a.port", "4000" },
		{ "services: {a: {ports: ['1:0']}}", "@a.port", "4000" },
		{ "services: {a: {ports: ['1:1']}}", "@a.port", "1" },
		{ "services: {a: {ports: ['1:/udp']}}", "@a.port", "4000" },
		{ "services: {a: {ports: ['1:00004001']}}", "@a.port", "4000" },
		{ "services: {a: {ports: ['1:x', '1:5001']}}", "@a.port", "5001" },
		{ "services: {a: {ports: [{}]}}", "@a.port", "4000" },
		{ "services: {a: {implementation: {port: 1}}}", "@a.port", "1" },
		{ "services: {a: {network: {port: 1}}}", "@a.port", "1" },
		{ "services: {b: {implementation: {name: bare}, protocol: {name: bare}}}",
		    "@b.port", "null" },
		{ "services: {b: {implementation: {name: bare}, protocol: {name: bare}}}",
		    "@b.transport", "none" },
		/* A client has that of its target, and no other. */
		{ "services: {a: {ports: ['5000:5001']}, c: {ports: ['7:7']}}", "@c.port", "5001" },
		{ "services: {c: {protocol: {target: ''}, ports: ['7:7']}}", "@c.port", "null" },
		{ "services: {c: {protocol: {target: b}}, b: {ports: ['1:8']}}", "@c.port", "8" },
	};

	unit("the port of a service");
	ROWS(base, rows);
}

static void
clashes(void)
{
	/* d and e speak as a does: all of them listen on 4000. */
	static const char more[] = "id: t\nnetwork_environment: {type: net}\nservices:\n"
	                           "  a: {implementation: {name: prog}, protocol: {name: proto}}\n"
	                           "  b: {implementation: {name: s}, protocol: {name: stream}}\n"
	                           "  d: {implementation: {name: prog}, protocol: {name: proto}}\n"
	                           "  e: {implementation: {name: prog}, protocol: {name: proto}}\n";
	static const struct row rows[] = {
		{ "{}", "@a.port", "4001" },
		{ "{}", "@d.port", "4002" },
		{ "{}", "@e.port", "4000" },
		{ "{}", "@b.port", "4000" }, /* another transport */
		{ "services: {a: {ports: ['4000:4000']}}", "@a.port", "4000" },
		{ "services: {a: {ports: ['4000:4000']}}", "@d.port", "4001" },
		{ "services: {a: {ports: ['4000:4000']}}", "@e.port", "4002" },
		{ "services: {e: {ports: ['4000:4000']}}", "@e.port", "4000" },
		{ "services: {a: {ports: ['4001:4001']}}", "@d.port", "4002" },
		{ "services: {a: {implementation: {port: 7}}, e: {network: {port: 7}}}", "said",
		    "0:0: error: a and e both want udp port 7 on 127.0.0.1" },
		{ "{marks: {services.a.ports: [1, 1], services.e.ports: [2, 2]}, services: {a: "
		  "{ports: ['1:7']}, e: {ports: ['2:7']}}}",
		    "said", "2:2: error: a and e both want udp port 7 on 127.0.0.1" },
		{ "{network_environment: {type: box}, services: {a: {ports: ['1:7']}, e: {ports: "
		  "['2:7']}}}",
		    "said", "" },
		{ "{network_environment: {type: box}}", "@a.port", "4000" },
		{ "services: {a: {ports: ['2:1']}, e: {ports: ['3:1']}}", "said",
		    "0:0: error: a and e both want udp port 1 on 127.0.0.1" },
		{ "services: {a: {ports: ['1:7']}, e: {ports: ['2:7'], protocol: {role: client}}}",
		    "said", "" },
	};
	/* There is nothing above 65535. */
	static const char high[] =
	    "id: t\nnetwork_environment: {type: net}\nservices:\n"
	    "  a: {implementation: {name: h}, protocol: {name: high}}\n"
	    "  b: {implementation: {name: h}, protocol: {name: high}}\n"
	    "  d: {implementation: {name: prog}, protocol: {name: proto, role: client}}\n";
	static const struct row last[] = {
		{ "{}", "@a.port", "65535" },
		{ "{}", "@b.port", "65534" },
		{ "services: {d: {implementation: {name: h}, protocol: {name: high, role: "
		  "server}}}",
		    "said", "0:0: error: a and b both want udp port 65535 on 127.0.0.1" },
		{ "services: {d: {protocol: {role: server}, ports: ['1:65535']}}", "said",
		    "0:0: error: a and d both want udp port 65535 on 127.0.0.1" },
		{ "services: {a: {ports: ['1:65535']}, d: {protocol: {role: server}, ports: "
		  "['1:65534']}}",
		    "said", "0:0: error: a and b both want udp port 65535 on 127.0.0.1" },
	};

	unit("two services with one port");
	ROWS(more, rows);
	ROWS(high, last);
}

static void
addresses(void)
{
	static const struct row rows[] = {
		{ "{}", "@a.address", "127.0.0.1" },
		{ "network_environment: {type: box}", "@a.address", "a-1-server" },
		{ "network_environment: {type: box}", "@c.address", "c-0-client" },
	};

	unit("addresses");
	ROWS(base, rows);
}

static void
references(void)
{
#define ENV(text) "services: {b: {environment: {V: '" text "'}}}"
#define FAULT(text) "\"" text "\""
	static const struct row rows[] = {
		{ ENV("@{a:ip}"), "@b.environment.V", "127.0.0.1" },
		{ ENV("@{a:ip:dotted}"), "@b.environment.V", "127.0.0.1" },
		{ ENV("@{a:ip:string}"), "@b.environment.V", "127.0.0.1" },
		{ ENV("@{a:ip:decimal}"), "@b.environment.V", "'2130706433'" },
		{ ENV("@{a:ip:integer}"), "@b.environment.V", "'2130706433'" },
		{ ENV("@{a:ip:hex}"), "@b.environment.V", "'0x7F000001'" },
		{ ENV("@{a:ip:hostname}"), "@b.environment.V", "a" },
		{ ENV("@{a:hostname}"), "@b.environment.V", "a" },
		{ ENV("@{a:service_name}"), "@b.environment.V", "a" },
		{ ENV("@{a:port}"), "@b.environment.V", "'4000'" },
		{ ENV("@{a:port:hex}"), "@b.environment.V", "'0x0FA0'" },
		{ ENV("@{a:port:decimal}"), "@b.environment.V", "'4000'" },
		{ ENV("@{server_service:hostname}"), "@b.environment.V", "a" },
		{ ENV("@{client_service:hostname}"), "@b.environment.V", "c" },
		{ ENV("x@{a:port}y@{c:port}z"), "@b.environment.V", "x4000y4000z" },
		{ ENV("@{dir} @{unique} @{a:port"), "@b.environment.V",
		    "'@{dir} @{unique} @{a:port'" },
		{ ENV("@{a:ip[x]}"), "error.message",
		    FAULT("@{a:ip[x]}: the service has no such secondary endpoint") },
		{ "services: {a: {secondary_endpoints: {x: 10.0.0.1}}, b: {environment: {V: "
		  "'@{a:ip[x]:decimal}'}}}",
		    "@b.environment.V", "'167772161'" },
		{ ENV("@{x:ip}"), "error.message",
		    FAULT("@{x:...}: there is no service of this name in the test; did you mean "
		          "'c'?") },
		{ ENV("@{a:nose}"), "error.message",
		    FAULT("@{a:nose}: the attribute must be ip, hostname, port or service_name") },
		{ ENV("@{a:ip:octal}"), "error.message",
		    FAULT("@{a:ip:octal}: the format must be dotted, decimal, hex, hostname, "
		          "string or integer") },
		/* Containers have no address before they run. */
		{ "{network_environment: {type: box}, services: {b: {environment: {V: '@{a:ip} "
		  "@{a:ip:hex} @{a:ip[y]} @{a:ip:hostname}'}}, a: {secondary_endpoints: {y: "
		  "h}}}}",
		    "@b.environment.V", "'@{a:ip:dotted} @{a:ip:hex} @{a:ip[y]:dotted} a'" },
		/* What this machine runs or writes cannot wait for that. */
		{ "{network_environment: {type: box}, steps: {pre_commands: [[x, '@{dir}', "
		  "'@{a:hostname}']]}}",
		    "steps.pre_commands", "[[x, '@{dir}', a]]" },
		{ "{network_environment: {type: box}, steps: {post_commands: [['@{a:ip}']]}}",
		    "error.message",
		    FAULT("@{a:ip:dotted}: a container has no address before it runs; ask for its "
		          "hostname") },
		{ "{network_environment: {type: box}, services: {a: {files: [{path: f, text: "
		  "'@{a:ip}'}]}}}",
		    "error.message",
		    FAULT("@{a:ip:dotted}: a container has no address before it runs; ask for its "
		          "hostname") },
	};

	unit("placeholders of services");
	ROWS(base, rows);
}

int
main(void)
{
	open_set(descriptors, countof(descriptors));
	limits();
	environment();
	critical();
	execution();
	habits();
	commands();
	names();
	places();
	order();
	ports();
	clashes();
	addresses();
	references();
	pth_plugins_close(&set);
	return unit_done();
}
