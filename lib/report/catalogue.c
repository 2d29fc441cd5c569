/* This file reads the known causes of failures, share/causes.yaml. */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/event.h"
#include "io/file.h"
#include "io/yaml.h"

#define CATALOGUE_MAX ((size_t)1 << 20)

/* One member of a cause: what is wrong with it, or NULL. Text stays in the arena. */
static const char *
take(struct pth_cause *c, const char **log, const struct pth_ynode *v)
{
	const struct {
		const char *key, **to;
	} texts[] = { { "name", &c->name }, { "title", &c->title }, { "advice", &c->advice } };

	for (size_t i = 0; i < countof(texts); i++)
		if (strcmp(v->key, texts[i].key) == 0) {
			*texts[i].to = v->kind == PTH_YSTR ? v->text : NULL;
			return NULL;
		}
	if (strcmp(v->key, "log") == 0)
		*log = v->text;
	else if (strcmp(v->key, "alone") == 0)
		c->alone = v->kind == PTH_YBOOL && v->b;
	else if (strcmp(v->key, "when") == 0)
		c->when = pth_yaml_json(v);
	else if (strcmp(v->key, "status") != 0)
		return "a key that is not known";
	else if ((c->status = pth_status_of(v->text)) == PTH_STATUSES)
		return "a status that is not known";
	return NULL;
}

/* The next cause: what is wrong with it, or NULL; it may be the text of e. */
static const char *
add_cause(struct pth_report *r, const struct pth_ynode *n, struct pth_err *e)
{
	struct pth_cause *c = &r->causes[r->ncauses++];
	const char *log = NULL, *fault = n->kind == PTH_YMAP ? NULL : "a cause must be a map";

	*c = (struct pth_cause){ .status = PTH_STATUSES };
	for (const struct pth_ynode *v = n->child; v != NULL && fault == NULL; v = v->next)
		fault = take(c, &log, v);
	if (fault == NULL && (c->name == NULL || c->title == NULL || c->advice == NULL))
		fault = "name, title and advice must be texts";
	if (fault != NULL || log == NULL)
		return fault;
	c->log = pth_regex_new(log, PTH_REGEX_ICASE | PTH_REGEX_LINES, e);
	return c->log == NULL ? e->text : NULL;
}

/* Take all that are right; what is wrong with the others is in d. */
static void
read_all(struct pth_report *r, const struct pth_buf *text, struct pth_diags *d)
{
	const struct pth_ynode *root = pth_yaml_load(text->s, text->len, &r->arena, d), *list;

	if (root == NULL)
		return;
	list = root->kind == PTH_YMAP ? pth_yaml_get(root, "causes") : NULL;
	if (list == NULL || list->kind != PTH_YSEQ) {
		pth_diags_add(d, PTH_ERROR, root->line, root->col, "'causes' must be a list");
		return;
	}
	r->causes = pth_xarray(NULL, list->n + 1, sizeof *r->causes);
	pth_yaml_foreach(n, list) {
		struct pth_err e;
		const char *fault = add_cause(r, n, &e);

		if (fault != NULL) {
			json_decref(r->causes[--r->ncauses].when);
			pth_diags_add(d, PTH_ERROR, n->line, n->col, "%s", fault);
		}
	}
}

void
pth_report_causes_load(struct pth_report *r)
{
	pth_auto_buf text = PTH_BUF_INIT;
	struct pth_diags d;
	struct pth_err e;

	if (r->causes_file == NULL || r->causes_read)
		return;
	r->causes_read = true;
	pth_diags_init(&d, r->causes_file);
	if (pth_file_read_named(r->causes_file, CATALOGUE_MAX, &text, &e) != 0)
		pth_warn("likely causes are not told: %s", e.text);
	else
		read_all(r, &text, &d);
	if (d.errors > 0)
		pth_diags_print(&d, 0);
	pth_diags_release(&d);
}

void
pth_report_causes_free(struct pth_report *r)
{
	for (size_t i = 0; i < r->ncauses; i++) {
		json_decref(r->causes[i].when);
		pth_regex_free(r->causes[i].log);
	}
	free(r->causes);
}
