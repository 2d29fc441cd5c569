/*
 * What pth-compose makes of a test in Shadow, as rows: what is changed in a plain test, and what
 * is then at a path of its record.
 */
#include "shadow/shadow.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/json.h"
#include "io/record.h"
#include "patched.h"
#include "quoted.h"
#include "shadow/priv.h"
#include "unit.h"

static const char plain[] =
    "{'pth':1,'type':'test','id':'001-x','seed':7,'services':{'the_server':{},'client':{}},"
    "'network_environment':{'type':'shadow_ns'},'plan':{'environment':{'type':'shadow_ns',"
    "'isolation':'simulator','parameters':{'general':{'stop_time':'300s'},'experimental':{"
    "'strace_logging_mode':'standard'},'network':{'latency':10,'jitter':0,'packet_loss':0.0},"
    "'host_option_defaults':{'pcap_enabled':true},'hosts':{}}},'timeout_us':90000000,"
    "'wait_us':null,'setup':[],'requires':[{'program':'shadow'},{'program':'openssl'}],"
    "'capture':{'interface':'eth0','file':'eth0.pcap'},'order':['the_server','client'],"
    "'services':[{'name':'the_server','plugin':'p','role':'server','finite':false,'after':[],"
    "'address':'11.0.0.1','port':4443,'dirs':['d'],'files':[{'path':'f','text':'t'}],"
    "'environment':{'A':'1'},'phases':{'pre_run':[{'argv':['pre'],'cwd':'in'}],"
    "'run':{'argv':['s','-p','1'],'env':{'B':'2'}},'post_run':[{'argv':['post']}]},'ready':[],"
    "'stop':{'signal':'TERM'},'timeout_us':60000000,'requires':[{'program':'s'}]},"
    "{'name':'client','plugin':'q','role':'client','finite':true,"
    "'after':[{'service':'the_server','state':'ready'}],'address':'11.0.0.2','port':4443,"
    "'environment':{},'phases':{'run':{'argv':['c']}},'ready':[],'timeout_us':60000000}]}}";

/* The test with changes, "'path': value, ..."; a path that begins with "=" adds a third service. */
static json_t *
changed(const char *changes)
{
	json_t *rec = json(plain), *list = pth_json_path(rec, "plan.services"), *v;
	pth_auto_buf b = PTH_BUF_INIT;
	json_auto_t *all = NULL;
	const char *key;

	pth_buf_addf(&b, "{%s}", changes);
	all = json(b.s);
	CHECK(all != NULL);
	json_object_foreach(all, key, v) {
		json_t *third;

		if (*key != '=') {
			set(rec, key, json_incref(v));
			continue;
		}
		third = json_deep_copy(json_array_get(list, 1));
		pth_svc_set_name(third, key + 1);
		pth_svc_set_address(third, "11.0.0.3");
		json_array_append_new(list, third);
	}
	return rec;
}

/* "spec PATH" is in shadow.json. New reference, or NULL. */
static json_t *
look(const json_t *rec, const char *path)
{
	json_auto_t *spec = NULL;
	json_t *f;
	size_t i;

	if (strncmp(path, "spec ", 5) != 0)
		return json_incref(pth_json_path(rec, path));
	json_array_foreach(pth_json_path(rec, "compose.plan.files"), i, f)
		if (strcmp(pth_content_path(f), PTH_SHADOW_SPEC) == 0)
			spec = json(pth_content_text(f));
	return json_incref(pth_json_path(spec, path + 5));
}

struct row {
	const char *what; /* of this row and those that follow; NULL: as before */
	const char *changes, *path, *want;
};

static void
show(struct pth_buf *b, const json_t *v)
{
	if (v == NULL)
		pth_buf_addc(b, '-');
	else if (json_is_string(v))
		pth_buf_adds(b, json_string_value(v));
	else
		pth_json_dump(b, v);
}

