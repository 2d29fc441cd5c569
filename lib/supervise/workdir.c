/* This file makes what a program finds around it: its environment and the paths that it may see. */
#include "supervise/workdir.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/words.h"
#include "host/mark.h"
#include "io/json.h"

static void
seen_path(struct pth_strv *s, const char *path)
{
	if (path != NULL && *path == '/' && path[1] != '\0')
		pth_strv_push(s, pth_xstrdup(path));
}

/* "/a:/b" */
static void
seen_list(struct pth_strv *s, const char *list)
{
	struct pth_word rest = pth_word_of(list != NULL ? list : ""), word;

	while (pth_word_next(&rest, ":", &word)) {
		pth_auto_str path = pth_xstrndup(word.s, word.n);

		seen_path(s, path);
	}
}

/* Any text of the plan: "/path" or "--option=/path". */
static void
seen_plan(struct pth_strv *s, const struct pth_places *p, const json_t *v)
{
	pth_auto_buf b = PTH_BUF_INIT;
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
	eq = strchr(b.s != NULL ? b.s : "", '=');
	seen_path(s, b.s);
	seen_path(s, eq != NULL ? eq + 1 : NULL);
}

char **
pth_places_seen(const struct pth_places *p, const json_t *plan)
{
	struct pth_strv s = { NULL, 0 };

	seen_plan(&s, p, plan);
	pth_strv_push(&s, NULL);
	return s.v;
}

char **
pth_places_common(const struct pth_places *p)
{
	static const char *const lists[] = { "PATH", "LD_LIBRARY_PATH", "PTH_PATH" };
	pth_auto_str cwd = getcwd(NULL, 0);
	struct pth_strv s = { NULL, 0 };

	seen_path(&s, p->share);
	seen_path(&s, p->libexec);
	seen_path(&s, p->bin);
	seen_path(&s, cwd);
	for (size_t i = 0; i < countof(lists); i++)
		seen_list(&s, getenv(lists[i]));
	pth_strv_push(&s, NULL);
	return s.v;
}

/* Set K=V in a list that is searched from the front: replace or append. */
static void
env_set(struct pth_strv *s, const char *key, const char *value)
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
	pth_strv_push(s, pth_buf_take(&b));
}

/* Those of n variables that we have ourselves. */
static void
env_keep(struct pth_strv *s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (getenv(names[i]) != NULL)
			env_set(s, names[i], getenv(names[i]));
}

static void
env_add(struct pth_strv *s, const struct pth_places *p, const json_t *env)
{
	pth_auto_buf b = PTH_BUF_INIT;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)env, key, v) {
		pth_buf_cut(&b, 0);
		if (json_is_string(v))
			pth_places_expand(p, json_string_value(v), &b);
		else if (!json_is_null(v))
			pth_json_dump(&b, v);
		env_set(s, key, b.s != NULL ? b.s : "");
	}
}

/* Whose program it is, and its children's: not for experiments to set. */
static void
env_mark(struct pth_strv *s, const struct pth_places *p, const char *home)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_mark_add(&b, p->run, home);
	env_set(s, PTH_MARK, b.s);
}

char **
pth_places_env(const struct pth_places *p, const char *home, const json_t *env, const json_t *over)
{
	/* What a program may need of the user's own environment; the rest would
	 * make a test depend on who runs it. */
	static const char *const keep[] = { "USER", "LOGNAME", "LD_LIBRARY_PATH", "ASAN_OPTIONS",
		"UBSAN_OPTIONS", "LSAN_OPTIONS" };
	static const char *const engine[] = { "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG",
		"DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_BUILDKIT", "CONTAINER_HOST",
		"XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "HOME", /* and what pth-image builds with */
		"PTH_CA", "SSL_CERT_FILE", "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
		"ftp_proxy", "FTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY" };
	struct pth_strv s = { NULL, 0 };
	pth_auto_buf b = PTH_BUF_INIT;
	const char *path = getenv("PATH");

	/* Servers lie in sbin, which an ordinary user's PATH leaves out. */
	pth_buf_addf(&b, "%s:/usr/local/sbin:/usr/sbin:/sbin",
	    path != NULL && *path != '\0' ? path : "/usr/local/bin:/usr/bin:/bin");
	env_set(&s, "PATH", b.s);
	pth_buf_cut(&b, 0);
	env_keep(&s, keep, countof(keep));
	env_set(&s, "HOME", home);
	if (p->tmp == NULL)
		pth_buf_addf(&b, "%s/tmp", p->dir);
	env_set(&s, "TMPDIR", p->tmp != NULL ? p->tmp : b.s);
	env_set(&s, "LC_ALL", "C.UTF-8");
	env_set(&s, "TZ", "UTC");
	env_keep(&s, engine, p->engine ? countof(engine) : 0);
	env_add(&s, p, env);
	env_add(&s, p, over);
	env_mark(&s, p, home);
	return s.v;
}
