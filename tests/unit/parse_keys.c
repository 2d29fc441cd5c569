/* Keys of an experiment that are not known, and what a matrix makes of a test. */
#include "parsed.h"

static void
keys(void)
{
	static const struct row rows[] = {
		{ "x-mine: {a: 1}", "said", "" },
		{ "x-mine: {a: 1}", "0.x-mine", NULL },
		{ "timeuot: 5", "said",
		    "error: test: unknown key 'timeuot'; did you mean 'timeout'?" },
		{ "{timeuot: 5, timeout: 50}", "said",
		    "error: test: unknown key 'timeuot'; 'timeout' is given, too" },
		{ "note: 5", "said", "warning: test: unknown key 'note'" },
		{ "qqqq: 5", "said", "warning: test: unknown key 'qqqq'" },
		{ "services: {s: {implementation: {anything: 5}}}", "said", "" },
		{ "services: {s: {implementation: {anything: 5}}}",
		    "0.services.s.implementation.anything", "5" },
		{ "services: {s: {timeout: null}}", "said",
		    "warning: timeout: the key has no value and counts as not given" },
		{ "services: {s: {timeout: null}}", "0.services.s.timeout", "60" },
		{ "timeout: null", "said", "" },
		{ "timeout: null", "0.timeout", "null" },
		{ "tags: [a, null]", "said", "error: tags: an item has no value" },
		{ "tags: [a, b]", "0.tags", "[a, b]" },
		{ "tags: a", "said", "error: tags: string 'a'; expected list" },
		{ "services: {s: {protocol: null, implementation: null}}", "said",
		    "warning: service s has no protocol; it is a server of the one that its "
		    "implementation speaks\n"
		    "error: implementation: nothing; expected map\n"
		    "warning: protocol: the key has no value and counts as not given" },
		/* Keys of one environment in another. */
		{ "network_environment: {type: localhost, subnet: 10.0.0.0/24}", "said",
		    "warning: 'network_environment.subnet' (in environment localhost) has no "
		    "effect" },
		{ "network_environment: {type: docker_compose, general: {stop_time: 5}}", "said",
		    "warning: 'network_environment.general' (in environment docker_compose) has no "
		    "effect" },
		{ "network_environment: {type: docker_compose, subnet: 10.0.0.0/24}",
		    "0.network_environment.subnet", "10.0.0.0/24" },
		{ "network_environment: {type: mine, subnet: x}", "said", "" },
		{ "network_environment: {type: mine, container: 'yes'}",
		    "0.network_environment.container", "'yes'" },
		{ "network_environment: {type: localhost, container: 'yes'}",
		    "0.network_environment.container", "true" },
		{ "network_environment: {type: mine, subnet: x}", "0.network_environment.subnet",
		    "x" },
		{ "network_environment: {config: {critical_services: [s]}}",
		    "0.network_environment.critical_services", "[s]" },
		{ "network_environment: {config: {critical_services: [c]}, critical_services: [s]}",
		    "0.network_environment.critical_services", "[s]" },
		{ "network_environment: {plugin_config: {critical_services: [x]}}", "said",
		    "error: there is no service 'x' in this test*" },
		/* A slip in a key of a test, and any key where PANTHER has none, is an error. */
		{ "expects: {status: failed}", "said",
		    "error: test: unknown key 'expects'; did you mean 'expect'?" },
		{ "{expect: {}, expects: {}}", "said",
		    "error: test: unknown key 'expects'; 'expect' is given, too" },
		{ "network_enviroment: {type: localhost}", "said",
		    "error: test: unknown key 'network_enviroment'; 'network_environment' is "
		    "given, too" },
		{ "services: {s: {timeot: 50}}", "said",
		    "error: s: unknown key 'timeot'; did you mean 'timeout'?" },
		{ "services: {s: {should_be_ignore: 1}}", "said",
		    "warning: s: unknown key 'should_be_ignore'" },
		{ "services: {s: {protocol: {rle: peer}}}", "said",
		    "error: protocol: unknown key 'rle'; did you mean 'role'?" },
		{ "EXPECT: {status: failed}", "said",
		    "error: test: unknown key 'EXPECT'; did you mean 'expect'?" },
		{ "services: {s: {Depends-On: x}}", "said",
		    "error: s: unknown key 'Depends-On'; did you mean 'depends_on'?" },
		{ "services: {s: {network: {bindAddress: x}}}", "said",
		    "error: network: unknown key 'bindAddress'; did you mean 'bind_address'?" },
		{ "services: {s: {network: {notes: 1}}}", "said",
		    "warning: network: unknown key 'notes'" },
		/* What only containers have. */
		{ "services: {s: {docker: {build_arg: {}}, volumes: ['a:/b'], network: {mtu: 90}}}",
		    "said",
		    "warning: 'services.*.docker' (in environment localhost), 'services.*.volumes' "
		    "(in environment localhost) and 'services.*.network.mtu' (in environment "
		    "localhost) have no effect\n"
		    "error: docker: unknown key 'build_arg'; did you mean 'build_args'?" },
		{ "{network_environment: {type: localhost, container: true}, "
		  "services: {s: {volumes: ['a:/b']}}}",
		    "said", "" },
		{ "{network_environment: {type: docker_compose}, services: {s: {volumes: ['a:/b', "
		  "'a:/c:rw', 'a:/d:ro,z', 'a:/e:RO', 5]}}}",
		    "said",
		    "warning: volumes: 'z' of 'a:/d:ro,z' has no effect\n"
		    "error: volumes: 'a:/e:RO'; expected ro or rw behind the second ':'\n"
		    "error: volumes: '5'; expected LOCAL:INSIDE or LOCAL:INSIDE:ro" },
		/* A number in the place of a name is a name that there is not. */
		{ "steps: {restart: 5}", "said", "error: there is no service '5' in this test*" },
		{ "steps: [{pause: true}]", "said",
		    "error: there is no service 'true' in this test*" },
		{ "network_environment: {type: 5}", "0.network_environment.type", "'5'" },
		{ "steps: {wiat: 5}", "said",
		    "error: steps: unknown key 'wiat'; did you mean 'wait'?" },
		{ "steps: {notes: 5}", "said", "warning: steps: unknown key 'notes'" },
		{ "steps: {pause: {service: s, notes: 1}}", "said",
		    "error: pause: unknown key 'notes'; expected one of service" },
		{ "steps: [{pause: s, remark: 1}]", "said",
		    "error: steps: unknown key 'remark'; expected one of wait, exec, *" },
		{ "expect: {packet: []}", "said",
		    "error: expect: unknown key 'packet'; did you mean 'packets'?" },
		{ "expect: {anything: []}", "said",
		    "error: expect: unknown key 'anything'; expected one of status, exit, files, "
		    "log, packets, metrics" },
		{ "expect: {x-mine: []}", "said", "" },
		{ "expect: {packets: [{filter: udp, least: 1}]}", "said",
		    "error: packets: unknown key 'least'; expected one of filter, min, max" },
		{ "expect: {metrics: [{name: a, minimum: 1}]}", "said",
		    "error: metrics: unknown key 'minimum'; expected one of name, min, max" },
		{ "expect: {files: [{path: a, digest: b}]}", "said",
		    "error: files: unknown key 'digest'; expected one of path, *" },
		{ "links: [{lag: 5ms}]", "said",
		    "error: links: unknown key 'lag'; expected one of name, between, *" },
		{ "limits: {ram: 5}", "said",
		    "error: limits: unknown key 'ram'; expected one of cpu, *" },
		{ "services: {s: {limits: {ram: 5}}}", "said",
		    "error: limits: unknown key 'ram'; expected one of cpu, *" },
		{ "services: {s: {capture: {bytes: 5}}}", "said",
		    "error: capture: unknown key 'bytes'; expected one of interface, *" },
		{ "capture: {bytes: 5}", "said",
		    "error: capture: unknown key 'bytes'; expected one of *" },
		{ "services: {s: {files: [{path: a, size: 1, mode: x}]}}", "said",
		    "error: files: unknown key 'mode'; expected one of path, size, seed, text" },
		{ "assertions: [{type: port_open, prot: 5}]", "said",
		    "error: port_open needs 'port'\n"
		    "error: assertions: unknown key 'prot'; did you mean 'port'?" },
		{ "assertions: [{type: port_open, port: 5, because: x}]", "said",
		    "warning: assertions: unknown key 'because'" },
		/* Beside the tests PANTHER passes over all of them. */
		{ "top: {fast_fail: {enabeld: true}}", "said",
		    "warning: fast_fail: unknown key 'enabeld'; did you mean 'enabled'?" },
	};

	unit("keys");
	ROWS(rows);
}

