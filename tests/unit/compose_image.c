/* What pth-compose makes of a planned test: its images, one container for all, the swarm. */
#include "compose.h"

#define IMAGE "compose.images.0."
#define PACKAGES SVC "0.docker': {'packages': ['x']}"
#define BUILD "@{bin}/pth-image build -o @{owner} "

static void
images(void)
{
	static const struct row v[] = {
		{ "an image that is there", "", "compose.images",
		    "[{'tag':'a:1','plugin':'p','builder':'image'}]" },
		{ NULL, NULL, SERVER "image", "a:1" },
		{ NULL, NULL, SERVER "build", "-" },
		{ NULL, NULL, SERVER "pull_policy", "never" },
		{ NULL, NULL, "create server", "* --entrypoint /pth/init a:1 /pth/plan.json -- s" },
		{ NULL, SVC "1.docker.image': 'b:2'", "compose.images.1.tag", "b:2" },
		{ NULL, DOCKER "{'registry': 'reg:5'}", SERVER "image", "reg:5/a:1" },
		{ NULL, DOCKER "{'registry': ''}", SERVER "image", "a:1" },
		{ "two programs in one image that is there", SVC "1.plugin': 'q'",
		    "compose.images.1", "-" },
		{ NULL, NULL, CLIENT "image", "a:1" },
		{ "when images are fetched", DOCKER "{'pull_policy': 'if_not_present'}",
		    SERVER "pull_policy", "missing" },
		{ NULL, NULL, "create server", "* --pull missing" },
		{ NULL, DOCKER "{'pull_policy': 'always'}", SERVER "pull_policy", "always" },
		{ NULL, DOCKER "{'pull_policy': 'missing'}", SERVER "pull_policy", "missing" },
		{ NULL, DOCKER "{'pull_policy': 'build'}", SERVER "pull_policy", "never" },
		{ NULL, PACKAGES ", " DOCKER "{'pull_policy': 'always'}", SERVER "pull_policy",
		    "never" },
		{ NULL, NULL, CLIENT "pull_policy", "always" },
		{ "an image that is built", PACKAGES, IMAGE "tag", "p-v:latest" },
		{ NULL, NULL, IMAGE "builder", "base" },
		{ NULL, NULL, IMAGE "directory", "images/p-v" },
		{ NULL, NULL, IMAGE "args", "-" },
		{ NULL, NULL, IMAGE "argv", BUILD "-x default p-v:latest @{dir}/images/p-v" },
		{ NULL, NULL, "compose.plan.setup.0.argv",
		    BUILD "-x default p-v:latest @{dir}/images/p-v" },
		{ NULL, NULL, "compose.plan.setup.0.category", "docker_build" },
		{ NULL, NULL, "compose.plan.setup.0.timeout_us", "600000000" },
		{ NULL, NULL, "compose.plan.setup.1.argv.1", "network" },
		{ NULL, NULL, "compose.plan.files.0.path", "images/p-v/Dockerfile" },
		{ NULL, NULL, SERVER "build",
		    "{'context':'./images/p-v','network':'host','labels':"
		    "{'org.pth.image':'p-v:latest'}}" },
		{ "a container is made by the number of the image that was built", NULL,
		    "create server",
		    "* exec docker create \"$@\" docker create @{dir}/images/p-v.id 67 --name" },
		{ NULL, NULL, "create server", "* --entrypoint /pth/init /pth/plan.json -- s" },
		{ NULL, NULL, "create server", "! p-v:latest" },
		{ NULL, NULL, "create client", "* --entrypoint /pth/init a:1 /pth/plan.json -- c" },
		{ "two services of one image build it once",
		    PACKAGES ", " SVC "1.docker': {'packages': ['x']}", IMAGE "tag", "p-v:latest" },
		{ NULL, NULL, "compose.images.1", "-" },
		{ NULL, NULL, CLIENT "image", "p-v:latest" },
		{ "two images of one name differ",
		    PACKAGES ", " SVC "1.docker': {'packages': ['x'], 'args': {'A': '1'}}",
		    IMAGE "tag", "p-v:latest" },
		{ NULL, NULL, "compose.images.2", "-" },
		{ NULL, NULL, "compose.images.1.args", "{'A':'1'}" },
		{ NULL, NULL, "compose.images.1.argv", "* -x default -a A=1" },
		{ NULL, NULL, CLIENT "build.args", "{'A':'1'}" },
		{ "settings of the build",
		    PACKAGES ", " DOCKER
		             "{'force_build_docker_image': true, 'no_docker_cache': true, "
		             "'log_docker_image_build': false, 'buildx_builder': 'mine', "
		             "'cache_from': ['a', 'b'], 'build_args': {'A': 'x y', 'N': '7'}}",
		    IMAGE "argv",
		    BUILD "-f -n -q -x mine -c a -c b -a A=x y -a N=7 p-v:latest "
		          "@{dir}/images/p-v" },
		{ NULL, PACKAGES ", " DOCKER "{'use_buildx': false, 'cache_from': 'a'}",
		    IMAGE "argv", BUILD "-c a p-v:latest @{dir}/images/p-v" },
		{ NULL, PACKAGES ", " DOCKER "{'use_buildx': true, 'buildx_builder': ''}",
		    IMAGE "argv", "* -x default" },
		{ NULL,
		    PACKAGES ", " DOCKER "{'force_build_docker_image': false, "
		             "'no_docker_cache': false, 'log_docker_image_build': true}",
		    IMAGE "argv", BUILD "-x default p-v:latest @{dir}/images/p-v" },
		{ "a service's own settings win",
		    PACKAGES ", 'services.server.docker': {'use_buildx': false, "
		             "'force_build_docker_image': true, 'no_docker_cache': null, "
		             "'build_args': {'A': 'own'}}, " DOCKER
		             "{'no_docker_cache': true, 'build_args': {'A': 'all', 'B': 'all'}}",
		    IMAGE "argv", BUILD "-f -n -a A=own -a B=all p-v:latest @{dir}/images/p-v" },
		{ NULL,
		    SVC "0.docker': {'args': {'A': 'desc', 'C': 'desc'}}, " DOCKER
		        "{'build_args': {'A': 'all'}}",
		    IMAGE "args", "{'A':'all','C':'desc'}" },
		{ "names of images",
		    PACKAGES ", 'services.server.implementation': {'build_mode': 'debug', "
		             "'z3_source': 'pip'}, " DOCKER "{'target_platform': 'linux/amd64'}",
		    IMAGE "tag", "p-v:latest-debug-z3pip-linux-amd64" },
		{ NULL, NULL, IMAGE "directory", "images/p-v-debug-z3pip-linux-amd64" },
		{ NULL, PACKAGES ", 'services.server.implementation': {'z3_source': 'git'}",
		    IMAGE "tag", "p-v:latest" },
		{ NULL, SVC "0.docker': null", IMAGE "tag", "p-v:latest-server" },
		{ "the platform of images and containers",
		    PACKAGES ", " DOCKER "{'target_platform': 'linux/amd64'}", IMAGE "argv",
		    BUILD "-x default -p linux/amd64 p-v:latest-linux-amd64 "
		          "@{dir}/images/p-v-linux-amd64" },
		{ NULL, NULL, SERVER "platform", "linux/amd64" },
		{ NULL, NULL, CLIENT "platform", "linux/amd64" },
		{ NULL, NULL, "create client", "* --platform linux/amd64" },
		{ NULL,
		    "'services.client.docker.target_platform': 'linux/arm64', " DOCKER
		    "{'target_platform': 'linux/amd64'}",
		    CLIENT "platform", "linux/arm64" },
		{ NULL, NULL, SERVER "platform", "linux/amd64" },
		{ NULL, "", SERVER "platform", "-" },
		{ NULL, NULL, "create server", "! --platform" },
		{ NULL, SVC "0.docker': {'platform': 'linux/s390x'}", IMAGE "argv",
		    "* -p linux/s390x" },
		{ NULL, DOCKER "{'target_platform': 'linux/amd64,linux/arm64'}", "error",
		    "docker.target_platform linux/amd64,linux/arm64: several platforms need" },
		{ "without a recipe an image has what the service requires",
		    SVC "0.docker': null, " SVC "0.requires': [{'program': 'n'}, {'program': 'm', "
		        "'package': 'pkg'}]",
		    IMAGE "dockerfile", "* -s pkg >/dev/null" },
#define SOURCES SVC "0.docker': {'builder': 'c', 'repository': 'https://r'"
#define DEPENDS(more)                                                                   \
	SVC "0.docker': {'builder': 'c', 'repository': 'https://r', 'revision': 'v1', " \
	    "'dependencies': [{'name': 'e', 'repository': 'https://e'" more "}]}"
		{ "a dependency is its newest commit, or one that is named", DEPENDS(""),
		    IMAGE "dockerfile", "* git checkout -q HEAD" },
		{ NULL, NULL, IMAGE "dockerfile", "* git checkout -q v1" },
		{ NULL, DEPENDS(", 'revision': 'r1'"), IMAGE "dockerfile", "* git checkout -q r1" },
		{ NULL, NULL, IMAGE "dockerfile", "! git checkout -q HEAD" },
		{ "what may not get into a Dockerfile", SVC "0.docker': {'base': 'x y'}", "error",
		    "docker.base: \"x y\" is no name of an image" },
		{ NULL, SVC "0.docker': {'copy': ['a']}", "error",
		    "docker.copy: nothing is compiled without a builder: c, cpp" },
		{ NULL, SVC "0.docker': {'builder': 'base', 'repository': '/x'}", "error",
		    "docker.repository: nothing is compiled without a builder" },
		{ NULL, SVC "0.docker': {'build_packages': ['gcc']}", "error",
		    "docker.build_packages: nothing is compiled without a builder" },
		{ NULL, SVC "0.docker': {'directory': 'x'}", "error",
		    "docker.directory: \"x\" is no absolute path" },
		{ NULL, SVC "0.docker': {'files': ['', '/x/f']}", IMAGE "argv",
		    BUILD "-x default -F files/f=/x/f p-v:latest @{dir}/images/p-v" },
		{ "what is copied into the folder of the build",
		    SVC "0.docker': {'builder': 'c', 'files': ['/x/f', {'from': '/x/g', "
		        "'to': '/etc/g'}], 'patches': ['/p/a', '/p/b'], 'repository': '/src', "
		        "'revision': 'v1', 'dependencies': [{'name': 'd', 'repository': '/dep'}, "
		        "{'name': 'e', 'repository': 'https://e'}]}",
		    IMAGE "argv",
		    BUILD "-x default -F files/f=/x/f -F files/g=/x/g -F patches/01-a=/p/a "
		          "-F patches/02-b=/p/b -s source.tar=v1:/src -s source-d.tar=:/dep "
		          "p-v:latest @{dir}/images/p-v" },
		{ "a slash at the end keeps the name",
		    SVC "0.docker': {'files': [{'from': '/x/d', 'to': '/etc/'}]}",
		    IMAGE "dockerfile", "* COPY files/d /etc/d" },
		{ NULL, SVC "0.docker': {'files': [{'from': '/x/d', 'to': '/etc'}]}",
		    IMAGE "dockerfile", "* COPY files/d /etc" },
		{ NULL, SVC "0.docker': {'files': ['/x/d']}", IMAGE "dockerfile",
		    "* COPY files/d /usr/local/libexec/pth/d" },
		{ "nothing of the sources goes into the image but what is named",
		    SOURCES ", 'directory': '/opt/own'}", IMAGE "dockerfile",
		    "! COPY --from=build /opt/own /opt/own" },
		{ NULL, SOURCES "}", IMAGE "dockerfile", "! rm -rf .git" },
		{ NULL, SOURCES ", 'copy': ['', 'a/b', '/x', {'from': '.', 'to': '/y'}]}",
		    IMAGE "dockerfile",
		    "* COPY --from=build /opt/p/a/b /opt/p/a/b "
		    "COPY --from=build /x /x COPY --from=build /opt/p/. /y" },
		{ NULL, NULL, IMAGE "dockerfile", "* RUN rm -rf .git" },
		{ NULL, SOURCES ", 'directory': '/', 'copy': ['a']}", IMAGE "dockerfile",
		    "* COPY --from=build /a /a" },
		{ NULL, SOURCES ", 'copy': ['a b']}", "error", "docker.copy: \"a b\" is no path" },
		{ NULL, SOURCES ", 'copy': [{'to': '/x'}]}", "error", "docker.copy: must be" },
		{ "what programs with libraries need is there",
		    SVC "0.docker': {'builder': 'go', 'repository': 'https://r'}",
		    IMAGE "dockerfile", "* git golang-go gcc libc6-dev pkg-config" },
		{ "what is fetched comes before arguments and sources",
		    SVC "0.docker': {'builder': 'rust', 'repository': '/src', "
		        "'args': {'A': '1'}}",
		    IMAGE "dockerfile", "* COPY source.tar.locks/ /opt/p/ WORKDIR /opt/p RUN {" },
		{ NULL, NULL, IMAGE "dockerfile", "* ARG A='1' ADD source.tar /opt/p/" },
		{ "mirrors hold for what is fetched ahead",
		    SVC "0.docker': {'builder': 'go', 'repository': '/src', "
		        "'args': {'A': '1', 'GOPROXY': 'x', 'no_proxy': 'y'}}",
		    IMAGE "dockerfile",
		    "* ARG GOPROXY='x' ARG no_proxy='y' COPY source.tar.locks/ /opt/p/" },
		{ NULL, NULL, IMAGE "dockerfile", "* ARG A='1' ADD source.tar /opt/p/" },
	};

	rows(v, countof(v));
}