/* The text after "* " is somewhere in it, that after "! " nowhere. */
static bool
fits(const char *got, const char *want)
{
	if ((*want == '*' || *want == '!') && want[1] == ' ')
		return (strstr(got, want + 2) != NULL) == (*want == '*');
	return strcmp(got, want) == 0;
}

/* What was said, each problem a line. */
static void
said(struct pth_buf *b, const struct pth_diags *d)
{
	for (size_t i = 0; i < d->n; i++)
		pth_buf_addf(b, "%s: %s\n", d->v[i].severity == PTH_ERROR ? "error" : "warning",
		    d->v[i].text);
}

static void
one(size_t i, const struct row *v)
{
	json_auto_t *rec = changed(v->changes), *found = NULL;
	pth_auto_buf got = PTH_BUF_INIT, want = PTH_BUF_INIT, all = PTH_BUF_INIT;
	struct pth_err e = { 0 };
	struct pth_diags d;
	bool words;
	int r;

	pth_diags_init(&d, "");
	r = pth_shadow_test(rec, &d, &e);
	said(&all, &d);
	words = strcmp(v->path, "error") == 0 || strcmp(v->path, "said") == 0;
	for (const char *p = v->want; *p != '\0'; p++)
		pth_buf_addc(&want, *p == '\'' && !words ? '"' : *p);
	if (strcmp(v->path, "error") == 0) {
		CHECK_INT(r, -1);
		CHECK_INT(e.code, PTH_INPUT);
		CHECK(pth_test_compose(rec) == NULL);
		pth_buf_add(&got, e.text, strnlen(e.text, want.len));
	} else if (strcmp(v->path, "said") == 0) {
		pth_buf_adds(&got, all.s != NULL ? all.s : "");
	} else {
		CHECK_INT(r, 0);
		found = look(rec, v->path);
		show(&got, found);
	}
	if (!CHECK(fits(got.s != NULL ? got.s : "", want.s != NULL ? want.s : "")))
		printf("    row %zu, %s: %s\n    not %s\n    said: %s\n", i, v->path, got.s, want.s,
		    all.s != NULL ? all.s : "");
	pth_diags_release(&d);
}

static void
rows(const struct row *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].what != NULL)
			unit(v[i].what);
		one(i, &v[i]);
	}
}

#define DOC "compose.document."
#define PARAM "'plan.environment.parameters."
#define GIVEN "'network_environment."
#define SVC "'plan.services."
#define SERVER DOC "hosts.the-server."
#define CLIENT DOC "hosts.client."

static void
sections(void)
{
	static const struct row v[] = {
		{ "sections", "", DOC "general.stop_time", "300 s" },
		{ NULL, "'plan.wait_us': 20000000", DOC "general.stop_time", "20 s" },
		{ NULL,
		    "'plan.wait_us': 20000000, " PARAM "general': {'stop_time': 100}, " GIVEN
		    "general': {'stop_time': 100}",
		    DOC "general.stop_time", "100 s" },
		{ NULL, "", DOC "general.data_directory", "@{dir}/shadow.data" },
		{ NULL, "", DOC "general.seed", "7" },
		{ NULL, "'seed': null", DOC "general.seed", "0" },
		{ NULL, "'seed': 4294967297", DOC "general.seed", "0" },
		{ NULL, "'seed': 8589934593", DOC "general.seed", "3" },
		{ NULL, "", DOC "general.parallelism", "1" },
		{ NULL, "", DOC "general.model_unblocked_syscall_latency", "false" },
		{ NULL, PARAM "general': {'model_unblocked_syscall_latency': true}",
		    DOC "general.model_unblocked_syscall_latency", "true" },
		{ NULL, "", DOC "experimental",
		    "{'strace_logging_mode':'standard','use_cpu_pinning':false}" },
		{ NULL, PARAM "experimental': {'use_cpu_pinning': true}", DOC "experimental",
		    "{'use_cpu_pinning':true}" },
		{ NULL, "", DOC "host_option_defaults", "{'pcap_enabled':true}" },
		{ NULL, "'plan.capture': null", DOC "host_option_defaults.pcap_enabled", "false" },
		{ NULL, PARAM "host_option_defaults': {'log_level': 'debug'}",
		    DOC "host_option_defaults.log_level", "debug" },
		{ NULL, "'plan.capture.snaplen': 96", DOC "host_option_defaults.pcap_capture_size",
		    "96 B" },
		{ NULL, "'plan.services.1.capture': false", CLIENT "host_options",
		    "{'pcap_enabled':false}" },
		{ NULL, "'plan.services.1.capture': false", "spec services.1.pcap", "false" },
		{ NULL, "'plan.services.1.capture': false", "spec services.0.pcap", "true" },
	};

	rows(v, countof(v));
}

