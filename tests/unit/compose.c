/* What pth-compose makes of a planned test: its services, the networks, the plan. */
#include "compose.h"

static void
volumes(void)
{
	static const struct row v[] = {
		{ "what a container sees", "", SERVER "volumes",
		    "@{bin}/pth-init:/pth/init:ro ./docker/server.json:/pth/plan.json:ro "
		    "./server:/app/test/server ./ticket:/opt/ticket ./shared:/app/shared "
		    "./sync:/app/sync_logs" },
		{ NULL, NULL, "inner server links", "{'/app/logs':'/app/test/server'}" },
		{ NULL, NULL, "create server",
		    "* --mount type=bind,\"source=@{dir}/server\",\"target=/app/test/server\" "
		    "--mount type=bind,\"source=@{dir}/ticket\",\"target=/opt/ticket\"" },
		{ "what it reads of another service it may not write",
		    SVC "0.phases.run.argv': ['s', '@{dir}/client/out']", SERVER "volumes.3",
		    "./client:/app/test/client:ro" },
		{ NULL, NULL, SERVER "volumes.2", "./server:/app/test/server" },
		{ NULL, NULL, "create server",
		    "* --mount type=bind,\"source=@{dir}/client\",\"target=/app/test/"
		    "client\",readonly" },
		{ NULL, NULL, CLIENT "volumes.6", "-" },
		{ NULL,
		    "'steps.actions': [{'exec': {'service': 'client', "
		    "'argv': ['cat', '@{dir}/server/x']}}]",
		    CLIENT "volumes.2", "./server:/app/test/server:ro" },
		{ NULL, NULL, CLIENT "volumes.3", "./client:/app/test/client" },
		{ NULL, NULL, SERVER "volumes.6", "-" },
		/* A name that only begins the same is another one. */
		{ NULL, SVC "0.phases.run.argv': ['s', '@{dir}/client2/out']", SERVER "volumes.3",
		    "./ticket:/opt/ticket" },
		{ "certificates cannot be changed", SVC "1.phases.run.argv': ['@{dir}/certs/ca']",
		    SERVER "volumes.3", "./certs:/app/test/certs:ro" },
		{ NULL, NULL, "inner server links",
		    "{'/app/logs':'/app/test/server','/opt/certs':'/app/test/certs'}" },
		{ NULL, NULL, "compose.plan.setup.0.argv", "chmod -R a+rX @{dir}/certs" },
		{ NULL, NULL, "compose.plan.dirs", "ticket shared sync certs" },
		{ NULL, "'plan.setup': [{'argv': ['mkdir', '@{dir}/certs'], 'critical': true}]",
		    "compose.plan.setup.0.argv", "mkdir @{dir}/certs" },
		{ NULL, NULL, "compose.plan.setup.1.argv", "chmod -R a+rX @{dir}/certs" },
		{ NULL, NULL, SERVER "volumes.3", "./certs:/app/test/certs:ro" },
		{ NULL, "", "compose.plan.dirs", "ticket shared sync" },
		{ NULL, NULL, "compose.plan.setup.0.argv.0", "docker" },
		{ "our own programs", SVC "0.phases.run.argv': ['@{share}/x']", SERVER "volumes.6",
		    "@{share}:/usr/local/share/pth:ro" },
		{ NULL, NULL, CLIENT "volumes.6", "-" },
		{ NULL,
		    "'steps.actions': [{'exec': {'service': 'client', 'argv': ['@{share}/x']}}]",
		    CLIENT "volumes.6", "@{share}:/usr/local/share/pth:ro" },
		{ NULL, NULL, SERVER "volumes.6", "-" },
		{ "volumes of the experiment",
		    "'services.server.volumes': ['/nowhere/at/all:/in:ro', '/:/host', 'data:/d', "
		    "'old:/o:rw', {'local': '/', 'container': '/h', 'mode': 'ro'}]",
		    SERVER "volumes.6", "/nowhere/at/all:/in:ro" },
		{ NULL, NULL, SERVER "volumes.7", "/:/host" },
		{ NULL, NULL, SERVER "volumes.8", "data:/d" },
		{ NULL, NULL, SERVER "volumes.9", "old:/o" },
		{ NULL, NULL, SERVER "volumes.10", "/:/h:ro" },
		{ NULL, NULL, CLIENT "volumes.6", "-" },
		{ NULL, NULL, DOC "volumes", "{'data':{},'old':{}}" },
		{ NULL, NULL, "create server",
		    "* --mount type=volume,\"source=pth-001--_b-c-@{unique}-data\",\"target=/d\"" },
		{ NULL, NULL, "inner server open", "/opt/ticket /app/shared /app/sync_logs /d /o" },
		{ NULL, NULL, "inner client open", "/opt/ticket /app/shared /app/sync_logs" },
		{ NULL, "'services.server.volumes': ['data:/d:ro']", "inner server open",
		    "/opt/ticket /app/shared /app/sync_logs" },
		{ NULL, "", DOC "volumes", "-" },
		{ NULL, PARAM "volumes': ['/:/every']", SERVER "volumes.6", "/:/every" },
		{ NULL, NULL, CLIENT "volumes.6", "/:/every" },
		{ "a path with a colon",
		    "'services.server.volumes': [{'local': '/no:where', "
		    "'container': '/here'}]",
		    SERVER "volumes.6", "{'type':'bind','source':'/no:where','target':'/here'}" },
		{ NULL, "'services.server.volumes': ['./none:/x']", "error",
		    "server: volume ./none: no such file or directory" },
		{ NULL, "'services.client.volumes': ['/x:y']", "error",
		    "client: volume /x: the path inside must begin with '/'" },
		{ NULL, "'services.server.volumes': ['/only']", "error",
		    "volume \"/only\": must be local:inside or local:inside:ro" },
		{ NULL, "'services.server.volumes': [':/x']", "error", "must be local:inside" },
		{ NULL, "'services.server.volumes': ['a b:/x']", "error",
		    "volume \"a b\": neither a path nor a name" },
	};

	rows(v, countof(v));
}

