#include "workdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "json.h"
#include "os.h"

/* One of the networks that nobody gives out (RFC 4193); "pth" is 70 74 68. */
static const char *
net6(const char *unique, char to[32])
{
	unsigned char v[4] = { 0 };

	for (size_t i = 0; unique != NULL && unique[i] != '\0'; i++)
		v[i % sizeof v] = (unsigned char)(v[i % sizeof v] * 37 + (unsigned char)unique[i]);
	snprintf(to, 32, "fd70:7468:%02x%02x:%02x%02x::/64", v[0], v[1], v[2], v[3]);
	return unique ? to : NULL;
}

void
pth_places_expand(const struct pth_places *p, const char *text, struct pth_buf *b)
{
	char net[32];
	const struct {
		const char *mark, *value;
	} all[] = {
		{ "@{dir}", p->dir }, { "@{share}", p->share }, { "@{libexec}", p->libexec },
		{ "@{bin}", p->bin }, { "@{owner}", p->owner }, { "@{unique}", p->unique },
		{ "@{net6}", net6(p->unique, net) },
	};
	const char *at;
	size_t i;

	while ((at = strstr(text, "@{")) != NULL) {
		pth_buf_add(b, text, (size_t)(at - text));
		for (i = 0; i < countof(all); i++)
			if (all[i].value != NULL && strncmp(at, all[i].mark, strlen(all[i].mark)) == 0)
				break;
		if (i < countof(all)) {
			pth_buf_adds(b, all[i].value);
			text = at + strlen(all[i].mark);
		} else {
			pth_buf_adds(b, "@{");
			text = at + 2;
		}
	}
	pth_buf_adds(b, text);
}

bool
pth_path_inside(const char *path)
{
	if (*path == '\0' || *path == '/')
		return false;
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.')
			return false;
		path += n + (path[n] == '/');
	}
	return true;
}

int
pth_workdir_open(int dirfd, const char *path, int flags, struct pth_err *e)
{
	char *slash, *copy;
	int fd, r = 0;

	if (!pth_path_inside(path))
		return pth_err_set(e, PTH_INPUT, "%.200s: a path must stay inside its directory", path);
	copy = pth_xstrdup(path);
	slash = strrchr(copy, '/');
	if (slash != NULL) {
		*slash = '\0';
		r = pth_mkdirs(dirfd, copy, e);
	}
	free(copy);
	if (r != 0)
		return -1;
	fd = pth_open_beneath(dirfd, path, flags | O_NOFOLLOW, 0666);
	return fd < 0 ? pth_err_set(e, PTH_SYSTEM, "%s:", path) : fd;
}

/* splitmix64 (Steele, Lea, Flood 2014): any seed gives good bytes, and the
 * same seed the same file on every machine (little endian). */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static int
write_random(int fd, int64_t size, uint64_t seed)
{
	uint64_t chunk[8192];
	size_t n;

	while (size > 0) {
		for (size_t i = 0; i < countof(chunk); i++)
			chunk[i] = next_random(&seed);
		n = size < (int64_t)sizeof chunk ? (size_t)size : sizeof chunk;
		if (pth_write_all(fd, chunk, n) != 0)
			return -1;
		size -= (int64_t)n;
	}
	return 0;
}

static int
make_file(int dirfd, const json_t *f, const struct pth_places *p, struct pth_err *e)
{
	const char *path = pth_json_str(f, "path", "");
	const char *text = pth_json_str(f, "text", NULL);
	struct pth_buf b = PTH_BUF_INIT;
	int fd = pth_workdir_open(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC, e);
	int r;

	if (fd < 0)
		return -1;
	if (text != NULL) {
		pth_places_expand(p, text, &b);
		r = pth_write_all(fd, b.s, b.len);
		pth_buf_release(&b);
	} else {
		r = write_random(fd, pth_json_int(f, "size", 0), (uint64_t)pth_json_int(f, "seed", 0));
	}
	if (close(fd) != 0 || r != 0)
		return pth_err_set(e, PTH_SYSTEM, "write %s:", path);
	return 0;
}

int
pth_workdir_fill(int dirfd, const json_t *service, const struct pth_places *p, struct pth_err *e)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(service, "dirs"), i, v) {
		const char *path = json_string_value(v);

		if (path == NULL || !pth_path_inside(path))
			return pth_err_set(e, PTH_INPUT, "dirs: a path must stay inside its directory");
		if (pth_mkdirs(dirfd, path, e) != 0)
			return -1;
	}
	json_array_foreach(json_object_get(service, "files"), i, v)
		if (make_file(dirfd, v, p, e) != 0)
			return -1;
	return 0;
}

struct strv {
	char **v;
	size_t n;
};

static void
strv_push(struct strv *s, char *take)
{
	s->v = pth_xarray(s->v, s->n + 2, sizeof *s->v);
	s->v[s->n++] = take;
	s->v[s->n] = NULL;
}

void
pth_strv_free(char **v)
{
	if (v == NULL)
		return;
	for (char **p = v; *p != NULL; p++)
		free(*p);
	free(v);
}