static void
platforms(void)
{
	static const struct row v[] = {
		{ "builds for several platforms, besides that of the engine",
		    PACKAGES ", " DOCKER "{'multi_platform': true}", IMAGE "argv",
		    BUILD "-x default p-v:latest @{dir}/images/p-v" },
		{ NULL, NULL, "compose.plan.setup.1.argv",
		    "* --network host --platform linux/amd64,linux/arm64 --builder default "
		    "@{dir}/images/p-v" },
		{ NULL, NULL, "compose.plan.setup.1.category", "docker_build" },
		{ NULL, NULL, "compose.plan.setup.1.timeout_us", "600000000" },
		{ NULL, NULL, "compose.plan.setup.2.argv.1", "network" },
		{ NULL, NULL, SERVER "platform", "-" },
		{ NULL,
		    PACKAGES
		    ", " DOCKER "{'multi_platform': true, 'target_platform': "
		    "'linux/386,linux/arm64', 'buildx_builder': 'm', 'build_args': {'A': '1'}}",
		    "compose.plan.setup.1.argv",
		    "* --platform linux/386,linux/arm64 --builder m --build-arg A=1 "
		    "@{dir}/images/p-v" },
		{ NULL, NULL, IMAGE "argv", BUILD "-x m -a A=1 p-v:latest @{dir}/images/p-v" },
		{ NULL, NULL, SERVER "platform", "-" },
		{ NULL, NULL, CLIENT "platform", "-" },
		{ "they are given all that the engine's own is given",
		    SVC "0.docker': {'args': {'A': 'd', 'B': 'd'}}, "
		        "'services.server.docker': {'build_args': {'B': 'own'}}, " DOCKER
		        "{'multi_platform': true, 'build_args': {'C': 'all'}}",
		    "compose.plan.setup.1.argv",
		    "* --builder default --build-arg A=d --build-arg B=own --build-arg C=all "
		    "@{dir}/images/p-v" },
		{ NULL,
		    SVC "0.docker': {'builder': 'c', 'repository': '/src', 'dependencies': "
		        "[{'name': 'd', 'repository': '/dep'}]}, " DOCKER
		        "{'multi_platform': true}",
		    "compose.plan.setup.1.argv",
		    "@{bin}/pth-image hash -o @{owner} -x default -s source.tar=:/src "
		    "-s source-d.tar=:/dep p-v:latest @{dir}/images/p-v" },
		{ NULL, NULL, "compose.plan.setup.2.argv.3", "buildx" },
		{ NULL, NULL, "compose.plan.setup.3.argv",
		    "rm -rf @{dir}/images/p-v/source.tar @{dir}/images/p-v/source.tar.locks "
		    "@{dir}/images/p-v/source-d.tar @{dir}/images/p-v/source-d.tar.locks "
		    "@{dir}/images/p-v/site" },
		{ NULL, NULL, "compose.plan.setup.3.critical", "false" },
		{ NULL, NULL, "compose.plan.setup.4.argv.1", "network" },
		/* An image that is there is not built. */
		{ NULL, DOCKER "{'multi_platform': true}", "compose.plan.setup.0.argv.1",
		    "network" },
		{ NULL, PACKAGES ", " DOCKER "{'multi_platform': false}",
		    "compose.plan.setup.1.argv.1", "network" },
	};

	rows(v, countof(v));
}