/* The experiment says which ports are published. */
#define GIVEN "'marks': {'services.server.ports': [1, 1], 'services.client.ports': [1, 1]}, "

static void
ports(void)
{
	static const struct row v[] = {
		{ "published ports: the port of a UDP service is UDP, others are TCP",
		    GIVEN "'services.server.ports': ['4443:4443', '80:8080', '53:53/udp', "
		          "'4443:4443/tcp', '1:4442', '2:4444']",
		    SERVER "ports", "4443:4443/udp 80:8080 53:53/udp 4443:4443/tcp 1:4442 2:4444" },
		{ "ports that keep tests apart are of the same kind",
		    GIVEN "'services.server.ports': ['4443:4443', '80:8080', '53:53/udp', "
		          "'81:4443/tcp', '1:4442'], 'services.client.ports': ['7:4443']",
		    "compose.plan.environment.resources",
		    "udp:4443 tcp:80 udp:53 tcp:81 tcp:1 "
		    "udp:7" },
		{ NULL, NULL, "create client", "* --publish 7:4443/udp" },
		{ NULL, NULL, "create server", "* --publish 80:8080 --publish 53:53/udp" },
		{ "the port of a TCP service is TCP",
		    SVC "0.transport': 'tcp', " GIVEN "'services.server.ports': ['5:4443']",
		    SERVER "ports", "5:4443" },
		{ NULL, NULL, "compose.plan.environment.resources", "tcp:5" },
		{ NULL, NULL, CLIENT "ports", "-" },
		{ "what is no published port is passed over",
		    GIVEN "'services.server.ports': ['80', 81, '1:2']", SERVER "ports", "1:2" },
		{ "the highest port and the lowest",
		    SVC "0.port': 65535, " GIVEN "'services.server.ports': ['1:65535', '65535:1']",
		    SERVER "ports", "1:65535/udp 65535:1" },
		{ NULL, SVC "0.port': 1, " GIVEN "'services.server.ports': ['1:65535', '65535:1']",
		    SERVER "ports", "1:65535 65535:1/udp" },
		{ "what the experiment does not publish is not published",
		    "'services.server.ports': ['80:80']", SERVER "ports", "-" },
		{ NULL, NULL, "create server", "! --publish 80:80" },
		{ NULL, NULL, "compose.plan.environment.resources", "" },
		{ "ports below 1024 are for ordinary users, too", SVC "0.port': 1023",
		    SERVER "sysctls",
		    "{'net.ipv6.conf.all.disable_ipv6':'1',"
		    "'net.ipv4.ip_unprivileged_port_start':'0'}" },
		{ NULL, NULL, SERVER "cap_add", "CHOWN DAC_OVERRIDE FOWNER KILL SETGID SETUID" },
		{ NULL, NULL, "create server", "* --sysctl net.ipv4.ip_unprivileged_port_start=0" },
		{ NULL, SVC "0.port': 1024", SERVER "sysctls",
		    "{'net.ipv6.conf.all.disable_ipv6':'1'}" },
		{ NULL, SVC "0.port': 0", "create server",
		    "! --sysctl net.ipv4.ip_unprivileged_port_start=0" },
	};

	rows(v, countof(v));
}

