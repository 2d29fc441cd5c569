/*
 * The compile phases of a service by way of the cache, where its plan says
 * what they read and what they make: compile_cache {inputs, outputs}.
 */
#include "supervise/service_priv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/os.h"
#include "io/event.h"
#include "io/file.h"
#include "io/json.h"

#define LOOK_US 10000 /* nobody says when a lock gets free */

static const char *const names[] = { "pre_compile", "compile", "post_compile" };

static const json_t *
commands(const struct service *s, size_t phase)
{
	return json_object_get(json_object_get(s->plan, "phases"), names[phase]);
}

/* Another compiler makes something else: which one, as far as the commands
 * name it. */
static json_t *
programs(const struct service *s)
{
	json_t *out = json_array(), *cmd;
	size_t i;

	for (size_t k = 0; k < countof(names); k++)
		json_array_foreach(commands(s, k), i, cmd) {
			const char *word = json_string_value(
			    json_array_get(json_object_get(cmd, "argv"), 0));
			struct pth_buf b = PTH_BUF_INIT;
			struct stat st;
			char *path;

			pth_places_expand(s->at.places, word != NULL ? word : "", &b);
			path = pth_which(b.s, getenv("PATH"));
			if (path != NULL && stat(path, &st) == 0)
				pth_json_push(out,
				    json_pack("[s,I,I,i]", word, (json_int_t)st.st_size,
				        (json_int_t)st.st_mtim.tv_sec, (int)st.st_mtim.tv_nsec));
			free(path);
			pth_buf_release(&b);
		}
	return out;
}

/* Placeholders stay as they are: they differ between tests. */
static json_t *
what(const struct service *s)
{
	static const char *const keys[] = { "plugin", "version", "environment", "compile_cache" };
	const char *path = getenv("PATH");
	json_t *o = json_object();
	struct utsname u;

	for (size_t i = 0; i < countof(keys); i++)
		if (json_object_get(s->plan, keys[i]) != NULL)
			json_object_set(o, keys[i], json_object_get(s->plan, keys[i]));
	for (size_t i = 0; i < countof(names); i++)
		if (commands(s, i) != NULL)
			json_object_set(o, names[i], (json_t *)commands(s, i));
	pth_json_set(o, "machine", json_string(uname(&u) == 0 ? u.machine : ""));
	pth_json_set(o, "path", json_string(path != NULL ? path : ""));
	pth_json_set(o, "programs", programs(s));
	return o;
}

/* The paths of a list with their placeholders replaced; NULL when one of
 * the outputs is not in the service's directory. */
static json_t *
paths(const struct service *s, const char *key, bool inside)
{
	json_t *out = json_array(), *v;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(s->plan, "compile_cache"), key), i, v) {
		struct pth_buf b = PTH_BUF_INIT;
		size_t n = strlen(s->home);
		const char *p;

		pth_places_expand(s->at.places, json_is_string(v) ? json_string_value(v) : "", &b);
		p = b.s != NULL ? b.s : "";
		if (inside && strncmp(p, s->home, n) == 0 && p[n] == '/')
			p += n + 1;
		if (inside && !pth_path_inside(p)) {
			json_decref(out);
			out = NULL;
		} else {
			pth_json_push(out, pth_json_string(p));
		}
		pth_buf_release(&b);
		if (out == NULL)
			break;
	}
	return out;
}

/* It is compiled without the cache. */
static void
give_up(struct service *s, const char *why)
{
	pth_cache_leave(&s->cache_lock);
	s->cache_state = PTH_CACHE_OFF;
	pth_event("compile.not_cached", "{s:s,s:s}", "service", s->name, "reason", why);
}

static void
find_key(struct service *s)
{
	json_t *all = what(s), *inputs = paths(s, "inputs", false),
	       *outputs = paths(s, "outputs", true);
	struct pth_err e = { 0 };

	if (outputs == NULL || json_array_size(outputs) == 0)
		give_up(s, "compile_cache.outputs must be paths in the directory of the service");
	else if (pth_cache_key(s->at.places->cache, all, inputs, s->at.dirfd, s->cache_key, &e) !=
	    0)
		give_up(s, e.text);
	else
		s->cache_state = PTH_CACHE_LOOKING;
	json_decref(all);
	json_decref(inputs);
	json_decref(outputs);
}

