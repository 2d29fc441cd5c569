/* This file plans the files of a service, out of the experiment and the descriptor. */
#include "plan/priv.h"

#include <string.h>

static bool
has(const json_t *files, const char *path, bool below)
{
	json_t *v;
	size_t i;

	json_array_foreach((json_t *)files, i, v) {
		const char *have = pth_content_path(v);

		if (below ? strncmp(have, path, strlen(path)) == 0 : strcmp(have, path) == 0)
			return true;
	}
	return false;
}

static bool
replaced(const json_t *given, const char *path)
{
	return has(given, path, false) ||
	    (strncmp(path, "www/", 4) == 0 && has(given, "www/", true));
}

static void
serve(json_t *list, const char *path)
{
	if (strncmp(path, "www/", 4) == 0 && path[4] != '\0')
		pth_json_push(list, json_string(path + 4));
}

/* Paths may use name, role and parameters: the other variables are not there
 * before every service has been looked at. */
json_t *
plan_served(struct plan *p, struct plan_service *s)
{
	const struct pth_ynode *list = pth_yaml_get(s->view, "files");
	json_t *given = pth_given_files(s->rec), *out = json_array(), *v;
	json_auto_t *vars = json_pack(
	    "{s:s, s:s, s:O}", "name", s->name, "role", s->role, "parameters", s->params);
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e;
	struct plan_with w = { p, vars, &e };
	size_t i;

	json_array_foreach(given, i, v)
		serve(out, pth_content_path(v));
	pth_yaml_foreach(c, list) {
		const struct pth_ynode *path = pth_yaml_get(c, "path");

		pth_buf_cut(&b, 0);
		if (path != NULL && path->kind == PTH_YSTR && strchr(path->text, '{') == NULL &&
		    !replaced(given, path->text))
			serve(out, path->text);
		else if (path != NULL && plan_text(&w, path, &b) == 0 && b.len != 0 &&
		    !replaced(given, b.s))
			serve(out, b.s);
	}
	return out;
}

json_t *
plan_files(const struct plan_with *w, struct plan_service *s)
{
	json_t *given = pth_given_files(s->rec), *out, *v;
	json_auto_t *ours = json_array();
	pth_auto_buf at = PTH_BUF_INIT;
	size_t i;

	if (plan_list(w, pth_yaml_get(s->view, "files"), ours) < 0)
		return NULL;
	plan_path(&at, s, "files");
	out = given != NULL ? plan_names_in(w->p, given, &at, true) : json_array();
	json_array_foreach(ours, i, v)
		if (!replaced(given, pth_content_path(v)))
			json_array_append(out, v);
	return out;
}