static void
capabilities(void)
{
	static const struct row v[] = {
		{ "all capabilities are dropped but those that are named",
		    SVC "0.docker.capabilities': ['SYS_ADMIN', 'KILL', 7]", SERVER "cap_add",
		    "CHOWN DAC_OVERRIDE FOWNER KILL SETGID SETUID SYS_ADMIN" },
		{ NULL, NULL, SERVER "cap_drop", "ALL" },
		{ NULL, NULL, SERVER "security_opt", "no-new-privileges:true" },
		{ NULL, NULL, "create server",
		    "* --cap-drop ALL --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER "
		    "--cap-add KILL --cap-add SETGID --cap-add SETUID --cap-add SYS_ADMIN "
		    "--security-opt no-new-privileges:true" },
		{ "a capture needs two more",
		    "'plan.capture': {'interface': 'eth0', 'file': 'c.pcapng', 'snaplen': 9, "
		    "'ring': {'files': 2, 'size': 3}, 'filter': 'udp', 'max_size': 5}",
		    SERVER "cap_add",
		    "CHOWN DAC_OVERRIDE FOWNER KILL SETGID SETUID NET_RAW NET_ADMIN" },
		{ NULL, NULL, "compose.plan.capture", "null" },
		{ NULL, NULL, "inner server plan.capture",
		    "{'interface':'eth0','file':'server/c.pcapng','snaplen':9,'filter':'udp',"
		    "'ring':{'files':2,'size':3},'max_size':5}" },
		{ NULL,
		    SVC "0.capture': null, 'plan.capture': {'interface': 'eth0', "
		        "'file': 'c.pcapng'}",
		    SERVER "cap_add", "! NET_RAW" },
		{ NULL, NULL, "inner server plan.capture", "null" },
		{ NULL, NULL, CLIENT "cap_add", "* NET_RAW NET_ADMIN" },
		{ NULL, SVC "0.capture': {'interface': 'any', 'file': 'server/own.pcapng'}",
		    "inner server plan.capture",
		    "{'interface':'any','file':'server/own.pcapng','snaplen':0}" },
		{ NULL, NULL, SERVER "cap_add", "* NET_RAW NET_ADMIN" },
		{ NULL, NULL, CLIENT "cap_add", "! NET_RAW" },
		{ "limits of the container",
		    "'services.server.limits': {'memory': 64000000, 'cpu': 0.25, 'processes': 10}",
		    SERVER "mem_limit", "64000000" },
		{ NULL, NULL, SERVER "memswap_limit", "64000000" },
		{ NULL, NULL, SERVER "cpus", "0.25" },
		{ NULL, NULL, SERVER "pids_limit", "13" },
		{ NULL, NULL, CLIENT "mem_limit", "-" },
		{ NULL, NULL, "create server",
		    "* --memory 64000000 --memory-swap 64000000 --pids-limit 13 --cpus 0.25" },
		{ NULL, "'services.server.limits': {'cpu': 2}", SERVER "cpus", "2.0" },
		{ NULL, NULL, SERVER "pids_limit", "-" },
		{ NULL, NULL, "create server", "* --cpus 2" },
		{ NULL, NULL, "create server", "! --memory" },
		{ NULL, NULL, "create client", "! --cpus 0" },
		{ NULL, NULL, SERVER "labels", "-" },
		{ NULL, NULL, "create server",
		    "* --label org.pth.run=r --label org.pth.test=001-A_b.c --label "
		    "org.pth.owner=@{owner} --label org.pth.project=pth-001--_b-c-@{unique} "
		    "--entrypoint /pth/init a:1 /pth/plan.json -- s" },
		{ NULL, SVC "0.limits': {'memory': 1, 'cpu': 1, 'processes': 1, 'files': 9}",
		    "inner server plan.services.0.limits", "{'files':9}" },
		{ NULL, NULL, OUT "0.limits", "-" },
		{ "nobody has IPv6 unless it was asked for", "", SERVER "sysctls",
		    "{'net.ipv6.conf.all.disable_ipv6':'1'}" },
		{ NULL, NULL, "create server", "* --sysctl net.ipv6.conf.all.disable_ipv6=1" },
		{ NULL, PARAM "enable_ipv6': true", SERVER "sysctls", "-" },
		{ NULL, NULL, DOC "networks.net.enable_ipv6", "true" },
		{ NULL, NULL, DOC "networks.net.ipam.config", "[{'subnet':'@{net6}'}]" },
		{ NULL, NULL, "compose.plan.setup.0.argv", "* --ipv6 --subnet @{net6}" },
	};

	rows(v, countof(v));
}

