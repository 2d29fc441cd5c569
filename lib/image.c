#include "image.h"

#include <ctype.h>
#include <string.h>

#include "file.h"
#include "json.h"
#include "template.h"
#include "text.h"

#define TAG_MAX 128
#define DOCKERFILE_MAX ((size_t)1 << 20)
#define USER_NUMBER 10001 /* of the ordinary user in images that we build */
#define HELPERS "/usr/local/libexec/pth" /* @{libexec} inside */

static bool
tag_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

static void
add_clean(struct pth_buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		char c = (char)tolower((unsigned char)*s);

		c = tag_char((unsigned char)c) ? c : '-';
		if (b->len == 0 && (c == '.' || c == '-'))
			continue;
		pth_buf_addc(b, c);
	}
}

void
pth_image_tag(struct pth_buf *b, const char *impl, const char *version,
    const char *const *suffixes, size_t n)
{
	struct pth_buf name = PTH_BUF_INIT, tag = PTH_BUF_INIT;

	add_clean(&name, impl);
	if (*version != '\0') {
		pth_buf_addc(&name, '-');
		add_clean(&name, version);
	}
	pth_buf_adds(&tag, "latest");
	for (size_t i = 0; i < n; i++)
		if (suffixes[i] != NULL && *suffixes[i] != '\0') {
			pth_buf_addc(&tag, '-');
			add_clean(&tag, suffixes[i]);
		}
	if (name.len == 0)
		pth_buf_adds(&name, "x");
	pth_buf_cut(&tag, tag.len > 100 ? 100 : tag.len);
	if (name.len + 1 + tag.len > TAG_MAX)
		pth_buf_cut(&name, TAG_MAX - 1 - tag.len);
	while (name.len > 1 && (name.s[name.len - 1] == '-' || name.s[name.len - 1] == '.'))
		pth_buf_cut(&name, name.len - 1); /* a separator may not end a name */
	pth_buf_addf(b, "%s:%s", name.s, tag.s);
	pth_buf_release(&name);
	pth_buf_release(&tag);
}

/* The service's own docker settings win over the experiment's. */
static const json_t *
setting(const struct pth_image_req *q, const char *key)
{
	const json_t *own = json_object_get(json_object_get(q->given, "docker"), key);

	return own && !json_is_null(own) ? own : json_object_get(q->docker, key);
}

static const char *
setting_str(const struct pth_image_req *q, const char *key)
{
	const char *s = json_string_value(setting(q, key));

	return s && *s ? s : NULL;
}

static const char *
platform(const struct pth_image_req *q)
{
	const char *s = setting_str(q, "target_platform");

	return s ? s : pth_json_str(json_object_get(q->service, "docker"), "platform", NULL);
}

static void
make_tag(const struct pth_image_req *q, bool roles, struct pth_buf *b)
{
	const char *suffixes[] = {
		roles ? pth_json_str(q->service, "role", NULL) : NULL,
		pth_json_str(json_object_get(q->given, "implementation"), "build_mode", NULL), platform(q),
	};

	pth_image_tag(b, pth_json_str(q->service, "plugin", "x"), pth_json_str(q->service, "version", ""),
	    suffixes, countof(suffixes));
}

/* --- the Dockerfile --- */

static int
include(void *arg, const char *name, struct pth_buf *b, struct pth_err *e)
{
	struct pth_buf path = PTH_BUF_INIT;
	int r;

	if (strchr(name, '/') != NULL)
		return pth_err_set(e, PTH_INPUT, "%.80s: templates lie beside each other", name);
	pth_buf_addf(&path, "%s/templates/%s", (const char *)arg, name);
	r = pth_file_read(path.s, DOCKERFILE_MAX, b, e);
	pth_buf_release(&path);
	return r;
}

static json_t *
list_of(const json_t *docker, const char *key)
{
	json_t *v = json_object_get(docker, key);

	return json_is_array(v) ? json_deep_copy(v) : json_array();
}

static json_t *
map_of(const json_t *docker, const char *key)
{
	json_t *v = json_object_get(docker, key);

	return json_is_object(v) ? json_deep_copy(v) : json_object();
}

/* docker.files: paths, or {from, to}. -> [{name, from, to}] */
static json_t *
files_of(const json_t *docker, struct pth_err *e)
{
	json_t *out = json_array(), *v;
	size_t i;

	json_array_foreach(json_object_get(docker, "files"), i, v) {
		const char *from = json_is_object(v) ? pth_json_str(v, "from", "") : json_string_value(v);
		const char *name = from ? strrchr(from, '/') : NULL;
		struct pth_buf to = PTH_BUF_INIT;

		name = name ? name + 1 : from;
		if (name == NULL || !pth_name_ok(name)) {
			json_decref(out);
			pth_err_set(e, PTH_INPUT, "docker.files: \"%.100s\" is not the path of a file",
			    from ? from : "?");
			return NULL;
		}
		pth_buf_addf(&to, HELPERS "/%s", name);
		pth_json_push(out, json_pack("{s:s,s:s,s:s}", "name", name, "from", from, "to",
		    json_is_object(v) ? pth_json_str(v, "to", to.s) : to.s));
		pth_buf_release(&to);
	}
	return out;
}

