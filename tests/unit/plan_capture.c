/* What is captured of a test: which interface, which packets, how much of them. */
#include "planned.h"

static const struct descriptor descriptors[] = {
	{ "p/protocols/proto.yaml",
	    "plugin: proto\nkind: protocol\ntransport: udp\nport: 4000\n"
	    "decode: ['udp.port=={{ port }},proto', common]\n" },
	{ "p/services/iut/proto/prog.yaml",
	    "plugin: prog\nkind: iut\nprotocol: proto\ncommands: {any: [prog]}\n"
	    "keylogs: [keys.log]\n" },
	{ "p/environments/network/net.yaml",
	    "plugin: net\nkind: network_environment\nisolation: full\naddress: 127.0.0.1\n"
	    "capture: {interface: lo0, file: c.pcapng}\nparameters: {capture: true}\n" },
	{ "p/environments/network/box.yaml",
	    "plugin: box\nkind: network_environment\nisolation: container\naddress: '{{ name }}'\n"
	    "capture: {interface: eth1, file: c.pcapng}\n"
	    "parameters: {capture: true, container: false}\n" },
	{ "p/environments/network/bare.yaml",
	    "plugin: bare\nkind: network_environment\nisolation: full\naddress: 127.0.0.1\n" },
};

/* A server, its client, and a client that talks to nobody. */
static const char base[] =
    "id: t\nnetwork_environment: {type: net}\nservices:\n"
    "  a: {implementation: {name: prog}, protocol: {name: proto}}\n"
    "  c: {implementation: {name: prog}, protocol: {name: proto, role: client, target: a}}\n"
    "  n: {implementation: {name: prog}, protocol: {name: proto, role: client}}\n";

/* Only n has a capture of its own, so that nothing else is said. */
#define N "no capture of this service: it has no port, and no target with one; give it a filter"

static void
whole(void)
{
	static const struct row rows[] = {
		{ "{}", "plan.capture",
		    "{interface: lo0, file: c.pcapng, max_size: 1073741824, keylogs: "
		    "[a/keys.log, c/keys.log, n/keys.log], decode: ['udp.port==4000,proto', "
		    "common, 'udp.port==0,proto']}" },
		{ "{}", "@a.capture", NULL },
		{ "capture: true", "plan.capture.interface", "lo0" },
		{ "capture: false", "plan.capture", "null" },
		{ "capture: {enabled: false}", "plan.capture", "null" },
		{ "capture: {enabled: true}", "plan.capture.interface", "lo0" },
		{ "steps: {record_pcap: false}", "plan.capture", "null" },
		{ "steps: {record_pcap: true}", "plan.capture.interface", "lo0" },
		{ "network_environment: {capture: false}", "plan.capture", "null" },
		{ "capture: {interface: x}", "plan.capture.interface", "x" },
		{ "{}", "plan.capture.snaplen", NULL },
		{ "capture: {snaplen: 0}", "plan.capture.snaplen", NULL },
		{ "capture: {snaplen: 1}", "plan.capture.snaplen", "1" },
		{ "{}", "plan.capture.buffer", NULL },
		{ "capture: {buffer: 524288}", "plan.capture.buffer", "524288" },
	};

	unit("the capture of a test");
	ROWS(base, rows);
}

