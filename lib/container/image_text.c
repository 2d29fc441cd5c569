/* This file renders the text of a Dockerfile and lists what lies beside it. */
#include "container/dockerfile.h"
#include "container/image_priv.h"

#include <string.h>

#include "base/text.h"
#include "io/file.h"
#include "io/placeholder.h"
#include "template/template.h"

#define TEXT_MAX ((size_t)1 << 20)
#define USER_NUMBER 10001 /* of the ordinary user in images that we build */

/* Makes [{name, from, to?}] of paths or {from, to}; files that have to keep their order
 * get a number in front. */
static json_t *
files_of(const struct pth_image_req *q, const char *key, bool numbered, struct pth_err *e)
{
	json_auto_t *out = json_array();
	json_t *v;
	pth_auto_buf b = PTH_BUF_INIT;
	size_t i;

	json_array_foreach(json_object_get(pth_svc_docker(q->service), key), i, v) {
		const char *from = pth_json_str(v, "from", json_string_value(v));
		const char *to = pth_json_str(v, "to", "");
		bool into = *to != '\0' && to[strlen(to) - 1] == '/';

		if (from != NULL && *from == '\0')
			continue;
		if (container_image_check(q, key, IMAGE_LINE, from, e) != 0 ||
		    (*to != '\0' && container_image_check(q, key, IMAGE_TO, to, e) != 0))
			return NULL;
		pth_buf_cut(&b, 0);
		if (numbered)
			pth_buf_addf(&b, "%02zu-", i + 1);
		pth_buf_adds(&b, pth_base_name(from));
		if (!pth_name_ok(b.s)) {
			container_image_bad(q, key, from, e,
			    "is not the path of a file or folder with a plain name");
			return NULL;
		}
		if (pth_json_named(out, b.s) != NULL) {
			container_image_bad(q, key, pth_base_name(from), e,
			    "is there twice; the build has one folder for all");
			return NULL;
		}
		pth_json_push(out,
		    json_pack("{s:s,s:s,s:o}", "name", b.s, "from", from, "to",
		        json_sprintf("%s%s", to, into ? b.s : "")));
	}
	return pth_take(&out);
}

/* Makes [{from, to}] of paths or {from, to} of the first stage, absolute or below the
 * directory of the sources; each goes to the same place unless it says another. */
static json_t *
copies(const struct pth_image_req *q, const char *directory, struct pth_err *e)
{
	const char *key = PTH_KEY(recipe, copy);
	json_auto_t *out = json_array();
	json_t *v;
	size_t i;

	json_array_foreach(pth_recipe_copy(pth_svc_docker(q->service)), i, v) {
		const char *from = pth_json_str(v, "from", json_string_value(v));
		const char *to = pth_json_str(v, "to", from);
		const char *end = *directory != '\0' && strcmp(directory, "/") != 0 ? "/" : "";

		if (from != NULL && *from == '\0')
			continue;
		if (container_image_check(q, key, IMAGE_TO, from, e) != 0 ||
		    container_image_check(q, key, IMAGE_TO, to, e) != 0)
			return NULL;
		pth_json_push(out,
		    json_pack("{s:o,s:o}", "from",
		        json_sprintf(
		            "%s%s%s", *from == '/' ? "" : directory, *from == '/' ? "" : end, from),
		        "to",
		        json_sprintf(
		            "%s%s%s", *to == '/' ? "" : directory, *to == '/' ? "" : end, to)));
	}
	return pth_take(&out);
}

/* A directory of this machine goes into the folder of the build as an archive. */
static bool
is_local(const char *repository)
{
	return *repository == '/' || pth_placeholder_find(repository) == repository;
}

/* Sets where sources come from: repository, revision, submodules and archive of `to`.
 * `from` is a dependency, or the recipe itself, which has the same keys; `key` is for
 * messages. */
static int
source(const struct pth_image_req *q, const json_t *from, const char *key, const char *archive,
    json_t *to, struct pth_err *e)
{
	const char *repository = pth_gotten_repository(from), *revision = pth_gotten_revision(from);
	bool submodules = pth_gotten_submodules(from);

	if (container_image_check(q, key, IMAGE_LINE, repository, e) != 0)
		return -1;
	if (*revision != '\0' &&
	    container_image_check(q, *key == 'r' ? "revision" : key, IMAGE_REVISION, revision, e) !=
	        0)
		return -1;
	if (is_local(repository) && submodules && *revision != '\0')
		return container_image_bad(q, key, NULL, e,
		    "a directory of this machine is copied with its submodules only without a "
		    "revision");
	pth_json_set(to, "repository", json_string(repository));
	pth_json_set(to, "revision", json_string(revision));
	pth_json_set(to, "submodules", json_boolean(submodules));
	pth_json_set(to, "archive", json_string(is_local(repository) ? archive : ""));
	return 0;
}