static void
networks(void)
{
	static const struct row v[] = {
		{ "names", "", "compose.project", "pth-001--_b-c-@{unique}" },
		{ NULL, NULL, SERVER "container_name", "-" },
		{ NULL, NULL, SERVER "hostname", "server" },
		{ NULL, NULL, SERVER "networks", "net" },
		{ NULL, NULL, DOC "networks.net.name", "-" },
		{ NULL, NULL, DOC "networks.net.driver", "bridge" },
		{ NULL, NULL, DOC "networks.net.ipam", "-" },
		{ NULL, NULL, DOC "networks.net.driver_opts", "-" },
		{ NULL, NULL, DOC "networks.net.enable_ipv6", "-" },
		{ NULL, NULL, DOC "version", "-" },
		{ NULL, NULL, "create server",
		    "* docker create --name pth-001--_b-c-@{unique}-server --hostname server "
		    "--domainname panther.local --pull never --user 0:0 --env PTH_EVENTS=none "
		    "--env PTH_RUN=1 --network pth-001--_b-c-@{unique} --network-alias server "
		    "--mount" },
		{ NULL, NULL, "compose.plan.setup.0.argv",
		    "docker network create --driver bridge --label org.pth.run=r "
		    "--label org.pth.test=001-A_b.c --label org.pth.owner=@{owner} "
		    "--label org.pth.project=pth-001--_b-c-@{unique} pth-001--_b-c-@{unique}" },
		{ NULL, NULL, "compose.plan.setup.0.category", "network_setup" },
		{ NULL, PARAM "service_prefix': 'my'", SERVER "container_name", "my-server" },
		{ NULL, NULL, "create server", "* --name my-pth-001--_b-c-@{unique}-server" },
		{ NULL, "'network_environment': {'version': '3.8'}", DOC "version", "3.8" },
		{ NULL, PARAM "service_prefix': '_my'", "error",
		    "service_prefix \"_my\": names of containers are letters" },
		{ NULL, PARAM "service_prefix': 'a b'", "error", "service_prefix \"a b\"" },
		{ NULL, PARAM "network_name': 'a/b'", "error", "network_name \"a/b\"" },
		{ NULL, DOCKER "{'network_mode': 'overlay'}", DOC "networks.net.driver",
		    "overlay" },
		{ NULL, NULL, "compose.plan.setup.0.argv", "* --driver overlay --attachable" },
		{ NULL, DOCKER "{'network_mode': 'bridge'}", "compose.plan.setup.0.argv",
		    "! --attachable" },
		{ NULL, DOCKER "{'network_mode': 'none'}", "error", "docker.network_mode none" },
		{ "the smallest MTU of the services",
		    "'services.server.network.mtu': 1400, 'services.client.network.mtu': 1300",
		    DOC "networks.net.driver_opts", "{'com.docker.network.driver.mtu':'1300'}" },
		{ NULL, NULL, "compose.plan.setup.0.argv",
		    "* --opt com.docker.network.driver.mtu=1300" },
		{ NULL, "'services.server.network.mtu': 1200, 'services.client.network.mtu': 1300",
		    DOC "networks.net.driver_opts", "{'com.docker.network.driver.mtu':'1200'}" },
		{ NULL, "'services.server.network.mtu': 1200, 'services.client.network.mtu': 0",
		    DOC "networks.net.driver_opts", "{'com.docker.network.driver.mtu':'1200'}" },
		{ NULL, "'services.client.network.mtu': 1", DOC "networks.net.driver_opts",
		    "{'com.docker.network.driver.mtu':'1'}" },
		{ NULL, NULL, "compose.plan.setup.0.argv",
		    "* --opt com.docker.network.driver.mtu=1" },
		{ "addresses in the order of the plan, from the second one on",
		    PARAM "subnet': '10.1.0.0/24', " PARAM "enable_ipv6': true",
		    SERVER "networks.net.ipv4_address", "10.1.0.2" },
		{ NULL, NULL, CLIENT "networks.net.ipv4_address", "10.1.0.3" },
		{ NULL, NULL, "create client", "* --network-alias client --ip 10.1.0.3" },
		{ NULL, NULL, DOC "networks.net.ipam.config",
		    "[{'subnet':'10.1.0.0/24'},{'subnet':'@{net6}'}]" },
		{ NULL, NULL, "compose.plan.setup.0.argv",
		    "* --subnet 10.1.0.0/24 --ipv6 --subnet @{net6}" },
		{ NULL, NULL, "compose.plan.environment.resources", "subnet:10.1.0.0/24" },
		{ NULL, PARAM "subnet': '10.1.255.9/16'", SERVER "networks.net.ipv4_address",
		    "10.1.0.2" },
		{ NULL, PARAM "subnet': '10.0.0.0/8'", SERVER "networks.net.ipv4_address",
		    "10.0.0.2" },
		{ NULL, PARAM "subnet': ''", SERVER "networks.net.ipv4_address", "-" },
		{ NULL, NULL, "compose.plan.environment.resources", "" },
		{ NULL, PARAM "subnet': '10.1.0.8/29'", CLIENT "networks.net.ipv4_address",
		    "10.1.0.11" },
		{ "a network without room", PARAM "subnet': '10.1.0.0/30'", "error",
		    "subnet \"10.1.0.0/30\": must be an IPv4 network with room for all services" },
		{ NULL, PARAM "subnet': '10.1.0.0/31'", "error", "must be an IPv4 network" },
		{ NULL, PARAM "subnet': '10.0.0.0/7'", "error", "must be an IPv4 network" },
		{ NULL, PARAM "subnet': 'fd00::/64'", "error", "must be an IPv4 network" },
	};

	rows(v, countof(v));
}