static void
matrix(void)
{
	static const struct row rows[] = {
		{ "matrix: {seed: [1, 2], retries: [3, 4]}", "1.name", "'t [1, 4]'" },
		{ "matrix: {seed: [1, 2], retries: [3, 4]}", "2.name", "'t [2, 3]'" },
		{ "matrix: {seed: [1, 2], retries: [3, 4]}", "2.matrix", "{seed: 2, retries: 3}" },
		{ "matrix: {seed: [1, 2], retries: [3, 4]}", "3.of", "4" },
		{ "matrix: {seed: [1, 2], retries: [3, 4]}", "4", NULL },
		/* All fields of an item must fit. */
		{ "matrix: {seed: [1, 2], exclude: [{seed: 1}]}", "0.seed", "2" },
		{ "matrix: {seed: [1, 2], exclude: [{seed: 1}]}", "1", NULL },
		{ "matrix: {seed: [1, 2], retries: [3, 4], exclude: [{seed: 1, retries: 4}]}",
		    "0.name", "'t [1, 3]'" },
		{ "matrix: {seed: [1, 2], retries: [3, 4], exclude: [{seed: 1, retries: 4}]}",
		    "1.name", "'t [2, 3]'" },
		{ "matrix: {seed: [1, 2], retries: [3, 4], exclude: [{retries: 4, seed: 1}]}", "3",
		    NULL },
		{ "matrix: {seed: [1, 2], exclude: [{seed: 3}]}", "1.seed", "2" },
		{ "matrix: {seed: [1, 2], exclude: [{seed: '1'}]}", "0.seed", "1" },
		/* A field that the test does not have fits nothing, not even null. */
		{ "matrix: {seed: [1, 2], exclude: [{seed: 1, retries: 4}]}", "0.seed", "1" },
		{ "matrix: {seed: [1, 2], exclude: [{retries: 4, seed: 1}]}", "0.seed", "1" },
		{ "matrix: {seed: [1, 2], exclude: [{seed: 1, retries: null}]}", "0.seed", "1" },
		{ "matrix: {seed: [1, 2], exclude: [{absent.field: x}]}", "said",
		    "error: matrix: there is no field absent.field to vary" },
		{ "matrix: {seed: [1, 2], exclude: [{services.s.ports.1: x}]}", "1.seed", "2" },
		{ "matrix: {seed: [1, 2], exclude: [{services.s.ports.0: '4443:4443', seed: 2}]}",
		    "1", NULL },
		/* One that it has as it is written does fit. */
		{ "{retries: 4, matrix: {seed: [1, 2], exclude: [{seed: 1, retries: 4}]}}",
		    "0.seed", "2" },
		{ "matrix: {seed: [1, 2], exclude: [{}]}", "1.seed", "2" },
		{ "matrix: {seed: [1, 2], exclude: [{seed: 1}, {seed: 2}]}", "said",
		    "error: matrix: everything is excluded" },
		/* Items of include. */
		{ "matrix: {seed: [1, 2], include: [{seed: 2, retries: 9}]}", "0.retries", "0" },
		{ "matrix: {seed: [1, 2], include: [{seed: 2, retries: 9}]}", "1.retries", "9" },
		{ "matrix: {seed: [1, 2], include: [{seed: 2, retries: 9}]}", "1.matrix",
		    "{seed: 2, retries: 9}" },
		{ "matrix: {seed: [1, 2], include: [{seed: 2, retries: 9}]}", "1.name", "'t [2]'" },
		{ "matrix: {seed: [1, 2], include: [{seed: 2, retries: 9}]}", "2", NULL },
		{ "matrix: {seed: [1, 2], include: [{retries: 9}]}", "0.retries", "9" },
		{ "matrix: {seed: [1, 2], include: [{retries: 9}]}", "1.retries", "9" },
		{ "matrix: {seed: [1, 2], include: [{seed: 7, retries: 9}]}", "2.name",
		    "'t [7, 9]'" },
		{ "matrix: {seed: [1, 2], include: [{seed: 7, name: own}]}", "2.name", "own" },
		{ "matrix: {seed: [1, 2], include: [{seed: 1, name: own}]}", "0.name", "own" },
		{ "matrix: {seed: [1, 2], include: [{seed: 1, retries: 8}, {seed: 1, retries: 9}]}",
		    "0.retries", "9" },
		/* What is left out gets nothing, and the item stands alone. */
		{ "matrix: {seed: [1, 2], exclude: [{seed: 1}], include: [{seed: 1, retries: 9}]}",
		    "1.retries", "9" },
		{ "matrix: {seed: [1, 2], exclude: [{seed: 1}], include: [{seed: 1, retries: 9}]}",
		    "2", NULL },
		{ "matrix: {include: [{seed: 3}]}", "0.seed", "3" },
		{ "matrix: {include: [{seed: 3}]}", "1", NULL },
		{ "matrix: {seed: []}", "said", "error: no values" },
		{ "matrix: {seed: [1], services.s.ports.5: ['1:1']}", "said",
		    "error: matrix: there is no field services.s.ports.5 to vary; the list has "
		    "no such item" },
		{ "matrix: {seed: [1], services.s.ports.1: ['1:1']}", "0.services.s.ports",
		    "['4443:4443', '1:1']" },
		/* A path is what it is with brackets, too, and must lead somewhere. */
		{ "matrix: {'services.s.ports[0]': ['1:1', '2:2']}", "1.services.s.ports",
		    "['2:2']" },
		{ "matrix: {services.s.ports.0: ['1:1', '2:2']}", "1.services.s.ports", "['2:2']" },
		{ "matrix: {'services.s.ports[0]': ['1:1']}", "0.matrix",
		    "{services.s.ports.0: '1:1'}" },
		{ "{links: [{loss: 1}], matrix: {'links[0].loss': [3]}}", "0.links.0.loss", "3.0" },
		{ "matrix: {'links[0].loss': [3]}", "said",
		    "error: matrix: there is no field links.0.loss to vary; the test has no such "
		    "list" },
		{ "matrix: {'services[s].timeout': [70]}", "0.services.s.timeout", "70" },
		{ "matrix: {services.s.ports.0: ['1:1'], 'services.s.ports[0]': ['2:2']}", "said",
		    "error: matrix: services.s.ports.0 replaces services.s.ports.0 above" },
		{ "matrix: {services.s.timeout: [70], services.s: [{}]}", "said",
		    "error: matrix: services.s replaces services.s.timeout above" },
		{ "matrix: {services.s.timeout: [70], include: [{services.s: {}}]}", "said",
		    "error: matrix: services.s replaces services.s.timeout above" },
		{ "matrix: {services.*.timeout: [70]}", "0.services.c.timeout", "70" },
		{ "matrix: {services.*.timeout: [70]}", "0.name", "'t [70]'" },
		{ "matrix: {services.*.timeout: [70], services.s.timeout: [80]}", "said",
		    "error: matrix: services.s.timeout replaces services.*.timeout above" },
		{ "{services: {c: {files: [{path: a, size: 1}]}, s: {files: [{path: a, size: 1}]}},"
		  " matrix: {'services.*.files[0].size': [7]}}",
		    "0.services.c.files.0.size", "7" },
		{ "matrix: {services.server.timeout: [70]}", "said",
		    "error: matrix: there is no field services.server.timeout to vary; the test "
		    "has no "
		    "service of this name" },
		{ "matrix: {services.s.tiemout: [70]}", "said",
		    "error: matrix: there is no field services.s.tiemout to vary; did you mean "
		    "'timeout'?" },
		{ "matrix: {services.s.files.0.size: [70]}", "said",
		    "error: matrix: there is no field services.s.files.0.size to vary; the test "
		    "has no such list" },
		{ "matrix: {timeout.seconds: [70]}", "said",
		    "error: matrix: there is no field timeout.seconds to vary" },
		{ "matrix: {services.s.implementation.mode: [a]}",
		    "0.services.s.implementation.mode", "a" },
		{ "matrix: {services.s.environment.V: [a]}", "0.services.s.environment", "{V: a}" },
		{ "matrix: {network_environment.level: [a]}", "0.network_environment.level", "a" },
		{ "matrix: {include: [{nosuch: 1, seed: 2}]}", "said",
		    "error: matrix: there is no field nosuch to vary" },
		{ "matrix: {matrix: [1]}", "said", "error: matrix: there is no field matrix to *" },
		/* It is read before a matrix is. */
		{ "matrix: {services.s.implementation.version_config: [one, a.yaml]}", "said",
		    "error: version_config: a file is read before a matrix is; write here *" },
		{ "matrix: {services.s.implementation.version_config: [one, {commit: a}]}",
		    "1.services.s.implementation.version_config", "{commit: a}" },
		{ "matrix: {services.s.include: [a.yaml]}", "said",
		    "error: matrix: there is no field services.s.include to vary*" },
		/* What leaves nothing out is said. */
		{ "matrix: {seed: [1, 2], exclude: [{seed: 3}]}", "said",
		    "warning: exclude: no combination has these values" },
		{ "matrix: {seed: [1, 2], exclude: [{}]}", "said",
		    "warning: exclude: no combination has these values" },
		{ "matrix: {seed: [1, 2], exclude: [{seed: 1}, {seed: 1}]}", "said", "" },
		{ "matrix: {steps.wait: [7]}", "0.steps.wait", "7" },
		{ "matrix: {seed: [null]}", "0.name", "'t [null]'" },
		{ "{matrix: {seed: [1, 2]}, iterations: 2}", "3.id", "004-t-2-i2" },
		{ "{matrix: {seed: [1, 2]}, iterations: 2}", "2.iteration", "1" },
		{ "{matrix: {seed: [1, 2]}, iterations: 2}", "3.seed", "2" },
	};

	unit("variants of a matrix");
	ROWS(rows);
}