static void
own_dockerfile(void)
{
	pth_auto_buf rec = PTH_BUF_INIT;
	struct pth_err e;
	char here[4000];
	char more[5000], args[5000];

	CHECK(getcwd(here, sizeof here) != NULL && mkdir("own", 0755) == 0);
	CHECK(pth_file_write(AT_FDCWD, "own/File", "FROM x\n", 7, &e) == 0);
	snprintf(more, sizeof more,
	    SVC "0.docker': {'dockerfile': '%s/own/File', 'base': 'b', 'args': {'A': '1'}, "
	        "'dependencies': [{'name': 'd', 'repository': 'u', 'revision': 'r'}]}",
	    here);
	snprintf(args, sizeof args,
	    BUILD "-x default -a BASE_IMAGE=b -a VERSION=v -a DEPENDENCIES=[{'name':'d','url':'u',"
	          "'commit':'r'}] -a A=1 -C %s/own p-v:latest @{dir}/images/p-v",
	    here);
	rows(
	    (const struct row[]){
	        { "a Dockerfile of one's own", more, IMAGE "dockerfile", "FROM x\n" },
	        { NULL, NULL, IMAGE "builder", "dockerfile" },
	        { NULL, NULL, IMAGE "argv", args },
	    },
	    3);
	snprintf(args, sizeof args,
	    "{'context':'%s/own','dockerfile':'@{dir}/images/p-v/Dockerfile','network':'host',"
	    "'args':{'BASE_IMAGE':'b','VERSION':'v','DEPENDENCIES':"
	    "'[{\\'name\\':\\'d\\',\\'url\\':\\'u\\',\\'commit\\':\\'r\\'}]','A':'1'},"
	    "'labels':{'org.pth.image':'p-v:latest'}}",
	    here);
	rows((const struct row[]){ { NULL, more, SERVER "build", args } }, 1);
	snprintf(more + strlen(more), sizeof more - strlen(more), ", %s",
	    DOCKER "{'multi_platform': true}");
	snprintf(args, sizeof args, "* --build-arg A=1 --file @{dir}/images/p-v/Dockerfile %s/own",
	    here);
	rows((const struct row[]){ { NULL, more, "compose.plan.setup.1.argv", args } }, 1);
	static const struct row bad[] = {
		{ "a Dockerfile that cannot be", SVC "0.docker': {'dockerfile': 'own/File'}",
		    "error", "docker.dockerfile: \"own/File\" is no absolute path" },
		{ NULL, SVC "0.docker': {'dockerfile': '/none/at/all'}", "error",
		    "docker.dockerfile: /none/at/all: No such file" },
		{ NULL, SVC "0.docker': {'dockerfile': '/x', 'files': ['/f']}", "error",
		    "docker.files: a Dockerfile of one's own copies from its own folder" },
		{ NULL, SVC "0.docker': {'dockerfile': '/x', 'patches': ['/f']}", "error",
		    "docker.patches: a Dockerfile of one's own" },
	};
	rows(bad, countof(bad));
}

