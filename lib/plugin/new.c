/* This file begins a plugin, a folder with a descriptor, a page and a test, or an experiment. */
#include "plugin/plugin.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "io/file.h"
#include "io/json.h"

struct begin {
	struct pth_plugins *ps;
	const char *share;
	struct pth_new what;
	const char *dir; /* where the files go */
	json_t *vars;
	struct pth_buf *out;
};

static const char *
kind_word(enum pth_kind kind)
{
	return kind == PTH_KINDS ? "experiment" : pth_kind_name(kind);
}

static int
no_base(struct begin *n, struct pth_err *e)
{
	const char *near = pth_plugins_nearest(n->ps, PTH_BASE, n->what.base);

	return pth_err_set(
	    e, PTH_INPUT, "no base named '%s'%s%s%s", n->what.base, PTH_DID_YOU_MEAN(near));
}

static int
no_protocol(struct begin *n, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_plugins_suggest(n->ps, PTH_PROTOCOL, n->what.protocol, &b);
	return pth_err_set(e, PTH_INPUT, "no protocol named '%s'%s (pth new protocol %s begins it)",
	    n->what.protocol, b.s != NULL ? b.s : "", n->what.protocol);
}

/* The base follows from the protocol, and the protocol from the base. */
static int
fit(struct begin *n, struct pth_err *e)
{
	struct pth_new *w = &n->what;
	const struct pth_ynode *speaks;
	struct pth_plugin *p;

	if (w->base == NULL && w->protocol != NULL &&
	    pth_plugins_find(n->ps, PTH_BASE, w->protocol, NULL) != NULL && w->kind == PTH_IUT)
		w->base = w->protocol;
	if (w->base != NULL) {
		p = pth_plugins_base(n->ps, w->kind, NULL, w->base);
		if (p == NULL)
			return no_base(n, e);
		if (pth_plugin_load(n->ps, p, NULL, e) < 0)
			return -1;
		speaks = pth_yaml_get(p->root, "protocol");
		if (speaks != NULL && speaks->kind == PTH_YSEQ)
			speaks = speaks->child;
		if (speaks != NULL && w->protocol == NULL)
			w->protocol = speaks->text;
	}
	if (w->protocol == NULL)
		w->protocol = "tcp";
	if (pth_plugins_find(n->ps, PTH_PROTOCOL, w->protocol, NULL) == NULL)
		return no_protocol(n, e);
	return 0;
}

/* What an experiment tests: what was named, else the first that is not ours, else the first. */
static int
choose(struct begin *n, struct pth_err *e)
{
	struct pth_new *w = &n->what;
	struct pth_plugin *p = NULL, *one;
	pth_auto_buf b = PTH_BUF_INIT;

	if (w->protocol == NULL && w->iut == NULL)
		w->protocol = "minip";
	if (w->protocol != NULL && pth_plugins_find(n->ps, PTH_PROTOCOL, w->protocol, NULL) == NULL)
		return no_protocol(n, e);
	if (w->iut != NULL) {
		p = pth_plugins_find(n->ps, PTH_IUT, w->iut, w->protocol);
		pth_plugins_suggest(n->ps, PTH_IUT, w->iut, &b);
		if (p == NULL)
			return pth_err_set(e, PTH_INPUT, "no implementation named '%s'%s", w->iut,
			    b.s != NULL ? b.s : "");
	}
	for (size_t i = 0; w->iut == NULL && i < n->ps->nplugins; i++) {
		one = n->ps->plugins[i];
		if (one->kind == PTH_IUT && one->protocol != NULL &&
		    strcmp(one->protocol, w->protocol) == 0 &&
		    (p == NULL || (p->ours && !one->ours)))
			p = one;
	}
	if (p == NULL)
		return pth_err_set(e, PTH_INPUT,
		    "no implementation of %s is there (pth new iut NAME --protocol %s begins one)",
		    w->protocol, w->protocol);
	w->iut = p->name;
	if (w->protocol == NULL)
		w->protocol = p->protocol;
	return 0;
}