/* The first address is the engine's, the last one nobody's. */
static void
addresses(void)
{
	static const struct {
		const char *subnet;
		size_t index;
		const char *want;
	} v[] = {
		{ "10.0.0.0/30", 0, "10.0.0.2" },
		{ "10.0.0.0/30", 1, "-" },
		{ "10.0.0.8/29", 4, "10.0.0.14" },
		{ "10.0.0.8/29", 5, "-" },
		{ "10.0.0.0/24", 252, "10.0.0.254" },
		{ "10.0.0.0/24", 253, "-" },
		{ "10.0.0.0/23", 254, "10.0.1.0" },
		{ "10.0.0.0/31", 0, "-" },
		{ "10.255.0.0/8", 0, "10.0.0.2" },
		{ "10.0.0.0/7", 0, "-" },
	};

	unit("the addresses of a network");
	for (size_t i = 0; i < countof(v); i++) {
		char to[16] = "-";

		container_address(&(struct compose){ .subnet = v[i].subnet }, v[i].index, to);
		CHECK_STR(to, v[i].want);
	}
	CHECK(!container_address(&(struct compose){ 0 }, 0, (char[16]){ "" }));
	rows(&(struct row){ "a network with room for the only service",
	         PARAM "subnet': '10.0.0.0/30', 'plan.services': [{'name': 'server', "
	               "'phases': {'run': {'argv': ['s']}}, 'docker': {'image': 'a:1'}}]",
	         SERVER "networks.net.ipv4_address", "10.0.0.2" },
	    1);
}

