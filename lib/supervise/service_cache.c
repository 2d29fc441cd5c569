/*
 * This file takes the compile phases of a service out of the cache, where its plan says what they
 * read and what they make: compile_cache {inputs, outputs}.
 */
#include "supervise/service_priv.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/os.h"
#include "container/users.h"
#include "io/file.h"

#define LOOK_US 10000 /* nobody says when a lock gets free */

/* The compile phases come first of all. */
#define COMPILE_PHASES (PTH_POST_COMPILE + 1)

static json_t *
commands(const struct service *s, size_t phase)
{
	return json_object_get(pth_svc_phases(s->plan), pth_phase_names[phase]);
}

/* Another compiler makes something else: which one, as far as the commands
 * name it. */
static json_t *
programs(const struct service *s)
{
	json_t *out = json_array(), *cmd;
	size_t i;

	for (size_t k = 0; k < COMPILE_PHASES; k++)
		json_array_foreach(commands(s, k), i, cmd) {
			pth_auto_buf b = PTH_BUF_INIT;
			struct stat st;

			pth_places_expand(s->at.places, supervise_command_program(cmd), &b);
			pth_auto_str path = pth_which(b.s, getenv("PATH"));
			if (path != NULL && stat(path, &st) == 0)
				pth_json_push(out,
				    json_pack("[s,I,I,i]", supervise_command_program(cmd),
				        (json_int_t)st.st_size, (json_int_t)st.st_mtim.tv_sec,
				        (int)st.st_mtim.tv_nsec));
		}
	return out;
}

/* The variables that the commands read: all, unless the plan has patterns of their names. */
static json_t *
variables(const struct service *s)
{
	const json_t *all = pth_svc_environment(s->plan);
	const json_t *list = pth_ccache_environment(pth_svc_compile_cache(s->plan)), *pattern;
	json_t *out = json_object(), *v;
	const char *name;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)all, name, v) {
		bool read = list == NULL;

		json_array_foreach(list, i, pattern)
			read = read ||
			    (json_is_string(pattern) &&
			        fnmatch(json_string_value(pattern), name, 0) == 0);
		if (read)
			json_object_set(out, name, v);
	}
	return out;
}

/* Placeholders stay as they are: they differ between tests. */
static json_t *
what(const struct service *s)
{
	static const char *const keys[] = { PTH_KEY(svc, plugin), PTH_KEY(svc, version),
		PTH_KEY(svc, compile_cache) };
	const char *path = getenv("PATH");
	json_t *o = json_object();
	struct utsname u;

	for (size_t i = 0; i < countof(keys); i++)
		json_object_set(o, keys[i], json_object_get(s->plan, keys[i]));
	for (size_t i = 0; i < COMPILE_PHASES; i++)
		json_object_set(o, pth_phase_names[i], commands(s, i));
	pth_json_set(o, PTH_KEY(svc, environment), variables(s));
	pth_json_set(o, "machine", json_string(uname(&u) == 0 ? u.machine : ""));
	pth_json_set(o, "path", json_string(path != NULL ? path : ""));
	pth_json_set(o, "programs", programs(s));
	return o;
}

/* The paths of a list with their placeholders replaced; NULL when one of
 * the outputs is not in the service's directory. */
static json_t *
paths(const struct service *s, const json_t *list, bool inside)
{
	json_auto_t *out = json_array();
	size_t i, n = strlen(s->home);
	json_t *v;

	json_array_foreach(list, i, v) {
		pth_auto_buf b = PTH_BUF_INIT;
		const char *p;

		pth_places_expand(s->at.places, json_is_string(v) ? json_string_value(v) : "", &b);
		p = b.s != NULL ? b.s : "";
		if (inside && strncmp(p, s->home, n) == 0 && p[n] == '/')
			p += n + 1;
		if (inside && !pth_path_inside(p))
			return NULL;
		pth_json_push(out, pth_json_string(p));
	}
	return json_incref(out);
}

/* It is compiled without the cache. */
static void
give_up(struct service *s, const char *why)
{
	supervise_service_cache_leave(s);
	pth_event("compile.not_cached", "{s:s,s:s}", "service", s->name, "reason", why);
}