static void
graphs(void)
{
	static const struct row v[] = {
		{ "the network", "", DOC "network.graph.type", "gml" },
		{ NULL, "", DOC "network.graph.inline",
		    "graph [\n  directed 0\n"
		    "  node [\n    id 0\n    host_bandwidth_down \"100 Mbit\"\n"
		    "    host_bandwidth_up \"100 Mbit\"\n  ]\n"
		    "  node [\n    id 1\n    host_bandwidth_down \"100 Mbit\"\n"
		    "    host_bandwidth_up \"100 Mbit\"\n  ]\n"
		    "  edge [\n    source 0\n    target 0\n    latency \"1 ms\"\n  ]\n"
		    "  edge [\n    source 1\n    target 1\n    latency \"1 ms\"\n  ]\n"
		    "  edge [\n    source 0\n    target 1\n    latency \"10 ms\"\n  ]\n]\n" },
		{ NULL, PARAM "latency': '7ms'", DOC "network.graph.inline", "* latency \"7 ms\"" },
		{ NULL, PARAM "jitter': '3ms'", DOC "network.graph.inline", "* jitter \"3 ms\"" },
		{ NULL, PARAM "packet_loss': 0.25", DOC "network.graph.inline",
		    "* packet_loss 0.25" },
		{ NULL, PARAM "bandwidth': '7 Mbit'", DOC "network.graph.inline",
		    "* host_bandwidth_down \"7 Mbit\"" },
		{ NULL, PARAM "network': {'latency': '1.5ms', 'jitter': 2.5, 'packet_loss': 0.02}",
		    DOC "network.graph.inline",
		    "* latency \"1500 us\"\n    jitter \"2500 us\"\n    packet_loss 0.02\n  ]" },
		{ NULL, PARAM "network': {'jitter': 10}", DOC "network.graph.inline",
		    "* latency \"10 ms\"\n    jitter \"10 ms\"\n    packet_loss 0.0\n" },
		{ NULL, PARAM "network.bandwidth': '10mbit'", DOC "network.graph.inline",
		    "* up \"10 Mbit\"" },
		{ NULL, PARAM "network.bandwidth': '1.5 Gbit'", DOC "network.graph.inline",
		    "* up \"1500 Mbit\"" },
		{ NULL, PARAM "network.bandwidth': 'much'", "error",
		    "bandwidth: expected bits per second, as 10mbit or \"100 Mbit\"" },
		{ NULL, PARAM "network.latency': 0", "error",
		    "latency: Shadow has no link without delay; at least 1us" },
		{ NULL, GIVEN "network': {'jitter': 10}, " PARAM "network.jitter': 10", "said",
		    "* warning: jitter is written down and has no effect" },
		{ NULL, "", "said", "" },
		{ "hosts at one node", PARAM "hosts': {'client': {'network_node_id': 0}}",
		    DOC "network.graph.inline",
		    "* edge [\n    source 0\n    target 0\n    latency \"10 ms\"\n  ]\n]\n" },
		{ NULL, PARAM "hosts': {'client': {'network_node_id': 5}}",
		    DOC "network.graph.inline", "* source 0\n    target 5\n" },
		{ NULL, PARAM "hosts': {'client': {'network_node_id': 5}}",
		    CLIENT "network_node_id", "5" },
		{ "a third host", "'=c': 1", DOC "network.use_shortest_path", "false" },
		{ NULL, "", DOC "network.use_shortest_path", "-" },
		{ NULL, "'=c': 1", DOC "network.graph.inline", "* source 1\n    target 2\n" },
	};

	rows(v, countof(v));
}