static void
lives(void)
{
	static const struct row v[] = {
		{ "who waits for whom", "", CLIENT "depends_on",
		    "{'server':{'condition':'service_healthy'}}" },
		{ NULL, NULL, SERVER "depends_on", "-" },
		{ NULL, SVC "1.after.0.state': 'stopped'", CLIENT "depends_on",
		    "{'server':{'condition':'service_completed_successfully'}}" },
		{ NULL, NULL, OUT "1.after", "[{'service':'server','state':'stopped'}]" },
		{ NULL, NULL, "inner client plan.services.0.after", "" },
		{ "restarts are made inside", SVC "0.restart': 'always'", SERVER "restart",
		    "always" },
		{ NULL, NULL, "inner server plan.services.0.restart", "always" },
		{ NULL, NULL, OUT "0.restart", "-" },
		{ NULL, NULL, CLIENT "restart", "-" },
		{ "how long the engine waits for the end", "", SERVER "stop_grace_period", "15s" },
		{ NULL, NULL, SERVER "stop_signal", "-" },
		{ NULL, NULL, "create server", "* --stop-signal SIGTERM --stop-timeout 15" },
		{ NULL, NULL, CLIENT "stop_grace_period", "11s" },
		{ NULL, NULL, "create client", "* --stop-timeout 11" },
		{ "limits of time outside leave room for what is done inside",
		    SVC "0.phases.compile': [{'argv':['c'],'timeout_us':7}], " SVC
		        "0.phases.pre_run': [{'argv':['c'],'timeout_us':100},"
		        "{'argv':['c'],'timeout_us':200}], " SVC
		        "0.phases.post_run': [{'argv':['c'],'timeout_us':11}], " SVC
		        "0.ready': [{'kind':'tcp','port':1,'timeout_us':5000},"
		        "{'kind':'delay','us':60000,'timeout_us':700000}], " SVC
		        "0.timeout_us': 2000000",
		    OUT "0.ready", "[{'kind':'file','path':'.ready','timeout_us':30765307}]" },
		{ NULL, NULL, OUT "0.stop", "{'signal':'TERM','grace_us':35000011}" },
		{ NULL, NULL, OUT "0.timeout_us", "62765318" },
		{ NULL, NULL, OUT "0.phases.run.timeout_us", "2000000" },
		{ NULL, NULL, OUT "1.timeout_us", "0" },
		{ "what compiles is started twice, and nothing is run before", NULL,
		    OUT "0.phases.pre_run", "" },
		{ NULL, NULL, OUT "0.phases.pre_compile.1",
		    "{'argv':['docker','start','-a','pth-001--_b-c-@{unique}-server'],"
		    "'critical':true,'timeout_us':30000007,'category':'docker_runtime'}" },
		{ NULL, NULL, OUT "0.phases.pre_compile.2", "-" },
		{ NULL, NULL, "compose.plan.services.0.phases.pre_compile.0.argv",
		    "* --env PTH_MADE=/pth/made" },
		{ NULL, NULL, "create client", "! PTH_MADE" },
		{ NULL, NULL, OUT "1.phases.pre_compile", "" },
		{ NULL, NULL, OUT "0.compile_cache", "-" },
		{ NULL, NULL, SERVER "environment.PTH_MADE", "-" },
		{ NULL, NULL, OUT "0.phases.compile", "" },
		{ NULL, NULL, OUT "0.phases.post_run", "" },
		{ NULL, NULL, "inner server plan.services.0.phases.compile.0.timeout_us", "7" },
		{ NULL, NULL, "inner server plan.services.0.timeout_us", "2000000" },
		{ NULL, NULL, SERVER "healthcheck.retries", "3" },
		{ NULL,
		    SVC "0.ready': [{'kind':'tcp','port':1,'timeout_us':5000000},"
		        "{'kind':'tcp','port':1,'timeout_us':2000000}]",
		    SERVER "healthcheck.retries", "10" },
		{ NULL, NULL, SERVER "healthcheck.test", "CMD /pth/init --ready /pth/plan.json" },
		{ "builds are not in the test's time", "'plan.timeout_us': 5",
		    "compose.plan.timeout_us", "600000005" },
		{ NULL, "'plan.timeout_us': 5, " PARAM "deploy_timeout': 2",
		    "compose.plan.timeout_us", "2000005" },
		{ NULL, "'plan.timeout_us': 0", "compose.plan.timeout_us", "0" },
		{ NULL, "'plan.timeout_us': 1, " PARAM "deploy_timeout': 0",
		    "compose.plan.timeout_us", "1" },
		{ "a service is started attached, and watched through its engine", "",
		    OUT "0.phases.run.argv", "docker start -a pth-001--_b-c-@{unique}-server" },
		{ NULL, NULL, OUT "0.inner",
		    "{'file':'inner.json','ask':'.ask','wait':{'argv':['docker','wait',"
		    "'pth-001--_b-c-@{unique}-server'],'critical':false,'timeout_us':120000000},"
		    "'stop':{'argv':['docker','kill','--signal','TERM',"
		    "'pth-001--_b-c-@{unique}-server'],'critical':false,'timeout_us':120000000}}" },
		{ NULL, NULL, OUT "0.phases.pre_run.0.critical", "true" },
		{ NULL, NULL, OUT "0.requires", "[{'program':'docker','package':'docker.io'}]" },
		{ NULL, NULL, "compose.plan.environment.supported_by", "pth-exec" },
		{ NULL, NULL, "plan.environment.supported_by", "pth-compose" },
	};

	rows(v, countof(v));
}