/* Axes and names have an end. */
static void
matrix_limits(void)
{
	pth_auto_buf b = PTH_BUF_INIT;
	pth_auto_buf name = PTH_BUF_INIT;
	struct row r = { NULL, "said", NULL };

	unit("how much a matrix may have");
	for (int n = 16; n <= 17; n++) {
		pth_buf_cut(&b, 0);
		pth_buf_adds(&b, "matrix: {");
		for (int i = 0; i < n; i++)
			pth_buf_addf(&b, "services.s.environment.V%d: [1], ", i);
		pth_buf_adds(&b, "}");
		r = (struct row){ b.s, "said", n == 16 ? "" : "error: more than 16 fields" };
		check_row(base, &r, parsed, in_records);
	}
	/* A name has at most 200 bytes, and is not cut within a character. */
	for (int n = 190; n <= 200; n++) {
		const json_t *v;
		pth_auto_buf said = PTH_BUF_INIT;
		json_auto_t *list = NULL;

		pth_buf_cut(&b, 0);
		pth_buf_cut(&name, 0);
		for (int i = 0; i < n - 4; i++)
			pth_buf_addc(&name, 'n');
		pth_buf_addf(
		    &b, "matrix: {services.s.environment.V: ['%s\xc3\xa4\xc3\xa4']}", name.s);
		list = parsed(base, b.s, &said);
		v = pth_json_path(list, "0.name");
		CHECK_INT(json_string_length(v) <= 200, 1);
		CHECK(json_string_length(v) >= 198 || json_string_length(v) == (size_t)n + 4);
		CHECK(v != NULL && json_string_value(v)[json_string_length(v) - 1] == ']');
		CHECK_STR(said.s, NULL);
	}
}

int
main(void)
{
	keys();
	matrix();
	matrix_limits();
	return unit_done();
}