static int
fill(struct begin *n, const char *from, const char *to, int mode, struct pth_err *e)
{
	pth_auto_buf path = PTH_BUF_INIT, src = PTH_BUF_INIT, text = PTH_BUF_INIT;
	struct pth_template *t = NULL;
	int r;

	pth_buf_addf(&path, "%s/templates/new/%s.j2", n->share, from);
	if (pth_file_read_named(path.s, 1 << 20, &src, e) != 0 ||
	    (t = pth_template_parse(path.s, src.s != NULL ? src.s : "", src.len, NULL, e)) == NULL)
		return -1;
	r = pth_template_render(t, n->vars, &text, e);
	pth_template_free(t);
	pth_buf_cut(&path, 0);
	pth_buf_addf(&path, "%s/%s", n->dir, to);
	if (r != 0 || pth_file_write(AT_FDCWD, path.s, text.s, text.len, e) != 0)
		return -1;
	if (mode != 0 && chmod(path.s, (mode_t)mode) < 0)
		return pth_err_set(e, PTH_SYSTEM, "%s:", path.s);
	pth_buf_addf(n->out, "%s\n", path.s);
	return 0;
}

static int
write_plugin(struct begin *n, struct pth_err *e)
{
	if (access(n->dir, F_OK) == 0)
		return pth_err_set(e, PTH_INPUT, "%s is there already", n->dir);
	if (pth_mkdirs(AT_FDCWD, n->dir, e) < 0 ||
	    fill(n, pth_kind_name(n->what.kind), "plugin.yaml", 0, e) < 0)
		return -1;
	if (n->what.docker && fill(n, "Dockerfile", "Dockerfile", 0, e) < 0)
		return -1;
	/* A template of a template: what it says to pth-plan is raw there. */
	if (n->what.template &&
	    (fill(n, "client.j2", "client.j2", 0, e) < 0 ||
	        fill(n, "server.j2", "server.j2", 0, e) < 0))
		return -1;
	if (fill(n, "README.md", "README.md", 0, e) < 0)
		return -1;
	return fill(n, "test.sh", "test.sh", 0755, e);
}

static int
write_experiment(struct begin *n, struct pth_err *e)
{
	pth_auto_buf name = PTH_BUF_INIT, path = PTH_BUF_INIT;

	pth_buf_addf(&name, "%s.yaml", n->what.name);
	pth_buf_addf(&path, "%s/%s", n->dir, name.s);
	if (access(path.s, F_OK) == 0)
		return pth_err_set(e, PTH_INPUT, "%s is there already", path.s);
	if (pth_mkdirs(AT_FDCWD, n->dir, e) < 0)
		return -1;
	return fill(n, "experiment", name.s, 0, e);
}

/* The folder of a plugin, and in root the way from there back to the top of its tree. */
static void
place(const struct begin *n, struct pth_buf *folder, struct pth_buf *root)
{
	unsigned up = 3;

	pth_buf_addf(folder, "%s/%s", n->what.dir, pth_kind_dir(n->what.kind));
	if (n->what.kind == PTH_IUT) {
		pth_buf_addf(folder, "/%s", n->what.protocol);
		up++;
	}
	if (n->what.kind == PTH_PROTOCOL)
		up--;
	pth_buf_addf(folder, "/%s", n->what.name);
	for (unsigned i = 0; i < up; i++)
		pth_buf_adds(root, i != 0 ? "/.." : "..");
}

int
pth_plugin_new(struct pth_plugins *ps, const char *share, const struct pth_new *what,
    struct pth_buf *out, struct pth_err *e)
{
	struct begin n = { ps, share, *what, what->dir, NULL, out };
	bool experiment = what->kind == PTH_KINDS;
	pth_auto_buf root = PTH_BUF_INIT, folder = PTH_BUF_INIT;
	json_auto_t *vars = NULL;

	if ((what->docker || what->template) && !pth_kind_service(what->kind))
		return pth_err_set(e, PTH_USAGE, "a %s has no %s of its own", kind_word(what->kind),
		    what->docker ? "image" : "commands");
	if (what->iut != NULL && !experiment)
		return pth_err_set(e, PTH_USAGE, "--iut applies to experiments only");
	if (experiment ? choose(&n, e) < 0 :
	                 (pth_kind_service(what->kind) || what->base != NULL) && fit(&n, e) < 0)
		return -1;
	if (!experiment) {
		place(&n, &folder, &root);
		n.dir = folder.s;
	}
	vars = json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s, s:b, s:b}", "name", n.what.name, "kind",
	    kind_word(n.what.kind), "base", n.what.base, "protocol", n.what.protocol, "iut",
	    n.what.iut, "root", root.s != NULL ? root.s : "", "docker", n.what.docker, "template",
	    n.what.template);
	n.vars = vars;
	return experiment ? write_experiment(&n, e) : write_plugin(&n, e);
}