/* Without `packages`, an image has what the service needs on this machine. */
static json_t *
packages_of(const struct pth_image_req *q)
{
	const json_t *docker = json_object_get(q->service, "docker");
	json_t *out = list_of(docker, "packages"), *r;
	size_t i;

	if (json_is_object(docker))
		return out;
	json_array_foreach(json_object_get(q->service, "requires"), i, r)
		if (pth_json_str(r, "package", NULL) != NULL)
			pth_json_push(out, json_string(pth_json_str(r, "package", "")));
	return out;
}

static json_t *
build_args(const struct pth_image_req *q)
{
	json_t *out = map_of(json_object_get(q->service, "docker"), "args");

	json_object_update(out, json_object_get(q->docker, "build_args"));
	json_object_update(out, json_object_get(json_object_get(q->given, "docker"), "build_args"));
	return out;
}

static json_t *
variables(const struct pth_image_req *q, const char *tag, const char *builder, json_t *files)
{
	const json_t *d = json_object_get(q->service, "docker");
	const char *user = pth_json_str(json_object_get(q->docker, "user_mapping"), "user_name", "panther");
	const char *directory = pth_json_str(d, "directory", NULL);
	json_t *v = json_object();

	pth_json_set(v, "tag", json_string(tag));
	pth_json_set(v, "builder", json_string(builder));
	pth_json_set(v, "plugin", json_string(pth_json_str(q->service, "plugin", "")));
	pth_json_set(v, "version", json_string(pth_json_str(q->service, "version", "")));
	pth_json_set(v, "base", json_string(pth_json_str(d, "base", PTH_IMAGE_BASE)));
	pth_json_set(v, "packages", packages_of(q));
	pth_json_set(v, "build_packages", list_of(d, "build_packages"));
	pth_json_set(v, "dependencies", list_of(d, "dependencies"));
	pth_json_set(v, "build", list_of(d, "build"));
	pth_json_set(v, "expose", list_of(d, "expose"));
	pth_json_set(v, "args", build_args(q));
	pth_json_set(v, "environment", map_of(d, "environment"));
	pth_json_set(v, "repository", json_string(pth_json_str(d, "repository", "")));
	pth_json_set(v, "revision", json_string(pth_json_str(d, "revision", "")));
	pth_json_set(v, "submodules", json_boolean(pth_json_bool(d, "submodules", false)));
	pth_json_set(v, "directory", directory ? json_string(directory) :
	    json_sprintf("/opt/%s", pth_json_str(q->service, "plugin", "x")));
	pth_json_set(v, "keep", json_boolean(directory != NULL));
	pth_json_set(v, "files", json_incref(files));
	pth_json_set(v, "user", json_string(user));
	pth_json_set(v, "uid", json_integer(USER_NUMBER));
	return v;
}

/* These words go into lines of a Dockerfile as they are. */
static int
check_words(const json_t *vars, struct pth_err *e)
{
	static const char *const keys[] = { "base", "directory", "user" };

	for (size_t i = 0; i < countof(keys); i++) {
		const char *s = pth_json_str(vars, keys[i], "");

		if (*s == '\0' || strpbrk(s, " \t\r\n\"'`$;&|<>\\") != NULL)
			return pth_err_set(e, PTH_INPUT, "docker: %s: \"%.100s\" cannot stand in a Dockerfile",
			    keys[i], s);
	}
	return 0;
}

static int
render(const struct pth_image_req *q, const char *builder, json_t *vars, struct pth_buf *out,
    struct pth_err *e)
{
	struct pth_template_options opt = { .load = include, .arg = (void *)(uintptr_t)q->share };
	struct pth_buf name = PTH_BUF_INIT, src = PTH_BUF_INIT;
	struct pth_template *t = NULL;
	int r = -1;

	pth_buf_addf(&name, "dockerfile-%s.j2", builder);
	if (!pth_name_ok(builder) || include((void *)(uintptr_t)q->share, name.s, &src, e) != 0)
		pth_err_set(e, PTH_INPUT, "docker.builder: no builder \"%.40s\"; there are base, c, cpp, go, "
		    "python, rust", builder);
	else
		t = pth_template_parse(name.s, src.s, src.len, &opt, e);
	if (t != NULL)
		r = pth_template_render(t, vars, out, e);
	pth_template_free(t);
	pth_buf_release(&name);
	pth_buf_release(&src);
	return r;
}

