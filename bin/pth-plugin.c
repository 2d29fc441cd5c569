/* pth-plugin lists, shows, checks and begins plugins, pth-plugin(1). */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/text.h"
#include "io/event.h"
#include "io/file.h"
#include "io/tool.h"
#include "plugin/plugin.h"

/* clang-format off */
static const char commands[] =
    "The commands:\n"
    "  list [KIND]      one line per plugin\n"
    "  show NAME        the descriptor of a plugin\n"
    "  check FILE...    every problem of descriptors\n"
    "  new KIND NAME    write a new plugin: descriptor, README, test; or an experiment\n";
/* clang-format on */

struct options {
	struct pth_strv dirs;
	bool json, resolved;
	struct pth_new new_;
};

/* People's words for the kinds: those of the descriptors, of the folders and
 * of experiment files. */
static enum pth_kind
kind_from(const char *s)
{
	static const struct {
		const char *name;
		enum pth_kind kind;
	} words[] = { { "iuts", PTH_IUT }, { "implementation", PTH_IUT },
		{ "implementations", PTH_IUT }, { "testers", PTH_TESTER },
		{ "protocols", PTH_PROTOCOL }, { "base", PTH_BASE }, { "bases", PTH_BASE },
		{ "services", PTH_BASE }, { "network", PTH_NETWORK }, { "networks", PTH_NETWORK },
		{ "execution", PTH_EXECUTION }, { "executions", PTH_EXECUTION },
		{ "network_environments", PTH_NETWORK },
		{ "execution_environments", PTH_EXECUTION }, { "engines", PTH_ENGINE } };

	for (size_t i = 0; i < countof(words); i++)
		if (strcmp(s, words[i].name) == 0)
			return words[i].kind;
	return pth_kind_from(s);
}

static void
list_one(struct pth_buf *b, struct pth_plugins *ps, struct pth_plugin *p, const struct options *o)
{
	struct pth_err e = { 0 };
	bool good = pth_plugin_load(ps, p, NULL, &e) == 0;
	const char *text = good ? pth_desc_str(p->root, "description", "") : e.text;
	const char *protocol = p->protocol != NULL ? p->protocol : "-";

	if (o->json) {
		json_auto_t *r = json_pack("{s:i, s:s, s:s, s:s, s:s?, s:b, s:s, s:s}", "pth", 1,
		    "type", "plugin", "kind", pth_kind_name(p->kind), "plugin", p->name, "protocol",
		    p->protocol, "ok", good, "file", p->file, "description", text);

		pth_rec_line(b, r);
	} else
		pth_buf_addf(b, "%-21s %-8s %-16s %s%s\n", pth_kind_name(p->kind), protocol,
		    p->name, good ? "" : "NOT USABLE: ", text);
}

static void
list(struct pth_plugins *ps, const struct options *o, const char *word)
{
	enum pth_kind kind = PTH_KINDS;
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;

	if (word != NULL && strcmp(word, "plugins") != 0 && (kind = kind_from(word)) == PTH_KINDS)
		pth_die(PTH_USAGE,
		    "unknown kind '%s': protocol, service, iut, tester, network, execution, "
		    "engine",
		    word);
	for (size_t i = 0; i < ps->nplugins; i++)
		if (kind == PTH_KINDS || ps->plugins[i]->kind == kind)
			list_one(&b, ps, ps->plugins[i], o);
	pth_must(pth_tool_print(&b, &e), &e);
}

/* NAME, KIND/NAME or PROTOCOL/NAME. Of several: implementations before the
 * rest, bases last. */