static int
dependency(const struct pth_image_req *q, const json_t *from, json_t *to, struct pth_err *e)
{
	const char *name = pth_gotten_name(from), *key = PTH_KEY(recipe, dependencies);
	pth_auto_buf archive = PTH_BUF_INIT;
	json_t *steps;

	if (!pth_name_ok(name))
		return container_image_bad(q, key, name, e, "is no name");
	if (*pth_gotten_repository(from) == '\0')
		return container_image_bad(q, key, name, e, "has no repository");
	pth_buf_addf(&archive, "source-%s.tar", name);
	pth_json_set(to, "name", json_string(name));
	if (source(q, from, key, archive.s, to, e) != 0 ||
	    (steps = container_image_steps(q, from, PTH_KEY(gotten, build), e)) == NULL)
		return -1;
	if (*pth_json_str(to, "revision", "") == '\0')
		pth_json_set(to, "revision",
		    json_string(*pth_json_str(to, "archive", "") != '\0' ? "" : "HEAD"));
	pth_json_set(to, "build", steps);
	return 0;
}

static json_t *
dependencies(const struct pth_image_req *q, const json_t *d, struct pth_err *e)
{
	json_auto_t *out = json_array();
	json_t *v;
	size_t i;

	json_array_foreach(pth_recipe_dependencies(d), i, v) {
		pth_json_push(out, json_object());
		if (dependency(q, v, json_array_get(out, i), e) != 0)
			return NULL;
	}
	return pth_take(&out);
}

static bool
is_in(const json_t *list, const json_t *wanted)
{
	json_t *v;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, v)
		if (json_equal(v, wanted) != 0)
			return true;
	return false;
}

/* The packages of needs that are not in `but`. */
static json_t *
needed(const struct pth_image_req *q, const json_t *needs, const json_t *but, struct pth_err *e)
{
	const char *key = PTH_KEY(recipe, packages);
	json_auto_t *list = json_array(), *o = json_pack("{s:O}", key, list);
	json_t *r;
	size_t i;

	json_array_foreach(needs, i, r)
		if (pth_need_package(r) != NULL && !is_in(but, r))
			pth_json_push_once(list, json_string(pth_need_package(r)));
	return container_image_words(q, o, key, IMAGE_PACKAGE, e);
}

/* Without `docker`, an image has what the service needs on this machine. */
static json_t *
packages(const struct pth_image_req *q, struct pth_err *e)
{
	const json_t *docker = pth_svc_docker(q->service);

	if (json_is_object(docker))
		return container_image_words(
		    q, docker, PTH_KEY(recipe, packages), IMAGE_PACKAGE, e);
	return needed(q, pth_svc_requires(q->service), pth_svc_tools(q->service), e);
}

json_t *
container_image_tools(const struct pth_image_req *q, struct pth_err *e)
{
	return needed(q, pth_svc_tools(q->service), NULL, e);
}

/* Sets words of one line each, with usual ones for what the descriptor does not say. */
static int
words(const struct pth_image_req *q, json_t *v, struct pth_err *e)
{
	const json_t *d = pth_svc_docker(q->service);
	const char *user = pth_usermap_user_name(pth_docker_user_mapping(q->docker));
	const char *directory = pth_recipe_directory(d), *own = pth_recipe_build_base(d);
	const char *base = pth_recipe_base(d), *plugin = pth_svc_plugin(q->service);
	pth_auto_buf b = PTH_BUF_INIT;

	if (directory != NULL)
		pth_buf_adds(&b, directory);
	else
		pth_buf_addf(&b, "/opt/%s", plugin);
	pth_json_set(v, "plugin", json_string(plugin));
	pth_json_set(v, "base", json_string(base));
	pth_json_set(v, "build_base", json_string(own));
	pth_json_set(v, "directory", json_string(b.s));
	pth_json_set(v, "user", json_string(user));
	pth_json_set(v, "uid", json_integer(USER_NUMBER));
	return container_image_check(q, "plugin", IMAGE_TO, plugin, e) != 0 ||
	        container_image_check(q, "base", IMAGE_NAME, base, e) != 0 ||
	        (*own != '\0' && container_image_check(q, "build_base", IMAGE_NAME, own, e) != 0) ||
	        container_image_check(q, "directory", IMAGE_PATH, b.s, e) != 0 ||
	        container_image_check(q, "user_mapping.user_name", IMAGE_USER, user, e) != 0 ||
	        source(q, d, "repository", "source.tar", v, e) != 0 ?
	    -1 :
	    0;
}