#define WHOLE PARAM "container': true"
#define ONE DOC "services.container."

/* All services in one container. */
static void
whole(void)
{
	static const struct row v[] = {
		{ "one container for all services", WHOLE, "create container",
		    "* --name pth-001--_b-c-@{unique}-container" },
		{ NULL, NULL, SERVER "image", "-" },
		{ NULL, NULL, ONE "network_mode", "none" },
		{ NULL, NULL, ONE "networks", "-" },
		{ NULL, NULL, ONE "sysctls", "-" },
		{ NULL, NULL, ONE "tmpfs", "-" },
		{ NULL, NULL, ONE "depends_on", "-" },
		{ NULL, NULL, ONE "restart", "-" },
		{ NULL, NULL, ONE "stop_grace_period", "16s" },
		{ NULL, NULL, DOC "networks", "-" },
		{ NULL, NULL, "compose.plan.setup", "" },
		{ NULL, NULL, "compose.plan.teardown.1", "-" },
		{ NULL, NULL, "create container", "* --network none --mount" },
		{ NULL, NULL, "create container", "! --network-alias" },
		{ NULL, NULL, ONE "image", "a:1" },
		{ NULL, NULL, "compose.images.0.plugin", "p" },
		{ NULL, NULL, ONE "volumes.2", ".:/app/test" },
		{ NULL, NULL, "inner container links", "{'/app/logs':'/app/test'}" },
		{ NULL, NULL, ONE "volumes.3", "./ticket:/opt/ticket" },
		{ NULL, NULL, ONE "command", "-" },
		{ NULL, NULL, OUT "1", "-" },
		{ NULL, NULL, OUT "0.finite", "true" },
		{ NULL, NULL, OUT "0.critical", "true" },
		{ NULL, NULL, OUT "0.after", "" },
		{ NULL, NULL, OUT "0.timeout_us", "0" },
		{ NULL, NULL, OUT "0.inner.ask", "-" },
		{ NULL, NULL, OUT "0.stop.grace_us", "36000000" },
		{ NULL, NULL, "compose.plan.inside", "true" },
		{ NULL, NULL, "compose.plan.wait_us", "null" },
		{ NULL, NULL, "compose.plan.dirs", "ticket shared sync server client" },
		{ NULL, NULL, "inner container whole", "true" },
		{ NULL, NULL, "inner container ask", "-" },
		{ NULL, NULL, "inner container plan.services.0.name", "server" },
		{ NULL, NULL, "inner container plan.services.1.after",
		    "[{'service':'server','state':'ready'}]" },
		{ NULL, NULL, "inner container plan.order", "server client" },
		{ NULL, NULL, "inner container plan.metrics", "-" },
		{ NULL, NULL, "inner container plan.announce", "container/.ready" },
		{ NULL, NULL, "inner container services", "{'server':{},'client':{}}" },
		{ NULL, NULL, "inner container steps", "-" },
		{ "what is done inside is the test itself",
		    WHOLE ", 'steps.actions': [{'exec': {'service': 'server', 'argv': ['x']}}], "
		          "'assertions': [{'type': 'a'}], 'plan.timeout_us': 7, "
		          "'plan.wait_us': 8, 'network_environment': {'type': 'localhost'}, "
		          "'plan.capture': {'interface': 'lo', 'file': 'c.pcapng', "
		          "'keylogs': ['k']}",
		    "inner container steps.actions",
		    "[{'exec':{'service':'server','argv':['x']}}]" },
		{ NULL, NULL, "inner container assertions", "[{'type':'a'}]" },
		{ NULL, NULL, "inner container network_environment", "{'type':'localhost'}" },
		{ NULL, NULL, "inner container plan.timeout_us", "7" },
		{ NULL, NULL, "inner container plan.wait_us", "8" },
		{ NULL, NULL, "inner container plan.environment",
		    "{'type':'localhost','isolation':'none','parameters':{'network_name':'net',"
		    "'container':true}}" },
		{ NULL, NULL, "inner container plan.capture",
		    "{'interface':'lo','file':'c.pcapng','keylogs':['k']}" },
		{ NULL, NULL, ONE "cap_add", "* NET_RAW NET_ADMIN" },
		{ NULL, NULL, "compose.plan.timeout_us", "600000007" },
		{ NULL, NULL, "create container", "! PTH_HOLD=1" },
		{ "files and directories of services are made from outside",
		    WHOLE ", " SVC "0.dirs': ['d', 7], " SVC
		          "1.files': [{'path': 'f', 'text': '@{dir}/x'}]",
		    "compose.plan.dirs", "ticket shared sync server server/d client" },
		{ NULL, NULL, "compose.plan.files.1", "{'path':'client/f','text':'/app/test/x'}" },
		{ NULL, NULL, "inner container plan.services.0.dirs", "-" },
		{ "what the services may do, and how long, is put together",
		    WHOLE ", 'services.server.volumes': ['/:/a'], "
		          "'services.client.volumes': ['/:/b'], "
		          "'services.client.docker': {'target_platform': 'linux/arm'}, " SVC
		          "0.ready': [{'kind':'tcp','timeout_us':10}], " SVC
		          "1.ready': [{'kind':'tcp','timeout_us':20}], " SVC
		          "1.phases.pre_run': [{'argv':['c'],'timeout_us':100}], " SVC
		          "0.phases.post_run': [{'argv':['c'],'timeout_us':3}], " SVC
		          "0.phases.run': {'argv':['@{share}/x'],'timeout_us':9}",
		    ONE "volumes.7", "/:/a" },
		{ NULL, NULL, ONE "volumes.8", "/:/b" },
		{ NULL, NULL, ONE "volumes.6", "@{share}:/usr/local/share/pth:ro" },
		{ NULL, NULL, ONE "platform", "linux/arm" },
		{ NULL, NULL, OUT "0.ready.0.timeout_us", "30000130" },
		{ NULL, NULL, OUT "0.stop.grace_us", "36000003" },
		{ "the image of all",
		    WHOLE
		    ", " SVC "0.docker': {'packages': ['x', 'y'], 'environment': {'A': '1'}, "
		    "'args': {'P': '1'}, 'expose': [1], 'capabilities': ['NET_ADMIN']}, " SVC
		    "1.docker': null, " SVC "1.requires': [{'program': 'n'}, "
		    "{'program': 'm', 'package': 'y'}, {'program': 'z', 'package': 'z'}], " SVC
		    "1.plugin': 'q'",
		    "compose.images.0.tag", "p-with-q:latest" },
		{ NULL, NULL, "compose.images.0.argv", "* -a P=1 p-with-q:latest" },
		{ NULL, NULL, "compose.images.0.dockerfile", "* -s x y z >/dev/null" },
		{ NULL, NULL, ONE "cap_add", "* NET_ADMIN" },
		{ NULL,
		    WHOLE ", " SVC
		          "0.docker': {'packages': ['x'], 'environment': {'A': 'first'}}, " SVC
		          "1.docker': {'packages': ['y'], 'environment': {'A': 'second', "
		          "'B': 'b'}}",
		    "compose.images.0.tag", "p:latest" },
		{ NULL, NULL, "compose.images.0.dockerfile", "* -s x y >/dev/null" },
		{ NULL, NULL, "compose.images.0.dockerfile", "* ENV B='b'" },
		{ NULL,
		    WHOLE ", " SVC "0.docker': {'packages': ['x']}, " SVC
		          "1.docker': {'packages': ['x']}",
		    "compose.images.0.tag", "p-v:latest" },
		{ NULL,
		    WHOLE ", " SVC "0.docker': {'packages': ['x']}, " SVC
		          "1.docker': {'packages': ['x']}, " SVC "1.version': 'w'",
		    "compose.images.0.tag", "p:latest" },
		{ NULL,
		    WHOLE ", " SVC "0.docker': {'base': 'b'}, " SVC
		          "1.docker': {'packages': ['x']}",
		    "compose.images.0.dockerfile", "* FROM b RUN dpkg -s x >/dev/null" },
		{ NULL, WHOLE ", " SVC "1.docker.image': 'b:2'", "error",
		    "server and client want images of their own; name one that has both: "
		    "network_environment.image" },
		{ NULL,
		    WHOLE ", " SVC "0.docker': {'base': 'b'}, " SVC
		          "1.docker': {'dockerfile': '/x'}",
		    "error", "want images of their own" },
		{ NULL,
		    WHOLE ", " SVC "0.docker': {'builder': 'c', 'repository': '/s'}, " SVC
		          "1.docker': {'build': ['x']}",
		    "error", "want images of their own" },
		{ NULL, WHOLE ", " SVC "1.docker.image': 'b:2', " PARAM "image': 'c:3'",
		    ONE "image", "c:3" },
		{ "capabilities of descriptors, whatever the image is",
		    WHOLE ", " SVC "0.docker.capabilities': ['NET_ADMIN'], " SVC
		          "1.docker.capabilities': ['SYS_PTRACE', 'NET_ADMIN'], " PARAM
		          "image': 'c:3'",
		    ONE "cap_add",
		    "CHOWN DAC_OVERRIDE FOWNER KILL SETGID SETUID NET_ADMIN SYS_PTRACE" },
		{ "it has no network, whatever the settings say",
		    WHOLE ", " DOCKER "{'network_mode': 'host'}", ONE "network_mode", "none" },
		{ NULL, WHOLE ", " PARAM "enable_ipv6': false", ONE "sysctls", "-" },
		{ "a name that is taken", WHOLE ", " SVC "0.name': 'container'", "error",
		    "a service cannot be named container where all share one container" },
		{ NULL, SVC "0.name': 'container', 'services.container': {}", ONE "hostname",
		    "container" },
	};

	rows(v, countof(v));
}