#define ENDS "'links': [{'between': ['the_server', 'client'], "

static void
links(void)
{
	static const struct row v[] = {
		{ "links between two", ENDS "'latency': '50ms', 'loss': 2.5}], '=c': 1",
		    DOC "network.graph.inline",
		    "* source 0\n    target 1\n    latency \"50 ms\"\n    packet_loss 0.025\n" },
		{ NULL, ENDS "'latency': '50ms'}], '=c': 1", DOC "network.graph.inline",
		    "* source 0\n    target 2\n    latency \"10 ms\"\n" },
		{ NULL, ENDS "'rate': '10mbit'}]", CLIENT "bandwidth_up", "10 Mbit" },
		{ NULL, ENDS "'rate': '10mbit'}]", SERVER "bandwidth_down", "10 Mbit" },
		{ NULL, ENDS "'rate': '10mbit'}], '=c': 1", "said",
		    "* warning: rate: Shadow has rates of hosts, not of links" },
		{ NULL, ENDS "'rate': 'fast'}]", "error", "rate: expected bits per second" },
		{ NULL, ENDS "'latency': 'slow'}]", "error",
		    "latency: expected a duration, as 10ms" },
		{ "all links", "'links': [{'latency': '20ms', 'rate': '1gbit'}]",
		    DOC "network.graph.inline", "* up \"1 Gbit\"" },
		{ NULL, ENDS "'loss': 1}, {'latency': '20ms'}]", DOC "network.graph.inline",
		    "* latency \"20 ms\"\n    packet_loss 0.01\n" },
		{ "what Shadow does not do", ENDS "'corrupt': 1}]", "error",
		    "links: Shadow cannot do 'corrupt'" },
		{ NULL, ENDS "'down': true}]", "error", "links: Shadow cannot do 'down'" },
		{ NULL, ENDS "'down': false}]", "said", "" },
		{ NULL, ENDS "'profile': 'lte'}]", "error",
		    "links: Shadow does not know 'profile'" },
		{ NULL, ENDS "'direction': 'forward'}]", "error",
		    "links: Shadow's links are the same in both directions" },
		{ NULL, "'links': [{'between': ['client', 'client']}]", "error",
		    "links: 'between' must name two services" },
		{ NULL, ENDS "'loss': 1}], '=c': 1, " PARAM "hosts': {'c': {'network_node_id': 0}}",
		    "error", "links: the_server and client share nodes with others" },
	};

	rows(v, countof(v));
}