static void
held(void)
{
#define STEP(what, who) "{'" what "': {'service': '" who "', 'argv': ['x']}}"
#define AFTER(who, state) "'after': {'service': '" who "', 'state': '" state "'}"
	static const struct row v[] = {
		{ "a container stays for steps that need it when its process has ended",
		    "'steps.actions': [" STEP("exec", "server") ", " STEP(
		        "restart", "server") ", " STEP("exec", "client") ", " STEP("signal",
		        "server") ", {'wait_us': 1}]",
		    "create server", "* --env PTH_HOLD=2 --network" },
		{ NULL, NULL, "create client", "* --env PTH_HOLD=1" },
		{ NULL, "", "create client", "! --env PTH_HOLD=0" },
		{ "not where others see its end by that of the container",
		    "'steps.actions': [" STEP("exec",
		        "server") "], " SVC "1.after': [{'service': 'server', 'state': 'stopped'}]",
		    "create server", "! --env PTH_HOLD=1" },
		{ NULL,
		    "'steps.actions': [" STEP(
		        "exec", "server") "], " SVC
		                          "1.after': [{'service': 'server', 'state': 'completed'}]",
		    "create server", "! --env PTH_HOLD=1" },
		{ NULL,
		    "'steps.actions': [" STEP("exec",
		        "server") "], " SVC "1.after': [{'service': 'server', 'state': 'started'}]",
		    "create server", "* --env PTH_HOLD=1" },
		{ NULL,
		    "'steps.actions': [" STEP("exec", "server") ", {'exec': {'service': 'client', "
		                                                "'argv': ['x']}, " AFTER(
		                                                    "server", "stopped") "}]",
		    "create server", "! --env PTH_HOLD=1" },
		{ NULL, NULL, "create client", "* --env PTH_HOLD=1" },
		{ NULL,
		    "'steps.actions': [{'exec': {'service': 'server', 'argv': ['x']}, " AFTER(
		        "server", "stopped") "}]",
		    "create server", "* --env PTH_HOLD=1" },
		{ "the user", DOCKER "{'user_mapping': {'custom_uid': 7, 'custom_gid': 8}}",
		    "inner server user",
		    "{'uid':7,'gid':8,'owner_first':true,'name':'panther',"
		    "'fallback_to_root':true}" },
		{ NULL,
		    DOCKER "{'user_mapping': {'run_as_host_user': true, "
		           "'fallback_to_root': false}}",
		    "inner server user", "{'owner_first':true,'fallback_to_root':false}" },
		{ NULL, DOCKER "{'user_mapping': {'user_name': 'u', 'custom_uid': null}}",
		    "inner server user",
		    "{'owner_first':true,'name':'u','fallback_to_root':true}" },
		{ "what is done inside",
		    SVC "0.dirs': ['d'], " SVC "0.files': [{'path': 'f', 'text': 'x@{dir}'}], " SVC
		        "0.verdict': [{}], " SVC "0.environment': {'E': '@{dir}/server/e'}, " SVC
		        "0.target': 'client', "
		        "'network_environment': {'type': 'docker_compose', "
		        "'enable_background_monitoring': false, 'monitoring_interval_seconds': 2, "
		        "'failure_threshold_count': 4}, "
		        "'settings': {'metrics': {'enabled': false}, 'observers': {'metrics': "
		        "{'a': 1}, "
		        "'resource': {'b': 2}, 'logger': {}}}",
		    "inner server network_environment",
		    "{'enable_background_monitoring':false,'monitoring_interval_seconds':2,"
		    "'failure_threshold_count':4}" },
		{ NULL, NULL, "inner server settings",
		    "{'metrics':{'enabled':false},'observers':{'metrics':{'a':1},"
		    "'resource':{'b':2}}}" },
		{ NULL, NULL, "inner server plan.services.0",
		    "{'name':'server','plugin':'p','version':'v','role':'server','finite':false,"
		    "'after':[],'address':'server','port':4443,'transport':'udp',"
		    "'phases':{'run':{}},'ready':[],"
		    "'stop':{'signal':'INT','grace_us':5000000},'timeout_us':0,"
		    "'environment':{}}" },
		{ NULL, NULL, SERVER "command", "s" },
		{ NULL, NULL, SERVER "entrypoint", "/pth/init /pth/plan.json --" },
		{ NULL, NULL, "inner server plan.environment",
		    "{'type':'localhost','isolation':'none'}" },
		{ NULL, NULL, "inner server plan.metrics", "{'file':'server/metrics.jsonl'}" },
		{ NULL, NULL, "inner server plan.announce", "server/.ready" },
		{ NULL, NULL, "inner server ask", ".ask" },
		{ NULL, NULL, "inner server plan.services.1", "-" },
		{ NULL, NULL, OUT "0.files", "[{'path':'f','text':'x/app/test'}]" },
		{ NULL, NULL, OUT "0.environment", "{}" },
		{ NULL, NULL, SERVER "environment.E", "/app/test/server/e" },
		{ NULL, NULL, "create server", "* --env E=/app/test/server/e" },
		{ "a look by HTTP has its own address in numbers",
		    "'assertions': [{'type': 'http', 'service': 'server', 'endpoint': '/'}]",
		    "inner server plan.services.0.address", "@{server:ip}" },
		{ NULL, NULL, "inner client plan.services.0.address", "client" },
		{ NULL,
		    "'assertions': [{'type': 'http', 'service': 'server', 'expected_status': 200}]",
		    "inner server plan.services.0.address", "@{server:ip}" },
		{ NULL, "'assertions': [{'type': 'file_exists', 'service': 'server'}]",
		    "inner server plan.services.0.address", "server" },
	};

	rows(v, countof(v));
}