static void
find_key(struct service *s)
{
	const json_t *asked = pth_svc_compile_cache(s->plan);
	json_auto_t *all = what(s), *inputs = paths(s, pth_ccache_inputs(asked), false);
	json_auto_t *outputs = paths(s, pth_ccache_outputs(asked), true);
	struct pth_err e = { 0 };

	if (json_array_size(outputs) == 0)
		give_up(s, "compile_cache.outputs must be paths in the directory of the service");
	else if (pth_cache_key(s->at.places->cache, all, inputs, s->at.dirfd, s->cache_key, &e) !=
	    0)
		give_up(s, e.text);
	else
		s->cache_state = PTH_CACHE_LOOKING;
}

/* What the commands did when they ran. */
static void
note_cached(struct service *s)
{
	json_t *cmd;
	size_t i;

	for (size_t k = 0; k < COMPILE_PHASES; k++)
		json_array_foreach(commands(s, k), i, cmd) {
			pth_auto_buf log = PTH_BUF_INIT;
			json_t *o = json_object();

			pth_buf_addf(&log, "%s/phases/%s", s->name, pth_phase_names[k]);
			pth_done_set_phase(o, pth_phase_names[k]);
			pth_done_set_index(o, (int64_t)i);
			pth_done_set_argv0(o, supervise_command_program(cmd));
			pth_done_set_code(o, 0);
			pth_done_set_signal(o, NULL);
			pth_done_set_timeout(o, false);
			pth_done_set_duration_us(o, 0);
			pth_done_set_log(o, log.s);
			pth_done_set_cached(o, true);
			pth_json_push(s->commands.results, o);
		}
}

bool
supervise_service_cache_wait(struct service *s, int64_t now)
{
	const struct pth_cache *c = s->at.places->cache;
	struct pth_err e = { 0 };
	int r;

	if (s->cache_state == PTH_CACHE_NEW &&
	    (c == NULL || PTH_GET(svc, s->plan, compile_cache) == NULL))
		s->cache_state = PTH_CACHE_OFF;
	if (s->cache_state == PTH_CACHE_NEW)
		find_key(s);
	if (s->cache_state != PTH_CACHE_LOOKING)
		return false;
	switch (pth_cache_look(c, s->cache_key, &s->cache_lock, &e)) {
	case PTH_CACHE_THERE:
		r = pth_cache_take(c, s->cache_key, s->at.dirfd, &e);
		if (r > 0)
			break; /* it is being removed */
		if (r < 0) {
			give_up(s, e.text);
			return false;
		}
		if (s->at.becomes)
			pth_users_gift(s->at.dirfd,
			    &(struct pth_gift){
			        .of = geteuid(), .uid = s->at.user.uid, .gid = s->at.user.gid });
		supervise_service_cache_leave(s);
		note_cached(s);
		pth_event("compile.cached", "{s:s,s:s}", "service", s->name, "key", s->cache_key);
		s->phase = PTH_PRE_RUN;
		return false;
	case PTH_CACHE_WAIT: break;
	case PTH_CACHE_MAKE: s->cache_state = PTH_CACHE_MAKING; return false;
	default: give_up(s, e.text); return false;
	}
	s->cache_next = now + LOOK_US;
	return true;
}

/* Has every command of the compile phases done well? */
static bool
all_well(const struct service *s)
{
	json_t *p;
	size_t i;

	json_array_foreach(s->commands.results, i, p)
		if (pth_done_code(p) != 0)
			return false;
	return true;
}

void
supervise_service_cache_keep(struct service *s)
{
	struct pth_err e = { 0 };

	if (s->cache_state != PTH_CACHE_MAKING)
		return;
	json_auto_t *outputs = paths(s, pth_ccache_outputs(pth_svc_compile_cache(s->plan)), true);
	json_auto_t *logs = json_array();

	for (size_t i = 0; i < COMPILE_PHASES; i++) {
		pth_json_push(logs, json_sprintf("phases/%s.stdout.log", pth_phase_names[i]));
		pth_json_push(logs, json_sprintf("phases/%s.stderr.log", pth_phase_names[i]));
	}
	supervise_logs_drain(&s->at.logs);
	if (!all_well(s))
		give_up(s, "a command has failed");
	else if (pth_cache_put(s->at.places->cache, s->cache_key, s->at.dirfd, outputs, logs, &e) !=
	    0)
		give_up(s, e.text);
	else
		pth_event("compile.kept", "{s:s,s:s}", "service", s->name, "key", s->cache_key);
	supervise_service_cache_leave(s);
	pth_cache_prune(s->at.places->cache);
}

void
supervise_service_cache_leave(struct service *s)
{
	pth_cache_leave(&s->cache_lock);
	s->cache_state = PTH_CACHE_OFF;
}
