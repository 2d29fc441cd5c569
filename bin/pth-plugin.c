/*
 * pth-plugin: list, show, check and begin plugins. pth-plugin(1)
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "io/event.h"
#include "io/file.h"
#include "io/json.h"
#include "io/rec.h"
#include "plugin/plugin.h"

static const char usage_text[] =
    "usage: pth-plugin [-P DIR]... list [--json] [KIND]\n"
    "       pth-plugin [-P DIR]... show NAME [--resolved] [--json]\n"
    "       pth-plugin [-P DIR]... check FILE...\n"
    "       pth-plugin [-P DIR]... new KIND NAME [--extends BASE] [--protocol NAME] [-o DIR]\n";

struct options {
	struct pth_plugin_dirs dirs;
	bool json, resolved;
	const char *extends, *protocol, *out;
};

static void __attribute__((noreturn)) usage(FILE *fp, int code)
{
	fputs(usage_text, fp);
	exit(code);
}

static void
options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'j' },
		{ "resolved", no_argument, NULL, 'r' }, { "extends", required_argument, NULL, 'e' },
		{ "protocol", required_argument, NULL, 'p' },
		{ "output", required_argument, NULL, 'o' },
		{ "plugins", required_argument, NULL, 'P' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { 0 } };
	struct pth_err e;
	int c;

	while ((c = getopt_long(argc, argv, "P:o:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'P':
			if (pth_plugin_dirs_add(&o->dirs, optarg, &e) < 0)
				pth_die(e.code, "%s", e.text);
			break;
		case 'j': o->json = true; break;
		case 'r': o->resolved = true; break;
		case 'e': o->extends = optarg; break;
		case 'p': o->protocol = optarg; break;
		case 'o': o->out = optarg; break;
		case 'h': usage(stdout, PTH_OK); break;
		case 'V': puts("pth-plugin " PTH_VERSION); exit(pth_finish(PTH_OK));
		default: usage(stderr, PTH_USAGE);
		}
	}
}

/* People's words for the kinds: those of the descriptors, of the folders and
 * of experiment files. */
static enum pth_kind
kind_from(const char *s)
{
	static const struct {
		const char *name;
		enum pth_kind kind;
	} words[] = {
		{ "iuts", PTH_IUT },
		{ "implementation", PTH_IUT },
		{ "implementations", PTH_IUT },
		{ "testers", PTH_TESTER },
		{ "protocols", PTH_PROTOCOL },
		{ "base", PTH_BASE },
		{ "bases", PTH_BASE },
		{ "services", PTH_BASE },
		{ "network", PTH_NETWORK },
		{ "networks", PTH_NETWORK },
		{ "execution", PTH_EXECUTION },
		{ "executions", PTH_EXECUTION },
		{ "network_environments", PTH_NETWORK },
		{ "execution_environments", PTH_EXECUTION },
	};
	size_t i;

	for (i = 0; i < countof(words); i++)
		if (strcmp(s, words[i].name) == 0)
			return words[i].kind;
	return pth_kind_from(s);
}

static void
emit(const char *s, size_t n)
{
	if (fwrite(s, 1, n, stdout) != n)
		pth_die(PTH_SYSTEM, "stdout:");
}

static void
flush(void)
{
	if (fflush(stdout) != 0 || ferror(stdout) != 0)
		pth_die(PTH_SYSTEM, "stdout:");
}

static void
list_one(struct pth_plugins *ps, struct pth_plugin *p, const struct options *o)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e = { 0 };
	bool good = pth_plugin_load(ps, p, NULL, &e) == 0;
	const char *text = good ? pth_desc_str(p->root, "description", "") : e.text;
	const char *protocol = p->protocol != NULL ? p->protocol : "-";

	if (o->json) {
		json_t *r = json_pack("{s:i, s:s, s:s, s:s, s:s?, s:b, s:s, s:s}", "pth", 1, "type",
		    "plugin", "kind", pth_kind_name(p->kind), "plugin", p->name, "protocol",
		    p->protocol, "ok", good, "file", p->file, "description", text);

		pth_json_dump(&b, r);
		pth_buf_addc(&b, '\n');
		json_decref(r);
	} else
		pth_buf_addf(&b, "%-21s %-8s %-16s %s%s\n", pth_kind_name(p->kind), protocol,
		    p->name, good ? "" : "NOT USABLE: ", text);
	emit(b.s, b.len);
	pth_buf_release(&b);
}

static int
list(struct pth_plugins *ps, const struct options *o, const char *word)
{
	enum pth_kind kind = PTH_KINDS;
	size_t i;

	if (word != NULL && strcmp(word, "plugins") != 0 && (kind = kind_from(word)) == PTH_KINDS)
		pth_die(PTH_USAGE,
		    "unknown kind '%s': protocol, service, iut, tester, network, execution", word);
	for (i = 0; i < ps->nplugins; i++)
		if (kind == PTH_KINDS || ps->plugins[i]->kind == kind)
			list_one(ps, ps->plugins[i], o);
	flush();
	return PTH_OK;
}

/* NAME, KIND/NAME or PROTOCOL/NAME. Of several: implementations before the
 * rest, bases last. */