static void
refusals(void)
{
	static const char *const taken[] = { "docker", "images", "ticket", "shared", "sync",
		"docker-compose.yml", "phases" };
	static const struct row v[] = {
		{ "what is no plan of ours is refused", "'plan.services': []", "error",
		    "the record's plan is not one of pth-plan" },
		{ NULL, "'plan.setup': '-'", "error", "the record's plan is not one" },
		{ NULL, SVC "1.name': 'a/b'", "error",
		    "service 2 of the record's plan is not one of pth-plan" },
		{ NULL, SVC "0.phases': '-'", "error", "service 1 of the record's plan" },
		{ NULL, SVC "0.docker.image': 'a b'", "error",
		    "server: docker.image: \"a b\" is no name of an image" },
		{ NULL, SVC "0.docker.packages': ['x']", "error",
		    "docker.image: \"a:1\" is used as it is; packages are added to a base" },
	};
	char more[80], want[120];

	rows(v, countof(v));
	for (size_t i = 0; i < countof(taken); i++) {
		const struct row r = { NULL, more, "error", want };

		snprintf(more, sizeof more, SVC "0.name': '%s'", taken[i]);
		snprintf(want, sizeof want,
		    "a service in a container cannot be named %s: the test's directory has this",
		    taken[i]);
		rows(&r, 1);
	}
}