/* The descriptor's own Dockerfile: beside the caller, or below share. */
static int
own_dockerfile(const struct pth_image_req *q, const char *path, struct pth_buf *out, struct pth_err *e)
{
	struct pth_buf b = PTH_BUF_INIT;
	int r = pth_file_read(path, DOCKERFILE_MAX, out, e);

	if (r != 0 && *path != '/') {
		pth_buf_addf(&b, "%s/plugins/%s", q->share, path);
		r = pth_file_read(b.s, DOCKERFILE_MAX, out, NULL);
		pth_buf_release(&b);
	}
	return r;
}

/* --- the command --- */

static void
push(json_t *argv, const char *word)
{
	pth_json_push(argv, json_string(word));
}

static void
push_args(const struct pth_image_req *q, json_t *argv)
{
	json_t *args = build_args(q), *v;
	const char *key;

	json_object_foreach(args, key, v) {
		push(argv, "-a");
		pth_json_push(argv, json_sprintf("%s=%s", key, json_is_string(v) ? json_string_value(v) : ""));
	}
	json_decref(args);
}

static json_t *
command(const struct pth_image_req *q, const char *tag, const char *directory, const json_t *files)
{
	const json_t *from = setting(q, "cache_from");
	json_t *argv = json_array(), *v;
	size_t i;

	push(argv, "@{bin}/pth-image");
	push(argv, "build");
	push(argv, "-o");
	push(argv, "@{owner}");
	if (json_is_true(setting(q, "force_build_docker_image")))
		push(argv, "-f");
	if (json_is_true(setting(q, "no_docker_cache")))
		push(argv, "-n");
	if (setting(q, "use_buildx") == NULL || json_is_true(setting(q, "use_buildx"))) {
		push(argv, "-x");
		push(argv, setting_str(q, "buildx_builder") ? setting_str(q, "buildx_builder") : "default");
	}
	if (platform(q) != NULL) {
		push(argv, "-p");
		push(argv, platform(q));
	}
	push_args(q, argv);
	if (json_is_string(from)) {
		push(argv, "-c");
		push(argv, json_string_value(from));
	}
	json_array_foreach((json_t *)(uintptr_t)from, i, v) {
		push(argv, "-c");
		push(argv, json_string_value(v) ? json_string_value(v) : "");
	}
	json_array_foreach((json_t *)(uintptr_t)files, i, v) {
		push(argv, "-F");
		push(argv, pth_json_str(v, "from", ""));
	}
	push(argv, tag);
	pth_json_push(argv, json_sprintf("@{dir}/%s", directory));
	return argv;
}

/* An image that is there already, or that the engine fetches. */
static json_t *
ready_made(const struct pth_image_req *q, const char *image)
{
	const char *registry = setting_str(q, "registry");

	return json_pack("{s:o,s:s,s:s}", "tag", registry ? json_sprintf("%s/%s", registry, image) :
	    json_string(image), "plugin", pth_json_str(q->service, "plugin", ""), "builder", "image");
}

json_t *
pth_image_plan(const struct pth_image_req *q, struct pth_err *e)
{
	const json_t *d = json_object_get(q->service, "docker");
	const char *image = pth_json_str(d, "image", NULL), *own = pth_json_str(d, "dockerfile", NULL);
	const char *builder = pth_json_str(d, "builder", "base");
	struct pth_buf tag = PTH_BUF_INIT, text = PTH_BUF_INIT, directory = PTH_BUF_INIT;
	json_t *files, *vars = NULL, *out = NULL;

	if (image != NULL && *image != '\0')
		return ready_made(q, image);
	if ((files = files_of(d, e)) == NULL)
		return NULL;
	make_tag(q, !json_is_object(d), &tag);
	pth_buf_addf(&directory, "images/%.*s", (int)strcspn(tag.s, ":"), tag.s);
	pth_buf_adds(&directory, strstr(tag.s, ":latest") + strlen(":latest"));
	vars = variables(q, tag.s, builder, files);
	if (check_words(vars, e) == 0 &&
	    (own ? own_dockerfile(q, own, &text, e) : render(q, builder, vars, &text, e)) == 0)
		out = json_pack("{s:s,s:s,s:s,s:o,s:s,s:o}", "tag", tag.s, "plugin",
		    pth_json_str(q->service, "plugin", ""), "builder", own ? "dockerfile" : builder,
		    "dockerfile", pth_json_text(text.s ? text.s : "", text.len), "directory", directory.s,
		    "argv", command(q, tag.s, directory.s, files));
	json_decref(vars);
	json_decref(files);
	pth_buf_release(&tag);
	pth_buf_release(&text);
	pth_buf_release(&directory);
	return out;
}
