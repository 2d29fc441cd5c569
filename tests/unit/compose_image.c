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
		{ NULL, NULL, "create server", "* --entrypoint /pth/init a:1 /pth/plan.json" },
		{ NULL, SVC "1.docker.image': 'b:2'", "compose.images.1.tag", "b:2" },
		{ NULL, DOCKER "{'registry': 'reg:5'}", SERVER "image", "reg:5/a:1" },
		{ NULL, DOCKER "{'registry': ''}", SERVER "image", "a:1" },
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
		    "{'context':'@{dir}/images/p-v','network':'host','labels':"
		    "{'org.pth.image':'p-v:latest'}}" },
		{ "a container is made by the number of the image that was built", NULL,
		    "create server",
		    "* sh -c image=$(cat \"$1\") && plan=$2 && shift 2 && exec docker create "
		    "\"$@\" \"$image\" \"$plan\" docker create @{dir}/images/p-v.id /pth/plan.json "
		    "--name" },
		{ NULL, NULL, "create server", "! p-v:latest" },
		{ NULL, NULL, "create client", "* --entrypoint /pth/init a:1 /pth/plan.json" },
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
		{ "what is copied into the folder of the build",
		    SVC "0.docker': {'builder': 'c', 'files': ['/x/f', {'from': '/x/g', "
		        "'to': '/etc/g'}], 'patches': ['/p/a', '/p/b'], 'repository': '/src', "
		        "'revision': 'v1', 'dependencies': [{'name': 'd', 'repository': '/dep'}, "
		        "{'name': 'e', 'repository': 'https://e'}]}",
		    IMAGE "argv",
		    BUILD "-x default -F files/f=/x/f -F files/g=/x/g -F patches/01-a=/p/a "
		          "-F patches/02-b=/p/b -s source.tar=v1:/src -s source-d.tar=:/dep "
		          "p-v:latest @{dir}/images/p-v" },
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
		    "rm -f @{dir}/images/p-v/source.tar @{dir}/images/p-v/source-d.tar" },
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

int
main(void)
{
	images();
	platforms();
	own_dockerfile();
	return unit_done();
}