static void
wanted(void)
{
	static const struct {
		const char *changes;
		bool want;
	} v[] = {
		{ "", true },
		{ "'error': {'stage': 'plan'}", true }, /* planned in part */
		{ "'plan.environment.supported_by': ['pth-exec']", false },
		{ "'plan.environment.supported_by': ['x', 'pth-compose']", true },
		{ "'plan': '-'", false },
	};

	unit("which records are for containers");
	for (size_t i = 0; i < countof(v); i++) {
		json_auto_t *rec = changed(v[i].changes);

		CHECK(pth_compose_wants(rec) == v[i].want);
	}
}

/* Two tests of one stream: names of images go on from one to the next. */
static void
names_go_on(void)
{
	json_auto_t *one = changed(PACKAGES), *two = changed(PACKAGES), *same = changed(PACKAGES);
	json_auto_t *seen = json_object();
	const char *tag;
	struct pth_err e;

	set(two, "plan.services.0.docker.packages", json("['y']"));
	unit("images of one name in other tests of the stream");
	CHECK_INT(pth_compose_test(one, share(), seen, NULL, &e), 0);
	CHECK_INT(pth_compose_test(two, share(), seen, NULL, &e), 0);
	CHECK_INT(pth_compose_test(same, share(), seen, NULL, &e), 0);
	CHECK_STR(json_string_value(pth_json_path(one, IMAGE "tag")), "p-v:latest");
	CHECK_STR(json_string_value(pth_json_path(same, IMAGE "tag")), "p-v:latest");
	tag = json_string_value(pth_json_path(two, IMAGE "tag"));
	CHECK_INT(strlen(tag), strlen("p-v:latest-12345678"));
	CHECK_INT(strspn(tag + strlen("p-v:latest-"), "0123456789abcdef"), 8);
	CHECK_STR(json_string_value(pth_json_path(two, SERVER "image")), tag);

	unit("without our templates there is no Dockerfile");
	CHECK_INT(pth_compose_test(one, "/none/at/all", seen, NULL, &e), -1);
	CHECK(strstr(e.text, "/none/at/all/templates/dockerfile-base.j2: No such file") != NULL);

	unit("without names of before, two services may not disagree");
	json_auto_t *rec = changed(PACKAGES ", " SVC "1.docker': {'packages': ['y']}");
	CHECK_INT(pth_compose_test(rec, share(), NULL, NULL, &e), -1);
	CHECK_STR(e.text, "client: two services want the image p-v:latest built in different ways");
}