static void
hosts(void)
{
	static const struct row v[] = {
		{ "hosts", "", SERVER "ip_addr", "11.0.0.1" },
		{ NULL, "'plan.services.1.name': 'The.Server'", DOC "hosts.the-server-2.ip_addr",
		    "11.0.0.2" },
		{ NULL, "'plan.services.1.name': '_'", DOC "hosts.h-.ip_addr", "11.0.0.2" },
		{ NULL, "", "spec services.0.host", "the-server" },
		{ NULL, "", "spec services.0.name", "the_server" },
		{ NULL, "'plan.services.1.address': '11.0.0.1'", "error",
		    "hosts: the_server and client both have the address 11.0.0.1" },
		{ NULL, "'plan.services.1.address': '::1'", "error",
		    "hosts: '::1' is no IPv4 address" },
		{ NULL, PARAM "hosts': {'client': {'network_node_id': 4294967296}}", "error",
		    "network_node_id: 0 to 4294967295" },
		{ NULL, PARAM "hosts': {'no': {}}", "error",
		    "hosts: 'no' is no service of this test, and no role" },
		{ "times", "", SERVER "processes.0.start_time", "1 s" },
		{ NULL, "", CLIENT "processes.0.start_time", "5 s" },
		{ NULL, PARAM "hosts': {'server': {'start_time': 2}}",
		    CLIENT "processes.0.start_time", "6 s" },
		{ NULL, PARAM "hosts': {'client': {'start_time': '2.5s'}}",
		    CLIENT "processes.0.start_time", "2500 ms" },
		{ NULL, SVC "0.ready': [{'kind': 'delay', 'us': 9000000}]",
		    CLIENT "processes.0.start_time", "10 s" },
		{ NULL, SVC "1.after': [{'service': 'the_server', 'state': 'completed'}]", "error",
		    "client waits for the end of the_server" },
		{ NULL, PARAM "hosts': {'client': {'start_time': 300}}", "error",
		    "client starts at 300 s, but the simulation stops at 300 s" },
		{ NULL, "'plan.wait_us': 4000000", "error",
		    "client starts at 5 s, but the simulation stops at 4 s" },
		{ NULL, "", CLIENT "processes.0.shutdown_time", "65 s" },
		{ NULL, "", CLIENT "processes.0.shutdown_signal", "SIGKILL" },
		{ NULL, "", "spec services.1.shutdown_us", "65000000" },
		{ NULL, "'plan.wait_us': 65000000", CLIENT "processes.0.shutdown_time", "-" },
		{ NULL, "", SERVER "processes.0.shutdown_time", "-" },
		{ NULL, "", SERVER "processes.0.expected_final_state", "running" },
		{ NULL, "", CLIENT "processes.0.expected_final_state", "{'exited':0}" },
	};

	rows(v, countof(v));
}

static void
programs(void)
{
	static const struct row v[] = {
		{ "programs", "", SERVER "processes.0.path", "/usr/bin/env" },
		{ NULL, "", SERVER "processes.0.args", "['-C','@{dir}/the_server','s','-p','1']" },
		{ NULL, "", CLIENT "processes.0.args", "['-C','@{dir}/client','c']" },
		{ NULL, "", SERVER "processes.0.environment",
		    "{'HOME':'@{dir}/the_server','LC_ALL':'C.UTF-8','PATH':'/usr/local/sbin:"
		    "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin','TZ':'UTC','A':'1','B':'2'}" },
		{ NULL, SVC "1.environment': {'PATH': '/x'}", CLIENT "processes.0.environment.PATH",
		    "/x" },
		{ NULL, SVC "1.phases.run.cwd': 'below'", CLIENT "processes.0.args.1",
		    "@{dir}/client/below" },
		{ NULL, SVC "1.phases.run.cwd': '/tmp'", CLIENT "processes.0.args.1", "/tmp" },
		{ NULL, SVC "1.phases.run.argv': []", "error",
		    "service 2 of the record's plan is not one of pth-plan" },
		{ "what is run outside", "", "compose.plan.services.0.phases.run.argv",
		    "['@{bin}/pth-shadow','@{dir}/shadow.json']" },
		{ NULL, "", "compose.plan.services.0.phases.pre_run.0.cwd",
		    "@{dir}/the_server/in" },
		{ NULL, "", "compose.plan.services.0.phases.pre_run.0.env.A", "1" },
		{ NULL, "", "compose.plan.services.0.phases.post_run.0.cwd", "@{dir}/the_server" },
		{ NULL, "", "compose.plan.services.1", "-" },
		{ NULL, "", "compose.plan.services.0.inner.file", "inner.json" },
		{ NULL, "", "compose.plan.requires", "[{'program':'openssl'}]" },
		{ NULL, "", "compose.plan.services.0.requires", "[{'program':'s'}]" },
		{ NULL, "", "compose.plan.dirs", "['the_server','the_server/d','client']" },
		{ NULL, "", "compose.plan.files.0.path", "the_server/f" },
		{ NULL, "'plan.wait_us': 30000000", "compose.plan.wait_us", "null" },
		{ NULL, "", "compose.plan.timeout_us", "90000000" },
		{ NULL, "", "spec stop_us", "300000000" },
		{ NULL, "", "spec services.1.critical", "true" },
		{ NULL, SVC "1.critical': false", "spec services.1.critical", "false" },
	};

	rows(v, countof(v));
}

