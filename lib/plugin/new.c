/* This file begins a plugin: a folder with a descriptor, a page and a test. */
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
	enum pth_kind kind;
	const char *name, *base, *protocol, *dir; /* the plugin's folder */
	json_t *vars;
	struct pth_buf *out;
};

static int
no_base(struct begin *n, struct pth_err *e)
{
	const char *near = pth_plugins_nearest(n->ps, PTH_BASE, n->base);

	return pth_err_set(
	    e, PTH_INPUT, "no base named '%s'%s%s%s", n->base, PTH_DID_YOU_MEAN(near));
}

/* The base follows from the protocol, and the protocol from the base. */
static int
fit(struct begin *n, struct pth_err *e)
{
	const struct pth_ynode *speaks;
	struct pth_plugin *p;

	if (n->base == NULL && n->protocol != NULL &&
	    pth_plugins_find(n->ps, PTH_BASE, n->protocol, NULL) != NULL && n->kind == PTH_IUT)
		n->base = n->protocol;
	if (n->base != NULL) {
		p = pth_plugins_base(n->ps, n->kind, NULL, n->base);
		if (p == NULL)
			return no_base(n, e);
		if (pth_plugin_load(n->ps, p, NULL, e) < 0)
			return -1;
		speaks = pth_yaml_get(p->root, "protocol");
		if (speaks != NULL && speaks->kind == PTH_YSEQ)
			speaks = speaks->child;
		if (speaks != NULL && n->protocol == NULL)
			n->protocol = speaks->text;
	}
	if (n->protocol == NULL)
		n->protocol = "tcp";
	if (pth_plugins_find(n->ps, PTH_PROTOCOL, n->protocol, NULL) != NULL)
		return 0;
	return pth_err_set(e, PTH_INPUT, "no protocol named '%s'", n->protocol);
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
write_all(struct begin *n, struct pth_err *e)
{
	if (access(n->dir, F_OK) == 0)
		return pth_err_set(e, PTH_INPUT, "%s is there already", n->dir);
	if (pth_mkdirs(AT_FDCWD, n->dir, e) < 0 ||
	    fill(n, pth_kind_name(n->kind), "plugin.yaml", 0, e) < 0 ||
	    fill(n, "README.md", "README.md", 0, e) < 0)
		return -1;
	return fill(n, "test.sh", "test.sh", 0755, e);
}

int
pth_plugin_new(struct pth_plugins *ps, const char *share, enum pth_kind kind, const char *name,
    const char *base, const char *protocol, const char *dir, struct pth_buf *out, struct pth_err *e)
{
	struct begin n = { ps, share, kind, name, base, protocol, NULL, NULL, out };
	unsigned up = 3;
	pth_auto_buf root = PTH_BUF_INIT, folder = PTH_BUF_INIT;
	json_auto_t *vars = NULL;

	if ((pth_kind_service(kind) || base != NULL) && fit(&n, e) < 0)
		return -1;
	pth_buf_addf(&folder, "%s/%s", dir, pth_kind_dir(kind));
	if (kind == PTH_IUT) {
		pth_buf_addf(&folder, "/%s", n.protocol);
		up++;
	}
	if (kind == PTH_PROTOCOL)
		up--;
	pth_buf_addf(&folder, "/%s", name);
	for (unsigned i = 0; i < up; i++)
		pth_buf_adds(&root, i != 0 ? "/.." : "..");
	vars = json_pack("{s:s, s:s, s:s?, s:s?, s:s}", "name", name, "kind", pth_kind_name(kind),
	    "base", n.base, "protocol", n.protocol, "root", root.s);
	n.dir = folder.s;
	n.vars = vars;
	return write_all(&n, e);
}
