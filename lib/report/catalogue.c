/* The known causes of failures, share/causes.yaml. */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/event.h"
#include "io/file.h"
#include "io/yaml.h"

#define CATALOGUE_MAX ((size_t)1 << 20)

/* The members of a cause; those with a regular expression or a status are looked at
 * more closely. */
static const char *const known[] = { "name", "title", "advice", "status", "alone", "when", "log" };

static const char *
fault_of(const struct pth_ynode *n)
{
	static const char *const needed[] = { "name", "title", "advice" };
	const struct pth_ynode *status = pth_yaml_get(n, "status"), *c, *log;
	size_t i;

	for (c = n->child; c != NULL; c = c->next) {
		for (i = 0; i < countof(known) && strcmp(known[i], c->key) != 0; i++)
			;
		if (i == countof(known))
			return "a key that is not known";
	}
	for (i = 0; i < countof(needed); i++)
		if ((c = pth_yaml_get(n, needed[i])) == NULL || c->kind != PTH_YSTR)
			return "name, title and advice must be texts";
	if (status != NULL && pth_status_of(status->text) == PTH_STATUSES)
		return "a status that is not known";
	log = pth_yaml_get(n, "log");
	return log != NULL ? pth_regex_fault(log->text) : NULL;
}

/* One cause; text stays in the report's arena. */
static void
take(struct pth_report *r, const struct pth_ynode *n)
{
	struct pth_cause *c = &r->causes[r->ncauses++];
	const struct pth_ynode *status = pth_yaml_get(n, "status"), *log = pth_yaml_get(n, "log"),
	                       *alone = pth_yaml_get(n, "alone"), *when = pth_yaml_get(n, "when");

	*c = (struct pth_cause){
		.name = pth_yaml_get(n, "name")->text,
		.title = pth_yaml_get(n, "title")->text,
		.advice = pth_yaml_get(n, "advice")->text,
		.status = pth_status_of(status != NULL ? status->text : NULL),
		.alone = alone != NULL && alone->kind == PTH_YBOOL && alone->b,
		.when = when != NULL ? pth_yaml_json(when) : NULL,
	};
	if (log == NULL)
		return;
	c->log = pth_xmalloc(sizeof *c->log);
	if (regcomp(c->log, log->text, REG_EXTENDED | REG_ICASE | REG_NOSUB | REG_NEWLINE) != 0)
		abort(); /* fault_of() has tried it */
}

/* 0, or -1 when there is something wrong, which is in d. */
static int
read_all(struct pth_report *r, const struct pth_buf *text, struct pth_diags *d)
{
	const struct pth_ynode *root = pth_yaml_load(text->s, text->len, &r->arena, d), *list, *n;
	const char *fault;

	if (root == NULL)
		return -1;
	list = root->kind == PTH_YMAP ? pth_yaml_get(root, "causes") : NULL;
	if (list == NULL || list->kind != PTH_YSEQ) {
		pth_diags_add(d, PTH_ERROR, root->line, root->col, "'causes' must be a list");
		return -1;
	}
	r->causes = pth_xarray(NULL, list->n + 1, sizeof *r->causes);
	for (n = list->child; n != NULL; n = n->next) {
		fault = n->kind == PTH_YMAP ? fault_of(n) : "a cause must be a map";
		if (fault != NULL)
			pth_diags_add(d, PTH_ERROR, n->line, n->col, "%s", fault);
		else
			take(r, n);
	}
	return d->errors > 0 ? -1 : 0;
}

void
pth_report_causes_load(struct pth_report *r)
{
	struct pth_buf text = PTH_BUF_INIT;
	struct pth_diags d;
	struct pth_err e;

	if (r->causes_file == NULL || r->causes_read)
		return;
	r->causes_read = true;
	pth_diags_init(&d, r->causes_file);
	if (pth_file_read(r->causes_file, CATALOGUE_MAX, &text, &e) != 0)
		pth_warn("no likely causes: %s", e.text);
	else if (read_all(r, &text, &d) != 0)
		pth_diags_print(&d, 0);
	pth_diags_release(&d);
	pth_buf_release(&text);
}

void
pth_report_causes_free(struct pth_report *r)
{
	for (size_t i = 0; i < r->ncauses; i++) {
		json_decref((json_t *)(uintptr_t)r->causes[i].when);
		if (r->causes[i].log != NULL)
			regfree(r->causes[i].log);
		free(r->causes[i].log);
	}
	free(r->causes);
}