static struct pth_plugin *
find(struct pth_plugins *ps, const char *word)
{
	static const enum pth_kind order[] = { PTH_IUT, PTH_TESTER, PTH_NETWORK, PTH_EXECUTION,
		PTH_PROTOCOL, PTH_BASE };
	const char *slash = strchr(word, '/'), *name = slash != NULL ? slash + 1 : word;
	char *first = slash != NULL ? pth_xstrndup(word, (size_t)(slash - word)) : NULL;
	enum pth_kind kind = first != NULL ? kind_from(first) : PTH_KINDS;
	struct pth_plugin *p = NULL;
	size_t i;

	if (kind < PTH_KINDS)
		p = pth_plugins_find(ps, kind, name, NULL);
	else if (first != NULL)
		p = pth_plugins_find(ps, PTH_IUT, name, first);
	for (i = 0; first == NULL && p == NULL && i < countof(order); i++)
		p = pth_plugins_find(ps, order[i], name, NULL);
	free(first);
	return p;
}

/* Say that the name alone could have meant another one. */
static void
tell_others(struct pth_plugins *ps, const struct pth_plugin *p)
{
	struct pth_buf b = PTH_BUF_INIT;
	size_t i;

	for (i = 0; i < ps->nplugins; i++)
		if (ps->plugins[i] != p && strcmp(ps->plugins[i]->name, p->name) == 0)
			pth_buf_addf(&b, "%s%s/%s", b.len != 0 ? ", " : "",
			    pth_kind_name(ps->plugins[i]->kind), p->name);
	if (b.len != 0)
		pth_warn("this is %s/%s; there is also %s", pth_kind_name(p->kind), p->name, b.s);
	pth_buf_release(&b);
}

static const char *
nearest(struct pth_plugins *ps, const char *word)
{
	const char **names = pth_xarray(NULL, ps->nplugins + 1, sizeof *names), *near;
	size_t i;

	for (i = 0; i < ps->nplugins; i++)
		names[i] = ps->plugins[i]->name;
	near = pth_nearest(word, names, ps->nplugins);
	free(names);
	return near;
}

static int
show(struct pth_plugins *ps, const struct options *o, const char *word)
{
	struct pth_plugin *p = find(ps, word), *q;
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	const char *near = p != NULL ? NULL : nearest(ps, word);
	json_t *v;

	if (p == NULL)
		pth_die(PTH_INPUT, "no plugin named '%s'%s%s%s", word, PTH_DID_YOU_MEAN(near));
	if (strchr(word, '/') == NULL)
		tell_others(ps, p);
	if (pth_plugin_load(ps, p, NULL, &e) < 0)
		pth_die(PTH_INPUT, "%s", e.text);
	if (o->json) {
		v = pth_yaml_json(p->root);
		pth_json_dump(&b, v);
		pth_buf_addc(&b, '\n');
		json_decref(v);
	} else if (o->resolved) {
		pth_buf_addf(&b, "# %s %s", pth_kind_name(p->kind), p->name);
		for (q = p; q != NULL; q = q->base)
			pth_buf_addf(&b, "%s%s", q == p ? ": " : " < ", q->file);
		pth_buf_addc(&b, '\n');
		pth_desc_show(&b, p->root, true);
	} else if (pth_file_read(p->path, 1 << 20, &b, &e) < 0)
		pth_die(e.code, "%s", e.text);
	emit(b.s, b.len);
	pth_buf_release(&b);
	flush();
	return PTH_OK;
}

static int
check(struct pth_plugins *ps, char **files, int n)
{
	int i, code = PTH_OK;

	for (i = 0; i < n; i++) {
		struct pth_plugin *p = pth_plugins_file(ps, files[i]);
		struct pth_diags d;
		struct pth_err e;

		pth_diags_init(&d, files[i]);
		pth_plugin_load(ps, p, &d, &e);
		if (pth_diags_print(&d, 0) != PTH_OK)
			code = PTH_INPUT;
		pth_diags_release(&d);
	}
	return code;
}

static int new (struct pth_plugins *ps, const struct pth_home *home, const struct options *o,
    char **words, int n)
{
	enum pth_kind kind = n == 2 ? kind_from(words[0]) : PTH_KINDS;
	struct pth_buf out = PTH_BUF_INIT;
	struct pth_err e;

	if (n != 2)
		usage(stderr, PTH_USAGE);
	if (kind == PTH_KINDS)
		pth_die(PTH_USAGE, "unknown kind '%s': iut, tester, protocol, network, execution",
		    words[0]);
	if (!pth_name_ok(words[1]))
		pth_die(PTH_USAGE, "'%s' cannot be a plugin's name", words[1]);
	if (pth_plugin_new(ps, home->share, kind, words[1], o->extends, o->protocol,
	        o->out != NULL ? o->out : "plugins", &out, &e) < 0)
		pth_die(e.code, "%s", e.text);
	emit(out.s, out.len);
	pth_buf_release(&out);
	flush();
	return PTH_OK;
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };
	struct pth_plugins ps;
	struct pth_home home;
	struct pth_err e;
	const char *verb;
	int n, code;
	char **words;

	pth_event_init("pth-plugin");
	options(&o, argc, argv);
	if (optind == argc)
		usage(stderr, PTH_USAGE);
	if (pth_home_find(&home, &e) < 0 ||
	    pth_plugins_open(&ps, &o.dirs, getenv("PTH_PATH"), home.share, &e) < 0)
		pth_die(e.code, "%s", e.text);
	verb = argv[optind];
	words = argv + optind + 1;
	n = argc - optind - 1;
	if (strcmp(verb, "list") == 0 && n <= 1)
		code = list(&ps, &o, words[0]);
	else if (strcmp(verb, "show") == 0 && n == 1)
		code = show(&ps, &o, words[0]);
	else if (strcmp(verb, "check") == 0 && n >= 1)
		code = check(&ps, words, n);
	else if (strcmp(verb, "new") == 0)
		code = new (&ps, &home, &o, words, n);
	else
		usage(stderr, PTH_USAGE);
	pth_plugins_close(&ps);
	pth_home_release(&home);
	return code;
}