/* Sets a list under a key; false when there was an error. */
static bool
put(json_t *v, const char *key, json_t *list)
{
	if (list != NULL)
		pth_json_set(v, key, list);
	return list != NULL;
}

json_t *
container_image_variables(
    const struct pth_image_req *q, const char *tag, const char *builder, struct pth_err *e)
{
	const json_t *d = pth_svc_docker(q->service);
	json_auto_t *v = json_object(), *args = container_image_args(q);
	bool ok;

	pth_json_set(v, "tag", json_string(tag));
	pth_json_set(v, "builder", json_string(builder));
	ok = words(q, v, e) == 0 && put(v, "packages", packages(q, e)) &&
	    put(v, "tool_packages", container_image_tools(q, e)) &&
	    put(v, "build_packages",
	        container_image_words(q, d, "build_packages", IMAGE_PACKAGE, e)) &&
	    put(v, "features", container_image_words(q, d, "features", IMAGE_FEATURE, e)) &&
	    put(v, "expose", container_image_words(q, d, "expose", IMAGE_PORT, e)) &&
	    put(v, "build", container_image_steps(q, d, "build", e)) &&
	    put(v, "dependencies", dependencies(q, d, e)) &&
	    put(v, "files", files_of(q, "files", false, e)) &&
	    put(v, "copy", copies(q, pth_json_str(v, "directory", ""), e)) &&
	    put(v, "patches", files_of(q, "patches", true, e)) &&
	    put(v, "args", container_image_pairs(q, "args", args, e)) &&
	    put(v, "environment",
	        container_image_pairs(q, "environment", pth_recipe_environment(d), e));
	return ok ? pth_take(&v) : NULL;
}

/* --- the templates --- */

static int
include(void *arg, const char *name, struct pth_buf *b, struct pth_err *e)
{
	pth_auto_buf path = PTH_BUF_INIT;

	if (strchr(name, '/') != NULL)
		return pth_err_set(e, PTH_INPUT, "%.80s: templates lie beside each other", name);
	pth_buf_addf(&path, "%s/templates/%s", (const char *)arg, name);
	return pth_file_read_named(path.s, TEXT_MAX, b, e);
}

/* Reads the descriptor's own Dockerfile. */
static int
own(const struct pth_image_req *q, const char *path, struct pth_buf *out, struct pth_err *e)
{
	struct pth_err why;

	if (pth_file_read_named(path, TEXT_MAX, out, &why) != 0)
		return container_image_bad(q, "dockerfile", NULL, e, "%s", why.text);
	if (container_dockerfile_check(out->s != NULL ? out->s : "", out->len, &why) != 0)
		return container_image_bad(q, "dockerfile", NULL, e, "%s", why.text);
	return 0;
}

/* Nothing is compiled on a base: what only a stage of compilers would read is not passed over. */
static int
check_base(const struct pth_image_req *q, const char *builder, struct pth_err *e)
{
	static const char *const keys[] = { "repository", "revision", "dependencies", "patches",
		"build_base", "build_packages", "build", "copy" };
	const json_t *d = pth_svc_docker(q->service), *v;

	for (size_t i = 0; strcmp(builder, "base") == 0 && i < countof(keys); i++) {
		v = json_object_get(d, keys[i]);
		if (json_array_size(v) > 0 || json_string_length(v) > 0)
			return container_image_bad(q, keys[i], NULL, e,
			    "nothing is compiled without a builder: c, cpp, go, python or rust");
	}
	return 0;
}

int
container_image_render(const struct pth_image_req *q, const char *builder, json_t *vars,
    struct pth_buf *out, struct pth_err *e)
{
	static const char *const builders[] = { "base", "c", "cpp", "go", "python", "rust" };
	struct pth_template_options opt = { .load = include, .arg = (void *)(uintptr_t)q->share };
	const char *path = pth_recipe_dockerfile(pth_svc_docker(q->service));
	pth_auto_buf name = PTH_BUF_INIT, src = PTH_BUF_INIT;
	struct pth_template *t = NULL;
	int r = -1;

	if (*path != '\0')
		return own(q, path, out, e);
	if (!pth_one_of(builder, builders, countof(builders)))
		return container_image_bad(
		    q, "builder", builder, e, "is none of base, c, cpp, go, python, rust");
	if (check_base(q, builder, e) != 0)
		return -1;
	pth_buf_addf(&name, "dockerfile-%s.j2", builder);
	if (include((void *)(uintptr_t)q->share, name.s, &src, e) == 0)
		t = pth_template_parse(name.s, src.s, src.len, &opt, e);
	if (t != NULL)
		r = pth_template_render(t, vars, out, e);
	pth_template_free(t);
	return r;
}
