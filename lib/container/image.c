/* This file plans the image of a service: its tag, its build, and the call of pth-image(1). */
#include "container/image_priv.h"

#include <openssl/evp.h>
#include <string.h>

#include "io/placeholder.h"

/* The tools of execution environments, with a sign between. */
static int
join_tools(const struct pth_image_req *q, char sign, struct pth_buf *b, struct pth_err *e)
{
	json_auto_t *list = container_image_tools(q, e);
	json_t *v;
	size_t i;

	if (list == NULL)
		return -1;
	json_array_foreach(list, i, v) {
		if (i > 0)
			pth_buf_addc(b, sign);
		pth_buf_adds(b, json_string_value(v));
	}
	return 0;
}

/* The service's own docker settings win over the experiment's. */
static const json_t *
setting(const struct pth_image_req *q, const char *key)
{
	const json_t *own = json_object_get(pth_given_docker(q->given), key);

	return own != NULL && !json_is_null(own) ? own : json_object_get(q->docker, key);
}

static const char *
setting_text(const struct pth_image_req *q, const char *key)
{
	const char *s = json_string_value(setting(q, key));

	return s != NULL && *s != '\0' ? s : NULL;
}

static const char *
platform(const struct pth_image_req *q)
{
	const char *s = setting_text(q, PTH_KEY(docker, target_platform));

	return s != NULL ? s : pth_recipe_platform(pth_svc_docker(q->service));
}

static void
make_tag(const struct pth_image_req *q, bool roles, const char *tools, struct pth_buf *b)
{
	const json_t *implementation = pth_given_implementation(q->given);
	const char *suffixes[] = {
		roles ? pth_svc_role(q->service) : NULL,
		pth_json_str(implementation, "build_mode", NULL),
		strcmp(pth_json_str(implementation, "z3_source", ""), "pip") == 0 ? "z3pip" : NULL,
		platform(q),
		tools,
	};

	pth_image_tag(b, pth_svc_plugin(q->service), pth_svc_version(q->service), suffixes,
	    countof(suffixes));
}

/* A Dockerfile of one's own may ask for the arguments that those of PANTHER ask for. */
static void
usual_args(const struct pth_image_req *q, json_t *args)
{
	const json_t *d = pth_svc_docker(q->service);
	json_auto_t *list = json_array();
	json_t *v;
	pth_auto_buf b = PTH_BUF_INIT, tools = PTH_BUF_INIT;
	struct pth_err e;
	size_t i;

	if (join_tools(q, ' ', &tools, &e) == 0 && tools.len > 0)
		pth_json_set(args, "TOOLS", json_string(tools.s));
	json_array_foreach(pth_recipe_dependencies(d), i, v)
		pth_json_push(list,
		    json_pack("{s:s,s:s,s:s}", "name", pth_gotten_name(v), "url",
		        pth_gotten_repository(v), "commit", pth_gotten_revision(v)));
	pth_json_dump(&b, list);
	pth_json_set(args, "BASE_IMAGE", json_string(pth_recipe_base(d)));
	pth_json_set(args, "VERSION", json_string(pth_svc_version(q->service)));
	pth_json_set(args, "DEPENDENCIES", json_string(b.s));
}

json_t *
container_image_args(const struct pth_image_req *q)
{
	const json_t *d = pth_svc_docker(q->service);
	json_t *out = json_object();

	if (*pth_recipe_dockerfile(d) != '\0')
		usual_args(q, out);
	json_object_update(out, pth_recipe_args(d));
	json_object_update(out, pth_docker_build_args(q->docker));
	json_object_update(out, pth_docker_build_args(pth_given_docker(q->given)));
	return out;
}

/* --- the command --- */