static struct pth_plugin *
find(struct pth_plugins *ps, const char *word)
{
	static const enum pth_kind order[] = { PTH_IUT, PTH_TESTER, PTH_NETWORK, PTH_EXECUTION,
		PTH_PROTOCOL, PTH_ENGINE, PTH_BASE };
	const char *slash = strchr(word, '/'), *name = slash != NULL ? slash + 1 : word;
	pth_auto_str first = slash != NULL ? pth_xstrndup(word, (size_t)(slash - word)) : NULL;
	enum pth_kind kind = first != NULL ? kind_from(first) : PTH_KINDS;
	struct pth_plugin *p = NULL;

	if (kind < PTH_KINDS)
		p = pth_plugins_find(ps, kind, name, NULL);
	else if (first != NULL)
		p = pth_plugins_find(ps, PTH_IUT, name, first);
	for (size_t i = 0; first == NULL && p == NULL && i < countof(order); i++)
		p = pth_plugins_find(ps, order[i], name, NULL);
	return p;
}

/* Says that the name alone could have meant another one. */
static void
tell_others(struct pth_plugins *ps, const struct pth_plugin *p)
{
	pth_auto_buf b = PTH_BUF_INIT;

	for (size_t i = 0; i < ps->nplugins; i++)
		if (ps->plugins[i] != p && strcmp(ps->plugins[i]->name, p->name) == 0)
			pth_buf_addf(&b, "%s%s/%s", b.len != 0 ? ", " : "",
			    pth_kind_name(ps->plugins[i]->kind), p->name);
	if (b.len != 0)
		pth_warn("this is %s/%s; there is also %s", pth_kind_name(p->kind), p->name, b.s);
}

static const char *
nearest(struct pth_plugins *ps, const char *word)
{
	const char **names = pth_xarray(NULL, ps->nplugins + 1, sizeof *names), *near;

	for (size_t i = 0; i < ps->nplugins; i++)
		names[i] = ps->plugins[i]->name;
	near = pth_nearest(word, names, ps->nplugins);
	free(names);
	return near;
}

static void
show(struct pth_plugins *ps, const struct options *o, const char *word)
{
	struct pth_plugin *p = find(ps, word), *q;
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	const char *near = p != NULL ? NULL : nearest(ps, word);

	if (p == NULL)
		pth_die(PTH_INPUT, "no plugin named '%s'%s%s%s", word, PTH_DID_YOU_MEAN(near));
	if (strchr(word, '/') == NULL)
		tell_others(ps, p);
	if (pth_plugin_load(ps, p, NULL, &e) < 0)
		pth_die(PTH_INPUT, "%s", e.text);
	if (o->json) {
		json_auto_t *v = pth_yaml_json(p->root);

		pth_rec_line(&b, v);
	} else if (o->resolved) {
		pth_buf_addf(&b, "# %s %s", pth_kind_name(p->kind), p->name);
		for (q = p; q != NULL; q = q->base)
			pth_buf_addf(&b, "%s%s", q == p ? ": " : " < ", q->file);
		pth_buf_addc(&b, '\n');
		pth_desc_show(&b, p->root, true);
	} else
		pth_must(pth_file_read_named(p->path, 1 << 20, &b, &e), &e);
	pth_must(pth_tool_print(&b, &e), &e);
}