char **
pth_places_argv(const struct pth_places *p, const json_t *argv)
{
	struct strv s = { NULL, 0 };
	struct pth_buf b = PTH_BUF_INIT;
	json_t *v;
	size_t i;

	json_array_foreach(argv, i, v) {
		if (json_is_string(v))
			pth_places_expand(p, json_string_value(v), &b);
		else
			pth_json_dump(&b, v);
		strv_push(&s, pth_buf_take(&b));
	}
	return s.v;
}

static void
seen_path(struct strv *s, const char *path)
{
	if (path != NULL && *path == '/' && path[1] != '\0')
		strv_push(s, pth_xstrdup(path));
}

/* "/a:/b" */
static void
seen_list(struct strv *s, const char *list)
{
	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, ":");
		char *path = pth_xstrndup(list, n);

		seen_path(s, path);
		free(path);
		list += n + (list[n] == ':');
	}
}

/* Any text of the plan: "/path" or "--option=/path". */
static void
seen_plan(struct strv *s, const struct pth_places *p, const json_t *v)
{
	struct pth_buf b = PTH_BUF_INIT;
	const char *key, *eq;
	json_t *each;
	size_t i;

	json_object_foreach((json_t *)v, key, each)
		seen_plan(s, p, each);
	json_array_foreach(v, i, each)
		seen_plan(s, p, each);
	if (!json_is_string(v))
		return;
	pth_places_expand(p, json_string_value(v), &b);
	eq = strchr(b.s ? b.s : "", '=');
	seen_path(s, b.s);
	seen_path(s, eq ? eq + 1 : NULL);
	pth_buf_release(&b);
}

char **
pth_places_seen(const struct pth_places *p, const json_t *plan)
{
	struct strv s = { NULL, 0 };

	seen_plan(&s, p, plan);
	strv_push(&s, NULL);
	return s.v;
}

char **
pth_places_common(const struct pth_places *p)
{
	static const char *const lists[] = { "PATH", "LD_LIBRARY_PATH", "PTH_PATH" };
	char *cwd = getcwd(NULL, 0);
	struct strv s = { NULL, 0 };

	seen_path(&s, p->share);
	seen_path(&s, p->libexec);
	seen_path(&s, p->bin);
	seen_path(&s, cwd);
	for (size_t i = 0; i < countof(lists); i++)
		seen_list(&s, getenv(lists[i]));
	strv_push(&s, NULL);
	free(cwd);
	return s.v;
}

/* Set K=V in a list that is searched from the front: replace or append. */
static void
env_set(struct strv *s, const char *key, const char *value)
{
	struct pth_buf b = PTH_BUF_INIT;
	size_t n = strlen(key);

	pth_buf_addf(&b, "%s=%s", key, value);
	for (size_t i = 0; i < s->n; i++)
		if (strncmp(s->v[i], key, n) == 0 && s->v[i][n] == '=') {
			free(s->v[i]);
			s->v[i] = pth_buf_take(&b);
			return;
		}
	strv_push(s, pth_buf_take(&b));
}

static void
env_add(struct strv *s, const struct pth_places *p, const json_t *env)
{
	struct pth_buf b = PTH_BUF_INIT;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)env, key, v) {
		pth_buf_cut(&b, 0);
		if (json_is_string(v))
			pth_places_expand(p, json_string_value(v), &b);
		else if (!json_is_null(v))
			pth_json_dump(&b, v);
		env_set(s, key, b.s ? b.s : "");
	}
	pth_buf_release(&b);
}

char **
pth_places_env(const struct pth_places *p, const char *home, const json_t *env,
    const json_t *over)
{
	/* What a program may need of the user's own environment; the rest would
	 * make a test depend on who runs it. */
	static const char *const keep[] = { "USER", "LOGNAME", "LD_LIBRARY_PATH", "ASAN_OPTIONS",
		"UBSAN_OPTIONS", "LSAN_OPTIONS" };
	static const char *const engine[] = { "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG",
		"DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_BUILDKIT", "CONTAINER_HOST",
		"XDG_RUNTIME_DIR", "HOME" };
	struct strv s = { NULL, 0 };
	struct pth_buf b = PTH_BUF_INIT;

	const char *path = getenv("PATH");

	/* Servers lie in sbin, which an ordinary user's PATH leaves out. */
	pth_buf_addf(&b, "%s:/usr/local/sbin:/usr/sbin:/sbin",
	    path && *path ? path : "/usr/local/bin:/usr/bin:/bin");
	env_set(&s, "PATH", b.s);
	pth_buf_cut(&b, 0);
	for (size_t i = 0; i < countof(keep); i++)
		if (getenv(keep[i]) != NULL)
			env_set(&s, keep[i], getenv(keep[i]));
	env_set(&s, "HOME", home);
	if (p->tmp == NULL)
		pth_buf_addf(&b, "%s/tmp", p->dir);
	env_set(&s, "TMPDIR", p->tmp ? p->tmp : b.s);
	env_set(&s, "LC_ALL", "C.UTF-8");
	env_set(&s, "TZ", "UTC");
	for (size_t i = 0; p->engine && i < countof(engine); i++)
		if (getenv(engine[i]) != NULL)
			env_set(&s, engine[i], getenv(engine[i]));
	env_add(&s, p, env);
	env_add(&s, p, over);
	pth_buf_release(&b);
	return s.v;
}