/* Adds what is copied into the folder of the build. */
static void
push_inputs(json_t *argv, const json_t *vars)
{
	static const char *const folders[] = { "files", "patches" };
	json_t *v;
	size_t i;

	for (size_t k = 0; k < countof(folders); k++)
		json_array_foreach(json_object_get(vars, folders[k]), i, v) {
			container_push(argv, "-F");
			pth_json_push(argv,
			    json_sprintf("%s/%s=%s", folders[k], pth_json_str(v, "name", ""),
			        pth_json_str(v, "from", "")));
		}
}

static void
push_source(json_t *argv, const json_t *from)
{
	const char *archive = pth_json_str(from, "archive", "");

	if (*archive == '\0')
		return;
	container_push(argv, "-s");
	pth_json_push(argv,
	    json_sprintf("%s=%s:%s", archive, pth_json_str(from, "revision", ""),
	        pth_json_str(from, "repository", "")));
}

static void
push_settings(const struct pth_image_req *q, json_t *argv)
{
	const json_t *from = setting(q, PTH_KEY(docker, cache_from));
	const json_t *buildx = setting(q, PTH_KEY(docker, use_buildx));
	const char *builder;
	json_t *v;
	size_t i;

	if (json_is_true(setting(q, PTH_KEY(docker, force_build_docker_image))))
		container_push(argv, "-f");
	if (json_is_true(setting(q, PTH_KEY(docker, no_docker_cache))))
		container_push(argv, "-n");
	if (json_is_false(setting(q, PTH_KEY(docker, log_docker_image_build))))
		container_push(argv, "-q");
	if (buildx == NULL || json_is_true(buildx)) {
		builder = setting_text(q, PTH_KEY(docker, buildx_builder));
		container_push_option(argv, "-x", builder != NULL ? builder : "default");
	}
	if (platform(q) != NULL)
		container_push_option(argv, "-p", platform(q));
	if (json_is_string(from))
		container_push_option(argv, "-c", json_string_value(from));
	json_array_foreach((json_t *)(uintptr_t)from, i, v)
		container_push_option(argv, "-c", json_is_string(v) ? json_string_value(v) : "");
}

/* Returns the folder of a path that has one. */
static json_t *
folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return json_stringn(path, slash != path ? (size_t)(slash - path) : 1);
}

static json_t *
command(const struct pth_image_req *q, const json_t *vars, const char *tag, const char *directory)
{
	json_auto_t *args = container_image_args(q);
	const char *own = pth_recipe_dockerfile(pth_svc_docker(q->service));
	json_t *argv = json_pack("[s,s,s,s]", "@{bin}/pth-image", "build", "-o", "@{owner}"), *v;
	size_t i;

	push_settings(q, argv);
	container_push_map(argv, "-a", args);
	if (*own != '\0') {
		container_push(argv, "-C");
		pth_json_push(argv, folder(own));
	}
	push_inputs(argv, vars);
	push_source(argv, vars);
	json_array_foreach(json_object_get(vars, "dependencies"), i, v)
		push_source(argv, v);
	container_push(argv, tag);
	pth_json_push(argv, json_sprintf("@{dir}/%s", directory));
	return argv;
}

/* Plans an image that is there already, or that the engine fetches. */
static json_t *
ready_made(const struct pth_image_req *q, const char *image)
{
	const char *registry = setting_text(q, PTH_KEY(docker, registry));

	return json_pack("{s:o,s:s,s:s}", PTH_KEY(img, tag),
	    registry != NULL ? json_sprintf("%s/%s", registry, image) : json_string(image),
	    PTH_KEY(img, plugin), pth_svc_plugin(q->service), PTH_KEY(img, builder), "image");
}

/* Files and patches go into a folder that an own Dockerfile does not see. */
static int
check_own(const struct pth_image_req *q, struct pth_err *e)
{
	static const char *const keys[] = { PTH_KEY(recipe, files), PTH_KEY(recipe, patches) };
	const json_t *d = pth_svc_docker(q->service);
	const char *path = pth_recipe_dockerfile(d);

	if (*path != '/' && (pth_placeholder_find(path) != path || strchr(path, '/') == NULL))
		return container_image_bad(
		    q, PTH_KEY(recipe, dockerfile), path, e, "is no absolute path");
	for (size_t i = 0; i < countof(keys); i++)
		if (json_array_size(json_object_get(d, keys[i])) > 0)
			return container_image_bad(q, keys[i], NULL, e,
			    "a Dockerfile of one's own copies from its own folder");
	return 0;
}