static int
check(struct pth_plugins *ps, char **files, int n)
{
	int code = PTH_OK;

	for (int i = 0; i < n; i++) {
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

static void
begin(struct pth_plugins *ps, const struct pth_home *home, const struct options *o, char **words)
{
	struct pth_new what = o->new_;
	struct pth_buf out = PTH_BUF_INIT;
	struct pth_err e;

	what.kind = kind_from(words[0]);
	what.name = words[1];
	if (what.kind == PTH_KINDS && strcmp(words[0], "experiment") != 0)
		pth_die(PTH_USAGE,
		    "unknown kind '%s': iut, tester, service, protocol, network, execution or "
		    "experiment",
		    words[0]);
	if (!pth_name_ok(what.name))
		pth_die(PTH_USAGE, "'%s' cannot be a name here", what.name);
	if (what.dir == NULL)
		what.dir = what.kind == PTH_KINDS ? "." : PTH_PLUGINS_HERE;
	pth_must(pth_plugin_new(ps, home->share, &what, &out, &e), &e);
	pth_must(pth_tool_print(&out, &e), &e);
}

/* An option that another command has. Its name, or NULL. */
static const char *
misplaced(const struct options *o, const char *verb)
{
	const struct {
		const char *name;
		bool given, list, show, new_;
	} all[] = {
		{ "--json", o->json, true, true, false },
		{ "--resolved", o->resolved, false, true, false },
		{ "--extends", o->new_.base != NULL, false, false, true },
		{ "--protocol", o->new_.protocol != NULL, false, false, true },
		{ "--iut", o->new_.iut != NULL, false, false, true },
		{ "--docker", o->new_.docker, false, false, true },
		{ "--template", o->new_.template, false, false, true },
		{ "--output", o->new_.dir != NULL, false, false, true },
	};

	for (size_t i = 0; i < countof(all); i++)
		if (all[i].given && !(all[i].list && *verb == 'l') &&
		    !(all[i].show && *verb == 's') && !(all[i].new_ && *verb == 'n'))
			return all[i].name;
	return NULL;
}

/* The command of the first operand; its words are the rest. */
static int
run(const struct pth_tool *tool, struct pth_plugins *ps, const struct pth_home *home,
    const struct options *o)
{
	const char *verb = tool->operand[0];
	char **words = tool->operand + 1;
	int n = tool->operand_count - 1, code = PTH_OK;
	const char *wrong = misplaced(o, verb);

	if (wrong != NULL)
		code = pth_tool_mistake(tool, "%s has no option %s", verb, wrong);
	else if (strcmp(verb, "list") == 0 && n <= 1)
		list(ps, o, words[0]);
	else if (strcmp(verb, "show") == 0 && n == 1)
		show(ps, o, words[0]);
	else if (strcmp(verb, "check") == 0 && n >= 1)
		code = check(ps, words, n);
	else if (strcmp(verb, "new") == 0 && n == 2)
		begin(ps, home, o, words);
	else
		code = pth_tool_mistake(tool, "%s: no such command, or not with these words", verb);
	return code;
}

int
main(int argc, char **argv)
{
	struct options o = { .json = false };
	const struct pth_option table[] = {
		{ 'P', "plugins", "DIR", "search DIR for plugins first", .list = &o.dirs },
		{ 0, "json", NULL, "of list and show: write JSON", .flag = &o.json },
		{ 0, "resolved", NULL, "of show: include what it inherits", .flag = &o.resolved },
		{ 0, "extends", "BASE", "of new: the base it extends", .text = &o.new_.base },
		{ 0, "protocol", "NAME", "of new: the protocol it speaks",
		    .text = &o.new_.protocol },
		{ 0, "iut", "NAME", "of new: the implementation an experiment tests",
		    .text = &o.new_.iut },
		{ 0, "docker", NULL, "of new: add a Dockerfile", .flag = &o.new_.docker },
		{ 0, "template", NULL, "of new: put commands into templates",
		    .flag = &o.new_.template },
		{ 'o', "output", "DIR", "of new: where (default: plugins; experiments: .)",
		    .text = &o.new_.dir },
	};
	struct pth_tool tool = { "pth-plugin", "List, show, check and begin plugins",
		"COMMAND [WORD]...", PTH_OPTIONS(table), .more = commands };
	struct pth_plugins ps;
	struct pth_home home;
	struct pth_err e;
	int code;

	if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
		return code;
	/* What was begun there before is known. */
	if (o.new_.dir != NULL && pth_plugins_tree(o.new_.dir))
		pth_strv_push(&o.dirs, pth_xstrdup(o.new_.dir));
	pth_must(pth_home_find(&home, &e), &e);
	pth_must(pth_plugins_open(&ps, &o.dirs, getenv("PTH_PATH"), home.share, &e), &e);
	code = run(&tool, &ps, &home, &o);
	pth_plugins_close(&ps);
	pth_home_release(&home);
	pth_strv_free(o.dirs.v);
	return code;
}