static void
environments(void)
{
	static const struct row v[] = {
		{ "variables are texts",
		    SVC "0.environment': {'N': 7, 'T': true, 'Z': null, 'S': 'a $b', 'E': ''}",
		    SERVER "environment",
		    "{'PTH_EVENTS':'text','N':'7','T':'true','Z':'','S':'a $b','E':''}" },
		{ NULL, NULL, "create server",
		    "* --env N=7 --env T=true --env Z= --env S=a $b --env E= --env "
		    "PTH_EVENTS=none --env PTH_RUN=1" },
		{ "a service's own win over those of the environment",
		    PARAM "environment': {'A': 'all', 'B': 'all'}, " SVC
		          "0.environment': {'B': 'own'}",
		    SERVER "environment", "{'PTH_EVENTS':'text','A':'all','B':'own'}" },
		{ NULL, NULL, CLIENT "environment", "{'PTH_EVENTS':'text','A':'all','B':'all'}" },
		{ NULL, SVC "0.environment': {'A=B': 'x'}", "error",
		    "environment: \"A=B\" cannot be the name of a variable" },
		{ NULL, SVC "0.environment': {'': 'x'}", "error", "environment: \"\" cannot be" },
	};

	rows(v, countof(v));
}

static void
ends(void)
{
	static const struct row v[] = {
		{ "all is removed at the end", "'services.server.volumes': ['data:/d']",
		    "compose.plan.teardown.0.argv",
		    "docker rm -f -v pth-001--_b-c-@{unique}-server "
		    "pth-001--_b-c-@{unique}-client" },
		{ NULL, NULL, "compose.plan.teardown.0.critical", "false" },
		{ NULL, NULL, "compose.plan.teardown.1.argv",
		    "* docker rm network pth-001--_b-c-@{unique}" },
		{ NULL, NULL, "compose.plan.teardown.1.critical", "true" },
		{ NULL, NULL, "compose.plan.teardown.2.argv",
		    "* docker rm volume pth-001--_b-c-@{unique}-data" },
		{ NULL, NULL, "compose.plan.teardown.2.critical", "true" },
		{ NULL, NULL, "compose.plan.teardown.3", "-" },
		{ NULL, NULL, "compose.plan.setup.0.argv",
		    "docker volume create --label org.pth.run=r --label org.pth.test=001-A_b.c "
		    "--label org.pth.owner=@{owner} --label "
		    "org.pth.project=pth-001--_b-c-@{unique} "
		    "pth-001--_b-c-@{unique}-data" },
		{ NULL, NULL, "compose.plan.setup.0.category", "docker_runtime" },
		{ "what is to stay stays",
		    "'services.server.volumes': ['data:/d'], " DOCKER
		    "{'remove_containers_after': false}",
		    "compose.plan.teardown.0.argv",
		    "docker stop -t 0 pth-001--_b-c-@{unique}-server "
		    "pth-001--_b-c-@{unique}-client" },
		{ NULL, NULL, "compose.plan.teardown.1.argv.4", "network" },
		{ NULL, NULL, "compose.plan.teardown.2", "-" },
		{ NULL,
		    "'services.server.volumes': ['data:/d'], " DOCKER
		    "{'remove_docker_network': false}",
		    "compose.plan.teardown.1.argv.4", "volume" },
		{ NULL, NULL, "compose.plan.teardown.2", "-" },
		{ NULL,
		    "'services.server.volumes': ['data:/d'], " DOCKER
		    "{'remove_docker_volume': false}",
		    "compose.plan.teardown.1.argv.4", "network" },
		{ NULL, NULL, "compose.plan.teardown.2", "-" },
		{ "images that are removed keep tests apart",
		    SVC "0.docker': {'packages': ['x']}, " DOCKER "{'remove_images_after': true}",
		    "compose.plan.environment.resources", "image:p-v:latest" },
		{ NULL, NULL, "compose.plan.teardown.2.argv",
		    "sh -c docker rmi \"$(cat \"$1\")\" docker rmi @{dir}/images/p-v.id" },
		{ NULL, NULL, "compose.plan.teardown.2.critical", "false" },
		{ NULL, NULL, "compose.plan.teardown.3", "-" },
		{ NULL, SVC "0.docker': {'packages': ['x']}", "compose.plan.environment.resources",
		    "" },
		{ NULL, NULL, "compose.plan.teardown.2", "-" },
	};

	rows(v, countof(v));
}

int
main(void)
{
	volumes();
	ports();
	capabilities();
	networks();
	addresses();
	lives();
	held();
	environments();
	ends();
	return unit_done();
}