static void
filters(void)
{
#define X                                                                                          \
	"0:0: error: capture.filter: @{x:...}: there is no service of this name in the test; did " \
	"you mean "                                                                                \
	"'a'?"
	static const struct row rows[] = {
		{ "{}", "plan.capture.filter", NULL },
		{ "{}", "plan.capture.bpf", NULL },
		{ "capture: {filter: ''}", "plan.capture.filter", NULL },
		{ "capture: {filter: udp port 7}", "plan.capture.filter", "udp port 7" },
		/* Keep all, of at most the whole packet; or nothing. */
		{ "capture: {filter: len >= 0}", "plan.capture.bpf",
		    "[[128, 0, 0, 0], [53, 0, 1, 0], [6, 0, 0, 262144], [6, 0, 0, 0]]" },
		{ "capture: {filter: len >= 0, snaplen: 96}", "plan.capture.bpf",
		    "[[128, 0, 0, 0], [53, 0, 1, 0], [6, 0, 0, 96], [6, 0, 0, 0]]" },
		{ "capture: {filter: 'udp port @{a:port}'}", "plan.capture.filter",
		    "udp port 4000" },
		{ "capture: {filter: 'host @{a:ip}'}", "plan.capture.filter", "host 127.0.0.1" },
		{ "{network_environment: {type: box}, capture: {filter: 'host @{a:ip}'}}", "said",
		    "0:0: error: capture.filter: an address of @{...} is not known before the test "
		    "runs; filter by port" },
		{ "{marks: {capture.filter: [3, 4]}, capture: {filter: udp prot 7}}", "said",
		    "3:4: error: capture.filter: *syntax error*" },
		{ "{capture: {filter: 'port @{x:port}'}}", "said", X },
		{ "{marks: {services.a.capture.filter: [3, 4]}, services: {a: {capture: {filter: "
		  "prot}}}}",
		    "said", "3:4: error: capture.filter: *syntax error*" },
		/* What is wrong with the test's filter is said once. */
		{ "{capture: {per_service: true, filter: '@{x:port}'}}", "said", X },
		{ "{capture: {enabled: false, filter: '@{x:port}'}}", "said", X },
		{ "{capture: {filter: '@{x:port}'}, services: {a: {capture: {filter: "
		  "'@{x:port}'}}, c: {capture: true}}}",
		    "said", X "\n" X },
	};

	unit("filters");
	ROWS(base, rows);
}

static void
services(void)
{
	static const struct row rows[] = {
		{ "services: {a: {capture: true}}", "@a.capture.file", "a/c.pcapng" },
		{ "services: {a: {capture: true}}", "@a.capture.filter", "port 4000" },
		{ "services: {a: {name: x, capture: true}}", "@x.capture.file", "x/c.pcapng" },
		{ "services: {a: {capture: true}}", "@c.capture", NULL },
		{ "services: {a: {capture: true}}", "plan.capture.file", "c.pcapng" },
		{ "{capture: false, services: {a: {capture: true}}}", "plan.capture.file", "null" },
		{ "{capture: false, services: {a: {capture: true}}}", "plan.capture.keylogs",
		    "[a/keys.log, c/keys.log, n/keys.log]" },
		{ "services: {c: {capture: true}}", "@c.capture.filter", "port 4000" },
		{ "services: {n: {capture: true}}", "@n.capture", NULL },
		{ "{marks: {services.n.capture: [1, 2]}, services: {n: {capture: true}}}", "said",
		    "1:2: warning: capture: " N },
		{ "services: {n: {capture: {filter: tcp}}}", "@n.capture.filter", "tcp" },
		{ "services: {n: {capture: {filter: ''}}}", "@n.capture.filter", NULL },
		{ "services: {n: {capture: {filter: ''}}}", "said", "" },
		{ "{capture: {filter: udp or tcp}, services: {a: {capture: true}}}",
		    "@a.capture.filter", "port 4000 and (udp or tcp)" },
		{ "{capture: {filter: ''}, services: {a: {capture: true}}}", "@a.capture.filter",
		    "port 4000" },
		{ "{capture: {filter: udp}, services: {a: {capture: {filter: tcp}}}}",
		    "@a.capture.filter", "tcp" },
		{ "capture: {per_service: true}", "@a.capture.filter", "port 4000" },
		{ "capture: {per_service: true}", "@c.capture.filter", "port 4000" },
		{ "capture: {per_service: true}", "said", "0:0: warning: capture: " N },
		{ "{capture: {per_service: true}, services: {a: {capture: false}}}", "@a.capture",
		    NULL },
		/* Its own options, then those of the test. */
		{ "{capture: {interface: x, snaplen: 7, buffer: 600000}, services: {a: {capture: "
		  "true}}}",
		    "@a.capture.interface", "x" },
		{ "{capture: {interface: x, snaplen: 7, buffer: 600000}, services: {a: {capture: "
		  "{interface: y}}}}",
		    "@a.capture.interface", "y" },
		{ "{capture: {interface: x, snaplen: 7, buffer: 600000}, services: {a: {capture: "
		  "{interface: null}}}}",
		    "@a.capture.interface", "x" },
		{ "{capture: {snaplen: 7, buffer: 600000}, services: {a: {capture: true}}}",
		    "@a.capture.snaplen", "7" },
		{ "{capture: {snaplen: 7, buffer: 600000}, services: {a: {capture: {snaplen: 8}}}}",
		    "@a.capture.snaplen", "8" },
		{ "{capture: {snaplen: 7, buffer: 600000}, services: {a: {capture: {snaplen: 0}}}}",
		    "@a.capture.snaplen", NULL },
		{ "{capture: {snaplen: 7, buffer: 600000}, services: {a: {capture: {snaplen: 8}}}}",
		    "@a.capture.buffer", "600000" },
	};

	unit("captures of single services");
	ROWS(base, rows);
}