static void
how(void)
{
	static const struct {
		const char *changes;
		bool stack;
		const char *want;
	} v[] = {
		{ "", false, "By hand: docker-compose -f THIS up --exit-code-from client" },
		{ "", true, "By hand: docker stack deploy -c THIS NAME" },
		{ SVC "0.finite': true", false, "By hand: docker-compose -f THIS up" },
		{ SVC "0.finite': true, " SVC "1.finite': false", false,
		    "By hand: docker-compose -f THIS up --exit-code-from server" },
		{ SVC "1.finite': false", false, "By hand: docker-compose -f THIS up" },
		{ WHOLE, false, "By hand: docker-compose -f THIS up" },
	};
	struct pth_err e;

	unit("how a file is used by hand");
	for (size_t i = 0; i < countof(v); i++) {
		json_auto_t *rec = changed(v[i].changes);
		pth_auto_buf b = PTH_BUF_INIT;

		pth_compose_how(&b, rec, v[i].stack);
		CHECK_STR(b.s, v[i].want);
	}
	unit("a compose file has $ twice");
	json_auto_t *doc = json("{'a':'$x $$','b$':['$'],'c':1}");
	pth_auto_buf yaml = PTH_BUF_INIT, none = PTH_BUF_INIT;
	CHECK_INT(pth_compose_yaml(&yaml, doc, "x", &e), 0);
	CHECK(strncmp(yaml.s, "# Generated by pth-compose(1). x\na:", 35) == 0);
	CHECK(strstr(yaml.s, "$$x $$$$") != NULL);
	CHECK(strstr(yaml.s, "b$:") != NULL);
	CHECK_INT(pth_compose_yaml(&none, doc, "", &e), 0);
	CHECK(strchr(none.s, '#') == NULL);
}