/* A tag means one image, whatever else is built beside it: another one of the
 * same name gets eight digits of its own behind. */
static void
distinct(const struct pth_image_req *q, const json_t *vars, const char *text, struct pth_buf *tag)
{
	json_auto_t *id = json_pack("[s,o,O]", text, container_image_args(q), vars);
	pth_auto_buf b = PTH_BUF_INIT, hex = PTH_BUF_INIT;
	unsigned char md[EVP_MAX_MD_SIZE];
	const char *have;

	pth_json_dump(&b, id);
	EVP_Digest(b.s, b.len, md, NULL, EVP_sha256(), NULL);
	for (size_t i = 0; i < 4; i++)
		pth_buf_addf(&hex, "%02x", md[i]);
	have = pth_json_str(q->seen, tag->s, NULL);
	if (have == NULL)
		pth_json_set(q->seen, tag->s, json_string(hex.s));
	else if (strcmp(have, hex.s) != 0)
		pth_buf_addf(tag, "-%s", hex.s);
}

static json_t *
built(const struct pth_image_req *q, const char *builder, struct pth_err *e)
{
	const json_t *d = pth_svc_docker(q->service);
	bool own = *pth_recipe_dockerfile(d) != '\0';
	pth_auto_buf tag = PTH_BUF_INIT, text = PTH_BUF_INIT, directory = PTH_BUF_INIT;
	pth_auto_buf tools = PTH_BUF_INIT;
	json_auto_t *vars = NULL, *args = container_image_args(q);
	json_t *out;

	if (join_tools(q, '-', &tools, e) != 0)
		return NULL;
	make_tag(q, !json_is_object(d), tools.s, &tag);
	vars = container_image_variables(q, tag.s, builder, e);
	if (vars == NULL || (own && check_own(q, e) != 0) ||
	    container_image_render(q, builder, vars, &text, e) != 0)
		return NULL;
	if (q->seen != NULL)
		distinct(q, vars, text.s != NULL ? text.s : "", &tag);
	pth_buf_addf(&directory, "images/%.*s", (int)strcspn(tag.s, ":"), tag.s);
	pth_buf_adds(&directory, strstr(tag.s, ":latest") + strlen(":latest"));
	out = json_object();
	pth_img_set_tag(out, tag.s);
	pth_img_set_plugin(out, pth_svc_plugin(q->service));
	pth_img_set_builder(out, own ? "dockerfile" : builder);
	pth_json_set(out, PTH_KEY(img, dockerfile), pth_json_text(text.s, text.len));
	pth_img_set_directory(out, directory.s);
	pth_img_set_argv(out, command(q, vars, tag.s, directory.s));
	if (json_object_size(args) > 0)
		pth_img_set_args(out, json_incref(args));
	if (own)
		pth_json_set(out, PTH_KEY(img, context), folder(pth_recipe_dockerfile(d)));
	return out;
}

json_t *
pth_image_plan(const struct pth_image_req *q, struct pth_err *e)
{
	const json_t *d = pth_svc_docker(q->service);
	const char *key = PTH_KEY(recipe, image), *image = pth_recipe_image(d);

	if (*image == '\0')
		return built(q, pth_recipe_builder(d), e);
	if (container_image_check(q, key, IMAGE_NAME, image, e) != 0)
		return NULL;
	if (json_array_size(pth_recipe_packages(d)) > 0) {
		container_image_bad(
		    q, key, image, e, "is used as it is; packages are added to a base");
		return NULL;
	}
	return ready_made(q, image);
}