static void
limits(void)
{
	static const struct row rows[] = {
		{ "capture: {ring: 8192}", "plan.capture.ring", "{files: 2, size: 4096}" },
		{ "capture: {ring: 8193}", "plan.capture.ring", "{files: 2, size: 4096}" },
		{ "capture: {ring: {files: 3, size: 5000}}", "plan.capture.ring",
		    "{files: 3, size: 5000}" },
		{ "capture: {ring: 8192}", "plan.capture.max_size", NULL },
		{ "capture: {max_size: 4095}", "said",
		    "0:0: error: capture.max_size: at least 4096 bytes, or 0: no end" },
		{ "capture: {max_size: 4096}", "plan.capture.max_size", "4096" },
		{ "capture: {max_size: 0}", "plan.capture.max_size", "0" },
		{ "{marks: {capture.max_size: [2, 3]}, capture: {max_size: 1}}", "said",
		    "2:3: error: capture.max_size: at least 4096 bytes, or 0: no end" },
		{ "capture: {ring: 8192, max_size: 4096}", "said",
		    "0:0: error: capture.max_size: a ring has no end; give one of the two" },
		{ "services: {a: {capture: {ring: 8192, max_size: 4096}}}", "said",
		    "0:0: error: capture.max_size: a ring has no end; give one of the two" },
		{ "{capture: {ring: 8192, max_size: 4096}, services: {a: {capture: true}}}", "said",
		    "0:0: error: capture.max_size: a ring has no end; give one of the two" },
		/* One of its own, and it takes neither from the test. */
		{ "{capture: {ring: 8192}, services: {a: {capture: {max_size: 5000}}}}",
		    "@a.capture.ring", NULL },
		{ "{capture: {ring: 8192}, services: {a: {capture: {max_size: 5000}}}}",
		    "@a.capture.max_size", "5000" },
		{ "{capture: {max_size: 5000}, services: {a: {capture: {ring: 8192}}}}",
		    "@a.capture.max_size", NULL },
		{ "{capture: {max_size: 5000}, services: {a: {capture: {ring: 8192}}}}",
		    "@a.capture.ring.size", "4096" },
		{ "{capture: {max_size: 5000}, services: {a: {capture: true}}}",
		    "@a.capture.max_size", "5000" },
		{ "{capture: {ring: 8192}, services: {a: {capture: {snaplen: 5}}}}",
		    "@a.capture.ring", "{files: 2, size: 4096}" },
	};

	unit("rings and ends");
	ROWS(base, rows);
}