static void
refused(void)
{
	static const struct row v[] = {
		{ "what Shadow cannot run",
		    "'services.client': {'network': {'bind_address': '::'}}", "error",
		    "'::' is an IPv6 address, and Shadow has no IPv6" },
		{ NULL, "'services.client': {'secondary_endpoints': {'x': 'fe80::1'}}", "error",
		    "'fe80::1' is an IPv6 address" },
		{ NULL, SVC "1.phases.run.argv': ['c', 'https://[::1]:4443/']", "error",
		    "'https://[::1]:4443/' is an IPv6 address" },
		{ NULL, SVC "1.phases.run.argv': ['c', 'a[0]', '12:30', 'x:']", "said", "" },
		{ NULL, SVC "1.restart': 'always'", "error",
		    "client: Shadow starts no program again" },
		{ NULL, "'steps': {'actions': [{'signal': {'service': 'client'}}]}", "error",
		    "steps: nothing can be done to a service in simulated time (signal)" },
		{ NULL, "'steps': {'actions': [{'wait_us': 1}]}", "said", "" },
		{ NULL, "'assertions': [{'type': 'port_open'}]", "error",
		    "assertions: nobody can look at a service in simulated time (port_open)" },
		{ NULL, "'execution_environment': [{'type': 'memcheck'}]", "error",
		    "memcheck cannot run under Shadow" },
		{ NULL, "'execution_environment': [{'type': 'memcheck', 'enabled': false}]", "said",
		    "" },
		{ NULL,
		    "'execution_environment': [{'type': 'memcheck'}], " PARAM
		    "incompatibility': []",
		    "said", "" },
		{ NULL, "'plan.services.1.name': 'shadow'", "error",
		    "a service under Shadow cannot be named shadow" },
		{ "what will not work", PARAM "refused': {'q': 'ends'}", "said",
		    "warning: client: under Shadow q ends\n" },
		{ NULL, SVC "1.limits': {'cpu': 1}", "said",
		    "warning: client: limits are not kept under Shadow\n" },
		{ NULL, "'services.client': {'network': {'mtu': 1280}}", "said",
		    "warning: client: mtu has no effect under Shadow\n" },
		{ NULL, "'capture': {'filter': 'udp', 'snaplen': 9}", "said",
		    "warning: capture.filter has no effect: Shadow captures all packets of each "
		    "host\n" },
	};

	rows(v, countof(v));
}

/* Both ways: what is read, and what is written. */
static void
units(void)
{
	static const struct {
		const char *given;
		int64_t bps; /* -1: no rate */
	} rates[] = { { "'10mbit'", 10000000 }, { "'100 Mbit'", 100000000 },
		{ "'1.5Gbps'", 1500000000 }, { "1000", 1000 }, { "'64kbit'", 64000 }, { "'9'", 9 },
		{ "''", -1 }, { "'Mbit'", -1 }, { "'10 Mb'", -1 }, { "'-1mbit'", -1 },
		{ "'1e3bit'", -1 }, { "0", -1 }, { "true", -1 }, { "'0x10bit'", -1 },
		{ "'10mbit/s'", -1 }, { "'nan'", -1 } };

	unit("rates");
	for (size_t i = 0; i < countof(rates); i++) {
		pth_auto_buf b = PTH_BUF_INIT;
		json_auto_t *list = NULL;
		int64_t bps = -1;
		bool is;

		pth_buf_addf(&b, "[%s]", rates[i].given);
		list = json(b.s);
		is = shadow_rate(json_array_get(list, 0), &bps);
		CHECK_INT(is, rates[i].bps >= 0);
		CHECK_INT(bps, rates[i].bps);
	}
}

int
main(void)
{
	sections();
	graphs();
	links();
	hosts();
	programs();
	refused();
	units();
	return unit_done();
}