/* What a swarm refuses is not there, and who may start too early is started again. */
static void
swarm(void)
{
	static const struct {
		const char *service, *deploy;
	} v[] = {
		{ "'restart':'no'", "{'replicas':1,'restart_policy':{'condition':'none'}}" },
		{ "'restart':'always'", "{'replicas':1,'restart_policy':{'condition':'any'}}" },
		{ "'restart':'unless-stopped'",
		    "{'replicas':1,'restart_policy':{'condition':'any'}}" },
		{ "'restart':'on-failure'",
		    "{'replicas':1,'restart_policy':{'condition':'on-failure','delay':'1s',"
		    "'max_attempts':30}}" },
		{ "'restart':'no','depends_on':{'x':{}}",
		    "{'replicas':1,'restart_policy':{'condition':'on-failure','delay':'1s',"
		    "'max_attempts':30}}" },
		{ "'restart':'always','depends_on':{'x':{}},'container_name':'x','build':{},"
		  "'pull_policy':'x','platform':'x','security_opt':[],'network_mode':'x',"
		  "'mem_limit':64,'memswap_limit':64,'cpus':0.5,'pids_limit':9",
		    "{'replicas':1,'restart_policy':{'condition':'any'},"
		    "'resources':{'limits':{'memory':'64','cpus':'0.5'}}}" },
	};

	unit("the same for a swarm");
	for (size_t i = 0; i < countof(v); i++) {
		pth_auto_buf text = PTH_BUF_INIT;
		json_auto_t *doc = NULL, *stack = NULL, *want = json(v[i].deploy);

		pth_buf_addf(&text,
		    "{'version':'3.1','services':{'s':{'image':'i','networks':{'n':{'aliases':"
		    "['s'],'ipv4_address':'1.2.3.4'}},%s}},'networks':{'n':{'driver':'bridge'}}}",
		    v[i].service);
		doc = json(text.s);
		stack = pth_compose_stack(doc);
		CHECK_INT(json_object_size(pth_json_path(stack, "services.s")), 3);
		CHECK(json_equal(pth_json_path(stack, "services.s.deploy"), want));
		CHECK_STR(json_string_value(pth_json_path(stack, "services.s.image")), "i");
		CHECK(pth_json_path(stack, "services.s.networks.n.aliases") != NULL);
		CHECK(pth_json_path(stack, "services.s.networks.n.ipv4_address") == NULL);
		CHECK_STR(json_string_value(pth_json_path(stack, "networks.n.driver")), "overlay");
		CHECK(json_is_true(pth_json_path(stack, "networks.n.attachable")));
		CHECK_STR(pth_json_str(stack, "version", ""), "3.8");
		/* The document stays what it was. */
		CHECK(pth_json_path(doc, "services.s.restart") != NULL);
	}
}

int
main(void)
{
	images();
	platforms();
	own_dockerfile();
	whole();
	refusals();
	wanted();
	names_go_on();
	how();
	swarm();
	return unit_done();
}