/* Those that say nothing share what is left of 1 GiB, and have 16 MiB at least. */
static void
shares(void)
{
	static const struct row rows[] = {
		{ "services: {a: {capture: true}}", "plan.capture.max_size", "536870912" },
		{ "services: {a: {capture: true}}", "@a.capture.max_size", "536870912" },
		{ "services: {a: {capture: true}, c: {capture: true}, n: {capture: {filter: "
		  "tcp}}}",
		    "plan.capture.max_size", "268435456" },
		{ "{capture: {max_size: 4096}, services: {a: {capture: {snaplen: 1}}}}",
		    "plan.capture.max_size", "4096" },
		{ "services: {a: {capture: {max_size: 1048576}}}", "plan.capture.max_size",
		    "1072693248" },
		{ "services: {a: {capture: {max_size: 0}}}", "plan.capture.max_size",
		    "1073741824" },
		{ "services: {a: {capture: {max_size: 0}}}", "@a.capture.max_size", "0" },
		{ "services: {a: {capture: {ring: {files: 3, size: 1048576}}}}",
		    "plan.capture.max_size", "1070596096" },
		{ "services: {a: {capture: {max_size: 1073741824}}}", "plan.capture.max_size",
		    "16777216" },
		{ "services: {a: {capture: {max_size: 1056964608}}}", "plan.capture.max_size",
		    "16777216" },
		{ "services: {a: {capture: {max_size: 1056964607}}}", "plan.capture.max_size",
		    "16777217" },
		{ "services: {a: {capture: {max_size: 9007199254740992}}, c: {capture: {ring: "
		  "{files: 1000, size: 9007199254740992}}}}",
		    "plan.capture.max_size", "16777216" },
		{ "{capture: {enabled: false}, services: {a: {capture: {max_size: 1048576}}, c: "
		  "{capture: true}}}",
		    "@c.capture.max_size", "1072693248" },
		{ "{capture: {enabled: false}, services: {a: {capture: true}}}",
		    "plan.capture.max_size", NULL },
		{ "{network_environment: {type: box}}", "plan.capture.max_size", "357913941" },
		{ "{network_environment: {type: box, container: true}}", "plan.capture.max_size",
		    "1073741824" },
		{ "{network_environment: {type: box}, services: {a: {capture: {snaplen: 5}}}}",
		    "plan.capture.max_size", "357913941" },
		{ "{network_environment: {type: box}, services: {a: {capture: false}}}",
		    "plan.capture.max_size", "536870912" },
		{ "{network_environment: {type: box}, services: {a: {capture: {max_size: "
		  "1048576}}}}",
		    "plan.capture.max_size", "536346624" },
	};

	unit("captures share the disk");
	ROWS(base, rows);
}

static void
networks(void)
{
	static const char own[] = "{network_environment: {type: box}, capture: {filter: udp}, "
	                          "services: {a: {capture: {snaplen: 5}}}}";
	/* Where each service has a network it is captured there: only what differs is told. */
	static const struct row rows[] = {
		{ "{network_environment: {type: box}}", "plan.capture.interface", "eth1" },
		{ "{network_environment: {type: box}}", "@a.capture", NULL },
		{ "{network_environment: {type: box}, capture: {per_service: true}}", "@a.capture",
		    NULL },
		{ "{network_environment: {type: box}, capture: {per_service: true}}", "said", "" },
		{ "{network_environment: {type: box}, services: {a: {capture: false}}}",
		    "@a.capture", "false" },
		{ "{network_environment: {type: box}, capture: false, services: {a: {capture: "
		  "false}}}",
		    "@a.capture", NULL },
		{ "services: {a: {capture: false}}", "@a.capture", NULL },
		{ own, "@a.capture.snaplen", "5" },
		{ own, "@a.capture.filter", "udp" },
		{ "{network_environment: {type: box}, capture: {enabled: false, per_service: "
		  "true}}",
		    "@n.capture.interface", "eth1" },
		{ "{network_environment: {type: box}, capture: {enabled: false, per_service: "
		  "true}}",
		    "@a.capture.filter", NULL },
	};

	unit("services with networks of their own");
	ROWS(base, rows);
}

static void
in_vain(void)
{
#define VAIN(path) path "capture: no effect in environment bare"
	static const struct row rows[] = {
		{ "network_environment: {type: bare}", "plan.capture", "null" },
		{ "network_environment: {type: bare}", "said", "" },
		{ "{network_environment: {type: bare}, capture: false}", "said", "" },
		{ "{network_environment: {type: bare}, capture: {enabled: false}}", "said", "" },
		{ "{network_environment: {type: bare}, capture: {snaplen: 5}, marks: {capture: "
		  "[1, 1], services.a.capture: [2, 2]}}",
		    "said", VAIN("1:1: warning: ") },
		{ "{network_environment: {type: bare}, services: {a: {capture: true}}, marks: "
		  "{capture: [1, 1], services.a.capture: [2, 2]}}",
		    "said", VAIN("2:2: warning: ") },
		{ "{network_environment: {type: bare}, services: {a: {capture: false}}}", "said",
		    "" },
	};

	unit("a capture where there is none");
	ROWS(base, rows);
}

int
main(void)
{
	open_set(descriptors, countof(descriptors));
	whole();
	filters();
	services();
	limits();
	shares();
	networks();
	in_vain();
	pth_plugins_close(&set);
	return unit_done();
}