/* What the commands did when they ran. */
static void
note_cached(struct service *s)
{
	json_t *cmd;
	size_t i;

	for (size_t k = 0; k < countof(names); k++)
		json_array_foreach(commands(s, k), i, cmd) {
			const char *word = json_string_value(
			    json_array_get(json_object_get(cmd, "argv"), 0));

			pth_json_push(s->commands.results,
			    json_pack("{s:s,s:I,s:s,s:i,s:n,s:b,s:I,s:o,s:b}", "phase", names[k],
			        "index", (json_int_t)i, "argv0", word != NULL ? word : "", "code",
			        0, "signal", "timeout", 0, "duration_us", (json_int_t)0, "log",
			        json_sprintf("%s/phases/%s", s->name, names[k]), "cached", 1));
		}
}

bool
supervise_service_cache_wait(struct service *s, int64_t now)
{
	const struct pth_cache *c = s->at.places->cache;
	struct pth_err e = { 0 };
	int r;

	if (s->cache_state == PTH_CACHE_NEW &&
	    (c == NULL || json_object_get(s->plan, "compile_cache") == NULL))
		s->cache_state = PTH_CACHE_OFF;
	if (s->cache_state == PTH_CACHE_NEW)
		find_key(s);
	if (s->cache_state != PTH_CACHE_LOOKING)
		return false;
	switch (pth_cache_look(c, s->cache_key, &s->cache_lock, &e)) {
	case PTH_CACHE_THERE:
		r = pth_cache_take(c, s->cache_key, s->at.dirfd, &e);
		if (r > 0) {
			s->cache_next = now + LOOK_US;
			return true;
		}
		if (r < 0) {
			give_up(s, e.text);
			return false;
		}
		pth_cache_leave(&s->cache_lock);
		s->cache_state = PTH_CACHE_OFF;
		note_cached(s);
		pth_event("compile.cached", "{s:s,s:s}", "service", s->name, "key", s->cache_key);
		s->phase = PTH_PRE_RUN;
		return false;
	case PTH_CACHE_MAKE: s->cache_state = PTH_CACHE_MAKING; return false;
	case PTH_CACHE_WAIT: s->cache_next = now + LOOK_US; return true;
	default: give_up(s, e.text); return false;
	}
}

/* Has every command of the compile phases done well? */
static bool
all_well(const struct service *s)
{
	json_t *p;
	size_t i;

	json_array_foreach(s->commands.results, i, p)
		if (pth_json_int(p, "code", -1) != 0)
			return false;
	return true;
}

void
supervise_service_cache_keep(struct service *s)
{
	json_t *outputs, *logs;
	struct pth_err e = { 0 };

	if (s->cache_state != PTH_CACHE_MAKING)
		return;
	outputs = paths(s, "outputs", true);
	logs = json_array();
	for (size_t i = 0; i < countof(names); i++) {
		pth_json_push(logs, json_sprintf("phases/%s.stdout.log", names[i]));
		pth_json_push(logs, json_sprintf("phases/%s.stderr.log", names[i]));
	}
	if (!all_well(s))
		give_up(s, "a command has failed");
	else if (pth_cache_put(s->at.places->cache, s->cache_key, s->at.dirfd, outputs, logs, &e) !=
	    0)
		give_up(s, e.text);
	else
		pth_event("compile.kept", "{s:s,s:s}", "service", s->name, "key", s->cache_key);
	supervise_service_cache_leave(s);
	pth_cache_prune(s->at.places->cache);
	json_decref(outputs);
	json_decref(logs);
}

void
supervise_service_cache_leave(struct service *s)
{
	pth_cache_leave(&s->cache_lock);
	s->cache_state = PTH_CACHE_OFF;
}
